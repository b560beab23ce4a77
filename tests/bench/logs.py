"""Lines of access logs per second, on one core, against one regular expression a line; and memory over 1 GiB.

The other side is what most programs do: a regular expression with a group for each field, matched against
each line of a file that is read as bytes. It makes no records, filters after the match, counts no malformed
line, and of a line with a quote in a field it takes what a client wrote for S3's.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from secure_s3.denials.accesslines import fields_of
from secure_s3.monitoring import Filter, read_logs

from .measure import Round, run

MEBIBYTE = 1024 * 1024
SMALL, LARGE = 64 * MEBIBYTE, 1024 * MEBIBYTE
WANTED = 300_000
"""Lines a second."""

_FIELD, _TEXT = rb"([^ ]*)", rb'"([^"]*)"'
_BASELINE = re.compile(
    b" ".join(
        [
            *(_FIELD, _FIELD, rb"\[([^\]]*)\]", *[_FIELD] * 5, _TEXT, *[_FIELD] * 6, _TEXT, _TEXT),
            *[_FIELD] * 10,
        ]
    )
)
_STATUS, _CODE, _REQUESTER, _OPERATION, _KEY, _CIPHER, _TLS = 10, 11, 5, 7, 8, 21, 24
ARN = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
FILTERS: dict[str, tuple[Filter | None, Callable[[re.Match[bytes]], bool]]] = {
    "every record": (None, lambda m: True),
    "status=403 (1 in 100)": (Filter(status=403), lambda m: m[_STATUS] == b"403"),
    "status='4xx' (1 in 100)": (Filter(status="4xx"), lambda m: m[_STATUS][:1] == b"4"),
    "status=200 (99 in 100)": (Filter(status=200), lambda m: m[_STATUS] == b"200"),
    "error_code=AccessDenied": (Filter(error_code="AccessDenied"), lambda m: m[_CODE] == b"AccessDenied"),
    "plain_http (1 in 1000)": (
        Filter(plain_http=True),
        lambda m: m[_CIPHER] == b"-" and m[_TLS] == b"-",
    ),
    "tls_below=1.3 (1 in 2)": (
        Filter(tls_below="1.3"),
        lambda m: m[_TLS] in (b"-", b"TLSv1.2"),
    ),
    "requester=arn…": (Filter(requester=ARN), lambda m: m[_REQUESTER] == ARN.encode()),
    "operation=PutObject": (Filter(operation="PutObject"), lambda m: m[_OPERATION] == b"REST.PUT.OBJECT"),
    "key_prefix=photos/2026/": (
        Filter(key_prefix="photos/2026/"),
        lambda m: m[_KEY].startswith(b"photos/2026/"),
    ),
    "one hour of a day": (
        Filter(
            since=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
            until=datetime(2026, 3, 1, 13, tzinfo=timezone.utc),
        ),
        lambda m: m[3].startswith(b"01/Mar/2026:12:"),
    ),
}


def lines() -> Iterator[bytes]:
    """Lines of about 480 bytes, as a busy bucket has them, without end."""
    number = 0
    while True:
        number += 1
        second = number // 40 % 86_400
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        answer = "403 AccessDenied 243 -" if number % 100 == 0 else f"200 - {number % 9973} {number % 99991}"
        kind, method = ("REST.PUT.OBJECT", "PUT") if number % 5 == 0 else ("REST.GET.OBJECT", "GET")
        who = ARN if number % 3 else "arn:aws:iam::111122223333:user/alice"
        cipher, tls = (
            ("ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2")
            if number % 2
            else ("TLS_AES_128_GCM_SHA256", "TLSv1.3")
        )
        cipher, tls = ("-", "-") if number % 1000 == 0 else (cipher, tls)
        key = f"photos/2026/february/image-{number % 100_000:06}.jpg"
        yield (
            f"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket "
            f"[01/Mar/2026:{clock} +0000] 192.0.2.{number % 250} {who} {number:016X} {kind} {key} "
            f'"{method} /{key} HTTP/1.1" {answer} {number % 97} {number % 89} "-" '
            f'"aws-sdk-java/1.12.610 Linux/5.10.201 OpenJDK_64-Bit_Server_VM/17.0.9" - '
            f"{number:040x}9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPx= SigV4 {cipher} AuthHeader "
            f"amzn-s3-demo-bucket.s3.eu-west-1.amazonaws.com {tls} - - eu-west-1\n"
        ).encode()


def write(path: Path, size: int) -> int:
    """A log of this size, made of the same lines over and over; returns how many there are."""
    made = lines()
    chunk = [next(made) for _ in range(100_000)]
    block, number = b"".join(chunk), 0
    with path.open("wb") as file:
        while file.tell() < size:
            number += file.write(block) // len(block) * len(chunk)
    return number


def main(rounds: int) -> None:
    """Each filter alternately with the other side on a log of 64 MiB, then memory over 1 GiB."""
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(before)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        number = write(path, SMALL)
        for name, (where, wanted) in FILTERS.items():
            _compare(name, path, number, where, wanted, rounds)
        _every_field(path, number, rounds)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, before)
    memory()


def _compare(
    name: str, path: Path, number: int, where: Filter | None, wanted: Callable[[Any], bool], rounds: int
) -> None:
    def ours() -> int:
        return sum(1 for _ in read_logs(path, where))

    def theirs() -> int:
        with path.open("rb") as file:
            return sum(1 for each in file if (match := _BASELINE.match(each)) and wanted(match))

    assert ours() == theirs(), name
    _print(name, number, [(run(ours), run(theirs)) for _ in range(rounds)])


def _every_field(path: Path, number: int, rounds: int) -> None:
    def ours() -> None:
        for record in read_logs(path):
            fields_of(record._line)

    def theirs() -> None:
        with path.open("rb") as file:
            for each in file:
                if match := _BASELINE.match(each):
                    match.groups()

    _print("every record, all 27 fields", number, [(run(ours), run(theirs)) for _ in range(rounds)])


def _print(name: str, number: int, pairs: list[tuple[Round, Round]]) -> None:
    ours = sorted(number / mine.cpu for mine, _ in pairs)
    theirs = sorted(number / other.cpu for _, other in pairs)
    ratios = sorted(other.cpu / mine.cpu for mine, other in pairs)
    middle = len(pairs) // 2
    verdict = "" if ours[middle] >= WANTED else f"  BELOW {WANTED:,}"
    print(
        f"{name:28s} ours {ours[middle]:10,.0f} lines/s  regex {theirs[middle]:10,.0f} lines/s  "
        f"ratio {ratios[middle]:5.2f}  [{ratios[0]:.2f} … {ratios[-1]:.2f}]  "
        f"({number:,} lines, CPU, {len(pairs)} rounds){verdict}",
        flush=True,
    )


def memory() -> None:
    """Peak memory over 64 MiB and over 1 GiB, in processes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        for size in (SMALL, LARGE):
            path = Path(folder) / "access.log"
            number = write(path, size)
            subprocess.run([sys.executable, "-m", "tests.bench.logs", str(path), str(number)], check=True)


def _resident() -> float:
    """Mebibytes that this process held at most. What getrusage tells begins with the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024


def _peak(path: Path, number: int) -> None:
    begun, before = time.perf_counter(), _resident()
    found = sum(1 for _ in read_logs(path))
    seconds, after = time.perf_counter() - begun, _resident()
    assert found == number
    tracemalloc.start()
    sum(1 for _ in read_logs(path, Filter(status=403)))
    traced = tracemalloc.get_traced_memory()[1]
    print(
        f"{path.stat().st_size / MEBIBYTE:8,.0f} MiB, {number:,} lines, "
        f"{number / seconds:10,.0f} lines/s (wall), "
        f"resident {after:6.1f} MiB at most, {after - before:.1f} MiB of it for reading; "
        f"Python's own at most {traced / 1024:,.0f} KiB with status=403",
        flush=True,
    )


if __name__ == "__main__":
    _peak(Path(sys.argv[1]), int(sys.argv[2]))
