"""``s3.explain``: why a request was refused, from everything that the caller may read.

1. the refusal: the service's words, and the request as it was sent, which the guard kept with the error
2. on request: the words of a GET in place of a HEAD; the event in CloudTrail
3. the permissions that the request needed, weighed against the policies just as a check weighs them
4. the settings that may have caused it, read meanwhile
5. all that is the evidence, which ``denials.explain`` reads

It works without any permission, and says less. Nothing that a service answers, or does not, is an exception:
it is a gap. It makes up to 40 calls in up to 20 s, and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from ...denials.evidence import Evidence, Judged, Settings
from ...errors import ConfigurationError, PolicyError
from ...guard import guard_of
from ...guard.readers import same_place, same_sender
from ...policy import UNKNOWN
from ...policy.wire import Caller
from ..asking import SECONDS
from ..gaps import Spelling, joined, keyword
from .gathering import Gathering, named_by_policies
from .given import Given
from .permissions import Permissions
from .points import AccessPoints
from .readings import Readings
from .refusal import Refusal, refusal_of
from .repeating import repeated
from .settings import RELEVANT, Subject
from .trail import Event, circumstances, recorded
from .weighing import EVERYTHING, IDENTITY, RESOURCE, Weighing, bucket_of

if TYPE_CHECKING:
    from ...denials.explain import Explanation

_NOBODY: frozenset[str] = frozenset()
_WEIGHED: Mapping[str, frozenset[str]] = {
    "identity_policy": EVERYTHING,
    "bucket_policy": EVERYTHING,
    "permissions_boundary": EVERYTHING,
    "session_policy": EVERYTHING,
    "kms_access": EVERYTHING,
    "kms_key_not_found": EVERYTHING,
    "object_lock": EVERYTHING,
    "opaque": EVERYTHING,
    "block_public_access": frozenset({RESOURCE}),
    "bucket_owner": frozenset({RESOURCE}),
    "policy_document": frozenset({RESOURCE}),
    "service_control_policy": _NOBODY,
    "resource_control_policy": _NOBODY,
    "endpoint_policy": _NOBODY,
}
"""By cause: whose policies are looked for; of a cause that is not listed, no policy has a part in it."""
_NOT_ASKED = "nothing was asked"


def explain(
    client: Any, session: Any, error: object, *, probe: bool = False, cloudtrail: bool = False, **given: Any
) -> Explanation:
    """Why *error* came about; see ``gather_evidence``, which has the arguments.

    Raises:
        ConfigurationError: An argument cannot be used.
    """
    from ...denials.explain import explain as explained

    return explained(gather_evidence(client, session, error, given, probe=probe, cloudtrail=cloudtrail))


def gather_evidence(
    client: Any,
    session: Any,
    error: object,
    given: Mapping[str, Any] | None = None,
    *,
    probe: bool = False,
    cloudtrail: bool = False,
    spelled: Spelling = keyword,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
    seconds: float = SECONDS,
) -> Evidence:
    """Everything that explains a refusal, as far as it can be read.

    Args:
        client: A hardened S3 client; None for that of the error.
        session: The hardened session that it comes from.
        error: An error of this package or of botocore that a service answered; what boto3 raised because of
            one; a Denial; or the text of an error, or the body of an answer.
        given: Arguments as of ``check``: policies, ``principal``, ``assume``, ``fetch``; see ``Given``.
        probe: Ask again for a refused HEAD, with a GET of one byte, whose answer has a message.
        cloudtrail: Look for the event in CloudTrail.
        spelled: How the arguments are written that would tell more.
        now: The time where the error does not tell it; with a zone; the present if left out.
        clock: Seconds that only rise.
        seconds: How long services are waited for, altogether.

    Raises:
        ConfigurationError: *error* is nothing that was refused, or an argument cannot be used.
    """
    known = _given(given or {}, probe or cloudtrail)
    refusal = refusal_of(error)
    client = _client(client, refusal)
    elsewhere = refusal.client is not None and not same_place(client, refusal.client)
    if elsewhere:  # a bucket of the same name is another bucket there
        known, probe, cloudtrail = replace(known, fetch=False), False, False
    moment = refusal.at or now or datetime.now(timezone.utc)
    with Gathering(session, client, clock, seconds, access_points=True) as gathering:
        if elsewhere:
            gathering.note("everything", "the error comes from another endpoint than this client's")
        return _Explaining(client, known, gathering, moment, spelled).evidence(refusal, probe, cloudtrail)


def _given(arguments: Mapping[str, Any], asks: bool) -> Given:
    given, rest = Given.parted(arguments, "explain")
    if rest:
        name = next(iter(rest))
        raise ConfigurationError(
            f"explain() has no argument {name}",
            why="the error knows the arguments of the call that was refused",
            fix="leave it out",
        )
    if asks and not given.fetch:
        raise ConfigurationError(
            "probe= and cloudtrail= ask services, and fetch=False asks nobody", fix="leave one of them out"
        )
    return given.verified()


def _client(client: Any, refusal: Refusal) -> Any:
    found = refusal.client if client is None and refusal.sent is not None else client
    if guard_of(found) is None:
        raise ConfigurationError(
            "there is no client that could explain this error",
            why="the one that made the call is gone" if client is None else "the client is not hardened",
            fix="pass the error to s3.explain(error) of a SecureS3Client",
        )
    return found


@dataclass(frozen=True, slots=True)
class _Explaining:
    """What one explanation works with."""

    client: Any
    given: Given
    gathering: Gathering
    now: datetime
    spelled: Spelling

    def evidence(self, refusal: Refusal, probe: bool, cloudtrail: bool) -> Evidence:
        """All of it."""
        gathering = self.gathering
        if probe:
            refusal = repeated(self.client, refusal, gathering)
        cause = refusal.denial.cause
        wanted, settings = _WEIGHED.get(cause), RELEVANT.get(cause, ())
        points = AccessPoints(gathering, self.given.fetch and bool(wanted or settings))
        caller = self._caller(refusal, wanted) if wanted is not None else None
        if refusal.sent is not None:
            sent = points.named(refusal.sent, refusal.denial.resource, partial(self._account, caller))
            refusal = replace(refusal, sent=sent)
        subject, owner = _subject(refusal, points)
        if wanted and self.given.fetch and refusal.names_nothing:
            gathering.note(
                "everything", f"the text names no {'key' if cause.startswith('kms') else 'bucket'}"
            )
        event = self._event(refusal, subject) if cloudtrail else None
        readings = self._readings(settings, refusal, subject)
        judged: tuple[Judged, ...] = ()
        if wanted is not None:
            permissions = Permissions(refusal, self.now, self._assumed(circumstances(event)))
            others = refusal.client is None or not same_sender(self.client, refusal.client)
            weighing = Weighing(
                self.given, gathering, permissions.calls, caller=caller, others=others, wanted=wanted
            )
            caller, judged = weighing.caller, tuple(self._judged(permissions, weighing, points))
            owner = (weighing.account if weighing.owns(subject.bucket) else None) or owner
        keys = [*_keys_of(refusal), *(each.request.resource for each in judged)]
        return Evidence(
            denial=refusal.denial,
            sent=refusal.sent,
            caller=caller,
            judged=judged,
            settings=readings.settings(owner, filter(_is_key, keys)) if readings else Settings(owner=owner),
            gaps=joined(gathering.gaps, self.spelled),
            request_id=refusal.request_id,
            host_id=refusal.host_id,
            retried=refusal.retried,
            event=event,
        )

    def _event(self, refusal: Refusal, subject: Subject) -> Event | None:
        region = refusal.sent.region if refusal.sent else None
        about: dict[str, Any] = {"bucket": subject.bucket, "key": subject.key, "region": region}
        return recorded(self.gathering, refusal.request_id, at=self.now, **about)

    def _readings(self, wanted: tuple[str, ...], refusal: Refusal, subject: Subject) -> Readings | None:
        if wanted and not self.given.fetch:
            self.gathering.note("the settings of bucket, object and keys", _NOT_ASKED)
            return None
        return Readings(self.gathering, wanted, subject, refusal.headers)

    def _judged(self, permissions: Permissions, weighing: Weighing, points: AccessPoints) -> Iterator[Judged]:
        """What the policies say of each permission; of an access point, those of its bucket besides."""
        for need in permissions.needed(weighing.caller, self.gathering):
            try:
                yield weighing.weigh(need).judged
                point = points.behind(bucket_of(need.request.resource) or "") if need.access_point else None
                if point is not None and point.bucket is not None:
                    yield weighing.behind(need, point.bucket, point.account).judged
            except PolicyError as error:
                self.gathering.gap(f"what the policies say of {need.request.action}", error)

    def _account(self, caller: Caller | None) -> str | None:
        """The account of whoever was refused."""
        if caller is None:
            caller = self.given.caller() if self.given.principal is not None else self.gathering.caller()
        return caller.account

    def _assumed(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What the caller declares, and what CloudTrail knows besides."""
        declared = {key.lower() for key in self.given.assume}
        known = {key: value for key, value in told.items() if key.lower() not in declared}
        return {**known, **self.given.assume}

    def _caller(self, refusal: Refusal, wanted: frozenset[str]) -> Caller | None:
        """Who was refused, as the message names it; None if it has to be found out."""
        named = refusal.denial.principal
        if self.given.principal is not None or (refusal.sent and refusal.sent.auth_type is None):
            return None
        if named == "anonymous":
            return Caller(None)
        if named and named_by_policies(named):
            return Caller(named)
        why = "the text does not say who it was" if refusal.text_only else ""
        if refusal.client is not None and not same_sender(self.client, refusal.client):
            why = "the error comes from a client with other credentials"
        if not why and (IDENTITY in wanted or RESOURCE in wanted or not self.given.fetch):
            return None
        if why:
            self.gathering.note("the caller", why, "principal")
        return Caller(UNKNOWN)


