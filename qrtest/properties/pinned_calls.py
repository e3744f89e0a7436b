"""What calls of the installed client come to, as lines of text: what `qrtest pin` writes and compares.

A line is a call, its value or its exception with the text, the virtual time after it, and the
requests that it took.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from qrtest.errors import NeverEnds, Stop
from qrtest.harness.simulate import Simulation
from qrtest.http.messages import Request

__all__ = ["Calls", "described"]

MOST_OF_A_TEXT: Final = 300
MOST_ITEMS: Final = 40
DEEPEST: Final = 12
OF_A_RELEASE: Final = re.compile(r"0x[0-9a-f]{6,}|/\S*site-packages/\S*")
BODY: Final = re.compile(rb'"params": ')


class Calls:
    """Makes calls in a simulation and keeps a line of each in `lines`."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.lines: list[str] = []
        self._requests = 0

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a *call*; return its value, or None if it raised."""
        value = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                value = call()
                what = described(value)
            except (NeverEnds, Stop):
                what = "never ends"
            except Exception as error:
                what = (
                    f"raises {type(error).__module__}.{type(error).__name__}: {_short(str(error))}"
                )
        warned = "".join(f"; warns {_short(str(each.message))}" for each in caught)
        now = self.sim.clock.now()
        self.lines.append(f"{name}: {what}{warned}; at {now:.2f} s{self._asked()}")
        return value

    def _asked(self) -> str:
        entries = list(self.sim.journal)
        new, self._requests = entries[self._requests :], len(entries)
        words = [
            f"{entry.operation} {_query(entry.request)}{entry.response.status}"
            + (f" {entry.times}x" if entry.times > 1 else "")
            for entry in new
        ]
        listed = (
            words if len(words) <= MOST_ITEMS else [*words[:MOST_ITEMS], f"{len(words)} in all"]
        )
        return f"; {', '.join(listed)}" if listed else ""


def _query(request: Request) -> str:
    """Return what was asked for: the query, and a body that is no submission."""
    body = request.body
    if BODY.search(body) or not body.startswith(b"{"):
        body = b""
    parts = [part for part in (request.query, _short(body.decode("utf-8", "replace"))) if part]
    return f"({' '.join(parts)}) " if parts else ""


def _short(text: str) -> str:
    text = OF_A_RELEASE.sub("...", text)
    if len(text) <= MOST_OF_A_TEXT:
        return text.replace("\n", "\\n")
    return f"{text[:MOST_OF_A_TEXT]}... ({len(text):,} characters)".replace("\n", "\\n")


def described(value: Any, deep: int = 0) -> str:
    """Return *value* as a text that is the same in every process.

    >>> described({"b": {2, 1}, "a": 1j})
    "{'a': 1j, 'b': set(1, 2)}"
    """
    if value is None or isinstance(value, bool | int | float | complex):
        return repr(value)
    if isinstance(value, str):
        return repr(_short(value))
    kind = type(value).__name__
    if isinstance(value, date):
        aware = isinstance(value, datetime) and value.tzinfo is not None
        return f"{kind} {value.isoformat()}{'' if aware else ' without a zone'}"
    if deep > DEEPEST:
        return kind
    return _compound(value, kind, deep + 1)


def _compound(value: Any, kind: str, deep: int) -> str:
    if isinstance(value, Mapping):
        parts = sorted(f"{described(k, deep)}: {described(v, deep)}" for k, v in value.items())
        return f"{'' if kind == 'dict' else kind}{{{', '.join(parts)}}}"
    if isinstance(value, set | frozenset):
        return f"{kind}({', '.join(sorted(described(each, deep) for each in value))})"
    if isinstance(value, list | tuple):
        shown = [described(each, deep) for each in value[:MOST_ITEMS]]
        more = [f"{len(value)} in all"] if len(value) > MOST_ITEMS else []
        return f"{'' if kind == 'list' else kind}[{', '.join([*shown, *more])}]"
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return f"{kind} {value.dtype} {getattr(value, 'shape', ())} {_short(str(value.tolist()))}"
    return _object(value, kind, deep)


def _object(value: Any, kind: str, deep: int) -> str:
    """Return an object of the client by what it is made of."""
    for names in _PARTS:
        if all(hasattr(value, name) for name in names):
            parts = [f"{name}={described(_part(value, name), deep)}" for name in names]
            return f"{kind}({', '.join(parts)})"
    if isinstance(value, Sequence) or kind == "PrimitiveResult":
        return f"{kind}{[described(each, deep) for each in value]}"
    return f"{kind}({getattr(value, 'name', '') or _plain(value)})"


_PARTS: Final = (
    ("_pub_results", "metadata"),
    ("data", "metadata"),
    ("shape", "_data"),
    ("array", "num_bits"),
    ("start", "stop", "_data_slices"),
    ("_spans",),
    ("generators", "rates"),
    ("job_id", "status"),
    ("_array",),
    ("shape", "data"),
)
"""Names of the parts of results, spans, arrays and jobs."""


def _part(value: Any, name: str) -> Any:
    part = getattr(value, name)
    return part() if callable(part) and name in {"job_id", "status"} else part


def _plain(value: Any) -> str:
    text = repr(value)
    return "" if OF_A_RELEASE.search(text) else _short(text)
