"""The addresses that a client's presigned URLs lead to, of each bucket and kind, found out once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..encryption import Strategy
from ..profile import SecurityProfile
from .points import segment
from .presigning import METHODS

if TYPE_CHECKING:
    from .probing import Address

_TRIES = 2  # credentials may be refreshed, or a second may end, between two of our looks
_MOST = 4096
_GLOBAL = "aws-global"
"""What botocore calls the region of the global endpoint."""


class Addresses:
    """The addresses that one client has used, of each bucket and kind of URL."""

    def __init__(self, region: str | None, endpoint_url: str) -> None:
        self._own_region, self._base = region, urlsplit(endpoint_url).path.rstrip("/")
        self._known: dict[tuple[str, str], Address] = {}
        self._regions: dict[str, str] = {}

    def of(
        self, client: Any, bucket: str, kind: str, strategy: Strategy | None, profile: SecurityProfile
    ) -> Address:
        """The address of *bucket* (a name, alias or ARN); no request is sent, except for S3 Express."""
        found = self._known.get((bucket, kind))
        if found is not None:
            return found
        from .probing import Address, resolve  # signatures are not part of every program

        for _ in range(_TRIES):
            found = resolve(client, bucket, kind, strategy, profile)
            if found.direct:
                break
        assert found is not None
        if found.prefix not in (self._base, f"{self._base}/{segment(bucket)}"):
            found = Address()  # a handler gives keys or buckets another name
        if found.region in ("", self._regions.get(bucket, found.region)) or self._regions[bucket] == _GLOBAL:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[bucket, kind] = found
        return found

    def current(self, bucket: str, kind: str, address: Address) -> bool:
        """Whether that is still the address."""
        return self._known.get((bucket, kind)) is address

    def notice(
        self, params: Mapping[str, Any], builtins: Mapping[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        """Whenever an endpoint is resolved: see to buckets that have turned out to be in another region.

        botocore would name the host of the bucket's region in a presigned URL, and sign for the client's.
        """
        bucket, region = params.get("Bucket"), builtins.get("AWS::Region")
        if not isinstance(bucket, str) or not region or bucket.startswith("arn:"):
            return
        if self._regions.get(bucket) != region:
            if len(self._regions) >= _MOST:
                self._regions.clear()
                self._known.clear()
            self._regions[bucket] = region
            for kind in METHODS:
                self._known.pop((bucket, kind), None)
        if region not in (self._own_region, _GLOBAL) and context.get("is_presign_request"):
            context["signing"] = {**context.get("signing", {}), "region": region}
