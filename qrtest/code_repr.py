"""How values are printed where they are looked at: in a notebook, and in hypothesis's reports."""

from __future__ import annotations

from typing import Any

__all__ = ["AsCode"]


class AsCode:
    """Prints as its `repr`, which is code, and not as the calls or fields that it was made of."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))
