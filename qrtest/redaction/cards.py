"""Cards of contacts and calendars (vCard, iCalendar): lines whose first word says what the rest is."""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.where import Decider, Where

__all__ = ["is_card", "rewritten"]

_BEGINS: Final = re.compile(r"\s*BEGIN:V(?:CARD|CALENDAR)\b", re.IGNORECASE)
_LINE: Final = re.compile(
    r"(?m)^((?:[\w-]{1,40}\.)?([\w-]{1,40}))((?:;[^:\r\n\"]*+(?:\"[^\"\r\n]*+\"?)*+)*+)"
    r":([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)"
)
_PARAMETER: Final = re.compile(r"(;[\w-]{1,40}=)(\"[^\"\r\n]*+\"?|[^;:\r\n\"]++)")
_KINDS: Final = {
    "fn": "user", "n": "user", "nickname": "user", "uid": "user", "bday": "user", "anniversary": "user",
    "attendee": "user", "organizer": "user", "related": "user", "email": "email", "impp": "email",
    "tel": "phone", "adr": "address", "label": "address", "geo": "address", "location": "address",
    "org": "account", "photo": "user", "logo": "account", "key": "token", "sound": "user",
}  # fmt: skip
"""What stands behind the first word of a line."""

_KEPT: Final = frozenset(
    (
        "begin",
        "end",
        "version",
        "rev",
        "calscale",
        "method",
        "dtstart",
        "dtend",
        "dtstamp",
        "created",
    )
)
_TYPES: Final = frozenset(
    (";type=", ";value=", ";encoding=", ";charset=", ";pref=", ";role=", ";partstat=", ";rsvp=")
)


def is_card(text: str) -> bool:
    """Return whether *text* is a card of a contact, or a calendar.

    >>> is_card("BEGIN:VCARD\\nFN:Jane"), is_card("BEGIN")
    (True, False)
    """
    return _BEGINS.match(text) is not None


def rewritten(text: str, where: Where, decide: Decider) -> str:
    """Return *text*, a card at *where*, with the value of each line as *decide* has it."""

    def parameter(found: re.Match[str]) -> str:
        if found[1].lower() in _TYPES:
            return found[1] + decide.value(found[2], where._replace(name="type"))
        plain = found[2].strip('"')
        kept = decide.value(plain, where._replace(name="type", over="user"))
        return found[0] if kept == plain else f"{found[1]}{kept}"

    def line(found: re.Match[str]) -> str:
        name = found[2].lower()
        if name in _KEPT:
            return found[0]
        here = decide.below(where, found[2])
        kind = _KINDS.get(name) or here.over
        here = here._replace(name="type", over=kind) if kind else here._replace(name="message")
        begin = f"{found[1]}{_PARAMETER.sub(parameter, found[3])}:"
        return begin + decide.value(found[4], here)

    return _LINE.sub(line, text)
