"""The scan of a finished cassette: what it finds, where that stands, and what it may show of it."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request
from qrtest.redaction import scan, second_opinion
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.credentials import forms
from qrtest.redaction.sanitize import sanitized
from qrtest.redaction.used_values import used_values
from tests.recordings import HOST
from tests.redaction.canaries import EMAIL, TEXT, USER, answered, asked, sent

SECRET = "hunter2-correct-horse"
KEPT = "redacted-email-0011223344"
CRN = "crn:v1:bluemix:public:q:us-east:a/redacted-account-0011223344:redacted-instance-0011223344::"
SIGNED = "https://x.test/?apikey=hunter22"
DAMAGED = Request("PUT", "x.test", "/jobs", headers={"Content-Encoding": "gzip"}, body=b"\xff\xff")
RULES = Rules.of({"keep": ["flavour"], "shapes": {"badge": r"BADGE-\d+"}})


def found(*interactions: Interaction, text: str = "", **more: Any) -> list[str]:
    return [str(each) for each in scan.secrets(text, Cassette(interactions), **more)]


def packed(content: str) -> Interaction:
    whole = gzip.compress(content.encode())
    return answered(whole, TEXT, Content_Encoding="gzip", Content_Length=str(len(whole)))


@pytest.mark.parametrize(
    ("interaction", "where", "kind"),
    [
        (asked(url=f"{HOST}/jobs/j?tags={quote(EMAIL)}"), ", the address", "email"),
        (sent({"tags": [EMAIL]}), ", the request's body", "email"),
        (sent(f"first\nby {EMAIL}", TEXT), ", the request's body, line 2", "email"),
        (answered({"name": EMAIL}), ", the response's body", "email"),
        (answered(f"1\n2\nby {USER}", TEXT), ", the response's body, line 3", "user"),
        (answered(f"{KEPT} is {USER}", TEXT), ", the response's body", "user"),
        (answered(f"{USER} is {KEPT}", TEXT), ", the response's body", "user"),
        (answered(f"{KEPT} is not {EMAIL}", TEXT), ", the response's body", "email"),
        (asked(headers={"Parent-Job-Id": EMAIL}), ", the request's header Parent-Job-Id", "email"),
        (answered(b"", TEXT, Location=SIGNED), ", the response's header Location", "token"),
        (packed(f"first\nby {EMAIL}"), ", the response's body, line 2", "email"),
        *(
            (
                answered(f"é\nby {EMAIL}".encode(charset), f"text/plain; charset={charset}"),
                ", the response's body, line 2",
                "email",
            )
            for charset in ("utf-16", "latin-1")
        ),
    ],
)
def test_a_finding_says_which_part_of_which_exchange_it_is_in(
    interaction: Interaction, where: str, kind: str
) -> None:
    """And in which line of it, if there are several; and what it looks like, not what stands beside it."""
    clean = asked(url=f"{HOST}/jobs")
    [one] = found(clean, interaction, clean)
    method, path = interaction.request.method, interaction.request.path
    assert one == f"interaction 2 ({method} {path}){where}: what looks like: {kind}"


@pytest.mark.parametrize(
    ("interaction", "reported"),
    [
        (
            asked(headers={"Authorization": "x"}),
            ", the request's header Authorization: a header that is not kept",
        ),
        (
            answered({}, Content_Length="2", Set_Cookie="sid=x"),
            ", the response's header Set-Cookie: a header that is not kept",
        ),
        (answered({"pin": 1234}), ", the response's body: something that is not kept"),
        (
            answered("-----BEGIN X-----\nMIIE\n-----END X-----", TEXT),
            ", the response's body: something that is not kept",
        ),
        (replace(asked(), request=DAMAGED), ": a body that cannot be looked into"),
    ],
)
def test_what_looks_like_nothing_known_and_may_not_stay_is_reported_as_that(
    interaction: Interaction, reported: str
) -> None:
    """Headers, numbers, texts of several lines, and bodies of which nobody can say what is in them."""
    request = interaction.request
    assert found(interaction) == [f"interaction 1 ({request.method} {request.path}){reported}"]


@pytest.mark.parametrize(
    "interaction",
    [
        packed("nothing to hide"),
        answered("nothing to hide", TEXT, Content_Encoding="gzip", Content_Length="99"),
        answered("nothing to hide", "application/octet-stream", Allow="GET"),
        answered(b"", TEXT),
    ],
)
def test_how_a_body_is_packed_is_no_finding(interaction: Interaction) -> None:
    """Compressed, with a length of it, with a header that other recorders leave, binary, or empty."""
    assert found(interaction) == []


def test_the_rules_of_a_project_are_obeyed() -> None:
    """What it keeps is none, what it knows to be a secret is one: in interactions and around them."""
    flavoured, badge = answered({"flavour": "mint"}), answered({"message": "BADGE-77"})
    text = "version: 1\n# BADGE-77\n"
    here = f"interaction 1 (GET {flavoured.request.path}), the response's body: what looks like"
    assert found(flavoured, text=text) == [f"{here}: text"]
    assert found(flavoured, text=text, rules=RULES) == ["line 2: what looks like: badge"]
    assert found(badge, rules=RULES) == [f"{here}: badge"]


def test_a_finding_shows_no_secret_and_is_short() -> None:
    """The path is redacted, by the rules of the project, too; it is cut where nobody reads on."""
    [one] = found(asked(url=f"{HOST}/users/{EMAIL}/BADGE-77"), rules=RULES)
    assert (EMAIL in one, "BADGE-77" in one) == (False, False)
    [one] = found(asked(url=f"{HOST}/{'a' * 200}", headers={"x" * 200: ""}))
    assert len(one) < 300


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        (f"#{EMAIL}", ["email"]),
        (f"# {EMAIL} and {USER}", ["email", "user"]),
        (" ".join(["# word"] * 2_000) + f" {EMAIL}", ["email"]),
        (f"# {KEPT} and {CRN}", []),
        ("# pV7m-2Kx9QzR4tYw8LcN1bHs", []),
    ],
)
def test_a_comment_is_looked_at_for_what_cannot_be_mistaken(line: str, reported: list[str]) -> None:
    """However long; a run of letters could be anything."""
    text = f"{'x' * 20_000}\n{line}\nlast\n\n"
    assert found(text=text) == [f"line 2: what looks like: {kind}" for kind in reported]


# --- values that the session is known to have used ---


@pytest.mark.parametrize("value", [SECRET, 'pässwörd/&"more', "hunt(er2"])
def test_a_known_value_is_found_in_every_form(value: str) -> None:
    """In its line, and by the name of the form; as part of a longer word only if it is long itself."""
    for kind, form in forms(value):
        reported = f"line 3: a credential of this session, {kind}"
        alone = found(text=f"1\n2\n3 {form}.\n4\n5\n6\n", known=["nothing", value])
        assert alone[0] == reported
        assert {each.partition(":")[0] for each in alone} == {"line 3"}
        for longer in (f"x{form}", f"{form}x"):
            inside = found(text=f"1\n2\n3 {longer}\n", known=[value])
            assert (reported in inside) == (len(form) >= second_opinion.SHORT)


def hidden(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress])
@pytest.mark.parametrize("size", range(3))
@pytest.mark.parametrize("before", ["", f"{'identifier' * 3} ", f"{'QUJD' * 8}QQ "])
@pytest.mark.parametrize("after", ["", " and a word", "\nerror: cut", " " + "QUFB" * 8])
def test_a_known_value_is_found_in_encoded_data(
    encoding: str, pack: Any, size: int, before: str, after: str
) -> None:
    """Packed or not, of any length, over several lines, and whatever stands before and after."""
    content = pack((f"user {'a' * size} said é{SECRET}").encode(encoding) + b"\0" * size)
    whole = hidden(content)
    folded = "\n      ".join([whole[:40], whole[40:]])
    for blob in (whole, folded):
        reported = found(text=f"1\n2\n3: {before}{blob}{after}\n4\n", known=[SECRET])
        assert "line 3: a credential of this session, within encoded data" in reported


def test_data_that_unpacks_to_too_much_is_unpacked_in_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a known value stands before is found; a gigabyte of nothing takes no gigabyte."""
    monkeypatch.setattr(second_opinion, "LARGEST_BLOB", 1_000)
    nothing = b"\0" * 1_000
    for content, times in ((SECRET.encode() + nothing, 1), (nothing + SECRET.encode(), 0)):
        assert len(found(text=hidden(zlib.compress(content)), known=[SECRET])) == times


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_can_be_scanned_for_any_values(text: str, known: list[str]) -> None:
    """Also for empty ones, of which there is one everywhere."""
    assert found(text="x" + text, known=["", *known]) == found(text="x" + text, known=known)


