"""Peak memory of a 256 MiB upload and download, each in a process of its own.

VmHWM, because the ru_maxrss of a child starts at what its parent had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from secure_s3.local import LocalAws

from .large import write_file

_CHILD = """
import json, os, re, sys
side, what, source, bucket, endpoint, ca, key, region = sys.argv[1:]
os.environ.update(AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="example")
os.environ.update(AWS_DEFAULT_REGION=region)
os.environ.pop("AWS_CA_BUNDLE", None)
if side != "boto3":
    from secure_s3 import ClientSide, KmsKeys, SecureS3Client, SseKms
    os.environ["AWS_ENDPOINT_URL_KMS"] = endpoint
    how = SseKms(key) if side == "ours" else ClientSide(KmsKeys(key))
    s3 = SecureS3Client(how, endpoint_url=endpoint, ca_bundle=ca)
    extra = None
else:
    import boto3
    s3 = boto3.client("s3", endpoint_url=endpoint, verify=ca)
    extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
s3.list_objects_v2(Bucket=bucket)
name = "large" if side != "sealed" else "sealed"
if what == "upload":
    s3.upload_file(source, bucket, name, ExtraArgs=extra)
elif what == "download":
    s3.download_file(bucket, name, source + ".down")
else:
    body = s3.get_object(Bucket=bucket, Key=name)["Body"]
    while body.read(65536):
        pass
print(json.dumps(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])))
"""


def main(rounds: int, size: int = 256) -> None:
    """Peak resident size in MiB for a file of *size* MiB; the difference is what counts."""
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        source = os.path.join(folder, "source")
        write_file(source, size << 20)
        for what in ("upload", "download", "get"):
            peaks: dict[str, list[float]] = {"ours": [], "boto3": [], "sealed": []}
            for _ in range(max(2, rounds // 2)):
                for side in peaks:
                    peaks[side].append(_peak(aws, side, what, source, bucket))
            ours, theirs, sealed = (sorted(values)[len(values) // 2] for values in peaks.values())
            print(
                f"{what} {size} MiB, peak RSS: ours {ours:.1f} MiB, client-side {sealed:.1f} MiB, "
                f"boto3 {theirs:.1f} MiB, differences {ours - theirs:+.1f} and {sealed - theirs:+.1f} MiB",
                flush=True,
            )


def _peak(aws: LocalAws, side: str, what: str, source: str, bucket: str) -> float:
    command = [sys.executable, "-c", _CHILD, side, what, source, bucket]
    command += [aws.endpoint_url, aws.ca_bundle, aws.kms_key_arn, aws.region]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output) / 1024
