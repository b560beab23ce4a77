"""What a test pretends: networks, organizations, services, other accounts."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.errors import SecureS3Error
from secure_s3.local import LocalAws
from secure_s3.policy import UNKNOWN

from . import people
from .bucket import ARN, EVERYBODY, OBJECTS, on_objects, put_policy
from .denials import denial
from .people import ACCOUNT, allow, deny
from .support import BUCKET


@pytest.mark.parametrize(
    ("condition", "passes", "fails"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, {"aws:SecureTransport": False}),
        ({"NumericLessThan": {"s3:TlsVersion": "1.3"}}, {}, {"s3:TlsVersion": "1.2"}),
        (
            {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
            {"aws:SourceVpce": "vpce-1a2b3c4d"},
            {"aws:SourceVpce": "vpce-9a8b7c6d"},
        ),
        (
            {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            {"aws:SourceIp": "203.0.113.7"},
            {"aws:SourceIp": "198.51.100.1"},
        ),
        (
            {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            {"aws:principalorgid": "o-ffffffffff"},
        ),
    ],
)
def test_circumstances(
    local_aws: Any, s3: Any, condition: Any, passes: dict[str, Any], fails: dict[str, Any]
) -> None:
    """A test can pretend what no loopback address has, and it ends with the block."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    put_policy(s3, on_objects(deny, "s3:GetObject", condition))
    with local_aws.circumstances(passes):
        s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
        with local_aws.circumstances(fails):
            assert denial(s3.get_object, Bucket=BUCKET, Key="k").cause == "bucket_policy"
        s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("scps", "service_control_policy"),
        ("rcps", "resource_control_policy"),
        ("endpoint_policies", "endpoint_policy"),
    ],
)
def test_layers_of_an_organization(local_aws: Any, s3: Any, layer: str, name: str) -> None:
    """Policies of an organization and of a VPC endpoint are evaluated where a test gives them."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    named = {} if layer == "scps" else EVERYBODY
    policy = people.document(deny("s3:GetObject", **named), allow("*", **named))
    with local_aws.circumstances(**{layer: policy}):
        told = denial(s3.get_object, Bucket=BUCKET, Key="k")
        assert (told.layer, told.explicit) == (
            {"scps": "service_control_policy", "rcps": "resource_control_policy"}.get(
                layer, "endpoint_policy"
            ),
            True,
        )
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()


def test_a_service(local_aws: Any, s3: Any) -> None:
    """A service of AWS comes in where the bucket's policy names it, for the right distribution."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    service, source = "cloudfront.amazonaws.com", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
    only = {"StringEquals": {"aws:SourceArn": source}}
    put_policy(s3, on_objects(allow, "s3:GetObject", only) | {"Principal": {"Service": service}})
    with local_aws.circumstances({"aws:SourceArn": source}, principal=service):
        s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    with local_aws.circumstances({"aws:SourceArn": f"{source}2"}, principal=service):
        assert denial(s3.get_object, Bucket=BUCKET, Key="k").message == "Access Denied"


def test_another_account(local_aws: Any, s3: Any) -> None:
    """Another account comes in where the bucket's policy lets it; else it is told nothing."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    stranger = "arn:aws:iam::444455556666:role/App"
    with local_aws.circumstances(principal=stranger):
        assert denial(s3.get_object, Bucket=BUCKET, Key="k").message == "Access Denied"
    put_policy(s3, allow("s3:*", Principal={"AWS": stranger}) | {"Resource": [ARN, OBJECTS]})
    with local_aws.circumstances(principal=stranger):
        s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
        told = denial(s3.put_bucket_policy, Bucket=BUCKET, Policy=people.document())
        assert (told.status, told.code) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    "arguments",
    [
        {"context": {"aws:SourceVpc3": "vpc-1"}},
        {"context": {"aws:SourceIp": "nowhere"}},
        {"principal": "everybody"},
        {"scps": "{}"},
        {"context": {"aws:SourceIp": UNKNOWN}},
    ],
)
def test_circumstances_that_cannot_be(arguments: dict[str, Any]) -> None:
    """What cannot be meant is refused before the endpoint is asked."""
    with pytest.raises(SecureS3Error), LocalAws().circumstances(**arguments):
        raise AssertionError("they hold")
