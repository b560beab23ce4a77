"""Conditions and contexts for the cases: each key has a type, values of requests, and values of policies."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

COMPARED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
FAMILIES: dict[str, tuple[str, ...]] = {
    "string": tuple(f"String{each}" for each in STRINGS),
    "numeric": tuple(f"Numeric{each}" for each in COMPARED),
    "date": tuple(f"Date{each}" for each in COMPARED),
    "bool": ("Bool",),
    "binary": ("BinaryEquals",),
    "ip": ("IpAddress", "NotIpAddress"),
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
}
OPERATORS = tuple(name for names in FAMILIES.values() for name in names)
VALUES = {
    "string": ("red", "RED", "blue", "r*", "?ed", "*", "a*b", "a${*}b", "a${?}b", "home/*", "re${$}d"),
    "numeric": ("5", "5.0", "10", "100", "1.2", "-1", "0"),
    "date": (
        "2026-01-01T00:00:00Z",
        "2026-06-01T12:00:00Z",
        "2025-01-01",
        "1767225600",
        "2027-01-01T00:00:00Z",
    ),
    "bool": ("true", "false"),
    "binary": ("cmVk", "Ymx1ZQ=="),
    "ip": (
        "10.0.0.0/8",
        "10.0.0.1",
        "192.0.2.0/24",
        "2001:db8::/32",
        "0.0.0.0/0",
        "2001:db8::1",
        "10.0.0.1/24",
    ),
    "arn": (
        "arn:aws:s3:::amzn-s3-demo-bucket",
        "arn:aws:s3:::*",
        "arn:aws:*:*:*:*",
        "arn:aws:iam::111122223333:role/red",
        "arn:aws:iam::*:role/*",
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::111122223333:*",
        "arn:aws:s3:::amzn-s3-demo-buck??",
        "arn:aws:iam::${aws:PrincipalTag/account}:role/red",
    ),
}
VARIABLES = (
    "${aws:PrincipalTag/owner}",
    "${aws:PrincipalTag/owner, 'red'}",
    "${aws:PrincipalTag/owner, 'r*'}",
    "${aws:username}",
    "${AWS:UserName}*",
    "x-${aws:TagKeys}",
)


@dataclass(frozen=True)
class Key:
    """A condition key: its type, the values that requests have, and the actions that know it (None: all)."""

    family: str
    values: tuple[str, ...]
    many: bool = False
    actions: tuple[str, ...] | None = None


S3 = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
)
IPS = ("10.0.0.1", "192.0.2.77", "2001:db8::1", "203.0.113.9")
ARNS = ("arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:iam::111122223333:role/red", "arn:aws:s3:::other")
KEYS: dict[str, Key] = {
    "aws:PrincipalTag/team": Key("string", ("red", "blue", "RED", "a*b", "axb")),
    "aws:PrincipalTag/owner": Key("string", ("red", "alice", "blue")),
    "aws:UserAgent": Key("string", ("red", "home/alice", "cmVk", "re$d")),
    "aws:SourceVpce": Key("string", ("red", "blue")),
    "aws:TagKeys": Key("string", ("red", "blue", "RED", "axb"), many=True),
    "aws:CalledVia": Key("string", ("red", "blue", "home/a"), many=True),
    "aws:MultiFactorAuthAge": Key("numeric", ("5", "10", "99", "0")),
    "aws:CurrentTime": Key("date", ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2024-01-01T00:00:00Z")),
    "aws:TokenIssueTime": Key("date", ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z")),
    "aws:SecureTransport": Key("bool", ("true", "false")),
    "aws:MultiFactorAuthPresent": Key("bool", ("true", "false")),
    "aws:SourceIp": Key("ip", IPS),
    "aws:VpcSourceIp": Key("ip", IPS),
    "aws:SourceArn": Key("arn", ARNS),
    "s3:TlsVersion": Key("numeric", ("1.2", "1.3", "1.0"), actions=S3),
    "s3:prefix": Key("string", ("home/alice", "home/", "red", "a*b"), actions=("s3:ListBucket",)),
    "s3:max-keys": Key("numeric", ("5", "10", "1000"), actions=("s3:ListBucket",)),
    "s3:x-amz-acl": Key("string", ("red", "private", "a*b"), actions=("s3:PutObject",)),
    "s3:x-amz-server-side-encryption": Key("string", ("aws:kms", "AES256", "red"), actions=("s3:PutObject",)),
    "kms:EncryptionContextKeys": Key(
        "string", ("red", "blue", "aws:s3:arn"), many=True, actions=("kms:Decrypt", "kms:GenerateDataKey")
    ),
}


def keys_of(action: str) -> list[str]:
    """The keys that this action knows."""
    return [name for name, key in KEYS.items() if key.actions is None or action in key.actions]


def context_of(random: Random, action: str, principal: str | None) -> dict[str, Any]:
    """A context in which some of the keys are absent, and some of those for many values have several."""
    found: dict[str, Any] = {}
    for name in keys_of(action):
        key = KEYS[name]
        if random.random() < 0.3:
            continue
        if key.many:
            found[name] = random.sample(key.values, random.choice((1, 2, 2, 3)))
        else:
            found[name] = random.choice(key.values)
    return found


def block(random: Random, context: dict[str, Any], action: str, chance: float) -> dict[str, Any]:
    """A ``Condition`` of one or two operators; empty but for the chance."""
    found: dict[str, Any] = {}
    if random.random() >= chance:
        return found
    for _ in range(random.choice((1, 1, 1, 2))):
        name = random.choice(keys_of(action))
        operator, family = _operator(random, KEYS[name])
        written = random.choice((name, name, name.lower(), name.upper()))
        found.setdefault(operator, {})[written] = _values(random, context, name, family)
    return found


def _operator(random: Random, key: Key) -> tuple[str, str]:
    if random.random() < 0.08:
        return "Null", "bool"
    foreign = random.random()
    family = random.choice([*FAMILIES]) if foreign < 0.04 else "string" if foreign < 0.1 else key.family
    operator = random.choice(FAMILIES[family])
    if random.random() < 0.25:
        operator += "IfExists"
    qualified = random.random()
    if qualified < (0.75 if key.many else 0.08):
        operator = random.choice(("ForAllValues:", "ForAnyValue:")) + operator
    return operator, family


def _values(random: Random, context: dict[str, Any], name: str, family: str) -> Any:
    chosen: list[str] = []
    there = context.get(name)
    for _ in range(random.choice((1, 1, 2, 3))):
        if there and family == KEYS[name].family and random.random() < 0.4:
            chosen.append(random.choice(there) if isinstance(there, list) else there)
        elif family in ("string", "arn") and random.random() < 0.15:
            chosen.append(random.choice(VARIABLES) if family == "string" else VALUES["arn"][-1])
        else:
            chosen.append(random.choice(VALUES[family]))
    return chosen[0] if len(chosen) == 1 and random.random() < 0.5 else chosen
