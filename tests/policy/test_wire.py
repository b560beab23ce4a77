"""What policies are asked about a request, from the request as it is sent: each fact, and each gap."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf, Policy, catalogue, evaluate
from secure_s3.policy.wire import Caller, SentRequest, access_requests, key_need, needs
from secure_s3.policy.wire.actions import action_of

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BUCKET = "amzn-s3-demo-bucket"
ARN = f"arn:aws:s3:::{BUCKET}"
OWNER = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALICE = Caller(f"arn:aws:iam::{OWNER}:user/alice", user_id="AIDAEXAMPLE")
SESSION = Caller(f"arn:aws:sts::{OWNER}:assumed-role/App/one", user_id="AROAEXAMPLE:one")
SSE = "x-amz-server-side-encryption"
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0123abcd"
)


def sent(
    operation: str = "PutObject",
    headers: Mapping[str, str] | None = None,
    query: str = "",
    *,
    key: str | None = "a/b",
    scheme: str = "https",
    **more: Any,
) -> SentRequest:
    url = f"{scheme}://{BUCKET}.s3.eu-west-1.amazonaws.com/{key or ''}{query}"
    signed = {"Authorization": AUTHORIZATION, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", **(headers or {})}
    return SentRequest.observed(operation, "PUT", url, signed, **{"bucket": BUCKET, "key": key, **more})


def asked(request: SentRequest, caller: Caller = ALICE, **more: Any) -> tuple[AccessRequest, ...]:
    return access_requests(request, caller=caller, now=NOW, **more)


def own(request: SentRequest, caller: Caller = ALICE, **more: Any) -> AccessRequest:
    return asked(request, caller, **more)[0]


def value(request: AccessRequest, key: str) -> Any:
    return request.lookup(key.lower())


# -- facts: what a client knows before sending ------------------------------------------------------------

HEADER_KEYS = {
    "x-amz-acl": "private",
    "x-amz-grant-read": "id=abc",
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    "x-amz-copy-source": "other/key",
    "x-amz-metadata-directive": "REPLACE",
    SSE: "aws:kms",
    f"{SSE}-aws-kms-key-id": KEY,
    f"{SSE}-customer-algorithm": "AES256",
    "x-amz-storage-class": "GLACIER",
    "x-amz-website-redirect-location": "/other",
    "if-match": '"etag"',
    "if-none-match": "*",
}


@pytest.mark.parametrize("name", HEADER_KEYS)
def test_header_is_its_key_and_no_header_is_a_key_known_to_be_absent(name: str) -> None:
    """A header that is a condition key has the header's value; without the header the key is absent."""
    with_it = own(sent(headers={name: HEADER_KEYS[name]}))
    assert value(with_it, f"s3:{name}") == (HEADER_KEYS[name],)
    if name != "x-amz-content-sha256":
        assert value(own(sent()), f"s3:{name}") is None


@pytest.mark.parametrize(
    ("in_query", "key"), [("prefix", "prefix"), ("delimiter", "delimiter"), ("max-keys", "max-keys")]
)
def test_query_of_a_listing_is_its_keys(in_query: str, key: str) -> None:
    """Prefix, delimiter and max-keys come from the query, an empty prefix is present, and none is absent."""
    listing = own(sent("ListObjectsV2", query=f"?list-type=2&{in_query}=7", key=None))
    assert (listing.action, listing.resource) == ("s3:ListBucket", ARN)
    assert value(listing, f"s3:{key}") == ("7",)
    assert value(own(sent("ListObjectsV2", query=f"?{in_query}=", key=None)), f"s3:{key}") == ("",)
    assert value(own(sent("ListObjectsV2", query="?list-type=2", key=None)), f"s3:{key}") is None


def test_version_of_an_object_is_a_key_and_another_action() -> None:
    """GetObject with a version is s3:GetObjectVersion with s3:VersionId."""
    found = own(sent("GetObject", query="?versionId=v1"))
    assert found.action == "s3:GetObjectVersion"
    assert value(found, "s3:VersionId") == ("v1",)


@pytest.mark.parametrize(
    "key", ["1234abcd-12ab-34cd-56ef-1234567890ab", "alias/app", f"arn:aws:kms:eu-west-1:{OWNER}:alias/app"]
)
def test_key_id_that_the_service_resolves_is_unknown(key: str) -> None:
    """A bare id or an alias is present with a value that nobody here knows."""
    found = own(sent(headers={SSE: "aws:kms", f"{SSE}-aws-kms-key-id": key}))
    assert value(found, f"s3:{SSE}-aws-kms-key-id") is UNKNOWN


