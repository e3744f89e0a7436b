"""`qrtest convert`: make cassettes of the recordings of other tools, and of edited ones."""

from __future__ import annotations

import difflib
import os
import secrets
import sys
from pathlib import Path

import click

from qrtest.cassette import codec, store, unsaved
from qrtest.cassette.convert import from_download, from_text, is_download
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
    Equal polls are collapsed, headers that do not matter dropped, secrets replaced. The original is kept
    beside as .bak, with whatever secrets it has: do not commit that. Of a downloaded job-<id>-info.json
    (and its job-<id>-result.json) job-<id>.yaml is made. A session that could not be saved is saved, and
    what was kept of it removed. Converting twice changes nothing.
    Examples:
      qrtest convert cassettes/*.yaml --dry-run
      qrtest convert job-d5h6o44pe0pc73am1f1g-info.json
    """
    if output is not None and len(recordings) > 1:
        raise click.UsageError("--output takes one recording.")
    for path in tracked(recordings, "converting"):
        before = store.read(path)
        target = output or (_beside(path) if is_download(before) else path)
        after = _converted(path, before, as_json=target.suffix == ".json")
        if target == path and after == before:
            click.echo(f"{path}: nothing to do", file=sys.stdout)
        elif dry_run:
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
            "What is replaced in them can be kept: [tool.qrtest.redaction], see docs/recording.md."
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
