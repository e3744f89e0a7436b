"""What an error advises: which name was meant, where all names stand, and which page says more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["choices", "page"]

SITE: Final = "https://qrtest.readthedocs.io/en/latest/"
MOST_LISTED: Final = 8
MOST_NEAR: Final = 3
LEAST_LIKENESS: Final = 0.65


def page(name: str, section: str = "") -> str:
    """Return the address of a page of the documentation, which an installed user has not as a file.

    >>> page("time")
    'https://qrtest.readthedocs.io/en/latest/time.html'
    """
    return f"{SITE}{name}.html" + (f"#{section}" if section else "")


def choices(given: object, known: Iterable[str], everything: str) -> str:
    """Return sentences that say what there is in place of *given*: a few names, or of many the nearest.

    *everything* says where all of many names are to be found.

    >>> choices("b", ["a", "c"], "")
    'There are a, c.'
    >>> choices("pol", ["poll", *"abcdefghi"], "help(x)")
    "Did you mean 'poll'? (All 10: help(x))"
    """
    import difflib

    names = list(known)
    near = difflib.get_close_matches(str(given), names, n=MOST_NEAR, cutoff=LEAST_LIKENESS)
    meant = f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
    if len(names) <= MOST_LISTED:
        listed = f"There are {', '.join(names)}." if names else "There are none."
        return f"{listed} {meant}".rstrip()
    meant = meant or f"There are {', '.join(names[:MOST_NEAR])}, and others."
    return f"{meant} (All {len(names):,}: {everything})"