@pytest.mark.parametrize(("scheme", "wanted"), [("https", ("true",)), ("http", ("false",))])
def test_secure_transport_is_the_scheme(scheme: str, wanted: tuple[str, ...]) -> None:
    """aws:SecureTransport follows the endpoint's scheme, and without TLS there is no TLS version."""
    found = own(sent(scheme=scheme))
    assert value(found, "aws:SecureTransport") == wanted
    assert (value(found, "s3:TlsVersion") is None) == (scheme == "http")


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ({"min_tls": "1.2"}, OneOf("1.2", "1.3")),
        ({"min_tls": "1.3"}, ("1.3",)),
        ({"min_tls": "1.2", "tls": "1.2"}, ("1.2",)),
    ],
)
def test_tls_version_is_bounded_until_it_is_known(known: dict[str, Any], wanted: Any) -> None:
    """Before the handshake the client's minimum is a lower bound; afterwards the version is exact."""
    assert value(own(sent(**known)), "s3:TlsVersion") == wanted


def test_signature_in_a_header() -> None:
    """A direct call is REST-HEADER with SigV4, of no age, for the region of its signature."""
    found = own(sent())
    assert value(found, "s3:authType") == ("REST-HEADER",)
    assert value(found, "s3:signatureversion") == ("AWS4-HMAC-SHA256",)
    assert value(found, "s3:signatureAge") == ("0",)
    assert value(found, "aws:RequestedRegion") == ("eu-west-1",)


def presigned(expires: int = 300, more: str = "") -> SentRequest:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Expires={expires}&X-Amz-Signature=0123abcd&X-Amz-Security-Token=secrettoken{more}"
    )
    url = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/a/b?{query}"
    return SentRequest.observed("PutObject", "PUT", url, {}, bucket=BUCKET, key="a/b")


def test_presigned_url_runs_from_no_age_to_its_end_in_milliseconds() -> None:
    """s3:signatureAge of a URL for 300 seconds is anywhere from 0 to 300000."""
    found = own(presigned(), SESSION)
    assert value(found, "s3:authType") == ("REST-QUERY-STRING",)
    assert value(found, "s3:signatureAge") == Between(0, 300_000)
    assert value(found, "aws:RequestedRegion") == ("eu-west-1",)


def test_header_in_the_query_of_a_presigned_url_counts_as_header() -> None:
    """S3 takes x-amz-… in the query of a URL as the header, and so do the keys."""
    assert value(own(presigned(more="&x-amz-acl=private")), "s3:x-amz-acl") == ("private",)
    assert value(own(sent(query="?x-amz-acl=private")), "s3:x-amz-acl") is None


@pytest.mark.parametrize(
    ("operation", "creates"),
    [
        ("PutObject", ("true",)),
        ("CompleteMultipartUpload", ("true",)),
        ("CopyObject", ("true",)),
        ("CreateMultipartUpload", ("false",)),
        ("UploadPart", ("false",)),
        ("UploadPartCopy", ("false",)),
    ],
)
def test_object_creation_operation(operation: str, creates: tuple[str, ...]) -> None:
    """All of them are s3:PutObject, and s3:ObjectCreationOperation says which creates an object."""
    found = own(sent(operation, {"x-amz-copy-source": "other/key"}))
    assert (found.action, found.resource) == ("s3:PutObject", f"{ARN}/a/b")
    assert value(found, "s3:ObjectCreationOperation") == creates


def test_time_and_user_agent() -> None:
    """The clock is an argument, and the user agent is the header's."""
    found = own(sent(headers={"User-Agent": "app/1"}))
    assert value(found, "aws:CurrentTime") == ("2026-01-01T00:00:00Z",)
    assert value(found, "aws:EpochTime") == ("1767225600",)
    assert value(found, "aws:UserAgent") == ("app/1",)


def test_caller_is_whoever_sts_names() -> None:
    """Principal ARN, account, user id and name are those of GetCallerIdentity."""
    found = own(sent())
    assert value(found, "aws:PrincipalArn") == (ALICE.arn,)
    assert value(found, "aws:PrincipalAccount") == (OWNER,)
    assert value(found, "aws:userid") == ("AIDAEXAMPLE",)
    assert value(found, "aws:username") == ("alice",)


def test_path_of_a_role_is_unknown_unless_iam_told_it() -> None:
    """A session's ARN has no path, so that aws:PrincipalArn is unknown until the role's ARN is."""
    role = f"arn:aws:iam::{OWNER}:role/team/App"
    assert value(own(sent(), SESSION), "aws:PrincipalArn") is UNKNOWN
    assert value(own(sent(), Caller(SESSION.arn, role_arn=role)), "aws:PrincipalArn") == (role,)
    assert value(own(sent(), SESSION), "aws:username") is None


