"""``denied``: calls that are refused, with the real error and the real message, without a server."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from botocore.awsrequest import AWSResponse

from ..denials import parse_denial
from ..denials.causes import Example, example
from ..denials.denial import CAUSES
from ..errors import ConfigurationError, PolicyError
from ..guard.refused import Seen
from ..policy.spelling import nearest
from ..policy.wire import SentRequest
from ..policy.wire.actions import wanted
from . import answering, diversion
from .selection import Quota, Selection

_OF_KEYS = ("kms_access", "kms_key_state", "kms_key_not_found")
_WITH_NEW_KEYS = frozenset(
    {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"}
)
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


class denied:
    """Within it, calls of any boto3 client in this process are refused: the real error, no server.

    ``with denied("bucket_policy", operation="PutObject") as refused: …``. The client may be plain or
    hardened, and made before or within. The request is built, encrypted and signed as always; then the answer
    of the service is made here. A call that does not match goes where it would. Blocks may be nested; the
    inner one is asked first.

    The error names the action and the resource of the actual request, and a principal of an example. Clients
    without credentials sign with made-up ones; what they need besides, a region for instance, they need here
    too. Not covered: clients that are no ``botocore`` ones (aiobotocore, the CRT), other processes, and calls
    that ``botocore.stub.Stubber`` answers.

    Args:
        cause: One of the causes of ``secure_s3.denials``, e.g. ``"bucket_policy"`` or ``"kms_access"``.
        operation: One or several, by S3's names or boto3's; of KMS and STS as well. Left out, all of S3, and
            for causes of keys those of KMS.
        bucket, key: Patterns with ``*`` and ``?`` that the call's must match.
        times: How many calls are refused, after which they go where they would; all of them if left out.
        must: Whether it is an error if no call was refused.
        action, resource, principal, policy_arn, explicit, detail: What the message says, as of ``Denial``.

    Attributes:
        refusals: What was refused, in the order in which it came, without its secrets.

    Raises:
        ConfigurationError: there is no such cause or operation.
        AssertionError: at the end, if nothing was refused.
    """

    def __init__(
        self,
        cause: str,
        *,
        operation: str | Iterable[str] | None = None,
        bucket: str | None = None,
        key: str | None = None,
        times: int | None = None,
        must: bool = True,
        action: str | None = None,
        resource: str | None = None,
        principal: str | None = None,
        policy_arn: str | None = None,
        explicit: bool | None = None,
        detail: str = "",
    ) -> None:
        _check(cause, times)
        self._cause, self._must = cause, must
        self._selection = Selection.of(cause, operation, bucket, key)
        self._quota = Quota(times)
        named = {"action": action, "resource": resource, "principal": principal, "policy_arn": policy_arn}
        self._named = {name: text for name, text in named.items() if text is not None}
        self._how: dict[str, Any] = {"explicit": explicit, "detail": detail}
        self._refusals: list[SentRequest] = []
        self._lock = threading.Lock()
        self._check_wording()

    @property
    def refusals(self) -> tuple[SentRequest, ...]:
        """The calls that were refused, as they would have been sent."""
        with self._lock:
            return tuple(self._refusals)

    def __repr__(self) -> str:
        return f"denied({self._cause!r}, refusals={len(self.refusals)})"

    def __enter__(self) -> denied:
        diversion.start(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        diversion.stop(self)
        if kind is None and self._must and not self.refusals:
            raise AssertionError(
                f"denied({self._cause!r}) refused nothing: no call of a botocore client matched; "
                "pass must=False if there need not be one"
            )

    def begin(self, client: Any, operation: str, parameters: Mapping[str, Any]) -> diversion.Answer | None:
        """How a call is answered; None if it is to go where it would."""
        service = client.meta.service_model.service_name
        if not self._selection.covers(service, operation, parameters) or not self._quota.take():
            return None
        return _Refusal(self, client, operation, parameters)

    def end(self, answer: diversion.Answer) -> None:
        """A call that was never sent does not count."""
        if isinstance(answer, _Refusal) and not answer.asked:
            self._quota.give_back()

    def _note(self, request: SentRequest) -> None:
        with self._lock:
            self._refusals.append(request)

    def _said(self, **derived: str) -> Example:
        return example(self._cause, **(derived | self._named | self._how))

    def _check_wording(self) -> None:
        said = self._said()
        told = parse_denial(status=said.status, code=said.code, message=said.message, fields=said.fields)
        for name, asked in self._how.items():
            if asked not in (None, "", getattr(told, name)):
                raise ConfigurationError(
                    f"AWS has no such wording: {self._cause} with {name}={asked!r}",
                    why=f"the nearest is: {said.message}",
                    fix=f"leave {name}= out, or choose another cause",
                )


class _Refusal:
    """The answer to one call, as often as botocore asks."""

    def __init__(self, owner: denied, client: Any, operation: str, parameters: Mapping[str, Any]) -> None:
        self._owner, self._operation, self._parameters = owner, operation, parameters
        self._model = client.meta.service_model
        self.asked = False

    def __call__(self, request: Any) -> AWSResponse:
        went = (request.method, request.url, request.headers)
        seen = Seen.of(self._operation, went, self._parameters, tls=None, min_tls="1.2")
        sent = SentRequest.observed(seen.operation, seen.method, seen.url, seen.headers, **seen.known)
        if not self.asked:
            self.asked = True
            self._owner._note(sent)
        derived = {name: text for name, text in self._derived(sent).items() if text is not None}
        return answering.answer(request, self._model.resolved_protocol, self._owner._said(**derived))

    def _derived(self, sent: SentRequest) -> dict[str, str | None]:
        service = self._model.service_name
        if service != "s3":
            named = self._parameters.get("KeyId") or self._parameters.get("RoleArn")
            return {"action": f"{service}:{self._operation}", "resource": _arn(named)}
        if self._owner._cause in _OF_KEYS:
            action = "kms:GenerateDataKey" if self._operation in _WITH_NEW_KEYS else "kms:Decrypt"
            return {"action": action, "resource": _arn(sent.headers.get(_KEY))}
        if self._owner._cause == "trust_policy":  # S3 says nothing of roles: the example's, then
            return {}
        try:
            first = next(iter(wanted(sent)))
        except (PolicyError, StopIteration):
            return {"action": f"s3:{self._operation}", "resource": None}
        return {"action": first.action, "resource": first.resource}


def _arn(name: Any) -> str | None:
    return name if isinstance(name, str) and name.startswith("arn:") else None


def _check(cause: str, times: int | None) -> None:
    if cause not in CAUSES:
        near = nearest(str(cause), CAUSES)
        raise ConfigurationError(
            f"{cause!r} is no cause of a denial",
            fix=f"did you mean {near!r}?" if near else f"one of {', '.join(CAUSES)}",
        )
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ConfigurationError(
            f"times={times!r} is no number of calls", fix="pass 1 or more, or leave it out"
        )
