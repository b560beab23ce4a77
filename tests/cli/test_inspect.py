"""``secure-s3 inspect``: objects and files of every kind, without a key, and what it refuses."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import limits
from secure_s3.cli import inspect
from secure_s3.envelope.header import WrappedKey, header_body
from secure_s3.envelope.keys import DataKey
from secure_s3.envelope.suites import COMMIT_KEY
from secure_s3.envelope.writer import Message, SealedRun
from secure_s3.errors import TransportError
from secure_s3.local import LocalAws
from secure_s3.values import ObjectRef, SecretBytes

from .conftest import BUCKET, Run

Runner = Callable[..., Run]

KEY = "reports/1.pdf"
CONTEXT = {"secure-s3:bucket": BUCKET, "secure-s3:key": KEY}
ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
V2 = {
    "x-amz-key-v2": "a2V5",
    "x-amz-iv": "aXY=",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-wrap-alg": "kms+context",
    "x-amz-matdesc": '{"aws:x-amz-cek-alg":"AES/GCM/NoPadding"}',
}


def message(
    plain: bytes = b"plain", context: Mapping[str, str] = CONTEXT, arn: str = ARN, keys: int = 1
) -> bytes:
    """A message for KMS keys; nothing here ever opens it."""
    wrapped = tuple(WrappedKey("aws-kms", arn.encode(), bytes(60)) for _ in range(keys))
    sealing = Message(DataKey(SecretBytes(bytes(32)), wrapped), context)
    run = SealedRun(
        sealing,
        lambda offset, size: plain[offset : offset + size],
        first=1,
        plain_bytes=len(plain),
        final=True,
        prefix=sealing.header,
    )
    return run.read_at(0, run.size)


@pytest.fixture
def plain_s3(local_aws: LocalAws, bucket: str) -> Iterator[Any]:
    """A plain boto3 client on the embedded endpoint."""
    client: Any = local_aws.session().client("s3")
    yield client
    client.close()


@pytest.fixture
def put(plain_s3: Any) -> Callable[..., str]:
    """Store an object as it is; the URL of it."""

    def stored(body: bytes, key: str = KEY, **more: Any) -> str:
        plain_s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)
        return f"s3://{BUCKET}/{key}"

    return stored


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The ranges that were fetched."""
    fetched: list[tuple[int, int]] = []
    fetch = inspect._ObjectStart._fetch

    def noted(self: Any, start: int, end: int) -> None:
        fetched.append((start, end))
        fetch(self, start, end)

    monkeypatch.setattr(inspect._ObjectStart, "_fetch", noted)
    return fetched


# -- objects --------------------------------------------------------------------------------------------


def test_object_is_shown_as_a_table(run: Runner, put: Any) -> None:
    """The table shows what S3 reports and what the object says of itself; the notes stand below."""
    data = message(bytes(100_000))
    result = run("inspect", put(data, ServerSideEncryption="AES256"))
    assert (result.code, result.err) == (0, "")
    rows = dict(line.split("  ", 1) for line in result.out.splitlines()[1:] if "  " in line)
    assert {name: value.strip() for name, value in rows.items()} | {"context": ""} == {
        "bytes": f"{len(data):,}",
        "encryption by S3": "AES256",
        "storage class": "STANDARD",
        "client-side format": "AWS Encryption SDK message, version 2",
        "suite": "AES_256_GCM_HKDF_SHA512_COMMIT_KEY (0x0478)",
        "commits to its key": "yes",
        "signed": "no",
        "header bytes": str(len(data) - 100_000 - 32 - 40),
        "frame bytes": "65,536",
        "frames": "2",
        "plaintext bytes": "100,000",
        "opens with": f"aws-kms: {ARN}",
        "context": "",
    }
    assert f"secure-s3:key = {KEY}" in result.out
    assert "- nothing of this is authenticated" in result.out.splitlines()[-1]


def test_object_as_json(run: Runner, put: Any, local_aws: LocalAws, bucket: str) -> None:
    """--json gives the same as one document, the server-side encryption included."""
    data = message()
    arn = local_aws.kms_key_arn
    told = run("inspect", put(data, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn), "--json").json
    assert (told["target"], told["bytes"]) == (f"s3://{bucket}/{KEY}", len(data))
    assert (told["s3"]["server_side_encryption"], told["s3"]["kms_key_id"]) == ("aws:kms", arn)
    assert told["s3"]["storage_class"] == "STANDARD"
    assert told["protection"]["keys"] == [{"provider": "aws-kms", "name": ARN}]
    assert told["protection"]["context"] == CONTEXT
    assert told["protection"]["plain_bytes"] == 5


