"""Causes that have to do with encryption: KMS keys, keys of customers, and the headers that ask for them.

Source: Amazon S3 User Guide, "Protecting data with encryption" and "Troubleshoot access denied (403
Forbidden) errors in Amazon S3"; AWS KMS Developer Guide, "Key states of AWS KMS keys"; answers recorded from
S3.
"""

from __future__ import annotations

from typing import Final

from .entry import ERRORS, KEY, KMS_GUIDE, REFUSED, S3_GUIDE, Cause, Wording

_KMS = f"{S3_GUIDE}UsingKMSEncryption.html"
_SSE_C = f"{S3_GUIDE}ServerSideEncryptionCustomerKeys.html"
_USER = "User: {principal} is not authorized to perform: {action}"
_CUSTOMER = "Requests specifying Server Side Encryption with Customer provided keys must"
_IDENTITY, _RESOURCE = "identity_policy", "resource_policy"


def _invalid(message: str, detail: str, code: str = "InvalidArgument", **fields: str) -> Wording:
    return Wording(message, code, 400, detail, fields=fields)


def _of_customer(what: str, detail: str, argument: str) -> Wording:
    return _invalid(
        f"{_CUSTOMER} {what}.", detail, ArgumentName=f"x-amz-server-side-encryption-customer-{argument}"
    )


