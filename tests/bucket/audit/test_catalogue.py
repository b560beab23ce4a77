"""The catalogue of checks as a whole: its ids, names, readings, and that nothing breaks a check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.check import Check, Found, NotApplicable, NotRead, Outcome, Subject
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.snapshot.values import (
    AccessPoint,
    Identity,
    Key,
    LogTarget,
    Snapshot,
    Trail,
    Unread,
)
from secure_s3.bucket.wanted import BucketProfile, DefaultRetention
from secure_s3.encryption import SseKms
from secure_s3.errors import PolicyError
from tests.bucket.audit.good import (
    ACCOUNT,
    ALL_CHECKS,
    ARN,
    BUCKET,
    DENIED,
    GOOD,
    KEY,
    PLAIN,
    PROFILE,
    STRANGER,
)
from tests.jobs.checklist_page import PAGE, POINTS, named_by, names, readings, written

IDS = {
    "access": """account-public-access-block bucket-public-access-block policy-public acl-public acls-disabled
        policy-faults policy-lockout cross-account broad-grants public-acls-denied network-restriction
        vpc-endpoints cloudfront-origin access-point-public-access-block access-point-public access-point-tls
        multi-region-public-access-block least-privilege bucket-owner shadow-resource website cors""",
    "transport": "secure-transport tls-version presigned-age",
    "encryption": """default-encryption bucket-key blocked-encryption-types unencrypted-uploads
        wrong-key-uploads customer-key-uploads kms-key-usable key-rotation key-policy""",
    "recovery": "versioning mfa-delete object-lock lifecycle incomplete-uploads replication",
    "monitoring": """access-logging log-target data-events access-analyzer analyzer-findings macie
        macie-findings event-notifications alarms config-recorder""",
}
NAMES = {
    "SecurityHub": r"(S3|KMS|Macie|Config|IAM|CloudWatch|CloudFront)\.[0-9]+",
    "CIS-5.0": r"[1-4](\.[0-9]+){1,2}",
    "checkov": r"CKV2?_AWS_[0-9]+",
    "prowler": r"[a-z0-9]+(_[a-z0-9]+)+",
    "terraform-aws-s3-bucket": r"[a-z_]+",
    "CDK": r"[a-z_]+",
}
PAGES = re.compile(r"(Amazon|AWS|IAM) [^:]+: .+")
FIELDS = {each.name for each in fields(Snapshot)}
ALWAYS = {"bucket", "taken_at", "partition", "cut", "account"}
"""What a snapshot always has, how much of a field was read, and the account that witnesses are of."""
check_by_id = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def test_the_ids_are_these() -> None:
    """Each check has its id and topic, once: reports and profiles of users name them."""
    listed = [(each.topic, each.id) for each in CHECKS]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(topic, each) for topic, ids in IDS.items() for each in ids.split()}


@check_by_id
def test_a_check_says_what_it_is(check: Check) -> None:
    """Title, reason, fix and source are there, and names of other catalogues have their form."""
    assert check.title
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert check.fix
    assert check.source.startswith(("Amazon", "AWS", "IAM"))
    for ref in check.refs:
        name, _, rest = ref.partition(":")
        assert PAGES.fullmatch(ref) or re.fullmatch(NAMES[name], rest), ref
    assert len(set(check.refs)) == len(check.refs)


@check_by_id
def test_every_seed_is_a_point_of_the_list(check: Check) -> None:
    """What a check says to cover is in the source documents' list, word by word."""
    assert check.seeds
    assert set(check.seeds) <= {point.text for point in POINTS if point.source == "list"}


# ------------------------------------------------------------------------------------------ what is read


