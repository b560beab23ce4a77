"""The facade: boto3's names, arguments and results; errors of one tree; nothing sent that is not allowed."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from boto3.s3 import inject
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.signers import generate_presigned_post, generate_presigned_url

from secure_s3 import REGULATED, STANDARD, SecureS3Client, SecurityProfile, errors
from secure_s3.encryption import DsseKms, SseC, SseKms, SseS3
from secure_s3.local.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import BUCKET, OTHER_KEY, RAW_KEY, Place, reading

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
UNKNOWN_ARN = "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore does not sleep before it tries again."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def s3(place: Place) -> SecureS3Client:
    """A client with SSE-KMS."""
    return place.client()


@pytest.fixture
def offline() -> SecureS3Client:
    """A client that has nowhere to go."""
    return SecureS3Client(SseKms(KEY_ARN), session=_session(), endpoint_url="https://localhost:9")


def _session(**settings: Any) -> boto3.Session:
    known = {
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "marked-secret-key",
        "aws_session_token": "marked-token",
        "region_name": "eu-west-1",
    }
    return boto3.Session(**{**known, **settings})


def _watched(s3: SecureS3Client) -> list[str]:
    """The names of the operations that are about to be sent from now on."""
    sent: list[str] = []
    s3.boto3.meta.events.register("before-call", lambda model, **_: sent.append(model.name))
    return sent


# --- names, arguments, results ------------------------------------------------------------------------

_MANAGED = {
    "upload_file": inject.upload_file,
    "upload_fileobj": inject.upload_fileobj,
    "download_file": inject.download_file,
    "download_fileobj": inject.download_fileobj,
    "copy": inject.copy,
    "generate_presigned_url": generate_presigned_url,
    "generate_presigned_post": generate_presigned_post,
}
_OPERATIONS = (
    "put_object",
    "get_object",
    "head_object",
    "copy_object",
    "delete_object",
    "delete_objects",
    "list_objects_v2",
)
_OURS = {"encryption", "source_encryption"}


@pytest.mark.parametrize("name", _MANAGED)
def test_argument_names(name: str) -> None:
    """Managed methods take boto3's arguments, by its names, in its order, with its defaults."""
    theirs = list(inspect.signature(_MANAGED[name]).parameters.values())
    ours = list(inspect.signature(getattr(SecureS3Client, name)).parameters.values())
    positional = [found for found in ours if found.kind is found.POSITIONAL_OR_KEYWORD]
    assert [found.name for found in positional] == [found.name for found in theirs]
    assert [found.default for found in positional] == [found.default for found in theirs]
    assert {found.name for found in ours} - {found.name for found in theirs} <= _OURS


@pytest.mark.parametrize("name", _OPERATIONS)
def test_operations_take_every_member(offline: SecureS3Client, name: str) -> None:
    """Operations require what boto3 requires, and hand everything else on."""
    method = offline.boto3.meta.service_model.operation_model
    shape = method(offline.boto3.meta.method_to_api_mapping[name]).input_shape
    parameters = inspect.signature(getattr(SecureS3Client, name)).parameters
    required = {
        found.name
        for found in parameters.values()
        if found.kind is found.KEYWORD_ONLY and found.default is found.empty
    }
    assert required == set(shape.required_members)
    assert any(found.kind is found.VAR_KEYWORD for found in parameters.values())


@pytest.mark.parametrize(
    "name", [*_MANAGED, *_OPERATIONS, "get_paginator", "open", "upload_many", "download_many"]
)
def test_methods_are_there_and_described(name: str) -> None:
    """Every method of the design exists and has a docstring."""
    assert inspect.getdoc(getattr(SecureS3Client, name))


def test_nothing_is_passed_through(offline: SecureS3Client) -> None:
    """There is no __getattr__: what is not listed is an AttributeError, and lives on .boto3."""
    assert not hasattr(SecureS3Client, "__getattr__")
    for name in ("put_bucket_policy", "create_bucket", "list_buckets", "upload_part", "meta", "waiter_names"):
        with pytest.raises(AttributeError):
            getattr(offline, name)
        assert hasattr(offline.boto3, name) or name == "waiter_names"


def _without_details(value: Any) -> Any:
    """An answer without what differs from call to call; streams by their content."""
    if isinstance(value, dict):
        dropped = {"ResponseMetadata", "LastModified", "RequestId", "HostId"}
        return {name: _without_details(found) for name, found in value.items() if name not in dropped}
    if isinstance(value, list):
        return [_without_details(found) for found in value]
    return value.read() if hasattr(value, "read") else value


