"""Everything that is not S3: KMS, IAM, STS and S3 Control, and what else moto offers.

A request's signature is verified, whoever signed is found, and the call is held against the policies that
bind the caller (``key_calls``, ``accounts``, ``trust``). Then moto answers. Of other services, which moto has
as well, only the signature is verified. What moto has not is refused with 501 NotImplemented.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from ....errors import PolicyError
from ..callers.identities import Identities
from ..callers.signatures import Signatures
from ..clock import Clock
from ..faults import Refusal
from ..settings.point_policies import point_status
from ..store import Store
from .accounts import AccountCalls
from .key_calls import KeyCalls
from .keys import KeyPolicies
from .questions import Question, answered, check_operation, refusal_answer
from .trust import TrustCalls, caller_identity

__all__ = ["Others"]

_log = logging.getLogger(__name__)
_TELL_GRANTS = ("ListGrants", "ListRetirableGrants")
_BACKENDS = {"kms": "kms", "iam": "iam", "sts": "sts", "s3": "s3control"}
"""By service, what moto answers it as."""
_NOBODYS = (None, "s3", "s3bucket_path", "moto_api", "instance_metadata", *_BACKENDS.values())
"""What no other service may be answered as."""
_NO_ROUTE = b"<!doctype html>"
"""How moto's framework answers a path that moto does not know; no service answers so."""
_NAME_THEIR_KEY = ("ScheduleKeyDeletion", "CancelKeyDeletion")


class Others:
    """Answers the requests to services that are not S3."""

    def __init__(self, store: Store, clock: Clock, signatures: Signatures, identities: Identities) -> None:
        self._store, self._clock = store, clock
        self._signatures, self._identities = signatures, identities
        self._admits: dict[str, Callable[[Question], None]] = {
            "kms": KeyCalls(store, KeyPolicies(store)).admit,
            "iam": AccountCalls(store).admit,
            "s3": AccountCalls(store).admit,
            "sts": TrustCalls(store).admit,
        }

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """What the service answers; what moto does not survive becomes a 500 and ends no connection."""
        question = Question.of(environ, self._clock.now())
        try:
            return self._carry_out(question, start_response)
        except Refusal as refusal:
            return refusal_answer(start_response, refusal, question)
        except PolicyError as error:  # an ARN or a name that can be none
            code = "ValidationError" if question.is_form else "ValidationException"
            return refusal_answer(start_response, Refusal(400, code, str(error)), question)
        except NotImplementedError:
            return refusal_answer(start_response, _unknown(question), question)
        except Exception:  # noqa: BLE001 - moto lets anything through
            _log.exception("%s %s", question.service, question.action)
            failure = Refusal(500, "InternalFailure", "The embedded endpoint failed.")
            return refusal_answer(start_response, failure, question)

    def _carry_out(self, question: Question, start_response: Callable[..., Any]) -> Iterable[bytes]:
        scope = self._signatures.verify_other(question.environ, question.body, question.service)
        question.identity = self._identities.of(scope)
        check_operation(question)
        self._check_backend(question)
        if admit := self._admits.get(question.service):
            admit(question)
        if (question.service, question.action) == ("sts", "GetCallerIdentity"):
            told = caller_identity(question.identity, str(uuid.uuid4()))
            return answered(start_response, "200 OK", "text/xml", told)
        if question.is_form and (own := self._identities.prepare(question)):
            return answered(start_response, "200 OK", "text/xml", own)
        status, headers, body = self._moto(question)
        if status.startswith("404") and body.startswith(_NO_ROUTE):
            raise _unknown(question)
        if status.startswith("200"):
            body = self._finished(question, body)
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        return [body]

    def _check_backend(self, question: Question) -> None:
        """What is judged as a request to one service is not answered as one to another."""
        backend = self._store.backend(question.environ)
        judged = _BACKENDS.get(question.service)
        if judged is None and backend is None:
            raise _unknown(question)
        if backend != judged if judged else backend in _NOBODYS:
            raise Refusal(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")

    def _moto(self, question: Question) -> tuple[str, list[tuple[str, str]], bytes]:
        told: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
            told[:] = [status, list(headers)]
            return lambda _piece: None

        question.write()
        body = b"".join(self._store.other_services(question.environ, begin))
        return told[0], told[1], body

    def _finished(self, question: Question, body: bytes) -> bytes:
        """The answer, put right where moto's is not AWS's."""
        if question.service in ("iam", "sts"):
            return self._identities.remember(question, body)
        if question.service == "s3":
            return point_status(question, self._store) or body
        if question.service != "kms":
            return body
        if question.action in _NAME_THEIR_KEY:
            key = self._store.kms_key(question.text("KeyId"), question.region)
            return json.dumps({**json.loads(body), "KeyId": key.arn, "KeyState": key.key_state}).encode()
        if question.action in _TELL_GRANTS:
            told = json.loads(body)
            told["Grants"] = [self._grant(each, question.region) for each in told["Grants"]]
            return json.dumps(told).encode()
        if question.action == "CreateKey" and question.text("Origin") == "EXTERNAL":
            made = json.loads(body)
            key = self._store.kms_key(made["KeyMetadata"]["KeyId"], question.region)
            key.key_state, key.enabled = "PendingImport", False
            return json.dumps(key.to_dict()).encode()
        return body

    def _grant(self, told: dict[str, Any], region: str) -> dict[str, Any]:
        shown = {name: value for name, value in told.items() if value is not None}
        return {**shown, "KeyId": self._store.key_arn(str(told["KeyId"]), region)}


def _unknown(question: Question) -> Refusal:
    """501, as S3 answers what it does not have."""
    what = (
        f"{question.service}:{question.action}"
        if question.action
        else f"such operation of {question.service}"
    )
    return Refusal(501, "NotImplemented", f"The embedded endpoint has no {what}.")
