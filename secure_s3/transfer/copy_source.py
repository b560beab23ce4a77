"""The source of a copy: which object, who reads it, and what of it goes along with the content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..encryption import Strategy
from ..errors import ConfigurationError, InsecureTransport
from ..guard import guard_of, with_strategy
from ..guard.operations import for_operation

_KEPT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
    "WebsiteRedirectLocation",
)


def parse_source(source: Any) -> dict[str, str]:
    """CopySource as a dictionary; ConfigurationError if it names no object."""
    if isinstance(source, str):
        divider = "/object/" if source.startswith("arn:") else "/"
        bucket, _, key = source.removeprefix("/").partition(divider)
        key, _, version = key.partition("?versionId=")
        source = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    if not isinstance(source, Mapping) or not source.get("Bucket") or not source.get("Key"):
        raise ConfigurationError(
            f"CopySource={source!r} names no object", fix='pass {"Bucket": "…", "Key": "…"}'
        )
    if unknown := sorted(source.keys() - {"Bucket", "Key", "VersionId"}):
        raise ConfigurationError(
            f"CopySource has {', '.join(unknown)}", fix="it takes Bucket, Key and VersionId"
        )
    return dict(source)


def reading_client(client: Any, source_client: Any, source_encryption: Strategy | None) -> Any:
    """The client that reads the source, under its strategy.

    Raises:
        InsecureTransport: it is not hardened.
    """
    reader = client if source_client is None else source_client
    if guard_of(reader) is None:
        raise InsecureTransport(
            "copy: SourceClient is not a hardened client",
            why="its requests would go out under none of this client's rules",
            fix="leave SourceClient out, or pass a SecureS3Client or harden(client, …)",
        )
    return reader if source_encryption is None else with_strategy(reader, source_encryption)


def described(
    reader: Any, source: Mapping[str, Any], answer: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The source's metadata and tags, unless *extra* replaces them; *answer* is that to its Head or Get."""
    kept: dict[str, Any] = {}
    if extra.get("MetadataDirective") != "REPLACE":
        kept = {name: answer[name] for name in _KEPT if answer.get(name)}
    if answer.get("TagCount") and extra.get("TaggingDirective") != "REPLACE":
        version = {"VersionId": answer["VersionId"]} if answer.get("VersionId") else {}
        wanted = for_operation(reader, "GetObjectTagging", {**source, **version})
        tags = reader.get_object_tagging(**wanted)["TagSet"]
        kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
    return kept
