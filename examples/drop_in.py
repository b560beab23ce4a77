"""smart_open and pandas write through a guarded client: what lands is encrypted as configured.

Run it with no arguments; it uses the embedded endpoint. Needs smart_open[s3] and pandas.
"""

from __future__ import annotations

import pandas as pd
import smart_open

from secure_s3 import SseKms, errors
from secure_s3.local import LocalAws

BUCKET = "amzn-s3-demo-bucket"


def main() -> None:
    with LocalAws() as aws:
        aws.create_bucket(BUCKET)
        s3 = aws.client(SseKms(aws.kms_key_arn))

        # smart_open takes a client. s3.boto3 is a genuine boto3 client under the guard.
        through = {"client": s3.boto3}
        with smart_open.open(f"s3://{BUCKET}/notes.txt", "w", transport_params=through) as file:
            file.write("a line\n")
        print("smart_open:", s3.head_object(Bucket=BUCKET, Key="notes.txt")["ServerSideEncryption"])

        # pandas would use s3fs for s3:// paths, which no boto3 guard reaches: give it a file object.
        table = pd.DataFrame({"item": ["pen", "ink"], "count": [3, 5]})
        with s3.open(BUCKET, "stock.csv", "wb") as file:
            table.to_csv(file, index=False)
        print("pandas:", s3.head_object(Bucket=BUCKET, Key="stock.csv")["ServerSideEncryption"])
        with s3.open(BUCKET, "stock.csv", "rb") as file:
            print("read back:", len(pd.read_csv(file)), "rows")

        try:
            bad = through | {"client_kwargs": {"S3.Client.create_multipart_upload": {"ACL": "public-read"}}}
            with smart_open.open(f"s3://{BUCKET}/open.txt", "w", transport_params=bad) as file:
                file.write("for everybody")
        except errors.PublicAccessRefused as error:
            print("refused:", error.what)


if __name__ == "__main__":
    main()
