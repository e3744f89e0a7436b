"""The instances of a recorded account by the names that the program has for them.

A program may choose its instance by CRN or by name. The list of instances in a recording has placeholders
in the place of both, and the client refuses an instance that is not in the list. So while a recording is
replayed, the list shows the program's own CRN or name where the recorded one stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from qrtest.patching import Patch, Patches

__all__ = ["RECORDED_INSTANCES", "OwnInstances", "RecordedInstances"]

LISTING: Final = "list_instances"
"""The method of an account that asks for the list, of releases that ask for it."""

OwnInstances = Callable[[list[dict[str, Any]], str], list[dict[str, Any]]]
"""Called with the recorded instances and the CRN or name that the program gave; returns them under that."""


class RecordedInstances:
    """Lets accounts of the client list instances under the program's own CRNs and names, during replays."""

    def __init__(self) -> None:
        self._naming: list[OwnInstances] = []
        self._patches = Patches(self._found)

    @contextmanager
    def shown(self, name: OwnInstances) -> Iterator[None]:
        """Show the recorded instances as *name* gives them."""
        with self._patches:
            self._naming.append(name)
            try:
                yield
            finally:
                self._naming.remove(name)

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
            listed, wanted = genuine(account), getattr(account, "instance", None)
            if isinstance(wanted, str) and wanted:
                for name in tuple(self._naming):
                    listed = name(listed, wanted)
            return listed

        return list_instances


RECORDED_INSTANCES: Final = RecordedInstances()
