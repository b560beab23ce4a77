"""``parse_error_body``: bodies of S3 and of servers like it, of KMS, IAM and STS, of proxies, and none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials import parse_error_body
from secure_s3.denials.bodies import BODY_BYTES
from secure_s3.denials.denial import CAUSES

ARN = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
MESSAGE = (
    f"User: {ARN} is not authorized to perform: s3:GetObject on resource: "
    '"arn:aws:s3:::b/a&lt;b&amp;amp;&#xe9;" '
    "because no identity-based policy allows the s3:GetObject action"
)
EXPIRED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    "<Message>Request has expired</Message>"
    "<X-Amz-Expires>60</X-Amz-Expires><Expires>2026-03-01T11:00:00Z</Expires>"
    "<ServerTime>2026-03-01T12:00:00Z</ServerTime><RequestId>7QF</RequestId>"
    "<HostId>abc=</HostId></Error>"
)


def test_a_body_of_s3() -> None:
    """Code, message and elements are read, with entities, and with the text of the key as it is."""
    body = f"<Error><Code>AccessDenied</Code><Message>{MESSAGE}</Message><Resource>/b/a</Resource></Error>"
    for form in (body, body.encode(), bytearray(body.encode()), f"\ufeff{body}".encode(), f"\r\n{body}\n"):
        denial = parse_error_body(form, status=403, operation="GetObject")
        assert (denial.cause, denial.principal) == ("identity_policy", ARN)
        assert denial.resource == "arn:aws:s3:::b/a<b&amp;é"
        assert (denial.fields, denial.operation) == ({"Resource": "/b/a"}, "GetObject")


def test_an_expired_url() -> None:
    """The elements that tell when a presigned URL expired are kept."""
    denial = parse_error_body(EXPIRED, status=403)
    assert (denial.cause, denial.detail, denial.code) == ("presign", "expired", "AccessDenied")
    assert denial.fields == {
        "Expires": "2026-03-01T11:00:00Z",
        "HostId": "abc=",
        "RequestId": "7QF",
        "ServerTime": "2026-03-01T12:00:00Z",
        "X-Amz-Expires": "60",
    }


@pytest.mark.parametrize(
    "body",
    [
        '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>NoSuchKey</Code>'
        "<Message>m</Message></Error>",
        '<s:Error xmlns:s="x"><s:Code>NoSuchKey</s:Code ><s:Message/><s:Message>m</s:Message></s:Error>',
        "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchKey</Code><Message>m</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>",
        "<Response><Errors><Error><Code>NoSuchKey</Code><Message>m</Message></Error></Errors></Response>",
        "<Error><Code><![CDATA[NoSuchKey]]></Code><Message><![CDATA[m]]></Message></Error>",
        "<Error>\n  <Code a='b'>\n NoSuchKey </Code>\n <Message>m</Message>\n",
        "<Error><Code>NoSuchKey</Code><Message>m</Message><Error><Code>AccessDenied</Code></Error></Error>",
        '{"__type": "com.amazonaws.s3#NoSuchKey", "message": "m"}',
        '{"__type": "NoSuchKey:http://internal/", "Message": "m"}',
        '{"Error": {"Code": "NoSuchKey", "Message": "m"}}',
        '{"code": "NoSuchKey", "message": "m", "more": [1, {}]}',
    ],
)
def test_forms(body: str) -> None:
    """Namespaces, prefixes, other roots, CDATA, missing ends and the JSON of other services are one to it."""
    denial = parse_error_body(body)
    assert (denial.cause, denial.code, denial.message) == ("not_found", "NoSuchKey", "m")


@pytest.mark.parametrize(
    ("body", "status", "headers", "expected"),
    [
        (b"", 403, {}, ("opaque", "403")),
        (None, 400, {}, ("opaque", "400")),
        ("", 301, {"x-amz-bucket-region": "eu-west-1"}, ("region", "301")),
        ("", 404, None, ("not_found", "404")),
        ("", 412, None, ("precondition", "412")),
        ("", 200, None, ("other", None)),
        ("", 400, {"X-Amzn-ErrorType": "DisabledException:http://x"}, ("kms_key_state", "DisabledException")),
        ("", 403, {"X-Minio-Error-Code": "SignatureDoesNotMatch"}, ("signature", "SignatureDoesNotMatch")),
        ("{}", 403, {"X-Amzn-ErrorType": "ExpiredTokenException"}, ("credentials", "ExpiredTokenException")),
        ("<Error></Error>", 403, {}, ("opaque", None)),  # Ceph
        ("<ErrorResponse><RequestId>r</RequestId></ErrorResponse>", 403, {}, ("opaque", None)),
        ("Forbidden", 403, {}, ("opaque", None)),
        ("<html><body>Request has expired</body></html>", 403, {}, ("opaque", None)),
        ("<!DOCTYPE HTML>\n<Code>NoSuchKey</Code>", 502, {}, ("other", None)),
        ("<h1>no</h1>", 403, {"Content-Type": "text/html"}, ("opaque", None)),
        ("{", 403, {}, ("opaque", None)),
        ("[1, 2]", 403, {}, ("opaque", None)),
        ('{"a": ' * 3000, 403, {}, ("opaque", None)),
        ('{"__type": 5, "message": {"a": 1}}', 403, {}, ("opaque", None)),
        (object(), 403, object(), ("opaque", "403")),
    ],
)
def test_without_a_reason(body: Any, status: int, headers: Any, expected: tuple[str, str | None]) -> None:
    """Where the body says nothing, headers and the status do; the words of a page mean nothing."""
    denial = parse_error_body(body, status=status, headers=headers)
    assert (denial.cause, denial.code) == expected


def test_headers() -> None:
    """The region of the bucket and the ids of the request are taken from the headers, in any case."""
    denial = parse_error_body(
        b"", status=400, headers={"X-AMZ-Bucket-Region": "eu-west-1", "x-amz-ID-2": "h", 5: 6}
    )
    assert denial.fields == {"HostId": "h", "Region": "eu-west-1"}


def test_no_entity_is_expanded() -> None:
    """Entities that a document defines stay as they are written, and a file that it names is not read."""
    entities = '<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">'
    message = "<Message>&b;&c;&#0;&#xD800;</Message>"
    body = f"<!DOCTYPE Error [{entities}]><Error><Code>AccessDenied</Code>{message}</Error>"
    assert parse_error_body(body, status=403).message == "&b;&c;\x00\ufffd"


def test_a_long_body_is_cut() -> None:
    """Only the first 64 KiB are read."""
    start = "<Error><Code>NoSuchKey</Code><Message>" + "x" * BODY_BYTES
    assert parse_error_body(start + "</Message></Error>").message == ""
    assert parse_error_body(" " * BODY_BYTES + EXPIRED, status=500).cause == "other"
    assert parse_error_body(b"\xff" * 2**21, status=403).cause == "opaque"


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<a>", "<a", "<a>x</b>", "&#", "&amp;", "<![CDATA[", "{", '{"a":', "]]>", "</"]
)
def test_time_is_linear(piece: str) -> None:
    """The longest body made of any piece costs a fraction of what a quadratic search would."""
    body = f"<Error>{piece * (BODY_BYTES // len(piece))}"

    def cost() -> float:
        begun = time.process_time()
        parse_error_body(body, status=403)
        return time.process_time() - begun

    assert min(cost() for _ in range(2)) < 0.5


@given(
    st.binary(max_size=400) | st.text(max_size=400),
    st.none() | st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_it_never_raises(body: Any, headers: Any) -> None:
    """Any bytes and any text give a Denial."""
    assert parse_error_body(body, headers=headers).cause in CAUSES
    assert parse_error_body(json.dumps({"__type": str(body), "message": str(body)})).cause in CAUSES
