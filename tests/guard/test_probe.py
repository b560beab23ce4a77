"""The TLS probe, against real listeners: one row for each."""

from __future__ import annotations

import hashlib
import json
import ssl
import sys
from datetime import datetime, timedelta, timezone

import pytest

from secure_s3.errors import ConfigurationError, InsecureTransport, TlsError, TransportError
from secure_s3.guard import probe
from secure_s3.guard.probe import probe_tls
from tests.rig.tls_servers import (
    banner_listener,
    closed_port,
    hanging_up_listener,
    plain_listener,
    silent_listener,
    tls_listener,
)

DAYS = timedelta(days=1)


def texts(error):
    """What, why and fix of an error, all of which must say something."""
    assert error.what
    assert error.why
    assert error.fix
    return str(error)


@pytest.mark.parametrize(
    ("versions", "min_tls", "offered", "accepted"),
    [
        (["1.0"], "1.2", ("1.0",), False),
        (["1.1"], "1.2", ("1.1",), False),
        (["1.0", "1.1"], "1.2", ("1.0", "1.1"), False),
        (["1.2"], "1.2", ("1.2",), True),
        (["1.3"], "1.2", ("1.3",), True),
        (["1.2", "1.3"], "1.2", ("1.2", "1.3"), True),
        (["1.1", "1.2"], "1.2", ("1.1", "1.2"), True),
        (["1.2"], "1.3", ("1.2",), False),
        (["1.3"], "1.3", ("1.3",), True),
        (["1.2", "1.3"], "1.3", ("1.2", "1.3"), True),
    ],
)
def test_versions(versions, min_tls, offered, accepted):
    """An endpoint is accepted if and only if it offers a version of at least the minimum."""
    with tls_listener(*versions) as server:
        report = probe_tls(server.url, ca_bundle=server.ca_bundle, min_tls=min_tls)
    assert report.offered == offered
    assert [version.offered for version in report.versions] == [
        version in offered for version in ("1.0", "1.1", "1.2", "1.3")
    ]
    assert report.accepted is accepted
    assert report.verified
    assert report.cipher
    if not accepted:
        (reason,) = report.reasons
        assert f"does not offer TLS {min_tls} or newer: it offers {', '.join(offered)}" in reason
        assert "Fix: " in reason
    assert server.plaintext == b""


@pytest.mark.parametrize(
    ("certificate", "why", "days_left", "self_signed"),
    [
        ("self-signed", "self-signed certificate", 29, True),
        ("wrong-host", "Hostname mismatch", None, False),
        ("expired", "certificate has expired", -8, False),
        ("not-yet-valid", "certificate is not yet valid", 13, False),
        ("unknown-ca", "unable to get local issuer certificate", None, False),
    ],
)
def test_bad_certificates(certificate, why, days_left, self_signed):
    """A certificate that does not verify is reported in full, with the reason, and not accepted."""
    with tls_listener(certificate=certificate) as server:
        report = probe_tls(server.url, ca_bundle=server.ca_bundle)
    assert (report.accepted, report.verified) == (False, False)
    assert report.offered == ("1.2", "1.3")
    assert why in report.verification
    (reason,) = report.reasons
    assert why in reason
    assert "Fix: " in reason
    shown = report.certificate
    assert (days_left is None) or shown.days_left == days_left
    assert shown.self_signed is self_signed
    assert shown.names == (
        ("elsewhere.example",) if certificate == "wrong-host" else ("localhost", "127.0.0.1")
    )
    assert server.plaintext == b""


def test_both_faults_are_reported():
    """An old version and a bad certificate make two reasons."""
    with tls_listener("1.0", certificate="expired") as server:
        report = probe_tls(server.url, ca_bundle=server.ca_bundle)
    assert not report.accepted
    assert [("TLS 1.2" in reason, "expired" in reason) for reason in report.reasons] == [
        (True, False),
        (False, True),
    ]


def test_good_certificate():
    """The certificate is reported with its names, dates and fingerprint, by name and by address."""
    with tls_listener() as server:
        report = probe_tls(f"https://127.0.0.1:{server.port}/bucket?x=y", ca_bundle=server.ca_bundle)
        with open(server.certificate) as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
    assert report.accepted
    assert report.reasons == ()
    assert report.url == f"https://127.0.0.1:{server.port}"
    assert report.verification == "chain and host name verified"
    assert report.certificate.sha256 == hashlib.sha256(der).hexdigest()
    assert report.certificate.names == ("localhost", "127.0.0.1")
    assert "secure_s3 test rig" in report.certificate.issuer
    assert report.certificate.self_signed is False


def test_default_trust_store():
    """Without a bundle the store that botocore uses decides, which does not know the rig's CA."""
    with tls_listener() as server:
        report = probe_tls(server.url)
    assert not report.verified
    assert "ca_bundle" in report.reasons[0]


def test_days_left_counts_from_the_given_moment():
    """Days left are counted from the moment that was passed, and rounded down."""
    with tls_listener(certificate="self-signed") as server:
        end = probe_tls(server.url).certificate.not_after
        left = [
            probe_tls(server.url, now=now).certificate.days_left
            for now in (end - 10 * DAYS, end - 9.5 * DAYS, end, end + timedelta(seconds=1))
        ]
    assert left == [10, 9, 0, -1]


def test_nothing_but_handshakes():
    """Each version costs one handshake at most and one more verifies; no application data is sent."""
    with tls_listener() as server:
        probe_tls(server.url, ca_bundle=server.ca_bundle)
        server.wait_closed()
        assert sorted(server.handshakes) == ["TLSv1.2", "TLSv1.3", "TLSv1.3"]
        assert server.connections == 6
    assert (server.requests, server.plaintext) == ([], b"")


