"""A bucket is audited, brought into order, and audited again; then somebody opens it."""

from __future__ import annotations

import json

from secure_s3 import SseKms
from secure_s3.local import LocalAws
from secure_s3.policy import Severity


def main() -> None:
    with LocalAws() as aws:
        s3 = aws.client(SseKms(aws.kms_key_arn))
        bucket = s3.bucket(aws.create_bucket("amzn-s3-demo-bucket"))

        audit = bucket.audit()
        print("bare:", audit.worst)
        for finding in audit.above(Severity.MEDIUM):
            print(f"  {finding.rule}: {finding.message}")

        plan = bucket.plan()
        print("planned:", *(change.id for change in plan.changes))
        bucket.apply(plan)  # each setting only if it is still what the plan was made from
        print("hardened:", bucket.audit().worst)
        print("planned again:", len(bucket.plan().changes))

        s3.boto3.delete_public_access_block(Bucket=bucket.name)
        policy = json.loads(s3.boto3.get_bucket_policy(Bucket=bucket.name)["Policy"])
        opened = {
            "Sid": "Oops",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket.name}/*",
        }
        policy["Statement"].append(opened)
        s3.boto3.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
        worst = bucket.audit().findings[0]
        print("opened:", worst.severity, worst.rule, "by statement", worst.statement)


if __name__ == "__main__":
    main()
