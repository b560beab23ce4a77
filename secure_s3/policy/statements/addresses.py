"""Where requests come from, in values: ranges of addresses, VPC endpoints, VPCs.

Sources: IAM User Guide, "AWS global condition context keys": aws:SourceIp, aws:SourceVpce, aws:SourceVpc.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network

from ...errors import PolicyError
from .parts import Texts, texts

_ENDPOINT = re.compile(r"vpce-[0-9a-f]{8,17}")
_VPC = re.compile(r"vpc-[0-9a-f]{8,17}")
# Not all that Python calls private: the ranges for documentation stand for public ones in examples.
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


def endpoint_ids(values: Texts) -> tuple[str, ...]:
    """Ids of VPC endpoints."""
    return _ids(values, _ENDPOINT, "VPC endpoint", "vpce-1a2b3c4d")


def vpc_ids(values: Texts) -> tuple[str, ...]:
    """Ids of VPCs."""
    return _ids(values, _VPC, "VPC", "vpc-1a2b3c4d")


def _ids(values: Texts, wanted: re.Pattern[str], what: str, example: str) -> tuple[str, ...]:
    listed = texts(values, "endpoints" if "endpoint" in what else "vpcs", example, empty=True)
    for each in listed:
        if not wanted.fullmatch(each):
            raise PolicyError(f"{each!r} is no id of a {what}", fix=f"pass an id such as {example}")
    return listed


def ranges_of(values: Texts) -> tuple[str, ...]:
    """Ranges of public addresses, as ``aws:SourceIp`` is compared with them."""
    listed = texts(values, "ranges", "198.51.100.0/24")
    for each in listed:
        _check(each, _network(each))
    return listed


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        fix = "pass e.g. 198.51.100.0/24 or 2001:db8:1234::/48"
        with suppress(ValueError):
            fix = f"pass {ip_network(text, strict=False)}, or the address alone"
        raise PolicyError(f"{text!r} is no range of addresses", why=str(error), fix=fix) from error


def _check(text: str, network: IPv4Network | IPv6Network) -> None:
    if network.prefixlen == 0:
        raise PolicyError(f"{text} is every address", why="the statement would deny nothing of that kind")
    if any(network.version == private.version and network.overlaps(private) for private in _PRIVATE):
        raise PolicyError(
            f"{text} holds private addresses",
            why="aws:SourceIp is a public address: calls from a VPC come from a NAT gateway's, or through an "
            "endpoint, which has aws:VpcSourceIp instead",
            fix="pass the public range, or vpc_endpoints=",
        )
