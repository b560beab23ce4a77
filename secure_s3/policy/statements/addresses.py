"""Where requests come from, in values: ranges of addresses, VPC endpoints, VPCs.

Sources: IAM User Guide, "AWS global condition context keys": aws:SourceIp, aws:SourceVpce, aws:SourceVpc.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from ...errors import PolicyError
from ..operators import network
from .parts import Texts, texts

_ENDPOINT = re.compile(r"vpce-[0-9a-f]{8,17}")
_VPC = re.compile(r"vpc-[0-9a-f]{8,17}")
# Not all that Python calls private: the ranges for documentation stand for public ones in examples.
_PRIVATE = tuple(
    IPv4Network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("0.0.0.0/8", "224.0.0.0/3"),  # nobody's, multicast and reserved
    )
)
_PUBLIC = IPv6Network("2000::/3")
# About the widest that anybody holds; of IPv6 a registry hands out /19 and smaller but for a few.
_SHORTEST = {4: 8, 6: 16}


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
    """As the evaluator reads it, and AWS: without netmasks and zones, which Python would take."""
    found = network(text)
    fix = "pass e.g. 198.51.100.0/24 or 2001:db8:1234::/48"
    if found is None:
        why = "aws:SourceIp is compared with an address or with address/length, without netmask and zone"
        raise PolicyError(f"{text!r} is no range of addresses", why=why, fix=fix)
    version, address, length = found
    whole = IPv4Network((address, length)) if version == 4 else IPv6Network((address, length))
    if ip_network(text.partition("/")[0]).network_address != whole.network_address:
        raise PolicyError(
            f"{text!r} is no range of addresses",
            why="it has bits set behind its length",
            fix=f"pass {whole}, or the address alone",
        )
    return whole


def _check(text: str, whole: IPv4Network | IPv6Network) -> None:
    shortest = _SHORTEST[whole.version]
    if whole.prefixlen < shortest:
        every = "every address" if whole.prefixlen == 0 else "far more than anybody's own addresses"
        raise PolicyError(
            f"{text} is {every}",
            why=f"the statement would keep hardly anybody out; /{shortest} is the widest that is taken here",
            fix="pass the ranges that are yours",
        )
    if isinstance(whole, IPv4Network):
        public = not any(whole.overlaps(private) for private in _PRIVATE)
    else:
        public = whole.subnet_of(_PUBLIC)
    if not public:
        raise PolicyError(
            f"{text} holds private addresses, or such as nobody has",
            why="aws:SourceIp is a public address: calls from a VPC come from a NAT gateway's, or through an "
            "endpoint, which has aws:VpcSourceIp instead; an IPv4 address is written as one",
            fix="pass the public range, or vpc_endpoints=",
        )
