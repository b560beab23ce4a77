"""Server access logging: switched on where logs may be delivered, and told. Nothing is ever delivered.

moto goes by the shape of the statements in the target's policy, stumbles over a Principal ``*`` in it, and
forgets the format of keys. Sources: Amazon S3 API Reference, PutBucketLogging; Amazon S3 User Guide,
"Enabling Amazon S3 server access logging". Codes and texts are those that S3 has been seen to send.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, tostring

from ....errors import SecureS3Error
from ....policy import AccessRequest, evaluate
from ...settings import ACCOUNT_ID
from ..call import Answer, Call
from ..documents import empty_answer, malformed_xml, parsed, text_of, xml_answer
from ..faults import Refusal
from ..store import Store
from .acls import grants_of
from .ownership import ENFORCED

__all__ = ["get_logging", "put_logging"]

_SERVICE = "logging.s3.amazonaws.com"
_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_INVALID = "InvalidTargetBucketForLogging"
_NOT_ALLOWED = (
    "You must either provide the necessary permissions to the logging service using a bucket policy or give "
    "the log-delivery group WRITE and READ_ACP permissions to the target bucket"
)
_FIELD = "secure_s3_logging"


def put_logging(call: Call, bucket: Any, store: Store) -> Answer:
    """PutBucketLogging.

    Raises:
        Refusal: MalformedXML, InvalidTargetBucketForLogging or CrossLocationLoggingProhibitted, which S3
            spells so.
    """
    enabled = parsed(call.body, "BucketLoggingStatus").find("LoggingEnabled")
    if enabled is not None:
        name, prefix = text_of(enabled, "TargetBucket"), text_of(enabled, "TargetPrefix")
        if not name or prefix is None:
            raise malformed_xml()
        target = store.bucket(name)
        if target is None:
            raise _refused(_INVALID, "The target bucket for logging does not exist", 400, name)
        if target.region_name != bucket.region_name:
            message = "S3 Access Logs does not support cross-location logging."
            raise _refused("CrossLocationLoggingProhibitted", message, 403, name)
        if not (_by_policy(bucket, target, prefix) or _by_acl(target)):
            raise _refused(_INVALID, _NOT_ALLOWED, 400, name)
    setattr(bucket, _FIELD, enabled)
    return empty_answer()


def get_logging(bucket: Any) -> Answer:
    """GetBucketLogging: the document that was put."""
    enabled: Element | None = getattr(bucket, _FIELD, None)
    return xml_answer("BucketLoggingStatus", "" if enabled is None else tostring(enabled, "unicode"))


def _refused(code: str, message: str, status: int, target: str) -> Refusal:
    return Refusal(status, code, message, TargetBucket=target)


def _by_policy(bucket: Any, target: Any, prefix: str) -> bool:
    if not target.policy:
        return False
    request = AccessRequest(
        "s3:PutObject",
        f"arn:aws:s3:::{target.name}/{prefix}log",
        _SERVICE,
        {
            "aws:SecureTransport": True,
            "s3:TlsVersion": "1.3",
            "aws:SourceArn": f"arn:aws:s3:::{bucket.name}",
            "aws:SourceAccount": ACCOUNT_ID,
        },
        resource_account=ACCOUNT_ID,
    )
    try:
        return evaluate(request, resource_policy=target.policy).outcome == "allowed"
    except SecureS3Error:
        return False


def _by_acl(target: Any) -> bool:
    if target.ownership_rule == ENFORCED:
        return False
    granted = {permission for who, permission in grants_of(target.acl) if who == _GROUP}
    return "FULL_CONTROL" in granted or granted >= {"WRITE", "READ_ACP"}
