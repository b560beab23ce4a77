"""Key policies, grants and key states of the embedded endpoint, in calls to KMS and through S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.people import (
    ACCOUNT,
    ROLE,
    SESSION,
    USER,
    allow,
    client,
    deny,
    document,
    refusal,
    role,
    session,
    user,
)

ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
ADMIN = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/local"})
BY_IAM = allow("kms:*", **ROOT)
CONTEXT = {"team": "blue"}
BUCKET = "amzn-s3-demo-bucket"
MAKE = "kms:GenerateDataKey"
AMBIGUOUS = (
    "on the resource associated with this ciphertext because the resource does not exist in this Region, no "
    "resource-based policies allow access, or a resource-based policy explicitly denies access"
)


class Key:
    """A key with the policy that a test gives it, and clients that use it."""

    def __init__(self, aws: Any) -> None:
        self.aws, self.arn = aws, aws.create_key()
        self.clients: list[Any] = []
        self.kms = self.client("kms")

    def client(self, service: str, **credentials: str) -> Any:
        """A client that is closed in the end."""
        self.clients.append(client(self.aws, service, **credentials))
        return self.clients[-1]

    def policy(self, *statements: dict[str, Any]) -> None:
        """Replace the policy of the key."""
        text = document(ADMIN, *statements)
        self.kms.put_key_policy(KeyId=self.arn, PolicyName="default", Policy=text)

    def blob(self, **more: Any) -> bytes:
        """A ciphertext."""
        return bytes(self.kms.encrypt(KeyId=self.arn, Plaintext=b"secret", **more)["CiphertextBlob"])


@pytest.fixture
def key(local_aws: Any) -> Iterator[Key]:
    """A key of its own."""
    made = Key(local_aws)
    yield made
    for each in made.clients:
        each.close()


ANOTHER_TEAM = {"StringNotEquals": {"kms:EncryptionContext:team": "blue"}}
OF_THIS_ACCOUNT = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
OF_THAT_ALIAS = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/x"}}

TABLE = [
    # key policy besides the administrator's, identity policy, what refuses; "" if it is allowed
    ([BY_IAM], [allow(MAKE)], ""),
    ([BY_IAM], [], "no identity-based policy allows"),
    ([BY_IAM], [allow("s3:*")], "no identity-based policy allows"),
    ([BY_IAM], [allow(MAKE), deny("kms:*")], "with an explicit deny in an identity-based policy"),
    ([], [allow("kms:*")], "no resource-based policy allows"),
    ([allow(MAKE, Principal={"AWS": "{who}"})], [], ""),
    ([allow(MAKE, Principal={"AWS": "{who}"})], [deny(MAKE)], "with an explicit deny in an identity-based"),
    ([allow("kms:Decrypt", Principal={"AWS": "{who}"})], [], "because no "),
    ([BY_IAM, deny(MAKE, Principal={"AWS": "{who}"})], [allow(MAKE)], "explicit deny in a resource-based"),
    ([BY_IAM, deny(MAKE, Principal="*", Condition=ANOTHER_TEAM)], [allow(MAKE)], "deny in a resource-based"),
    ([allow(MAKE, **ROOT, Condition=OF_THIS_ACCOUNT)], [allow(MAKE)], ""),
    ([allow(MAKE, **ROOT, Condition={"Null": {"kms:ViaService": "false"}})], [allow(MAKE)], "no resource-b"),
    ([BY_IAM], [allow(MAKE, Condition={"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}})], ""),
    ([BY_IAM], [allow(MAKE, Condition=OF_THAT_ALIAS)], "no identity-based policy allows"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["user", "session"])
def test_table(key: Key, kind: str) -> None:
    """Key policy and identity policies decide together, for a user and for a role's session."""
    iam = key.client("iam")
    if kind == "user":
        who, arn, shown = key.client("kms", **user(key.aws)), USER, USER
        put, named = iam.put_user_policy, {"UserName": "alice"}
    else:
        who, arn, shown = key.client("kms", **session(key.aws, role(key.aws))), ROLE, SESSION
        put, named = iam.put_role_policy, {"RoleName": "App"}
    for statements, own, expected in TABLE:
        key.policy(*(_named(statement, arn) for statement in statements))
        put(**named, PolicyName="own", PolicyDocument=document(*(own or [allow("s3:ListAllMyBuckets")])))
        asked = {"KeyId": key.arn, "KeySpec": "AES_256"}
        if not expected:
            assert who.generate_data_key(**asked)["KeyId"] == key.arn
            continue
        status, code, message = refusal(who.generate_data_key, **asked)
        assert (status, code) == (400, "AccessDeniedException")
        assert message.startswith(
            f"User: {shown} is not authorized to perform: {MAKE} on resource: {key.arn} "
        )
        assert expected in message, (statements, own)


