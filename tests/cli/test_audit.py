"""secure-s3 audit: the exit code for CI, the files it writes, and what it says where it cannot read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3.bucket.audit.check import NotRead, found
from secure_s3.cli import audit_show
from secure_s3.cli.audit_files import read_snapshots, written
from secure_s3.values import Severity
from tests.bucket.reports.support import DENIED, HOSTILE, MIXED, SNAPSHOT, SOUND, audit, check
from tests.cli.conftest import BUCKET, Run

Command = Callable[..., Run]

LOW = check("cors", "access", Severity.LOW, [found("Any site may read answers.")])
INFO = check("mfa-delete", "recovery", Severity.LOW, [found("MFA delete is off.")], recommended=True)
CRITICAL = check("policy-public", "access", Severity.CRITICAL, [found("It is public.")])
UNREAD = check("key-policy", "encryption", Severity.HIGH, NotRead("keys", DENIED))
UNREAD_ADVICE = check("data-events", "monitoring", Severity.LOW, NotRead("trails", DENIED), recommended=True)
UNREAD_OTHERS = check("macie-findings", "monitoring", Severity.LOW, NotRead("macie_findings", DENIED))


@pytest.fixture(autouse=True)
def models(shared_models: None) -> None:
    """Service models are read once for all of these tests."""


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one snapshot, in an environment without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SECURE_S3_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    path = tmp_path / "snapshot.json"
    path.write_text(written([SNAPSHOT]))
    return path


@pytest.fixture
def judged(run: Command, saved: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """An audit of the saved snapshot by these checks."""

    def by(checks: Any, *argv: object) -> Run:
        monkeypatch.setattr("secure_s3.bucket.audit.catalogue.CHECKS", tuple(checks))
        return run("audit", "--snapshot", saved, *argv)

    return by


@pytest.mark.parametrize(
    ("checks", "argv", "code"),
    [
        (SOUND, [], 0),
        ([INFO], [], 0),
        ([INFO], ["--fail-on", "info"], 1),
        ([INFO], ["--require", "mfa-delete"], 1),
        ([LOW], [], 1),
        ([LOW], ["--fail-on", "medium"], 0),
        ([CRITICAL], ["--fail-on", "critical"], 1),
        ([CRITICAL], ["--fail-on", "never"], 0),
        ([UNREAD], [], 1),
        ([UNREAD], ["--fail-on", "critical"], 1),
        ([UNREAD], ["--allow-unread"], 0),
        ([UNREAD, CRITICAL], ["--allow-unread"], 1),
        ([UNREAD], ["--fail-on", "never"], 0),
        ([UNREAD_ADVICE], [], 0),
        ([UNREAD_ADVICE], ["--require", "data-events"], 1),
        ([UNREAD_OTHERS], [], 0),
        ([UNREAD_OTHERS], ["--require", "macie-findings"], 1),
    ],
)
def test_exit_code(judged: Command, checks: Any, argv: list[str], code: int) -> None:
    """Findings as severe as --fail-on end with 1, and so does what could not be read and is asked for."""
    assert judged(checks, *argv).code == code


def test_text_is_the_audit(judged: Command) -> None:
    """What is printed is what ``print(audit)`` shows; with --details, all of it."""
    assert judged(MIXED).out == f"{audit(*MIXED)}\n"
    assert judged(MIXED, "--details").out == f"{audit(*MIXED).text(details=True)}\n"


def test_json_lists_audits(judged: Command) -> None:
    """--json is one document with the audits and with the buckets that could not be audited."""
    assert judged(MIXED, "--json").json == {"audits": [audit(*MIXED).to_dict()], "errors": []}


def test_files_are_written(judged: Command, saved: Path) -> None:
    """SARIF, page and snapshot go to the files that are named, and standard error says so."""
    sarif, page, again = (saved.with_name(name) for name in ("a.sarif", "a.html", "b.json"))
    result = judged(MIXED, "--sarif", sarif, "--html", page, "--save-snapshot", again)
    assert result.err == f"written: {sarif}\nwritten: {page}\nwritten: {again}\n"
    assert json.loads(sarif.read_text())["runs"][0]["results"][0]["ruleId"] == "policy-public"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert read_snapshots(str(again)) == (SNAPSHOT,)


@pytest.mark.parametrize("option", ["--sarif", "--html", "--save-snapshot"])
def test_report_on_standard_output_stands_alone(judged: Command, option: str) -> None:
    """With ``-`` a report is all that is printed."""
    result = judged(MIXED, option, "-")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("<!doctype html>") or isinstance(result.json, dict)


def test_snapshot_is_read_from_standard_input(
    run: Command, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot may be piped, and several files are judged after each other."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(saved.read_bytes())))
    told = run("audit", "--snapshot", "-", "--snapshot", saved, "--json").json
    assert [each["bucket"] for each in told["audits"]] == [BUCKET, BUCKET]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("{}", "it does not say that it holds snapshots"),
        ('{"format": "secure-s3 snapshots", "version": 2}', "it is of version 2, and 1 is known"),
        ('{"format": "secure-s3 snapshots", "version": 1, "snapshots": []}', "it holds none"),
        ('{"format": "secure-s3 snapshots", "version": 1, "snapshots": [7]}', "it holds none"),
        ('{"format": "secure-s3 snapshots", "version": 1, "snapshots": [{}]}', "this is no snapshot"),
    ],
)
def test_what_is_no_snapshot_is_refused(run: Command, saved: Path, content: str, why: str) -> None:
    """A file of something else ends with 2, and the text names it and says why."""
    saved.write_text(content)
    result = run("audit", "--snapshot", saved)
    assert result.code == 2
    assert f"{saved} holds no snapshot that can be judged" in result.err
    assert why in result.err


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        ([], "no bucket is named"),
        ([BUCKET, "--snapshot", "x.json"], "--snapshot asks nobody"),
        ([BUCKET, "--checks"], "--checks is about the checks"),
        ([BUCKET, "--html", "-", "--sarif", "-"], "--sarif - and --html - would be mixed up"),
        ([BUCKET, "--html", "no/such/folder/a.html"], "cannot be written"),
        ([BUCKET, "--html", "/"], "is a folder"),
        (["--snapshot", "-", "--snapshot", "-"], "standard input holds one"),
        (["--snapshot", "no-such.json"], "no-such.json holds no snapshot"),
        (["s3://amzn-s3-demo-bucket/a.pdf"], "names an object"),
        (["Not A Bucket"], "is not a bucket name"),
        (["s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/a"], "is an access point"),
        ([BUCKET, "--require", "secure-transprot"], "there is no check"),
        ([BUCKET, "--object-lock", "forever"], "--object-lock 'forever' cannot be read"),
        ([BUCKET, "--noncurrent-days", "-1"], "--noncurrent-days -1 is no time"),
        ([""], "no bucket is named"),
        (["arn:aws:s3:::amzn-s3-demo-bucket/a.pdf"], "names an object"),
        ([BUCKET, "--log-bucket", "s3://a-b/c"], "names an object"),
        ([BUCKET, "--fail-on", "sometimes"], "invalid choice"),
        (["bucket--usw2-az1--x-s3"], "directory bucket"),
    ],
)
def test_misuse_is_told(saved: Path, run: Command, argv: list[str], what: str) -> None:
    """Arguments that contradict each other, or cannot be meant, end with 2 before anything is read."""
    result = run("audit", *argv)
    assert result.code == 2
    assert what in result.err
    assert result.out == ""


def test_hostile_names_cannot_steer_a_terminal(judged: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a policy of somebody else holds is printed as text, in colours as well."""
    hostile = check("policy-public", "access", Severity.LOW, [found(HOSTILE, f"[red]{HOSTILE}")])
    assert "\x1b" not in judged([hostile]).out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    shown = judged([hostile]).out
    assert "[red]" in shown
    assert "\x1b[31m" not in shown.replace("\\x1b[31m", "")


