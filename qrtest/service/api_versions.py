"""Versions of the API: which there are, and which one a request speaks.

The header IBM-API-Version chooses the era of an answer; without it, the oldest answers. Source: the
REST description (0.45.3), its changelog, and GET versions of the live service.
"""

from __future__ import annotations

from typing import Any, Final

from qrtest.http.messages import Request
from qrtest.service import error_responses

__all__ = ["VERSIONS", "WITHOUT_TRANSPILED_CIRCUITS", "named", "spoken", "versions"]

VERSIONS: Final = (
    "2024-01-01",
    "2025-01-01",
    "2025-05-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
WITHOUT_TRANSPILED_CIRCUITS: Final = "2026-02-01"
SUNSET: Final = "2027-04-15"
_KNOWN: Final = frozenset(VERSIONS)


def spoken(request: Request) -> str:
    """The version that *request* speaks. Raises `RequestError` for one that the service does not know.

    >>> spoken(Request("GET", "host", "/jobs"))
    '2024-01-01'
    """
    version = named(request)
    if version not in _KNOWN:
        raise error_responses.api_version_unknown(version, VERSIONS)
    return version


def named(request: Request) -> str:
    """The version that *request* names, whether there is one or not: a recording may be of one to come.

    >>> named(Request("GET", "host", "/jobs", headers={"ibm-api-version": "2030-01-01"}))
    '2030-01-01'
    """
    return request.header("IBM-API-Version") or VERSIONS[0]


def versions() -> dict[str, Any]:
    """The body of GET versions: all but the newest are deprecated."""
    *old, newest = VERSIONS
    entries: list[dict[str, Any]] = [
        {"version": version, "sunset_date": SUNSET, "status": "deprecated"} for version in old
    ]
    return {"versions": [*entries, {"version": newest, "status": "live"}]}
