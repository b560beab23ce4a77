"""Whoever signs at the embedded endpoint: a user, a session of a role, or credentials that one has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY

if TYPE_CHECKING:
    import boto3

    from ..policy.document import Document

READY: Mapping[str, str] = {"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_ACCESS_KEY}
"""Those of the user ``local``."""
_NAMES = {
    "AccessKeyId": "aws_access_key_id",
    "SecretAccessKey": "aws_secret_access_key",
    "SessionToken": "aws_session_token",
}


def as_boto3(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Credentials as IAM and STS answer them, as arguments of a boto3 session.

    Raises:
        ConfigurationError: They are none.
    """
    found = {ours: credentials[name] for name, ours in _NAMES.items() if name in credentials}
    texts = all(isinstance(value, str) and value for value in found.values())
    if not texts or not {"aws_access_key_id", "aws_secret_access_key"} <= found.keys():
        raise ConfigurationError(
            "credentials= has no AccessKeyId and SecretAccessKey",
            fix='give what IAM or STS answers, e.g. iam.create_access_key(UserName="alice")["AccessKey"]',
        )
    return found


class Keys:
    """Access keys that were made for users; IAM gives each user two at most."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, str]] = {}

    def of(self, user: str, ready: boto3.Session) -> Mapping[str, str]:
        """The key of a user; it is made the first time.

        Raises:
            SecureS3Error: There is no such user, or it has two keys already.
        """
        from ..guard.faults import typed

        with _client(ready, "iam") as iam, typed(f"a key of the user {user}", service="iam"):
            listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
            known = self._made.get(user)
            if known is None or known["AccessKeyId"] not in [each["AccessKeyId"] for each in listed]:
                known = self._made[user] = iam.create_access_key(UserName=user)["AccessKey"]
            return known

    def forget(self) -> None:
        """Nobody has one any more."""
        self._made.clear()


def of_role(ready: boto3.Session, role: str, name: str, policy: Document | None) -> Mapping[str, str]:
    """The credentials of a session of a role, which the user ``local`` takes.

    Args:
        ready: A session of that user.
        role: Its ARN, or its name.
        name: Of the session.
        policy: Narrows it.

    Raises:
        SecureS3Error: The role's trust policy denies it, or there is none of that name.
    """
    from ..guard.faults import typed

    arn, narrowed = role, {} if policy is None else {"Policy": _text(policy)}
    if not role.startswith("arn:"):
        with _client(ready, "iam") as iam, typed(f"the role {role}", service="iam"):
            arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    with _client(ready, "sts") as sts, typed(f"a session of the role {role}", service="sts"):
        told = sts.assume_role(RoleArn=arn, RoleSessionName=name, **narrowed)
    credentials: Mapping[str, str] = told["Credentials"]
    return credentials


def _text(policy: Any) -> str:
    if isinstance(policy, str):
        return policy
    return json.dumps(policy) if isinstance(policy, Mapping) else str(policy.to_json())


@contextmanager
def _client(ready: Any, service: str) -> Iterator[Any]:
    made = ready.client(service)
    try:
        yield made
    finally:
        made.close()
