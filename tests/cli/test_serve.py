"""`qrtest serve`, in a process of its own that is really ended."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import qrtest
from tests.command_line import RUN

COMMAND = [*RUN, "serve"]


@contextmanager
def serving(*options: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Provide the command on a free port, and the line that it said."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def post(about: dict[str, Any], path: str, body: Any) -> Any:
    """Return what the server answers."""
    connection = http.client.HTTPConnection(about["url"].removeprefix("http://"), timeout=30)
    headers = {"Authorization": "Bearer x", "X-Qrtest-Token": about["control_token"]}
    connection.request("POST", path, json.dumps(body), headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    """On Ctrl-C and on SIGTERM, with a request that hangs and a certificate to clean up."""
    options = "--clock", "60x", "--https-port", "0"
    with serving(*options, folder=tmp_path) as (process, about):
        assert (tmp_path / "qrtest-authority.pem").is_file()
        post(about, "/_qrtest/faults", {"faults": [{"fault": "hang"}]})
        number = int(about["url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", number)) as hanging:
            hanging.sendall(
                b"GET /api/v1/backends HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: x\r\n\r\n"
            )
            process.send_signal(ending)
            output, talk = process.communicate(timeout=30)
        assert (process.returncode, output, talk) == (0, "", "qrtest: stopped.\n")
    assert list(tmp_path.iterdir()) == []


def test_jobs_of_another_process_live_by_the_scenario_file(tmp_path: Path) -> None:
    """A genuine client here, the service there."""
    (tmp_path / "doomed.yaml").write_text("script: QUEUED 5s; ERROR 1500\n")
    options = "--scenario", "doomed.yaml", "--clock", "1000x"
    with serving(*options, folder=tmp_path) as (_, about):
        asked = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}
        job_id = post(about, "/api/v1/jobs", asked)["id"]
        job = qrtest.connect(about["url"]).job(job_id)
        job.wait_for_final_state(timeout=60)
        assert job.status() == "ERROR"


def test_it_shows_a_person_how_to_point_clients_at_it(tmp_path: Path) -> None:
    """Python in two lines, addresses, CRN, and the environment."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    output = ""
    while "/_qrtest/journal" not in output:
        line = process.stdout.readline()
        assert line, output
        output += line
    process.terminate()
    process.communicate(timeout=30)
    url = output.split()[5]
    assert f'qrtest.connect("{url}")' in output
    for expected in (f"{url}/api/v1", f"{url}/identity/token", "crn:v1:", f"export IAM_URL={url}"):
        assert expected in output


def test_a_busy_port_is_reported_in_one_line(tmp_path: Path) -> None:
    """With what to do about it, and exit status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", number],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Port {number} of 127.0.0.1 cannot be had: Address already in use." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scenario", "nowhere.yaml"], "The scenario nowhere.yaml cannot be read"),
        (["--clock", "fast"], "There is no clock 'fast'"),
        (["--backend", "ibm_nowhere"], "There is no snapshot of a backend 'ibm_nowhere'"),
    ],
)
def test_a_wrong_option_is_reported(tmp_path: Path, options: list[str], message: str) -> None:
    """Before anything is served."""
    done = subprocess.run(
        [*COMMAND, "--port", "0", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_the_session_in_the_docs_is_true(tmp_path: Path) -> None:
    """Every command of the page, by curl itself, to the letter."""
    page = (Path(__file__).parents[2] / "docs" / "serve.md").read_text()
    [session] = re.findall(
        r"qrtest serve (--clock virtual) -->\n\n```console\n(.*?)```", page, re.S
    )
    options, lines = session
    with serving(*options.split(), folder=tmp_path) as (_, about):
        for command, output in re.findall(r"^\$ (curl .*)\n(.*)$", lines, re.M):
            command = command.replace("http://127.0.0.1:8765", about["url"])
            asked = shlex.split(command.replace("$QRTEST_SERVER_TOKEN", about["control_token"]))
            done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
            assert done.stdout == output, command


ANSWERS_ALL = r"""
import importlib, json, sys, urllib.request
from qrtest.cli.serve import ANSWERING
from qrtest.harness.serve import serve

def ask(path, body=None):
    headers = {"Authorization": "Bearer x", "X-Qrtest-Token": server.control_token}
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(server.url + path, content, headers)) as answer:
        return answer.read()

CIRCUIT = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0;'
PUBS = {"sampler": [[CIRCUIT]], "estimator": [[CIRCUIT, "I" * 132 + "Z"]]}
with serve(clock="virtual", latency=0) as server:
    for name in ANSWERING:
        importlib.import_module(name)
    before = set(sys.modules)
    ends = []
    for program_id in PUBS:
        for result in ({}, {"result": "computed"}):
            ask("/_qrtest/next-job", {"script": "DONE", **result})
            params = {"pubs": PUBS[program_id], "version": 2, "support_qiskit": False}
            body = {"program_id": program_id, "backend": "ibm_torino", "params": params}
            path = "/api/v1/jobs/" + json.loads(ask("/api/v1/jobs", body))["id"]
            while (status := json.loads(ask(path))["state"]["status"]) == "Queued":
                pass
            ends.append(status)
            for what in ("/results", "/logs", "/metrics", "/interim_results"):
                ask(path + what)
    aspects = ("configuration", "properties", "status", "defaults")
    asked = [f"backends/ibm_torino/{aspect}" for aspect in aspects]
    asked += ["backends", "instances", "usage", "versions", "analytics/usage", "openapi.json", "jobs"]
    for path in asked:
        ask("/api/v1/" + path)
    for path in ("", "/timeline", "/journal", "/jobs", "/clock"):
        ask("/_qrtest" + path)
    late = sorted(name for name in set(sys.modules) - before if name.partition(".")[0] == "qrtest")
print(json.dumps([ends, late]))
"""


def test_no_module_of_qrtest_is_first_imported_by_a_request(tmp_path: Path) -> None:
    """A server may run while its installation is replaced: what is imported late is of another version."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ANSWERS_ALL],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["Completed"] * 4, []]
