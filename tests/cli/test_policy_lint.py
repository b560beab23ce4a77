"""``secure-s3 policy lint``: findings, repair, and what the rules are about."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from secure_s3.cli import policy_aims, policy_files, policy_lint
from secure_s3.policy import Policy
from secure_s3.policy.rulebook import RULEBOOK
from secure_s3.policy.rules.rule import KINDS
from secure_s3.values import Severity

from .conftest import BUCKET, Run
from .test_policy import ALLOW, APP, DENY, Runner, document, stdin, write

BROKEN = document(
    DENY | {"Condition": {"Bool": {"aws:SecureTranport": "false"}}}, ALLOW | {"Action": "s3:HeadObject"}
)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A file with a sound policy."""
    return write(tmp_path / "policy.json", document(DENY, ALLOW))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file with a policy that patches mend."""
    return write(tmp_path / "broken.json", BROKEN)


# ------------------------------------------------------------------------------------------- findings


def test_sound_policy_has_no_findings(run: Runner, policy: Path) -> None:
    """Nothing found ends with 0."""
    result = run("policy", "lint", policy)
    assert result == Run(0, f"{policy}: no findings\n", "")


def test_finding_has_its_place(run: Runner, tmp_path: Path) -> None:
    """A finding is printed with file, line, column, severity and rule, and ends with 1."""
    path = write(tmp_path / "p.json", document(DENY, ALLOW | {"Action": "s3:GetObjects"}))
    result = run("policy", "lint", path)
    assert result.code == 1
    first = result.out.splitlines()[0]
    assert first.startswith(f"{path}:")
    line, column, severity = first.removeprefix(f"{path}:").split(":")[:3]
    assert int(line) > 1
    assert int(column) >= 1
    assert severity.strip() in policy_aims.SEVERITIES
    told = run("policy", "lint", path, "--json").json
    (file,) = told["files"]
    assert file["file"] == str(path)
    assert sum(file["counts"].values()) == len(file["findings"]) > 0
    assert told["counts"] == file["counts"]
    assert run("policy", "lint", path, "--format", "json").json == told


def test_fail_on_sets_the_threshold(run: Runner, policy: Path) -> None:
    """Findings below --fail-on are shown and end with 0."""
    principal = ("--lockout-principal", APP)
    policy.write_text(
        json.dumps(document(DENY | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}))
    )
    codes = {
        each: run("policy", "lint", policy, *principal, "--fail-on", each).code for each in ("info", "never")
    }
    assert codes == {"info": 1, "never": 0}


@pytest.mark.parametrize("below", [True, False])
def test_sarif_is_printed(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: bool) -> None:
    """A file below the working directory is named relative to it in SARIF, another by a file URI."""
    path = write(tmp_path / "my p.json", document(ALLOW | {"Principal": "*"}))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path if below else tmp_path / "elsewhere")
    expected = {"uri": "my%20p.json", "uriBaseId": "%SRCROOT%"} if below else {"uri": path.as_uri()}
    for name in (path, path.name if below else f"../{path.name}"):
        result = run("policy", "lint", name, "--format", "sarif", "--fail-on", "never")
        assert (result.code, result.json["version"]) == (0, "2.1.0")
        assert result.json["runs"][0]["artifacts"][0]["location"] == expected


def test_lockout_is_critical(run: Runner, policy: Path) -> None:
    """A policy that its administrator could not take back is found, with the bucket as its resources say."""
    policy.write_text(json.dumps(document({**DENY, "Condition": {}})))
    result = run("policy", "lint", policy, "--lockout-principal", APP, "--fail-on", "critical", "--json")
    found = [each for each in result.json["files"][0]["findings"] if each["rule"] == "lock-out"]
    assert (result.code, [each["severity"] for each in found]) == (1, ["critical"])
    assert APP in found[0]["message"]
    fine = run("policy", "lint", write(policy, document(DENY)), "--lockout-principal", APP, "--json")
    assert [each for each in fine.json["files"][0]["findings"] if each["rule"] == "lock-out"] == []


def test_lockout_needs_a_bucket_and_somebody(run: Runner, policy: Path) -> None:
    """Without a bucket, or with a principal that is nobody, the question cannot be answered."""
    assert run("policy", "lint", policy, "--lockout-principal", "cloudfront.amazonaws.com").code == 2
    policy.write_text(json.dumps(document(DENY | {"Resource": "*"})))
    result = run("policy", "lint", policy, "--lockout-principal", APP)
    assert (result.code, "--bucket" in result.err) == (2, True)
    assert run("policy", "lint", policy, "--lockout-principal", APP, "--bucket", BUCKET).code in (0, 1)


def test_choices_are_those_of_the_library() -> None:
    """The kinds and severities that may be named are the library's."""
    assert tuple(kind.replace(" ", "-") for kind in KINDS) == policy_aims.KINDS
    assert tuple(each.value for each in Severity) == policy_aims.SEVERITIES


