"""What a test run did with cassettes and scenarios: counted by each worker, merged, told in the end.

Values in, lines out: it reads no file and knows no pytest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

__all__ = ["Played", "Tally", "lines"]

SEVERITY: Final = ("ignore", "warn", "fail")
SHOWN: Final = 3

V = TypeVar("V")


@dataclass(frozen=True)
class Played:
    """A cassette that was replayed: how many *exchanges* it has, and which of them were *unused*.

    *wanted* is what to do about those; *expired* says that it is too old, and since when.

    >>> one, other = Played(3, {0: "GET /a", 2: "GET /c"}), Played(3, {2: "GET /c"}, wanted="fail")
    >>> one | other
    Played(exchanges=3, unused={2: 'GET /c'}, wanted='fail', expired='')
    """

    exchanges: int
    unused: Mapping[int, str]
    wanted: str = "ignore"
    expired: str = ""

    def __or__(self, other: Played) -> Played:
        """Of two tests with one cassette: unused is what neither asked for."""
        both = {number: asked for number, asked in self.unused.items() if number in other.unused}
        wanted = max(self.wanted, other.wanted, key=SEVERITY.index)
        return Played(self.exchanges, both, wanted, self.expired or other.expired)


@dataclass(frozen=True)
class Tally:
    """What a run, or a worker's part of it, *recorded* (exchanges by file), *played* and *saved*.

    *folders* are those in which the cassettes stand.
    """

    recorded: Mapping[str, int] = field(default_factory=dict)
    played: Mapping[str, Played] = field(default_factory=dict)
    saved: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def __or__(self, other: Tally) -> Tally:
        """What two parts of a run did together."""
        played = dict(self.played)
        for path, one in other.played.items():
            played[path] = played[path] | one if path in played else one
        return Tally(
            {**self.recorded, **other.recorded},
            played,
            self.saved | other.saved,
            self.folders | other.folders,
        )

    @property
    def fails(self) -> bool:
        """Whether something unused was not to be."""
        return any(one.unused and one.wanted == "fail" for one in self.played.values())

    def data(self) -> dict[str, Any]:
        """The tally as plain values, to be sent to another process."""
        played = {
            path: [one.exchanges, dict(one.unused), one.wanted, one.expired]
            for path, one in self.played.items()
        }
        return {
            "recorded": dict(self.recorded),
            "played": played,
            "saved": sorted(self.saved),
            "folders": sorted(self.folders),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Tally:
        """The tally that `data` gave.

        >>> tally = Tally({"a.yaml": 2}, {"b.yaml": Played(1, {0: "GET /x"})}, frozenset({"s.yaml"}))
        >>> Tally.of(tally.data()) == tally
        True
        """
        played = {path: Played(*values) for path, values in data["played"].items()}
        return cls(data["recorded"], played, frozenset(data["saved"]), frozenset(data["folders"]))


def lines(tally: Tally, orphaned: Iterable[tuple[str, str]]) -> list[str]:
    """The summary: counts, then a line for each thing to look at; *orphaned* are files with the reason.

    >>> print(*lines(Tally({"a.yaml": 2}), [("old.yaml", "no test names it")]), sep="\\n")
    cassettes: 1 recorded, 0 replayed, 0 with unused exchanges, 1 orphaned, 0 expired
    recorded  a.yaml: 2 exchanges
    orphaned  old.yaml: no test names it
    """
    lost = sorted(orphaned)
    unused = {path: one for path, one in sorted(tally.played.items()) if one.unused}
    expired = {path: one.expired for path, one in sorted(tally.played.items()) if one.expired}
    told = []
    if tally.recorded or tally.played:
        told.append(
            f"cassettes: {len(tally.recorded)} recorded, {len(tally.played)} replayed, "
            f"{len(unused)} with unused exchanges, {len(lost)} orphaned, {len(expired)} expired"
        )
    if tally.saved:
        told.append(f"scenarios: {len(tally.saved)} saved")
    told += [
        f"recorded  {path}: {_counted(count)}" for path, count in sorted(tally.recorded.items())
    ]
    told += [
        f"unused    {path}: {_unused(one)}"
        for path, one in unused.items()
        if one.wanted != "ignore"
    ]
    told += [f"orphaned  {path}: {why}" for path, why in lost]
    told += [f"expired   {path}: {why}" for path, why in expired.items()]
    return [*told, *(f"saved     {path}" for path in sorted(tally.saved))]


def _counted(count: int) -> str:
    return f"{count} exchange{'' if count == 1 else 's'}"


def _unused(one: Played) -> str:
    named = list(one.unused.values())
    more = f", and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"{len(named)} of {_counted(one.exchanges)}: {', '.join(named[:SHOWN])}{more}"