def test_results_are_boto3s(place: Place, s3: SecureS3Client) -> None:
    """Each operation's answer is what a plain boto3 client with the same headers gets."""
    encrypted = {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": place.aws.kms_key_arn,
        "BucketKeyEnabled": True,
    }
    where = {"Bucket": BUCKET, "Key": "k"}
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("put_object", {**where, "Body": b"data", "Metadata": {"a": "b"}}, encrypted),
        ("get_object", where, {}),
        ("get_object", {**where, "Range": "bytes=1-2"}, {}),
        ("head_object", where, {}),
        ("copy_object", {"Bucket": BUCKET, "Key": "c", "CopySource": {**where}}, encrypted),
        ("list_objects_v2", {"Bucket": BUCKET, "MaxKeys": 1}, {}),
        ("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "c"}]}}, {}),
        ("delete_object", where, {}),
    ]
    theirs = [_without_details(getattr(place.plain, name)(**given, **more)) for name, given, more in steps]
    ours = [_without_details(getattr(s3, name)(**given)) for name, given, _ in steps]
    for (name, _, _), mine, reference in zip(steps, ours, theirs, strict=True):
        assert type(mine) is dict
        assert mine == reference, name


def test_paginator(place: Place, s3: SecureS3Client) -> None:
    """get_paginator gives boto3's paginator."""
    for number in range(3):
        place.put(b"", str(number))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == ["0", "1", "2"]
    with pytest.raises((errors.NotFound, ClientError)):
        list(s3.get_paginator("list_objects_v2").paginate(Bucket="amzn-s3-demo-bucket2"))


def test_receipts_are_plain(place: Place, s3: SecureS3Client) -> None:
    """A receipt is a frozen value that goes into JSON."""
    receipt = s3.upload_fileobj(io.BytesIO(b"x"), BUCKET, "k")
    assert receipt.to_dict()["algorithm"] == "aws:kms"
    assert receipt.seconds > 0
    with pytest.raises(AttributeError):
        receipt.bytes = 7  # type: ignore[misc]


# --- the encryption of a call ------------------------------------------------------------------------


def test_encryption_per_call(place: Place, s3: SecureS3Client) -> None:
    """encryption= decides for one call, of each kind that writes."""
    s3.put_object(Bucket=BUCKET, Key="put", Body=b"x", encryption=SseS3())
    s3.copy_object(
        Bucket=BUCKET, Key="copied", CopySource=f"{BUCKET}/put", encryption=DsseKms(place.aws.kms_key_arn)
    )
    s3.copy({"Bucket": BUCKET, "Key": "put"}, BUCKET, "moved", encryption=SseS3())
    with s3.open(BUCKET, "opened", "wb", encryption=SseC(RAW_KEY)) as file:
        file.write(b"x")
    s3.put_object(Bucket=BUCKET, Key="default", Body=b"x")
    found = {
        key: place.head(key).get("ServerSideEncryption") for key in ("put", "copied", "moved", "default")
    }
    assert found == {"put": "AES256", "copied": "aws:kms:dsse", "moved": "AES256", "default": "aws:kms"}
    assert s3.get_object(Bucket=BUCKET, Key="opened", encryption=SseC(RAW_KEY))["Body"].read() == b"x"
    assert place.head("opened", **reading("sse-c"))["SSECustomerAlgorithm"] == "AES256"


_CALLS: dict[str, Any] = {
    "put_object": lambda s3, other: s3.put_object(Bucket=BUCKET, Key="k", Body=b"", encryption=other),
    "get_object": lambda s3, other: s3.get_object(Bucket=BUCKET, Key="k", encryption=other),
    "head_object": lambda s3, other: s3.head_object(Bucket=BUCKET, Key="k", encryption=other),
    "copy_object": lambda s3, other: s3.copy_object(
        Bucket=BUCKET, Key="k", CopySource="b/k", encryption=other
    ),
    "copy": lambda s3, other: s3.copy("b/k", BUCKET, "k", encryption=other),
    "copy-source": lambda s3, other: s3.copy("b/k", BUCKET, "k", source_encryption=other),
    "upload_file": lambda s3, other: s3.upload_file(__file__, BUCKET, "k", encryption=other),
    "upload_fileobj": lambda s3, other: s3.upload_fileobj(io.BytesIO(b""), BUCKET, "k", encryption=other),
    "download_fileobj": lambda s3, other: s3.download_fileobj(BUCKET, "k", io.BytesIO(), encryption=other),
    "open-rb": lambda s3, other: s3.open(BUCKET, "k", encryption=other),
    "open-wb": lambda s3, other: s3.open(BUCKET, "k", "wb", encryption=other),
    "url": lambda s3, other: s3.generate_presigned_url(
        "put_object", {"Bucket": BUCKET, "Key": "k"}, encryption=other
    ),
    "post": lambda s3, other: s3.generate_presigned_post(BUCKET, "k", encryption=other),
}


