"""The bucket policy: what the profile allows passes, nothing else does, and what is there stays."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import ClientSide, DsseKms, RawAesKey, SseC, SseKms, SseS3
from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.hardening.coverage import covered
from secure_s3.bucket.hardening.planning import plan
from secure_s3.bucket.snapshot.values import Identity, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.errors import ConfigurationError, LockoutRefused
from secure_s3.policy import Policy, Statement, evaluate, statements
from secure_s3.policy.request import AccessRequest
from secure_s3.policy.witnesses import over_http, presigned, put, with_context
from tests.bucket.hardening.support import (
    ARN,
    BARE,
    BUCKET,
    CALLER,
    KEY,
    LOGS,
    OTHER_KEY,
    READ_BY_ALL,
    READ_BY_OTHERS,
    TARGET,
    after,
    change,
    deny,
    document,
    ids,
    planned,
    why_not,
)

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SSE_C = SseC.generate()
UPLOADS: dict[str, dict[str, Any]] = {
    "none": {},
    "AES256": {"sse": "AES256"},
    "kms": {"sse": "aws:kms"},
    "kms key": {"sse": "aws:kms", "sse_key": KEY},
    "kms other": {"sse": "aws:kms", "sse_key": OTHER_KEY},
    "dsse": {"sse": "aws:kms:dsse"},
    "dsse key": {"sse": "aws:kms:dsse", "sse_key": KEY},
    "dsse other": {"sse": "aws:kms:dsse", "sse_key": OTHER_KEY},
    "customer": {"sse_c": "AES256"},
}
ENCRYPTIONS = [
    ((SseS3(),), {"none", "AES256"}),
    ((ClientSide(RawAesKey("test", bytes(32))),), {"none", "AES256"}),
    ((SseKms(KEY),), {"none", "kms key"}),
    ((DsseKms(KEY),), {"none", "dsse key"}),
    ((SSE_C,), {"customer"}),
    ((SseKms(KEY), SSE_C), {"none", "kms key", "customer"}),
    ((SseS3(), SseKms(KEY)), {"none", "AES256", "kms key"}),
    ((SseS3(), SSE_C), {"none", "AES256", "customer"}),
    ((SseKms(KEY), DsseKms(KEY)), {"none", "kms key", "dsse key"}),
    ((SseKms(KEY), SseKms(OTHER_KEY)), {"none", "kms key", "kms other"}),
    ((SseS3(), SseKms(KEY), DsseKms(KEY)), {"none", "AES256", "kms key", "dsse key"}),
]


def merged(profile: BucketProfile | None = None, **settings: Any) -> Policy:
    """The bucket policy that a plan leads to."""
    return Policy.parse(str(change(planned(profile, **settings), "bucket-policy").after))


def passes(policy: Policy, request: AccessRequest) -> bool:
    """Whether a request of somebody who may do everything is allowed."""
    decision = evaluate(request, resource_policy=policy, identity_policies=[Policy.parse(ALL)])
    assert decision.outcome in ("allowed", "explicitly_denied")
    return decision.outcome == "allowed"


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("encryptions", "allowed"), ENCRYPTIONS)
def test_what_the_profile_allows_passes_and_nothing_else(
    encryptions: Any, allowed: set[str], strict: bool
) -> None:
    """Uploads under each encryption there is: those of the profile pass; strict, they have to say so."""
    policy = merged(BucketProfile(encryptions=encryptions, strict=strict))
    passing = {name for name, headers in UPLOADS.items() if passes(policy, put(BUCKET, **headers))}
    assert passing == allowed - ({"none"} if strict else set())


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("encryptions", [each for each, _ in ENCRYPTIONS])
def test_hardened_bucket_is_in_order_for_the_audit(encryptions: Any, strict: bool) -> None:
    """Whatever the profile, a second plan is empty, and the audit finds nothing above info."""
    profile = BucketProfile(encryptions=encryptions, strict=strict, log_bucket=LOGS, noncurrent_days=9)
    keys = {each: replace(BARE.keys[KEY], arn=each) for each in (KEY, OTHER_KEY)}
    snapshot = after(planned(profile, keys=keys))
    again = plan(snapshot, profile)
    assert not again
    assert not again.blocked
    audit = judge_all(snapshot, profile, CHECKS)
    assert [f"{each.rule}: {each.message}" for each in audit.above()] == []


def test_transport_and_age_are_judged() -> None:
    """Plain HTTP, an old TLS and an old URL are denied, for reading as well."""
    policy = merged(BucketProfile(min_tls="1.3", presign_ceiling=timedelta(minutes=5)))
    read = replace(put(BUCKET), action="s3:GetObject")
    assert passes(policy, read)
    assert not passes(policy, over_http(read))
    assert not passes(policy, with_context(read, {"s3:TlsVersion": "1.2"}))
    assert passes(policy, presigned(read, 300))
    assert not passes(policy, presigned(read, 301))


def test_acls_are_denied_where_there_are_any() -> None:
    """Only where ACLs could not be switched off does the policy speak of them."""
    acl = {"Owner": {"ID": "a"}, "Grants": [{"Grantee": {"ID": "b"}, "Permission": "READ"}]}
    policy = merged(ownership="ObjectWriter", acl=acl)
    assert not passes(policy, put(BUCKET, acl="public-read"))
    group = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
    assert not passes(policy, put(BUCKET, **{"s3:x-amz-grant-read": group}))
    assert passes(policy, put(BUCKET, acl="private"))
    assert passes(merged(), put(BUCKET, acl="private"))


# -- what is there --------------------


def test_statements_that_are_there_stay() -> None:
    """The document keeps its statements, their order, its Id and its version."""
    there = {"Version": "2008-10-17", "Id": "theirs", "Statement": [READ_BY_OTHERS, deny("x", "s3:Delete*")]}
    policy = merged(policy=json.dumps(there))
    assert policy.to_dict()["Statement"][:2] == there["Statement"]
    assert (policy.id, policy.version) == ("theirs", "2008-10-17")


def test_second_time_nothing_is_added() -> None:
    """What was put in is found again, also in other words."""
    text = change(planned(), "bucket-policy").after
    assert "bucket-policy" not in ids(planned(policy=text))
    other = json.loads(text)
    for number, each in enumerate(other["Statement"]):
        each |= {"Sid": f"Renamed{number}", "Principal": {"AWS": ["*"]}}
    assert "bucket-policy" not in ids(planned(policy=json.dumps(other)))


def test_taken_sids_are_left_to_their_owners() -> None:
    """A Sid of ours that another statement has gets a number; both stay, and a second plan is empty."""
    taken = [deny("DenyInsecureTransport", "s3:DeleteBucket"), deny("DenyInsecureTransport2", "s3:Get*Acl")]
    policy = merged(policy=document(*taken))
    assert "DenyInsecureTransport3" in {each.sid for each in policy.statements}
    assert policy.to_dict()["Statement"][:2] == taken
    assert "bucket-policy" not in ids(planned(policy=policy.to_json()))


@pytest.mark.parametrize(
    "there",
    [
        statements.deny_insecure_transport(BUCKET, sid="Mine").raw,
        deny("x", "*", {"Bool": {"aws:SecureTransport": "false"}}, Resource="*"),
        deny("x", "s3:*", {"Bool": {"aws:SecureTransport": ["false", "true"]}}, Resource=[ARN, f"{ARN}/*"]),
        deny("x", "s3:*", Resource=f"{ARN}*"),
    ],
)
def test_broader_statement_suffices(there: dict[str, Any]) -> None:
    """A Deny that does all of it already makes ours unnecessary."""
    assert covered(statements.deny_insecure_transport(BUCKET), [Statement(there)])


HTTP = {"Bool": {"aws:SecureTransport": "false"}}
BOTH = [ARN, f"{ARN}/*"]


@pytest.mark.parametrize(
    "there",
    [
        deny("objects", "s3:*", HTTP),
        deny("some", "s3:Get*", HTTP, Resource=BOTH),
        deny("narrowed", "s3:*", {**HTTP, "StringEquals": {"aws:PrincipalAccount": "1"}}, Resource=BOTH),
        deny("one", "s3:*", HTTP, Resource=BOTH, Principal={"AWS": "111122223333"}),
        deny("letter", "s3:*", HTTP, Resource=[ARN, f"{ARN}/?"]),
        deny("https", "s3:*", {"Bool": {"aws:SecureTransport": "true"}}, Resource=BOTH),
        deny("exists", "s3:*", {"BoolIfExists": {"aws:SecureTransport": "false"}}, Resource=BOTH),
        deny("allow", "s3:*", HTTP, Resource=BOTH, Effect="Allow"),
    ],
)
def test_narrower_statement_does_not_suffice(there: dict[str, Any]) -> None:
    """A Deny that leaves something open, or might, is no reason to leave ours out."""
    assert not covered(statements.deny_insecure_transport(BUCKET), [Statement(there)])


def test_stricter_numbers_suffice() -> None:
    """A higher TLS version and a younger age cover lower and older ones, and never the other way."""
    newer, older = (statements.require_min_tls(BUCKET, each) for each in ("1.3", "1.2"))
    young, old = (statements.max_presign_age(BUCKET, each) for each in (60, 3600))
    assert covered(older, [newer])
    assert not covered(newer, [older])
    assert covered(old, [young])
    assert not covered(young, [old])


def test_longer_lists_of_what_passes_do_not_suffice() -> None:
    """A Deny that lets more pass is no substitute for one that lets less, and the other way it is."""
    less = statements.deny_unencrypted_uploads(BUCKET, "aws:kms")
    more = statements.deny_unencrypted_uploads(BUCKET, ("AES256", "aws:kms"))
    assert covered(more, [less])
    assert not covered(less, [more])
    few, many = (statements.deny_public_acls(BUCKET, log_delivery=each) for each in (False, True))
    assert covered(few, [many])
    assert not covered(many, [few])


CONDITIONS = st.dictionaries(
    st.sampled_from(["StringNotEquals", "StringEquals", "Null", "NumericLessThan"]),
    st.dictionaries(
        st.sampled_from(["s3:x-amz-server-side-encryption", "s3:TlsVersion"]),
        st.lists(
            st.sampled_from(["AES256", "aws:kms", "1.2", "1.3", "true", "false"]), min_size=1, max_size=2
        ),
        min_size=1,
        max_size=1,
    ),
    max_size=2,
)
DENIES = st.builds(
    lambda action, resource, condition: deny("x", action, condition, Resource=resource),
    st.sampled_from(["s3:*", "s3:Put*", "s3:PutObject", "*"]),
    st.sampled_from([f"{ARN}/*", f"{ARN}/a*", f"{ARN}/a?", f"{ARN}*", "*"]),
    CONDITIONS,
)


@given(DENIES, DENIES, st.booleans())
def test_what_is_covered_is_denied(there: dict[str, Any], wanted: dict[str, Any], alike: bool) -> None:
    """Whatever a covered statement denies, the one that covers it denies as well."""
    there = there | ({"Condition": wanted["Condition"]} if alike and "Condition" in wanted else {})
    if not covered(Statement(wanted), [Statement(there)]):
        return
    ours, theirs = Policy.parse(document(wanted)), Policy.parse(document(there))
    for key in ("a", "ab", "b"):
        for headers in UPLOADS.values():
            for tls in ("1.1", "1.2", "1.3"):
                request = put(BUCKET, key, **headers, **{"s3:TlsVersion": tls})
                if evaluate(request, resource_policy=ours).outcome == "explicitly_denied":
                    assert evaluate(request, resource_policy=theirs).outcome == "explicitly_denied"


def test_policy_against_the_profile_is_not_made_worse() -> None:
    """Two keys that are both required would let nothing through: the rest is added, and the clash told."""
    there = statements.deny_wrong_kms_key(BUCKET, OTHER_KEY)
    found = planned(BucketProfile(encryptions=(SseKms(KEY),)), policy=document(dict(there.raw)))
    clash = why_not(found, "unencrypted-uploads")
    assert 'replace="DenyWrongKmsKey"' in clash.why
    assert KEY in clash.why
    policy = Policy.parse(str(change(found, "bucket-policy").after))
    assert passes(policy, put(BUCKET, **UPLOADS["kms other"]))
    assert not passes(policy, over_http(put(BUCKET)))


def test_uploads_that_are_denied_altogether_are_no_clash() -> None:
    """A bucket to which nobody uploads gets the statements about encryption all the same."""
    found = planned(BucketProfile(encryptions=(SseKms(KEY),)), policy=document(deny("ro", "s3:PutObject")))
    assert not found.blocked
    assert "DenyWrongKmsKey" in change(found, "bucket-policy").title


# -- Denies for some keys and callers --------------------

SSE = "s3:x-amz-server-side-encryption"
NOT_KMS = {"StringNotEquals": {SSE: "aws:kms"}}
UP = "arn:aws:iam::111122223333:role/team/Up"
FOREIGN = "arn:aws:iam::444455556666:role/Up"
OWNER_GETS = {"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
WRITTEN_BY_OTHERS = READ_BY_OTHERS | {"Action": "s3:PutObject", "Principal": {"AWS": FOREIGN}}
SECRET: dict[str, Any] = {"Resource": f"{ARN}/secret/*"}
NETWORK = deny("Net", "s3:*", {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, **SECRET)
SOME_ROLES = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a-*"}}


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ([deny("K", "s3:PutObject", NOT_KMS, **SECRET)], "secret/object"),
        ([deny("K", "s3:Put*", NOT_KMS, Resource="arn:aws:s3:::*/secret/*")], "secret/object"),
        ([deny("K", "s3:PutObject", {"StringNotEqualsIfExists": {SSE: "aws:kms"}}, **SECRET)], "secret/"),
        ([deny("K", "s3:PutObject", NOT_KMS, Principal={"AWS": UP})], UP),
        ([deny("K", "s3:*", NOT_KMS | SOME_ROLES)], "a-some"),
        ([WRITTEN_BY_OTHERS, deny("K", "s3:PutObject", NOT_KMS, Principal={"AWS": FOREIGN})], FOREIGN),
        ([deny("Acl", "s3:PutObject", OWNER_GETS), deny("K", "s3:PutObject", NOT_KMS)], "object"),
        ([NETWORK, deny("K", "s3:PutObject", NOT_KMS, **SECRET)], "secret/object"),
    ],
)
def test_no_key_and_no_caller_loses_all_uploads(there: list[dict[str, Any]], named: str) -> None:
    """Where a Deny leaves nothing beside ours, ours about encryption are not added, and it is named."""
    found = planned(policy=document(*there))
    clash = why_not(found, "unencrypted-uploads")
    assert "statement K that is there" in clash.why
    assert named in clash.why
    title = change(found, "bucket-policy").title
    assert "Encrypt" not in title
    assert "DenyInsecureTransport" in title


@pytest.mark.parametrize(
    "there",
    [
        deny("K", "s3:PutObject", NOT_KMS, Principal={"AWS": FOREIGN}),
        deny("ReadOnly", "s3:PutObject", **SECRET),
        deny("Acl", "s3:PutObject", OWNER_GETS),
        deny("Mine", "s3:PutObject", {"StringNotEquals": {SSE: "AES256"}}, **SECRET),
        deny("Read", "s3:GetObject", NOT_KMS, **SECRET),
    ],
)
def test_what_is_denied_anyway_or_passes_still_is_no_clash(there: dict[str, Any]) -> None:
    """Who could upload nothing before loses nothing, and who can as the profile allows does not either."""
    found = planned(policy=document(there))
    assert not found.blocked
    assert "DenyUnencryptedUploads" in change(found, "bucket-policy").title


def test_last_of_many_statements_counts() -> None:
    """Each Deny has its turn, however many keys and callers those before it name."""
    roles = [f"arn:aws:iam::111122223333:role/r{number}" for number in range(30)]
    fine = {"StringNotEquals": {SSE: "AES256"}}
    many = [
        deny(f"s{n}", "s3:PutObject", fine, Principal={"AWS": roles}, Resource=f"{ARN}/{n}/*")
        for n in range(4)
    ]
    found = planned(policy=document(*many, deny("K", "s3:PutObject", NOT_KMS, **SECRET)))
    assert "statement K" in why_not(found, "unencrypted-uploads").why


def test_prefix_with_an_encryption_of_its_own_fits_a_profile_that_allows_it() -> None:
    """Several encryptions, one of which is required below a prefix, go together."""
    there = deny("K", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": KEY}}, **SECRET)
    found = planned(BucketProfile(encryptions=(SseS3(), SseKms(KEY))), policy=document(there))
    assert not found.blocked
    policy = Policy.parse(str(change(found, "bucket-policy").after))
    assert passes(policy, put(BUCKET, "secret/a", **UPLOADS["kms key"]))
    assert not passes(policy, put(BUCKET, "secret/a", **UPLOADS["AES256"]))


def test_old_tls_that_somebody_depends_on_is_told() -> None:
    """The one statement that would stop these uploads is left out, and all others are added."""
    old = deny(
        "Old", "s3:PutObject", {"NumericGreaterThan": {"s3:TlsVersion": "1.1"}}, Resource=f"{ARN}/old/*"
    )
    found = planned(policy=document(old))
    assert "statement Old" in why_not(found, "tls-version").why
    title = change(found, "bucket-policy").title
    assert "DenyInsecureTransport" in title
    assert "RequireMinTls" not in title


# -- another key, or another algorithm --------------------

SIDS = ("DenyWrongKmsKey", "DenyUnencryptedUploads")
FOR_KEY, FOR_OTHER = (BucketProfile(encryptions=(SseKms(each),)) for each in (KEY, OTHER_KEY))
KEYS = {each: replace(BARE.keys[KEY], arn=each) for each in (KEY, OTHER_KEY)}


@pytest.mark.parametrize(
    ("before", "profile", "instead", "allowed"),
    [
        (FOR_KEY, FOR_OTHER, ("DenyWrongKmsKey",), {"none", "kms other"}),
        (BucketProfile(), FOR_KEY, ("DenyUnencryptedUploads",), {"none", "kms key"}),
        (FOR_KEY, BucketProfile(encryptions=(DsseKms(OTHER_KEY),)), SIDS, {"none", "dsse other"}),
    ],
)
def test_named_statement_is_replaced(
    before: BucketProfile, profile: BucketProfile, instead: tuple[str, ...], allowed: set[str]
) -> None:
    """A bucket hardened for one encryption is hardened for another; the difference shows what is replaced."""
    snapshot = after(planned(before, keys=KEYS))
    assert [each.check for each in plan(snapshot, profile).blocked] == [
        "default-encryption",
        "unencrypted-uploads",
    ][::-1]
    found = plan(snapshot, profile, instead)
    assert not found.blocked
    changed = change(found, "bucket-policy")
    assert f"replace {instead[0]}" in changed.title or len(instead) > 1
    shown = [line for line in changed.diff if line.startswith("~")]
    assert shown == [
        f"~ Deny {each.name}" for each in Policy.parse(str(snapshot.policy)).statements if each.sid in instead
    ]
    assert [line for line in changed.summary if line.startswith("~")]
    policy = Policy.parse(str(changed.after))
    assert {name for name, headers in UPLOADS.items() if passes(policy, put(BUCKET, **headers))} == allowed
    assert "default-encryption" in ids(found)
    assert not plan(after(found), profile, instead)


def test_default_stays_where_the_replacement_does_not_happen() -> None:
    """Another clash keeps the old statement, and then the default that fits it is kept as well."""
    mine = deny("Mine", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": KEY}}, **SECRET)
    snapshot = after(planned(FOR_KEY, keys=KEYS, policy=document(mine)))
    found = plan(snapshot, FOR_OTHER, ("DenyWrongKmsKey",))
    assert "Mine" in why_not(found, "unencrypted-uploads").why
    assert why_not(found, "default-encryption")
    assert not {"default-encryption", "bucket-policy"} & set(ids(found))


def test_all_that_is_not_named_stays() -> None:
    """Another statement that clashes is named still, and nothing is replaced beside it."""
    there = [dict(each.raw) for each in (statements.deny_wrong_kms_key(BUCKET, OTHER_KEY),)]
    mine = deny("Mine", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": OTHER_KEY}})
    found = plan(replace(BARE, policy=document(*there, mine)), FOR_KEY, ("DenyWrongKmsKey",))
    assert "Mine" in why_not(found, "unencrypted-uploads").why
    assert change(found, "bucket-policy").after.count("DenyWrongKmsKey") == 1
    assert Policy.parse(change(found, "bucket-policy").after).to_dict()["Statement"][:2] == [*there, mine]


@pytest.mark.parametrize(
    ("there", "sid", "says"),
    [
        (None, "DenyWrongKmsKey", "no statement of that name"),
        ("Mine", "DenyWrongKmsKey", "no statement of that name"),
        ("Mine", "Mine", "has no statement of that name to put"),
        ("DenyWrongKmsKey", "denywrongkmskey", "no statement of that name"),
    ],
)
def test_statement_that_cannot_be_replaced_is_refused(there: str | None, sid: str, says: str) -> None:
    """A Sid that is not there, or that the profile does not have, is a mistake."""
    policy = document(deny(there, "s3:DeleteBucket")) if there else None
    with pytest.raises(ConfigurationError, match="cannot be replaced") as caught:
        plan(replace(BARE, policy=policy), FOR_KEY, (sid,))
    assert says in caught.value.why


def test_allow_is_not_replaced() -> None:
    """A grant under the name of one of ours stays, and the policy as it is."""
    grant = READ_BY_OTHERS | {"Sid": "DenyWrongKmsKey"}
    found = plan(replace(BARE, policy=document(grant)), FOR_KEY, ("DenyWrongKmsKey",))
    assert "effect Allow" in why_not(found, "bucket-policy").why
    assert "bucket-policy" not in ids(found)


@pytest.mark.parametrize("text", ["{", "[]", '{"Version": "2012-10-17"}', '{"Statement": [7]}'])
def test_what_is_no_policy_is_left(text: str) -> None:
    """A document that cannot be understood is not merged with; everything else is planned."""
    found = planned(policy=text)
    assert "bucket-policy" not in ids(found)
    assert why_not(found, "bucket-policy").why
    assert "default-encryption" in ids(found)


def test_long_policy_is_left() -> None:
    """What would outgrow S3's 20 KB is not sent."""
    found = planned(
        policy=document(*(deny(f"s{n}", "s3:GetObject", Resource=f"{ARN}/{n:0>900}") for n in range(20)))
    )
    assert "20480" in why_not(found, "policy-faults").why


