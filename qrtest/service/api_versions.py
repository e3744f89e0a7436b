"""Versions of the API: which there are, what each changed, and which one a request names.

The header IBM-API-Version chooses the form of an answer; without it, the oldest version answers. A new
version is entered in VERSIONS, and what it changed as a threshold beside the others. Source: the REST
description (0.45.3), its changelog, and GET versions of the real service.
"""

from __future__ import annotations

from typing import Any, Final

from qrtest.http.messages import Request
from qrtest.http.operations import Route, route

__all__ = [
    "BACKENDS_AS_OBJECTS",
    "CHARGE_TIME",
    "EXECUTION_TIME_BESIDE_USAGE",
    "HEADER",
    "VERSIONS",
    "WITHOUT_TRANSPILED_CIRCUITS",
    "base_path_of",
    "named",
    "newest",
    "route_of",
    "versions",
]

HEADER: Final = "IBM-API-Version"
VERSIONS: Final = (
    "2024-01-01",
    "2025-01-01",
    "2025-05-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
"""Every version, the oldest first. They are dates, so later ones compare as greater."""

BACKENDS_AS_OBJECTS: Final = "2025-01-01"
"""From here on GET backends lists objects, and names alone before."""

WITHOUT_TRANSPILED_CIRCUITS: Final = "2026-02-01"
"""From here on there is no GET transpiled_circuits."""

CHARGE_TIME: Final = "2026-03-15"
"""From here on usage is `qpu_charge_time_seconds`, and `seconds` before; metrics have no `bss`."""

EXECUTION_TIME_BESIDE_USAGE: Final = "2026-04-15"
"""From here on `circuits_execution_time_ns` of metrics stands beside `usage`, and within it before."""

SUNSET: Final = "2027-04-15"
DEEPEST: Final = 8
"""Below how many segments of a path the API may be."""


def newest() -> str:
    """Return the newest version.

    >>> newest()
    '2026-04-15'
    """
    return VERSIONS[-1]


def named(request: Request) -> str:
    """Return the version that *request* names, whether it exists or not: a recording may be of a later one.

    >>> named(Request("GET", "host", "/jobs", headers={"ibm-api-version": "2030-01-01"}))
    '2030-01-01'
    """
    return request.header(HEADER) or VERSIONS[0]


def base_path_of(request: Request) -> str | None:
    """Return the path that the API is below in *request*; None for the usual ones, or another service.

    A gateway, a proxy or a `url_resolver` may put the API below a path of its own. Such a request is known
    by the header that names the version.

    >>> base_path_of(Request("GET", "host", "/eu/quantum/api/v1/jobs/j", headers={HEADER: "2026-04-15"}))
    '/eu/quantum'
    """
    if request.route is not None or request.header(HEADER) is None:
        return None
    segments = request.path.split("/")
    for count in range(2, min(len(segments), DEEPEST)):
        if route(request.method, "/" + "/".join(segments[count:])) is not None:
            return "/".join(segments[:count])
    return None


def route_of(request: Request) -> Route | None:
    """Return the operation of *request*, below a path of its own, too; None when the service has none."""
    base = base_path_of(request)
    return request.route if base is None else route(request.method, request.path[len(base) :])


def versions() -> dict[str, Any]:
    """Return the body of GET versions: all but the newest are deprecated."""
    *old, live = VERSIONS
    entries: list[dict[str, Any]] = [
        {"version": version, "sunset_date": SUNSET, "status": "deprecated"} for version in old
    ]
    return {"versions": [*entries, {"version": live, "status": "live"}]}
