"""Default encryption of a bucket, and the encryption types that uploads to it may not have.

moto neither answers the default that every bucket has, nor takes a rule that only blocks.

Sources: Amazon S3 User Guide, "Blocking or unblocking SSE-C for a general purpose bucket", "Troubleshoot
access denied (403 Forbidden) errors in Amazon S3"; Amazon S3 API Reference, PutBucketEncryption. What a
rule does to what it leaves out is documented nowhere: here that stays as it was.
"""

from __future__ import annotations

from typing import Any

from ..call import SSE, Answer, Call
from ..callers.identity import Identity
from ..documents import empty_answer, malformed_xml, parsed, text_of, xml_answer
from ..faults import invalid_argument, xml_text
from ..judging.denied import because
from ..store import Store

__all__ = ["check_blocked", "get_encryption", "put_encryption"]

_TYPES = ("SSE-C", "NONE")
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
_DEFAULT, _BLOCKED = "ApplyServerSideEncryptionByDefault", "BlockedEncryptionTypes"
_WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy")
_WHY = (
    "because this bucket has blocked upload requests that specify Server Side Encryption with Customer "
    "provided keys (SSE-C). Please specify a different server-side encryption type"
)


def check_blocked(call: Call, store: Store, identity: Identity) -> None:
    """403 for a write with a customer's key where the bucket blocks them; reads stay possible."""
    if call.operation not in _WRITES or not any(name.startswith(f"{SSE}-customer-") for name in call.headers):
        return
    rule = (getattr(store.bucket(call.bucket), "encryption", None) or {}).get("Rule", {})
    if "SSE-C" in _blocked_types(rule):
        raise because(identity, "s3:PutObject", f"arn:aws:s3:::{call.bucket}/{call.key}", _WHY)


def put_encryption(call: Call, bucket: Any) -> Answer:
    """PutBucketEncryption.

    Raises:
        Refusal: MalformedXML or InvalidArgument.
    """
    document = parsed(call.body, "ServerSideEncryptionConfiguration")
    rules = document.findall("Rule")
    if len(rules) != 1:
        raise malformed_xml()
    held = dict((bucket.encryption or {}).get("Rule", {}))
    default, types = rules[0].find(_DEFAULT), rules[0].find(_BLOCKED)
    if default is None and types is None:
        raise malformed_xml()
    if default is not None:
        held = {_DEFAULT: _default(default), _BLOCKED: held.get(_BLOCKED)}
        held["BucketKeyEnabled"] = text_of(rules[0], "BucketKeyEnabled") or "false"
    if types is not None:
        named = [(each.text or "").strip() for each in types.findall("EncryptionType")]
        if not named or not set(named) <= set(_TYPES) or len(set(named)) != 1:
            raise malformed_xml()
        held[_BLOCKED] = {"EncryptionType": named[0]}
    held.setdefault(_DEFAULT, {"SSEAlgorithm": "AES256"})  # where moto looks it up
    bucket.encryption = {"Rule": {name: value for name, value in held.items() if value is not None}}
    return empty_answer()


def _default(element: Any) -> dict[str, str]:
    algorithm, key = text_of(element, "SSEAlgorithm"), text_of(element, "KMSMasterKeyID")
    if algorithm not in _ALGORITHMS:
        raise malformed_xml()
    if key and algorithm == "AES256":
        message = (
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        )
        raise invalid_argument(message, _DEFAULT)
    return {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}


def get_encryption(bucket: Any) -> Answer:
    """GetBucketEncryption: there always is one, as at S3 since January 2023."""
    rule = (bucket.encryption or {}).get("Rule", {})
    default = rule.get(_DEFAULT) or {"SSEAlgorithm": "AES256"}
    inner = _element(_DEFAULT, "".join(_element(name, xml_text(text)) for name, text in default.items()))
    inner += _element("BucketKeyEnabled", str(rule.get("BucketKeyEnabled", "false")).lower())
    if types := _blocked_types(rule):
        inner += _element(_BLOCKED, "".join(_element("EncryptionType", each) for each in types))
    return xml_answer("ServerSideEncryptionConfiguration", _element("Rule", inner))


def _blocked_types(rule: Any) -> list[str]:
    found = (rule.get(_BLOCKED) or {}).get("EncryptionType", [])
    return [found] if isinstance(found, str) else list(found)


def _element(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"
