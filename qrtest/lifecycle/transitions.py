"""The life of a job: which status may follow which.

Everything that decides a status lives in this table. It knows no time, no HTTP, and not how IBM
spells a status on the wire; `qrtest.lifecycle.script` has the time, `qrtest.service.serialize` the spelling.

Rule 1. A status changes by an event, and only as the table says.
Rule 2. A final status has no way out.
Rule 3. A stage may be passed too quickly to be seen: a job may be found DONE without ever having
been seen RUNNING.

A status that nobody has heard of is not in the table. It is something that the service *says* while
the job is in one of these.

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
FINAL: Final = frozenset(status for status, ways_out in TRANSITIONS.items() if not ways_out)
EVENTS: Final[Mapping[str, str]] = MappingProxyType(dict(TRANSITIONS[INITIALIZING]))


def step(status: str, event: str) -> str:
    """The status after *event* happened to a job in *status*.

    Raises `IllegalTransition`, which names both ends, when the table has no such way.

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
            f"{event!r} is not an event in the life of a job: there are {', '.join(EVENTS)}.",
            source=status,
            target=event,
        )
    target = EVENTS[event]
    ways_out = sorted(set(TRANSITIONS[status].values()))
    why = f"{status} is final" if not ways_out else f"{status} can become {', '.join(ways_out)}"
    raise IllegalTransition(
        f"A job that is {status} cannot become {target}: {why}.", source=status, target=target
    )


def diagram() -> str:
    """The table as a Mermaid state diagram, the one that the documentation shows.

    >>> diagram().splitlines()[:2]
    ['stateDiagram-v2', '    [*] --> INITIALIZING']
    """
    lines = ["stateDiagram-v2", f"    [*] --> {INITIALIZING}"]
    for status, ways_out in TRANSITIONS.items():
        lines += [f"    {status} --> {target}: {event}" for event, target in ways_out.items()]
        if not ways_out:
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines) + "\n"
