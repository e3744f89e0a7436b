"""Scenarios as small YAML files that a person can read and edit: text to scenario and back.

    script: QUEUED 1m; DONE
    faults:
    - {fault: status, code: 503, operation: poll, times: 3}

Several jobs of one run are a list of such below `jobs`. A fault's `on` is called operation here, because YAML
reads a plain on as true. Yaml itself is at home in `qrtest.cassette.yaml_json`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from qrtest.advice import choices, page
from qrtest.cassette import yaml_json
from qrtest.clock import duration as durations
from qrtest.errors import CassetteError, QrtestError, ScenarioError
from qrtest.faults.fault import SECONDS, Fault, kind_named, kind_of, kinds
from qrtest.scenario.scenario import Scenario
from qrtest.service.behaviour import Behaviour
from qrtest.service.payload_template import JobRecord

__all__ = ["described", "file_name", "in_folder", "load", "load_jobs", "read", "save", "written"]

OPERATION: Final = "operation"
JOBS: Final = "jobs"
LONGEST_NAME: Final = 100
NOT_IN_A_NAME: Final = re.compile(r"[^\w.]+")
RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
"""Names of devices on Windows, whatever stands behind a dot after them."""

KEYS: Final = tuple(entry.name for entry in fields(Scenario))


def written(scenarios: Scenario | Sequence[Scenario]) -> str:
    """Return a scenario, or those of several jobs, as text.

    Raises `ScenarioError` for a result that is not text.

    >>> from qrtest import faults
    >>> print(written(Scenario("QUEUED 1m; DONE", faults=[faults.drop(on="poll")])), end="")
    script: QUEUED 1m; DONE
    faults:
    - {fault: drop, operation: poll}
    >>> print(written([Scenario("DONE"), Scenario("ERROR 1500")]), end="")
    jobs:
    - script: DONE
    - script: ERROR 1500
    """
    if isinstance(scenarios, Scenario):
        return yaml_json.yaml_text(_body(scenarios))
    return yaml_json.yaml_text({JOBS: [_body(each) for each in scenarios]})


def _body(scenario: Scenario) -> dict[str, Any]:
    if scenario.result is not None and not isinstance(scenario.result, str):
        raise ScenarioError(
            f"A scenario whose result is a {type(scenario.result).__name__} cannot be written: give "
            "the result as the text that the service sends."
        )
    plain = Scenario(scenario.script)
    body: dict[str, Any] = {"script": str(scenario.script)}
    for key in KEYS[1:]:
        value = getattr(scenario, key)
        if value != getattr(plain, key):
            body[key] = _plain(value)
    return body


def read(text: str, name: str) -> Scenario:
    """Return the scenario that *text* describes; *name* is the file, for messages.

    Raises `ScenarioError`, which says what is wrong, where, and what there is instead.

    >>> read("script: QUEUED 1m; DONE", "stuck.yaml")
    Scenario('QUEUED 1m; DONE')
    """
    return described(_parsed(text, name), name)


def _parsed(text: str, name: str) -> Any:
    try:
        return yaml_json.parsed(text, name)
    except CassetteError as error:
        raise ScenarioError(str(error)) from None


def described(body: Any, name: str) -> Scenario:
    """Return the scenario in *body*, the parsed content of the file *name*. Raises as `read`."""
    if isinstance(body, dict) and JOBS in body:
        raise ScenarioError(
            f"{name} has the scenarios of several jobs, and one is wanted: check_consumer(jobs=...) tries "
            "them together."
        )
    if not isinstance(body, dict) or "script" not in body:
        raise ScenarioError(f"{name}: a scenario needs a script, as 'script: QUEUED 1m; DONE'.")
    for key in body:
        if key not in KEYS:
            raise _unknown(key, KEYS, f"{name}: a scenario has no {key!r}")
    options = {key: value for key, value in body.items() if key != "script"}
    try:
        if "faults" in options:
            options["faults"] = [_fault(entry, name) for entry in _list(options["faults"], name)]
        if "behaviour" in options:
            options["behaviour"] = Behaviour.of(options["behaviour"])
        if "record" in options:
            options["record"] = JobRecord(**options["record"])
        return Scenario(body["script"], **options)
    except ScenarioError:
        raise
    except (QrtestError, TypeError) as error:
        raise ScenarioError(f"{name}: {error}") from None


def load(path: str | Path) -> Scenario:
    """Return the scenario in the file *path*. Raises as `read`, also if it cannot be opened."""
    return read(_text(path), str(path))


def load_jobs(path: str | Path) -> tuple[Scenario, ...]:
    """Return the scenarios of all jobs in the file *path*: one, or as many as it has. Raises as `load`."""
    name = str(path)
    body = _parsed(_text(path), name)
    if not isinstance(body, dict) or JOBS not in body:
        return (described(body, name),)
    entries = body[JOBS]
    if len(body) > 1 or not isinstance(entries, list) or not entries:
        raise ScenarioError(f"{name}: jobs is a list of scenarios, and stands alone.")
    return tuple(
        described(entry, f"{name}, job {number}") for number, entry in enumerate(entries, 1)
    )


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"The scenario {path} cannot be read: {error}.") from None


def save(scenarios: Scenario | Sequence[Scenario], path: str | Path) -> None:
    """Write a scenario, or those of several jobs, to the file *path*, with the folders that lead to it."""
    text = written(scenarios)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def file_name(consumer: str, rule: str) -> str:
    """Return the name of the file of what breaks a *rule* in a *consumer*; any file system takes it.

    >>> file_name("collect", "ends"), file_name("<lambda>", "ends"), file_name("Con.take", "ends")
    ('collect-ends.yaml', 'lambda-ends.yaml', '_Con.take-ends.yaml')
    """
    name = NOT_IN_A_NAME.sub("_", consumer).strip("_.")[:LONGEST_NAME] or "consumer"
    return f"{'_' if RESERVED.match(name) else ''}{name}-{rule}.yaml"


def in_folder(folder: str | Path, consumer: str, *, jobs: int = 1) -> list[tuple[Scenario, ...]]:
    """Return what the files of *consumer* in *folder* have for a run of so many *jobs*.

    A file with one scenario has it for each job; a file with the scenarios of another number of jobs is of
    another check of the consumer, and left out. None when there is no such folder.
    """
    found = map(load_jobs, sorted(Path(folder).glob(file_name(consumer, "*"))))
    return [each * jobs if len(each) == 1 else each for each in found if len(each) in (1, jobs)]


def _plain(value: Any) -> Any:
    if isinstance(value, Behaviour):
        return value.chosen()
    if isinstance(value, JobRecord):
        facts = {entry.name: getattr(value, entry.name) for entry in fields(value)}
        return {name: fact for name, fact in facts.items() if fact}
    if isinstance(value, tuple):
        return [_fault_body(entry) if isinstance(entry, Fault) else entry for entry in value]
    return value


def _fault_body(fault: Fault) -> Any:
    kind = kind_of(fault)
    body: dict[str, Any] = {"fault": kind.name}
    for entry in fields(fault):
        value = getattr(fault, entry.name)
        if value != entry.default:
            is_time = entry.name in SECONDS and value is not None
            body[OPERATION if entry.name == "on" else entry.name] = (
                durations.text(value) if is_time else value
            )
    first = [key for key in ("fault", kind.leading) if key in body]
    return yaml_json.Pairs((key, body[key]) for key in dict.fromkeys((*first, *body)))


def _fault(body: Any, name: str) -> Fault:
    if not isinstance(body, dict) or "fault" not in body:
        raise ScenarioError(
            f"{name}: {body!r} is no fault; write {{fault: drop, operation: poll}}."
        )
    kind = kind_named(body["fault"])
    if kind is None:
        known = tuple(each.name for each in kinds())
        raise _unknown(body["fault"], known, f"{name}: there is no fault {body['fault']!r}")
    options = {
        "on" if key in (OPERATION, True) else str(key): value
        for key, value in body.items()
        if key != "fault"
    }
    leading = [options.pop(kind.leading)] if kind.leading in options else []
    return kind.make(*leading, **options)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ScenarioError(f"{name}: faults is a list, one fault a line, each after '- '.")
    return value


def _unknown(word: Any, known: tuple[str, ...], what: str) -> ScenarioError:
    return ScenarioError(f"{what}. {choices(word, known, page('scripts'))}")
