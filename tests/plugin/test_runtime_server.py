"""The fixture `runtime_server`: one server for a session, a fresh state for each test."""

from __future__ import annotations

import pytest

SUITE = """
    import json
    import urllib.request

    import pytest
    import qrtest

    BELL = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}

    def ask(server, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(server.url + path, data, {"Authorization": "Bearer x"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    URLS = []

    @pytest.mark.parametrize("number", range(4))
    def test_each_begins_anew(runtime_server, number):
        URLS.append(runtime_server.url)
        assert len(set(URLS)) == 1
        assert runtime_server.job_ids() == ()
        ask(runtime_server, "/api/v1/jobs", BELL)
        runtime_server.rule("ERROR 1500")
        assert len(runtime_server.job_ids()) == 1

    def test_time_is_accelerated(runtime_server):
        assert runtime_server.clock.speed == 60

    @pytest.mark.qrtest(script="ERROR 1517", clock="virtual", seed=7)
    def test_the_marker_is_heard(runtime_server):
        job_id = ask(runtime_server, "/api/v1/jobs", BELL)["id"]
        assert ask(runtime_server, f"/api/v1/jobs/{job_id}")["state"]["reason_code"] == 1517
        runtime_server.clock.advance("1h")
        assert runtime_server.clock.now() > 3600

    def test_a_genuine_client_of_it(runtime_server):
        job_id = ask(runtime_server, "/api/v1/jobs", BELL)["id"]
        job = runtime_server.service().job(job_id)
        job.wait_for_final_state(timeout=30)
        assert job.status() == "DONE"
"""
TESTS = 7


def test_one_server_serves_a_session(pytester: pytest.Pytester) -> None:
    """In this process: every test finds it as if it were its own."""
    pytester.makepyfile(SUITE)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=TESTS)


def test_each_worker_has_a_port_of_its_own(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist, in processes of their own."""
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-n", "2", timeout=200)
    done.assert_outcomes(passed=TESTS)


def test_a_failure_shows_what_was_asked(pytester: pytest.Pytester) -> None:
    """The timeline of the server, in the report."""
    pytester.makepyfile(
        SUITE
        + """
    @pytest.mark.qrtest(script="QUEUED")
    def test_fails(runtime_server):
        job_id = ask(runtime_server, "/api/v1/jobs", BELL)["id"]
        ask(runtime_server, f"/api/v1/jobs/{job_id}")
        assert False
"""
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "fails")
    done.stdout.fnmatch_lines(["*qrtest timeline*", "*poll*200 Queued*"])


def test_a_cassette_is_no_business_of_a_server(pytester: pytest.Pytester) -> None:
    """The error says what to do instead."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(cassette="bell.yaml")
        def test_it(runtime_server):
            pass
        """
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*runtime_server serves scripts: replay the cassette with*"])


def test_the_clock_is_chosen_in_the_ini_file(pytester: pytest.Pytester) -> None:
    """For all tests of a project."""
    pytester.makeini("[pytest]\nqrtest_server_clock = 1000x\n")
    pytester.makepyfile("def test_it(runtime_server): assert runtime_server.clock.speed == 1000")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_suite_without_it_starts_nothing(pytester: pytest.Pytester) -> None:
    """The server is made when the first test asks for it."""
    pytester.makepyfile(
        """
        import threading

        def test_it():
            assert [each.name for each in threading.enumerate() if "qrtest" in each.name] == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
