"""A new status is entered in three files: the table, its step, and the service's word for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import qrtest

EDITS = {
    "lifecycle/transitions.py": [
        ('RUNNING: Final = "RUNNING"', 'RUNNING: Final = "RUNNING"\nPAUSED: Final = "PAUSED"'),
        (
            '            "start": RUNNING,',
            '            "start": RUNNING,\n            "pause": PAUSED,',
        ),
        (
            "        DONE: {},",
            '        PAUSED: {"start": RUNNING, "pause": PAUSED, "cancel": CANCELLED},\n        DONE: {},',
        ),
    ],
    "lifecycle/step.py": [
        (
            '    transitions.DONE: "done",',
            '    transitions.PAUSED: "paused",\n    transitions.DONE: "done",',
        ),
        (
            "def done(",
            "def paused(lasts: Duration | None = None) -> Step:\n"
            "    return Step(transitions.PAUSED, _length(lasts))\n\n\ndef done(",
        ),
    ],
    "service/serialize.py": [
        (
            '    transitions.DONE: "Completed",',
            '    transitions.PAUSED: "Paused",\n    transitions.DONE: "Completed",',
        ),
    ],
}
PROGRAM = """
import qrtest
from qrtest import Scenario, Script
from qrtest.lifecycle.step import paused
from qrtest.lifecycle.transitions import diagram
text = "QUEUED 5s; RUNNING 5s; PAUSED 1h; RUNNING 5s; DONE"
script = Script.parse(text)
assert str(script) == text and paused("1h") in script and "paused('1h')" in repr(script)
public = {name: getattr(qrtest, name) for name in qrtest.__all__}
assert eval(repr(script), {**public, "paused": paused}) == script
assert "RUNNING --> PAUSED: pause" in diagram()
with qrtest.simulate() as sim:
    job = sim.job(Scenario(script))
    sim.clock.advance("1m")
    assert sim.api_client.job_get(job.job_id())["status"] == "Paused"
    job.wait_for_final_state()
    assert job.status() == "DONE" and sim.clock.now() > 3600
print("PAUSED works")
"""


def test_a_new_status_is_entered_in_three_files_at_most(tmp_path: Path) -> None:
    """And is then parsed, printed, checked, drawn and served."""
    assert len(EDITS) <= 3
    copy = tmp_path / "qrtest"
    shutil.copytree(Path(qrtest.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pyc"))
    for name, edits in EDITS.items():
        source = (copy / name).read_text()
        for before, after in edits:
            assert before in source, f"{name} has no {before!r} to edit"
            source = source.replace(before, after)
        (copy / name).write_text(source)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stdout == "PAUSED works\n", ended.stderr
