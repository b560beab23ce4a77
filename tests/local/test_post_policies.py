"""POST policies at the embedded endpoint: conditions, documents and signatures that do not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from secure_s3.local import LocalAws
from secure_s3.sigv4 import Credentials

from .people import allow, role, session, user
from .support import (
    ANY_SIGNATURE,
    BUCKET,
    FAR,
    FORM,
    OWN,
    SSE,
    by_header,
    form,
    held,
    keys,
    post,
    send,
    signed_form,
    signed_url,
)

# ------------------------------------------------------------------------------------ the policy's word

ARRAY = "Invalid according to Policy: Policy Condition failed: "


@pytest.mark.parametrize(
    ("conditions", "given", "message"),
    [
        ([{"key": "x"}], {}, ARRAY + '["eq", "$key", "x"]'),
        ([["eq", "$Key", "x"]], {}, ARRAY + '["eq", "$Key", "x"]'),
        ([["eq", "key", "k"]], {}, ARRAY + '["eq", "key", "k"]'),
        ([["starts-with", "$key", "K"]], {}, ARRAY + '["starts-with", "$key", "K"]'),
        ([{"key": 'a"b'}], {}, ARRAY + '["eq", "$key", "a\\"b"]'),
        (
            [{"key": "k"}, {"bucket": "amzn-s3-demo-other"}],
            {},
            ARRAY + '["eq", "$bucket", "amzn-s3-demo-other"]',
        ),
        ([{"key": "k"}, ["starts-with", "$acl", ""]], {}, ARRAY + '["starts-with", "$acl", ""]'),
        ([{"key": "k"}, {SSE: "aws:kms"}], {}, ARRAY + f'["eq", "${SSE}", "aws:kms"]'),
        ([{"key": "k"}, {SSE: "aws:kms"}], {SSE: "AES256"}, ARRAY + f'["eq", "${SSE}", "aws:kms"]'),
        ([{"key": "k"}, {"acl": "private"}], {"acl": "Private"}, ARRAY + '["eq", "$acl", "private"]'),
        (
            [{"key": "k"}, ["starts-with", "$Content-Type", "image/"]],
            {"Content-Type": "image/png,text/html"},
            ARRAY + '["starts-with", "$Content-Type", "image/"]',
        ),
        (
            [{"key": "k"}, ["eq", "$x-amz-meta-a", "b"], ["eq", "$x-amz-meta-a", "c"]],
            {"x-amz-meta-a": "b"},
            ARRAY + '["eq", "$x-amz-meta-a", "c"]',
        ),
        (
            [{"key": "k"}, ["content-length-range", "few", "10"]],
            {},
            ARRAY + '["content-length-range", "few", "10"]',
        ),
        ([{"key": "k"}], {"acl": "private"}, "Invalid according to Policy: Extra input fields: acl"),
        ([{"key": "k"}], {SSE: "AES256"}, f"Invalid according to Policy: Extra input fields: {SSE}"),
        (
            [{"key": "k"}],
            {"Filename": "a", "StorageClass": "b"},
            "Invalid according to Policy: Extra input fields: Filename, StorageClass",
        ),
        (
            [{"key": "k"}],
            {"x-amz-security-token": "t"},
            None,
        ),
    ],
)
def test_forms_against_their_policy(
    local_aws: LocalAws, s3: Any, conditions: list[Any], given: dict[str, str], message: str | None
) -> None:
    """A form that breaks a condition, or has a field without one, is refused by name and stores nothing."""
    told = post(local_aws, held(conditions, {"key": "k", **given}))
    assert told.status in (400, 403)
    if message is not None:
        assert (told.refusal, told.element("Message")) == ((403, "AccessDenied"), message)
    assert keys(s3) == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"expiration": FAR, "conditions": [{}]}, "Simple-Conditions must have exactly one property"),
        (
            {"expiration": FAR, "conditions": [{"a": "b", "c": "d"}]},
            "Simple-Conditions must have exactly one",
        ),
        ({"expiration": FAR, "conditions": [{"key": 5}]}, "value must be a string"),
        ({"expiration": FAR, "conditions": [[]]}, "missing operation identifier"),
        ({"expiration": FAR, "conditions": [["ends-with", "$key", "k"]]}, "unknown operation 'ends-with'"),
        ({"expiration": FAR, "conditions": [["eq", "$key"]]}, "Invalid eq: wrong number of arguments"),
        ({"expiration": FAR, "conditions": [["eq", "$key", 5]]}, "Invalid JSON"),
        ({"expiration": FAR, "conditions": ["key"]}, "must be a List or Object"),
        ({"expiration": FAR, "conditions": [["content-length-range", 0]]}, "wrong number of arguments"),
        ({"expiration": FAR, "conditions": [["content-length-range", -1, 9]]}, "Invalid JSON"),
        ({"expiration": FAR, "conditions": [["content-length-range", 0, 9.5]]}, "Invalid JSON"),
        ({"expiration": FAR, "conditions": [["content-length-range", True, 9]]}, "Invalid JSON"),
        ({"expiration": FAR, "conditions": [], "Statement": []}, "Unexpected: 'statement'"),
        ({"expiration": FAR}, ""),
        ({"expiration": FAR, "conditions": {}}, ""),
        ({"conditions": []}, ""),
        ({"EXPIRATION": FAR, "conditions": []}, ""),
        ({"expiration": "2999-01-01 00:00:00", "conditions": []}, ""),
        ({"expiration": "2999-01-01T00:00:00+02:00", "conditions": []}, ""),
        (b"[]", ""),
        (b"{", ""),
        (b"\xff", ""),
        (b"", ""),
        (b"[" * 9000, ""),
    ],
)
def test_policies_that_are_none(local_aws: LocalAws, s3: Any, document: Any, message: str) -> None:
    """A document that is no POST policy allows nothing, however well it is signed."""
    told = post(local_aws, signed_form(document, {"key": "k"}))
    assert told.refusal == (400, "InvalidPolicyDocument")
    assert message in str(told.element("Message"))
    assert keys(s3) == []


# ---------------------------------------------------------------------------------------- the signature


def without(*names: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda fields: {name: value for name, value in fields.items() if name not in names}


def altered(name: str, old: str, new: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda fields: {**fields, name: fields[name].replace(old, new)}


AUTH = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
ARGUMENT = (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (without(*AUTH), (403, "AccessDenied")),
        (without(*AUTH, "policy"), (403, "AccessDenied")),
        (without("x-amz-algorithm"), ARGUMENT),
        (without("x-amz-credential"), ARGUMENT),
        (without("x-amz-date"), ARGUMENT),
        (without("x-amz-signature"), ARGUMENT),
        (without("policy"), ARGUMENT),
        (without("key"), ARGUMENT),
        (altered("key", "k", ""), ARGUMENT),
        (altered("key", "k", "k" * 1025), (400, "KeyTooLongError")),
        (altered("key", "k", "other"), (403, "AccessDenied")),
        (altered("policy", "J", "K"), (403, "SignatureDoesNotMatch")),
        (lambda fields: {**fields, "policy": fields["policy"][:-4]}, (403, "SignatureDoesNotMatch")),
        (lambda fields: {**fields, "x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
        (lambda fields: {**fields, "x-amz-signature": "é\x00" * 32}, (403, "SignatureDoesNotMatch")),
        (altered("x-amz-algorithm", "256", "512"), ARGUMENT),
        (altered("x-amz-credential", "eu-west-1", "us-east-1"), ARGUMENT),
        (altered("x-amz-credential", "/s3/", "/ec2/"), ARGUMENT),
        (altered("x-amz-credential", "aws4_request", "aws5_request"), ARGUMENT),
        (altered("x-amz-credential", OWN.access_key, "AKIAI44QH8DHBEXAMPLE"), (403, "InvalidAccessKeyId")),
        (altered("x-amz-date", "Z", ""), ARGUMENT),
        (lambda fields: {**fields, "x-amz-date": "20260101T000000Z"}, ARGUMENT),
        (lambda fields: {**fields, "x-amz-security-token": "AQoEXAMPLE"}, (400, "InvalidToken")),
        (lambda fields: {**fields, "X-Amz-Date": fields["x-amz-date"]}, ARGUMENT),
    ],
)
def test_changed_forms(
    local_aws: LocalAws,
    s3: Any,
    fields: dict[str, str],
    change: Callable[[dict[str, str]], dict[str, str]],
    expected: tuple[int, str],
) -> None:
    """A form without its signature, or with any part of it changed, is refused and stores nothing."""
    told = post(local_aws, change(fields))
    assert told.refusal == expected
    assert keys(s3) == []
    assert post(local_aws, fields).status == 204


def test_what_a_refusal_tells(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A refusal names the field, the region, or the text that was to be signed."""
    missing = post(local_aws, without("key")(fields))
    assert missing.element("Message") == (
        "Bucket POST must contain a field named 'key'.  "
        "If it is specified, please check the order of the fields."
    )
    wrong = post(local_aws, {**fields, "x-amz-signature": "0" * 64})
    assert (wrong.element("StringToSign"), wrong.element("SignatureProvided")) == (fields["policy"], "0" * 64)
    region = post(local_aws, altered("x-amz-credential", "eu-west-1", "us-east-1")(fields))
    assert region.element("Message") == "the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    assert region.element("Region") == "eu-west-1"
    assert OWN.secret_key not in str((missing, wrong, region))


