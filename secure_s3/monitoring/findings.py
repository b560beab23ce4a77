"""Findings of Access Analyzer and Macie as values: what was found where, never the data itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..denials.parsing import VALUE_CHARACTERS, safe_text

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzerFinding:
    """Somebody outside of the account or organisation can reach a resource.

    Args:
        id, resource, resource_type, status: As Access Analyzer has them.
        is_public: Whether anybody can.
        principal: Who can: kind and name, e.g. ``{"AWS": "444455556666"}``.
        actions: What they can do.
        condition: Keys of conditions under which they can, with their values.
        sources: Where it is granted, e.g. ``POLICY`` or ``BUCKET_ACL``.
        updated: When it was last seen to change: ISO 8601.
        error: Why the resource could not be analysed.
    """

    id: str
    resource: str
    resource_type: str = ""
    status: str = ""
    is_public: bool = False
    principal: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    condition: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    updated: str = ""
    error: str = ""

    def __hash__(self) -> int:
        return hash((self.id, self.resource, self.updated))

    @classmethod
    def of(cls, found: Plain) -> AnalyzerFinding:
        """The value of a finding as ListFindings answers it."""
        return cls(
            id=_text(found.get("id")),
            resource=_text(found.get("resource")),
            resource_type=_text(found.get("resourceType")),
            status=_text(found.get("status")),
            is_public=found.get("isPublic") is True,
            principal=_texts(found.get("principal")),
            actions=tuple(_text(each) for each in found.get("action") or ()),
            condition=_texts(found.get("condition")),
            sources=tuple(_text(each.get("type")) for each in found.get("sources") or ()),
            updated=_text(found.get("updatedAt")),
            error=_text(found.get("error")),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacieFinding:
    """Sensitive data in an object, or a bucket that became less safe.

    Args:
        id, type, title: As Macie has them, e.g. ``SensitiveData:S3Object/Credentials``.
        severity: ``Low``, ``Medium`` or ``High``.
        bucket, key: Where.
        detections: How many of what kind were found, e.g. ``{"CREDENTIALS": 3}``; never what.
        count: How often the finding was made.
        updated: ISO 8601.
        sample: Whether it is one of Macie's examples, and about nothing.
    """

    id: str
    type: str
    title: str = ""
    severity: str = ""
    bucket: str = ""
    key: str = ""
    detections: Mapping[str, int] = field(default_factory=dict)
    count: int = 0
    updated: str = ""
    sample: bool = False

    def __hash__(self) -> int:
        return hash((self.id, self.updated))

    @classmethod
    def of(cls, found: Plain) -> MacieFinding:
        """The value of a finding as GetFindings answers it."""
        affected = found.get("resourcesAffected") or {}
        result = (found.get("classificationDetails") or {}).get("result") or {}
        counts = {_text(each.get("category")): int(each.get("totalCount") or 0) for each in _listed(result)}
        custom = (result.get("customDataIdentifiers") or {}).get("totalCount")
        return cls(
            id=_text(found.get("id")),
            type=_text(found.get("type")),
            title=_text(found.get("title")),
            severity=_text((found.get("severity") or {}).get("description")),
            bucket=_text((affected.get("s3Bucket") or {}).get("name")),
            key=_text((affected.get("s3Object") or {}).get("key")),
            detections=counts | ({"CUSTOM_IDENTIFIER": int(custom)} if custom else {}),
            count=int(found.get("count") or 0),
            updated=_text(found.get("updatedAt")),
            sample=found.get("sample") is True,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def _listed(result: Plain) -> list[Plain]:
    return [each for each in result.get("sensitiveData") or () if isinstance(each, Mapping)]


def _text(value: object) -> str:
    given: Any = value.isoformat() if hasattr(value, "isoformat") else value
    return safe_text(given, VALUE_CHARACTERS)


def _texts(value: object) -> dict[str, str]:
    return {_text(name): _text(each) for name, each in value.items()} if isinstance(value, Mapping) else {}
