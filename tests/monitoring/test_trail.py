"""CloudTrail's events: looked up, and read from its files."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.guard import waiting
from secure_s3.monitoring import Filter, TrailEvent, read_trail
from secure_s3.monitoring.events import refusal, told

from .conftest import Stubbed

BUCKET = "amzn-s3-demo-bucket"
ARN = "arn:aws:sts::111122223333:assumed-role/App/one"
MESSAGE = (
    f"User: {ARN} is not authorized to perform: s3:GetBucketPolicy on resource: "
    f'"arn:aws:s3:::{BUCKET}" with an explicit deny in a resource-based policy'
)
SINCE = datetime(2026, 3, 1, tzinfo=timezone.utc)
# As the Amazon S3 User Guide shows events of management calls and of objects.
EVENT: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:one",
        "arn": ARN,
        "accountId": "111122223333",
        "accessKeyId": "ASIAMARKEDACCESSKEY0",
        "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
    },
    "eventTime": "2026-03-01T12:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetBucketPolicy",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "[Boto3/1.40]",
    "errorCode": "AccessDenied",
    "errorMessage": MESSAGE,
    "requestParameters": {"bucketName": BUCKET, "X-Amz-Security-Token": "MARKEDSESSIONTOKEN"},
    "additionalEventData": {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "AuthenticationMethod": "AuthHeader",
    },
    "requestID": "REQUEST1",
    "eventID": "e1",
    "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
}
FINE = {name: value for name, value in EVENT.items() if name not in ("errorCode", "errorMessage")}
MISSING = EVENT | {"errorCode": "NoSuchBucketPolicy", "errorMessage": "The bucket policy does not exist"}
UPLOAD = FINE | {
    "eventName": "PutObject",
    "requestID": "REQUEST2",
    "requestParameters": {"bucketName": BUCKET, "key": "in/a b.csv"},
    "additionalEventData": {
        "SignatureVersion": "SigV4",
        "AuthenticationMethod": "QueryString",
        "SSEApplied": "SSE_C",
    },
    "tlsDetails": None,
}
OF_SERVICE = FINE | {
    "requestID": "REQUEST3",
    "sourceIPAddress": "cloudtrail.amazonaws.com",
    "userIdentity": {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"},
    "additionalEventData": {"SSEApplied": "Default_SSE_S3"},
    "tlsDetails": {},
}


def page(*events: Any, more: str = "") -> dict[str, Any]:
    listed = [{"CloudTrailEvent": each if isinstance(each, str) else json.dumps(each)} for each in events]
    return {"Events": listed, **({"NextToken": more} if more else {})}


def file(*events: Any) -> io.BytesIO:
    return io.BytesIO(gzip.compress(json.dumps({"Records": events}).encode()))


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    waiting.set_testing(True)
    yield
    waiting.set_testing(False)


def test_refusals_are_looked_up(stubbed: Stubbed) -> None:
    """Calls that were refused are told of, page after page, with whom, when and from where."""
    asked = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": BUCKET}],
        "MaxResults": 50,
        "StartTime": SINCE,
    }
    stubbed["cloudtrail"].add_response("lookup_events", page(FINE, MISSING, "{", more="n"), asked)
    stubbed["cloudtrail"].add_response("lookup_events", page(EVENT), {**asked, "NextToken": "n"})
    (found,) = stubbed.s3.monitor.denials(BUCKET, since=SINCE)
    assert (found.denial.cause, found.denial.action) == ("bucket_policy", "s3:GetBucketPolicy")
    assert (found.event.principal, found.event.address) == (ARN, "198.51.100.7")
    assert found.event.time == datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    assert found.circumstances["aws:SourceIp"] == "198.51.100.7"
    shown = f"{found!r} {found} {json.dumps(found.to_dict())}"
    for secret in ("MARKEDSESSIONTOKEN", "ASIAMARKEDACCESSKEY0"):
        assert secret not in shown


def test_a_refusal_explains_itself(stubbed: Stubbed) -> None:
    """The explanation is that of the denial, under the circumstances that the event tells."""
    stubbed["cloudtrail"].add_response("lookup_events", page(EVENT))
    (found,) = stubbed.s3.monitor.denials(BUCKET)
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Office",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
            "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        },
    }
    explained = found.explain(bucket_policy=policy, fetch=False)
    assert (explained.cause, explained.statement) == ("bucket_policy", "Office")
    assert explained.certainty == "proved"


def test_nothing_is_asked_ahead(stubbed: Stubbed) -> None:
    """Whoever takes one refusal asks for one page."""
    stubbed["cloudtrail"].add_response("lookup_events", page(EVENT, EVENT, more="n"))
    assert len(list(islice(stubbed.s3.monitor.denials(service="s3"), 1))) == 1


def test_throttling_is_waited_out(stubbed: Stubbed) -> None:
    """A page that is throttled is asked for again, within bounds."""
    for _ in range(3):
        stubbed["cloudtrail"].add_client_error("lookup_events", "ThrottlingException", "Rate exceeded", 400)
    stubbed["cloudtrail"].add_response("lookup_events", page(EVENT))
    assert len(list(stubbed.s3.monitor.denials(BUCKET))) == 1
    for _ in range(8):
        stubbed["cloudtrail"].add_client_error("lookup_events", "ThrottlingException", "Rate exceeded", 400)
    with pytest.raises(errors.Throttled):
        list(stubbed.s3.monitor.denials(BUCKET))


def test_look_up_that_is_refused(stubbed: Stubbed) -> None:
    """Without the permission it is a typed error, at once."""
    stubbed["cloudtrail"].add_client_error("lookup_events", "AccessDeniedException", "no", 400)
    with pytest.raises(errors.AccessDenied):
        next(stubbed.s3.monitor.denials(BUCKET))


def test_look_up_without_end(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that does not end is broken off, and says so."""
    monkeypatch.setattr("secure_s3.monitoring.trail.PAGES", 2)
    for _ in range(2):
        stubbed["cloudtrail"].add_response("lookup_events", page(EVENT, more="n"))
    found = stubbed.s3.monitor.denials(BUCKET)
    assert len(list(islice(found, 2))) == 2
    with pytest.raises(errors.ConfigurationError, match="narrow since="):
        next(found)


