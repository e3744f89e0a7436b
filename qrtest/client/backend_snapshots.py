"""Descriptions of backends: the real snapshots that qiskit-ibm-runtime ships, as the service sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from qrtest.advice import choices
from qrtest.errors import SimulationError

__all__ = ["DEFAULT_BACKENDS", "Snapshots"]

DEFAULT_BACKENDS: Final = ("ibm_torino", "ibm_brisbane", "ibm_sherbrooke")
PREFIX: Final = "ibm_"


class Snapshots:
    """The backends of the given *names*, as `ibm_torino`, from the snapshots of the installed release."""

    def __init__(self, names: tuple[str, ...] = DEFAULT_BACKENDS) -> None:
        for name in names:
            if _configuration(name) is None:
                known = sorted(PREFIX + each for each in _available())
                where = "qiskit_ibm_runtime.fake_provider, with ibm_ before the name"
                raise SimulationError(
                    f"There is no snapshot of a backend {name!r} in the installed release. "
                    f"{choices(name, known, where)}"
                )
        self._names = names

    def names(self) -> tuple[str, ...]:
        """Return the names of the backends."""
        return self._names

    def describe(self, name: str, aspect: str) -> bytes | None:
        """Return the *aspect* of a backend as JSON; None for an unknown one."""
        if name not in self._names:
            return None
        if aspect == "configuration":
            return _configuration(name)
        if aspect == "properties":
            return _snapshot(name, "props")
        if aspect == "status":
            return _STATUS
        if aspect == "device":
            return _device(name)
        return b"null"


_STATUS: Final = json.dumps(
    {
        "state": True,
        "status": "active",
        "message": "available",
        "length_queue": 3,
        "backend_version": "1.0.0",
    }
).encode()


@lru_cache(maxsize=1)
def _available() -> frozenset[str]:
    return frozenset(path.parent.name for path in _folder().glob("*/conf_*.json"))


@cache
def _folder() -> Path:
    """Return the folder of the snapshots. The package is found, not imported: a server runs without it."""
    package = find_spec("qiskit_ibm_runtime")
    assert package is not None
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0], "fake_provider", "backends")


@cache
def _snapshot(name: str, kind: str) -> bytes | None:
    short = name.removeprefix(PREFIX)
    if short not in _available():
        return None
    file = _folder() / short / f"{kind}_{short}.json"
    return file.read_bytes() if file.is_file() else None


@cache
def _configuration(name: str) -> bytes | None:
    """Return the configuration, under the name of the real backend."""
    snapshot = _snapshot(name, "conf")
    if snapshot is None:
        return None
    return json.dumps({**json.loads(snapshot), "backend_name": name}).encode()


@cache
def _device(name: str) -> bytes:
    configuration: dict[str, Any] = json.loads(_configuration(name) or b"{}")
    return json.dumps(
        {
            "status": {"name": "online", "reason": "available"},
            "queue_length": 3,
            "qubits": configuration.get("n_qubits"),
            "is_simulator": bool(configuration.get("simulator", False)),
            "clops": {"type": "hardware", "value": 150_000},
            "processor_type": _processor_type(configuration),
        }
    ).encode()


def _processor_type(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return family and revision as texts, which typed clients (QRMI) expect; some snapshots have numbers."""
    return {name: str(value) for name, value in (configuration.get("processor_type") or {}).items()}
