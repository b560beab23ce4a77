"""Policy tests: what files of them may say, what comes of the cases, and how pytest collects them."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.policy import Policy, suite_text, suites

pytest_plugins = ["pytester"]

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
APP = "arn:aws:iam::111122223333:role/app"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "AllowApp",
            "Effect": "Allow",
            "Principal": {"AWS": APP},
            "Action": "s3:GetObject",
            "Resource": f"{BUCKET}/*",
            "Condition": {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.3"}},
        },
    ],
}
HEAD = f"""
[policies]
resource_policy = "bucket.json"

[defaults]
principal = "{APP}"
action = "s3:GetObject"
resource = "{BUCKET}/a"
context = {{ "aws:SecureTransport" = true, "s3:TlsVersion" = 1.3 }}
"""
FIRST = """
[[cases]]
name = "first"
expect = "allowed"
"""


def toml(*lines: str, head: str = HEAD) -> str:
    """A suite of one case with these lines."""
    return "\n".join([head, "[[cases]]", 'name = "it"', *lines])


def run(text: str, form: str = "toml", policy: dict[str, Any] = POLICY) -> suites.SuiteResult:
    """The result of a suite."""
    suite = suites.parse(text, form, name="s3.policy.toml")
    return suite.run({path: Policy.parse(policy) for path in suite.files})


# ------------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    "lines",
    [
        ['expect = "allowed"', 'statement = "AllowApp"', 'layer = "resource_policy"'],
        ['expect = "explicitly_denied"', 'context = {"AWS:securetransport" = false}'],
        [
            'expect = "denied"',
            'context = {"aws:SecureTransport" = false}',
            'statement = "DenyInsecureTransport"',
        ],
        ['expect = "denied"', 'context = {"s3:TlsVersion" = "1.2"}', 'statement = "AllowApp"'],
        ['expect = "implicitly_denied"', 'context = {"s3:TlsVersion" = {absent = true}}'],
        ['expect = "implicitly_denied"', 'principal = "anonymous"', 'layer = "resource_policy"'],
        ['expect = "unknown"', 'context = {"s3:TlsVersion" = {one_of = ["1.2", "1.3"]}}'],
        ['expect = "unknown"', 'context = {"s3:TlsVersion" = {between = [1.2, 1.3]}}'],
        ['expect = "unknown"', 'unknown = ["s3:TlsVersion"]'],
        ['expect = "unknown"', 'unknown = ["aws:SecureTransport"]', 'statement = "DenyInsecureTransport"'],
        ['expect = "unknown"', 'principal = "unknown"'],
    ],
)
def test_case_passes(lines: list[str]) -> None:
    """A case passes if the outcome is the expected one, decided where it should be."""
    result = run(toml(*lines))
    assert result.passed, str(result)
    assert not result.failed


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (['expect = "denied"'], "expected denied, got allowed"),
        (['expect = "unknown"'], "expected unknown, got allowed"),
        (['expect = "allowed"', 'principal = "unknown"'], "expected allowed, got unknown"),
        (
            ['expect = "implicitly_denied"', 'context = {"aws:SecureTransport" = false}'],
            "expected implicitly denied, got explicitly denied",
        ),
        (['expect = "denied"', 'unknown = ["aws:SecureTransport"]'], "expected denied, got unknown"),
        (['expect = "allowed"', 'statement = "AllowAp"'], "not by the statement 'AllowAp'"),
        (
            ['expect = "denied"', 'statement = "AllowApp"', 'context = {"aws:SecureTransport" = false}'],
            "not by the statement 'AllowApp'",
        ),
        (['expect = "allowed"', 'layer = "identity_policies"'], "not by identity_policies"),
    ],
)
def test_case_fails(lines: list[str], problem: str) -> None:
    """A case fails if the outcome is another, or another statement or layer decided; it says which."""
    result = run(toml(*lines))
    assert not result.passed
    assert problem in result.cases[0].problem
    assert "FAILED  it" in str(result)
    assert result.cases[0].reasons


def test_failure_shows_the_decision() -> None:
    """A failing case tells which statements decided, and how their conditions came out."""
    shown = str(run(toml('expect = "allowed"', 'context = {"aws:SecureTransport" = false}')))
    assert "resource policy: DenyInsecureTransport denies" in shown
    assert "aws:SecureTransport: policy says false; request: false -> holds" in shown
    assert shown.endswith("0 passed, 1 failed")


def test_every_layer_is_evaluated() -> None:
    """Policies of each layer reach the evaluation as that layer."""
    head = HEAD.replace(
        'resource_policy = "bucket.json"',
        """resource_policy = "allow.json"
