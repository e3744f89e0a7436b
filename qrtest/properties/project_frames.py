"""Which frames of a traceback or a stack are of the project under test: no library's, and not qrtest's."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from traceback import FrameSummary, extract_tb
from types import TracebackType

__all__ = ["frame_of_the_consumer", "is_of_the_project", "project_frames"]

QRTEST = str(Path(__file__).parents[1])
LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}


def project_frames(frames: Iterable[FrameSummary]) -> list[FrameSummary]:
    """Return the frames of *frames* that are the project's, from when the consumer was called."""
    found: list[FrameSummary] = []
    for frame in frames:
        if frame.filename.endswith("consumer_run.py"):
            found.clear()
        if is_of_the_project(frame.filename):
            found.append(frame)
    return found


def is_of_the_project(filename: str) -> bool:
    """Return whether a file is no library's, and not qrtest's."""
    is_a_library = any(filename.startswith(path + os.sep) for path in (*LIBRARIES, QRTEST))
    return not is_a_library and not filename.startswith("<frozen")


def frame_of_the_consumer(trace: TracebackType | None) -> FrameSummary | None:
    """Return the innermost frame of *trace* that is the project's; None if there is none."""
    frames = project_frames(extract_tb(trace))
    return frames[-1] if frames else None
