"""Where the result of a job comes from: it is given, fits what was submitted, or is computed from it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from qrtest.client.lasting_import import import_qiskit
from qrtest.clock.clocks import Clock
from qrtest.errors import NotComputedWarning
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import failed
from qrtest.scenario.scenario import Scenario
from qrtest.service import input_checks
from qrtest.service.error_codes import explanation
from qrtest.service.input_checks import PRIMITIVES, VALIDATION
from qrtest.service.job_facts import Submission
from qrtest.service.jobs import ResultMaker

__all__ = ["COMPUTED", "DEFAULT_PARAMS", "NOISY", "JobResults", "is_computed"]

COMPUTED: Final = "computed"
NOISY: Final = "noisy"
DEFAULT_PARAMS: Final = '{"pubs": [], "version": 2}'
"""The inputs of a job that is made without any: its default result is the small valid one."""

RepDelays = Callable[[str], tuple[float, float] | None]


class Backends(Protocol):
    """The descriptions of backends."""

    def describe(self, name: str, aspect: str) -> bytes | None:
        """Return the *aspect* of a backend as JSON; None for an unknown one."""


class JobResults:
    """Makes the results of the jobs of one service; *seed* draws what is drawn."""

    def __init__(self, backends: Backends, clock: Clock, *, epoch: float, seed: int) -> None:
        self._backends = backends
        self._clock = clock
        self._epoch = epoch
        self._seed = seed

    def of(
        self, scenario: Scenario, submission: Submission, *, number: int, rep_delays: RepDelays
    ) -> tuple[Script, str | ResultMaker | None]:
        """Return the script that the job follows and its result; *number* counts the jobs.

        *rep_delays* returns the range of repetition delays of a backend.
        The script is not the scenario's where the job fails because of what was submitted.
        """
        script, result = scenario.script, scenario.result
        failing = self._failing(scenario, submission, rep_delays)
        if failing is not None:
            return failing, None
        if is_computed(scenario):
            return self._computed(scenario, submission, number)
        if result is not None:
            return script, _encoded(result, submission.program_id)
        if not any(step.status == "DONE" for step in script):
            return script, None
        if submission.params == DEFAULT_PARAMS:
            return script, _encoded(None, submission.program_id)
        return script, self._fitted(submission, number)

    def _failing(
        self, scenario: Scenario, submission: Submission, rep_delays: RepDelays
    ) -> Script | None:
        """Return the script of a job that fails because of what was submitted; None for one that does not.

        A result that is given is that of any inputs that can be read or not: only their length is checked.
        """
        script, program_id = scenario.script, submission.program_id
        if program_id not in PRIMITIVES or script.end.status != "DONE":
            return None
        if submission.params == DEFAULT_PARAMS:
            return None
        from qrtest.client.circuit_checks import unfit
        from qrtest.client.circuit_limits import too_long

        params = _inputs(submission.params)
        problem = too_long(params)
        if problem is not None:
            return Script(failed(f"{explanation(VALIDATION).message} {problem}", code=VALIDATION))
        if scenario.result is not None and not is_computed(scenario):
            return None
        checked = input_checks.checked(script, program_id, params, rep_delays(submission.backend))
        if checked is not script:
            return checked
        found = unfit(program_id, params)
        if found is None:
            return None
        code, reason = found
        reason = f"{explanation(code).message} {reason}"
        return Script(*script.steps[:-1], failed(reason, code=code))

    def _fitted(self, submission: Submission, number: int) -> ResultMaker:
        """Return what makes the fitting result, once it is asked for; the small valid one if none fits."""
        program_id, params, backend = (
            submission.program_id,
            submission.params,
            submission.backend,
        )
        seed = f"{self._seed} {number}"

        def make(start: float, stop: float) -> str:
            import_qiskit()
            from qrtest.client.fitted_results import fitted
            from qrtest.client.result_format import NotFittingError, Span

            try:
                span = Span(start, stop)
                return fitted(program_id, params, seed=seed, span=span, backend=backend)
            except NotFittingError:
                return _encoded(None, program_id)

        return make

    def _computed(
        self, scenario: Scenario, submission: Submission, number: int
    ) -> tuple[Script, str | ResultMaker | None]:
        """Return the script and the computed result, or what the options say for a job without one."""
        script, behaviour = scenario.script, scenario.behaviour
        if script.end.status != "DONE":
            return script, None
        import_qiskit()
        from qrtest.client.computing_process import Computation
        from qrtest.client.local_primitives import NOT_COMPUTED, NotComputedError

        stop = self._epoch + self._clock.now() + (script.seconds or 0.0)
        start = stop - sum(step.seconds or 0.0 for step in script if step.status == "RUNNING")
        configuration = self._backends.describe(submission.backend, "configuration") or b"{}"
        properties = self._backends.describe(submission.backend, "properties")
        is_noisy = scenario.result == NOISY and properties is not None
        megabytes = behaviour.compute_megabytes
        computation = Computation(
            program_id=submission.program_id,
            params=submission.params,
            configuration=configuration.decode(),
            properties=properties.decode() if is_noisy and properties else None,
            seed=self._seed,
            start=start,
            stop=stop,
            seconds=behaviour.compute_seconds,
            memory_bytes=None if megabytes is None else megabytes << 20,
        )
        try:
            return script, computation.result()
        except NotComputedError as error:
            if error.code != NOT_COMPUTED or behaviour.not_computed == "fail":
                return Script(*script.steps[:-1], failed(error.reason, code=error.code)), None
            warnings.warn(
                f"{error.reason} The job gets a result that fits what was submitted, with drawn values; "
                "not_computed='fail' makes it fail instead.",
                NotComputedWarning,
                stacklevel=2,
            )
            return script, self._fitted(submission, number)


def is_computed(scenario: Scenario) -> bool:
    """Say whether the result is to be computed from what is submitted."""
    return isinstance(scenario.result, str) and scenario.result in (COMPUTED, NOISY)


def _inputs(params: str) -> Mapping[str, Any]:
    """Return the inputs of a job; none for a text that is no JSON object."""
    try:
        inputs = json.loads(params)
    except (ValueError, RecursionError):
        return {}
    return inputs if isinstance(inputs, dict) else {}


def _encoded(result: Any, program_id: str) -> str:
    import_qiskit()
    from qrtest.client.result_encoder import encoded

    return encoded(result, program_id)