# -- lock-out --------------------

LOCKED = deny("Nobody", "s3:*BucketPolicy", Resource=ARN)


@pytest.mark.parametrize(
    ("statement", "admins", "who"),
    [
        (LOCKED, (), CALLER),
        (
            LOCKED
            | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Admin"}}},
            ("arn:aws:iam::111122223333:role/Auditor",),
            "role/Auditor",
        ),
    ],
)
def test_lock_out_is_refused(statement: dict[str, Any], admins: tuple[str, ...], who: str) -> None:
    """A policy under which the caller or an administrator could not take it back is not planned."""
    with pytest.raises(LockoutRefused, match=who) as caught:
        planned(BucketProfile(admins=admins), policy=document(statement))
    assert "Nobody" in caught.value.why


def test_possible_lock_out_is_told() -> None:
    """What depends on circumstances nobody here knows is a note."""
    only = LOCKED | {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    assert "aws:SourceIp" in change(planned(policy=document(only)), "bucket-policy").note


def test_lack_of_own_permission_is_no_lock_out() -> None:
    """Who may not change policies anyway is told so, and is not locked out by this one."""
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    )
    role = Identity(arn="arn:aws:iam::111122223333:role/team/Admin", policies=(text,))
    assert "by its own policies" in change(planned(identities=(role,)), "bucket-policy").note


