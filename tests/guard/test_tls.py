"""Real handshakes: what a guarded client speaks to, and what it turns away before a request is sent."""

from __future__ import annotations

import ssl
import warnings
from contextlib import suppress
from typing import Any

import pytest
from botocore import httpsession
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.config import Config
from botocore.exceptions import SSLError
from botocore.parsers import ResponseParserError

from secure_s3 import errors
from secure_s3.encryption import SseS3
from secure_s3.guard import faults, guarded_copy, harden, secure_session, tls
from secure_s3.profile import SecurityProfile
from tests.guard.support import CREDENTIALS, core_session, plain_session
from tests.rig.tls_servers import CERTIFICATES, RecordingServer, plain_listener, tls_listener

ONCE = Config(retries={"total_max_attempts": 1})
CALLS = {"s3": "list_buckets", "kms": "list_keys", "sts": "get_caller_identity"}
PROFILES = {version: SecurityProfile(min_tls=version) for version in ("1.2", "1.3")}
# (versions that the server speaks, the client's minimum, whether they may meet)
VERSIONS = [
    (("1.0",), "1.2", False),
    (("1.1",), "1.2", False),
    (("1.0", "1.1"), "1.2", False),
    (("1.2",), "1.2", True),
    (("1.3",), "1.2", True),
    (("1.0", "1.1", "1.2", "1.3"), "1.2", True),
    (("1.0",), "1.3", False),
    (("1.1",), "1.3", False),
    (("1.2",), "1.3", False),
    (("1.0", "1.1", "1.2"), "1.3", False),
    (("1.3",), "1.3", True),
    (("1.2", "1.3"), "1.3", True),
]


def by_secure_session(service: str, server: RecordingServer, profile: SecurityProfile, **more: Any) -> Any:
    session = secure_session(SseS3(), profile, botocore_session=core_session(), **CREDENTIALS)
    return session.client(service, endpoint_url=server.url, verify=server.ca_bundle, config=ONCE, **more)


def by_harden_session(service: str, server: RecordingServer, profile: SecurityProfile) -> Any:
    session = harden(plain_session(), SseS3(), profile)
    return session.client(service, endpoint_url=server.url, verify=server.ca_bundle, config=ONCE)


def by_guarded_copy(service: str, server: RecordingServer, profile: SecurityProfile) -> Any:
    session = guarded_copy(plain_session(), SseS3(), profile)
    return session.client(service, endpoint_url=server.url, verify=server.ca_bundle, config=ONCE)


def by_harden_client(service: str, server: RecordingServer, profile: SecurityProfile) -> Any:
    client = plain_session().client(service, endpoint_url=server.url, verify=server.ca_bundle, config=ONCE)
    return harden(client, SseS3(), profile)


DOORS = (by_secure_session, by_harden_session, by_guarded_copy, by_harden_client)


def call(client: Any) -> None:
    """One call; only the transport is of interest, not whether the answer made sense."""
    service = client.meta.service_model.service_name
    with suppress(ResponseParserError):
        getattr(client, CALLS[service])()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("service", list(CALLS))
@pytest.mark.parametrize(("spoken", "minimum", "meet"), VERSIONS)
def test_versions(door: Any, service: str, spoken: tuple[str, ...], minimum: str, meet: bool) -> None:
    """A server that speaks the minimum or newer is used; an older one gets a handshake and no request."""
    server = tls_listener(*spoken)
    with server:
        client = door(service, server, PROFILES[minimum])
        if meet:
            call(client)
        else:
            with pytest.raises(SSLError):
                call(client)
        client.close()
        server.wait_closed()
    if meet:
        assert len(server.requests) == 1
        assert server.handshakes[0] in ("TLSv1.2", "TLSv1.3")
        assert server.handshakes[0] >= f"TLSv{minimum}"
    else:
        assert server.requests == []
        assert server.plaintext == b""


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("service", list(CALLS))
@pytest.mark.parametrize("certificate", [name for name in CERTIFICATES if name != "good"])
def test_certificates(door: Any, service: str, certificate: str) -> None:
    """A certificate that is self-signed, out of date, of another host or of an unknown CA gets no request."""
    server = tls_listener(certificate=certificate)
    with server:
        client = door(service, server, PROFILES["1.2"])
        with pytest.raises(SSLError) as caught:
            call(client)
        client.close()
        server.wait_closed()
    assert server.requests == []
    assert server.plaintext == b""
    assert isinstance(faults.translate(caught.value), errors.TlsError)