@pytest.mark.parametrize("call", _CALLS)
def test_profile_forbids(call: str) -> None:
    """A strategy that the profile does not allow is refused by every method, and nothing is sent."""
    profile = SecurityProfile(allowed_strategies=frozenset({"SseKms"}))
    s3 = SecureS3Client(
        SseKms(KEY_ARN), session=_session(), endpoint_url="https://localhost:9", profile=profile
    )
    sent = _watched(s3)
    with pytest.raises(errors.NotAllowedByProfile, match="SseC"):
        _CALLS[call](s3, SseC(RAW_KEY))
    assert sent == []


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize(
    "wrong",
    ["sse-s3", 7, SseS3, {"ServerSideEncryption": "AES256"}, type("SseKms", (), {})()],
    ids=["text", "number", "class", "dict", "same-name"],
)
def test_no_strategy_per_call(offline: SecureS3Client, call: str, wrong: Any) -> None:
    """What is no strategy is refused by every method with a ConfigurationError, and nothing is sent."""
    sent = _watched(offline)
    with pytest.raises(errors.ConfigurationError, match="encryption"):
        _CALLS[call](offline, wrong)
    assert sent == []


@pytest.mark.parametrize("wrong", [None, "sse-kms", "", 7, SseS3, {}, KEY_ARN], ids=str)
def test_no_strategy(wrong: Any) -> None:
    """A client is not made without a strategy."""
    with pytest.raises(errors.ConfigurationError, match="encryption"):
        SecureS3Client(wrong, session=_session())


@pytest.mark.parametrize("wrong", ["", "standard2", "none", None, 7, SecurityProfile, {}], ids=repr)
def test_no_profile(wrong: Any) -> None:
    """Unknown profiles, by name or by type, are refused."""
    with pytest.raises(errors.ConfigurationError, match="profile"):
        SecureS3Client(SseS3(), profile=wrong, session=_session())


def test_default_strategy_against_the_profile() -> None:
    """The profile must allow the client's own strategy."""
    with pytest.raises(errors.NotAllowedByProfile, match="SseS3"):
        SecureS3Client(SseS3(), profile="regulated", session=_session())
    assert SecureS3Client(SseKms(KEY_ARN), profile=REGULATED, session=_session()).profile is REGULATED


# --- from_env ----------------------------------------------------------------------------------------

_KMS = {"SECURE_S3_KMS_KEY_ARN": KEY_ARN}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (_KMS, SseKms(KEY_ARN)),
        ({**_KMS, "SECURE_S3_ENCRYPTION": "sse-kms"}, SseKms(KEY_ARN)),
        ({**_KMS, "SECURE_S3_ENCRYPTION": "", "SECURE_S3_PROFILE": ""}, SseKms(KEY_ARN)),
        ({**_KMS, "SECURE_S3_ENCRYPTION": " DSSE-KMS "}, DsseKms(KEY_ARN)),
        ({"SECURE_S3_ENCRYPTION": "sse-s3"}, SseS3()),
    ],
)
def test_from_env(environ: dict[str, str], expected: Any) -> None:
    """The variables name strategy and key; the profile is the standard one."""
    s3 = SecureS3Client.from_env(environ, session=_session())
    assert s3.encryption == expected
    assert s3.profile == STANDARD


