"""The file: what is written comes back, people can read it, stock vcrpy loads it, it stays small."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import requests
import vcr
import yaml
from hypothesis import given

from qrtest.cassette import codec, store, yaml_json
from qrtest.cassette.json_tokens import STYLES, laid_out
from qrtest.cassette.model import Cassette, Provenance, collapsed, digest
from qrtest.errors import CassetteError
from tests import recordings
from tests.recordings import HOST, JOB, PROVENANCE, exchange, poll, short


@given(recordings.cassettes)
def test_what_is_written_comes_back(cassette: Cassette) -> None:
    """Reading the text of a cassette gives an equal one, byte for byte in every body."""
    assert codec.loads(codec.dumps(cassette)) == cassette


@pytest.mark.parametrize("facts", [{}, {"client": "c"}, {"qrtest": "0.1.0", "service": "scripted"}])
def test_what_is_not_known_of_a_recording_is_not_written(facts: dict[str, str]) -> None:
    """And comes back as not known: who recorded it with what, and when."""
    cassette = Cassette((), Provenance(**facts))
    text = codec.dumps(cassette)
    assert "recorded" not in text
    assert codec.loads(text) == cassette


@given(recordings.cassettes)
def test_writing_twice_writes_the_same(cassette: Cassette) -> None:
    """The text of a cassette is the text of what is read from it."""
    text = codec.dumps(cassette)
    assert codec.dumps(codec.loads(text)) == text


@given(recordings.cassettes)
def test_json_holds_the_same_unless_a_body_is_binary(cassette: Cassette) -> None:
    """JSON is accepted as well; a binary body is refused with the remedy, never changed."""
    try:
        text = codec.dumps(cassette, as_json=True)
    except CassetteError as error:
        assert "ends in .yaml" in str(error)
    else:
        assert codec.loads(text) == cassette


def test_a_body_is_laid_out_for_people() -> None:
    """A JSON body is a block of lines, an item a line, and short containers stay whole."""
    assert """
      string: |-
        {
          "id": "d5h6o44pe0pc73am1f1g",
          "backend": "ibm_torino",
          "state": {"status": "Queued"},
""" in codec.dumps(short())


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1.0, "b": 1e400, "c": 12345678901234567890}',
        b'{"a":1,"a":2}',
        b'{"a": "\\u00e9\\/"}',
        b'{"a":  1}',
        b"[1, 2",
        b"[1, 2]]",
        b'{"a": 1}, {"b": 2}',
        b'{"a": "\xc3\xa9"} ',
        b'{"a": "\x7f"}',
        b"{}",
        b'{"a": {}, "b": []}',
    ],
)
def test_a_body_keeps_every_byte(body: bytes) -> None:
    """Numbers, escapes, duplicate keys, odd spaces and cut bodies come back as they were."""
    cassette = Cassette((exchange(answer=body),))
    assert codec.loads(codec.dumps(cassette)) == cassette


def test_a_binary_body_is_kept_exactly() -> None:
    """Bytes that are no text are written as YAML's binary."""
    cassette = Cassette((exchange(answer=bytes(range(256))),))
    text = codec.dumps(cassette)
    assert "!!binary" in text
    assert codec.loads(text) == cassette


@pytest.mark.parametrize(
    ("length", "laid"),
    [
        (71, '{\n  "a": {"b": ["%s", []]},\n  "c": 1\n}'),
        (72, '{\n  "a": {\n    "b": ["%s", []]\n  },\n  "c": 1\n}'),
        (76, '{\n  "a": {\n    "b": ["%s", []]\n  },\n  "c": 1\n}'),
        (77, '{\n  "a": {\n    "b": [\n      "%s",\n      []\n    ]\n  },\n  "c": 1\n}'),
    ],
)
def test_what_fits_into_a_line_is_one(length: int, laid: str) -> None:
    """A container of 88 characters, counted from its own indentation; one of more has an item a line."""
    value = {"a": {"b": ["x" * length, []]}, "c": 1}
    for style, separators in STYLES.items():
        text = json.dumps(value, separators=separators)
        assert laid_out(text) == (laid % ("x" * length), style)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'""', b"7", b"", b"a b"])
def test_a_body_with_nothing_in_it_stays_on_its_line(body: bytes) -> None:
    """There is nothing to lay out."""
    [written] = yaml.safe_load(codec.dumps(Cassette((exchange(answer=body),))))["interactions"]
    assert written["response"]["body"]["string"] == body.decode()
    assert "layout" not in written


