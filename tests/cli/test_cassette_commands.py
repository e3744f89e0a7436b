"""The tools for cassettes: record, show, check, diff, convert."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette import codec, store
from qrtest.cassette.model import Cassette
from qrtest.http.messages import Request, Response
from qrtest.playback.diff import differences
from tests import recordings
from tests.command_line import qrtest, qrtest_process
from tests.recordings import JOB, PROVENANCE, exchange, job_body, short
from tests.servers import serving

SECRET = "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf"
PROGRAM = """
import sys, requests
print(requests.get(sys.argv[1] + "/jobs/one?apikey=" + sys.argv[2], timeout=5).json()["id"])
sys.exit(int(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    def answer(request: Request) -> Response:
        return Response(200, b'{"id": "one"}', {"Content-Type": "application/json"})

    with serving(answer) as address:
        yield address


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


# --- record ----------------------------------------------------------------------------------------


def test_a_program_is_recorded(base: str, program: Path, tmp_path: Path) -> None:
    """`qrtest record CASSETTE -- COMMAND` records a program that knows nothing of it."""
    done = qrtest_process(
        "record", "c/x.yaml", "--", sys.executable, program, base, SECRET, 0, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "one\n",
        "qrtest: recorded c/x.yaml.\n",
    )
    [kept] = store.load(tmp_path / "c" / "x.yaml").interactions
    assert kept.response.body == b'{"id": "one"}'
    assert SECRET not in (tmp_path / "c" / "x.yaml").read_text()
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["x.yaml"]


def test_a_program_that_fails_is_not_saved(base: str, program: Path, tmp_path: Path) -> None:
    """Its exit status is passed on; --keep-failed saves it anyway."""
    command = ("--", sys.executable, program, base, SECRET, 3)
    done = qrtest("record", "x.yaml", *command, cwd=tmp_path)
    assert done.returncode == 3
    assert "status 3: x.yaml was not saved" in done.stderr
    assert not (tmp_path / "x.yaml").exists()
    assert qrtest("record", "--keep-failed", "x.yaml", *command, cwd=tmp_path).returncode == 3
    assert len(store.load(tmp_path / "x.yaml")) == 1


def test_a_program_that_is_no_python_is_reported(tmp_path: Path) -> None:
    """Nothing recorded is an error, not an empty cassette."""
    done = qrtest("record", "x.yaml", "--", "true", cwd=tmp_path)
    assert done.returncode == 2
    assert "no Python program was recorded" in done.stderr


# --- show ------------------------------------------------------------------------------------------


def test_show_draws_the_timeline(tmp_path: Path) -> None:
    """A line an interaction, in the terminal, as SVG and as HTML."""
    store.save(tmp_path / "bell.yaml", short())
    done = qrtest("show", "bell.yaml", "--svg", "b.svg", "--html", "b.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert (
        lines[0]
        == "bell.yaml: 4 interactions, simulated, qiskit-ibm-runtime 0.51.0, 2026-01-01T00:00:00Z"
    )
    assert "0:00:00.00 poll 200 Queued ×6 until 0:00:02.50" in lines
    assert (tmp_path / "b.svg").read_text().startswith("<svg")
    assert "200 Completed" in (tmp_path / "b.html").read_text()


# --- check -----------------------------------------------------------------------------------------


def test_check_passes_what_is_in_order(tmp_path: Path) -> None:
    """Status 0, and how many there were."""
    store.save(tmp_path / "cassettes" / "bell.yaml", short())
    done = qrtest("check", "cassettes", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 cassette(s), 0 finding(s)\n")


def test_check_finds_what_is_wrong_and_shows_no_secret(tmp_path: Path) -> None:
    """Secrets, a broken seal, missing fields: status 1, one line each, also as JSON."""
    leaky = exchange(answer={**job_body("Queued"), "note": f"token={SECRET}"}, at=0.0)
    store.save(tmp_path / "leaky.yaml", Cassette((leaky,), PROVENANCE))
    (tmp_path / "edited.yaml").write_text(codec.dumps(short()).replace("Running", "Walking"))
    store.save(
        tmp_path / "thin.yaml", Cassette((exchange(answer={"id": JOB}, at=0.0),), PROVENANCE)
    )
    done = qrtest("check", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert SECRET not in done.stdout
    for line in (
        "leaky.yaml: interaction 1 (GET /api/v1/jobs/",
        "edited.yaml: the file: qrtest.digest is not that of the interactions",
        "thin.yaml: interaction 1: a poll lacks state",
    ):
        assert line in done.stdout
    rows = json.loads(qrtest("check", ".", "--json", cwd=tmp_path).stdout)
    assert {row["file"] for row in rows} == {"leaky.yaml", "edited.yaml", "thin.yaml"}


def test_check_leaves_saved_scenarios_alone(tmp_path: Path) -> None:
    """What check_consumer saved stands beside cassettes, and is none."""
    store.save(tmp_path / "cassettes" / "named.yaml", short())
    scenarios = tmp_path / "cassettes" / "scenarios"
    scenarios.mkdir()
    (scenarios / "collect-escapes.yaml").write_text("script: ERROR 1500")
    done = qrtest("check", "cassettes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_check_finds_old_and_orphaned_ones(tmp_path: Path) -> None:
    """Cassettes that are past their time, and ones that no test wants."""
    (tmp_path / "test_a.py").write_text('def test_kept(): ...\n# "named.yaml"\n')
    for name in ("test_a/test_kept[1].yaml", "test_a/test_gone.yaml", "named.yaml", "lonely.yaml"):
        store.save(tmp_path / "cassettes" / name, short())
    done = qrtest("check", "cassettes", "--tests", ".", cwd=tmp_path)
    assert sorted(done.stdout.splitlines()) == [
        "cassettes/lonely.yaml: the file: unused: no test names it",
        "cassettes/test_a/test_gone.yaml: the file: orphaned: test_a.py has no test test_gone",
    ]
    aged = qrtest("check", "cassettes/named.yaml", "--max-age", "1d", cwd=tmp_path)
    assert "days ago: record it again" in aged.stdout


# --- diff ------------------------------------------------------------------------------------------


def test_diff_finds_nothing_between_two_runs_of_one_program(tmp_path: Path) -> None:
    """Ids, times and placeholders differ between any two runs, and are volatile."""
    other = (
        codec.dumps(short())
        .replace(JOB, "cw2q9ssd3wd0008fh7p0")
        .replace("0011223344", "5566778899")
    )
    store.save(tmp_path / "a.yaml", short())
    store.save(tmp_path / "b.yaml", codec.loads(other, sealed=False))
    assert qrtest("diff", "a.yaml", "b.yaml", cwd=tmp_path).returncode == 0
    volatile = qrtest("diff", "a.yaml", "b.yaml", "--tier", "volatile", cwd=tmp_path)
    assert volatile.returncode == 1
    assert "volatile: poll(exclude_params): response.id" in volatile.stdout


def test_diff_distinguishes_shape_from_value(tmp_path: Path) -> None:
    """A field that came, went or changed its type is another tier than one that says something else."""
    before = Cassette((exchange(answer=job_body("Queued"), at=0.0),), PROVENANCE)
    body = job_body("Running", cost="600", usage={"seconds": 1})
    del body["created"]
    store.save(tmp_path / "a.yaml", before)
    store.save(tmp_path / "b.yaml", Cassette((exchange(answer=body, at=0.0),), PROVENANCE))
    done = qrtest("diff", "a.yaml", "b.yaml", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "shape: poll(exclude_params): response.created: gone: a text",
        "shape: poll(exclude_params): response.cost: a number -> a text",
        "shape: poll(exclude_params): response.usage: new: an object",
        'value: poll(exclude_params): response.state.status: "Queued" -> "Running"',
        'value: poll(exclude_params): response.status: "Queued" -> "Running"',
    ]
    assert (
        len(qrtest("diff", "a.yaml", "b.yaml", "--tier", "shape", cwd=tmp_path).stdout.splitlines())
        == 3
    )


def polled(statuses: list[tuple[str, dict[str, Any], int]]) -> Cassette:
    """Return a recording in which each state, with what it says besides, was seen so many times."""
    bodies = [job_body(status, **more) for status, more, times in statuses for _ in range(times)]
    polls = [exchange(answer=body, at=float(at)) for at, body in enumerate(bodies)]
    metrics = exchange(path=f"/jobs/{JOB}/metrics", answer={"usage": {}}, at=float(len(bodies)))
    return Cassette((*polls, metrics), PROVENANCE)


SEEN = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 3))


@given(SEEN, SEEN)
def test_how_often_and_when_one_polled_is_no_shape(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    """Two recordings of one job, of which each has seen more or less of its statuses."""
    states: list[tuple[str, dict[str, Any]]] = [
        ("Queued", {}),
        ("Running", {"estimated_running_time_seconds": 6.0}),
        ("Completed", {"usage": {"seconds": 1}}),
    ]
    made = [
        polled([(*state, times) for state, times in zip(states, seen, strict=True)])
        for seen in (one, other)
    ]
    assert [str(each) for each in differences(*made) if each.tier == "shape"] == []


@pytest.mark.parametrize(
    ("statuses", "difference"),
    [
        ([("Completed", {"usage": None}, 3)], "response.usage: an object -> null"),
        ([("Completed", {}, 1)], "response.usage: gone: an object"),
        ([("Queued", {"new": [1]}, 2)], "response.new: new: a list"),
        ([("Failed", {"reason": "R"}, 2)], "response.reason: new: a text"),
    ],
)
def test_a_shape_that_no_poll_had_is_reported(statuses: list[Any], difference: str) -> None:
    """In whichever state of the job, and whatever the number of polls; an end like no other counts, too."""
    before = polled([("Queued", {}, 3), ("Completed", {"usage": {"seconds": 1}}, 1)])
    found = [str(each) for each in differences(before, polled(statuses)) if each.tier == "shape"]
    assert f"shape: poll(exclude_params): {difference}" in found


def test_an_answer_that_is_a_page_now_is_reported() -> None:
    """HTML in the place of JSON has another shape, status or not."""
    page = exchange(answer=b"<html>", at=0.0)
    before, after = (Cassette((each,), PROVENANCE) for each in (exchange(answer={}, at=0.0), page))
    assert "shape: poll(exclude_params): response: an object -> a text" in map(
        str, differences(before, after)
    )


@given(recordings.cassettes)
def test_a_cassette_does_not_differ_from_itself(cassette: Cassette) -> None:
    """Whatever is in it."""
    assert differences(cassette, cassette) == ()


# --- convert ---------------------------------------------------------------------------------------

STOCK = f"""
interactions:
- request:
    body: null
    headers:
      Authorization: [Bearer {SECRET}]
      User-Agent: [python]
    method: GET
    uri: https://quantum.cloud.ibm.com/api/v1/jobs/{JOB}
  response:
    body: {{string: '{{"id": "{JOB}", "status": "Queued"}}'}}
    headers: {{Content-Type: [application/json], Set-Cookie: [sid={SECRET}]}}
    status: {{code: 200, message: OK}}
version: 1
"""


def test_convert_cleans_collapses_and_keeps_a_backup(tmp_path: Path) -> None:
    """A stock cassette becomes a sealed one without secrets; the original is beside it."""
    one, _, version = STOCK.rpartition("version")
    _, _, interaction = one.partition("interactions:\n")
    (tmp_path / "x.yaml").write_text("interactions:\n" + interaction * 3 + "version" + version)
    dry = qrtest("convert", "x.yaml", "--dry-run", cwd=tmp_path)
    assert "x.yaml -> x.yaml:" in dry.stdout
    assert SECRET not in dry.stdout
    assert not (tmp_path / "x.yaml.bak").exists()
    assert qrtest("convert", "x.yaml", cwd=tmp_path).returncode == 0
    assert SECRET not in (tmp_path / "x.yaml").read_text()
    assert SECRET in (tmp_path / "x.yaml.bak").read_text()
    [kept] = store.load(tmp_path / "x.yaml").interactions
    assert (kept.repeat, dict(kept.request.headers)) == (3, {})
    assert qrtest("convert", "x.yaml", cwd=tmp_path).stdout == "x.yaml: nothing to do\n"
    assert qrtest("check", "x.yaml", cwd=tmp_path).stdout.count("lacks") == 3


def test_convert_seals_what_was_edited_on_purpose(tmp_path: Path) -> None:
    """An edited cassette is refused until it is sealed."""
    edited = codec.dumps(short()).replace('"cost": 600', '"cost": 601')
    (tmp_path / "x.yaml").write_text(edited)
    assert qrtest("show", "x.yaml", cwd=tmp_path).returncode == 2
    qrtest("convert", "x.yaml", cwd=tmp_path)
    assert qrtest("show", "x.yaml", cwd=tmp_path).returncode == 0


def test_convert_of_a_directory_converts_every_recording_in_it(tmp_path: Path) -> None:
    """What is no recording stays as it is, and one that cannot be read keeps no other from being converted."""
    (tmp_path / "suite").mkdir()
    (tmp_path / "a.yaml").write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n")
    for name in ("suite/b.yaml", "suite/c.yaml"):
        (tmp_path / name).write_text(STOCK)
    (tmp_path / "ci.yml").write_text("jobs: {build: 1}\n")
    done = qrtest("convert", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout.count(" -> ")) == (2, 2)
    assert "a.yaml: it is a Git LFS pointer" in done.stderr
    assert "1 of 3 recordings were not converted" in done.stderr
    assert SECRET not in (tmp_path / "suite" / "c.yaml").read_text()
    assert (tmp_path / "ci.yml").read_text() == "jobs: {build: 1}\n"
    assert qrtest("convert", "suite", cwd=tmp_path).stdout.count("nothing to do") == 2


def test_convert_writes_nothing_where_a_request_would_have_no_answer(tmp_path: Path) -> None:
    """It names the request: here a number between spaces, of which redaction and replay make two things."""
    path = tmp_path / "odd.yaml"
    number = b" 12345678901 "
    answer = exchange(path="/first", answer={"owner": number.decode().strip()})
    before = codec.dumps(Cassette((answer, exchange("PUT", "/odd", sends=number, status=204))))
    path.write_text(before, encoding="utf-8")
    done = qrtest("convert", path)
    assert done.returncode == 2
    assert "a replay would not answer 1 of its requests.\n  PUT /api/v1/odd" in done.stderr
    assert path.read_text(encoding="utf-8") == before
    assert [each.name for each in tmp_path.iterdir()] == ["odd.yaml"]


def test_convert_reads_betamax(tmp_path: Path) -> None:
    """A cassette of betamax, with its times and base64 bodies."""
    exchange_of = {
        "request": {"body": {"encoding": "utf-8", "string": ""}, "headers": {"Accept": ["*/*"]},
                    "method": "GET", "uri": f"https://quantum.cloud.ibm.com/api/v1/jobs/{JOB}"},
        "response": {"body": {"encoding": "utf-8", "base64_string": "eyJpZCI6ICJvbmUifQ=="},
                     "headers": {"Content-Type": ["application/json"]}, "url": "x",
                     "status": {"code": 200, "message": "OK"}},
        "recorded_at": "2026-01-01T00:00:05",
    }  # fmt: skip
    earlier = {
        **exchange_of,
        "recorded_at": "2026-01-01T00:00:00",
        "response": {**exchange_of["response"], "status": {"code": 404, "message": "No"}},
    }  # type: ignore[dict-item]
    data = {"http_interactions": [earlier, exchange_of], "recorded_with": "betamax/0.9.0"}
    (tmp_path / "b.json").write_text(json.dumps(data))
    done = qrtest("convert", "b.json", "--output", "b.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = store.load(tmp_path / "b.yaml").interactions
    assert (first.at, first.response.status, second.at, second.response.body) == (
        0.0,
        404,
        5.0,
        b'{"id": "one"}',
    )


def test_convert_makes_a_cassette_of_downloads(tmp_path: Path) -> None:
    """What the platform lets people download of a job replays as that job."""
    from importlib.resources import files

    captured = files("qrtest.captured")
    (tmp_path / "job-x-info.json").write_bytes((captured / "job-failed-1500.json").read_bytes())
    (tmp_path / "job-x-result.json").write_bytes((captured / "result-sampler-v2.json").read_bytes())
    done = qrtest("convert", "job-x-info.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    import qrtest as library

    with library.replay(tmp_path / "job-x.yaml") as sim:
        job = sim.job()
        assert job.status() == "ERROR"
        assert "1500" in str(job.error_message())


@given(recordings.cassettes)
def test_converting_twice_is_converting_once(cassette: Cassette) -> None:
    """For any cassette, converting what was converted changes nothing."""
    from qrtest.cassette.model import Provenance
    from qrtest.errors import SecretFound
    from qrtest.redaction.allowlist import Rules
    from qrtest.redaction.sanitize import sanitized

    def convert(text: str, key: bytes) -> str:
        known = codec.loads(text, sealed=False)
        origin = known.provenance or Provenance()
        return sanitized(
            list(known.interactions),
            key=key,
            rules=Rules(),
            name="x",
            provenance=origin,
            digests=known.digests,
        )[0]

    try:
        once = convert(codec.dumps(cassette), b"one")
    except SecretFound:
        return
    assert convert(once, b"other") == once
