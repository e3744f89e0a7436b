"""Results that fit what was submitted: its pubs, registers, shapes and metadata, with drawn values.

This is the default result of a job that is given none. The values mean nothing, as those of the service's
own dry run; everything by which a program finds its way through a result is that of the submission.

Sources: results captured from the service; IBM's documentation of primitive inputs and outputs, of twirling
and of zero-noise extrapolation.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from qrtest.client.fitted_programs import executor_result, noise_learner_result
from qrtest.client.result_format import (
    NotFittingError,
    Span,
    bit_array,
    check_size,
    data_bin,
    execution_spans,
    tagged,
    written,
)
from qrtest.client.submitted_pubs import bindings_shape, circuit_facts

__all__ = [
    "default_precision",
    "estimator_metadata",
    "fitted",
    "randomizations",
    "sampled_shots",
    "shots_for",
    "submitted_options",
    "zne_fields",
]

DEFAULT_SHOTS: Final = 4096
RANDOMIZATIONS: Final = 32
ZNE_LEVEL: Final = 2
"""The resilience level from which on zero-noise extrapolation is on unless it is switched off."""

NOISE_FACTORS: Final = (1, 3, 5)
EXTRAPOLATORS: Final = ("exponential", "linear")
AUTO: Final = "auto"
"""The default of the extrapolated noise factors in `ibm_quantum_schemas`: 0 and the noise factors."""


Draw = np.random.Generator


def fitted(program_id: str, params: str, *, seed: str, span: Span, backend: str = "") -> str:
    """Return a result for the JSON *params* of a job, as the text that GET results answers with.

    The same *seed* gives the same text; *backend* is the name of the device. Raises `NotFittingError` for
    inputs of no known program.
    """
    if program_id not in PROGRAMS:
        raise NotFittingError(f"{program_id!r} is no program whose results are known")
    draw = np.random.default_rng(list(hashlib.sha256(seed.encode()).digest()))
    # Inputs may be damaged on purpose; what qpy, numpy and the client's decoder raise then is not documented.
    try:
        result = PROGRAMS[program_id](json.loads(params), draw, span, backend)
        return written(result)
    except NotFittingError:
        raise
    except Exception as error:
        raise NotFittingError(
            f"the inputs cannot be read: {type(error).__name__}: {error}"
        ) from error


# --- sampler -----------------------------------------------------------------------------------


def _sampler_result(inputs: Mapping[str, Any], draw: Draw, span: Span, _: str) -> Any:
    options = submitted_options(inputs)
    meas_type = (options.get("execution") or {}).get("meas_type") or "classified"
    pubs, shapes = [], []
    for circuit, values, shots in _rows(inputs, 3):
        facts = circuit_facts(circuit)
        shape = bindings_shape(circuit, values)
        taken = shots or sampled_shots(options)
        check_size(math.prod(shape) * taken * sum(map(_bytes, facts.registers.values())))
        fields = {
            name: _measured(draw, size, shape, taken, meas_type)
            for name, size in facts.registers.items()
        }
        content = {
            "data": data_bin(fields, shape),
            "metadata": {"circuit_metadata": facts.metadata},
        }
        pubs.append(tagged("SamplerPubResult", content))
        shapes.append((*shape, taken))
    metadata = {"execution": {"execution_spans": execution_spans(shapes, span)}, "version": 2}
    return tagged("PrimitiveResult", {"pub_results": pubs, "metadata": metadata})


def sampled_shots(options: Mapping[str, Any]) -> int:
    """Return the shots of a pub that names none: of the twirling, else of the default.

    The product of randomizations and shots of each takes precedence over default_shots (documentation of
    TwirlingOptions).

    >>> sampled_shots({"default_shots": 100})
    100
    """
    return _twirled_shots(options.get("twirling") or {}) or (
        options.get("default_shots") or DEFAULT_SHOTS
    )


def _twirled_shots(twirling: Mapping[str, Any]) -> int | None:
    """Return the shots that the options of *twirling* fix; None if they leave them open or it is off."""
    number, each = twirling.get("num_randomizations"), twirling.get("shots_per_randomization")
    is_twirled = twirling.get("enable_gates") or twirling.get("enable_measure")
    return (
        number * each if is_twirled and isinstance(number, int) and isinstance(each, int) else None
    )


def _measured(draw: Draw, size: int, shape: Sequence[int], shots: int, meas_type: str) -> Any:
    """Return the data of a register: bits, or by *meas_type* complex levels of each shot or their mean."""
    if meas_type == "classified":
        samples = _random_bytes(draw, (*shape, shots, _bytes(size)))
        if size % 8:
            samples[..., 0] &= (1 << size % 8) - 1
        return bit_array(samples, size)
    levels = (*shape, size) if meas_type == "avg_kerneled" else (*shape, shots, size)
    return draw.normal(size=levels) + 1j * draw.normal(size=levels)


def _random_bytes(draw: Draw, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return random bytes, drawn eight at a time: three times as fast as one by one."""
    size = math.prod(shape)
    words = draw.integers(0, 2**64 - 1, size=math.ceil(size / 8), dtype=np.uint64, endpoint=True)
    return words.view(np.uint8)[:size].reshape(shape)


