"""Uploads through a server that goes wrong: no object, no parts, and the right error."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_s3 import SecureS3Client, errors
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import BUCKET, PART, SMALL_PARTS, Place, content, crc32

SINGLE, MULTI = 2 * (1 << 20), 2 * PART + 1
SIZES = pytest.mark.parametrize("size", [1000, SINGLE, MULTI], ids=["small", "single", "multipart"])
ALWAYS = 10**6
SSE = "x-amz-server-side-encryption"


def _body(seen: fault.SeenRequest) -> bool:
    """A request that carries content: PutObject, or the second part."""
    return seen.method == "PUT" and seen.parameters.get("partNumber", "2") == "2"


def _creation(seen: fault.SeenRequest) -> bool:
    return seen.method == "POST" and "uploads" in seen.parameters


def _completion(seen: fault.SeenRequest) -> bool:
    return seen.method == "POST" and "uploadId" in seen.parameters


def _up(s3: SecureS3Client, size: int, **more: Any) -> Any:
    return s3.upload_fileobj(io.BytesIO(content(size)), BUCKET, "k", Config=SMALL_PARTS, **more)


FATAL = {
    "reset-before": (fault.reset_before_body, errors.TransportError),
    "reset-after": (fault.reset_after_body, errors.TransportError),
    "stall": (fault.stall(5, forward=False), errors.TransportError),
    "slow-down": (fault.slow_down, errors.Throttled),
    "internal": (fault.s3_error(500, "InternalError"), errors.ServiceError),
    "denied": (fault.s3_error(403, "AccessDenied"), errors.AccessDenied),
    "bad-digest": (fault.s3_error(400, "BadDigest"), errors.InvalidRequest),
    "no-bucket": (fault.s3_error(404, "NoSuchBucket"), errors.NotFound),
    "kms": (fault.s3_error(400, "KMS.DisabledException"), errors.KeyUnavailable),
    "redirect": (fault.redirect("http://localhost/"), errors.SecureS3Error),
}


@SIZES
@pytest.mark.parametrize("name", FATAL)
def test_lasting_faults_at_the_body(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, name: str, size: int
) -> None:
    """A fault that lasts at the content's request gives its error, with the cause, and leaves nothing."""
    action, expected = FATAL[name]
    proxy.inject(action, when=_body, times=ALWAYS)
    with pytest.raises(expected) as caught:
        _up(faulty, size)
    assert caught.value.__cause__ is not None
    assert (caught.value.bucket, caught.value.key) == (BUCKET, "k")
    if isinstance(caught.value, errors.ServiceError):
        assert isinstance(caught.value, ClientError)
        assert caught.value.response["Error"]["Code"] == caught.value.code
    place.assert_nothing()


@pytest.mark.parametrize("when", [_creation, _completion], ids=["creation", "completion"])
@pytest.mark.parametrize("name", FATAL)
def test_lasting_faults_around_the_parts(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, name: str, when: Any
) -> None:
    """A fault that lasts at the creation or the completion gives its error and leaves nothing."""
    action, expected = FATAL[name]
    proxy.inject(action, when=when, times=ALWAYS)
    with pytest.raises(expected):
        _up(faulty, MULTI)
    place.assert_nothing()


@SIZES
@pytest.mark.parametrize(
    "action",
    [
        fault.reset_before_body,
        fault.reset_after_body,
        fault.reset_after_forwarding,
        fault.stall(5),
        fault.slow_down,
        fault.s3_error(500, "InternalError"),
        fault.truncate_answer(keep=0),
    ],
    ids=["reset-before", "reset-after", "answer-lost", "stall", "slow-down", "internal", "truncated"],
)
def test_passing_faults(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, action: fault.Action, size: int
) -> None:
    """A fault that passes is mended by a retry with the very same bytes."""
    injected = proxy.inject(action, when=_body)
    total: list[int] = []
    receipt = _up(faulty, size, Callback=total.append)
    assert injected.hits == 1
    assert place.body() == content(size)
    assert receipt.checksum == f"CRC32:{crc32(content(size))}"
    assert sum(total) == size
    assert place.uploads() == []


