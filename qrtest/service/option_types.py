"""Which options the programs sampler and estimator have, and what they cannot read of them.

Source: `ibm_quantum_schemas` (sampler and estimator, version 0.1). Its models refuse an unknown name among
the options and among those of the simulator, and pass over one in any other group. A value of null stands for
the default, as earlier clients send it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["is_count", "is_integer", "is_number", "is_positive", "option_problems"]

BOTH: Final = (
    "default_shots",
    "dynamical_decoupling",
    "execution",
    "twirling",
    "simulator",
    "experimental",
    "transpilation",  # of clients before 0.32
)
NAMES: Final[Mapping[str, Collection[str]]] = {
    "sampler": BOTH,
    "estimator": (*BOTH, "default_precision", "seed_estimator", "resilience"),
}
SIMULATOR_NAMES: Final = ("noise_model", "seed_simulator", "coupling_map", "basis_gates")
EXTRAPOLATORS: Final[Mapping[str, int]] = {
    "linear": 2,
    "exponential": 2,
    "double_exponential": 4,
    **{f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)},
    "fallback": 2,
}
"""How many noise factors each extrapolator needs."""

USUAL_FACTORS: Final = 3
RESILIENCE_LEVELS: Final = range(3)


def option_problems(
    program_id: str, options: Mapping[str, Any], level: Any = None, *, has_pubs: bool = True
) -> Iterator[str]:
    """Yield what a program cannot read of its *options* and of the resilience *level* sent beside them.

    Without pubs (*has_pubs*) the job is of a primitive of version 1, whose options have other names.

    >>> next(option_problems("sampler", {"twirling": {"strategy": "some"}}))
    'twirling.strategy is none of active, active-accum, active-circuit, all'
    """
    given = {**options, "resilience_level": options.get("resilience_level", level)}
    for path, (is_valid, rule) in RULES.items():
        value: Any = given
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None and not is_valid(value):
            yield f"{'.'.join(path)} {rule}"
    yield from _mitigation_problems(options.get("resilience"))
    if not has_pubs:
        return
    simulator = options.get("simulator")
    inner = simulator if isinstance(simulator, Mapping) else {}
    yield from _unknown(options, NAMES[program_id], f"the options of the {program_id}")
    yield from _unknown(inner, SIMULATOR_NAMES, "the options of the simulator")


def _mitigation_problems(resilience: Any) -> Iterator[str]:
    """Yield what does not go together, each of it being valid by itself."""
    if not isinstance(resilience, Mapping):
        return
    if resilience.get("pec_mitigation") is True and resilience.get("zne_mitigation") is True:
        yield "resilience.pec_mitigation and resilience.zne_mitigation are both true"
    zne = resilience.get("zne")
    inner = zne if isinstance(zne, Mapping) else {}
    factors, given = inner.get("noise_factors"), inner.get("extrapolator")
    names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    number = len(factors) if isinstance(factors, list) else USUAL_FACTORS
    for name in names:
        if EXTRAPOLATORS.get(name, 0) > number:
            needed = EXTRAPOLATORS[name]
            yield f"resilience.zne.extrapolator {name} needs {needed} noise factors, not {number}"
    if factors is not None and not names and number < 2:
        yield f"resilience.zne.noise_factors are {number}, and the extrapolators need 2"


def _unknown(given: Mapping[str, Any], names: Collection[str], whose: str) -> Iterator[str]:
    for name in given:
        if name not in names:
            yield f"{whose} have no {name!r:.50}, but {', '.join(names)}"


def is_count(value: Any) -> bool:
    """Say whether *value* is a whole number above 0.

    >>> is_count(1), is_count(0), is_count(True), is_count(1.0)
    (True, False, False, False)
    """
    return _is_integral(value) and bool(value > 0)


def is_integer(value: Any, wanted: int) -> bool:
    """Say whether *value* is the whole number *wanted*, and not the truth value that equals it."""
    return _is_integral(value) and bool(value == wanted)


def is_number(value: Any) -> bool:
    """Say whether *value* is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_positive(value: Any) -> bool:
    """Say whether *value* is a finite number above 0."""
    return is_number(value) and math.isfinite(value) and value > 0


def _is_at_least_0(value: Any) -> bool:
    return is_number(value) and value >= 0


