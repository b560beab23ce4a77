"""The rig does what it says, else the tests that stand on it prove nothing."""

from __future__ import annotations

import hashlib
import io
import socket
import ssl
import warnings
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from moto.server import ThreadedMotoServer

from tests.rig import sources
from tests.rig.faulty_proxy import (
    FaultyProxy,
    drop_header,
    error_inside_200,
    flip_bit,
    redirect,
    reset_after_body,
    reset_after_forwarding,
    reset_before_body,
    reset_mid_answer,
    s3_error,
    set_header,
    slow_down,
    stall,
    truncate_answer,
)
from tests.rig.tls_servers import (
    CERTIFICATES,
    VERSIONS,
    banner_listener,
    closed_port,
    hanging_up_listener,
    plain_listener,
    silent_listener,
    tls_listener,
)

SSE = "x-amz-server-side-encryption"
DATA = bytes(range(256)) * 64


def client(url, verify=True, *, attempts=1, timeout=5.0):
    """A plain boto3 client; `timeout` in seconds."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        verify=verify,
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="rig",
        config=Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=timeout,
            read_timeout=timeout,
            s3={"addressing_style": "path"},
        ),
    )


def handshake(port, low, high):
    """The version agreed on with a client that offers low to high, or the SSLError's reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = VERSIONS[low], VERSIONS[high]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        try:
            with context.wrap_socket(raw, server_hostname="localhost") as sock:
                return sock.version()
        except (ssl.SSLError, ConnectionError) as error:
            return error


@pytest.fixture
def upstream():
    """The S3-like recording server, to stand behind the proxy."""
    with tls_listener() as server:
        yield server


@pytest.fixture
def proxy(upstream):
    with FaultyProxy(upstream.url, upstream.ca_bundle, hash_bodies=True) as running:
        yield running


@pytest.fixture(scope="module")
def moto_url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    s3 = client(f"http://{host}:{port}")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="k", Body=DATA)
    s3.close()
    yield f"http://{host}:{port}"
    server.stop()