def test_no_key_of_the_message_is_needed(run: Runner, put: Any, local_aws: LocalAws) -> None:
    """A message whose KMS key is disabled is described like any other."""
    arn = local_aws.create_key()
    target = put(message(arn=arn), ServerSideEncryption="AES256")
    local_aws.disable_key(arn)
    assert run("inspect", target, "--json").json["protection"]["keys"][0]["name"] == arn


def test_disabled_key_of_s3_is_denied(run: Runner, put: Any, local_aws: LocalAws) -> None:
    """An object whose own SSE-KMS key is disabled cannot be read from S3: exit code 3."""
    arn = local_aws.create_key()
    target = put(message(), ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    local_aws.disable_key(arn)
    result = run("inspect", target, "--json")
    assert (result.code, result.json["error"]) == (3, "KeyUnavailable")


def test_no_encryption_needs_to_be_configured(run: Runner, put: Any, monkeypatch: Any) -> None:
    """Without a configured key the command works: it writes nothing."""
    monkeypatch.delenv("SECURE_S3_KMS_KEY_ARN")
    assert run("inspect", put(message())).code == 0


def test_moved_object_is_told(run: Runner, put: Any) -> None:
    """A message that was copied to another key is said to have been moved; that is no error."""
    result = run("inspect", put(message(), "other.pdf"))
    assert result.code == 0
    assert "it lies under another key, 'other.pdf': it was moved or swapped" in result.out


def test_version(run: Runner, put: Any, plain_s3: Any) -> None:
    """--version-id chooses the version whose metadata and content are shown."""
    plain_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    target = put(message())
    first = plain_s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    put(b"plain text")
    assert run("inspect", target, "--json").json["protection"]["format"] == "none"
    told = run("inspect", target, "--json", "--version-id", first).json
    assert told["s3"]["version_id"] == first
    assert told["protection"]["format"].startswith("AWS Encryption SDK message")


def test_plaintext_object(run: Runner, put: Any) -> None:
    """An object without client-side encryption has the format none, and a note where keys may be."""
    result = run("inspect", put(b"plain text"))
    assert result.code == 0
    assert "client-side format  none" in result.out
    assert ".instruction" in result.out


def test_empty_object(run: Runner, put: Any, ranges: list[tuple[int, int]]) -> None:
    """An empty object is described without asking for a range that it does not have."""
    told = run("inspect", put(b""), "--json").json
    assert (told["bytes"], told["protection"]["format"], ranges) == (0, "none", [])


def test_object_of_the_s3_encryption_client(run: Runner, put: Any) -> None:
    """The Amazon S3 Encryption Client is known by the metadata it writes."""
    told = run("inspect", put(bytes(50), Metadata=V2), "--json").json["protection"]
    assert (told["format"], told["plain_bytes"]) == ("Amazon S3 Encryption Client V2", 34)
    result = run("inspect", f"s3://{BUCKET}/{KEY}")
    assert "data key wrapped by  kms+context" in result.out


def test_sse_c(run: Runner, put: Any, tmp_path: Path) -> None:
    """An object under SSE-C is described with its key file, and refused without."""
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    target = put(message(), SSECustomerAlgorithm="AES256", SSECustomerKey=key.read_bytes())
    told = run("inspect", target, "--json", "--sse-c-key-file", key)
    assert (told.code, told.json["s3"]["server_side_encryption"]) == (0, "SSE-C")
    assert told.json["protection"]["plain_bytes"] == 5
    assert run("inspect", target).code in (1, 3)


# -- how much is fetched --------------------------------------------------------------------------------


def test_small_header_takes_one_fetch(run: Runner, put: Any, ranges: list[tuple[int, int]]) -> None:
    """4 KiB are fetched of a large object, and no more where the header ends within."""
    run("inspect", put(message(bytes(300_000))))
    assert ranges == [(0, 4096)]


def test_short_object_is_fetched_whole(run: Runner, put: Any, ranges: list[tuple[int, int]]) -> None:
    """No more is asked for than there is."""
    run("inspect", put(b"\x02\x04"))
    assert ranges == [(0, 2)]


def test_large_header_takes_more_fetches(run: Runner, put: Any, ranges: list[tuple[int, int]]) -> None:
    """A header beyond the first 4 KiB is fetched in growing pieces that fit together."""
    context = {"long": "x" * 20_000}
    told = run("inspect", put(message(bytes(100_000), context)), "--json").json
    assert told["protection"]["context"] == context
    assert ranges == [(0, 4096), (4096, 8192), (8192, 16384), (16384, 32768)]


def test_endless_header_is_not_fetched_to_its_end(
    run: Runner, put: Any, ranges: list[tuple[int, int]]
) -> None:
    """A header that is larger than any is malformed, and fetched up to that limit only."""
    key = WrappedKey("aws-kms", bytes(60_000), bytes(60_000))
    body = header_body(COMMIT_KEY, bytes(32), {}, (key,) * 5, 4096, bytes(32))
    told = run("inspect", put(body + bytes(1000)), "--json").json["protection"]
    assert told["format"].startswith("malformed")
    assert ranges[-1][1] == limits.MAX_HEADER_BYTES


def test_object_replaced_meanwhile(run: Runner, put: Any, plain_s3: Any, monkeypatch: Any) -> None:
    """An object that is replaced between two requests is refused: the pieces would not belong together."""
    target = put(message())
    start = inspect._ObjectStart.__init__

    def replaced(self: Any, *given: Any) -> None:
        put(message(b"another"))
        start(self, *given)

    monkeypatch.setattr(inspect._ObjectStart, "__init__", replaced)
    result = run("inspect", target, "--json")
    assert (result.code, result.json["error"]) == (1, "PreconditionFailed")


class Server:
    """A GetObject that answers as it likes, and a body that would never end."""

    def __init__(self, content_range: str, body: bytes) -> None:
        self.content_range, self.body, self.asked = content_range, body, 0

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"ContentRange": self.content_range, "Body": self}

    def read(self, size: int) -> bytes:
        self.asked += size
        return self.body[:size]

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("content_range", "length"),
    [("", 9000), ("bytes 1-4096/9000", 9000), ("bytes 0-4095/9000", 4095), ("bytes 0-4095/9000", 0)],
)
def test_server_without_ranges_is_refused(content_range: str, length: int) -> None:
    """An answer that is not the range that was asked for is refused; no more than the range is read."""
    server = Server(content_range, bytes(length))
    start = inspect._ObjectStart(server, {}, ObjectRef(BUCKET, KEY), {"ContentLength": 9000, "ETag": '"1"'})
    with pytest.raises(TransportError, match="does not honour ranges"):
        start.read(10)
    assert server.asked == 4096


