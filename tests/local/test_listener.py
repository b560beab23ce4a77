"""The listener: TLS, loopback, keep-alive, Expect, framing."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import warnings
from urllib.parse import urlsplit

import pytest

from secure_s3.local import LocalAws

from .support import signed_url


def _port(aws: LocalAws) -> int:
    return urlsplit(aws.endpoint_url).port or 0


def _context(aws: LocalAws, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=aws.ca_bundle)
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _connect(aws: LocalAws, version: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", _port(aws)), timeout=10)
    try:
        return _context(aws, version).wrap_socket(raw, server_hostname="127.0.0.1")
    except BaseException:
        raw.close()
        raise


def _start(aws: LocalAws, method: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    """The request line of a signed request, its host, and these headers."""
    _, bucket, key = path.split("/", 2)
    url = signed_url(aws, method, key, bucket=bucket, headers=headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    target, host = url.removeprefix(aws.endpoint_url), urlsplit(url).netloc
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}".encode()


def _read_answer(stream: ssl.SSLSocket) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(stream)
    answer.begin()
    answer.read()
    return answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls(local_aws: LocalAws, version: ssl.TLSVersion) -> None:
    """TLS 1.2 and 1.3 are spoken."""
    with _connect(local_aws, version) as stream:
        assert stream.version() == version.name.replace("_", ".")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls(local_aws: LocalAws, version: ssl.TLSVersion) -> None:
    """A client that offers nothing newer than TLS 1.1 is refused."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _connect(local_aws, version)


def test_minimum_of_tls13() -> None:
    """With min_tls 1.3 a TLS 1.2 client is refused."""
    with LocalAws(min_tls="1.3") as aws:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _connect(aws, ssl.TLSVersion.TLSv1_2)
        _connect(aws).close()


def test_unknown_authority(local_aws: LocalAws) -> None:
    """A client with the system's trust store does not accept the certificate."""
    raw = socket.create_connection(("127.0.0.1", _port(local_aws)), timeout=10)
    with raw, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")


def test_loopback_only(local_aws: LocalAws) -> None:
    """The port is bound on 127.0.0.1 and on no other address of the machine."""
    wanted = f"{_port(local_aws):04X}"
    bound = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            fields = [line.split() for line in list(lines)[1:]]
        bound |= {row[1].split(":")[0] for row in fields if row[1].endswith(":" + wanted) and row[3] == "0A"}
    assert bound == {"0100007F"}


def test_plain_http(local_aws: LocalAws) -> None:
    """Plain HTTP gets no HTTP answer."""
    with socket.create_connection(("127.0.0.1", _port(local_aws)), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):  # or it is closed without a word
            assert not raw.recv(100).startswith(b"HTTP/")


def test_stalled_handshake(local_aws: LocalAws) -> None:
    """Clients that connect and say nothing hold up nobody else."""
    idle = [socket.create_connection(("127.0.0.1", _port(local_aws))) for _ in range(5)]
    try:
        _connect(local_aws).close()
    finally:
        for stalled in idle:
            stalled.close()


def test_keep_alive(local_aws: LocalAws) -> None:
    """One connection carries request after request: answered, refused, missing, with and without bodies."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with _connect(local_aws) as stream:
        for method, path, body, status in [
            ("PUT", "/amzn-s3-demo-bucket/key", b"x" * 70_000, 200),
            ("GET", "/amzn-s3-demo-bucket/key", b"", 200),
            ("HEAD", "/amzn-s3-demo-bucket/none", b"", 404),
            ("PUT", "/amzn-s3-demo-missing/key", b"x" * 300_000, 404),
            ("DELETE", "/amzn-s3-demo-bucket/key", b"", 204),
            ("GET", "/amzn-s3-demo-bucket/key", b"", 404),
        ]:
            head = _start(local_aws, method, path) + f"Content-Length: {len(body)}\r\n\r\n".encode()
            stream.sendall(head)
            stream.sendall(body)
            answer = http.client.HTTPResponse(stream, method=method)
            answer.begin()
            answer.read()
            assert (method, path, answer.status) == (method, path, status)
            assert not answer.will_close


def test_boto3_reuses_its_connection(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many calls of one boto3 client make one connection."""
    made: list[object] = []
    original = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        made.append(address)
        original(self, address)  # type: ignore[arg-type]

    bucket = local_aws.create_bucket("amzn-s3-demo-bucket")
    client = local_aws.session().client("s3")
    monkeypatch.setattr(socket.socket, "connect", connect)
    for number in range(20):
        client.put_object(Bucket=bucket, Key=str(number), Body=b"x" * 100)
        client.get_object(Bucket=bucket, Key=str(number))["Body"].read()
    client.close()
    assert len(made) == 1


def test_continue(local_aws: LocalAws) -> None:
    """A client that expects 100-continue is asked once for its body, and then answered."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with _connect(local_aws) as stream:
        head = _start(local_aws, "PUT", "/amzn-s3-demo-bucket/k")
        stream.sendall(head + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert stream.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        stream.sendall(b"hello")
        assert _read_answer(stream).status == 200


def test_refused_before_continue(local_aws: LocalAws) -> None:
    """A request refused by its headers is never asked for its body."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with _connect(local_aws) as stream:
        owner = {"x-amz-expected-bucket-owner": "444455556666"}
        head = _start(local_aws, "PUT", "/amzn-s3-demo-bucket/k", owner)
        stream.sendall(head + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        answer = _read_answer(stream)
        assert (answer.status, answer.will_close) == (403, True)


@pytest.mark.parametrize("framing", [b"zz\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloworld\r\n0\r\n\r\n"])
def test_broken_chunks(local_aws: LocalAws, framing: bytes) -> None:
    """A body framed wrongly stores nothing and ends its connection only."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with _connect(local_aws) as stream:
        head = _start(local_aws, "PUT", "/amzn-s3-demo-bucket/k")
        stream.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + framing)
        assert b"200 OK" not in stream.recv(100)
    client = local_aws.session().client("s3")
    assert "Contents" not in client.list_objects_v2(Bucket="amzn-s3-demo-bucket")
    client.close()


@pytest.mark.parametrize(
    "framing",
    [
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"no field\r\nContent-Length: 5\r\n",
        b"x-amz-acl : private\r\nContent-Length: 5\r\n",
        b" folded: x\r\nContent-Length: 5\r\n",
    ],
)
def test_two_lengths(local_aws: LocalAws, framing: bytes) -> None:
    """A request whose end can be read in two ways is refused at once, and its connection closed."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with _connect(local_aws) as stream:
        line, _, host = _start(local_aws, "PUT", "/amzn-s3-demo-bucket/k").partition(b"\r\n")
        stream.sendall(line + b"\r\n" + framing + host + b"\r\nhello")
        answer = _read_answer(stream)
        assert (answer.status, answer.will_close) == (400, True)
    client = local_aws.session().client("s3")
    assert "Contents" not in client.list_objects_v2(Bucket="amzn-s3-demo-bucket")
    client.close()


def test_no_moto_dashboard(local_aws: LocalAws) -> None:
    """moto's own control paths are not served."""
    with _connect(local_aws) as stream:
        stream.sendall(b"POST /moto-api/reset HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
        assert _read_answer(stream).status >= 400
