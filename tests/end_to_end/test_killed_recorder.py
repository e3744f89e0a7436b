"""A recorder that is killed at any moment leaves the cassette whole, and the next one is not held up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 200
SCRIPT = """
import json, os, random, signal, sys, time
from pathlib import Path

import requests
import qrtest
from qrtest.cassette import store

path = Path(sys.argv[1])
NOBODY = "http://127.0.0.1:9/jobs/"


def session(name):
    with qrtest.record(path, key="k"):
        for number in range(3):
            try:
                requests.get(f"{NOBODY}{name}-{number}", timeout=1)
            except requests.ConnectionError:
                pass


def names():
    return [one.request.path.rpartition("/")[2] for one in store.load(path).interactions]


session("first")
begun = time.perf_counter()
session("second")
lasts = time.perf_counter() - begun
chance = random.Random(7)
before, old, new, killed = names(), 0, 0, 0
for turn in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        session(f"turn{turn}")
        os._exit(0)
    time.sleep(chance.uniform(0, lasts))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    killed += os.WIFSIGNALED(status)
    after = names()
    whole = [f"turn{turn}-{number}" for number in range(3)]
    assert after in (before, whole), (before, after)
    old, new, before = old + (after == before), new + (after == whole), after
session("last")
assert names() == ["last-0", "last-1", "last-2"]
print(json.dumps({"old": old, "new": new, "killed": killed, "left": sorted(os.listdir(path.parent))}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked and killed")
def test_a_recorder_killed_at_any_moment_leaves_the_cassette_whole(tmp_path: Path) -> None:
    """After each of hundreds of kills the file is the one before or the one after, and can be recorded."""
    path = tmp_path / "cassettes" / "x.yaml"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), str(KILLS)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reported = json.loads(done.stdout)
    assert reported["killed"] > KILLS / 2
    assert reported["old"] > 0
    assert reported["left"] == ["x.yaml"]
