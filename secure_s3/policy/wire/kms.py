"""The keys of KMS that S3 uses in the caller's name, and the context of such a use.

What each operation needs is what the Amazon S3 API Reference says under its name. CreateMultipartUpload,
UploadPart and UploadPartCopy need both kms:GenerateDataKey and kms:Decrypt: S3 reads the parts again before
it completes an upload. CompleteMultipartUpload of an upload with additional checksums needs kms:Decrypt, and
so does ListParts of an upload under SSE-KMS or DSSE-KMS. UpdateObjectEncryption needs kms:Encrypt,
kms:Decrypt, kms:GenerateDataKey and kms:ReEncrypt*. Other sources: Amazon S3 User Guide, "Using
server-side encryption with AWS KMS keys (SSE-KMS)" and "Reducing the cost of SSE-KMS with Amazon S3 Bucket
Keys"; KMS Developer Guide, "AWS KMS condition keys".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..request import UNKNOWN, OneOf
from .keys import SSE, SSE_C, SSE_KEY, is_key_arn, new_key
from .places import copy_source, place
from .sent import Caller, SentRequest

SERVER_ONLY = (
    "aws:*",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:PrimaryRegion",
    "kms:ReplicaRegion",
    "kms:ResourceAliases",
)
ANY_PAIR = ("kms:EncryptionContext:*",)
_PAIR = "kms:EncryptionContext:"
_ARN = "aws:s3:arn"
_WRITES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_PARTS = frozenset({"UploadPart", "UploadPartCopy"})
_UPLOADS = _PARTS | {"CompleteMultipartUpload", "ListParts"}
_READS = frozenset({"GetObject", "SelectObjectContent"})
_SYMMETRIC = "SYMMETRIC_DEFAULT"


@dataclass(frozen=True, slots=True)
class Use:
    """S3 asks KMS in the caller's name.

    Args:
        action, key_arn: What for.
        arns: What ``aws:s3:arn`` of the encryption context may be: the object, with a Bucket Key the bucket.
        pairs: The caller's own encryption context.
        more_pairs: There may be others, which nobody here knows.
        when: On what it depends that only S3 knows.
    """

    action: str
    key_arn: str
    arns: tuple[str, ...]
    pairs: Mapping[str, str]
    more_pairs: bool
    when: str = ""


def uses(sent: SentRequest, stored_key: str | None, source_key: str | None) -> Iterator[Use]:
    """How the request makes S3 use keys of KMS."""
    if sent.bucket is None or sent.key is None:
        return
    where = place(sent.bucket, sent.region)
    both = (where.object(sent.key), where.arn)
    if sent.operation in _WRITES and (sent.header(SSE) or "").startswith("aws:kms"):
        yield from _write(sent, both)
    elif sent.operation in _UPLOADS and stored_key and sent.header(SSE_C) is None:
        yield from _of_an_upload(sent, stored_key, both)
    elif sent.operation == "UpdateObjectEncryption":
        yield from _update(sent, stored_key, both)
    elif _reads(sent) and stored_key and sent.header(SSE_C) is None:
        yield Use("kms:Decrypt", stored_key, both, {}, True, f"the object is encrypted with {stored_key}")
    if source_key and "x-amz-copy-source" in sent.headers:
        bucket, key, _ = copy_source(sent)
        source = place(bucket, sent.region)
        if sent.header(f"x-amz-copy-source-{SSE_C.removeprefix('x-amz-')}") is None:
            when = f"the source is encrypted with {source_key}"
            yield Use("kms:Decrypt", source_key, (source.object(key), source.arn), {}, True, when)


def of_the_key(key_arn: str, caller: Caller) -> dict[str, Any]:
    """What every use of a symmetric key for data keys has."""
    return {
        "kms:CallerAccount": caller.account or UNKNOWN,
        "kms:EncryptionAlgorithm": _SYMMETRIC,
        "kms:KeySpec": _SYMMETRIC,
        "kms:CustomerMasterKeySpec": _SYMMETRIC,
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:CustomerMasterKeyUsage": "ENCRYPT_DECRYPT",
    }


def of_the_pairs(pairs: Mapping[str, str], more: bool) -> dict[str, Any]:
    """An encryption context as condition keys."""
    keys: Any = UNKNOWN if more else list(pairs) or None
    return {**{f"{_PAIR}{name}": value for name, value in pairs.items()}, f"{_PAIR[:-1]}Keys": keys}


def of_the_use(use: Use) -> dict[str, Any]:
    """The encryption context with which S3 asks."""
    found = of_the_pairs({**use.pairs, _ARN: use.arns[0]}, use.more_pairs)
    if len(use.arns) > 1:
        found[f"{_PAIR}{_ARN}"] = OneOf(*use.arns)
    if use.action.startswith("kms:ReEncrypt"):
        found["kms:ReEncryptOnSameKey"] = UNKNOWN
    return found


def _write(sent: SentRequest, both: tuple[str, str]) -> Iterator[Use]:
    key = sent.header(SSE_KEY)
    if key is None or not is_key_arn(key):
        return
    by_bucket = sent.header(f"{SSE}-bucket-key-enabled")
    of_object = sent.header(SSE) == "aws:kms:dsse" or by_bucket == "false"
    arns = both[:1] if of_object else both[1:] if by_bucket == "true" else both
    pairs = _pairs(sent.header(f"{SSE}-context"))
    # Whether a Bucket Key, which serves many objects, is made with one object's context is not documented.
    vague = pairs is None or (bool(pairs) and not of_object)
    own = {} if vague else pairs or {}
    yield Use("kms:GenerateDataKey", key, arns, own, vague)
    if sent.operation == "CreateMultipartUpload":
        yield Use("kms:Decrypt", key, arns, own, vague, "S3 reads the parts of the upload again")


def _of_an_upload(sent: SentRequest, key: str, both: tuple[str, str]) -> Iterator[Use]:
    """What a request about an upload needs that was begun with *key*."""
    when = f"the upload is encrypted with {key}"
    if sent.operation in _PARTS:
        yield Use("kms:GenerateDataKey", key, both, {}, True, when)
    if sent.operation == "CompleteMultipartUpload" and not _has_checksum(sent):
        when = f"the upload has additional checksums and is encrypted with {key}"
    yield Use("kms:Decrypt", key, both, {}, True, when)


def _update(sent: SentRequest, stored_key: str | None, both: tuple[str, str]) -> Iterator[Use]:
    """The data key of an object is put under another key; its content stays."""
    if key := new_key(sent):
        for action in ("GenerateDataKey", "Encrypt", "Decrypt", "ReEncryptTo"):
            yield Use(f"kms:{action}", key, both, {}, True)
    if stored_key:
        when = f"the object is encrypted with {stored_key}"
        for action in ("Decrypt", "ReEncryptFrom"):
            if (action, stored_key) != ("Decrypt", key):
                yield Use(f"kms:{action}", stored_key, both, {}, True, when)


def _has_checksum(sent: SentRequest) -> bool:
    # The parts in the body may name theirs, and the upload may have been begun with an algorithm.
    return any(name.startswith("x-amz-checksum-") for name in sent.headers)


def _pairs(header: str | None) -> dict[str, str] | None:
    """The caller's own encryption context; None if it cannot be read."""
    try:
        found = json.loads(base64.b64decode(header or "e30="))
    except ValueError:
        return None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else None


def _reads(sent: SentRequest) -> bool:
    # Only where the checksum is asked for does HEAD read what is encrypted.
    asked = (sent.header("x-amz-checksum-mode") or "").upper() == "ENABLED"
    return sent.operation in _READS or (sent.operation == "HeadObject" and asked)
