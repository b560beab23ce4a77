"""Copies on the server's side keep what belongs to the object, and leave nothing when they fail."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import SseC
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import BUCKET, OTHER_KEY, PART, RAW_KEY, Place, content, reading

SIZE = 2 * PART + 1
IN_PARTS = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
CONFIGS = pytest.mark.parametrize("config", [None, IN_PARTS], ids=["single", "multipart"])
SOURCE = {"Bucket": BUCKET, "Key": "source"}
DESCRIBED = {
    "ContentType": "text/x",
    "CacheControl": "no-store",
    "ContentLanguage": "de",
    "ContentDisposition": "inline",
    "Metadata": {"a": "b"},
}
SSE = "x-amz-server-side-encryption"
ALWAYS = 10**6


@pytest.fixture
def source(place: Place) -> str:
    """A described and tagged source, protected by nothing that the client configured."""
    return place.put(content(SIZE), "source", Tagging="t=1%202&u=%C3%A4", **DESCRIBED)


def _honour_conditions(place: Place, proxy: FaultyProxy) -> None:
    """Judge x-amz-copy-source-if-match as S3 does, on behalf of the endpoint, which does not look at it."""

    def judge(exchange: fault.Exchange) -> None:
        same = exchange.seen.headers["x-amz-copy-source-if-match"] == place.head("source")["ETag"]
        (fault.pass_through if same else fault.s3_error(412, "PreconditionFailed"))(exchange)

    proxy.inject(judge, when=lambda seen: "x-amz-copy-source" in seen.headers, times=ALWAYS)


def _assert_only_source(place: Place) -> None:
    assert (place.keys(), place.uploads()) == (["source"], [])


@CONFIGS
def test_everything_is_kept(place: Place, s3: SecureS3Client, source: str, config: Any) -> None:
    """Bytes, metadata, content type and tags are kept, and the copy is encrypted as configured."""
    total: list[int] = []
    receipt = s3.copy(SOURCE, BUCKET, "k", Callback=total.append, Config=config)
    head = place.head()
    assert place.body() == content(SIZE)
    assert {name: head[name] for name in DESCRIBED} == DESCRIBED
    tags = {
        tag["Key"]: tag["Value"] for tag in place.plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"]
    }
    assert tags == {"t": "1 2", "u": "ä"}
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", place.aws.kms_key_arn)
    assert (receipt.bytes, receipt.etag, receipt.algorithm) == (SIZE, head["ETag"], "aws:kms")
    assert sum(total) == SIZE
    assert place.uploads() == []


@CONFIGS
def test_replaced_description(place: Place, s3: SecureS3Client, source: str, config: Any) -> None:
    """With REPLACE the description and the tags are the caller's, and nothing of the source's remains."""
    extra = {
        "MetadataDirective": "REPLACE",
        "Metadata": {"new": "1"},
        "ContentType": "text/y",
        "TaggingDirective": "REPLACE",
        "Tagging": "v=2",
    }
    s3.copy(SOURCE, BUCKET, "k", ExtraArgs=extra, Config=config)
    head = place.head()
    assert (head["Metadata"], head["ContentType"]) == ({"new": "1"}, "text/y")
    assert "CacheControl" not in head
    assert place.plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == [{"Key": "v", "Value": "2"}]


@CONFIGS
def test_versions(place: Place, s3: SecureS3Client, config: Any) -> None:
    """A version is copied when it is named, as dictionary or as text."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.put(content(SIZE), "source")
    version = place.head("source")["VersionId"]
    place.put(b"new", "source")
    s3.copy({**SOURCE, "VersionId": version}, BUCKET, "k", Config=config)
    assert place.body() == content(SIZE)
    s3.copy(f"{BUCKET}/source?versionId={version}", BUCKET, "t", Config=config)
    assert place.body("t") == content(SIZE)


