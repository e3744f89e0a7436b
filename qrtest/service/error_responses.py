"""Every error response of the service: its status, code and message.

A function that rejects a request raises a `RequestError`; the service turns it into the answer. Codes are
documented by IBM (the registry of error codes, the REST description) or observed by others; where there
is no source, the docstring says *assumed*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qrtest.http.messages import Response
from qrtest.service import serialize

__all__ = [
    "NO_TRACE",
    "RequestError",
    "account_unknown",
    "api_version_unknown",
    "backend_unavailable",
    "backend_unknown",
    "body_invalid",
    "body_too_large",
    "gone",
    "instance_unknown",
    "job_unknown",
    "method_not_allowed",
    "no_websocket",
    "not_cancellable",
    "not_deletable",
    "program_unknown",
    "session_closed",
    "session_not_allowed",
    "session_unknown",
    "tag_too_long",
    "token_missing",
    "token_rejected",
    "too_many_requests",
    "too_many_tags",
    "usage_exceeded",
    "with_status",
]


NO_TRACE: Final = "00000000-0000-4000-8000-000000000000"
"""The trace of an error response of which no whole service keeps count."""


class RequestError(Exception):
    """A request that is rejected, with what the error response says."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        solution: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self._headers = headers or {}
        self.status = status
        self.code = code
        self.message = message
        self.solution = solution

    def answer(self, *, trace: str) -> Response:
        """Return the error response, with *trace* as its number."""
        return serialize.error(
            self.status,
            self.code,
            self.message,
            solution=self.solution,
            trace=trace,
            headers={**serialize.JSON, **self._headers},
        )


def method_not_allowed(method: str, allowed: tuple[str, ...]) -> RequestError:
    """405 with the header Allow, as HTTP has it; the code is assumed."""
    return RequestError(
        405,
        1000,
        f"The method {method} is not allowed here.",
        f"Use {' or '.join(allowed)}.",
        headers={"Allow": ", ".join(allowed)},
    )


def account_unknown(account_id: str) -> RequestError:
    """404 (REST description); the code is assumed."""
    return RequestError(404, 1279, f"Account {account_id} not found")


def program_unknown(program_id: str) -> RequestError:
    """404 (REST description; the client calls it a program that is not found); the code is assumed."""
    return RequestError(
        404, 1291, f"Program not found. Program ID: {program_id}", "Verify the program ID."
    )


def body_invalid(why: str) -> RequestError:
    """400, code 1208 (observed)."""
    return RequestError(400, 1208, f"Request validation of body failed, because: {why}.")


def api_version_unknown(version: str, known: tuple[str, ...]) -> RequestError:
    """400, code 1002 (a validation error by the registry; that it is this one is assumed)."""
    return RequestError(
        400,
        1002,
        f"The API version {version!r} is not supported.",
        f"Set the header IBM-API-Version to one of {', '.join(known)}.",
    )


def token_missing() -> RequestError:
    """401, code 1201 (documented: invalid credentials)."""
    return RequestError(
        401,
        1201,
        "Unable to authorize the request: there are no credentials.",
        "Send the header 'Authorization: Bearer <IAM token>'.",
    )


def token_rejected() -> RequestError:
    """401, code 1201 (documented: invalid credentials)."""
    return RequestError(
        401, 1201, "Unable to authorize the request: the credentials are not valid."
    )


def instance_unknown(crn: str) -> RequestError:
    """404, code 1279 (observed)."""
    return RequestError(404, 1279, f"Instance {crn} not found")


def backend_unknown(name: str) -> RequestError:
    """404, code 1007 (documented: backend not found)."""
    return RequestError(404, 1007, f"Backend {name!r} not found.", "Verify the backend name.")


def backend_unavailable(name: str) -> RequestError:
    """400, code 1004 (documented: backend unavailable); the status is assumed."""
    return RequestError(400, 1004, f"Backend {name!r} is unavailable.", "Use another backend.")


