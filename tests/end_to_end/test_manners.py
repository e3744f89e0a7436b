"""Beside other plugins, each installed for real and alone with qrtest: both do what they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import entry_points

import pytest

from qrtest.cassette import store
from tests import forked_pytest
from tests.recordings import short

STRICT = """[pytest]
addopts = --strict-markers --strict-config
filterwarnings = error
{}
"""
OURS = """
def test_a_double(runtime_job, virtual_clock):
    job = runtime_job("QUEUED 2h; RUNNING 30s; DONE")
    assert sum(job.result()[0].data.meas.get_counts().values()) == 4
    assert 7230 <= virtual_clock.now() < 7232
"""
"""A test of ours that has to pass in any company: a script, its virtual time, and its result."""


class Company:
    """A strict project of its own, in which qrtest and the plugins that are named are all there are."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path

    def run(
        self, code: str, *arguments: str, beside: str, ini: str = "", **files: str
    ) -> pytest.RunResult:
        """Run our test and *code* with the plugins *beside*, by the names of their entry points."""
        self.pytester.makeini(STRICT.format(ini))
        self.pytester.makepyfile(OURS + code, **files)
        modules = _modules()
        loaded = [f"-p{modules[name]}" for name in ("qrtest", *beside.split())]
        return forked_pytest.run(self.path, *loaded, *arguments)


def _modules() -> Mapping[str, str]:
    return {point.name: point.value for point in entry_points(group="pytest11")}


@pytest.fixture
def company(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Company(pytester)


def test_alone(company: Company) -> None:
    """Strict markers, strict configuration and warnings as errors are all right with us."""
    company.run("", beside="").assert_outcomes(passed=1)


def test_beside_pytest_recording(company: Company) -> None:
    """Its marker, fixture and option, and ours, in one test and side by side."""
    store.save(company.path / "cassettes" / "bell.yaml", short())
    code = """
import pytest

@pytest.mark.vcr
@pytest.mark.qrtest(script="DONE")
def test_both(runtime_job, vcr):
    assert vcr is not None
    assert runtime_job().done()

@pytest.mark.vcr
def test_theirs(vcr):
    assert vcr is not None

@pytest.mark.block_network
def test_blocked_by_them(runtime_job):
    assert runtime_job("DONE").done()

@pytest.mark.qrtest(cassette="bell.yaml")
def test_ours(runtime_job):
    assert runtime_job().status() == "QUEUED"
"""
    options = ("--record-mode=none", "--qrtest-record=none")
    company.run(code, *options, beside="recording").assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("option", "transport"),
    [("--disable-socket", "requests"), ("--allow-hosts=127.0.0.1", "sockets")],
)
def test_beside_pytest_socket(company: Company, option: str, transport: str) -> None:
    """In process we need no socket, else this machine; its own errors stay, before and after us."""
    code = f"""
import pytest, socket, pytest_socket

BLOCKED = (pytest_socket.SocketBlockedError, pytest_socket.SocketConnectBlockedError)

@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_theirs():
    with pytest.raises(BLOCKED):
        socket.socket().connect(("192.0.2.1", 80))

@pytest.mark.qrtest(transport={transport!r}, script="QUEUED 1m; DONE")
def test_ours(runtime_job):
    job = runtime_job()
    job.wait_for_final_state()
    assert job.done()

test_theirs_after = test_theirs
"""
    company.run(code, option, beside="socket").assert_outcomes(passed=4)


@pytest.mark.parametrize("seed", [1, 2])
def test_beside_pytest_randomly(company: Company, seed: int) -> None:
    """In any order, and after any reseeding, ids and results are those of the simulation's own seed."""
    code = """
import pytest, random

@pytest.mark.parametrize("n", range(5))
def test_same(runtime_job, n):
    random.random()
    assert runtime_job().job_id() == FIRST

import qrtest
with qrtest.simulate() as sim:
    FIRST = sim.job().job_id()
"""
    result = company.run(code, f"--randomly-seed={seed}", beside="randomly")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines([f"Using --randomly-seed={seed}"])


def test_beside_pytest_timeout(company: Company) -> None:
    """Its deadline is real time: two virtual hours do not meet it, an endless loop does."""
    code = """
import pytest

@pytest.mark.timeout(2)
def test_endless(runtime_job):
    while True:
        pass
"""
    result = company.run(code, "--timeout=60", beside="timeout")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Timeout*2.0s*"])