identity_policies = ["allow.json"]
permissions_boundary = "allow.json"
session_policies = ["allow.json"]
scps = [["allow.json"], ["deny.json"]]
rcps = ["allow.json"]
endpoint_policies = ["allow.json"]""",
    )
    suite = suites.parse(toml('expect = "explicitly_denied"', 'layer = "scps"', head=head))
    assert suite.files == ("allow.json", "deny.json")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    policies = {
        "allow.json": Policy.parse({"Statement": [allow]}),
        "deny.json": Policy.parse({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}),
    }
    result = suite.run(policies)
    assert result.passed, str(result)
    assert result.cases[0].decision.not_examined == ()
    with pytest.raises(PolicyError, match=r"deny\.json"):
        suite.run({"allow.json": policies["allow.json"]})


def test_layer_may_be_unread() -> None:
    """A layer that cannot be read leaves open what it could decide."""
    head = HEAD.replace("[policies]", '[policies]\nunknown = ["scps"]')
    assert run(toml('expect = "unknown"', head=head)).passed
    assert not run(toml('expect = "allowed"', head=head)).passed


def test_results_are_plain_values() -> None:
    """Results can be written as JSON."""
    told = json.loads(json.dumps(run(toml('expect = "denied"')).to_dict()))
    assert (told["passed"], told["cases"][0]["outcome"]) == (False, "allowed")


# ------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "has no cases"),
        (HEAD + "cases = []", "no field"),
        ("cases = []\n" + HEAD, "has no cases"),
        ("cases = 1\n" + HEAD, "has no cases"),
        (toml(), "expects nothing"),
        (toml('expect = "alowed"'), "did you mean 'allowed'"),
        (toml('expects = "allowed"'), "did you mean 'expect'"),
        (toml('expect = "allowed"', 'layer = "scp"'), "did you mean 'scps'"),
        (toml('expect = "allowed"', "statement = 1"), "no Sid"),
        (toml('expect = "allowed"', 'action = "s3:GetObjects"'), "did you mean 's3:GetObject'"),
        (toml('expect = "allowed"', 'action = "s3:HeadObject"'), "did you mean 's3:GetObject'"),
        (toml('expect = "allowed"', 'action = "s3:Get*"'), "names many actions"),
        (toml('expect = "allowed"', 'action = "ec2:Run"', 'resource = ""'), "no resource"),
        (toml('expect = "denied"', 'context = {"aws:SecureTranport" = false}'), "aws:SecureTransport"),
        (toml('expect = "denied"', 'unknown = ["aws:SorceIp"]'), "aws:SourceIp"),
        (toml('expect = "denied"', 'unknown = "aws:SourceIp"'), "no list of condition keys"),
        (toml('expect = "denied"', 'context = {"aws:TagKeys" = {any = 1}}'), "means nothing"),
        (toml('expect = "denied"', 'context = {"aws:CurrentTime" = 2026-01-01T00:00:00}'), "has no zone"),
        (toml('expect = "denied"', 'context = {"aws:SourceIp" = "a", "aws:sourceip" = "b"}'), "stands twice"),
        (toml('expect = "denied"', "context = 1"), "no table"),
        (toml('expect = "denied"', "principal = 111122223333"), "no principal"),
        (toml('expect = "denied"', 'resource_account = "1"'), "no account"),
        (HEAD + FIRST + FIRST, "two cases are named 'first'"),
        (HEAD + FIRST.replace('"first"', '" "'), "has no name"),
        (toml('expect = "denied"', head=HEAD.replace("principal", "#")), "does not say who asks"),
        (toml('expect = "denied"', head=HEAD.replace("resource_policy", "bucket_policy")), "no field"),
        (toml('expect = "denied"', head=HEAD.replace('"bucket.json"', "1")), "path of a file"),
        (toml('expect = "denied"', head=HEAD.replace('"bucket.json"', '["a"]')), "path of a file"),
        (
            toml('expect = "denied"', head=HEAD.replace("resource_policy", 'scps = [[["a"]]]\n#')),
            "list of paths",
        ),
        (toml('expect = "denied"', head=HEAD.replace("resource_policy", "#")), "names no policy"),
        (toml('expect = "denied"', head="allow_unknown_names = 1" + HEAD), "neither true nor false"),
        ("x = [", "no TOML: .*at end of document"),
        ("x = " + "[" * 5000, "no TOML|nested too deeply"),
        ("#" * 300_000, "longer than"),
        ("cases = [\n  1 2\n]", "no TOML: .*line 2, column"),
    ],
)
def test_file_is_refused(text: str, message: str) -> None:
    """A suite that means nothing, or something else than it seems, is refused with advice."""
    with pytest.raises(PolicyError, match=message):
        run(text)


def test_unknown_names_can_be_permitted() -> None:
    """Names that are newer than the catalogue are taken where the file says so."""
    text = toml('expect = "denied"', 'action = "s3:GetNovelty"')
    assert run("allow_unknown_names = true" + text).passed
    with pytest.raises(PolicyError, match="GetNovelty"):
        run(text)


def test_other_services_names_are_taken() -> None:
    """Of services that nothing is known of, any name will do."""
    assert run(toml('expect = "implicitly_denied"', 'action = "ec2:RunInstances"')).passed


@given(
    st.sampled_from(suite_text.FORMATS),
    st.text(max_size=40) | st.text("[]{}:=\"'&*!-#,\n a1", max_size=60),
    st.booleans(),
)
def test_any_text_is_read_or_refused(form: str, text: str, after_a_head: bool) -> None:
    """No text makes another error than a PolicyError."""
    with contextlib.suppress(PolicyError):
        suites.parse((HEAD if after_a_head and form == "toml" else "") + text, form)


# ----------------------------------------------------------------------------------------------- YAML

YAML = f"""
policies:
  resource_policy: bucket.json