def test_direct_caller_is_no_service() -> None:
    """A direct call comes from no service, for none, and through none."""
    found = own(sent())
    assert value(found, "aws:PrincipalIsAWSService") == ("false",)
    assert value(found, "aws:ViaAWSService") == ("false",)
    for key in ("PrincipalServiceName", "SourceArn", "SourceAccount", "CalledVia"):
        assert value(found, f"aws:{key}") is None


def test_mfa_is_absent_for_long_term_keys_and_open_for_sessions() -> None:
    """Long-term keys never have aws:MultiFactorAuthPresent; what a session has is not to be seen."""
    token = {"x-amz-security-token": "secrettoken"}
    assert value(own(sent()), "aws:MultiFactorAuthPresent") is None
    assert value(own(sent(headers=token), SESSION), "aws:MultiFactorAuthPresent") == OneOf(
        "true", "false", None
    )
    assert value(own(sent()), "aws:TokenIssueTime") is None
    assert value(own(sent(headers=token), SESSION), "aws:TokenIssueTime") is UNKNOWN


def test_expected_owner_is_the_resource_account() -> None:
    """s3:ResourceAccount is known from the expected bucket owner, and unknown without one."""
    found = own(sent(headers={"x-amz-expected-bucket-owner": "444455556666"}))
    assert value(found, "s3:ResourceAccount") == ("444455556666",)
    assert found.resource_account == "444455556666"
    assert value(own(sent()), "s3:ResourceAccount") is UNKNOWN
    assert value(own(sent()), "aws:ResourceAccount") is UNKNOWN


SERVER_ONLY = [
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:PrincipalTag/team",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgID",
    "aws:ResourceTag/team",
    "s3:ExistingObjectTag/class",
    "s3:BucketTag/class",
    "aws:SomethingThatAwsAddsLater",
]


@pytest.mark.parametrize("key", SERVER_ONLY)
def test_what_only_the_server_knows_is_unknown_unless_declared(key: str) -> None:
    """Such a key is unknown in every request, and what the caller declares afterwards."""
    assert value(own(sent()), key) is UNKNOWN
    assert value(own(sent(), assume={key: "x"}), key) == ("x",)
    assert value(own(sent(), assume={key: None}), key) is None


@pytest.mark.parametrize("key", [*SERVER_ONLY[:2], "aws:PrincipalOrgID", "s3:ExistingObjectTag/class"])
def test_denial_by_a_key_of_the_server_is_never_called_allowed(key: str) -> None:
    """A Deny on a key that only the server knows leaves an otherwise allowed request unknown."""
    condition = {"IpAddress" if key.lower().endswith("ip") else "StringEquals": {key: "192.0.2.1"}}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = Policy.parse({"Statement": [allow, {**allow, "Effect": "Deny", "Condition": condition}]})
    decision = evaluate(own(sent()), resource_policy=policy)
    assert (decision.outcome, decision.unknown_keys) == ("unknown", (key,))


def test_key_that_aws_lists_and_nobody_told_of_is_unknown() -> None:
    """Of the keys that AWS lists for an action, none is absent because nobody thought of it."""
    found = own(sent("PutBucketInventoryConfiguration", query="?inventory", key=None))
    assert value(found, "s3:InventoryAccessibleOptionalFields") is UNKNOWN
    put = own(sent(headers={"x-amz-expected-bucket-owner": OWNER}))
    listed = {
        key for key in catalogue.keys_of("s3:PutObject") if key.startswith("s3:") and not set(key) & set("<{")
    }
    assert {key for key in listed if value(put, key) is UNKNOWN} == {"s3:accessgrantsinstancearn"}


def test_session_that_others_sign_for_is_a_session_all_the_same() -> None:
    """For a session as caller, MFA is open even if the request was signed with long-term keys."""
    found = own(sent(), SESSION)
    assert value(found, "aws:MultiFactorAuthPresent") == OneOf("true", "false", None)
    assert value(found, "aws:SourceIdentity") is UNKNOWN


# -- tags, Object Lock, copies, deletions: more than one permission ---------------------------------------


def actions(request: SentRequest, **more: Any) -> dict[str, str]:
    return {found.action: found.resource for found in asked(request, **more)}


EXTRA = [
    ("PutObject", {"x-amz-tagging": "a=1&b="}, "s3:PutObjectTagging"),
    ("CreateMultipartUpload", {"x-amz-tagging": "a=1"}, "s3:PutObjectTagging"),
    ("PutObject", {"x-amz-acl": "bucket-owner-full-control"}, "s3:PutObjectAcl"),
    ("CopyObject", {"x-amz-grant-read": "id=abc"}, "s3:PutObjectAcl"),
    ("PutObject", {"x-amz-object-lock-mode": "COMPLIANCE"}, "s3:PutObjectRetention"),
    ("PutObject", {"x-amz-object-lock-legal-hold": "ON"}, "s3:PutObjectLegalHold"),
    ("DeleteObject", {"x-amz-bypass-governance-retention": "true"}, "s3:BypassGovernanceRetention"),
]


