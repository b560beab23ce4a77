"""Client-side encryption over the wire: against boto3 without it, and against the S3 Encryption Client."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from secure_s3 import ClientSide, KmsKeys, SseKms
from secure_s3.guard.kms import KmsClients
from secure_s3.local import LocalAws

from .large import write_file
from .measure import compare, run

_MIB = 1 << 20
_PEER = "amazon-s3-encryption-client-python==4.0.0"
_COUNT = 100


def main(rounds: int) -> None:
    """Large files against boto3, then against the peer, then 4 KiB objects against SSE-KMS."""
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        ours = aws.client(ClientSide(KmsKeys(aws.kms_key_arn)))
        source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
        for size in (256, 1024):
            write_file(source, size * _MIB)
            _against_boto3(aws, ours, bucket, (source, target), size, rounds if size < 1024 else 3)
            if size == 256:
                _against_peer(aws, ours, bucket, (source, target), size, rounds)
        _small(aws, ours, bucket, rounds)


def _against_boto3(
    aws: LocalAws, ours: Any, bucket: str, paths: tuple[str, str], size: int, rounds: int
) -> None:
    source, target = paths
    theirs = aws.session().client("s3")
    compare(
        f"sealed upload_file {size} MiB",
        lambda: ours.upload_file(source, bucket, "sealed"),
        lambda: theirs.upload_file(source, bucket, "plain"),
        rounds=rounds,
        per_round="1 file",
    )
    compare(
        f"sealed download_file {size} MiB",
        lambda: ours.download_file(bucket, "sealed", target),
        lambda: theirs.download_file(bucket, "plain", target),
        rounds=rounds,
        per_round="1 file",
    )
    assert Path(source).stat().st_size == ours.head_object(Bucket=bucket, Key="sealed")["ContentLength"]
    theirs.delete_object(Bucket=bucket, Key="plain")
    theirs.delete_object(Bucket=bucket, Key="sealed")


def _against_peer(
    aws: LocalAws, ours: Any, bucket: str, paths: tuple[str, str], size: int, rounds: int
) -> None:
    source, target = paths
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = os.path.join(folder, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "-q", _PEER], check=True)
        command = [python, str(Path(__file__).with_name("s3ec_child.py"))]
        command += [aws.endpoint_url, aws.ca_bundle, aws.kms_key_arn, aws.region, bucket]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for name, peer, mine in (
            ("upload", f"upload {source} peer", lambda: ours.upload_file(source, bucket, "ours")),
            ("download", f"download peer {target}", lambda: ours.download_file(bucket, "ours", target)),
        ):
            walls, cpus = [], []
            for _ in range(rounds + 1):
                print(peer, file=child.stdin, flush=True)
                wall, cpu = map(float, child.stdout.readline().split())
                own = run(mine)
                walls.append(wall / own.wall)
                cpus.append(cpu / own.cpu)
            for kind, ratios in (("wall", sorted(walls[1:])), ("cpu", sorted(cpus[1:]))):
                middle, spread = statistics.median(ratios), f"[{ratios[0]:.2f} … {ratios[-1]:.2f}]"
                title = f"sealed {name} {size} MiB against S3EC"
                print(f"{title:34s} {kind:4s}  ratio {middle:5.2f}  {spread}  ({rounds} rounds)", flush=True)
        child.stdin.close()
        child.wait()


def _small(aws: LocalAws, ours: Any, bucket: str, rounds: int) -> None:
    """4 KiB put and get against SSE-KMS, with the calls to KMS counted."""
    theirs, body, calls = aws.client(SseKms(aws.kms_key_arn)), os.urandom(4096), []
    counted = KmsClients._call

    def count(self: Any, operation: str, *arguments: Any, **more: Any) -> Any:
        calls.append(operation)
        return counted(self, operation, *arguments, **more)

    KmsClients._call = count  # type: ignore[method-assign]

    def put_and_get(s3: Any, place: str) -> None:
        for number in range(_COUNT):
            s3.put_object(Bucket=bucket, Key=f"{place}/{number}", Body=body)
            s3.get_object(Bucket=bucket, Key=f"{place}/{number}")["Body"].read()

    try:
        put_and_get(ours, "counted")
        made = {name: calls.count(name) for name in sorted(set(calls))}
        print(f"KMS calls for {_COUNT} puts and {_COUNT} gets: {made}", file=sys.stdout)
    finally:
        KmsClients._call = counted  # type: ignore[method-assign]
    compare(
        "put + get 4 KiB, sealed",
        lambda: put_and_get(ours, "sealed"),
        lambda: put_and_get(theirs, "sse"),
        rounds=rounds,
        per_round=f"{_COUNT} of each",
        other="SSE-KMS",
    )
