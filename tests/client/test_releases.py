"""Releases: which are supported, what is said of the others, and what is known of each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qrtest.client import releases

SCRIPT = 'import qrtest\nwith qrtest.simulate() as sim:\n    print(sim.job("DONE").status())\n'


def under(tmp_path: Path, release: str, code: str = SCRIPT) -> subprocess.CompletedProcess[str]:
    """Run *code* where the metadata say that another *release* is installed."""
    about = tmp_path / f"qiskit_ibm_runtime-{release}.dist-info"
    about.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: qiskit-ibm-runtime\nVersion: {release}\n"
    (about / "METADATA").write_text(metadata)
    paths = [str(tmp_path), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def test_a_release_that_is_too_old_is_refused_with_the_range(tmp_path: Path) -> None:
    """Before anything else happens."""
    ran = under(tmp_path, "0.25.0")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == (
        "qrtest.errors.UnsupportedRelease: qiskit-ibm-runtime 0.25.0 is installed: qrtest works with "
        "releases 0.26 to 0.51, and with newer ones as far as they are alike. "
        "Say: pip install -U qiskit-ibm-runtime"
    )


def test_a_release_newer_than_any_known_works_if_it_can(tmp_path: Path) -> None:
    """This one, in fact, under another name."""
    if releases.installed()[:2] < releases.NEWEST_KNOWN:
        pytest.skip("an old release under a new name is not alike")
    ran = under(tmp_path, "7.1.0.dev3")
    assert (ran.stdout, ran.returncode) == ("DONE\n", 0), ran.stderr


def test_a_release_newer_than_any_known_says_what_it_lacks(tmp_path: Path) -> None:
    """Instead of an AttributeError from somewhere within."""
    changed = "import qiskit_ibm_runtime as q\nq.RuntimeJobV2.__init__ = lambda self, job: None\n"
    ran = under(tmp_path, "7.1.0", changed + SCRIPT)
    assert ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert last.startswith(
        "qrtest.errors.UnsupportedRelease: qiskit-ibm-runtime 7.1.0 is newer than the releases that "
        "qrtest knows (0.26 to 0.51), and its RuntimeJobV2 is not as it was: "
    )
    assert last.endswith("Update qrtest, or say: pip install 'qiskit-ibm-runtime<0.52'")


def test_a_class_that_has_moved_is_named(tmp_path: Path) -> None:
    """With the places where it was looked for."""
    changed = (
        "import sys, qiskit_ibm_runtime\n"
        "sys.modules['qiskit_ibm_runtime.api.client'] = sys\n"
        "sys.modules['qiskit_ibm_runtime.api.clients.runtime'] = sys\n"
    )
    ran = under(tmp_path, "7.1.0", changed + SCRIPT)
    assert ran.stderr.splitlines()[-1] == (
        "qrtest.errors.UnsupportedRelease: qiskit-ibm-runtime 7.1.0 has none of api.client:RuntimeClient, "
        "api.clients.runtime:RuntimeClient: it is a release that qrtest does not know (tried up to 0.51)."
    )


def test_a_mistake_under_a_release_that_is_known_stays_what_it_is() -> None:
    """It is ours, not the release's."""
    with pytest.raises(AttributeError, match="^a mistake$"), releases.ours_to_know("something"):
        raise AttributeError("a mistake")
