"""Reasons: which layer, statement and condition decided, what was wanted and there, what would settle it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from secure_s3.policy import UNKNOWN, AccessRequest, Between, Decision, OneOf, Policy, evaluate

USER = "arn:aws:iam::111122223333:user/alice"
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/k"
SSE = "s3:x-amz-server-side-encryption"
ALLOW = {"Sid": "AllowPut", "Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
DENY = {
    "Sid": "DenyWrongEncryption",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    "Condition": {"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}},
}


def decide(
    *statements: Any, context: dict[str, Any] | None = None, unknown: Any = (), **more: Any
) -> Decision:
    """How a put by alice comes out under a bucket policy of these statements."""
    request = AccessRequest("s3:PutObject", OBJECT, USER, context or {}, unknown)
    policy = Policy.parse({"Version": "2012-10-17", "Statement": list(statements)})
    return evaluate(request, resource_policy=policy, **more)


def told(decision: Decision) -> list[tuple[str, str, str | None, str | None]]:
    """Layer, role, statement and mismatch of every reason."""
    return [
        (each.layer, each.role, each.statement and each.statement.name, each.mismatch)
        for each in decision.reasons
    ]


def test_a_denial_says_what_was_wanted_and_what_was_there():
    """An explicit denial names layer, statement, and each condition with the wanted and the given values."""
    decision = decide(ALLOW, DENY, context={SSE: "AES256"})
    assert decision.outcome == "explicitly_denied"
    assert told(decision) == [("resource_policy", "denies", "DenyWrongEncryption", None)]
    negated, null = decision.reasons[0].conditions
    assert (negated.operator, negated.key) == ("StringNotEquals", SSE)
    assert (negated.wanted, negated.got) == (("aws:kms", "aws:kms:dsse"), ("AES256",))
    assert (negated.missing, negated.holds, negated.unknown_key) == (False, True, None)
    assert (null.wanted, null.holds) == (("false",), True)
    assert "policy says aws:kms or aws:kms:dsse; request: AES256 -> holds" in str(decision)
    assert decision.statement is not None
    assert decision.statement.pointer == "/Statement/1"
    assert not decision.allowed


def test_a_missing_key_is_said_to_be_missing():
    """A condition that holds because the key is absent says so, and gives no values."""
    deny = {**DENY, "Condition": {"StringNotEquals": {SSE: "aws:kms"}}}
    found = decide(ALLOW, deny).reasons[0].conditions[0]
    assert (found.got, found.missing, found.holds) == (None, True, True)
    assert "request: absent -> holds" in str(decide(ALLOW, deny))


def test_an_unknown_outcome_names_what_would_settle_it():
    """Statements that may decide are listed with the keys that nobody knows, each once and as written."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "StringEquals": {SSE: "AES256"}},
    }
    decision = decide(
        ALLOW, deny, {**deny, "Sid": "Again"}, context={SSE: "AES256"}, unknown=("aws:SourceIp",)
    )
    assert decision.outcome == "unknown"
    assert decision.unknown_keys == ("aws:SourceIp",)
    assert told(decision) == [
        ("resource_policy", "may deny", "statement 2", None),
        ("resource_policy", "may deny", "Again", None),
    ]
    found = decision.reasons[0].conditions
    assert [(each.holds, each.got, each.missing, each.unknown_key) for each in found] == [
        (None, None, False, "aws:SourceIp"),
        (True, ("AES256",), False, None),
    ]
    assert "decided by: aws:SourceIp" in str(decision)


def test_an_unknown_key_of_a_variable_is_named():
    """A variable whose value nobody knows is named as what would settle the outcome."""
    allow = {**ALLOW, "Condition": {"StringEquals": {SSE: "${aws:PrincipalTag/sse}"}}}
    decision = decide(allow, context={SSE: "AES256"}, unknown=("aws:PrincipalTag/*",))
    assert (decision.outcome, decision.unknown_keys) == ("unknown", ("aws:principaltag/sse",))
    assert told(decision) == [("resource_policy", "may allow", "AllowPut", None)]


