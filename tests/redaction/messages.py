"""Interactions with one body, one address or one header: what the corpora are made of."""

from __future__ import annotations

from collections.abc import Callable

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Request, Response

API = "https://quantum.cloud.ibm.com/api/v1"
JSON, TEXT = "application/json", "text/plain"
FORM = "application/x-www-form-urlencoded"


def answered(
    body: bytes | str, kind: str = JSON, *, url: str = f"{API}/things", **headers: str
) -> Interaction:
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Interaction(
        request=Request.to("GET", url),
        response=Response(200, content, {"Content-Type": kind, **named}),
        at=1.0,
        took=0.1,
    )


def sent(
    body: bytes | str, kind: str = JSON, url: str = f"{API}/things", **headers: str
) -> Interaction:
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request.to("POST", url, headers={"Content-Type": kind, **named}, body=content)
    return Interaction(request=request, response=Response(204), at=1.0, took=0.1)


def asked(url: str, **headers: str) -> Interaction:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request.to("GET", url, headers=named)
    return Interaction(request=request, response=Response(204), at=1.0, took=0.1)


Position = Callable[[str, str], Interaction]
"""Makes an interaction in which a value stands under a name."""
