"""Explanations: the statement that refuses is proved, what nobody knows is said, and nothing is made up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.denials import parse_denial
from secure_s3.denials.denial import CAUSES, Denial
from secure_s3.denials.evidence import Evidence, Judged, Named, Settings
from secure_s3.denials.explain import explain
from secure_s3.policy import UNKNOWN, Policy, evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.wire import SentRequest
from secure_s3.policy.witnesses import APP, KEY, OTHER_KEY, OWNER, SSE, bucket_arn, put, witness
from tests.policy.test_statements import DENIED, NOT, TABLE

B = "amzn-s3-demo-bucket"
ALLOW_ALL = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
READ_ONLY = Policy.parse(
    {
        "Version": "2012-10-17",
        "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    }
)
OTHER = make.deny_insecure_transport("amzn-s3-demo-logging-bucket", sid="AnotherBucket")
EXPLICIT = {"explicit": True, "layer": "resource_policy", "status": 403, "code": "AccessDenied"}


def judged(request, policy=None, identity=(ALLOW_ALL,), unread=()):
    """A permission with the policies of its bucket and its caller."""
    resource = UNKNOWN if "resource_policy" in unread else policy
    identities = UNKNOWN if "identity_policy" in unread else identity
    decision = evaluate(request, resource_policy=resource, identity_policies=identities)
    policies = {
        "resource_policy": (Named(policy, "bucket policy", B),) if policy and resource is policy else (),
        "identity_policy": tuple(Named(each, "identity policy", "role App") for each in identity),
    }
    return Judged(request, decision, policies, tuple(unread))


def denied(request, cause="bucket_policy", **told):
    """A denial of *request* as AWS words it."""
    return Denial(
        cause,
        **{**EXPLICIT, **told},
        action=request.action,
        resource=request.resource,
        principal=request.principal if isinstance(request.principal, str) else None,
    )


ROWS = [
    pytest.param(row.statement, request, id=f"{row.builder}-{why}")
    for row in TABLE
    for request, wanted, why in row.requests
    if wanted == DENIED
]


@pytest.mark.parametrize(("statement", "request_"), ROWS)
def test_the_statement_that_denies_is_named_and_proved(statement, request_):
    """Of a policy with another statement before it, the one that denies is named, with its conditions."""
    policy = Policy.of(OTHER, statement)
    told = explain(Evidence(denied(request_), judged=(judged(request_, policy),)))
    assert (told.statement, told.statement.pointer, told.certainty) == (
        statement.sid,
        "/Statement/1",
        "proved",
    )
    assert {each.key for each in told.conditions} == {each.key for each in statement.conditions}
    assert {each.operator for each in told.conditions} == {each.operator for each in statement.conditions}
    assert statement.sid in told.text()
    assert told.denied_by.startswith(f"bucket policy of {B}, statement 2")


NEAR = [
    pytest.param(row.statement, request, id=f"{row.builder}-{why}")
    for row in TABLE
    for request, wanted, why in row.requests
    if wanted == NOT
]


@pytest.mark.parametrize(("statement", "request_"), NEAR)
def test_a_statement_that_nearly_allows_is_named_or_nothing_is(statement, request_):
    """Where nothing allows, the statement of the policy is named, with what keeps it from allowing."""
    policy = Policy.of(statement)
    found = judged(request_, policy, identity=())
    told = explain(
        Evidence(
            denied(request_, "identity_policy", explicit=False, layer="identity_policy"), judged=(found,)
        )
    )
    assert told.statement in (None, statement.name)
    if told.statement is not None and told.conditions:
        assert {each.key for each in told.conditions} <= {each.key for each in statement.conditions}


TAGGED = make.allow_read_by_tag(B, "team")
OPEN = {"s3:ExistingObjectTag/team": UNKNOWN}
"""What only AWS knows of the request."""


@pytest.mark.parametrize(
    ("cause", "layer", "named"),
    [
        ("identity_policy", "identity_policy", TAGGED.sid),
        ("bucket_policy", "resource_policy", None),
        ("session_policy", "session_policy", None),
    ],
)
def test_what_only_aws_knows_was_against_it_where_nothing_allows(cause, layer, named):
    """An Allow of the layer that lacks is inferred to have failed; of another layer nothing is said."""
    request = witness("s3:GetObject", bucket_arn(B, "key"), APP, {"aws:PrincipalTag/team": "red", **OPEN})
    found = judged(request, Policy.of(OTHER), identity=(Policy.of(TAGGED),))
    assert found.decision.outcome == "unknown"
    told = explain(Evidence(denied(request, cause, explicit=False, layer=layer), judged=(found,)))
    assert told.statement == named
    assert told.certainty == ("inferred" if named else "stated")
    assert not any(each.known for each in told.conditions)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (put(B, "tmp/x", "arn:aws:iam::111122223333:user/alice"), "to another principal"),
        (put(B, "other/x"), "on another resource"),
    ],
)
def test_what_but_a_condition_keeps_an_allow_from_allowing_is_told(request_, words):
    """A statement for somebody else, or something else, is told to be that."""
    policy = Policy.of(OTHER, make.allow_write(B, "arn:aws:iam::111122223333:role/App", prefix="tmp/"))
    told = explain(
        Evidence(
            denied(request_, "identity_policy", explicit=False, layer="identity_policy"),
            judged=(judged(request_, policy, identity=()),),
        )
    )
    assert f'"AllowWrite" allows it {words}' in told.because


def test_a_condition_tells_what_was_wanted_and_what_was_sent():
    """The report has operator, key, and the values of both; a header that is missing is told as such."""
    policy = Policy.of(make.deny_wrong_kms_key(B, KEY, strict=True))
    wrong = put(B, **{SSE: "aws:kms", "s3:x-amz-server-side-encryption-aws-kms-key-id": OTHER_KEY})
    text = explain(Evidence(denied(wrong), judged=(judged(wrong, policy),))).text()
    assert f"policy says {KEY}; request has {OTHER_KEY}" in text
    bare = explain(Evidence(denied(put(B)), judged=(judged(put(B), policy),)))
    assert "request has nothing" in bare.text()


def test_of_a_text_alone_the_sender_may_know_more():
    """Where only the message is known, an open condition is what the text does not say."""
    request = replace(put(B), context={}, unknown=("s3:*",))
    policy = Policy.of(make.deny_wrong_kms_key(B, KEY, strict=True))
    told = explain(Evidence(denied(request), judged=(judged(request, policy),)))
    assert "request has what the text does not say" in told.text()
    assert "only AWS knows" not in told.text()


def test_many_values_are_cut_in_text_and_kept_as_data():
    """A condition with thirty values shows four and says how many more there are."""
    keys = [KEY.replace("1234abcd", f"{number:08d}") for number in range(30)]
    told = explain(
        Evidence(
            denied(put(B)), judged=(judged(put(B), Policy.of(make.deny_wrong_kms_key(B, keys, strict=True))),)
        )
    )
    assert "or 26 more" in told.text()
    assert len(told.to_dict()["conditions"][0]["wanted"]) == 30


def test_what_nearly_denies_is_a_candidate_if_nothing_does():
    """AWS says that a resource policy denies and none does: the statement one value away is told."""
    request = witness("s3:GetObject", bucket_arn(B, "key"), APP)
    policy = Policy.of(make.require_min_tls(B, "1.3"))
    told = explain(Evidence(denied(request), sent("GetObject"), judged=(judged(request, policy),)))
    assert told.statement is None
    assert [str(each.statement) for each in told.candidates] == [policy.statements[0].sid]
    assert "saw other values" in told.text()


@pytest.mark.parametrize(
    ("cause", "words"), [("kms_access", "no such key"), ("trust_policy", "the caller's own policies")]
)
def test_what_the_message_leaves_open_is_not_certain(cause, words):
    """A text that leaves the kind of policy open is not told as what the service says."""
    told = explain(Evidence(Denial(cause, action="kms:Decrypt", status=403, message="…")))
    assert told.certainty == "unknown"
    assert words in told.denied_by


NAMED = f"arn:aws:iam::{OWNER}:policy/Named"


def test_another_policy_than_the_named_one_is_never_blamed():
    """AWS names a policy that was not read: another that denies as well is a candidate, and not patched."""
    document = {"Sid": "No", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    another = Policy.parse({"Version": "2012-10-17", "Statement": [document]})
    found = judged(put(B), identity=(ALLOW_ALL, another))
    own = tuple(
        Named(each.policy, "identity policy", NAMED.replace("Named", "Another"))
        for each in found.policies["identity_policy"]
    )
    found = replace(found, policies={**found.policies, "identity_policy": own})
    denial = denied(put(B), "identity_policy", layer="identity_policy", policy_arn=NAMED)
    told = explain(Evidence(denial, sent(), judged=(found,)))
    assert (told.certainty, told.statement, told.policy_arn) == ("stated", None, NAMED)
    assert NAMED in told.denied_by
    assert [str(each.statement) for each in told.candidates] == ["No"]
    assert not any(each.patch or each.proved for each in told.remedies)


def test_thousands_of_candidates_are_told_in_a_few_lines():
    """Of many statements that may deny, ten are shown, and how many more there are."""
    many = [make.only_vpc_endpoints(B, "vpce-1a2b3c4d", sid=f"Vpce{number}") for number in range(40)]
    request = replace(witness("s3:GetObject", bucket_arn(B, "key"), APP), unknown=("aws:*",))
    request = replace(request, context={k: v for k, v in request.context.items() if "Source" not in k})
    told = explain(Evidence(denied(request), sent(), judged=(judged(request, Policy.of(*many)),)))
    assert len(told.candidates) == 10
    assert "30 more statements are candidates" in told.text()


def test_a_statement_without_conditions_says_so():
    """A Deny without conditions is told as one that denies in any case."""
    document = {"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = Policy.parse({"Version": "2012-10-17", "Statement": [document]})
    told = explain(Evidence(denied(put(B)), judged=(judged(put(B), policy),)))
    assert "Never denies it without a condition" in told.text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html><body>502 Bad Gateway</body></html>", "a proxy or gateway"),
        ("<!DOCTYPE html><title>403 Forbidden</title>", "a proxy or gateway"),
        ("Unable to locate credentials", "nobody signed"),
        ("the moon is full", "nothing in this text"),
    ],
)
def test_what_s3_did_not_say_is_not_told_as_its_word(text, words):
    """A proxy's page, an error of this machine and no error at all are told as what they are."""
    told = explain(Evidence(parse_denial(message=text)))
    assert words in told.denied_by
    assert told.remedies or told.fix


