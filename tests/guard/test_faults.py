"""Every exception of botocore becomes one of ours, and stays what the caller could catch before."""

from __future__ import annotations

import inspect
import pickle
import traceback
from typing import Any

import pytest
from boto3 import exceptions as boto3_errors
from botocore import exceptions as theirs
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from s3transfer import exceptions as s3transfer_errors

from secure_s3 import errors
from secure_s3.guard import faults
from tests.guard.support import session
from tests.rig.faulty_proxy import FaultyProxy, reset_before_body, s3_error
from tests.rig.tls_servers import closed_port, tls_listener

FOREIGN = [
    cls
    for _, cls in inspect.getmembers(theirs, inspect.isclass)
    if cls.__module__ == theirs.__name__ and issubclass(cls, BotoCoreError)
]
# Mistakes in the package of a service, and warnings: no call raises them at its caller.
NOT_RAISED_BY_CALLS = {
    "ClientError",
    "EventStreamError",
    "UnsupportedTLSVersionWarning",
    "ImminentRemovalWarning",
    "UndefinedModelAttributeError",
    "MissingServiceIdError",
}
EXPECTED = {
    theirs.SSLError: errors.TlsError,
    theirs.ConnectionError: errors.TransportError,
    theirs.EndpointConnectionError: errors.TransportError,
    theirs.ConnectTimeoutError: errors.TransportError,
    theirs.ReadTimeoutError: errors.TransportError,
    theirs.ConnectionClosedError: errors.TransportError,
    theirs.ProxyConnectionError: errors.TransportError,
    theirs.HTTPClientError: errors.TransportError,
    theirs.ResponseStreamingError: errors.TransportError,
    theirs.IncompleteReadError: errors.TransportError,
    theirs.PaginationError: errors.TransportError,
    theirs.CapacityNotAvailableError: errors.TransportError,
    theirs.FlexibleChecksumError: errors.ChecksumMismatch,
    theirs.ChecksumError: errors.ChecksumMismatch,
    theirs.UnseekableStreamError: errors.TransferError,
    theirs.AwsChunkedWrapperError: errors.TransferError,
    theirs.WaiterError: errors.SecureS3Error,
}


def made(cls: type[BotoCoreError]) -> BotoCoreError:
    """An instance, whatever its message wants to be told."""
    error = cls.__new__(cls)
    Exception.__init__(error, f"{cls.__name__} happened")
    error.kwargs = {}
    return error


@pytest.mark.parametrize("cls", FOREIGN)
def test_every_exception_of_botocore(cls: type[BotoCoreError]) -> None:
    """Every class of botocore.exceptions becomes the sensible class of ours, with text and advice."""
    ours = faults.translate(made(cls), operation="GetObject", bucket="b", key="k")
    assert ours is not None
    assert type(ours) is EXPECTED.get(cls, errors.ConfigurationError)
    assert cls.__name__ in str(ours)
    assert "s3://b/k" in ours.what
    assert ours.fix
    assert (ours.operation, ours.bucket, ours.key) == ("GetObject", "b", "k")


def test_no_exception_of_botocore_is_forgotten() -> None:
    """What is not translated is listed here, so that a new kind of exception is noticed."""
    classes = {
        name for name, cls in inspect.getmembers(theirs, inspect.isclass) if cls.__module__ == theirs.__name__
    }
    assert classes - {cls.__name__ for cls in FOREIGN} == NOT_RAISED_BY_CALLS


def test_an_answer_that_cannot_be_parsed() -> None:
    """botocore's parser error, which is outside its own tree, is translated too."""
    assert isinstance(faults.translate(ResponseParserError("rubbish")), errors.TransportError)
    with pytest.raises(errors.TransportError), faults.typed("ListBuckets"):
        raise ResponseParserError("rubbish")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        OSError(5, "x"),
        KeyboardInterrupt(),
        errors.TlsError("x"),
        errors.AccessDenied("x"),
    ],
)
def test_what_is_not_botocores_is_left_alone(error: BaseException) -> None:
    """Errors of ours and of the program pass through unchanged."""
    assert faults.translate(error) is None
    with pytest.raises(type(error)) as caught, faults.typed("GetObject"):
        raise error
    assert caught.value is error
    assert caught.value.__cause__ is None


