"""Keeps what a consumer prints and logs in hundreds of runs out of the report of the one that matters.

What is dropped is looked through for the API key of the simulation: a consumer that prints it would print a
real one.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

from qrtest.patching import Patch, Patches
from qrtest.properties.source_lines import project_frame

__all__ = ["MUTED_CLIENT", "PRINTED_SECRETS", "muted"]

CLIENT: Final = ("urllib3", "requests", "qiskit_ibm_runtime", "qiskit", "ibm_cloud_sdk_core")


SECRET: Final = "qrtest-api-key"  # noqa: S105 (no secret: nobody takes it but the simulation)
"""The API key of simulated accounts."""

PRINTED_SECRETS: Final[list[str]] = []
"""Where the API key was printed or logged since the list was emptied, as words for a report."""


class _Nowhere(io.TextIOBase):
    """A text stream that keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if SECRET in text:
            caller = project_frame(sys._getframe(1))
            where = (
                f", in {Path(caller.f_code.co_filename).name}:{caller.f_lineno}" if caller else ""
            )
            PRINTED_SECRETS.append(f"it printed the API key of the account{where}")
        return len(text)


class _NoLog(logging.Handler):
    """A handler that keeps nothing; as there is one, logging prints nothing to stderr either."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            has_secret = SECRET in record.getMessage()
        except (
            Exception
        ):  # arguments that do not fit the message: that is what `handleError` is for
            self.handleError(record)
            return
        if has_secret:
            where = f"{record.filename}:{record.lineno}"
            PRINTED_SECRETS.append(f"it logged the API key of the account, in {where}")


def _outputs() -> Iterator[Patch]:
    root = logging.getLogger()
    yield sys, "stdout", _Nowhere()
    yield sys, "stderr", _Nowhere()
    yield root, "handlers", [_NoLog()]
    yield root, "level", min(root.level, logging.INFO)


def _loggers_of_the_client() -> Iterator[Patch]:
    import_module("qrtest.client.job_doubles")  # it makes its loggers when it is imported
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in CLIENT:
            yield logger, "disabled", True


_MUTED: Final = Patches(_outputs)


@contextmanager
def muted() -> Iterator[None]:
    """Print nothing within the block; what is logged, from INFO on, reaches no handler of the root logger.

    Programs log at INFO where they run, though a test run may not: an API key is looked for there, too.
    """
    root = logging.getLogger()
    try:
        with _MUTED:
            # Loggers remember what they need not log until a level is set.
            root.setLevel(root.level)
            yield
    finally:
        root.setLevel(root.level)


MUTED_CLIENT: Final = Patches(_loggers_of_the_client)
"""While it is entered, the client does not log its retries."""
