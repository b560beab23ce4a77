"""Bundles: whole policies that do what their names say, put into what is there."""

from __future__ import annotations

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, bundles, evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.difference import diff
from secure_s3.policy.linter import lint
from secure_s3.policy.witnesses import (
    ADMIN,
    ANYONE,
    APP,
    KEY,
    OTHER_KEY,
    OWNER,
    ROOT,
    STRANGER,
    USER,
    bucket_arn,
    from_service,
    over_http,
    put,
    upload_part,
    with_context,
    witness,
)
from secure_s3.values import Arn, KmsKeyArn

B = "amzn-s3-demo-bucket"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
ADMIN_ROLE = f"arn:aws:iam::{OWNER}:role/Admin"
APP_ROLE = f"arn:aws:iam::{OWNER}:role/App"
DISTRIBUTION = f"arn:aws:cloudfront::{OWNER}:distribution/EDFDVBD6EXAMPLE"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{OWNER}:trail/main"
SOURCE = "amzn-s3-demo-source-bucket"
EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
EVERYTHING_FOR_APP = Policy.of(
    make.allow_read(B), make.allow_write(B), make.allow_list(B), make.allow_delete(B)
)
BUNDLES = {
    "baseline": bundles.baseline(B),
    "baseline with a key": bundles.baseline(B, kms_key_arn=KEY, admins=ADMIN_ROLE),
    "baseline, strict": bundles.baseline(B, kms_key_arn=(KEY, OTHER_KEY), min_tls="1.3", strict=True),
    "baseline, strict without a key": bundles.baseline(B, strict=True),
    "cloudfront_origin": bundles.cloudfront_origin(B, DISTRIBUTION),
    "cloudfront_origin, only": bundles.cloudfront_origin(
        B, DISTRIBUTION, kms_key_arn=KEY, only=True, except_principals=ADMIN_ROLE
    ),
    "log_target": bundles.log_target(
        B,
        OWNER,
        source_buckets=SOURCE,
        trails=TRAIL,
        load_balancer_region="eu-west-1",
        log_service_region="eu-west-1",
        admins=ADMIN_ROLE,
    ),
    "access_point": bundles.access_point(POINT, APP_ROLE, prefix="reports/", write=True),
    "write_once": bundles.write_once(B, ADMIN_ROLE, retention_days=30, kms_key_arn=KEY),
}


def get(who=APP, key="key"):
    """A GetObject."""
    return witness("s3:GetObject", bucket_arn(B, key), who)


def outcome(policy, request):
    """What becomes of a request of a caller whose own policies allow all it does with objects."""
    return evaluate(request, resource_policy=policy, identity_policies=[EVERYTHING_FOR_APP]).outcome


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_is_sound_short_and_free_of_findings(name):
    """Every bundle fits a bucket policy, survives being printed and read, and lints without a finding."""
    policy = BUNDLES[name]
    assert policy.size < 20 * 1024
    assert Policy.parse(policy.to_json()) == policy
    assert not policy.problems
    assert not any(each.problems for each in policy.statements)
    assert [str(each) for each in lint(policy)] == []


@pytest.mark.parametrize("name", [each for each in BUNDLES if each != "access_point"])
def test_no_bundle_locks_the_admin_out(name):
    """Under every bundle the admin may still change the policy, and so may the root user."""
    for who in (ADMIN, ROOT):
        for action in ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
            request = witness(action, bucket_arn(B), who)
            allowed = Policy.parse(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": action, "Resource": bucket_arn(B)}],
                }
            )
            assert evaluate(request, resource_policy=BUNDLES[name], identity_policies=[allowed]).allowed


