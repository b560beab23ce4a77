"""``secure-s3 cp``: files and folders in every direction, and what it refuses."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SseC, SseS3
from secure_s3.cli.options import environment
from secure_s3.local import LocalAws

from .conftest import BUCKET, Run

Runner = Callable[..., Run]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with two files."""
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"alpha")
    (folder / "sub" / "b.txt").write_bytes(b"beta")
    return folder


def keys(aws: LocalAws) -> list[str]:
    with aws.client(SseS3()) as client:
        return [found["Key"] for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_file_goes_up_and_comes_down(run: Runner, bucket: str, tree: Path, tmp_path: Path) -> None:
    """A file goes up under its name where DEST ends in a slash, with SSE-KMS, and comes down the same."""
    up = run("cp", tree / "a.txt", f"s3://{bucket}/in/")
    assert (up.code, up.err) == (0, "")
    assert "5 bytes" in up.out
    assert "aws:kms arn:aws:kms:" in up.out
    down = run("cp", f"s3://{bucket}/in/a.txt", tmp_path / "copy", "--json")
    assert (down.code, down.json["bytes"]) == (0, 5)
    assert (tmp_path / "copy").read_bytes() == b"alpha"
    assert run("cp", f"s3://{bucket}/in/a.txt", tmp_path).code == 0
    assert (tmp_path / "a.txt").read_bytes() == b"alpha"


def test_folder_goes_up_and_comes_down(run: Runner, bucket: str, tree: Path, tmp_path: Path) -> None:
    """With -r everything below the folder goes and comes, and --skip-existing leaves out what is there."""
    up = run("cp", "-r", tree, f"s3://{bucket}/in", "--json", "--encryption", "sse-s3", "--workers", "2")
    assert [file["key"] for file in up.json["files"]] == ["in/a.txt", "in/sub/b.txt"]
    assert run("cp", "-r", f"s3://{bucket}/in", tmp_path / "back").code == 0
    assert (tmp_path / "back" / "sub" / "b.txt").read_bytes() == b"beta"
    again = run("cp", "-r", f"s3://{bucket}/in", tmp_path / "back", "--skip-existing")
    assert (again.code, "2 there already" in again.out) == (0, True)
    # The objects are under SSE-S3, and the environment says SSE-KMS: they are sent again.
    sent = run("cp", "-r", tree, f"s3://{bucket}/in", "--skip-existing", "--json").json
    assert sent["counts"]["done"] == 2


def test_streams(run: Runner, bucket: str, monkeypatch: Any) -> None:
    """Standard input goes up, and comes down to standard output alone; the report is on standard error."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert run("cp", "-", f"s3://{bucket}/x").code == 0
    down = run("cp", f"s3://{bucket}/x", "-", "--json")
    assert (down.code, down.out, json.loads(down.err)["bytes"]) == (0, "piped", 5)
    missing = run("cp", f"s3://{bucket}/none", "-", "--json")
    assert (missing.code, missing.out, json.loads(missing.err)["error"]) == (1, "", "NotFound")


def test_copy_within_s3_changes_the_encryption(run: Runner, bucket: str, tree: Path) -> None:
    """A copy within S3 is encrypted as configured, whatever the source was."""
    assert run("cp", tree / "a.txt", f"s3://{bucket}/a", "--encryption", "sse-s3").code == 0
    copied = run("cp", f"s3://{bucket}/a", f"s3://{bucket}/copies/", "--json")
    assert (copied.code, copied.json["key"], copied.json["algorithm"]) == (0, "copies/a", "aws:kms")


def test_customer_keys_and_their_rotation(run: Runner, bucket: str, tree: Path, tmp_path: Path) -> None:
    """A key file means SSE-C; without the key nothing is read; a copy with the old key rotates it."""
    old, new = tmp_path / "old.key", tmp_path / "new.key"
    for path in (old, new):
        path.write_bytes(SseC.generate().key.reveal())
    here, there = f"s3://{bucket}/a", tmp_path / "back"
    assert run("cp", tree / "a.txt", here, "--sse-c-key-file", old).code == 0
    assert run("cp", here, there).code == 1
    assert run("cp", here, there, "--sse-c-key-file", new).code == 3
    assert not there.exists()
    rotated = run("cp", here, here, "--sse-c-key-file", new, "--source-sse-c-key-file", old)
    assert rotated.code == 0, rotated
    assert run("cp", here, there, "--sse-c-key-file", new).code == 0
    assert there.read_bytes() == b"alpha"


def test_existing_object_is_kept_where_asked(run: Runner, bucket: str, tree: Path) -> None:
    """--if-none-match refuses to overwrite, for one file and for each file of a folder."""
    assert run("cp", tree / "a.txt", f"s3://{bucket}/a.txt", "--if-none-match").code == 0
    again = run("cp", tree / "a.txt", f"s3://{bucket}/a.txt", "--if-none-match", "--json")
    assert (again.code, again.json["error"]) == (1, "PreconditionFailed")
    folder = run("cp", "-r", tree, f"s3://{bucket}", "--if-none-match", "--json")
    assert (folder.code, folder.json["results"]["counts"]["done"]) == (1, 1)


def test_failed_batch_is_resumed(
    run: Runner, bucket: str, local_aws: LocalAws, tree: Path, tmp_path: Path
) -> None:
    """Files that fail are named, the others go; --resume sends only what is left, then removes the list."""
    (tree / "late").symlink_to(tmp_path / "late")
    command = ("cp", "-r", tree, f"s3://{bucket}/in", "--resume", tmp_path / "list")
    first = run(*command)
    assert first.code == 2
    assert "1 of 3 files were not uploaded" in first.err
    assert str(tree / "late") in first.err
    assert "run the same command" in first.err
    assert keys(local_aws) == ["in/a.txt", "in/sub/b.txt"]
    (tmp_path / "late").write_bytes(b"here")
    second = run(*command, "--json")
    assert [file["key"] for file in second.json["files"]] == ["in/late"]
    assert not (tmp_path / "list").exists()


def test_list_of_other_files_is_refused(
    run: Runner, bucket: str, local_aws: LocalAws, tree: Path, tmp_path: Path
) -> None:
    """A list that names files outside SOURCE or keys outside DEST is refused, and nothing is sent."""
    for path, key in (("/etc/passwd", "in/x"), (str(tree / "a.txt"), "elsewhere/x")):
        file = {"path": path, "bucket": bucket, "key": key, "status": "failed"}
        told = {"format": "secure-s3-batch/1", "direction": "upload", "files": [file]}
        (tmp_path / "list").write_text(json.dumps(told))
        result = run("cp", "-r", tree, f"s3://{bucket}/in", "--resume", tmp_path / "list")
        assert (result.code, "about other files" in result.err) == (2, True)
    (tmp_path / "list").write_text("{}")
    assert run("cp", "-r", tree, f"s3://{bucket}/in", "--resume", tmp_path / "list").code == 2
    assert keys(local_aws) == []


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["a", "b"], "neither"),
        (["-", "-"], "neither"),
        (["a", "s3://"], "not an S3 URL"),
        (["a", "s3:/bucket/key"], "not an S3 URL"),
        (["a", "s3://Bad_Bucket/k"], "not a bucket name"),
        (["-r", "-", "s3://bucket/k"], "-r copies"),
        (["-r", "s3://bucket/k", "s3://bucket/l"], "-r copies"),
        (["a", "s3://bucket/k", "--resume", "x"], "for -r"),
        (["a", "s3://bucket/k", "--skip-existing"], "for -r"),
        (["s3://bucket/k", "a", "--if-none-match"], "writes to S3"),
        (["s3://bucket/k", "a", "--source-sse-c-key-file", "x"], "within S3"),
        ([".", "s3://bucket/k"], "add -r"),
        (["none", "s3://bucket/k"], "cannot be read"),
        (["-r", "none", "s3://bucket/k"], "not there"),
        (["s3://bucket", "a"], "names no object"),
        (["s3://bucket/a/", "a"], "names no object"),
        (["-", "s3://bucket/a/"], "names no object"),
        (["a", "s3://bucket/k", "--workers", "0"], "workers"),
        (["-r", ".", "s3://bucket/k", "--workers", "0"], "workers"),
        (["a", "s3://bucket/k", "--kms-key-arn", "alias/x"], "alias"),
        (["a", "s3://bucket/k", "--endpoint-url", "http://127.0.0.1"], "https"),
        (["a", "s3://bucket/k", "--sse-c-key-file", "none"], "key file"),
        (["s3://bucket/..", "."], "cannot become a path"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(run: Runner, bucket: str, argv: list[str], text: str) -> None:
    """A command that cannot mean anything ends with 2, says why, and sends nothing."""
    result = run("cp", *argv)
    assert (result.code, result.out) == (2, "")
    assert text in result.err


def test_missing_object_and_bucket(run: Runner, bucket: str, tmp_path: Path) -> None:
    """What is not there ends with 1 and leaves no file."""
    assert run("cp", f"s3://{bucket}/none", tmp_path / "x").code == 1
    assert run("cp", "-r", f"s3://{bucket}/none", tmp_path / "x").code == 1
    assert run("cp", "s3://amzn-s3-demo-nowhere/k", tmp_path / "x").code == 1
    assert not (tmp_path / "x").exists()


def test_disabled_key_is_denied(run: Runner, bucket: str, local_aws: LocalAws, tree: Path) -> None:
    """A KMS key that cannot be used ends with 3."""
    local_aws.disable_key(local_aws.kms_key_arn)
    assert run("cp", tree / "a.txt", f"s3://{bucket}/a").code == 3


def test_unreachable_endpoint_is_a_transport_error(
    run: Runner, bucket: str, tree: Path, monkeypatch: Any
) -> None:
    """Nobody at the endpoint ends with 5."""
    monkeypatch.setenv("SECURE_S3_RETRIES", "1")
    argv = ("cp", tree / "a.txt", f"s3://{bucket}/a", "--endpoint-url", "https://127.0.0.1:1")
    assert run(*argv).code == 5


# -- options and variables -----------------------------------------------------------------------------


def options(**given: str) -> argparse.Namespace:
    names = ("encryption", "kms_key_arn", "sse_c_key_file", "profile_name", "min_tls", "region")
    names += ("raw_key_file", "raw_key_name", "server_side_kms_key_arn")
    return argparse.Namespace(**{**dict.fromkeys(names), "ca_bundle": None, "endpoint_url": None, **given})


def test_option_wins_over_its_variable() -> None:
    """An option replaces its variable; without it the variable stays."""
    env = {"SECURE_S3_REGION": "eu-west-1", "SECURE_S3_MIN_TLS": "1.3", "OTHER": "x"}
    merged = environment(options(region="us-east-1"), env)
    assert merged == {**env, "SECURE_S3_REGION": "us-east-1"}


@pytest.mark.parametrize(
    ("given", "env", "reads", "encryption"),
    [
        ({}, {}, True, "sse-s3"),
        ({}, {}, False, None),
        ({}, {"SECURE_S3_KMS_KEY_ARN": "x"}, True, None),
        ({}, {"SECURE_S3_ENCRYPTION": "sse-c"}, True, "sse-c"),
        ({}, {"SECURE_S3_PROFILE": "regulated"}, True, None),
        ({"sse_c_key_file": "k"}, {}, False, "sse-c"),
        ({"sse_c_key_file": "k", "kms_key_arn": "x"}, {}, False, None),
        ({"sse_c_key_file": "k", "encryption": "sse-kms"}, {}, False, "sse-kms"),
        ({"raw_key_file": "k"}, {}, False, "client-side"),
        ({"raw_key_file": "k"}, {}, True, "client-side"),
        ({"raw_key_file": "k", "encryption": "sse-s3"}, {}, False, "sse-s3"),
        ({"raw_key_file": "k", "sse_c_key_file": "k"}, {}, False, "sse-c"),
    ],
)
def test_encryption_that_is_meant(given: Any, env: Any, reads: bool, encryption: str | None) -> None:
    """Reading needs no key to be configured, writing does; a key file means SSE-C unless another is named."""
    assert environment(options(**given), env, only_reads=reads).get("SECURE_S3_ENCRYPTION") == encryption


def test_nothing_is_left_in_the_working_folder(
    run: Runner, bucket: str, tree: Path, monkeypatch: Any
) -> None:
    """A failing download leaves nothing in the current folder."""
    (tree / "sub" / "b.txt").unlink()
    monkeypatch.chdir(tree / "sub")
    assert run("cp", f"s3://{bucket}/none", "./").code == 1
    assert os.listdir(".") == []


def test_client_side_goes_up_and_comes_down(
    run: Runner, bucket: str, tree: Path, tmp_path: Path, local_aws: LocalAws
) -> None:
    """With client-side encryption a folder goes up as ciphertext, says so, and comes down the same."""
    how = ["--encryption", "client-side", "--server-side-kms-key-arn", local_aws.kms_key_arn]
    up = run("cp", tree / "a.txt", f"s3://{bucket}/in/", *how)
    assert (up.code, "client-side aws:kms arn:" in up.out) == (0, True)
    plain = local_aws.session().client("s3")
    assert b"alpha" not in plain.get_object(Bucket=bucket, Key="in/a.txt")["Body"].read()
    assert run("cp", "-r", tree, f"s3://{bucket}/all", *how).code == 0
    assert run("cp", "-r", f"s3://{bucket}/all", tmp_path / "back", *how).code == 0
    assert (tmp_path / "back" / "sub" / "b.txt").read_bytes() == b"beta"
    assert run("cp", f"s3://{bucket}/in/a.txt", f"s3://{bucket}/renamed", *how).code == 0
    assert run("cp", f"s3://{bucket}/renamed", tmp_path / "renamed", *how).code == 0
    assert (tmp_path / "renamed").read_bytes() == b"alpha"


def test_client_side_with_a_raw_key(run: Runner, bucket: str, tree: Path, tmp_path: Path) -> None:
    """--raw-key-file means client-side encryption; another key ends with 3, no key file at all with 2."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(os.urandom(32))
    mine = ["--raw-key-file", tmp_path / "one"]
    assert run("cp", tree / "a.txt", f"s3://{bucket}/a", *mine).code == 0
    assert run("cp", f"s3://{bucket}/a", tmp_path / "back", *mine).code == 0
    other = run("cp", f"s3://{bucket}/a", tmp_path / "no", "--raw-key-file", tmp_path / "two")
    assert (other.code, "does not open" in other.err) == (3, True)
    named = run("cp", f"s3://{bucket}/a", tmp_path / "no", *mine, "--raw-key-name", "another")
    assert (named.code, "no configured key opens" in named.err) == (3, True)
    assert run("cp", f"s3://{bucket}/a", tmp_path / "no", "--raw-key-file", tmp_path / "none").code == 2
    assert not (tmp_path / "no").exists()


def test_client_side_objects_that_were_exchanged(
    run: Runner, bucket: str, tree: Path, tmp_path: Path, local_aws: LocalAws
) -> None:
    """An exchanged or replaced object ends with 4 and leaves no file."""
    how = ["--encryption", "client-side"]
    assert run("cp", tree / "a.txt", f"s3://{bucket}/a", *how).code == 0
    plain = local_aws.session().client("s3")
    plain.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    plain.put_object(Bucket=bucket, Key="a", Body=b"not encrypted")
    for key, text in (("a", "not encrypted by a client"), ("b", "does not belong there")):
        result = run("cp", f"s3://{bucket}/{key}", tmp_path / "no", *how)
        assert (result.code, text in result.err) == (4, True)
    assert not (tmp_path / "no").exists()


def test_nothing_is_skipped_under_client_side_encryption(
    run: Runner, bucket: str, tree: Path, local_aws: LocalAws
) -> None:
    """A plaintext object with the file's content is no reason to leave the file out: it is written over."""
    plain = local_aws.session().client("s3")
    for key, body in (("t/a.txt", b"alpha"), ("t/sub/b.txt", b"beta")):
        plain.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="CRC32")
    result = run("cp", "-r", tree, f"s3://{bucket}/t", "--skip-existing", "--encryption", "client-side")
    assert (result.code, "2 files," in result.out) == (0, True)
    assert plain.get_object(Bucket=bucket, Key="t/a.txt")["Body"].read()[:1] == b"\x02"
