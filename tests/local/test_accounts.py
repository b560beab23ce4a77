"""IAM, STS and S3 Control of the embedded endpoint: who one is, whose role one may take, what one may do."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.local.server.services.questions import Question
from tests.local.people import (
    ACCOUNT,
    ROLE,
    SESSION,
    USER,
    allow,
    client,
    deny,
    document,
    refusal,
    role,
    session,
    user,
)
from tests.local.support import send

ASSUME = "sts:AssumeRole"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BLUE: Any = {"Tags": [{"Key": "team", "Value": "blue"}]}
OWN = {"AWS": USER}
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


@pytest.fixture
def clients(local_aws: Any) -> Iterator[Any]:
    """Makes clients that are closed in the end."""
    made: list[Any] = []

    def new(service: str, **credentials: str) -> Any:
        made.append(client(local_aws, service, **credentials))
        return made[-1]

    yield new
    for each in made:
        each.close()


def _trust(principal: Any, effect: str = "Allow", action: Any = ASSUME, **condition: Any) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


# -- who one is -------------------------------------------------------------------------------------------


def test_caller_identity(local_aws: Any, clients: Any) -> None:
    """Everybody is told who it is, whatever its policies say: ARN, account and unique id."""
    iam, everything = clients("iam"), deny("*")
    alice = user(local_aws, everything)
    told = clients("sts", **alice).get_caller_identity()
    assert (told["Arn"], told["Account"]) == (USER, ACCOUNT)
    assert told["UserId"] == iam.get_user(UserName="alice")["User"]["UserId"]
    assumed = session(local_aws, role(local_aws, everything))
    told = clients("sts", **assumed).get_caller_identity()
    assert (told["Arn"], told["Account"]) == (SESSION, ACCOUNT)
    assert told["UserId"] == f"{iam.get_role(RoleName='App')['Role']['RoleId']}:one"
    foreign = session(local_aws, "arn:aws:iam::444455556666:role/App")
    told = clients("sts", **foreign).get_caller_identity()
    assert told["Arn"] == "arn:aws:sts::444455556666:assumed-role/App/one"
    assert told["Account"] == "444455556666"


@pytest.mark.parametrize("service", ["sts", "iam", "kms"])
def test_strangers(clients: Any, service: str) -> None:
    """Credentials that nobody has, and secrets that are not the key's, are refused by every service."""
    call = {"sts": "get_caller_identity", "iam": "list_users", "kms": "list_keys"}[service]
    unknown = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": "x"}
    status, code, _ = refusal(getattr(clients(service, **unknown), call))
    json_spoken = service == "kms"
    assert (status, code) == (
        (400, "UnrecognizedClientException") if json_spoken else (403, "InvalidClientTokenId")
    )
    wrong = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
    assert refusal(getattr(clients(service, **wrong), call))[1] == (
        "InvalidSignatureException" if json_spoken else "SignatureDoesNotMatch"
    )


def test_unsigned(local_aws: Any) -> None:
    """What nobody signed is refused, in XML or in JSON; the first of two actions is what is asked."""
    told = send(local_aws, "POST", "/", b"Action=CreateUser&UserName=eve&Version=2010-05-08")
    assert told.refusal == (403, "MissingAuthenticationToken")
    told = send(local_aws, "POST", "/", b"Action=ListUsers&Action=AssumeRoleWithWebIdentity")
    assert told.refusal == (403, "MissingAuthenticationToken")
    told = send(local_aws, "POST", "/", b"{}", {"X-Amz-Target": "TrentService.ListKeys"})
    assert (told.status, json.loads(told.body)["__type"]) == (400, "MissingAuthenticationTokenException")


# -- whose role one may take ------------------------------------------------------------------------------

