"""What is offered besides: several layers, little evidence, causes without policies."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials.denial import CAUSES, Denial
from secure_s3.denials.evidence import Evidence, Judged, Named, Settings
from secure_s3.denials.explanation import ACCOUNT_ADMIN, BUCKET_OWNER, CALLER, KEY_OWNER, ORGANIZATION_ADMIN
from secure_s3.denials.remedies import MOST, remedies_for
from secure_s3.policy import UNKNOWN, AccessRequest, Policy, evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.evaluator import decide
from secure_s3.policy.patches import apply
from secure_s3.policy.wire import Caller, SentRequest, needs
from secure_s3.policy.witnesses import ANYONE, APP, KEY, OTHER_ACCOUNT, USER, put, witness

B = "amzn-s3-demo-bucket"
OBJECT = f"arn:aws:s3:::{B}/in/a.csv"
ROLE = "arn:aws:iam::111122223333:role/App"
WRITES = f"arn:aws:s3:::{B}/*"
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
CALLER_APP = Caller(APP, role_arn=ROLE)


def policy(*statements):
    """A policy of plain statements."""
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)})


EVERYTHING = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})


def sent(operation="PutObject", headers=None, **more):
    """A request as it goes over the wire."""
    url = f"https://{B}.s3.eu-west-1.amazonaws.com/in/a.csv"
    told = {"region": "eu-west-1", "auth_type": "REST-HEADER", "signature": "AWS4-HMAC-SHA256", **more}
    return SentRequest(operation, "PUT", url, headers or {}, bucket=B, key="in/a.csv", **told)


def need(request, action=None):
    """What is asked about it."""
    found = needs(request, caller=CALLER_APP, now=NOW)
    return next(each.request for each in found if action in (None, each.request.action))


def judged(request, unread=(), **layers):
    """The request judged by ``layer=(policy, document, target, inline)``."""
    named = {layer: tuple(Named(*each) for each in given) for layer, given in layers.items()}

    def layer(name):
        found = tuple(each.policy for each in named.get(name, ()))
        return UNKNOWN if name in unread else found

    def one(name):
        found = layer(name)
        return found if found is UNKNOWN else found[0] if found else None

    decision = evaluate(
        request,
        resource_policy=one("resource_policy"),
        identity_policies=layer("identity_policy"),
        permissions_boundary=one("permissions_boundary"),
        session_policies=layer("session_policy"),
        scps=layer("service_control_policy"),
    )
    return Judged(request, decision, named, unread)


def offered(found, cause="bucket_policy", explicit=True, request=None, settings=None, **denial):
    """What is offered."""
    told = Denial(cause, explicit, found and found.request.action, found and found.request.resource, **denial)
    evidence = Evidence(told, request, judged=(found,) if found else (), settings=settings or Settings())
    return remedies_for(evidence, told, found, found.decision.reasons if found else ())


IDENTITY = (EVERYTHING, "identity policy", ROLE, "Own")


def of_bucket(*statements):
    """A bucket policy."""
    return (Policy.of(*statements), "bucket policy", B)


# --------------------------------------------------------------------------------------- the caller's own


def test_one_change_answers_all_statements_that_refuse():
    """Two statements deny the encryption: the strategy that is offered first passes both."""
    whole = of_bucket(
        make.deny_insecure_transport(B),
        make.deny_unencrypted_uploads(B, strict=True),
        make.deny_wrong_kms_key(B, KEY, strict=True),
    )
    request = sent(headers={"x-amz-server-side-encryption": "AES256"})
    found = judged(need(request), resource_policy=(whole,), identity_policy=(IDENTITY,))
    only_one = replace(found, decision=replace(found.decision, reasons=found.decision.reasons[:1]))
    for each in (found, only_one):
        first = offered(each, request=request)[0]
        assert (first.who, first.encryption, first.proved) == (CALLER, f'SseKms("{KEY}")', True)


def test_a_call_that_only_one_of_two_refusals_minds_is_told_to_be_half_of_the_way():
    """HTTPS answers one statement; the other denies whatever is sent."""
    flat = {"Sid": "Flat", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": WRITES}
    whole = policy(make.deny_insecure_transport(B).to_dict(), flat)
    request = replace(sent(), url=f"http://127.0.0.1:5000/{B}/in/a.csv")
    found = judged(need(request), resource_policy=((whole, "bucket policy", B),), identity_policy=(IDENTITY,))
    told = replace(found, decision=replace(found.decision, reasons=found.decision.reasons[:1]))
    first = offered(told, request=request)[0]
    assert first.client
    assert first.what.endswith("another statement refuses it as well")


def test_a_remedy_that_another_statement_would_refuse_is_not_offered():
    """SSE-KMS without a key would pass one statement and run into the next."""
    whole = of_bucket(make.deny_unencrypted_uploads(B), make.deny_kms_without_key(B))
    found = judged(put(B, sse="AES256"), resource_policy=(whole,), identity_policy=(IDENTITY,))
    for each in offered(found):
        kms = str(each.arguments.get("ServerSideEncryption")).startswith("aws:kms")
        assert not kms or each.arguments["SSEKMSKeyId"]


def test_https_is_asked_for_and_nobody_is_spared_from_it():
    """An endpoint over HTTPS is all that is offered; the bucket's owner is not bothered."""
    request = replace(sent(), url=f"http://127.0.0.1:5000/{B}/in/a.csv")
    whole = of_bucket(make.deny_insecure_transport(B))
    found = judged(need(request), resource_policy=(whole,), identity_policy=(IDENTITY,))
    (only,) = offered(found, request=request)
    assert only.client == {"endpoint_url": "https://127.0.0.1:5000"}


