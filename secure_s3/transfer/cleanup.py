"""Taking away what must not stay, and saying so in the error on its way up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import EncryptionNotConfirmed, SecureS3Error
from ..guard.faults import typed


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


def remark(error: BaseException, text: str) -> None:
    """Add *text* to what the error says."""
    if isinstance(error, SecureS3Error):
        error.why = f"{error.why}; {text}" if error.why else text
    elif hasattr(error, "add_note"):
        error.add_note(text)
