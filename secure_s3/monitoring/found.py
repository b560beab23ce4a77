"""What Access Analyzer and Macie say of a bucket, for a snapshot.

Each function is called as ``read(ask, bucket, region, account, partition)``, where
``ask(service, method, region, **arguments)`` makes one call and raises what the service answers.

Sources: IAM Access Analyzer API Reference, ListAnalyzers and ListFindings; Amazon Macie API Reference,
GetMacieSession, ListFindings, GetFindings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..errors import NotFound, ServiceError

PAGES: Final = 4
"""Of findings, a hundred a page of Access Analyzer and fifty of Macie; the first ones are told."""
EXTERNAL: Final = ("ACCOUNT", "ORGANIZATION")
"""Kinds of analyzers that look for access from outside; others look for unused or internal access."""
DISABLED: Final[Mapping[str, Any]] = {"status": "DISABLED"}
_ANALYZER = ("arn", "name", "type", "status", "lastResourceAnalyzedAt")
_ANALYZER_FINDING = (
    *("id", "resource", "resourceType", "resourceOwnerAccount", "status", "isPublic", "principal", "action"),
    *("condition", "sources", "error", "createdAt", "analyzedAt", "updatedAt"),
    "resourceControlPolicyRestriction",
)
_MACIE_FINDING = (
    *("id", "type", "category", "title", "count", "archived", "sample", "severity", "region"),
    *("createdAt", "updatedAt"),
)
_SESSION = ("status", "findingPublishingFrequency", "createdAt", "updatedAt")

Ask = Callable[..., Any]
Setting = Mapping[str, Any]


def analyzers(ask: Ask, bucket: str, region: str | None, account: str, partition: str) -> tuple[Setting, ...]:
    """The analyzers of the region that look for access from outside: name, ARN, type, status."""
    pages = _pages(ask, "accessanalyzer", "list_analyzers", region, {})
    found = (each for page in pages for each in page.get("analyzers", ()))
    return tuple(_plain(each, _ANALYZER) for each in found if each.get("type") in EXTERNAL)


def analyzer_findings(
    ask: Ask, bucket: str, region: str | None, account: str, partition: str, pages: int = PAGES
) -> tuple[Setting, ...]:
    """What active analyzers found on the bucket and is neither archived nor resolved."""
    wanted = {"resource": {"eq": [f"arn:{partition}:s3:::{bucket}"]}, "status": {"eq": ["ACTIVE"]}}
    found: dict[str, Setting] = {}
    for analyzer in analyzers(ask, bucket, region, account, partition):
        if analyzer["status"] == "ACTIVE":
            asked = {"analyzerArn": analyzer["arn"], "filter": wanted, "maxResults": 100}
            for page in _pages(ask, "accessanalyzer", "list_findings", region, asked, pages):
                found |= {each["id"]: _plain(each, _ANALYZER_FINDING) for each in page["findings"]}
    return tuple(found.values())


def macie(ask: Ask, bucket: str, region: str | None, account: str, partition: str) -> Setting:
    """Macie's session in the region; ``{"status": "DISABLED"}`` where it is not enabled.

    Macie then answers AccessDeniedException, "Macie is not enabled", which only its text tells from a caller
    who lacks ``macie2:GetMacieSession``; or, as its API Reference has it, ResourceNotFoundException.
    """
    try:
        return _plain(ask("macie2", "get_macie_session", region), _SESSION)
    except ServiceError as error:
        if is_disabled(error):
            return DISABLED
        raise


def macie_findings(
    ask: Ask, bucket: str, region: str | None, account: str, partition: str, pages: int = PAGES
) -> tuple[Setting, ...]:
    """What Macie found in the bucket and is not archived; never the data."""
    wanted = {"resourcesAffected.s3Bucket.name": {"eq": [bucket]}, "archived": {"eq": ["false"]}}
    asked = {"findingCriteria": {"criterion": wanted}, "maxResults": 50}
    found: list[Setting] = []
    try:
        for page in _pages(ask, "macie2", "list_findings", region, asked, pages):
            if ids := page.get("findingIds"):
                answer = ask("macie2", "get_findings", region, findingIds=ids)
                found += [_without_data(each) for each in answer.get("findings", ())]
    except ServiceError as error:
        if not is_disabled(error):
            raise
    return tuple(found)


def _without_data(finding: Setting) -> dict[str, Any]:
    """A finding of Macie with where and how many of what kind, without places, samples, tags and names."""
    affected = finding.get("resourcesAffected") or {}
    result = (finding.get("classificationDetails") or {}).get("result") or {}
    kinds = [_plain(each, ("category", "totalCount")) for each in result.get("sensitiveData") or ()]
    custom = _plain(result.get("customDataIdentifiers") or {}, ("totalCount",))
    return {
        **_plain(finding, _MACIE_FINDING),
        "resourcesAffected": {
            "s3Bucket": _plain(affected.get("s3Bucket") or {}, ("name", "arn")),
            "s3Object": _plain(affected.get("s3Object") or {}, ("key", "versionId")),
        },
        "classificationDetails": {"result": {"sensitiveData": kinds, "customDataIdentifiers": custom}},
    }


def is_disabled(error: ServiceError) -> bool:
    """Whether Macie refused because it is not enabled."""
    message = str((error.response.get("Error") or {}).get("Message", ""))
    return isinstance(error, NotFound) or "macie is not enabled" in message.lower()


def _pages(
    ask: Ask, service: str, method: str, region: str | None, arguments: Mapping[str, Any], pages: int = PAGES
) -> Iterator[Any]:
    asked = dict(arguments)
    for _ in range(pages):
        page = ask(service, method, region, **asked)
        yield page
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]


def _plain(answer: Setting, names: tuple[str, ...]) -> dict[str, Any]:
    """These of an answer, times as text."""
    told = {name: answer[name] for name in names if answer.get(name) is not None}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in told.items()}


FURTHER: Mapping[str, Callable[..., Any]] = {
    "analyzers": analyzers,
    "analyzer_findings": analyzer_findings,
    "macie": macie,
    "macie_findings": macie_findings,
}
"""By field of the snapshot."""
