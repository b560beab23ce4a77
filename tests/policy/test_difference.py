"""The canonical form, what changes between two policies, and merging."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, Statement
from secure_s3.policy.canonical import canonical, meaning
from secure_s3.policy.difference import ADDED, CHANGED, REMOVED, diff, merge

DENY: dict[str, Any] = {
    "Sid": "DenyHttp",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:s3:::amzn-s3-demo-bucket/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ALLOW = {
    "Sid": "Reader",
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": "*",
}


def policy(*statements: dict[str, Any], **elements: Any) -> Policy:
    """A policy of the current version."""
    return Policy.parse({"Version": "2012-10-17", **elements, "Statement": list(statements)})


@pytest.mark.parametrize(
    "other",
    [
        {**DENY, "Principal": {"AWS": "*"}},
        {**DENY, "Principal": {"AWS": ["*"]}},
        {**DENY, "Action": ["S3:*"]},
        {**DENY, "Resource": list(reversed(DENY["Resource"]))},
        {**DENY, "Resource": DENY["Resource"] * 2},
        {**DENY, "Condition": {"bool": {"AWS:securetransport": [False]}}},
        dict(reversed(DENY.items())),
    ],
)
def test_other_words_for_the_same(other: dict[str, Any]):
    """Order, repetition, single values in lists, and the case of names make no difference."""
    assert not diff(policy(DENY), policy(other))
    assert meaning(Statement(DENY)) == meaning(Statement(other))
    assert str(diff(policy(DENY), policy(other))) == "no difference"


@pytest.mark.parametrize(
    "other",
    [
        {**DENY, "Effect": "Allow"},
        {**DENY, "Principal": {"AWS": "111122223333"}},
        {**DENY, "Principal": {"Service": "*"}},
        {**DENY, "Resource": [each.upper() for each in DENY["Resource"]]},
        {**DENY, "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}},
        {**DENY, "Condition": {"ForAllValues:Bool": {"aws:SecureTransport": "false"}}},
        {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "FALSE "}}},
        {**DENY, "NotAction": DENY["Action"]},
        {key: value for key, value in DENY.items() if key != "Condition"},
    ],
)
def test_what_is_not_the_same(other: dict[str, Any]):
    """Whatever can change what a statement does is a difference."""
    assert diff(policy(DENY), policy(other))
    assert meaning(Statement(DENY)) != meaning(Statement(other))


def test_account_as_number_or_root():
    """An account's number and the ARN of its root name the same principal."""
    root = {**ALLOW, "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]}}
    assert not diff(policy(ALLOW), policy(root))


def test_a_readable_difference():
    """A difference says what was added, removed and changed, down to the value."""
    smaller = {
        **DENY,
        "Resource": DENY["Resource"][:1],
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    found = diff(policy(DENY, ALLOW, Id="a"), policy(smaller, {**ALLOW, "Sid": "Other", "Action": "s3:Get*"}))
    assert [change.kind for change in found.changes] == [CHANGED, REMOVED, ADDED]
    text = str(found)
    assert "~ Id: a -> null" in text
    assert "~ Deny DenyHttp\n  - Resource: arn:aws:s3:::amzn-s3-demo-bucket/*" in text
    assert (
        "  - Condition Bool aws:SecureTransport: false\n  + Condition Bool aws:SecureTransport: true" in text
    )
    assert "- Allow Reader" in text
    assert "+ Allow Other" in text
    assert json.loads(json.dumps(found.to_dict()))["statements"][0]["kind"] == CHANGED


def test_statements_without_a_sid():
    """Statements without a Sid are paired by their place, if they have the same effect."""
    nameless = {key: value for key, value in DENY.items() if key != "Sid"}
    old, new = policy(nameless), policy({**nameless, "Action": "s3:GetObject"})
    assert [change.kind for change in diff(old, new).changes] == [CHANGED]
    other = policy({**nameless, "Effect": "Allow"})
    assert [change.kind for change in diff(old, other).changes] == [REMOVED, ADDED]


def test_versions_are_part_of_the_difference():
    """A version that changes what variables mean is told."""
    old = Policy.parse({"Version": "2008-10-17", "Statement": [DENY]})
    assert str(diff(old, policy(DENY))) == "~ Version: 2008-10-17 -> 2012-10-17"
    variable = {**DENY, "Resource": "arn:aws:s3:::b/${aws:username}"}
    assert len(diff(Policy.parse({"Statement": [variable]}), policy(variable)).changes) == 1


def test_merging_keeps_what_is_there():
    """What the policy had stays, in its place, with its unknown elements; new statements follow."""
    existing = policy(ALLOW, {**DENY, "Sid": "Mine", "Extra": 1}, Id="kept")
    merged = merge(existing, Statement(DENY), Statement({**DENY, "Sid": "New", "Action": "s3:PutObject"}))
    assert [statement.sid for statement in merged.statements] == ["Reader", "Mine", "DenyHttp", "New"]
    assert merged.id == "kept"
    assert merged.statements[1].to_dict()["Extra"] == 1
    assert merge(merged, Statement(DENY)) == merged


def test_merging_again_changes_nothing():
    """A statement that is there in other words is not added, whatever its Sid."""
    existing = policy({**DENY, "Sid": "TheirName", "Principal": {"AWS": "*"}})
    assert merge(existing, Statement(DENY)) == existing
    assert merge(policy(DENY), Statement({**DENY, "Principal": {"AWS": "*"}})) == policy(DENY)


@pytest.mark.parametrize(
    "weaker",
    [
        {**DENY, "Action": "s3:GetObject"},
        {**DENY, "Resource": DENY["Resource"][:1]},
        {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_a_taken_sid_is_refused(weaker: dict[str, Any]):
    """A statement whose Sid another one has is put in its place only if that is said to be meant."""
    with pytest.raises(PolicyError, match="another statement 'DenyHttp'") as caught:
        merge(policy(DENY, ALLOW), Statement(weaker))
    assert "replace='DenyHttp'" in caught.value.fix
    assert "- " in caught.value.why
    merged = merge(policy(DENY, ALLOW), Statement(weaker), replace=["DenyHttp"])
    assert merged == policy(weaker, ALLOW)
    assert merge(policy(DENY, ALLOW), Statement(weaker), replace="DenyHttp") == merged
    with pytest.raises(PolicyError, match="list of Sids"):
        merge(policy(DENY), Statement(weaker), replace=[7])


def test_only_statements_are_merged():
    """Something else than a statement is refused, and nothing is half merged."""
    for wrong in (5, DENY, None):
        with pytest.raises(PolicyError):
            merge(policy(DENY), wrong)
        with pytest.raises(PolicyError):
            Policy.of(wrong)
        with pytest.raises(PolicyError):
            policy(DENY).with_statements([wrong])


def test_thousands_of_statements():
    """Comparing and merging takes one look at each statement, however many there are."""
    many = [{**DENY, "Sid": f"S{number}", "Action": f"s3:Get{number}"} for number in range(2000)]
    old, new = policy(*many), policy(*reversed(many[1:]), {**DENY, "Sid": "Last"})
    assert [change.kind for change in diff(old, new).changes] == [REMOVED, ADDED]
    assert len(merge(old, *new.statements).statements) == 2001


def test_merging_into_nothing():
    """Without an existing policy, merging makes one."""
    assert merge(None, Statement(DENY)) == policy(DENY)


def test_merging_does_not_undo():
    """A statement does not replace one of the opposite effect, nor slip variables into an old version."""
    with pytest.raises(PolicyError, match="'DenyHttp' already"):
        merge(policy(DENY), Statement({**ALLOW, "Sid": "DenyHttp"}))
    old = Policy.parse({"Version": "2008-10-17", "Statement": [DENY]})
    with pytest.raises(PolicyError, match="2008-10-17"):
        merge(old, Statement({**ALLOW, "Resource": "arn:aws:s3:::b/${aws:username}"}))
    assert len(merge(old, Statement(ALLOW)).statements) == 2


WORDS = st.sampled_from(
    ["s3:GetObject", "S3:getobject", "s3:*", "aws:SourceIp", "AWS:sourceip", "10.0.0.0/8", "*"]
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": WORDS | st.lists(WORDS, max_size=3)},
    optional={
        "Sid": st.sampled_from(["A", "B"]),
        "Principal": st.just("*") | st.fixed_dictionaries({"AWS": WORDS | st.lists(WORDS, max_size=2)}),
        "Condition": st.dictionaries(
            st.sampled_from(["Bool", "bool", "StringLike", "ForAnyValue:stringlikeifexists", "Nonsense"]),
            st.dictionaries(WORDS, WORDS | st.lists(WORDS, max_size=2) | st.integers(), max_size=2) | WORDS,
            max_size=3,
        ),
    },
)


@given(st.lists(STATEMENTS, max_size=4))
def test_the_canonical_form_is_a_fixed_point(raw: list[dict[str, Any]]):
    """The canonical form of a canonical form is itself, and differs in nothing from the original."""
    original = policy(*raw)
    once = canonical(original)
    assert canonical(once).to_json() == once.to_json()
    assert not diff(original, once)
    assert canonical(policy(*reversed(raw))).to_json() == once.to_json()


@given(st.lists(STATEMENTS, min_size=1, max_size=3), st.lists(STATEMENTS, max_size=3))
def test_merging_is_idempotent(raw: list[dict[str, Any]], more: list[dict[str, Any]]):
    """Merging the same statements twice gives what merging them once gave."""
    new = [Statement({key: value for key, value in each.items() if key != "Sid"}) for each in more]
    once = merge(policy(*raw), *new)
    assert merge(once, *new) == once


def test_policies_in_every_form():
    """Texts and dicts will do where a policy is compared, merged or put into canonical form."""
    raw = {"Version": "2012-10-17", "Statement": [DENY]}
    assert not diff(raw, json.dumps(raw))
    assert merge(raw, Statement(ALLOW)) == policy(DENY, ALLOW)
    assert canonical(raw) == canonical(policy(DENY))
    with pytest.raises(PolicyError):
        diff(raw, 7)
