"""The same requests by every HTTP client are answered the same: one trace."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from qrtest import Script, faults, simulate
from qrtest.faults import Fault
from tests.drawn_scripts import scripts
from tests.http_clients import CLIENTS, EXCEPTIONS

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