@pytest.mark.parametrize(
    ("request_", "denied", "strict"),
    [
        (over_http(get()), True, True),
        (over_http(witness("s3:ListBucket", bucket_arn(B))), True, True),
        (with_context(get(), {"s3:TlsVersion": "1.1"}), True, True),
        (with_context(get(), {"s3:TlsVersion": "1.2"}), False, False),
        (get(), False, False),
        (witness("s3:ListBucket", bucket_arn(B)), False, False),
        (put(B), False, True),
        (upload_part(B), False, True),
        (put(B, sse="aws:kms", sse_key=KEY), False, False),
        (put(B, sse="aws:kms:dsse", sse_key=KEY), False, False),
        (put(B, sse="aws:kms", sse_key=OTHER_KEY), True, True),
        (put(B, sse="aws:kms"), True, True),
        (put(B, sse="AES256"), True, True),
        (put(B, sse="AES256", **{"s3:x-amz-copy-source": f"{B}/key"}), True, True),
        (put(B, sse_c="AES256"), True, True),
        (put(B, sse="aws:kms", sse_key=KEY, acl="public-read"), True, True),
        (put(B, sse="aws:kms", sse_key=KEY, acl="authenticated-read"), True, True),
        (put(B, sse="aws:kms", sse_key=KEY, **{"s3:x-amz-grant-read": EVERYBODY}), True, True),
        (put(B, sse="aws:kms", sse_key=KEY, acl="bucket-owner-full-control"), False, False),
    ],
)
def test_the_baseline_denies_what_it_should_and_nothing_else(request_, denied, strict):
    """HTTP, old TLS, other encryption, public ACLs are denied; strict also uploads that say nothing."""
    for is_strict, expected in ((False, denied), (True, strict)):
        policy = bundles.baseline(B, kms_key_arn=KEY, strict=is_strict, admins=ADMIN_ROLE)
        assert outcome(policy, request_) == ("explicitly_denied" if expected else "allowed")


def test_the_baseline_grants_nothing():
    """A stranger, and an anonymous caller, are not allowed anything by it."""
    assert {each.effect for each in bundles.baseline(B, kms_key_arn=KEY).statements} == {"Deny"}
    assert evaluate(get(ANYONE), resource_policy=bundles.baseline(B)).outcome == "implicitly_denied"


def test_the_baseline_without_a_key_takes_any_encryption_of_s3():
    """Without a key SSE-S3 and SSE-KMS both pass, and keys of customers do not."""
    policy = bundles.baseline(B)
    for headers in ({}, {"sse": "AES256"}, {"sse": "aws:kms"}, {"sse": "aws:kms", "sse_key": OTHER_KEY}):
        assert outcome(policy, put(B, **headers)) == "allowed"
    assert outcome(policy, put(B, sse_c="AES256")) == "explicitly_denied"
    assert outcome(bundles.baseline(B, strict=True), put(B)) == "explicitly_denied"
    assert outcome(bundles.baseline(B, strict=True), put(B, sse="AES256")) == "allowed"


def test_a_higher_minimum_denies_tls_1_2():
    """With min_tls 1.3 a call over 1.2 is denied."""
    request = with_context(get(), {"s3:TlsVersion": "1.2"})
    assert outcome(bundles.baseline(B, min_tls="1.3"), request) == "explicitly_denied"
    assert outcome(bundles.baseline(B), request) == "allowed"


def test_with_admins_others_cannot_change_the_policy():
    """The app may not put a policy that would open the bucket."""
    request = witness("s3:PutBucketPolicy", bucket_arn(B), APP)
    assert (
        evaluate(request, resource_policy=bundles.baseline(B, admins=[ADMIN_ROLE])).outcome
        == "explicitly_denied"
    )
    assert evaluate(request, resource_policy=bundles.baseline(B)).outcome == "implicitly_denied"


def test_cloudfront_reads_and_with_only_nobody_else_does():
    """The distribution is allowed; with only=True a role that is allowed elsewhere is denied."""

    def by(arn):
        return from_service(get(), "cloudfront.amazonaws.com", arn=arn)

    for name in ("cloudfront_origin", "cloudfront_origin, only"):
        assert evaluate(by(DISTRIBUTION), resource_policy=BUNDLES[name]).allowed
        assert not evaluate(by(DISTRIBUTION.replace(OWNER, STRANGER)), resource_policy=BUNDLES[name]).allowed
        assert not evaluate(get(ANYONE), resource_policy=BUNDLES[name]).allowed
    assert outcome(BUNDLES["cloudfront_origin"], get()) == "allowed"
    assert outcome(BUNDLES["cloudfront_origin, only"], get()) == "explicitly_denied"
    assert outcome(BUNDLES["cloudfront_origin, only"], get(ADMIN)) == "allowed"


