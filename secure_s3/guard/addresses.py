"""Where the URLs of a bucket lead, found out once by botocore's own rules.

botocore presigns one URL of each kind for each bucket, with the event handlers that are there then, and under
the guard. What it made is taken apart and signed again by us: if that gives the same, byte for byte, we sign
the rest. If not (SigV4A of multi-region access points, S3 Express, a handler of the application that changes
requests), botocore signs all of them. What a handler does for some keys only is not seen so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ..encryption import Strategy
from ..errors import SignatureError
from ..profile import SecurityProfile
from ..sigv4 import SigningKey, UrlSigner, encode_path, parse_url, sign_post, timestamp
from ..sigv4.posts import post_scope
from .credentials import latest

PROBE_SECONDS = 60
_PROBE = "probe/ +é%~"
_TRIES = 2  # credentials may be refreshed, or a second may end, between two of our looks
_MOST = 4096
_GLOBAL = "aws-global"
"""What botocore calls the region of the global endpoint."""

POST = "POST"
"""The kind of a browser's form, which is no operation of the API."""
METHODS: Mapping[str, tuple[str, str]] = {
    "GetObject": ("GET", "get_object"),
    "HeadObject": ("HEAD", "head_object"),
    "PutObject": ("PUT", "put_object"),
    "UploadPart": ("PUT", "upload_part"),
    POST: ("POST", "post"),
}
"""Kind → HTTP method, and boto3's name."""
BROWSABLE = frozenset({"GetObject", "HeadObject"})
"""Operations whose URLs are followed by browsers, which send no header of ours."""
OWNER = "x-amz-expected-bucket-owner"
_PART = {"UploadId": "probe", "PartNumber": 1}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bucket is, and whether our own signature is what it takes.

    Args:
        origin: ``https://host[:port]``.
        prefix: What precedes the key in the path: ``""`` or ``/bucket``, behind the path of the endpoint.
        region, service: The signature's scope.
        direct: We sign; False leaves it to botocore, and the rest is empty.
    """

    origin: str = ""
    prefix: str = ""
    region: str = ""
    service: str = ""
    direct: bool = False


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
        for _ in range(_TRIES):
            found = _resolve(client, bucket, kind, strategy, profile)
            if found.direct:
                break
        assert found is not None
        if found.prefix not in (self._base, f"{self._base}/{bucket}"):
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


def _resolve(
    client: Any, bucket: str, kind: str, strategy: Strategy | None, profile: SecurityProfile
) -> Address:
    try:
        if kind == POST:
            return _form_address(client, bucket, strategy)
        return _url_address(client, bucket, kind, strategy, profile)
    except SignatureError:  # signed, but not with SigV4 for one region
        return Address()


def _url_address(
    client: Any, bucket: str, operation: str, strategy: Strategy | None, profile: SecurityProfile
) -> Address:
    method, name = METHODS[operation]
    part = _PART if operation == "UploadPart" else {}
    text = client._presigned_probe(name, {"Bucket": bucket, "Key": _PROBE, **part})
    made, signed_by = parse_url(text), latest(client)
    ending = f"/{encode_path(_PROBE)}"
    origin, prefix, scope = f"{made.scheme}://{made.host}", made.path.removesuffix(ending), made.scope
    headers, query = demands(operation, strategy, profile)
    again = UrlSigner(
        SigningKey(signed_by.secret_key, scope.date, scope.region, scope.service),
        signed_by,
        method=method,
        origin=origin,
        prefix=prefix,
        signed_at=timestamp(scope.signed_at),
        expires_in=made.expires_in,
        query=[*((name[0].lower() + name[1:], str(value)) for name, value in part.items()), *query],
        headers=headers,
    )
    same = again.url(ending) == text
    return Address(origin, prefix, scope.region, scope.service, direct=True) if same else Address()


def _form_address(client: Any, bucket: str, strategy: Strategy | None) -> Address:
    fields = dict(strategy.headers("PutObject")) if strategy else {}
    conditions = [{name: value} for name, value in fields.items()]
    given = {"Bucket": bucket, "Key": _PROBE, "Fields": fields, "Conditions": conditions}
    made = client._presigned_probe("post", given)
    scope, parts, signed_by = post_scope(made["fields"]), urlsplit(made["url"]), latest(client)
    again = sign_post(
        SigningKey(signed_by.secret_key, scope.date, scope.region, scope.service),
        signed_by,
        fields={**fields, "key": _PROBE},
        conditions=[*conditions, {"bucket": bucket}, {"key": _PROBE}],
        signed_at=scope.signed_at,
        expires_at=scope.signed_at + timedelta(seconds=PROBE_SECONDS),
    )
    if again != made["fields"] or parts.query or parts.fragment:
        return Address()
    origin, prefix = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    return Address(origin, prefix, scope.region, scope.service, direct=True)
