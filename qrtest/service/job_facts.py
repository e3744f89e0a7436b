"""A job as it is submitted, and as the service keeps it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

__all__ = ["JobFacts", "Submission"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job as it is submitted. *params* is JSON text; *cost* the maximum execution time in seconds.

    *client* is the header X-Qx-Client-Application.
    """

    backend: str
    program_id: str
    params: str = "{}"
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    image: str = ""
    private: bool = False
    cost: int | None = None
    calibration_id: str | None = None
    job_id: str | None = None
    estimated_seconds: float | None = None
    start_session: bool = False
    client: str = ""


_NAMES: Final = tuple(field.name for field in fields(Submission))
_values: Final = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts(Submission):
    """A job as the service keeps it: what was submitted, its id, and when it was *created*, in RFC 3339."""

    job_id: str
    created: str
    cost: int = 600

    @classmethod
    def of(cls, submission: Submission, *, job_id: str, created: str, cost: int) -> JobFacts:
        """Return the facts of a job made of *submission*; *cost* is for one that was submitted without.

        >>> job = Submission(backend="ibm_torino", program_id="sampler", tags=("a",))
        >>> JobFacts.of(job, job_id="j", created="2026-01-01T00:00:00Z", cost=600).tags
        ('a',)
        """
        values: dict[str, Any] = dict(zip(_NAMES, _values(submission), strict=True))
        values["job_id"], values["created"] = job_id, created
        if submission.cost is None:
            values["cost"] = cost
        return cls(**values)
