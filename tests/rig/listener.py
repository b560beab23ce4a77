"""A listening socket on 127.0.0.1 with one thread per connection, which stops cleanly."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType

PATIENCE = 20.0
MOST_CONNECTIONS = 128


class Listener:
    """Accepts connections and hands each to `serve` in a thread of its own, after its TLS handshake.

    Args:
        serve: Called with the connected (and, with `context`, already encrypted) socket.
        context: A server-side context, or None for plain TCP.

    ``handshakes`` lists the TLS version of every handshake that succeeded on this side, and
    ``refused_handshakes`` the reason of every one that did not.
    """

    def __init__(self, serve: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._context = context
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._markers: set[int] = set()
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=MOST_CONNECTIONS)
        self._socket.settimeout(1.0)
        self._acceptor = threading.Thread(target=self._accept, name="rig-accept", daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self.handshakes: list[str] = []
        self.refused_handshakes: list[str] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def __enter__(self) -> Listener:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close every connection, end every thread, free the port; may be called twice."""
        self._stopping.set()
        if self._acceptor.is_alive():
            self._catch_up()
            self._acceptor.join(PATIENCE)
        self._socket.close()
        with self._lock:
            running = dict(self._open)
        for sock in running.values():
            with contextlib.suppress(OSError):
                # Not sock.shutdown(): on a TLS socket that also forgets the cipher state under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in running:
            thread.join(PATIENCE)
            if thread.is_alive():
                raise RuntimeError("a connection of the test rig does not end")

    def wait_closed(self, timeout: float = 5.0) -> None:
        """Wait until no connection is open, so that what refused clients sent has surely been recorded."""
        deadline = time.monotonic() + timeout
        self._catch_up()
        while self._open:
            if time.monotonic() > deadline:
                raise TimeoutError("a client still keeps a connection open")
            time.sleep(0.002)

    def _catch_up(self) -> None:
        """Wait until every connection made so far has been accepted: ours is the last in the queue."""
        with socket.socket() as marker:
            marker.settimeout(PATIENCE)
            marker.bind(("127.0.0.1", 0))
            self._markers.add(marker.getsockname()[1])
            marker.connect(("127.0.0.1", self.port))
            marker.recv(1)  # returns when the acceptor has closed it

    def _accept(self) -> None:
        while True:
            try:
                raw, (_, port) = self._socket.accept()
            except TimeoutError:
                continue
            if port in self._markers:
                self._markers.discard(port)
                last = self._stopping.is_set()  # asked before the close that lets the other thread go on
                raw.close()
                if last:
                    return
                continue
            if len(self._open) >= MOST_CONNECTIONS:
                raw.close()
                continue
            raw.settimeout(PATIENCE)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._start(raw)

    def _start(self, raw: socket.socket) -> None:
        try:
            sock = self._wrap(raw)
        except OSError as error:
            self.refused_handshakes.append(str(error))
            raw.close()
            return
        thread = threading.Thread(target=self._run, args=(sock,), name="rig-connection", daemon=True)
        with self._lock:
            self._open[thread] = sock
        thread.start()

    def _wrap(self, raw: socket.socket) -> socket.socket:
        if self._context is None:
            return raw
        return self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)

    def _run(self, sock: socket.socket) -> None:
        try:
            if self._shake_hands(sock):
                self._serve(sock)
        except (OSError, EOFError):
            pass  # the client went away, or the listener is being stopped
        finally:
            sock.close()
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _shake_hands(self, sock: socket.socket) -> bool:
        if not isinstance(sock, ssl.SSLSocket):
            return True
        try:
            sock.do_handshake()
        except OSError as error:  # ssl.SSLError is one
            self.refused_handshakes.append(getattr(error, "reason", None) or str(error))
            return False
        self.handshakes.append(sock.version() or "?")
        return True
