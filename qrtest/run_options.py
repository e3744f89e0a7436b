"""Options that the pytest plugin sets for a whole run, and that the rest of qrtest reads.

They hold in all threads of the process, whenever these were started.
The plugin imports this module at start-up, so it imports next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

__all__ = [
    "IS_SAVING",
    "ON_SAVED",
    "ON_SESSION_END",
    "SCENARIO_FOLDER",
    "SURFACE",
    "SURFACES",
    "WATCHDOG",
    "RunOption",
    "is_documented_surface",
    "session_ended",
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

ON_SAVED: Final[RunOption[Callable[[Path], None] | None]] = RunOption(None)
"""A function that is called with each file that was written."""

ON_SESSION_END: Final[RunOption[Callable[[Any], None] | None]] = RunOption(None)
"""A function that is called with the journal of each simulation, replay and server that ends."""


def session_ended(journal: object) -> None:
    """Call the function of this run, if there is one, with the *journal* of a session that has ended."""
    callback = ON_SESSION_END.get()
    if callback is not None:
        callback(journal)


WATCHDOG: Final[RunOption[Any]] = RunOption("60s")
"""After how much real time without progress a simulation is stopped; "never" for none."""

SURFACES: Final = ("documented", "installed")
SURFACE: Final = RunOption(SURFACES[0])
"""The members that job doubles have.

"documented": every member of releases 0.26 to 0.29.1, those that the installed release has dropped with a
warning. "installed": those of the installed release, as in production.
"""


def is_documented_surface() -> bool:
    """Return whether doubles have the members that the installed release has dropped."""
    return SURFACE.get() == "documented"
