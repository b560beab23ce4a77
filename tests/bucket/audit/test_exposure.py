"""Websites, CORS, the owner of the bucket, and names that services take for theirs."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.bucket.snapshot.values import ANOTHERS
from secure_s3.bucket.wanted import BucketProfile
from tests.bucket.audit.good import ACCOUNT, BLOCK, DENIED, PROFILE, STRANGER, severities, told, verdict

INDEX = {"IndexDocument": {"Suffix": "index.html"}}
OPEN: dict[str, Any] = {"public_access_block": {}, "account_public_access_block": {}}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"website": {}}, []),
        ({"website": INDEX}, ["low"]),
        ({"website": INDEX, **OPEN}, ["medium"]),
        ({"website": INDEX, **OPEN, "account_public_access_block": BLOCK}, ["low"]),
        ({"website": INDEX, **OPEN, "public_access_block": {**BLOCK, "IgnorePublicAcls": False}}, ["medium"]),
        (
            {"website": INDEX, "public_access_block": DENIED, "account_public_access_block": DENIED},
            ["medium"],
        ),
        ({"website": INDEX, "public_access_block": DENIED}, ["low"]),
        ({"website": {"RedirectAllRequestsTo": {"HostName": "example.com"}}, **OPEN}, ["low"]),
        ({"website": DENIED}, ["unknown"]),
    ],
)
def test_website(changes: Any, found: list[str]) -> None:
    """A website counts less where the bucket's or the account's block keeps it from serving."""
    assert severities("website", **changes) == found


def _cors(*origins: str, methods: tuple[str, ...] = ("GET",)) -> tuple[dict[str, Any], ...]:
    return ({"AllowedOrigins": list(origins), "AllowedMethods": list(methods)},)


ANYBODYS = (
    *("https://*.com", "https://*.co.uk", "https://*.COM:8443", "*.com", "https://*example.com"),
    *("https://example.*", "https://www.example.*", "https://app*", "*://app.example.com"),
    *("*.amazonaws.com", "https://*.s3.eu-west-1.amazonaws.com", "https://*.cloudfront.net"),
    *("https://*.github.io", "https://x-*.vercel.app"),
)
"""Origins that anybody can have."""
SOMEBODYS = (
    *("https://*.example.com", "https://app-*.example.co.uk", "https://*-app.example.com"),
    *("https://example.com:*", "https://*.localhost", "https://d111111abcdef8.cloudfront.net"),
)


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ((), []),
        (_cors("https://example.com", "https://*.example.com", methods=("PUT",)), []),
        (_cors("http://localhost:3000", "http://127.0.0.1", methods=("PUT", "GET")), []),
        (_cors("*"), ["low"]),
        (_cors("*", methods=("GET", "PUT")), ["medium"]),
        (_cors("https://example.com", "*", methods=("DELETE",)), ["medium"]),
        (_cors("https://*", methods=("POST",)), ["medium"]),
        (_cors("null"), ["low"]),
        *((_cors(each, methods=("PUT",)), ["medium"]) for each in ANYBODYS),
        (_cors(*SOMEBODYS, methods=("PUT",)), []),
        (_cors("http://example.com"), ["low"]),
        (_cors("http://example.com", methods=("put",)), ["medium"]),
        (_cors("http://localhost.example.com"), ["low"]),
        ((*_cors("*"), *_cors("*", methods=("PUT",))), ["low", "medium"]),
        (({"AllowedOrigins": None, "AllowedMethods": 5}, "x", None), []),
        (DENIED, ["unknown"]),
    ],
)
def test_cors(rules: Any, found: list[str]) -> None:
    """Any origin, and origins over plain HTTP, are findings; those that may write are worse."""
    assert severities("cors", cors=rules) == found


@pytest.mark.parametrize(
    ("expected", "account", "found"),
    [
        (None, ACCOUNT, ["not applicable"]),
        (None, DENIED, ["not applicable"]),
        (ACCOUNT, ACCOUNT, []),
        (ACCOUNT, STRANGER, ["critical"]),
        (ACCOUNT, ANOTHERS, ["critical"]),
        (None, ANOTHERS, ["not applicable"]),
        (ACCOUNT, DENIED, ["unknown"]),
    ],
)
def test_bucket_owner(expected: str | None, account: Any, found: list[str]) -> None:
    """Another owner than the profile names is critical; an owner that was not read is unknown."""
    profile = BucketProfile(expected_owner=expected)
    assert severities("bucket-owner", profile, account=account) == found


NAMES = [
    "aws-glue-assets-111122223333-eu-west-1",
    "sagemaker-eu-west-1-111122223333",
    "aws-emr-studio-111122223333-us-gov-west-1",
    "aws-codestar-ap-southeast-2-111122223333",
    "cf-templates-1a2b3c4d5e6f-eu-west-1",
    "cdk-hnb659fds-assets-111122223333-eu-west-1",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_service_foresees_must_be_yours(name: str) -> None:
    """A bucket of such a name that another account owns is high, one of the named account is right."""
    assert severities("shadow-resource", bucket=name) == []
    assert severities("shadow-resource", bucket=name, account=STRANGER) == ["high"]
    assert severities("shadow-resource", bucket=name, account=ANOTHERS) == ["high"]
    assert severities("shadow-resource", bucket=name, account=DENIED) == ["unknown"]


def test_a_bucket_of_others_with_a_third_ones_name_is_unknown() -> None:
    """That it is not the caller's does not tell that it is not the named account's."""
    name = NAMES[0].replace(ACCOUNT, STRANGER)
    assert severities("shadow-resource", bucket=name, account=ANOTHERS) == ["unknown"]


@pytest.mark.parametrize(
    "name",
    [
        "amzn-s3-demo-bucket",
        "aws-glue-assets-1111-eu-west-1",
        "my-aws-glue-assets-111122223333-eu-west-1",
        "sagemaker-eu-west-1-111122223333-data",
        "sagemaker-studio-111122223333-a1b2c3",
        "cf-templates-eu-west",
    ],
)
def test_other_names_are_nobodys(name: str) -> None:
    """A name that only resembles one of a service's is not judged."""
    assert severities("shadow-resource", bucket=name, account=STRANGER) == ["not applicable"]


def test_a_name_without_an_account_is_compared_with_the_caller() -> None:
    """Where the name tells no account, it is the profile's, or the caller's; without either, unknown."""
    name = NAMES[4]
    profile = BucketProfile(expected_owner=STRANGER)
    assert severities("shadow-resource", profile, bucket=name, account=STRANGER) == []
    assert severities("shadow-resource", profile, bucket=name) == ["high"]
    assert verdict("shadow-resource", PROFILE, bucket=name, caller=DENIED).action == "sts:GetCallerIdentity"
    assert ACCOUNT in told("shadow-resource", bucket=name, account=STRANGER)
