"""What the profile requires and no call of hardening does, with commands that would do it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..audit.catalogue import CHECKS
from ..audit.check import Outcome, Subject
from ..audit.judging import judge_all
from .plan import Manual


@dataclass(frozen=True, slots=True)
class _Work:
    title: str
    why: str
    commands: tuple[str, ...] = ()


_BUCKET = "--bucket {bucket}"
_WORK: Mapping[str, _Work] = {
    "mfa-delete": _Work(
        "MFA delete",
        "only the root user of the account can switch it on, with a code of its MFA device",
        (
            f"aws s3api put-bucket-versioning {_BUCKET} "
            "--versioning-configuration Status=Enabled,MFADelete=Enabled "
            "--mfa 'arn:{partition}:iam::{account}:mfa/root-account-mfa-device CODE'",
        ),
    ),
    "object-lock": _Work(
        "Object Lock",
        "how long objects are locked is for you to say, since it cannot be taken back: "
        'harden(object_lock=DefaultRetention(mode="GOVERNANCE", days=30))',
    ),
    "account-public-access-block": _Work(
        "Block Public Access of the account",
        "it holds for all of its buckets: harden(block_account=True), or",
        (
            "aws s3control put-public-access-block --account-id {account} "
            "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            "BlockPublicPolicy=true,RestrictPublicBuckets=true",
        ),
    ),
    "access-logging": _Work(
        "Access logging",
        "where logs go is for you to say: harden(log_bucket=…), a bucket of the same account and region",
    ),
    "lifecycle": _Work(
        "Lifecycle of replaced versions",
        "after how many days they are removed is for you to say: harden(noncurrent_days=…)",
    ),
    "replication": _Work(
        "Replication",
        "it takes a bucket to replicate to, with versioning, and a role for S3",
        (f"aws s3api put-bucket-replication {_BUCKET} --replication-configuration file://replication.json",),
    ),
    "data-events": _Work(
        "Data events in CloudTrail",
        "they are settings of a trail, not of the bucket, and are paid for by event",
        (
            "aws cloudtrail put-event-selectors --region {region} --trail-name TRAIL "
            '--advanced-event-selectors \'[{{"Name":"{bucket}","FieldSelectors":['
            '{{"Field":"eventCategory","Equals":["Data"]}},'
            '{{"Field":"resources.type","Equals":["AWS::S3::Object"]}},'
            '{{"Field":"resources.ARN","StartsWith":["arn:{partition}:s3:::{bucket}/"]}}]}}]\'',
        ),
    ),
    "access-analyzer": _Work(
        "Access Analyzer",
        "it watches a whole account or organization in a region",
        (
            "aws accessanalyzer create-analyzer --region {region} --type ACCOUNT "
            "--analyzer-name external-access",
        ),
    ),
    "macie": _Work(
        "Macie",
        "it is enabled for the account, and paid for by bucket and by byte",
        ("aws macie2 enable-macie --region {region} --status ENABLED",),
    ),
    "event-notifications": _Work(
        "Event notifications",
        "who is told of events is for you to say. All of them to EventBridge, in place of what is configured",
        (
            f"aws s3api get-bucket-notification-configuration {_BUCKET}",
            f"aws s3api put-bucket-notification-configuration {_BUCKET} "
            "--notification-configuration '{{\"EventBridgeConfiguration\":{{}}}}'",
        ),
    ),
    "alarms": _Work(
        "Alarms on changed access",
        "who is told is for you to say: a rule for the calls that change access, and its target",
        (
            "aws events put-rule --region {region} --name s3-access-changed --event-pattern "
            '\'{{"source":["aws.s3"],"detail":{{"eventName":["PutBucketPolicy","DeleteBucketPolicy",'
            '"PutBucketAcl","PutBucketPublicAccessBlock","DeleteBucketPublicAccessBlock"]}}}}\'',
            "aws events put-targets --region {region} --rule s3-access-changed "
            "--targets Id=1,Arn=arn:{partition}:sns:{region}:{account}:TOPIC",
        ),
    ),
    "config-recorder": _Work(
        "AWS Config",
        "its recorder is a setting of the account, with a role and a bucket of its own",
        ("aws configservice describe-configuration-recorders --region {region}",),
    ),
    "network-restriction": _Work(
        "Access from known networks only",
        "which networks, and who is spared, is for you to say: a mistake locks people and services out. See "
        "statements.only_vpc_endpoints and statements.only_ip_ranges",
    ),
    "vpc-endpoints": _Work(
        "A VPC endpoint for S3",
        "it belongs to a VPC and its route tables",
        (
            "aws ec2 create-vpc-endpoint --region {region} --vpc-id VPC --route-table-ids ROUTES "
            "--service-name com.amazonaws.{region}.s3",
        ),
    ),
    "access-point-tls": _Work(
        "A TLS minimum of the access points",
        "the policies of access points are theirs: s3.bucket(…).access_points",
    ),
    "least-privilege": _Work(
        "Identities with the permissions they need, and no others",
        "what they need is for you to say; the audit names those that may do more",
    ),
}
_DONE: Mapping[str, Callable[[Subject], bool]] = {
    "object-lock": lambda subject: subject.profile.object_lock is not None,
    "account-public-access-block": lambda subject: subject.profile.block_account,
    "access-logging": lambda subject: subject.profile.log_bucket is not None,
    "lifecycle": lambda subject: subject.profile.noncurrent_days is not None,
}
"""What hardening does after all, if the profile says how."""


def _never(subject: Subject) -> bool:
    return False


def left_to_people(subject: Subject) -> Iterator[Manual]:
    """What the profile requires, is not there as far as the audit sees, and hardening does not do."""
    checks = [each for each in CHECKS if each.id in subject.profile.requires]
    verdicts = judge_all(subject.snapshot, subject.profile, checks).verdicts
    in_order = (Outcome.PASSED, Outcome.NOT_APPLICABLE)
    fine = {each.check.id for each in verdicts if each.outcome in in_order}
    places = {
        "bucket": subject.snapshot.bucket,
        "partition": subject.snapshot.partition,
        "region": subject.told("region") or "REGION",
        "account": subject.told("account") or "ACCOUNT",
    }
    for id, work in _WORK.items():
        done = _DONE.get(id, _never)
        if id in subject.profile.requires and id not in fine and not done(subject):
            commands = tuple(each.format(**places) for each in work.commands)
            yield Manual(check=id, title=work.title, why=work.why, commands=commands)
