"""s3.explain: the evidence is what the caller may read, and the verdict is that of a check."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import SecureS3Client, errors
from secure_s3.bucket.access.explaining import gather_evidence
from secure_s3.denials import Denial, parse_denial
from secure_s3.denials.denial import CAUSES
from secure_s3.denials.evidence import Evidence, Settings
from secure_s3.encryption import ClientSide, SseC, SseKms, SseS3
from secure_s3.envelope.keys import KmsKeys
from secure_s3.errors import REFUSED as ATTRIBUTE
from secure_s3.guard.refused import KeyUse, Refused
from secure_s3.policy import UNKNOWN
from tests.bucket.access.test_gathering import iam
from tests.bucket.network import SILENCE, Service, connected, refusal, told, xml
from tests.bucket.support import ALICE, ALL, ARN, KEY_POLICY, OWNER, SESSION, SSE, WHERE, client, deny, policy
from tests.guard.support import BUCKET, KEY_ARN, OTHER_ARN, RAW_KEY

WRONG_KEY = policy(
    deny("Other", "s3:DeleteObject"),
    deny("WrongKey", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": OTHER_ARN}}),
)
BY_BUCKET = (
    f"User: {SESSION} is not authorized to perform: s3:PutObject on resource: "
    f"&quot;{ARN}/a/b&quot; with an explicit deny in a resource-based policy"
)
WITH_IAM = iam(
    get_caller_identity={"Arn": SESSION, "Account": OWNER, "UserId": "AROA:one"},
    get_key_policy={"Policy": json.dumps(KEY_POLICY)},
)


def kms_words(action: str, key: str = KEY_ARN, why: str = "") -> str:
    why = why or f"because no resource-based policy allows the {action} action"
    return f"User: {SESSION} is not authorized to perform: {action} on resource: {key} {why}"


def put(s3: SecureS3Client, **more: Any) -> errors.ServiceError:
    with pytest.raises(errors.ServiceError) as caught:
        s3.put_object(**WHERE, Body=b"x", **more)
    return caught.value


def head(s3: SecureS3Client, **more: Any) -> errors.ServiceError:
    with pytest.raises(errors.ServiceError) as caught:
        s3.head_object(**WHERE, **more)
    return caught.value


def evidence(s3: SecureS3Client, error: object, **options: Any) -> Evidence:
    own = {name: options.pop(name) for name in ("probe", "now", "clock", "seconds") if name in options}
    return gather_evidence(s3.boto3, s3.session, error, options, **own)


# -- one verdict ------------------------------------------------------------------------------------------


def test_statement_of_the_bucket_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy is read and evaluated against the request as sent; nothing is asked of whom AWS names."""
    others = Service(WITH_IAM, refuses=True)
    network = connected(monkeypatch, others)
    network["PUT object"] = xml(403, "AccessDenied", BY_BUCKET)
    network["GET policy"] = told(WRONG_KEY)
    s3 = client()
    found = evidence(s3, put(s3, Tagging="a=b"))
    first = found.judged[0]
    assert (first.request.action, first.decision.outcome) == ("s3:PutObject", "explicitly_denied")
    assert first.decision.statement is not None
    assert first.decision.statement.sid == "WrongKey"
    assert [(each.document, each.target) for each in first.policies["resource_policy"]] == [
        ("bucket policy", BUCKET)
    ]
    assert [(each.target, each.inline) for each in first.policies["identity_policy"]] == [
        ("arn:aws:iam::aws:policy/A", ""),
        (f"arn:aws:iam::{OWNER}:role/team/App", "inline"),
    ]
    assert found.caller is not None
    assert found.caller.role_arn == f"arn:aws:iam::{OWNER}:role/team/App"
    assert "get_caller_identity" not in others.asked
    assert (found.settings.owner, found.request_id, found.host_id) == (OWNER, "REQUEST1", "HOST1")
    assert found.sent is not None
    assert found.sent.header("x-amz-tagging") == "a=b"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("put_object", {"bucket_policy": WRONG_KEY}),
        ("put_object", {"bucket_policy": [], "key_policy": []}),
        ("put_object", {"identity_policies": []}),
        ("put_object", {"scps": [policy()]}),
        ("put_object", {"permissions_boundary": UNKNOWN}),
        (
            "get_object",
            {
                "bucket_policy": policy(
                    deny("Office", "s3:*", {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
                )
            },
        ),
        ("delete_object", {"bucket_policy": policy(deny("Keep", "s3:DeleteObject"))}),
    ],
)
def test_check_and_explanation_have_one_verdict(
    monkeypatch: pytest.MonkeyPatch, operation: str, given: dict[str, Any]
) -> None:
    """What a check says before the call, the explanation says after it, need by need."""
    connected(monkeypatch)
    s3 = client(owner=OWNER)
    given = {"principal": ALICE, "identity_policies": ALL, "bucket_policy": [], "fetch": False, **given}
    given.setdefault("key_policy", KEY_POLICY)
    body = {"Body": b"x"} if operation == "put_object" else {}
    with pytest.raises(errors.ServiceError) as caught:
        getattr(s3, operation)(**WHERE, **body)
    before = s3.check(operation, **WHERE, **given)
    after = evidence(s3, caught.value, **given)
    assert [(each.request.action, each.request.resource) for each in before.permissions] == [
        (each.request.action, each.request.resource) for each in after.judged
    ]
    for checked, judged in zip(before.permissions, after.judged, strict=True):
        assert checked.decision.outcome == judged.decision.outcome
        assert checked.decision.statement == judged.decision.statement


