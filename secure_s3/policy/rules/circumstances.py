"""What may vary from request to request, and what has to vary along with it.

Rules change one circumstance of a request at a time. Some hang together: without HTTPS there is no version of
TLS, through a VPC endpoint there is no public address, a KMS key is named only beside a KMS algorithm, and
only a service acts for a source. ``under`` moves a request to real circumstances; ``candidates`` tells which
values of a key are worth trying for a condition.

Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Actions,
resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from ..conditions import Condition
from ..operators import date, number
from ..principals import Requester
from ..request import AccessRequest
from ..witnesses import APP, SSE, SSE_C, SSE_KEY, from_service

SERVICE, OTHER_SERVICE = "logging.s3.amazonaws.com", "other.amazonaws.com"
SOMEWHERE = "198.18.77.77"
"""An address in no network that a policy would name (RFC 2544)."""
SOME_VPC = {
    "aws:SourceIp": None,
    "aws:SourceVpce": "vpce-0f00f00f00f00f00f",
    "aws:SourceVpc": "vpc-0f00f00f00f00f00f",
    "aws:VpcSourceIp": "10.77.77.77",
}
"""A VPC endpoint that no policy names."""

_FILLS = ("key", "zq7")  # two, so that one of them fits where another condition excludes the other

SECURE, TLS = "aws:securetransport", "s3:tlsversion"
SSE_FOLDED, SSE_KEY_FOLDED, SSE_C_FOLDED = SSE.lower(), SSE_KEY.lower(), SSE_C.lower()
NETWORK = frozenset(
    {"aws:sourceip", "aws:sourcevpce", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpcsourceip"}
)
SOURCE = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
SERVICE_KEYS = SOURCE | {"aws:principalservicename", "aws:principalservicenameslist"}
ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
TLS_VERSIONS = ("1.3", "1.2", "1.1", "1.0")

# Not all that Python calls private: the ranges for documentation stand for public ones in examples.
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
_DOMAINS: dict[str, tuple[str | None, ...]] = {
    SECURE: ("true", "false"),
    TLS: (*TLS_VERSIONS, None),
    SSE_FOLDED: (*ALGORITHMS, None),
    SSE_C_FOLDED: ("AES256", None),
    "s3:objectcreationoperation": ("true", "false"),
    "aws:principalisawsservice": ("false", "true"),
    "aws:viaawsservice": ("false", "true"),
}


@lru_cache(maxsize=4096)
def filled(pattern: str, text: str = "key") -> str:
    """A text that fits *pattern*."""
    return re.sub(r"\$\{[^}]*\}|[*?]", lambda found: "x" if found[0] == "?" else text, pattern)


@lru_cache(maxsize=2048)
def candidates(condition: Condition) -> tuple[str | None, ...]:
    """Values of its key that make it come out in every way it can; None is absence."""
    if condition.folded in _DOMAINS:
        return _DOMAINS[condition.folded]
    kind = condition.known.kind if condition.known else "string"
    return (*dict.fromkeys(_BY_KIND[kind](condition)), None)


def _texts(condition: Condition) -> list[str]:
    literal = [] if condition.operator.lower().count("like") else list(condition.values)
    return [*literal, *(filled(value, text) for value in condition.values for text in _FILLS), "other"]


def _numbers(condition: Condition) -> list[str]:
    wanted = [value for value in map(number, condition.values) if value is not None]
    return [str(value + step) for value in wanted for step in (0, -1, 1)]


def _dates(condition: Condition) -> list[str]:
    wanted = [value for value in map(date, condition.values) if value is not None]
    return [str(int(value) + step) for value in wanted for step in (0, -1, 1)]


def _addresses(condition: Condition) -> list[str]:
    """Some in its ranges and some outside; of aws:SourceIp public ones only, since it is never private."""
    found = [SOMEWHERE, "192.0.2.10", "2001:2::77"]
    for value in condition.values:
        try:
            network = ip_network(value.strip(), strict=False)
        except ValueError:
            continue
        if condition.folded != "aws:sourceip" or not private(network):
            found += [str(network.network_address), str(network.broadcast_address)]
    return found


def private(network: IPv4Network | IPv6Network) -> bool:
    """All of it lies in ranges that no address on the internet is in."""
    return any(
        network.version == each.version
        and int(each.network_address) <= int(network.network_address)
        and int(network.broadcast_address) <= int(each.broadcast_address)
        for each in _PRIVATE
    )


def _arns(condition: Condition) -> list[str]:
    fitting = [filled(value, text) for value in condition.values for text in _FILLS]
    return [*fitting, "arn:aws:iam::444455556666:role/other"]


_BY_KIND: Mapping[str, Callable[[Condition], list[str]]] = {
    "string": _texts,
    "numeric": _numbers,
    "date": _dates,
    "bool": lambda _: ["true", "false"],
    "binary": _texts,
    "ip": _addresses,
    "arn": _arns,
    "null": lambda condition: ["value"],
}


def under(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    """The same request where *key*, in lower case, has *value*, and whatever hangs on it fits."""
    move = _MOVES.get(key)
    return move(request, key, value) if move else _put(request, {key: value})


def _put(request: AccessRequest, context: Mapping[str, Any]) -> AccessRequest:
    # Keys have no case: what is there in another spelling would stand beside the new value.
    folded = {name.lower() for name in context}
    kept = {name: value for name, value in request.context.items() if name.lower() not in folded}
    return request._retold({**kept, **context}, context)


def _secure(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value == "false":
        return _put(request, {"aws:SecureTransport": False, "s3:TlsVersion": None})
    version = request.lookup(TLS)
    known = version[0] if isinstance(version, tuple) else TLS_VERSIONS[0]
    return _put(request, {"aws:SecureTransport": True, "s3:TlsVersion": known})


def _tls(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    return _put(request, {"aws:SecureTransport": value is not None, "s3:TlsVersion": value})


def _address(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None:
        there = request.lookup("aws:sourcevpce") is not None
        return _put(request, {"aws:SourceIp": None} if there else SOME_VPC)
    return _put(request, {**dict.fromkeys(SOME_VPC), "aws:SourceIp": value})


def _endpoint(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None:
        return _address(request, key, SOMEWHERE)
    kept = {name: found for name in SOME_VPC if (found := request.lookup(name.lower())) is not None}
    there = SOME_VPC if request.lookup("aws:sourcevpce") is None else {**SOME_VPC, **kept}
    return _put(_put(request, {**there, "aws:SourceIp": None}), {key: value})


def _algorithm(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    named = request.lookup(SSE_KEY_FOLDED) if value and value.lower().startswith("aws:kms") else None
    return _put(request, {SSE: value, SSE_KEY: named, SSE_C: None})


def _key(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None:
        return _put(request, {SSE_KEY: None})
    now = request.lookup(SSE_FOLDED)
    kms = now if isinstance(now, tuple) and now[0].startswith("aws:kms") else "aws:kms"
    return _put(request, {SSE: kms, SSE_KEY: value, SSE_C: None})


def _customer(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    return _put(request, {SSE_C: value, **({} if value is None else {SSE: None, SSE_KEY: None})})


def _who(request: AccessRequest, principal: str | None) -> AccessRequest:
    moved = replace(request, principal=principal, principal_account=None)
    return moved if principal is not None else _put(moved, {"s3:authType": None})


def _principal_arn(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None:
        return _who(request, None)
    requester = Requester.parse(value)
    if requester.kind == "role":
        # The session's ARN does not tell the role's path, which aws:PrincipalArn has.
        session = f"{requester.partition}:sts::{requester.account}:assumed-role/{requester.name}/session"
        return _put(_who(request, session), {"aws:PrincipalArn": value})
    if requester.kind in ("user", "root"):
        return _who(request, value)
    return _put(request, {"aws:PrincipalArn": value})


def _account(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    digits = value is not None and len(value) == 12 and value.isdigit()
    return _who(request, f"arn:aws:sts::{value}:assumed-role/App/session" if digits else None)


def _service(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None or value == "false":
        return _put(_who(request, APP), dict.fromkeys(SOURCE))
    known = Requester.parse(value).kind == "service"
    return from_service(request, SERVICE if value == "true" else value if known else OTHER_SERVICE)


def _source(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    if value is None:
        return _put(request, {key: None})
    who = request.requester
    acting = request if who and who.kind == "service" else from_service(request, SERVICE)
    return _put(acting, {key: value})


def _signature(request: AccessRequest, key: str, value: str | None) -> AccessRequest:
    who = request.requester
    return request if who and who.kind == "anonymous" else _put(request, {key: value})


_MOVES: Mapping[str, Callable[[AccessRequest, str, str | None], AccessRequest]] = {
    SECURE: _secure,
    TLS: _tls,
    "aws:sourceip": _address,
    **dict.fromkeys(NETWORK - {"aws:sourceip"}, _endpoint),
    SSE_FOLDED: _algorithm,
    SSE_KEY_FOLDED: _key,
    SSE_C_FOLDED: _customer,
    **dict.fromkeys(("s3:authtype", "s3:signatureversion", "s3:signatureage"), _signature),
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": _account,
    "aws:principalservicename": _service,
    "aws:principalisawsservice": _service,
    **dict.fromkeys(SOURCE, _source),
}
