"""Which surface the doubles of jobs show: the documented one, or just that of the installed release.

Said by the plugin's ini option `qrtest_surface`. Light on purpose: the plugin imports it at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qrtest.errors import SimulationError

__all__ = ["SURFACES", "choose", "is_documented"]

SURFACES: Final = ("documented", "installed")
_CHOSEN: Final = ["documented"]


def choose(surface: str) -> Callable[[], None]:
    """Let doubles show *surface*, until what is returned is called.

    "documented": every member of releases 0.26 to 0.29.1, those that the installed release has dropped
    with a warning. "installed": what production has. Raises `SimulationError` for anything else.

    >>> back = choose("installed")
    >>> is_documented()
    False
    >>> back()
    """
    if surface not in SURFACES:
        raise SimulationError(
            f"qrtest_surface = {surface}: there are {', '.join(map(repr, SURFACES))}."
        )
    _CHOSEN.append(surface)

    def back() -> None:
        _CHOSEN.remove(surface)

    return back


def is_documented() -> bool:
    """Whether what the installed release has dropped is there all the same."""
    return _CHOSEN[-1] == "documented"