def test_administrators_stand_in_for_an_unknown_caller() -> None:
    """Where nobody says who calls, named administrators are what the check is made for."""
    admin = BucketProfile(admins=("arn:aws:iam::111122223333:role/Admin",))
    assert "bucket-policy" in ids(planned(admin, caller=Unread("no answer")))


def test_lock_out_is_seen_in_other_partitions() -> None:
    """ARNs of China or GovCloud are judged like all others."""
    china = LOCKED | {"Resource": f"arn:aws-cn:s3:::{BUCKET}"}
    caller = CALLER.replace("arn:aws:", "arn:aws-cn:")
    with pytest.raises(LockoutRefused, match="aws-cn"):
        planned(policy=document(china), partition="aws-cn", caller=caller)


# -- the bucket for logs --------------------

TO_LOGS = BucketProfile(log_bucket=LOGS)


def test_log_delivery_is_allowed_for_this_bucket_alone() -> None:
    """The target's own statements stay; the delivery of this bucket under its prefix is let in."""
    there = {**READ_BY_OTHERS, "Resource": f"arn:aws:s3:::{LOGS}/*"}
    found = planned(TO_LOGS, wanted_log_target=replace(TARGET, policy=document(there)))
    one = change(found, "log-target")
    assert one.resource == one.arguments["Bucket"] == LOGS
    kept, added = json.loads(one.after)["Statement"]
    assert kept == there
    assert added["Resource"] == f"arn:aws:s3:::{LOGS}/{BUCKET}/*"
    assert added["Condition"]["ArnLike"]["aws:SourceArn"] == ARN
    after = change(found, "access-logging").after
    assert after["TargetObjectKeyFormat"] == {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    done = replace(TARGET, policy=one.after)
    again = planned(TO_LOGS, wanted_log_target=None, log_target=done, logging=after)
    assert not {"log-target", "access-logging"} & set(ids(again))


def test_logging_that_is_there_keeps_its_form() -> None:
    """Logs that go to the right place keep prefix, format and grants unless the profile names a prefix."""
    there = {"TargetBucket": LOGS, "TargetPrefix": "old/", "TargetGrants": []}
    assert "access-logging" not in ids(planned(TO_LOGS, logging=there))
    moved = change(planned(replace(TO_LOGS, log_prefix="new/"), logging=there), "access-logging")
    assert moved.after == {**there, "TargetPrefix": "new/"}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (replace(TARGET, region="us-east-1"), "within a region"),
        (replace(TARGET, encryption={"SSEAlgorithm": "aws:kms"}), "SSE-S3"),
        (
            replace(TARGET, object_lock={"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}),
            "Object Lock",
        ),
    ],
)
def test_unfit_target_is_refused(target: Any, why: str) -> None:
    """Where S3 would not deliver, nothing is switched on, and the reason is told."""
    found = planned(TO_LOGS, wanted_log_target=target)
    assert why in why_not(found, "access-logging").why
    assert not {"log-target", "access-logging"} & set(ids(found))


def test_target_that_denies_delivery_is_told() -> None:
    """An Allow beside a Deny lets nothing in: neither is written."""
    strict = statements.deny_unencrypted_uploads(LOGS, strict=True)
    found = planned(TO_LOGS, wanted_log_target=replace(TARGET, policy=document(dict(strict.raw))))
    assert "aws:PrincipalIsAWSService" in why_not(found, "log-target").why
    assert not {"log-target", "access-logging"} & set(ids(found))


def test_bucket_is_not_logged_into_itself() -> None:
    """Logs of logs have no end."""
    found = planned(BucketProfile(log_bucket=BUCKET))
    assert "without end" in why_not(found, "access-logging").why


def test_lock_out_of_the_target_is_refused() -> None:
    """The caller keeps its hold on the bucket for logs as well."""
    locked = LOCKED | {"Resource": f"arn:aws:s3:::{LOGS}"}
    with pytest.raises(LockoutRefused, match=LOGS):
        planned(TO_LOGS, wanted_log_target=replace(TARGET, policy=document(locked)))


def test_public_statement_is_kept_and_said() -> None:
    """Hardening grants nothing and takes no grant away."""
    policy = merged(policy=document(READ_BY_ALL), public_access_block={})
    assert policy.to_dict()["Statement"][0] == READ_BY_ALL
    assert all(each.effect == "Deny" for each in policy.statements[1:])
