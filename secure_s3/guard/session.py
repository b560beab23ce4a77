"""Genuine boto3 sessions whose clients and resources are born guarded."""

from __future__ import annotations

import copy
import inspect
import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from ..encryption import Strategy
from ..errors import ConfigurationError
from ..profile import STANDARD, SecurityProfile
from . import endpoint
from .client import harden_client
from .kms import KmsClients

_ATTRIBUTE = "_secure_s3_rules"
_POOL = 32
_CREATE_CLIENT = inspect.signature(botocore.session.Session.create_client)


def secure_session(
    encryption: Strategy | None,
    profile: SecurityProfile | str = STANDARD,
    *,
    ca_bundle: str | os.PathLike[str] | None = None,
    **session_arguments: Any,
) -> boto3.Session:
    """A new ``boto3.Session`` whose S3 clients and resources encrypt as configured, and all speak TLS.

    Give it to libraries that take a session. KMS, STS and all other clients get the same transport rules.

    Args:
        encryption: The strategy of every write; None for sessions that only talk to other services.
        profile: What is allowed, as a SecurityProfile or a name.
        ca_bundle: Path of the CA certificate that its clients believe where they are not given ``verify=``.
        session_arguments: boto3's own, e.g. ``region_name``, ``profile_name``.

    Raises:
        NotAllowedByProfile: the profile does not allow the strategy.
        InsecureTransport: from ``client()`` and ``resource()``, when an argument, a variable or a setting
            leads to plain HTTP, to no verification or to another trust store.
    """
    return _harden_session(boto3.Session(**session_arguments), _checked(encryption, profile), ca_bundle)


def harden(
    session_or_client: Any,
    encryption: Strategy | None,
    profile: SecurityProfile | str = STANDARD,
    *,
    ca_bundle: str | os.PathLike[str] | None = None,
) -> Any:
    """Put the guard on a boto3 session or client that exists already, in place, and return it.

    Clients that the session made before stay as they were. Hardening twice with the same strategy and
    profile changes nothing. For boto3's default session: ``boto3.setup_default_session();
    harden(boto3.DEFAULT_SESSION, …)``. ``ca_bundle`` is for sessions: what a client believes was settled when
    it was made.

    Raises:
        InsecureTransport: the client was made for plain HTTP or without verification.
        ConfigurationError: it is neither a session nor a client, or hardened with other rules.
    """
    rules = _checked(encryption, profile)
    if isinstance(session_or_client, boto3.Session):
        return _harden_session(session_or_client, rules, ca_bundle)
    if ca_bundle is not None:
        raise ConfigurationError(
            "harden(client, ca_bundle=…) comes too late",
            why="a client's trust store is settled when the client is made",
            fix="make the client with verify=<path of the CA certificate>",
        )
    if hasattr(session_or_client, "meta") and hasattr(session_or_client.meta, "client"):
        harden(session_or_client.meta.client, *rules)
        return session_or_client
    if not hasattr(session_or_client, "_endpoint"):
        raise ConfigurationError(
            f"harden() takes a boto3 session, client or resource, not {type(session_or_client).__name__}"
        )
    roads = endpoint.environment_roads(os.environ)
    endpoint.refuse(roads + endpoint.credential_roads(session_or_client, os.environ))
    endpoint.refuse_environment_bundle(session_or_client._endpoint.http_session._verify, rules[1])
    return harden_client(session_or_client, *rules)


def plain_session() -> boto3.Session:
    """A boto3 session as the environment describes it."""
    return boto3.Session()


def guarded_copy(
    session: boto3.Session,
    encryption: Strategy | None,
    profile: SecurityProfile,
    ca_bundle: str | os.PathLike[str] | None = None,
) -> boto3.Session:
    """A hardened session with the credentials and settings of *session*, which is not changed.

    Its clients believe *ca_bundle* where they are not given ``verify=``.
    """
    twin = copy.copy(session)
    twin._session = copy.copy(session._session)
    _own_credentials(twin._session)
    if rules := twin._session.__dict__.pop(_ATTRIBUTE, None):
        # A copy of a hardened session starts from the factory underneath.
        twin._session.__dict__["create_client"] = rules[-1]
    return _harden_session(twin, _checked(encryption, profile), ca_bundle)


def _own_credentials(core: Any) -> None:
    """Let a copied session find credentials with clients of its own.

    The providers of the original make their STS and SSO clients with the original, which has no guard.
    Explicit credentials stay as they are; so do providers that an application has put in.
    """
    core._components = locator = copy.copy(core._components)
    locator._components, locator._deferred = dict(locator._components), dict(locator._deferred)
    resolver = locator._components.get("credential_provider")
    if any(not _of_botocore(provider) for provider in getattr(resolver, "providers", ())):
        return
    if getattr(core._credentials, "method", "explicit") != "explicit":
        core._credentials = None
    for name in ("credential_provider", "token_provider"):
        locator._components.pop(name, None)
    core._register_credential_provider()
    core._register_token_provider()


