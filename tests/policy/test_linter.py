"""The linter as a whole: what it takes for what, in which order it answers, and that nothing upsets it."""

from __future__ import annotations

import json
import pkgutil
import re
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, jsontext, rules
from secure_s3.policy.linter import HITS_PER_RULE, RULES, bucket_of, kind_of, lint, lint_without, rule
from secure_s3.policy.operators import OPERATORS
from secure_s3.policy.patches import apply, value_at
from secure_s3.policy.reports import as_dict, as_sarif, as_text
from secure_s3.policy.rules.rule import KINDS, Rule
from secure_s3.policy.statement import ELEMENTS
from secure_s3.values import Finding, Severity

from .lint_checks import BUCKET, ROLE, B, O, allow, deny, policy
from .semantic_cases import FAULTY

POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"


def test_every_module_of_rules_is_gathered() -> None:
    """Whoever adds a module with RULES must add it to the gathering, or its rules never run."""
    gathered = {id(each) for each in RULES}
    for module in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        own: tuple[Rule, ...] = getattr(import_module(module.name), "RULES", ())
        assert {id(each) for each in own} <= gathered, module.name
    assert RULES is rules.RULES


def test_ids_are_unique_and_in_kebab_case() -> None:
    """An id names one rule, and reads well in a comment or a URL."""
    ids = [each.id for each in RULES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", each) for each in ids)


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.id)
def test_every_rule_says_what_why_and_how(each: Rule) -> None:
    """Title, explanation, right form and references are there, and the rule is found by its id."""
    assert each.title
    assert each.explanation.rstrip(")").endswith(".")
    assert each.fix
    assert each.refs
    assert set(each.kinds) <= set(KINDS)
    assert rule(each.id) is each


@pytest.mark.parametrize("id", ["", "no-such-rule", None, [], 3])
def test_there_is_no_other_rule(id: Any) -> None:
    """An id that no rule has, or what is no id, is a PolicyError."""
    with pytest.raises(PolicyError, match="no lint rule"):
        rule(id)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("bucket", policy(allow("s3:GetObject"))),
        ("bucket", policy(deny("s3:*", Principal=None, NotPrincipal="*"))),
        ("bucket", policy(allow("s3:GetObject", O), allow("s3:PutObject", O, Principal=None))),
        ("bucket", policy({"Effect": "Deny", "Principals": "*", "Action": "s3:*", "Resource": O})),
        ("access point", policy(allow("s3:GetObject", f"{POINT}/object/*"))),
        ("key", policy(allow(["kms:Decrypt", "KMS:Encrypt"], "*"))),
        ("trust", policy(allow(["sts:AssumeRole", "sts:TagSession"], None))),
        ("bucket", policy(allow("sts:AssumeRole", O))),
        ("identity", policy(allow("s3:GetObject", O, Principal=None))),
        ("identity", policy(allow("kms:Decrypt", "*", Principal=None))),
        ("identity", policy()),
    ],
)
def test_kind_is_read_from_the_policy(kind: str, document: dict[str, Any]) -> None:
    """Principals make a policy a resource's, its actions and resources tell which one's."""
    assert kind_of(Policy.parse(document)) == kind


def test_bucket_makes_a_policy_without_principals_a_bucket_policy() -> None:
    """Whoever names the bucket is told that the principal is missing."""
    document = Policy.parse(policy(allow("s3:GetObject", O, Principal=None)))
    assert lint(document) == []
    assert [each.rule for each in lint(document, bucket=BUCKET)] == ["principal-element"]
    assert lint(document, bucket=BUCKET, kind="identity") == []


@pytest.mark.parametrize(
    ("bucket", "resources"),
    [
        (BUCKET, [B, O]),
        (BUCKET, ["arn:aws:s3:::other", O, f"{B}/x"]),
        (BUCKET, [f"arn:aws-cn:s3:::{BUCKET}/a\nb"]),
        (None, ["*"]),
        (
            None,
            [
                "arn:aws:s3:::*/x",
                "arn:aws:s3:::${aws:username}/*",
                "arn:aws:kms:eu-west-1:111122223333:key/x",
            ],
        ),
        (None, [f"{POINT}/object/*"]),
        (None, []),
    ],
)
def test_bucket_is_the_one_named_most(bucket: str | None, resources: list[str]) -> None:
    """Without bucket=, the resources tell; names with wildcards and variables do not."""
    assert bucket_of(Policy.parse(policy(allow("s3:GetObject", resources)))) == bucket


