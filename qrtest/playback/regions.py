"""The region of a host of the service, and of an instance: us-east where a host names none."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["region_of_host", "region_of_instance"]

FIRST: Final = "us-east"
"""The region whose host has no name before it: the client's own rule for public endpoints."""

PART: Final = 5
_HOST: Final = re.compile(r"(?:private\.)?(?:([a-z]{2}-[a-z0-9]+)\.)?quantum\..+")


def region_of_host(host: str) -> str | None:
    """Return the region that *host* serves, public or private; None for the host of something else.

    >>> region_of_host("quantum.cloud.ibm.com"), region_of_host("private.eu-de.quantum.cloud.ibm.com")
    ('us-east', 'eu-de')
    """
    found = _HOST.fullmatch(host)
    return None if found is None else found[1] or FIRST


def region_of_instance(crn: str) -> str:
    """Return the region that *crn* names.

    >>> region_of_instance("crn:v1:bluemix:public:quantum-computing:eu-de:a/1:2::")
    'eu-de'
    """
    parts = crn.split(":")
    return parts[PART] if len(parts) > PART else ""