def client_error(code: str = "X", status: int | None = 400, **details: Any) -> ClientError:
    response: dict[str, Any] = {"Error": {"Code": code, "Message": "what S3 said", **details}}
    response["ResponseMetadata"] = {"HTTPStatusCode": status, "RequestId": "R1"}
    return ClientError(response, "GetObject")


CODES = [
    ("AccessDenied", 403, errors.AccessDenied),
    ("403", 403, errors.AccessDenied),
    ("SignatureDoesNotMatch", 403, errors.CredentialsRefused),
    ("InvalidAccessKeyId", 403, errors.CredentialsRefused),
    ("RequestTimeTooSkewed", 403, errors.CredentialsRefused),
    ("ExpiredToken", 400, errors.CredentialsRefused),
    ("InvalidToken", 400, errors.CredentialsRefused),
    ("ExpiredTokenException", 400, errors.CredentialsRefused),
    ("AccessDeniedException", 400, errors.AccessDenied),
    ("NoSuchKey", 404, errors.NotFound),
    ("NoSuchBucket", 404, errors.NotFound),
    ("NoSuchUpload", 404, errors.NotFound),
    ("404", 404, errors.NotFound),
    ("304", 304, errors.PreconditionFailed),
    ("ConditionalRequestConflict", 409, errors.PreconditionFailed),
    ("PreconditionFailed", 412, errors.PreconditionFailed),
    ("KMS.DisabledException", 400, errors.KeyUnavailable),
    ("KMS.NotFoundException", 400, errors.KeyUnavailable),
    ("KMS.KMSInvalidStateException", 400, errors.KeyUnavailable),
    ("KMS.InvalidKeyUsageException", 400, errors.KeyUnavailable),
    ("KMS.KeyUnavailableException", 500, errors.KeyUnavailable),
    ("DisabledException", 400, errors.KeyUnavailable),
    ("KMSInvalidStateException", 400, errors.KeyUnavailable),
    ("NotFoundException", 400, errors.KeyUnavailable),
    ("SlowDown", 503, errors.Throttled),
    ("SlowDown", 200, errors.Throttled),
    ("ThrottlingException", 400, errors.Throttled),
    ("RequestLimitExceeded", 503, errors.Throttled),
    ("TooManyRequests", 429, errors.Throttled),
    ("429", 429, errors.Throttled),
    ("ServiceUnavailable", 503, errors.Throttled),
    ("InvalidArgument", 400, errors.InvalidRequest),
    ("MalformedPolicy", 400, errors.InvalidRequest),
    ("InternalError", 500, errors.ServiceError),
    ("NeverHeardOf", 418, errors.ServiceError),
    ("", None, errors.ServiceError),
]


@pytest.mark.parametrize(("code", "status", "expected"), CODES)
def test_codes(code: str, status: int | None, expected: type[errors.ServiceError]) -> None:
    """Each error code or status becomes its class, which is still a ClientError with its response."""
    cause = client_error(code, status)
    with pytest.raises(ClientError) as caught, faults.typed("GetObject", "b", "k"):
        raise cause
    error = caught.value
    assert isinstance(error, expected)
    assert type(error) in (expected, faults._combined(expected, ClientError))
    assert error.__cause__ is cause
    assert error.response["Error"]["Code"] == code
    assert error.response["ResponseMetadata"] == cause.response["ResponseMetadata"]
    assert error.operation_name == "GetObject"
    assert (error.code, error.status, error.request_id) == (code, status, "R1")
    assert error.why == "what S3 said"


