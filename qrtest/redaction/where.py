"""Where a value stands in a content, and what a format needs to know to have it decided.

A format (JSON, markup, a form, ...) takes a text apart and puts it together again. It asks a `Decider`
about every name and value in it, and knows no rule itself.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["TOP", "Decider", "Where"]


class Where(NamedTuple):
    """The nearest *name* above a value, and what kind of secret or identity governs it ("" for none).

    *is_direct*: whether it is the nearest name that governs. *is_public*: whether it is part of what
    the service says of devices and plans. *depth*: how many contents it is packed in. *near*: the kind
    of a name that stands beside a text, and governs it weakly: `{"field": "pin", "message": ...}`.
    """

    name: str = ""
    over: str = ""
    is_direct: bool = False
    is_public: bool = False
    depth: int = 0
    near: str = ""


TOP = Where()


class Decider(Protocol):
    """What decides about the parts of a content."""

    def below(self, where: Where, name: str) -> Where:
        """Return the place of what stands under *name* at *where*."""

    def key(self, name: str, where: Where) -> str:
        """Return *name*, which stands at *where*, as it may be kept."""

    def value(self, text: str, where: Where) -> str:
        """Return *text*, a value at *where*, as it may be kept."""

    def number(self, token: str, where: Where) -> str:
        """Return *token*, a number at *where* as it is written, as it may be kept."""

    def content(self, text: str, where: Where) -> str:
        """Return *text*, a content of its own at *where*, as it may be kept."""
