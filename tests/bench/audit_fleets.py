"""Fleets of buckets for the benchmark of audits: made of templates, and each with rules of its own.

In a fleet of templates every bucket has its own name, account, roles, prefixes and key, and settings that
vary; what its policy does is one of a few dozen things. In the other fleet no two policies do the same: their
addresses, endpoints, tags, times and lists of actions differ as well.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from secure_s3.bucket.snapshot.values import AccessPoint, Identity, Snapshot
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import SseKms
from secure_s3.policy import bundles, statements
from tests.bench.audit_snapshots import varied

_TEAMS = ("billing", "search", "risk", "ledger", "fraud", "media", "claims", "pricing", "growth", "orders")
_ENDS = ("loader", "reader", "writer", "export", "sync", "worker", "etl", "batch")
_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging", "s3:PutObjectTagging")
_DATA = ["s3:GetObject", "s3:PutObject"]

Statement = dict[str, Any]


def templates(count: int, seed: int) -> list[tuple[Snapshot, BucketProfile]]:
    """So many buckets of a company, and the profile of each one's account."""
    choose = random.Random(seed)
    accounts = [_account(choose) for _ in range(20)]
    return [_bucket(choose, each, accounts) for each in varied(count, seed)]


def distinct(count: int, seed: int) -> list[tuple[Snapshot, BucketProfile]]:
    """The same, where every policy has rules that no other has."""
    choose = random.Random(seed)
    fleet = templates(count, seed)
    return [(replace(shot, policy=_peculiar(choose, shot)), profile) for shot, profile in fleet]


def _account(choose: random.Random) -> tuple[str, str, tuple[Identity, ...]]:
    account = str(choose.randrange(10**11, 10**12))
    words = [f"{choose.randrange(16**4):04x}" for _ in range(8)]
    key = f"{words[0]}{words[1]}-{words[2]}-{words[3]}-{words[4]}-{words[5]}{words[6]}{words[7]}"
    named = f"arn:aws:s3:::acme-{choose.choice(_TEAMS)}-*"
    identities = (
        _identity(account, "administrator", "*", "*"),
        _identity(account, "data", "s3:*", [named, f"{named}/*"]),
        _identity(account, "web", "s3:GetObject", f"{named}/*"),
    )
    return account, f"arn:aws:kms:eu-west-1:{account}:key/{key}", identities


def _identity(account: str, name: str, action: str, resource: Any) -> Identity:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Identity(arn=_role(account, name), policies=(text,))


def _bucket(
    choose: random.Random, shot: Snapshot, accounts: list[tuple[str, str, tuple[Identity, ...]]]
) -> tuple[Snapshot, BucketProfile]:
    account, key, identities = choose.choice(accounts)
    bucket = f"acme-{choose.choice(_TEAMS)}-{choose.randrange(16**6):06x}"
    policy = _of_template(choose, bucket, account, key)
    caller = f"arn:aws:sts::{account}:assumed-role/audit/session"
    made = replace(shot, bucket=bucket, account=account, caller=caller, policy=policy, identities=identities)
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key, "BucketKeyEnabled": True}
    if isinstance(shot.access_points, tuple) and shot.access_points:
        made = replace(made, access_points=(_point(shot.access_points[0], bucket, account),))
    made = replace(made, encryption=choose.choice((encryption, {"SSEAlgorithm": "AES256"})))
    return made, BucketProfile(encryptions=(SseKms(key),))


def _point(point: AccessPoint, bucket: str, account: str) -> AccessPoint:
    return replace(point, name=bucket, arn=f"arn:aws:s3:eu-west-1:{account}:accesspoint/{bucket}")


