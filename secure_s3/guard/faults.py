"""botocore's exceptions become ours, with the cause kept; a ClientError stays a ClientError."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boto3 import exceptions as boto3_errors
from botocore import exceptions as botocore_errors
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from s3transfer import exceptions as transfer_errors

from .. import errors
from ..values import printable_text
from .answers import make_printable, one_line, take_secrets_out, without_secrets
from .redaction import redact

if TYPE_CHECKING:
    from ..denials import Denial

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
# What a 403 is, by the denial's cause; causes that are not listed are a plain AccessDenied.
_BY_CAUSE: Mapping[str, type[errors.AccessDenied]] = {
    "identity_policy": errors.PolicyDenied,
    "permissions_boundary": errors.PolicyDenied,
    "session_policy": errors.PolicyDenied,
    "service_control_policy": errors.PolicyDenied,
    "resource_control_policy": errors.PolicyDenied,
    "endpoint_policy": errors.PolicyDenied,
    "trust_policy": errors.PolicyDenied,
    "bucket_policy": errors.BucketPolicyDenied,
    "block_public_access": errors.PublicAccessBlocked,
    "kms_access": errors.KeyDenied,
    "signature": errors.CredentialsRefused,
    "clock": errors.CredentialsRefused,
    "credentials": errors.CredentialsRefused,
    "presign": errors.CredentialsRefused,
    "object_lock": errors.ObjectLocked,
    "mfa_delete": errors.ObjectLocked,
}
# KMS and HEAD say 400 where S3 says 403.
_ALSO_400 = frozenset({"signature", "clock", "credentials"})

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

_WORDS = {"NoCredentialsError": "no credentials were found", "NoRegionError": "no region is set"}

HIDING: tuple[type[Exception], ...] = (
    boto3_errors.S3UploadFailedError,
    boto3_errors.S3TransferFailedError,
    boto3_errors.RetriesExceededError,
    transfer_errors.S3UploadFailedError,
    transfer_errors.RetriesExceededError,
)
"""In the text of these a ClientError may be hidden: boto3's ``upload_file`` does that."""
_RAISED: tuple[type[Exception], ...] = (
    ClientError,
    botocore_errors.BotoCoreError,
    ResponseParserError,
    *HIDING,
)


def translate(
    error: BaseException,
    *,
    operation: str | None = None,
    bucket: str | None = None,
    key: str | None = None,
    service: str = "s3",
) -> errors.SecureS3Error | None:
    """Our error for *error*; None if it is ours already, or comes from neither botocore nor a service."""
    where: dict[str, Any] = {"operation": operation, "bucket": bucket, "key": key}
    if isinstance(error, errors.SecureS3Error):
        if isinstance(error, errors.ServiceError) and error.response and error.denial is None:
            # Of a key provider that is none of ours: what KMS told it.
            error.denial = _denial(error.response, operation, "kms")
        return None
    if isinstance(error, ClientError):
        return service_error(error, service=service, **where)
    if isinstance(error, HIDING):
        return _unhidden(error, where)
    for theirs, ours, fix in _FAULTS:
        if isinstance(error, theirs):
            why = _said(error) if issubclass(ours, errors.ConfigurationError) else one_line(str(error))
            name = type(error).__name__
            said = f"{_WORDS[name]} ({name})" if name in _WORDS else name
            return ours(f"{_place(where)} failed: {said}", why=why, fix=fix, **where)
    return None


