"""What a request asks for, as one tree of plain values: what two requests are compared by.

The tree of a request to the service holds its operation, what it names, its query and its body, decoded.
Host, headers and the spelling of JSON are not in it, so that releases of the client that differ only in
these ask the same. Circuits and arrays are compared unpacked.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from qrtest.errors import CassetteError
from qrtest.http.messages import Request
from qrtest.redaction.allowlist import is_secret_name
from qrtest.redaction.bodies import decompressed
from qrtest.service.circuit_header import header_of, unpacked, without_texts

__all__ = [
    "OWN_NAME",
    "UNORDERED",
    "Packed",
    "as_text",
    "body_of",
    "hashed",
    "json_of",
    "tree_of",
]

VOLATILE_QUERY: Final = frozenset({"include_mocks"})
UNORDERED: Final = frozenset({"tags", "job_tags"})
"""Names of lists whose order is that of a set: the client does not keep it."""

DEEPEST: Final = 100
HIDDEN: Final = "*"
SHORTEST_CREDENTIAL: Final = 6
_FORM: Final = re.compile(r"(?![\w+/-]*={1,2}\Z)[\w.~%+\[\]-]+=[^&\s]*(?:&[\w.~%+\[\]-]+=[^&\s]*)*")
_BOUNDARY: Final = re.compile(r"--([^\r\n]{1,100})\r?\n(?i:content-)")


OWN_NAME: Final = re.compile(r"\Acircuit-\d+(?:-\d+)*\Z")
"""The name that qiskit gives a circuit that has none: a number, another one in each process."""


class Packed(str):
    """The digest of a packed circuit or array; *packed* is the text that it was unpacked from.

    *texts* are the name and the metadata of a circuit, which redaction may have changed; *digest* is that of
    the rest.
    """

    __slots__ = ("digest", "packed", "texts")
    digest: str
    packed: str
    texts: list[Any]

    @classmethod
    def of(cls, text: str, content: bytes) -> Packed:
        """Return the leaf of *text*, which holds *content*."""
        header = header_of(content)
        digest = hashlib.sha256(without_texts(content)).hexdigest()
        texts: list[Any] = []
        if header is not None:
            metadata = json_of(header.metadata)
            is_none = metadata is None and header.metadata == "null"
            known = header.metadata if metadata is None and not is_none else metadata or {}
            texts = [OWN_NAME.sub("", header.name), known]
        leaf = cls(f"{digest} {_text(texts)}" if texts else digest)
        leaf.digest, leaf.packed, leaf.texts = digest, text, texts
        return leaf


def tree_of(request: Request, *, hides_credentials: bool = False) -> dict[str, Any]:
    """Return what *request* asks for, of whichever release of the client.

    *hides_credentials*: leave texts out that have the name of a credential, for a cassette in which no
    redaction has replaced them.

    >>> tree_of(Request("GET", "quantum.cloud.ibm.com", "/api/v1/jobs/j", "limit=1&a=b"))
    {'head': ['GET', 'poll', 'j', ''], 'query': {'limit': ['1'], 'a': ['b']}, 'body': ''}
    """
    where = request.route
    if where is not None:
        head: list[Any] = [request.method, where.operation, where.name, where.action]
    else:
        head = [request.method, "", request.host, *map(unquote, request.path.split("/"))]
    query = _fields(request.query)
    tree = {
        "head": head,
        "query": {name: query[name] for name in query if name not in VOLATILE_QUERY},
        "body": _canonical(body_of(request), ""),
    }
    return _without_credentials(tree, "") if hides_credentials else tree


def body_of(request: Request) -> Any:
    """Return the body of *request*: JSON, the fields of a form, or a text; bytes that are none as Latin-1."""
    try:
        body = decompressed(request.body, request.header("Content-Encoding"))
    except CassetteError:
        body = request.body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")
    value = json_of(text)
    if value is not None:
        return value
    if "x-www-form-urlencoded" in (request.header("Content-Type") or "") or _FORM.fullmatch(text):
        return {"form": _fields(text)}
    boundary = _BOUNDARY.match(text)
    return text.replace(boundary[1], "boundary") if boundary is not None else text


def json_of(text: str | bytes) -> Any:
    """Return the JSON value of *text*; None for what is none, or is too deep to be of the service."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if _is_shallow(value) else None


def hashed(tree: Any) -> str:
    """Return a digest of *tree* that is equal for equal trees."""
    return hashlib.sha256(_text(tree).encode("utf-8", "surrogatepass")).hexdigest()


def as_text(value: Any) -> str:
    """Return the text of a leaf, as it stood in the request."""
    if isinstance(value, Packed):
        return value.packed
    return value if isinstance(value, str) else _text(value)


def _fields(text: str) -> dict[str, list[str]]:
    """Return the fields of a query or a form, each with its values, whose order is not kept."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: sorted(values) for name, values in found.items()}


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return True
    return False


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _canonical(value: Any, name: str) -> Any:
    """Return *value*, which stands under *name*, in the one spelling of all that mean the same."""
    if isinstance(value, dict):
        packed = _unpacked(value)
        if packed is not None:
            return {**value, "__value__": Packed.of(value["__value__"], packed)}
        return {key: _canonical(each, key) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(each, "") for each in value]
        return sorted(items, key=_text) if name in UNORDERED else items
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _unpacked(value: dict[str, Any]) -> bytes | None:
    """Return what a `{"__type__": ..., "__value__": ...}` holds, when it is compressed."""
    packed = value.get("__value__")
    if value.get("__type__") is None or not isinstance(packed, str):
        return None
    try:
        return unpacked(packed)
    except (ValueError, zlib.error):
        return None


def _without_credentials(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without_credentials(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_credentials(each, name) for each in value]
    is_credential = (
        isinstance(value, str) and len(value) >= SHORTEST_CREDENTIAL and is_secret_name(name)
    )
    return HIDDEN if is_credential else value
