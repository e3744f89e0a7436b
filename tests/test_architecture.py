"""The rooms, the direction of imports, and the one home of each library: read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import qrtest

ROOT = Path(qrtest.__file__).parent

LAYERS = [
    {"errors", "patching", "code_repr", "run_options"},
    {"surface"},
    {"clock.duration", "lifecycle.transitions", "settings", "tally"},
    {"clock.clocks", "transport.watchdog", "http.operations"},
    {"http.messages", "clock.accelerated"},
    {"lifecycle.step", "timeline.timeline"},
    {"lifecycle.script", "faults", "service.behaviour", "asking"},
    {"service.serialize", "service.result_payloads"},
    {
        "service.error_responses",
        "service.script_cursor",
        "service.parse",
        "service.payload_template",
    },
    {
        "service.accounts",
        "service.backends",
        "service.api_versions",
        "service.jobs",
        "service.limits",
        "service.ids",
        "service.sessions",
    },
    {"service.job_list", "service.result_stream", "service.submissions"},
    {"service.job_operations"},
    {"cassette.model", "cassette.fields", "cassette.yaml_json", "cassette.json_tokens"},
    {
        "redaction.allowlist",
        "redaction.bodies",
        "redaction.encoded",
        "cassette.foreign",
        "playback.interim",
        "redaction.patterns",
        "playback.structure",
    },
    {"project"},
    {"cassette.codec", "redaction.known"},
    {"redaction.redactor"},
    {
        "redaction.scan",
        "cassette.convert",
        "playback.matching",
        "cassette.store",
        "playback.timing",
    },
    {"cassette.checks", "playback.recorded_jobs"},
    {"playback.diff", "playback.stream"},
    {"playback.player"},
    {"service.service"},
    {"timeline.journal", "service.fault_injection"},
    {"transport.connection", "transport.line", "service.corruption"},
    {"transport.network", "transport.requests", "transport.streaming"},
    {"transport.websocket"},
    {
        "harness.recorder",
        "transport.certificate",
        "transport.direct",
        "transport.sockets",
        "transport.tap",
        "transport.towards",
    },
    {"client.releases"},
    {"client.noise"},
    {"client.backends", "client.circuits", "client.computed", "client.results", "client.clients"},
    {"client.documented"},
    {"client.jobs"},
    {"client.service"},
    {"client.connecting"},
    {"harness.record"},
    {"playback.rescript"},
    {"scenario.scenario"},
    {"scenario.catalogue", "scenario.scenario_file"},
    {"timeline.sources", "timeline.render"},
    {"harness.base", "harness.job_rules"},
    {"playback.rescripted_service", "harness.scripted_service"},
    {"harness.control_api"},
    {"harness.serve"},
    {"harness.drift", "harness.replay", "harness.simulate"},
    {"examples", "failure", "sessions", "summary", "payload_strategies"},
    {"strategies"},
    {"registration", "properties.consumer_run"},
    {"properties.consumer_rules"},
    {"properties.consumer_report"},
    {"properties.consumer", "properties.job_promises", "properties.job_machine"},
    {"properties", "cli.progress"},
    {
        "cli.check",
        "cli.convert",
        "cli.demo",
        "cli.diff",
        "cli.doctor",
        "cli.injected.sitecustomize",
        "cli.record",
        "cli.rescript",
        "cli.serve",
        "cli.show",
        "hooks",
        "marker",
        "report",
    },
    {"played"},
    {"plugin"},
    {"cli"},
]
LAYER = {module: number for number, layer in enumerate(LAYERS) for module in layer}
EMPTY_PACKAGES = {
    "",
    *(
        path.parent.relative_to(ROOT).as_posix()
        for path in ROOT.glob("*/__init__.py")
        if path.read_text().count("\n") == 1
    ),
}
WITHIN_A_LAYER: set[tuple[str, str]] = set()

HOMES = {
    "vcr": {"harness.recorder"},
    "filelock": {"cassette.store"},
    "yaml": {"cassette.yaml_json"},
    "responses": {"transport.requests"},
    "requests": {
        "client.connecting",
        "transport.requests",
        "transport.direct",
        "transport.sockets",
        "transport.towards",
    },
    "urllib3": {"transport.requests", "transport.sockets", "transport.tap"},
    "httptools": {"transport.connection"},
    "websockets": {"transport.websocket"},
    "ssl": {"transport.certificate", "transport.sockets"},
    "trustme": {"transport.certificate"},
    "asyncio": {"transport.connection", "transport.sockets", "transport.websocket"},
    "socket": {"transport.connection", "transport.network", "transport.sockets"},
    "threading": {
        "clock.clocks",
        "client.documented",
        "patching",
        "transport.sockets",
        "transport.streaming",
        "transport.websocket",
    },
    "time": {"clock.clocks", "properties.job_promises"},
    "pytest": {"hooks", "marker", "played", "plugin", "report", "summary"},
    "hypothesis": {
        "examples",
        "strategies",
        "payload_strategies",
        "registration",
        "properties.consumer",
        "properties.job_machine",
    },
    "click": {
        "cli",
        *(
            f"cli.{name}"
            for name in (
                "check",
                "convert",
                "demo",
                "diff",
                "doctor",
                "record",
                "rescript",
                "serve",
                "show",
            )
        ),
    },
    "numpy": {"client.computed", "client.noise", "client.results"},
    "pytest_html": {"report"},
    "qiskit": {"client.circuits", "client.computed", "client.noise", "client.results"},
    "qiskit_ibm_runtime": {"client.documented", "client.service"},
}
PURE = [
    "errors",
    "clock.duration",
    "lifecycle.transitions",
    "settings",
    "tally",
    "lifecycle.script",
    "scenario.scenario",
    "harness.job_rules",
    "scenario.catalogue",
    "faults",
    "asking",
    "lifecycle.step",
    "code_repr",
    "timeline.journal",
    "transport.watchdog",
    *(module for module in LAYER if module.startswith(("http.", "service."))),
]


@cache
def sources() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(path: Path) -> set[str]:
    """What a module imports, at any depth; what it imports for its types only does not count."""
    found = set()
    tree = ast.parse(path.read_text())
    types_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in types_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(imported: str) -> str | None:
    """The module of qrtest that an import means."""
    if not imported.startswith("qrtest."):
        return None
    name = imported.removeprefix("qrtest.")
    while name and name not in LAYER:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("module", sorted(set(sources()) - EMPTY_PACKAGES))
def test_imports_point_downwards(module: str) -> None:
    """A module imports only from layers below its own; a new module is added to LAYERS."""
    assert module in LAYER, f"{module} is in no layer: add it to LAYERS"
    for imported in filter(None, map(own, imports(sources()[module]))):
        if imported != module and (module, imported) not in WITHIN_A_LAYER:
            assert LAYER[imported] < LAYER[module], f"{module} imports {imported}"


def test_every_layer_exists() -> None:
    """No layer names a module that is gone."""
    assert set(LAYER) <= set(sources())


@pytest.mark.parametrize("library", sorted(HOMES))
def test_one_library_has_one_home(library: str) -> None:
    """A library is imported in its home and nowhere else."""
    users = {
        module
        for module, path in sources().items()
        for imported in imports(path)
        if imported.partition(".")[0] == library
    }
    assert users == HOMES[library]


@pytest.mark.parametrize("module", sorted(PURE))
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
