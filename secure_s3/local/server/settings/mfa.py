"""MFA delete: versions are deleted, and versioning is changed, only with a code.

Any serial number with six digits is taken for a code, and whoever has the permission may send one; at S3 it
has to be the root user's. Source: Amazon S3 User Guide, "Configuring MFA delete".
"""

from __future__ import annotations

import re
from typing import Any

from ..call import Answer, Call
from ..documents import empty_answer, entries_of, malformed_xml, parsed, text_of, xml_answer
from ..faults import Refusal, access_denied
from ..ledger import Ledger
from ..store import Store

__all__ = ["check_mfa", "get_versioning", "put_versioning"]

_CODE = re.compile(r"\S+ [0-9]{6}")
_STATES = ("Enabled", "Disabled")


def check_mfa(call: Call, store: Store, ledger: Ledger) -> None:
    """403 where a code is missing; DeleteObjects fails as a whole if it names a version.

    Raises:
        Refusal: AccessDenied.
    """
    bucket = store.bucket(call.bucket)
    if bucket is None or _CODE.fullmatch(call.headers.get("x-amz-mfa", "")):
        return
    if call.operation == "PutBucketVersioning":
        needed = ledger.of_bucket(bucket).mfa_delete == "Enabled" or _asked(call) is not None
    else:
        needed = ledger.of_bucket(bucket).mfa_delete == "Enabled" and _deletes_version(call)
    if needed:
        raise access_denied("Mfa Authentication must be used for this request")


def _deletes_version(call: Call) -> bool:
    if call.operation == "DeleteObject":
        return call.version is not None
    if call.operation != "DeleteObjects":
        return False
    return any(version for _, version in entries_of(call.body))


def _asked(call: Call) -> str | None:
    """What the request wants of MFA delete."""
    wanted = text_of(parsed(call.body, "VersioningConfiguration"), "MfaDelete")
    if wanted is not None and wanted not in _STATES:
        raise malformed_xml()
    return wanted


def put_versioning(call: Call, bucket: Any, ledger: Ledger) -> Answer:
    """PutBucketVersioning.

    Raises:
        Refusal: MalformedXML, IllegalVersioningConfigurationException or InvalidBucketState.
    """
    wanted = text_of(parsed(call.body, "VersioningConfiguration"), "Status")
    asked = _asked(call)
    if wanted is None and asked is None:
        message = "The Versioning element must be specified"
        raise Refusal(400, "IllegalVersioningConfigurationException", message)
    if wanted not in (None, "Enabled", "Suspended"):
        raise malformed_xml()
    if wanted == "Suspended" and bucket.object_lock_enabled:
        message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be"
        raise Refusal(409, "InvalidBucketState", f"{message} changed.")
    if asked is not None:
        ledger.of_bucket(bucket).mfa_delete = asked
    if wanted is not None:
        bucket.versioning_status = wanted
    return empty_answer()


def get_versioning(bucket: Any, ledger: Ledger) -> Answer:
    """GetBucketVersioning."""
    told = {"Status": bucket.versioning_status, "MfaDelete": ledger.of_bucket(bucket).mfa_delete}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items() if value)
    return xml_answer("VersioningConfiguration", inner)
