"""The patches that findings have: what they lead to, and when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import Policy, evaluate, trials
from secure_s3.policy import witnesses as w
from secure_s3.policy.linter import bucket_of, kind_of, lint
from secure_s3.policy.patches import apply
from secure_s3.policy.witnesses import SSE
from secure_s3.values import Finding, Severity

from .lint_checks import BUCKET, ROLE, B, O, allow, deny, policy
from .seed_policies import KEY_ARN, SEEDS
from .semantic_cases import FAULTY
from .test_pitfalls import PITFALLS
from .test_pitfalls import policy as pitfall_policy

STEPS = 12
ANYBODY: dict[str, Any] = {"Principal": "*"}
CDN: dict[str, Any] = {"Principal": {"Service": "cloudfront.amazonaws.com"}}
BODY, MFA = "s3:x-amz-content-sha256", "aws:MultiFactorAuthPresent"
CASES: dict[str, tuple[Policy, str | None]] = {
    **{f"seed {each.name}": (Policy.parse(each.document), each.kind) for each in SEEDS},
    **{f"case {each.name}": (Policy.parse(each.document), each.kind) for each in FAULTY},
    **{f"pitfall {number}": (pitfall_policy(faulty), None) for number, (_, faulty, _) in PITFALLS.items()},
}
DEAD = frozenset({"unknown-action", "unknown-value", "arn-white-space", "s3-arn-fields", "resource-no-arn"})
"""Their messages say that a statement does nothing: a Deny then begins to deny."""
SAID = DEAD | {"unsigned-body-passes"}
"""Their messages say what passes and is then denied."""


def found(finding: str, *statements: dict[str, Any], **arguments: Any) -> Finding:
    """The first finding of a rule."""
    return next(each for each in lint(policy(*statements), **arguments) if each.rule == finding)


def shut(document: Policy) -> set[str]:
    """The ordinary requests that a policy denies: an upload with its key, a read, the administrator's."""
    key = w.KEY if w.KEY in document.to_json() else KEY_ARN
    ordinary = {
        "upload": w.put(BUCKET, sse="aws:kms", sse_key=key),
        "read": w.witness("s3:GetObject", f"{B}/key"),
        "administration": w.witness("s3:PutBucketPolicy", B, w.ADMIN),
    }
    outcomes = {name: evaluate(each, resource_policy=document).outcome for name, each in ordinary.items()}
    return {name for name, outcome in outcomes.items() if outcome == "explicitly_denied"}


