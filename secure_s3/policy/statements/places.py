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
from .parts import of_partition, one_of

PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f")

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_ACCESS_POINT = re.compile(
    r"arn:(aws[a-z-]*):s3:([a-z0-9-]+):[0-9]{12}:accesspoint/([a-z0-9][a-z0-9-]{1,48}[a-z0-9])"
)
_RESERVED_BEGINNINGS = ("xn--", "sthree-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--table-s3")
# What is known of the caller whatever it asks for; of a request's own keys it would choose the value itself.
_NEVER_EMPTY = re.compile(r"aws:(username|userid|principal(account|orgid|arn|type))", re.I)
_OF_THE_CALLER = re.compile(r"aws:(sourceidentity|federatedprovider|principaltag/[^\s*?{}$']{1,128})", re.I)
# Claims of an identity provider, which is named by its host; no service of AWS has a dot in its prefix.
_OF_A_PROVIDER = re.compile(r"(saml|[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w.-]+)*):[\w./-]+", re.I | re.A)
_DEFAULT = re.compile(r"([^,]+?)\s*,\s*'([^'*?]*)'")
_ESCAPES = ("*", "?", "$")


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
    """The bucket of that name, or the access point of that ARN, which tells its partition itself."""
    one_of(partition, PARTITIONS, "partition")
    if isinstance(bucket, str) and bucket.startswith("arn:"):
        match = _ACCESS_POINT.fullmatch(bucket)
        if match is None:
            raise PolicyError(
                f"{bucket!r} is neither a bucket's name nor the ARN of an access point",
                fix="pass the name of the bucket, or arn:aws:s3:region:account:accesspoint/name",
            )
        if partition != "aws":
            of_partition((bucket,), partition, "bucket")
        return Place(bucket, f"{bucket}/object/", one_of(match[1], PARTITIONS, "partition"))
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
    elif isinstance(bucket, str) and bucket.endswith(_RESERVED_ENDS):
        why = "it is an alias of an access point: policies know its ARN only, and the alias matches nothing"
        fix = "pass the name of the bucket, or the ARN of the access point"
    elif isinstance(bucket, str) and bucket.startswith(_RESERVED_BEGINNINGS):
        why = "S3 keeps names with this beginning for itself, so that no bucket has this name"
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
    if _ends_with_value(prefix):
        raise PolicyError(
            f"prefix={prefix!r} ends with a variable",
            why="a value may be empty, which is everybody's beginning, or the beginning of another value",
            fix=f'write a slash behind it: prefix="{prefix}/"',
        )
    return prefix


def folder_name(prefix: str) -> str:
    """*prefix* without its last slash, where no empty value of a variable makes it the name of another."""
    folder = key_prefix(prefix)[:-1]
    last = _last_variable(folder)
    if last is not None and last not in _ESCAPES and not _NEVER_EMPTY.fullmatch(last):
        raise PolicyError(
            f"folder_itself= does not do with prefix={prefix!r}",
            why="for a caller whose value is empty the folder is the one above, or the whole bucket",
            fix="leave folder_itself= out, or use ${aws:username}, which is never empty",
        )
    return folder


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


def _last_variable(prefix: str) -> str | None:
    """What stands in the braces with which *prefix* ends, if it does."""
    found = list(VARIABLE.finditer(prefix))
    return found[-1][1] if found and found[-1].end() == len(prefix) else None


def _ends_with_value(prefix: str) -> bool:
    last = _last_variable(prefix)
    return last is not None and last not in _ESCAPES


def _check_variable(inner: str) -> None:
    if inner in _ESCAPES:
        return
    with_default = _DEFAULT.fullmatch(inner)
    key = with_default[1] if with_default else inner
    if not any(known.fullmatch(key) for known in (_NEVER_EMPTY, _OF_THE_CALLER, _OF_A_PROVIDER)):
        raise PolicyError(
            f"${{{inner}}} is no policy variable that tells callers apart",
            why="of a key about the request the caller chooses the value; a variable without a value makes a "
            "text that matches nothing",
            fix="use ${aws:username}, ${aws:userid}, ${aws:PrincipalTag/team}, or an identity provider's",
        )
    if with_default and not with_default[2].strip():
        raise PolicyError(
            f"the default in ${{{inner}}} is empty",
            why="callers without a value would be given what begins so, of everybody",
            fix=f"leave the default out, or name one: ${{{key}, 'none'}}",
        )
