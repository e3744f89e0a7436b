"""Results of executor programs with other counts, or with one thing that is not as it was recorded.

Source of the form: `ibm_quantum_schemas`, whose models the client decodes these results with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from qrtest.client.counts import by_register, samples_of_places
from qrtest.client.releases import program_tensor_model
from qrtest.errors import ResultError

__all__ = ["OF_PROGRAMS", "is_program_result", "item_with_counts"]

Json = Any
UNKNOWN_VERSION: Final = "v0.0"
FLIPS: Final = "measurement_flips."
"""What comes before the name of a register in the name of the bits by which its measurements were flipped."""
SIGNS: Final = "pauli_signs"
"""The name of the signs that a samplex gives beside the registers."""


def is_program_result(body: Json) -> bool:
    """Say whether *body* is the parsed result of an executor program with items."""
    items: Json = body.get("data") if isinstance(body, dict) and "schema_version" in body else None
    return bool(items) and all(isinstance(_results(item), dict) for item in items)


def _results(item: Json) -> Json:
    return item.get("results") if isinstance(item, dict) else None


def item_with_counts(results: dict[str, Json], counts: Any, version: str, what: str) -> None:
    """Put *counts* into the *results* of one item of schema *version*: of its register, or by register.

    Counts are those after the flips of twirled measurements: the client undoes recorded flips, so they are
    done to the new bits. *what* begins the message of an error. Raises `ResultError` for what does not fit.
    """
    try:
        model = program_tensor_model(version)
        tensors = {
            name: model.model_validate(tensor).to_numpy()
            for name, tensor in results.items()
            if isinstance(tensor, dict) and tensor.get("dtype") == "bool"
        }
    except (ImportError, ValueError) as error:
        raise ResultError(f"{what}: the installed client cannot read the result: {error}") from None
    registers = [name for name in tensors if not name.startswith(FLIPS) and name != SIGNS]
    if not registers:
        raise ResultError(
            f"{what}: there are no bits to be counted, but {', '.join(results) or 'nothing'}."
        )
    for name, of_register in by_register(counts, registers, what).items():
        *shape, _, width = tensors[name].shape
        samples = samples_of_places(of_register, width, tuple(shape), f"{what}, {name}")
        bits = np.unpackbits(samples, axis=-1)[..., ::-1][..., :width].astype(bool)
        flips = tensors.get(FLIPS + name)
        bits = bits if flips is None else bits ^ flips
        results[name] = model.from_numpy(bits).model_dump(mode="json")


def _item_missing(body: Json, number: int) -> bool:
    del body["data"][number]
    return True


def _item_twice(body: Json, number: int) -> bool:
    body["data"].insert(number, body["data"][number])
    return True


def _register_renamed(body: Json, number: int) -> bool:
    results = _results(body["data"][number])
    for name in results:
        body["data"][number]["results"] = {
            f"{name}_0" if key == name else key: value for key, value in results.items()
        }
        return True
    return False


def _register_missing(body: Json, number: int) -> bool:
    results = _results(body["data"][number])
    for name in results:
        del results[name]
        return True
    return False


def _other_dtype(body: Json, number: int) -> bool:
    """Call the bits of a register numbers; the client refuses them, because their bytes do not suffice."""
    for tensor in _results(body["data"][number]).values():
        if isinstance(tensor, dict) and tensor.get("dtype") == "bool":
            tensor["dtype"] = "f64"
            return True
    return False


def _stale_schema(body: Json, _: int) -> bool:
    """Name a version that no release decodes."""
    body["schema_version"] = UNKNOWN_VERSION
    return True


OF_PROGRAMS: Final[Mapping[str, Callable[[Json, int], bool]]] = {
    "pub missing": _item_missing,
    "pub twice": _item_twice,
    "register renamed": _register_renamed,
    "register missing": _register_missing,
    "other dtype": _other_dtype,
    "stale schema": _stale_schema,
}
"""The differences of an executor's result by name: each changes it in one item, and says whether it could."""
