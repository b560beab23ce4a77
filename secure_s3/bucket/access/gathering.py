"""The caller and the policies that decide about a request, as far as the caller may read them.

What cannot be read is UNKNOWN and a gap, told in words; nothing here raises because of what a service says.
Sources: Amazon S3 API Reference, GetBucketPolicy (it answers the bucket owner's account only),
GetAccessPoint, GetAccessPointPolicy; the API References of STS, IAM and KMS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import PolicyError, ServiceError
from ...policy.document import Policy
from ...policy.principals import Requester
from ...policy.request import UNKNOWN, Unknown
from ...policy.wire import Caller
from ..asking import FAULTS, Asking
from .given import Held, Identity, Owner

_PRINCIPALS = frozenset({"user", "role", "session", "root", "federated-user"})
_Read = tuple[Policy, Owner]


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """What an access point leads to.

    Args:
        bucket: Its name; None if nobody told.
        account: Of the bucket.
        vpc: The VPC that it is bound to, if it is.
    """

    bucket: str | None = None
    account: str | None = None
    vpc: str | None = None


class Gathering(Asking):
    """What services tell about who asks, and about policies; ``gaps`` says what they did not.

    Args:
        arguments: As of Asking.
        access_points: Policies of access points are looked for as well.
    """

    def __init__(self, *arguments: Any, access_points: bool = False, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._access_points = access_points

    def __enter__(self) -> Gathering:
        return self

    def caller(self) -> Caller:
        """Who signs, by ``sts:GetCallerIdentity``, which nobody can be denied."""
        try:
            told = self.ask("sts", "get_caller_identity")
            arn = str(told.get("Arn"))
        except FAULTS as error:
            self.gap("the caller", error, "principal")
            return Caller(UNKNOWN)
        if not named_by_policies(arn):
            self.note("the caller", f"{arn} is none that policies can name", "principal")
            return Caller(UNKNOWN, told.get("Account"))
        return Caller(arn, told.get("Account"), told.get("UserId"))

    def bucket_policy(self, bucket: str, argument: str = "bucket_policy") -> Held:
        """The policy of a bucket; ``own`` if the answer shows that it belongs to the caller's account."""
        if bucket.startswith("arn:") and self._access_points:
            return self._access_point_policy(bucket, argument)
        if bucket.startswith("arn:"):
            self.note(f"the policy of the access point {bucket}", "it is not looked for", argument)
            return Held(UNKNOWN)
        try:
            told = self.ask("s3", "get_bucket_policy", Bucket=bucket)
            return Held(Policy.parse(told["Policy"]), own=True)
        except ServiceError as error:
            if error.code == "NoSuchBucketPolicy":
                return Held((), own=True)
            self.gap(f"the policy of {bucket}", error, argument)
        except FAULTS as error:
            self.gap(f"the policy of {bucket}", error, argument)
        return Held(UNKNOWN)

    def access_point(self, arn: str) -> AccessPoint:
        """The bucket behind an access point."""
        try:
            told = self.ask("s3control", "get_access_point", arn.split(":")[3], **_access_point(arn))
            vpc = (told.get("VpcConfiguration") or {}).get("VpcId")
            return AccessPoint(str(told["Bucket"]), told.get("BucketAccountId"), vpc)
        except FAULTS as error:
            self.gap(f"the bucket behind the access point {arn}", error)
        return AccessPoint()

    def key_policy(self, key_arn: str) -> Held:
        """The policy of a KMS key."""
        try:
            told = self.ask(
                "kms", "get_key_policy", key_arn.split(":")[3], KeyId=key_arn, PolicyName="default"
            )
            return Held(Policy.parse(told["Policy"]))
        except FAULTS as error:
            self.gap(f"the policy of {key_arn}", error, "key_policy")
        return Held(UNKNOWN)

    def identity(self, caller: Caller) -> Identity:
        """All identity policies of a user, with its groups', or of a session's role; its boundary."""
        if isinstance(caller.arn, Unknown) or caller.kind not in ("user", "role", "session"):
            # The root user and whoever is anonymous have none.
            known = caller.kind in ("root", "anonymous", "service")
            return Identity(Held(() if known else UNKNOWN), Held(() if known else UNKNOWN))
        who = Requester.parse(caller.arn)
        try:
            return self._user(who) if who.kind == "user" else self._role(who)
        except FAULTS as error:
            self.gap("the caller's own policies", error, "identity_policies")
            return Identity(Held(UNKNOWN), Held(UNKNOWN))

    def _access_point_policy(self, arn: str, argument: str) -> Held:
        try:
            told = self.ask("s3control", "get_access_point_policy", arn.split(":")[3], **_access_point(arn))
            return Held(Policy.parse(told["Policy"]))
        except ServiceError as error:
            if error.code == "NoSuchAccessPointPolicy":
                return Held(())
            self.gap(f"the policy of the access point {arn}", error, argument)
        except FAULTS as error:
            self.gap(f"the policy of the access point {arn}", error, argument)
        return Held(UNKNOWN)

    # -- IAM ------------------------------------------------------------------------------------------

    def _user(self, who: Requester) -> Identity:
        told = self.ask("iam", "get_user", UserName=who.name)["User"]
        _same_account(told, who)
        found = list(self._of("user", _owner(told, who.name), UserName=who.name))
        for group in self._pages("list_groups_for_user", "Groups", UserName=who.name):
            name = group["GroupName"]
            found += self._of("group", _owner(group, name), GroupName=name)
        return Identity(_held(found), self._boundary(told), told.get("Arn"))

    def _role(self, who: Requester) -> Identity:
        told = self.ask("iam", "get_role", RoleName=who.name)["Role"]
        _same_account(told, who)
        found = list(self._of("role", _owner(told, who.name), RoleName=who.name))
        return Identity(_held(found), self._boundary(told), told.get("Arn"))

    def _of(self, kind: str, owner: str, **name: str) -> Iterator[_Read]:
        for attached in self._pages(f"list_attached_{kind}_policies", "AttachedPolicies", **name):
            yield self._managed(attached["PolicyArn"]), Owner(attached["PolicyArn"])
        for inline in self._pages(f"list_{kind}_policies", "PolicyNames", **name):
            told = self.ask("iam", f"get_{kind}_policy", PolicyName=inline, **name)
            yield Policy.parse(told["PolicyDocument"]), Owner(owner, inline)

    def _managed(self, arn: str) -> Policy:
        version = self.ask("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        told = self.ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        return Policy.parse(told["PolicyVersion"]["Document"])

    def _boundary(self, told: Mapping[str, Any]) -> Held:
        arn = (told.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return Held(self._managed(arn), owners=(Owner(arn),)) if arn else Held(())

    def _pages(self, method: str, member: str, **arguments: str) -> Iterator[Any]:
        more: dict[str, str] = {}
        while True:
            told = self.ask("iam", method, **arguments, **more)
            yield from told.get(member) or ()
            if not told.get("IsTruncated"):
                return
            more = {"Marker": told["Marker"]}


def named_by_policies(arn: str) -> bool:
    """Whether an ARN is one of those that policies can name as a caller."""
    return Requester.parse(arn).kind in _PRINCIPALS


def _access_point(arn: str) -> dict[str, str]:
    parts = arn.split(":", 5)
    return {"AccountId": parts[4], "Name": parts[5].replace(":", "/").split("/")[1]}


def _held(found: list[_Read]) -> Held:
    return Held(tuple(policy for policy, _ in found), owners=tuple(owner for _, owner in found))


def _owner(told: Mapping[str, Any], name: str) -> str:
    return str(told.get("Arn") or name)


def _same_account(told: Mapping[str, Any], who: Requester) -> None:
    """Refuse an answer about a namesake: IAM tells about the account that asks."""
    found = Requester.parse(str(told.get("Arn"))).account
    if found and who.account and found != who.account:
        raise PolicyError(
            f"{who.name} is of another account",
            why=f"they are of account {who.account}, and IAM told about {found}",
        )
