"""`check_service`: whether something that claims to be a QiskitRuntimeService keeps its promises.

The promises are those of the documentation of QiskitRuntimeService, Session and Batch: filters,
pages, order and limits of `jobs()`, what a session and a batch are and how they close, and, where
faults can be had, what a submission does after an error. Circuits and primitives are the genuine ones.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from qrtest import faults
from qrtest.client.small_jobs import run_sampler, session_kinds
from qrtest.lifecycle import transitions
from qrtest.properties.promise import Promise, Subject, chosen, hold, left_out, raised

__all__ = ["SERVICE_PROMISES", "check_service"]

MakeService = Callable[..., Any]
FIVE: Final = 5
TWENTY_FIVE: Final = 25
PAST_SECONDS: Final = 2
WAIT_SECONDS: Final = 60
BUSY: Final = 503
SERVICE: Final = Subject(
    noun="service",
    of="QiskitRuntimeService",
    check="check_service",
    maker="a function without arguments that returns a service",
    example="sim.service",
    methods=("backends", "job", "jobs"),
)


def check_service(
    make_service: MakeService,
    *,
    promises: Iterable[Promise | str] | None = None,
    known: Collection[str] = (),
) -> None:
    """Hold a service to what QiskitRuntimeService, Session and Batch promise.

    *make_service* takes no argument and returns a service with at least one backend that runs jobs of a
    sampler; it is called for each promise, and may return the same service again. One that takes
    faults, as `make_service(*faults)`, makes a service whose requests they strike: then submissions are
    tried after an error, too. Time passes by `time.sleep`.

    *promises*: instead of `SERVICE_PROMISES`, values or names. *known*: names of promises to leave out.

    Raises `BrokenPromises`, an AssertionError, that lists every promise that is not kept, and
    `SimulationError` for a name that is none, and for a *make_service* that makes no service.

    >>> import qrtest
    >>> with qrtest.simulate(transport="requests") as sim:
    ...     check_service(sim.service)
    """
    __tracebackhide__ = True
    tried = chosen(promises, SERVICE_PROMISES, ())
    hold(make_service, left_out(tried, (), known), SERVICE)


def _backend(service: Any) -> Any:
    backends = service.backends()
    assert backends, "backends() returned none."
    return backends[0]


def _submit(mode: Any, *tags: str) -> Any:
    return run_sampler(mode, tags=tags)


def _several(service: Any, number: int, tag: str) -> list[str]:
    """Submit *number* jobs with *tag*, one after the other; return their ids, the oldest first."""
    backend, ids = _backend(service), []
    for _ in range(number):
        ids.append(_submit(backend, tag).job_id())
        time.sleep(1)
    return ids


def _ids(jobs: Any) -> list[str]:
    return [job.job_id() for job in jobs]


def _tag(make: MakeService) -> str:
    """Return a tag that no other promise uses, so that a service may be returned again."""
    return f"check-service-{getattr(make, '__name__', 'made')}-{time.time_ns()}"


def _runs(make: MakeService) -> str | None:
    job = _submit(_backend(make()))
    result = job.result()
    if len(result) != 1 or job.status() != transitions.DONE:
        return f"It was {job.status()!r} with {len(result)} results for 1 circuit."
    return None


def _finds(make: MakeService) -> str | None:
    service = make()
    submitted = _submit(_backend(service))
    found = service.job(submitted.job_id())
    if found.job_id() != submitted.job_id():
        return f"job({submitted.job_id()!r}) returned {found.job_id()!r}."
    kinds = raised(lambda: service.job("no-such-job"))
    if "RuntimeJobNotFound" not in kinds:
        return f"job() of an unknown id raised {kinds}."
    return None


def _order(make: MakeService) -> str | None:
    service, tag = make(), _tag(make)
    ids = _several(service, FIVE, tag)
    for descending, wanted in ((True, ids[::-1]), (False, ids)):
        found = _ids(service.jobs(job_tags=[tag], descending=descending))
        if found != wanted:
            return f"descending={descending}: {found}, submitted were {ids}."
    return None


def _pages(make: MakeService) -> str | None:
    service, tag = make(), _tag(make)
    newest_first = _several(service, TWENTY_FIVE, tag)[::-1]
    for limit, skip in ((None, 0), (10, 0), (3, 0), (1, 4), (22, 2), (None, 3), (10, 20), (5, 25)):
        found = _ids(service.jobs(job_tags=[tag], limit=limit, skip=skip))
        end = None if limit is None else skip + limit
        if found != newest_first[skip:end]:
            return f"limit={limit}, skip={skip} gave {len(found)} of 25 jobs, or others."
    default = len(service.jobs(job_tags=[tag]))
    return None if default == 10 else f"Without a limit it gave {default}, not 10."


def _filters(make: MakeService) -> str | None:
    service, tag = make(), _tag(make)
    backend = _backend(service)
    both, one = _submit(backend, tag, f"{tag}-b").job_id(), _submit(backend, tag).job_id()
    for options, wanted in (
        ({"job_tags": [tag]}, {both, one}),
        ({"job_tags": [tag, f"{tag}-b"]}, {both}),
        ({"job_tags": [f"{tag}-c"]}, set()),
        ({"job_tags": [tag], "backend_name": backend.name}, {both, one}),
        ({"job_tags": [tag], "program_id": "sampler"}, {both, one}),
        ({"job_tags": [tag], "program_id": "estimator"}, set()),
    ):
        found = set(_ids(service.jobs(limit=None, **options)))
        if found != wanted:
            return f"jobs({options}) gave {len(found)} jobs, not the {len(wanted)} that fit."
    return None


def _pending(make: MakeService) -> str | None:
    service, tag = make(), _tag(make)
    ended = _submit(_backend(service), tag)
    ended.wait_for_final_state()
    waiting = _submit(_backend(service), tag)
    found = {flag: _ids(service.jobs(job_tags=[tag], pending=flag)) for flag in (True, False)}
    if found[False][-1:] != [ended.job_id()]:
        return f"pending=False gave {found[False]}, and {ended.job_id()} had ended."
    if not waiting.in_final_state() and found[True] != [waiting.job_id()]:
        return f"pending=True gave {found[True]}, and {waiting.job_id()} had not ended."
    return None


def _dates(make: MakeService) -> str | None:
    service, tag = make(), _tag(make)
    first = _submit(_backend(service), tag).job_id()
    time.sleep(PAST_SECONDS)
    between = datetime.fromtimestamp(time.time()).astimezone()
    time.sleep(PAST_SECONDS)
    second = _submit(_backend(service), tag).job_id()
    for options, wanted in (
        ({"created_before": between}, [first]),
        ({"created_after": between}, [second]),
        ({"created_after": between + timedelta(days=1)}, []),
    ):
        found = _ids(service.jobs(job_tags=[tag], **options))
        if found != wanted:
            return f"{next(iter(options))} gave {found}, not {wanted}."
    return None


def _deletes(make: MakeService) -> str | None:
    service = make()
    job = _submit(_backend(service))
    job.wait_for_final_state()
    service.delete_job(job.job_id())
    for what, call in (
        ("job()", lambda: service.job(job.job_id())),
        ("delete_job()", lambda: service.delete_job(job.job_id())),
    ):
        kinds = raised(call)
        if "RuntimeJobNotFound" not in kinds:
            return f"{what} of a deleted job raised {kinds}."
    return None


def _session(make: MakeService) -> str | None:
    return _mode(make, session_kinds()[0])


def _batch(make: MakeService) -> str | None:
    return _mode(make, session_kinds()[1])


def _mode(make: MakeService, kind: Any) -> str | None:
    service = make()
    backend = _backend(service)
    _submit(backend)
    with kind(backend=backend) as mode:
        jobs = [_submit(mode), _submit(mode)]
        if not mode.session_id or {job.session_id for job in jobs} != {mode.session_id}:
            return f"Its jobs have the ids {[job.session_id for job in jobs]}, not its own."
    found = set(_ids(service.jobs(session_id=mode.session_id)))
    if found != set(_ids(jobs)):
        return f"jobs(session_id=...) gave {len(found)} jobs of 2."
    if not all(job.result() for job in jobs):
        return "A job that was submitted before close() has no result."
    kinds = raised(lambda: _submit(mode))
    return None if kinds else "A job was accepted after close()."


def _details(make: MakeService) -> str | None:
    for kind, name in zip(session_kinds(), ("dedicated", "batch"), strict=True):
        with kind(backend=_backend(make())) as mode:
            details = mode.details() or {}
            if details.get("mode") != name or details.get("id") != mode.session_id:
                return f"Of a {kind.__name__} it was {details!r:.120}."
            if details.get("accepting_jobs") is not True:
                return f"An open {kind.__name__} does not accept jobs: {details!r:.120}."
        details = mode.details() or {}
        if details.get("accepting_jobs") is not False:
            return f"A closed {kind.__name__} accepts jobs: {details!r:.120}."
    return None


def _cancels(make: MakeService) -> str | None:
    session = session_kinds()[0](backend=_backend(make()))
    job = _submit(session)
    session.cancel()
    time.sleep(WAIT_SECONDS)
    if job.status() not in transitions.FINAL:
        return f"Its job was {job.status()!r} then."
    return None if raised(lambda: _submit(session)) else "A job was accepted after it."


def _retries(make: MakeService) -> str | None:
    parameters = inspect.signature(make).parameters.values()
    if not any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return None
    service, tag = make(faults.status(BUSY, on="submit", times=1)), _tag(make)
    job = _submit(_backend(service), tag)
    if _ids(service.jobs(job_tags=[tag])) != [job.job_id()]:
        return f"After one {BUSY} there was not exactly one job."
    service = make(faults.status(400, on="submit", times=1))
    backend = _backend(service)
    kinds = raised(lambda: _submit(backend, f"{tag}-b"))
    made = len(service.jobs(job_tags=[f"{tag}-b"]))
    if "IBMRuntimeError" not in kinds or made:
        return f"After a 400 run() raised {kinds}, with {made} jobs made."
    return None


SERVICE_PROMISES: Final = (
    Promise("runs", "A job that is submitted comes to a result.", _runs),
    Promise("finds", "job() finds a job, and says so when there is none.", _finds),
    Promise("order", "jobs() are in the order of their submission.", _order),
    Promise("pages", "jobs() gives what limit and skip say.", _pages),
    Promise("filters", "jobs() gives those that a filter fits.", _filters),
    Promise("pending", "jobs(pending=...) goes by whether a job has ended.", _pending),
    Promise("dates", "jobs() created before and after are apart.", _dates),
    Promise("deletes", "delete_job() deletes.", _deletes),
    Promise("session", "A session has its jobs, and closes.", _session),
    Promise("batch", "A batch has its jobs, and closes.", _batch),
    Promise("details", "details() says what a session is.", _details),
    Promise("session-cancel", "cancel() of a session ends its jobs.", _cancels),
    Promise("retries", "A submission is repeated after 503, not after 400.", _retries),
)
"""The promises of a service, in the order they are tried."""
