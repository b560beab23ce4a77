"""botocore's exceptions become ours, with the cause kept; a ClientError stays a ClientError."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as botocore_errors
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from .. import errors
from ..values import printable_text
from .redaction import redact

_BY_CODE: Mapping[str, type[errors.ServiceError]] = {
    "SlowDown": errors.Throttled,
    "Throttling": errors.Throttled,
    "ThrottlingException": errors.Throttled,
    "RequestLimitExceeded": errors.Throttled,
    "TooManyRequests": errors.Throttled,
    "KMS.DisabledException": errors.KeyUnavailable,
    "KMS.KMSInvalidStateException": errors.KeyUnavailable,
    "KMS.NotFoundException": errors.KeyUnavailable,
    "KMS.InvalidKeyUsageException": errors.KeyUnavailable,
    "KMS.KeyUnavailableException": errors.KeyUnavailable,
    "DisabledException": errors.KeyUnavailable,
    "KMSInvalidStateException": errors.KeyUnavailable,
    "NotFoundException": errors.KeyUnavailable,
    "AccessDeniedException": errors.AccessDenied,
    "ExpiredToken": errors.AccessDenied,
    "InvalidToken": errors.AccessDenied,
}
_BY_STATUS: Mapping[int, type[errors.ServiceError]] = {
    304: errors.PreconditionFailed,
    400: errors.InvalidRequest,
    403: errors.AccessDenied,
    404: errors.NotFound,
    409: errors.PreconditionFailed,
    412: errors.PreconditionFailed,
    429: errors.Throttled,
    503: errors.Throttled,
}
# Amazon S3 API Reference, "Error responses".
_FIXES: Mapping[str, str] = {
    "AccessDenied": "check, in this order: the identity's policy, the bucket's policy, the KMS key's policy",
    "403": "check, in this order: the identity's policy, the bucket's policy, the KMS key's policy; "
    "HEAD answers carry no reason, GET does",
    "InvalidRange": "the object has fewer bytes: look at ContentLength of head_object",
    "NoSuchBucket": "check the bucket's name and the region",
    "NoSuchKey": "check the key; without s3:ListBucket a missing key is reported as AccessDenied",
    "404": "check bucket and key",
    "InvalidAccessKeyId": "check which credentials are in use: aws sts get-caller-identity",
    "SignatureDoesNotMatch": "check the secret key and the machine's clock",
    "RequestTimeTooSkewed": "set the machine's clock",
    "ExpiredToken": "get new temporary credentials",
    "PermanentRedirect": "set region_name to the bucket's region",
    "AuthorizationHeaderMalformed": "set region_name to the bucket's region",
    "PreconditionFailed": "read the object's current state, and decide again",
    "ConditionalRequestConflict": "another writer was faster; read the object, and decide again",
    "SlowDown": "send fewer requests at a time, or spread them over more prefixes",
    "KMS.DisabledException": "enable the KMS key, or configure another one",
    "KMS.KMSInvalidStateException": "cancel the deletion of the KMS key, or configure another one",
    "KMS.NotFoundException": "check the key's ARN; the key must live in the bucket's region",
    "DisabledException": "enable the KMS key, or configure another one",
    "KMSInvalidStateException": "cancel the deletion of the KMS key, or configure another one",
    "NotFoundException": "check the key's ARN, its region and its account",
    "AccessDeniedException": "check the identity's policy and the KMS key's policy for this action",
    "IncorrectKeyException": "the object was encrypted with another key than its header says",
    "InvalidCiphertextException": "the encrypted data key or the encryption context was changed",
    "BadDigest": "the bytes changed on the way; send them again",
}
_CUSTOMER_KEY = ("Customer provided key", "form of Server Side Encryption")
_CUSTOMER_KEY_FIX = "read it with the key it was stored under: encryption=SseC(key)"
_SECRET_FIELDS = frozenset(
    {
        "AWSAccessKeyId",
        "CanonicalRequest",
        "CanonicalRequestBytes",
        "SignatureProvided",
        "StringToSign",
        "StringToSignBytes",
        "Token-0",
    }
)

BROKEN_BODY: tuple[type[BaseException], ...] = (
    botocore_errors.ResponseStreamingError,
    botocore_errors.IncompleteReadError,
    botocore_errors.ReadTimeoutError,
    botocore_errors.ConnectionError,
)
"""What reading a body raises when the connection breaks off under it."""

_Fault = tuple[type[BaseException], type[errors.SecureS3Error], str]
_FAULTS: tuple[_Fault, ...] = (
    (
        botocore_errors.SSLError,
        errors.TlsError,
        "see what the endpoint offers: secure-s3 tls URL; name a private CA as ca_bundle=…",
    ),
    (botocore_errors.FlexibleChecksumError, errors.ChecksumMismatch, "fetch it again"),
    (botocore_errors.ChecksumError, errors.ChecksumMismatch, "fetch it again"),
    (
        botocore_errors.UnseekableStreamError,
        errors.TransferError,
        "a retry has to read the body again: pass bytes or a file that can seek",
    ),
    (
        botocore_errors.AwsChunkedWrapperError,
        errors.TransferError,
        "a retry has to read the body again: pass bytes or a file that can seek",
    ),
    (
        botocore_errors.WaiterError,
        errors.SecureS3Error,
        "it did not happen in the time given: check the name, or wait longer with WaiterConfig=…",
    ),
    (botocore_errors.CapacityNotAvailableError, errors.TransportError, "send fewer requests at a time"),
    (
        botocore_errors.PaginationError,
        errors.TransportError,
        "the endpoint does not answer like S3: check endpoint_url",
    ),
    (ResponseParserError, errors.TransportError, "the endpoint does not answer like S3: check endpoint_url"),
    (botocore_errors.ResponseStreamingError, errors.TransportError, "try again"),
    (botocore_errors.IncompleteReadError, errors.TransportError, "try again"),
    (
        botocore_errors.ConnectionError,
        errors.TransportError,
        "check the network, the region and the endpoint; then try again",
    ),
    (
        botocore_errors.HTTPClientError,
        errors.TransportError,
        "check the network, the region and the endpoint; then try again",
    ),
    (
        botocore_errors.NoCredentialsError,
        errors.ConfigurationError,
        "log in (aws sso login), set AWS_PROFILE, or give the session credentials",
    ),
    (
        botocore_errors.NoRegionError,
        errors.ConfigurationError,
        "pass region_name=… or set AWS_DEFAULT_REGION",
    ),
    (
        botocore_errors.BotoCoreError,
        errors.ConfigurationError,
        "check the arguments and the AWS configuration",
    ),
)


def translate(
    error: BaseException, *, operation: str | None = None, bucket: str | None = None, key: str | None = None
) -> errors.SecureS3Error | None:
    """Our error for *error*; None if it is ours already, or comes from neither botocore nor a service."""
    where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
    if isinstance(error, errors.SecureS3Error):
        return None
    if isinstance(error, ClientError):
        return service_error(error, **where)
    for theirs, ours, fix in _FAULTS:
        if isinstance(error, theirs):
            text = redact(str(error))
            return ours(f"{_place(where)} failed: {type(error).__name__}", why=text, fix=fix, **where)
    return None


def service_error(
    error: ClientError, *, operation: str | None = None, bucket: str | None = None, key: str | None = None
) -> errors.ServiceError:
    """The typed error for what a service answered; also an instance of the modelled class it came as."""
    response = _without_secrets(error.response)
    details, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = str(details.get("Code", "")), metadata.get("HTTPStatusCode")
    # A server may repeat what it was sent, the key of SSE-C included: 32 bytes in Base64.
    message = re.sub(r"[A-Za-z0-9+/]{43}=", "***", redact(str(details.get("Message") or "")))
    if details.get("Message"):
        details["Message"] = message
    operation = operation or error.operation_name
    ours = _BY_CODE.get(code) or _BY_STATUS.get(status or 0, errors.ServiceError)
    where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
    return _combined(ours, type(error))(
        f"{_place(where)} was refused: {code or 'no code'} ({status})",
        why=message,
        fix=_CUSTOMER_KEY_FIX if any(text in message for text in _CUSTOMER_KEY) else _FIXES.get(code, ""),
        response=response,
        code=code,
        status=status,
        request_id=metadata.get("RequestId"),
        **where,
    )


def invalid_range(operation: str, bucket: str, key: str, wanted: str, size: int) -> errors.ServiceError:
    """What S3 answers to a range in which no byte is, for objects whose length only the reader knows."""
    response: Any = {
        "Error": {
            "Code": "InvalidRange",
            "Message": "The requested range is not satisfiable",
            "RangeRequested": wanted,
            "ActualObjectSize": str(size),
        },
        "ResponseMetadata": {"HTTPStatusCode": 416},
    }
    return service_error(ClientError(response, operation), operation=operation, bucket=bucket, key=key)


def broken_off(*, actual_bytes: int, expected_bytes: int) -> BaseException:
    """The error for a body that ended early without saying so."""
    return botocore_errors.IncompleteReadError(actual_bytes=actual_bytes, expected_bytes=expected_bytes)


@contextmanager
def typed(operation: str, bucket: str | None = None, key: str | None = None) -> Iterator[None]:
    """Within it, what botocore raises leaves as an error of our tree, raised from the original."""
    try:
        yield
    except (ClientError, botocore_errors.BotoCoreError, ResponseParserError) as error:
        ours = translate(error, operation=operation, bucket=bucket, key=key)
        if ours is None:
            raise
        raise ours from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        ours = _misunderstood(error, operation, bucket, key)
        if ours is None:
            raise
        raise ours from error
    except RecursionError as error:
        if not _is_redirected(error):
            raise
        where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
        raise errors.TransportError(
            f"{_place(where)} failed: the endpoint redirects without end",
            why="botocore follows every redirect to another region, and this one leads back",
            fix="check endpoint_url and region_name",
            **where,
        ) from error


def _misunderstood(
    error: Exception, operation: str, bucket: str | None, key: str | None
) -> errors.SecureS3Error | None:
    """What botocore stumbled over: an answer that it could not read, or an argument that it could not use."""
    if isinstance(error, errors.SecureS3Error):
        return None
    modules, trace = [""], error.__traceback__
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
    what = f"{_place(where)} failed: {type(error).__name__}"
    lacking = isinstance(error, KeyError) and modules[-1].startswith("secure_s3.transfer.")
    if "botocore.parsers" in modules or lacking:
        return errors.TransportError(
            what,
            why=f"the endpoint does not answer as S3 does: {redact(str(error))}",
            fix="check endpoint_url",
            **where,
        )
    if any(name.startswith("botocore.") for name in modules):
        return errors.ConfigurationError(what, why=redact(str(error)), fix="check the arguments", **where)
    return None


def _is_redirected(error: RecursionError) -> bool:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "redirect_from_error":
            return True
        trace = trace.tb_next
    return False


_mixed: dict[tuple[type, type], type[errors.ServiceError]] = {}


def _combined(ours: type[errors.ServiceError], theirs: type[ClientError]) -> type[errors.ServiceError]:
    """A class that ``except s3.exceptions.NoSuchKey`` catches as well."""
    if issubclass(ours, theirs):
        return ours
    pair = (ours, theirs)
    if pair not in _mixed:
        _mixed[pair] = type(ours.__name__, pair, {"__module__": ours.__module__, "__doc__": ours.__doc__})
    return _mixed[pair]


def _place(where: Mapping[str, str | None]) -> str:
    place = f" on s3://{where['bucket']}/{where['key'] or ''}" if where.get("bucket") else ""
    place = printable_text(place)
    return f"{where.get('operation') or 'the request'}{place}"


def _without_secrets(response: Mapping[str, Any]) -> dict[str, Any]:
    copied = dict(response)
    details = dict(copied.get("Error") or {})
    for field in _SECRET_FIELDS & details.keys():
        details[field] = "***"
    copied["Error"] = details
    return copied
