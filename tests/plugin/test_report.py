"""What the report of a failed test says: a screen of timeline, and code that gets there again."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import Scenario, faults, simulate
from qrtest import strategies as qst
from qrtest.cassette import store
from qrtest.cassette.model import Cassette
from qrtest.plugin import report
from tests import forked_pytest
from tests.recordings import exchange, short


def waited_for(scenarios: list[Scenario]) -> qrtest.Simulation:
    """Return a simulation that has run each of *scenarios* while a client waited."""
    with simulate(longest=None) as sim:
        for scenario in scenarios:
            job = sim.job(scenario)
            for _ in range(3):
                try:
                    job.wait_for_final_state(timeout=3600)
                    job.result()
                except Exception:  # whatever the faults do is on the timeline
                    sim.clock.advance("1m")
    return sim


@given(st.lists(qst.scenarios(), min_size=1, max_size=6), st.integers(12, 24))
def test_the_timeline_fits_a_screen(scenarios: list[Scenario], lines: int) -> None:
    """Whatever the jobs go through: no more lines than there are, and 80 columns."""
    shown = report.timeline(waited_for(scenarios).journal, lines=lines).splitlines()
    assert 1 <= len(shown) <= lines
    assert max(map(len, shown)) <= report.COLUMNS


@given(st.lists(qst.scenarios(), max_size=2))
def test_what_is_to_be_pasted_makes_the_same_jobs(scenarios: list[Scenario]) -> None:
    """The code runs as it stands, and its jobs have the scenarios of those that failed."""
    code = report.reproduction(
        "simulate", {}, [("job", each) for each in scenarios], test="t.py::test"
    )
    command, _, pasted = code.partition("\n\n")
    assert command == "pytest 't.py::test'"
    space: dict[str, qrtest.Simulation] = {}
    exec(pasted, space)
    assert [each for _, each in space["sim"].scenarios] == scenarios


def test_jobs_that_were_submitted_are_lined_up_again() -> None:
    """With next_job, for the code that submits."""
    code = report.reproduction(
        "simulate", {"seed": 3}, [("next_job", Scenario("ERROR 1500"))], test="t"
    )
    assert code.endswith(
        "with qrtest.simulate(seed=3) as sim:\n    sim.next_job(Scenario('ERROR 1500'))"
    )


def test_a_cassette_is_replayed_again() -> None:
    """With the options that the test had."""
    options = {"cassette": "cassettes/x.yaml", "pace": "polls", "before_record_request": len}
    code = report.reproduction("replay", options, (), test="t", jobs=["j"])
    assert (
        "with qrtest.replay('cassettes/x.yaml', pace='polls', before_record_request=len) as sim:\n"
        "    job = sim.job()" in code
    )


def test_a_job_of_a_cassette_that_has_several_is_named() -> None:
    """`sim.job()` alone would be an error there; a cassette without jobs has nothing to take."""
    code = report.reproduction("replay", {"cassette": "x.yaml"}, (), test="t", jobs=["j1", "j2"])
    assert code.endswith("    job = sim.job('j1')\n    job = sim.job('j2')")
    assert report.reproduction("replay", {"cassette": "x.yaml"}, (), test="t").endswith("    ...")


def test_long_scenarios_are_broken_and_many_are_cut() -> None:
    """Three scenarios are shown; one that is long stands on several lines."""
    long = Scenario("QUEUED 2h; DONE", faults=[faults.status(503, times=3, on="poll")])
    code = report.reproduction("simulate", {}, [("job", long)] * 5, test="t")
    assert "from qrtest import Scenario, faults\n" in code
    assert code.count("sim.job(") == 3
    assert code.endswith("...  # and 2 more")
    assert max(map(len, code.splitlines())) <= report.COLUMNS


def test_of_many_jobs_those_that_did_not_go_well_are_shown_first(
    pytester: pytest.Pytester,
) -> None:
    """In the timeline and in what is to be pasted; the others are counted by how they ended."""
    pytester.makepyfile(
        """
        def test_fails(runtime_job, runtime_simulation):
            jobs = [runtime_job("QUEUED 5m; RUNNING 10s; DONE") for _ in range(6)]
            jobs.append(runtime_job("QUEUED 9m; RUNNING 10s; ERROR 1500"))
            jobs.append(runtime_job("DONE"))
            for job in jobs:
                job.wait_for_final_state()
            print("the failed job", jobs[6].job_id())
            assert all(job.done() for job in jobs)
        """
    )
    shown = pytester.runpytest_inprocess("--color=no")
    shown.stdout.fnmatch_lines(
        [
            "... and * more jobs (* DONE); all: print(sim.journal.timeline())",
            "with qrtest.simulate() as sim:",
            "    sim.job(Scenario('QUEUED 5m; RUNNING 10s; DONE'))",
            "    sim.job(Scenario('QUEUED 5m; RUNNING 10s; DONE'))",
            "    ...  # and 4 more",
            "    sim.job(Scenario('QUEUED 9m; RUNNING 10s; ERROR 1500'))",
            "    ...  # and 1 more",
        ]
    )
    printed = next(line for line in shown.outlines if line.startswith("the failed "))
    first = next(line for line in shown.outlines if line.startswith("job "))
    assert printed == f"the failed {first}"
    assert any(line.endswith("200 Failed 1500") for line in shown.outlines)


def test_a_job_that_the_failure_names_is_in_the_timeline(pytester: pytest.Pytester) -> None:
    """Marked, among thirty of which others failed; with a list of all of them none is."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("is_list", [False, True])
        def test_fails(runtime_job, is_list):
            jobs = [runtime_job("ERROR" if n < 9 else "DONE") for n in range(30)]
            ids = [job.job_id() for job in jobs if job.wait_for_final_state() is None]
            found = "\\n".join(ids) if is_list else ids[27]
            assert found == "another"
        """
    )
    text = pytester.runpytest("-n0").stdout.str()
    one, of_all = text.split("qrtest timeline")[1:]
    assert one.count("! job ") == 1
    assert one.partition("! job ")[2].splitlines()[1].endswith("200 Completed")
    assert "! job" not in of_all


def test_that_a_marker_is_of_the_first_submitted_job_is_in_the_report(
    pytester: pytest.Pytester,
) -> None:
    """Where several were submitted."""
    pytester.makepyfile(
        """
        import pytest
        from qiskit import QuantumCircuit
        from qiskit_ibm_runtime import SamplerV2

        @pytest.mark.filterwarnings("ignore")
        @pytest.mark.qrtest(result=[1])
        @pytest.mark.parametrize("count", [1, 2])
        def test_fails(runtime_service, count):
            circuit = QuantumCircuit(1, 1)
            circuit.measure(0, 0)
            sampler = SamplerV2(runtime_service.backend("ibm_torino"))
            results = [sampler.run([circuit]).result() for _ in range(count)]
            assert results[-1] == "something else"
        """
    )
    text = pytester.runpytest("-n0").stdout.str()
    one, two = text.split("qrtest: to reproduce")[1:]
    assert "result=[1]" in one
    assert report.OF_THE_FIRST not in one
    assert report.OF_THE_FIRST in two


def test_a_job_that_was_cancelled_comes_before_one_that_is_done() -> None:
    """And one that was not seen to end stands between them."""
    with simulate() as sim:
        done, queued, cancelled = sim.job("DONE"), sim.job("QUEUED 1d; DONE"), sim.job("QUEUED")
        cancelled.cancel()
        for _ in range(9):
            for job in (done, queued):
                job.status()
                job.metrics()
    shown = report.timeline(sim.journal, lines=13).splitlines()
    assert [line for line in shown if line.startswith("job")] == [
        f"job {job.job_id()}" for job in (cancelled, queued, done)
    ]


def test_nothing_secret_is_shown() -> None:
    """Neither in the timeline nor in what is to be pasted."""
    scenario = Scenario("DONE", tags=["jane.roe@example.com"])
    assert "jane" not in report.reproduction("simulate", {}, [("job", scenario)], test="t")
    leak = {"errors": [{"code": 1, "message": "no user jane.roe@example.com"}]}
    cassette = Cassette((exchange(answer=leak, status=404, at=0.0),), None)
    with qrtest.replay(cassette) as sim:
        sim.journal.handle(cassette.interactions[0].request)
    assert "404" in report.timeline(sim.journal)
    assert "jane" not in report.timeline(sim.journal)


def test_the_report_has_both_sections(pytester: pytest.Pytester) -> None:
    """Of a test that failed, in 80 columns, without colour; of one that passed, neither."""
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(latency="2s")
        def test_fails(runtime_job):
            job = runtime_job("QUEUED 2h; CANCELLED")
            job.wait_for_final_state()
            assert job.done()

        @pytest.mark.qrtest(cassette="bell.yaml", pace="polls")
        def test_replay(runtime_job):
            assert runtime_job().status() == "DONE"

        def test_passes(runtime_job):
            assert runtime_job("DONE").done()
        """
    )
    result = pytester.runpytest_inprocess("--color=no", "--tb=no", "-rf")
    result.assert_outcomes(passed=1, failed=2)
    result = pytester.runpytest_inprocess("--color=no", "--tb=line")
    result.stdout.fnmatch_lines(
        [
            "*- qrtest timeline -*",
            "job d5*",
            "*0:00:00.00  poll             200 Queued  ×*",
            "*poll             200 Cancelled",
            "*- qrtest: to reproduce -*",
            "pytest 'test_the_report_has_both_sections.py::test_fails'",
            "with qrtest.simulate(latency='2s') as sim:",
            "    sim.job(Scenario('QUEUED 2h; CANCELLED'))",
            "*- qrtest timeline -*",
            "with qrtest.replay('cassettes/bell.yaml', pace='polls') as sim:",
        ]
    )
    text = result.stdout.str()
    assert text.count("qrtest timeline") == 2
    assert "\x1b" not in text


