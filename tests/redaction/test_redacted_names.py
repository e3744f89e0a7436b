"""What a name governs and what stays: formats, sessions, credentials that were used."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import NeverEnds, UnansweredRequest
from qrtest.http.messages import Request
from qrtest.redaction.allowlist import governs
from qrtest.redaction.credentials import forms
from qrtest.redaction.encoded_data import unpacked_data
from qrtest.redaction.redactor import Redactor, redacted, shown
from tests import recordings
from tests.redaction.canaries import (
    ACCOUNT,
    CANARY,
    EMAIL,
    JWT,
    KEY,
    NPY,
    OTHERWISE,
    POLL,
    answered,
    clean,
    leaks,
    numbers_under_names,
)


@pytest.mark.parametrize("content", [b"QISKIT is plain text", NPY])
def test_what_begins_as_a_circuit_or_an_array_is_data(content: bytes) -> None:
    """Compressed or not, and only by its first bytes."""
    for packed in (content, zlib.compress(content)):
        assert unpacked_data(base64.b64encode(packed).decode()) == content
    assert unpacked_data(base64.b64encode(b"text " + content[:1]).decode()) is None


def test_an_array_of_texts_is_no_data() -> None:
    """Numbers cannot hide a text; an array of strings, or of pickled objects, is one."""
    for kind in ("|S9", "<U9", "|O"):
        array = NPY.replace(b"<i8", kind.encode()) + b"my secret"
        session = clean([answered({"__value__": base64.b64encode(zlib.compress(array)).decode()})])
        assert b"redacted-" in session.interactions[0].response.body


def test_a_circuit_that_shows_a_secret_is_replaced() -> None:
    """A look inside: names and metadata of a circuit are texts."""
    for inside, is_kept in (
        (EMAIL, False),
        (JWT, False),
        ('{"run": 7, "password": "hunter2-correct"}', False),
        ('{"run": 7, "password": "required", "basis": "hunter2-correct"}', True),
        ("circuit-160 of my_register", True),
    ):
        circuit = base64.b64encode(zlib.compress(b"QISKIT\0" + inside.encode())).decode()
        [kept] = clean([answered({"__value__": circuit})]).interactions
        assert (circuit in kept.response.body.decode()) == is_kept


def test_a_secret_is_searched_for_in_every_form_in_which_it_may_stand() -> None:
    """As it is, in addresses, in JSON and in JSON within JSON, in base64 from any byte on."""
    found: dict[str, set[str]] = {}
    for name, form in forms('pa ss/"é'):
        found.setdefault(name, set()).add(form)
    assert found == {
        "plain": {'pa ss/"é'},
        "URL-encoded": {
            "pa%20ss%2F%22%C3%A9",
            "pa%20ss/%22%C3%A9",
            "pa+ss%2F%22%C3%A9",
            "pa%20ss%2f%22%c3%a9",
        },
        "JSON-escaped": {'pa ss/\\"\\u00e9', 'pa ss/\\\\\\"\\\\u00e9'},
        "base64": {"cGEgc3MvIsOp", "BhIHNzLyLDq", "wYSBzcy8iw6"},
        "hexadecimal": {"70612073732f22c3a9"},
    }
    assert {name for name, _ in forms("plain1")} == {"plain", "base64", "hexadecimal"}


def test_a_form_of_many_parts_keeps_what_a_form_may_keep() -> None:
    """Names, the fields that hold no secret, and empty ones; a credential is known from there on."""
    form = (
        '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n\r\n--b--\r\n'
    )
    fields = ("grant_type", "urn", "password", "hunter22")
    redactor = Redactor(b"key")
    request = Request("POST", "x.test", "/", body=form.format(*fields).encode())
    clean = redactor.request(request).body.decode()
    placeholder = redactor.known_placeholders()["hunter22"]
    assert clean == form.format("grant_type", "urn", "password", placeholder)
    assert placeholder.startswith("redacted-token-")

    unknown = Request(
        "POST", "x.test", "/", body=form.format("a", "xqword", "b", "xqother").encode()
    )
    clean = redactor.request(unknown).body.decode()
    assert re.sub(r"redacted-([a-z]+)-[0-9a-f]{10}", r"<\1>", clean) == (
        form.format("a", "<text>", "b", "<text>")
    )
    assert redactor.known == {"hunter22"}


@given(st.from_regex(r"[a-v0-9]{10}[0-9][a-v0-9]{9}", fullmatch=True))
def test_the_path_of_a_job_is_legible_in_a_message(job_id: str) -> None:
    """What was asked about which job is said; a part of a path that looks like a secret is not."""
    asked = f"GET /runtime/jobs/{job_id}/results was not recorded"
    assert shown(asked) == asked
    assert leaks(shown(f"GET /runtime/jobs/{job_id}/{CANARY} was not recorded")) == []


@pytest.mark.parametrize("made", [qrtest.simulate, partial(qrtest.replay, Cassette())])
def test_a_request_that_nothing_answers_shows_no_secret(made: Callable[..., Any]) -> None:
    """Neither the error about it nor the timeline has what its path and query hold."""
    url = f"https://quantum.cloud.ibm.com/api/v1/accounts/{ACCOUNT}/keys/{EMAIL}/{JWT}?apikey={CANARY}"
    with (
        made(transport="requests") as sim,
        pytest.raises(UnansweredRequest, match="accounts/redacted-account-") as unanswered,
    ):
        requests.get(url, headers={"Authorization": f"Bearer {CANARY}"}, timeout=5)
    assert leaks(f"{unanswered.value!r}\n{sim.journal.timeline()}") == []


def test_a_request_that_hangs_shows_no_secret() -> None:
    """The error about a client that would wait for ever is redacted, too."""
    url = f"https://quantum.cloud.ibm.com/api/v1/jobs?apikey={CANARY}"
    with (
        qrtest.simulate(transport="requests", faults=[qrtest.faults.hang()]) as sim,
        pytest.raises(NeverEnds) as stopped,
    ):
        requests.get(url)
    assert leaks(f"{stopped.value!r}\n{sim.journal.timeline()}") == []


@given(recordings.interactions)
def test_redacting_is_idempotent(interaction: Interaction) -> None:
    """Redacting what was redacted changes nothing, for any interaction."""
    once = redacted([interaction], key=KEY)
    assert redacted(once.interactions, key=b"another").interactions == once.interactions


@given(st.permutations(OTHERWISE))
def test_what_was_redacted_before_changes_nothing(interactions: list[Interaction]) -> None:
    """Each interaction is redacted by what itself says, whatever is the same in another."""
    redactor = Redactor(KEY)
    for interaction in interactions:
        assert redactor.interaction(interaction) == Redactor(KEY).interaction(interaction)


def test_a_poll_like_the_one_before_is_looked_at_once() -> None:
    """Whatever differs in headers that are not kept; a day of polls takes no longer than one."""
    redactor = Redactor(KEY)
    one, other = (
        redactor.interaction(
            replace(POLL, response=replace(POLL.response, headers={"Date": str(at)}), at=at)
        )
        for at in (1.0, 2.0)
    )
    assert (one.request is other.request, one.response is other.response) == (True, True)
    assert (one.at, other.at) == (1.0, 2.0)


@given(recordings.json_values | numbers_under_names)
def test_structure_and_numbers_are_kept(value: object) -> None:
    """Texts stay texts, numbers stay numbers; below no name that governs they keep their value, too."""
    body = json.dumps(value)
    [kept] = clean([answered(body.encode())]).interactions

    def compare(before: object, after: object, is_governed: bool = False) -> None:
        """Check that both have one outline; names are compared by their place, for they may be replaced."""
        if isinstance(before, dict) and isinstance(after, dict):
            pairs = zip(before.items(), after.values(), strict=True)
            for (name, one), other in pairs:
                compare(one, other, is_governed or bool(governs(name)))
        elif isinstance(before, list) and isinstance(after, list):
            for one, other in zip(before, after, strict=True):
                compare(one, other, is_governed)
        elif type(before) in (int, float) and is_governed:
            assert type(after) is type(before)
        else:
            assert type(after) is type(before)
            assert isinstance(before, str) or repr(after) == repr(before)

    if body[:1] in "[{":
        compare(value, json.loads(kept.response.body))


@pytest.mark.parametrize(
    ("kept", "replaced"),
    [
        ({"TOKEN": 1, "token_count": 12345, "nonce": 123456, "key": 2}, {"token": 1234567}),
        ({"secret": [0, 1, 1]}, {"secret": [73731415]}),
        ({"secret": {"0x0": 51234, "10": 48211}}, {"token": {"n": 1234567}}),
        ({"token": {"expires_at": 1767225600, "iat": 1767225600}}, {"pin": {"value": 4711}}),
        ({"user": {"jobs": 12345, "max_shots": 100000}}, {"user": {"admin_id": 48213377}}),
        ({"x": 48213377}, {"phone": 4.8213377e7}),
    ],
)
def test_numbers_below_names_that_govern_are_replaced_by_numbers(
    kept: object, replaced: object
) -> None:
    """At any depth; but for measures, times, counts of outcomes, bits, and what is too short to be a secret."""
    session = clean([answered(kept), answered(replaced)])
    one, other = (json.loads(each.response.body) for each in session.interactions)
    assert one == kept
    assert re.sub(r"700700\d{9}", "N", json.dumps(other)) == re.sub(
        r"[\d.]{4,}", lambda found: "N.0" if "." in found[0] else "N", json.dumps(replaced)
    )


@pytest.mark.parametrize("before", ["use", "is", "has", "no", "min", "max", "num", "total"])
def test_a_name_that_only_begins_as_a_fact_does_is_that_of_a_secret(before: str) -> None:
    """`user_password` begins with "use"; `uses_password` is a fact about one."""
    for rest in ("r", "io", "zy", "ification"):
        for secret in ("password", "token", "secret_key"):
            assert governs(f"{before}{rest}_{secret}") == "token"
            assert governs(f"{before}{rest}{secret.title()}") == "token"
    for secret in ("Password", "_token", "secret"):
        assert governs(f"{before}{secret}") == ""


@pytest.mark.parametrize("kind", ["settings", "tuple", "str", "Person", "datetime"])
def test_a_name_governs_what_stands_in_an_object_with_a_type(kind: str) -> None:
    """But for encoded arrays and circuits, which stand under the name of a register."""
    body = {"pin": {"__type__": kind, "__value__": {"x": 493827, "y": ["swordfish"]}}}
    [one] = clean([answered(body)]).interactions
    assert not any(each in one.response.body for each in (b"493827", b"swordfish"))
