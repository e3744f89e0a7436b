"""Writes docs/quality.md from what a mutation run left in mutants/.

    python -m docs.make_quality            # writes the page
    python -m docs.make_quality sample     # names mutants: those of an hour, not of a day

What mutmut keeps is read as it lies there: for each module the exit codes by mutant (`.meta`), and the
lines on which each mutant stands in the mutated module (`.spans`).
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import ndiff
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "quality.md"
MUTANTS = ROOT / "mutants"

WHOLE = ("qrtest.lifecycle.transitions", "qrtest.lifecycle.step", "qrtest.lifecycle.script")
"""Modules of which every mutant is tried. Of the others it is one in EVERY, always the same ones."""
EVERY = 8
SEED = 1305

OUTCOMES = ("killed", "by types", "timeout", "survived", "no test", "not run")
OUTCOME_OF = {
    None: "not run",
    0: "survived",
    1: "killed",
    3: "killed",
    33: "no test",
    37: "by types",
}
"""By the exit code that mutmut keeps; any other is that of a run that was stopped for its time."""

Outcomes = Mapping[str, Mapping[str, str]]
"""What became of each mutant, by module and name."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed: in which function, and what it made of which lines."""

    where: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"  {self.where}\n- {self.before}\n+ {self.after}"


def outcomes(folder: Path = MUTANTS) -> Outcomes:
    """Of all the mutants that a run made."""
    found = {}
    for meta in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        module = ".".join(meta.relative_to(folder).with_suffix("").with_suffix("").parts)
        if codes:
            found[module] = {
                name.rpartition(".")[2]: OUTCOME_OF.get(code, "timeout")
                for name, code in codes.items()
            }
    return found


