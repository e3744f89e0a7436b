"""Faults as values, and what they do to a service."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrtest import VirtualClock, faults, simulate
from qrtest.errors import FaultError, SimulationError
from qrtest.faults import Fault
from qrtest.faults.injection import FaultyService
from qrtest.faults.kinds import Damage
from qrtest.harness.base import Transport
from qrtest.http.messages import Close, Failure, Request, Response
from tests.drawn_scripts import FAULTS

POLL = Request.to("GET", "https://host/v1/jobs/j1?exclude_params=true")
OTHER = Request.to("GET", "https://host/v1/jobs/j2?exclude_params=true")
RESULT = Request.to("GET", "https://host/v1/jobs/j1/results")
CANCEL = Request.to("POST", "https://host/v1/jobs/j1/cancel")


class Plain:
    """A service that always says the same, and counts."""

    def __init__(self, body: bytes = b'{"a": 1}') -> None:
        self.body = body
        self.asked = 0

    def handle(self, request: Request) -> Response:
        self.asked += 1
        return Response(200, self.body, {"Content-Type": "application/json"})


def faulty(*plan: Fault, body: bytes = b'{"a": 1}') -> tuple[FaultyService, Plain, VirtualClock]:
    plain, clock = Plain(body), VirtualClock()
    service = FaultyService(plain, clock)
    service.add(plan, job_id="j1")
    return service, plain, clock


@given(FAULTS)
def test_the_repr_of_a_fault_is_code_for_it(fault: Fault) -> None:
    """eval(repr(fault)) is the fault."""
    assert eval(repr(fault), {"faults": faults}) == fault


@given(st.integers(0, 5), st.none() | st.integers(1, 5), st.integers(0, 12))
def test_a_fault_strikes_by_the_number_of_the_call(
    after: int, times: int | None, calls: int
) -> None:
    """It lets `after` calls pass and strikes the next `times`."""
    service, _, _ = faulty(faults.status(503, after=after, times=times))
    seen = [service.handle(POLL).status for _ in range(calls)]
    last = calls if times is None else after + times
    assert seen == [503 if after <= number < last else 200 for number in range(calls)]


def test_a_fault_strikes_between_two_times() -> None:
    """Calls before `since` do not count, those from `until` on are spared."""
    service, _, clock = faulty(faults.drop(since="10s", until="20s", after=1, times=None))
    seen = []
    for _ in range(7):
        seen.append(service.handle(POLL).failure)
        clock.sleep(4)
    assert seen == [None, None, None, None, "reset", None, None]


def test_a_fault_strikes_one_operation() -> None:
    """And "any" strikes all, of the one job."""
    service, _, _ = faulty(faults.drop(on="result", times=None))
    assert service.handle(POLL).failure is None
    assert service.handle(RESULT).failure == "reset"
    service, _, _ = faulty(faults.drop(times=None))
    assert [service.handle(each).failure for each in (POLL, RESULT, CANCEL)] == ["reset"] * 3
    assert service.handle(OTHER).failure is None


def test_faults_of_the_whole_service_strike_every_job() -> None:
    """Calls of all jobs count together."""
    service = FaultyService(Plain(), VirtualClock())
    service.add([faults.status(503, after=1)])
    assert [service.handle(each).status for each in (POLL, OTHER, POLL)] == [200, 503, 200]


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (faults.drop(), Response(0, failure="reset")),
        (faults.hang("90s"), Response(0, failure="closed", delay=90.0)),
        (faults.hang(), Response(0, failure="closed", delay=float("inf"))),
        (faults.ignore(), Response(204)),
    ],
)
def test_what_strikes_instead_of_the_service(fault: Fault, answer: Response) -> None:
    """The service is not asked at all."""
    service, plain, _ = faulty(fault)
    got = service.handle(POLL)
    assert (got.status, got.body, got.failure, got.delay) == (
        answer.status,
        answer.body,
        answer.failure,
        answer.delay,
    )
    assert plain.asked == 0


def test_a_status_comes_with_the_services_error_body_and_retry_after() -> None:
    """A numeric code, and seconds in the header."""
    service, plain, _ = faulty(faults.status(429, retry_after="1m30s"))
    answer = service.handle(POLL)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "90")
    assert json.loads(answer.body)["errors"][0]["code"] == 1202
    assert plain.asked == 0


@pytest.mark.parametrize(
    ("body", "kind"), [('{"a": 1}', "application/json"), ("Down.", "text/plain")]
)
def test_a_status_comes_with_the_body_that_was_recorded(body: str, kind: str) -> None:
    """To the letter, as what it is."""
    service, _, _ = faulty(faults.Status(code=503, body=body))
    answer = service.handle(POLL)
    assert (answer.status, answer.body.decode()) == (503, body)
    assert answer.headers["Content-Type"].startswith(kind)


def test_a_request_may_take_effect_before_it_fails() -> None:
    """The service was asked: a job was made, and its answer is lost."""
    for fault in (faults.lose_response(), faults.status(500, takes_effect=True)):
        service, plain, _ = faulty(fault)
        answer = service.handle(POLL)
        assert answer.failure == "closed" or answer.status == 500
        assert plain.asked == 1


def test_an_expired_token_is_401() -> None:
    """Code 1201."""
    service, _, _ = faulty(faults.expired_token())
    answer = service.handle(POLL)
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (401, 1201)


def test_bodies_are_emptied_cut_and_replaced() -> None:
    """And stay what HTTP calls whole."""
    assert faulty(faults.empty())[0].handle(POLL).body == b""
    assert faulty(faults.truncate(keep=0.5))[0].handle(POLL).body == b'{"a"'
    page = faulty(faults.html())[0].handle(POLL)
    assert (page.status, page.body[:15]) == (200, b"<!DOCTYPE html>")
    assert page.headers["Content-Type"].startswith("text/html")


def test_faults_compose() -> None:
    """Slow and cut and slow again; the first of the list is the outermost."""
    service, _, _ = faulty(faults.slow("2s"), faults.truncate(keep=0), faults.slow("3s"))
    answer = service.handle(POLL)
    assert (answer.body, answer.delay) == (b"", 5.0)
    service, plain, _ = faulty(faults.slow("2s"), faults.status(503), faults.slow("3s"))
    answer = service.handle(POLL)
    assert (answer.status, answer.delay, plain.asked) == (503, 2.0, 0)


def test_an_answer_says_which_faults_struck() -> None:
    """For the timeline."""
    service, _, _ = faulty(faults.slow("2s"), faults.drop(after=1))
    assert service.handle(POLL).struck == ("faults.slow('2s')",)
    assert service.handle(POLL).struck == ("faults.drop(after=1)",)
    assert service.handle(POLL).struck == ()


@pytest.mark.parametrize("what", ["base64", "zlib", "npy", "type", "shape"])
def test_an_array_is_damaged_at_one_layer(what: Damage) -> None:
    """Base64, zlib, npy, its type, its shape; every layer outside of it stays whole."""
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.arange(12, dtype=np.int64).reshape(3, 4))
    value = base64.b64encode(zlib.compress(buffer.getvalue())).decode()
    whole = json.dumps({"x": {"__type__": "ndarray", "__value__": value}}).encode()
    service, _, _ = faulty(faults.corrupt(what), body=whole)
    damaged = json.loads(service.handle(POLL).body)["x"]["__value__"]
    layers = {
        "base64": lambda: base64.b64decode(damaged, validate=True),
        "zlib": lambda: zlib.decompress(base64.b64decode(damaged)),
        "npy": lambda: np.load(io.BytesIO(zlib.decompress(base64.b64decode(damaged)))),
    }
    outside = {"base64": [], "zlib": ["base64"], "npy": ["base64", "zlib"]}
    for layer in outside.get(what, ["base64", "zlib"]):
        layers[layer]()
    if what in layers:
        with pytest.raises((ValueError, zlib.error)):
            layers[what]()
    else:
        try:
            array = layers["npy"]()
        except ValueError:
            return
        assert what == "type" or array.shape != (3, 4)


@given(FAULTS, st.binary(max_size=200))
def test_no_fault_fails_on_any_body(fault: Fault, body: bytes) -> None:
    """Whatever the service said, there is an answer."""
    service, _, _ = faulty(fault, body=body)
    for request in (POLL, RESULT, CANCEL):
        assert isinstance(service.handle(request), Response)


def test_what_is_asked_of_nobody_is_struck_by_nothing() -> None:
    """A fault belongs to an operation of the service, and an unknown path is none."""
    unknown_path = Request.to("GET", "https://host/weather")
    service, plain, _ = faulty(faults.drop(times=None))
    service.add([faults.drop(times=None)])
    assert (service.handle(unknown_path).failure, plain.asked) == (None, 1)


def test_a_stream_breaks_after_its_messages() -> None:
    """The acknowledgement does not count."""
    stream_messages = iter(["ACK", "1", "2", Close()])

    class Open(Plain):
        def handle(self, request: Request) -> Response:
            return Response(101, stream=self)  # type: ignore[arg-type]

        def next(self, now: float) -> str | Close | float:
            return next(stream_messages)

    service = FaultyService(Open(), VirtualClock())
    service.add([faults.break_stream(messages=1, code=1011)])
    stream = service.handle(Request.to("GET", "https://host/v1/stream/jobs/j1")).stream
    assert stream is not None
    assert [stream.next(0.0) for _ in range(3)] == ["ACK", "1", Close(1011)]


def test_a_stream_that_was_refused_is_not_broken() -> None:
    """There is nothing to break in an error response: it arrives as it is."""
    stream = Request.to("GET", "https://host/v1/stream/jobs/j1")
    service, plain, _ = faulty(faults.break_stream())
    assert service.handle(stream).body == plain.body


@given(
    st.lists(st.sampled_from(["base64", "zlib", "npy", "type", "shape"]), min_size=2, max_size=4)
)
@example(["zlib", "base64"])
def test_what_is_damaged_can_be_damaged_again(damages: list[Damage]) -> None:
    """Several faults on one array: there is an answer, and it is not the whole array."""
    value = base64.b64encode(zlib.compress(b"\x93NUMPY {'descr': '<f8', 'shape': (3, 4)}")).decode()
    whole = json.dumps({"x": {"__type__": "ndarray", "__value__": value}}).encode()
    service, _, _ = faulty(*map(faults.corrupt, damages), body=whole)
    damaged = service.handle(POLL)
    assert damaged.status == 200
    assert json.loads(damaged.body)["x"]["__value__"] != value


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: faults.drop(on="pol"),
            r"on='pol' is not an operation. Did you mean 'poll'\? \(All 32: https",
        ),
        (lambda: faults.drop(after=-1), "after=-1 is not how many calls to let pass"),
        (lambda: faults.drop(after=True), "after=True is not how many calls to let pass"),
        (lambda: faults.drop(times=0), "times=0 is not how many calls to strike"),
        (lambda: faults.drop(since="2h", until="1h"), "until='1h' is not after since='2h'"),
        (lambda: faults.drop(whenever=1), "A fault has no whenever"),
        (lambda: faults.status(200), "give a status that is no success"),
        (lambda: faults.status("503"), "give a status that is no success"),
        (lambda: faults.slow("soon"), "'soon' is not a length of time"),
        (lambda: faults.hang(-1), "-1 is not a length of time"),
        (lambda: faults.truncate(keep=1), "keep=1 is not the part of the body that arrives"),
        (lambda: faults.corrupt("qpy"), "corrupt\\('qpy'\\): there are 'base64', 'zlib'"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: object, message: str) -> None:
    """With what to say instead."""
    with pytest.raises(FaultError, match=message):
        wrong()  # type: ignore[operator]


def test_what_is_no_fault_is_refused() -> None:
    """Where a list of faults is asked for."""
    with simulate() as sim:
        with pytest.raises(SimulationError, match="'drop' is no fault"):
            sim.job(faults=["drop"])  # type: ignore[list-item]
        with pytest.raises(SimulationError, match="write faults=\\[faults.drop\\(\\)\\]"):
            sim.job(faults=faults.drop())  # type: ignore[arg-type]


def test_retry_after_may_be_a_date() -> None:
    """The other form that RFC 9110 has; the client waits for it on the virtual clock, to the second."""
    date = "Thu, 01 Jan 2026 00:00:30 GMT"
    fault = faults.status(429, retry_after=date, on="poll")
    assert repr(fault) == f"faults.status(429, retry_after={date!r}, on='poll')"
    with simulate() as sim:
        assert sim.job("DONE", faults=[fault]).status() == "DONE"
        assert 29 <= sim.clock.now() <= 31


@pytest.mark.parametrize("transport", ["direct", "requests", "sockets"])
@pytest.mark.parametrize(
    ("how", "cause"),
    [("dns", "NameResolutionError"), ("tls", "SSLError"), ("refused", "NewConnectionError")],
)
def test_a_connection_that_is_never_made_fails_as_urllib3_has_it(
    transport: Transport, how: Failure, cause: str
) -> None:
    """The client's retries are used up, and the error names the cause."""
    with simulate(transport=transport) as sim:
        job = sim.job("DONE", faults=[faults.drop(how=how, times=None, on="poll")])
        with pytest.raises(Exception, match=cause):
            job.status()
