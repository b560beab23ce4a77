"""UpdateObjectEncryption, where the server has it."""

from __future__ import annotations

import secrets
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ...encryption import SseKms, Strategy
from ...errors import NotFound, SecureS3Error, ServiceError
from ...guard.cleanup import remark, remove
from ...guard.endpoint import is_aws
from ...guard.faults import typed
from .ways import Entry, serves_in_place

_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed"})
_OTHER_ACCOUNT = ("owned by the same account", "same organization", "isn't part of an organization")
UNSERVED = "the server has no UpdateObjectEncryption: objects are copied onto themselves"
TRIED = (
    "nothing is at that name: on a server that is not AWS's the operation is tried out there first, lest it "
    "store the request in place of an object"
)
FOREIGN_KEY = "UpdateObjectEncryption takes no key of that account: objects are copied onto themselves"


class Updating:
    """Updates objects in place; ``served`` is whether that can be had, ``note`` why not.

    Args:
        client: A hardened S3 client under *to*.
        bucket, prefix: Where the objects are.
        to: The encryption they are to come under.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, to: Strategy) -> None:
        self._client, self._bucket, self._prefix, self._to = client, bucket, prefix, to
        self.served = serves_in_place(to)
        self.note = ""
        # A server that overlooks the sub-resource would take the call for a PutObject, and store the request
        # in place of the object. AWS does not.
        self._known = is_aws(urlsplit(client.meta.endpoint_url).hostname or "")
        self._asking = Lock()

    def update(self, entry: Entry) -> bool:
        """Update one object; False if that cannot be had.

        Raises:
            SecureS3Error: It was refused.
        """
        if not self._is_there():
            return False
        try:
            self._send(entry.place)
        except ServiceError as error:
            self._give_up(error)
        return self.served

    def _send(self, place: dict[str, str]) -> dict[str, Any]:
        assert isinstance(self._to, SseKms)
        target = {"KMSKeyArn": self._to.key_arn, "BucketKeyEnabled": self._to.bucket_key}
        with typed("UpdateObjectEncryption", self._bucket, place["Key"]):
            answer: dict[str, Any] = self._client.update_object_encryption(
                Bucket=self._bucket, ObjectEncryption={"SSEKMS": target}, **place
            )
        return answer

    def _give_up(self, error: ServiceError) -> None:
        """Go on without the operation if that is what *error* says; raise it if not."""
        if error.code in _UNKNOWN or error.status in (405, 501):
            self.served, self.note = False, UNSERVED
        elif error.status == 403 and any(words in error.why for words in _OTHER_ACCOUNT):
            self.served, self.note = False, FOREIGN_KEY
        else:
            raise error

    def _is_there(self) -> bool:
        """Whether the server has the operation: asked once, of a key at which nothing is."""
        with self._asking:
            if self.served and not self._known:
                self._try()
                self._known = True
        return self.served

    def _try(self) -> None:
        place = {"Key": f"{self._prefix}.secure-s3-{secrets.token_hex(16)}"}
        try:
            answer = self._send(place)
        except NotFound:
            return
        except SecureS3Error as error:
            remark(error, TRIED)
            if not isinstance(error, ServiceError):
                raise
            self._give_up(error)
            return
        self.served, self.note = False, UNSERVED
        # It made an object of the request.
        stored = answer | {"ETag": answer["ResponseMetadata"]["HTTPHeaders"].get("etag")}
        stored["VersionId"] = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-version-id")
        told = ServiceError(UNSERVED)
        remove(self._client, {"Bucket": self._bucket, **place}, stored, told)
        self.note = f"{UNSERVED} ({told.why})"
