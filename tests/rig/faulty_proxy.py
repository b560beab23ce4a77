"""A TLS reverse proxy in front of an S3 endpoint that goes wrong exactly where a test says so.

    with FaultyProxy(aws.endpoint_url, aws.ca_bundle) as proxy:
        fault = proxy.inject(reset_after_body, method="PUT", query="partNumber=2", times=99)
        client = session.client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
        ...
        assert fault.hits == 3
        assert [seen.method for seen in proxy.requests] == ["POST", "PUT", "PUT", "DELETE"]

What can go wrong (each is an `Action`; any function of one `Exchange` will do as another):

    reset_before_body, reset_after_body     TCP reset; the upstream never hears of the request
    reset_mid_answer(after=)                forwarded, then a reset in the middle of the answer's body
    truncate_answer(keep=)                  forwarded, then an orderly end before Content-Length is reached
    stall(seconds, forward=, after=)        silence before the answer, or in the middle of its body
    slow_down                               503 SlowDown, not forwarded
    s3_error(status, code, message)         any other error, not forwarded
    error_inside_200(forward=)              200 OK whose body is an InternalError
    flip_bit(at=)                           forwarded; one bit of the answer's body is wrong
    drop_header(name), set_header(name, v)  forwarded; one header of the answer is missing or another
    redirect(location, status=)             a redirect, without asking for the body

The client's Host header is kept. Requests are forwarded whole, once their body has been read, so bodies
are bounded (256 MiB). Answers arrive at the client with a Content-Length, never chunked.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

import trustme

from tests.rig.http1 import BODY_LIMIT, Answer, BadRequest, Body, Head, Stream, answer_head
from tests.rig.listener import PATIENCE, Listener

_NOT_FORWARDED = {"expect", "connection", "proxy-connection", "keep-alive"}
_NOT_RETURNED = {"connection", "keep-alive", "transfer-encoding"}


@dataclass
class SeenRequest:
    """One request as it arrived; the body's fields are None while, or if, the body was not read.

    ``headers`` has lower-case names. Body length and hash are those of the payload, without chunked or
    aws-chunked framing. ``forwarded`` is true once the upstream was asked, ``status`` what it or we said.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    parameters: dict[str, str]
    body_length: int | None = None
    body_sha256: str | None = None
    forwarded: bool = False
    status: int | None = None
    fault: Fault | None = None


Action = Callable[["Exchange"], None]
When = Callable[[SeenRequest], bool]


@dataclass
class Fault:
    """What goes wrong (`do`), for which requests (`when`), how often, and after how many were let pass."""

    do: Action
    when: When
    times: int = 1
    skip: int = 0
    hits: int = field(default=0, init=False)
    _met: int = field(default=0, init=False, repr=False)

    def claims(self, seen: SeenRequest) -> bool:
        """Whether this fault strikes now; counts."""
        if self.hits >= self.times or not self.when(seen):
            return False
        self._met += 1
        if self._met <= self.skip:
            return False
        self.hits += 1
        return True


class Exchange:
    """One request and the means to answer it, rightly or wrongly; what an `Action` is given."""

    def __init__(self, proxy: FaultyProxy, stream: Stream, upstream: Upstream, head: Head) -> None:
        self._proxy, self._stream, self._upstream = proxy, stream, upstream
        self._body: Body | None = None
        self.head = head
        self.seen = SeenRequest(head.method, head.path, head.query, head.headers, head.parameters)
        self.over = head.wants_close

    def body(self) -> Body:
        """The request's body, read now if it has not been."""
        if self._body is None:
            self._body = self._stream.read_body(self.head)
            self.seen.body_length = len(self._body.payload)
            if self._proxy.hash_bodies:
                self.seen.body_sha256 = hashlib.sha256(self._body.payload).hexdigest()
        return self._body

    def forward(self) -> Answer:
        """What the upstream answers to this request."""
        body = self.body()
        self.seen.forwarded = True
        return self._upstream.ask(self.head, body)

    def reply(self, answer: Answer) -> None:
        """Send `answer`; when the body has not been read, the connection ends with it."""
        if self._body is None:
            answer.set("Connection", "close")
            self.over = True
        self.seen.status = answer.status
        self._stream.send(answer, head_only=self.head.method == "HEAD")

    def reply_in_two(self, answer: Answer, after: int | None, between: Callable[[], bool]) -> None:
        """Send head and `after` bytes (half the body by default), then the rest if `between` says so."""
        cut = len(answer.body) // 2 if after is None else after
        body = b"" if self.head.method == "HEAD" else answer.body
        self.seen.status = answer.status
        self._stream.sock.sendall(answer_head(answer) + body[:cut])
        if between():
            self._stream.sock.sendall(body[cut:])
        else:
            self.hang_up()

    def wait(self, seconds: float) -> bool:
        """True when the test calls `FaultyProxy.release`, False when `seconds` have passed without it."""
        return self._proxy.wait(seconds)

    def hang_up(self) -> None:
        self.over = True
        self._stream.sock.close()

    def reset(self) -> None:
        self.over = True
        self._stream.reset()


