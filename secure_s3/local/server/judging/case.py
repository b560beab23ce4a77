"""One request before the judge: what it needs, and what the policies say of each need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from ....errors import PolicyError
from ....policy import AccessRequest, Decision, OneOf
from ....policy.wire import Need, SentRequest, needs
from ..call import AccessPoint, Call
from ..callers.identity import Identity
from ..content.encryption import Seal
from ..faults import Refusal, access_denied
from ..services.keys import KeyPolicies, key_refused
from ..store import Store
from .circumstances import Circumstances
from .facts import Facts, closed
from .layering import Layers, Policies, read_policy
from .sending import Sending
from .words import refused

__all__ = ["Bench", "Case", "Refused"]

_LOOKS = frozenset({"GetObject", "HeadObject", "GetObjectAttributes", "GetObjectAcl", "GetObjectTagging"})
"""Operations that tell those who may list the bucket, and nobody else, that an object does not exist."""
_LIST, _BYPASSES = "ListObjectsV2", "s3:BypassGovernanceRetention"
_BYPASS, _TAGGED = "the version is under governance retention", "the source has tags"
_SOURCE, _CHECKSUMS = "the source is encrypted", "the upload has additional checksums"
_PAIR = "kms:EncryptionContext:aws:s3:arn"


@dataclass(frozen=True, slots=True)
class Bench:
    """What every case is decided with."""

    store: Store
    facts: Facts
    sending: Sending
    keys: KeyPolicies


class Refused(NamedTuple):
    """The words of a refusal, and whether a statement denies, which nothing can allow."""

    message: str
    explicit: bool


class _Place(NamedTuple):
    """What a need is about: moto's bucket, if there is one, the object, and the access point before it."""

    bucket: Any
    key: str
    point: AccessPoint | None


