"""Checks of who gets in: Block Public Access, ACLs, strangers, other accounts, CloudFront, networks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.bucket.audit.check import Outcome, Subject
from secure_s3.bucket.audit.checks import acls, grants, network, policies, public, transport, uploads
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.hardening.protections import protections
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import DsseKms, SseC, SseKms, SseS3, Strategy
from secure_s3.policy import Policy, bundles, statements
from tests.bucket.audit.snapshots import (
    ADMIN,
    ARN,
    BOTH,
    BUCKET,
    KEY,
    OBJECTS,
    OFF,
    ON,
    OWNER,
    STRANGER,
    allow,
    deny,
    policy,
    snapshot,
    told,
    verdict,
    with_baseline,
)
from tests.policy.seed_policies import SEEDS

CHECKS = (*public.CHECKS, *acls.CHECKS, *policies.CHECKS, *grants.CHECKS, *network.CHECKS)
DENIED = Unread("access denied", "s3:GetBucketPublicAccessBlock")
ELSEWHERE = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
ACCOUNT = Unread("access denied", "s3:GetAccountPublicAccessBlock")
PARTNER = {"AWS": f"arn:aws:iam::{STRANGER}:role/Partner"}
CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}
DISTRIBUTION = f"arn:aws:cloudfront::{OWNER}:distribution/EDFDVBD6EXAMPLE"
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_ACCOUNT = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


@pytest.mark.parametrize("check", [each.id for each in CHECKS if each.id != "vpc-endpoints"])
def test_a_bucket_in_order_has_no_finding_above_info(check: str) -> None:
    """What hardening makes of a bare bucket passes, or is worth a note."""
    found = verdict(CHECKS, check)
    assert found.outcome is not Outcome.UNKNOWN
    assert {each for each, _ in told(found)} <= {"info"}, told(found)


@pytest.mark.parametrize(
    "options",
    [
        {"min_tls": "1.3"},
        {"strict": True},
        {"admins": [ADMIN]},
        {"kms_key_arn": f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
    ],
)
def test_policies_of_bundles_have_no_faults(options: dict[str, Any]) -> None:
    """Nothing is said against what the builders make."""
    text = bundles.baseline(BUCKET, **options).to_json()
    profile = BucketProfile(strict="strict" in options, admins=(ADMIN,))
    for check in ("policy-faults", "policy-lockout", "policy-public", "broad-grants"):
        assert verdict(CHECKS, check, profile, policy=text).outcome is Outcome.PASSED, check


BLOCKS = [
    ("bucket-public-access-block", ON, {}, {}, []),
    ("bucket-public-access-block", {}, {}, {}, ["high"]),
    ("bucket-public-access-block", {**ON, "BlockPublicAcls": False}, OFF, {}, ["high"]),
    ("bucket-public-access-block", OFF, ON, {}, ["info"]),
    ("bucket-public-access-block", OFF, ACCOUNT, {}, ["high"]),
    ("account-public-access-block", ON, ON, {}, []),
    ("account-public-access-block", ON, {}, {}, ["info"]),
    ("account-public-access-block", ON, {}, {"block_account": True}, ["medium"]),
    ("account-public-access-block", ON, {}, {"requires": {"account-public-access-block"}}, ["medium"]),
    ("account-public-access-block", OFF, {**ON, "IgnorePublicAcls": False}, {}, ["medium"]),
]


@pytest.mark.parametrize(("check", "bucket", "account", "wishes", "severities"), BLOCKS)
def test_block_public_access_is_complete_or_else_named(
    check: str, bucket: Any, account: Any, wishes: dict[str, Any], severities: list[str]
) -> None:
    """What is off is named; what the other of the two blocks makes it milder."""
    changed: dict[str, Any] = {"public_access_block": bucket, "account_public_access_block": account}
    found = verdict(CHECKS, check, BucketProfile(**wishes), **changed)
    assert [each for each, _ in told(found)] == severities


PUBLIC = {
    "anybody reads": allow("s3:GetObject"),
    "anybody writes": allow("s3:PutObject"),
    "anybody lists": allow("s3:ListBucket", ARN),
    "any account": allow("s3:GetObject", Principal={"AWS": "*"}),
    "everything": allow("s3:*", BOTH),
    "over HTTPS": allow("s3:*", BOTH, {"Bool": {"aws:SecureTransport": "true"}}),
    "by a header": allow("s3:GetObject", OBJECTS, {"StringLike": {"aws:Referer": "https://example.com/*"}}),
    "from half of the internet": allow("s3:GetObject", OBJECTS, {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}),
    "all but one": allow("s3:GetObject", NotPrincipal=PARTNER),
    "an empty set": allow(
        "s3:GetObject", OBJECTS, {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    ),
}


@pytest.mark.parametrize("case", PUBLIC)
def test_strangers_who_get_in_are_critical_and_cut_off_they_are_medium(case: str) -> None:
    """A policy that lets strangers in is found; Block Public Access in effect makes it milder."""
    text = with_baseline(PUBLIC[case])
    for bucket, account, expected in ((OFF, {}, "critical"), (OFF, ON, "medium"), (ON, {}, "medium")):
        changed: dict[str, Any] = {"public_access_block": bucket, "account_public_access_block": account}
        found = verdict(CHECKS, "policy-public", policy=text, policy_is_public=True, **changed)
        assert {each for each, _ in told(found)} == {expected}, told(found)
        assert found.findings[0].pointer


def test_block_public_access_cuts_off_nobody_from_what_s3_does_not_take_for_public() -> None:
    """A service that works for anybody is let in by a fixed value, which S3 does not call public."""
    service = {"StringEquals": {"aws:PrincipalServiceName": "logging.s3.amazonaws.com"}}
    text = policy(allow("s3:PutObject", OBJECTS, service))
    found = verdict(CHECKS, "policy-public", policy=text, policy_is_public=False)
    assert [each for each, _ in told(found)] == ["critical"]


def test_whether_strangers_are_cut_off_may_be_unknown() -> None:
    """Then it is high, and says what was not read."""
    changed: dict[str, Any] = {"public_access_block": OFF, "account_public_access_block": ACCOUNT}
    found = verdict(CHECKS, "policy-public", policy=policy(PUBLIC["anybody reads"]), **changed)
    assert [each for each, _ in told(found)] == ["high"]
    assert "account: not read (access denied)" in found.findings[0].evidence


@pytest.mark.parametrize(
    "given",
    [
        allow("s3:GetObject", Principal={"AWS": ADMIN}),
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}),
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:PrincipalAccount": OWNER}}),
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:PrincipalAccount": STRANGER}}),
    ],
)
def test_what_no_stranger_meets_is_not_public(given: dict[str, Any]) -> None:
    """Fixed principals, organizations, accounts and endpoints are no strangers."""
    assert verdict(CHECKS, "policy-public", policy=policy(given)).outcome is Outcome.PASSED


def test_s3s_own_answer_counts() -> None:
    """It counts where the policy cannot be read, and as a note beside a policy that lets nobody in."""
    unread = Unread("access denied", "s3:GetBucketPolicy")
    off: dict[str, Any] = {"public_access_block": OFF, "account_public_access_block": {}}
    assert (
        told(verdict(CHECKS, "policy-public", policy=unread, policy_is_public=True, **off))[0][0]
        == "critical"
    )
    assert verdict(CHECKS, "policy-public", policy=unread).action == "s3:GetBucketPolicy"
    assert told(verdict(CHECKS, "policy-public", policy_is_public=True, **off))[0][0] == "low"


def _acl(permission: str, uri: str = EVERYBODY) -> dict[str, Any]:
    grantee = {"Type": "Group", "URI": uri}
    return {"Owner": {"ID": "a" * 64}, "Grants": [{"Grantee": grantee, "Permission": permission}]}


ACLS = [
    ("WRITE", EVERYBODY, "ObjectWriter", OFF, {}, ["critical"]),
    ("READ", ANY_ACCOUNT, "", OFF, {}, ["critical"]),
    ("READ_ACP", EVERYBODY, "BucketOwnerPreferred", OFF, {}, ["high"]),
    ("FULL_CONTROL", EVERYBODY, "", OFF, ON, ["medium"]),
    ("READ", EVERYBODY, "ObjectWriter", OFF, ACCOUNT, ["high"]),
    ("READ", EVERYBODY, "BucketOwnerEnforced", OFF, {}, []),
    ("READ", "http://acs.amazonaws.com/groups/s3/LogDelivery", "", OFF, {}, []),
]


@pytest.mark.parametrize(("permission", "uri", "ownership", "bucket", "account", "severities"), ACLS)
def test_acls_that_let_everybody_in_count_unless_they_are_off(
    permission: str, uri: str, ownership: str, bucket: Any, account: Any, severities: list[str]
) -> None:
    """Object Ownership switches them off, IgnorePublicAcls keeps them from counting."""
    changed: dict[str, Any] = {"public_access_block": bucket, "account_public_access_block": account}
    found = verdict(CHECKS, "acl-public", acl=_acl(permission, uri), ownership=ownership, **changed)
    assert [each for each, _ in told(found)] == severities


@pytest.mark.parametrize("ownership", ["", "ObjectWriter", "BucketOwnerPreferred"])
def test_acls_that_count_are_a_finding(ownership: str) -> None:
    """Every Object Ownership but BucketOwnerEnforced lets ACLs count, also one never set."""
    found = verdict(CHECKS, "acls-disabled", ownership=ownership, acl=_acl("READ"))
    assert [each for each, _ in told(found)] == ["medium"]
    assert f"ACL: READ for {EVERYBODY}" in found.findings[0].evidence


ACLS_COUNT: dict[str, Any] = {
    "ownership": "",
    "public_access_block": {},
    "account_public_access_block": {},
    "policy": None,
}
PERMISSIONS = ("read", "write", "read-acp", "write-acp", "full-control")
ALL_GRANTS = [statements.deny_public_grants(BUCKET, each) for each in PERMISSIONS]
PUBLIC_ACLS = [
    (statements.deny_public_acls(BUCKET), *ALL_GRANTS),
    (statements.deny_acl_changes(BUCKET), statements.deny_public_acls(BUCKET), *ALL_GRANTS),
]


@pytest.mark.parametrize(
    ("text", "bucket", "ownership", "severities"),
    [
        (None, {}, "BucketOwnerEnforced", []),
        (None, {"BlockPublicAcls": True}, "", []),
        *((Policy.of(*each).to_json(), {}, "", []) for each in PUBLIC_ACLS),
        (None, {}, "", ["medium"]),
        (None, {"IgnorePublicAcls": True}, "ObjectWriter", ["medium"]),
        (Policy.of(statements.deny_public_acls(BUCKET)).to_json(), {}, "", ["medium"]),
        (Policy.of(statements.deny_acl_changes(BUCKET)).to_json(), {}, "", ["medium"]),
        (Policy.of(*PUBLIC_ACLS[0]).to_json().replace("authenticated-read", "private"), {}, "", ["medium"]),
    ],
)
def test_public_acls_are_stopped_by_one_of_three(
    text: str | None, bucket: Any, ownership: str, severities: list[str]
) -> None:
    """Object Ownership, BlockPublicAcls, or a policy that denies every way of saying it."""
    changed: dict[str, Any] = {
        "public_access_block": bucket,
        "account_public_access_block": {},
        "ownership": ownership,
    }
    found = verdict(CHECKS, "public-acls-denied", policy=text, **changed)
    assert [each for each, _ in told(found)] == severities


OF_POLICIES = (
    *("policy-faults", "policy-lockout", "cross-account", "broad-grants"),
    *("network-restriction", "cloudfront-origin"),
)


@pytest.mark.parametrize(
    ("check", "changed"),
    [
        ("bucket-public-access-block", {"public_access_block": DENIED}),
        ("account-public-access-block", {"account_public_access_block": ACCOUNT}),
        ("acl-public", {"acl": Unread("no", "s3:GetBucketAcl"), "ownership": ""}),
        ("acls-disabled", {"ownership": Unread("no", "s3:GetBucketOwnershipControls")}),
        ("public-acls-denied", {**ACLS_COUNT, "public_access_block": DENIED}),
        ("public-acls-denied", {**ACLS_COUNT, "account_public_access_block": ACCOUNT}),
        ("vpc-endpoints", {"vpc_endpoints": Unread("no", "ec2:DescribeVpcEndpoints")}),
        ("cross-account", {"account": Unread("no", "sts:GetCallerIdentity")}),
        ("broad-grants", {"account": Unread("no", "sts:GetCallerIdentity")}),
        ("policy-lockout", {"caller": Unread("no", "sts:GetCallerIdentity")}),
        *((each, {"policy": Unread("no", "s3:GetBucketPolicy")}) for each in OF_POLICIES),
    ],
)
def test_what_was_not_read_is_unknown(check: str, changed: dict[str, Any]) -> None:
    """The permission that would settle it is told."""
    (action,) = (each.action for each in changed.values() if isinstance(each, Unread))
    found = verdict(CHECKS, check, **changed)
    assert (found.outcome, found.action) == (Outcome.UNKNOWN, action)


OTHERS = [
    (allow("s3:GetObject", Principal=PARTNER), ["info"]),
    (allow("s3:GetObject", Principal={"AWS": STRANGER}), ["info"]),
    (allow(["s3:GetObject", "s3:PutObjectAcl"], Principal=PARTNER), ["high"]),
    (allow("s3:Put*", BOTH, Principal=PARTNER), ["high"]),
    (allow(None, BOTH, NotAction="s3:GetObject", Principal=PARTNER), ["high"]),
    (allow("s3:*", BOTH, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}), ["high"]),
    (allow("s3:PutBucketPolicy", ARN, Principal={"AWS": ADMIN}), []),
    (allow("s3:GetObject", Principal={"AWS": OWNER}), []),
    (allow("s3:GetObject", Principal={"CanonicalUser": "a" * 64}), []),
    (allow("s3:GetObject", Principal={"CanonicalUser": "b" * 64}), ["info"]),
    (allow("s3:PutBucketPolicy", OBJECTS, Principal=PARTNER), []),
    (allow("s3:GetObject", Principal={"Service": "logging.s3.amazonaws.com"}), []),
]


@pytest.mark.parametrize(("given", "severities"), OTHERS)
def test_other_accounts_are_named_with_what_they_may(given: dict[str, Any], severities: list[str]) -> None:
    """What changes the bucket is high, reading and writing are a note."""
    given = {key: value for key, value in given.items() if value is not None}
    found = verdict(CHECKS, "cross-account", policy=policy(given))
    assert [each for each, _ in told(found)] == severities, told(found)


def test_what_is_denied_to_other_accounts_is_no_finding() -> None:
    """A grant that a Deny takes back is none."""
    text = policy(
        allow(["s3:GetObject", "s3:PutObjectAcl"], Principal=PARTNER),
        deny("s3:PutObjectAcl", BOTH, {"StringNotEquals": {"aws:PrincipalAccount": OWNER}}),
    )
    assert [each for each, _ in told(verdict(CHECKS, "cross-account", policy=text))] == ["info"]


BROAD = [
    (allow("s3:*", BOTH, Principal={"AWS": ADMIN}), ["medium"]),
    (allow(["s3:Get*", "s3:List*", "s3:Put*", "s3:Delete*"], BOTH, Principal={"AWS": ADMIN}), ["medium"]),
    (allow("s3:*", BOTH, {"StringEquals": {"aws:PrincipalAccount": OWNER}}), ["medium"]),
    (allow("s3:PutObject", OBJECTS, {"StringEquals": {"aws:PrincipalAccount": OWNER}}), ["low"]),
    (allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:PrincipalAccount": OWNER}}), []),
    (allow("s3:*", OBJECTS, Principal={"AWS": ADMIN}), []),
    (
        allow("s3:*", BOTH, {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}, Principal={"AWS": ADMIN}),
        [],
    ),
    (allow("s3:*", BOTH, Principal={"AWS": OWNER}), []),
    (allow("s3:*", BOTH, Principal=PARTNER), []),
]


@pytest.mark.parametrize(("given", "severities"), BROAD)
def test_grants_of_everything_within_the_account_are_found(
    given: dict[str, Any], severities: list[str]
) -> None:
    """A role that may do everything, or everybody of the account who may write."""
    found = verdict(CHECKS, "broad-grants", policy=policy(given))
    assert [each for each, _ in told(found)] == severities, told(found)


IDENTITY = {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE"}
ANY_OF_THEM = {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}
ONE_OF_THEM = {"StringEquals": {"aws:SourceArn": DISTRIBUTION}}
OURS = {"StringEquals": {"aws:SourceAccount": OWNER}}
ORIGINS = [
    (allow("s3:GetObject", Principal=CLOUDFRONT), ["high"]),
    (allow("s3:GetObject", OBJECTS, ANY_OF_THEM, Principal=CLOUDFRONT), ["high"]),
    (allow("s3:PutObject", Principal=CLOUDFRONT), ["high"]),
    (allow("s3:GetObject", OBJECTS, ONE_OF_THEM, Principal=CLOUDFRONT), []),
    (allow("s3:GetObject", OBJECTS, OURS, Principal=CLOUDFRONT), []),
    (allow("s3:GetObject", Principal=IDENTITY), ["info"]),
]


@pytest.mark.parametrize(("given", "severities"), ORIGINS)
def test_cloudfront_reads_for_named_distributions_only(given: dict[str, Any], severities: list[str]) -> None:
    """A stranger's distribution that is let in is found; an origin access identity is a note."""
    found = verdict(CHECKS, "cloudfront-origin", policy=policy(given))
    assert [each for each, _ in told(found)] == severities, told(found)