def _named(statement: dict[str, Any], arn: str) -> dict[str, Any]:
    return {**statement, "Principal": {"AWS": arn}} if "{who}" in str(statement) else statement


def test_words(key: Key) -> None:
    """The whole texts are those of KMS, and of a bare ciphertext they do not tell whether its key exists."""
    creds = user(key.aws, allow("kms:*"))
    kms, blob = key.client("kms", **creds), key.blob()
    key.policy()
    head = f"User: {USER} is not authorized to perform: kms:Decrypt"
    told = refusal(kms.decrypt, CiphertextBlob=blob)
    assert told == (400, "AccessDeniedException", f"{head} {AMBIGUOUS}")
    gone = b"00000000-0000-0000-0000-000000000000" + blob[36:]
    assert refusal(kms.decrypt, CiphertextBlob=gone) == told
    assert refusal(key.kms.decrypt, CiphertextBlob=gone)[2].endswith(AMBIGUOUS)
    _, _, named = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=key.arn)
    assert (
        named
        == f"{head} on resource: {key.arn} because no resource-based policy allows the kms:Decrypt action"
    )
    key.policy(BY_IAM)
    key.client("iam").delete_user_policy(UserName="alice", PolicyName="own")
    _, _, lacking = refusal(kms.decrypt, CiphertextBlob=blob)
    reason = "because no identity-based policy allows the kms:Decrypt action"
    assert lacking == f"{head} on the resource associated with this ciphertext {reason}"
    _, _, listing = refusal(kms.list_keys)
    listed = "kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action"
    assert listing == f"User: {USER} is not authorized to perform: {listed}"


def test_boundary_and_session_policy(key: Key) -> None:
    """A session policy bounds what the key policy grants to the role, not what it grants to the session."""
    narrow = document(allow("kms:DescribeKey"))
    kms = key.client("kms", **session(key.aws, role(key.aws, allow("kms:*")), Policy=narrow))
    key.policy(BY_IAM, allow(MAKE, Principal={"AWS": ROLE}))
    assert kms.describe_key(KeyId=key.arn)
    asked = {"KeyId": key.arn, "KeySpec": "AES_256"}
    assert "no session policy allows" in refusal(kms.generate_data_key, **asked)[2]
    key.policy(BY_IAM, allow(MAKE, Principal={"AWS": SESSION}))
    assert kms.generate_data_key(**asked)


def test_two_keys_of_one_call(key: Key) -> None:
    """ReEncrypt needs the one key to decrypt and the other to encrypt."""
    kms, blob = key.client("kms", **user(key.aws, allow("kms:*"))), key.blob()
    other = Key(key.aws)
    key.policy(allow("kms:ReEncryptFrom", **ROOT))
    asked = {"CiphertextBlob": blob, "DestinationKeyId": other.arn}
    assert kms.re_encrypt(**asked)["KeyId"] == other.arn
    other.policy(allow("kms:ReEncryptFrom", **ROOT))
    message = refusal(kms.re_encrypt, **asked)[2]
    assert f"kms:ReEncryptTo on resource: {other.arn} because no resource-based policy" in message
    key.policy(allow("kms:ReEncryptTo", **ROOT))
    assert f"kms:ReEncryptFrom {AMBIGUOUS}" in refusal(kms.re_encrypt, **asked)[2]
    other.kms.close()


