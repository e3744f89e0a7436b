"""What each HTTP client does without a network: the floor of every library that answers in its place.

Each function takes the paths to ask for. The client runs down to its own seam, where one prepared answer
stands: an adapter of requests, a socket of http.client, a transport of httpx, a connection of aiohttp.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import ssl
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import httpx
import requests
import urllib3
from aiohttp.connector import Connection

__all__ = ["FLOORS"]

HOST: Final = "quantum.cloud.ibm.com"
BODY: Final = b'{"id": "/api/v1/jobs/job0", "status": "Queued"}'
JSON: Final = {"Content-Type": "application/json"}
SENT: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    % (len(BODY), BODY)
)


class CannedAdapter(requests.adapters.HTTPAdapter):
    """Answers without a connection."""

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        """Return the answer, built as requests builds it."""
        answer = urllib3.HTTPResponse(io.BytesIO(BODY), JSON, status=200, preload_content=False)
        return self.build_response(request, answer)


def by_requests(paths: Sequence[str]) -> None:
    with requests.Session() as client:
        client.mount("https://", CannedAdapter())
        for path in paths:
            client.get(f"https://{HOST}{path}").json()


class CannedSocket:
    """Forgets what is sent, and has the answer to be read."""

    def sendall(self, _: bytes) -> None:
        """Do nothing."""

    def makefile(self, _: str) -> io.BytesIO:
        """Return the answer."""
        return io.BytesIO(SENT)

    def close(self) -> None:
        """Do nothing."""


def by_http_client(paths: Sequence[str]) -> None:
    connection = http.client.HTTPSConnection(HOST, context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    connection.sock = CannedSocket()
    for path in paths:
        connection.request("GET", path)
        json.loads(connection.getresponse().read())


def by_httpx(paths: Sequence[str]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=JSON, content=BODY))
    with httpx.Client(transport=transport, trust_env=False) as client:
        for path in paths:
            client.get(f"https://{HOST}{path}").json()


class CannedTransport(asyncio.Transport):
    """Gives *protocol* the answer as soon as anything is written."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol

    def write(self, _: Any) -> None:
        """Let the answer arrive."""
        asyncio.get_running_loop().call_soon(self._protocol.data_received, SENT)

    def is_closing(self) -> bool:
        """Return False."""
        return False

    def close(self) -> None:
        """Do nothing."""


class CannedConnector(aiohttp.TCPConnector):
    """Connects nowhere."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:
        """Return a connection whose other end is here."""
        protocol = self._factory()
        protocol.connection_made(CannedTransport(protocol))
        protocol.force_close()
        return Connection(self, req.connection_key, protocol, self._loop)


def by_aiohttp(paths: Sequence[str]) -> None:
    async def ask() -> None:
        async with aiohttp.ClientSession(connector=CannedConnector()) as client:
            for path in paths:
                async with client.get(f"https://{HOST}{path}") as answer:
                    await answer.json()

    asyncio.run(ask())


FLOORS: Final = {
    "requests": by_requests,
    "http.client": by_http_client,
    "httpx": by_httpx,
    "aiohttp": by_aiohttp,
}
"""The floor of each client."""
