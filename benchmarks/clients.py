"""Replay by each HTTP client beside vcrpy and respx doing the same.

Run: python -m benchmarks.clients [REQUESTS]

respx is measured where it is installed.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import requests
import vcr

import qrtest
from benchmarks.cassettes import JSON, ORIGIN, seconds, stock
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
    found: dict[str, Callable[[], AbstractContextManager[Any]]] = {}
    if client == "httpx" and find_spec("respx"):
        respx = import_module("respx")

        def mocked() -> Any:
            router = respx.mock(assert_all_called=False)
            for url, answer in answers.items():
                router.get(url).mock(httpx.Response(200, json=answer))
            return router

        found["respx"] = mocked
    return found


def replaying(folder: Path, count: int) -> Measured:
    path, own = folder / "stock.yaml", folder / "own.yaml"
    path.write_text(stock(interactions(count)))
    store.save(own, Cassette(tuple(interactions(count)), ORIGIN))
    table = []
    for name, client in CLIENTS.items():
        contexts: dict[str, Callable[[], AbstractContextManager[Any]]] = {
            "vcrpy": partial(vcr.use_cassette, str(path), record_mode="none"),
            "qrtest, the same file": partial(
                qrtest.replay, path, pace="polls", transport="in-process"
            ),
            "qrtest, its own file": partial(
                qrtest.replay, own, pace="polls", transport="in-process"
            ),
            **mocks(name, count),
        }
        work = partial(client, count)
        took = {
            what: min(seconds(partial(within, context, work)) for _ in range(ROUNDS))
            for what, context in contexts.items()
        }
        table += [
            (name, what, f"{took[what] / count * 1e6:,.0f}", f"{took['vcrpy'] / took[what]:.1f}×")
            for what in contexts
        ]
    return Measured(
        f"Replaying {count} different requests by each client",
        ("client", "what", "µs a request", "to vcrpy"),
        table,
        "Loading the cassette is part of it. respx loads none: its answers are written down in the test.",
    )


def measured(count: int = 100) -> Iterator[Measured]:
    """Replay by each client."""
    with tempfile.TemporaryDirectory() as folder:
        yield replaying(Path(folder), count)


if __name__ == "__main__":
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