def test_time_of_the_request_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is evaluated as of when it was sent, not as of when it is explained."""
    network = connected(monkeypatch)
    network["PUT object"] = xml(403, "AccessDenied", BY_BUCKET)
    s3 = client()
    error = put(s3)
    late = datetime.now(timezone.utc) + timedelta(days=365)
    later = policy(deny("Later", "s3:*", {"DateGreaterThan": {"aws:CurrentTime": "2100-01-01T00:00:00Z"}}))
    assert "explicitly_denied" not in [
        each.decision.outcome for each in evidence(s3, error, bucket_policy=later, now=late).judged
    ]
    made = policy(deny("Early", "s3:*", {"DateLessThan": {"aws:CurrentTime": late.isoformat()}}))
    assert evidence(s3, error, bucket_policy=made).judged[0].decision.outcome == "explicitly_denied"


# -- KMS --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY_ARN, OTHER_ARN])
def test_permission_that_the_message_names_is_first(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A denial of KMS within S3 is judged by the policy of the key that it names, the default's as well."""
    grants = {"Grants": [{"GranteePrincipal": ALICE, "Operations": ["Decrypt"]}]}
    others = Service(
        {**WITH_IAM, "describe_key": {"KeyMetadata": {"KeyState": "Enabled"}}, "list_grants": grants},
        refuses=True,
    )
    others._answers["get_key_policy"] = {"Policy": json.dumps(policy())}
    network = connected(monkeypatch, others)
    network["PUT object"] = xml(403, "AccessDenied", kms_words("kms:GenerateDataKey", key))
    s3 = client()
    found = evidence(s3, put(s3))
    first = found.judged[0]
    assert (first.request.action, first.request.resource) == ("kms:GenerateDataKey", key)
    assert (first.when, first.decision.outcome) == ("", "implicitly_denied")
    assert first.policies["resource_policy"][0].document == "key policy"
    assert found.settings.keys[key] == {"KeyState": "Enabled"}
    assert found.settings.grants[key][0]["GranteePrincipal"] == ALICE


def test_key_of_a_copy_s_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """A denied kms:Decrypt of a copy is one of the source's key."""
    network = connected(monkeypatch)
    network["PUT object"] = xml(403, "AccessDenied", kms_words("kms:Decrypt", OTHER_ARN))
    s3 = client(SseS3())
    with pytest.raises(errors.ServiceError) as caught:
        s3.copy_object(**WHERE, CopySource={"Bucket": "amzn-s3-demo-source", "Key": "k"})
    found = evidence(s3, caught.value, key_policy=KEY_POLICY, fetch=False)
    assert (found.judged[0].request.action, found.judged[0].request.resource) == ("kms:Decrypt", OTHER_ARN)
    assert [each.request.action for each in found.judged].count("kms:Decrypt") == 1


