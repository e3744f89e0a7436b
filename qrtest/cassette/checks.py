"""What `check` finds in a cassette besides secrets: age, shape, and whether any test wants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from qrtest.cassette.model import Cassette
from qrtest.http.operations import route
from qrtest.service.parse import missing

__all__ = ["Finding", "age", "emptiness", "ownership", "shapes"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be in a cassette: what *kind*, and *where*."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}"


def age(cassette: Cassette, *, longest_seconds: float, now: datetime) -> Iterator[Finding]:
    """Yield a finding, if *cassette* is older than *longest_seconds*."""
    recorded = cassette.provenance.recorded if cassette.provenance is not None else ""
    if not recorded:
        yield Finding("its age is not known: it does not say when it was recorded", "the file")
        return
    try:
        seconds = (now - datetime.fromisoformat(recorded)).total_seconds()
    except (ValueError, TypeError):
        yield Finding("recorded is no time in UTC", "qrtest.recorded")
        return
    if seconds > longest_seconds:
        yield Finding(f"recorded {seconds / 86_400:.0f} days ago: record it again", "the file")


def shapes(cassette: Cassette) -> Iterator[Finding]:
    """Answers that lack fields which the service always sends."""
    for number, interaction in enumerate(cassette.interactions, 1):
        where = route(interaction.request.method, interaction.request.path)
        if where is None or interaction.response.status != 200 or interaction.response.failure:
            continue
        for name in missing(where.operation, interaction.response.body):
            yield Finding(f"a {where.operation} lacks {name}", f"interaction {number}")


def emptiness(cassette: Cassette) -> Iterator[Finding]:
    """Yield a finding, if *cassette* answers nothing."""
    if not cassette.interactions:
        yield Finding("it has no interactions: delete it, or record it again", "the file")


def ownership(path: PurePath, tests: Iterable[tuple[PurePath, str]]) -> Iterator[Finding]:
    """Yield a finding, if any of the *tests* (files with their texts) can want the cassette *path*."""
    sources = list(tests)
    function = path.stem.partition("[")[0].rpartition(".")[2]
    owners = [text for file, text in sources if file.stem == path.parent.name]
    if owners:
        if not any(f"def {function}(" in text or path.name in text for text in owners):
            yield Finding(f"orphaned: {path.parent.name}.py has no test {function}", "the file")
    elif not any(path.name in text for _, text in sources):
        yield Finding("unused: no test names it", "the file")
