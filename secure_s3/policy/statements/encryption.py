"""How objects are encrypted at rest: algorithm, KMS key, keys of customers.

Each of them judges the headers of s3:PutObject, that is of PutObject, CopyObject, CreateMultipartUpload and
UploadPart, and what s3:UpdateObjectEncryption asks for objects that are there. The parts of a multipart
upload carry no header of encryption, and neither do most services that deliver into a bucket. So there are
two forms: the usual one judges a header if there is one and leaves requests without to the bucket's default
encryption, which S3 always applies; the **strict** one requires the header. Whether S3 judges a part by the
headers its upload began with is not documented; the strict form may deny parts. Replication uses
s3:ReplicateObject and is not concerned.

Sources: Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS (SSE-KMS)", "Protecting data
with server-side encryption"; Service Authorization Reference, "Actions, resources, and condition keys for
Amazon S3".
"""

from __future__ import annotations

from ...errors import PolicyError
from ..statement import Statement
from .identities import DELIVERIES_SPARED
from .parts import Block, Keys, Texts, deny, flag, full_key_arns, one_of, texts
from .places import place

SSE = "s3:x-amz-server-side-encryption"
SSE_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
SSE_C = "s3:x-amz-server-side-encryption-customer-algorithm"
ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
_WRITES = ("s3:PutObject", "s3:UpdateObjectEncryption")


def deny_unencrypted_uploads(
    bucket: str,
    algorithms: Texts = KMS_ALGORITHMS,
    *,
    strict: bool = False,
    except_services: bool = False,
    sid: str = "DenyUnencryptedUploads",
    partition: str = "aws",
) -> Statement:
    """Denies uploads that ask for another encryption than *algorithms*; strict: also those that ask for none.

    Passes: the algorithms listed, with any key (see deny_wrong_kms_key). Not strict: requests without the
    header, which get the bucket's default encryption, so that this must be set to what is wanted; SSE-C,
    which has a header of its own (see deny_sse_c). Strict: neither, and log delivery and perhaps parts are
    denied.

    Args:
        algorithms: Among ``AES256``, ``aws:kms``, ``aws:kms:dsse``, exactly as written.
        strict: The header is required.
        except_services: Services of AWS that call as themselves are spared, e.g. log delivery.

    Source: Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS (SSE-KMS)".
    """
    listed = texts(algorithms, "algorithms", "aws:kms")
    for each in listed:
        one_of(each, ALGORITHMS, "algorithms", "S3 knows three, and compares their case")
    if set(listed) == set(ALGORITHMS) and not flag(strict, "strict"):
        raise PolicyError(
            "algorithms= lists all that S3 has",
            why="no header names another one, so that nothing would be denied",
            fix="leave out what is not wanted, or pass strict=True to require the header",
        )
    return deny(
        sid,
        _WRITES,
        place(bucket, partition).objects(),
        {"StringNotEquals": {SSE: listed}},
        _unless_absent(SSE, strict),
        DELIVERIES_SPARED if flag(except_services, "except_services") else {},
    )


def deny_wrong_kms_key(
    bucket: str,
    key_arns: Keys,
    *,
    strict: bool = False,
    except_services: bool = False,
    sid: str = "DenyWrongKmsKey",
    partition: str = "aws",
) -> Statement:
    """Denies uploads that name another KMS key than *key_arns*; strict: also those that name none.

    Passes: these keys. Not strict: SSE-S3 and SSE-C, which name no KMS key (see deny_unencrypted_uploads,
    deny_sse_c); requests without any header; and **aws:kms without a key**, for which S3 takes the AWS
    managed key, not the bucket's default one: deny_kms_without_key closes that. Strict: none of these. A
    client that names the right key by its alias or bare id is compared as S3 resolves it, which is not
    documented: send the full ARN.

    Args:
        key_arns: Full ARNs of the keys; aliases and bare ids are refused.
        strict: The header is required.
        except_services: Services of AWS that call as themselves are spared, e.g. log delivery.

    Source: Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS (SSE-KMS)".
    """
    where = place(bucket, partition)
    return deny(
        sid,
        _WRITES,
        where.objects(),
        {"StringNotEquals": {SSE_KEY: full_key_arns(key_arns, "key_arns", where.partition)}},
        _unless_absent(SSE_KEY, strict),
        DELIVERIES_SPARED if flag(except_services, "except_services") else {},
    )


def deny_kms_without_key(bucket: str, *, sid: str = "DenyKmsWithoutKey", partition: str = "aws") -> Statement:
    """Denies uploads that ask for aws:kms or aws:kms:dsse and name no key.

    S3 would take the AWS managed key ``aws/s3``, whatever the bucket's default key is (Amazon S3 API
    Reference, PutObject: x-amz-server-side-encryption-aws-kms-key-id). It belongs beside deny_wrong_kms_key.
    Passes: requests without headers, with a key, SSE-S3 and SSE-C.

    Source: Amazon S3 API Reference, PutObject: x-amz-server-side-encryption-aws-kms-key-id.
    """
    kms = {"StringEquals": {SSE: KMS_ALGORITHMS}}
    return deny(sid, _WRITES, place(bucket, partition).objects(), kms, {"Null": {SSE_KEY: "true"}})


def deny_sse_c(bucket: str, *, sid: str = "DenySseC", partition: str = "aws") -> Statement:
    """Denies uploads under a key of the customer's (SSE-C): who loses it, or withholds it, has the objects.

    Passes: every other upload. Objects that are there already under such keys can still be read. A bucket
    can also refuse SSE-C by its encryption configuration (BlockedEncryptionTypes).

    Source: Amazon S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".
    """
    return deny(sid, "s3:PutObject", place(bucket, partition).objects(), {"Null": {SSE_C: "false"}})


def require_sse_c(
    bucket: str, *, except_services: bool = False, sid: str = "RequireSseC", partition: str = "aws"
) -> Statement:
    """Denies uploads without a key of the customer's (SSE-C).

    Every part, and CompleteMultipartUpload, must carry the header too (boto3: SSECustomerAlgorithm); a client
    that leaves it out there is denied. Copies carry that of the destination. Passes: uploads with the header,
    whichever key it is about: S3 keeps no key to compare with.

    Args:
        except_services: Services of AWS that call as themselves are spared; none of them can use SSE-C.

    Source: Amazon S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".
    """
    return deny(
        sid,
        "s3:PutObject",
        place(bucket, partition).objects(),
        {"Null": {SSE_C: "true"}},
        DELIVERIES_SPARED if flag(except_services, "except_services") else {},
    )


def _unless_absent(key: str, strict: bool) -> Block:
    # A negated operator holds where the key is absent, and IfExists would not change that.
    return {} if flag(strict, "strict") else {"Null": {key: "false"}}
