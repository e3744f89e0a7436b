"""Replay by each HTTP client beside vcrpy, and beside the libraries that mock one client, doing the same.

Run: python -m benchmarks.clients [REQUESTS]

respx, pytest-httpx and aioresponses are measured where they are installed.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import vcr

import qrtest
from benchmarks.canned import FLOORS
from benchmarks.cassettes import JSON, ORIGIN, stock
from benchmarks.report import Measured, show
from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request, Response

HOST = "https://quantum.cloud.ibm.com"
ROUNDS = 5
TRUSTED = ssl.create_default_context()
"""Made once: reading the certificates of the machine takes longer than a hundred replayed requests."""


def paths(count: int) -> list[str]:
    return [f"/api/v1/jobs/job{number}" for number in range(count)]


def by_requests(count: int) -> None:
    with requests.Session() as client:
        for path in paths(count):
            client.get(HOST + path).json()


def by_http_client(count: int) -> None:
    connection = http.client.HTTPSConnection(HOST.removeprefix("https://"), context=TRUSTED)
    for path in paths(count):
        connection.request("GET", path)
        json.loads(connection.getresponse().read())
    connection.close()


def by_httpx(count: int) -> None:
    with httpx.Client(verify=TRUSTED, trust_env=False) as client:
        for path in paths(count):
            client.get(HOST + path).json()


def by_aiohttp(count: int) -> None:
    async def ask() -> None:
        async with aiohttp.ClientSession() as client:
            for path in paths(count):
                async with client.get(HOST + path) as answer:
                    await answer.json()

    asyncio.run(ask())


CLIENTS: dict[str, Callable[[int], None]] = {
    "requests": by_requests,
    "http.client": by_http_client,
    "httpx": by_httpx,
    "aiohttp": by_aiohttp,
}


def interactions(count: int) -> list[Interaction]:
    return [
        Interaction(
            request=Request.to("GET", HOST + path),
            response=Response(200, json.dumps({"id": path, "status": "Queued"}).encode(), JSON),
            at=float(number),
            took=0.05,
        )
        for number, path in enumerate(paths(count))
    ]


def within(context: Callable[[], AbstractContextManager[Any]], work: Callable[[], None]) -> None:
    with context():
        work()


def mocks(client: str, count: int) -> dict[str, Callable[[], AbstractContextManager[Any]]]:
    """Return the libraries that mock *client* alone, as far as they are installed."""
    answers = {HOST + path: {"id": path, "status": "Queued"} for path in paths(count)}

    def by_respx() -> Any:
        router = import_module("respx").mock(assert_all_called=False)
        for url, answer in answers.items():
            router.get(url).mock(httpx.Response(200, json=answer))
        return router

    @contextmanager
    def by_pytest_httpx() -> Iterator[None]:
        fixture = import_module("pytest_httpx").httpx_mock._get_wrapped_function()
        request = SimpleNamespace(node=SimpleNamespace(iter_markers=lambda _: ()))
        with pytest.MonkeyPatch.context() as patches:
            mock = next(running := fixture(patches, request))
            for url, answer in answers.items():
                mock.add_response(url=url, json=answer)
            yield
            next(running, None)

    @contextmanager
    def by_aioresponses() -> Iterator[None]:
        with import_module("aioresponses").aioresponses() as mock:
            for url, answer in answers.items():
                mock.get(url, payload=answer)
            yield

    of_client: dict[str, dict[str, tuple[str, Callable[[], AbstractContextManager[Any]]]]] = {
        "httpx": {"respx": ("respx", by_respx), "pytest-httpx": ("pytest_httpx", by_pytest_httpx)},
        "aiohttp": {"aioresponses": ("aioresponses", by_aioresponses)},
    }
    return {
        name: make
        for name, (module, make) in of_client.get(client, {}).items()
        if find_spec(module)
    }


def processor_seconds(work: Callable[[], Any]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def runs(work: Callable[[], Any]) -> bool:
    """Say whether a mocking library works with the installed release of its client."""
    try:
        work()
    except TypeError:  # of a constructor that has changed since
        return False
    return True


def forgetting(replayed: Callable[[], AbstractContextManager[Any]]) -> AbstractContextManager[Any]:
    """Return a replay of a file that this process has not read yet."""
    store.forget()
    return replayed()


def replaying(folder: Path, count: int) -> Measured:
    path, own = folder / "stock.yaml", folder / "own.yaml"
    path.write_text(stock(interactions(count)))
    store.save(own, Cassette(tuple(interactions(count)), ORIGIN))
    replayed = partial(qrtest.replay, pace="polls", transport="in-process")
    table = []
    for name, client in CLIENTS.items():
        contexts: dict[str, Callable[[], AbstractContextManager[Any]]] = {
            "vcrpy": partial(vcr.use_cassette, str(path), record_mode="none"),
            "qrtest, the same file": partial(forgetting, partial(replayed, path)),
            "qrtest, its own file": partial(forgetting, partial(replayed, own)),
            "qrtest, the file read before": partial(replayed, own),
            **mocks(name, count),
        }
        work = partial(client, count)
        works = {what: partial(within, context, work) for what, context in contexts.items()}
        works["the client alone"] = partial(FLOORS[name], paths(count))
        failing = [what for what in mocks(name, count) if not runs(works[what])]
        for what in failing:
            del works[what]
        took = {
            what: min(processor_seconds(each) for _ in range(ROUNDS))
            for what, each in works.items()
        }
        table += [
            (name, what, f"{took[what] / count * 1e6:,.0f}", f"{took['vcrpy'] / took[what]:.1f}×")
            for what in works
        ]
        table += [(name, what, "fails with this release of the client", "") for what in failing]
    return Measured(
        f"Replaying {count} different requests by each client",
        ("client", "what", "µs a request", "to vcrpy"),
        table,
        "Processor time. Loading the cassette is part of it; a small file that this process has read before "
        "is not parsed again. The libraries that mock one client load none: their answers are written down "
        "in the test. The client alone has one prepared answer and nothing that looks for it: no library can "
        "be faster.",
    )


def measured(count: int = 100) -> Iterator[Measured]:
    """Replay by each client."""
    with tempfile.TemporaryDirectory() as folder:
        yield replaying(Path(folder), count)


if __name__ == "__main__":
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
