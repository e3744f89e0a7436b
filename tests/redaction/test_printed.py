"""What is printed of a cassette that nobody redacted: by every command, error and drawing, no canary."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

import qrtest
from qrtest.cassette import codec
from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.cli.commands import group
from qrtest.errors import QrtestError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.playback.diff import differences
from qrtest.playback.matching import reasons
from tests.redaction.harmless import JOB
from tests.redaction.labels_in_json import IN_JSON
from tests.redaction.messages import API, answered

CANARIES = ("kanarievogel", "Zq7Kp2mXw9Lr4TvB8")
"""One that could be a name, and one that looks random."""


class Planted:
    """A cassette with another canary in each of its places."""

    def __init__(self, canary: str) -> None:
        self._canary = canary
        self._planted = 0

    def next(self) -> str:
        self._planted += 1
        return f"{self._canary}x{self._planted:03d}"

    def interaction(
        self, method: str, path: str, status: int, body: object, at: float
    ) -> Interaction:
        new = self.next
        headers = {"Authorization": f"Bearer {new()}", new(): new()}
        sent = json.dumps({"password": new(), "tags": [new()], new(): [new()]}).encode()
        url = path if "://" in path else f"{API}{path}"
        answered = {
            "Content-Type": f"application/{new()}",
            f"X-{new()}": new(),
            "Location": f"/cb?code={new()}",
        }
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Interaction(
            request=Request.to(method, url, headers=headers, body=sent),
            response=Response(status, content, answered, reason=f"No {new()}"),
            at=at,
            took=0.1,
        )

    def job(self, status: str) -> dict[str, object]:
        new = self.next
        state = {"status": status, "reason": f"stopped by {new()}", "reason_code": new()}
        named = {name: new() for name in ("backend", "user_id", "session_id", "private", new())}
        return {
            "id": JOB,
            "status": status,
            "state": state,
            "tags": [new()],
            "program": {"id": new()},
            **named,
        }

    def cassette(self) -> Cassette:
        new = self.next
        error = {
            "errors": [
                {"code": new(), "message": f"bad {new()}", "more_info": f"https://x.test/{new()}"}
            ]
        }
        asked = [
            ("POST", "/jobs", 200, {"id": JOB, "backend": new()}),
            ("GET", f"/jobs/{JOB}?x={new()}", 200, self.job("Queued")),
            ("GET", f"/jobs/{JOB}", 200, self.job(new())),
            ("GET", f"/jobs/{JOB}", 200, self.job("Failed")),
            ("GET", f"/jobs/{JOB}/results", 200, {"results": [{new(): new()}], new(): new()}),
            ("GET", f"/jobs/{JOB}/logs", 200, f"log {new()} password={new()}"),
            ("GET", "/backends", 401, error),
            ("GET", f"/users/{new()}/things/{new()}?{new()}={new()}", 500, f"<h1>{new()}</h1>"),
            ("GET", f"https://{new()}:{new()}@api.example.com/{new()}", 429, error),
            (new().upper(), f"/{new()}", 204, ""),
        ]  # fmt: skip
        made = tuple(self.interaction(*each, at=float(at)) for at, each in enumerate(asked))
        return Cassette(
            made, Provenance(recorded="2026-01-01T00:00:00Z", qrtest="0.1", client=new())
        )


@pytest.mark.parametrize("canary", CANARIES)
def test_no_command_prints_what_is_in_a_cassette_that_was_not_redacted(
    canary: str, tmp_path: Path
) -> None:
    """What it prints, writes as a picture or a page, and says in an error."""
    planted = Planted(canary)
    raw, other, cut, edited = (
        tmp_path / f"{name}.yaml" for name in ("raw", "other", "cut", "edited")
    )
    raw.write_text(codec.dumps(planted.cassette()), encoding="utf-8")
    other.write_text(codec.dumps(planted.cassette()), encoding="utf-8")
    cut.write_text(raw.read_text(encoding="utf-8")[:-300], encoding="utf-8")
    edited.write_text(raw.read_text(encoding="utf-8").replace("Queued", canary), encoding="utf-8")
    drawn = [tmp_path / "x.svg", tmp_path / "x.html"]
    for arguments in (
        ["show", raw, "--svg", drawn[0], "--html", drawn[1]],
        ["show", raw, "--json"],
        *(["show", each] for each in (cut, edited)),
        *(["check", each] for each in (raw, cut, edited)),
        ["check", raw, "--json"],
        ["diff", raw, other],
        ["diff", raw, other, "--json"],
        ["diff", raw, "--against", "serve"],
    ):
        ran = CliRunner().invoke(group, list(map(str, arguments)))
        printed = f"{ran.output}{ran.exception!r}" + "".join(
            each.read_text(encoding="utf-8") for each in drawn if each.exists()
        )
        assert _canaries(printed, canary) == [], arguments


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("command", ["convert", "rescript"])
def test_no_command_that_writes_a_cassette_prints_or_writes_what_is_in_one(
    command: str, canary: str, tmp_path: Path
) -> None:
    """What it prints, logs, sets as a title, and the file that it writes."""
    raw, written = tmp_path / "raw.yaml", tmp_path / "written.yaml"
    raw.write_text(codec.dumps(Planted(canary).cassette()), encoding="utf-8")
    options = {
        "convert": [["--output", written], ["--dry-run"]],
        "rescript": [["--ends", "CANCELLED", "-o", written]],
    }
    for more in options[command]:
        ran = CliRunner().invoke(group, [command, str(raw), *map(str, more)])
        printed = f"{ran.output}{ran.exception!r}"
        if written.exists():
            printed += written.read_text(encoding="utf-8")
        assert printed
        assert _canaries(printed, canary) == [], more


@pytest.mark.parametrize("canary", CANARIES)
def test_no_log_record_of_a_replay_holds_what_is_in_the_cassette(
    canary: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of qrtest's own loggers, with everything switched on."""
    raw = tmp_path / "raw.yaml"
    raw.write_text(codec.dumps(Planted(canary).cassette()), encoding="utf-8")
    caplog.set_level(logging.DEBUG)
    with suppress(QrtestError, requests.RequestException), qrtest.replay(raw):
        requests.get(f"{API}/jobs?password={canary}x900", timeout=5)
    own = [record for record in caplog.records if record.name.startswith("qrtest")]
    assert _canaries("\n".join(map(str, [record.__dict__ for record in own])), canary) == []