def _bytes(bits: int) -> int:
    return math.ceil(bits / 8)


# --- estimator ---------------------------------------------------------------------------------


def _estimator_result(inputs: Mapping[str, Any], draw: Draw, span: Span, _: str) -> Any:
    options = submitted_options(inputs)
    usual = default_precision(options)
    pubs, shapes = [], []
    for circuit, observables, values, wanted in _rows(inputs, 4):
        precision = wanted or usual
        bounds = _bounds(observables)
        shape = np.broadcast_shapes(bounds.shape, bindings_shape(circuit, values))
        check_size(math.prod(shape) * 8)
        evs = np.broadcast_to(bounds, shape) * draw.uniform(-1, 1, size=shape)
        fields = {"evs": evs, "stds": np.full(shape, precision)}
        fields["ensemble_standard_error"] = fields["stds"]
        fields |= zne_fields(options, evs, precision, draw)
        taken = shots_for(precision)
        pub_metadata = {
            "shots": taken,
            "target_precision": precision,
            "circuit_metadata": circuit_facts(circuit).metadata,
            "resilience": {},
            "num_randomizations": randomizations(options, taken),
        }
        content = {"data": data_bin(fields, shape), "metadata": pub_metadata}
        pubs.append(tagged("PubResult", content))
        shapes.append((*shape, taken))
    spans = {"execution": {"execution_spans": execution_spans(shapes, span)}}
    metadata = {**estimator_metadata(options), **spans}
    return tagged("PrimitiveResult", {"pub_results": pubs, "metadata": metadata})


