"""The rules that evaluate: every pitfall is found for the right reason, right forms are left alone."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_s3.cli.policy_aims import KINDS as CLI_KINDS
from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, evaluate
from secure_s3.policy.linter import bucket_of, kind_of, lint
from secure_s3.policy.patches import apply
from secure_s3.policy.rules import (
    acls,
    encryption,
    exposure,
    lockout,
    logic,
    network,
    pairs,
    perimeter,
    presign,
    services,
    sessions,
    transport,
    trust,
    writes,
)
from secure_s3.policy.rules.rule import KINDS, Subject
from secure_s3.policy.witnesses import ANYONE, USER, bucket_arn, over_http, upload_part, with_context, witness
from secure_s3.policy.witnesses import put as upload
from secure_s3.values import Severity

from .semantic_cases import (
    APP,
    BOTH,
    DISTRIBUTION,
    FAULTY,
    HTTPS,
    KEY,
    OBJECTS,
    RIGHT,
    SSE,
    SSE_KEY,
    VPCE,
    WHOLE,
    allow,
    deny,
    put,
)

MODULES = (
    *(transport, encryption, acls, network, services, exposure),
    *(sessions, writes, presign, lockout, logic, pairs, perimeter, trust),
)
RULES = {rule.id: rule for module in MODULES for rule in module.RULES}
GRAVE = (Severity.CRITICAL, Severity.HIGH)
B = "amzn-s3-demo-bucket"
SEED_BOTH = ["arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket/*"]


def findings(document, kind=None):
    """What the rules have to say of a policy."""
    policy = document if isinstance(document, Policy) else Policy.parse(document)
    subject = Subject(policy, kind or kind_of(policy), bucket_of(policy))
    return [found for rule in RULES.values() for found in rule.findings(subject)]


def policy_of(*statements):
    """A policy of these statements."""
    return Policy.parse({"Version": "2012-10-17", "Statement": [dict(each) for each in statements]})


def ids(*statements, kind=None):
    """The rules that find something in a policy of these statements."""
    return [found.rule for found in findings(policy_of(*statements), kind)]


def denied(policy, request):
    """Whether the policy denies the request for certain."""
    return evaluate(request, resource_policy=policy).outcome == "explicitly_denied"


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: f"{case.rule}-{case.name}")
def test_a_fault_is_found_by_its_rule_for_its_reason(case):
    """Every faulty policy is found by the rule that is about its fault, and the message says what happens."""
    found = [each for each in findings(case.document, case.kind) if each.rule == case.rule]
    assert any(case.says in each.message for each in found), [each.message for each in found]
    assert all(each.fix and each.refs for each in found)


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_a_right_form_raises_no_alarm(case):
    """No rule finds anything in a policy that does what it means to."""
    assert [(each.rule, each.message) for each in findings(case.document, case.kind)] == []


PATCHED = [(case, found) for case in FAULTY for found in findings(case.document, case.kind) if found.patch]


@pytest.mark.parametrize(("case", "found"), PATCHED, ids=[f"{f.rule}-{case.name}" for case, f in PATCHED])
def test_a_patch_mends_what_was_found_and_breaks_nothing(case, found):
    """After its patch a policy has no such finding any more, and none that it had not before."""
    before = Counter(each.rule for each in findings(case.document, case.kind))
    mended = apply(Policy.parse(case.document), found.patch)
    after = Counter(each.rule for each in findings(mended, case.kind))
    assert after[found.rule] < before[found.rule]
    assert set(after) <= set(before)
    assert not any(problem for each in mended.statements for problem in each.problems)


def test_every_pitfall_of_meaning_has_a_faulty_policy():
    """The pitfalls that only evaluation finds are all in the table, each with a right form beside it."""
    wanted = {1, 2, 3, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 24, 26, 29, 31, 32, 33, 34, 36}
    assert {case.pitfall for case in FAULTY if case.pitfall} == wanted
    assert {case.rule for case in FAULTY} == set(RULES)


def test_ids_are_stable_names_and_refs_name_pages():
    """Every rule has an id of small words, one id each, a short title, and a page of AWS or a control."""
    everything = [rule for module in MODULES for rule in module.RULES]
    assert len(everything) == len(RULES)
    for rule in everything:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
        assert 10 < len(rule.title) < 80
        assert not rule.title.endswith(".")
        assert any("Guide:" in ref or "Reference:" in ref or "Reference" in ref for ref in rule.refs)
        assert set(rule.kinds) <= set(KINDS)


# ------------------------------------------------------------------------------ what a patch does to requests


def test_the_patch_for_https_flips_the_witness():
    """An object read over HTTP passes before the patch and is denied after it, and HTTPS passes still."""
    faulty = policy_of(deny("s3:*", WHOLE, {"Bool": {"aws:SecureTransport": "false"}}))
    get = witness("s3:GetObject", bucket_arn(B, "key"))
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    assert [denied(each, over_http(get)) for each in (faulty, mended)] == [False, True]
    assert not denied(mended, get)


def test_the_patch_for_a_tls_minimum_adds_one_statement_with_a_free_sid():
    """Plain HTTP is denied after the patch, by a statement whose Sid was not taken."""
    minimum = deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    faulty = policy_of({**minimum, "Sid": "DenyInsecureTransport"})
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    assert [each.sid for each in mended.statements] == ["DenyInsecureTransport", "DenyInsecureTransport2"]
    assert denied(mended, over_http(witness("s3:ListBucket", bucket_arn(B), USER)))


def test_the_patch_adds_a_statement_to_a_policy_of_one_object():
    """Where Statement is an object and no list, the patch makes it a list of two."""
    minimum = deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    faulty = Policy.parse({"Version": "2012-10-17", "Statement": minimum})
    (found,) = findings(faulty)
    assert len(apply(faulty, found.patch).statements) == 2


def test_the_patch_for_if_exists_lets_header_less_uploads_pass():
    """Uploads without a key pass after the patch, those with another key are denied as before."""
    faulty = policy_of(put({"StringNotEqualsIfExists": {SSE_KEY: KEY}}))
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    assert [denied(each, upload(B)) for each in (faulty, mended)] == [True, False]
    assert denied(mended, upload(B, sse="aws:kms", sse_key=KEY.replace("1234abcd", "ffffffff")))
    assert not denied(mended, upload(B, sse="aws:kms", sse_key=KEY))


def test_the_patch_for_conditional_writes_lets_parts_pass():
    """Parts pass after the patch, and an object without If-None-Match is denied as before."""
    faulty = policy_of(put({"Null": {"s3:if-none-match": "true"}}))
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    assert [denied(each, upload_part(B)) for each in (faulty, mended)] == [True, False]
    assert denied(mended, upload(B))


def test_the_patch_for_mfa_denies_long_term_keys():
    """A user with long-term keys deletes before the patch, and not after it."""
    faulty = policy_of(deny("s3:DeleteObject", OBJECTS, {"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    delete = witness("s3:DeleteObject", bucket_arn(B, "key"), USER)
    assert [denied(each, delete) for each in (faulty, mended)] == [False, True]
    assert not denied(mended, with_context(delete, {"aws:MultiFactorAuthPresent": True}))


def test_the_patch_for_a_public_allow_over_https_makes_it_the_deny_it_was_meant_to_be():
    """Nobody is let in after the patch, and plain HTTP is denied."""
    faulty = policy_of(allow("s3:GetObject", BOTH, {"Bool": {"aws:SecureTransport": "true"}}))
    (found,) = findings(faulty)
    mended = apply(faulty, found.patch)
    get = witness("s3:GetObject", bucket_arn(B, "key"), ANYONE)
    outcomes = [evaluate(get, resource_policy=each).outcome for each in (faulty, mended)]
    assert outcomes == ["allowed", "implicitly_denied"]
    assert denied(mended, over_http(get))


# -------------------------------------------------------------------------------------- weight and restraint


def test_services_may_be_restricted_to_one_distribution_on_purpose_so_that_it_is_a_note():
    """A Deny of reading for all but a distribution is a note, one of everything is critical."""
    only = {"StringNotEquals": {"AWS:SourceArn": DISTRIBUTION}}
    (reading,) = findings(policy_of(deny("s3:GetObject", OBJECTS, only)))
    everything = findings(policy_of(deny("s3:*", BOTH, only)))
    assert reading.severity is Severity.INFO
    assert [each.severity for each in everything if each.rule == "source-locks-out"] == [Severity.CRITICAL]


def test_grants_alone_are_a_note():
    """Where all canned ACLs are denied and grants pass, that is a note; where one passes, it is a fault."""
    canned = ["public-read", "public-read-write", "authenticated-read"]
    actions = ["s3:PutObject", "s3:PutObjectAcl"]
    severities = [
        next(
            each.severity
            for each in findings(
                policy_of(deny(actions, OBJECTS, {"StringEquals": {"s3:x-amz-acl": listed}}))
            )
        )
        for listed in (canned, canned[:2])
    ]
    assert severities == [Severity.INFO, Severity.MEDIUM]


def test_an_acl_passes_although_other_statements_ask_for_something_else():
    """A public ACL is found to pass where uploads must be encrypted: whoever sends both headers passes."""
    statements = (
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
        deny(
            "s3:PutObjectAcl", OBJECTS, {"StringLike": {"s3:x-amz-acl": ["public-*", "authenticated-read"]}}
        ),
    )
    (found,) = [each for each in findings(policy_of(*statements)) if each.rule == "public-acl-passes"]
    assert "public-read" in found.message
    assert "s3:PutObject" in found.message


def test_addresses_without_endpoints_are_a_note_where_services_are_spared():
    """That no endpoint passes beside the addresses is a note where services were thought of."""
    spared = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}}
    addresses = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    severities = [
        next(each.severity for each in findings(policy_of(deny("s3:GetObject", OBJECTS, condition))))
        for condition in (addresses, {**addresses, **spared})
    ]
    assert severities == [Severity.MEDIUM, Severity.INFO]


def test_a_public_allow_behind_a_fence_is_not_public():
    """An Allow for everybody is not public where a Deny keeps strangers out."""
    fence = deny(
        "s3:*", BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE, "aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    )
    assert "public-read" not in ids(allow("s3:GetObject", OBJECTS), fence)
    assert "public-read" in ids(allow("s3:GetObject", OBJECTS), {**fence, "Action": "s3:ListBucket"})


def test_requiring_headers_does_not_hide_that_strangers_may_write():
    """Whoever may write to a bucket that requires encryption sends the header."""
    statements = (
        allow("s3:PutObject", OBJECTS),
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
        HTTPS,
    )
    assert ids(*statements) == ["public-write"]


def test_a_policy_of_an_identity_is_not_public():
    """Nobody is named in the policy of an identity, and nothing in it is public."""
    assert ids(allow("s3:GetObject", OBJECTS, None, None), kind="identity") == []


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceArn": "${aws:username}"}, "Null": {"aws:SourceArn": "true"}},
        {"StringLike": {"s3:prefix": "a*"}, "StringLikeIfExists": {"s3:prefix": "*b"}},
        {"StringLikes": {"s3:prefix": "a"}, "Null": {"s3:prefix": "true"}},
        {"NumericEquals": {"s3:max-keys": []}},
    ],
    ids=["variable", "two patterns", "unknown operator", "no values"],
)
def test_what_cannot_be_judged_is_not_called_dead(condition):
    """What holds variables, overlapping patterns or unknown operators is not said to hold for nothing."""
    assert "condition-never-true" not in ids(deny("s3:ListBucket", WHOLE, condition))


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"s3:TlsVersion": "1.4"}},
        {"NumericLessThan": {"s3:TlsVersion": 1.4}},
        {"NumericLessThan": {"s3:TlsVersion": "2"}},
    ],
    ids=["1.4", "as a number", "2"],
)
def test_a_tls_minimum_above_all_versions_is_said_once(condition):
    """A minimum that no version meets is critical, and no rule about halves or lock-outs repeats it."""
    found = lint(policy_of(HTTPS, deny("s3:*", BOTH, condition)))
    assert [(each.rule, each.severity) for each in found] == [("tls-version-bound", Severity.CRITICAL)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_may_be_written_with_hyphens(kind):
    """Each kind is taken with spaces and with hyphens, and the command line offers the latter."""
    statement = policy_of(allow("s3:GetObject", OBJECTS, None, {"AWS": APP}))
    assert lint(statement, kind=kind.replace(" ", "-")) == lint(statement, kind=kind)
    assert sorted(each.replace(" ", "-") for each in KINDS) == sorted(CLI_KINDS)


@pytest.mark.parametrize("kind", ["end point", "access_point", "-", ""])
def test_what_is_no_kind_is_refused(kind):
    """A kind that there is none of is refused, with those that there are."""
    with pytest.raises(PolicyError, match="is no kind of policy"):
        lint(policy_of(HTTPS), kind=kind)


@pytest.mark.parametrize("statement", [allow("*", "*"), allow(["s3:GetObject", "s3:PutObject"], OBJECTS)])
def test_a_policy_of_an_endpoint_grants_nothing(statement):
    """What would open a bucket to everybody only limits what passes through an endpoint."""
    assert not [each for each in lint(policy_of(statement), kind="endpoint") if each.severity in GRAVE]
    assert [each for each in lint(policy_of(statement), kind="bucket") if each.severity in GRAVE]


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_the_linter_as_a_whole_has_nothing_against_a_right_form(case):
    """No rule of the linter, of grammar or of meaning, finds more than a doubt about the type of a value."""
    found = lint(Policy.parse(case.document), kind=case.kind)
    assert [each.message for each in found if each.rule != "operator-of-other-kind"] == []


# ------------------------------------------------------------------------------------- the published policies


def _seed(*statements):
    return [dict(each) for each in statements]


_PUT = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": SEED_BOTH[1]}
_ALL = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": SEED_BOTH}
_SPACED = "arn:aws:cloudfront:: 111122223333:distribution/EDFDVBD6EXAMPLE"
PUBLISHED = (
    (
        "0",
        [{**_PUT, "Condition": {"StringNotEquals": {SSE: ["AES256", "aws:kms"]}}}],
        {"sse-default-denied", "sse-dsse-denied"},
    ),
    (
        "0",
        [
            {**_ALL, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {**_PUT, "Condition": {"StringNotEquals": {SSE: "aws:kms"}}},
            {**_PUT, "Condition": {"StringNotEquals": {SSE_KEY: KEY}}},
        ],
        {"sse-default-denied", "sse-dsse-denied"},
    ),
    (
        "0",
        [
            {
                **_ALL,
                "Action": ["s3:PutObjectAcl", "s3:PutBucketAcl"],
                "Condition": {"StringLike": {"s3:x-amz-acl": ["public-read", "public-read-write"]}},
            },
            {
                **_PUT,
                "Action": "s3:PutBucketPolicy",
                "Resource": SEED_BOTH[0],
                "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}},
            },
        ],
        {"public-acl-passes", "policy-locked"},
    ),
    (
        "1",
        [{**_ALL, "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}}],
        {"network-denies-administration", "source-ip-denies-endpoints"},
    ),
    (
        "1",
        [{**_ALL, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1234567890abcdef0"}}}],
        {"network-denies-administration", "endpoint-cuts-off-services"},
    ),
    (
        "1",
        [
            {**_PUT, "Condition": {"Null": {SSE: "true"}}},
            {**_PUT, "Condition": {"StringNotEquals": {SSE: "aws:kms"}}},
        ],
        {"statement-redundant", "sse-dsse-denied"},
    ),
    (
        "2",
        [
            {
                **_PUT,
                "Action": "s3:*",
                "Condition": {"StringNotEquals": {"aws:sourceVpce": "vpce-0123456789abcdef0"}},
            }
        ],
        {"endpoint-cuts-off-services", "network-bucket-left-out"},
    ),
    (
        "3",
        [
            {
                **_PUT,
                "Action": "s3:GetObject",
                "Resource": " arn:aws:s3:::my-bucket/*",
                "Condition": {"StringNotEquals": {"AWS:SourceArn": _SPACED}},
            }
        ],
        {"source-locks-out"},
    ),
    (
        "3",
        [
            {
                **_ALL,
                "Resource": "arn:aws:s3::my-bucket/*",
                "Condition": {
                    "Bool": {"aws:SecureTransport": "true"},
                    "NumericLessThan": {"s3:TlsVersion": ["1.2"]},
                },
            }
        ],
        {"tls-version-lets-http-pass", "tls-version-gap"},
    ),
    (
        "3",
        [{**_ALL, "Condition": {"NumericLessThan": {"s3:TlsVersion": ["1.2"]}}}],
        {"tls-version-lets-http-pass"},
    ),
    (
        "3",
        [
            {
                **_ALL,
                "Resource": "arn:aws:s3:us-east-2:111122223333:accesspoint/reports/object/*",
                "Condition": {"NumericLessThan": {"s3:TlsVersion": ["1.3"]}},
            }
        ],
        {"tls-version-gap"},
    ),
    (
        "4",
        [
            {
                **_ALL,
                "Condition": {"StringNotEquals": {"aws:PrincipalServiceName": ["cloudfront.amazonaws.com"]}},
            }
        ],
        {"service-name-locks-out"},
    ),
    ("4", [{**_ALL, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], set()),
    (
        "4",
        [
            {
                **_PUT,
                "Action": "s3:DeleteObject",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            }
        ],
        set(),
    ),
)


@pytest.mark.parametrize(("article", "statements", "wanted"), PUBLISHED)
def test_the_faults_of_published_policies_are_found(article, statements, wanted):
    """The policies of the five articles have these faults and no others."""
    assert set(ids(*_seed(*statements))) == wanted


def test_a_published_rule_of_an_identity_on_mfa_is_found():
    """A Deny with Bool lets long-term keys delete, in the policy of an identity as well."""
    statement = deny("s3:DeleteObject", OBJECTS, {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, None)
    assert ids(statement, kind="identity") == ["mfa-absent-passes"]


# ----------------------------------------------------------------------------------------------- any document

_STATEMENTS = [each for case in (*FAULTY, *RIGHT) for each in case.statements]
_JUNK = st.sampled_from(
    [
        "",
        "*",
        "${",
        "${aws:username}*",
        "1E99999",
        "::/0",
        "a:b:c:d:e:f",
        "AROA*",
        "arn:aws:s3:::*/*",
        None,
        5,
        [],
        {},
    ]
)
_PATHS = st.sampled_from(
    ["Principal", "Action", "Resource", "Condition", "Effect", "NotAction", "NotPrincipal"]
)


@st.composite
def _broken(draw):
    statement = dict(draw(st.sampled_from(_STATEMENTS)))
    element = draw(_PATHS)
    value = draw(_JUNK)
    blocks = statement.get("Condition")
    if element == "Condition" and blocks and draw(st.booleans()):
        operator = draw(st.sampled_from(sorted(blocks)))
        key = draw(st.sampled_from(sorted(blocks[operator])))
        statement["Condition"] = {**blocks, operator: {**blocks[operator], key: value}}
    else:
        statement[element] = value
    return statement


@given(st.lists(_broken(), min_size=1, max_size=3), st.sampled_from(KINDS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_broken_statements_are_judged_without_an_exception(statements, kind):
    """Whatever stands in a statement, the rules give findings and raise nothing."""
    for found in findings({"Version": "2012-10-17", "Statement": statements}, kind):
        assert found.message
        assert found.rule in RULES
