"""TLS as this package speaks it: a pinned minimum, always verified, never anything but https.

botocore offers no public way to its SSL context, so a client's HTTP session is replaced by a subclass of
the same class. This is the one module that touches it; ``tests/guard/test_installed_botocore.py`` holds it
against the botocore that is installed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import HTTPClientError
from botocore.history import get_global_history_recorder
from botocore.httpsession import URLLib3Session, get_cert_path

from ..errors import InsecureTransport, SecureS3Error

LAST_LOOK = "secure_s3.last_look"
"""Where a request's context holds the check that is repeated when everybody else has had a go at it."""

WENT = "secure_s3.went"
"""Where it holds what went out last: method, URL and headers. Not the request, which holds the context."""

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def pin(context: ssl.SSLContext, min_tls: str) -> ssl.SSLContext:
    """Raise the context's minimum to *min_tls*, demand verification, and assert both.

    Raises:
        InsecureTransport: this Python's OpenSSL cannot give what was asked.
    """
    wanted = VERSIONS[min_tls]
    if context.minimum_version < wanted:
        context.minimum_version = wanted
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    if getattr(context, "keylog_filename", None):
        context.keylog_filename = None  # type: ignore[assignment]
    assert_pinned(context, min_tls)
    return context


def assert_pinned(context: ssl.SSLContext, min_tls: str) -> None:
    """Raise InsecureTransport unless *context* verifies and refuses what is older than *min_tls*."""
    effective = context.minimum_version
    if effective < VERSIONS[min_tls] or context.verify_mode != ssl.CERT_REQUIRED:
        raise InsecureTransport(
            f"TLS {min_tls} with verification cannot be guaranteed",
            why=f"the SSL context has minimum_version={effective!r}, verify_mode={context.verify_mode!r}",
            fix=f"use a Python whose OpenSSL supports TLS {min_tls} (this one: {ssl.OPENSSL_VERSION})",
        )


_BLOCK = 1 << 18


class _Noted(ssl.SSLSocket):
    """A TLS connection that notes which version was agreed upon."""

    versions: set[str | None]

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        self.versions.add(self.version())


class PinnedSession(URLLib3Session):  # type: ignore[misc,unused-ignore]
    """botocore's HTTP session with a pinned TLS minimum, which sends nothing but verified https."""

    def __init__(self, *, min_tls: str, allowed_host: Callable[[str], bool], **settings: Any) -> None:
        self._min_tls = min_tls
        self._allowed_host = allowed_host
        self._versions: set[str | None] = set()
        super().__init__(**settings)

    def _get_pool_manager_kwargs(self, **extra: Any) -> dict[str, Any]:
        # Bodies go out in smaller blocks otherwise, each with its turn of the interpreter.
        given: dict[str, Any] = super()._get_pool_manager_kwargs(**extra)  # type: ignore[misc,unused-ignore]
        return {**given, "blocksize": _BLOCK}

    def _get_ssl_context(self) -> ssl.SSLContext:
        context = self._pinned_context()
        # It looks like the genuine one, which filters of warnings know by its name.
        named = {"__module__": "ssl", "__qualname__": "SSLSocket", "versions": self._versions}
        context.sslsocket_class = type("SSLSocket", (_Noted,), named)
        return context

    def _pinned_context(self) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._get_ssl_context()  # type: ignore[misc,unused-ignore]
        return pin(context, self._min_tls)

    def _setup_proxy_ssl_context(self, proxy_url: str) -> ssl.SSLContext:
        # botocore leaves https proxies without settings of their own to urllib3's default context.
        given: ssl.SSLContext | None = super()._setup_proxy_ssl_context(proxy_url)  # type: ignore[misc,unused-ignore]
        if given is not None:
            given.sslsocket_class = ssl.SSLSocket  # what is agreed with a proxy says nothing of S3
            return pin(given, self._min_tls)
        context = self._pinned_context()
        context.load_verify_locations(cafile=get_cert_path(self.__dict__["_verify"]))
        return context

    def check(self, request: Any) -> None:
        """InsecureTransport unless a prepared request is https, verified, and to a host we mean."""
        parts = urlsplit(request.url)
        if parts.scheme != "https" or not self.__dict__.get("_verify"):
            raise InsecureTransport(
                f"a request to {parts.hostname} would go without verified TLS",
                why="the request's URL or the session's verification was changed after the client was made",
                fix="look for event handlers that change request.url, and for changes to the HTTP session",
            )
        if not self._allowed_host(parts.hostname or ""):
            raise InsecureTransport(
                f"a signed request would go to the host {parts.hostname}",
                why="its URL was changed after it was signed",
                fix="look for event handlers that change request.url; pass the host as endpoint_url= "
                "if you mean it",
            )
        if last_look := (getattr(request, "context", None) or {}).get(LAST_LOOK):
            last_look(request.url, request.headers, body=request.body)

    def negotiated(self) -> str | None:
        """The TLS version of the connections so far, ``"1.2"`` or ``"1.3"``, if they agree on one."""
        if len(self._versions) != 1:
            return None
        (version,) = self._versions
        name = (version or "").removeprefix("TLSv")
        return name if name in VERSIONS else None

    def ready(self, request: Any) -> None:
        """The last look at a request, and a note of it in its call's context."""
        self.check(request)
        if (context := getattr(request, "context", None)) is not None:
            context[WENT] = (request.method, request.url, request.headers)

    def send(self, request: Any) -> Any:
        """Send a prepared request after a last check."""
        self.ready(request)
        try:
            return super().send(request)
        except HTTPClientError as error:
            # What a body raises while it is read would be wrapped, and the request repeated.
            if isinstance(error.__context__, SecureS3Error):
                raise error.__context__ from None
            raise


