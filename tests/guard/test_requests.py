"""Request checks as pure functions: what contradicts the strategy, opens to everybody, or leads elsewhere."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import SseC
from secure_s3.encryption.operations import CUSTOMER_KEY, HEADERS, WRITES
from secure_s3.guard.operations import ACLS, NO_EXPECTED_OWNER, WIRE_CHECKED
from secure_s3.guard.requests import apply_strategy, check_bucket, check_wire
from secure_s3.profile import REGULATED, STANDARD, SecurityProfile
from tests.guard.support import KEY_ARN, LABELS, OTHER_ARN, RAW_KEY, expected_headers, strategy

B64 = base64.b64encode(RAW_KEY).decode()
B64_MD5 = base64.b64encode(hashlib.md5(RAW_KEY).digest()).decode()
OTHER_KEY = bytes(32)
OTHER_B64 = base64.b64encode(OTHER_KEY).decode()
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
OWNED = SecurityProfile(expected_bucket_owner="111122223333")


def apply(
    operation: str, label: str | None = "sse-kms", profile: SecurityProfile = STANDARD, **params: Any
) -> dict[str, Any]:
    apply_strategy(params, operation, strategy(label) if label else None, profile)
    return params


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_writes_get_the_members(label: str, operation: str) -> None:
    """Every write gets exactly the strategy's members, and keeps the caller's others."""
    params = apply(operation, label, Bucket="b", Key="k", ContentType="text/plain")
    assert params == {
        "Bucket": "b",
        "Key": "k",
        "ContentType": "text/plain",
        **strategy(label).parameters(operation),
    }
    assert {HEADERS[m].lower() for m in params if m in HEADERS} == set(expected_headers(label))


CONFLICTS: list[tuple[str, dict[str, Any]]] = [
    ("sse-kms", {"ServerSideEncryption": "AES256"}),
    ("sse-kms", {"ServerSideEncryption": "aws:kms:dsse"}),
    ("sse-kms", {"ServerSideEncryption": "AWS:KMS"}),
    ("sse-kms", {"ServerSideEncryption": ""}),
    ("sse-kms", {"ServerSideEncryption": None}),
    ("sse-kms", {"SSEKMSKeyId": OTHER_ARN}),
    ("sse-kms", {"SSEKMSKeyId": KEY_ARN.rpartition("/")[2]}),
    ("sse-kms", {"SSEKMSKeyId": KEY_ARN + " "}),
    ("sse-kms", {"SSEKMSKeyId": "alias/aws/s3"}),
    ("sse-kms", {"BucketKeyEnabled": False}),
    ("sse-kms", {"SSEKMSEncryptionContext": base64.b64encode(b'{"a":"b"}').decode()}),
    ("sse-kms", {"SSECustomerKey": RAW_KEY}),
    ("sse-kms", {"SSECustomerAlgorithm": "AES256"}),
    ("sse-kms", {"SSECustomerKeyMD5": B64_MD5}),
    ("sse-kms-context", {"BucketKeyEnabled": True}),
    ("sse-kms-context", {"SSEKMSEncryptionContext": base64.b64encode(b'{"department":"sales"}').decode()}),
    ("dsse-kms", {"ServerSideEncryption": "aws:kms"}),
    ("dsse-kms", {"BucketKeyEnabled": True}),
    ("dsse-kms", {"BucketKeyEnabled": False}),
    ("sse-s3", {"ServerSideEncryption": "aws:kms"}),
    ("sse-s3", {"SSEKMSKeyId": KEY_ARN}),
    ("sse-s3", {"SSECustomerKey": RAW_KEY}),
    ("sse-c", {"ServerSideEncryption": "AES256"}),
    ("sse-c", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN}),
    ("sse-c", {"SSECustomerKey": OTHER_KEY}),
    ("sse-c", {"SSECustomerKey": OTHER_B64}),
    ("sse-c", {"SSECustomerKey": "x" * 32}),
    ("sse-c", {"SSECustomerKeyMD5": base64.b64encode(bytes(16)).decode()}),
    ("sse-c", {"SSECustomerAlgorithm": "AES128"}),
    ("sse-c", {"SSECustomerKey": None}),
]


@pytest.mark.parametrize(("label", "extra"), CONFLICTS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_contradicting_writes_are_refused(operation: str, label: str, extra: dict[str, Any]) -> None:
    """A write whose arguments contradict the strategy is refused by name, without showing a key."""
    with pytest.raises(errors.EncryptionConflict) as caught:
        apply(operation, label, Bucket="b", Key="k", **extra)
    text = str(caught.value)
    assert any(member in text for member in extra)
    for secret in (B64, OTHER_B64, repr(RAW_KEY), repr(OTHER_KEY), "x" * 32):
        assert secret not in text
    assert (caught.value.operation, caught.value.bucket, caught.value.key) == (operation, "b", "k")


@pytest.mark.parametrize("label", LABELS)
def test_the_same_arguments_are_fine(label: str) -> None:
    """A write that says what the strategy says is let through."""
    same = dict(strategy(label).parameters("PutObject"))
    assert apply("PutObject", label, Bucket="b", **same) == {"Bucket": "b", **same}


@pytest.mark.parametrize("key", [RAW_KEY, bytearray(RAW_KEY), B64])
@pytest.mark.parametrize("operation", sorted(CUSTOMER_KEY))
def test_the_same_customer_key_in_every_form(key: Any, operation: str) -> None:
    """The caller may repeat the configured SSE-C key, raw or as botocore encodes it."""
    assert apply(operation, "sse-c", SSECustomerKey=key)["SSECustomerKey"] == B64


@pytest.mark.parametrize("operation", sorted(CUSTOMER_KEY))
def test_another_customer_key_is_refused_everywhere(operation: str) -> None:
    """Another SSE-C key than the configured one is refused by every operation that takes one."""
    with pytest.raises(errors.EncryptionConflict) as caught:
        apply(operation, "sse-c", SSECustomerKey=OTHER_KEY)
    assert OTHER_B64 not in str(caught.value)
    assert repr(OTHER_KEY) not in str(caught.value)


def test_a_key_that_botocore_would_take_as_text() -> None:
    """A key of 32 ASCII characters, which botocore takes as raw bytes, is compared as such."""
    params = {"SSECustomerKey": "0123456789abcdef0123456789abcdef"}
    apply_strategy(params, "PutObject", SseC(b"0123456789abcdef0123456789abcdef"), STANDARD)
    assert params["SSECustomerKey"] == base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.mark.parametrize("label", ["sse-kms", "dsse-kms", "sse-s3"])
def test_reads_may_bring_a_key_of_their_own(label: str) -> None:
    """Under a server-side strategy, an SSE-C object may still be read with its key."""
    assert apply("GetObject", label, SSECustomerKey=RAW_KEY) == {"SSECustomerKey": RAW_KEY}


@pytest.mark.parametrize("operation", sorted(WRITES | {"UpdateObjectEncryption"}))
def test_nothing_is_written_without_a_strategy(operation: str) -> None:
    """A client without a strategy writes nothing, even if the caller names an encryption."""
    for extra in ({}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN}):
        with pytest.raises(errors.ConfigurationError, match="no encryption strategy"):
            apply(operation, None, Bucket="b", **extra)


@pytest.mark.parametrize("operation", ["GetObject", "ListObjectsV2", "DeleteObject", "PutBucketPolicy"])
def test_without_a_strategy_the_rest_works(operation: str) -> None:
    """A client without a strategy reads, lists and administers, under the same owner rule."""
    assert apply(operation, None, OWNED, Bucket="b") == {"Bucket": "b", "ExpectedBucketOwner": "111122223333"}


# --- public access --------------------------------------------------------------------------------------

GRANT_MEMBERS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
PUBLIC: list[dict[str, Any]] = [
    {"ACL": "public-read"},
    {"ACL": "public-read-write"},
    {"ACL": "authenticated-read"},
    {"ACL": "Public-Read"},
    {"ACL": " public-read"},
    *({member: f'uri="{ALL_USERS}"'} for member in GRANT_MEMBERS),
    *({member: f'id="0", uri={AUTHENTICATED}'} for member in GRANT_MEMBERS),
    {"GrantRead": f'URI="{ALL_USERS.upper()}"'},
    {
        "AccessControlPolicy": {
            "Grants": [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"}]
        }
    },
    {
        "AccessControlPolicy": {
            "Grants": [
                {"Grantee": {"Type": "CanonicalUser", "ID": "0"}, "Permission": "READ"},
                {"Grantee": {"Type": "Group", "URI": AUTHENTICATED}, "Permission": "WRITE_ACP"},
            ]
        }
    },
]


@pytest.mark.parametrize("label", [*LABELS, None])
@pytest.mark.parametrize("opening", PUBLIC)
@pytest.mark.parametrize("operation", sorted(WRITES | ACLS))
def test_public_access_is_refused(operation: str, opening: dict[str, Any], label: str | None) -> None:
    """An ACL, a grant or an access control policy that lets everybody in is always refused."""
    with pytest.raises(errors.PublicAccessRefused) as caught:
        apply(operation, label, Bucket="b", Key="k", **opening)
    assert caught.value.bucket == "b"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("RestoreObject", {"RestoreRequest": {"OutputLocation": {"S3": {"CannedACL": "public-read"}}}}),
        (
            "RestoreObject",
            {
                "RestoreRequest": {
                    "OutputLocation": {"S3": {"AccessControlList": [{"Grantee": {"URI": ALL_USERS}}]}}
                }
            },
        ),
        (
            "PutBucketLogging",
            {"BucketLoggingStatus": {"LoggingEnabled": {"TargetGrants": [{"Grantee": {"URI": ALL_USERS}}]}}},
        ),
    ],
)
def test_public_access_deep_in_a_document_is_refused(operation: str, params: dict[str, Any]) -> None:
    """Public grants for what S3 writes later are refused too."""
    with pytest.raises(errors.PublicAccessRefused):
        apply(operation, Bucket="b", **params)


@pytest.mark.parametrize(
    "closed",
    [
        {"ACL": "private"},
        {"ACL": "bucket-owner-full-control"},
        {"ACL": "log-delivery-write"},
        {"GrantRead": 'id="0123456789"'},
        {"GrantWrite": f'uri="{LOG_DELIVERY}"'},
        {"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group", "URI": LOG_DELIVERY}}]}},
        {"AccessControlPolicy": {}},
        {"AccessControlPolicy": {"Grants": None}},
        {"AccessControlPolicy": {"Grants": [None, {"Grantee": None}, 5]}},
        {"AccessControlPolicy": "nonsense"},
        {"Metadata": {"ACL": "public-read", "GrantRead": ALL_USERS}},
        {"ACL": None},
        {"ACL": 5},
    ],
)
@pytest.mark.parametrize("operation", ["PutObject", "PutObjectAcl"])
def test_other_access_is_not_ours_to_refuse(operation: str, closed: dict[str, Any]) -> None:
    """Private ACLs pass, and what is malformed is left to botocore's own validation."""
    apply(operation, Bucket="b", **closed)