def sample(found: Outcomes) -> Iterator[str]:
    """Yield the full names of one mutant in EVERY, of each module that is not tried whole."""
    for module, mutants in found.items():
        names = sorted(f"{module}.{mutant}" for mutant in mutants)
        random.Random(SEED).shuffle(names)
        yield from () if module in WHOLE else names[: -(-len(names) // EVERY)]


# --- survivors ---------------------------------------------------------------------------------------


def survivors(found: Outcomes, folder: Path = MUTANTS) -> Iterator[Survivor]:
    """Yield those that no test noticed, as changes to the source."""
    for module, mutants in found.items():
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        spans = {
            name: (first - 1, last)
            for name, (first, last) in json.loads(path.with_suffix(".py.spans").read_text())[
                "spans"
            ].items()
        }
        lines = path.read_text(encoding="utf-8").splitlines()
        for mutant in (name for name, outcome in mutants.items() if outcome == "survived"):
            function = mutant.rpartition("__mutmut_")[0]
            one, other = (
                [line.strip().replace(name, plain(function)) for line in lines[slice(*spans[name])]]
                for name in (f"{function}__mutmut_orig", mutant)
            )
            changed = list(ndiff(one, other))
            before, after = (
                " ".join(line[2:] for line in changed if line.startswith(sign))
                for sign in ("- ", "+ ")
            )
            yield Survivor(f"{module}.{plain(function)}", before, after)


def plain(function: str) -> str:
    """Return the name of a function as it is written, from the one that mutmut gives it.

    >>> plain("xǁScriptǁparse"), plain("x__refuse_illegal")
    ('Script.parse', '_refuse_illegal')
    """
    if function.startswith("xǁ"):
        return function.removeprefix("xǁ").replace("ǁ", ".")
    return function.removeprefix("x_")


LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
MESSAGE = re.compile(r"Error\(|Finding\(|Difference\(|refuse|_unreadable\(|\.error\(|assert ")
AT_IMPORT = (
    "_of",
    "_padded",
    "_in_metadata",
    "_schema",
    "_value",
    "_without",
    "_set",
    "_bytes",
    "_npy",
)


SAME = (
    "arguments = [repr(self.reason)]",  # nothing stands before it
    "sample.to_bytes(num_bytes, )",  # "big" is what it does without being asked
    '.lower() if number else "XXXX"',  # what begins with a digit has a number
    'fixed = ""',  # no advice, either
    "strict=",  # both are as long by how they are made
    "zip(wanted.head, known.head, )",
    ".rjust(len(",  # blanks before or after a word in a header of npy
    'version: str = "V1.0"',  # only compared with "v2.0"
    'rstrip(b"XX=XX")',  # no base64 of these claims ends in X
    "rstrip('XX.XX')",  # no message ends in X
    '.rstrip("XX=XX").lower()',  # nor does an id: base32 of digits and A to V
    ', "XXXX", same_circuit)',  # the name of no field whose order does not matter
    "XXshownXX",  # a key whose placeholders are compared with none
    "b'SHOWN'",
    'or "XXXX").lower()',  # nor is that "websocket"
    "XXauditXX",  # as the key of what is shown
    'b"AUDIT"',
    '"UTF-',  # Python looks codecs up whatever the case
    "startswith(ILLEGAL_PREFIX, ",  # a script is read from its beginning
    "self.at = len(ILLEGAL_PREFIX)",
    "WORDS, cutoff=0.5)",  # of several that are near, the nearest is taken
    "event.start_mark, None)",  # where a scalar ends nobody asks
    "separators=None",  # blanks between the claims of a token
)


def is_run_at_import(one: Survivor) -> bool:
    """Return whether the function made a table of the module, before it was mutated."""
    module, _, function = one.where.rpartition(".")
    return module == "qrtest.service.corruption" and function in (*AT_IMPORT, "_whole", "_instead")


def is_tried_elsewhere(one: Survivor) -> bool:
    """Return whether the function records, which only real servers try."""
    return one.where.startswith("qrtest.harness.recorder.")


def is_the_same(one: Survivor) -> bool:
    """Another way to say what was said: each was looked at."""
    return any(each in one.after for each in SAME)


def is_about_words(one: Survivor) -> bool:
    """Only words changed that a person reads."""
    is_gone = "None" in one.after and MESSAGE.search(one.before) is not None
    if is_gone or LITERAL.sub("", one.before) != LITERAL.sub("", one.after):
        return is_gone
    olds, news = LITERAL.findall(one.before), LITERAL.findall(one.after)
    changed = [old for old, new in zip(olds, news, strict=False) if old != new]
    return bool(changed) and all(" " in old for old in changed)


def is_about_a_number(one: Survivor) -> bool:
    """Return whether a number became the next one, or a comparison took in its limit."""
    return any(
        re.sub(what, "", one.before) == re.sub(what, "", one.after)
        for what in (r"(?<![\[\w])\d[\d_.e]*", r"[<>]=?")
    )


GROUPS: Mapping[str, tuple[Callable[[Survivor], bool], str]] = {
    "Made while the module is imported": (
        is_run_at_import,
        "The damages and the results that they are tried on are made once, when the module is imported;\n"
        "mutmut changes functions after that. `tests/strategies/test_draw_results.py` says of each "
        "damage what it spoils.",
    ),
    "Tried with real servers": (
        is_tried_elsewhere,
        "What records is tried by `tests/harness/test_record.py` with servers, which takes no part here.",
    ),
    "Of the same effect": (
        is_the_same,
        "Said otherwise, with the same result: arguments that are the default, lengths that agree, keys\n"
        "of placeholders that are compared with none.",
    ),
    "Words for people": (
        is_about_words,
        "Case and wording of messages whose place and advice are tried, if not to the letter.",
    ),
    "Numbers that nothing depends on": (
        is_about_a_number,
        "Digits that are shown, bounds against texts made to do harm, the very moment at which two\n"
        "things happen at once: the next number serves as well.",
    ),
}
"""What survivors have in common, with why they may stay: the first that fits is taken."""

OTHERS = "Not explained yet"
NOT_LOOKED_INTO = "Each may be a test that is missing, or code that nobody needs."


def grouped(found: Iterable[Survivor]) -> dict[str, list[Survivor]]:
    """Return the survivors by group, in the order of GROUPS."""
    groups: dict[str, list[Survivor]] = {name: [] for name in [*GROUPS, OTHERS]}
    for one in found:
        groups[next((name for name, (fits, _) in GROUPS.items() if fits(one)), OTHERS)].append(one)
    return groups


# --- the page ----------------------------------------------------------------------------------------


HEAD = """# Quality

Two measures of the tests of `lifecycle`, `service`, `cassette`, `redaction` and `playback`, where
everything is decided.

## Coverage

`nox -s coverage` measures it, lines and branches, and fails below 100 % of these modules.

## Mutants

Coverage tells which lines run, not whether a test looks at what they do. So
[mutmut](https://mutmut.readthedocs.io) changes them, one thing at a time (`<` to `<=`, `and` to `or`, a
number to the next, an argument to `None`, one branch for the other), and runs the tests that reach the
change. A mutant that fails a test is killed, one that mypy refuses needs no test; one that nobody minds has
survived.

`nox -s mutation` does so and writes this page (`python -m docs.make_quality`); the configuration is in
`pyproject.toml`. It tries {whole} whole, and one mutant in
{every} of each other module, chosen by a fixed seed; `nox -s mutation -- all` tries every one.

What takes part: tests that stay in their process. Those that start a server or another Python do not, nor do
properties that take more than a second; hypothesis draws 20 examples and does not shrink. mutmut changes what
stands in functions: tables and patterns at the top of a module, properties and what else is decorated are not
mutated. A test that hangs is stopped after 20 s and has failed.

Measured on {date}, on {cores} cores that had other work, too, with Python {python}, mutmut {mutmut}, pytest
{pytest} and hypothesis {hypothesis}. Of {chosen:,} chosen mutants {missing:,} were not reached; others were
tried besides.

{table}

*by types*: refused by mypy. *timeout*: stopped, because the machine was busy, and counted as not noticed.
*no test*: no test that takes part reaches it. *noticed*: killed or refused, of those that were tried.

## What survived

{survivors}
"""


def page(found: Outcomes) -> str:
    """Return the whole page."""
    sections = grouped(survivors(found))
    versions = {name: version(name) for name in ("mutmut", "pytest", "hypothesis")}
    became = {
        f"{module}.{name}": what for module, each in found.items() for name, what in each.items()
    }
    whole = (name for name in became if name.rpartition(".")[0] in WHOLE)
    chosen = [*whole, *sample(found)]
    return HEAD.format(
        whole=", ".join(f"`{module}`" for module in WHOLE),
        every=EVERY,
        date=date.today(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        chosen=len(chosen),
        missing=sum(became[name] == "not run" for name in chosen),
        table=table(found),
        survivors="\n\n".join(
            section(name, members) for name, members in sections.items() if members
        ),
        **versions,
    )


def section(name: str, members: list[Survivor]) -> str:
    """Return a group of survivors, and why they may stay."""
    why = GROUPS[name][1] if name in GROUPS else NOT_LOOKED_INTO
    listed = "\n".join(map(str, members))
    return f"### {name}: {len(members)}\n\n{why}\n\n```diff\n{listed}\n```"


def row(name: str, counts: Counter[str], *, whole: bool) -> str:
    """Return a line of the table."""
    tried = counts.total() - counts["not run"]
    noticed = counts["killed"] + counts["by types"]
    score = f"{100 * noticed / tried:.0f} %" if tried else ""
    how = "all" if whole else "sample"
    cells = [name, how, f"{counts.total():,}", *(f"{counts[each]:,}" for each in OUTCOMES), score]
    return f"| {' | '.join(cells)} |"


def table(found: Outcomes) -> str:
    """Return the outcomes of each module, and of all."""
    head = ["module", "tried", "mutants", *OUTCOMES, "noticed"]
    lines = [f"| {' | '.join(head)} |", "|---|---|" + "--:|" * (len(head) - 2)]
    every: Counter[str] = Counter()
    for module, mutants in found.items():
        counts = Counter(mutants.values())
        every += counts
        lines.append(row(f"`{module}`", counts, whole=not counts["not run"]))
    return "\n".join([*lines, row("all", every, whole=not every["not run"])])


if __name__ == "__main__":
    if sys.argv[1:] == ["sample"]:
        print(*sample(outcomes()))
    else:
        PAGE.write_text(page(outcomes()), encoding="utf-8")
