"""Memory is bounded by parts in flight, not by the size of the object."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transfer.support import MIB, Place

SIZE = 128 * MIB
LIMIT = 60 * MIB

_SCRIPT = """
import io, json, resource, sys
from boto3.s3.transfer import TransferConfig
from secure_s3 import SecureS3Client

what, size, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
bucket = "amzn-s3-demo-bucket"
parts = TransferConfig(multipart_chunksize=5 << 20, max_concurrency=2)


class Zeros(io.RawIOBase):
    left = size

    def read(self, count=-1):
        count = min(count, self.left)
        self.left -= count
        return bytes(count)


class Sink(io.RawIOBase):
    got = 0

    def write(self, data):
        self.got += len(data)
        return len(data)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


s3 = SecureS3Client.from_env()
s3.upload_fileobj(io.BytesIO(bytes(6 << 20)), bucket, "warm", Config=parts)
s3.download_fileobj(bucket, "warm", Sink(), Config=parts)
before = peak()
if what == "upload_file":
    with open(f"{folder}/big", "wb") as file:
        file.truncate(size)
    s3.upload_file(f"{folder}/big", bucket, "k", Config=parts)
elif what == "upload_fileobj":
    s3.upload_fileobj(Zeros(), bucket, "k", Config=parts)
elif what == "open-wb":
    with s3.open(bucket, "k", "wb") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
elif what == "download_file":
    s3.download_file(bucket, "k", f"{folder}/got", Config=parts)
elif what == "download_fileobj":
    sink = Sink()
    s3.download_fileobj(bucket, "k", sink, Config=parts)
    assert sink.got == size
else:
    with s3.open(bucket, "k") as file:
        while file.read(1 << 20):
            pass
print(json.dumps(peak() - before))
"""


def _growth(place: Place, what: str, folder: Path) -> int:
    environment = place.aws.environment()
    environment = {name: value for name, value in environment.items() if not name.startswith("AWS_CA")}
    del environment["AWS_ENDPOINT_URL"]
    environment |= {
        "SECURE_S3_ENDPOINT_URL": place.aws.endpoint_url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, what, str(SIZE), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has another unit elsewhere")
def test_peak_memory(place: Place, folder: Path) -> None:
    """128 MiB go either way, by file, file object and open(), with less than 60 MiB more memory."""
    for what in ("upload_file", "upload_fileobj", "open-wb"):
        assert _growth(place, what, folder) < (LIMIT if what != "open-wb" else 2 * LIMIT), what
    assert place.head()["ContentLength"] == SIZE
    for what in ("download_file", "download_fileobj", "open-rb"):
        assert _growth(place, what, folder) < LIMIT, what
