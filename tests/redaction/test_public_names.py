"""What a session shows to everybody: words of its hosts, and the ids that its server made up."""

from __future__ import annotations

import json

import pytest

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Request, Response
from qrtest.redaction.public_names import public_names
from qrtest.redaction.redactor import redacted

BASE = "http://emulator.test/api/v1"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/emulator::emulator"


def interaction(method: str, path: str, answer: object, **headers: str) -> Interaction:
    request = Request.to(method, BASE + path, headers=headers)
    return Interaction(request=request, response=Response(200, json.dumps(answer).encode()))


def test_a_server_whose_name_is_its_token_keeps_hosts_jobs_and_instances() -> None:
    """Its ids are the same in answers, in paths and in lists."""
    job = "emulator-3bd7017120ef"
    session = [
        interaction("POST", "/jobs", {"id": job}, Authorization="apikey emulator"),
        interaction(
            "GET", f"/jobs/{job}", {"id": job, "backend": "ibm_x"}, Authorization="apikey emulator"
        ),
        interaction("GET", "/jobs", {"jobs": [{"id": job}]}),
        interaction("GET", "/instances", [{"crn": CRN}]),
    ]
    clean = redacted(session, key=b"key").interactions
    assert [each.uri for each in clean] == [each.uri for each in session]
    assert [each.response.body for each in clean] == [each.response.body for each in session]


@pytest.mark.parametrize("token", ["aB3dE5fG7hI9jK1l", "hunter2hunter", "correct-horse-9"])
def test_a_credential_that_could_be_one_is_no_public_name(token: str) -> None:
    """Although a host has it as a word."""
    asked = Request.to(
        "GET", f"http://{token}.test/jobs/{token}", headers={"X-Access-Token": token}
    )
    session = [Interaction(request=asked, response=Response(200))]
    assert public_names(session) == frozenset({"test"})
    assert token not in redacted(session, key=b"key").interactions[0].uri
