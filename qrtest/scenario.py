"""A scenario: a script, the faults, the result, and how the service behaves. One value to hand about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from qrtest.errors import ResultError
from qrtest.faults import Fault
from qrtest.printing import AsCode
from qrtest.script import Script, Step
from qrtest.wire import payloads
from qrtest.wire.behaviour import Behaviour

__all__ = ["Scenario"]


@dataclass(frozen=True, init=False)
class Scenario(AsCode):
    """What one job will go through.

    *result* is whatever `Simulation.job` takes as a result; None is a small valid one. *name*, *says*
    and *source* tell a reader where a scenario of the catalogue comes from.

    >>> Scenario("QUEUED 2h; DONE").script
    Script(queued('2h'), done())
    >>> Scenario("DONE", tags=["mine"])
    Scenario('DONE', tags=['mine'])
    """

    script: Script
    faults: tuple[Fault, ...] = ()
    result: Any = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    program_id: str = "sampler"
    params: Any = None
    metrics: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    name: str = ""
    says: str = ""
    source: str = ""

    def __init__(
        self,
        script: Script | Step | str,
        *,
        faults: Sequence[Fault] = (),
        result: Any = None,
        behaviour: Behaviour | None = None,
        program_id: str = "sampler",
        params: Any = None,
        metrics: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        name: str = "",
        says: str = "",
        source: str = "",
    ) -> None:
        values = {
            "script": Script.of(script),
            "faults": tuple(faults),
            "result": result,
            "behaviour": behaviour or Behaviour(),
            "program_id": program_id,
            "params": params,
            "metrics": metrics,
            "tags": tuple(tags),
            "name": name,
            "says": says,
            "source": source,
        }
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)

    def __repr__(self) -> str:
        chosen = [
            f"{entry.name}={_shown(value)}"
            for entry in fields(self)[1:]
            if (value := getattr(self, entry.name)) != _PLAIN[entry.name]
        ]
        return f"Scenario({', '.join([repr(str(self.script)), *chosen])})"

    @classmethod
    def from_info(cls, info: str | Path | Mapping[str, Any], *, result: Any = None) -> Scenario:
        """The life of a real job, from the body of its GET job or a downloaded `job-<id>-info.json`.

        The times are those that the file has: how long the job took from its creation to its end.
        Raises `ResultError` for a file that is none.

        >>> Scenario.from_info({"state": {"status": "Failed", "reason": "R", "reason_code": 1500}}).script
        Script(failed('R', code=1500))
        """
        body = info if isinstance(info, Mapping) else _load(Path(info))
        try:
            life = payloads.read_job(body)
        except (KeyError, TypeError, ValueError) as error:
            raise ResultError(
                f"{info if isinstance(info, (str, Path)) else 'The info'!s:.200} is not the description "
                f"of a job: {type(error).__name__} {error}. It should be what GET job answers, with a state."
            ) from None
        return cls(
            Script(*life.steps),
            result=result,
            program_id=life.program_id,
            params=life.params,
            tags=life.tags,
        )


_PLAIN: Final = {
    "faults": (),
    "result": None,
    "behaviour": Behaviour(),
    "program_id": "sampler",
    "params": None,
    "metrics": None,
    "tags": (),
    "name": "",
    "says": "",
    "source": "",
}


def _shown(value: object) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise ResultError(
            f"The job file {path} cannot be read: {error.strerror or error}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ResultError(f"The job file {path} is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise ResultError(f"The job file {path} holds a {type(body).__name__}, not a job.")
    return body
