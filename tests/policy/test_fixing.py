"""Policies with the patches of their findings applied: what is promised of that, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, apply_patch, bundles, fixing
from secure_s3.policy.fixing import PATCHES, Fixed, fixed
from secure_s3.policy.linter import lint
from secure_s3.values import Finding, Severity

from .lint_checks import BUCKET, ROLE, B, O, allow, deny, policy

BROKEN = Policy.parse(
    json.dumps(
        {
            "Version": "2008-10-17",
            "Statement": [
                {
                    "Sid": "Tls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": B,
                    "Condition": {"Bool": {"aws:SecureTranport": "false"}},
                },
                {
                    "Sid": "Read",
                    "Effect": "Allow",
                    "Principal": {"AWS": ROLE},
                    "Action": ["s3:HeadObject", "s3:ListBucket"],
                    "Resource": O,
                },
            ],
        },
        indent=2,
    )
)


def test_patches_are_applied_until_none_is_left() -> None:
    """Patches that only appear after others are applied as well, and the policy given stays as it is."""
    before = BROKEN.to_json()
    result = fixed(BROKEN)
    assert {each.rule for each in result.applied} > {each.rule for each in lint(BROKEN) if each.patch}
    assert (result.left, result.refused, result.exhausted) == ((), (), False)
    assert lint(result.policy) == []
    assert BROKEN.to_json() == before
    tls, read = result.policy.statements
    assert tls.raw["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert set(read.resources or ()) == {B, O}


def test_fixing_twice_changes_nothing() -> None:
    """What comes out has no patch that would be applied again."""
    once = fixed(BROKEN)
    assert fixed(once.policy) == Fixed(once.policy, (), once.left)


def test_sound_policy_stays_as_it_is() -> None:
    """A policy without findings is the very policy that was given."""
    sound = bundles.baseline(BUCKET)
    result = fixed(sound)
    assert result.policy is sound
    assert result.applied == ()


def test_what_people_must_mend_is_left() -> None:
    """Findings without a patch are left, and told."""
    result = fixed(policy({**allow("s3:PutObject"), "Principal": "*"}), bucket=BUCKET)
    assert "public-write" in {each.rule for each in result.left}
    assert result.left == tuple(lint(result.policy, bucket=BUCKET))


@pytest.mark.parametrize(
    "arguments", [{"kind": "nothing"}, {"bucket": ""}, {"administrators": ["nobody"], "bucket": BUCKET}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    """A kind that there is none of, an empty bucket, and an administrator that is nobody are errors."""
    with pytest.raises(PolicyError):
        fixed(BROKEN, **arguments)
    with pytest.raises(PolicyError):
        fixed("no policy")


def test_administrators_need_a_bucket() -> None:
    """Whether somebody is locked out of a policy that names no bucket cannot be judged."""
    with pytest.raises(PolicyError, match="names no bucket"):
        fixed(policy(deny("s3:*", "*")), administrators=[ROLE])


# --------------------------------------------------------------------------------- what is not applied


def finding(rule: str, severity: str, patch: Sequence[dict[str, Any]] = (), pointer: str = "/Id") -> Finding:
    """A finding of a rule that these tests make up."""
    return Finding(rule, Severity(severity), f"{rule} is broken", None, pointer, patch=tuple(patch))


def put(value: str) -> list[dict[str, Any]]:
    """The patch that gives the policy another Id."""
    return [{"op": "add", "path": "/Id", "value": value}]


Rules = Callable[[str | None], list[Finding]]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rules], Fixed]:
    """What becomes of a policy whose findings depend on its Id alone, which is at first \"a\"."""

    def run(rules: Rules) -> Fixed:
        monkeypatch.setattr(fixing, "lint", lambda policy, **_: rules(policy.id))
        return fixed({"Id": "a", **policy(deny("s3:*"))})

    return run


def test_patch_that_leads_to_a_graver_finding_is_refused(judged: Callable[[Rules], Fixed]) -> None:
    """It is not applied, even where the graver one takes the place of another as grave."""
    bad = [finding("old", "critical")]
    small = finding("small", "medium", put("b"))
    found = {"a": [*bad, small], "b": [finding("new", "critical")]}
    result = judged(lambda id: found[str(id)])
    assert (result.policy.id, result.applied) == ("a", ())
    assert [str(each) for each in result.refused] == [
        "[small] not applied: it would lead to a graver finding, new"
    ]
    assert result.left == (*bad, small)


