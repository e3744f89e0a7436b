"""Every endpoint of the REST API: status, shape of the body, and what it says in which API version."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import simulate
from qrtest.errors import SimulationError, UnansweredRequest
from qrtest.http.messages import Request
from qrtest.service.accounts import Account
from qrtest.service.api_versions import VERSIONS
from qrtest.service.instances import ACCOUNT_ID, CRN, RESOURCE_ID, Instance
from tests.asking import BELL, NEWEST, Asking

IAM = "https://iam.cloud.ibm.com/identity/token"
SEARCH = "https://api.global-search-tagging.cloud.ibm.com/v3/resources/search?limit=100"
CATALOG = "https://globalcatalog.cloud.ibm.com/api/v1/"
RESOURCES = "https://resource-controller.cloud.ibm.com/v2/resource_instances"
AUTH = "https://auth.quantum-computing.ibm.com"
CLASSIC = AUTH + "/api"
SUBMISSION = {"program_id": "sampler", "backend": "ibm_torino", "params": BELL}
JOB = {"id", "backend", "state", "status", "program", "user_id", "created", "cost"}
SESSION = {
    "id", "backend_name", "mode", "state", "state_reason", "accepting_jobs", "max_ttl",
    "interactive_ttl", "started_at", "elapsed_time", "timestamps", "user_id",
}  # fmt: skip
DEVICE = {
    "name", "status", "queue_length", "qubits", "is_simulator", "clops", "processor_type",
}  # fmt: skip
USAGE = {
    "instance_id", "plan_id", "usage_period", "usage_consumed_seconds", "usage_limit_reached",
}  # fmt: skip
TOKEN = {"access_token", "refresh_token", "token_type", "expires_in", "expiration", "scope"}

ENDPOINTS: list[tuple[str, str, Any, int, set[str] | str | None]] = [
    ("POST", IAM, None, 200, TOKEN),
    ("POST", SEARCH, {"query": "service_name:quantum-computing"}, 200, {"items", "limit"}),
    ("GET", CATALOG + "{plan}", None, 200, {"id", "name", "kind", "overview_ui", "metadata"}),
    ("GET", RESOURCES + "?name=qrtest", None, 200, {"rows_count", "resources"}),
    ("GET", CLASSIC + "/version", None, 200, {"api-auth", "api-runtime"}),
    ("POST", CLASSIC + "/users/loginWithToken", {"apiToken": "t"}, 200, {"id", "ttl"}),
    ("GET", CLASSIC + "/users/me", None, 200, {"email", "urls"}),
    ("GET", "/versions", None, 200, {"versions"}),
    ("GET", "/backends", None, 200, {"devices"}),
    ("GET", "/backends/ibm_torino/configuration", None, 200, {"backend_name", "basis_gates"}),
    ("GET", "/backends/ibm_torino/properties", None, 200, {"backend_name", "qubits", "gates"}),
    (
        "GET",
        "/backends/ibm_torino/status",
        None,
        200,
        {"state", "status", "message", "length_queue", "backend_version"},
    ),
    ("GET", "/backends/ibm_torino/defaults", None, 200, None),
    ("GET", "/backends/ibm_nowhere/status", None, 404, "device not found"),
    ("POST", "/jobs", SUBMISSION, 200, {"id", "backend"}),
    ("GET", "/jobs", None, 200, {"jobs", "count", "limit", "offset"}),
    ("GET", "/jobs/{done}", None, 200, {*JOB, "params", "usage"}),
    ("GET", "/jobs/{queued}?exclude_params=true", None, 200, JOB),
    ("GET", "/jobs/{done}/results", None, 200, "{}"),
    ("GET", "/jobs/{queued}/results", None, 204, ""),
    ("GET", "/jobs/{done}/interim_results", None, 200, "[]"),
    ("GET", "/jobs/{done}/logs", None, 200, "L"),
    ("GET", "/jobs/{queued}/logs", None, 404, {"errors", "trace"}),
    ("GET", "/jobs/{done}/metrics", None, 200, {"timestamps", "usage"}),
    ("POST", "/jobs/{queued}/cancel", None, 204, ""),
    ("POST", "/jobs/{done}/cancel", None, 409, {"errors", "trace"}),
    ("PUT", "/jobs/{done}/tags", {"tags": ["a"]}, 204, ""),
    ("PUT", "/jobs/{done}/tags", {"tags": "a"}, 400, {"errors", "trace"}),
    ("DELETE", "/jobs/{done}", None, 204, ""),
    ("GET", "/jobs/{done}/transpiled_circuits", None, 404, {"errors", "trace"}),
    ("GET", "/tags?type=job&search=tag", None, 200, {"tags"}),
    ("GET", "/tags?type=job&search=ta", None, 400, {"errors", "trace"}),
    ("GET", "/tags?type=program&search=tag", None, 400, {"errors", "trace"}),
    ("POST", "/sessions", {"mode": "batch", "backend": "ibm_torino"}, 200, SESSION),
    ("GET", "/sessions/{session}", None, 200, SESSION),
    ("PATCH", "/sessions/{session}", {"accepting_jobs": False}, 204, ""),
    ("DELETE", "/sessions/{session}/close", None, 204, ""),
    ("GET", "/sessions/nowhere", None, 404, {"errors", "trace"}),
    ("GET", "/instances", None, 200, {"instances"}),
    ("GET", "/instances/usage", None, 200, USAGE),
    (
        "GET",
        "/instance",
        None,
        200,
        {"backends", "plan_id", "usage_allocation_seconds", "qctrl_enabled"},
    ),
    ("GET", "/usage", None, 200, {"period", "byInstance"}),
]


def prepared() -> tuple[Asking, dict[str, str]]:
    """Return a service with a job that is done, one that is queued, and a session."""
    ask = Asking()
    done = ask.submit(tags=["tagged"])
    ask.clock.advance("1m")
    session = ask("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_torino"}).body["id"]
    plan = ask.service.account.instances.named(None).plan_id
    return ask, {"done": done, "queued": ask.submit(), "session": session, "plan": plan}


@pytest.mark.parametrize(("method", "path", "body", "status", "shape"), ENDPOINTS)
def test_every_endpoint_answers_with_its_status_and_shape(
    method: str, path: str, body: Any, status: int, shape: set[str] | str | None
) -> None:
    """The table of the REST description, walked from end to end."""
    ask, names = prepared()
    answer = ask(method, path.format(**names), body)
    assert answer.status == status
    if isinstance(shape, set):
        assert shape <= set(answer.body)
    else:
        assert answer.body == shape


MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"
WHOLE: list[tuple[str, str, Any, Any]] = [
    ("GET", RESOURCES + "?name=qrtest", None, {
        "rows_count": 1, "next_url": None, "resources": [{
            "id": CRN, "guid": "00000000-0000-4000-8000-000000007357", "crn": CRN, "name": "qrtest",
            "account_id": ACCOUNT_ID, "region_id": "us-east", "resource_id": RESOURCE_ID,
            "resource_plan_id": "{plan}", "state": "active", "type": "service_instance",
            "extensions": {
                "instance_limit_seconds": None, "usage_allocation_seconds": 2_419_200, "backends": ["ANY"],
            },
        }],
    }),
    ("GET", "/instances", None, {
        "instances": [{"crn": CRN, "plan_id": "{plan}", "name": "qrtest"}],
    }),
    ("GET", "/instances/usage", None, {
        "instance_id": CRN, "plan_id": "{plan}",
        "usage_period": {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:01:00Z"},
        "usage_consumed_seconds": 10, "usage_allocation_seconds": 2_419_200, "usage_limit_reached": False,
    }),
    ("GET", CATALOG + "{plan}", None, {
        "id": "{plan}", "name": "paygo", "kind": "plan",
        "overview_ui": {"en": {"display_name": "Pay-As-You-Go"}},
        "metadata": {"pricing": {"type": "paygo"}},
    }),
    ("GET", CLASSIC + "/version", None, {"api-auth": "qrtest", "api-runtime": "qrtest"}),
    ("POST", CLASSIC + "/users/loginWithToken", {"apiToken": "t"}, {
        "id": "qrtest-access-token", "ttl": 14 * 24 * 3600,
    }),
    ("GET", CLASSIC + "/users/me", None, {
        "email": "user@example.com",
        "urls": {"http": AUTH, "ws": AUTH.replace("https", "wss"), "services": {"runtime": AUTH}},
    }),
    ("GET", "/usage", None, {"period": {}, "byInstance": [{
        "instance": "ibm-q/open/main", "quota": 600, "usage": 10, "usageRemaining": 590,
        "pendingJobs": 0, "maxPendingJobs": 3,
    }]}),
    ("GET", "/backends/ibm_torino/status", None, {
        "state": True, "status": "active", "message": "available", "length_queue": 3,
        "backend_version": "1.0.0",
    }),
    ("GET", "/jobs/{done}", None, {
        "id": "{done}", "backend": "ibm_torino", "state": {"status": "Completed"}, "status": "Completed",
        "params": BELL, "program": {"id": "sampler"}, "created": "2026-01-01T00:00:00Z", "cost": 600,
        "tags": ["tagged"], "user_id": "IBMid-6960000QRT",
        "usage": {"qpu_charge_time_seconds": 10, "status": "complete"},
    }),
    ("GET", "/jobs/{done}/metrics", None, {
        "timestamps": {"created": "2026-01-01T00:00:00Z", "running": "2026-01-01T00:00:05Z",
                       "finished": "2026-01-01T00:00:15Z"},
        "usage": {"qpu_charge_time_seconds": 10, "status": "complete"},
        "circuits_execution_time_ns": 10_000_000_000,
        "qiskit_version": "2.1.0", "caller": "qiskit/2.1.0",
    }),
    ("GET", "/sessions/{session}", None, {
        "id": "{session}", "backend_name": "ibm_torino", "mode": "dedicated", "state": "open",
        "state_reason": "session_created", "accepting_jobs": True, "max_ttl": 28_800,
        "interactive_ttl": 60, "elapsed_time": 0, "started_at": "2026-01-01T00:01:00Z",
        "timestamps": [{"status": "open", "timestamp": "2026-01-01T00:01:00Z"}],
        "user_id": "IBMid-6960000QRT",
    }),
    ("POST", "/jobs/{done}/cancel", None, {"errors": [{
        "code": 1211, "more_info": MORE_INFO,
        "message": "Job {done} is in a non cancellable status and cannot be cancelled.",
    }]}),
    ("PUT", "/jobs/{done}/tags", {"tags": "a"}, {"errors": [{
        "code": 1208, "more_info": MORE_INFO,
        "message": "Request validation of body failed, because: tags must be a list of texts.",
    }]}),
    ("GET", "/tags?type=job&search=ta", None, {"errors": [{
        "code": 1208, "more_info": MORE_INFO,
        "message": "Request validation of body failed, because: search has 2 characters, not 3 to 100.",
    }]}),
    ("GET", "/sessions/nowhere", None, {"errors": [{
        "code": 1290, "more_info": MORE_INFO,
        "message": "Session not found. Session ID: nowhere",
    }]}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "whole"), WHOLE)
def test_an_answer_has_these_fields_and_no_other(
    method: str, path: str, body: Any, whole: Any
) -> None:
    """A client in another language may be strict: every name, type and value, to the last one."""
    ask, names = prepared()
    answer = ask(method, path.format(**names), body)
    answer.body.pop("trace", None)
    expected = json.dumps(whole)
    for name, value in names.items():
        expected = expected.replace(f"{{{name}}}", value)
    assert answer.body == json.loads(expected)


def test_a_token_is_of_the_account_and_lasts_an_hour() -> None:
    """Its claims are what the client and the account's own tools read in it."""
    ask, _ = prepared()
    answer = ask("POST", IAM).body
    header, payload, _ = answer.pop("access_token").split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)]
    now = 1_767_225_600 + 60
    assert answer == {
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": 3600,
        "expiration": now + 3600,
        "scope": "ibm openid",
    }
    assert read[0]["typ"] == "JWT"
    assert read[1] == {
        "iam_id": "IBMid-6960000QRT",
        "account": {"bss": "00000000000000000000000000007357"},
        "iss": "https://iam.cloud.ibm.com/identity",
        "iat": now,
        "exp": now + 3600,
        "scope": "ibm openid",
    }


