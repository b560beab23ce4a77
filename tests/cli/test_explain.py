"""secure-s3 explain: texts, logs and events are told apart, policies are evaluated, reads are tried."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SseC, SseS3
from secure_s3.local import LocalAws
from tests.bucket.support import ALL, deny, policy
from tests.cli.conftest import BUCKET, Run
from tests.guard.support import plain_session

ARN = "arn:aws:iam::111122223333:user/alice"
OBJECT = f"arn:aws:s3:::{BUCKET}/a.csv"
MESSAGE = (
    f'User: {ARN} is not authorized to perform: s3:PutObject on resource: "{OBJECT}" '
    "with an explicit deny in a resource-based policy"
)
LINE = (
    f"79a5 {BUCKET} [01/Mar/2026:12:00:00 +0000] 192.0.2.3 {ARN} DD6CEXAMPLE REST.PUT.OBJECT a.csv "
    f'"PUT /{BUCKET}/a.csv HTTP/1.1" 403 AccessDenied 243 - 41 28 "-" "cli" - host= SigV4 ECDHE AuthHeader '
    f"{BUCKET}.s3.eu-west-1.amazonaws.com TLSv1.2 - -"
)
EVENT: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {"type": "IAMUser", "arn": ARN, "accessKeyId": "AKIAIOSFODNN7EXAMPLE"},
    "eventTime": "2026-03-01T12:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutObject",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "192.0.2.3",
    "tlsDetails": {"tlsVersion": "TLSv1.2"},
    "requestParameters": {"bucketName": BUCKET, "key": "a.csv", "x-amz-server-side-encryption": "AES256"},
    "errorCode": "AccessDenied",
    "errorMessage": "Access Denied",
    "requestID": "DD6CEXAMPLE",
}
OLD_TLS = policy(deny("OldTls", "s3:PutObject", {"NumericLessThan": {"s3:TlsVersion": "1.3"}}))
NO_KMS = policy(
    deny("OnlyKms", "s3:PutObject", {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}})
)

Command = Callable[..., Run]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Path]:
    """A file, and clients whose service models are read once."""
    monkeypatch.setattr("secure_s3.client.plain_session", plain_session)

    def written(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return written


def only(result: Run) -> Any:
    """The one explanation of a document."""
    (found,) = result.json["explanations"]
    return found


GO = "operation error S3: PutObject, https response error StatusCode: 403, RequestID: 7QF, HostID: h, "
JAVA = "(Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: 7QF; S3 Extended: h)"
PYTHON = (
    "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation: "
)
OURS = f"PutObject on s3://{BUCKET}/a.csv was refused: AccessDenied (403)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MESSAGE, ("bucket_policy", None, None, None, ARN)),
        (f'"{MESSAGE}"', ("bucket_policy", None, None, None, ARN)),
        (MESSAGE.replace('"', '\\"'), ("bucket_policy", None, None, None, ARN)),
        (f"Traceback …\n  File x\n{PYTHON}{MESSAGE}", ("bucket_policy", None, "AccessDenied", None, ARN)),
        (f"{OURS}\n  why: {MESSAGE}\n  fix: do", ("bucket_policy", 403, "AccessDenied", None, ARN)),
        (f"{GO}api error AccessDenied: {MESSAGE}", ("bucket_policy", 403, "AccessDenied", "7QF", ARN)),
        (f"x.S3Exception: {MESSAGE} {JAVA}", ("bucket_policy", 403, "AccessDenied", "7QF", ARN)),
        (f"x.S3Exception: Request has expired {JAVA}", ("presign", 403, "AccessDenied", "7QF", None)),
        ("SignatureDoesNotMatch: The request", ("signature", None, "SignatureDoesNotMatch", None, None)),
        ("<Error><Code>AccessDenied</Code></Error>", ("opaque", None, "AccessDenied", None, None)),
        ('{"__type": "DisabledException"}', ("kms_key_state", None, "DisabledException", None, None)),
        (LINE, ("opaque", 403, "AccessDenied", "DD6CEXAMPLE", ARN)),
        (json.dumps(EVENT), ("opaque", None, "AccessDenied", "DD6CEXAMPLE", ARN)),
    ],
)
def test_texts(run: Command, text: str, expected: tuple[Any, ...]) -> None:
    """Each form in which people have a denial is explained, with nobody asked."""
    told = run("explain", text, "--json")
    assert told.code == 3, told.err
    names = ("cause", "http_status", "code", "request_id", "principal")
    assert tuple(only(told)[name] for name in names) == expected
    shown = run("explain", text)
    assert (shown.code, "was refused" in shown.out, "  fix " in shown.out) == (3, True, True)
    assert ("--policy FILE" in shown.out) == (expected[0] in ("bucket_policy", "opaque"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", 1),
        ("<Error><Code>NoSuchKey</Code><Message>m</Message></Error>", 1),
        ("An error occurred (PreconditionFailed) when calling the PutObject operation: m", 1),
        ("An error occurred (403) when calling the HeadObject operation: Forbidden", 3),
        ("An error occurred (InvalidAccessKeyId) when calling the PutObject operation: m", 3),
    ],
)
def test_what_is_no_denial(run: Command, text: str, code: int) -> None:
    """What is no denial is told of as well, and the exit code tells them apart."""
    assert run("explain", text).code == code


def test_standard_input(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text can be piped, with - or without."""
    for argv in (["-"], []):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGE.encode()), "utf-8"))
        assert only(run("explain", *argv, "--json"))["cause"] == "bucket_policy"


