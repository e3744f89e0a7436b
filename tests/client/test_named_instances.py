"""A program that chooses its instance by CRN or by name: recorded, replayed without either, and simulated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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


TEAM, SALES = Instance(name="my-team").resource_name, Instance(name="sales").resource_name


@pytest.mark.parametrize(
    ("crns", "asks_for_usage"), [((MINE, OTHER), True), ((MINE,), False), ((TEAM, SALES), False)]
)
def test_a_program_names_its_instance_as_it_did(
    tmp_path: Path, crns: tuple[str, ...], *, asks_for_usage: bool
) -> None:
    """By its own CRN, which the recording hides; another CRN is refused, as the service would."""
    path, mine = tmp_path / "session.yaml", crns[0]
    instances = [Instance(name=crn, crn=crn) for crn in crns]
    with qrtest.serve(clock="60x", instances=instances) as server, qrtest.record(path):
        service = qrtest.connect(server.url, instance=mine)
        recorded = [backend.name for backend in service.backends()]
        if asks_for_usage:
            service.usage()
    assert instances[0].account_id not in path.read_text()
    with qrtest.replay(path):
        service = own_service(mine)
        assert service.active_instance() == mine
        assert [backend.name for backend in service.backends()] == recorded
        if asks_for_usage:
            service.usage()
        if len(crns) > 1:
            with pytest.raises(IBMInputValueError):
                own_service(f"{mine[:-6]}7777::")
    with pytest.raises(IBMInputValueError), qrtest.simulate(instances=[Instance()]):
        own_service(MINE)


@pytest.mark.parametrize("names", [("zork-team", "sales of jane"), ("open", "zork-team")])
def test_a_program_chooses_its_instance_by_name_as_it_did(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    """By a name that the recording hides; the name of an instance that was not asked is refused."""
    path, mine = tmp_path / "session.yaml", "zork-team"
    instances = [Instance(name=name) for name in names]
    with qrtest.serve(clock="60x", instances=instances) as server, qrtest.record(path):
        recorded = [each.name for each in qrtest.connect(server.url, instance=mine).backends()]
    assert mine not in path.read_text()
    with qrtest.replay(path):
        service = own_service(mine)
        assert [backend.name for backend in service.backends()] == recorded
        for other in ("zork-teams", "sales of jane"):
            with pytest.raises(IBMInputValueError):
                own_service(other)


def test_a_name_that_the_recording_keeps_is_not_taken_for_another(tmp_path: Path) -> None:
    """Where the program chose by a name that is a word, the other's hidden name stands for no other word."""
    path = tmp_path / "session.yaml"
    instances = [Instance(name="open"), Instance(name="zork-team")]
    with qrtest.serve(clock="60x", instances=instances) as server, qrtest.record(path):
        qrtest.connect(server.url, instance="open")
    with qrtest.replay(path):
        assert own_service("open").active_instance()
        with pytest.raises(IBMInputValueError):
            own_service("another")


@pytest.mark.parametrize("transport", ["direct", "in-process", "sockets"])
@pytest.mark.parametrize("mine", [MINE, "my-team"])
def test_a_simulation_has_the_instance_that_a_program_names(mine: str, transport: Any) -> None:
    """With the jobs that are in it by its own name."""
    with qrtest.simulate(transport=transport) as sim:
        job_id = sim.job("QUEUED").job_id()
        service = own_service(mine)
        assert mine in service.instances()[0].values()
        assert [each.job_id() for each in service.jobs()] == [job_id]
        assert sim.service().job(job_id).status() == "QUEUED"


def test_a_simulation_with_instances_has_no_other() -> None:
    with qrtest.simulate(instances=[Instance(name="team")]):
        assert own_service("team").active_instance()
        with pytest.raises(IBMInputValueError):
            own_service(MINE)


def test_each_thread_names_the_instance_of_its_own_simulation() -> None:
    """Also while another simulation, that knows the instance by another name, is active."""

    def named(mine: str) -> str:
        with qrtest.simulate():
            return own_service(mine).active_instance()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(named, [MINE, OTHER])) == [MINE, OTHER]
