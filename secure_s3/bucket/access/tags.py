"""The tags of an object, where a policy asks for them: the caller may be allowed to read what S3 compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ...errors import PolicyError
from ...policy import AccessRequest, Policy, catalogue
from ...policy.variables import keys as variables
from ..asking import FAULTS, Asking

_PREFIX = "s3:ExistingObjectTag/"
_OBJECT = "/object/"


class ObjectTags:
    """Tags of objects, each object's read once.

    Args:
        asking: Who is asked.
        fetch: Whether anybody may be.
    """

    def __init__(self, asking: Asking, fetch: bool) -> None:
        self._asking, self._fetch = asking, fetch
        self._known: dict[tuple[str, str | None], Mapping[str, str] | None] = {}

    def told(self, request: AccessRequest, policies: Iterable[Policy]) -> AccessRequest:
        """*request*, and which tags the object has, if one of the policies asks for one that is not known.

        It is one call, GetObjectTagging; where it is refused, the tags stay unknown, which is a gap.
        Source: Amazon S3 User Guide, "Tagging and access control policies".
        """
        if not self._fetch or not _sees_tags(request.action):
            return request
        open_keys = [key for key in _asked(policies) if not request.names(key.lower())]
        tags = self._read(request) if open_keys else None
        if tags is None:
            return request
        present = {_PREFIX + name: value for name, value in tags.items()}
        known = {name.lower() for name in present}
        absent = {key: None for key in open_keys if key.lower() not in known}
        given = {name.lower() for name in request.context}
        added = {name: value for name, value in present.items() if name.lower() not in given}
        left = tuple(key for key in request.unknown if not key.startswith(_PREFIX))
        return replace(request, context={**absent, **added, **request.context}, unknown=left)

    def _read(self, request: AccessRequest) -> Mapping[str, str] | None:
        bucket, key = _place(request.resource)
        version = request.context.get("s3:VersionId")
        named = {"VersionId": version} if isinstance(version, str) else {}
        place = (request.resource, named.get("VersionId"))
        if place not in self._known:
            self._known[place] = None
            try:
                told = self._asking.ask("s3", "get_object_tagging", Bucket=bucket, Key=key, **named)
                self._known[place] = {str(tag["Key"]): str(tag["Value"]) for tag in told["TagSet"]}
            except FAULTS as error:
                self._asking.gap(f"the tags of {key}", error, "assume")
        return self._known[place]


def named_keys(policies: Iterable[Policy]) -> Iterator[str]:
    """The condition keys that policies name, in conditions and in variables."""
    for policy in policies:
        for statement in policy.statements:
            texts = [text for each in statement.conditions for text in each.values]
            yield from (each.key for each in statement.conditions)
            for text in (*texts, *(statement.resources or ())):
                yield from variables(text)


def _asked(policies: Iterable[Policy]) -> list[str]:
    found = (key for key in named_keys(policies) if key.lower().startswith(_PREFIX.lower()))
    return list({key.lower(): key for key in found}.values())


def _sees_tags(action: str) -> bool:
    try:
        return any(key.startswith(_PREFIX.lower()) for key in catalogue.keys_of(action))
    except PolicyError:
        return False


def _place(resource: str) -> tuple[str, str]:
    """Bucket, or the access point's ARN, and key."""
    path = resource.split(":", 5)[5]
    if not path.startswith("accesspoint/"):
        bucket, _, key = path.partition("/")
        return bucket, key
    point, _, key = resource.partition(_OBJECT)
    return point, key
