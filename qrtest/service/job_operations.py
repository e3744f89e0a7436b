"""One job that answers by itself: a request about it goes in, what the service says comes out.

For jobs that stand outside the whole service: those of a recording that live another life.
"""

from __future__ import annotations

from typing import Final

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.service import api_versions, error_responses, parse, serialize
from qrtest.service.error_responses import RequestError
from qrtest.service.jobs import SimulatedJob
from qrtest.service.result_stream import opened

__all__ = ["respond"]

TRACE: Final = "00000000-0000-4000-8000-000000000000"


def respond(job: SimulatedJob, request: Request, now: float) -> Response:
    """What *job* says to *request* at the time *now*, refusals included.

    Raises `UnansweredRequest` for a request that is not about a job.
    """
    try:
        return _told(job, request, now)
    except RequestError as refused:
        return refused.answer(trace=TRACE)


def _told(job: SimulatedJob, request: Request, now: float) -> Response:
    match None if request.route is None else request.route.operation:
        case "poll":
            with_params = not request.is_true("exclude_params")
            return job.poll(now, api_versions.named(request), with_params=with_params)
        case "result":
            return job.result(now)
        case "interim_results":
            return job.interim_results(now)
        case "stream":
            return opened(job, request)
        case "logs":
            return job.logs(now)
        case "metrics":
            return job.metrics(now, api_versions.named(request))
        case "cancel":
            return job.cancel(now)
        case "tags":
            tags = parse.tags_of(request.body)
            if tags is None:
                raise error_responses.body_invalid("tags must be a list of texts")
            return job.tag(tags)
        case "delete":
            job.check_deletable(now)
            return serialize.empty(204)
        case "transpiled_circuits":
            raise error_responses.gone(
                "transpiled_circuits", api_versions.WITHOUT_TRANSPILED_CIRCUITS
            )
    raise UnansweredRequest(f"{request} is not about a job.")