@given(st.integers(1, 3), st.integers(-20, 5))
def test_a_word_is_not_taken_for_a_key_by_its_end(block: int, shift: int) -> None:
    """A detector is given a long text in blocks: none begins within a word, whose rest may look like a key."""
    place = block * (second_opinion.BLOCK - second_opinion.OVERLAP) + shift
    words = "ab " * 3_000
    text = f"{words[:place]} AP1abcdefghij {words[place:]}"
    joined = f"{words[:place]} ZZZAP1abcdefghij {words[place:]}"
    assert [finding.kind for finding, _ in second_opinion.detected(text)]
    assert list(second_opinion.detected(joined)) == []


def test_many_findings_on_one_line_are_all_replaced() -> None:
    """A session is saved however many there are: here the name after a value in which `pwd` stands."""
    names = ("msvrmmjm", "gvjjqmws", "vvlxnwgm", "mjmmrvsm", "smwqjjvg", "mgwnxlvv")
    fields = {}
    for number, name in enumerate(names):
        fields |= {f"field{number}": f"qpoqpwdcbn{number}", name: f"number {number}"}
    session = [answered({"text": json.dumps(fields)})]
    text, _ = sanitized(session, key=b"key", rules=Rules(), name="x.yaml")
    assert not [name for name in names if name in text]


