"""What must hold of code that waits for jobs, and of anything that claims to be a job."""

from __future__ import annotations

from qrtest.extras import needed

with needed("hypothesis"):
    from qrtest.properties.consumer import check_consumer
    from qrtest.properties.consumer_rules import RULES, Rule
    from qrtest.properties.consumer_run import Bounds, Run
    from qrtest.properties.consumer_search import Search
    from qrtest.properties.job_machine import JobMachine
    from qrtest.properties.job_promises import PROMISES, check_job
    from qrtest.properties.known_defects import KNOWN_DEFECTS
    from qrtest.properties.promise import Promise
    from qrtest.properties.service_promises import SERVICE_PROMISES, check_service

__all__ = [
    "KNOWN_DEFECTS",
    "PROMISES",
    "RULES",
    "SERVICE_PROMISES",
    "Bounds",
    "JobMachine",
    "Promise",
    "Rule",
    "Run",
    "Search",
    "check_consumer",
    "check_job",
    "check_service",
]
