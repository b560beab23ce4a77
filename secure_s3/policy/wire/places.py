"""The ARNs of what a request is about: buckets, objects, access points, the source of a copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from ...errors import PolicyError
from .sent import SentRequest

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eusc-", "aws-eusc"),
)
_ACCESS_POINT = re.compile(r"(arn:[^:]+:s3:[^:]*:(?P<account>[0-9]{12}):accesspoint)[:/](?P<name>[^/:]+)")
_SOURCE = re.compile(r"(?P<bucket>arn:.+?:accesspoint[:/][^/]+)/object/(?P<key>.+)", re.S)


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket or an access point, as an ARN.

    Args:
        arn: ``arn:aws:s3:::bucket`` or the access point's.
        access_point: It is an access point; its own policy is asked, and the bucket's besides.
        account: Of the access point.
    """

    arn: str
    access_point: bool = False
    account: str | None = None

    def object(self, key: str) -> str:
        """The ARN of an object in it."""
        return f"{self.arn}/object/{key}" if self.access_point else f"{self.arn}/{key}"


def partition(region: str | None) -> str:
    """``aws``, ``aws-cn``, …."""
    return next((name for prefix, name in _PARTITIONS if (region or "").startswith(prefix)), "aws")


def place(bucket: str, region: str | None) -> Place:
    """Where *bucket*, a name or an ARN, is.

    Raises:
        PolicyError: It is an alias or something else whose ARN cannot be told from its name.
    """
    found = _ACCESS_POINT.fullmatch(bucket)
    if found:
        return Place(f"{found[1]}/{found['name']}", True, found["account"])
    if bucket.startswith("arn:"):
        raise PolicyError(
            f"{bucket!r} is neither a bucket nor an access point of S3",
            why="Outposts and Object Lambda have actions and policies of their own, which are not known here",
            fix="check the request on the bucket underneath",
        )
    if bucket.endswith(("-s3alias", "--ol-s3")):
        raise PolicyError(
            f"{bucket!r} is the alias of an access point",
            why="policies name its ARN, which the alias does not tell",
            fix="pass the access point's ARN as Bucket",
        )
    if bucket.endswith(("--x-s3", "--xa-s3")):
        raise PolicyError(
            f"{bucket!r} is a directory bucket",
            why="there, policies decide about s3express:CreateSession and not about single requests",
            fix="evaluate s3express:CreateSession on it",
        )
    return Place(f"arn:{partition(region)}:s3:::{bucket}")


def copy_source(sent: SentRequest) -> tuple[str, str, str | None]:
    """Bucket (or access point), key and version of the object that is copied.

    Raises:
        PolicyError: The header is missing or names no object.
    """
    path, _, query = (sent.header("x-amz-copy-source") or "").partition("?")
    text = unquote(path)
    found = _SOURCE.fullmatch(text)
    bucket, key = (found["bucket"], found["key"]) if found else (text.lstrip("/").partition("/")[::2])
    if not bucket or not key:
        raise PolicyError(
            f"{sent.operation} names no source",
            why="x-amz-copy-source reads bucket/key",
            fix="pass CopySource",
        )
    version = unquote(query.removeprefix("versionId=")) if query.startswith("versionId=") else None
    return bucket, key, version