def test_from_env_all_settings(tmp_path: Path, local_aws: Any) -> None:
    """Endpoint, bundle, region, key file and profile come from the environment; arguments win."""
    (tmp_path / "key").write_bytes(RAW_KEY)
    environ = {
        "SECURE_S3_ENCRYPTION": "sse-c",
        "SECURE_S3_SSE_C_KEY_FILE": str(tmp_path / "key"),
        "SECURE_S3_ENDPOINT_URL": local_aws.endpoint_url,
        "SECURE_S3_CA_BUNDLE": local_aws.ca_bundle,
        "SECURE_S3_REGION": "eu-central-1",
        "SECURE_S3_MIN_TLS": "1.3",
        "SECURE_S3_RETRIES": "1",
    }
    known = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY}
    s3 = SecureS3Client.from_env(environ, session=_session(**known, aws_session_token=None))
    assert s3.encryption.label == "sse-c"
    assert s3.boto3.meta.endpoint_url == local_aws.endpoint_url
    assert s3.boto3.meta.region_name == "eu-central-1"
    assert (s3.profile.min_tls, s3.profile.retries) == ("1.3", 1)
    with pytest.raises(errors.NotFound):
        s3.list_objects_v2(Bucket="amzn-s3-demo-bucket2")
    other = SecureS3Client.from_env(
        environ, session=_session(), region_name="eu-west-3", encryption=SseS3(), profile="standard"
    )
    assert (other.boto3.meta.region_name, other.encryption) == ("eu-west-3", SseS3())
    assert other.profile is STANDARD


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECURE_S3_ENCRYPTION", "none"),
        ("SECURE_S3_KMS_KEY_ARN", ""),
        ("SECURE_S3_KMS_KEY_ARN", "alias/x"),
        ("SECURE_S3_KMS_KEY_ARN", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("SECURE_S3_KMS_KEY_ARN", KEY_ARN + " "),
        ("SECURE_S3_PROFILE", "lax"),
        ("SECURE_S3_MIN_TLS", "1.1"),
        ("SECURE_S3_MIN_TLS", "1.4"),
        ("SECURE_S3_MIN_TLS", "TLSv1.2"),
        ("SECURE_S3_ALLOWED_STRATEGIES", "SseX"),
        ("SECURE_S3_ALLOWED_STRATEGIES", ","),
        ("SECURE_S3_ALLOWED_STRATEGIES", "SseC"),
        ("SECURE_S3_PRESIGN_CEILING", "0"),
        ("SECURE_S3_PRESIGN_CEILING", "an hour"),
        ("SECURE_S3_PRESIGN_CEILING", "604801"),
        ("SECURE_S3_EXPECTED_BUCKET_OWNER", "12345"),
        ("SECURE_S3_CHECKSUM_MODE", "never"),
        ("SECURE_S3_RETRIES", "many"),
        ("SECURE_S3_RETRIES", "0"),
        ("SECURE_S3_ENDPOINT_URL", "http://localhost"),
        ("SECURE_S3_ENDPOINT_URL", "localhost"),
        ("SECURE_S3_CA_BUNDLE", "/no/such/file"),
    ],
)
def test_from_env_bad_values(variable: str, value: str) -> None:
    """A bad value is a ConfigurationError before anything is sent."""
    with pytest.raises(errors.ConfigurationError):
        SecureS3Client.from_env({**_KMS, variable: value}, session=_session())


def test_from_env_missing_key() -> None:
    """Without a key the error names the variable."""
    with pytest.raises(errors.ConfigurationError, match="SECURE_S3_KMS_KEY_ARN"):
        SecureS3Client.from_env({}, session=_session())
    with pytest.raises(errors.ConfigurationError, match="SECURE_S3_SSE_C_KEY_FILE"):
        SecureS3Client.from_env({"SECURE_S3_ENCRYPTION": "sse-c"}, session=_session())


# --- the object itself -------------------------------------------------------------------------------


def test_session_is_not_changed(place: Place) -> None:
    """The caller's session stays plain: its clients are not guarded, those of .session are."""
    session = place.aws.session()
    s3 = place.client(session=session)
    plain = session.client("s3")
    plain.put_object(Bucket=BUCKET, Key="plain", Body=b"")
    assert place.head("plain").get("ServerSideEncryption") != "aws:kms"
    s3.session.client("s3").put_object(Bucket=BUCKET, Key="guarded", Body=b"")
    assert place.head("guarded")["ServerSideEncryption"] == "aws:kms"
    other = place.client(SseS3(), session=s3.session)
    other.put_object(Bucket=BUCKET, Key="other", Body=b"")
    assert place.head("other")["ServerSideEncryption"] == "AES256"


