"""Options that the pytest plugin sets for a whole run, and that the rest of qrtest reads.

They hold in all threads of the process, whenever these were started.
The plugin imports this module at start-up, so it imports next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from qrtest.errors import SimulationError

__all__ = [
    "IS_SAVING",
    "SAVED",
    "SCENARIO_FOLDER",
    "SURFACES",
    "RunOption",
    "choose_surface",
    "is_documented_surface",
]

T = TypeVar("T")


class RunOption(Generic[T]):
    """A value for a whole run. Runs nest, as a pytest inside of a pytest does: the innermost counts.

    >>> option = RunOption("usual")
    >>> reset = option.set("other")
    >>> option.get()
    'other'
    >>> reset()
    >>> option.get()
    'usual'
    """

    def __init__(self, default: T) -> None:
        self._values: Final = [(default,)]

    def get(self) -> T:
        """Return the value of the innermost run."""
        return self._values[-1][0]

    def set(self, value: T) -> Callable[[], None]:
        """Set *value* until the function that is returned is called."""
        entry = (value,)
        self._values.append(entry)

        def reset() -> None:
            self._values[:] = [each for each in self._values if each is not entry]

        return reset


SCENARIO_FOLDER: Final[RunOption[Path | None]] = RunOption(None)
"""The folder of scenario files; None outside of pytest."""

IS_SAVING: Final = RunOption(default=False)
"""Whether scenarios that break a consumer are written into that folder."""

SAVED: Final[RunOption[list[Path] | None]] = RunOption(None)
"""Collects the files that were written; None when no plugin collects them."""

SURFACES: Final = ("documented", "installed")
_SURFACE: Final = RunOption("documented")


def choose_surface(surface: str) -> Callable[[], None]:
    """Choose the members that job doubles have, until the function that is returned is called.

    "documented": every member of releases 0.26 to 0.29.1, those that the installed release has dropped
    with a warning. "installed": what production has. Raises `SimulationError` for anything else.

    >>> reset = choose_surface("installed")
    >>> is_documented_surface()
    False
    >>> reset()
    """
    if surface not in SURFACES:
        raise SimulationError(
            f"qrtest_surface = {surface}: there are {', '.join(map(repr, SURFACES))}."
        )
    return _SURFACE.set(surface)


def is_documented_surface() -> bool:
    """Return whether doubles have the members that the installed release has dropped."""
    return _SURFACE.get() == "documented"
