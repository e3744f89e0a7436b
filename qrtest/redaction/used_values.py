"""What a session used as credentials, as the second opinion sees it: it shares no code with the redactor.

Values that stood under the name of a secret or of a person are read from what was recorded: from headers,
addresses, JSON, forms, markup, assignments in texts, and base64 of any of these.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from html.parser import HTMLParser
from itertools import chain
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus

from qrtest.cassette.model import Interaction
from qrtest.redaction.used_beside import Cells, in_object, json_in
from qrtest.redaction.used_labels import LONGEST, in_path, in_text
from qrtest.redaction.used_packed import packed_in, text_of_bytes, without_compressed

__all__ = ["could_matter", "used_values"]

SHORTEST: Final = 6
LEAST_LETTERS: Final = 3
"""Letters and digits that a value has at least: punctuation alone is nobody's."""

DEEPEST: Final = 4
MARKUP_BLOCK: Final = 2**15
"""How much markup is read at once, in characters. Where tags are not closed it is not read: that takes the
square of its length."""

LONGEST_PATH: Final = 2_000
_TABLE: Final = re.compile(r"(?i)<t[dhr]\b")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_PASSWORD: Final = re.compile(
    r"(?i)passw|passphrase|pwd|secret|^pw$|kennwort|contrase|mot_de_passe"
)
_SECRET: Final = re.compile(
    r"(?i)passw|passcode|passphrase|pwd|secret|token|credential|creds$|^pw$|kennwort|contrase|mot_de_passe"
    r"|(?:^|_|store|key)pass$|lic[ec]n[sc]e_?key|senha|wachtwoord|motdepasse|пароль|(?:api|access|private|signing|encryption|master|storage|shared|ssh|account|hmac|session)_?key"
    r"|authori[sz]ation|^auth$|signature|cookie|(?:^|_)(?:pin|t?otp)(?:_?(?:codes?|value|hash|\d))?s?$|client_?-?id|sessionid|sessid"
    r"|^(?:bearer|jwt|hmac|salt|sig|psk|wpa_psk|cv[vc]2?|ssn|iban|mnemonic)$|csrf|xsrf|assertion|seed_?phrase|card_?number"
)
_PERSON: Final = re.compile(
    r"(?i)^(?:(?:my|your|old|new|current|source|remote|x|db)_?)?"
    r"(?:(?:users?|accounts?|customer|tenant|org(?:ani[sz]ation)?|employee|iam|owner|login|author)_?(?:id|name)?"
    r"|(?:first|last|full|given|family|middle|nick)_?name|surname|e?_?mail(?:_?address)?|contact(?:_?name)?"
    r"|(?:account|customer|member|employee)_?(?:number|nr)|reply_?to|display(?:ed)?_?(?:user|name)"
    r"|phone(?:_?number)?|mobile(?:_?number)?|telephone|(?:created|updated|modified|deleted|submitted)_?by"
    r"|client_ip|ip(?:_?addr(?:ess)?)?|remote_addr|guid|instance_?id|bss_account(?:_?id)?|requester|assignee"
    r"|preferred_username|street|postcode)(?:_?(?:\d{1,2}|plain|value|text))?$"
)
_NO_SECRET: Final = re.compile(
    r"(?i)(?:count|limit|type|s_used|length|expir\w*|policy|url|uri|endpoint|state|status)$|^(?:max|has|is)(?:_|(?-i:[A-Z])|tokens?$|passw|secret)"
)
LONGEST_NAME: Final = 80
_NUMBERED: Final = re.compile(r"[0-9]{3,}")
"""Digits that no pattern of a name distinguishes from others: names that are numbered are one name."""

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IS_NAME: Final = re.compile(r"[\w.\[\]:@ -]{1,80}")
_NAME: Final = re.compile(
    r"(?<![\w.-])([\w.-]{1,60})(?:\\?[\"'\])]{0,2}\s{0,2}[:=]{1,2}>?\s{0,2}|\\?[\"'],\s?(?=\\?[\"'])|\s(?:is|was)\s)"
    r"(?:[|>][+-]?\s{1,12})?(?:[bru](?=[\"']))?(?:(?i:bearer|basic|apikey)\s+)?"
)
_MENTIONED: Final = re.compile(
    r"(?<![\w.-])([\w.-]{1,60})"
    r"(?:\s(?:-|\u2014|\||->|!=|<>|LIKE|equals|(?:was )?(?:re)?set to|you gave|should be)\s"
    r"|[\"'`]?\)=\()"
    r"[\"'`(%<]{0,3}"
)
"""A name with a weaker sign than a colon behind it: it names the next word alone."""