def test_config_is_not_changed(place: Place) -> None:
    """The caller's Config keeps its values and is heeded."""
    config = Config(read_timeout=7, retries={"total_max_attempts": 1, "mode": "standard"})
    s3 = place.client(config=config)
    assert (config.read_timeout, config.retries) == (7, {"total_max_attempts": 1, "mode": "standard"})
    assert s3.boto3.meta.config.read_timeout == 7


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy], ids=lambda how: how.__name__)
def test_not_pickled(offline: SecureS3Client, how: Any) -> None:
    """A client is neither pickled nor copied, and the text says what to do."""
    with pytest.raises(TypeError, match="in each process"):
        how(offline)


def test_no_secrets_shown() -> None:
    """Neither credentials nor SSE-C keys are in the repr of the client or of what it holds."""
    raw = b"marked-raw-key-of-32-bytes-long!"
    s3 = SecureS3Client(SseC(raw), session=_session())
    shown = " ".join(repr(found) for found in (s3, s3.encryption, s3.session, s3.boto3, vars(s3)))
    for secret in ("marked", raw.hex(), "bWFya2Vk"):
        assert secret not in shown


def test_context_manager(place: Place) -> None:
    """Leaving the block closes the connections; closing twice is nothing."""
    with place.client() as s3:
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"")
    s3.close()


def test_modelled_exceptions(place: Place, s3: SecureS3Client) -> None:
    """``except s3.exceptions.NoSuchKey`` works as with boto3, and so does ours."""
    with pytest.raises(s3.exceptions.NoSuchKey) as caught:
        s3.get_object(Bucket=BUCKET, Key="no")
    assert isinstance(caught.value, errors.NotFound)


# --- errors ------------------------------------------------------------------------------------------


def _disabled(place: Place) -> SecureS3Client:
    arn = place.aws.create_key()
    place.aws.disable_key(arn)
    return place.client(SseKms(arn))


_REFUSALS: dict[str, tuple[Any, type[errors.ServiceError], str, int]] = {
    "no-key": (lambda p: p.client().get_object(Bucket=BUCKET, Key="no"), errors.NotFound, "NoSuchKey", 404),
    "no-key-head": (lambda p: p.client().head_object(Bucket=BUCKET, Key="no"), errors.NotFound, "404", 404),
    "no-bucket": (
        lambda p: p.client().list_objects_v2(Bucket="amzn-s3-demo-bucket2"),
        errors.NotFound,
        "NoSuchBucket",
        404,
    ),
    "disabled-key": (
        lambda p: _disabled(p).put_object(Bucket=BUCKET, Key="k", Body=b""),
        errors.KeyUnavailable,
        "KMS.DisabledException",
        400,
    ),
    "unknown-key": (
        lambda p: p.client(SseKms(UNKNOWN_ARN)).put_object(Bucket=BUCKET, Key="k", Body=b""),
        errors.KeyUnavailable,
        "KMS.NotFoundException",
        400,
    ),
    "sse-c-wrong-key": (
        lambda p: p.client(SseC(OTHER_KEY)).get_object(Bucket=BUCKET, Key="sse-c"),
        errors.AccessDenied,
        "AccessDenied",
        403,
    ),
    "sse-c-no-key": (
        lambda p: p.client().get_object(Bucket=BUCKET, Key="sse-c"),
        errors.InvalidRequest,
        "InvalidRequest",
        400,
    ),
    "sse-c-for-nothing": (
        lambda p: p.client(SseC(RAW_KEY)).get_object(Bucket=BUCKET, Key="plain"),
        errors.InvalidRequest,
        "InvalidRequest",
        400,
    ),
    "precondition": (
        lambda p: p.client().get_object(Bucket=BUCKET, Key="plain", IfMatch='"0"'),
        errors.PreconditionFailed,
        "PreconditionFailed",
        412,
    ),
}


