"""No secrets: a canary in every position we could think of, and not one of them in any byte."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

import qrtest
from qrtest.cassette import codec
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import CassetteError, NeverEnds, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.redaction import scan
from qrtest.redaction.allowlist import Rules, governs
from qrtest.redaction.bodies import decompressed
from qrtest.redaction.credentials import forms
from qrtest.redaction.encoded_data import unpacked_data
from qrtest.redaction.redactor import Redacted, Redactor, redacted, shown
from tests import recordings
from tests.recordings import HOST, JOB, PROVENANCE, exchange, job_body

CANARY = "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf"
JWT = (
    base64.urlsafe_b64encode(b'{"alg":"RS256"}').decode().rstrip("=")
    + "."
    + base64.urlsafe_b64encode(json.dumps({"sub": CANARY}).encode()).decode().rstrip("=")
    + ".c2lnbmF0dXJl"
)
ACCOUNT = "4f7c1e9a2b8d4c60a1e5f3b7d9c2e846"
GUID = "6b1f0d52-8c3e-4a79-b0d4-5e2f91c7a638"
CRN = f"crn:v1:bluemix:public:quantum-computing:us-east:a/{ACCOUNT}:{GUID}::"
EMAIL = "jane.doe+lab@university.example.edu"
USER = "IBMid-50XK7Q2ABC"
IP = "169.62.14.203"
IPV6 = "2607:f8b0:4005:80a::200e"
PASSWORD = "hunter2-correct-horse"
OPAQUE = "ocean-tide"


def asked(
    *,
    method: str = "GET",
    url: str = f"{HOST}/jobs/{JOB}",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Interaction:
    request = Request.to(method, url, headers=headers or {}, body=body)
    return Interaction(request=request, response=Response(204), at=1.0, took=0.1)


def answered(body: object, kind: str = "application/json", **headers: str) -> Interaction:
    content = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(200, content, {"Content-Type": kind, **named})
    return Interaction(request=asked().request, response=response, at=1.0, took=0.1)


def sent(body: object, kind: str = "application/json") -> Interaction:
    content = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    return asked(method="POST", url=f"{HOST}/jobs", headers={"Content-Type": kind}, body=content)


def error(message: str) -> Interaction:
    return answered(
        {"errors": [{"code": 1279, "message": message, "solution": message}], "trace": GUID[::-1]}
    )


def deep(value: object, depth: int = 40) -> object:
    for level in range(depth):
        value = {"items": [value]} if level % 2 else [value]
    return value


FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain"
BASIC = base64.b64encode(f"apikey:{CANARY}".encode()).decode()
MULTIPART = (
    f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{PASSWORD}\r\n'
    f'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n{OPAQUE}\r\n--b--\r\n'
)
SIGNED = f"https://s3.us-east.cloud-object-storage.appdomain.cloud/bucket/o?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026&X-Amz-Signature={CANARY}"

POSITIONS: dict[str, list[Interaction]] = {
    "bearer": [asked(headers={"Authorization": f"Bearer {CANARY}"})],
    "apikey-header": [asked(headers={"Authorization": f"apikey {CANARY}"})],
    "basic-header": [asked(headers={"Authorization": f"Basic {BASIC}"})],
    "access-token-header": [asked(headers={"X-Access-Token": CANARY})],
    "unknown-header": [asked(headers={"X-Whatever": OPAQUE})],
    "request-cookie": [asked(headers={"Cookie": f"sid={CANARY}; theme=dark"})],
    "proxy-header": [asked(headers={"Proxy-Authorization": f"Basic {BASIC}"})],
    "service-crn": [asked(headers={"Service-CRN": CRN})],
    "user-agent": [asked(headers={"User-Agent": f"tool ({EMAIL})"})],
    "client-application": [asked(headers={"X-Qx-Client-Application": f"qiskit/~home~{OPAQUE}"})],
    "forwarded-for": [asked(headers={"X-Forwarded-For": IP})],
    "referer": [asked(headers={"Referer": f"https://x.test/?token={CANARY}"})],
    "kept-header": [asked(headers={"Parent-Job-Id": JWT})],
    "set-cookie": [answered({}, Set_Cookie=f"session={CANARY}; Path=/; HttpOnly")],
    "response-header": [answered({}, X_Auth_Token=CANARY)],
    "location": [answered({}, Location=SIGNED)],
    "link": [answered({}, Link=f"<https://x.test/?cursor={CANARY}>; rel=next")],
    "www-authenticate": [answered({}, WWW_Authenticate=f'Bearer realm="{OPAQUE}"')],
    "content-type": [answered({}, f"application/json; profile={JWT}")],
    "userinfo": [asked(url=f"https://jane:{PASSWORD}@quantum.cloud.ibm.com/api/v1/jobs")],
    "query-secret": [asked(url=f"{HOST}/jobs?apikey={CANARY}")],
    "query-unknown": [asked(url=f"{HOST}/jobs?flavour={OPAQUE}")],
    "query-encoded": [asked(url=f"{HOST}/jobs?instance={quote(CRN, safe='')}")],
    "query-known-name": [asked(url=f"{HOST}/jobs?tags={quote(EMAIL)}")],
    "query-bare": [asked(url=f"{HOST}/jobs?{CANARY}")],
    "path-token": [asked(url=f"{HOST}/download/{CANARY}")],
    "path-crn": [asked(url=f"{HOST}/instances/{quote(CRN, safe='')}/usage")],
    "path-email": [asked(url=f"{HOST}/users/{quote(EMAIL)}")],
    "path-account": [asked(url=f"{HOST}/accounts/{ACCOUNT}")],
    "host-ip": [asked(url=f"http://{IP}:8080/jobs")],
    "presigned-request": [asked(url=SIGNED)],
    "json-token": [answered({"access_token": CANARY})],
    "json-password": [answered({"password": PASSWORD})],
    "json-camel-case": [answered({"apiKey": OPAQUE})],
    "json-unknown-name": [answered({"flavour": OPAQUE})],
    "json-list": [answered({"flavours": [1, [OPAQUE]]})],
    "json-deep": [answered(deep({"refreshToken": CANARY}))],
    "json-deep-unknown": [answered(deep({"x": OPAQUE}))],
    "json-key": [answered({EMAIL: 1, CANARY: 2})],
    "json-number": [answered({"pin": 73731415})],
    "json-user-id": [answered(job_body("Queued", user_id=USER))],
    "json-account": [answered({"account_id": ACCOUNT})],
    "json-email": [answered({"name": EMAIL})],
    "json-person": [answered({"given_name": "Aloysius"})],
    "json-provider": [answered(job_body("Queued", hub="acme-labs", group="skunkworks"))],
    "json-crn": [answered({"items": [{"crn": CRN, "doc": {"extensions": {}}}]})],
    "json-guid": [answered({"instance_id": GUID})],
    "json-signed-url": [answered({"url": SIGNED})],
    "json-in-json": [answered({"message": json.dumps({"token": CANARY})})],
    "json-in-list-of-json": [answered([json.dumps({"interim": OPAQUE})])],
    "json-escaped": [answered(b'{"token": "Zq7Kp2mXw9Lr4TvB\\u0038nYc3HdJ5sGf"}')],
    "json-twice": [
        answered(f'{{"status": "ok", "password": "a", "password": "{PASSWORD}"}}'.encode())
    ],
    "json-cut": [answered(f'{{"status": "ok", "token": "{CANARY}'.encode())],
    "json-as-text": [answered({"token": CANARY}, TEXT)],
    "json-request": [sent({"program_id": "sampler", "params": {"auth": {"password": PASSWORD}}})],
    "json-tags": [sent({"tags": [EMAIL, JWT]})],
    "json-caller": [answered({"caller": f"qiskit/~home~{OPAQUE}~run.py"})],
    "json-atom": [answered(f"{{token={CANARY}}}".encode())],
    "json-data-name": [
        answered({"data": base64.b64encode(f"password: {PASSWORD}".encode()).decode()})
    ],
    "error-crn": [error(f"Instance {CRN} not found")],
    "error-account": [error(f"Account {ACCOUNT} has no access")],
    "error-user": [error(f"User {USER} ({EMAIL}) at {IP} was refused")],
    "error-jwt": [error(f"The token {JWT} has expired")],
    "error-bearer": [error(f"Authorization: Bearer {CANARY}")],
    "error-assignment": [error(f"invalid credentials: password={PASSWORD}, try again")],
    "error-random": [error(f"unknown thing {CANARY}")],
    "error-ipv6": [error(f"from {IPV6} only")],
    "form-apikey": [sent(f"grant_type=x&apikey={CANARY}", FORM)],
    "form-unknown": [sent(f"grant_type=x&flavour={OPAQUE}", FORM)],
    "form-encoded": [sent(f"password={quote('päss ' + PASSWORD)}", FORM)],
    "multipart": [sent(MULTIPART, "multipart/form-data; boundary=b")],
    "gzip": [
        answered(gzip.compress(json.dumps({"token": CANARY}).encode()), Content_Encoding="gzip")
    ],
    "deflate": [
        answered(zlib.compress(json.dumps({"token": CANARY}).encode()), Content_Encoding="deflate")
    ],
    "raw-deflate": [
        answered(zlib.compress(CANARY.encode())[2:-4], TEXT, Content_Encoding="deflate")
    ],
    "gzip-twice": [
        answered(gzip.compress(gzip.compress(CANARY.encode())), TEXT, Content_Encoding="gzip, gzip")
    ],
    "utf-16": [
        answered(json.dumps({"token": CANARY}).encode("utf-16"), "application/json; charset=utf-16")
    ],
    "latin-1": [answered(f"é token={CANARY}".encode("latin-1"), "text/plain; charset=latin-1")],
    "text-log": [answered(f"INFO login by {EMAIL} with {JWT}", TEXT)],
    "text-pem": [
        answered("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", TEXT)
    ],
    "text-aws": [answered("key AKIAIOSFODNN7EXAMPLE here", TEXT)],
    "text-github": [answered("using ghp_16C7e42F292c6912E7710c838347Ae178B4a", TEXT)],
    "text-url": [answered(f"see {SIGNED} for more", TEXT)],
    "html": [
        answered(f"<html><form><input name=x value='y'><token>{CANARY}</token></form>", "text/html")
    ],
    "xml": [
        answered(f"<r><password>{PASSWORD}</password><a apiKey='{CANARY}'/></r>", "application/xml")
    ],
    "token-exchange": [
        asked(
            method="POST",
            url="https://iam.cloud.ibm.com/identity/token",
            headers={"Content-Type": FORM},
            body=f"grant_type=urn%3Aibm&apikey={CANARY}".encode(),
        )
    ],
    "classic-login": [
        replace(
            asked(method="POST", url="https://auth.quantum.ibm.com/api/users/loginWithToken"),
            response=Response(200, json.dumps({"id": CANARY}).encode()),
        )
    ],
    "echo-of-bearer": [
        asked(headers={"Authorization": f"Bearer {PASSWORD}"}),
        answered(f"you said {PASSWORD} to us", TEXT),
    ],
    "echo-of-basic": [
        asked(
            headers={
                "Authorization": "Basic " + base64.b64encode(f"j:{PASSWORD}".encode()).decode()
            }
        ),
        answered({"message": f"no such login {PASSWORD}"}),
    ],
    "echo-url-encoded": [
        sent({"password": "päss/wörd&more"}),
        answered("bad login p%C3%A4ss%2Fw%C3%B6rd%26more", TEXT),
    ],
    "echo-base64": [
        sent({"password": PASSWORD}),
        answered({"message": "got " + base64.b64encode(PASSWORD.encode()).decode()}),
    ],
    "echo-before-it-is-known": [
        answered({"message": f"hello {PASSWORD}"}),
        sent({"password": PASSWORD}),
    ],
    "echo-in-host": [sent({"password": PASSWORD}), asked(url=f"https://{PASSWORD}.x.test/jobs")],
    "echo-in-path": [sent({"password": PASSWORD}), asked(url=f"{HOST}/jobs/{PASSWORD}")],
    "echo-in-query": [sent({"password": PASSWORD}), asked(url=f"{HOST}/jobs?tags={PASSWORD}")],
    "echo-in-header": [sent({"password": PASSWORD}), asked(headers={"Parent-Job-Id": PASSWORD})],
    "echo-in-request": [sent({"password": PASSWORD}), sent({"message": f"hello {PASSWORD}"})],
    "echo-in-answered-header": [sent({"password": PASSWORD}), answered({}, Location=PASSWORD)],
    "echo-of-token-answer": [
        replace(
            asked(method="POST", url="https://iam.cloud.ibm.com/identity/token"),
            response=Response(200, json.dumps({"refresh_token": PASSWORD}).encode()),
        ),
        answered(f"refresh with {PASSWORD}", TEXT),
    ],
}
SECRETS = [
    CANARY, JWT, JWT.split(".")[1], ACCOUNT, GUID, EMAIL, USER, IP, IPV6, PASSWORD, OPAQUE, BASIC,
    "AKIAIOSFODNN7EXAMPLE",
    "MIIEow", "ghp_16C7e42F", "Aloysius", "acme-labs", "skunkworks", "73731415", "jane.doe", "päss", "wörd",
    base64.b64encode(PASSWORD.encode()).decode(),
]  # fmt: skip
KEY = b"key of a test"


def clean(interactions: list[Interaction], rules: Rules | None = None) -> Redacted:
    return redacted(interactions, key=KEY, rules=rules)


def text_of(session: Redacted, *, as_json: bool = False) -> str:
    return codec.dumps(Cassette(session.interactions, PROVENANCE), as_json=as_json)


def leaks(text: str) -> list[str]:
    """The secrets that stand in *text*, also in what its escapes mean."""
    readings = [text, text.encode().decode("unicode_escape", "replace"), re.sub(r"\s", "", text)]
    readings += [quote(reading, safe="") for reading in readings[:1]]
    found = {
        secret
        for secret in SECRETS
        for form in (secret, quote(secret, safe=""), secret[::-1])
        for reading in readings
        if form in reading
    }
    return sorted(found)


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


BASIC_WEAK = base64.b64encode(b"user:hunter22").decode()
BASIC_OF_THREE = base64.b64encode(b"user:hunter22:hunter33").decode()
ANSWERS = [
    ("said Bearer hunter22 twice", "said Bearer <token> twice", {"hunter22"}),
    ("apikey%20hunter22", "apikey%20<token>", {"hunter22"}),
    (f"Basic {BASIC_WEAK}", "Basic <token>", {BASIC_WEAK, "user:hunter22", "hunter22"}),
    (
        f"Basic {BASIC_OF_THREE}",
        "Basic <token>",
        {BASIC_OF_THREE, "user:hunter22:hunter33", "hunter22:hunter33"},
    ),
    (
        f"Authorization: Basic {BASIC_WEAK}",
        "Authorization: Basic <token>",
        {BASIC_WEAK, "user:hunter22", "hunter22"},
    ),
    ("authorization=Bearer%20hunter22&x=1", "authorization=Bearer%20<token>&x=1", {"hunter22"}),
    ("<token>hunter22</token>", "<token><token></token>", {"hunter22"}),
    (f"a/{ACCOUNT}", "a/<account>", {ACCOUNT}),
    (f"by {ACCOUNT}", "by <account>", {ACCOUNT}),
    (
        f"crn:v1:bluemix:public:q:us-east:a/{ACCOUNT}:{GUID}::",
        "crn:v1:bluemix:public:q:us-east:a/<account>:<instance>::",
        {ACCOUNT, GUID},
    ),
    (
        quote(f"crn:v1:bluemix:public:q:us-east:a/{ACCOUNT}:{GUID}::", safe=""),
        "crn%3Av1%3Abluemix%3Apublic%3Aq%3Aus-east%3Aa%2F<account>%3A<instance>%3A%3A",
        {ACCOUNT, GUID},
    ),
    (
        "https://joe:hunter22@x.test/a?apikey=hunter33&limit=5#token=hunter44",
        "https://<token>@x.test/a?apikey=<token>&limit=5#token=<token>",
        {"joe:hunter22", "hunter22", "hunter33", "hunter44"},
    ),
    ("https://[x/?token=hunter22", "<url>", {"https://[x/?token=hunter22"}),
]


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


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n\0\0\0\0\0\0\0\0"


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
    for inside, is_kept in ((EMAIL, False), (JWT, False), ("circuit-160 of my_register", True)):
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
    """What was asked about which job is told; a part of a path that looks like a secret is not."""
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


POLL = answered({"name": "one", "access_token": PASSWORD})
OTHERWISE = [
    POLL,
    answered({"name": "another"}),
    answered(gzip.compress(EMAIL.encode()), TEXT, Content_Encoding="gzip"),
    answered(gzip.compress(EMAIL.encode()), TEXT),
    answered(f"é {EMAIL}".encode("latin-1"), TEXT),
    answered(f"é {EMAIL}".encode("latin-1"), "text/plain; charset=latin-1"),
    answered(f"flavour={OPAQUE}", FORM),
    answered(f"flavour={OPAQUE}", TEXT),
    sent(f"flavour={OPAQUE}", FORM),
    sent(f"flavour={OPAQUE}", TEXT),
    asked(),
    asked(headers={"Content-Type": TEXT}),
    replace(asked(), response=Response(204, headers={"Content-Type": TEXT})),
    asked(method="POST"),
    replace(POLL, scheme="http"),
    replace(POLL, request=Request.to("GET", f"{HOST}/backends/one/properties")),
    replace(POLL, response=replace(POLL.response, status=500)),
    replace(POLL, response=replace(POLL.response, failure="cut")),
    replace(POLL, response=Response(0, failure="reset")),
]


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


numbers_under_names = st.recursive(
    st.integers() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "token",
                    "pin",
                    "user",
                    "TOKEN",
                    "token_count",
                    "nonce",
                    "key",
                    "id",
                    "n",
                    "counts",
                    "00",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
)


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
