"""What TLS an endpoint offers, and whether the guard would talk to it.

:func:`probe_tls` makes one handshake per TLS version with throw-away contexts that accept anything, and
one that verifies as the guard does. None of them carries a byte of application data.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import create_urllib3_context, get_cert_path

from ..errors import ConfigurationError, InsecureTransport, TlsError, TransportError
from .tls import pin

__all__ = ["Certificate", "TlsReport", "TlsVersion", "probe_tls"]

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_BUILT_IN = {"1.0": ssl.HAS_TLSv1, "1.1": ssl.HAS_TLSv1_1, "1.2": ssl.HAS_TLSv1_2, "1.3": ssl.HAS_TLSv1_3}
# OpenSSL 3 needs level 0 for the SHA-1 signatures of TLS 1.0 and 1.1. Anonymous suites have no certificate.
_ANY_CIPHER = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
# OpenSSL's reason strings. A local one means that this machine's build or policy cannot say the version.
_LOCAL = {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_SUITABLE_DIGEST_ALGORITHM"}
_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}
_SELF_SIGNED = 18
_TRUST_CA = "give the CA's certificate as ca_bundle if the CA is yours, else do not connect"
_FIXES = {  # X509_V_ERR_* of OpenSSL's x509_vfy.h
    9: "wait until the certificate is valid, or set this machine's clock",
    10: "renew the endpoint's certificate, or set this machine's clock",
    _SELF_SIGNED: "give that certificate as ca_bundle if it is yours, else do not connect",
    19: _TRUST_CA,
    20: _TRUST_CA,
    62: "use a host name that the certificate carries, or have a certificate issued for this one",
    64: "use a host name instead of the address, or have a certificate issued for this address",
}


@dataclass(frozen=True, slots=True)
class TlsVersion:
    """One version of TLS: offered (True), not offered (False), or not to be told from here (None)."""

    version: str
    offered: bool | None
    detail: str
    cipher: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate an endpoint shows; a field is None when it could not be read.

    Without the ``cryptography`` package only a certificate that verifies can be read beyond its
    fingerprint. ``names`` are the subjectAltNames; ``days_left`` is negative once it has expired.
    """

    sha256: str
    subject: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    days_left: int | None = None
    self_signed: bool | None = None


