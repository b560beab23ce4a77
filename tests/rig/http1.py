"""Just enough HTTP/1.1, over any socket, to receive a request and to send an answer.

It is written out by hand because the rig needs what servers hide: the bytes as they came, the moment
before a body is read, and a connection that can be reset in the middle of an answer.
"""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 256 * 1024 * 1024
SEEN_LIMIT = 1024 * 1024


class BadRequest(Exception):
    """What arrived is no HTTP request, breaks off, or is larger than the rig accepts."""


@dataclass
class Head:
    """The request line and the headers, before any byte of the body was read.

    ``headers`` has lower-case names; ``fields`` keeps names, order and repetition as on the wire.
    """

    method: str
    target: str
    fields: list[tuple[str, str]]
    headers: dict[str, str] = field(init=False)
    path: str = field(init=False)
    query: str = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {name.lower(): value for name, value in self.fields}
        self.path, _, self.query = self.target.partition("?")

    @property
    def parameters(self) -> dict[str, str]:
        """The query as a dict; a name without a value has the value ``""``."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def expects_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def wants_close(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


@dataclass(frozen=True)
class Body:
    """A request body: ``raw`` as framed on the wire, ``payload`` without HTTP or aws-chunked framing."""

    raw: bytes
    payload: bytes


@dataclass
class Answer:
    """A response that may still be changed."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    def drop(self, name: str) -> None:
        self.fields = [(key, value) for key, value in self.fields if key.lower() != name.lower()]

    def set(self, name: str, value: str) -> None:
        self.drop(name)
        self.fields.append((name, value))


class Stream:
    """A socket, read line by line and byte by byte; ``seen`` holds the first bytes that arrived (1 MiB)."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.seen = bytearray()
        self._buffer = bytearray()

    def _fill(self) -> None:
        data = self.sock.recv(256 * 1024)
        if not data:
            raise EOFError
        self._buffer += data
        self.seen += data[: max(0, SEEN_LIMIT - len(self.seen))]

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def read_until(self, end: bytes, limit: int = HEAD_LIMIT) -> bytes:
        """Everything up to and including `end`."""
        while (position := self._buffer.find(end)) < 0:
            if len(self._buffer) > limit:
                raise BadRequest("too long")
            self._fill()
        return self.read(position + len(end))

    def read_head(self) -> Head | None:
        """The next request, or None when the peer closed the connection between two of them."""
        try:
            if not self._buffer:
                self._fill()
            if not 65 <= self._buffer[0] <= 90:  # no method begins so; a TLS hello, for one, has no line ends
                raise BadRequest("this is not an HTTP/1 request line")
            text = self.read_until(b"\r\n\r\n")
        except EOFError:
            if self._buffer:
                raise BadRequest("the connection ended inside the head of a request") from None
            return None
        first, *lines = text.decode("latin-1").split("\r\n")[:-2]
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest("this is not an HTTP/1 request line")
        pairs = (line.partition(":") for line in lines)
        return Head(words[0], words[1], [(name.strip(), value.strip()) for name, _, value in pairs])

    def read_body(self, head: Head) -> Body:
        """The body of `head`; asks the client for it when it waits for a 100."""
        if head.expects_continue:
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in head.headers.get("transfer-encoding", "").lower():
            raw, payload = dechunk(lambda: self.read_until(b"\r\n"), self.read)
        else:
            length = int(head.headers.get("content-length") or 0)
            if length > BODY_LIMIT:
                raise BadRequest("the body is larger than the rig accepts")
            raw = payload = self.read(length)
        if "aws-chunked" in head.headers.get("content-encoding", "").lower():
            inner = io.BytesIO(payload)
            _, payload = dechunk(inner.readline, inner.read)
        return Body(raw, payload)

    def send(self, answer: Answer, *, head_only: bool = False) -> None:
        self.sock.sendall(answer_head(answer))
        if answer.body and not head_only:
            self.sock.sendall(answer.body)

    def reset(self) -> None:
        """Make the kernel send RST in place of an orderly end, and close."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def dechunk(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Undo chunked framing, HTTP's or aws-chunked's: (everything as read with its trailers, the payload)."""
    raw, payload = bytearray(), bytearray()
    while True:
        line = readline()
        size = int(line.split(b";")[0].strip() or b"0", 16)
        raw += line
        if size == 0:
            break
        if len(raw) + size > BODY_LIMIT:
            raise BadRequest("the body is larger than the rig accepts")
        chunk = read(size + 2)
        raw += chunk
        payload += chunk[:-2]
    while (line := readline()).strip():
        raw += line
    return bytes(raw + line), bytes(payload)


def answer_head(answer: Answer) -> bytes:
    """Status line and headers; a Content-Length is added when the answer carries none."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    fields = list(answer.fields)
    if answer.get("content-length") is None and answer.status not in (204, 304):
        fields.append(("Content-Length", str(len(answer.body))))
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
