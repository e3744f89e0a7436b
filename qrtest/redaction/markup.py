"""XML and HTML, taken apart: elements and attributes name what is in them, with or without a namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Final

from qrtest.redaction.markup_labels import Labels
from qrtest.redaction.where import Decider, Where

__all__ = ["embedded", "is_markup", "rewritten"]

_BEGINS: Final = re.compile(r"\s*<(?:[?!]\w|!--|[A-Za-z_][\w:.-]*+[\s/>])")
_PIECE: Final = re.compile(
    r"(?P<comment><!--)|(?P<cdata><!\[CDATA\[)|(?P<declaration><[?!][^>]*+>?)"
    r"|(?P<close></[^>]*+>?)|(?P<open><[A-Za-z_](?:[^>\"']|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+>?)"
    r"|(?P<text>[^<]++|<)"
)
_TAG: Final = re.compile(r"<([\w:.-]+)")
_ATTRIBUTE: Final = re.compile(
    r"([\w:.@-]+)(\s*=\s*)(\"[^\"]*+\"?|'[^']*+'?|[^\s\"'>]++)|[^\s\"'=<>]++|\"[^\"]*+\"?|'[^']*+'?"
)
_ENTITY: Final = re.compile(r"(<!ENTITY\s+(?:%\s+)?)([\w:.-]+)(\s+)(\"[^\"]*+\"|'[^']*+')")
_DOCTYPE: Final = re.compile(
    r"(?i)<!DOCTYPE\s+html(?:\s+PUBLIC\s+\"-//W3C//DTD X?HTML [\d.]{1,6}(?: \w{4,12})?//EN\""
    r"(?:\s+\"https?://www\.w3\.org/TR/[\w./-]{1,60}\")?)?\s*>"
)
_OPENS: Final = re.compile(r"<(?:[?!]\w|!--|[A-Za-z_][\w:.-]*+(?:\s[^<>]*+)?/?>)")
_CLOSES: Final = re.compile(r"</[A-Za-z_]|<[A-Za-z_][^<>]*+/>")
_NAMING: Final = ("name", "key", "id", "type", "property", "for")
_LABELLING: Final = (
    "class",
    "itemprop",
    "aria-label",
    "placeholder",
    "data-name",
    "data-field",
    "data-label",
)
"""Attributes that may name what is in an element, and are ordinary words as often."""

_VALUES: Final = ("value", "content", "val", "v", "default")
_EMPTY: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
MOST_LEVELS: Final = 10_000
LONGEST_PREFIX: Final = 8
"""A longer prefix of a namespace is looked at as a name."""


def is_markup(text: str) -> bool:
    """Return whether *text* begins as XML or HTML does.

    >>> is_markup("<r a='b'>x</r>"), is_markup("<stdin>:1: error")
    (True, False)
    """
    return _BEGINS.match(text) is not None and ">" in text and not text.startswith("<stdin>")


def embedded(text: str) -> tuple[int, int] | None:
    """Return where in *text* markup begins and ends that something else stands around; None for none.

    >>> embedded("got <r>x</r> back"), embedded("<stdin>:1: error")
    ((4, 12), None)
    """
    if _CLOSES.search(text) is None:
        return None
    begun = _OPENS.search(text)
    return None if begun is None else (begun.start(), text.rfind(">") + 1)


def rewritten(text: str, where: Where, decide: Decider) -> str:
    """Return *text*, markup at *where*, with each attribute and text in it as *decide* has it."""
    levels: list[tuple[str, Where]] = [("", where)]
    labels = Labels(decide)
    done = []
    for kind, piece in _pieces(text):
        here = levels[-1][1]
        if kind == "open":
            tag = _local(piece)
            labels.open(tag, piece)
            inner = decide.below(here, tag)
            clean, inner = _attributes(piece, here, inner, decide, labels)
            done.append(clean)
            is_empty = piece.endswith("/>") or tag.lower() in _EMPTY
            if not is_empty and len(levels) < MOST_LEVELS:
                levels.append((tag, inner))
        elif kind == "close":
            tag = _local("<" + piece[2:])
            labels.close(tag)
            if len(levels) > 1 and levels[-1][0] == tag:
                levels.pop()
                here = levels[-1][1]
            named = _TAG.match("<" + piece[2:])
            if named is None:
                done.append(decide.content(piece, here))
            else:
                rest = piece[named.end() + 1 :]
                end = rest if not any(map(str.isalnum, rest)) else decide.content(rest, here)
                done.append(f"</{_name(named[1], here, decide)}{end}")
        elif kind in ("comment", "cdata"):
            begin, end = ("<!--", "-->") if kind == "comment" else ("<![CDATA[", "]]>")
            inside = piece[len(begin) :].removesuffix(end)
            here = labels.place(here) if kind == "cdata" else here
            done.append(f"{begin}{decide.value(inside, here)}{piece[len(begin) + len(inside) :]}")
        elif kind == "declaration":
            done.append(_declaration(piece, here, decide, labels))
        else:
            done.append(_text(piece, here, decide, labels))
    return "".join(done)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while found := _PIECE.match(text, at):
        kind, end = str(found.lastgroup), found.end()
        if kind in ("comment", "cdata"):
            close = "-->" if kind == "comment" else "]]>"
            last = text.find(close, end)
            end = len(text) if last < 0 else last + len(close)
        yield kind, text[at:end]
        at = end


def _name(name: str, here: Where, decide: Decider) -> str:
    """Return the *name* of an element or an attribute at *here* as it may be kept."""
    prefix, colon, local = name.rpartition(":")
    is_numbered = any(map(str.isdigit, local))
    plain = local if is_numbered else local.replace("-", "_").replace(".", "_")
    kept = decide.key(plain, here)
    prefix = prefix if len(prefix) <= LONGEST_PREFIX else decide.key(prefix, here)
    return f"{prefix}{colon}{local if kept == plain else kept}"


def _local(piece: str) -> str:
    """Return the name of a tag without its namespace."""
    found = _TAG.match(piece)
    return "" if found is None else found[1].rpartition(":")[2][:200]


def _declaration(piece: str, here: Where, decide: Decider, labels: Labels) -> str:
    """Return a declaration as it may be kept: entities are names with values."""
    if _DOCTYPE.fullmatch(piece):
        return piece
    if not piece.startswith("<!") or "<!ENTITY" not in piece:
        return _attributes(piece, here, here, decide, labels)[0]

    def entity(found: re.Match[str]) -> str:
        quote, value = found[4][0], found[4][1:-1]
        kept = _unescaped(value, decide.below(here, found[2]), decide)
        return f"{found[1]}{found[2]}{found[3]}{quote}{kept}{quote}"

    return _ENTITY.sub(entity, piece)


def _attributes(
    piece: str, here: Where, inner: Where, decide: Decider, labels: Labels
) -> tuple[str, Where]:
    """Return a tag with its attributes as they may be kept, and where what is in the element stands."""
    head = _TAG.match(piece)
    start = head.end() if head else 2
    tag = f"<{_name(head[1], here, decide)}" if head else piece[:start]
    if piece[start:] in (">", "/>"):
        return tag + piece[start:], inner
    values = {
        _plain(found[1]): found[3].strip("\"'")
        for found in _ATTRIBUTE.finditer(piece, start)
        if found[1]
    }
    for name in _NAMING:
        named = decide.below(here, values[name]) if name in values else here
        if named.over and named.is_direct:
            inner = named
            break
    else:
        inner = _labelled(values, here, inner, decide)
    is_value = any(plain in _VALUES for plain in values)
    of_values = inner if inner.over or not is_value else labels.place(inner)

    def clean(found: re.Match[str]) -> str:
        if not found[1]:
            bare = found[0]
            return bare if bare in ("/", "?") else decide.content(bare, here)
        quote = found[3][0] if found[3][0] in "\"'" else ""
        value = found[3].strip(quote) if quote else found[3]
        plain = _plain(found[1])
        at = decide.below(here, plain)
        if plain in _VALUES and of_values.over:
            at = of_values
        kept = _unescaped(value, at, decide)
        name = _name(found[1], here, decide)
        written = found[3] if kept == value else f"{quote}{kept}{quote}"
        return f"{name}{found[2]}{written}"

    return tag + _ATTRIBUTE.sub(clean, piece[start:]), inner


def _plain(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _labelled(values: dict[str, str], here: Where, inner: Where, decide: Decider) -> Where:
    """Return *inner*, or where what is in the element stands by attributes that may be labels."""
    for name in _LABELLING:
        for word in values.get(name, "")[:200].split():
            over = decide.below(here, word).over
            if over and not inner.over:
                return inner._replace(name="type", over=over, is_direct=False)
    return inner


def _text(piece: str, here: Where, decide: Decider, labels: Labels) -> str:
    core = piece.strip()
    if not any(map(str.isalnum, core)):
        return _unescaped(piece, here, decide) if core else piece
    before, _, after = piece.partition(core)
    plain = unescape(core)
    labelled = labels.place(here)
    if not labels.learn(plain):
        here = labelled
    return f"{before}{_unescaped(core, here, decide)}{after}"


def _unescaped(text: str, here: Where, decide: Decider) -> str:
    plain = unescape(text)
    clean = decide.value(plain, here)
    return text if clean == plain else escape(clean)
