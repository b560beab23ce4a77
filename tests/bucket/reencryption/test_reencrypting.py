"""Objects that are there under another encryption, at the embedded endpoint."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from secure_s3 import ClientSide, DsseKms, RawAesKey, SecureS3Client, SecurityProfile, SseC, SseKms, SseS3
from secure_s3.bucket.reencryption import copying
from secure_s3.bucket.reencryption.updating import TRIED, UNSERVED
from secure_s3.bucket.reencryption.ways import ARCHIVED, GONE, LOCKED, NO_KEY, NONCURRENT
from secure_s3.errors import (
    BatchFailed,
    ConfigurationError,
    CredentialsRefused,
    EncryptionNotConfirmed,
    KeyUnavailable,
    NotAllowedByProfile,
    NotFound,
    ObjectChanged,
    PreconditionFailed,
)
from secure_s3.local import LocalAws

from .conftest import BUCKET

STAYS = ("ETag", "LastModified", "Metadata", "VersionId", "ContentType", "StorageClass", "TagCount")
ABOUT: dict[str, Any] = {
    "Metadata": {"owner": "a"},
    "ContentType": "text/plain",
    "CacheControl": "no-cache",
    "StorageClass": "STANDARD_IA",
    "Tagging": "a=1&b=2",
    "WebsiteRedirectLocation": "/elsewhere",
}
OLD = SseC(b"o" * 32)
WITH_OLD = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OLD.key.reveal()}


def dsse(to: SseKms) -> dict[str, str]:
    """Members of a write under DSSE-KMS, which has to be copied."""
    return {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": to.key_arn}


def fill(plain: Any, count: int, prefix: str = "a/", **more: Any) -> None:
    """So many objects under SSE-S3."""
    for number in range(count):
        plain.put_object(Bucket=BUCKET, Key=f"{prefix}{number:04}", Body=b"x", **more)


def head(plain: Any, key: str, **more: Any) -> dict[str, Any]:
    """What HeadObject tells."""
    told: dict[str, Any] = plain.head_object(Bucket=BUCKET, Key=key, **more)
    return told


def counts(result: Any) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: count for name, count in result.counts.items() if count}


def sent(client: Any) -> Counter[str]:
    """Counts the operations that are sent from now on."""
    seen: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        seen[model.name] += 1

    client.boto3.meta.events.register("before-call.s3", count)
    return seen


def test_in_place_and_copied(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """In place an object stays itself; copied, it keeps what describes it; then nothing is written."""
    plain.put_object(Bucket=BUCKET, Key="a/in place", Body=b"1", **ABOUT)
    plain.put_object(Bucket=BUCKET, Key="a/copied", Body=b"22", **ABOUT, **dsse(to))
    plain.put_object(Bucket=BUCKET, Key="b/elsewhere", Body=b"3")
    before = {key: head(plain, key) for key in ("a/in place", "a/copied")}
    planned = s3.reencrypt(BUCKET, "a/", to=to, dry_run=True)
    assert counts(planned) == {"updated": 1, "copied": 1}
    assert planned.bytes == 3
    assert planned.kms_requests == 1
    assert planned.encryptions == {"AES256": 1, f"aws:kms:dsse {to.key_arn}": 1}
    assert {key: head(plain, key)["ETag"] for key in before} == {k: b["ETag"] for k, b in before.items()}
    assert head(plain, "a/copied")["ServerSideEncryption"] == "aws:kms:dsse"
    result = s3.reencrypt(BUCKET, "a/", to=to)
    assert (result.counts, result.bytes) == (planned.counts, 3)
    for key, was in before.items():
        now = head(plain, key)
        assert (now["SSEKMSKeyId"], now["BucketKeyEnabled"]) == (to.key_arn, True)
        kept = STAYS if key == "a/in place" else [name for name in ABOUT if name != "Tagging"]
        assert {name: now.get(name) for name in kept} == {name: was.get(name) for name in kept}
        assert now["TagCount"] == 2
    assert head(plain, "b/elsewhere")["ServerSideEncryption"] == "AES256"
    seen = sent(s3)
    assert counts(s3.reencrypt(BUCKET, "a/", to=to)) == {"already": 2}
    assert set(seen) == {"ListObjectsV2", "HeadObject"}


def test_targets(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """From SSE-C and to SSE-C, DSSE-KMS and SSE-S3: by copies, with the customer's keys."""
    plain.put_object(Bucket=BUCKET, Key="c", Body=b"secret", **WITH_OLD)
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"plain")
    kept = s3.reencrypt(BUCKET, to=to)
    assert kept.reasons == {NO_KEY: 1}
    assert kept.encryptions == {"AES256": 1}
    new = SseC.generate()
    done = s3.reencrypt(BUCKET, to=new, source_encryption=OLD)
    assert counts(done) == {"copied": 2}
    assert OLD.key.reveal().decode() not in repr(done)
    assert counts(s3.reencrypt(BUCKET, to=new)) == {"already": 2}
    assert counts(s3.reencrypt(BUCKET, to=DsseKms(to.key_arn), source_encryption=new)) == {"copied": 2}
    assert head(plain, "c")["ServerSideEncryption"] == "aws:kms:dsse"
    assert counts(s3.reencrypt(BUCKET, to=SseS3())) == {"copied": 2}
    assert plain.get_object(Bucket=BUCKET, Key="c")["Body"].read() == b"secret"


