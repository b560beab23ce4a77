"""The request for an S3 Batch Operations job that re-encrypts the objects of a manifest. Pure.

Nothing is submitted: ``session.client("s3control").create_job(**job.request)`` does that, by somebody with
``s3:CreateJob`` and ``iam:PassRole``. Sources: Amazon S3 User Guide, "Update object encryption", "Copy
objects", "Granting permissions for Batch Operations"; S3 Control API Reference, CreateJob.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...encryption import SseKms, SseS3, Strategy
from ...errors import ConfigurationError
from ...policy import Policy
from ...values import ObjectRef
from .manifest import Manifest
from .ways import serves_in_place

_FORMAT, _REPORT = "S3BatchOperations_CSV_20180820", "Report_CSV_20180820"
_SERVICE = "batchoperations.s3.amazonaws.com"
_FAILED_ONLY = "FailedTasksOnly"
_WILDCARDS = re.compile("[*?$]")
"""In a policy they would mean other keys than they do in a prefix."""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job that can be submitted.

    Args:
        request: The arguments of ``create_job``.
        role_policy: What the role has to be allowed.
        trust_policy: Who may take the role: the service.
    """

    request: Mapping[str, Any]
    role_policy: Policy
    trust_policy: Policy

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        policies = {"role_policy": self.role_policy, "trust_policy": self.trust_policy}
        told = {name: json.loads(each.to_json()) for name, each in policies.items()}
        return {"request": dict(self.request), **told}


def batch_job(
    manifest: Manifest,
    *,
    to: Strategy,
    account: str,
    role_arn: str,
    report_bucket: str,
    report_prefix: str = "reencryption",
    source_keys: Iterable[str] = (),
    priority: int = 10,
) -> BatchJob:
    """The job that brings the objects of *manifest* under *to*: S3UpdateObjectEncryption, or S3PutObjectCopy.

    To SSE-KMS it is the former, which takes only objects under SSE-S3 or SSE-KMS; to SSE-S3 the latter, which
    makes a new version of each object, of up to 5 GiB. To DSSE-KMS there is none, nor to SSE-C, nor with an
    encryption context: the operations take no such thing.

    Args:
        manifest: One that is an object; a local file has to be uploaded first.
        to: How the objects are to be encrypted.
        account: Whose bucket it is, and who runs the job.
        role_arn: The role that S3 takes for it.
        report_bucket, report_prefix: Where the report of failed objects goes.
        source_keys: ARNs of the KMS keys that the objects are under now.
        priority: Among the jobs of the account; higher goes first.

    Raises:
        ConfigurationError: There is no such job, or the manifest is no object.
        PolicyError: A key of *source_keys* makes no policy.
    """
    if manifest.etag is None or not manifest.place.startswith("s3:"):
        raise ConfigurationError(
            f"the manifest {manifest.place!r} is a file",
            why="S3 reads a manifest from a bucket, and wants its ETag",
            fix='write it there: write_manifest(…, into="s3://bucket/manifest.csv")',
        )
    partition = role_arn.split(":")[1] if role_arn.startswith("arn:") else "aws"
    s3 = f"arn:{partition}:s3:::"
    operation = _operation(to, f"{s3}{manifest.bucket}", manifest.versions)
    request: dict[str, Any] = {
        "AccountId": account,
        "ConfirmationRequired": False,
        "Operation": operation,
        "Manifest": _listed(manifest, s3),
        "Report": _report(f"{s3}{report_bucket}", report_prefix),
        "Priority": priority,
        "RoleArn": role_arn,
        "Description": f"{manifest.objects} objects to {to.label}",
    }
    request["ClientRequestToken"] = _token(request)
    objects = f"{s3}{manifest.bucket}/{_WILDCARDS.split(manifest.prefix)[0]}*"
    at = request["Manifest"]["Location"]["ObjectArn"]
    statements = [
        *_work(operation, objects, to, tuple(source_keys)),
        _allow("ReadManifest", ["s3:GetObject", "s3:GetObjectVersion"], at),
        _allow("WriteReport", ["s3:PutObject"], f"{s3}{report_bucket}/{report_prefix}/*"),
    ]
    return BatchJob(request, _policy(statements), _policy([_trust()]))


def _listed(manifest: Manifest, s3: str) -> dict[str, Any]:
    place = ObjectRef.parse(manifest.place)
    version = {"ObjectVersionId": manifest.version_id} if manifest.version_id else {}
    etag = str(manifest.etag).strip('"')
    return {
        "Spec": {"Format": _FORMAT, "Fields": manifest.fields},
        "Location": {"ObjectArn": f"{s3}{place.bucket}/{place.key}", "ETag": etag, **version},
    }


def _report(bucket: str, prefix: str) -> dict[str, Any]:
    return {
        "Bucket": bucket,
        "Format": _REPORT,
        "Enabled": True,
        "Prefix": prefix,
        "ReportScope": _FAILED_ONLY,
    }


def _operation(to: Strategy, target: str, versions: bool) -> dict[str, Any]:
    if isinstance(to, SseKms) and serves_in_place(to):
        key = {"KMSKeyArn": to.key_arn, "BucketKeyEnabled": to.bucket_key}
        return {"S3UpdateObjectEncryption": {"ObjectEncryption": {"SSEKMS": key}}}
    if isinstance(to, SseS3) and versions:
        raise ConfigurationError(
            "a job that copies cannot go by versions",
            why="the copy of a noncurrent version would become the current one",
            fix="write the manifest without include_versions=True",
        )
    if isinstance(to, SseS3):
        how = {"MetadataDirective": "COPY", "NewObjectMetadata": {"SSEAlgorithm": "AES256"}}
        return {"S3PutObjectCopy": {"TargetResource": target, **how}}
    raise ConfigurationError(
        f"there is no batch job that leads to {to!r}",
        why="S3 Batch Operations knows SSE-S3 and SSE-KMS without an encryption context",
        fix="use reencrypt(), or make it the bucket's default encryption and copy the objects",
    )


def _work(
    operation: Mapping[str, Any], objects: str, to: Strategy, sources: tuple[str, ...]
) -> list[dict[str, Any]]:
    """What the operation itself needs of S3 and of KMS."""
    if "S3UpdateObjectEncryption" in operation:
        keys = list(dict.fromkeys([str(getattr(to, "key_arn", "")), *sources]))
        uses = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncrypt*"]
        update = ["s3:GetObject", "s3:GetObjectVersion", "s3:UpdateObjectEncryption"]
        return [_allow("Update", update, objects), _allow("UseKeys", uses, keys)]
    reads = [f"s3:GetObject{each}" for each in ("", "Version", "Tagging", "VersionTagging")]
    copies = _allow("Copy", [*reads, "s3:PutObject", "s3:PutObjectTagging"], objects)
    return [copies, *([_allow("ReadWithKeys", ["kms:Decrypt"], list(sources))] if sources else [])]


def _allow(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _trust() -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": "sts:AssumeRole",
    }


def _policy(statements: list[dict[str, Any]]) -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": statements})


def _token(request: Mapping[str, Any]) -> str:
    """The same request makes one job only, however often it is sent."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
