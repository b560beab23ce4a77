"""Three-valued truth: what is decided without knowing stays decided whatever comes to be known."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf, Policy, evaluate
from secure_s3.policy.truth import Truth, all_of, any_of, negation

HOME, AWAY = "111122223333", "444455556666"
KEY = "aws:PrincipalTag/key"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
VALUES = ["red", "RED", "5", "6", "true", "10.0.0.1", "2026-01-01", f"{BUCKET}/red", "", "r*"]
WANTED = [
    "red",
    "r*",
    "5",
    "true",
    "false",
    "10.0.0.0/8",
    "2026-01-01",
    f"{BUCKET}/*",
    "${aws:PrincipalTag/key}",
]
NAMES = [
    *(f"String{each}" for each in ("Equals", "NotEquals", "EqualsIgnoreCase", "Like", "NotLike")),
    *(f"Numeric{each}" for each in ("Equals", "NotEquals", "LessThan", "GreaterThanEquals")),
    *("DateEquals", "DateNotEquals", "DateLessThan", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress"),
    *("ArnLike", "ArnNotLike"),
]
CALLERS = [
    f"arn:aws:iam::{HOME}:user/red",
    f"arn:aws:iam::{AWAY}:user/red",
    f"arn:aws:sts::{HOME}:assumed-role/red/s",
    f"arn:aws:sts::{HOME}:federated-user/red",
    f"arn:aws:iam::{HOME}:root",
    f"arn:aws:iam::{AWAY}:root",
    "s3.amazonaws.com",
    None,
]
OPERATORS = [
    "Null",
    *(
        f"{q}{name}{s}"
        for q, name, s in product(("", "ForAllValues:", "ForAnyValue:"), NAMES, ("", "IfExists"))
    ),
]
conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.sampled_from([KEY, KEY.upper(), "aws:UserAgent"]),
        st.lists(st.sampled_from(WANTED), min_size=1, max_size=2),
        min_size=1,
        max_size=2,
    ),
    max_size=2,
)
principals = st.sampled_from(
    ["*", *({"AWS": each} for each in CALLERS[:5]), {"AWS": HOME}, {"Service": "s3.amazonaws.com"}]
)
resources = st.sampled_from(
    ["*", f"{BUCKET}/*", f"{BUCKET}/${{aws:PrincipalTag/key}}", f"{BUCKET}/${{aws:username}}"]
)


@st.composite
def policies(draw: st.DrawFn, named: bool = False) -> Policy:
    """A policy of one or two statements about the key."""
    statements = []
    for _ in range(draw(st.integers(1, 2))):
        principal: Any = {}
        if named:
            principal = {draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"])): draw(principals)}
        element = draw(st.sampled_from(["Resource", "Resource", "NotResource"]))
        statements.append(
            {
                "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
                **principal,
                "Action": "s3:*",
                element: draw(resources),
                "Condition": draw(conditions),
            }
        )
    return Policy.parse({"Version": "2012-10-17", "Statement": statements})


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """Policies for some of the layers."""
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["resource_policy"] = draw(policies(named=True))
    if draw(st.booleans()):
        found["identity_policies"] = [draw(policies())]
    if draw(st.integers(0, 3)) == 0:
        found["permissions_boundary"] = draw(policies())
    if draw(st.integers(0, 3)) == 0:
        found["session_policies"] = [draw(policies())]
    if draw(st.integers(0, 3)) == 0:
        found["scps"] = [draw(policies())]
    if draw(st.integers(0, 3)) == 0:
        found["rcps"] = [draw(policies(named=True))]
    return found


def outcome(context: dict[str, Any], given: dict[str, Any], principal: Any = CALLERS[0], **more: Any) -> str:
    """How the request comes out."""
    request = AccessRequest(
        "s3:GetObject", f"{BUCKET}/red", principal, context, resource_account=HOME, **more
    )
    return evaluate(request, **given).outcome


def refines(before: str, after: str) -> bool:
    """Whether knowing more may lead from one to the other; what nothing allows may be denied as well."""
    return before in ("unknown", after) or (before, after) == ("implicitly_denied", "explicitly_denied")


concrete = [*VALUES, None, ["red", "5"], []]


@given(layers())
@settings(max_examples=80, deadline=None)
def test_a_key_that_is_not_known(found: dict[str, Any]):
    """What is decided without a key is decided the same with every value of it, and with none."""
    before = outcome({"aws:UserAgent": "red"}, found, unknown=(KEY,))
    for value in concrete:
        assert refines(before, outcome({"aws:UserAgent": "red", KEY: value}, found)), value


@given(layers(), st.lists(st.sampled_from([*VALUES, None]), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_candidates(found: dict[str, Any], candidates: list[str | None]):
    """What is decided for OneOf is decided the same for each of its candidates."""
    before = outcome({KEY: OneOf(*candidates)}, found)
    for value in candidates:
        assert refines(before, outcome({KEY: value}, found)), value


@given(layers(), st.integers(0, 7), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_bounds(found: dict[str, Any], one: int, two: int):
    """What is decided for Between is decided the same for the numbers within its bounds."""
    low, high = sorted((one, two))
    before = outcome({KEY: Between(low, high)}, found)
    for value in range(low, high + 1):
        assert refines(before, outcome({KEY: value}, found)), value


@given(layers())
@settings(max_examples=60, deadline=None)
def test_a_caller_who_is_not_known(found: dict[str, Any]):
    """What is decided for nobody in particular is decided the same for every caller."""
    before = outcome({KEY: "red"}, found, UNKNOWN)
    for principal in CALLERS:
        assert refines(before, outcome({KEY: "red"}, found, principal)), principal


@given(layers(), st.data())
@settings(max_examples=80, deadline=None)
def test_a_layer_that_is_not_known(found: dict[str, Any], data: st.DataObject):
    """What is decided without reading a layer is decided the same whatever its policies say."""
    layer = data.draw(
        st.sampled_from(["resource_policy", "identity_policies", "permissions_boundary", "scps", "rcps"])
    )
    principal = data.draw(st.sampled_from(CALLERS))
    before = outcome({KEY: "red"}, found | {layer: UNKNOWN}, principal)
    read = data.draw(policies(named=layer in ("resource_policy", "rcps")))
    single = layer in ("resource_policy", "permissions_boundary")
    for value in (read, found.get(layer, ())) if not single else (read, found.get(layer)):
        after = found | {layer: value if single or not isinstance(value, Policy) else [value]}
        assert refines(before, outcome({KEY: "red"}, after, principal))


@given(layers(), st.sampled_from(concrete))
@settings(max_examples=60, deadline=None)
def test_the_case_of_keys(found: dict[str, Any], value: Any):
    """Keys may be written in any case, in the request and in its list of what is not known."""
    for one, two in ((KEY, KEY.upper()), (KEY.lower(), KEY)):
        assert outcome({one: value}, found) == outcome({two: value}, found)
        assert outcome({}, found, unknown=(one,)) == outcome({}, found, unknown=(two,))


@given(layers())
@settings(max_examples=60, deadline=None)
def test_one_more_deny_never_allows(found: dict[str, Any]):
    """A denial added to a layer never makes allowed what was not, and a certain one denies."""
    deny = Policy.parse({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    more = found | {"identity_policies": [*found.get("identity_policies", []), deny]}
    assert outcome({}, more, unknown=(KEY,)) == "explicitly_denied"


TRUTHS: tuple[Truth, ...] = (True, False, None)


def completions(truths: tuple[Truth, ...]) -> list[tuple[bool, ...]]:
    """Every way in which what is not known may turn out."""
    return [*product(*((True, False) if each is None else (each,) for each in truths))]


@pytest.mark.parametrize("length", range(4))
def test_strong_logic(length: int):
    """AND and OR are decided exactly where every completion of what is unknown agrees."""
    for truths in product(TRUTHS, repeat=length):
        for ours, theirs in ((all_of, all), (any_of, any)):
            possible = {theirs(each) for each in completions(truths)}
            assert ours(truths) is (possible.pop() if len(possible) == 1 else None), truths
    assert [negation(each) for each in TRUTHS] == [False, True, None]
