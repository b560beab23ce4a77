"""What is called proved is proved with the request that the arguments make, and with all that it needs."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials.denial import Denial
from secure_s3.denials.evidence import Evidence, Settings
from secure_s3.denials.explanation import BUCKET_OWNER, CALLER
from secure_s3.denials.remedies import remedies_for
from secure_s3.policy import evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.wire import SentRequest, needs
from secure_s3.policy.witnesses import KEY, OTHER_KEY

from .test_remedies import (
    CALLER_APP,
    EVERYTHING,
    IDENTITY,
    NOW,
    WRITES,
    B,
    judged,
    need,
    offered,
    policy,
    sent,
)

TAG, TAG_KEYS, CLASS = "s3:RequestObjectTag/team", "s3:RequestObjectTagKeys", "s3:x-amz-storage-class"
SSE_KEY, SSE_C = (
    f"s3:x-amz-server-side-encryption-{each}" for each in ("aws-kms-key-id", "customer-algorithm")
)
BOB = "arn:aws:iam::111122223333:user/bob"


def deny(sid, condition=None, action="s3:PutObject", **parts):
    """A statement that denies; None leaves a part out."""
    made = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": WRITES}
    made |= {"Condition": condition, **parts}
    return {name: value for name, value in made.items() if value is not None}


def get(operation="GetObject", **more):
    """A request to read."""
    url = f"https://{B}.s3.eu-west-1.amazonaws.com/in/a.csv"
    told = {"region": "eu-west-1", "auth_type": "REST-HEADER", "signature": "AWS4-HMAC-SHA256", **more}
    return SentRequest(operation, "GET", url, {}, bucket=B, key="in/a.csv", **told)


def of(*statements, request=None, action=None, assume=None):
    """What is offered for a request that these statements of the bucket's policy refuse."""
    request = request or sent()
    asked = needs(request, caller=CALLER_APP, now=NOW, assume=assume)
    whole = ((policy(*statements), "bucket policy", B),)
    found = [judged(each.request, resource_policy=whole, identity_policy=(IDENTITY,)) for each in asked]
    refused = next(each for each in found if action in (None, each.request.action))
    assert refused.decision.outcome in ("explicitly_denied", "unknown")
    told = Denial("bucket_policy", True, refused.request.action, refused.request.resource)
    evidence = Evidence(told, request, CALLER_APP, judged=tuple(found))
    return remedies_for(evidence, told, refused, refused.decision.reasons)


def calls(remedies):
    """Those that are a changed call."""
    return [each for each in remedies if each.arguments or each.encryption or each.client]


# ----------------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("operator", "names", "tags", "expected"),
    [
        ("ForAnyValue:StringNotEquals", ["team"], "team=a&x=1", "team=a"),
        ("ForAnyValue:StringEquals", ["x", "y"], "team=a&x=1", "team=a"),
        ("ForAnyValue:StringNotEquals", ["team"], "x=1", None),
        ("ForAnyValue:StringNotLike", ["team*"], "team-a=1&x=2", "team-a=1"),
        ("ForAllValues:StringNotEquals", ["team"], "x=1", "x=1&team=value"),
    ],
)
def test_tags_that_may_not_be_set_go_and_the_others_stay_as_they_are(operator, names, tags, expected):
    """The first Tagging has the caller's own values, and none but allowed names."""
    first = of(deny("T", {operator: {TAG_KEYS: names}}), request=sent(headers={"x-amz-tagging": tags}))[0]
    assert (first.arguments, first.proved) == ({"Tagging": expected}, True)


_NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(
    st.dictionaries(_NAMES, st.sampled_from(["1", "2"]), max_size=3),
    st.sampled_from(["ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(["StringEquals", "StringNotEquals"]),
    st.sets(_NAMES, min_size=1, max_size=2),
)
def test_a_tagging_that_is_proved_passes_as_it_goes_over_the_wire(tags, qualifier, operator, names):
    """Whatever tags are sent, and whichever are refused, the offered argument is allowed when it is sent."""
    statement = deny("T", {f"{qualifier}{operator}": {TAG_KEYS: sorted(names)}})
    request = sent(headers={"x-amz-tagging": urlencode(tags)} if tags else {})
    if evaluate(need(request), resource_policy=policy(statement)).outcome != "explicitly_denied":
        return
    for each in calls(of(statement, request=request)):
        tagging = each.arguments["Tagging"]
        assert tagging != request.headers.get("x-amz-tagging")
        again = need(sent(headers={"x-amz-tagging": tagging} if tagging else {}))
        assert evaluate(again, resource_policy=policy(statement), identity_policies=EVERYTHING).allowed
        assert each.proved


@pytest.mark.parametrize(
    ("wanted", "request_", "words"),
    [
        ("REST-QUERY-STRING", get(), "use a presigned URL: s3.presign.get(…)"),
        ("REST-QUERY-STRING", sent(), "use a presigned URL: s3.presign.put(…)"),
        ("POST", sent(), "upload with a form: s3.presign.post(…)"),
        ("REST-HEADER", get(auth_type="REST-QUERY-STRING", expires_in=60), "signature in the headers"),
    ],
)
def test_the_way_to_sign_that_is_offered_is_the_one_that_the_policy_wants(wanted, request_, words):
    """Each kind of signature is told by the call that makes it, and no other is."""
    action = need(request_).action
    first, *others = of(
        deny("A", {"StringNotEquals": {"s3:authType": wanted}}, action), request=request_, action=action
    )
    assert words in first.what
    assert {each.who for each in others} == {BUCKET_OWNER}


@pytest.mark.parametrize(
    ("other", "proved"),
    [
        (deny("C", {"StringNotEquals": {CLASS: "STANDARD_IA"}}, "s3:Put*"), [False]),
        (deny("C", None, "s3:PutObjectTagging"), []),
        (deny("C", None, "s3:PutObjectAcl"), [True]),
    ],
)
def test_a_permission_that_the_changed_call_needs_besides_is_tried_as_well(other, proved):
    """A tag needs s3:PutObjectTagging: refused, it is not offered; open, it is not called proved."""
    found = calls(of(deny("A", {"StringNotEquals": {TAG: "data"}}), other))
    assert [each.proved for each in found] == proved
    assert all("needs s3:PutObjectTagging" in each.risk for each in found)


def test_what_one_statement_asks_for_is_not_to_be_left_out_for_another():
    """Leaving Tagging out, the call would run into the statement that wants the tag."""
    headers = {"x-amz-tagging": "team=data", "x-amz-storage-class": "STANDARD_IA"}
    statements = (
        deny("A", {"StringNotEquals": {TAG: "data"}}),
        deny("C", {"StringNotEquals": {CLASS: "STANDARD_IA"}}, "s3:Put*"),
    )
    assert calls(of(*statements, request=sent(headers=headers), action="s3:PutObjectTagging")) == []


@pytest.mark.parametrize(
    "statement",
    [
        make.deny_wrong_kms_key(B, KEY, strict=True).to_dict(),
        deny("K", {"StringNotEquals": {SSE_KEY: [KEY, OTHER_KEY]}}),
        deny("T", {"StringNotEquals": {TAG: ["data", "ml"]}}),
    ],
)
def test_of_changes_of_one_kind_there_is_one(statement):
    """No second key, no second algorithm with a key, no second value."""
    assert len(calls(of(statement))) == 1


def test_ds_sse_is_offered_where_sse_kms_does_not_pass():
    """The policy asks for it."""
    asks = deny("D", {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms:dsse"}})
    (first,) = calls(of(asks, deny("K", {"StringNotEquals": {SSE_KEY: KEY}})))
    assert first.encryption == f'DsseKms("{KEY}")'


def test_a_refused_customer_key_is_left_out_where_the_client_has_a_strategy():
    """No key of KMS is known here; the client may have one."""
    request = sent(headers={"x-amz-server-side-encryption-customer-algorithm": "AES256"})
    first = of(deny("C", {"Null": {SSE_C: "false"}}), request=request)[0]
    assert first.what.startswith("leave out encryption=SseC(…)")


# ------------------------------------------------------------------------------------------- circumstances

OFFICE = deny("OnlyOffice", {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}})
ONLY_KMS = deny("OnlyKms", {"StringNotEquals": {SSE_KEY: KEY}})
HOME = {"aws:SourceIp": "203.0.113.9"}


def test_two_statements_of_different_kinds_are_answered_together():
    """From there, and with that key: each alone would be refused."""
    first = of(OFFICE, ONLY_KMS, assume=HOME)[0]
    assert first.what == f'call from an address in 198.51.100.0/24, and configure SseKms("{KEY}")'
    assert (first.who, first.proved, first.encryption) == (CALLER, True, f'SseKms("{KEY}")')


def test_a_statement_that_only_may_refuse_is_told_of():
    """Where the network is not known, the key alone is proved, and the other statement is named."""
    first = of(OFFICE, ONLY_KMS)[0]
    assert first.what == f'configure SseKms("{KEY}")'
    assert '"OnlyOffice" may refuse it as well' in first.risk


def test_half_of_the_way_is_not_called_proved():
    """Nothing answers a statement without conditions."""
    found = of(ONLY_KMS, deny("Flat"))
    assert not any(each.proved for each in found if each.who == CALLER)


@pytest.mark.parametrize(
    ("statement", "words", "proved"),
    [
        (
            deny("I", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, "s3:GetObject"),
            "call from an address outside 192.0.2.0/24",
            True,
        ),
        (deny("N", None, "s3:GetObject", Principal=None, NotPrincipal={"AWS": BOB}), f"call as {BOB}", False),
        (
            deny(
                "N",
                None,
                "s3:GetObject",
                Principal=None,
                NotPrincipal={"AWS": [BOB, "arn:aws:iam::111122223333:root"]},
            ),
            f"call as {BOB}",
            True,
        ),
        (
            deny("A", {"ArnEquals": {"aws:PrincipalArn": CALLER_APP.role_arn}}, "s3:GetObject"),
            f"call as somebody else than {CALLER_APP.role_arn}",
            True,
        ),
    ],
)
def test_other_circumstances_are_told_for_what_a_statement_names(statement, words, proved):
    """Addresses that it refuses, people whom it spares; whether AWS spares them is said as it is known."""
    first = of(statement, request=get())[0]
    assert (first.what, first.proved) == (words, proved)


@pytest.mark.parametrize(
    ("bound", "known", "words"),
    [
        ("600000", False, "use the URL sooner, within 600 seconds of its signing"),
        ("600000", True, "presign for ExpiresIn=599 seconds"),
        ("0", True, "call S3 with the signature in the headers"),
    ],
)
def test_the_age_of_a_signature_is_answered_by_the_caller(bound, known, words):
    """By the argument where the URL is known to be one, in words where it is not."""
    request = get(auth_type="REST-QUERY-STRING", expires_in=3600)
    found = judged(
        need(request),
        resource_policy=(
            (
                policy(deny("Age", {"NumericGreaterThan": {"s3:signatureAge": bound}}, "s3:GetObject")),
                "bucket policy",
                B,
            ),
        ),
        identity_policy=(IDENTITY,),
    )
    if not known:
        context = {**found.request.context, "s3:authType": "unknown", "s3:signatureAge": "unknown"}
        unknown = ("s3:authType", "s3:signatureAge")
        kept = {name: value for name, value in context.items() if value != "unknown"}
        request = None
        asked = replace(found.request, context=kept, unknown=(*found.request.unknown, *unknown))
        found = judged(asked, **{layer: _plain(named) for layer, named in found.policies.items()})
    assert words in offered(found, request=request)[0].what


def _plain(named):
    return tuple((each.policy, each.document, each.target, each.inline) for each in named)


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("s3.us-east-1.amazonaws.com", "use a bucket in us-east-1, whose S3 alone may use this key"),
        ("rds.eu-west-1.amazonaws.com", "use another key: this one is for rds.eu-west-1.amazonaws.com alone"),
    ],
)
def test_a_key_of_another_region_or_service_is_told_as_that(service, words):
    """Nobody called KMS directly: S3 did, and of another region."""
    name = "x-amz-server-side-encryption"
    request = sent(headers={name: "aws:kms", f"{name}-aws-kms-key-id": KEY})
    via = {"StringNotEquals": {"kms:ViaService": service}}
    statement = deny("Via", via, "kms:GenerateDataKey", Resource="*")
    found = judged(
        need(request, "kms:GenerateDataKey"),
        resource_policy=((policy(statement), "key policy", KEY),),
        identity_policy=(IDENTITY,),
    )
    first = offered(found, "kms_access", True, request, layer="resource_policy")[0]
    assert first.what.startswith(words)
    assert "directly" not in first.what


# ---------------------------------------------------------------------------------------- without policies


def told(cause, request=None, settings=None, **denial):
    """What is offered without policies."""
    found = Denial(cause, **denial)
    return remedies_for(Evidence(found, request, settings=settings or Settings()), found, None, ())


@pytest.mark.parametrize(
    ("cause", "request_", "denial", "settings", "first"),
    [
        ("identity_policy", get(), {"action": "s3:ListBucket", "explicit": False}, {}, True),
        ("opaque", get("HeadObject"), {}, {"object_exists": False}, True),
        ("identity_policy", get(), {"action": "s3:GetObject"}, {"object_exists": False}, True),
        (
            "bucket_policy",
            get(),
            {"action": "s3:GetObject", "explicit": True},
            {"object_exists": False},
            False,
        ),
        ("opaque", sent(), {}, {"object_exists": False}, False),
        ("identity_policy", get("ListObjectsV2"), {"action": "s3:ListBucket"}, {}, False),
        ("opaque", get(), {}, {"object_exists": True}, False),
    ],
)
def test_a_missing_key_is_what_is_checked_first(cause, request_, denial, settings, first):
    """Of a read whose object is not there, and of nothing else."""
    remedies = told(cause, request_, Settings(**settings), **denial)
    words = [each.what for each in remedies if "there is no object in/a.csv" in each.what]
    assert words == [each.what for each in remedies[:1]] if first else words == []


@pytest.mark.parametrize(
    ("retention", "waits"),
    [({}, False), (None, False), ({"Mode": "COMPLIANCE", "RetainUntilDate": "2030"}, True)],
)
def test_a_legal_hold_is_released_and_not_waited_for(retention, waits):
    """A hold has no end; a retention beside it has."""
    remedies = told("object_lock", get(), Settings(legal_hold=True, retention=retention))
    assert (remedies[0].who, "Status=OFF" in remedies[0].command) == (BUCKET_OWNER, True)
    assert any("wait until" in each.what for each in remedies) == waits


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 400, "pass the key that the object was written with"),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, 400, "leave the customer key out"),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, 403, "pass the key that the object"),
        ({}, 403, ""),
    ],
)
def test_a_head_without_words_is_answered_by_its_likeliest_reason(headers, status, words):
    """Its status and its headers tell about the customer key."""
    remedies = told("opaque", replace(get("HeadObject"), headers=headers), status=status)
    assert [each.what.startswith(words) for each in remedies] == ([True] if words else [])


