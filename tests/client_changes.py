"""What the client itself does otherwise than release 0.29.1: the differences that are meant to be there.

The list is checked, not assumed: differential.py fails on a difference that none of these explains, and
on one of these that it does not see. docs/releases.md describes them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BASE_ADDRESSES = (
    ("us-east.quantum-computing.cloud.ibm.com", "quantum.cloud.ibm.com"),
    ("cloud.ibm.com/jobs", "cloud.ibm.com/api/v1/jobs"),
    ("url: /jobs", "url: /api/v1/jobs"),
)
LONGEST_POLL_SECONDS = 0.5 + 0.05


@dataclass(frozen=True)
class Seen:
    """What a call came to: its value or exception as a text, the time after it, the requests so far."""

    call: str
    text: str
    time: float
    requests: int


@dataclass(frozen=True)
class Change:
    """A change of the client: since which release, what it *says*, and a *case* that shows it.

    *explains* says whether what the old and the new release were seen to do differs by this only.
    """

    name: str
    since: str
    says: str
    case: Mapping[str, Any]
    explains: Callable[[Seen, Seen], bool]


def case(scenario: str, *calls: str, session_id: str | None = "s") -> Mapping[str, Any]:
    """Return a case for the two releases."""
    return {"scenario": scenario, "session_id": session_id, "calls": list(calls)}


def at_the_same_time(old: Seen, new: Seen) -> bool:
    return (old.time, old.requests) == (new.time, new.requests)


def another_address(old: Seen, new: Seen) -> bool:
    text = old.text
    for before, now in BASE_ADDRESSES:
        text = text.replace(before, now)
    return text == new.text and at_the_same_time(old, new)


def other_metrics(old: Seen, new: Seen) -> bool:
    if old.call != "metrics" or not at_the_same_time(old, new):
        return False
    before, now = ast.literal_eval(old.text), ast.literal_eval(new.text)
    seconds, usage = before.pop("bss")["seconds"], before.pop("usage")
    charged, duration = now.pop("usage"), now.pop("circuits_execution_time_ns")
    return (
        before == now
        and usage == {"quantum_seconds": seconds, "seconds": seconds, "status": charged["status"]}
        and charged == {"qpu_charge_time_seconds": seconds, "status": usage["status"]}
        and isinstance(duration, int)
    )


def rarer_polls(old: Seen, new: Seen) -> bool:
    waits = old.call.startswith(("wait_for_final_state", "result"))
    is_late = 0 <= new.time - old.time <= LONGEST_POLL_SECONDS
    return waits and old.text == new.text and is_late and new.requests < old.requests


def a_chain(old: Seen, new: Seen) -> bool:
    refused = "AttributeError: 'list' object has no attribute 'decode'"
    return old.call == "result([Upper])" and old.text == refused and new.text == "'THE RESULT'"


def a_known_instance(old: Seen, new: Seen) -> bool:
    return old.call == "instance" and old.text == "None" and new.text.startswith("'crn:")


CHANGES: Sequence[Change] = (
    Change(
        "base address",
        "0.40",
        "Messages that quote an address quote `quantum.cloud.ibm.com/api/v1` instead of "
        "`us-east.quantum-computing.cloud.ibm.com`.",
        case("{script: QUEUED, faults: [{fault: status, code: 404, operation: poll}]}", "status"),
        another_address,
    ),
    Change(
        "usage keys",
        "0.48",
        "`metrics()` has `usage.qpu_charge_time_seconds` and `circuits_execution_time_ns` instead of "
        "`bss`, `usage.quantum_seconds` and `usage.seconds`: the client speaks another version of the API.",
        case("script: RUNNING 5s; DONE", "wait_for_final_state", "metrics"),
        other_metrics,
    ),
    Change(
        "poll interval",
        "0.47",
        "Outside of a session `wait_for_final_state()` and `result()` ask every 0.5 s instead of every 0.1 s.",
        case("script: RUNNING 5.3s; DONE", "wait_for_final_state", session_id=None),
        rarer_polls,
    ),
    Change(
        "decoder chain",
        "0.48",
        "`result(decoder=...)` takes a sequence of decoders, each of which gets what the one before made.",
        case("{script: DONE, result: the result}", "result([Upper])"),
        a_chain,
    ),
    Change(
        "instance",
        "0.41",
        "`instance` is the CRN on IBM Cloud, too, where it was None.",
        case("script: QUEUED", "instance"),
        a_known_instance,
    ),
)