def _subject(refusal: Refusal, points: AccessPoints) -> tuple[Subject, str | None]:
    """The bucket, behind an access point if there is one, and the object; the owner if that tells it."""
    sent, resource = refusal.sent, refusal.denial.resource or ""
    if sent is not None:
        bucket, key, version = sent.bucket, sent.key, sent.query.get("versionId")
    else:
        named = resource.split(":")[2:3] == ["s3"] and "*" not in resource
        bucket, version = bucket_of(resource) if named else None, None
        key = _key_in(resource) if bucket else None
    point = points.of(bucket)
    if point is not None:
        return Subject(point.bucket, key, version), point.account
    return Subject(bucket, key, version), None


def _key_in(resource: str) -> str | None:
    """The key of an object, from its ARN."""
    path = resource.split(":", 5)[5]
    separator = "/object/" if path.startswith("accesspoint/") else "/"
    return path.partition(separator)[2] or None


def _keys_of(refusal: Refusal) -> Iterator[str]:
    """The KMS keys that it may be about."""
    header = refusal.sent.header("x-amz-server-side-encryption-aws-kms-key-id") if refusal.sent else None
    yield from (refusal.denial.resource or "", header or "", refusal.key.key_arn if refusal.key else "")


def _is_key(name: str) -> bool:
    return ":kms:" in name and ":key/" in name and "*" not in name