class Ranges(Server):
    """A GetObject that honours every range of an object of 1 MiB."""

    def get_object(self, **given: Any) -> dict[str, Any]:
        self.content_range = f"{given['Range'].replace('=', ' ')}/{limits.MIB}"
        return super().get_object()


def test_never_more_than_a_header_is_fetched() -> None:
    """However much is asked of the start of an object, it ends where the largest header would."""
    server = Ranges("", bytes(limits.MIB))
    start = inspect._ObjectStart(server, {}, ObjectRef(BUCKET, KEY), {"ContentLength": limits.MIB})
    assert start.read(limits.MIB) == bytes(limits.MAX_HEADER_BYTES)
    assert start.read(1) == b""
    assert server.asked == limits.MAX_HEADER_BYTES


# -- hostile text ---------------------------------------------------------------------------------------


def test_hostile_text_cannot_command_the_terminal(run: Runner, put: Any) -> None:
    """Control characters, line breaks and direction marks in names and values are not printed."""
    evil = "\x1b[2J\r\nsigned  yes\u202e\x07"
    result = run("inspect", put(message(context={f"a{evil}": f"b{evil}"}, arn=f"c{evil}")))
    assert result.code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in result.out)
    assert [line for line in result.out.splitlines() if line.startswith("signed")] == [
        "signed              no"
    ]
    assert "a?[2J??signed  yes?? = b?[2J??signed  yes??" in result.out


def test_hostile_metadata_cannot_forge_rows(run: Runner, put: Any) -> None:
    """Line breaks that a material description holds escaped stay within their row."""
    metadata = V2 | {"x-amz-matdesc": '{"a":"\\nsigned  yes\\u001b[2J"}', "x-amz-cek-alg": "x" * 500}
    result = run("inspect", put(bytes(50), Metadata=metadata))
    assert "a = ?signed  yes?[2J" in result.out
    assert "\x1b" not in result.out
    assert "x" * 301 not in result.out


def test_long_values_are_cut_in_the_table_only(run: Runner, put: Any) -> None:
    """A long value is shortened for people and whole in JSON."""
    target = put(message(context={"long": "x" * 5000}))
    assert "x… (5007 characters; --json shows all)" in run("inspect", target).out
    assert run("inspect", target, "--json").json["protection"]["context"] == {"long": "x" * 5000}


