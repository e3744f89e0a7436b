"""Secrets out, placeholders in: requests and responses, by what may be kept rather than by what may not.

Headers stay by an allow-list; addresses and bodies are taken apart by the model of content. In the end
every credential that was used anywhere in the session is searched for everywhere. A placeholder says what
it stands for; equal values have equal ones within a cassette, and without the key nobody can link them
across two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Interaction, collapsed
from qrtest.http.messages import Request, Response
from qrtest.redaction import allowlist, encoded_data, json_values, patterns, words
from qrtest.redaction.allowlist import Rules, plain_name
from qrtest.redaction.asked_instances import asked_instances
from qrtest.redaction.bodies import cut_character, decompressed, text_of
from qrtest.redaction.content import INTERIM, Content
from qrtest.redaction.credentials import Credentials, with_body
from qrtest.redaction.forms import cookie_values, without_boundary
from qrtest.redaction.learnt_values import LearntValues
from qrtest.redaction.placeholders import Placeholders
from qrtest.redaction.public_names import public_names
from qrtest.redaction.where import TOP, Where
from qrtest.service.api_versions import route_of
from qrtest.service.circuit_header import headers_in

__all__ = [
    "Redacted",
    "Redactor",
    "is_token_exchange",
    "redacted",
    "shown",
    "shown_host",
    "shown_place",
]

PUBLIC: Final = ("backends", "backend", "plan")
"""Operations whose answers describe devices and plans: all names in them are kept."""

DATA: Final = ("result", "interim_results")
"""Operations whose answers may be arrays or circuits as they are, without JSON around them."""

_TOKEN_PATH: Final = re.compile(r"/(?:identity|oauth2?|oidc)/token/?|.*/users/loginWithToken/?")
_MEDIA_TYPE: Final = re.compile(
    r"[\w.+-]+/[\w.+*-]+(?:\s*;\s*(?:charset=\"?[\w.-]{1,40}\"?|boundary=\"?[\w'()+,./:=?-]{1,70}\"?|version=[\w.]{1,9}))*"
)
_NAME: Final = re.compile(r"[^\s.:\[\](),/]+")
_LAST_WORD: Final = re.compile(r"[a-z]{1,12}\Z")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A session without secrets, and the credentials that were in it: for the scan, never to be shown.

    *digests* are those of what was replaced in requests, but for credentials.
    """

    interactions: tuple[Interaction, ...]
    known: frozenset[str]
    digests: Digests

    def without(self, values: Iterable[str], *, key: bytes) -> Redacted:
        """Return this session with *values* replaced as credentials, wherever they stand."""
        placeholders = Placeholders(key)
        made = {value: placeholders.elsewhere(value) for value in values}
        clean = Credentials(made, anywhere=True)
        return replace(self, interactions=tuple(map(clean.out_of, self.interactions)))


def redacted(
    interactions: Iterable[Interaction],
    *,
    key: bytes,
    rules: Rules | None = None,
    digests: Digests | None = None,
    redactor: Redactor | None = None,
) -> Redacted:
    """Return a session without its secrets and its token exchanges; *key* makes the placeholders.

    *digests*: those that the cassette has already. *redactor*: the one to use, if there is one.

    Raises `CassetteError` for a body that cannot be looked into.
    """
    interactions = list(interactions)
    redactor = redactor or Redactor(key, rules)
    cleaned, learnt = redactor.session(interactions)
    kept = [after for before, after in cleaned if not is_token_exchange(before.request)]
    known = Credentials(redactor.known_placeholders())
    clean = tuple(map(known.out_of, collapsed(kept)))
    made = redactor.distinct_values(clean, *asked_instances(interactions))
    values = {each: learnt.sent(each, value) for each, value in made.items()}
    if digests is None or (values and not digests.salt):
        digests = Digests.salted_by(key)
    return Redacted(clean, frozenset(redactor.known), digests.with_values(values))


