"""Canaries, and interactions with them: what the tests of the redactor share."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from dataclasses import replace
from urllib.parse import quote

from hypothesis import strategies as st

from qrtest.cassette import codec
from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request, Response
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.redactor import Redacted, redacted
from tests.recordings import HOST, JOB, PROVENANCE, job_body

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
    """Return the secrets that stand in *text*, also in what its escapes mean."""
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


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n\0\0\0\0\0\0\0\0"


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
