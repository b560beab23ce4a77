"""s3.check: allowed, denied by which statement, or unknown because of what; and nothing is sent."""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from secure_s3 import SecureS3Client, SecurityProfile, errors
from secure_s3.encryption import ClientSide, SseC, SseKms, SseS3
from secure_s3.envelope.keys import KmsKeys, RawAesKey
from secure_s3.policy import UNKNOWN, Policy
from tests.bucket.support import (
    ALICE,
    ALL,
    ARN,
    KEY_POLICY,
    OWNER,
    ROLE,
    SESSION,
    SSE,
    WHERE,
    check,
    client,
    deny,
    policy,
)
from tests.guard.support import BUCKET, CREDENTIALS, KEY_ARN, OTHER_ARN, RAW_KEY, core_session

STRANGER = "444455556666"
WRONG_KEY = policy(
    deny("DenyWrongKey", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": KEY_ARN}})
)
TLS = policy(deny("DenyHttp", "s3:*", {"Bool": {"aws:SecureTransport": "false"}}))
TLS_13 = policy(deny("DenyOldTls", "s3:*", {"NumericLessThan": {"s3:TlsVersion": "1.3"}}))
OFFICE = policy(deny("OnlyOffice", "s3:*", {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))


# -- the three outcomes -----------------------------------------------------------------------------------

OUTCOMES: list[tuple[str, dict[str, Any], str, str]] = [
    ("put_object", {}, "allowed", "allowed by identity policy statement 1"),
    ("put_object", {"bucket_policy": WRONG_KEY}, "allowed", ""),
    (
        "put_object",
        {"bucket_policy": WRONG_KEY, "encryption": SseKms(OTHER_ARN)},
        "denied",
        "statement DenyWrongKey",
    ),
    ("put_object", {"bucket_policy": WRONG_KEY, "encryption": SseS3()}, "denied", "statement DenyWrongKey"),
    ("upload_part", {"bucket_policy": WRONG_KEY}, "unknown", f"{SSE}-aws-kms-key-id"),
    ("PutObject", {"bucket_policy": TLS}, "allowed", ""),
    (
        "put_object",
        {"bucket_policy": TLS_13},
        "unknown",
        "because of s3:TlsVersion (bucket policy statement DenyOldTls)",
    ),
    ("put_object", {"bucket_policy": TLS_13, "assume": {"s3:TlsVersion": "1.3"}}, "allowed", ""),
    (
        "get_object",
        {"bucket_policy": OFFICE},
        "unknown",
        "because of aws:SourceIp (bucket policy statement OnlyOffice)",
    ),
    ("get_object", {"bucket_policy": OFFICE, "assume": {"aws:SourceIp": "192.0.2.9"}}, "allowed", ""),
    (
        "get_object",
        {"bucket_policy": OFFICE, "assume": {"aws:SourceIp": "198.51.100.1"}},
        "denied",
        "OnlyOffice",
    ),
    ("get_object", {"identity_policies": []}, "denied", "no policy allows s3:GetObject on"),
    ("get_object", {"identity_policies": UNKNOWN}, "unknown", "the identity policy, which was not read"),
    ("put_object", {"key_policy": []}, "denied", "no policy allows kms:GenerateDataKey"),
    ("put_object", {"key_policy": UNKNOWN}, "unknown", "the key policy, which was not read"),
    ("put_object", {"key_policy": {KEY_ARN: KEY_POLICY}}, "allowed", ""),
    ("put_object", {"key_policy": {OTHER_ARN: KEY_POLICY}}, "unknown", "the key policy, which was not read"),
    ("put_object", {"bucket_policy": UNKNOWN}, "unknown", "the bucket policy, which was not read"),
    ("put_object", {"scps": [policy()]}, "denied", "no policy allows"),
    ("put_object", {"permissions_boundary": policy()}, "denied", "no policy allows"),
    ("put_object", {"permissions_boundary": UNKNOWN}, "unknown", "permissions boundary, which was not read"),
    ("put_object", {"endpoint_policies": UNKNOWN}, "unknown", "endpoint policy, which was not read"),
    ("delete_object", {"bucket_policy": policy(deny("Keep", "s3:DeleteObject"))}, "denied", "statement Keep"),
    (
        "delete_object",
        {"bucket_policy": policy(deny("Keep", "s3:DeleteObject")), "VersionId": "v"},
        "allowed",
        "",
    ),
    ("head_object", {"bucket_policy": policy(deny("No", "s3:GetObject"))}, "denied", "statement No"),
    (
        "put_object",
        {"Tagging": "a=b", "bucket_policy": policy(deny("No", "s3:PutObjectTagging"))},
        "denied",
        "No",
    ),
]


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [
        ("create_multipart_upload", "unknown"),
        ("upload_part", "unknown"),
        ("list_parts", "unknown"),
        ("complete_multipart_upload", "unknown"),
        ("abort_multipart_upload", "allowed"),
        ("put_object", "allowed"),
    ],
)
def test_upload_in_parts_needs_to_decrypt(operation: str, outcome: str) -> None:
    """A caller who may make data keys only is not said to be allowed what AWS documents kms:Decrypt for."""
    write_only = policy(*KEY_POLICY["Statement"], deny("WriteOnly", "kms:Decrypt", resource="*"))  # type: ignore[arg-type]
    upload: dict[str, Any] = (
        {"UploadId": "u"} if operation in ("list_parts", "complete_multipart_upload") else {}
    )
    found = check(operation, key_policy=write_only, **upload)
    assert found.outcome == outcome
    assert ("WriteOnly" in str(found)) is (outcome != "allowed")


@pytest.mark.parametrize(("operation", "given", "outcome", "says"), OUTCOMES)
def test_outcome(operation: str, given: dict[str, Any], outcome: str, says: str) -> None:
    """The answer is the outcome, which the first line says, and the text says who decided or why not."""
    found = check(operation, **given)
    assert found.outcome == outcome, str(found)
    assert found.allowed == (outcome == "allowed")
    first, *others = str(found).splitlines()
    assert first.startswith(f"{found.operation}: {outcome}")
    if len(found.deciding) == 1:
        assert says in first
    assert says in "".join([first, *others])


@pytest.mark.parametrize(
    "key", ["aws:SourceVpce", "aws:PrincipalOrgID", "aws:ResourceTag/a", "s3:ExistingObjectTag/a", "aws:New"]
)
@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "Null"])
def test_what_only_the_server_knows_is_never_allowed(key: str, operator: str) -> None:
    """However a denial asks for a key of the server, the answer is unknown and names the key."""
    wanted = "true" if operator == "Null" else "x"
    found = check("get_object", bucket_policy=policy(deny("Server", "s3:*", {operator: {key: wanted}})))
    assert found.outcome == "unknown"
    assert key in str(found)


