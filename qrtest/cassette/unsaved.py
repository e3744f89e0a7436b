"""A recorded session that could not be saved as a cassette: kept for its owner until that is mended.

It has the secrets of the session in it. So it stands in a folder of its own beside the cassette, which git
ignores, in a file that only its owner can read, whose name is none of a cassette.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from qrtest.cassette import codec
from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.errors import CassetteError

__all__ = ["FOLDER", "forget", "is_unsaved", "keep"]

FOLDER: Final = ".qrtest-unsaved"
SUFFIX: Final = ".unsaved"


def keep(
    cassette: Path, interactions: Iterable[Interaction], provenance: Provenance, digests: Digests
) -> Path:
    """Keep the session that *cassette* was to hold, secrets and all; return the file.

    Where the folder of the cassette cannot be written (a full disk), that is the temporary directory. Raises
    `CassetteError` when that cannot be written either.
    """
    text = codec.dumps(Cassette(tuple(interactions), provenance, digests))
    try:
        return _written(cassette.parent / FOLDER, cassette.name, text)
    except OSError:
        elsewhere = Path(tempfile.mkdtemp(prefix="qrtest-"))
    try:
        return _written(elsewhere / FOLDER, cassette.name, text)
    except OSError as error:
        shutil.rmtree(elsewhere, ignore_errors=True)
        raise CassetteError(
            f"The session could not be kept either, neither beside the cassette nor in "
            f"{elsewhere.parent}: {error.strerror or error}. Make room, and record it again."
        ) from None


def is_unsaved(path: Path) -> bool:
    """Return whether *path* is a session that was kept so."""
    return path.parent.name == FOLDER and path.suffix == SUFFIX


def forget(path: Path) -> None:
    """Remove a kept session, and its folder with the last one."""
    path.unlink(missing_ok=True)
    _remove_if_empty(path.parent)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError):
            (folder / ".gitignore").unlink(missing_ok=True)
            folder.rmdir()


def _written(folder: Path, name: str, text: str) -> Path:
    """Write *text* to a new file for *name* in *folder*, whole or not at all; return the file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        return _written_to_a_new_file(folder, name, text)
    except OSError:
        _remove_if_empty(folder)
        raise


def _written_to_a_new_file(folder: Path, name: str, text: str) -> Path:
    for number in count(1):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}{SUFFIX}"
        try:
            opened = os.open(
                path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600
            )
        except FileExistsError:
            continue
        try:
            with os.fdopen(opened, "wb") as file:
                file.write(text.encode())
        except OSError:
            path.unlink()
            raise
        return path
    raise AssertionError("count() never ends")
