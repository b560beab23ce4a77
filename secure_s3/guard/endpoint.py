"""Every road to plain HTTP or to no verification, and where it is closed.

Each road is an argument, an environment variable or a configuration setting that would make botocore
speak http, skip verification, replace the trust store or write secrets elsewhere. All that apply to a
client are collected and raised as one InsecureTransport that names them. ``docs/threat-model.md`` lists
them.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.credentials import RefreshableCredentials
from botocore.httpsession import get_cert_path
from botocore.utils import CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES

from ..errors import ConfigurationError, InsecureTransport
from ..profile import SecurityProfile

AWS_SUFFIXES = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)
"""DNS suffixes of the AWS partitions (botocore's partitions.json; a test compares)."""

_SYSTEM_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_OLD_SIGNATURES = frozenset({"s3", "s3-query", "s3-presign-post"})
_GUARDED_MODELS = frozenset({"s3", "kms", "sts", "sso", "sso-oidc", "signin"})
"""Services that see data or hand out credentials."""

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Road:
    """One way in which the transport would be weakened: what, why, fix."""

    what: str
    why: str
    fix: str


def refuse(roads: Iterable[Road]) -> None:
    """Raise one InsecureTransport for all of *roads*; nothing if there are none."""
    found = list(roads)
    if not found:
        return
    raise InsecureTransport(
        "; ".join(road.what for road in found),
        why="; ".join(dict.fromkeys(road.why for road in found)),
        fix="; ".join(dict.fromkeys(road.fix for road in found)),
    )


def refuse_old_signature(version: object, source: str) -> None:
    """Raise ConfigurationError when *version* is a Signature Version 2; *source* says where it is from."""
    if isinstance(version, str) and version.lower() in _OLD_SIGNATURES:
        raise ConfigurationError(
            f"signature_version={version!r} is refused ({source})",
            why="Signature Version 2 drops parts of the request silently and puts SSE-C keys into URLs",
            fix="leave signature_version out, and look for event handlers of choose-signer",
        )


def environment_roads(environ: Mapping[str, str]) -> list[Road]:
    """The variables that leak what TLS protects, or swap the model of the services."""
    roads = []
    if environ.get("SSLKEYLOGFILE"):
        roads.append(
            Road(
                f"SSLKEYLOGFILE={environ['SSLKEYLOGFILE']} records the session keys of every connection",
                "whoever reads that file can decrypt the recorded traffic",
                "unset SSLKEYLOGFILE",
            )
        )
    if environ.get("AWS_CSM_ENABLED", "").lower() in _TRUE:
        roads.append(
            Road(
                "AWS_CSM_ENABLED sends metadata of every call over UDP in clear text",
                "client-side monitoring has no encryption",
                "unset AWS_CSM_ENABLED",
            )
        )
    if environ.get("AWS_DATA_PATH"):
        roads.append(
            Road(
                f"AWS_DATA_PATH={environ['AWS_DATA_PATH']} replaces the service models",
                "a replaced model can drop encryption members or lead to another endpoint",
                "unset AWS_DATA_PATH",
            )
        )
    return roads


def setting_roads(session: Any) -> list[Road]:
    """The same two as settings of the AWS configuration file, or of the session itself."""
    roads = []
    if "AWS_CSM_ENABLED" not in os.environ and session.get_config_variable("csm_enabled"):
        roads.append(
            Road(
                "csm_enabled sends metadata of every call over UDP in clear text",
                "client-side monitoring has no encryption",
                "remove csm_enabled from the AWS config file",
            )
        )
    path = session.get_config_variable("data_path")
    if path and "AWS_DATA_PATH" not in os.environ:
        roads.append(
            Road(
                f"data_path={path} replaces the service models",
                "a replaced model can drop encryption members or lead to another endpoint",
                "remove data_path from the AWS config file",
            )
        )
    return roads


def credential_roads(client: Any, environ: Mapping[str, str]) -> list[Road]:
    """Variables that let a client made elsewhere fetch its credentials over plain HTTP."""
    credentials = getattr(client._request_signer, "_credentials", None)
    if not isinstance(credentials, RefreshableCredentials):
        return []
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() in _TRUE:
        return []
    services = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC")
    named = (name if environ.get(name) else "AWS_ENDPOINT_URL" for name in services)
    return [
        road
        for name in dict.fromkeys(named)
        if environ.get(name)
        for road in endpoint_roads(environ[name], name)
    ]


def custom_model_roads(directory: str) -> list[Road]:
    """The same through ``~/.aws/models``, which botocore reads before its own data.

    Models of other services are no business of ours; files are: endpoints and partitions among them.
    """
    if not os.path.isdir(directory):
        return []
    found = [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    return [
        Road(
            f"{path} replaces what botocore knows of services and endpoints",
            "a replaced model can drop encryption members or lead to another endpoint",
            f"move {path} away",
        )
        for path in found
        if os.path.isfile(path) or os.path.basename(path) in _GUARDED_MODELS
    ]


def argument_roads(use_ssl: object, verify: object, endpoint_url: object, config: Any) -> list[Road]:
    """The arguments of ``client()`` and ``resource()`` that weaken the transport."""
    roads = []
    if use_ssl is False or (use_ssl is not None and not use_ssl):
        roads.append(
            Road(
                f"use_ssl={use_ssl!r} asks for plain HTTP",
                "requests and data would be readable",
                "leave it out",
            )
        )
    if verify is not None and not verify:
        roads.append(
            Road(
                f"verify={verify!r} would accept every certificate",
                "whoever answers could then read and change everything",
                "pass the path of the endpoint's CA certificate instead",
            )
        )
    if endpoint_url is not None:
        roads += endpoint_roads(endpoint_url, "endpoint_url")
    if (getattr(config, "proxies_config", None) or {}).get("proxy_use_forwarding_for_https"):
        roads.append(
            Road(
                "proxy_use_forwarding_for_https would show every request to the proxy in clear text",
                "it ends TLS at the proxy instead of at S3",
                "remove it from Config(proxies_config=…); https goes through proxies by CONNECT",
            )
        )
    return roads


def endpoint_roads(url: object, source: str) -> list[Road]:
    """An endpoint that is no https URL; *source* names the argument or variable it came from."""
    text = url if isinstance(url, str) else repr(url)
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is not None and "@" in parts.netloc:
        return [
            Road(
                f"{source} for {host} holds a user name or password",
                "S3 does not use them, and they would be shown in errors and logs",
                f"take what stands before the @ out of {source}",
            )
        ]
    if parts is not None and parts.scheme.lower() == "https" and host:
        return []
    shown = text.rpartition("@")[2] if "@" in text else text
    return [
        Road(
            f"{source}={shown!r} is not an https:// endpoint",
            "requests, data and the signature would be readable on the way",
            f"use https:// in {source}, with ca_bundle=… if the certificate is signed by a CA of your own",
        )
    ]


def configured_endpoint(session: Any, service: str) -> tuple[str, str] | None:
    """The endpoint that the environment or the configuration file sets for *service*, and its source.

    The order is botocore's: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
    """
    service_id = CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES.get(service, service).replace("-", "_")
    for variable in (f"AWS_ENDPOINT_URL_{service_id.upper()}", "AWS_ENDPOINT_URL"):
        if value := os.environ.get(variable):
            return value, variable
    scoped = session.get_scoped_config()
    name = scoped.get("services")
    section = session.full_config.get("services", {}).get(name, {}) if name else {}
    settings = section.get(service_id.lower())
    if isinstance(settings, Mapping) and (value := settings.get("endpoint_url")):
        return value, f"endpoint_url of {service} in the services section {name!r} of the AWS config file"
    if value := scoped.get("endpoint_url"):
        return value, "endpoint_url in the AWS config file"
    return None


def ignores_configured_endpoints(session: Any, config: Any) -> bool:
    """Whether botocore was told to ignore configured endpoints."""
    chosen = getattr(config, "ignore_configured_endpoint_urls", None)
    return bool(
        chosen if chosen is not None else session.get_config_variable("ignore_configured_endpoint_urls")
    )


def trust_store(session: Any, profile: SecurityProfile) -> str | None:
    """The trust store that is configured outside the program, if it is accepted; None if there is none.

    ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE`` and the configuration file replace the trust store of every
    AWS connection. The machine's own store is accepted from there; another one is refused, unless the
    profile says ``allow_environment_ca_bundle`` or ``SECURE_S3_CA_BUNDLE`` names the same file, which says
    that it is meant.

    Raises:
        InsecureTransport: another trust store is configured; the text names the setting.
    """
    configured = _configured_bundle(session)
    if configured is None:
        return None
    path, source = configured
    if path and _is_accepted(path, profile):
        return check_bundle(path, source)
    refuse([_foreign_store(path, source)])
    return None


def refuse_environment_bundle(verify: object, profile: SecurityProfile) -> None:
    """Refuse the trust store of a client made elsewhere if it is the one that a variable names."""
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        path = os.environ.get(variable)
        if path and path == verify and not _is_accepted(path, profile):
            refuse([_foreign_store(path, variable)])


def check_bundle(path: str | os.PathLike[str], source: str) -> str:
    """*path* as a string, if it holds certificates; ConfigurationError that names *source* if not."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else repr(path)
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigurationError(
            f"{source}={text!r} is no bundle of CA certificates",
            why=getattr(error, "strerror", None) or str(error),
            fix="name a readable file of PEM certificates",
        ) from error
    return text


def allowed_hosts(endpoint_url: str) -> Callable[[str], bool]:
    """Which hosts a client made for *endpoint_url* may speak to: its own, or AWS's if it is one of these."""
    own = (urlsplit(endpoint_url).hostname or "").lower()
    suffixes = AWS_SUFFIXES if is_aws(own) else (own,)

    def allowed(host: str) -> bool:
        return _under(host, suffixes)

    return allowed


def is_aws(host: str) -> bool:
    """Whether *host* is an AWS endpoint."""
    return _under(host, AWS_SUFFIXES)


def _under(host: str, suffixes: tuple[str, ...]) -> bool:
    host = host.lower().rstrip(".")
    return bool(host) and any(host == suffix or host.endswith("." + suffix) for suffix in suffixes)


def _configured_bundle(session: Any) -> tuple[str, str] | None:
    if "AWS_CA_BUNDLE" in os.environ:
        return os.environ["AWS_CA_BUNDLE"], "AWS_CA_BUNDLE"
    if (value := session.get_scoped_config().get("ca_bundle")) is not None:
        return value, "ca_bundle in the AWS config file"
    if "REQUESTS_CA_BUNDLE" in os.environ:
        return os.environ["REQUESTS_CA_BUNDLE"], "REQUESTS_CA_BUNDLE"
    return None


def _is_accepted(path: str, profile: SecurityProfile) -> bool:
    meant = path == os.environ.get("SECURE_S3_CA_BUNDLE")
    return meant or profile.allow_environment_ca_bundle or _is_system_store(path)


def _foreign_store(path: str, source: str) -> Road:
    return Road(
        f"{source}={path!r} would replace the trust store",
        "whoever sets it decides which servers are believed" if path else "an empty value can mean no check",
        "pass ca_bundle=… if you mean it, or set SECURE_S3_CA_BUNDLE to the same file, "
        f"or remove {source}, or allow it in the profile: allow_environment_ca_bundle=True",
    )


def _is_system_store(path: str) -> bool:
    defaults = ssl.get_default_verify_paths()
    stores = [*_SYSTEM_STORES, defaults.cafile, defaults.openssl_cafile, get_cert_path(True)]
    real = os.path.realpath(path)
    return os.path.isfile(real) and any(real == os.path.realpath(store) for store in stores if store)
