"""Whether a bucket receives server access logs, which restricts what it can be. Pure.

Sources: Amazon S3 User Guide, "Enabling Amazon S3 server access logging", "Object Lock considerations": the
bucket for logs has SSE-S3 as its default encryption and no Object Lock, else nothing is delivered.
"""

from __future__ import annotations

from ...encryption import SseS3
from ...errors import PolicyError
from ..audit.check import NotRead, Subject

LOGGING_SERVICE = "logging.s3.amazonaws.com"
_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"


def keeps_sse_s3(subject: Subject) -> bool:
    """Whether its default encryption stays SSE-S3 for the logs' sake, whatever the profile asks for."""
    there = subject.told("encryption", {}).get("SSEAlgorithm", "AES256")
    wanted = not isinstance(subject.profile.default, SseS3)
    return wanted and there == "AES256" and receives_logs(subject)


def receives_logs(subject: Subject) -> bool:
    """Whether its policy or its ACL lets S3's log delivery in, as far as they were read."""
    acl = subject.told("acl", {})
    if any(each.get("Grantee", {}).get("URI") == _GROUP for each in acl.get("Grants", ())):
        return True
    try:
        policy = subject.policy
    except (NotRead, PolicyError):
        return False
    return policy is not None and any(
        each.effect == "Allow" and each.principals is not None and LOGGING_SERVICE in each.principals.service
        for each in policy.statements
    )
