"""GET jobs: filters, order and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from qrtest.http.messages import Response
from qrtest.lifecycle import transitions
from qrtest.service import error_responses, serialize
from qrtest.service.jobs import SimulatedJob

__all__ = ["EARLIEST", "LATEST", "Listing", "moment_of", "tags_found"]

LONGEST_PAGE: Final = 200
SHORTEST_SEARCH: Final = 3
LONGEST_SEARCH: Final = 100
EARLIEST: Final = "0001-01-01T00:00:00Z"
LATEST: Final = "9999-12-31T23:59:59Z"
Asked = Mapping[str, tuple[str, ...]]


class Listing:
    """The filters, the order and the page that a query asks for.

    A limit out of 1 to 200 is taken as 200 (observed). Repeated tags all have to match. Params are shown
    to those who ask for them: `exclude_params` is true by default here (REST description).
    """

    def __init__(self, asked: Asked) -> None:
        limit = _number(asked, "limit", LONGEST_PAGE)
        self.limit = limit if 1 <= limit <= LONGEST_PAGE else LONGEST_PAGE
        self.offset = max(0, _number(asked, "offset", 0))
        self._oldest_first = asked.get("sort") == ("ASC",)
        self._backend = asked.get("backend")
        self._program = asked.get("program")
        self._session = asked.get("session_id")
        self._tags = set(asked.get("tags", ()))
        self._pending = {"true": True, "false": False}.get(asked.get("pending", ("",))[-1])
        self.with_params = asked.get("exclude_params", ("",))[-1].lower() == "false"
        self._after = moment_of(asked.get("created_after", (EARLIEST,))[-1])
        self._before = moment_of(asked.get("created_before", (LATEST,))[-1])

    def selected(self, jobs: Iterable[SimulatedJob], now: float) -> list[SimulatedJob]:
        """Return those of *jobs*, given oldest first, that pass the filters at the time *now*, in order."""
        found = [job for job in jobs if self._passes(job, now)]
        return found if self._oldest_first else found[::-1]

    def page(self, jobs: list[SimulatedJob]) -> list[SimulatedJob]:
        """Return the part of *jobs* that is shown."""
        return jobs[self.offset : self.offset + self.limit]

    def _passes(self, job: SimulatedJob, now: float) -> bool:
        facts = job.facts
        job.cursor.advance(now)
        is_pending = job.cursor.step.status not in transitions.FINAL
        return (
            self._backend in (None, (facts.backend,))
            and self._program in (None, (facts.program_id,))
            and self._session in (None, (facts.session_id,))
            and self._tags <= set(facts.tags)
            and self._pending in (None, is_pending)
            and self._after <= moment_of(facts.created) <= self._before
        )


def tags_found(jobs: Iterable[SimulatedJob], parameter: Callable[[str], str | None]) -> Response:
    """GET tags: those of *jobs* that contain the text of the *parameter* search, whatever its case."""
    if parameter("type") not in (None, "job"):
        raise error_responses.body_invalid("type must be 'job'")
    text = parameter("search") or ""
    if not SHORTEST_SEARCH <= len(text) <= LONGEST_SEARCH:
        raise error_responses.body_invalid(
            f"search has {len(text)} characters, not {SHORTEST_SEARCH} to {LONGEST_SEARCH}"
        )
    found = {tag for job in jobs for tag in job.facts.tags if text.lower() in tag.lower()}
    return serialize.json_response({"tags": sorted(found)})


def moment_of(text: str) -> datetime:
    """Return a time in RFC 3339. Raises `RequestError` for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise error_responses.body_invalid(f"{text!r} is not a time in RFC 3339") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _number(asked: Asked, name: str, default: int) -> int:
    try:
        return int(asked[name][-1])
    except (KeyError, ValueError):
        return default
