"""YAML and JSON as such: text to plain values and back, within bounds. The only home of yaml.

A text is refused that is deeper, larger when its aliases are followed, or other than a cassette can
be. Tags make texts, tuples and bytes, never anything else: nothing in a text is executed.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml
from yaml.constructor import SafeConstructor
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from qrtest.errors import CassetteError

try:
    from yaml import CSafeDumper as SafeDumper
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeDumper, SafeLoader  # type: ignore[assignment]

__all__ = ["Line", "Pairs", "Shared", "json_text", "parsed", "yaml_text"]

DEEPEST: Final = 40
MOST_NODES: Final = 20_000_000
SOMETHING: Final = re.compile(r"[^\0 \t\r\n\ufeff]")
LONGEST_KEPT: Final = 64
LONGEST_LINE: Final = 1_000
"""Characters of base64 in a line."""
LONGEST_NUMBER: Final = 3_500
"""Characters of a number: in base 60 its cost is the square of them; in base 16 Python prints no more."""
CORE: Final = "tag:yaml.org,2002:"
PYTHON: Final = f"{CORE}python/"
MAPPING: Final = f"{CORE}map"
SEQUENCE: Final = f"{CORE}seq"
MERGE: Final = f"{CORE}merge"
NUMBERS: Final = frozenset({f"{CORE}int", f"{CORE}float"})
TEXTS: Final = frozenset({f"{CORE}str", f"{PYTHON}str", f"{PYTHON}unicode"})
SCALARS: Final = frozenset(
    CORE + kind for kind in ("null", "bool", "int", "float", "binary", "timestamp")
)
NOT_FOLLOWED: Final = "the tag {!r} would make something else than text, and was not followed"


class Line(list[Any]):
    """A list that is written on one line."""


class Pairs(dict[str, Any]):
    """A mapping that is written on one line."""


class Shared(dict[str, Any]):
    """A mapping that is written once, however often it stands in the data."""


def parsed(text: str, name: str) -> Any:
    """Return what *text* says, in YAML or JSON. Raises `CassetteError`, which gives the line."""
    first = SOMETHING.search(text)
    if first is None:
        raise CassetteError(
            f"{name}: it is empty. Take it from version control, or delete it and record it again."
        )
    return _parsed_json(text, name) if first[0] in "{[" else _parsed_yaml(text, name)


def yaml_text(data: Any) -> str:
    """Return *data* as YAML, a text of several lines as a block."""
    text: str = yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=2**31 - 1,
        default_flow_style=False,
    )
    return text


def json_text(data: Any) -> str:
    """Return *data* as JSON. Raises `CassetteError` when there is a binary body in it."""
    return json.dumps(data, indent=1, default=_no_binary) + "\n"


def _no_binary(value: object) -> NoReturn:
    raise CassetteError(
        f"A body of {len(value) if isinstance(value, bytes) else 0:,} bytes is binary, which JSON cannot "
        "hold: give the cassette a name that ends in .yaml."
    )


# --- JSON ------------------------------------------------------------------------------------------


def _parsed_json(text: str, name: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except _Duplicate as duplicate:
        raise CassetteError(f"{name}: the key {duplicate} stands twice in one object.") from None
    except RecursionError:
        raise CassetteError(
            f"{name}: it is nested more than {DEEPEST} deep: no cassette."
        ) from None
    except ValueError as error:
        where = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        problem = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        if _begins_as_flow(text):
            return _parsed_yaml(text, name)
        raise _unreadable(name, where, problem) from None


def _begins_as_flow(text: str) -> bool:
    """Return whether this is YAML in braces, as `{version: 1}`, which is not JSON."""
    return text.lstrip()[1:].lstrip()[:1] not in ('"', "}", "]", "{", "[", "")


class _Duplicate(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _Duplicate(f"{_first_twice([key for key, _ in pairs])!r:.40}")
    return mapping


def _first_twice(keys: list[Any]) -> Any:
    counts = Counter(keys)
    return next(key for key in keys if counts[key] > 1)


def _unreadable(name: str, where: str, problem: str) -> CassetteError:
    return CassetteError(
        f"{name}: {where}it cannot be read: {problem}. If it was cut or edited, take it from version "
        "control or record it again."
    )


# --- YAML ------------------------------------------------------------------------------------------


def _parsed_yaml(text: str, name: str) -> Any:
    building = _Building(name)
    try:
        loader = SafeLoader(text)
        try:
            while (event := loader.get_event()) is not None:
                building.take(event)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark  # which the parser always has, whatever its types say
        raise _unreadable(name, f"line {mark.line + 1}: ", str(error.problem)) from None
    except yaml.YAMLError:
        raise _unreadable(name, "", "it has characters that YAML does not allow") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise _unreadable(
            name, "", f"a value is not what its tag says ({type(error).__name__})"
        ) from None
    return building.value


class _Scalars(SafeConstructor, Resolver):
    """What a plain scalar means, and the value that a tag makes of one."""


@dataclass(slots=True)
class _Open:
    """A list, or a mapping with its keys and values in turn, whose end has not come yet."""

    start: Any
    items: list[Any] = field(default_factory=list)
    size: int = 1


class _Building:
    """Builds the one value of a text from its events, in one pass that cannot be led too far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._document = _Open(None)
        self._open = [self._document]
        self._anchored: dict[str, tuple[Any, int]] = {}
        self._plain: dict[str, Any] = {}
        self._scalars = _Scalars()

    @property
    def value(self) -> Any:
        """What was built; None when there was nothing but comments."""
        return self._document.items[0] if self._document.items else None

    def take(self, event: Any) -> None:
        """Add what the next *event* says. Raises `CassetteError` for what no cassette has."""
        kind = type(
            event
        )  # compared by identity, the most frequent first: this runs for every value
        if kind is ScalarEvent:
            self._put(event, self._scalar(event), 1)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            ended = self._open.pop()
            self._put(ended.start, self._collection(ended), ended.size)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            self._open.append(_Open(event))
            if len(self._open) > DEEPEST:
                raise self._refused(event, f"it is nested more than {DEEPEST} deep: no cassette")
        elif kind is AliasEvent:
            anchor = str(event.anchor)
            if anchor not in self._anchored:
                problem = f"the alias {anchor[:40]!r} stands for nothing that ended before it"
                raise self._refused(event, problem)
            self._put(event, *self._anchored[anchor])
        elif kind is DocumentStartEvent and self._document.items:
            raise self._refused(event, "a second document begins: no cassette")

    def _put(self, event: Any, value: Any, size: int) -> None:
        if event.anchor is not None:
            self._anchored[event.anchor] = (value, size)
        around = self._open[-1]
        around.items.append(value)
        around.size += size
        if around.size > MOST_NODES:
            raise self._refused(
                event, f"its aliases make more than {MOST_NODES:,} values: no cassette"
            )

    def _scalar(self, event: Any) -> Any:
        tag: str | None = event.tag
        if tag is None or tag == "!":
            return self._plain_value(event) if event.implicit[0] else event.value
        if tag in TEXTS:
            return event.value
        if tag not in SCALARS:
            raise self._refused(event, NOT_FOLLOWED.format(tag[:60]))
        return self._made(event, tag)

    def _plain_value(self, event: Any) -> Any:
        known = self._plain.get(event.value, self)
        if known is not self:
            return known
        tag = self._scalars.resolve(ScalarNode, event.value, (True, False))
        if tag == MERGE:
            raise self._refused(event, "it has a merge key (<<): write the mapping out")
        value = event.value if tag in TEXTS else self._made(event, tag)
        if len(event.value) <= LONGEST_KEPT:
            self._plain[event.value] = value
        return value

    def _made(self, event: Any, tag: str) -> Any:
        if tag in NUMBERS and len(event.value) > LONGEST_NUMBER:
            raise self._refused(event, f"a number has more than {LONGEST_NUMBER:,} characters")
        node = ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        return self._scalars.construct_document(node)

    def _collection(self, ended: _Open) -> Any:
        start, tag = ended.start, ended.start.tag
        is_mapping = isinstance(start, MappingStartEvent)
        value: Any = self._mapping(ended) if is_mapping else ended.items
        if tag in (None, "!", MAPPING if is_mapping else SEQUENCE):
            return value
        make = TAGGED.get((is_mapping, tag))
        if make is None:
            raise self._refused(start, NOT_FOLLOWED.format(tag[:60]))
        return make(value)

    def _mapping(self, ended: _Open) -> dict[Any, Any]:
        keys = ended.items[::2]
        try:
            mapping = dict(zip(keys, ended.items[1::2], strict=True))
        except TypeError:
            raise self._refused(ended.start, "a list or a mapping stands as a key") from None
        if len(mapping) != len(keys):
            twice = f"{_first_twice(keys)!r:.40}"
            raise self._refused(ended.start, f"the key {twice} stands twice in one mapping")
        return mapping

    def _refused(self, event: Any, problem: str) -> CassetteError:
        return CassetteError(f"{self._name}: line {event.start_mark.line + 1}: {problem}.")


