"""Which frames of a traceback or a stack are of the project under test: no library's, and not qrtest's."""

from __future__ import annotations

from collections.abc import Iterable
from traceback import FrameSummary, extract_tb
from types import TracebackType

from qrtest.clock.line_switches import is_of_the_project

__all__ = ["frame_of_the_consumer", "project_frames"]


def project_frames(frames: Iterable[FrameSummary]) -> list[FrameSummary]:
    """Return the frames of *frames* that are the project's, from when the consumer was called."""
    found: list[FrameSummary] = []
    for frame in frames:
        if frame.filename.endswith("consumer_run.py"):
            found.clear()
        if is_of_the_project(frame.filename):
            found.append(frame)
    return found


def frame_of_the_consumer(trace: TracebackType | None) -> FrameSummary | None:
    """Return the innermost frame of *trace* that is the project's; None if there is none."""
    frames = project_frames(extract_tb(trace))
    return frames[-1] if frames else None