def test_nothing_refers_to_itself():
    """No explanation advises to have the error explained."""
    for cause in CAUSES:
        for known in ({}, {"explicit": True, "status": 403}, {"status": 403, "code": "403"}):
            assert "s3.explain(" not in explain(Evidence(Denial(cause, **known))).text()


def test_what_only_aws_knows_is_inferred_where_nothing_else_is_left():
    """One statement whose condition only the server knows is inferred from AWS's word; two are candidates."""
    request = replace(witness("s3:GetObject", bucket_arn(B, "key"), APP), unknown=("aws:*",))
    request = replace(request, context={k: v for k, v in request.context.items() if "Source" not in k})
    vpce = make.only_vpc_endpoints(B, "vpce-1a2b3c4d")
    one = explain(Evidence(denied(request), sent("GetObject"), judged=(judged(request, Policy.of(vpce)),)))
    assert (one.certainty, one.statement) == ("inferred", vpce.sid)
    assert not one.conditions[0].known
    assert "what only AWS knows" in one.text()
    organization = make.only_organization(B, "o-a1b2c3d4e5")
    two = explain(Evidence(denied(request), judged=(judged(request, Policy.of(vpce, organization)),)))
    assert (two.certainty, two.statement) == ("unknown", None)
    assert {str(each.statement) for each in two.candidates} == {vpce.sid, organization.sid}