def test_without_cloudfront_there_is_no_origin_to_judge() -> None:
    """A policy that does not name it says nothing of it."""
    assert verdict(CHECKS, "cloudfront-origin").outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("3 CloudFront", "arn-white-space", "high"),
        ("3 TLS of objects", "s3-arn-fields", "high"),
        ("0 combined", "sse-default-denied", "low"),
        ("4 public access", "service-name-locks-out", "high"),
        ("1 VPC endpoint", "network-denies-administration", "high"),
    ],
)
def test_faults_of_published_policies_are_told_with_their_place(name: str, rule: str, severity: str) -> None:
    """What lint finds beyond the other checks, with rule, statement and pointer, never above high."""
    (seed,) = (each for each in SEEDS if each.name == name)
    found = verdict(CHECKS, "policy-faults", policy=json.dumps(seed.document))
    mine = [each for each in found.findings if f"rule: {rule}" in each.evidence]
    assert {str(each.severity) for each in mine} == {severity}
    assert all(each.statement and each.pointer for each in mine)


@pytest.mark.parametrize("case", PUBLIC)
def test_what_another_check_says_is_no_fault_of_the_text(case: str) -> None:
    """Strangers are policy-public's, HTTP is secure-transport's: nothing is told twice."""
    text = policy(PUBLIC[case], deny(resource=ARN))
    found = verdict(CHECKS, "policy-faults", policy=text)
    rules = {line for each in found.findings for line in each.evidence}
    assert not rules & {f"rule: {each}" for each in ("public-read", "public-write", "https-bucket-only")}