WHO = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
ARN = "arn:aws:s3:::amzn-s3-demo-bucket/k"
SENTENCE = f'User: {WHO} is not authorized to perform: s3:GetObject on resource: "{ARN}" '
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REASONS = [
    (
        "AccessDenied",
        403,
        f"{SENTENCE}with an explicit deny in a resource-based policy",
        "BucketPolicyDenied",
    ),
    ("AccessDenied", 403, f"{SENTENCE}with an explicit deny in a service control policy", "PolicyDenied"),
    ("AccessDenied", 403, f"{SENTENCE}because no VPC endpoint policy allows it", "PolicyDenied"),
    (
        "AccessDenied",
        403,
        f"{SENTENCE}because public policies are prevented by the BlockPublicPolicy setting in S3 Block "
        "Public Access.",
        "PublicAccessBlocked",
    ),
    (
        "AccessDenied",
        403,
        f"User: {WHO} is not authorized to perform: kms:Decrypt on resource: {KEY} because no identity-based "
        "policy allows the kms:Decrypt action",
        "KeyDenied",
    ),
    ("AccessDenied", 403, "Request has expired", "CredentialsRefused"),
    ("AccessDenied", 403, "Access Denied because object protected by object lock.", "ObjectLocked"),
    ("AccessDenied", 403, "Mfa Authentication must be used for this request", "ObjectLocked"),
    ("AccessDenied", 403, "Access Denied", "AccessDenied"),
    ("AccessDenied", 403, None, "AccessDenied"),
    (
        "AccessDenied",
        403,
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct "
        "secret key.",
        "AccessDenied",
    ),
    ("InvalidObjectState", 403, "The operation is not valid for the object's storage class", "AccessDenied"),
    # Not every answer that is about it is a 403: these stay what their status says.
    (
        "InvalidArgument",
        400,
        "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        "InvalidRequest",
    ),
    ("ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist", "NotFound"),
    ("KMS.DisabledException", 400, f"{KEY} is disabled.", "KeyUnavailable"),
    ("SlowDown", 503, f"{SENTENCE}with an explicit deny in a resource-based policy", "Throttled"),
]


@pytest.mark.parametrize(("code", "status", "message", "expected"), REASONS)
def test_reasons(code: str, status: int, message: str | None, expected: str) -> None:
    """What refused decides the class of a 403; the denial is there, with its advice."""
    ours = faults.translate(client_error(code, status, Message=message))
    assert isinstance(ours, errors.ServiceError)
    assert type(ours).__name__ == expected
    assert isinstance(ours, getattr(errors, expected))
    assert ours.denial.message == ours.why == (message or "")
    assert (ours.denial.code, ours.denial.status, ours.denial.operation) == (code, status, "GetObject")
    assert ours.fix
    assert pickle.loads(pickle.dumps(ours)).denial == ours.denial


