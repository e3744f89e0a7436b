"""The instances of a recorded account by the names that the program has for them.

A program may name the instance that it uses by its CRN. The list of instances in a recording has
placeholders in the place of account and instance, and the client refuses an instance that is not in the
list. So while a recording is replayed, the list shows the program's own CRN where the recorded one stands
for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from qrtest.patching import Patch, Patches

__all__ = ["RECORDED_INSTANCES", "OwnCrn", "RecordedInstances"]

CRN: Final = "crn:"
LISTING: Final = "list_instances"
"""The method of an account that asks for the list, of releases that ask for it."""

OwnCrn = Callable[[list[str], str], str | None]
"""Which of the recorded CRNs stands for that of the program; None for none of them."""


class RecordedInstances:
    """Lets the accounts of the client list instances by the program's own CRNs, during replays."""

    def __init__(self) -> None:
        self._choosing: list[OwnCrn] = []
        self._patches = Patches(self._found)

    @contextmanager
    def shown(self, choose: OwnCrn) -> Iterator[None]:
        """Show the program's CRN in place of the recorded one that *choose* gives."""
        with self._patches:
            self._choosing.append(choose)
            try:
                yield
            finally:
                self._choosing.remove(choose)

    def _found(self) -> list[Patch]:
        from qiskit_ibm_runtime.accounts import account

        kinds = [each for each in vars(account).values() if isinstance(each, type)]
        return [
            (kind, LISTING, self._listing(vars(kind)[LISTING]))
            for kind in kinds
            if LISTING in vars(kind)
        ]

    def _listing(self, genuine: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @wraps(genuine)
        def list_instances(account: Any) -> Any:
            return self._renamed(genuine(account), getattr(account, "instance", None))

        return list_instances

    def _renamed(self, listed: Any, wanted: Any) -> Any:
        """Return the instances *listed*, the one that is *wanted* under the name that is wanted."""
        if not isinstance(wanted, str) or not wanted.startswith(CRN):
            return listed
        known = [each["crn"] for each in listed]
        if wanted in known:
            return listed
        chosen = {choose(known, wanted) for choose in tuple(self._choosing)} - {None}
        return [{**each, "crn": wanted} if each["crn"] in chosen else each for each in listed]


RECORDED_INSTANCES: Final = RecordedInstances()