def test_listing_by_prefix() -> None:
    """A grant for one prefix allows a listing of it, and no other."""
    home = policy(
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": ARN,
            "Condition": {"StringLike": {"s3:prefix": "home/${aws:username}/*"}},
        }
    )

    def outcome(**more: Any) -> str:
        return str(check("list_objects_v2", Bucket=BUCKET, identity_policies=home, **more).outcome)

    assert outcome(Prefix="home/alice/") == "allowed"
    assert outcome(Prefix="home/bob/") == outcome() == "denied"


def test_copy_needs_both_sides() -> None:
    """The destination's policy and the source's both decide, and copied tags may."""
    copy = {**WHERE, "CopySource": {"Bucket": "source", "Key": "k"}}
    assert check("copy_object", **copy, source_policy=[]).outcome == "allowed"
    closed = policy(deny("Closed", "s3:GetObject", resource="arn:aws:s3:::source/*"))
    assert "statement Closed" in str(check("copy_object", **copy, source_policy=closed))
    tags = policy(deny("NoTags", "s3:GetObjectTagging", resource="arn:aws:s3:::source/*"))
    found = check("copy_object", **copy, source_policy=tags)
    assert (found.outcome, found.deciding[0].when) == ("unknown", "the source has tags")
    within = check("copy_object", **WHERE, CopySource=f"{BUCKET}/old")
    assert within.outcome == "allowed"
    assert "source is encrypted with" in str(within)


def test_deletion_of_many_names_the_one_that_is_denied() -> None:
    """Of several keys, the denied one is shown."""
    keep = policy(deny("Keep", "s3:DeleteObject", resource=f"{ARN}/keep/*"))
    delete = {"Objects": [{"Key": "a"}, {"Key": "keep/b"}]}
    found = check("delete_objects", Bucket=BUCKET, Delete=delete, bucket_policy=keep)
    assert found.outcome == "denied"
    assert [each.request.resource for each in found.deciding] == [f"{ARN}/keep/b"]


