"""HTTP/1.1 messages as bytes: a response is written, requests and responses are read as they come in."""

from __future__ import annotations

from typing import Final, NamedTuple

from qrtest.http.messages import Request, Response, phrase

__all__ = [
    "FIRST_FINAL",
    "OF_THE_BODY",
    "WITHOUT_BODY",
    "Message",
    "MessageReader",
    "encoded",
    "request_of",
    "response_of",
    "status_of",
    "unusual",
]

END_OF_HEAD: Final = b"\r\n\r\n"
LONGEST_HEAD: Final = 1_000_000
FIRST_FINAL: Final = 200
"""Responses below this status announce another one."""

WITHOUT_BODY: Final = (204, 304)
OF_THE_BODY: Final = ("content-length", "transfer-encoding")
"""The headers that say how long a body is, which is said anew when it is sent.

A response that never has a body keeps its length, which is that of what it stands for, and has no chunks.
"""

CHUNKS: Final = ("transfer-encoding",)


def encoded(response: Response, method: str = "GET", *, keeps_alive: bool = True) -> bytes:
    """Return *response* to a request by *method* as bytes; a value of two lines is a header given twice.

    >>> encoded(Response(204))
    b'HTTP/1.1 204 No Content\\r\\n\\r\\n'
    """
    lines = [f"HTTP/1.1 {response.status} {response.status_text}"]
    may_have_body = response.status not in WITHOUT_BODY
    is_length_known = method == "HEAD" and "content-length" in map(str.lower, response.headers)
    lines += [
        f"{name}: {line}"
        for name, value in response.headers.items()
        if is_length_known or name.lower() not in (OF_THE_BODY if may_have_body else CHUNKS)
        for line in value.split("\n")
    ]
    if may_have_body and not is_length_known:
        length = len(response.body) * 2 + 1 if response.failure == "cut" else len(response.body)
        lines.append(f"Content-Length: {length}")
    if not keeps_alive:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    return head + response.body if may_have_body and method != "HEAD" else head


def unusual(reason: str | None, status: int) -> str:
    """Return the words of a status line, or an empty text if they are the usual ones for *status*."""
    return reason if reason and reason != phrase(status) else ""


class Message(NamedTuple):
    """A request or a response that was read: *raw* are all its bytes."""

    start_line: str
    headers: dict[str, str]
    body: bytes
    raw: bytes

    def header(self, name: str) -> str:
        """Return the value of the header *name* in lower case, or an empty text."""
        found = (value for key, value in self.headers.items() if key.lower() == name)
        return next(found, "").lower()


class MessageReader:
    """Reads messages one after the other, each from as many pieces as it comes in.

    *is_response*: a body of unknown length lasts until the connection ends. *has_body* False: the messages
    are responses to HEAD.

    >>> reader = MessageReader()
    >>> reader.read(b"POST /jobs HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nbo")
    >>> reader.read(b"dy").body
    b'body'
    """

    def __init__(self, *, is_response: bool = False, has_body: bool = True) -> None:
        self._is_response = is_response
        self._has_body = has_body
        self._buffer = bytearray()
        self._head: Message | None = None

    def read(self, data: bytes) -> Message | None:
        """Return the message that *data* completes, or None. Raises ValueError for what is not HTTP."""
        self._buffer += data
        if self._head is None:
            self._head = self._read_head()
        if self._head is None:
            return None
        found = self._read_body(self._head)
        if found is None:
            return None
        body, end = found
        message = self._head._replace(body=body, raw=bytes(self._buffer[:end]))
        del self._buffer[:end]
        self._head = None
        return message

    def rest(self) -> Message | None:
        """Return the message that was not complete when the connection ended; None if none had begun."""
        if self._head is None:
            return None
        raw = bytes(self._buffer)
        return self._head._replace(body=raw[len(self._head.raw) :], raw=raw)

    def _read_head(self) -> Message | None:
        end = self._buffer.find(END_OF_HEAD) + len(END_OF_HEAD)
        if end < len(END_OF_HEAD):
            if len(self._buffer) > LONGEST_HEAD or not self._buffer[:1].isalpha():
                raise ValueError(f"this is not HTTP/1.1: {bytes(self._buffer[:40])!r}")
            return None
        raw = bytes(self._buffer[:end])
        start_line, *lines = raw[: -len(END_OF_HEAD)].decode("latin-1").split("\r\n")
        if "HTTP/1." not in start_line:
            raise ValueError(f"this is not HTTP/1.1: {start_line[:40]!r}")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            value = value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Message(start_line, headers, b"", raw)

    def _read_body(self, head: Message) -> tuple[bytes, int] | None:
        """Return the body after *head* and where it ends; None if it has not come yet."""
        start = len(head.raw)
        if self._is_response:
            status = status_of(head)
            if not self._has_body or status < FIRST_FINAL or status in WITHOUT_BODY:
                return b"", start
        if "chunked" in head.header("transfer-encoding"):
            return self._read_chunks(start)
        length = head.header("content-length")
        if not length:
            return None if self._is_response else (b"", start)
        end = start + int(length)
        return (bytes(self._buffer[start:end]), end) if len(self._buffer) >= end else None

    def _read_chunks(self, start: int) -> tuple[bytes, int] | None:
        pieces: list[bytes] = []
        while (line_end := self._buffer.find(b"\r\n", start)) >= 0:
            size = int(self._buffer[start:line_end].partition(b";")[0], 16)
            start = line_end + 2
            if size == 0:
                trailer_end = self._buffer.find(b"\r\n", start)
                while trailer_end > start:
                    start = trailer_end + 2
                    trailer_end = self._buffer.find(b"\r\n", start)
                return None if trailer_end < 0 else (b"".join(pieces), trailer_end + 2)
            if len(self._buffer) < start + size + 2:
                return None
            pieces.append(bytes(self._buffer[start : start + size]))
            start += size + 2
        return None


def request_of(message: Message, host: str) -> Request:
    """Return the request that *message* is, to *host* unless it names another."""
    method, target, _ = message.start_line.split(" ", 2)
    url = target if "://" in target.partition("?")[0] else f"http://{host}{target}"
    return Request.to(method, url, headers=message.headers, body=message.body)


def response_of(message: Message) -> Response:
    """Return the response that *message* is."""
    status = status_of(message)
    reason = message.start_line.partition(" ")[2].partition(" ")[2]
    return Response(status, message.body, message.headers, reason=unusual(reason, status))


def status_of(message: Message) -> int:
    """Return the status of a response."""
    return int(message.start_line.split(" ", 2)[1])
