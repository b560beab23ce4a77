"""What is known besides the policies when remedies are looked for: the call, the keys, the caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...policy.request import AccessRequest
from ...policy.wire import SentRequest
from ...policy.wire.keys import SSE_KEY, is_key_arn
from ..denial import Denial
from ..evidence import Evidence, Judged, Settings

_OPERATIONS = {
    "s3:ListBucket": "ListObjectsV2",
    "s3:ListBucketVersions": "ListObjectVersions",
    "s3:ListAllMyBuckets": "ListBuckets",
    "s3:GetObjectVersion": "GetObject",
    "s3:DeleteObjectVersion": "DeleteObject",
    "s3:PutObjectVersionAcl": "PutObjectAcl",
    "s3:PutObjectVersionTagging": "PutObjectTagging",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the makers of remedies look at.

    Args:
        denial, sent, settings: As of the evidence.
        request: The permission as policies were asked for it; None where only the text is known.
        keys: ARNs of KMS keys that are worth trying, the likeliest first.
        judged: All permissions that the call needs.
    """

    denial: Denial
    sent: SentRequest | None
    settings: Settings
    request: AccessRequest | None = None
    keys: tuple[str, ...] = ()
    judged: tuple[Judged, ...] = ()

    @property
    def action(self) -> str:
        """e.g. ``s3:PutObject``."""
        return self.request.action if self.request else self.denial.action or ""

    @property
    def resource(self) -> str:
        """An ARN, or empty."""
        return self.request.resource if self.request else self.denial.resource or ""

    @property
    def operation(self) -> str:
        """The operation that was called, as far as anybody can tell."""
        told = (self.sent.operation if self.sent else None) or self.denial.operation
        return told or _OPERATIONS.get(self.action) or self.action.partition(":")[2]

    @property
    def unsigned(self) -> bool:
        """The caller is known to be nobody, whom no policy should be opened for."""
        who = self.request.requester if self.request else None
        return who is not None and who.kind == "anonymous"

    @property
    def bucket_name(self) -> str | None:
        """The bucket's name; None if only an access point is known, or nothing."""
        return self.bucket if self.bucket and ":" not in self.bucket else None

    @property
    def bucket(self) -> str:
        """The bucket's name or the access point's ARN; empty if nobody knows."""
        if self.sent is not None and self.sent.bucket:
            return self.sent.bucket
        if ":accesspoint/" in self.resource:
            return self.resource.partition("/object/")[0]
        head, _, rest = self.resource.partition(":s3:::")
        return rest.partition("/")[0] if head.startswith("arn:") else ""

    @property
    def region(self) -> str:
        """Of the bucket, else of the request; empty if nobody knows."""
        return self.settings.region or (self.sent.region if self.sent else None) or ""

    @property
    def https(self) -> str:
        """The endpoint over HTTPS."""
        host = urlsplit(self.sent.url).netloc if self.sent else ""
        if host:
            bucket = f"{self.bucket}."
            return f"https://{host.removeprefix(bucket) if host.startswith(bucket) else host}"
        return f"https://s3.{self.region}.amazonaws.com" if self.region else "https://s3.amazonaws.com"


def facts_of(evidence: Evidence, denial: Denial, judged: Judged | None) -> Facts:
    """The facts of an explanation."""
    keys = tuple(dict.fromkeys(_keys(evidence, judged)))
    request = judged.request if judged else None
    return Facts(denial, evidence.sent, evidence.settings, request, keys, evidence.judged)


def _keys(evidence: Evidence, judged: Judged | None) -> Iterator[str]:
    """Keys that policies ask for first, then those of the request and of the bucket."""
    folded = f"s3:{SSE_KEY}"
    for named in judged.policies.values() if judged else ():
        for each in named:
            for statement in each.policy.statements:
                for condition in statement.conditions:
                    if condition.folded == folded:
                        yield from filter(is_key_arn, condition.values)
    default = (evidence.settings.default_encryption or {}).get("KMSMasterKeyID")
    got = judged.request.lookup(folded) if judged else None
    found = [got[0] if isinstance(got, tuple) else None, default, *evidence.settings.keys]
    usable = (each for each in found if isinstance(each, str) and is_key_arn(each))
    yield from (each for each in usable if _enabled(evidence.settings, each))


def _enabled(settings: Settings, key: str) -> bool:
    told = settings.keys.get(key)
    return not told or told.get("KeyState", "Enabled") == "Enabled"