def test_all_versions_but_the_newest_are_deprecated() -> None:
    """Each with the day on which it goes."""
    *old, newest = Asking()("GET", "/versions").body["versions"]
    assert newest == {"version": NEWEST, "status": "live"}
    assert [entry.pop("version") for entry in old] == list(VERSIONS[:-1])
    assert all(entry == {"sunset_date": "2027-04-15", "status": "deprecated"} for entry in old)


@pytest.mark.parametrize("ending", ["", "/results", "/interim_results", "/logs", "/metrics"])
def test_a_job_that_does_not_exist_is_404_everywhere(ending: str) -> None:
    """The error body has a numeric code, a message with the id, and a trace."""
    answer = Asking()("GET", f"/jobs/nowhere{ending}")
    assert answer.status == 404
    (error,) = answer.body["errors"]
    assert isinstance(error["code"], int)
    assert error["message"] == "Job not found. Job ID: nowhere"
    assert answer.body["trace"]


def test_what_is_never_answered_is_reported_as_unanswered() -> None:
    """An unknown path is no answer made up, it is an error that names what there is."""
    with pytest.raises(UnansweredRequest, match="ibm_torino"):
        Asking()("GET", "/nothing/like/it")


def test_results_and_logs_are_plain_text() -> None:
    """A strictly typed client refuses application/json there."""
    ask, names = prepared()
    for ending in ("results", "logs"):
        assert ask("GET", f"/jobs/{names['done']}/{ending}").content_type == (
            "text/plain; charset=utf-8"
        )


