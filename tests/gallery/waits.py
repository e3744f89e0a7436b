"""Right consumers that wait for one job and return its result, its status, or nothing."""

from __future__ import annotations

import time

from tests.gallery.entries import (
    FINAL,
    HOUR,
    SUBMITTED,
    GaveUp,
    checked,
    checked_wait,
    opened,
    right,
    run_in,
    status_of,
    submitted,
)


@right(timeout="1h")
def result_with_a_timeout(job):
    return checked(lambda: job.result(timeout=HOUR))


@right(timeout="1h")
def waits_then_looks(job):
    checked_wait(job)
    return checked(job.result)


@right(timeout="1h")
def a_loop_with_a_deadline(job):
    deadline = time.time() + HOUR
    while status_of(job) not in FINAL:
        if time.time() > deadline:
            raise GaveUp
        time.sleep(30)
    return checked(job.result)


@right(max_wait="8h")
def a_loop_with_back_off(job):
    pause, waited = 1.0, 0.0
    while status_of(job) not in FINAL:
        if waited > 6 * HOUR:
            raise GaveUp
        time.sleep(pause)
        waited += pause
        pause = min(pause * 2, 600)
    return checked(job.result)


@right(max_wait="2h")
def none_for_whatever_goes_wrong(job):
    try:
        return checked(lambda: job.result(timeout=HOUR))
    except GaveUp:
        return None


@right(max_wait="2h")
def tries_the_result_three_times(job):
    checked_wait(job)
    for _ in range(3):
        try:
            return checked(job.result)
        except GaveUp:
            time.sleep(10)
    raise GaveUp


@right(max_wait="2h")
def the_status_at_the_end(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
    except Exception:
        return None
    return status_of(job)


@right(max_wait="2h")
def whether_it_is_done(job):
    for _ in range(60):
        try:
            if job.in_final_state():
                return job.done()
        except Exception as error:
            raise GaveUp from error
        time.sleep(60)
    return False


@right(max_wait="2h")
def survives_some_errors(job):
    deadline, errors = time.time() + HOUR, 0
    while True:
        try:
            if job.status() in FINAL:
                break
        except Exception as error:
            errors += 1
            if errors > 3:
                raise GaveUp from error
        if time.time() > deadline:
            raise GaveUp
        time.sleep(60)
    return checked(job.result)


@right(max_wait="2h")
def cancels_what_takes_too_long(job):
    try:
        return checked(lambda: job.result(timeout=600))
    except GaveUp:
        try:
            job.cancel()
        except Exception as error:
            raise GaveUp from error
        return None


@right(max_wait="2h")
def gives_the_logs_of_what_failed(job):
    checked_poll = status_of(job)
    for _ in range(100):
        if checked_poll in FINAL:
            break
        time.sleep(30)
        checked_poll = status_of(job)
    if checked_poll == "ERROR":
        try:
            raise GaveUp(job.logs(), job.error_message())
        except GaveUp:
            raise
        except Exception as error:
            raise GaveUp from error
    return checked(lambda: job.result(timeout=60))


@right(takes="service", submissions=3, max_wait="8h", scenarios=SUBMITTED)
def submits_up_to_three_times(service):
    for _ in range(3):
        job = submitted(service)
        try:
            return checked(lambda job=job: job.result(timeout=HOUR))
        except GaveUp:
            if status_of(job) != "ERROR":
                raise
    raise GaveUp


@right(takes="service", max_wait="2h", scenarios=SUBMITTED)
def closes_its_session_whatever_happens(service):
    with opened(service) as session:
        return checked(lambda: run_in(session).result(timeout=HOUR))


@right(takes="service", max_wait="2h", scenarios=SUBMITTED)
def cancels_its_session_when_it_gives_up(service):
    session = opened(service)
    try:
        result = checked(lambda: run_in(session).result(timeout=HOUR))
    except GaveUp:
        session.cancel()
        raise
    session.close()
    return result
