"""Makes the pages that say what each release of the client does, by running it.

    python docs/make_tables.py            # runs the installed release, writes its column and the pages

Run it in one environment for each release: the columns are kept in docs/outcomes/, a file a release
and page, and the pages are made of all of them. A test runs the installed release and compares.
"""

from __future__ import annotations

import inspect
import json
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from importlib.metadata import version
from operator import methodcaller
from pathlib import Path

from qiskit_ibm_runtime import Session

import qrtest
from docs.make_programs import programs
from qrtest import Scenario, faults, scenarios
from qrtest.service.behaviour import Behaviour
from qrtest.service.corruption import DAMAGES, WHOLE
from tests.client_changes import CHANGES

DOCS = Path(__file__).parent
OUTCOMES = DOCS / "outcomes"
FOUR_HOURS = 14_400

Column = Mapping[str, str]


# --- the catalogue ----------------------------------------------------------------------------------


def catalogue() -> Column:
    """Return what the installed release makes of every situation of the catalogue."""
    return {name: outcome(scenario) for name, scenario in scenarios.items()}


def outcome(scenario: Scenario) -> str:
    """Return what the call that matters most in *scenario* comes to."""
    struck = {fault.on for fault in scenario.faults}
    chosen = scenario.behaviour.chosen()
    with warnings.catch_warnings(action="ignore"), qrtest.simulate() as sim:
        if "submit" in struck:
            return submitted(sim, scenario)
        if "session" in struck:
            return session_closed(sim, scenario)
        if any(fault == faults.status(404, on="poll") for fault in scenario.faults):
            return found_elsewhere(scenario)
        job = sim.job(scenario)
        if "cancel" in struck or {"cancel_takes_effect", "cancel_lag"} & set(chosen):
            return cancelled(sim, job)
        if scenario.params is not None:
            return inputs(sim, job.job_id())
        if "usage_lag" in chosen:
            job.result()
            usage = came_to(partial(methodcaller("usage"), job))
            return f"`usage()` {usage}"
        what = came_to(lambda: job.result(timeout=FOUR_HOURS))
        took = round(sim.clock.now())
        return f"`result(timeout=4 h)` {what} after {took:,} s; `status()` {came_to(job.status)}"


def cancelled(sim: qrtest.Simulation, job: qrtest.RuntimeJobV2) -> str:
    """Return what cancel() comes to, and what is said afterwards: here, and by the service."""
    sim.clock.advance("1s")
    what = came_to(job.cancel)
    here = came_to(job.status)
    sim.clock.advance("1h")
    there = came_to(lambda: sim.service().job(job.job_id()).status())
    return f"`cancel()` {what}; `status()` {here}; an hour later a new job object {there}"


def inputs(sim: qrtest.Simulation, job_id: str) -> str:
    """Return what the first of the inputs is, by both ways to the job."""
    alone = came_to(lambda: sim.service().job(job_id).inputs["circuits"][0])
    [job] = sim.service().jobs()
    return f"`service.job().inputs` {alone}, `service.jobs()[0].inputs` " + came_to(
        lambda: job.inputs["circuits"][0]
    )


def session_closed(sim: qrtest.Simulation, scenario: Scenario) -> str:
    """Return what close() of a session comes to."""
    sim.next_job(scenario)
    session = Session(backend=sim.service().backend("ibm_torino"))
    return f"`session.close()` {came_to(session.close)}"


def found_elsewhere(scenario: Scenario) -> str:
    """Return what service.job() comes to for a job of the other of two instances."""
    instances = (qrtest.Instance(name="one"), qrtest.Instance(name="other"))
    with qrtest.simulate(instances=instances) as sim:
        sim.next_job(replace(scenario, faults=()))
        other = sim.service(instance="other")
        options = {"backend": other.backend("ibm_torino")}
        job_id = other._run("sampler", {"pubs": []}, options).job_id()
        chosen = came_to(lambda: sim.service(instance="one").job(job_id).status())
        free = came_to(lambda: sim.service(instance="any").job(job_id).status())
    return f"`service.job()` with an instance chosen {chosen}, without {free}"


