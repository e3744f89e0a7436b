"""What somebody meant who wrote a script that cannot be read: the whole script, every step corrected.

Other services' words for a status, other separators, units written out, quotes of other kinds and wrong codes
are understood. What is right stays as it was written; where anything is unclear, nothing is offered.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from typing import Final

from qrtest.clock import duration as durations
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import REASON_CODES, UNKNOWN

__all__ = ["WORDS", "corrected"]

WORDS: Final = (
    *(status for status in transitions.STATUSES if status != transitions.INITIALIZING),
    UNKNOWN,
)
"""The words that a step can begin with: a job is INITIALIZING before its first step."""

SYNONYMS: Final = {
    transitions.QUEUED: "INITIALIZING PENDING WAITING ENQUEUED SUBMITTED CREATED SCHEDULED QUEUE WAIT",
    transitions.RUNNING: "STARTED EXECUTING ACTIVE PROCESSING INPROGRESS RUN RUNS",
    transitions.DONE: "COMPLETED COMPLETE FINISHED SUCCESS SUCCEEDED SUCCESSFUL OK FINISH",
    transitions.ERROR: "FAILED FAILURE FAIL FAULTED CRASHED ERRORED FAILS",
    transitions.CANCELLED: "CANCELED CANCEL ABORTED STOPPED TERMINATED KILLED",
}
"""Words for a status that other services, other clients and people have."""

_STATUS_OF: Final = {word: word for word in WORDS} | {
    word: status for status, words in SYNONYMS.items() for word in words.split()
}
ANY_CODE: Final = 1500
ANY_LENGTH: Final = "5s"
ANY_WORD: Final = "Validating"
LONGEST: Final = 2_000
FILLERS: Final = frozenset(
    {"for", "after", "then", "and", "lasts", "with", "code", "status", "reason"}
)
_TOKEN: Final = re.compile(
    r"""
    (?P<blank>[\s=:()]+)
    | (?P<end>;|,|\||[-=]*>|\u2192)
    | (?P<long>(?:cancell?ed\s*-\s*)?ran[\s_-]+too[\s_-]+long\b)
    | (?P<quoted>"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|\u201c[^\u201d]*(?:\u201d|$))
    | (?P<list>[\[{].*)
    | (?P<length>\d+(?:[.,]\d+)?
        (?:\s*[^\W\d_]+\b(?:(?:\s|,|and\b)*\d+(?:[.,]\d+)?\s*[^\W\d_]+\b)*|\w+)?)
    | (?P<word>[^\W\d][\w'-]*)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


@dataclass
class _Step:
    """What is known of a step so far."""

    word: str
    code: int | None = None
    length: str = ""
    texts: list[str] = field(default_factory=list)
    interim: str = ""

    def __str__(self) -> str:
        is_bad = self.word in (transitions.ERROR, transitions.CANCELLED)
        texts = [json.dumps(text, ensure_ascii=False) for text in self.texts if text]
        says = texts or [json.dumps(ANY_WORD)]
        parts = [
            self.word,
            *(says if self.word == UNKNOWN else []),
            *([str(self.code)] if self.code else []),
            self.length,
            *(texts if is_bad else []),
            self.interim,
        ]
        return " ".join(filter(None, parts))


def corrected(text: str) -> str | None:
    """Return the script that was meant by *text*; None where it is not clear.

    >>> corrected("queue 2 hours, FAILED 99 'Internal error'")
    'QUEUED 2h; ERROR 1500 "Internal error"'
    """
    steps: list[_Step] = []
    is_open = False
    at = 0
    text = text[: LONGEST + 1].rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(text) > LONGEST:
            return None
        at = match.end()
        kind, found = str(match.lastgroup), match[0]
        if kind == "blank":
            continue
        if kind == "end":
            is_open = False
        elif kind in ("word", "long") and (step := _begun(found, kind, is_open)) is not None:
            steps.append(step)
            is_open = True
        elif not is_open:
            return None
        elif kind == "word" and found.lower() not in FILLERS:
            if steps[-1].word not in (transitions.ERROR, transitions.CANCELLED):
                return None
            words = re.compile(r"[^;\n\"]*").match(text, match.start())
            assert words is not None
            steps[-1].texts.append(words[0].strip())
            at = words.end()
        elif kind == "length":
            if (left := _count(steps[-1], found)) is None:
                return None
            at -= left
        elif kind == "list":
            value, used = _read(found)
            if used == 0 or steps[-1].word != transitions.RUNNING:
                return None
            steps[-1].interim = value
            at = match.start() + used
        elif kind == "quoted":
            steps[-1].texts.append(_unquoted(found))
    for step in steps[:-1]:
        step.length = step.length or ("" if step.word in transitions.FINAL else ANY_LENGTH)
    fits = all(len(step.texts) <= _most_texts(step) for step in steps)
    return "; ".join(map(str, steps)) if steps and fits else None


def _begun(found: str, kind: str, is_open: bool) -> _Step | None:
    """Return the step that a word begins; None if it begins none. *is_open*: whether one is being read."""
    if kind == "long":
        return _Step(transitions.ERROR, code=1305)
    word = found.upper().replace("-", "").replace("_", "")
    if word in _STATUS_OF:
        return _Step(_STATUS_OF[word])
    if is_open:
        return None
    if word == ANY_WORD.upper():
        return _Step(UNKNOWN, texts=[ANY_WORD])
    import difflib

    near = difflib.get_close_matches(word, WORDS, n=1, cutoff=0.5) or difflib.get_close_matches(
        word, _STATUS_OF, n=1
    )
    return _Step(_STATUS_OF[near[0]]) if near else None


def _count(step: _Step, found: str) -> int | None:
    """Take *found* as the code or the length of *step*; return how many letters are left; None if unclear."""
    number = re.match(r"\d+(?![\w.,])", found)
    if number is not None and step.word == transitions.ERROR and step.code is None:
        code = int(number[0])
        step.code = code if code in REASON_CODES else ANY_CODE
        return len(found) - number.end()
    if not step.length:
        length = durations.corrected(found)
        if length is not None:
            is_right = re.fullmatch(r"\d+|(\d+(\.\d+)?(ms|d|h|m|s))+", found)
            step.length = found if is_right else length
            return 0
        if number is not None:  # what follows is no unit
            step.length = number[0]
            return len(found) - number.end()
    return None


def _most_texts(step: _Step) -> int:
    """Return how many texts a step can have."""
    return {transitions.ERROR: 2, transitions.CANCELLED: 1, UNKNOWN: 1}.get(step.word, 0)


def _unquoted(found: str) -> str:
    """Return the text between the quotes, whose second may be missing."""
    try:
        return str(json.loads(found))
    except ValueError:
        return found[1:].rstrip("\"'\u201d")


def _read(found: str) -> tuple[str, int]:
    """Return the list or object that *found* begins with as a JSON list, and its length, 0 for none."""
    try:
        value, used = json.JSONDecoder().raw_decode(found)
    except (ValueError, RecursionError):
        close = "]" if found[0] == "[" else "}"
        used = found.find(close) + 1
        try:
            value = ast.literal_eval(found[:used])
            json.dumps(value, allow_nan=False)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return "", 0
    is_json = isinstance(value, list) and found[:1] == "["
    try:
        text = json.dumps(value if is_json else [value], allow_nan=False)
    except ValueError:
        return "", 0
    return text, used