def test_what_kms_refused_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A denied data key of client-side encryption is judged with its encryption context."""
    connected(monkeypatch, Service(WITH_IAM, refuses=True))
    s3 = client(ClientSide(KmsKeys(KEY_ARN)))
    error = errors.KeyDenied("no", response={}, code="AccessDeniedException", status=400)
    error.denial = parse_denial(
        service="kms", code="AccessDeniedException", message=kms_words("kms:GenerateDataKey")
    )
    use = KeyUse("kms:GenerateDataKey", KEY_ARN, {"department": "finance"})
    error.__dict__[ATTRIBUTE] = Refused(None, datetime.now(timezone.utc), s3.boto3, key=use)
    found = evidence(s3, error)
    (only,) = found.judged
    assert only.request.context["kms:EncryptionContext:department"] == "finance"
    wrapped = errors.KeyAccessError("no key")
    wrapped.refusals = (errors.TransportError("x"), error)
    assert evidence(s3, wrapped).judged[0].request == only.request


# -- what cannot be read ----------------------------------------------------------------------------------


def test_without_any_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that may read nothing gets an explanation that says so, and no exception."""
    network = connected(monkeypatch)
    s3 = client()
    found = evidence(s3, put(s3))
    assert found.denial.cause == "opaque"
    assert found.settings == Settings(region="eu-west-1")
    assert {each.decision.outcome for each in found.judged} == {"unknown"}
    assert set(found.judged[0].unread) >= {"resource_policy", "identity_policy"}
    for what in ("the caller", "the policy", "Block Public Access", "Object Ownership", "the KMS key"):
        assert any(what in gap for gap in found.gaps), what
    (line,) = [gap for gap in found.gaps if "access denied" in gap]  # one for all that was denied
    assert line.endswith(": access denied; give principal=, bucket_policy=, key_policy="), line
    assert line.count(f" of {BUCKET}") == 1
    assert len(network.asked) < 20
    assert not [name for name in network.asked[1:] if not name.startswith(("GET", "HEAD bucket"))]


@pytest.mark.parametrize(
    "answer",
    [
        (200, ""),
        (200, "{"),
        (200, '{"Statement": 7}'),
        (200, "\x00\xff"),
        SILENCE,
    ],
    ids=str,
)
def test_broken_answers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """Whatever services answer, it is a gap or nothing."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("get_caller_identity", "get_key_policy", "get_role", "describe_key", "list_grants", "get_user"), None
    )
    network = connected(monkeypatch, Service(nothing, refuses=True))
    network["PUT object"] = xml(403, "AccessDenied")
    for name in (
        "policy",
        "publicAccessBlock",
        "encryption",
        "ownershipControls",
        "requestPayment",
        "list-type",
    ):
        network[f"GET {name}"] = answer
    s3 = client()
    found = evidence(s3, put(s3))
    assert found.gaps
    assert "allowed" not in [each.decision.outcome for each in found.judged]
    s3.explain(put(s3)).text()


def test_service_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come within the time is given up, however long the connection lasts."""
    released = threading.Event()

    def never() -> Any:
        released.wait(20)
        return 200, "{}"

    network = connected(monkeypatch)
    for name in ("policy", "publicAccessBlock", "encryption"):
        network[f"GET {name}"] = never
    s3 = client()
    error = put(s3)
    started = time.monotonic()
    found = evidence(s3, error, seconds=0.3)
    assert time.monotonic() - started < 5
    released.set()
    for thread in threading.enumerate():
        if thread.name == "secure-s3-asking":
            thread.join(5)
    (line,) = [gap for gap in found.gaps if "there was no answer in time" in gap]
    assert "the policy, " in line