class Upstream:
    """One kept-alive connection to the endpoint behind the proxy."""

    def __init__(self, url: str, ca_bundle: str | None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._context = ssl.create_default_context(cafile=ca_bundle) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, head: Head, body: Body) -> Answer:
        reused = self._connection is not None
        try:
            return self._ask(head, body)
        except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError):
            self.close()
            if not reused:  # an idle connection may have been closed meanwhile; a fresh one may not
                raise
            return self._ask(head, body)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, head: Head, body: Body) -> Answer:
        connection = self._connected()
        connection.putrequest(head.method, head.target, skip_host=True, skip_accept_encoding=True)
        for name, value in head.fields:
            if name.lower() not in _NOT_FORWARDED:
                connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(body.raw or None)
        response = connection.getresponse()
        content = response.read(BODY_LIMIT)
        fields = [(name, value) for name, value in response.getheaders() if name.lower() not in _NOT_RETURNED]
        if response.will_close:
            self.close()
        return Answer(response.status, fields, content)

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._context is None:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE)
            else:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=PATIENCE, context=self._context
                )
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._connection


class FaultyProxy:
    """Forwards to `upstream_url` over verified TLS, records every request, and applies injected faults.

    Args:
        upstream_url: ``https://…`` (or ``http://…``) of the endpoint behind.
        upstream_ca: Path of the bundle that verifies it.
        hash_bodies: Record the SHA-256 of every request's payload.
    """

    def __init__(
        self, upstream_url: str, upstream_ca: str | Path | None = None, *, hash_bodies: bool = False
    ) -> None:
        self.hash_bodies = hash_bodies
        self._upstream = upstream_url, str(upstream_ca) if upstream_ca else None
        self._faults: list[Fault] = []
        self._seen: list[SeenRequest] = []
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="rig-proxy-")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority, leaf = _identity()
        leaf.configure_cert(context)
        authority.cert_pem.write_to_path(self.ca_bundle)
        self._listener = Listener(self._serve, context)

    @property
    def url(self) -> str:
        """``https://localhost:PORT``."""
        return self._listener.url

    @property
    def ca_bundle(self) -> str:
        return str(Path(self._folder.name) / "ca.pem")

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request so far, in the order in which their heads arrived."""
        with self._lock:
            return list(self._seen)

    def inject(
        self,
        do: Action,
        *,
        method: str | None = None,
        path: str | None = None,
        query: str | None = None,
        when: When | None = None,
        times: int = 1,
        skip: int = 0,
    ) -> Fault:
        """Let the next `times` matching requests suffer `do`; all given conditions must hold.

        Args:
            do: The action, such as ``slow_down`` or ``truncate_answer(keep=10)``.
            method, path: Exactly as on the request line; the path is percent-encoded.
            query: ``"uploads"`` or ``"uploadId"`` wants the name, ``"partNumber=2"`` its value too.
            when: Any further condition.
            times, skip: Strike `times` times, after having let `skip` matching requests pass.
        """
        names = dict(parse_qsl(query or "", keep_blank_values=True))

        def matches(seen: SeenRequest) -> bool:
            return (
                (method is None or seen.method == method)
                and (path is None or seen.path == path)
                and all(
                    name in seen.parameters and value in ("", seen.parameters[name])
                    for name, value in names.items()
                )
                and (when is None or when(seen))
            )

        fault = Fault(do, matches, times, skip)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget faults and recorded requests; stalls to come wait again."""
        with self._lock:
            self._faults.clear()
            self._seen.clear()
        self._released.clear()

    def release(self) -> None:
        """End the running stall, and let later ones pass until `clear`."""
        self._released.set()

    def wait(self, seconds: float) -> bool:
        return self._released.wait(min(seconds, PATIENCE))

    def __enter__(self) -> FaultyProxy:
        self._listener.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._listener.stop()
        self._folder.cleanup()

    def _serve(self, sock: socket.socket) -> None:
        stream, upstream = Stream(sock), Upstream(*self._upstream)
        try:
            while (head := stream.read_head()) is not None:
                exchange = Exchange(self, stream, upstream, head)
                self._act(exchange)
                if exchange.over:
                    return
        except BadRequest as error:
            stream.send(Answer(400, [("Connection", "close")], str(error).encode()))
        finally:
            upstream.close()

    def _act(self, exchange: Exchange) -> None:
        with self._lock:
            self._seen.append(exchange.seen)
            fault = next((fault for fault in self._faults if fault.claims(exchange.seen)), None)
            exchange.seen.fault = fault
        (fault.do if fault else pass_through)(exchange)


