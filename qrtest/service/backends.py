"""Backends: descriptions that are handed in, and the condition that each is in.

Descriptions are JSON as the service sends it; `client.backend_snapshots` has those that the client ships.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol, get_args

from qrtest.advice import choices
from qrtest.errors import SimulationError
from qrtest.http.messages import Response
from qrtest.service import error_responses, serialize

__all__ = ["Backends", "Condition", "Devices", "Online"]

Online = Literal["online", "paused", "offline"]
STATUS_WORD: Final[Mapping[Online, tuple[bool, str, str]]] = {
    "online": (True, "active", "available"),
    "paused": (True, "paused", "paused"),
    "offline": (False, "off", "offline"),
}


class Backends(Protocol):
    """Where descriptions of backends come from: JSON as the service sends it."""

    def names(self) -> tuple[str, ...]:
        """Return the backends there are."""

    def describe(self, name: str, aspect: str) -> bytes | None:
        """Return the "configuration", "properties" or "device" of a backend; None for an unknown one."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The condition of a backend: its *status* and *reason*, how many jobs wait, whether it is *gone*.

    *mock*: a backend that is listed only with the parameter include_mocks. *calibrations*: ids of
    calibrations that clients can ask for; all of them show the snapshot.

    >>> Condition(status="paused", reason="calibrating").status
    'paused'
    """

    status: Online = "online"
    reason: str = ""
    queue_length: int = 3
    gone: bool = False
    mock: bool = False
    calibrations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in get_args(Online):
            raise SimulationError(
                f"status={self.status!r}: a backend is {', '.join(get_args(Online))}."
            )
        if isinstance(self.queue_length, bool) or self.queue_length < 0:
            raise SimulationError(f"queue_length={self.queue_length!r}: 0 jobs or more wait.")
        if isinstance(self.calibrations, str):
            raise SimulationError(
                f"calibrations={self.calibrations!r} is one text: write ({self.calibrations!r},)."
            )


class Devices:
    """The backends of a simulation."""

    def __init__(self, described: Backends) -> None:
        self._described = described
        self._conditions: dict[str, Condition] = {}
        self._rep_delays: dict[str, tuple[float, float] | None] = {}

    def names(self) -> tuple[str, ...]:
        """Return the backends that are there."""
        return tuple(name for name in self._described.names() if not self.condition(name).gone)

    def condition(self, name: str) -> Condition:
        """Return the condition of the backend *name*."""
        return self._conditions.get(name, _USUAL)

    def rep_delays(self, name: str) -> tuple[float, float] | None:
        """Return the range of repetition delays of a backend in seconds; None when it has none."""
        if name not in self._rep_delays:
            described = json.loads(self._described.describe(name, "configuration") or b"{}")
            in_microseconds = described.get("rep_delay_range") or ()
            low_high = tuple(each / 1e6 for each in in_microseconds)
            self._rep_delays[name] = (low_high[0], low_high[1]) if len(low_high) == 2 else None
        return self._rep_delays[name]

    def change(self, name: str, changes: Mapping[str, Any]) -> Condition:
        """Apply *changes* to a backend's condition. Raises `SimulationError` for an unknown one."""
        if name not in self._described.names():
            raise SimulationError(
                f"There is no backend {name!r} in this simulation. "
                f"{choices(name, self._described.names(), 'service.backends()')}"
            )
        unknown = sorted(set(changes) - set(asdict(_USUAL)))
        if unknown:
            raise SimulationError(
                f"A backend has no {unknown[0]!r}: it has {', '.join(asdict(_USUAL))}."
            )
        self._conditions[name] = replace(self.condition(name), **changes)
        return self._conditions[name]

    def listed(
        self, version: str, names: tuple[str, ...] | None, *, mocks: bool, wait_time: bool
    ) -> Response:
        """GET backends: those of *names*; as mere names before API version 2025-01-01."""
        shown = [
            name
            for name in self.names()
            if (names is None or name in names) and (mocks or not self.condition(name).mock)
        ]
        described = {name: self._device(name, wait_time=wait_time) for name in shown}
        return serialize.json_response(serialize.devices(shown, version, described))

    def aspect(
        self, name: str, aspect: str, *, updated_before: str | None, calibration_id: str | None
    ) -> Response:
        """GET backends/{name}/{aspect}. Properties of before the snapshot's time are its oldest.

        404 for a calibration that the backend does not have: see `Condition`.
        """
        if calibration_id is not None and calibration_id not in self.condition(name).calibrations:
            return serialize.text_response("calibration not found", 404)
        if name not in self.names():
            return serialize.text_response("device not found", 404)
        if aspect == "status":
            return serialize.json_response(self._status(name))
        if aspect == "defaults":
            return Response(200, b"null", serialize.JSON)
        if updated_before is not None:
            _check_moment(updated_before)
        body = self._described.describe(name, aspect)
        if body is None:
            return serialize.text_response("device not found", 404)
        return Response(200, body, serialize.JSON)

    def _status(self, name: str) -> dict[str, Any]:
        condition = self.condition(name)
        state, status, message = STATUS_WORD[condition.status]
        return {
            "state": state,
            "status": status,
            "message": condition.reason or message,
            "length_queue": condition.queue_length,
            "backend_version": "1.0.0",
        }

    def _device(self, name: str, *, wait_time: bool) -> dict[str, Any]:
        condition = self.condition(name)
        device: dict[str, Any] = json.loads(self._described.describe(name, "device") or b"{}")
        reason = condition.reason or STATUS_WORD[condition.status][2]
        device |= {
            "name": name,
            "status": {"name": condition.status, "reason": reason},
            "queue_length": condition.queue_length,
            "physical_qubits": device.get("qubits"),
        }
        if condition.mock:
            device["class"] = "mock"
        if wait_time:
            seconds = 60 * condition.queue_length
            device["wait_time_seconds"] = {"average": seconds, "p50": seconds, "p95": 3 * seconds}
        return device


_USUAL: Final = Condition()


def _check_moment(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise error_responses.body_invalid(
            f"updated_before {text!r} is not a time in RFC 3339"
        ) from None