@dataclass
class Case:
    """One request.

    Args:
        bench: What it is decided with.
        call: The request; of those whose bodies policies can see, the body has been read.
        identity: Whoever asks.
        circumstances: Those that a test pretends.
        now: The endpoint's time.
    """

    bench: Bench
    call: Call
    identity: Identity
    circumstances: Circumstances
    now: datetime
    sent: SentRequest = field(init=False)
    _told: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        facts = self.bench.facts
        self.sent = self._sent()
        self._told = {
            "aws:userid": self.identity.caller.user_id,
            **facts.of_the_way(self.call, self.now),
            **facts.of_the_encryption(self.call),
        }

    def _sent(self) -> SentRequest:
        try:
            return self.bench.sending.of(self.call)
        except Refusal:
            if self._is_anonymous:  # is told nothing of what it sent
                raise access_denied() from None
            raise

    @property
    def _is_anonymous(self) -> bool:
        return self.identity.caller.arn is None

    # -- what is needed -------------------------------------------------------------------------------

    def needs(self) -> Iterator[Need]:
        """What the request needs of S3, its own action first."""
        version = None
        for need in self._asked(self.sent):
            if need.request.action != _BYPASSES:  # of DeleteObjects, that of the entry comes before it
                version = need.request.context.get("s3:versionid")
            if not need.via and self._applies(need, version):
                yield need

    def needs_of_keys(self) -> Iterator[Need]:
        """What S3 needs of KMS for it.

        Raises:
            Refusal: The encryption that it asks for cannot be had.
        """
        sending = self.bench.sending
        if not sending.uses_keys(self.call):
            return
        new = sending.new(self.call)
        sent = self.sent if new.key_arn is None else sending.sealed(self.sent, new)
        yield from (need for need in self._asked(sent) if need.via and self._applies(need))

    def _asked(self, sent: SentRequest) -> tuple[Need, ...]:
        sending = self.bench.sending
        try:
            return needs(
                sent,
                caller=self.identity.caller,
                now=self.now,
                stored_key=sending.stored(self.call).key_arn,
                source_key=sending.of_the_source(self.call).key_arn,
            )
        except PolicyError as error:
            raise NotImplementedError(str(error)) from error

    def _applies(self, need: Need, version: Any = None) -> bool:
        """Whether a need that depends on what only the server knows is one."""
        if need.when == _BYPASS:
            of_one = self.call.operation != "DeleteObjects"
            version = self.call.version if of_one else version
            if version is None and self.call.operation != "PutObjectRetention":
                return False  # nothing is taken away
            return self.bench.facts.is_governed(self.call.bucket, self._place(need).key, version, self.now)
        if need.when == _TAGGED:
            stored = self.bench.store.object(*self.bench.sending.source(self.call))
            return bool(self.bench.facts.tags(stored))
        return not need.when.startswith(_CHECKSUMS) or self.bench.sending.has_checksums(self.call)

    # -- what policies say ----------------------------------------------------------------------------

    def refusal(self, need: Need) -> Refused | None:
        """How *need* is refused; None if it is allowed."""
        return self._of_a_key(need) if need.via else self._of_s3(need)

    def denied(self) -> list[tuple[str, str | None, str]]:
        """Of DeleteObjects, the entries that are not allowed: key, version and the words.

        Raises:
            Refusal: AccessDenied, for an anonymous request of which nothing is allowed.
        """
        entries = self.sent.content["Delete"]["Objects"]
        found: dict[int, str] = {}
        at = -1
        for need in self.needs():
            at += need.request.action != _BYPASSES
            if at not in found and (refusal := self.refusal(need)):
                found[at] = refusal.message
        if self._is_anonymous and len(found) == len(entries):
            raise access_denied()
        return [(entries[at]["Key"], entries[at].get("VersionId"), each) for at, each in found.items()]

    def look(self) -> None:
        """Keep from those who may not list the bucket that an object in it does not exist.

        Raises:
            Refusal: AccessDenied.
        """
        sending, call = self.bench.sending, self.call
        for bucket, key, version, point in (
            (call.bucket, call.key if call.operation in _LOOKS else "", call.version, call.point),
            (*sending.source(call), call.source_point),
        ):
            missing = key and self.bench.store.object(bucket, key, version) is None
            if missing and self.bench.store.bucket(bucket) is not None:
                url = urlunsplit(urlsplit(self.sent.url)._replace(query=""))
                named = point.arn if point else bucket
                asked = replace(self.sent, operation=_LIST, url=url, bucket=named, key=None, content={})
                if refusal := self.refusal(self._asked(asked)[0]):
                    raise access_denied(refusal.message)

    def _of_s3(self, need: Need) -> Refused | None:
        place = self._place(need)
        if need.request.resource != "*" and place.bucket is None and self.call.operation != "CreateBucket":
            return None  # the source of a copy that does not exist, which moto says
        owner = self.identity.caller.account if place.bucket is None else place.bucket.account_id
        request = closed(need.request, self._known(need, place), owner)
        decision, policies = self._decided(request, place)
        if decision.allowed:
            return None
        message = refused(request, decision, self.identity, policies=policies, s3=True)
        return Refused(message, explicit=decision.outcome != "implicitly_denied")

    def _known(self, need: Need, place: _Place) -> dict[str, Any]:
        version = need.request.context.get("s3:versionid")
        name = "" if place.bucket is None else place.bucket.name
        of_object = self.bench.facts.of_the_object(need.request.action, name, place.key, version)
        return {**self._told, **of_object, **self.identity.context, **self.circumstances.context}

    def _decided(self, request: AccessRequest, place: _Place) -> tuple[Decision, Policies]:
        """What bucket and access point say: both have to allow, and a denial of either is one."""
        layers = Layers(self.identity, self.circumstances)
        own = read_policy(getattr(place.bucket, "policy", None))
        if place.point is None:
            return layers.decide(request, own)
        through = layers.decide(request, read_policy(place.point.policy))
        behind = layers.decide(replace(request, resource=_behind(request.resource, place)), own)
        if through[0].allowed or behind[0].outcome == "explicitly_denied":
            return behind
        return through

    def _of_a_key(self, need: Need) -> Refused | None:
        request = _paired(need.request, self._seal(need))
        decision, policies = self.bench.keys.judge(request, self.identity)
        if decision.allowed:
            return None
        message = key_refused(request, decision, self.identity, policies, named=self.call.creates)
        return Refused(message, explicit=decision.outcome != "implicitly_denied")

    def _seal(self, need: Need) -> Seal:
        sending = self.bench.sending
        if need.when.startswith(_SOURCE):
            return sending.of_the_source(self.call)
        if self.call.operation == "UpdateObjectEncryption" and not need.when:
            return sending.new(self.call)
        return sending.stored(self.call)

    def _place(self, need: Need) -> _Place:
        resource, store = need.request.resource, self.bench.store
        for point in (self.call.point, self.call.source_point):
            if point is not None and f"{resource}/".startswith(f"{point.arn}/"):
                return _Place(store.bucket(point.bucket), resource[len(f"{point.arn}/object/") :], point)
        bucket, _, key = resource.partition(":::")[2].partition("/")
        return _Place(store.bucket(bucket) if bucket else None, key, None)


def _behind(resource: str, place: _Place) -> str:
    """The same resource in the bucket behind an access point."""
    arn = f"arn:{place.bucket.partition}:s3:::{place.bucket.name}"
    return f"{arn}/{place.key}" if "/object/" in resource else arn


def _paired(request: AccessRequest, seal: Seal) -> AccessRequest:
    """With the encryption context that S3 uses: the object's ARN, and the bucket's with a Bucket Key."""
    pair = request.context.get(_PAIR)
    if not isinstance(pair, OneOf):
        return request
    of_object, of_bucket = pair.candidates[0], pair.candidates[-1]
    return replace(request, context={**request.context, _PAIR: of_bucket if seal.bucket_key else of_object})
