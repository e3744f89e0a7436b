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

import difflib
import json
import re
from typing import Any, Final, NamedTuple, NoReturn

from qrtest.clock import duration as durations
from qrtest.errors import DurationError, ScriptError
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import REASON_CODES, UNKNOWN, Step, failed, running, unknown

__all__ = ["ILLEGAL_PREFIX", "Notation", "pointer", "read"]

ILLEGAL_PREFIX: Final = "ILLEGAL: "
"""What the text of a script begins with that may break the order of statuses."""

WORDS: Final = (
    *(status for status in transitions.STATUSES if status != transitions.INITIALIZING),
    UNKNOWN,
)
"""The words that a step can begin with: a job is INITIALIZING before its first step."""

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
    """Reads a text from left to right; *at* is the column it has come to."""

    _WORD = re.compile(r"[^\W\d]\w*")
    _DURATION = re.compile(r"\d[\w.]*")
    _BLANK = re.compile(r"\s*")

    def __init__(self, text: str) -> None:
        self.text = text
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
            self._refuse(0, "there is no step in it", "QUEUED 2h; RUNNING 30s; DONE")
        return Notation(tuple(steps), tuple(columns), legal)

    def _step(self) -> Step:
        start = self.at
        word = self._word()
        says = self._text() if word == UNKNOWN else None
        if word == UNKNOWN and says is None:
            self._refuse(
                self.at, "UNKNOWN needs the word that the service sends", 'UNKNOWN "Validating" 5s'
            )
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
            self._refuse(start, str(error), None)

    def _word(self) -> str:
        start = self.at
        match = self._WORD.match(self.text, start)
        if not match:
            self._refuse(start, "a step begins with a status", "QUEUED 2h; RUNNING 30s; DONE")
        word = match[0].upper()
        if word not in WORDS:
            near = difflib.get_close_matches(word, WORDS, n=1, cutoff=0.5)
            fixed = self.text[:start] + near[0] + self.text[match.end() :] if near else None
            self._refuse(start, f"{match[0]!r} is not one of {', '.join(WORDS)}", fixed)
        self.at = match.end()
        return word

    def _code(self) -> int | None:
        start = self._skip_blank()
        match = re.compile(r"\d+(?![\w.])").match(self.text, start)
        if not match:
            return None
        self.at = match.end()
        if int(match[0]) not in REASON_CODES:
            self._refuse(start, "an error code has four digits, 1000 to 9999", "ERROR 1500")
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
            number = re.match(r"\d+(\.\d+)?", match[0])
            unit = match[0][number.end() :].lower() if number else ""
            near = next((u for u in durations.UNITS if unit.startswith(u[0])), "s")
            fixed = (
                f"{self.text[:start]}{number[0] if number else 5}{near}{self.text[match.end() :]}"
            )
            self._refuse(start, str(error), fixed)

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
            self._refuse(start, f"this is not {what}", None)
        return value

    def _expect_separator(self) -> None:
        if self.text[self.at] == ";":
            self.at += 1
            return
        rest = self.text[self.at :].split(";")[0].strip()
        next_word = self._WORD.match(self.text, self.at)
        fixed = None
        if next_word and next_word[0].upper() in WORDS:
            fixed = f"{self.text[: self.at].rstrip()}; {self.text[self.at :]}"
        self._refuse(self.at, f"{rest!r} does not belong here; steps are separated by ';'", fixed)

    def _skip_blank(self) -> int:
        match = self._BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _refuse(self, at: int, why: str, rather: str | None) -> NoReturn:
        advice = f"\nWrite it like this: {rather}" if rather else ""
        raise ScriptError(
            f"This script cannot be read at column {at + 1}: {why.rstrip('.')}.\n"
            f"{pointer(self.text, at)}{advice}"
        ) from None