def test_lint_reads_standard_input(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """- is standard input, and messages call it so."""
    stdin(monkeypatch, json.dumps(document(DENY)))
    assert run("policy", "lint", "-").out == "<stdin>: no findings\n"


# --------------------------------------------------------------------------------------- several files


def test_several_files_are_judged_together(run: Runner, policy: Path, broken: Path) -> None:
    """The findings of all files are told, and the worst decides the exit code."""
    result = run("policy", "lint", policy, broken)
    assert result.code == 1
    assert f"{policy}: no findings" in result.out
    assert f"{broken}:" in result.out
    told = run("policy", "lint", policy, broken, "--json").json
    assert [each["file"] for each in told["files"]] == [str(policy), str(broken)]
    assert [bool(each["findings"]) for each in told["files"]] == [False, True]
    assert sum(told["counts"].values()) == len(told["files"][1]["findings"])
    assert run("policy", "lint", policy, policy).code == 0


def test_sarif_of_several_files_is_one_run(run: Runner, policy: Path, broken: Path) -> None:
    """All files stand in one run, as code scanning takes one for each tool."""
    (log,) = run("policy", "lint", policy, broken, "--format", "sarif").json["runs"]
    assert len(log["artifacts"]) == 2
    assert {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["index"] for each in log["results"]
    } == {1}


def test_one_file_that_is_none_stops_all(run: Runner, broken: Path, tmp_path: Path) -> None:
    """All files are read before anything is said."""
    result = run("policy", "lint", broken, tmp_path / "nothing")
    assert (result.code, result.out) == (2, "")
    assert "nothing cannot be read" in result.err


# --------------------------------------------------------------------------------------- contradictions


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["FILE", "--json", "--format", "sarif"], "--json contradicts --format sarif"),
        (["FILE", "--json", "--format", "text"], "--json contradicts --format text"),
        (["FILE", "--write"], "--fix"),
        (["FILE", "--fix", "--format", "sarif"], "--format sarif cannot tell of --fix"),
        (["FILE", "FILE", "--fix"], "--fix prints one policy"),
        (["-", "--fix", "--write"], "standard input cannot be written to"),
        (["-", "-"], "standard input holds one policy"),
        (["FILE", "--rules"], "--rules is about the rules"),
        (["FILE", "--explain", "unknown-action"], "--explain is about the rules"),
        (["--rules", "--fix"], "--rules is about the rules"),
        (["--rules", "--explain", "unknown-action"], "two questions"),
        (["--rules", "--format", "sarif"], "--format sarif cannot tell of --rules"),
        ([], "no policy is named"),
    ],
)
def test_contradictions_are_usage_errors(run: Runner, policy: Path, argv: list[str], said: str) -> None:
    """Options that contradict each other end with 2; none of them is followed silently."""
    before = policy.read_bytes()
    result = run("policy", "lint", *(policy if word == "FILE" else word for word in argv))
    assert result.code == 2
    assert said in (result.json["what"] if "--json" in argv else result.err)
    assert policy.read_bytes() == before


# ------------------------------------------------------------------------------------------- the rules


def test_rules_are_listed(run: Runner) -> None:
    """--rules lists every rule with its severity and title."""
    lines = run("policy", "lint", "--rules").out.splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [[each.id, each.severity.value] for each in RULEBOOK]
    told = run("policy", "lint", "--rules", "--json").json["rules"]
    assert [(each["id"], each["title"]) for each in told] == [(each.id, each.title) for each in RULEBOOK]


@pytest.mark.parametrize("id", ["lock-out", "unknown-action", "https-gap"])
def test_rule_is_explained(run: Runner, id: str) -> None:
    """--explain tells what a rule is about, how to mend it, and where that comes from; no file is needed."""
    rule = next(each for each in RULEBOOK if each.id == id)
    out = run("policy", "lint", "--explain", id).out
    assert all(text in out for text in (rule.title, rule.explanation, rule.fix, *rule.refs))
    told = run("policy", "lint", "--explain", id, "--json").json
    assert told["refs"] == list(rule.refs)
    assert told["explanation"] == rule.explanation


@pytest.mark.parametrize(
    ("id", "fix"), [("unknown-acton", "did you mean unknown-action?"), ("x", "--rules"), ("", "--rules")]
)
def test_unknown_rule_is_a_usage_error(run: Runner, id: str, fix: str) -> None:
    """A rule that there is not is told, with the nearest one."""
    told = run("policy", "lint", "--explain", id, "--json")
    assert (told.code, told.json["what"]) == (2, f"there is no lint rule {id!r}")
    assert fix in told.json["fix"]