def test_a_key_providers_answer_is_taken_apart() -> None:
    """What KMS told a key provider of others has its denial as well, once it leaves."""
    response = {
        "Error": {
            "Code": "AccessDeniedException",
            "Message": f"User: {WHO} is not authorized to perform: kms:Decrypt",
        },
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    error = errors.as_key_access(errors.AccessDenied)("no", response=response)  # type: ignore[call-arg]
    with pytest.raises(errors.KeyAccessError) as caught, faults.typed("GetObject"):
        raise error
    assert caught.value is error
    assert vars(error)["denial"].cause == "kms_access"


HIDING = [
    boto3_errors.S3UploadFailedError("Failed to upload"),
    boto3_errors.S3TransferFailedError("Failed"),
    boto3_errors.RetriesExceededError(None),
    s3transfer_errors.RetriesExceededError(None),
    s3transfer_errors.S3UploadFailedError("Failed"),
]


@pytest.mark.parametrize(
    "error", HIDING, ids=lambda error: f"{type(error).__module__}.{type(error).__name__}"
)
def test_what_boto3_hides(error: Exception) -> None:
    """A ClientError behind another is typed, and caught by both names; without one it stays as it is."""
    with pytest.raises(type(error)) as caught, faults.typed("PutObject", "b", "k"):
        raise error
    assert caught.value is error
    assert faults.translate(error) is None
    error.__context__ = client_error("NoSuchBucket", 404)
    for caught_as in (type(error), errors.NotFound, ClientError):
        with pytest.raises(caught_as) as caught, faults.typed("PutObject", "b", "k"):
            raise error
    ours: Any = caught.value
    assert (ours.code, ours.bucket, ours.denial.cause, ours.__cause__) == (
        "NoSuchBucket",
        "b",
        "not_found",
        error,
    )
    assert ours.response["Error"]["Code"] == "NoSuchBucket"
    assert type(pickle.loads(pickle.dumps(ours))) is errors.NotFound


def test_what_boto3_hides_may_be_ours() -> None:
    """A refused data key, which is typed already, keeps its class and its denial behind boto3's error."""
    refused = errors.as_key_access(errors.KeyDenied)("no", why="said KMS")
    errors.hand_on(faults.service_error(client_error()), refused)
    error = boto3_errors.S3UploadFailedError("Failed to upload")
    error.__context__ = refused
    ours: Any = faults.translate(error)
    assert isinstance(ours, errors.KeyAccessError)
    assert isinstance(ours, errors.KeyDenied)
    assert isinstance(ours, boto3_errors.S3UploadFailedError)
    assert (str(ours), ours.denial) == (str(refused), vars(refused)["denial"])
    assert not isinstance(refused, boto3_errors.S3UploadFailedError)


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"Error": {}},
        {"Error": None},
        {"Error": {"Code": None, "Message": None}},
        {"ResponseMetadata": {}},
    ],
)
def test_poor_responses(response: dict[str, Any]) -> None:
    """A response that lacks what it should hold is translated all the same."""
    error = ClientError({"Error": {}}, "PutObject")
    error.response = response
    ours = faults.translate(error)
    assert isinstance(ours, errors.ServiceError)
    assert ours.operation == "PutObject"


SECRET_FIELDS = (
    "AWSAccessKeyId",
    "CanonicalRequest",
    "CanonicalRequestBytes",
    "SignatureProvided",
    "StringToSign",
    "StringToSignBytes",
    "Token-0",
)


@pytest.mark.parametrize("field", SECRET_FIELDS)
def test_secret_fields_are_blanked(field: str) -> None:
    """Fields in which S3 repeats what was signed are blanked, and the original response is not changed."""
    cause = client_error("SignatureDoesNotMatch", 403, **{field: "MARKED"})
    ours = faults.translate(cause)
    assert isinstance(ours, errors.AccessDenied)
    assert ours.response["Error"][field] == "***"
    assert cause.response["Error"][field] == "MARKED"
    assert "MARKED" not in f"{ours}{ours!r}{ours.diagnostics()}{ours.response}" + pickle.dumps(ours).decode(
        "latin-1"
    )


TOKEN = "IQoJb3JpZ2luX2VjMARKED0123456789abcdefghij"
FORGED = "AccessDenied\n  fix: run evil\x9b31m\u202e\x1b[2J"
ELSEWHERE = [
    {"Signature": "MARKED"},
    {"accessKeyId": "MARKED"},
    {"stringToSign": "MARKED"},
    {"x-amz-security-token": "MARKED"},
    {"Token": "MARKED"},
    {"Token-12": "MARKED"},
    {"Detail": {"Inner": [{"StringToSign": "MARKED"}]}},
    {"Detail": f"sent was {TOKEN}"},
    {"ArgumentName": "X-Amz-Security-Token", "ArgumentValue": "MARKED"},
    {"Code": TOKEN},
    {"Message": f"the token {TOKEN} has expired"},
]


