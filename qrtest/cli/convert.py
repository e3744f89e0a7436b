"""`qrtest convert`: make cassettes of the recordings of other tools, and of edited ones."""

from __future__ import annotations

import difflib
import os
import secrets
import sys
from pathlib import Path

import click

from qrtest.advice import page
from qrtest.cassette import codec, store, unsaved
from qrtest.cassette.convert import from_download, from_text, is_download, is_recording
from qrtest.cassette.model import Cassette, Provenance
from qrtest.cli.progress import tracked
from qrtest.errors import CassetteError
from qrtest.playback.rehearsal import unanswerable
from qrtest.redaction.allowlist import project_rules
from qrtest.redaction.sanitize import KEY_VARIABLE, sanitized

__all__ = ["convert"]

INFO = "-info.json"
RESULT = "-result.json"
MOST_LOST = 10


@click.command(short_help="Make cassettes of other tools' recordings.")
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead."
)
@click.option("--dry-run", is_flag=True, help="Show the differences, write nothing.")
def convert(recordings: tuple[Path, ...], output: Path | None, dry_run: bool) -> None:
    """Convert cassettes of vcrpy, pytest-recording or betamax in place, and seal edited ones anew.

    \b
    Of a directory every recording below it is converted; other files stay as they are. Equal polls are
    collapsed, headers that do not matter dropped, secrets replaced. The original is kept beside as .bak, with
    whatever secrets it has: do not commit that. Of a downloaded job-<id>-info.json (and its
    job-<id>-result.json) job-<id>.yaml is made. A session that could not be saved is saved, and what was kept
    of it removed. Converting twice changes nothing.
    Examples:
      qrtest convert cassettes --dry-run
      qrtest convert job-d5h6o44pe0pc73am1f1g-info.json
    """
    if output is not None and (len(recordings) > 1 or recordings[0].is_dir()):
        raise click.UsageError("--output takes one recording.")
    files = [file for place in recordings for file in _recordings(place)]
    failed: list[CassetteError] = []
    for path in tracked(files, "converting"):
        try:
            _convert(path, output, is_dry=dry_run)
        except CassetteError as error:
            failed.append(error)
    if len(files) > 1:
        for each in failed:
            click.echo(f"qrtest: {each}", err=True)
    if failed:
        count = f"{len(failed)} of {len(files)} recordings were not converted"
        raise failed[0] if len(files) == 1 else CassetteError(f"{count}; the others were.")


def _recordings(place: Path) -> list[Path]:
    """Return the recordings below the directory *place*; *place* itself if it is a file.

    Raises `CassetteError` for a directory without any.
    """
    if not place.is_dir():
        return [place]
    found = [path for path in store.files(place) if _is_one(path)]
    if not found:
        raise CassetteError(
            f"{place}: there is no recording below this directory: files of cassettes end in .yaml, .yml or "
            ".json."
        )
    return found


def _is_one(path: Path) -> bool:
    """Return whether *path* is a recording to convert: no other file, and no download that was converted."""
    info = path.with_name(path.name.replace(RESULT, INFO))
    is_done = path.name.endswith(INFO) and _beside(path).exists()
    if is_done or (path.name.endswith(RESULT) and info.exists()):
        return False
    try:
        return is_recording(store.read(path))
    except CassetteError:
        return False


def _convert(path: Path, output: Path | None, *, is_dry: bool) -> None:
    before = store.read(path)
    target = output or (_beside(path) if is_download(before) else path)
    after = _converted(path, before, as_json=target.suffix == ".json")
    if target == path and after == before:
        click.echo(f"{path}: nothing to do", file=sys.stdout)
    elif is_dry:
        _show(path, target, before, after)
    else:
        _write(path, target, before, after)
        if unsaved.is_unsaved(path) and target != path:
            unsaved.forget(path)


def _converted(path: Path, before: str, *, as_json: bool) -> str:
    name = os.fspath(path)
    if is_download(before):
        result = (
            path.with_name(path.name.replace(INFO, RESULT)) if path.name.endswith(INFO) else None
        )
        text = store.read(result) if result is not None and result.exists() else None
        cassette = from_download(before, text, name=name)
    else:
        cassette = from_text(before, name=name)
    return _sealed(cassette, path, as_json=as_json)


def _sealed(cassette: Cassette, path: Path, *, as_json: bool) -> str:
    key = os.environ.get(KEY_VARIABLE)
    text, converted = sanitized(
        list(cassette.interactions),
        key=key.encode() if key else secrets.token_bytes(32),
        rules=project_rules(path),
        name=os.fspath(path),
        as_json=as_json,
        provenance=cassette.provenance or Provenance(),
        digests=None if cassette.provenance is None else cassette.digests,
    )
    lost = list(unanswerable(converted, (each.request for each in cassette.interactions)))
    if lost:
        shown = "\n".join(f"  {each}" for each in lost[:MOST_LOST])
        raise CassetteError(
            f"{path}: it was not converted: a replay would not answer {len(lost)} of its requests.\n{shown}\n"
            f"What is replaced in them can be kept: [tool.qrtest.redaction], see {page('recording')}"
        )
    return text


def _beside(info: Path) -> Path:
    stem = info.name.removesuffix(INFO).removesuffix(".json")
    return info.with_name(f"{stem}.yaml")


def _show(path: Path, target: Path, before: str, after: str) -> None:
    """Print the differences, without the secrets that were removed."""
    gone = len(before.splitlines())
    cassette = codec.loads(after)
    click.echo(
        f"{path} -> {target}: {gone} lines become {len(after.splitlines())}, {len(cassette)} interactions",
        file=sys.stdout,
    )
    kept = set(before.splitlines())
    for line in difflib.unified_diff(
        [], after.splitlines(), "", os.fspath(target), n=0, lineterm=""
    ):
        if line.startswith("+") and line[1:] not in kept:
            click.echo(line, file=sys.stdout)


def _write(path: Path, target: Path, before: str, after: str) -> None:
    with store.held(target):
        if target == path:
            store.save_text(path.with_name(f"{path.name}.bak"), before)
        store.save_text(target, after)
    click.echo(f"{path} -> {target}", file=sys.stdout)
