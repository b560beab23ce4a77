"""SSE-S3: S3 encrypts with keys of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .strategy import ServerSide


@dataclass(frozen=True, slots=True)
class SseS3(ServerSide):
    """Server-side encryption with Amazon S3 managed keys (``AES256``).

    It protects against lost disks, not against anyone who may call GetObject: there is no key whose use
    could be refused. Source: Amazon S3 User Guide, "Using server-side encryption with Amazon S3 managed
    keys (SSE-S3)".
    """

    label: ClassVar[str] = "sse-s3"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> SseS3:
        """SSE-S3 needs no variables."""
        return cls()

    def write_parameters(self) -> Mapping[str, object]:
        """``ServerSideEncryption=AES256``."""
        return {"ServerSideEncryption": "AES256"}
