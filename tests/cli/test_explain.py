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
    assert tuple(told.json[name] for name in names) == expected
    shown = run("explain", text)
    assert (shown.code, "was refused" in shown.out, "  fix " in shown.out) == (3, True, True)


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
        assert run("explain", *argv, "--json").json["cause"] == "bucket_policy"


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
        "look-up.json", "\n".join(json.dumps({"CloudTrailEvent": json.dumps(EVENT)}) for _ in range(2))
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
    found = run("explain", json.dumps(EVENT), "--policy", file("b.json", NO_KMS), "--json").json
    assert found["statement"]["sid"] == "OnlyKms"
    assert found["conditions"][0]["got"] == ["AES256"]
    assert found["certainty"] == "proved"


def test_a_message_and_a_policy(run: Command, file: Callable[[str, Any], Path]) -> None:
    """A message and a policy name the statement; what the message does not tell can be declared."""
    given = ["--policy", file("bucket.json", OLD_TLS), "--assume", "s3:TlsVersion=1.2"]
    found = run("explain", MESSAGE, *given, "--json").json
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
    assert (missing.code, missing.json["cause"]) == (1, "not_found")


def test_a_list_is_tried(run: Command, bucket: str) -> None:
    """A list is tried with one key; a bucket that is not there is told of."""
    assert run("explain", "list", f"s3://{bucket}/a/", "--json").json["outcome"] == "allowed"
    assert run("explain", "head", f"s3://{bucket}").code == 0
    missing = run("explain", "list", f"s3://{bucket}-missing")
    assert (missing.code, "NoSuchBucket" in missing.out) == (1, True)


def test_a_write_is_only_rehearsed(run: Command, bucket: str, local_aws: LocalAws, tmp_path: Path) -> None:
    """A put and a delete send nothing; whether they would be allowed is told, as a check tells it."""
    client = local_aws.client(SseS3())
    client.put_object(Bucket=bucket, Key="kept", Body=b"1")
    closed = tmp_path / "closed.json"
    closed.write_text(json.dumps(policy(deny("Closed", ["s3:PutObject", "s3:DeleteObject"]))))
    for operation, key in (("put", "new"), ("delete", "kept")):
        result = run("explain", operation, f"s3://{bucket}/{key}", "--policy", closed)
        assert (result.code, "statement Closed" in result.out) == (3, True), result.out + result.err
    assert [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]


@pytest.mark.parametrize("operation", ["get", "head"])
def test_a_refused_read_is_explained(run: Command, bucket: str, local_aws: LocalAws, operation: str) -> None:
    """A refused read is explained by the statement that refuses it, a head by the words of a get."""
    client = local_aws.client(SseS3())
    client.put_object(Bucket=bucket, Key="a.csv", Body=b"1")
    client.boto3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(deny("Closed", "s3:GetObject"))))
    told = run("explain", operation, f"s3://{bucket}/a.csv", "--json")
    client.boto3.delete_bucket_policy(Bucket=bucket)
    assert (told.code, told.json["cause"], told.json["certainty"]) == (3, "bucket_policy", "proved")
    assert (told.json["statement"]["sid"], told.json["operation"]) == ("Closed", "GetObject")


def test_the_wrong_key(run: Command, bucket: str, local_aws: LocalAws) -> None:
    """A customer's key that is needed and was not given is told, and is no question of policies."""
    local_aws.client(SseC(bytes(range(32)))).put_object(Bucket=bucket, Key="mine", Body=b"1")
    told = run("explain", "head", f"s3://{bucket}/mine", "--json").json
    assert (told["cause"], told["retryable"]) == ("sse_c", False)