def test_what_a_job_does_not_have_is_absent_and_not_null() -> None:
    """Tags, session, image, privacy, calibration: left out, as the service does."""
    ask, names = prepared()
    body = ask("GET", f"/jobs/{names['queued']}?exclude_params=true").body
    assert set(body) == JOB
    assert set(body["state"]) == {"status"}


@given(version=st.sampled_from([None, *VERSIONS]))
def test_the_version_of_the_api_chooses_the_form_of_an_answer(version: str | None) -> None:
    """Devices are names or objects; usage is in quantum seconds or charge time; absent is oldest."""
    ask, names = prepared()
    ask.version = version
    version_asked = version or VERSIONS[0]
    device = ask("GET", "/backends").body["devices"][0]
    assert isinstance(device, str) if version_asked < "2025" else set(device) >= DEVICE
    metrics = ask("GET", f"/jobs/{names['done']}/metrics").body
    charged = "qpu_charge_time_seconds" in metrics["usage"]
    assert charged == (version_asked >= "2026-03-15") == ("bss" not in metrics)
    assert ("circuits_execution_time_ns" in metrics) == (version_asked >= "2026-04-15")
    usage = ask("GET", f"/jobs/{names['done']}").body["usage"]
    expected = {"qpu_charge_time_seconds": 10, "status": "complete"}
    assert usage == (expected if version_asked >= "2026-03-15" else {"seconds": 10})
    circuits = ask("GET", f"/jobs/{names['done']}/transpiled_circuits")
    assert circuits.status == (404 if version_asked >= "2026-02-01" else 200)


