"""What the installed client makes of every scenario, and of other calls, pinned to a file.

The file is compared after an upgrade of the client: `qrtest pin` writes it, `qrtest pin --check`
says what changed. Simulations run by `transport="requests"`, since the direct transport answers
above the client's layer of HTTP.
"""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from qrtest.cassette import store
from qrtest.client import releases
from qrtest.errors import ScenarioError
from qrtest.harness.simulate import simulate
from qrtest.properties.pinned_calls import Calls
from qrtest.properties.pinned_programs import PROGRAMS
from qrtest.scenario.catalogue import scenarios
from qrtest.scenario.scenario import Scenario

__all__ = ["Pinned", "changes", "load", "pinned", "save"]

Pinned = Mapping[str, list[str]]
"""Lines of calls, by the name of the scenario or program."""

FORMAT: Final = 1
LONGEST: Final = 14_400
PATIENT_POLL: Final = 30
SECONDS_TO_CANCEL: Final = 1


class _Marked:
    """A decoder that shows that it was used."""

    @classmethod
    def is_applicable(cls, _data: Any) -> bool:
        """Return True."""
        return True

    @classmethod
    def decode(cls, data: Any) -> Any:
        """Return the length of *data*."""
        return f"decoded from a {type(data).__name__}"


CALLS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "status()": lambda job: job.status(),
    "error_message()": lambda job: job.error_message(),
    "usage()": lambda job: job.usage(),
    "usage(partial=True)": lambda job: job.usage(partial=True),
    "logs()": lambda job: job.logs(),
    "result(timeout=0)": lambda job: job.result(timeout=0),
    "wait_for_final_state(timeout=0)": lambda job: job.wait_for_final_state(timeout=0),
    "wait_for_final_state(timeout=3)": lambda job: job.wait_for_final_state(timeout=3),
    "wait_for_final_state(1, 0.01)": lambda job: job.wait_for_final_state(1, poll_interval=0.01),
    "result(4 h, 30 s)": lambda job: job.result(timeout=LONGEST, poll_interval=PATIENT_POLL),
    "result(timeout=1)": lambda job: job.result(timeout=1),
    "result(decoder)": lambda job: job.result(timeout=1, decoder=_Marked),
    "result(decoders)": lambda job: job.result(timeout=1, decoder=[_Marked, _Marked]),
    "status() then": lambda job: job.status(),
    "done()": lambda job: job.done(),
    "errored()": lambda job: job.errored(),
    "cancelled()": lambda job: job.cancelled(),
    "running()": lambda job: job.running(),
    "in_final_state()": lambda job: job.in_final_state(),
    "error_message() then": lambda job: job.error_message(),
    "error_message() again": lambda job: job.error_message(),
    "usage() then": lambda job: job.usage(),
    "usage(partial=True) then": lambda job: job.usage(partial=True),
    "metrics()": lambda job: job.metrics(),
    "logs() then": lambda job: job.logs(),
    "inputs": lambda job: job.inputs,
    "creation_date": lambda job: job.creation_date,
    "session_id": lambda job: job.session_id,
    "tags": lambda job: job.tags,
    "update_tags(['x', 'x'])": lambda job: job.update_tags(["x", "x"]),
    "update_tags(['y'])": lambda job: job.update_tags(["y"]),
    "update_tags([])": lambda job: job.update_tags([]),
    "update_tags('x')": lambda job: job.update_tags("x"),
    "tags then": lambda job: job.tags,
    "image": lambda job: job.image,
    "primitive_id": lambda job: job.primitive_id,
    "instance": lambda job: job.instance,
    "private": lambda job: job.private,
    "usage_estimation": lambda job: job.usage_estimation,
    "backend()": lambda job: job.backend().name,
    "cancel() at last": lambda job: job.cancel(),
}
"""Calls of a job, in their order."""


def pinned() -> Pinned:
    """Return what the installed client makes of every scenario and program."""
    found: dict[str, list[str]] = {}
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for name, scenario in scenarios.items():
            found[name] = [*_waited(scenario), *_cancelled(scenario)]
        for name, program in PROGRAMS.items():
            with simulate(transport="requests", longest="2d") as sim:
                calls = Calls(sim)
                program(calls)
            found[name] = calls.lines
    finally:
        logging.disable(disabled)
    return found


def _waited(scenario: Scenario) -> list[str]:
    with simulate(transport="requests", longest="2d") as sim:
        job, calls = sim.job(scenario), Calls(sim)
        for name, call in CALLS.items():
            calls(name, partial(call, job))
    return calls.lines


def _cancelled(scenario: Scenario) -> list[str]:
    with simulate(transport="requests", longest="2d") as sim:
        job, calls = sim.job(scenario), Calls(sim)
        sim.clock.advance(SECONDS_TO_CANCEL)
        for name in ("cancel()", "cancel() again"):
            calls(name, job.cancel)
        for name in ("status()", "result(timeout=1)", "error_message()"):
            calls(f"cancelled: {name}", partial(CALLS[name], job))
        sim.clock.advance("1h")
        calls("cancelled: asked for again", lambda: sim.service().job(job.job_id()).status())
    return calls.lines


def save(found: Pinned, path: Path) -> None:
    """Write what was *found* to *path*, whole or not at all. Raises `CassetteError`."""
    data = {
        "qrtest-pin": FORMAT,
        "client": ".".join(map(str, releases.installed())),
        "found": {name: list(lines) for name, lines in found.items()},
    }
    store.save_text(path, json.dumps(data, indent=1) + "\n")


def load(path: Path) -> tuple[str, Pinned]:
    """Return the release and what was pinned at *path*. Raises `ScenarioError` for another file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path} is not there: `qrtest pin {path}` writes it.") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}") from None
    found = data.get("found") if isinstance(data, dict) else None
    if (
        not isinstance(found, dict)
        or data.get("qrtest-pin") != FORMAT
        or not all(
            isinstance(lines, list) and all(isinstance(line, str) for line in lines)
            for lines in found.values()
        )
    ):
        raise ScenarioError(
            f"{path} was not written by `qrtest pin` of this release: write it anew."
        )
    return str(data.get("client")), found


def changes(before: Pinned, now: Pinned) -> Iterator[str]:
    """Yield lines that say what changed: a scenario, then the calls that were and are.

    >>> for line in changes({"a": ["status(): 'DONE'"]}, {"a": ["status(): 'OVER'"]}):
    ...     print(line)
    a
      - status(): 'DONE'
      + status(): 'OVER'
    """
    for name in dict.fromkeys([*before, *now]):
        if name not in now:
            yield f"{name}: not tried any more"
        elif name not in before:
            yield f"{name}: not pinned"
        elif before[name] != now[name]:
            yield name
            for line in difflib.ndiff(before[name], now[name]):
                if line[0] in "-+":
                    yield f"  {line}"
