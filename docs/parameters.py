"""An extension of Sphinx: what a docstring says of parameters and errors becomes a list, with types.

Our docstrings are written to be read in a terminal. A sentence that begins with `*name*` is about that
parameter, and so is what follows up to the next one, in the same paragraph.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

ABOUT: Final = re.compile(
    r"\*(\w+)\*((?:(?:,| and|, and) \*\w+\*)*)(?::\s+|\s+(?=\w))(.*)", re.DOTALL
)
"""`*a*, *b*: what they are`, or `*a* is ...`."""

SENTENCE: Final = re.compile(r"(?<=[.;])\s+(?=\*\w+\*)")
RAISES: Final = re.compile(r"(?<=[.;])\s+(?=Raises `)")
ERROR: Final = re.compile(
    r"(?:Raises |, and |, |and )`(\w+)`(.*?)(?=(?:, and|,| and) `\w+`|\.?$)", re.DOTALL
)
"""`Raises `A` for this, and `B` for that.`: each error, and when."""

EXAMPLE: Final = re.compile(r"^\s*>>>")


def setup(app: Any) -> dict[str, bool]:
    """Let the docstrings that autodoc reads pass through `fields`."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}


def _process(
    _app: Any, what: str, _name: str, documented: Any, _options: Any, lines: list[str]
) -> None:
    if what in ("function", "method", "class"):
        try:
            names = set(inspect.signature(documented).parameters)
        except (TypeError, ValueError):
            return
        lines[:] = fields(lines, names)


def fields(lines: list[str], names: set[str]) -> list[str]:
    """Return *lines* of a docstring, with what they say about parameters of these *names* as fields.

    >>> fields(["Wait.", "", "*a*: how long. *b*, *c*: both.", "", ">>> wait()"], {"a", "b", "c"})
    ['Wait.', '', '>>> wait()', '', ':param a: how long.', ':param b: both.', ':param c: both.']
    >>> fields(["Wait.", "", "Raises `A` for this, and `B`, an AssertionError, for that."], set())
    ['Wait.', '', ':raises A: for this', ':raises B: an AssertionError, for that']
    """
    kept: list[str] = []
    found: list[str] = []
    for paragraph in _paragraphs(lines):
        rest = []
        if EXAMPLE.match(paragraph):
            rest = [paragraph]
        else:
            for sentence in _sentences(paragraph):
                if sentence.startswith("Raises `"):
                    found += [
                        f":raises {error}: {when.lstrip(', ')}"
                        for error, when in ERROR.findall(" ".join(sentence.split()))
                    ]
                    continue
                about = ABOUT.fullmatch(sentence)
                own = (
                    re.findall(r"\w+", f"{about[1]}{about[2].replace('and', '')}") if about else []
                )
                if about and names.issuperset(own):
                    what = " ".join(about[3].split())
                    found += [f":param {each}: {what}" for each in own]
                else:
                    rest.append(sentence)
        if rest:
            kept += [*" ".join(rest).split("\n"), ""]
    return [*kept, *found] if found else lines


def _sentences(paragraph: str) -> list[str]:
    """Return *paragraph* cut before each sentence that is about a parameter or an error."""
    return [part for each in SENTENCE.split(paragraph) for part in RAISES.split(each)]


def _paragraphs(lines: list[str]) -> list[str]:
    return [each.strip("\n") for each in re.split(r"\n\s*\n", "\n".join(lines)) if each.strip()]
