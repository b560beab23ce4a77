"""Whether a principal could still change a bucket policy once it is applied."""

from __future__ import annotations

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import UNKNOWN, Policy
from secure_s3.policy import statements as make
from secure_s3.policy.lockout import CERTAIN, NONE, POSSIBLE, lockout
from secure_s3.policy.witnesses import ADMIN, APP, OTHER_ACCOUNT, OWNER, ROOT, STRANGER, USER
from secure_s3.values import Severity

B = "amzn-s3-demo-bucket"
WHOLE = f"arn:aws:s3:::{B}"
BOTH = [WHOLE, f"{WHOLE}/*"]
ROLE = f"arn:aws:iam::{OWNER}:role/Admin"
VPCE = "vpce-1a2b3c4d"


def deny(action="s3:*", condition=None, principal="*", resource=BOTH):
    """A policy of one Deny."""
    statement = {"Effect": "Deny", "Principal": principal, "Action": action, "Resource": resource}
    block = {"Condition": condition} if condition else {}
    return Policy.parse({"Version": "2012-10-17", "Statement": [{**statement, **block, "Sid": "Fence"}]})


def verdict(policy, principal=ADMIN, **keywords):
    """What becomes of the principal."""
    return lockout(policy, principal, bucket=B, **keywords).verdict