def test_times_without_a_zone_are_refused(stubbed: Stubbed) -> None:
    """A time that could be anywhere is refused before anything is asked."""
    with pytest.raises(errors.ConfigurationError, match="with a zone"):
        stubbed.s3.monitor.denials(BUCKET, since=SINCE.replace(tzinfo=None))


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["REQUEST1", "REQUEST2", "REQUEST3"]),
    ({"encryption": "SSE_C"}, ["REQUEST2"]),
    ({"encryption": ("SSE_KMS", "Default_*")}, ["REQUEST3"]),
    ({"error_code": "AccessDenied"}, ["REQUEST1"]),
    ({"operation": "Put*"}, ["REQUEST2"]),
    ({"requester": "arn:*:assumed-role/App/*"}, ["REQUEST1", "REQUEST2"]),
    ({"key_prefix": "in/a b"}, ["REQUEST2"]),
    ({"bucket": "other"}, []),
    ({"plain_http": True}, ["REQUEST2"]),
    ({"plain_http": False}, ["REQUEST1"]),
    ({"tls_version": "1.3"}, ["REQUEST1"]),
    ({"tls_below": "1.3"}, ["REQUEST2"]),
    ({"auth_type": "query"}, ["REQUEST2"]),
    ({"auth_type": "anonymous"}, ["REQUEST3"]),
    ({"address": "198.51.100.0/24", "request_id": "REQUEST1"}, ["REQUEST1"]),
    ({"since": datetime(2026, 3, 1, 12, 0, 1, tzinfo=timezone.utc)}, []),
    ({"until": datetime(2026, 3, 1, 12, tzinfo=timezone.utc)}, []),
    ({"access_point": "arn:*"}, []),
]


@pytest.mark.parametrize(("asked", "expected"), FILTERS, ids=[str(number) for number in range(len(FILTERS))])
def test_filters(asked: dict[str, Any], expected: list[str]) -> None:
    """Events of files go through the same filters as lines of access logs, and that of encryption besides."""
    reading = read_trail(file(EVENT, UPLOAD, OF_SERVICE), Filter(**asked))
    assert [event.request_id for event in reading] == expected
    assert (reading.counts.lines, reading.counts.matched) == (3, len(expected))


def test_refusals_of_files() -> None:
    """Files tell of refusals too; without a client they do not explain themselves."""
    (found,) = read_trail([file(UPLOAD, EVENT), file(FINE)]).refusals()
    assert found.event.request_id == "REQUEST1"
    with pytest.raises(errors.ConfigurationError, match="no client to explain with"):
        found.explain()


def test_damaged_files_are_counted() -> None:
    """What is no file of events is counted, and what follows is read."""
    whole = file(EVENT).getvalue()
    files = [
        io.BytesIO(data) for data in (b"", b"[1,", b"\x1f\x8bnonsense", whole[:-40], whole, b'{"Records":[]}')
    ]
    reading = read_trail(files)
    assert [event.request_id for event in reading] == ["REQUEST1"]
    assert (reading.counts.files, reading.counts.malformed, len(reading.counts.damaged)) == (6, 2, 1)


def test_a_status_is_not_told() -> None:
    """A filter by status is refused: CloudTrail has codes."""
    with pytest.raises(errors.ConfigurationError, match="filter by error_code="):
        read_trail(file(EVENT), Filter(status=403))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(EVENT)), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(sorted(EVENT)), JSON))
def test_any_event_is_told(changed: dict[str, Any]) -> None:
    """Whatever stands in an event, it is told as far as it goes, and no secret of it."""
    event = EVENT | changed
    value = told(event)
    assert isinstance(value, TrailEvent)
    refusal(event)
    json.dumps(value.to_dict())
    assert "MARKEDSESSIONTOKEN" not in repr(value)