def service_error(
    error: ClientError,
    *,
    operation: str | None = None,
    bucket: str | None = None,
    key: str | None = None,
    service: str = "s3",
) -> errors.ServiceError:
    """The typed error for what a service answered; also an instance of the modelled class it came as.

    It has the denial, and the refused request if *error* has it. Its response, a copy, holds no secret,
    and its texts, code and request id can be printed.
    """
    from ..denials.causes import fix_for  # here, so that importing the package stays cheap

    response = without_secrets(error.response)
    details, metadata = dict(response.get("Error") or {}), response.get("ResponseMetadata", {})
    response["Error"] = details
    code, status = str(details.get("Code", "")), metadata.get("HTTPStatusCode")
    denial = _denial(response, error.operation_name, service)
    if details.get("Message"):
        details["Message"] = denial.message
    where: dict[str, Any] = {"operation": operation or error.operation_name, "bucket": bucket, "key": key}
    ours = _combined(_kind(code, status, denial.cause), type(error))(
        f"{_place(where)} was refused: {code or 'no code'} ({status})",
        why=printable_text(denial.message),
        fix=fix_for(denial),
        response=response,
        code=code,
        status=status,
        request_id=metadata.get("RequestId"),
        **where,
    )
    ours.denial = denial
    errors.hand_on(error, ours)
    return ours


def _denial(response: Mapping[str, Any], operation: str | None, service: str) -> Denial:
    from ..denials.parsing import parse_denial

    details = response.get("Error") or {}
    return parse_denial(
        service=service,
        operation=operation,
        status=response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
        code=details.get("Code"),
        message=details.get("Message"),
        fields=details,
    )


def _kind(code: str, status: int | None, cause: str) -> type[errors.ServiceError]:
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status or 0, errors.ServiceError)
    if kind is errors.AccessDenied or (kind is errors.InvalidRequest and cause in _ALSO_400):
        return _BY_CAUSE.get(cause, kind)
    return kind


def _unhidden(error: Exception, where: Mapping[str, Any]) -> errors.ServiceError | None:
    """The ClientError that *error* hides, typed, and of the class of *error* besides; None without one."""
    from .refused import behind  # here and below, so that importing the package stays cheap

    hidden = next((each for each in behind(error) if isinstance(each, ClientError)), None)
    if hidden is None:
        return None
    # KMS may have refused the data key, which is one of ours already.
    ours = hidden if isinstance(hidden, errors.ServiceError) else service_error(hidden, **where)
    both = _combined(type(ours), type(error))
    twin = both.__new__(both)
    twin.__dict__.update(ours.__dict__)
    twin.args = ours.args
    return twin


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
def typed(
    operation: str, bucket: str | None = None, key: str | None = None, service: str = "s3"
) -> Iterator[None]:
    """Within it, what botocore raises leaves as an error of our tree, raised from the original."""
    try:
        yield
    except _RAISED as error:
        ours = translate(error, operation=operation, bucket=bucket, key=key, service=service)
        if ours is None:
            raise
        _expose_nothing(error)
        raise ours from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        ours = _misunderstood(error, operation, bucket, key)
        if ours is None:
            raise
        _expose_nothing(error)
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


def _expose_nothing(error: BaseException) -> None:
    """A traceback shows the causes of ours too, so they lose what is secret or steers a terminal."""
    from .refused import behind

    for each in behind(error):
        if isinstance(each, errors.SecureS3Error) or not (each is error or isinstance(each, _RAISED)):
            continue  # the program's own are left alone
        take_secrets_out(each)
        if isinstance(each, (ClientError, *HIDING)):
            make_printable(each)


def _said(error: BaseException) -> str:
    """What botocore says of arguments, in its lines."""
    return "\n".join(printable_text(line) for line in redact(str(error)).split("\n"))


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
            why=f"the endpoint does not answer as S3 does: {one_line(str(error))}",
            fix="check endpoint_url",
            **where,
        )
    if any(name.startswith("botocore.") for name in modules):
        return errors.ConfigurationError(what, why=_said(error), fix="check the arguments", **where)
    return None


def _is_redirected(error: RecursionError) -> bool:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "redirect_from_error":
            return True
        trace = trace.tb_next
    return False


_mixed: dict[tuple[type, type], type[errors.ServiceError]] = {}


def _combined(ours: type[errors.ServiceError], theirs: type[Exception]) -> type[errors.ServiceError]:
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