@CONFIGS
def test_rotation(place: Place, config: Any) -> None:
    """source_encryption reads under the old SSE-C key; afterwards only the new one opens the object."""
    place.put(content(SIZE), "source", **reading("sse-c"))
    s3 = place.client(SseC(OTHER_KEY))
    s3.copy(SOURCE, BUCKET, "source", source_encryption=SseC(RAW_KEY), Config=config)
    assert place.body("source", **reading("sse-c", OTHER_KEY)) == content(SIZE)
    with pytest.raises(errors.AccessDenied):
        place.client(SseC(RAW_KEY)).get_object(Bucket=BUCKET, Key="source")


def test_rotation_with_copy_object(place: Place, s3: SecureS3Client) -> None:
    """copy_object takes source_encryption as well, and moves from SSE-C to the client's strategy."""
    place.put(b"data", "source", **reading("sse-c"))
    answer = s3.copy_object(Bucket=BUCKET, Key="k", CopySource=SOURCE, source_encryption=SseC(RAW_KEY))
    assert answer["ServerSideEncryption"] == "aws:kms"
    assert place.body() == b"data"


@CONFIGS
@pytest.mark.parametrize("key", [None, OTHER_KEY], ids=["no-key", "wrong-key"])
def test_source_without_its_key(place: Place, s3: SecureS3Client, config: Any, key: Any) -> None:
    """A source under SSE-C is not copied without its key, or with another."""
    place.put(content(SIZE), "source", **reading("sse-c"))
    with pytest.raises((errors.AccessDenied, errors.InvalidRequest)):
        s3.copy(SOURCE, BUCKET, "k", source_encryption=key and SseC(key), Config=config)
    _assert_only_source(place)


@CONFIGS
def test_source_changed_meanwhile(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, source: str, config: Any
) -> None:
    """A source that is replaced while it is copied is noticed, and nothing stays of the copy."""

    def replace(exchange: fault.Exchange) -> None:
        answer = exchange.forward()
        place.put(b"\0" * SIZE, "source")
        exchange.reply(answer)

    proxy.inject(replace, method="HEAD")
    _honour_conditions(place, proxy)
    with pytest.raises(errors.PreconditionFailed):
        faulty.copy(SOURCE, BUCKET, "k", Config=config)
    _assert_only_source(place)


def test_unhardened_source_client(place: Place, s3: SecureS3Client, source: str) -> None:
    """A client without the guard is not used to look at the source; another SecureS3Client is."""
    for client in (place.plain, object()):
        with pytest.raises(errors.InsecureTransport, match="SourceClient"):
            s3.copy(SOURCE, BUCKET, "k", SourceClient=client)
    _assert_only_source(place)
    s3.copy(SOURCE, BUCKET, "k", SourceClient=place.client())
    s3.copy(SOURCE, BUCKET, "k", SourceClient=place.client().boto3)


@pytest.mark.parametrize(
    "bad",
    [None, "", "bucket", {}, {"Bucket": "b"}, {"Key": "k"}, {**SOURCE, "Etag": "x"}, 7, ["b", "k"]],
    ids=repr,
)
def test_sources_that_name_nothing(place: Place, s3: SecureS3Client, bad: Any) -> None:
    """A CopySource that names no object is refused at once."""
    with pytest.raises(errors.ConfigurationError, match="CopySource"):
        s3.copy(bad, BUCKET, "k")
    place.assert_nothing()


@pytest.mark.parametrize(
    "extra", [{"Nonsense": 1}, {"ServerSideEncryption": "AES256"}, {"ACL": "public-read"}]
)
def test_extra_args_refused(place: Place, s3: SecureS3Client, source: str, extra: dict[str, Any]) -> None:
    """ExtraArgs that are unknown, contradict the strategy or open the copy are refused."""
    with pytest.raises(errors.ConfigurationError, match=next(iter(extra))):
        s3.copy(SOURCE, BUCKET, "k", ExtraArgs=extra)
    _assert_only_source(place)


@CONFIGS
@pytest.mark.parametrize("what", ["source", "bucket"])
def test_missing(place: Place, s3: SecureS3Client, source: str, what: str, config: Any) -> None:
    """A missing source or bucket is NotFound."""
    wanted = {**SOURCE, "Key": "no"} if what == "source" else SOURCE
    with pytest.raises(errors.NotFound):
        s3.copy(wanted, BUCKET if what == "source" else "amzn-s3-demo-bucket2", "k", Config=config)
    _assert_only_source(place)