def test_others_go_on_after_a_refusal(judged: Callable[[Rules], Fixed]) -> None:
    """A refused patch does not keep the others from being applied."""
    harmful, good = finding("harmful", "low", put("worse")), finding("good", "low", put("b"))
    found = {"a": [harmful, good], "worse": [finding("x", "high")], "b": [harmful]}
    result = judged(lambda id: found[str(id)])
    assert (result.policy.id, result.applied, len(result.refused)) == ("b", (good,), 1)


def test_finding_as_grave_may_take_its_place(judged: Callable[[Rules], Fixed]) -> None:
    """What a patch uncovers is no reason to refuse it unless it is graver."""
    found = {"a": [finding("one", "high", put("b"))], "b": [finding("two", "high", put("c"))], "c": []}
    result = judged(lambda id: found[str(id)])
    assert (result.policy.id, [each.rule for each in result.applied]) == ("c", ["one", "two"])


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        (put("b"), "does not remove"),
        (put("a"), "leads back"),
        ([{"op": "remove", "path": "/Nothing"}], "does not fit"),
        ([{"op": "replace", "path": "", "value": []}], "no policy document"),
    ],
)
def test_patch_that_does_nothing_is_refused(
    judged: Callable[[Rules], Fixed], patch: list[dict[str, Any]], why: str
) -> None:
    """A patch that does not fit, changes nothing, or leaves its finding in place is refused."""
    result = judged(lambda _: [finding("stays", "low", patch)])
    assert (result.policy.id, len(result.refused)) == ("a", 1)
    assert why in result.refused[0].why


def test_patches_that_undo_each_other_end(judged: Callable[[Rules], Fixed]) -> None:
    """A patch that leads back to a policy that was there before is refused."""
    found = {"a": [finding("one", "low", put("b"))], "b": [finding("two", "low", put("a"))]}
    result = judged(lambda id: found[str(id)])
    assert (result.policy.id, [each.finding.rule for each in result.refused]) == ("b", ["two"])


def test_there_is_a_bound(judged: Callable[[Rules], Fixed]) -> None:
    """Patches without end stop at the bound, and it is told that it was reached."""
    result = judged(lambda id: [finding(f"rule {id}", "low", put(f"{id}x"))])
    assert (len(result.applied), result.exhausted) == (PATCHES, True)
    assert len(result.left) == 1


def test_nobody_is_locked_out_by_a_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch that would lock out one of the administrators is refused where they are named."""
    locking = policy(deny("s3:*", [B, O]))["Statement"]
    patch = [{"op": "add", "path": "/Statement", "value": locking}]
    harmless = Policy.parse(policy(allow("s3:GetObject")))
    monkeypatch.setattr(
        fixing,
        "lint",
        lambda now, **_: [finding("x", "high", patch)] if now == harmless else [],
    )
    assert len(fixed(harmless, bucket=BUCKET).applied) == 1
    result = fixed(harmless, bucket=BUCKET, administrators=[ROLE])
    assert (result.policy, len(result.refused)) == (harmless, 1)
    assert "lock-out" in result.refused[0].why


OTHER = Policy.parse(
    policy(
        deny("s3:PutObject", B, {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}),
        allow("s3:GetObjects", [B]),
        allow(["s3:ListBucket", "s3:PutObject"], O),
    )
)


@pytest.mark.parametrize("given", [BROKEN, OTHER], ids=["read from text", "of values"])
def test_promises_hold_step_by_step(given: Policy) -> None:
    """Applied again one by one, the patches lead to the same policy, and none to more of what is graver."""
    result = fixed(given, bucket=BUCKET, kind="bucket")
    assert len(result.applied) > 2
    now, found = given, lint(given, bucket=BUCKET, kind="bucket")
    for each in result.applied:
        assert each in found
        now = apply_patch(now, each.patch)
        after = lint(now, bucket=BUCKET, kind="bucket")
        assert each not in after
        more = Counter((one.severity.rank, one.rule) for one in after)
        more.subtract((one.severity.rank, one.rule) for one in found)
        assert [rule for (rank, rule), n in more.items() if n > 0 and rank > each.severity.rank] == []
        found = after
    assert (now, tuple(found)) == (result.policy, result.left)
