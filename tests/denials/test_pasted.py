"""``read_pasted``: denials in events, logs, tracebacks and bodies, with what else a record tells."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.denials.denial import CAUSES
from secure_s3.denials.pasted import read_pasted
from tests.denials.test_secrets import KEY_ID, SECRETS, TEXTS

ARN = "arn:aws:iam::111122223333:user/alice"
MESSAGE = f"User: {ARN} is not authorized to perform: kms:Decrypt because no identity-based policy allows it"
EVENT: dict[str, Any] = {
    "userIdentity": {"type": "IAMUser", "arn": ARN},
    "eventTime": "2026-03-01T12:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "sourceIPAddress": "192.0.2.3",
    "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a/b c.csv"},
    "errorCode": "AccessDenied",
    "errorMessage": "Access Denied",
    "requestID": "7QF",
}
LINE = (
    f"79a5 amzn-s3-demo-bucket [01/Mar/2026:12:00:00 +0000] 192.0.2.3 {ARN} 7QF REST.GET.OBJECT a/b%20c.csv "
    '"GET /x?a=%22 HTTP/1.1" 403 AccessDenied 243 - 41 - "-" "cli [x]" - host= SigV4 ECDHE QueryString h '
    "TLSv1.3 - -"
)


def test_an_event() -> None:
    """Of an event the denial, its time, its request id, and whom and what it names are read."""
    (found,) = read_pasted(json.dumps(EVENT))
    denial = found.denial
    assert (denial.cause, denial.operation, denial.code) == ("opaque", "GetObject", "AccessDenied")
    assert (denial.principal, denial.resource) == (ARN, "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv")
    assert (found.request_id, found.at) == ("7QF", "2026-03-01T12:00:00Z")
    assert found.circumstances == {"aws:SourceIp": "192.0.2.3"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sourceIPAddress": "cloudtrail.amazonaws.com"}, {}),
        (
            {"sourceIPAddress": "10.0.0.1", "vpcEndpointId": "vpce-1"},
            {"aws:SourceVpce": "vpce-1", "aws:VpcSourceIp": "10.0.0.1"},
        ),
        (
            {"tlsDetails": {"tlsVersion": "TLSv1.2"}},
            {"aws:SourceIp": "192.0.2.3", "aws:SecureTransport": True, "s3:TlsVersion": "1.2"},
        ),
        (
            {"additionalEventData": {"AuthenticationMethod": "QueryString", "SignatureVersion": "SigV4"}},
            {
                "aws:SourceIp": "192.0.2.3",
                "s3:authType": "REST-QUERY-STRING",
                "s3:signatureversion": "AWS4-HMAC-SHA256",
            },
        ),
        (
            {
                "requestParameters": {
                    "bucketName": "b",
                    "x-amz-acl": "private",
                    "prefix": "p/",
                    "x-amz-security-token": "t",
                    "key": 5,
                }
            },
            {"aws:SourceIp": "192.0.2.3", "s3:x-amz-acl": "private", "s3:prefix": "p/"},
        ),
    ],
)
def test_circumstances(changed: dict[str, Any], told: dict[str, Any]) -> None:
    """What an event records of network, TLS, signature and headers becomes condition keys."""
    assert read_pasted(json.dumps(EVENT | changed))[0].circumstances == told


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"errorMessage": MESSAGE}, ("kms_access", ARN, "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv")),
        (
            {"errorCode": "Client.UnauthorizedOperation", "eventSource": "ec2.amazonaws.com"},
            ("opaque", ARN, "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv"),
        ),
        (
            {"userIdentity": {"type": "AWSAccount", "accountId": "anonymous"}},
            ("opaque", "anonymous", "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv"),
        ),
        ({"userIdentity": None, "requestParameters": None}, ("opaque", None, None)),
        (
            {"requestParameters": {}, "resources": [7, {"ARN": ""}, {"ARN": "arn:aws:kms:e:1:key/k"}]},
            ("opaque", ARN, "arn:aws:kms:e:1:key/k"),
        ),
        (
            {"requestParameters": [], "resources": {}, "userIdentity": "x", "tlsDetails": 5},
            ("opaque", None, None),
        ),
        (
            {"eventSource": None, "eventName": None, "errorCode": "NoSuchKey", "errorMessage": 5},
            ("not_found", ARN, "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv"),
        ),
    ],
)
def test_events_of_other_kinds(changed: dict[str, Any], expected: tuple[str, str | None, str | None]) -> None:
    """Messages, other services, anonymous callers and missing elements are read as far as they go."""
    denial = read_pasted(json.dumps(EVENT | changed))[0].denial
    assert (denial.cause, denial.principal, denial.resource) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (json.dumps({"Records": [EVENT, EVENT, 5, None, {}]}), 2),
        (json.dumps([EVENT, {**EVENT, "errorCode": "", "errorMessage": None}]), 1),
        (json.dumps({"Events": [{"CloudTrailEvent": json.dumps(EVENT)}, {"CloudTrailEvent": "{"}]}), 1),
        ("\n".join([json.dumps(EVENT), "", "{", json.dumps(EVENT)]), 2),
        (json.dumps({**EVENT, "errorCode": None, "errorMessage": None}), 0),
        (f"{LINE}\n{LINE.replace(' 403 AccessDenied ', ' 200 - ')}\nnonsense REST.\n{LINE}\n", 2),
        (LINE.replace(" 403 AccessDenied ", " 200 - "), 0),
    ],
)
def test_many(text: str, number: int) -> None:
    """Files, look-ups, lists and lines hold as many denials as requests that were refused."""
    found = read_pasted(text)
    assert len(found) == number
    assert {each.denial.cause for each in found} <= {"opaque"}


def test_a_line() -> None:
    """Of a line of an access log the request, its network and its signature are read; the key is decoded."""
    (found,) = read_pasted(LINE)
    denial = found.denial
    assert (denial.status, denial.code, denial.operation) == (403, "AccessDenied", "GetObject")
    assert (denial.principal, denial.resource) == (ARN, "arn:aws:s3:::amzn-s3-demo-bucket/a/b c.csv")
    assert (found.request_id, found.host_id, found.at) == ("7QF", "host=", "01/Mar/2026:12:00:00 +0000")
    assert found.circumstances == {
        "aws:SourceIp": "192.0.2.3",
        "aws:SecureTransport": True,
        "s3:TlsVersion": "1.3",
        "s3:authType": "REST-QUERY-STRING",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
    }
    plain = read_pasted(LINE.replace("ECDHE QueryString h TLSv1.3", "- - h -").replace(ARN, "-"))[0]
    assert (plain.circumstances["aws:SecureTransport"], plain.denial.principal) == (False, "anonymous")


@pytest.mark.parametrize("secret", TEXTS)
def test_secrets(secret: str) -> None:
    """No secret of a record, a body or a traceback comes through."""
    event = EVENT | {"errorMessage": secret, "eventName": secret, "requestID": secret, "eventTime": secret}
    event |= {
        "requestParameters": {"bucketName": secret, "key": secret, "x-amz-acl": secret, "prefix": secret}
    }
    event |= {"userIdentity": {"arn": secret}, "sourceIPAddress": secret, "vpcEndpointId": secret}
    flat = secret if len(secret.split()) == 1 else KEY_ID  # the fields of a log hold no blanks
    line = LINE.replace("a/b%20c.csv", flat).replace(ARN, f"arn:{flat}").replace("host=", flat)
    forms = [
        secret,
        json.dumps(event),
        line.replace("[01/Mar", f"[{flat}/Mar"),
        f"An error occurred (X): {secret}",
    ]
    for form in forms:
        shown = repr(read_pasted(form))
        assert [each for each in SECRETS if each in shown] == [], form


@given(
    st.text(max_size=300),
    st.sampled_from([json.dumps(EVENT), LINE, "{", "<Error>", "An error occurred ("]),
    st.integers(0, 500),
)
@settings(max_examples=150)
def test_it_never_raises(text: str, form: str, at: int) -> None:
    """Any text, and any form cut or broken by any text, gives denials."""
    for each in read_pasted(form[:at] + text + form[at:]):
        assert each.denial.cause in CAUSES


@pytest.mark.parametrize(
    "piece",
    [
        "operation error S3: P, ",
        "(Service: S3; Status Code: 403; ",
        "An error occurred (",
        "REST. ",
        '"',
        "[",
    ],
)
def test_time_is_linear(piece: str) -> None:
    """A long text made of any piece costs a fraction of what a quadratic search would."""
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    read_pasted(text)
    assert time.process_time() - begun < 2
