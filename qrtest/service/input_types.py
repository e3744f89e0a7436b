"""What the programs sampler and estimator cannot read of their inputs: wrong types, values out of bounds.

Source: `ibm_quantum_schemas` (sampler and estimator, version 0.1), the published models of these inputs. What
clients of earlier releases and in other languages leave out may be missing here, too: null, or a bare circuit
in the place of a pub.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from qrtest.service.option_types import (
    is_count,
    is_integer,
    is_number,
    is_positive,
    option_problems,
)

__all__ = ["is_count", "observables_in", "problem"]

VERSION: Final = 2
PUB_LENGTHS: Final = {"sampler": range(1, 4), "estimator": range(2, 5)}
PAULIS: Final = "IXYZ"
FIELDS: Final = {
    "sampler": ("pubs", "options", "version", "support_qiskit", "shots"),
    "estimator": (
        *("pubs", "options", "version", "support_qiskit", "resilience_level"),
        "precision",
    ),
}
"""The inputs. The REST description alone has `shots` and `precision`, for pubs that name none."""


def problem(program_id: str, params: Mapping[str, Any]) -> str | None:
    """Return the first thing in the inputs *params* that the program cannot read; None if there is none.

    >>> problem("sampler", {"pubs": [["OPENQASM 3.0;", None, 0]]})
    'the shots of pub 0 are 0, which is not a whole number above 0'
    >>> problem("sampler", {"pubs": [["OPENQASM 3.0;", None, 100]], "version": 2}) is None
    True
    """
    return next(_problems(program_id, params), None)


def _problems(program_id: str, params: Mapping[str, Any]) -> Iterator[str]:
    version, pubs, options = params.get("version"), params.get("pubs", []), params.get("options")
    # The primitives of version 1, which the first supported releases still have, send circuits without pubs.
    has_pubs = "circuits" not in params
    if version is not None and not is_integer(version, VERSION) and has_pubs:
        yield f"version {version!r:.50} is not {VERSION}"
    if not isinstance(pubs, list):
        yield "pubs is not a list"
        pubs = []
    if options is not None and not isinstance(options, Mapping):
        yield "options is not an object"
        options = {}
    level = params.get("resilience_level")
    yield from option_problems(program_id, options or {}, level, has_pubs=has_pubs)
    unknown = [name for name in params if name not in FIELDS[program_id]]
    # Inputs without pubs are of version 1, or of a test that needs some and does not mean to submit.
    if unknown and "pubs" in params:
        known = ", ".join(FIELDS[program_id])
        yield f"the {program_id} has no input {unknown[0]!r:.50}, but {known}"
    shots, precision = params.get("shots"), params.get("precision")
    if program_id == "sampler" and shots is not None and not is_count(shots):
        yield f"shots are {shots!r:.50}, which is not a whole number above 0"
    if program_id == "estimator" and precision is not None and not is_positive(precision):
        yield f"precision is {precision!r:.50}, which is not a number above 0"
    for number, pub in enumerate(pubs):
        yield from _of_pub(program_id, pub, f"pub {number}")


# --- pubs --------------------------------------------------------------------------------------


def _of_pub(program_id: str, pub: Any, which: str) -> Iterator[str]:
    if not isinstance(pub, list):
        if not isinstance(pub, str | Mapping):
            yield f"{which} is neither a list nor a circuit"
        return
    lengths = PUB_LENGTHS[program_id]
    if len(pub) not in lengths:
        yield f"{which} has {len(pub)} entries, where {lengths[0]} to {lengths[-1]} are known"
        return
    if not isinstance(pub[0], str | Mapping):
        yield f"{which} does not begin with a circuit"
    last = pub[lengths[-1] - 1] if len(pub) == lengths[-1] else None
    if program_id == "sampler":
        if last is not None and not is_count(last):
            yield f"the shots of {which} are {last!r:.50}, which is not a whole number above 0"
        return
    if last is not None and not is_positive(last):
        yield f"the precision of {which} is {last!r:.50}, which is not a number above 0"
    yield from _of_observables(pub[1], which)


def _of_observables(observables: Any, which: str) -> Iterator[str]:
    """Yield what is wrong with an array of observables, given as lists in lists."""
    lengths: set[int] = set()
    for each in observables_in(observables):
        if isinstance(each, str | Mapping):
            terms = {each: 1.0} if isinstance(each, str) else each
            wrong = next((label for label in terms if label.strip(PAULIS)), None)
            if wrong is not None:
                yield f"an observable of {which}, {wrong!r:.50}, has other letters than I, X, Y and Z"
            if not all(map(_is_coefficient, terms.values())):
                yield f"an observable of {which} has a coefficient that is not a finite number"
            lengths.update(map(len, terms))
        else:
            yield f"an observable of {which} is {each!r:.50}"
    if len(lengths) > 1:
        yield f"the observables of {which} are of different lengths: {sorted(lengths)}"


def observables_in(array: Any) -> Iterator[Any]:
    """Yield what stands in an *array* of observables, given as lists in lists, tagged or not.

    >>> list(observables_in([["XX", {"ZZ": 0.5}]]))
    [{'ZZ': 0.5}, 'XX']
    """
    left = [array]
    while left:
        each = left.pop()
        if isinstance(each, Mapping) and "__type__" in each:
            each = each.get("__value__")
        if isinstance(each, list):
            left += each
        else:
            yield each


def _is_coefficient(value: Any) -> bool:
    """Say whether *value* is a finite number; one that is tagged is read later."""
    return isinstance(value, Mapping) or (is_number(value) and math.isfinite(value))