# --- the owner -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation", ["PutObject", "GetObject", "UploadPart", "ListObjectsV2", "DeleteObjects"]
)
def test_the_owner_is_expected(operation: str) -> None:
    """With an owner in the profile, every request that takes it expects it."""
    assert apply(operation, profile=OWNED, Bucket="b")["ExpectedBucketOwner"] == "111122223333"
    assert "ExpectedBucketOwner" not in apply(operation, Bucket="b")


@pytest.mark.parametrize("operation", sorted(NO_EXPECTED_OWNER))
def test_operations_without_the_member_are_spared(operation: str) -> None:
    """Operations without ExpectedBucketOwner do not get one, which botocore would reject."""
    assert "ExpectedBucketOwner" not in apply(operation, profile=OWNED, Bucket="b")


@pytest.mark.parametrize("given", ["999999999999", "", None, 111122223333, " 111122223333"])
def test_another_owner_is_refused(given: Any) -> None:
    """Another owner than the profile's is refused."""
    with pytest.raises(errors.ConfigurationError, match="ExpectedBucketOwner"):
        apply("PutObject", profile=OWNED, Bucket="b", ExpectedBucketOwner=given)


# --- the bucket ----------------------------------------------------------------------------------------

WRONG_BUCKETS = [
    None,
    5,
    b"bucket",
    "",
    [],
    "s3://bucket",
    "s3://bucket/key",
    "arn:aws:s3:::bucket",
    "arn:aws:s3:::bucket/key",
    KEY_ARN,
    "arn:aws:iam::111122223333:role/x",
    "arn:aws:sns:eu-west-1:111122223333:topic",
    "arn:aws:s3:eu-west-1:111122223333:bucket/x",
    "arn:aws:s3:eu-west-1::accesspoint/x",
    "arn:aws:s3:eu-west-1:111122223333:accesspoint/",
    "arn:",
    "arn:aws:s3",
    "arn:evil:s3:eu-west-1:111122223333:accesspoint/x",
    "arn:aws:s3-object-lambda::111122223333:accesspoint/x",
]


