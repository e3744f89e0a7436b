"""The promises of RuntimeJobV2: the doubles keep them over every transport, fakes do not."""

from __future__ import annotations

import time
from unittest.mock import MagicMock

import pytest
from qiskit_ibm_runtime import RuntimeJobV2

import qrtest
from qrtest.cassette.model import Cassette, Interaction
from qrtest.client import releases
from qrtest.errors import BrokenPromises
from qrtest.properties import PROMISES, Promise


def broken(make_job) -> tuple[str, ...]:
    """Return the promises that jobs break."""
    with qrtest.simulate(), pytest.raises(BrokenPromises) as found:
        qrtest.check_job(make_job)
    return found.value.names


@pytest.mark.parametrize("transport", ["direct", "requests", "sockets"])
def test_a_double_keeps_every_promise(transport) -> None:
    """It is the genuine class, so this holds the simulated service to what the client needs."""
    with qrtest.simulate(transport=transport) as sim:
        qrtest.check_job(sim.job)


@pytest.mark.parametrize("transport", ["direct", "requests", "sockets"])
def test_a_replayed_job_keeps_every_promise(transport) -> None:
    """What is recorded of jobs that are held to the promises plays as jobs that keep them."""
    with qrtest.simulate(transport=transport) as sim:
        qrtest.check_job(lambda given: looked_up(sim.job(given)))
    with qrtest.replay(recorded(sim.journal), transport=transport) as replay:
        ids = iter(sim.job_ids())
        qrtest.check_job(lambda given: looked_up(replay.job(next(ids))))
        assert not replay.unused


def looked_up(job):
    """Return a job that was asked for once, so that a recording knows it."""
    job.status()
    return job


def recorded(journal) -> Cassette:
    """Return the cassette of what a journal shows."""
    return Cassette(
        tuple(
            Interaction(
                request=entry.request,
                response=entry.response,
                at=entry.at,
                took=0.05,
                repeat=entry.times,
                until=entry.until if entry.times > 1 else None,
            )
            for entry in journal
        )
    )


@pytest.mark.parametrize(
    ("release", "names"),
    [((0, 29, 1), {"program_id", "stream_results"}), ((0, 51, 0), set())],
)
def test_what_a_release_dropped_is_asked_of_older_ones_only(monkeypatch, release, names) -> None:
    """The surface is that of the release that is installed."""

    class Bare:
        def __init__(self, given):
            pass

    monkeypatch.setattr(releases, "installed", lambda: release)
    [surface] = [promise for promise in PROMISES if promise.name == "surface"]
    missing = surface.broken(Bare)
    assert missing is not None
    assert {"program_id", "stream_results"} & set(missing.rstrip(".").split(", ")) == names


def test_a_mock_with_the_spec_of_the_class_keeps_almost_none() -> None:
    """It has every name, and no behaviour."""
    names = broken(lambda given: MagicMock(spec=RuntimeJobV2))
    assert {"status-is-text", "result-when-done", "timeouts", "the-end-is-the-end"} - set(
        names
    ) <= {"result-when-done"}
    assert len(names) > len(PROMISES) / 2


class FakeJob:
    """A fake as people write it: one list of statuses, one result."""

    def __init__(self, given: str) -> None:
        self._statuses = ["QUEUED", "RUNNING", given.rpartition("; ")[2].split()[0]]

    def job_id(self):
        return "fake-job"

    def status(self):
        return self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]

    def done(self):
        return self.status() == "DONE"

    def result(self, timeout=None):
        return {"counts": {"00": 512}}

    def cancel(self):
        self._statuses = ["CANCELLED"]


def test_a_fake_as_people_write_it_breaks_promises() -> None:
    """Its result comes at once, its ids are all the same, and it never times out."""
    names = broken(FakeJob)
    assert {"surface", "no-result-otherwise", "timeouts", "job-id", "cancel"} <= set(names)
    assert "status-is-text" not in names


def test_a_promise_that_is_broken_is_reported_in_a_sentence() -> None:
    """The message lists the promises, each with what was seen."""
    with qrtest.simulate(), pytest.raises(BrokenPromises) as found:
        qrtest.check_job(FakeJob)
    lines = str(found.value).splitlines()
    assert lines[0].startswith("This job breaks ")
    assert (
        "  job-id: job_id() is a text of its own. Two jobs have the same, or one has two." in lines
    )


def test_promises_are_values() -> None:
    """A project holds its jobs to some of them, or to its own."""
    quick = Promise(
        "quick",
        "A job ends within a minute.",
        lambda make_job: None if _took(make_job("QUEUED 2h; DONE")) < 60 else "It took longer.",
    )
    with qrtest.simulate() as sim, pytest.raises(BrokenPromises) as found:
        qrtest.check_job(sim.job, promises=[quick])
    assert found.value.names == ("quick",)


def _took(job) -> float:
    began = time.time()
    job.wait_for_final_state()
    return time.time() - began


def mutant(name, replace):
    """Return a maker of doubles of which one method or attribute is replaced."""

    def make(sim):
        def make_job(script):
            job = sim.job(script)
            genuine = getattr(job, name)
            kind = type("Mutant", (type(job),), {name: replace(genuine)})
            job.__class__ = kind
            return job

        return make_job

    return make


def _late(genuine):
    def wait(self, *arguments, timeout=None, **options):
        return genuine(*arguments, timeout=timeout or None, **options)

    return wait


MUTANTS = {
    "no-wait": mutant("wait_for_final_state", _late),
    "decoder": mutant(
        "result", lambda genuine: lambda self, timeout=None, decoder=None: genuine(timeout)
    ),
    "update-tags": mutant(
        "update_tags", lambda genuine: lambda self, tags: genuine(tags) if tags else []
    ),
    "cancel": mutant("cancel", lambda genuine: lambda self: None),
    "status-is-text": mutant("status", lambda genuine: lambda self: genuine().lower()),
    "claims-agree": mutant("errored", lambda genuine: lambda self: False),
    "about-the-job": mutant("logs", lambda genuine: lambda self: None),
    "error-message": mutant("error_message", lambda genuine: lambda self: None),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_change_of_one_method_is_noticed(name: str) -> None:
    """Under the promise that it breaks."""
    with qrtest.simulate(longest="2h") as sim, pytest.raises(BrokenPromises) as found:
        qrtest.check_job(MUTANTS[name](sim))
    assert name in found.value.names