def test_the_kind_of_policy_that_aws_names_is_never_contradicted():
    """A bucket policy that denies as well does not replace the service control policy that AWS names."""
    request = put(B)
    policy = Policy.of(make.deny_wrong_kms_key(B, KEY, strict=True))
    arn = f"arn:aws:organizations::{OWNER}:policy/o-a1b2c3d4e5/service_control_policy/p-a1b2c3d4"
    denial = denied(request, "service_control_policy", layer="service_control_policy", policy_arn=arn)
    told = explain(Evidence(denial, judged=(judged(request, policy),)))
    assert (told.cause, told.certainty, told.statement) == ("service_control_policy", "stated", None)
    assert arn in told.denied_by


def test_a_policy_that_could_not_be_read_gives_no_statement():
    """Without the bucket policy, the layer is told as AWS says it, and the gap."""
    request = put(B)
    evidence = Evidence(
        denied(request),
        judged=(judged(request, unread=("resource_policy",)),),
        gaps=("the policy of amzn-s3-demo-bucket: access denied",),
    )
    told = explain(evidence)
    assert (told.cause, told.certainty, told.statement) == ("bucket_policy", "stated", None)
    assert "access denied" in told.text()


def test_a_policy_in_which_nothing_denies_makes_block_public_access_a_suspect():
    """AWS says that a resource policy denies and none does: it may be RestrictPublicBuckets, or a change."""
    request = put(B)
    told = explain(Evidence(denied(request), judged=(judged(request, Policy.of(OTHER)),)))
    assert told.statement is None
    assert "RestrictPublicBuckets" in told.text()


