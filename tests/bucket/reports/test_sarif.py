"""Audits as SARIF."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.audit.check import found
from secure_s3.bucket.reports.sarif import sarif_of
from secure_s3.values import Severity

from .support import BUCKET, MIXED, SNAPSHOT, SOUND, audit, check

ARN = f"arn:aws:s3:::{BUCKET}"


def prints(*messages: str, **where: Any) -> list[str]:
    """The fingerprints of findings with these messages."""
    one = audit(check("cors", "access", Severity.LOW, [found(each, **where) for each in messages]))
    return [each["partialFingerprints"]["secureS3Audit/v1"] for each in sarif_of([one])["runs"][0]["results"]]


def test_sarif_has_what_its_schema_requires() -> None:
    """The log has every property that SARIF 2.1.0 requires, of the types and values that it takes."""
    log = json.loads(json.dumps(sarif_of([audit(*MIXED)])))
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "secure-s3 audit"
    ids = [each["id"] for each in driver["rules"]]
    assert ids == [each.id for each in MIXED]
    for each in driver["rules"]:
        assert all(each[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
        assert each["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert 0 <= float(each["properties"]["security-severity"]) <= 10
    assert [each["level"] for each in run["results"]] == ["error", "error", "warning", "note"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        assert all(isinstance(each, str) for each in result["partialFingerprints"].values())
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == BUCKET
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert location["logicalLocations"][0]["fullyQualifiedName"] == ARN


def test_place_in_the_policy_is_a_logical_location() -> None:
    """A finding of the bucket policy names the value in it as well."""
    first = sarif_of([audit(*MIXED)])["runs"][0]["results"][0]
    assert (
        first["locations"][0]["logicalLocations"][1]["fullyQualifiedName"] == f"{ARN}#/Statement/0/Principal"
    )


def test_what_was_not_examined_is_no_result() -> None:
    """Checks that could not be made are notifications with their reason, and the permission that helps."""
    (run,) = sarif_of([audit(*MIXED)])["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    told = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert told == [
        f"{BUCKET}: key-policy was not examined: the KMS key was not read (denied); "
        "the permission kms:GetKeyPolicy would help",
        f"{BUCKET}: access-logging was not examined: access logging was not read (no answer in time)",
        f"{BUCKET}: data-events was not examined: CloudTrail was not read (AccessDenied); "
        "the permission cloudtrail:DescribeTrails would help",
    ]
    assert "data-events" not in {each["ruleId"] for each in run["results"]}


def test_several_buckets_are_one_run() -> None:
    """Rules are described once; each result says of which bucket it is."""
    other = audit(*MIXED, *SOUND[:1], snapshot=replace(SNAPSHOT, bucket="b/%ü", partition="aws-cn"))
    (run,) = sarif_of([audit(*MIXED), other])["runs"]
    assert len(run["tool"]["driver"]["rules"]) == len(MIXED) + 1
    places = [each["locations"][0] for each in run["results"]]
    assert {each["physicalLocation"]["artifactLocation"]["uri"] for each in places} == {
        BUCKET,
        "b%2F%25%C3%BC",
    }
    assert places[-1]["logicalLocations"][0]["fullyQualifiedName"] == "arn:aws-cn:s3:::b/%ü"
    marks = [each["partialFingerprints"]["secureS3Audit/v1"] for each in run["results"]]
    assert len(set(marks)) == len(marks)


def test_fingerprint_outlives_ages_and_counts() -> None:
    """A finding is the same when a number in it changed, and another in another statement or other words."""
    assert prints("The key is 91 days old.") == prints("The key is 92 days old.")
    assert prints("a") != prints("b")
    assert prints("a", statement="1") != prints("a", statement="2")
    first, second = prints("point 1 is open", "point 2 is open")
    assert first != second


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Account 111122223333 may use it.", "Account 444455556666 may use it."),
        ("arn:aws:iam::111122223333:root may read", "arn:aws:iam::444455556666:root may read"),
        ("lets 192.0.2.1 in", "lets 192.0.2.2 in"),
        ("over TLS 1.0 is not denied", "over TLS 1.1 is not denied"),
        ("trail-1 is silent", "trail-2 is silent"),
        ("bucket 2026.logs is open", "bucket 2027.logs is open"),
    ],
)
def test_fingerprint_tells_names_apart(first: str, second: str) -> None:
    """Digits within names, of accounts and addresses say what a finding is about: they are no counts."""
    assert prints(first) != prints(second)


@pytest.mark.parametrize("words", ["after {} days", "{} of {} identities", "found it {} times.", "({})"])
def test_fingerprint_does_not_count(words: str) -> None:
    """Numbers for themselves are ages and counts."""
    assert prints(words.format(9, 10)) == prints(words.format(101, 99))


def test_names_that_no_encoding_can_write_are_escaped() -> None:
    """A snapshot from a file may have half a character in its bucket's name."""
    odd = audit(*MIXED, snapshot=replace(SNAPSHOT, bucket="odd-\ud800"))
    json.dumps(sarif_of(odd), ensure_ascii=False).encode()
    assert sarif_of(odd)["runs"][0]["results"]


def test_no_bucket_is_a_run_without_results() -> None:
    """Nothing audited is a valid log."""
    (run,) = sarif_of([])["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_one_audit_needs_no_list() -> None:
    """An audit alone is taken as a list of one."""
    assert sarif_of(audit(*MIXED)) == sarif_of([audit(*MIXED)])
