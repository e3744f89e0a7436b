"""Situations that broke real programs, each under a name, with the report that it comes from.

    @pytest.mark.parametrize("scenario", scenarios.values(), ids=scenarios)
    def test_collect(runtime_job, scenario): ...

Sources: Q is an issue or pull request of Qiskit/qiskit-ibm-runtime. What the installed client makes of
each is in docs/catalogue.md, which is made by running them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from qrtest import faults
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import cancelled, done, failed, queued, ran_too_long, running, unknown
from qrtest.scenario.scenario import Scenario
from qrtest.service import result_payloads
from qrtest.service.behaviour import Behaviour

__all__ = ["scenarios"]

USUAL: Final = Script(queued("5s"), running("2s"), done())
LONG: Final = Script(queued("10m"), running("30s"), done())


def _entry(name: str, script: Script, says: str, source: str, **parts: Any) -> Scenario:
    return Scenario(script, name=name, says=says, source=source, **parts)


def _future_qpy() -> dict[str, str]:
    """A circuit in a version of QPY that is not written yet."""
    qpy = b"QISKIT" + bytes([99, 9, 9, 9]) + bytes(16)
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(qpy)).decode(),
    }


def _array() -> dict[str, str]:
    """An array of three numbers, as inputs hold it."""
    array: dict[str, str] = result_payloads.array([0.1, 0.2, 0.3], [3])
    return array


EMPTY_DATABIN: Final = (
    '{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__type__": "PubResult", '
    '"__value__": {"data": {"__type__": "DataBin", "__value__": {"field_names": [], '
    '"field_types": [], "shape": [], "fields": {}}}, "metadata": {}}}], "metadata": {}}}'
)
HUGE_LOG: Final = "\n".join(f"line {number}: still compiling" for number in range(2_000))

_LIVES: Final = (
    _entry(
        "ran-too-long-status-string",
        Script(queued("5s"), running("3h"), unknown("Cancelled - Ran too long")),
        "The service puts the reason into the status; waiting for the end never ends.",
        "Q issue 2673",
    ),
    _entry(
        "unknown-new-status",
        Script(queued("5s"), unknown("Validating", "30s"), running("2s"), done()),
        "A status that no client has heard of, between two that it knows.",
        "Q issue 1476",
    ),
    _entry(
        "status-is-str-not-enum",
        USUAL,
        "status() is a text: comparing it with JobStatus is always false.",
        "Q issue 1864; qiskit-experiments pull request 1512",
    ),
    _entry(
        "timeout-exception-type",
        Script(queued()),
        "The job waits for ever; which exception does a timeout raise?",
        "Q issue 316",
    ),
    _entry(
        "result-never-returns",
        USUAL,
        "The job is done, and its result never comes.",
        "Q issues 509, 1001",
        faults=[faults.hang(on="result", times=None)],
    ),
    _entry(
        "stuck-queued",
        Script(queued("1d"), running("30s"), done()),
        "The same status for hundreds of polls.",
        "Q issue 317",
    ),
    _entry(
        "max-execution-1305",
        Script(queued("5s"), running("3h"), ran_too_long()),
        "Ran too long is Cancelled with code 1305, which the client calls ERROR.",
        "Q pull requests 432, 1760",
    ),
    _entry(
        "max-execution-1305-as-text",
        Script(queued("5s"), running("3h"), ran_too_long()),
        "The same with the code as a text, which the client does not know for 1305.",
        "Q pull requests 432, 1760",
        behaviour=Behaviour(reason_code="text"),
    ),
    _entry(
        "max-execution-1305-without-reason",
        Script(queued("5s"), running("3h"), ran_too_long()),
        "The same with the code alone: without a reason the client overlooks it.",
        "Q pull requests 432, 1760",
        behaviour=Behaviour(reason_code="alone"),
    ),
    _entry(
        "job-in-a-failed-state-at-once",
        Script(failed("The instruction h is not supported by the target system.", 1517)),
        "An invalid circuit is accepted, and the job has failed before the first poll.",
        "the service's answers to invalid circuits, code 1517",
    ),
    _entry(
        "infinite-resubmission",
        Script(queued("5s"), failed("Internal error.", 1500)),
        "Every job fails: a loop that resubmits what failed never ends.",
        "qiskit issue 6872",
    ),
    _entry(
        "poll-rate-budget",
        LONG,
        "A long run: how many requests a minute does the wait take?",
        "Q issue 2755",
    ),
)

_ENDS: Final = (
    _entry(
        "failed-reason-only-on-server",
        Script(
            queued("5s"), running("2s"), failed("Internal error.", 1500, "Contact IBM support.")
        ),
        "The service knows reason, code and solution; the results are a huge log.",
        "Q issue 811",
        result=HUGE_LOG,
    ),
    _entry(
        "cancel-loses-race",
        USUAL,
        "cancel() is answered with 204, and the job completes all the same.",
        "Q pull requests 1013, 1022",
        behaviour=Behaviour(cancel_takes_effect=False),
    ),
    _entry(
        "cancel-too-late-409",
        Script(running("2s"), done()),
        "The job completes between the last poll and cancel(), which is refused.",
        "Q pull request 1013",
        faults=[faults.status(409, on="cancel")],
    ),
    _entry(
        "cancel-takes-its-time",
        Script(running("1h"), done()),
        "For some seconds after cancel() the service still says Running.",
        "the client's own integration tests, which wait 5 to 15 seconds",
        behaviour=Behaviour(cancel_lag=10),
    ),
    _entry(
        "result-of-cancelled",
        Script(queued("5s"), cancelled()),
        "Asking a cancelled job for its result.",
        "Q pull request 930",
    ),
    _entry(
        "usage-pending-then-final",
        USUAL,
        "The usage of a job that is done is pending for half a minute.",
        "Q pull request 2884",
        behaviour=Behaviour(usage_lag=30),
    ),
)

_NETWORK: Final = (
    _entry(
        "long-wait-connection-drop",
        LONG,
        "One poll of a long wait is dropped; the client tries again by itself.",
        "Q issues 1518, 967, 538",
        faults=[faults.drop(on="poll", after=10)],
    ),
    _entry(
        "long-wait-connection-lost",
        LONG,
        "The connection is gone for longer than the client tries again.",
        "Q issues 1518, 967, 538",
        faults=[faults.drop(on="poll", after=10, times=6)],
    ),
    _entry(
        "gateway-504-while-polling",
        LONG,
        "A burst of 504 that is shorter than the client's retry budget.",
        "Q issues 1871, 682",
        faults=[faults.status(504, on="poll", after=2, times=4)],
    ),
    _entry(
        "gateway-504-for-too-long",
        LONG,
        "A burst of 504 that outlasts the client's retry budget.",
        "Q issues 1871, 682",
        faults=[faults.status(504, on="poll", after=2, times=6)],
    ),
    _entry(
        "auth-expires-mid-wait",
        LONG,
        "The token expires during the wait: one 401, then all is well again.",
        "Q issues 1491, 377",
        faults=[faults.expired_token(on="poll", after=10)],
    ),
    _entry(
        "auth-expires-for-good",
        LONG,
        "The token expires during the wait, and no poll is taken any more.",
        "Q issues 1491, 377",
        faults=[faults.expired_token(on="poll", after=10, times=None)],
    ),
    _entry(
        "timeout-is-no-deadline",
        Script(queued()),
        "Every poll fails: the client's own retries take longer than a short timeout.",
        "seen with release 0.51.0",
        faults=[faults.status(500, on="poll", times=None)],
    ),
)

_PAYLOADS: Final = (
    _entry(
        "decode-empty-databin",
        USUAL,
        "A result without any field of data.",
        "Q issue 1566",
        result=EMPTY_DATABIN,
    ),
    _entry(
        "qpy-from-the-future",
        USUAL,
        "The inputs hold a circuit in a version of QPY that the client does not know.",
        "Q issues 1332, 2098, 2426",
        params={"circuits": [_future_qpy()]},
    ),
    _entry(
        "jobs-list-not-decoded",
        USUAL,
        "The inputs of one job, by service.job() and by service.jobs(): are both decoded?",
        "Q issue 829",
        params={"circuits": [_array()]},
    ),
    _entry(
        "truncated-json-result",
        USUAL,
        "Half of the result arrives: result() returns a text.",
        "seen with release 0.51.0",
        faults=[faults.truncate(on="result", times=None)],
    ),
    _entry(
        "html-with-200",
        USUAL,
        "A page of HTML arrives instead of the result: result() returns it.",
        "seen with release 0.51.0",
        faults=[faults.html(on="result", times=None)],
    ),
    _entry(
        "truncated-ndarray",
        USUAL,
        "An array inside a good result is cut: zlib's own error escapes.",
        "seen with release 0.51.0",
        faults=[faults.corrupt("zlib", on="result", times=None)],
    ),
)

_INSTANCES_AND_SESSIONS: Final = (
    _entry(
        "job-in-other-instance",
        USUAL,
        "The active instance does not know the job: another one of the account has it.",
        "Q issue 2271",
        faults=[faults.status(404, on="poll")],
    ),
    _entry(
        "session-close-404",
        USUAL,
        "The session that is closed is not there any more.",
        "Q issue 476",
        faults=[faults.status(404, on="session", after=1, times=None)],
    ),
    _entry(
        "session-expires-with-queue",
        Script(queued("1h"), failed("Session closed", 1217)),
        "The session's time is over before the job's turn: the one before it finishes, this one fails.",
        "Q issue 609",
    ),
    _entry(
        "submit-to-closed-session",
        USUAL,
        "Somebody else closed the session: its local flag says active, the service takes no job.",
        "Q issues 1643, 1428",
        faults=[faults.status(400, on="submit", times=None)],
    ),
)

_SUBMISSIONS: Final = (
    _entry(
        "post-5xx-duplicates-job",
        USUAL,
        "The submission makes a job and is answered with 500: the client submits again.",
        "Q issues 1114, 708",
        faults=[faults.status(500, on="submit", times=5, takes_effect=True)],
    ),
    _entry(
        "quota-reached",
        USUAL,
        "The usage limit of the instance is reached: no job is taken.",
        "Q issue 1088",
        faults=[faults.status(403, on="submit", times=None)],
    ),
    _entry(
        "submit-retry-429",
        USUAL,
        "Too many submissions, try again in half a minute: the client does not.",
        "qrmi pull request 18",
        faults=[faults.status(429, retry_after="30s", on="submit")],
    ),
)

scenarios: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            *(*_LIVES, *_ENDS, *_NETWORK, *_PAYLOADS),
            *(*_INSTANCES_AND_SESSIONS, *_SUBMISSIONS),
        )
    }
)
"""Each situation under its name.

>>> scenarios["auth-expires-mid-wait"].source
'Q issues 1491, 377'
"""
