"""Request checks: pure functions over a call's parameters and over the request about to be signed."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ..encryption import Strategy
from ..encryption.operations import CONTENT, COPIES, HEADERS, MEMBERS, RENAMES, WRITES
from ..encryption.strategy import SealedBody
from ..errors import ConfigurationError, EncryptionConflict, InsecureTransport, PublicAccessRefused
from ..profile import SecurityProfile
from .operations import ACLS, BUCKET_DEFAULTS, DELEGATES, IN_PLACE, NO_EXPECTED_OWNER, WIRE_CHECKED

PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
"""Amazon S3 User Guide, "Access control list (ACL) overview": Canned ACL."""

_PUBLIC_GROUPS = "acs.amazonaws.com/groups/global/"
_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_BUCKET_ARN = re.compile(
    r"arn:aws[a-z-]*:(s3:[a-z0-9-]*:[0-9]{12}:accesspoint[:/]"
    r"|s3-object-lambda:[a-z0-9-]+:[0-9]{12}:accesspoint[:/]"
    r"|s3-outposts:[a-z0-9-]+:[0-9]{12}:outpost[:/]).+"
)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
_READS = ("Get", "Head", "List")
_SSE_HEADERS = tuple(header.lower() for header in HEADERS.values())
# The key itself is compared by its MD5 and never looked at.
_KEY_HEADER = HEADERS["SSECustomerKey"].lower()


def check_bucket(bucket: object, argument: str = "Bucket") -> None:
    """Refuse what cannot name a bucket or an access point; botocore checks plain names itself."""
    if not isinstance(bucket, str) or not bucket:
        raise ConfigurationError(
            f"{argument}={bucket!r} is not a bucket name", fix='pass a string, e.g. "amzn-s3-demo-bucket"'
        )
    if bucket.startswith("s3://"):
        raise ConfigurationError(
            f"{argument}={bucket!r} is a URL",
            why="the bucket and the key are two arguments",
            fix="pass the name alone",
        )
    if not bucket.startswith("arn:") and (not _NAME.fullmatch(bucket) or bucket in (".", "..")):
        raise ConfigurationError(
            f"{argument}={bucket!r} is not a bucket name",
            why="it has letters, digits, dots, hyphens and underscores, up to 255, and is no path",
            fix="check its spelling",
        )
    if bucket.startswith("arn:") and not _BUCKET_ARN.fullmatch(bucket):
        raise ConfigurationError(
            f"{argument}={bucket!r} is an ARN of the wrong kind",
            why="S3 takes the ARN of an access point in place of a bucket name, and no other ARN",
            fix="pass the bucket's plain name, or arn:aws:s3:region:account:accesspoint/name",
        )


def apply_strategy(
    params: MutableMapping[str, Any], operation: str, strategy: Strategy | None, profile: SecurityProfile
) -> None:
    """Put the strategy's members into *params*, and refuse whatever contradicts them.

    Without a strategy nothing may be written: no encryption was configured.

    Raises:
        EncryptionConflict: the caller asked for another encryption or key.
        PublicAccessRefused: an ACL or a grant would open the object to everybody.
        ConfigurationError: another bucket owner than the profile's is expected.
    """
    if operation in WRITES or operation in ACLS or operation in DELEGATES:
        _refuse_public(params, operation)
    if strategy is None:
        _refuse_unconfigured(operation)
    else:
        if strategy.client_side:
            _refuse_raw(params, operation, strategy)
        required = strategy.parameters(operation)
        if operation in WRITES:
            _refuse_conflicts(params, operation, strategy, required)
        elif required:
            _refuse_other_key(params, operation, strategy, required)
        params.update(required)
        if operation in IN_PLACE:
            _refuse_other_target(params, operation, strategy)
    if operation in BUCKET_DEFAULTS:
        _refuse_weaker_default(params, profile)
    if profile.expected_bucket_owner and operation not in NO_EXPECTED_OWNER:
        _expect_owner(params, operation, profile.expected_bucket_owner)


def check_wire(
    url: str,
    headers: Mapping[str, Any],
    operation: str,
    strategy: Strategy | None,
    allowed_host: Callable[[str], bool],
    body: object = None,
) -> None:
    """Last look at a request before it is signed: https, a host we mean, the encryption we mean.

    With client-side encryption, content must be a sealed body.

    Raises:
        InsecureTransport: the URL is not https, or leads to a host that the client was not made for.
        EncryptionConflict: the encryption headers differ from the strategy's.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise InsecureTransport(
            f"{operation} would go to {parts.scheme}://{parts.netloc} without TLS",
            why="something changed the request's URL after the endpoint was resolved",
            fix="look for event handlers, a redirect, or an endpoint that answers with http locations",
            operation=operation,
        )
    if not allowed_host(parts.hostname or ""):
        raise InsecureTransport(
            f"{operation} would go to the host {parts.hostname}",
            why="it is neither an AWS endpoint nor the endpoint this client was made for",
            fix="pass the host as endpoint_url= if you mean it",
            operation=operation,
        )
    if operation.startswith(_READS):
        return  # nothing that a read is sent with is stored
    # One pass: look-ups in botocore's headers walk through all of them.
    sent = {str(name).lower(): _header_text(value) for name, value in headers.items()}
    _check_access_headers(sent, operation)
    if strategy is not None and operation in WIRE_CHECKED:
        _check_encryption_headers(sent, operation, strategy)
    if strategy is not None and strategy.client_side and operation in CONTENT:
        _check_sealed(body, operation, strategy)