class TestTlsListeners:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_one_version(self, version):
        """A listener of one version shakes hands in that version and in no other."""
        with tls_listener(version) as server:
            for tried in VERSIONS:
                got = handshake(server.port, tried, tried)
                assert isinstance(got, Exception) == (tried != version), (tried, got)
            server.wait_closed()
            assert server.connections == len(VERSIONS)
            assert server.handshakes == ["TLSv1" if version == "1.0" else f"TLSv{version}"]
            assert server.plaintext == b""

    @pytest.mark.parametrize("certificate", CERTIFICATES)
    def test_certificates(self, certificate):
        """A verifying client sends a request to the good certificate, and not one byte to the others."""
        with tls_listener(certificate=certificate) as server:
            s3 = client(server.url, server.ca_bundle)
            if certificate == "good":
                s3.list_buckets()
                assert [seen.method for seen in server.requests] == ["GET"]
            else:
                with pytest.raises(SSLError):
                    s3.list_buckets()
            s3.close()
        assert bool(server.plaintext) == (certificate == "good")

    def test_self_signed_can_be_trusted_explicitly(self):
        """The self-signed certificate verifies against itself, by name and by address."""
        with tls_listener(certificate="self-signed") as server:
            for url in (server.url, server.url.replace("localhost", "127.0.0.1")):
                s3 = client(url, server.certificate)
                s3.list_buckets()
                s3.close()

    def test_put_echoes_encryption(self, upstream):
        """A PUT is answered with the encryption headers it carried, but never with a customer's key."""
        s3 = client(upstream.url, upstream.ca_bundle)
        answer = s3.put_object(
            Bucket="b", Key="k", Body=DATA, ServerSideEncryption="aws:kms", SSEKMSKeyId="key"
        )
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", "key")
        answer = s3.put_object(
            Bucket="b", Key="k", Body=DATA, SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32
        )
        assert "x-amz-server-side-encryption-customer-key" not in answer["ResponseMetadata"]["HTTPHeaders"]
        assert s3.head_object(Bucket="b", Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 200
        s3.close()
        assert [(seen.method, seen.path) for seen in upstream.requests] == [
            ("PUT", "/b/k"),
            ("PUT", "/b/k"),
            ("HEAD", "/b/k"),
        ]

    def test_plain_listener_records_everything(self):
        """The plain listener keeps requests, and bytes that are none, such as a TLS hello."""
        with plain_listener() as server:
            s3 = client(server.url)
            s3.list_buckets()
            s3.close()
            assert server.requests[0].path == "/"
            assert server.plaintext.startswith(b"GET / HTTP/1.1\r\n")
        with plain_listener() as server:
            assert isinstance(handshake(server.port, "1.2", "1.3"), Exception)
        assert server.plaintext.startswith(b"\x16\x03")

    def test_services_that_are_not_tls(self):
        """Silence, a banner and a closed door are told apart by a client."""
        with (
            silent_listener() as server,
            socket.create_connection(("127.0.0.1", server.port), 0.1) as sock,
            pytest.raises(TimeoutError),
        ):
            sock.recv(1)
        with (
            banner_listener(b"hello\r\n") as server,
            socket.create_connection(("127.0.0.1", server.port)) as sock,
        ):
            assert sock.recv(16) == b"hello\r\n"
        with hanging_up_listener() as server, socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(b"x")
            assert sock.recv(16) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", closed_port()))

    def test_records_what_was_sent_just_before_the_end(self):
        """Bytes of a client that did not wait for anything are recorded, however soon the listener stops."""
        for _ in range(20):
            with plain_listener() as server, socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(b"GET /leak HTTP/1.1\r\n\r\n")
            assert server.plaintext == b"GET /leak HTTP/1.1\r\n\r\n"

    def test_stops_while_a_client_is_connected(self):
        """A listener stops although a client keeps its connection open."""
        with tls_listener() as server:
            s3 = client(server.url, server.ca_bundle)
            s3.list_buckets()
            with pytest.raises(TimeoutError):
                server.wait_closed(timeout=0.05)
        with pytest.raises(EndpointConnectionError):
            s3.list_buckets()
        s3.close()


class TestProxyWithoutFaults:
    def test_forwards_and_records(self, proxy, upstream):
        """Without faults the proxy is invisible, and knows what passed on the wire."""
        s3 = client(proxy.url, proxy.ca_bundle)
        answer = s3.put_object(Bucket="b", Key="a key", Body=DATA, ServerSideEncryption="AES256")
        assert answer["ServerSideEncryption"] == "AES256"
        s3.list_buckets()
        s3.close()
        put, get = proxy.requests
        assert (put.method, put.path, put.forwarded, put.status) == ("PUT", "/b/a%20key", True, 200)
        assert put.headers[SSE] == "AES256"
        assert put.headers["expect"] == "100-continue"
        assert (put.body_length, put.body_sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
        assert (get.method, get.body_length, get.fault) == ("GET", 0, None)
        assert upstream.requests[0].headers["host"] == put.headers["host"] == proxy.url[len("https://") :]
        assert "expect" not in upstream.requests[0].headers
        assert upstream.connections == 1

    def test_upstream_is_verified(self):
        """The proxy itself refuses an upstream whose certificate it cannot verify, and says 502."""
        with (
            tls_listener(certificate="unknown-ca") as server,
            FaultyProxy(server.url, server.ca_bundle) as proxy,
        ):
            s3 = client(proxy.url, proxy.ca_bundle)
            with pytest.raises(ClientError, match="CERTIFICATE_VERIFY_FAILED"):
                s3.list_buckets()
            s3.close()
        assert server.plaintext == b""


class TestFaults:
    @pytest.mark.parametrize(
        ("action", "read", "forwarded"),
        [
            (reset_before_body, None, False),
            (reset_after_body, len(DATA), False),
            (reset_after_forwarding, len(DATA), True),
        ],
    )
    def test_resets(self, proxy, action, read, forwarded):
        """A reset reaches the client as a broken connection, at the moment that was asked for."""
        fault = proxy.inject(action, method="PUT")
        s3 = client(proxy.url, proxy.ca_bundle)
        with pytest.raises((ConnectionClosedError, EndpointConnectionError, SSLError)):
            s3.put_object(Bucket="b", Key="k", Body=DATA)
        s3.put_object(Bucket="b", Key="k", Body=DATA)
        s3.close()
        first, second = proxy.requests
        assert (first.body_length, first.forwarded, first.fault) == (read, forwarded, fault)
        assert (second.body_length, second.forwarded, second.fault) == (len(DATA), True, None)
        assert fault.hits == 1

    def test_query_times_and_skip(self, proxy):
        """A rule strikes only matching requests, after `skip` of them, and `times` times."""
        fault = proxy.inject(slow_down, method="PUT", query="partNumber=2&uploadId", times=2, skip=1)
        s3 = client(proxy.url, proxy.ca_bundle)

        def upload(part):
            try:
                s3.upload_part(Bucket="b", Key="k", PartNumber=part, UploadId="u", Body=b"x")
            except ClientError as error:
                return error.response["Error"]["Code"]
            return "ok"

        assert [upload(part) for part in (2, 1, 2, 2, 2)] == ["ok", "ok", "SlowDown", "SlowDown", "ok"]
        proxy.clear()
        assert (fault.hits, proxy.requests) == (2, [])
        s3.close()

    def test_slow_down_is_retried(self, proxy, monkeypatch):
        """A 503 SlowDown is not forwarded, and botocore's retry then gets through."""
        monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
        proxy.inject(slow_down, when=lambda seen: seen.path == "/b/k")
        s3 = client(proxy.url, proxy.ca_bundle, attempts=2)
        answer = s3.put_object(Bucket="b", Key="k", Body=DATA)
        s3.close()
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1
        assert [(seen.status, seen.forwarded) for seen in proxy.requests] == [(503, False), (200, True)]

    @pytest.mark.parametrize("forward", [False, True])
    def test_error_inside_200(self, proxy, upstream, forward):
        """The 200 that is an error is seen as one, whether or not the upstream did the work."""
        proxy.inject(error_inside_200(forward=forward), method="POST", query="uploadId")
        s3 = client(proxy.url, proxy.ca_bundle)
        with pytest.raises(ClientError, match="InternalError"):
            s3.complete_multipart_upload(
                Bucket="b", Key="k", UploadId="u", MultipartUpload={"Parts": [{"ETag": "e", "PartNumber": 1}]}
            )
        s3.close()
        assert proxy.requests[0].status == 200
        assert len(upstream.requests) == int(forward)

    def test_any_error(self, proxy):
        """Any S3 error can be answered, its text escaped."""
        proxy.inject(s3_error(403, "AccessDenied", "no <access> for you"))
        s3 = client(proxy.url, proxy.ca_bundle)
        with pytest.raises(ClientError, match="no <access> for you"):
            s3.list_buckets()
        s3.close()

    def test_headers_of_the_answer(self, proxy):
        """A response header can be dropped or replaced after the upstream has sent it."""
        proxy.inject(drop_header("X-Amz-Server-Side-Encryption"))
        proxy.inject(set_header("x-amz-server-side-encryption-aws-kms-key-id", "another"))
        s3 = client(proxy.url, proxy.ca_bundle)
        put = {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"}
        first, second = s3.put_object(**put), s3.put_object(**put)
        s3.close()
        assert ("ServerSideEncryption" in first, first["SSEKMSKeyId"]) == (False, "key")
        assert (second["ServerSideEncryption"], second["SSEKMSKeyId"]) == ("aws:kms", "another")

    def test_redirect_to_plain_http(self, proxy):
        """A redirect to plain HTTP is answered before the body is asked for."""
        with plain_listener() as trap:
            proxy.inject(redirect(f"{trap.url}/b/k"), method="PUT", times=99)
            s3 = client(proxy.url, proxy.ca_bundle)
            with pytest.raises(ClientError):
                s3.put_object(Bucket="b", Key="k", Body=DATA)
            s3.close()
        puts = [seen for seen in proxy.requests if seen.method == "PUT"]
        assert {(seen.status, seen.body_length) for seen in puts} == {(307, None)}
        assert trap.plaintext == b""


class TestFaultsOfDownloads:
    """Against moto, which has real objects."""

    @pytest.fixture
    def moto_proxy(self, moto_url):
        with FaultyProxy(moto_url, hash_bodies=True) as running:
            yield running

    @pytest.fixture
    def s3(self, moto_proxy):
        s3 = client(moto_proxy.url, moto_proxy.ca_bundle)
        yield s3
        s3.close()

    def test_real_transfers_pass(self, moto_proxy, s3):
        """A multipart upload and a download pass unharmed, with their framing undone in the record."""
        data = DATA * 600  # 9.4 MiB: two parts
        s3.upload_fileobj(io.BytesIO(data), "bucket", "large")
        assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == data
        parts = [seen for seen in moto_proxy.requests if "partNumber" in seen.parameters]
        assert [
            seen.parameters["partNumber"] for seen in sorted(parts, key=lambda seen: -seen.body_length)
        ] == [
            "1",
            "2",
        ]
        assert sum(seen.body_length for seen in parts) == len(data)
        assert all("aws-chunked" in seen.headers["content-encoding"] for seen in parts)
        assert hashlib.sha256(data[: 8 << 20]).hexdigest() in {seen.body_sha256 for seen in parts}

    @pytest.mark.parametrize(
        "action", [reset_mid_answer(after=100), truncate_answer(keep=100), truncate_answer()]
    )
    def test_broken_answers(self, moto_proxy, s3, action):
        """An answer that breaks off is noticed while its body is read."""
        moto_proxy.inject(action, method="GET", path="/bucket/k")
        with pytest.raises((IncompleteReadError, ResponseStreamingError)):
            s3.get_object(Bucket="bucket", Key="k")["Body"].read()
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == DATA

    def test_flipped_bit(self, moto_proxy, s3):
        """One bit of the body is wrong, and only one, when nothing checks it."""
        moto_proxy.inject(flip_bit(at=5), method="GET")
        moto_proxy.inject(flip_bit(), method="HEAD")
        got = s3.get_object(Bucket="bucket", Key="k", Range="bytes=0-9")["Body"].read()
        assert got == DATA[:5] + bytes([DATA[5] ^ 1]) + DATA[6:10]
        assert s3.head_object(Bucket="bucket", Key="k")["ContentLength"] == len(DATA)

    def test_stall_runs_into_the_read_timeout(self, moto_proxy, s3):
        """A stalled answer lasts longer than a client's patience."""
        moto_proxy.inject(stall(20), method="GET")
        moto_proxy.inject(stall(20, after=10), method="GET")
        hasty = client(moto_proxy.url, moto_proxy.ca_bundle, timeout=0.2)
        with pytest.raises(ReadTimeoutError):
            hasty.get_object(Bucket="bucket", Key="k")
        body = hasty.get_object(Bucket="bucket", Key="k")["Body"]
        with pytest.raises(ReadTimeoutError):
            body.read()
        body.close()
        hasty.close()

    def test_stall_ends_on_release_or_by_itself(self, moto_proxy, s3):
        """A stall hangs up after its time, and goes on as if nothing had happened when released."""
        moto_proxy.inject(stall(0.1, forward=False), method="GET")
        with pytest.raises((ConnectionClosedError, EndpointConnectionError, SSLError)):
            s3.get_object(Bucket="bucket", Key="k")
        moto_proxy.inject(stall(20, after=10), method="GET")
        moto_proxy.inject(stall(20, forward=False), method="GET")
        body = s3.get_object(Bucket="bucket", Key="k")["Body"]
        moto_proxy.release()
        assert body.read() == DATA
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == DATA


class TestSources:
    def test_non_seekable(self):
        """A pipe gives its bytes once and refuses to seek or to tell."""
        source = sources.NonSeekable(DATA)
        assert (source.read(3), source.read()) == (DATA[:3], DATA[3:])
        assert not source.seekable()
        for refused in (source.tell, lambda: source.seek(0)):
            with pytest.raises(io.UnsupportedOperation):
                refused()

    def test_only_read(self):
        """The least source has no attribute but read."""
        source = sources.OnlyRead(DATA)
        assert source.read() == DATA
        assert not hasattr(source, "seek")

    def test_short_reads(self):
        """Short reads never exceed their bound, never end early, and give every byte."""
        source, got = sources.ShortReads(DATA, 3), []
        while data := source.read(1000):
            got.append(data)
        assert b"".join(got) == DATA
        assert {len(data) for data in got} <= {1, 2, 3}

    @pytest.mark.parametrize(
        ("source", "real"),
        [(sources.Growing(DATA, b"more"), DATA + b"more"), (sources.Shrinking(DATA, 9), DATA[:-9])],
    )
    def test_sizes_that_change(self, source, real):
        """Growing and shrinking sources give one length when asked and another when read."""
        assert source.seek(0, io.SEEK_END) == len(DATA)
        source.seek(0)
        assert source.read(5) + source.read() == real

    def test_traps(self):
        """A trap gives exactly the bytes before it, then springs every time."""
        for source, error in (
            (sources.FailsHalfway(DATA, 10), OSError),
            (sources.CtrlC(DATA, 10), KeyboardInterrupt),
        ):
            assert source.read(4) + source.read() == DATA[:10]
            for _ in range(2):
                with pytest.raises(error):
                    source.read(1)
        source = sources.ReturnsNone(DATA, 10)
        assert (source.read(), source.read()) == (DATA[:10], None)

    def test_text_and_close(self):
        """Text mode gives str, and closing is counted."""
        assert sources.TextMode("text").read() == "text"
        source = sources.CloseTracking(DATA)
        source.close()
        source.close()
        assert source.close_calls == 2

    def test_files_that_change(self, tmp_path):
        """A real file grows or shrinks once, when progress passes the mark."""
        path = tmp_path / "file"
        path.write_bytes(b"0123456789")
        grow = sources.when_past(5, sources.grow_file(path, b"++"))
        shrink = sources.when_past(5, sources.shrink_file(path, 4))
        grow(4)
        assert path.read_bytes() == b"0123456789"
        for _ in range(2):
            grow(1)
        assert path.read_bytes() == b"0123456789++"
        shrink(5)
        assert path.read_bytes() == b"01234567"
