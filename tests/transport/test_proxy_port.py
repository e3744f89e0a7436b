"""A proxy on a real port: plain and by TLS, with the clients of other programs."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from qrtest.errors import ServerError
from qrtest.http.messages import Request, Response
from qrtest.transport.proxy_port import ProxyPort
from qrtest.transport.tls import Authority

JSON = {"Content-Type": "application/json"}


class Echoing:
    """Answers with what was asked; the last word of the path says how."""

    slow_is_asked = threading.Event()
    quick_is_answered = threading.Event()

    def answer(self, request: Request, scheme: str) -> tuple[Response, float]:
        mood = request.path.rpartition("/")[2]
        if mood in ("refused", "dns", "tls", "timeout", "reset", "closed", "cut"):
            return Response(200, b"half", failure=mood), 0.0  # type: ignore[arg-type]
        if mood == "cookies":
            return Response(200, b"", {"Set-Cookie": "a=1\nb=2"}), 0.0
        if mood == "defect":
            raise ZeroDivisionError("a defect")
        if mood == "slow":
            self.slow_is_asked.set()
            self.quick_is_answered.wait(3)
        asked = [scheme, request.method, request.host, request.path, len(request.body)]
        return Response(200, json.dumps(asked).encode(), JSON), 0.0


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def notes() -> list[str]:
    return []


@pytest.fixture(scope="module")
def port(authority: Authority, notes: list[str]) -> Iterator[ProxyPort]:
    proxy = ProxyPort(Echoing(), authority, host="127.0.0.1", note=notes.append)
    yield proxy
    proxy.close()


def plain(port: ProxyPort) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port.number, timeout=10)


def tunnel(
    port: ProxyPort, authority: Authority, host: str = "real.example"
) -> http.client.HTTPSConnection:
    trust = ssl.create_default_context(cadata=authority.pem)
    connection = http.client.HTTPSConnection("127.0.0.1", port.number, timeout=10, context=trust)
    connection.set_tunnel(host, 443)
    return connection


def test_a_request_by_http_keeps_its_host_and_path(port: ProxyPort) -> None:
    connection = plain(port)
    connection.request("GET", "http://real.example:8080/v1/jobs?limit=2")
    asked = json.load(connection.getresponse())
    assert asked == ["http", "GET", "real.example:8080", "/v1/jobs", 0]
    connection.close()


def test_a_request_within_tls_is_read_by_a_client_that_trusts_the_authority(
    port: ProxyPort, authority: Authority
) -> None:
    """Two on one connection, the second with a body of 3 MB in chunks."""
    connection = tunnel(port, authority)
    connection.request("GET", "/v1/jobs")
    assert json.load(connection.getresponse()) == ["https", "GET", "real.example", "/v1/jobs", 0]
    connection.request("PUT", "/big", body=iter([b"x" * 1_000_000] * 3), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert json.load(connection.getresponse())[-1] == 3_000_000
    connection.close()


def test_http_within_a_tunnel_is_read_as_it_is(port: ProxyPort) -> None:
    """Some clients open a tunnel for everything, without TLS inside."""
    connection = plain(port)
    connection.set_tunnel("real.example", 8080)
    connection.request("GET", "/v1/jobs")
    assert json.load(connection.getresponse())[:3] == ["http", "GET", "real.example:8080"]
    connection.close()


def test_a_client_that_does_not_trust_the_authority_is_noted(
    port: ProxyPort, notes: list[str]
) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", port.number, timeout=10)
    connection.set_tunnel("distrusted.example", 443)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()
    assert json.loads(curled(port, "http://real.example/after"))
    assert any("distrusted.example" in line and "certificate" in line for line in notes)


@pytest.mark.parametrize(
    ("failure", "status"), [("refused", 502), ("dns", 502), ("tls", 502), ("timeout", 504)]
)
def test_a_host_that_cannot_be_reached_is_an_error_response(
    port: ProxyPort, authority: Authority, failure: str, status: int
) -> None:
    connection = tunnel(port, authority)
    connection.request("GET", f"/{failure}")
    answer = connection.getresponse()
    assert answer.status == status
    assert failure in json.load(answer)["errors"][0]["message"]
    connection.close()


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("closed", http.client.RemoteDisconnected),
        ("reset", ConnectionResetError),
        ("cut", http.client.IncompleteRead),
    ],
)
def test_a_connection_that_broke_breaks_for_the_client(
    port: ProxyPort, authority: Authority, failure: str, error: type[Exception]
) -> None:
    connection = tunnel(port, authority)
    with pytest.raises(error):
        connection.request("GET", f"/{failure}")
        connection.getresponse().read()
    connection.close()


def test_a_client_does_not_wait_for_what_failed(port: ProxyPort, notes: list[str]) -> None:
    """Whatever is raised is an answer, and noted."""
    connection = plain(port)
    connection.request("GET", "http://real.example/defect")
    answer = connection.getresponse()
    assert (answer.status, "a defect" in answer.read().decode()) == (502, True)
    assert any("a defect" in line for line in notes)
    connection.close()


def test_a_websocket_is_refused_with_a_reason(port: ProxyPort, authority: Authority) -> None:
    connection = tunnel(port, authority)
    connection.request("GET", "/stream", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    answer = connection.getresponse()
    assert (answer.status, "no websockets" in answer.read().decode()) == (501, True)
    connection.close()


def test_a_request_to_the_proxy_itself_is_answered_with_what_to_set(port: ProxyPort) -> None:
    """A browser that is led to it, or a program that takes it for a server."""
    for target in ("/", f"{port.url}/v1/jobs"):
        connection = plain(port)
        connection.request("GET", target)
        answer = connection.getresponse()
        assert (answer.status, "HTTPS_PROXY" in answer.read().decode()) == (400, True)
        connection.close()


def test_cookies_stay_apart(port: ProxyPort) -> None:
    connection = plain(port)
    connection.request("GET", "http://real.example/cookies")
    assert connection.getresponse().headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    connection.close()


def test_nobody_waits_for_the_slow_answer_of_another(port: ProxyPort) -> None:
    order = []

    def ask(mood: str) -> None:
        connection = plain(port)
        connection.request("GET", f"http://real.example/{mood}")
        connection.getresponse().read()
        order.append(mood)
        connection.close()

    slow = threading.Thread(target=ask, args=("slow",))
    slow.start()
    Echoing.slow_is_asked.wait(10)
    ask("quick")
    Echoing.quick_is_answered.set()
    slow.join()
    assert order == ["quick", "slow"]


def test_a_tunnel_to_no_port_is_refused(port: ProxyPort) -> None:
    with socket.create_connection(("127.0.0.1", port.number)) as raw:
        raw.sendall(b"CONNECT real.example HTTP/1.1\r\nHost: real.example\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_port_in_use_is_an_error(port: ProxyPort, authority: Authority) -> None:
    with pytest.raises(ServerError, match="cannot be had"):
        ProxyPort(Echoing(), authority, host="127.0.0.1", number=port.number)


def curled(port: ProxyPort, url: str, *options: str) -> str:
    """Return what curl gets by the proxy."""
    command = ["curl", "-sS", "--proxy", port.url, *options, url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def test_curl_is_answered_by_https(port: ProxyPort, authority: Authority, tmp_path: Path) -> None:
    """HEAD included, of which only the length comes."""
    pem = tmp_path / "authority.pem"
    pem.write_text(authority.pem)
    url = "https://127.0.0.2/v1/jobs"
    asked = json.loads(curled(port, url, "--cacert", str(pem), "-d", "a=1"))
    assert asked == ["https", "POST", urlsplit(url).netloc, "/v1/jobs", 3]
    assert curled(port, url, "--cacert", str(pem), "-I").startswith("HTTP/1.1 200")
