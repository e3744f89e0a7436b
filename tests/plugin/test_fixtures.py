"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STRICT = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"


@pytest.fixture
def strict(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that allows no unknown marker, option or warning."""
    pytester.makeini(STRICT)
    return pytester


def test_the_fixtures_give_doubles_and_their_time(strict: pytest.Pytester) -> None:
    """A job, a service, a simulation and its clock, which belong together."""
    strict.makepyfile(
        """
        import time
        from qiskit_ibm_runtime import QiskitRuntimeService, RuntimeJobV2

        def test_job(runtime_job, virtual_clock):
            job = runtime_job("QUEUED 2h; RUNNING 30s; DONE")
            assert isinstance(job, RuntimeJobV2)
            job.wait_for_final_state()
            assert 7230 <= virtual_clock.now() < 7231

        def test_service(runtime_service, runtime_job):
            assert isinstance(runtime_service, QiskitRuntimeService)
            job = runtime_job("DONE")
            assert runtime_service.job(job.job_id()).status() == "DONE"

        def test_simulation(runtime_simulation, runtime_job, virtual_clock):
            runtime_job().status()
            assert runtime_simulation.journal.count() == 1
            assert runtime_simulation.clock is virtual_clock
            time.sleep(3600)
            assert virtual_clock.now() > 3600
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_marker_chooses_the_script(strict: pytest.Pytester) -> None:
    """Its script or scenario, faults, transport and options; nearer markers win."""
    strict.makepyfile(
        """
        import pytest
        from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError
        from qrtest import Scenario, Script, done, failed, faults, queued

        pytestmark = pytest.mark.qrtest(transport="requests")

        @pytest.mark.qrtest(script="RUNNING 1m; ERROR 1305")
        def test_script(runtime_job, runtime_simulation):
            assert runtime_simulation.transport == "requests"
            job = runtime_job()
            with pytest.raises(Exception, match="1305"):
                job.result()

        @pytest.mark.qrtest(script=Script(queued("2h"), done()), transport="direct")
        def test_nearer(runtime_job, runtime_simulation):
            assert runtime_simulation.transport == "direct"
            assert runtime_job().status() == "QUEUED"
            assert runtime_job("DONE").status() == "DONE"

        @pytest.mark.qrtest(scenario=Scenario(failed("Why.", 1500), faults=[faults.drop()]))
        def test_scenario(runtime_job):
            with pytest.raises(RuntimeJobFailureError, match="Why."):
                runtime_job().result()

        @pytest.mark.qrtest(faults=[faults.status(403, on="logs")], latency="2s", script="DONE")
        def test_options(runtime_job, virtual_clock):
            with pytest.raises(Exception, match="Failed to get job logs"):
                runtime_job().logs()
            assert virtual_clock.now() == 4
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "'DONE'",
            "*the marker qrtest takes names only: write @pytest.mark.qrtest(script='DONE')*",
        ),
        ("scirpt='DONE'", "*the marker qrtest: there is no 'scirpt'*Did you mean 'script'*"),
        ("script='DONE', scenario='x'", "*has a script and a scenario*give one of the two*"),
        ("script='DONNE'", "*Write it like this: DONE*"),
        (
            "transport='pigeon'",
            "*transport of the marker = 'pigeon': there are direct, in-process, requests, sockets*",
        ),
    ],
)
def test_a_marker_that_makes_no_sense_is_explained(
    strict: pytest.Pytester, marker: str, message: str
) -> None:
    """In the error of the test that has it."""
    strict.makepyfile(
        f"""
        import pytest

        @pytest.mark.qrtest({marker})
        def test_it(runtime_job):
            runtime_job()
        """
    )
    result = strict.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([message])


def test_two_tests_never_see_each_others_jobs(strict: pytest.Pytester) -> None:
    """Each has a service of its own, that knows only its own jobs and starts at the same time."""
    strict.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_alone(runtime_job, runtime_service, virtual_clock, number):
            assert virtual_clock.now() < 1
            assert runtime_service.jobs() == []
            job = runtime_job("DONE", tags=[f"t{number}"])
            assert [each.tags for each in runtime_service.jobs()] == [[f"t{number}"]]
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=6)


def test_a_test_that_fails_shows_the_timeline(strict: pytest.Pytester) -> None:
    """Of what was asked and answered; a test that passes shows none."""
    strict.makepyfile(
        """
        def test_fails(runtime_job):
            job = runtime_job("QUEUED 5s; CANCELLED")
            job.wait_for_final_state()
            assert job.done()

        def test_passes(runtime_job):
            assert runtime_job("DONE").done()
        """
    )
    result = strict.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*qrtest timeline*",
            "job d5*",
            "*0:00:00.00  poll * 200 Queued  ×10 until 0:00:04.95",
            "*0:00:05.50  poll * 200 Cancelled",
        ]
    )
    result.stdout.no_fnmatch_line("*Completed*")


def test_everything_is_restored_between_tests(strict: pytest.Pytester) -> None:
    """Time, sockets and sessions of a test without a simulation are the real ones."""
    strict.makepyfile(
        """
        import socket, time
        import requests

        before = (time.sleep, time.time, time.monotonic, socket.getaddrinfo, requests.Session.send)

        def test_simulated(runtime_service):
            assert time.sleep is not before[0]
            raise SystemExit

        def test_real():
            assert before == (
                time.sleep, time.time, time.monotonic, socket.getaddrinfo, requests.Session.send
            )
        """
    )
    result = strict.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)


def test_a_test_that_sleeps_two_virtual_hours_is_reported_as_short(strict: pytest.Pytester) -> None:
    """Pytest's durations are real."""
    strict.makepyfile(
        """
        import time

        def test_long(runtime_simulation):
            time.sleep(7200)
        """
    )
    reports = strict.inline_run().getreports("pytest_runtest_logreport")
    assert sum(report.duration for report in reports) < 3600


def test_tests_that_use_none_of_it_import_none_of_it(strict: pytest.Pytester) -> None:
    """Loading the plugin imports neither the client nor any of the libraries."""
    strict.makepyfile(
        """
        import sys

        def test_plain():
            heavy = {"qiskit", "qiskit_ibm_runtime", "vcr", "responses", "requests", "yaml", "qrtest.clock.clocks"}
            assert heavy & set(sys.modules) == set()
            assert "qrtest.plugin" in sys.modules
        """
    )
    strict.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_the_plugin_has_no_work_for_tests_that_do_not_ask(strict: pytest.Pytester) -> None:
    """No fixture of ours is set up."""
    strict.makepyfile("def test_plain(): pass")
    result = strict.runpytest_inprocess("--setup-plan")
    result.stdout.no_fnmatch_line("*runtime_*")


def test_the_fixtures_and_the_marker_describe_themselves(strict: pytest.Pytester) -> None:
    """In pytest's own help."""
    strict.makepyfile("")
    result = strict.runpytest_inprocess("--fixtures")
    for name in ("runtime_job", "runtime_service", "runtime_simulation", "virtual_clock"):
        result.stdout.fnmatch_lines([f"{name} -- *"])
    strict.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.qrtest(script=*"])


def test_the_plugin_is_installed_by_its_entry_point(tmp_path: Path) -> None:
    """A pytest without options has the fixtures."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-q", "-pno:vcr"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "runtime_job" in listed.stdout


def test_the_result_of_the_marker_is_that_of_the_first_submitted_job(
    pytester: pytest.Pytester,
) -> None:
    """With a script or without one."""
    pytester.makepyfile(
        """
        import pytest
        from qiskit import QuantumCircuit, transpile
        from qiskit_ibm_runtime import SamplerV2

        @pytest.mark.filterwarnings("ignore")
        @pytest.mark.qrtest(result="computed")
        def test_it(runtime_service):
            circuit = QuantumCircuit(1)
            circuit.x(0)
            circuit.measure_all()
            backend = runtime_service.backend("ibm_torino")
            job = SamplerV2(backend).run([transpile(circuit, backend)], shots=16)
            assert job.result()[0].data.meas.get_counts() == {"1": 16}
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