@pytest.mark.parametrize(
    ("service", "key", "arn", "acl"),
    [
        ("logging.s3", "x", bucket_arn(SOURCE), None),
        ("cloudtrail", f"AWSLogs/{OWNER}/CloudTrail/x", TRAIL, "bucket-owner-full-control"),
        (
            "logdelivery.elasticloadbalancing",
            f"AWSLogs/{OWNER}/elasticloadbalancing/x",
            f"arn:aws:elasticloadbalancing:eu-west-1:{OWNER}:loadbalancer/app/web/1",
            None,
        ),
        (
            "delivery.logs",
            f"AWSLogs/{OWNER}/x",
            f"arn:aws:logs:eu-west-1:{OWNER}:*",
            "bucket-owner-full-control",
        ),
    ],
)
def test_logs_are_delivered_for_the_account_and_for_nobody_else(service, key, arn, acl):
    """Each service delivers for its named source, and not for a stranger's."""
    request = from_service(put(B, key, acl=acl), f"{service}.amazonaws.com", arn=arn, account=OWNER)
    assert evaluate(request, resource_policy=BUNDLES["log_target"]).allowed
    foreign = with_context(
        request,
        {"aws:SourceArn": arn.replace(OWNER, STRANGER).replace(SOURCE, B), "aws:SourceAccount": STRANGER},
    )
    assert not evaluate(foreign, resource_policy=BUNDLES["log_target"]).allowed


def test_logs_are_deleted_by_admins_only():
    """With admins, nobody else deletes logs."""
    delete = witness("s3:DeleteObject", bucket_arn(B, "x"))
    assert outcome(BUNDLES["log_target"], delete) == "explicitly_denied"
    assert outcome(BUNDLES["log_target"], witness("s3:DeleteObject", bucket_arn(B, "x"), ADMIN)) == "allowed"


def test_a_log_target_without_logs_is_refused():
    """A bundle that would grant nothing is a mistake."""
    with pytest.raises(PolicyError, match="no logs"):
        bundles.log_target(B, OWNER)


def test_an_access_point_has_its_own_minimum():
    """Through the access point TLS 1.2 is denied, and what is below the prefix is allowed."""
    policy = BUNDLES["access_point"]

    def at(action, key=None, **context):
        resource = POINT if key is None else f"{POINT}/object/{key}"
        return evaluate(witness(action, resource, APP, context), resource_policy=policy).outcome

    assert at("s3:GetObject", "reports/x") == "allowed"
    assert at("s3:PutObject", "reports/x") == "allowed"
    assert at("s3:ListBucket", **{"s3:prefix": "reports/"}) == "allowed"
    assert at("s3:GetObject", "reports/x", **{"s3:TlsVersion": "1.2"}) == "explicitly_denied"
    assert at("s3:GetObject", "reports/x", **{"aws:SecureTransport": False}) == "explicitly_denied"
    assert at("s3:GetObject", "other") == "implicitly_denied"
    assert at("s3:ListBucket") == "implicitly_denied"


@pytest.mark.parametrize("arn", [B, bucket_arn(B), f"{POINT}/object/x", "", None, 3])
def test_an_access_point_is_named_by_its_arn(arn):
    """A bucket, or an object of an access point, is none."""
    with pytest.raises(PolicyError):
        bundles.access_point(arn, APP_ROLE)


