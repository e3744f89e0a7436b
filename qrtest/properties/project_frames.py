"""Which frames of a traceback or a stack are of the project under test: no library's, and not qrtest's."""

from __future__ import annotations

from collections.abc import Iterable
from traceback import FrameSummary, extract_tb
from types import TracebackType
from typing import Final

from qrtest.clock.line_switches import is_of_the_project

__all__ = [
    "calls_the_consumer",
    "frame_of_the_consumer",
    "project_frames",
    "trace_of_the_project",
]

CONSUMER_IS_CALLED: Final = "consumer_run.py"


def calls_the_consumer(filename: str) -> bool:
    """Return whether a frame of the file *filename* is the one that calls the consumer."""
    return filename.endswith(CONSUMER_IS_CALLED)


def project_frames(frames: Iterable[FrameSummary]) -> list[FrameSummary]:
    """Return the frames of *frames* that are the project's, from when the consumer was called."""
    found: list[FrameSummary] = []
    for frame in frames:
        if calls_the_consumer(frame.filename):
            found.clear()
        if is_of_the_project(frame.filename):
            found.append(frame)
    return found


def frame_of_the_consumer(trace: TracebackType | None) -> FrameSummary | None:
    """Return the innermost frame of *trace* that is the project's; None if there is none."""
    frames = project_frames(extract_tb(trace))
    return frames[-1] if frames else None


def trace_of_the_project(trace: TracebackType | None) -> TracebackType | None:
    """Return *trace* with the frames of the project alone, in their order; None if there is none."""
    kept: list[TracebackType] = []
    while trace is not None:
        if is_of_the_project(trace.tb_frame.f_code.co_filename):
            kept.append(trace)
        trace = trace.tb_next
    shown: TracebackType | None = None
    for each in reversed(kept):
        shown = TracebackType(shown, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return shown
