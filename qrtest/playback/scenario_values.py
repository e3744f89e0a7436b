"""What a job goes through, and what it answers: the values that recordings and scenarios share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qrtest.faults import Fault
from qrtest.lifecycle.script import Script
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.payload_template import JobRecord

__all__ = ["ScenarioValues"]


@dataclass(frozen=True)
class ScenarioValues:
    """One job: its *script* and *faults*, its facts, and how the service behaves.

    Times of *faults* are seconds since the job was created. *record* is what a recording holds of the
    job besides; None for a job that was not recorded.
    """

    script: Script
    faults: tuple[Fault, ...] = ()
    result: Any = None
    behaviour: Behaviour = USUAL
    program_id: str = "sampler"
    params: Any = None
    tags: tuple[str, ...] = ()
    record: JobRecord | None = None
