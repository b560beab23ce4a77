"""Other libraries on the guarded client or session: what lands is encrypted as configured.

A plain client, which knows nothing of the guard, looks at every object.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors, harden
from secure_s3.encryption import SseKms
from tests.transfer.support import BUCKET, PART, Place, content, strategy

LABELS = pytest.mark.parametrize("label", ["sse-kms", "dsse-kms", "sse-s3"])


def _session(place: Place, label: str = "sse-kms") -> Any:
    """A boto3 session, hardened, whose clients reach the endpoint."""
    return harden(place.aws.session(), strategy(label, place.aws.kms_key_arn))


def _assert_encrypted(place: Place, key: str, label: str) -> None:
    head = place.head(key)
    expected = {
        "sse-kms": ("aws:kms", place.aws.kms_key_arn),
        "dsse-kms": ("aws:kms:dsse", place.aws.kms_key_arn),
        "sse-s3": ("AES256", None),
    }
    assert (head["ServerSideEncryption"], head.get("SSEKMSKeyId")) == expected[label]


def test_the_oracle_sees_the_difference(place: Place) -> None:
    """A plain client's object is not encrypted as configured: the check of these tests can fail."""
    place.put(b"x")
    with pytest.raises(AssertionError):
        _assert_encrypted(place, "k", "sse-kms")


@LABELS
@pytest.mark.parametrize("size", [10, PART + 1], ids=["single", "multipart"])
def test_smart_open(place: Place, label: str, size: int) -> None:
    """smart_open writes and reads through ``s3.boto3``."""
    smart_open = pytest.importorskip("smart_open")
    s3 = place.client(strategy(label, place.aws.kms_key_arn))
    options = {"client": s3.boto3, "min_part_size": PART}
    with smart_open.open(f"s3://{BUCKET}/k", "wb", transport_params=options) as file:
        file.write(content(size))
    _assert_encrypted(place, "k", label)
    with smart_open.open(f"s3://{BUCKET}/k", "rb", transport_params=options) as file:
        assert file.read() == content(size)


def test_smart_open_text(place: Place, s3: SecureS3Client) -> None:
    """smart_open reads text."""
    smart_open = pytest.importorskip("smart_open")
    place.put(b"line 1\nline 2\n")
    with smart_open.open(f"s3://{BUCKET}/k", transport_params={"client": s3.boto3}) as file:
        assert list(file) == ["line 1\n", "line 2\n"]


@pytest.fixture
def s3(place: Place) -> SecureS3Client:
    """A client with SSE-KMS."""
    return place.client()


def test_smart_open_cannot_weaken(place: Place, s3: SecureS3Client) -> None:
    """Arguments that contradict the strategy are refused, and nothing is stored."""
    smart_open = pytest.importorskip("smart_open")
    weaker = {"S3.Client.create_multipart_upload": {"ServerSideEncryption": "AES256"}}
    weaker["S3.Client.put_object"] = weaker["S3.Client.create_multipart_upload"]
    options = {"client": s3.boto3, "client_kwargs": weaker}
    with pytest.raises(errors.EncryptionConflict):
        smart_open.open(f"s3://{BUCKET}/k", "wb", transport_params=options)
    place.assert_nothing()


@LABELS
def test_cloudpathlib(place: Place, tmp_path: Path, label: str) -> None:
    """cloudpathlib writes, uploads, copies and renames on a hardened session."""
    cloudpathlib = pytest.importorskip("cloudpathlib")
    client = cloudpathlib.S3Client(boto3_session=_session(place, label), local_cache_dir=tmp_path)
    path = client.CloudPath(f"s3://{BUCKET}/a/text")
    path.write_text("grüße")
    _assert_encrypted(place, "a/text", label)
    assert client.CloudPath(f"s3://{BUCKET}/a/text").read_text() == "grüße"
    path.copy(client.CloudPath(f"s3://{BUCKET}/a/copy"))
    path.rename(client.CloudPath(f"s3://{BUCKET}/a/moved"))
    for key in ("a/copy", "a/moved"):
        _assert_encrypted(place, key, label)
    assert sorted(place.keys()) == ["a/copy", "a/moved"]


