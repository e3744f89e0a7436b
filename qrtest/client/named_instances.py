"""The instances of an account by the names that the program has for them.

A program may choose its instance by CRN or by name, and the client refuses one that is not in the list of the
account. The list in a recording has placeholders in the place of both, and a simulated account knows none of
them. So while a replay or a simulation is active, the list shows the program's own CRN or name in the place
of the instance that stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from qrtest.clock.clocks import Clock
from qrtest.clock.installed import current
from qrtest.patching import Patch, Patches

__all__ = ["NAMED_INSTANCES", "PATCHES", "NamedInstances", "OwnInstances"]

LISTING: Final = "list_instances"
"""The method of an account that asks for the list, of releases that ask for it."""

AUTOMATIC: Final = "auto"
"""What a program says that leaves the choice to the client."""

OwnInstances = Callable[[list[dict[str, Any]], str], list[dict[str, Any]]]
"""Called with the listed instances and the CRN or name that the program gave; returns them under that."""


class NamedInstances:
    """Lets accounts of the client list instances under the program's own CRNs and names.

    It needs `PATCHES`, which are made whenever requests are answered in this process.
    """

    def __init__(self) -> None:
        self._naming: dict[int, OwnInstances] = {}

    @contextmanager
    def shown(self, name: OwnInstances, clock: Clock) -> Iterator[None]:
        """Show the instances as *name* gives them, to the threads that follow *clock*."""
        self._naming[id(clock)] = name
        try:
            yield
        finally:
            del self._naming[id(clock)]

    def listed(self, account: Any, listed: Any) -> Any:
        """Return the instances *listed* for *account* as the program knows them."""
        wanted, name = getattr(account, "instance", None), self._naming.get(id(current()))
        if name is None or not isinstance(wanted, str) or wanted in ("", AUTOMATIC):
            return listed
        return name(listed, wanted)


NAMED_INSTANCES: Final = NamedInstances()


def _patches() -> Iterator[Patch]:
    from qiskit_ibm_runtime.accounts import account

    for kind in vars(account).values():
        if isinstance(kind, type) and LISTING in vars(kind):
            yield kind, LISTING, _listing(vars(kind)[LISTING])


def _listing(genuine: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(genuine)
    def list_instances(account: Any) -> Any:
        return NAMED_INSTANCES.listed(account, genuine(account))

    return list_instances


PATCHES: Final = Patches(_patches, is_stable=True)
