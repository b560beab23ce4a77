"""Server-side encryption as S3 does it: SSE-C, SSE-KMS, DSSE-KMS and the default."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

B = "amzn-s3-demo-bucket"
KEY, OTHER = b"k" * 32, b"o" * 32


def _c(key: bytes = KEY) -> dict[str, Any]:
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def _source(key: bytes = KEY) -> dict[str, Any]:
    return {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}


def _is_sse_c(answer: dict[str, Any], key: bytes = KEY) -> bool:
    md5 = base64.b64encode(hashlib.md5(key).digest()).decode()
    return answer.get("SSECustomerKeyMD5") == md5 and "ServerSideEncryption" not in answer


def _multipart(s3: Any, key: str, begin: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    created = s3.create_multipart_upload(Bucket=B, Key=key, **begin)
    where = {"Bucket": B, "Key": key, "UploadId": created["UploadId"]}
    sent = s3.upload_part(**where, PartNumber=1, Body=b"part", **part)
    parts = {"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]}
    done = s3.complete_multipart_upload(**where, MultipartUpload=parts)
    return {"created": created, "sent": sent, "done": done}


def test_sse_c(s3: Any) -> None:
    """An SSE-C object comes back with its key, and every answer names it and no other encryption."""
    assert _is_sse_c(s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c()))
    got = s3.get_object(Bucket=B, Key="k", **_c())
    assert got["Body"].read() == b"secret"
    assert _is_sse_c(got)
    assert _is_sse_c(s3.head_object(Bucket=B, Key="k", **_c()))


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_sse_c_without_or_with_wrong_key(s3: Any, refused: Any, operation: str) -> None:
    """Without its key an SSE-C object is a bad request, with another it is forbidden."""
    s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c())
    call = getattr(s3, operation)
    assert refused(call, Bucket=B, Key="k")[0] == 400
    assert refused(call, Bucket=B, Key="k", **_c(OTHER))[0] == 403


def test_sse_c_error_texts(s3: Any, refused: Any) -> None:
    """The refusals carry S3's codes, and the missing key S3's sentence."""
    s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c())
    with pytest.raises(ClientError, match="stored using a form of Server Side Encryption"):
        s3.get_object(Bucket=B, Key="k")
    assert refused(s3.get_object, Bucket=B, Key="k") == (400, "InvalidRequest")
    assert refused(s3.get_object, Bucket=B, Key="k", **_c(OTHER)) == (403, "AccessDenied")
    attributes = {"ObjectAttributes": ["ETag"]}
    assert refused(s3.get_object_attributes, Bucket=B, Key="k", **attributes) == (400, "InvalidRequest")


def test_sse_c_key_for_another_object(s3: Any, refused: Any) -> None:
    """A customer key for an object that has none is a bad request."""
    s3.put_object(Bucket=B, Key="k", Body=b"plain")
    assert refused(s3.get_object, Bucket=B, Key="k", **_c()) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    "wrong",
    [
        {"SSECustomerKey": b"short"},
        {"SSECustomerKey": b"k" * 33},
        # With an MD5 of the caller's, boto3 sends the key as it stands.
        {
            "SSECustomerKey": base64.b64encode(KEY).decode(),
            "SSECustomerKeyMD5": base64.b64encode(b"0" * 16).decode(),
        },
        {"SSECustomerKey": "no base64!", "SSECustomerKeyMD5": base64.b64encode(b"0" * 16).decode()},
    ],
)
def test_sse_c_malformed(s3: Any, refused: Any, wrong: dict[str, Any]) -> None:
    """A key of the wrong length or with the wrong MD5 is an invalid argument, and stores nothing."""
    assert refused(s3.put_object, Bucket=B, Key="k", Body=b"x", **{**_c(), **wrong}) == (
        400,
        "InvalidArgument",
    )
    assert refused(s3.head_object, Bucket=B, Key="k")[0] == 404


def test_sse_c_multipart(s3: Any, refused: Any) -> None:
    """Every part of an SSE-C upload needs the key, and the whole can only be read with it."""
    answers = _multipart(s3, "k", _c(), _c())
    assert _is_sse_c(answers["created"])
    assert _is_sse_c(answers["sent"])
    assert "ServerSideEncryption" not in answers["done"]
    assert refused(s3.get_object, Bucket=B, Key="k") == (400, "InvalidRequest")
    assert s3.get_object(Bucket=B, Key="k", **_c())["Body"].read() == b"part"
    upload = s3.create_multipart_upload(Bucket=B, Key="m", **_c())["UploadId"]
    where = {"Bucket": B, "Key": "m", "UploadId": upload, "PartNumber": 1, "Body": b"x"}
    assert refused(s3.upload_part, **where) == (400, "InvalidRequest")
    assert refused(s3.upload_part, **where, **_c(OTHER)) == (400, "InvalidRequest")
    plain = s3.create_multipart_upload(Bucket=B, Key="m")["UploadId"]
    assert refused(s3.upload_part, **{**where, "UploadId": plain}, **_c()) == (400, "InvalidRequest")


def test_sse_c_copy(s3: Any, refused: Any) -> None:
    """Copying from an SSE-C object needs its key as the source's, and the copy has only its own."""
    s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c())
    to = {"Bucket": B, "Key": "copy", "CopySource": f"{B}/k"}
    assert refused(s3.copy_object, **to) == (400, "InvalidRequest")
    assert refused(s3.copy_object, **to, **_source(OTHER)) == (403, "AccessDenied")
    assert _is_sse_c(s3.copy_object(**to, **_source(), **_c(OTHER)), OTHER)
    assert refused(s3.get_object, Bucket=B, Key="copy", **_c()) == (403, "AccessDenied")
    assert s3.get_object(Bucket=B, Key="copy", **_c(OTHER))["Body"].read() == b"secret"
    assert s3.copy_object(**to, **_source())["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=B, Key="copy")["Body"].read() == b"secret"


def test_sse_c_rotation_in_place(s3: Any, refused: Any) -> None:
    """An SSE-C object copied onto itself with a new key can only be read with the new one."""
    s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c())
    s3.copy_object(Bucket=B, Key="k", CopySource=f"{B}/k", **_source(), **_c(OTHER))
    assert refused(s3.get_object, Bucket=B, Key="k", **_c()) == (403, "AccessDenied")
    assert s3.get_object(Bucket=B, Key="k", **_c(OTHER))["Body"].read() == b"secret"


