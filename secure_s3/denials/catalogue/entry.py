"""What the catalogue holds of a cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

S3_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
S3_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
IAM_GUIDE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
KMS_GUIDE: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/"
ERRORS: Final = f"{S3_API}ErrorResponses.html"
REFUSED: Final = f"{S3_GUIDE}troubleshoot-403-errors.html"

OBJECT: Final = "arn:aws:s3:::amzn-s3-demo-bucket/report.csv"
BUCKET: Final = "arn:aws:s3:::amzn-s3-demo-bucket"
KEY: Final = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE: Final = "arn:aws:iam::444455556666:role/reader"
CALLER: Final = "arn:aws:sts::111122223333:assumed-role/uploader/ci"


@dataclass(frozen=True, slots=True)
class Wording:
    """An answer that AWS gives for a cause.

    Args:
        message: In AWS's words; ``{principal}``, ``{action}``, ``{on}`` (the resource, as the service writes
            it), ``{resource}`` and ``{named}`` (the ARN of the policy, if there is one) are put in.
        code, status, fields, service, operation: Of the answer.
        detail, explicit, layer: What a parser makes of it.
        action: What it is about, if that is not what the cause is.
    """

    message: str
    code: str = "AccessDenied"
    status: int = 403
    detail: str = ""
    explicit: bool | None = None
    layer: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    service: str = "s3"
    operation: str = ""
    action: str = ""

    def __hash__(self) -> int:
        return hash((self.message, self.code))


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause, in words.

    Args:
        name: One of CAUSES.
        title: What refuses, as a noun.
        meaning: What it means, in a paragraph.
        fix: How to fix it, in one line; ``{action}``, ``{resource}``, ``{who}``, ``{policy}``, ``{region}``,
            ``{headers}`` are put in.
        fixes: Better ones, by code, detail, layer, or ``explicit`` and ``implicit``.
        fixed_by: Who can.
        wordings: Its answers, the most common one first.
        pages: Of AWS's documentation, the best one first.
        policy: Whether it is a policy that refuses.
        again: Whether the same request may succeed later, with nothing changed.
        action, resource: What examples are about.
    """

    name: str
    title: str
    meaning: str
    fix: str
    fixed_by: str
    pages: tuple[str, ...]
    wordings: tuple[Wording, ...] = ()
    fixes: Mapping[str, str] = field(default_factory=dict)
    policy: bool = False
    again: bool = False
    action: str = "s3:GetObject"
    resource: str = OBJECT

    def __hash__(self) -> int:
        return hash(self.name)
