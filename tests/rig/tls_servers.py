"""Real listeners on 127.0.0.1 that a client should accept, or refuse before it sends a byte.

    with tls_listener("1.2") as server:                         # or "1.0", "1.1", "1.3", or several
        client(server.url, verify=server.ca_bundle)
    assert server.requests[0].method == "PUT"

    with tls_listener(certificate="expired") as server: ...     # see CERTIFICATES
    assert server.plaintext == b""                              # nothing but a handshake arrived

    with plain_listener() as server: ...
    assert server.plaintext == b""                              # nobody spoke HTTP in the clear

A request is recorded before it is answered. What a refused client sent is complete once the ``with``
block has ended, or after ``server.wait_closed()``.
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import tempfile
import threading
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.rig.http1 import Answer, BadRequest, Head, Stream
from tests.rig.listener import Listener

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
CERTIFICATES = ("good", "self-signed", "wrong-host", "expired", "not-yet-valid", "unknown-ca")
HOSTS = ("localhost", "127.0.0.1")
UTC = datetime.timezone.utc

_SSE = "x-amz-server-side-encryption"
_EMPTY_LIST = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>0</ID></Owner>'
    b"<Buckets/></ListAllMyBucketsResult>"
)


class Seen(NamedTuple):
    """One request that arrived: ``path`` with its query, ``headers`` with lower-case names."""

    method: str
    path: str
    headers: dict[str, str]


class RecordingServer:
    """An S3-like server that answers 200 to everything and remembers every byte after the handshake."""

    def __init__(self, context: ssl.SSLContext | None, pems: dict[str, bytes]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rig-tls-")
        self._lock = threading.Lock()
        self._streams: list[Stream] = []
        self._pems = pems
        self._listener = Listener(self._serve, context)
        self.requests: list[Seen] = []

    @property
    def url(self) -> str:
        """``https://localhost:PORT``."""
        return self._listener.url

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def ca_bundle(self) -> str:
        """Path of the rig's CA. It signed all but the self-signed and unknown-ca certificates."""
        return str(Path(self._folder.name) / "ca.pem")

    @property
    def certificate(self) -> str:
        """Path of the certificate the server shows."""
        return str(Path(self._folder.name) / "certificate.pem")

    @property
    def plaintext(self) -> bytes:
        """Every byte that arrived inside TLS (or, on a plain listener, at all), up to 1 MiB a connection."""
        with self._lock:
            return b"".join(bytes(stream.seen) for stream in self._streams)

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted, whatever came of them."""
        return self._listener.connections

    @property
    def handshakes(self) -> list[str]:
        """The version of each completed handshake, such as ``"TLSv1.2"``."""
        return list(self._listener.handshakes)

    def wait_closed(self, timeout: float = 5.0) -> None:
        """Wait until every client has closed its connections."""
        self._listener.wait_closed(timeout)

    def __enter__(self) -> RecordingServer:
        for name, pem in self._pems.items():
            (Path(self._folder.name) / f"{name}.pem").write_bytes(pem)
        self._listener.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.stop()
        self._folder.cleanup()

    def _serve(self, sock: socket.socket) -> None:
        stream = Stream(sock)
        with self._lock:
            self._streams.append(stream)
        try:
            while (head := stream.read_head()) is not None:
                stream.read_body(head)
                with self._lock:
                    self.requests.append(Seen(head.method, head.target, head.headers))
                stream.send(_answer(head), head_only=head.method == "HEAD")
                if head.wants_close:
                    return
        except BadRequest as error:
            stream.send(Answer(400, [("Connection", "close")], str(error).encode()))


def _answer(head: Head) -> Answer:
    answer = Answer(200, [("Server", "rig"), ("x-amz-request-id", "RIG0000000000000")])
    if head.method == "PUT":
        answer.set("ETag", '"d41d8cd98f00b204e9800998ecf8427e"')
        for name, value in head.headers.items():  # S3 echoes everything but the customer's key itself
            if name.startswith(_SSE) and name != f"{_SSE}-customer-key":
                answer.set(name, value)
    elif head.method == "GET" and head.path == "/":
        answer.set("Content-Type", "application/xml")
        answer.body = _EMPTY_LIST
    return answer


def tls_listener(*versions: str, certificate: str = "good") -> RecordingServer:
    """A TLS server that speaks only `versions` (adjacent ones; default 1.2 and 1.3) and shows `certificate`.

    Args:
        versions: Any of "1.0", "1.1", "1.2", "1.3".
        certificate: One of CERTIFICATES; all but "wrong-host" name localhost and 127.0.0.1.
    """
    key_and_chain, leaf = _certificate(certificate)
    context = _server_context(versions or ("1.2", "1.3"))
    with tempfile.TemporaryDirectory(prefix="rig-key-") as folder:
        path = Path(folder) / "key-and-chain.pem"
        path.write_bytes(key_and_chain)
        context.load_cert_chain(path)
    return RecordingServer(context, {"ca": _authority().cert_pem.bytes(), "certificate": leaf})


def plain_listener() -> RecordingServer:
    """An HTTP server without TLS, ``http://localhost:PORT``, that records whatever bytes arrive."""
    return RecordingServer(None, {"ca": _authority().cert_pem.bytes()})


def silent_listener() -> Listener:
    """Accepts TCP connections and never says a word, until the client goes or the block ends."""

    def serve(sock: socket.socket) -> None:
        while sock.recv(4096):
            pass

    return Listener(serve)


def banner_listener(banner: bytes = b"SSH-2.0-rig\r\n") -> Listener:
    """Sends `banner` at once and closes when the client has said something: a service that is not TLS."""

    def serve(sock: socket.socket) -> None:
        sock.sendall(banner)
        sock.recv(4096)

    return Listener(serve)


def hanging_up_listener() -> Listener:
    """Reads what the client says first and closes without an answer."""

    def serve(sock: socket.socket) -> None:
        sock.recv(4096)

    return Listener(serve)


def closed_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _server_context(versions: tuple[str, ...]) -> ssl.SSLContext:
    wanted = sorted(VERSIONS[version] for version in versions)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if wanted[0] < ssl.TLSVersion.TLSv1_2:
        # OpenSSL 3 speaks TLS 1.0 and 1.1 only with SHA-1 signatures allowed, which level 0 does.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = wanted[0], wanted[-1]
    return context


@cache
def _authority() -> trustme.CA:
    return trustme.CA(organization_name="secure_s3 test rig")


@cache
def _certificate(kind: str) -> tuple[bytes, bytes]:
    """(private key and chain, certificate alone), both PEM."""
    if kind == "self-signed":
        return _self_signed()
    now = datetime.datetime.now(UTC)
    week = datetime.timedelta(days=7)
    makers: dict[str, Callable[[], trustme.LeafCert]] = {
        "good": lambda: _authority().issue_cert(*HOSTS),
        "wrong-host": lambda: _authority().issue_cert("elsewhere.example"),
        "expired": lambda: _authority().issue_cert(*HOSTS, not_before=now - 2 * week, not_after=now - week),
        "not-yet-valid": lambda: _authority().issue_cert(
            *HOSTS, not_before=now + week, not_after=now + 2 * week
        ),
        "unknown-ca": lambda: trustme.CA(organization_name="somebody else").issue_cert(*HOSTS),
    }
    leaf = makers[kind]()
    return leaf.private_key_and_cert_chain_pem.bytes(), leaf.cert_chain_pems[0].bytes()


def _self_signed() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = signed.public_bytes(serialization.Encoding.PEM)
    return private + public, public
