"""Names with values on one line or in parts: queries, forms, cookies, parameters of paths, multipart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from qrtest.redaction.json_labels import LONGEST_NAME, is_named, is_naming
from qrtest.redaction.where import Decider, Where

__all__ = ["cookie_values", "is_form", "is_multipart", "pairs", "parts", "without_boundary"]

_FORM: Final = re.compile(
    r"[\w.%+\[\]~-]{1,100}=[^\s&<>\"{}]*+(?:&[\w.%+\[\]~-]{0,100}(?:=[^\s&<>\"{}]*+)?)*+\s*"
)
_DIRECTORY: Final = re.compile(r"(?i)(?:cn|uid|ou|dc|o|sn)=[^&]{1,200}?,(?:ou|dc|cn|o|c)=")
"""A name in a directory: `CN=Jane,OU=Users`."""

_COOKIE: Final = re.compile(
    r"(?i)(?:^|[;,])\s*(?!(?:path|expires|domain|max-age|samesite)=)[^=;,\s]+=\"?([^;,\s\"]+)"
)
_PART_NAME: Final = re.compile(r"(?i)(\bname(?:=\"?|\*=[\w-]*'[\w-]*'))([^\";\r\n]*)")
_HEADER: Final = re.compile(r"(?m)^(([^\s:]{1,80}):[ \t]*)([^\r\n]*)")
_FILE_NAME: Final = re.compile(r"(?i)(\bfilename\*?=\"?)([^\";\r\n]*)")
_BOUNDARY: Final = re.compile(r"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n(?i:content-[a-z-]{1,40}:)")
_OF_TYPE: Final = re.compile(r"(?i)(\bboundary=\"?)([^\";,\r\n]{1,200})")
BOUNDARY: Final = "boundary"
"""What stands for the boundary of a form in parts, which may be anything, and says nothing."""

LONGEST_BOUNDARY: Final = 3
_TYPE: Final = re.compile(r"(?im)^content-type:\s*(?:text|application)/(?!octet-stream)")


def is_form(text: str, content_type: str = "") -> bool:
    """Return whether *text* is a form: by its *content_type*, else by its looks.

    >>> is_form("user=jane&password=x"), is_form("a = b")
    (True, False)
    """
    if "x-www-form-urlencoded" in content_type.lower():
        return True
    if _DIRECTORY.match(text):
        return False
    return "=" in text[:200] and _FORM.fullmatch(text) is not None


def pairs(text: str, where: Where, decide: Decider, pair: Callable[[str, str], str]) -> str:
    """Return *text*, names with values at *where*, with each value as *pair* has it by name and value."""
    done: list[str] = []
    label = ""
    for each in text.split("&"):
        name, _, value = each.partition("=")
        is_labelled = label and is_named(name.lower())
        done.append(
            _pair(each, where, decide, _labelled(label, where, decide) if is_labelled else pair)
        )
        if is_naming(name.lower()) and len(value) <= LONGEST_NAME:
            label = decide.below(where, unquote_plus(value)).over
    return "&".join(done)


def _labelled(kind: str, where: Where, decide: Decider) -> Callable[[str, str], str]:
    """Return what makes of a name and its value the value as it may be kept that a label gives a *kind*."""
    return lambda _, value: decide.value(value, where._replace(name="type", over=kind))


def _pair(text: str, where: Where, decide: Decider, pair: Callable[[str, str], str]) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        plain = unquote(text)
        kept = decide.value(plain, where._replace(name="bare"))
        return text if kept == plain else quote(kept, safe="")
    plain_name, plain = unquote_plus(name), unquote_plus(value)
    kept_name = decide.key(plain_name, where)
    kept = pair(plain_name, plain) if plain else plain
    written = name if kept_name == plain_name else quote(kept_name, safe="")
    return f"{written}={value if kept == plain else quote(kept, safe=':/')}"


def cookie_values(header: str) -> list[str]:
    """Return the values in a *header* of cookies, without those of its attributes.

    >>> cookie_values("sid=abc; Path=/; theme=dark")
    ['abc', 'dark']
    """
    return _COOKIE.findall(header)


def is_multipart(text: str) -> bool:
    """Return whether *text* is a form in parts.

    >>> is_multipart("--x\\r\\nContent-Disposition: form-data"), is_multipart("-- x\\n")
    (True, False)
    """
    return text.lstrip()[:2] == "--" and (
        _BOUNDARY.match(text) is not None or "content-disposition:" in text[:4096].lower()
    )


def without_boundary(content_type: str) -> str:
    """Return *content_type* with what stands for its boundary, if it has one that is not short."""
    return _OF_TYPE.sub(lambda found: found[1] + _boundary(found[2]), content_type)


def _boundary(text: str) -> str:
    return text if len(text) <= LONGEST_BOUNDARY else BOUNDARY


def parts(text: str, where: Where, decide: Decider) -> str:
    """Return *text*, a form in parts at *where*, with what is in each part as *decide* has it."""
    start = text.index("--")
    first = text[start:].splitlines()[0].rstrip()
    before, *pieces = text.split(first)
    kept = f"--{_boundary(first[2:])}"
    before = decide.content(before, where) if before.strip() else before
    return kept.join([before, *(_part(piece, where, decide) for piece in pieces)])


def _part(piece: str, where: Where, decide: Decider) -> str:
    newline = "\r\n" if "\r\n" in piece else "\n"
    head, blank, content = piece.partition(newline * 2)
    if not blank:
        return piece if not piece.strip("-\r\n ") else decide.content(piece, where)
    body = content.removesuffix(newline)
    end = content[len(body) :]
    found = _PART_NAME.search(head)
    name = found[2] if found else ""
    here = decide.below(where, name)
    is_file = _FILE_NAME.search(head) is not None or _TYPE.search(head) is not None
    clean = body and (
        decide.content(body, here) if is_file and not here.over else decide.value(body, here)
    )
    return f"{_head(head, where, decide)}{blank}{clean}{end}"


def _head(head: str, where: Where, decide: Decider) -> str:
    """Return the headers of a part as they may be kept."""

    def named(found: re.Match[str]) -> str:
        return found[1] + decide.value(found[2], where._replace(name="bare"))

    def keyed(found: re.Match[str]) -> str:
        return found[1] + decide.key(found[2], where)

    def header(found: re.Match[str]) -> str:
        name = found[2].lower()
        if name == "content-disposition":
            return _FILE_NAME.sub(named, _PART_NAME.sub(keyed, found[0]))
        if name in ("content-type", "content-length", "content-transfer-encoding"):
            return found[1] + decide.value(found[3], where._replace(name="type"))
        return found[1] + decide.value(found[3], decide.below(where, found[2]))

    return _HEADER.sub(header, head)
