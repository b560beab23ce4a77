"""The listener: HTTP/1.1 over TLS on loopback, one thread per connection, connections kept alive.

werkzeug's own server closes every connection after one request and shakes hands in its accept loop. This
one reads each body to its end instead, so the next request can follow, and shakes hands in the
connection's thread, where a stalled client holds up nobody else.
"""

from __future__ import annotations

import io
import logging
import os
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from email.utils import format_datetime
from http.server import HTTPServer
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from ..settings import HOST
from .clock import Clock
from .content.body import RequestBody

__all__ = ["listen"]

_log = logging.getLogger(__name__)
_HANDSHAKE_SECONDS = 10.0
_IDLE_SECONDS = 300.0
_NO_BODY = (204, 304)
_BROKEN_HEAD = (MissingHeaderBodySeparatorDefect, FirstHeaderLineIsContinuationDefect)
_MISFRAMED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>BadRequest</Code><Message>'
    b"An error occurred when parsing the HTTP request.</Message></Error>"
)

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def listen(address: tuple[str, int], app: WsgiApp, context: ssl.SSLContext, clock: Clock) -> TlsServer:
    """A bound server; ``serve_forever()`` makes it serve. Raises OSError when the port is taken."""
    return TlsServer(address, app, context, clock)


class TlsServer(socketserver.ThreadingMixIn, HTTPServer):
    """Accepts connections; everything slow happens in their own threads."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name != "nt"  # on Windows it would allow two servers on one port
    request_queue_size = 128
    # What werkzeug's request handler asks its server for.
    ssl_context = None
    multithread = True
    multiprocess = False
    passthrough_errors = False
    _server_version = "AmazonS3"

    def __init__(self, address: tuple[str, int], app: WsgiApp, context: ssl.SSLContext, clock: Clock) -> None:
        self.app, self.clock = app, clock
        self._context = context
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """Bind, without the reverse look-up of HTTPServer, which can hang on a machine without DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve the connection to its end; runs in the connection's thread."""
        request.settimeout(_HANDSHAKE_SECONDS)
        with self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secure:
            try:
                secure.do_handshake()
            except OSError as error:
                _log.info("handshake failed: %s", error)
                return
            Connection(secure, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection broke; that is the client's affair, and not for the terminal."""
        _log.info("connection ended", exc_info=True)


class Connection(MotoRequestHandler):
    """One client's connection: request after request until it closes."""

    server: TlsServer  # type: ignore[assignment]  # not one of werkzeug's, but all that it asks for
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    rbufsize = 256 * 1024
    wbufsize = 256 * 1024

    def handle_expect_100(self) -> bool:
        """Say "continue" only when the body is wanted: a request refused by its headers sends none."""
        return True

    def run_wsgi(self) -> None:
        """Serve one request."""
        if not self._framed():
            self.close_connection = True  # nobody knows where the next request begins
            self._respond("400 Bad Request", [("Content-Type", "application/xml")], [_MISFRAMED], unread=True)
            return
        body = self._body()
        self.environ = environ = self.make_environ()
        environ["wsgi.url_scheme"] = "https"
        environ["SSL_PROTOCOL"] = self.connection.version()
        environ["wsgi.input"] = io.BufferedReader(body, 64 * 1024)
        environ["wsgi.input_terminated"] = True
        head: list[Any] = []

        def start_response(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            head[:] = [line, headers]

        app: WsgiApp = self.server.app
        pieces = app(environ, start_response)
        try:
            self._respond(head[0], head[1], pieces, unread=body.uninvited)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        if body.uninvited:
            self.close_connection = True
        else:
            body.drain()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not logged: they carry keys."""

    def handle(self) -> None:
        """Serve requests until the client leaves."""
        try:
            super().handle()
        except (OSError, ValueError) as error:
            _log.info("connection ended: %s", error)

    def finish(self) -> None:
        """Send what is left, if the client is still there."""
        with suppress(OSError):
            super().finish()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)

    def _framed(self) -> bool:
        """Whether everybody reads the same request: its target and host, and where head and body end.

        Source: RFC 9112, sections 3.2, 5.1 and 6.3. A target is a path: a whole URL would be a second host.
        """
        if any(isinstance(defect, _BROKEN_HEAD) for defect in self.headers.defects):
            return False  # a line that is no field ends the head, for Python alone
        if not self.path.startswith("/") or len(self.headers.get_all("Host", [])) > 1:
            return False
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if codings:
            return not lengths and [coding.strip().lower() for coding in codings] == ["chunked"]
        return len(lengths) < 2 and all(length.isascii() and length.isdigit() for length in lengths)

    def _body(self) -> RequestBody:
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        length = None if chunked else int(self.headers.get("Content-Length") or 0)
        expects = self.headers.get("Expect", "").strip().lower() == "100-continue"
        return RequestBody(self.rfile, length, self._invite if expects else None)

    def _invite(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()

    def _respond(
        self, line: str, headers: list[tuple[str, str]], pieces: Iterable[bytes], *, unread: bool
    ) -> None:
        names = {name.lower() for name, _value in headers}
        code, _, reason = line.partition(" ")
        has_body = self.command != "HEAD" and int(code) not in _NO_BODY
        if has_body and "content-length" not in names:
            pieces = [b"".join(pieces)]
            headers = [*headers, ("Content-Length", str(len(pieces[0])))]
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if "date" not in names:
            now = self.server.clock.now()  # clients set their clocks by it
            self.send_header("Date", format_datetime(now, usegmt=True))
        if unread or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body:
            for piece in pieces:
                self.wfile.write(piece)
        self.wfile.flush()