def test_versions(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """Noncurrent versions are updated where they are if asked for, and never copied over the current one."""
    plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    old = [plain.put_object(Bucket=BUCKET, Key="k", Body=b"1")["VersionId"]]
    old += [plain.put_object(Bucket=BUCKET, Key="k", Body=b"2", **dsse(to))["VersionId"]]
    current = plain.put_object(Bucket=BUCKET, Key="k", Body=b"3", **dsse(to))["VersionId"]
    plain.put_object(Bucket=BUCKET, Key="gone", Body=b"4")
    plain.delete_object(Bucket=BUCKET, Key="gone")
    result = s3.reencrypt(BUCKET, to=to, include_versions=True)
    assert counts(result) == {"updated": 2, "copied": 1, "skipped": 1}
    assert result.reasons == {NONCURRENT: 1}
    assert any("versions from before" in note for note in result.notes)
    assert head(plain, "k", VersionId=old[0])["SSEKMSKeyId"] == to.key_arn
    now = plain.get_object(Bucket=BUCKET, Key="k")
    assert now["Body"].read() == b"3"
    assert now["VersionId"] not in (current, *old)


def test_left_alone(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws) -> None:
    """Locked objects and archived ones that would have to be copied are left alone, with the reason."""
    locked = "amzn-s3-demo-locked"
    where = {"CreateBucketConfiguration": {"LocationConstraint": local_aws.region}}
    plain.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True, **where)
    until = datetime.now(timezone.utc) + timedelta(days=1)
    retained = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    plain.put_object(Bucket=locked, Key="retained", **retained)
    plain.put_object(Bucket=locked, Key="held", ObjectLockLegalHoldStatus="ON", **dsse(to))
    plain.put_object(Bucket=locked, Key="archived", StorageClass="GLACIER")
    plain.put_object(Bucket=locked, Key="archived too", StorageClass="GLACIER", **dsse(to))
    result = s3.reencrypt(locked, to=to)
    assert counts(result) == {"updated": 1, "skipped": 3}
    assert result.reasons == {LOCKED: 2, ARCHIVED: 1}
    assert "2 Object Lock protects it" in str(result)
    assert "1 updated in place" in str(result)


def test_lock_that_is_not_seen(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws) -> None:
    """A lock that HeadObject does not tell of is one all the same when S3 refuses because of it."""
    fill(plain, 1)
    body = b"<Error><Code>AccessDenied</Code><Message>The encryption type for the specified object can't be "
    body += b"updated because that object is protected by S3 Object Lock.</Message></Error>"
    answer_with(s3, "UpdateObjectEncryption", 403, body, probe=404)
    assert s3.reencrypt(BUCKET, to=to).reasons == {LOCKED: 1}


