"""The interface that sets the scripts of a simulation's jobs, and the older names that are still accepted."""

from __future__ import annotations

import json

from qrtest import Scenario, Simulation, simulate
from qrtest.client.runtime_client import session_of


def submitted(sim: Simulation) -> str:
    """Return the status of a job that is submitted now."""
    session = session_of(sim.api_client)
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}
    job_id = session.post("/jobs", data=json.dumps(body)).json()["id"]
    return str(sim.truth(job_id).step)


def test_the_older_name_of_the_first_parameter_is_accepted() -> None:
    """`life=` was the name of `script=`, in a job, for the next job, and in a rule."""
    with simulate() as sim:
        assert sim.job(life="QUEUED").status() == sim.job(script="QUEUED").status() == "QUEUED"
        sim.rule(life="RUNNING")
        sim.next_job(life="QUEUED")
        assert (submitted(sim), submitted(sim)) == ("QUEUED", "RUNNING")


def test_the_scenarios_of_jobs_are_listed_under_both_names() -> None:
    """In order of submission."""
    with simulate() as sim:
        sim.job("QUEUED 5s; DONE")
        sim.next_job("DONE")
        submitted(sim)
    assert sim.scenarios == (("job", Scenario("QUEUED 5s; DONE")), ("next_job", Scenario("DONE")))
    assert sim.lives == sim.scenarios


def test_the_repetition_delay_of_a_job_that_is_made_is_checked_as_that_of_a_submitted_one() -> None:
    """Against the range of its backend."""
    params = {"pubs": [["OPENQASM 3.0; bit c;"]], "version": 2}
    with simulate() as sim:
        for delay, status in ((0.0005, "DONE"), (5.0, "ERROR")):
            options = {"execution": {"rep_delay": delay}}
            job = sim.job("DONE", params={**params, "options": options}, backend="ibm_torino")
            assert job.status() == status
    assert "6050" in job.error_message()