def _header_text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _check_access_headers(headers: Mapping[str, str], operation: str) -> None:
    for name, text in headers.items():
        if (name == "x-amz-acl" and is_public_acl(text)) or (
            name.startswith("x-amz-grant-") and is_public_grant(text)
        ):
            raise PublicAccessRefused(
                f"{operation} was about to be sent with {name} = {text}",
                why="public ACLs are refused by this client, whatever the bucket allows",
                fix="look for an event handler that adds the header, and remove it",
                operation=operation,
            )


def _check_encryption_headers(headers: Mapping[str, str], operation: str, strategy: Strategy) -> None:
    expected = strategy.headers(operation)
    for name in _SSE_HEADERS:
        wanted, got = expected.get(name), headers.get(name)
        if wanted == got:
            continue
        secret = name == _KEY_HEADER
        shown = "another value" if secret and got is not None else repr(got)
        raise EncryptionConflict(
            f"{operation} was about to be sent with {name} = {shown}",
            why=f"{strategy!r} requires {'its own key' if secret else repr(wanted)}",
            fix="look for an event handler that changes encryption headers, and remove it",
            operation=operation,
        )


def _refuse_conflicts(
    params: Mapping[str, Any], operation: str, strategy: Strategy, required: Mapping[str, object]
) -> None:
    for member in MEMBERS & params.keys():
        if member not in required or not _same(member, params[member], required[member]):
            shown = "(not shown)" if member.startswith("SSECustomerKey") else repr(params[member])
            raise EncryptionConflict(
                f"{operation}: the argument {member}={shown} contradicts the configured encryption",
                why=f"this client writes with {strategy!r}",
                fix=f"leave {member} out; pass encryption=… to write with another strategy",
                operation=operation,
                bucket=_text(params.get("Bucket")),
                key=_text(params.get("Key")),
            )


def _refuse_other_key(
    params: Mapping[str, Any], operation: str, strategy: Strategy, required: Mapping[str, object]
) -> None:
    if "SSECustomerKey" in params and not _same(
        "SSECustomerKey", params["SSECustomerKey"], required.get("SSECustomerKey")
    ):
        raise EncryptionConflict(
            f"{operation}: the argument SSECustomerKey holds another key than the configured one",
            why=f"this client reads and writes with {strategy!r}",
            fix="leave it out; to read with another key pass encryption=SseC(key)",
            operation=operation,
            bucket=_text(params.get("Bucket")),
            key=_text(params.get("Key")),
        )


def _same(member: str, got: object, wanted: object) -> bool:
    if member == "SSECustomerKey" and isinstance(got, bytes | bytearray):
        got = base64.b64encode(got).decode()
    elif member == "SSECustomerKey" and isinstance(got, str) and got != wanted:
        # botocore takes a string of 32 characters as the raw key.
        got = base64.b64encode(got.encode("utf-8")).decode()
    return got == wanted


def _refuse_raw(params: Mapping[str, Any], operation: str, strategy: Strategy) -> None:
    if operation in COPIES or operation in RENAMES:
        raise EncryptionConflict(
            f"{operation} is refused: this client encrypts before it sends",
            why="S3 would copy or rename what it has: perhaps something unencrypted, or an encrypted object "
            "that is bound to its old place and could not be read at the new one",
            fix="use s3.copy(…), which decrypts and encrypts again on its way through",
            operation=operation,
            bucket=_text(params.get("Bucket")),
            key=_text(params.get("Key")),
        )
    if operation in CONTENT:
        _check_sealed(params.get("Body"), operation, strategy)
    if params.get("WriteOffsetBytes") is not None:
        raise EncryptionConflict(
            f"{operation} with WriteOffsetBytes is refused",
            why="nothing can be appended to an encrypted object",
            fix="write the whole object, e.g. with s3.open(bucket, key, 'wb')",
            operation=operation,
        )