@pytest.mark.parametrize(
    ("policy", "wanted", "why"),
    [
        (deny(), CERTAIN, "everything is denied"),
        (deny(["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]), CERTAIN, "both ways are denied"),
        (deny("s3:*BucketPolicy", {"Bool": {"aws:PrincipalIsAWSService": "false"}}), CERTAIN, "no service"),
        (
            deny(condition={"StringNotEquals": {"aws:PrincipalServiceName": "x.amazonaws.com"}}),
            CERTAIN,
            "absent",
        ),
        (deny(condition={"NumericLessThan": {"s3:TlsVersion": "1.4"}}), CERTAIN, "no such version of TLS"),
        (deny(condition={"Bool": {"aws:SecureTransport": "true"}}), CERTAIN, "HTTPS is denied"),
        (
            deny(condition={"ArnNotEquals": {"aws:PrincipalArn": APP}}),
            CERTAIN,
            "a session's ARN spares nobody",
        ),
        (deny(principal={"AWS": OWNER}), CERTAIN, "its account is denied"),
        (deny("s3:PutBucketPolicy"), NONE, "it can still delete"),
        (deny("s3:DeleteBucketPolicy"), NONE, "it can still replace"),
        (deny("s3:GetBucketPolicy"), NONE, "it need not read"),
        (deny("s3:*Object*"), NONE, "objects only"),
        (deny(resource=f"{WHOLE}/*"), NONE, "the bucket itself is not named"),
        (deny(condition={"NumericLessThan": {"s3:TlsVersion": "1.3"}}), NONE, "TLS 1.3 will do"),
        (deny(condition={"Bool": {"aws:SecureTransport": "false"}}), NONE, "HTTPS will do"),
        (deny(condition={"ArnNotLike": {"aws:PrincipalArn": f"{ROLE}*"}}), NONE, "it is spared"),
        (deny(principal={"AWS": STRANGER}), NONE, "another account is denied"),
        (deny(condition={"StringNotEquals": {"aws:PrincipalAccount": OWNER}}), NONE, "its account is spared"),
        (deny(condition={"StringNotEquals": {"aws:SourceVpce": VPCE}}), POSSIBLE, "the network decides"),
        (
            deny(condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            POSSIBLE,
            "the address decides",
        ),
        (deny(condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), POSSIBLE, "MFA decides"),
        (deny(condition={"StringNotLike": {"aws:userid": "AROAEXAMPLE:*"}}), POSSIBLE, "an id decides"),
        (deny(condition={"StringNotEquals": {"aws:PrincipalTag/team": "blue"}}), POSSIBLE, "a tag decides"),
        (
            deny(condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
            POSSIBLE,
            "an organization",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_administrator_is_locked_out_or_not(policy, wanted, why):
    """The verdict is certain, possible or none, as the requests under the new policy come out."""
    assert verdict(policy) == wanted, why


@pytest.mark.parametrize("condition", [None, {"StringNotEquals": {"aws:SourceVpce": VPCE}}])
def test_the_root_user_of_the_buckets_account_is_never_locked_out(condition):
    """Whatever is denied, the root user may still replace the policy."""
    assert verdict(deny(condition=condition), ROOT) == NONE
    assert verdict(deny(condition=condition), ROOT, account=OWNER) == NONE


def test_the_root_user_of_another_account_has_no_such_exception():
    """The exception is for the account that owns the bucket."""
    assert verdict(deny(), f"arn:aws:iam::{STRANGER}:root", account=OWNER) == CERTAIN


def test_a_principal_of_another_account_needs_the_policy_to_allow_it():
    """Across accounts a policy that allows nothing locks out, though it denies nothing."""
    found = lockout(deny("s3:GetObject"), OTHER_ACCOUNT, bucket=B, account=OWNER)
    assert found.verdict == CERTAIN
    (finding,) = found.findings
    assert finding.statement is None


@pytest.mark.parametrize(
    ("assume", "wanted"),
    [
        ({"aws:SourceVpce": VPCE}, NONE),
        ({"AWS:SourceVPCE": "vpce-99999999"}, CERTAIN),
        ({"aws:SourceVpce": None}, CERTAIN),
        ({"aws:SourceIp": "203.0.113.7"}, POSSIBLE),
    ],
)
def test_what_is_assumed_settles_the_verdict(assume, wanted):
    """A key that the caller knows is no longer unknown; another one settles nothing."""
    policy = deny(condition={"StringNotEquals": {"aws:SourceVpce": VPCE}})
    assert verdict(policy, assume=assume) == wanted


def test_a_possible_lock_out_names_the_keys_that_decide():
    """The keys that decide are named, in the value and in the finding."""
    condition = {
        "StringNotEquals": {"aws:SourceVpce": VPCE},
        "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    }
    found = lockout(deny(condition=condition), USER, bucket=B)
    assert set(found.keys) == {"aws:SourceVpce", "aws:SourceIp"}
    (finding,) = found.findings
    assert finding.severity is Severity.MEDIUM
    assert "aws:SourceIp" in finding.message
    assert (finding.statement, finding.pointer) == ("Fence", "/Statement/0")


def test_a_certain_lock_out_is_critical_and_names_the_statement():
    """The finding says who is locked out, by which statement, and that the root user is the way out."""
    (finding,) = lockout(deny(), ADMIN, bucket=B).findings
    assert finding.severity is Severity.CRITICAL
    assert ADMIN in finding.message
    assert finding.statement == "Fence"
    assert "root user" in finding.fix


def test_no_lock_out_gives_no_finding_and_the_decisions():
    """Without a lock-out there is nothing to report, and the decisions tell why."""
    found = lockout(deny("s3:PutBucketPolicy"), ADMIN, bucket=B)
    assert found.findings == ()
    assert found.decisions["s3:PutBucketPolicy"].outcome == "explicitly_denied"
    assert found.decisions["s3:DeleteBucketPolicy"].outcome == "allowed"


def test_identity_policies_count_where_they_are_given():
    """Who may not change policies by its own ones is locked out; if these are unknown, possibly."""
    reads = Policy.of(make.allow_read(B))
    changes = Policy.parse(
        {"Statement": [{"Effect": "Allow", "Action": "s3:DeleteBucketPolicy", "Resource": WHOLE}]}
    )
    policy = deny("s3:GetObject")
    assert verdict(policy, identity_policies=(reads,)) == CERTAIN
    assert verdict(policy, identity_policies=(reads, changes)) == NONE
    assert verdict(policy, identity_policies=UNKNOWN) == POSSIBLE


def test_a_certain_deny_beside_a_possible_one_is_certain():
    """What is unknown does not soften what is certain."""
    first = deny(condition={"StringNotEquals": {"aws:SourceVpce": VPCE}}).statements[0]
    second = deny("s3:*BucketPolicy").statements[0]
    policy = Policy.parse({"Statement": [dict(first.raw), {**second.raw, "Sid": "Locked"}]})
    assert verdict(policy) == CERTAIN


@pytest.mark.parametrize(
    ("statement", "who", "wanted"),
    [
        (make.protect_bucket_policy(B, ROLE), ADMIN, NONE),
        (make.protect_bucket_policy(B, ROLE), APP, CERTAIN),
        (make.deny_public_policies(B, ROLE), USER, CERTAIN),
        (make.only_vpc_endpoints(B, VPCE), ADMIN, NONE),
        (make.only_ip_ranges(B, "203.0.113.0/24", no_endpoints=True), ADMIN, NONE),
    ],
)
def test_the_builders_lock_out_whom_they_say(statement, who, wanted):
    """A statement that protects the policy spares its administrators alone; fences leave the policy be."""
    assert verdict(Policy.of(statement), who) == wanted


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"principal": "*"}, "administers no bucket"),
        ({"principal": "cloudfront.amazonaws.com"}, "administers no bucket"),
        ({"principal": None}, "administers no bucket"),
        ({"principal": UNKNOWN}, "administers no bucket"),
        ({"bucket": "arn:aws:s3:::x"}, "no name of a bucket"),
        ({"bucket": ""}, "no name of a bucket"),
        ({"policy": 7}, "no policy document"),
        ({"account": "12"}, "is no account"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(keywords, said):
    """A principal that administers nothing, a bucket's ARN, or what is no policy is refused and told why."""
    given = {"policy": deny(), "principal": ADMIN, "bucket": B, **keywords}
    with pytest.raises(PolicyError, match=said):
        lockout(given.pop("policy"), given.pop("principal"), **given)


def test_a_lockout_is_true_unless_there_is_none():
    """As a truth value, a lock-out that is certain or possible counts, and none does not."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    }
    at_home = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    admin = "arn:aws:iam::111122223333:role/Admin"
    certain, possible, none = (
        Policy.parse({"Version": "2012-10-17", "Statement": {**deny, **more}})
        for more in ({}, {"Condition": at_home}, {"Action": "s3:GetObject"})
    )
    assert lockout(certain, admin, bucket="amzn-s3-demo-bucket")
    assert lockout(possible, admin, bucket="amzn-s3-demo-bucket")
    assert not lockout(none, admin, bucket="amzn-s3-demo-bucket")
