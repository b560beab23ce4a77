"""``parse_denial`` with what is no message at all, with answers of other servers, and with many codes."""

from __future__ import annotations

import json
import pickle
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.denials import Denial, parse_denial
from secure_s3.denials.denial import CAUSES
from secure_s3.denials.parsing import MESSAGE_CHARACTERS

PAGE = "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body>Request has expired</body></html>"
U = "User: arn:aws:iam::111122223333:user/Mary is not authorized to perform: s3:GetObject"


NOTHING: list[Any] = [None, "", b"", b"\xff\xfe\x00", 403, 3.5, [], {}, object(), True]
NOTHING += ["Access Denied", "Access Denied.", "Forbidden", PAGE, "x" * 2**20, '"' * 5000, "(" * 5000]
NOTHING += ["Accès refusé", "アクセスが拒否されました", "\ud800\udfff\x00\x1b[31m"]


@pytest.mark.parametrize("message", NOTHING, ids=range(len(NOTHING)))
def test_a_denial_without_a_reason(message: Any) -> None:
    """Whatever it says or is, a 403 that gives no reason is opaque, and a 500 is other."""
    for told in (
        {"status": 403},
        {"code": "AccessDenied"},
        {"status": "403", "code": "403"},
        {"status": 401},
    ):
        denial = parse_denial(message=message, **told)
        assert (denial.cause, denial.explicit, denial.principal) == ("opaque", None, None)
    assert parse_denial(message=message, status=500, code="InternalError").cause == "other"
    assert parse_denial(message=message, status=200).cause == "other"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"status": 403, "code": "403", "message": "Forbidden"}, "opaque"),  # moto, HEAD
        ({"status": 400, "code": "400", "message": "Bad Request"}, "opaque"),
        ({"status": 404, "code": "404", "message": "Not Found"}, "not_found"),
        ({"status": 412, "code": "412", "message": "Precondition Failed"}, "precondition"),
        ({"status": 301, "code": "301", "message": "Moved Permanently"}, "region"),
        ({"status": 304, "code": "304", "message": "Not Modified"}, "precondition"),
        ({"status": 403, "code": "AccessDenied", "message": ""}, "opaque"),  # Ceph
        ({"status": 403}, "opaque"),  # Ceph, IAM and STS
        ({}, "other"),
        ({"message": "Access Denied"}, "opaque"),
        ({"code": "AccessDenied"}, "opaque"),
        ({"status": 502, "message": PAGE}, "other"),
        ({"status": 403, "message": PAGE}, "opaque"),
        ({"status": 400, "code": "InvalidRequest", "message": "who knows"}, "other"),
        ({"status": 409, "code": "BucketAlreadyExists", "message": ""}, "other"),
        ({"status": 416, "code": "InvalidRange", "message": ""}, "other"),
        ({"status": 403, "code": "SomethingNew", "message": "new"}, "opaque"),
        ({"status": 404, "code": "NoSuchTagSet", "message": "The TagSet does not exist"}, "not_found"),
        ({"status": 404, "code": "NoSuchObjectLockConfiguration", "message": "object lock"}, "not_found"),
        (
            {"service": "iam", "status": 404, "code": "NoSuchEntity", "message": "The role cannot be found."},
            "not_found",
        ),
        (
            {"service": "dynamodb", "status": 400, "code": "NotFoundException", "message": "no table"},
            "not_found",
        ),
        (
            {
                "service": "kms",
                "status": 400,
                "code": "NotFoundException",
                "message": "Alias x is not found.",
            },
            "kms_key_not_found",
        ),
        (
            {
                "status": 400,
                "code": "NotFoundException",
                "message": "Key 'arn:aws:kms:a:1:key/1' does not exist",
            },
            "kms_key_not_found",
        ),
        (
            {"service": "kms", "status": 400, "code": "ValidationException", "message": "Invalid keyId 'x'"},
            "kms_key_not_found",
        ),
        (
            {"service": "kms", "status": 400, "code": "ValidationException", "message": "1 validation error"},
            "other",
        ),
        ({"status": 400, "code": "KMS.KeyUnavailableException", "message": ""}, "kms_key_state"),
        ({"status": 400, "code": "KMS.InvalidKeyUsageException", "message": ""}, "kms_key_state"),
        ({"status": 403, "code": "KMS.AccessDeniedException", "message": ""}, "kms_access"),
        ({"status": 503, "code": "KMS.ThrottlingException", "message": ""}, "other"),
        ({"status": 405, "code": "MethodNotAllowed", "operation": "PutBucketPolicy"}, "policy_document"),
        ({"status": 405, "code": "MethodNotAllowed", "operation": "GetObject"}, "other"),
        (
            {"status": 405, "code": "MethodNotAllowed", "fields": {"ResourceType": "DeleteMarker"}},
            "not_found",
        ),
        ({"status": 400, "code": "MissingSecurityHeader", "operation": "PutBucketAcl"}, "acl"),
        (
            {"status": 400, "code": "MissingSecurityHeader", "fields": {"MissingHeaderName": "x-amz-acl"}},
            "acl",
        ),
        ({"status": 400, "code": "MissingSecurityHeader", "fields": {"MissingHeaderName": "date"}}, "other"),
        ({"status": 400, "code": "MissingSecurityHeader", "operation": "PutObject"}, "other"),
        ({"status": 400, "code": "EntityTooLarge", "operation": "PutObject"}, "other"),
        ({"status": 400, "code": "EntityTooLarge", "fields": {"MaxSizeAllowed": "5368709120"}}, "other"),
        ({"status": 400, "code": "EntityTooLarge", "fields": {"MaxSizeAllowed": "1000"}}, "post_policy"),
        ({"status": 400, "code": "EntityTooLarge", "operation": "PostObject"}, "post_policy"),
        (
            {
                "status": 400,
                "code": "EntityTooSmall",
                "fields": {"MinSizeAllowed": "5242880", "PartNumber": "1"},
            },
            "other",
        ),
        ({"status": 400, "code": "AuthorizationHeaderMalformed", "message": "no region"}, "signature"),
        (
            {"status": 400, "code": "AuthorizationHeaderMalformed", "fields": {"Region": "eu-west-1"}},
            "region",
        ),
        (
            {"status": 400, "code": "AuthorizationQueryParametersError", "message": "no such algorithm"},
            "presign",
        ),
        (
            {
                "status": 403,
                "code": "SignatureDoesNotMatch",
                "message": "Signature expired: 2026 is now earlier",
            },
            "clock",
        ),
        (
            {
                "status": 403,
                "code": "SignatureDoesNotMatch",
                "message": "Credential should be scoped to a valid region, not 'us-east-2'.",
            },
            "region",
        ),
        (
            {
                "status": 400,
                "code": "InvalidArgument",
                "message": "?",
                "fields": {"ArgumentName": "x-amz-server-side-encryption"},
            },
            "encryption_parameters",
        ),
        (
            {"status": 400, "code": "InvalidRequest", "message": "Object Lock is not what it was"},
            "object_lock",
        ),
        (
            {
                "status": 400,
                "code": "InvalidArgument",
                "message": "Credential access key has length 20, should be 32",
            },
            "credentials",
        ),  # Cloudflare R2
        (
            {
                "status": 400,
                "code": "InvalidRequest",
                "message": "Object is WORM protected and cannot be overwritten",
            },
            "object_lock",
        ),  # MinIO
        ({"message": 'Could not connect to the endpoint URL: "https://x/"'}, "transport"),
        ({"message": "Not authorized to perform sts:AssumeRoleWithWebIdentity"}, "trust_policy"),
        ({"code": "AccessDenied", "message": "Roles may not be assumed by root accounts."}, "trust_policy"),
        ({"code": "InvalidArgument", "fields": {"ArgumentName": "x-amz-grant-write"}}, "acl"),
        ({"status": 400, "code": "BadRequest", "message": "Bad Request"}, "opaque"),
        ({"service": "sqs", "status": 400, "code": "InvalidStateException", "message": "x"}, "other"),
        ({"status": 400, "code": "EndOfStream", "message": "Policies must be valid JSON"}, "policy_document"),
    ],
)
def test_codes(answer: dict[str, Any], cause: str) -> None:
    """Codes that mean one thing decide; for the others words, elements, the operation and the status do."""
    assert parse_denial(**answer).cause == cause