@pytest.mark.parametrize("name", CASES)
def test_patches_applied_one_after_another_come_to_an_end(name: str) -> None:
    """The gravest severity never rises, and no ordinary request is shut out but by what was dead."""
    now, kind = CASES[name]
    bucket, kind = bucket_of(now), kind or kind_of(now)
    findings = lint(now, bucket=bucket, kind=kind)
    for _ in range(STEPS):
        each = next((each for each in findings if each.patch), None)
        if each is None:
            return
        after = apply(now, each.patch)
        later = lint(after, bucket=bucket, kind=kind)
        assert later == [] or later[0].severity <= findings[0].severity, (each, later)
        assert kind == "identity" or each.rule in SAID or shut(after) <= shut(now), each
        now, findings = after, later
    pytest.fail(f"{name} never ends")


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("unknown-action", allow("s3:UploadPart", O, **ANYBODY)),
        ("object-action-on-bucket", allow("s3:PutObject", B, **ANYBODY)),
        ("bucket-action-on-objects", allow("s3:ListBucket", O, **ANYBODY)),
        (
            "operator-of-other-kind",
            allow("s3:GetObject", O, {"StringEquals": {"aws:SourceIp": "0.0.0.0/0"}}, **ANYBODY),
        ),
        (
            "unknown-operator",
            allow("s3:GetObject", O, {"StringNotEqual": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, **ANYBODY),
        ),
        (
            "wildcard-in-equals",
            allow(
                "s3:GetObject",
                O,
                {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::*:distribution/*"}},
                **CDN,
            ),
        ),
        ("s3-arn-fields", allow("s3:GetObject", f"arn:aws:s3::{BUCKET}/*", **ANYBODY)),
        ("arn-white-space", allow("s3:GetObject", f"{O} ", **ANYBODY)),
        ("unknown-operator", deny("s3:*", [B, O], {"StringLessThan": {"s3:TlsVersion": "1.4"}})),
        ("s3-arn-fields", deny("s3:PutObject", f"arn:aws:s3::{BUCKET}/*")),
        ("object-action-on-bucket", deny("s3:PutObject", B)),
        (
            "object-action-on-bucket",
            deny("s3:PutObject", B, {"NumericLessThan": {"s3:signatureAge": "600000"}}),
        ),
    ],
)
def test_what_had_better_stay_dead_has_no_patch(rule: str, statement: dict[str, Any]) -> None:
    """A slip whose mending opens a bucket to strangers, or shuts it for everybody, is for people to mend."""
    finding = found(rule, statement)
    assert finding.patch == ()
    assert "There is no patch for it: " in finding.fix


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("unknown-action", allow("s3:UploadPart")),
        ("object-action-on-bucket", allow("s3:PutObject", B)),
        (
            "unknown-operator",
            allow("s3:GetObject", O, {"StringEqual": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, **ANYBODY),
        ),
        ("unknown-operator", deny("s3:*", [B, O], {"StringLessThanIfExists": {"s3:TlsVersion": "1.2"}})),
        ("s3-arn-fields", deny("s3:PutObject", f"arn:aws:s3::{BUCKET}/*", {"Null": {SSE: "true"}})),
        (
            "wildcard-in-equals",
            allow(
                "s3:GetObject",
                O,
                {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*"}},
                **CDN,
            ),
        ),
        ("mfa-absent-passes", deny("s3:DeleteObject", O, {"Bool": {MFA: "false"}})),
        (
            "condition-never-true",
            deny("s3:PutObject", O, {"StringEquals": {SSE: "AES256"}, "Null": {SSE: "true"}}),
        ),
        ("unsigned-body-passes", deny("s3:PutObject", O, {"StringEquals": {BODY: "UNSIGNED-PAYLOAD"}})),
    ],
)
def test_what_is_meant_for_known_callers_is_mended(rule: str, statement: dict[str, Any]) -> None:
    """Patches that open nothing to strangers and leave uploads a way are kept, and the finding is gone."""
    finding = found(rule, statement)
    assert finding.patch
    after = apply(Policy.parse(policy(statement)), finding.patch)
    assert rule not in [each.rule for each in lint(after)]


@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::acme-logs*", ["arn:aws:s3:::acme-logs*/*"]])
@pytest.mark.parametrize(
    "condition", [{"NumericLessThan": {"s3:TlsVersion": "1.2"}}, {"Bool": {"aws:SecureTransport": "false"}}]
)
def test_no_patch_names_a_bucket_that_the_policy_does_not(resource: Any, condition: Any) -> None:
    """The bucket of examples stands in no patch, and patches for a bucket that is told name that one."""
    document = policy(deny("s3:*", resource, condition))
    assert BUCKET not in repr([each.patch for each in lint(document)])
    assert BUCKET not in repr([each.patch for each in lint(document, bucket="acme-logs-1")])


def test_https_on_both_keeps_what_was_named() -> None:
    """The ARN that is missing comes besides those that are there, patterns included."""
    both = ["arn:aws:s3:::acme-*/*", O]
    finding = found("https-bucket-only", deny("s3:*", [B], {"Bool": {"aws:SecureTransport": "false"}}))
    assert finding.patch[0]["value"] == [B, O]
    for each in lint(policy(deny("s3:*", both, {"Bool": {"aws:SecureTransport": "false"}}))):
        assert all(set(both) <= set(operation["value"]) for operation in each.patch)


@pytest.mark.parametrize("operator", ["Bool", "BoolIfExists", "StringEquals"])
def test_a_second_factor_that_is_denied_is_no_lack_of_one(operator: str) -> None:
    """A Deny of those with a second factor has a rule of its own, and none about long-term keys."""
    statement = deny("s3:DeleteObject", O, {operator: {MFA: "true"}})
    rules = [each.rule for each in lint(policy(statement))]
    assert rules.count("mfa-denied") == 1
    assert "mfa-absent-passes" not in rules


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {SSE: "aws:kms"}, "Null": {SSE: "true"}},
        {"StringLike": {SSE: "AES*"}, "Null": {SSE: "true"}},
        {"ArnLike": {"aws:PrincipalArn": ROLE}, "Null": {"aws:PrincipalArn": "true"}},
        {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}, "Null": {"aws:SourceVpce": "true"}},
    ],
)
def test_alternatives_are_split_only_where_uploads_still_pass(condition: Any) -> None:
    """Two statements in place of one that does nothing would deny more than anybody may want."""
    assert [each.patch for each in lint(policy(deny("s3:PutObject", O, condition))) if each.patch] == []