def test_a_part_is_not_told_to_carry_headers_that_parts_cannot_have():
    """UploadPart has no header of SSE-KMS: no strategy is offered."""
    whole = of_bucket(make.deny_unencrypted_uploads(B, strict=True))
    request = sent("UploadPart")
    found = judged(
        witness("s3:PutObject", OBJECT, APP), resource_policy=(whole,), identity_policy=(IDENTITY,)
    )
    assert not any(each.encryption or each.arguments for each in offered(found, request=request))


@pytest.mark.parametrize(
    ("headers", "action", "argument"),
    [
        ({"x-amz-tagging": "team=red"}, "s3:PutObjectTagging", "Tagging"),
        ({"x-amz-acl": "public-read"}, "s3:PutObjectAcl", "ACL"),
        ({"x-amz-object-lock-legal-hold": "ON"}, "s3:PutObjectLegalHold", "ObjectLockLegalHoldStatus"),
    ],
)
def test_an_argument_that_needs_a_permission_of_its_own_may_be_left_out(headers, action, argument):
    """Without it the request needs the permission no longer, which is looked up and not guessed."""
    request = sent(headers=headers)
    nothing = (policy({"Effect": "Allow", "Action": "sns:*", "Resource": "*"}), *IDENTITY[1:])
    found = judged(need(request, action), identity_policy=(nothing,))
    first = offered(found, "identity_policy", False, request)[0]
    assert first.proved
    assert argument in first.arguments
    assert first.arguments[argument] is None


