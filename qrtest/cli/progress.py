"""How far long work is: on a terminal, on stderr, and gone when the work is done; nothing in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

__all__ = ["titled", "tracked"]

T = TypeVar("T")
FEW: Final = 2
KEEP_TITLE: Final = "\x1b[22;0t"
TITLE: Final = "\x1b]0;{}\x07"
GIVE_TITLE_BACK: Final = "\x1b[23;0t"
"""What xterm, and whoever follows it, is told of its title."""


def tracked(things: Sequence[T], what: str) -> Iterator[T]:
    """*things*, one by one, with a bar that says *what* is done.

    What is written to `sys.stdout` and `sys.stderr` meanwhile stands above it; click writes past both unless
    it is given them as `file`.
    """
    if len(things) < FEW or not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import Progress

    console, goes_there = Console(stderr=True), sys.stdout.isatty()
    with Progress(console=console, transient=True, redirect_stdout=goes_there) as progress:
        yield from progress.track(things, description=what)


@contextmanager
def titled() -> Iterator[Callable[[str], object]]:
    """Gives what sets the title of the terminal; in the end it is what it was.

    For work that has the screen for itself. A pipe and a dumb terminal have no title.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield str
        return
    _control(KEEP_TITLE)
    try:
        yield lambda text: _control(TITLE.format(text))
    finally:
        _control(GIVE_TITLE_BACK)


def _control(code: str) -> None:
    sys.stderr.write(code)
    sys.stderr.flush()
