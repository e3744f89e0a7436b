"""What JSON answers are made of: fields and kinds of values, over any number of them.

It knows no operations and no cassettes. How often a value came, and in which order, leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

__all__ = ["Change", "Structure", "changes", "is_number", "kind_of", "structure_of"]

_KINDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    type(None): "null",
}


@dataclass(slots=True)
class Structure:
    """The *kinds* of values that were seen in one place, the *fields* of objects and *items* of lists."""

    kinds: set[str] = field(default_factory=set)
    fields: dict[str, Structure] = field(default_factory=dict)
    items: Structure | None = None

    def add(self, value: Any) -> None:
        """Note one more *value* in this place."""
        self.kinds.add(kind_of(value))
        if isinstance(value, dict):
            for name, inner in value.items():
                self.fields.setdefault(name, Structure()).add(inner)
        elif isinstance(value, list):
            for item in value:
                self.items = self.items or Structure()
                self.items.add(item)

    @property
    def shown(self) -> str:
        """The kinds, for a reader."""
        return " or ".join(sorted(self.kinds))


class Change(NamedTuple):
    """A place, and the kinds that were seen in it before and after (None: it was not there)."""

    where: str
    before: str | None
    after: str | None


def structure_of(values: Iterable[Any]) -> Structure:
    """Return the structure of *values*.

    >>> structure_of([{"a": 1}, {"a": None}]).fields["a"].shown
    'a number or null'
    """
    made = Structure()
    for value in values:
        made.add(value)
    return made


def changes(where: str, old: Structure, new: Structure) -> Iterator[Change]:
    """Yield where one of *old* and *new* has fields or kinds that the other never had, below *where*.

    That one of them has seen more kinds in a place, or a list with nothing in it, is no change.

    >>> old, new = structure_of([{"a": 1}]), structure_of([{"a": None}, {"a": 2, "b": None}])
    >>> list(changes("body", old, new))
    [Change(where='body.b', before=None, after='null')]
    """
    if not (old.kinds <= new.kinds or new.kinds <= old.kinds):
        yield Change(where, old.shown, new.shown)
        return
    both_have_fields = _KINDS[dict] in old.kinds & new.kinds
    for name in dict.fromkeys([*old.fields, *new.fields]):
        here, one, other = f"{where}.{name}", old.fields.get(name), new.fields.get(name)
        if one is not None and other is not None:
            yield from changes(here, one, other)
        elif both_have_fields:
            yield Change(here, one.shown if one else None, other.shown if other else None)
    if old.items is not None and new.items is not None:
        yield from changes(f"{where}[]", old.items, new.items)


def is_number(value: Any) -> bool:
    """Return whether *value* is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    """Return the kind of *value*, for a reader.

    >>> kind_of(True), kind_of(1.5), kind_of({})
    ('true or false', 'a number', 'an object')
    """
    return _KINDS.get(type(value), "a number")
