"""JSON as text: its tokens, and laying it out without changing one of them.

Numbers keep their digits, strings their escapes, duplicate keys their places: what is laid out here
is put back byte for byte. Text that is not quite JSON (a body that was cut) has tokens, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["STYLES", "laid_out", "looks_like_json", "put_back", "tokens"]

STYLES: Final = {"spaced": (", ", ": "), "compact": (",", ":")}
"""How programs write JSON on one line: the separators of items and of key and value."""

WIDTH: Final = 88
INDENT: Final = "  "
MOST_LEVELS: Final = 100
_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\[\s\S])*+"|[{}\[\]]')
_TOKEN: Final = re.compile(
    r"""(?P<string>"(?:[^"\\]++|\\[\s\S])*+")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<colon>:)"""
    r"""|(?P<space>[ \t\r\n]++)|(?P<cut>"[\s\S]*+)|(?P<atom>[^ \t\r\n"{}\[\],:]++)"""
)


def looks_like_json(text: str) -> bool:
    """Return whether *text* begins as a JSON object or array does.

    >>> looks_like_json(' {"a": 1'), looks_like_json("Traceback")
    (True, False)
    """
    return text.lstrip()[:1] in ("{", "[")


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens of *text* with their kinds; joined they are *text*.

    >>> list(tokens('{"a":1'))
    [('open', '{'), ('string', '"a"'), ('colon', ':'), ('atom', '1')]
    """
    for found in _TOKEN.finditer(text):
        assert found.lastgroup is not None
        yield found.lastgroup, found[0]


def laid_out(text: str) -> tuple[str, str] | None:
    """Return *text* over several lines, and the style that puts it back; None when it cannot be put back.

    >>> laid_out('{"id":"j","tags":["a","b"]}')
    ('{\\n  "id": "j",\\n  "tags": ["a", "b"]\\n}', 'compact')
    """
    if _is_deep(text):
        return None
    for style in STYLES:
        if put_back(text, style) == text:
            wide = _wide(text)
            return (wide, style) if put_back(wide, style) == text else None
    return None


def _is_deep(text: str) -> bool:
    """Return whether brackets in *text* stand within more than MOST_LEVELS others."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += 1 if found[0] in "{[" else -1 if found[0] in "}]" else 0
        if depth > MOST_LEVELS:
            return True
    return False


def put_back(text: str, style: str) -> str:
    """Return the one line that was laid out to *text*."""
    comma, colon = STYLES[style]
    written = {"comma": comma, "colon": colon, "space": ""}
    return "".join(written.get(kind, token) for kind, token in tokens(text))


def _wide(text: str) -> str:
    """Return *text* with an item a line, but for inner containers that fit into one."""
    items: list[list[str]] = [[""]]
    opened: list[str] = []
    for kind, token in tokens(text):
        if kind == "open":
            opened.append(token)
            items.append([""])
        elif kind == "close" and opened:
            whole = _container(opened.pop(), items.pop(), token, depth=len(opened))
            items[-1][-1] += whole
        elif kind == "comma":
            items[-1].append("")
        elif kind != "space":
            items[-1][-1] += ": " if kind == "colon" else token
    return ", ".join(items[0])


def _container(start: str, items: list[str], end: str, *, depth: int) -> str:
    if items == [""]:
        return start + end
    short = start + ", ".join(items) + end
    if depth and len(short) + len(INDENT) * depth <= WIDTH:
        return short
    inner = "\n" + INDENT * (depth + 1)
    return f"{start}{inner}{f',{inner}'.join(items)}\n{INDENT * depth}{end}"
