"""The documented error codes of the service: what a failed job says when its script gives a code alone."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

__all__ = ["Explanation", "explanation"]


class Explanation(NamedTuple):
    """The message and solution of an error code; what the service fills in is "..."."""

    message: str
    solution: str


def explanation(code: int) -> Explanation:
    """Return what the service says with *code*; a general sentence for a code without documentation.

    >>> explanation(1500)
    Explanation(message='Internal error.', solution='Try again or contact support.')
    >>> explanation(1999).message
    'Planned outage. The service is undergoing maintenance.'
    """
    return _table().get(code) or Explanation(f"The job failed with error code {code}.", "")


@cache
def _table() -> dict[int, Explanation]:
    from importlib.resources import files

    text = files(__package__).joinpath("error_codes.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {int(code): Explanation(message, solution) for code, message, solution in rows}
