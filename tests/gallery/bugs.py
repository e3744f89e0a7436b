"""Consumers with one bug each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time

from qiskit.providers import JobStatus
from qiskit_ibm_runtime import RuntimeJobMaxTimeoutError, RuntimeJobTimeoutError
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

from qrtest import Scenario, faults
from tests.gallery.entries import (
    FINAL,
    HOUR,
    SUBMITTED,
    GaveUp,
    bug,
    checked,
    checked_type,
    checked_wait,
    opened,
    run_in,
    status_of,
    submitted,
)

# --- they do not end ----------------------------------------------------------------------------------


@bug("ends")
def waits_for_done_only(job):
    while status_of(job) != "DONE":
        time.sleep(30)
    return checked(job.result)


@bug("ends")
def has_no_timeout(job):
    return checked(job.result)


@bug("ends")
def checks_its_timeout_only_while_running(job):
    deadline = time.time() + HOUR
    while (status := status_of(job)) not in FINAL:
        if status == "RUNNING" and time.time() > deadline:
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@bug("ends")
def waits_on_when_cancelled(job):
    deadline = time.time() + HOUR
    while status_of(job) not in ("DONE", "ERROR"):
        if time.time() > deadline and status_of(job) != "CANCELLED":
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@bug("ends")
def swallows_every_error_of_a_poll(job):
    while True:
        try:
            if job.status() in FINAL:
                return checked(job.result)
        except GaveUp:
            raise
        except Exception:
            pass
        time.sleep(30)


@bug("ends")
def swallows_401(job):
    deadline = time.time() + HOUR
    while True:
        try:
            if job.status() in FINAL:
                return checked(job.result)
        except GaveUp:
            raise
        except Exception as error:
            if "401" not in str(error):
                raise GaveUp from error
            time.sleep(30)
            continue
        if time.time() > deadline:
            raise GaveUp
        time.sleep(30)


@bug("ends")
def tries_the_result_again_for_ever(job):
    while True:
        try:
            return checked(lambda: job.result(timeout=HOUR))
        except GaveUp:
            time.sleep(30)


@bug("ends")
def puts_its_deadline_off_with_every_poll(job):
    while status_of(job) not in FINAL:
        deadline = time.time() + HOUR
        time.sleep(30)
        if time.time() > deadline:
            raise GaveUp
    return checked(job.result)


@bug("ends")
def takes_seconds_for_milliseconds(job):
    deadline = time.time() + HOUR * 1000
    while status_of(job) not in FINAL:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(60)
    return checked(job.result)


@bug("ends")
def waits_twice_as_long_every_time(job):
    pause = 1
    for _ in range(20):
        if status_of(job) in FINAL:
            return checked(job.result)
        time.sleep(pause)
        pause *= 2
    raise GaveUp


# --- they let something escape ------------------------------------------------------------------------


@bug("escapes")
def knows_no_unknown_status(job):
    pauses = {"QUEUED": 60, "RUNNING": 5, "DONE": 0, "ERROR": 0, "CANCELLED": 0}
    deadline = time.time() + HOUR
    while pause := pauses[status_of(job)]:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(pause)
    return checked(job.result)


@bug("escapes")
def knows_no_network_errors(job):
    deadline = time.time() + HOUR
    while job.status() not in FINAL:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@bug("escapes")
def catches_the_clients_errors_only(job):
    try:
        return checked_type(job.result(timeout=HOUR))
    except IBMRuntimeError as error:
        raise GaveUp from error


@bug("escapes")
def knows_no_decoder_errors(job):
    checked_wait(job)
    try:
        return checked_type(job.result())
    except (IBMRuntimeError, ValueError, KeyError, TypeError) as error:
        raise GaveUp from error


@bug("escapes")
def takes_the_result_after_a_minute(job):
    time.sleep(60)
    return job.result(timeout=1)


@bug("escapes")
def takes_the_first_pub_of_none(job):
    checked_wait(job)
    try:
        result = job.result()
    except Exception as error:
        raise GaveUp from error
    return result[0].data


@bug("escapes")
def asserts_that_it_is_done(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error
    assert status_of(job) == "DONE"
    return checked(job.result)


@bug("escapes")
def cancels_without_a_look(job):
    job.cancel()


@bug("escapes")
def reads_the_code_out_of_the_message(job):
    try:
        return checked_type(job.result(timeout=HOUR))
    except Exception as error:
        code = str(error).split("Error code ")[1][:4]
        raise GaveUp(code) from error


@bug("escapes")
def reads_a_metric_of_an_older_api(job):
    checked_wait(job)
    try:
        metrics = job.metrics()
    except Exception as error:
        raise GaveUp from error
    return metrics["usage"]["quantum_hours"]


# --- they return what is none -------------------------------------------------------------------------


@bug("no-result")
def hands_on_whatever_result_returns(job):
    try:
        return job.result(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error


@bug("no-result", on_failure=())
def takes_1305_for_a_success(job):
    try:
        return checked_type(job.result(timeout=HOUR))
    except RuntimeJobMaxTimeoutError:
        return {"partial": True}
    except Exception as error:
        raise GaveUp from error


@bug("no-result", on_failure=())
def returns_nothing_found_for_a_failure(job):
    try:
        return checked_type(job.result(timeout=HOUR))
    except Exception:
        return {}


@bug("no-result", on_failure=False)
def waits_while_running_only(job):
    while status_of(job) == "RUNNING":
        time.sleep(30)
    return True


@bug("no-result", on_failure=False)
def counts_no_error_message_as_success(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
        return job.error_message() is None
    except Exception as error:
        raise GaveUp from error


@bug("true-status")
def assumes_that_an_hour_is_enough(job):
    time.sleep(HOUR)
    return "DONE"


@bug("own-result", takes="service")
def takes_the_latest_job(service):
    submitted(service)
    time.sleep(HOUR)
    try:
        return service.jobs(limit=10)[-1].result(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error


# --- they ask or submit too much, or give up ----------------------------------------------------------


@bug("gives-up")
def compares_with_the_enum(job):
    deadline = time.time() + HOUR
    while status_of(job) not in (JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELLED):
        if time.time() > deadline:
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@bug("gives-up")
def asks_for_the_status_once(job):
    status = status_of(job)
    deadline = time.time() + HOUR
    while status not in FINAL:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@bug("poll-rate")
def never_sleeps(job):
    deadline = time.time() + HOUR / 10
    while status_of(job) not in FINAL:
        if time.time() > deadline:
            raise GaveUp
    return checked(job.result)


@bug("after-the-end")
def fetches_the_result_for_every_shot(job):
    checked_wait(job)
    return [checked(job.result) for _ in range(100)]


@bug("submissions", takes="service")
def resubmits_what_fails_for_ever(service):
    while True:
        job = submitted(service)
        try:
            job.wait_for_final_state(timeout=HOUR)
        except Exception as error:
            raise GaveUp from error
        if status_of(job) in ("DONE", "CANCELLED"):
            return checked(job.result)


@bug("submissions", takes="service", submissions=1)
def submits_again_when_cancelled(service):
    job = submitted(service)
    try:
        job.wait_for_final_state(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error
    if status_of(job) == "CANCELLED":
        job = submitted(service)
    return checked(lambda: job.result(timeout=HOUR))


@bug("timeout", timeout="10m")
def sleeps_through_its_timeout(job):
    deadline = time.time() + 600
    while status_of(job) not in FINAL:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(HOUR)
    return checked(job.result)


@bug("ends")
def asks_without_a_pause_for_ever(job):
    while status_of(job) not in FINAL:
        pass
    return checked(job.result)


@bug("session-left-open", takes="service", scenarios=SUBMITTED)
def never_closes_its_session(service):
    job = run_in(opened(service))
    return checked(lambda: job.result(timeout=HOUR))


@bug("session-left-open", takes="service", scenarios=SUBMITTED)
def closes_its_session_when_all_went_well(service):
    session = opened(service)
    result = checked(lambda: run_in(session).result(timeout=HOUR))
    session.close()
    return result


@bug("session-left-open", takes="service", scenarios=SUBMITTED)
def closes_the_last_of_its_sessions(service):
    for _ in range(2):
        session = opened(service)
        try:
            job = run_in(session)
            break
        except GaveUp:
            continue
    else:
        raise GaveUp
    with session:
        return checked(lambda: job.result(timeout=HOUR))


# --- they mix up several jobs, or take none -----------------------------------------------------------


@bug("crossed-results", jobs=3)
def lists_results_in_the_order_they_come(jobs):
    waiting, results = list(jobs), []
    deadline = time.time() + HOUR
    while waiting and time.time() < deadline:
        for job in list(waiting):
            if status_of(job) in FINAL:
                waiting.remove(job)
                results.append(checked(job.result))
        time.sleep(10)
    return results


@bug("crossed-results", jobs=2)
def files_results_under_the_first_id(jobs):
    first, second = jobs
    return {
        first.job_id(): checked(lambda: second.result(timeout=HOUR)),
        second.job_id(): checked(lambda: first.result(timeout=HOUR)),
    }


@bug("lost-results", jobs=3)
def stops_at_the_first_failure(jobs):
    results = {}
    for job in jobs:
        try:
            results[job.job_id()] = checked(lambda job=job: job.result(timeout=HOUR))
        except GaveUp:
            break
    return results


@bug(
    "submissions",
    takes="service",
    scenarios=[Scenario("DONE", faults=[faults.lose_response(on="submit")])],
)
def submits_again_when_the_answer_is_lost(service):
    try:
        job = submitted(service)
    except GaveUp:
        job = submitted(service)
    return checked(lambda: job.result(timeout=HOUR))


@bug("escapes")
def cancels_at_its_limit_without_a_look(job):
    try:
        job.wait_for_final_state(timeout=600)
    except RuntimeJobTimeoutError:
        job.cancel()
    except Exception as error:
        raise GaveUp from error


@bug("refuses")
def compares_in_lower_case(job):
    checked_wait(job)
    if status_of(job) != "done":
        raise GaveUp
    return checked(job.result)


@bug("refuses")
def returns_nothing_without_a_word(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
        return job.result() if job.status() is JobStatus.DONE else None
    except Exception:
        return None


@bug("escapes")
def ends_the_whole_process(job):
    try:
        return checked(lambda: job.result(timeout=HOUR))
    except GaveUp:
        os._exit(3)


@bug("true-status")
def files_every_job_as_done(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error
    return {"id": job.job_id(), "status": "DONE"}


@bug("all-results-lost", jobs=3)
def all_results_or_an_empty_mapping(jobs):
    try:
        return {job.job_id(): checked(lambda job=job: job.result(timeout=HOUR)) for job in jobs}
    except GaveUp:
        return {}


@bug("all-results-lost", jobs=3)
async def gathers_without_the_failures(jobs):
    async def collect(job):
        while status_of(job) not in FINAL:
            await asyncio.sleep(30)
        return checked(job.result)

    try:
        return await asyncio.wait_for(asyncio.gather(*map(collect, jobs)), HOUR)
    except (GaveUp, TimeoutError):
        return None


@bug("cancels-too-early")
def cancels_what_is_not_done_at_once(job):
    if status_of(job) == "DONE":
        return checked(job.result)
    with contextlib.suppress(Exception):
        job.cancel()
    raise GaveUp


@bug("secrets", takes="service", scenarios=SUBMITTED)
def prints_its_account(service):
    print("using", service.active_account())


@bug("secrets", takes="service", scenarios=SUBMITTED)
def logs_its_token_at_info(service):
    logging.getLogger("application.jobs").info("using %s", service.active_account()["token"])


@bug("secrets", takes="service", scenarios=SUBMITTED)
def logs_its_token(service):
    logging.getLogger("application").warning("using %s", service.active_account()["token"])