def test_a_simulation_that_the_test_made_itself_has_a_timeline(pytester: pytest.Pytester) -> None:
    """Ended or active, of a fixture or a helper; with a fixture of qrtest beside it; where the error shows one, not twice."""
    pytester.makepyfile(
        """
        import unittest
        import pytest
        import qrtest

        @pytest.fixture
        def mine():
            with qrtest.simulate() as sim:
                yield sim

        def test_ended():
            with qrtest.simulate() as sim:
                sim.job("DONE").status()
            assert False

        def test_active(runtime_simulation):
            with qrtest.simulate() as sim:
                sim.job("ERROR 1500").result()

        def test_two(mine):
            mine.job("DONE").status()
            with qrtest.serve() as server, qrtest.simulate() as other:
                assert other.job("QUEUED 5s; CANCELLED").done()

        @qrtest.simulate()
        class TestDecorated(unittest.TestCase):
            def test_decorated(self):
                sim = self.sim
                assert sim.job("QUEUED").done()

        class TestPlain(unittest.TestCase):
            def test_plain(self):
                with qrtest.simulate() as sim:
                    self.assertTrue(sim.job("QUEUED").done())

        def test_reported():
            with qrtest.simulate() as sim:
                qrtest.check_job(lambda script: sim.job("DONE"))

        def test_passes():
            with qrtest.simulate() as sim:
                sim.job("DONE").status()
        """
    )
    result = pytester.runpytest_inprocess("--color=no")
    result.assert_outcomes(passed=1, failed=6)
    result.stdout.re_match_lines(
        [
            r"_+ test_ended _+",
            r"-+ qrtest timeline -+",
            r".* 200 Completed",
            r"_+ test_active _+",
            r"-+ qrtest timeline -+",
            r".* 200 Failed 1500",
            r"_+ test_two _+",
            r"-+ qrtest timeline of mine -+",
            r".* 200 Completed",
            r"-+ qrtest timeline of other -+",
            r".* 200 Queued",
            r"_+ TestDecorated.test_decorated _+",
            r"E +qrtest timeline:",
            r"_+ TestPlain.test_plain _+",
            r"-+ qrtest timeline -+",
            r".* 200 Queued",
            r"_+ test_reported _+",
        ]
    )
    # Where CI is set, the summary repeats the message of an error, with its timeline.
    reports = result.stdout.str().partition("short test summary info")[0]
    assert reports.count("qrtest timeline") == 6


