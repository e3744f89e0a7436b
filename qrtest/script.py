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

from qrtest import duration as durations
from qrtest import lifecycle
from qrtest.duration import Duration
from qrtest.errors import DurationError, IllegalTransition, ScriptError
from qrtest.printing import AsCode

__all__ = [
    "RAN_TOO_LONG",
    "UNKNOWN",
    "Script",
    "Step",
    "cancelled",
    "done",
    "failed",
    "queued",
    "ran_too_long",
    "running",
    "unknown",
]

RAN_TOO_LONG: Final = 1305
RAN_TOO_LONG_REASON: Final = "Ran too long"
UNKNOWN: Final = "UNKNOWN"
ILLEGAL_PREFIX: Final = "ILLEGAL: "
WORDS: Final = (
    lifecycle.QUEUED,
    lifecycle.RUNNING,
    lifecycle.DONE,
    lifecycle.ERROR,
    lifecycle.CANCELLED,
    UNKNOWN,
)
EVENT_OF: Final = {status: event for event, status in lifecycle.EVENTS.items()}
REASON_CODES: Final = range(1000, 10_000)


@dataclass(frozen=True, slots=True)
class Step(AsCode):
    """One stage of a life. Made by `queued`, `running`, `done`, `failed`, ... rather than directly.

    *status* is one of the lifecycle, or UNKNOWN with the word that the service *says*.
    *seconds* is how long it lasts, None for ever. *interim* holds JSON texts.
    """

    status: str
    seconds: float | None = None
    reason: str | None = None
    code: int | None = None
    solution: str | None = None
    says: str | None = None
    interim: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether a job that got here stays here."""
        return self.status in lifecycle.FINAL

    def __str__(self) -> str:
        parts = [self.status]
        if self.says is not None:
            parts.append(json.dumps(self.says))
        if self.code is not None:
            parts.append(str(self.code))
        if self.seconds is not None:
            parts.append(durations.text(self.seconds))
        if self.reason is not None and not self._is_plain_ran_too_long():
            parts.append(json.dumps(self.reason))
        if self.solution is not None:
            parts.append(json.dumps(self.solution))
        if self.interim:
            parts.append(f"[{', '.join(self.interim)}]")
        return " ".join(parts)

    def __repr__(self) -> str:
        name, arguments = _CONSTRUCTORS[self.status], []
        if self.says is not None:
            arguments.append(repr(self.says))
        lasts = None if self.seconds is None else repr(durations.text(self.seconds))
        if self.is_final:
            if self._is_plain_ran_too_long():
                name = "ran_too_long"
            else:
                arguments += [repr(self.reason)] if self.reason is not None else []
                arguments += [f"code={self.code!r}"] if self.code is not None else []
                arguments += [f"solution={self.solution!r}"] if self.solution is not None else []
            arguments += [f"lasts={lasts}"] if lasts else []
        else:
            arguments += [lasts] if lasts else []
        if self.interim:
            arguments.append(f"interim={[json.loads(item) for item in self.interim]!r}")
        return f"{name}({', '.join(arguments)})"

    def _is_plain_ran_too_long(self) -> bool:
        return (
            self.code == RAN_TOO_LONG
            and self.reason == RAN_TOO_LONG_REASON
            and self.solution is None
        )


_CONSTRUCTORS: Final = {
    lifecycle.QUEUED: "queued",
    lifecycle.RUNNING: "running",
    lifecycle.DONE: "done",
    lifecycle.ERROR: "failed",
    lifecycle.CANCELLED: "cancelled",
    UNKNOWN: "unknown",
}


def queued(lasts: Duration | None = None) -> Step:
    """The job waits in the queue, for ever when no length is given.

    >>> queued("2h")
    queued('2h')
    """
    return Step(lifecycle.QUEUED, _length(lasts))


def running(lasts: Duration | None = None, *, interim: Sequence[Any] = ()) -> Step:
    """The job runs, for ever when no length is given.

    The *interim* results, any JSON values, appear one after the other, evenly spread over the time.

    >>> running(5, interim=[{"i": 1}])
    running('5s', interim=[{'i': 1}])
    """
    if isinstance(interim, (str, bytes)) or not isinstance(interim, Sequence):
        raise ScriptError(
            f"interim={interim!r} is not a list of results: write interim=[{interim!r}]."
        )
    return Step(
        lifecycle.RUNNING, _length(lasts), interim=tuple(_json_text(value) for value in interim)
    )


def done(*, lasts: Duration | None = None) -> Step:
    """The job has completed. *lasts* is for scripts that are illegal on purpose.

    >>> done()
    done()
    """
    return Step(lifecycle.DONE, _length(lasts))


def failed(
    reason: str | None = None,
    code: int | None = None,
    solution: str | None = None,
    *,
    lasts: Duration | None = None,
) -> Step:
    """The job has failed, with the service's reason, error code (1000 to 9999) and solution.

    Code 1305 is the one that ran too long, in the service's own form: see `ran_too_long`.

    >>> failed("Internal error.", code=1500)
    failed('Internal error.', code=1500)
    """
    if code is not None and (isinstance(code, bool) or code not in REASON_CODES):
        raise ScriptError(
            f"code={code!r} is not an error code of the service: they are whole numbers "
            "from 1000 to 9999."
        )
    if code == RAN_TOO_LONG and reason is None:
        reason = RAN_TOO_LONG_REASON
    if solution is not None and reason is None:
        raise ScriptError("failed(solution=...) without a reason: the service gives none alone.")
    return Step(lifecycle.ERROR, _length(lasts), reason, code, solution)


def ran_too_long(*, lasts: Duration | None = None) -> Step:
    """The service stopped the job at its maximum execution time (code 1305).

    >>> ran_too_long() == failed(code=1305)
    True
    """
    return failed(code=RAN_TOO_LONG, lasts=lasts)


def cancelled(reason: str | None = None, *, lasts: Duration | None = None) -> Step:
    """The job was cancelled by somebody else than the code under test.

    >>> cancelled("Session closed")
    cancelled('Session closed')
    """
    return Step(lifecycle.CANCELLED, _length(lasts), reason)


def unknown(says: str, lasts: Duration | None = None) -> Step:
    """The service says a status that no client has heard of.

    >>> unknown("Validating", "5s")
    unknown('Validating', '5s')
    """
    if not isinstance(says, str) or not says:
        raise ScriptError(f"unknown({says!r}): give the word that the service says.")
    return Step(UNKNOWN, _length(lasts), says=says)


@dataclass(frozen=True, init=False, repr=False)
class Script(AsCode):
    """The life of a job: `Script(queued("2h"), running("30s"), done())`.

    Scripts are values: equal when they say the same, hashable, with a `repr` that is code and a
    `str` that `Script.parse` reads. An order that no job can live raises `ScriptError`, which names
    the step; *legal=False* allows it on purpose.

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
            if entry.seconds is None:
                return None
            total += entry.seconds
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