def test_every_algorithm_listed_is_a_note() -> None:
    """A Deny of all other algorithms denies nothing today, and may tomorrow."""
    block = {"StringNotEquals": {SSE: ["AES256", "aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}}
    (finding,) = lint(policy(deny("s3:PutObject", O, block)))
    assert (finding.rule, finding.severity, finding.patch) == ("condition-never-true", Severity.INFO, ())


def test_a_body_that_must_not_be_signed_is_no_gap() -> None:
    """A negated condition on the body asks for an unsigned one: nothing passes that it means to deny."""
    document = policy(deny("s3:PutObject", O, {"StringNotEquals": {BODY: "UNSIGNED-PAYLOAD"}}))
    assert "unsigned-body-passes" not in [each.rule for each in lint(document)]


@pytest.mark.parametrize("resource", [f"arn:aws:s3::{BUCKET}", f"{B} ", f"arn:aws:s3:eu-west-1::{BUCKET}"])
def test_a_malformed_arn_is_repeated_by_nobody(resource: str) -> None:
    """Only the rules about how an ARN is written speak of one that is malformed."""
    https = deny("s3:*", [resource, f"{resource}/*"], {"Bool": {"aws:SecureTransport": "false"}})
    rules = {each.rule for each in lint(policy(https))}
    assert rules <= {"s3-arn-fields", "arn-white-space"}
    for each in lint(policy(deny("s3:*", B, {"Bool": {"aws:SecureTransport": "false"}}), https)):
        assert each.rule in rules or resource not in f"{each.message} {each.patch!r}", each


def test_a_malformed_exception_hides_nothing() -> None:
    """A Deny of all but a malformed ARN denies everything, and that is told."""
    raw = deny("s3:*", None, NotResource=f"arn:aws:s3::{BUCKET}/open/*")
    assert {"policy-locked", "s3-arn-fields"} <= {each.rule for each in lint(policy(raw), bucket=BUCKET)}


def test_patches_beyond_the_bound_are_dropped_and_that_is_said() -> None:
    """Of a thousand slips the first patches are tried; the others are not offered."""
    document = policy(*(deny("s3:GetObjectt", f"{B}/{n}") for n in range(60)))
    findings = [each for each in lint(document) if each.rule == "unknown-action"]
    kept = [each for each in findings if each.patch]
    assert 0 < len(kept) <= trials.TRIALS
    assert all("not looked at" in each.fix for each in findings if not each.patch)


def test_a_patch_tried_changes_no_finding_but_its_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether patches are tried or not, what is found is the same."""
    document = policy(
        allow("s3:UploadPart", O, **ANYBODY), deny("s3:*", B, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    )
    before = [(each.rule, each.pointer, each.message) for each in lint(document)]
    monkeypatch.setattr(trials._Bench, "objection", lambda self, finding: "it is not wanted")
    after = lint(document)
    assert [(each.rule, each.pointer, each.message) for each in after] == before
    assert not any(each.patch for each in after)
