"""Who is right: requests are sent to the bucket, and settings are read, by plain boto3.

Requests come under pretended circumstances (plain HTTP, another account), and the embedded endpoint refuses
or answers them by the policies, grants and settings that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from .cases import OTHER, OWNER

ROLE = f"arn:aws:iam::{OWNER}:role/App"
STRANGER = f"arn:aws:iam::{OTHER}:role/Other"
_FAVOURED = {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:SourceIp": "203.0.113.9"}
"""What some of the policies ask of the callers they admit."""
_HTTP = {"aws:SecureTransport": False, "s3:TlsVersion": None}


def _reads(s3: Any, bucket: str) -> Mapping[str, Callable[[], Any]]:
    return {
        "GetObject": lambda: s3.get_object(Bucket=bucket, Key="key"),
        "ListBucket": lambda: s3.list_objects_v2(Bucket=bucket),
    }


def _writes(s3: Any, bucket: str) -> Mapping[str, Callable[[], Any]]:
    return {
        "PutObject": lambda: s3.put_object(Bucket=bucket, Key="new", Body=b""),
        "PutBucketPolicy": lambda: s3.put_bucket_policy(Bucket=bucket, Policy="{}"),
    }


def _others(s3: Any, bucket: str) -> Mapping[str, Callable[[], Any]]:
    return {
        "GetBucketVersioning": lambda: s3.get_bucket_versioning(Bucket=bucket),
        "GetObject under a/": lambda: s3.get_object(Bucket=bucket, Key="a/key"),
        "DeleteObject": lambda: s3.delete_object(Bucket=bucket, Key="no-such-key"),
    }


def passes(call: Callable[[], Any]) -> bool:
    """Whether a request is not refused; that there is no such key, or the policy is none, comes after."""
    try:
        call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] not in (403, 405)
    return True


class Truth:
    """Answers to the questions for one bucket, and the request that shows it.

    Args:
        aws: The embedded endpoint.
    """

    def __init__(self, aws: Any) -> None:
        self._aws, self._s3 = aws, aws.session().client("s3")
        self._nobody = aws.session().client("s3", config=Config(signature_version=UNSIGNED))

    def __call__(self, question: str, bucket: str) -> tuple[bool, str]:
        """Whether it is good, and why."""
        told: tuple[bool, str] = getattr(self, f"_{question.replace('-', '_')}")(bucket)
        return told

    def _passing(self, calls: Mapping[str, Callable[[], Any]]) -> list[str]:
        return [name for name, call in calls.items() if passes(call)]

    def _transport(self, bucket: str) -> tuple[bool, str]:
        calls = {**_reads(self._s3, bucket), **_writes(self._s3, bucket), **_others(self._s3, bucket)}
        with self._aws.circumstances(_HTTP):
            passing = self._passing(calls)
        return not passing, f"over plain HTTP {_listed(passing)}"

    def _strangers(self, calls: Callable[[Any, str], Mapping[str, Any]], bucket: str) -> list[str]:
        """What anybody passes: unsigned, or a role of an account that nobody names."""
        found = self._passing(calls(self._nobody, bucket))
        nobody = "arn:aws:iam::999999999999:role/Stranger"
        with self._aws.circumstances({"aws:SourceIp": "198.51.100.7"}, principal=nobody):
            found += self._passing(calls(self._s3, bucket))
        return list(dict.fromkeys(found))

    def _public(self, bucket: str) -> tuple[bool, str]:
        passing = self._strangers(lambda s3, name: {**_reads(s3, name), **_writes(s3, name)}, bucket)
        return not passing, f"for strangers {_listed(passing)}"

    def _wildcard(self, bucket: str) -> tuple[bool, str]:
        before = self._block_of(bucket)
        self._s3.delete_public_access_block(Bucket=bucket)
        try:
            good, why = self._without_acl(bucket)
        finally:
            if before:
                self._s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=before)
        return good, f"without Block Public Access, {why}"

    def _without_acl(self, bucket: str) -> tuple[bool, str]:
        return self._public(bucket) if self._policy_of(bucket) else (True, "there is no policy")

    def _policy_of(self, bucket: str) -> str | None:
        try:
            return str(self._s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
        return None

    def _block(self, bucket: str) -> tuple[bool, str]:
        switches = self._block_of(bucket)
        return bool(switches) and all(switches.values()), f"the setting is {switches or 'none'}"

    def _block_of(self, bucket: str) -> dict[str, bool]:
        try:
            told = self._s3.get_public_access_block(Bucket=bucket)
        except ClientError:
            return {}
        return dict(told["PublicAccessBlockConfiguration"])

    def _acl_public(self, bucket: str) -> tuple[bool, str]:
        if self._policy_of(bucket) is not None:
            return True, "the ACL is private"  # of the cases, none has a policy and a public ACL
        return self._public(bucket)

    def _acls(self, bucket: str) -> tuple[bool, str]:
        told = self._s3.get_bucket_ownership_controls(Bucket=bucket)
        ownership = told["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        return ownership == "BucketOwnerEnforced", f"Object Ownership is {ownership}"

    def _accounts(self, bucket: str) -> tuple[bool, str]:
        default = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        settings = {
            "PutEncryptionConfiguration": lambda: self._s3.put_bucket_encryption(
                Bucket=bucket, ServerSideEncryptionConfiguration=default
            )
        }
        with self._aws.circumstances(_FAVOURED, principal=STRANGER):
            passing = self._passing({**_reads(self._s3, bucket), **_writes(self._s3, bucket), **settings})
        passing += [each for each in self._strangers(_reads, bucket) if each not in passing]
        return not passing, f"for a role of {OTHER} {_listed(passing)}"

    def _lock_out(self, bucket: str) -> tuple[bool, str]:
        with self._aws.circumstances(principal=ROLE):
            passing = self._passing(_writes(self._s3, bucket))
        return "PutBucketPolicy" in passing, f"for an administrator {_listed(passing)}"

    def _kms(self, bucket: str) -> tuple[bool, str]:
        told = self._s3.get_bucket_encryption(Bucket=bucket)
        rule = told["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        return rule["SSEAlgorithm"].startswith("aws:kms"), f"the default is {rule['SSEAlgorithm']}"

    def _versions(self, bucket: str) -> tuple[bool, str]:
        status = self._s3.get_bucket_versioning(Bucket=bucket).get("Status", "none")
        return status == "Enabled", f"versioning: {status}"

    def _lock(self, bucket: str) -> tuple[bool, str]:
        try:
            self._s3.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            return False, error.response["Error"]["Code"]
        return True, "it is configured"

    def _logging(self, bucket: str) -> tuple[bool, str]:
        told = self._s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
        return bool(told), f"logging: {told or 'off'}"

    def _uploads(self, bucket: str) -> tuple[bool, str]:
        try:
            rules = self._s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        except ClientError as error:
            return False, error.response["Error"]["Code"]
        whole = [
            rule
            for rule in rules
            if rule["Status"] == "Enabled"
            and not rule.get("Filter", {}).get("Prefix")
            and not rule.get("Prefix")
        ]
        good = any("AbortIncompleteMultipartUpload" in rule for rule in whole)
        return good, "a rule for every key" if good else "no enabled rule is for every key"


def _listed(passing: list[str]) -> str:
    return f"{', '.join(passing)} pass" if passing else "nothing passes"
