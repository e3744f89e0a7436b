"""The registry of faults: a kind is written in one place, and everything else follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Unpack

import pytest
from hypothesis import find

from docs import make_faults
from qrtest import Scenario, faults, simulate
from qrtest import strategies as qst
from qrtest.errors import FaultError
from qrtest.faults import fault as registry
from qrtest.faults.fault import Ask, Fault, When, kind, kinds, when_of
from qrtest.http.messages import Response
from qrtest.scenario import scenario_file


@dataclass(frozen=True, kw_only=True, repr=False)
class Shout(Fault):
    """The body arrives in capitals."""

    words: int

    def apply(self, ask: Ask) -> Response:
        answer = ask()
        return replace(answer, body=answer.body.upper())


def shout(words: int, **when: Unpack[When]) -> Shout:
    """Make the answer arrive in capitals."""
    return Shout(words=words, **when_of(when))


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of fault that is registered for one test."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    kind(Shout, leading="words", draws=(Shout(words=1, on="logs"),))(shout)


@pytest.mark.usefixtures("shouting")
def test_a_new_kind_prints_as_code() -> None:
    """That evaluates to an equal fault."""
    fault = shout(2, on="logs", since="90s")
    assert repr(fault) == "faults.shout(2, on='logs', since='1m30s')"
    assert eval(repr(fault), {"faults": faults}) == fault


@pytest.mark.usefixtures("shouting")
def test_a_new_kind_is_saved_and_loaded() -> None:
    """In a scenario file, the leading argument first."""
    scenario = Scenario("DONE", faults=[shout(2, on="logs", times=None)])
    text = scenario_file.written(scenario)
    assert "- {fault: shout, words: 2, operation: logs, times: null}" in text
    assert scenario_file.read(text, "loud.yaml") == scenario


@pytest.mark.usefixtures("shouting")
def test_a_new_kind_is_drawn() -> None:
    """By the strategy for faults, on the operation that it says."""
    drawn = find(qst.faults(operations=["logs"]), lambda fault: isinstance(fault, Shout))
    assert drawn == shout(1, on="logs")


@pytest.mark.usefixtures("shouting")
def test_a_new_kind_is_injected() -> None:
    """The genuine client gets what it makes of the answer."""
    with simulate() as sim:
        job = sim.job("DONE", logs="quiet", faults=[shout(1, on="logs")])
        assert job.logs() == "QUIET"
        assert job.logs() == "quiet"


@pytest.mark.usefixtures("shouting")
def test_a_new_kind_is_documented() -> None:
    """In the table of docs/faults.md, by its signature and docstring."""
    assert "| `faults.shout(words)` | Make the answer arrive in capitals. |" in make_faults.table()


def test_the_table_of_the_page_has_every_kind() -> None:
    """To the letter: python -m docs.make_faults writes it anew."""
    text = make_faults.PAGE.read_text(encoding="utf-8")
    assert make_faults.page(text) == text


def test_every_kind_is_public() -> None:
    """Its class and its function stand in qrtest.faults."""
    for each in kinds():
        assert {each.name, each.type.__name__} <= set(faults.__all__)


def test_a_fault_without_a_registered_kind_is_refused_by_name() -> None:
    """When it is printed or saved, with what to do."""
    unregistered = Shout(words=1)
    for use in (repr, lambda fault: scenario_file.written(Scenario("DONE", faults=[fault]))):
        with pytest.raises(FaultError, match=r"Shout is no registered kind .* put @kind\(Shout\)"):
            use(unregistered)


def test_a_kind_that_does_nothing_is_refused() -> None:
    """When it is registered."""

    class Idle(Fault):
        pass

    with pytest.raises(FaultError, match="Idle needs a method apply"):
        kind(Idle)


def test_a_kind_of_a_taken_name_or_an_unknown_field_is_refused() -> None:
    """When it is registered."""
    with pytest.raises(FaultError, match="There is a kind of faults named 'drop'"):
        kind(Shout)(faults.drop)
    with pytest.raises(FaultError, match="Shout has no field 'volume'"):
        kind(Shout, leading="volume")