def test_keys_that_do_not_matter_are_not_named():
    """A key that nobody knows is not named where another condition has decided."""
    deny = {
        **DENY,
        "Condition": {"StringEquals": {SSE: "AES256"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    }
    decision = decide(ALLOW, deny, context={SSE: "aws:kms"}, unknown=("aws:SourceIp",))
    assert (decision.outcome, decision.unknown_keys) == ("allowed", ())
    assert told(decision) == [("resource_policy", "allows", "AllowPut", None)]


@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        ({"Principal": {"AWS": "444455556666"}}, "principal"),
        ({"Resource": "arn:aws:s3:::amzn-s3-demo-other/*"}, "resource"),
        ({"Condition": {"StringEquals": {SSE: "aws:kms"}}}, "condition"),
        (
            {"Condition": {"StringEquals": {SSE: "aws:kms"}, "Bool": {"aws:SecureTransport": "true"}}},
            "condition",
        ),
    ],
)
def test_near_misses(change: dict[str, Any], mismatch: str):
    """Where nothing allows, a statement that fails in one part only is listed with that part."""
    decision = decide({**ALLOW, **change})
    assert decision.outcome == "implicitly_denied"
    assert ("resource_policy", "does not allow", "AllowPut", mismatch) in told(decision)
    assert ("resource_policy", "does not allow", None, None) in told(decision)
    assert f"AllowPut does not allow ({mismatch} does not match)" in str(decision)


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "s3:GetObject"},
        {"Principal": {"AWS": "444455556666"}, "Resource": "arn:aws:s3:::amzn-s3-demo-other/*"},
        {"Effect": "Deny", "Principal": {"AWS": "444455556666"}},
    ],
)
def test_far_misses(change: dict[str, Any]):
    """Statements about other actions, that fail in two parts or that deny are no near misses."""
    decision = decide({**ALLOW, **change})
    assert "AllowPut" not in [statement for _, _, statement, _ in told(decision)]


