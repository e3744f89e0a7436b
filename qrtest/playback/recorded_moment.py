"""When a cassette was recorded: the moment at which its replay begins."""

from __future__ import annotations

from qrtest.cassette.model import Cassette
from qrtest.playback.recorded_jobs import jobs_in
from qrtest.playback.timing import program_time_of
from qrtest.service.payload_template import seconds_since_1970

__all__ = ["moment_of"]


def moment_of(cassette: Cassette) -> float | None:
    """Return the Unix time at which *cassette* was recorded; None if it does not say.

    By the clock of the service, whose dates are in the answers: a job says when it was created. Without a
    job, by that of the machine that recorded.

    >>> moment_of(Cassette()) is None
    True
    """
    dated = program_time_of(cassette.interactions)
    found = list(jobs_in(cassette).values())
    found.sort(key=lambda job: job.submitted_at is None)
    for job in found:
        created = seconds_since_1970(job.record.job.get("created"))
        if created is not None:
            return created - dated(job.created_at)
    saved = None if cassette.provenance is None else cassette.provenance.recorded
    ended = seconds_since_1970(saved)
    if ended is None:
        return None
    return ended - max((dated(each.end or 0.0) for each in cassette.interactions), default=0.0)