def test_a_file_of_events(run: Command, file: Callable[[str, Any], Path]) -> None:
    """Of the events of a file those that were refused are explained, each by itself."""
    succeeded = {**EVENT, "errorCode": None, "errorMessage": None}
    of_kms = {
        **EVENT,
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "errorCode": "DisabledException",
    }
    path = file("events.json", {"Records": [EVENT, succeeded, {**of_kms, "errorMessage": "k is disabled."}]})
    found = run("explain", path, "--json").json["explanations"]
    assert [(each["cause"], each["operation"]) for each in found] == [
        ("opaque", "PutObject"),
        ("kms_key_state", "Decrypt"),
    ]
    assert found[0]["request_id"] == "DD6CEXAMPLE"
    text = run("explain", path)
    assert text.out.count("was refused") == 2
    assert "AKIA" not in text.out
    packed = path.with_suffix(".json.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert run("explain", packed).out == text.out
    packed.write_bytes(packed.read_bytes()[:50] + bytes(50))
    assert "the file is damaged" in run("explain", packed).err
    lines = file(
        "look-up.json",
        "\n".join(json.dumps({"CloudTrailEvent": json.dumps(EVENT | {"requestID": i})}) for i in "abb"),
    )
    assert run("explain", lines).out.count("was refused") == 2
    none = run("explain", file("none.json", {"Records": [succeeded]}))
    assert (none.code, "none of these requests was refused" in none.err) == (2, True)


@pytest.mark.parametrize("record", [LINE, EVENT], ids=["log", "event"])
def test_a_record_and_policies(run: Command, file: Callable[[str, Any], Path], record: Any) -> None:
    """What a record says of the request settles which statement of a given policy refused it."""
    given = ["--policy", file("bucket.json", OLD_TLS), "--identity-policy", file("own.json", ALL)]
    result = run("explain", file("record.log", record), *given)
    assert result.code == 3, result.err
    assert 'statement 1 "OldTls"' in result.out
    assert "policy says 1.3; request has 1.2" in result.out
    assert "identity_policies=" not in result.out


def test_an_event_tells_the_encryption(run: Command, file: Callable[[str, Any], Path]) -> None:
    """The encryption that an event recorded is compared with what a policy wants."""
    found = only(run("explain", json.dumps(EVENT), "--policy", file("b.json", NO_KMS), "--json"))
    assert found["statement"]["sid"] == "OnlyKms"
    assert found["conditions"][0]["got"] == ["AES256"]
    assert found["certainty"] == "proved"


def test_a_message_and_a_policy(run: Command, file: Callable[[str, Any], Path]) -> None:
    """A message and a policy name the statement; what the message does not tell can be declared."""
    given = ["--policy", file("bucket.json", OLD_TLS), "--assume", "s3:TlsVersion=1.2"]
    found = only(run("explain", MESSAGE, *given, "--json"))
    assert (found["cause"], found["statement"]["sid"]) == ("bucket_policy", "OldTls")


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        ([""], "there is nothing to explain"),
        (["  "], "there is nothing to explain"),
        (["missing.json"], "missing.json is no file"),
        (["s3://bucket/key"], "s3://bucket/key is no file"),
        (["get"], "get is no file"),
        (["gett", f"s3://{BUCKET}/k"], "gett is no operation"),
        (["copy", f"s3://{BUCKET}/k"], "copy is no operation"),
        (["get", f"s3://{BUCKET}/k", f"s3://{BUCKET}/l"], "get takes one target"),
        (["get", f"s3://{BUCKET}"], "get needs an object"),
        (["get", f"{BUCKET}/a"], f"{BUCKET}/a is no target"),
        (["put arn:aws:s3:::b/a"], "arn:aws:s3:::b/a is no target"),
        (["get", "s3://"], "is no"),
        ([MESSAGE, "--policy", "missing.json"], "missing.json cannot be read"),
        ([MESSAGE, "--assume", "aws:SourceIp"], "has no value"),
        ([MESSAGE, "--polcy", "x"], "there is no option --polcy"),
    ],
)
def test_usage(run: Command, argv: list[str], what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be meant is refused with advice, as JSON if asked for."""
    monkeypatch.setenv("SECURE_S3_REGION", "eu-west-1")
    result = run("explain", *argv)
    assert (result.code, what in result.err, "fix: " in result.err) == (2, True, True), result.err
    told = run("explain", *argv, "--json")
    assert (told.code, what in told.json["what"]) == (2, True)


def test_did_you_mean(run: Command) -> None:
    """An operation that is misspelt is told."""
    assert "write s3://b/a" in run("explain", "put arn:aws:s3:::b/a").err
    assert "did you mean delete?" in run("explain", "delte", f"s3://{BUCKET}/k").err


def test_a_terminal(
    run: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal there are colours, elsewhere none; nothing in a message steers it."""
    pytest.importorskip("rich")
    hostile = MESSAGE.replace("a.csv", "[red]\x1b]0;x\x07")
    assert "\x1b" not in run("explain", hostile).out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = run("explain", hostile).out
    assert "\x1b[" in out
    assert "\x1b]" not in out
    assert "[red]" in out


LOG = "\n".join(
    [
        json.dumps({"level": "info", "msg": "started"}),
        json.dumps({"level": "error", "msg": f"{PYTHON}{MESSAGE}"}),
        json.dumps({"level": "error", "error": {"code": "NoSuchKey", "message": "m"}, "request_id": "1"}),
        json.dumps({"level": "error", "error": {"code": "NoSuchKey", "message": "m"}, "request_id": "1"}),
    ]
)
DENIED = "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"


def test_a_log_in_json(run: Command, file: Callable[[str, Any], Path]) -> None:
    """The records of a log that tell of an error are explained, each once, the others left out."""
    found = run("explain", file("app.jsonl", LOG), "--json").json["explanations"]
    assert [(each["cause"], each["resource"]) for each in found] == [
        ("bucket_policy", OBJECT),
        ("not_found", None),
    ]


def test_the_aws_cli_names_the_object(run: Command, file: Callable[[str, Any], Path]) -> None:
    """The URL in a line of aws s3 cp is the resource, which policies are asked about."""
    line = f"upload failed: ./a.csv to s3://{BUCKET}/a.csv {DENIED}"
    shown = run("explain", line)
    assert f"PutObject on {OBJECT} was refused" in shown.out
    assert "s3.explain" not in shown.out
    assert f"secure-s3 explain put s3://{BUCKET}/a.csv" in shown.out
    closed = file("closed.json", policy(deny("Closed", "s3:PutObject")))
    found = only(run("explain", line, "--policy", closed, "--json"))
    assert (found["statement"]["sid"], found["certainty"]) == ("Closed", "proved")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("nonsense", "paste the whole error"),
        ("ValueError: x", "paste the whole error"),
        ("<html><title>403 Forbidden</title></html>", "ask whoever runs the proxy"),
    ],
)
def test_what_is_no_error_is_not_stated(run: Command, text: str, fix: str) -> None:
    """What is no error that is known is nobody's statement, and no code is to be looked up."""
    told = run("explain", text, "--json")
    found = only(told)
    assert (told.code, found["cause"], found["certainty"]) == (1, "other", "unknown")
    assert found["fix"].startswith(fix)
    assert fix in run("explain", text).out


