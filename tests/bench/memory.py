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
if side == "ours":
    from secure_s3 import SecureS3Client, SseKms
    s3 = SecureS3Client(SseKms(key), endpoint_url=endpoint, ca_bundle=ca)
    extra = None
else:
    import boto3
    s3 = boto3.client("s3", endpoint_url=endpoint, verify=ca)
    extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
s3.list_objects_v2(Bucket=bucket)
if what == "upload":
    s3.upload_file(source, bucket, "large", ExtraArgs=extra)
else:
    s3.download_file(bucket, "large", source + ".down")
print(json.dumps(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])))
"""


def main(rounds: int) -> None:
    """Peak resident size in MiB; the difference is what counts."""
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        source = os.path.join(folder, "source")
        write_file(source, 256 << 20)
        for what in ("upload", "download"):
            peaks = {"ours": [], "boto3": []}
            for _ in range(max(2, rounds // 2)):
                for side in peaks:
                    peaks[side].append(_peak(aws, side, what, source, bucket))
            ours, theirs = (sorted(values)[len(values) // 2] for values in peaks.values())
            print(
                f"{what}_file 256 MiB, peak RSS: ours {ours:.1f} MiB, boto3 {theirs:.1f} MiB, "
                f"difference {ours - theirs:+.1f} MiB"
            )


def _peak(aws: LocalAws, side: str, what: str, source: str, bucket: str) -> float:
    command = [sys.executable, "-c", _CHILD, side, what, source, bucket]
    command += [aws.endpoint_url, aws.ca_bundle, aws.kms_key_arn, aws.region]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output) / 1024
