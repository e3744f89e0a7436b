"""The recorded payloads of a job as templates: the same job under another script.

The id, owner, cost and fields unknown to qrtest stay as recorded. The state, end, timestamps and usage
follow the script.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from qrtest.code_repr import AsCode
from qrtest.service import parse, serialize

__all__ = ["JobRecord", "seconds_since_1970"]

OF_THE_SCENARIO: Final = ("state", "status", "params", "program", "tags")
"""The fields of GET job that the scenario decides."""

OF_THE_END: Final = ("usage", "ended")
FIGURES: Final = ("bss", "usage", "circuits_execution_time_ns")
SHARE_DIGITS: Final = 6
RESOLUTION: Final = 1e-6
MOST: Final = 2**53
"""Figures above this, or negative ones, are no charges and stay as recorded."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JobRecord(AsCode):
    """The recorded facts of a job: the body of GET job without its state, its metrics and logs.

    *job* has no state, params, program and tags: those are the scenario's. *metrics* is the body of
    GET metrics as it was in the end. *ran* is how long the recorded job ran, in seconds, which its
    usage belongs to.

    >>> JobRecord(job={"id": "d5h6o44pe0pc73am1f1g", "cost": 600}, ran=3.0)
    JobRecord(job={'id': 'd5h6o44pe0pc73am1f1g', 'cost': 600}, ran=3.0)
    """

    job: Mapping[str, Any]
    metrics: Mapping[str, Any] | None = None
    logs: str | None = None
    ran: float = 0.0

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> JobRecord:
        """Return the record in the *body* of GET job; one of an end without usage says so, with None.

        >>> JobRecord.of({"id": "j", "state": {"status": "Queued"}, "tags": None})
        JobRecord(job={'id': 'j', 'tags': None})
        """
        kept = {name: value for name, value in body.items() if name not in OF_THE_SCENARIO}
        if "tags" in body and not body["tags"]:
            kept["tags"] = body["tags"]
        step = parse.step_in(body)
        if step is not None and step.is_final:
            kept.setdefault("usage", None)
        return cls(job=kept)

    def described(self, usual: Mapping[str, Any], *, ended: str | None) -> dict[str, Any]:
        """Return the body of GET job: as recorded, except what follows from the script.

        *ended*: when the job ended, None if it has not. *usual*: the body without a recording.
        """
        body = {name: value for name, value in self.job.items() if name not in OF_THE_END}
        for name in ("id", "created", *OF_THE_SCENARIO, "usage"):
            if name in usual:
                body[name] = usual[name]
        if ended is not None and "ended" in self.job:
            body["ended"] = _as_recorded(ended, self.job["ended"])
        return body

    def usage(self, version: str, seconds: float, *, complete: bool) -> Any:
        """Return the usage in GET job of a job that ended after it ran for *seconds*, as it was recorded."""
        recorded = self.job.get("usage", {})
        if not recorded:
            return (
                None
                if "usage" in self.job
                else serialize.job_usage(version, seconds, complete=complete)
            )
        return self._charged(recorded, seconds)

    def measured(
        self, *, created: str, running: str | None, finished: str | None, seconds: float
    ) -> dict[str, Any]:
        """Return the body of GET metrics of a job that was *running* and *finished* then, None if not yet."""
        assert self.metrics is not None
        body = dict(self.metrics)
        recorded = body.get("timestamps")
        times = dict(recorded) if isinstance(recorded, Mapping) else {}
        moments = {"created": created, "running": running, "finished": finished}
        reached = {name: moment for name, moment in moments.items() if moment is not None}
        unreached = {name: None for name in moments if name in times and times[name] is None}
        body["timestamps"] = {
            **{name: moment for name, moment in times.items() if name not in moments},
            **unreached,
            **{name: _as_recorded(moment, times.get(name)) for name, moment in reached.items()},
        }
        for name in FIGURES:
            if name in body:
                body[name] = self._charged(body[name], seconds, name)
        if finished is None and isinstance(body.get("usage"), dict) and "status" in body["usage"]:
            body["usage"] = {**body["usage"], "status": "pending"}
        return body

    def _charged(self, recorded: Any, seconds: float, name: str = "") -> Any:
        """Return the *recorded* figures, in proportion to how long the job ran, and no more than that."""
        if isinstance(recorded, Mapping):
            return {key: self._charged(value, seconds, key) for key, value in recorded.items()}
        if isinstance(recorded, bool) or not isinstance(recorded, int | float):
            return recorded
        if not 0 <= recorded <= MOST:
            return recorded
        share = round(seconds / self.ran, SHARE_DIGITS) if self.ran else 1.0
        if share == 1.0 and (self.ran or not seconds):
            return recorded
        if name.endswith("_ns"):
            return round(recorded * share) if self.ran else round(seconds * 1e9)
        longest = math.ceil(seconds)
        charged = min(recorded * share, longest) if self.ran else longest
        return round(charged) if isinstance(recorded, int) else round(charged, 9)


def seconds_since_1970(moment: object) -> float | None:
    """Return the time in an RFC 3339 text of the service; None for anything else.

    >>> seconds_since_1970("2026-01-01T00:00:00Z"), seconds_since_1970(None)
    (1767225600.0, None)
    """
    try:
        read = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return read.replace(tzinfo=read.tzinfo or UTC).timestamp()


def _as_recorded(moment: str, recorded: Any) -> str:
    """*moment* in the spelling in which it was recorded, if it is the same."""
    before, now = seconds_since_1970(recorded), seconds_since_1970(moment)
    if before is None or now is None or abs(before - now) > 1.5 * RESOLUTION:
        return moment
    return str(recorded)
