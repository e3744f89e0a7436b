"""A recorded session that could not be saved as a cassette: kept for its owner until that is mended.

It has the secrets of the session in it. So it stands in a folder of its own beside the cassette, which git
ignores, in a file that only its owner can read, whose name is none of a cassette.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from qrtest.cassette import codec
from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction, Provenance

__all__ = ["FOLDER", "forget", "is_unsaved", "keep"]

FOLDER: Final = ".qrtest-unsaved"
SUFFIX: Final = ".unsaved"


def keep(
    cassette: Path, interactions: Iterable[Interaction], provenance: Provenance, digests: Digests
) -> Path:
    """Keep the session that *cassette* was to hold, secrets and all; return the file.

    Where the folder of the cassette cannot be written (a full disk), that is the temporary directory.
    """
    text = codec.dumps(Cassette(tuple(interactions), provenance, digests))
    try:
        return _written(cassette.parent / FOLDER, cassette.name, text)
    except OSError:
        return _written(Path(tempfile.mkdtemp(prefix="qrtest-")) / FOLDER, cassette.name, text)


def is_unsaved(path: Path) -> bool:
    """Return whether *path* is a session that was kept so."""
    return path.parent.name == FOLDER and path.suffix == SUFFIX


def forget(path: Path) -> None:
    """Remove a kept session, and its folder with the last one."""
    path.unlink(missing_ok=True)
    if not any(path.parent.glob(f"*{SUFFIX}")):
        with suppress(OSError):
            (path.parent / ".gitignore").unlink(missing_ok=True)
            path.parent.rmdir()


def _written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    for number in count(1):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}{SUFFIX}"
        try:
            opened = os.open(
                path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600
            )
        except FileExistsError:
            continue
        with os.fdopen(opened, "wb") as file:
            file.write(text.encode())
        return path
    raise AssertionError("count() never ends")
