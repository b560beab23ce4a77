"""Arguments that are refused: the usage of the right command, advice, and JSON where it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import BUCKET, Run

Runner = Callable[..., Run]
ASKED = ("--action", "s3:GetObject", "--resource", f"arn:aws:s3:::{BUCKET}/a")
WRONG = [
    (["policy", "lint", "f", "--bukcet", "x"], "policy lint", "no option --bukcet", "--bucket"),
    (["policy", "lint", "--bukcet=x", "f"], "policy lint", "no option --bukcet", "--bucket"),
    (
        ["policy", "eval", "f", *ASKED, "--principle", "x"],
        "policy eval",
        "--principle",
        "--principal",
    ),
    (["policy", "build", "baseline", "--min-tsl", "1.3"], "policy build baseline", "--min-tsl", "--min-tls"),
    (["policy", "build", "--lst"], "policy build", "no option --lst", "--list"),
    (["policy", "lnit", "f"], "policy", "invalid choice: 'lnit'", "lint"),
    (["policy", "lint", "f", "--fail-on", "hihg"], "policy lint", "invalid choice: 'hihg'", "high"),
    (["polcy"], "", "invalid choice: 'polcy'", "policy"),
    (["cp", "a", "b", "--if-none-mtach"], "cp", "no option --if-none-mtach", "--if-none-match"),
    (["presign", "get", "s3://b/k", "--contenttype", "x"], "presign get", "--contenttype", "--content-type"),
]


@pytest.mark.parametrize(("argv", "command", "what", "meant"), WRONG)
def test_usage_is_that_of_the_command(
    run: Runner, argv: list[str], command: str, what: str, meant: str
) -> None:
    """A misspelt option or word is told with the usage of the command it was for, and what is near it."""
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"usage: secure-s3 {command}".rstrip() + " [-h]")
    assert what in result.err
    assert f"fix: did you mean {meant}?" in result.err


@pytest.mark.parametrize(("argv", "command", "what", "meant"), WRONG)
def test_refused_arguments_are_json_where_asked_for(
    run: Runner, argv: list[str], command: str, what: str, meant: str
) -> None:
    """With --json among the arguments the error is the one document on standard output."""
    result = run(*argv, "--json")
    assert (result.code, result.err) == (2, "")
    assert (result.json["error"], result.json["fix"]) == ("ConfigurationError", f"did you mean {meant}?")
    assert what in result.json["what"]


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["policy", "--json"], "no option --json"),
        (["policy", "diff", "a", "--json"], "required: NEW"),
        (["policy", "diff", "--json", "a", "b", "c"], "unrecognized arguments: c"),
        (["policy", "eval", "--json"], "required: --action"),
        (["policy", "build", "baseline", "--json"], "required: --bucket"),
        (["policy", "build", "base-line", "--json"], "nothing to build"),
        (["policy", "build", "deny-short-retention", "--days", "x", "--json"], "whole number"),
        (["policy", "lint", "f", "--bucket", "--json"], "expected one argument"),
        (["--json", "tls", "x"], "no option --json"),
        (["tls", "x", "--timeout", "soon", "--json"], "--timeout"),
    ],
)
def test_every_refusal_is_json_where_asked_for(run: Runner, argv: list[str], what: str) -> None:
    """Missing, surplus and wrong arguments of any command are JSON as well."""
    result = run(*argv)
    assert (result.code, result.err) == (2, "")
    assert what in result.json["what"]
    assert set(result.json) == {"error", "what", "why", "fix"}


def test_option_of_the_commands_comes_after_them(run: Runner) -> None:
    """An option that stands before its command is told to stand after it."""
    assert run("policy", "--json").json["fix"] == "write it after the command"
    assert "fix: write it after the command" in run("--debug", "tls", "x").err


def test_json_after_the_end_of_options_is_a_name(run: Runner) -> None:
    """After -- the word --json is an argument like others, so that errors are text."""
    result = run("policy", "diff", "--", "--json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: secure-s3 policy diff")


def test_content_of_an_object_is_not_mixed_with_errors(run: Runner) -> None:
    """Where standard output is for the content of an object, the error is not printed there."""
    result = run("cp", f"s3://{BUCKET}/a", "-", "--json", "--no-such-thing")
    assert (result.code, result.out) == (2, "")
    assert "no option --no-such-thing" in result.err


def test_help_still_helps(run: Runner) -> None:
    """--help is printed, whatever else stands beside it."""
    result = run("policy", "lint", "--help", "--bukcet")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("usage: secure-s3 policy lint")


@pytest.mark.parametrize(
    ("argv", "what", "absent"),
    [
        (["baseline", "--min-tls", "1.25"], "--min-tls '1.25'", "version="),
        (["require-min-tls", "--version", "1.25"], "--version '1.25'", "version="),
        (["only-ip-ranges", "--ranges", "203.0.113.0/24"], "--no-endpoints", "no_endpoints="),
        (["only-vpc-endpoints"], "--endpoints", "endpoints="),
        (["deny-short-retention", "--days", "0"], "--days 0", "days="),
        (["deny-sse-c", "--sid", "a b"], "--sid 'a b'", "sid="),
        (["deny-deletes", "--except-principals", "a b"], "--except-principals", "except_principals="),
    ],
)
def test_refused_value_names_its_option(run: Runner, argv: list[str], what: str, absent: str) -> None:
    """An error of a builder names the option that was typed, not an argument of Python."""
    result = run("policy", "build", argv[0], "--bucket", BUCKET, *argv[1:])
    assert (result.code, result.out) == (2, "")
    assert what in result.err
    assert absent not in result.err