def test_tags_that_a_policy_asks_for_are_offered_as_the_argument():
    """A Deny without a tag, and one of other values: Tagging has the wanted one."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{B}/*"}
    deny["Condition"] = {"StringNotEquals": {"s3:RequestObjectTag/team": ["red", "blue"]}}
    found = judged(put(B), resource_policy=((policy(deny), "bucket policy", B),), identity_policy=(IDENTITY,))
    first = offered(found)[0]
    assert first.arguments == {"Tagging": "team=red"}
    assert "PutObjectTagging" in first.risk


# ------------------------------------------------------------------------------------------- the policies


def test_an_unknown_network_is_told_in_words_and_the_role_is_spared():
    """Whether the statement holds, only AWS knows: the endpoint is named, and the patch spares the role."""
    whole = of_bucket(make.only_vpc_endpoints(B, "vpce-1a2b3c4d"))
    request = sent()
    found = judged(need(request), resource_policy=(whole,), identity_policy=(IDENTITY,))
    assert found.decision.outcome == "unknown"
    words, patch = offered(found, request=request)
    assert words.what == "call through the VPC endpoint vpce-1a2b3c4d"
    assert patch.patch[0]["value"] == {"aws:PrincipalArn": ROLE}
    after = apply(whole[0], patch.patch)
    assert decide(found.request, after, (EVERYTHING,)).outcome == "allowed"


def test_an_unconditional_deny_is_given_its_first_condition():
    """Who asks is spared, and nobody else."""
    deny = policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{B}/*"})
    found = judged(put(B), resource_policy=((deny, "bucket policy", B),), identity_policy=(IDENTITY,))
    (only,) = offered(found)
    assert only.who == BUCKET_OWNER
    assert only.command == f"aws s3api put-bucket-policy --bucket {B} --policy file://policy.json"
    after = apply(deny, only.patch)
    assert evaluate(put(B, principal=USER), resource_policy=after).outcome == "explicitly_denied"
    assert evaluate(put(B, principal=ANYONE), resource_policy=after).outcome == "explicitly_denied"


@pytest.mark.parametrize("principal", [APP, USER])
def test_not_principal_takes_the_caller_in(principal):
    """Session, role and account are listed, as NotPrincipal asks for."""
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/Admin"}}
    deny |= {"Action": "s3:*", "Resource": f"arn:aws:s3:::{B}/*"}
    whole = policy(deny)
    found = judged(
        put(B, principal=principal),
        resource_policy=((whole, "bucket policy", B),),
        identity_policy=(IDENTITY,),
    )
    (only,) = offered(found)
    assert evaluate(found.request, resource_policy=apply(whole, only.patch)).outcome != "explicitly_denied"


@pytest.mark.parametrize(
    ("layer", "document", "target", "who", "command"),
    [
        (
            "identity_policy",
            "identity policy",
            ROLE,
            ACCOUNT_ADMIN,
            "aws iam put-role-policy --role-name App",
        ),
        (
            "permissions_boundary",
            "permissions boundary",
            "arn:aws:iam::111122223333:policy/Bound",
            ACCOUNT_ADMIN,
            "aws iam create-policy-version",
        ),
        ("session_policy", "session policy", ROLE, CALLER, ""),
        (
            "service_control_policy",
            "service control policy",
            "arn:aws:organizations::111122223333:policy/o-a1/service_control_policy/p-1",
            ORGANIZATION_ADMIN,
            "aws organizations update-policy --policy-id p-1",
        ),
    ],
)
def test_a_deny_of_any_layer_is_patched_there(layer, document, target, who, command):
    """Whose policy it is can change it, and the command line says how."""
    deny = policy(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "NoPut", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"},
    )
    layers = {"identity_policy": (IDENTITY,)}
    layers[layer] = ((deny, document, target, "Own" if layer == "identity_policy" else ""),)
    found = judged(put(B), **layers)
    patches = [each for each in offered(found, layer) if each.patch]
    assert [(each.who, each.proved) for each in patches] == [(who, True)]
    assert patches[0].command.startswith(command)


def test_a_managed_policy_of_aws_is_never_patched():
    """Nobody can change it: nothing is offered for it."""
    deny = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    named = (deny, "identity policy", "arn:aws:iam::aws:policy/SomePolicy")
    found = judged(put(B), identity_policy=(named,))
    assert not any(each.patch for each in offered(found, "identity_policy"))


def test_across_accounts_both_sides_are_told_of_each_other():
    """Neither change alone suffices, and each remedy says so; both together do."""
    request = witness("s3:GetObject", OBJECT, OTHER_ACCOUNT)
    found = judged(request, resource_policy=(of_bucket(make.deny_insecure_transport(B)),))
    remedies = offered(found, explicit=False)
    assert {each.who for each in remedies} == {ACCOUNT_ADMIN, BUCKET_OWNER}
    assert all("must allow it as well" in each.what for each in remedies)
    own, bucket = sorted(remedies, key=lambda each: each.who)
    both = apply(found.policies["resource_policy"][0].policy, bucket.patch)
    identity = Policy.parse(own.new_document)
    assert evaluate(request, resource_policy=both, identity_policies=identity).outcome == "allowed"
    assert "444455556666" in bucket.risk


def test_a_policy_that_could_not_be_read_is_never_overwritten():
    """A bucket policy may be there: no new one is proposed in its place."""
    found = judged(put(B), unread=("resource_policy",))
    for each in offered(found, "identity_policy", False):
        assert each.document != "bucket policy"


def test_an_identity_that_could_not_be_read_gets_one_policy_more_which_is_not_called_proved():
    """A further inline policy harms nobody's, but what else there is, nobody knows."""
    found = judged(put(B), unread=("identity_policy",))
    (only,) = offered(found, "identity_policy", False)
    assert only.new_document["Statement"][0]["Action"] == "s3:PutObject"
    assert not only.proved