def is_token_exchange(request: Request) -> bool:
    """Return whether *request* trades credentials for a token.

    >>> is_token_exchange(Request("POST", "iam.cloud.ibm.com", "/identity/token"))
    True
    """
    return request.method == "POST" and _TOKEN_PATH.fullmatch(request.path) is not None


def shown(text: str) -> str:
    """Return *text* as an error message or a report may show it."""
    return Redactor(b"shown").shown(text)


def shown_host(host: str) -> str:
    """Return the name of a *host*, which a user and a port may stand beside, as an error may show it."""
    return Redactor(b"shown")._content.addresses.host(host)


def shown_place(place: str) -> str:
    """Return *place*, which is put together from names of operations and fields, as a report may show it.

    >>> shown_place("poll: response.state.status"), shown_place("poll: response.kanarievogel7x9")[:29]
    ('poll: response.state.status', 'poll: response.redacted-text-')
    """
    redactor = Redactor(b"shown")
    return _NAME.sub(lambda found: redactor.name(found[0]), redactor.shown(place))


class Redactor:
    """Replaces secrets, and remembers which: `known` are the credentials seen so far."""

    def __init__(self, key: bytes, rules: Rules | None = None) -> None:
        self._key = key
        self._rules = rules or Rules()
        self._placeholders = Placeholders(key)
        self._content = Content(self._rules, self._placeholders)
        self._seen: dict[tuple[object, ...], tuple[Request, Response]] = {}
        self._answers: dict[tuple[object, ...], Response] = {}
        self._requests: dict[tuple[object, ...], Request] = {}

    def again(self) -> Redactor:
        """Return a redactor for what this one made: what was left as it was is not looked at again."""
        other = Redactor(self._key, self._rules)
        other._content.take_unchanged(self._content)
        other._answers = {
            same: clean for same, clean in self._answers.items() if same[1:] == _answered(clean)
        }
        return other

    @property
    def known(self) -> set[str]:
        """The credentials seen so far."""
        return self._placeholders.known

    def keep(self, names: frozenset[str]) -> None:
        """Keep *names* wherever they stand, as whole values: they are public."""
        self._placeholders.public = names

    def known_placeholders(self) -> dict[str, str]:
        """Return the credentials seen so far, with what stands for them."""
        return self._placeholders.known_placeholders()

    def placeholder(self, text: str) -> str:
        """Return what stands for *text*."""
        return self._placeholders.of("text", text)

    def values_in_answers(self, interactions: Iterable[Interaction]) -> dict[str, str]:
        """Return what is replaced in the answers of *interactions*, with what stands for it."""
        for each in interactions:
            self._learn_headers(each.response.headers)
            self._response(each.response, _operation(each.request))
        return self._placeholders.made()

    def known_in_answers(
        self, interactions: Iterable[Interaction], replaced: Mapping[str, str]
    ) -> dict[str, str]:
        """Return what only requests name as a secret or identity, and answers hold, with what replaces it."""
        bodies = {
            self._response(each.response, _operation(each.request)).body for each in interactions
        }
        text = b"\0".join(bodies).decode(errors="replace")
        known = self._placeholders.known_placeholders()
        return {value: known[value] for value in known.keys() - replaced.keys() if value in text}

    def distinct_values(
        self, clean: Iterable[Interaction], instances: Iterable[str], names: Iterable[str]
    ) -> dict[str, str]:
        """Return what was replaced in requests by its placeholders, but for credentials.

        Those are the requests of *clean*, and the *instances* that they were made to with their *names*, by
        which a program chooses them.
        """
        asked = []
        for each in clean:
            body = each.request.body.decode(errors="replace")
            circuits = [f"{one.name} {one.metadata}" for one in headers_in(body)]
            asked += [f"{unquote(each.uri)} {body} {dict(each.request.headers)}", *circuits]
        named = (self.value(json.dumps(name), "name") for name in names)
        return self._placeholders.distinct_values([*asked, *map(self.text, instances), *named])

    def session(
        self, interactions: list[Interaction]
    ) -> tuple[list[tuple[Interaction, Interaction]], LearntValues]:
        """Return each of *interactions* with what stands for it, and what the answers taught the program."""
        self.keep(public_names(interactions))
        in_answers = self.values_in_answers(interactions)
        for request in {
            (each.uri, each.request.body): each.request for each in interactions
        }.values():
            # A credential that is sent has to be known whole, before values in it are replaced.
            self.request(request)
        taught = in_answers | self.known_in_answers(interactions, in_answers)
        learnt = LearntValues(taught, self.placeholder, interactions)
        return [(each, self.interaction(learnt.in_request(each))) for each in interactions], learnt

    def interaction(self, interaction: Interaction) -> Interaction:
        """Return *interaction* without secrets, but for credentials that are only known from another one."""
        request, response = interaction.request, interaction.response
        self._learn_headers(request.headers)
        self._learn_headers(response.headers)
        same = _looked_at(interaction)
        clean = self._seen.get(same)
        if clean is None:
            answer = self._response(response, _operation(request))
            clean = self._seen[same] = (self.request(request), answer)
        return replace(interaction, request=clean[0], response=clean[1])

    def request(self, request: Request) -> Request:
        """Return *request* without secrets."""
        address = (request.method, request.host, request.path, request.query)
        same: tuple[object, ...] = (*address, request.body, *request.headers.items())
        if same not in self._requests:
            self._requests[same] = self._clean_request(request)
        return self._requests[same]

    def _clean_request(self, request: Request) -> Request:
        body = decompressed(request.body, request.header("Content-Encoding"))
        self._learn_headers(request.headers)
        addresses = self._content.addresses
        return Request(
            self.method(request.method),
            addresses.host(request.host),
            addresses.path(request.path),
            addresses.query(request.query),
            self._headers(request.headers, allowlist.REQUEST_HEADERS),
            self._body(body, request.header("Content-Type") or "", None),
        )

    def method(self, method: str) -> str:
        """Return the *method* of a request: one of HTTP, or what stands for any other."""
        return method if method in allowlist.METHODS else allowlist.OTHER_METHOD

    def _allowed(self, method: str) -> str:
        """Return *method* of a header Allow: one of HTTP, or replaced."""
        is_kept = method in allowlist.METHODS or method.startswith("redacted-")
        return method if is_kept else self._placeholders.of("text", method)

    def identifier(self, text: str) -> str:
        """Return *text*, the id of a job or a session, as it may be kept."""
        return self._content.value(text, Where("id"))

    def name(self, name: str) -> str:
        """Return the *name* of a field or a header as it may be kept."""
        return self._content.key(name, TOP)

    def path(self, path: str) -> str:
        """Return the *path* of an address without secrets."""
        return self._content.addresses.path(path)

    def text(self, text: str) -> str:
        """Return the free *text* without what may not be kept."""
        return self._content.content(text)

    def value(self, text: str, place: str) -> str:
        """Return *text*, the JSON of a value at *place* (`body.user.id`), without what may not be kept."""
        where = TOP
        for name in re.split(r"[.\[\]]+", place):
            if name:
                where = self._content.below(where, name)
        return json_values.rewritten(text, where, self._content)

    def shown(self, text: str) -> str:
        """Return *text*, a message or report of qrtest's own, without what looks like a secret in it."""
        return self._content.shaped.report(text)

    # --- messages ---

    def _response(self, response: Response, operation: str) -> Response:
        same = (operation, *_answered(response))
        if same not in self._answers:
            self._answers[same] = self._clean_response(response, operation)
        return self._answers[same]

    def _clean_response(self, response: Response, operation: str) -> Response:
        if response.failure is not None and not response.body:
            return Response(0, failure=response.failure)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._learn_headers(response.headers)
        body = decompressed(response.body, headers.get("content-encoding"))
        kept = self._headers(response.headers, allowlist.RESPONSE_HEADERS)
        if response.failure is not None:
            kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
        is_public = operation in PUBLIC and response.status < 400
        clean = self._body(body, headers.get("content-type", ""), operation, is_public=is_public)
        whole = replace(response, headers=kept, reason=self._content.shaped.words(response.reason))
        return with_body(whole, clean)

    def _headers(self, headers: Mapping[str, str], kept: frozenset[str]) -> dict[str, str]:
        return {
            name: self._header(plain_name(name), value)
            for name, value in headers.items()
            if plain_name(name) in kept and not self._rules.governs(name)
        }

    def _header(self, plain: str, value: str) -> str:
        if plain == "contenttype":
            found = _MEDIA_TYPE.match(value := without_boundary(value))
            if found and all(
                len(each) <= 4 or self.name(each) == each for each in _parts(found[0])
            ):
                return found[0]
            return self._content.shaped.words(value)
        if plain == "location" and "://" not in value:
            return self._content.addresses.relative(value) or ""
        if plain == "allow":
            return re.sub(r"[^\s,]+", lambda found: self._allowed(found[0]), value)
        if plain == "retryafter" and not patterns.is_delay(value):
            return self._placeholders.of("text", value)
        if plain in ("parentjobid", "ibmapifunctionid"):
            return self._content.value(value, Where("id"))
        return self._content.shaped.words(value)

    def _learn_headers(self, headers: Mapping[str, str]) -> None:
        """Note the credentials in headers that are not kept."""
        for name, value in headers.items():
            if name.lower() in ("cookie", "set-cookie"):
                for secret in cookie_values(value):
                    self._placeholders.of("cookie", secret, known=True)
            elif self._rules.governs(name) == "token":
                self._content.value(value, Where(name, "token", is_direct=True))

    def _body(
        self, body: bytes, content_type: str, operation: str | None, *, is_public: bool = False
    ) -> bytes:
        """Return *body*; *operation* is that of the request that it answers, None for a request itself."""
        if not body:
            return body
        tail = cut_character(body)
        text, charset = text_of(body.removesuffix(tail), content_type)
        if text is None:
            is_data = operation in DATA and encoded_data.is_array_file(body)
            if is_data and self._content.is_harmless_data(body):
                return body
            kind = encoded_data.kind_of(body)
            placeholder = self._placeholders.of(kind, body.decode("latin-1"))
            size = "" if operation is None else f" ({len(body):,} bytes)"
            return f"{placeholder}{size}".encode()
        name = INTERIM if operation == INTERIM else ""
        where = TOP._replace(name=name, is_public=is_public)
        if tail and (found := _LAST_WORD.search(text)) and words.begins_a_word(found[0]):
            text, tail = text[: found.start()], found[0].encode() + tail
        clean = self._content.content(text, where, content_type)
        return body if clean == text else clean.encode(charset, "replace") + tail


_DECIDING: Final = allowlist.REQUEST_HEADERS | allowlist.RESPONSE_HEADERS | {"contentencoding"}
"""Headers that are kept, or say what a body is."""


def _parts(media_type: str) -> list[str]:
    """Return the parts of the type itself: of `application/vnd.ibm+json` four."""
    return re.split(r"[/.+-]", media_type.partition(";")[0].strip())


def _looked_at(interaction: Interaction) -> tuple[object, ...]:
    """Return what decides how an interaction is redacted: a poll like the one before is looked at once."""
    request, response = interaction.request, interaction.response
    asked = (request.method, interaction.uri, request.body, _deciding(request.headers))
    return (*asked, *_answered(response))


def _answered(response: Response) -> tuple[object, ...]:
    """Return what decides how *response* is redacted."""
    deciding = _deciding(response.headers)
    return (response.status, response.reason, response.failure, response.body, deciding)


def _operation(request: Request) -> str:
    where = route_of(request)
    return "" if where is None else where.operation


def _deciding(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in headers.items() if plain_name(each[0]) in _DECIDING)
