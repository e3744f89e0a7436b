"""What must hold of code that waits for jobs, and of whatever claims to be a job."""

from __future__ import annotations

from qrtest.properties.conformance import PROMISES, Promise, check_job
from qrtest.properties.consumer import check_consumer
from qrtest.properties.machine import JobMachine
from qrtest.properties.rules import RULES, Rule
from qrtest.properties.run import Bounds, Run

__all__ = [
    "PROMISES",
    "RULES",
    "Bounds",
    "JobMachine",
    "Promise",
    "Rule",
    "Run",
    "check_consumer",
    "check_job",
]
