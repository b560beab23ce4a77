"""``denied``: calls that are refused, with the real error and the real message, without a server."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from botocore.awsrequest import AWSResponse

from ..denials import parse_denial
from ..denials.causes import Example, example
from ..errors import ConfigurationError, PolicyError
from ..guard.refused import Seen
from ..policy.wire import SentRequest
from ..policy.wire.actions import wanted
from . import answering, diversion
from .naming import cause_of
from .occasions import Occasion
from .selection import Quota, Selection

_OF_KEYS = ("kms_access", "kms_key_state", "kms_key_not_found")
_WITH_NEW_KEYS = frozenset(
    {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"}
)
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_SHOWN = 5
"""So many calls that went where they would are named in the failure."""


class denied:
    """Within it, calls of any boto3 client in this process are refused: the real error, no server.

    ``with denied("bucket_policy", operation="PutObject") as refused: …``. The client may be plain or
    hardened, and made before or within. The request is built, encrypted and signed as always; then the answer
    of the service is made here. A call that does not match goes where it would. Blocks may be nested; the
    inner one is asked first.

    The error names the action and the resource of the actual request, and a principal of an example. What AWS
    never refuses for the cause is not refused: ``acl`` is for writes with an ACL, ``object_lock`` for
    versions. Clients without credentials sign with made-up ones; what they need besides, a region for
    instance, they need here too. Not covered: clients that are no ``botocore`` ones (aiobotocore, the CRT),
    other processes, and calls that ``botocore.stub.Stubber`` answers.

    Args:
        cause: One of the causes of ``secure_s3.denials``, e.g. ``"bucket_policy"`` or ``"kms_access"``; or
            ``"scp"``, ``"rcp"``, ``"boundary"``, ``"bpa"`` in short.
        operation: One or several, by S3's names or boto3's; of KMS and STS as well. Left out, all of S3 that
            can be refused for the cause, for causes of keys those of KMS too; ``trust_policy`` is STS's.
        bucket, key: Patterns with ``*`` and ``?`` that the call's must match.
        times: How many calls are refused, after which they go where they would; all of them if left out.
        must: Whether it is an error if no call was refused.
        action, resource, principal, policy_arn, explicit, detail: What the message says, as of ``Denial``.

    Attributes:
        refusals: What was refused, in the order in which it came, without its secrets.

    Raises:
        ConfigurationError: there is no such cause or operation, it is never refused for the cause, or one
            block is entered twice.
        AssertionError: at the end, if nothing was refused.

    Warns:
        RuntimeWarning: it was made and never entered by ``with``.
    """

    _entered = True  # nothing is to be said of one that was not made

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
        _check(times)
        self._cause, self._must = cause_of(cause), must
        self._quota = Quota(times)
        named = {"action": action, "resource": resource, "principal": principal, "policy_arn": policy_arn}
        self._named = {name: text for name, text in named.items() if text is not None}
        self._how: dict[str, Any] = {"explicit": explicit} | ({"detail": detail} if detail else {})
        self._refusals: list[SentRequest] = []
        self._lock = threading.Lock()
        self._check_wording()
        operation = operation if operation is None or isinstance(operation, str) else tuple(operation)
        self._selection = Selection.of(self._cause, operation, bucket, key, detail)
        which = {"operation": operation, "bucket": bucket, "key": key, "detail": detail or None}
        self._which = "".join(f", {name}={value!r}" for name, value in which.items() if value is not None)
        self._seen: dict[str, None] = {}
        self._entered = False

    @property
    def refusals(self) -> tuple[SentRequest, ...]:
        """The calls that were refused, as they would have been sent."""
        with self._lock:
            return tuple(self._refusals)

    def __repr__(self) -> str:
        return f"denied({self._cause!r}, refusals={len(self.refusals)})"

    def __del__(self) -> None:
        if not self._entered:
            what = f"denied({self._cause!r}{self._which}) was never entered, and refuses nothing"
            warnings.warn(f"{what}; write `with denied(…):`", RuntimeWarning, stacklevel=2)

    def __enter__(self) -> denied:
        if self._entered:
            raise ConfigurationError(
                f"denied({self._cause!r}{self._which}) is entered a second time",
                why="one block counts its own refusals and ends once",
                fix="make another one: with denied(…)",
            )
        self._entered = True
        diversion.start(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        diversion.stop(self)
        if kind is None and self._must and not self.refusals:
            seen = "; ".join(self._seen) or "no call of a botocore client"
            raise AssertionError(
                f"denied({self._cause!r}{self._which}) refused nothing; seen: {seen}\n"
                "  fix: pass must=False if there need not be one"
            )

    def begin(self, client: Any, operation: str, parameters: Mapping[str, Any]) -> diversion.Answer | None:
        """How a call is answered; None if it is to go where it would."""
        service = client.meta.service_model.service_name
        occasion = self._selection.match(service, operation, parameters)
        if not isinstance(occasion, Occasion):
            self._note_seen(service, operation, parameters, occasion)
            return None
        return _Refusal(self, client, operation, parameters, occasion) if self._quota.take() else None

    def end(self, answer: diversion.Answer) -> None:
        """A call that was never sent does not count."""
        if isinstance(answer, _Refusal) and not answer.asked:
            self._quota.give_back()

    def _note(self, request: SentRequest) -> None:
        with self._lock:
            self._refusals.append(request)

    def _note_seen(self, service: str, operation: str, parameters: Mapping[str, Any], why: str) -> None:
        place = "/".join(str(parameters[name]) for name in ("Bucket", "Key") if parameters.get(name))
        name = operation if service == "s3" else f"{service}:{operation}"
        line = f"{name} {place}".rstrip() + (f" ({why})" if why else "")
        with self._lock:
            if len(self._seen) < _SHOWN:
                self._seen[line] = None

    def _said(self, **derived: Any) -> Example:
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

    def __init__(
        self,
        owner: denied,
        client: Any,
        operation: str,
        parameters: Mapping[str, Any],
        occasion: Occasion,
    ) -> None:
        self._owner, self._operation, self._parameters = owner, operation, parameters
        self._model, self._region = client.meta.service_model, client.meta.region_name
        self._occasion = occasion
        self.asked = False

    def __call__(self, request: Any) -> AWSResponse:
        went = (request.method, request.url, request.headers)
        seen = Seen.of(self._operation, went, self._parameters, tls=None, min_tls="1.2")
        sent = SentRequest.observed(seen.operation, seen.method, seen.url, seen.headers, **seen.known)
        if not self.asked:
            self.asked = True
            self._owner._note(sent)
        derived = {name: text for name, text in self._derived(sent).items() if text is not None}
        place = {"bucket": sent.bucket, "key": sent.key, "region": self._region}
        said = self._owner._said(**derived, **place, code=self._occasion.code, detail=self._occasion.detail)
        return answering.answer(request, self._model.resolved_protocol, said)

    def _derived(self, sent: SentRequest) -> dict[str, str | None]:
        service = self._model.service_name
        if service != "s3":
            named = self._parameters.get("KeyId") or self._parameters.get("RoleArn")
            return {"action": f"{service}:{self._operation}", "resource": _arn(named)}
        if self._owner._cause in _OF_KEYS:
            action = "kms:GenerateDataKey" if self._operation in _WITH_NEW_KEYS else "kms:Decrypt"
            return {"action": action, "resource": _arn(sent.headers.get(_KEY))}
        try:
            first = next(iter(wanted(sent)))
        except (PolicyError, StopIteration):
            return {"action": f"s3:{self._operation}", "resource": None}
        return {"action": first.action, "resource": first.resource}


def _arn(name: Any) -> str | None:
    return name if isinstance(name, str) and name.startswith("arn:") else None


def _check(times: int | None) -> None:
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ConfigurationError(
            f"times={times!r} is no number of calls", fix="pass 1 or more, or leave it out"
        )
