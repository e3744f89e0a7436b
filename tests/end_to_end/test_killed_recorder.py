"""A recorder that is killed at any moment leaves the cassette whole, and the next one is not held up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 120
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


def turn(word):  # a recording in a child of its own, to be killed or waited for
    child = os.fork()
    if child == 0:
        session(word)
        os._exit(0)
    return child


def whole(word):
    return [f"{word}-{number}" for number in range(3)]


session("first")
begun = time.perf_counter()
for _ in range(5):
    os.waitpid(turn("first"), 0)
lasts = (time.perf_counter() - begun) / 5
chance = random.Random(7)
# Words that a cassette keeps as they are, so that the file says whose recording it holds.
word, other, old, new, killed = "first", "second", 0, 0, 0
while killed < int(sys.argv[2]):
    child = turn(other)
    time.sleep(chance.uniform(0, 1.2 * lasts))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    killed += os.WIFSIGNALED(status)
    after = names()
    assert after in (whole(word), whole(other)), (word, after)
    if after == whole(other):
        word, other, new = other, word, new + 1
    else:
        old += 1
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
    assert reported["killed"] == KILLS
    assert reported["old"] > 0
    assert reported["new"] > 0
    assert reported["left"] == ["x.yaml"]
