"""Draws the picture of the README: the timeline of its own example. Run: python -m docs.make_picture"""

from __future__ import annotations

from pathlib import Path

import qrtest
from qrtest import faults, timeline_of
from qrtest.timeline import render

PICTURE = Path(__file__).parent / "pictures" / "first.svg"
SCRIPT = 'QUEUED 2h; RUNNING 30s; ERROR 1500 "Internal error."'
FAULTS = [faults.status(504, times=3, on="poll", since="1h")]
"""As the README has them: a test compares the two."""


def picture() -> str:
    """Return the timeline of the job of the README, as its test goes through it."""
    with qrtest.simulate(longest="5h") as sim:
        job = sim.job(SCRIPT, faults=FAULTS)
        try:
            job.result(timeout=4 * 3600)
        except Exception as error:
            if type(error).__name__ != "RuntimeJobFailureError":
                raise
    return render.svg(timeline_of(sim, "test_a_failure_after_a_long_queue"), width=800)


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