def test_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists without end, and a clock that runs away, end the asking."""
    endless = {"AttachedPolicies": [], "IsTruncated": True, "Marker": "m"}
    others = Service({**WITH_IAM, "list_attached_role_policies": endless}, refuses=True)
    network = connected(monkeypatch, others)
    s3 = client()
    error = put(s3)
    found = evidence(s3, error)
    assert len(others.asked) + len(network.asked) <= 40 + 1 + 5  # the put, and closing clients
    assert any("up to 40 calls" in gap for gap in found.gaps)
    times = iter(range(0, 10_000, 7))
    before = len(others.asked) + len(network.asked)
    assert evidence(s3, error, clock=lambda: float(next(times))).gaps
    assert len(others.asked) + len(network.asked) - before <= 4  # closing clients counts


def test_nobody_is_asked_if_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With fetch=False what is given is evaluated, and everything else is a gap."""
    network = connected(monkeypatch, others := Service({}, refuses=True))
    s3 = client()
    error = put(s3)
    found = evidence(s3, error, bucket_policy=WRONG_KEY, fetch=False)
    assert (network.asked, others.asked) == (["PUT object"], [])
    assert found.judged[0].decision.outcome == "explicitly_denied"
    assert any("nothing was asked" in gap for gap in found.gaps)


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "ExpiredToken", "InvalidObjectState", "RequestTimeTooSkewed"]
)
def test_what_is_no_matter_of_policies_asks_nothing(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Where the answer says everything, no service is asked."""
    network = connected(monkeypatch, others := Service({}, refuses=True))
    network["PUT object"] = xml(403, code, "no")
    s3 = client()
    found = evidence(s3, put(s3))
    assert (found.judged, found.gaps) == ((), ())
    assert (network.asked, others.asked) == (["PUT object"], [])


# -- what is explained ------------------------------------------------------------------------------------


def test_errors_of_all_kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Typed, raw, hidden by boto3, taken apart, and as text or body: it is one denial."""
    network = connected(monkeypatch)
    network["PUT object"] = xml(403, "AccessDenied", BY_BUCKET)
    s3 = client()
    typed = put(s3)
    with pytest.raises(ClientError) as raw:
        s3.boto3.put_object(**WHERE, Body=b"x")
    (tmp_path / "f").write_bytes(b"x")
    with pytest.raises(S3UploadFailedError) as hidden:
        s3.boto3.upload_file(str(tmp_path / "f"), BUCKET, "a/b")
    for error in (
        typed,
        raw.value,
        hidden.value,
        typed.denial,
        str(raw.value),
        xml(403, "AccessDenied", BY_BUCKET)[1],
    ):
        found = evidence(s3, error, bucket_policy=WRONG_KEY, fetch=False)
        assert (found.denial.cause, found.denial.explicit) == ("bucket_policy", True)
        assert found.judged[0].request.principal == SESSION
        known = isinstance(error, BaseException)
        assert (found.sent is not None) == known
        assert found.judged[0].decision.outcome == ("explicitly_denied" if known else "unknown")


def test_expired_presigned_urls_are_refusals() -> None:
    """What a verifier of presigned URLs says is explained without asking anybody."""
    error = errors.SignatureError("no", code="AccessDenied", status=403, why="Request has expired")
    assert evidence(client(), error).denial.cause == "presign"


def test_words_alone_are_judged_with_open_circumstances(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pasted message is evaluated as far as it goes: only a deny without conditions is proved."""
    who = {"get_caller_identity": {"Arn": ALICE, "Account": OWNER}}
    network = connected(monkeypatch, Service(who, refuses=True))
    text = BY_BUCKET.replace("&quot;", '"')
    network["GET policy"] = told(policy(deny("No", "s3:PutObject")))
    found = evidence(client(), text)
    assert found.judged[0].decision.outcome == "explicitly_denied"
    assert (found.sent, found.settings.owner) == (None, OWNER)
    assert "GET policy" in network.asked
    vague = evidence(client(), "Access Denied")
    assert vague.judged == ()
    assert any("does not say who" in gap for gap in vague.gaps)
    assert "everything: the text names no bucket" in vague.gaps


def test_a_line_of_the_aws_cli_names_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a message names nothing, the URL before it does, and the operation tells the permission."""
    who = {"get_caller_identity": {"Arn": ALICE, "Account": OWNER}}
    network = connected(monkeypatch, Service(who, refuses=True))
    network["GET policy"] = told(policy(deny("No", "s3:PutObject")))
    said = "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"
    found = evidence(client(), f"upload failed: ./a to s3://{BUCKET}/a {said}")
    assert (found.denial.resource, found.judged[0].request.action) == (f"{ARN}/a", "s3:PutObject")
    assert found.judged[0].decision.outcome == "explicitly_denied"


@pytest.mark.parametrize("inside", [False, True])
def test_errors_as_mappings(inside: bool) -> None:
    """One of the errors of DeleteObjects, and the parsed answer of an error, are taken as they are."""
    said = BY_BUCKET.replace("&quot;", '"')
    error: dict[str, Any] = {"Code": "AccessDenied", "Message": said} | ({} if inside else {"Key": "a"})
    answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "7QF"}}
    found = evidence(client(), answer if inside else error, fetch=False)
    assert (found.denial.cause, found.denial.resource) == ("bucket_policy", f"{ARN}/a/b")
    assert found.denial.operation == (None if inside else "DeleteObjects")
    assert found.request_id == ("7QF" if inside else None)


