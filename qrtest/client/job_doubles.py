"""Job doubles: the genuine RuntimeJobV2 of the installed release, over a transport of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qrtest.client import private_names, releases
from qrtest.client.removed_members import Documented
from qrtest.client.runtime_client import parameters

__all__ = ["Later", "RuntimeJobV2", "make_job", "printed_as"]


class RuntimeJobV2(Documented):
    """The RuntimeJobV2 of the installed release, with the documented surface of 0.26 to 0.29.1.

    `RuntimeJobV2(backend, api_client, client_params, job_id, program_id, service, ...)`: *api_client* may
    be a simulation, a replay or any service of qrtest's, *client_params* None. *backend* and *service*
    may be a `Later`, which is made when the genuine code reads it.

    >>> from qrtest import simulate
    >>> with simulate() as sim:
    ...     job_id = sim.job("RUNNING 5s; DONE").job_id()
    ...     job = RuntimeJobV2(None, sim, None, job_id, "sampler", None)
    ...     job.status()
    'RUNNING'
    """

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.__dict__.get("_qrtest_code") or repr(self))

    def _when_asked(self, name: str) -> Any:
        value = self.__dict__.get(f"_qrtest_{name}")
        if isinstance(value, Later):
            value = self.__dict__[f"_qrtest_{name}"] = value.make()
        return value


def _made_when_read(name: str) -> property:
    """Return a property that makes its value, if it is a `Later`, when it is read first."""

    def read(job: RuntimeJobV2) -> Any:
        return job._when_asked(name)

    def write(job: RuntimeJobV2, value: Any) -> None:
        job.__dict__[f"_qrtest_{name}"] = value

    return property(read, write)


for _name in (*private_names.JOB_BACKEND.names, *private_names.JOB_SERVICE.names):
    setattr(RuntimeJobV2, _name, _made_when_read(_name))


class Later:
    """A value that is made when it is read first."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def printed_as(job: RuntimeJobV2, code: str) -> RuntimeJobV2:
    """Return *job*, which from now on prints as *code* in hypothesis's reports."""
    job.__dict__["_qrtest_code"] = code
    return job


def make_job(
    client: Any,
    *,
    job_id: str,
    program_id: str,
    instance: str,
    backend: Any,
    service: Any,
    creation_date: str,
    image: str,
    session_id: str | None,
    tags: list[str],
    private: bool,
    result_decoder: Any = None,
    version: int | None = 2,
) -> RuntimeJobV2:
    """Return a double of a job that the service behind *client* has."""
    with releases.ours_to_know("its RuntimeJobV2"):
        return RuntimeJobV2.with_arguments(
            backend=backend,
            api_client=client,
            client_params=parameters(instance),
            job_id=job_id,
            program_id=program_id,
            service=service,
            creation_date=creation_date,
            result_decoder=result_decoder,
            image=image,
            session_id=session_id,
            tags=tags,
            version=version,
            private=private,
        )