@pytest.mark.parametrize(("operation", "headers", "action"), EXTRA)
def test_header_that_needs_another_permission(operation: str, headers: dict[str, str], action: str) -> None:
    """Tags, ACLs and Object Lock in a write need their own permission on the object, and only they do."""
    base = {"x-amz-copy-source": "other/key"}
    assert actions(sent(operation, base | headers))[action] == f"{ARN}/a/b"
    assert action not in actions(sent(operation, base))


def test_tags_are_keys() -> None:
    """Each tag is a key, their names are another, and no tags are absent."""
    found = own(sent(headers={"x-amz-tagging": "class=secret&empty="}))
    assert value(found, "s3:RequestObjectTag/class") == ("secret",)
    assert value(found, "s3:RequestObjectTagKeys") == ("class", "empty")
    assert value(own(sent()), "s3:RequestObjectTagKeys") is None
    assert value(own(sent()), "s3:RequestObjectTag/class") is None


def test_tags_in_a_body_are_keys() -> None:
    """PutObjectTagging has its tags in the body."""
    body = {"Tagging": {"TagSet": [{"Key": "class", "Value": "secret"}]}}
    found = own(sent("PutObjectTagging", query="?tagging", content=body))
    assert found.action == "s3:PutObjectTagging"
    assert value(found, "s3:RequestObjectTag/class") == ("secret",)


