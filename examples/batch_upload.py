"""A folder goes up with progress; one file fails, the others go, and a second run takes up what is left.

Run it with no arguments; it uses the embedded endpoint. On a terminal, progress=True draws bars instead.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from secure_s3 import SseS3, errors
from secure_s3.local import LocalAws
from secure_s3.transfer.results import BatchResult

BUCKET = "amzn-s3-demo-bucket"


def main() -> None:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        aws.create_bucket(BUCKET)
        s3 = aws.client(SseS3())
        photos, left = Path(folder, "photos"), Path(folder, "left.json")
        photos.mkdir()
        for number in range(8):
            (photos / f"{number}.jpg").write_bytes(b"x" * 1000)
        (photos / "broken.jpg").symlink_to("nowhere")

        moved = 0

        def progress(count: int) -> None:
            nonlocal moved
            moved += count

        try:
            s3.upload_many(photos, BUCKET, "photos/", workers=4, progress=progress)
        except errors.BatchFailed as error:
            result = error.results
            print(f"{len(result.done)} done, {moved} bytes; {result.failed[0].error}")
            result.save(left)

        (photos / "broken.jpg").unlink()
        (photos / "broken.jpg").write_bytes(b"mended")
        result = s3.upload_many(BatchResult.load(left), BUCKET)
        print(f"resumed: {len(result.done)} done, {len(result.remaining)} remaining")

        result = s3.upload_many(photos, BUCKET, "photos/", skip_existing=True)
        print(f"again: {len(result.done)} done, {len(result.skipped)} skipped")


if __name__ == "__main__":
    main()
