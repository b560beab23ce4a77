"""What the tests of presigning share: clients of every kind of address, and botocore with a stopped clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config

from secure_s3 import SecureS3Client, SseS3
from secure_s3.profile import STANDARD, SecurityProfile
from tests.guard.support import core_session

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2Vj//EXAMPLE+token/with==%and&=?"
BUCKET, KEY = "amzn-s3-demo-bucket", "reports/2026.pdf"
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOW = datetime(2026, 2, 28, 23, 59, 58, tzinfo=timezone.utc)
REGIONAL = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
WEEK = SecurityProfile(name="week", presign_ceiling=604_800)


@dataclass(frozen=True)
class Place:
    """One kind of address: how the client is made, and which bucket is asked for."""

    name: str
    bucket: str = BUCKET
    region: str = "eu-west-1"
    config: dict[str, Any] = field(default_factory=dict)
    endpoint_url: str | None = None


PLACES = (
    Place("virtual-hosted"),
    Place("us-east-1", region="us-east-1"),
    Place("dotted bucket", bucket="amzn.s3.demo.bucket"),
    Place("FIPS", region="us-west-2", config={"use_fips_endpoint": True}),
    Place("dual-stack", config={"use_dualstack_endpoint": True}),
    Place(
        "FIPS and dual-stack", "a.b", "us-east-2", {"use_fips_endpoint": True, "use_dualstack_endpoint": True}
    ),
    Place("path style", config={"s3": {"addressing_style": "path"}}),
    Place("accelerate", config={"s3": {"use_accelerate_endpoint": True}}),
    Place("access point", bucket="arn:aws:s3:us-west-2:111122223333:accesspoint/finance"),
    Place("access point's alias", bucket="finance-abcdefghijklmnopqrstuvwxyz12345678a-s3alias"),
    Place("object lambda", bucket="arn:aws:s3-object-lambda:us-west-2:111122223333:accesspoint/finance"),
    Place(
        "outpost",
        bucket="arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-01234567890123456/accesspoint/finance",
        region="us-west-2",
    ),
    Place("China", region="cn-north-1"),
    Place("GovCloud", region="us-gov-west-1"),
    Place("own endpoint", endpoint_url="https://127.0.0.1:9000"),
    Place("own endpoint with a path", endpoint_url="https://objects.example.com/store"),
)


def session(token: str | None = None, **arguments: Any) -> boto3.Session:
    """A plain session with fixed credentials."""
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token=token,
        **{"botocore_session": core_session(), "region_name": "eu-west-1", **arguments},
    )


def client(
    encryption: Any = None,
    profile: SecurityProfile = STANDARD,
    place: Place = PLACES[0],
    token: str | None = None,
) -> SecureS3Client:
    """A SecureS3Client for that kind of address."""
    return SecureS3Client(
        SseS3() if encryption is None else encryption,
        profile=profile,
        session=session(token),
        region_name=place.region,
        endpoint_url=place.endpoint_url,
        config=Config(**place.config) if place.config else None,
    )


def raw_client(place: Place = PLACES[0], token: str | None = None) -> Any:
    """boto3 alone, told to sign with SigV4 for regional hosts: the oracle."""
    config = Config(signature_version="s3v4")
    if place.endpoint_url is None:
        config = config.merge(Config(s3={**REGIONAL, **place.config.get("s3", {})}))
    rest = {name: value for name, value in place.config.items() if name != "s3"}
    return session(token).client(
        "s3", region_name=place.region, endpoint_url=place.endpoint_url, config=config.merge(Config(**rest))
    )


class Stopped:
    """A clock for botocore that shows what it was set to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def stopped_botocore() -> Iterator[Stopped]:
    """botocore signs for the moment that the clock shows."""
    clock = Stopped()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", clock)
        patch.setattr("botocore.signers.get_current_datetime", clock)
        yield clock