@pytest.mark.parametrize("canary", CANARIES)
def test_no_error_of_a_replay_shows_what_is_in_the_cassette(canary: str, tmp_path: Path) -> None:
    """A request that was not recorded, and a timeline of what was asked."""
    raw = tmp_path / "raw.yaml"
    raw.write_text(codec.dumps(Planted(canary).cassette()), encoding="utf-8")
    asked = f"{API}/jobs?password={canary}x900&tags={canary}x901"
    printed = ""
    try:
        with qrtest.replay(raw) as sim:
            try:
                requests.post(asked, json={"token": f"{canary}x902"}, timeout=5)
            except (QrtestError, requests.RequestException) as error:
                printed += f"{error}{error!r}"
            printed += str(qrtest.timeline_of(sim.journal))
    except QrtestError as error:
        printed += f"{error}{error!r}"
    assert printed
    assert _canaries(printed, canary) == []


@pytest.mark.parametrize("canary", CANARIES)
def test_no_note_of_a_proxy_shows_what_was_asked(canary: str, tmp_path: Path) -> None:
    """Of a request whose connection failed: the port is one that nobody listens on."""
    notes: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    asked = f"http://127.0.0.1:{port}/users/{canary}x1?password={canary}x2"
    proxied = qrtest.proxy(record=tmp_path / "x.yaml", note=notes.append)
    with suppress(QrtestError), proxied:
        answer = requests.get(asked, proxies={"http": proxied.url}, timeout=5)
        assert answer.status_code >= 500
    assert notes
    assert _canaries("\n".join(notes), canary) == []


