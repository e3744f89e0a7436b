"""Below HTTP: the genuine client without requests and urllib3.

The client's own session class keeps running: its headers, its error mapping, its exceptions. What it
calls `super()` for, the sending, is replaced by a class slipped in between it and
`requests.Session`. The two calls that every wait for a job makes are answered one level higher yet: a
poll, from the last decoded answer while the service gives the same one, and the results. Whatever needs
the client's retry policy goes on, from the answer already in hand, through the genuine stack
(`ServiceAdapter.send_on`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextvars import ContextVar
from functools import cache
from json import dumps, loads
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlencode

from requests import Session
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict

from qrtest.http.messages import Request, Response
from qrtest.service.serialize import TEXT
from qrtest.transport.dispatcher import Dispatcher
from qrtest.transport.requests_adapter import (
    FixedAuth,
    ServiceAdapter,
    needs_policy,
    plain_response,
)
from qrtest.transport.urllib3_connection import read_timeout

__all__ = ["go_direct"]


class _InHand(NamedTuple):
    """An answer that the genuine stack has still to judge, and the headers that authorized its request."""

    answer: Response
    authorization: Mapping[str, str]


class _Poll(NamedTuple):
    """A poll as it was asked, the headers that authorized it, its answer, and what that says."""

    request: Request
    authorization: Mapping[str, str]
    answer: Response
    decoded: dict[str, Any]


_IN_HAND: Final[ContextVar[_InHand | None]] = ContextVar("qrtest_answer_in_hand", default=None)


def go_direct(client: Any, session: Any, dispatcher: Dispatcher) -> None:
    """Let the genuine *client* (a RuntimeClient) and its *session* ask *dispatcher*, below HTTP."""
    session.qrtest_dispatcher = dispatcher
    session.qrtest_headers = None
    session.__class__ = _below_http(session.__class__)
    client.qrtest_polls = {}
    client.qrtest_session = session
    client.__class__ = _quicker(client.__class__)


class _Sending(Session):
    """What stands in for `requests.Session` below the genuine session class."""

    qrtest_dispatcher: Dispatcher

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,
        json: Any = None,
        **_: Any,
    ) -> Any:
        if json is not None:
            headers = {"Content-Type": "application/json", **(headers or {})}
            data = dumps(json)
        in_hand = _IN_HAND.get()
        authorize = self.auth if in_hand is None else FixedAuth(in_hand.authorization)
        request = _prepared(method, url, params, data, headers, authorize)
        if in_hand is None:
            asked = Request.to(
                method,
                str(request.url),
                headers=request.headers,
                body=request.body or b"",  # type: ignore[arg-type]
            )
            first = self.qrtest_dispatcher.carry(asked, read_timeout(timeout))
        else:
            first = in_hand.answer
            _IN_HAND.set(None)
        if not needs_policy(first):
            return plain_response(request, first)
        retries = self.get_adapter(url).max_retries  # type: ignore[attr-defined]
        adapter = ServiceAdapter(self.qrtest_dispatcher, max_retries=retries)
        return adapter.send_on(first, request, timeout=timeout)


def _prepared(
    method: str, url: str, params: Any, data: Any, headers: Any, authorize: Any
) -> PreparedRequest:
    request = PreparedRequest()
    request.method = method.upper()
    request.url = f"{url}?{urlencode(params, doseq=True)}" if params else url
    request.headers = CaseInsensitiveDict(headers)
    request.body = data.encode() if isinstance(data, str) else data
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        request.headers["Content-Length"] = str(len(request.body or b""))
    return request if authorize is None else cast("PreparedRequest", authorize(request))


@cache
def _below_http(session_class: Hashable) -> Any:
    genuine = cast("type", session_class)
    return type(genuine.__name__, (genuine, _Sending), {})


def _job_get(self: Any, job_id: str, exclude_params: bool = True) -> Any:
    """`RuntimeClient.job_get`, from the last decoded answer for as long as the service gives the same."""
    if not exclude_params:
        return _genuine(self).job_get(job_id=job_id, exclude_params=False)
    session = self.qrtest_session
    authorization = session.auth.get_headers()
    last = self.qrtest_polls.get(job_id)
    if last is not None and last.authorization == authorization:
        request = last.request
    else:
        path = f"/jobs/{job_id}?exclude_params=true"
        last, request = None, _asked(session, path, authorization)
    answer = session.qrtest_dispatcher.carry(request)
    if last is None or last.answer is not answer:
        decoded = _decoded(answer)
        if decoded is None:
            _IN_HAND.set(_InHand(answer, authorization))
            return _genuine(self).job_get(job_id=job_id, exclude_params=True)
        last = self.qrtest_polls[job_id] = _Poll(request, authorization, answer, decoded)
    return last.decoded.copy()


def _job_results(self: Any, job_id: str) -> Any:
    """`RuntimeClient.job_results`: the text of the answer."""
    session = self.qrtest_session
    authorization = session.auth.get_headers()
    answer = session.qrtest_dispatcher.carry(
        _asked(session, f"/jobs/{job_id}/results", authorization)
    )
    if needs_policy(answer) or answer.headers.get("Content-Type") != TEXT["Content-Type"]:
        _IN_HAND.set(_InHand(answer, authorization))
        return _genuine(self).job_results(job_id=job_id)
    return answer.body.decode(errors="replace")


def _genuine(client: Any) -> Any:
    """Return what the class of *client* would do if it were not the quicker one."""
    return super(client.__class__, client)


def _asked(session: Any, path: str, authorization: Mapping[str, str]) -> Request:
    # Reading the headers of a session takes longer than to ask.
    last = session.qrtest_headers
    if last is None or last[0] != authorization:
        last = authorization, {**session.headers, **authorization}
        session.qrtest_headers = last
    return Request.to("GET", f"{session.base_url}{path}", headers=last[1])


def _decoded(response: Response) -> dict[str, Any] | None:
    """Return the body, if it is one that needs neither the client's policy nor its decoder."""
    if needs_policy(response) or b"__type__" in response.body:
        return None
    try:
        decoded = loads(response.body.decode())
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


@cache
def _quicker(client_class: Hashable) -> Any:
    genuine = cast("type", client_class)
    return type(genuine.__name__, (genuine,), {"job_get": _job_get, "job_results": _job_results})
