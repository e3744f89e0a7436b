"""Recording over real sockets: nothing lost, nothing let through, saved whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

import qrtest
from qrtest.cassette import store
from qrtest.errors import CassetteBusy, RecordingError, SecretFound, UnansweredRequest
from qrtest.http.messages import Request, Response
from tests import command_line
from tests.servers import serving

JSON = {"Content-Type": "application/json"}
ROUNDED = 2e-6
"""How far two times of a file, which are rounded to microseconds, are from the clock's at most."""

SECRET = "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf"


def service(request: Request) -> Response:
    """Return a service of many moods, chosen by the path."""
    mood = request.path.rpartition("/")[2]
    if mood in ("reset", "closed"):
        return Response(0, failure=mood)  # type: ignore[arg-type]
    if mood == "timeout":
        return Response(0, failure="timeout", delay=0.6)
    if mood == "cut":
        return Response(200, b'{"half": ', JSON, failure="cut")
    if mood == "gzip":
        body = gzip.compress(json.dumps({"token": SECRET}).encode())
        return Response(200, body, {**JSON, "Content-Encoding": "gzip"})
    if mood == "cookie":
        return Response(200, b"{}", {**JSON, "Set-Cookie": f"sid={SECRET}; Path=/"})
    if mood == "token":
        return Response(200, json.dumps({"access_token": SECRET}).encode(), JSON)
    if mood == "large":
        return Response(200, b"x" * 3_000_000, {"Content-Type": "text/plain"})
    return Response(200, json.dumps({"id": mood}).encode(), JSON)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "session.yaml"


def test_an_exchange_is_recorded_with_when_and_how_long(base: str, path: Path) -> None:
    """What was asked and answered is in the file, with times since it began, and the client saw it as ever."""
    with qrtest.record(path) as recording:
        before = recording.clock.now()
        answer = requests.get(f"{base}/jobs/one", timeout=5)
        after = recording.clock.now()
        assert recording.count == 1
    assert answer.json() == {"id": "one"}
    [kept] = store.load(path).interactions
    assert (kept.request.method, kept.request.path, kept.response.body) == (
        "GET",
        "/jobs/one",
        b'{"id": "one"}',
    )
    assert kept.at is not None
    assert kept.took is not None
    assert kept.took > 0
    assert before - ROUNDED <= kept.at <= kept.at + kept.took <= after + ROUNDED


def test_urllib3_alone_is_recorded_too(base: str, path: Path) -> None:
    """A client without requests, with a body that is a generator, is recorded as well."""
    with qrtest.record(path), urllib3.PoolManager() as pool:
        answer = pool.request("POST", f"{base}/jobs", body=iter([b'{"a":', b"1}"]), headers=JSON)
        assert answer.json() == {"id": "jobs"}
    [kept] = store.load(path).interactions
    assert kept.request.body == b'{"a":1}'


def test_a_body_that_can_be_read_only_once_is_replayed(base: str, path: Path) -> None:
    """A generator and a file, sent by requests."""

    def program() -> list[Any]:
        bodies: list[Any] = [iter([b'{"a":', b"1}"]), io.BytesIO(b"file")]
        return [requests.post(f"{base}/jobs", data=each, timeout=5).json() for each in bodies]

    with qrtest.record(path):
        recorded = program()
    with qrtest.replay(path, transport="requests"):
        assert program() == recorded


def test_where_it_comes_from_is_recorded(base: str, path: Path) -> None:
    """The file says by which client, which qrtest, and when."""
    with qrtest.record(path):
        requests.get(f"{base}/jobs/one", timeout=5)
    provenance = store.load(path).provenance
    assert provenance is not None
    assert provenance.client.startswith("qiskit-ibm-runtime 0.")
    assert provenance.recorded.endswith("Z")
    assert provenance.service == "real"


def test_nothing_is_lost_with_eight_threads(base: str, path: Path) -> None:
    """Of 400 exchanges by 8 threads, with a session each and with fresh ones, every one is recorded."""

    def ask(number: int) -> None:
        with requests.Session() as session:
            for turn in range(25):
                session.get(f"{base}/jobs/{number}-{turn}-shared", timeout=5)
                requests.get(f"{base}/jobs/{number}-{turn}-fresh", timeout=5)

    with qrtest.record(path):
        threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    names = {one.request.path for one in store.load(path).interactions}
    assert names == {
        f"/jobs/{number}-{turn}-{kind}"
        for number in range(8)
        for turn in range(25)
        for kind in ("shared", "fresh")
    }


