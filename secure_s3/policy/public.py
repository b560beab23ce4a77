"""Whether S3 Block Public Access takes a policy for public.

This is S3's definition, word for word, and not the same as whether strangers get in (the lint rules
``public-read`` and ``public-write`` answer that): a policy is public until each of its Allows grants access
to fixed values only. Denies do not count here; the documentation does not say that they do at S3.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of 'public'";
Amazon S3 API Reference, PublicAccessBlockConfiguration.
"""

from __future__ import annotations

from ipaddress import ip_network

from .conditions import ALL, Condition
from .document import Policy
from .statement import Statement

__all__ = ["is_public"]

_POSITIVE = frozenset(
    ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
)
_PRINCIPALS = ("orgid", "orgpaths", "arn", "account", "servicename")
_FIXED = frozenset(
    (
        *(f"aws:principal{name}" for name in _PRINCIPALS),
        *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount"),
        *("aws:userid", "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    )
)
"""Keys that make an Allow non-public if their values have neither wildcards nor variables."""
_ADDRESS, _POINT = "aws:sourceip", "s3:dataaccesspointarn"
_BROADEST = {4: 8, 6: 32}


def is_public(policy: Policy, *, access_point: bool = False) -> bool:
    """Whether S3 takes *policy* for public.

    A statement that nobody can read counts as public: so it might be.

    Args:
        policy: A bucket's or an access point's policy.
        access_point: It is an access point's: ``s3:DataAccessPointArn`` does not narrow it. One with a VPC
            as its network origin is never public; that is for the caller to know.
    """
    return any(_opens(each, access_point) for each in policy.statements)


def _opens(statement: Statement, access_point: bool) -> bool:
    if statement.effect == "Deny":
        return False
    if statement.fatal or statement.effect is None:
        return True
    if _names_somebody(statement):
        return False
    return not any(_narrows(condition, access_point) for condition in statement.conditions)


def _names_somebody(statement: Statement) -> bool:
    """The Principal consists of fixed values."""
    who = statement.principals
    if who is None or who.negated or who.everyone:
        return False
    return all(map(_is_fixed, (*who.aws, *who.service, *who.federated, *who.canonical)))


def _narrows(condition: Condition, access_point: bool) -> bool:
    """Only requests with one of the fixed values meet the condition; none without the key does."""
    known = condition.known
    if known is None or condition.if_exists or condition.qualifier == ALL or not condition.values:
        return False
    if condition.operator.rpartition(":")[2].lower() not in _POSITIVE:
        return False
    if condition.folded == _ADDRESS:
        return all(map(_is_narrow, condition.values))
    if condition.folded == _POINT:
        return not access_point and all(map(_is_of_one_account, condition.values))
    return condition.folded in _FIXED and all(map(_is_fixed, condition.values))


def _is_fixed(value: str) -> bool:
    return bool(value) and not set(value) & set("*?") and "${" not in value


def _is_narrow(value: str) -> bool:
    """A range of addresses that is not broader than what S3 still takes for a set of them."""
    try:
        network = ip_network(value.strip(), strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _BROADEST[network.version]


def _is_of_one_account(value: str) -> bool:
    """An access point's ARN; its name may hold wildcards."""
    parts = value.split(":", 5)
    return len(parts) == 6 and parts[0] == "arn" and len(parts[4]) == 12 and parts[4].isdigit()
