"""Remedies for keys: of KMS, where policies are not what refuses, and of customers (SSE-C).

Sources: KMS Developer Guide, "Key states of AWS KMS keys"; Amazon S3 User Guide, "Troubleshoot access denied
(403 Forbidden) errors", "Using server-side encryption with customer-provided keys (SSE-C)".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ...policy.wire.keys import SSE_C, SSE_KEY, is_key_arn
from ..explanation import ACCOUNT_ADMIN, CALLER, KEY_OWNER, Remedy
from .facts import Facts

_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_STATES = {
    "pendingdeletion": ("pending deletion", "pendingdeletion"),
    "disabled": ("disabled",),
    "pendingimport": ("pending import", "pendingimport"),
    "unavailable": ("unavailable",),
}


_READS = ("GetObject", "HeadObject", "GetObjectAttributes")
_LEAVE_OUT = Remedy(
    CALLER,
    "leave the customer key out: the object is not encrypted with one",
    arguments=dict.fromkeys(("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")),
)
_PASS = Remedy(CALLER, "pass the key that the object was written with: SseC(key); a part has its upload's")


def key_of(facts: Facts) -> str:
    """The ARN of the key that it is about; empty if nobody knows."""
    named = [facts.resource, *_ARN.findall(facts.denial.message[:4096])]
    sent = facts.sent.header(SSE_KEY) if facts.sent else None
    default = (facts.settings.default_encryption or {}).get("KMSMasterKeyID")
    return next((str(each) for each in (*named, sent, default) if each and is_key_arn(str(each))), "")


def state(facts: Facts) -> Iterator[Remedy]:
    """A key that cannot be used as it is."""
    key, found = key_of(facts), _state(facts)
    shown = shlex.quote(key) if key else "KEY"
    yield from _another_key(facts, key)
    if found == "pendingdeletion":
        yield Remedy(
            KEY_OWNER,
            "cancel the deletion of the key before it is deleted for good, and enable it again",
            target=key,
            command=f"aws kms cancel-key-deletion --key-id {shown} && aws kms enable-key --key-id {shown}",
            risk="somebody wanted it deleted: ask first",
        )
    elif found == "pendingimport":
        yield Remedy(
            KEY_OWNER,
            "import the key material: without it the key can do nothing",
            target=key,
            command=f"aws kms get-parameters-for-import --key-id {shown} --wrapping-algorithm "
            "RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_4096",
        )
    elif found == "disabled":
        yield Remedy(
            KEY_OWNER,
            "enable the key",
            target=key,
            command=f"aws kms enable-key --key-id {shown}",
            risk="somebody disabled it: ask first",
        )
    else:
        line = f"aws kms describe-key --key-id {shown}"
        yield Remedy(KEY_OWNER, "look at the state of the key", target=key, command=line)


def _state(facts: Facts) -> str:
    told = str(facts.settings.keys.get(key_of(facts), {}).get("KeyState", ""))
    text = f"{told} {facts.denial.detail} {facts.denial.code} {facts.denial.message[:4096]}".lower()
    return next((name for name, marks in _STATES.items() if any(each in text for each in marks)), "")


def _another_key(facts: Facts, bad: str) -> Iterator[Remedy]:
    if facts.action.startswith("kms:Decrypt") or facts.operation in ("GetObject", "HeadObject"):
        return  # what is encrypted with it is read with it
    for key in facts.keys:
        if key != bad:
            yield Remedy(CALLER, f'configure SseKms("{key}")', encryption=f'SseKms("{key}")')
            return
    yield Remedy(CALLER, "configure another key that can be used: SseKms with its full ARN")


def not_found(facts: Facts) -> Iterator[Remedy]:
    """A key that is not there, or not for this caller."""
    key = key_of(facts)
    yield check(facts, key)
    yield from _another_key(facts, key)
    yield Remedy(
        KEY_OWNER,
        "if the key is there, its policy may not allow the caller: KMS answers the same then",
        document="key policy",
        target=key,
        command=f"aws kms describe-key --key-id {shlex.quote(key)}" if key else "",
    )


def check(facts: Facts, key: str) -> Remedy:
    """A key that may not be there, or is elsewhere."""
    region = f", {facts.region}" if facts.region else ""
    return Remedy(
        CALLER,
        f"check the ARN of the key{f' {key}' if key else ''}: account, id, and region, which has to be the "
        f"bucket's{region}",
    )


def access(facts: Facts) -> Iterator[Remedy]:
    """A key that the caller may not use, where the policies were not read."""
    key, layer, arn = key_of(facts), facts.denial.layer, facts.denial.policy_arn
    action = facts.action if facts.action.startswith("kms:") else "kms:GenerateDataKey and kms:Decrypt"
    verb = "no longer refuse" if facts.denial.explicit else "allow"
    which = f" on {key}" if key else ""
    if layer is None and facts.denial.explicit is None:
        yield check(facts, key)
    if layer != "identity_policy":
        yield Remedy(
            KEY_OWNER,
            f"let the policy of the key {verb} {action}{which}, through S3",
            document="key policy",
            target=key,
            command=f"aws kms get-key-policy --key-id {shlex.quote(key)}" if key else "",
        )
    if layer != "resource_policy":
        yield Remedy(
            ACCOUNT_ADMIN,
            f"let the identity policy{f' {arn}' if arn else ''} {verb} {action}{which}, through S3",
            document="identity policy",
            target=arn or "",
        )


def unsaid(facts: Facts) -> Iterator[Remedy]:
    """What keys may have to do with a refusal without a reason.

    A HEAD has no text: 400 is all that is said where a customer key is missing or one too many, and 403 to a
    read with another one than the object's.
    """
    sent, operation = facts.sent, facts.operation
    brings = sent is not None and sent.header(SSE_C) is not None
    if operation in _READS and facts.denial.status == 400 and brings:
        yield _LEAVE_OUT
    elif operation in _READS and (facts.denial.status == 400 or brings):
        yield _PASS
    for key, told in facts.settings.keys.items():
        if told.get("KeyState", "Enabled") != "Enabled":
            yield Remedy(KEY_OWNER, f"look at the key {key}, which is {told['KeyState']}", target=key)


def customer_key(facts: Facts) -> Iterator[Remedy]:
    """SSE-C: another key than the object's, none, or one too many."""
    text = f"{facts.denial.detail} {facts.denial.message[:4096]}".lower()
    yield _LEAVE_OUT if "not applicable" in text or "not_ssec" in text else _PASS


_PARAMETERS = {
    "signature version 4": "sign with Signature Version 4, which SSE-KMS asks for; a present client does",
    "context": "give the encryption context as texts: SseKms(arn, context={'purpose': 'billing'})",
    "key": "let SseC write the headers: SseC(key) takes 32 bytes and sends their digest as S3 wants it",
}


_LET_A_STRATEGY = (
    "let a strategy write the headers of encryption: SseKms(arn), DsseKms(arn), SseS3(), SseC(key)"
)


def parameters(facts: Facts) -> Iterator[Remedy]:
    """Headers of encryption that do not go together."""
    detail = facts.denial.detail.lower()
    what = next((words for start, words in _PARAMETERS.items() if detail.startswith(start)), "")
    yield Remedy(
        CALLER,
        what or _LET_A_STRATEGY,
        client={"signature_version": "s3v4"} if detail.startswith("signature") else {},
    )