@pytest.mark.parametrize("key", ["a*b", "what?", "${aws:username}", "$"])
def test_what_is_allowed_is_this_object_even_if_its_key_has_wildcards(key):
    """A star in a key is a star: the statement allows no other object."""
    request = witness("s3:GetObject", f"arn:aws:s3:::{B}/{key}", APP)
    found = judged(request)
    made = [each for each in offered(found, "identity_policy", False) if each.new_document]
    allowing = Policy.parse(made[0].new_document)
    assert evaluate(request, identity_policies=allowing).outcome == "allowed"
    other = replace(request, resource=f"arn:aws:s3:::{B}/{key.replace('*', 'x').replace('?', 'x')}z")
    assert evaluate(other, identity_policies=allowing).outcome != "allowed"


def test_a_key_policy_is_opened_for_the_role_through_s3_and_no_further():
    """The statement has the service, the bucket and the role."""
    request = need(
        sent(
            headers={
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": KEY,
            }
        ),
        "kms:GenerateDataKey",
    )
    key = (Policy.of(make.key_enable_iam("444455556666")), "key policy", KEY)
    found = judged(request, resource_policy=(key,), identity_policy=(IDENTITY,))
    (only,) = offered(found, "kms_access", False, layer="resource_policy")
    assert only.who == KEY_OWNER
    added = only.patch[0]["value"]
    assert added["Principal"] == {"AWS": ROLE}
    assert set(added["Condition"]) == {"StringEquals", "StringLike"}
    assert only.command == f"aws kms put-key-policy --key-id {KEY} --policy file://policy.json"


def test_a_statement_about_everything_is_not_widened():
    """``kms:*`` is not handed to one more principal because he needs one action."""
    key = (Policy.of(make.key_enable_iam("444455556666")), "key policy", KEY)
    found = judged(witness("kms:Decrypt", KEY, APP), resource_policy=(key,), identity_policy=(IDENTITY,))
    assert all("widened" not in each.what for each in offered(found, "kms_access", False))


def test_anonymous_callers_are_told_to_sign_and_no_policy_is_opened_for_them():
    """Nobody is allowed for everybody."""
    found = judged(put(B, principal=ANYONE), resource_policy=(of_bucket(make.allow_read(B, ROLE)),))
    (only,) = offered(found, explicit=False)
    assert "sign the request" in only.what


@pytest.mark.parametrize("cause", ["service_control_policy", "block_public_access", "opaque", "clock"])
def test_a_policy_that_did_not_refuse_is_left_alone(cause):
    """The service names another layer, or another cause: what a bucket policy might deny is no reason."""
    whole = of_bucket(make.only_vpc_endpoints(B, "vpce-1a2b3c4d"))
    found = judged(need(sent()), resource_policy=(whole,), identity_policy=(IDENTITY,))
    assert not any(each.patch or each.proved for each in offered(found, cause))


def test_a_boundary_that_does_not_allow_gets_a_statement_and_nothing_else_does():
    """Only the layer that the service names is changed."""
    bound = (policy({"Effect": "Allow", "Action": "sns:*", "Resource": "*"}), "permissions boundary")
    bound = (*bound, "arn:aws:iam::111122223333:policy/Bound")
    found = judged(put(B), permissions_boundary=(bound,), identity_policy=(IDENTITY,))
    (only,) = offered(found, "permissions_boundary", False)
    assert (only.document, only.who, only.proved) == ("permissions boundary", ACCOUNT_ADMIN, True)