def _check_sealed(body: object, operation: str, strategy: Strategy) -> None:
    if not isinstance(body, SealedBody):
        raise EncryptionConflict(
            f"{operation} is refused: its content is not encrypted",
            why=f"this client writes with {strategy!r}; through s3.boto3 or a presigned URL the content "
            "would be stored as it is",
            fix="use put_object, upload_file, open or upload_many of SecureS3Client; to store it without "
            "client-side encryption pass encryption=… to these",
            operation=operation,
        )


def _refuse_unconfigured(operation: str) -> None:
    if operation in WRITES or operation in IN_PLACE:
        raise ConfigurationError(
            f"{operation} is refused: this client has no encryption strategy",
            why="it was made with encryption=None, for reading and for other services",
            fix="make the session or the client with a strategy, e.g. SseKms(…)",
            operation=operation,
        )


def _refuse_public(params: Mapping[str, Any], operation: str) -> None:
    opening = next(_openings(params), None)
    if opening:
        raise PublicAccessRefused(
            f"{operation} would open {_text(params.get('Bucket'))}/{_text(params.get('Key')) or ''} "
            f"to everybody: {opening}",
            why="public ACLs are refused by this client, whatever the bucket allows",
            fix="share with a presigned URL or a bucket policy that names the reader",
            operation=operation,
            bucket=_text(params.get("Bucket")),
            key=_text(params.get("Key")),
        )


def _openings(value: object, member: str = "") -> Iterator[str]:
    """Every ACL and grant in the parameters, at any depth, that lets everybody in."""
    if isinstance(value, Mapping) and member != "Metadata":
        for name, inner in value.items():
            yield from _openings(inner, str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _openings(inner, member)
    elif isinstance(value, str) and (
        (member in ("ACL", "CannedACL") and is_public_acl(value))
        or (member == "URI" and is_public_grant(value))
        or (member in _GRANTS and is_public_grant(value))
    ):
        yield f"{member}={value}"


def is_public_acl(value: object) -> bool:
    """Whether *value* is a canned ACL that lets everybody in, or everybody with an AWS account."""
    return isinstance(value, str) and value.strip().lower() in PUBLIC_ACLS


def is_public_grant(value: object) -> bool:
    """Whether a grant names a group that everybody is in."""
    return isinstance(value, str) and _PUBLIC_GROUPS in value.lower()


_ALGORITHM_STRATEGY = {"AES256": "SseS3", "aws:kms": "SseKms", "aws:kms:dsse": "DsseKms"}


def _refuse_other_target(params: Mapping[str, Any], operation: str, strategy: Strategy) -> None:
    asked = params.get("ObjectEncryption")
    target = asked.get("SSEKMS") if isinstance(asked, Mapping) else None
    writes = strategy.parameters("PutObject")
    if (
        not isinstance(target, Mapping)
        or writes.get("ServerSideEncryption") != "aws:kms"
        or target.get("KMSKeyArn") != writes["SSEKMSKeyId"]
    ):
        raise EncryptionConflict(
            f"{operation} would give the object another encryption than the configured one",
            why=f"this client writes with {strategy!r}",
            fix="name the key of the client's SseKms strategy as KMSKeyArn",
            operation=operation,
        )


def _refuse_weaker_default(params: Mapping[str, Any], profile: SecurityProfile) -> None:
    rules = (params.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or ()
    algorithms = {
        str((rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm", "AES256"))
        for rule in rules
    }
    for algorithm in algorithms or {"AES256"}:
        profile.require_strategy(_ALGORITHM_STRATEGY.get(algorithm, algorithm))


def _expect_owner(params: MutableMapping[str, Any], operation: str, owner: str) -> None:
    given = params.setdefault("ExpectedBucketOwner", owner)
    if given != owner:
        raise ConfigurationError(
            f"{operation}: ExpectedBucketOwner={given!r} is not the owner that the profile expects",
            why=f"the profile expects {owner}",
            fix="leave the argument out, or use a client with another profile",
            operation=operation,
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
