"""What is around a bucket: VPC endpoints for S3 in its region, and recorders of AWS Config.

Sources: Amazon EC2 API Reference, DescribeVpcEndpoints; AWS Config API Reference,
DescribeConfigurationRecorders, DescribeConfigurationRecorderStatus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..asking import Asking
from .questions import Fields, or_unread, pages, plain

_OF_AN_ENDPOINT = (
    *("VpcEndpointId", "VpcEndpointType", "VpcId", "ServiceName", "State", "PolicyDocument"),
    *("RouteTableIds", "SubnetIds", "PrivateDnsEnabled", "OwnerId"),
)


def read_endpoints(asking: Asking, region: str | None) -> Fields:
    """``vpc_endpoints``, and ``cut`` if there are more than are read."""
    cut = False

    def read() -> tuple[Any, ...]:
        nonlocal cut
        # In China the names of services begin with "cn.".
        names = [f"{prefix}com.amazonaws.{region}.s3" for prefix in ("", "cn.")]
        only = [{"Name": "service-name", "Values": names}]
        told, cut = pages(asking, ("ec2", "describe_vpc_endpoints", region), "NextToken", Filters=only)
        listed = (each for page in told for each in page["VpcEndpoints"])
        return tuple(_known(each) for each in listed if each.get("ServiceName") in names)

    found = {"vpc_endpoints": or_unread("ec2:DescribeVpcEndpoints", read)}
    return found | ({"cut": ("vpc_endpoints",)} if cut else {})


def read_recorders(asking: Asking, region: str | None) -> Fields:
    """``recorders``."""

    def read() -> tuple[Any, ...]:
        states = asking.start("config", "describe_configuration_recorder_status", region)
        told = asking.ask("config", "describe_configuration_recorders", region)
        return tuple(_recorders(told, states.get()))

    return {"recorders": or_unread("config:DescribeConfigurationRecorders", read)}


def _recorders(told: Mapping[str, Any], states: Mapping[str, Any]) -> Iterator[Fields]:
    on = {each.get("name"): bool(each.get("recording")) for each in states["ConfigurationRecordersStatus"]}
    for each in told["ConfigurationRecorders"]:
        name = str(each["name"])
        group = plain(each.get("recordingGroup") or {})
        yield {"name": name, "recordingGroup": group, "recording": on.get(name, False)}


def _known(told: Mapping[str, Any]) -> Fields:
    return {name: plain(told[name]) for name in _OF_AN_ENDPOINT if told.get(name) is not None}