defaults:
  principal: {APP}
  action: s3:GetObject
  resource: {BUCKET}/a
cases:
  - name: TLS 1.3
    context: {{"aws:SecureTransport": true, "s3:TlsVersion": 1.3}}
    expect: allowed
  - name: leading zeros stay
    context: {{"aws:PrincipalAccount": 011122223333, "s3:TlsVersion": null, "aws:userid": yes}}
    resource_account: "111122223333"
    expect: implicitly_denied
"""


def test_yaml_is_read_too() -> None:
    """YAML says the same as TOML; numbers with leading zeros and words such as yes are text."""
    assert run(YAML, "yaml").passed
    context = suites.parse(YAML, "yaml").cases[1].request.context
    assert context["aws:PrincipalAccount"] == "011122223333"
    assert context["aws:userid"] == "yes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "1:4: anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]", "1:4: tags"),
        ("a: !!str 1", "tags"),
        ("cases: 1\ncases: 2", "2:1: 'cases' stands twice"),
        ("? [1]\n: 2", "a key is a text"),
        ("a: [", "no YAML"),
        ("--- {}\n--- {}", "no YAML"),
        ("[" * 40 + "]" * 40, "nested more than"),
        ("[" * 20_000, "nested more than"),
        ("", "holds no policy tests"),
        ("- a", "holds no policy tests"),
    ],
)
def test_cunning_yaml_is_refused(text: str, message: str) -> None:
    """Anchors, tags, double keys and depth are refused, with the place."""
    with pytest.raises(PolicyError, match=message):
        suites.parse(text, "yaml")


def test_yaml_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML the error says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(PolicyError, match=r"secure-s3\[cli\]"):
        suites.parse(YAML, "yaml")


def test_other_forms_are_refused() -> None:
    """There are two forms."""
    with pytest.raises(PolicyError, match="json"):
        suites.parse("{}", "json")


# ---------------------------------------------------------------------------------------------- pytest


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a policy, and this plugin."""
    pytester.makefile(".json", bucket=json.dumps(POLICY))
    pytester.makeini("[pytest]\naddopts = -p secure_s3.policy_pytest -p no:xdist\n")
    return pytester


def test_pytest_collects_the_cases(project: pytest.Pytester) -> None:
    """Each case of a *.policy.toml or *.policy.yaml file is one test; other files are left alone."""
    project.makefile(".policy.toml", s3=HEAD + FIRST)
    project.makefile(".policy.yaml", more=YAML)
    project.makefile(".toml", other="[")
    result = project.runpytest("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*more.policy.yaml::TLS 1.3 PASSED*", "*s3.policy.toml::first PASSED*"])


def test_pytest_shows_the_decision(project: pytest.Pytester) -> None:
    """A failing case prints its decision and no traceback."""
    project.makefile(".policy.toml", s3=HEAD + FIRST.replace("allowed", "denied"))
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*policy case: first*", "FAILED  first: expected denied, got allowed"])
    result.stdout.fnmatch_lines(["*resource policy: AllowApp allows*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*runtest*")


@pytest.mark.parametrize(
    ("text", "said"),
    [(HEAD, "*has no cases*"), (HEAD.replace("bucket", "none") + FIRST, "*none.json cannot be read*")],
)
def test_pytest_does_not_pass_over_a_broken_file(project: pytest.Pytester, text: str, said: str) -> None:
    """A file without cases, or whose policy is missing, is an error that says so."""
    project.makefile(".policy.toml", s3=text)
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("n = " + "9" * 5000, id="digits"),
        pytest.param(".".join(["a"] * 20_000) + " = 1", id="dotted"),
        pytest.param('x = "' + "a" * suite_text.SUITE_TEXT_BYTES + '"', id="long"),
        pytest.param(b"cases = []", id="bytes"),
        pytest.param(None, id="none"),
    ],
)
def test_what_nobody_writes_is_refused(text: Any):
    """A file that no one writes by hand is refused, quickly and with an error of ours."""
    with pytest.raises(PolicyError):
        suites.parse(text)
