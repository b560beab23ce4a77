"""What CloudTrail recorded of a refused request is found by its id, or a gap says why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from secure_s3 import errors
from secure_s3.bucket.access.explaining import gather_evidence
from secure_s3.bucket.access.trail import circumstances
from secure_s3.denials.evidence import Evidence
from tests.bucket.network import Service, connected, told
from tests.bucket.support import OWNER, client, deny, policy
from tests.guard.support import BUCKET, session

EVENT: dict[str, Any] = {
    "eventName": "GetBucketPolicyStatus",
    "eventID": "e1",
    "requestID": "REQUEST1",
    "errorCode": "AccessDenied",
    "errorMessage": "Access Denied",
    "sourceIPAddress": "198.51.100.7",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{OWNER}:assumed-role/App/one",
        "accessKeyId": "ASIAMARKEDACCESSKEY0",
        "sessionContext": {"attributes": {}},
    },
    "requestParameters": {"X-Amz-Security-Token": "MARKEDSESSIONTOKEN"},
    "tlsDetails": {"tlsVersion": "TLSv1.3"},
}
OFFICE = policy(
    deny("Office", "s3:*", {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, f"arn:aws:s3:::{BUCKET}")
)


def page(*events: Any, more: str = "") -> dict[str, Any]:
    listed = [{"CloudTrailEvent": each if isinstance(each, str) else json.dumps(each)} for each in events]
    return {"Events": listed, **({"NextToken": more} if more else {})}


@contextmanager
def trail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A CloudTrail that answers as told; the other services refuse."""
    network = connected(monkeypatch)
    network["GET policy"] = told(OFFICE)
    cloudtrail, others = session().client("cloudtrail"), Service({}, refuses=True)
    monkeypatch.setattr(
        "secure_s3.bucket.asking.reader",
        lambda _, s3, name, region: cloudtrail if name == "cloudtrail" else others,
    )
    with Stubber(cloudtrail) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


def explained(**given: Any) -> Evidence:
    s3 = client()
    with pytest.raises(ClientError) as caught:
        s3.boto3.get_bucket_acl(Bucket=BUCKET)
    return gather_evidence(s3.boto3, s3.session, caught.value, given, cloudtrail=True)


def test_event_is_found_by_the_request_s_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for around the time of the request, over pages; what only AWS knew decides then."""
    with trail(monkeypatch) as stubber:
        stubber.add_response("lookup_events", page({**EVENT, "requestID": "OTHER"}, more="n"))
        stubber.add_response("lookup_events", page("7", EVENT))
        found = explained()
    assert found.event is not None
    assert (found.event["eventID"], found.event["errorCode"]) == ("e1", "AccessDenied")
    assert found.judged[0].decision.outcome == "explicitly_denied"
    assert found.judged[0].request.context["aws:SourceIp"] == "198.51.100.7"
    shown = str(found) + json.dumps(dict(found.event))
    for secret in ("MARKEDSESSIONTOKEN", "ASIAMARKEDACCESSKEY0"):
        assert secret not in shown


def test_what_is_assumed_goes_before_what_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that the caller declares is the one."""
    with trail(monkeypatch) as stubber:
        stubber.add_response("lookup_events", page(EVENT))
        found = explained(assume={"aws:sourceip": "192.0.2.1"})
    assert found.judged[0].decision.outcome != "explicitly_denied"


@pytest.mark.parametrize(
    "answers",
    [
        [page()],
        [page("{")],
        [page("[]", more="n"), page("null")],
        [page({**EVENT, "requestID": None}, more="n")] * 5,
    ],
    ids=["none", "broken", "odd", "endless"],
)
def test_event_that_is_not_found(monkeypatch: pytest.MonkeyPatch, answers: list[Any]) -> None:
    """Other events, broken ones and lists without end are a gap, after five pages at most."""
    with trail(monkeypatch) as stubber:
        for each in answers:
            stubber.add_response("lookup_events", each)
        found = explained()
    assert found.event is None
    assert any(gap.startswith("the event in CloudTrail") for gap in found.gaps)


def test_trail_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of CloudTrail is a gap as any other."""
    with trail(monkeypatch) as stubber:
        stubber.add_client_error("lookup_events", "AccessDeniedException", http_status_code=400)
        found = explained()
    assert any(gap.startswith("the event in CloudTrail, ") and "access denied" in gap for gap in found.gaps)


def test_requests_for_objects_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """LookupEvents has no data events: nothing is asked, and that is told."""
    with trail(monkeypatch):
        s3 = client()
        with pytest.raises(errors.ServiceError) as caught:
            s3.get_object(Bucket=BUCKET, Key="k")
        found = gather_evidence(s3.boto3, s3.session, caught.value, cloudtrail=True)
        text = gather_evidence(s3.boto3, s3.session, "Access Denied", cloudtrail=True)
    assert any("data events" in gap for gap in found.gaps)
    assert any("no bucket" in gap for gap in text.gaps)


def test_time_that_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of an hour before and after the request."""
    asked: list[dict[str, Any]] = []
    service = SimpleNamespace(lookup_events=lambda **given: asked.append(given) or page(), close=lambda: None)
    connected(monkeypatch)
    monkeypatch.setattr("secure_s3.bucket.asking.reader", lambda *_: service)
    explained()
    assert asked[0]["EndTime"] - asked[0]["StartTime"] == timedelta(minutes=30)
    assert asked[0]["LookupAttributes"] == [{"AttributeKey": "ResourceName", "AttributeValue": BUCKET}]


@pytest.mark.parametrize(
    ("event", "keys"),
    [
        (None, {}),
        ({}, {}),
        ({"sourceIPAddress": "cloudtrail.amazonaws.com"}, {}),
        ({"sourceIPAddress": "AWS Internal", "vpcEndpointId": "vpce-1"}, {}),
        ({"sourceIPAddress": "192.0.2.1"}, {"aws:SourceIp": "192.0.2.1"}),
        (
            {"sourceIPAddress": "10.0.0.1", "vpcEndpointId": "vpce-1"},
            {"aws:SourceVpce": "vpce-1", "aws:VpcSourceIp": "10.0.0.1"},
        ),
    ],
)
def test_circumstances_of_an_event(event: Any, keys: dict[str, str]) -> None:
    """An address is one of the internet or of a VPC; the name of a service is none."""
    assert circumstances(event) == keys
