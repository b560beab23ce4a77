"""Access points of a bucket: ``s3.bucket(name).access_points``.

Sources: Amazon S3 User Guide, "Managing access to shared datasets with access points"; Amazon S3 API
Reference, CreateAccessPoint, ListAccessPoints, PutAccessPointPolicy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from ...errors import AccessDenied, ConfigurationError, SecureS3Error, ServiceError, TransportError
from ...guard.cleanup import remark
from ...guard.faults import typed
from ...guard.readers import reader
from ...policy import Policy
from ...policy.difference import merge
from ...policy.document import Document
from ...policy.statements import delegate_to_access_points
from ...policy.statements.parts import Texts
from ..asking import caller_account
from ..snapshot.values import AccessPoint
from .control import Control
from .rules import BLOCKED, check_bucket, check_name, check_vpc, checked, policy_of

_REGION = "x-amz-bucket-region"
_log = logging.getLogger(__name__)


class AccessPoints:
    """The access points of one bucket in the account of the caller.

    An access point is a further name of the bucket, with a policy of its own: its ARN or its alias stands in
    place of the bucket's name in every call on objects. Managing them takes permissions on the access points,
    and none on the bucket.

    Args:
        client: The hardened S3 client.
        session: The hardened session, for clients of S3 Control and STS.
        bucket: The bucket's name.
    """

    def __init__(self, client: Any, session: Any, bucket: str) -> None:
        self._client, self._session, self._bucket = client, session, bucket
        self._known: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"AccessPoints({self._bucket!r})"

    def list(self) -> tuple[AccessPoint, ...]:
        """All of them, with their policies. What may not be read of one is ``Unread`` there.

        Raises:
            AccessDenied: It takes s3:ListAccessPoints.
            NotFound: There is no such bucket.
        """
        with self._control() as control:
            listed: list[Any] = []
            more: dict[str, str] = {}
            while True:
                told = control.ask("list_access_points", Bucket=self._bucket, **more)
                listed += [each for each in told["AccessPointList"] if each["Bucket"] == self._bucket]
                if not told.get("NextToken"):
                    return tuple(control.described(each) for each in listed)
                more = {"NextToken": told["NextToken"]}

    def get(self, name: str) -> AccessPoint:
        """One of them.

        Raises:
            NotFound: There is none of that name.
            ConfigurationError: It is another bucket's, or the name cannot be one.
        """
        with self._control() as control:
            return control.described(self._own(control, name))

    def create(
        self,
        name: str,
        principals: Texts = (),
        *,
        prefix: str = "",
        write: bool = False,
        min_tls: str = "1.3",
        vpc: str | None = None,
        policy: Document | None = None,
    ) -> AccessPoint:
        """A new access point: with all of Block Public Access, for good, and a policy from the start.

        Its policy alone lets in nobody whom the bucket's policy does not: the bucket has to allow as well, or
        ``delegate`` to its access points. Users and roles of the account whose own policies allow the access
        point need neither.

        Args:
            name: Unique in the account and region; it becomes part of public host names.
            principals: ARNs of roles and users, or accounts, that may read and list. Without any the policy
                admits nobody: users and roles of the account get in by their own policies, and nobody does by
                the bucket's policy alone.
            prefix: The literal beginning of keys that they may.
            write: They may upload as well.
            min_tls: The oldest TLS version that is let through, whatever the bucket's own minimum is.
            vpc: The id of a VPC: the access point answers to nobody outside it, ever.
            policy: Instead of *principals*, *prefix*, *write* and *min_tls*: a whole policy. It names the
                access point's ARN, ``arn:aws:s3:region:account:accesspoint/name``.

        Raises:
            ConfigurationError, PolicyError: A name, an id or an argument does not do; nothing was sent.
            PublicAccessRefused: The policy would be public; there is no access point.
            PreconditionFailed: There is one of that name in the account and region.
            NotFound: There is no such bucket.
            AccessDenied: It takes s3:CreateAccessPoint and s3:PutAccessPointPolicy, or the bucket belongs
                to another account; if only the policy was refused, the access point was removed again.
        """
        check_name(name)
        if vpc is not None:
            check_vpc(vpc)
        if policy is not None and (principals or prefix or write):
            raise ConfigurationError(
                "policy= is all of the policy; principals=, prefix= and write= make one",
                fix="pass one or the other",
            )
        with self._control() as control:
            arn = control.arn(name)
            made = policy_of(arn, principals, prefix=prefix, write=write, min_tls=min_tls)
            found = checked(made if policy is None else policy, arn, vpc)
            bound = {"VpcConfiguration": {"VpcId": vpc}} if vpc is not None else {}
            self._make(control, name, bound)
            self._put_or_remove(control, name, found)
            return control.described(self._own(control, name))

    def policy(self, name: str) -> Policy | None:
        """The policy of one; None if it has none.

        Raises:
            NotFound, ConfigurationError: As of ``get``.
        """
        with self._control() as control:
            self._own(control, name)
            text = control.policy(name)
            return None if text is None else Policy.parse(text)

    def put_policy(self, name: str, policy: Document) -> Policy:
        """Give one a policy in place of the one it has; ``policy.difference.diff`` shows what changes.

        Raises:
            PolicyError, ConfigurationError, PublicAccessRefused: As of ``create``; nothing was changed.
            NotFound: There is none of that name.
        """
        with self._control() as control:
            point = self._own(control, name)
            vpc = (point.get("VpcConfiguration") or {}).get("VpcId")
            found = checked(policy, control.arn(name), vpc)
            control.ask("put_access_point_policy", Name=name, Policy=found.to_json())
            return found

    def delete(self, name: str) -> None:
        """Remove one; the objects stay. Whoever used its ARN or alias is refused from then on.

        Raises:
            NotFound, ConfigurationError: As of ``get``.
        """
        with self._control() as control:
            self._own(control, name)
            control.ask("delete_access_point", Name=name)

    def delegation(self, *, vpc_only: bool = False) -> Policy:
        """The bucket's policy, with the statement that leaves it to the account's access points who may.

        Nothing is changed. It adds an Allow to what is there: it denies nobody, and S3 does not take it for
        public. But whoever may create access points in the account can then let others in.

        Args:
            vpc_only: Only access points that are bound to a VPC.

        Raises:
            PolicyError: Its Sid is taken by another statement.
            AccessDenied: It takes s3:GetBucketPolicy.
        """
        return self._delegation(vpc_only)[1]

    def delegate(self, *, vpc_only: bool = False) -> Policy:
        """Put ``delegation`` in place; does nothing if it is there already.

        Raises:
            PolicyError, AccessDenied: As of ``delegation``; it takes s3:PutBucketPolicy as well.
        """
        before, after = self._delegation(vpc_only)
        if before is None or len(after.statements) != len(before.statements):
            with typed("PutBucketPolicy", self._bucket):
                self._client.put_bucket_policy(Bucket=self._bucket, Policy=after.to_json())
        return after

    # -- inside ------------------------------------------------------------------------------------------

    def _delegation(self, vpc_only: bool) -> tuple[Policy | None, Policy]:
        check_bucket(self._bucket)
        with self._control() as control:
            statement = delegate_to_access_points(
                self._bucket, control.account, vpc_only=vpc_only, partition=control.partition
            )
        try:
            with typed("GetBucketPolicy", self._bucket):
                text = self._client.get_bucket_policy(Bucket=self._bucket)["Policy"]
        except ServiceError as error:
            if error.code != "NoSuchBucketPolicy":
                raise
            return None, Policy.of(statement)
        before = Policy.parse(text)
        return before, merge(before, statement)

    def _own(self, control: Control, name: str) -> dict[str, Any]:
        """GetAccessPoint's answer, if it is this bucket's."""
        told: dict[str, Any] = control.ask("get_access_point", Name=check_name(name))
        if told["Bucket"] != self._bucket:
            raise ConfigurationError(
                f"the access point {name} is not one of {self._bucket}",
                why=f"it leads to {told['Bucket']}",
                fix=f"use s3.bucket({told['Bucket']!r})",
                bucket=self._bucket,
            )
        return told

    def _make(self, control: Control, name: str, bound: dict[str, Any]) -> None:
        """One without a policy yet; what ends it before the answer is there is told that there may be one."""
        block = {"PublicAccessBlockConfiguration": BLOCKED}
        try:
            control.ask("create_access_point", Name=name, Bucket=self._bucket, **block, **bound)
        except (TransportError, KeyboardInterrupt) as error:
            remark(error, f"whether the access point {name} was made, without a policy, is not known")
            _log.warning("it is not known whether the access point %s was made: no answer came", name)
            raise

    def _put_or_remove(self, control: Control, name: str, policy: Policy) -> None:
        """Nothing is left without the policy that it was to have."""
        try:
            control.ask("put_access_point_policy", Name=name, Policy=policy.to_json())
        except BaseException as error:  # Ctrl-C as well
            try:
                control.ask("delete_access_point", Name=name)
            except SecureS3Error as left:
                _log.warning("the access point %s is left without a policy: %s", name, left.what)
                remark(error, f"and the access point {name}, without a policy, could not be removed")
                raise error from left
            raise

    @contextmanager
    def _control(self) -> Iterator[Control]:
        check_bucket(self._bucket)
        if self._known is None:
            self._known = caller_account(self._client, self._session), self._region()
        account, region = self._known
        with closing(reader(self._session, self._client, "s3control", region)) as client:
            yield Control(client, account, region, self._client.meta.partition, self._bucket)

    def _region(self) -> str:
        """Where the bucket is, for its access points are there; refused, S3 tells it in a header."""
        try:
            with typed("HeadBucket", self._bucket):
                told = self._client.head_bucket(Bucket=self._bucket)
        except AccessDenied as error:
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            told = {"BucketRegion": headers.get(_REGION)}
        return str(told.get("BucketRegion") or self._client.meta.region_name)