def test_sse_c_part_copy(s3: Any, refused: Any) -> None:
    """UploadPartCopy from an SSE-C object needs the source's key."""
    s3.put_object(Bucket=B, Key="k", Body=b"secret", **_c())
    upload = s3.create_multipart_upload(Bucket=B, Key="m")["UploadId"]
    where = {"Bucket": B, "Key": "m", "UploadId": upload, "PartNumber": 1, "CopySource": f"{B}/k"}
    assert refused(s3.upload_part_copy, **where) == (400, "InvalidRequest")
    assert s3.upload_part_copy(**where, **_source())["CopyPartResult"]["ETag"]


def test_versions_keep_their_encryption(s3: Any, refused: Any, local_aws: Any) -> None:
    """Each version remembers its own encryption."""
    s3.put_bucket_versioning(Bucket=B, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=B, Key="k", Body=b"1", **_c())["VersionId"]
    s3.put_object(
        Bucket=B, Key="k", Body=b"2", ServerSideEncryption="aws:kms", SSEKMSKeyId=local_aws.kms_key_arn
    )
    assert s3.get_object(Bucket=B, Key="k")["ServerSideEncryption"] == "aws:kms"
    assert refused(s3.get_object, Bucket=B, Key="k", VersionId=first) == (400, "InvalidRequest")
    assert s3.get_object(Bucket=B, Key="k", VersionId=first, **_c())["Body"].read() == b"1"


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
@pytest.mark.parametrize("form", ["arn", "id", "alias"])
def test_kms(s3: Any, local_aws: Any, algorithm: str, form: str) -> None:
    """Every answer names the algorithm and the key's full ARN, in whichever form the key was given."""
    arn = local_aws.kms_key_arn
    kms = local_aws.session().client("kms")
    kms.create_alias(AliasName="alias/app", TargetKeyId=arn)
    kms.close()
    given = {"arn": arn, "id": arn.split("/")[1], "alias": "alias/app"}[form]
    sealed = {"ServerSideEncryption": algorithm, "SSEKMSKeyId": given}
    answers = _multipart(s3, "m", sealed, {})
    copied = s3.copy_object(Bucket=B, Key="c", CopySource=f"{B}/m", **sealed)
    put = s3.put_object(Bucket=B, Key="k", Body=b"x", **sealed)
    got, head = s3.get_object(Bucket=B, Key="k"), s3.head_object(Bucket=B, Key="m")
    for answer in (*answers.values(), copied, put, got, head):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == (algorithm, arn)
        assert "BucketKeyEnabled" not in answer


def test_bucket_key(s3: Any, local_aws: Any) -> None:
    """A bucket key is confirmed wherever it was asked for."""
    sealed = {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": local_aws.kms_key_arn,
        "BucketKeyEnabled": True,
    }
    answers = _multipart(s3, "m", sealed, {})
    put = s3.put_object(Bucket=B, Key="k", Body=b"x", **sealed)
    for answer in (
        *answers.values(),
        put,
        s3.get_object(Bucket=B, Key="m"),
        s3.head_object(Bucket=B, Key="k"),
    ):
        assert answer["BucketKeyEnabled"] is True


def test_default_is_aes256(s3: Any) -> None:
    """Without a word about encryption, every answer says AES256."""
    answers = _multipart(s3, "m", {}, {})
    copied = s3.copy_object(Bucket=B, Key="c", CopySource=f"{B}/m")
    put = s3.put_object(Bucket=B, Key="k", Body=b"x")
    for answer in (
        *answers.values(),
        copied,
        put,
        s3.get_object(Bucket=B, Key="k"),
        s3.head_object(Bucket=B, Key="m"),
    ):
        assert answer["ServerSideEncryption"] == "AES256"


