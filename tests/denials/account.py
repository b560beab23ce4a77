"""An account at the embedded endpoint: a bucket, an access point, a role App and a user alice, and an admin.

It puts policies where a test wants them, makes calls as whoever it is told, and applies remedies by other
means than the SDK: strategies as they are written, arguments as they are named, policies through S3, IAM and
KMS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from secure_s3 import SecureS3Client, SecurityProfile, encryption, errors
from secure_s3.denials.explanation import Remedy
from secure_s3.envelope.keys import KmsKeys
from secure_s3.guard.tls import VERSIONS, PinnedSession
from secure_s3.local import LocalAws
from secure_s3.policy import Policy
from secure_s3.policy.patches import apply
from secure_s3.policy.witnesses import KEY, OWNER, ROOT
from tests.local.support import send

from .calls import Call

B, ELSEWHERE = "amzn-s3-demo-bucket", "amzn-s3-demo-logging-bucket"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
ROLE, INLINE = f"arn:aws:iam::{OWNER}:role/App", "own"
STRATEGIES = {name: getattr(encryption, name) for name in ("SseKms", "DsseKms", "SseS3", "SseC")}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": [dict(each) for each in statements]}


def allow(*actions: str, sid: str = "Mine") -> dict[str, Any]:
    """A statement of an identity that allows actions on everything."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "*"}


ALL, NOTHING = document(allow("*")), document(allow("sns:Publish", sid="Topics"))