def _bytes_of(mapping: dict[Any, Any]) -> bytes:
    """Return what a pickled buffer, as old vcrpy wrote, has in it."""
    state = mapping.get("state") or (b"",)
    content = state[0] if isinstance(state, list | tuple) and state else b""
    return content.encode() if isinstance(content, str) else bytes(content)


def _parts_of(mapping: dict[Any, Any]) -> list[Any]:
    """Return what a pickled iterator, as old vcrpy wrote, goes over."""
    arguments: Any = mapping.get("args") or ([],)
    return list(arguments[0]) if isinstance(arguments, list | tuple) and arguments else []


TAGGED: Final[dict[tuple[bool, str], Callable[[Any], Any]]] = {
    (False, f"{PYTHON}tuple"): tuple,
    (True, f"{PYTHON}object/new:_io.BytesIO"): _bytes_of,
    (True, f"{PYTHON}object/apply:builtins.iter"): _parts_of,
}
"""The harmless tags of lists and of mappings that stock vcrpy has written."""


class _Dumper(SafeDumper):
    """The safe dumper, with texts of several lines as blocks, and aliases where they are meant."""

    def ignore_aliases(self, data: Any) -> bool:
        return not isinstance(data, Shared)


def _block_or_line(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _binary(dumper: Any, content: bytes) -> Any:
    """Return the node of *content*, in longer lines than those of PyYAML: there an eighth is indentation."""
    text = b64encode(content).decode()
    lines = [text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)]
    return dumper.represent_scalar(
        f"{CORE}binary", "".join(f"{line}\n" for line in lines), style="|"
    )


_Dumper.add_representer(str, _block_or_line)
_Dumper.add_representer(bytes, _binary)
_Dumper.add_representer(
    Shared,
    lambda dumper, pairs: dumper.represent_mapping("tag:yaml.org,2002:map", pairs.items()),
)
_Dumper.add_representer(
    Line,
    lambda dumper, items: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", items, flow_style=True
    ),
)
_Dumper.add_representer(
    Pairs,
    lambda dumper, pairs: dumper.represent_mapping(
        "tag:yaml.org,2002:map", pairs.items(), flow_style=True
    ),
)
