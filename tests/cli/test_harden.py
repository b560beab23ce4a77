"""secure-s3 plan and harden: shown before it is done, asked for, and told line by line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from secure_s3.bucket.hardening.plan import Plan
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.cli import harden
from secure_s3.local import LocalAws
from tests.bucket.reports.support import SNAPSHOT
from tests.cli.conftest import BUCKET, Run

Command = Callable[..., Run]


@pytest.fixture(autouse=True)
def models(shared_models: None) -> None:
    """Service models are read once for all of these tests."""


@pytest.fixture
def plain(local_aws: LocalAws, bucket: str) -> Any:
    """A plain boto3 client, to see what the bucket is like."""
    client: Any = local_aws.session().client("s3")
    yield client
    client.close()


def terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Somebody sits there and answers."""
    stdin = io.StringIO(answer)
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", stdin)


def status(plain: Any) -> Any:
    """Whether versions are kept: the bare bucket does not."""
    return plain.get_bucket_versioning(Bucket=BUCKET).get("Status")


def test_plan_writes_nothing(run: Command, plain: Any) -> None:
    """The plan is a diff; the bucket stays as it is, and there being changes ends with 1."""
    result = run("plan", f"s3://{BUCKET}")
    assert result.code == 1
    assert "Versioning" in result.out
    assert "   + Deny DenyInsecureTransport: s3:*" in result.out
    assert "   + Deny DenyInsecureTransport\n" in run("plan", BUCKET, "--details").out
    assert status(plain) is None
    told = run("plan", BUCKET, "--json")
    assert told.code == 1
    assert {each["call"]["method"] for each in told.json["changes"]} >= {"put_bucket_versioning"}


def test_harden_brings_it_into_order(run: Command, plain: Any) -> None:
    """With --yes it is done and told; then there is no plan, and harden changes nothing."""
    result = run("harden", BUCKET, "--yes")
    assert (result.code, status(plain)) == (0, "Enabled")
    assert "done: Versioning" in result.out
    assert run("plan", BUCKET).code == 0
    again = run("harden", BUCKET, "--yes")
    assert again.code == 0
    assert "done:" not in again.out
    assert run("harden", BUCKET, "--yes", "--json").json["done"] == []
    audited = run("audit", BUCKET, "--encryption", "sse-kms")
    assert (audited.code, audited.err) == (0, "")


@pytest.mark.parametrize("argv", [[], ["--json"]])
def test_harden_asks_or_refuses(run: Command, plain: Any, argv: list[str]) -> None:
    """Where nobody can be asked and --yes is missing, nothing is read and nothing is done."""
    result = run("harden", BUCKET, *argv)
    assert result.code == 2
    assert "--yes" in result.out + result.err
    assert status(plain) is None


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_terminal_is_asked(
    run: Command, plain: Any, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """A terminal sees the plan and is asked."""
    terminal(monkeypatch, answer)
    result = run("harden", BUCKET)
    assert result.code == code
    assert "put_bucket_versioning" in result.out
    assert f"changes to {BUCKET}? [y/N]" in result.err
    assert (status(plain) == "Enabled") is (code == 0)
    assert ("nothing was changed" in result.out) is (code == 1)


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [("YES\n", True), (" y \n", True), ("\n", False), ("", False), ("yep\n", False), ("no, yes\n", False)],
)
def test_only_yes_is_yes(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    """Nothing, the end of input and anything else than y or yes is no."""
    terminal(monkeypatch, answer)
    plan = Plan(bucket=BUCKET, snapshot=SNAPSHOT, profile=BucketProfile())
    assert harden._agreed(plan) is agreed


def test_what_was_not_done_is_told(run: Command, plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a change is refused, what was done and what was not stands before the error."""
    deny = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "KeepVersioning",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutBucketVersioning",
            "Resource": f"arn:aws:s3:::{BUCKET}",
        },
    }
    plain.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(deny))
    result = run("harden", BUCKET, "--yes")
    assert result.code != 0
    assert "not done: Versioning" in result.out
    assert result.err.startswith("error: ")
    assert status(plain) is None
    told = run("harden", BUCKET, "--yes", "--json").json
    assert (told["done"], told["not_done"][0]) == ([], "versioning")


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["plan", "amzn-s3-demo-missing"], 2),
        (["plan", "bucket--usw2-az1--x-s3"], 2),
        (["plan", BUCKET, "--object-lock", "governance:0d"], 2),
        (["plan", BUCKET, "--admin", ""], 2),
        (["harden", "s3://amzn-s3-demo-bucket/a.pdf", "--yes"], 2),
        (["harden"], 2),
    ],
)
def test_errors_are_told(run: Command, plain: Any, argv: list[str], code: int) -> None:
    """A bucket that is not there, of another kind, or a wish that cannot be meant is an error."""
    result = run(*argv)
    assert (result.code, result.out) == (code, "")
    assert "error: " in result.err


def test_key_must_be_named(run: Command, plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key or another encryption there is no plan: it would choose for whoever asks."""
    monkeypatch.delenv("SECURE_S3_KMS_KEY_ARN")
    result = run("plan", BUCKET)
    assert result.code == 2
    assert "SECURE_S3_KMS_KEY_ARN" in result.err
    assert run("plan", BUCKET, "--encryption", "sse-s3").code == 1


def test_statement_is_replaced_only_by_name(run: Command, plain: Any, local_aws: LocalAws) -> None:
    """Another key clashes with the old statement until --replace names it; a wrong name is a mistake."""
    run("harden", BUCKET, "--yes")
    other = ("--kms-key-arn", local_aws.create_key())
    assert "replace=" in run("plan", BUCKET, *other).out
    wrong = run("plan", BUCKET, *other, "--replace", "Nothing")
    assert wrong.code == 2
    assert "no statement of that name" in wrong.out + wrong.err
    result = run("harden", BUCKET, *other, "--yes", "--replace", "DenyWrongKmsKey")
    assert result.code == 0
    assert "~ Deny DenyWrongKmsKey" in result.out
    assert other[1] in plain.get_bucket_policy(Bucket=BUCKET)["Policy"]
