"""Finds result data in a value that a consumer returned, at any depth.

The classes of qiskit and of the client are known by name, so that nothing heavy is imported.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "Data",
    "Leaf",
    "data_in",
    "entries",
    "is_counts",
    "leaves_in",
    "marks_of",
    "named_texts_in",
    "texts_in",
]

MOST_DEPTH: Final = 12
MOST_VALUES: Final = 20_000
RESULT_CLASSES: Final = frozenset(
    {
        *("PrimitiveResult", "PubResult", "DataBin", "BitArray", "QuasiDistribution"),
        *("NoiseLearnerResult", "QuantumProgramResult", "Result"),
    }
)
LIBRARIES: Final = frozenset({"qiskit", "qiskit_ibm_runtime", "qrtest", "numpy", "hypothesis"})
"""Objects of these, and of the standard library, are not looked into: a job keeps its own result."""

BITS: Final = re.compile(r"[01][01 ]*|0x[0-9a-fA-F]+")
Mark = frozenset[tuple[str, Any]]
"""Counts or numbers in a form that can be compared, to recognize whose result they are."""


@dataclass(frozen=True, slots=True)
class Data:
    """Result data: the *value*, the index in the outermost list, and the job ids that label it."""

    value: object
    position: int | None
    labels: frozenset[str]

    @property
    def marks(self) -> frozenset[Mark]:
        """The counts and numbers in it."""
        return marks_of(self.value)


def data_in(value: object, job_ids: Iterable[str] = ()) -> Iterator[Data]:
    """Yield the result data in *value*: results, their parts, counts, and arrays of numbers.

    Plain numbers, words, exceptions and jobs are left alone. Data is labelled by those of *job_ids*
    that stand beside it, as key or as value.

    >>> [data.value for data in data_in({"first": {"00": 5, "11": 3}, "state": "DONE"})]
    [{'00': 5, '11': 3}]
    """
    ids = frozenset(filter(None, job_ids))
    for place in _places(value, ids):
        if _is_data(place.value):
            yield Data(place.value, place.position, place.labels)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number, a text or an object that is not looked into: *key* is to compare it by."""

    key: object
    labels: frozenset[str]


def leaves_in(value: object, job_ids: Iterable[str] = ()) -> Iterator[Leaf]:
    """Yield what *value* holds besides result data, empty texts, None, booleans and exceptions.

    A text is in upper case; a job is its id.

    >>> [leaf.key for leaf in leaves_in([{"mean": 0.5, "counts": {"0": 3}}, None, "failed"])]
    ['FAILED', 0.5]
    """
    for place in _places(value, frozenset(filter(None, job_ids))):
        part = place.value
        if part is None or isinstance(part, bool) or _is_data(part) or is_collection(part):
            continue
        if isinstance(part, str):
            if part:
                yield Leaf(part.upper(), place.labels)
        elif isinstance(part, int | float):
            if part == part:  # not a number is no value
                yield Leaf(part, place.labels)
        elif not any(True for _ in _parts(part)):
            yield Leaf(_id_of_a_job(part) or id(part), place.labels)


def entries(value: object, number: int, job_ids: Sequence[str]) -> Iterator[object]:
    """Yield what *value* holds for the job *number* of *job_ids*: under its id, or in its place.

    >>> list(entries(({"a": 1, "b": 2}, "a word"), 1, ["a", "b"]))
    ['a word', 2]
    """
    ids = frozenset(job_ids)
    for place in _places(value, ids):
        if not is_collection(place.value) or _is_data(place.value) or place.labels:
            continue
        parts = list(_parts(place.value))
        held = {each for part in parts for each in part if isinstance(each, str)}
        if held & ids:  # it is labelled by ids, and not by places
            yield from (part for key, part in parts if key == job_ids[number])
        elif len(parts) == len(job_ids):
            yield parts[number][1]


def is_collection(value: object) -> bool:
    """Return whether *value* is a mapping, a list, or another collection that is looked into."""
    return isinstance(value, Mapping | list | tuple | deque | set | frozenset)


def _is_data(value: object) -> bool:
    return _is_result(value) or is_counts(value) or _is_array(value)


def _id_of_a_job(value: Any) -> str | None:
    """Return the id of a job of the client, which knows it without a request; None for another object."""
    roots = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    is_a_job = "qiskit_ibm_runtime" in roots and hasattr(value, "job_id")
    return str(value.job_id()).upper() if is_a_job else None


def texts_in(value: object) -> Iterator[str]:
    """Yield the texts in *value*, keys left out."""
    for place in _places(value, frozenset()):
        if isinstance(place.value, str):
            yield place.value
        elif isinstance(place.value, bytes):
            yield place.value.decode(errors="replace")