def test_a_version_that_does_not_exist_is_refused() -> None:
    """The error response names the versions that there are."""
    ask = Asking()
    ask.version = "2023-01-01"
    answer = ask("GET", "/backends")
    assert (answer.status, answer.code) == (400, 1002)
    assert NEWEST in answer.body["errors"][0]["solution"]


def test_the_same_job_polled_in_two_api_versions_speaks_both() -> None:
    """An answer that is kept for the next poll is not given to another API version."""
    ask, names = prepared()
    new = ask("GET", f"/jobs/{names['done']}?exclude_params=true").body["usage"]
    ask.version = "2025-05-01"
    assert ask("GET", f"/jobs/{names['done']}?exclude_params=true").body["usage"] != new


# --- listing ---


@given(
    count=st.integers(0, 7),
    limit=st.integers(1, 4),
    tags=st.lists(st.sampled_from("abc"), unique=True),
)
def test_paging_gives_every_job_once(count: int, limit: int, tags: list[str]) -> None:
    """However small the pages, `count` is the whole, and no job is missing or twice."""
    ask = Asking()
    made = [ask.submit(tags=list("abc"[: number % 4])) for number in range(count)]
    wanted = [job_id for number, job_id in enumerate(made) if set(tags) <= set("abc"[: number % 4])]
    query = "".join(f"&tags={tag}" for tag in tags)
    seen: list[str] = []
    while True:
        page = ask("GET", f"/jobs?limit={limit}&offset={len(seen)}{query}").body
        assert page["count"] == len(wanted)
        seen += [job["id"] for job in page["jobs"]]
        if not page["jobs"]:
            break
    assert seen == wanted[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("sort=ASC", [0, 1, 2]),
        ("backend=ibm_brisbane", [1]),
        ("program=estimator", [2]),
        ("tags=x&tags=y", [1]),
        ("pending=true", [2]),
        ("pending=false", [1, 0]),
        ("limit=1&offset=1", [1]),
        ("limit=0", [2, 1, 0]),
        ("created_after=2026-01-01T00:00:30Z", [2, 1]),
        ("created_before=2026-01-01T00:00:30.5%2B00:00", [0]),
        ("session_id=none", []),
    ],
)
def test_jobs_are_found_by_every_filter(query: str, found: list[int]) -> None:
    """Each filter alone."""
    ask = Asking()
    made = [ask.submit(tags=["x"])]
    ask.clock.advance("1m")
    made.append(ask.submit(backend="ibm_brisbane", tags=["x", "y"]))
    ask.clock.advance("1m")
    made.append(ask.submit(program_id="estimator"))
    listed = [job["id"] for job in ask("GET", f"/jobs?{query}").body["jobs"]]
    assert listed == [made[number] for number in found]


