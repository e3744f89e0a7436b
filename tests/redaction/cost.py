"""What redaction costs: texts that almost match a rule, over and over, up to a megabyte.

`python -m tests.redaction.cost` prints processor time and memory of saving each as a cassette: first the
summary as docs/recording.md has it, then the slowest. It takes some minutes; each text is saved in a
process of its own, forked for it, so that the memory is that of this text alone.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from qrtest.cassette.model import Interaction
from qrtest.redaction.redactor import Redactor
from tests.redaction.corpus import file_of
from tests.redaction.messages import TEXT, answered, sent

MEGABYTE: Final = 10**6

REPEATED: Final = (
    "-----BEGIN A-----", "-----BEGIN A-----\n", "-password=", "password: ", "password is ", "token: ", "token:\n ",
    "token=", "xoxb-", "sk-", "ghp_", "AKIA", "eyJ", "eyJa.", "eyJhbGciOiJub25lIn0.", "crn:v1:", "crn%3Av1%3A", "Bearer ",
    "Bearer%20", "a.", "a@", "a@a.", "a:", "1.", "1.1.1.", "::", "1:", "+1 202 ", "9", "0x", "a/", "/a", "%25", "%", "&a=",
    "a=&", "a=b&", ";a=b", "?a=", "<a>", "<a><b>", "</a>", "<a b=", "<a b='", "<!--", "<![CDATA[", "<?", "{\"a\":", "{'a': ",
    "[", "{", "[[", "[{", "[]", "{}", "[1,", "\"a\",", "\\", "\\\\u0000", "\\u0000", "\"", "'", "`", "{\"token\": \"a\"}\n",
    "data: {\"a\": 1}\n\n", "data: ", "[ERROR] ", "user 'a', ", "user is ", "is is ", "a  ", "\n", "\r\n", "\t", " ", "--",
    "--b\r\n", "https://", "https://a/?a=b ", "http://u:p@h/", "GET /a ", "//", "/*", "OPENQASM 2.0; ", "qreg q[1];", "creg ",
    "é", "\u0130", "\U0001f600", "a\u0301", "aB1", "A", "Aa", "zq", "IBMid-", "iam-ServiceId-", "2026-01-01T", "12:", "1,000,",
    "callback(", "while(1);", ")]}',", "!!binary |\n", "A" * 60 + "\n", "aGVsbG8gd29ybGQh", "eJw", "H4sI", "a b ", "key-value ",
)  # fmt: skip
"""What is repeated until it fills the size."""


def _nested_base64(size: int) -> str:
    text = "password=hunter2-correct"
    while len(text) * 4 // 3 < size:
        text = base64.b64encode(f"token={text}".encode()).decode()
    return text


def _nested_json(size: int) -> str:
    text = '{"token": "hunter2"}'
    while len(text) < size:
        text = json.dumps({"message": text, "n": "x" * 1000})
    return text[:size]


MADE: Final[dict[str, Callable[[int], str]]] = {
    "base64 in base64": _nested_base64,
    "JSON in JSON": _nested_json,
    "distinct names": lambda size: json.dumps({f"name_{n}x{n * 7919 % 9973}": n for n in range(size // 25)}),
    "distinct tokens": lambda size: json.dumps([{"token": f"Zq{n:06d}xK"} for n in range(size // 26)]),
    "distinct texts": lambda size: json.dumps([f"zork{n * 7919:x}qux" for n in range(size // 20)]),
    "distinct words": lambda size: " ".join(f"zork{n * 7919:x}qux" for n in range(size // 18)),
    "distinct e-mail addresses": lambda size: " ".join(f"jane{n}@x.example" for n in range(size // 18)),
    "assignments": lambda size: "\n".join(f"password = hunter{n}x" for n in range(size // 22)),
    "open brackets, then closed": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "a long line of hexadecimal": lambda size: "9f8e7d6c" * (size // 8),
    "numbers": lambda size: json.dumps(list(range(size // 8))),
    "JSON lines": lambda size: "\n".join(json.dumps({"id": n, "user": f"jane{n}"}) for n in range(size // 32)),
    "elements": lambda size: "<r>" + "".join(f"<user>jane{n}</user>" for n in range(size // 23)) + "</r>",
    "fields": lambda size: "&".join(f"password{n}=x{n}yz" for n in range(size // 20)),
}  # fmt: skip
"""What is made for a size."""


EXAMPLES: Final[dict[str, str]] = {
    "kept": "redacted-token-0123456789 ",
    "pem": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    "url": "https://jane:x@a.example/b/c;d=e?f=g&h=i#j ",
    "crn": "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:6b1f0d52::",
    "jwt": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln ",
    "scheme": "Bearer abcdef0123456789 ",
    "email": "jane.doe+x@a.b.example ",
    "user": "IBMid-50XK7Q2ABC ",
    "account": "a/0123456789abcdef0123456789abcdef ",
    "key": "ghp_16C7e42F292c6912E7710c838347Ae178B4a ",
    "ip": "169.62.14.203 2607:f8b0:4005:80a::200e ",
    "phone": "+1 202 555 0143 (202) 555-0143 ",
}
"""An example of what each shape of patterns.py finds."""

LONGEST: Final = 60
"""After how many seconds a text is given up."""

OF_EACH: Final = 30
"""How many adversarial texts are made of each example."""


def adversarial(example: str, size: int) -> Iterator[str]:
    """Yield texts that almost hold *example*, over and over: begins of it, begins that go on for ever."""
    cuts = [len(example) * part // 12 for part in range(1, 13)]
    for cut in cuts:
        yield example[:cut] * (size // max(1, cut))
    for cut in cuts[::2]:
        for filler in (example[cut - 1], "a", "9"):
            yield example[:cut] + filler * (size - cut)


def texts(size: int) -> Iterable[tuple[str, str]]:
    """Yield every adversarial text of about *size* bytes, with a label."""
    for unit in REPEATED:
        yield repr(unit), unit * (size // len(unit.encode()))
    for label, make in MADE.items():
        yield label, make(size)


def places(text: str) -> dict[str, Interaction]:
    """Return interactions with *text* in the places that are taken apart each in its own way."""
    return {
        "body": answered(text, TEXT),
        "message": answered(json.dumps({"message": text})),
        "value": sent(
            json.dumps({"flavour": text[: len(text) // 2], "token": text[len(text) // 2 :]})
        ),
    }


class Measured(NamedTuple):
    """Processor time in seconds, and by how many megabytes the process grew, for one text in one place."""

    seconds: float
    megabytes: float
    place: str
    label: str


def inputs(size: int) -> Iterator[tuple[str, str, Interaction]]:
    """Yield every place, label and interaction that is measured: texts in all places, of shapes in a body."""
    for label, text in texts(size):
        for place, interaction in places(text).items():
            yield place, label, interaction
    for kind, example in EXAMPLES.items():
        for number, text in enumerate(islice(adversarial(example, size), OF_EACH), 1):
            yield "body", f"{kind}, {number} of {OF_EACH}", answered(text, TEXT)


def measured(place: str, label: str, interaction: Interaction) -> Measured:
    """Return what saving *interaction* costs, in a process that is forked for it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.process_time()
        file_of((interaction,))
        seconds = time.process_time() - begun
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, f"{seconds} {grown / 1024}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        seconds_text, _, megabytes = file.read().partition(" ")
    os.waitpid(child, 0)
    return Measured(float(seconds_text or LONGEST), float(megabytes or 0), place, label)