def test_worst_comes_first_and_then_the_order_of_the_document() -> None:
    """Findings are sorted by severity, and within one by where they stand, with or without text."""
    document = policy(
        allow(["s3:GetObjectt", "s3:PutObjectt"], O, Sid="a"),
        allow("s3:GetObject", Principal=None, NotPrincipal={"AWS": ROLE}, Sid="a"),
        *(allow("s3:DeleteObjectt") for _ in range(10)),
    )
    for read in (Policy.parse(document), Policy.parse(json.dumps(document))):
        found = lint(read)
        order = [list(Severity).index(each.severity) for each in found]
        assert order == sorted(order, reverse=True)
        assert found[0].rule == "allow-not-principal"
        actions = [each.pointer for each in found if each.rule == "unknown-action"]
        assert actions[:3] == ["/Statement/0/Action/0", "/Statement/0/Action/1", "/Statement/2/Action"]
        assert actions[-1] == "/Statement/11/Action"


def test_text_and_dict_are_taken_as_well() -> None:
    """What Policy.parse takes, lint takes."""
    document = policy(allow("s3:HeadObject"))
    assert lint(document) == lint(json.dumps(document)) == lint(Policy.parse(document)) != []


@pytest.mark.parametrize(
    "arguments",
    [
        {"policy": None},
        {"policy": 3},
        {"policy": "not json"},
        {"policy": {}},
        {"policy": policy(), "bucket": ""},
        {"policy": policy(), "bucket": 3},
        {"policy": policy(), "bucket": "NOT A BUCKET"},
        {"policy": policy(), "bucket": f"arn:aws:s3:::{BUCKET}"},
        {"policy": policy(), "bucket": "ab"},
        {"policy": policy(), "kind": "user"},
        {"policy": policy(), "kind": ["bucket"]},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    """An argument that cannot be meant is a PolicyError."""
    with pytest.raises(PolicyError):
        lint(**arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_taken_with_a_hyphen_as_well(kind: str) -> None:
    """What the command line writes with a hyphen is the same kind."""
    document = policy(deny("s3:GetObjectt", O))
    assert lint(document, kind=kind.replace(" ", "-")) == lint(document, kind=kind) != []


def test_hits_of_a_rule_are_bounded() -> None:
    """A rule that is broken a thousand times says so a hundred times."""
    found = lint(policy(deny([f"s3:X{n}" for n in range(1000)])))
    assert sum(each.rule == "unknown-action" for each in found) == HITS_PER_RULE


def test_what_no_quota_admits_is_judged_by_its_size_alone() -> None:
    """A policy of 200 KB is too large; what else is wrong with it is not worth the time."""
    found = lint(policy(*(deny("s3:X", f"{B}/{n}") for n in range(2000))))
    assert [each.rule for each in found] == ["policy-too-large"]


# --- any policy at all

WORDS = st.sampled_from(
    [
        "*",
        "s3:*",
        "s3:GetObject",
        "s3:ListBucket",
        "kms:Decrypt",
        "sts:AssumeRole",
        "s3*:x",
        B,
        O,
        f" {B}",
        "arn:aws:s3::x",
        "arn:aws:s3:::",
        "arn:",
        "::::::",
        ROLE,
        "111122223333",
        "cloudfront.amazonaws.com",
        "alias/x",
        "${aws:username}",
        "${",
        "${*",
        "true",
        "1.2",
        "2026-01-01",
        "192.0.2.0/24",
        "10.0.0.0/8",
        "aws:kms",
        "",
        "\ud800",
        "\x00",
    ]
)
ATOMS = (
    WORDS
    | st.text(max_size=8)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)
LISTED = ATOMS | st.lists(ATOMS, max_size=3)
KEYS = st.sampled_from(
    [
        "aws:SecureTransport",
        "s3:TlsVersion",
        "aws:SourceIp",
        "aws:SourceArn",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalTag/x",
        "s3:prefix",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-acl",
        "s3:signatureAge",
        "aws:SourceVpce",
        "aws:MultiFactorAuthPresent",
        "s3:wombat",
        "",
    ]
)
NAMES = st.sampled_from(
    ["StringLessThan", "ForAnyValue:StringEquals", "ForAllValues:ArnLike", "NullIfExists", ":", ""]
)
OPERATOR_NAMES = st.sampled_from([each.name for each in OPERATORS.values()]) | NAMES
CONDITIONS = st.dictionaries(OPERATOR_NAMES, st.dictionaries(KEYS, LISTED, max_size=2) | LISTED, max_size=2)
PRINCIPALS = LISTED | st.dictionaries(
    st.sampled_from(["AWS", "Service", "CanonicalUser", "x"]), LISTED, max_size=2
)
STATEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "Sid": ATOMS,
        "Effect": st.sampled_from(["Allow", "Deny"]) | ATOMS,
        "Principal": PRINCIPALS,
        "NotPrincipal": PRINCIPALS,
        "Action": LISTED,
        "NotAction": LISTED,
        "Resource": LISTED,
        "NotResource": LISTED,
        "Condition": CONDITIONS | LISTED,
        "principals": ATOMS,
    },
)
POLICIES = st.fixed_dictionaries(
    {"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=3)},
    optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17"]) | ATOMS, "Id": ATOMS, "x": ATOMS},
)
JSON = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def judged(document: Any, **arguments: Any) -> list[Finding]:
    """The findings; each points at something, fits its policy and can be reported."""
    read = Policy.parse(document)
    found = lint(read, **arguments)
    for each in found:
        value_at(read.document, each.pointer or "")
        assert each.message
        assert each.rule in {known.id for known in RULES}
        if each.patch:
            apply(read, each.patch)
    json.dumps(as_dict(read, found))
    json.dumps(as_sarif(read, found))
    assert len(as_text(read, found).splitlines()) >= len(found)
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(POLICIES, st.sampled_from([None, *KINDS]))
def test_any_policy_gives_findings(document: dict[str, Any], kind: str | None) -> None:
    """Whatever stands in a policy: findings that point into it, with patches that fit it."""
    judged(document, kind=kind)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(JSON)
def test_any_json_gives_findings_or_an_error(document: Any) -> None:
    """Whatever JSON it is: findings, or a PolicyError that it is no policy."""
    text = json.dumps(document)
    with suppress(PolicyError):
        judged(text)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_gives_findings_or_an_error(text: Any) -> None:
    """Whatever text it is: a PolicyError, for it is hardly ever a policy."""
    with suppress(PolicyError):
        judged(text)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(STATEMENTS, STATEMENTS)
def test_duplicate_keys_upset_no_rule(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two statements written into one object: what is found fits the text, duplicate keys and all."""
    both = jsontext.Repeated([*one.items(), *other.items()])
    text = jsontext.write(jsontext.plain({"Version": "2012-10-17", "Statement": [both]}))
    found = judged(text)
    assert any(each.rule == "duplicate-json-key" for each in found) == bool(one.keys() & other.keys())


@pytest.mark.parametrize("element", sorted(ELEMENTS))
def test_no_element_upsets_the_rules(element: str) -> None:
    """Each element, with values of every JSON type in its place, gives findings."""
    values: list[Any] = [
        None,
        True,
        3,
        "",
        "x",
        [],
        [[]],
        [None],
        {},
        {"AWS": {}},
        {"Bool": {"x": {}}},
        {"": {"": ""}},
    ]
    for value in values:
        judged(policy({**deny("s3:*", [B, O], {"Bool": {"aws:SecureTransport": "false"}}), element: value}))


LEFT_OUT = frozenset(
    {"https-bucket-only", "tls-version-gap", "public-acl-passes", "endpoint-cuts-off-services"}
)


@pytest.mark.parametrize("part", range(4))
def test_lint_without_some_rules_says_the_same_of_the_others(part: int) -> None:
    """Rules that are left out take nothing with them: not the order, nor what was found out about patches."""
    for document in [each.document for each in FAULTY][part::24]:
        given = Policy.parse(document)
        said = lint_without(LEFT_OUT, given, bucket=BUCKET, kind="bucket")
        assert said == [
            each for each in lint(given, bucket=BUCKET, kind="bucket") if each.rule not in LEFT_OUT
        ]


def test_lint_without_some_rules_says_where_it_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the effort of all rules could matter, all are asked."""
    monkeypatch.setattr("secure_s3.policy.rules.rule.EFFORT", 40)
    given = policy(
        *(deny("s3:*", [B, O], {"NotIpAddress": {"aws:SourceIp": f"192.0.2.{n}"}}) for n in range(9))
    )
    read = Policy.parse(given)
    said = lint_without(LEFT_OUT, read, bucket=BUCKET, kind="bucket")
    assert "judged-in-part" in [each.rule for each in said]
    assert said == [each for each in lint(read, bucket=BUCKET, kind="bucket") if each.rule not in LEFT_OUT]
