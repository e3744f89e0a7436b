"""No secrets: a canary in every position we could think of, and not one of them in any byte."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrtest.cassette import codec
from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteError
from qrtest.redaction import scan
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.encoded_data import unpacked_data
from qrtest.redaction.redactor import Redactor, redacted, shown
from tests.recordings import JOB, PROVENANCE, exchange, job_body
from tests.redaction.canaries import (
    ANSWERS,
    CANARY,
    CRN,
    EMAIL,
    JWT,
    KEY,
    POSITIONS,
    TEXT,
    answered,
    clean,
    leaks,
    text_of,
)


def test_there_are_at_least_sixty_positions() -> None:
    """The promise is about as many places as one can think of."""
    assert len(POSITIONS) >= 60


@pytest.mark.parametrize("position", POSITIONS)
def test_no_canary_is_in_the_file(position: str) -> None:
    """Whatever the position, no byte of the file, in YAML or JSON, has the secret in any form."""
    session = clean(POSITIONS[position])
    assert leaks(text_of(session)) == []
    if position not in ("utf-16", "latin-1"):
        assert leaks(text_of(session, as_json=True)) == []
    for interaction in session.interactions:
        assert leaks(repr(interaction.request) + repr(interaction.response)) == []


@pytest.mark.parametrize("position", POSITIONS)
def test_the_scan_finds_the_canary_where_redaction_is_left_out(position: str) -> None:
    """The scan is a second pair of eyes: it finds each planted secret in an unredacted file."""
    cassette = Cassette(tuple(POSITIONS[position]), PROVENANCE)
    known = clean(POSITIONS[position]).known
    found = scan.secrets(codec.dumps(cassette), cassette, known=known)
    assert found
    assert leaks("".join(map(str, found))) == []


@pytest.mark.parametrize("position", POSITIONS)
def test_the_scan_passes_what_was_redacted(position: str) -> None:
    """What redaction made is clean to the scan, and redacting it again changes nothing."""
    session = clean(POSITIONS[position])
    cassette = Cassette(session.interactions, PROVENANCE)
    assert scan.secrets(codec.dumps(cassette), cassette, known=session.known) == ()
    assert clean(list(session.interactions)).interactions == session.interactions


def test_all_positions_at_once_are_clean() -> None:
    """A session with every secret in it makes a file with none."""
    everything = [one for position in POSITIONS.values() for one in position]
    session = clean(everything)
    cassette = Cassette(session.interactions, PROVENANCE)
    assert leaks(codec.dumps(cassette)) == []
    assert scan.secrets(codec.dumps(cassette), cassette, known=session.known) == ()


def test_equal_values_have_equal_placeholders_within_a_cassette() -> None:
    """A value is one placeholder wherever it stands, so that what belongs together stays together."""
    session = clean([answered({"email": EMAIL}), answered(f"mail to {EMAIL}", TEXT)])
    first, second = (interaction.response.body.decode() for interaction in session.interactions)
    [placeholder] = re.findall(r"redacted-email-[0-9a-f]{10}", first)
    assert placeholder in second


def test_placeholders_cannot_be_linked_across_cassettes_without_the_key() -> None:
    """Another key makes other placeholders, the same key the same."""
    session = [answered({"email": EMAIL})]
    one, other = redacted(session, key=b"one"), redacted(session, key=b"other")
    assert one.interactions != other.interactions
    assert redacted(session, key=b"one") == one


def test_ids_that_chain_requests_are_kept() -> None:
    """Job and session ids and a CRN's region stay, so that a recorded session still hangs together."""
    session_id = "cw2q9ssd3wd0008fh7p0"
    submitted = exchange(
        "POST", "/jobs", {"backend": "ibm_torino"}, answer={"id": JOB, "session_id": session_id}
    )
    [kept] = clean([submitted]).interactions
    assert json.loads(kept.response.body) == {"id": JOB, "session_id": session_id}
    assert (
        Redactor(KEY)
        .text(CRN)
        .startswith("crn:v1:bluemix:public:quantum-computing:us-east:a/redacted-account-")
    )


def test_what_the_service_says_of_a_job_is_kept() -> None:
    """Statuses, times, programs, backends and results come through unchanged."""
    body = job_body(
        "Completed", tags=["bell"], usage={"seconds": 1}, estimated_running_time_seconds=6.0
    )
    del body["user_id"]
    [kept] = clean([answered(body)]).interactions
    assert json.loads(kept.response.body) == body


