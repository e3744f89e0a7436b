"""The cassettes that ship: recorded again over real sockets they do not differ, and they replay."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import qrtest
from qrtest.cassette import codec, store
from qrtest.playback.diff import differences
from qrtest.redaction import scan

FOLDER = Path(__file__).parents[2] / "cassettes"
NAMES = ["sampler.yaml", "failed-1500.yaml", "cancelled.yaml"]


def script() -> ModuleType:
    """cassettes/record.py, which is no package."""
    spec = importlib.util.spec_from_file_location("record_cassettes", FOLDER / "record.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_cassette_has_its_session() -> None:
    """What lies there is what the script records."""
    assert (
        sorted(path.name for path in FOLDER.glob("*.yaml"))
        == sorted(NAMES)
        == sorted(script().SESSIONS)
    )


@pytest.mark.parametrize("name", NAMES)
def test_recorded_again_it_does_not_differ(name: str, tmp_path: Path) -> None:
    """But for what is volatile, and what was seen how often: it is recorded in real time."""
    script().SESSIONS[name](tmp_path / name)
    found = differences(store.load(FOLDER / name), store.load(tmp_path / name))
    reported = [each for each in found if each.tier == "shape" or not each.where.startswith("poll")]
    assert [each for each in reported if each.tier != "volatile"] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_in_order(name: str) -> None:
    """Sealed, without secrets, and it says that the service was simulated."""
    text = store.read(FOLDER / name)
    cassette = codec.loads(text)
    assert scan.secrets(text, cassette) == ()
    assert cassette.provenance is not None
    assert cassette.provenance.service == "simulated"


def test_the_sampler_replays_with_its_captured_result() -> None:
    """The genuine job has the result that was captured from the real service."""
    with qrtest.replay(FOLDER / "sampler.yaml", pace="polls") as sim:
        job = sim.job()
        assert [job.status() for _ in range(999)][-1] == "DONE"
        assert sum(job.result()[0].data.meas.get_counts().values()) == 4096
        assert job.logs() == "1 circuit, 4096 shots\n"


def test_the_failed_job_replays_as_failed() -> None:
    """With the captured code."""
    with qrtest.replay(FOLDER / "failed-1500.yaml", pace="instant") as sim:
        job = sim.job()
        assert job.status() == "ERROR"
        assert "1500" in str(job.error_message())


def test_the_cancelled_job_replays_with_its_broken_poll() -> None:
    """The poll that broke off is retried by the genuine client, as it was."""
    with qrtest.replay(FOLDER / "cancelled.yaml", pace="polls") as sim:
        job = sim.job()
        assert [job.status() for _ in range(3)] == ["QUEUED"] * 3
        assert "connection closed" in sim.journal.timeline()
        job.cancel()
        assert sim.job().status() == "CANCELLED"