def _length(lasts: Duration | None) -> float | None:
    return None if lasts is None else durations.seconds(lasts)


def _json_text(value: object) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ScriptError(f"The interim result {value!r} is not JSON: {error}.") from None
    return text


def _refuse_illegal(steps: Sequence[Step]) -> None:
    status = lifecycle.INITIALIZING
    for number, entry in enumerate(steps, 1):
        try:
            if entry.status == UNKNOWN:
                _refuse_after_the_end(status, entry)
            else:
                status = lifecycle.step(status, EVENT_OF[entry.status])
        except IllegalTransition as error:
            raise ScriptError(
                f"Step {number} ({entry}) cannot be: {error} "
                "If it is what you want to test, say Script(..., legal=False)."
            ) from None


def _refuse_after_the_end(status: str, entry: Step) -> None:
    if status in lifecycle.FINAL:
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
        code = self._code() if word == lifecycle.ERROR else None
        lasts = self._duration()
        ends_badly = word in (lifecycle.ERROR, lifecycle.CANCELLED)
        reason = self._text() if ends_badly else None
        solution = self._text() if word == lifecycle.ERROR and reason is not None else None
        interim = self._list() if word == lifecycle.RUNNING else []
        try:
            if word == lifecycle.ERROR:
                return failed(reason, code, solution, lasts=lasts)
            if word == lifecycle.RUNNING:
                return running(lasts, interim=interim)
            return Step(word, lasts, reason, says=says)
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