def test_bucket_default(s3: Any, local_aws: Any) -> None:
    """The bucket's default encryption applies to what asks for none, and not to what does."""
    apply = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": local_aws.kms_key_arn}
    rule = {"ApplyServerSideEncryptionByDefault": apply, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=B, ServerSideEncryptionConfiguration={"Rules": [rule]})
    answers = _multipart(s3, "m", {}, {})
    put = s3.put_object(Bucket=B, Key="k", Body=b"x")
    for answer in (*answers.values(), put, s3.get_object(Bucket=B, Key="k")):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", local_aws.kms_key_arn)
        assert answer["BucketKeyEnabled"] is True
    plain = s3.put_object(Bucket=B, Key="p", Body=b"x", ServerSideEncryption="AES256")
    assert plain["ServerSideEncryption"] == "AES256"
    assert "SSEKMSKeyId" not in s3.head_object(Bucket=B, Key="p")
    assert _is_sse_c(s3.put_object(Bucket=B, Key="c", Body=b"x", **_c()))


def test_aws_managed_key(s3: Any) -> None:
    """aws:kms without a key takes the AWS managed one, and says which."""
    put = s3.put_object(Bucket=B, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert put["SSEKMSKeyId"].startswith("arn:aws:kms:eu-west-1:111122223333:key/")


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_unknown_kms_key(s3: Any, refused: Any, algorithm: str) -> None:
    """A key that does not exist, or lives in another region or account, is refused on every way in."""
    s3.put_object(Bucket=B, Key="k", Body=b"x")
    for arn in (
        "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "alias/none",
    ):
        sealed = {"Bucket": B, "Key": "n", "ServerSideEncryption": algorithm, "SSEKMSKeyId": arn}
        assert refused(s3.put_object, Body=b"x", **sealed) == (400, "KMS.NotFoundException")
        assert refused(s3.create_multipart_upload, **sealed) == (400, "KMS.NotFoundException")
        assert refused(s3.copy_object, CopySource=f"{B}/k", **sealed) == (400, "KMS.NotFoundException")
    assert refused(s3.head_object, Bucket=B, Key="n")[0] == 404


def test_disabled_kms_key(s3: Any, refused: Any, local_aws: Any) -> None:
    """A disabled key neither encrypts nor decrypts; enabled again, it does both."""
    arn = local_aws.create_key()
    sealed = {"Bucket": B, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    s3.put_object(Body=b"x", **sealed)
    upload = s3.create_multipart_upload(**sealed)["UploadId"]
    local_aws.disable_key(arn)
    disabled = (400, "KMS.DisabledException")
    assert refused(s3.put_object, Body=b"x", **sealed) == disabled
    assert refused(s3.get_object, Bucket=B, Key="k") == disabled
    assert refused(s3.copy_object, Bucket=B, Key="c", CopySource=f"{B}/k") == disabled
    assert refused(s3.upload_part, Bucket=B, Key="k", UploadId=upload, PartNumber=1, Body=b"x") == disabled
    assert s3.head_object(Bucket=B, Key="k")["SSEKMSKeyId"] == arn
    local_aws.enable_key(arn)
    assert s3.get_object(Bucket=B, Key="k")["Body"].read() == b"x"


def test_kms_key_pending_deletion(s3: Any, refused: Any, local_aws: Any) -> None:
    """A key that waits for its deletion cannot be used."""
    arn = local_aws.create_key()
    sealed = {"Bucket": B, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    s3.put_object(Body=b"x", **sealed)
    kms = local_aws.session().client("kms")
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    kms.close()
    assert refused(s3.get_object, Bucket=B, Key="k") == (400, "KMS.KMSInvalidStateException")
    assert refused(s3.put_object, Body=b"y", **sealed) == (400, "KMS.KMSInvalidStateException")


@pytest.mark.parametrize(
    "wrong",
    [
        {**_c(), "ServerSideEncryption": "aws:kms"},
        {**_c(), "ServerSideEncryption": "AES256"},
        {"SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
        {"ServerSideEncryption": "AES256", "SSEKMSKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
        {"ServerSideEncryption": "rot13"},
        {"ServerSideEncryption": "AES256", "SSEKMSEncryptionContext": base64.b64encode(b"{}").decode()},
        {"ServerSideEncryption": "aws:kms", "SSEKMSEncryptionContext": "no base64"},
    ],
)
def test_contradictions(s3: Any, refused: Any, wrong: dict[str, Any]) -> None:
    """Encryption headers that contradict each other are refused, and nothing is stored."""
    assert refused(s3.put_object, Bucket=B, Key="k", Body=b"x", **wrong) == (400, "InvalidArgument")
    assert refused(s3.create_multipart_upload, Bucket=B, Key="k", **wrong) == (400, "InvalidArgument")
    assert refused(s3.head_object, Bucket=B, Key="k")[0] == 404


def test_no_key_in_answers(s3: Any) -> None:
    """No refusal repeats a customer key."""
    wrong = b"this is not 32 bytes"
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=B, Key="k", Body=b"x", **_c(wrong))
    assert base64.b64encode(wrong).decode() not in repr(caught.value.response)