def test_what_was_captured_keeps_its_result() -> None:
    """A real result is data: every byte of it stays."""
    from importlib.resources import files

    result = (files("qrtest.captured") / "result-sampler-v2.json").read_bytes()
    [kept] = clean([answered(result, TEXT)]).interactions
    assert kept.response.body == result


def test_lengths_and_encodings_stay_true() -> None:
    """After decompressing and replacing, Content-Length is that of the body; Content-Encoding is gone."""
    packed = gzip.compress(json.dumps({"token": CANARY}).encode())
    [kept] = clean(
        [answered(packed, Content_Encoding="gzip", Content_Length=str(len(packed)))]
    ).interactions
    assert kept.response.headers["Content-Length"] == str(len(kept.response.body))
    assert "Content-Encoding" not in kept.response.headers


def test_a_compression_that_cannot_be_looked_into_is_refused() -> None:
    """What cannot be searched for secrets is not kept; the message says what to send instead."""
    with pytest.raises(CassetteError, match="Accept-Encoding: gzip"):
        clean([answered(b"\x1b\xff\xfe\x00", Content_Encoding="br")])


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that unpacks beyond the bound is refused, not unpacked."""
    monkeypatch.setattr("qrtest.redaction.bodies.LARGEST_BYTES", 2**20)
    with pytest.raises(CassetteError, match="when it is decompressed"):
        clean([answered(gzip.compress(bytes(2**22)), Content_Encoding="gzip")])


def test_a_project_adds_names_and_shapes() -> None:
    """Rules of a project keep more names, and know more secrets."""
    rules = Rules.of({"keep": ["flavour"], "secret": ["colour"], "shapes": {"badge": r"BADGE-\d+"}})
    [kept] = clean(
        [answered({"flavour": "mint", "colour": "red", "note": "x", "message": "BADGE-77"})], rules
    ).interactions
    body = json.loads(kept.response.body)
    assert body["flavour"] == "mint"
    assert body["colour"].startswith("redacted-token-")
    assert body["message"].startswith("redacted-badge-")


def test_rules_of_two_sources_are_obeyed_together() -> None:
    """A hook adds to the table; of two shapes of one name its own counts."""
    table = Rules.of({"keep": ["flavour"], "shapes": {"badge": r"BADGE-\d+", "pass": "PASS"}})
    both = table | Rules.of({"secret": ["colour"], "shapes": {"badge": r"TICKET-\d+"}})
    assert both == Rules(
        keep=frozenset({"flavour"}),
        secret=frozenset({"colour"}),
        shapes={"badge": r"TICKET-\d+", "pass": "PASS"},
    )
    assert (both.keeps("Flavour"), both.governs("Colour")) == (True, "token")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"kep": []}, "there is no 'kep'"),
        ({"keep": "x"}, "keep should be a list of texts"),
        ({"shapes": {"badge": "("}}, "'badge' is no regular expression"),
        ({"shapes": {"Bad ge": "x"}}, "small letters"),
        ({"shapes": 3}, "a table of regular expressions"),
    ],
)
def test_a_wrong_rule_is_named(table: dict[str, object], says: str) -> None:
    """A mistake in the configuration is an error, never a rule that does nothing."""
    with pytest.raises(CassetteError, match=says):
        Rules.of(table)


def test_messages_are_redacted_by_the_same_rules() -> None:
    """What an error message or a report shows has no secrets either."""
    assert leaks(shown(f"GET https://x.test/?apikey={CANARY} by {EMAIL} as {JWT} in {CRN}")) == []


@pytest.mark.parametrize(("text", "clean", "known"), ANSWERS)
def test_in_a_text_only_the_secret_itself_is_replaced(
    text: str, clean: str, known: set[str]
) -> None:
    """What stands around it stays legible, and each credential is known from there on."""
    redactor = Redactor(b"key")
    once = redactor.text(text)
    assert re.sub(r"redacted-([a-z]+)-[0-9a-f]{10}", r"<\1>", once) == clean
    assert redactor.text(once) == once
    assert redactor.known == known


@given(st.integers(0, 40), st.integers(0, 40))
@example(1, 3)
@example(1, 2)
def test_base64_is_data_if_more_than_a_quarter_of_it_is_no_text(odd: int, plain: int) -> None:
    """Less is a text with something odd in it, and no place for a secret to hide."""
    content = b"\0" * odd + b"a" * plain
    value = base64.b64encode(content).decode()
    assert (unpacked_data(value, is_array=True) == content) == (4 * odd > odd + plain)
