"""Settings and their precedence: the one place that knows which source goes before which.

Imported in every start of pytest, so it has plain classes, which cost a fifth of dataclasses, and imports
its error when it raises it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

__all__ = [
    "MARKER",
    "NOT_OF_A_SERVER",
    "OF_A_REPLAY",
    "PRECEDENCE",
    "SETTINGS",
    "Chosen",
    "Setting",
    "checked",
    "chosen",
    "configured",
    "filters_of",
    "joined",
]

MARKER: Final = "qrtest"

PRECEDENCE: Final = ("command line", "marker", "fixture", "ini", "environment")
"""The sources of a setting, highest precedence first."""


class Setting:
    """A value that each of PRECEDENCE may give: one of *choices*, of which the first is the default.

    >>> Setting("pace", ("recorded", "polls"), "how").variable
    'QRTEST_PACE'
    """

    def __init__(self, name: str, choices: tuple[str, ...], help: str) -> None:  # noqa: A002 (argparse's word)
        self.name: Final = name
        self.choices: Final = choices
        self.help: Final = help
        self.default: Final = choices[0]
        self.option: Final = f"--qrtest-{name}"
        self.ini: Final = f"qrtest_{name}"
        self.variable: Final = f"QRTEST_{name.upper()}"


SETTINGS: Final = {
    setting.name: setting
    for setting in (
        Setting(
            "record",
            ("none", "once", "new_episodes", "all", "rewrite"),
            "record the cassettes of tests marked qrtest(cassette=...)",
        ),
        Setting(
            "unused",
            ("ignore", "warn", "fail"),
            "what to do about interactions of a cassette that no test asked for",
        ),
        Setting(
            "transport",
            ("direct", "in-process", "requests", "sockets"),
            "how requests reach the simulated service",
        ),
        Setting(
            "pace",
            ("recorded", "polls", "instant"),
            "how time passes in a replay",
        ),
        Setting(
            "expired",
            ("warn", "fail", "ignore"),
            "what to do about cassettes that are older than expires= of the marker says",
        ),
    )
}


class Chosen:
    """The *value* of a setting, and its *source*: one of PRECEDENCE, or "default"."""

    def __init__(self, value: str, source: str) -> None:
        self.value: Final = value
        self.source: Final = source

    def __str__(self) -> str:
        return self.value if self.source == "default" else f"{self.value} ({self.source})"


def chosen(setting: Setting, given: Mapping[str, object]) -> Chosen:
    """Return the value of the first of PRECEDENCE that has *given* one; None and "" are none.

    Raises `SettingError` for what is not one of the choices.

    >>> str(chosen(SETTINGS["unused"], {"ini": "warn", "command line": "fail"}))
    'fail (command line)'
    """
    for source in PRECEDENCE:
        value = given.get(source)
        if value in (None, ""):
            continue
        if value not in setting.choices:
            from qrtest.errors import SettingError

            raise SettingError(
                f"{_spelling(setting, source)} = {value!r}: there are {', '.join(setting.choices)}."
            )
        return Chosen(str(value), source)
    return Chosen(setting.default, "default")


def configured(
    config: pytest.Config, name: str, given: Mapping[str, object] | None = None
) -> Chosen:
    """Return a setting of this run; *given* are the values of marker and fixture, by these words.

    Raises `SettingError` for a value that is not one of the choices.
    """
    setting = SETTINGS[name]
    outside = {
        "command line": config.getoption(setting.ini),
        "ini": config.getini(setting.ini),
        "environment": os.environ.get(setting.variable),
    }
    return chosen(setting, {**(given or {}), **outside})


def _spelling(setting: Setting, source: str) -> str:
    if source == "command line":
        return setting.option
    if source == "ini":
        return setting.ini
    return setting.variable if source == "environment" else f"{setting.name} of the {source}"


# --- what the marker and the fixture take ----------------------------------------------------------

OF_THE_SCRIPT: Final = ("script", "scenario")
OF_THE_JOB: Final = (*OF_THE_SCRIPT, "result")
OF_THE_SIMULATION: Final = (
    "transport",
    "clock",
    "seed",
    "starts",
    "schedule",
    "latency",
    "longest",
    "most_requests",
    "watchdog",
    "backends",
    "instances",
    "limits",
    "network",
    "faults",
)
OF_VCRPY: Final = (
    "vcr_options",
    "filter_headers",
    "filter_query_parameters",
    "filter_post_data_parameters",
    "filter_nested_post_data_parameters",
    "filter_sensitive_data",
    "before_record",
    "before_record_request",
    "before_record_response",
    "before_save_interaction",
    "decode_compressed_response",
    "ignore_hosts",
    "ignore_localhost",
)
"""Filters and hooks of vcrpy, by their names or together in a mapping vcr_options."""

OF_THE_CASSETTE: Final = ("cassette", "record", "unused", "expires", "expired", "pace", *OF_VCRPY)
OF_A_REPLAY: Final = (
    "pace",
    "script",
    "transport",
    "clock",
    "starts",
    "longest",
    "most_requests",
    "watchdog",
    "network",
)
NOT_OF_A_SERVER: Final = (
    *OF_THE_JOB,
    *OF_THE_CASSETTE,
    "transport",
    "longest",
    "most_requests",
    "watchdog",
    "network",
)


def filters_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters and hooks of vcrpy in *options*, by their names.

    Raises `SettingError` for vcr_options that are no mapping.

    >>> filters_of({"vcr_options": {"ignore_localhost": True}, "before_record": None, "pace": "polls"})
    {'ignore_localhost': True, 'before_record': None}
    """
    together = options.get("vcr_options") or {}
    if not isinstance(together, dict):
        from qrtest.errors import SettingError

        raise SettingError(
            f"vcr_options={together!r}: give a mapping, as "
            "vcr_options={'filter_query_parameters': ['key']}."
        )
    own = {name: options[name] for name in OF_VCRPY[1:] if name in options}
    return {**together, **own}