_BESIDE: Final = re.compile(r"(?<![\w.-])([A-Za-z_-]{2,40})\s[\"'`(%<]{0,3}")
"""A name with a blank behind it, which names the next word where that looks like a value."""

_PHONE: Final = re.compile(r"(?<![\w.+])\+[1-9]\d{0,2}[ ()/.-]{1,2}\d[\d ()/.-]{5,16}\d(?!\w)")

_SECTION: Final = re.compile(
    r"\[([\w.-]{1,60})\]\s{0,8}\n[\w.-]{1,60}\s{0,4}=\s{0,4}([^\n\r]{4,200})"
)
_QUOTED: Final = re.compile(
    r"\\\"([^\"\\\n]{4,400})\\\"|\"([^\"\n]{4,400})\"|'([^'\n]{4,400})'|`([^`\n]{4,400})`|[\"'`]"
)
_BARE: Final = re.compile(r"[^\s\"'&,;<>(){}\[\]]{4,400}")
_PROSE: Final = re.compile(r"\(?[a-z]{2,20}(?: (?:\(?[a-z]{1,20}|\d{1,4})[).]{0,2}){2,40}")
"""Words and short numbers after a colon, as in `the secret was rotated 3 days ago`."""

_LINE: Final = re.compile(r"[^\n\r\"',;<>{}\[\]]{4,200}")
_PAIR: Final = re.compile(r"[?&;#]([\w.%\[\]-]{1,80})=([^&;#\s\"'<>]{4,2000})")
_PART: Final = re.compile(
    r'name(?:="?|\*=[\w-]{0,20}\'[\w-]{0,20}\')([^";\r\n]{1,80})"?[^\r\n]*(?:\r?\n[^\r\n]+){0,4}?\r?\n\r?\n([^\r\n]{4,400})'
)
_MATRIX: Final = re.compile(r";([\w.%-]{1,80})=([^;/?#&\s\"'<>]{4,2000})")
_USER_INFORMATION: Final = re.compile(r"://([^/\s:@\"'<>]{1,200})(?::([^/\s\"'<>]{1,400}))?@")
_AFTER: Final = re.compile(r"/(users?|accounts?|reset|tokens?|verify|invite)/([^/?#;\s]{4,400})")
_CUT_WORD: Final = re.compile(r"(?<!\w)\w{1,200}\Z")
_SIGN: Final = re.compile(r"[=:{\[<&?/;#]|\s(?:is|was)\s|[\"'],")
SHORTEST_BLOB: Final = 16
_WORDS: Final = frozenset(
    ("redacted", "dummy", "none", "null", "true", "false", "password", "passwd", "secret", "token")
) | {"required", "expired", "invalid", "missing", "bearer", "basic", "apikey", "completed"}


_NO_VALUE: Final = re.compile(
    r"-?700700\d{9}(?:\.0)?|[01]+|0x[0-9a-fA-F]+|\d{4}-\d\d-\d\d.*|\d+\.\d*|https?:.*|crn:.*"
)
"""A placeholder of a number, bits, a time, an address."""

_CLEAR_VALUE: Final = re.compile(
    r"[\d@]|[^\W\d_a-zA-Z]|[A-Z][a-z]+ [A-Z][a-z]+|(?i:[bcdfghjklmnpqrstvwxz]{6})|(?:[a-z]{3,12}-){3}"
)


def used_values(interactions: Iterable[Interaction]) -> frozenset[str]:
    """Return the values that were credentials or identities in *interactions*, as they were recorded."""
    reader = _Reader()
    for each in interactions:
        request, response = each.request, each.response
        user, at, _ = request.host.rpartition("@")
        if at:
            reader.take("password", *map(unquote, user.split(":", 1)))
        reader.address(f"{request.path}?{request.query}" if request.query else request.path)
        for headers in (request.headers, response.headers):
            for name, value in headers.items():
                reader.header(name, value)
        for body in (request.body, response.body):
            reader.text(text_of_bytes(body))
    return frozenset(reader.found)


_OF_THE_SERVICE: Final = frozenset(
    ("ndarray", "spmatrix", "complex", "BitArray", "QuantumCircuit", "DataBin", "PrimitiveResult")
)
"""Types of encoded objects that stand under the name of a register."""


