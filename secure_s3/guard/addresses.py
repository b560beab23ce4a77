"""Where the URLs of a bucket lead, found out once by botocore's own rules.

botocore presigns one URL for each bucket, through all of its handlers and under the guard. What it made is
taken apart and signed again by us: if that gives the same URL, byte for byte, we sign the rest. If not
(SigV4A of multi-region access points, S3 Express, a handler of the application that changes requests),
botocore signs all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..encryption import Strategy
from ..errors import SignatureError
from ..profile import SecurityProfile
from ..sigv4 import SigningKey, UrlSigner, encode_path, parse_url, timestamp
from . import credentials

_PROBE = "probe/ +é%~"
_LIFE = 60
_GLOBAL = "aws-global"
"""What botocore calls the region of the global endpoint."""
_MOST = 4096

BROWSABLE = frozenset({"GetObject", "HeadObject"})
"""Operations whose URLs are followed by browsers, which send no header of ours."""
OWNER = "x-amz-expected-bucket-owner"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bucket is, and whether our own signature is what it takes.

    Args:
        origin: ``https://host[:port]``.
        prefix: What precedes the key in the path: ``""`` or ``/bucket``.
        region, service: The signature's scope.
        direct: We sign; False leaves it to botocore, and the rest is empty.
    """

    origin: str = ""
    prefix: str = ""
    region: str = ""
    service: str = ""
    direct: bool = False


class Addresses:
    """The addresses that one client has used."""

    def __init__(self, region: str | None) -> None:
        self._own_region = region
        self._known: dict[str, Address] = {}
        self._regions: dict[str, str] = {}

    def of(self, client: Any, bucket: str, strategy: Strategy | None, profile: SecurityProfile) -> Address:
        """The address of *bucket* (a name, alias or ARN); no request is sent, except for S3 Express."""
        found = self._known.get(bucket)
        if found is None:
            found = _resolve(client, bucket, strategy, profile)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[bucket] = found
        return found

    def current(self, bucket: str, address: Address) -> bool:
        """Whether that is still the bucket's address."""
        return self._known.get(bucket) is address

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
            self._known.pop(bucket, None)
        if region not in (self._own_region, _GLOBAL) and context.get("is_presign_request"):
            context["signing"] = {**context.get("signing", {}), "region": region}


def demands(
    operation: str, strategy: Strategy | None, profile: SecurityProfile
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The headers and the query parameters that every URL of *operation* must have."""
    headers = dict(strategy.headers(operation)) if strategy else {}
    if not profile.expected_bucket_owner:
        return headers, []
    if operation in BROWSABLE:
        return headers, [(OWNER, profile.expected_bucket_owner)]
    return {**headers, OWNER: profile.expected_bucket_owner}, []


def _resolve(client: Any, bucket: str, strategy: Strategy | None, profile: SecurityProfile) -> Address:
    signed_by, _ = credentials.current(client)
    text = client.presigned_probe(bucket, _PROBE, _LIFE)
    ending = f"/{encode_path(_PROBE)}"
    try:
        made = parse_url(text)
    except SignatureError:
        return Address()
    origin, prefix = f"{made.scheme}://{made.host}", made.path.removesuffix(ending)
    headers, query = demands("GetObject", strategy, profile)
    scope = made.scope
    again = UrlSigner(
        SigningKey(signed_by.secret_key, scope.date, scope.region, scope.service),
        signed_by,
        method="GET",
        origin=origin,
        prefix=prefix,
        signed_at=timestamp(scope.signed_at),
        expires_in=made.expires_in,
        query=query,
        headers=headers,
    )
    if again.url(ending) != text:
        return Address()
    return Address(origin, prefix, scope.region, scope.service, direct=True)
