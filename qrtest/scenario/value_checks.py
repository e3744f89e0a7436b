"""Checks of the values of a scenario: a wrong type is one clear error where the scenario is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qrtest.errors import QrtestError, ScenarioError
from qrtest.faults import Fault
from qrtest.service.behaviour import Behaviour
from qrtest.service.payload_template import JobRecord

__all__ = ["check_facts", "faults_of", "tags_of"]


def faults_of(faults: Any, error: type[QrtestError] = ScenarioError) -> tuple[Fault, ...]:
    """Return *faults* as a tuple. Raises an *error* for what is no list of faults.

    >>> faults_of("drop")
    Traceback (most recent call last):
        ...
    qrtest.errors.ScenarioError: faults='drop': give a list, as faults=[faults.drop()].
    """
    if faults == ():
        return ()
    if isinstance(faults, Fault):
        raise error(f"faults={faults!r} is a single fault: write faults=[{faults!r}].")
    if isinstance(faults, str | bytes) or not isinstance(faults, Iterable):
        raise error(f"faults={faults!r}: give a list, as faults=[faults.drop()].")
    given = tuple(faults)
    for fault in given:
        if not isinstance(fault, Fault):
            raise error(f"faults={faults!r}: {fault!r} is no fault; write faults=[faults.drop()].")
    return given


def tags_of(tags: Any, error: type[QrtestError] = ScenarioError) -> tuple[str, ...]:
    """Return *tags* as a tuple. Raises an *error* for what is no list of texts.

    >>> tags_of("mine")
    Traceback (most recent call last):
        ...
    qrtest.errors.ScenarioError: tags='mine': give a list of texts, as tags=['mine'].
    """
    if tags == ():
        return ()
    is_several = isinstance(tags, Iterable) and not isinstance(tags, str | bytes)
    given = tuple(tags) if is_several else ()
    if not is_several or not all(isinstance(tag, str) for tag in given):
        raise error(f"tags={tags!r:.200}: give a list of texts, as tags=['mine'].")
    return given


def check_facts(program_id: Any, behaviour: Any, metrics: Any, record: Any) -> None:
    """Raise `ScenarioError` for a value of a scenario that has a wrong type; None is none."""
    if not isinstance(program_id, str):
        raise ScenarioError(f"program_id={program_id!r:.200}: give a text, as 'sampler'.")
    if behaviour is not None and not isinstance(behaviour, Behaviour):
        raise ScenarioError(f"behaviour={behaviour!r:.200}: give a qrtest.Behaviour.")
    if metrics is not None and not isinstance(metrics, Mapping):
        raise ScenarioError(f"metrics={metrics!r:.200}: give a mapping, as GET metrics answers.")
    if record is not None and not isinstance(record, JobRecord):
        raise ScenarioError(f"record={record!r:.200}: give a qrtest.JobRecord.")
