"""Job doubles: the genuine RuntimeJobV2 of the installed release, over a transport of ours."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Any

from qiskit_ibm_runtime import RuntimeJobV2 as InstalledRuntimeJobV2

from qrtest.client import releases
from qrtest.transport.direct import go_direct
from qrtest.transport.line import Line
from qrtest.transport.requests import FixedAuth, RequestsCookieJar, adapter_of

__all__ = ["RuntimeJobV2", "carry", "make_client", "make_job", "printed_as"]

TOKEN = "qrtest-api-key"  # noqa: S105 (no secret: nobody takes it but the simulation)
URL = "https://cloud.ibm.com"


class RuntimeJobV2(InstalledRuntimeJobV2):  # type: ignore[misc]
    """The RuntimeJobV2 of the installed release, whose backend and service may come when asked for.

    `backend` and `service` may be functions, which are called the first time the genuine code uses
    what they stand for.
    """

    @property
    def _backend(self) -> Any:
        return self._when_asked("backend")

    @_backend.setter
    def _backend(self, value: Any) -> None:
        self.__dict__["_qrtest_backend"] = value

    @property
    def _service(self) -> Any:
        return self._when_asked("service")

    @_service.setter
    def _service(self, value: Any) -> None:
        self.__dict__["_qrtest_service"] = value

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.__dict__.get("_qrtest_code") or repr(self))

    def _when_asked(self, name: str) -> Any:
        value = self.__dict__.get(f"_qrtest_{name}")
        if isinstance(value, Later):
            value = self.__dict__[f"_qrtest_{name}"] = value.make()
        return value


class Later:
    """What will be made when it is asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def printed_as(job: RuntimeJobV2, code: str) -> RuntimeJobV2:
    """*job*, which prints as *code* where values are looked at: in hypothesis's reports."""
    job.__dict__["_qrtest_code"] = code
    return job


def make_client(line: Line, *, transport: str, instance: str) -> Any:
    """A genuine RuntimeClient for *instance* that asks *line*."""
    client = _new_client(instance)
    carry(client, line, transport=transport)
    return client


def carry(client: Any, line: Line, *, transport: str) -> None:
    """Let the genuine *client* ask *line* by a transport."""
    session = client._session
    session.trust_env = False
    if transport == "direct":
        go_direct(client, line)
    else:
        retries = session.get_adapter("https://").max_retries
        adapter = adapter_of(line, retries)
        session.mount("https://", adapter)
        session.mount("http://", adapter)


def _new_client(instance: str) -> Any:
    """A RuntimeClient as its constructor makes it, copied from one to save most of the time."""
    client, session = copy(_pattern(instance)), _pattern(instance)._session
    client._session = copied = object.__new__(type(session))
    vars(copied).update(vars(session))
    copied.cookies = RequestsCookieJar()
    copied.adapters = session.adapters.copy()
    client._api = type(client._api)(copied)
    client._configuration_registry = {}
    return client


@cache
def _pattern(instance: str) -> Any:
    return releases.client_class()(_parameters(instance))


@cache
def _parameters(instance: str) -> Any:
    """Genuine parameters, but for the token exchange, which doubles of jobs do without."""
    parameters = releases.client_parameters(token=TOKEN, url=URL, instance=instance)
    auth = FixedAuth({"Service-CRN": instance, "Authorization": f"Bearer {TOKEN}"})
    parameters.get_auth_handler = lambda: auth
    return parameters


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
    """A double of a job that the service behind *client* has."""
    arguments = {
        "backend": backend,
        "api_client": client,
        "client_params": _parameters(instance),
        "job_id": job_id,
        "program_id": program_id,
        "service": service,
        "creation_date": creation_date,
        "result_decoder": result_decoder,
        "image": image,
        "session_id": session_id,
        "tags": tags,
        "version": version,
        "private": private,
    }
    return RuntimeJobV2(**releases.job_arguments(RuntimeJobV2, arguments))