def estimator_metadata(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an estimator's result: the options that took effect."""
    resilience = options.get("resilience") or {}
    twirling = _estimator_twirling(options)
    learnt = {
        name: resilience[name]
        for name in ("layer_noise_model",)
        if resilience.get(name) is not None
    }
    return {
        "dynamical_decoupling": {"enable": False, **(options.get("dynamical_decoupling") or {})},
        "twirling": twirling,
        "resilience": {
            "measure_mitigation": corrects_readout(options),
            "zne_mitigation": _extrapolates(options),
            "pec_mitigation": bool(resilience.get("pec_mitigation", False)),
            **learnt,
        },
        "version": 2,
    }


def zne_fields(
    options: Mapping[str, Any], evs: np.ndarray[Any, Any], precision: float, draw: Draw
) -> dict[str, np.ndarray[Any, Any]]:
    """Return what zero-noise extrapolation adds to the data of a pub; nothing when it is off."""
    if not _extrapolates(options):
        return {}
    zne = (options.get("resilience") or {}).get("zne") or {}
    factors = zne.get("noise_factors") or NOISE_FACTORS
    extrapolators = zne.get("extrapolator") or EXTRAPOLATORS
    if isinstance(extrapolators, str):
        extrapolators = [extrapolators]
    targets = zne.get("extrapolated_noise_factors") or AUTO
    if targets == AUTO:
        targets = [0, *factors]
    noisy = evs[..., np.newaxis] * np.exp(-0.1 * np.asarray(factors, dtype=float))
    found = evs[..., np.newaxis, np.newaxis] * np.exp(-0.1 * np.asarray(targets, dtype=float))
    found = np.repeat(found, len(extrapolators), axis=-2)
    errors = np.full(noisy.shape, precision)
    return {
        "evs_noise_factors": noisy + draw.normal(scale=precision, size=noisy.shape),
        "stds_noise_factors": errors,
        "ensemble_stds_noise_factors": errors,
        "evs_extrapolated": found + draw.normal(scale=precision, size=found.shape),
        "stds_extrapolated": np.full(found.shape, precision),
    }


def corrects_readout(options: Mapping[str, Any]) -> bool:
    """Say whether an estimator corrects errors of the readout: from level 1 on, or by an option of its own.

    >>> corrects_readout({}), corrects_readout({"resilience_level": 0})
    (True, False)
    """
    chosen = (options.get("resilience") or {}).get("measure_mitigation")
    if isinstance(chosen, bool):
        return chosen
    return int(options.get("resilience_level", 1)) >= 1


def _extrapolates(options: Mapping[str, Any]) -> bool:
    chosen = (options.get("resilience") or {}).get("zne_mitigation")
    if isinstance(chosen, bool):
        return chosen
    return int(options.get("resilience_level", 1)) >= ZNE_LEVEL


def default_precision(options: Mapping[str, Any]) -> float:
    """Return the precision of a pub that names none: of the twirling's shots, default_shots or its option.

    default_shots overrides default_precision (documentation of EstimatorOptions), and the product of
    randomizations and shots of each overrides default_shots (that of TwirlingOptions).

    >>> default_precision({"default_precision": 0.1, "default_shots": 400})
    0.05
    """
    shots = _twirled_shots(_estimator_twirling(options)) or options.get("default_shots")
    if shots:
        return 1 / math.sqrt(shots)
    chosen: float | None = options.get("default_precision")
    return chosen or 1 / math.sqrt(DEFAULT_SHOTS)


def shots_for(precision: float) -> int:
    """Return the shots that reach *precision*; a rounding error of the square root adds none.

    >>> shots_for(1 / math.sqrt(1600)), shots_for(0.3)
    (1600, 12)
    """
    return math.ceil(1 / precision**2 * (1 - 1e-12))


def randomizations(options: Mapping[str, Any], shots: int) -> int:
    """Return how many twirled circuits share *shots*; fixed by the options, or by the shots of each.

    >>> randomizations({"twirling": {"shots_per_randomization": 64}}, 1000)
    16
    """
    twirling = options.get("twirling") or {}
    number, each = twirling.get("num_randomizations"), twirling.get("shots_per_randomization")
    if isinstance(number, int):
        return number
    return math.ceil(shots / each) if isinstance(each, int) and each > 0 else RANDOMIZATIONS


def _estimator_twirling(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the twirling options of an estimator, whose defaults depend on the resilience level."""
    level = options.get("resilience_level", 1)
    usual = {"enable_gates": level >= ZNE_LEVEL, "enable_measure": level >= 1}
    return {**usual, **(options.get("twirling") or {})}


def _bounds(observables: Any) -> np.ndarray[Any, Any]:
    """Return the largest possible value of each observable of an array of them, as nested lists."""
    if isinstance(observables, Mapping) and "__type__" in observables:
        observables = observables["__value__"]
    if isinstance(observables, Mapping):
        return np.array(sum(abs(_real(each)) for each in observables.values()))
    if isinstance(observables, str):
        return np.array(1.0)
    return np.array([_bounds(each) for each in observables], dtype=float)


def _real(coefficient: Any) -> float:
    """Return the real part of a coefficient, which may be a tagged complex number or an array of one."""
    if isinstance(coefficient, Mapping):
        value = coefficient["__value__"]
        return float(value[0]) if isinstance(value, list) else 1.0
    return float(coefficient)


# --- both --------------------------------------------------------------------------------------


def _rows(inputs: Mapping[str, Any], width: int) -> Sequence[Sequence[Any]]:
    """Return the pubs, each with *width* entries; None for those that are left out."""
    pubs = inputs.get("pubs")
    if not isinstance(pubs, list):
        raise NotFittingError("the inputs have no list of pubs")
    rows = [pub if isinstance(pub, list) else [pub] for pub in pubs]
    return [[*row[:width], *[None] * (width - len(row))] for row in rows]


def submitted_options(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a job, with what is sent beside them.

    That is a resilience level, or shots or a precision, which take precedence over the options for pubs that
    name none (REST description).
    """
    found = {**(inputs.get("options") or {})}
    if inputs.get("resilience_level") is not None:
        found["resilience_level"] = inputs["resilience_level"]
    if inputs.get("shots"):
        found["default_shots"] = inputs["shots"]
    if inputs.get("precision"):
        found["default_precision"] = inputs["precision"]
        found.pop("default_shots", None)
    return found


PROGRAMS: Final[dict[str, Callable[[Mapping[str, Any], Draw, Span, str], Any]]] = {
    "sampler": _sampler_result,
    "estimator": _estimator_result,
    "executor": executor_result,
    "noise-learner": noise_learner_result,
}
"""What makes the result of a program from its inputs."""