class _Watched:
    """A snapshot that remembers which of its fields were looked at."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.seen = snapshot, set[str]()

    def __getattr__(self, name: str) -> Any:
        if name in FIELDS:
            self.seen.add(name)
        return getattr(self.snapshot, name)


OPEN_POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",'
    f'"Resource": ["{ARN}", "{ARN}/*"]}}]}}'
)
POINT = AccessPoint(
    name="ap", arn=f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/ap", policy=None, is_public=False
)
FULL = replace(
    GOOD,
    policy=OPEN_POLICY,
    policy_is_public=True,
    acl={"Owner": {"ID": "a"}, "Grants": []},
    ownership="BucketOwnerEnforced",
    requester_pays=False,
    access_points=(replace(POINT, public_access_block={}),),
    multi_region_access_points=({"Name": "m", "PublicAccessBlock": {}, "Regions": [{"Bucket": BUCKET}]},),
    vpc_endpoints=({"VpcEndpointId": "vpce-1", "PolicyDocument": "{}"},),
)
BARE = replace(
    FULL,
    policy=None,
    encryption={"SSEAlgorithm": "AES256"},
    ownership="ObjectWriter",
    blocked_encryption=(),
    logging={},
    lifecycle=(),
    public_access_block={},
    account_public_access_block={},
    website={"IndexDocument": {"Suffix": "index.html"}},
    versioning="",
    mfa_delete=False,
)
BLANK = Snapshot(bucket=BUCKET, taken_at="")
SHADOW = replace(FULL, bucket="cf-templates-1a2b3c4d5e6f-eu-west-1", account=STRANGER)
LOCKED = replace(
    PROFILE,
    strict=True,
    object_lock=DefaultRetention(mode="COMPLIANCE", years=1),
    expected_owner=ACCOUNT,
    admins=(f"arn:aws:iam::{ACCOUNT}:role/Admin",),
    noncurrent_days=30,
)


def _judged(check: Check, snapshot: Any, profile: BucketProfile) -> tuple[Found, ...]:
    with suppress(NotRead, NotApplicable, PolicyError):
        return tuple(check.judge(Subject(snapshot, profile)))
    return ()


@check_by_id
def test_a_check_reads_what_it_says(check: Check) -> None:
    """A check looks at no fields but those that it lists, and each of them exists."""
    assert set(check.reads) <= FIELDS
    seen: set[str] = set()
    for snapshot in (GOOD, FULL, BARE, BLANK, SHADOW):
        for profile in (PLAIN, PROFILE, LOCKED):
            watched = _Watched(snapshot)
            _judged(check, watched, profile)
            seen |= watched.seen
    assert seen - ALWAYS <= set(check.reads), f"{sorted(seen - ALWAYS)} are read"


# ------------------------------------------------------------------------------------------ nothing breaks it


@pytest.mark.parametrize("profile", [PLAIN, PROFILE, LOCKED])
def test_a_snapshot_of_unread_fields_is_unknown_in_all(profile: BucketProfile) -> None:
    """Where nothing was read, no check passes and none fails."""
    unread: dict[str, Any] = {
        name: DENIED for name in FIELDS - ALWAYS - {"keys", "wanted_log_target", "policy_is_public"}
    }
    audit = judge_all(replace(BLANK, **unread), profile, CHECKS)
    outcomes = {each.check.id: each.outcome for each in audit.verdicts}
    assert set(outcomes.values()) <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
    unknown = [each for each in audit.verdicts if each.outcome is Outcome.UNKNOWN]
    assert len(unknown) > 40
    assert all(each.why for each in unknown)


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 10),
    st.sampled_from(
        ["", "Enabled", "*", "{", KEY, ARN, ACCOUNT, "aws:kms", "a\x1b[0m\n", "\ud800", "arn:::::"]
    ),
    st.sampled_from([DENIED, 1.5, b"x"]),
)
WORDS = st.sampled_from(
    re.findall(
        r"\w+",
        """
    Status Rules Rule Filter And Prefix Tag Tags ID Destination Bucket LoggingEnabled TargetBucket
    Grants TargetPrefix Grantee URI Permission SSEAlgorithm KMSMasterKeyID KeyState Arn Origin
    DefaultRetention Mode Days Years EventSelectors AdvancedEventSelectors FieldSelectors Field
    Equals StartsWith DataResources Type Values AllowedOrigins AllowedMethods principal action
    status type severity kind pattern targets name recordingGroup PublicAccessBlock Regions
    PolicyDocument AbortIncompleteMultipartUpload Owner NoncurrentVersionExpiration
    RedirectAllRequestsTo resourcesAffected s3Object State ServiceName
