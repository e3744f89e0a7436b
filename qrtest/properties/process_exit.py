"""Keeps a consumer that calls `os._exit` from taking the search, and all tests after it, down with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

from qrtest.patching import Patch, Patches

__all__ = ["KEPT_ALIVE", "ProcessExit"]


class ProcessExit(SystemExit):
    """Raised in the place of an `os._exit`."""


def _exit_of(process: int, real: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    def raise_instead(status: int) -> NoReturn:
        if os.getpid() != process:  # a child process ends itself so
            real(status)
        raise ProcessExit(status)

    return raise_instead


def _exits() -> Iterator[Patch]:
    yield os, "_exit", _exit_of(os.getpid(), os._exit)


KEPT_ALIVE: Final = Patches(_exits)
"""While it is entered, `os._exit` raises `ProcessExit` in this process."""
