"""What a test asks for: by the marker, the fixture qrtest_options, and the settings of its run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.errors import SettingError
from qrtest.plugin import settings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MARKER", "SAID", "chosen", "life", "options"]

MARKER: Final = "qrtest"
SAID: Final = pytest.StashKey[dict[str, Any]]()
"""What the fixture qrtest_options says."""


def chosen(config: pytest.Config, name: str, said: dict[str, object]) -> settings.Chosen:
    """A setting, of which marker and fixture have *said* something or nothing."""
    setting = settings.SETTINGS[name]
    outside = {
        "command line": config.getoption(setting.ini),
        "ini": config.getini(setting.ini),
        "environment": os.environ.get(setting.variable),
    }
    try:
        return settings.chosen(setting, {**said, **outside})
    except SettingError as error:
        raise pytest.UsageError(f"qrtest: {error}") from None


def options(item: pytest.Item) -> dict[str, Any]:
    """What holds for a test: settings as PRECEDENCE says, all else as marker and fixture say."""
    of_fixture, marked = item.stash[SAID], _marked(item)
    try:
        taken = settings.checked(settings.joined(of_fixture, marked), _behaviours())
    except SettingError as error:
        raise pytest.UsageError(f"{item.nodeid}: the marker qrtest: {error}") from None
    for name in settings.SETTINGS:
        said = {"marker": marked.get(name), "fixture": of_fixture.get(name)}
        word = chosen(item.config, name, said)
        if word.source != "default" or name in ("record", "unused"):
            taken[name] = word.value
    return taken


def _marked(item: pytest.Item) -> dict[str, Any]:
    """What the markers say, the nearest last."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(MARKER))):
        if marker.args:
            raise pytest.UsageError(
                f"{item.nodeid}: the marker qrtest takes names only: "
                f"write @pytest.mark.qrtest(script={marker.args[0]!r})."
            )
        marked |= marker.kwargs
    return marked


def _behaviours() -> tuple[str, ...]:
    from qrtest.service.behaviour import Behaviour

    return tuple(Behaviour.__dataclass_fields__)


def life(marked: dict[str, Any], root: Path) -> Any:
    """The script or scenario that is asked for; a scenario by its file below *root*, or its name."""
    scenario = marked.get("scenario")
    if isinstance(scenario, str) and scenario.endswith(".yaml"):
        from qrtest.scenario import scenario_file

        return scenario_file.load(root / scenario)
    if isinstance(scenario, str):
        from qrtest.scenario.catalogue import scenarios

        return scenarios[scenario]
    return scenario if scenario is not None else marked.get("script")
