"""Access points of a request: which one an alias means, and the bucket behind each.

Source: Amazon S3 User Guide, "Access point aliases"; Amazon S3 API Reference, ListAccessPoints and
GetAccessPoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...policy.wire import SentRequest
from ..asking import FAULTS
from .gathering import AccessPoint, Gathering
from .weighing import bucket_of

ALIAS = "-s3alias"
_PAGES = 3


class AccessPoints:
    """Access points, each asked about once.

    Args:
        gathering: Who is asked.
        asks: Whether anybody is.
    """

    def __init__(self, gathering: Gathering, asks: bool) -> None:
        self._gathering, self._asks = gathering, asks
        self._behind: dict[str, AccessPoint] = {}

    def behind(self, arn: str) -> AccessPoint:
        """The bucket behind an access point; nothing known of it if nobody tells."""
        if arn not in self._behind:
            self._behind[arn] = self._gathering.access_point(arn) if self._asks else AccessPoint()
        return self._behind[arn]

    def of(self, name: str | None) -> AccessPoint | None:
        """The bucket behind what stands in place of a bucket's name; None if that is a bucket's own."""
        if name is None or not (name.startswith("arn:") or name.endswith(ALIAS)):
            return None
        return (
            self.behind(name.replace(":accesspoint:", ":accesspoint/"))
            if name[:4] == "arn:"
            else AccessPoint()
        )

    def named(
        self, sent: SentRequest, resource: str | None, account: Callable[[], str | None]
    ) -> SentRequest:
        """*sent* with the ARN of its access point in place of an alias, by which policies do not know it.

        Args:
            sent: The request.
            resource: What the refusal names, if there is one; it may tell the ARN.
            account: The caller's, if it has to be asked for; access points of others cannot be listed.
        """
        if sent.bucket is None or not sent.bucket.endswith(ALIAS):
            return sent
        told = bucket_of(resource or "")
        arn = (
            told if told and told.startswith("arn:") else self._listed(sent, account) if self._asks else None
        )
        return sent if arn is None else replace(sent, bucket=arn)

    def _listed(self, sent: SentRequest, account: Callable[[], str | None]) -> str | None:
        what, arguments = f"the access point {sent.bucket}", dict[str, Any](AccountId=account())
        if arguments["AccountId"] is None:
            self._gathering.note(what, "whose it is, is not known")
            return None
        try:
            for _ in range(_PAGES):
                told = self._gathering.ask("s3control", "list_access_points", sent.region, **arguments)
                for each in told["AccessPointList"]:
                    if each.get("Alias") == sent.bucket:
                        return str(each["AccessPointArn"])
                if not told.get("NextToken"):
                    break
                arguments["NextToken"] = told["NextToken"]
        except FAULTS as error:
            self._gathering.gap(what, error)
            return None
        self._gathering.note(what, f"it is none of account {arguments['AccountId']}")
        return None
