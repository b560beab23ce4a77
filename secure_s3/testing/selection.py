"""Which calls are to be refused."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader

from ..errors import ConfigurationError
from ..policy.spelling import nearest

SERVICES = ("s3", "kms", "sts")
_ALSO: Mapping[str, str] = {
    "kms_access": "kms",
    "kms_key_state": "kms",
    "kms_key_not_found": "kms",
    "trust_policy": "sts",
}
"""Causes that another service than S3 speaks of as well."""
_TRANSFERS = ("upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a call has to be, to be refused.

    Args:
        calls: Service and operation, e.g. ``("s3", "PutObject")``; None as the operation stands for all.
        bucket, key: Patterns with ``*`` and ``?``; None for any, and for calls without one.
    """

    calls: frozenset[tuple[str, str | None]]
    bucket: str | None = None
    key: str | None = None

    @classmethod
    def of(
        cls, cause: str, operation: str | Iterable[str] | None, bucket: str | None, key: str | None
    ) -> Selection:
        """From the arguments of ``denied``.

        Raises:
            ConfigurationError: neither S3 nor KMS nor STS has such an operation.
        """
        if operation is None:
            services = ["s3", *([_ALSO[cause]] if cause in _ALSO else [])]
            return cls(frozenset((service, None) for service in services), bucket, key)
        named = [operation] if isinstance(operation, str) else list(operation)
        if not named:
            raise ConfigurationError("operation= names none", fix="leave it out for all of them")
        return cls(frozenset(_call(name) for name in named), bucket, key)

    def covers(self, service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Whether a call is one of them."""
        if self.calls.isdisjoint({(service, operation), (service, None)}):
            return False
        return all(
            pattern is None or (isinstance(value, str) and fnmatchcase(value, pattern))
            for pattern, value in ((self.bucket, parameters.get("Bucket")), (self.key, parameters.get("Key")))
        )


class Quota:
    """How many calls are still to be refused; None for all."""

    def __init__(self, times: int | None) -> None:
        self._left = times
        self._lock = threading.Lock()

    def take(self) -> bool:
        """One of them, if there is one."""
        with self._lock:
            if self._left is not None:
                if self._left < 1:
                    return False
                self._left -= 1
            return True

    def give_back(self) -> None:
        """One that was taken for a call that was not made in the end."""
        with self._lock:
            if self._left is not None:
                self._left += 1


def _call(name: str) -> tuple[str, str]:
    given, _, rest = name.rpartition(":")
    for service in [given] if given else SERVICES:
        if found := _operations(service).get(rest):
            return service, found
    if rest in _TRANSFERS:
        raise ConfigurationError(
            f"{rest} is made of several operations",
            why="small files are one request, large ones many",
            fix='name them, e.g. operation=("PutObject", "CreateMultipartUpload", "UploadPart")',
        )
    near = nearest(rest, [name for service in SERVICES for name in _operations(service)])
    raise ConfigurationError(
        f"{name!r} is no operation of S3, KMS or STS",
        fix=f"did you mean {near!r}?" if near else 'pass e.g. "PutObject" or "put_object"',
    )


@functools.cache
def _operations(service: str) -> Mapping[str, str]:
    """The operations of a service, by their own names and by boto3's."""
    if service not in SERVICES:
        return {}
    names = Loader().load_service_model(service, "service-2")["operations"]
    return {xform_name(name): name for name in names} | {name: name for name in names}