def _of_botocore(provider: object) -> bool:
    return type(provider).__module__.partition(".")[0] in ("botocore", "boto3")


def _checked(
    encryption: Strategy | None, profile: SecurityProfile | str
) -> tuple[Strategy | None, SecurityProfile]:
    profile = SecurityProfile.named(profile)
    if encryption is not None:
        if not isinstance(encryption, Strategy):
            raise ConfigurationError(
                f"encryption= is a {type(encryption).__name__}, not an encryption strategy",
                why="the strategy is a value, so that it can be checked before anything is sent",
                fix='pass e.g. SseKms("arn:aws:kms:…") or SseS3()',
            )
        profile.require_strategy(type(encryption).__name__)
    return encryption, profile


def _harden_session(
    session: boto3.Session,
    rules: tuple[Strategy | None, SecurityProfile],
    ca_bundle: str | os.PathLike[str] | None = None,
) -> boto3.Session:
    core = session._session
    present = core.__dict__.get(_ATTRIBUTE)
    if present is not None:
        if present[:-1] != (*rules, ca_bundle):
            raise ConfigurationError(
                f"this session is hardened already, with {present[0]!r} and the profile {present[1].name!r}",
                why="one session has one strategy and one profile",
                fix="make another session with secure_session(…)",
            )
        return session
    plain = core.create_client

    def create_client(*args: Any, **kwargs: Any) -> Any:
        arguments = dict(_CREATE_CLIENT.bind(core, *args, **kwargs).arguments)
        del arguments["self"]
        if ca_bundle is not None and arguments.get("verify") is None:
            arguments["verify"] = endpoint.check_bundle(ca_bundle, "ca_bundle")
        arguments = _secure_arguments(core, arguments, rules[1])
        if arguments["service_name"] != "s3":
            return harden_client(plain(**arguments), None, rules[1])
        network = network_part(arguments["config"])
        kms = KmsClients(lambda region: create_client("kms", region_name=region, config=network))
        return harden_client(plain(**arguments), rules[0], rules[1], kms)

    core.__dict__["create_client"] = create_client
    core.__dict__[_ATTRIBUTE] = (*rules, ca_bundle, plain)
    return session


def _secure_arguments(core: Any, arguments: dict[str, Any], profile: SecurityProfile) -> dict[str, Any]:
    """The arguments of ``create_client`` with every road closed."""
    service, config = arguments["service_name"], arguments.get("config")
    default = core.get_default_client_config()
    if default is not None:
        config = default.merge(config) if config is not None else default
    given = arguments.get("endpoint_url")
    roads = endpoint.environment_roads(os.environ)
    roads += endpoint.setting_roads(core)
    roads += endpoint.custom_model_roads(os.path.expanduser("~/.aws/models"))
    roads += endpoint.argument_roads(arguments.get("use_ssl", True), arguments.get("verify"), given, config)
    custom = given
    if given is None and not endpoint.ignores_configured_endpoints(core, config):
        configured = endpoint.configured_endpoint(core, service)
        if configured:
            roads += endpoint.endpoint_roads(*configured)
            custom = configured[0]
    endpoint.refuse(roads)
    verify = arguments.get("verify")
    if verify is None:
        verify = endpoint.trust_store(core, profile)
    elif verify is not True:
        verify = endpoint.check_bundle(verify, "verify")
    settings = _client_config(service, config, profile, regional=custom is None)
    return {**arguments, "use_ssl": True, "verify": verify, "config": settings}


_NETWORK = (
    "connect_timeout",
    "read_timeout",
    "proxies",
    "proxies_config",
    "client_cert",
    "retries",
    "tcp_keepalive",
    "max_pool_connections",
)


def network_part(config: Config) -> Config:
    """What an S3 client's configuration says about the network, for the KMS clients that go with it."""
    given = getattr(config, "_user_provided_options", {})
    return Config(**{name: given[name] for name in _NETWORK if given.get(name) is not None})


def _client_config(
    service: str, config: Config | None, profile: SecurityProfile, *, regional: bool
) -> Config:
    """Our defaults underneath the caller's configuration."""
    given = dict(getattr(config, "_user_provided_options", {}))
    defaults: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": profile.retries},
        "max_pool_connections": _POOL,
        "tcp_keepalive": True,
    }
    if given.get("retries"):
        given["retries"] = {"mode": "standard"} | given["retries"]
    if service == "s3":
        endpoint.refuse_old_signature(given.get("signature_version"), "Config")
        defaults["request_checksum_calculation"] = profile.checksum_mode
        defaults["response_checksum_validation"] = profile.checksum_mode
        if regional:
            # Presigned URLs then name the regional host; dotted buckets stay path style, as TLS needs.
            addressing = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
            defaults["s3"] = addressing | (given.get("s3") or {})
            given.pop("s3", None)
    merged = Config(**defaults)
    return merged.merge(Config(**given)) if given else merged
