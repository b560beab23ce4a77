"""The guard on one client: genuine boto3, with our checks on every call, request and answer.

The numbers are the order in which they run:

1. ``before-parameter-build``  the bucket is a bucket, the strategy's members are in, nothing contradicts
2. ``choose-signer``           presigned URLs and POSTs are SigV4
3. ``before-sign``             on every attempt: https, an allowed host, the strategy's headers
4. the HTTP session            the same once more; verified, TLS at least the profile's
5. ``after-call``              the answer shows the strategy's algorithm and key; its date is the time; a
                               refused request is kept with the error

Beside them, ``before-endpoint-resolution`` tells of buckets that have turned out to be elsewhere, and where a
host has no subdomains, ``before-sign`` puts ARNs of access points into the path (``points``).

An exception raised in these is neither retried nor wrapped by botocore. It is a guard-rail inside a
process, not a sandbox: code that unregisters handlers gets past it. The bucket policy is the boundary.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ..encryption import Strategy
from ..errors import ConfigurationError
from ..profile import SecurityProfile
from . import bodies, presigning, redaction, tls
from .addresses import Addresses
from .clock import ServerClock
from .endpoint import Road, allowed_hosts, endpoint_roads, refuse, refuse_old_signature
from .kms import KmsClients
from .managed import ManagedTransfers
from .points import lead_points
from .requests import apply_strategy, check_bucket, check_wire
from .responses import check_answer

_STRATEGY = "secure_s3.strategy"
_GIVEN = "secure_s3.given"
_SENT = "secure_s3.sent"
_ATTRIBUTE = "_secure_s3_guard"
_PRESIGNERS = frozenset(
    {"s3v4-query", "s3v4-presign-post", "v4-query", "v4-presign-post", "s3-query", "s3-presign-post"}
)


class Guard:
    """What one hardened client holds itself to; its methods are botocore event handlers."""

    __slots__ = (
        "_endpoint",
        "_explainer",
        "addresses",
        "allowed_host",
        "clock",
        "kms",
        "profile",
        "strategy",
    )

    def __init__(
        self,
        strategy: Strategy | None,
        profile: SecurityProfile,
        client: Any,
        kms: KmsClients | None = None,
    ) -> None:
        self.strategy = strategy
        self.profile = profile
        self.kms = kms
        self.allowed_host = allowed_hosts(client.meta.endpoint_url)
        self.clock = ServerClock()
        self.addresses = Addresses(client.meta.region_name, client.meta.endpoint_url)
        self._endpoint = client._endpoint
        self._explainer: Callable[..., Any] | None = None

    @property
    def explainer(self) -> Callable[..., Any] | None:
        """What ``error.explain()`` calls with the error; errors keep it: let it hold its owner weakly."""
        return self._explainer

    @explainer.setter
    def explainer(self, explainer: Callable[..., Any] | None) -> None:
        self._explainer = explainer
        if self.kms is not None:
            self.kms.explainer = explainer

    def under(self, strategy: Strategy) -> Guard:
        """The same guard with another strategy: what it has learned is shared."""
        twin = copy.copy(self)
        twin.strategy = strategy
        return twin

    def __repr__(self) -> str:
        return f"Guard({self.strategy!r}, profile={self.profile.name!r})"

    def check_bucket(self, params: dict[str, Any], **_: Any) -> None:
        """First: the Bucket argument names a bucket or an access point."""
        if "Bucket" in params:
            check_bucket(params["Bucket"])

    def check_parameters(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """Last before the request is built: the strategy's members, and nothing that contradicts them."""
        tls.refuse_history()
        strategy = context.setdefault(_STRATEGY, self.strategy)
        apply_strategy(params, model.name, strategy, self.profile)
        context[_GIVEN] = params

    def choose_signer(self, signature_version: Any, **_: Any) -> str | None:
        """SigV4 for everything presigned; None leaves the choice to botocore."""
        return "s3v4" if signature_version in _PRESIGNERS else None

    def check_request(
        self, request: Any, operation_name: str, signature_version: Any = None, **_: Any
    ) -> None:
        """Last before signing, on every attempt."""
        tls.refuse_history()
        tls.require_pinned(self._endpoint.http_session, self.profile.min_tls)
        refuse_old_signature(signature_version, f"signing {operation_name}")
        request.context[_SENT] = self.clock.local()
        presigning.hoist_owner(request, operation_name)
        strategy = request.context.get(_STRATEGY, self.strategy)
        fields = request.context.get("s3-presign-post-fields")
        if fields is not None:
            presigning.check_post(fields, request.context["s3-presign-post-policy"], strategy)
            strategy = None
        check_wire(request.url, request.headers, operation_name, strategy, self.allowed_host, request.data)
        # Handlers that run later may change it yet: the HTTP session looks once more.
        request.context[tls.LAST_LOOK] = partial(
            check_wire, operation=operation_name, strategy=strategy, allowed_host=self.allowed_host
        )

    def check_answer(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """After the last attempt: the encryption is confirmed."""
        strategy = context.get(_STRATEGY)
        # An answer without a status is one that botocore takes for a success.
        if strategy is None or parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 200) >= 300:
            return
        given = context.get(_GIVEN, {})
        check_answer(parsed, model.name, strategy, bucket=given.get("Bucket"), key=given.get("Key"))

    def note_refusal(
        self, http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        """After the last attempt, if it was refused: what was sent, for the error that botocore raises."""
        if http_response.status_code < 300:
            return
        from . import refused  # here and below: what only refusals need is not imported before

        seen, went = None, context.get(tls.WENT)
        if went is not None:
            session = self._endpoint.http_session
            seen = refused.Seen.of(
                model.name,
                went,
                context.get(_GIVEN, {}),
                tls=session.negotiated() if isinstance(session, tls.PinnedSession) else None,
                min_tls=self.profile.min_tls,
            )
        signed = context.get(_SENT, self.clock.local()) + self.clock.offset
        at = datetime.fromtimestamp(signed, timezone.utc)
        refused.note(parsed, {"strategy": context.get(_STRATEGY), "at": at, "seen": seen})

    def learn_time(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        """After the last attempt: what the answer's date says about this machine's clock."""
        if _SENT in context:
            self.clock.learn(http_response.headers, context[_SENT])


def guard_of(client: Any) -> Guard | None:
    """The guard of a hardened client; None for any other."""
    guard: Guard | None = getattr(client, "__dict__", {}).get(_ATTRIBUTE)
    return guard


def negotiated(client: Any) -> str | None:
    """The TLS version of a client's connections so far, ``"1.2"`` or ``"1.3"``; None if that is not one."""
    session = client._endpoint.http_session
    return session.negotiated() if isinstance(session, tls.PinnedSession) else None


def harden_client(
    client: Any, strategy: Strategy | None, profile: SecurityProfile, kms: KmsClients | None = None
) -> Any:
    """Put the guard on *client* (in place) and return it; doing so twice changes nothing.

    S3 clients get all of it, clients of other services the rules of the transport. *kms* is where client-side
    encryption gets its data keys.

    Raises:
        InsecureTransport: the client was made for plain HTTP or without verification.
        ConfigurationError: it is hardened already, with another strategy or profile.
    """
    wanted = Guard(strategy, profile, client, kms)
    present = guard_of(client)
    if present is not None:
        if (present.strategy, present.profile) != (wanted.strategy, wanted.profile):
            raise ConfigurationError(
                f"this client is hardened already, with {present!r}",
                why="one client has one strategy and one profile",
                fix="make another client, or pass encryption=… per call on SecureS3Client",
            )
        return client
    _refuse_insecure(client)
    tls.refuse_history()
    redaction.install()
    tls.pin_client(client, profile.min_tls, wanted.allowed_host)
    service = client.meta.service_model.service_id.hyphenize()
    events = client.meta.events
    events.register_last("before-sign", wanted.check_request, unique_id="secure-s3-request")
    if service == "s3":
        if strategy is not None:
            profile.require_strategy(type(strategy).__name__)
        _watch_s3(client, wanted)
    client.__dict__[_ATTRIBUTE] = wanted
    return client


def _watch_s3(client: Any, guard: Guard) -> None:
    lead_points(client)
    events = client.meta.events
    events.register_first("before-parameter-build.s3", guard.check_bucket, unique_id="secure-s3-bucket")
    events.register_last(
        "before-parameter-build.s3", guard.check_parameters, unique_id="secure-s3-parameters"
    )
    events.register_last("before-call.s3", bodies.lighten, unique_id="secure-s3-body")
    events.register_first("choose-signer.s3", guard.choose_signer, unique_id="secure-s3-signer")
    events.register_first("after-call.s3", guard.learn_time, unique_id="secure-s3-time")
    events.register_last("after-call.s3", guard.check_answer, unique_id="secure-s3-answer")
    events.register_last("after-call.s3", guard.note_refusal, unique_id="secure-s3-refusal")
    events.register_last(
        "before-endpoint-resolution.s3", guard.addresses.notice, unique_id="secure-s3-address"
    )
    original = type(client)
    client.__class__ = type(original.__name__, (_GuardedS3, original), {"__module__": original.__module__})


def with_strategy(client: Any, strategy: Strategy) -> Any:
    """Another face of a hardened S3 client that works under *strategy*, over the same connections.

    Handlers registered on the original later apply to it as well. It costs microseconds.

    Raises:
        NotAllowedByProfile: the client's profile does not allow the strategy.
        ConfigurationError: it is no strategy, or the client is not hardened.
    """
    guard = guard_of(client)
    if guard is None:
        raise ConfigurationError(
            "with_strategy() needs a hardened client", fix="call harden(client, …) first"
        )
    _require_strategy(strategy, "encryption")
    if strategy == guard.strategy:
        return client
    guard.profile.require_strategy(type(strategy).__name__)
    face = object.__new__(type(client))
    face.__dict__.update(client.__dict__)
    face.meta = copy.copy(client.meta)
    events = client.meta.events
    if isinstance(events, _StrategyEvents):
        events = events.below  # a face of a face: only the newest strategy may speak
    face.meta.events = _StrategyEvents(events, strategy)
    face.__dict__[_ATTRIBUTE] = guard.under(strategy)
    return face


def copy_source_parameters(client: Any, source_encryption: Strategy | None) -> Mapping[str, object]:
    """The CopySource… members that reading the source needs."""
    guard = guard_of(client)
    if source_encryption is not None:
        _require_strategy(source_encryption, "source_encryption")
    strategy = source_encryption or (guard.strategy if guard else None)
    return strategy.copy_source() if strategy else {}


def _require_strategy(strategy: object, argument: str) -> None:
    if not isinstance(strategy, Strategy):
        raise ConfigurationError(
            f"{argument}= is a {type(strategy).__name__}, not an encryption strategy",
            fix='pass e.g. SseKms("arn:aws:kms:…") or SseS3()',
        )


class _StrategyEvents:
    """An event emitter that notes the strategy in each call's context, and else hands everything on.

    The context is one dictionary per call, from before-parameter-build to after-call, so that no
    thread-local and no marker among the parameters is needed.
    """

    def __init__(self, events: Any, strategy: Strategy) -> None:
        self.below = events
        self._strategy = strategy

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        if event_name.startswith("before-parameter-build."):
            kwargs["context"][_STRATEGY] = self._strategy
        return self.below.emit(event_name, **kwargs)

    def emit_until_response(self, event_name: str, **kwargs: Any) -> Any:
        return self.below.emit_until_response(event_name, **kwargs)

    def register(self, *args: Any, **kwargs: Any) -> None:
        self.below.register(*args, **kwargs)

    def register_first(self, *args: Any, **kwargs: Any) -> None:
        self.below.register_first(*args, **kwargs)

    def register_last(self, *args: Any, **kwargs: Any) -> None:
        self.below.register_last(*args, **kwargs)

    def unregister(self, *args: Any, **kwargs: Any) -> None:
        self.below.unregister(*args, **kwargs)


class _GuardedS3(ManagedTransfers):
    """What a hardened S3 client does differently as a class: refusals, managed transfers and presigning."""

    def _make_api_call(self, operation_name: str, api_params: Any) -> Any:
        try:
            return super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
        except ClientError as error:
            from . import refused

            guard: Guard = self.__dict__[_ATTRIBUTE]
            refused.attach(error, self, guard.explainer)
            raise
        finally:
            # Customer keys are among them by now, and crash reports may keep local variables.
            del api_params

    def generate_presigned_url(
        self, ClientMethod: str, Params: Any = None, ExpiresIn: Any = 3600, HttpMethod: str | None = None
    ) -> str:
        """boto3's, with SigV4, the strategy's encryption signed in, and a life the profile allows."""
        guard: Guard = self.__dict__[_ATTRIBUTE]
        # A copy: the guard adds members, SSE-C keys among them, that do not belong into the caller's dict.
        params = dict(Params or {})
        presigning.check_parameters(params)
        presigning.check_method(ClientMethod, HttpMethod, self)
        presigning.check_content(ClientMethod, guard.strategy, self)
        presigning.check_free_body(ClientMethod, params, self)
        seconds = presigning.life_by_botocore(self, ExpiresIn, guard.profile, guard.clock)
        url: str = super().generate_presigned_url(ClientMethod, params, seconds, HttpMethod)  # type: ignore[misc]
        return url

    def _presigned_probe(self, method: str, params: Mapping[str, Any]) -> Any:
        """botocore's URL or form, only looked at to learn an address: this machine's clock may be wrong."""
        if method == "post":
            return super().generate_presigned_post(**params, ExpiresIn=presigning.PROBE_SECONDS)  # type: ignore[misc]
        return super().generate_presigned_url(method, dict(params), presigning.PROBE_SECONDS)  # type: ignore[misc]

    def generate_presigned_post(
        self, Bucket: str, Key: str, Fields: Any = None, Conditions: Any = None, ExpiresIn: Any = 3600
    ) -> dict[str, Any]:
        """boto3's, with SigV4, the encryption among fields and conditions, and a life the profile allows."""
        guard: Guard = self.__dict__[_ATTRIBUTE]
        check_bucket(Bucket)
        presigning.check_key(Key)
        fields, conditions = presigning.with_encryption(Fields, Conditions, guard.strategy)
        seconds = presigning.life_by_botocore(self, ExpiresIn, guard.profile, guard.clock)
        post: dict[str, Any] = super().generate_presigned_post(  # type: ignore[misc]
            Bucket, Key, fields, conditions, seconds
        )
        return post


def _refuse_insecure(client: Any) -> None:
    if client.meta.service_model.service_id.hyphenize() == "s3":
        refuse_old_signature(client.meta.config.signature_version, "Config or the AWS config file")
    roads = endpoint_roads(client.meta.endpoint_url, "endpoint_url")
    if not client._endpoint.http_session._verify:
        roads.append(
            Road(
                "the client was made with verify=False",
                "whoever answers could read and change everything",
                "make it with verify=<path of the CA certificate>",
            )
        )
    refuse(roads)
