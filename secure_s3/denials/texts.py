"""Words of an answer that tell its cause, where the code does not."""

from __future__ import annotations

from typing import Final

ENCRYPTION, SSE_C, PRESIGN, POST = "encryption_parameters", "sse_c", "presign", "post_policy"
KEY_MISSING, WRONG_KEY, EXPIRED, UNSIGNED = "key missing", "wrong key", "expired", "unsigned headers"
MALFORMED, CONDITION = "malformed", "condition"

TEXTS: Final = (
    ("the ciphertext refers to a ", "kms_access", ""),
    ("resource associated with this ciphertext", "kms_access", ""),
    ("does not exist in this region, no resource-based policies allow", "kms_access", ""),
    ("has blocked upload requests that specify", "blocked_encryption", "SSE-C"),
    ("must provide the correct secret key", SSE_C, WRONG_KEY),
    ("encryption parameters did not match the ones used originally", SSE_C, WRONG_KEY),
    ("stored using a form of server side encryption", SSE_C, "key needed"),
    ("encryption parameters are not applicable", SSE_C, "not applicable"),
    ("multipart upload initiate requested encryption", SSE_C, "part"),
    ("require aws signature version 4", ENCRYPTION, "signature version 4"),
    ("x-amz-server-side-encryption-context", ENCRYPTION, "context"),
    ("must provide an appropriate secret key", ENCRYPTION, KEY_MISSING),
    ("secret key was invalid for the specified algorithm", ENCRYPTION, "key length"),
    ("md5 hash of the key did not match", ENCRYPTION, "key digest"),
    ("must provide the client calculated md5 of the secret key", ENCRYPTION, "key digest"),
    ("must provide a valid encryption algorithm", ENCRYPTION, "algorithm"),
    ("encryption method specified is not supported", ENCRYPTION, "algorithm"),
    ("the encryption request you specified is not valid", ENCRYPTION, "algorithm"),
    ("requires http header x-amz-server-side-encryption", ENCRYPTION, "key without aws:kms"),
    ("is incompatible with the encryption method specified", ENCRYPTION, "two encryptions"),
    ("must be made over a secure connection", ENCRYPTION, "plain HTTP"),
    ("x-amz-server-side-encryption", ENCRYPTION, ""),
    ("server side encryption with", ENCRYPTION, ""),
    ("request has expired", PRESIGN, EXPIRED),
    ("presigned url has expired", PRESIGN, EXPIRED),
    ("request is not yet valid", PRESIGN, "not yet valid"),
    ("headers present in the request which were not signed", PRESIGN, UNSIGNED),
    ("query-string authentication", PRESIGN, MALFORMED),
    ("only one auth mechanism allowed", PRESIGN, "two signatures"),
    ("x-amz-expires must be", PRESIGN, MALFORMED),
    ("should be seconds since epoch", PRESIGN, MALFORMED),
    ("invalid according to policy: policy expired", POST, EXPIRED),
    ("invalid according to policy: extra input fields", POST, "extra fields"),
    ("invalid according to policy", POST, CONDITION),
    ("bucket post must contain a field named", POST, "field missing"),
    ("post requires exactly one file", POST, "file"),
    ("signature expired:", "clock", ""),
    ("signature not yet current:", "clock", ""),
    ("difference between the request time and the", "clock", ""),
    ("the region '", "region", "signed for another region"),
    ("credential should be scoped to a valid region", "region", "signed for another region"),
    ("must be addressed using the specified endpoint", "region", ""),
    ("location constraint is incompatible for the region", "region", "location constraint"),
    ("roles may not be assumed by root", "trust_policy", "root"),
    ("access key id you provided does not exist", "credentials", "unknown key"),
    ("access key id you provided is not valid", "credentials", "unknown key"),
    ("security token included in the request is expired", "credentials", EXPIRED),
    ("security token included in the request is invalid", "credentials", "unknown key"),
    ("provided token has expired", "credentials", EXPIRED),
    ("provided token is malformed", "credentials", "token"),
    ("no awsaccesskey was presented", "credentials", "none"),
    ("missing authentication token", "credentials", "none"),
    ("unable to locate credentials", "credentials", "none"),
    ("partial credentials found", "credentials", "none"),
    ("the config profile (", "credentials", "none"),
    ("error loading sso token", "credentials", EXPIRED),
    ("anonymous users cannot", "credentials", "none"),
    ("anonymous access is forbidden", "credentials", "none"),
    ("credential access key has length", "credentials", "unknown key"),
    ("token has expired and refresh failed", "credentials", EXPIRED),
    ("sso session associated with this profile has expired", "credentials", EXPIRED),
    ("a non-empty access key", "credentials", "none"),
    ("all access to this object has been disabled", "credentials", "disabled"),
    ("missing required header for this request: x-amz-content-sha256", "signature", ""),
    ("request signature we calculated does not match", "signature", ""),
    ("authorization mechanism you have provided is not supported", "signature", "signature version 4"),
    ("authorization header is malformed", "signature", MALFORMED),
    ("requires a valid date or x-amz-date header", "signature", "date"),
    ("blockpublicpolicy setting", "block_public_access", "BlockPublicPolicy"),
    ("blockpublicacls setting", "block_public_access", "BlockPublicAcls"),
    ("block public access", "block_public_access", ""),
    ("bucket cannot have public acls set with blockpublicaccess", "block_public_access", "BlockPublicAcls"),
    ("does not allow acls", "acl", "disabled"),
    ("bucket cannot have acls set with objectownership", "acl", "disabled"),
    ("canned acls and header grants", "acl", "two ways"),
    ("protected by object lock", "object_lock", "protected"),
    ("wormmode directive", "object_lock", ""),
    ("worm protected", "object_lock", "protected"),
    ("only applicable to object lock enabled", "object_lock", "not enabled"),
    ("missing object lock configuration", "object_lock", "not enabled"),
    ("missing objectlockconfiguration", "object_lock", "not enabled"),
    ("requests with object lock parameters", "object_lock", "no checksum"),
    ("to apply a object lock configuration", "object_lock", "versioning needed"),
    ("object lock configuration is present on this bucket", "object_lock", "versioning stays"),
    ("object lock", "object_lock", ""),
    ("x-amz-object-lock", "object_lock", ""),
    ("retain until date must be in the future", "object_lock", "date"),
    ("mfa authentication must be used", "mfa_delete", ""),
    ("mfa are mutually exclusive", "mfa_delete", ""),
    ("x-amz-mfa", "mfa_delete", ""),
    ("policies must be valid json", "policy_document", ""),
    ("not valid for the object's storage class", "archived", ""),
    ("expected bucket owner", "bucket_owner", ""),
    ("expectedbucketowner", "bucket_owner", ""),
    ("could not connect to the endpoint url", "transport", ""),
    ("connection was closed before", "transport", ""),
    ("connection broken", "transport", ""),
    ("connection reset by peer", "transport", ""),
    ("timeout on endpoint url", "transport", ""),
    ("ssl validation failed", "transport", ""),
    ("failed to connect to proxy", "transport", ""),
    ("socket connection to the server was not read from", "transport", ""),
)
"""Words in small letters, the cause, the detail. The first that stands in a message decides."""


def by_text(lowered: str) -> tuple[str, str] | None:
    """Cause and detail of a message in small letters; None if nothing in it is known."""
    if not lowered or lowered == "access denied":
        return None
    for words, cause, detail in TEXTS:
        if words in lowered:
            return cause, detail
    return None


_STATES = (
    ("pending deletion", "pending deletion"),
    ("pendingdeletion", "pending deletion"),
    ("pending replica deletion", "pending deletion"),
    ("pending import", "pending import"),
    ("pendingimport", "pending import"),
    ("is disabled", "disabled"),
    ("is unavailable", "unavailable"),
    ("is creating", "creating"),
    ("is updating", "updating"),
)


def key_state(lowered: str, name: str) -> str:
    """The state of a key, from the message or else from the name of the error."""
    for words, state in _STATES:
        if words in lowered:
            return state
    by_name = {"DisabledException": "disabled", "KeyUnavailableException": "unavailable"}
    return by_name.get(name, "key usage" if name == "InvalidKeyUsageException" else "")