class _Reader:
    """Collects the values that names say to be secrets or identities."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._seen: set[tuple[str, str, bool]] = set()
        self._passed: set[tuple[str, str]] = set()
        """Names with what follows them that are no values: sentences, counts, calls."""
        self._read: dict[str, int] = {}

    def take(self, name: str, *values: str, is_prose: bool = False) -> None:
        """Take *values*, which stand under *name*, if that names a secret or a person.

        *is_prose*: words after a colon may as well be a sentence about it.
        """
        if _governs(name):
            is_password = not is_prose and _PASSWORD.search(name) is not None
            for value in values:
                if (name, value, is_prose) in self._seen:
                    continue
                self._seen.add((name, value, is_prose))
                plain = value.strip()
                if could_matter(value, is_password):
                    self.found.add(value)
                if plain != value and could_matter(plain, is_password):
                    self.found.add(plain)

    def header(self, name: str, value: str) -> None:
        """Take what the header *name* holds."""
        if name.lower() in ("cookie", "set-cookie"):
            pair = re.match(r"\s*[^=;\s]+=\"?([^;\"]+)", value)
            self.take("cookie", *([pair[1], unquote(pair[1])] if pair else []))
        elif _names(name):
            scheme, _, rest = value.partition(" ")
            self.take(name, value, rest or scheme)
            if scheme.lower() == "basic":
                with suppress(ValueError):
                    self.take("password", *base64.b64decode(rest).decode().split(":", 1))
        elif name.lower() in ("location", "link"):
            self.address(value)
        else:
            for found in _NAME.finditer(value):
                self._assigned(value, found)

    def address(self, text: str) -> None:
        """Take what the parameters of an address hold, and what follows `/users/` in its path."""
        for name, value in _PAIR.findall(text):
            self.take(unquote(name), unquote_plus(value), value)
            if "%" in value:
                self.text(unquote_plus(value), DEEPEST)
        for used in in_path(text.partition("?")[0], _names) if len(text) < LONGEST_PATH else ():
            self.take(used.name, unquote(used.value))
        for name, value in _MATRIX.findall(text) if ";" in text else ():
            self.take(unquote(name), unquote(value), value)
        for user, password in _USER_INFORMATION.findall(text):
            self.take("user", unquote(user))
            self.take("password", unquote(password))
        for name, value in _AFTER.findall(text):
            self.take("user" if name[0] in "ua" else "token", unquote(value))

    def text(self, text: str, depth: int = 0) -> None:
        """Take what a body, or a text in one, holds."""
        if not text or depth > DEEPEST:
            return
        if depth and len(text) < SHORTEST_BLOB and _SIGN.search(text) is None:
            return
        if self._read.get(text, DEEPEST + 1) <= depth:
            return
        self._read[text] = depth
        for value in json_in(text):
            self.json(value, "", depth)
        for each in packed_in(text):
            self.text(each, depth + 1)
        text = without_compressed(text)
        if "=" in text and " " not in text[:400]:
            pairs = parse_qsl(text)
            for name, each in pairs:
                self.take(name, each)
            fields = dict(pairs)
            label = fields.get("name") or fields.get("key") or fields.get("field") or ""
            self.take(label, fields.get("value") or fields.get("val") or "")
        self.address(text)
        for found in _NAME.finditer(text):
            self._assigned(text, found)
        for found in chain(_MENTIONED.finditer(text), _BESIDE.finditer(text)):
            value = _BARE.match(text, found.end()) if _governs(found[1]) else None
            if value is not None:
                self.take(found[1], value[0].rstrip(".!?%"), is_prose=True)
        for each in _PHONE.findall(text):
            self.take("phone", each)
        for name, each in _SECTION.findall(text):
            self.take(name, each.strip("\"' "))
        for name, each in _PART.findall(text):
            self.take(name, each)
        is_markup = text.lstrip()[:1] == "<" or "</" in text or "/>" in text
        self._labelled(text, is_markup=is_markup)
        if is_markup and text.count("<") < 2 * text.count(">") + 10:
            self._markup(text)

    def _labelled(self, text: str, *, is_markup: bool) -> None:
        """Take what names in *text* govern from further off, in markup also between its tags."""
        begin = text if len(text) <= LONGEST else _CUT_WORD.sub("", text[:LONGEST])
        for each in (begin, _TAG.sub(" ", begin)) if is_markup else (begin,):
            for used in in_text(each, _names):
                self.take(used.name, used.value, is_prose=used.is_prose)

    def json(self, value: Any, name: str, depth: int) -> None:
        """Take what the JSON *value* holds, which stands under *name*."""
        for used in in_object(value, _names):
            self.take(used.name, used.value)
        stack = [(value, name)]
        while stack:
            value, name = stack.pop()
            if isinstance(value, dict):
                if value.get("__type__") in _OF_THE_SERVICE or "samples" in value:
                    name = ""  # an array, under the name of a register
                named, beside = value.get("name", value.get("key")), value.get("value")
                if isinstance(named, str) and isinstance(beside, str):
                    self.take(named, beside)
                stack += ((each, key if _names(key) else name) for key, each in value.items())
            elif isinstance(value, list):
                stack += ((each, name) for each in value)
            elif isinstance(value, str):
                self.take(name, value)
                self.text(value, depth + 1)

    def _assigned(self, text: str, found: re.Match[str]) -> None:
        name = found[1].rpartition(".")[2]
        if not _names(name):
            return
        quoted = _QUOTED.match(text, found.end())
        if quoted:
            cut = _BARE.match(text, quoted.end()) if not any(quoted.groups()) else None
            self.take(name, *filter(None, quoted.groups()), *([cut[0]] if cut else []))
            return
        is_prose = "=" not in found[0]
        for pattern in (_BARE, _LINE) if is_prose else (_BARE,):
            value = pattern.match(text, found.end())
            if value is None:
                continue
            whole = value[0].rstrip("\\")
            if (name, whole, is_prose) in self._seen or (name, whole) in self._passed:
                continue
            is_call = text[value.end() : value.end() + 1] == "("
            is_count = value[0].isdigit() and name.lower().endswith("tokens")
            if is_call or is_count or (is_prose and _PROSE.fullmatch(whole)):
                self._passed.add((name, whole))
                continue
            each = (whole, whole.rstrip(".!?"), unquote_plus(whole))
            self.take(name, *each, is_prose=is_prose)

    def _markup(self, text: str) -> None:
        has_tables = _TABLE.search(text) is not None
        for begin in range(0, len(text), MARKUP_BLOCK):
            markup = _Markup(self)
            cells = Cells(_names)
            for parser in (markup, cells) if has_tables else (markup,):
                with suppress(AssertionError):
                    parser.feed(text[begin : begin + MARKUP_BLOCK])
                    parser.close()
            for used in cells.used:
                self.take(used.name, used.value)


class _Markup(HTMLParser):
    """Gives the texts and attributes of elements to a reader, by their names."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__()
        self._reader = reader
        self._names: list[str] = []
        self._label = ""
        """The text before, if it may be the name of this one."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes; remember what names the text that follows."""
        given = {name.rpartition(":")[2]: value or "" for name, value in attrs}
        named = (
            given.get("name") or given.get("key") or given.get("property") or given.get("id") or ""
        )
        for name, value in given.items():
            self._reader.take(name, value)
            if name in ("value", "content", "val", "default"):
                self._reader.take(named, value)
                self._reader.take(self._label, value)
        for name in ("class", "itemprop", "aria-label", "placeholder"):
            named = named or given.get(name) or ""
        if "value" in given:
            self._reader.take(named, given["value"])
        self._names = [*self._names[-20:], tag.rpartition(":")[2], named]

    def handle_data(self, data: str) -> None:
        """Take the text in an element."""
        for name in self._names[-8:]:
            if name:
                self._reader.take(name, data)
        if data.strip():
            self._reader.take(self._label, data)
            plain = data.strip().rstrip(":= ")
            self._label = plain if _IS_NAME.fullmatch(plain) else ""

    def handle_comment(self, data: str) -> None:
        """Take what a comment assigns."""
        self._reader.text(data, DEEPEST)

    def unknown_decl(self, data: str) -> None:
        """Take the text of a CDATA section."""
        self.handle_data(data.removeprefix("CDATA["))


