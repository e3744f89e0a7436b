"""Libraries that only some parts of qrtest need, by the extra that installs them.

Each is imported where it is used, within `needed`, so that all other parts work without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from qrtest.errors import MissingDependency

__all__ = ["ALSO_USED", "EXTRAS", "needed"]

EXTRAS: Final = {
    "cli": ("commands", ("click", "rich")),
    "hypothesis": ("strategies and searches", ("hypothesis",)),
    "record": ("recordings", ("filelock", "vcr")),
    "serve": ("servers and the transport 'sockets'", ("httptools", "trustme", "websockets")),
}
"""What each extra of the package is for, and the modules of the libraries that it installs."""

ALSO_USED: Final = {"aer": ("qiskit_aer",), "scan": ("detect_secrets",)}
"""Extras that nothing needs, and the modules of their libraries: used where they are installed."""


@contextmanager
def needed(extra: str) -> Iterator[None]:
    """Raise `MissingDependency`, which names *extra*, if a library of it cannot be imported within.

    >>> with needed("serve"):
    ...     raise ImportError("no such module", name="httptools")
    Traceback (most recent call last):
        ...
    qrtest.errors.MissingDependency: httptools is not installed, and servers ...
    """
    purpose, libraries = EXTRAS[extra]
    try:
        yield
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        if library not in libraries:
            raise
        raise MissingDependency(
            f"{library} is not installed, and {purpose} need it: pip install 'qrtest[{extra}]'.",
            name=library,
        ) from error
