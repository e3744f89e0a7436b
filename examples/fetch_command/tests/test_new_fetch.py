"""With qrtest: the same cassettes as they are, and scripts that were never recorded, in virtual time."""

from __future__ import annotations

import pytest

import fetch
from qrtest import faults

JOB = "d5h6o44pe0pc73am1f1g"


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "x" * 44)
    monkeypatch.setenv(
        "QISKIT_IBM_INSTANCE",
        "crn:v1:bluemix:public:quantum-computing:us-east:a/00000000000000000000000000007357:"
        "00000000-0000-4000-8000-000000007357::",
    )


@pytest.mark.qrtest(cassette="test_old_fetch/test_done.yaml")
def test_the_recorded_job(capsys):
    """The cassette of pytest-recording, where it stands; nothing sleeps for real."""
    assert fetch.main([JOB]) == 0
    assert '"PrimitiveResult"' in capsys.readouterr().out


@pytest.mark.qrtest(script="QUEUED 12h; DONE", transport="requests")
def test_it_gives_up_after_five_minutes(runtime_job, virtual_clock, capsys):
    """As it promises, and not one pause later."""
    assert fetch.main([runtime_job().job_id(), "--wait", "300"]) == 3
    assert 300 <= virtual_clock.now() <= 300 + fetch.LONGEST_PAUSE_SECONDS + 30
    assert "Queued" in capsys.readouterr().err


@pytest.mark.qrtest(script='QUEUED 1m; ERROR 1500 "Internal error."', transport="requests")
def test_a_job_that_failed(runtime_job, capsys):
    """It was never recorded: nobody waits for a device to break."""
    assert fetch.main([runtime_job().job_id()]) == 1
    assert "Failed" in capsys.readouterr().err


@pytest.mark.qrtest(transport="requests", faults=[faults.status(401, on="token")])
def test_a_key_that_is_not_taken(runtime_job):
    """It says so, and does not ask for the job."""
    with pytest.raises(Exception, match="401"):
        fetch.main([runtime_job().job_id()])
