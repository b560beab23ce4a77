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
OTHER, LATER = EVENT | {"requestID": "8QF"}, LINE.replace(" 7QF ", " 8QF ")
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/a b.csv"
SENTENCE = f'User: {ARN} is not authorized to perform: s3:PutObject on resource: "{OBJECT}"'
PUT = "An error occurred (AccessDenied) when calling the PutObject operation: "
HEAD = "An error occurred (403) when calling the HeadObject operation: Forbidden"
COPY = PUT.replace("PutObject", "CopyObject") + "Access Denied"
URL = "s3://amzn-s3-demo-bucket"


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
        (json.dumps({"Records": [EVENT, OTHER, 5, None, {}, EVENT]}), 2),
        (json.dumps([EVENT, {**EVENT, "errorCode": "", "errorMessage": None}]), 1),
        (json.dumps({"Events": [{"CloudTrailEvent": json.dumps(EVENT)}, {"CloudTrailEvent": "{"}]}), 1),
        ("\n".join([json.dumps(EVENT), "", "{", json.dumps(OTHER), json.dumps(EVENT)]), 2),
        (json.dumps({**EVENT, "errorCode": None, "errorMessage": None}), 0),
        (f"{LINE}\n{LINE.replace(' 403 AccessDenied ', ' 200 - ')}\nnonsense REST.\n{LATER}\n{LINE}\n", 2),
        (LINE.replace(" 403 AccessDenied ", " 200 - "), 0),
    ],
)
def test_many(text: str, number: int) -> None:
    """Files, look-ups, lists and lines hold as many denials as requests that were refused, each once."""
    found = read_pasted(text)
    assert len(found) == number
    assert {each.denial.cause for each in found} <= {"opaque"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"level": "error", "msg": PUT + SENTENCE}, ("opaque", "PutObject", OBJECT)),
        (
            {"exc": {"text": [f"Traceback …\n  File x\n{PUT}{SENTENCE} because no identity-based policy …"]}},
            ("identity_policy", "PutObject", OBJECT),
        ),
        (
            {
                "op": "PutObject",
                "status": 403,
                "code": "AccessDenied",
                "message": SENTENCE,
                "cause": "NoSuchKey",
            },
            ("opaque", "PutObject", OBJECT),
        ),
        (
            {"msg": PUT + "Access Denied", "bucket": "amzn-s3-demo-bucket", "key": "a b.csv"},
            ("opaque", "PutObject", OBJECT),
        ),
        (
            {"Code": "SlowDown", "msg": "x", "body": "<Error><Code>NoSuchKey</Code></Error>"},
            ("not_found", None, None),
        ),
        ({"errors": {"error": {"n": [{"deep": "Access Denied"}]}}}, ("opaque", None, None)),
    ],
)
def test_logs_in_json(record: dict[str, Any], expected: tuple[str, str | None, str | None]) -> None:
    """Wherever a record of a log has an error, it is read, with what the record says of its place."""
    line = json.dumps(record)
    quiet = json.dumps({"level": "info", "code": "OK", "msg": "object lock is on"})
    for text in (line, f"{quiet}\n{line}\n", f"12:00 INFO {quiet}\n12:01 ERROR {line}", f"[{quiet}, {line}]"):
        (found,) = read_pasted(text)
        denial = found.denial
        assert (denial.cause, denial.operation, denial.resource) == expected, text


@pytest.mark.parametrize(
    ("text", "operation", "resource"),
    [
        (f"upload failed: ./a b.csv to {URL}/a b.csv {PUT}Access Denied", "PutObject", OBJECT),
        (f"download failed: {URL}/a b.csv to ./a b.csv {HEAD}", "HeadObject", OBJECT),
        (f"copy failed: {URL}/a b.csv to s3://other/k {HEAD}", "HeadObject", OBJECT),
        (f"copy failed: s3://other/k to {URL}/a b.csv {COPY}", "CopyObject", OBJECT),
        (f"x\nFailed to upload a to amzn-s3-demo-bucket/a b.csv: {PUT}Access Denied", "PutObject", OBJECT),
        (
            f"upload on {URL}/a b.csv was refused: AccessDenied (403)\n  why: Access Denied",
            "PutObject",
            OBJECT,
        ),
        (f"{URL}/a {PUT.replace('PutObject', 'ListObjectsV2')}Access Denied", "ListObjectsV2", OBJECT[:-8]),
        (f"upload failed: ./a to s3://no_bucket/a {PUT}Access Denied", "PutObject", None),
        (f"upload failed: ./a to {URL}/k {PUT}{SENTENCE}", "PutObject", OBJECT),
        (f"upload to {URL}/k {PUT}User: u is not authorized to perform: kms:Decrypt", "PutObject", None),
        (f"{URL}/k\n{PUT}Access Denied", "PutObject", None),
    ],
)
def test_places(text: str, operation: str, resource: str | None) -> None:
    """What a program writes in front of a message names the object where the message does not."""
    (found,) = read_pasted(text)
    assert (found.denial.operation, found.denial.resource) == (operation, resource)


