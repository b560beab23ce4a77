"""Who has credentials of the embedded endpoint, and the policies, boundaries and keys that bind them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest

from secure_s3.local import LocalAws
from secure_s3.sigv4 import Credentials

from .people import ACCOUNT, ROLE, SESSION, USER, allow, deny, document, refusal, role, session, user
from .support import BUCKET, by_header, send

LIST = allow("s3:ListBucket")
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
Keys = dict[str, str]


@lru_cache(maxsize=1)
def _session(aws: LocalAws) -> Any:
    return aws.session()


@contextmanager
def client(aws: LocalAws, service: str, keys: Keys | None = None) -> Iterator[Any]:
    """A plain boto3 client of whoever has these keys, or of the ready user."""
    made = _session(aws).client(service, **(keys or {}))
    try:
        yield made
    finally:
        made.close()


def may_list(aws: LocalAws, keys: Keys) -> bool:
    """Whether s3:ListBucket is allowed."""
    target = f"/{BUCKET}?list-type=2"
    headers = by_header(aws, "GET", target, credentials=Credentials(*keys.values()))
    told = send(aws, "GET", target, headers=headers)
    assert told.status == 200 or told.refusal == (403, "AccessDenied")
    return told.status == 200


def who(aws: LocalAws, keys: Keys) -> tuple[str, str]:
    """ARN and user id."""
    with client(aws, "sts", keys) as sts:
        told = sts.get_caller_identity()
    assert told["Account"] == ACCOUNT
    return told["Arn"], told["UserId"]


def when(key: str, value: str, operator: str = "StringEquals") -> dict[str, Any]:
    """A statement that allows s3:ListBucket to those who have a key of that value."""
    return allow("s3:ListBucket", Condition={operator: {key: value}})


def given(credentials: dict[str, Any]) -> Keys:
    """What STS gave, as arguments of a client."""
    names = {
        "aws_access_key_id": "AccessKeyId",
        "aws_secret_access_key": "SecretAccessKey",
        "aws_session_token": "SessionToken",
    }
    return {name: str(credentials[theirs]) for name, theirs in names.items()}


# ---------------------------------------------------------------------------------------------- users


def test_users(local_aws: LocalAws, s3: Any) -> None:
    """A user is told by its ARN, path included, and is allowed nothing until a policy says so."""
    keys = user(local_aws)
    with client(local_aws, "iam") as iam:
        made = iam.get_user(UserName="alice")["User"]
        assert who(local_aws, keys) == (USER, made["UserId"])
        assert not may_list(local_aws, keys)
        iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=document(LIST))
        assert may_list(local_aws, keys)
        iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=document(deny("s3:*")))
        assert not may_list(local_aws, keys)
        iam.delete_user_policy(UserName="alice", PolicyName="own")
        assert not may_list(local_aws, keys)


def test_managed_policies(local_aws: LocalAws, s3: Any) -> None:
    """Attached policies count in the version in force, AWS's own among them, until they are detached."""
    keys = user(local_aws)
    with client(local_aws, "iam") as iam:
        arn = iam.create_policy(PolicyName="list", PolicyDocument=document(LIST))["Policy"]["Arn"]
        for attached in (arn, READ_ONLY):
            iam.attach_user_policy(UserName="alice", PolicyArn=attached)
            assert may_list(local_aws, keys)
            iam.detach_user_policy(UserName="alice", PolicyArn=attached)
            assert not may_list(local_aws, keys)
        iam.attach_user_policy(UserName="alice", PolicyArn=arn)
        newer = document(deny("s3:*"))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=newer, SetAsDefault=True)
        assert not may_list(local_aws, keys)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        assert may_list(local_aws, keys)
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")


