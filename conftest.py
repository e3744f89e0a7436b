import importlib
import importlib.util
import os

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest_plugins = ["pytester"]

OTHER_LOOPS = ("anyio", "trio", "uvloop")
collect_ignore = (
    [] if all(map(importlib.util.find_spec, OTHER_LOOPS)) else ["tests/other_loops_run.py"]
)
"""`nox -s trio` installs them, and runs this file."""

ELSEWHERE = (
    "asyncio",
    "html",
    "pytest_cov",
    "randomly",
    "socket",
    "time_machine",
    "timeout",
    "vcr",
)
"""Plugins that are installed for tests/end_to_end/test_manners.py, and stay out of all other tests."""

IMPORTED_LATE = (
    "qrtest.scenario.catalogue",
    "qrtest.client.backend_snapshots",
    "qrtest.client.circuit_diff",
    "qrtest.client.runtime_service",
    "qrtest.plugin.hypothesis_examples",
    "qrtest.properties",
    "qrtest.harness.replay",
    "qrtest.plugin.cassettes",
    "qrtest.harness.simulate",
    "qrtest.strategies",
    "qrtest.transport.server",
    "qrtest.transport.urllib3_tap",
)
"""What qrtest imports when it is wanted, and with it the client, numpy and hypothesis."""

SLOW_IS_FINE = [HealthCheck.too_slow]

# Without a database a test does not depend on what the last run left behind.
settings.register_profile(
    "dev", max_examples=50, deadline=None, database=None, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=20, derandomize=True)
settings.register_profile(
    "mutation", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate]
)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


@pytest.fixture(scope="session")
def imports() -> None:
    """What a pytest in this process would be the first to import, and forget in the end.

    The client does not take it well to be imported twice.
    """
    for module in IMPORTED_LATE:
        importlib.import_module(module)


@pytest.fixture
def pytester(
    imports: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A pytest of its own, without the plugins of ELSEWHERE."""
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-pno:{name}" for name in ELSEWHERE))
    return pytester
