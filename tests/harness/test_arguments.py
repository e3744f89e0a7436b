"""Arguments of a wrong type: a clear error at once, before anything is recorded, replayed or simulated."""

from __future__ import annotations

import re
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit_ibm_runtime import SamplerV2

import qrtest
from qrtest.cassette.model import Cassette
from qrtest.errors import (
    CassetteError,
    RecordingError,
    RecordingWarning,
    ResultError,
    SimulationError,
)

WRONG_OF_ALL: list[dict[str, Any]] = [{"ignore": [5]}, {"ignore": 5}, {"ignore": "trace_id"}]


@pytest.mark.parametrize(
    "options",
    [
        *({"test": None}, {"key": 5}, {"rules": 5}, *WRONG_OF_ALL),
        {"keep_on_error": "x"},
        *({"filter_headers": 5}, {"before_record_request": 5}),
    ],
)
def test_record_refuses_an_option_of_a_wrong_type(tmp_path: Path, options: dict[str, Any]) -> None:
    """And makes no file."""
    with pytest.raises(RecordingError):
        with qrtest.record(tmp_path / "x.yaml", **options):
            pass
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [{"most_requests": "many"}, {"most_requests": 0}, {"most_requests": True}, *WRONG_OF_ALL],
)
def test_replay_refuses_an_option_of_a_wrong_type(options: dict[str, Any]) -> None:
    """Before it plays anything."""
    with pytest.raises(SimulationError, match=next(iter(options))):
        qrtest.replay(Cassette(), **options)


@pytest.mark.parametrize(
    "options",
    [
        *({"faults": 5}, {"faults": [5]}, {"faults": "drop"}, {"instances": 5}, {"instances": [5]}),
        *({"backends": 5}, {"backends": [5]}, {"backends": "ibm_torino"}, {"limits": 5}),
        *({"seed": "x"}, {"seed": None}, {"most_requests": 1.5}, {"backends": ["ibm_nowhere"]}),
    ],
)
def test_simulate_refuses_an_option_of_a_wrong_type(options: dict[str, Any]) -> None:
    """When it is called, and not when the option is first used."""
    with pytest.raises(SimulationError):
        with qrtest.simulate(**options):
            pass


@pytest.mark.parametrize("path", [None, 5, b"x.yaml", ["x.yaml"]])
def test_what_is_no_path_is_no_cassette(path: Any) -> None:
    """Of a recording and of a replay."""
    for maker in (qrtest.record, qrtest.replay):
        with pytest.raises(CassetteError, match="is no path of a cassette"):
            maker(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("result", {"data": [1]}),
        ("script", "QUEUED 5s; DONE"),
        ("tags", ["mine"]),
        ("program_id", "estimator"),
    ],
)
def test_an_option_of_a_job_given_to_simulate_says_where_it_belongs(name: str, value: Any) -> None:
    """With calls that can be copied, for a job double and for a job that is submitted."""
    with pytest.raises(SimulationError) as found:
        qrtest.simulate(**{name: value})
    message = str(found.value)
    assert f"simulate({name}=...): {name} is an option of a job" in message
    calls = re.findall(r"sim\.(?:next_)?job\(.*?\)(?=,|;| for)", message)
    assert len(calls) == (2 if name in ("result", "script") else 1)
    with qrtest.simulate() as sim:
        for call in calls:
            eval(call, {"sim": sim})


@pytest.mark.parametrize("transport", ["direct", "in-process", "sockets"])
@pytest.mark.parametrize("is_outside", [False, True])
def test_a_recording_of_a_simulation_needs_sockets(
    tmp_path: Path, transport: Any, is_outside: bool
) -> None:
    """Elsewhere a warning says so, whichever of the two is entered first."""
    contexts = [qrtest.simulate(transport=transport), qrtest.record(tmp_path / "x.yaml")]
    warned = nullcontext() if transport == "sockets" else pytest.warns(RecordingWarning)
    with warned as seen, ExitStack() as stack:
        for context in contexts[:: -1 if is_outside else 1]:
            stack.enter_context(context)
        contexts[0].job("QUEUED 5s; DONE").wait_for_final_state()  # type: ignore[union-attr]
    is_recorded = (
        bool(qrtest.Scenario.all_from_cassette(tmp_path / "x.yaml")) if seen is None else False
    )
    assert is_recorded is (transport == "sockets")
    assert seen is None or 'transport="sockets"' in str(seen[0].message)


@pytest.mark.parametrize("result", [{"00": 5}, {"0 1": 5, "1 1": 3}])
@pytest.mark.parametrize("program_id", ["sampler", "estimator"])
def test_counts_are_no_result_of_a_primitive(result: dict[str, int], program_id: str) -> None:
    """They end where they are given, not in a KeyError of `job.result()[0]`."""
    with qrtest.simulate() as sim, pytest.raises(ResultError, match="are counts.*PrimitiveResult"):
        sim.job("DONE", result=result, program_id=program_id)


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_counts_are_no_result_of_a_submitted_job() -> None:
    """The error is that of the submission, where the program is known."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with qrtest.simulate() as sim:
        sim.next_job(result={"0": 5})
        sampler = SamplerV2(sim.service().backend("ibm_torino"))
        with pytest.raises(ResultError, match="are counts"):
            sampler.run([circuit])


def test_what_the_error_of_counts_says_to_write_works() -> None:
    """With the same counts."""
    names = [PrimitiveResult, SamplerPubResult, DataBin, BitArray]
    with qrtest.simulate() as sim:
        with pytest.raises(ResultError) as found:
            sim.job("DONE", result={"00": 5})
        code = str(found.value).partition("write result=")[2].partition(" with ")[0]
        known = {kind.__name__: kind for kind in names}
        job = sim.job("DONE", result=eval(code.replace("counts,", "{'00': 5},"), known))
        assert job.result()[0].data.meas.get_counts() == {"00": 5}


@pytest.mark.parametrize("result", [{}, {"00": 0.5}, {"a": 1}, {"00": True}, [{"00": 5}]])
def test_other_values_are_results(result: object) -> None:
    """As the service would send them; so are counts of other programs."""
    with qrtest.simulate() as sim:
        assert sim.job("DONE", result=result).result() == result
        assert sim.job("DONE", result={"00": 5}, program_id="mine").result() == {"00": 5}
