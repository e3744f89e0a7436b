"""The report of a bug that was found: what is wrong, the life that shows it, and a test to paste."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qrtest.properties.consumer_rules import Rule
from qrtest.properties.consumer_run import Run

__all__ = ["Finding", "report"]

LINES = 16


@dataclass(frozen=True)
class Finding:
    """A rule that a run broke, and how."""

    rule: Rule
    run: Run
    what: str

    @property
    def size(self) -> tuple[int, int]:
        """How much it takes to tell: the fewer faults and steps the better."""
        return len(self.run.scenario.faults), len(self.run.scenario.script)


def report(finding: Finding, consumer: Callable[[Any], Any], said: Mapping[str, Any]) -> str:
    """All that a person needs to see and repeat *finding*; *said* are the options of the check."""
    name = name_of(consumer)
    return "\n".join(
        [
            f"{name} breaks the rule {finding.rule.name!r}: {finding.what}.",
            *_section("The shortest life found that shows it", repr(finding.run.scenario)),
            *_section(
                "What happened (virtual time, request, answer)",
                finding.run.journal.timeline(lines=LINES),
            ),
            *_section(finding.rule.says.rstrip("."), textwrap.fill(finding.rule.advice, 96)),
            *_section("To paste into a test", _test(finding, consumer, said)),
        ]
    )


def name_of(consumer: Callable[[Any], Any]) -> str:
    """What to call *consumer*: the name it was defined under, without the function it stands in."""
    qualified: str = getattr(consumer, "__qualname__", type(consumer).__qualname__)
    return qualified.rpartition("<locals>.")[2]


def _section(title: str, body: str) -> list[str]:
    return ["", f"{title}:", "", textwrap.indent(body, "    ")]


def _test(finding: Finding, consumer: Callable[[Any], Any], said: Mapping[str, Any]) -> str:
    name = name_of(consumer)
    identifier = "".join(letter if letter.isalnum() else "_" for letter in name).strip("_")
    names = "Scenario, faults" if finding.run.scenario.faults else "Scenario"
    if finding.run.scenario.behaviour.chosen():
        names = f"Behaviour, {names}"
    options = [f"{option}={_code(value)}" for option, value in said.items()]
    options.append(f"lives=[{finding.run.scenario!r}]")
    lines = [
        "import qrtest",
        f"from qrtest import {names}",
        *_imports(consumer, said),
        "",
        "",
        f"def test_{identifier}_{finding.rule.name.replace('-', '_')}():",
        "    qrtest.check_consumer(",
        f"        {name},",
        *(f"        {option}," for option in options),
        "    )",
    ]
    return "\n".join(lines)


def _imports(consumer: Callable[[Any], Any], said: Mapping[str, Any]) -> list[str]:
    wanted = [consumer, *said.get("allowed", ())]
    return [
        f"from {thing.__module__} import {name_of(thing)}"
        for thing in wanted
        if getattr(thing, "__module__", "builtins") != "builtins"
        and "<" not in getattr(thing, "__qualname__", "<").replace("<locals>", "")
    ]


def _code(value: Any) -> str:
    if isinstance(value, type):
        return name_of(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    return repr(value)
