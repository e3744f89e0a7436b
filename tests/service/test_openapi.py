"""The service's description of itself: every route is in it, and every answer is valid by it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest.http.messages import Response
from qrtest.http.operations import Path, allowed_methods, paths, route
from qrtest.service import openapi
from qrtest.service.api_versions import VERSIONS
from qrtest.service.instances import ACCOUNT_ID, CRN, PLANS
from tests.asking import BELL, Asking
from tests.drawn_scripts import scripts
from tests.service.schema_check import problems

PATHS = [path for path in paths() if path.operation != "stream"]
SCRIPTS = (
    "QUEUED", "QUEUED 1s; RUNNING", "DONE", "QUEUED 1s; RUNNING 2s; DONE", "ERROR 1500", "ERROR",
    "RUNNING 3h; ERROR 1305", "CANCELLED", 'RUNNING 1s; CANCELLED "Session closed"',
)  # fmt: skip
BODIES: dict[str, Any] = {
    "Submission": {"program_id": "sampler", "backend": "ibm_torino", "params": BELL, "tags": ["a"]},
    "Tags": {"tags": ["b"]},
    "SessionRequest": {"mode": "batch", "backend": "ibm_torino"},
    "Accepting": {"accepting_jobs": False},
    "ConfigurationRequest": {"instance_limit": 600},
    "ResourceRequest": {"parameters": {"usage_allocation_seconds": "600"}},
    "Anything": {"apiToken": "t"},
}
QUERIES = {"tag_search": "?search=abc", "list": "?limit=2"}


def problems_of(answer: Response, path: Path, version: str) -> list[str]:
    """Return what is wrong with *answer* by the description."""
    described = openapi.answers(path)
    if answer.status not in described:
        return [f"status {answer.status} is not described: {sorted(described)}"]
    name = described[answer.status]
    if name == "":
        return [] if answer.body == b"" else [f"a body with status {answer.status}"]
    kind = answer.headers.get("Content-Type", "")
    if name is None:
        return [] if kind.startswith("text/plain") else [f"{kind} is no text"]
    if kind != "application/json":
        return [f"{kind} is no JSON"]
    schemas = openapi.description(version)["components"]["schemas"]
    return list(problems(json.loads(answer.body), schemas[name], schemas))


def names(ask: Asking) -> dict[str, list[str]]:
    """Return what the paths of each operation can be about: what there is, and what there is not."""
    job = ask.submit(tags=["abcd"])
    session = ask("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_torino"}).body["id"]
    return {
        "session": [session, "nowhere"],
        "backend": ["ibm_torino", "nowhere"],
        "plan": [PLANS["paygo"].id, "00000000-0"],
        "resource": [quote(CRN, safe=""), "crn%3Anowhere"],
        "account": [ACCOUNT_ID, "nobody"],
        "": [job, "nowhere"],
    }


def walked(ask: Asking, version: str) -> list[str]:
    """Return what is wrong with the answer of each route, for what there is and for what there is not."""
    ask.version = version
    about = names(ask)
    ask.clock.sleep(4)
    found = []
    for path in sorted(PATHS, key=lambda each: each.method == "DELETE"):
        request = openapi.ANSWERS[path.method, path.operation, path.action].request
        body = None if request is None else BODIES[request]
        query = QUERIES.get(
            path.operation, "?group_by=instance" if "grouped" in path.action else ""
        )
        for name in about.get(path.operation, about[""]) if "{name}" in path.template else [""]:
            url = f"https://quantum.cloud.ibm.com{path.template.replace('{name}', name)}{query}"
            answer = ask.raw(path.method, url, body)
            found += [
                f"{path.method} {path.template}: {each}"
                for each in problems_of(answer, path, version)
            ]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_answer_is_valid_by_the_description(script: str, version: str) -> None:
    """Of every route, in every API version, whatever the job does."""
    assert walked(Asking(script), version) == []


@given(scripts(), st.sampled_from(VERSIONS))
def test_answers_about_any_script_are_valid(script: Any, version: str) -> None:
    """But for statuses that a script makes up on purpose."""
    if any(step.says is not None for step in script):
        return
    assert walked(Asking(str(script)), version) == []


def test_every_route_is_described_and_every_description_is_of_a_route() -> None:
    """With the operation that the service takes it for."""
    assert {(each.method, each.operation, each.action) for each in paths()} == set(openapi.ANSWERS)
    for path in paths():
        example = path.template.replace("{name}", "0badcafe-0" if path.operation == "plan" else "x")
        found = route(path.method, example)
        assert found is not None
        assert (found.operation, found.action) == (path.operation, path.action)


def test_a_wrong_method_is_405_on_every_path() -> None:
    """And names the right ones."""
    ask = Asking()
    for path in PATHS:
        url = "https://h" + path.template.replace("{name}", "0badcafe-0")
        allowed = allowed_methods(path.template.replace("{name}", "0badcafe-0"))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed):
            assert ask.raw(method, url).status == 405


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.data())
def test_no_request_ends_in_a_server_error(data: st.DataObject) -> None:
    """Any body, query and header on any route: an error that is described, and never a 5xx."""
    ask = Asking(data.draw(st.sampled_from(SCRIPTS)))
    about = names(ask)
    path = data.draw(st.sampled_from(PATHS))
    request = openapi.ANSWERS[path.method, path.operation, path.action].request
    usual = BODIES.get(request or "", {})
    changed = st.dictionaries(st.sampled_from([*usual, "more"]), VALUES).map(
        lambda more: {**usual, **more}
    )
    body = data.draw(st.none() | st.binary(max_size=8) | VALUES | changed)
    name = data.draw(st.sampled_from(about.get(path.operation, about[""])) | st.text(max_size=5))
    text = st.text(st.characters(codec="utf-8"), max_size=8)
    keys = [
        "limit",
        "offset",
        "tags",
        "search",
        "group_by",
        "interval_start",
        "interval_end",
        "plan_id",
    ]
    keys += [
        "created_after",
        "pending",
        "updated_before",
        "calibration_id",
        "exclude_params",
        "fields",
    ]
    query = data.draw(st.dictionaries(st.sampled_from(keys), text, max_size=3))
    asked = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    ask.version = data.draw(st.sampled_from([*VERSIONS, None, "2023-01-01", ""]))
    ask.token = data.draw(st.sampled_from(["Bearer x", None, ""]))
    ask.crn = data.draw(st.sampled_from([None, CRN, "crn:x"]))
    where = path.template.replace("{name}", quote(name, safe="%") or "x")
    if route(path.method, where) is None:
        return
    answer = ask.raw(path.method, f"https://quantum.cloud.ibm.com{where}?{asked}", body)
    assert answer.status < 500
    assert answer.status in openapi.answers(path)


def test_a_server_publishes_the_description() -> None:
    """In the newest API version, or in the one that is asked for; without a token."""
    with qrtest.serve(port=0) as server:
        newest = requests.get(f"{server.url}/openapi.json", timeout=30).json()
        older = requests.get(
            f"{server.url}/api/v1/openapi.json",
            headers={"IBM-API-Version": "2025-05-01"},
            timeout=30,
        ).json()
    assert newest == json.loads(json.dumps(openapi.description(VERSIONS[-1])))
    assert older["info"]["version"] == "2025-05-01"


def test_the_devices_of_a_server_are_as_described() -> None:
    """Those of the client's snapshots, of which some have numbers where the service has texts."""
    headers = {"Authorization": "Bearer x", "IBM-API-Version": VERSIONS[-1]}
    with qrtest.serve(port=0) as server:
        url = f"{server.url}/api/v1/backends"
        listed = requests.get(url, headers=headers, timeout=30).json()
    schemas = openapi.description(VERSIONS[-1])["components"]["schemas"]
    assert list(problems(listed, schemas["Backends"], schemas)) == []