def test_expiry(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A policy holds until its end and not a second longer; what was stored by then stays."""
    local_aws.shift_clock(240)
    assert post(local_aws, fields, b"one").status == 204
    local_aws.shift_clock(301)
    told = post(local_aws, fields, b"two")
    assert told.refusal == (403, "AccessDenied")
    assert told.element("Message") == "Invalid according to Policy: Policy expired."
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"one"


def test_names_have_no_case(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """Field names may be written in any case, as other SDKs do."""
    assert post(local_aws, {name.title(): value for name, value in fields.items()}).status == 204


def test_sigv2(local_aws: LocalAws, s3: Any) -> None:
    """A form of Signature Version 2 is refused with the version that is expected."""
    client = local_aws.session().client("s3", config=Config(signature_version="s3"))
    told = post(local_aws, client.generate_presigned_post(BUCKET, "k")["fields"])
    client.close()
    assert told.refusal == (400, "InvalidRequest")
    assert keys(s3) == []


def test_other_credentials(local_aws: LocalAws, s3: Any) -> None:
    """A form may be signed by an IAM user or with a role's session, whose token it must have."""
    key = user(local_aws, allow("s3:PutObject"))
    given = session(local_aws, role(local_aws, allow("s3:PutObject")))
    alice = Credentials(key["aws_access_key_id"], key["aws_secret_access_key"])
    document = {"expiration": FAR, "conditions": [["starts-with", "$key", ""], *ANY_SIGNATURE]}
    assert post(local_aws, signed_form(document, {"key": "a"}, credentials=alice)).status == 204
    session_of_role = Credentials(
        given["aws_access_key_id"], given["aws_secret_access_key"], given["aws_session_token"]
    )
    document["conditions"].append(["starts-with", "$x-amz-security-token", ""])
    for token, expected in [("AQoEXAMPLE", "InvalidToken"), (session_of_role.token, None)]:
        sent = {"key": "b", "x-amz-security-token": token}
        told = post(local_aws, signed_form(document, sent, credentials=session_of_role))
        assert told.element("Code") == expected
    assert keys(s3) == ["a", "b"]
    local_aws.shift_clock(3601)
    assert post(local_aws, signed_form(document, sent, credentials=session_of_role)).refusal == (
        400,
        "ExpiredToken",
    )


def test_only_one_mechanism(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """A form is not signed by a header or a query besides."""
    both = by_header(local_aws, "POST", f"/{BUCKET}", form(fields), FORM)
    assert send(local_aws, "POST", f"/{BUCKET}", form(fields), both).refusal == ARGUMENT
    url = signed_url(local_aws, "POST", "")
    assert send(local_aws, "POST", url, form(fields), FORM).refusal == ARGUMENT
    assert keys(s3) == []


def test_headers_of_the_request_do_not_count(local_aws: LocalAws, s3: Any, fields: dict[str, str]) -> None:
    """Nothing that the policy does not cover says how the object is stored."""
    headers = {
        **FORM,
        "x-amz-acl": "public-read",
        "x-amz-meta-a": "b",
        SSE: "aws:kms",
        "x-amz-copy-source": f"/{BUCKET}/secret",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "Content-Encoding": "gzip",
    }
    assert send(local_aws, "POST", f"/{BUCKET}", form(fields), headers).status == 204
    stored = s3.get_object(Bucket=BUCKET, Key="k")
    assert (stored["Body"].read(), stored["Metadata"], stored["ServerSideEncryption"]) == (
        b"hello",
        {},
        "AES256",
    )
    assert "ContentEncoding" not in stored
    assert len(s3.get_object_acl(Bucket=BUCKET, Key="k")["Grants"]) == 1


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-amz-copy-source", f"/{BUCKET}/secret", (501, "NotImplemented")),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", (501, "NotImplemented")),
        ("x-amz-meta-a b", "v", (501, "NotImplemented")),
        ("x-amz-storage-class", "FakeClass", (400, "InvalidStorageClass")),
        ("x-amz-checksum-algorithm", "SHA256", (400, "InvalidRequest")),
        ("tagging", "not-xml", (400, "MalformedXML")),
        ("Cache-Control", "a\r\nSet-Cookie: b=c", ARGUMENT),
        ("Content-MD5", "no digest", (400, "InvalidDigest")),
    ],
)
def test_fields_that_mean_nothing(
    local_aws: LocalAws, s3: Any, name: str, value: str, expected: tuple[int, str]
) -> None:
    """A field that the policy allows and S3 does not is refused."""
    told = post(local_aws, held([{"key": "k"}, ["starts-with", f"${name}", ""]], {"key": "k", name: value}))
    assert told.refusal == expected
    assert keys(s3) == []
