"""What the fields of a snapshot are called where people read of them."""

from __future__ import annotations

from ..snapshot.values import Unread

NOUNS = {
    "account": "the bucket's account",
    "region": "the region",
    "caller": "the caller",
    "caller_tls": "the TLS version of the caller's connections",
    "public_access_block": "Block Public Access of the bucket",
    "account_public_access_block": "Block Public Access of the account",
    "policy": "the bucket policy",
    "policy_is_public": "what S3 says of the policy",
    "acl": "the ACL",
    "ownership": "Object Ownership",
    "encryption": "the default encryption",
    "blocked_encryption": "the list of blocked encryption types",
    "keys": "the KMS key",
    "versioning": "versioning",
    "mfa_delete": "MFA delete",
    "object_lock": "Object Lock",
    "logging": "access logging",
    "log_target": "the log bucket",
    "wanted_log_target": "the log bucket that is asked for",
    "lifecycle": "the lifecycle configuration",
    "replication": "the replication configuration",
    "notifications": "the notification configuration",
    "cors": "the CORS configuration",
    "website": "the website configuration",
    "requester_pays": "Requester Pays",
    "access_points": "the list of access points",
    "multi_region_access_points": "the list of Multi-Region Access Points",
    "trails": "CloudTrail",
    "analyzers": "Access Analyzer",
    "analyzer_findings": "Access Analyzer",
    "macie": "Macie",
    "macie_findings": "Macie",
    "vpc_endpoints": "the list of VPC endpoints",
    "alarms": "the list of alarms and event rules",
    "recorders": "AWS Config",
    "identities": "the list of users and roles",
}
"""By field; each in the singular."""


def not_read(name: str, unread: Unread) -> str:
    """``CloudTrail was not read (AccessDeniedException)``; the reason in words where there is no code."""
    return f"{NOUNS.get(name, name)} was not read ({unread.code or unread.why})"


def sentence(text: str) -> str:
    """*text* with a capital, unless it begins with a name, e.g. ``s3:GetObject``."""
    word = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if word.isalpha() else text


def ended(text: str) -> str:
    """The same with a full stop."""
    return sentence(text) if not text or text.endswith((".", "…", "!", "?")) else f"{sentence(text)}."
