"""A poll plan: which methods of a job are called, and when.

Jobs are known by the names of their methods alone; no client is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.code_repr import AsCode
from qrtest.errors import SimulationError

__all__ = ["QUESTIONS", "Answer", "Ask", "PollPlan"]

QUESTIONS: Final = (
    "status",
    "done",
    "running",
    "errored",
    "cancelled",
    "in_final_state",
    "error_message",
    "result",
    "logs",
    "cancel",
)
"""The methods that can be called. `result` is called with a timeout of one second."""

RESULT_TIMEOUT_SECONDS: Final = 1


@dataclass(frozen=True, init=False, repr=False)
class Ask(AsCode):
    """A call of the method *what*, a time *after* the one before; `seconds` is that time.

    Raises `SimulationError` for a method that is not in QUESTIONS.

    >>> Ask("status", after="1m")
    Ask('status', after='1m')
    """

    what: str
    seconds: float

    def __init__(self, what: str, *, after: Duration = 0) -> None:
        if what not in QUESTIONS:
            raise SimulationError(f"Ask({what!r}): choose one of {', '.join(QUESTIONS)}.")
        object.__setattr__(self, "what", what)
        object.__setattr__(self, "seconds", durations.seconds(after))

    def __repr__(self) -> str:
        after = f", after={durations.text(self.seconds)!r}" if self.seconds else ""
        return f"Ask({self.what!r}{after})"


@dataclass(frozen=True)
class Answer:
    """The outcome of a call: a value, or an exception."""

    ask: Ask
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, init=False, repr=False)
class PollPlan(AsCode):
    """Calls in their order.

    >>> PollPlan(Ask("status"), Ask("result", after="5s"))
    PollPlan(Ask('status'), Ask('result', after='5s'))
    """

    asks: tuple[Ask, ...]

    def __init__(self, *asks: Ask) -> None:
        object.__setattr__(self, "asks", asks)

    def put_to(self, job: Any, sleep: Callable[[float], None]) -> Iterator[Answer]:
        """Make the calls on *job*, and *sleep* between them.

        >>> list(PollPlan(Ask("status")).put_to(type("Job", (), {"status": lambda _: "DONE"})(), print))
        [Answer(ask=Ask('status'), value='DONE', error=None)]
        """
        for ask in self.asks:
            if ask.seconds:
                sleep(ask.seconds)
            yield answer(job, ask)

    def __iter__(self) -> Iterator[Ask]:
        return iter(self.asks)

    def __len__(self) -> int:
        return len(self.asks)

    def __repr__(self) -> str:
        return f"PollPlan({', '.join(map(repr, self.asks))})"


def answer(job: Any, ask: Ask) -> Answer:
    """Make one call on *job*, now."""
    options = {"timeout": RESULT_TIMEOUT_SECONDS} if ask.what == "result" else {}
    try:
        return Answer(ask, getattr(job, ask.what)(**options))
    except Exception as error:
        return Answer(ask, error=error)
