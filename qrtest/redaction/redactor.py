"""Secrets out, placeholders in: pure, by what may be kept rather than by what may not.

A header, a query parameter, a form field or a text in JSON stays when its name is known to hold no
secret (`allowed`), or its value cannot be one; what stays is searched for what looks like a secret
(`shapes`). In the end every credential that was seen anywhere in the session is searched for
everywhere. A placeholder says what it stands for; equal values have equal ones within a cassette, and
without the key nobody can link them across two.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from qrtest.cassette.digests import Digests
from qrtest.cassette.json_tokens import Walk, looks_like_json, tokens
from qrtest.cassette.model import Interaction, collapsed
from qrtest.http.messages import Request, Response
from qrtest.http.operations import route
from qrtest.redaction import allowlist, patterns
from qrtest.redaction.allowlist import Rules, identity_type, plain_name
from qrtest.redaction.bodies import decompressed, text_of
from qrtest.redaction.encoded import is_circuit, is_encoded_data
from qrtest.redaction.known import Known, with_body

__all__ = ["Redacted", "Redactor", "is_token_exchange", "redacted", "shown"]

DIGITS: Final = 10
SHORTEST_KNOWN: Final = 6
SHORT: Final = 40
DEEPEST: Final = 5
PUBLIC: Final = ("backends", "backend", "plan")
"""Operations whose answers describe devices and plans: all names in them are kept."""

DISTINCT: Final = frozenset(
    ("account", "crn", "email", "field", "instance", "ip", "phone", "provider", "query")
) | {"secret", "text", "url", "user"}
"""Kinds of placeholders that stand for no credential: two such values make two requests."""

_PLACEHOLDER: Final = re.compile(patterns.PLACEHOLDER)
_TOKEN_PATH: Final = re.compile(r"/(?:identity|oauth2?|oidc)/token/?|.*/users/loginWithToken/?")
_COOKIE: Final = re.compile(
    r"(?i)(?:^|[;,])\s*(?!(?:path|expires|domain|max-age|samesite)=)[^=;,\s]+=\"?([^;,\s\"]+)"
)
_PART: Final = re.compile(
    r'(name="([^"\r\n]*)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([\s\S]*?)(?=\r?\n--|\Z)'
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """A session without secrets, and the credentials that were in it: for the scan, never to be shown.

    *digests* are those of what was replaced in requests, but for credentials.
    """

    interactions: tuple[Interaction, ...]
    known: frozenset[str]
    digests: Digests


def redacted(
    interactions: Iterable[Interaction],
    *,
    key: bytes,
    rules: Rules | None = None,
    digests: Digests | None = None,
) -> Redacted:
    """A session without its secrets and its token exchanges; *key* makes the placeholders.

    *digests*: those that the cassette has already.

    Raises `CassetteError` for a body that cannot be looked into.
    """
    redactor = Redactor(key, rules)
    cleaned = [(interaction, redactor.interaction(interaction)) for interaction in interactions]
    kept = [after for before, after in cleaned if not is_token_exchange(before.request)]
    known = Known(redactor.known_placeholders())
    clean = tuple(map(known.out_of, collapsed(kept)))
    values = redactor.distinct_values(clean)
    is_enough = digests is not None and (digests.salt or not values)
    kept_before = digests if digests is not None and is_enough else Digests.salted_by(key)
    return Redacted(clean, frozenset(redactor.known), kept_before.with_values(values))


def is_token_exchange(request: Request) -> bool:
    """Whether *request* trades credentials for a token.

    >>> is_token_exchange(Request("POST", "iam.cloud.ibm.com", "/identity/token"))
    True
    """
    return request.method == "POST" and _TOKEN_PATH.fullmatch(request.path) is not None


def shown(text: str) -> str:
    """*text* as an error message or a report may show it."""
    return Redactor(b"shown").text(text)


class Redactor:
    """Replaces secrets, and remembers which: `known` are the credentials seen so far."""

    def __init__(self, key: bytes, rules: Rules | None = None) -> None:
        self.known: set[str] = set()
        self._key = key
        self._rules = rules or Rules()
        self._finder = patterns.finder(self._rules.shapes)
        self._placeholders: dict[str, str] = {}
        self._credentials: set[str] = set()
        self._short_texts: dict[str, str] = {}
        self._seen: dict[tuple[object, ...], tuple[Request, Response]] = {}

    def interaction(self, interaction: Interaction) -> Interaction:
        """*interaction* without secrets, but for credentials that are only known from another one."""
        request, response = interaction.request, interaction.response
        self._learn_headers(request.headers)
        self._learn_headers(response.headers)
        same = _looked_at(interaction)
        clean = self._seen.get(same)
        if clean is None:
            where = route(request.method, request.path)
            is_public = where is not None and where.operation in PUBLIC
            clean = self._seen[same] = (
                self.request(request),
                self._response(response, is_public=is_public),
            )
        return replace(interaction, request=clean[0], response=clean[1])

    def request(self, request: Request) -> Request:
        """*request* without secrets."""
        body = decompressed(request.body, request.header("Content-Encoding"))
        self._learn_headers(request.headers)
        return Request(
            request.method,
            self._host(request.host),
            self.path(request.path),
            self._query(request.query),
            self._headers(request.headers, allowlist.REQUEST_HEADERS),
            self._body(body, request.header("Content-Type") or "", is_public=False),
        )

    def path(self, path: str) -> str:
        """The *path* of an address without secrets."""
        return "/".join(map(self._segment, path.split("/")))

    def known_placeholders(self) -> dict[str, str]:
        """The credentials seen so far, with what stands for them."""
        return {value: self._placeholders[value] for value in self.known}

    def distinct_values(self, clean: Iterable[Interaction]) -> dict[str, str]:
        """What was replaced in the requests of *clean* by its placeholders, but for credentials."""
        asked = [
            f"{each.uri} {each.request.body.decode(errors='replace')} {dict(each.request.headers)}"
            for each in clean
        ]
        found = {
            placeholder for text in asked for placeholder in _PLACEHOLDER.findall(unquote(text))
        }
        return {
            placeholder: value
            for value, placeholder in self._placeholders.items()
            if placeholder in found and value not in self._credentials
        }

    def text(self, text: str) -> str:
        """*text* without what looks like a secret."""
        if len(text) > SHORT:
            return self._finder.sub(self._found, text)
        clean = self._short_texts.get(text)
        if clean is None:
            clean = self._short_texts[text] = self._finder.sub(self._found, text)
        return clean

    def placeholder(self, kind: str, value: str, *, known: bool = True) -> str:
        """What stands for *value*; the same for the same value, whatever it is found as."""
        if re.fullmatch(patterns.PLACEHOLDER, value):
            return value
        if known and len(value) >= SHORTEST_KNOWN and not self._rules.keeps(value):
            self.known.add(value)
        if kind not in DISTINCT:
            self._credentials.add(value)
        made = self._placeholders.get(value)
        if made is None:
            digits = hmac.new(
                self._key, value.encode("utf-8", "replace"), hashlib.sha256
            ).hexdigest()
            made = self._placeholders[value] = f"redacted-{kind}-{digits[:DIGITS]}"
        return made

    # --- messages ---

    def _response(self, response: Response, *, is_public: bool) -> Response:
        if response.failure is not None and not response.body:
            return Response(0, failure=response.failure)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._learn_headers(response.headers)
        body = decompressed(response.body, headers.get("content-encoding"))
        kept = self._headers(response.headers, allowlist.RESPONSE_HEADERS)
        if response.failure is not None:
            kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
        clean = self._body(body, headers.get("content-type", ""), is_public=is_public)
        whole = replace(response, headers=kept, reason=self.text(response.reason))
        return with_body(whole, clean)

    def _headers(self, headers: Mapping[str, str], kept: frozenset[str]) -> dict[str, str]:
        return {
            name: self.text(value)
            for name, value in headers.items()
            if plain_name(name) in kept and not self._rules.is_secret(name)
        }

    def _learn_headers(self, headers: Mapping[str, str]) -> None:
        """Note the credentials in headers that are not kept."""
        for name, value in headers.items():
            lower = name.lower()
            if lower in ("cookie", "set-cookie"):
                for secret in _COOKIE.findall(value):
                    self.placeholder("cookie", secret)
            elif self._rules.is_secret(name):
                self._learn_credentials(value)

    def _learn_credentials(self, value: str) -> None:
        scheme, _, rest = value.partition(" ")
        self.placeholder("token", rest or scheme)
        if scheme.lower() == "basic":
            try:
                decoded = base64.b64decode(rest).decode()
            except ValueError:
                return
            self.placeholder("token", decoded)
            for part in decoded.split(":", 1):
                self.placeholder("token", part)

    # --- addresses ---

    def _host(self, host: str) -> str:
        user, at, name = host.rpartition("@")
        return self._user(user) + at + self.text(name)

    def _user(self, user: str) -> str:
        if not user:
            return ""
        for part in user.split(":", 1):
            self.placeholder("token", unquote(part))
        return self.placeholder("token", unquote(user))

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        clean = self.text(plain)
        return (
            segment
            if clean == plain
            else quote(clean, safe=":@!$&'()*+,;=-._~/" if "/" not in plain else ":")
        )

    def _query(self, query: str) -> str:
        return (
            "&".join(self._pair(pair, allowlist.QUERY) for pair in query.split("&"))
            if query
            else ""
        )

    def _pair(self, pair: str, kept: frozenset[str]) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self._segment(name)
        plain = unquote_plus(value)
        if self._rules.is_secret(unquote_plus(name)):
            clean = self.placeholder("token", plain) if plain else plain
        elif plain_name(unquote_plus(name)) in kept or patterns.is_plain(plain):
            clean = self.text(plain)
        else:
            clean = self.placeholder("query", plain, known=False) if plain else plain
        return f"{self._segment(name)}={value if clean == plain else quote(clean, safe=':/')}"

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = self._host(parts.netloc)
        except ValueError:
            return self.placeholder("url", url)
        path = self.path(parts.path)
        query = f"?{self._query(parts.query)}" if parts.query else ""
        fragment = f"#{self._query(parts.fragment)}" if parts.fragment else ""
        return f"{parts.scheme}://{host}{path}{query}{fragment}"

    # --- bodies ---

    def _body(self, body: bytes, content_type: str, *, is_public: bool) -> bytes:
        text, charset = text_of(body, content_type)
        if text is None:
            return body
        if looks_like_json(text):
            clean = self._json(text, is_public=is_public)
        elif "x-www-form-urlencoded" in content_type.lower():
            clean = "&".join(self._pair(pair, allowlist.FORM) for pair in text.split("&"))
        elif text.startswith("--") and 'name="' in text:
            clean = self.text(_PART.sub(self._part, text))
        else:
            clean = self.text(text)
        return body if clean == text else clean.encode(charset, "replace")

    def _part(self, found: re.Match[str]) -> str:
        head, name, value = found.groups()
        if plain_name(name) in allowlist.FORM or not value:
            return str(found[0])
        kind = "token" if self._rules.is_secret(name) else "field"
        return f"{head}{self.placeholder(kind, value, known=kind == 'token')}"

    def _json(self, text: str, *, is_public: bool, depth: int = 0) -> str:
        """JSON, token by token: only what has to go is changed."""
        walk = Walk()
        parts = []
        for kind, token in tokens(text):
            if kind in ("string", "cut"):
                parts.append(self._string(token, kind, walk, is_public=is_public, depth=depth))
            elif kind == "atom":
                parts.append(self._atom(token, walk.name))
            else:
                walk.step(kind, token)
                parts.append(token)
        return "".join(parts)

    def _string(self, token: str, kind: str, walk: Walk, *, is_public: bool, depth: int) -> str:
        try:
            value = json.loads(token if kind == "string" else token + '"', strict=False)
        except ValueError:
            value = token.strip('"')
        if walk.is_at_key:
            clean = self.text(value)
            walk.key(value)
        else:
            clean = self._value(value, walk.name, is_public=is_public, depth=depth)
        if clean == value:
            return token
        written = json.dumps(clean)
        return written if kind == "string" else written[:-1]

    def _value(self, value: str, name: str, *, is_public: bool, depth: int) -> str:
        if not value:
            return value
        if self._rules.is_secret(name):
            return self.placeholder("token", value)
        if looks_like_json(value) and depth < DEEPEST:
            return self._json(value, is_public=is_public, depth=depth + 1)
        identity = identity_type(name)
        if identity is not None and not (
            identity in ("account", "instance") and value.startswith("crn:")
        ):
            return self.placeholder(identity, value, known=_is_telling(value))
        if is_circuit(value) or (
            plain_name(name) in allowlist.DATA_KEYS and is_encoded_data(value)
        ):
            return value
        if is_public or not name or self._rules.keeps(name) or patterns.is_plain(value):
            return self.text(value)
        return self.placeholder("text", value, known=False)

    def _atom(self, token: str, name: str) -> str:
        if re.fullmatch(r"-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity", token):
            return "0" if self._rules.is_secret(name) and token[-1].isdigit() else token
        return self.text(token)

    # --- what was found ---

    def _found(self, found: re.Match[str]) -> str:
        kind, value = str(found.lastgroup), found[0]
        if patterns.is_harmless(kind, value):
            return value
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, value)
        return self.placeholder(kind.removeprefix("own_"), value)

    def _crn(self, value: str) -> str:
        plain = unquote(value)
        parts = plain.split(":")
        for number, part in enumerate(parts[6:], 6):
            if part.startswith("a/"):
                parts[number] = "a/" + self.placeholder("account", part[2:]) if part[2:] else part
            elif part:
                parts[number] = self.placeholder("instance", part)
        clean = ":".join(parts)
        return clean if plain == value else quote(clean, safe="")

    def _scheme(self, value: str) -> str:
        found = re.fullmatch(r"(\w+?)((?:\s|%20|\+)+)(\S+)", value)
        assert found is not None, "the pattern of the shape has these parts"
        self._learn_credentials(f"{found[1]} {found[3]}")
        return f"{found[1]}{found[2]}{self.placeholder('token', found[3])}"

    def _assignment(self, value: str) -> str:
        head = re.match(
            r"[\w.-]+[\"']?\s*[:=]\s*[\"']?(?:(?i:bearer|basic|apikey)(?:\s|%20|\+)+)?", value
        )
        assert head is not None, "the pattern of the shape begins like this"
        if head[0].rstrip(" +%20").lower().endswith("basic"):
            self._learn_credentials(f"Basic {value[head.end() :]}")
        return head[0] + self.placeholder("token", value[head.end() :])

    def _element(self, value: str) -> str:
        head, _, content = value.partition(">")
        return f"{head}>{self.placeholder('token', content)}"

    def _account(self, value: str) -> str:
        prefix = "a/" if value.startswith("a/") else ""
        return prefix + self.placeholder("account", value.removeprefix("a/"))


_SPECIAL: Final[dict[str, Callable[[Redactor, str], str]]] = {
    "url": Redactor._url,
    "crn": Redactor._crn,
    "scheme": Redactor._scheme,
    "assignment": Redactor._assignment,
    "element": Redactor._element,
    "account": Redactor._account,
}


_DECIDING: Final = allowlist.REQUEST_HEADERS | allowlist.RESPONSE_HEADERS | {"contentencoding"}
"""Headers that are kept, or say what a body is."""


def _looked_at(interaction: Interaction) -> tuple[object, ...]:
    """All that decides how an exchange is redacted: a poll like the one before is looked at once."""
    request, response = interaction.request, interaction.response
    asked = (request.method, interaction.uri, request.body, _deciding(request.headers))
    said = (response.status, response.failure, response.body, _deciding(response.headers))
    return asked + said


def _deciding(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in headers.items() if plain_name(each[0]) in _DECIDING)


def _is_telling(value: str) -> bool:
    """Whether an identity can be searched for elsewhere: names that are words would hit too much."""
    return any(char.isdigit() or char == "@" for char in value)
