"""A recorded circuit gets its own answer, whatever redaction replaced in it, and no other circuit does."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Parameter, ParameterVector

from qrtest.cassette import codec
from qrtest.cassette.model import Cassette, Interaction
from qrtest.client.circuit_diff import difference
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.errors import UnansweredRequest
from qrtest.playback.player import Player
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.sanitize import sanitized
from qrtest.service.circuit_header import packed
from tests.recordings import exchange

SECRETS = st.sampled_from(
    ["jane.doe@example.com", "call +49 170 1234567", "crn:v1:bluemix:public:qc:us-east:a/1f:2::"]
)
TOKEN = "ghp_" + 18 * "a1"
TEXTS = SECRETS | st.text(max_size=12) | st.sampled_from(["vqe", "Kagome", 'a "b" \\ c', "é"])
METADATA = st.dictionaries(
    st.sampled_from(["owner", "mail", "run", "e-mail address", "über"]),
    st.recursive(TEXTS | st.integers(-9, 99), lambda inner: st.lists(inner, max_size=3)),
    min_size=1,
    max_size=3,
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Return what a circuit is built by: twice the same plan is the same circuit with other UUIDs."""
    return {
        "name": draw(st.none() | TEXTS.filter(len)),
        "metadata": draw(METADATA),
        "registers": draw(st.sampled_from([("q", "c"), ("alice", "meas")])),
        "parameters": draw(st.sampled_from(["none", "two", "vector"])),
        "has_block": draw(st.booleans()),
    }


def built(plan: dict[str, Any]) -> str:
    """Return the circuit of *plan* as it is submitted."""
    qubits, bits = plan["registers"]
    circuit = QuantumCircuit(
        QuantumRegister(2, qubits),
        ClassicalRegister(2, bits),
        name=plan["name"],
        metadata=plan["metadata"],
    )
    if plan["parameters"] == "two":
        circuit.rz(Parameter("a") + 2 * Parameter("b"), 0)
    elif plan["parameters"] == "vector":
        for number, each in enumerate(ParameterVector("t", 3)):
            circuit.rz(each, number % 2)
    if plan["has_block"]:
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    content = io.BytesIO()
    qpy.dump(circuit, content)
    return packed(content.getvalue())


def submission(plan: dict[str, Any], answer: str = "") -> Interaction:
    pub = [{"__type__": "QuantumCircuit", "__value__": built(plan)}, None]
    body = {"program_id": "sampler", "params": {"pubs": [pub]}}
    return exchange("POST", "/jobs", body, answer={"id": answer}, at=0.0)


def replayed(*recorded: Interaction) -> Player:
    """Return a player of what was *recorded*, out of a file."""
    text, _ = sanitized(list(recorded), key=b"key", rules=Rules(), name="x.yaml")
    for secret in ("jane.doe", "1234567", TOKEN):
        assert secret not in text
    cassette: Cassette = codec.loads(text, name="x.yaml")
    same = partial(difference, digests=cassette.digests)
    return Player(cassette, VirtualClock(), epoch=EPOCH, same_circuit=same)


@settings(max_examples=25)
@given(plan=plans(), other=plans(), holds_token=st.booleans())
def test_a_circuit_gets_its_own_answer_and_another_one_none(
    plan: dict[str, Any], other: dict[str, Any], *, holds_token: bool
) -> None:
    """Built again, with other UUIDs, in the other order; each part that makes it another circuit counts."""
    if holds_token:  # then all of the metadata are redacted, not only what looks like a secret
        plan = {**plan, "metadata": {**plan["metadata"], "api_key": TOKEN}}
    if plan == other:
        return
    player = replayed(
        submission(plan, "d5h6o44pe0pc73am1f1g"), submission(other, "d5h6o44pe0pc73am1f20")
    )
    for each, answer in ((other, "d5h6o44pe0pc73am1f20"), (plan, "d5h6o44pe0pc73am1f1g")):
        assert json.loads(player.handle(submission(each).request).body) == {"id": answer}
    for changed in (
        {**plan, "metadata": {**plan["metadata"], "owner": "mary.major@example.com"}},
        {**plan, "metadata": {**plan["metadata"], "more": 1}},
        {**plan, "name": "mary.major@example.com"},
        {**plan, "registers": ("q", "other")},
    ):
        try:
            player.handle(submission(changed).request)
        except UnansweredRequest as error:
            assert "is another QuantumCircuit: " in str(error)
        else:
            raise AssertionError(f"answered, and not recorded: {changed}")


def test_a_token_in_the_metadata_does_not_count() -> None:
    """A credential is none of what makes a request another one: a replay may have another one."""
    plan = {
        "name": "bell",
        "metadata": {"api_key": TOKEN, "run": 7},
        "registers": ("q", "c"),
        "parameters": "two",
        "has_block": False,
    }
    player = replayed(submission(plan, "d5h6o44pe0pc73am1f1g"))
    fresh = {**plan, "metadata": {"api_key": "ghp_" + 18 * "b2", "run": 7}}
    assert player.handle(submission(fresh).request).status == 200


def test_ignored_metadata_do_not_make_another_circuit() -> None:
    """`ignore` leaves what differs in each run out of a circuit, at any depth, as out of a body."""
    plan = {
        "name": "bell",
        "metadata": {"run_id": "5f0c", "owner": "jane.doe@example.com", "deep": [{"run_id": 1}]},
        "registers": ("q", "c"),
        "parameters": "two",
        "has_block": False,
    }
    _, cassette = sanitized(
        [submission(plan, "d5h6o44pe0pc73am1f1g")], key=b"key", rules=Rules(), name="x.yaml"
    )
    later = {**plan, "metadata": {**plan["metadata"], "run_id": "77aa", "deep": [{"run_id": 2}]}}
    same = partial(difference, digests=cassette.digests)
    player = Player(
        cassette, VirtualClock(), epoch=EPOCH, same_circuit=same, ignored=frozenset({"runid"})
    )
    assert player.handle(submission(later).request).status == 200