def test_to_dict_is_json():
    """The dict form holds plain values only, and says first whether the endpoint is accepted."""
    with tls_listener("1.2") as server:
        plain = probe_tls(server.url, ca_bundle=server.ca_bundle).to_dict()
    again = json.loads(json.dumps(plain))
    assert again["accepted"] is True
    assert {version["version"]: version["offered"] for version in again["versions"]} == {
        "1.0": False,
        "1.1": False,
        "1.2": True,
        "1.3": False,
    }
    assert datetime.fromisoformat(again["certificate"]["not_after"]).tzinfo == timezone.utc


def test_untestable_versions(monkeypatch):
    """What this OpenSSL cannot speak is neither offered nor not offered."""
    real = probe._accepting_context
    monkeypatch.setattr(probe, "_accepting_context", lambda v: None if v in ("1.0", "1.1") else real(v))
    with tls_listener("1.1", "1.2") as server:
        report = probe_tls(server.url, ca_bundle=server.ca_bundle)
    assert [version.offered for version in report.versions] == [None, None, True, False]
    assert "not testable here" in report.versions[0].detail
    assert report.accepted


@pytest.mark.parametrize("reason", ["NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE"])
def test_local_policy_is_untestable(reason):
    """A version that this machine's policy refuses is untestable, not refused by the peer."""
    error = ssl.SSLError(1, "refused here")
    error.reason = reason
    version = probe._version("1.0", probe._failed(error))
    assert version.offered is None
    assert version.detail.startswith("not testable here")


@pytest.mark.parametrize(
    ("certificate", "known"), [("good", True), ("self-signed", True), ("unknown-ca", False)]
)
def test_without_cryptography(monkeypatch, certificate, known):
    """Without the cryptography package a verified certificate is read, others are fingerprinted."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with tls_listener(certificate=certificate) as server:
        bundle = server.certificate if certificate == "self-signed" else server.ca_bundle
        report = probe_tls(server.url, ca_bundle=bundle)
    assert len(report.certificate.sha256) == 64
    assert report.verified is known
    if known:
        assert report.certificate.names == ("localhost", "127.0.0.1")
        assert report.certificate.not_before < datetime.now(timezone.utc) < report.certificate.not_after
        assert report.certificate.self_signed is (certificate == "self-signed")
    else:
        assert (report.certificate.subject, report.certificate.days_left) == (None, None)


def test_self_signed_is_known_without_cryptography(monkeypatch):
    """OpenSSL's own verdict tells that an unverified certificate is self-signed."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with tls_listener(certificate="self-signed") as server:
        assert probe_tls(server.url).certificate.self_signed is True


@pytest.mark.parametrize("listener", [plain_listener, banner_listener, hanging_up_listener])
def test_no_tls(listener):
    """A port where something else than TLS answers raises TlsError."""
    with listener() as server, pytest.raises(TlsError) as caught:
        probe_tls(f"https://localhost:{server.port}", timeout=2)
    assert "check the port" in texts(caught.value)


def test_stalling_peer():
    """A peer that never answers a handshake costs one timeout, and raises TransportError."""
    with silent_listener() as server:
        with pytest.raises(TransportError) as caught:
            probe_tls(f"https://localhost:{server.port}", timeout=0.2)
        server.wait_closed()
    assert "no answer within 0.2 s" in texts(caught.value)


@pytest.mark.parametrize("host", ["localhost", "[::1]", "no-such-host.invalid"])
def test_nobody_there(host):
    """A closed port and an unknown host raise TransportError with the system's reason."""
    with pytest.raises(TransportError) as caught:
        probe_tls(f"https://{host}:{closed_port()}", timeout=2)
    assert f"{host}:" in texts(caught.value)


def test_plain_http_is_refused_unsent():
    """An http URL is refused before anything is sent."""
    with plain_listener() as server:
        with pytest.raises(InsecureTransport) as caught:
            probe_tls(server.url)
        assert server.connections == 0
    assert "https://" in texts(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:9000",
        "s3.amazonaws.com",
        "ftp://localhost",
        "https://",
        "https://localhost:port",
        "https://localhost:0",
        "https://localhost:70000",
        "https://[::1",
        f"https://{'a' * 64}.example",
        "https://user:sesame@loc\u2100alhost/",
        "https://user:sesame@localhost:port/?X-Amz-Signature=sesame",
    ],
)
def test_bad_urls(url):
    """What is no https URL raises ConfigurationError, which repeats no part that may be secret."""
    with pytest.raises(ConfigurationError) as caught:
        probe_tls(url)
    assert "sesame" not in texts(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"min_tls": "1.0"}, InsecureTransport),
        ({"min_tls": "1.1"}, InsecureTransport),
        ({"min_tls": "TLSv1.2"}, ConfigurationError),
        ({"timeout": 0}, ConfigurationError),
        ({"timeout": float("nan")}, ConfigurationError),
        ({"ca_bundle": "/no/such/file.pem"}, ConfigurationError),
        ({"ca_bundle": __file__}, ConfigurationError),
    ],
)
def test_bad_settings(settings, error):
    """A setting that cannot be used is refused before anything is sent."""
    with tls_listener() as server:
        with pytest.raises(error) as caught:
            probe_tls(server.url, **settings)
        assert server.connections == 0
    assert texts(caught.value)