def test_nothing_is_known_but_the_text():
    """The parsed message alone gives an explanation: what it names, and a way to mend it."""
    told = explain(Evidence(denied(put(B))))
    assert told.outcome is None
    assert told.fix
    assert told.documentation.startswith("https://docs.aws.amazon.com/")


# -- where the service says nothing ---------------------------------------------------------------------


def sent(operation="PutObject", **headers):
    """A request as the guard kept it."""
    folded = {name.replace("_", "-"): value for name, value in headers.items()}
    return SentRequest.observed(
        operation, "PUT", f"https://s3.eu-west-1.amazonaws.com/{B}/key", folded, bucket=B, key="key"
    )


BARE = Denial("opaque", status=403, code="AccessDenied", message="Access Denied")


def test_a_bare_denial_is_proved_by_the_policy_that_denies():
    """Of a bare Access Denied, the statement that denies is found, and the cause is no longer opaque."""
    policy = Policy.of(make.deny_wrong_kms_key(B, KEY, strict=True))
    told = explain(Evidence(BARE, sent(), judged=(judged(put(B), policy),)))
    assert (told.cause, told.explicit, told.certainty) == ("bucket_policy", True, "proved")
    assert (told.action, told.resource) == ("s3:PutObject", bucket_arn(B, "key"))


def test_a_bare_denial_that_no_policy_allows_is_inferred():
    """Where nothing allows, it is inferred and not proved: ACLs are not looked at."""
    told = explain(Evidence(BARE, sent(), judged=(judged(put(B), identity=(READ_ONLY,)),)))
    assert (told.cause, told.explicit, told.certainty) == ("identity_policy", False, "inferred")


@pytest.mark.parametrize(("owner", "certainty"), [("444455556666", "proved"), (None, "inferred")])
def test_a_bare_denial_with_another_expected_owner(owner, certainty):
    """An expected owner that is not the bucket's explains a bare denial that no policy explains."""
    request = sent(x_amz_expected_bucket_owner=OWNER)
    evidence = Evidence(BARE, request, judged=(judged(put(B)),), settings=Settings(owner=owner))
    told = explain(evidence)
    assert (told.cause, told.certainty) == ("bucket_owner", certainty)


