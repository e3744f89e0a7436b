"""GET /openapi.json: a description of this service, generated from its routes and schemas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from qrtest.http.messages import Request, Response, phrase
from qrtest.http.operations import OPEN_TO_ALL, Path, paths
from qrtest.service import api_versions, serialize
from qrtest.service.schemas import schemas

__all__ = ["answer", "answers", "description"]

TEXT_PLAIN: Final = "text/plain"


class Answers(NamedTuple):
    """What an operation answers: a schema by name, text for None, nothing for ""; and its errors."""

    status: int
    schema: str | None
    errors: tuple[int, ...] = ()
    request: str | None = None
    more: Mapping[int, str | None] = {}


JOB_ERRORS: Final = (400, 401, 404)
ANSWERS: Final[Mapping[tuple[str, str, str], Answers]] = {
    ("POST", "submit", ""): Answers(200, "Submitted", (400, 401, 404, 409, 413, 429), "Submission"),
    ("GET", "list", ""): Answers(200, "Jobs", (400, 401, 404)),
    ("GET", "poll", ""): Answers(200, "Job", JOB_ERRORS),
    ("DELETE", "delete", ""): Answers(204, "", JOB_ERRORS),
    ("GET", "result", ""): Answers(200, None, JOB_ERRORS, more={204: ""}),
    ("GET", "interim_results", ""): Answers(200, None, JOB_ERRORS),
    ("GET", "logs", ""): Answers(200, None, JOB_ERRORS),
    ("GET", "metrics", ""): Answers(200, "Metrics", JOB_ERRORS),
    ("POST", "cancel", ""): Answers(204, "", (*JOB_ERRORS, 409)),
    ("PUT", "tags", ""): Answers(204, "", JOB_ERRORS, "Tags"),
    ("GET", "transpiled_circuits", ""): Answers(200, "CircuitsUrl", JOB_ERRORS),
    ("GET", "stream", ""): Answers(101, "", (*JOB_ERRORS, 426)),
    ("GET", "tag_search", ""): Answers(200, "Tags", JOB_ERRORS),
    ("POST", "session", ""): Answers(200, "Session", JOB_ERRORS, "SessionRequest"),
    ("GET", "session", ""): Answers(200, "Session", JOB_ERRORS),
    ("PATCH", "session", ""): Answers(204, "", JOB_ERRORS, "Accepting"),
    ("DELETE", "session", ""): Answers(204, "", JOB_ERRORS),
    ("GET", "workloads", ""): Answers(200, "Workloads", JOB_ERRORS),
    ("GET", "versions", ""): Answers(200, "Versions"),
    ("GET", "openapi", ""): Answers(200, "Anything"),
    ("GET", "backends", ""): Answers(200, "Backends", JOB_ERRORS),
    ("GET", "backend", "configuration"): Answers(
        200, "BackendConfiguration", (400, 401), more={404: None}
    ),
    ("GET", "backend", "properties"): Answers(
        200, "BackendProperties", (400, 401), more={404: None}
    ),
    ("GET", "backend", "status"): Answers(200, "BackendStatus", (400, 401), more={404: None}),
    ("GET", "backend", "defaults"): Answers(200, "BackendDefaults", (400, 401), more={404: None}),
    ("GET", "instances", ""): Answers(200, "Instances", JOB_ERRORS),
    ("GET", "configuration", ""): Answers(200, "Configuration", JOB_ERRORS),
    ("PUT", "configuration", ""): Answers(204, "", JOB_ERRORS, "ConfigurationRequest"),
    ("GET", "account", ""): Answers(200, "Account", JOB_ERRORS),
    ("GET", "analytics", "usage"): Answers(200, "AnalyticsUsage", JOB_ERRORS),
    ("GET", "analytics", "usage_grouped"): Answers(200, "AnalyticsGrouped", JOB_ERRORS),
    ("GET", "analytics", "usage_grouped_by_date"): Answers(200, "AnalyticsGrouped", JOB_ERRORS),
    ("GET", "analytics", "filters"): Answers(200, "AnalyticsFilters", JOB_ERRORS),
    ("GET", "usage", "instances/usage"): Answers(200, "InstanceUsage", JOB_ERRORS),
    ("GET", "usage", "usage"): Answers(200, "ClassicUsage", JOB_ERRORS),
    ("GET", "instance", "instance"): Answers(200, "Instance", JOB_ERRORS),
    ("POST", "token", ""): Answers(200, "Token", (), "Anything", {400: "Anything"}),
    ("POST", "search", ""): Answers(200, "Search", (), "Anything"),
    ("GET", "plan", ""): Answers(200, "Plan", (), more={404: "Anything"}),
    ("GET", "resources", ""): Answers(200, "Resources"),
    ("GET", "resource", ""): Answers(200, "Resource", (), more={404: "Anything"}),
    ("PATCH", "resource", ""): Answers(
        200, "Resource", (400,), "ResourceRequest", {404: "Anything"}
    ),
    ("GET", "login", "version"): Answers(200, "Anything"),
    ("GET", "login", "users/me"): Answers(200, "Anything"),
    ("GET", "login", "Network"): Answers(200, "Anything"),
    ("POST", "login", "users/loginWithToken"): Answers(
        200, "Anything", (), "Anything", {401: "Anything"}
    ),
}
"""By method, operation and action. A route without an entry here fails a test."""


def answers(path: Path) -> dict[int, str | None]:
    """Return what may be answered on *path*, by status: a schema, text (None) or nothing ("")."""
    of = ANSWERS[path.method, path.operation, path.action]
    return {of.status: of.schema, **of.more, **dict.fromkeys(of.errors, "Error")}


def answer(request: Request) -> Response:
    """GET openapi.json: in the form of the API version that *request* names, else of the newest."""
    version = request.header(api_versions.HEADER)
    known = version if version in api_versions.VERSIONS else api_versions.newest()
    return serialize.json_response(description(known))


@lru_cache
def description(version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the service in the form of the API *version*.

    >>> description("2026-04-15")["info"]["version"]
    '2026-04-15'
    """
    described: dict[str, dict[str, Any]] = {}
    for path in paths():
        described.setdefault(path.template, {})[path.method.lower()] = _operation(path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IBM Quantum's REST API, as simulated by qrtest",
            "version": version,
        },
        "servers": [{"url": "/"}],
        "paths": described,
        "components": {
            "schemas": schemas(version),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: Path) -> dict[str, Any]:
    of = ANSWERS[path.method, path.operation, path.action]
    action = f"_{path.action.replace('/', '_')}" if path.action else ""
    body: dict[str, Any] = {
        "operationId": f"{path.method.lower()}_{path.operation}{action}",
        "responses": {
            str(status): _response(status, name) for status, name in sorted(answers(path).items())
        },
    }
    parameters = []
    if "{name}" in path.template:
        parameters.append(_parameter("name", "path", {"type": "string", "minLength": 1}))
    if path.operation not in OPEN_TO_ALL:
        body["security"] = [{"bearer": []}]
        version = {"type": "string", "enum": list(api_versions.VERSIONS)}
        parameters.append(_parameter(api_versions.HEADER, "header", version))
    if parameters:
        body["parameters"] = parameters
    if of.request is not None:
        content = {"application/json": {"schema": _named(of.request)}}
        body["requestBody"] = {"required": True, "content": content}
    return body


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _response(status: int, name: str | None) -> dict[str, Any]:
    response: dict[str, Any] = {"description": phrase(status)}
    if name is None:
        response["content"] = {TEXT_PLAIN: {"schema": {"type": "string"}}}
    elif name:
        response["content"] = {"application/json": {"schema": _named(name)}}
    return response


def _named(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
