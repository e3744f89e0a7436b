"""Code that qrtest prints runs where it is pasted: in an interpreter that has only the imports printed beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

import qrtest
from qrtest import Behaviour, Instance, JobRecord, Limits, Scenario, Script, running, scenarios
from qrtest import strategies as qst
from qrtest.code_repr import as_code, imports_for
from qrtest.errors import ConsumerBug
from qrtest.plugin import report
from tests import drawn_scripts

INTERPRETER = """
import json, sys
for line in sys.stdin:
    imports, code = json.loads(line)
    namespace = {"__name__": "pasted"}
    try:
        exec(imports, namespace)
        answer = repr(eval(code, namespace)) if code else ""
    except BaseException as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
"""
ROOT = Path(qrtest.__file__).parent.parent


class Interpreter:
    """Another process in which code is pasted, each time into an empty namespace."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def evaluate(self, code: str) -> str:
        """Return the repr of *code*, after the imports that are printed beside it; the error if it fails."""
        return self._ask("\n".join(imports_for(code)), code)

    def run(self, program: str) -> str:
        """Return "" if *program* runs, else the error."""
        return self._ask(program, "")

    def _ask(self, *parts: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(parts) + "\n")
        self._process.stdin.flush()
        answer: str = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Interpreter]:
    with subprocess.Popen(
        [sys.executable, "-c", INTERPRETER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Interpreter(process)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
BEHAVIOURS = st.builds(
    Behaviour,
    cancel_lag=st.floats(0, 60),
    reason_code=st.sampled_from(["number", "text", "alone"]),
    interim_before_any=st.text(),
    offline=st.sampled_from(["queue", "refuse"]),
    cost=st.integers(0, 10**6),
)
RECORDS = st.builds(
    JobRecord,
    job=st.dictionaries(st.text(), JSON),
    metrics=st.none() | st.dictionaries(st.text(), JSON),
    logs=st.none() | st.text(),
    ran=st.floats(0, 1e6),
)
BELL = PrimitiveResult(
    [SamplerPubResult(DataBin(meas=BitArray(np.zeros((4, 1), dtype=np.uint8), 2)))], {"version": 2}
)
SCENARIOS = st.builds(
    Scenario,
    drawn_scripts.scripts(),
    faults=st.lists(drawn_scripts.FAULTS, max_size=2),
    result=st.none() | st.text() | st.binary() | JSON | st.just(BELL) | st.just(Path("result.txt")),
    behaviour=BEHAVIOURS,
    params=JSON | st.just({"theta": np.array([0.5])}),
    metrics=st.none() | st.dictionaries(st.text(), JSON),
    tags=st.lists(st.text()),
    record=st.none() | RECORDS,
    name=st.text(),
)
VALUES = st.one_of(
    drawn_scripts.scripts(),
    drawn_scripts.FAULTS,
    qst.fault_plans(),
    qst.poll_plans(),
    qst.scenarios(),
    qst.scripts(),
    st.builds(running, st.just("5s"), interim=st.lists(JSON, max_size=2)),
    BEHAVIOURS,
    RECORDS,
    SCENARIOS,
    st.builds(Limits, tags=st.none() | st.integers(0)),
    st.builds(Instance, name=st.text(min_size=1), usage_consumed=st.floats(0)),
)


@given(value=VALUES)
def test_a_value_prints_as_code_that_makes_it(elsewhere: Interpreter, value: Any) -> None:
    """Its repr, with the imports for it, gives a value that prints alike."""
    code = as_code(value)
    assert elsewhere.evaluate(code) == as_code(value)


@pytest.mark.parametrize("name", scenarios)
def test_a_scenario_of_the_catalogue_prints_as_code(elsewhere: Interpreter, name: str) -> None:
    """Every one of them."""
    code = repr(scenarios[name])
    assert elsewhere.evaluate(code) == code


@pytest.mark.parametrize("cassette", ["cancelled", "failed-1500", "sampler"])
def test_a_recorded_scenario_prints_as_code(elsewhere: Interpreter, cassette: str) -> None:
    """With the name of its recording, and whatever was changed in it."""
    path = f"cassettes/{cassette}.yaml"
    for scenario in (
        Scenario.from_cassette(path),
        Scenario.from_cassette(path).but(ends="CANCELLED", queue="6h", result='"x"'),
        Scenario.from_cassette(path).but(result=BELL),
    ):
        assert elsewhere.evaluate(repr(scenario)) == repr(scenario)


@example(drawn=[Scenario("DONE", behaviour=Behaviour(interim_before_any="token"), params=100002)])
@example(drawn=[Scenario("DONE", params=4111111111111111)])
@example(drawn=[Scenario("DONE", metrics={"PW": number}) for number in (-1000, 1234.5, -2e30)])
@given(drawn=st.lists(SCENARIOS | qst.scenarios(), max_size=4))
def test_the_report_of_a_failed_test_prints_a_program_that_runs(
    elsewhere: Interpreter, drawn: list[Scenario]
) -> None:
    """What stands below the command to repeat the test."""
    submitted = [("next_job", scenario) for scenario in drawn]
    printed = report.reproduction(
        "simulate", {"seed": 3, "latency": "1s"}, submitted, test="test_it.py"
    )
    program = printed.partition("\n\n")[2]
    assert elsewhere.run(program) == ""


def local() -> Callable[[Any], Any]:
    def consumer(job: Any) -> Any:
        return job.result()

    return consumer


@pytest.mark.parametrize(
    "consumer",
    [local(), partial(local()), lambda job: job.result()],
    ids=["local", "partial", "lambda"],
)
def test_the_report_of_check_consumer_prints_a_program_that_runs(
    elsewhere: Interpreter, consumer: Callable[[Any], Any]
) -> None:
    """For a consumer that cannot be imported, too: where it stands is said, and what to fill in."""
    with pytest.raises(ConsumerBug) as caught:
        qrtest.check_consumer(consumer, max_examples=5, save_failures=False)
    pasted = str(caught.value).partition("To paste into a test:")[2]
    assert "check_consumer" in pasted
    assert elsewhere.run(textwrap.dedent(pasted)) == ""


def test_what_is_missing_is_noticed(elsewhere: Interpreter) -> None:
    """The other process has nothing but what is imported in it."""
    assert elsewhere.run("Script()").startswith("NameError")
    assert elsewhere.evaluate(repr(Script(running()))) == "Script(running())"
