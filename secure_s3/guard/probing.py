"""Where the URLs of a bucket lead, by botocore's own rules.

botocore presigns one URL of each kind for each bucket, with the event handlers that are there then, and under
the guard. What it made is taken apart and signed again by us: if that gives the same, byte for byte, we sign
the rest. If not (SigV4A of multi-region access points, S3 Express, a handler of the application that changes
requests), botocore signs all of them. What a handler does for some keys only is not seen so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ..encryption import Strategy
from ..encryption.strategy import NOTHING
from ..errors import SignatureError
from ..profile import SecurityProfile
from ..sigv4 import SigningKey, UrlSigner, encode_path, parse_url, sign_post, timestamp
from ..sigv4.posts import post_scope
from .credentials import latest
from .presigning import METHODS, POST, PROBE_SECONDS, demands, query_of

_PROBE = "probe/ +é%~"
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


def resolve(
    client: Any, bucket: str, kind: str, strategy: Strategy | None, profile: SecurityProfile
) -> Address:
    """The address that botocore gives to URLs of that kind; not direct where we would sign something else."""
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
    part = _PART if operation == "UploadPart" else NOTHING
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
        query=[*query_of(part), *query],
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
