"""Which operation of S3 a request is: from its method, its path, its query and its headers.

The table is made of botocore's own model of S3, so that the names are those that clients use. A request that
names two sub-resources is none: which of them would be judged, and which carried out?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.loaders import Loader

from ..faults import Refusal, invalid_argument

__all__ = ["FORM", "check_operation", "check_point", "is_answered", "operation_of"]

_SERVICE, _BUCKET, _KEY = "/", "/{Bucket}", "/{Bucket}/{Key+}"
_UPLOAD = "uploadId"
FORM = "POST bucket"
"""What a form is before it has become a PutObject."""
_PLAIN = frozenset({"list-type", "select-type"})
"""They say how to answer, and are no sub-resources."""
_ELSEWHERE = frozenset({"ListDirectoryBuckets", "WriteGetObjectResponse"})
"""They go to other hosts."""
_THROUGH_POINTS = frozenset(
    (
        *("DeleteObjects", "GetBucketAcl", "GetBucketCors", "GetBucketLocation", "GetBucketPolicy"),
        *("GetBucketNotificationConfiguration", "GetObjectLockConfiguration", "HeadBucket"),
        *("ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2", FORM),
    )
)
_NOT_IN_MOTO = frozenset(
    (
        *("abac", "analytics", "annotation", "intelligent-tiering", "metadataAnnotationTable"),
        *("metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable"),
        *("metrics", "renameObject", "requestPayment", "session", "torrent"),
    )
)
"""Sub-resources that moto overlooks: it would take the request for one without."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How the requests of one operation look."""

    operation: str
    names: frozenset[str]
    values: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]

    def fits(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Whether a request of the same method and path is one of these."""
        return (
            query.keys() >= self.names
            and all(query.get(name) == value for name, value in self.values)
            and all(name in headers for name in self.headers)
        )

    @property
    def weight(self) -> tuple[int, int, int]:
        """The form that asks for most is meant."""
        return len(self.names), len(self.headers), len(self.values)


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], tuple[_Form, ...]]:
    """The forms by method and path, those that ask for most first."""
    model = Loader().load_service_model("s3", "service-2")
    found: dict[tuple[str, str], list[_Form]] = {}
    for name, described in model["operations"].items():
        if name not in _ELSEWHERE and not described.get("deprecated"):
            path, _, literal = described["http"]["requestUri"].partition("?")
            form = _form(name, literal, model["shapes"].get(described.get("input", {}).get("shape"), {}))
            found.setdefault((described["http"]["method"], path), []).append(form)
    return {at: tuple(sorted(each, key=lambda form: form.weight, reverse=True)) for at, each in found.items()}


def _form(name: str, literal: str, shape: Mapping[str, Any]) -> _Form:
    pairs = parse_qsl(literal, keep_blank_values=True)
    values = tuple(pair for pair in pairs if pair[1])
    subresources = {name for name, _ in pairs} - _PLAIN
    queried = set(_required(shape, "querystring"))
    # What a sub-resource demands besides is missed when it is carried out.
    headers = () if subresources else tuple(_required(shape, "header"))
    return _Form(name, frozenset(subresources | queried), values, headers)


def _required(shape: Mapping[str, Any], location: str) -> Iterator[str]:
    for name in shape.get("required", ()):
        member = shape["members"][name]
        if member.get("location") == location:
            yield member["locationName"].lower() if location == "header" else member["locationName"]


@lru_cache(maxsize=1)
def _subresources() -> dict[str, frozenset[str]]:
    """By path, what of a query makes another operation of a request."""
    found: dict[str, set[str]] = {}
    for (_, path), forms in _table().items():
        for form in forms:
            literal = form.names if form.names != {_UPLOAD, "partNumber"} else {_UPLOAD}
            found.setdefault(path, set()).update(literal)
    return {path: frozenset(names - {"id", "annotationName"}) for path, names in found.items()}


def operation_of(
    method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """The operation in botocore's names; ``POST bucket`` and the like for what is none."""
    path = _KEY if key else _BUCKET if bucket else _SERVICE
    for form in _table().get((method, path), ()):
        if form.fits(query, headers):
            return form.operation
    return f"{method} {'object' if key else 'bucket'}"


def check_operation(operation: str, method: str, key: str, query: Mapping[str, str]) -> None:
    """Refuse what names several sub-resources, or one that the method does not work on.

    Raises:
        Refusal: InvalidArgument or MethodNotAllowed, as S3 says.
    """
    if operation == FORM:
        return
    path = _KEY if key else _BUCKET
    named = sorted(_subresources()[path].intersection(query))
    if not named and " " in operation:
        raise _not_allowed(method, "OBJECT" if key else "BUCKET")
    if not named or method == "HEAD":
        return
    form = next((each for each in _table().get((method, path), ()) if each.operation == operation), None)
    meant = form.names if form else frozenset()
    if len(named) > 1 and not meant.issuperset(named):
        message = f"Conflicting query string parameters: {', '.join(named)}"
        raise invalid_argument(message, "ResourceType", named[0])
    if not meant.issuperset(named):
        raise _not_allowed(method, named[0].upper())


def check_point(operation: str, method: str, key: str, query: Mapping[str, str]) -> None:
    """Refuse what an access point is not for: anything about the bucket but what looks into it.

    The list is of the Amazon S3 User Guide, "Access points compatibility with S3 operations"; it calls itself
    partial, so that every operation on objects passes. What S3 answers to others is documented nowhere.

    Raises:
        Refusal: MethodNotAllowed.
    """
    if not key and operation not in _THROUGH_POINTS:
        named = sorted(_subresources()[_BUCKET].intersection(query))
        raise _not_allowed(method, named[0].upper() if named else "BUCKET")


def _not_allowed(method: str, kind: str) -> Refusal:
    message = "The specified method is not allowed against this resource."
    return Refusal(405, "MethodNotAllowed", message, Method=method, ResourceType=kind)


def is_answered(operation: str, query: Mapping[str, str]) -> bool:
    """Whether moto knows the operation."""
    return operation != "UpdateObjectEncryption" and _NOT_IN_MOTO.isdisjoint(query)
