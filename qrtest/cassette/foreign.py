"""Shapes that other tools, and older releases of vcrpy, gave to a cassette.

Sources: the stubs, serializers and the migration of vcrpy 1 to 9; betamax's cassettes are the
business of `convert`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

from qrtest.cassette.fields import Place

__all__ = [
    "headers",
    "is_before_version_1",
    "request_body",
    "response_body",
    "usual_response",
    "version_1",
]


COOKIES_APART: Final = "\n"
"""What is between two values of Set-Cookie, which is sent as often as there are values."""


def headers(place: Place) -> dict[str, str]:
    """Return headers of any shape: a mapping to texts or lists of them, or a list of pairs or of lines.

    One that stands twice is one with both values; cookies, whose dates have commas, stay a line each.

    >>> headers(Place("f", {"Accept": ["a", "b"]}))
    {'Accept': 'a, b'}
    >>> headers(Place("f", [["Accept", "a"], "Location: https://host/"]))
    {'Accept': 'a', 'Location': 'https://host/'}
    """
    found: dict[str, str] = {}
    for name, value in _pairs(place):
        values = list(value.items()) if isinstance(value.value, list | tuple) else [value]
        texts = [
            each.text(default="") if not _is_number(each) else str(each.value) for each in values
        ]
        between = COOKIES_APART if name.lower() == "set-cookie" else ", "
        found[name] = between.join([found[name], *texts] if name in found else texts)
    return found


def _is_number(place: Place) -> bool:
    return isinstance(place.value, int | float)


def _pairs(place: Place) -> Iterable[tuple[str, Place]]:
    if place.value is None:
        return
    if isinstance(place.value, dict):
        for name in place.value:
            yield _name(name, place), place.get(name)
        return
    for item in place.items():
        if isinstance(item.value, str):
            name, _, value = item.value.partition(":")
            yield name.strip(), item.holding(value.strip())
        else:
            pair = _two(item)
            yield pair[0].text(), pair[1]


def _name(name: Any, place: Place) -> str:
    if not isinstance(name, str):
        raise place.error("should have names that are texts")
    return name


def _two(item: Place) -> tuple[Place, Place]:
    parts = list(item.items())
    if len(parts) != 2:
        raise item.error("should be a name and a value")
    return parts[0], parts[1]


def request_body(request: Place) -> bytes:
    """Return the body of a request, of any shape."""
    return _content(request.get("body"))


def response_body(response: Place) -> bytes:
    """Return the body of a response in the usual shape."""
    body = response.get("body")
    if isinstance(body.value, dict):
        if body.has("base64_string"):
            return _decoded(body.get("base64_string"))
        body = body.get("string")
    return _content(body)


def _content(body: Place) -> bytes:
    value = body.value
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, list | tuple):
        return b"".join(_content(part) for part in body.items())
    if body.has("string"):
        return _content(body.get("string"))
    raise body.error("should be a text or binary")


def _decoded(text: Place) -> bytes:
    try:
        return base64.b64decode(text.text(), validate=True)
    except ValueError:
        raise text.error("should be base64") from None


def usual_response(response: Place) -> Place:
    """Return *response* in the usual shape: httpx's old one has `status_code` and `content`."""
    if not response.has("status_code"):
        return response.mapping()
    usual = {
        "status": {"code": response.get("status_code").value},
        "headers": response.get("headers").value,
        "body": {"string": response.get("content").value},
    }
    return response.holding(usual)


def is_before_version_1(data: Any) -> bool:
    """Return whether *data* is a cassette as vcrpy wrote them before version 1: a bare list."""
    return (
        isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "request" in data[0]
    )


def version_1(top: Place) -> dict[str, Any]:
    """Return a cassette from before version 1 in the shape of version 1."""
    return {"version": 1, "interactions": [_interaction(item) for item in top.items()]}


def _interaction(item: Place) -> dict[str, Any]:
    asked = item.get("request")
    request = {
        "method": asked.get("method").value,
        "uri": _address(asked),
        "headers": asked.get("headers").value,
        "body": asked.get("body").value,
    }
    return {"request": request, "response": item.get("response").value}


def _address(asked: Place) -> str:
    if asked.has("uri"):
        return asked.get("uri").text()
    scheme = asked.get("protocol").text()
    usual = 80 if scheme == "http" else 443
    port = asked.get("port").count(default=usual)
    suffix = "" if port == usual else f":{port}"
    return f"{scheme}://{asked.get('host').text()}{suffix}{asked.get('path').text()}"
