"""What a test asks for: by the marker, the fixture qrtest_options, and the settings of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.errors import SettingError
from qrtest.plugin import settings
from qrtest.service.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["draws_examples", "options", "resolve", "script"]

OPTIONS: Final = pytest.StashKey["Mapping[str, Any]"]()
"""The options of a test, as `resolve` found them."""


def resolve(item: pytest.Item, of_fixture: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of a test, and keep them for `options`.

    Settings come from where PRECEDENCE says, everything else from the marker, then from the fixture
    qrtest_options, which gave *of_fixture*. Raises `pytest.UsageError` for options that make no sense.
    """
    marked = _marked(item)
    try:
        joined = settings.joined(of_fixture, marked)
        resolved = settings.checked(joined, Behaviour.__dataclass_fields__)
        for name in settings.SETTINGS:
            given = {"marker": marked.get(name), "fixture": of_fixture.get(name)}
            value = settings.configured(item.config, name, given)
            if value.source != "default" or name in ("record", "unused"):
                resolved[name] = value.value
    except SettingError as error:
        raise pytest.UsageError(f"{item.nodeid}: the marker qrtest: {error}") from None
    item.stash[OPTIONS] = resolved
    return resolved


def options(item: pytest.Item) -> Mapping[str, Any]:
    """Return the options of a test, which were resolved when it was set up."""
    return item.stash[OPTIONS]


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Return the keyword arguments of the markers; those of the nearest go before the others."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(settings.MARKER))):
        if marker.args:
            raise pytest.UsageError(
                f"{item.nodeid}: the marker qrtest takes names only: "
                f"write @pytest.mark.qrtest(script={marker.args[0]!r})."
            )
        marked |= marker.kwargs
    return marked


def script(asked: Mapping[str, Any], root: Path) -> Any:
    """Return the script or scenario that is *asked* for, or None.

    A scenario may be named by its file below *root*, or by its name in the catalogue.
    """
    scenario = asked.get("scenario")
    if isinstance(scenario, str) and scenario.endswith(".yaml"):
        from qrtest.scenario import scenario_file

        return scenario_file.load(root / scenario)
    if isinstance(scenario, str):
        from qrtest.scenario.catalogue import scenarios

        return scenarios[scenario]
    return scenario if scenario is not None else asked.get("script")


def draws_examples(item: pytest.Item) -> bool:
    """Return whether hypothesis draws examples for *item*."""
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False) is True