def _canaries(text: str, canary: str) -> list[str]:
    return re.findall(rf".{{0,40}}{canary}.{{0,10}}", text, re.IGNORECASE)


def _of_a_name(name: str, value: str) -> list[Interaction]:
    """Return interactions in which *name* governs *value*, each in another way."""
    known = (*IN_JSON.values(), lambda n, v: answered(json.dumps({f"{n}s": {v: {"a": 1}, "b": v}})))
    return [position(name, value) for position in known]


@pytest.mark.parametrize(
    ("name", "values"),
    [("otp", ("493827", "493828")), ("password", ("swordfish", "zeppelin"))],
)
def test_a_difference_shows_no_value_without_what_governs_it(
    name: str, values: tuple[str, str]
) -> None:
    """A value that is printed alone is what it is in its document: the name may stand beside it, or above."""
    both = (_of_a_name(name, value) for value in values)
    for one, other in zip(*both, strict=True):
        found = differences(Cassette((one,)), Cassette((other,)))
        assert found
        printed = "\n".join(map(str, found))
        assert not any(value in printed for value in values), printed


@pytest.mark.parametrize(
    ("name", "values"),
    [("otp", ("493827", "493828")), ("password", ("swordfish", "zeppelin"))],
)
def test_why_a_request_was_not_recorded_shows_no_value_without_what_governs_it(
    name: str, values: tuple[str, str]
) -> None:
    """Neither a value that a field beside it governs, nor a name of a field that one above it does."""
    shapes: tuple[Callable[[str], object], ...] = (
        lambda value: {"op": "replace", "path": f"/{name}", "value": value},
        lambda value: {"users": {f"{value}.jones": {"age": 3}}},
        lambda value: {"a": {"__type__": f"{value}@example.org", "__value__": value}},
    )
    for shape in shapes:
        one, other = (
            Request.to("POST", API, body=json.dumps(shape(each)).encode()) for each in values
        )
        found = reasons(one, other)
        assert found
        assert not any(value in reason for value in values for reason in found), found


def test_no_error_of_a_simulation_holds_what_was_asked() -> None:
    """Nor does the error that it was raised from, nor the timeline, where a name stands in an address."""
    asked = "https://api.example.com/users/johannes.smit/tokens/a3f9Kq8ZpL2vT7wXy4Rb"
    with qrtest.simulate() as sim:
        with pytest.raises(UnansweredRequest) as caught:
            requests.get(asked, timeout=5)
        requests.get(f"{API}/jobs/swordfish1", timeout=5)
        printed = str(sim.journal.timeline())
    error: BaseException | None = caught.value
    while error is not None:
        printed += f"{error}{error!r}"
        error = error.__cause__ or error.__context__
    assert "api.example.com" in printed
    assert not any(each in printed for each in ("johannes", "a3f9Kq8ZpL2vT7wXy4Rb", "swordfish"))


def test_no_report_of_a_consumer_shows_what_its_exception_quotes() -> None:
    """The words of the exception stay; what is named in them as a password does not."""

    def collect(job: object) -> None:
        raise RuntimeError("login failed, password=swordfish9")

    with pytest.raises(qrtest.errors.ConsumerBug) as caught:
        qrtest.check_consumer(collect, max_examples=1)
    assert "login failed" in str(caught.value)
    assert "swordfish9" not in str(caught.value)


def test_a_warning_of_what_was_not_recorded_shows_no_address_of_a_command(tmp_path: Path) -> None:
    """A program that a recording does not see is named with the host that it asks, and no more."""
    command = [str(tmp_path / "curl"), "https://jane:swordfish9@example.org/x?token=zeppelin77"]
    recorded = qrtest.record(tmp_path / "x.yaml")
    with pytest.warns(qrtest.errors.RecordingWarning) as caught, recorded:
        with suppress(OSError):
            subprocess.run(command, check=False)
    warned = "\n".join(str(each.message) for each in caught)
    assert "example.org" in warned
    assert not any(each in warned for each in ("swordfish9", "zeppelin77"))
