"""YAML and JSON as such: text to plain values and back, within bounds. The only home of yaml.

A text is refused that is deeper, larger when its aliases are followed, or other than a cassette can
be. Tags make texts, tuples and bytes, never anything else: nothing in a text is executed.
"""

from __future__ import annotations

import io
import json
from typing import Any, Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    ScalarEvent,
)
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from qrtest.errors import CassetteError

try:
    from yaml import CSafeDumper as SafeDumper
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeDumper, SafeLoader  # type: ignore[assignment]

__all__ = ["Line", "Pairs", "Shared", "json_text", "parsed", "yaml_text"]

DEEPEST: Final = 40
MOST_NODES: Final = 20_000_000
TAG: Final = "tag:yaml.org,2002:python/"


class Line(list[Any]):
    """A list that is written on one line."""


class Pairs(dict[str, Any]):
    """A mapping that is written on one line."""


class Shared(dict[str, Any]):
    """A mapping that is written once, however often it stands in the data."""


def parsed(text: str, name: str) -> Any:
    """What *text* says, in YAML or JSON. Raises `CassetteError`, which gives the line."""
    if not text.strip("\0 \t\r\n\ufeff"):
        raise CassetteError(
            f"{name}: it is empty. Take it from version control, or delete it and record it again."
        )
    return _parsed_json(text, name) if text.lstrip()[:1] in ("{", "[") else _parsed_yaml(text, name)


def yaml_text(data: Any) -> str:
    """*data* as YAML, a text of several lines as a block."""
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
    """*data* as JSON. Raises `CassetteError` when there is a binary body in it."""
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
    """Whether this is YAML in braces, as `{version: 1}`, which is not JSON."""
    return text.lstrip()[1:].lstrip()[:1] not in ('"', "}", "]", "{", "[", "")


class _Duplicate(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(repr(key[:40]))
            seen.add(key)
    return mapping


def _unreadable(name: str, where: str, problem: str) -> CassetteError:
    return CassetteError(
        f"{name}: {where}it cannot be read: {problem}. If it was cut or edited, take it from version "
        "control or record it again."
    )


# --- YAML ------------------------------------------------------------------------------------------


def _parsed_yaml(text: str, name: str) -> Any:
    try:
        _check_bounds(text, name)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise _unreadable(name, where, error.problem or "it is not YAML") from None
    except yaml.YAMLError:
        raise _unreadable(name, "", "it has characters that YAML does not allow") from None
    except (RecursionError, ValueError, TypeError) as error:
        raise _unreadable(
            name, "", f"a value is not what its tag says ({type(error).__name__})"
        ) from None


def _check_bounds(text: str, name: str) -> None:
    """Follow the text once, without building anything: how deep is it, how large with its aliases?"""
    open_nodes: list[list[Any]] = [[None, 0]]
    sizes: dict[str, int] = {}
    for event in yaml.parse(text, Loader=SafeLoader):
        if isinstance(event, CollectionStartEvent):
            open_nodes.append([event.anchor, 1])
            if len(open_nodes) > DEEPEST:
                line = _line(event)
                raise CassetteError(
                    f"{name}: line {line}: it is nested more than {DEEPEST} deep: no cassette."
                )
            continue
        if isinstance(event, CollectionEndEvent):
            anchor, size = open_nodes.pop()
        elif isinstance(event, ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, AliasEvent):
            anchor, size = None, sizes.get(str(event.anchor), MOST_NODES + 1)
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        open_nodes[-1][1] += size
        if open_nodes[-1][1] > MOST_NODES:
            line = _line(event)
            raise CassetteError(
                f"{name}: line {line}: its aliases make more than {MOST_NODES:,} values: no cassette."
            )


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Loader(SafeLoader):
    """The safe loader, and the harmless tags that stock vcrpy has written."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, _duplicate_of(node), node.start_mark
            )
        return mapping


def _duplicate_of(node: MappingNode) -> str:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode) and key.value in seen:
            return f"the key {key.value[:40]!r} stands twice in one mapping"
        seen.add(str(key.value))
    return "a key stands twice in one mapping"


def _text_of(loader: Any, node: Any) -> str:
    text: str = loader.construct_scalar(node)
    return text


def _tuple_of(loader: Any, node: SequenceNode) -> tuple[Any, ...]:
    return tuple(loader.construct_sequence(node, deep=True))


def _bytes_of(loader: Any, node: MappingNode) -> io.BytesIO:
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    content = state[0] if isinstance(state, list | tuple) and state else b""
    return io.BytesIO(content.encode() if isinstance(content, str) else bytes(content))


def _parts_of(loader: Any, node: MappingNode) -> list[Any]:
    arguments: Any = loader.construct_mapping(node, deep=True).get("args") or ([],)
    return list(arguments[0]) if isinstance(arguments, list | tuple) and arguments else []


def _refused(_loader: Any, _suffix: str, node: Any) -> NoReturn:
    raise yaml.constructor.ConstructorError(
        None,
        None,
        f"the tag {node.tag[:60]!r} would make something else than text, and was not followed",
        node.start_mark,
    )


for _tag in ("str", "unicode"):
    _Loader.add_constructor(TAG + _tag, _text_of)
_Loader.add_constructor(TAG + "tuple", _tuple_of)
_Loader.add_constructor(TAG + "object/new:_io.BytesIO", _bytes_of)
_Loader.add_constructor(TAG + "object/apply:builtins.iter", _parts_of)
_Loader.add_multi_constructor("", _refused)


class _Dumper(SafeDumper):
    """The safe dumper, with texts of several lines as blocks, and aliases where they are meant."""

    def ignore_aliases(self, data: Any) -> bool:
        return not isinstance(data, Shared)


def _block_or_line(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block_or_line)
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