def test_names_of_a_key(key: Key) -> None:
    """However a key is named, it is its policy that decides; a policy can ask for an alias."""
    key.kms.create_alias(AliasName="alias/app", TargetKeyId=key.arn)
    place, _, bare = key.arn.partition(":key/")
    names, aliases = (bare, key.arn), ("alias/app", f"{place}:alias/app")
    kms = key.client("kms", **user(key.aws))
    key.policy(allow("kms:Encrypt", Principal={"AWS": USER}))
    for name in names + aliases:
        assert kms.encrypt(KeyId=name, Plaintext=b"x")["KeyId"] == key.arn
    by_alias = {"StringEquals": {"kms:RequestAlias": "alias/app"}}
    key.policy(allow("kms:Encrypt", Principal={"AWS": USER}, Condition=by_alias))
    for name in aliases:
        assert kms.encrypt(KeyId=name, Plaintext=b"x")["KeyId"] == key.arn
    for name in names:
        assert refusal(kms.encrypt, KeyId=name, Plaintext=b"x")[1] == "AccessDeniedException"


def test_aliases_need_both(key: Key) -> None:
    """An alias is made by who may do so on the alias and on the key."""
    own = allow("kms:CreateAlias", Resource=f"arn:aws:kms:*:{ACCOUNT}:alias/app-*")
    kms = key.client("kms", **user(key.aws, own))
    key.policy(allow("kms:CreateAlias", Principal={"AWS": USER}))
    kms.create_alias(AliasName="alias/app-one", TargetKeyId=key.arn)
    told = refusal(kms.create_alias, AliasName="alias/other", TargetKeyId=key.arn)
    assert ":alias/other because no identity-based policy" in told[2]
    key.policy()
    told = refusal(kms.create_alias, AliasName="alias/app-two", TargetKeyId=key.arn)
    assert f"{key.arn} because no " in told[2]


def test_no_such_key(key: Key) -> None:
    """What names no key is not found, in KMS's words; a key of another account is denied."""
    place, bare = key.arn.partition(":key/")[0], "1234abcd-0000-0000-0000-000000000000"
    missing = f"Key '{place}:key/{bare}' does not exist"
    for name, message in [
        (bare, missing),
        (f"{place}:key/{bare}", missing),
        ("alias/none", f"Alias {place}:alias/none is not found."),
        ("nothing", "Invalid keyId 'nothing'"),
        (f"arn:aws:kms:us-west-2:{ACCOUNT}:key/{bare}", "Invalid arn us-west-2"),
    ]:
        told = refusal(key.kms.encrypt, KeyId=name, Plaintext=b"x")
        assert told == (400, "NotFoundException", message)
    foreign = key.arn.replace(ACCOUNT, "444455556666")
    assert refusal(key.kms.encrypt, KeyId=foreign, Plaintext=b"x")[1] == "AccessDeniedException"