@pytest.mark.parametrize("certificate", ["good", "unknown-ca"])
def test_the_default_store_is_used_without_a_bundle(certificate: str) -> None:
    """Without a bundle the machine's own store decides, and a private CA is not in it."""
    with tls_listener(certificate=certificate) as server:
        session = secure_session(SseS3(), botocore_session=core_session(), **CREDENTIALS)
        client = session.client("s3", endpoint_url=server.url, config=ONCE)
        with pytest.raises(SSLError):
            client.list_buckets()
        client.close()
        server.wait_closed()
    assert server.requests == []


def _weak_context(*_: Any, **__: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.parametrize("service", list(CALLS))
@pytest.mark.parametrize(("spoken", "minimum", "meet"), VERSIONS)
def test_weakened_defaults(
    service: str, spoken: tuple[str, ...], minimum: str, meet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose default context is weak (TLS 1.0, no check) is held to the minimum."""
    monkeypatch.setattr(httpsession, "create_urllib3_context", _weak_context)
    test_versions(by_secure_session, service, spoken, minimum, meet)


@pytest.mark.parametrize("certificate", [name for name in CERTIFICATES if name != "good"])
def test_weakened_defaults_still_verify(certificate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same process still verifies certificates and host names."""
    monkeypatch.setattr(httpsession, "create_urllib3_context", _weak_context)
    test_certificates(by_secure_session, "s3", certificate)


def test_the_weakened_context_is_really_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the guard the weakened process would have spoken TLS 1.0: the tests above prove something."""
    monkeypatch.setattr(httpsession, "create_urllib3_context", _weak_context)
    with tls_listener("1.0") as server:
        client = plain_session().client("s3", endpoint_url=server.url, verify=server.ca_bundle, config=ONCE)
        client.list_buckets()
        client.close()
    assert server.handshakes == ["TLSv1"]


def test_https_spoken_to_a_plain_server() -> None:
    """A server that speaks no TLS gets a handshake and no request."""
    with plain_listener() as plain, tls_listener() as ca:
        session = secure_session(SseS3(), botocore_session=core_session(), **CREDENTIALS)
        client = session.client(
            "s3", endpoint_url=plain.url.replace("http:", "https:"), verify=ca.ca_bundle, config=ONCE
        )
        with pytest.raises(Exception, match=r".") as caught:
            client.put_object(Bucket="bucket", Key="key", Body=b"marked body")
        client.close()
        assert isinstance(faults.translate(caught.value), errors.TransportError)
    assert b"marked body" not in plain.plaintext
    assert b"PUT" not in plain.plaintext


@pytest.mark.parametrize("minimum", ["1.2", "1.3"])
def test_pin_raises_and_never_lowers(minimum: str) -> None:
    """pin() raises a context's minimum, keeps a higher one, and switches verification on."""
    assert tls.pin(_weak_context(), minimum).minimum_version == tls.VERSIONS[minimum]
    strict = ssl.create_default_context()
    strict.minimum_version = ssl.TLSVersion.TLSv1_3
    assert tls.pin(strict, minimum).minimum_version == ssl.TLSVersion.TLSv1_3
    assert tls.pin(_weak_context(), minimum).verify_mode == ssl.CERT_REQUIRED
    assert tls.pin(_weak_context(), minimum).check_hostname


@pytest.mark.parametrize("verify_mode", [ssl.CERT_NONE, ssl.CERT_OPTIONAL])
def test_assert_pinned_refuses_no_verification(verify_mode: ssl.VerifyMode) -> None:
    """A context that demands no certificate is refused."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = verify_mode
    with pytest.raises(errors.InsecureTransport):
        tls.assert_pinned(context, "1.2")


def test_assert_pinned_refuses_an_old_minimum() -> None:
    """A context with an older minimum is refused, and so is "whatever is supported"."""
    context = ssl.create_default_context()
    with pytest.raises(errors.InsecureTransport):
        tls.assert_pinned(context, "1.3")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.raises(errors.InsecureTransport):
        tls.assert_pinned(context, "1.2")


def test_a_maximum_below_the_minimum_connects_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that caps TLS at 1.1 gets no connection, instead of an old one."""

    def capped(*_: Any, **__: Any) -> ssl.SSLContext:
        context = _weak_context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    monkeypatch.setattr(httpsession, "create_urllib3_context", capped)
    with tls_listener("1.0", "1.1") as server, pytest.raises((SSLError, errors.InsecureTransport)):
        call(by_secure_session("s3", server, PROFILES["1.2"]))
    assert server.requests == []


def test_settings_survive_the_pinning() -> None:
    """Pool size, timeouts, proxies and client certificate of a client are kept."""
    config = Config(
        max_pool_connections=7,
        connect_timeout=3,
        read_timeout=4,
        proxies={"https": "http://localhost:9"},
        proxies_config={"proxy_ca_bundle": "/x"},
        client_cert=("/c.pem", "/k.pem"),
        tcp_keepalive=True,
    )
    with tls_listener() as server:
        client = plain_session().client("s3", verify=server.ca_bundle, config=config)
        before = dict(vars(client._endpoint.http_session))
        after = vars(harden(client, SseS3())._endpoint.http_session)
    for name in ("_verify", "_cert_file", "_key_file", "_max_pool_connections", "_socket_options"):
        assert after[name] == before[name], name
    assert str(after["_timeout"]) == str(before["_timeout"])
    for name in ("_proxies", "_proxies_settings"):
        assert getattr(after["_proxy_config"], name) == getattr(before["_proxy_config"], name), name


def test_one_certificate_without_its_key_survives() -> None:
    """A client certificate in one file is kept as one file."""
    client = plain_session().client("s3", config=Config(client_cert="/both.pem"))
    session = harden(client, SseS3())._endpoint.http_session
    assert (session._cert_file, session._key_file) == ("/both.pem", None)


def test_the_retry_does_not_fall_back() -> None:
    """All retries meet the same minimum."""
    with tls_listener("1.1") as server:
        session = secure_session(SseS3(), botocore_session=core_session(), **CREDENTIALS)
        client = session.client("s3", endpoint_url=server.url, verify=server.ca_bundle)
        with pytest.raises(SSLError):
            client.list_buckets()
        client.close()
    assert server.handshakes == []
    assert server.requests == []


@pytest.mark.parametrize(
    "url", ["http://localhost/x", "HTTP://localhost/x", "ftp://localhost/x", "//localhost/x"]
)
def test_the_session_itself_sends_nothing_but_https(url: str) -> None:
    """The HTTP session refuses a URL that is not https by itself, whoever hands it the request."""
    session = tls.PinnedSession(min_tls="1.2", allowed_host=lambda host: True)
    with pytest.raises(errors.InsecureTransport, match="without verified TLS"):
        session.send(AWSPreparedRequest("PUT", url, HeadersDict(), b"marked body", False))


def test_the_session_itself_keeps_to_its_hosts() -> None:
    """The HTTP session refuses another host by itself."""
    session = tls.PinnedSession(min_tls="1.2", allowed_host=lambda host: host == "localhost")
    with pytest.raises(errors.InsecureTransport, match=r"evil\.example"):
        session.send(
            AWSPreparedRequest("PUT", "https://evil.example/x", HeadersDict(), b"marked body", False)
        )


@pytest.mark.parametrize("verify", [False, None, ""])
def test_the_session_itself_sends_nothing_unverified(verify: object) -> None:
    """The HTTP session refuses to send anything unverified by itself."""
    session = tls.PinnedSession(min_tls="1.2", allowed_host=lambda host: True, verify=verify)
    with pytest.raises(errors.InsecureTransport, match="without verified TLS"):
        session.send(AWSPreparedRequest("PUT", "https://localhost/x", HeadersDict(), b"marked body", False))
