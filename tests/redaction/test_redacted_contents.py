"""What is inside of a body, what a report shows, and what is refused."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteError
from qrtest.redaction import scan
from qrtest.redaction.bodies import decompressed
from qrtest.redaction.encoded_data import unpacked_data
from qrtest.redaction.redactor import Redactor
from tests.recordings import HOST, JOB
from tests.redaction.canaries import (
    CANARY,
    EMAIL,
    KEY,
    OPAQUE,
    PASSWORD,
    TEXT,
    answered,
    asked,
    clean,
    leaks,
    sent,
    text_of,
)


def test_a_number_that_was_sent_as_a_credential_stays_a_number_elsewhere() -> None:
    """In JSON, in a text, before a point: the replayed content can be read."""
    url = f"{HOST}/things?pin=12345678"
    body = {"shots": 12345678, "x": [12345678.5], "message": "got 12345678"}
    [_, kept] = clean([asked(url=url), answered(body)]).interactions
    assert b"12345678" not in kept.response.body
    shots, [x], message = json.loads(kept.response.body).values()
    assert (type(shots), type(x), message) == (int, float, f"got {shots}")


@pytest.mark.parametrize(
    "text",
    [
        "status: ok\nusers:\n  - id: {}\nid: 7654321\n",
        "user:\n  id: {}\nid: 7654321\n",
        "{{'user': {{'x': [1], 'id': {}}}, 'id': 7654321}}",
        "User(id={}, status='active') x(id=7654321)",
        "INFO user id={} ok, id=7654321",
        "[user]\nid = {}\n[job]\nid = 7654321\n",
    ],
)
def test_a_name_governs_a_block_of_text_as_it_governs_json(text: str) -> None:
    """YAML, Python reprs, logs, INI files; what follows the block is kept."""
    [kept] = clean([answered(text.format(48213377), TEXT)]).interactions
    stripped = re.sub(r"redacted-user-\w{10}", "{}", kept.response.body.decode())
    assert stripped == text.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize(
    "name", ["register", "creg", "classical_registers", "qreg", "cregs", "qregs"]
)
def test_names_of_registers_are_kept(name: str) -> None:
    """Under the names that circuits give them; what is no identifier, or looks random, is replaced."""
    body = {name: ["syndrome_x", ["ancilla_flags_zork", 3]], "c": "syndrome_x"}
    [kept] = clean([answered(body)]).interactions
    assert json.loads(kept.response.body)[name] == body[name]
    for value in ("jane doe", "pV7m_2Kx9QzR4tYw8LcN1b", "hunter2-x"):
        [kept] = clean([answered({name: [value]})]).interactions
        assert value not in kept.response.body.decode()


@given(st.text(max_size=400))
def test_no_text_takes_long_or_breaks(text: str) -> None:
    """Any text can be looked at."""
    assert isinstance(Redactor(KEY).text(text), str)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "a@",
        "a:",
        "token=",
        "eyJ",
        "a/",
        "-",
        "<token>",
        "1.",
        "x=",
        "%40",
        '"',
        "bearer ",
        "-password=",
        "-----BEGIN A-----",
        "password: ",
        "token:",
        "<a ",
        "<!--",
        "[1]\n",
        "/a;b=",
    ],
)
def test_long_runs_do_not_take_long(unit: str) -> None:
    """Patterns are linear: a megabyte of what almost matches is looked at once."""
    Redactor(KEY).text(unit * (200_000 // len(unit)))


# --- what is inside ---


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=3),
    st.sampled_from([b"", b"\0\0", b"junk"]),
)
def test_every_part_of_a_compressed_body_is_looked_into(parts: list[bytes], after: bytes) -> None:
    """gzip may come in several parts; clients read them all, and nothing of what follows."""
    body = b"".join(map(gzip.compress, parts))
    assert decompressed(body + after, "gzip") == b"".join(parts)


@given(
    st.binary(max_size=200), st.lists(st.sampled_from(["gzip", "deflate", "x-gzip", "identity"]))
)
def test_a_body_is_unpacked_as_often_as_its_header_says(body: bytes, steps: list[str]) -> None:
    """In the other order; a deflate may come without its envelope, as some servers send it."""
    packed = body
    for step in steps:
        packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(
            step, bytes
        )(packed)
    if packed:
        assert decompressed(packed, ", ".join(steps)) == body
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decompressed(bare.compress(body) + bare.flush(), "deflate") == body


@pytest.mark.parametrize("encoding", ["br", "gzip", "deflate", "zstd, gzip"])
def test_a_text_that_was_unpacked_before_is_taken_as_it_is(encoding: str) -> None:
    """Some recorders unpack bodies and leave the header."""
    assert decompressed(b'{"a": 1}', encoding) == b'{"a": 1}'


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_that_is_damaged_is_refused(encoding: str) -> None:
    """Nobody can say what is in it, and `check` finds it in what others recorded."""
    damaged = answered(b"\x1f\x8b\xff\xff", Content_Encoding=encoding)
    with pytest.raises(CassetteError, match=f"compressed by '{encoding}' and is damaged"):
        clean([damaged])
    [found] = scan.secrets("", Cassette((damaged,)))
    assert (
        str(found) == f"interaction 1 (GET /api/v1/jobs/{JOB}): a body that cannot be looked into"
    )


def test_a_text_in_another_encoding_is_redacted_in_it() -> None:
    """As its header or its first bytes say; a name that is no encoding is as if there was none."""
    for charset, kind in (
        ("utf-16", "text/plain"),
        ("latin-1", "text/plain; charset=latin-1"),
        ("utf-8", "text/plain; charset=klingon"),
    ):
        content = f"é by {EMAIL}".encode(charset)
        [kept] = clean([answered(content, kind)]).interactions
        assert re.fullmatch(r"é by redacted-email-\w+", kept.response.body.decode(charset))
    binary = b"\xff\x00" + EMAIL.encode()[:4]
    [kept] = clean([answered(binary, "text/plain; charset=klingon")]).interactions
    assert re.fullmatch(rb"redacted-binary-\w+ \(6 bytes\)", kept.response.body)


def test_basic_credentials_that_are_none_are_redacted_whole() -> None:
    """What follows the word need not be base64."""
    for value in (f"Basic {OPAQUE}-é-{CANARY}", f"Basic {CANARY}"):
        session = clean(
            [asked(headers={"Authorization": value}), answered({"message": f"got {value}"})]
        )
        assert leaks(session.interactions[1].response.body.decode()) == []


def test_credentials_in_an_assignment_are_known_everywhere() -> None:
    """A log that shows a header gives the password away; it is found wherever else it stands."""
    pair = base64.b64encode(f"jane:{PASSWORD}".encode()).decode()
    session = clean(
        [answered(f"Authorization: Basic {pair}", TEXT), answered({"message": f"hello {PASSWORD}"})]
    )
    for kept in session.interactions:
        assert PASSWORD not in kept.response.body.decode()
        assert pair not in kept.response.body.decode()


def test_an_address_that_cannot_be_read_is_replaced_whole() -> None:
    """A placeholder for all of it, where it has no parts to look at."""
    [kept] = clean([answered({"url": f"see http://[{CANARY} for more"})]).interactions
    assert re.fullmatch(r"see redacted-url-\w+ for more", json.loads(kept.response.body)["url"])


def test_fields_of_a_form_in_parts_are_kept_by_name() -> None:
    """As in any other form; an empty one has nothing to hide."""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("grant_type", "x"), ("password", PASSWORD), ("file", ""))
    )
    [kept] = clean([sent(f"{parts}--b--\r\n", "multipart/form-data; boundary=b")]).interactions
    body = kept.request.body.decode()
    assert 'name="grant_type"\r\n\r\nx\r\n' in body
    assert PASSWORD not in body
    assert body.count("redacted-") == 1


def test_json_that_is_not_quite_json_is_redacted_all_the_same() -> None:
    """An escape that does not exist, and a text that was cut in the middle of one."""
    for text in ('{"token": "' + CANARY + '\\x"}', '{"token": "' + CANARY + "\\u00"):
        [kept] = clean([answered(text)]).interactions
        assert CANARY not in kept.response.body.decode()
    [kept] = clean([answered('{"a": [{}]}]}, {"name": "mint"}, {"token": "mint"}')]).interactions
    assert re.fullmatch(
        r'{"a": \[{}\]}\]}, {"name": "mint"}, {"token": "redacted-token-\w+"}',
        kept.response.body.decode(),
    )


def test_what_a_text_is_called_is_found_whatever_stands_before_it() -> None:
    """The name of what a list is in is that of its items, and no longer that of what follows it."""
    body = {"name": ["a", {"x": [1, "wy"]}, "b"], "flavour": ["wy", ["wy"]], "id": "c", "x": "wy"}
    [kept] = clean([answered(body)]).interactions
    stripped = re.sub(r"redacted-text-\w+", "wy", kept.response.body.decode())
    assert json.loads(stripped) == body
    assert kept.response.body.count(b"redacted-text-") == 4


def test_a_key_by_chance_in_a_long_line_of_data_is_none() -> None:
    """Arrays are long lines without a blank; a comment that shows one is found."""
    by_chance = ",AKIAIOSFODNN7EXAMPLE,"
    assert scan.secrets("A" * 10_000 + by_chance, Cassette()) == ()
    found = scan.secrets(f"# the key is {by_chance}", Cassette())
    assert "line 1: what looks like: key" in map(str, found)


@pytest.mark.parametrize("value", ["eJ*not base64*", "eJzzzz", "xq7"])
def test_what_only_begins_as_a_circuit_is_none(value: str) -> None:
    """It is kept or replaced as any other text."""
    assert unpacked_data(value) is None
    [kept] = clean([answered({"note": value})]).interactions
    assert json.loads(kept.response.body)["note"].startswith("redacted-text-")


@pytest.mark.parametrize("name", ["value", "VALUE", "data", "array", "__value__", "b64_data"])
@pytest.mark.parametrize(
    "secret", ["grvbpjrJF4EK8GJ6", "hunter2Secret9Zq1234", "AKIAIOSFODNN7EXAMPLE"]
)
def test_a_password_is_no_array_though_it_is_base64(name: str, secret: str) -> None:
    """Under the names that arrays have, bytes of no known form are kept only beside a shape and a type."""
    for body in ({name: secret}, {"access": {name: [secret]}}, {"message": "x", name: secret}):
        assert secret not in text_of(clean([answered(body)]))
