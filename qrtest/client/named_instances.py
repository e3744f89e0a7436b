"""The instances of an account by the names that the program has for them.

A program may choose its instance by CRN or by name, and the client refuses one that is not in the list of the
account. The list in a recording has placeholders in the place of both, and a simulated account knows none of
them. So while a replay or a simulation is active, the list shows the program's own CRN or name in the place
of the instance that stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

from qrtest.patching import Patch
from qrtest.transport.interception import INTERCEPTION

__all__ = ["listings"]

LISTING: Final = "list_instances"
"""The method of an account that asks for the list, of releases that ask for it."""

AUTOMATIC: Final = "auto"
"""What a program says that leaves the choice to the client."""


def listings() -> Iterator[Patch]:
    """Yield what lets accounts list instances as the session that answers the thread names them."""
    from qiskit_ibm_runtime.accounts import account

    for kind in vars(account).values():
        if isinstance(kind, type) and LISTING in vars(kind):
            yield kind, LISTING, _listing(vars(kind)[LISTING])


def _listing(genuine: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(genuine)
    def list_instances(account: Any) -> Any:
        listed, wanted = genuine(account), getattr(account, "instance", None)
        answering = INTERCEPTION.followed()
        name = None if answering is None else answering.own_instances
        if name is None or not isinstance(wanted, str) or wanted in ("", AUTOMATIC):
            return listed
        return name(listed, wanted)

    return list_instances