def test_the_bucket_belongs_to_whoever_may_read_its_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the account that reads that owns the bucket, though somebody of another one was refused."""
    who = {"get_caller_identity": {"Arn": ALICE, "Account": OWNER}}
    network = connected(monkeypatch, Service(who, refuses=True))
    network["GET policy"] = told(policy(deny("No", "s3:PutObject")))
    text = BY_BUCKET.replace("&quot;", '"')
    stranger = "arn:aws:iam::444455556666:role/Other"
    found = evidence(client(), text, principal=stranger, identity_policies=[ALL])
    assert (found.caller.account, found.settings.owner) == ("444455556666", OWNER)
    assert found.judged[0].request.resource_account == OWNER
    ours = client().check("put_object", **WHERE, principal=stranger, identity_policies=[])
    assert ours.permissions[0].request.resource_account == OWNER


ODD = st.text(max_size=60) | st.sampled_from(
    [
        SESSION,
        ALICE,
        KEY_ARN,
        f"{ARN}/a",
        ARN,
        "anonymous",
        "*",
        "arn:aws:s3:::",
        "kms:Decrypt",
        "s3:GetObject",
    ]
)


@given(st.sampled_from(CAUSES), ODD, ODD, ODD)
def test_any_denial_is_explained(cause: str, action: str, resource: str, principal: str) -> None:
    """Whatever a message names, it is no exception."""
    s3 = _nobody()
    found = Denial(cause, True, action, resource, principal, message="Access Denied")
    assert s3.explain(found, fetch=False, bucket_policy=WRONG_KEY, key_policy=KEY_POLICY).text()
    assert s3.explain(f"x{action}", fetch=False).text()


@lru_cache(maxsize=1)
def _nobody() -> SecureS3Client:
    return client()


def test_namesake_of_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policies of a role that only has the same name are not taken for the caller's."""
    text = BY_BUCKET.replace("&quot;", '"').replace(OWNER, "444455556666")
    connected(monkeypatch, Service(WITH_IAM, refuses=True))
    found = evidence(client(), text)
    assert "identity_policy" in found.judged[0].unread
    assert any("444455556666" in gap for gap in found.gaps)


def test_errors_of_other_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sent a request by another client is not who asks now."""
    connected(monkeypatch, Service(WITH_IAM, refuses=True))
    error = put(client())
    other = client()
    other.boto3._request_signer._credentials = SimpleNamespace(access_key="AKIAI44QH8DHBEXAMPLE")
    found = evidence(other, error)
    assert found.caller is not None
    assert found.caller.arn is UNKNOWN
    assert any("other credentials" in gap for gap in found.gaps)


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "a NoneType is no refusal"),
    (7, {}, "an int is no refusal"),
    (ValueError("x"), {}, "a ValueError is no refusal"),
    (errors.ConfigurationError("x"), {}, "is no refusal"),
    (errors.TransportError("x"), {}, "is no refusal"),
    (errors.KeyAccessError("x"), {}, "is no refusal"),
    ("", {}, "there is nothing to explain"),
    (b" \n", {}, "there is nothing to explain"),
    ({"Bucket": BUCKET}, {}, "a dict is no refusal"),
    (errors.EncryptionConflict("x", fix="do"), {}, "nothing was sent; its own text says why"),
    (Denial("other"), {"fetch": "no"}, "fetch='no' is neither True nor False"),
    (Denial("other"), {"bucket_polcy": "{}"}, "did you mean bucket_policy="),
    (Denial("other"), {"seconds": "a"}, "explain() has no argument seconds"),
    (Denial("other"), {"Bucket": BUCKET}, "explain() has no argument Bucket"),
    (Denial("other"), {"probe": True, "fetch": False}, "fetch=False asks nobody"),
    (Denial("other"), {"cloudtrail": True, "fetch": False}, "fetch=False asks nobody"),
    (Denial("other"), {"bucket_policy": "{"}, ""),
    (Denial("other"), {"key_policy": {KEY_ARN: "{"}}, ""),
    (Denial("other"), {"scps": 7}, "scps= is a int"),
    (Denial("other"), {"principal": "alice"}, "is no caller"),
    (Denial("other"), {"assume": {"SourceIp": "192.0.2.1"}}, "prefix:name"),
]


@pytest.mark.parametrize(("error", "given", "says"), REFUSED)
def test_misuse(error: Any, given: dict[str, Any], says: str) -> None:
    """What is no refusal, and arguments that cannot be meant, are typed errors."""
    with pytest.raises(errors.ConfigurationError) as caught:
        client().explain(error, **given)
    assert says in str(caught.value)


def test_assumptions_that_contradict_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the request itself settles cannot be assumed otherwise."""
    connected(monkeypatch)
    s3 = client()
    with pytest.raises(errors.PolicyError, match="cannot be assumed"):
        s3.explain(put(s3), assume={"aws:SecureTransport": False})


