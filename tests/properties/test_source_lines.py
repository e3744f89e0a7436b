"""Each report shows the line of the project that the rule is about, or says that it is not known."""

from __future__ import annotations

import asyncio
import cProfile
import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import SamplerV2, Session

import qrtest
from qrtest import Scenario
from qrtest.clock.clocks import VirtualClock
from qrtest.errors import ConsumerBug
from qrtest.http.messages import Request, Response
from qrtest.properties.source_lines import SourceLines
from qrtest.timeline.journal import Journal

CIRCUIT = QuantumCircuit(1, 1)
CIRCUIT.measure(0, 0)
FAILED = [Scenario("ERROR")]
MANY = (Scenario("QUEUED 3m; DONE"), Scenario("DONE"), Scenario("QUEUED 1m; DONE"))


def submitted(backend: Any) -> Any:
    """Submit a job, by a function that several consumers share."""
    return SamplerV2(backend).run([CIRCUIT])  # submits


def made_up(job: Any) -> Any:
    """Return counts by way of a helper that makes them."""
    job.wait_for_final_state()
    return counts_of(job)


def counts_of(job: Any) -> Any:
    """Return counts that nothing has measured."""
    return {"00": 5}  # returned


async def made_up_later(job: Any) -> Any:
    """Do the same as a coroutine."""
    job.wait_for_final_state()
    return {"00": 5}  # returned


def crossed(jobs: list[Any]) -> list[Any]:
    """Return the results from the last to the first."""
    return [job.result() for job in reversed(jobs)]  # returned


def losing(jobs: list[Any]) -> list[Any]:
    """Return the results up to the first job that fails."""
    found: list[Any] = []
    for job in jobs:
        if job.wait_for_final_state() is None and job.status() == "ERROR":
            return found  # returned
        found.append(job.result())
    return found


def submitting(service: Any) -> Any:
    """Submit again for as long as jobs fail."""
    backend = service.backend("ibm_torino")
    for _ in range(12):
        job = submitted(backend)
        job.wait_for_final_state()
        if job.status() == "DONE":
            return job.result()
    raise LookupError


def anothers(service: Any) -> Any:
    """Return the result of whichever job is in the list last."""
    submitted(service.backend("ibm_torino"))
    return service.jobs(limit=2)[-1].result()  # returned


def hasty(job: Any) -> Any:
    """Poll without a pause."""
    while job.status() != "DONE":  # polls
        pass
    return job.result()


def hasty_then_patient(job: Any) -> Any:
    """Poll without a pause for a while, and leave the rest to the client's own wait."""
    for _ in range(2_000):
        job.status()  # polls
    return job.result()


def catching_everything(job: Any) -> Any:
    """Wait without a limit, and take what ends the wait for an error of the job."""
    try:
        return job.result()  # waits
    except Exception:
        return None


def asking_on(job: Any) -> Any:
    """Go on asking for what is known."""
    job.wait_for_final_state()
    for _ in range(99):
        job.metrics()
        job.status()
    return [job.result() for _ in range(30)]  # polls


def leaving(service: Any) -> Any:
    """Open a session and forget it."""
    session = Session(service.backend("ibm_torino"))  # opens
    return SamplerV2(session).run([CIRCUIT]).result()


def refusing(job: Any) -> Any:
    """Wait for a status that never comes."""
    if job.status() == "Completed":
        return job.result()
    return None  # returned


def printing(service: Any) -> None:
    """Print the account, key and all."""
    print(service.active_account())  # prints


async def waiting(job: Any) -> Any:
    """Wait as a coroutine, of which the traceback of a loop that was stopped has no line."""
    while job.status() != "DONE":  # polls
        await asyncio.sleep(15)
    return job.result()


async def gathering(job: Any) -> Any:
    """Keep the end of the wait among the results."""
    return await asyncio.gather(waiting(job), return_exceptions=True)


