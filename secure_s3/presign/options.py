"""The options of presigned requests: their names, where each stands in a request, and what it may hold."""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from urllib.parse import quote, urlencode

from .. import limits
from ..encryption.strategy import NOTHING
from ..errors import ConfigurationError, EncryptionConflict
from ..guard.presigning import query_of

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack


class ReadOptions(TypedDict, total=False):
    """What ``get`` and ``head`` take; Amazon S3 API Reference, GetObject."""

    version_id: str
    part_number: int
    response_cache_control: str
    response_content_disposition: str
    response_content_encoding: str
    response_content_language: str
    response_content_type: str
    response_expires: datetime
    range: str
    if_match: str
    if_none_match: str
    download_as: str


class PartOptions(TypedDict, total=False):
    """What ``upload_part`` takes; Amazon S3 API Reference, UploadPart. Checksums are bytes or Base64."""

    content_length: int
    content_md5: str | bytes
    checksum_crc32: str | bytes
    checksum_crc32c: str | bytes
    checksum_crc64nvme: str | bytes
    checksum_sha1: str | bytes
    checksum_sha256: str | bytes


class ObjectOptions(TypedDict, total=False):
    """What ``begin_upload`` takes; Amazon S3 API Reference, CreateMultipartUpload."""

    cache_control: str
    content_disposition: str
    content_encoding: str
    content_language: str
    content_type: str
    expires: datetime
    metadata: Mapping[str, str]
    storage_class: str
    tagging: str | Mapping[str, str]


class WriteOptions(ObjectOptions, PartOptions, total=False):
    """What ``put`` takes: that of ObjectOptions and PartOptions; Amazon S3 API Reference, PutObject."""

    if_match: str
    if_none_match: str


class PostOptions(TypedDict, total=False):
    """What ``post`` takes; Amazon S3 API Reference, POST Object and POST Policy."""

    key_prefix: str
    content_length_range: tuple[int, int]
    content_type: str
    content_type_prefix: str
    content_disposition: str
    content_encoding: str
    cache_control: str
    metadata: Mapping[str, str]
    storage_class: str
    success_status: Literal[200, 201, 204]
    success_redirect: str
    fields: Mapping[str, str]
    conditions: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: boto3's name for it, and where it stands on the wire."""

    member: str
    place: Literal["query", "header"]
    wire: str
    text: Callable[[str, Any], str]


@dataclass(frozen=True, slots=True)
class Given:
    """The options of one call, checked."""

    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    members: Mapping[str, Any]
    """The same as boto3's parameters, for what botocore signs."""


def read(operation: str, options: Mapping[str, Any], extra: Mapping[str, Any] = NOTHING) -> Given:
    """The options of a call of *operation*, behind *extra*: parameters of the query that are no options.

    Names are those of the TypedDicts above; boto3's spelling (``ContentType``) is taken as well.

    Raises:
        ConfigurationError: there is no such option, or its value cannot be sent.
    """
    known = _KNOWN[operation]
    query = query_of(extra)
    headers: dict[str, str] = {}
    members: dict[str, Any] = {**extra}
    for spelled, value in options.items():
        if value is None:
            continue
        name = _NAMES.get(spelled, spelled)
        if name == "download_as":
            name, value = "response_content_disposition", attachment(value)
        option = known.get(name)
        if option is None:
            raise unknown_option(spelled, _CALLED[operation], _READ_NAMES if known is _READ else known)
        if option.member in members:
            raise ConfigurationError(
                f"{option.member} is given twice, once as {spelled}",
                why="options may be spelled in two ways, and download_as is a Content-Disposition",
                fix="give it once",
            )
        if name == "metadata":
            headers.update(metadata(value))
            members["Metadata"] = dict(value)
            continue
        text = option.text(spelled, value)
        members[option.member] = value if isinstance(value, int | datetime) else text
        if option.place == "query":
            query.append((option.wire, text))
        else:
            headers[option.wire] = text
    return Given(tuple(query), headers, members)


