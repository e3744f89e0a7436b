"""How far long work over many files is: on a terminal, on stderr, and gone when the work is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

__all__ = ["tracked"]

T = TypeVar("T")
FEW = 2


def tracked(things: Sequence[T], what: str) -> Iterator[T]:
    """*things*, one by one, with a bar that says *what* is done; in a pipe without."""
    if len(things) < FEW or not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(things, what, console=Console(stderr=True), transient=True)
