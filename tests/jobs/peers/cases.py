"""About forty buckets, each with one property that auditors judge, right or nearly right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OWNER, OTHER = "111122223333", "444455556666"
ALL_ON = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
KEY, LOGS, QUEUE = "<key>", "amzn-s3-demo-logs", f"arn:aws:sqs:eu-west-1:{OWNER}:amzn-s3-demo-queue"
BUCKET = "arn:aws:s3:::<bucket>"
BOTH = [BUCKET, f"{BUCKET}/*"]
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A bucket.

    Args:
        name: The end of its name.
        about: What is special, in a few words.
        policy: Statements; ``<bucket>`` stands for its name.
        block: Block Public Access; empty for none.
        ownership: Object Ownership.
        acl: A canned ACL.
        settings: Further calls: method of boto3 to its arguments beside Bucket.
    """

    name: str
    about: str
    policy: tuple[Mapping[str, Any], ...] = ()
    block: Mapping[str, bool] = field(default_factory=lambda: ALL_ON)
    ownership: str = "BucketOwnerEnforced"
    acl: str = "private"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _deny(condition: Mapping[str, Any] | None, resource: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource or BOTH}
    return {**statement, **({"Condition": condition} if condition else {}), **more}


def _allow(action: Any, condition: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": BOTH, **more}
    return {**statement, "Condition": condition} if condition else statement


def _without_action(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "Action"}


_HTTP = {"Bool": {"aws:SecureTransport": "false"}}
_OLD = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
_TRANSPORT = (
    Case(name="http-denied", about="plain HTTP is denied", policy=(_deny(_HTTP),)),
    Case(name="http-bucket-only", about="… on the bucket only", policy=(_deny(_HTTP, BUCKET),)),
    Case(name="http-objects-only", about="… on objects only", policy=(_deny(_HTTP, f"{BUCKET}/*"),)),
    Case(
        name="http-one-prefix", about="… under one prefix", policy=(_deny(_HTTP, [BUCKET, f"{BUCKET}/a/*"]),)
    ),
    Case(name="http-get-only", about="… for GetObject only", policy=(_deny(_HTTP, Action="s3:GetObject"),)),
    Case(
        name="http-but-one",
        about="… for all actions but GetObject",
        policy=({**_without_action(_deny(_HTTP)), "NotAction": "s3:GetObject"},),
    ),
    Case(
        name="http-one-account",
        about="… for the own account only",
        policy=(_deny(_HTTP, Principal={"AWS": f"arn:aws:iam::{OWNER}:root"}),),
    ),
    Case(
        name="http-and-address",
        about="… from one network only",
        policy=(_deny({**_HTTP, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),),
    ),
    Case(
        name="http-if-exists", about="… with BoolIfExists", policy=(_deny({"BoolIfExists": _HTTP["Bool"]}),)
    ),
    Case(
        name="http-as-string",
        about="… with StringEquals",
        policy=(_deny({"StringEquals": {"aws:SecureTransport": "false"}}),),
    ),
    Case(
        name="http-not-true",
        about="… with StringNotEquals true",
        policy=(_deny({"StringNotEquals": {"aws:SecureTransport": "true"}}),),
    ),
    Case(
        name="http-inverted",
        about="HTTPS is denied, by mistake",
        policy=(_deny({"Bool": {"aws:SecureTransport": "true"}}, f"{BUCKET}/none/*"),),
    ),
    Case(name="tls-only", about="only old TLS versions are denied", policy=(_deny(_OLD),)),
    Case(name="http-and-tls", about="plain HTTP and old TLS are denied", policy=(_deny(_HTTP), _deny(_OLD))),
)
_OPEN = (
    Case(name="open", about="everybody may read", policy=(_allow("s3:GetObject"),), block={}),
    Case(name="open-behind", about="… behind Block Public Access", policy=(_allow("s3:GetObject"),)),
    Case(name="open-write", about="everybody may write", policy=(_allow("s3:PutObject"),), block={}),
    Case(
        name="open-https",
        about="everybody may read over HTTPS",
        policy=(_allow("s3:GetObject", {"Bool": {"aws:SecureTransport": "true"}}),),
        block={},
    ),
    Case(
        name="open-network",
        about="one network may read",
        policy=(_allow("s3:GetObject", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),),
        block={},
    ),
    Case(
        name="open-all-networks",
        about="the network 0.0.0.0/0 may read",
        policy=(_allow("s3:GetObject", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}),),
        block={},
    ),
    Case(
        name="open-organization",
        about="an organization may read",
        policy=(_allow("s3:GetObject", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),),
        block={},
    ),
    Case(
        name="open-any-arn",
        about="every principal with an ARN may read",
        policy=(_allow("s3:GetObject", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}),),
        block={},
    ),
    Case(
        name="open-for-all",
        about="a ForAllValues that absent keys meet",
        policy=(_allow("s3:GetObject", {"ForAllValues:StringEquals": {"aws:PrincipalAccount": OWNER}}),),
        block={},
    ),
    Case(
        name="open-but-denied",
        about="everybody may read, and a Deny takes it back",
        policy=(
            _allow("s3:GetObject"),
            _deny({"StringNotEquals": {"aws:PrincipalAccount": OWNER}}, Action="s3:GetObject"),
        ),
        block={},
    ),
    Case(
        name="block-half",
        about="two of the four switches",
        block={**ALL_ON, "BlockPublicPolicy": False, "RestrictPublicBuckets": False},
    ),
    Case(name="block-none", about="no Block Public Access", block={}),
)
_ACLS = (
    Case(name="acl-read", about="ACL public-read", acl="public-read", ownership="ObjectWriter", block={}),
    Case(
        name="acl-write",
        about="ACL public-read-write",
        acl="public-read-write",
        ownership="ObjectWriter",
        block={},
    ),
    Case(
        name="acl-users",
        about="ACL authenticated-read",
        acl="authenticated-read",
        ownership="ObjectWriter",
        block={},
    ),
    Case(
        name="acl-ignored",
        about="ACL public-read, ignored",
        acl="public-read",
        ownership="ObjectWriter",
        block={"IgnorePublicAcls": True},
    ),
    Case(name="acl-preferred", about="ACLs count, none is public", ownership="BucketOwnerPreferred"),
)
_ACCOUNTS = (
    Case(
        name="other-reads",
        about="another account may read",
        policy=(_allow("s3:GetObject", Principal={"AWS": OTHER}),),
    ),
    Case(
        name="other-rules",
        about="another account may change the default encryption",
        policy=(_allow("s3:PutEncryptionConfiguration", Principal={"AWS": OTHER}),),
    ),
    Case(
        name="own-role",
        about="a role of the account may read",
        policy=(_allow("s3:GetObject", Principal={"AWS": f"arn:aws:iam::{OWNER}:root"}),),
    ),
    Case(
        name="locked-out",
        about="nobody may change the policy",
        policy=(_deny(None, BUCKET, Action=["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]),),
    ),
)
_KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
_ABORT = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
_LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}


def _lifecycle(*rules: Mapping[str, Any]) -> dict[str, Any]:
    return {"put_bucket_lifecycle_configuration": {"LifecycleConfiguration": {"Rules": list(rules)}}}


def _versioning(status: str) -> dict[str, Any]:
    return {"put_bucket_versioning": {"VersioningConfiguration": {"Status": status}}}


_SETTINGS = (
    Case(name="plain", about="a new bucket"),
    Case(
        name="kms",
        about="SSE-KMS with a customer managed key",
        settings={
            "put_bucket_encryption": {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": _KMS, "BucketKeyEnabled": True}]
                }
            }
        },
    ),
    Case(name="versions", about="versioning", settings=_versioning("Enabled")),
    Case(name="versions-paused", about="versioning suspended", settings=_versioning("Suspended")),
    Case(
        name="aborts",
        about="unfinished uploads are removed",
        settings=_lifecycle({"ID": "a", "Filter": {"Prefix": ""}, **_ABORT}),
    ),
    Case(
        name="aborts-disabled",
        about="… by a rule that is disabled",
        settings=_lifecycle({"ID": "a", "Filter": {"Prefix": ""}, **_ABORT, "Status": "Disabled"}),
    ),
    Case(
        name="aborts-prefix",
        about="… under one prefix",
        settings=_lifecycle({"ID": "a", "Filter": {"Prefix": "tmp/"}, **_ABORT}),
    ),
    Case(
        name="locked",
        about="Object Lock with a default retention",
        settings=_versioning("Enabled")
        | {"put_object_lock_configuration": {"ObjectLockConfiguration": _LOCK}},
    ),
    Case(
        name="logged",
        about="access logging",
        settings={
            "put_bucket_logging": {
                "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": LOGS, "TargetPrefix": "logged/"}}
            }
        },
    ),
)
CASES = (*_TRANSPORT, *_OPEN, *_ACLS, *_ACCOUNTS, *_SETTINGS)
