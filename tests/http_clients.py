"""The HTTP clients of Python, each as one function: a request in, status, words, headers and body out."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import httpx
import requests
import urllib3

KEY = {"Authorization": "Bearer any"}
SECONDS = 5


class Answer(NamedTuple):
    """What a client made of an answer."""

    status: int
    reason: str
    body: bytes


Client = Callable[..., Answer]


def by_requests(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    answer = requests.request(
        method, url, data=body, headers=KEY, timeout=timeout, allow_redirects=False
    )
    return Answer(answer.status_code, answer.reason, answer.content)


def by_urllib3(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request(method, url, body=body, headers=KEY, timeout=float(timeout))
    return Answer(answer.status, answer.reason or "", answer.data)


def by_http_client(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=timeout)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body=body or None, headers=KEY)
        answer = connection.getresponse()
        return Answer(answer.status, answer.reason, answer.read())
    finally:
        connection.close()


def by_urllib_request(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    request = urllib.request.Request(url, body or None, KEY, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.reason, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.reason, error.read())


def by_httpx(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    with httpx.Client(timeout=timeout, headers=KEY, trust_env=False) as client:
        answer = client.request(method, url, content=body or None)
    return Answer(answer.status_code, answer.reason_phrase, answer.content)


def by_httpx_async(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    async def ask() -> Answer:
        async with httpx.AsyncClient(timeout=timeout, headers=KEY, trust_env=False) as client:
            answer = await client.request(method, url, content=body or None)
        return Answer(answer.status_code, answer.reason_phrase, answer.content)

    return asyncio.run(ask())


def by_aiohttp(method: str, url: str, body: bytes = b"", timeout: float = SECONDS) -> Answer:
    async def ask() -> Answer:
        limits = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limits, headers=KEY) as session,
            session.request(method, url, data=body or None, allow_redirects=False) as answer,
        ):
            return Answer(answer.status, answer.reason or "", await answer.read())

    return asyncio.run(ask())


CLIENTS: dict[str, Client] = {
    "requests": by_requests,
    "urllib3": by_urllib3,
    "http.client": by_http_client,
    "urllib.request": by_urllib_request,
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "aiohttp": by_aiohttp,
}

EXCEPTIONS: dict[str, dict[str, Any]] = {
    "requests": {
        "refused": requests.ConnectionError,
        "dns": requests.ConnectionError,
        "tls": requests.exceptions.SSLError,
        "reset": requests.ConnectionError,
        "closed": requests.ConnectionError,
        "timeout": requests.ReadTimeout,
    },
    "urllib3": {
        "refused": urllib3.exceptions.NewConnectionError,
        "dns": urllib3.exceptions.NameResolutionError,
        "tls": urllib3.exceptions.SSLError,
        "reset": urllib3.exceptions.ProtocolError,
        "closed": urllib3.exceptions.ProtocolError,
        "timeout": urllib3.exceptions.ReadTimeoutError,
    },
    "http.client": {
        "refused": ConnectionRefusedError,
        "dns": OSError,
        "tls": OSError,
        "reset": ConnectionResetError,
        "closed": http.client.RemoteDisconnected,
        "timeout": TimeoutError,
    },
    "urllib.request": {
        "refused": urllib.error.URLError,
        "dns": urllib.error.URLError,
        "tls": urllib.error.URLError,
        "reset": ConnectionResetError,
        "closed": http.client.RemoteDisconnected,
        "timeout": TimeoutError,
    },
    "httpx": {
        "refused": httpx.ConnectError,
        "dns": httpx.ConnectError,
        "tls": httpx.ConnectError,
        "reset": httpx.ReadError,
        "closed": httpx.RemoteProtocolError,
        "timeout": httpx.ReadTimeout,
    },
    "aiohttp": {
        "refused": aiohttp.ClientConnectorError,
        "dns": aiohttp.ClientConnectorDNSError,
        "tls": aiohttp.ClientConnectorSSLError,
        "reset": aiohttp.ClientOSError,
        "closed": aiohttp.ServerDisconnectedError,
        "timeout": TimeoutError,
    },
}
EXCEPTIONS["httpx-async"] = EXCEPTIONS["httpx"]