def test_every_call_takes_arns(key: Key) -> None:
    """What is asked of a key is done however it is named; a policy that denies others is none for me."""
    kms, named = key.kms, {"KeyId": key.arn}
    key.policy(deny("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}))
    assert kms.describe_key(**named)["KeyMetadata"]["Arn"] == key.arn
    kms.tag_resource(**named, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert kms.list_resource_tags(**named)["Tags"] == [{"TagKey": "team", "TagValue": "blue"}]
    condition = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    own = user(key.aws, allow("kms:*", Condition=condition))
    key.policy(BY_IAM)
    assert key.client("kms", **own).list_grants(**named)["Grants"] == []
    kms.untag_resource(**named, TagKeys=["team"])
    assert refusal(key.client("kms", **own).list_grants, **named)[1] == "AccessDeniedException"
    kms.enable_key_rotation(**named)
    assert kms.get_key_rotation_status(**named)["KeyRotationEnabled"]
    kms.disable_key_rotation(**named)
    kms.update_key_description(**named, Description="mine")
    assert kms.list_key_policies(**named)["PolicyNames"] == ["default"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key.arn)
    kms.update_alias(AliasName="alias/app", TargetKeyId=key.aws.kms_key_arn)
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["Arn"] == key.aws.kms_key_arn
    assert refusal(kms.disable_key, KeyId="alias/app")[1] == "NotFoundException"
    kms.delete_alias(AliasName="alias/app")
    assert kms.list_key_rotations(**named)["Rotations"] == []


# -- grants ---------------------------------------------------------------------------------------------


def test_grants(key: Key) -> None:
    """A grant allows its operations until it is revoked, and no explicit deny."""
    iam, kms = key.client("iam"), key.client("kms", **session(key.aws, role(key.aws)))
    key.policy()
    asked = {"KeyId": key.arn, "KeySpec": "AES_256"}
    assert refusal(kms.generate_data_key, **asked)[1] == "AccessDeniedException"
    made = key.kms.create_grant(KeyId=key.arn, GranteePrincipal=ROLE, Operations=["GenerateDataKey"])
    assert kms.generate_data_key(**asked)["KeyId"] == key.arn
    assert refusal(kms.encrypt, KeyId=key.arn, Plaintext=b"x")[1] == "AccessDeniedException"
    iam.put_role_policy(RoleName="App", PolicyName="own", PolicyDocument=document(deny("kms:*")))
    assert "explicit deny in an identity-based policy" in refusal(kms.generate_data_key, **asked)[2]
    iam.delete_role_policy(RoleName="App", PolicyName="own")
    listed = key.kms.list_grants(KeyId=key.arn)["Grants"]
    assert [(grant["GrantId"], grant["KeyId"]) for grant in listed] == [(made["GrantId"], key.arn)]
    key.kms.revoke_grant(KeyId=key.arn, GrantId=made["GrantId"])
    assert refusal(kms.generate_data_key, **asked)[1] == "AccessDeniedException"


def test_constraints(key: Key) -> None:
    """A grant that is bound to an encryption context allows with that context only."""
    kms = key.client("kms", **user(key.aws))
    key.policy()
    fitting, wider, other = CONTEXT, {**CONTEXT, "more": "x"}, {"team": "red"}
    for constraint, allowed, refused in [
        ("EncryptionContextSubset", [fitting, wider], [other, {}]),
        ("EncryptionContextEquals", [fitting], [wider, other, {}]),
    ]:
        grant = {"GranteePrincipal": USER, "Operations": ["Encrypt"], "Constraints": {constraint: CONTEXT}}
        made = key.kms.create_grant(KeyId=key.arn, **grant)
        asked = {"KeyId": key.arn, "Plaintext": b"x"}
        for context in allowed:
            assert kms.encrypt(**asked, EncryptionContext=context)["KeyId"] == key.arn
        for context in refused:
            told = refusal(kms.encrypt, **asked, EncryptionContext=context)
            assert told[1] == "AccessDeniedException", (constraint, context)
        key.kms.revoke_grant(KeyId=key.arn, GrantId=made["GrantId"])


@pytest.mark.parametrize("retiring", [True, False])
def test_retired_grants(key: Key, retiring: bool) -> None:
    """A grant is retired by its retiring principal, and by a stranger without permission it is not."""
    kms = key.client("kms", **user(key.aws))
    key.policy()
    more = {"RetiringPrincipal": USER} if retiring else {}
    made = key.kms.create_grant(KeyId=key.arn, GranteePrincipal=ROLE, Operations=["Encrypt"], **more)
    if retiring:
        kms.retire_grant(GrantToken=made["GrantToken"])
        assert key.kms.list_grants(KeyId=key.arn)["Grants"] == []
    else:
        assert "kms:RetireGrant" in refusal(kms.retire_grant, GrantToken=made["GrantToken"])[2]
        assert refusal(kms.retire_grant, GrantToken="none")[1] == "InvalidGrantTokenException"


# -- writing key policies ---------------------------------------------------------------------------------


def test_lock_out(key: Key) -> None:
    """KMS does not take a policy that keeps whoever puts it from changing it again, unless told to."""
    locked = document(allow("kms:*", Principal={"AWS": ROLE}))
    asked = {"KeyId": key.arn, "PolicyName": "default", "Policy": locked}
    message = "The new key policy will not allow you to update the key policy in the future."
    assert refusal(key.kms.put_key_policy, **asked) == (400, "MalformedPolicyDocumentException", message)
    assert refusal(key.kms.create_key, Policy=locked)[2] == message
    told = refusal(key.kms.put_key_policy, **{**asked, "Policy": '{"Statement": 1}'})
    assert told[1] == "MalformedPolicyDocumentException"
    assert "key-default-1" in key.kms.get_key_policy(KeyId=key.arn, PolicyName="default")["Policy"]
    key.kms.put_key_policy(**asked, BypassPolicyLockoutSafetyCheck=True)
    assert refusal(key.kms.put_key_policy, **asked)[1] == "AccessDeniedException"


def test_policy_of_an_aws_managed_key(key: Key) -> None:
    """The key that S3 takes of itself is for S3 only, and for everybody in the account who may use S3."""
    creds = user(key.aws, allow("s3:*"))
    key.aws.create_bucket(BUCKET)
    s3, kms = key.client("s3", **creds), key.client("kms", **creds)
    put = s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
    told = refusal(kms.encrypt, KeyId=put["SSEKMSKeyId"], Plaintext=b"x")
    assert told[1] == "AccessDeniedException"
    shown = key.kms.get_key_policy(KeyId=put["SSEKMSKeyId"], PolicyName="default")["Policy"]
    assert "s3.eu-west-1.amazonaws.com" in shown


# -- key states -------------------------------------------------------------------------------------------

DISABLED, WAITS = ("DisabledException", "is disabled."), ("KMSInvalidStateException", "is pending deletion.")


def test_states(key: Key) -> None:
    """What can be done with a disabled key, and with one that waits for its deletion or its material."""
    kms, named, blob = key.kms, {"KeyId": key.arn}, key.blob()
    kms.disable_key(**named)
    for use in _uses(key, blob):
        assert refusal(*use[:1], **use[1]) == (400, DISABLED[0], f"{key.arn} {DISABLED[1]}")
    assert kms.describe_key(**named)["KeyMetadata"]["KeyState"] == "Disabled"
    assert refusal(kms.cancel_key_deletion, **named)[2] == f"{key.arn} is not pending deletion."
    kms.create_alias(AliasName="alias/app", TargetKeyId=key.arn)
    told = kms.schedule_key_deletion(**named, PendingWindowInDays=7)
    assert (told["KeyId"], told["KeyState"]) == (key.arn, "PendingDeletion")
    changes = [
        (kms.enable_key, named),
        (kms.create_alias, {"AliasName": "alias/b", "TargetKeyId": key.arn}),
        (kms.schedule_key_deletion, named),
    ]
    for operation, arguments in [*_uses(key, blob), *changes]:
        assert refusal(operation, **arguments) == (400, WAITS[0], f"{key.arn} {WAITS[1]}")
    assert kms.get_key_policy(**named, PolicyName="default")
    assert kms.cancel_key_deletion(**named)["KeyId"] == key.arn
    kms.enable_key(**named)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"


def test_states_of_others(key: Key) -> None:
    """A window that is too short is refused, a key without material unusable; denial comes before state."""
    told = refusal(key.kms.schedule_key_deletion, KeyId=key.arn, PendingWindowInDays=6)
    assert told[1] == "ValidationException"
    empty = key.kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (empty["KeyState"], empty["Enabled"]) == ("PendingImport", False)
    told = refusal(key.kms.encrypt, KeyId=empty["KeyId"], Plaintext=b"x")
    assert told == (400, "KMSInvalidStateException", f"{empty['Arn']} is pending import.")
    kms = key.client("kms", **user(key.aws))
    key.aws.disable_key(key.arn)
    assert refusal(kms.encrypt, KeyId=key.arn, Plaintext=b"x")[1] == "AccessDeniedException"


def _uses(key: Key, blob: bytes) -> list[tuple[Any, dict[str, Any]]]:
    named = {"KeyId": key.arn}
    return [
        (key.kms.generate_data_key, {**named, "KeySpec": "AES_256"}),
        (key.kms.encrypt, {**named, "Plaintext": b"x"}),
        (key.kms.decrypt, {"CiphertextBlob": blob}),
        (key.kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": key.aws.kms_key_arn}),
        (key.kms.create_grant, {**named, "GranteePrincipal": USER, "Operations": ["Encrypt"]}),
        (key.kms.enable_key_rotation, named),
    ]


# -- through S3 -------------------------------------------------------------------------------------------


@pytest.fixture
def s3(key: Key) -> Any:
    """A client of a role that may do everything, but by the key's policy only what a test says."""
    key.aws.create_bucket(BUCKET)
    return key.client("s3", **session(key.aws, role(key.aws, allow("s3:*", "kms:*"))))


def _sealed(key: Key, name: str = "k") -> dict[str, Any]:
    return {"Bucket": BUCKET, "Key": name, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key.arn}


def test_through_s3(key: Key, s3: Any) -> None:
    """What the key's policy does not allow to who asks S3, S3 does not do, and says so."""
    key.client("s3").put_object(**_sealed(key), Body=b"data")
    key.policy()
    who = f"User: {SESSION} is not authorized to perform:"
    reason = f"because no resource-based policy allows the {MAKE} action"
    denied = (403, "AccessDenied", f"{who} {MAKE} on resource: {key.arn} {reason}")
    assert refusal(s3.put_object, **_sealed(key), Body=b"x") == denied
    assert refusal(s3.create_multipart_upload, **_sealed(key)) == denied
    ambiguous = (403, "AccessDenied", f"{who} kms:Decrypt {AMBIGUOUS}")
    assert refusal(s3.get_object, Bucket=BUCKET, Key="k") == ambiguous
    assert s3.head_object(Bucket=BUCKET, Key="k")["SSEKMSKeyId"] == key.arn
    key.policy(BY_IAM, deny(MAKE, Principal={"AWS": ROLE}))
    told = refusal(s3.put_object, **_sealed(key), Body=b"x")
    assert told[2].endswith(f"{key.arn} with an explicit deny in a resource-based policy")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"
    through = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    key.policy(allow("kms:*", Principal={"AWS": ROLE}, Condition=through))
    s3.put_object(**_sealed(key), Body=b"more")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"more"


def test_parts_through_s3(key: Key, s3: Any) -> None:
    """The parts of an upload need kms:Decrypt as well, and each is asked about anew."""
    key.policy(allow(MAKE, Principal={"AWS": ROLE}))
    assert "kms:Decrypt" in refusal(s3.create_multipart_upload, **_sealed(key))[2]
    key.policy(allow(MAKE, "kms:Decrypt", Principal={"AWS": ROLE}))
    upload = {
        "Bucket": BUCKET,
        "Key": "k",
        "UploadId": s3.create_multipart_upload(**_sealed(key))["UploadId"],
    }
    part = s3.upload_part(**upload, PartNumber=1, Body=b"data")
    key.policy(allow("kms:Decrypt", Principal={"AWS": ROLE}))
    assert MAKE in refusal(s3.upload_part, **upload, PartNumber=2, Body=b"x")[2]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"


def test_grants_and_context_through_s3(key: Key, s3: Any) -> None:
    """A grant to the role lets S3 use the key, and the object's ARN is in the encryption context."""
    key.policy()
    place = {"aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}
    key.kms.create_grant(
        KeyId=key.arn,
        GranteePrincipal=ROLE,
        Operations=["GenerateDataKey", "Decrypt"],
        Constraints={"EncryptionContextSubset": place},
    )
    s3.put_object(**_sealed(key), Body=b"data")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"
    assert refusal(s3.put_object, **_sealed(key, "other"), Body=b"x")[1] == "AccessDenied"


def test_states_through_s3(key: Key, s3: Any) -> None:
    """S3 puts "KMS." before the code of a key's state, and answers 400."""
    s3.put_object(**_sealed(key), Body=b"data")
    key.aws.disable_key(key.arn)
    disabled = (400, "KMS.DisabledException", f"{key.arn} is disabled.")
    assert refusal(s3.get_object, Bucket=BUCKET, Key="k") == disabled
    key.kms.schedule_key_deletion(KeyId=key.arn)
    waits = (400, "KMS.KMSInvalidStateException", f"{key.arn} is pending deletion.")
    assert refusal(s3.put_object, **_sealed(key), Body=b"x") == waits
