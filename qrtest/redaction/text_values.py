"""Values in free text that stand before their name, or where a command expects them.

`'swordfish' is not a valid password`, `Invalid value 'x' for parameter 'pin'`, `curl -u jane:swordfish`,
`sshpass -p swordfish`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["governed_values"]

_BEFORE: Final = re.compile(
    r"(?P<quote>[\"'`])(?P<value>[^\"'`\n]{4,80})(?P=quote)"
    r"(?: (?:is|was|are|not|no|an?|the|valid|invalid|wrong|incorrect|bad|known|unknown|correct|for|in|of"
    r"|as|to|accepted|allowed|parameter|field|argument|option|value|key|your|this|its|any)\b){1,6}"
    r" [\"'`]?(?P<name>[A-Za-z][\w.-]{1,40})(?P<second> [a-z]{2,20})?"
)
_COMMANDS: Final = re.compile(
    r"(?<![\w-])(?:-u|-U|--user|--proxy-user|--creds)[ =]{0,2}[\"']?"
    r"(?P<user>[^\s\"':=]{1,80}):(?P<password>[^\s\"']{1,200})"
    r"|\b(?:sshpass|mysql|mysqldump|mysqladmin|docker login|redis-cli|ldapsearch)\b[^\n|;]{0,80}?"
    r" -[paw][ =]?[\"']?"
    r"(?P<secret>[^\s\"'-][^\s\"']{2,200})"
)


def governed_values(text: str, governs: Callable[[str], str]) -> Iterator[tuple[int, int, str]]:
    """Yield the begin, the end and the kind of each value in *text* that such a name *governs*.

    >>> list(governed_values("'abcd' is no password", lambda name: "token" if name == "password" else ""))
    [(1, 5, 'token')]
    """
    spans: list[tuple[int, int, str]] = []
    if " -" in text:
        for found in _COMMANDS.finditer(text):
            names = (("user", "user"), ("password", "token"), ("secret", "token"))
            spans += ((*found.span(name), kind) for name, kind in names if found[name])
    at = 0
    while (before := _BEFORE.search(text, at)) is not None:
        second = f"{before['name']}_{before['second'][1:]}" if before["second"] else ""
        kind = governs(before["name"].rstrip(".")) or (governs(second) if second else "")
        if kind:
            spans.append((*before.span("value"), kind))
        at = before.end("value") + 1
    last = 0
    for begin, end, kind in sorted(spans):
        if begin >= last:
            yield begin, end, kind
            last = end
