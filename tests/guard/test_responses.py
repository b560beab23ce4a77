"""Answer checks as pure functions: silence is no confirmation."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.encryption.operations import CUSTOMER_KEY_ECHOED, WRITES
from secure_s3.guard.responses import check_answer
from tests.guard.support import KEY_ARN, LABELS, OTHER_ARN, strategy

OK = {"ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": "R1"}}
MORE = {"ETag": '"0"', "BucketKeyEnabled": True}
CONTINUING = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "PutObjectAnnotation")
READING = ("GetObject", "HeadObject", "ListObjectsV2", "DeleteObject", "CreateBucket")


def answer(label: str, operation: str) -> dict[str, Any]:
    """A right answer, written down by hand."""
    algorithm = {"sse-s3": "AES256", "dsse-kms": "aws:kms:dsse", "sse-c": None}.get(label, "aws:kms")
    told: dict[str, Any] = {"ServerSideEncryption": algorithm} if algorithm else {}
    if label == "sse-c":
        members = strategy("sse-c").parameters("PutObject")
        told = {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": members["SSECustomerKeyMD5"]}
    elif "kms" in label:
        told["SSEKMSKeyId"] = KEY_ARN
    return {**OK, **MORE, **told}


def check(parsed: dict[str, Any], operation: str, label: str) -> None:
    check_answer(parsed, operation, strategy(label), bucket="b", key="k")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_right_answer_confirms(label: str, operation: str) -> None:
    """An answer that shows algorithm and key is accepted."""
    check(answer(label, operation), operation, label)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_silence_does_not_confirm(label: str, operation: str) -> None:
    """An answer to a write that shows nothing, or lacks one of the members, is refused."""
    with pytest.raises(errors.EncryptionNotConfirmed):
        check(dict(OK), operation, label)
    for member in strategy(label).answer(operation):
        lacking = {name: value for name, value in answer(label, operation).items() if name != member}
        with pytest.raises(errors.EncryptionNotConfirmed, match=member) as caught:
            check(lacking, operation, label)
        assert (caught.value.operation, caught.value.bucket, caught.value.key) == (operation, "b", "k")
        assert caught.value.request_id == "R1"


WRONG: list[tuple[str, str, Any]] = [
    ("sse-kms", "ServerSideEncryption", "AES256"),
    ("sse-kms", "ServerSideEncryption", "aws:kms:dsse"),
    ("sse-kms", "ServerSideEncryption", ""),
    ("sse-kms", "ServerSideEncryption", "AWS:KMS"),
    ("sse-kms", "SSEKMSKeyId", OTHER_ARN),
    ("sse-kms", "SSEKMSKeyId", KEY_ARN.rpartition("/")[2]),
    ("sse-kms", "SSEKMSKeyId", ""),
    ("dsse-kms", "ServerSideEncryption", "aws:kms"),
    ("dsse-kms", "SSEKMSKeyId", OTHER_ARN),
    ("sse-s3", "ServerSideEncryption", "aws:kms"),
    ("sse-s3", "ServerSideEncryption", None),
    ("sse-c", "SSECustomerKeyMD5", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ("sse-c", "SSECustomerAlgorithm", "AES128"),
]


@pytest.mark.parametrize(("label", "member", "got"), WRONG)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_another_encryption_is_refused(operation: str, label: str, member: str, got: Any) -> None:
    """An answer that shows another algorithm or key is refused."""
    with pytest.raises(errors.EncryptionNotConfirmed, match=member):
        check({**answer(label, operation), member: got}, operation, label)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", CONTINUING)
def test_parts_and_completions_may_be_silent(label: str, operation: str) -> None:
    """Parts and completions inherit what was confirmed: they may say nothing, or the same."""
    check(dict(OK), operation, label)
    check(answer(label, operation), operation, label)


@pytest.mark.parametrize(("label", "member", "got"), [row for row in WRONG if row[2]])
@pytest.mark.parametrize("operation", CONTINUING)
def test_parts_and_completions_must_not_contradict(operation: str, label: str, member: str, got: Any) -> None:
    """Parts and completions that show another encryption are refused."""
    with pytest.raises(errors.EncryptionNotConfirmed):
        check({**OK, member: got}, operation, label)


@pytest.mark.parametrize("label", ["sse-kms", "sse-kms-context", "dsse-kms", "sse-s3"])
@pytest.mark.parametrize("operation", READING)
def test_server_side_reads_demand_nothing(label: str, operation: str) -> None:
    """Under a server-side strategy objects of any encryption can be read."""
    check(dict(OK), operation, label)


@pytest.mark.parametrize("operation", sorted(CUSTOMER_KEY_ECHOED - {"UploadPart", "UploadPartCopy"}))
def test_customer_key_reads_are_confirmed(operation: str) -> None:
    """Under SSE-C a read whose answer does not repeat the key's MD5 is refused."""
    check(answer("sse-c", operation), operation, "sse-c")
    with pytest.raises(errors.EncryptionNotConfirmed):
        check(dict(OK), operation, "sse-c")


def test_an_answer_without_metadata_is_checked() -> None:
    """An answer without request metadata is still checked."""
    with pytest.raises(errors.EncryptionNotConfirmed):
        check({}, "PutObject", "sse-s3")
