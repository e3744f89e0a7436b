"""What a consumer may be, and what becomes of what it raises."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
import time
from traceback import walk_tb

import pytest

import qrtest
from qrtest import Scenario
from qrtest import strategies as qst
from qrtest.errors import ConsumerBug, SimulationError

DONE = [Scenario("DONE")]


def rule_broken(consumer, **options) -> str:
    """Return the rule that a consumer breaks."""
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(consumer, **{"scenarios": DONE, **options})
    return found.value.rule


@pytest.mark.parametrize(
    "kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit]
)
def test_what_is_no_exception_escapes_like_one(kind: type[BaseException]) -> None:
    """It does not end the search, and may be allowed."""

    def leaves(job):
        raise kind

    assert rule_broken(leaves) == "escapes"
    qrtest.check_consumer(leaves, allowed=kind, scenarios=DONE)


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a process")
def test_ctrl_c_ends_the_search() -> None:
    """A person who interrupts the tests is not the consumer."""

    def is_interrupted(job):
        signal.raise_signal(signal.SIGINT)  # of a signal to the process, another thread may get it

    # What a shell starts in the background ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            qrtest.check_consumer(is_interrupted, scenarios=DONE)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_test_that_is_skipped_inside_is_skipped() -> None:
    """What test tools raise is not the consumer's."""
    with pytest.raises(pytest.skip.Exception):
        qrtest.check_consumer(lambda job: pytest.skip("not here"), scenarios=DONE)


def test_to_exit_with_zero_is_to_succeed() -> None:
    """A command that exits with 0 for a job that is done does not refuse it."""

    def main(job):
        raise SystemExit(0 if job.result(timeout=60) else 1)

    qrtest.check_consumer(main, allowed=(SystemExit, Exception), max_examples=20)


def test_a_coroutine_function_is_run() -> None:
    """In a loop of its own, each time."""
    loops = set()

    async def collect(job):
        loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0)
        raise LookupError(job.status())

    assert rule_broken(collect) == "escapes"
    assert loops


def test_a_generator_function_is_run() -> None:
    """To its end: what it yields is what it returns."""

    def results(jobs):
        for job in jobs:
            yield job.result()

    assert rule_broken(results, jobs=2, scenarios=[Scenario("ERROR")]) == "escapes"
    qrtest.check_consumer(results, jobs=2, scenarios=DONE)


def test_a_search_in_another_thread_finds_the_same() -> None:
    """Signals reach the main thread alone; the search does not need them."""
    rules = []
    search = threading.Thread(
        target=lambda: rules.append(rule_broken(lambda job: 1 / 0 if job.status() else 0))
    )
    search.start()
    search.join()
    assert rules == ["escapes"]


def test_a_budget_of_time_ends_the_search() -> None:
    """However many examples it was to try."""
    runs = []
    qrtest.check_consumer(
        lambda job: runs.append(job), scenarios=qst.scenarios(), max_examples=100_000, budget="1s"
    )
    assert 0 < len(runs) < 100_000


def test_inside_of_a_running_loop_it_is_reported_what_to_write() -> None:
    """A loop cannot be run inside another."""

    async def collect(job):
        return job.status()

    async def test():
        qrtest.check_consumer(collect, scenarios=DONE)

    with pytest.raises(SimulationError, match="call it from 'def test', not 'async def test'"):
        asyncio.run(test())


def test_a_consumer_that_waits_for_nothing_is_interrupted() -> None:
    """The report has the line in which it waited."""

    def waits(job):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(waits, scenarios=DONE, patience="1s")
    assert found.value.rule == "ends"
    assert "lock.acquire()" in str(found.value)


def test_after_an_interruption_time_is_real_again() -> None:
    """The end of the simulation is not interrupted: nothing stays replaced."""

    def waits(job):
        one, other = socket.socketpair()
        with one, other:
            one.recv(1)

    before = time.time()
    assert rule_broken(waits, patience="1s") == "ends"
    assert 0 < time.time() - before < 3600


def test_a_consumer_that_catches_everything_is_interrupted() -> None:
    """Even the exception that stops it: `except BaseException` does not make a search hang."""

    def goes_on(job):
        while True:
            try:
                if job.status() == "DONE":
                    return job.result()
                time.sleep(60)
            except BaseException:
                pass

    assert rule_broken(goes_on, scenarios=[Scenario("QUEUED")], patience="1s") == "ends"
    assert sys.gettrace() is None or "real_time_limit" not in str(sys.gettrace())