@pytest.mark.parametrize("bucket", WRONG_BUCKETS)
def test_wrong_buckets(bucket: Any) -> None:
    """What cannot name a bucket or an access point is refused."""
    with pytest.raises(errors.ConfigurationError, match="Bucket="):
        check_bucket(bucket)


@pytest.mark.parametrize(
    "bucket",
    [
        "amzn-s3-demo-bucket",
        "my.dotted.bucket",
        "bucket--euw1-az1--x-s3",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/finance",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint:finance",
        "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap",
        "arn:aws-us-gov:s3:us-gov-west-1:111122223333:accesspoint/x",
        "arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/x",
        "arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-0/accesspoint/x",
    ],
)
def test_right_buckets(bucket: str) -> None:
    """Names and ARNs of access points pass."""
    check_bucket(bucket)


# --- changes of what is stored already ------------------------------------------------------------------


def rule(algorithm: str | None, **more: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm, **more} if algorithm else {}
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}


@pytest.mark.parametrize("label", ["sse-kms", None])
@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("PutBucketEncryption", rule("AES256")),
        ("PutBucketEncryption", rule(None)),
        ("PutBucketEncryption", rule("rot13")),
        ("PutBucketEncryption", {}),
        ("PutBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": []}}),
        ("DeleteBucketEncryption", {}),
    ],
)
def test_weaker_bucket_defaults_are_refused(
    operation: str, params: dict[str, Any], label: str | None
) -> None:
    """A default encryption that the profile does not allow is refused; so is removing the default."""
    with pytest.raises(errors.NotAllowedByProfile):
        apply(operation, label, REGULATED, Bucket="b", **params)


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_strong_bucket_defaults_pass(algorithm: str) -> None:
    """A default encryption that the profile allows passes."""
    apply("PutBucketEncryption", profile=REGULATED, Bucket="b", **rule(algorithm, KMSMasterKeyID=KEY_ARN))