def calls(text: str) -> int:
    """Return how many functions, of Python and of C, are called to redact *text*: work, not time."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    redactor = Redactor(b"key of the cost")
    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        redactor.text(text)
    finally:
        sys.setprofile(before)
    return count


def summary(rows: list[Measured]) -> str:
    """Return the table of docs/recording.md: the worst of each group of texts."""
    groups: dict[str, list[Measured]] = {}
    for row in rows:
        is_shape = row.label.endswith(f" of {OF_EACH}")
        group = f"shape `{row.label.partition(',')[0]}`" if is_shape else f"in a {row.place}"
        groups.setdefault(group, []).append(row)
    lines = ["| texts | how many | slowest (s) | largest (MB) |", "|---|---|---|---|"]
    for group, each in groups.items():
        seconds, megabytes = max(row.seconds for row in each), max(row.megabytes for row in each)
        lines.append(f"| {group} | {len(each)} | {seconds:.1f} | {megabytes:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    file_of((answered("warm", TEXT),))
    every = []
    for each in inputs(MEGABYTE):
        every.append(measured(*each))
        if every[-1].seconds > 2 or every[-1].megabytes > 200:
            print(every[-1], file=sys.stderr, flush=True)
    print(summary(every))
    for row in sorted(every, reverse=True)[:20]:
        print(f"{row.seconds:6.2f} s {row.megabytes:6.0f} MB  {row.place:8} {row.label[:60]}")
