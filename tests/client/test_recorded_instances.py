"""A program that names its instance by CRN, recorded and replayed: the file does not hold that CRN."""

from __future__ import annotations

from pathlib import Path

import pytest
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.exceptions import IBMInputValueError

import qrtest
from qrtest.service.instances import Instance

CRN = "crn:v1:bluemix:public:quantum-computing:{}:a/{}:{}::"
MINE = CRN.format(
    "us-east", "1a2b3c4d5e6f47089a0b1c2d3e4f5061", "11111111-2222-4333-8444-555555555555"
)
OTHER = CRN.format(
    "us-east", "1a2b3c4d5e6f47089a0b1c2d3e4f5061", "99999999-2222-4333-8444-555555555555"
)


def own_service(instance: str) -> QiskitRuntimeService:
    return QiskitRuntimeService(channel="ibm_quantum_platform", token="any", instance=instance)


@pytest.mark.parametrize("asks_for_usage", [True, False])
def test_a_program_names_its_instance_as_it_did(tmp_path: Path, *, asks_for_usage: bool) -> None:
    """By its own CRN, which the recording hides; another CRN is refused, as the service would."""
    path = tmp_path / "session.yaml"
    instances = [Instance(crn=MINE), *([Instance(crn=OTHER)] if asks_for_usage else [])]
    with qrtest.serve(clock="60x", instances=instances) as server, qrtest.record(path):
        service = qrtest.connect(server.url, instance=MINE)
        recorded = [backend.name for backend in service.backends()]
        if asks_for_usage:
            service.usage()
    assert "1a2b3c4d" not in path.read_text()
    with qrtest.replay(path):
        service = own_service(MINE)
        assert service.active_instance() == MINE
        assert [backend.name for backend in service.backends()] == recorded
        if asks_for_usage:
            service.usage()
            with pytest.raises(IBMInputValueError):
                own_service(MINE.replace("1111", "7777"))
    with pytest.raises(IBMInputValueError), qrtest.simulate():
        own_service(MINE)