def test_operation_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the permissions of a request are not known, it is a gap."""
    connected(monkeypatch)
    s3 = client()
    error = put(s3)
    kept = error.__dict__[ATTRIBUTE]
    object.__setattr__(kept.seen, "operation", "PutSomething")
    found = evidence(s3, error)
    assert found.judged == ()
    assert any(gap.startswith("which permissions PutSomething needs") for gap in found.gaps)


# -- HEAD -------------------------------------------------------------------------------------------------

BY_IDENTITY = (
    f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: "
    f"&quot;{ARN}/a/b&quot; because no identity-based policy allows the s3:GetObject action"
)


def test_words_in_place_of_a_silent_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused HEAD is asked again as a GET of one byte, of the same version, and its message is taken."""
    network = connected(monkeypatch)
    network["GET object"] = xml(403, "AccessDenied", BY_IDENTITY)
    s3 = client()
    error = head(s3, VersionId="v1", RequestPayer="requester")
    assert "GET object" not in network.asked
    assert evidence(s3, error).retried is False
    found = evidence(s3, error, probe=True)
    assert (found.denial.cause, found.retried) == ("identity_policy", True)
    request = next(each for each in network.requests if each.method == "GET" and "versionId" in each.url)
    assert request.headers["Range"] in ("bytes=0-0", b"bytes=0-0")
    assert "x-amz-request-payer" in request.headers
    assert found.sent is not None
    assert found.sent.operation == "GetObject"


