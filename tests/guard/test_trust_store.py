"""Who may say which certificates are believed."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from secure_s3 import SecureS3Client, SseS3, errors, harden, secure_session
from secure_s3.local import LocalAws


@pytest.fixture
def exported(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The endpoint, with everything exported that ``secure-s3 local`` prints."""
    for name, value in local_aws.environment().items():
        monkeypatch.setenv(name, value)
    local_aws.create_bucket("amzn-s3-demo-bucket")
    return local_aws


def put(client: object) -> str:
    """The encryption that S3 reports for a put through *client*."""
    answer = client.put_object(Bucket="amzn-s3-demo-bucket", Key="a", Body=b"hello")  # type: ignore[attr-defined]
    return str(answer["ServerSideEncryption"])


def test_what_is_exported_works(exported: LocalAws) -> None:
    """What `secure-s3 local` exports is enough for sessions, hardened sessions and clients."""
    assert put(secure_session(SseS3()).client("s3")) == "AES256"
    assert put(harden(boto3.Session(), SseS3()).client("s3")) == "AES256"
    assert put(SecureS3Client.from_env(encryption=SseS3())) == "AES256"


def test_the_named_bundle_covers_only_itself(
    exported: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SECURE_S3_CA_BUNDLE does not make another AWS_CA_BUNDLE acceptable."""
    other = tmp_path / "other.pem"
    other.write_bytes(Path(exported.ca_bundle).read_bytes())
    monkeypatch.setenv("AWS_CA_BUNDLE", str(other))
    with pytest.raises(errors.InsecureTransport, match="AWS_CA_BUNDLE"):
        secure_session(SseS3()).client("s3")


def test_without_the_named_bundle_it_is_refused(exported: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_CA_BUNDLE alone does not replace the trust store."""
    monkeypatch.delenv("SECURE_S3_CA_BUNDLE")
    with pytest.raises(errors.InsecureTransport, match="AWS_CA_BUNDLE"):
        secure_session(SseS3()).client("s3")


def test_a_session_can_carry_its_bundle(exported: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ca_bundle=` of a session is believed by its clients, whatever the environment says."""
    for name in ("AWS_CA_BUNDLE", "SECURE_S3_CA_BUNDLE"):
        monkeypatch.delenv(name)
    assert put(secure_session(SseS3(), ca_bundle=exported.ca_bundle).client("s3")) == "AES256"
    assert put(harden(boto3.Session(), SseS3(), ca_bundle=exported.ca_bundle).client("s3")) == "AES256"
    with pytest.raises(errors.TlsError):
        SecureS3Client(SseS3()).head_object(Bucket="amzn-s3-demo-bucket", Key="a")


def test_a_client_cannot_be_given_one_later(local_aws: LocalAws) -> None:
    """`harden(client, ca_bundle=…)` says that a client's trust store is settled already."""
    client = local_aws.session().client("s3")
    with pytest.raises(errors.ConfigurationError, match="too late"):
        harden(client, SseS3(), ca_bundle=local_aws.ca_bundle)


def test_a_session_with_another_bundle_is_another_session(local_aws: LocalAws, tmp_path: Path) -> None:
    """Hardening a session again with another bundle is refused."""
    session = boto3.Session()
    harden(session, SseS3(), ca_bundle=local_aws.ca_bundle)
    with pytest.raises(errors.ConfigurationError, match="hardened already"):
        harden(session, SseS3())


def test_retries_keep_their_mode(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Config that only names a number of attempts does not bring AWS_RETRY_MODE back."""
    from botocore.config import Config

    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    session = secure_session(SseS3(), region_name="eu-west-1")
    client = session.client("s3", config=Config(retries={"max_attempts": 7}))
    assert client.meta.config.retries["mode"] == "standard"
