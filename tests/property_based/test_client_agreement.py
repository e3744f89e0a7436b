"""The same requests by every HTTP client are answered the same: one trace."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

import qrtest
from qrtest import Script, faults, simulate
from qrtest.faults import Fault
from qrtest.transport.interception import hidden
from tests.drawn_scripts import scripts
from tests.http_clients import CLIENTS, EXCEPTIONS, KEY

URL = "https://quantum.cloud.ibm.com/api/v1"
ASKED = {
    "poll": ("GET", "/jobs/{job}?exclude_params=true"),
    "result": ("GET", "/jobs/{job}/results"),
    "metrics": ("GET", "/jobs/{job}/metrics"),
    "cancel": ("POST", "/jobs/{job}/cancel"),
    "missing": ("GET", "/jobs/none"),
    "delete": ("DELETE", "/jobs/{job}"),
}
FAULTS = st.one_of(
    st.builds(lambda code: faults.status(code), st.sampled_from([401, 404, 429, 500, 503])),
    # A client of its own may ask again after "reset" and "closed": tests/transport has these.
    st.builds(lambda how: faults.drop(how=how), st.sampled_from(["refused", "dns", "timeout"])),
    st.builds(lambda seconds: faults.slow(seconds), st.sampled_from([1, 4, 7])),
    st.just(faults.hang()),
    st.just(faults.html()),
    st.just(faults.empty()),
)


def trace(client: str, script: Script, plan: list[Fault], asked: list[str]) -> list[Any]:
    """Statuses, words, bodies, kinds of broken connections, virtual times, and the journal."""
    observed: list[Any] = []
    kinds = EXCEPTIONS[client]
    with simulate(faults=plan) as sim:
        job = sim.job(script)
        for name in asked:
            method, path = ASKED[name]
            try:
                outcome: Any = CLIENTS[client](method, URL + path.format(job=job.job_id()))
            except tuple(set(kinds.values())) as error:
                outcome = "timeout" if isinstance(error, kinds["timeout"]) else "not connected"
            observed.append((name, outcome, round(sim.clock.now(), 6)))
        observed += [(entry.operation, entry.answer) for entry in sim.journal]
    return observed


@given(
    script=scripts(),
    plan=st.lists(FAULTS, max_size=3),
    asked=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=4),
)
@example(Script.parse("QUEUED 1s; DONE"), [faults.hang(), faults.slow("7s")], ["poll", "result"])
def test_every_client_gives_the_trace_of_requests(
    script: Script, plan: list[Fault], asked: list[str]
) -> None:
    """Answers, broken connections, virtual times and what the service was asked agree."""
    expected = trace("requests", script, plan, asked)
    for client in CLIENTS:
        assert (client, trace(client, script, plan, asked)) == (client, expected)


OVER_A_PORT = st.one_of(
    st.builds(lambda code: faults.status(code), st.sampled_from([401, 404, 429, 500, 503])),
    st.builds(lambda seconds: faults.slow(seconds), st.sampled_from([1, 7])),
    st.just(faults.drop(how="reset")),
    st.just(faults.html()),
    st.just(faults.empty()),
)


def served(script: Script, plan: list[Fault], asked: list[str], folder: str | None) -> list[Any]:
    """Return what a client sees of a server; with *folder* by a proxy that records there."""
    with ExitStack() as stack:
        server = stack.enter_context(
            qrtest.serve(clock="virtual", faults=plan, backends=["ibm_torino"])
        )
        server.next_job(script)
        proxied = None
        if folder is not None:
            recording = qrtest.proxy(record=f"{folder}/session.yaml")
            proxied = stack.enter_context(recording).url
        return asked_of(server.url, asked, proxied, server.clock.now) + [
            (entry.operation, entry.answer) for entry in server.journal
        ]


def asked_of(
    url: str, asked: list[str], proxied: str | None, now: Callable[[], float] = float
) -> list[Any]:
    """Return what is answered to a submission and to *asked*, and when, on connections that no tap sees."""
    observed: list[Any] = []
    body = b'{"program_id": "sampler", "backend": "ibm_torino"}'
    todo = [("POST", "/jobs", body), *((*ASKED[name], None) for name in asked)]
    job = "none"
    for method, path, content in todo:
        target = f"{url}/api/v1{path.format(job=job)}"
        connection = http.client.HTTPConnection(urlsplit(proxied or url).netloc, timeout=30)
        try:
            with hidden():
                connection.request(method, target if proxied else urlsplit(target)._replace(
                    scheme="", netloc="").geturl(), content, KEY)  # fmt: skip
                answer = connection.getresponse()
                observed.append((answer.status, answer.reason, answer.read(), round(now(), 6)))
        except ConnectionResetError:
            observed.append(("reset", round(now(), 6)))
        finally:
            connection.close()
        if job == "none" and observed[-1][0] == 200 and b'"id"' in observed[-1][2]:
            job = json.loads(observed[-1][2])["id"]
    return observed


@settings(max_examples=max(1, settings().max_examples // 4))
@given(
    script=scripts(),
    plan=st.lists(OVER_A_PORT, max_size=2),
    asked=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=4),
)
def test_a_proxy_gives_the_trace_of_what_it_stands_before(
    script: Script, plan: list[Fault], asked: list[str]
) -> None:
    """Answers, broken connections, virtual times and what was asked agree."""
    expected = served(script, plan, asked, None)
    with tempfile.TemporaryDirectory() as folder:
        assert served(script, plan, asked, folder) == expected