@pytest.mark.parametrize(
    ("days", "wanted"), [(30, Between(30, 30)), (30.5, Between(30, 31)), (-0.5, Between(-1, 0))]
)
def test_days_of_retention_are_bounded(days: float, wanted: Between) -> None:
    """The remaining days follow from the date and the clock, rounded either way."""
    until = (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": until}
    found = own(sent(headers=headers))
    assert value(found, "s3:object-lock-remaining-retention-days") == wanted
    assert value(found, "s3:object-lock-mode") == ("GOVERNANCE",)


def test_retention_in_a_body() -> None:
    """PutObjectRetention has mode and date in the body, and a date that is none is unknown."""
    body = {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": NOW + timedelta(days=2)}}
    found = own(sent("PutObjectRetention", query="?retention", content=body))
    assert value(found, "s3:object-lock-mode") == ("COMPLIANCE",)
    assert value(found, "s3:object-lock-remaining-retention-days") == Between(2, 2)
    odd = own(sent(headers={"x-amz-object-lock-retain-until-date": "soon"}))
    assert value(odd, "s3:object-lock-remaining-retention-days") is UNKNOWN


def test_copy_reads_its_source_and_may_copy_tags() -> None:
    """A copy needs the source, of that version, and tags on both sides only if there are some."""
    request = sent("CopyObject", {"x-amz-copy-source": "other/k%C3%A9y?versionId=v1"})
    found = {need.request.action: need for need in needs(request, caller=ALICE, now=NOW)}
    assert found["s3:GetObjectVersion"].request.resource == "arn:aws:s3:::other/kéy"
    assert value(found["s3:GetObjectVersion"].request, "s3:VersionId") == ("v1",)
    assert (
        found["s3:GetObjectVersionTagging"].when == found["s3:PutObjectTagging"].when == "the source has tags"
    )
    assert not found["s3:PutObject"].when
    replaced = {"x-amz-copy-source": "other/key", "x-amz-tagging-directive": "REPLACE"}
    assert set(actions(sent("CopyObject", replaced))) == {"s3:PutObject", "s3:GetObject"}


def test_headers_of_a_copy_are_not_known_to_be_about_its_source() -> None:
    """What the headers say of the destination is unknown of the source."""
    headers = {"x-amz-copy-source": "other/key", SSE: "AES256", "x-amz-tagging-directive": "REPLACE"}
    _, source = asked(sent("CopyObject", headers))
    assert value(source, f"s3:{SSE}") is UNKNOWN
    assert value(source, "s3:x-amz-acl") is None


def test_copied_tags_are_unknown() -> None:
    """Which tags a copy gets is known to S3 only."""
    found = own(sent("CopyObject", {"x-amz-copy-source": "other/key"}))
    assert value(found, "s3:RequestObjectTag/class") is UNKNOWN


def test_encoded_copy_source_is_one_of_two() -> None:
    """Whether policies see the source encoded is said nowhere."""
    found = own(sent("CopyObject", {"x-amz-copy-source": "other/a%20b"}))
    assert value(found, "s3:x-amz-copy-source") == OneOf("other/a%20b", "other/a b")


def test_each_deleted_key_is_asked_for() -> None:
    """DeleteObjects needs s3:DeleteObject on every key, and of versions the other action."""
    body = {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v1"}]}}
    found = asked(sent("DeleteObjects", query="?delete", key=None, content=body))
    assert [(each.action, each.resource) for each in found] == [
        ("s3:DeleteObject", f"{ARN}/a"),
        ("s3:DeleteObjectVersion", f"{ARN}/b"),
    ]
    assert [value(each, "s3:VersionId") for each in found] == [None, ("v1",)]


def test_key_that_aws_does_not_list_for_an_action_is_unknown_there() -> None:
    """s3:PutObjectTagging is not documented to see the encryption: it is unknown, not guessed."""
    tagging = asked(sent(headers={"x-amz-tagging": "a=1", SSE: "AES256"}))[1]
    assert tagging.action == "s3:PutObjectTagging"
    assert value(tagging, f"s3:{SSE}") is UNKNOWN
    assert value(tagging, f"s3:{SSE}-aws-kms-key-id") is None


@pytest.mark.parametrize("operation", ["UploadPart", "UploadPartCopy", "CompleteMultipartUpload"])
def test_encryption_of_a_part_is_possible_not_certain(operation: str) -> None:
    """A part has no header of encryption; whether S3 takes it from the upload is unknown."""
    found = own(sent(operation, {"x-amz-copy-source": "other/key"}))
    assert value(found, f"s3:{SSE}") is UNKNOWN
    assert value(found, "s3:x-amz-acl") is None


# -- KMS --------------------------------------------------------------------------------------------------

KMS_HEADERS = {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": KEY}
CONTEXT = "kms:encryptioncontext:aws:s3:arn"


def kms(request: SentRequest, **more: Any) -> list[AccessRequest]:
    return [each for each in asked(request, **more) if each.action.startswith("kms:")]


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({f"{SSE}-bucket-key-enabled": "true"}, (ARN,)),
        ({f"{SSE}-bucket-key-enabled": "false"}, (f"{ARN}/a/b",)),
        ({}, OneOf(f"{ARN}/a/b", ARN)),
        ({SSE: "aws:kms:dsse"}, (f"{ARN}/a/b",)),
    ],
)
def test_write_with_a_key_asks_kms_through_s3(headers: dict[str, str], wanted: Any) -> None:
    """S3 asks for kms:GenerateDataKey; the context is the object's ARN, with a Bucket Key the bucket's."""
    (found,) = kms(sent(headers=KMS_HEADERS | headers))
    assert (found.action, found.resource) == ("kms:GenerateDataKey", KEY)
    assert value(found, "kms:ViaService") == ("s3.eu-west-1.amazonaws.com",)
    assert value(found, "kms:CallerAccount") == (OWNER,)
    assert value(found, CONTEXT) == wanted


def test_own_encryption_context_is_known_without_a_bucket_key_only() -> None:
    """The header's pairs are keys; with a Bucket Key, or where they cannot be read, they are unknown."""
    pairs = {f"{SSE}-context": "eyJkZXBhcnRtZW50IjoiZmluYW5jZSJ9", f"{SSE}-bucket-key-enabled": "false"}
    (plain,) = kms(sent(headers=KMS_HEADERS | pairs))
    assert value(plain, "kms:EncryptionContext:department") == ("finance",)
    assert value(plain, "kms:EncryptionContext:other") is None
    assert value(plain, "kms:EncryptionContextKeys") == ("department", "aws:s3:arn")
    for change in ({f"{SSE}-bucket-key-enabled": "true"}, {f"{SSE}-context": "%%%"}):
        (found,) = kms(sent(headers=KMS_HEADERS | pairs | change))
        assert value(found, "kms:EncryptionContext:department") is UNKNOWN
        assert value(found, "kms:EncryptionContextKeys") is UNKNOWN


@pytest.mark.parametrize(
    ("operation", "headers", "action"),
    [
        ("GetObject", {}, "kms:Decrypt"),
        ("ListParts", {}, "kms:Decrypt"),
        ("CompleteMultipartUpload", {}, "kms:Decrypt"),
        ("CompleteMultipartUpload", {f"{SSE}-customer-algorithm": "AES256"}, None),
        ("UploadPart", {f"{SSE}-customer-algorithm": "AES256"}, None),
        ("AbortMultipartUpload", {}, None),
        ("HeadObject", {"x-amz-checksum-mode": "ENABLED"}, "kms:Decrypt"),
        ("HeadObject", {}, None),
        ("GetObject", {f"{SSE}-customer-algorithm": "AES256"}, None),
        ("DeleteObject", {}, None),
    ],
)
def test_reading_what_is_stored_under_a_key(
    operation: str, headers: dict[str, str], action: str | None
) -> None:
    """Reads, lists of parts and completing need kms:Decrypt on the key that is believed to be, and say so."""
    found = [
        need
        for need in needs(sent(operation, headers), caller=ALICE, now=NOW, stored_key=KEY)
        if need.request.resource == KEY
    ]
    assert [need.request.action for need in found] == ([action] if action else [])
    assert all(KEY in need.when for need in found)


@pytest.mark.parametrize("operation", ["UploadPart", "UploadPartCopy"])
def test_part_is_written_and_read_again(operation: str) -> None:
    """A part needs kms:GenerateDataKey and kms:Decrypt on the key its upload is believed to have."""
    headers = {"x-amz-copy-source": "other/key"} if operation == "UploadPartCopy" else {}
    found = needs(sent(operation, headers), caller=ALICE, now=NOW, stored_key=KEY)
    of_key = [need for need in found if need.request.resource == KEY]
    assert [need.request.action for need in of_key] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert {need.when for need in of_key} == {f"the upload is encrypted with {KEY}"}


def test_beginning_an_upload_needs_to_read_its_parts_again() -> None:
    """CreateMultipartUpload needs kms:GenerateDataKey, and kms:Decrypt in the same context."""
    headers = KMS_HEADERS | {f"{SSE}-bucket-key-enabled": "true"}
    found = needs(sent("CreateMultipartUpload", headers), caller=ALICE, now=NOW)
    write, read = (need for need in found if need.request.resource == KEY)
    assert (write.request.action, write.when) == ("kms:GenerateDataKey", "")
    assert read.request.action == "kms:Decrypt"
    assert read.when
    assert value(read.request, CONTEXT) == value(write.request, CONTEXT) == (ARN,)


def test_completing_with_checksums_needs_to_read() -> None:
    """Only additional checksums make completing read; where the request has one, the key alone is open."""

    def when(headers: dict[str, str]) -> str:
        found = needs(sent("CompleteMultipartUpload", headers), caller=ALICE, now=NOW, stored_key=KEY)
        return found[-1].when

    assert when({}) == f"the upload has additional checksums and is encrypted with {KEY}"
    assert when({"x-amz-checksum-crc32": "AAAAAA=="}) == f"the upload is encrypted with {KEY}"


def updating(key: Any) -> SentRequest:
    """A request that puts an object under another key."""
    return sent("UpdateObjectEncryption", content={"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": key}}})


