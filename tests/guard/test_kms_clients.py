"""The KMS clients behind client-side encryption: hardened, with the network settings of their S3 client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

from secure_s3 import ClientSide, KmsKeys, errors
from secure_s3.guard import guard_of

BUCKET = "amzn-s3-demo-bucket"


def test_network_settings_reach_kms(local_aws: Any) -> None:
    """Time-outs of the Config hold for the KMS clients too; what is about S3 alone does not reach them."""
    config = Config(read_timeout=7, signature_version="s3v4", s3={"addressing_style": "path"})
    with local_aws.client(ClientSide(KmsKeys(local_aws.kms_key_arn)), config=config) as s3:
        s3.put_object(Bucket=local_aws.create_bucket(BUCKET), Key="k", Body=b"x")
        guard = guard_of(s3.boto3)
        assert guard is not None
        assert guard.kms is not None
        client = guard.kms._client(local_aws.region)
        assert client.meta.config.read_timeout == 7
        assert client.meta.config.signature_version == "v4"
        assert guard_of(client) is not None


def test_kms_over_plain_http_is_refused(local_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint variable that leads KMS to plain HTTP is refused, and no data key is asked for."""
    s3 = local_aws.client(ClientSide(KmsKeys(local_aws.kms_key_arn)))
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", local_aws.endpoint_url.replace("https", "http"))
    with s3, pytest.raises(errors.SecureS3Error, match="AWS_ENDPOINT_URL_KMS"):
        s3.put_object(Bucket=local_aws.create_bucket(BUCKET), Key="k", Body=b"x")
    assert "Contents" not in local_aws.session().client("s3").list_objects_v2(Bucket=BUCKET)


def test_clients_of_one_session_have_kms_of_their_own(local_aws: Any) -> None:
    """Closing one client does not close the connections to KMS of another."""
    local_aws.create_bucket(BUCKET)
    strategy = ClientSide(KmsKeys(local_aws.kms_key_arn))
    first, second = local_aws.client(strategy), local_aws.client(strategy)
    first.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    second.put_object(Bucket=BUCKET, Key="l", Body=b"y")
    first.close()
    assert second.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
    second.close()
