"""Which instance of a recorded account a replay stands for, and which recorded host a region asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request, Response
from qrtest.playback.own_instances import used_instance
from qrtest.playback.recorded_requests import RecordedRequests

ACCOUNT = "redacted-account-0000000001"
CRNS = [
    f"crn:v1:bluemix:public:quantum-computing:{region}:a/{ACCOUNT}:redacted-instance-000000000{number}::"
    for number, region in enumerate(("us-east", "eu-de", "eu-de"))
]
US, EU = "https://quantum.cloud.ibm.com/api/v1", "https://eu-de.quantum.cloud.ibm.com/api/v1"


def asked(method: str, url: str, body: Any = None, answer: Any = None) -> Interaction:
    content = b"" if body is None else json.dumps(body).encode()
    request = Request.to(method, url, body=content)
    return Interaction(request=request, response=Response(200, json.dumps(answer).encode()))


SEARCH = asked(
    "POST",
    "https://api.global-search-tagging.cloud.ibm.com/v3/resources/search",
    {},
    {"items": [{"crn": crn} for crn in CRNS]},
)


@pytest.mark.parametrize(
    ("used", "which"),
    [
        ([], 0),
        ([asked("POST", f"{EU}/sessions", {"instance": CRNS[2]})], 2),
        ([asked("GET", f"{US}/backends"), asked("POST", f"{EU}/jobs", {})], 1),
        ([asked("POST", "https://private.eu-de.quantum.cloud.ibm.com/api/v1/jobs", {})], 1),
    ],
)
def test_the_instance_is_the_one_that_the_recorded_program_used(
    used: list[Interaction], which: int
) -> None:
    """The one that sessions name, else one of the region where jobs were submitted; not the first listed."""
    assert used_instance(Cassette((SEARCH, *used))) == CRNS[which]


def test_of_instances_of_one_region_it_is_the_one_that_was_asked() -> None:
    """A recording has digests of the instances that were asked."""
    digests = Digests.salted_by(b"key").with_values({"redacted-instance-0000000002": "x"})
    cassette = Cassette((SEARCH, asked("POST", f"{EU}/jobs", {})), digests=digests)
    assert used_instance(cassette) == CRNS[2]


def test_a_host_of_the_same_region_answers_where_several_hosts_were_recorded() -> None:
    """A recording at other base addresses has answers for `sim.service()`, which asks the usual ones."""
    hosts = ("quantum.corp.test", "eu-de.quantum.corp.test")
    cassette = Cassette(tuple(asked("GET", f"https://{host}/api/v1/backends") for host in hosts))
    requests = RecordedRequests(cassette, ignored=frozenset(), same_circuit=None)
    for url, host in ((US, hosts[0]), (EU, hosts[1])):
        track = requests.find(Request.to("GET", f"{url}/backends"))
        assert track is not None
        assert track.request.host == host
    assert requests.find(Request.to("GET", "https://other.test/api/v1/backends")) is None