@pytest.mark.parametrize("name", ["created_after", "created_before"])
def test_a_job_that_was_created_at_that_very_moment_is_found(name: str) -> None:
    """Both ends of a period belong to it."""
    ask = Asking()
    made = ask.submit()
    listed = ask("GET", f"/jobs?{name}=2026-01-01T00:00:00Z").body["jobs"]
    assert [job["id"] for job in listed] == [made]


def test_a_time_that_is_none_is_refused() -> None:
    """A filter that cannot be read is an error, not an empty list."""
    assert Asking()("GET", "/jobs?created_after=yesterday").status == 400


@pytest.mark.parametrize("asked", ["yesterday", "2024-13-01T00:00:00Z"])
def test_properties_of_a_day_that_is_none_are_refused(asked: str) -> None:
    """A day that there was is answered by the one snapshot there is."""
    path = "/backends/ibm_torino/properties?updated_before="
    refused = Asking()("GET", path + asked)
    assert (refused.status, refused.code) == (400, 1208)
    assert Asking()("GET", path + "2020-01-01T00:00:00Z").status == 200


def test_a_backend_of_which_nothing_is_known_is_listed_and_not_described() -> None:
    """As one whose snapshot the installed client does not ship."""

    class Novel:
        def names(self) -> tuple[str, ...]:
            return ("ibm_novel",)

        def describe(self, name: str, aspect: str) -> bytes | None:
            return None

    ask = Asking(backends=Novel())
    assert [each["name"] for each in ask("GET", "/backends").body["devices"]] == ["ibm_novel"]
    assert ask("GET", "/backends/ibm_novel/status").status == 200
    for aspect in ("configuration", "properties"):
        answer = ask("GET", f"/backends/ibm_novel/{aspect}")
        assert (answer.status, answer.body) == (404, "device not found")