def test_a_strict_profile_asks_for_the_header_that_lint_finds_strict() -> None:
    """Uploads without a header are denied on purpose then."""
    (seed,) = (each for each in SEEDS if each.name == "0 combined")
    found = verdict(CHECKS, "policy-faults", BucketProfile(strict=True), policy=json.dumps(seed.document))
    assert "rule: sse-default-denied" not in {line for each in found.findings for line in each.evidence}


LOCKS = [
    (deny("s3:*BucketPolicy", ARN, {"Bool": {"aws:SecureTransport": "true"}}), ["critical"]),
    (deny("s3:*", BOTH, ELSEWHERE), ["medium"]),
    (deny("s3:*BucketPolicy", ARN, {"ArnNotEquals": {"aws:PrincipalArn": f"{ADMIN}s"}}), ["critical"]),
    (deny("s3:*BucketPolicy", ARN, {"ArnNotEquals": {"aws:PrincipalArn": ADMIN}}), []),
]  # fmt: skip


@pytest.mark.parametrize(("given", "severities"), LOCKS)
def test_who_would_be_locked_out_is_told(given: dict[str, Any], severities: list[str]) -> None:
    """Certainly is critical, perhaps is medium."""
    found = verdict(CHECKS, "policy-lockout", policy=policy(given))
    assert [each for each, _ in told(found)][: len(severities)] == severities, told(found)
    assert bool(told(found)) is bool(severities)


