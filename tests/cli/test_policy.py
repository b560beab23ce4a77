"""``secure-s3 policy``: reading files, eval, test and diff."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3.cli import policy_files
from secure_s3.policy import Policy, suite_text

from .conftest import BUCKET, Run

Runner = Callable[..., Run]
ARN = f"arn:aws:s3:::{BUCKET}"
APP = "arn:aws:iam::111122223333:role/app"
DENY: dict[str, Any] = {
    "Sid": "DenyInsecureTransport",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ALLOW: dict[str, Any] = {
    "Sid": "AllowApp",
    "Effect": "Allow",
    "Principal": {"AWS": APP},
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
ASKED = ("--action", "s3:GetObject", "--resource", f"{ARN}/a", "--principal", APP)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A file with a sound policy."""
    return write(tmp_path / "policy.json", document(DENY, ALLOW))


def write(path: Path, content: Any) -> Path:
    """A file of JSON, or of a text."""
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), "utf-8")
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    """Let the command read that from its standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))


# ----------------------------------------------------------------------------------- reading the files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "Statement": [\n', "(?s)policy.json: .*line 3, column 1"),
        ('{"Statement": {"Effect": "Deny"}, }', "(?s)policy.json: .*line 1, column 35"),
        ("[]", "policy.json: "),
        ("", "policy.json: "),
        (" " * 300_000, "policy.json is longer than"),
    ],
)
@pytest.mark.parametrize("command", ["lint", "eval", "diff"])
def test_what_is_no_policy_is_told(
    run: Runner, tmp_path: Path, command: str, content: str, said: str
) -> None:
    """A file that is no policy is a usage error that names the file and the place."""
    path = write(tmp_path / "policy.json", content)
    more = {"lint": (), "eval": ASKED, "diff": (path,)}[command]
    result = run("policy", command, path, *more)
    assert (result.code, result.out) == (2, "")
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(result.err)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nothing", "no such file"),
        (".", "folder"),
        ("bytes", "start byte at byte 0"),
        ("a\0b", "null"),
    ],
)
def test_file_that_cannot_be_read_is_told(run: Runner, tmp_path: Path, name: str, why: str) -> None:
    """What is not there, a folder, and a file that is no text are usage errors with a reason and advice."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe{}")
    path = f"{tmp_path}/{name}"
    for command in (["lint", path], ["diff", path, path], ["eval", path, *ASKED], ["test", path]):
        told = run("policy", *command, "--json")
        assert (told.code, told.json["error"], told.err) == (2, "PolicyError", "")
        assert name.replace("\0", "") in told.json["what"].replace("\0", "")
        assert why in told.json["why"]
        assert told.json["fix"]


