"""Cassettes as files: read within bounds, written whole or not at all, by one writer at a time.

What is in a file is the codec's business. No name leads out of the directory of a cassette.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from qrtest.cassette import codec
from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteBusy, CassetteError
from qrtest.extras import needed

__all__ = [
    "LARGEST_BYTES",
    "confined",
    "files",
    "forget",
    "held",
    "load",
    "read",
    "save",
    "save_text",
]

LARGEST_BYTES: Final = 512 * 2**20
LARGEST_KEPT: Final = 2**20
"""The largest text, and the most bytes of bodies, of a cassette that is kept once it was read."""
SUFFIXES: Final = (".yaml", ".yml", ".json")


def load(path: str | os.PathLike[str], *, sealed: bool = True) -> Cassette:
    """Return the cassette in the file *path*; what *sealed* means, `codec.loads` says.

    A small file with the same text as one that was read before is not parsed again: the tests of a suite
    share cassettes. Raises `CassetteError`.
    """
    text = read(path)
    kept = _kept(text, sealed) if len(text) <= LARGEST_KEPT else []
    if kept:
        return kept[0]
    cassette = codec.loads(text, name=os.fspath(path), sealed=sealed)
    interactions = cassette.interactions
    if (
        sum(len(each.request.body) + len(each.response.body) for each in interactions)
        <= LARGEST_KEPT
    ):
        kept.append(cassette)
    return cassette


@lru_cache(maxsize=8)
def _kept(text: str, sealed: bool) -> list[Cassette]:  # noqa: ARG001 (the key of the cache)
    """Return the place of the cassette that was made of *text*: a list, empty until there is one."""
    return []


def forget() -> None:
    """Forget the cassettes that were read, as a new process has."""
    _kept.cache_clear()


def files(place: Path) -> list[Path]:
    """Return the files of cassettes below the directory *place*, in order; *place* itself if it is a file.

    What is hidden, as an environment or what a session left unsaved, is not looked at.
    """
    if not place.is_dir():
        return [place]
    found = (path for path in place.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(path for path in found if not _is_hidden(path.relative_to(place)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read(path: str | os.PathLike[str]) -> str:
    """Return the text of the file *path*. Raises `CassetteError` for what cannot be read."""
    name = os.fspath(path)
    inside = _inside_its_directory(Path(path))
    try:
        with os.fdopen(_opened(inside), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise CassetteError(f"{name}: it is not a regular file.")
            if about.st_size > LARGEST_BYTES:
                raise CassetteError(
                    f"{name}: it has {about.st_size:,} bytes, and a cassette has at most "
                    f"{LARGEST_BYTES:,}."
                )
            return file.read(LARGEST_BYTES + 1).decode()
    except FileNotFoundError:
        raise CassetteError(
            f"{name}: there is no such cassette. Record it: qrtest record {name} -- COMMAND, "
            "or pytest --qrtest-record=once."
        ) from None
    except UnicodeDecodeError as error:
        raise CassetteError(
            f"{name}: byte {error.start} is not UTF-8, so it is no cassette."
        ) from None
    except OSError as error:
        raise CassetteError(f"{name}: it cannot be read: {error.strerror or error}.") from None


def save(path: str | os.PathLike[str], cassette: Cassette) -> None:
    """Put *cassette* into the file *path*, whole or not at all. The suffix chooses YAML or JSON."""
    save_text(path, codec.dumps(cassette, as_json=Path(path).suffix == ".json"))


def save_text(path: str | os.PathLike[str], text: str) -> None:
    """Put *text* into the file *path*, whole or not at all: what was there stays until all is there.

    Raises `CassetteError`.
    """
    target = _replaceable(Path(path))
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with part.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise CassetteError(f"{path}: it cannot be written: {error.strerror or error}.") from None


@contextmanager
def held(path: str | os.PathLike[str]) -> Iterator[None]:
    """Be the only one who writes the cassette *path*, of all threads and processes.

    Raises `CassetteBusy` at once when somebody else is. A writer that was killed holds nothing.
    """
    with needed("record"):
        from filelock import FileLock, Timeout

    target = _replaceable(Path(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.lock")
        _check_that_it_can_be_made(beside)
        lock = FileLock(beside, timeout=0, is_singleton=False)
        lock.acquire()
    except Timeout:
        raise CassetteBusy(
            f"{path}: somebody else is recording it right now. Wait for them, or record to another "
            "file; tests that run at the same time need a cassette each."
        ) from None
    except OSError as error:
        raise CassetteError(f"{path}: it cannot be written: {error.strerror or error}.") from None
    try:
        yield
    finally:
        with suppress(OSError):
            beside.unlink()
        lock.release()


def confined(directory: str | os.PathLike[str], name: str) -> Path:
    """Return the file *name* below *directory*. Raises `CassetteError` for a name that leads out of it.

    >>> confined("cassettes", "test_a/test_b.yaml").as_posix()
    'cassettes/test_a/test_b.yaml'
    """
    path = Path(directory) / name
    root = Path(directory).resolve()
    if (
        "\0" in name
        or Path(name).is_absolute()
        or ".." in Path(name).parts
        or not _is_below(path, root)
    ):
        raise CassetteError(
            f"{name!r}: a cassette has to be in its directory {directory}: give a relative name without '..'."
        )
    if path.suffix not in SUFFIXES:
        raise CassetteError(f"{name!r}: a cassette's name ends in {', '.join(SUFFIXES)}.")
    return path


def _inside_its_directory(path: Path) -> Path:
    """Return *path*, if following its links does not lead out of its directory."""
    if not path.name:
        raise CassetteError(f"{os.fspath(path)!r}: it is no name of a file.")
    try:
        root = path.parent.resolve()
        inside = _is_below(path, root)
    except (OSError, RuntimeError, ValueError) as error:
        raise CassetteError(f"{os.fspath(path)!r}: it is no name of a file: {error}.") from None
    if not inside:
        raise CassetteError(
            f"{path}: it is a link out of its directory, which is not followed. Copy the file there."
        )
    return path


def _replaceable(path: Path) -> Path:
    """Return *path*, or what it is a link to, if there is nothing yet or a regular file.

    A device or a pipe is never replaced.
    """
    inside = _inside_its_directory(path).resolve()
    try:
        kind = inside.stat().st_mode
    except OSError:
        return inside
    if not stat.S_ISREG(kind):
        raise CassetteError(f"{path}: it is not a regular file, and is not replaced by a cassette.")
    return inside


def _check_that_it_can_be_made(file: Path) -> None:
    """Raise `OSError` if *file* can neither be made nor opened: some file systems are never written."""
    with file.open("ab"):
        pass


def _is_below(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _opened(path: Path) -> int:
    """Open for reading, but do not wait for a writer where it is a pipe."""
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