def shown(error: errors.ServiceError) -> str:
    """Everything in which it can be read, its causes included."""
    lines = traceback.format_exception(type(error), error, None)
    whole = f"{error}{error!r}{error.diagnostics()}{error.response}{''.join(lines)}"
    return whole + repr(vars(pickle.loads(pickle.dumps(error)))) + repr(vars(error.__cause__))


@pytest.mark.parametrize("modelled", [False, True])
@pytest.mark.parametrize("details", ELSEWHERE)
def test_secrets_stand_nowhere(details: dict[str, Any], modelled: bool) -> None:
    """A secret in any element, header or id is in no text, response or pickle, nor in the cause's."""
    response: Any = client_error("NoSuchKey", 404, **({} if "Code" in details else details)).response
    response["Error"] |= details
    response["ResponseMetadata"] |= {"HostId": TOKEN, "RequestId": TOKEN}
    response["ResponseMetadata"]["HTTPHeaders"] = {"authorization": "AWS MARKED", "x-echo": TOKEN, "a": "b"}
    response["message"] = TOKEN
    kind = session().client("s3").exceptions.NoSuchKey if modelled else ClientError
    cause = kind(response, "GetObject")
    with pytest.raises(errors.NotFound) as caught, faults.typed("GetObject", "b", "k"):
        raise cause
    assert "MARKED" not in shown(caught.value)
    assert type(caught.value.__cause__) is kind
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["a"] == "b"


def test_an_answer_forges_no_lines() -> None:
    """Neither lines nor controls of a terminal come out of a code, a message, an id, or the cause's text."""
    cause = client_error(FORGED, 403, Message=FORGED)
    cause.response["ResponseMetadata"]["RequestId"] = FORGED
    with pytest.raises(errors.AccessDenied) as caught, faults.typed("GetObject"):
        raise cause
    error = caught.value
    lines = traceback.format_exception(type(error), error, None)
    assert [line for line in "".join(lines).split("\n") if not line.isprintable()] == []
    assert str(error).count("\n") == 2
    assert not any("evil" in line for line in "".join(lines).split("\n") if line.startswith("  fix:"))
    code = error.response["Error"]["Code"]
    assert code == error.code == error.diagnostics()["code"]
    assert error.response["ResponseMetadata"]["RequestId"] == error.request_id == code
    assert code.isprintable()


def test_what_holds_no_secret_stays_as_it_was() -> None:
    """An answer without a secret is left as botocore made it, and so are errors of the program."""
    cause = client_error("AccessDenied", 403, Detail={"a": ["b", None, 1]}, Empty=None, Token="")
    cause.__context__ = program = ValueError(f"about {TOKEN}")
    args, details, metadata = cause.args, cause.response["Error"], cause.response["ResponseMetadata"]
    with pytest.raises(errors.AccessDenied) as caught, faults.typed("GetObject"):
        raise cause
    assert caught.value.__cause__ is cause
    assert (cause.args, program.args) == (args, (f"about {TOKEN}",))
    assert cause.response["Error"] is details
    assert cause.response["ResponseMetadata"] is metadata
    assert caught.value.response == cause.response
    assert caught.value.response["ResponseMetadata"] is metadata


def test_answers_without_end() -> None:
    """Elements within elements are hidden from some depth on, and a code is not longer than codes are."""
    deep: Any = "MARKED"
    for _ in range(500):
        deep = {"x": [deep]}
    ours = faults.translate(client_error("C" * 100_000, 403, Detail=deep))
    assert isinstance(ours, errors.AccessDenied)
    assert "MARKED" not in repr(ours.response)
    assert len(f"{ours}{ours.code}") < 2000


def test_texts_of_others_are_printed_on_one_line() -> None:
    """What botocore says of an answer that it cannot read forges nothing; of arguments it keeps its lines."""
    error = ResponseParserError(f"invalid:\n{FORGED} {TOKEN}")
    with pytest.raises(errors.TransportError) as caught, faults.typed("GetObject"):
        raise error
    assert "MARKED" not in f"{caught.value}{caught.value.__cause__}"
    assert str(caught.value).count("\n") == 2
    assert "\x1b" not in str(caught.value)
    invalid = theirs.ParamValidationError(report="one\ntwo")
    assert "one\ntwo" in str(faults.translate(invalid))


