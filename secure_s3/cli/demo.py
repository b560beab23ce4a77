"""``secure-s3 demo``: the main job, from a bucket to refusals, against the embedded endpoint."""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exits import FINDINGS, OK
from .options import Commands, command
from .output import clean, print_json, print_table

if TYPE_CHECKING:
    from ..encryption import Strategy
    from ..local import LocalAws
    from ..transfer.receipts import Receipt

_EPILOG = """\
It needs the extra: pip install 'secure-s3[local]'. Nothing leaves this machine, and nothing stays on it.

example:
  secure-s3 demo
"""
_BUCKET = "secure-s3-demo"
_HEADERS = ("strategy", "files", "bytes", "up s", "down s", "S3 reported", "hashes equal")


@dataclass(frozen=True, slots=True)
class Round:
    """One strategy: a folder up and down again."""

    strategy: str
    files: int
    bytes: int
    up_seconds: float
    down_seconds: float
    reported: str
    hashes_equal: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that must not work, and what was said to it; ``error`` is empty if it did work."""

    what: str
    error: str
    text: str


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "upload a folder with every strategy to the embedded endpoint, and read it back"
    command(commands, "demo", summary, _EPILOG, run)


def run(args: argparse.Namespace) -> int:
    """Show it; 0 only if everything held."""
    from ..guard.probe import probe_tls
    from ..local import LocalAws

    with LocalAws() as aws:
        aws.create_bucket(_BUCKET)
        report = probe_tls(aws.endpoint_url, ca_bundle=aws.ca_bundle)
        strategies = _strategies(aws)
        rounds = [_round(aws, strategy) for strategy in strategies]
        refusals = [*_refusals(aws, strategies[-1]), *_client_side_refusals(aws, strategies[-2])]
        said: dict[str, Any] = {
            "endpoint": aws.endpoint_url,
            "tls": {"offered": report.offered, "accepted": report.accepted, "cipher": report.cipher},
            "rounds": [asdict(item) for item in rounds],
            "refusals": [asdict(item) for item in refusals],
        }
    held = report.accepted and all(item.hashes_equal for item in rounds) and all(r.error for r in refusals)
    said["held"] = held
    print_json(said) if args.json else _show(said, rounds, refusals)
    return OK if held else FINDINGS


def _strategies(aws: LocalAws) -> list[Strategy]:
    from ..encryption import ClientSide, DsseKms, SseC, SseKms, SseS3
    from ..envelope.keys import KmsKeys

    key = aws.kms_key_arn
    client_side = ClientSide(KmsKeys(key), server_side=SseKms(key))
    return [SseKms(key), DsseKms(key), SseS3(), client_side, SseC.generate()]


def _round(aws: LocalAws, strategy: Strategy) -> Round:
    """The package's own files, up and down; what counts is that the bytes are the same."""
    sources = _package_files()
    prefix = f"{strategy.label}/"
    with aws.client(strategy) as s3, tempfile.TemporaryDirectory(prefix="secure-s3-demo-") as folder:
        up = s3.upload_many(sources, _BUCKET, prefix)
        down = s3.download_many(_BUCKET, prefix, folder)
        sent = {key: _sha256(path) for path, key in sources.items()}
        got = {
            path.relative_to(folder).as_posix(): _sha256(path)
            for path in Path(folder).rglob("*")
            if path.is_file()
        }
    reported = {_told(file.receipt) for file in up if file.receipt}
    return Round(
        strategy=strategy.label,
        files=len(up.done),
        bytes=up.bytes,
        up_seconds=round(up.seconds, 2),
        down_seconds=round(down.seconds, 2),
        reported=", ".join(sorted(reported)),
        hashes_equal=sent == got,
    )


def _told(receipt: Receipt) -> str:
    algorithm = receipt.algorithm or "nothing"
    return f"ciphertext, {algorithm}" if receipt.client_side else algorithm


def _package_files() -> dict[Path, str]:
    """The files of this package, without what Python may be writing right now."""
    root = Path(__file__).resolve().parents[1]
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path: path.relative_to(root).as_posix() for path in files}


def _sha256(path: str | os.PathLike[str]) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _refusals(aws: LocalAws, sse_c: Strategy) -> list[Refusal]:
    """What must be refused: plain HTTP, and an SSE-C object without its key or with another one."""
    from ..encryption import SseC, SseS3

    secret = f"{sse_c.label}/__init__.py"
    plain = aws.endpoint_url.replace("https://", "http://")

    def over_http() -> Any:
        return aws.client(SseS3(), endpoint_url=plain)

    def read_with(strategy: Strategy) -> Callable[[], Any]:
        return lambda: aws.client(strategy).get_object(Bucket=_BUCKET, Key=secret)

    return [
        _refused("a client over plain HTTP", over_http),
        _refused("an SSE-C object without its key", read_with(SseS3())),
        _refused("an SSE-C object with another key", read_with(SseC.generate())),
    ]


def _client_side_refusals(aws: LocalAws, strategy: Strategy) -> list[Refusal]:
    """Under client-side encryption: objects that were swapped or replaced, and raw writes."""
    here, there = (f"{strategy.label}/{name}" for name in ("client.py", "errors.py"))
    # As somebody would do it who may write to the bucket, but has no key.
    other: Any = aws.session().client("s3")
    other.copy_object(Bucket=_BUCKET, Key=there, CopySource={"Bucket": _BUCKET, "Key": here})
    other.put_object(Bucket=_BUCKET, Key=here, Body=b"not encrypted")
    other.close()
    s3 = aws.client(strategy)

    def read(key: str) -> Callable[[], Any]:
        return lambda: s3.get_object(Bucket=_BUCKET, Key=key)

    def write() -> Any:
        return s3.boto3.put_object(Bucket=_BUCKET, Key=here, Body=b"not encrypted")

    return [
        _refused("an encrypted object in the place of another", read(there)),
        _refused("a plaintext in the place of an encrypted object", read(here)),
        _refused("a raw write through s3.boto3", write),
    ]


def _refused(what: str, attempt: Callable[[], Any]) -> Refusal:
    from ..errors import SecureS3Error

    try:
        attempt()
    except SecureS3Error as error:
        return Refusal(what, type(error).__name__, str(error))
    return Refusal(what, "", "it worked, and must not")


def _show(said: dict[str, Any], rounds: list[Round], refusals: list[Refusal]) -> None:
    tls = said["tls"]
    accepted = "accepted" if tls["accepted"] else "NOT accepted"
    print(f"{said['endpoint']} offers TLS {' and '.join(tls['offered'])}: {accepted}.\n")
    print_table(_HEADERS, [[*astuple(item)[:-1], _yes(item.hashes_equal)] for item in rounds])
    refused = all(item.error for item in refusals)
    print("\nRefused, as it should be:" if refused else "\nREFUSALS ARE MISSING:")
    for item in refusals:
        text = item.text.replace("\n", "\n    ")
        print(f"  {item.what}: {item.error}\n    {clean(text)}")
    print("\nEverything held." if said["held"] else "\nNOT everything held.")


def _yes(value: bool) -> str:
    return "yes" if value else "NO"
