"""Draws docs/images/audit.png: the top of the page of an audit, as wide as a desk and as narrow as a phone.

python -m tests.browser.audit_picture
"""

from __future__ import annotations

import base64
import json
import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from secure_s3 import SseKms
from secure_s3.bucket.audit.judging import Audit
from secure_s3.bucket.reports.page import page_of
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.local import LocalAws

from .support import chromium

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "audit.png"
SIZES = {"phone": (360, 800), "desk": (1280, 900)}
BUCKET = "amzn-s3-demo-bucket"
OPEN = {
    "Sid": "PublicImages",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/images/*",
}
UNREAD = {"trails": "cloudtrail:DescribeTrails", "recorders": "config:DescribeConfigurationRecorders"}


def realistic() -> Audit:
    """What is said of a bucket that was in order, until somebody opened it; not all of it may be read."""
    with LocalAws() as aws:
        aws.create_bucket(BUCKET)
        s3 = aws.client(SseKms(aws.kms_key_arn))
        bucket = s3.bucket(BUCKET)
        bucket.harden()
        s3.boto3.delete_public_access_block(Bucket=BUCKET)
        policy = json.loads(s3.boto3.get_bucket_policy(Bucket=BUCKET)["Policy"])
        kept = [each for each in policy["Statement"] if each["Sid"] != "DenyInsecureTransport"]
        s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy | {"Statement": [OPEN, *kept]}))
        denied = {name: Unread("access denied", action, "AccessDenied") for name, action in UNREAD.items()}
        return bucket.audit(snapshot=replace(bucket.snapshot(), **denied))  # type: ignore[arg-type]


@contextmanager
def viewed(page: str, folder: Path) -> Iterator[Any]:
    """A Chromium that shows the page, read from a file."""
    place = folder / "audit.html"
    place.write_text(page, encoding="utf-8")
    with chromium(folder, "--hide-scrollbars", trust="") as driver:
        driver.get(place.as_uri())
        yield driver


def resize(driver: Any, width: int, height: int, *, dark: bool = False) -> None:
    """Show it in a window of that size, as bright or as dark as its user likes."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


SHOWN = {"desk": (1000, 760), "phone": (360, 760)}
GAP = 12
BESIDE = """
    const done = arguments[arguments.length - 1], [pictures, gap] = arguments;
    Promise.all(pictures.map(async (each) => {
        const image = new Image();
        image.src = `data:image/png;base64,${each}`;
        await image.decode();
        return image;
    })).then((images) => {
        const canvas = document.createElement("canvas");
        canvas.width = images.reduce((sum, each) => sum + each.width + gap, gap);
        canvas.height = images[0].height + 2 * gap;
        const pen = canvas.getContext("2d");
        pen.fillStyle = "#c5ced8";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        images.reduce((x, each) => { pen.drawImage(each, x, gap); return x + each.width + gap; }, gap);
        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
        let text = "";
        for (let at = 0; at < data.length; at += 4) {
            text += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
        }
        done([canvas.width, btoa(text)]);
    });
"""


def draw(picture: Path, page: str) -> None:
    """Put both sizes beside each other, not scaled, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, viewed(page, Path(folder)) as driver:
        taken = []
        for name, (width, height) in SHOWN.items():
            resize(driver, width, height, dark=name == "phone")
            taken.append(driver.get_screenshot_as_base64())
        driver.get("about:blank")  # the page itself lets no script of ours load a picture
        width, pixels = driver.execute_async_script(BESIDE, taken, GAP)
    picture.write_bytes(png(width, base64.b64decode(pixels)))
    print(f"{picture}: {picture.stat().st_size} bytes")


def png(width: int, pixels: bytes) -> bytes:
    """A PNG of 256 colours, those that are there most: a third of what Chromium makes of it."""
    colours = [pixels[at : at + 3] for at in range(0, len(pixels), 3)]
    palette = [colour for colour, _ in Counter(colours).most_common(256)]
    nearest = {each: _nearest(each, palette) for each in set(colours)}
    indexed = bytes(nearest[each] for each in colours)
    rows = [b"\0" + indexed[at : at + width] for at in range(0, len(indexed), width)]
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(b"".join(rows), 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in (*parts, (b"IEND", b"")))


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    distances = [sum((a - b) ** 2 for a, b in zip(colour, each, strict=True)) for each in palette]
    return distances.index(min(distances))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if sys.argv[1:] else PICTURE, page_of([realistic()]))