@CONFIGS
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (fault.slow_down, errors.Throttled),
        (fault.reset_after_body, errors.TransportError),
        (fault.error_inside_200(), errors.ServiceError),
        (fault.s3_error(403, "AccessDenied"), errors.AccessDenied),
    ],
    ids=["slow-down", "reset", "error-inside-200", "denied"],
)
def test_faults(
    place: Place,
    proxy: FaultyProxy,
    faulty: SecureS3Client,
    source: str,
    action: Any,
    expected: Any,
    config: Any,
) -> None:
    """A copy or a part of it that fails for good gives its error, and nothing stays."""
    proxy.inject(action, method="PUT", times=ALWAYS)
    with pytest.raises(expected):
        faulty.copy(SOURCE, BUCKET, "k", Config=config)
    _assert_only_source(place)


@pytest.mark.parametrize("request_", ["uploads", "uploadId"], ids=["creation", "completion"])
def test_faults_around_the_parts(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, source: str, request_: str
) -> None:
    """The same at the creation and the completion of a multipart copy."""
    proxy.inject(fault.slow_down, method="POST", query=request_, times=ALWAYS)
    with pytest.raises(errors.Throttled):
        faulty.copy(SOURCE, BUCKET, "k", Config=IN_PARTS)
    _assert_only_source(place)


@pytest.mark.parametrize("way", ["single", "copy_object", "creation", "part", "completion"])
@pytest.mark.parametrize(
    "lie", [fault.drop_header(SSE), fault.set_header(SSE, "AES256")], ids=["missing", "other"]
)
def test_encryption_not_confirmed(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, source: str, way: str, lie: Any
) -> None:
    """An answer to any request of a copy that shows another encryption is refused, and nothing stays."""
    where = {
        "creation": {"method": "POST", "query": "uploads"},
        "completion": {"method": "POST", "query": "uploadId"},
    }.get(way, {"method": "PUT"})
    # Parts and completions need not repeat it; there, only a contradiction counts.
    proxy.inject(fault.set_header(SSE, "AES256") if way in ("part", "completion") else lie, **where)
    arguments: dict[str, Any] = {"CopySource": SOURCE, "Bucket": BUCKET, "Key": "k"}
    if way != "copy_object":
        arguments["Config"] = None if way == "single" else IN_PARTS
    with pytest.raises(errors.EncryptionNotConfirmed):
        (faulty.copy_object if way == "copy_object" else faulty.copy)(**arguments)
    _assert_only_source(place)


@CONFIGS
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
def test_callback_raises(
    place: Place, s3: SecureS3Client, source: str, config: Any, kind: type[BaseException]
) -> None:
    """What the callback raises is what comes out, and nothing stays of the copy."""
    mine = kind("stop")

    def callback(count: int) -> None:
        raise mine

    with pytest.raises(kind) as caught:
        s3.copy(SOURCE, BUCKET, "k", Callback=callback, Config=config)
    assert caught.value is mine
    _assert_only_source(place)


@CONFIGS
def test_conditions(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, source: str, config: Any
) -> None:
    """CopySourceIfMatch of the caller's own decides instead of the one that is added."""
    _honour_conditions(place, proxy)
    with pytest.raises(errors.PreconditionFailed):
        faulty.copy(SOURCE, BUCKET, "k", ExtraArgs={"CopySourceIfMatch": '"0"'}, Config=config)
    _assert_only_source(place)
    faulty.copy(SOURCE, BUCKET, "k", ExtraArgs={"CopySourceIfMatch": source}, Config=config)


def test_empty_source(place: Place, s3: SecureS3Client) -> None:
    """An empty object is copied as well."""
    place.put(b"", "source")
    assert s3.copy(SOURCE, BUCKET, "k", Config=IN_PARTS).bytes == 0
    assert place.body() == b""
