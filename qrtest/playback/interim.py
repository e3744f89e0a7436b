"""Interim results in recorded answers, and in the script of the job that they are of.

A recording holds which there were, and not when each appeared between two requests: a script spreads them
evenly over the time that the job ran.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import Step

__all__ = ["texts_in", "with_interim"]


def texts_in(answers: Iterable[Any]) -> tuple[str, ...]:
    """Return the JSON texts of all interim results in *answers*, the parsed bodies of GET interim_results.

    >>> texts_in([[], ['{"i": 2}', '{"i": 1}'], ['{"i": 1}']])
    ('{"i": 1}', '{"i": 2}')
    """
    lists = [answer for answer in answers if isinstance(answer, list)]
    longest = max(lists, key=len, default=[])
    return tuple(_as_text(item) for item in reversed(longest))


def with_interim(steps: Sequence[Step], texts: tuple[str, ...]) -> list[Step]:
    """Return *steps* with *texts* in the first that runs; without them if none does.

    >>> with_interim([Step("QUEUED"), Step("RUNNING")], ("1",))
    [queued(), running(interim=[1])]
    """
    found = next((at for at, step in enumerate(steps) if step.status == transitions.RUNNING), None)
    if found is None:
        return list(steps)
    return [*steps[:found], replace(steps[found], interim=texts), *steps[found + 1 :]]


def _as_text(item: Any) -> str:
    """Return *item* as the service lists it: a text of JSON; anything else becomes one."""
    if isinstance(item, str) and _is_json(item):
        return item
    text = json.dumps(item)
    return text if _is_json(text) else json.dumps(text)


def _is_json(text: str) -> bool:
    """Return whether *text* is strict JSON, without NaN and Infinity."""
    try:
        json.dumps(json.loads(text), allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True
