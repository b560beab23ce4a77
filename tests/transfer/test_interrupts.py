"""Ctrl-C as a user presses it: a child process gets SIGINT in the middle of a transfer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import MIB, Place

_SCRIPT = """
import sys
from secure_s3 import SecureS3Client
s3 = SecureS3Client.from_env()
what, path = sys.argv[1:]
try:
    if what == "upload":
        s3.upload_file(path, "amzn-s3-demo-bucket", "k")
    elif what == "open":
        with s3.open("amzn-s3-demo-bucket", "k", "wb") as file:
            for _ in range(1000):
                file.write(bytes(1 << 20))
    else:
        s3.download_file("amzn-s3-demo-bucket", "k", path)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("what", ["upload", "open", "download"])
def test_sigint(place: Place, proxy: FaultyProxy, folder: Path, what: str) -> None:
    """SIGINT in the middle of a transfer leaves no object, no parts and no file, and is not swallowed."""
    children: list[subprocess.Popen[str]] = []

    def interrupt(exchange: fault.Exchange) -> None:
        children[0].send_signal(signal.SIGINT)
        fault.pass_through(exchange)

    path = folder / "f"
    if what == "download":
        place.put(os.urandom(MIB) * 24)
        proxy.inject(interrupt, when=lambda seen: "range" in seen.headers)
    else:
        proxy.inject(interrupt, query="partNumber=1")
    if what == "upload":
        path.write_bytes(os.urandom(MIB) * 24)
    environment = place.aws.environment()
    environment = {name: value for name, value in environment.items() if "BUNDLE" not in name}
    del environment["AWS_ENDPOINT_URL"]
    environment |= {
        "SECURE_S3_ENDPOINT_URL": proxy.url,
        "SECURE_S3_CA_BUNDLE": proxy.ca_bundle,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, what, str(path)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    children.append(child)
    try:
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert out == "interrupted\n", err
    assert place.uploads() == []
    assert place.keys() == (["k"] if what == "download" else [])
    assert [found.name for found in folder.iterdir()] == (["f"] if what == "upload" else [])