@LABELS
@pytest.mark.parametrize("size", [10, PART + 1], ids=["single", "multipart"])
def test_django_storages(place: Place, label: str, size: int) -> None:
    """django-storages works with a subclass that hands it a hardened session."""
    django_conf = pytest.importorskip("django.conf")
    s3_backend = pytest.importorskip("storages.backends.s3")
    from django.core.files.base import ContentFile

    if not django_conf.settings.configured:
        django_conf.settings.configure(USE_TZ=True)

    class EncryptedStorage(s3_backend.S3Storage):  # type: ignore[misc,name-defined]
        def _create_session(self) -> Any:
            return _session(place, label)

    storage = EncryptedStorage(
        bucket_name=BUCKET,
        endpoint_url=place.aws.endpoint_url,
        verify=place.aws.ca_bundle,
        file_overwrite=True,
    )
    storage.save("k", ContentFile(content(size)))
    _assert_encrypted(place, "k", label)
    with storage.open("k", "rb") as file:
        assert file.read() == content(size)
    with storage.open("w", "wb") as file:
        file.write(content(size))
    _assert_encrypted(place, "w", label)
    assert storage.size("k") == size
    storage.delete("k")
    assert place.keys() == ["w"]


def test_django_storages_switches_do_not_help(place: Place) -> None:
    """django-storages' own switches for plain HTTP and for no verification are refused."""
    django_conf = pytest.importorskip("django.conf")
    s3_backend = pytest.importorskip("storages.backends.s3")
    if not django_conf.settings.configured:
        django_conf.settings.configure(USE_TZ=True)

    class EncryptedStorage(s3_backend.S3Storage):  # type: ignore[misc,name-defined]
        def _create_session(self) -> Any:
            return _session(place)

    for switch in ({"use_ssl": False}, {"verify": False}, {"endpoint_url": "http://127.0.0.1:9"}):
        storage = EncryptedStorage(
            **{"bucket_name": BUCKET, "endpoint_url": place.aws.endpoint_url, **switch}
        )
        with pytest.raises(errors.InsecureTransport):
            storage.exists("k")
    for weaker in ({"ServerSideEncryption": "AES256"}, {"ACL": "public-read"}):
        from django.core.files.base import ContentFile

        storage = EncryptedStorage(
            bucket_name=BUCKET,
            endpoint_url=place.aws.endpoint_url,
            verify=place.aws.ca_bundle,
            object_parameters=weaker,
        )
        with pytest.raises(errors.ConfigurationError):
            storage.save("k", ContentFile(b"x"))
    place.assert_nothing()


def test_pandas_with_open(place: Place, s3: SecureS3Client) -> None:
    """pandas writes and reads a CSV file through s3.open."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with s3.open(BUCKET, "k.csv", "wb") as file:
        frame.to_csv(file, index=False)
    _assert_encrypted(place, "k.csv", "sse-kms")
    with s3.open(BUCKET, "k.csv") as file:
        assert pandas.read_csv(file).equals(frame)


def test_pandas_with_smart_open(place: Place, s3: SecureS3Client) -> None:
    """pandas writes and reads through smart_open on the guarded client."""
    pandas, smart_open = pytest.importorskip("pandas"), pytest.importorskip("smart_open")
    frame = pandas.DataFrame({"a": [1, 2]})
    options = {"client": s3.boto3}
    with smart_open.open(f"s3://{BUCKET}/k.csv", "w", transport_params=options) as file:
        frame.to_csv(file, index=False)
    _assert_encrypted(place, "k.csv", "sse-kms")
    with smart_open.open(f"s3://{BUCKET}/k.csv", transport_params=options) as file:
        assert pandas.read_csv(file).equals(frame)


def test_boto3_resource(place: Place) -> None:
    """boto3's resource API and its managed transfers are under the guard as well."""
    bucket = _session(place).resource("s3").Bucket(BUCKET)
    bucket.put_object(Key="put", Body=b"x")
    bucket.upload_fileobj(io.BytesIO(content(PART + 1)), "managed")
    bucket.copy({"Bucket": BUCKET, "Key": "managed"}, "copied")
    for key in ("put", "managed", "copied"):
        _assert_encrypted(place, key, "sse-kms")


def test_hardening_another_way_is_refused(place: Place) -> None:
    """One session has one strategy: another on top is refused, the same again is nothing."""
    session = _session(place, "sse-s3")
    assert _session(place, "sse-s3") is not session
    with pytest.raises(errors.ConfigurationError):
        harden(session, SseKms(place.aws.kms_key_arn))
