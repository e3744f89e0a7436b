"""Starts the program that a command runs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from qrtest.errors import RecordingError

__all__ = ["started"]


def started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start *command* in an *environment*. Raises `RecordingError` if it cannot be run."""
    try:
        return subprocess.Popen(command, env=environment)  # noqa: S603 (what the user typed)
    except OSError as error:
        raise RecordingError(
            f"{command[0]}: it cannot be run: {error.strerror or error}."
        ) from None
