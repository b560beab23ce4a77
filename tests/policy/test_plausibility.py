"""Requests that nobody can mean are refused, with what would do; others are left alone."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf, catalogue
from secure_s3.policy.plausibility import plausible

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/app"


def request(
    action: str = "s3:GetObject", resource: str = f"{BUCKET}/a", unknown: tuple[str, ...] = (), **context: Any
) -> AccessRequest:
    """A request; ``__`` in the name of a key is a colon."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return AccessRequest(action=action, resource=resource, principal=ROLE, context=keys, unknown=unknown)


def refused(asked: AccessRequest) -> PolicyError:
    """The error."""
    with pytest.raises(PolicyError, match=r"^case 1: ") as told:
        plausible(asked, "case 1")
    assert told.value.why
    return told.value


@pytest.mark.parametrize(
    ("asked", "what", "fix"),
    [
        (request("s3:GetObjects"), "no action 's3:GetObjects'", "'s3:GetObject'"),
        (request("s3:HeadObject"), "no action 's3:HeadObject'", "'s3:GetObject'"),
        (request(aws__SecureTransprt=True), "key 'aws:SecureTransprt'", "'aws:SecureTransport'"),
        (request(unknown=("AWS:SourceIpp",)), "key 'AWS:SourceIpp'", "'aws:SourceIp'"),
        (request(s3__Nothing="x"), "key 's3:Nothing'", "allow unknown names"),
    ],
)
def test_misspelt_name_is_refused(asked: AccessRequest, what: str, fix: str) -> None:
    """A name that a known service does not have is told as it was written, with the nearest one."""
    error = refused(asked)
    assert what in error.what
    assert fix in error.fix


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"aws__SecureTransport": "yes"}, "neither true nor false"),
        ({"aws__securetransport": ""}, "neither true nor false"),
        ({"aws__MultiFactorAuthPresent": 1}, "neither true nor false"),
        ({"aws__SecureTransport": OneOf("true", "no")}, "'no' is neither"),
        ({"aws__SecureTransport": Between(0, 1)}, "between two numbers"),
        ({"s3__TlsVersion": "abc"}, "no number"),
        ({"s3__TlsVersion": "TLSv1.2"}, "no number"),
        ({"s3__signatureAge": True}, "no number"),
        ({"aws__SourceIp": "203.0.113.0/24"}, "no address"),
        ({"aws__SourceIp": ["203.0.113.7", "localhost"]}, "'localhost' is no address"),
        ({"aws__CurrentTime": "tomorrow"}, "no date"),
        ({"aws__SourceArn": "amzn-s3-demo-bucket"}, "no ARN"),
        ({"s3__x-amz-server-side-encryption-aws-kms-key-id": "alias/a"}, "no ARN"),
    ],
)
def test_value_of_another_type_is_refused(context: dict[str, Any], said: str) -> None:
    """A value that the key's operators cannot read would meet no condition, so it is refused."""
    assert said in refused(request(**context)).what


@pytest.mark.parametrize(
    "context",
    [
        {"aws__SecureTransport": True, "AWS__MULTIFACTORAUTHPRESENT": "False"},
        {"s3__TlsVersion": 1.3, "s3__signatureAge": Between(0, 900)},
        {"s3__TlsVersion": OneOf("1.2", "1.3", None), "aws__SourceIp": UNKNOWN, "aws__SourceVpce": None},
        {"aws__SourceIp": "2001:db8::1", "aws__CurrentTime": datetime(2026, 1, 31, tzinfo=timezone.utc)},
        {"aws__EpochTime": 1_700_000_000, "aws__SourceArn": BUCKET},
        {"aws__EpochTime": "2026-01-31T12:00:00Z", "s3__prefix": "", "aws__PrincipalTag/team": "7"},
        {"ec2__Nobody": "knows", "aws__TagKeys": ["a", "b"]},
    ],
)
def test_value_of_the_type_passes(context: dict[str, Any]) -> None:
    """Values that can be read, absent and unknown ones, and keys of unknown services are left alone."""
    plausible(request(**context), "case 1")


@pytest.mark.parametrize(
    ("action", "resource", "fix"),
    [
        ("s3:GetObject", BUCKET, "arn:aws:s3:::BucketName/ObjectName"),
        ("s3:GetObject", POINT, "arn:aws:s3:::BucketName/ObjectName"),
        ("s3:GetObject", "*", "name one"),
        ("s3:ListBucket", f"{BUCKET}/a", "arn:aws:s3:::BucketName"),
        ("s3:PutBucketPolicy", f"{BUCKET}/a", "arn:aws:s3:::BucketName"),
        ("s3:PutBucketPolicy", "*", "name one"),
        ("s3:ListAllMyBuckets", BUCKET, 'write "*"'),
        ("s3:GetObject", KEY, "arn:aws:s3:::BucketName/ObjectName"),
        ("s3:GetObject", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:s3:::BucketName/ObjectName"),
        ("kms:Decrypt", f"{BUCKET}/a", "arn:aws:kms:"),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:user/a", "role/"),
    ],
)
def test_resource_of_other_actions_is_refused(action: str, resource: str, fix: str) -> None:
    """An action on a resource that it never works on is refused, with the form of one that it does."""
    error = refused(request(action, resource))
    assert f"{action} does not work on" in error.what
    assert fix in error.fix


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"{POINT}/object/a"),
        ("s3:GetObject", "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap/object/a"),
        ("s3:GetObject", "arn:aws-us-gov:s3:::amzn-s3-demo-bucket/a/b c"),
        ("s3:ListBucket", POINT),
        ("s3:ListBucketMultipartUploads", POINT),
        ("s3:ListAllMyBuckets", "*"),
        ("kms:Decrypt", KEY),
        ("kms:CreateKey", "*"),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/path/app"),
        ("ec2:RunInstances", BUCKET),
    ],
)
def test_resource_that_it_works_on_passes(action: str, resource: str) -> None:
    """Buckets, objects, access points in their place, keys and roles pass, and so does what nobody knows."""
    plausible(request(action, resource), "case 1")


def test_every_action_passes_with_its_own_resources() -> None:
    """No action of the catalogue is refused a resource of a form that the catalogue has for it."""
    filled = {"Partition": "aws", "Region": "eu-west-1", "Account": "111122223333"}
    for action in catalogue.all_actions():
        for form in catalogue.resource_patterns(action):
            resource = re.sub(r"\$\{(\w+)\}", lambda match: filled.get(match[1], "x"), form)
            plausible(request(action.name, resource), "case 1")
