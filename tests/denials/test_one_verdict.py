"""One verdict: a check before the call, the endpoint, and the explanation after it, agree.

What comes of each case is written down by hand. The check is given the policies, the explanation reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_s3.bucket.access.explaining import gather_evidence
from secure_s3.denials.denial import INFERRED, PROVED, UNCERTAIN
from secure_s3.denials.evidence import Evidence
from secure_s3.denials.explain import explain
from secure_s3.local import LocalAws
from secure_s3.policy import Policy, Statement
from secure_s3.policy import statements as make
from secure_s3.policy.witnesses import APP, KEY, OWNER, bucket_arn

from ..policy.test_statements import TABLE
from .account import ALL, ROLE, Account, B, allow, document, refusal, strategy
from .calls import Call

ALLOWED = "allowed"
OBJECTS = bucket_arn(B, "*")
SSE = "s3:x-amz-server-side-encryption"
MAY = [allow("s3:*", "kms:*")]
S3_ONLY = [allow("s3:*")]
NOTHING = [allow("sns:Publish")]
KMS = f'SseKms("{KEY}")'
ENABLE_IAM = make.key_enable_iam(OWNER).raw


def on(operation: str, key: str | None = "key", encryption: str = "", **arguments: Any) -> Call:
    """A call of the role's."""
    body = {"Body": b"x"} if operation == "put_object" else {}
    place = {"Bucket": B} if key is None else {"Bucket": B, "Key": key}
    return Call(operation, {**place, **body, **arguments}, encryption=encryption)


GET, HEAD, PUT, LIST = on("get_object"), on("head_object"), on("put_object"), on("list_objects_v2", None)
SEALED, CUSTOMER = on("put_object", encryption=KMS), on("put_object", encryption="SseC.generate()")
HERE = on("put_object", encryption=f'ClientSide("{KEY}")')
TAGGED = on("put_object", Tagging="team=red")
HELD = on("put_object", ObjectLockLegalHoldStatus="ON")
COPY = on("copy_object", "copy", CopySource={"Bucket": B, "Key": "key"})
DELETE, OF_VERSION = on("delete_object"), on("delete_object", VersionId="")
PARTS = on("create_multipart_upload")


