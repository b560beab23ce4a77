"""Writes the tables of the checklist anew: ``python -m tests.jobs.checklist_page``.

The page has marks, ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. What stands between them comes from the
catalogue of checks and from the tests; ``tests/bucket/audit/test_catalogue.py`` compares.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.check import Check
from tests.jobs.pages import filled

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checklist.md"
TESTS = ROOT / "tests" / "bucket" / "audit"
BY_ID = {each.id: each for each in CHECKS}
PROOFS: dict[str, dict[str, str]] = {
    "test_access.py": {
        "account-public-access-block": "test_block_public_access_is_complete_or_else_named",
        "bucket-public-access-block": "test_block_public_access_is_complete_or_else_named",
        "policy-public": "test_strangers_who_get_in_are_critical_and_cut_off_they_are_medium",
        "acl-public": "test_acls_that_let_everybody_in_count_unless_they_are_off",
        "acls-disabled": "test_acls_that_count_are_a_finding",
        "public-acls-denied": "test_public_acls_are_stopped_by_one_of_three",
        "policy-faults": "test_faults_of_published_policies_are_told_with_their_place",
        "policy-lockout": "test_who_would_be_locked_out_is_told",
        "cross-account": "test_other_accounts_are_named_with_what_they_may",
        "broad-grants": "test_grants_of_everything_within_the_account_are_found",
        "cloudfront-origin": "test_cloudfront_reads_for_named_distributions_only",
        "network-restriction": "test_credentials_that_work_from_anywhere_are_a_note",
        "vpc-endpoints": "test_endpoints_that_carry_data_to_any_bucket_are_a_note",
    },
    "test_points.py": {
        "access-point-public-access-block": "test_what_an_access_point_does_not_block_bucket_and_account_may",
        "access-point-public": "test_strangers_need_every_door_open",
        "access-point-tls": "test_an_access_point_may_ask_for_a_newer_tls_than_its_bucket",
        "multi-region-public-access-block": "test_what_an_access_point_does_not_block_bucket_and_account_may",
    },
    "test_identities.py": {"least-privilege": "test_it_says_who_and_how_many"},
    "test_exposure.py": {
        "website": "test_website",
        "cors": "test_cors",
        "bucket-owner": "test_bucket_owner",
        "shadow-resource": "test_a_name_that_a_service_foresees_must_be_yours",
    },
    "test_transport.py": {
        "secure-transport": "test_half_hearted_denies_of_plain_http_fail",
        "tls-version": "test_tls_minimum_is_judged_by_older_requests",
        "presigned-age": "test_old_presigned_urls_decide_about_the_ceiling",
    },
    "test_uploads.py": {
        "unencrypted-uploads": "test_weaker_uploads_are_found",
        "wrong-key-uploads": "test_uploads_under_other_keys_are_found",
        "customer-key-uploads": "test_customers_keys_are_stopped_by_policy_or_by_the_bucket",
    },
    "test_encryption.py": {
        "default-encryption": "test_departures_of_the_default_are_told",
        "bucket-key": "test_bucket_key",
        "blocked-encryption-types": "test_blocked_encryption_types",
    },
    "test_keys.py": {
        "kms-key-usable": "test_states_of_keys",
        "key-rotation": "test_rotation",
        "key-policy": "test_whom_a_key_policy_admits",
    },
    "test_recovery.py": {
        "versioning": "test_versioning",
        "mfa-delete": "test_mfa_delete",
        "object-lock": "test_object_lock",
        "lifecycle": "test_lifecycle",
        "incomplete-uploads": "test_incomplete_uploads",
        "replication": "test_replication",
    },
    "test_monitoring.py": {
        "access-logging": "test_access_logging",
        "log-target": "test_what_keeps_logs_from_arriving",
        "data-events": "test_data_events",
        "access-analyzer": "test_other_analyzers_do_not_look_for_access_from_outside",
        "analyzer-findings": "test_findings_of_access_analyzer",
        "macie": "test_macie_that_does_not_look",
        "macie-findings": "test_findings_of_macie",
        "event-notifications": "test_event_notifications",
        "alarms": "test_what_an_alarm_is_told_of",
        "config-recorder": "test_recorders",
    },
}
"""By file, the test that shows what each check finds, and what it does not."""

READINGS: dict[str, tuple[str, ...]] = {
    "account": ("sts GetCallerIdentity", "s3 HeadBucket"),
    "region": ("s3 HeadBucket",),
    "caller": ("sts GetCallerIdentity",),
    "public_access_block": ("s3 GetPublicAccessBlock",),
    "account_public_access_block": ("s3control GetPublicAccessBlock",),
    "policy": ("s3 GetBucketPolicy",),
    "policy_is_public": ("s3 GetBucketPolicyStatus",),
    "acl": ("s3 GetBucketAcl",),
    "ownership": ("s3 GetBucketOwnershipControls",),
    "encryption": ("s3 GetBucketEncryption",),
    "blocked_encryption": ("s3 GetBucketEncryption",),
    "keys": ("kms DescribeKey", "kms GetKeyRotationStatus", "kms GetKeyPolicy"),
    "versioning": ("s3 GetBucketVersioning",),
    "mfa_delete": ("s3 GetBucketVersioning",),
    "object_lock": ("s3 GetObjectLockConfiguration",),
    "logging": ("s3 GetBucketLogging",),
    "log_target": ("s3 GetBucketPolicy and others, of the log bucket",),
    "lifecycle": ("s3 GetBucketLifecycleConfiguration",),
    "replication": ("s3 GetBucketReplication",),
    "notifications": ("s3 GetBucketNotificationConfiguration",),
    "cors": ("s3 GetBucketCors",),
    "website": ("s3 GetBucketWebsite",),
    "requester_pays": ("s3 GetBucketRequestPayment",),
    "access_points": (
        *("s3control ListAccessPoints", "s3control GetAccessPoint", "s3control GetAccessPointPolicy"),
        "s3control GetAccessPointPolicyStatus",
    ),
    "multi_region_access_points": ("s3control ListMultiRegionAccessPoints",),
    "trails": (*("cloudtrail DescribeTrails", "cloudtrail GetTrailStatus", "cloudtrail GetEventSelectors"),),
    "analyzers": ("accessanalyzer ListAnalyzers",),
    "analyzer_findings": ("accessanalyzer ListFindings",),
    "macie": ("macie2 GetMacieSession",),
    "macie_findings": ("macie2 ListFindings", "macie2 GetFindings"),
    "vpc_endpoints": ("ec2 DescribeVpcEndpoints",),
    "alarms": (
        *("logs DescribeMetricFilters", "cloudwatch DescribeAlarmsForMetric"),
        *("events ListRules", "events ListTargetsByRule"),
    ),
    "recorders": ("config DescribeConfigurationRecorders", "config DescribeConfigurationRecorderStatus"),
    "identities": ("iam GetAccountAuthorizationDetails",),
}
"""By field of a snapshot, the calls that tell it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a checklist.

    Args:
        text: What it asks for.
        source: ``list`` for the whole list, else the article's title.
        checks: Ids of the checks that cover it.
        elsewhere: What covers it besides, or instead.
        tests: File and function of tests of that.
    """

    text: str
    source: str
    checks: tuple[str, ...] = ()
    elsewhere: str = ""
    tests: tuple[tuple[str, str], ...] = ()


def _of_the_list(text: str, elsewhere: str = "", *tests: tuple[str, str]) -> Point:
    """A point of the whole list; its checks say so themselves."""
    return Point(text, "list", tuple(each.id for each in CHECKS if text in each.seeds), elsewhere, tests)


_RETENTION = "tests/bucket/retention/test_object_lock.py"
_LIST = (
    _of_the_list("Block Public Access (account and bucket)"),
    _of_the_list("default encryption, SSE-KMS with bucket keys, DSSE-KMS"),
    _of_the_list("HTTPS enforced, TLS version"),
    _of_the_list("deny unencrypted and wrong-key uploads"),
    _of_the_list("ACLs off (BucketOwnerEnforced), public ACLs denied"),
    _of_the_list("versioning"),
    _of_the_list("MFA delete"),
    _of_the_list(
        "Object Lock (governance, compliance, legal hold)",
        "of single objects: retention and legal hold, `s3.bucket(…).object_lock`",
        (_RETENTION, "test_new_objects_are_locked_whatever_way_they_come"),
        (_RETENTION, "test_protected_versions_are_not_deleted"),
    ),
    _of_the_list("access logging (partitioned prefixes)"),
    _of_the_list(
        "CloudTrail data events, AccessDenied look-ups",
        "a refusal is looked up and explained by `s3.explain(error)`, all of a time by `s3.monitor.denials`",
        ("tests/bucket/access/test_explaining_trail.py", "test_event_is_found_by_the_request_s_id"),
        ("tests/monitoring/test_trail.py", "test_refusals_are_looked_up"),
        ("tests/monitoring/test_trail.py", "test_a_refusal_explains_itself"),
    ),
    _of_the_list("KMS key rotation"),
    _of_the_list("least-privilege IAM, no overly permissive bucket policy"),
    _of_the_list("VPC endpoints"),
    _of_the_list(
        "access points (also with their own TLS minimum)",
        "a point with TLS 1.3 over a bucket with 1.2: `s3.bucket(…).access_points`",
        ("tests/bucket/points/test_objects.py", "test_tls_1_3_through_the_point_over_a_bucket_with_1_2"),
    ),
    _of_the_list("CloudFront origin access control"),
    _of_the_list("IP restrictions"),
    _of_the_list("cross-account access"),
    _of_the_list("Access Analyzer findings"),
    _of_the_list("Macie"),
    _of_the_list("replication"),
    _of_the_list(
        "presigned URLs with short expiry",
        "URLs are signed for minutes: `s3.presign`",
        ("tests/presign/test_arguments.py", "test_nonsense_expiry"),
    ),
    _of_the_list("CloudWatch alarms on public access events"),
    _of_the_list("regular reviews", "`secure-s3 audit`, with exit codes for a schedule"),
)
_BLOCKS = ("account-public-access-block", "bucket-public-access-block")
_LEAST = ("least-privilege", "key-policy", "broad-grants")
_NETWORK = ("vpc-endpoints", "network-restriction")
_ENCRYPTION = ("default-encryption", "bucket-key", "kms-key-usable")
_UPLOADS = ("unencrypted-uploads", "wrong-key-uploads", "customer-key-uploads", "blocked-encryption-types")
_RECORDS = ("data-events",)
_LOGS = ("access-logging", "log-target")
_SENSITIVE = ("macie", "macie-findings")
_ARTICLES: dict[str, dict[str, tuple[str, ...]]] = {
    "S3 Security (developer documentation)": {
        "Block Public Access, account and bucket": _BLOCKS,
        "default encryption, SSE-KMS preferred": _ENCRYPTION,
        "HTTPS by the bucket policy": ("secure-transport", "tls-version"),
        "versioning": ("versioning",),
        "access logging": _LOGS,
        "data events in CloudTrail": _RECORDS,
        "MFA delete": ("mfa-delete",),
        "least privilege in IAM policies": ("least-privilege",),
        "no bucket policy that permits too much": ("policy-public", "broad-grants", "cross-account"),
        "VPC endpoints": _NETWORK,
        "Access Analyzer's findings": ("access-analyzer", "analyzer-findings"),
        "Macie": _SENSITIVE,
    },
    "S3 encryption and authentication (blog post)": {
        "SSE-KMS": _ENCRYPTION,
        "DSSE-KMS": ("default-encryption",),
        "deny unencrypted uploads": _UPLOADS,
        "deny plain HTTP": ("secure-transport",),
        "rotation of KMS keys": ("key-rotation",),
        "Block Public Access of the account": _BLOCKS[:1],
        "ACLs off": ("acls-disabled", "acl-public", "public-acls-denied"),
        "VPC endpoints": _NETWORK,
        "least privilege in IAM policies": _LEAST,
        "presigned URLs that expire soon": ("presigned-age",),
        "versioning": ("versioning", "lifecycle", "incomplete-uploads"),
        "MFA delete": ("mfa-delete",),
        "Object Lock in compliance mode": ("object-lock",),
        "replication": ("replication",),
        "data events in CloudTrail": _RECORDS,
        "access logging": _LOGS,
        "Macie": _SENSITIVE,
        "alarms on public access": ("alarms",),
    },
    "Complete Guide to Amazon S3 Security": {
        "Block Public Access": _BLOCKS,
        "access restricted by bucket policies": ("policy-public", "policy-faults", "policy-lockout"),
        "default encryption": _ENCRYPTION,
        "access logging": _LOGS,
        "CloudTrail": _RECORDS,
        "versioning": ("versioning",),
        "Object Lock": ("object-lock",),
        "regular reviews": ("access-analyzer", "config-recorder"),
        "unusual access is noticed": ("event-notifications", "alarms", "analyzer-findings"),
        "least privilege": _LEAST,
    },
}
POINTS: tuple[Point, ...] = (
    *_LIST,
    *(
        Point(text, article, checks)
        for article, points in _ARTICLES.items()
        for text, checks in points.items()
    ),
)


# ------------------------------------------------------------------------------------------ what a row says


def readings(fields: Iterable[str]) -> tuple[str, ...]:
    """The calls that tell these fields of a snapshot."""
    return tuple(dict.fromkeys(call for each in fields for call in READINGS.get(each, ())))


def mended(check: Check) -> str:
    """How what the check finds is mended: by ``harden``, by commands, or as its fix says."""
    commands = [f"`{' '.join(each.split()[:3])}`" for each in re.findall(r"`(aws [^`]+)`", check.fix)]
    return "`harden`" if check.hardened else ", ".join(commands) or check.fix


def named_by(check: str) -> tuple[str, str]:
    """The test that shows what the check finds: file and function."""
    ((path, function),) = [(path, tests[check]) for path, tests in PROOFS.items() if check in tests]
    return (TESTS / path).relative_to(ROOT).as_posix(), function


def names(path: str, function: str, check: str) -> bool:
    """Whether a test holds the check's id, itself, by a constant of its module, or in two parts."""
    module = ast.parse((ROOT / path).read_text("utf-8"))
    constants: dict[str, frozenset[str]] = {}
    for each in module.body:
        if isinstance(each, ast.Assign | ast.AnnAssign):
            for target in each.targets if isinstance(each, ast.Assign) else [each.target]:
                if isinstance(target, ast.Name):
                    constants[target.id] = _said(each)
    (found,) = [each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == function]
    used = (one.id for one in ast.walk(found) if isinstance(one, ast.Name))
    texts = _said(found).union(*(constants.get(name, frozenset()) for name in used))
    return check in texts or any(check[len(each) :] in texts for each in texts if check.startswith(each))