@dataclass(frozen=True, slots=True)
class TlsReport:
    """What :func:`probe_tls` found out.

    When it is not ``accepted``, ``reasons`` says why, each with what would mend it. ``verified`` is about
    the certificate alone: its chain and its host name.
    """

    url: str
    min_tls: str
    versions: tuple[TlsVersion, ...]
    cipher: str | None
    certificate: Certificate | None
    verified: bool
    verification: str
    reasons: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the guard would talk to this endpoint."""
        return self.verified and not self.reasons

    @property
    def offered(self) -> tuple[str, ...]:
        """The versions that are offered, oldest first."""
        return tuple(version.version for version in self.versions if version.offered)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values for ``--json``; times in ISO 8601."""
        return {"accepted": self.accepted, **asdict(self, dict_factory=_plain)}


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pairs}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How one handshake ended; ``outcome`` is offered, refused, closed, silent, not-tls or untestable."""

    outcome: str
    detail: str = ""
    cipher: str | None = None
    der: bytes = b""
    parsed: dict[str, Any] | None = None
    verify_code: int | None = None


@dataclass(frozen=True, slots=True)
class _Peer:
    host: str
    port: int
    timeout: float

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def probe_tls(
    url: str,
    *,
    ca_bundle: str | os.PathLike[str] | None = None,
    min_tls: str = "1.2",
    timeout: float = 5.0,
    now: datetime | None = None,
) -> TlsReport:
    """Which TLS an endpoint offers, its certificate, and whether the guard would accept it.

    Uses no proxy, reads no AWS_CA_BUNDLE. A server that wants a client certificate may seem to lack TLS 1.2.

    Args:
        url: ``https://host[:port]``; only scheme, host and port are used and kept.
        ca_bundle: A file of PEM certificates to verify against; default: the one botocore uses.
        min_tls: "1.2" or "1.3": what the guard would ask for.
        timeout: Seconds for each connection and each handshake.
        now: The moment (with a time zone) that ``days_left`` is counted from; default: the clock.

    Returns:
        A TlsReport. An untrusted certificate or an old version is a report with ``accepted`` False.

    Raises:
        InsecureTransport: `url` is not https, or `min_tls` is older than 1.2.
        ConfigurationError: `url`, `min_tls` or `ca_bundle` cannot be used.
        TransportError: Nobody answers there; TlsError: what answers does not speak TLS.
    """
    _check_settings(min_tls, timeout)
    peer = _peer(url, timeout)
    verifying = _verifying_context(ca_bundle, min_tls)
    _require_reachable(peer)
    contexts = [_accepting_context(version) for version in _VERSIONS]
    with ThreadPoolExecutor(len(contexts)) as pool:
        attempts = dict(zip(_VERSIONS, pool.map(partial(_shake_hands, peer), contexts), strict=True))
    _require_tls(peer, attempts)
    versions = tuple(_version(name, attempt) for name, attempt in attempts.items())
    offered = [version.version for version in versions if version.offered]
    trust = _judge(peer, verifying, min_tls, offered)
    verified = trust.outcome == "offered"
    best = trust if verified else next((attempts[v] for v in reversed(offered)), None)
    return TlsReport(
        url=f"https://{peer}",
        min_tls=min_tls,
        versions=versions,
        cipher=best.cipher if best else None,
        certificate=_certificate(best.der, trust, now or datetime.now(timezone.utc))
        if best and best.der
        else None,
        verified=verified,
        verification="chain and host name verified" if verified else trust.detail,
        reasons=_reasons(peer, min_tls, offered, trust),
    )


def _judge(peer: _Peer, context: ssl.SSLContext, min_tls: str, offered: list[str]) -> _Attempt:
    """The verifying handshake: as the guard makes it or, where no version will do, for the certificate."""
    if not offered:
        return _Attempt("refused", "no handshake succeeded, so no certificate was seen")
    if offered[-1] < min_tls:
        _set_versions(context, offered[0], offered[-1])
        context.set_ciphers(_ANY_CIPHER)
    return _shake_hands(peer, context)


def _check_settings(min_tls: str, timeout: float) -> None:
    if min_tls not in ("1.2", "1.3") or not timeout > 0:  # so that NaN is refused, too
        error = InsecureTransport if min_tls in ("1.0", "1.1") else ConfigurationError
        raise error(
            f"min_tls={min_tls!r} with timeout={timeout!r} cannot be used",
            why="the guard talks TLS 1.2 or newer only, as AWS does, and waits for a positive time",
            fix='pass min_tls="1.2" or "1.3", and a timeout in seconds such as 5.0',
        )


def _peer(url: str, timeout: float) -> _Peer:
    """Host and port of `url`; its path, query and user part, which may hold secrets, appear nowhere."""
    scheme, host, port = "", "", None
    with suppress(ValueError):  # a UnicodeError is one; its text may quote all of the URL
        parts = urlsplit(url)
        scheme, port = parts.scheme, 443 if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    if scheme == "http":
        raise InsecureTransport(
            f"the endpoint {host} is to be reached over plain HTTP",
            why="anybody on the way could read and change objects and credentials",
            fix="use the https:// address of the endpoint",
        )
    if scheme != "https" or not host or not port:
        raise ConfigurationError(
            "the URL to probe is not an https address",
            why="its scheme, its host name or its port is missing or malformed",
            fix="pass https://host or https://host:port",
        )
    return _Peer(host, port, timeout)


def _verifying_context(ca_bundle: str | os.PathLike[str] | None, min_tls: str) -> ssl.SSLContext:
    """A context with the guard's own settings."""
    path = get_cert_path(True) if ca_bundle is None else os.fspath(ca_bundle)
    context = pin(create_urllib3_context(), min_tls)
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:  # an ssl.SSLError is one
        raise ConfigurationError(
            f"the CA bundle {path} cannot be read",
            why=error.strerror or str(error),
            fix="pass ca_bundle= the path of a file of PEM certificates",
        ) from error
    return context


@cache  # and so the warning filters, which are not thread-safe, are rarely touched
def _accepting_context(version: str) -> ssl.SSLContext | None:
    """A context that speaks `version` only and accepts any certificate; None where OpenSSL cannot."""
    if not _BUILT_IN[version]:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        context.set_ciphers(_ANY_CIPHER)
        _set_versions(context, version, version)
    except (ssl.SSLError, ValueError):
        return None
    return context


