"""The cases as real buckets of the embedded endpoint, and as Terraform for who reads that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .cases import KEY, LOGS, OWNER, Case

PREFIX = "amzn-s3-demo-"
_BLOCKS = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


def bucket_of(case: Case) -> str:
    """The bucket's name."""
    return PREFIX + case.name


def policy_of(case: Case) -> str | None:
    """The text of its policy."""
    if not case.policy:
        return None
    document = {"Version": "2012-10-17", "Statement": list(case.policy)}
    return json.dumps(document).replace("<bucket>", bucket_of(case))


def make(aws: Any, s3: Any, case: Case) -> None:
    """Make the bucket with plain boto3; what Block Public Access refuses is put before it."""
    bucket = aws.create_bucket(bucket_of(case))
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": case.ownership}]}
    )
    if case.acl != "private":
        s3.put_bucket_acl(Bucket=bucket, ACL=case.acl)
    for method, arguments in case.settings.items():
        with_key = json.loads(json.dumps(arguments).replace(KEY, aws.kms_key_arn))
        getattr(s3, method)(Bucket=bucket, **with_key)
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    if text := policy_of(case):
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
    if case.block:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict(case.block))


def make_log_bucket(aws: Any, s3: Any) -> None:
    """A bucket that access logs may be delivered to."""
    aws.create_bucket(LOGS)
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{LOGS}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": OWNER}},
    }
    s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps({"Version": "2012-10-17", "Statement": [delivery]}))


def write_terraform(folder: Path, cases: tuple[Case, ...]) -> None:
    """One file for each bucket."""
    for case in cases:
        (folder / f"{case.name}.tf").write_text("\n\n".join(_resources(case)) + "\n", "utf-8")


def _resources(case: Case) -> Iterator[str]:
    name, here = case.name.replace("-", "_"), f'  bucket = "{bucket_of(case)}"'
    yield _block("aws_s3_bucket", name, [here])
    refers = f"  bucket = aws_s3_bucket.{name}.id"
    yield _block(
        "aws_s3_bucket_ownership_controls",
        name,
        [refers, "  rule {", f'    object_ownership = "{case.ownership}"', "  }"],
    )
    if case.block:
        switches = [f"  {_BLOCKS[each]} = {str(on).lower()}" for each, on in case.block.items()]
        yield _block("aws_s3_bucket_public_access_block", name, [refers, *switches])
    if case.acl != "private":
        yield _block("aws_s3_bucket_acl", name, [refers, f'  acl = "{case.acl}"'])
    if text := policy_of(case):
        document = json.dumps(json.loads(text), indent=2)
        yield _block("aws_s3_bucket_policy", name, [refers, f"  policy = <<POLICY\n{document}\nPOLICY"])
    for method, arguments in case.settings.items():
        kind, lines = _TERRAFORM[method](arguments)
        yield _block(kind, name, [refers, *lines])


def _block(kind: str, name: str, lines: list[str]) -> str:
    return "\n".join([f'resource "{kind}" "{name}" {{', *lines, "}"])


def _encryption(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    rule = arguments["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    key = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    lines = ["  rule {", "    apply_server_side_encryption_by_default {"]
    lines += [
        f'      sse_algorithm = "{rule["SSEAlgorithm"]}"',
        f'      kms_master_key_id = "{key}"',
        "    }",
    ]
    return "aws_s3_bucket_server_side_encryption_configuration", [*lines, "  }"]


def _versioning(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    status = arguments["VersioningConfiguration"]["Status"]
    return "aws_s3_bucket_versioning", [
        "  versioning_configuration {",
        f'    status = "{status}"',
        "  }",
    ]


def _lifecycle(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    lines = []
    for rule in arguments["LifecycleConfiguration"]["Rules"]:
        prefix = rule["Filter"]["Prefix"]
        lines += ["  rule {", f'    id = "{rule["ID"]}"', f'    status = "{rule["Status"]}"']
        lines += [f'    filter {{ prefix = "{prefix}" }}'] if prefix else ["    filter {}"]
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        lines += [f"    abort_incomplete_multipart_upload {{ days_after_initiation = {days} }}", "  }"]
    return "aws_s3_bucket_lifecycle_configuration", lines


def _lock(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    retention = arguments["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    inner = f'mode = "{retention["Mode"]}"\n      days = {retention["Days"]}'
    return "aws_s3_bucket_object_lock_configuration", [
        "  rule {",
        f"    default_retention {{\n      {inner}\n    }}",
        "  }",
    ]


def _logging(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    target = arguments["BucketLoggingStatus"]["LoggingEnabled"]
    return "aws_s3_bucket_logging", [
        f'  target_bucket = "{target["TargetBucket"]}"',
        f'  target_prefix = "{target["TargetPrefix"]}"',
    ]


_TERRAFORM = {
    "put_bucket_encryption": _encryption,
    "put_bucket_versioning": _versioning,
    "put_bucket_lifecycle_configuration": _lifecycle,
    "put_object_lock_configuration": _lock,
    "put_bucket_logging": _logging,
}
