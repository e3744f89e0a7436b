"""Every supported release of qiskit-ibm-runtime: `nox`, or `nox -s "release(0.29.1)"` for one.

The newest release runs the whole suite (`python -m pytest`); here it has a session like the others, to
be compared with. A release's own deprecations are not errors in its session, as they are elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["release", "differential"]

OLD_QISKIT = ("qiskit<2", "websocket-client<1.9")
"""What releases up to 0.31 need: qiskit 2 dropped what they import, and a newer websocket-client reports
an error to them when a stream ends well."""

RELEASES = {
    "0.29.1": OLD_QISKIT,
    "0.31.0": OLD_QISKIT,
    "0.40.1": (),
    "0.46.1": (),
    "newest": (),
}
"""The releases, each with what it needs besides. 0.29.1 is the documented one, 0.31.0 the last that
streams, 0.40.1 the last with the classic channel, 0.46.1 one with the chain of decoders to come."""

ON_EVERY_RELEASE = (
    "tests/client/test_documented_surface.py",
    "tests/client/test_removed_members.py",
    "tests/client/test_job_doubles.py",
    "tests/client/test_runtime_service.py",
    "tests/harness/test_replay.py",
)
"""Jobs, the service, replays and the documented surface."""

WHAT_DECIDES = (
    "qrtest/lifecycle/transitions.py",
    "qrtest/lifecycle/script.py",
    "qrtest/lifecycle/step.py",
    "qrtest/service",
    "qrtest/cassette",
    "qrtest/redaction",
    "qrtest/playback",
)
"""Statuses, scripts, what the service says, and what was recorded: `coverage` wants all of it."""

TRIED_BY = (
    "tests/faults",
    "tests/lifecycle",
    "tests/service",
    "tests/cassette",
    "tests/redaction",
    "tests/playback",
    "tests/harness/test_record.py",
    "tests/harness/test_replay.py",
    "tests/strategies/test_draw_results.py",
    "tests/property_based/test_hostile_bodies.py",
    "tests/end_to_end/test_everybodys_cassettes.py",
)
"""The tests that have to do with it, beside the examples in its docstrings."""

INSTALL_ONLY = ["install-only"]
"""What is given behind `--` to make the environments and run nothing: `nox -- install-only`."""

CONSTRAINTS = Path(__file__).with_name("docs") / "build-constraints.txt"
"""The ibm-platform-services that old releases need is built by a setup.py."""


def install(session: nox.Session, release: str) -> None:
    """qrtest as it stands here, and that release of the client."""
    client = "qiskit-ibm-runtime" + ("" if release == "newest" else f"=={release}")
    constraints = ("--build-constraints", str(CONSTRAINTS))
    session.install("-q", *constraints, "-e", ".[test]", client, *RELEASES[release])


def without_strictness(release: str) -> tuple[str, ...]:
    """Let old releases be deprecated."""
    return () if release == "newest" else ("-o", "filterwarnings=default")


@nox.session
@nox.parametrize("release", list(RELEASES), ids=list(RELEASES))
def release(session: nox.Session, release: str) -> None:
    """Run the tests that hold on every release."""
    install(session, release)
    if session.posargs == INSTALL_ONLY:
        return
    options = ("-q", *without_strictness(release), *session.posargs)
    session.run("python", "-m", "pytest", *options, *ON_EVERY_RELEASE)


MINORS = tuple(range(26, 51))
"""The minor releases from 0.26 on, without the newest, which the suite runs with."""

LAST_WITH_OLD_QISKIT = 36


@nox.session
@nox.parametrize("minor", MINORS, ids=[f"0.{minor}" for minor in MINORS])
def minor(session: nox.Session, minor: int) -> None:
    """Try the documented surface on the last release of each minor: `nox -s "minor(0.43)"`."""
    constraints = ("--build-constraints", str(CONSTRAINTS))
    qiskit = OLD_QISKIT if minor <= LAST_WITH_OLD_QISKIT else ()
    client = f"qiskit-ibm-runtime~=0.{minor}.0"
    session.install("-q", *constraints, "-e", ".[test]", client, *qiskit)
    if session.posargs == INSTALL_ONLY:
        return
    options = ("-q", "-o", "filterwarnings=default", *session.posargs)
    session.run("python", "-m", "pytest", *options, "tests/client/test_documented_surface.py")


@nox.session(python=["3.12", "3.13"])
def pythons(session: nox.Session) -> None:
    """Run the tests that hold on every release with the newest one on other Pythons."""
    install(session, "newest")
    if session.posargs != INSTALL_ONLY:
        session.run("python", "-m", "pytest", "-q", *session.posargs, *ON_EVERY_RELEASE)


@nox.session
def numpy_1(session: nox.Session) -> None:
    """Run the tests that hold on every release with numpy 1: the newest release needs numpy 2."""
    install(session, "0.31.0")
    session.install("-q", "numpy<2")
    if session.posargs != INSTALL_ONLY:
        options = ("-q", *without_strictness("0.31.0"), *session.posargs)
        session.run("python", "-m", "pytest", *options, *ON_EVERY_RELEASE)


@nox.session
@nox.parametrize("release", list(RELEASES), ids=list(RELEASES))
def tables(session: nox.Session, release: str) -> None:
    """Write the column of a release in the catalogue, decoder failures and docs/releases.md."""
    install(session, release)
    if session.posargs != INSTALL_ONLY:
        session.run("python", "docs/make_tables.py")


@nox.session
def differential(session: nox.Session) -> None:
    """Run the newest release beside 0.29.1 in an environment of its own, over sockets."""
    install(session, "newest")
    if session.posargs == INSTALL_ONLY:
        return
    other = Path(session.virtualenv.location).with_name("release-0-29-1")
    python = other / "bin" / "python"
    if not python.exists():
        session.error(f'{python} is not there: nox -s "release(0.29.1)" makes it.')
    env = {**os.environ, "QRTEST_DOCUMENTED_PYTHON": str(python)}
    session.run("python", "-m", "pytest", "-q", "tests/differential.py", env=env)


PACKAGES = (
    "localqpu",
    "pennylane-qiskit",
    "pytket-qiskit",
    "qbraid",
    "qiskit-experiments",
    "qrisp",
)
"""Public packages that run jobs, each with a test in examples/packages; localqpu runs them itself."""


def run_example(session: nox.Session, folder: str, package: str) -> None:
    """Run the tests of a public package in a *folder* of the examples."""
    if session.posargs != INSTALL_ONLY:
        test = Path("examples", folder, f"test_{package.replace('-', '_')}.py")
        session.run("python", "-m", "pytest", str(test))


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def packages(session: nox.Session, package: str) -> None:
    """Run the code of a public package on the simulated service, with qrtest from its wheel."""
    constraints = ("--build-constraints", str(CONSTRAINTS))
    session.run("uv", "build", "-q", "--wheel", "--out-dir", session.create_tmp(), external=True)
    [wheel] = Path(session.create_tmp()).glob("qrtest-*.whl")
    session.install("-q", *constraints, f"{wheel}[pytest,aer]", package)
    run_example(session, "packages", package)


CLIENTS = (
    "ibm-qdmi",
    "localqpu",
    "qauvern",
    "qbraid",
    "qiskit-ibm-runtime-mcp-server",
    "qrmi",
    "quantum-vibecoding-mcp",
)
"""Clients of others, of the service itself, each with a test in examples/clients."""

UNSAID = {"quantum-vibecoding-mcp": ("mcp<2",)}
"""What a client needs, and its package does not require."""


@nox.session
@nox.parametrize("client", CLIENTS, ids=CLIENTS)
def clients(session: nox.Session, client: str) -> None:
    """Let a client of others, as it is published, ask the simulated service."""
    constraints = ("--build-constraints", str(CONSTRAINTS))
    session.install(
        "-q", *constraints, "-e", ".[pytest,aer,serve]", client, *UNSAID.get(client, ())
    )
    run_example(session, "clients", client)


@nox.session
def beside_localqpu(session: nox.Session) -> None:
    """Send generated programs to localqpu and to qrtest: every difference is a row of docs/fidelity.md."""
    install(session, "newest")
    session.install("-q", "localqpu==0.3.0")
    if session.posargs == INSTALL_ONLY:
        return
    session.run("python", "-m", "tests.beside_localqpu", *session.posargs)


@nox.session
def beside_pytest_vcr(session: nox.Session) -> None:
    """pytest-vcr, which pytest-recording refuses, so that it is in no extra."""
    install(session, "newest")
    session.install("-q", "pytest-vcr>=1.0.2")
    if session.posargs == INSTALL_ONLY:
        return
    session.run("python", "-m", "pytest", "-q", "tests/beside_pytest_vcr.py")


@nox.session
def schemathesis(session: nox.Session) -> None:
    """Requests drawn from the description that a server publishes of itself: none may end in a 5xx."""
    install(session, "newest")
    session.install("-q", "schemathesis>=4,<5")
    if session.posargs == INSTALL_ONLY:
        return
    session.run("python", "-m", "tests.schemathesis_run", *session.posargs)


FOUND = {
    "pytket-qiskit": "0.79.0",
    "qbraid": "0.13.0",
    "qiskit-ibm-runtime-mcp-server": "0.6.2",
    "qrisp": "0.9.10",
}
"""Packages in which something was found, each with the release: docs/found.md."""


@nox.session
@nox.parametrize("package", list(FOUND), ids=list(FOUND))
def found(session: nox.Session, package: str) -> None:
    """Show again what was found in a public package."""
    constraints = ("--build-constraints", str(CONSTRAINTS))
    session.install("-q", *constraints, "-e", ".[pytest]", f"{package}=={FOUND[package]}")
    run_example(session, "found", package)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure every line and branch of what decides, by tests in one process."""
    install(session, "newest")
    if session.posargs == INSTALL_ONLY:
        return
    coverage = ("python", "-m", "coverage")
    env = {**os.environ, "HYPOTHESIS_PROFILE": "ci"}
    tests = (*WHAT_DECIDES, *TRIED_BY)
    session.run(*coverage, "run", "-m", "pytest", "-q", *session.posargs, *tests, env=env)
    files = ",".join(path if path.endswith(".py") else f"{path}/*" for path in WHAT_DECIDES)
    session.run(*coverage, "report", "--include", files, "-m", "--skip-covered", "--fail-under=100")


