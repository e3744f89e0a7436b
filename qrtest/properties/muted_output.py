"""Keeps what a consumer prints and logs in hundreds of runs out of the report of the one that matters."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from qrtest.patching import Patch, Patches

__all__ = ["MUTED", "MUTED_CLIENT"]

CLIENT: Final = ("urllib3", "requests", "qiskit_ibm_runtime", "qiskit", "ibm_cloud_sdk_core")


class _Nowhere(io.TextIOBase):
    """A text stream that keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def _outputs() -> Iterator[Patch]:
    yield sys, "stdout", _Nowhere()
    yield sys, "stderr", _Nowhere()
    # Not an empty list: without any handler, logging prints to stderr.
    yield logging.getLogger(), "handlers", [logging.NullHandler()]


def _loggers_of_the_client() -> Iterator[Patch]:
    import_module("qrtest.client.job_doubles")  # it makes its loggers when it is imported
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in CLIENT:
            yield logger, "disabled", True


MUTED: Final = Patches(_outputs)
"""While it is entered, nothing is printed, and what is logged reaches no handler of the root logger."""

MUTED_CLIENT: Final = Patches(_loggers_of_the_client)
"""While it is entered, the client does not log its retries."""