def test_an_interruption_comes_at_a_line_of_the_consumer_never_inside_of_qrtest() -> None:
    """An exception at any moment breaks what is in the middle of a change, and a generator that ends drops it."""
    passed_through = set()

    class Notes:
        def __enter__(self) -> None:
            pass

        def __exit__(self, kind, error, trace) -> None:
            if kind is not None and kind.__name__ == "Stalled":
                passed_through.update(frame.f_globals["__name__"] for frame, _ in walk_tb(trace))

    def goes_on(job):
        with Notes():
            while True:
                repr(Scenario("QUEUED"))

    assert rule_broken(goes_on, patience="0.2s") == "ends"
    assert passed_through == {__name__, "qrtest.properties.real_time_limit"}


def test_a_run_that_takes_long_in_real_time_is_no_bug() -> None:
    """It is said where it was, and how to give it more time."""

    def computes(job):
        while True:
            job.status()

    with pytest.raises(SimulationError, match=r"say patience=.*(?s:.)*computes"):
        qrtest.check_consumer(
            computes,
            scenarios=[Scenario("QUEUED")],
            patience="0.2s",
            max_requests=10**9,
            max_wait="9999d",
        )


def test_a_session_is_taken() -> None:
    """The caller has opened it and closes it: it is not left open by the consumer."""

    def runs(session):
        return session._run("sampler", {"pubs": []}).result(timeout=60)

    qrtest.check_consumer(runs, takes="session", scenarios=DONE)


def test_several_jobs_are_distinguished() -> None:
    """Each has a scenario and a result of its own."""
    seen = []

    def collects(jobs):
        seen.append([job.result()[0].data.meas.get_counts() for job in jobs])

    qrtest.check_consumer(collects, jobs=3, scenarios=DONE)
    [results] = seen
    assert len({str(counts) for counts in results}) == 3


def test_a_tuple_of_scenarios_is_for_one_job_each() -> None:
    """In the order of the jobs."""
    ends = []
    scenarios = [(Scenario("DONE"), Scenario("ERROR"))]
    qrtest.check_consumer(
        lambda jobs: ends.append([job.status() for job in jobs]), jobs=2, scenarios=scenarios
    )
    assert ends == [["DONE", "ERROR"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "give the number of jobs, 1 or more"),
        ({"jobs": 2, "scenarios": [(Scenario("DONE"),)]}, "no tuple of 2, one for each job"),
        ({"scenarios": ["DONE"]}, "'DONE' is no scenario"),
        ({"patiense": "1s"}, "there is no such option. Did you mean 'patience'"),
    ],
)
def test_wrong_options_are_refused(options: dict, message: str) -> None:
    """The message says what is wrong with them."""
    with pytest.raises(SimulationError, match=message):
        qrtest.check_consumer(lambda job: None, **{"scenarios": DONE, **options})
    with pytest.raises(SimulationError, match=r"no consumer: give a function that takes a job"):
        qrtest.check_consumer(..., scenarios=DONE)  # type: ignore[arg-type]


def test_options_may_be_given_as_one_value_or_by_name() -> None:
    """Their names go before the value."""
    search = qrtest.properties.Search(timeout="1s", poll="0.1s")

    def sleeps(job):
        job.status()
        time.sleep(5)

    assert rule_broken(sleeps, search=search) == "timeout"
    assert rule_broken(sleeps, timeout="1s", poll="0.1s") == "timeout"
    qrtest.check_consumer(sleeps, search=search, timeout="10s", scenarios=DONE)


def test_the_runs_that_are_not_reported_print_and_log_nothing(capsys, caplog) -> None:
    """Of the one that is reported, what it printed is kept; the client's retries are not logged."""

    def prints(job):
        print("asking", job.job_id())
        job.result(timeout=60)

    with pytest.raises(ConsumerBug):
        qrtest.check_consumer(prints)
    assert capsys.readouterr().out.count("asking") == 1
    assert not caplog.records


def _energies(service, backwards: bool = False) -> list[object]:
    """Submit two jobs of the estimator, and return the results of both."""
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_ibm_runtime import EstimatorV2

    estimator = EstimatorV2(mode=service.backend("ibm_torino"))
    pub = (QuantumCircuit(133), SparsePauliOp("Z" + "I" * 132))
    jobs = [estimator.run([pub]) for _ in range(2)]
    return [job.result()[0].data.evs for job in (jobs[::-1] if backwards else jobs)]


@pytest.mark.filterwarnings("ignore:The EstimatorV2 class is deprecated")
def test_what_is_submitted_gets_a_result_of_its_own_program() -> None:
    """Several jobs of the estimator are given expectation values, which distinguish them."""
    both = [(Scenario("DONE"), Scenario("DONE"))]
    options = {"takes": "service", "jobs": 2, "scenarios": both}
    qrtest.check_consumer(_energies, **options)
    assert rule_broken(lambda service: _energies(service, True), **options) == "crossed-results"


def test_an_exception_that_cannot_say_what_it_is_escapes_like_any_other() -> None:
    """Its class and its line are reported."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    def fails(job):
        raise Mute

    assert rule_broken(fails) == "escapes"