@cache
def _identity() -> tuple[trustme.CA, trustme.LeafCert]:
    authority = trustme.CA(organization_name="secure_s3 faulty proxy")
    return authority, authority.issue_cert("localhost", "*.localhost", "127.0.0.1")


# --- what can go wrong ------------------------------------------------------------------------------


def pass_through(exchange: Exchange) -> None:
    """Nothing goes wrong, unless the upstream cannot be reached, which is a 502."""
    try:
        answer = exchange.forward()
    except (OSError, http.client.HTTPException) as error:
        answer = _error_answer(502, "BadGateway", f"the upstream of the proxy failed: {error!r}")
    exchange.reply(answer)


def reset_before_body(exchange: Exchange) -> None:
    """Reset the connection once the headers are there."""
    exchange.reset()


def reset_after_body(exchange: Exchange) -> None:
    """Read the whole request, then reset the connection; nothing is forwarded."""
    exchange.body()
    exchange.reset()


def reset_after_forwarding(exchange: Exchange) -> None:
    """Let the upstream do what was asked, then reset without a word: the client cannot know."""
    exchange.forward()
    exchange.reset()


def reset_mid_answer(after: int | None = None) -> Action:
    """Forward; reset once `after` bytes (default: half) of the answer's body have been sent."""

    def act(exchange: Exchange) -> None:
        def between() -> bool:
            exchange.reset()
            return False

        exchange.reply_in_two(exchange.forward(), after, between)

    return act


def truncate_answer(keep: int | None = None) -> Action:
    """Forward; announce the full Content-Length, send `keep` bytes (default: half), close in order."""
    return lambda exchange: exchange.reply_in_two(exchange.forward(), keep, lambda: False)


def stall(seconds: float = 5.0, *, forward: bool = True, after: int | None = None) -> Action:
    """Say nothing until `FaultyProxy.release`, then go on; after `seconds` without release hang up.

    Args:
        seconds: At most 20.
        forward: Whether the upstream is asked before the silence, or only after release.
        after: Stall in the middle of the answer, after that many bytes of its body.
    """

    def act(exchange: Exchange) -> None:
        exchange.body()
        if after is not None:
            exchange.reply_in_two(exchange.forward(), after, lambda: exchange.wait(seconds))
            return
        answer = exchange.forward() if forward else None
        if exchange.wait(seconds):
            exchange.reply(answer or exchange.forward())
        else:
            exchange.hang_up()

    return act


def s3_error(status: int, code: str, message: str = "injected", *, forward: bool = False) -> Action:
    """Answer with an S3 error document; `forward` lets the upstream do what was asked all the same."""

    def act(exchange: Exchange) -> None:
        if forward:
            exchange.forward()
        else:
            exchange.body()
        exchange.reply(_error_answer(status, code, message))

    return act


slow_down: Action = s3_error(503, "SlowDown", "Please reduce your request rate.")


def error_inside_200(*, forward: bool = False, code: str = "InternalError") -> Action:
    """200 OK with an Error document, as CompleteMultipartUpload and CopyObject may answer.

    `forward` lets the upstream complete the upload first, so that the error is a lie.
    """
    return s3_error(200, code, "We encountered an internal error. Please try again.", forward=forward)


def edit(change: Callable[[Answer], None]) -> Action:
    """Forward, and let `change` alter the answer in place."""

    def act(exchange: Exchange) -> None:
        answer = exchange.forward()
        change(answer)
        exchange.reply(answer)

    return act


def flip_bit(at: int | None = None) -> Action:
    """Forward; invert the lowest bit of byte `at` (default: the middle one) of the answer's body."""

    def change(answer: Answer) -> None:
        body = bytearray(answer.body)
        if body:
            body[len(body) // 2 if at is None else at] ^= 1
        answer.body = bytes(body)

    return edit(change)


def drop_header(name: str) -> Action:
    """Forward; the answer lacks the header `name`."""
    return edit(lambda answer: answer.drop(name))


def set_header(name: str, value: str) -> Action:
    """Forward; the answer has `value` in the header `name`, whether the upstream sent it or not."""
    return edit(lambda answer: answer.set(name, value))


def redirect(location: str, *, status: int = 307) -> Action:
    """Send the client to `location`, without asking for the body if it waits to be asked, as S3 does."""

    def act(exchange: Exchange) -> None:
        if not exchange.head.expects_continue:
            exchange.body()
        code = "PermanentRedirect" if status == 301 else "TemporaryRedirect"
        answer = _error_answer(status, code, "Please re-send this request to the specified endpoint.")
        answer.set("Location", location)
        exchange.reply(answer)

    return act


def _error_answer(status: int, code: str, message: str) -> Answer:
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        "<RequestId>RIG0000000000000</RequestId><HostId>rig</HostId></Error>"
    )
    fields = [("Content-Type", "application/xml"), ("x-amz-request-id", "RIG0000000000000")]
    return Answer(status, fields, document.encode())
