"""Runs in an environment of its own, with the Amazon S3 Encryption Client: commands in, times out.

Arguments: endpoint, CA bundle, key ARN, region, bucket. Commands: ``upload PATH KEY``, ``download KEY PATH``;
answers: seconds on the wall and of CPU.
"""

import sys
import time

import boto3
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring

endpoint, ca_bundle, key_arn, region, bucket = sys.argv[1:]
made = {
    "endpoint_url": endpoint,
    "verify": ca_bundle,
    "region_name": region,
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "example",
}
keyring = KmsKeyring(kms_client=boto3.client("kms", **made), kms_key_id=key_arn)
s3 = S3EncryptionClient(boto3.client("s3", **made), S3EncryptionClientConfig(keyring=keyring))

print("ready", flush=True)
for line in sys.stdin:
    what, source, target = line.split()
    wall, cpu = time.perf_counter(), time.process_time()
    if what == "upload":
        s3.upload_file(source, bucket, target)
    else:
        body = s3.get_object(Bucket=bucket, Key=source)["Body"]
        with open(target, "wb") as file:
            while data := body.read(1 << 20):
                file.write(data)
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
