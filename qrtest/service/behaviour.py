"""Options for undocumented service behaviour.

Each option's docstring says what is known and from where; the defaults follow that evidence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Final, Literal

from qrtest.advice import choices
from qrtest.clock import duration as durations
from qrtest.code_repr import AsCode
from qrtest.errors import DurationError, SimulationError

__all__ = ["USUAL", "Behaviour"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Behaviour(AsCode):
    """What the simulated service does where the documentation of the real one leaves it open.

    Lengths of time are seconds, or texts as "1m30s". Raises `SimulationError` for one that is none.

    >>> Behaviour(cancel_lag=5).cancel_lag
    5.0
    """

    cancel_lag: float = 0.0
    """Seconds from the answer 204 to the job being cancelled. A job that ends meanwhile has won the
    race. IBM's own integration tests wait 5 to 15 seconds."""

    cancel_takes_effect: bool = True
    """False: cancel says 204 and the job goes on (reported in the client's pull request 1013)."""

    usage_lag: float = 0.0
    """Seconds from the end of a job to usage.status "complete"; "pending" before. All 87 captured
    metrics of finished jobs are complete; that the figures can come later is from the client's pull
    request 2884, which names no length."""

    failed_results: Literal["text", "none"] = "text"
    """What a failed job's results are: the reason as text (200), or nothing (204). Unknown; the
    client copes with both."""

    reason_code: Literal["number", "text", "alone"] = "number"
    """The form of the error code of a job: a number beside the reason (observed), a text, or a number
    alone, without a reason. The client makes a timeout of 1305 only of the first (its pull request
    1760)."""

    logs_before_end: int = 404
    """Status of logs before the job is final (inferred: the client expects 404)."""

    empty_logs: int = 200
    """Status of logs when a final job has none: 200 with an empty body, or 404 (both observed)."""

    interim_before_any: str = "[]"
    """Body of interim results when there are none yet (inferred)."""

    delete_queued: int = 204
    """Status of delete for a queued job. The REST description says 400; IBM's integration tests
    delete queued jobs on the real service."""

    delete_running: int = 400
    """Status of delete for a running job (inferred from the REST description)."""

    private_results_once: bool = True
    """Whether a private job's results are deleted after the first read (integration tests)."""

    queued_polls: int = 0
    """How many polls a job is seen queued before its script goes on, whatever the time."""

    interactive_ttl: float = 60.0
    """Seconds that a session without a job stays active (60, observed)."""

    session_expiry: Literal["cancel", "fail"] = "cancel"
    """What becomes of queued jobs when a session's time is over: they are cancelled (documentation
    of 2026), or they fail (that of 2024)."""

    offline: Literal["queue", "refuse"] = "queue"
    """What becomes of a job for a backend that is not online: it stays in the queue until the backend
    is back, or the submission is refused with code 1004. Neither was observed."""

    cost: int = 600
    """Maximum execution time in seconds stamped on a job submitted without one (600 on the open
    plan, observed)."""

    not_computed: Literal["fit", "fail"] = "fit"
    """What becomes of a job whose result is to be computed and cannot be: it gets a result that fits what
    was submitted, with a `NotComputedWarning`, or it fails with code 1500 and the reason."""

    compute_seconds: float = 60.0
    """Seconds of real time that computing the result of one job may take."""

    compute_megabytes: int | None = None
    """Megabytes of memory that computing the result of one job may take; None is most of what is free."""

    def __post_init__(self) -> None:
        for name in ("cancel_lag", "usage_lag", "interactive_ttl", "compute_seconds"):
            try:
                object.__setattr__(self, name, durations.seconds(getattr(self, name)))
            except DurationError as error:
                raise SimulationError(f"{name}: {error}") from None

    @classmethod
    def of(
        cls, options: dict[str, object], beside: Collection[str] = (), of: str = ""
    ) -> Behaviour:
        """Return the behaviour with these *options*. Raises `SimulationError` for a name that is none.

        *beside*: names of the other options of the function that took them, for its message; *of*: what
        prints these.
        """
        if not options:
            return USUAL
        own = [field.name for field in fields(cls)]
        names = [*beside, *own]
        for name in options:
            if name not in own:
                where = " and ".join(filter(None, [of, "help(qrtest.Behaviour)"]))
                if name in beside:
                    raise SimulationError(f"The option {name!r} is not taken here, but by {of}.")
                raise SimulationError(f"There is no option {name!r}. {choices(name, names, where)}")
        return cls(**options)  # type: ignore[arg-type]

    def chosen(self) -> dict[str, object]:
        """Return the options that differ from their defaults.

        >>> Behaviour(cancel_lag=5).chosen()
        {'cancel_lag': 5.0}
        """
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }


USUAL: Final = Behaviour()
"""The defaults."""
