"""Real servers on local sockets, for tests that record: qrtest's own service, and ones that misbehave."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qrtest.wire.messages import Request, Response, Service


@contextmanager
def serving(handle: Callable[[Request], Response]) -> Iterator[str]:
    """Answer with *handle* on a local port; gives the base address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            url = f"http://{self.headers['Host']}{self.path}"
            response = handle(Request.to(self.command, url, headers=dict(self.headers), body=body))
            if response.failure == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if response.failure in ("reset", "closed"):
                self.close_connection = True
                self.connection.close()
                return
            if response.failure == "timeout":
                threading.Event().wait(response.delay)
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            extra = 100 if response.failure == "cut" else 0
            if response.status != 204:
                self.send_header("Content-Length", str(len(response.body) + extra))
            self.end_headers()
            self.wfile.write(response.body)
            self.close_connection = bool(extra)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 (http.server's names)

        def log_message(self, *arguments: Any) -> None:
            """Keep quiet."""

        def handle(self) -> None:
            with suppress(ValueError, OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def locked(service: Service) -> Callable[[Request], Response]:
    """*service*, one request at a time."""
    lock = threading.Lock()

    def handle(request: Request) -> Response:
        with lock:
            return service.handle(request)

    return handle