def test_lines_of_a_terminal() -> None:
    """Each line with an error is one denial; of a traceback only the last is."""
    lines = [f"upload failed: ./{name} to {URL}/{name} {PUT}Access Denied" for name in "aba"]
    assert [each.denial.resource for each in read_pasted("\n".join(lines))] == [
        f"{OBJECT[:-7]}a",
        f"{OBJECT[:-7]}b",
    ]
    (last,) = read_pasted(f"Traceback (most recent call last)\n{PUT}x\nDuring …\n{HEAD}")
    assert last.denial.operation == "HeadObject"


def test_a_key_that_reads_like_an_error() -> None:
    """What somebody called an object is no part of the answer."""
    key = "An error occurred (NoSuchKey) when calling the GetObject operation: gone"
    text = PUT + SENTENCE.replace("a b.csv", key) + " because no identity-based policy allows it"
    (found,) = read_pasted(text)
    assert (found.denial.cause, found.denial.code) == ("identity_policy", "AccessDenied")


@pytest.mark.parametrize("after", ['\\", "level": "error"}\n{"msg": "x"}', '"\n{"msg": "x"}', "\n{"])
def test_what_follows_a_resource_is_no_part_of_it(after: str) -> None:
    """A resource ends with its line, or where the string ends that it stands in; it has a bound at least."""
    quote = '\\"' if after.startswith("\\") else '"' if after.startswith('"') else ""
    start = SENTENCE.partition('"')[0] + quote
    (found,) = read_pasted(f"12:00 {start}{OBJECT}{after}")
    assert found.denial.resource == OBJECT
    (long,) = read_pasted(f"{start}arn:aws:s3:::b/{'x' * 5000}{quote}")
    assert len(long.denial.resource or "") <= 2048


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nonsense", ("other", "", "unknown")),
        ("ValueError: x", ("other", "", "unknown")),
        ("get 403 objects", ("other", "", "unknown")),
        ("{}", ("other", "", "unknown")),
        ("<html><title>403 Forbidden</title></html>", ("other", "proxy page", "unknown")),
        ("ERROR 403: Acceso denegado", ("opaque", "", "stated")),
        ("curl: (22) The requested URL returned error: 403", ("opaque", "", "stated")),
        ("HTTPError: 403 Client Error: Forbidden for url: https://x", ("opaque", "", "stated")),
        ("HTTP/1.1 404 Not Found", ("not_found", "", "stated")),
        ("NoCredentialsError: Unable to locate credentials", ("credentials", "none", "stated")),
        ("x.NoCredentialsError: Unable to locate credentials", ("credentials", "none", "stated")),
        ("The config profile (x) could not be found", ("credentials", "none", "stated")),
        ("The ciphertext refers to a customer master key that", ("kms_access", "", "unknown")),
        (
            "User: u is not authorized to perform: sts:AssumeRole on resource: r",
            ("trust_policy", "", "unknown"),
        ),
        ("User: u is not authorized to perform: kms:Decrypt", ("kms_access", "", "stated")),
    ],
)
def test_what_is_certain(text: str, expected: tuple[str, str, str]) -> None:
    """What is no known error is no statement of a service; nor are words that fit two causes."""
    (found,) = read_pasted(text)
    denial = found.denial
    assert (denial.cause, denial.detail, denial.certainty) == expected


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
    forms += [json.dumps({"msg": f"AccessDenied {secret}"}), json.dumps({"code": "X", "message": secret})]
    forms.append(f"upload failed: ./a to {URL}/{flat} {PUT}Access Denied")
    for form in forms:
        shown = repr(read_pasted(form))
        assert [each for each in SECRETS if each in shown] == [], form


@given(
    st.text(max_size=300),
    st.sampled_from(
        [json.dumps(EVENT), LINE, "{", "<Error>", PUT, json.dumps({"msg": [PUT + SENTENCE]}), URL]
    ),
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
        "An error occurred (\n",
        "x on s3://b was refused: ",
        "Failed to upload a to b/c s3://bucket/ to ",
        '{"a": "Access Denied"}\n',
        '{"a": [',
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
