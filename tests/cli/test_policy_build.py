"""``secure-s3 policy build``: builders as commands."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from secure_s3.cli.policy_builders import Builder, builders
from secure_s3.policy import Policy, bundles, statements

from .conftest import BUCKET, Run

Runner = Callable[..., Run]
ADMIN = "arn:aws:iam::111122223333:role/admin"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def built(result: Run) -> Policy:
    """The policy on standard output."""
    assert (result.code, result.err) == (0, "")
    return Policy.parse(result.out)


@pytest.mark.parametrize("each", builders().values(), ids=lambda each: each.name)
def test_every_builder_has_its_options(each: Builder) -> None:
    """Each argument of a builder is an option that says what it is, needed where it has no default."""
    actions = {action.dest: action for action in each.parser(json=False, debug=False)._actions}
    for name, parameter in each.parameters.items():
        action = actions[f"of_builder_{name}"]
        assert action.help, (each.name, name)
        assert action.required == (parameter.default is parameter.empty)
    assert "merge_into" in actions
    assert each.summary


def test_list_has_every_builder(run: Runner) -> None:
    """--list tells all bundles and statements, each with what it does."""
    names = {each.replace("_", "-") for each in (*bundles.__all__, *statements.__all__)}
    told = run("policy", "build", "--list", "--json").json
    assert {each["name"] for each in told} == names
    assert {each["kind"] for each in told} == {"bundle", "statement"}
    shown = run("policy", "build", "--list").out
    assert all(name in shown for name in names)


def test_help_of_a_builder(run: Runner) -> None:
    """NAME --help shows what the builder takes, in its own words."""
    result = run("policy", "build", "baseline", "--help")
    assert (result.code, result.err) == (0, "")
    assert "secure-s3 policy build baseline" in result.out
    assert "--kms-key-arn" in result.out
    assert "It denies only and grants nothing." in result.out


def test_statement_is_a_policy(run: Runner) -> None:
    """One statement is printed as a policy that can be used as it is; the name may be written either way."""
    expected = Policy.of(statements.deny_insecure_transport(BUCKET))
    for name in ("deny-insecure-transport", "deny_insecure_transport"):
        assert built(run("policy", "build", name, "--bucket", BUCKET)) == expected


def test_options_reach_the_builder(run: Runner) -> None:
    """Lists, flags, numbers and times come out as the builder takes them."""
    run_build = ("policy", "build")
    retention = run(*run_build, "deny-short-retention", "--bucket", BUCKET, "--days", "30", "--sid", "Keep")
    assert built(retention) == Policy.of(statements.deny_short_retention(BUCKET, 30, sid="Keep"))
    age = run(*run_build, "max-presign-age", "--bucket", BUCKET, "--age", "15m", "--no-presigned-only")
    assert built(age) == Policy.of(statements.max_presign_age(BUCKET, 900, presigned_only=False))
    spared = ("--except-principals", ADMIN, "--except-principals", "arn:aws:iam::111122223333:user/a")
    deletes = run(*run_build, "deny-deletes", "--bucket", BUCKET, *spared, "--versions-only")
    assert built(deletes) == Policy.of(
        statements.deny_deletes(BUCKET, versions_only=True, except_principals=[*spared[1::2]])
    )


def test_bundle_is_built(run: Runner) -> None:
    """A bundle is the policy that the library makes."""
    more = ("--kms-key-arn", KEY, "--min-tls", "1.3", "--strict", "--admins", ADMIN)
    expected = bundles.baseline(BUCKET, kms_key_arn=KEY, min_tls="1.3", strict=True, admins=[ADMIN])
    assert built(run("policy", "build", "baseline", "--bucket", BUCKET, *more)) == expected
    told = run("policy", "build", "baseline", "--bucket", BUCKET, *more, "--json").json
    assert told == {"policy": json.loads(expected.to_json())}


@pytest.mark.parametrize("name", ["deny-sse-c", "baseline"])
def test_merging_shows_what_changes(run: Runner, tmp_path: Path, name: str) -> None:
    """With --merge-into the policy keeps what is there, the difference is told, and the file stays."""
    there = Policy.of(statements.allow_read(BUCKET, ADMIN))
    path = tmp_path / "policy.json"
    path.write_text(there.to_json(), "utf-8")
    result = run("policy", "build", name, "--bucket", BUCKET, "--merge-into", path)
    assert result.code == 0
    merged = Policy.parse(result.out)
    assert merged.statements[0] == there.statements[0]
    assert "+ Deny DenySseC" in result.err
    assert "AllowRead" not in result.err
    assert path.read_text("utf-8") == there.to_json()
    told = run("policy", "build", name, "--bucket", BUCKET, "--merge-into", path, "--json").json
    assert {each["kind"] for each in told["changes"]["statements"]} == {"added"}
    assert Policy.parse(told["policy"]) == merged


def test_merging_into_standard_input(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """- is the policy on standard input; what is there already changes nothing."""
    there = Policy.of(statements.deny_sse_c(BUCKET))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(there.to_json().encode())))
    result = run("policy", "build", "deny-sse-c", "--bucket", BUCKET, "--merge-into", "-")
    assert (Policy.parse(result.out), result.err) == (there, "no difference\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "--list"),
        (["base-line", "--bucket", BUCKET], "did you mean baseline"),
        (["zzz"], "--list"),
        (["baseline"], "--bucket"),
        (["baseline", "--bucket", BUCKET, "--nonsense", "1"], "--nonsense"),
        (["baseline", "--buck", BUCKET], "--buck"),
        (["baseline", "--bucket", BUCKET, "--min-tls", "1.1"], "1.1"),
        (["baseline", "--bucket", "*"], "bucket"),
        (["deny-short-retention", "--bucket", BUCKET, "--days", "-1"], "--days"),
        (["deny-short-retention", "--bucket", BUCKET, "--days", "a month"], "whole number"),
        (["max-presign-age", "--bucket", BUCKET, "--age", "soon"], "length of time"),
        (["deny-sse-c", "--bucket", BUCKET, "--merge-into", "/nowhere/policy.json"], "cannot be read"),
        (["deny-wrong-kms-key", "--bucket", BUCKET, "--key-arns", "alias/a"], "ARN"),
    ],
)
def test_wrong_options_are_usage_errors(run: Runner, argv: list[str], said: str) -> None:
    """An unknown name, a missing or unknown option, and a value that does not do end with 2 and no policy."""
    result = run("policy", "build", *argv)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_refused_value_as_json(run: Runner) -> None:
    """With --json after the name, an error is JSON as well."""
    result = run("policy", "build", "baseline", "--bucket", BUCKET, "--min-tls", "9", "--json")
    assert (result.code, result.json["error"]) == (2, "PolicyError")


def test_a_taken_sid(run: Runner, tmp_path: Path) -> None:
    """A statement of the same Sid is replaced only if --replace names it; the error says so."""
    path = tmp_path / "policy.json"
    path.write_text(bundles.baseline(BUCKET, min_tls="1.3").to_json())
    words = ("policy", "build", "require-min-tls", "--bucket", BUCKET, "--merge-into", str(path))
    refused = run(*words)
    assert refused.code == 2
    assert "--replace 'RequireMinTls'" in refused.err
    assert "s3:TlsVersion: 1.3" in refused.err
    assert not refused.out
    replaced = run(*words, "--replace", "RequireMinTls")
    assert replaced.code == 0
    assert '"1.3"' not in replaced.out
