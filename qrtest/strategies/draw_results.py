"""Strategies for results, valid and damaged. Users find them in `qrtest.strategies`."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Sequence
from typing import Any, Final

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.errors import ResultError
from qrtest.scenario.scenario import Scenario
from qrtest.service import result_payloads
from qrtest.service.corruption import DAMAGES

__all__ = ["PROGRAMS", "broken_results", "changed_results", "results"]

REGISTERS: Final = ("meas", "c", "alpha")
SHAPES: Final[tuple[tuple[int, ...], ...]] = ((), (1,), (3,), (2, 2))
NUMBERS: Final = st.floats(-1, 1, allow_nan=False, width=32)
EXECUTOR_VERSIONS: Final = ("v1.0", "v0.1", "v0.2", "v1.1", "v2.0")
NOISE_VERSIONS: Final = ("v0.1", "v0.2", "v0.3")
PRIMITIVE: Final = {"version": 2}


def results(program_id: str = "sampler") -> SearchStrategy[str]:
    """Draw valid results of a program, as the text that the service sends.

    *program_id*: sampler, estimator, noise-learner (of both generations) or executor, in the versions
    that the installed release decodes. Raises `ResultError` for another.

    >>> from hypothesis import given
    >>> @given(results("executor"))
    ... def test_it_names_its_version(text):
    ...     assert json.loads(text)["schema_version"].startswith("v")
    >>> test_it_names_its_version()
    """
    if program_id not in PROGRAMS:
        raise ResultError(f"results({program_id!r}): there are {', '.join(PROGRAMS)}.")
    return _texts(PROGRAMS[program_id])


def broken_results(program_id: str = "sampler") -> SearchStrategy[str]:
    """Draw results of a program with one damage: see `qrtest.service.corruption`.

    Raises `ResultError` for a program that is not known.

    >>> from hypothesis import given
    >>> @given(broken_results())
    ... def test_what_the_client_makes_of_it(text):
    ...     assert isinstance(text, str)
    >>> test_what_the_client_makes_of_it()
    """
    return _broken(results(program_id))


def changed_results(
    recorded: str | os.PathLike[str] | Scenario, *, differences: Collection[str] | None = None
) -> SearchStrategy[str]:
    """Draw the result of a recording with one thing that is not as it was recorded.

    The differences are "pub missing", "pub twice", "register renamed", "register missing", "more shots", "not
    a number", "other dtype" and "stale schema", an older version of the result; *differences* chooses some of
    them. The client refuses to decode some. A failed example names the one that was drawn. *recorded*: a
    cassette with one job, a scenario with a result, or the text of a result. Raises `ResultError` for one
    that is no result of a sampler, an estimator or an executor program, or that can have none of the
    *differences*.

    >>> from hypothesis import find
    >>> from qrtest import Scenario, simulate
    >>> renamed = find(changed_results("cassettes/sampler.yaml"), lambda text: "meas_0" in text)
    >>> with simulate() as sim:
    ...     list(sim.job("DONE", result=renamed).result()[0].data)
    ['meas_0']
    """
    from qrtest.client.changed_results import DIFFERENCES, difference

    wanted = list(DIFFERENCES) if differences is None else list(differences)
    unknown = [name for name in wanted if name not in DIFFERENCES]
    if unknown or not wanted or isinstance(differences, str):
        raise ResultError(
            f"changed_results(differences={differences!r:.100}): give some of {', '.join(DIFFERENCES)}, "
            "in a list."
        )
    text = _result_of(recorded)
    possible = [name for name in DIFFERENCES if difference(text, name) is not None]
    if not possible:
        raise ResultError("changed_results() takes the result of a sampler, estimator or executor.")
    chosen = [name for name in wanted if name in possible]
    if not chosen:
        raise ResultError(
            f"The result cannot have any of these differences: {', '.join(wanted)}. It can have "
            f"{', '.join(possible)}."
        )
    return _changed(text, chosen)


def _result_of(recorded: str | os.PathLike[str] | Scenario) -> str:
    if isinstance(recorded, str) and recorded.lstrip().startswith("{"):
        return recorded
    scenario = recorded if isinstance(recorded, Scenario) else Scenario.from_cassette(recorded)
    from qrtest.client.result_encoder import encoded

    if scenario.result is None:
        raise ResultError("changed_results() takes a recording with a result, and there is none.")
    return encoded(scenario.result, scenario.program_id)


@st.composite
def _changed(draw: st.DrawFn, text: str, possible: Sequence[str]) -> str:
    from qrtest.client.changed_results import difference

    name, pub = draw(st.sampled_from(possible)), draw(st.integers(0, 7))
    note(f"changed_results: {name}")
    return difference(text, name, pub) or text


@st.composite
def _broken(draw: st.DrawFn, texts: SearchStrategy[str]) -> str:
    """Draw one of *texts*, with one of the damages that it can have."""
    text = draw(texts)
    possible = st.sampled_from(DAMAGES).filter(lambda damage: damage.applied(text) is not None)
    return str(draw(possible).applied(text))


@st.composite
def _texts(draw: st.DrawFn, values: SearchStrategy[Any]) -> str:
    """Draw *values* as JSON. A composite, because mapped values print as the calls that made them."""
    return json.dumps(draw(values))


@st.composite
def _sampler_pub(draw: st.DrawFn) -> Any:
    shape = draw(st.sampled_from(SHAPES))
    shots = draw(st.integers(1, 8))
    fields = {}
    for name in draw(st.lists(st.sampled_from(REGISTERS), min_size=1, unique=True)):
        num_bits = draw(st.integers(1, 20))
        places = shots * math.prod(shape)
        sample = st.integers(0, 2**num_bits - 1)
        samples = draw(st.lists(sample, min_size=places, max_size=places))
        fields[name] = result_payloads.bit_array(samples, num_bits, shape)
    data = result_payloads.data_bin(fields, shape, with_types=draw(st.booleans()))
    return result_payloads.pub_result(data, {"circuit_metadata": {}})


@st.composite
def _estimator_pub(draw: st.DrawFn) -> Any:
    shape = draw(st.sampled_from(SHAPES))
    places = math.prod(shape)
    values = st.lists(NUMBERS, min_size=places, max_size=places)
    names = ["evs", "stds", *draw(st.sampled_from(((), ("ensemble_standard_error",))))]
    fields = {name: result_payloads.array(draw(values), shape) for name in names}
    data = result_payloads.data_bin(fields, shape, with_types=draw(st.booleans()))
    return result_payloads.pub_result(data, {"shots": 4096, "target_precision": 0.015625})


def _primitive(pubs: SearchStrategy[Any]) -> SearchStrategy[Any]:
    several = st.lists(pubs, min_size=1, max_size=3)
    return several.map(lambda drawn: result_payloads.primitive_result(drawn, PRIMITIVE))


_TENSORS: Final = st.dictionaries(
    st.sampled_from(REGISTERS), st.lists(NUMBERS, min_size=1, max_size=4), min_size=1
)
_RATES: Final = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6)


def _noise_learner() -> SearchStrategy[Any]:
    """Draw results of the first generation in both forms, and of the third where the release has it."""
    first = st.builds(
        result_payloads.layer_errors, st.lists(_RATES, max_size=3), as_pairs=st.booleans()
    )
    known = _known("noise-learner", NOISE_VERSIONS)
    if not known:
        return first
    layers = st.lists(_RATES, min_size=1, max_size=3)
    return first | st.builds(result_payloads.noise_model, layers, st.sampled_from(known))


def _executor() -> SearchStrategy[Any]:
    """Draw results in any version where the release decodes none: it takes them for plain JSON."""
    items = st.lists(_TENSORS, min_size=1, max_size=3)
    known = _known("executor", EXECUTOR_VERSIONS)
    return st.builds(
        result_payloads.executor_result, items, st.sampled_from(known or EXECUTOR_VERSIONS)
    )


def _known(program_id: str, versions: Sequence[str]) -> list[str]:
    from qrtest.client import releases

    known = releases.schema_versions(program_id)
    return [version for version in versions if version in known]


PROGRAMS: Final[dict[str, SearchStrategy[Any]]] = {
    "sampler": _primitive(_sampler_pub()),
    "estimator": _primitive(_estimator_pub()),
    "noise-learner": st.deferred(_noise_learner),
    "executor": st.deferred(_executor),
}
"""The strategy of each program's results, as JSON values."""
