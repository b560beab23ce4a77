"""How requests travel: HTTPS, and the version of TLS."""

from __future__ import annotations

from ..statement import Statement
from .identities import DELIVERIES_SPARED
from .parts import deny, flag, one_of
from .places import place

TLS_VERSIONS = ("1.2", "1.3")


def deny_insecure_transport(
    bucket: str, *, sid: str = "DenyInsecureTransport", partition: str = "aws"
) -> Statement:
    """Denies every request over plain HTTP.

    Passes: whatever comes over HTTPS, whichever version of TLS (see require_min_tls). It does not take back
    what an HTTP request has shown on the wire before it was refused, its headers and body.

    Args:
        bucket: The name of a bucket, or the ARN of an access point.

    Source: Amazon S3 User Guide, "Security best practices": enforce encryption of data in transit.
    """
    return deny(sid, "s3:*", place(bucket, partition).everything, {"Bool": {"aws:SecureTransport": "false"}})


def require_min_tls(
    bucket: str,
    version: str = "1.2",
    *,
    except_services: bool = False,
    sid: str = "RequireMinTls",
    partition: str = "aws",
) -> Statement:
    """Denies requests over a version of TLS older than *version*.

    Passes: **plain HTTP**, which has no TLS version at all: it stands beside deny_insecure_transport, never
    alone. An access point may ask for more than its bucket does: pass its ARN; whoever uses the bucket
    itself is then held to the bucket's minimum only.

    Args:
        bucket: The name of a bucket, or the ARN of an access point.
        version: ``1.2`` or ``1.3``. S3 takes nothing older than 1.2 anyway; above 1.3 nobody could get in.
        except_services: Services of AWS that call as themselves (log delivery, CloudFront) are spared: which
            version they speak is not in your hands.

    Source: Amazon S3 User Guide, "Bucket policy examples using condition keys": s3:TlsVersion.
    """
    one_of(
        version, TLS_VERSIONS, "version", "S3 takes nothing older than 1.2, and there is nothing above 1.3"
    )
    return deny(
        sid,
        "s3:*",
        place(bucket, partition).everything,
        {"NumericLessThan": {"s3:TlsVersion": version}},
        DELIVERIES_SPARED if flag(except_services, "except_services") else {},
    )