def test_new_key_of_an_object_is_in_the_body() -> None:
    """UpdateObjectEncryption names its key in the body; policies see it as a header of an upload."""
    found = own(updating(KEY))
    assert value(found, f"s3:{SSE}") == ("aws:kms",)
    assert value(found, f"s3:{SSE}-aws-kms-key-id") == (KEY,)
    for request in (updating("alias/app"), updating(None), sent("UpdateObjectEncryption")):
        found = own(request)
        assert value(found, f"s3:{SSE}") is UNKNOWN
        assert value(found, f"s3:{SSE}-aws-kms-key-id") is UNKNOWN
        assert kms(request) == []


@pytest.mark.parametrize("old", [None, KEY, KEY[:-1] + "f"])
def test_new_key_of_an_object_needs_what_is_documented(old: str | None) -> None:
    """Encrypt, Decrypt, GenerateDataKey and ReEncrypt, on the new key and on that which is believed to be."""
    found = needs(updating(KEY), caller=ALICE, now=NOW, stored_key=old)
    asked_for = [(each.request.action, each.request.resource, each.when) for each in found[1:]]
    actions = ("kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo")
    assert asked_for[:4] == [(action, KEY, "") for action in actions]
    again = {None: (), KEY: ("kms:ReEncryptFrom",)}.get(old, ("kms:Decrypt", "kms:ReEncryptFrom"))
    assert asked_for[4:] == [(action, old, f"the object is encrypted with {old}") for action in again]
    assert value(found[4].request, "kms:ReEncryptOnSameKey") is UNKNOWN


def test_source_of_a_copy_under_a_key() -> None:
    """A copy decrypts its source, unless the source has a customer key."""
    headers = {"x-amz-copy-source": "other/key"}
    assert [each.action for each in kms(sent("CopyObject", headers), source_key=KEY)] == ["kms:Decrypt"]
    customer = {"x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256"}
    assert kms(sent("CopyObject", headers | customer), source_key=KEY) == []


