"""Roads beside the S3 client itself: credentials, proxies, models, addresses, and secrets in wrong places."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from secure_s3 import SecureS3Client, SseC, SseKms, SseS3, errors, harden
from secure_s3.guard.redaction import redact
from secure_s3.local import LocalAws
from tests.rig.tls_servers import plain_listener, tls_listener


@pytest.fixture
def assumed_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile whose credentials come from AssumeRole."""
    config = tmp_path / "config"
    config.write_text(
        "[profile r]\nrole_arn=arn:aws:iam::111122223333:role/app\nsource_profile=base\nregion=eu-west-1\n"
        "[profile base]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=example\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "r")


def test_credentials_are_not_fetched_over_http(assumed_role: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """SecureS3Client refuses an STS endpoint over plain HTTP, and not a byte goes there."""
    with plain_listener() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
        with pytest.raises(errors.InsecureTransport, match="AWS_ENDPOINT_URL_STS"):
            SecureS3Client(SseS3()).list_objects_v2(Bucket="amzn-s3-demo-bucket")
        with pytest.raises(errors.InsecureTransport, match="AWS_ENDPOINT_URL_STS"):
            harden(boto3.Session().client("s3"), SseS3())
    assert server.plaintext == b""


def test_explicit_credentials_stay(local_aws: LocalAws) -> None:
    """Credentials that a session was given by hand are used as they are, and the session is unchanged."""
    session = local_aws.session()
    resolver = session._session.get_component("credential_provider")
    client = SecureS3Client(SseS3(), session=session)
    assert client.session.get_credentials().access_key == session.get_credentials().access_key
    assert session._session.get_component("credential_provider") is resolver


@pytest.mark.parametrize("how", ["environment", "config"])
def test_an_https_proxy_keeps_the_tls_minimum(
    how: str, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that speaks less than the profile's TLS minimum reads nothing, not even the CONNECT line."""
    with tls_listener("1.2") as proxy:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=2)
        if how == "environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        else:
            config = config.merge(Config(proxies={"https": proxy.url}))
        client = SecureS3Client(
            SseKms("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            profile="regulated",
            region_name="eu-west-1",
            ca_bundle=proxy.ca_bundle,
            config=config,
        )
        with pytest.raises(errors.TransportError):
            client.head_object(Bucket="amzn-s3-demo-bucket", Key="a")
    assert proxy.plaintext == b""


@pytest.mark.parametrize("name", ["endpoints.json", "partitions.json", "sso/2019-06-10/service-2.json"])
def test_anything_in_the_models_folder_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endpoints and partitions in ~/.aws/models are refused as service models are."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".aws" / "models" / name
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(errors.InsecureTransport, match=r"\.aws/models"):
        SecureS3Client(SseS3(), region_name="eu-west-1")


def test_a_password_in_an_endpoint_is_refused_and_not_shown() -> None:
    """An endpoint with a user name and password is refused by a text that does not repeat it."""
    with pytest.raises(errors.InsecureTransport) as caught:
        SecureS3Client(SseS3(), endpoint_url="https://user:hunter2@localhost:9000", region_name="eu-west-1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wrong", [b"THIS-IS-MY-32-BYTE-SSE-C-KEY!!!!", "THIS-IS-MY-32-BYTE-SSE-C-KEY!!!!"])
def test_a_key_in_the_wrong_place_is_not_shown(wrong: object, local_aws: LocalAws) -> None:
    """A raw key passed as a strategy or as a KMS key is not repeated in the error."""
    client = local_aws.client(SseS3())
    for attempt in (
        lambda: SecureS3Client(wrong),  # type: ignore[arg-type]
        lambda: client.put_object(Bucket="b", Key="k", Body=b"", encryption=wrong),
        lambda: SseKms(wrong),  # type: ignore[arg-type]
    ):
        with pytest.raises(errors.ConfigurationError) as caught:
            attempt()
        assert "THIS-IS-MY" not in str(caught.value.diagnostics())


def test_a_key_that_a_server_repeats_is_not_shown() -> None:
    """A service's message that holds an SSE-C key reaches neither the text nor the response."""
    from botocore.exceptions import ClientError

    from secure_s3.guard.faults import service_error

    key = base64.b64encode(SseC.generate().key.reveal()).decode()
    answer = {"Error": {"Code": "X", "Message": f"got {key}"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    error = service_error(ClientError(answer, "GetObject"))
    assert key not in str(error) + str(error.response) + str(error.diagnostics())


@pytest.mark.parametrize(
    "text",
    [
        "x-amz-s3session-token: SECRET",
        "'WebIdentityToken': 'SECRET'",
        "x-amz-sso_bearer_token=SECRET",
        '"accessToken": "SECRET"',
        '"clientSecret":"SECRET"',
        "Authorization: Bearer SECRET",
        r"'SSECustomerKey': b'ab\'SECRET'",
    ],
)
def test_redaction_covers_it(text: str) -> None:
    """Tokens of S3 Express, SSO and web identities, and keys with quotes in them, are redacted."""
    assert "SECRET" not in redact(text)


def test_a_wrapper_that_unwinds_stores_nothing(local_aws: LocalAws) -> None:
    """A text wrapper around a writer, left by an exception, stores no half object."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    s3 = local_aws.client(SseS3())

    def write_half() -> None:
        with io.TextIOWrapper(s3.open("amzn-s3-demo-bucket", "a", "wb")) as file:  # type: ignore[type-var]
            file.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert s3.list_objects_v2(Bucket="amzn-s3-demo-bucket")["KeyCount"] == 0
