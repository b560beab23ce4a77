"""The statements that a profile asks of a bucket policy. Pure.

They are Denies only: hardening grants nothing, and with them what the profile allows passes and nothing else
does. Several keys under several algorithms are not told apart: each key passes with each KMS algorithm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...limits import MAX_PRESIGN
from ...policy import statements as make
from ...policy.statement import Statement
from ...policy.statements.acls import PERMISSIONS
from ...policy.statements.encryption import ALGORITHMS, KMS_ALGORITHMS, SSE, SSE_C
from ..audit.check import Subject

ENCRYPTION = "encryption"


@dataclass(frozen=True, slots=True)
class Protection:
    """One statement, and the check that it is for.

    Args:
        check: Its id.
        topic: ``transport``, ``encryption``, ``acls`` or ``presigning``.
        statement: The Deny.
    """

    check: str
    topic: str
    statement: Statement


def protections(subject: Subject, acls_off: bool) -> Iterator[Protection]:
    """What should be in the policy.

    Args:
        acls_off: Object Ownership makes ACLs impossible: statements about them would only be long.
    """
    bucket, partition, profile = subject.snapshot.bucket, subject.snapshot.partition, subject.profile
    plain_http = make.deny_insecure_transport(bucket, partition=partition)
    yield Protection("secure-transport", "transport", plain_http)
    tls = make.require_min_tls(bucket, profile.min_tls, partition=partition)
    yield Protection("tls-version", "transport", tls)
    yield from _encryption(subject)
    if not acls_off:
        public = make.deny_public_acls(bucket, partition=partition)
        yield Protection("public-acls-denied", "acls", public)
        for permission in PERMISSIONS:
            grants = make.deny_public_grants(bucket, permission, partition=partition)
            yield Protection("public-acls-denied", "acls", grants)
    ceiling = profile.presign_ceiling
    if ceiling is not None and ceiling < MAX_PRESIGN:
        age = make.max_presign_age(bucket, int(ceiling.total_seconds()), partition=partition)
        yield Protection("presigned-age", "presigning", age)


def _encryption(subject: Subject) -> Iterator[Protection]:
    bucket, partition, profile = subject.snapshot.bucket, subject.snapshot.partition, subject.profile
    algorithms, strict = profile.algorithms, profile.strict
    if not algorithms:  # SSE-C alone: what has its header can have no other
        only = make.require_sse_c(bucket, partition=partition)
        yield Protection("unencrypted-uploads", ENCRYPTION, only)
        return
    required = strict and not profile.customer_keys
    if required or set(algorithms) != set(ALGORITHMS):
        named = make.deny_unencrypted_uploads(bucket, algorithms, strict=required, partition=partition)
        yield Protection("unencrypted-uploads", ENCRYPTION, named)
    if strict and profile.customer_keys:
        yield Protection("unencrypted-uploads", ENCRYPTION, _some_encryption(bucket, partition))
    if profile.key_arns:
        yield from _keys(subject, required)
    if not profile.customer_keys and not required:
        no_customer_keys = make.deny_sse_c(bucket, partition=partition)
        yield Protection("customer-key-uploads", ENCRYPTION, no_customer_keys)


def _keys(subject: Subject, required: bool) -> Iterator[Protection]:
    bucket, partition, profile = subject.snapshot.bucket, subject.snapshot.partition, subject.profile
    always = required and set(profile.algorithms) <= set(KMS_ALGORITHMS)
    wrong = make.deny_wrong_kms_key(bucket, profile.key_arns, strict=always, partition=partition)
    yield Protection("wrong-key-uploads", ENCRYPTION, wrong)
    if not always:
        without = make.deny_kms_without_key(bucket, partition=partition)
        yield Protection("wrong-key-uploads", ENCRYPTION, without)


def _some_encryption(bucket: str, partition: str) -> Statement:
    """Denies uploads that name neither an algorithm of S3's nor a key of the customer's."""
    like = make.require_sse_c(bucket, sid="DenyUnnamedEncryption", partition=partition)
    return Statement({**like.raw, "Condition": {"Null": {SSE: "true", SSE_C: "true"}}})