def submitted(sim: qrtest.Simulation, scenario: Scenario) -> str:
    """Return what run() comes to, and how many jobs it made."""
    from qiskit import QuantumCircuit
    from qiskit_ibm_runtime import SamplerV2

    sampler = SamplerV2(mode=sim.service().backend("ibm_torino"))
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    sim.next_job(scenario)
    what = came_to(lambda: sampler.run([circuit]))
    made = len(sim.service().jobs(limit=None))
    return f"`run()` {what}; jobs made: {made}"


def came_to(call: Callable[[], object]) -> str:
    """Return the value or the exception of *call*, in a few words."""
    try:
        value = call()
    except qrtest.NeverEnds:
        return "never ends"
    except Exception as error:
        kind = type(error)
        return f"raises {kind.__module__ + '.' if kind.__name__.islower() else ''}{kind.__name__}"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str) and value.isupper():
        return value
    if isinstance(value, Enum):
        return str(value)
    size = f" of {len(value):,} characters" if isinstance(value, str) else ""
    return f"a {type(value).__name__}{size}"


# --- what the decoders do ---------------------------------------------------------------------------


def decoder_failures() -> Column:
    """Return what result() comes to for every damage of every program's result."""
    return {
        f"{damage.name} {program_id}": decoded(spoilt, program_id)
        for damage in DAMAGES
        for program_id, whole in WHOLE.items()
        if (spoilt := damage.applied(whole)) is not None
    }


def decoded(text: str, program_id: str) -> str:
    """Return what result() makes of *text*."""
    with warnings.catch_warnings(action="ignore"), qrtest.simulate() as sim:
        job = sim.job("DONE", result=text, program_id=program_id.removesuffix("-v3"))
        return came_to(job.result)


def decoder_failures_page(columns: Mapping[str, Column]) -> str:
    """docs/decoder-failures.md, of one column for each release."""
    lines = [
        "# What the decoders do with a broken result",
        "",
        "`result()` of a job that is done, when its result arrives broken: seen by running each release "
        "(`python docs/make_tables.py`). `qrtest.strategies.broken_results(program_id)` draws them.",
        "",
        "No release wraps what its decoders raise, and what is no JSON is returned as the text it is.",
        "",
    ]
    for damage in DAMAGES:
        lines += [f"## {damage.name}", "", damage.says, "", "| program | release | `result()` |"]
        lines += ["|---|---|---|"]
        for program_id in WHOLE:
            key = f"{damage.name} {program_id}"
            by_release = {release: each[key] for release, each in columns.items() if key in each}
            lines += [
                f"| {program_id} | {', '.join(releases)} | {what} |"
                for what, releases in grouped(by_release).items()
            ]
        lines.append("")
    return "\n".join(lines)


# --- the documented surface -------------------------------------------------------------------------

OWN = "the client's"
OURS = "qrtest's"
USES: Mapping[str, Callable[[qrtest.RuntimeJobV2], object]] = {
    "ERROR": lambda job: job.ERROR,
    "JOB_FINAL_STATES": lambda job: job.JOB_FINAL_STATES,
    "creation_date": lambda job: job.creation_date,
    "image": lambda job: job.image,
    "inputs": lambda job: job.inputs,
    "instance": lambda job: job.instance,
    "primitive_id": lambda job: job.primitive_id,
    "program_id": lambda job: job.program_id,
    "session_id": lambda job: job.session_id,
    "tags": lambda job: job.tags,
    "usage_estimation": lambda job: job.usage_estimation,
    "backend()": lambda job: job.backend(),
    "cancel()": lambda job: job.cancel(),
    "cancel_result_streaming()": lambda job: job.cancel_result_streaming(),
    "cancelled()": lambda job: job.cancelled(),
    "done()": lambda job: job.done(),
    "error_message()": lambda job: job.error_message(),
    "errored()": lambda job: job.errored(),
    "in_final_state()": lambda job: job.in_final_state(),
    "interim_results()": lambda job: job.interim_results(),
    "job_id()": lambda job: job.job_id(),
    "logs()": lambda job: job.logs(),
    "metrics()": lambda job: job.metrics(),
    "properties()": lambda job: job.properties(),
    "result()": lambda job: job.result(),
    "running()": lambda job: job.running(),
    "status()": lambda job: job.status(),
    "stream_results()": lambda job: job.stream_results(lambda *_: None),
    "update_tags()": lambda job: job.update_tags(["a"]),
    "wait_for_final_state()": lambda job: job.wait_for_final_state(),
}


