"""The trails of CloudTrail that are visible in a region, and what they record.

Source: AWS CloudTrail API Reference, DescribeTrails, GetTrailStatus, GetEventSelectors. The latter two are
asked in the trail's home region.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..asking import Asking
from .questions import Fields, Question, or_unread, plain, question
from .values import Trail, Unread

MOST = 12
"""Of so many trails the details are read."""
_UNREAD = Unread(f"the details of {MOST} trails are read, and there are more")
_MADE_OF = ("EventSelectors", "AdvancedEventSelectors")


def read_trails(asking: Asking, region: str | None) -> Fields:
    """``trails``, and ``cut`` if there are more than are read."""
    cut = False

    def read() -> tuple[Trail, ...]:
        nonlocal cut
        listed = asking.ask("cloudtrail", "describe_trails", region, includeShadowTrails=True)["trailList"]
        cut = len(listed) > MOST
        begun = [
            [(asked, asked.start(asking)) for asked in _questions(each, region)] for each in listed[:MOST]
        ]
        told = [
            {name: value for asked, answer in each for name, value in asked.told(answer).items()}
            for each in begun
        ]
        missing = [dict.fromkeys(("logging", "selectors"), _UNREAD)] * (len(listed) - len(told))
        return tuple(_trail(each, found) for each, found in zip(listed, [*told, *missing], strict=True))

    found = {"trails": or_unread("cloudtrail:DescribeTrails", read)}
    return found | ({"cut": ("trails",)} if cut else {})


def _questions(trail: Mapping[str, Any], region: str | None) -> tuple[Question, ...]:
    home, arn = trail.get("HomeRegion") or region, str(trail["TrailARN"])
    return (
        question(
            "logging",
            "cloudtrail:GetTrailStatus",
            ("cloudtrail", "get_trail_status", home),
            lambda told: bool(told["IsLogging"]),
            Name=arn,
        ),
        question(
            "selectors",
            "cloudtrail:GetEventSelectors",
            ("cloudtrail", "get_event_selectors", home),
            lambda told: {name: plain(told[name]) for name in _MADE_OF if told.get(name)},
            TrailName=arn,
        ),
    )


def _trail(told: Mapping[str, Any], found: Fields) -> Trail:
    return Trail(
        name=str(told["Name"]),
        arn=str(told["TrailARN"]),
        multi_region=bool(told.get("IsMultiRegionTrail")),
        home_region=told.get("HomeRegion"),
        **found,
    )