def _set_versions(context: ssl.SSLContext, lowest: str, highest: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # naming 1.0 and 1.1 is deprecated, and our job
        context.minimum_version, context.maximum_version = _VERSIONS[lowest], _VERSIONS[highest]


def _require_reachable(peer: _Peer) -> None:
    try:
        socket.create_connection((peer.host, peer.port), timeout=peer.timeout).close()
    except OSError as error:
        timed_out = isinstance(error, TimeoutError)
        raise TransportError(
            f"{peer} cannot be reached",
            why=f"no answer within {peer.timeout:g} s" if timed_out else error.strerror or str(error),
            fix="check host name, port, DNS and firewall; the probe uses no proxy",
        ) from error


def _shake_hands(peer: _Peer, context: ssl.SSLContext | None) -> _Attempt:
    """One handshake and nothing after it."""
    if context is None:
        return _Attempt("untestable", "this machine's OpenSSL does not speak it")
    try:
        raw = socket.create_connection((peer.host, peer.port), timeout=peer.timeout)
        with raw, context.wrap_socket(raw, server_hostname=peer.host) as sock:
            cipher = sock.cipher()
            der = sock.getpeercert(binary_form=True) or b""
            return _Attempt("offered", "", cipher[0] if cipher else None, der, sock.getpeercert())
    except ssl.SSLCertVerificationError as error:
        return _Attempt("refused", error.verify_message.rstrip("."), verify_code=error.verify_code)
    except ssl.SSLError as error:
        return _failed(error)
    except TimeoutError:
        return _Attempt("silent", f"no answer within {peer.timeout:g} s")
    except OSError as error:
        return _Attempt("closed", error.strerror or str(error))


def _failed(error: ssl.SSLError) -> _Attempt:
    reason = error.reason or str(error)
    detail = reason.lower().replace("_", " ")
    if isinstance(error, ssl.SSLEOFError):
        return _Attempt("closed", "the peer closed the connection")
    if reason in _LOCAL:
        return _Attempt("untestable", f"this machine's OpenSSL refuses it: {detail}")
    return _Attempt("not-tls" if reason in _NOT_TLS else "refused", detail)


def _require_tls(peer: _Peer, attempts: dict[str, _Attempt]) -> None:
    """Raise when nothing that came back was TLS; say what tells most."""
    said = {attempt.outcome: attempt.detail for attempt in attempts.values()}
    if said.keys() & {"offered", "refused"}:
        return
    fix = "check the port: 443 and the HTTPS port of a local endpoint speak TLS, 80 does not"
    if "not-tls" in said:
        why = f"what it answered to a handshake is something else ({said['not-tls']})"
        raise TlsError(f"{peer} does not speak TLS", why=why, fix=fix)
    if "silent" in said:
        what = f"{peer} accepts connections but does not answer a TLS handshake"
        raise TransportError(what, why=said["silent"], fix=f"{fix}; or pass a longer timeout")
    why = said.get("closed") or "; ".join(set(said.values()))
    raise TlsError(f"no TLS handshake with {peer} gets an answer", why=why, fix=fix)


def _version(name: str, attempt: _Attempt) -> TlsVersion:
    offered, text = {
        "offered": (True, "offered"),
        "untestable": (None, f"not testable here: {attempt.detail}"),
        "silent": (None, f"not known: {attempt.detail}"),
    }.get(attempt.outcome, (False, f"not offered: {attempt.detail}"))
    return TlsVersion(name, offered, text, attempt.cipher)


def _reasons(peer: _Peer, min_tls: str, offered: list[str], trust: _Attempt) -> tuple[str, ...]:
    reasons = []
    if not offered or offered[-1] < min_tls:
        got = ", ".join(offered) or "no version that could be tried"
        reasons.append(
            f"{peer} does not offer TLS {min_tls} or newer: it offers {got}. "
            f"Fix: have its operator turn on TLS {min_tls}."
        )
    if trust.verify_code is not None:
        fix = _FIXES.get(trust.verify_code, "have the endpoint's operator mend its certificate chain")
        reasons.append(f"The certificate of {peer} was not verified: {trust.detail}. Fix: {fix}.")
    elif offered and trust.outcome != "offered":
        reasons.append(
            f"The handshake with {peer} under the guard's settings failed: {trust.detail}. "
            "Fix: have its operator allow current cipher suites, or try again if the connection broke."
        )
    return tuple(reasons)


def _certificate(der: bytes, trust: _Attempt, now: datetime) -> Certificate:
    found = _read_der(der) or _read_parsed(trust)
    days_left = (found["not_after"] - now) // timedelta(days=1) if "not_after" in found else None
    return Certificate(sha256=hashlib.sha256(der).hexdigest(), days_left=days_left, **found)


def _read_der(der: bytes) -> dict[str, Any]:
    """The fields of a certificate, read by ``cryptography``; empty when it is not installed or cannot."""
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
    except ImportError:
        return {}
    found: dict[str, Any] = {"names": (), "self_signed": False}
    try:
        shown = x509.load_der_x509_certificate(der)
        found["subject"], found["issuer"] = shown.subject.rfc4514_string(), shown.issuer.rfc4514_string()
        found["not_before"], found["not_after"] = shown.not_valid_before_utc, shown.not_valid_after_utc
        with suppress(x509.ExtensionNotFound):
            names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            found["names"] = tuple(str(getattr(name, "value", name)) for name in names)
        with suppress(ValueError, TypeError, InvalidSignature):
            shown.verify_directly_issued_by(shown)
            found["self_signed"] = True
        return found
    except (ValueError, AttributeError):  # malformed, or a cryptography older than 42
        return {}


def _read_parsed(trust: _Attempt) -> dict[str, Any]:
    """The fields that the ssl module read itself, which it does for verified certificates only."""
    parsed = trust.parsed
    if not parsed:
        return {"self_signed": True} if trust.verify_code == _SELF_SIGNED else {}
    found: dict[str, Any] = {"names": tuple(value for _, value in parsed.get("subjectAltName", ()))}
    for field in ("subject", "issuer"):
        found[field] = ",".join(f"{key}={value}" for part in parsed[field] for key, value in part)
    for field, name in (("not_before", "notBefore"), ("not_after", "notAfter")):
        found[field] = datetime.fromtimestamp(ssl.cert_time_to_seconds(parsed[name]), timezone.utc)
    return {**found, "self_signed": parsed["subject"] == parsed["issuer"]}