def to_all(effect: str, *actions: str, who: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement of a bucket's policy, on its objects if nothing else is said."""
    return {
        "Sid": "Theirs",
        "Effect": effect,
        "Principal": who if who == "*" else {"AWS": who},
        "Action": list(actions),
        "Resource": [OBJECTS, bucket_arn(B)],
        **more,
    }


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    """The same that denies."""
    return to_all("Deny", *actions, **more)


def no(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement of an identity that denies actions on everything."""
    return {**allow(*actions, sid="No"), "Effect": "Deny", **more}


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    """A condition."""
    return {"Condition": {operator: {key: list(values)}}}


@dataclass(frozen=True)
class Case:
    """Policies, a call, and what comes of it.

    Args:
        call: The call.
        comes: ``allowed``, or the cause of the refusal.
        identity, bucket, boundary, session, key: Statements; None for no such policy.
        open: Whether it depends on what only the server knows.
    """

    call: Call
    comes: str
    identity: list[dict[str, Any]] = field(default_factory=lambda: MAY)
    bucket: list[dict[str, Any]] | None = None
    boundary: list[dict[str, Any]] | None = None
    session: list[dict[str, Any]] | None = None
    key: list[Mapping[str, Any]] | None = None
    open: bool = False

    def policies(self) -> dict[str, Any]:
        """As a check is given them."""
        return {
            "identity_policies": document(*self.identity),
            "bucket_policy": document(*self.bucket) if self.bucket else [],
            "permissions_boundary": document(*self.boundary) if self.boundary else [],
            "session_policies": document(*self.session) if self.session else [],
            "key_policy": document(*(self.key or [ENABLE_IAM])),
        }


PERIMETER = deny("s3:GetObject", **when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"))
WITHIN = to_all("Allow", "s3:GetObject", **when("IpAddress", "aws:SourceIp", "127.0.0.0/8"))
ABROAD = to_all("Allow", "s3:GetObject", **when("IpAddress", "aws:SourceIp", "203.0.113.0/24"))
ONLY_KMS = deny("s3:PutObject", **when("StringNotEquals", SSE, "aws:kms"))
NO_SSE_C = deny("s3:PutObject", **when("Null", f"{SSE}-customer-algorithm", "false"))
FOLDER = {**allow("s3:ListBucket"), **when("StringLike", "s3:prefix", "home/*")}
READS = [allow("s3:Get*", "kms:Decrypt")]
DIRECTLY = to_all("Allow", "s3:PutObject", who=APP)
BY_ROLE = to_all("Allow", "s3:PutObject", who=ROLE)
TO_S3 = {"StringNotEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
THE_ROLE = {
    "Sid": "Role",
    "Effect": "Allow",
    "Principal": {"AWS": ROLE},
    "Action": "kms:*",
    "Resource": "*",
}
SOMEBODY = {**THE_ROLE, "Principal": {"AWS": f"arn:aws:iam::{OWNER}:user/local"}}

CASES: dict[str, Case] = {
    "identity allows": Case(GET, ALLOWED),
    "bucket allows": Case(GET, ALLOWED, NOTHING, [to_all("Allow", "s3:GetObject", who=ROLE)]),
    "nobody allows": Case(GET, "identity_policy", NOTHING),
    "bucket allows another action": Case(PUT, "identity_policy", NOTHING, [to_all("Allow", "s3:GetObject")]),
    "identity denies": Case(GET, "identity_policy", [*MAY, no("s3:GetObject")]),
    "identity denies on a prefix": Case(GET, ALLOWED, [*MAY, no("s3:*", Resource=bucket_arn(B, "x/*"))]),
    "identity denies what bucket allows": Case(
        GET, "identity_policy", [no("s3:GetObject")], [to_all("Allow", "s3:GetObject")]
    ),
    "bucket denies": Case(GET, "bucket_policy", bucket=[deny("s3:GetObject")]),
    "bucket denies by head": Case(HEAD, "bucket_policy", bucket=[deny("s3:GetObject")]),
    "nobody allows by head": Case(HEAD, "identity_policy", NOTHING),
    "bucket denies somebody else": Case(
        GET, ALLOWED, bucket=[deny("s3:GetObject", who=f"arn:aws:iam::{OWNER}:user/alice")]
    ),
    "bucket denies another prefix": Case(GET, ALLOWED, bucket=[deny("s3:*", Resource=bucket_arn(B, "x/*"))]),
    "bucket denies all but a prefix": Case(
        GET,
        "bucket_policy",
        bucket=[
            {k: v for k, v in deny("s3:GetObject").items() if k != "Resource"}
            | {"NotResource": bucket_arn(B, "x/*")}
        ],
    ),
    "bucket denies all but reading": Case(
        PUT,
        "bucket_policy",
        bucket=[{k: v for k, v in deny().items() if k != "Action"} | {"NotAction": "s3:Get*"}],
    ),
    "deny and allow": Case(
        GET, "bucket_policy", bucket=[to_all("Allow", "s3:GetObject"), deny("s3:GetObject*", Sid="No")]
    ),
    "another encryption": Case(PUT, "bucket_policy", bucket=[ONLY_KMS]),
    "the encryption": Case(SEALED, ALLOWED, bucket=[ONLY_KMS]),
    "another encryption in parts": Case(PARTS, "bucket_policy", bucket=[ONLY_KMS]),
    "a customer's key": Case(CUSTOMER, "bucket_policy", bucket=[NO_SSE_C]),
    "no customer's key": Case(PUT, ALLOWED, bucket=[NO_SSE_C]),
    "tags": Case(TAGGED, "bucket_policy", bucket=[deny("s3:PutObjectTagging")]),
    "a tag's value": Case(
        TAGGED,
        "bucket_policy",
        bucket=[deny("s3:PutObject", **when("StringEquals", "s3:RequestObjectTag/team", "red"))],
    ),
    "another tag": Case(
        TAGGED,
        ALLOWED,
        bucket=[deny("s3:PutObject", **when("StringEquals", "s3:RequestObjectTag/team", "blue"))],
    ),
    "hold": Case(HELD, "identity_policy", [*MAY, no("s3:PutObjectLegalHold")]),
    "source of a copy": Case(COPY, "bucket_policy", bucket=[deny("s3:GetObject")]),
    "a copy": Case(COPY, ALLOWED),
    "a copy's destination": Case(COPY, "identity_policy", READS),
    "deleting": Case(DELETE, "bucket_policy", bucket=[deny("s3:DeleteObject")]),
    "deleting a version": Case(OF_VERSION, ALLOWED, bucket=[deny("s3:DeleteObject")]),
    "listing a folder": Case(on("list_objects_v2", None, Prefix="home/x"), ALLOWED, [FOLDER]),
    "listing another": Case(on("list_objects_v2", None, Prefix="x"), "identity_policy", [FOLDER]),
    "listing everything": Case(LIST, "identity_policy", [FOLDER]),
    "a caller by account": Case(
        GET,
        "bucket_policy",
        bucket=[deny("s3:GetObject", **when("StringEquals", "aws:PrincipalAccount", OWNER))],
    ),
    "from elsewhere": Case(GET, "bucket_policy", bucket=[PERIMETER], open=True),
    "from here": Case(GET, ALLOWED, NOTHING, [WITHIN], open=True),
    "from abroad": Case(GET, "identity_policy", NOTHING, [ABROAD], open=True),
    "boundary lacks": Case(PUT, "permissions_boundary", boundary=READS),
    "boundary denies": Case(PUT, "permissions_boundary", boundary=[*MAY, no("s3:PutObject")]),
    "boundary lets": Case(GET, ALLOWED, boundary=READS),
    # Of several layers that lack, the service names one.
    "boundary and bucket": Case(PUT, "identity_policy", NOTHING, [BY_ROLE], boundary=READS),
    "boundary and bucket, the session itself": Case(PUT, ALLOWED, NOTHING, [DIRECTLY], boundary=READS),
    "session lacks": Case(PUT, "session_policy", session=READS),
    "session denies": Case(PUT, "session_policy", session=[*MAY, no("s3:PutObject")]),
    "session lets": Case(GET, ALLOWED, session=READS),
    "session and bucket, the session itself": Case(PUT, ALLOWED, NOTHING, [DIRECTLY], session=READS),
    "key": Case(SEALED, ALLOWED),
    "identity has no key": Case(SEALED, "kms_access", S3_ONLY),
    "identity may not use the key": Case(SEALED, "kms_access", [*MAY, no("kms:GenerateDataKey")]),
    "key allows the role": Case(SEALED, ALLOWED, S3_ONLY, key=[ENABLE_IAM, THE_ROLE]),
    "a data key": Case(HERE, ALLOWED),
    "identity has no data key": Case(HERE, "kms_access", S3_ONLY),
    "key gives data keys to S3 alone": Case(
        HERE, "kms_access", key=[ENABLE_IAM, {**THE_ROLE, "Effect": "Deny", "Condition": TO_S3}]
    ),
    "key gives data keys to S3": Case(
        SEALED, ALLOWED, key=[ENABLE_IAM, {**THE_ROLE, "Effect": "Deny", "Condition": TO_S3}]
    ),
    "key is another's": Case(SEALED, "kms_access", key=[SOMEBODY]),
    "key denies": Case(
        SEALED,
        "kms_access",
        key=[ENABLE_IAM, {**THE_ROLE, "Effect": "Deny", "Action": "kms:GenerateDataKey"}],
    ),
}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account of this module's own."""
    with ExitStack() as stack:
        yield Account(stack.enter_context(LocalAws()), stack)


@pytest.fixture
def ready(account: Account, case: Case) -> Iterator[Call]:
    """The call, with the policies in force."""
    policy = Policy.parse(document(*case.bucket)) if case.bucket else None
    account.put(None)
    call = account.ready(case.call, {})
    account.may(document(*case.identity))
    if policy is not None:
        account.put(policy)
    if case.key is not None:
        account.put(Policy.parse(document(*case.key)), KEY)
    if case.boundary is not None:
        account.bound(document(*case.boundary))
    if case.session is not None:
        account.credentials["Narrowed"] = account.session("App", document(*case.session))
        call = replace(call, who="Narrowed")
    yield call
    account.forget("Narrowed")
    if case.boundary is not None:
        account.bound(None)
    if case.key is not None:
        account.put(None, KEY)


@pytest.mark.parametrize("case", [pytest.param(each, id=name) for name, each in CASES.items()])
def test_the_check_the_endpoint_and_the_explanation_agree(account: Account, case: Case, ready: Call) -> None:
    """What is said before is what comes, and what is said of it after."""
    before = checked(account, ready, case.policies())
    refused = refusal(account, ready)
    assert (refused is None) == (case.comes == ALLOWED)
    assert before.outcome == ("unknown" if case.open else ALLOWED if refused is None else "denied")
    if refused is None:
        return
    known = {"session_policies": case.policies()["session_policies"]}
    # An answer to HEAD does not say who was refused.
    told = account.owner.explain(refused, **known, **({"principal": APP} if case.call == HEAD else {}))
    assert told.cause == case.comes
    silent = case.call == HEAD and not told.explicit
    assert told.certainty == (INFERRED if case.open or silent else PROVED)
    decided = [each for each in before.deciding if each.request.action == told.action]
    assert {each.decision.outcome for each in decided} == {told.outcome}
    assert case.open or told.explicit is (told.outcome == "explicitly_denied")


def checked(account: Account, call: Call, policies: dict[str, Any]) -> Any:
    """What a check says of the call."""
    arguments = {name: value for name, value in call.arguments.items() if name != "Body"}
    chosen = {"encryption": strategy(call.encryption)} if call.encryption else {}
    return account.client_of(call.who).check(call.operation, **arguments, **chosen, **policies)


STATEMENTS = [
    row.statement
    for row in TABLE
    if row.statement.effect == "Deny" and row.kind is None and ":accesspoint/" not in str(row.statement.raw)
]
CALLS = [
    *(GET, HEAD, PUT, LIST, SEALED, CUSTOMER, HERE, TAGGED, HELD, DELETE, PARTS),
    *(on("put_object", "records/1"), on("put_object", "records/1", IfNoneMatch="*")),
    *(on("put_object", ACL="private"), on("put_object", ACL="bucket-owner-full-control")),
    *(on("list_objects_v2", None, Prefix="home/"), on("get_object_tagging"), on("delete_object_tagging")),
    *(on("put_object", encryption=f'DsseKms("{KEY}")'), on("list_object_versions", None)),
]


@given(
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4, unique_by=lambda each: each.sid), st.data()
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_is_said_is_contradicted(
    account: Account, statements: list[Statement], data: Any
) -> None:
    """Of any statements together: a certain check comes true, and who is named refuses by itself, or may."""
    call = account.ready(data.draw(st.sampled_from(CALLS)), {})
    account.may(ALL)
    account.put(Policy.of(*statements))
    try:
        policies = Case(call, ALLOWED, [allow("*")]).policies() | {
            "bucket_policy": Policy.of(*statements),
            "principal": APP,
        }
        before = checked(account, call, policies)
        refused = refusal(account, call)
        assert before.outcome in ("unknown", ALLOWED if refused is None else "denied")
        if refused is not None:
            owner, known = account.owner, {"principal": APP} if call == HEAD else {}
            check_who_refuses(gather_evidence(owner.boto3, owner.session, refused, known), statements)
    finally:
        account.put(None)


def check_who_refuses(evidence: Evidence, statements: list[Statement]) -> None:
    """The statement that is named refuses the request by itself; one of several candidates may."""
    told = explain(evidence)
    sids = {each.sid: each for each in statements}
    named = [told.statement] if told.statement else [each.statement for each in told.candidates]
    # HEAD has no words; what it needs first is the permission to read.
    judged = next(each for each in evidence.judged if told.action in (each.request.action, None))
    truths = {sids[each.sid].truth(judged.request, named=True)[0] for each in named if each}
    assert truths == ({True} if told.certainty == PROVED else {None})
    assert told.certainty in (PROVED, INFERRED) if told.statement else told.certainty == UNCERTAIN
    assert told.statement or told.action is None or len(named) > 1
