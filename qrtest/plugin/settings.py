"""What a test runs with, and who said so: the one place that knows which word goes before which.

Pure: the plugin brings what the command line, the marker, the fixture, the ini file and the
environment say. Light on purpose: the plugin imports it at start-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qrtest.errors import SettingError

__all__ = [
    "NOT_OF_A_SERVER",
    "OF_A_REPLAY",
    "PRECEDENCE",
    "SETTINGS",
    "Chosen",
    "Setting",
    "checked",
    "chosen",
    "joined",
]

PRECEDENCE: Final = ("command line", "marker", "fixture", "ini", "environment")
"""Who may say a setting; whoever stands first here is heard."""


@dataclass(frozen=True)
class Setting:
    """A word that each of PRECEDENCE may say: one of *choices*, the first unless somebody says another.

    >>> Setting("pace", ("recorded", "polls"), "how").variable
    'QRTEST_PACE'
    """

    name: str
    choices: tuple[str, ...]
    says: str

    @property
    def default(self) -> str:
        """What holds when nobody says anything."""
        return self.choices[0]

    @property
    def option(self) -> str:
        """How the command line spells it."""
        return f"--qrtest-{self.name}"

    @property
    def ini(self) -> str:
        """How the ini file spells it."""
        return f"qrtest_{self.name}"

    @property
    def variable(self) -> str:
        """How the environment spells it."""
        return f"QRTEST_{self.name.upper()}"


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
            "what to do about exchanges of a cassette that no test asked for",
        ),
        Setting(
            "transport",
            ("direct", "requests", "sockets"),
            "how requests reach the simulated service",
        ),
        Setting("pace", ("recorded", "polls", "instant"), "how a recorded session goes on"),
        Setting(
            "expired",
            ("warn", "fail", "ignore"),
            "what to do about cassettes that are older than expires= of the marker says",
        ),
    )
}


@dataclass(frozen=True)
class Chosen:
    """The *value* of a setting, and its *source*: one of PRECEDENCE, or "default"."""

    value: str
    source: str

    def __str__(self) -> str:
        return self.value if self.source == "default" else f"{self.value} ({self.source})"


def chosen(setting: Setting, said: Mapping[str, object]) -> Chosen:
    """The first of PRECEDENCE that has *said* something; None and "" are nothing.

    Raises `SettingError` for what is not one of the choices.

    >>> str(chosen(SETTINGS["unused"], {"ini": "warn", "command line": "fail"}))
    'fail (command line)'
    """
    for source in PRECEDENCE:
        value = said.get(source)
        if value in (None, ""):
            continue
        if value not in setting.choices:
            raise SettingError(
                f"{_spelling(setting, source)} = {value!r}: there are {', '.join(setting.choices)}."
            )
        return Chosen(str(value), source)
    return Chosen(setting.default, "default")


def _spelling(setting: Setting, source: str) -> str:
    if source == "command line":
        return setting.option
    if source == "ini":
        return setting.ini
    return setting.variable if source == "environment" else f"{setting.name} of the {source}"


# --- what the marker and the fixture take ----------------------------------------------------------

OF_THE_LIFE: Final = ("script", "scenario")
OF_THE_JOB: Final = (*OF_THE_LIFE, "result")
OF_THE_SIMULATION: Final = (
    "transport",
    "clock",
    "seed",
    "latency",
    "longest",
    "most_requests",
    "backends",
    "instances",
    "limits",
    "network",
    "faults",
)
OF_THE_CASSETTE: Final = ("cassette", "record", "unused", "expires", "expired", "pace")
OF_A_REPLAY: Final = ("pace", "script", "transport", "clock", "longest", "most_requests", "network")
NOT_OF_A_SERVER: Final = (
    *OF_THE_JOB,
    *OF_THE_CASSETTE,
    "transport",
    "longest",
    "most_requests",
    "network",
)


def joined(of_fixture: Mapping[str, Any], of_marker: Mapping[str, Any]) -> dict[str, Any]:
    """What a fixture says, but for what does not go with the marker, and what the marker says.

    >>> joined({"script": "DONE", "latency": "2s"}, {"scenario": "cancel-loses-race"})
    {'latency': '2s', 'scenario': 'cancel-loses-race'}
    """
    dropped: set[str] = set()
    if "cassette" in of_marker:
        dropped = set(of_fixture) - {*OF_THE_CASSETTE, *OF_A_REPLAY} | {"script"}
    elif not of_marker.keys().isdisjoint(OF_THE_LIFE):
        dropped = {*OF_THE_LIFE, "cassette"}
    kept = {name: value for name, value in of_fixture.items() if name not in dropped}
    return {**kept, **of_marker}


def checked(options: Mapping[str, Any], behaviours: Iterable[str]) -> dict[str, Any]:
    """*options* of a marker or fixture, *behaviours* among them. Raises `SettingError` for nonsense.

    >>> checked({"scirpt": "DONE"}, ())
    Traceback (most recent call last):
        ...
    qrtest.errors.SettingError: there is no 'scirpt': ... Did you mean script?
    """
    known = (*OF_THE_JOB, *OF_THE_CASSETTE, *OF_THE_SIMULATION)
    of_service = frozenset(behaviours)
    for name in options:
        if name not in known and name not in of_service:
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SettingError(
                f"there is no {name!r}: there are {', '.join(known)}, and the options of "
                f"Behaviour.{hint}"
            )
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