TABLE: list[tuple[list[Any], list[Any], dict[str, Any], bool]] = [
    # trust policy, the user's own policy, what it passes, whether it may
    ([_trust(OWN)], [], {}, True),
    ([_trust(OWN)], [deny(ASSUME)], {}, False),
    ([_trust(ROOT)], [], {}, False),
    ([_trust(ROOT)], [allow(ASSUME)], {}, True),
    ([_trust(ROOT)], [allow(ASSUME, Resource="arn:aws:iam::*:role/Other")], {}, False),
    ([_trust(ROOT)], [allow(ASSUME, Resource=ROLE)], {}, True),
    ([_trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"})], [allow(ASSUME)], {}, False),
    ([_trust({"Service": "lambda.amazonaws.com"})], [allow("*")], {}, False),
    ([_trust({"AWS": "444455556666"})], [allow("*")], {}, False),
    ([_trust(OWN), _trust("*", "Deny", Bool={"aws:MultiFactorAuthPresent": "false"})], [], {}, True),
    ([_trust(OWN), _trust("*", "Deny", BoolIfExists={"aws:MultiFactorAuthPresent": "false"})], [], {}, False),
    ([_trust(OWN, StringEquals={"sts:ExternalId": "12"})], [], {}, False),
    ([_trust(OWN, StringEquals={"sts:ExternalId": "12"})], [], {"ExternalId": "12"}, True),
    ([_trust(OWN, StringEquals={"sts:RoleSessionName": "${aws:username}"})], [], {}, False),
    ([_trust(OWN, StringLike={"sts:RoleSessionName": "o*"})], [], {}, True),
    ([_trust(OWN)], [], BLUE, False),
    ([_trust(OWN, action=[ASSUME, "sts:TagSession"])], [], BLUE, True),
    ([_trust(OWN, action=[ASSUME, "sts:TagSession"], StringEquals={"aws:RequestTag/team": "red"})], [],
     BLUE, False),
    ([_trust(OWN)], [], {"SourceIdentity": "al"}, False),
    ([_trust(OWN, action=[ASSUME, "sts:SetSourceIdentity"])], [], {"SourceIdentity": "al"}, True),
]  # fmt: skip


def test_trust(local_aws: Any, clients: Any) -> None:
    """A role is taken where its trust policy and the caller's own policies let it, and not otherwise."""
    iam, sts = clients("iam"), clients("sts", **user(local_aws))
    arn = role(local_aws)
    for trust, own, passed, allowed in TABLE:
        iam.update_assume_role_policy(RoleName="App", PolicyDocument=document(*trust))
        text = document(*(own or [allow("s3:ListAllMyBuckets")]))
        iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=text)
        asked = {"RoleArn": arn, "RoleSessionName": "one", **passed}
        if allowed:
            assert sts.assume_role(**asked)["AssumedRoleUser"]["Arn"] == SESSION, (trust, own)
            continue
        status, code, message = refusal(sts.assume_role, **asked)
        action = next(each for each in (ASSUME, "sts:TagSession", "sts:SetSourceIdentity") if each in message)
        assert (status, code) == (403, "AccessDenied"), (trust, own)
        assert message == f"User: {USER} is not authorized to perform: {action} on resource: {ROLE}"


def test_roles_that_are_not_there(local_aws: Any, clients: Any) -> None:
    """To a user, a role that does not exist is one that it may not take."""
    sts = clients("sts", **user(local_aws, allow("*")))
    told = refusal(sts.assume_role, RoleArn=ROLE.replace("App", "None"), RoleSessionName="one")
    assert told[:2] == (403, "AccessDenied")
    assert refusal(sts.assume_role, RoleArn=ROLE.replace("team/", ""), RoleSessionName="one")[0] == 403
    assert refusal(sts.assume_role, RoleArn="not an ARN at all ...", RoleSessionName="one")[0] == 400
    asked = {"RoleArn": role(local_aws), "RoleSessionName": "one", "Policy": "{"}
    assert refusal(sts.assume_role, **asked)[:2] == (400, "MalformedPolicyDocument")


def test_ready_user_and_trust(local_aws: Any, clients: Any) -> None:
    """The ready user gets a session of a service's role, but none of a role that denies it to him."""
    arn = role(local_aws, trust=_trust({"Service": "lambda.amazonaws.com"}))
    assert session(local_aws, arn)["aws_session_token"]
    text = document(_trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/local"}, "Deny"))
    clients("iam").update_assume_role_policy(RoleName="App", PolicyDocument=text)
    assert refusal(clients("sts").assume_role, RoleArn=arn, RoleSessionName="one")[1] == "AccessDenied"


def test_other_spellings(local_aws: Any) -> None:
    """An operation that is spelt in another way is none, and no way around the trust policy."""
    arn = role(local_aws, trust=_trust({"Service": "lambda.amazonaws.com"}))
    own = user(local_aws, allow("sts:*"))
    fields = {"Version": "2011-06-15", "RoleArn": arn, "RoleSessionName": "one"}
    for action in ("assumeRole", "AssumeROLE", "assume_role", "ASSUMEROLE", ""):
        told = _signed(local_aws, own, "sts", urlencode({**fields, "Action": action}).encode())
        assert told.refusal == (400, "InvalidAction"), action
    target = {"X-Amz-Target": "TrentService.reEncrypt"}
    told = _signed(local_aws, own, "kms", b"{}", target)
    assert (told.status, json.loads(told.body)["__type"]) == (400, "UnknownOperationException")
    for body in (b"", b"[]", b'{"Origin"'):
        told = _signed(local_aws, own, "kms", body, {"X-Amz-Target": "TrentService.CreateKey"})
        assert json.loads(told.body)["__type"] == "SerializationException"


@given(
    st.sampled_from(["TrentService.Encrypt", "TrentService.", "DynamoDB.x", ""]),
    st.binary(max_size=60) | st.text("AMct&=%+ion1", max_size=40).map(str.encode),
    st.text("Action=&%41GetUser", max_size=30),
    st.sampled_from(["POST", "GET"]),
)
def test_one_reading(target: str, body: bytes, query: str, method: str) -> None:
    """Any request can be read, and what moto reads afterwards is what was read before."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
    }
    environ |= {"wsgi.input": io.BytesIO(body), **({"HTTP_X_AMZ_TARGET": target} if target else {})}
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    question = Question.of(environ, now)
    question.write()
    again = Question.of(environ, now)
    assert (again.service, again.action, again.fields) == (question.service, question.action, question.fields)


def _signed(aws: Any, given: dict[str, str], service: str, body: bytes, headers: Any = None) -> Any:
    keys = Credentials(given["aws_access_key_id"], given["aws_secret_access_key"])
    asked = AWSRequest("POST", f"{aws.endpoint_url}/", headers=headers or {}, data=body)
    SigV4Auth(keys, service, "eu-west-1").add_auth(asked)
    return send(aws, "POST", "/", body, dict(asked.headers))


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "repo:acme/app", "aud": "sts.amazonaws.com"}, ""),
        ({"sub": "repo:acme/other", "aud": "sts.amazonaws.com"}, "AccessDenied"),
        ({"sub": "repo:acme/app", "iss": "https://evil.example.com"}, "AccessDenied"),
        ({"sub": "repo:acme/app", "exp": 1}, "ExpiredTokenException"),
        (None, "InvalidIdentityToken"),
    ],
)
def test_web_identity(local_aws: Any, clients: Any, claims: dict[str, Any] | None, code: str) -> None:
    """A token's provider and claims are held against the trust policy; nobody signs the request."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/tokens.example.com"
    trust = _trust(
        {"Federated": provider},
        action="sts:AssumeRoleWithWebIdentity",
        StringEquals={"tokens.example.com:sub": "repo:acme/app"},
    )
    body = {"iss": "https://tokens.example.com", "exp": int(time.time()) + 600, **(claims or {})}
    part = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
    asked = {
        "RoleArn": role(local_aws, trust=trust),
        "RoleSessionName": "one",
        "WebIdentityToken": f"e30.{part}.c2ln" if claims else "no token at all",
    }
    sts = clients("sts")
    if code:
        assert refusal(sts.assume_role_with_web_identity, **asked)[1] == code
    else:
        assert sts.assume_role_with_web_identity(**asked)["AssumedRoleUser"]["Arn"] == SESSION


# -- what one may do --------------------------------------------------------------------------------------


IAM: list[tuple[str, dict[str, str], str]] = [
    ("get_user", {"UserName": "alice"}, "iam:GetUser on resource: user alice"),
    ("get_user", {}, "iam:GetUser on resource: user alice"),
    ("list_users", {}, f"iam:ListUsers on resource: arn:aws:iam::{ACCOUNT}:user/"),
    (
        "create_user",
        {"UserName": "eve", "Path": "/x/"},
        f"iam:CreateUser on resource: arn:aws:iam::{ACCOUNT}:user/x/eve",
    ),
    ("get_role", {"RoleName": "None"}, "iam:GetRole on resource: role None"),
    (
        "attach_user_policy",
        {"UserName": "alice", "PolicyArn": ADMIN},
        "iam:AttachUserPolicy on resource: user alice",
    ),
    ("get_policy", {"PolicyArn": ADMIN}, f"iam:GetPolicy on resource: policy {ADMIN}"),
    (
        "create_policy",
        {"PolicyName": "own", "PolicyDocument": "{}"},
        "iam:CreatePolicy on resource: policy own",
    ),
    ("get_account_summary", {}, "iam:GetAccountSummary"),
]


def test_iam(local_aws: Any, clients: Any) -> None:
    """IAM does nothing that the caller's policies do not allow, and says so in its own words."""
    iam = clients("iam", **user(local_aws))
    for call, arguments, shown in IAM:
        action = shown.split()[0]
        message = f"{shown} because no identity-based policy allows the {action} action"
        told = refusal(getattr(iam, call), **arguments)
        assert told == (403, "AccessDenied", f"User: {USER} is not authorized to perform: {message}")


def test_iam_of_some(local_aws: Any, clients: Any) -> None:
    """A policy may allow what is about some users, with some policies, within a boundary."""
    bound = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    admin = clients("iam")
    admin.create_policy(PolicyName="bound", PolicyDocument=document(allow("s3:*")))
    admin.create_user(UserName="bob", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])
    admin.create_user(UserName="carol")
    team = f"arn:aws:iam::{ACCOUNT}:user/team/*"
    iam = clients(
        "iam",
        **user(
            local_aws,
            allow("iam:GetUser", Resource=team),
            allow("iam:CreateUser", Condition={"StringEquals": {"iam:PermissionsBoundary": bound}}),
            allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": bound}}),
            allow("iam:DeleteUser", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}),
        ),
    )
    assert iam.get_user(UserName="bob")["User"]["Path"] == "/team/"
    assert refusal(iam.get_user, UserName="carol")[1] == "AccessDenied"
    assert refusal(iam.create_user, UserName="dave")[1] == "AccessDenied"
    assert iam.create_user(UserName="dave", PermissionsBoundary=bound)
    iam.attach_user_policy(UserName="carol", PolicyArn=bound)
    assert refusal(iam.attach_user_policy, UserName="alice", PolicyArn=ADMIN)[1] == "AccessDenied"
    assert refusal(iam.delete_user, UserName="carol")[1] == "AccessDenied"
    iam.delete_user(UserName="bob")


def test_s3_control(local_aws: Any, clients: Any) -> None:
    """Access points and the account's Block Public Access are for those whom a policy allows them."""
    own = user(local_aws, allow("s3:GetAccountPublicAccessBlock", "s3:ListAccessPoints"))
    control, account = clients("s3control", **own), {"AccountId": ACCOUNT}
    assert control.list_access_points(**account)["AccessPointList"] == []
    told = refusal(control.get_public_access_block, **account)
    assert told[1] == "NoSuchPublicAccessBlockConfiguration"
    status, code, message = refusal(control.delete_public_access_block, **account)
    assert (status, code) == (403, "AccessDenied")
    assert "s3:PutAccountPublicAccessBlock because no identity-based policy" in message
    point = f'"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/app"'
    for call, more in [
        ("create_access_point", {"Bucket": "amzn-s3-demo-bucket"}),
        ("get_access_point", {}),
        ("put_access_point_policy", {"Policy": "{}"}),
        ("delete_access_point_policy", {}),
    ]:
        message = refusal(getattr(control, call), **account, Name="app", **more)[2]
        assert f"s3:{call.title().replace('_', '')} on resource: {point} because no" in message