@pytest.mark.parametrize(
    ("label", "asked"),
    [
        ("sse-kms", {"SSEKMS": {"KMSKeyArn": OTHER_ARN}}),
        ("sse-kms", {"SSEKMS": {}}),
        ("sse-kms", {"SSEKMS": None}),
        ("sse-kms", {"SSES3": {}}),
        ("sse-kms", {}),
        ("sse-kms", None),
        ("sse-kms", "x"),
        ("dsse-kms", {"SSEKMS": {"KMSKeyArn": KEY_ARN}}),
        ("sse-s3", {"SSEKMS": {"KMSKeyArn": KEY_ARN}}),
        ("sse-c", {"SSEKMS": {"KMSKeyArn": KEY_ARN}}),
    ],
)
def test_another_encryption_in_place_is_refused(label: str, asked: Any) -> None:
    """UpdateObjectEncryption may only lead to the configured key."""
    with pytest.raises(errors.EncryptionConflict):
        apply("UpdateObjectEncryption", label, Bucket="b", Key="k", ObjectEncryption=asked)


def test_the_configured_encryption_in_place_passes() -> None:
    """UpdateObjectEncryption to the configured key passes."""
    apply("UpdateObjectEncryption", Bucket="b", ObjectEncryption={"SSEKMS": {"KMSKeyArn": KEY_ARN}})


# --- the wire ------------------------------------------------------------------------------------------


def wire(
    label: str | None, headers: dict[str, Any], operation: str = "PutObject", url: str = "https://s3.x/b/k"
) -> None:
    check_wire(url, headers, operation, strategy(label) if label else None, lambda host: host == "s3.x")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_the_right_headers_pass(label: str, operation: str) -> None:
    """A write with the strategy's headers passes, as text and as bytes."""
    headers = expected_headers(label)
    wire(label, headers, operation)
    wire(label, {name: value.encode() for name, value in headers.items()}, operation)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_missing_header_is_noticed(label: str, operation: str) -> None:
    """A write that lacks any one of the headers is stopped."""
    for name in expected_headers(label):
        lacking = {key: value for key, value in expected_headers(label).items() if key != name}
        with pytest.raises(errors.EncryptionConflict, match=name):
            wire(label, lacking, operation)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("value", ["", "AES", "aws:kms ", "none", "True", None])
