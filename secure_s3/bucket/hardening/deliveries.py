"""Whether a bucket receives server access logs, which restricts what it can be. Pure.

Source: Amazon S3 User Guide, "Enabling Amazon S3 server access logging": the bucket for logs has SSE-S3 as
its default encryption and no default retention, else nothing is delivered.
"""

from __future__ import annotations

from ...errors import PolicyError
from ..audit.check import NotRead, Subject

LOGGING_SERVICE = "logging.s3.amazonaws.com"
_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"


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