def test_nothing_known_is_let_through_with_eight_threads(path: Path) -> None:
    """While new episodes are recorded, what is known never reaches the network."""
    reached: list[str] = []

    def counting(request: Request) -> Response:
        reached.append(request.path)
        return service(request)

    with serving(counting) as base:
        with qrtest.record(path):
            requests.get(f"{base}/jobs/known", timeout=5)
        reached.clear()

        def ask(number: int) -> None:
            for _ in range(25):
                assert requests.get(f"{base}/jobs/known", timeout=5).json() == {"id": "known"}
            requests.get(f"{base}/jobs/new-{number}", timeout=5)

        with qrtest.record(path, mode="new_episodes"):
            threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert sorted(reached) == sorted(f"/jobs/new-{number}" for number in range(8))
    assert len(store.load(path)) == 9


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        ("reset", requests.ConnectionError),
        ("closed", requests.ConnectionError),
        ("timeout", requests.ReadTimeout),
        ("cut", requests.exceptions.ChunkedEncodingError),
    ],
)
def test_a_broken_connection_is_recorded_and_breaks_again(
    base: str, path: Path, mood: Any, error: type[Exception]
) -> None:
    """The client sees the same exception while recording and on replay."""
    url = f"{base}/jobs/{mood}"
    with qrtest.record(path), pytest.raises(error):
        requests.get(url, timeout=0.3)
    [kept] = store.load(path).interactions
    assert kept.response.failure == mood
    if mood == "cut":
        assert kept.response.body == b'{"half": '
    with qrtest.replay(path, transport="requests"), pytest.raises(error):
        requests.get(url, timeout=0.3)


def test_a_refused_connection_is_recorded_and_refused_again(path: Path) -> None:
    """A port where nobody listens is a refused connection, while recording and on replay."""
    with serving(service) as base:
        pass
    with qrtest.record(path), pytest.raises(requests.ConnectionError):
        requests.get(f"{base}/jobs/one", timeout=5)
    [kept] = store.load(path).interactions
    assert kept.response.failure == "refused"
    with qrtest.replay(path, transport="requests"), pytest.raises(requests.ConnectionError):
        requests.get(f"{base}/jobs/one", timeout=5)


def test_no_secret_of_the_session_is_in_the_file(base: str, path: Path) -> None:
    """Header, cookie, query, gzip and token exchange: the client has it, the file has not."""
    with qrtest.record(path):
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {SECRET}"
            assert session.get(f"{base}/jobs/gzip", timeout=5).json() == {"token": SECRET}
            session.get(f"{base}/jobs/cookie", timeout=5)
            assert session.cookies["sid"] == SECRET
            session.get(f"{base}/jobs?apikey={SECRET}", timeout=5)
        form = {"grant_type": "x", "apikey": SECRET}
        assert (
            requests.post(f"{base}/identity/token", data=form, timeout=5).json()["access_token"]
            == SECRET
        )
    text = path.read_text()
    assert SECRET not in text
    assert "identity/token" not in text
    assert len(store.load(path)) == 3


def _leave_everything(broken: pytest.MonkeyPatch) -> None:
    """Plant a hole in the redactor: nothing is replaced any more."""
    broken.setattr("qrtest.redaction.content.Content.value", lambda self, text, where: text)
    broken.setattr("qrtest.redaction.credentials.Credentials.clean", lambda self, text: text)


