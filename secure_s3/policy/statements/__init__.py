"""Statements that do what their names say: one function for each, from plain values to a ``Statement``.

Every function checks its arguments and raises ``PolicyError`` for what would make a statement that AWS takes
and that does nothing, or something else. A Deny names everybody and says by conditions whom it spares. What a
statement does not promise, and which requests pass all the same, is in its docstring. ``bundles`` puts them
together; ``Policy.of(*statements)`` makes a policy of them.
"""

from __future__ import annotations

from .acls import deny_acl_changes, deny_grants, deny_public_acls, deny_public_grants
from .cloudfront import allow_cloudfront, only_cloudfront
from .deletion import deny_deletes, require_if_none_match, require_mfa_for_delete
from .delivery import (
    allow_cloudtrail_acl_check,
    allow_cloudtrail_write,
    allow_inventory,
    allow_load_balancer_logs,
    allow_log_delivery,
    allow_log_service_acl_check,
    allow_log_service_write,
)
from .encryption import (
    deny_kms_without_key,
    deny_sse_c,
    deny_unencrypted_uploads,
    deny_wrong_kms_key,
    require_sse_c,
)
from .grants import (
    allow_delete,
    allow_list,
    allow_read,
    allow_write,
    cross_account_read,
    cross_account_write,
    delegate_to_access_points,
)
from .keys import allow_key_use, key_allow_cloudfront, key_allow_use, key_enable_iam
from .object_lock import (
    deny_governance_bypass,
    deny_legal_hold_changes,
    deny_long_retention,
    deny_short_retention,
    protect_object_lock,
    require_retention_mode,
)
from .perimeter import only_ip_ranges, only_organization, only_organization_services, only_vpc_endpoints
from .settings import deny_public_policies, protect_bucket_policy, protect_settings
from .signatures import deny_presigned, deny_signature_v2, max_presign_age, require_signed_payload
from .tags import allow_read_by_tag, deny_read_without_tag, deny_tag_changes
from .transport import deny_insecure_transport, require_min_tls

__all__ = [
    # how requests travel and are signed
    "deny_insecure_transport",
    "require_min_tls",
    "max_presign_age",
    "deny_presigned",
    "deny_signature_v2",
    "require_signed_payload",
    # how objects are encrypted
    "deny_unencrypted_uploads",
    "deny_wrong_kms_key",
    "deny_kms_without_key",
    "deny_sse_c",
    "require_sse_c",
    # access control lists and settings
    "deny_public_acls",
    "deny_public_grants",
    "deny_grants",
    "deny_acl_changes",
    "deny_public_policies",
    "protect_bucket_policy",
    "protect_settings",
    # where requests come from
    "only_vpc_endpoints",
    "only_ip_ranges",
    "only_organization",
    "only_organization_services",
    # deleting, overwriting, Object Lock
    "require_mfa_for_delete",
    "deny_deletes",
    "require_if_none_match",
    "deny_governance_bypass",
    "deny_short_retention",
    "deny_long_retention",
    "require_retention_mode",
    "deny_legal_hold_changes",
    "protect_object_lock",
    # who may
    "allow_read",
    "allow_write",
    "allow_delete",
    "allow_list",
    "cross_account_read",
    "cross_account_write",
    "delegate_to_access_points",
    "allow_read_by_tag",
    "deny_read_without_tag",
    "deny_tag_changes",
    # services of AWS
    "allow_cloudfront",
    "only_cloudfront",
    "allow_log_delivery",
    "allow_inventory",
    "allow_load_balancer_logs",
    "allow_log_service_write",
    "allow_log_service_acl_check",
    "allow_cloudtrail_write",
    "allow_cloudtrail_acl_check",
    # KMS keys
    "allow_key_use",
    "key_enable_iam",
    "key_allow_use",
    "key_allow_cloudfront",
]