def surface() -> Column:
    """Whose each documented member is on a double under the installed release, and what it comes to."""
    from qiskit_ibm_runtime import RuntimeJobV2

    taken = inspect.signature(RuntimeJobV2).parameters
    column = {}
    with warnings.catch_warnings(action="ignore"), qrtest.simulate() as sim:
        for member, use in USES.items():
            whose = OWN if hasattr(RuntimeJobV2, member.removesuffix("()")) else OURS
            column[member] = f"{whose}: {came_to(partial(use, sim.job('RUNNING 5s; DONE')))}"
        for argument in ("client_params", "user_callback", "result_decoder"):
            column[f"argument {argument}"] = f"{OWN if argument in taken else OURS}: taken"
    with warnings.catch_warnings(action="ignore"):
        sent = programs()
    return {**column, **{f"{PROGRAM}{name}": text for name, text in sent.items()}}


def releases_page(columns: Mapping[str, Column]) -> str:
    """docs/releases.md, of one column for each release."""
    lines = [
        *RELEASES_HEAD,
        f"| member | {' | '.join(columns)} |",
        "|---" * (len(columns) + 1) + "|",
    ]
    rows = list(next(iter(columns.values())))
    for member in (row for row in rows if not row.startswith(PROGRAM)):
        cells = [cell(*column[member].split(": ")) for column in columns.values()]
        lines.append(f"| `{member.removeprefix('argument ')}` | {' | '.join(cells)} |")
    lines += ["", *PROGRAMS_HEAD, f"| primitive | {' | '.join(columns)} |"]
    lines += ["|---" * (len(columns) + 1) + "|"]
    for row in (row for row in rows if row.startswith(PROGRAM)):
        cells = [column[row] for column in columns.values()]
        lines.append(f"| {row.removeprefix(PROGRAM)} | {' | '.join(cells)} |")
    lines += ["", *CHANGES_HEAD, "| what | since | |", "|---|---|---|"]
    lines += [f"| {change.name} | {change.since} | {change.says} |" for change in CHANGES]
    return "\n".join([*lines, ""])


def cell(whose: str, what: str) -> str:
    """Return what a member comes to, in bold where qrtest supplies it."""
    return what if whose == OWN else f"**{what}**"


RELEASES_HEAD = [
    "# Releases",
    "",
    "qrtest works with qiskit-ibm-runtime 0.26 and newer. A double is the `RuntimeJobV2` of the release "
    "that is installed, and has the whole surface that releases 0.26 to 0.29.1 document: what the release "
    "has is its own; what it has dropped is qrtest's, behaves as in 0.29.1, and warns "
    "`RemovedFromClientWarning` with the release that dropped it. With",
    "",
    "```ini",
    "[pytest]",
    "qrtest_surface = installed",
    "```",
    "",
    "it is the AttributeError that production would see. A release that is older is refused; one that is "
    "newer than any known works if it can, and `UnsupportedRelease` says what is not as it was if it cannot.",
    "",
    "## Streams",
    "",
    "`stream_results` and `user_callback` receive what `running(..., interim=[...])` says "
    "appears, then the result, in another thread. On a virtual clock a message comes when it is "
    "due, to a thread that [takes part in the clock](time.md); by a websocket, the stream moves "
    "the clock when that has stood still for a tenth of a second of real time. What is due when "
    'the simulation ends is delivered before it does. With `transport="sockets"` the stream is a '
    "websocket on the port, at `/stream/jobs/<id>`, for any client: that of releases up to 0.31 "
    "streams from it by its own code. The jobs of `qrtest.connect` stream from their server "
    "likewise, by wss where its address is https. `faults.break_stream(1011, messages=2)` breaks "
    'it off, `faults.status(401, on="stream")` refuses the handshake, and '
    '`faults.drop(on="stream")` resets the connection.',
    "",
    "## Which members each release has, and what each returns",
    "",
    "Of a job that runs for 5 seconds and is done, and last, arguments of the constructor: seen by running "
    "each release in an environment of its own (`nox -s tables`; last for all of them on 28 November 2026). "
    "What is in bold the release has dropped, and qrtest supplies it.",
    "",
]

PROGRAM = "program "
"""What the rows of programs begin with, in the column of a release."""