def test_what_the_scan_finds_is_not_saved(
    base: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If redaction missed something, the file is not written; where it is is said, what it is is not."""
    _leave_everything(monkeypatch)
    with pytest.raises(SecretFound) as refused, qrtest.record(path):
        requests.get(
            f"{base}/jobs/hunter2hunter", headers={"X-Access-Token": "hunter2hunter"}, timeout=5
        )
    assert "a credential of this session" in str(refused.value)
    assert "hunter2hunter" not in str(refused.value)
    assert not path.exists()


def test_a_session_that_cannot_be_saved_is_kept_and_finished_by_one_command(
    base: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the cassette, for its owner alone, where neither git nor replay looks; then nothing is left of it."""
    with monkeypatch.context() as broken:
        _leave_everything(broken)
        for _ in range(2):
            with pytest.raises(SecretFound) as refused, qrtest.record(path):
                requests.get(
                    f"{base}/jobs/hunter2hunter",
                    headers={"X-Access-Token": "hunter2hunter"},
                    timeout=5,
                )
    kept = sorted((path.parent / ".qrtest-unsaved").glob("*.unsaved"))
    assert [each.stat().st_mode & 0o777 for each in kept] == [0o600, 0o600]
    assert (path.parent / ".qrtest-unsaved" / ".gitignore").read_text() == "*\n"
    assert store.files(path.parent) == []
    command = str(refused.value).rpartition("qrtest convert ")[2].split()
    assert command[0] in map(str, kept)
    assert command[1:] == ["--output", str(path)]
    for each in kept:
        assert command_line.qrtest("convert", each, "--output", path).returncode == 0
    assert not (path.parent / ".qrtest-unsaved").exists()
    assert "hunter2hunter" not in path.read_text()
    assert len(store.load(path)) == 1


def test_what_was_not_recorded_never_reaches_the_server_that_was(base: str, path: Path) -> None:
    """Although it is on this machine, and still there."""
    with qrtest.record(path):
        requests.get(f"{base}/jobs/good", timeout=5)
    with qrtest.replay(path, transport="requests"):
        assert requests.get(f"{base}/jobs/good", timeout=5).json() == {"id": "good"}
        with pytest.raises(UnansweredRequest, match="the name is 'bad', recorded 'good'"):
            requests.get(f"{base}/jobs/bad", timeout=5)


def test_what_filters_removed_is_removed_in_a_replay_that_is_given_them(
    base: str, path: Path
) -> None:
    """Parameters by name, and whatever a hook makes of a request; without them it was not recorded."""

    def anonymous(request: Any) -> Any:
        request.uri = request.uri.replace("somebody", "anybody")
        return request

    filters: dict[str, Any] = {
        "filter_query_parameters": ["trace"],
        "before_record_request": anonymous,
    }
    with qrtest.record(path, **filters):
        requests.get(f"{base}/jobs/somebody?trace=1&limit=2", timeout=5)
    with qrtest.replay(path, transport="requests", **filters):
        asked = requests.get(f"{base}/jobs/somebody?limit=2&trace=7", timeout=5)
        assert asked.json() == {"id": "somebody"}
    with qrtest.replay(path, transport="requests"), pytest.raises(UnansweredRequest):
        requests.get(f"{base}/jobs/somebody?trace=1&limit=2", timeout=5)
    with pytest.raises(RecordingError, match="is no option of a recording"):
        qrtest.replay(path, transprot="requests")


def test_an_error_in_the_block_saves_nothing_unless_asked_to(base: str, path: Path) -> None:
    """A session that went wrong does not replace one that went right; keep_on_error wants it anyway."""
    with qrtest.record(path):
        requests.get(f"{base}/jobs/good", timeout=5)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), qrtest.record(path):
        requests.get(f"{base}/jobs/bad", timeout=5)
        raise ZeroDivisionError
    assert path.read_bytes() == before
    with pytest.raises(ZeroDivisionError), qrtest.record(path, keep_on_error=True):
        requests.get(f"{base}/jobs/bad", timeout=5)
        raise ZeroDivisionError
    assert path.read_bytes() != before


def test_a_discarded_recording_is_not_saved(base: str, path: Path) -> None:
    """`discard` leaves the cassette as it was."""
    with qrtest.record(path) as recording:
        requests.get(f"{base}/jobs/one", timeout=5)
        recording.discard()
    assert not path.exists()


def test_two_writers_are_refused(base: str, path: Path) -> None:
    """The second one to record a cassette gets an error at once, and nothing is lost to the first."""
    with qrtest.record(path):
        requests.get(f"{base}/jobs/one", timeout=5)
        with (
            pytest.raises(CassetteBusy, match="somebody else is recording it"),
            qrtest.record(path),
        ):
            pass
        with (
            pytest.raises(RecordingError, match="Another recording"),
            qrtest.record(path.with_name("b.yaml")),
        ):
            pass
    assert len(store.load(path)) == 1
    assert [file.name for file in path.parent.iterdir()] == ["session.yaml"]


def test_once_records_once_and_then_replays(base: str, path: Path) -> None:
    """The first time records; the second answers from the cassette, and knows nothing else."""
    with qrtest.record(path, mode="once"):
        requests.get(f"{base}/jobs/one", timeout=5)
    with qrtest.record(path, mode="once"):
        assert requests.get(f"{base}/jobs/one", timeout=5).json() == {"id": "one"}
        with pytest.raises(UnansweredRequest):
            requests.get(f"{base}/jobs/two", timeout=5)
    assert len(store.load(path)) == 1