def test_file_without_permission_is_told(run: Runner, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read is a usage error that says so."""

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    told = run("policy", "lint", policy)
    monkeypatch.undo()
    assert (told.code, told.out) == (2, "")
    assert "permissions" in told.err


def test_byte_order_mark_is_passed_over(run: Runner, policy: Path) -> None:
    """A file that begins with a byte order mark is read."""
    policy.write_bytes(b"\xef\xbb\xbf" + policy.read_bytes())
    assert run("policy", "lint", policy, "--fail-on", "never").code == 0


def test_limits_are_those_of_the_library() -> None:
    """A file of policy tests may be as long on disk as its reader takes."""
    assert policy_files._SUITE_BYTES == suite_text.SUITE_TEXT_BYTES


# ------------------------------------------------------------------------------------------------ eval


@pytest.mark.parametrize(
    ("more", "outcome", "code"),
    [
        (["--context", "aws:SecureTransport=true"], "allowed", 0),
        (["--context", "aws:SecureTransport=false"], "explicitly_denied", 3),
        (["--principal", "anonymous"], "implicitly_denied", 3),
        (["--unknown", "aws:SecureTransport"], "unknown", 1),
        (["--principal", "unknown"], "unknown", 1),
        (["--action", "ec2:RunInstances"], "implicitly_denied", 3),
    ],
)
def test_eval_ends_with_its_code(run: Runner, policy: Path, more: list[str], outcome: str, code: int) -> None:
    """Allowed ends with 0, unknown with 1, denied with 3."""
    result = run("policy", "eval", policy, *ASKED, *more, "--json")
    assert (result.json["outcome"], result.code) == (outcome, code)
    assert run("policy", "eval", policy, *ASKED, *more).out.startswith(outcome.replace("_", " "))


def test_eval_tells_the_reasons(run: Runner, policy: Path) -> None:
    """The statements that decided are told, with what was wanted and what was there."""
    out = run("policy", "eval", policy, *ASKED, "--context", "aws:SecureTransport=false").out
    assert "DenyInsecureTransport denies" in out
    assert "policy says false; request: false -> holds" in out


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("scp", "service_control_policy"),
        ("rcp", "resource_control_policy"),
        ("endpoint", "endpoint_policy"),
        ("identity", "identity_policy"),
        ("session", "session_policy"),
        ("boundary", "permissions_boundary"),
    ],
)
def test_eval_takes_every_layer(run: Runner, policy: Path, tmp_path: Path, layer: str, name: str) -> None:
    """A denial in any layer is told to be of that layer."""
    deny = {key: value for key, value in DENY.items() if key not in ("Condition", "Principal")}
    if layer in ("rcp", "endpoint"):
        deny["Principal"] = "*"
    path = write(tmp_path / "layer.json", document(deny))
    result = run("policy", "eval", policy, *ASKED, f"--{layer}", path, "--json")
    assert (result.code, result.json["outcome"]) == (3, "explicitly_denied")
    assert {each["layer"] for each in result.json["reasons"]} == {name}


def test_eval_of_several_values(run: Runner, tmp_path: Path) -> None:
    """A key that is given several times has several values."""
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}
    path = write(tmp_path / "p.json", document(ALLOW | {"Condition": condition}))
    within = ("--context", "aws:TagKeys=a", "--context", "AWS:tagkeys=b")
    assert run("policy", "eval", path, *ASKED, *within).code == 0
    assert run("policy", "eval", path, *ASKED, *within, "--context", "aws:TagKeys=c").code == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--action", "s3:GetObjects"], "s3:GetObject"),
        (["--action", "s3:Get*"], "one action at a time"),
        (["--context", "aws:SecureTranport=true"], "aws:SecureTransport"),
        (["--context", "aws:SecureTransport"], "KEY=VALUE"),
        (["--context", "=x"], "KEY=VALUE"),
        (["--context", "AWS:SecureTranport=true"], "no condition key 'AWS:SecureTranport'"),
        (["--context", "aws:SecureTransport=yes"], "write true or false"),
        (["--context", "s3:TlsVersion=abc"], "write a number"),
        (["--context", "aws:SourceIp=10.0.0.0/8"], "write one address"),
        (["--resource", ARN], "arn:aws:s3:::BucketName/ObjectName"),
        (["--action", "s3:ListBucket"], "name e.g. arn:aws:s3:::BucketName\n"),
        (["--resource", "a"], "arn:aws:s3:::"),
        (["--unknown", "aws:SorceIp"], "aws:SourceIp"),
        (["--principal", ""], "anonymous"),
        (["--principal-account", "1"], "twelve digits"),
        (["--identity", "-", "--scp", "-"], "standard input holds one policy"),
    ],
)
def test_eval_refuses_what_cannot_be_meant(run: Runner, policy: Path, more: list[str], said: str) -> None:
    """A misspelt name, or an argument that means nothing, is a usage error with advice."""
    result = run("policy", "eval", policy, *ASKED, *more)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--action", "s3:GetNovelty"], 3),
        (["--context", "aws:SecureTransport=yes"], 0),
        (["--context", "s3:TlsVersion=abc"], 0),
        (["--resource", f"{ARN}"], 3),
    ],
)
def test_eval_takes_new_names_if_told(run: Runner, policy: Path, more: list[str], code: int) -> None:
    """--allow-unknown-names evaluates what the catalogue does not have, or has otherwise."""
    assert run("policy", "eval", policy, *ASKED, *more, "--allow-unknown-names").code == code
    assert run("policy", "eval", policy, *ASKED, *more).code == 2


def test_eval_without_a_policy(run: Runner) -> None:
    """Without any policy there is nothing to evaluate."""
    result = run("policy", "eval", *ASKED)
    assert (result.code, "no policy to evaluate" in result.err) == (2, True)


# ------------------------------------------------------------------------------------------------ test

SUITE = f"""
[policies]
resource_policy = "../policy.json"

[[cases]]
name = "plain HTTP is refused"
principal = "{APP}"
action = "s3:GetObject"
resource = "{ARN}/a"
context = {{ "aws:SecureTransport" = false }}
expect = "explicitly_denied"
statement = "DenyInsecureTransport"
"""


@pytest.fixture
def suite(policy: Path) -> Path:
    """A file of policy tests in a folder below the policy's."""
    folder = policy.parent / "tests"
    folder.mkdir()
    return write(folder / "s3.policy.toml", SUITE)


def test_tests_pass(run: Runner, suite: Path) -> None:
    """Cases that hold end with 0; the policy is found beside the suite, wherever the command runs."""
    result = run("policy", "test", suite)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "ok      plain HTTP is refused: explicitly denied",
        "s3.policy.toml: 1 passed, 0 failed",
    ]


