"""Causes that lie in the bucket or object: its settings, its locks, its state, or that it is not there.

Source: Amazon S3 API Reference, "Error responses"; Amazon S3 User Guide, "Blocking public access to your
Amazon S3 storage", "Locking objects with Object Lock", "Configuring MFA delete"; answers recorded from S3.
"""

from __future__ import annotations

from typing import Final

from .entry import BUCKET, ERRORS, REFUSED, S3_API, S3_GUIDE, Cause, Wording

_USER = "User: {principal} is not authorized to perform: {action}{on}"
_BLOCKED = "{what} are prevented by the {setting} setting in S3 Block Public Access."
_LOCK = f"{S3_GUIDE}object-lock.html"


def _public(what: str, setting: str, action: str = "") -> Wording:
    return Wording(
        f"{_USER} because {_BLOCKED.format(what=what, setting=setting)}", detail=setting, action=action
    )


def _unsummed(what: str) -> Wording:
    return Wording(
        f"Content-MD5 OR x-amz-checksum- HTTP header is required for {what} requests with Object Lock "
        "parameters",
        "InvalidRequest",
        400,
        "no checksum",
    )


OBJECTS: Final = (
    Cause(
        "block_public_access",
        "S3 Block Public Access",
        "The call would make something public, by an ACL or by a policy, and a setting of the bucket, the "
        "account or the organization does not let it. That is what the setting is for: in most cases the "
        "call is what has to change.",
        "do not make it public: share it with presigned URLs or a CDN with origin access control",
        "caller, bucket owner",
        (f"{S3_GUIDE}access-control-block-public-access.html", REFUSED),
        (
            _public("public policies", "BlockPublicPolicy"),
            _public("public ACLs", "BlockPublicAcls", "s3:PutObjectAcl"),
            Wording(
                f"{_USER} because public policies are blocked by the BlockPublicPolicy block public access "
                "setting.",
                detail="BlockPublicPolicy",
            ),
            Wording(
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
                "InvalidBucketAclWithBlockPublicAccessError",
                400,
                "BlockPublicAcls",
            ),
        ),
        {
            "BlockPublicAcls": "leave the public ACL away: without ACL=public-read or grants to everybody "
            "the call passes",
            "BlockPublicPolicy": "write a policy that is not public: name accounts, an organization or a "
            "network in it",
            "RestrictPublicBuckets": "make the bucket's policy one that is not public: then it counts for "
            "other accounts",
        },
        action="s3:PutBucketPolicy",
        resource=BUCKET,
    ),
    Cause(
        "acl",
        "access control list",
        "The bucket does not use ACLs (Object Ownership is BucketOwnerEnforced, as it is for every new "
        "bucket), and the call sends one; or the ACL itself cannot be used.",
        "leave the ACL away, and grant with a policy",
        "caller",
        (f"{S3_GUIDE}about-object-ownership.html", ERRORS),
        (
            Wording("The bucket does not allow ACLs", "AccessControlListNotSupported", 400, "disabled"),
            Wording(
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                "InvalidBucketAclWithObjectOwnership",
                400,
                "disabled",
            ),
            Wording(
                "Your request was missing a required header",
                "MissingSecurityHeader",
                400,
                "header missing",
                fields={"MissingHeaderName": "x-amz-acl"},
                operation="PutBucketAcl",
            ),
            Wording(
                "Specifying both Canned ACLs and Header Grants is not allowed",
                "InvalidRequest",
                400,
                "two ways",
            ),
        ),
        {
            "header missing": "say which ACL: ACL=…, grants, or an AccessControlPolicy",
            "two ways": "send a canned ACL or grants, not both",
        },
        action="s3:PutBucketAcl",
        resource=BUCKET,
    ),
    Cause(
        "object_lock",
        "Object Lock",
        "A retention period or a legal hold protects the version, or the call uses Object Lock in a bucket "
        "that has none. In compliance mode nobody can shorten the period, not even the root user. Or an "
        "upload that is to be locked, by its arguments or by the bucket's default, has no checksum.",
        "wait until the retention is over; in governance mode s3:BypassGovernanceRetention and "
        "BypassGovernanceRetention=True pass",
        "bucket owner; nobody in compliance mode",
        (_LOCK, f"{S3_GUIDE}object-lock-managing.html", f"{S3_API}API_PutObject.html"),
        (
            Wording("Access Denied because object protected by object lock.", detail="protected"),
            Wording(
                "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
                "InvalidArgument",
                400,
                "not enabled",
            ),
            Wording("Bucket is missing Object Lock Configuration", "InvalidRequest", 400, "not enabled"),
            Wording("The retain until date must be in the future!", "InvalidArgument", 400, "date"),
            Wording(
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
                "InvalidBucketState",
                409,
                "versioning needed",
                operation="PutObjectLockConfiguration",
            ),
            Wording(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be "
                "changed.",
                "InvalidBucketState",
                409,
                "versioning stays",
                operation="PutBucketVersioning",
            ),
            _unsummed("Put Object"),
            _unsummed("Put Part"),
        ),
        {
            "no checksum": "send a checksum: profile checksum_mode='when_supported' or "
            "ChecksumAlgorithm='CRC32'",
            "not enabled": "leave the arguments of Object Lock away, or enable it for the bucket first",
            "date": "give a date in the future",
            "versioning needed": "switch versioning on first: Object Lock protects versions",
            "versioning stays": "leave versioning on: a bucket with Object Lock cannot suspend it; a "
            "lifecycle rule can remove noncurrent versions once nothing protects them",
        },
        action="s3:DeleteObjectVersion",
    ),
    Cause(
        "mfa_delete",
        "MFA delete",
        "The bucket has MFA delete. Deleting a version and changing the versioning need the root user, "
        "with a device and a fresh code.",
        "as the root user, send MFA='SERIAL CODE'; no role and no IAM user can",
        "root user of the bucket's account",
        (f"{S3_GUIDE}MultiFactorAuthenticationDelete.html",),
        (Wording("Mfa Authentication must be used for this request"),),
        action="s3:DeleteObjectVersion",
    ),
    Cause(
        "policy_document",
        "policy that is being written",
        "S3, KMS or IAM does not take the policy: it is malformed, too long, or about what it cannot be "
        "about. 405 means that the caller is not of the account that owns the bucket; only such callers "
        "may read or write its policy.",
        "check it before it is sent: secure_s3.policy.lint(policy), or secure-s3 policy lint",
        "caller",
        (f"{S3_GUIDE}bucket-policies.html", ERRORS),
        (
            Wording("Policies must be valid JSON and the first byte must be '{{'", "MalformedPolicy", 400),
            Wording("Invalid principal in policy", "MalformedPolicy", 400),
            Wording("Policy has invalid resource", "MalformedPolicy", 400),
            Wording(
                "The specified method is not allowed against this resource.",
                "MethodNotAllowed",
                405,
                "other account",
                fields={"Method": "PUT", "ResourceType": "BUCKETPOLICY"},
                operation="PutBucketPolicy",
            ),
        ),
        {"other account": "call it as an identity of the account that owns the bucket"},
        action="s3:PutBucketPolicy",
        resource=BUCKET,
    ),
    Cause(
        "precondition",
        "condition of the call",
        "The call was conditional (If-Match, If-None-Match, …), and the condition did not hold: the object "
        "is there already, or was changed in between. Nothing was written.",
        "read the object's current state, and decide again",
        "caller",
        (f"{S3_GUIDE}conditional-requests.html", ERRORS),
        (
            Wording(
                "At least one of the pre-conditions you specified did not hold",
                "PreconditionFailed",
                412,
                fields={"Condition": "If-None-Match"},
            ),
            Wording(
                "The conditional request cannot succeed due to a conflicting operation against this "
                "resource.",
                "ConditionalRequestConflict",
                409,
            ),
            Wording(
                "A conflicting conditional operation is currently in progress against this resource. "
                "Please try again.",
                "OperationAborted",
                409,
            ),
        ),
        {
            "ConditionalRequestConflict": "another writer was faster; read the object, and decide again",
            "OperationAborted": "try again when the other operation on this is over",
        },
        action="s3:PutObject",
    ),
    Cause(
        "archived",
        "storage class",
        "The object is archived (S3 Glacier Flexible Retrieval, Deep Archive, or an archive tier), and has "
        "to be restored before it can be read. The 403 has nothing to do with a policy.",
        "restore the object first: restore_object, then wait",
        "caller",
        (f"{S3_GUIDE}restoring-objects.html", ERRORS),
        (
            Wording(
                "The operation is not valid for the object's storage class",
                "InvalidObjectState",
                fields={"StorageClass": "DEEP_ARCHIVE"},
            ),
            Wording("Object restore is already in progress", "RestoreAlreadyInProgress", 409),
        ),
        {"RestoreAlreadyInProgress": "wait: the object is being restored already"},
    ),
    Cause(
        "not_found",
        "absence",
        "There is no such bucket, key, version, upload or configuration. That a key is missing S3 says "
        "only to callers with s3:ListBucket; others get 403.",
        "check bucket and key",
        "caller",
        (ERRORS, f"{S3_API}API_GetObject.html"),
        (
            Wording("The specified key does not exist.", "NoSuchKey", 404, fields={"Key": "report.csv"}),
            Wording(
                "The specified bucket does not exist",
                "NoSuchBucket",
                404,
                fields={"BucketName": "amzn-s3-demo-bucket"},
            ),
            Wording("Not Found", "404", 404, operation="HeadObject"),
            Wording("The bucket policy does not exist", "NoSuchBucketPolicy", 404),
            Wording(
                "Object Lock configuration does not exist for this bucket",
                "ObjectLockConfigurationNotFoundError",
                404,
            ),
        ),
        {
            "NoSuchBucket": "check the bucket's name and the region",
            "NoSuchKey": "check the key; without s3:ListBucket a missing key is reported as AccessDenied",
            "NoSuchUpload": "begin the upload anew: it was completed, aborted, or a lifecycle rule removed "
            "it",
            "NoSuchBucketPolicy": "nothing: the bucket has no policy",
            "ObjectLockConfigurationNotFoundError": "nothing, or enable Object Lock for the bucket",
            "NotFoundException": "check the name, the region and the account",
            "delete marker": "name a version that is an object: this one is a delete marker",
        },
    ),
)
