"""What a job does with its life: steps on a timeline, as a value.

A `Script` is a sequence of `Step`. It has a text notation that people write and reports print::

    QUEUED 2h; RUNNING 30s; DONE
    QUEUED 1s; RUNNING 3h; ERROR 1305
    RUNNING 5s [{"i": 1}]; ERROR 1500 "Internal error." "Try again."
    QUEUED 5s; UNKNOWN "Validating" 3s; DONE
    QUEUED

A step is a status and how long it lasts. A code or quoted texts after ERROR or CANCELLED are the
service's reason (and its solution), a JSON list after RUNNING the interim results that appear, evenly
spread, while it runs. A last step that is not final lasts for ever.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NoReturn

from qrtest.clock import duration as durations
from qrtest.code_repr import AsCode
from qrtest.errors import DurationError, IllegalTransition, ScriptError
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import REASON_CODES, UNKNOWN, Step, failed, running, unknown

__all__ = ["Script"]

ILLEGAL_PREFIX: Final = "ILLEGAL: "
WORDS: Final = (
    transitions.QUEUED,
    transitions.RUNNING,
    transitions.DONE,
    transitions.ERROR,
    transitions.CANCELLED,
    UNKNOWN,
)
EVENT_OF: Final = {status: event for event, status in transitions.EVENTS.items()}


@dataclass(frozen=True, init=False, repr=False)
class Script(AsCode):
    """The life of a job: `Script(queued("2h"), running("30s"), done())`.

    Scripts are values: equal when they say the same, hashable, with a `repr` that is code and a
    `str` that `Script.parse` reads. An order that no job can live raises `ScriptError`, which names
    the step; *legal=False* allows it on purpose.

    >>> from qrtest import done, queued, running
    >>> str(Script(queued("2h"), running("30s"), done()))
    'QUEUED 2h; RUNNING 30s; DONE'
    """

    steps: tuple[Step, ...]
    legal: bool = field(default=True)

    def __init__(self, *steps: Step, legal: bool = True) -> None:
        if not steps:
            raise ScriptError("A script without a step: the shortest life is Script(done()).")
        for number, entry in enumerate(steps, 1):
            if not isinstance(entry, Step):
                raise ScriptError(
                    f"Step {number} is {entry!r}, not a step: write Script(queued('2h'), done()), "
                    "or Script.parse('QUEUED 2h; DONE')."
                )
        if legal:
            _refuse_illegal(steps)
        _refuse_unreachable(steps)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "legal", legal)

    @classmethod
    def parse(cls, text: str) -> Script:
        """The script that *text* describes.

        Raises `ScriptError` that quotes the text, points at the place, and offers what was meant.

        >>> Script.parse("QUEUED 1s; RUNNING 3h; ERROR 1305")
        Script(queued('1s'), running('3h'), ran_too_long())
        """
        if not isinstance(text, str):
            raise ScriptError(
                f"{text!r} is not the text of a script: 'QUEUED 2h; RUNNING 30s; DONE' is."
            )
        return _parsed(text)

    @classmethod
    def of(cls, life: Script | Step | str) -> Script:
        """*life* as a script, whichever way it was written.

        >>> from qrtest import done
        >>> Script.of("DONE") == Script.of(done()) == Script(done())
        True
        """
        if isinstance(life, Script):
            return life
        return cls(life) if isinstance(life, Step) else cls.parse(life)

    @property
    def seconds(self) -> float | None:
        """How long the job takes to its end; None when it has none.

        >>> Script.parse("QUEUED 2h; RUNNING 30s; DONE").seconds
        7230.0
        """
        total = 0.0
        for entry in self.steps:
            if entry.is_final:
                return total
            total += entry.seconds or 0.0
        return None

    @property
    def end(self) -> Step:
        """The step that the life ends with, or lasts in.

        >>> Script.parse("QUEUED 2h; DONE").end
        done()
        """
        return self.steps[-1]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        return ("" if self.legal else ILLEGAL_PREFIX) + "; ".join(map(str, self.steps))

    def __repr__(self) -> str:
        arguments = [repr(entry) for entry in self.steps] + ([] if self.legal else ["legal=False"])
        return f"Script({', '.join(arguments)})"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Script:
    return _Reader(text).script()


def _refuse_illegal(steps: Sequence[Step]) -> None:
    status = transitions.INITIALIZING
    for number, entry in enumerate(steps, 1):
        try:
            if entry.status == UNKNOWN:
                _refuse_after_the_end(status, entry)
            else:
                status = transitions.step(status, EVENT_OF[entry.status])
        except IllegalTransition as error:
            raise ScriptError(
                f"Step {number} ({entry}) cannot be: {error} "
                "If it is what you want to test, say Script(..., legal=False)."
            ) from None


def _refuse_after_the_end(status: str, entry: Step) -> None:
    if status in transitions.FINAL:
        raise IllegalTransition(
            f"A job that is {status} cannot become {entry.says!r}: {status} is final.",
            source=status,
            target=entry.says or UNKNOWN,
        )


def _refuse_unreachable(steps: Sequence[Step]) -> None:
    for number, entry in enumerate(steps[:-1], 1):
        if entry.seconds is None:
            raise ScriptError(
                f"Step {number} ({entry}) lasts for ever, so step {number + 1} "
                f"({steps[number]}) is never reached: say how long it lasts, as in '{entry} 5s'."
            )


class _Reader:
    """Reads the text notation from left to right and knows the column it is at."""

    _WORD = re.compile(r"[^\W\d]\w*")
    _DURATION = re.compile(r"\d[\w.]*")
    _BLANK = re.compile(r"\s*")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def script(self) -> Script:
        self._skip_blank()
        legal = not self.text.startswith(ILLEGAL_PREFIX, self.at)
        if not legal:
            self.at += len(ILLEGAL_PREFIX)
        steps: list[Step] = []
        starts: list[int] = []
        self._skip_blank()
        while self.at < len(self.text):
            starts.append(self.at)
            steps.append(self._step())
            self._skip_blank()
            if self.at < len(self.text):
                self._expect_separator()
            self._skip_blank()
        if not steps:
            self._refuse(0, "there is no step in it", "QUEUED 2h; RUNNING 30s; DONE")
        try:
            return Script(*steps, legal=legal)
        except ScriptError as error:
            number = re.match(r"Step (\d+)", str(error))
            at = starts[int(number[1]) - 1] if number else 0
            raise ScriptError(f"{error}\n{self._pointer(at)}") from None

    def _step(self) -> Step:
        start = self.at
        word = self._word()
        says = self._text() if word == UNKNOWN else None
        if word == UNKNOWN and says is None:
            self._refuse(
                self.at, "UNKNOWN needs the word that the service says", 'UNKNOWN "Validating" 5s'
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
            f"{self._pointer(at)}{advice}"
        )

    def _pointer(self, at: int) -> str:
        begin = max(0, at - 60)
        shown = self.text[begin : at + 40].replace("\n", " ").replace("\t", " ")
        return f"    {shown}\n    {' ' * (at - begin)}^"
