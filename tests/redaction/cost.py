"""What redaction costs: texts that almost match a rule, over and over, up to a megabyte.

`python -m tests.redaction.cost` prints processor time and peak memory of saving each as a cassette.
"""

from __future__ import annotations

import base64
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Final

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
        "value": sent(json.dumps({"flavour": text, "token": text})),
    }


def measured(interaction: Interaction) -> tuple[float, int]:
    """Return the processor time in seconds and the peak memory in bytes of saving *interaction*."""
    begun = time.process_time()
    file_of((interaction,))
    seconds = time.process_time() - begun
    tracemalloc.start()
    try:
        file_of((interaction,))
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


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


if __name__ == "__main__":
    for label, text in texts(MEGABYTE):
        for place, interaction in places(text).items():
            seconds, peak = measured(interaction)
            print(f"{seconds:6.2f} s {peak / 2**20:6.0f} MB  {place:8} {label[:60]}", flush=True)
