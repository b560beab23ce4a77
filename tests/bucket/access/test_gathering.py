"""What cannot be read is a gap and unknown, and nothing that a service answers raises."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError

from secure_s3 import errors
from secure_s3.bucket.access.gathering import Gathering
from secure_s3.bucket.gaps import Gap, joined
from secure_s3.guard.readers import reader
from secure_s3.policy import UNKNOWN, Policy
from secure_s3.policy.wire import Caller
from tests.bucket.network import DENIED, SILENCE, Service, refusal
from tests.bucket.support import ALICE, ALL, KEY_POLICY, OWNER, SESSION, WHERE, client
from tests.guard.support import BUCKET, KEY_ARN, session

NONE = refusal("NoSuchBucketPolicy", 404)


def gathering(clock: Any = None, **answers: Any) -> tuple[Gathering, Service]:
    service = Service(answers)
    made = SimpleNamespace(client=lambda name, **settings: service)
    return Gathering(made, service, *([clock] if clock else [])), service


def test_caller() -> None:
    """A user is who STS says; a session's role has no path yet."""
    found, _ = gathering(get_caller_identity={"Arn": SESSION, "Account": OWNER, "UserId": "AROAEXAMPLE:one"})
    assert found.caller() == Caller(SESSION, OWNER, "AROAEXAMPLE:one")
    assert found.gaps == []


@pytest.mark.parametrize(
    "answer", [DENIED, SILENCE, {}, {"Arn": "what"}, {"Arn": f"arn:aws:sts::{OWNER}:user/moto"}]
)
def test_caller_that_cannot_be_told(answer: Any) -> None:
    """A refusal, silence or an odd answer leave the caller unknown, with a gap."""
    found, _ = gathering(get_caller_identity=answer)
    assert found.caller().arn is UNKNOWN
    assert str(found.gaps[0]).startswith("the caller: ")


def test_bucket_policy() -> None:
    """A policy that is answered, or said not to be there, shows that the bucket is the caller's own."""
    found, _ = gathering(get_bucket_policy={"Policy": json.dumps(ALL)})
    held = found.bucket_policy(BUCKET)
    assert (held.one, held.own) == (Policy.parse(ALL), True)
    none, _ = gathering(get_bucket_policy=NONE)
    assert (none.bucket_policy(BUCKET).one, none.bucket_policy(BUCKET).own, none.gaps) == (None, True, [])


@pytest.mark.parametrize("answer", [DENIED, SILENCE, {}, {"Policy": "{"}, {"Policy": None}])
def test_bucket_policy_that_cannot_be_read(answer: Any) -> None:
    """A refusal, silence or nonsense are unknown, with a gap, and tell nothing of the owner."""
    found, _ = gathering(get_bucket_policy=answer)
    held = found.bucket_policy(BUCKET, "source_policy")
    assert (held.one, held.layer, held.own) == (UNKNOWN, UNKNOWN, False)
    assert str(found.gaps[0]).startswith(f"the policy of {BUCKET}: ")
    assert str(found.gaps[0]).endswith("give source_policy=")


def test_access_denied_is_said_shortly() -> None:
    """The gap says access denied."""
    found, _ = gathering(get_key_policy=DENIED)
    assert found.key_policy(KEY_ARN).one is UNKNOWN
    assert [str(gap) for gap in found.gaps] == [f"the policy of {KEY_ARN}: access denied; give key_policy="]


def test_key_policy() -> None:
    """A key's policy is asked for once and parsed."""
    found, _ = gathering(get_key_policy={"Policy": json.dumps(KEY_POLICY)})
    assert found.key_policy(KEY_ARN).one == Policy.parse(KEY_POLICY)


def iam(**more: Any) -> dict[str, Any]:
    """Answers of IAM for a role with one attached and one inline policy, over two pages."""

    def attached(Marker: str | None = None, **_: Any) -> dict[str, Any]:
        if Marker is None:
            return {"AttachedPolicies": [], "IsTruncated": True, "Marker": "m"}
        return {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/A"}], "IsTruncated": False}

    return {
        "get_role": {"Role": {"Arn": f"arn:aws:iam::{OWNER}:role/team/App"}},
        "list_attached_role_policies": attached,
        "get_policy": {"Policy": {"DefaultVersionId": "v3"}},
        "get_policy_version": {"PolicyVersion": {"Document": ALL}},
        "list_role_policies": {"PolicyNames": ["inline"], "IsTruncated": False},
        "get_role_policy": {"PolicyDocument": KEY_POLICY},
        **more,
    }


def test_policies_of_a_role() -> None:
    """All pages of attached policies, the inline ones, and the role's ARN with its path."""
    found, service = gathering(**iam())
    identity = found.identity(Caller(SESSION))
    assert identity.policies.layer == (Policy.parse(ALL), Policy.parse(KEY_POLICY))
    assert identity.boundary.one is None
    assert identity.arn == f"arn:aws:iam::{OWNER}:role/team/App"
    assert service.asked.count("list_attached_role_policies") == 2


def test_boundary_of_a_role() -> None:
    """The permissions boundary is read like any managed policy."""
    role = {"Arn": "arn", "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/B"}}
    found, _ = gathering(**iam(get_role={"Role": role}))
    assert found.identity(Caller(SESSION)).boundary.one == Policy.parse(ALL)


