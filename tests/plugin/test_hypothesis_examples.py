"""`@given` beside our fixtures: every example has a simulation of its own, and nothing complains."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CASSETTES = Path(__file__).parents[2] / "cassettes"
STRICT = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"


@pytest.fixture
def strict(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that allows no unknown marker, option or warning."""
    pytester.makeini(STRICT)
    return pytester


@pytest.mark.parametrize("transport", ["direct", "requests", "sockets"])
def test_every_example_has_a_fresh_simulation(strict: pytest.Pytester, transport: str) -> None:
    """Time, jobs and journal begin anew, and the four fixtures belong together."""
    strict.makepyfile(
        f"""
        import time
        import pytest
        from hypothesis import given, settings
        from qrtest import strategies as qst

        seen = []

        @pytest.mark.qrtest(transport={transport!r})
        @settings(max_examples=5, deadline=None, database=None)
        @given(qst.scripts(endings=["DONE"], longest="1m"))
        def test_it(runtime_job, runtime_service, runtime_simulation, virtual_clock, script):
            assert runtime_simulation.clock is virtual_clock and runtime_simulation not in seen
            assert virtual_clock.now() < 1 and len(runtime_simulation.job_ids()) == 0
            seen.append(runtime_simulation)
            job = runtime_job(script)
            job.wait_for_final_state()
            assert job.done() and [each.job_id() for each in runtime_service.jobs()] == [job.job_id()]
            time.sleep(3600)
            assert virtual_clock.now() > 3600

        def test_there_were_examples():
            assert len(seen) == 5
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=2)


def test_the_marker_counts_in_every_example(strict: pytest.Pytester) -> None:
    """Its script, its faults and its result; in methods and parametrized tests as well."""
    strict.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies as st
        from qrtest import faults

        @pytest.mark.qrtest(script="QUEUED 5s; DONE", faults=[faults.slow("1s", on="poll")])
        class TestIt:
            @pytest.mark.parametrize("timeout", [3, 4])
            @settings(max_examples=5)
            @given(st.booleans())
            def test_it(self, runtime_job, virtual_clock, timeout, twice):
                job = runtime_job()
                assert job.status() == "QUEUED"
                assert virtual_clock.now() == 1.05
                assert not twice or job.status() == "QUEUED"
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_cassette_is_played_from_its_beginning_in_every_example(strict: pytest.Pytester) -> None:
    """A replay is fresh as a simulation is."""
    strict.mkdir("cassettes")
    shutil.copy(CASSETTES / "sampler.yaml", strict.path / "cassettes" / "one.yaml")
    strict.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies as st

        @pytest.mark.qrtest(cassette="one.yaml")
        @settings(max_examples=4, deadline=None)
        @given(st.integers())
        def test_it(runtime_job, virtual_clock, number):
            job = runtime_job()
            assert virtual_clock.now() == 0
            assert job.status() == "QUEUED"
            assert job.result() is not None
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_cassette_without_a_fixture_is_played_from_its_beginning_in_every_example(
    strict: pytest.Pytester,
) -> None:
    """The test's own client finds the job queued each time, and completed a minute later."""
    strict.mkdir("cassettes")
    shutil.copy(CASSETTES / "sampler.yaml", strict.path / "cassettes" / "one.yaml")
    strict.makepyfile(
        """
        import time
        import pytest, requests
        from hypothesis import given, settings, strategies as st

        URL = "https://quantum.cloud.ibm.com/api/v1/jobs/d5h6o44pe0pc73am1f1g?exclude_params=true"

        @pytest.mark.qrtest(cassette="one.yaml")
        class TestIt:
            @settings(max_examples=4, deadline=None)
            @given(st.integers())
            def test_it(self, number):
                assert requests.get(URL).json()["status"] == "Queued"
                time.sleep(60)
                assert requests.get(URL).json()["status"] == "Completed"
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_timeline_of_the_falsifying_example_is_shown(strict: pytest.Pytester) -> None:
    """The report has what happened in the example that it prints, and no other."""
    strict.makepyfile(
        """
        from hypothesis import given, settings
        from qrtest import strategies as qst

        @settings(max_examples=1_000, database=None)
        @given(qst.scripts())
        def test_it(runtime_job, script):
            job = runtime_job(script)
            assert job.status() != "CANCELLED"
        """
    )
    result = strict.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*script=Script(cancelled())*", "*poll * 200 Cancelled"])
    result.stdout.no_fnmatch_line("*Completed*")


@pytest.mark.parametrize("theirs", ["tmp_path", "mine", "runtime_service"])
def test_a_fixture_of_somebody_else_is_refused_as_ever(
    strict: pytest.Pytester, theirs: str
) -> None:
    """What is set up once for all examples stays suspicious: also one that stands in for ours."""
    strict.makepyfile(
        f"""
        import pytest
        from hypothesis import HealthCheck, given, settings, strategies as st

        @pytest.fixture
        def mine(runtime_job):
            return runtime_job("DONE")

        @pytest.fixture
        def runtime_service():
            return 1

        @given(st.integers())
        def test_refused(runtime_job, {theirs}, number):
            pass

        @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3)
        @given(st.integers())
        def test_suppressed(runtime_job, virtual_clock, {theirs}, number):
            assert virtual_clock.now() == 0
            assert runtime_job("DONE").status() == "DONE"
        """
    )
    result = strict.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [f"*test_refused takes the fixture '{theirs}', which is set up once*"]
    )


def test_a_value_that_lasts_longer_than_the_test_is_left_alone(strict: pytest.Pytester) -> None:
    """Fixtures of a module or a session may stand beside ours, as in any test with `@given`."""
    strict.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies as st

        @pytest.fixture(scope="module")
        def answer():
            return 42

        @settings(max_examples=3)
        @given(st.integers())
        def test_it(runtime_job, answer, number):
            assert answer == 42 and runtime_job("DONE").done()
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_recording_is_complained_about(strict: pytest.Pytester) -> None:
    """It is of one run of the test: examples would all be in it."""
    strict.makepyfile(
        """
        import pytest
        from hypothesis import given, strategies as st

        @pytest.mark.qrtest(cassette="new.yaml")
        @given(st.integers())
        def test_it(runtime_simulation, number):
            pass
        """
    )
    result = strict.runpytest_inprocess("--qrtest-record=once", "--qrtest-record-in-ci")
    result.stdout.fnmatch_lines(["*uses a function-scoped fixture 'runtime_simulation'*"])


def test_the_settings_of_the_test_are_as_they_were(strict: pytest.Pytester) -> None:
    """Settings of hypothesis for the run are taken back after it."""
    strict.makepyfile(
        """
        from hypothesis import HealthCheck, given, settings, strategies as st

        @settings(max_examples=7)
        @given(st.integers())
        def test_it(runtime_job, number):
            pass

        before = (test_it._hypothesis_internal_use_settings, test_it.hypothesis.inner_test)

        def test_before():
            assert before == (test_it._hypothesis_internal_use_settings, test_it.hypothesis.inner_test)
            assert HealthCheck.function_scoped_fixture not in before[0].suppress_health_check
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_job_that_is_drawn_under_the_name_of_a_fixture_is_the_one_drawn(
    strict: pytest.Pytester,
) -> None:
    """`@given` takes the name over, as ever."""
    strict.makepyfile(
        """
        from hypothesis import given, settings
        from qrtest import strategies as qst

        @settings(max_examples=5)
        @given(runtime_job=qst.jobs())
        def test_it(runtime_job, virtual_clock):
            assert runtime_job.job_id()
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_coroutine_is_awaited_inside_of_its_simulation(strict: pytest.Pytester) -> None:
    """Plugins that run coroutines wrap the inner test in their turn, as this conftest does."""
    strict.makeconftest(
        """
        import asyncio
        import pytest

        @pytest.hookimpl(wrapper=True, trylast=True)
        def pytest_runtest_call(item):
            inner = item.obj.hypothesis.inner_test
            item.obj.hypothesis.inner_test = lambda **options: asyncio.run(inner(**options))
            return (yield)
        """
    )
    strict.makepyfile(
        """
        import asyncio
        from hypothesis import given, settings, strategies as st

        @settings(max_examples=3)
        @given(st.integers())
        async def test_it(runtime_job, virtual_clock, number):
            assert virtual_clock.now() == 0
            await asyncio.sleep(0)
            assert runtime_job("DONE").status() == "DONE"
        """
    )
    strict.runpytest_inprocess().assert_outcomes(passed=1)
