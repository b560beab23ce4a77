"""Access points of a bucket, and Multi-Region Access Points that lead to it.

Sources: Amazon S3 API Reference, ListAccessPoints, GetAccessPoint, GetAccessPointPolicy,
GetAccessPointPolicyStatus, ListMultiRegionAccessPoints; Amazon S3 User Guide, "Multi-Region Access Points":
requests that manage them go to us-west-2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..asking import Answer, Asking
from .questions import Fields, Question, or_unread, pages, plain, question
from .values import AccessPoint, Unread

MOST = 25
"""Of so many access points the details are read."""
_LISTED = "s3:ListAccessPoints"
_MULTI_LISTED = "s3:ListMultiRegionAccessPoints"
_HOME = "us-west-2"
_NONE = "NoSuchAccessPointPolicy"
_UNREAD = Unread(f"the details of {MOST} access points are read, and there are more")


def read_points(asking: Asking, bucket: str, account: str, region: str | None) -> Fields:
    """``access_points``, and ``cut`` if there are more than are read."""
    cut = False

    def read() -> tuple[AccessPoint, ...]:
        nonlocal cut
        call = ("s3control", "list_access_points", region)
        told, cut = pages(asking, call, "NextToken", AccountId=account, Bucket=bucket)
        listed = [each for page in told for each in page["AccessPointList"] if each["Bucket"] == bucket]
        cut = cut or len(listed) > MOST
        begun = [_begun(asking, each, account, region) for each in listed[:MOST]]
        near = [_point(each, _told(asked)) for each, asked in zip(listed, begun, strict=False)]
        missing = dict.fromkeys(("public_access_block", "policy", "is_public"), _UNREAD)
        return (*near, *(_point(each, missing) for each in listed[MOST:]))

    found = {"access_points": or_unread(_LISTED, read)}
    return found | ({"cut": ("access_points",)} if cut else {})


def read_multi_region(asking: Asking, bucket: str, account: str, partition: str) -> Fields:
    """``multi_region_access_points``, and ``cut`` if there are more than are read."""
    name = "multi_region_access_points"
    if partition != "aws":
        return {name: Unread(f"they are managed in {_HOME}, which the partition {partition} has not")}
    cut = False

    def read() -> tuple[Any, ...]:
        nonlocal cut
        told, cut = pages(
            asking, ("s3control", "list_multi_region_access_points", _HOME), "NextToken", AccountId=account
        )
        listed = (each for page in told for each in page.get("AccessPoints") or ())
        return tuple(plain(each) for each in listed if _leads_to(each, bucket))

    found = {name: or_unread(_MULTI_LISTED, read)}
    return found | ({"cut": (name,)} if cut else {})


def _leads_to(point: Mapping[str, Any], bucket: str) -> bool:
    return any(each.get("Bucket") == bucket for each in point.get("Regions") or ())


def _begun(
    asking: Asking, point: Mapping[str, Any], account: str, region: str | None
) -> list[tuple[Question, Answer | Unread]]:
    return [(each, each.start(asking)) for each in _questions(point["Name"], account, region)]


def _told(asked: list[tuple[Question, Answer | Unread]]) -> Fields:
    return {name: value for each, answer in asked for name, value in each.told(answer).items()}


def _questions(name: str, account: str, region: str | None) -> tuple[Question, ...]:
    def ask(field: str, method: str, action: str, says: Any, nothing: Any = None) -> Question:
        call = ("s3control", method, region)
        return question(field, f"s3:{action}", call, says, nothing, AccountId=account, Name=name)

    return (
        ask(
            "public_access_block",
            "get_access_point",
            "GetAccessPoint",
            lambda told: plain(told["PublicAccessBlockConfiguration"]),
        ),
        ask(
            "policy",
            "get_access_point_policy",
            "GetAccessPointPolicy",
            lambda told: str(told["Policy"]),
            {_NONE: None},
        ),
        ask(
            "is_public",
            "get_access_point_policy_status",
            "GetAccessPointPolicyStatus",
            lambda told: bool(told["PolicyStatus"]["IsPublic"]),
            {_NONE: False},
        ),
    )


def _point(listed: Mapping[str, Any], told: Fields) -> AccessPoint:
    vpc = (listed.get("VpcConfiguration") or {}).get("VpcId")
    return AccessPoint(
        name=str(listed["Name"]),
        arn=str(listed["AccessPointArn"]),
        alias=listed.get("Alias"),
        vpc=vpc,
        **told,
    )
