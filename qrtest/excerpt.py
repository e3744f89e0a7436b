"""A long text on one line: its beginning and its end, and how much is left out between them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["excerpt"]

_ADDRESS: Final = re.compile(r"(https?://[^/\s'\"]{1,80})/[^\s'\"<>]+")
_LINE_BREAKS: Final = re.compile(r"\s*\n\s*")


def excerpt(text: str, most: int) -> str:
    """Return *text* on one line, in at most *most* characters where *most* is 40 or more.

    Addresses are cut to their hosts first. What is left out then is in the middle, and counted: the end of a
    message or a value says as much as its beginning.

    >>> excerpt("The job failed. " + "It says why at length. " * 9 + "Error code 1517", 56)
    'The job failed. [... 208 characters ...] Error code 1517'
    >>> excerpt("401 Client Error: Unauthorized for url: https://cloud.ibm.com/api/v1/jobs?limit=50", 70)
    '401 Client Error: Unauthorized for url: https://cloud.ibm.com/...'
    """
    line = _LINE_BREAKS.sub(" ", text)
    if len(line) > most:
        line = _ADDRESS.sub(r"\1/...", line)
    if len(line) <= most:
        return line
    longest_mark = len(_mark(len(line)))
    kept = max(2, most - longest_mark)
    head, tail = line[: kept - kept // 2].rstrip(), line[-(kept // 2) :].lstrip()
    return f"{head}{_mark(len(line) - len(head) - len(tail))}{tail}"


def _mark(left_out: int) -> str:
    return f" [... {left_out:,} characters ...] "
