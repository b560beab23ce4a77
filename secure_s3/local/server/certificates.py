"""A throwaway certificate authority and the listener's TLS context."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from ..settings import HOST

__all__ = ["issue"]

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def issue(ca_bundle: Path, *, min_tls: str) -> ssl.SSLContext:
    """A server context for 127.0.0.1 and localhost; writes the CA's certificate to ``ca_bundle``.

    The private keys never leave this process, and the CA's is forgotten when this function returns.
    """
    authority = trustme.CA(organization_name="secure_s3 embedded endpoint")
    authority.cert_pem.write_to_path(str(ca_bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[min_tls]
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(HOST, "localhost").configure_cert(context)
    return context