def test_beside_pytest_asyncio(company: Company) -> None:
    """A coroutine that waits for a job in a thread, as asynchronous services do; loops keep real time."""
    code = """
import asyncio, pytest

@pytest.mark.asyncio
async def test_threads(runtime_job, virtual_clock):
    jobs = [runtime_job("QUEUED 1h; DONE") for _ in range(3)]
    await asyncio.gather(*(asyncio.to_thread(job.wait_for_final_state) for job in jobs))
    await asyncio.sleep(0.001)
    assert all(job.done() for job in jobs)
    assert virtual_clock.now() > 3600
"""
    ini = "asyncio_default_fixture_loop_scope = function"
    company.run(code, beside="asyncio", ini=ini).assert_outcomes(passed=2)


def test_beside_pytest_xdist(company: Company) -> None:
    """Each worker has simulations of its own."""
    code = """
import pytest

@pytest.mark.parametrize("n", range(6))
def test_alone(runtime_service, runtime_job, n):
    assert runtime_service.jobs() == []
    runtime_job("DONE", tags=[str(n)])
    assert [job.tags for job in runtime_service.jobs()] == [[str(n)]]
"""
    company.run(code, "-n2", beside="xdist").assert_outcomes(passed=7)


def test_beside_pytest_cov(company: Company) -> None:
    """Lines that ran under a virtual clock are counted."""
    code = """
import collector

def test_collect(runtime_job):
    assert collector.collect(runtime_job("QUEUED 1h; DONE")) == "done"
"""
    collector = """
def collect(job):
    job.wait_for_final_state()
    if job.done():
        return "done"
    return "lost"
"""
    options = ("--cov=collector", "--cov-report=term-missing")
    result = company.run(code, *options, beside="pytest_cov", collector=collector)
    result.assert_outcomes(passed=2)
    assert re.search(r"collector\.py\s+5\s+1\s+80%\s+5", result.stdout.str())


def test_beside_time_machine(company: Company) -> None:
    """Who moves the wall clock last has it; the double waits on its own in any case."""
    code = """
import datetime, time, time_machine

def test_around(runtime_job, virtual_clock):
    with time_machine.travel(datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)):
        job = runtime_job("QUEUED 1h; DONE")
        job.wait_for_final_state()
        assert datetime.datetime.now(datetime.timezone.utc).year == 2030
    assert job.done()
    assert virtual_clock.now() >= 3600

@time_machine.travel(0)
def test_inside(runtime_job):
    job = runtime_job("QUEUED 1h; DONE")
    job.wait_for_final_state()
    assert job.done()

def test_restored():
    assert time.time() > 1_700_000_000
"""
    company.run(code, beside="time_machine").assert_outcomes(passed=4)


def test_beside_freezegun(company: Company) -> None:
    """A frozen wall clock does not stop a job's script."""
    code = """
import datetime, freezegun, time

def test_around(runtime_job, virtual_clock):
    with freezegun.freeze_time("2030-01-01"):
        job = runtime_job("QUEUED 1h; DONE")
        job.wait_for_final_state()
        assert datetime.datetime.now().year == 2030
    assert job.done()
    assert virtual_clock.now() >= 3600

def test_restored():
    assert time.time() > 1_700_000_000
"""
    company.run(code, beside="").assert_outcomes(passed=3)


def test_turned_off(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """-p no:qrtest: no fixture, no option, no line in the header; an optional hook does not mind."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    conftest = """
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_qrtest_configure(config):
    return None
"""
    company.path.joinpath("conftest.py").write_text(conftest)
    company.path.joinpath("test_it.py").write_text(OURS + "\ndef test_plain(): pass\n")
    arguments = [f"-pno:{name}" for name in _modules() if name != "hypothesispytest"]
    result = forked_pytest.run(company.path, *arguments)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'runtime_job' not found*"])
    result.stdout.no_fnmatch_line("qrtest:*")
    refused = forked_pytest.run(company.path, *arguments, "--qrtest-unused=fail")
    refused.stderr.fnmatch_lines(["*unrecognized arguments: --qrtest-unused=fail*"])