def test_all_records_again_and_keeps_what_is_not_asked_for(base: str, path: Path) -> None:
    """What is asked again is replaced, the rest is kept; rewrite keeps nothing."""
    for names, mode, expected in (
        (["a", "b"], "rewrite", ["/jobs/a", "/jobs/b"]),
        (["b", "c"], "all", ["/jobs/a", "/jobs/b", "/jobs/c"]),
        (["c"], "rewrite", ["/jobs/c"]),
    ):
        with qrtest.record(path, mode=mode):  # type: ignore[arg-type]
            for name in names:
                requests.get(f"{base}/jobs/{name}", timeout=5)
        assert sorted(one.request.path for one in store.load(path).interactions) == expected


def test_equal_polls_are_recorded_as_one(base: str, path: Path) -> None:
    """Ten polls with the same answer are one exchange with a count."""
    with qrtest.record(path):
        for _ in range(10):
            requests.get(f"{base}/jobs/one", timeout=5)
    [kept] = store.load(path).interactions
    assert kept.repeat == 10


def test_a_given_key_makes_placeholders_that_stay(base: str, tmp_path: Path) -> None:
    """With a key two recordings have equal placeholders, without one they do not."""

    def recorded(name: str, **options: Any) -> bytes:
        with qrtest.record(tmp_path / name, **options):
            requests.get(f"{base}/jobs?apikey={SECRET}", timeout=5)
        [kept] = store.load(tmp_path / name).interactions
        return kept.request.query.encode()

    assert recorded("a.yaml", key="k") == recorded("b.yaml", key="k")
    assert recorded("c.yaml") != recorded("d.yaml")


def test_filters_of_vcrpy_are_honoured(base: str, path: Path) -> None:
    """Options of vcrpy's own work as they do there; one that it does not have is named."""
    with qrtest.record(
        path, before_record_request=lambda request: None if "skip" in request.uri else request
    ):
        requests.get(f"{base}/jobs/skip", timeout=5)
        requests.get(f"{base}/jobs/one", timeout=5)
    assert len(store.load(path)) == 1
    with (
        pytest.raises(RecordingError, match="'filter_heders' is no option"),
        qrtest.record(path, filter_heders=[]),
    ):
        pass


def test_the_project_adds_rules(base: str, tmp_path: Path) -> None:
    """[tool.qrtest.redaction] of the nearest pyproject.toml is obeyed."""
    (tmp_path / "pyproject.toml").write_text('[tool.qrtest.redaction]\nsecret = ["id"]\n')
    with qrtest.record(tmp_path / "x.yaml"):
        requests.get(f"{base}/jobs/one", timeout=5)
    assert '"id": "redacted-token-' in (tmp_path / "x.yaml").read_text()


def test_a_large_answer_is_recorded_and_read_as_ever(base: str, path: Path) -> None:
    """A body of megabytes arrives, streamed or not, and is in the file."""
    with qrtest.record(path):
        with requests.get(f"{base}/jobs/large", stream=True, timeout=5) as answer:
            assert sum(map(len, answer.iter_content(65536))) == 3_000_000
    [kept] = store.load(path).interactions
    assert len(kept.response.body) == 3_000_000


def test_nothing_stays_changed_after_a_recording(base: str, path: Path) -> None:
    """urllib3 is as it was, also after an error."""
    genuine = urllib3.connectionpool.HTTPConnectionPool._make_request
    with pytest.raises(ZeroDivisionError), qrtest.record(path):
        raise ZeroDivisionError
    assert urllib3.connectionpool.HTTPConnectionPool._make_request is genuine


def test_a_recording_serves_once(path: Path) -> None:
    """Entered twice, a recording says so."""
    recording = qrtest.record(path, unrecorded="ignore")
    with recording:
        pass
    with pytest.raises(RecordingError, match="entered before"):
        recording.__enter__()


def test_threads_that_share_a_session_keep_their_connections(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As without a recording: nothing is sent on a connection that another thread uses, none is dropped."""
    caplog.set_level("DEBUG", logger="urllib3.connectionpool")
    statuses: list[int] = []
    with (
        serving(lambda request: Response(200, b"{}", {"Content-Type": "application/json"})) as url,
        requests.Session() as session,
        qrtest.record(tmp_path / "a.yaml"),
    ):

        def ask() -> None:
            statuses.extend(session.get(f"{url}/jobs").status_code for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 80
    assert "Resetting dropped connection" not in caplog.text