# -- files ----------------------------------------------------------------------------------------------


def test_file(run: Runner, tmp_path: Path) -> None:
    """A file is described without a client, and is at no place that could be compared."""
    path = tmp_path / "backup.enc"
    path.write_bytes(message())
    told = run("inspect", path, "--json").json
    assert (told["target"], told["s3"], told["bytes"]) == (str(path), None, path.stat().st_size)
    assert told["protection"]["plain_bytes"] == 5
    result = run("inspect", path)
    assert result.code == 0
    assert "by S3" not in result.out
    assert "moved or swapped" not in result.out


@pytest.mark.parametrize("content", [b"", b"text", b"\x02\x04\x78"])
def test_file_that_is_no_message(run: Runner, tmp_path: Path, content: bytes) -> None:
    """An empty file, a text and a cut message are described, not refused."""
    path = tmp_path / "file"
    path.write_bytes(content)
    told = run("inspect", path, "--json")
    assert told.code == 0
    assert told.json["protection"]["format"].startswith("malformed" if content[:1] == b"\x02" else "none")


def test_missing_file(run: Runner, tmp_path: Path) -> None:
    """A file that is not there is a usage error that says what, why and how to mend it."""
    result = run("inspect", tmp_path / "none")
    assert (result.code, result.out) == (2, "")
    assert "cannot be read" in result.err
    assert "why: No such file" in result.err
    assert "fix: name a file, or s3://bucket/key" in result.err


def test_folder(run: Runner, tmp_path: Path) -> None:
    """A folder is a usage error."""
    result = run("inspect", tmp_path)
    assert (result.code, "is a folder" in result.err) == (2, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipe_is_not_opened(run: Runner, tmp_path: Path) -> None:
    """A named pipe, which nobody may ever write to, is refused instead of waited for."""
    os.mkfifo(tmp_path / "pipe")
    result = run("inspect", tmp_path / "pipe")
    assert (result.code, "no regular file" in result.err) == (2, True)


def test_unreadable_file(run: Runner, tmp_path: Path, monkeypatch: Any) -> None:
    """A file that may not be read is a usage error, as JSON where JSON is asked for."""
    path = tmp_path / "secret"
    path.write_bytes(message())

    def refused(*_: Any, **__: Any) -> io.BytesIO:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    result = run("inspect", path, "--json")
    assert (result.code, result.json["why"]) == (2, "Permission denied")


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", [f"s3://{BUCKET}", f"s3://{BUCKET}/", "s3://", "s3:x", "S3://UPPER/x", "s3:///x"]
)
def test_target_that_names_no_object(run: Runner, bucket: str, target: str) -> None:
    """A bucket, and what is no URL of an object, are usage errors; nothing is sent."""
    assert run("inspect", target).code == 2


def test_version_of_a_file(run: Runner, tmp_path: Path) -> None:
    """--version-id with a path is a usage error."""
    (tmp_path / "x").write_bytes(b"x")
    result = run("inspect", tmp_path / "x", "--version-id", "1")
    assert (result.code, "--version-id is for objects in S3" in result.err) == (2, True)


def test_no_target(run: Runner) -> None:
    """Without a target there is the usage."""
    assert run("inspect").code == 2


@pytest.mark.parametrize("target", [f"s3://{BUCKET}/none", "s3://amzn-s3-demo-bucket1/x"])
def test_missing_object(run: Runner, bucket: str, target: str) -> None:
    """An object or a bucket that is not there ends with 1 and names the place."""
    result = run("inspect", target, "--json")
    assert (result.code, result.json["error"]) == (1, "NotFound")
    assert target in result.json["what"]


def test_missing_version(run: Runner, put: Any) -> None:
    """A version that is not there is not replaced by the newest."""
    assert run("inspect", put(message()), "--version-id", "nosuchversion").code == 1


def test_plain_http_is_refused(run: Runner, put: Any) -> None:
    """Reading without a key is no reason to leave TLS."""
    result = run("inspect", put(message()), "--endpoint-url", "http://127.0.0.1:1", "--json")
    assert (result.code, result.json["error"]) == (2, "InsecureTransport")


def test_unreachable_endpoint(run: Runner, put: Any, monkeypatch: Any) -> None:
    """An endpoint that does not answer ends with 5."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = run("inspect", put(message()), "--endpoint-url", "https://127.0.0.1:1", "--json")
    assert (result.code, result.json["error"]) == (5, "TransportError")