def test_it_is_attached_where_pytest_html_is_installed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that it writes holds the timeline, the code and the picture, in an extra each."""
    monkeypatch.setenv("PYTEST_ADDOPTS", os.environ["PYTEST_ADDOPTS"].replace("-pno:html", ""))
    pytester.makepyfile(
        """
        def test_fails(runtime_job):
            assert runtime_job("QUEUED 5s; CANCELLED").done()
        """
    )
    forked_pytest.run(pytester.path, "--html=page.html", "--self-contained-html")
    page = (pytester.path / "page.html").read_text()
    assert "qrtest timeline" in page
    assert "200 Queued" in page
    assert "data:image/svg" in page


def test_a_wrong_call_is_shown_without_the_frames_of_qrtest(pytester: pytest.Pytester) -> None:
    """The line of the test, and what is wrong with it; no timeline, as nothing has happened."""
    pytester.makepyfile('def test_it(runtime_job):\n    runtime_job("QUEUED 5x")\n')
    shown = pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.str()
    assert '>       runtime_job("QUEUED 5x")' in shown or '>   runtime_job("QUEUED 5x")' in shown
    assert "ScriptError: This script cannot be read at column 8" in shown
    assert "notation.py" not in shown
    assert "During handling" not in shown
    assert "qrtest timeline" not in shown


def test_a_wrong_fault_and_a_job_that_never_ends_are_shown_by_the_line_of_the_test(
    pytester: pytest.Pytester,
) -> None:
    """Not by what dataclasses write, nor by the loop of the client; without a job there is nothing to paste."""
    pytester.makepyfile(
        """
        from qrtest import faults

        def test_fault(runtime_job):
            runtime_job("DONE", faults=[faults.status(503, on="polls")])

        def test_wait(runtime_simulation):
            runtime_simulation.job("QUEUED").result()
        """
    )
    output = pytester.runpytest_inprocess("-pno:cacheprovider").stdout.str()
    assert "Did you mean 'poll'?" in output
    assert "The code under test would have waited for ever" in output
    assert "<string>" not in output
    assert "site-packages" not in output
    assert output.count("sim.job(") == 1


def test_a_wrong_marker_is_one_message(pytester: pytest.Pytester) -> None:
    """Raised in a fixture of ours, below frames of every plugin that wraps fixtures."""
    pytester.makepyfile(
        "import pytest\n@pytest.mark.qrtest(nonsense=1)\ndef test_it(runtime_job):\n    pass\n"
    )
    shown = pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.str()
    assert "UsageError: test_a_wrong_marker_is_one_message.py::test_it: the marker qrtest" in shown
    assert "fixtures.py" not in shown
    assert "pytest_fixture_setup" not in shown


def test_errors_of_qrtest_are_reported_without_a_terminal_too(pytester: pytest.Pytester) -> None:
    """Whose option asks for full tracebacks."""
    pytester.makepyfile("import qrtest\n\ndef test_it(): qrtest.simulate(seed='x')")
    ran = pytester.runpytest_subprocess("-n0", "-p", "no:terminal")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
