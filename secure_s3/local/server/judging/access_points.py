"""Access points: further names of a bucket, with a policy of their own.

A request reaches one by its alias, which stands where the bucket's name would, or by its ARN, which does so
here alone: an address has no subdomains (``guard.points``). moto knows them and does not answer to either.
Source: Amazon S3 User Guide, "Managing access to shared datasets with access points",
"Using a bucket-style alias for your general purpose bucket access point".
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from moto.s3control import models

from ...settings import ACCOUNT_ID
from ..call import AccessPoint, Call
from ..faults import Refusal
from ..store import Store
from .operations import check_point

__all__ = ["find", "fit_region", "lead_to_bucket"]

_ALIAS = "-s3alias"


def find(name: str) -> AccessPoint | None:
    """The access point of an alias, or of an ARN; None if there is none, or it is no name of one."""
    if not name.endswith(_ALIAS) and ":accesspoint" not in name:
        return None
    for point in list(models.s3control_backends[ACCOUNT_ID]["aws"].access_points[ACCOUNT_ID].values()):
        arn = str(point.arn)
        if name in (point.alias, arn, arn.replace(":accesspoint/", ":accesspoint:")):
            policy = _text(point.policy)
            return AccessPoint(arn, point.bucket, point.network_origin, policy, point.vpc_id, name)
    return None


def _text(policy: Any) -> str | None:
    return policy.decode() if isinstance(policy, bytes) else policy


def fit_region(store: Store) -> None:
    """Let moto give the ARNs of access points the region of their buckets; it knows one region only."""
    made: Any = models.AccessPoint
    original = made.__init__
    if hasattr(original, "fitted"):
        return

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        bucket = store.bucket(self.bucket)
        if bucket is not None:
            self.arn = f"arn:{bucket.partition}:s3:{bucket.region_name}:{ACCOUNT_ID}:accesspoint/{self.name}"

    init.fitted = True  # type: ignore[attr-defined]
    made.__init__ = init


def lead_to_bucket(call: Call) -> None:
    """Make a request to access points one to their buckets; ``point`` and ``source_point`` tell of it.

    Raises:
        Refusal: MethodNotAllowed for what access points are not for, NoSuchAccessPoint for an ARN of none.
    """
    _lead_source(call)
    point = find(call.bucket)
    if point is None and call.bucket.startswith("arn:"):
        raise Refusal(404, "NoSuchAccessPoint", "The specified accesspoint does not exist")
    if point is not None:
        check_point(call.operation, call.method, call.key, call.query)
        _lead(call, point)


def _lead(call: Call, point: AccessPoint) -> None:
    environ = call.environ
    query = str(environ.get("QUERY_STRING", ""))
    path = str(environ["RAW_URI"]).split("?", 1)[0].lstrip("/").partition("/")[2]
    target = f"/{quote(point.bucket)}" + (f"/{path}" if call.key else "")
    environ["RAW_URI"] = environ["REQUEST_URI"] = target + (f"?{query}" if query else "")
    named = f"/{point.bucket}/{call.key}" if call.key else f"/{point.bucket}"
    environ["PATH_INFO"] = named.encode().decode("latin-1")
    call.read_again()
    call.point = point


def _lead_source(call: Call) -> None:
    """Write the source of a copy anew as well: whoever reads it from here on reads the same object."""
    path, _, query = call.headers.get("x-amz-copy-source", "").partition("?")
    text = unquote(path).lstrip("/")
    name, _, key = text.partition("/object/") if text.startswith("arn:") else text.partition("/")
    call.source_point = find(name) if key else None
    if call.source_point is None:
        name, _, key = text.partition("/")
    if not key:
        return  # names no object, and is refused for that
    bucket = call.source_point.bucket if call.source_point else name
    version = parse_qs(query).get("versionId")
    named = f"{quote(bucket, safe='')}/{quote(key)}" + (f"?versionId={quote(version[0])}" if version else "")
    call.environ["HTTP_X_AMZ_COPY_SOURCE"] = named
    call.read_again()
