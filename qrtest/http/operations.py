"""The table of paths: which operation a request asks for.

The service answers, faults strike and the journal counts by operation.
Source of the paths: the REST API's description, and the requests of releases 0.26 to 0.51.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = [
    "OF_A_JOB",
    "OPEN_TO_ALL",
    "OPERATIONS",
    "Path",
    "Route",
    "allowed_methods",
    "paths",
    "route",
]


class Route(NamedTuple):
    """An operation, and the job, session, backend or plan that the path names."""

    operation: str
    name: str = ""
    action: str = ""


_TABLE: Final = (
    ("POST", r"/jobs", "submit"),
    ("GET", r"/jobs", "list"),
    ("GET", r"/jobs/(?P<name>[^/]+)", "poll"),
    ("DELETE", r"/jobs/(?P<name>[^/]+)", "delete"),
    ("GET", r"/jobs/(?P<name>[^/]+)/results", "result"),
    ("GET", r"/jobs/(?P<name>[^/]+)/interim_results", "interim_results"),
    ("GET", r"/jobs/(?P<name>[^/]+)/logs", "logs"),
    ("GET", r"/jobs/(?P<name>[^/]+)/metrics", "metrics"),
    ("POST", r"/jobs/(?P<name>[^/]+)/cancel", "cancel"),
    ("PUT", r"/jobs/(?P<name>[^/]+)/tags", "tags"),
    ("GET", r"/jobs/(?P<name>[^/]+)/transpiled_circuits", "transpiled_circuits"),
    ("GET", r"/stream/jobs/(?P<name>[^/]+)", "stream"),
    ("GET", r"/tags", "tag_search"),
    ("POST", r"/sessions", "session"),
    ("GET", r"/sessions/(?P<name>[^/]+)", "session"),
    ("PATCH", r"/sessions/(?P<name>[^/]+)", "session"),
    ("DELETE", r"/sessions/(?P<name>[^/]+)/close", "session"),
    ("GET", r"/workloads", "workloads"),
    ("GET", r"/versions", "versions"),
    ("GET", r"/openapi\.json", "openapi"),
    ("GET", r"/backends", "backends"),
    (
        "GET",
        r"/backends/(?P<name>[^/]+)/(?P<action>configuration|properties|status|defaults)",
        "backend",
    ),
    ("GET", r"/instances", "instances"),
    ("GET", r"/instances/configuration", "configuration"),
    ("PUT", r"/instances/configuration", "configuration"),
    ("GET", r"/accounts/(?P<name>[^/]+)", "account"),
    (
        "GET",
        r"/analytics/(?P<action>usage|usage_grouped|usage_grouped_by_date|filters)",
        "analytics",
    ),
    ("GET", r"/(?P<action>instances/usage|usage)", "usage"),
    ("GET", r"/(?P<action>instance)", "instance"),
    ("POST", r"/identity/token", "token"),
    ("POST", r"/v3/resources/search", "search"),
    ("GET", r"/api/v1/(?P<name>[0-9a-f]{8}-[0-9a-f-]+)", "plan"),
    ("GET", r"/v2/resource_instances", "resources"),
    ("GET", r"/v2/resource_instances/(?P<name>.+)", "resource"),
    ("PATCH", r"/v2/resource_instances/(?P<name>.+)", "resource"),
    ("GET", r"/(?P<action>version|users/me|Network)", "login"),
    ("POST", r"/(?P<action>users/loginWithToken)", "login"),
)
OPEN_TO_ALL: Final = frozenset(
    {"versions", "openapi", "token", "search", "plan", "resources", "resource", "login"}
)
"""The operations that need no token of this service, or check it elsewhere."""

_ELSEWHERE: Final = ("search", "plan", "resources", "resource")
_PREFIX: Final = r"(?:/api)?(?:/v1)?"
_ROUTES: Final = tuple(
    (
        method,
        re.compile(("" if operation in _ELSEWHERE else _PREFIX) + pattern + "/?"),
        operation,
    )
    for method, pattern, operation in _TABLE
)

_CATALOG: Final = "globalcatalog."
_PLAN: Final = re.compile(r"/api/v1/([^/]+)/?")

OF_A_JOB: Final = frozenset(
    operation for _, pattern, operation in _TABLE if r"/jobs/(?P<name>" in pattern
)
"""The operations whose path names a job."""

OPERATIONS: Final = tuple(dict.fromkeys(operation for _, _, operation in _TABLE))


@lru_cache(maxsize=4096)
def route(method: str, path: str, host: str = "") -> Route | None:
    """Return the operation of *method* on *path*; None when the service has none.

    *host* is needed for what other services of the account answer: their catalog has plans of any id.

    >>> route("GET", "/api/v1/jobs/d5h6o44pe0pc73am1f1g/results")
    Route(operation='result', name='d5h6o44pe0pc73am1f1g', action='')
    """
    if method == "GET" and host.startswith(_CATALOG) and (plan := _PLAN.fullmatch(path)):
        return Route("plan", plan[1])
    for known_method, pattern, operation in _ROUTES:
        if method == known_method and (match := pattern.fullmatch(path)):
            named = match.groupdict()
            return Route(operation, named.get("name") or "", named.get("action") or "")
    return None


class Path(NamedTuple):
    """A path of the service as OpenAPI writes it, with its method and operation."""

    method: str
    template: str
    operation: str
    action: str = ""


@lru_cache(maxsize=1)
def paths() -> tuple[Path, ...]:
    """Return every path that the service answers, each alternative by itself.

    >>> [path.template for path in paths() if path.operation == "poll"]
    ['/api/v1/jobs/{name}']
    """
    found = []
    for method, pattern, operation in _TABLE:
        template = re.sub(r"\(\?P<name>[^)]*\)", "{name}", pattern).replace("\\", "")
        prefix = "" if operation in (*_ELSEWHERE, "token", "login") else "/api/v1"
        actions = re.search(r"\(\?P<action>([^)]*)\)", template)
        for action in actions[1].split("|") if actions else [""]:
            path = template.replace(actions[0], action) if actions else template
            found.append(Path(method, prefix + path, operation, action))
    return tuple(found)


def allowed_methods(path: str) -> tuple[str, ...]:
    """Return the methods that the service has for *path*; none for a path that it does not have.

    >>> allowed_methods("/api/v1/jobs")
    ('POST', 'GET')
    """
    return tuple(method for method, pattern, _ in _ROUTES if pattern.fullmatch(path))