def _said(node: ast.AST) -> frozenset[str]:
    found = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return frozenset(each for each in found if isinstance(each, str))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _test(found: tuple[str, str]) -> str:
    path, function = found
    return f"[{path.rpartition('/')[2]}::{function}](../{path})"


def _points(source: str) -> Iterator[str]:
    yield "| point | checks | mended by | tests |\n|---|---|---|---|"
    for point in POINTS:
        if point.source == source:
            checks = [BY_ID[each] for each in point.checks]
            tests = [*point.tests, *(named_by(each.id) for each in checks)]
            yield _row(
                point.text + (f"; {point.elsewhere}" if point.elsewhere else ""),
                ", ".join(f"[`{each.id}`](#{each.id})" for each in checks),
                "; ".join(dict.fromkeys(mended(each) for each in checks)),
                ", ".join(dict.fromkeys(map(_test, tests))),
            )


def _articles() -> Iterator[str]:
    for article in _ARTICLES:
        yield f"### {article}\n"
        yield from _points(article)
        yield ""


def _checks() -> Iterator[str]:
    yield (
        "| check | asks | read by | severity | names elsewhere | `harden` | fix | source |\n"
        + "|---" * 8
        + "|"
    )
    for check in CHECKS:
        yield _row(
            f'<a id="{check.id}"></a>`{check.id}`',
            check.title,
            ", ".join(readings(check.reads)),
            f"{check.severity.value}{', if asked for' if check.recommended else ''}",
            ", ".join(check.refs),
            "yes" if check.hardened else "",
            check.fix,
            check.source,
        )


PARTS = {"list": lambda: _points("list"), "articles": _articles, "checks": _checks}


def written(page: str) -> str:
    """*page* with its generated parts made anew."""
    return filled(page, PARTS)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
