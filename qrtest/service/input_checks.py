"""Inputs of a job that the service accepts and then fails: with which code, in which words, and when.

The service checks few inputs at submission; a job validation service and the programs check the rest. What
needs the circuits themselves (codes 1517 and 1603) is checked where they are computed, in `client`.

docs/service.md has the table of all of them, with sources; tests/end_to_end/test_submission_errors.py tries
each row.
"""

from __future__ import annotations

import base64
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step, failed
from qrtest.service import input_types
from qrtest.service.error_codes import explanation

__all__ = ["MOST_EXECUTIONS", "PRIMITIVES", "UNREADABLE_INPUT", "VALIDATION", "checked"]

PRIMITIVES: Final = ("sampler", "estimator")
MOST_EXECUTIONS: Final = 10_000_000
DEFAULT_SHOTS: Final = 4096
VALIDATION: Final = 1002
"""The code of a job that the job validation service rejects."""

REP_DELAY: Final = 6050
UNREADABLE_INPUT: Final = 1603
HEADER_BYTES: Final = 512
SHAPE: Final = re.compile(rb"'shape': \(([\d, ]*)\)")


def checked(
    script: Script,
    program_id: str,
    params: Mapping[str, Any],
    rep_delays: tuple[float, float] | None,
) -> Script:
    """Return *script*, or the one of a job that fails because of its *params*, where *script* ends in DONE.

    *rep_delays*: the backend's range in seconds, None if it has none.

    >>> pubs = {"pubs": [["", None, 20_000_000]]}
    >>> str(checked(Script.parse("QUEUED 1h; DONE"), "sampler", pubs, None)).split(" The job")[0]
    'ERROR 1002 "Error in the validation process of the job.'
    """
    if script.end.status != transitions.DONE or program_id not in PRIMITIVES:
        return script
    problem = input_types.problem(program_id, params)
    if problem is not None:
        reason = f"{explanation(UNREADABLE_INPUT).message} {problem}."
        return Script(*script.steps[:-1], failed(reason, UNREADABLE_INPUT))
    executions = _executions(program_id, params)
    if executions > MOST_EXECUTIONS:
        what = f"The job has {executions} executions, of at most {MOST_EXECUTIONS}."
        return Script(failed(f"{explanation(VALIDATION).message} {what}", VALIDATION))
    late = _rep_delay_failure(params, rep_delays)
    return script if late is None else Script(*script.steps[:-1], late)


def _options(params: Mapping[str, Any]) -> Mapping[str, Any]:
    options: Mapping[str, Any] = params.get("options") or {}
    return options


def _pubs(params: Mapping[str, Any]) -> list[Any]:
    return [pub for pub in params.get("pubs", []) if isinstance(pub, list)]


def _executions(program_id: str, params: Mapping[str, Any]) -> int:
    """Return how often circuits of a sampler run: shots times the sets of parameter values."""
    if program_id != "sampler":
        return 0
    usual = params.get("shots") or _options(params).get("default_shots") or DEFAULT_SHOTS
    total = 0
    for pub in _pubs(params):
        shots = pub[2] if len(pub) > 2 and input_types.is_count(pub[2]) else usual
        total += shots * (_sets(pub[1]) if len(pub) > 1 else 1)
    return total


def _sets(values: Any) -> int:
    """Return how many sets of parameter values an encoded array has; 1 for what is not read here."""
    if not isinstance(values, Mapping) or values.get("__type__") != "ndarray":
        return 1
    try:
        packed = base64.b64decode(values["__value__"])
        header = zlib.decompressobj().decompress(packed, HEADER_BYTES)
    except (ValueError, LookupError, TypeError, zlib.error):
        return 1
    found = SHAPE.search(header)
    sizes = [] if found is None else [int(size) for size in found[1].split(b",") if size.strip()]
    return math.prod(sizes[:-1])


def _rep_delay_failure(
    params: Mapping[str, Any], allowed: tuple[float, float] | None
) -> Step | None:
    delay = (_options(params).get("execution") or {}).get("rep_delay")
    if allowed is None or not isinstance(delay, int | float) or isinstance(delay, bool):
        return None
    low, high = allowed
    if low <= delay <= high:
        return None
    return failed(
        f"Failed to execute program: Input Error: Rep delay {delay} outside of valid range "
        f"{low} - {high}",
        REP_DELAY,
    )
