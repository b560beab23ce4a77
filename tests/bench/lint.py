"""Linting of bucket policies of 20 KB, the most that S3 takes: typical ones, and ones made to be slow.

``cold`` is the first lint of a policy in a fresh process, the catalogue of actions read before; ``warm`` is
the median of the following ones in the same process. Reading the JSON is not counted.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

from secure_s3.limits import BUCKET_POLICY_BYTES
from secure_s3.policy import Policy, bundles, lint
from secure_s3.policy import statements as make

BUCKET = "amzn-s3-demo-bucket"
WHOLE, OBJECTS = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"
ACCOUNT = "111122223333"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
SSE = "s3:x-amz-server-side-encryption"

Statement = dict[str, Any]


def main(rounds: int) -> None:
    """Milliseconds for each policy."""
    for name, policy in POLICIES.items():
        document = policy()
        with multiprocessing.get_context("spawn").Pool(1) as process:
            cold, *warm = process.apply(_times, (document, max(rounds, 3)))
        read = Policy.parse(document)
        print(
            f"lint: {name:30s} {len(read.statements):4d} statements {read.size:6,d} bytes  "
            f"cold {cold:7.1f} ms  warm {statistics.median(warm):7.1f} ms  "
            f"[{min(warm):.1f} … {max(warm):.1f}]  ({len(warm)} rounds)",
            flush=True,
        )


def _times(document: str, rounds: int) -> list[float]:
    """Milliseconds for the first lint and for so many after it."""
    lint({"Statement": [_deny("s3:GetObject", OBJECTS, {"Bool": {"aws:SecureTransport": "false"}})]})
    policy = Policy.parse(document)
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        lint(policy)
        times.append((time.perf_counter() - begun) * 1000)
    return times


def _filled(statements: Iterator[Statement]) -> str:
    """As many of the statements as S3 takes."""
    taken: list[str] = []
    left = BUCKET_POLICY_BYTES - 50
    for each in statements:
        text = json.dumps(each, separators=(",", ":"))
        left -= len(text) + 1
        if left < 0:
            break
        taken.append(text)
    return f'{{"Version":"2012-10-17","Statement":[{",".join(taken)}]}}'


def _deny(action: Any, resource: Any, condition: Any = None, **more: Any) -> Statement:
    said = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, **more}
    return said | {"Condition": condition} if condition else said


def _allow(condition: Any, action: Any = "s3:*") -> Statement:
    return _deny(action, OBJECTS, condition, Effect="Allow")


def teams() -> Iterator[Statement]:
    """A baseline and deliveries, then a team after another with its prefix, its role and its rules."""
    start = bundles.write_once(BUCKET, ADMIN, retention_days=30, kms_key_arn=KEY_ARN)
    start = bundles.log_target(
        BUCKET, ACCOUNT, source_buckets="amzn-s3-demo-source-bucket", prefix="logs/", merge_into=start
    )
    yield from (each.to_dict() for each in start.statements)
    for each in (
        make.only_organization(BUCKET, "o-a1b2c3d4e5", except_principals=ADMIN),
        make.only_ip_ranges(BUCKET, "203.0.113.0/24", vpc_endpoints="vpce-1a2b3c4d", except_principals=ADMIN),
        make.max_presign_age(BUCKET, 900),
        make.deny_tag_changes(BUCKET, except_principals=ADMIN),
        make.require_mfa_for_delete(BUCKET, except_principals=ADMIN),
        make.protect_bucket_policy(BUCKET, ADMIN),
    ):
        yield each.to_dict()
    for number in count():
        role, prefix = f"arn:aws:iam::{ACCOUNT}:role/Team{number}", f"team-{number}/"
        for build in (make.allow_read, make.allow_write, make.allow_list, make.allow_delete):
            yield build(BUCKET, role, prefix=prefix, sid=f"{build.__name__.title()[6:]}{number}").to_dict()
        yield make.require_if_none_match(BUCKET, prefix=prefix, sid=f"Once{number}").to_dict()
        yield make.deny_read_without_tag(BUCKET, "team", prefix=prefix, sid=f"Tag{number}").to_dict()


def every_builder() -> Iterator[Statement]:
    """Builders of every kind again and again, each time for another prefix, role, network or number."""
    for number in count(1):
        role, prefix = f"arn:aws:iam::{ACCOUNT}:role/Team{number}", f"team-{number}/"
        source, cdn = f"{BUCKET}-{number}", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E{number}"
        for each in (
            make.require_min_tls(BUCKET, f"1.{2 + number % 2}"),
            make.deny_insecure_transport(BUCKET),
            make.max_presign_age(BUCKET, 60 * number),
            make.deny_presigned(BUCKET, except_principals=role),
            make.deny_unencrypted_uploads(BUCKET, strict=bool(number % 2)),
            make.deny_wrong_kms_key(BUCKET, f"{KEY_ARN[:-1]}{number}"),
            make.deny_sse_c(BUCKET),
            make.deny_public_acls(BUCKET),
            make.deny_grants(BUCKET, "read", except_principals=role),
            make.protect_bucket_policy(BUCKET, role),
            make.only_vpc_endpoints(BUCKET, f"vpce-1a2b3c4{number}", except_principals=role),
            make.only_ip_ranges(
                BUCKET, f"203.0.113.{number}/32", vpcs="vpc-1a2b3c4d", actions="s3:GetObject"
            ),
            make.require_mfa_for_delete(BUCKET, except_principals=role),
            make.require_retention_mode(BUCKET),
            make.deny_short_retention(BUCKET, number),
            make.deny_legal_hold_changes(BUCKET, role),
            make.allow_read(BUCKET, role, prefix=prefix),
            make.allow_list(BUCKET, role, prefix=prefix),
            make.cross_account_write(BUCKET, f"arn:aws:iam::444455556666:role/T{number}", prefix=prefix),
            make.delegate_to_access_points(BUCKET, ACCOUNT),
            make.allow_read_by_tag(BUCKET, "team", role, value=str(number), prefix=prefix),
            make.allow_cloudfront(BUCKET, cdn, prefix=prefix),
            make.allow_log_delivery(BUCKET, source, ACCOUNT, prefix=prefix),
            make.allow_load_balancer_logs(BUCKET, ACCOUNT, "eu-west-1", prefix=prefix),
        ):
            yield each.to_dict() | {"Sid": f"{each.sid}{number}"}


def _network() -> Iterator[Statement]:
    for number in count():
        network = {"NotIpAddress": {"aws:SourceIp": f"203.0.{number}.0/24"}}
        if number % 2:
            network = {"StringNotEquals": {"aws:SourceVpce": f"vpce-{number:08x}"}}
        yield _deny(["s3:GetObject", "s3:PutObject"], f"{WHOLE}/{number}/*", network, Sid=f"Network{number}")


def _same_network() -> Iterator[Statement]:
    for number in count():
        network = {"NotIpAddress": {"aws:SourceIp": f"203.0.{number % 256}.{number // 256 * 16}/28"}}
        yield _deny("s3:*", "*", network)


def _many(how_many: int, text: str) -> list[str]:
    return [text.format(number) for number in range(how_many)]


def _one(*statements: Statement) -> Callable[[], str]:
    return lambda: _filled(iter(statements))


def _each(make_one: Callable[[int], Statement], most: int = 1000) -> Callable[[], str]:
    return lambda: _filled(make_one(number) for number in islice(count(), most))


HTTP = {"Bool": {"aws:SecureTransport": "false"}}
POLICIES: dict[str, Callable[[], str]] = {
    "teams, of builders": lambda: _filled(teams()),
    "every builder": lambda: _filled(every_builder()),
    "network denies": lambda: _filled(_network()),
    "network denies of everything": lambda: _filled(_same_network()),
    "action patterns": _one(_deny(_many(1650, "s3:G*{}"), OBJECTS)),
    "actions that are none": _one(_deny(_many(1200, "s3:GetObj{}"), OBJECTS)),
    "a deny for every action": _each(lambda n: _deny(f"s3:P*{n}", OBJECTS, HTTP)),
    "resources": _one(_deny("s3:*", _many(480, WHOLE + "/{}/*"), HTTP)),
    "buckets": _one(_deny("s3:*", _many(580, "arn:aws:s3:::*-{0}*/{0}-*"), HTTP)),
    "stars": _one(_deny("s3:" + "*e" * 4000, f"arn:aws:s3:::{'*a' * 5000}", HTTP)),
    "the same statement": _each(lambda n: _deny("s3:*", "*", HTTP)),
    "open to everybody": _each(lambda n: _allow({"StringLike": {"aws:userAgent": f"{n}*"}})),
    "Denies and an Allow": _each(
        lambda n: _deny("s3:*", "*", {"StringNotEquals": {"aws:userAgent": str(n)}}) if n else _allow(None)
    ),
    "a key's values": _one(
        _deny(
            "s3:*",
            OBJECTS,
            {"ArnNotLike": {"aws:PrincipalArn": _many(400, f"arn:aws:iam::{ACCOUNT}:role/{{}}*")}},
        )
    ),
    "keys": _one(
        _deny("s3:*", "*", {"StringNotEquals": {f"aws:PrincipalTag/{n}": f"{n}" for n in range(700)}})
    ),
    "keys and an Allow": _one(
        _allow({"StringLike": {f"aws:RequestTag/{n}": f"{n}*" for n in range(280)}}),
        _deny("s3:*", "*", {"StringNotLike": {f"aws:RequestTag/{n}": f"{n}*" for n in range(280)}}),
    ),
    "algorithms": _each(lambda n: _deny("s3:PutObject", OBJECTS, {"StringNotEquals": {SSE: f"aws:{n}"}})),
    "TLS versions": _each(lambda n: _deny("s3:*", "*", {"NumericLessThan": {"s3:TlsVersion": f"1.{n}"}})),
    "services": _each(
        lambda n: _deny(
            "s3:*",
            OBJECTS,
            {"StringNotLike": {"aws:SourceArn": f"*{n}"}},
            Effect="Allow",
            Principal={"Service": f"s{n}.amazonaws.com"},
        )
    ),
    "principals": _one(
        _deny("s3:*", OBJECTS, HTTP, Principal={"AWS": _many(490, "arn:aws:iam::111122223333:role/{}")})
    ),
    "ACLs": _each(
        lambda n: _deny("s3:PutObject*", OBJECTS, {"StringEquals": {"s3:x-amz-acl": f"public-{n}"}})
    ),
}
