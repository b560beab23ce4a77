"""UpdateObjectEncryption: the data key of an object under another key of KMS; its content stays.

moto does not know it. Sources: Amazon S3 API Reference, UpdateObjectEncryption; Amazon S3 User Guide,
"Updating server-side encryption for existing data". Texts are those of the API Reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ..call import Answer, Call
from ..clock import Clock
from ..documents import empty_answer, malformed_xml, parsed, text_of
from ..faults import Refusal, access_denied, invalid_request
from ..ledger import Ledger
from ..settings.object_lock import is_locked
from ..store import Store
from .encryption import Seal
from .kms import check_usable

__all__ = ["Reencrypter", "asked_members", "new_seal"]

_ARN = re.compile(r"arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:([0-9]{12}):key/.+")
_NO_TYPE = (
    "Requests that modify an object encryption configuration require a valid new encryption type. "
    "Valid values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, "
    "and then try again."
)
_NO_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon "
    "Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again."
)
_BAD_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon "
    "Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, "
    "and then try again."
)
_BAD_SWITCH = (
    "The BucketKeyEnabled value isn't valid. Valid values are true or false. Modify the request to "
    "specify a valid value, and then try again."
)
_NOT_OURS = (
    "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the "
    "request to specify a KMS key from the same account, and then try again."
)
_BAD_SOURCE = (
    "The UpdateObjectEncryption operation doesn't support source objects with the encryption type "
    "DSSE-KMS or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
)
_LOCKED = (
    "The encryption type for the specified object can't be updated because that object is protected "
    "by S3 Object Lock. If the object has a governance-mode retention period or a legal hold, you "
    "must first remove the Object Lock status on the object before you issue your "
    "UpdateObjectEncryption request. You can't use the UpdateObjectEncryption operation with objects "
    "that have an Object Lock compliance mode retention period applied to them."
)


def asked_members(body: bytes) -> dict[str, Any]:
    """What the body asks for, in botocore's names.

    Raises:
        Refusal: MalformedXML.
    """
    found = parsed(body, "ObjectEncryption").findall("SSE-KMS")
    if len(found) > 1:
        raise malformed_xml()
    if not found:
        return {}
    told = {name: text_of(found[0], name) for name in ("KMSKeyArn", "BucketKeyEnabled")}
    return {"SSEKMS": {name: text for name, text in told.items() if text is not None}}


def new_seal(store: Store, bucket: Any, body: bytes) -> Seal:
    """The encryption that the body asks for.

    Raises:
        Refusal: InvalidRequest, AccessDenied for a key of another account, or as of any use of a key.
    """
    asked = asked_members(body).get("SSEKMS")
    if asked is None:
        raise invalid_request(_NO_TYPE)
    if not asked.get("KMSKeyArn"):
        raise invalid_request(_NO_ARN)
    named = _ARN.fullmatch(asked["KMSKeyArn"])
    if named is None:
        raise invalid_request(_BAD_ARN)
    switch = asked.get("BucketKeyEnabled", "false")
    if switch not in ("true", "false"):
        raise invalid_request(_BAD_SWITCH)
    if named[1] != bucket.account_id:
        raise access_denied(_NOT_OURS)
    arn = check_usable(store, asked["KMSKeyArn"], bucket.region_name)
    return Seal("aws:kms", arn, bucket_key=switch == "true")


@dataclass(frozen=True)
class Reencrypter:
    """Answers requests that change the encryption of an object in place."""

    store: Store
    ledger: Ledger
    clock: Clock

    def update(self, call: Call) -> Answer:
        """UpdateObjectEncryption: version, ETag, checksums and date stay what they are.

        Raises:
            Refusal: InvalidRequest, AccessDenied, NoSuchKey or NoSuchVersion.
        """
        seal = new_seal(self.store, self.store.bucket(call.bucket), call.body)
        stored = self.store.object(call.bucket, call.key, call.version)
        if stored is None and call.version is not None:
            raise Refusal(404, "NoSuchVersion", "The specified version does not exist.", Key=call.key)
        if stored is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=call.key)
        note = self.ledger.of(stored)
        if note.seal.customer is not None or note.seal.algorithm == "aws:kms:dsse":
            raise invalid_request(_BAD_SOURCE)
        if is_locked(stored, self.clock.now()):
            raise access_denied(_LOCKED)
        self.ledger.note(stored, replace(note, seal=seal))
        return empty_answer()