def too_many_requests(limit: int) -> RequestError:
    """429, code 1202 (documented, with the message)."""
    return RequestError(
        429, 1202, f"Received too many POST /jobs requests: limit is {limit} per minute"
    )


def too_many_tags(limit: int) -> RequestError:
    """400, code 1204 (documented: too many tags)."""
    return RequestError(400, 1204, f"Too many tags: a job has {limit} at most.")


def tag_too_long(limit: int) -> RequestError:
    """400, code 1205 (documented: tag too long)."""
    return RequestError(400, 1205, f"A tag is too long: it has {limit} characters at most.")


def body_too_large(limit: int) -> RequestError:
    """413, code 1208. That the limit exists is documented, the status is assumed."""
    return RequestError(413, 1208, f"The request body is larger than {limit} bytes.")


def usage_exceeded() -> RequestError:
    """409 "Usage exceeds instance limit" (REST description); the code is assumed."""
    return RequestError(
        409,
        1350,
        "Usage exceeds instance limit.",
        "Wait for the next usage period, or use another instance.",
    )


def job_unknown(job_id: str) -> RequestError:
    """404. The message was observed; the code is assumed."""
    return RequestError(
        404,
        1291,
        f"Job not found. Job ID: {job_id}",
        "Verify the job ID is correct, that you have the correct access permissions, and try again.",
    )


def no_websocket() -> RequestError:
    """426: a stream is asked for by plain HTTP (assumed)."""
    return RequestError(426, 1000, "Upgrade required: this is a websocket.")


def not_cancellable(job_id: str) -> RequestError:
    """409, "non cancellable status" in the REST description; the code is assumed."""
    return RequestError(
        409, 1211, f"Job {job_id} is in a non cancellable status and cannot be cancelled."
    )


def not_deletable(job_id: str, status: int) -> RequestError:
    """*status*: the job must be in a terminal state (REST description); the code is assumed."""
    return RequestError(
        status, 1212, f"Job {job_id} cannot be deleted: it must be in a terminal state."
    )


def session_unknown(session_id: str) -> RequestError:
    """404; the code is assumed."""
    return RequestError(404, 1290, f"Session not found. Session ID: {session_id}")


def session_closed(session_id: str) -> RequestError:
    """400, code 1217 (documented: session closed); the status is assumed."""
    return RequestError(
        400, 1217, f"Session {session_id} is closed: it takes no more jobs.", "Open a new session."
    )


def session_not_allowed() -> RequestError:
    """400, code 1352 (observed, with these words)."""
    return RequestError(
        400,
        1352,
        "You are not authorized to run a session when using the open plan.",
        "Create an instance of a different plan type or use a different execution mode.",
    )


def gone(what: str, since: str) -> RequestError:
    """404 for what a later API version does not have any more; the code is assumed."""
    return RequestError(404, 1000, f"{what} is not available since API version {since}.")


def with_status(
    status: int, *, retry_after: str | None = None, body: str | None = None
) -> Response:
    """Return an error response with *status* and the usual code and words, or with this *body*.

    *retry_after*: seconds, as the header Retry-After says them.

    >>> with_status(429, retry_after="30").headers["Retry-After"]
    '30'
    """
    is_text = body is not None and not body.startswith("{")
    headers = dict(serialize.TEXT if is_text else serialize.JSON)
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    if body is not None:
        return Response(status, body.encode(), headers)
    code, message = _USUAL.get(status, (status * 10, f"The service answered {status}."))
    return serialize.error(status, code, message, trace=NO_TRACE, headers=headers)


_USUAL: Final = {
    400: (1208, "Request validation of body failed."),
    401: (1201, "Unable to authorize the request: the credentials are not valid."),
    403: (1200, "You are not authorized to perform this action."),
    404: (1291, "Job not found."),
    409: (1211, "Job is in a non cancellable status and cannot be cancelled."),
    429: (1202, "Received too many requests."),
    500: (1000, "API Internal error."),
    503: (1999, "Planned outage. The service is undergoing maintenance."),
}
