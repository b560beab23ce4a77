"""Taking away what must not stay, and saying so in the error on its way up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import EncryptionNotConfirmed, NotFound, SecureS3Error
from .faults import typed
from .operations import for_operation


def remove_unconfirmed(client: Any, target: Mapping[str, str], error: EncryptionNotConfirmed) -> None:
    """Remove the object that was stored without the configured encryption."""
    remove(client, target, error.answer or {}, error)


def remove(client: Any, target: Mapping[str, str], answer: Mapping[str, Any], cause: SecureS3Error) -> None:
    """Remove the very object that *answer* tells of: by its version, or only if it has this ETag still."""
    etag = answer.get("ETag") or answer.get("CopyObjectResult", {}).get("ETag")
    version = answer.get("VersionId")
    if not version and not etag:
        remark(cause, "the object was not removed: the answer does not tell which one it is")
        return
    pinned = {"VersionId": version} if version else {"IfMatch": etag}
    try:
        with typed("DeleteObject", target["Bucket"], target["Key"]):
            client.delete_object(**target, **pinned)
        remark(cause, "the object was removed again")
    except SecureS3Error as error:
        remark(cause, f"the object is still there ({error.what})")


def abort(
    client: Any,
    target: Mapping[str, str],
    upload_id: str | None,
    extra: Mapping[str, Any],
    cause: BaseException,
) -> bool:
    """Abort a multipart upload; where that fails, say so in the error on its way up.

    Returns:
        False if there was no such upload any more.
    """
    if upload_id is None:
        return False
    arguments = for_operation(client, "AbortMultipartUpload", extra)
    arguments = {name: value for name, value in arguments.items() if not name.startswith("If")}
    try:
        with typed("AbortMultipartUpload", target["Bucket"], target["Key"]):
            client.abort_multipart_upload(**target, UploadId=upload_id, **arguments)
    except NotFound:
        return False
    except SecureS3Error as error:
        remark(cause, f"its parts could not be removed ({error.what}); upload id {upload_id}")
    return True


def remark(error: BaseException, text: str) -> None:
    """Add *text* to what the error says."""
    if text in getattr(error, "why", ""):
        return
    if isinstance(error, SecureS3Error):
        error.why = f"{error.why}; {text}" if error.why else text
    elif hasattr(error, "add_note"):
        error.add_note(text)