def test_what_is_written_once_stays():
    """Overwriting, deleting, bypassing and short retention are denied; writing under a new key passes."""
    policy = BUNDLES["write_once"]
    assert outcome(policy, put(B)) == "explicitly_denied"
    assert outcome(policy, put(B, **{"s3:if-none-match": "*"})) == "allowed"
    assert outcome(policy, upload_part(B)) == "allowed"
    assert outcome(
        policy, put(B, **{"s3:if-none-match": "*", "s3:object-lock-remaining-retention-days": 7})
    ) == ("explicitly_denied")
    for action in ("DeleteObject", "DeleteObjectVersion", "BypassGovernanceRetention"):
        assert outcome(policy, witness(f"s3:{action}", bucket_arn(B, "key"), USER)) == "explicitly_denied"
    for action in ("PutBucketVersioning", "PutLifecycleConfiguration", "DeleteBucket"):
        assert outcome(policy, witness(f"s3:{action}", bucket_arn(B), USER)) == "explicitly_denied"
    with pytest.raises(PolicyError, match="admins="):
        bundles.write_once(B, ())


def test_what_is_there_stays():
    """Merging keeps foreign statements, the Id and unknown elements, and replaces only what it may."""
    existing = Policy.parse(
        {
            "Version": "2012-10-17",
            "Id": "mine",
            "Statement": [
                make.cross_account_read(B, STRANGER).to_dict(),
                make.require_min_tls(B, "1.2").to_dict(),
                {**make.deny_sse_c(B).to_dict(), "Sid": "OurOwnName"},
            ],
        }
    )
    with pytest.raises(PolicyError, match="another statement 'RequireMinTls'"):
        bundles.baseline(B, min_tls="1.3", merge_into=existing)
    merged = bundles.baseline(B, min_tls="1.3", merge_into=existing, replace="RequireMinTls")
    sids = [each.sid for each in merged.statements]
    assert merged.id == "mine"
    assert sids[:3] == ["CrossAccountRead", "RequireMinTls", "OurOwnName"]
    assert "DenySseC" not in sids
    assert len(sids) == len(set(sids))
    changes = {(each.kind, (each.after or each.before).sid) for each in diff(existing, merged).changes}
    assert ("changed", "RequireMinTls") in changes
    assert ("added", "DenyInsecureTransport") in changes
    assert not any(kind == "removed" for kind, _ in changes)
    assert "1.3" in str(diff(existing, merged))


@pytest.mark.parametrize("as_text", [False, True])
def test_merging_twice_changes_nothing(as_text):
    """A bundle put into its own result is that result, be it given as a policy or as text."""
    once = BUNDLES["baseline with a key"]
    given = once.to_json() if as_text else once
    assert not diff(once, bundles.baseline(B, kms_key_arn=KEY, admins=ADMIN_ROLE, merge_into=given))


def test_a_merge_never_turns_a_denial_into_a_grant():
    """An existing statement of the opposite effect under the same Sid is not overwritten."""
    existing = Policy.of(make.allow_read(B, APP_ROLE, sid="DenySseC"))
    with pytest.raises(PolicyError, match="DenySseC"):
        bundles.baseline(B, merge_into=existing)


def test_a_policy_that_s3_would_not_take_is_refused():
    """Beyond 20 KB the error says how long it is."""
    existing = Policy.of(
        *(make.allow_read(B, APP_ROLE, prefix=f"{n}/" * 20, sid=f"Read{n}") for n in range(80))
    )
    with pytest.raises(PolicyError, match="bytes"):
        bundles.baseline(B, merge_into=existing)


@pytest.mark.parametrize("there", ["", "{}", "[]", b"\xff", {"Version": "2012-10-17"}, 3])
def test_what_is_no_policy_is_not_merged_into(there):
    """What cannot be read as a policy is refused, not replaced."""
    with pytest.raises(PolicyError):
        bundles.baseline(B, merge_into=there)


@pytest.mark.parametrize(
    "changed",
    [
        {"kms_key_arn": "alias/app"},
        {"kms_key_arn": ()},
        {"min_tls": "1.1"},
        {"min_tls": "1.4"},
        {"strict": "yes"},
        {"admins": "*"},
        {"admins": f"arn:aws:iam::{OWNER}:root"},
        {"admins": ""},
        {"admins": None},
        {"partition": "azure"},
        {"bucket": "Amzn"},
    ],
)
def test_arguments_that_do_not_do_are_refused(changed):
    """A bundle refuses what its builders refuse."""
    with pytest.raises(PolicyError):
        bundles.baseline(**{"bucket": B, **changed})