@pytest.mark.parametrize("name", _REFUSALS)
def test_refusals(place: Place, name: str) -> None:
    """A refusal is typed, still a ClientError with its response, tells where, and goes through pickle."""
    call, expected, code, status = _REFUSALS[name]
    place.put(b"x", "sse-c", **reading("sse-c"))
    place.put(b"x", "plain")
    with pytest.raises(ClientError) as caught:
        call(place)
    error = caught.value
    assert isinstance(error, expected)
    assert (error.code, error.status) == (code, status)
    assert error.response["Error"]["Code"] == code
    assert error.request_id
    assert error.bucket
    assert isinstance(error.__cause__, ClientError)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, expected)
    assert (str(again), again.response, again.code) == (str(error), error.response, code)
    assert again.diagnostics() == error.diagnostics()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "AccessDenied", errors.AccessDenied),
        (403, "SignatureDoesNotMatch", errors.AccessDenied),
        (403, "RequestTimeTooSkewed", errors.AccessDenied),
        (400, "ExpiredToken", errors.AccessDenied),
        (400, "KMS.KMSInvalidStateException", errors.KeyUnavailable),
        (400, "MalformedXML", errors.InvalidRequest),
        (409, "ConditionalRequestConflict", errors.PreconditionFailed),
        (429, "TooManyRequests", errors.Throttled),
        (503, "SlowDown", errors.Throttled),
        (418, "Teapot", errors.ServiceError),
    ],
)
def test_answers_of_the_service(place: Place, status: int, code: str, expected: type[Exception]) -> None:
    """Every answer has its class, by code first and by status else."""
    with FaultyProxy(place.aws.endpoint_url, place.aws.ca_bundle) as proxy:
        proxy.inject(fault.s3_error(status, code), times=10**6)
        s3 = place.client(endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle)
        with pytest.raises(expected) as caught:
            s3.put_object(Bucket=BUCKET, Key="k", Body=b"")
    assert isinstance(caught.value, ClientError)
    assert caught.value.code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize("location", ["http://localhost/", "https://localhost/", "https://example.com/"])
@pytest.mark.parametrize("status", [301, 307])
def test_redirects(place: Place, location: str, status: int) -> None:
    """A server that redirects for ever gives an error of ours, not a RecursionError, and is not followed."""
    with FaultyProxy(place.aws.endpoint_url, place.aws.ca_bundle) as proxy:
        proxy.inject(fault.redirect(location, status=status), times=10**6)
        s3 = place.client(endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle)
        with pytest.raises(errors.SecureS3Error):
            s3.put_object(Bucket=BUCKET, Key="k", Body=b"")
        with pytest.raises(errors.SecureS3Error):
            s3.get_object(Bucket=BUCKET, Key="k")
    place.assert_nothing()


def test_no_credentials() -> None:
    """Without credentials the error says how to get some, and nothing is sent."""
    s3 = SecureS3Client(SseS3(), session=boto3.Session(region_name="eu-west-1"))
    with pytest.raises(errors.ConfigurationError, match="log in") as caught:
        s3.list_objects_v2(Bucket=BUCKET)
    assert type(caught.value.__cause__).__name__ == "NoCredentialsError"


def test_unreachable(offline: SecureS3Client) -> None:
    """Where nobody listens, it is a TransportError with the cause."""
    with pytest.raises(errors.TransportError) as caught:
        offline.head_object(Bucket=BUCKET, Key="k")
    assert not isinstance(caught.value, errors.TlsError)
    assert caught.value.__cause__ is not None


def test_untrusted_certificate(place: Place) -> None:
    """A certificate of an unknown authority is a TlsError that names ca_bundle."""
    with FaultyProxy(place.aws.endpoint_url, place.aws.ca_bundle) as proxy:
        s3 = place.client(endpoint_url=proxy.url)
        with pytest.raises(errors.TlsError, match="ca_bundle"):
            s3.get_object(Bucket=BUCKET, Key="k")
        assert proxy.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"Bucket": "", "Key": "k"},
        {"Bucket": None, "Key": "k"},
        {"Bucket": "s3://b", "Key": "k"},
        {"Bucket": "arn:aws:kms:eu-west-1:111122223333:key/x", "Key": "k"},
        {"Bucket": "not a bucket", "Key": "k"},
        {"Bucket": BUCKET, "Key": ""},
        {"Bucket": BUCKET, "Key": None},
        {"Bucket": BUCKET, "Key": "k", "Nonsense": 1},
        {"Bucket": BUCKET, "Key": "k", "Body": 5},
        {"Bucket": BUCKET, "Key": "k", "ServerSideEncryption": "AES256"},
        {"Bucket": BUCKET, "Key": "k", "ACL": "public-read"},
    ],
    ids=lambda wrong: "-".join(
        f"{name}={value}" for name, value in wrong.items() if name != "Bucket" or value != BUCKET
    ),
)
def test_bad_arguments(offline: SecureS3Client, wrong: dict[str, Any]) -> None:
    """Bad arguments are ConfigurationErrors, which are ValueErrors as well, and nothing is sent."""
    sent = _watched(offline)
    with pytest.raises(errors.ConfigurationError) as caught:
        offline.put_object(**wrong)
    assert isinstance(caught.value, ValueError)
    assert sent == []
