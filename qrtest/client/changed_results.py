"""Recorded results with something changed: other counts, other values, or one thing that is not as it was.

What is not changed stays as it was recorded, to the letter of its JSON value.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from qrtest.client.changed_programs import OF_PROGRAMS, is_program_result, item_with_counts
from qrtest.client.counts import by_register, samples_of_places
from qrtest.client.result_format import array, bit_array, written
from qrtest.errors import ResultError

__all__ = ["DIFFERENCES", "difference", "with_counts", "with_evs"]

Json = Any
Array = np.ndarray[Any, Any]


def with_counts(result: str, counts: Any) -> str:
    """Return the *result* of a sampler or executor with other *counts*: by register, or a list by pub.

    Keys are bit strings as long as the register is wide, or numbers, as 0x3. In a list, None keeps a pub.
    The counts of a pub with a shape are the same at each place, or a list by place, nested as the shape is.
    Raises `ResultError` for counts that do not fit the pubs, registers and widths of the result.

    >>> from qrtest import Scenario
    >>> text = with_counts(Scenario.from_cassette("cassettes/sampler.yaml").result, {"0000000011": 3})
    >>> import qrtest
    >>> with qrtest.simulate() as sim:
    ...     sim.job("DONE", result=text).result()[0].data.meas.get_counts()
    {'0000000011': 3}
    """
    return _changed(result, counts, _counts_of_pub, "counts")


def with_evs(result: str, evs: Any) -> str:
    """Return the estimator *result* with other *evs*: of its only pub, or a list of those of several.

    Values are broadcast to the recorded shape; a list with one entry is of the only pub, too. Raises
    `ResultError` for values that do not fit.
    """
    return _changed(result, evs, _evs_of_pub, "evs")


def _changed(result: str, values: Any, change: Callable[[Json, Any, str], None], what: str) -> str:
    body = _json(result)
    if is_program_result(body):
        return _changed_program(body, values, what)
    body = _parsed(result, what)
    pubs = _pubs(body)
    is_several = isinstance(values, list | tuple) and (len(pubs) > 1 or what == "counts")
    is_several = is_several or (len(pubs) == 1 and _is_list_of_one(pubs[0], values, what))
    each = list(values) if is_several else [values]
    for number, (pub, value) in enumerate(_pairs(pubs, each, what)):
        if value is not None:
            change(_data(pub), value, f"{what} of pub {number}")
    return written(body)


def _changed_program(body: Json, counts: Any, what: str) -> str:
    """Return the result of an executor program with other *counts* in its items."""
    if what != "counts":
        raise ResultError(
            f"{what} cannot be changed in the result of an executor program, which holds the bits that were "
            "read: an estimator based on the executor computes its values from them in the client. Give "
            "counts= instead."
        )
    version, items = body["schema_version"], body["data"]
    each = list(counts) if isinstance(counts, list | tuple) else [counts]
    for number, (item, of_item) in enumerate(_pairs(items, each, what)):
        if of_item is not None:
            item_with_counts(item["results"], of_item, version, f"{what} of item {number}")
    return json.dumps(body)


def _pairs(pubs: list[Json], values: list[Any], what: str) -> Iterator[tuple[Json, Any]]:
    """Return the *pubs* with their *values*. Raises `ResultError` unless there are as many."""
    if len(values) != len(pubs):
        raise ResultError(
            f"{what} is given for {len(values)} pub(s), and the result has {len(pubs)}: give a list with one "
            "entry for each pub, None for what stays."
        )
    return zip(pubs, values, strict=True)


def _is_list_of_one(pub: Json, values: Any, what: str) -> bool:
    """Return whether *values* are those of the only pub in a list, and not a dimension of its shape."""
    if what != "evs" or not isinstance(values, list | tuple) or len(values) != 1:
        return False
    try:
        return values[0] is None or np.ndim(values) > len(_data(pub).get("shape") or ())
    except ValueError:
        return False


def _counts_of_pub(data: Json, counts: Any, what: str) -> None:
    fields = data["fields"]
    registers = [name for name, field in fields.items() if _is(field, "BitArray")]
    if not registers:
        raise ResultError(
            f"{what}: the result has no registers, but {', '.join(fields) or 'nothing'}."
        )
    for name, of_register in by_register(counts, registers, what).items():
        width = fields[name]["__value__"]["num_bits"]
        shape = tuple(data.get("shape") or ())
        samples = samples_of_places(of_register, width, shape, f"{what}, {name}")
        fields[name] = bit_array(samples, width)


def _evs_of_pub(data: Json, evs: Any, what: str) -> None:
    fields = data["fields"]
    if "evs" not in fields:
        raise ResultError(f"{what}: the result has no evs, but {', '.join(fields) or 'nothing'}.")
    shape = tuple(data.get("shape") or ())
    try:
        given = np.asarray(evs)
        if given.dtype.kind not in "iuf":
            raise TypeError("values are real numbers")
        values = np.broadcast_to(given.astype(float), shape)
    except (TypeError, ValueError) as error:
        raise ResultError(f"{what}: {evs!r:.100} does not fit the shape {shape}: {error}") from None
    fields["evs"] = array(np.ascontiguousarray(values).reshape(shape))


# --- one thing that is not as it was -----------------------------------------------------------


def difference(result: str, name: str, pub: int = 0) -> str | None:
    """Return *result* with the difference *name* of `DIFFERENCES` in one *pub*; None if it cannot have it.

    >>> difference('{"not": "of a primitive"}', "pub missing") is None
    True
    """
    body = _json(result)
    if is_program_result(body):
        change = OF_PROGRAMS.get(name)
        can = change is not None and change(body, pub % len(body["data"]))
        return json.dumps(body) if can else None
    try:
        body = _parsed(result, name)
        pubs = _pubs(body)
    except ResultError:
        return None
    if not pubs or not DIFFERENCES[name](body, pubs, pub % len(pubs)):
        return None
    return written(body)


def _pub_missing(_: Json, pubs: list[Json], number: int) -> bool:
    del pubs[number]
    return True


def _pub_twice(_: Json, pubs: list[Json], number: int) -> bool:
    pubs.insert(number, pubs[number])
    return True


def _register_renamed(_: Json, pubs: list[Json], number: int) -> bool:
    data = _data(pubs[number])
    for name in data["fields"]:
        new = f"{name}_0"
        data["fields"] = {new if key == name else key: each for key, each in data["fields"].items()}
        data["field_names"] = list(data["fields"])
        return True
    return False


def _register_missing(_: Json, pubs: list[Json], number: int) -> bool:
    data = _data(pubs[number])
    for at, name in enumerate(data["fields"]):
        del data["fields"][name]
        data["field_names"] = list(data["fields"])
        if data.get("field_types"):
            del data["field_types"][at]
        return True
    return False


def _more_shots(_: Json, pubs: list[Json], number: int) -> bool:
    """Double the shots of each register."""
    found = False
    for field in _fields(pubs[number], "BitArray"):
        bits = field["__value__"]
        samples = _unpacked(bits["array"])
        bits["array"] = array(np.concatenate([samples, samples], axis=-2))
        found = True
    return found


def _not_a_number(_: Json, pubs: list[Json], number: int) -> bool:
    for field in _fields(pubs[number], "ndarray"):
        values = _unpacked(field).copy()
        if values.size and values.dtype.kind == "f":
            values.flat[0] = np.nan
            field["__value__"] = array(values)["__value__"]
            return True
    return False


def _other_dtype(_: Json, pubs: list[Json], number: int) -> bool:
    """Halve the precision of values; make bits numbers of 16 bits, which the client refuses."""
    found = False
    for field in _fields(pub := pubs[number], "BitArray"):
        bits = field["__value__"]
        bits["array"] = array(_unpacked(bits["array"]).astype(np.uint16))
        found = True
    for field in _fields(pub, "ndarray"):
        values = _unpacked(field)
        if values.dtype == np.float64:
            field["__value__"] = array(values.astype(np.float32))["__value__"]
            found = True
    return found


def _stale_schema(body: Json, _: list[Json], __: int) -> bool:
    """Go back to the version before."""
    metadata = body["__value__"].get("metadata")
    if not isinstance(metadata, dict) or "version" not in metadata:
        return False
    metadata["version"] = 1
    return True


DIFFERENCES: Final[Mapping[str, Callable[[Json, list[Json], int], bool]]] = {
    "pub missing": _pub_missing,
    "pub twice": _pub_twice,
    "register renamed": _register_renamed,
    "register missing": _register_missing,
    "more shots": _more_shots,
    "not a number": _not_a_number,
    "other dtype": _other_dtype,
    "stale schema": _stale_schema,
}
"""The differences by name: each changes a parsed result in one pub, and says whether it could."""


# --- reading -----------------------------------------------------------------------------------


def _json(text: str) -> Json:
    """Return the value of a *text*; None for one that is no JSON."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def _parsed(result: str, what: str) -> Json:
    body = _json(result)
    if not _is(body, "PrimitiveResult"):
        raise ResultError(
            f"{what} can be changed in the result of a sampler or estimator, and this is none."
        )
    return body


def _pubs(body: Json) -> list[Json]:
    pubs = body["__value__"].get("pub_results")
    if not isinstance(pubs, list) or not all(_is(_data_tag(pub), "DataBin") for pub in pubs):
        raise ResultError("The result has no pubs with data.")
    return pubs


def _data_tag(pub: Json) -> Json:
    value = pub.get("__value__") if isinstance(pub, dict) else None
    return value.get("data") if isinstance(value, dict) else None


def _data(pub: Json) -> Json:
    return _data_tag(pub)["__value__"]


def _fields(pub: Json, kind: str) -> Iterator[Json]:
    return (field for field in _data(pub)["fields"].values() if _is(field, kind))


def _is(value: Json, kind: str) -> bool:
    return isinstance(value, dict) and value.get("__type__") == kind and "__value__" in value


def _unpacked(tagged_array: Json) -> Array:
    content = zlib.decompress(base64.b64decode(tagged_array["__value__"]))
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
