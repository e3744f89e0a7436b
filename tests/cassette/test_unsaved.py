"""A session that could not be saved: kept beside the cassette, elsewhere, or not at all, and never in part."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qrtest.cassette import codec, unsaved
from qrtest.cassette.digests import Digests
from qrtest.errors import CassetteError
from tests.recordings import PROVENANCE, short


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow beyond *size* bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def keep(cassette: Path) -> Path:
    return unsaved.keep(cassette, short().interactions, PROVENANCE, Digests())


def test_a_kept_session_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    """Twice is two files; the folder goes with the last of them."""
    files = [keep(tmp_path / "bell.yaml") for _ in range(2)]
    assert [file.name for file in files] == ["bell.yaml.unsaved", "bell.yaml-2.unsaved"]
    for file in files:
        assert file.stat().st_mode & 0o077 == 0
        assert codec.loads(file.read_text()).interactions == short().interactions
        unsaved.forget(file)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_kept_is_not_kept_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither beside the cassette nor in the temporary directory."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    for size in (0, 100):
        with (
            files_of_at_most(size),
            pytest.raises(CassetteError, match=f"kept either.* nor in {elsewhere}: File too large"),
        ):
            keep(tmp_path / "bell.yaml")
        assert list(tmp_path.rglob("*")) == [elsewhere]