def named_texts_in(value: object) -> Iterator[tuple[str, str]]:
    """Yield the texts in *value* that stand under a key or as an attribute, each with that name.

    >>> list(named_texts_in([{"status": "DONE"}, "RUNNING"]))
    [('status', 'DONE')]
    """
    for place in _places(value, frozenset()):
        if not isinstance(place.value, list | tuple):
            for name, part in _parts(place.value):
                if isinstance(name, str) and isinstance(part, str):
                    yield name, part


def is_counts(value: object) -> bool:
    """Return whether *value* looks like counts: bit strings of one length, and how often they came.

    >>> is_counts({"00": 512, "11": 512}), is_counts({}), is_counts({"1": "DONE"})
    (True, False, False)
    """
    if not isinstance(value, Mapping) or not value:
        return False
    keys = [key for key in value if isinstance(key, str) and BITS.fullmatch(key)]
    is_hexadecimal = bool(keys) and all(key.startswith("0x") for key in keys)
    has_one_length = is_hexadecimal or len({len(key) for key in keys}) == 1
    return (
        len(keys) == len(value)
        and has_one_length
        and all(_is_number(count) for count in value.values())
        and any(value.values())
    )


def marks_of(value: object) -> frozenset[Mark]:
    """Return the counts and numbers of result data, for comparison.

    >>> marks_of({"0": 2}) == marks_of({"0": 2.0})
    True
    """
    return frozenset(_marks(value, 0))


def _marks(value: object, depth: int) -> Iterator[Mark]:
    name = type(value).__name__
    if depth > MOST_DEPTH:
        return
    if is_counts(value):
        assert isinstance(value, Mapping)
        yield frozenset((str(key), count) for key, count in value.items() if count)
    elif name == "BitArray" and callable(counts := getattr(value, "get_counts", None)):
        yield from _marks(counts(), depth + 1)
    elif _is_array(value):
        numbers = value.ravel().tolist()  # type: ignore[attr-defined]
        yield frozenset((str(place), number) for place, number in enumerate(numbers))
    else:
        for part in _result_parts(value):
            yield from _marks(part, depth + 1)


def _result_parts(value: object) -> Iterable[object]:
    """Return the parts of a result: its pubs, the data of a pub, the fields of the data."""
    if not (_is_result(value) or isinstance(value, Mapping)):
        return ()
    if hasattr(value, "data"):
        return (value.data,)
    if callable(values := getattr(value, "values", None)):
        fields: Iterable[object] = values()
        return fields
    return value if isinstance(value, Iterable) else ()


@dataclass(frozen=True, slots=True)
class _Place:
    value: object
    position: int | None
    labels: frozenset[str]
    depth: int


def _places(value: object, ids: frozenset[str]) -> Iterator[_Place]:
    """Yield *value* and what is in it, each with the job ids that label it."""
    waiting = deque([_Place(value, None, frozenset(), 0)])
    seen: set[int] = set()
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        place = waiting.popleft()
        if id(place.value) in seen or isinstance(place.value, BaseException):
            continue
        yield place
        if place.depth == MOST_DEPTH or _is_result(place.value) or is_counts(place.value):
            continue
        parts = list(_parts(place.value))
        if parts:
            seen.add(id(place.value))
        beside = frozenset(part for _, part in parts if isinstance(part, str) and part in ids)
        for key, part in parts:
            labels = frozenset({key}) if isinstance(key, str) and key in ids else beside
            position = key if place.depth == 0 and isinstance(key, int) else place.position
            waiting.append(_Place(part, position, labels or place.labels, place.depth + 1))


def _parts(value: object) -> Iterator[tuple[object, object]]:
    """Yield what *value* holds, each part with its key, index or name."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple | deque):
        yield from enumerate(value)
    elif isinstance(value, set | frozenset):
        yield from ((None, part) for part in value)
    elif not isinstance(value, type) and _is_of_the_project(type(value)):
        yield from dict(getattr(value, "__dict__", {})).items()
        for name in getattr(type(value), "__slots__", ()):
            if hasattr(value, name):
                yield name, getattr(value, name)


def _is_of_the_project(kind: type) -> bool:
    """Return whether *kind* is a class of the code under test, as far as its module says."""
    root = kind.__module__.partition(".")[0]
    is_a_namespace = kind.__name__ == "SimpleNamespace"
    return (
        is_a_namespace
        or (root not in LIBRARIES and root not in sys.stdlib_module_names)
        or (root == "__main__")
    )


def _is_result(value: object) -> bool:
    return any(
        kind.__name__ in RESULT_CLASSES and kind.__module__.partition(".")[0].startswith("qiskit")
        for kind in type(value).__mro__
    )


def _is_array(value: object) -> bool:
    return type(value).__name__ == "ndarray" and type(value).__module__ == "numpy"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