@pytest.mark.parametrize(
    "name", ["NoSuchKey", "NoSuchBucket", "NoSuchUpload", "BucketAlreadyExists", "InvalidObjectState"]
)
def test_modelled_exceptions_stay_catchable(name: str) -> None:
    """`except client.exceptions.NoSuchKey` catches ours as well, and so does ours by its own name."""
    client = session().client("s3")
    modelled = getattr(client.exceptions, name)
    status = {"InvalidObjectState": 403, "BucketAlreadyExists": 409}.get(name, 404)
    cause = modelled(client_error(name, status).response, "GetObject")
    with pytest.raises(modelled) as caught, faults.typed("GetObject", "b", "k"):
        raise cause
    error = caught.value
    assert isinstance(error, errors.ServiceError)
    assert isinstance(error, ClientError)
    assert type(error).__module__ == "secure_s3.errors"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) in vars(errors).values()
    assert str(again) == str(error)
    assert again.response == error.response
    assert again.code == name


def test_mixed_classes_are_made_once() -> None:
    """The class that mixes ours with a modelled one is made once."""
    client = session().client("s3")
    response = client_error("NoSuchKey", 404).response
    first = faults.translate(client.exceptions.NoSuchKey(response, "GetObject"))
    second = faults.translate(client.exceptions.NoSuchKey(response, "GetObject"))
    assert type(first) is type(second)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (s3_error(403, "AccessDenied"), errors.AccessDenied),
        (s3_error(404, "NoSuchKey"), errors.NotFound),
        (s3_error(412, "PreconditionFailed"), errors.PreconditionFailed),
        (s3_error(503, "SlowDown"), errors.Throttled),
        (s3_error(400, "KMS.DisabledException"), errors.KeyUnavailable),
        (reset_before_body, errors.TransportError),
    ],
)
def test_real_answers(fault: Any, expected: type[errors.SecureS3Error]) -> None:
    """What really comes over the wire is translated, with bucket, key and request id."""
    from botocore.config import Config

    with tls_listener() as server, FaultyProxy(server.url, server.ca_bundle) as proxy:
        proxy.inject(fault, times=9)
        client = session().client(
            "s3",
            endpoint_url=proxy.url,
            verify=proxy.ca_bundle,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(expected) as caught, faults.typed("GetObject", "bucket", "key"):
            client.get_object(Bucket="bucket", Key="key")
        client.close()
    assert caught.value.bucket == "bucket"
    assert caught.value.__cause__ is not None


def test_nobody_listens() -> None:
    """A refused connection is a TransportError."""
    from botocore.config import Config

    client = session().client(
        "s3",
        endpoint_url=f"https://127.0.0.1:{closed_port()}",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(errors.TransportError), faults.typed("ListBuckets"):
        client.list_buckets()


def test_no_credentials() -> None:
    """Missing credentials are a ConfigurationError that says how to log in."""
    from secure_s3.encryption import SseS3
    from secure_s3.guard import secure_session
    from tests.guard.support import core_session

    client = secure_session(SseS3(), botocore_session=core_session(), region_name="eu-west-1").client("s3")
    with pytest.raises(errors.ConfigurationError, match="log in"), faults.typed("ListBuckets"):
        client.list_buckets()


@pytest.mark.parametrize("where", [{}, {"operation": "PutObject"}, {"operation": "PutObject", "bucket": "b"}])
def test_what_is_not_known_is_left_out(where: dict[str, str]) -> None:
    """Without a bucket or an operation the text is still a sentence."""
    ours = faults.translate(made(theirs.NoRegionError), **where)
    assert ours is not None
    assert "None" not in str(ours)
