"""Large JSON bodies are small in the file, and whole after reading."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import vcr

import qrtest
from qrtest.cassette import codec, store
from qrtest.cassette.model import Cassette
from qrtest.client.connect import connect
from qrtest.errors import CassetteError
from qrtest.harness.serve import serve
from tests.recordings import PROVENANCE, exchange

LARGE = json.dumps([{"qubit": number, "T1": number / 7} for number in range(5_000)]).encode()
CASSETTE = Cassette(
    (exchange(path="/backends/b/properties", answer=LARGE, at=0.0, headers={}),), PROVENANCE
)


def test_a_session_that_opens_a_backend_is_small_and_replays(tmp_path: Path) -> None:
    """Under 60 kB with the largest description that there is; what scripted the server is not in it."""
    path, name = tmp_path / "session.yaml", "ibm_sherbrooke"
    with serve(backends=[name]) as server:
        with qrtest.record(path):
            recorded = connect(server.url).backend(name).properties().to_dict()
        with qrtest.replay(path, transport="requests"):
            assert connect(server.url).backend(name).properties().to_dict() == recorded
    assert path.stat().st_size < 60_000
    assert "_qrtest" not in path.read_text()
    with qrtest.replay(path, transport="requests") as sim:
        assert sim.service().backend(name).properties().to_dict() == recorded


def test_a_packed_body_is_what_it_was(tmp_path: Path) -> None:
    """With its headers, in YAML, where stock vcrpy loads it; in JSON it is text."""
    text = codec.dumps(CASSETTE)
    assert len(text) < len(LARGE) / 3
    assert codec.loads(text) == codec.loads(codec.dumps(CASSETTE, as_json=True)) == CASSETTE
    store.save(tmp_path / "a.yaml", CASSETTE)
    with vcr.use_cassette(str(tmp_path / "a.yaml"), record_mode="none") as loaded:
        assert len(loaded) == 1


def test_a_large_body_that_comes_again_is_written_once() -> None:
    """A program that opens a backend three times keeps one description of it."""
    [once] = CASSETTE.interactions
    other = exchange(path="/backends", answer=b"[]", at=1.0, headers={})
    again = Cassette((once, other, replace(once, at=2.0), replace(other, at=3.0)), PROVENANCE)
    assert codec.dumps(again).count("!!binary") == 1
    assert codec.loads(codec.dumps(again)) == again


@pytest.mark.parametrize("spoilt", [b"", b"\xfd7zXZ\x00", b"no xz at all"])
def test_a_packed_body_that_is_damaged_says_where(spoilt: bytes) -> None:
    """As every other fault of a file."""
    interaction = replace(
        CASSETTE.interactions[0], response=replace(CASSETTE.interactions[0].response, body=spoilt)
    )
    text = codec.dumps(Cassette((interaction,), PROVENANCE)).replace(
        "  at: ", "  layout: {response: xz}\n  at: "
    )
    with pytest.raises(
        CassetteError, match=r"interactions\[0\].layout.response is xz, and the body (was|is)"
    ):
        codec.loads(text.replace("layout: spaced\n", ""), sealed=False)
