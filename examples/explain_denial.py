"""A bucket policy refuses an upload; the error says which statement, and what would be accepted."""

from __future__ import annotations

from secure_s3 import SseKms, SseS3, errors
from secure_s3.local import LocalAws
from secure_s3.policy import bundles


def main() -> None:
    with LocalAws() as aws:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        s3 = aws.client(SseKms(aws.kms_key_arn))
        policy = bundles.baseline(bucket, kms_key_arn=aws.kms_key_arn)
        s3.boto3.put_bucket_policy(Bucket=bucket, Policy=policy.to_json())

        try:
            s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"1,2,3", encryption=SseS3())
        except errors.BucketPolicyDenied as error:
            print("cause:", error.denial.cause)
            told = error.explain()
            print(told)  # for people; told.to_dict() for machines
            print("statement:", told.statement, told.certainty)
            print("remedy:", told.remedies[0].encryption)

        s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"1,2,3")  # as the client is configured
        print("stored")


if __name__ == "__main__":
    main()
