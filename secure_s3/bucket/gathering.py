"""The caller and the policies that decide about a request, as far as the caller may read them.

What cannot be read is UNKNOWN and a gap, told in words; nothing here raises because of what a service says.
Sources: Amazon S3 API Reference, GetBucketPolicy (it answers the bucket owner's account only); the API
References of STS, IAM and KMS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from ..errors import AccessDenied, PolicyError, SecureS3Error, ServiceError
from ..guard.faults import typed
from ..guard.readers import reader
from ..policy.document import Policy
from ..policy.principals import Requester
from ..policy.request import UNKNOWN, Unknown
from ..policy.wire import Caller
from .gaps import Gap
from .given import Held, Identity

_CALLS = 40
_SECONDS = 20.0
# The rest is what an answer raises that is not as the API describes it.
_FAULTS = (SecureS3Error, LookupError, TypeError, AttributeError)
_PRINCIPALS = frozenset({"user", "role", "session", "root", "federated-user"})


class Gathering:
    """What services tell about one request; ``gaps`` says what they did not.

    Args:
        session: A hardened session, for clients of other services.
        s3: The hardened S3 client.
        clock: Seconds that only rise.
    """

    def __init__(self, session: Any, s3: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._s3, self._clock = session, s3, clock
        self._calls, self._until = 0, clock() + _SECONDS
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._open = ExitStack()
        self.gaps: list[Gap] = []

    def __enter__(self) -> Gathering:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def caller(self) -> Caller:
        """Who signs, by ``sts:GetCallerIdentity``, which nobody can be denied."""
        try:
            told = self._ask("sts", "get_caller_identity")
        except _FAULTS as error:
            self._gap("the caller", error, "principal")
            return Caller(UNKNOWN)
        arn = str(told.get("Arn"))
        if Requester.parse(arn).kind not in _PRINCIPALS:
            self.gaps.append(Gap("the caller", f"{arn} is none that policies can name", "principal"))
            return Caller(UNKNOWN, told.get("Account"))
        return Caller(arn, told.get("Account"), told.get("UserId"))

    def bucket_policy(self, bucket: str, argument: str = "bucket_policy") -> Held:
        """The policy of a bucket; ``own`` if the answer shows that it belongs to the caller's account."""
        if bucket.startswith("arn:"):
            what = f"the policy of the access point {bucket}"
            self.gaps.append(Gap(what, "it is not looked for", argument))
            return Held(UNKNOWN)
        try:
            with typed("GetBucketPolicy", bucket):
                self._count()
                return Held(self._parsed(self._s3.get_bucket_policy(Bucket=bucket)["Policy"]), own=True)
        except ServiceError as error:
            if error.code == "NoSuchBucketPolicy":
                return Held((), own=True)
            self._gap(f"the policy of {bucket}", error, argument)
        except _FAULTS as error:
            self._gap(f"the policy of {bucket}", error, argument)
        return Held(UNKNOWN)

    def key_policy(self, key_arn: str) -> Held:
        """The policy of a KMS key."""
        try:
            told = self._ask(
                "kms", "get_key_policy", key_arn.split(":")[3], KeyId=key_arn, PolicyName="default"
            )
            return Held(self._parsed(told["Policy"]))
        except _FAULTS as error:
            self._gap(f"the policy of {key_arn}", error, "key_policy")
        return Held(UNKNOWN)

    def identity(self, caller: Caller) -> Identity:
        """All identity policies of a user, with its groups', or of a session's role; its boundary."""
        if isinstance(caller.arn, Unknown) or caller.kind not in ("user", "role", "session"):
            # The root user and whoever is anonymous have none.
            known = caller.kind in ("root", "anonymous", "service")
            return Identity(Held(() if known else UNKNOWN), Held(() if known else UNKNOWN))
        who = Requester.parse(caller.arn)
        try:
            return self._user(who.name) if who.kind == "user" else self._role(who.name)
        except _FAULTS as error:
            self._gap("the caller's own policies", error, "identity_policies")
            return Identity(Held(UNKNOWN), Held(UNKNOWN))

    # -- IAM ------------------------------------------------------------------------------------------

    def _user(self, name: str) -> Identity:
        told = self._ask("iam", "get_user", UserName=name)["User"]
        found = list(self._of("user", UserName=name))
        for group in self._pages("list_groups_for_user", "Groups", UserName=name):
            found += self._of("group", GroupName=group["GroupName"])
        return Identity(Held(tuple(found)), self._boundary(told), told.get("Arn"))

    def _role(self, name: str) -> Identity:
        told = self._ask("iam", "get_role", RoleName=name)["Role"]
        found = tuple(self._of("role", RoleName=name))
        return Identity(Held(found), self._boundary(told), told.get("Arn"))

    def _of(self, kind: str, **name: str) -> Iterator[Policy]:
        for attached in self._pages(f"list_attached_{kind}_policies", "AttachedPolicies", **name):
            yield self._managed(attached["PolicyArn"])
        for inline in self._pages(f"list_{kind}_policies", "PolicyNames", **name):
            told = self._ask("iam", f"get_{kind}_policy", PolicyName=inline, **name)
            yield self._parsed(told["PolicyDocument"])

    def _managed(self, arn: str) -> Policy:
        version = self._ask("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        told = self._ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        return self._parsed(told["PolicyVersion"]["Document"])

    def _boundary(self, told: Mapping[str, Any]) -> Held:
        arn = (told.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return Held(self._managed(arn) if arn else ())

    def _pages(self, method: str, member: str, **arguments: str) -> Iterator[Any]:
        more: dict[str, str] = {}
        while True:
            told = self._ask("iam", method, **arguments, **more)
            yield from told.get(member) or ()
            if not told.get("IsTruncated"):
                return
            more = {"Marker": told["Marker"]}

    # -- asking ---------------------------------------------------------------------------------------

    def _ask(self, service: str, method: str, region: str | None = None, **arguments: Any) -> Any:
        with typed(f"{service}:{method}"):
            self._count()
            if (service, region) not in self._clients:
                client = reader(self._session, self._s3, service, region)
                self._clients[service, region] = client
                self._open.callback(client.close)
            return getattr(self._clients[service, region], method)(**arguments)

    def _count(self) -> None:
        self._calls += 1
        if self._calls > _CALLS or self._clock() > self._until:
            raise PolicyError(
                "there is too much to read",
                why=f"a check makes up to {_CALLS} calls, in up to {_SECONDS:.0f} s",
                fix="give the policies as arguments",
            )

    @staticmethod
    def _parsed(document: Any) -> Policy:
        return Policy.parse(document)

    def _gap(self, what: str, error: Exception, argument: str) -> None:
        if isinstance(error, AccessDenied):
            why: object = "access denied"
        elif isinstance(error, SecureS3Error):
            why = error.why or error.what
        else:
            why = f"the answer is not as the API describes it ({type(error).__name__})"
        self.gaps.append(Gap(what, " ".join(str(why).split()), argument))
