"""SSE-C with a key of your own, and its rotation: a copy onto itself from the old key to the new one.

Run it with no arguments; it uses the embedded endpoint. Who loses the key loses the objects.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from secure_s3 import SseC, errors
from secure_s3.local import LocalAws

BUCKET, KEY = "amzn-s3-demo-bucket", "ledger.csv"


def new_key_file(path: Path) -> SseC:
    """A new key in a file that only this user can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(SseC.generate().key.reveal())
    return SseC.from_file(path)


def main() -> None:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        aws.create_bucket(BUCKET)
        old = new_key_file(Path(folder, "2025.key"))
        new = new_key_file(Path(folder, "2026.key"))
        print("the key is not shown:", old)

        s3 = aws.client(old)
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"date,amount\n")

        source = {"Bucket": BUCKET, "Key": KEY}
        receipt = s3.copy(source, BUCKET, KEY, encryption=new, source_encryption=old)
        print("rotated:", receipt.algorithm)

        try:
            s3.get_object(Bucket=BUCKET, Key=KEY)
        except errors.ServiceError as error:
            print("the old key is refused:", error.status)
        answer = s3.get_object(Bucket=BUCKET, Key=KEY, encryption=new)
        print("the new key reads:", answer["Body"].read())


if __name__ == "__main__":
    main()
