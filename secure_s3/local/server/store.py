"""The one door to moto: its application, and the few things that the layers in front read from it.

Six seams of moto are used beyond its public face, each for a measured reason; the test
``tests/local/test_store.py`` fails when a newer moto moves one.

- ``S3Response.bucket_dispatch`` and ``key_dispatch`` instead of the Flask application: half the time per
  request, and no routing by bucket names that look like moto's own paths.
- ``FakeKey.value`` reads nothing while a GET is prepared: moto copies a whole object for every range of it.
- ``FakeKey.instances_tracked`` holds weakly: moto keeps every object ever stored.
- ``MultipartChecksumBuilder`` does nothing: checksums are ours, and moto's copies the object twice more.
- ``FakeBucket.get_permission`` permits: bucket policies are evaluated before moto is asked (``judging``), and
  moto's reading of them takes any Deny for a denial.
- ``validate_policy`` of KMS does nothing, for the same reason (``keys``).

Beside these, the ready user's access key and the ready KMS key get their well-known ids after moto made them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from moto.core.base_backend import BackendDict
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request
from moto.iam.access_control import PermissionResult
from moto.kms import responses as kms_responses
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3 import models as s3_models
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response
from moto.s3control.models import s3control_backends
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from ..settings import ACCOUNT_ID, KEY_ID
from .call import Answer
from .callers.directory import Directory, Issued
from .plain import plain, plain_s3

__all__ = ["OWNER_ID", "SPELLED", "PublicAccessBlock", "Issued", "Store"]

SPELLED = PRESERVED_HEADER_NAMES_ENVIRON_KEY
"""Where in a WSGI environment moto keeps the names of headers that have underscores."""

PublicAccessBlock = s3_models.PublicAccessBlock
OWNER_ID = str(s3_models.OWNER)
"""The canonical id of the account, as ACLs name it."""

_PIECE = 1024 * 1024
_preparing = threading.local()


class _Tracked(WeakSet[Any]):
    """moto appends every instance it makes; only those still in use are kept."""

    append = WeakSet.add


class _NoChecksum:
    """Stands where moto would compute a checksum of a completed upload."""

    def __init__(self, *_: Any) -> None:
        pass

    def addPart(self, part: bytes) -> None:
        pass

    def build(self) -> None:
        return None


class _LazyValue:
    """``FakeKey.value``, empty while a GET is prepared; see :meth:`Store.content`."""

    def __init__(self, original: property) -> None:
        self._original = original

    def __get__(self, stored: Any, owner: Any = None) -> Any:
        if stored is None:
            return self
        if getattr(_preparing, "get", False):
            return b""
        return self._original.__get__(stored, owner)

    def __set__(self, stored: Any, value: bytes) -> None:
        self._original.__set__(stored, value)


def _not_asked(*_: Any) -> Any:
    return PermissionResult.PERMITTED


def _fit_seams() -> None:
    if isinstance(s3_models.FakeKey.__dict__["value"], _LazyValue):
        return
    models: Any = s3_models
    models.FakeKey.value = _LazyValue(models.FakeKey.__dict__["value"])
    models.FakeKey.instances_tracked = _Tracked()
    models.FakeMultipart.instances_tracked = _Tracked()
    models.MultipartChecksumBuilder = _NoChecksum
    models.FakeBucket.get_permission = _not_asked
    responses: Any = kms_responses
    responses.validate_policy = _not_asked


class Store:
    """moto's state, seen as buckets, objects, uploads, credentials and keys."""

    def __init__(self) -> None:
        _fit_seams()
        self.directory = Directory()
        self._other_services = DomainDispatcherApplication(create_backend_app)

    @property
    def _s3(self) -> Any:
        return s3_models.s3_backends[ACCOUNT_ID]["aws"]

    def reset(self) -> None:
        """Forget everything."""
        BackendDict.reset()
        self.directory.forget()

    # -- S3 --------------------

    def s3(self, environ: dict[str, Any]) -> Answer:
        """Let moto answer an S3 request, and see of it no other bucket and key than were judged."""
        environ = plain_s3(environ)
        request = Request(environ)
        request.from_wsgi_server = True
        segments = request.raw_path.lstrip("/").partition("/")
        dispatch = S3Response.key_dispatch if segments[2] else S3Response.bucket_dispatch
        try:
            status, headers, body = dispatch(request, request.raw_url, dict(request.headers))
        except HTTPException as error:
            response = error.get_response(environ)
            return Answer(response.status_code, Headers(response.headers), [response.get_data()])
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        told = Headers([(name, str(value)) for name, value in headers.items()])
        if environ["REQUEST_METHOD"] != "HEAD":
            told["Content-Length"] = str(len(content))
        return Answer(int(status), told, [content])

    def s3_without_content(self, environ: dict[str, Any]) -> Answer:
        """Let moto answer a GET, but without reading the object."""
        _preparing.get = True
        try:
            return self.s3(environ)
        finally:
            _preparing.get = False

    def bucket(self, name: str) -> Any:
        """moto's bucket, or None."""
        try:
            return self._s3.get_bucket(name)
        except S3ClientError:
            return None

    def object(self, bucket: str, key: str, version: str | None = None) -> Any:
        """moto's object, or None."""
        try:
            return self._s3.get_object(bucket, key, version_id=version)
        except S3ClientError:
            return None

    def is_marker(self, bucket: str, key: str, version: str | None) -> bool:
        """Whether a version is a delete marker."""
        if version is None or self.bucket(bucket) is None:
            return False
        found = self._s3.get_object(bucket, key, version_id=version, return_delete_marker=True)
        return isinstance(found, s3_models.FakeDeleteMarker)

    def account_public_access(self) -> Any:
        """moto's Block Public Access of the whole account, or None."""
        return s3control_backends[ACCOUNT_ID]["aws"].public_access_block

    def tags(self, stored: Any) -> dict[str, str]:
        """The tags of an object."""
        return dict(self._s3.tagger.get_tag_dict_for_resource(stored.arn))

    def access_point(self, name: str) -> Any:
        """moto's access point, or None."""
        return s3control_backends[ACCOUNT_ID]["aws"].access_points[ACCOUNT_ID].get(name)

    def upload(self, bucket: str, upload_id: str) -> Any:
        """moto's multipart upload, or None."""
        found = self.bucket(bucket)
        return None if found is None else found.multiparts.get(upload_id)

    def content(self, stored: Any, begin: int, end: int) -> Iterator[bytes]:
        """The bytes from ``begin`` up to ``end``; readable even when the object is replaced meanwhile."""
        with stored.lock:
            buffer = stored._value_buffer
            if not buffer._rolled:
                buffer.seek(begin)
                held = buffer.read(end - begin)
                return iter([held])
            buffer.flush()
            descriptor = os.dup(buffer.fileno())
        return _read_pieces(descriptor, begin, end)

    # -- IAM and STS --------------------

    def other_services(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Let moto answer a request to another service; see ``backend``."""
        answer: Iterable[bytes] = self._other_services(plain(environ), start_response)
        return answer

    def backend(self, environ: dict[str, Any]) -> str | None:
        """As what moto would answer a request to another service; None stands for S3.

        moto makes a host of the service and the region that the signature names, and looks whose it is.
        """
        seen = plain(environ)
        host = self._other_services.infer_service_region_host(seen, str(seen.get("PATH_INFO", "")))
        found: str | None = self._other_services.get_backend_for_host(host)
        return found

    def ready_user(self) -> str:
        """Make the user who has the ready credentials, and return its ARN."""
        return self.directory.ready_user()

    def issued(self, access_key: str) -> Issued | None:
        """Who has an access key: a user with an active one, or a session."""
        return self.directory.issued(access_key)

    def iam_entity(self, kind: str, name: str) -> Any:
        """moto's user, role, group, instance profile or server certificate of that name, or None."""
        return self.directory.entity(kind, name)

    def iam_tags(self, entity: Any) -> dict[str, str]:
        """The tags of a user or a role."""
        return self.directory.tags(entity)

    # -- KMS --------------------

    def kms_key(self, key_id: str, region: str) -> Any:
        """moto's key for an ARN, id or alias of this account, or None."""
        if key_id.startswith("arn:") and key_id.split(":")[4] != ACCOUNT_ID:
            return None
        try:
            return kms_backends[ACCOUNT_ID][region].describe_key(key_id)
        except (KeyError, AttributeError):  # the second is what moto raises for an unknown alias
            return None

    def kms_keys(self, region: str) -> list[Any]:
        """moto's keys in a region."""
        return list(kms_backends[ACCOUNT_ID][region].keys.values())

    def key_tags(self, key: Any) -> dict[str, str]:
        """The tags of a key."""
        tagger = kms_backends[ACCOUNT_ID][key.region].tagger
        return dict(tagger.get_tag_dict_for_resource(key.id))

    def key_arn(self, key_id: str, region: str) -> str:
        """The ARN that a bare id or alias would have."""
        resource = key_id if key_id.startswith("alias/") else f"key/{key_id}"
        return f"arn:aws:kms:{region}:{ACCOUNT_ID}:{resource}"

    def ready_key(self, region: str) -> str:
        """Make the key with the well-known id and return its ARN."""
        key = self._new_key(region, "ready for use")
        keys = kms_backends[ACCOUNT_ID][region].keys
        del keys[key.id]
        key.arn, key.id = key.arn.replace(key.id, KEY_ID), KEY_ID
        keys[KEY_ID] = key
        return str(key.arn)

    def create_key(self, region: str, description: str) -> str:
        """Make a symmetric key and return its ARN."""
        return str(self._new_key(region, description).arn)

    def set_key_state(self, arn: str, state: str) -> None:
        """Set a key's state to "Enabled" or "Disabled"."""
        key = self.kms_key(arn, arn.split(":")[3])
        if key is None:
            raise LookupError(f"there is no key {arn}")
        key.key_state, key.enabled = state, state == "Enabled"

    def _new_key(self, region: str, description: str) -> Any:
        return kms_backends[ACCOUNT_ID][region].create_key(
            None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", description, None
        )


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_pieces(descriptor: int, begin: int, end: int) -> Iterator[bytes]:
    with _closing(descriptor):
        while begin < end:
            piece = os.pread(descriptor, min(_PIECE, end - begin), begin)
            if not piece:
                return
            begin += len(piece)
            yield piece
