"""Progress of long work on a terminal, on stderr; nothing in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from qrtest.extras import needed

__all__ = ["titled", "tracked"]

T = TypeVar("T")
FEW: Final = 2
KEEP_TITLE: Final = "\x1b[22;0t"
TITLE: Final = "\x1b]0;{}\x07"
GIVE_TITLE_BACK: Final = "\x1b[23;0t"
"""Control sequences of xterm, and of terminals like it, for the title of the window."""


def tracked(things: Sequence[T], what: str) -> Iterator[T]:
    """Yield *things*, one by one, with a progress bar that says *what* is done.

    What is written to `sys.stdout` and `sys.stderr` meanwhile stands above it; click writes past both unless
    it is given them as `file`.
    """
    if len(things) < FEW or not sys.stderr.isatty():
        yield from things
        return
    with needed("cli"):
        from rich.console import Console
        from rich.progress import Progress

    console, goes_there = Console(stderr=True), sys.stdout.isatty()
    with Progress(console=console, transient=True, redirect_stdout=goes_there) as progress:
        yield from progress.track(things, description=what)


@contextmanager
def titled() -> Iterator[Callable[[str], object]]:
    """Yield a function that sets the title of the terminal; at the end the old title comes back.

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