def test_what_was_recorded_without_saying_of_which_service_is_of_the_real_one() -> None:
    """A simulated one says so."""
    text = codec.dumps(Cassette((), Provenance(client="c", service="simulated")))
    read = codec.loads(text.replace("  service: simulated\n", ""))
    assert read.provenance == Provenance(client="c", service="real")


@pytest.mark.parametrize("status", [200, 404, 520, 999])
def test_a_status_is_kept_whether_http_knows_it_or_not(status: int) -> None:
    """With its words, for the people who read the file; proxies make up numbers of their own."""
    cassette = Cassette((exchange(status=status),))
    [written] = yaml.safe_load(codec.dumps(cassette))["interactions"]
    words = {200: "OK", 404: "Not Found"}.get(status, "")
    assert written["response"]["status"] == {"code": status, "message": words}
    assert codec.loads(codec.dumps(cassette)) == cassette


def test_a_file_is_the_same_without_the_library_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML can be installed without libyaml: what is written and what is read does not change."""
    for name in ("CSafeLoader", "CSafeDumper"):
        monkeypatch.delattr(yaml, name, raising=False)
    spec = importlib.util.spec_from_file_location("plain_syntax", yaml_json.__file__)
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "plain_syntax", plain)
    spec.loader.exec_module(plain)
    assert issubclass(plain.SafeLoader, yaml.SafeLoader)

    binary = exchange(answer=bytes(range(256)), headers={"Accept": "é\u2028: *"})
    text = codec.dumps(Cassette((*short().interactions, binary), PROVENANCE))
    data = yaml_json.parsed(text, "x")
    assert plain.parsed(text, "x") == data
    assert plain.yaml_text(data) == yaml_json.yaml_text(data)
    for wrong in ("a: &x [*x]", "a: 1\na: 2", "!!python/name:os.system ''", "<<: {a: b}"):
        stream_messages = []
        for parsed in (yaml_json.parsed, plain.parsed):
            with pytest.raises(CassetteError) as refused:
                parsed(wrong, "x")
            stream_messages.append(str(refused.value))
        assert stream_messages[0] == stream_messages[1]


def test_content_length_is_true_in_the_file_and_after_reading() -> None:
    """The length is that of the body beside it, laid out in the file and as it was on the wire."""
    body = b'{"id":"j"}'
    request = exchange().request
    response = recordings.Response(200, body, {"Content-Length": str(len(body))})
    cassette = Cassette((recordings.Interaction(request=request, response=response),))
    text = codec.dumps(cassette)
    [written] = yaml.safe_load(text)["interactions"]
    assert written["response"]["headers"]["Content-Length"] == [
        str(len(written["response"]["body"]["string"]))
    ]
    assert codec.loads(text) == cassette


def test_the_cassettes_of_a_directory_are_found(tmp_path: Path) -> None:
    """At any depth and by their suffix, hidden ones left out, in order; a file is itself."""
    for name in ("b.yaml", "a/c.json", "a/b.yml", "a/notes.md", ".b.yaml.lock", ".part.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in store.files(tmp_path)]
    assert found == ["a/b.yml", "a/c.json", "b.yaml"]
    assert store.files(tmp_path / "gone.yaml") == [tmp_path / "gone.yaml"]


def test_stock_vcrpy_replays_the_file(tmp_path: Path) -> None:
    """A client under stock vcrpy gets the recorded answers, and 503 for a broken connection."""
    broken = exchange(path=f"/jobs/{JOB}/logs", failure="reset", at=6.0)
    path = tmp_path / "short.yaml"
    store.save(path, Cassette((*short().interactions, broken), PROVENANCE))
    with vcr.use_cassette(str(path), record_mode="none") as tape:
        seen = [requests.get(f"{HOST}/jobs/{JOB}?exclude_params=true").json() for _ in range(3)]
        result = requests.get(f"{HOST}/jobs/{JOB}/results")
        logs = requests.get(f"{HOST}/jobs/{JOB}/logs")
    assert [job["status"] for job in seen] == ["Queued", "Running", "Completed"]
    assert result.json() == {"results": []}
    assert (logs.status_code, logs.reason) == (503, "Connection reset")
    assert tape.all_played


def test_additions_stand_only_where_vcrpy_ignores_them() -> None:
    """Nothing is added inside a request, and there is no metadata at the top."""
    written = yaml.safe_load(codec.dumps(short()))
    assert set(written) == {"qrtest", "version", "interactions"}
    for interaction in written["interactions"]:
        assert set(interaction["request"]) == {"method", "uri", "headers", "body"}
        assert set(interaction["response"]) == {"status", "headers", "body"}


def test_equal_polls_are_one_exchange_with_a_count_and_a_span() -> None:
    """Polls that got the same answer are collapsed, also when others stand between them."""
    logs = exchange(path=f"/jobs/{JOB}/logs", status=404, answer={"errors": []}, at=0.5)
    kept = collapsed([poll("Queued", 0.0), logs, poll("Queued", 1.0), poll("Running", 2.0)])
    assert [(one.at, one.repeat, one.until) for one in kept] == [
        (0.0, 2, 1.0),
        (0.5, 1, None),
        (2.0, 1, None),
    ]


def test_a_day_of_polling_is_under_two_kilobytes() -> None:
    """A day of polls, one a second, takes less than 2 kB."""
    day = Cassette(
        (
            poll("Queued", 0.0, repeat=80_000, until=79_999.0),
            poll("Running", 80_000.0, repeat=6_399, until=86_398.0),
            poll("Completed", 86_399.0),
        ),
        PROVENANCE,
    )
    assert len(codec.dumps(day).encode()) < 2_000


def test_a_file_cut_at_any_byte_is_noticed(tmp_path: Path) -> None:
    """Whatever is missing at the end, the file is refused; only the last line break is not missed."""
    cassette = short()
    for text in (codec.dumps(cassette), codec.dumps(cassette, as_json=True)):
        for length in range(len(text) - 1):
            with pytest.raises(CassetteError):
                codec.loads(text[:length])
        assert codec.loads(text[:-1]) == cassette


def test_an_edited_file_is_noticed_and_says_what_to_do() -> None:
    """A changed value breaks the digest; the message has the command that seals it."""
    edited = codec.dumps(short()).replace("Completed", "Cancelled")
    with pytest.raises(CassetteError) as refused:
        codec.loads(edited, name="bell.yaml")
    assert str(refused.value) == (
        "bell.yaml: qrtest.digest is not that of the interactions: the file was edited or damaged. "
        "Take it from version control, or, if the change is meant, seal it with: qrtest convert FILE."
    )


def test_a_missing_exchange_is_noticed() -> None:
    """A file that was cut between two exchanges says how many there were."""
    data = json.loads(codec.dumps(short(), as_json=True))
    del data["interactions"][-1]
    with pytest.raises(CassetteError, match="says 4 interactions and there are 3"):
        codec.loads(json.dumps(data))


def test_how_a_file_is_laid_out_does_not_matter() -> None:
    """The digest is one of values: line ends of another system, or JSON for YAML, do not break it."""
    text = codec.dumps(short())
    assert codec.loads(text.replace("\n", "\r\n")) == short()
    assert codec.loads(yaml.safe_dump(yaml.safe_load(text))) == short()


@given(recordings.cassettes)
def test_the_digest_sees_every_exchange(cassette: Cassette) -> None:
    """Leaving an interaction out changes the digest."""
    if cassette.interactions:
        assert digest(cassette.interactions[1:]) != digest(cassette.interactions)


def test_a_file_that_was_read_is_parsed_again_only_when_it_has_changed(tmp_path: Path) -> None:
    """The tests of a suite that share a cassette share what was read, whatever the file is called."""
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    for path in (one, other):
        store.save(path, Cassette((poll("Queued", 1.0),), PROVENANCE))
    assert store.load(one) is store.load(one) is store.load(other)
    one.write_text(one.read_text().replace("took: 0.05", "took: 0.06"))
    with pytest.raises(CassetteError, match="one.yaml.*edited"):
        store.load(one)
    assert store.load(one, sealed=False) != store.load(other)
    store.forget()
    assert len(store.load(other)) == 1


@pytest.mark.parametrize("size", [1, store.LARGEST_KEPT])
def test_a_large_cassette_is_not_kept_in_memory(size: int, tmp_path: Path) -> None:
    """A large one is, as is one whose bodies are large once they are unpacked."""
    path = tmp_path / "cassette.yaml"
    store.save(path, Cassette((exchange(answer=b"x" * size),), PROVENANCE))
    assert (store.load(path) is store.load(path)) == (size == 1)
