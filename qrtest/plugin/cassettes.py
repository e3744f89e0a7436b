"""Which session a test gets for its cassette: a replay, or a recording. The plugin's decisions.

It knows names and modes, not pytest: a test is a file, a name, and what its marker says.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import CassetteError, RecordingError
from qrtest.harness.record import Recording, record
from qrtest.harness.replay import Replay, replay
from qrtest.plugin.project import Project
from qrtest.redaction.allowlist import project_rules

__all__ = ["DIRECTORY", "expired", "file_name", "found", "refuse_in_ci", "session"]

DIRECTORY: Final = "cassettes"
LONGEST_NAME: Final = 240
_FORBIDDEN: Final = re.compile(r"[<>?%*:|\"'/\\\0]")


def file_name(test: str, class_name: str | None = None) -> str:
    """The name of the cassette of a *test*, as pytest-recording gives it.

    >>> file_name("test_bell[a/b]", "TestBell")
    'TestBell.test_bell[a-b].yaml'
    """
    name = f"{class_name}.{test}" if class_name else test
    name = _FORBIDDEN.sub("-", name)
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        name = (
            name[: LONGEST_NAME - len(digest) - 1]
            .encode()[: LONGEST_NAME - 33]
            .decode(errors="ignore")
        )
        name = f"{name}_{digest}"
    return f"{name}.yaml"


def found(
    wanted: str | os.PathLike[str] | bool,
    *,
    test_file: Path,
    root: Path,
    default: str,
    directory: str = DIRECTORY,
) -> Path:
    """The file of the cassette that a marker *wanted*: True is *default*, cassettes/module/test.yaml.

    *directory* is the name of the folder of cassettes.

    A name is looked for below cassettes/module, cassettes, the directory of the test and the root of
    the project, in this order; one that is nowhere is to be recorded in the first that fits. Raises
    `CassetteError` for a name that leads out of these.
    """
    from qrtest.cassette.store import confined

    cassettes = test_file.parent / directory
    if wanted is True:
        return _in_any_order(confined(cassettes / test_file.stem, default))
    if not isinstance(wanted, str | os.PathLike):
        raise CassetteError(f"cassette={wanted!r}: give a name, or True for the test's own.")
    name = os.fspath(wanted)
    places = [cassettes / test_file.stem, cassettes, test_file.parent, root]
    choices = [confined(place, name) for place in places]
    for choice in choices:
        if choice.is_file():
            return choice
    return choices[3] if Path(name).parts[:1] == (directory,) else choices[1]


def _in_any_order(path: Path) -> Path:
    """*path*, or the one file whose parameters are the same in another order.

    The order of parameters in a test's name is pytest's affair, and has changed between its releases.
    """
    if path.exists() or "[" not in path.stem or not path.parent.is_dir():
        return path
    same = [
        other for other in path.parent.glob("*.yaml") if _parameters(other) == _parameters(path)
    ]
    return same[0] if len(same) == 1 else path


def _parameters(path: Path) -> tuple[str, list[str]]:
    name, _, rest = path.stem.partition("[")
    return name, sorted(rest.removesuffix("]").split("-"))


def refuse_in_ci(mode: str, environment: Mapping[str, str]) -> None:
    """Raise `RecordingError` when *mode* records and the *environment* is that of CI."""
    if mode != "none" and environment.get("CI", "").lower() not in ("", "0", "false"):
        raise RecordingError(
            f"--qrtest-record={mode} in CI: a recording needs credentials and a look at what it holds. "
            "Record on your own machine, or force it with --qrtest-record-in-ci."
        )


def session(
    path: Path,
    mode: str,
    *,
    project: Project,
    keep_on_error: bool = False,
    options: Mapping[str, Any],
) -> Replay | Recording:
    """The session of a test with the cassette *path*; *options* are those of `replay`."""
    if mode == "none" or (mode == "once" and path.exists()):
        return replay(path, ignore=project.ignore, **options)
    return record(
        path,
        mode=mode,  # type: ignore[arg-type]  # one of the setting's choices
        keep_on_error=keep_on_error,
        rules=project_rules(path) | project.rules(),
        ignore=project.ignore,
    )


def expired(session: Replay | Recording, expires: Duration | None) -> str:
    """What to say of a replay whose recording is older than *expires*; nothing of any other session.

    Raises `DurationError` for a length that is none.
    """
    from qrtest.cassette.checks import age

    if expires is None or not isinstance(session, Replay):
        return ""
    longest = durations.seconds(expires)
    told = list(age(session.cassette, longest_seconds=longest, now=datetime.now(UTC)))
    if not told:
        return ""
    return (
        f"{session.name} has expired, after {durations.text(longest)}: {told[0].kind}. "
        "That is: pytest --qrtest-record=rewrite"
    )