@pytest.mark.parametrize("times", [1, ALWAYS], ids=["once", "always"])
@pytest.mark.parametrize(
    "action",
    [fault.reset_after_forwarding, fault.stall(5), fault.error_inside_200(forward=True)],
    ids=["reset", "stall", "error-inside-200"],
)
def test_completed_without_saying_so(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, action: fault.Action, times: int
) -> None:
    """A completion that worked, though the server never said so, is found by its checksum."""
    proxy.inject(action, when=_completion, times=times)
    receipt = _up(faulty, MULTI)
    assert (receipt.bytes, receipt.checksum) == (MULTI, f"CRC32:{crc32(content(MULTI))}")
    assert (receipt.algorithm, receipt.kms_key_id) == ("aws:kms", place.aws.kms_key_arn)
    assert place.body() == content(MULTI)
    assert place.uploads() == []


def test_same_object_of_somebody_else(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """An object with the same bytes but another encryption is not taken for the lost upload."""
    place.put(content(MULTI), ChecksumAlgorithm="CRC32", ServerSideEncryption="AES256")

    def vanish(exchange: fault.Exchange) -> None:
        upload = exchange.seen.parameters["uploadId"]
        place.plain.abort_multipart_upload(Bucket=BUCKET, Key="k", UploadId=upload)
        exchange.body()
        exchange.reset()

    proxy.inject(vanish, when=_completion)
    with pytest.raises(errors.NotFound, match="NoSuchUpload"):
        _up(faulty, MULTI)
    assert place.head()["ServerSideEncryption"] == "AES256"


def test_error_inside_200(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """An error inside a 200 at the completion is an error, and the parts are taken away."""
    proxy.inject(fault.error_inside_200(), when=_completion, times=ALWAYS)
    with pytest.raises(errors.ServiceError) as caught:
        _up(faulty, MULTI)
    assert caught.value.code == "InternalError"
    place.assert_nothing()


def test_error_inside_200_once(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """An error inside a 200 that passes is retried."""
    proxy.inject(fault.error_inside_200(), when=_completion)
    _up(faulty, MULTI)
    assert place.body() == content(MULTI)


@SIZES
def test_old_object_survives(place: Place, proxy: FaultyProxy, faulty: SecureS3Client, size: int) -> None:
    """The object that was there before survives an upload that fails."""
    place.put(b"old")
    proxy.inject(fault.slow_down, when=_body, times=ALWAYS)
    with pytest.raises(errors.Throttled):
        _up(faulty, size)
    assert place.body() == b"old"
    assert place.uploads() == []


def test_throttling_is_not_multiplied(proxy: FaultyProxy, place: Place, faulty: SecureS3Client) -> None:
    """A request that is throttled is sent as often as the profile says, and no more."""
    injected = proxy.inject(fault.slow_down, when=_body, times=ALWAYS)
    with pytest.raises(errors.Throttled) as caught:
        _up(faulty, 1000)
    assert injected.hits == faulty.profile.retries
    assert caught.value.status == 503


def test_denial_is_not_repeated(proxy: FaultyProxy, place: Place, faulty: SecureS3Client) -> None:
    """A refusal is not sent twice."""
    injected = proxy.inject(fault.s3_error(403, "AccessDenied"), when=_body, times=ALWAYS)
    with pytest.raises(errors.AccessDenied):
        _up(faulty, SINGLE)
    assert injected.hits == 1


def test_abort_fails_too(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """Where the parts cannot be taken away either, the error says so and names the upload."""
    proxy.inject(fault.s3_error(403, "AccessDenied"), when=_body, times=ALWAYS)
    proxy.inject(fault.s3_error(403, "AccessDenied"), method="DELETE", times=ALWAYS)
    with pytest.raises(errors.AccessDenied, match="parts could not be removed") as caught:
        _up(faulty, MULTI)
    left = place.plain.list_multipart_uploads(Bucket=BUCKET)["Uploads"][0]["UploadId"]
    assert left in caught.value.why
    assert caught.value.why.count(left) == 1


def test_first_error_wins(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """Of several parts that fail, the first failure is reported, not what it led to in the others."""
    proxy.inject(fault.s3_error(403, "AccessDenied"), query="partNumber=2", times=ALWAYS)
    proxy.inject(fault.stall(5, forward=False), query="partNumber=1", times=ALWAYS)
    with pytest.raises(errors.AccessDenied):
        _up(faulty, MULTI)
    place.assert_nothing()


# --- what the server says about the encryption -------------------------------------------------------

LIES = {
    "missing": fault.drop_header(SSE),
    "other": fault.set_header(SSE, "AES256"),
    "key-missing": fault.drop_header(f"{SSE}-aws-kms-key-id"),
    "key-other": fault.set_header(
        f"{SSE}-aws-kms-key-id",
        "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-12ab-34cd-56ef-1234567890ab",
    ),
}


@SIZES
@pytest.mark.parametrize("lie", LIES)
def test_encryption_not_confirmed(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, lie: str, size: int
) -> None:
    """An answer that does not show algorithm and key is refused, and what was stored is removed again."""
    proxy.inject(LIES[lie], when=lambda seen: _creation(seen) or seen.method == "PUT", times=1)
    with pytest.raises(errors.EncryptionNotConfirmed) as caught:
        _up(faulty, size)
    assert caught.value.bucket == BUCKET
    place.assert_nothing()
    if size == MULTI:
        assert not any("partNumber" in seen.parameters for seen in proxy.requests)


@pytest.mark.parametrize("lie", ["other", "key-other"])
@pytest.mark.parametrize("when", [_body, _completion], ids=["part", "completion"])
def test_encryption_contradicted_later(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, lie: str, when: Any
) -> None:
    """A part or a completion that contradicts what the creation confirmed is refused, and nothing stays."""
    proxy.inject(LIES[lie], when=when)
    with pytest.raises(errors.EncryptionNotConfirmed):
        _up(faulty, MULTI)
    place.assert_nothing()


@pytest.mark.parametrize("size", [1000, MULTI], ids=["single", "multipart"])
@pytest.mark.parametrize("header", ["algorithm", "key-md5"])
@pytest.mark.parametrize("how", ["missing", "other"])
def test_sse_c_not_confirmed(
    place: Place, proxy: FaultyProxy, faulty_sse_c: SecureS3Client, header: str, how: str, size: int
) -> None:
    """With SSE-C the answer must repeat the algorithm and the MD5 of the key."""
    name = f"{SSE}-customer-{header}"
    lie = fault.drop_header(name) if how == "missing" else fault.set_header(name, "AAAA")
    proxy.inject(lie, when=lambda seen: _creation(seen) or seen.method == "PUT")
    with pytest.raises(errors.EncryptionNotConfirmed):
        _up(faulty_sse_c, size)
    place.assert_nothing()


def test_unconfirmed_put_object(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """put_object removes again what was stored without the configured encryption."""
    proxy.inject(LIES["missing"], method="PUT")
    with pytest.raises(errors.EncryptionNotConfirmed, match="removed again"):
        faulty.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    place.assert_nothing()


def test_removal_fails_too(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """Where the unconfirmed object cannot be removed, the error says that it is still there."""
    proxy.inject(LIES["missing"], method="PUT")
    proxy.inject(fault.s3_error(403, "AccessDenied"), method="DELETE", times=ALWAYS)
    with pytest.raises(errors.EncryptionNotConfirmed, match="still there"):
        _up(faulty, 10)
    assert place.keys() == ["k"]


def test_successor_is_not_removed(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """Removing the unconfirmed object does not hit what somebody else put there meanwhile."""

    def replaced(answer: fault.Answer) -> None:
        answer.drop(SSE)
        place.put(b"somebody else's")

    proxy.inject(fault.edit(replaced), method="PUT")
    with pytest.raises(errors.EncryptionNotConfirmed, match="still there"):
        _up(faulty, 10)
    assert place.body() == b"somebody else's"


def test_versioned_bucket(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """In a versioned bucket the very version is removed, and the one before it is current again."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.put(b"old")
    proxy.inject(LIES["missing"], method="PUT")
    with pytest.raises(errors.EncryptionNotConfirmed, match="removed again"):
        _up(faulty, 10)
    assert place.body() == b"old"
    assert "DeleteMarkers" not in place.plain.list_object_versions(Bucket=BUCKET)


# --- the caller's own --------------------------------------------------------------------------------


class Mine(Exception):
    """The caller's own exception."""


@SIZES
@pytest.mark.parametrize("kind", [Mine, KeyboardInterrupt, SystemExit], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("source", ["object", "path"])
def test_callback_raises(
    place: Place, s3: SecureS3Client, tmp_path: Path, kind: type[BaseException], source: str, size: int
) -> None:
    """What the callback raises is what comes out, that very object, and nothing stays."""
    mine = kind("stop")

    def callback(count: int) -> None:
        raise mine

    (tmp_path / "f").write_bytes(content(size))
    body: Any = io.BytesIO(content(size))
    upload, body = (s3.upload_file, tmp_path / "f") if source == "path" else (s3.upload_fileobj, body)
    with pytest.raises(kind) as caught:
        upload(body, BUCKET, "k", Callback=callback, Config=SMALL_PARTS)
    assert caught.value is mine
    place.assert_nothing()


@SIZES
def test_callback_raises_without_checksums(place: Place, tmp_path: Path, size: int) -> None:
    """The same where no checksum is computed, and the callback raises while the body is being sent."""
    from secure_s3 import SecurityProfile

    s3 = place.client(profile=SecurityProfile(checksum_mode="when_required"))
    mine = Mine("stop")

    def callback(count: int) -> None:
        raise mine

    (tmp_path / "f").write_bytes(content(size))
    with pytest.raises(Mine) as caught:
        s3.upload_file(tmp_path / "f", BUCKET, "k", Callback=callback, Config=SMALL_PARTS)
    assert caught.value is mine
    place.assert_nothing()


# --- conditional writes ------------------------------------------------------------------------------


@SIZES
def test_if_none_match(place: Place, s3: SecureS3Client, size: int) -> None:
    """IfNoneMatch="*" writes where nothing is, and refuses where something is."""
    _up(s3, size, ExtraArgs={"IfNoneMatch": "*"})
    etag = place.head()["ETag"]
    with pytest.raises(errors.PreconditionFailed) as caught:
        s3.upload_fileobj(
            io.BytesIO(b"y" * size), BUCKET, "k", ExtraArgs={"IfNoneMatch": "*"}, Config=SMALL_PARTS
        )
    assert isinstance(caught.value, ClientError)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert place.head()["ETag"] == etag
    assert place.uploads() == []


@SIZES
def test_if_match(place: Place, s3: SecureS3Client, size: int) -> None:
    """IfMatch replaces the very object, and refuses another and a missing one."""
    etag = place.put(b"old")
    with pytest.raises(errors.PreconditionFailed):
        _up(s3, size, ExtraArgs={"IfMatch": '"00000000000000000000000000000000"'})
    assert place.body() == b"old"
    _up(s3, size, ExtraArgs={"IfMatch": etag})
    assert place.body() == content(size)
    place.plain.delete_object(Bucket=BUCKET, Key="k")
    with pytest.raises((errors.PreconditionFailed, errors.NotFound)):
        _up(s3, size, ExtraArgs={"IfMatch": etag})
    place.assert_nothing()


def test_conditional_put_object(place: Place, s3: SecureS3Client) -> None:
    """put_object takes the conditions as well."""
    place.put(b"old")
    with pytest.raises(errors.PreconditionFailed):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"new", IfNoneMatch="*")
    assert place.body() == b"old"


def test_bucket_is_missing(place: Place, s3: SecureS3Client) -> None:
    """A missing bucket is NotFound, before the source of a multipart upload has been read."""
    source = io.BytesIO(content(MULTI))
    with pytest.raises(errors.NotFound) as caught:
        s3.upload_fileobj(source, "amzn-s3-demo-bucket2", "k", Config=SMALL_PARTS)
    assert caught.value.code == "NoSuchBucket"
    assert source.tell() == 0
