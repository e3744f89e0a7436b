"""The instances of a recorded account by the CRN or the name that the replayed program has for them."""

from __future__ import annotations

from typing import Any, Final

from qrtest.cassette.digests import Digests
from qrtest.playback.request_index import leaf_fits, placeholders_in

__all__ = ["with_own_name"]

CRN: Final = "crn:"


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
