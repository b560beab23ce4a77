"""Everything a request passes on its way to moto, and an answer on its way back.

1. What is not for S3 goes another way (``others``); what follows is for S3. A preflight is answered at once.
   (``cors``)
2. Who signed it, and does that hold? (``signatures``, ``identities``) Is it one operation? (``operations``)
   Which bucket is behind an access point, and who owns it? (``access_points``, ``conditions``)
3. A form becomes the PutObject that its policy allows. (``posts``)
4. Do policies allow it? (``judging``) Where they can see the body, it is read before, else only now: it is
   unwrapped and compared with its checksums. (``payload``)
5. Under the lock of its key: settings, conditions, encryption, moto, and a note of what was stored.
   (``restrictions``, ``conditions``, ``writing``, ``multipart``, ``reading``, ``reencrypting``, ``deleting``,
   ``ledger``)
6. The answer gets S3's encryption headers and request ids, and those of CORS. (``cors``)
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from werkzeug.datastructures import Headers

from .browsers.cors import Visitor, preflight
from .browsers.posts import Posts
from .call import SSE, Answer, Call, is_s3
from .callers.identities import Identities
from .callers.identity import ANONYMOUS, Identity
from .callers.signatures import Signatures
from .clock import Clock
from .content.body import BrokenBody
from .content.conditions import check_owner, check_source_condition, check_write_condition
from .content.multipart import Multipart
from .content.payload import read_payload
from .content.reading import Reader
from .content.reencrypting import Reencrypter
from .content.writing import Writer
from .faults import Refusal
from .judging.access_points import fit_region, lead_to_bucket
from .judging.bucket_policies import check_bucket_policy
from .judging.circumstances import REAL
from .judging.deleting import Deleter
from .judging.judge import Judge
from .judging.operations import check_operation, is_answered
from .judging.sending import CONTENT
from .ledger import Ledger
from .services.others import Others
from .settings.restrictions import answer_restrictions, check_restrictions
from .store import Store

__all__ = ["Front"]

_log = logging.getLogger(__name__)
_STRIPES = 64
_NOT_S3S = ("x-amzn-requestid", "x-amz-sdk-checksum-algorithm", "x-amz-content-sha256", "server", "status")
_READS = ("GetObject", "HeadObject", "GetObjectAttributes")
_ON_READS = ("x-amz-checksum-algorithm",)  # moto keeps it as if it were metadata


class Front:
    """The WSGI application behind the listener."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock, self._ledger = store, clock, Ledger()
        self._signatures, self._identities = Signatures(store, clock), Identities(store, clock)
        self._elsewhere = Others(store, clock, self._signatures, self._identities)
        self.judge = Judge(store, self._ledger, clock)
        fit_region(store)
        self._posts = Posts(self._signatures)
        self._locks = [threading.RLock() for _ in range(_STRIPES)]
        reader = Reader(store, self._ledger)
        writer, multipart = Writer(store, self._ledger, reader), Multipart(store, self._ledger, reader)
        # Parts of one upload may come side by side; everything else about a key, one after the other.
        self._parts: dict[str, Callable[[Call], Answer]] = {
            "UploadPart": multipart.part,
            "UploadPartCopy": multipart.part,
        }
        self._others: dict[str, Callable[[Call], Answer]] = {
            "GetObject": reader.get,
            "HeadObject": reader.head,
            "GetObjectAttributes": reader.attributes,
            "ListParts": multipart.known,
            "PutObject": writer.put,
            "CopyObject": writer.copy,
            "CreateMultipartUpload": multipart.create,
            "CompleteMultipartUpload": multipart.complete,
            "AbortMultipartUpload": multipart.known,
            "DeleteObjects": Deleter(store).delete,
            "UpdateObjectEncryption": Reencrypter(store, self._ledger, clock).update,
        }

    def reset(self) -> None:
        """Forget everything."""
        self._store.reset()
        self.judge.circumstances = REAL

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_s3(environ):
            return self._elsewhere.answer(environ, start_response)
        call = Call.of(environ)
        visitor = Visitor.of(call)
        answer = self._answer(call)
        _dress(call, answer, self._store)
        visitor.tell(answer, self._store)
        phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        start_response(f"{answer.status} {phrase}", list(answer.headers))
        return answer.body

    def _answer(self, call: Call) -> Answer:
        try:
            return self._carry_out(call)
        except Refusal as refusal:
            return _refused(call, refusal)
        except BrokenBody:
            raise
        except NotImplementedError as error:
            message = f"A header or operation that the embedded endpoint does not know: {error}"
            return _refused(call, Refusal(501, "NotImplemented", message))
        except Exception:  # noqa: BLE001 - as S3 does: nothing a request causes ends its connection
            _log.exception("%s %s", call.operation, call.bucket)
            message = "We encountered an internal error. Please try again."
            return _refused(call, Refusal(500, "InternalError", message))

    def _carry_out(self, call: Call) -> Answer:
        if call.method == "OPTIONS":
            return preflight(call, self._store)
        self._signatures.admit(call)
        self._posts.recognise(call)
        check_operation(call.operation, call.method, call.key, call.query)
        lead_to_bucket(call)
        check_owner(call, self._store)
        posted = self._posts.take(call)
        identity = self._identity(call)
        if call.operation in CONTENT:
            read_payload(call)
        self.judge.admit(call, identity)
        if posted is not None:
            return posted.answered(self._perform(call, identity))
        if call.operation not in CONTENT:
            read_payload(call)
        return self._perform(call, identity)

    def _identity(self, call: Call) -> Identity:
        signed = ANONYMOUS if call.scope is None else self._identities.of(call.scope)
        return self.judge.circumstances.identity(signed)

    def _perform(self, call: Call, identity: Identity) -> Answer:
        if call.operation in self._parts:
            check_restrictions(call, self._store, identity, self._ledger, self._clock)
            check_source_condition(call, self._store, self._clock)
            return self._parts[call.operation](call)
        with self._locks[zlib.crc32(f"{call.bucket}/{call.key}".encode()) % _STRIPES]:
            check_bucket_policy(call)
            check_restrictions(call, self._store, identity, self._ledger, self._clock)
            check_write_condition(call, self._store)
            check_source_condition(call, self._store, self._clock)
            answer = answer_restrictions(call, self._store, self._ledger, self._clock)
            if answer is not None:
                return answer
            return self._others.get(call.operation, self._pass_on)(call)

    def _pass_on(self, call: Call) -> Answer:
        if not is_answered(call.operation, call.query):
            raise NotImplementedError(call.operation)
        return self._store.s3(call.environ)


