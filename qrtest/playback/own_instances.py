"""The instances of a recorded account: which the program used, and by which CRN or name it has them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette
from qrtest.playback.regions import region_of_host, region_of_instance
from qrtest.playback.request_index import leaf_fits, placeholders_in
from qrtest.service import parse

__all__ = ["used_instance", "with_own_name"]

CRN: Final = "crn:"
CHANGES: Final = ("submit", "session", "cancel")


def used_instance(cassette: Cassette) -> str | None:
    """Return the CRN of the instance that the recorded program used; None if no list of them was recorded.

    It is the one that its sessions name; else one of those that it asked, in the region where it submitted.
    """
    listed: list[str] = []
    named: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    for each in cassette.interactions:
        where = each.request.route
        if where is None:
            continue
        if where.operation == "search":
            listed += parse.instances(each.response.body)
        elif where.operation == "session" and each.request.method == "POST":
            named[_instance_in(each.request.body)] += each.repeat
        region = region_of_host(each.request.host)
        if region is not None:
            regions[region] += 1 + (where.operation in CHANGES) * len(cassette.interactions)
    asked = cassette.digests.of.keys()

    def use(crn: str) -> tuple[int, bool, int]:
        is_asked = bool(asked & set(placeholders_in(crn)[-1:]))
        return named[crn], is_asked, regions[region_of_instance(crn)]

    return max(listed, key=use, default=None)


def _instance_in(body: bytes) -> str:
    """Return the instance that the *body* of a new session names."""
    try:
        return str(json.loads(body)["instance"])
    except parse.UNREADABLE:
        return ""


def with_own_name(
    listed: list[dict[str, Any]], wanted: str, digests: Digests
) -> list[dict[str, Any]]:
    """Return the instances *listed* in a recorded answer, the one that stands for *wanted* called so.

    *wanted* is a CRN, or a name, which several instances may have. None is called so if none stands for it,
    or if nothing says which of several does. A recording has *digests* of the instances that were asked:
    those of which it has most are the ones that the program used. In a cassette without digests, of another
    tool, the only one that has a placeholder is the program's.

    >>> with_own_name([{"crn": "crn:1", "name": "redacted-text-0123456789"}], "my-team", Digests())
    [{'crn': 'crn:1', 'name': 'my-team'}]
    """
    field = "crn" if wanted.startswith(CRN) else "name"
    called = [str(each.get(field, "")) for each in listed]
    if wanted in called:
        return listed
    known = {each: len(digests.of.keys() & set(placeholders_in(each))) for each in called}
    most = max(known.values(), default=0)
    used = [each for each in known if known[each] == most and placeholders_in(each)]
    fitting = [each for each in used if leaf_fits(each, wanted, digests)]
    if not most and digests.salt:
        return listed
    if len(fitting) != 1:
        return listed
    return [{**each, field: wanted} if each.get(field) == fitting[0] else each for each in listed]