def test_the_administrators_of_the_profile_are_asked_about_too() -> None:
    """Also where nobody knows who reads."""
    text = policy(deny("s3:*BucketPolicy", ARN, {"ArnNotEquals": {"aws:PrincipalArn": ADMIN}}))
    profile = BucketProfile(admins=(f"arn:aws:iam::{OWNER}:role/Other",))
    found = verdict(
        CHECKS, "policy-lockout", profile, policy=text, caller=Unread("no", "sts:GetCallerIdentity")
    )
    assert [each for each, _ in told(found)] == ["critical"]
    assert "role/Other" in found.findings[0].message


NETWORK = [
    (None, {}, ["info"]),
    (None, {"requires": {"network-restriction"}}, ["low"]),
    (policy(deny("s3:GetObject", OBJECTS, ELSEWHERE)), {}, ["info"]),
    (policy(deny("s3:*", BOTH, {**ELSEWHERE, "Null": {"aws:SourceVpce": "true"}})), {}, ["info"]),
    (policy(deny("s3:*", BOTH, ELSEWHERE)), {}, []),
    (Policy.of(statements.only_vpc_endpoints(BUCKET, "vpce-1a2b3c4d5e6f7a8b9")).to_json(), {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wishes", "severities"), NETWORK)
def test_credentials_that_work_from_anywhere_are_a_note(
    text: str | None, wishes: dict[str, Any], severities: list[str]
) -> None:
    """Unless the data actions are denied from an unknown address and an unknown endpoint."""
    found = verdict(CHECKS, "network-restriction", BucketProfile(**wishes), policy=text)
    assert [each for each, _ in told(found)] == severities


def _endpoint(*given: dict[str, Any], state: str = "available") -> dict[str, Any]:
    return {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "State": state, "PolicyDocument": policy(*given)}


NOT_OURS = {"StringNotEquals": {"aws:ResourceAccount": OWNER}}
ENDPOINTS = [
    ((), ["info"]),
    ((_endpoint(allow("*", "*"), state="deleted"),), ["info"]),
    ((_endpoint(allow("*", "*")),), ["info"]),
    ((_endpoint(allow("s3:Put*", "arn:aws:s3:::*")),), ["info"]),
    ((_endpoint(allow("s3:*", BOTH)),), []),
    ((_endpoint(allow("*", "*", {"StringEquals": {"aws:ResourceAccount": OWNER}})),), []),
    ((_endpoint(allow("*", "*"), deny("s3:PutObject", "*", NOT_OURS)),), []),
]  # fmt: skip


@pytest.mark.parametrize(("endpoints", "severities"), ENDPOINTS)
def test_endpoints_that_carry_data_to_any_bucket_are_a_note(
    endpoints: tuple[Any, ...], severities: list[str]
) -> None:
    """No endpoint at all, or one by which data can be put into somebody else's bucket."""
    found = verdict(CHECKS, "vpc-endpoints", vpc_endpoints=endpoints)
    assert [each for each, _ in told(found)] == severities


def test_checks_carry_what_reports_need() -> None:
    """Every check has a title, reasons, a fix, references, seeds and a source, and an id of its own."""
    assert len({each.id for each in CHECKS}) == len(CHECKS)
    for each in CHECKS:
        assert all((each.title, each.why, each.fix, each.refs, each.seeds, each.source, each.reads)), each.id


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("encryption", [SseS3(), SseKms(KEY), DsseKms(KEY), SseC.generate()])
def test_what_hardening_puts_into_a_policy_satisfies_every_check(encryption: Strategy, strict: bool) -> None:
    """The statements that a profile asks for leave nothing above info."""
    profile = BucketProfile(encryptions=(encryption,), strict=strict)
    asked = protections(Subject(snapshot(policy=None), profile), acls_off=True)
    text = Policy.of(*(each.statement for each in asked)).to_json()
    default = {SseKms: "aws:kms", DsseKms: "aws:kms:dsse"}.get(type(profile.default), "AES256")
    key = {"KMSMasterKeyID": KEY} if default != "AES256" else {}
    shot = snapshot(policy=text, encryption={"SSEAlgorithm": default, **key}, blocked_encryption=())
    audit = judge_all(shot, profile, (*CHECKS, *transport.CHECKS, *uploads.CHECKS))
    assert not audit.above()
    assert not audit.unknown