def test_a_key_that_is_missing_or_not_allowed_is_looked_up_first():
    """KMS says neither: the ARN, then the key's policy, then the identity's."""
    remedies = told("kms_access", get(), action="kms:Decrypt")
    assert [each.what.partition(" of ")[0] for each in remedies[:2]] == ["check the ARN", "let the policy"]
    assert remedies[2].document == "identity policy"


def test_statements_are_named_in_plain_words():
    """One keeps, several keep; a statement without a Sid has no quotes; of many four are named."""
    (only,) = of(deny(None))
    assert only.what.endswith("in statement 1")
    assert only.risk.endswith("keeps others from")
    (many,) = of(*(deny(name) for name in "ABCDEF"))
    assert many.risk.endswith('"A" and "B" and "C" and "D" and 2 more keep others from')


def test_a_number_is_offered_once():
    """The bound itself, and not the one below it as well."""
    url = f"https://{B}.s3.eu-west-1.amazonaws.com/?list-type=2&max-keys=1000"
    request = replace(get("ListObjectsV2"), url=url, key=None)
    bound = {"NumericGreaterThan": {"s3:max-keys": "10"}}
    statement = deny("Mk", bound, "s3:ListBucket", Resource=f"arn:aws:s3:::{B}")
    assert [each.arguments for each in calls(of(statement, request=request))] == [{"MaxKeys": 10}]