def could_matter(value: str, is_password: bool = False) -> bool:
    """Return whether to search for *value*: not if it is short, an ordinary word, or zeros and ones."""
    if len(value) < SHORTEST or "redacted-" in value or value.lower() in _WORDS:
        return False
    if _NO_VALUE.fullmatch(value) or sum(map(str.isalnum, value)) < LEAST_LETTERS:
        return False
    if _CLEAR_VALUE.search(value):
        return True
    return is_password and len(value) >= 8


def _governs(name: str) -> bool:
    """Return whether *name*, or the last part of one of several, is one of a secret or of a person."""
    return _any_governs(_NUMBERED.sub("000", name) if len(name) <= LONGEST_NAME else name)


@lru_cache(maxsize=4096)
def _any_governs(name: str) -> bool:
    if _IS_NAME.fullmatch(name) is None:
        return False
    last = [part for part in re.split(r"[\[\].:]", name) if part][-1:]
    return any(map(_names, (name, *last)))


def _names(name: str) -> bool:
    """Return whether *name* is one of a secret or of a person."""
    return _is_named(_NUMBERED.sub("000", name))


@lru_cache(maxsize=4096)
def _is_named(name: str) -> bool:
    plain = _HUMP.sub("_", name.replace("-", "_"))
    is_secret = any(map(_SECRET.search, (name, plain))) and _NO_SECRET.search(name) is None
    return is_secret or any(map(_PERSON.search, (name.replace("-", "_"), plain)))