""",
    )
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(WORDS, inner, max_size=4),
    ),
    max_leaves=12,
)
TEXT = st.sampled_from(["", "{", OPEN_POLICY, '{"Statement": 5}', "null", "\ud800"])


def _settings() -> Iterator[str]:
    """Fields that hold what a service answered, whatever that is."""
    typed = {"keys", "log_target", "wanted_log_target", "access_points", "trails", "identities"}
    yield from FIELDS - ALWAYS - typed - {"policy", "policy_is_public", "caller"}


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Snapshots whose values have the right type outside, and anything at all inside."""
    changes: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from(sorted(_settings())), max_size=8)):
        changes[name] = draw(JUNK)
    if draw(st.booleans()):
        changes["policy"] = draw(TEXT)
    if draw(st.booleans()):
        key = Key(arn=KEY, metadata=draw(JUNK), rotation=draw(JUNK), policy=draw(TEXT))
        changes["keys"] = {KEY: key}
    if draw(st.booleans()):
        changes["log_target"] = LogTarget(
            bucket="logs",
            policy=draw(TEXT),
            encryption=draw(JUNK),
            public_access_block=draw(JUNK),
            object_lock=draw(JUNK),
        )
    if draw(st.booleans()):
        changes["trails"] = (Trail(name="a", arn="b", logging=True, selectors=draw(JUNK)),)
    if draw(st.booleans()):
        changes["access_points"] = (
            AccessPoint(name="a", arn=draw(TEXT), public_access_block=draw(JUNK), policy=draw(TEXT)),
        )
    if draw(st.booleans()):
        changes["identities"] = (Identity(arn=draw(TEXT), policies=(draw(TEXT),), boundary=draw(TEXT)),)
    return replace(draw(st.sampled_from([FULL, BARE, BLANK])), **changes)


@settings(max_examples=80, deadline=None)
@given(snapshots(), st.sampled_from([PLAIN, PROFILE, LOCKED]))
def test_no_answer_breaks_a_check(snapshot: Snapshot, profile: BucketProfile) -> None:
    """Whatever a service answers, each check comes to a verdict; those of settings can show all they say."""
    assert len(judge_all(snapshot, profile, CHECKS).verdicts) == len(CHECKS)
    for check in ALL_CHECKS:
        for found in _judged(check, snapshot, profile):
            lines = (found.message, *found.evidence)
            assert all(isinstance(line, str) and line.isprintable() for line in lines), lines


@pytest.mark.parametrize("value", [5, "text", None])
@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.id)
def test_a_setting_of_another_shape_is_no_empty_one(check: Check, value: Any) -> None:
    """What is no setting at all is unknown, not a setting that says that there is none."""
    name = check.reads[0]
    if name not in ("versioning", "mfa_delete", "account"):
        verdict = judge_all(replace(GOOD, **{name: value}), PLAIN, [check]).verdicts[0]
        assert verdict.outcome is Outcome.UNKNOWN


def test_an_unread_value_inside_a_setting_is_no_truth() -> None:
    """A check that asks an unread value for its truth would take it for present: that raises."""
    with pytest.raises(TypeError):
        bool(Unread("not read"))


def test_a_profile_with_all_checks_required_knows_their_names() -> None:
    """Every id may stand in ``requires``, and then no finding of a recommended check is a note by default."""
    profile = BucketProfile(encryptions=(SseKms(KEY),), requires=frozenset(each.id for each in CHECKS))
    audit = judge_all(BARE, profile, CHECKS)
    assert audit.verdict("mfa-delete").findings[0].severity is audit.verdict("mfa-delete").check.severity


# ------------------------------------------------------------------------------------------ the checklist


def test_the_page_is_what_the_catalogue_says() -> None:
    """The tables of the checklist are those that checks and tests give today."""
    text = PAGE.read_text("utf-8")
    assert written(text) == text, "run python -m tests.jobs.checklist_page"


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point.source}: {point.text[:40]}")
def test_every_point_of_the_checklists_is_covered(point: Any) -> None:
    """Each point has a check, or says which part of the house covers it, with a test that exists."""
    ids = {each.id for each in CHECKS}
    assert point.checks or point.elsewhere
    assert set(point.checks) <= ids
    for path, function in point.tests:
        source = (Path(PAGE).parents[1] / path).read_text("utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE), f"{path}::{function}"


@check_by_id
def test_every_check_has_a_test_and_its_readings(check: Check) -> None:
    """The page names a test for each check, and the call that reads each of its fields."""
    assert names(*named_by(check.id), check.id)
    assert all(readings((name,)) for name in check.reads)