def _of_template(choose: random.Random, bucket: str, account: str, key: str) -> str | None:
    base: list[Statement] = json.loads(bundles.baseline(bucket, kms_key_arn=key).to_json())["Statement"]
    https = _https(bucket)
    team = choose.choice(_TEAMS)
    name = f"{team}-{choose.randrange(1000)}"
    roles = [_role(account, f"{name}-{end}") for end in choose.sample(_ENDS, 3)]
    other = _role(str(choose.randrange(10**11, 10**12)), f"{name}-partner")
    whole, objects = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"
    below = f"{whole}/{name}/*"
    listing = {"StringLike": {"s3:prefix": [f"{name}/*"]}}
    only = {"ArnNotEquals": {"aws:PrincipalArn": [roles[0], _role(account, f"{team}-admin")]}}
    kinds: tuple[list[Statement] | None, ...] = (
        None,
        [https],
        base,
        [*base, _allow(f"App{name}", roles[0], _DATA, below)],
        [*base, _allow("Read", roles[0], "s3:GetObject", objects), _allow("Write", roles[1], _DATA, below)],
        [https, _allow("List", roles[0], "s3:ListBucket", whole, listing)],
        [https, _allow("Partner", other, "s3:GetObject", below)],
        [https, _allow("Everything", roles[2], "s3:*", [whole, objects])],
        [{**https, "Resource": objects}],
        [{**https, "Action": "s3:GetObject"}, _allow("Read", roles[0], "s3:GetObject", objects)],
        [_allow("Web", "*", "s3:GetObject", objects)],
        [https, _allow("Web", "*", "s3:GetObject", f"{whole}/public/*")],
        [
            https,
            statements.allow_cloudfront(bucket, f"arn:aws:cloudfront::{account}:distribution/E2A").to_dict(),
        ],
        [*base, _deny("Admins", ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"], [whole], only)],
        [
            https,
            _deny("Network", "s3:*", [whole, objects], {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        ],
        [
            https,
            *({**_allow("", each, _DATA, below), "Sid": f"Grant{place}"} for place, each in enumerate(roles)),
        ],
    )
    chosen = choose.choice(kinds)
    return (
        None if chosen is None else json.dumps({"Version": "2012-10-17", "Statement": chosen}, default=dict)
    )


def _peculiar(choose: random.Random, shot: Snapshot) -> str:
    """A policy of the fleet with two or three statements of this bucket's own."""
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    if isinstance(shot.policy, str):
        document = json.loads(shot.policy)
    own = list(_own(choose, shot))
    choose.shuffle(own)
    document["Statement"] += own[: choose.choice((2, 3))]
    return json.dumps(document)


def _own(choose: random.Random, shot: Snapshot) -> Iterator[Statement]:
    whole = f"arn:aws:s3:::{shot.bucket}"
    both = [whole, f"{whole}/*"]
    role = _role(str(shot.account), f"own-{choose.randrange(10**6)}")
    some = choose.sample(_ACTIONS, 2)
    address = f"198.51.{choose.randrange(256)}.{choose.randrange(256)}"
    tag = {"aws:PrincipalTag/project": f"p{choose.randrange(10**6)}"}
    endpoint = f"vpce-{choose.randrange(16**8):08x}"
    until = f"2027-{choose.randrange(1, 13):02}-{choose.randrange(1, 29):02}T{choose.randrange(24):02}:00:00Z"
    yield _allow("Tagged", role, some, f"{whole}/*", {"StringEquals": tag})
    yield _allow("Near", role, some, f"{whole}/*", {"IpAddress": {"aws:SourceIp": f"{address}/32"}})
    yield _deny(
        "Elsewhere",
        some,
        both,
        {"StringNotEqualsIfExists": {"aws:SourceVpce": endpoint}, "Bool": {"aws:ViaAWSService": "false"}},
    )
    yield _deny("Later", some, both, {"DateGreaterThan": {"aws:CurrentTime": until}, "StringNotEquals": tag})
    yield _deny(
        "Except",
        ["s3:DeleteObject"],
        both,
        {"NotIpAddress": {"aws:SourceIp": f"{address}/32"}, "ArnNotEquals": {"aws:PrincipalArn": role}},
    )


def _role(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def _https(bucket: str) -> Statement:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return _deny("Https", "s3:*", resources, {"Bool": {"aws:SecureTransport": "false"}})


def _deny(sid: str, action: Any, resource: Any, condition: Statement) -> Statement:
    about = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {**about, "Condition": condition}


def _allow(sid: str, who: str, action: Any, resource: Any, condition: Statement | None = None) -> Statement:
    principal = who if who == "*" else {"AWS": who}
    named = {"Sid": sid.replace("-", "")} if sid else {}
    found = {**named, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


FLEETS = {"templates": templates, "distinct": distinct}