# --- tokens ---


def test_a_token_can_be_decoded_and_expires_on_the_virtual_clock() -> None:
    """The client reads iat and exp; an hour later the service does not take it any more."""
    ask = Asking()
    token = ask("POST", IAM).body["access_token"]
    middle = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["exp"] - claims["iat"] == 3600
    ask.token = f"Bearer {token}"
    assert ask("GET", "/backends").status == 200
    ask.clock.advance("59m")
    assert ask("GET", "/backends").status == 200
    ask.clock.advance("2m")
    answer = ask("GET", "/backends")
    assert (answer.status, answer.code) == (401, 1201)


def test_a_poll_that_was_answered_before_is_refused_when_its_token_expires() -> None:
    """The short way for repeated polls does not outlive the token, a rejection, or the job."""
    ask = Asking()
    token = f"Bearer {ask('POST', IAM).body['access_token']}"
    job_id = ask.submit()
    url = f"https://quantum.cloud.ibm.com/api/v1/jobs/{job_id}?exclude_params=true"
    expiring = Request.to("GET", url, headers={"Authorization": token})
    lasting = Request.to("GET", url, headers={"Authorization": "Bearer other"})
    for request in (expiring, expiring, lasting, lasting):
        assert ask.service.handle(request).status == 200
    ask.clock.advance("2h")
    assert ask.service.handle(expiring).status == 401
    assert ask.service.handle(lasting).status == 200
    ask.service.reject_tokens(True)
    assert ask.service.handle(lasting).status == 401
    ask.service.reject_tokens(False)
    assert ask.service.handle(lasting).status == 200
    assert ask("DELETE", f"/jobs/{job_id}").status == 204
    assert ask.service.handle(lasting).status == 404


def test_who_brings_no_token_is_refused() -> None:
    """A client that forgets its credentials learns it here."""
    ask = Asking()
    ask.token = None
    assert ask("GET", "/backends").status == 401


def test_tokens_can_be_rejected_and_taken_again() -> None:
    """No token is handed out, none is taken; afterwards all is as before."""
    ask = Asking()
    ask.service.reject_tokens(True)
    assert (ask("POST", IAM).status, ask("GET", "/jobs").status) == (400, 401)
    assert ask("POST", CLASSIC + "/users/loginWithToken", {"apiToken": "t"}).status == 401
    ask.service.reject_tokens(False)
    assert (ask("POST", IAM).status, ask("GET", "/jobs").status) == (200, 200)


def test_the_classic_login_leads_to_one_project() -> None:
    """GET Network: a hub, a group, a project, which the classic channel calls an instance."""
    [hub] = Asking()("GET", CLASSIC + "/Network").body
    [group] = hub["groups"].values()
    [project] = group["projects"].values()
    assert (hub["name"], group["name"], project["name"]) == ("ibm-q", "open", "main")
    assert project["isDefault"] is True


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_the_case_of_a_header_does_not_matter(name: str) -> None:
    """Servers and clients spell them as they like."""
    request = Request.to("GET", "https://host/backends", headers={"X-Other": "x", name: "Bearer a"})
    assert request.header("Authorization") == "Bearer a"
    assert request.header("Service-CRN") is None
    assert Asking().service.handle(request).status == 200