@nox.session
def journals(session: nox.Session) -> None:
    """Compare a thousand runs of a program with threads, and of one with tasks, give one journal each."""
    session.install("-q", "-e", ".[test]")
    session.run("python", "-m", "benchmarks.same_journal", *(session.posargs or ["1000"]))


@nox.session
def trio(session: nox.Session) -> None:
    """trio, anyio and uvloop in a simulation, and what waiting costs on trio's clock and on looptime."""
    session.install("-q", "-e", ".[test]", "trio>=0.25", "anyio", "uvloop", "looptime")
    options = ("-q", "-n", "0", "-p", "no:looptime_plugin")
    session.run("python", "-m", "pytest", *options, "tests/other_loops_run.py")
    session.run("python", "-m", "benchmarks.waits")


@nox.session
def mutation(session: nox.Session) -> None:
    """Measure whether the tests notice when lifecycle, script, wire or cassette change: docs/quality.md.

    All mutants of a few modules and a sample of the others take about an hour. `-- all` tries every one,
    `-- "qrtest.service.jobs*"` those of a module; mutants/ keeps what was found from run to run.
    """
    session.install("-q", "-e", ".[test,check]", "mutmut>=3.8,<4")
    env = {"HYPOTHESIS_PROFILE": "mutation"}
    if session.posargs:
        chosen = [name for name in session.posargs if name != "all"]
        session.run("mutmut", "run", *chosen, env=env)
    else:
        session.run(
            "mutmut",
            "run",
            "qrtest.lifecycle.transitions*",
            "qrtest.lifecycle.step*",
            "qrtest.lifecycle.script*",
            env=env,
        )
        names = session.run("python", "-m", "docs.make_quality", "sample", silent=True)
        session.run("mutmut", "run", *str(names).split(), env=env)
    session.run("python", "-m", "docs.make_quality")


