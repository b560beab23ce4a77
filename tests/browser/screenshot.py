"""Draws docs/images/upload.png: the page of the web examples after two uploads.

python -m tests.browser.screenshot
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from secure_s3.local import LocalAws

from .support import Page, chromium, fingerprint, served

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "upload.png"
WIDTH = 800
FILES = {"holiday-photos.zip": 24_300_000, "report-2026.pdf": 1_480_000}


def draw(picture: Path, *, width: int = WIDTH, dark: bool = False) -> None:
    """Upload two files, and take the picture."""
    with (
        LocalAws() as aws,
        served("flask", aws) as place,
        tempfile.TemporaryDirectory() as folder,
        chromium(Path(folder), "--hide-scrollbars", trust=fingerprint(aws)) as driver,
    ):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        page = Page(driver, place.origin).open()
        _resize(driver, width, 400)
        for name, length in FILES.items():
            path = Path(folder, name)
            path.write_bytes(b"\0" * length)
            print(page.upload(path))
        page.run("document.activeElement.blur()")
        _resize(driver, width, page.run("return document.documentElement.scrollHeight")["value"])
        driver.save_screenshot(str(picture))
    print(f"{picture}: {picture.stat().st_size} bytes")


def _resize(driver: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if sys.argv[1:] else PICTURE)
