"""What the tests of client-side encryption share: keys, messages, ways of reading, and an ear at KMS."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boto3.s3.transfer import TransferConfig

from secure_s3 import SecureS3Client, limits
from secure_s3.encryption import ClientSide
from secure_s3.envelope.keys import RawAesKey
from tests.envelope import sdk
from tests.envelope.support import seal
from tests.transfer.support import BUCKET, Place, content

FRAME = limits.MIN_FRAME_BYTES
RAW = RawAesKey("vault/1", bytes(range(32)))
OTHER_RAW = RawAesKey("vault/2", bytes(range(32, 64)))
ALWAYS = 10**6

# Windows of a few frames; only downloads, since S3 takes no such parts.
TINY = TransferConfig(multipart_threshold=1, multipart_chunksize=2 * FRAME, max_concurrency=3)
ONE_PIECE = TransferConfig(use_threads=False)


def raw(**more: Any) -> ClientSide:
    """Client-side encryption with a key of this process, in the smallest frames there are."""
    return ClientSide(RAW, **{"frame_bytes": FRAME, **more})


def bound(key: str = "k") -> dict[str, str]:
    """The context of an object at its place, written down by hand."""
    return {"secure-s3:bucket": BUCKET, "secure-s3:key": key}


def message(size: int, key: str = "k", **more: Any) -> bytes:
    """An object as this package writes it."""
    return seal(content(size), FRAME, **{"keys": RAW, "context": bound(key), **more})


def sdk_message(size: int, key: str = "k", *, suite: int = 0x0478, **more: Any) -> bytes:
    """An object as the AWS Encryption SDK writes it, for the same place."""
    provider = more.pop("provider", None) or sdk.master_key(RAW)
    return sdk.encrypt(
        content(size), suite, **{"frame_bytes": FRAME, "context": bound(key), "provider": provider, **more}
    )


def decrypted(place: Place, key: str = "k") -> bytes:
    """What the AWS Encryption SDK finds in an object, whose context has to be that of its place."""
    plain, context = sdk.decrypt(place.body(key), sdk.master_key(RAW))
    assert context == bound(key)
    return plain


class Sink(io.RawIOBase):
    """Keeps every byte that it was given, and every piece as it was handed over."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.pieces: list[Any] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.got += data
        self.pieces.append(data)
        return len(data)


# -- ways of reading: each gives the sink whatever plaintext it gets hold of -----------------------------


def by_get(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    sink.write(s3.get_object(Bucket=BUCKET, Key="k")["Body"].read())


def by_get_in_crumbs(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    with s3.get_object(Bucket=BUCKET, Key="k")["Body"] as body:
        while data := body.read(300):
            sink.write(data)


def by_range(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    with s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=0-")["Body"] as body:
        while data := body.read(300):
            sink.write(data)


def by_file(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    s3.download_file(BUCKET, "k", folder / "f")
    sink.write((folder / "f").read_bytes())


def by_file_in_windows(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    s3.download_file(BUCKET, "k", folder / "f", Config=TINY)
    sink.write((folder / "f").read_bytes())


def by_fileobj(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    s3.download_fileobj(BUCKET, "k", sink, Config=ONE_PIECE)  # type: ignore[arg-type]


def by_fileobj_in_windows(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    s3.download_fileobj(BUCKET, "k", sink, Config=TINY)  # type: ignore[arg-type]


def by_open(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    with s3.open(BUCKET, "k") as file:
        while data := file.read(300):
            sink.write(data)


def by_copy(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    s3.copy({"Bucket": BUCKET, "Key": "k"}, BUCKET, "copy")
    sink.write(s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read())


def by_many(s3: SecureS3Client, folder: Path, sink: Sink) -> None:
    results = s3.download_many(BUCKET, ["k"], folder)
    sink.write(Path(results[0].path).read_bytes())


Way = Callable[[SecureS3Client, Path, Sink], None]
WAYS: tuple[Way, ...] = (
    by_get,
    by_get_in_crumbs,
    by_range,
    by_file,
    by_file_in_windows,
    by_fileobj,
    by_fileobj_in_windows,
    by_open,
    by_copy,
    by_many,
)


def reads(way: Way, s3: SecureS3Client, folder: Path) -> bytes:
    """What a way of reading gives."""
    sink = Sink()
    way(s3, folder, sink)
    return bytes(sink.got)


def refuse_at_kms(s3: SecureS3Client, operation: str, code: str, times: int = ALWAYS) -> list[str]:
    """Have KMS refuse an operation of a client that has not asked it yet; a list of what was refused."""
    asked: list[str] = []

    def refuse(params: dict[str, Any], **_: Any) -> Any:
        if len(asked) >= times:
            return None
        asked.append(operation)
        parsed = {
            "Error": {"Code": code, "Message": "refused by the test"},
            "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r"},
        }
        return SimpleNamespace(status_code=400), parsed

    s3.session.events.register(f"before-call.kms.{operation}", refuse)
    return asked