def test_a_changed_header_is_noticed(label: str, value: Any) -> None:
    """A write with another value in any one of the headers is stopped, without showing a key."""
    for name in expected_headers(label):
        with pytest.raises(errors.EncryptionConflict) as caught:
            wire(label, {**expected_headers(label), name: value})
        assert B64 not in str(caught.value)


@pytest.mark.parametrize("label", LABELS)
def test_an_additional_header_is_noticed(label: str) -> None:
    """A write with an encryption header that the strategy does not have is stopped."""
    for name in {header.lower() for header in HEADERS.values()} - set(expected_headers(label)):
        with pytest.raises(errors.EncryptionConflict, match=name):
            wire(label, {**expected_headers(label), name: "x"})


@pytest.mark.parametrize("label", ["sse-kms", "dsse-kms", "sse-s3"])
@pytest.mark.parametrize("operation", sorted(WIRE_CHECKED - WRITES))
def test_parts_carry_no_customer_key(label: str, operation: str) -> None:
    """A part with an SSE-C key in an upload of another encryption is stopped."""
    wire(label, {}, operation)
    with pytest.raises(errors.EncryptionConflict) as caught:
        wire(label, {"x-amz-server-side-encryption-customer-key": B64}, operation)
    assert B64 not in str(caught.value)


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "ListBuckets", "Decrypt"])
@pytest.mark.parametrize("label", ["sse-kms", None])
@pytest.mark.parametrize("url", ["http://s3.x/b", "HTTP://s3.x/b", "ws://s3.x", "//s3.x/b", "s3.x/b", ""])
def test_anything_but_https_is_stopped(operation: str, label: str | None, url: str) -> None:
    """A URL that is not https is stopped for every operation, with and without a strategy."""
    with pytest.raises(errors.InsecureTransport):
        wire(label, expected_headers(label) if label else {}, operation, url)


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/b", "https://s3.x.evil.example/b", "https://s3.x@evil.example/b", "https:///b"],
)
def test_another_host_is_stopped(url: str) -> None:
    """A URL that leads to another host is stopped."""
    with pytest.raises(errors.InsecureTransport):
        wire("sse-s3", expected_headers("sse-s3"), url=url)


@pytest.mark.parametrize(
    "header",
    [
        {"x-amz-acl": "public-read"},
        {"X-Amz-ACL": b"public-read-write"},
        {"x-amz-grant-read": f"uri={ALL_USERS}"},
    ],
)
@pytest.mark.parametrize("operation", ["PutObject", "PutObjectAcl", "PutBucketAcl", "UploadPart"])
def test_a_public_acl_on_the_wire_is_stopped(operation: str, header: dict[str, Any]) -> None:
    """An event handler that adds a public ACL as a header is stopped."""
    with pytest.raises(errors.PublicAccessRefused):
        wire(None, header, operation)


_VALUES = st.one_of(st.none(), st.text(), st.binary(), st.integers(), st.booleans(), st.lists(st.text()))


@given(
    label=st.sampled_from(LABELS),
    operation=st.sampled_from(sorted(WRITES)),
    params=st.dictionaries(
        st.sampled_from([*HEADERS, "ACL", "GrantRead", "AccessControlPolicy", "Key"]), _VALUES
    ),
)
def test_whatever_the_caller_says(label: str, operation: str, params: dict[str, Any]) -> None:
    """For any arguments a write either carries exactly the strategy's members or is refused by our error."""
    wanted = strategy(label).parameters(operation)
    try:
        apply_strategy(params, operation, strategy(label), STANDARD)
    except errors.ConfigurationError:
        return
    assert {name: value for name, value in params.items() if name in HEADERS} == dict(wanted)


@given(st.one_of(st.text(), st.binary(), st.none(), st.integers(), st.from_regex(r"arn:[a-z0-9:/.-]*")))
def test_check_bucket_raises_nothing_else(bucket: Any) -> None:
    """Whatever stands for a bucket passes or is refused by our error."""
    try:
        check_bucket(bucket)
    except errors.ConfigurationError:
        return
    assert isinstance(bucket, str)
    assert bucket
