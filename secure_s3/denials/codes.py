"""Error codes, and the cause that each stands for.

Source: Amazon S3 API Reference, "Error responses"; AWS KMS API Reference, errors of Encrypt, Decrypt and
GenerateDataKey; IAM and STS API References, "Common errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CODES: Mapping[str, tuple[str, ...]] = {
    "presign": ("AuthorizationQueryParametersError", "ExpiredPresignRequest"),
    "post_policy": (
        *("InvalidPolicyDocument", "MalformedPOSTRequest", "IncorrectNumberOfFilesInPostRequest"),
        *("MaxPostPreDataLengthExceeded", "MaxPostPreDataLengthExceededError"),
        *("RequestIsNotMultiPartContent", "UserKeyMustBeSpecified"),
    ),
    "signature": (
        *("SignatureDoesNotMatch", "InvalidSignatureException", "InvalidSignature", "IncompleteSignature"),
        *("IncompleteSignatureException", "XAmzContentSHA256Mismatch", "AuthorizationHeaderMalformed"),
    ),
    "clock": ("RequestTimeTooSkewed", "RequestExpired"),
    "credentials": (
        *(
            "InvalidAccessKeyId",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidToken",
            "TokenRefreshRequired",
        ),
        *("InvalidClientTokenId", "UnrecognizedClientException", "MissingAuthenticationToken"),
        *("MissingAuthenticationTokenException", "NotSignedUp", "AccountProblem", "AllAccessDisabled"),
        *("InvalidPayer", "InvalidSecurity", "CredentialsNotSupported", "AuthFailure", "OptInRequired"),
        *(
            "SubscriptionRequiredException",
            "InvalidIdentityToken",
            "IDPRejectedClaim",
            "MissingSecurityElement",
        ),
        *("UnauthorizedAccess", "UnauthorizedException", "UserSuspended", "InvalidTokenId"),
        *(
            "NoCredentialsError",
            "PartialCredentialsError",
            "TokenRetrievalError",
            "UnauthorizedSSOTokenError",
        ),
        *("KMS.OptInRequired", "KMS.SubscriptionRequiredException"),
    ),
    "region": (
        *("PermanentRedirect", "TemporaryRedirect", "Redirect", "IllegalLocationConstraintException"),
        *("InvalidLocationConstraint", "IncorrectEndpoint", "InvalidRegionName", "InvalidRegion"),
        *("RegionDisabledException", "301", "307", "308"),
    ),
    "acl": (
        *("AccessControlListNotSupported", "InvalidBucketAclWithObjectOwnership", "MalformedACLError"),
        *("UnresolvableGrantByEmailAddress", "AmbiguousGrantByEmailAddress"),
    ),
    "block_public_access": ("InvalidBucketAclWithBlockPublicAccessError",),
    "object_lock": ("ObjectLocked", "InvalidRetentionDate", "InvalidRetentionPeriod"),
    "policy_document": (
        *("MalformedPolicy", "MalformedPolicyDocument", "MalformedPolicyDocumentException", "PolicyTooLarge"),
        *("InvalidPolicyException", "PackedPolicyTooLarge", "PackedPolicyTooLargeException"),
        *("MalformedPolicyException", "PolicyLengthExceeded"),
    ),
    "precondition": (
        *("PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "NotModified"),
        *("412", "304", "PreconditionFailedException"),
    ),
    "archived": (
        *("InvalidObjectState", "RestoreAlreadyInProgress", "ObjectAlreadyInActiveTierError"),
        *("ObjectNotInActiveTierError", "GlacierExpeditedRetrievalNotAvailable"),
    ),
    "encryption_parameters": (
        *("InvalidEncryptionAlgorithmError", "InvalidEncryptionAlgorithm", "InvalidEncryptionMethod"),
        *("InvalidSSECustomerAlgorithm", "InvalidSSECustomerKey", "MissingSSECustomerKey"),
        *("MissingSSECustomerKeyMD5", "SSECustomerKeyMD5Mismatch", "InvalidEncryptionParameters"),
        *("InsecureSSECustomerRequest", "InvalidEncryptionRequest"),
    ),
    "sse_c": ("SSEEncryptedObject", "InvalidSSECustomerParameters"),
    "bucket_owner": ("InvalidBucketOwnerAWSAccountID",),
    "transport": (
        *("RequestTimeout", "RequestTimeoutException", "IncompleteBody", "ConnectionError", "408"),
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
        *("SSLError", "ProxyConnectionError", "HTTPClientError", "ResponseStreamingError"),
    ),
    "kms_access": ("KMS.AccessDeniedException",),
    "not_found": ("404", "NotFound", "410", "ResourceNotFoundException", "ResourceNotFound"),
}
BY_CODE: Final = {code: cause for cause, codes in _CODES.items() for code in codes}
"""The cause of a code that tells it."""

VAGUE_CODES: Final = frozenset(
    {
        *("SignatureDoesNotMatch", "InvalidSignatureException", "AuthorizationHeaderMalformed"),
        *(
            "AuthorizationQueryParametersError",
            "InvalidPayer",
            "IncompleteSignature",
            "InvalidSSECustomerKey",
        ),
        *("NotSignedUp", "MalformedACLError", "UnauthorizedAccess"),
    }
)
"""Of these, those whose words may tell another."""

KMS_CODES: Final = {
    "NotFoundException": "kms_key_not_found",
    "InvalidArnException": "kms_key_not_found",
    "InvalidKeyId": "kms_key_not_found",
    "ValidationException": "kms_key_not_found",
    "DisabledException": "kms_key_state",
    "KMSInvalidStateException": "kms_key_state",
    "InvalidStateException": "kms_key_state",
    "KeyUnavailableException": "kms_key_state",
    "InvalidKeyUsageException": "kms_key_state",
}
"""Errors about a key, without the ``KMS.`` that S3 puts before them."""

DENIED_CODES: Final = frozenset(
    {
        *(
            "AccessDenied",
            "AccessDeniedException",
            "403",
            "401",
            "Forbidden",
            "Unauthorized",
            "NotAuthorized",
        ),
        *("UnauthorizedOperation", "Client.UnauthorizedOperation", "AuthorizationError", "AuthAccessDenied"),
        *("AuthorizationErrorException", "ForbiddenException", "NotAuthorizedException", "AccessForbidden"),
        *("Access Denied", "AllAccessDenied", "UnauthorizedRequest"),
    }
)
"""A denial, whatever the words."""

POLICY_CALLS: Final = frozenset(
    {
        *("PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus"),
        *("PutAccessPointPolicy", "GetAccessPointPolicy", "DeleteAccessPointPolicy"),
    }
)
"""Operations that S3 lets only identities of the bucket owner's account call: 405 for others."""
