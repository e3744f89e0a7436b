"""The instances of the service that a session asked."""

from __future__ import annotations

from collections.abc import Iterable

from qrtest.cassette.model import Interaction
from qrtest.service import parse

__all__ = ["asked_instances"]


def asked_instances(interactions: Iterable[Interaction]) -> tuple[set[str], set[str]]:
    """Return the CRNs of the instances that were asked, which no kept header names, and their names."""
    interactions = list(interactions)
    asked = {each.request.header("Service-CRN") or "" for each in interactions}
    names = set[str]()
    for each in interactions:
        if each.request.route is not None and each.request.route.operation == "search":
            found = parse.instance_names(each.response.body)
            names.update(name for crn, name in found.items() if crn in asked)
    return asked, names
