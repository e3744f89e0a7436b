"""A script: the statuses that a job goes through, step by step on a timeline, as a value.

`qrtest.lifecycle.notation` has the text that people write for one and reports print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from qrtest.code_repr import AsCode
from qrtest.errors import IllegalTransition, ScriptError
from qrtest.lifecycle import notation, transitions
from qrtest.lifecycle.step import UNKNOWN, Step

__all__ = ["Script"]

LASTS_FOR_EVER: Final = "lasts for ever"
EVENT_OF: Final = {status: event for event, status in transitions.EVENTS.items()}


@dataclass(frozen=True, init=False, repr=False)
class Script(AsCode):
    """The status sequence of a job: `Script(queued("2h"), running("30s"), done())`.

    Scripts are values: equal when their steps are, hashable, with a `repr` that is code and a `str`
    that `Script.parse` reads. An order of statuses that no job can have raises `ScriptError`, which
    names the step; *legal=False* allows it.

    >>> from qrtest import done, queued, running
    >>> str(Script(queued("2h"), running("30s"), done()))
    'QUEUED 2h; RUNNING 30s; DONE'
    """

    steps: tuple[Step, ...]
    legal: bool = field(default=True)

    def __init__(self, *steps: Step, legal: bool = True) -> None:
        if not steps:
            raise ScriptError("A script needs a step: the shortest one is Script(done()).")
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
        """Return the script that *text* describes.

        Raises `ScriptError`, which quotes the text, points at the place and offers a correction.

        >>> Script.parse("QUEUED 1s; RUNNING 3h; ERROR 1305")
        Script(queued('1s'), running('3h'), ran_too_long())
        """
        if not isinstance(text, str):
            raise ScriptError(
                f"{text!r} is not the text of a script: 'QUEUED 2h; RUNNING 30s; DONE' is."
            )
        return _parsed(text)

    @classmethod
    def of(cls, script: Script | Step | str) -> Script:
        """Return *script* as a `Script`: a single step and a text are turned into one.

        >>> from qrtest import done
        >>> Script.of("DONE") == Script.of(done()) == Script(done())
        True
        """
        if isinstance(script, Script):
            return script
        return cls(script) if isinstance(script, Step) else cls.parse(script)

    @property
    def seconds(self) -> float | None:
        """Seconds until the job is in a final status; None when it never is.

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
        """The last step.

        >>> Script.parse("QUEUED 2h; DONE").end
        done()
        """
        return self.steps[-1]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        return ("" if self.legal else notation.ILLEGAL_PREFIX) + "; ".join(map(str, self.steps))

    def __repr__(self) -> str:
        arguments = [repr(entry) for entry in self.steps] + ([] if self.legal else ["legal=False"])
        return f"Script({', '.join(arguments)})"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Script:
    found = notation.read(text)
    try:
        return Script(*found.steps, legal=found.legal)
    except ScriptError as error:
        number = re.match(r"Step (\d+)", str(error))
        at = found.columns[int(number[1]) - 1] if number else 0
        rather = notation.meant(text) if LASTS_FOR_EVER in str(error) else None
        advice = f"\nWrite it like this: {rather}" if rather else ""
        raise ScriptError(f"{error}\n{notation.pointer(text, at)}{advice}") from None


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
                f"Step {number} ({entry}) cannot follow: {error} "
                "To test it all the same, write Script(..., legal=False)."
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
                f"Step {number} ({entry}) {LASTS_FOR_EVER}, so step {number + 1} "
                f"({steps[number]}) is never reached: say how long it lasts, as in '{entry} 5s'."
            )