def test_example_of_the_help_is_a_rule() -> None:
    """The rule that the help explains exists."""
    named = policy_lint._EPILOG.partition("--explain ")[2].split()[0]
    assert named in {each.id for each in RULEBOOK}


# ---------------------------------------------------------------------------------------------- repair


def test_fix_prints_the_repaired_policy(run: Runner, broken: Path) -> None:
    """The policy goes to standard output, the difference to standard error, and the file stays."""
    before = broken.read_bytes()
    result = run("policy", "lint", broken, "--fix")
    assert result.code == 0
    tls, read = Policy.parse(result.out).statements
    assert tls.raw["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert read.actions == ("s3:GetObject",)
    assert "  + Action: s3:GetObject" in result.err
    assert "2 findings mended, 0 left" in result.err
    assert broken.read_bytes() == before


def test_fix_of_a_sound_policy_prints_it_as_it_is(run: Runner, policy: Path) -> None:
    """Where nothing is mended the text stays as it was written."""
    policy.write_text(json.dumps(document(DENY, ALLOW)))
    result = run("policy", "lint", policy, "--fix")
    assert (result.code, result.out) == (0, policy.read_text() + "\n")
    assert result.err == f"{policy}: 0 findings mended, 0 left\n"


def test_write_replaces_the_file(run: Runner, broken: Path, policy: Path) -> None:
    """--write mends the files themselves; permissions stay, and links still lead to them."""
    sound, link = policy.read_bytes(), broken.with_name("link.json")
    broken.chmod(0o640)
    link.symlink_to(broken.name)
    result = run("policy", "lint", link, policy, "--fix", "--write")
    assert (result.code, result.out) == (0, "")
    assert "2 findings mended" in result.err
    assert run("policy", "lint", broken).code == 0
    assert stat.S_IMODE(broken.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert policy.read_bytes() == sound
    assert sorted(os.listdir(broken.parent)) == ["broken.json", "link.json", "policy.json"]


def test_failed_write_leaves_the_file(run: Runner, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the new text cannot be put in place, the old one stays and nothing else is left behind."""
    before = broken.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(policy_files.os, "replace", full)
    told = run("policy", "lint", broken, "--fix", "--write", "--json")
    assert (told.code, told.json["why"]) == (2, "No space left on device")
    assert broken.read_bytes() == before
    assert os.listdir(broken.parent) == [broken.name]


def test_what_is_left_decides_the_exit_code(run: Runner, tmp_path: Path) -> None:
    """Findings without a patch are told on standard error and end with 1."""
    actions = ["s3:HeadObject", "s3:GetObject"]
    path = write(tmp_path / "p.json", document(ALLOW | {"Principal": "*", "Action": actions}))
    result = run("policy", "lint", path, "--fix")
    assert result.code == 1
    assert Policy.parse(result.out).statements[0].actions == ("s3:GetObject", "s3:GetObject")
    assert "[public-read]" in result.err
    assert run("policy", "lint", path, "--fix", "--fail-on", "never").code == 0


def test_fix_tells_json(run: Runner, broken: Path, policy: Path) -> None:
    """With --json the policies, what changed, what was applied and what is left are one document."""
    for more in (["--json"], ["--format", "json"]):
        result = run("policy", "lint", broken, policy, "--fix", *more)
        assert (result.code, result.err) == (0, "")
        mended, sound = result.json["files"]
        assert {each["rule"] for each in mended["applied"]} == {"unknown-action", "unknown-condition-key"}
        assert (mended["left"], mended["refused"], mended["written"]) == ([], [], False)
        assert [each["kind"] for each in mended["changes"]["statements"]] == ["changed", "changed"]
        assert (sound["applied"], sound["policy"]) == ([], document(DENY, ALLOW))


def test_refused_patch_is_told(run: Runner, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch that would do harm is not applied, and that is said."""
    monkeypatch.setattr("secure_s3.policy.fixing._harm", lambda *_: "it would do harm")
    result = run("policy", "lint", broken, "--fix")
    assert (result.code, Policy.parse(result.out)) == (1, Policy.parse(BROKEN))
    assert "[unknown-action] not applied: it would do harm" in result.err


def test_fix_locks_nobody_out(run: Runner, broken: Path) -> None:
    """The administrators that are named are judged at each step, and a lock-out that is there is left."""
    result = run("policy", "lint", broken, "--fix", "--lockout-principal", APP, "--json")
    assert (result.code, result.json["files"][0]["left"]) == (0, [])
    write(broken, document({**DENY, "Condition": {}}))
    result = run("policy", "lint", broken, "--fix", "--lockout-principal", APP, "--json")
    assert (result.code, result.json["files"][0]["left"][0]["rule"]) == (1, "lock-out")
    write(broken, document(DENY | {"Resource": "*"}))
    assert run("policy", "lint", broken, "--fix", "--lockout-principal", APP).code == 2