class _Raw:
    """The body of an answer that was never sent."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


def answer_with(s3: SecureS3Client, operation: str, status: int, body: bytes, probe: int = 0) -> None:
    """Let calls of an operation be answered so, the first one with another status if *probe* says so."""
    left = [probe] if probe else []

    def answer(request: Any, **_: Any) -> AWSResponse:
        if left:
            missing = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"
            return AWSResponse(request.url, left.pop(), HTTPHeaders(), _Raw(missing))
        return AWSResponse(request.url, status, HTTPHeaders(), _Raw(body))

    s3.boto3.meta.events.register(f"before-send.s3.{operation}", answer)


@pytest.mark.parametrize("status", [405, 501])
def test_no_such_operation(status: int, s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A server without UpdateObjectEncryption is asked once, and gets copies; the result says so."""
    fill(plain, 4)
    seen = sent(s3)
    code = b"<Error><Code>MethodNotAllowed</Code><Message>no</Message></Error>"
    answer_with(s3, "UpdateObjectEncryption", status, code)
    result = s3.reencrypt(BUCKET, to=to)
    assert counts(result) == {"copied": 4}
    assert UNSERVED in result.notes
    assert seen["UpdateObjectEncryption"] == 1
    assert head(plain, "a/0003")["SSEKMSKeyId"] == to.key_arn


