"""The resources of statements: a bucket or an access point, and the objects under a prefix in it.

Sources: Amazon S3 User Guide, "General purpose bucket naming rules", "Policy resources for Amazon S3",
"Configuring IAM policies for using access points"; IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import PolicyError
from ...limits import MAX_KEY_BYTES
from ..variables import VARIABLE
from .parts import one_of

PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f")

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_ACCESS_POINT = re.compile(
    r"arn:(aws[a-z-]*):s3:([a-z0-9-]+):[0-9]{12}:accesspoint/([a-z0-9][a-z0-9-]{1,48}[a-z0-9])"
)
_AWS_VARIABLE = re.compile(
    r"aws:(username|userid|principalaccount|principalorgid|principalarn|principaltype|sourceidentity"
    r"|federatedprovider|principaltag/[^\s*?{}$']{1,128})",
    re.I,
)
_OTHER_VARIABLE = re.compile(r"(?!aws:)[A-Za-z0-9.-]+:[A-Za-z0-9_./-]+")
_DEFAULT = re.compile(r"([^,]+?)\s*,\s*'[^'*?]*'")


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket or an access point as statements name it.

    Args:
        whole: Its ARN, for actions such as s3:ListBucket.
        inside: What stands before an object's key in the ARN of an object.
        partition: e.g. ``aws``.
    """

    whole: str
    inside: str
    partition: str

    def objects(self, prefix: str = "") -> str:
        """All objects whose key begins with *prefix*."""
        return f"{self.inside}{key_prefix(prefix)}*"

    @property
    def everything(self) -> tuple[str, str]:
        """The bucket and its objects: either one without the other leaves half of the requests out."""
        return self.whole, self.objects()


def place(bucket: str, partition: str = "aws") -> Place:
    """The bucket of that name, or the access point of that ARN."""
    if isinstance(bucket, str) and bucket.startswith("arn:"):
        match = _ACCESS_POINT.fullmatch(bucket)
        if match is None:
            raise PolicyError(
                f"{bucket!r} is neither a bucket's name nor the ARN of an access point",
                fix="pass the name of the bucket, or arn:aws:s3:region:account:accesspoint/name",
            )
        return Place(bucket, f"{bucket}/object/", match[1])
    return bucket_place(bucket, partition)


def bucket_place(bucket: str, partition: str = "aws") -> Place:
    """The bucket of that name; for settings that only a bucket has."""
    arn = f"arn:{one_of(partition, PARTITIONS, 'partition')}:s3:::{bucket_name(bucket)}"
    return Place(arn, f"{arn}/", partition)


def bucket_name(bucket: str) -> str:
    """*bucket* if it is the name of a general purpose bucket."""
    why = "3 to 63 lower-case letters, digits, dots and hyphens (General purpose bucket naming rules)"
    fix = "pass the name alone, without s3:// and without white space"
    if isinstance(bucket, str) and any(character.isspace() for character in bucket):
        why = "it holds white space: the ARN would match nothing, and the statement protect nothing"
    elif isinstance(bucket, str) and bucket.endswith("--x-s3"):
        why, fix = "a directory bucket has actions and ARNs of its own (s3express)", "write these by hand"
    elif isinstance(bucket, str) and bucket.startswith("arn:"):
        why = "a bucket's setting is meant, and this is an ARN"
    elif isinstance(bucket, str) and _BUCKET.fullmatch(bucket) and not _ADDRESS.fullmatch(bucket):
        return bucket
    raise PolicyError(f"{bucket!r} is no name of a bucket", why=why, fix=fix)


def key_prefix(prefix: str) -> str:
    """*prefix* if it is the literal beginning of keys, with policy variables or without."""
    if not isinstance(prefix, str):
        raise PolicyError(f"prefix= is a {type(prefix).__name__}", fix='pass a text, e.g. prefix="reports/"')
    complaint = _complaint(prefix)
    if complaint:
        raise PolicyError(f"prefix={prefix!r} does not do", why=complaint[0], fix=complaint[1])
    for found in VARIABLE.finditer(prefix):
        _check_variable(found[1])
    return prefix


def _complaint(prefix: str) -> tuple[str, str] | None:
    literal = VARIABLE.sub("", prefix)
    if prefix.startswith("/"):
        return "keys do not begin with a slash, so nothing would match", "remove it"
    if "*" in literal or "?" in literal:
        return "it is the literal beginning of keys; the star at the end is added", "write ${*} or ${?}"
    if "${" in literal or "{" in literal or "}" in literal:
        return "its braces are not those of a policy variable", "write ${aws:username}"
    if not prefix.isprintable():
        return "a policy takes printable characters only", "remove the others"
    if len(prefix.encode()) > MAX_KEY_BYTES:
        return f"no key is longer than {MAX_KEY_BYTES} bytes", "shorten it"
    return None


def _check_variable(inner: str) -> None:
    with_default = _DEFAULT.fullmatch(inner)
    key = with_default[1] if with_default else inner
    if inner in ("*", "?", "$") or _AWS_VARIABLE.fullmatch(key) or _OTHER_VARIABLE.fullmatch(key):
        return
    raise PolicyError(
        f"${{{inner}}} is no policy variable that tells callers apart",
        why="a variable without a value makes a text that matches nothing",
        fix="use ${aws:username}, ${aws:userid}, ${aws:PrincipalTag/team}, or one of the identity provider",
    )
