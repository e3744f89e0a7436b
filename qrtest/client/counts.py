"""Counts as a user gives them, and the samples that have them: by register, by place in a pub's shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from qrtest.errors import ResultError
from qrtest.service.input_checks import MOST_EXECUTIONS

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
        samples = _samples(counts, width, math.prod(shape), what)
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


def _samples(counts: Mapping[Any, Any], width: int, places: int, what: str) -> Array:
    """Return the samples that give *counts*, a row for each shot; there will be *places* copies of them."""
    for key, times in counts.items():
        is_whole = isinstance(times, int | np.integer) and not isinstance(times, bool)
        if not is_whole or times < 0:
            raise ResultError(
                f"{what}: {key!r:.100}: {times!r:.100} is no number of shots: give a whole number, 0 or more."
            )
    shots = sum(map(int, counts.values()))
    if shots * places > MOST_EXECUTIONS:
        raise ResultError(
            f"{what}: {shots * places:.10g} executions are more than the {MOST_EXECUTIONS:,} that a job can "
            "have: give fewer shots."
        )
    size = -(-width // 8)
    rows = b"".join(_number(key, width, what).to_bytes(size, "big") for key in counts)
    samples = np.frombuffer(rows, dtype=np.uint8).reshape(len(counts), size)
    return np.repeat(samples, [int(times) for times in counts.values()], axis=0)


def _number(key: Any, width: int, what: str) -> int:
    """Return the number of an outcome: a bit string as long as the register is wide, or the number itself."""
    if isinstance(key, str):
        if len(key) == width and set(key) <= {"0", "1"}:
            return int(key, 2)
        raise ResultError(
            f"{what}: {key!r:.100} is no bit string of the register's {width} bits. "
            f"{_written_out(key, width)}"
        )
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        if 0 <= key < 1 << width:
            return int(key)
        raise ResultError(f"{what}: {key!r:.100} does not fit a register of {width} bits.")
    raise ResultError(
        f"{what}: {key!r:.100} is no outcome: give a bit string of {width} bits, or a number as 0x1."
    )


def _written_out(key: str, width: int) -> str:
    """Return what to write in the place of *key*: the bit string that it may stand for, if there is one."""
    text = key.replace(" ", "")
    try:
        number = int(text, 16) if text[:2].lower() == "0x" else int(text, 2)
    except ValueError:
        number = -1
    if 0 <= number < 1 << width and len(text) <= max(width, 2 + -(-width // 4)):
        return f"Write '{number:0{width}b}'."
    return "Write each bit as 0 or 1."
