"""moto's IAM and STS: who has which credentials, and the policies, boundaries and tags of users and roles.

Two seams of moto are used beyond its public face, each for a measured reason; the test
``tests/local/test_store.py`` fails when a newer moto moves one.

- ``moto.sts.models.utcnow`` tells the endpoint's time, so that sessions end by the clock that signatures are
  held against.
- The policies that AWS manages become known to moto one by one, when one is named: loading all of them takes
  longer than everything else that a reset does.

A user's permissions boundary, which moto does not keep, stands on moto's user; so it goes when the user does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.sts import models as sts_models

from ....sigv4 import Credentials
from ...settings import ACCESS_KEY_ID, ACCOUNT_ID, SECRET_ACCESS_KEY, USER_NAME
from .session import Session

__all__ = ["Directory", "Issued"]

_EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
_MANAGED = "arn:aws:iam::aws:policy/"


@dataclass(frozen=True, slots=True)
class Issued:
    """Credentials that somebody here has. Those of a session end some day."""

    credentials: Credentials
    expires_at: datetime | None = None


class Directory:
    """Users, roles and sessions.

    ``sessions`` has what moto does not keep of temporary credentials, by access key.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self._own: dict[str, Issued] = {}

    def forget(self) -> None:
        """Forget all sessions; moto forgets the rest."""
        self.sessions.clear()
        self._own.clear()

    def follow(self, now: Callable[[], datetime]) -> None:
        """Let sessions begin and end by this clock."""
        models: Any = sts_models
        models.utcnow = lambda: now().astimezone(timezone.utc).replace(tzinfo=None)

    # -- credentials --------------------

    def ready_user(self) -> str:
        """Make the user who has the ready credentials, and return its ARN.

        A policy of the user's own allows everything.
        """
        iam = self._iam(ACCOUNT_ID)
        user = iam.create_user("us-east-1", USER_NAME)
        iam.put_user_policy(USER_NAME, "everything", _EVERYTHING)
        key = user.create_access_key(prefix="AKIA")
        key.access_key_id, key.secret_access_key = ACCESS_KEY_ID, SECRET_ACCESS_KEY
        iam.access_keys[ACCESS_KEY_ID] = key
        return str(user.arn)

    def issued(self, access_key: str) -> Issued | None:
        """The credentials of an access key: a user's that is active, or those of a session.

        Those of a user or role that is no longer there are nobody's.
        """
        if (held := self._key(access_key)) is not None:
            active = held.status == "Active" and self.user(access_key) is not None
            return Issued(Credentials(access_key, held.secret_access_key)) if active else None
        session = self.sessions.get(access_key)
        if session is not None and session.holder_id is not None and self._holder(session) is None:
            return None
        if access_key in self._own:
            return self._own[access_key]
        assumed = self.assumed(access_key)
        if assumed is None:
            return None
        found = Credentials(access_key, assumed.secret_access_key, assumed.session_token)
        return Issued(found, assumed.expiration.replace(tzinfo=timezone.utc))

    def issue(self, issued: Issued, session: Session) -> None:
        """Know credentials that were made here, and whose they are."""
        self._own[issued.credentials.access_key] = issued
        self.sessions[issued.credentials.access_key] = session

    def user(self, access_key: str) -> Any:
        """moto's user who has a lasting access key, or None."""
        held = self._key(access_key)
        if held is None:
            return None
        for iam in self._iams():
            user = iam.users.get(held.user_name)
            if user is not None and held in user.access_keys:  # not one who got the same name later
                return user
        return None

    def assumed(self, access_key: str) -> Any:
        """moto's session of a role, or None; the role may be of any account."""
        for account in list(sts_models.sts_backends.values()):
            found = account["aws"].get_assumed_role_from_access_key(access_key)
            if found is not None:
                return found
        return None

    def holder(self, session: Session) -> Any:
        """moto's user or role that a session is of; None if there never was one."""
        return None if session.holder_id is None else self._holder(session)

    def role(self, arn: str) -> Any:
        """moto's role of that ARN, or None."""
        parts = arn.split(":")
        account = parts[4] if len(parts) > 4 else ""
        roles = list(self._iam(account).roles.values()) if account in iam_backends else []
        return next((role for role in roles if role.arn == arn), None)

    def entity(self, kind: str, name: str) -> Any:
        """moto's user, role, group, instance profile or server certificate of that name, or None."""
        iam = self._iam(ACCOUNT_ID)
        kinds = {
            "group": iam.groups,
            "instance-profile": iam.instance_profiles,
            "role": iam.roles,
            "server-certificate": iam.certificates,
            "user": iam.users,
        }
        found = list(kinds.get(kind, {}).values())
        return next((each for each in found if _name(each) == name), None)

    def named(self, kind: str, name: str) -> Any:
        """moto's user, role, group or instance profile of that name, or None."""
        iam = self._iam(ACCOUNT_ID)
        kinds = {
            "user": iam.users,
            "role": iam.roles,
            "group": iam.groups,
            "instance-profile": iam.instance_profiles,
        }
        return next((each for each in list(kinds.get(kind, {}).values()) if each.name == name), None)

    # -- policies and tags --------------------

    def documents(self, holder: Any) -> list[tuple[str | None, str]]:
        """The policies of a user, a group or a role: ARN (of inline ones None) and JSON text."""
        inline: list[tuple[str | None, str]] = [(None, text) for text in list(holder.policies.values())]
        return inline + [(policy.arn, _text(policy)) for policy in list(holder.managed_policies.values())]

    def groups(self, user: Any) -> list[Any]:
        """moto's groups that a user is in."""
        return [group for group in list(self._iam(user.account_id).groups.values()) if user in group.users]

    def tags(self, holder: Any) -> dict[str, str]:
        """The tags of a user or a role."""
        return {tag["Key"]: tag["Value"] for tag in holder.tags or ()}

    def document(self, arn: str) -> str | None:
        """The JSON text of a managed policy; None if there is none of that ARN."""
        if arn.startswith(_MANAGED):
            known = _managed().get(arn)
            return None if known is None else json.dumps(known[1]["Document"])
        parts = arn.split(":")
        account = parts[4] if len(parts) > 4 else ""
        policy = self._iam(account).managed_policies.get(arn) if account in iam_backends else None
        return None if policy is None else _text(policy)

    def learn(self, arn: str) -> None:
        """Let moto know a policy that AWS manages."""
        known = _managed().get(arn) if arn.startswith(_MANAGED) else None
        iam = self._iam(ACCOUNT_ID)
        if known is not None and arn not in iam.managed_policies:
            iam.managed_policies[arn] = AWSManagedPolicy.from_data(known[0], ACCOUNT_ID, "aws", known[1])

    def boundary(self, holder: Any) -> str | None:
        """The ARN of the permissions boundary of a user or a role."""
        return getattr(holder, "permissions_boundary_arn", None) or None

    def bound(self, user_name: str, arn: str | None) -> bool:
        """Set a user's permissions boundary, or take it off; whether there is such a user."""
        user = self._iam(ACCOUNT_ID).users.get(user_name)
        if user is None:
            return False
        user.permissions_boundary_arn = arn
        told = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}
        user.permissions_boundary = told if arn else None  # GetUser tells it
        return True

    def _iam(self, account: str) -> Any:
        return iam_backends[account]["aws"]

    def _iams(self) -> Iterator[Any]:
        return (account["aws"] for account in list(iam_backends.values()))

    def _key(self, access_key: str) -> Any:
        for iam in self._iams():
            found = iam.access_keys.get(access_key)
            if found is not None:
                return None if found.user_name is None else found
        return None

    def _holder(self, session: Session) -> Any:
        for iam in self._iams():
            if session.holder_id in iam.roles:
                return iam.roles[session.holder_id]
            for user in list(iam.users.values()):
                if user.id == session.holder_id:
                    return user
        return None


def _name(entity: Any) -> str:
    return str(getattr(entity, "name", None) or getattr(entity, "cert_name", ""))


def _text(policy: Any) -> str:
    """Of the version in force; moto's own mark of it can be wrong."""
    versions = {version.version_id: version.document for version in policy.versions}
    return str(versions.get(policy.default_version_id, ""))


@lru_cache(maxsize=1)
def _managed() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name and description of every policy that AWS manages, by its ARN."""
    listed = json.loads(aws_managed_policies_data)
    return {f"{_MANAGED[:-1]}{each['Path']}{name}": (name, each) for name, each in listed.items()}
