"""The folders, the direction of imports, and the one home of each library: read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qrtest

ROOT = Path(qrtest.__file__).parent

LAYERS: list[dict[str, str]] = [
    {"errors": "every exception, as a tree"},
    {
        "advice": "what an error advises: the name that was meant, the page that says more",
        "code_repr": "a value prints as the code that makes it",
        "extras": "libraries that only some parts need",
        "excerpt": "the beginning and the end of a long text",
        "patching": "replaces attributes while anybody needs it",
        "run_options": "what the pytest plugin sets for a whole run",
    },
    {
        "clock": "time as a value, and the functions that code sleeps by",
        "http": "Request, Response, Service; which operation a request is",
    },
    {"lifecycle": "statuses, steps and scripts: plain values"},
    {"service": "the simulated service of IBM Quantum: request in, response out"},
    {
        "faults": "what goes wrong, on which operation, and when; a service that applies it",
        "cassette": "recorded exchanges as values and as files",
    },
    {"redaction": "takes secrets out of recordings, and checks that none is left"},
    {
        "playback": "a service that answers from a cassette; what a recording says of its jobs",
        "transport": "how requests reach a service",
    },
    {"client": "the genuine client as installed: the only home of qiskit"},
    {"scenario": "script, faults and result as one value; its file; the named ones"},
    {"timeline": "what happened: journal, value, text, picture"},
    {
        "harness": "simulate, replay, record, serve: everything put together",
        "drawing": "the first home of timeline_of: an alias",
    },
    {"strategies": "what hypothesis draws"},
    {
        "properties": "check_consumer, check_job, JobMachine",
        "fidelity": "whether a service behaves as the simulated one assumes",
    },
    {"plugin": "pytest: hooks, fixtures, marker, report"},
    {"cli": "the command line"},
]
"""From the ground up: a folder imports only from rows above its own, for types as well."""

LAYER = {folder: number for number, row in enumerate(LAYERS) for folder in row}
MOST_LAYERS = 16
MOST_MODULES_AT_THE_ROOT = 8
PUBLIC_MODULES = {"errors", "faults", "properties", "strategies"}

HOMES = {
    "vcr": {"harness.recorder"},
    "filelock": {"cassette.store"},
    "yaml": {"cassette.yaml_json"},
    "responses": {"transport.requests_adapter", "transport.requests_mount"},
    "requests": {
        "client.connect",
        "fidelity.lab",
        "transport.requests_adapter",
        "transport.requests_mount",
        "transport.direct",
        "transport.socket_adapter",
        "transport.redirect",
    },
    "urllib3": {
        "transport.requests_adapter",
        "transport.socket_adapter",
        "transport.urllib3_connection",
        "transport.forwarding",
        "transport.urllib3_tap",
    },
    "aiohttp": {"transport.aiohttp_tap"},
    "httptools": {"transport.http_connection"},
    "httpx": {"transport.httpx_tap"},
    "websockets": {"transport.websocket"},
    "ssl": {
        "transport.listening",
        "transport.network_block",
        "transport.server",
        "transport.tls",
        "transport.tls_tunnel",
        "transport.socket_errors",
        "transport.websocket",
    },
    "trustme": {"transport.tls"},
    "asyncio": {
        "clock.patch_uvloop",
        "clock.places",
        "properties.consumer_run",
        "transport.aiohttp_tap",
        "transport.interception",
        "transport.response_reader",
        "transport.http_connection",
        "transport.listening",
        "transport.tls_tunnel",
        "transport.websocket",
    },
    "socket": {
        "clock.patch_loops",
        "transport.http_connection",
        "transport.listening",
        "transport.network_block",
        "transport.socket_adapter",
        "transport.connection_watch",
        "transport.http_client_tap",
        "transport.socket_errors",
    },
    "threading": {
        "client.supervised",
        "client.lasting_import",
        "clock.program_time",
        "client.removed_members",
        "clock.genuine",
        "clock.installed",
        "clock.observer",
        "clock.patch_threads",
        "clock.places",
        "plugin.summary",
        "properties.real_time_limit",
        "properties.source_lines",
        "timeline.journal",
        "transport.listening",
        "transport.proxy_port",
        "transport.stream_client",
        "transport.websocket",
    },
    "time": {
        "clock.date_tools",
        "cli.pin",
        "clock.genuine",
        "clock.program_time",
        "clock.patch_time",
        "clock.places",
        "fidelity.lab",
        "properties.job_method_promises",
        "properties.job_promises",
        "properties.known_defects",
        "properties.service_promises",
    },
    "pytest": {
        "plugin",
        "plugin.cassettes",
        "plugin.fixtures",
        "plugin.marker",
        "plugin.report",
        "plugin.settings",
        "plugin.summary",
    },
    "hypothesis": {
        "plugin.hypothesis_examples",
        "strategies.draw_results",
        "strategies.draw_faults",
        "strategies.draw_poll_plans",
        "strategies.draw_scenarios",
        "strategies.draw_schedules",
        "strategies.draw_scripts",
        "strategies.register",
        "properties.consumer",
        "properties.consumer_search",
        "properties.hunt",
        "properties.schedule_search",
        "properties.job_machine",
        "properties.job_machine_report",
    },
    "click": {
        *(
            f"cli.{name}"
            for name in (
                "check",
                "commands",
                "convert",
                "demo",
                "diff",
                "doctor",
                "fidelity",
                "hunt",
                "init",
                "pin",
                "proxy",
                "record",
                "rescript",
                "serve",
                "show",
            )
        ),
    },
    "numpy": {
        "client.circuit_checks",
        "client.device_noise",
        "client.simulators",
        "client.small_jobs",
        "client.changed_programs",
        "client.changed_results",
        "client.counts",
        "client.fitted_programs",
        "client.fitted_results",
        "client.local_primitives",
        "client.readable_pubs",
        "client.noise_model",
        "client.result_encoder",
        "client.result_format",
        "client.submitted_pubs",
    },
    "pytest_html": {"plugin.report"},
    "qiskit": {
        "client.device_noise",
        "client.device_support",
        "client.small_jobs",
        "client.circuit_diff",
        "client.lasting_import",
        "client.fitted_programs",
        "client.local_primitives",
        "client.narrow_circuits",
        "client.noise_model",
        "client.qasm_circuits",
        "client.readable_pubs",
        "client.result_encoder",
        "client.simulation_work",
        "client.simulators",
        "client.submitted_pubs",
    },
    "qiskit_aer": {"client.device_noise", "client.simulators"},
    "qiskit_ibm_runtime": {
        "client.small_jobs",
        "client.named_instances",
        "client.removed_members",
        "client.runtime_service",
    },
}
PURE = ("errors", "code_repr", "run_options", "http", "lifecycle", "faults", "service")
"""Folders that need nothing but the standard library."""


@cache
def sources() -> dict[str, Path]:
    """Return every module by its dotted name below qrtest; a package by that of its folder."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(path: Path) -> set[str]:
    """Return what a module imports, at any depth, for its types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(module: str) -> Iterator[str]:
    """Yield the modules of qrtest that *module* imports."""
    for imported in imports(sources()[module]):
        name = imported.removeprefix("qrtest.") if imported.startswith("qrtest.") else ""
        while name and name not in sources():
            name = name.rpartition(".")[0]
        if name and name != module:
            yield name


def folder(module: str) -> str:
    """Return the row's entry that a module belongs to."""
    return module.partition(".")[0]