@pytest.mark.parametrize("answer", [(206, "x"), xml(416, "InvalidRange")])
def test_get_that_is_allowed_by_now(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """If the GET is answered, that is told, and the refusal stays what it was."""
    network = connected(monkeypatch)
    network["GET object"] = answer
    s3 = client(SseS3())
    found = evidence(s3, head(s3), probe=True)
    assert (found.denial.cause, found.retried) == ("opaque", False)
    assert any("allowed by now" in gap for gap in found.gaps)


def test_bucket_s_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a bucket its list is asked for, without a limit that policies could look at."""
    network = connected(monkeypatch)
    network["GET list-type"] = xml(403, "AccessDenied", BY_IDENTITY.replace("GetObject", "ListBucket"))
    s3 = client()
    with pytest.raises(ClientError) as caught:
        s3.boto3.head_bucket(Bucket=BUCKET)
    found = evidence(s3, caught.value, probe=True)
    assert (found.denial.action, found.retried) == ("s3:ListBucket", True)
    assert "max-keys" not in next(each.url for each in network.requests if "list-type" in each.url)


def test_writes_are_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused write is not sent again, whatever is asked for."""
    network = connected(monkeypatch)
    s3 = client()
    found = evidence(s3, put(s3), probe=True)
    assert network.asked.count("PUT object") == 1
    assert found.retried is False


# -- access points ----------------------------------------------------------------------------------------


POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
LISTED = {"AccessPointList": [{"Alias": "reports-abc-s3alias", "AccessPointArn": POINT}]}
AT_POINT = BY_BUCKET.replace(f"{ARN}/a/b", f"{POINT}/object/a/b")


@pytest.mark.parametrize(
    ("bucket", "message", "asked"),
    [
        (POINT, "Access Denied", 0),
        ("reports-abc-s3alias", "Access Denied", 1),
        ("reports-abc-s3alias", AT_POINT, 0),
    ],
)
def test_access_point_and_the_bucket_behind_it(
    monkeypatch: pytest.MonkeyPatch, bucket: str, message: str, asked: int
) -> None:
    """Both policies are read and judged, each under its own name; an alias is looked up if need be."""
    of_point = policy(deny("Point", "s3:DeleteObject", None, "*"))
    answers = {
        "get_access_point_policy": {"Policy": json.dumps(of_point)},
        "get_access_point": {"Bucket": BUCKET, "BucketAccountId": OWNER},
        "list_access_points": LISTED,
        "get_caller_identity": {"Arn": ALICE, "Account": OWNER},
    }
    network = connected(monkeypatch, others := Service(answers, refuses=True))
    network["GET policy"] = told(policy(deny("Bucket", "s3:PutObject")))
    network["PUT object"] = xml(403, "AccessDenied", message)
    s3 = client(SseS3())
    with pytest.raises(errors.ServiceError) as caught:
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    found = evidence(s3, caught.value)
    by_point, by_bucket = found.judged
    assert by_point.policies["resource_policy"][0].document == "access point policy"
    assert by_point.policies["resource_policy"][0].target == POINT
    assert by_bucket.request.resource == f"{ARN}/a/b"
    assert by_bucket.decision.outcome == "explicitly_denied"
    assert by_bucket.request.context["s3:DataAccessPointArn"] == POINT
    assert found.settings.owner == OWNER
    assert (others.asked.count("list_access_points"), others.asked.count("get_access_point")) == (asked, 1)
    settings = next(each.url for each in network.requests if "publicAccessBlock" in each.url)
    assert settings.startswith(f"https://{BUCKET}.")


@pytest.mark.parametrize(
    "answer",
    [
        {"AccessPointList": []},
        {},
        {"AccessPointList": [7]},
        {**LISTED, "AccessPointList": [{}], "NextToken": "n"},
    ],
)
def test_alias_that_nobody_knows(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """An alias that is not found is a gap, and nothing is judged."""
    answers = {"list_access_points": answer, "get_caller_identity": {"Arn": ALICE, "Account": OWNER}}
    connected(monkeypatch, others := Service(answers, refuses=True))
    s3 = client(SseS3())
    with pytest.raises(errors.ServiceError) as caught:
        s3.put_object(Bucket="reports-abc-s3alias", Key="a/b", Body=b"x")
    found = evidence(s3, caught.value)
    assert found.judged == ()
    assert any(gap.startswith("the access point reports-abc-s3alias") for gap in found.gaps)
    assert others.asked.count("list_access_points") <= 3


# -- the client -------------------------------------------------------------------------------------------


def test_errors_explain_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """error.explain() is s3.explain(error), and takes its arguments."""
    network = connected(monkeypatch)
    network["PUT object"] = xml(403, "AccessDenied", BY_BUCKET)
    s3 = client()
    error = put(s3)
    options: dict[str, Any] = {"bucket_policy": WRONG_KEY, "fetch": False}
    assert error.explain(**options).to_dict() == s3.explain(error, **options).to_dict()
    assert "WrongKey" in str(error.explain(**options))
    with pytest.raises(errors.ConfigurationError, match="no argument polcy"):
        error.explain(polcy={})


def test_explaining_keeps_no_client_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can explain errors does not keep the client that made the calls."""
    connected(monkeypatch)
    s3 = client()
    error, kept = put(s3), weakref.ref(s3.boto3)
    explainer = error.__dict__[ATTRIBUTE].explainer
    del s3, error.__dict__[ATTRIBUTE]
    error = None  # type: ignore[assignment]
    gc.collect()
    assert kept() is None
    with pytest.raises(errors.ConfigurationError, match="no client that could explain"):
        explainer(refusal("AccessDenied", 403))


@pytest.mark.parametrize("encryption", [SseC(RAW_KEY), SseKms(KEY_ARN)], ids=["sse-c", "sse-kms"])
def test_no_secret_is_in_an_explanation(monkeypatch: pytest.MonkeyPatch, encryption: Any) -> None:
    """Neither token, key nor signature, in text, values, or repr of evidence and explanation."""
    token, key = "MARKEDSESSIONTOKEN", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    network = connected(monkeypatch)
    network["PUT object"] = xml(403, "AccessDenied", f"Access Denied {key}")
    s3 = client(encryption, token=token)
    error = put(s3)
    shown = [str(each) for each in (evidence(s3, error), s3.explain(error))]
    shown += [repr(s3.explain(error)), json.dumps(s3.explain(error).to_dict(), default=str)]
    signature = str(network.requests[0].headers["Authorization"]).partition("Signature=")[2][:64]
    assert len(signature) == 64
    for secret in (token, key, key[:20], signature, "wJalrXUtnFEMI", "AKIDEXAMPLE"):
        assert not [text for text in shown if secret in text]
