"""The difference between two requests as arguments of the call, as a strategy, as settings of the client."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ...policy.request import AccessRequest, Between, OneOf, Value
from ...policy.wire.sent import QUERY
from .facts import Facts
from .moves import (
    ACL,
    DAYS,
    EXAMPLE,
    LIFE,
    MODE,
    SSE_C_NAME,
    SSE_KEY_NAME,
    SSE_NAME,
    TAG,
    TAG_KEYS,
    UNTIL,
)

_NAMES: Mapping[str, str] = {
    ACL: "ACL",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read": "GrantRead",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:x-amz-grant-write": "GrantWrite",
    "s3:x-amz-grant-write-acp": "GrantWriteACP",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-object-ownership": "ObjectOwnership",
    "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "s3:x-amz-bucket-namespace": "BucketNamespace",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:object-lock-legal-hold": "ObjectLockLegalHoldStatus",
}
"""Condition key to argument."""
_COUNT = re.compile("[0-9]{1,9}")
_LOCK = frozenset({MODE, UNTIL, DAYS})
_SSE = frozenset({"ServerSideEncryption", "SSEKMSKeyId", "SSECustomerAlgorithm"})
_CUSTOMER = frozenset({"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"})
_SHOWN = 4
_PRESIGNED = {"GetObject": "get", "HeadObject": "head", "PutObject": "put", "UploadPart": "upload_part"}


@dataclass(slots=True)
class Told:
    """A change as a caller makes it."""

    arguments: dict[str, Any] = field(default_factory=dict)
    encryption: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    risks: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        """One sentence."""
        said = [*self.words, *(f"set {name}={_shown(value)}" for name, value in self._set())]
        silent = _SSE | _CUSTOMER  # the strategy speaks of them
        left_out = [name for name, value in self.arguments.items() if value is None and name not in silent]
        left_out = [name for name in left_out if not self._worded(name)]
        if left_out:
            more = ", …" if len(left_out) > _SHOWN else ""
            said.append(f"leave out {', '.join(left_out[:_SHOWN])}{more}")
        return "; ".join(said)

    @property
    def kind(self) -> Hashable:
        """What changes, without to what: of two that are alike in this, one is enough."""
        kms = "SseKms" in self.encryption or str(self.arguments.get("ServerSideEncryption"))[:7] == "aws:kms"
        own = frozenset(self.arguments) - _SSE - _CUSTOMER
        words = () if self.arguments or self.encryption or self.client else tuple(self.words)
        return ("kms" if kms else self.encryption, own, frozenset(self.client), words)

    def _set(self) -> list[tuple[str, Any]]:
        found = [(name, value) for name, value in self.arguments.items() if value is not None]
        return [
            each for each in found if not (self.encryption and each[0] in _SSE) and not self._worded(each[0])
        ]

    def _worded(self, name: str) -> bool:
        return any(name in each for each in self.words)

    @property
    def risk(self) -> str:
        """What it costs."""
        return "; ".join(dict.fromkeys(self.risks))


def rendered(before: AccessRequest, after: AccessRequest, facts: Facts) -> Told | None:
    """What a caller changes to send *after* in place of *before*; None where no argument says it."""
    keys = {name.lower() for name in (*before.context, *after.context)}
    differing = sorted(key for key in keys if _differs(before.lookup(key), after.lookup(key)))
    told = Told()
    _encryption(differing, before, after, facts, told)
    _lock(differing, after, facts, told)
    _tags(differing, after, facts, told)
    for key in differing:
        value = after.lookup(key)
        if key in _NAMES:
            told.arguments[_NAMES[key]] = _argument(key, value)
        elif key in _SETTINGS:
            _SETTINGS[key](told, value, facts, differing)
    usable = told.arguments or told.encryption or told.client or told.words
    return told if usable else None


def _differs(one: Value | None, other: Value | None) -> bool:
    return one is not other and one != other


def one(value: Value | None) -> str | None:
    """A value as one text; None for an absent one, or one of which only bounds are known."""
    if isinstance(value, OneOf):
        return value.candidates[-1]
    return value[0] if isinstance(value, tuple) else None


def _argument(key: str, value: Value | None) -> Any:
    text = one(value)
    return int(text) if key == "s3:max-keys" and text and _COUNT.fullmatch(text) else text


def _shown(value: Any) -> str:
    return repr(value) if not isinstance(value, str) else f'"{value}"'


# ------------------------------------------------------------------------------------------- encryption


def _encryption(
    differing: list[str], before: AccessRequest, after: AccessRequest, facts: Facts, told: Told
) -> None:
    if not {SSE_NAME, SSE_KEY_NAME, SSE_C_NAME}.intersection(differing):
        return
    algorithm, key, customer = (one(after.lookup(name)) for name in (SSE_NAME, SSE_KEY_NAME, SSE_C_NAME))
    if customer:
        told.encryption = "SseC.generate()"
        told.words.append("encrypt with a key of your own: SseC.generate(), or SseC(key)")
        told.risks.append("whoever loses the key loses the object: S3 does not keep it")
        return
    if facts.action == "s3:UpdateObjectEncryption":
        if key:
            told.arguments["ObjectEncryption"] = {"SSEKMS": {"KMSKeyArn": key}}
        return
    if facts.action == "s3:PutObject":
        told.arguments |= {"ServerSideEncryption": algorithm, "SSEKMSKeyId": key}
    if before.lookup(SSE_C_NAME) is not None:
        told.arguments |= dict.fromkeys(("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"))
        if algorithm and algorithm.startswith("aws:kms") and not key:
            told.words.append("leave out encryption=SseC(…) if the client is configured with SseKms")
    _strategy(algorithm, key, told)


def _strategy(algorithm: str | None, key: str | None, told: Told) -> None:
    names = {"aws:kms": "SseKms", "aws:kms:dsse": "DsseKms"}
    if algorithm in names and key:
        told.encryption = f'{names[algorithm]}("{key}")'
        told.words.append(f"configure {told.encryption}")
        told.risks.append("the caller then needs kms:GenerateDataKey on that key, and kms:Decrypt to read")
    elif algorithm in names:
        better = f"better with a key of yours: {names[algorithm]}(arn)"
        told.words.append(f'{"or " * bool(told.words)}send ServerSideEncryption="{algorithm}", {better}')
        told.risks.append("without a key S3 takes the AWS managed one, which no other account can use")
    elif algorithm == "AES256":
        told.encryption = "SseS3()"
        told.words.append("configure SseS3()")
    else:
        told.words.append("leave the customer key (SSE-C) out")


# ---------------------------------------------------------------------------------- Object Lock and tags


def _lock(differing: list[str], after: AccessRequest, facts: Facts, told: Told) -> None:
    if not _LOCK.intersection(differing):
        return
    mode, until = one(after.lookup(MODE)), one(after.lookup(UNTIL))
    if facts.action == "s3:PutObjectRetention":
        found = {"Mode": mode, "RetainUntilDate": until}
        told.arguments["Retention"] = {name: value for name, value in found.items() if value}
        return
    told.arguments["ObjectLockMode"] = mode
    if mode is None or until:
        told.arguments["ObjectLockRetainUntilDate"] = until
    if mode is None:
        told.words.append(
            "leave out ObjectLockMode and ObjectLockRetainUntilDate: the bucket's default retention applies"
        )


def _quoted(text: str) -> str:
    return quote(text, errors="replace")


def _tags(differing: list[str], after: AccessRequest, facts: Facts, told: Told) -> None:
    if not any(key.startswith(TAG) or key == TAG_KEYS for key in differing):
        return
    pairs: dict[str, str] = {}
    for name in after.context:
        value = one(after.lookup(name.lower())) if name.lower().startswith(TAG) else None
        if value is not None:
            pairs[name[len(TAG) :]] = value
    if facts.action in ("s3:PutObjectTagging", "s3:PutObjectVersionTagging"):
        told.arguments["Tagging"] = {
            "TagSet": [{"Key": name, "Value": value} for name, value in pairs.items()]
        }
        return
    joined = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs.items())
    told.arguments["Tagging"] = joined or None
    if EXAMPLE in pairs.values():
        told.risks.append("the tag is an example: which one is meant, the policy does not say")


# -------------------------------------------------------------------------------------------- the client


def _https(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    told.client["endpoint_url"] = facts.https
    told.words.append(f"use HTTPS: {facts.https}")


def _tls(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    if not isinstance(value, OneOf):
        told.client["min_tls"] = one(value)
        told.words.append(f'speak TLS {one(value)}: SecurityProfile(min_tls="{one(value)}")')
    elif "aws:securetransport" not in differing:
        told.client["min_tls"] = value.candidates[0]
        told.words.append(f"speak TLS {value.candidates[0]} or newer")


def _signature(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    told.client["signature_version"] = "s3v4"
    told.words.append("sign with Signature Version 4, as a present client does")


def _payload(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    if value is not None:
        told.client["payload_signing_enabled"] = True
        told.words.append("sign the content as well: botocore's Config(s3={'payload_signing_enabled': True})")


def _kind_of_signature(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    """By a URL, by a form, by headers: another call, not another argument."""
    kind = one(value)
    if kind == QUERY:
        verb = _PRESIGNED.get(facts.operation)
        how = f"s3.presign.{verb}(…)" if verb else "generate_presigned_url of boto3"
        told.words.append(f"use a presigned URL: {how}, good for {LIFE} seconds")
    elif kind == "POST":
        told.words.append("upload with a form: s3.presign.post(…)")
    else:
        told.words.append("call S3 with the signature in the headers, not by a presigned URL or a form")


def _age(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    if isinstance(value, Between) and "s3:authtype" not in differing:
        told.arguments["ExpiresIn"] = int(value.high) // 1000
        told.words.append(
            f"presign for ExpiresIn={told.arguments['ExpiresIn']} seconds, and anew when it is used"
        )


def _region(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    told.client["region_name"] = one(value)
    told.words.append(f"call {one(value)}")
    told.risks.append("a bucket is in one region: it must be one there")


def _location(told: Told, value: Value | None, facts: Facts, differing: list[str]) -> None:
    told.arguments["CreateBucketConfiguration"] = {"LocationConstraint": one(value)}


_SETTINGS = {
    "aws:securetransport": _https,
    "s3:tlsversion": _tls,
    "s3:signatureversion": _signature,
    "s3:x-amz-content-sha256": _payload,
    "s3:authtype": _kind_of_signature,
    "s3:signatureage": _age,
    "aws:requestedregion": _region,
    "s3:locationconstraint": _location,
}