# --- instances ---


@pytest.mark.parametrize(
    ("wrong", "reported"),
    [
        (
            lambda: Instance(plan="free"),
            "plan='free': there are open, paygo, flex, premium, dedicated, internal, on-prem.",
        ),
        (lambda: Instance(region="mars"), "region='mars': there are us-east, eu-de."),
        (lambda: Instance(tags="lab"), "tags='lab' is one text: write tags=('lab',)."),
        (
            lambda: Instance(backends="ibm_torino"),
            "backends='ibm_torino' is one text: write backends=('ibm_torino',).",
        ),
        (lambda: Account([], epoch=0), "instances=[]: an account has one instance at least."),
        (
            lambda: Account([Instance(name="a"), Instance(name="a")], epoch=0),
            "Two instances have the same CRN: give each a name of its own.",
        ),
    ],
)
def test_an_account_that_cannot_be_is_refused(wrong: Any, reported: str) -> None:
    """With what to write instead."""
    with pytest.raises(SimulationError) as refused:
        wrong()
    assert str(refused.value) == reported


def two_instances() -> tuple[Asking, str, str]:
    """Return a service with an open instance for one backend, and a premium one in Europe."""
    small = Instance(name="small", plan="open", backends=("ibm_torino",), usage_limit=600)
    large = Instance(name="large", plan="premium", region="eu-de", tags=("lab",))
    return Asking(instances=[small, large]), small.resource_name, large.resource_name


@pytest.mark.parametrize("mine", ["first", "second"])
def test_a_job_belongs_to_its_instance(mine: str) -> None:
    """Under another CRN it is 404, in no list and no search, and its usage is not counted."""
    ask, *both = two_instances()
    ask.crn, other = both if mine == "first" else reversed(both)
    job_id = ask.submit()
    assert ask("PUT", f"/jobs/{job_id}/tags", {"tags": ["mine"]}).status == 204
    ask.clock.advance("1m")
    assert ask("GET", "/jobs").body["count"] == 1
    assert ask("GET", "/tags?type=job&search=mine").body["tags"] == ["mine"]
    assert ask("GET", "/instances/usage").body["usage_consumed_seconds"] == 10
    ask.crn = other
    assert ask("GET", f"/jobs/{job_id}").status == 404
    assert ask("POST", f"/jobs/{job_id}/cancel").status == 404
    assert ask("GET", "/jobs").body["count"] == 0
    assert ask("GET", "/tags?type=job&search=mine").body["tags"] == []
    assert ask("GET", "/instances/usage").body["usage_consumed_seconds"] == 0


def test_the_instance_is_named_by_a_header_of_any_case() -> None:
    """As headers are."""
    ask, _, large = two_instances()
    ask.crn = large
    job_id = ask.submit()
    headers = {"authorization": "Bearer somebody", "service-crn": large}
    request = Request.to(
        "GET", f"https://quantum.cloud.ibm.com/api/v1/jobs/{job_id}", headers=headers
    )
    assert ask.service.handle(request).status == 200


def test_an_instance_offers_its_own_backends() -> None:
    """What it does not offer is not listed, not described, and takes no job."""
    ask, small, _ = two_instances()
    ask.crn = small
    assert [device["name"] for device in ask("GET", "/backends").body["devices"]] == ["ibm_torino"]
    assert ask("GET", "/backends/ibm_brisbane/configuration").status == 404
    refused = ask("POST", "/jobs", {**SUBMISSION, "backend": "ibm_brisbane"})
    assert (refused.status, refused.code) == (404, 1007)


def test_an_instance_that_does_not_exist_is_404() -> None:
    """With code 1279, as observed."""
    ask, *_ = two_instances()
    ask.crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"
    answer = ask("GET", "/jobs")
    assert (answer.status, answer.code) == (404, 1279)


