"""Calls to S3 Control about access points, and what its answers say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import AccessDenied, NotFound, PreconditionFailed, ServiceError
from ...guard.faults import typed
from ..snapshot.values import AccessPoint, Known, Unread

_NO_POLICY, _NO_POINT = "NoSuchAccessPointPolicy", "NoSuchAccessPoint"
_TAKEN = "AccessPointAlreadyOwnedByYou"


@dataclass(frozen=True, slots=True)
class Control:
    """What S3 Control is asked about one bucket's access points.

    Args:
        client: A client of S3 Control.
        account, region, partition: Whose and where the access points are.
        bucket: The bucket's name.
    """

    client: Any
    account: str
    region: str
    partition: str
    bucket: str

    def arn(self, name: str) -> str:
        """What the access point's ARN is or will be."""
        return f"arn:{self.partition}:s3:{self.region}:{self.account}:accesspoint/{name}"

    def ask(self, method: str, **arguments: Any) -> Any:
        """One call; its errors are of our tree."""
        operation = self.client.meta.method_to_api_mapping[method]
        try:
            with typed(operation, self.bucket, service="s3control"):
                return getattr(self.client, method)(AccountId=self.account, **arguments)
        except (NotFound, PreconditionFailed) as error:
            self._explain(error, str(arguments.get("Name")))
            raise

    def _explain(self, error: ServiceError, name: str) -> None:
        """Say it of the access point: that no key is meant, S3's texts do not tell."""
        if error.code == _NO_POINT:
            error.what = f"there is no access point {name} of {self.bucket} ({_NO_POINT})"
            error.fix = "check the name; s3.bucket(…).access_points.list() has those that there are"
        elif error.code == _TAKEN:
            error.what = f"there is an access point {name} already ({_TAKEN})"
            error.fix = (
                "choose another name: it is unique in the account and region, whatever the bucket; "
                "or change that one with put_policy(name, policy)"
            )

    def policy(self, name: str) -> str | None:
        """The policy's text, if it has one."""
        told = self._unless_none("get_access_point_policy", name)
        return None if told is None else str(told["Policy"])

    def is_public(self, name: str) -> bool:
        """What S3 says of the policy."""
        told = self._unless_none("get_access_point_policy_status", name)
        return told is not None and bool(told["PolicyStatus"]["IsPublic"])

    def described(self, listed: Mapping[str, Any]) -> AccessPoint:
        """What an entry of ListAccessPoints, or an answer of GetAccessPoint, is about."""
        name = str(listed["Name"])

        def block() -> dict[str, Any]:
            told = (
                listed
                if "PublicAccessBlockConfiguration" in listed
                else self.ask("get_access_point", Name=name)
            )
            return dict(told["PublicAccessBlockConfiguration"])

        return AccessPoint(
            name=name,
            arn=str(listed.get("AccessPointArn") or self.arn(name)),
            alias=listed.get("Alias"),
            vpc=(listed.get("VpcConfiguration") or {}).get("VpcId"),
            public_access_block=_known("s3:GetAccessPoint", block),
            policy=_known("s3:GetAccessPointPolicy", lambda: self.policy(name)),
            is_public=_known("s3:GetAccessPointPolicyStatus", lambda: self.is_public(name)),
        )

    def _unless_none(self, method: str, name: str) -> Any:
        """An answer about the policy; None if there is none."""
        try:
            return self.ask(method, Name=name)
        except ServiceError as error:
            if error.code != _NO_POLICY:
                raise
            return None


def _known(action: str, ask: Callable[[], Any]) -> Known[Any]:
    try:
        return ask()
    except AccessDenied as error:
        return Unread("access denied", action, error.code)