@pytest.mark.parametrize("name", ["pin", "pw", "users", "token", "otp"])
def test_no_name_stands_in_compressed_data_by_chance(name: str) -> None:
    """A circuit or an array in base64 has slashes and letters between them: it is data, and kept whole."""
    head = base64.b64encode(zlib.compress(bytes(range(256)))).decode().rstrip("=")
    blob = f"{head}/{name}/mHIYbJhnGGGYXBhWmFEYS5hGGECYexg1mDAYK"
    blob += "A" * (-len(blob) % 4)
    body = json.dumps({"params": {"pubs": [[{"__type__": "ndarray", "__value__": blob}]]}})
    assert not {each for each in used_values([sent(body)]) if each in blob}


def test_what_only_begins_like_compressed_data_is_a_credential_where_it_is_named() -> None:
    """The begin of a text does not make it data."""
    secret = "eJ" + "k7Qx" * 30
    assert secret in used_values([sent(json.dumps({"password": secret}))])
    assert secret in used_values([sent(f"a note: password = '{secret}'")])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("otp_secret equals JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP"),
        ("machine x login y password P4ss!word", "P4ss!word"),
        (b'{"pin": "P4ss!word"}'.hex(), "P4ss!word"),
        ("&lt;user_password&gt;P4ss!word&lt;/user_password&gt;", "P4ss!word"),
        ("ring +49 30 90182077 today", "+49 30 90182077"),
        ("https://x.test/a?filter=%7B%22hashedPin%22%3A%22P4ss%21word%22%7D", "P4ss!word"),
    ],
)
def test_the_second_opinion_reads_a_value_in_any_of_these_forms(text: str, value: str) -> None:
    """By a word or a blank behind its name, in digits, as entities, in a parameter of an address, by its looks."""
    assert value in used_values([answered(text.encode(), "text/plain")])
    assert value in used_values([answered(json.dumps({"message": text}))])
