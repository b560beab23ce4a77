"""Small validated values that every room may use."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Any, NoReturn

from .errors import ConfigurationError

__all__ = ["Arn", "KmsKeyArn", "ObjectRef", "SecretBytes", "Finding", "Severity", "printable_text"]

SECRET_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-credential",
        "x-amz-mfa",
        "x-amz-s3session-token",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-signature",
    }
)
"""Whoever has one of these can act as the sender, or read the object."""
CONTENT_FOR_POLICIES = frozenset(
    {"Delete", "Tagging", "Retention", "LegalHold", "CreateBucketConfiguration", "ObjectEncryption"}
)
"""Members of a request's body (botocore's names) that policies can see."""

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*)"
    r":(?P<account>[0-9]{12}|aws|):(?P<resource>\S+)"
)
_KEY_RESOURCE = re.compile(r"key/[A-Za-z0-9-]{1,128}")
_KEY_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-f]{32}")
_ACCESS_POINT = re.compile(r"arn:[^/]*?:(outpost[:/][^:/]+[:/])?accesspoint[:/][^/]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Arn:
    """An Amazon Resource Name in its five parts.

    Source: AWS General Reference, "Amazon Resource Names (ARNs)".
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Read ``arn:partition:service:region:account:resource``; ConfigurationError if it is none."""
        match = _ARN.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ConfigurationError(
                f"{text!r} is not an ARN",
                why="an ARN reads arn:partition:service:region:account:resource, without white space",
                fix="copy the ARN from the console or from the service's describe call",
            )
        return cls(**match.groupdict())

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@dataclass(frozen=True, slots=True)
class KmsKeyArn:
    """The full ARN of one KMS key: ``arn:aws:kms:region:account:key/id``.

    Aliases and bare ids are refused: S3 resolves them at the time of the request and in the account of
    the caller, so that they cannot be compared with what S3 reports, nor with a bucket policy.
    Source: AWS KMS Developer Guide, "Key identifiers (KeyId)".
    """

    value: str

    def __post_init__(self) -> None:
        why, fix = self._complaint(self.value)
        if why:
            # What is no ARN and no alias may be a secret that was put into the wrong place.
            text = str(self.value).strip()
            known = text.startswith(("arn:", "alias/")) or _KEY_ID.fullmatch(text) is not None
            shown = repr(self.value) if known else f"a {type(self.value).__name__}"
            raise ConfigurationError(f"{shown} is not the full ARN of a KMS key", why=why, fix=fix)

    @staticmethod
    def _complaint(text: object) -> tuple[str, str]:
        resolve = 'use SseKms.resolve(kms_client, "alias/…") once, and configure the ARN that it returns'
        if not isinstance(text, str) or not text:
            return "a string is needed", "pass arn:aws:kms:region:account:key/id"
        if text != text.strip() or any(character.isspace() for character in text):
            return "it holds white space, which matches no key", "remove the white space"
        if ":alias/" in text or text.startswith("alias/"):
            return "an alias can be pointed at another key at any time, unseen", resolve
        if not text.startswith("arn:"):
            return "a bare key id means another key in another account or region", resolve
        match = _ARN.fullmatch(text)
        if (
            match is None
            or match["service"] != "kms"
            or not match["region"]
            or not match["account"].isdigit()
        ):
            return "it is an ARN of another kind", "pass arn:aws:kms:region:account:key/id"
        if not _KEY_RESOURCE.fullmatch(match["resource"]):
            return "its last part is not key/ and an id", "pass arn:aws:kms:region:account:key/id"
        return "", ""

    @property
    def region(self) -> str:
        """The region the key lives in."""
        return Arn.parse(self.value).region

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A bucket and a key (or a key prefix), as ``s3://bucket/key`` names them."""

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, url: str) -> ObjectRef:
        """Read ``s3://bucket/key``; ConfigurationError for anything else.

        The bucket may be an access point's ARN: ``s3://arn:aws:s3:region:account:accesspoint/name/key``.
        """
        if not isinstance(url, str):
            raise ConfigurationError(
                f"{type(url).__name__} is not an S3 URL",
                why="it must read s3://bucket/key",
                fix="pass a string",
            )
        scheme, separator, rest = url.partition("://")
        arn = _ACCESS_POINT.match(rest)
        bucket = arn[0] if arn else rest.partition("/")[0]
        key = rest[len(bucket) + 1 :]
        if scheme.lower() != "s3" or not separator or not bucket:
            raise ConfigurationError(
                f"{url!r} is not an S3 URL", why="it must read s3://bucket/key", fix="write s3://bucket/key"
            )
        if not bucket.startswith("arn:") and not _BUCKET.fullmatch(bucket):
            raise ConfigurationError(
                f"{bucket!r} is not a bucket name",
                why="3 to 63 lower-case letters, digits, dots and hyphens "
                "(Amazon S3 User Guide, General purpose bucket naming rules)",
                fix="check the spelling of the bucket",
            )
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class SecretBytes:
    """Bytes that cannot be printed, pickled or compared by accident.

    ``reveal()`` is the only way to the bytes, so that every use can be found by its name. Two of them
    compare in constant time; a comparison with plain bytes is always False. Memory is not wiped: Python
    may copy bytes at will.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes | bytearray | memoryview) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretBytes):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(sha256(self._value).digest())

    def __repr__(self) -> str:
        return f"SecretBytes(<{len(self._value)} bytes>)"

    def __copy__(self) -> SecretBytes:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> SecretBytes:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled: read it where it is needed, e.g. SseC.from_file(path)")


class Severity(str, Enum):
    """How bad a finding is, from a note to an open door."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for a note, up to 4."""
        return list(Severity).index(self)

    def __str__(self) -> str:
        return self.value

    # As texts they would be sorted by the alphabet, silently: with a text, only == and != are answered.
    def __lt__(self, other: object) -> bool:
        return self.rank < _rank(other)

    def __le__(self, other: object) -> bool:
        return self.rank <= _rank(other)

    def __gt__(self, other: object) -> bool:
        return self.rank > _rank(other)

    def __ge__(self, other: object) -> bool:
        return self.rank >= _rank(other)


def _rank(other: object) -> int:
    if not isinstance(other, Severity):
        raise TypeError(f"a severity is compared with a severity, not with {type(other).__name__}")
    return other.rank


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a linter or an audit has to say.

    Args:
        rule: The rule's id.
        severity: How bad it is.
        message: One sentence.
        statement: Sid or index of the policy statement, where there is one.
        pointer: JSON pointer into the document, where there is one.
        fix: What to do.
        refs: The names other catalogues have for it, e.g. ``SecurityHub:S3.5``.
        patch: The fix as operations of a JSON Patch (RFC 6902) on the document, where there is one.
        evidence: What was read that shows it, each in a line.
    """

    rule: str
    severity: Severity
    message: str
    statement: str | None = None
    pointer: str | None = None
    fix: str = ""
    refs: tuple[str, ...] = ()
    patch: tuple[Mapping[str, Any], ...] = ()
    evidence: tuple[str, ...] = ()


def printable_text(text: str) -> str:
    """Somebody else's text, so that it neither steers a terminal nor looks like a line of an error."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
