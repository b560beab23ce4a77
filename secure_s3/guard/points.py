"""Requests through access-point ARNs where there are no subdomains: an address, or ``localhost``.

For the ARN of an access point botocore puts ``name-account.`` before the host, for an endpoint that is
configured, too, and offers no setting against it (``endpoint-rule-set-1.json`` of s3). Nothing can be put
before an address; there the ARN goes into the path, as the name of a bucket does. Hosts that have subdomains,
those of AWS above all, are left as botocore makes them.
"""

from __future__ import annotations

import re
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

_ARN = re.compile(r"(arn:[a-z-]+:s3:[a-z0-9-]+:(?P<account>[0-9]{12}):accesspoint)[:/](?P<name>[a-z0-9-]+)")


def has_no_subdomains(host: str) -> bool:
    """Whether nothing can be put before *host*: an address, or this machine's own name."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def lead_points(client: Any) -> None:
    """Let an S3 client reach access points by their ARNs, if its endpoint has no subdomains."""
    own = urlsplit(client.meta.endpoint_url)
    if has_no_subdomains(own.hostname or ""):
        lead = partial(point_in_path, netloc=own.netloc, base=own.path.rstrip("/"))
        client.meta.events.register("before-sign.s3", lead, unique_id="secure-s3-point")


def segment(bucket: str) -> str:
    """What stands for an ARN in the path: with a colon before the name, for a slash would end it there."""
    found = _ARN.fullmatch(bucket)
    return quote(f"{found[1]}:{found['name']}" if found else bucket, safe="")


def point_in_path(request: Any, netloc: str, base: str, **_: Any) -> None:
    """Take the access point from the host's front into the path; before it is signed, so that both agree.

    Args:
        request: One that is about to be signed; it is changed.
        netloc, base: Host and path of the endpoint.
    """
    bucket = ((request.context.get("s3_redirect") or {}).get("params") or {}).get("Bucket")
    found = _ARN.fullmatch(bucket) if isinstance(bucket, str) else None
    parts = urlsplit(request.url)
    if found is None or parts.netloc != f"{found['name']}-{found['account']}.{netloc}":
        return
    rest = parts.path.removeprefix(base)
    rest = "" if rest == "/" else rest  # a slash alone stands for the bucket
    path = f"{base}/{segment(found[0])}{rest}"
    request.url = urlunsplit((parts.scheme, netloc, path, parts.query, parts.fragment))
