"""Users and roles of the embedded endpoint, and clients that sign as they do."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/App"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/App/one"


def document(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement that allows actions on everything."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement that denies them."""
    return {**allow(*actions, **more), "Effect": "Deny"}


def client(aws: Any, service: str, **credentials: str) -> Any:
    """A new client; the session under it, which takes longest to make, is shared."""
    return _session(aws, aws.endpoint_url).client(service, **credentials)


@lru_cache(maxsize=1)
def _session(aws: Any, endpoint_url: str) -> Any:
    return aws.session()


def user(aws: Any, *statements: dict[str, Any], name: str = "alice", path: str = "/team/") -> dict[str, str]:
    """A new user with an inline policy of these statements, as arguments of a client."""
    iam = client(aws, "iam")
    iam.create_user(UserName=name, Path=path)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def role(
    aws: Any, *statements: dict[str, Any], trust: dict[str, Any] | None = None, name: str = "App"
) -> str:
    """A new role with an inline policy, which its account may take, or whoever *trust* says; its ARN."""
    iam = client(aws, "iam")
    whom = trust or {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=document(whom))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    iam.close()
    return str(made["Role"]["Arn"])


def session(aws: Any, arn: str, *, by: dict[str, str] | None = None, **more: Any) -> dict[str, str]:
    """The credentials of a session "one" of a role, as arguments of a client."""
    sts = client(aws, "sts", **(by or {}))
    try:
        given = sts.assume_role(RoleArn=arn, RoleSessionName="one", **more)["Credentials"]
    finally:
        sts.close()
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def refusal(operation: Any, **arguments: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must be refused."""
    try:
        operation(**arguments)
    except ClientError as error:
        told = error.response
        status = int(told["ResponseMetadata"]["HTTPStatusCode"])
        return status, told["Error"]["Code"], told["Error"].get("Message", "")
    raise AssertionError("it was not refused")