def test_bucket_of_another_account_needs_both() -> None:
    """Where the expected owner is another account, the bucket's policy must allow as well."""
    foreign = client(owner=STRANGER)
    grant = policy({"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "s3:*", "Resource": f"{ARN}/*"})
    assert check("get_object", foreign, bucket_policy=[]).outcome == "denied"
    assert check("get_object", foreign, bucket_policy=grant).outcome == "allowed"


def test_own_account_is_an_assumption_without_an_expected_owner() -> None:
    """Whose bucket it is is assumed, and said to be."""
    assert "belongs to 111122223333" in str(check("get_object", client()))
    assert "belongs to" not in str(check("get_object"))


def test_access_point_is_never_allowed_by_its_own_policy_alone() -> None:
    """Through an access point the bucket behind it decides as well, which is not looked at."""
    arn = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/finance"
    found = check("get_object", Bucket=arn, Key="k")
    assert found.outcome == "unknown"
    assert "bucket behind the access point" in str(found)
    closed = policy(deny("Closed", "s3:GetObject", resource=f"{arn}/object/*"))
    denied = check("get_object", Bucket=arn, Key="k", bucket_policy=closed)
    assert "denied by access point policy statement Closed" in str(denied)


# -- callers ----------------------------------------------------------------------------------------------


def test_role_path_that_nobody_told_is_unknown() -> None:
    """A denial unless aws:PrincipalArn is some role cannot be decided from the session's ARN."""
    locked = policy(deny("OnlyApp", "s3:*", {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}))
    found = check("get_object", principal=SESSION, bucket_policy=locked)
    assert (found.outcome, "aws:PrincipalArn" in str(found)) == ("unknown", True)
    told = check("get_object", principal=SESSION, bucket_policy=locked, assume={"aws:PrincipalArn": ROLE})
    assert told.outcome == "allowed"


@pytest.mark.parametrize(("token", "outcome"), [("token", "unknown"), (None, "allowed")])
def test_keys_of_identity_providers_may_be_in_sessions(token: str | None, outcome: str) -> None:
    """A key of a provider that nobody foresaw is unknown in a session and absent for long-term keys."""
    for condition in (
        {"StringEquals": {"token.example.com:sub": "x"}},
        {"StringEquals": {"aws:UserAgent": "${saml:sub}"}},
    ):
        given = policy(deny("Provider", "s3:*", condition))
        assert check("get_object", client(token=token, owner=OWNER), bucket_policy=given).outcome == outcome


def test_mfa() -> None:
    """Long-term keys have no MFA key; what a session has is unknown until it is declared."""
    mfa = policy(deny("Mfa", "s3:DeleteObject", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    with_token = client(token="token", owner=OWNER)
    assert check("delete_object", bucket_policy=mfa).outcome == "denied"
    assert check("delete_object", with_token, bucket_policy=mfa).outcome == "unknown"
    declared = {"aws:MultiFactorAuthPresent": True}
    assert check("delete_object", with_token, bucket_policy=mfa, assume=declared).outcome == "allowed"


# -- client-side encryption -------------------------------------------------------------------------------


def test_client_side_asks_kms_itself() -> None:
    """The data key is asked for directly: a key policy that wants kms:ViaService of S3 denies it."""
    sealed = ClientSide(KmsKeys(KEY_ARN))
    assert check(encryption=sealed).outcome == "allowed"
    via = policy(
        *KEY_POLICY["Statement"],  # type: ignore[arg-type]
        deny("OnlyS3", "kms:*", {"StringNotEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}, "*"),
    )
    assert "key policy statement OnlyS3" in str(check(encryption=sealed, key_policy=via))
    assert check(key_policy=via).outcome == "allowed"


def test_client_side_context_is_the_place() -> None:
    """The encryption context that the strategy binds is what the key's policy is asked with."""
    pair = "kms:EncryptionContext:" + next(iter(ClientSide(KmsKeys(KEY_ARN)).context_for(BUCKET, "a/b")))
    bound = policy(*KEY_POLICY["Statement"], deny("Bound", "kms:*", {"StringEquals": {pair: BUCKET}}, "*"))  # type: ignore[arg-type]
    assert check(encryption=ClientSide(KmsKeys(KEY_ARN)), key_policy=bound).outcome == "denied"
    loose = ClientSide(KmsKeys(KEY_ARN), bind_location=False)
    assert check(encryption=loose, key_policy=bound).outcome == "allowed"


def test_client_side_reads_with_any_of_its_keys() -> None:
    """To write, all keys are needed; to read, which one depends on the object."""
    both = ClientSide(KmsKeys(KEY_ARN, OTHER_ARN))
    one = {KEY_ARN: KEY_POLICY, OTHER_ARN: []}
    assert check(encryption=both, key_policy=one).outcome == "denied"
    read = check("get_object", encryption=both, key_policy=one)
    assert (read.outcome, OTHER_ARN in read.deciding[0].when) == ("unknown", True)


@pytest.mark.parametrize("keys", [RawAesKey("k", RAW_KEY)])
def test_client_side_with_local_keys_asks_s3_only(keys: RawAesKey) -> None:
    """Without KMS keys there is nothing to ask of KMS."""
    found = check(encryption=ClientSide(keys))
    assert [each.request.action for each in found.permissions] == ["s3:PutObject"]


def test_client_side_copy_is_a_download_and_an_upload() -> None:
    """A copy passes through here: s3:GetObject at the source, s3:PutObject at the destination."""
    sealed = ClientSide(RawAesKey("k", RAW_KEY))
    copy = {**WHERE, "CopySource": "source/old", "source_policy": [], "MetadataDirective": "COPY"}
    found = check("copy_object", encryption=sealed, source_encryption=sealed, **copy)
    assert [each.operation for each in found.sent] == ["GetObject", "PutObject"]
    wanted = [("s3:GetObject", "arn:aws:s3:::source/old"), ("s3:PutObject", f"{ARN}/a/b")]
    assert [(each.request.action, each.request.resource) for each in found.permissions] == wanted
    with pytest.raises(errors.ConfigurationError, match="names no object"):
        check("copy_object", encryption=sealed, **{**copy, "CopySource": "source"})


def test_customer_keys_need_no_kms() -> None:
    """Under SSE-C nothing is asked of KMS, and the key is nowhere in the answer."""
    found = check(
        "copy_object", encryption=SseC(RAW_KEY), CopySource=f"{BUCKET}/old", source_encryption=SseC(RAW_KEY)
    )
    assert {each.request.action.split(":")[0] for each in found.permissions} == {"s3"}
    assert SseC(RAW_KEY).headers("PutObject")[f"{SSE[3:]}-customer-key"] not in repr(found) + json.dumps(
        found.to_dict()
    )


@pytest.mark.parametrize(
    ("operation", "encryption", "told"),
    [
        ("get_object", SseS3(), True),
        ("get_object", SseKms(KEY_ARN), False),
        ("get_object", SseC(RAW_KEY), False),
        ("copy_object", SseS3(), True),
        ("put_object", SseS3(), False),
    ],
)
def test_key_of_what_is_read_is_named_where_nobody_knows_it(
    operation: str, encryption: Any, told: bool
) -> None:
    """An object may be under a KMS key that this client does not know of; then that is not examined."""
    copy = {"CopySource": f"{BUCKET}/old", "source_encryption": encryption} if "copy" in operation else {}
    found = check(operation, encryption=encryption, **copy)
    assert ("the KMS key that the object may be encrypted with" in found.not_examined) == told


# -- what is told -----------------------------------------------------------------------------------------


def test_text_tells_what_was_not_looked_at() -> None:
    """What was not examined is named: layers, Block Public Access, ACLs, grants; given layers are not."""
    text = str(check())
    for words in (
        "service control policies",
        "Block Public Access",
        "ACLs",
        "Object Lock",
        "grants on KMS keys",
    ):
        assert words in text
    given = check(scps=[ALL], permissions_boundary=[], endpoint_policies=[])
    assert given.not_examined[0] == "resource control policies"
    assert "permissions boundary" not in given.not_examined


def test_text_tells_what_nobody_was_asked() -> None:
    """With fetch=False, each thing that was not given is a gap, and the answer is unknown."""
    found = client().check("put_object", **WHERE, fetch=False)
    assert found.outcome == "unknown"
    assert [(gap.what, gap.argument) for gap in found.gaps] == [
        ("the caller", "principal"),
        ("the caller's own policies", "identity_policies"),
        (f"the policy of {BUCKET}", "bucket_policy"),
        (f"the policy of {KEY_ARN}", "key_policy"),
    ]
    assert f"could not be read: the policy of {BUCKET}: nothing was asked; give bucket_policy=" in str(found)


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{OWNER}:root"])
def test_account_root_has_no_policies_that_could_be_missing(principal: str) -> None:
    """Of an account's root user nobody has to be asked which policies it has."""
    found = check("get_object", principal=principal, identity_policies=None)
    assert (found.outcome, found.gaps) == ("allowed", ())


@pytest.mark.parametrize(
    ("operation", "given", "line"),
    [
        (
            "put_object",
            {"bucket_policy": WRONG_KEY, "encryption": SseKms(OTHER_ARN)},
            f"condition of bucket policy statement DenyWrongKey: StringNotEquals {SSE}-aws-kms-key-id: "
            f"policy says {KEY_ARN}; request: {OTHER_ARN} -> holds",
        ),
        (
            "get_object",
            {"bucket_policy": OFFICE},
            "condition of bucket policy statement OnlyOffice: NotIpAddress aws:SourceIp: "
            "policy says 192.0.2.0/24; request: not known -> unknown",
        ),
        (
            "get_object",
            {
                "identity_policies": policy(
                    {
                        "Sid": "Mine",
                        "Effect": "Allow",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {
                            "StringEquals": {"aws:username": "bob"},
                            "Null": {"aws:username": "false"},
                        },
                    }
                )
            },
            "not by identity policy statement Mine: StringEquals aws:username: "
            "policy says bob; request: alice -> does not hold",
        ),
        (
            "get_object",
            {
                "identity_policies": policy(
                    {"Sid": "Mine", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}
                )
            },
            "not by identity policy statement Mine: its resource is another",
        ),
    ],
)
def test_text_has_the_deciding_conditions(operation: str, given: dict[str, Any], line: str) -> None:
    """What the policy wanted and what the request has is said of the conditions that decide."""
    found = check(operation, **given)
    told = [each.strip() for each in str(found).splitlines() if each.startswith(("  condition", "  not by"))]
    assert told == [line]
    assert line in found.to_dict()["permissions"][0]["conditions"]


def test_what_allows_has_no_conditions_to_look_at() -> None:
    """Of an allowance no conditions are shown."""
    assert "condition" not in str(check(bucket_policy=WRONG_KEY))


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("put_object", {"bucket_policy": OFFICE | {}, "Tagging": "a=b"}),
        ("get_object", {"bucket_policy": OFFICE}),
        (
            "put_object",
            {"principal": None, "identity_policies": None, "bucket_policy": None, "Tagging": "a=b"},
        ),
        ("put_object", {"bucket_policy": policy(deny("No", "s3:*")), "Tagging": "a=b"}),
    ],
)
def test_each_reason_is_said_once(operation: str, given: dict[str, Any]) -> None:
    """What several permissions have in common stands in the first line, and not again with each of them."""
    found = check(operation, **given)
    reasons = {part for each in found.deciding for part in each.words.parts}
    said = [line for line in str(found).splitlines() if not line.startswith(("  condition", "  could"))]
    for reason in reasons:
        assert sum(line.count(reason) for line in said) == 1, str(found)


def test_allowances_are_told_whole() -> None:
    """A key needs its own policy and the caller's: both are named with it."""
    lines = str(check()).splitlines()
    assert lines[0] == "PutObject: allowed"
    assert "allowed by key policy statement Account, identity policy statement 1" in lines[2]


def test_conditional_denial_is_unknown_in_words_too() -> None:
    """A denial of what may not be needed reads as unknown, with what it depends on."""
    copy = {**WHERE, "CopySource": {"Bucket": "source", "Key": "k"}}
    tags = policy(deny("NoTags", "s3:GetObjectTagging", resource="arn:aws:s3:::source/*"))
    first = str(check("copy_object", **copy, source_policy=tags)).splitlines()[0]
    assert first == "CopyObject: unknown: denied by bucket policy statement NoTags if the source has tags"


# -- without credentials ------------------------------------------------------------------------------------


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> SecureS3Client:
    """A client that has no credentials and finds none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    core = core_session()
    core.register_component("credential_provider", SimpleNamespace(load_credentials=lambda: None))
    session = boto3.Session(botocore_session=core, region_name="eu-west-1")
    return SecureS3Client(
        SseKms(KEY_ARN), session=session, profile=SecurityProfile(expected_bucket_owner=OWNER)
    )


def test_asking_nobody_needs_no_credentials(nobody: SecureS3Client) -> None:
    """With fetch=False a check without credentials is answered, and says that there were none."""
    found = check("put_object", nobody, bucket_policy=WRONG_KEY)
    assert found.outcome == "allowed", str(found)
    assert f"the caller is {ALICE}: there are no credentials here that would tell" in found.assumed
    assert check("put_object", nobody, bucket_policy=WRONG_KEY, encryption=SseS3()).outcome == "denied"
    sealed = ClientSide(RawAesKey("k", RAW_KEY))
    copy = {"CopySource": f"{BUCKET}/old", "encryption": sealed, "source_encryption": sealed}
    assert check("copy_object", nobody, **WHERE, **copy, source_policy=[]).outcome == "allowed"


def test_caller_is_unknown_without_credentials_and_principal(nobody: SecureS3Client) -> None:
    """Who will sign is unknown, and which kind of credentials: nothing that depends on them is decided."""
    found = check("put_object", nobody, principal=None)
    assert found.outcome == "unknown"
    assert [gap.argument for gap in found.gaps] == ["principal"]
    mfa = policy(deny("Mfa", "s3:*", {"Null": {"aws:MultiFactorAuthPresent": "true"}}))
    assert check("put_object", nobody, bucket_policy=mfa).outcome == "unknown"
    assert check("put_object", bucket_policy=mfa).outcome == "denied"  # long-term credentials have none


def test_without_credentials_nothing_is_signed_for_sending(nobody: SecureS3Client) -> None:
    """Where services may be asked, and in real calls, missing credentials stay an error."""
    with pytest.raises(errors.ConfigurationError, match="NoCredentialsError"):
        nobody.check("put_object", **WHERE)
    check("put_object", nobody)
    with pytest.raises(errors.ConfigurationError, match="NoCredentialsError"):
        nobody.put_object(**WHERE, Body=b"")


def test_credentials_that_are_there_are_used() -> None:
    """With credentials, nothing is said of missing ones."""
    assert "no credentials" not in str(check("put_object"))


# -- secrets ------------------------------------------------------------------------------------------------

TOKEN = "MARKEDsessionToken//abc+def=="
B64 = base64.b64encode(RAW_KEY).decode()
SECRETS = (
    B64,
    quote(B64, safe=""),
    RAW_KEY.hex(),
    repr(RAW_KEY)[2:-1],
    TOKEN,
    quote(TOKEN, safe=""),
    CREDENTIALS["aws_secret_access_key"],
    CREDENTIALS["aws_access_key_id"],
    "Signature=",
    "SignedHeaders=",
)


def leaks(*texts: str) -> list[str]:
    return [secret for secret in SECRETS for text in texts if secret in text]


@pytest.mark.parametrize("operation", ["put_object", "get_object", "copy_object", "upload_part"])
def test_answer_holds_no_secret(operation: str) -> None:
    """Customer key, session token, secret key, authorization and signature are in no form of an answer."""
    own: dict[str, Any] = {"encryption": SseC(RAW_KEY)}
    if operation == "copy_object":
        own |= {"CopySource": f"{BUCKET}/old", "source_encryption": SseC(RAW_KEY)}
    found = check(operation, client(token=TOKEN), **own, bucket_policy=policy(deny("No", "s3:*")))
    assert found.outcome == "denied"
    for each in (found, *found.sent, *found.permissions):
        pickled = pickle.dumps(each)
        assert pickle.loads(pickled) == each
        assert leaks(str(each), repr(each), pickled.decode("latin-1")) == []
        assert RAW_KEY not in pickled
    assert leaks(json.dumps(found.to_dict()), *(repr(asdict(sent)) for sent in found.sent)) == []
    assert found.sent[0].header("x-amz-server-side-encryption-customer-algorithm") == "AES256" or (
        operation == "copy_object"
    )


SPOILT: list[tuple[str, dict[str, Any]]] = [
    ("put_object", {"Colour": "red"}),
    ("put_object", {"Metadata": 7}),
    ("put_object", {"SSECustomerKey": RAW_KEY, "SSECustomerAlgorithm": "AES256", "encryption": SseS3()}),
    ("put_object", {"SSECustomerKey": [B64]}),
    ("copy_object", {}),
    ("copy_object", {"CopySource": 7, "source_encryption": SseC(RAW_KEY)}),
    ("put_object", {"bucket_policy": "{"}),
    ("put_object", {"assume": {"aws:SecureTransport": "false"}}),
]


@pytest.mark.parametrize(("operation", "given"), SPOILT)
def test_refusal_holds_no_secret(operation: str, given: dict[str, Any]) -> None:
    """Nor are they in an error that a check ends with, its causes and its traceback included."""
    with pytest.raises(errors.SecureS3Error) as caught:
        check(operation, client(token=TOKEN), **{"encryption": SseC(RAW_KEY), **given})
    _holds_no_secret(caught.value)


def test_last_look_holds_no_secret() -> None:
    """Nor in the error about a request that was complete, with signature and all."""
    s3 = client(SseC(RAW_KEY), token=TOKEN)

    def spoil(request: Any, **_: Any) -> None:
        request.headers["x-amz-acl"] = "public-read"

    s3.boto3.meta.events.register_last("before-sign", spoil, unique_id="zzz-spoil")
    with pytest.raises(errors.PublicAccessRefused) as caught:
        check("put_object", s3)
    _holds_no_secret(caught.value)


def _holds_no_secret(error: errors.SecureS3Error) -> None:
    trace = "".join(traceback.format_exception(error))
    pickled = pickle.dumps(error).decode("latin-1")
    # The source lines of this file are in the traceback; they have names, no values.
    assert leaks(str(error), repr(error), json.dumps(error.diagnostics(), default=str), trace, pickled) == []


def test_assumptions_are_told() -> None:
    """What the caller declared, and which key an object is believed to have, are in the text."""
    text = str(check("get_object", assume={"aws:SourceIp": "192.0.2.1"}))
    assert "assumed: aws:SourceIp is 192.0.2.1" in text
    assert f"assumed: the object is encrypted with {KEY_ARN}" in text


def test_answer_is_no_truth_value() -> None:
    """`if s3.check(…)` would be true whatever came out: it raises."""
    with pytest.raises(TypeError, match="three outcomes"):
        bool(check())


def test_answer_as_plain_values() -> None:
    """to_dict() can be written as JSON and holds outcome, reasons and requests."""
    told = json.loads(json.dumps(check(bucket_policy=WRONG_KEY, encryption=SseS3()).to_dict()))
    assert told["outcome"] == "denied"
    assert told["because"] == ["denied by bucket policy statement DenyWrongKey"]
    assert told["requests"][0]["method"] == "PUT"
    assert told["permissions"][0]["decision"]["outcome"] == "explicitly_denied"


# -- refusals ---------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("put_object", {"ACL": "public-read"}, errors.PublicAccessRefused, "everybody"),
    ("put_object", {"ServerSideEncryption": "AES256"}, errors.EncryptionConflict, "contradicts"),
    ("put_object", {"bucket_polcy": "{}"}, errors.ConfigurationError, "no argument bucket_polcy"),
    ("put_object", {"bucket_polcy": "{}"}, errors.ConfigurationError, "did you mean bucket_policy=?"),
    ("put_object", {"Colour": "red"}, errors.ConfigurationError, "PutObject has no parameter Colour"),
    ("put_object", {"StorageClas": "GLACIER"}, errors.ConfigurationError, "did you mean StorageClass?"),
    ("put_object", {"Bucket": BUCKET}, errors.ConfigurationError, "PutObject lacks Key"),
    ("copy_object", {}, errors.ConfigurationError, "CopyObject lacks CopySource"),
    (
        "copy_object",
        {"CopySource": f"{BUCKET}/old", "Fooo": 1, "encryption": ClientSide(RawAesKey("k", RAW_KEY))},
        errors.ConfigurationError,
        "CopyObject has no parameter Fooo",
    ),
    ("put_objekt", {}, errors.ConfigurationError, "no operation of S3"),
    ("upload_file", {}, errors.ConfigurationError, "did you mean 'put_object'?"),
    ("create_session", {"Bucket": BUCKET}, errors.PolicyError, "CreateSession"),
    (
        "put_object",
        {"Bucket": "logs--euw1-az1--x-s3", "Key": "k"},
        errors.ConfigurationError,
        "directory bucket",
    ),
    ("put_object", {"bucket_policy": "{"}, errors.PolicyError, ""),
    ("put_object", {"bucket_policy": 7}, errors.PolicyError, "bucket_policy= is a int"),
    ("put_object", {"bucket_policy": [ALL, ALL]}, errors.PolicyError, "has 2 policies"),
    ("put_object", {"principal": "alice"}, errors.ConfigurationError, "is no caller"),
    ("put_object", {"principal": "logging.s3.amazonaws.com"}, errors.ConfigurationError, "is no caller"),
    ("put_object", {"principal": 7}, errors.ConfigurationError, "is no caller"),
    ("put_object", {"assume": ["aws:SourceIp"]}, errors.ConfigurationError, "is no mapping"),
    ("put_object", {"assume": {"SourceIp": "192.0.2.1"}}, errors.ConfigurationError, "prefix:name"),
    ("put_object", {"assume": {7: "192.0.2.1"}}, errors.ConfigurationError, "prefix:name"),
    (
        "put_object",
        {"assume": {"aws:SorceIp": "192.0.2.1"}},
        errors.PolicyError,
        "did you mean 'aws:SourceIp'",
    ),
    ("get_object", {"assume": {"s3:TlsVersionn": "1.3"}}, errors.PolicyError, "did you mean 's3:TlsVersion'"),
    ("get_object", {"assume": {"aws:SourceIp": "office"}}, errors.PolicyError, "no address"),
    ("put_object", {"assume": {"aws:SecureTransport": False}}, errors.PolicyError, "cannot be assumed"),
    ("put_object", {"assume": {"aws:SourceIp": object()}}, errors.PolicyError, "aws:SourceIp"),
    ("put_object", {"encryption": "sse-s3"}, errors.ConfigurationError, "not an encryption strategy"),
]


@pytest.mark.parametrize(("operation", "given", "error", "says"), REFUSED)
def test_refusal(operation: str, given: dict[str, Any], error: type[Exception], says: str) -> None:
    """What would not be sent, and arguments that cannot be meant, are typed errors."""
    with pytest.raises(error) as caught:
        check(operation, **given)
    assert says in str(caught.value)


# -- the embedded endpoint --------------------------------------------------------------------------------


@pytest.fixture
def app(local_aws: Any) -> SecureS3Client:
    """A client of a role, with a path, that may do everything but what its boundary keeps it from."""
    local_aws.create_bucket(BUCKET)
    iam = local_aws.session().client("iam")
    keep = policy(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "Keep", "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    )
    boundary = iam.create_policy(PolicyName="keep", PolicyDocument=json.dumps(keep))["Policy"]["Arn"]
    trust = json.dumps(policy())
    iam.create_role(
        RoleName="App", Path="/team/", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary
    )
    iam.put_role_policy(RoleName="App", PolicyName="all", PolicyDocument=json.dumps(ALL))
    iam.close()
    own = local_aws.session(role="App", session_name="one")
    return local_aws.client(SseKms(local_aws.kms_key_arn), session=own)  # type: ignore[no-any-return]


def test_everything_is_found_out(app: SecureS3Client) -> None:
    """Caller, role, boundary, bucket policy and key policy are read; the bucket is known to be its own."""
    with app as s3:
        found = s3.check("put_object", **WHERE)
        assert found.outcome == "allowed", str(found)
        assert (found.gaps, found.assumed) == ((), ())
        assert found.permissions[0].request.principal == SESSION
        assert found.permissions[0].request.context["aws:PrincipalArn"] == ROLE.replace("App", "team/App")
        assert "permissions boundary" not in found.not_examined
        assert "session policies" in found.not_examined
        assert "permissions boundary statement Keep" in str(s3.check("delete_bucket", Bucket=BUCKET))
        key = s3.encryption.parameters("PutObject")["SSEKMSKeyId"]
        wrong = json.dumps(WRONG_KEY).replace(KEY_ARN, str(key)[:-4] + "0000")
        s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=wrong)
        assert "denied by bucket policy statement DenyWrongKey" in str(s3.check("put_object", **WHERE))
        s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(OFFICE))
        assert "unknown because of aws:SourceIp" in str(s3.check("get_object", **WHERE))
        listed = s3.list_objects_v2(Bucket=BUCKET)
        assert listed["KeyCount"] == 0  # nothing was written by checking


def test_policies_of_a_user_and_its_groups_are_found_out(local_aws: Any) -> None:
    """What a user may do by its group's policy is seen, and what its own policy denies."""
    local_aws.create_bucket(BUCKET)
    iam = local_aws.session().client("iam")
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="all", PolicyDocument=json.dumps(ALL))
    iam.create_user(UserName="alice")
    iam.add_user_to_group(GroupName="staff", UserName="alice")
    keep = policy({"Sid": "Mine", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"})
    iam.put_user_policy(UserName="alice", PolicyName="keep", PolicyDocument=json.dumps(keep))
    iam.close()
    with local_aws.client(SseS3(), session=local_aws.session(user="alice")) as s3:
        assert s3.check("put_object", **WHERE).outcome == "allowed"
        assert "identity policy statement Mine" in str(s3.check("delete_object", **WHERE))
        assert "session policies" not in s3.check("get_object", **WHERE).not_examined


def test_caller_of_the_embedded_endpoint_is_found_out(local_aws: Any) -> None:
    """The ready credentials are those of a user who may do everything: only the bucket's policy can deny."""
    local_aws.create_bucket(BUCKET)
    with local_aws.client(SseKms(local_aws.kms_key_arn)) as s3:
        found = s3.check("put_object", **WHERE)
        assert (found.outcome, found.gaps, found.assumed) == ("allowed", (), ())
        assert found.permissions[0].request.principal == f"arn:aws:iam::{OWNER}:user/local"
        denied = s3.check("put_object", **WHERE, encryption=SseS3(), bucket_policy=WRONG_KEY)
        assert "denied by bucket policy statement DenyWrongKey" in str(denied)


def test_caller_whom_nobody_knows_is_a_gap(local_aws: Any) -> None:
    """Whose keys the embedded endpoint does not know is nobody of IAM: the answer is unknown and says so."""
    local_aws.create_bucket(BUCKET)
    keys = {"AccessKeyId": "AKIAI44QH8DHBEXAMPLE", "SecretAccessKey": "secret"}
    foreign = local_aws.session(credentials=keys)
    with local_aws.client(SseS3(), session=foreign) as s3:
        found = s3.check("get_object", **WHERE)
    assert found.outcome == "unknown"
    assert "the caller" in [gap.what for gap in found.gaps]
    assert "access denied" not in [gap.why for gap in found.gaps]


def test_policies_may_be_texts_and_policies() -> None:
    """A policy is given as text, as a mapping, or parsed."""
    text = json.dumps(WRONG_KEY)
    for given in (text, text.encode(), Policy.parse(text), [WRONG_KEY]):
        assert check(bucket_policy=given, encryption=SseS3()).outcome == "denied"