def test_a_bare_denial_that_nothing_explains_has_candidates_only():
    """A missing key, a wrong customer key, a paying requester: told as candidates, none as the answer."""
    header = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
    read = replace(sent("GetObject"), headers=header)
    known = Settings(
        object_exists=False, requester_pays=True, public_access_block={"RestrictPublicBuckets": True}
    )
    request = witness("s3:GetObject", bucket_arn(B, "key"), APP)
    told = explain(Evidence(BARE, read, judged=(judged(request, Policy.of(OTHER)),), settings=known))
    assert (told.cause, told.certainty) == ("opaque", "unknown")
    assert [each.cause for each in told.candidates] == ["not_found", "sse_c", "other", "block_public_access"]


def test_head_says_that_it_says_nothing():
    """A refused HEAD hints at the GET that would give a message; after that GET it does not."""
    head = replace(sent("HeadObject"), method="HEAD")
    denial = Denial("opaque", status=403, code="403", operation="HeadObject")
    assert "probe=True" in explain(Evidence(denial, head)).text()
    assert "probe=True" not in explain(Evidence(BARE, head, retried=True)).text()
    bad = explain(Evidence(replace(denial, status=400, code="400"), head))
    assert {each.cause for each in bad.candidates} >= {"sse_c", "region"}


def test_a_missing_key_is_told_apart_from_a_missing_right():
    """A GetObject that is refused for s3:ListBucket is of an object that is not there."""
    request = witness("s3:GetObject", bucket_arn(B, "key"), APP)
    listing = Denial(
        "identity_policy", False, "s3:ListBucket", bucket_arn(B), APP, layer="identity_policy", status=403
    )
    told = explain(Evidence(listing, sent("GetObject"), judged=(judged(request, identity=(READ_ONLY,)),)))
    assert "there is no object key" in told.text()
    assert told.outcome == "implicitly_denied"


# -- laws -----------------------------------------------------------------------------------------------

_DENIALS = st.builds(
    Denial,
    cause=st.sampled_from(CAUSES),
    explicit=st.sampled_from([True, False, None]),
    action=st.sampled_from([None, "s3:PutObject", "kms:Decrypt", "sts:AssumeRole", "\x00", "s3:*"]),
    resource=st.sampled_from([None, bucket_arn(B, "key"), "*", "arn"]),
    layer=st.sampled_from([None, "resource_policy", "identity_policy", "session_policy"]),
    status=st.sampled_from([None, 400, 403, 404]),
    message=st.text(max_size=40),
)


@settings(max_examples=60, deadline=None)
@given(_DENIALS, st.booleans(), st.sampled_from([(), ("resource_policy",), ("identity_policy",)]))
def test_any_denial_is_explained_in_text_and_json(denial, known, unread):
    """Whatever was denied and whatever could be read, there is a text of plain lines, and JSON."""
    policy = Policy.of(
        make.deny_wrong_kms_key(B, KEY, strict=True), make.only_vpc_endpoints(B, "vpce-1a2b3c4d")
    )
    found = (judged(put(B), policy, unread=unread),) if known else ()
    told = explain(Evidence(denial, sent() if known else None, judged=found))
    assert told.text().splitlines()[0].endswith(")") or "was refused" in told.text()
    json.dumps(told.to_dict(), default=str)
    assert told.certainty in ("stated", "proved", "inferred", "unknown")
    assert (told.certainty == "proved") <= bool(found or told.cause == "bucket_owner")


def test_an_explanation_is_data():
    """The JSON form has everything that the ideal error of this project has."""
    policy = Policy.of(OTHER, make.deny_wrong_kms_key(B, KEY, strict=True))
    found = explain(Evidence(denied(put(B)), sent(), judged=(judged(put(B), policy),), request_id="7QF"))
    told = found.to_dict()
    assert told["statement"] == {"sid": policy.statements[1].sid, "index": 1, "pointer": "/Statement/1"}
    assert {"service", "operation", "action", "resource", "principal", "http_status", "code"} <= told.keys()
    assert {"request_id", "host_id", "message", "denied_by", "explicit", "policy_arn"} <= told.keys()
    assert {"conditions", "certainty", "not_examined", "candidates", "remedies", "retryable"} <= told.keys()
    assert "service control policy" in told["not_examined"]
