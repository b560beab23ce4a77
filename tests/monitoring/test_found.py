"""What Access Analyzer and Macie say of a bucket."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.guard.faults import typed
from secure_s3.monitoring import AnalyzerFinding, MacieFinding
from secure_s3.monitoring.found import FURTHER

from .conftest import Stubbed

BUCKET = "amzn-s3-demo-bucket"
WHEN = datetime(2026, 3, 1, tzinfo=timezone.utc)
NAME = "arn:aws:access-analyzer:eu-west-1:111122223333:analyzer/"


def analyzer(name: str, kind: str = "ACCOUNT", status: str = "ACTIVE") -> dict[str, Any]:
    return {"arn": NAME + name, "name": name, "type": kind, "status": status, "createdAt": WHEN}


def finding(number: str) -> dict[str, Any]:
    return {
        "id": number,
        "principal": {"AWS": "444455556666"},
        "action": ["s3:GetObject"],
        "resource": f"arn:aws:s3:::{BUCKET}",
        "isPublic": False,
        "resourceType": "AWS::S3::Bucket",
        "condition": {"aws:SourceIp": "192.0.2.0/24"},
        "createdAt": WHEN,
        "analyzedAt": WHEN,
        "updatedAt": WHEN,
        "status": "ACTIVE",
        "resourceOwnerAccount": "111122223333",
        "sources": [{"type": "POLICY"}],
    }


SENSITIVE: dict[str, Any] = {
    "id": "m1",
    "type": "SensitiveData:S3Object/Credentials",
    "title": "The S3 object contains credentials data",
    "severity": {"description": "High", "score": 3},
    "category": "CLASSIFICATION",
    "count": 1,
    "archived": False,
    "sample": False,
    "updatedAt": WHEN,
    "resourcesAffected": {"s3Bucket": {"name": BUCKET}, "s3Object": {"key": "a.csv"}},
    "classificationDetails": {
        "result": {
            "sensitiveData": [
                {
                    "category": "CREDENTIALS",
                    "totalCount": 2,
                    "detections": [
                        {"type": "AWS_CREDENTIALS", "count": 2, "occurrences": {"lineRanges": []}}
                    ],
                }
            ],
            "customDataIdentifiers": {"totalCount": 1, "detections": [{"name": "MARKED", "count": 1}]},
        }
    },
}
CRITERIA = {
    "findingCriteria": {
        "criterion": {"resourcesAffected.s3Bucket.name": {"eq": [BUCKET]}, "archived": {"eq": ["false"]}}
    },
    "maxResults": 50,
}


def read(stubbed: Stubbed, name: str) -> Any:
    """As a snapshot asks."""

    def ask(service: str, method: str, region: str | None, **arguments: Any) -> Any:
        with typed(method, service=service):
            return getattr(stubbed.clients[service], method)(**arguments)

    return FURTHER[name](ask, BUCKET, "eu-west-1", "111122223333", "aws")


def test_analyzers(stubbed: Stubbed) -> None:
    """Analyzers of access from outside are told, over pages; others look for something else."""
    first = [analyzer("a"), analyzer("unused", "ACCOUNT_UNUSED_ACCESS")]
    stubbed["accessanalyzer"].add_response("list_analyzers", {"analyzers": first, "nextToken": "n"}, {})
    stubbed["accessanalyzer"].add_response(
        "list_analyzers", {"analyzers": [analyzer("o", "ORGANIZATION", "DISABLED")]}, {"nextToken": "n"}
    )
    found = read(stubbed, "analyzers")
    assert [(each["name"], each["type"], each["status"]) for each in found] == [
        ("a", "ACCOUNT", "ACTIVE"),
        ("o", "ORGANIZATION", "DISABLED"),
    ]
    json.dumps(found)


def add_analyzer_findings(stubbed: Stubbed) -> None:
    asked = {
        "filter": {"resource": {"eq": [f"arn:aws:s3:::{BUCKET}"]}, "status": {"eq": ["ACTIVE"]}},
        "maxResults": 100,
    }
    several = [analyzer("a"), analyzer("off", status="DISABLED"), analyzer("o", "ORGANIZATION")]
    stub = stubbed["accessanalyzer"]
    stub.add_response("list_analyzers", {"analyzers": several})
    stub.add_response(
        "list_findings", {"findings": [finding("1")], "nextToken": "n"}, {"analyzerArn": NAME + "a", **asked}
    )
    stub.add_response(
        "list_findings", {"findings": [finding("2")]}, {"analyzerArn": NAME + "a", "nextToken": "n", **asked}
    )
    stub.add_response("list_findings", {"findings": [finding("2")]}, {"analyzerArn": NAME + "o", **asked})


def test_analyzer_findings(stubbed: Stubbed) -> None:
    """Findings of active analyzers on the bucket are told, each once, as values and for a snapshot."""
    add_analyzer_findings(stubbed)
    first, second = stubbed.s3.monitor.analyzer_findings(BUCKET)
    assert (first.id, second.id) == ("1", "2")
    assert (first.principal, first.actions, first.is_public) == (
        {"AWS": "444455556666"},
        ("s3:GetObject",),
        False,
    )
    assert (first.condition, first.sources) == ({"aws:SourceIp": "192.0.2.0/24"}, ("POLICY",))
    assert first.updated == "2026-03-01T00:00:00+00:00"
    add_analyzer_findings(stubbed)
    snapshot = read(stubbed, "analyzer_findings")
    assert [AnalyzerFinding.of(each) for each in snapshot] == [first, second]
    assert snapshot[0] == finding("1") | dict.fromkeys(
        ("createdAt", "analyzedAt", "updatedAt"), first.updated
    )
    json.dumps(snapshot)


def test_macie_findings(stubbed: Stubbed) -> None:
    """Findings in the bucket are told with counts, never with what was found or what customers call it."""
    for _ in range(2):
        stubbed["macie2"].add_response("list_findings", {"findingIds": ["m1"], "nextToken": "n"}, CRITERIA)
        stubbed["macie2"].add_response("get_findings", {"findings": [SENSITIVE]}, {"findingIds": ["m1"]})
        stubbed["macie2"].add_response("list_findings", {"findingIds": []}, {**CRITERIA, "nextToken": "n"})
    (found,) = stubbed.s3.monitor.macie_findings(BUCKET)
    assert (found.type, found.severity) == ("SensitiveData:S3Object/Credentials", "High")
    assert (found.bucket, found.key) == (BUCKET, "a.csv")
    assert found.detections == {"CREDENTIALS": 2, "CUSTOM_IDENTIFIER": 1}
    snapshot = read(stubbed, "macie_findings")
    assert [MacieFinding.of(each) for each in snapshot] == [found]
    assert snapshot[0]["severity"]["description"] == "High"
    assert "MARKED" not in json.dumps(snapshot)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("AccessDeniedException", "Macie is not enabled.", 401),
        ("AccessDeniedException", "Macie is not enabled", 403),
        (
            "ResourceNotFoundException",
            "The request failed because the specified resource doesn't exist.",
            404,
        ),
    ],
)
def test_macie_that_is_off(stubbed: Stubbed, code: str, message: str, status: int) -> None:
    """Macie that is not enabled is a state, with no findings, and no error."""
    stubbed["macie2"].add_client_error("get_macie_session", code, message, status)
    stubbed["macie2"].add_client_error("list_findings", code, message, status)
    assert read(stubbed, "macie") == {"status": "DISABLED"}
    assert list(stubbed.s3.monitor.macie_findings(BUCKET)) == []


def test_macie_that_may_not_be_asked(stubbed: Stubbed) -> None:
    """A caller without the permission does not know whether Macie is on."""
    message = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: macie2:GetMacieSession"
    for method, name in (("get_macie_session", "macie"), ("list_findings", "macie_findings")):
        stubbed["macie2"].add_client_error(method, "AccessDeniedException", message, 403)
        with pytest.raises(errors.AccessDenied):
            read(stubbed, name)