def test_one_failure_is_enough(run: Runner, suite: Path) -> None:
    """One failing case of several files ends with 1, and is told with its decision."""
    other = write(suite.parent / "other.policy.toml", SUITE.replace('"explicitly_denied"', '"allowed"'))
    result = run("policy", "test", suite, other)
    assert result.code == 1
    assert "FAILED  plain HTTP is refused: expected allowed, got explicitly denied" in result.out
    assert "DenyInsecureTransport denies" in result.out
    told = run("policy", "test", suite, other, "--json")
    assert (told.code, told.json["passed"]) == (1, False)
    assert [each["passed"] for each in told.json["suites"]] == [True, False]


def test_yaml_tests_run(run: Runner, suite: Path) -> None:
    """A file named .yaml is read as YAML."""
    case = {
        "name": "x",
        "principal": APP,
        "action": "s3:GetObject",
        "resource": f"{ARN}/a",
        "expect": "allowed",
    }
    value = {"policies": {"resource_policy": "../policy.json"}, "cases": [case]}
    assert run("policy", "test", write(suite.parent / "x.yaml", value)).code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[cases]]", "[defaults]", "no field"),
        ("expect", "expct", "did you mean 'expect'"),
        ("../policy.json", "policy.json", "cannot be read"),
        ('aws:SecureTransport" = false', 'aws:SecureTransport" = "no"', "write true or false"),
        ("aws:SecureTransport", "AWS:SecureTransprt", "no condition key 'AWS:SecureTransprt'"),
        (f"{ARN}/a", ARN, "arn:aws:s3:::BucketName/ObjectName"),
        ("[policies]", "[policies", "no TOML"),
    ],
)
def test_broken_tests_are_usage_errors(run: Runner, suite: Path, old: str, new: str, said: str) -> None:
    """A file that cannot be read proves nothing: it ends with 2, and nothing has been said of the others."""
    broken = write(suite.parent / "broken.toml", SUITE.replace(old, new))
    result = run("policy", "test", suite, broken)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


# ------------------------------------------------------------------------------------------------ diff


def test_diff_of_the_same(run: Runner, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies that differ in order alone do not differ; either may come from standard input."""
    stdin(monkeypatch, json.dumps(document(ALLOW, DENY)))
    assert run("policy", "diff", "-", policy) == Run(0, "no difference\n", "")


def test_diff_of_others(run: Runner, policy: Path, tmp_path: Path) -> None:
    """A difference is shown by statement, and ends with 1."""
    new = write(tmp_path / "new.json", document(DENY, ALLOW | {"Action": ["s3:GetObject", "s3:PutObject"]}))
    result = run("policy", "diff", policy, new)
    assert (result.code, "~ Allow AllowApp" in result.out) == (1, True)
    assert "s3:PutObject" in result.out
    told = run("policy", "diff", policy, new, "--json")
    assert (told.code, told.json["differs"]) == (1, True)
    assert [each["kind"] for each in told.json["statements"]] == ["changed"]


def test_diff_with_numbers_is_json(run: Runner, policy: Path, tmp_path: Path) -> None:
    """Numbers of a policy are numbers in --json."""
    number = {"NumericLessThan": {"s3:max-keys": 10}}
    new = write(tmp_path / "new.json", document(DENY, ALLOW | {"Condition": number}))
    after = run("policy", "diff", policy, new, "--json").json["statements"][0]["after"]
    assert after["Condition"] == number


def test_diff_needs_two(run: Runner) -> None:
    """Standard input is one policy."""
    assert run("policy", "diff", "-", "-").code == 2


def test_policies_of_the_tests_are_sound() -> None:
    """The policies that these tests write can be read."""
    assert Policy.parse(document(DENY, ALLOW)).problems == ()