def test_the_layer_that_lacks_an_allowance():
    """A layer that must allow and does not is named, and so are its statements that come close."""
    identity = Policy.parse({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    other = Policy.parse({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": f"{OBJECT}/other"}})
    request = AccessRequest("s3:PutObject", OBJECT, USER)
    decision = evaluate(
        request, identity_policies=[identity], permissions_boundary=other, scps=[identity, other]
    )
    assert decision.outcome == "implicitly_denied"
    lacking = [each for each in decision.reasons if each.layer == "permissions_boundary"]
    assert [each.mismatch for each in lacking] == [None, "resource"]
    assert all(each.layer != "service_control_policy" for each in decision.reasons)
    deny = Policy.parse({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})
    assert evaluate(request, identity_policies=[identity, deny]).reasons[0].policy == 1


def test_a_layer_that_was_not_read():
    """A layer that cannot be read is a reason of its own, and not examined."""
    decision = decide(ALLOW, scps=UNKNOWN)
    assert decision.outcome == "unknown"
    assert ("service_control_policy", "not read", None, None) in told(decision)
    assert "service_control_policy" in decision.not_examined
    assert "service control policy: may be there and was not read" in str(decision)


ORGANIZATION = {"service_control_policy", "resource_control_policy"}


@pytest.mark.parametrize(
    ("principal", "missing"),
    [
        ("arn:aws:iam::111122223333:user/alice", ORGANIZATION | {"permissions_boundary", "identity_policy"}),
        (
            "arn:aws:sts::111122223333:assumed-role/App/s",
            ORGANIZATION | {"permissions_boundary", "session_policy", "identity_policy"},
        ),
        ("arn:aws:iam::111122223333:root", ORGANIZATION),
        ("cloudfront.amazonaws.com", {"resource_control_policy"}),
        (None, {"resource_control_policy"}),
    ],
)
def test_what_was_not_examined(principal: str | None, missing: set[str]):
    """The layers that were not given are named, but for those that cannot bind such a caller."""
    found = evaluate(AccessRequest("s3:PutObject", OBJECT, principal)).not_examined
    assert {*found} == missing | {"endpoint_policy"}


def test_what_was_examined():
    """A layer that was given is not among those that were not."""
    identity = Policy.parse({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    examined = decide(ALLOW, identity_policies=[identity], scps=[identity], permissions_boundary=identity)
    assert {*examined.not_examined} == {"resource_control_policy", "endpoint_policy"}


def test_nobody_knows_who_asks():
    """Where the caller is not known and that decides, the decision says so."""
    decision = evaluate(AccessRequest("s3:PutObject", OBJECT, UNKNOWN))
    assert decision.outcome == "unknown"
    assert "nobody here knows who asks" in str(decision)


def test_anonymous_callers_have_no_identity_policies():
    """A denial of an anonymous caller does not speak of policies that there cannot be."""
    decision = evaluate(AccessRequest("s3:PutObject", OBJECT))
    assert {reason.layer for reason in decision.reasons} == {"resource_policy"}


def test_keys_that_every_request_has():
    """A key that a policy asks about and every request has is told where the context leaves it out."""
    http = {**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    assert any("aws:SecureTransport is absent" in each for each in decide(http).assumed)
    assert not any("aws:SecureTransport" in each for each in decide(ALLOW).assumed)


def test_a_decision_is_no_truth_value():
    """A decision in place of a truth value is an error, for a denied one would count as true."""
    with pytest.raises(TypeError, match="four outcomes"):
        bool(decide(ALLOW))


def test_decisions_can_be_pickled_and_printed():
    """A decision survives pickling, and its repr has no functions in it."""
    decision = decide({**ALLOW, "Condition": {"StringLike": {"s3:x-amz-acl": ["${aws:username}", "p*"]}}})
    again = pickle.loads(pickle.dumps(decision))
    assert str(again) == str(decision)
    assert again.reasons[0].statement == decision.reasons[0].statement
    assert "0x" not in repr(decision)
    assert len(repr(decision)) < 3000


def test_broken_statements_say_what_is_wrong():
    """A statement that AWS would refuse may decide, and says what is wrong with it."""
    decision = decide({**ALLOW, "Effect": "allow"})
    assert decision.outcome == "unknown"
    assert "Effect is 'allow'" in decision.reasons[0].note


def test_what_is_known_in_part_is_shown():
    """Candidates and bounds are shown as such."""
    deny = {**DENY, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}
    one = decide(ALLOW, deny, context={"s3:TlsVersion": OneOf("1.1", "1.3", None)})
    assert one.reasons[0].conditions[0].got == ("1.1 or 1.3 or absent",)
    assert one.unknown_keys == ("s3:TlsVersion",)
    two = decide(ALLOW, deny, context={"s3:TlsVersion": Between("1.1", "1.3")})
    assert two.reasons[0].conditions[0].got == ("1.1 to 1.3",)


def test_decisions_as_plain_values():
    """A decision turns into plain values for JSON, with pointers and three-valued truth."""
    decision = decide(ALLOW, DENY, context={SSE: "AES256"}, unknown=("aws:SourceIp",))
    found = json.loads(json.dumps(decision.to_dict()))
    assert found["outcome"] == "explicitly_denied"
    (reason,) = found["reasons"]
    assert (reason["layer"], reason["statement"], reason["pointer"]) == (
        "resource_policy",
        "DenyWrongEncryption",
        "/Statement/1",
    )
    assert reason["conditions"][0] == {
        "operator": "StringNotEquals",
        "key": SSE,
        "wanted": ["aws:kms", "aws:kms:dsse"],
        "got": ["AES256"],
        "missing": False,
        "holds": True,
    }


def test_deciding_denials_come_first_and_are_all_there():
    """Every statement that denies is a reason, in the order of layers, and none that allows."""
    organization = Policy.parse(
        {"Statement": {"Sid": "Scp", "Effect": "Deny", "Action": "*", "Resource": "*"}}
    )
    decision = decide(ALLOW, DENY, context={SSE: "AES256"}, scps=[organization])
    assert [statement for _, _, statement, _ in told(decision)] == ["Scp", "DenyWrongEncryption"]
    assert {role for _, role, _, _ in told(decision)} == {"denies"}