@pytest.mark.parametrize(
    "headers", [{SSE: "AES256"}, {SSE: "aws:kms"}, {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": "alias/a"}]
)
def test_key_that_is_not_named_is_not_asked_about(headers: dict[str, str]) -> None:
    """Without a full key ARN there is nothing to ask KMS's policies about."""
    assert kms(sent(headers=headers)) == []


def test_way_to_s3_is_not_the_way_to_kms() -> None:
    """What is declared of the network holds for S3; the call that S3 makes to KMS comes another way."""
    assume = {"aws:SourceIp": "192.0.2.1", "aws:PrincipalOrgID": "o-1"}
    (found,) = kms(sent(headers=KMS_HEADERS), assume=assume)
    assert value(found, "aws:SourceIp") is UNKNOWN
    assert value(found, "aws:PrincipalOrgID") == ("o-1",)
    assert value(found, "aws:ViaAWSService") is UNKNOWN


def test_call_to_kms_from_here_is_through_no_service() -> None:
    """Client-side encryption asks KMS directly: kms:ViaService is absent, the context is its own."""
    need = key_need("kms:Decrypt", KEY, {"app": "x"}, caller=ALICE, now=NOW, more_pairs=True)
    assert value(need.request, "kms:ViaService") is None
    assert value(need.request, "kms:EncryptionContext:app") == ("x",)
    assert value(need.request, "kms:EncryptionContext:other") is UNKNOWN
    closed = key_need("kms:GenerateDataKey", KEY, {"app": "x"}, caller=ALICE, now=NOW)
    assert value(closed.request, "kms:EncryptionContext:other") is None


# -- resources --------------------------------------------------------------------------------------------

AP = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/finance"


def test_access_point_is_the_resource() -> None:
    """Through an access point, the resource is the access point's, and the need says so."""
    (need,) = needs(sent("GetObject", bucket=AP), caller=ALICE, now=NOW)
    assert need.request.resource == f"{AP}/object/a/b"
    assert need.access_point
    assert value(need.request, "s3:DataAccessPointArn") == (AP,)
    assert value(need.request, "s3:DataAccessPointAccount") == (OWNER,)
    assert value(need.request, "s3:AccessPointNetworkOrigin") is UNKNOWN
    assert value(need.request, "s3:ResourceAccount") is UNKNOWN
    assert own(sent("ListObjectsV2", bucket=AP, key=None)).resource == AP
    assert value(own(sent("GetObject")), "s3:DataAccessPointArn") is None


def test_copy_from_an_access_point() -> None:
    """An access point's object in x-amz-copy-source is taken apart."""
    header = {"x-amz-copy-source": f"{AP}/object/a%2Fb"}
    assert actions(sent("CopyObject", header))["s3:GetObject"] == f"{AP}/object/a/b"


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), (None, "aws")]
)
def test_partition_follows_the_region(region: str | None, partition: str) -> None:
    """The ARN of a bucket is of the region's partition."""
    assert own(sent(region=region)).resource == f"arn:{partition}:s3:::{BUCKET}/a/b"


def test_list_of_buckets_is_about_no_bucket() -> None:
    """ListBuckets is s3:ListAllMyBuckets on *."""
    (found,) = asked(sent("ListBuckets", bucket=None, key=None))
    assert (found.action, found.resource) == ("s3:ListAllMyBuckets", "*")


def test_new_bucket_with_object_lock() -> None:
    """CreateBucket with Object Lock needs two more permissions on the bucket, and its place is a key."""
    body = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    found = asked(sent("CreateBucket", {"x-amz-bucket-object-lock-enabled": "true"}, key=None, content=body))
    assert {each.action for each in found} == {
        "s3:CreateBucket",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketVersioning",
    }
    assert value(found[0], "s3:locationconstraint") == ("eu-west-1",)
    assert {each.resource for each in found} == {ARN}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"bucket": "finance-abcd-s3alias"}, "alias"),
    ({"bucket": "logs--euw1-az1--x-s3"}, "directory bucket"),
    ({"bucket": f"arn:aws:s3-outposts:eu-west-1:{OWNER}:outpost/op/accesspoint/ap"}, "neither"),
    ({"operation": "CreateSession"}, "permissions CreateSession needs"),
    ({"operation": "WriteGetObjectResponse"}, "permissions"),
    ({"operation": "MadeUp"}, "permissions"),
    ({"key": None}, "names no object"),
    ({"operation": "CopyObject"}, "names no source"),
    ({"operation": "CopyObject", "headers": {"x-amz-copy-source": "justabucket"}}, "names no source"),
    ({"tls": "2.0"}, "no TLS version"),
]


