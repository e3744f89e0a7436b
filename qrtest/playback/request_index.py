"""Finds the recorded request that a request is, by look-up, however many were recorded.

A recorded request may hold placeholders. What stands in the place of one decides whether a request fits:
the placeholder itself, which an answer taught the program, or the value that it hides, which its digest
shows. A placeholder without a digest hides a credential, and anything fits it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import unescape
from typing import Any, Final, Generic, TypeVar
from urllib.parse import unquote, unquote_plus

from qrtest.cassette.digests import Digests, as_placeholder
from qrtest.http.messages import Request
from qrtest.playback.request_tree import UNORDERED, Packed, as_text, hashed, tree_of
from qrtest.redaction.changed_values import DEEPEST
from qrtest.redaction.patterns import NUMBER, PLACEHOLDER
from qrtest.redaction.placeholders import is_number

__all__ = ["RequestIndex", "fits", "leaf_fits", "placeholders_in"]

_PLACEHOLDER: Final = re.compile(rf"({PLACEHOLDER}|(?<!\d){NUMBER}\d{{9}}(?!\d))")
ANYTHING: Final = "*"
LONGEST_PIECE: Final = 200
MOST_OCCURRENCES: Final = 8
Place = tuple[Any, ...]
Opening = tuple[Place, bool]
"""A place that holds placeholders, and whether it is one whole placeholder with a digest."""

Entry = TypeVar("Entry")


class RequestIndex(Generic[Entry]):
    """Recorded requests with an entry for each, of a cassette with these *digests*."""

    def __init__(self, digests: Digests) -> None:
        self.digests: Final = digests
        self._hides = not digests.salt
        self._same = _joined(kept.split() for kept in digests.of.values())
        self._exact: dict[str, Entry] = {}
        self._open: dict[tuple[Any, ...], dict[str, list[tuple[Any, Entry]]]] = {}
        self._spread: dict[tuple[str, str], list[tuple[Any, Entry]]] = {}

    def add(self, request: Request, entry: Entry) -> Entry:
        """Add a recorded *request*; return its entry.

        Requests that differ in nothing but credentials are one request, and have the entry of the first.
        """
        if not request.body and request.header("Content-Type") is None:
            key, has_placeholder = _plain_key(
                request.method, request.host, request.path, request.query, self._hides
            )
            if not (has_placeholder or self._open):
                return self._exact.setdefault(key, entry)
        tree = self.tree(request)
        key = hashed(tree)
        known = self._exact.get(key)
        if known is not None:
            return known
        known = self._open_entry(tree)
        known = self._exact[key] = entry if known is None else known
        openings = tuple(self._openings(tree, (), ""))
        if openings:
            masked = self._masked(tree, openings)
            assert masked is not None
            alike = self._open.setdefault(openings, {})
            alike.setdefault(masked, []).append((tree, known))
            if any(place[0] == "head" for place, _ in openings):
                self._spread.setdefault(_whose(tree), []).append((tree, known))
        return known

    def find(self, request: Request) -> Entry | None:
        """Return the entry of the recorded request that *request* is; None if it was not recorded."""
        tree = self.tree(request)
        found = self._exact.get(hashed(tree))
        return self._open_entry(tree) if found is None else found

    def _open_entry(self, tree: dict[str, Any]) -> Entry | None:
        """Return the entry of the recorded request with placeholders that *tree* fits."""
        for openings, alike in self._open.items():
            masked = self._masked(tree, openings)
            for known, entry in alike.get(masked or "", ()):
                if fits(known, tree, self.digests):
                    return entry
        for known, entry in self._spread.get(_whose(tree), ()):
            is_longer = len(tree["head"]) > len(known["head"])
            if is_longer and all(
                fits(known[part], tree[part], self.digests, "", (part,)) for part in tree
            ):
                return entry
        return None

    def tree(self, request: Request) -> dict[str, Any]:
        """Return what *request* asks for, as requests of this cassette are compared."""
        return tree_of(request, hides_credentials=self._hides)

    def _openings(self, value: Any, place: Place, name: str) -> Iterator[Opening]:
        """Yield the places below *value* that hold placeholders."""
        if isinstance(value, dict):
            if any(_has_placeholder(key) for key in value):
                yield place, False
                return
            for key, each in value.items():
                yield from self._openings(each, (*place, key), key)
        elif isinstance(value, list):
            if _is_unordered(place, name) and any(map(_has_placeholder, value)):
                yield place, False
                return
            for number, each in enumerate(value):
                yield from self._openings(each, (*place, number), "")
        elif _has_placeholder(value):
            yield place, as_text(value) in self.digests.of

    def _masked(self, tree: Any, openings: tuple[Opening, ...]) -> str | None:
        """Return a digest of *tree*, equal for all that fits; None if it lacks one of the places."""
        changed = []
        try:
            for place, has_digest in openings:
                parent = tree
                for step in place[:-1]:
                    parent = parent[step]
                value = parent[place[-1]]
                parent[place[-1]] = self._digest(as_text(value)) if has_digest else ANYTHING
                changed.append((parent, place[-1], value))
            return hashed(tree)
        except (KeyError, IndexError, TypeError):
            return None
        finally:
            for parent, step, value in reversed(changed):
                parent[step] = value

    def _digest(self, text: str) -> str:
        """Return one text for all that the placeholder stands for that *text* is, or that it hides."""
        kept = self.digests.of.get(text) or self.digests.of.get(as_placeholder(text))
        if kept is not None:
            return f"#{self._same[kept.split()[0]]}"
        ones = [self.digests.digest(form) for form in _forms(text)]
        return f"#{next((self._same[one] for one in ones if one in self._same), ones[0])}"


def _joined(groups: Iterable[list[str]]) -> dict[str, str]:
    """Return one name for each digest in *groups*: the same for all that groups with common ones join."""
    name_of: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for group in groups:
        name = group[0]
        joined = [*group]
        for other in {name_of[each] for each in group if each in name_of}:
            joined += members.pop(other)
        members[name] = joined
        name_of.update(dict.fromkeys(joined, name))
    return name_of


@lru_cache(maxsize=4096)
def _plain_key(
    method: str, host: str, path: str, query: str, hides_credentials: bool
) -> tuple[str, bool]:
    """Return the digest of the tree of a request without a body, and whether it has a placeholder."""
    request = Request(method, host, path, query)
    tree = tree_of(request, hides_credentials=hides_credentials)
    text = f"{host} {path} {query}"
    return hashed(tree), _has_placeholder(unquote_plus(text)) or _has_placeholder(text)


def _whose(tree: dict[str, Any]) -> tuple[str, str]:
    """Return the method and the host that *tree* is a request of."""
    return tree["head"][0], tree["head"][2]


def fits(known: Any, wanted: Any, digests: Digests, name: str = "", place: Place = ()) -> bool:
    """Return whether the tree *wanted* is what the recorded tree *known* stands for."""
    if isinstance(known, dict) and isinstance(wanted, dict):
        if len(known) != len(wanted):
            return False
        names = {key: _key_for(key, known, wanted, digests) for key in known}
        return len(set(names.values())) == len(names) and all(
            other in wanted and fits(known[key], wanted[other], digests, key, (*place, key))
            for key, other in names.items()
        )
    if isinstance(known, list) and isinstance(wanted, list):
        if place == ("head",) and not known[1] and len(known) < len(wanted):
            # A value with slashes, which one placeholder stands for, may be several parts of a path.
            one, other = ("/".join(each[3:]) for each in (known, wanted))
            return fits(known[:3], wanted[:3], digests) and leaf_fits(one, other, digests)
        if len(known) != len(wanted):
            return False
        if _is_unordered(place, name) and any(map(_has_placeholder, known)):
            return _fit_in_any_order(known, wanted, digests)
        return all(
            fits(one, other, digests, "", (*place, number))
            for number, (one, other) in enumerate(zip(known, wanted, strict=True))
        )
    if isinstance(known, dict | list) or isinstance(wanted, dict | list):
        return False
    return leaf_fits(known, wanted, digests)


def leaf_fits(known: Any, wanted: Any, digests: Digests) -> bool:
    """Return whether the leaf *wanted* is what the recorded leaf *known* stands for."""
    if isinstance(known, Packed) and isinstance(wanted, Packed):
        return known.digest == wanted.digest and fits(known.texts, wanted.texts, digests)
    if not isinstance(known, str) and _has_placeholder(known):
        return bool(known == wanted) or digests.fits(as_text(known), as_text(wanted))
    if not _has_placeholder(known):
        return type(known) is type(wanted) and bool(known == wanted)
    literal, *rest = _PLACEHOLDER.split(known)
    text = as_text(wanted)
    return text.startswith(literal) and _pieces_fit(rest, text[len(literal) :], digests)


def placeholders_in(text: str) -> list[str]:
    """Return the placeholders that *text* holds.

    >>> placeholders_in("a/redacted-account-0123456789:b")
    ['redacted-account-0123456789']
    """
    return [found[0] for found in _PLACEHOLDER.finditer(text)]


def _pieces_fit(pieces: list[str], text: str, digests: Digests) -> bool:
    """Return whether *text* is what *pieces* stand for: placeholders, each followed by a literal."""
    if not pieces:
        return not text
    placeholder, literal, *rest = pieces
    if not rest:
        ends = [len(text) - len(literal)] if text.endswith(literal) else []
    elif literal:
        ends = _occurrences(literal, text)
    else:
        short = range(1, min(len(text), LONGEST_PIECE))
        ends = [*short, *range(max(len(text) - LONGEST_PIECE, len(short) + 1), len(text))]
    return any(
        end > 0
        and any(digests.fits(placeholder, form) for form in _forms(text[:end]))
        and _pieces_fit(rest, text[end + len(literal) :], digests)
        for end in ends
    )


def _occurrences(literal: str, text: str) -> list[int]:
    """Return where *literal* stands in *text* after its beginning, the first few of them."""
    found = [text.find(literal, 1)]
    while found[-1] >= 0 and len(found) < MOST_OCCURRENCES:
        found.append(text.find(literal, found[-1] + 1))
    return [at for at in found if at >= 0]


def _has_placeholder(value: Any) -> bool:
    if isinstance(value, str):
        has_one = "redacted-" in value or NUMBER in value
        return has_one and _PLACEHOLDER.search(value) is not None
    return isinstance(value, int | float) and is_number(as_text(value))


def _is_unordered(place: Place, name: str) -> bool:
    return name in UNORDERED or place[:-1] in (("query",), ("body", "form"))


def _key_for(key: str, known: dict[str, Any], wanted: dict[str, Any], digests: Digests) -> str:
    """Return the key of *wanted* that *key* stands for; *key* itself if there is none."""
    if key in wanted or not _has_placeholder(key):
        return key
    fitting = (each for each in wanted if each not in known and leaf_fits(key, each, digests))
    return next(fitting, key)


def _fit_in_any_order(known: list[Any], wanted: list[Any], digests: Digests) -> bool:
    left = list(wanted)
    for one in sorted(known, key=_has_placeholder):
        found = next((at for at, other in enumerate(left) if fits(one, other, digests)), None)
        if found is None:
            return False
        del left[found]
    return True


def _forms(text: str) -> Iterator[str]:
    """Yield *text*, and what it is when it stood escaped in a text."""
    yield text
    seen = {text}
    last = [text]
    for _ in range(DEEPEST):
        plain = {way(each) for each in last for way in (unquote, unquote_plus) if _is_encoded(each)}
        last = sorted(plain - seen)
        seen.update(last)
        yield from last
    if "&" in text:
        yield unescape(text)
    for _ in range(DEEPEST):
        if "\\" not in text:
            return
        try:
            text = json.loads(f'"{text}"')
        except ValueError:
            return
        yield text


def _is_encoded(text: str) -> bool:
    return "%" in text or "+" in text
