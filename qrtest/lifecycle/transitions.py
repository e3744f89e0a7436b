"""Which status of a job may follow which: a table, and nothing else that decides it.

Time is in `qrtest.lifecycle.script`, the service's spelling of a status in `qrtest.service.serialize`. A new
status is a row of TRANSITIONS, a constructor in `qrtest.lifecycle.step` and a word in `serialize`.

Rule 1. A status changes by an event, and only as the table has it.
Rule 2. A final status has no transition.
Rule 3. A status may end before a poll sees it: a job may be found DONE that was never seen RUNNING.

A word that no client knows (`UNKNOWN` in a script) is not a status of the table: the service sends it
while the job is in one of these.

Sources: the documentation of RuntimeJobV2 (its six statuses), and the states of the REST API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from qrtest.errors import IllegalTransition

__all__ = [
    "CANCELLED",
    "DONE",
    "ERROR",
    "EVENTS",
    "FINAL",
    "INITIALIZING",
    "QUEUED",
    "RUNNING",
    "STATUSES",
    "TRANSITIONS",
    "diagram",
    "step",
]

INITIALIZING: Final = "INITIALIZING"
QUEUED: Final = "QUEUED"
RUNNING: Final = "RUNNING"
DONE: Final = "DONE"
ERROR: Final = "ERROR"
CANCELLED: Final = "CANCELLED"

TRANSITIONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        INITIALIZING: {
            "queue": QUEUED,
            "start": RUNNING,
            "finish": DONE,
            "fail": ERROR,
            "cancel": CANCELLED,
        },
        QUEUED: {
            "queue": QUEUED,
            "start": RUNNING,
            "finish": DONE,
            "fail": ERROR,
            "cancel": CANCELLED,
        },
        RUNNING: {
            "start": RUNNING,
            "finish": DONE,
            "fail": ERROR,
            "cancel": CANCELLED,
        },
        DONE: {},
        ERROR: {},
        CANCELLED: {},
    }
)

STATUSES: Final = tuple(TRANSITIONS)
FINAL: Final = frozenset(status for status, transitions in TRANSITIONS.items() if not transitions)
EVENTS: Final[Mapping[str, str]] = MappingProxyType(dict(TRANSITIONS[INITIALIZING]))


def step(status: str, event: str) -> str:
    """Return the status of a job in *status* after *event*.

    Raises `IllegalTransition`, which names both statuses, when the table has no such transition.

    >>> step(QUEUED, "start")
    'RUNNING'
    """
    try:
        return TRANSITIONS[status][event]
    except KeyError:
        pass
    if status not in TRANSITIONS:
        raise IllegalTransition(
            f"{status!r} is not a status of a job: there are {', '.join(STATUSES)}.",
            source=status,
            target=EVENTS.get(event, event),
        )
    if event not in EVENTS:
        raise IllegalTransition(
            f"{event!r} is not an event of a job: there are {', '.join(EVENTS)}.",
            source=status,
            target=event,
        )
    target = EVENTS[event]
    transitions = sorted(set(TRANSITIONS[status].values()))
    why = (
        f"{status} is final" if not transitions else f"{status} can become {', '.join(transitions)}"
    )
    raise IllegalTransition(
        f"A job that is {status} cannot become {target}: {why}.", source=status, target=target
    )


def diagram() -> str:
    """Return the table as the Mermaid state diagram that the documentation shows.

    >>> diagram().splitlines()[:2]
    ['stateDiagram-v2', '    [*] --> INITIALIZING']
    """
    lines = ["stateDiagram-v2", f"    [*] --> {INITIALIZING}"]
    for status, transitions in TRANSITIONS.items():
        lines += [f"    {status} --> {target}: {event}" for event, target in transitions.items()]
        if not transitions:
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines) + "\n"
