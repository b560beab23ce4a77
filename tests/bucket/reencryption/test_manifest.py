"""The list of objects for S3 Batch Operations, and the job that is described with it."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as some

from secure_s3 import DsseKms, SecureS3Client, SecurityProfile, SseC, SseKms, SseS3
from secure_s3.bucket.reencryption.job import BatchJob, batch_job
from secure_s3.bucket.reencryption.manifest import Manifest, rows
from secure_s3.bucket.reencryption.ways import Entry
from secure_s3.encryption import Strategy
from secure_s3.errors import ConfigurationError, DestinationError, NotAllowedByProfile
from secure_s3.local import LocalAws
from secure_s3.policy import AccessRequest, evaluate, lint

from .conftest import BUCKET

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OLD_KEY = KEY.replace("1234abcd", "9876abcd")
ACCOUNT, ROLE = "111122223333", "arn:aws:iam::111122223333:role/Batch"
JOBS = "amzn-s3-demo-jobs"
LISTED = Manifest(f"s3://{JOBS}/m.csv", BUCKET, "a/", 7, 70, False, '"0123456789abcdef"', "v1")
KEYS = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(some.lists(some.tuples(KEYS, some.sampled_from([None, "null", "3sL4kqtJ-l.cpXroDTDmJ_rmSpXd3dIb"]))))
def test_any_key(objects: list[tuple[str, str | None]]) -> None:
    """Whatever is in a key, commas, quotes and line breaks too, S3 reads the same key from its line."""
    entries = [Entry(key, version) for key, version in objects]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows(BUCKET, entries, True))
    lines = file.getvalue().splitlines()
    assert len(lines) == len(objects)
    assert file.getvalue().isascii()
    for line, (key, version) in zip(lines, objects, strict=True):
        assert '"' not in line
        bucket, encoded, told = line.split(",")
        assert (bucket, unquote(encoded, errors="strict"), told) == (BUCKET, key, version or "null")


def test_written(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws, tmp_path: Path) -> None:
    """It is a file that is there when whole, or an object under SSE-S3; only_for leaves out what is right."""
    for key in ("a/x y", "a/ü,\n", "b/z"):
        plain.put_object(Bucket=BUCKET, Key=key, Body=b"12")
    s3.put_object(Bucket=BUCKET, Key="a/right", Body=b"1")
    bucket, path = s3.bucket(BUCKET), tmp_path / "manifest.csv"
    listed = bucket.write_manifest("a/", into=path)
    assert (listed.objects, listed.bytes, listed.etag, listed.fields) == (3, 5, None, ["Bucket", "Key"])
    lines = [f"{BUCKET},{key}\n" for key in ("a/right", "a/x%20y", "a/%C3%BC%2C%0A")]
    assert path.read_text() == "".join(lines)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    local_aws.create_bucket(JOBS)
    stored = bucket.write_manifest("a/", into=f"s3://{JOBS}/m.csv", only_for=to, include_versions=True)
    told = plain.get_object(Bucket=JOBS, Key="m.csv")
    assert told["Body"].read().decode() == "".join(line.strip() + ",null\n" for line in lines[1:])
    assert (told["ServerSideEncryption"], told["ETag"]) == ("AES256", stored.etag)
    assert stored.fields == ["Bucket", "Key", "VersionId"]
    json.dumps(stored.to_dict())


def test_not_written(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws, tmp_path: Path) -> None:
    """Nothing to list, nowhere to write, or SSE-S3 not allowed: nothing is left behind."""
    path = tmp_path / "manifest.csv"
    bucket = s3.bucket(BUCKET)
    with pytest.raises(ConfigurationError, match="no object for a manifest"):
        bucket.write_manifest(into=path)
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"")
    with pytest.raises(ConfigurationError, match="names no object"):
        bucket.write_manifest(into=f"s3://{BUCKET}")
    with pytest.raises(ConfigurationError, match="no job brings"):
        bucket.write_manifest(into=path, only_for=SseC(b"k" * 32))
    with pytest.raises(DestinationError):
        bucket.write_manifest(into=tmp_path / "none" / "manifest.csv")
    profile = SecurityProfile(name="kms", allowed_strategies=frozenset({"SseKms"}))
    with local_aws.client(to, profile=profile) as strict, pytest.raises(NotAllowedByProfile):
        strict.bucket(BUCKET).write_manifest(into=f"s3://{BUCKET}/m.csv")
    assert os.listdir(tmp_path) == []
    assert [each["Key"] for each in plain.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["k"]


def job(to: Strategy, manifest: Manifest = LISTED) -> BatchJob:
    """A job to that encryption."""
    return batch_job(
        manifest, to=to, account=ACCOUNT, role_arn=ROLE, report_bucket=JOBS, source_keys=[OLD_KEY]
    )


def allowed(made: BatchJob, action: str, resource: str) -> bool:
    """Whether the role may do this."""
    request = AccessRequest(
        action=action,
        resource=resource,
        principal=ROLE,
        principal_account=ACCOUNT,
        resource_account=ACCOUNT,
    )
    owner = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    rule = {"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}
    key_policy = {"Version": "2012-10-17", "Statement": [rule]} if action.startswith("kms:") else None
    decision = evaluate(request, identity_policies=[made.role_policy], resource_policy=key_policy)
    return decision.outcome == "allowed"


@pytest.mark.parametrize("to", [SseKms(KEY), SseS3()], ids=["update", "copy"])
def test_job(to: Strategy) -> None:
    """It is a request that boto3 takes, with a role that may do that much, and with one token for one job."""
    made = job(to)
    model = botocore.session.get_session().get_service_model("s3control")
    shape: Any = model.operation_model("CreateJob").input_shape
    assert not ParamValidator().validate(made.request, shape).has_errors()
    assert made.request["Manifest"]["Location"]["ETag"] == "0123456789abcdef"
    assert made.request == job(to).request
    assert made.request["ClientRequestToken"] != job(SseKms(OLD_KEY)).request["ClientRequestToken"]
    ours, other = f"arn:aws:s3:::{BUCKET}/a/k", f"arn:aws:s3:::{BUCKET}/b/k"
    action = "s3:UpdateObjectEncryption" if isinstance(to, SseKms) else "s3:PutObject"
    assert allowed(made, action, ours)
    assert not allowed(made, action, other)
    assert allowed(made, "kms:Decrypt", OLD_KEY)
    assert allowed(made, "kms:ReEncryptTo", KEY) == isinstance(to, SseKms)
    assert not allowed(made, "kms:Decrypt", KEY.replace("1234abcd", "5555abcd"))
    assert allowed(made, "s3:GetObjectVersion", f"arn:aws:s3:::{JOBS}/m.csv")
    assert not allowed(made, "s3:DeleteObject", ours)
    assert not [each for each in lint(made.trust_policy) if each.severity >= "high"]
    assert json.loads(json.dumps(made.to_dict()))["request"] == made.request


def test_wildcards_in_a_prefix() -> None:
    """What would be a wildcard or a variable in a policy ends the prefix there: the role may do its work."""
    made = job(SseKms(KEY), replace(LISTED, prefix="a/${aws:username}*?/"))
    assert allowed(made, "s3:UpdateObjectEncryption", f"arn:aws:s3:::{BUCKET}/a/${{aws:username}}*?/k")


@pytest.mark.parametrize(
    ("to", "manifest", "said"),
    [
        (DsseKms(KEY), LISTED, "no batch job"),
        (SseC(b"k" * 32), LISTED, "no batch job"),
        (SseKms(KEY, context={"a": "b"}), LISTED, "no batch job"),
        (SseS3(), replace(LISTED, versions=True), "by versions"),
        (SseKms(KEY), Manifest("manifest.csv", BUCKET, "", 1, 1, False), "is a file"),
    ],
)
def test_no_job(to: Strategy, manifest: Manifest, said: str) -> None:
    """Where S3 Batch Operations cannot lead, and what it cannot read, is told before anybody submits it."""
    with pytest.raises(ConfigurationError, match=said):
        job(to, manifest)
