"""Record-replay testing for software that runs jobs on IBM Quantum.

Everything here is imported when it is first used: importing qrtest imports neither qiskit, hypothesis,
vcr, responses nor yaml.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = (
    False  # what type checkers take for true: typing would take ten times as long to import
)
if TYPE_CHECKING:
    from typing import Any

    from qrtest import errors, faults, properties, strategies
    from qrtest.client.connect import connect
    from qrtest.client.job_doubles import RuntimeJobV2
    from qrtest.clock.clocks import VirtualClock, WallClock
    from qrtest.clock.schedule import Schedule
    from qrtest.errors import NeverEnds, QrtestError
    from qrtest.harness.drift import check_drift
    from qrtest.harness.notebook import load_ipython_extension, unload_ipython_extension
    from qrtest.harness.proxy import Proxy, proxy
    from qrtest.harness.record import Recording, record
    from qrtest.harness.replay import Replay, replay
    from qrtest.harness.serve import Server, serve
    from qrtest.harness.simulate import Simulation, simulate
    from qrtest.lifecycle.script import Script
    from qrtest.lifecycle.step import (
        Step,
        cancelled,
        done,
        failed,
        queued,
        ran_too_long,
        running,
        unknown,
    )
    from qrtest.plugin.project import Project
    from qrtest.properties import JobMachine, check_consumer, check_job, check_service
    from qrtest.scenario.catalogue import scenarios
    from qrtest.scenario.scenario import Scenario
    from qrtest.service.behaviour import Behaviour
    from qrtest.service.instances import Instance
    from qrtest.service.limits import Limits
    from qrtest.service.payload_template import JobRecord
    from qrtest.strategies.poll_plan import Ask, PollPlan
    from qrtest.timeline.sources import timeline_of

__all__ = [
    "Ask",
    "Behaviour",
    "Instance",
    "JobMachine",
    "JobRecord",
    "Limits",
    "NeverEnds",
    "PollPlan",
    "Project",
    "Proxy",
    "QrtestError",
    "Recording",
    "Replay",
    "RuntimeJobV2",
    "Scenario",
    "Schedule",
    "Script",
    "Server",
    "Simulation",
    "Step",
    "VirtualClock",
    "WallClock",
    "cancelled",
    "check_consumer",
    "check_drift",
    "check_job",
    "check_service",
    "connect",
    "done",
    "errors",
    "failed",
    "faults",
    "load_ipython_extension",
    "properties",
    "proxy",
    "queued",
    "ran_too_long",
    "record",
    "replay",
    "running",
    "scenarios",
    "serve",
    "simulate",
    "strategies",
    "timeline_of",
    "unknown",
    "unload_ipython_extension",
]

_HOME = {
    "Ask": "qrtest.strategies.poll_plan",
    "Behaviour": "qrtest.service.behaviour",
    "Instance": "qrtest.service.instances",
    "JobMachine": "qrtest.properties",
    "JobRecord": "qrtest.service.payload_template",
    "Limits": "qrtest.service.limits",
    "NeverEnds": "qrtest.errors",
    "PollPlan": "qrtest.strategies.poll_plan",
    "Project": "qrtest.plugin.project",
    "QrtestError": "qrtest.errors",
    "Recording": "qrtest.harness.record",
    "Proxy": "qrtest.harness.proxy",
    "Replay": "qrtest.harness.replay",
    "RuntimeJobV2": "qrtest.client.job_doubles",
    "Scenario": "qrtest.scenario.scenario",
    "Script": "qrtest.lifecycle.script",
    "Server": "qrtest.harness.serve",
    "Simulation": "qrtest.harness.simulate",
    "Step": "qrtest.lifecycle.step",
    "Schedule": "qrtest.clock.schedule",
    "VirtualClock": "qrtest.clock.clocks",
    "WallClock": "qrtest.clock.clocks",
    "cancelled": "qrtest.lifecycle.step",
    "check_consumer": "qrtest.properties",
    "check_drift": "qrtest.harness.drift",
    "check_job": "qrtest.properties",
    "check_service": "qrtest.properties",
    "connect": "qrtest.client.connect",
    "done": "qrtest.lifecycle.step",
    "failed": "qrtest.lifecycle.step",
    "load_ipython_extension": "qrtest.harness.notebook",
    "queued": "qrtest.lifecycle.step",
    "ran_too_long": "qrtest.lifecycle.step",
    "record": "qrtest.harness.record",
    "proxy": "qrtest.harness.proxy",
    "replay": "qrtest.harness.replay",
    "running": "qrtest.lifecycle.step",
    "scenarios": "qrtest.scenario.catalogue",
    "serve": "qrtest.harness.serve",
    "simulate": "qrtest.harness.simulate",
    "timeline_of": "qrtest.timeline.sources",
    "unknown": "qrtest.lifecycle.step",
    "unload_ipython_extension": "qrtest.harness.notebook",
}
_MODULES = ("errors", "faults", "properties", "strategies")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("qrtest")
    if name in _MODULES:
        return import_module(f"qrtest.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'qrtest' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