@pytest.mark.parametrize("method", sorted(iam()))
@pytest.mark.parametrize("answer", [DENIED, SILENCE, {}, None])
def test_own_policies_that_cannot_all_be_read_are_unknown(method: str, answer: Any) -> None:
    """One refusal among them, or one odd answer, and the whole layer is unknown: it might deny.

    An empty list is the exception: a list without its member has nothing in it.
    """
    found, _ = gathering(**iam(**{method: answer}))
    identity = found.identity(Caller(SESSION))
    if answer == {} and method.startswith("list_"):
        assert identity.policies.layer is not UNKNOWN
        return
    assert (identity.policies.layer, identity.boundary.layer) == (UNKNOWN, UNKNOWN)
    assert str(found.gaps[0]).startswith("the caller's own policies: ")


@pytest.mark.parametrize(
    ("arn", "known"),
    [(f"arn:aws:iam::{OWNER}:root", True), (None, True), (f"arn:aws:sts::{OWNER}:federated-user/f", False)],
)
def test_callers_without_policies_of_their_own(arn: str | None, known: bool) -> None:
    """The root user and anonymous callers have none, and nothing is asked; federated users' are unknown."""
    found, service = gathering()
    identity = found.identity(Caller(arn))
    assert identity.policies.layer == (() if known else UNKNOWN)
    assert service.asked == []


def test_calls_are_bounded() -> None:
    """A list without end is given up after a number of calls."""
    endless = {"AttachedPolicies": [], "IsTruncated": True, "Marker": "m"}
    found, service = gathering(**iam(list_attached_role_policies=endless))
    assert found.identity(Caller(SESSION)).policies.layer is UNKNOWN
    assert len(service.asked) <= 40
    assert "calls" in found.gaps[0].why


def test_time_is_bounded() -> None:
    """Services that answer slowly are given up after a while."""
    times = iter([0.0, *(each * 8.0 for each in range(100))])
    found, service = gathering(lambda: next(times), **iam())
    assert found.identity(Caller(SESSION)).policies.layer is UNKNOWN
    assert len(service.asked) < 5


def test_clients_are_closed() -> None:
    """Clients that were made for it do not outlive it."""
    found, service = gathering(get_caller_identity={"Arn": ALICE})
    with found:
        found.caller()
    assert service.asked == ["get_caller_identity", "closed"]


def test_credentials_of_another_server_do_not_go_to_aws() -> None:
    """A client of an S3-compatible server asks no service of AWS who it is."""
    made = session("sse-s3")
    s3 = made.client("s3", endpoint_url="https://storage.example.com")
    for service in ("sts", "iam", "kms"):
        with pytest.raises(errors.ConfigurationError, match=f"{service} of AWS is not asked"):
            reader(made, s3, service)
    found = Gathering(made, s3)
    assert found.caller().arn is UNKNOWN
    assert "not AWS's" in found.gaps[0].why


def test_readers_are_quick() -> None:
    """Clients that look things up have short timeouts and do not try twice; proxies are those of S3."""
    made = session("sse-s3")
    proxies = {"https": "http://proxy.example.com:3128"}
    s3 = made.client("s3", config=Config(proxies=proxies, read_timeout=600))
    config = reader(made, s3, "sts").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 5)
    assert config.retries["total_max_attempts"] == 1
    assert config.proxies == proxies


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://127.0.0.1:8443", "127.0.0.1:8443"),
        ("https://localhost:8443", "localhost:8443"),
        ("https://192.0.2.7", "192.0.2.7"),
        ("https://storage.example.com", f"{OWNER}.storage.example.com"),
        (None, f"{OWNER}.s3-control.eu-west-1.amazonaws.com"),
    ],
)
def test_account_stands_before_names_only(
    endpoint: str | None, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 Control is asked at ACCOUNT.host, but for addresses and localhost, which have no such names."""
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    made = session("sse-s3")
    asked: list[str] = []

    def send(_: Any, request: Any) -> Any:
        asked.append(request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    with Gathering(made, made.client("s3")) as found, pytest.raises(errors.TransportError):
        found.ask("s3control", "get_public_access_block", AccountId=OWNER)
    assert [urlsplit(url).netloc for url in asked] == [host]


def test_everything_unreadable_is_still_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that may read nothing at all gets unknown, with one gap for each thing."""
    service = Service(dict.fromkeys(("get_caller_identity", "get_key_policy"), DENIED))
    monkeypatch.setattr("secure_s3.bucket.asking.reader", lambda *_: service)
    s3 = client()
    s3.boto3.meta.events.register("before-call.s3.GetBucketPolicy", _denied)
    found = s3.check("put_object", **WHERE)
    assert found.outcome == "unknown"
    assert [(gap.why, gap.argument) for gap in found.gaps] == [
        ("access denied", "principal"),
        ("access denied", "bucket_policy"),
        ("access denied", "key_policy"),
    ]


def _denied(**_: Any) -> Any:
    return SimpleNamespace(status_code=403, headers={}), DENIED.response


@pytest.mark.parametrize(
    ("gaps", "lines"),
    [
        ([], ()),
        ([Gap("the caller", "late", "principal")] * 2, ("the caller: late; give principal=",)),
        (
            [Gap("the policy of b", "no", "bucket_policy"), Gap("x", "late"), Gap("Object Lock of b", "no")],
            ("the policy and Object Lock of b: no; give bucket_policy=", "x: late"),
        ),
        (
            [
                Gap("the policy of b", "no", "bucket_policy"),
                Gap("the policy of k", "no", "key_policy"),
                Gap("the caller", "no", "principal"),
            ],
            (
                "the policy of b, the policy of k, the caller: no; "
                "give bucket_policy=, key_policy=, principal=",
            ),
        ),
    ],
)
def test_gaps_of_one_reason_are_one_line(gaps: list[Gap], lines: tuple[str, ...]) -> None:
    """What is unknown for the same reason is told together, that of one bucket or key side by side."""
    assert joined(gaps) == lines
