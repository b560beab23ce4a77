"""Requests: what the context says of a key, what the principal tells, and what cannot be meant."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf, evaluate
from secure_s3.policy.principals import Requester
from secure_s3.policy.request import RoleOf

OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/k"
USER = "arn:aws:iam::111122223333:user/staff/alice"
SESSION = "arn:aws:sts::111122223333:assumed-role/uploads/web"
ROOT = "arn:aws:iam::111122223333:root"


def asked(principal: Any = USER, **more: Any) -> AccessRequest:
    """A request for an object."""
    return AccessRequest("s3:GetObject", OBJECT, principal, **more)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("red", ("red",)),
        ("", ("",)),
        (True, ("true",)),
        (False, ("false",)),
        (5, ("5",)),
        (1.5, ("1.5",)),
        (Decimal("1.20"), ("1.20",)),
        (b"red", ("cmVk",)),
        (bytearray(b"red"), ("cmVk",)),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), ("2026-01-01T00:00:00Z",)),
        (["red", True, 5], ("red", "true", "5")),
        (("b", "a"), ("b", "a")),
        ({"b", "a"}, ("a", "b")),
        (frozenset({2, 1}), ("1", "2")),
        (None, None),
        ([], None),
        (UNKNOWN, UNKNOWN),
    ],
)
def test_values(value: Any, expected: Any):
    """Text, numbers, booleans, bytes, dates and lists of them become the texts that operators compare."""
    assert asked(context={"aws:X": value}).lookup("aws:x") == expected


@pytest.mark.parametrize("value", [object(), {"a": 1}, [object()], datetime(2026, 1, 1), [None]])
def test_values_that_cannot_be_compared(value: Any):
    """What no operator compares is refused with the name of the key."""
    with pytest.raises(PolicyError, match="aws:X"):
        asked(context={"aws:X": value})


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": ""},
        {"action": "GetObject"},
        {"action": ":GetObject"},
        {"action": "s3:"},
        {"action": "s3:*"},
        {"action": "s3:Get*"},
        {"action": None},
        {"action": b"s3:GetObject"},
        {"resource": ""},
        {"resource": None},
        {"resource": b"arn"},
        {"context": None},
        {"context": ["aws:SecureTransport"]},
        {"context": {5: "x"}},
        {"unknown": "aws:SourceIp"},
        {"unknown": None},
        {"unknown": (5,)},
        {"principal_account": "1111"},
        {"principal_account": 111122223333},
        {"principal_account": "11112222333٣"},
        {"resource_account": "arn:aws:iam::111122223333:root"},
        {"resource_account": ""},
    ],
)
def test_bad_arguments(arguments: dict[str, Any]):
    """An argument that cannot be meant is refused with a way to mend it."""
    with pytest.raises(PolicyError) as caught:
        AccessRequest(**{"action": "s3:GetObject", "resource": OBJECT, **arguments})
    assert caught.value.fix


@pytest.mark.parametrize(
    ("principal", "told"),
    [
        (
            USER,
            {
                "principalarn": (USER,),
                "principalaccount": ("111122223333",),
                "principaltype": ("User",),
                "username": ("alice",),
                "userid": UNKNOWN,
                "principalisawsservice": ("false",),
                "principalservicename": None,
            },
        ),
        (
            SESSION,
            {
                "principalarn": RoleOf(Requester.parse(SESSION)),
                "principaltype": ("AssumedRole",),
                "username": None,
                "userid": UNKNOWN,
            },
        ),
        (
            ROOT,
            {
                "principalarn": (ROOT,),
                "principaltype": ("Account",),
                "username": None,
                "userid": ("111122223333",),
            },
        ),
        (
            None,
            {
                "principalarn": None,
                "principalaccount": None,
                "principaltype": ("Anonymous",),
                "userid": ("anonymous",),
                "principalisawsservice": ("false",),
            },
        ),
        (
            "cloudfront.amazonaws.com",
            {
                "principalarn": None,
                "principalaccount": None,
                "principalisawsservice": ("true",),
                "principalservicename": ("cloudfront.amazonaws.com",),
            },
        ),
        (
            UNKNOWN,
            dict.fromkeys(
                (
                    "principalarn",
                    "principalaccount",
                    "principaltype",
                    "username",
                    "userid",
                    "principalisawsservice",
                ),
                UNKNOWN,
            ),
        ),
    ],
)
def test_what_the_principal_tells(principal: Any, told: dict[str, Any]):
    """The keys that a principal tells have its values, are absent, or are not known."""
    request = asked(principal)
    assert {key: request.lookup(f"aws:{key}") for key in told} == told


def test_what_the_accounts_tell():
    """The account of the resource comes from its ARN or the argument; without either it is not known."""
    assert asked().lookup("s3:resourceaccount") is asked().lookup("aws:resourceaccount") is UNKNOWN
    assert AccessRequest("s3:ListAllMyBuckets", "*", USER).lookup("aws:resourceaccount") is None
    assert asked(UNKNOWN, principal_account="444455556666").lookup("aws:principalaccount") == (
        "444455556666",
    )
    named = asked(resource_account="444455556666")
    assert named.lookup("aws:resourceaccount") == named.lookup("s3:resourceaccount") == ("444455556666",)
    key = AccessRequest("kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:key/1", USER)
    assert (key.resource_account, key.principal_account) == ("444455556666", "111122223333")
    assert asked(None, principal_account="444455556666").lookup("aws:principalaccount") == ("444455556666",)


def test_the_context_has_the_last_word():
    """A key of the context replaces what the principal tells and what unknown= says, whatever its case."""
    request = asked(context={"AWS:UserName": "bob", "aws:SourceIp": "10.0.0.1"}, unknown=("AWS:SOURCEIP",))
    assert request.lookup("aws:username") == ("bob",)
    assert request.lookup("aws:sourceip") == ("10.0.0.1",)
    assert asked(context={"aws:username": None}).lookup("aws:username") is None


def test_unknown_keys():
    """Keys of unknown= are unknown, those with a star by their beginning, all others absent."""
    request = asked(unknown=("aws:SourceIp", "aws:PrincipalTag/*"))
    assert request.lookup("aws:sourceip") is UNKNOWN
    assert request.lookup("aws:principaltag/team") is UNKNOWN
    assert request.lookup("aws:principaltags") is None
    assert request.lookup("aws:sourceipv6") is None
    assert asked(unknown=["aws:SourceIp"]) == asked(unknown=("aws:SourceIp",))


def test_requests_are_values():
    """Requests with the same arguments are equal and have one hash; they do not change."""
    one, two = asked(context={"a": "1"}), asked(context={"a": "1"})
    assert one == two
    assert hash(one) == hash(two)
    assert one != asked(context={"a": "2"})
    with pytest.raises(AttributeError):
        one.action = "s3:PutObject"  # type: ignore[misc]


@pytest.mark.parametrize(
    "make",
    [
        lambda: OneOf(object()),
        lambda: OneOf({"a": 1}),
        lambda: OneOf([]),
        lambda: OneOf(["a", "b"]),
        lambda: OneOf(),
    ],
)
def test_candidates_that_cannot_be_compared(make: Any):
    """A candidate that no operator compares is refused."""
    with pytest.raises(PolicyError):
        make()


@pytest.mark.parametrize(("low", "high"), [("x", 1), (1, "y"), (2, 1), ("NaN", 1), (0, "Infinity")])
def test_bounds_that_are_none(low: Any, high: Any):
    """Bounds that are no numbers, or in the wrong order, are refused."""
    with pytest.raises(PolicyError):
        Between(low, high)


def test_what_stands_for_values():
    """OneOf and Between keep what they were given as text and numbers."""
    assert OneOf("a", True, None, 5).candidates == ("a", "true", None, "5")
    assert (Between(1, "2.5").low, Between(1, "2.5").high) == (Decimal(1), Decimal("2.5"))
    assert repr(UNKNOWN) == "UNKNOWN"


@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.text(max_size=8) | st.integers()))
def test_any_key_can_be_looked_up(context: dict[str, Any]):
    """Whatever the keys are called, each is found by its name in lower case."""
    request = asked(context=context)
    for key, value in context.items():
        if sum(key.lower() == other.lower() for other in context) == 1:
            found = request.lookup(key.lower())
            assert found is None if value is None else isinstance(found, tuple)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"principal": "Eve"}, "no caller"),
        ({"principal": "role/Eve"}, "no caller"),
        ({"principal": " arn:aws:iam::111122223333:role/Eve"}, "no caller"),
        ({"principal": "arn:aws:iam::1111:role/Eve"}, "no caller"),
        ({"principal": "arn:aws:iam::111122223333:role/"}, "no caller"),
        ({"principal": "arn:aws:iam::111122223333:group/Eve"}, "no caller"),
        ({"principal": "arn:aws:sts::111122223333:assumed-role/Eve"}, "no caller"),
        ({"principal": "arn:aws:s3:::bucket"}, "no caller"),
        ({"principal": "11112222333"}, "no caller"),
        ({"principal": "accounts.google.com"}, "identity provider"),
        ({"principal": "arn:aws:iam::111122223333:saml-provider/Corp"}, "identity provider"),
        ({"resource": "s3://bucket/a"}, "no resource"),
        ({"resource": "bucket/a"}, "no resource"),
        ({"resource": "arn:aws:s3::bucket/a"}, "no resource"),
        ({"resource": " arn:aws:s3:::bucket/a"}, "no resource"),
        ({"resource": "arn:aws:s3:::"}, "no resource"),
        ({"action": "s3:GetObject "}, "no action"),
        ({"action": "s3:Get?bject"}, "no action"),
        ({"action": "s3 :GetObject"}, "no action"),
    ],
)
def test_what_cannot_be_meant_is_not_evaluated(change: dict[str, Any], what: str):
    """A caller, resource or action that is misspelt, which no Deny would name, is refused."""
    arguments = {"action": "s3:GetObject", "resource": "arn:aws:s3:::bucket/a", **change}
    with pytest.raises(PolicyError, match=what):
        evaluate(AccessRequest(**arguments))


@pytest.mark.parametrize(
    "principal",
    [
        None,
        "*",
        UNKNOWN,
        "111122223333",
        "arn:aws-cn:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/division/alice+x@example.com",
        "arn:aws:iam::111122223333:role/aws-service-role/s3.amazonaws.com/AWSServiceRoleForS3",
        "arn:aws-us-gov:sts::111122223333:assumed-role/App/i-0123=,.@-x",
        "arn:aws:sts::111122223333:federated-user/Bob",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1234567890ABC",
        "logging.s3.amazonaws.com",
        "vpc-flow-logs.amazonaws.com.cn",
        "0" * 64,
    ],
)
def test_every_kind_of_caller_is_evaluated(principal: Any):
    """Whoever AWS can name as a caller can be asked about."""
    decision = evaluate(AccessRequest("s3:GetObject", "arn:aws:s3:::bucket/a b", principal))
    assert decision.reasons
    assert decision.allowed == (str(principal).endswith(":root") or principal == "111122223333")


def test_unknown_keys_in_any_collection():
    """Unknown keys may come in a tuple, a list or a set."""
    for unknown in (("k:a", "k:b"), ["k:a", "k:b"], {"k:b", "k:a"}, frozenset({"k:a", "k:b"})):
        assert AccessRequest("s3:GetObject", "*", unknown=unknown).unknown == ("k:a", "k:b")
    with pytest.raises(PolicyError, match="no list of keys"):
        AccessRequest("s3:GetObject", "*", unknown="k:a")


@pytest.mark.parametrize("request_", [None, {"action": "s3:GetObject"}, "s3:GetObject"])
def test_what_is_no_request(request_: Any):
    """Something else than an AccessRequest is refused."""
    with pytest.raises(PolicyError, match="no request"):
        evaluate(request_)


def endless() -> list[Any]:
    """A list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(10**5000, id="digits"),
        pytest.param(datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), id="before year 1"),
        pytest.param(endless(), id="endless"),
        pytest.param([[[["deep"]]]], id="deep"),
        pytest.param({"a": 1}, id="dict"),
    ],
)
def test_values_that_cannot_be_written(value: Any):
    """A value of the context that has no text is refused, whatever is the matter with it."""
    with pytest.raises(PolicyError):
        AccessRequest("s3:GetObject", "*", context={"k": value})
    with pytest.raises(PolicyError):
        OneOf(value)
