"""A service that wraps a service and misbehaves as told.

What each fault does to an answer is decided here, by its type; when it strikes, by the fault itself.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from qrtest.faults import Fault
from qrtest.faults import kinds as faults
from qrtest.http.messages import Request, Response, Service
from qrtest.service import error_responses, serialize
from qrtest.service.result_stream import BreakingStream
from qrtest.service.service import Time

__all__ = ["FaultyService"]

FOR_EVER: Final = float("inf")
HTML: Final = Response(
    200,
    b"<!DOCTYPE html><html><head><title>Service unavailable</title></head>"
    b"<body><h1>We are down for maintenance</h1></body></html>",
    {"Content-Type": "text/html; charset=utf-8"},
)
TRACE: Final = "00000000-0000-4000-8000-000000000000"

Ask = Callable[[], Response]


class FaultyService:
    """Answers as *service* does, but for the faults: of all requests, and of single jobs."""

    def __init__(self, service: Service, clock: Time) -> None:
        self._service = service
        self._clock = clock
        self._plans: dict[str | None, list[_Counted]] = {}

    def add(self, plan: Sequence[Fault], *, job_id: str | None = None) -> None:
        """Let *plan* strike the requests about one job, or all requests.

        Those that are about no job at all, as a submission or a session, are always among the latter.
        """
        for fault in plan:
            of = job_id if fault.is_about_a_job else None
            self._plans.setdefault(of, []).append(_Counted(fault))

    def handle(self, request: Request) -> Response:
        """The answer to *request*, or what the faults made of it."""
        if not self._plans:
            return self._service.handle(request)
        where = request.route
        if where is None:
            return self._service.handle(request)
        now = self._clock.now()
        of_all, of_this = self._plans.get(None, ()), self._plans.get(where.name, ())
        counted = [*of_all, *of_this]
        striking = [entry.fault for entry in counted if entry.counts(where.operation, now)]

        def ask() -> Response:
            return self._service.handle(request)

        if not striking:
            return ask()
        for fault in reversed(striking):
            ask = _struck(fault, ask)
        return replace(ask(), struck=tuple(map(repr, striking)))


class _Counted:
    """A fault with the number of calls that it has seen."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._calls = 0

    def counts(self, operation: str, now: float) -> bool:
        """Count a call if it is of the fault's concern; whether the fault strikes it."""
        if not self.fault.concerns(operation, now):
            return False
        self._calls += 1
        return self.fault.strikes(self._calls - 1)


def _struck(fault: Fault, ask: Ask) -> Ask:
    return lambda: _strike(fault, ask)


def _strike(fault: Fault, ask: Ask) -> Response:
    match fault:
        case faults.Status():
            if fault.takes_effect:
                ask()
            return _refusal(fault.code, fault.retry_after, fault.body)
        case faults.ExpiredToken():
            return error_responses.token_rejected().answer(trace=TRACE)
        case faults.Drop():
            return Response(0, failure=fault.how)
        case faults.Hang():
            return Response(0, failure="closed", delay=_or_for_ever(fault.seconds))
        case faults.LoseResponse():
            return replace(ask(), failure="closed")
        case faults.Ignore():
            return serialize.empty(204)
        case faults.BreakStream():
            return _breaking(ask(), fault)
        case faults.Html():
            return HTML
        case faults.Slow():
            answer = ask()
            return replace(answer, delay=answer.delay + fault.seconds)
        case faults.Empty():
            return replace(ask(), body=b"")
        case faults.Truncate():
            answer = ask()
            return replace(answer, body=answer.body[: int(len(answer.body) * fault.keep)])
    assert isinstance(fault, faults.Corrupt), f"{fault!r} is of no known kind"
    answer = ask()
    return replace(answer, body=_damage(answer.body, fault.what))


def _breaking(answer: Response, fault: faults.BreakStream) -> Response:
    if answer.stream is None:
        return answer
    stream = BreakingStream(answer.stream, messages=fault.messages, code=fault.code)
    return replace(answer, stream=stream)


def _or_for_ever(seconds: float | None) -> float:
    return FOR_EVER if seconds is None else seconds


def _refusal(status: int, retry_after: str | None, body: str | None) -> Response:
    is_text = body is not None and not body.startswith("{")
    headers = dict(serialize.TEXT if is_text else serialize.JSON)
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    if body is not None:
        return Response(status, body.encode(), headers)
    code, message = _REASONS.get(status, (status * 10, f"The service answered {status}."))
    return serialize.error(status, code, message, trace=TRACE, headers=headers)


_REASONS: Final = {
    400: (1208, "Request validation of body failed."),
    401: (1201, "Unable to authorize the request: the credentials are not valid."),
    403: (1200, "You are not authorized to perform this action."),
    404: (1291, "Job not found."),
    409: (1211, "Job is in a non cancellable status and cannot be cancelled."),
    429: (1202, "Received too many requests."),
    500: (1000, "API Internal error."),
    503: (1999, "Planned outage. The service is undergoing maintenance."),
}


# --- damage -----------------------------------------------------------------------------------------

_ARRAY: Final = re.compile(
    rb'("__type__":\s*"(?:ndarray|QuantumCircuit)",\s*"__value__":\s*")([A-Za-z0-9+/=]+)(")'
)


def _damage(body: bytes, what: str) -> bytes:
    """*body* with its first encoded array damaged; with none in it, the text is spoilt."""
    found = _ARRAY.search(body)
    if found is None:
        return b"\xef\xbf\xbd" + body
    return body[: found.start(2)] + _DAMAGE_OF[what](found[2]) + body[found.end(2) :]


def _shortened(value: bytes) -> bytes:
    """*value* without the end of its compressed data; what is no base64 by now is damaged enough."""
    try:
        return base64.b64encode(base64.b64decode(value)[:-6])
    except ValueError:
        return value


def _repacked(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda value: base64.b64encode(zlib.compress(change(_unpacked(value))))


def _unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(value))
    except (ValueError, zlib.error):
        return b""


def _retyped(array: bytes) -> bytes:
    return re.sub(
        rb"'descr': '[^']*'", lambda found: _padded(b"'descr': '<U1'", found[0]), array, count=1
    )


def _reshaped(array: bytes) -> bytes:
    return re.sub(
        rb"'shape': \(([^)]*)\)",
        lambda found: _padded(b"'shape': (7,)", found[0]),
        array,
        count=1,
    )


def _padded(text: bytes, like: bytes) -> bytes:
    return text.ljust(len(like))


_DAMAGE_OF: Final[dict[str, Callable[[bytes], bytes]]] = {
    "base64": lambda value: b"A" + value[1:].rstrip(b"=")[: 4 * (len(value) // 8)] + b"=",
    "zlib": _shortened,
    "npy": _repacked(lambda array: b"not an array: " + array[14:]),
    "type": _repacked(_retyped),
    "shape": _repacked(_reshaped),
}