def test_the_search_finds_all_instances_and_the_catalog_their_plans() -> None:
    """Every plan has a pricing type that the client can sort by."""
    ask, small, large = two_instances()
    items = ask("POST", SEARCH, {}).body["items"]
    assert [item["crn"] for item in items] == [small, large]
    plans = [ask("GET", CATALOG + item["service_plan_unique_id"]).body for item in items]
    assert [plan["metadata"]["pricing"]["type"] for plan in plans] == ["free", "subscription"]
    unknown = ask("GET", CATALOG + "00000000-0000-4000-8000-000000000000")
    assert (unknown.status, unknown.body["message"]) == (404, "Object not found")


# --- the walk ---

DOCUMENTED = {
    "submit": {200, 400, 401, 403, 404, 409, 413, 429},
    "GET": {200, 204, 400, 401, 403, 404},
    "POST": {200, 204, 400, 401, 403, 404, 409},
    "PUT": {204, 400, 401, 403, 404},
    "PATCH": {204, 400, 401, 404},
    "DELETE": {204, 400, 401, 403, 404},
}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(entry[0], entry[1]) for entry in ENDPOINTS]),
            st.sampled_from(
                [None, {}, [], SUBMISSION, {"tags": 1}, {"accepting_jobs": 1}, b"\xff"]
            ),
            st.sampled_from([None, *VERSIONS, "2020-01-01"]),
            st.sampled_from([0.0, 3.0, 60.0, 30_000.0]),
        ),
        max_size=12,
    )
)
def test_whatever_is_asked_is_answered_as_documented(walk: list[Any]) -> None:
    """Any endpoint, any body, any version, in any order: a documented status, never an exception."""
    ask, names = prepared()
    for (method, path), body, version, pause in walk:
        ask.version = version
        ask.clock.advance(pause)
        answer = ask(method, path.format(**names), body)
        operation = "submit" if (method, path) == ("POST", "/jobs") else method
        assert answer.status in DOCUMENTED[operation], (method, path, answer)
        if answer.status >= 400 and answer.content_type == "application/json":
            assert isinstance(answer.body.get("message", answer.body.get("errors")), list | str)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/jobs", "POST, GET"), ("POST", "/backends", "GET"), ("GET", "/sessions", "POST")],
)
def test_a_wrong_method_is_405_with_those_that_are_allowed(
    method: str, path: str, allowed: str
) -> None:
    """In the header Allow, as HTTP has it; the body is the error response of the service."""
    response = Asking().raw(method, path)
    assert (response.status, response.headers["Allow"]) == (405, allowed)
    assert json.loads(response.body)["errors"][0]["message"]


def test_backends_say_how_many_physical_qubits_they_have() -> None:
    """The client hands it out as `backend.physical_qubits`."""
    with simulate() as sim:
        backend = sim.service().backend("ibm_torino")
        if hasattr(backend, "physical_qubits"):
            assert backend.physical_qubits == backend.num_qubits == 133


@pytest.mark.parametrize("aspect", ["configuration", "properties"])
def test_a_calibration_is_found_when_the_backend_has_it(aspect: str) -> None:
    """404 for one that is not; the snapshot for one that is."""
    ask = Asking()
    path = f"/backends/ibm_torino/{aspect}"
    assert ask("GET", f"{path}?calibration_id=c1").status == 404
    ask.service.change_backend("ibm_torino", {"calibrations": ("c1",)})
    assert ask("GET", f"{path}?calibration_id=c1").body == ask("GET", path).body


def test_the_classic_login_names_hosts_by_the_scheme_that_they_speak() -> None:
    """A server of qrtest is at a port, by plain HTTP unless a proxy in front of it says otherwise."""
    for host, scheme in (("127.0.0.1:8765", "http"), ("auth.quantum.ibm.com", "https")):
        body = Asking()("GET", f"{scheme}://{host}/users/me").body
        assert body["urls"]["http"] == f"{scheme}://{host}"