def test_a_page_is_not_read() -> None:
    """The words of an HTML page mean nothing, whatever they are; it is told that it is one."""
    for status, cause in ((403, "opaque"), (502, "other")):
        denial = parse_denial(status=status, message=PAGE)
        assert (denial.cause, denial.detail) == (cause, "proxy page")


def test_what_is_no_text_is_absent() -> None:
    """Arguments of any other type are taken as not given, and a mapping that cannot be read as empty."""

    class Broken(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            raise RuntimeError

    denial = parse_denial(
        service=None, operation=[], status="40x", code={}, message=(), fields=[("Region", "x")]
    )
    assert denial == Denial("other", certainty="unknown")
    assert parse_denial(status=True, code=10**30, fields={1: 2, "Region": object(), None: None}) == Denial(
        "other", certainty="unknown"
    )
    assert parse_denial(status=99999, code="AccessDenied").status is None
    assert parse_denial(fields=Broken(Region="x")) == Denial("other", certainty="unknown")


def test_a_long_message_is_cut() -> None:
    """Only the beginning of a message is read and kept, so that a megabyte costs no more than it."""
    denial = parse_denial(status=403, message=f"{U} because no session policy allows it. " + "x" * 2**20)
    assert denial.cause == "session_policy"
    assert len(denial.message) == MESSAGE_CHARACTERS
    assert parse_denial(status=403, message="x" * 2**20 + U).cause == "opaque"
    assert parse_denial(status=403, message=b"\xc3" * 2**22, code="y" * 2**20).cause == "opaque"
    fields = {"Region": "r" * 2**20, "Key": "k" * 2**20}
    assert all(len(text) <= 1024 for text in parse_denial(fields=fields).fields.values())


PIECES = [
    "is not authorized to perform: s3:X ",
    "with an explicit deny in a ",
    "because no ",
    'on resource: "',
]
PIECES += [
    "<a",
    "&",
    "arn:",
    "(Service:",
    "Encoded authorization failure message: ",
    "User: ",
    "policy ",
    "'",
]
PIECES += [
    "StringToSign: ",
    "Signature=",
    "Plaintext='",
    'Plaintext="',
    "x-amz-security-token:",
    "\\",
    "%3D",
    "=",
]
PIECES += ["\n", " \n", "AKIA", "IQoJb3JpZ2lu", "A" * 44, "authorization ", "not authorized to perform "]


@pytest.mark.parametrize("piece", PIECES)
def test_time_is_linear(piece: str) -> None:
    """The longest text made of any piece costs a fraction of what a quadratic search would."""
    whole = f"{U} {piece * (MESSAGE_CHARACTERS // len(piece))}"

    def cost() -> float:
        begun = time.process_time()
        parse_denial(status=403, message=whole)
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < 0.05


anything = (
    st.none() | st.text(max_size=300) | st.binary(max_size=300) | st.integers() | st.floats() | st.booleans()
)
WORDS = [
    "User: ",
    "is not authorized to perform: ",
    "s3:GetObject",
    " on resource: ",
    '"',
    "'",
    "kms:Decrypt",
]
WORDS += [
    " with an explicit deny",
    " in a ",
    "because no ",
    "identity-based policy",
    "service control policy",
]
WORDS += [
    ": arn:aws:iam::1:policy/x",
    ". ",
    "transitively",
    "\n",
    "  ",
    "arn:aws:s3:::b/k",
    "<",
    "&amp;",
    "\ud800",
]
sentences = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)
mappings = st.dictionaries(anything, anything, max_size=3)


@given(anything, anything, anything, anything, anything | sentences, anything | mappings)
@settings(max_examples=300)
def test_it_never_raises(
    service: Any, operation: Any, status: Any, code: Any, message: Any, fields: Any
) -> None:
    """Anything at all gives a Denial that can be shown, compared, pickled and written as JSON and UTF-8."""
    denial = parse_denial(
        service=service, operation=operation, status=status, code=code, message=message, fields=fields
    )
    assert denial.cause in CAUSES
    assert pickle.loads(pickle.dumps(denial)) == denial
    assert hash(denial) == hash(denial)
    assert json.loads(json.dumps(denial.to_dict()))["cause"] == denial.cause
    assert repr(denial).encode()
    assert denial.message.encode() is not None