@nox.session
def upstream(session: nox.Session) -> None:
    """Run the integration tests of a checkout of the client, unchanged: docs/fidelity.md."""
    if not session.posargs:
        session.error("Give a checkout of qiskit-ibm-runtime: nox -s upstream -- PATH")
    checkout = Path(session.posargs[0]).resolve()
    version = checkout / "qiskit_ibm_runtime" / "VERSION.txt"
    if not version.exists():
        session.error(
            f"{version} is not there: `pip install setuptools-scm .` in the checkout writes it."
        )
    release = version.read_text(encoding="utf-8").strip()
    session.install(
        "-q", "-e", ".[test]", f"qiskit-ibm-runtime=={release}", "ddt", "pproxy", "qiskit-aer"
    )
    root = str(Path(__file__).parent)
    others = ("vcr", "recording", "randomly", "asyncio", "time_machine", "qrtest")
    options = ["-q", "-p", "tests.upstream", *(f"-pno:{name}" for name in others)]
    options += ["-o", "addopts=", "--rootdir", str(checkout), "--timeout", "60"]
    tests = session.posargs[1:] or [str(checkout / "test" / "integration")]
    with session.chdir(checkout):
        env = {"PYTHONPATH": root}
        session.run("python", "-m", "pytest", *options, *tests, env=env, success_codes=[0, 1])


@nox.session
def site(session: nox.Session) -> None:
    """Build the documentation as a site, without a warning: docs/_build/index.html."""
    session.install("-q", "-e", ".[docs,test]")
    session.run(
        "python", "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", "docs/_build"
    )
