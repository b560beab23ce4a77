"""Whom statements name and whom they spare: accounts, users and roles, services, organizations.

Sources: IAM User Guide, "AWS JSON policy elements: Principal", "AWS global condition context keys"
(aws:PrincipalArn, aws:PrincipalIsAWSService, aws:ViaAWSService).
"""

from __future__ import annotations

import re
from typing import Any

from ...errors import PolicyError
from .parts import Block, Texts, of_partition, one_of, texts
from .places import PARTITIONS

_ACCOUNT = re.compile(r"[0-9]{12}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/([!-~]+))")
_NAME = re.compile(r"[\w+=,.@-]+", re.A)
_MAX_NAME, _MAX_PATH = 64, 512
_SESSION = re.compile(r"(arn:aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^/]+)/.*")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")

SERVICES_SPARED: Block = {
    # Anonymous requests have neither key: IfExists makes the statement concern them too.
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}
}
"""The statement does not concern services of AWS, nor calls that a service makes with a caller's own
permissions (forward access sessions). A service that assumes a role of yours is that role, not a service."""

DELIVERIES_SPARED: Block = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
"""The statement does not concern services of AWS that call as themselves."""


def account_ids(values: Texts, name: str = "accounts", *, empty: bool = False) -> tuple[str, ...]:
    """Account ids of twelve digits."""
    listed = texts(values, name, "111122223333", empty=empty)
    for each in listed:
        if not _ACCOUNT.fullmatch(each):
            raise PolicyError(f"{each!r} is no account", fix="pass its twelve digits as text")
    return listed


def account_id(value: str, name: str = "account") -> str:
    """One account id."""
    if not isinstance(value, str):
        raise PolicyError(f"{name}={value!r} is no account", fix="pass its twelve digits as text")
    return account_ids(value, name)[0]


def organization_id(value: str) -> str:
    """The id of an organization."""
    if not isinstance(value, str) or not _ORGANIZATION.fullmatch(value):
        raise PolicyError(f"organization_id={value!r} is none", fix='pass e.g. "o-a1b2c3d4e5"')
    return value


def named(principals: Texts, partition: str) -> dict[str, Any]:
    """The ``Principal`` of an Allow: accounts, users and roles, each in full."""
    one_of(partition, PARTITIONS, "partition")
    arns = [
        f"arn:{partition}:iam::{each}:root" if _ACCOUNT.fullmatch(each) else _principal(each)
        for each in texts(principals, "principals", "arn:aws:iam::111122223333:role/App")
    ]
    of_partition(arns, partition, "principals")
    return {"AWS": arns[0] if len(arns) == 1 else arns}


def _principal(text: str) -> str:
    found = _PRINCIPAL.fullmatch(text)
    why, fix = _advice(text) or ("", "pass the ARN of a role or user, or an account's twelve digits")
    if "*" in text or "?" in text:
        why = "there are no wildcards in Principal, and * is everybody"
        fix = "name accounts, users and roles in full"
    elif found:
        why = "" if found[3] is None else _unnamable(found[3])
        if not why:
            return text
    raise PolicyError(f"{text!r} is no principal to grant to", why=why, fix=fix)


def _unnamable(named: str) -> str:
    """Why no user and no role has this path and name; empty if one can have them.

    Wildcards may stand for anything. A path with an empty part, which IAM would take further inside, is
    taken for a mistake. Source: IAM User Guide, "IAM and AWS STS quotas".
    """
    path, _, name = f"/{named}".rpartition("/")
    literal = name.replace("*", "")
    if not name:
        return "it ends with a slash: the name is missing, and nobody has this ARN"
    if "//" in f"{path}/":
        return "its path has an empty part, and nobody has this ARN"
    if re.search(r"[${}\"\\]", path):
        return "its path has characters that are no literal text in a policy"
    if literal.replace("?", "") and not _NAME.fullmatch(literal.replace("?", "")):
        return "names have letters, digits and + = , . @ - _ only"
    if len(literal) > _MAX_NAME or len(path.replace("*", "")) + 1 > _MAX_PATH:
        return f"a name has up to {_MAX_NAME} characters, a path up to {_MAX_PATH}"
    return ""


def _advice(text: str) -> tuple[str, str] | None:
    session = _SESSION.fullmatch(text)
    if session is None:
        return None
    role = f"{session[1]}:iam::{session[2]}:role/{session[3]}"
    return "a session ends, and its ARN with it", f"name the role: {role}, with its path if it has one"


def spared(principals: Texts, partition: str, name: str = "except_principals") -> Block:
    """The condition that leaves *principals* out of a Deny; without any, none.

    ``aws:PrincipalArn`` of a session is its role's ARN with its path. ``*`` and ``?`` may stand in the path
    or name, as for the roles of IAM Identity Center. Everybody who may assume such a role is spared.
    """
    arns = texts(principals, name, "arn:aws:iam::111122223333:role/Admin", empty=True)
    for each in arns:
        found = _PRINCIPAL.fullmatch(each)
        if not found:
            why, fix = _advice(each) or (
                "a whole account, or everybody, would be spared",
                "name roles and users; wildcards may stand in their path or name only",
            )
            raise PolicyError(f"{each!r} in {name}= is neither a role nor a user", why=why, fix=fix)
        if found[3] is None:
            continue
        if not re.sub(r"[*?/]", "", found[3]):
            raise PolicyError(f"{each!r} in {name}= spares everybody", fix="name the role or user")
        if why := _unnamable(found[3]):
            raise PolicyError(
                f"{each!r} in {name}= is no role's and no user's ARN",
                why=f"{why}: it would spare nobody",
                fix="copy the ARN from IAM",
            )
    of_partition(arns, partition, name)
    return {"ArnNotLike": {"aws:PrincipalArn": arns}} if arns else {}


def spared_admins(admins: Texts, partition: str) -> Block:
    """The same for those without whom nobody could undo the statement: at least one role or user."""
    arns = texts(admins, "admins", "arn:aws:iam::111122223333:role/Admin", empty=True)
    if not arns or all(each.endswith(":root") for each in arns):
        raise PolicyError(
            "admins= names no role and no user",
            why="everybody would be locked out but the account's root user",
            fix="pass the ARNs of the roles that administer the bucket",
        )
    return spared(arns, partition, "admins")
