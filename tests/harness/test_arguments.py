"""Arguments of a wrong type: a clear error at once, before anything is recorded, replayed or simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import qrtest
from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteError, RecordingError, SimulationError

WRONG_OF_ALL: list[dict[str, Any]] = [{"ignore": [5]}, {"ignore": 5}, {"ignore": "trace_id"}]


@pytest.mark.parametrize(
    "options",
    [
        *({"test": None}, {"key": 5}, {"rules": 5}, *WRONG_OF_ALL),
        {"keep_on_error": "x"},
        *({"filter_headers": 5}, {"before_record_request": 5}),
    ],
)
def test_record_refuses_an_option_of_a_wrong_type(tmp_path: Path, options: dict[str, Any]) -> None:
    """And makes no file."""
    with pytest.raises(RecordingError):
        with qrtest.record(tmp_path / "x.yaml", **options):
            pass
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [{"most_requests": "many"}, {"most_requests": 0}, {"most_requests": True}, *WRONG_OF_ALL],
)
def test_replay_refuses_an_option_of_a_wrong_type(options: dict[str, Any]) -> None:
    """Before it plays anything."""
    with pytest.raises(SimulationError, match=next(iter(options))):
        qrtest.replay(Cassette(), **options)


@pytest.mark.parametrize(
    "options",
    [
        *({"faults": 5}, {"faults": [5]}, {"faults": "drop"}, {"instances": 5}, {"instances": [5]}),
        *({"backends": 5}, {"backends": [5]}, {"backends": "ibm_torino"}, {"limits": 5}),
        *({"seed": "x"}, {"seed": None}, {"most_requests": 1.5}, {"backends": ["ibm_nowhere"]}),
    ],
)
def test_simulate_refuses_an_option_of_a_wrong_type(options: dict[str, Any]) -> None:
    """When it is called, and not when the option is first used."""
    with pytest.raises(SimulationError):
        with qrtest.simulate(**options):
            pass


@pytest.mark.parametrize("path", [None, 5, b"x.yaml", ["x.yaml"]])
def test_what_is_no_path_is_no_cassette(path: Any) -> None:
    """Of a recording and of a replay."""
    for maker in (qrtest.record, qrtest.replay):
        with pytest.raises(CassetteError, match="is no path of a cassette"):
            maker(path)