def _is_integral(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_integral(value) and value >= 0


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _are_pairs(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    pairs = [each for each in value if isinstance(each, list) and len(each) == 2]
    return len(pairs) == len(value) and all(_is_integral(qubit) for pair in pairs for qubit in pair)


def _are_factors(value: Any, least: float = -math.inf) -> bool:
    return isinstance(value, list) and all(is_number(each) and each >= least for each in value)


def _are_extrapolators(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return (
        isinstance(names, list)
        and bool(names)
        and all(isinstance(each, str) and each in EXTRAPOLATORS for each in names)
    )


Rule = tuple[Callable[[Any], bool], str]


def _one_of(*names: str) -> Rule:
    return (lambda value: value in names), f"is none of {', '.join(names)}"


_OBJECT: Final[Rule] = (lambda value: isinstance(value, Mapping), "is not an object")
_SWITCH: Final[Rule] = (lambda value: isinstance(value, bool), "is neither true nor false")
_COUNT: Final[Rule] = (is_count, "is not a whole number above 0")
_WHOLE: Final[Rule] = (_is_whole, "is not a whole number, 0 or more")
_COUNT_OR_AUTO: Final[Rule] = (
    lambda value: is_count(value) or value == "auto",
    "is neither a whole number above 0 nor 'auto'",
)
_DECOUPLING: Final = "dynamical_decoupling"
_ZNE: Final = ("resilience", "zne")
_PEC: Final = ("resilience", "pec")
_LAYERS: Final = ("resilience", "layer_noise_learning")
_READOUT: Final = ("resilience", "measure_noise_learning")
RULES: Final[Mapping[Sequence[str], Rule]] = {
    ("default_shots",): (is_count, "is not a number of shots"),
    ("default_precision",): (is_positive, "is not a number above 0"),
    ("seed_estimator",): _WHOLE,
    ("resilience_level",): (
        lambda value: any(is_integer(value, level) for level in RESILIENCE_LEVELS),
        f"is not 0 to {RESILIENCE_LEVELS[-1]}",
    ),
    ("experimental",): _OBJECT,
    ("simulator",): _OBJECT,
    ("simulator", "seed_simulator"): (_is_integral, "is not a whole number"),
    ("simulator", "basis_gates"): (_are_texts, "is not a list of names"),
    ("simulator", "coupling_map"): (_are_pairs, "is not a list of pairs of qubits"),
    ("execution",): _OBJECT,
    ("execution", "meas_type"): _one_of("classified", "kerneled", "avg_kerneled"),
    ("execution", "init_qubits"): _SWITCH,
    ("execution", "rep_delay"): (is_number, "is not a number"),  # its range is checked with 6050
    (_DECOUPLING,): _OBJECT,
    (_DECOUPLING, "enable"): _SWITCH,
    (_DECOUPLING, "sequence_type"): _one_of("XX", "XpXm", "XY4"),
    (_DECOUPLING, "extra_slack_distribution"): _one_of("middle", "edges"),
    (_DECOUPLING, "scheduling_method"): _one_of("alap", "asap"),
    (_DECOUPLING, "skip_reset_qubits"): _SWITCH,
    ("twirling",): _OBJECT,
    ("twirling", "enable_gates"): _SWITCH,
    ("twirling", "enable_measure"): _SWITCH,
    ("twirling", "num_randomizations"): _COUNT_OR_AUTO,
    ("twirling", "shots_per_randomization"): _COUNT_OR_AUTO,
    ("twirling", "strategy"): _one_of("active", "active-accum", "active-circuit", "all"),
    ("resilience",): _OBJECT,
    ("resilience", "measure_mitigation"): _SWITCH,
    ("resilience", "zne_mitigation"): _SWITCH,
    ("resilience", "pec_mitigation"): _SWITCH,
    _READOUT: _OBJECT,
    (*_READOUT, "num_randomizations"): _COUNT,
    (*_READOUT, "shots_per_randomization"): _COUNT_OR_AUTO,
    _LAYERS: _OBJECT,
    (*_LAYERS, "max_layers_to_learn"): _WHOLE,
    (*_LAYERS, "num_randomizations"): _COUNT,
    (*_LAYERS, "shots_per_randomization"): _COUNT,
    _PEC: _OBJECT,
    (*_PEC, "max_overhead"): (is_positive, "is not a number above 0"),
    (*_PEC, "noise_gain"): (
        lambda value: _is_at_least_0(value) or value == "auto",
        "is neither a number, 0 or more, nor 'auto'",
    ),
    _ZNE: _OBJECT,
    (*_ZNE, "amplifier"): _one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
    (*_ZNE, "noise_factors"): (
        lambda value: _are_factors(value, 1),
        "is not a list of numbers, 1 or more",
    ),
    (*_ZNE, "extrapolator"): (
        _are_extrapolators,
        f"is neither a name nor a list of names of {', '.join(EXTRAPOLATORS)}",
    ),
    (*_ZNE, "extrapolated_noise_factors"): (
        lambda value: value == "auto" or _are_factors(value),
        "is neither a list of numbers nor 'auto'",
    ),
}
"""The options that are checked, by their path, and what is said of one that cannot be read."""
