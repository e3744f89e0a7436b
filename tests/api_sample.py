"""The public names as a user's type checker sees them: `mypy` checks this file; nothing runs it."""

from __future__ import annotations

from typing import assert_type

import qrtest
from qrtest import (
    Behaviour,
    JobRecord,
    Limits,
    Project,
    Proxy,
    Recording,
    Replay,
    Scenario,
    Script,
    Simulation,
    Step,
    VirtualClock,
    WallClock,
    cancelled,
    done,
    failed,
    faults,
    queued,
    ran_too_long,
    running,
    scenarios,
    unknown,
)
from qrtest.errors import ConsumerBug


def lives() -> None:
    assert_type(queued("2h"), Step)
    assert_type(running(30, interim=[{"i": 1}]), Step)
    for step in (done(), failed("Why.", 1500), cancelled(), ran_too_long(), unknown("Validating")):
        assert_type(step, Step)
    assert_type(Script(queued("2h"), running("30s"), done()), Script)
    assert_type(Script.parse("QUEUED 2h; DONE"), Script)
    assert_type(Scenario("DONE", faults=[faults.status(503, times=3, on="poll")]), Scenario)
    options = Behaviour(cancel_lag=5)
    assert_type(Scenario("DONE", behaviour=options, record=JobRecord(job={})), Scenario)
    assert_type(scenarios["cancel-loses-race"], Scenario)


@qrtest.simulate(transport="in-process")
def decorated(count: int) -> int:
    return count


def simulations() -> None:
    assert_type(decorated(1), int)
    with qrtest.simulate(transport="requests", seed=1, limits=Limits()) as sim:
        assert_type(sim, Simulation)
        assert_type(sim.clock, VirtualClock | WallClock)
        job = sim.job("QUEUED 2h; DONE", tags=["mine"])
        assert_type(job, qrtest.RuntimeJobV2)
        sim.clock.advance("1h")
        assert_type(sim.clock.now(), float)
        assert_type(sim.journal.count("poll"), int)
        assert_type(sim.journal.timeline(), str)
        assert_type(str(qrtest.timeline_of(sim)), str)


def cassettes() -> None:
    with qrtest.replay("cassettes/bell.yaml", pace="polls", ignore=["trace"]) as replay:
        assert_type(replay, Replay)
        assert_type(replay.jobs, tuple[str, ...])
    with qrtest.record("cassettes/bell.yaml", mode="once") as recording:
        assert_type(recording, Recording)
    with qrtest.proxy(replay="cassettes/bell.yaml", pace="polls") as proxied:
        assert_type(proxied, Proxy)
        assert_type(proxied.environment, dict[str, str])
        assert_type(proxied.unanswered, tuple[str, ...])
    assert_type(Project(cassettes="recordings"), Project)


def collect(job: qrtest.RuntimeJobV2) -> object:
    return job.result()


def properties() -> None:
    try:
        qrtest.check_consumer(collect, allowed=(TimeoutError,), max_wait="24h")
        search = qrtest.properties.Search(timeout="1h", submissions=2)
        qrtest.check_consumer(collect, takes="service", jobs=2, search=search)
        with qrtest.simulate() as sim:
            qrtest.check_job(sim.job, known=("two-messages",))
            qrtest.check_service(sim.service, known=["pages"])
    except ConsumerBug as bug:
        assert_type(bug.rule, str)
