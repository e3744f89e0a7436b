"""The sources of a release of the client: installed, on disk, or fetched by pip."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from qrtest.errors import SettingError, UnsupportedRelease

__all__ = ["installed_sources", "sources"]

PACKAGE: Final = "qiskit-ibm-runtime"


@contextmanager
def sources(release: str) -> Iterator[Path]:
    """Provide a folder with the sources of a *release*: a version, a wheel, an sdist or a checkout.

    Nothing of it is run or installed. Raises `SettingError` for what is none of these.
    """
    given = Path(release)
    with TemporaryDirectory() as name:
        folder = Path(name)
        if given.is_dir():
            yield given
        elif given.exists():
            _unpack(given, folder)
            yield folder
        else:
            _unpack(_fetched(release, folder), folder / "unpacked")
            yield folder / "unpacked"


def _unpack(archive: Path, folder: Path) -> None:
    try:
        if tarfile.is_tarfile(archive):
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        else:
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(folder)  # noqa: S202 (its members are kept inside of the folder)
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise SettingError(f"{archive} is no wheel and no sdist: {error}") from None


def _fetched(release: str, folder: Path) -> Path:
    """Return the wheel of a version, that pip has put into *folder*."""
    wanted = f"{PACKAGE}=={release}"
    pip = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        if shutil.which("uvx") is None:
            raise SettingError(
                f"{release} is no file or folder, and pip is not there to fetch {wanted}: give the path of a "
                "wheel or of a checkout."
            )
        pip = ["uvx", "pip"]
    command = [*pip, "download", "-q", "--no-deps", "--only-binary", ":all:", "--no-input"]
    done = subprocess.run(  # noqa: S603 (no shell, and a version that pip reads)
        [*command, "--dest", str(folder), wanted], capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        last = (done.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise SettingError(
            f"{release} is no file or folder, and {wanted} cannot be fetched: {last}"
        )
    return wheels[0]


def installed_sources() -> Path | None:
    """Return the folder that the installed client is in; None if there is none."""
    try:
        version(PACKAGE)
    except PackageNotFoundError:
        return None
    found = importlib.util.find_spec("qiskit_ibm_runtime")
    if found is None or found.origin is None:
        raise UnsupportedRelease(f"{PACKAGE} is installed, and its package cannot be found.")
    return Path(found.origin).parent.parent
