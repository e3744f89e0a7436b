"""What a client is answered when the service refuses: programs go by the codes, people by the words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from qrtest.service import error_responses
from qrtest.service.error_responses import RequestError

TRACE = "6a103952-9232-4ffc-aac1-2367e8ca2091"
NO_SOLUTION = None

ANSWERS = [
    (
        lambda: error_responses.method_not_allowed("PUT", ("POST", "GET")),
        405, 1000, "The method PUT is not allowed here.", "Use POST or GET.",
    ),
    (lambda: error_responses.account_unknown("a1"), 404, 1279, "Account a1 not found", NO_SOLUTION),
    (
        lambda: error_responses.program_unknown("novel"),
        404, 1291, "Program not found. Program ID: novel", "Verify the program ID.",
    ),
    (
        lambda: error_responses.body_invalid("tags are missing"),
        400, 1208, "Request validation of body failed, because: tags are missing.", NO_SOLUTION,
    ),
    (
        lambda: error_responses.api_version_unknown("2023-01-01", ("2024-01-01", "2025-01-01")),
        400, 1002, "The API version '2023-01-01' is not supported.",
        "Set the header IBM-API-Version to one of 2024-01-01, 2025-01-01.",
    ),
    (
        lambda: error_responses.token_missing(),
        401, 1201, "Unable to authorize the request: there are no credentials.",
        "Send the header 'Authorization: Bearer <IAM token>'.",
    ),
    (
        lambda: error_responses.token_rejected(),
        401, 1201, "Unable to authorize the request: the credentials are not valid.", NO_SOLUTION,
    ),
    (lambda: error_responses.instance_unknown("crn:x"), 404, 1279, "Instance crn:x not found", NO_SOLUTION),
    (
        lambda: error_responses.backend_unknown("ibm_x"),
        404, 1007, "Backend 'ibm_x' not found.", "Verify the backend name.",
    ),
    (
        lambda: error_responses.backend_unavailable("ibm_x"),
        400, 1004, "Backend 'ibm_x' is unavailable.", "Use another backend.",
    ),
    (
        lambda: error_responses.too_many_requests(5),
        429, 1202, "Received too many POST /jobs requests: limit is 5 per minute", NO_SOLUTION,
    ),
    (lambda: error_responses.too_many_tags(8), 400, 1204, "Too many tags: a job has 8 at most.", NO_SOLUTION),
    (
        lambda: error_responses.tag_too_long(86),
        400, 1205, "A tag is too long: it has 86 characters at most.", NO_SOLUTION,
    ),
    (
        lambda: error_responses.body_too_large(50),
        413, 1208, "The request body is larger than 50 bytes.", NO_SOLUTION,
    ),
    (
        lambda: error_responses.usage_exceeded(),
        409, 1350, "Usage exceeds instance limit.",
        "Wait for the next usage period, or use another instance.",
    ),
    (
        lambda: error_responses.job_unknown("j"),
        404, 1291, "Job not found. Job ID: j",
        "Verify the job ID is correct, that you have the correct access permissions, and try again.",
    ),
    (lambda: error_responses.no_websocket(), 426, 1000, "Upgrade required: this is a websocket.", NO_SOLUTION),
    (
        lambda: error_responses.not_cancellable("j"),
        409, 1211, "Job j is in a non cancellable status and cannot be cancelled.", NO_SOLUTION,
    ),
    (
        lambda: error_responses.not_deletable("j", 400),
        400, 1212, "Job j cannot be deleted: it must be in a terminal state.", NO_SOLUTION,
    ),
    (lambda: error_responses.session_unknown("s"), 404, 1290, "Session not found. Session ID: s", NO_SOLUTION),
    (
        lambda: error_responses.session_closed("s"),
        400, 1217, "Session s is closed: it takes no more jobs.", "Open a new session.",
    ),
    (
        lambda: error_responses.session_not_allowed(),
        400, 1352, "You are not authorized to run a session when using the open plan.",
        "Create an instance of a different plan type or use a different execution mode.",
    ),
    (
        lambda: error_responses.gone("transpiled_circuits", "2026-02-01"),
        404, 1000, "transpiled_circuits is not available since API version 2026-02-01.", NO_SOLUTION,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("refuse", "status", "code", "message", "solution"), ANSWERS)
def test_an_error_response_has_a_status_a_code_words_and_a_way_out(
    refuse: Callable[[], RequestError], status: int, code: int, message: str, solution: str | None
) -> None:
    """The body of an error as the service writes it; a solution only where there is one."""
    refused = refuse()
    answer = refused.answer(trace=TRACE)
    [error] = json.loads(answer.body)["errors"]
    assert (answer.status, error["code"], error["message"]) == (status, code, message)
    assert error.get("solution") == solution
    assert json.loads(answer.body)["trace"] == TRACE
    assert str(refused) == message


def test_every_error_response_is_tried() -> None:
    """Each that the module offers is in the table."""
    assert len(ANSWERS) == len(
        set(error_responses.__all__) - {"NO_TRACE", "RequestError", "with_status"}
    )
