"""A bucket of the embedded endpoint with every setting that moto has, and what is around it."""

from __future__ import annotations

import json
from typing import Any

from tests.bucket.support import OWNER, deny, policy
from tests.guard.support import BUCKET

LOGS = "amzn-s3-demo-logs"
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
POLICY = policy(deny("Tls", "s3:*", {"Bool": {"aws:SecureTransport": "false"}}))


def configure(local_aws: Any, key: str) -> None:
    """Every setting of the bucket that moto has."""
    local_aws.create_bucket(LOGS)
    session = local_aws.session()
    plain, control, kms = (session.client(name) for name in ("s3", "s3control", "kms"))
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    plain.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    plain.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))
    delivery = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}}
    may = policy({**delivery, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{LOGS}/*"})
    plain.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(may))
    logging = {"LoggingEnabled": {"TargetBucket": LOGS, "TargetPrefix": "a/"}}
    plain.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=logging)
    parts = {
        "ID": "parts",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    plain.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [parts]})
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]}
    plain.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=cors)
    control.put_public_access_block(AccountId=OWNER, PublicAccessBlockConfiguration=BLOCK)
    control.create_access_point(AccountId=OWNER, Name="point", Bucket=BUCKET)
    point = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/point"
    only = policy(deny("Point", "s3:GetObject", resource=f"{point}/object/*"))
    control.put_access_point_policy(AccountId=OWNER, Name="point", Policy=json.dumps(only))
    kms.enable_key_rotation(KeyId=key)
    for client in (plain, control, kms):
        client.close()


def around(local_aws: Any) -> None:
    """A trail, alarms, a recorder and a VPC endpoint."""
    session = local_aws.session()
    names = ("cloudtrail", "logs", "cloudwatch", "events", "config", "ec2")
    trail, logs, watch, events, config, ec2 = clients = [session.client(name) for name in names]
    trail.create_trail(Name="trail", S3BucketName=LOGS)
    data = {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{BUCKET}/"]}
    trail.put_event_selectors(TrailName="trail", EventSelectors=[{"DataResources": [data]}])
    trail.start_logging(Name="trail")
    logs.create_log_group(logGroupName="trail")
    logs.put_metric_filter(
        logGroupName="trail",
        filterName="changes",
        filterPattern="{ $.eventName = PutBucketPolicy }",
        metricTransformations=[{"metricName": "changes", "metricNamespace": "own", "metricValue": "1"}],
    )
    watch.put_metric_alarm(
        AlarmName="alarm",
        MetricName="changes",
        Namespace="own",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[f"arn:aws:sns:eu-west-1:{OWNER}:topic"],
    )
    events.put_rule(Name="rule", EventPattern='{"source": ["aws.guardduty"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": f"arn:aws:sns:eu-west-1:{OWNER}:topic"}])
    role = f"arn:aws:iam::{OWNER}:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "all", "roleARN": role})
    vpc = ec2.create_vpc(CidrBlock="192.0.2.0/24")["Vpc"]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")
    for client in clients:
        client.close()
