"""Checks of arguments of `record`, `replay` and `simulate`: a wrong type is one clear error, at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from qrtest.errors import CassetteError, QrtestError, SimulationError
from qrtest.redaction.allowlist import plain_name

__all__ = ["ignored_names", "items_of", "must_be_a_path", "whole_number"]

Item = TypeVar("Item")


def must_be_a_path(value: object) -> None:
    """Raise `CassetteError` unless *value* can be the path of a cassette.

    >>> must_be_a_path(5)
    Traceback (most recent call last):
        ...
    qrtest.errors.CassetteError: 5 is no path of a cassette: give one as 'cassettes/bell.yaml'.
    """
    try:
        is_path = isinstance(os.fspath(value), str)  # type: ignore[call-overload]
    except TypeError:
        is_path = False
    if not is_path:
        raise CassetteError(
            f"{value!r} is no path of a cassette: give one as 'cassettes/bell.yaml'."
        )


def ignored_names(
    ignore: Iterable[str], error: type[QrtestError] = SimulationError
) -> frozenset[str]:
    """Return the plain names in *ignore*. Raises an *error* for what is no list of names.

    >>> sorted(ignored_names(["Trace-Id"]))
    ['traceid']
    """
    if isinstance(ignore, str):
        raise error(f"ignore={ignore!r} is one name: write [{ignore!r}].")
    if not isinstance(ignore, Iterable):
        raise error(f"ignore={ignore!r}: give a list of names, as ['trace_id'].")
    names = tuple(ignore)
    for name in names:
        if not isinstance(name, str):
            raise error(f"ignore={list(names)!r}: {name!r} is no name of a parameter or a field.")
    return frozenset(map(plain_name, names))


def whole_number(name: str, value: object, *, least: int | None = None) -> None:
    """Raise `SimulationError` unless the option *name* has a whole number as its *value*, *least* or more.

    >>> whole_number("most_requests", 0, least=1)
    Traceback (most recent call last):
        ...
    qrtest.errors.SimulationError: most_requests=0: give a whole number, 1 or more.
    """
    is_number = type(value) is int or (isinstance(value, int) and not isinstance(value, bool))
    if not is_number or (least is not None and value < least):  # type: ignore[operator]
        limit = "" if least is None else f", {least} or more"
        raise SimulationError(f"{name}={value!r}: give a whole number{limit}.")


def items_of(name: str, values: Any, kind: type[Item], example: str) -> Sequence[Item]:
    """Return *values* of the option *name*. Raises `SimulationError` unless they are several of *kind*.

    >>> items_of("backends", "ibm_fez", str, "['ibm_torino']")
    Traceback (most recent call last):
        ...
    qrtest.errors.SimulationError: backends='ibm_fez': give a list, as ['ibm_torino'].
    """
    if type(values) is not tuple and (
        isinstance(values, str | bytes) or not isinstance(values, Iterable)
    ):
        raise SimulationError(f"{name}={values!r}: give a list, as {example}.")
    items = tuple(values)
    for item in items:
        if not isinstance(item, kind):
            raise SimulationError(
                f"{name}={values!r}: {item!r} does not belong there; give a list, as {example}."
            )
    return items
