"""The body of an error answer: XML of S3, IAM, STS and servers like them, JSON of KMS, HTML of a proxy.

Nothing is parsed that could be turned against the reader: elements are looked for as ``<Name>text</Name>``,
without a document type, without entities of its own, without nesting, and only in the first 64 KiB.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from .denial import Denial
from .parsing import parse_denial
from .redaction import redact

BODY_BYTES: Final = 64 * 1024
PAGE_CHARACTERS: Final = 400
"""What is kept of the words of an HTML page."""

_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,63})(?:\s[^<>]{0,512})?>([^<]*)</")
_ENTITY = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|amp|lt|gt|quot|apos);")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_TAG = re.compile(r"<[^<>]*>")
_HEADERS = {"x-amz-bucket-region": "Region", "x-amz-request-id": "RequestId", "x-amzn-requestid": "RequestId"}
_HEADERS |= {"x-amz-id-2": "HostId", "x-amz-storage-class": "StorageClass"}


def parse_error_body(
    body: object,
    *,
    service: object = "s3",
    operation: object = None,
    status: object = None,
    headers: object = None,
) -> Denial:
    """What the body of an error answer says, e.g. that of a presigned URL fetched with another library.

    Args:
        body: Bytes or text; None or nothing for an answer without one, say to HEAD.
        service, operation, status: As for ``parse_denial``.
        headers: Of the answer, a mapping of names in any case; ``x-amz-bucket-region`` and the request's ids
            count, and the code of services that give it there.

    Returns:
        A Denial, always.
    """
    text, told = _text(body), _lowered(headers)
    found = _elements(text, told)
    code = found.pop("Code", None) or _header_code(told) or _head_code(text, status)
    fields = {name: told[header] for header, name in _HEADERS.items() if header in told}
    return parse_denial(
        service=service,
        operation=operation,
        status=status,
        code=code,
        message=found.pop("Message", None) or told.get("x-minio-error-desc", "").strip("\"'"),
        fields=fields | found,
    )


def _text(body: object) -> str:
    if isinstance(body, bytes | bytearray | memoryview):
        body = bytes(body[:BODY_BYTES]).decode("utf-8-sig", "replace")
    return body[:BODY_BYTES].strip() if isinstance(body, str) else ""


def _lowered(headers: object) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        return {}
    pairs = ((name, value) for name, value in headers.items() if isinstance(name, str))
    return {name.lower(): value for name, value in pairs if isinstance(value, str)}


def _header_code(told: Mapping[str, str]) -> str | None:
    named = told.get("x-amzn-errortype") or told.get("x-minio-error-code")
    return _short(named) if named else None


def _head_code(text: str, status: object) -> str | None:
    """The code that botocore gives to an answer without a body."""
    return str(status) if not text and isinstance(status, int) and status >= 300 else None


def _short(code: str) -> str:
    """``AccessDeniedException`` of ``com.amazonaws.kms#AccessDeniedException:http://…``."""
    return code.rpartition("#")[2].partition(":")[0].strip()


def _elements(text: str, told: Mapping[str, str]) -> dict[str, str]:
    start = text[:1]
    if start == "{":
        return _of_json(text)
    if start != "<":
        return {"Message": text}
    opening = text[:1024].lower()
    if "<html" in opening or "<!doctype html" in opening or "html" in told.get("content-type", ""):
        return {"Message": f"<html> {_words(text)}".strip()}  # so that nobody takes it for AWS's words
    return _of_xml(text)


def _of_xml(text: str) -> dict[str, str]:
    """The leaves, by name without prefix; of those that are there twice the first."""
    found: dict[str, str] = {}
    for match in _ELEMENT.finditer(_without_cdata(text)):
        found.setdefault(match[1].rpartition(":")[2], _unescaped(match[2]).strip())
    return found


def _without_cdata(text: str) -> str:
    if "<![CDATA[" not in text:
        return text
    parts = text.split("<![CDATA[")
    for number, part in enumerate(parts[1:], 1):
        inside, _, after = part.partition("]]>")
        parts[number] = inside.replace("&", "&amp;").replace("<", "&lt;") + after
    return "".join(parts)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("#"):
        return _NAMED[name]
    number = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _of_json(text: str) -> dict[str, str]:
    try:
        read: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {"Message": text}
    if isinstance(read, dict):
        read = next((read[each] for each in ("Error", "error") if isinstance(read.get(each), dict)), read)
    if not isinstance(read, dict):
        return {}
    found = {name: value for name, value in read.items() if isinstance(value, str)}
    code = next((found[each] for each in ("__type", "code", "Code") if each in found), "")
    message = next((found[each] for each in ("message", "Message", "errorMessage") if each in found), "")
    return {**found, "Code": _short(code), "Message": message}


def _words(page: str) -> str:
    """The words of a page, without its marks; secrets go first, while their names stand by them."""
    return " ".join(_unescaped(_TAG.sub(" ", redact(page))).split())[:PAGE_CHARACTERS]