@pytest.mark.parametrize(
    "build",
    [
        lambda: bundles.cloudfront_origin(B, DISTRIBUTION, only="no"),
        lambda: bundles.access_point(POINT, APP_ROLE, write="no"),
        lambda: bundles.access_point(POINT, ()),
        lambda: bundles.cloudfront_origin(B, ()),
        lambda: bundles.log_target(B, "1", source_buckets=SOURCE),
        lambda: bundles.write_once(B, ADMIN_ROLE, retention_days=0),
    ],
)
def test_the_other_bundles_refuse_them_as_well(build):
    """Switches are True or False, names are not empty, numbers are in range."""
    with pytest.raises(PolicyError):
        build()


@pytest.mark.parametrize(
    ("changed", "what", "fix"),
    [
        ({"min_tls": 1.2}, "min_tls=1.2 is a float, no text", "pass the text '1.2' or '1.3'"),
        ({"min_tls": "1.4"}, "min_tls='1.4' is not among them", "pass the text '1.2' or '1.3'"),
        ({"kms_key_arn": "alias/app"}, "kms_key_arn=: 'alias/app'", "SseKms.resolve"),
        ({"kms_key_arn": ()}, "kms_key_arn= is empty", "key/"),
    ],
)
def test_a_refusal_names_the_argument_of_the_bundle(changed, what, fix):
    """The error is about the argument that the caller wrote, not about that of a builder inside."""
    with pytest.raises(PolicyError) as caught:
        bundles.baseline(B, **changed)
    assert what in caught.value.what
    assert fix in caught.value.fix
    if "min_tls" in changed:
        with pytest.raises(PolicyError, match="min_tls="):
            bundles.access_point(POINT, APP_ROLE, **changed)


def test_an_exemption_from_nothing_is_refused():
    """Whoever is spared by a statement that is not made would be spared from nothing."""
    with pytest.raises(PolicyError, match="only=True"):
        bundles.cloudfront_origin(B, DISTRIBUTION, except_principals=ADMIN_ROLE)


@pytest.mark.parametrize(
    "build",
    [
        lambda: bundles.baseline(B, kms_key_arn=KEY, partition="aws-cn"),
        lambda: bundles.baseline(B, admins=ADMIN_ROLE, partition="aws-cn"),
        lambda: bundles.cloudfront_origin(B, DISTRIBUTION, partition="aws-cn"),
        lambda: bundles.write_once(B, ADMIN_ROLE, partition="aws-us-gov"),
        lambda: bundles.access_point(POINT.replace("arn:aws:", "arn:aws-cn:"), APP_ROLE),
    ],
)
def test_a_bundle_is_of_one_partition(build):
    """Keys, admins and distributions of another partition would match nobody."""
    with pytest.raises(PolicyError, match="of the partition aws, and the statement of"):
        build()


def test_an_access_point_tells_the_partition():
    """Accounts named for an access point are those of its partition."""
    point = POINT.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1")
    policy = bundles.access_point(point, STRANGER)
    read = next(each for each in policy.statements if each.sid == "AllowRead")
    assert read.raw["Principal"] == {"AWS": f"arn:aws-cn:iam::{STRANGER}:root"}


def test_a_key_may_be_a_validated_value():
    """The ARN of a key does as a KmsKeyArn or an Arn, alone or among others."""
    for key in (KmsKeyArn(KEY), Arn.parse(KEY), [KmsKeyArn(KEY), KEY]):
        assert bundles.baseline(B, kms_key_arn=key) == bundles.baseline(B, kms_key_arn=KEY)


def test_values_may_come_from_an_iterator():
    """An iterator is read once, though several statements are made of it."""
    assert (
        bundles.write_once(B, iter([ADMIN_ROLE]), retention_days=30, kms_key_arn=KEY) == BUNDLES["write_once"]
    )
    assert bundles.cloudfront_origin(B, iter([DISTRIBUTION])) == BUNDLES["cloudfront_origin"]
