"""Counts as a user gives them, and the samples that have them: by register, by place in a pub's shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from qrtest.errors import ResultError

__all__ = ["by_register", "samples_of_places"]

Array = np.ndarray[Any, Any]
_FOR_REGISTER: Final = (Mapping, list, tuple, np.ndarray)
"""The types of what is given for one register: counts, or counts by place."""


def by_register(counts: Any, registers: Sequence[str], what: str) -> Mapping[str, Any]:
    """Return *counts* by the names of *registers*; those of the only register need no name.

    *what* begins the message of an error. Raises `ResultError` for counts of registers that there are not.

    >>> by_register({"01": 3}, ["meas"], "counts")
    {'meas': {'01': 3}}
    """
    is_by_place = isinstance(counts, list | tuple | np.ndarray)
    if not is_by_place and (not isinstance(counts, Mapping) or not counts):
        raise ResultError(f"{what}: {counts!r:.100} is no mapping of bit strings to numbers.")
    if is_by_place or not all(isinstance(each, _FOR_REGISTER) for each in counts.values()):
        if len(registers) != 1:
            raise ResultError(f"{what}: say of which register: there are {', '.join(registers)}.")
        return {registers[0]: counts}
    for name in counts:
        if name not in registers:
            raise ResultError(
                f"{what}: there is no register {name!r}, but {', '.join(registers) or 'none'}."
            )
    return dict(counts)


def samples_of_places(counts: Any, width: int, shape: tuple[int, ...], what: str) -> Array:
    """Return the samples that give *counts*: the same at each place of the *shape*, or a list by place."""
    if isinstance(counts, Mapping):
        samples = _samples(counts, width, what)
        return np.broadcast_to(samples, (*shape, *samples.shape)).copy()
    if not isinstance(counts, _FOR_REGISTER):
        raise ResultError(f"{what}: {counts!r:.100} is no mapping of bit strings to numbers.")
    if not shape or len(counts) != shape[0]:
        raise ResultError(
            f"{what}: a list of {len(counts)} counts does not fit the shape {shape} of the pub: give one "
            "mapping for all places, or a list of as many as it has, nested as the shape is."
        )
    places = [samples_of_places(each, width, shape[1:], what) for each in counts]
    if len({place.shape[-2] for place in places}) > 1:
        raise ResultError(f"{what}: each place needs as many shots as the others.")
    return np.stack(places)


def _samples(counts: Mapping[Any, Any], width: int, what: str) -> Array:
    """Return the samples that give *counts*, a row for each shot."""
    size = -(-width // 8)
    rows = []
    for key, times in counts.items():
        sample = _number(key, what)
        is_count = (
            isinstance(times, int | np.integer) and not isinstance(times, bool) and times >= 0
        )
        is_too_long = isinstance(key, str) and "x" not in key and len(key.replace(" ", "")) > width
        if not 0 <= sample < 1 << width or is_too_long or not is_count:
            raise ResultError(
                f"{what}: {key!r}: {times!r} does not fit a register of {width} bits."
            )
        rows += [list(sample.to_bytes(size, "big"))] * int(times)
    return np.array(rows, dtype=np.uint8).reshape(len(rows), size)


def _number(key: Any, what: str) -> int:
    try:
        if isinstance(key, str):
            text = key.replace(" ", "")
            return int(text, 16) if text.startswith("0x") else int(text, 2)
        return int(key)
    except (TypeError, ValueError):
        raise ResultError(f"{what}: {key!r} is no bit string, as '01' or '0x1'.") from None