class Account:
    """The account; of its role and user the policies are set case by case."""

    def __init__(self, aws: LocalAws, stack: ExitStack) -> None:
        self.aws, self._stack = aws, stack
        plain = aws.session()
        self.admin, self.iam, self.kms, self.control, self.sts = (
            self._closing(plain.client(name)) for name in ("s3", "iam", "kms", "s3control", "sts")
        )
        self.other_key = aws.create_key()
        self._rights: dict[str, Any] = {}
        self._made: dict[Any, Any] = {}
        self._of_keys = self.kms.get_key_policy(KeyId=KEY, PolicyName="default")["Policy"]
        self._buckets()
        self.credentials = {name: self._role(name) for name in ("App", "Admin")} | {"alice": self._user()}
        self.owner = self.client_of(None)

    def _closing(self, made: Any) -> Any:
        self._stack.callback(made.close)
        return made

    def _buckets(self) -> None:
        for name in (B, ELSEWHERE):
            place = {"LocationConstraint": self.aws.region}
            self.admin.create_bucket(
                Bucket=name, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=name == B
            )
        rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
        self.admin.put_bucket_ownership_controls(Bucket=B, OwnershipControls=rules)
        self.admin.delete_public_access_block(Bucket=B)
        self.control.create_access_point(AccountId=OWNER, Name="reports", Bucket=B)
        self.alias = self.control.get_access_point(AccountId=OWNER, Name="reports")["Alias"]

    def _role(self, name: str) -> dict[str, Any]:
        trust = document({"Effect": "Allow", "Principal": {"AWS": OWNER}, "Action": "sts:AssumeRole"})
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return self.session(name)

    def session(self, name: str, policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The credentials of a session of a role, perhaps narrowed by a policy."""
        narrowed = {"Policy": json.dumps(policy)} if policy else {}
        role = f"arn:aws:iam::{OWNER}:role/{name}"
        told = self.sts.assume_role(RoleArn=role, RoleSessionName="session", **narrowed)
        return dict(told["Credentials"])

    def _user(self) -> dict[str, Any]:
        self.iam.create_user(UserName="alice")
        return dict(self.iam.create_access_key(UserName="alice")["AccessKey"])

    # -- policies -------------------------------------------------------------------------------------

    def may(self, rights: Mapping[str, Any]) -> None:
        """The inline policy of the role and of the user; they have no others."""
        if rights == self._rights:
            return
        text = json.dumps(rights)
        for kind, name in (("role", "App"), ("role", "Admin"), ("user", "alice")):
            getattr(self.iam, f"put_{kind}_policy")(
                **{f"{kind.title()}Name": name}, PolicyName=INLINE, PolicyDocument=text
            )
        self._rights = dict(rights)

    def bound(self, boundary: Mapping[str, Any] | None) -> None:
        """The permissions boundary of the role App; None for none."""
        if boundary is None:
            self.iam.delete_role_permissions_boundary(RoleName="App")
            return
        text = json.dumps(boundary)
        made = self.iam.create_policy(PolicyName=f"Boundary{len(self._made)}", PolicyDocument=text)
        self._made[made["Policy"]["Arn"]] = text
        self.iam.put_role_permissions_boundary(RoleName="App", PermissionsBoundary=made["Policy"]["Arn"])

    def put(self, policy: Policy | None, target: str = B) -> None:
        """The policy of the bucket, of the access point or of the key; None for none."""
        text = None if policy is None else policy.to_json()
        if ":accesspoint/" in target:
            name = {"AccountId": OWNER, "Name": "reports"}
            if text is None:
                self.control.delete_access_point_policy(**name)
            else:
                self.control.put_access_point_policy(**name, Policy=text)
        elif ":kms:" in target:
            policy_name = {"KeyId": target, "PolicyName": "default", "BypassPolicyLockoutSafetyCheck": True}
            self.kms.put_key_policy(**policy_name, Policy=text or self._of_keys)
        else:
            with self.aws.circumstances(principal=ROOT):  # whom no statement locks out
                if text is None:
                    self.admin.delete_bucket_policy(Bucket=target)
                else:
                    self.admin.put_bucket_policy(Bucket=target, Policy=text)

    def policy_of(self, remedy: Remedy) -> Policy:
        """The document that a remedy is about, as it is."""
        target = remedy.target
        if remedy.document == "identity policy":
            kind, name = target.rpartition(":")[2].split("/")
            read = getattr(self.iam, f"get_{kind}_policy")
            return Policy.parse(read(**{f"{kind.title()}Name": name}, PolicyName=INLINE)["PolicyDocument"])
        if remedy.document == "key policy":
            return Policy.parse(self.kms.get_key_policy(KeyId=target, PolicyName="default")["Policy"])
        if remedy.document == "access point policy":
            told = self.control.get_access_point_policy(AccountId=OWNER, Name="reports")
            return Policy.parse(told["Policy"])
        return Policy.parse(self.admin.get_bucket_policy(Bucket=target)["Policy"])

    @contextmanager
    def amended(self, remedy: Remedy) -> Iterator[None]:
        """With the patch applied, or the new document in its place."""
        if remedy.document == "identity policy":
            with self._further(remedy):
                yield
            return
        after = Policy.parse(remedy.new_document) if remedy.new_document else None
        before = None if after else self.policy_of(remedy)
        self.put(after or apply(before, remedy.patch), remedy.target)
        yield
        self.put(before, remedy.target)

    @contextmanager
    def _further(self, remedy: Remedy) -> Iterator[None]:
        kind, name = remedy.target.rpartition(":")[2].split("/")
        whose = {f"{kind.title()}Name": name}
        own = "further" if remedy.new_document else INLINE
        after = remedy.new_document or apply(self.policy_of(remedy), remedy.patch).to_dict()
        getattr(self.iam, f"put_{kind}_policy")(**whose, PolicyName=own, PolicyDocument=json.dumps(after))
        yield
        if remedy.new_document:
            getattr(self.iam, f"delete_{kind}_policy")(**whose, PolicyName=own)
        else:
            self._rights, rights = {}, self._rights
            self.may(rights)

    # -- calls ----------------------------------------------------------------------------------------

    def client_of(self, who: str | None, settings: Mapping[str, Any] | None = None) -> SecureS3Client:
        """A hardened client of the admin, the role or the user."""
        known = (who, tuple(sorted((settings or {}).items())))
        if known not in self._made:
            session = self.aws.session(credentials=self.credentials.get(who or ""))
            with _at_most((settings or {}).get("max_tls")):
                made = self.aws.client(
                    encryption.SseS3(), session=session, **_configured(dict(settings or {}))
                )
            self._made[known] = self._closing(made)
        return self._made[known]

    def forget(self, who: str) -> None:
        """Nobody of that name signs any more."""
        self.credentials.pop(who, None)
        for known in [each for each in self._made if isinstance(each, tuple) and who in each]:
            del self._made[known]

    def plain_client_of(self, who: str) -> Any:
        """One of plain boto3."""
        known = ("plain", who)
        if known not in self._made:
            session = self.aws.session(credentials=self.credentials.get(who))
            self._made[known] = self._closing(session.client("s3"))
        return self._made[known]

    def ready(self, call: Call, tags: Mapping[str, str]) -> Call:
        """The call, once there is what it is about, and is not what it is to make anew."""
        arguments = dict(call.arguments)
        if "records/" in str(call.key):
            self.admin.delete_object(Bucket=B, Key=call.key)
        if call.operation not in ("put_object", "create_multipart_upload") and call.key:
            tagging = "&".join(f"{name}={value}" for name, value in tags.items())
            made = self.admin.put_object(
                Bucket=B if ":" in arguments["Bucket"] else arguments["Bucket"],
                Key=call.key,
                Body=b"x",
                **({"Tagging": tagging} if tagging else {}),
                **self._seal(call),
                **self._lock(call),
            )
            if "VersionId" in arguments:
                arguments["VersionId"] = made["VersionId"]
        if arguments["Bucket"] == POINT:
            arguments["Bucket"] = self.alias
        return replace(call, arguments=arguments)

    def _seal(self, call: Call) -> dict[str, str]:
        if not call.encryption.startswith("SseKms"):
            return {}
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": call.encryption.split('"')[1]}

    def _lock(self, call: Call) -> dict[str, Any]:
        if not call.arguments.get("BypassGovernanceRetention"):
            return {}
        until = datetime.now(timezone.utc) + timedelta(days=9)
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}

    @contextmanager
    def under(self, call: Call) -> Iterator[None]:
        """The circumstances of a call."""
        if call.context or call.pretends_to_be:
            with self.aws.circumstances(call.context, principal=call.pretends_to_be):
                yield
        else:
            yield

    def make(self, call: Call) -> None:
        """Make the call.

        Raises:
            Exception: It is refused: a typed error, a ClientError of plain boto3, or what was said to a URL.
        """
        with self.under(call):
            if call.age is not None:
                self._fetch(call)
            elif call.plain:
                getattr(self.plain_client_of(call.who), call.operation)(**call.arguments)
            else:
                self._send(call)

    def _send(self, call: Call) -> None:
        s3 = self.client_of(call.who if call.pretends_to_be is None else None, call.client)
        chosen = {"encryption": strategy(call.encryption)} if call.encryption else {}
        getattr(s3 if hasattr(s3, call.operation) else s3.boto3, call.operation)(**call.arguments, **chosen)

    def _fetch(self, call: Call) -> None:
        arguments = {name: value for name, value in call.arguments.items() if name != "Body"}
        url = self.plain_client_of(call.who).generate_presigned_url(
            call.operation, Params=arguments, ExpiresIn=call.expires_in
        )
        self.aws.shift_clock(call.age or 0)
        try:
            body = call.arguments.get("Body", b"")
            told = send(self.aws, "PUT" if call.operation.startswith("put") else "GET", url, body)
        finally:
            self.aws.shift_clock(0)
        if told.status >= 300:
            raise UrlRefused(told.body.decode())


class UrlRefused(Exception):
    """What was said to a presigned URL."""


def strategy(written: str) -> Any:
    """A strategy, from what one writes."""
    name, _, rest = written.partition("(")
    if name == "ClientSide":
        return encryption.ClientSide(KmsKeys(rest.rstrip(")").strip('"')))
    if name.endswith(".generate"):
        return STRATEGIES[name.removesuffix(".generate")].generate()
    argument = rest.rstrip(")").strip('"')
    return STRATEGIES[name](*([argument] if argument else []))


def refusal(account: Account, call: Call) -> Any:
    """What ``explain`` is given after the call was refused: the error, or the body of the answer."""
    try:
        account.make(call)
    except (errors.SecureS3Error, ClientError) as error:
        return error
    except UrlRefused as error:
        return str(error)
    return None


@contextmanager
def _at_most(version: str | None) -> Iterator[None]:
    """Clients that are made meanwhile speak no newer TLS, as on a machine with an old OpenSSL."""
    make = PinnedSession._pinned_context

    def older(session: PinnedSession) -> Any:
        context = make(session)
        context.maximum_version = VERSIONS[str(version)]
        return context

    with pytest.MonkeyPatch.context() as patch:
        if version is not None:
            patch.setattr(PinnedSession, "_pinned_context", older)
        yield


def _configured(settings: dict[str, Any]) -> dict[str, Any]:
    if settings.pop("payload_signing_enabled", False):
        settings["config"] = Config(s3={"payload_signing_enabled": True})
    if tls := settings.pop("min_tls", None):
        settings["profile"] = SecurityProfile(min_tls=tls)
    settings.pop("max_tls", None)
    settings.pop("endpoint_url", None)  # AWS's own, which is not here
    settings.pop("signature_version", None)  # as it is
    return settings