def joined(of_fixture: Mapping[str, Any], of_marker: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a fixture and of a marker; the marker goes before what does not fit with it.

    >>> joined({"script": "DONE", "latency": "2s"}, {"scenario": "cancel-loses-race"})
    {'latency': '2s', 'scenario': 'cancel-loses-race'}
    """
    dropped: set[str] = set()
    if "cassette" in of_marker:
        dropped = set(of_fixture) - {*OF_THE_CASSETTE, *OF_A_REPLAY} | {"script"}
    elif not of_marker.keys().isdisjoint(OF_THE_SCRIPT):
        dropped = {*OF_THE_SCRIPT, "cassette"}
    kept = {name: value for name, value in of_fixture.items() if name not in dropped}
    return {**kept, **of_marker}


def checked(options: Mapping[str, Any], behaviours: Iterable[str]) -> dict[str, Any]:
    """Return the *options* of a marker or fixture; *behaviours* are the names of those of `Behaviour`.

    Raises `SettingError` for unknown names, and for options that exclude each other.

    >>> checked({"scirpt": "DONE"}, ())
    Traceback (most recent call last):
        ...
    qrtest.errors.SettingError: there is no 'scirpt'. Did you mean 'script'? (All ...
    """
    from qrtest.errors import SettingError

    known = (*OF_THE_JOB, *OF_THE_CASSETTE, *OF_THE_SIMULATION)
    of_service = frozenset(behaviours)
    for name in options:
        if name not in known and name not in of_service:
            from qrtest.advice import choices, page

            names = choices(name, (*known, *sorted(of_service)), page("fixtures"))
            raise SettingError(f"there is no {name!r}. {names}")
    if "cassette" in options:
        for name in options:
            if name not in (*OF_THE_CASSETTE, *OF_A_REPLAY):
                raise SettingError(
                    f"it has a cassette and {name}: a recorded session has its own. Beside a "
                    f"cassette it takes {', '.join((*OF_THE_CASSETTE[1:], *OF_A_REPLAY[1:]))}."
                )
    if "script" in options and "scenario" in options:
        raise SettingError(
            "it has a script and a scenario: a scenario is a script with faults and a result, "
            "give one of the two."
        )
    return dict(options)
