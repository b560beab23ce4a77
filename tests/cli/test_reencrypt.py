"""``secure-s3 reencrypt``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_s3.local import LocalAws

from .conftest import BUCKET, Run


@pytest.fixture
def plain(local_aws: LocalAws, bucket: str) -> Iterator[Any]:
    """A plain client of the bucket, in which two objects are under SSE-S3."""
    client = local_aws.session().client("s3")
    for key in ("a/1", "a/2"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"12")
    yield client
    client.close()


def test_from_plan_to_done(run: Callable[..., Run], plain: Any, local_aws: LocalAws, tmp_path: Path) -> None:
    """A dry run finds what is to be done and exits with 1; then it is done; then nothing is left."""
    words = ("reencrypt", f"s3://{BUCKET}/a/", "--to", "sse-kms")
    planned = run(*words, "--dry-run")
    assert planned.code == 1
    assert "2 would be updated in place" in planned.out
    journal = tmp_path / "journal"
    done = run(*words, "--key", local_aws.kms_key_arn, "--resume", journal, "--json")
    assert done.code == 0
    assert done.json["counts"] == {"updated": 2, "copied": 0, "already": 0, "skipped": 0, "failed": 0}
    assert plain.head_object(Bucket=BUCKET, Key="a/1")["BucketKeyEnabled"]
    again = run(*words)
    assert (again.code, again.err) == (0, "")
    assert "2 right already" in again.out
    assert "2 objects" in again.out
    for name in (BUCKET, f"arn:aws:s3:::{BUCKET}"):
        whole = run("reencrypt", name, *words[2:], "--dry-run")
        assert (whole.code, f"s3://{BUCKET}/ to" in whole.out) == (0, True)
    resumed = run(*words, "--key", local_aws.kms_key_arn, "--resume", journal)
    assert "2 updated in place, 2 of them in earlier runs" in resumed.out
    assert "4 bytes in all runs; " in resumed.out


def test_what_is_left(run: Callable[..., Run], plain: Any, local_aws: LocalAws, tmp_path: Path) -> None:
    """An object that is left alone exits with 1; one whose key is refused with 3, and both are shown."""
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key.read_bytes()}
    plain.put_object(Bucket=BUCKET, Key="c", Body=b"1", **customer)
    words = ("reencrypt", f"s3://{BUCKET}", "--to", "dsse-kms")
    left = run(*words)
    assert left.code == 1
    assert "1 it is under SSE-C" in left.out
    assert run(*words, "--source-sse-c-key-file", key).code == 0
    local_aws.disable_key(local_aws.kms_key_arn)
    failed = run("reencrypt", f"s3://{BUCKET}", "--to", "sse-s3")
    assert failed.code == 3
    assert "3 failed" in failed.out
    assert f"s3://{BUCKET}/a/1" in failed.err
    told = run("reencrypt", f"s3://{BUCKET}", "--to", "sse-s3", "--json")
    assert told.json["results"]["counts"]["failed"] == 3


def test_manifest(run: Callable[..., Run], plain: Any, tmp_path: Path) -> None:
    """A manifest is written, and nothing re-encrypted."""
    path = tmp_path / "m.csv"
    told = run("reencrypt", f"s3://{BUCKET}/a/", "--manifest", path)
    assert (told.code, told.out) == (0, f"{path}: 2 objects, 4 bytes\n")
    assert path.read_text() == f"{BUCKET},a/1\n{BUCKET},a/2\n"
    assert run("reencrypt", f"s3://{BUCKET}", "--manifest", f"s3://{BUCKET}/m", "--json").json["etag"]
    assert plain.head_object(Bucket=BUCKET, Key="a/1")["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "not named"),
        (("--to", "sse-s3", "--key", "arn:aws:kms:eu-west-1:111122223333:key/1234"), "--key is for"),
        (("--to", "dsse-kms", "--no-bucket-key"), "--no-bucket-key is for"),
        (("--to", "sse-c"), "needs a key"),
        (("--to", "sse-kms", "--key", "alias/app"), "alias/app"),
        (("--to", "client-side"), "invalid choice"),
        (("--to", "sse-s3", "--workers", "0"), "workers=0"),
        (("--to", "sse-s3", "--dry-run", "--resume", "journal"), "no journal"),
        (("--manifest", "m.csv", "--dry-run"), "writes a list"),
    ],
)
def test_usage(
    words: tuple[str, ...], said: str, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be meant exits with 2, and nothing is sent."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    told = run("reencrypt", f"s3://{BUCKET}", *words)
    assert told.code == 2
    assert said in told.err


def test_what_is_no_place(run: Callable[..., Run]) -> None:
    """A prefix without s3:// is refused: it may be a file."""
    told = run("reencrypt", f"{BUCKET}/a/", "--to", "sse-s3")
    assert (told.code, "is not an S3 URL" in told.err) == (2, True)
