"""Which encryption a request asks for, which it gets, and how S3 says so in its answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..call import SSE
from ..faults import Refusal, invalid_argument
from .customer import CustomerKey, customer_key

__all__ = ["Asked", "Seal", "asked_by", "refuse_on_reads"]

_KMS = ("aws:kms", "aws:kms:dsse")
_KEY_ID, _CONTEXT, _BUCKET_KEY = f"{SSE}-aws-kms-key-id", f"{SSE}-context", f"{SSE}-bucket-key-enabled"


@dataclass(frozen=True)
class Seal:
    """How an object or upload is encrypted: with a customer key, or by ``algorithm``."""

    algorithm: str = "AES256"
    key_arn: str | None = None
    bucket_key: bool = False
    customer: CustomerKey | None = None

    def headers(self) -> dict[str, str]:
        """What S3 answers for an object sealed so."""
        if self.customer is not None:
            return {f"{SSE}-customer-algorithm": "AES256", f"{SSE}-customer-key-MD5": self.customer.md5}
        told = {SSE: self.algorithm}
        if self.key_arn is not None:
            told[_KEY_ID] = self.key_arn
        if self.bucket_key:
            told[_BUCKET_KEY] = "true"
        return told


@dataclass(frozen=True)
class Asked:
    """What the headers of a request ask for; None where they say nothing."""

    algorithm: str | None = None
    key_id: str | None = None
    bucket_key: bool | None = None
    customer: CustomerKey | None = None


def asked_by(headers: Mapping[str, str]) -> Asked:
    """Read and check the encryption headers of a request that creates an object.

    Raises:
        Refusal: InvalidArgument, for headers that contradict each other or mean nothing.
    """
    customer = customer_key(headers)
    algorithm, key_id = headers.get(SSE), headers.get(_KEY_ID)
    if customer is not None and algorithm is not None:
        message = (
            "Server Side Encryption with Customer provided key is incompatible with "
            "the encryption method specified"
        )
        raise invalid_argument(message, SSE, algorithm)
    if algorithm not in (None, "AES256", *_KMS):
        raise invalid_argument("The encryption method specified is not supported", SSE, str(algorithm))
    if key_id is not None and algorithm not in _KMS:
        message = (
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms"
        )
        raise invalid_argument(message, SSE, algorithm or "null")
    if _CONTEXT in headers:
        _check_context(headers[_CONTEXT], algorithm)
    bucket_key = headers.get(_BUCKET_KEY)
    if bucket_key is not None and bucket_key.lower() not in ("true", "false"):
        raise invalid_argument("The header is not true or false.", _BUCKET_KEY, bucket_key)
    return Asked(algorithm, key_id, None if bucket_key is None else bucket_key.lower() == "true", customer)


def _check_context(value: str, algorithm: str | None) -> None:
    if algorithm not in _KMS:
        message = "The encryption context is only allowed with Server Side Encryption with AWS KMS."
        raise invalid_argument(message, _CONTEXT, value)
    try:
        context = json.loads(base64.b64decode(value, validate=True))
    except ValueError:
        context = None
    if not isinstance(context, dict) or not all(isinstance(item, str) for item in context.values()):
        raise invalid_argument("The header is not base64-encoded UTF-8 JSON of strings.", _CONTEXT, value)


def refuse_on_reads(headers: Mapping[str, str]) -> None:
    """S3 takes x-amz-server-side-encryption only where an object is made."""
    if SSE in headers:
        message = f"{SSE} header is not supported for this operation."
        raise Refusal(400, "InvalidArgument", message, ArgumentName=SSE, ArgumentValue=headers[SSE])