def denying(operator, key, value):
    """A statement that denies uploads."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": WRITES,
        "Condition": {operator: {key: value}},
    }


HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ACL": "x-amz-acl",
    "IfNoneMatch": "if-none-match",
    "StorageClass": "x-amz-storage-class",
    "Tagging": "x-amz-tagging",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
}


@pytest.mark.parametrize(
    ("headers", "statement"),
    [
        ({}, make.deny_wrong_kms_key(B, KEY, strict=True).to_dict()),
        ({"x-amz-acl": "public-read"}, make.deny_public_acls(B).to_dict()),
        ({}, make.require_if_none_match(B).to_dict()),
        ({"x-amz-storage-class": "GLACIER"}, denying("StringEquals", "s3:x-amz-storage-class", "GLACIER")),
        ({}, denying("StringNotEquals", "s3:RequestObjectTag/team", ["red", "blue"])),
        ({}, denying("Null", "s3:RequestObjectTagKeys", "true")),
        ({}, denying("Null", "s3:RequestObjectTag/team", "true")),
        (
            {
                "x-amz-object-lock-mode": "GOVERNANCE",
                "x-amz-object-lock-retain-until-date": "2026-01-03T00:00:00Z",
            },
            make.deny_short_retention(B, 30).to_dict(),
        ),
        (
            {
                "x-amz-object-lock-mode": "GOVERNANCE",
                "x-amz-object-lock-retain-until-date": "2031-01-03T00:00:00Z",
            },
            make.deny_long_retention(B, 365).to_dict(),
        ),
    ],
)
def test_the_changed_arguments_pass_as_they_go_over_the_wire(headers, statement):
    """Sent as headers and read off the wire again, the first remedy's arguments are allowed."""
    request = sent(headers=headers)
    whole = (policy(statement), "bucket policy", B)
    found = judged(need(request), resource_policy=(whole,), identity_policy=(IDENTITY,))
    assert found.decision.outcome == "explicitly_denied"
    first = offered(found, request=request)[0]
    assert first.proved
    changed = dict(headers)
    for name, value in first.arguments.items():
        if name in HEADERS:
            changed[HEADERS[name]] = value
    again = need(sent(headers={name: value for name, value in changed.items() if value is not None}))
    assert evaluate(again, resource_policy=whole[0], identity_policies=EVERYTHING).outcome == "allowed"


# ------------------------------------------------------------------------------------- without policies


@pytest.mark.parametrize(
    ("cause", "denial", "settings", "expected"),
    [
        ("region", {"fields": {"Region": "eu-west-1"}}, {}, {"client": {"region_name": "eu-west-1"}}),
        ("region", {"message": "wrong; expecting 'us-east-1'"}, {}, {"client": {"region_name": "us-east-1"}}),
        ("acl", {}, {}, {"what": "leave ACL and grants out"}),
        ("blocked_encryption", {}, {"default_encryption": {"KMSMasterKeyID": KEY}}, {"encryption": KEY}),
        ("blocked_encryption", {}, {}, {"encryption": "SseS3()"}),
        ("block_public_access", {"detail": "BlockPublicAcls"}, {}, {"command": "BlockPublicAcls=false,Ign"}),
        ("object_lock", {}, {"legal_hold": True}, {"command": "Status=OFF"}),
        (
            "object_lock",
            {},
            {"retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2030"}},
            {"what": "2030"},
        ),
        ("object_lock", {"detail": "not enabled"}, {}, {"command": "ObjectLockEnabled=Enabled"}),
        ("object_lock", {"detail": "no checksum"}, {}, {"arguments": {"ChecksumAlgorithm": "CRC32"}}),
        ("object_lock", {"detail": "versioning needed"}, {}, {"command": "put-bucket-versioning"}),
        ("object_lock", {"detail": "versioning stays"}, {}, {"what": "leave versioning on"}),
        ("mfa_delete", {}, {}, {"what": "root user"}),
        ("acl", {"detail": "header missing"}, {}, {"what": "AccessControlPolicy"}),
        ("region", {"detail": "location constraint"}, {}, {"what": "LocationConstraint"}),
        ("encryption_parameters", {"detail": "signature version 4"}, {}, {"what": "Signature Version 4"}),
        ("encryption_parameters", {"detail": "key length"}, {}, {"what": "32 bytes"}),
        ("kms_access", {}, {}, {"what": "the policy of the key allow kms:GenerateDataKey"}),
        ("kms_access", {"layer": "identity_policy", "explicit": True}, {}, {"what": "no longer refuse"}),
        ("precondition", {"message": "Condition: If-None-Match"}, {}, {"what": "there already"}),
        ("not_found", {"code": "NoSuchLifecycleConfiguration"}, {}, {"what": "no such configuration"}),
        ("not_found", {"code": "NoSuchKey"}, {}, {"what": "letter by letter"}),
        ("kms_key_state", {"message": f"{KEY} is disabled."}, {}, {"command": "aws kms enable-key --key-id"}),
        ("kms_key_state", {"message": f"{KEY} is pending deletion."}, {}, {"command": "cancel-key-deletion"}),
        ("kms_key_state", {"detail": "PendingImport"}, {}, {"command": "get-parameters-for-import"}),
        ("kms_key_not_found", {}, {}, {"what": "check the ARN"}),
        ("sse_c", {}, {}, {"what": "SseC(key)"}),
        ("presign", {"message": "Request has expired"}, {}, {"what": "presign a new URL"}),
        ("presign", {"fields": {"HeadersNotSigned": "x-amz-acl"}}, {}, {"what": "x-amz-acl"}),
        ("clock", {"fields": {"ServerTime": "2026-01-01T00:00:00Z"}}, {}, {"what": "2026-01-01"}),
        ("credentials", {"code": "ExpiredToken"}, {}, {"what": "temporary credentials"}),
        ("identity_policy", {"policy_arn": "AWSCompromisedKeyQuarantineV3"}, {}, {"what": "leaked"}),
        (
            "bucket_owner",
            {},
            {"owner": "444455556666"},
            {"arguments": {"ExpectedBucketOwner": "444455556666"}},
        ),
        ("archived", {}, {}, {"command": "restore-object"}),
        ("opaque", {}, {"requester_pays": True}, {"arguments": {"RequestPayer": "requester"}}),
        ("service_control_policy", {"policy_arn": "arn:x/p-2kgn"}, {}, {"what": "p-2kgn"}),
        ("endpoint_policy", {}, {}, {"what": "VPC endpoint"}),
        ("session_policy", {}, {}, {"what": "session policy"}),
        ("permissions_boundary", {}, {}, {"what": "boundary"}),
        ("trust_policy", {}, {}, {"what": "trust policy"}),
    ],
)
def test_a_cause_without_policies_is_told_in_words_and_commands(cause, denial, settings, expected):
    """One of what is offered says what there is to do, for the cause, its detail and the settings."""
    told = Denial(cause, **denial)
    evidence = Evidence(told, sent(), settings=Settings(**settings))
    remedies = remedies_for(evidence, told, None, ())
    (name, wanted), *_ = expected.items()
    values = [getattr(each, name) for each in remedies]
    if isinstance(wanted, str):
        assert any(wanted in value for value in values), values
    else:
        assert wanted in values
    assert not any(each.proved for each in remedies)


