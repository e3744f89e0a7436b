"""The first line of what an exception says, for reports that quote it."""

from __future__ import annotations

__all__ = ["first_line"]


def first_line(error: BaseException) -> str:
    """Return the first line of the message of *error*; an empty text when it has none, or cannot give it.

    >>> first_line(ValueError("no such job\\nsee the log"))
    'no such job'
    """
    try:
        return next(iter(str(error).splitlines()), "")
    except Exception:  # the class is of the program under test, and so is its __str__
        return ""
