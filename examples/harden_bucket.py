"""An old, open bucket is planned for, hardened, and used; a new one is in order from the start."""

from __future__ import annotations

from secure_s3 import SseKms, SseS3, errors
from secure_s3.bucket import DefaultRetention
from secure_s3.local import LocalAws


def main() -> None:
    with LocalAws() as aws:
        name = aws.create_bucket("amzn-s3-demo-bucket")
        s3 = aws.client(SseKms(aws.kms_key_arn))
        off = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy"), False)
        s3.boto3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=off)

        bucket = s3.bucket(name)
        plan = bucket.plan(requires=frozenset({"mfa-delete"}))
        print(plan)  # nothing has changed yet
        print(bucket.apply(plan))
        print("again:", bucket.plan())

        s3.put_object(Bucket=name, Key="a", Body=b"as configured")
        try:
            s3.put_object(Bucket=name, Key="b", Body=b"otherwise", encryption=SseS3())
        except errors.BucketPolicyDenied:
            print("another encryption is denied")

        lock = DefaultRetention(mode="GOVERNANCE", days=30)
        made = s3.create_secure_bucket("amzn-s3-demo-bucket2", object_lock=lock)
        print("new:", made.plan(object_lock=lock))
        try:
            s3.create_secure_bucket(name)
        except errors.PreconditionFailed as error:
            print("refused:", error.what)


if __name__ == "__main__":
    main()
