"""A request as its sender made it, from what the server got: from that it is read what policies are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

from ....policy.wire import SentRequest
from ...settings import HOST
from ..call import SSE, Call
from ..content.encryption import Seal, asked_by
from ..content.kms import seal_for
from ..content.reencrypting import asked_members, new_seal
from ..content.writing import copy_source
from ..documents import entries_of, parsed, text_of
from ..ledger import Ledger
from ..store import Store

__all__ = ["CONTENT", "Sending"]

_AUTH = {"header": "REST-HEADER", "query": "REST-QUERY-STRING", "form": "POST"}
_UPLOADS = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "ListParts"})
_READS = frozenset({"GetObject", "HeadObject", "SelectObjectContent", "UpdateObjectEncryption"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_UPDATE = "UpdateObjectEncryption"


def _delete(body: bytes) -> dict[str, Any]:
    return {"Objects": [_named(*entry) for entry in entries_of(body)]}


def _named(key: str, version: str | None) -> dict[str, str]:
    return {"Key": key, "VersionId": version} if version else {"Key": key}


def _tags(body: bytes) -> dict[str, Any]:
    tags = parsed(body, "Tagging").iterfind("TagSet/Tag")
    return {"TagSet": [{"Key": text_of(tag, "Key"), "Value": text_of(tag, "Value") or ""} for tag in tags]}


def _members(root: str, *names: str) -> Callable[[bytes], dict[str, Any]]:
    def read(body: bytes) -> dict[str, Any]:
        document = parsed(body, root) if body else ElementTree.Element(root)
        return {name: found for name in names if (found := text_of(document, name)) is not None}

    return read


CONTENT: Mapping[str, tuple[str, Callable[[bytes], dict[str, Any]]]] = {
    "DeleteObjects": ("Delete", _delete),
    "PutObjectTagging": ("Tagging", _tags),
    "PutBucketTagging": ("Tagging", _tags),
    "PutObjectRetention": ("Retention", _members("Retention", "Mode", "RetainUntilDate")),
    "PutObjectLegalHold": ("LegalHold", _members("LegalHold", "Status")),
    "CreateBucket": (
        "CreateBucketConfiguration",
        _members("CreateBucketConfiguration", "LocationConstraint"),
    ),
    _UPDATE: ("ObjectEncryption", asked_members),
}
"""Operations whose bodies policies can see: the member of the body, as botocore names it, and its reader."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Reads requests; of those in ``CONTENT`` the body must have been read."""

    store: Store
    ledger: Ledger

    def of(self, call: Call) -> SentRequest:
        """The request.

        Raises:
            Refusal: MalformedXML.
        """
        member, read = CONTENT.get(call.operation, ("", None))
        headers = call.headers
        if call.source_point is not None:
            _, key, version = copy_source(call)
            named = f"{call.source_point.arn}/object/{key}" + (f"?versionId={version}" if version else "")
            headers = {**headers, "x-amz-copy-source": named}
        return SentRequest.observed(
            call.operation,
            call.method,
            f"https://{HOST}{call.environ['RAW_URI']}",
            headers,
            bucket=(call.point.arn if call.point else call.bucket) or None,
            key=call.key or None,
            content={member: read(call.body)} if read else {},
            auth_type=_AUTH.get(call.signed_by),
            tls=str(call.environ.get("SSL_PROTOCOL", "TLSv1.3")).removeprefix("TLSv"),
        )

    def source(self, call: Call) -> tuple[str, str, str | None]:
        """Bucket, key and version of what is copied; all empty if nothing is."""
        return copy_source(call) if call.operation in _COPIES else ("", "", None)

    def stored(self, call: Call) -> Seal:
        """How the object that is read, or the upload that is worked on, is encrypted."""
        if call.operation in _UPLOADS:
            return self.ledger.of_upload(self.store.upload(call.bucket, call.query.get("uploadId", ""))).seal
        if call.operation not in _READS:
            return Seal()
        return self._seal_of(call.bucket, call.key, call.version)

    def has_checksums(self, call: Call) -> bool:
        """Whether the upload that is worked on was begun with additional checksums."""
        upload = self.store.upload(call.bucket, call.query.get("uploadId", ""))
        return self.ledger.of_upload(upload).algorithm is not None

    def of_the_source(self, call: Call) -> Seal:
        """How what is copied is encrypted."""
        return self._seal_of(*copy_source(call)) if call.operation in _COPIES else Seal()

    def new(self, call: Call) -> Seal:
        """How a new object will be encrypted, or one that is there from now on.

        Raises:
            Refusal: The request contradicts itself, or its key cannot be used.
        """
        bucket = self.store.bucket(call.bucket) if call.creates or call.operation == _UPDATE else None
        if bucket is None:
            return Seal()
        if call.operation == _UPDATE:
            return new_seal(self.store, bucket, call.body)
        return seal_for(self.store, bucket, asked_by(call.headers))

    def sealed(self, sent: SentRequest, seal: Seal) -> SentRequest:
        """The request that says in full how its object will be encrypted."""
        told = {
            SSE: seal.algorithm,
            f"{SSE}-aws-kms-key-id": str(seal.key_arn),
            f"{SSE}-bucket-key-enabled": "true" if seal.bucket_key else "false",
        }
        return replace(sent, headers={**sent.headers, **told})

    def uses_keys(self, call: Call) -> bool:
        """Whether S3 would use a key of KMS for this request, or it looks so."""
        if call.creates and (call.headers.get(SSE, "").startswith("aws:kms") or self._by_default(call)):
            return True
        if call.operation == _UPDATE:
            return True
        return self.stored(call).key_arn is not None or self.of_the_source(call).key_arn is not None

    def _by_default(self, call: Call) -> bool:
        rule = (getattr(self.store.bucket(call.bucket), "encryption", None) or {}).get("Rule", {})
        default = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "")
        return str(default).startswith("aws:kms")

    def _seal_of(self, bucket: str, key: str, version: str | None) -> Seal:
        stored = self.store.object(bucket, key, version)
        return Seal() if stored is None else self.ledger.of(stored).seal
