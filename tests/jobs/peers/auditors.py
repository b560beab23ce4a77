"""What each auditor says of each bucket, by question: True for good, False for bad, None for silence.

prowler and checkov are installed in virtual environments of their own and run as programs.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secure_s3.bucket.audit.check import Outcome
from secure_s3.values import Severity

from .buckets import PREFIX

Answers = Mapping[tuple[str, str], bool]
"""By bucket and check."""
_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that more than one auditor asks.

    Args:
        id: Its name in the table.
        asks: In words; true is good.
        ours: Our checks, all of which must pass; ``check>medium`` for findings above that alone, which are
            those that work now, whatever stands there.
        prowler, checkov: Checks, all of which must pass.
    """

    id: str
    asks: str
    ours: tuple[str, ...]
    prowler: tuple[str, ...] = ()
    checkov: tuple[str, ...] = ()


QUESTIONS = (
    Question(
        id="transport",
        asks="plain HTTP is denied",
        ours=("secure-transport>low",),
        prowler=("s3_bucket_secure_transport_policy",),
        checkov=("CKV_AWS_379",),
    ),
    Question(
        id="public",
        asks="strangers get nothing",
        ours=("policy-public>medium", "acl-public>medium"),
        prowler=("s3_bucket_public_access",),
    ),
    Question(
        id="wildcard",
        asks="the policy opens nothing to everybody, had it no shield",
        ours=("policy-public>low",),
        checkov=("CKV_AWS_70",),
    ),
    Question(
        id="block",
        asks="Block Public Access is on, all four",
        ours=("bucket-public-access-block",),
        prowler=("s3_bucket_level_public_access_block",),
        checkov=("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
    ),
    Question(
        id="acl-public",
        asks="no ACL lets strangers list or write",
        ours=("acl-public>medium",),
        prowler=("s3_bucket_public_list_acl", "s3_bucket_public_write_acl"),
        checkov=("CKV_AWS_20", "CKV_AWS_57", "CKV2_AWS_43"),
    ),
    Question(
        id="acls",
        asks="ACLs are off",
        ours=("acls-disabled",),
        prowler=("s3_bucket_acl_prohibited",),
        checkov=("CKV2_AWS_65",),
    ),
    Question(
        id="accounts",
        asks="no other account is admitted",
        ours=("cross-account", "policy-public>medium", "acl-public>medium"),
        prowler=("s3_bucket_cross_account_access",),
    ),
    Question(
        id="lock-out",
        asks="the policy can be changed again",
        ours=("policy-lockout",),
        checkov=("CKV_AWS_93",),
    ),
    Question(
        id="kms",
        asks="SSE-KMS by default",
        ours=("default-encryption",),
        prowler=("s3_bucket_kms_encryption",),
        checkov=("CKV_AWS_145",),
    ),
    Question(
        id="versions",
        asks="versioning",
        ours=("versioning",),
        prowler=("s3_bucket_object_versioning",),
        checkov=("CKV_AWS_21",),
    ),
    Question(
        id="lock",
        asks="Object Lock",
        ours=("object-lock",),
        prowler=("s3_bucket_object_lock",),
    ),
    Question(
        id="logging",
        asks="access logging",
        ours=("access-logging",),
        prowler=("s3_bucket_server_access_logging_enabled",),
        checkov=("CKV_AWS_18",),
    ),
    Question(
        id="uploads",
        asks="unfinished uploads are removed everywhere",
        ours=("incomplete-uploads",),
        checkov=("CKV_AWS_300",),
    ),
)


def ours(s3: Any, bucket: str) -> dict[str, bool]:
    """What our audit says; every question counts, also what the profile does not ask for."""
    audit = s3.bucket(bucket).audit()
    return {question.id: not any(_is_bad(audit, each) for each in question.ours) for question in QUESTIONS}


def _is_bad(audit: Any, asked: str) -> bool:
    check, above, severity = asked.partition(">")
    verdict = audit.verdict(check)
    if verdict.outcome is not Outcome.FAILED:
        return False
    return not above or any(each.severity > Severity(severity) for each in verdict.findings)


def prowler(program: str, environment: Mapping[str, str], folder: Path) -> Answers:
    """Run prowler against an endpoint."""
    checks = sorted({check for question in QUESTIONS for check in question.prowler})
    command = [program, "aws", "--checks", *checks, "--region", environment["AWS_DEFAULT_REGION"]]
    command += ["--output-formats", "json-ocsf", "--output-directory", str(folder)]
    command += ["--output-filename", "peers", "--no-banner", "--log-level", "CRITICAL"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # 3 says that something failed, which is what it is for.
    told = subprocess.run(
        command,
        env={**clean, **environment, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if told.returncode not in (0, 3):
        raise SystemExit(f"prowler ended with {told.returncode}: {told.stderr[-2000:]}")
    found: dict[tuple[str, str], bool] = {}
    for each in json.loads((folder / "peers.ocsf.json").read_text("utf-8")):
        bucket = each["resources"][0]["name"]
        found[bucket, each["metadata"]["event_code"]] = each["status_code"] == "PASS"
    return found


def checkov(program: str, folder: Path) -> Answers:
    """Run checkov over a folder of Terraform."""
    checks = sorted({check for question in QUESTIONS for check in question.checkov})
    command = [program, "--directory", str(folder), "--framework", "terraform", "--output", "json"]
    command += ["--check", ",".join(checks), "--skip-download", "--compact"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if told.returncode not in (0, 1):
        raise SystemExit(f"checkov ended with {told.returncode}: {told.stderr[-2000:]}")
    found: dict[tuple[str, str], bool] = {}
    results = json.loads(told.stdout)["results"]
    for passed, name in ((True, "passed_checks"), (False, "failed_checks")):
        for each in results.get(name) or ():
            at = PREFIX + Path(each["file_path"]).stem, each["check_id"]
            found[at] = found.get(at, True) and passed
    return found


def joined(answers: Answers, bucket: str, checks: tuple[str, ...]) -> bool | None:
    """Whether all of *checks* passed; None if none of them said anything."""
    said = [answers[bucket, check] for check in checks if (bucket, check) in answers]
    return all(said) if said else None
