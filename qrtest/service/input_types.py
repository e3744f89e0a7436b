"""What the programs sampler and estimator cannot read of their inputs: wrong types, values out of bounds.

Source: `ibm_quantum_schemas` (sampler and estimator, version 0.1), the published models of these inputs. What
clients of earlier releases and in other languages leave out may be missing here, too: null, or a bare circuit
in the place of a pub.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["is_count", "observables_in", "problem"]

VERSION: Final = 2
PUB_LENGTHS: Final = {"sampler": range(1, 4), "estimator": range(2, 5)}
MEAS_TYPES: Final = ("classified", "kerneled", "avg_kerneled")
PAULIS: Final = "IXYZ"
RESILIENCE_LEVELS: Final = range(3)


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
    if version is not None and not _is_integer(version, VERSION) and "circuits" not in params:
        yield f"version {version!r:.50} is not {VERSION}"
    if not isinstance(pubs, list):
        yield "pubs is not a list"
        pubs = []
    if options is not None and not isinstance(options, Mapping):
        yield "options is not an object"
        options = {}
    beside = {"resilience_level": params.get("resilience_level")}
    for given in (options or {}, beside):
        yield from _of_options(given)
    for number, pub in enumerate(pubs):
        yield from _of_pub(program_id, pub, f"pub {number}")


def is_count(value: Any) -> bool:
    """Say whether *value* is a whole number above 0.

    >>> is_count(1), is_count(0), is_count(True), is_count(1.0)
    (True, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


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
    if last is not None and not _is_positive(last):
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
    return isinstance(value, Mapping) or (_is_number(value) and math.isfinite(value))


# --- options -----------------------------------------------------------------------------------


def _is_integer(value: Any, wanted: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and math.isfinite(value) and value > 0


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_count_or_auto(value: Any) -> bool:
    return is_count(value) or value == "auto"


def _are_factors(value: Any, least: float = -math.inf) -> bool:
    return isinstance(value, list) and all(_is_number(each) and each >= least for each in value)


def _are_texts(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and bool(texts) and all(isinstance(each, str) for each in texts)


Rule = tuple[Callable[[Any], bool], str]
_OBJECT: Final[Rule] = (_is_object, "is not an object")
_SWITCH: Final[Rule] = (_is_switch, "is neither true nor false")
_RANDOMIZATIONS: Final[Rule] = (_is_count_or_auto, "is neither a whole number above 0 nor 'auto'")
_ZNE: Final = ("resilience", "zne")
RULES: Final[Mapping[Sequence[str], Rule]] = {
    ("default_shots",): (is_count, "is not a number of shots"),
    ("default_precision",): (_is_positive, "is not a number above 0"),
    ("resilience_level",): (
        lambda value: any(_is_integer(value, level) for level in RESILIENCE_LEVELS),
        f"is not 0 to {RESILIENCE_LEVELS[-1]}",
    ),
    ("execution",): _OBJECT,
    ("execution", "meas_type"): (
        lambda value: value in MEAS_TYPES,
        f"is none of {', '.join(MEAS_TYPES)}",
    ),
    ("execution", "init_qubits"): _SWITCH,
    ("dynamical_decoupling",): _OBJECT,
    ("dynamical_decoupling", "enable"): _SWITCH,
    ("twirling",): _OBJECT,
    ("twirling", "enable_gates"): _SWITCH,
    ("twirling", "enable_measure"): _SWITCH,
    ("twirling", "num_randomizations"): _RANDOMIZATIONS,
    ("twirling", "shots_per_randomization"): _RANDOMIZATIONS,
    ("resilience",): _OBJECT,
    ("resilience", "measure_mitigation"): _SWITCH,
    ("resilience", "zne_mitigation"): _SWITCH,
    ("resilience", "pec_mitigation"): _SWITCH,
    _ZNE: _OBJECT,
    (*_ZNE, "noise_factors"): (
        lambda value: _are_factors(value, 1),
        "is not a list of numbers, 1 or more",
    ),
    (*_ZNE, "extrapolator"): (_are_texts, "is neither a name nor a list of names"),
    (*_ZNE, "extrapolated_noise_factors"): (
        lambda value: value == "auto" or _are_factors(value),
        "is neither a list of numbers nor 'auto'",
    ),
}
"""The options that are checked, by their path, and what is said of one that cannot be read."""


def _of_options(options: Mapping[str, Any]) -> Iterator[str]:
    for path, (is_valid, rule) in RULES.items():
        value: Any = options
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None and not is_valid(value):
            yield f"{'.'.join(path)} {rule}"
