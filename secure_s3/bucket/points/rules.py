"""What an access point may be called, and what its policy must not do; decided before anything is sent. Pure.

Sources: Amazon S3 User Guide, "Access points naming rules, restrictions, and limitations", "Creating access
points restricted to a virtual private cloud", "Managing public access to access points".
"""

from __future__ import annotations

import re

from ...errors import ConfigurationError, PublicAccessRefused
from ...policy import Policy, bundles
from ...policy import statements as make
from ...policy.document import Document
from ...policy.public import is_public
from ...policy.statements.parts import Texts

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]", re.ASCII)
_RESERVED = ("-s3alias", "--ol-s3", "--x-s3", "--xa-s3")
_VPC = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
_OTHER_BUCKETS = {
    "--x-s3": "a directory bucket, whose access points are of another kind",
    "--xa-s3": "an access point of a directory bucket",
    "-s3alias": "an access point",
    "--ol-s3": "an Object Lambda access point",
}
BLOCKED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def check_bucket(name: str) -> None:
    """Raises ConfigurationError: *name* is no general purpose bucket's."""
    if name.startswith("arn:"):
        kind: str | None = "an ARN"
    else:
        kind = next((text for suffix, text in _OTHER_BUCKETS.items() if name.endswith(suffix)), None)
    if kind is not None:
        raise ConfigurationError(
            f"{name} has no access points that are managed here",
            why=f"it is {kind}",
            fix="pass the name of a general purpose bucket to s3.bucket(…)",
            bucket=name,
        )


def check_name(name: object) -> str:
    """*name*, if an access point may be called so; ConfigurationError if not."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith(_RESERVED):
        raise ConfigurationError(
            f"{name!r} cannot be the name of an access point",
            why="it has 3 to 50 lower-case letters, digits and hyphens, no hyphen first or last, and none of "
            f"the endings {', '.join(_RESERVED)}",
            fix='e.g. "reports"; an ARN or an alias stands in place of a bucket, not of the name',
        )
    return name


def check_vpc(vpc: object) -> None:
    """Raises ConfigurationError: *vpc* is no VPC's id."""
    if not isinstance(vpc, str) or not _VPC.fullmatch(vpc):
        raise ConfigurationError(f"vpc={vpc!r} is no id of a VPC", fix='pass e.g. "vpc-1a2b3c4d"')


def policy_of(arn: str, principals: Texts, *, prefix: str, write: bool, min_tls: str) -> Policy:
    """Who reads and perhaps writes through the access point, over which TLS; without anybody, only the TLS.

    Raises:
        PolicyError: An argument does not do.
    """
    if principals:
        return bundles.access_point(arn, principals, prefix=prefix, write=write, min_tls=min_tls)
    if prefix or write:
        raise ConfigurationError(
            "prefix= and write= are about principals=, and there are none",
            fix="name those who may, e.g. principals=[role_arn]",
        )
    return Policy.of(make.deny_insecure_transport(arn), make.require_min_tls(arn, min_tls))


def checked(policy: Document, arn: str, vpc: str | None) -> Policy:
    """*policy*, if it may be put to the access point.

    Args:
        policy: A text, a mapping or a Policy.
        arn: The access point's.
        vpc: The VPC that it is bound to.

    Raises:
        PolicyError: It is no policy.
        ConfigurationError: It is about something else than the access point.
        PublicAccessRefused: It lets everybody in.
    """
    found = Policy.parse(policy)
    for statement in found.statements:
        foreign = [each for each in statement.resources or () if not _is_of(each, arn)]
        if foreign:
            raise ConfigurationError(
                f"{statement.name} is about {foreign[0]!r}",
                why=f"the policy of an access point is about {arn}, and objects are {arn}/object/key",
                fix="name the access point's ARN in Resource",
            )
    if vpc is None and is_public(found, access_point=True):
        raise PublicAccessRefused(
            f"the policy of {arn} would be public",
            why="an Allow in it is not limited to fixed principals, and nothing else narrows it",
            fix="name who may in Principal, e.g. the ARN of a role, or bind the access point to a VPC",
        )
    return found


def _is_of(resource: str, arn: str) -> bool:
    return resource == arn or resource.startswith(f"{arn}/object/") or resource in (f"{arn}*", f"{arn}/*")
