"""The operations of a job: the one table, for the whole service and for jobs that stand outside of it.

The jobs of a recording stand outside: they answer by `respond`, without accounts, sessions and limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.service import api_versions, error_responses, parse, result_stream, serialize
from qrtest.service.error_responses import RequestError
from qrtest.service.jobs import SimulatedJob

__all__ = ["ANSWERS", "respond"]


def _poll(job: SimulatedJob, request: Request, version: str, now: float) -> Response:
    return job.poll(now, version, with_params=not request.is_true("exclude_params"))


def _tag(job: SimulatedJob, request: Request, _version: str, _now: float) -> Response:
    tags = parse.tags_of(request.body)
    if tags is None:
        raise error_responses.body_invalid("tags must be a list of texts")
    return job.tag(tags)


def _delete(job: SimulatedJob, _request: Request, _version: str, now: float) -> Response:
    job.check_deletable(now)
    return serialize.empty(204)


def _circuits(_job: SimulatedJob, _request: Request, version: str, _now: float) -> Response:
    if version >= api_versions.WITHOUT_TRANSPILED_CIRCUITS:
        raise error_responses.gone("transpiled_circuits", api_versions.WITHOUT_TRANSPILED_CIRCUITS)
    return serialize.json_response({"url": None})


ANSWERS: Final[Mapping[str, Callable[[SimulatedJob, Request, str, float], Response]]] = {
    "poll": _poll,
    "result": lambda job, _request, _version, now: job.result(now),
    "interim_results": lambda job, _request, _version, now: job.interim_results(now),
    "stream": lambda job, request, _version, _now: result_stream.opened(job, request),
    "logs": lambda job, _request, _version, now: job.logs(now),
    "metrics": lambda job, _request, version, now: job.metrics(now, version),
    "cancel": lambda job, _request, _version, now: job.cancel(now),
    "tags": _tag,
    "delete": _delete,
    "transpiled_circuits": _circuits,
}
"""The answer of a job to a request in an API version at a time, by operation."""


def respond(job: SimulatedJob, request: Request, now: float) -> Response:
    """Return what *job* answers to *request* at the time *now*, error responses included.

    Raises `UnansweredRequest` for a request that is not about a job.
    """
    answer = None if request.route is None else ANSWERS.get(request.route.operation)
    if answer is None:
        raise UnansweredRequest(f"{request} is not about a job.")
    try:
        return answer(job, request, api_versions.named(request), now)
    except RequestError as refused:
        return refused.answer(trace=error_responses.NO_TRACE)