def _refused(call: Call, refusal: Refusal) -> Answer:
    resource = f"/{call.bucket}/{call.key}" if call.key else f"/{call.bucket}"
    body = refusal.xml(resource=resource, request_id=call.request_id, host_id=call.host_id)
    if call.method == "HEAD":
        body = b""
    headers = Headers([("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return Answer(refusal.status, headers, [body])


def _dress(call: Call, answer: Answer, store: Store) -> None:
    headers = answer.headers
    for name in (*_NOT_S3S, *(_ON_READS if call.operation in _READS else ())):
        headers.remove(name)
    headers["x-amz-request-id"], headers["x-amz-id-2"] = call.request_id, call.host_id
    headers["Server"] = "AmazonS3"
    if call.operation == "HeadBucket" and (bucket := store.bucket(call.bucket)) is not None:
        headers["x-amz-bucket-region"] = bucket.region_name  # of a refused one as well: it is no secret
    if headers.get("x-amz-version-id") == "null" and not getattr(
        store.bucket(call.bucket), "is_versioned", True
    ):
        headers.remove("x-amz-version-id")
    if f"{SSE}-customer-algorithm" in headers:
        for name in (SSE, f"{SSE}-aws-kms-key-id", f"{SSE}-bucket-key-enabled"):
            headers.remove(name)