def test_a_narrow_terminal(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal long lines go on below their beginning; in a file they are left alone."""
    assert max(map(len, run("explain", MESSAGE).out.splitlines())) > 80
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("secure_s3.cli.explain_show._coloured", lambda lines: False)
    lines = run("explain", MESSAGE).out.splitlines()
    assert all(len(line) <= 60 or " " not in line[10:].strip() for line in lines)
    said = next(number for number, line in enumerate(lines) if line.startswith("  said"))
    assert lines[said + 1].startswith(" " * 10)


def test_a_failed_copy_names_the_command(
    run: Command, bucket: str, local_aws: LocalAws, tmp_path: Path
) -> None:
    """What cp says of a refusal is how to have it explained here, not in Python."""
    policies = policy(deny("Closed", "s3:PutObject"))
    local_aws.client(SseS3()).boto3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policies))
    path = tmp_path / "b.csv"
    path.write_bytes(b"1")
    argv = ("cp", path, f"s3://{bucket}/in/", "--encryption", "sse-s3")
    asked = f"secure-s3 explain put s3://{bucket}/in/b.csv --encryption sse-s3"
    text, told = run(*argv), run(*argv, "--json")
    advised = run(*asked.split()[1:])
    local_aws.client(SseS3()).boto3.delete_bucket_policy(Bucket=bucket)
    assert (text.code, asked in text.err, "s3.explain" in text.err) == (3, True, False), text.err
    assert asked in told.json["fix"]
    assert (advised.code, '"Closed"' in advised.out) == (3, True)


@pytest.mark.parametrize("operation", ["get", "head"])
def test_a_read_is_tried(run: Command, bucket: str, local_aws: LocalAws, operation: str) -> None:
    """A read that is allowed says so, of an empty object too; a missing object is told of."""
    client = local_aws.client(SseS3())
    client.put_object(Bucket=bucket, Key="full", Body=b"1")
    client.put_object(Bucket=bucket, Key="empty", Body=b"")
    for key in ("full", "empty"):
        result = run("explain", operation, f"s3://{bucket}/{key}")
        assert (result.code, "allowed" in result.out) == (0, True), result.err
    missing = run("explain", operation, f"s3://{bucket}/missing", "--json")
    assert (missing.code, only(missing)["cause"]) == (1, "not_found")
    assert missing.json["outcome"] == "refused"


def test_a_list_is_tried(run: Command, bucket: str) -> None:
    """A list is tried with one key; a bucket that is not there is told of."""
    told = run("explain", "list", f"s3://{bucket}/a/", "--json").json
    assert (told["outcome"], told["explanations"]) == ("allowed", [])
    assert run("explain", "head", f"s3://{bucket}").code == 0
    missing = run("explain", "list", f"s3://{bucket}-missing")
    assert (missing.code, "NoSuchBucket" in missing.out) == (1, True)


def test_a_write_is_only_rehearsed(run: Command, bucket: str, local_aws: LocalAws, tmp_path: Path) -> None:
    """A put and a delete send nothing; what would refuse them is explained as if it had."""
    client = local_aws.client(SseS3())
    client.put_object(Bucket=bucket, Key="kept", Body=b"1")
    closed = tmp_path / "closed.json"
    closed.write_text(json.dumps(policy(deny("Closed", ["s3:PutObject", "s3:DeleteObject"]))))
    for operation, key in (("put", "new"), ("delete", "kept")):
        argv = ("explain", operation, f"s3://{bucket}/{key}", "--policy", closed)
        result = run(*argv)
        title = result.out.splitlines()[0]
        assert (result.code, title.endswith(f"{bucket}/{key} would be refused")) == (3, True), result.out
        told = run(*argv, "--json")
        assert (told.code, told.json["outcome"], told.json["operation"]) == (3, "denied", operation)
        found = only(told)
        assert (found["cause"], found["certainty"], found["outcome"]) == (
            *("bucket_policy", "proved"),
            "explicitly_denied",
        )
        assert (found["statement"]["sid"], found["http_status"]) == ("Closed", None)
        assert found["remedies"]
    assert [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]
    assert run("explain", "delete", f"s3://{bucket}/kept").code == 0


def test_a_write_that_would_be_encrypted_otherwise(run: Command, bucket: str, tmp_path: Path) -> None:
    """What would mend a put is proposed before it is sent."""
    only_kms = tmp_path / "only-kms.json"
    only_kms.write_text(json.dumps(NO_KMS))
    argv = ("explain", "put", f"s3://{bucket}/new", "--policy", only_kms, "--encryption", "sse-s3", "--json")
    found = only(run(*argv))
    assert found["conditions"][0]["got"] == ["AES256"]
    assert found["remedies"][0]["who"] == "caller"
    assert "(here: --encryption sse-kms --kms-key-arn " in found["remedies"][0]["what"]


def test_a_write_of_which_nobody_knows(run: Command, bucket: str, tmp_path: Path) -> None:
    """A missing bucket is told of first; what is not known is no refusal."""
    missing = run("explain", "put", f"s3://{bucket}-missing/x")
    title = missing.out.splitlines()[0]
    assert (missing.code, title.endswith("would be refused (404 NoSuchBucket)")) == (1, True), title
    assert "was not read" not in missing.out
    office = policy(deny("Office", "s3:PutObject", {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    given = tmp_path / "office.json"
    given.write_text(json.dumps(office))
    argv = ("explain", "put", f"s3://{bucket}/x", "--policy", given)
    told = run(*argv)
    assert (told.code, " may be refused" in told.out.splitlines()[0]) == (1, True), told.out
    assert run(*argv, "--json").json["outcome"] == "unknown"


@pytest.mark.parametrize("operation", ["get", "head"])
def test_a_refused_read_is_explained(run: Command, bucket: str, local_aws: LocalAws, operation: str) -> None:
    """A refused read is explained by the statement that refuses it, a head by the words of a get."""
    client = local_aws.client(SseS3())
    client.put_object(Bucket=bucket, Key="a.csv", Body=b"1")
    client.boto3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(deny("Closed", "s3:GetObject"))))
    told = run("explain", operation, f"s3://{bucket}/a.csv", "--json")
    client.boto3.delete_bucket_policy(Bucket=bucket)
    found = only(told)
    assert (told.code, found["cause"], found["certainty"]) == (3, "bucket_policy", "proved")
    assert (found["statement"]["sid"], found["operation"]) == ("Closed", "GetObject")


def test_the_wrong_key(run: Command, bucket: str, local_aws: LocalAws) -> None:
    """A customer's key that is needed and was not given is told, and is no question of policies."""
    local_aws.client(SseC(bytes(range(32)))).put_object(Bucket=bucket, Key="mine", Body=b"1")
    told = only(run("explain", "head", f"s3://{bucket}/mine", "--json"))
    assert (told["cause"], told["retryable"]) == ("sse_c", False)
