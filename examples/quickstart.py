"""A file goes up and comes back, encrypted with a KMS key, on the embedded endpoint.

Run it with no arguments. To use AWS, make the client yourself: SecureS3Client(SseKms("arn:aws:kms:…")).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from secure_s3 import SseKms, errors
from secure_s3.local import LocalAws

BUCKET = "amzn-s3-demo-bucket"


def main() -> None:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        aws.create_bucket(BUCKET)
        s3 = aws.client(SseKms(aws.kms_key_arn))

        report = Path(folder, "report.txt")
        report.write_text("twelve pages")
        receipt = s3.upload_file(report, BUCKET, "reports/2026.txt")
        print(f"stored {receipt.bytes} bytes with {receipt.algorithm}, key {receipt.kms_key_id}")

        again = Path(folder, "again.txt")
        s3.download_file(BUCKET, "reports/2026.txt", again)
        print("read back:", again.read_text())

        with s3.open(BUCKET, "reports/2026.txt", "rb") as file:
            file.seek(7)
            print("from byte 7:", file.read().decode())

        try:
            s3.put_object(Bucket=BUCKET, Key="plain", Body=b"", ServerSideEncryption="AES256")
        except errors.EncryptionConflict as error:
            print("refused:", error.what)


if __name__ == "__main__":
    main()