def test_groups(local_aws: LocalAws, s3: Any) -> None:
    """The policies of a user's groups are the user's, as long as the user is a member."""
    keys = user(local_aws)
    with client(local_aws, "iam") as iam:
        iam.create_group(GroupName="team")
        iam.put_group_policy(GroupName="team", PolicyName="own", PolicyDocument=document(LIST))
        assert not may_list(local_aws, keys)
        iam.add_user_to_group(GroupName="team", UserName="alice")
        assert may_list(local_aws, keys)
        iam.attach_group_policy(GroupName="team", PolicyArn=READ_ONLY)
        iam.delete_group_policy(GroupName="team", PolicyName="own")
        assert may_list(local_aws, keys)
        iam.remove_user_from_group(GroupName="team", UserName="alice")
        assert not may_list(local_aws, keys)


def test_boundaries(local_aws: LocalAws, s3: Any) -> None:
    """Users and roles can do no more than their permissions boundary allows, one of a user included."""
    keys = user(local_aws, LIST)
    held = session(local_aws, role(local_aws, LIST))
    with client(local_aws, "iam") as iam:
        puts = iam.create_policy(PolicyName="puts", PolicyDocument=document(allow("s3:PutObject")))
        bound = {"PermissionsBoundary": puts["Policy"]["Arn"]}
        iam.put_user_permissions_boundary(UserName="alice", **bound)
        iam.put_role_permissions_boundary(RoleName="App", **bound)
        told = iam.get_user(UserName="alice")["User"]["PermissionsBoundary"]
        assert told["PermissionsBoundaryArn"] == bound["PermissionsBoundary"]
        assert not may_list(local_aws, keys)
        assert not may_list(local_aws, held)
        iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=READ_ONLY)
        assert may_list(local_aws, keys)
        iam.delete_user_permissions_boundary(UserName="alice")
        iam.delete_role_permissions_boundary(RoleName="App")
        assert may_list(local_aws, keys)
        assert may_list(local_aws, held)
        assert "PermissionsBoundary" not in iam.get_user(UserName="alice")["User"]
        iam.create_user(UserName="bob", **bound)
        assert "PermissionsBoundary" in iam.get_user(UserName="bob")["User"]
        none = {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"}
        unknown = refusal(iam.put_user_permissions_boundary, UserName="alice", **none)
        nobody = refusal(iam.put_user_permissions_boundary, UserName="carol", **bound)
        assert unknown[:2] == nobody[:2] == (404, "NoSuchEntity")
        iam.put_role_permissions_boundary(RoleName="App", **none)
        assert not may_list(local_aws, held)  # a boundary that is not there lets nothing through


# ---------------------------------------------------------------------------------------------- roles


def test_roles(local_aws: LocalAws, s3: Any) -> None:
    """A session has its role's policies as they are now, and conditions see the role's whole ARN."""
    arn = role(local_aws, when("aws:PrincipalArn", ROLE))
    assert arn == ROLE
    held = session(local_aws, arn)
    with client(local_aws, "iam") as iam:
        role_id = iam.get_role(RoleName="App")["Role"]["RoleId"]
        assert who(local_aws, held) == (SESSION, f"{role_id}:one")
        assert may_list(local_aws, held)
        iam.put_role_policy(
            RoleName="App", PolicyName="own", PolicyDocument=document(when("aws:userid", f"{role_id}:one"))
        )
        assert may_list(local_aws, held)
        iam.delete_role_policy(RoleName="App", PolicyName="own")
        assert not may_list(local_aws, held)


def test_deleted_roles(local_aws: LocalAws, s3: Any) -> None:
    """With a role go its sessions, and a new role of the same name does not bring them back."""
    held = session(local_aws, role(local_aws))
    with client(local_aws, "iam") as iam, client(local_aws, "s3", held) as app:
        iam.delete_role(RoleName="App")
        assert refusal(app.list_objects_v2, Bucket=BUCKET)[:2] == (403, "InvalidAccessKeyId")
        role(local_aws, LIST)
        assert refusal(app.list_objects_v2, Bucket=BUCKET)[:2] == (403, "InvalidAccessKeyId")


def test_session_policies(local_aws: LocalAws, s3: Any) -> None:
    """A session can do what its role's and its session policies both allow; one not there allows nothing."""
    arn = role(local_aws, LIST)
    puts, none = document(allow("s3:PutObject")), f"arn:aws:iam::{ACCOUNT}:policy/none"
    passed: list[tuple[dict[str, Any], bool]] = [
        ({"Policy": document(LIST)}, True),
        ({"Policy": puts}, False),
        ({"PolicyArns": [{"arn": READ_ONLY}]}, True),
        ({"PolicyArns": [{"arn": READ_ONLY}], "Policy": puts}, True),
        ({"PolicyArns": [{"arn": READ_ONLY}], "Policy": document(deny("s3:ListBucket"))}, False),
        ({"PolicyArns": [{"arn": none}]}, False),
    ]
    for arguments, expected in passed:
        assert may_list(local_aws, session(local_aws, arn, **arguments)) is expected, arguments


def test_tags(local_aws: LocalAws, s3: Any) -> None:
    """Session tags stand over the role's, and those that are transitive stay in the next session."""
    arn = role(local_aws, when("aws:PrincipalTag/team", "blue"), allow("sts:*"))
    tag = {"Key": "team", "Value": "blue"}
    red = [{"Key": "team", "Value": "red"}]
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    with client(local_aws, "iam") as iam:
        iam.update_assume_role_policy(RoleName="App", PolicyDocument=document(trust))
        assert not may_list(local_aws, session(local_aws, arn))
        assert may_list(local_aws, session(local_aws, arn, Tags=[tag]))
        iam.tag_role(RoleName="App", Tags=[tag])
        assert may_list(local_aws, session(local_aws, arn))
        assert not may_list(local_aws, session(local_aws, arn, Tags=red))
        first = session(local_aws, arn, Tags=red, TransitiveTagKeys=["team"])
        assert not may_list(local_aws, session(local_aws, arn, by=first))
        forgotten = session(local_aws, arn, Tags=red)
        assert may_list(local_aws, session(local_aws, arn, by=forgotten))
        keys = user(local_aws, when("aws:PrincipalTag/team", "blue"))
        iam.tag_user(UserName="alice", Tags=red)
        assert not may_list(local_aws, keys)
        iam.tag_user(UserName="alice", Tags=[tag])
        assert may_list(local_aws, keys)


def test_keys_of_sessions(local_aws: LocalAws, s3: Any) -> None:
    """When a token was issued, by whom, and with which factors, is what conditions see of it."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }
    with client(local_aws, "iam") as iam:
        arn = role(local_aws, allow("sts:*"), trust=trust)
        mfa: dict[str, Any] = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice", "TokenCode": "123456"}
        plain, strong = session(local_aws, arn), session(local_aws, arn, **mfa)
        first = session(local_aws, arn, SourceIdentity="alice")
        chained = session(local_aws, arn, by=first)
        future, past = "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"
        for statement, expected in [
            (when("aws:MultiFactorAuthPresent", "true", "Bool"), [strong]),
            (when("aws:MultiFactorAuthPresent", "false", "Bool"), [plain, first, chained]),
            (when("aws:MultiFactorAuthAge", "300", "NumericLessThan"), [strong]),
            (when("aws:SourceIdentity", "alice"), [first, chained]),
            (when("aws:TokenIssueTime", future, "DateLessThan"), [plain, strong, first, chained]),
            (when("aws:TokenIssueTime", past, "DateLessThan"), []),
            (when("aws:FederatedProvider", "*", "StringLike"), []),
        ]:
            iam.put_role_policy(
                RoleName="App", PolicyName="own", PolicyDocument=document(allow("sts:*"), statement)
            )
            told = [held for held in (plain, strong, first, chained) if may_list(local_aws, held)]
            assert told == expected, statement


def test_lasting_keys_have_none_of_that(local_aws: LocalAws, s3: Any) -> None:
    """A user's access key has no token: neither when it was issued nor whether by two factors is told."""
    statements = [
        when("aws:MultiFactorAuthPresent", "false", "Bool"),
        when("aws:TokenIssueTime", "2999-01-01T00:00:00Z", "DateLessThan"),
        when("aws:SourceIdentity", "*", "StringLike"),
    ]
    keys = user(local_aws, *statements)
    assert not may_list(local_aws, keys)


def test_web_identities(local_aws: LocalAws, s3: Any) -> None:
    """A session of a web identity has the tags of its token, and its provider; it has no second factor."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
    }
    arn = role(
        local_aws,
        allow(
            "s3:ListBucket",
            Condition={
                "StringEquals": {"aws:PrincipalTag/team": "blue", "aws:FederatedProvider": provider},
                "Null": {"aws:MultiFactorAuthPresent": "true"},
            },
        ),
        trust=trust,
    )
    claims = {
        "iss": "https://idp.example.com",
        "sub": "alice",
        "aud": "app",
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}},
    }
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with client(local_aws, "sts") as sts:
        told = sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="one", WebIdentityToken=f"e30.{part}.c2ln"
        )
    held = given(told["Credentials"])
    assert who(local_aws, held) == (SESSION, told["AssumedRoleUser"]["AssumedRoleId"])
    assert may_list(local_aws, held)


# ------------------------------------------------------------------------- the other two kinds of sessions


def test_session_tokens(local_aws: LocalAws, s3: Any) -> None:
    """GetSessionToken gives credentials of the user's own, with a factor if one was shown, until they end."""
    keys = user(local_aws, when("aws:MultiFactorAuthPresent", "true", "Bool"))
    with client(local_aws, "sts", keys) as sts:
        plain = given(sts.get_session_token(DurationSeconds=900)["Credentials"])
        code: dict[str, Any] = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/alice", "TokenCode": "123456"}
        strong = given(sts.get_session_token(DurationSeconds=900, **code)["Credentials"])
    assert plain["aws_access_key_id"] != strong["aws_access_key_id"]
    assert who(local_aws, strong) == who(local_aws, keys)
    assert [may_list(local_aws, each) for each in (keys, plain, strong)] == [False, False, True]
    with client(local_aws, "sts", strong) as sts:
        assert refusal(sts.get_session_token)[:2] == (403, "AccessDenied")
    local_aws.shift_clock(890)
    assert may_list(local_aws, strong)
    local_aws.shift_clock(901)
    with client(local_aws, "s3", strong) as late:
        assert refusal(late.list_buckets)[:2] == (400, "ExpiredToken")
    local_aws.shift_clock(0)
    with client(local_aws, "iam") as iam:
        iam.delete_user_policy(UserName="alice", PolicyName="own")
        iam.delete_user(UserName="alice")
    with client(local_aws, "s3", strong) as gone:
        assert refusal(gone.list_buckets)[:2] == (403, "InvalidAccessKeyId")


def test_federated_users(local_aws: LocalAws, s3: Any) -> None:
    """GetFederationToken gives what the user's and the session's policies both allow; without it, nothing."""
    keys = user(local_aws, allow("s3:*", "sts:GetFederationToken"))
    with client(local_aws, "sts", keys) as sts:
        told = sts.get_federation_token(Name="bob", Policy=document(LIST))
        bob, bare = given(told["Credentials"]), given(sts.get_federation_token(Name="carl")["Credentials"])
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert told["FederatedUser"]["Arn"] == arn
    assert who(local_aws, bob) == (arn, f"{ACCOUNT}:bob")
    assert may_list(local_aws, bob)
    assert not may_list(local_aws, bare)
    with client(local_aws, "s3", bob) as app:
        assert refusal(app.put_object, Bucket=BUCKET, Key="k", Body=b"x")[1] == "AccessDenied"
