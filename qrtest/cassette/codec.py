"""Text to cassette and back: the file format, and the only home of yaml.

What is written, stock vcrpy loads and replays: additions stand beside `request` and `response`, or
under `qrtest:` at the top. What stock vcrpy and pytest-recording wrote is read, in YAML and JSON.
Nothing in a text is executed, and no text takes more than its size deserves to be refused.
docs/cassette-format.md is the long form of this.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from qrtest.cassette import foreign, yaml_json
from qrtest.cassette.digests import Digests
from qrtest.cassette.fields import Place
from qrtest.cassette.json_tokens import STYLES, laid_out, looks_like_json, put_back
from qrtest.cassette.model import FORMAT, Cassette, Interaction, Provenance, digest
from qrtest.cassette.packed_bodies import XZ, packed, unpacked, without_encoding
from qrtest.cassette.yaml_json import Line, Pairs, Shared
from qrtest.errors import CassetteError
from qrtest.http.messages import FAILURES, Request, Response, phrase

__all__ = ["SECTION", "dumps", "loads", "read"]

SECTION: Final = "qrtest"
BETAMAX: Final = "http_interactions"
"""What the interactions of a betamax cassette stand under."""

LFS_POINTER: Final = "version https://git-lfs.github.com/"
_MERGE_MARK: Final = re.compile(r"^<{7} \S", re.MULTILINE)
LAID_OUT_LONGEST: Final = 256 * 1024
"""Bodies beyond this many characters stay on one line: nobody reads them."""

AS_IS: Final = "as-is"
"""The layout of a body of several lines that was so on the wire."""

STAND_IN: Final = {
    "dns": "Name not resolved",
    "refused": "Connection refused",
    "tls": "TLS handshake failed",
    "reset": "Connection reset",
    "closed": "Connection closed",
    "timeout": "Timed out",
    "cut": "Connection broken",
}
"""What stock vcrpy, which knows no broken connections, answers instead: 503 with these words."""


def loads(text: str, *, name: str = "the cassette", sealed: bool = True) -> Cassette:
    """Return the cassette that *text* holds; *name* is for messages.

    *sealed*: whether the count and the digest must be right; without them it is for repairing.
    Raises `CassetteError`, which says where and what to do.

    >>> loads('{"version": 1, "interactions": []}')
    Cassette(interactions=(), provenance=None)
    """
    _refuse_what_git_left(text, name)
    return read(yaml_json.parsed(text, name), name=name, sealed=sealed)


def read(data: Any, *, name: str = "the cassette", sealed: bool = True) -> Cassette:
    """Return the cassette that the *data* of a file means, as `loads`."""
    top = Place(name, data)
    if foreign.is_before_version_1(top.value):
        top = top.holding(foreign.version_1(top))
    top.mapping()
    version = top.get("version").value
    if top.has(BETAMAX):
        raise CassetteError(
            f"{name}: it is a cassette of betamax. Convert it: qrtest convert {name}"
        )
    if version != 1:
        raise CassetteError(
            f"{name}: there is no 'version: 1' in it"
            f"{'' if version is None else f' but {version!r:.40}'}, so it is not a whole cassette of "
            "version 1. If it was cut, take it from version control; else record it again."
        )
    section = top.get(SECTION)
    layout = section.get("layout").one_of(tuple(STYLES))
    interactions = tuple(_interaction(item, layout) for item in top.get("interactions").items())
    if section.value is None:
        return Cassette(interactions)
    provenance = _provenance(section, interactions, sealed=sealed)
    return Cassette(interactions, provenance, _digests(section))


def dumps(cassette: Cassette, *, as_json: bool = False) -> str:
    """Return *cassette* as the text of a file, YAML or JSON.

    Raises `CassetteError` for a binary body in JSON.

    >>> print(dumps(Cassette()))
    version: 1
    interactions: []
    <BLANKLINE>
    """
    data: dict[str, Any] = {}
    layout = None
    if cassette.provenance is not None:
        layout = _usual_layout(cassette.interactions)
        data[SECTION] = _section(cassette.provenance, cassette.interactions, layout)
        if cassette.digests.salt:
            data[SECTION]["salt"] = cassette.digests.salt
        if cassette.digests.of:
            data[SECTION]["values"] = dict(sorted(cassette.digests.of.items()))
    data["version"] = 1
    packs = cassette.provenance is not None and not as_json
    writer = _Writer(layout, packs=packs)
    data["interactions"] = [writer.written(interaction) for interaction in cassette.interactions]
    return yaml_json.json_text(data) if as_json else yaml_json.yaml_text(data)


def _refuse_what_git_left(text: str, name: str) -> None:
    """Raise `CassetteError` for a pointer in place of a file, and for one with both sides of a merge."""
    if text.startswith(LFS_POINTER):
        raise CassetteError(
            f"{name}: it is a Git LFS pointer, not the cassette itself. Fetch the file: git lfs pull"
        )
    mark = _MERGE_MARK.search(text)
    if mark is not None:
        line = text.count("\n", 0, mark.start()) + 1
        raise CassetteError(
            f"{name}: line {line}: there is a mark of a merge that was not resolved. Take one side from "
            "version control, or record it again."
        )


# --- reading ---------------------------------------------------------------------------------------


def _interaction(item: Place, usual_layout: str | None) -> Interaction:
    asked, answered = item.get("request"), item.get("response")
    layout = item.get("layout")
    body = _as_sent(foreign.request_body(asked), layout.get("request"), usual_layout)
    request = _request(asked, body)
    scheme = asked.get("uri").text().partition(":")[0]
    return Interaction(
        request=request,
        response=_response(item, answered, usual_layout),
        at=item.get("at").seconds(),
        took=item.get("took").seconds(),
        repeat=item.get("repeat").count(default=1),
        until=item.get("until").seconds(),
        program=item.get("program").get("at").seconds(),
        program_until=item.get("program").get("until").seconds(),
        scheme="http" if scheme == "http" else "https",
    )


def _request(asked: Place, body: bytes) -> Request:
    method, uri = asked.get("method").text(), asked.get("uri").text()
    headers = foreign.headers(asked.get("headers"))
    try:
        return Request.to(method, uri, headers=headers, body=body)
    except ValueError:
        raise asked.get("uri").error("is no address") from None


def _response(item: Place, answered: Place, usual_layout: str | None) -> Response:
    failure = item.get("error").one_of(FAILURES)
    answered = foreign.usual_response(answered)
    stored = foreign.response_body(answered)
    layout = item.get("layout").get("response")
    is_packed = layout.value == XZ
    body = unpacked(stored, layout) if is_packed else _as_sent(stored, layout, usual_layout)
    if failure is not None and failure != "cut":
        return Response(0, failure=failure)
    headers = foreign.headers(answered.get("headers"))
    if is_packed:
        headers = without_encoding(headers)
    for header in headers:
        if header.lower() == "content-length" and headers[header] == str(len(stored)):
            headers[header] = str(len(body))
    status = answered.get("status").get("code").count()
    if not 100 <= status <= 999:
        raise answered.get("status").get("code").error("should be an HTTP status, 100 to 999")
    return Response(
        status, body, headers, failure=failure, reason=_reason(answered.get("status"), status)
    )


def _reason(answered: Place, status: int) -> str:
    """Return the words of a status line; an empty text for the usual ones."""
    words = answered.get("message").value
    is_text = isinstance(words, str) and words.isascii() and words.isprintable()
    return str(words) if is_text and words != phrase(status) else ""


def _as_sent(body: bytes, layout: Place, usual: str | None) -> bytes:
    """Return *body* as it crossed the wire: one line, if it was laid out for the file."""
    style = layout.one_of((AS_IS, *STYLES))
    if style == AS_IS or (style is None and usual is None):
        return body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        if style is None:
            return body
        raise layout.error("is for text in UTF-8, and the body is none") from None
    if style is None and not _is_wide(text):
        return body
    return put_back(text, style or str(usual)).encode()


def _provenance(
    section: Place, interactions: tuple[Interaction, ...], *, sealed: bool
) -> Provenance:
    section.mapping()
    if section.get("format").count() > FORMAT:
        raise section.get("format").error(f"is newer than {FORMAT}: update qrtest")
    if sealed:
        _check_seal(section, interactions)
    return Provenance(
        client=section.get("client").text(default=""),
        qrtest=section.get("version").text(default=""),
        recorded=section.get("recorded").text(default=""),
        service=section.get("service").text(default="real"),
        test=section.get("test").text(default=""),
        filters=_names(section.get("filters")),
    )


def _names(listed: Place) -> tuple[str, ...]:
    return tuple(each.text() for each in listed.items()) if listed.value is not None else ()


def _digests(section: Place) -> Digests:
    values = section.get("values")
    names = values.mapping().value if values.value is not None else {}
    return Digests(
        section.get("salt").text(default=""), {name: values.get(name).text() for name in names}
    )


def _check_seal(section: Place, interactions: tuple[Interaction, ...]) -> None:
    count = section.get("count").count()
    if count != len(interactions):
        raise section.get("count").error(
            f"says {count} interactions and there are {len(interactions)}: the file was cut or edited. "
            "Take it from version control or record it again"
        )
    if section.get("digest").text() != digest(interactions):
        raise section.get("digest").error(
            "is not that of the interactions: the file was edited or damaged. Take it from version "
            "control, or, if the change is meant, seal it with: qrtest convert FILE"
        )


# --- writing ---------------------------------------------------------------------------------------


def _section(
    provenance: Provenance, interactions: tuple[Interaction, ...], layout: str | None
) -> dict[str, Any]:
    section: dict[str, Any] = {"format": FORMAT}
    facts = {
        "client": provenance.client,
        "version": provenance.qrtest,
        "recorded": provenance.recorded,
        "service": provenance.service,
        "test": provenance.test,
        "filters": Line(provenance.filters),
        "layout": layout,
    }
    section |= {key: value for key, value in facts.items() if value}
    return section | {"count": len(interactions), "digest": digest(interactions)}


class _Writer:
    """Writes interactions: equal requests once, without the usual layout; *packs* large bodies."""

    def __init__(self, usual_layout: str | None, *, packs: bool) -> None:
        self._usual_layout = usual_layout
        self._packs = packs
        self._requests: dict[str, Shared] = {}
        self._packed: dict[bytes, Shared] = {}

    def written(self, interaction: Interaction) -> dict[str, Any]:
        sent, sent_layout = _laid_out(interaction.request.body)
        answer, answer_layout = _laid_out(interaction.response.body)
        small = packed(interaction.response.body, interaction.response.headers)
        if small is not None and self._packs:
            answer, answer_layout = small, XZ
        data: dict[str, Any] = {
            "request": self._request(interaction, sent),
            "response": self._response(interaction.response, answer, answer_layout),
        }
        if interaction.response.failure is not None:
            data["error"] = interaction.response.failure
        layout = {
            "request": self._body_text(sent, sent_layout),
            "response": self._body_text(answer, answer_layout),
        }
        if any(layout.values()):
            data["layout"] = Pairs({side: style for side, style in layout.items() if style})
        if interaction.at is not None:
            data["at"] = interaction.at
        if interaction.took is not None:
            data["took"] = interaction.took
        if interaction.program is not None:
            data["program"] = Pairs(at=interaction.program)
            if interaction.program_until is not None:
                data["program"]["until"] = interaction.program_until
        if interaction.repeat > 1:
            data["repeat"] = interaction.repeat
            if interaction.until is not None:
                data["until"] = interaction.until
        return data

    def _request(self, interaction: Interaction, body: str | bytes) -> Shared:
        request = interaction.request
        same = repr((request.method, interaction.uri, sorted(request.headers.items()), body))
        return self._requests.setdefault(
            same,
            Shared(
                method=request.method,
                uri=interaction.uri,
                headers=_listed(request.headers),
                body=body or None,
            ),
        )

    def _response(
        self, response: Response, body: str | bytes, layout: str | None
    ) -> dict[str, Any]:
        written = _written_response(response, body, is_packed=layout == XZ)
        if layout == XZ and isinstance(body, bytes):
            written["body"] = self._packed.setdefault(body, Shared(string=body))
        return written

    def _body_text(self, body: str | bytes, layout: str | None) -> str | None:
        """Return the layout as the file has to say it beside *body*."""
        if layout is None:
            return AS_IS if self._usual_layout is not None and _is_wide(body) else None
        return None if layout == self._usual_layout else layout


def _usual_layout(interactions: tuple[Interaction, ...]) -> str | None:
    """Return the style that most bodies are laid out from."""
    styles = Counter(_laid_out(interaction.response.body)[1] for interaction in interactions)
    del styles[None]
    return styles.most_common(1)[0][0] if styles else None


def _is_wide(body: str | bytes) -> bool:
    """Return whether *body* looks as if it had been laid out."""
    return isinstance(body, str) and "\n" in body and looks_like_json(body)


def _written_response(
    response: Response, body: str | bytes, *, is_packed: bool = False
) -> dict[str, Any]:
    if response.failure is not None and response.failure != "cut":
        status = Pairs(code=503, message=STAND_IN[response.failure])
        return {"status": status, "headers": {}, "body": {"string": ""}}
    headers = _listed(response.headers)
    for name in headers:
        if name.lower() == "content-length" and headers[name] == [str(len(response.body))]:
            headers[name] = Line([str(len(body.encode() if isinstance(body, str) else body))])
    if is_packed:
        headers["Content-Encoding"] = Line([XZ])
    status = Pairs(code=response.status, message=response.status_text)
    return {"status": status, "headers": headers, "body": {"string": body}}


def _laid_out(body: bytes) -> tuple[str | bytes, str | None]:
    """Return *body* as the file has it, and the style that puts it back if it was laid out."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body, None
    if len(text) <= LAID_OUT_LONGEST and looks_like_json(text):
        layout = laid_out(text)
        if layout is not None and layout[0] != text:
            return layout
    return text, None


def _listed(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return Pairs({name: Line(_values(name, headers[name])) for name in _sorted(headers)})


def _sorted(headers: Mapping[str, str]) -> list[str]:
    return sorted(headers, key=str.lower)


def _values(name: str, value: str) -> list[str]:
    return value.split(foreign.COOKIES_APART) if name.lower() == "set-cookie" else [value]