CASES: dict[str, tuple[Callable[[Any], Any], dict[str, Any], Callable[..., Any], str]] = {
    "no-result": (made_up, {"scenarios": FAILED}, counts_of, "returned"),
    "no-result, async": (made_up_later, {"scenarios": FAILED}, made_up_later, "returned"),
    "crossed-results": (crossed, {"jobs": 3, "scenarios": [MANY]}, crossed, "returned"),
    "lost-results": (
        losing,
        {"jobs": 3, "scenarios": [(MANY[1], FAILED[0], MANY[1])]},
        losing,
        "returned",
    ),
    "submissions": (
        submitting,
        {"takes": "service", "allowed": (LookupError,), "scenarios": FAILED},
        submitted,
        "submits",
    ),
    "own-result": (anothers, {"takes": "service", "scenarios": [MANY[1]]}, anothers, "returned"),
    "poll-rate": (hasty, {"scenarios": [Scenario("QUEUED 2m; DONE")]}, hasty, "polls"),
    "poll-rate, then a patient wait": (
        hasty_then_patient,
        {"scenarios": [Scenario("QUEUED 1h; DONE")]},
        hasty_then_patient,
        "polls",
    ),
    "ends": (
        catching_everything,
        {"scenarios": [Scenario("QUEUED")]},
        catching_everything,
        "waits",
    ),
    "after-the-end": (asking_on, {"scenarios": [MANY[1]]}, asking_on, "polls"),
    "session-left-open": (leaving, {"takes": "service", "scenarios": [MANY[1]]}, leaving, "opens"),
    "refuses": (
        refusing,
        {"scenarios": [MANY[1]] * 2, "on_failure": None},
        refusing,
        "returned",
    ),
    "ends, async": (waiting, {"scenarios": FAILED}, waiting, "polls"),
    "ends, swallowed": (gathering, {"scenarios": FAILED}, waiting, "polls"),
    "secrets": (printing, {"takes": "service", "scenarios": [MANY[1]]}, printing, "prints"),
}


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
@pytest.mark.parametrize("case", CASES)
def test_the_line_is_shown(case: str) -> None:
    """The one that a person would look for, by its text and its number."""
    consumer, options, function, mark = CASES[case]
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(consumer, **options)
    assert found.value.rule == case.partition(",")[0], found.value
    source, first = inspect.getsourcelines(function)
    [place] = [number for number, line in enumerate(source) if line.rstrip().endswith(f"# {mark}")]
    text = str(found.value).partition("What happened")[0]
    assert f"test_source_lines.py:{first + place}" in text, text
    if case != "secrets":
        assert f"in {function.__name__}" in text
        assert source[place].strip() in text


def test_a_report_without_a_line_explains_that() -> None:
    """A consumer that is a library's has no line of the project."""
    consumer = eval("lambda job: {'00': 5}")
    with pytest.raises(ConsumerBug, match="Which line of the project it was is not known"):
        qrtest.check_consumer(consumer, scenarios=FAILED)


def test_nothing_is_looked_at_afterwards() -> None:
    """In this thread, and in new ones."""
    before = sys.getprofile(), threading.getprofile()
    with SourceLines():
        time.monotonic()
    assert (sys.getprofile(), threading.getprofile()) == before


def test_a_profiler_that_is_at_work_goes_on() -> None:
    """Then no line is known, and the report is whole."""
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        with pytest.raises(ConsumerBug, match="breaks the rule 'no-result'"):
            qrtest.check_consumer(made_up, scenarios=FAILED)
        counts_of(None)
    finally:
        profiler.disable()
    assert any("counts_of" in str(entry.code) for entry in profiler.getstats())


def test_a_request_that_the_service_does_not_survive_is_looked_at_as_well() -> None:
    """What the service raised arrives, and not an error of the look."""

    class Broken:
        def handle(self, request: Request) -> Response:
            raise RuntimeError("broken")

    journal = Journal(Broken(), VirtualClock())
    with SourceLines(), pytest.raises(RuntimeError, match="broken"):
        journal.handle(Request("GET", "quantum.cloud.ibm.com", "/jobs/some-job"))