ENCRYPTION: Final = (
    Cause(
        "blocked_encryption",
        "blocked encryption type",
        "The bucket does not take uploads that are encrypted with keys of customers (SSE-C). Since April "
        "2026 that is so for new buckets, unless their owner permits it. Objects that are there can be "
        "read as before.",
        'configure SseKms("…") or SseS3(); or have the bucket\'s owner permit SSE-C again: '
        "PutBucketEncryption "
        "with BlockedEncryptionTypes NONE",
        "caller, bucket owner",
        (f"{S3_GUIDE}blocking-unblocking-s3-c-encryption-gpb.html", REFUSED),
        (
            Wording(
                f"{_USER}{{on}} because this bucket has blocked upload requests that specify Server Side "
                "Encryption with Customer provided keys (SSE-C). Please specify a different server-side "
                "encryption type",
                detail="SSE-C",
            ),
        ),
        action="s3:PutObject",
    ),
    Cause(
        "kms_access",
        "permission for the KMS key",
        "S3 let the request pass, and KMS did not let the caller use the key. Writing needs "
        "kms:GenerateDataKey, reading kms:Decrypt, and a multipart upload needs both. Both the caller's "
        "policy and the key's must agree; for a key of another account, each of the two. The message about "
        "a ciphertext also stands for a key that was deleted or is of another region.",
        "check that the key exists in the bucket's region, then allow {action} in the key's policy and in "
        "the caller's",
        "key owner, account admin",
        (_KMS, f"{KMS_GUIDE}key-policies.html", REFUSED),
        (
            Wording(
                f"{_USER}{{on}} because no identity-based policy allows the {{action}} action",
                explicit=False,
                layer=_IDENTITY,
            ),
            Wording(
                f"{_USER}{{on}} because no resource-based policy allows the {{action}} action",
                explicit=False,
                layer=_RESOURCE,
            ),
            Wording(
                f"{_USER}{{on}} with an explicit deny in an identity-based policy{{named}}",
                explicit=True,
                layer=_IDENTITY,
            ),
            Wording(
                f"{_USER}{{on}} with an explicit deny in a resource-based policy",
                explicit=True,
                layer=_RESOURCE,
            ),
            Wording(
                f"{_USER} on the resource associated with this ciphertext because the resource does not "
                "exist in this Region, no resource-based policies allow access, or a resource-based policy "
                "explicitly denies access"
            ),
            Wording(
                "The ciphertext refers to a customer master key that does not exist, does not exist in this "
                "region, or you are not allowed to access."
            ),
        ),
        {
            _IDENTITY: "allow {action} on {resource} in a policy of {who}",
            _RESOURCE: "have the key's owner allow {action} to {who} in the key's policy, or by a grant",
            f"{_IDENTITY} explicit": "change the statement that denies {action} on {resource}: "
            "in {policy}, attached to {who}",
            f"{_RESOURCE} explicit": "have the key's owner change the statement of the key's policy "
            "that denies {action} to {who}",
        },
        policy=True,
        action="kms:Decrypt",
        resource=KEY,
    ),
    Cause(
        "kms_key_state",
        "state of the KMS key",
        "The key is there, and in a state in which it encrypts and decrypts nothing. Objects under it "
        "cannot be read until it is enabled again; once it is deleted, never again.",
        "look at the key with kms describe-key, or configure another one",
        "key owner",
        (f"{KMS_GUIDE}key-state.html", _KMS),
        (
            Wording("{resource} is disabled.", "KMS.DisabledException", 400, "disabled"),
            Wording(
                "{resource} is pending deletion.", "KMS.KMSInvalidStateException", 400, "pending deletion"
            ),
            Wording("{resource} is pending import.", "KMS.KMSInvalidStateException", 400, "pending import"),
            Wording("{resource} is disabled.", "DisabledException", 400, "disabled", service="kms"),
        ),
        {
            "disabled": "enable the KMS key, or configure another one",
            "pending deletion": "cancel the deletion of the KMS key and enable it, or configure another one",
            "pending import": "import the key's material, or configure another KMS key",
            "unavailable": "wait: the KMS key, or the key store that it is in, is not available at the "
            "moment",
            "key usage": "configure a symmetric KMS key for encryption; S3 takes no other",
        },
        resource=KEY,
    ),
    Cause(
        "kms_key_not_found",
        "KMS key that is not there",
        "There is no such key, or not in the region of the bucket: S3 takes only keys of the bucket's own "
        "region, and of another account only by their ARN.",
        "check the key's ARN; the key must live in the bucket's region",
        "caller",
        (_KMS, f"{KMS_GUIDE}find-cmk-id-arn.html"),
        (
            Wording("Key '{resource}' does not exist", "KMS.NotFoundException", 400),
            Wording("Invalid arn us-west-2", "KMS.NotFoundException", 400, "other region"),
            Wording("Key '{resource}' does not exist", "NotFoundException", 400, service="kms"),
        ),
        {"other region": "configure a key of the bucket's own region: this one lives in another"},
        resource=KEY,
    ),
    Cause(
        "sse_c",
        "customer's key (SSE-C)",
        "The object was encrypted with a key that S3 does not keep, and the request brings another key, "
        "none, or one for an object that needs none. The wrong key is a 403 AccessDenied, and no policy "
        "has to do with it. HEAD says only 400 or 403.",
        "read it with the key it was stored under: encryption=SseC(key)",
        "caller",
        (_SSE_C, ERRORS),
        (
            Wording(f"{_CUSTOMER} provide the correct secret key.", detail="wrong key"),
            _invalid(
                "The object was stored using a form of Server Side Encryption. The correct parameters must "
                "be provided to retrieve the object.",
                "key needed",
                "InvalidRequest",
            ),
            _invalid(
                "The encryption parameters are not applicable to this object.",
                "not applicable",
                "InvalidRequest",
            ),
            _invalid(
                "The multipart upload initiate requested encryption. Subsequent part requests must include "
                "the appropriate encryption parameters.",
                "part",
                "InvalidRequest",
            ),
            _invalid(
                "The provided encryption parameters did not match the ones used originally.", "wrong key"
            ),
        ),
        {
            "not applicable": "read it without a customer's key: the object is not encrypted with one",
            "part": "send the key of the upload with each of its parts: encryption=SseC(key)",
        },
    ),
    Cause(
        "encryption_parameters",
        "encryption parameters",
        "The headers that ask for encryption contradict each other, or one is missing or malformed. "
        "Nothing was stored. A configured strategy (SseKms, SseC, …) cannot send such headers.",
        "let a strategy set the headers: SecureSession(encryption=SseKms(…)) or SseC(…)",
        "caller",
        (f"{S3_GUIDE}serv-side-encryption.html", _SSE_C, ERRORS),
        (
            _invalid(
                "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS "
                "Signature Version 4.",
                "signature version 4",
            ),
            _invalid(
                "Server Side Encryption with AWS KMS managed key requires HTTP header "
                "x-amz-server-side-encryption : aws:kms",
                "key without aws:kms",
                ArgumentName="x-amz-server-side-encryption",
            ),
            _invalid(
                "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string "
                "holding JSON which represents a string-string map",
                "context",
                "InvalidRequest",
            ),
            _of_customer("provide an appropriate secret key", "key missing", "key"),
            _invalid("The secret key was invalid for the specified algorithm.", "key length"),
            _invalid(
                "The calculated MD5 hash of the key did not match the hash that was provided.", "key digest"
            ),
            _of_customer("provide the client calculated MD5 of the secret key", "key digest", "key-MD5"),
            _of_customer("provide a valid encryption algorithm", "algorithm", "algorithm"),
            _invalid(
                "The encryption method specified is not supported",
                "algorithm",
                "InvalidEncryptionAlgorithmError",
            ),
            _invalid(
                "Server Side Encryption with Customer provided key is incompatible with the encryption "
                "method specified",
                "two encryptions",
            ),
            _invalid(f"{_CUSTOMER} be made over a secure connection.", "plain HTTP", "InvalidRequest"),
        ),
        {
            "signature version 4": "sign with Signature Version 4: Config(signature_version='s3v4')",
            "key without aws:kms": "send ServerSideEncryption='aws:kms' with the key's id",
            "context": "give the encryption context as Base64 of a JSON object of texts",
            "key missing": "send SSECustomerKey with SSECustomerAlgorithm: encryption=SseC(key) does",
            "key length": "give a key of 32 bytes: SseC.generate() makes one",
            "key digest": "let the client compute the MD5 of the key: encryption=SseC(key) does",
            "algorithm": "name an algorithm that S3 knows: AES256, aws:kms or aws:kms:dsse; for SSE-C only "
            "AES256",
            "two encryptions": "ask for one kind of encryption, not for two",
            "plain HTTP": "use https:// for the endpoint",
        },
        action="s3:PutObject",
    ),
)
