"""The text notation of scripts: a parser whose errors point at the place and offer a correction.

::

    QUEUED 2h; RUNNING 30s; DONE
    QUEUED 1s; RUNNING 3h; ERROR 1305
    RUNNING 5s [{"i": 1}]; ERROR 1500 "Internal error." "Try again."
    QUEUED 5s; UNKNOWN "Validating" 3s; DONE
    QUEUED

A step is a status and its length. A code and quoted texts after ERROR or CANCELLED are the service's
reason and solution. A JSON list after RUNNING holds the interim results, which appear evenly spread
over the step. A last step that is not final lasts for ever.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple, NoReturn

from qrtest.clock import duration as durations
from qrtest.errors import DurationError, ScriptError
from qrtest.lifecycle import transitions
from qrtest.lifecycle.corrections import WORDS, corrected
from qrtest.lifecycle.step import REASON_CODES, UNKNOWN, Step, failed, running, unknown

__all__ = ["ILLEGAL_PREFIX", "Notation", "meant", "pointer", "read"]

ILLEGAL_PREFIX: Final = "ILLEGAL: "
"""What the text of a script begins with that may break the order of statuses."""

EXAMPLE: Final = "QUEUED 2h; RUNNING 30s; DONE"

SHOWN_BEFORE: Final = 60
SHOWN_AFTER: Final = 40
"""Characters of a text that an error shows before and after the place of the mistake."""


class Notation(NamedTuple):
    """The steps in a text, the column where each begins, and whether their order must be legal."""

    steps: tuple[Step, ...]
    columns: tuple[int, ...]
    legal: bool


def read(text: str) -> Notation:
    """Return what *text* holds. Raises `ScriptError`, which shows the place and a correction.

    >>> read("QUEUED 2h; DONE")
    Notation(steps=(queued('2h'), done()), columns=(0, 11), legal=True)
    """
    return _Reader(text).read()


def pointer(text: str, at: int) -> str:
    """Return the part of *text* around the column *at* on one line, and a caret below that column."""
    begin = max(0, at - SHOWN_BEFORE)
    shown = text[begin : at + SHOWN_AFTER].replace("\n", " ").replace("\t", " ")
    return f"    {shown}\n    {' ' * (at - begin)}^"


class _Reader:
    """Reads a text from left to right; *at* is the column it has come to. *offers*: whether it corrects."""

    _WORD = re.compile(r"[^\W\d]\w*")
    _DURATION = re.compile(r"\d[\w.]*")
    _BLANK = re.compile(r"\s*")

    def __init__(self, text: str, *, offers: bool = True) -> None:
        self.text = text
        self._offers = offers
        self.at = 0

    def read(self) -> Notation:
        self._skip_blank()
        legal = not self.text.startswith(ILLEGAL_PREFIX, self.at)
        if not legal:
            self.at += len(ILLEGAL_PREFIX)
        steps: list[Step] = []
        columns: list[int] = []
        self._skip_blank()
        while self.at < len(self.text):
            columns.append(self.at)
            steps.append(self._step())
            self._skip_blank()
            if self.at < len(self.text):
                self._expect_separator()
            self._skip_blank()
        if not steps:
            self._refuse(0, "there is no step in it", EXAMPLE)
        return Notation(tuple(steps), tuple(columns), legal)

    def _step(self) -> Step:
        start = self.at
        word = self._word()
        says = self._text() if word == UNKNOWN else None
        if word == UNKNOWN and says is None:
            self._refuse(self.at, "UNKNOWN needs the word that the service sends")
        code = self._code() if word == transitions.ERROR else None
        lasts = self._duration()
        ends_badly = word in (transitions.ERROR, transitions.CANCELLED)
        reason = self._text() if ends_badly else None
        solution = self._text() if word == transitions.ERROR and reason is not None else None
        interim = self._list() if word == transitions.RUNNING else []
        try:
            if word == transitions.ERROR:
                return failed(reason, code, solution, lasts=lasts)
            if word == transitions.RUNNING:
                return running(lasts, interim=interim)
            if says is not None:
                return unknown(says, lasts)
            return Step(word, lasts, reason)
        except ScriptError as error:
            self._refuse(start, str(error))

    def _word(self) -> str:
        start = self.at
        match = self._WORD.match(self.text, start)
        if not match:
            self._refuse(start, "a step begins with a status", EXAMPLE)
        word = match[0].upper()
        if word not in WORDS:
            self._refuse(start, f"{match[0]!r} is not one of {', '.join(WORDS)}")
        self.at = match.end()
        return word

    def _code(self) -> int | None:
        start = self._skip_blank()
        match = re.compile(r"\d+(?![\w.])").match(self.text, start)
        if not match:
            return None
        self.at = match.end()
        if int(match[0]) not in REASON_CODES:
            self._refuse(start, "an error code has four digits, 1000 to 9999")
        return int(match[0])

    def _duration(self) -> float | None:
        start = self._skip_blank()
        match = self._DURATION.match(self.text, start)
        if not match:
            return None
        self.at = match.end()
        try:
            return durations.seconds(match[0])
        except DurationError as error:
            self._refuse(start, str(error))

    def _text(self) -> str | None:
        start = self._skip_blank()
        if not self.text.startswith('"', start):
            return None
        value = self._json('a text in double quotes, as "Internal error."')
        return str(value)

    def _list(self) -> list[Any]:
        start = self._skip_blank()
        if not self.text.startswith("[", start):
            return []
        value = self._json('interim results as a JSON list, [{"i": 1}]')
        return list(value)

    def _json(self, what: str) -> Any:
        start = self.at
        try:
            value, self.at = json.JSONDecoder().raw_decode(self.text, start)
        except (ValueError, RecursionError):
            self._refuse(start, f"this is not {what}")
        return value

    def _expect_separator(self) -> None:
        if self.text[self.at] == ";":
            self.at += 1
            return
        rest = self.text[self.at :].split(";")[0].strip()
        self._refuse(self.at, f"{rest!r} does not belong here; steps are separated by ';'")

    def _skip_blank(self) -> int:
        match = self._BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _refuse(self, at: int, why: str, example: str = "") -> NoReturn:
        """Raise `ScriptError`; where it is not clear what was meant, *example* is shown."""
        rather = (meant(self.text) if self._offers else None) or example
        advice = f"\nWrite it like this: {rather}" if rather else ""
        raise ScriptError(
            f"This script cannot be read at column {at + 1}: {why.rstrip('.')}.\n"
            f"{pointer(self.text, at)}{advice}"
        ) from None


def meant(text: str) -> str | None:
    """Return the script that was meant by *text*, if it is clear and can be read."""
    prefix = ILLEGAL_PREFIX if text.startswith(ILLEGAL_PREFIX) else ""
    rather = corrected(text.removeprefix(prefix))
    if rather is None:
        return None
    try:
        _Reader(prefix + rather, offers=False).read()
    except ScriptError:
        return None
    return prefix + rather
