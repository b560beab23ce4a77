"""Client-side encryption with KMS keys in two regions, and a ranged read of a large file.

Run it with no arguments; it uses the embedded endpoint. S3 never sees the plaintext; each key alone opens it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from secure_s3 import ClientSide, KmsKeys, errors
from secure_s3.local import LocalAws

BUCKET, KEY = "amzn-s3-demo-bucket", "archive/measurements.bin"
MIB = 1 << 20


def main() -> None:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        aws.create_bucket(BUCKET)
        ireland = aws.kms_key_arn
        virginia = aws.session().client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
        s3 = aws.client(ClientSide(KmsKeys(ireland, virginia)))

        source = Path(folder, "measurements.bin")
        source.write_bytes(b"".join(b"%015d\n" % line for line in range(2 * MIB)))
        receipt = s3.upload_file(source, BUCKET, KEY)
        print(f"stored {receipt.bytes} bytes: {receipt.client_side}, and {receipt.algorithm} at rest")

        # Only the frames that hold these bytes are fetched, and each is verified.
        answer = s3.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=16000000-16000015")
        print(answer["ContentRange"], answer["Body"].read())
        with s3.open(BUCKET, KEY) as file:
            file.seek(-16, 2)
            print("the last line:", file.read())

        renamed = s3.copy({"Bucket": BUCKET, "Key": KEY}, BUCKET, "archive/renamed.bin")
        print("under another name, encrypted again:", renamed.bytes)

        aws.disable_key(ireland)
        try:
            aws.client(ClientSide(KmsKeys(ireland))).get_object(Bucket=BUCKET, Key=KEY)
        except errors.KeyAccessError as error:
            print("Ireland alone:", type(error).__name__, error.code)
        length = aws.client(ClientSide(KmsKeys(virginia))).download_file(BUCKET, KEY, source).bytes
        print("Virginia alone:", length, "bytes")


if __name__ == "__main__":
    main()
