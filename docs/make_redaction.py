"""Makes docs/redaction-rules.md: what a cassette keeps, read from the rules themselves.

python -m docs.make_redaction
"""

# ruff: noqa: E501 (a row of a table is one line)

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from qrtest.redaction import allowlist, governing_names, json_values, patterns, words
from tests.redaction import corpus

PAGE: Final = Path(__file__).parent / "redaction-rules.md"


def page() -> str:
    """Return the text of the page."""
    planted = len(list(corpus.cases()))
    identities = [
        (f"`{kind}`", _listed(names)) for kind, names in sorted(governing_names.IDENTITIES.items())
    ]
    return f"""# What a cassette keeps

Made from the rules (`python -m docs.make_redaction`); a test compares. Names are compared without case and signs.

| what | kept | replaced |
|---|---|---|
| header of a request | {_listed(allowlist.REQUEST_HEADERS)} | all others are left out |
| header of an answer | {_listed(allowlist.RESPONSE_HEADERS)} | all others are left out |
| parameter of a query | values of {_listed(allowlist.QUERY)}, word by word | the values of all others, unless they are words of the service, numbers or times |
| field of a form | values of {_listed(allowlist.FORM)} | as in a query |
| part of a path | words, ids of jobs and sessions, up to three characters | what follows a name like `users` or `reset`; all else |
| number | all others; below such a name: up to three digits, measures and times (`max_jobs`, `expires_at`), counts under bits or hexadecimal digits | of four digits or more below a name of a secret or an identity, at any depth. It stays a number: 700700 and nine digits |
| number of a credential that was sent | what is shorter than six digits | by a number, wherever else it stands, also where it is none of a secret: valid JSON stays valid |
| text under a register's name ({_listed(allowlist.REGISTERS)}) | identifiers | what is none, or looks random |
| text under a name that governs | zeros and ones, short hexadecimal, times with an hour | everything else, at any depth below the name |
| text under an id's name ({_listed(allowlist.IDS)}) | forms of the service's ids, hexadecimal digits, words | everything else |
| text of a label ({_listed(allowlist.LABELS)}) | words and names of registers | everything else |
| text under a name that the service uses (below) | word by word, see free text | words in neither list |
| text under any other name | if every word in it is one of the service's | else all of it |
| block of a text (YAML, a Python repr, INI) below a name that governs | as in JSON | what is assigned in it |
| free text: messages, logs, pages | the {_count("service_words.txt")} words of the service, the {_count("english_words.txt")} of a dictionary (SCOWL 35), numbers of up to eight digits, times, durations, ids of jobs | all other words; what `password:` or `user=` names, unless it is a word of the service; numbers of four digits and more that follow a name that governs (`user id 48213377`, `phone 0170 1234567`) |
| array or circuit (`{json_values.ENCODED}`, {_listed(allowlist.DATA_KEYS)}) | if it is one, and shows no secret when it is looked into | everything else |
| body that is no text | arrays and circuits where a result is asked for | everything else: `redacted-zip-0123456789 (1,234 bytes)` |
| token exchange | nothing | a fresh token is made on replay |

## Names that govern

What goes by one of these names is replaced, and so is what stands below it.

| names | stands for |
|---|---|
| every name with {_alternatives(governing_names.SECRET_NAME)} in it, unless it is a measure or a fact of one (`token_count`, `password_policy`) | a credential: `token` |
{_rows((names, kind) for kind, names in identities)}

## Names whose texts are free text

{_listed(allowlist.KEYS | allowlist.MARKUP)}

## What is known by its looks

Anywhere in a text: {", ".join(f"`{kind}`" for kind in patterns.SHAPES if kind != "kept")}.

## Tried

{planted:,} recordings with a planted secret (every position, kind, name and encoding of
tests/redaction/corpus.py), and more than 800 harmless contents
(results, circuits, metrics, lists, errors, descriptions of devices; real ones, and those of the simulated service).

| | before this model | now |
|---|---|---|
| planted secrets in the file | 1,915 | 0 |
| harmless contents changed | 319 of 705 | 0 |

```console
$ python -m tests.redaction.corpus
```
"""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _count(name: str) -> str:
    return f"{len(words.listed(name)):,}"


def _alternatives(pattern: re.Pattern[str]) -> str:
    plain = re.sub(r"\(\?[:!<=]*[^)]*\)\??", "", pattern.pattern)
    found = {part.strip("^$?") for part in plain.split("|")} - {""}
    return _listed(part for part in found if part.isalpha())


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {one} | {other} |" for one, other in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
