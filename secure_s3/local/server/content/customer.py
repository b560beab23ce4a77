"""SSE-C: keys that the client sends with every request, and that S3 forgets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
Only a keyed hash of each key is remembered, and the hash's own key dies with the process.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..faults import Refusal, access_denied, invalid_argument, invalid_request

__all__ = ["CustomerKey", "check_object", "check_part", "customer_key"]

_PEPPER = secrets.token_bytes(32)
_PREFIX = "x-amz-server-side-encryption-customer-"
_NAME = "x-amz-server-side-encryption"


@dataclass(frozen=True)
class CustomerKey:
    """What is remembered of a key: a keyed hash, and the MD5 that S3 repeats in its answers."""

    fingerprint: bytes = field(repr=False)
    md5: str = field(repr=False)


def customer_key(headers: Mapping[str, str], *, source: bool = False) -> CustomerKey | None:
    """The key that the request brings, for itself or for its copy source.

    Raises:
        Refusal: InvalidArgument, when the three headers do not form a valid AES-256 key.
    """
    prefix = _PREFIX.replace("x-amz-", "x-amz-copy-source-") if source else _PREFIX
    algorithm, key, md5 = (headers.get(prefix + part) for part in ("algorithm", "key", "key-md5"))
    if algorithm is None and key is None and md5 is None:
        return None
    start = "Requests specifying Server Side Encryption with Customer provided keys must provide "
    if algorithm is None:
        raise invalid_argument(start + "a valid encryption algorithm.", _NAME)
    if algorithm != "AES256":
        message = "The Encryption request you specified is not valid. Supported value: AES256."
        raise Refusal(400, "InvalidEncryptionAlgorithmError", message)
    if key is None:
        raise invalid_argument(start + "an appropriate secret key.", _NAME)
    if md5 is None:
        raise invalid_argument(start + "the client calculated MD5 of the secret key.", _NAME)
    return _checked(key, md5)


def _checked(key: str, md5: str) -> CustomerKey:
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise invalid_argument("The secret key was invalid for the specified algorithm.", _NAME)
    if base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest()).decode() != md5:
        message = "The calculated MD5 hash of the key did not match the hash that was provided."
        raise invalid_argument(message, _NAME)
    return CustomerKey(hmac.digest(_PEPPER, raw, "sha256"), md5)


def check_object(stored: CustomerKey | None, brought: CustomerKey | None) -> None:
    """Refuse to read an object without its key, with another, or with a key that it does not have."""
    if stored is None:
        if brought is not None:
            raise invalid_request("The encryption parameters are not applicable to this object.")
    elif brought is None:
        raise invalid_request(
            "The object was stored using a form of Server Side Encryption. "
            "The correct parameters must be provided to retrieve the object."
        )
    elif not hmac.compare_digest(stored.fingerprint, brought.fingerprint):
        raise access_denied(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "the correct secret key."
        )


def check_part(stored: CustomerKey | None, brought: CustomerKey | None) -> None:
    """Refuse a part that is not encrypted as its upload was begun."""
    if stored is None and brought is not None:
        raise invalid_request("The multipart upload initiate did not request encryption with a customer key.")
    if stored is not None and brought is None:
        raise invalid_request(
            "The multipart upload initiate requested encryption. "
            "Subsequent part requests must include the appropriate encryption parameters."
        )
    if stored is not None and brought is not None and stored.fingerprint != brought.fingerprint:
        raise invalid_request("The provided encryption parameters did not match the ones used originally.")