def test_sub_resource_overlooked(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A server that takes the call for a PutObject overwrites no object, and what it made is removed."""
    fill(plain, 3)

    def overlook(request: Any, **_: Any) -> None:
        request.url = request.url.replace("?encryption", "")

    s3.boto3.meta.events.register_first("before-sign.s3.UpdateObjectEncryption", overlook)
    result = s3.reencrypt(BUCKET, to=to)
    assert counts(result) == {"copied": 3}
    assert any(UNSERVED in note for note in result.notes)
    listed = plain.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in listed] == ["a/0000", "a/0001", "a/0002"]
    assert plain.get_object(Bucket=BUCKET, Key="a/0001")["Body"].read() == b"x"


def test_key_of_another_account(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A key that UpdateObjectEncryption does not take is tried with copies."""
    fill(plain, 1)
    words = b"<Error><Code>AccessDenied</Code><Message>The AWS KMS key in the request must be owned by the "
    words += b"same account as the bucket.</Message></Error>"
    answer_with(s3, "UpdateObjectEncryption", 403, words, probe=404)
    result = s3.reencrypt(BUCKET, to=to)
    assert counts(result) == {"copied": 1}
    assert "another" not in result.notes[0]
    assert any("of that account" in note for note in result.notes)


def test_the_operation_is_refused_where_it_is_tried_out(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A refusal that names a key nobody knows says what that is, beside its own cause; nothing is copied."""
    fill(plain, 1)
    body = b"<Error><Code>AccessDenied</Code><Message>not on a Sunday</Message></Error>"
    answer_with(s3, "UpdateObjectEncryption", 403, body)
    with pytest.raises(BatchFailed, match="1 of 1 object was not re-encrypted") as caught:
        s3.reencrypt(BUCKET, to=to)
    error = caught.value.results.failed[0].error
    assert ".secure-s3-" in error.what
    assert error.why == f"not on a Sunday; {TRIED}"
    assert TRIED in caught.value.why


def test_not_confirmed(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A server that says yes and does nothing is found out."""
    fill(plain, 1)
    answer_with(s3, "UpdateObjectEncryption", 200, b"", probe=404)
    with pytest.raises(BatchFailed) as caught:
        s3.reencrypt(BUCKET, to=to)
    assert isinstance(caught.value.results.failed[0].error, EncryptionNotConfirmed)


@pytest.mark.parametrize("in_parts", [False, True])
def test_changed_meanwhile(
    in_parts: bool, s3: SecureS3Client, plain: Any, to: SseKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that is replaced between the look and the copy stays as it is then; no parts are left."""
    monkeypatch.setattr(copying, "_SINGLE_BYTES", 0 if in_parts else 10)
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"old", **dsse(to))
    operation = "UploadPartCopy" if in_parts else "CopyObject"

    def replace(**_: Any) -> None:
        plain.put_object(Bucket=BUCKET, Key="k", Body=b"new", **dsse(to))

    s3.boto3.meta.events.register(f"before-call.s3.{operation}", replace)
    with pytest.raises(BatchFailed) as caught:
        s3.reencrypt(BUCKET, to=to)
    assert isinstance(caught.value.results.failed[0].error, PreconditionFailed)
    assert plain.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"new"
    assert "Uploads" not in plain.list_multipart_uploads(Bucket=BUCKET)


def test_copied_in_parts(s3: SecureS3Client, plain: Any, to: SseKms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large for one CopyObject is copied in parts, and keeps what describes it."""
    size = 5 * 1024 * 1024
    monkeypatch.setattr(copying, "_SINGLE_BYTES", size)
    monkeypatch.setattr(copying, "_PART_BYTES", size)
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"x" * (size + 3), **ABOUT, **WITH_OLD)
    before = head(plain, "k", **WITH_OLD)
    seen = sent(s3)
    assert counts(s3.reencrypt(BUCKET, to=to, source_encryption=OLD)) == {"copied": 1}
    assert seen["UploadPartCopy"] == 2
    now = plain.get_object(Bucket=BUCKET, Key="k")
    assert now["Body"].read() == b"x" * (size + 3)
    assert now["SSEKMSKeyId"] == to.key_arn
    kept = [name for name in ABOUT if name != "Tagging"]
    assert {name: now.get(name) for name in kept} == {name: before.get(name) for name in kept}
    assert len(plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"]) == 2


@pytest.mark.parametrize("by", ["metadata", "tags", "date"])
def test_same_content_written_meanwhile(
    by: str, s3: SecureS3Client, plain: Any, to: SseKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object whose metadata or tags change while its parts are copied stays as it is then."""
    monkeypatch.setattr(copying, "_SINGLE_BYTES", 0)
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"x", Tagging="a=1", **dsse(to))
    new = [{"Key": "a", "Value": "2"}]

    def change(**_: Any) -> None:
        if by == "tags":
            plain.put_object_tagging(Bucket=BUCKET, Key="k", Tagging={"TagSet": new})
        elif by == "metadata":
            plain.put_object(
                Bucket=BUCKET, Key="k", Body=b"x", Tagging="a=1", Metadata={"n": "1"}, **dsse(to)
            )

    s3.boto3.meta.events.register("before-call.s3.UploadPartCopy", change)
    if by == "date":
        seen = copying.Copying._look

        def later(self: Any, *given: Any, **more: Any) -> Any:
            return {**seen(self, *given, **more), "LastModified": datetime(2030, 1, 1, tzinfo=timezone.utc)}

        monkeypatch.setattr(copying.Copying, "_look", later)
    with pytest.raises(BatchFailed) as caught:
        s3.reencrypt(BUCKET, to=to)
    assert isinstance(caught.value.results.failed[0].error, ObjectChanged)
    assert head(plain, "k")["ServerSideEncryption"] == "aws:kms:dsse"
    assert head(plain, "k")["Metadata"] == ({"n": "1"} if by == "metadata" else {})
    assert "Uploads" not in plain.list_multipart_uploads(Bucket=BUCKET)


@pytest.mark.parametrize("algorithm", ["SHA256", "CRC32", None])
def test_checksum_stays(
    algorithm: str | None, s3: SecureS3Client, plain: Any, to: SseKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that is copied in parts is summed by the algorithm that it was summed by before."""
    monkeypatch.setattr(copying, "_SINGLE_BYTES", 0)
    given = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"x", **given, **dsse(to))
    before = plain.head_object(Bucket=BUCKET, Key="k", ChecksumMode="ENABLED")
    asked: list[Any] = []
    s3.boto3.meta.events.register(
        "provide-client-params.s3.CreateMultipartUpload", lambda params, **_: asked.append(dict(params))
    )
    s3.reencrypt(BUCKET, to=to)
    (one,) = asked
    told = [name.removeprefix("Checksum") for name in before if re.fullmatch("Checksum(SHA|CRC).*", name)]
    assert algorithm is None or told == [algorithm]
    assert one.get("ChecksumAlgorithm") == (told[0] if told else None)
    assert one.get("ChecksumType") == (
        "COMPOSITE" if algorithm == "SHA256" else "FULL_OBJECT" if told else None
    )


def test_left_alone_until_it_can_be_done(s3: SecureS3Client, plain: Any, to: SseKms, tmp_path: Path) -> None:
    """What was left alone because of the arguments is done by a later run, with the same journal."""
    plain.put_object(Bucket=BUCKET, Key="a", Body=b"a", **dsse(to))
    plain.put_object(Bucket=BUCKET, Key="b", Body=b"b", **WITH_OLD)
    journal = tmp_path / "journal"
    first = s3.reencrypt(BUCKET, to=to, resume=journal, in_place_only=True)
    assert counts(first) == {"skipped": 2}
    seen = sent(s3)
    assert counts(s3.reencrypt(BUCKET, to=to, resume=journal, in_place_only=True)) == {"skipped": 2}
    assert not seen
    second = s3.reencrypt(BUCKET, to=to, resume=journal)
    assert (counts(second), second.earlier) == ({"copied": 1, "skipped": 1}, {"skipped": 1})
    last = s3.reencrypt(BUCKET, to=to, resume=journal, source_encryption=OLD)
    assert (counts(last), last.reasons) == ({"copied": 2}, {})
    assert counts(s3.reencrypt(BUCKET, to=to, resume=journal)) == {"copied": 2}


def test_journal_of_another_endpoint(s3: SecureS3Client, plain: Any, to: SseKms, tmp_path: Path) -> None:
    """A bucket of the same name elsewhere is another: its journal is refused and stays as it is."""
    journal = tmp_path / "journal"
    s3.reencrypt(BUCKET, to=to, resume=journal)
    there = urlsplit(plain.meta.endpoint_url).netloc
    text = journal.read_text()
    journal.write_text(text.replace(there, "s3.eu-west-1.amazonaws.com"))
    with pytest.raises(ConfigurationError, match=r"endpoint is 's3\.eu-west-1"):
        s3.reencrypt(BUCKET, to=to, resume=journal)
    assert there in text
    assert there not in journal.read_text()


def test_some_fail(s3: SecureS3Client, plain: Any, local_aws: LocalAws, to: SseKms, tmp_path: Path) -> None:
    """An object that fails stops no other; with a journal it is the only one that is tried again."""
    fill(plain, 3)
    bad = local_aws.create_key()
    plain.put_object(Bucket=BUCKET, Key="a/bad", ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=bad)
    local_aws.disable_key(bad)
    journal = tmp_path / "journal"
    with pytest.raises(BatchFailed, match="1 of 4") as caught:
        s3.reencrypt(BUCKET, to=to, resume=journal)
    result = caught.value.results
    assert counts(result) == {"updated": 3, "failed": 1}
    assert [each.path for each in result.failed] == [f"s3://{BUCKET}/a/bad"]
    assert isinstance(result.failed[0].error, KeyUnavailable)
    json.dumps(result.to_dict())
    local_aws.enable_key(bad)
    seen = sent(s3)
    again = s3.reencrypt(BUCKET, to=to, resume=journal)
    assert counts(again) == {"updated": 3, "copied": 1}
    assert (again.resumed, again.earlier) == (4, {"updated": 3})
    assert "3 updated in place, 3 of them in earlier runs\n" in str(again)
    assert "1 copied onto themselves\n" in str(again)
    assert again.complete
    assert dict(seen) == {"HeadObject": 2, "CopyObject": 1}


def test_part_of_it(s3: SecureS3Client, plain: Any, to: SseKms, tmp_path: Path) -> None:
    """max_keys looks at so many; with a journal the next run goes on after them; progress hears of each."""
    fill(plain, 5)
    heard: list[Any] = []
    options: dict[str, Any] = {"to": to, "resume": tmp_path / "journal", "max_keys": 2}
    first = s3.reencrypt(BUCKET, progress=heard.append, **options)
    assert counts(first) == {"updated": 2}
    assert not first.complete
    assert sorted(each.key for each in heard) == ["a/0000", "a/0001"]
    second = s3.reencrypt(BUCKET, **options)
    assert (counts(second), second.earlier) == ({"updated": 4}, {"updated": 2})
    last = s3.reencrypt(BUCKET, **options)
    assert counts(last) == {"updated": 5}
    assert last.complete
    assert not s3.reencrypt(BUCKET, to=to, max_keys=1).complete


def test_what_stops_it(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """Ctrl-C in the callback stops the run, and brings what was done; nothing is under way any more."""
    fill(plain, 12)

    def interrupt(settled: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        s3.reencrypt(BUCKET, to=to, workers=2, progress=interrupt)
    assert caught.value.results.total == 1  # type: ignore[attr-defined]
    seen = sent(s3)
    assert counts(s3.reencrypt(BUCKET, to=to, dry_run=True))["updated"] > 5
    assert seen["UpdateObjectEncryption"] == 0


def test_expired(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """Credentials that are refused end the run at once."""
    fill(plain, 9)
    expired = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
    answer_with(s3, "UpdateObjectEncryption", 400, expired, probe=404)
    with pytest.raises(CredentialsRefused) as caught:
        s3.reencrypt(BUCKET, to=to)
    assert caught.value.results.counts["updated"] == 0  # type: ignore[attr-defined]


def test_deleted_meanwhile(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """An object that is deleted after it was listed is no failure."""
    fill(plain, 2)

    def delete(**_: Any) -> None:
        plain.delete_object(Bucket=BUCKET, Key="a/0001")

    s3.boto3.meta.events.register("before-call.s3.HeadObject", delete)
    assert s3.reencrypt(BUCKET, to=to).reasons == {GONE: 1}
    with pytest.raises(NotFound):
        s3.reencrypt("amzn-s3-demo-missing", to=to)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"to": ClientSide(RawAesKey("k", b"k" * 32))}, "client-side"),
    ({"to": "sse-s3"}, "not an encryption strategy"),
    ({"workers": 0}, "workers=0"),
    ({"workers": True}, "workers=True"),
    ({"max_keys": 0}, "max_keys=0"),
    ({"dry_run": True, "resume": "journal"}, "no journal"),
    ({"source_encryption": SseS3()}, "source_encryption="),
    ({"bucket": "amzn-s3-demo--euw1-az1--x-s3"}, "directory bucket"),
    ({"bucket": "s3://b"}, "is a URL"),
    ({"prefix": None}, "prefix=None"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_refused(given: dict[str, Any], said: str) -> None:
    """What cannot be meant is refused before anything is sent."""
    from tests.bucket.support import client

    arguments: dict[str, Any] = {"bucket": BUCKET, "prefix": "", "to": SseS3(), **given}
    with client() as s3, pytest.raises(ConfigurationError, match=said):
        s3.reencrypt(arguments.pop("bucket"), arguments.pop("prefix"), **arguments)


def test_profile(plain: Any, to: SseKms, local_aws: LocalAws) -> None:
    """What the profile does not allow is not written by this way either."""
    profile = SecurityProfile(name="kms", allowed_strategies=frozenset({"SseKms"}))
    with local_aws.client(to, profile=profile) as s3, pytest.raises(NotAllowedByProfile):
        s3.reencrypt(BUCKET, to=SseS3())


_KILLED = """
import os, signal, sys
from secure_s3 import SecureS3Client
from secure_s3.bucket.reencryption import listing
listing.PAGE, seen = 10, []
def progress(settled):
    seen.append(settled)
    if len(seen) == 15:
        os.kill(os.getpid(), signal.SIGKILL)
SecureS3Client.from_env().reencrypt(sys.argv[1], resume=sys.argv[2], progress=progress)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws, tmp_path: Path) -> None:
    """A job whose process was killed goes on where it was, and writes nothing twice."""
    count, journal = 25, tmp_path / "journal"
    fill(plain, count)
    told = {name: each for name, each in os.environ.items() if not name.startswith("AWS_")}
    told |= {name: each for name, each in local_aws.environment().items() if name != "AWS_CA_BUNDLE"}
    words = [sys.executable, "-c", _KILLED, BUCKET, str(journal)]
    ended = subprocess.run(words, env=told, capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    seen = sent(s3)
    result = s3.reencrypt(BUCKET, resume=journal)
    assert (result.resumed, result.total, result.complete) == (15, count, True)
    # What was under way when the process was killed is found to be right already.
    assert counts(result).keys() <= {"updated", "already"}
    assert seen["HeadObject"] == 10 + seen["UpdateObjectEncryption"] - 1
    assert sum(counts(result).values()) - 15 == 10
    assert counts(s3.reencrypt(BUCKET, to=to, dry_run=True)) == {"already": count}