def test_checks_are_listed(run: Command) -> None:
    """--checks tells each check with its severity, for people and for programs."""
    listed = run("audit", "--checks", "--json").json["checks"]
    told = run("audit", "--checks")
    assert told.code == 0
    assert all(each["id"] in told.out and each["title"] and each["fix"] for each in listed)


def test_mixed_up_output_is_refused_in_json(run: Command) -> None:
    """--json and a report on standard output would be two documents in one: JSON says so."""
    result = run("audit", BUCKET, "--json", "--sarif", "-")
    assert (result.code, result.json["what"]) == (2, "--sarif - and --json would be mixed up")


# --------------------------------------------------------------------------- a bucket that is there


def test_bucket_is_audited(bucket: str, run: Command) -> None:
    """A bare bucket is read, and what the profile asks for and is missing ends with 1."""
    result = run("audit", f"arn:aws:s3:::{bucket}", "--encryption", "sse-kms")
    assert result.code == 1
    assert "[secure-transport]" in result.out


def test_missing_bucket_does_not_hide_others(bucket: str, run: Command) -> None:
    """Of several buckets those that are there are audited; what failed is told, and decides the code."""
    result = run("audit", bucket, "amzn-s3-demo-missing", "--fail-on", "never")
    assert result.code == 2
    assert f"Audit of {bucket}" in result.out
    assert "there is no bucket amzn-s3-demo-missing" in result.err
    told = run("audit", bucket, "amzn-s3-demo-missing", "--json").json
    assert [each["bucket"] for each in told["audits"]] == [bucket]
    assert [each["code"] for each in told["errors"]] == ["NoSuchBucket"]


def test_missing_bucket_is_an_error(bucket: str, run: Command) -> None:
    """A bucket that is not there is no audit with findings, but an error with a code of its own."""
    result = run("audit", "amzn-s3-demo-missing")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: there is no bucket amzn-s3-demo-missing")
    assert run("audit", "amzn-s3-demo-missing", "--json").json["code"] == "NoSuchBucket"


@pytest.mark.parametrize(
    ("command", "environ", "code", "what"),
    [
        (["audit"], {"AWS_ACCESS_KEY_ID": None}, 2, "no credentials were found"),
        (["audit"], {"AWS_SECRET_ACCESS_KEY": "another"}, 3, "SignatureDoesNotMatch"),
        (["plan"], {"AWS_ENDPOINT_URL": "https://127.0.0.1:9"}, 5, "EndpointConnectionError"),
        (["harden", "--yes"], {"AWS_ENDPOINT_URL": "https://127.0.0.1:9"}, 5, "EndpointConnectionError"),
    ],
)
def test_nothing_read_is_an_error(
    bucket: str,
    run: Command,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    environ: dict[str, str | None],
    code: int,
    what: str,
) -> None:
    """Where no setting of the bucket can be read, the reason is told once, instead of an empty audit."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in environ.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    result = run(*command, bucket)
    assert (result.code, result.out) == (code, "")
    assert what in result.err


def test_progress_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While a bucket is read, a terminal is told so, and a file is not."""
    with audit_show.reading("reading"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with audit_show.reading("reading [red]\x1b[2J"):
        pass
    assert "\x1b[2J" not in capsys.readouterr().err
