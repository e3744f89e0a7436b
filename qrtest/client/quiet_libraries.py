"""Libraries that print what their errors say, too, are quiet while qrtest uses them: the job says it."""

from __future__ import annotations

import logging
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from qrtest.patching import Patch, Patches

__all__ = ["quiet_aer", "quiet_parser"]

AER_LOGGER: Final = "qiskit_aer.backends.aerbackend"
"""Warns of each simulation that fails, from threads of Aer: all that it says meanwhile is dropped."""

LISTENER: Final = "antlr4.error.ErrorListener"
"""The module of ANTLR whose listener prints each error of a text in OpenQASM 3 to standard error."""

_parsing: Final[set[int]] = set()
"""The threads that are quiet."""


@contextmanager
def quiet_aer() -> Iterator[None]:
    """Let qiskit-aer log nothing.

    >>> with quiet_aer():
    ...     logging.getLogger("qiskit_aer.backends.aerbackend").warning("Simulation failed")
    """
    logger = logging.getLogger(AER_LOGGER)

    def dropped(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(dropped)
    try:
        yield
    finally:
        logger.removeFilter(dropped)


@contextmanager
def quiet_parser() -> Iterator[None]:
    """Let the parser of OpenQASM 3 print nothing in this thread."""
    thread = get_ident()
    with _QUIET:
        _parsing.add(thread)
        try:
            yield
        finally:
            _parsing.discard(thread)


def _listener() -> Iterator[Patch]:
    try:
        listener = import_module(LISTENER).ConsoleErrorListener
    except ImportError:  # without it no text in OpenQASM 3 is read
        return
    genuine = listener.syntaxError

    def syntax_error(self: Any, *error: Any) -> None:
        if get_ident() not in _parsing:
            genuine(self, *error)

    yield listener, "syntaxError", syntax_error


_QUIET: Final = Patches(_listener)
