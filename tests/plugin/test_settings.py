"""Which word goes before which: command line, marker, fixture, ini, environment; in a pytest of its own."""

from __future__ import annotations

import inspect
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest.errors import SettingError
from qrtest.harness import base
from qrtest.harness.record import MODES
from qrtest.playback import player
from qrtest.plugin import settings
from qrtest.plugin.settings import PRECEDENCE, SETTINGS, chosen

WORDS = ("requests", "sockets")
"""What two of them say of the transport; neither is the default."""


def test_the_choices_are_those_of_the_rooms() -> None:
    """The plugin may not import the rooms to know what they can do."""
    assert SETTINGS["transport"].choices == base.TRANSPORTS
    assert SETTINGS["pace"].choices == player.PACES
    assert SETTINGS["record"].choices == ("none", *MODES)


@given(st.dictionaries(st.sampled_from(PRECEDENCE), st.sampled_from([None, "", "warn", "fail"])))
def test_the_first_source_takes_precedence(set_to: dict[str, str | None]) -> None:
    """Nothing, and the empty text of an ini value that was not set, are no word."""
    resolved_setting = chosen(SETTINGS["unused"], set_to)
    first = next((source for source in PRECEDENCE if set_to.get(source)), None)
    if first is None:
        assert (resolved_setting.value, resolved_setting.source) == ("ignore", "default")
    else:
        assert (resolved_setting.value, resolved_setting.source) == (set_to[first], first)


@pytest.mark.parametrize(
    ("source", "spelled"),
    [
        ("command line", "--qrtest-pace"),
        ("marker", "pace of the marker"),
        ("fixture", "pace of the fixture"),
        ("ini", "qrtest_pace"),
        ("environment", "QRTEST_PACE"),
    ],
)
def test_a_word_that_is_none_is_named_with_its_speaker(source: str, spelled: str) -> None:
    """As that one spells it."""
    with pytest.raises(SettingError) as caught:
        chosen(SETTINGS["pace"], {source: "allegro"})
    assert str(caught.value) == f"{spelled} = 'allegro': there are recorded, polls, instant."


def say(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str]
) -> list[str]:
    """Return the arguments of pytest for a project in which each source has *set_to* a transport."""
    ini = f"qrtest_transport = {set_to['ini']}" if "ini" in set_to else ""
    pytester.makeini(f"[pytest]\naddopts = --strict-markers --strict-config\n{ini}\n")
    if "environment" in set_to:
        monkeypatch.setenv("QRTEST_TRANSPORT", set_to["environment"])
    marker = f"transport={set_to['marker']!r}" if "marker" in set_to else ""
    options = {"transport": set_to["fixture"]} if "fixture" in set_to else {}
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture
        def qrtest_options():
            return {options!r}

        @pytest.mark.qrtest({marker})
        def test_it(runtime_simulation):
            assert runtime_simulation.transport == {WORDS[0]!r}
        """
    )
    return [f"--qrtest-transport={set_to['command line']}"] if "command line" in set_to else []


@pytest.mark.parametrize(("before", "after"), [*combinations(PRECEDENCE, 2)])
def test_pair_by_pair(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    """Of any two that say something about one test, the one that stands first in the docs takes precedence."""
    arguments = say(pytester, monkeypatch, {before: WORDS[0], after: WORDS[1]})
    pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)


@pytest.mark.parametrize("source", ["command line", "ini", "environment"])
def test_the_header_shows_what_holds_and_who_reported_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """What holds by default stands without a speaker."""
    arguments = say(pytester, monkeypatch, {source: WORDS[0]})
    result = pytester.runpytest_inprocess(*arguments, "-v")
    result.stdout.fnmatch_lines(
        [
            f"qrtest: record=none, unused=ignore, transport=requests ({source}), pace=recorded, "
            "expired=warn",
            "qrtest: precedence, highest first: command line, marker, fixture, ini, environment",
        ]
    )


@pytest.mark.parametrize("variable", ["QRTEST_RECORD", "QRTEST_TRANSPORT"])
def test_a_wrong_word_ends_the_run_before_it_begins(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """In one line, with what there is."""
    monkeypatch.setenv(variable, "pigeon")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: qrtest: {variable} = 'pigeon': there are *"])


def test_the_fixture_holds_for_all_tests_in_its_reach(pytester: pytest.Pytester) -> None:
    """It takes what the marker takes, and the marker adds to it."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def qrtest_options():
            return {"script": "QUEUED 5s; ERROR 1500", "latency": "2s"}
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def test_by_the_fixture(runtime_job, virtual_clock):
            assert runtime_job().status() == "QUEUED"
            assert virtual_clock.now() == 2

        @pytest.mark.qrtest(script="DONE")
        def test_by_both(runtime_job, virtual_clock):
            assert runtime_job().status() == "DONE"
            assert virtual_clock.now() == 2
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("of_fixture", "of_marker", "together"),
    [
        ({"script": "DONE", "seed": 1}, {"scenario": "x"}, {"scenario": "x", "seed": 1}),
        (
            {"script": "DONE", "clock": "real"},
            {"cassette": "x"},
            {"clock": "real", "cassette": "x"},
        ),
        (
            {"cassette": "x", "pace": "polls"},
            {"script": "DONE"},
            {"pace": "polls", "script": "DONE"},
        ),
    ],
)
def test_what_does_not_go_with_the_marker_is_dropped(
    of_fixture: dict[str, str], of_marker: dict[str, str], together: dict[str, str]
) -> None:
    """A fixture speaks for many tests; the marker of one may ask for something else altogether."""
    assert settings.joined(of_fixture, of_marker) == together


def test_the_options_of_a_test_are_resolved_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many fixtures it takes; the options of the next test are its own."""
    checked = settings.checked
    resolved = []

    def counting(*arguments: Any) -> dict[str, Any]:
        resolved.append(checked(*arguments))
        return resolved[-1]

    monkeypatch.setattr(settings, "checked", counting)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(script="DONE", latency="2s")
        def test_all_of_them(runtime_job, runtime_service, runtime_simulation, virtual_clock):
            assert runtime_job().done()
            assert virtual_clock.now() >= 2

        @pytest.mark.qrtest(script="QUEUED")
        def test_another(runtime_job):
            assert not runtime_job().done()
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)
    assert resolved == [
        {"script": "DONE", "latency": "2s", "record": "none", "unused": "ignore"},
        {"script": "QUEUED", "record": "none", "unused": "ignore"},
    ]


def test_the_options_cover_what_the_marker_documents() -> None:
    """No name stands in two of the lists by accident."""
    of_the_job = set(settings.OF_THE_JOB)
    assert not of_the_job & set(settings.OF_THE_SIMULATION)
    assert not of_the_job & set(settings.OF_THE_CASSETTE)


def test_the_marker_takes_every_option_of_a_simulation_and_of_a_replay() -> None:
    """A new option of `simulate` or `replay` is entered in settings, too."""
    of_simulate = set(inspect.signature(qrtest.simulate).parameters) - {"behaviour"}
    of_replay = set(inspect.signature(qrtest.replay).parameters) - {
        "cassette",
        "ignore",
        "vcr_options",
    }
    assert of_simulate == set(settings.OF_THE_SIMULATION)
    assert of_replay == set(settings.OF_A_REPLAY)
