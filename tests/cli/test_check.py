"""secure-s3 check: the exit code is the answer, the text says by which statement or because of what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3.local import LocalAws
from tests.bucket.support import ALICE, ALL, ARN, KEY_POLICY, SSE, deny, policy
from tests.cli.conftest import BUCKET, Run
from tests.guard.support import KEY_ARN, OTHER_ARN, plain_session

TARGET = f"s3://{BUCKET}/reports/a.pdf"
WRONG_KEY = policy(
    deny("DenyWrongKey", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": KEY_ARN}})
)
OFFICE = policy(deny("OnlyOffice", "s3:GetObject", {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
NO_LIST = policy(deny("NoList", "s3:ListBucket", {"StringLike": {"s3:prefix": "reports/*"}}, ARN))
KEEP = policy(deny("Keep", "s3:DeleteObject"))
NO_SOURCE = policy(deny("Closed", "s3:GetObject", resource="arn:aws:s3:::source/*"))

Command = Callable[..., Run]
Write = Callable[[str, Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file of JSON."""

    def file(name: str, document: Any) -> Path:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return file


@pytest.fixture
def offline(run: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A check for a user that may do everything, of an own bucket; nobody is asked."""
    monkeypatch.setenv("SECURE_S3_REGION", "eu-west-1")
    monkeypatch.setenv("SECURE_S3_KMS_KEY_ARN", KEY_ARN)
    # The service models are read once for all of these tests.
    monkeypatch.setattr("secure_s3.client.plain_session", plain_session)
    own = write("identity.json", ALL), write("key.json", KEY_POLICY)

    def check(*argv: object, bucket: Any = None) -> Run:
        given = ["--identity", own[0], "--key-policy", own[1], "--principal", ALICE, "--offline"]
        document = {"Version": "2012-10-17", "Statement": []} if bucket is None else bucket
        return run("check", *argv, "--policy", write("bucket.json", document), *given)

    return check


ANSWERS: list[tuple[list[str], Any, int, str]] = [
    (["put", TARGET], WRONG_KEY, 0, "PutObject: allowed\n  s3:PutObject on"),
    (["put", TARGET, "--encryption", "sse-s3"], WRONG_KEY, 3, "request: absent -> holds"),
    (
        ["put", TARGET, "--kms-key-arn", OTHER_ARN],
        WRONG_KEY,
        3,
        "denied by bucket policy statement DenyWrongKey",
    ),
    (["put", TARGET, "--encryption", "sse-s3"], WRONG_KEY, 3, "statement DenyWrongKey"),
    (["upload_part", TARGET], WRONG_KEY, 1, "UploadPart: unknown because of"),
    (["get", TARGET], OFFICE, 1, "unknown because of aws:SourceIp (bucket policy statement OnlyOffice)"),
    (["get", TARGET, "--assume", "aws:SourceIp=192.0.2.7"], OFFICE, 0, "assumed: aws:SourceIp is 192.0.2.7"),
    (["GetObject", TARGET, "--assume", "aws:SourceIp=203.0.113.7"], OFFICE, 3, "statement OnlyOffice"),
    (["list", f"s3://{BUCKET}/reports/"], NO_LIST, 3, "statement NoList"),
    (["list", f"s3://{BUCKET}/other/"], NO_LIST, 0, "s3:ListBucket"),
    (["list", f"s3://{BUCKET}"], NO_LIST, 0, "s3:ListBucket"),
    (["delete", TARGET], KEEP, 3, "statement Keep"),
    (["delete", TARGET, "--version-id", "v1"], KEEP, 0, "s3:DeleteObjectVersion"),
    (["delete_objects", TARGET], KEEP, 3, "statement Keep"),
    (["head", TARGET], KEEP, 0, "HeadObject: allowed"),
    (["copy", TARGET, "--source", f"s3://{BUCKET}/old"], KEEP, 0, "CopyObject: allowed"),
    (["put", TARGET, "--set", "Tagging=a=b"], KEEP, 0, "s3:PutObjectTagging"),
    (["delete_bucket", f"s3://{BUCKET}"], KEEP, 0, "s3:DeleteBucket on"),
]


@pytest.mark.parametrize(("argv", "bucket", "code", "says"), ANSWERS)
def test_answer(argv: list[str], bucket: Any, code: int, says: str, offline: Command) -> None:
    """0 is allowed, 3 denied, 1 unknown, and the text says why."""
    result = offline(*argv, bucket=bucket)
    assert (result.code, result.err) == (code, "")
    assert says in result.out


def test_policy_of_the_source(offline: Command, write: Write) -> None:
    """The source's bucket has a policy of its own."""
    argv = ["copy", TARGET, "--source", "s3://source/old", "--source-policy", write("source.json", NO_SOURCE)]
    assert "statement Closed" in offline(*argv).out


def test_json(offline: Command) -> None:
    """--json prints one document, with the same exit code."""
    result = offline("put", TARGET, "--encryption", "sse-s3", "--json", bucket=WRONG_KEY)
    assert (result.code, result.json["outcome"], result.json["operation"]) == (3, "denied", "PutObject")
    assert result.json["permissions"][0]["decision"]["reasons"][0]["statement"] == "DenyWrongKey"


def test_nothing_given_is_unknown(offline: Command, run: Command) -> None:
    """Offline and without policies nobody can say."""
    result = run("check", "put", TARGET, "--offline")
    assert result.code == 1
    assert "could not be read: the caller" in result.out


def test_offline_needs_no_credentials(run: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an account can check, and is told whom it has to name."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda self: None)
    bucket = write("bucket.json", WRONG_KEY)
    argv = ["check", "put", TARGET, "--offline", "--region", "eu-west-1", "--policy", bucket]
    result = run(*argv, "--encryption", "sse-s3")
    assert (result.code, result.err) == (3, "")
    assert "statement DenyWrongKey" in result.out
    result = run(*argv, "--kms-key-arn", KEY_ARN)
    assert (result.code, result.err) == (1, "")
    assert "no credentials here" in result.out
    result = run("check", "put", TARGET, "--region", "eu-west-1", "--kms-key-arn", KEY_ARN)
    assert (result.code, "NoCredentialsError" in result.err) == (2, True)


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_hints_name_the_options(json_too: list[str], offline: Command, run: Command) -> None:
    """What would tell more is named as the command has it, not as Python has it."""
    copy = ["copy", TARGET, "--source", "s3://source/old"]
    text = run("check", *copy, "--offline", *json_too).out
    for option in ("--principal", "--identity", "--policy", "--source-policy", "--key-policy"):
        assert f"give {option}" in text
    assert "=" not in "".join(line.partition("give ")[2] for line in text.splitlines())


def test_help_says_what_silence_is(run: Command) -> None:
    """Who does not answer makes the answer unknown; the help says so."""
    assert "nobody answers, is no error" in run("check", "--help").out


REFUSED: list[tuple[list[str], str]] = [
    (["put", "report.pdf"], "report.pdf"),
    (["put", f"s3://{BUCKET}"], "put needs an object"),
    (["get", f"s3://{BUCKET}"], "write s3://bucket/key"),
    (["copy", TARGET], "add --source s3://bucket/key"),
    (["put_object_acl", TARGET, "--set", "ACl=private"], "did you mean ACL?"),
    (["put", TARGET, "--set", "Fooo=1"], "PutObject has no parameter Fooo"),
    (["get_bucket_analytics_configuration", f"s3://{BUCKET}"], "write --set Id=…"),
    (["put_bucket_lifecycle", TARGET], "whole bucket"),
    (["delete_objects", f"s3://{BUCKET}"], "ask from Python"),
    (["frobnicate", TARGET], "no operation of S3"),
    (["putt", TARGET], "did you mean 'put'?"),
    (["lst", TARGET], "did you mean 'list'?"),
    (["upload_file", TARGET], "did you mean 'put_object'?"),
    (["put", TARGET, "--assume", "aws:SorceIp=192.0.2.1"], "did you mean 'aws:SourceIp'?"),
    (["put", TARGET, "--assume", "aws:SourceIp=office"], "no address"),
    (["put", TARGET, "--assume", "aws:SourceIp=192.0.2.1", "--assume", "aws:SourceIp=192.0.2.2"], "twice"),
    (["copy", TARGET, "--identity", "-", "--source-policy", "-"], "standard input"),
    (["delete_bucket", TARGET], "whole bucket"),
    (["put", TARGET, "--assume", "aws:SourceIp"], "has no value"),
    (["put", TARGET, "--assume", "aws:SecureTransport=false"], "cannot be assumed"),
    (["put", TARGET, "--set", "ACL=public-read"], "everybody"),
    (["put", TARGET, "--set", "Colour=red"], "Colour"),
    (["put", TARGET, "--identity", "no-such-file.json"], "cannot be read"),
    (["create_session", f"s3://{BUCKET}"], "CreateSession"),
]


@pytest.mark.parametrize(("argv", "says"), REFUSED)
def test_refusal(argv: list[str], says: str, offline: Command) -> None:
    """What cannot be meant, or would not be sent, is a usage error."""
    result = offline(*argv)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert len(result.err) < 500


@pytest.mark.parametrize("document", ["{", "[]", '"text"', ""])
def test_file_that_is_no_policy(document: str, offline: Command) -> None:
    """A file that is no policy is an error, not an answer."""
    assert offline("put", TARGET, bucket=document).code == 2


def test_policies_are_looked_for(run: Command, bucket: str, local_aws: LocalAws, monkeypatch: Any) -> None:
    """Against an endpoint, what is not given is read; a denial by the bucket's policy is found."""
    monkeypatch.setenv("SECURE_S3_KMS_KEY_ARN", local_aws.kms_key_arn)
    plain = local_aws.session().client("s3")
    plain.put_bucket_policy(Bucket=bucket, Policy=json.dumps(WRONG_KEY).replace(KEY_ARN, OTHER_ARN))
    plain.close()
    result = run("check", "put", TARGET)
    assert result.code == 3, result.out + result.err
    assert "denied by bucket policy statement DenyWrongKey" in result.out
