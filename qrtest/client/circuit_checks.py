"""Pubs of which a program can make no result, by the headers of their circuits; nothing is run.

Circuits that come with parameter values, or need some, are decoded, up to a bound: what their parameters
are is not in the header.

Sources: `DataBin` of qiskit, which the service makes results of, reserves the names of its attributes; the
client's `validate_classical_registers` says that a register of no bits crashes the sampler of the service;
`EstimatorPub` of qiskit, which the service reads pubs with, holds observables to the width of the circuit,
and it and `SamplerPub` hold parameter values to the parameters.
The codes are assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from qrtest.client.submitted_pubs import (
    CircuitFacts,
    circuit_facts,
    decoded,
    may_have_values,
    qasm_inputs,
)
from qrtest.service.input_checks import UNREADABLE_INPUT
from qrtest.service.input_types import observables_in

__all__ = ["RESERVED", "unfit"]

NO_RESULT: Final = 1500
MOST_DECODED: Final = 2_000
"""How many instructions of a submission are decoded, at some microseconds each: to submit takes no longer."""
MOST_SEARCHED: Final = 20_000
"""How many instructions of pubs without values are searched for parameters, at a microsecond for some."""

MISSING: Final = (
    "pub {}: The number of values (0) does not match the number of parameters ({}) for the circuit."
)
"""The words of qiskit's `SamplerPub` and `EstimatorPub`."""

RESERVED: Final = frozenset(
    {"_RESTRICTED_NAMES", "_SHAPE", "_FIELDS", "_FIELD_TYPES", "_data", "_shape"}
    | {"keys", "values", "items", "shape", "ndim", "size", "self"}
)
"""The names that no register in a result can have."""

VALUES: Final = {"sampler": 1, "estimator": 2}
"""The place of the parameter values in a pub."""


def unfit(program_id: str, params: Mapping[str, Any]) -> tuple[int, str] | None:
    """Return the code and the reason with which a job with the inputs *params* fails; None for one that runs.

    >>> unfit("sampler", {"pubs": [["OPENQASM 3.0; bit shape; shape = measure $0;"]]})[0]
    1500
    """
    pubs = params.get("pubs")
    decodes, searches = MOST_DECODED, MOST_SEARCHED
    for number, pub in enumerate(pubs if isinstance(pubs, list) else ()):
        entries = pub if isinstance(pub, list) else [pub]
        # Inputs may be damaged on purpose: the program that reads them later says so.
        try:
            facts = circuit_facts(entries[0])
        except Exception:  # noqa: S112 (whatever the client's decoder makes of them)
            continue
        found = next(_problems(program_id, entries, facts, f"pub {number}"), None)
        if found is not None:
            return found
        place = VALUES[program_id]
        has_values = _has_values(entries[place] if len(entries) > place else None)
        if isinstance(entries[0], str):
            # Its importer need not be there, so that no text is read beyond its declarations.
            missing = 0 if has_values else qasm_inputs(entries[0])
            if missing:
                return UNREADABLE_INPUT, MISSING.format(number, missing)
            continue
        if not has_values:
            searches -= facts.instructions
            if searches < 0 or not may_have_values(entries[0]):
                continue
        decodes -= facts.instructions
        found = _wrong_values(program_id, entries, f"pub {number}") if decodes >= 0 else None
        if found is not None:
            return found
    return None


def _has_values(values: Any) -> bool:
    """Say whether there are parameter values; the client sends an empty array where there are none."""
    try:
        return values is not None and np.size(decoded(values)) > 0
    except Exception:  # damaged inputs, of which the program that reads them later says so
        return False


def _wrong_values(program_id: str, pub: list[Any], which: str) -> tuple[int, str] | None:
    """Return why parameter values do not fit the parameters of the circuit of a *pub*; None if they do."""
    from qrtest.client.readable_pubs import NotComputedError, read_pub

    try:
        read_pub(program_id, decoded(pub), which)
    except NotComputedError as error:
        is_of_service = error.code == UNREADABLE_INPUT
        return (error.code, error.reason.partition(": ")[2]) if is_of_service else None
    except Exception:  # whatever the client's decoder makes of damaged inputs
        return None
    return None


def _problems(
    program_id: str, pub: list[Any], facts: CircuitFacts, which: str
) -> Iterator[tuple[int, str]]:
    if program_id == "estimator":
        widths = set(_widths(pub[1] if len(pub) > 1 else None))
        if facts.qubits is not None and widths - {facts.qubits}:
            yield (
                UNREADABLE_INPUT,
                f"The number of qubits of the circuit of {which} ({facts.qubits}) does not match the number "
                f"of qubits of its observables ({max(widths - {facts.qubits})}).",
            )
        return
    for name, size in facts.registers.items():
        if name in RESERVED:
            yield (
                NO_RESULT,
                f"The classical register {name!r} of {which} has no place in a result: qiskit's DataBin "
                "has an attribute of that name. Rename the register.",
            )
        if size == 0:
            yield NO_RESULT, f"The classical register {name!r} of {which} has no bits."


def _widths(observables: Any) -> Iterator[int]:
    """Yield the number of qubits of each label in an array of observables."""
    for each in observables_in(observables):
        if isinstance(each, str):
            yield len(each)
        elif isinstance(each, Mapping):
            yield from map(len, each)