def test_a_denial_known_by_its_message_alone_still_gives_a_policy_to_attach():
    """Action, resource and user are in the words; nothing of it is proved."""
    told = Denial("identity_policy", False, "s3:PutObject", OBJECT, USER)
    (only,) = remedies_for(Evidence(told), told, None, ())
    assert only.new_document["Statement"][0]["Resource"] == OBJECT
    assert only.command.startswith("aws iam put-user-policy --user-name alice --policy-name AllowPutObject")
    assert not only.proved


@pytest.mark.parametrize("cause", ["other", "opaque"])
def test_nothing_is_offered_where_nothing_is_known(cause):
    """No remedy is better than an empty one."""
    told = Denial(cause)
    assert remedies_for(Evidence(told), told, None, ()) == ()


def test_commands_are_quoted():
    """A key with a quote and a semicolon stays one word of the command line."""
    told = Denial("archived")
    request = SentRequest("GetObject", "GET", "https://x/", {}, bucket=B, key="a'; rm -rf ~ #")
    (only,) = remedies_for(Evidence(told, request), told, None, ())
    assert "a'; rm -rf ~ #" in shlex.split(only.command)


# ------------------------------------------------------------------------------------------- whatever comes

_KEYS = st.sampled_from(
    [
        *("s3:x-amz-server-side-encryption", "s3:x-amz-acl", "s3:prefix", "s3:max-keys", "s3:signatureAge"),
        *(
            "aws:SourceIp",
            "aws:PrincipalArn",
            "aws:SecureTransport",
            "s3:TlsVersion",
            "s3:RequestObjectTag/a",
        ),
        *("s3:object-lock-remaining-retention-days", "s3:RequestObjectTagKeys", "s3:if-none-match", "aws:x"),
        "aws:MultiFactorAuthAge",
    ]
)
_OPERATORS = st.sampled_from(
    [
        *("StringEquals", "StringNotEquals", "StringLike", "NumericGreaterThan", "NumericLessThan", "Null"),
        *(
            "Bool",
            "NotIpAddress",
            "ArnNotLike",
            "ForAnyValue:StringEquals",
            "StringNotEqualsIfExists",
            "Nonsense",
        ),
    ]
)
_VALUES = st.one_of(
    st.sampled_from(["AES256", "aws:kms", "*", "${aws:username}", "9e9999", "true", "203.0.113.0/24", ROLE]),
    st.text(max_size=8),
)
_STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["s3:*", "s3:PutObject", "s3:GetObject", ["s3:PutObject"]]),
        "Resource": st.sampled_from([f"arn:aws:s3:::{B}/*", f"arn:aws:s3:::{B}/${{aws:username}}/*", "*"]),
        "Condition": st.dictionaries(
            _OPERATORS, st.dictionaries(_KEYS, st.lists(_VALUES, max_size=2), max_size=2), max_size=2
        ),
    },
    optional={
        "Principal": st.sampled_from(
            ["*", {"AWS": ROLE}, {"AWS": "444455556666"}, {"Service": "x.amazonaws.com"}]
        )
    },
)
_REQUESTS = st.builds(
    AccessRequest,
    st.sampled_from(["s3:PutObject", "s3:GetObject", "s3:ListBucket", "kms:Decrypt"]),
    st.sampled_from([OBJECT, f"arn:aws:s3:::{B}", KEY, "*"]),
    st.sampled_from([APP, USER, None, UNKNOWN, "logging.s3.amazonaws.com", "444455556666", ROLE]),
    st.dictionaries(_KEYS, st.one_of(_VALUES, st.none(), st.just(UNKNOWN)), max_size=4),
    st.sampled_from([(), ("aws:*",), ("s3:RequestObjectTag/*",)]),
)