MODULES = sorted(set(sources()) - {""})


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_to_folders_further_down(module: str) -> None:
    """A module imports from its own folder and from rows above its own in LAYERS; a new folder is added there."""
    if module == "captured":
        return
    assert folder(module) in LAYER, f"{module} is in no folder of LAYERS"
    for imported in own_imports(module):
        if folder(imported) != folder(module):
            assert LAYER[folder(imported)] < LAYER[folder(module)], f"{module} imports {imported}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not within a folder either, and not for types."""
    graph = {module: set(own_imports(module)) for module in MODULES}
    # A package that hands out its modules' names lazily names them for the type checker.
    del graph["strategies"]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_the_layers_are_few_and_each_exists() -> None:
    """A reader can keep the list in mind."""
    assert len(LAYERS) <= MOST_LAYERS
    assert set(LAYER) | {"captured"} == {folder(module) for module in MODULES}


def test_few_modules_stand_at_the_root() -> None:
    """What has several parts is a folder."""
    at_the_root = [path.name for path in ROOT.glob("*.py") if path.name != "__init__.py"]
    assert len(at_the_root) <= MOST_MODULES_AT_THE_ROOT


def test_no_two_modules_have_one_name() -> None:
    """But for a command, which is named like what it runs."""
    names: dict[str, list[str]] = {}
    for module in MODULES:
        if folder(module) != "cli" and "." in module:
            names.setdefault(module.rpartition(".")[2], []).append(module)
    assert [same for same in names.values() if len(same) > 1] == []


def test_no_module_stands_in_the_way_of_a_public_name() -> None:
    """Importing `qrtest.replay.x` would put a module in the place of the function `qrtest.replay`."""
    top = {folder(module) for module in MODULES}
    assert top & set(qrtest.__all__) <= PUBLIC_MODULES
    public = {name for name in sources() if name.startswith("strategies.")}
    assert {name.rpartition(".")[2] for name in public} & set(qrtest.strategies.__all__) == set()


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_imported_in_its_homes_alone(library: str) -> None:
    """HOMES has, for each library, every module that imports it."""
    users = {
        module
        for module, path in sources().items()
        for imported in imports(path)
        if imported.partition(".")[0] == library
    }
    assert users == HOMES[library]


@pytest.mark.parametrize("module", [each for each in MODULES if folder(each) in PURE])
def test_what_is_pure_imports_the_standard_library_alone(module: str) -> None:
    """Values and the simulated service need nothing that has to be installed."""
    roots = {imported.partition(".")[0] for imported in imports(sources()[module])}
    assert roots - {"qrtest"} <= sys.stdlib_module_names


@pytest.mark.parametrize("module", ["qrtest", "qrtest.plugin", "qrtest.harness.simulate"])
def test_importing_imports_nothing_heavy(module: str) -> None:
    """Loading the plugin costs no more than the plugin."""
    heavy = {"qiskit", "qiskit_ibm_runtime", "hypothesis", "vcr", "responses", "requests", "yaml"}
    code = f"import {module}, sys; print(*sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == []


def test_importing_the_package_imports_next_to_nothing() -> None:
    """Not even typing, which takes ten times as long as all the rest."""
    code = "import sys; before = set(sys.modules); import qrtest; print(*set(sys.modules) - before)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {name for name in loaded.stdout.split() if name.startswith("qrtest")} == {"qrtest"}
    assert {"typing", "re", "enum", "dataclasses"}.isdisjoint(loaded.stdout.split())


MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 60
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions that are longer, each with the reason."""


@pytest.mark.parametrize("module", sorted(sources()))
def test_files_and_functions_are_short(module: str) -> None:
    """A function's signature and docstring do not count: they are there to be long enough."""
    source = sources()[module].read_text(encoding="utf-8")
    assert source.count("\n") <= MOST_LINES_A_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            begin = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            length = (node.end_lineno or 0) - begin[0].lineno + 1
            name = f"{module}.{node.name}"
            assert length <= MOST_LINES_A_FUNCTION or name in LONG_FUNCTIONS, (
                f"{name}: {length} lines"
            )