PROGRAMS_HEAD = [
    "## Which program each primitive sends, and what it gets",
    "",
    "Three circuits to a sampler, three observables to an estimator, one circuit to an executor or a noise "
    "learner: the program, the schema of its inputs, and the default result as the client decodes it. All "
    'of them fit what was submitted; with `result="computed"` the samplers, estimators and the executor '
    "are computed. The client's local simulators, the calibrator, and primitives that need packages beside "
    "the client are left out.",
    "",
]

CHANGES_HEAD = [
    "## What the client itself changed",
    "",
    "Generated scripts, faults and calls of the documented members were compared between the newest release "
    'and the genuine `RuntimeJobV2` of 0.29.1 (`nox -s "release(0.29.1)" differential`): values, '
    "exceptions, texts, virtual times and numbers of requests. They are the same but for these, each of "
    "which is seen there, too:",
    "",
]


# --- pages ------------------------------------------------------------------------------------------


def catalogue_page(columns: Mapping[str, Column]) -> str:
    """docs/catalogue.md, of one column for each release."""
    lines = [
        "# Catalogue",
        "",
        "Situations that broke real programs. `qrtest.scenarios` has each under its name:",
        "",
        "<!-- outcome: passed failed -->",
        "",
        "```python",
        "import pytest",
        "import qrtest",
        "",
        "",
        "def collect(job):",
        '    """Code of yours that waits for a job."""',
        "    return job.result(timeout=3600)",
        "",
        "",
        '@pytest.mark.parametrize("scenario", qrtest.scenarios.values(), ids=qrtest.scenarios)',
        "def test_collect(runtime_job, scenario):",
        "    collect(runtime_job(scenario))",
        "```",
        "",
        "What each release of the client makes of it was seen by running it "
        "(`python docs/make_tables.py`), at the direct transport, with the client's own calls.",
        "",
    ]
    for name, scenario in scenarios.items():
        lines += [f"## {name}", "", f"{scenario.says} Source: {scenario.source}.", ""]
        lines += ["```text", f"{scenario.script}"]
        lines += [repr(fault) for fault in scenario.faults]
        lines += [repr(scenario.behaviour)] if scenario.behaviour != Behaviour() else []
        by_release = {release: each[name] for release, each in columns.items() if name in each}
        lines += ["```", "", *table(by_release), ""]
    return "\n".join(lines)


def table(by_release: Mapping[str, str]) -> list[str]:
    """One row for the releases that do the same."""
    return [
        "| release | what it does |",
        "|---|---|",
        *(f"| {', '.join(releases)} | {what} |" for what, releases in grouped(by_release).items()),
    ]


def grouped(by_release: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the releases that do the same, under what they do."""
    rows: dict[str, list[str]] = {}
    for release, what in by_release.items():
        rows.setdefault(what, []).append(release)
    return rows


PAGES: Mapping[str, tuple[Callable[[], Column], Callable[[Mapping[str, Column]], str]]] = {
    "catalogue": (catalogue, catalogue_page),
    "decoder-failures": (decoder_failures, decoder_failures_page),
    "releases": (surface, releases_page),
}


def columns(page: str) -> dict[str, Column]:
    """Return the columns of *page* that were made, the newest release first."""
    files = OUTCOMES.glob(f"{page}-*.json")
    found = {file.stem.removeprefix(f"{page}-"): json.loads(file.read_text()) for file in files}
    return dict(sorted(found.items(), key=lambda entry: numbers(entry[0]), reverse=True))


def numbers(release: str) -> tuple[int, ...]:
    """*release* to sort by."""
    return tuple(map(int, release.split(".")))


def installed() -> str:
    """Return the release that is installed."""
    return version("qiskit-ibm-runtime")


def main() -> None:
    """Write the installed release's columns, and the pages."""
    logging.disable(logging.WARNING)
    for page, (run, show) in PAGES.items():
        column = json.dumps(run(), indent=1, ensure_ascii=False)
        (OUTCOMES / f"{page}-{installed()}.json").write_text(column + "\n")
        (DOCS / f"{page}.md").write_text(show(columns(page)))
        print(f"docs/{page}.md: {', '.join(columns(page))}", file=sys.stderr)


if __name__ == "__main__":
    main()