@given(
    st.lists(_STATEMENTS, min_size=1, max_size=3),
    st.lists(_STATEMENTS, max_size=1),
    _REQUESTS,
    st.sampled_from(CAUSES),
    st.sampled_from([True, False, None]),
    st.sampled_from([(), ("identity_policy",), ("resource_policy", "session_policy")]),
)
def test_it_never_raises_and_what_it_calls_proved_is(bucket, identity, request, cause, explicit, unread):
    """Whatever policies and requests there are, a proved patch removes the refusal that it is for."""
    resource = policy(*bucket)
    layers = {"resource_policy": (Named(resource, "bucket policy", B),)}
    if identity:
        layers["identity_policy"] = (Named(policy(*identity), "identity policy", ROLE, "Own"),)
    held = {
        name: UNKNOWN if name in unread else tuple(each.policy for each in layers.get(name, ()))
        for name in ("resource_policy", "identity_policy", "session_policy")
    }
    first = held["resource_policy"] if held["resource_policy"] is UNKNOWN else resource
    decision = decide(request, first, held["identity_policy"], session_policies=held["session_policy"])
    found = Judged(request, decision, layers, unread)
    told = Denial(cause, explicit, request.action, request.resource)
    remedies = remedies_for(Evidence(told, judged=(found,)), told, found, decision.reasons)
    assert len(remedies) <= MOST
    for each in remedies:
        assert each.what
        each.to_dict()
        if each.proved and each.patch and not unread and decision.outcome == "explicitly_denied":
            layer = "identity_policy" if each.document == "identity policy" else "resource_policy"
            after = {name: held[0].policy for name, held in layers.items()}
            after[layer] = apply(after[layer], each.patch)
            now = decide(request, *after.values())
            touched = {"/".join(step["path"].split("/")[:3]) for step in each.patch}
            still = {
                why.statement.pointer for why in now.reasons if why.role == "denies" and why.layer == layer
            }
            assert not still & touched


@given(
    st.text(), st.text(), st.text(max_size=40), st.sampled_from(CAUSES), st.sampled_from([True, False, None])
)
def test_any_words_of_a_service_are_borne(message, resource, principal, cause, explicit):
    """Message, resource and principal may be anything."""
    told = Denial(cause, explicit, "s3:PutObject", resource, principal, message=message)
    for each in remedies_for(Evidence(told, sent()), told, None, ()):
        assert each.what
