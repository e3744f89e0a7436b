"""Recognizes a bug that needs an earlier call: the test to paste runs in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from qrtest.properties.consumer_report import Finding, runnable_test
from qrtest.scenario.scenario import Scenario

__all__ = ["started_afresh"]

MOST_SECONDS: Final = 60
PASSED: Final = 0
BROKEN: Final = 3
ENDING: Final = """
import sys
from qrtest.errors import ConsumerBug
try:
    {test}()
except ConsumerBug as bug:
    sys.exit({broken} if bug.rule == {rule!r} else 1)
"""


def started_afresh(
    finding: Finding,
    consumer: Callable[[Any], Any],
    options: Mapping[str, Any],
    kept: tuple[str, ...],
) -> Finding:
    """Return *finding* with what has to go before it where it passes in a fresh process.

    *kept* names what *consumer* keeps between calls. A finding whose test cannot be run there is returned as
    it is.
    """
    if not kept or _ending(finding, consumer, options) != "passes":
        return finding
    alone = replace(finding, kept=kept, same_with="")
    usual = (Scenario("DONE"),) * len(finding.run.scenarios)
    with_another = replace(alone, before=(usual,))
    return with_another if _ending(with_another, consumer, options) == "breaks" else alone


def _ending(
    finding: Finding, consumer: Callable[[Any], Any], options: Mapping[str, Any]
) -> Literal["passes", "breaks", ""]:
    """Return whether the test of *finding* passes, or breaks the same rule, in a fresh process.

    "" when it does neither: it cannot be imported there, fails otherwise, or takes more than a minute.
    """
    test = runnable_test(finding, consumer, options)
    if test is None:
        return ""
    code, name = test
    whole = code + ENDING.format(test=name, rule=finding.rule.name, broken=BROKEN)
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    try:
        ended = subprocess.run(  # noqa: S603 (this interpreter, and the code that is printed)
            [sys.executable, "-c", whole],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):  # no processes here, or a null byte
        return ""
    if ended.returncode == PASSED:
        return "passes"
    return "breaks" if ended.returncode == BROKEN else ""
