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
    {"clock.duration", "lifecycle.transitions", "plugin.settings", "plugin.tally"},
    {"clock.clocks", "transport.watchdog", "http.operations"},
    {"http.messages", "clock.accelerated"},
    {"lifecycle.step", "timeline.timeline"},
    {"lifecycle.script", "faults", "service.behaviour", "strategies.poll_plan"},
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
    {"plugin.project"},
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
    {"transport.http_connection", "transport.dispatcher", "service.corruption"},
    {"transport.network_block", "transport.requests_adapter", "transport.stream_client"},
    {"transport.websocket"},
    {
        "harness.recorder",
        "transport.tls",
        "transport.direct",
        "transport.server",
        "transport.urllib3_tap",
        "transport.redirect",
    },
    {"client.releases"},
    {"client.noise_model"},
    {
        "client.backend_snapshots",
        "client.circuit_diff",
        "client.local_primitives",
        "client.result_encoder",
        "client.runtime_client",
    },
    {"client.removed_members"},
    {"client.job_doubles"},
    {"client.runtime_service"},
    {"client.connect"},
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
    {
        "plugin.hypothesis_examples",
        "plugin.failure",
        "plugin.cassettes",
        "plugin.summary",
        "strategies.draw_results",
    },
    {"strategies"},
    {"strategies.register", "properties.consumer_run"},
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
        "plugin.hooks",
        "plugin.marker",
        "plugin.report",
    },
    {"plugin.played"},
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
    "responses": {"transport.requests_adapter"},
    "requests": {
        "client.connect",
        "transport.requests_adapter",
        "transport.direct",
        "transport.server",
        "transport.redirect",
    },
    "urllib3": {"transport.requests_adapter", "transport.server", "transport.urllib3_tap"},
    "httptools": {"transport.http_connection"},
    "websockets": {"transport.websocket"},
    "ssl": {"transport.tls", "transport.server"},
    "trustme": {"transport.tls"},
    "asyncio": {"transport.http_connection", "transport.server", "transport.websocket"},
    "socket": {"transport.http_connection", "transport.network_block", "transport.server"},
    "threading": {
        "clock.clocks",
        "client.removed_members",
        "patching",
        "transport.server",
        "transport.stream_client",
        "transport.websocket",
    },
    "time": {"clock.clocks", "properties.job_promises"},
    "pytest": {
        "plugin.hooks",
        "plugin.marker",
        "plugin.played",
        "plugin",
        "plugin.report",
        "plugin.summary",
    },
    "hypothesis": {
        "plugin.hypothesis_examples",
        "strategies",
        "strategies.draw_results",
        "strategies.register",
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
    "numpy": {"client.local_primitives", "client.noise_model", "client.result_encoder"},
    "pytest_html": {"plugin.report"},
    "qiskit": {
        "client.circuit_diff",
        "client.local_primitives",
        "client.noise_model",
        "client.result_encoder",
    },
    "qiskit_ibm_runtime": {"client.removed_members", "client.runtime_service"},
}
PURE = [
    "errors",
    "clock.duration",
    "lifecycle.transitions",
    "plugin.settings",
    "plugin.tally",
    "lifecycle.script",
    "scenario.scenario",
    "harness.job_rules",
    "scenario.catalogue",
    "faults",
    "strategies.poll_plan",
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