def require_pinned(session: Any, min_tls: str) -> None:
    """Raise InsecureTransport unless *session* is still the pinned one, with its TLS minimum in force."""
    ours = isinstance(session, PinnedSession)
    if not ours:
        raise InsecureTransport(
            f"the client's HTTP session was replaced by {type(session).__name__}",
            why="another HTTP session keeps no TLS minimum and may verify nothing",
            fix="look for code that assigns client._endpoint.http_session, and remove it",
        )
    assert_pinned(session._manager.connection_pool_kw["ssl_context"], min_tls)


def pin_client(client: Any, min_tls: str, allowed_host: Callable[[str], bool]) -> None:
    """Replace the HTTP session of a botocore client by a pinned one with the same settings."""
    old = client._endpoint.http_session
    if old._proxy_config.settings.get("proxy_use_forwarding_for_https"):
        raise InsecureTransport(
            "proxy_use_forwarding_for_https would show every request to the proxy in clear text",
            why="it ends TLS at the proxy instead of at S3",
            fix="remove it from Config(proxies_config=…); https goes through proxies by CONNECT",
        )
    timeout = old._timeout
    client._endpoint.http_session = PinnedSession(
        min_tls=min_tls,
        allowed_host=allowed_host,
        verify=old._verify,
        proxies=old._proxy_config._proxies,
        timeout=(timeout.connect_timeout, timeout.read_timeout)
        if hasattr(timeout, "connect_timeout")
        else timeout,
        max_pool_connections=old._max_pool_connections,
        socket_options=old._socket_options,
        client_cert=(old._cert_file, old._key_file) if old._key_file else old._cert_file,
        proxies_config=old._proxy_config.settings,
    )
    require_pinned(client._endpoint.http_session, min_tls)
    old.close()


def refuse_history() -> None:
    """Refuse to work while botocore's history recorder writes requests, keys included, to a database."""
    recorder = get_global_history_recorder()
    if getattr(recorder, "_enabled", False):
        raise InsecureTransport(
            "botocore's history_recorder is on",
            why="it stores requests with their Authorization headers and SSE-C keys",
            fix="disable it: botocore.history.get_global_history_recorder().disable()",
        )
