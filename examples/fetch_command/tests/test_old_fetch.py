"""The older style: cassettes of pytest-recording, and sleeping patched out so that they play fast."""

from __future__ import annotations

import pytest

import fetch

JOB = "d5h6o44pe0pc73am1f1g"


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "x" * 44)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", "crn:v1:bluemix:public:quantum-computing:us-east:::")
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.mark.vcr
def test_done(capsys):
    assert fetch.main([JOB]) == 0
    assert '"PrimitiveResult"' in capsys.readouterr().out


@pytest.mark.vcr
def test_not_ready(capsys):
    assert fetch.main([JOB, "--wait", "2"]) == 3
    assert "Queued" in capsys.readouterr().err
