"""The object calls of the facade, with boto3's names, arguments and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..encryption import ClientSide, Strategy
from ..errors import EncryptionNotConfirmed
from ..guard import copy_source_parameters
from ..guard.cleanup import remove_unconfirmed
from ..guard.faults import typed
from .sealing import client_side_of, own_strategy
from .settings import OF_THE_REQUEST

Answer = dict[str, Any]


class ObjectMethods:
    """Mixed into SecureS3Client, which says under which client a call runs."""

    def _under(self, encryption: Strategy | None) -> Any:
        raise NotImplementedError

    def put_object(
        self, *, Bucket: str, Key: str, encryption: Strategy | None = None, **parameters: Any
    ) -> Answer:
        """boto3's ``put_object``; the answer has confirmed the encryption.

        Under client-side encryption, checksums and ETag in the answer are those of the encrypted bytes.

        Raises:
            EncryptionConflict: an argument contradicts the strategy; nothing was sent.
            EncryptionNotConfirmed: the answer shows another encryption; the object was removed again.
            KeyAccessError: client-side: no data key could be made; nothing was sent.
            ServiceError, TransportError: S3 refused, or could not be reached.
        """
        client = self._under(encryption)
        with typed("PutObject", Bucket, Key):
            try:
                if client_side_of(client):
                    from . import sealed_objects

                    return sealed_objects.put(client, Bucket, Key, parameters)
                answer: Answer = client.put_object(Bucket=Bucket, Key=Key, **parameters)
            except EncryptionNotConfirmed as error:
                remove_unconfirmed(client, {"Bucket": Bucket, "Key": Key}, error)
                raise
        return answer

    def get_object(
        self, *, Bucket: str, Key: str, encryption: Strategy | None = None, **parameters: Any
    ) -> Answer:
        """boto3's ``get_object``; ``Body`` is boto3's stream.

        Under client-side encryption it gives verified plaintext, of a ``Range`` too, and raises before a byte
        that does not verify.

        Raises:
            DowngradeError, ContextMismatch, TamperedError, KeyAccessError: client-side: from the call or from
                ``Body.read()``: it is not encrypted so, not for this place, changed, or for other keys.
            ServiceError, TransportError: S3 refused, or could not be reached.
        """
        return self._read("get_object", "GetObject", encryption, Bucket, Key, parameters)

    def head_object(
        self, *, Bucket: str, Key: str, encryption: Strategy | None = None, **parameters: Any
    ) -> Answer:
        """boto3's ``head_object``; client-side, ``ContentLength`` is that of the plaintext."""
        return self._read("head_object", "HeadObject", encryption, Bucket, Key, parameters)

    def copy_object(
        self,
        *,
        Bucket: str,
        Key: str,
        CopySource: Any,
        encryption: Strategy | None = None,
        source_encryption: Strategy | None = None,
        **parameters: Any,
    ) -> Answer:
        """boto3's ``copy_object``; ``source_encryption`` is for sources under another strategy or key.

        Under client-side encryption the content comes here, and is encrypted again for its new place.
        """
        client = self._under(encryption)
        source_encryption = source_encryption or own_strategy(self._under(None), client)
        if client_side_of(client) or isinstance(source_encryption, ClientSide):
            return _recrypted(client, CopySource, Bucket, Key, source_encryption, parameters)
        source = {**copy_source_parameters(client, source_encryption), **parameters}
        with typed("CopyObject", Bucket, Key):
            try:
                answer: Answer = client.copy_object(Bucket=Bucket, Key=Key, CopySource=CopySource, **source)
            except EncryptionNotConfirmed as error:
                remove_unconfirmed(client, {"Bucket": Bucket, "Key": Key}, error)
                raise
        return answer

    def _read(
        self,
        method: str,
        operation: str,
        encryption: Strategy | None,
        bucket: str,
        key: str,
        parameters: Mapping[str, Any],
    ) -> Answer:
        client = self._under(encryption)
        with typed(operation, bucket, key):
            if client_side_of(client):
                from . import sealed_objects

                read = sealed_objects.get if method == "get_object" else sealed_objects.head
                return read(client, bucket, key, parameters)
            answer: Answer = getattr(client, method)(Bucket=bucket, Key=key, **parameters)
        return answer


def _recrypted(
    client: Any, source: Any, bucket: str, key: str, encryption: Strategy | None, parameters: dict[str, Any]
) -> Answer:
    """A streaming copy, told as CopyObject tells of it."""
    from .copy import copy

    done = copy(client, source, bucket, key, source_encryption=encryption, extra_args=parameters)
    with typed("HeadObject", bucket, key):
        wanted = {name: parameters[name] for name in OF_THE_REQUEST if name in parameters}
        if done.version_id:
            wanted["VersionId"] = done.version_id
        found: Answer = client.head_object(Bucket=bucket, Key=key, **wanted)
    names = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "VersionId", "ResponseMetadata")
    told = {name: found[name] for name in names if name in found}
    return {**told, "CopyObjectResult": {"ETag": done.etag, "LastModified": found["LastModified"]}}
