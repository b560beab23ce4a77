"""Whose a policy is, how one writes it, and how the linter calls it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ...policy.rules.rule import (
    ACCESS_POINT,
    BUCKET,
    ENDPOINT,
    IDENTITY,
    KEY,
    RESOURCE_CONTROL,
    SERVICE_CONTROL,
    TRUST,
)
from ...policy.statement import Statement
from ..evidence import Named
from ..explanation import (
    ACCOUNT_ADMIN,
    BUCKET_OWNER,
    CALLER,
    ENDPOINT_OWNER,
    KEY_OWNER,
    ORGANIZATION_ADMIN,
)

WHO: Mapping[str, str] = {
    "service_control_policy": ORGANIZATION_ADMIN,
    "resource_control_policy": ORGANIZATION_ADMIN,
    "endpoint_policy": ENDPOINT_OWNER,
    "identity_policy": ACCOUNT_ADMIN,
    "permissions_boundary": ACCOUNT_ADMIN,
    "session_policy": CALLER,
}
"""By layer; the resource policy's depends on the resource."""
KINDS: Mapping[str, str] = {
    "service_control_policy": SERVICE_CONTROL,
    "resource_control_policy": RESOURCE_CONTROL,
    "endpoint_policy": ENDPOINT,
}
_SHOWN = 4
_FILE = "file://policy.json"


def who_may(layer: str, document: str) -> str:
    """Who can change a policy of that layer."""
    if layer == "resource_policy":
        if document == "key policy":
            return KEY_OWNER
        return ACCOUNT_ADMIN if "trust" in document else BUCKET_OWNER
    return WHO.get(layer, ACCOUNT_ADMIN)


def kind_of(layer: str, document: str) -> str:
    """The kind of policy, as ``lint`` names it."""
    if layer == "resource_policy":
        if document == "key policy":
            return KEY
        if "trust" in document:
            return TRUST
        return ACCESS_POINT if "access point" in document else BUCKET
    return KINDS.get(layer, IDENTITY)


def owned_by_aws(named: Named) -> bool:
    """A managed policy of AWS, which nobody else can change."""
    return ":iam::aws:policy/" in named.target


def words(named: Named) -> str:
    """e.g. ``bucket policy of amzn-s3-demo-bucket``."""
    inline = f' "{named.inline}"' if named.inline else ""
    return f"{named.document}{inline} of {named.target}" if named.target else f"{named.document}{inline}"


def called(*statements: Statement) -> str:
    """Statements by name, e.g. ``"OnlyKms" and statement 2``; of many the first."""
    names = [f'"{each.sid}"' if each.sid else each.name for each in statements]
    shown, rest = names[:_SHOWN], len(names) - _SHOWN
    return " and ".join([*shown, f"{rest} more"] if rest > 0 else shown)


def command(layer: str, named: Named) -> str:
    """The command line that writes a policy from the file ``policy.json``; empty where there is none."""
    target = named.target
    if not target:
        return ""
    if layer == "resource_policy":
        return _of_a_resource(named)
    if layer in ("service_control_policy", "resource_control_policy"):
        return _line(
            "aws organizations update-policy --policy-id", target.rpartition("/")[2], "--content", _FILE
        )
    if layer == "endpoint_policy":
        name = target.rpartition("/")[2]
        return _line("aws ec2 modify-vpc-endpoint --vpc-endpoint-id", name, "--policy-document", _FILE)
    if layer == "session_policy":
        return ""
    if named.inline:
        return inline_command(target, named.inline)
    if ":policy/" in target:
        return _line(
            "aws iam create-policy-version --policy-arn", target, "--set-as-default --policy-document", _FILE
        )
    return ""


def inline_command(target: str, name: str) -> str:
    """The command line that writes an inline policy of a user, role or group, given by ARN."""
    kind, _, path = target.split(":", 5)[-1].partition("/")
    owner = path.rpartition("/")[2]
    if kind not in ("user", "role", "group") or not owner:
        return ""
    line = f"aws iam put-{kind}-policy --{kind}-name"
    return _line(line, owner, "--policy-name", name, "--policy-document", _FILE)


def _of_a_resource(named: Named) -> str:
    target = named.target
    if named.document == "key policy":
        return _line("aws kms put-key-policy --key-id", target, "--policy", _FILE)
    if "trust" in named.document:
        name = target.rpartition("/")[2]
        return _line("aws iam update-assume-role-policy --role-name", name, "--policy-document", _FILE)
    if ":accesspoint/" in target:
        account, name = target.split(":")[4], target.rpartition("/")[2]
        line = "aws s3control put-access-point-policy --account-id"
        return _line(line, account, "--name", name, "--policy", _FILE)
    return _line("aws s3api put-bucket-policy --bucket", target, "--policy", _FILE)


def _line(*parts: str) -> str:
    """Texts that stand at even places are taken as they are, the others quoted."""
    return " ".join(shlex.quote(part) if at % 2 else part for at, part in enumerate(parts))
