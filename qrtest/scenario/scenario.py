"""A scenario: a script, the faults, the result, and how the service behaves. One value to pass on.

It is read from a recording, changed, and written as a recording.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from qrtest.advice import choices
from qrtest.clock.duration import Duration
from qrtest.code_repr import AsCode, as_code
from qrtest.errors import ResultError, ScenarioError, ScriptError
from qrtest.faults import Fault
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step, queued, running
from qrtest.playback.scenario_values import ScenarioValues
from qrtest.scenario.value_checks import check_facts, faults_of, tags_of
from qrtest.service import parse
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.payload_template import JobRecord

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette
    from qrtest.playback.recorded_jobs import RecordedJob

__all__ = ["Scenario"]


@dataclass(frozen=True, init=False)
class Scenario(ScenarioValues, AsCode):
    """What one job goes through: script, faults, result, facts, and the service's behaviour.

    *result* is whatever `Simulation.job` takes as a result; None is one that fits. *metrics* are
    answered whatever the script; those of a *record*, the facts that a recording holds of a job, follow
    the script. *name*, *says* and *source* describe a scenario of the catalogue.

    Raises `ScriptError` for a script that cannot be read, `ScenarioError` for faults, tags or facts of a
    wrong type.

    >>> Scenario("QUEUED 2h; DONE").script
    Script(queued('2h'), done())
    >>> Scenario("DONE", tags=["mine"])
    Scenario('DONE', tags=['mine'])
    """

    metrics: Mapping[str, Any] | None = None
    name: str = ""
    says: str = ""
    source: str = ""
    _code: ClassVar[str] = ""

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
        record: JobRecord | None = None,
        name: str = "",
        says: str = "",
        source: str = "",
    ) -> None:
        check_facts(program_id, behaviour, metrics, record)
        vars(self).update(
            script=Script.of(script),
            faults=faults_of(faults),
            result=result,
            behaviour=behaviour or USUAL,
            program_id=program_id,
            params=params,
            metrics=metrics,
            tags=tags_of(tags),
            record=record,
            name=name,
            says=says,
            source=source,
        )

    def __repr__(self) -> str:
        if self._code:
            return self._code
        chosen = [
            f"{entry.name}={_shown(entry.name, value)}"
            for entry in fields(self)[1:]
            if (value := getattr(self, entry.name)) != _PLAIN[entry.name]
        ]
        return f"Scenario({', '.join([repr(str(self.script)), *chosen])})"

    @classmethod
    def from_info(cls, info: str | Path | Mapping[str, Any], *, result: Any = None) -> Scenario:
        """Return the scenario of a real job, from its GET job or a downloaded `job-<id>-info.json`.

        The times are those that the file has: how long the job took from its creation to its end.
        Raises `ResultError` for a file that is none.

        >>> Scenario.from_info({"state": {"status": "Failed", "reason": "R", "reason_code": 1500}}).script
        Script(failed('R', code=1500))
        """
        if not isinstance(info, str | os.PathLike | Mapping):
            raise ResultError(
                f"{info!r:.200} is no description of a job: give what GET job answers, or the path of a file "
                "with it."
            )
        body = info if isinstance(info, Mapping) else _load(Path(info))
        try:
            job = parse.read_job(body)
        except parse.UNREADABLE as error:
            raise ResultError(
                f"{info if isinstance(info, (str, Path)) else 'The info'!s:.200} is not the description "
                f"of a job: {type(error).__name__} {error}. It should be what GET job answers, with a state."
            ) from None
        return cls(
            Script(*job.steps),
            result=result,
            program_id=job.program_id,
            params=job.params,
            tags=job.tags,
        )

    @classmethod
    def from_cassette(
        cls, cassette: str | os.PathLike[str] | Cassette, job_id: str | None = None
    ) -> Scenario:
        """Return the scenario of a recorded job; *job_id* can be left out for the only one.

        *cassette*: a file of qrtest's, vcrpy's or pytest-recording's. The times are those of the
        service's own timestamps (GET metrics) where these fit what was recorded; else a change is
        dated when it was first seen. Errors become faults, from the first answer with one to the next
        without. Raises `CassetteError` for a file that cannot be read, `ScenarioError` for what is
        no cassette and when there is no such job, or more than one to choose from.

        >>> Scenario.from_cassette("cassettes/cancelled.yaml").script.end
        cancelled()
        """
        name, known = _jobs(cassette)
        if job_id is None and len(known) == 1:
            [job_id] = known
        if not isinstance(job_id, str) or job_id not in known:
            problem = "has not exactly one job" if job_id is None else f"has no job {job_id!r}"
            raise ScenarioError(
                f"{name} {problem}. {choices(job_id or '', known, f'qrtest show {name}')} Say which: "
                "Scenario.from_cassette(path, job_id), or take all of them: Scenario.all_from_cassette(path)."
            )
        scenario = cls.of_job(known[job_id])
        if isinstance(cassette, str | os.PathLike):
            which = repr(os.fspath(cassette)) + (f", {job_id!r}" if len(known) > 1 else "")
            return scenario._written_as(f"Scenario.from_cassette({which})")
        return scenario

    @classmethod
    def all_from_cassette(cls, cassette: str | os.PathLike[str] | Cassette) -> dict[str, Scenario]:
        """Return the scenarios of all recorded jobs by their ids, as `from_cassette`.

        >>> list(Scenario.all_from_cassette("cassettes/cancelled.yaml"))
        ['cw2q9ssd3wd0008fh7p0']
        """
        return {job_id: cls.of_job(job) for job_id, job in _jobs(cassette)[1].items()}

    @classmethod
    def of_job(cls, job: RecordedJob) -> Scenario:
        """Return the scenario of a recorded *job*."""
        return cls(
            **{each.name: getattr(job.scenario, each.name) for each in fields(ScenarioValues)}
        )

    def but(
        self,
        *,
        script: Script | Step | str | None = None,
        ends: Step | str | None = None,
        queue: Duration | None = None,
        run: Duration | None = None,
        faults: Sequence[Fault] | None = None,
        result: Any = None,
        counts: Any = None,
        evs: Any = None,
        tags: Sequence[str] | None = None,
    ) -> Scenario:
        """Return this scenario with another script, or another result, and the same facts.

        *script*: a whole other script. *ends*: how it ends, a step or its text; one that is not final
        lasts for ever. *queue*, *run*: how long it waits and runs. *faults*, *result*, *tags*: instead of
        what there is. Facts that no longer fit go: the result with the end that it belongs to, the logs
        of a job that never ran. Timestamps and usage follow the script.

        *counts*: other counts in the recorded result of a sampler or executor: `{"00": 9}`, by register, as
        `{"meas": {"00": 9}}`, or a list of these for several pubs; for a pub with a shape one mapping for
        all its places, or a list by place. *evs*: other values in that of an estimator, broadcast to the
        recorded shape; a list for several pubs. All else stays as recorded.

        Raises `ScriptError` for a script that no job can have, `ResultError` for counts or values that do
        not fit the result.

        >>> from qrtest import failed
        >>> Scenario("QUEUED 5s; RUNNING 2s; DONE").but(ends=failed(code=1305), queue="6h")
        Scenario('QUEUED 6h; RUNNING 2s; ERROR 1305')
        """
        steps = list((self.script if script is None else Script.of(script)).steps)
        if ends is not None:
            steps = _ending_in(steps, ends)
        for length, make in ((run, running), (queue, queued)):
            if length is not None:
                steps = _lasting(steps, make(length))
        is_legal = self.script.legal if script is None else Script.of(script).legal
        changed_script = Script(*steps, legal=is_legal)
        ends_as_before = changed_script.end.status == self.script.end.status
        never_ran = not any(step.status in ("RUNNING", "DONE") for step in changed_script)
        record = self.record
        if record is not None and never_ran:
            record = replace(record, logs=None)
        given: dict[str, Any] = {"faults": faults, "result": result, "counts": counts}
        given |= {"evs": evs.tolist() if hasattr(evs, "tolist") else evs, "tags": tags}
        if result is None and ends_as_before:
            result = self.result
        changed = replace(
            self,
            script=changed_script,
            faults=self.faults if faults is None else faults_of(faults),
            result=_changed_result(result, counts, evs),
            tags=self.tags if tags is None else tags_of(tags),
            record=record,
        )
        if not self._code:
            return changed
        code = str(changed_script) if changed_script != self.script else None
        shown = [
            f"{name}={_shown(name, value)}"
            for name, value in {"script": code, **given}.items()
            if value is not None
        ]
        return changed._written_as(f"{self._code}.but({', '.join(shown)})" if shown else self._code)

    def _written_as(self, code: str) -> Self:
        """Return the same scenario, printed as *code*: a recording is named, not written out."""
        object.__setattr__(self, "_code", code)
        return self

    def to_cassette(self, path: str | os.PathLike[str] | None = None) -> Cassette:
        """Return a recording of this scenario as a client would make it; write it to *path* if there is one.

        The cassette is marked as scripted. Reading it gives this scenario again, with the facts
        that the service adds. Raises `ScenarioError` for what no recording can hold, as a fault on
        every third poll, `SecretFound` for a secret in it.

        >>> len(Scenario("QUEUED 1h; RUNNING 30s; DONE").to_cassette())
        4
        """
        from qrtest.playback.rescript import recording_of
        from qrtest.scenario.as_recording import recorded_job_of, save_sanitized

        return save_sanitized(recording_of(recorded_job_of(self)), path)


def _jobs(
    cassette: str | os.PathLike[str] | Cassette,
) -> tuple[str, dict[str, RecordedJob]]:
    from qrtest.playback.recorded_jobs import jobs_in

    if isinstance(cassette, str | os.PathLike):
        from qrtest.cassette import store

        return os.fspath(cassette), jobs_in(store.load(cassette))
    from qrtest.cassette.model import Cassette

    if not isinstance(cassette, Cassette):
        raise ScenarioError(
            f"{cassette!r:.200} is no cassette: give one, or its path, as 'cassettes/bell.yaml'."
        )
    return "The cassette", jobs_in(cassette)


def _ending_in(steps: list[Step], ends: Step | str) -> list[Step]:
    """*steps* that end in *ends*; what comes before stays."""
    wanted = Script.of(ends)
    if len(wanted) != 1:
        raise ScriptError(f"ends={ends!r} is a whole script: write script={str(wanted)!r}.")
    [end] = wanted
    if end.is_final:
        return [*(step for step in steps if not step.is_final), end]
    kept = []
    for step in steps:
        if step.is_final or end.status in (step.status, "QUEUED"):
            break
        kept.append(step)
    return [*kept, end]


def _lasting(steps: list[Step], wanted: Step) -> list[Step]:
    """*steps* in which the one of that status lasts as long as *wanted*, which it gets if it has none."""
    for number, step in enumerate(steps):
        if step.status == wanted.status:
            return [*steps[:number], replace(step, seconds=wanted.seconds), *steps[number + 1 :]]
    at = 0 if wanted.status == "QUEUED" else max(len(steps) - 1, 0)
    return [*steps[:at], wanted, *steps[at:]]


_PLAIN: Final = {
    "faults": (),
    "result": None,
    "behaviour": USUAL,
    "program_id": "sampler",
    "params": None,
    "metrics": None,
    "tags": (),
    "record": None,
    "name": "",
    "says": "",
    "source": "",
}


def _changed_result(result: Any, counts: Any, evs: Any) -> Any:
    """Return *result* with other *counts* or *evs*, if they are given."""
    if counts is None and evs is None:
        return result
    if result is None:
        raise ResultError("There is no result whose counts or evs could be changed: give result=.")
    from qrtest.client.changed_results import with_counts, with_evs
    from qrtest.client.result_encoder import encoded

    text = encoded(result, "sampler")
    text = text if counts is None else with_counts(text, counts)
    return text if evs is None else with_evs(text, evs)


def _shown(name: str, value: object) -> str:
    """Return *value* as code; a result or params that are no plain values, as the text that is sent."""
    if name in ("result", "params") and not _is_plain(value):
        from qrtest.client.result_encoder import encoded

        value = encoded(value, name)
    return as_code(list(value) if isinstance(value, tuple) else value)


def _is_plain(value: object) -> bool:
    """Return whether *value* consists of what JSON knows, or is bytes or a path."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str, bytes) or _is_path(value)


def _is_path(value: object) -> bool:
    return isinstance(value, os.PathLike)


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
