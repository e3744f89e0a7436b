"""A value that an answer taught a program, sent changed and encoded several times over, is answered on replay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from hypothesis import example, given, settings
from hypothesis import strategies as st

from qrtest.cassette.model import Interaction
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.http.messages import Request, Response
from qrtest.playback.player import Player
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.sanitize import sanitized

CRN = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:"
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8::"
)
VALUES = ("jane-doe", "Jane Doe", "jane.doe@example.com", CRN.split(":")[7], CRN, "Ünï/cö?de")
VALUES += ("Straße", "Ελλάς-ΟΔΟΣ")
ESCAPE = re.compile(r"%[0-9A-F]{2}")
JSON = {"Content-Type": "application/json"}
HOST = "https://api.example.com"

Change = Callable[[str], str]
LETTERS: dict[str, Change] = {
    each.__name__: each for each in (str, str.upper, str.lower, str.title, str.casefold)
}
ENCODINGS: dict[str, Change] = {
    "quote": quote,
    "quote all": lambda text: quote(text, safe=""),
    "quote_plus": quote_plus,
    "small digits": lambda text: ESCAPE.sub(lambda found: found[0].lower(), quote(text, safe="")),
    "hexadecimal": lambda text: text.encode().hex(),
}
QUOTINGS = sorted(ENCODINGS.keys() - {"hexadecimal"})
PLACES: dict[str, Callable[[str], Request]] = {
    "path": lambda sent: Request.to("GET", f"{HOST}/repos/{quote(sent, safe='')}/issues"),
    "part": lambda sent: Request.to("GET", f"{HOST}/repos/pre-{quote(sent, safe='')}.git"),
    "query": lambda sent: Request.to("GET", f"{HOST}/s?q={quote_plus(f'user:{sent} is:open')}"),
    "json": lambda sent: posted(json.dumps({"title": f"by {sent}, ok", "name": sent})),
    "name": lambda sent: posted(json.dumps({sent: 1})),
    "json in json": lambda sent: posted(json.dumps({"q": json.dumps([sent])})),
    "text": lambda sent: Request.to("PUT", f"{HOST}/s", body=f"hello {sent}\n".encode()),
}


def posted(body: str) -> Request:
    return Request.to("POST", f"{HOST}/s", headers=JSON, body=body.encode())


@settings(max_examples=60)
@given(
    value=st.sampled_from(VALUES),
    letters=st.sampled_from(sorted(LETTERS)),
    encodings=st.builds(
        lambda first, then: [*first, *then],
        st.sampled_from([[], ["hexadecimal"]]),
        st.lists(st.sampled_from(QUOTINGS), max_size=4),
    ),
    place=st.sampled_from(sorted(PLACES)),
)
@example(value=CRN, letters="upper", encodings=["quote all"] * 2, place="json in json")
@example(value=VALUES[3], letters="upper", encodings=[], place="part")
@example(value="Straße", letters="upper", encodings=["quote"] * 4, place="query")
def test_a_changed_value_is_asked_with_again(
    value: str, letters: str, encodings: list[str], place: str
) -> None:
    """By a program that learnt it, which changes a placeholder, and by one that knows the value itself."""

    def asked(learnt: str) -> Request:
        sent = LETTERS[letters](learnt)
        for each in encodings:
            sent = ENCODINGS[each](sent)
        return PLACES[place](sent)

    answer = Response(200, json.dumps({"owner": value}).encode(), JSON)
    first = Interaction(request=Request.to("GET", f"{HOST}/first"), response=answer, at=0.0)
    second = Interaction(request=asked(value), response=Response(204), at=1.0)
    _, cassette = sanitized([first, second], key=b"key", rules=Rules(), name="x.yaml")
    player = Player(cassette, VirtualClock(), epoch=EPOCH)
    learnt = json.loads(player.handle(first.request).body)["owner"]
    assert "jane" not in learnt
    assert player.handle(asked(learnt)).status == 204
    assert player.handle(asked(value)).status == 204