def unknown_option(spelled: str, called: str, known: Iterable[str]) -> ConfigurationError:
    """The error for an option that *called* has not. Its value may be a key, and is not told."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(spelled)).lower()
    if name.startswith(("server_side_encryption", "sse", "bucket_key")):
        return EncryptionConflict(
            f"{spelled} is no option of presign.{called}",
            why="the client's strategy is signed into every URL",
            fix="leave it out; for another strategy pass encryption=SseKms(…)",
        )
    fix = _MEANT.get((called, name)) or _MEANT.get(("", name))
    if fix is None:
        near = difflib.get_close_matches(name, [*known, "expires_in", "encryption"], 1)
        fix = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(known))}"
    return ConfigurationError(f"there is no option {spelled} of presign.{called}", fix=fix)


def part_of(upload_id: Any, part_number: Any) -> dict[str, Any]:
    """The parameters that name one part of an upload."""
    _number("part_number", part_number)
    return {"UploadId": _parameter("upload_id", upload_id), "PartNumber": part_number}


def attachment(name: str) -> str:
    """A Content-Disposition that makes a browser store the file under *name* (RFC 6266, RFC 8187)."""
    name = _line(
        "download_as", re.split(r"[/\\]", name)[-1] if isinstance(name, str) else name, ascii_only=False
    )
    if name in (".", ".."):
        raise _unusable("download_as", name, "it names a folder")
    plain = re.sub(r"[^ !#-\[\]-~]|%", "_", name)
    disposition = f'attachment; filename="{plain}"'
    return disposition if plain == name else f"{disposition}; filename*=UTF-8''{quote(name, safe='')}"


def metadata(pairs: Any) -> dict[str, str]:
    """Headers for user-defined metadata."""
    if not isinstance(pairs, Mapping):
        raise _unusable("metadata", pairs, "a dictionary of strings is needed")
    headers = {}
    for name, value in pairs.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise _unusable(
                "metadata", name, "a name has ASCII letters, digits, dots, hyphens and underscores"
            )
        headers[f"x-amz-meta-{name.lower()}"] = _line(f"metadata[{name!r}]", value)
    if len(headers) != len(pairs):
        raise _unusable("metadata", sorted(pairs), "names that differ in upper and lower case alone are one")
    return headers


def _line(name: str, value: Any, *, ascii_only: bool = True) -> str:
    """Text that arrives as it was signed: signing folds white space, and headers carry ASCII."""
    if not isinstance(value, str) or not value.strip():
        raise _unusable(name, value, "text is needed")
    if not value.isprintable() or (ascii_only and not value.isascii()):
        raise _unusable(name, value, "a header carries printable ASCII only")
    if " ".join(value.split()) != value:
        raise _unusable(name, value, "white space at the ends or doubled would be folded by some clients")
    return value


def _parameter(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _unusable(name, value, "text is needed")
    if not value.isprintable():
        raise _unusable(name, value, "it holds control characters")
    return value


def _answered(name: str, value: Any) -> str:
    """What S3 repeats in a header of its answer: it refuses what ISO-8859-1 cannot hold."""
    text = _parameter(name, value)
    try:
        text.encode("iso-8859-1")
    except UnicodeEncodeError:
        raise _unusable(
            name, value, "S3 answers with a header, which carries ISO-8859-1", fix='use download_as="…"'
        ) from None
    return text


def _range(name: str, value: Any) -> str:
    """One range of bytes; S3 answers one that it cannot read with the whole object."""
    found = _BYTES.fullmatch(value) if isinstance(value, str) else None
    if not found or (found[1] and found[2] and int(found[1]) > int(found[2])) or found[0] == "bytes=-":
        raise _unusable(
            name,
            value,
            "S3 answers a range that it cannot read with the whole object",
            fix='write range="bytes=0-99", "bytes=100-" or "bytes=-100"',
        )
    return found[0]


def _number(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= limits.MAX_PARTS:
        raise _unusable(name, value, f"a number from 1 to {limits.MAX_PARTS} is needed")
    return str(value)


def _length(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limits.MAX_SINGLE_PUT_BYTES:
        raise _unusable(name, value, f"a number of bytes from 0 to {limits.MAX_SINGLE_PUT_BYTES} is needed")
    return str(value)


def _date(name: str, value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        fix = "give one, or leave it out; the life of a URL is expires_in="
        raise _unusable(name, value, "a datetime with a time zone is needed", fix=fix)
    return format_datetime(value.astimezone(timezone.utc), usegmt=True)


def _digest(size: int) -> Callable[[str, Any], str]:
    def text(name: str, value: Any) -> str:
        if isinstance(value, bytes | bytearray):
            value = base64.b64encode(value).decode()
        try:
            fits = len(base64.b64decode(value, validate=True)) == size
        except (binascii.Error, TypeError, ValueError):
            fits = False
        if not fits:
            raise _unusable(name, value, f"{size} bytes are needed, or these in Base64 (not in hexadecimal)")
        return str(value)

    return text


def _tags(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        value = urlencode(
            [
                (_parameter(name, key), text if text == "" else _parameter(name, text))
                for key, text in value.items()
            ]
        )
    return _line(name, value)


def _unusable(name: str, value: Any, why: str, fix: str = "") -> ConfigurationError:
    return ConfigurationError(
        f"{name}={value!r} cannot be sent", why=why, fix=fix or f"give another {name}, or leave it out"
    )


_TOKEN = re.compile(r"[A-Za-z0-9._-]+")
_BYTES = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
_READ: dict[str, Option] = {
    "version_id": Option("VersionId", "query", "versionId", _parameter),
    "part_number": Option("PartNumber", "query", "partNumber", _number),
    "response_cache_control": Option("ResponseCacheControl", "query", "response-cache-control", _answered),
    "response_content_disposition": Option(
        "ResponseContentDisposition", "query", "response-content-disposition", _answered
    ),
    "response_content_encoding": Option(
        "ResponseContentEncoding", "query", "response-content-encoding", _answered
    ),
    "response_content_language": Option(
        "ResponseContentLanguage", "query", "response-content-language", _answered
    ),
    "response_content_type": Option("ResponseContentType", "query", "response-content-type", _answered),
    "response_expires": Option("ResponseExpires", "query", "response-expires", _date),
    "range": Option("Range", "header", "range", _range),
    "if_match": Option("IfMatch", "header", "if-match", _line),
    "if_none_match": Option("IfNoneMatch", "header", "if-none-match", _line),
}
_PART: dict[str, Option] = {
    "content_length": Option("ContentLength", "header", "content-length", _length),
    "content_md5": Option("ContentMD5", "header", "content-md5", _digest(16)),
    "checksum_crc32": Option("ChecksumCRC32", "header", "x-amz-checksum-crc32", _digest(4)),
    "checksum_crc32c": Option("ChecksumCRC32C", "header", "x-amz-checksum-crc32c", _digest(4)),
    "checksum_crc64nvme": Option("ChecksumCRC64NVME", "header", "x-amz-checksum-crc64nvme", _digest(8)),
    "checksum_sha1": Option("ChecksumSHA1", "header", "x-amz-checksum-sha1", _digest(20)),
    "checksum_sha256": Option("ChecksumSHA256", "header", "x-amz-checksum-sha256", _digest(32)),
}
_WRITE: dict[str, Option] = {
    **_PART,
    "cache_control": Option("CacheControl", "header", "cache-control", _line),
    "content_disposition": Option("ContentDisposition", "header", "content-disposition", _line),
    "content_encoding": Option("ContentEncoding", "header", "content-encoding", _line),
    "content_language": Option("ContentLanguage", "header", "content-language", _line),
    "content_type": Option("ContentType", "header", "content-type", _line),
    "expires": Option("Expires", "header", "expires", _date),
    "if_match": Option("IfMatch", "header", "if-match", _line),
    "if_none_match": Option("IfNoneMatch", "header", "if-none-match", _line),
    "metadata": Option("Metadata", "header", "x-amz-meta-", _line),
    "storage_class": Option("StorageClass", "header", "x-amz-storage-class", _line),
    "tagging": Option("Tagging", "header", "x-amz-tagging", _tags),
}
_OF_THE_OBJECT = {name: option for name, option in _WRITE.items() if name not in _PART and name[:3] != "if_"}
_KNOWN = {
    "GetObject": _READ,
    "HeadObject": _READ,
    "UploadPart": _PART,
    "PutObject": _WRITE,
    "CreateMultipartUpload": _OF_THE_OBJECT,
}
_READ_NAMES = (*_READ, "download_as")
_NAMES = {option.member: name for known in (_READ, _WRITE) for name, option in known.items()}
_CALLED = {
    "GetObject": "get",
    "HeadObject": "head",
    "UploadPart": "upload_part",
    "PutObject": "put",
    "CreateMultipartUpload": "begin_upload",
}
_NO_ACL = "leave it out: objects are shared by presigned URLs and bucket policies, not by ACLs"
_OWNER = 'leave it out; it is in the profile: SecurityProfile(expected_bucket_owner="111122223333")'
_MEANT = {
    ("", "expires"): "did you mean expires_in?",
    ("", "expiry"): "did you mean expires_in?",
    ("", "acl"): _NO_ACL,
    ("", "grant_read"): _NO_ACL,
    ("", "grant_full_control"): _NO_ACL,
    ("", "expected_bucket_owner"): _OWNER,
    ("", "body"): "leave it out: whoever has the URL sends the content",
    ("get", "content_type"): "did you mean response_content_type?",
    ("get", "content_disposition"): "did you mean download_as, or response_content_disposition?",
    ("get", "filename"): "did you mean download_as?",
    ("get", "download"): "did you mean download_as?",
    ("post", "content_length"): "did you mean content_length_range=(least, most)?",
    ("post", "max_bytes"): "did you mean content_length_range=(least, most)?",
    ("put", "content_length_range"): "a PUT takes one content_length; a range of sizes takes presign.post",
    ("put", "key_prefix"): "a PUT is for one key; a prefix takes presign.post",
}
"""What was meant by names that other calls or other libraries have."""