@pytest.mark.parametrize(("change", "says"), REFUSED)
def test_request_whose_permissions_are_not_known_is_refused(change: dict[str, Any], says: str) -> None:
    """An alias, a directory bucket, an unknown operation: an error that says so, not a guess."""
    with pytest.raises(PolicyError, match=says):
        asked(sent(**{"operation": "PutObject", **change}))


@pytest.mark.parametrize(
    "assume",
    [
        {"aws:SecureTransport": False},
        {"AWS:securetransport": "false"},
        {f"s3:{SSE}": "aws:kms"},
        {"aws:MultiFactorAuthPresent": "true"},
        {"s3:authType": "POST"},
    ],
)
def test_what_the_request_settles_cannot_be_assumed(assume: dict[str, Any]) -> None:
    """A declaration that contradicts the request is an error; one that repeats it is none."""
    with pytest.raises(PolicyError, match="cannot be assumed"):
        asked(sent(), assume=assume)
    asked(sent(), assume={"aws:SecureTransport": True, f"s3:{SSE}": None})


def test_declaration_narrows_what_is_open() -> None:
    """The TLS version and the MFA of a session may be declared."""
    token = {"x-amz-security-token": "secrettoken"}
    assume = {"s3:tlsversion": "1.3", "aws:MultiFactorAuthPresent": True}
    found = own(sent(headers=token), SESSION, assume=assume)
    assert value(found, "s3:TlsVersion") == ("1.3",)
    assert value(found, "aws:MultiFactorAuthPresent") == ("true",)


def test_clock_without_zone_is_refused() -> None:
    """A naive time would be somebody's local one."""
    with pytest.raises(PolicyError, match="zone"):
        access_requests(sent(), caller=ALICE, now=NOW.replace(tzinfo=None))


def test_unknown_and_anonymous_callers() -> None:
    """An unknown caller is unknown in every key; an anonymous one has none of them."""
    nobody = own(sent(), Caller(UNKNOWN))
    assert value(nobody, "aws:PrincipalArn") is UNKNOWN
    assert value(nobody, "aws:username") is UNKNOWN
    url = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/a/b"
    unsigned = SentRequest.observed("GetObject", "GET", url, {}, bucket=BUCKET, key="a/b")
    anyone = own(unsigned, Caller(None))
    for key in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid", "s3:authType", "s3:signatureAge"):
        assert value(anyone, key) is None
    assert value(anyone, "aws:RequestedRegion") is UNKNOWN


# -- secrets ----------------------------------------------------------------------------------------------


def test_secrets_are_dropped_at_once() -> None:
    """Nothing of the value holds a signature, a token or a customer key, from headers or from the URL."""
    customer = "x-amz-copy-source-server-side-encryption-customer-key"
    headers = {
        f"{SSE}-customer-key": "secretkey",
        customer: "secretkey",
        "X-Amz-Security-Token": "secrettoken",
    }
    kept = [sent(headers=headers), presigned(more=f"&{SSE}-customer-key=secretkey")]
    for request in kept:
        text = repr(request) + repr(dict(request.headers)) + request.url + repr(request.content)
        for secret in ("secretkey", "secrettoken", "0123abcd", "AKIDEXAMPLE"):
            assert secret not in text
        assert request.temporary


def test_body_keeps_what_policies_see_only() -> None:
    """Content, metadata and whatever else is in the parameters do not stay in the value."""
    found = sent(content={"Body": b"content", "Metadata": {"a": "b"}, "Delete": {"Objects": []}})
    assert found.content == {"Delete": {"Objects": []}}


def test_url_without_secrets_stays_as_it_was_sent() -> None:
    """Nothing is encoded anew."""
    assert sent(query="?list-type=2&prefix=a%2Fb+c").url.endswith("?list-type=2&prefix=a%2Fb+c")


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=4))
def test_any_authorization_and_headers_are_understood_or_left_out(text: str, headers: dict[str, str]) -> None:
    """Whatever stands in the headers, the request is evaluated, or PolicyError says why not."""
    request = sent(headers={**headers, "authorization": text, "x-amz-tagging": text, f"{SSE}-context": text})
    asked(request, stored_key=KEY)


# -- every operation --------------------------------------------------------------------------------------

ELSEWHERE = {"CreateSession", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"}


def test_every_operation_of_the_service_model_is_an_action_or_said_not_to_be() -> None:
    """Each operation of the installed botocore has an action in AWS's list, or is named as another's."""
    model = Loader().load_service_model("s3", "service-2")
    unknown = set()
    for operation in model["operations"]:
        try:
            assert catalogue.action(action_of(operation)) is not None, operation
        except PolicyError:
            unknown.add(operation)
    assert unknown == ELSEWHERE
