"""A step of a script, and the functions that make one.

A `Step` is a status and its length, with what the service reports in it: reason, code and solution of
a failure, interim results of a running job.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.code_repr import AsCode, as_code
from qrtest.errors import ScriptError
from qrtest.lifecycle import transitions

__all__ = [
    "RAN_TOO_LONG",
    "REASON_CODES",
    "UNKNOWN",
    "Step",
    "cancelled",
    "done",
    "failed",
    "queued",
    "ran_too_long",
    "running",
    "unknown",
]

RAN_TOO_LONG: Final = 1305
RAN_TOO_LONG_REASON: Final = "Ran too long"
UNKNOWN: Final = "UNKNOWN"
REASON_CODES: Final = range(1000, 10_000)


@dataclass(frozen=True, slots=True)
class Step(AsCode):
    """A status and its length. Made by `queued`, `running`, `done`, `failed`, ... rather than directly.

    *status* is one of `transitions.STATUSES`, or UNKNOWN, for which the service sends the word *says*.
    *seconds* is the length, None for a step without an end. *interim* holds JSON texts.

    >>> step = queued("90s")
    >>> step.status, step.seconds, step.is_final
    ('QUEUED', 90.0, False)
    """

    status: str
    seconds: float | None = None
    reason: str | None = None
    code: int | None = None
    solution: str | None = None
    says: str | None = None
    interim: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether no step can follow."""
        return self.status in transitions.FINAL

    def __str__(self) -> str:
        parts = [self.status]
        if self.says is not None:
            parts.append(json.dumps(self.says))
        if self.code is not None:
            parts.append(str(self.code))
        if self.seconds is not None:
            parts.append(durations.text(self.seconds))
        if self.reason is not None and not self._is_plain_ran_too_long():
            parts.append(json.dumps(self.reason))
        if self.solution is not None:
            parts.append(json.dumps(self.solution))
        if self.interim:
            parts.append(f"[{', '.join(self.interim)}]")
        return " ".join(parts)

    def __repr__(self) -> str:
        name, arguments = _CONSTRUCTORS[self.status], []
        if self.says is not None:
            arguments.append(repr(self.says))
        lasts = None if self.seconds is None else repr(durations.text(self.seconds))
        if self.is_final:
            if self._is_plain_ran_too_long():
                name = "ran_too_long"
            else:
                arguments += [repr(self.reason)] if self.reason is not None else []
                arguments += [f"code={self.code!r}"] if self.code is not None else []
                arguments += [f"solution={self.solution!r}"] if self.solution is not None else []
            arguments += [f"lasts={lasts}"] if lasts else []
        else:
            arguments += [lasts] if lasts else []
        if self.interim:
            arguments.append(f"interim={as_code([json.loads(item) for item in self.interim])}")
        return f"{name}({', '.join(arguments)})"

    def _is_plain_ran_too_long(self) -> bool:
        return (
            self.code == RAN_TOO_LONG
            and self.reason == RAN_TOO_LONG_REASON
            and self.solution is None
        )


_CONSTRUCTORS: Final = {
    transitions.QUEUED: "queued",
    transitions.RUNNING: "running",
    transitions.DONE: "done",
    transitions.ERROR: "failed",
    transitions.CANCELLED: "cancelled",
    UNKNOWN: "unknown",
}


def queued(lasts: Duration | None = None) -> Step:
    """Return a step in which the job waits in the queue, for ever when no length is given.

    Raises `DurationError` for what is no length of time.

    >>> queued("2h")
    queued('2h')
    """
    return Step(transitions.QUEUED, _length(lasts))


def running(lasts: Duration | None = None, *, interim: Sequence[Any] = ()) -> Step:
    """Return a step in which the job runs, for ever when no length is given.

    The *interim* results, any JSON values, appear one after the other, evenly spread over the step.

    Raises `ScriptError` for *interim* that is no list of JSON values, `DurationError` for a wrong length.

    >>> running(5, interim=[{"i": 1}])
    running('5s', interim=[{'i': 1}])
    """
    if isinstance(interim, (str, bytes)) or not isinstance(interim, Sequence):
        raise ScriptError(
            f"interim={interim!r} is not a list of results: write interim=[{interim!r}]."
        )
    return Step(
        transitions.RUNNING, _length(lasts), interim=tuple(_json_text(value) for value in interim)
    )


def done(*, lasts: Duration | None = None) -> Step:
    """Return the step of a completed job. *lasts* is for scripts with `legal=False`.

    Raises `DurationError` for what is no length of time.

    >>> done()
    done()
    """
    return Step(transitions.DONE, _length(lasts))


def failed(
    reason: str | None = None,
    code: int | None = None,
    solution: str | None = None,
    *,
    lasts: Duration | None = None,
) -> Step:
    """Return the step of a failed job, with the service's reason, error code (1000 to 9999) and solution.

    Code 1305 without a reason is `ran_too_long()`. Raises `ScriptError` for a code out of range, and for a
    *solution* without a *reason*.

    >>> failed("Internal error.", code=1500)
    failed('Internal error.', code=1500)
    """
    if code is not None and (isinstance(code, bool) or code not in REASON_CODES):
        raise ScriptError(
            f"code={code!r} is not an error code of the service: they are whole numbers "
            "from 1000 to 9999."
        )
    if code == RAN_TOO_LONG and reason is None:
        reason = RAN_TOO_LONG_REASON
    if solution is not None and reason is None:
        raise ScriptError("failed(solution=...) without a reason: the service gives none alone.")
    return Step(transitions.ERROR, _length(lasts), reason, code, solution)


def ran_too_long(*, lasts: Duration | None = None) -> Step:
    """Return the step of a job that was stopped at its maximum execution time (code 1305).

    >>> ran_too_long() == failed(code=1305)
    True
    """
    return failed(code=RAN_TOO_LONG, lasts=lasts)


def cancelled(reason: str | None = None, *, lasts: Duration | None = None) -> Step:
    """Return the step of a job that was cancelled, not by the code under test.

    >>> cancelled("Session closed")
    cancelled('Session closed')
    """
    return Step(transitions.CANCELLED, _length(lasts), reason)


def unknown(says: str, lasts: Duration | None = None) -> Step:
    """Return a step in which the service sends the status *says*, a word that no client knows.

    Raises `ScriptError` for what is no word, `DurationError` for what is no length of time.

    >>> unknown("Validating", "5s")
    unknown('Validating', '5s')
    """
    if not isinstance(says, str) or not says:
        raise ScriptError(f"unknown({says!r}): give the word that the service sends.")
    return Step(UNKNOWN, _length(lasts), says=says)


def _length(lasts: Duration | None) -> float | None:
    return None if lasts is None else durations.seconds(lasts)


def _json_text(value: object) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        why = str(error).partition(": ")[0]  # newer Pythons say the value once more
        raise ScriptError(f"The interim result {value!r} is not JSON: {why}.") from None
    return text
