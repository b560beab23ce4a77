"""Which calls are to be refused."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader

from ..errors import ConfigurationError
from ..policy.spelling import nearest
from .occasions import ANY, SERVICES, Occasion, occasions, services, taken

_TRANSFERS = ("upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a call has to be, to be refused.

    Args:
        calls: Service and operation, e.g. ``("s3", "PutObject")``; None as the operation stands for all.
        occasions: When the cause can be.
        bucket, key: Patterns with ``*`` and ``?``; None for any, and for calls without one.
    """

    calls: frozenset[tuple[str, str | None]]
    occasions: tuple[Occasion, ...]
    bucket: str | None = None
    key: str | None = None

    @classmethod
    def of(
        cls,
        cause: str,
        operation: str | Iterable[str] | None,
        bucket: str | None,
        key: str | None,
        detail: str = "",
    ) -> Selection:
        """From the arguments of ``denied``.

        Raises:
            ConfigurationError: neither S3 nor KMS nor STS has such an operation, or it is never refused for
                this cause.
        """
        when = occasions(cause, detail)
        if not when:
            raise ConfigurationError(
                f"no call of a client is refused for {cause}",
                why="forms are sent by whoever has them, not by boto3",
                fix="send the form to the embedded endpoint, see docs/testing-your-application.md",
            )
        if operation is None:
            return cls(frozenset((service, None) for service in services(cause)), when, bucket, key)
        named = [operation] if isinstance(operation, str) else list(operation)
        if not named:
            raise ConfigurationError("operation= names none", fix="leave it out for all of them")
        calls = [_call(name) for name in named]
        for service, name in calls:
            if not any(_can(each, service, name) for each in when):
                possible = ", ".join(_possible(when))
                raise ConfigurationError(
                    f"{name} is never refused for {cause}" + (f" with detail={detail!r}" if detail else ""),
                    fix=f"choose another cause, or one of {possible}",
                )
        return cls(frozenset(calls), when, bucket, key)

    def match(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Occasion | str:
        """How a call can be refused; in words why not, or nothing where the service has no part in it."""
        if service not in {name for name, _ in self.calls}:
            return ""
        if self.calls.isdisjoint({(service, operation), (service, None)}):
            return "another operation"
        for name, pattern, value in (
            ("bucket", self.bucket, parameters.get("Bucket")),
            ("key", self.key, parameters.get("Key")),
        ):
            if pattern is not None and not (isinstance(value, str) and fnmatchcase(value, pattern)):
                return f"another {name}" if value else f"no {name}"
        given = [name for name, value in parameters.items() if value is not None]
        here = [each for each in self.occasions if each.service == service]
        found = next((each for each in here if each.fits(operation, given)), None)
        return found or _lacking(here, operation)


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


def _lacking(here: list[Occasion], operation: str) -> str:
    needed = [each.needs(operation) or () for each in here]
    names = sorted({name for needs in needed for name in needs})
    return f"without {' or '.join(names)}" if names else "never refused so"


def _can(occasion: Occasion, service: str, operation: str) -> bool:
    needs = occasion.needs(operation) if occasion.service == service else None
    if needs is None:
        return False
    return not needs or any(taken(name, needs) for name in _members(service, operation))


def _possible(when: tuple[Occasion, ...]) -> Iterator[str]:
    names = {(each.service, name) for each in when for name in each.calls}
    for service, name in sorted(names):
        prefix = "" if service == "s3" else f"{service}:"
        yield prefix + ("those with a bucket" if name == ANY and not prefix else name)


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
    names = _model(service)["operations"] if service in SERVICES else ()
    return {xform_name(name): name for name in names} | {name: name for name in names}


@functools.cache
def _members(service: str, operation: str) -> frozenset[str]:
    """The arguments of an operation."""
    model = _model(service)
    shape = (model["operations"][operation].get("input") or {}).get("shape")
    return frozenset(model["shapes"][shape].get("members") or ()) if shape else frozenset()


@functools.cache
def _model(service: str) -> Any:
    return Loader().load_service_model(service, "service-2")
