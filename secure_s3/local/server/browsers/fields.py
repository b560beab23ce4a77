"""The fields of a form, as the headers that a PutObject would have."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import urlencode
from xml.etree import ElementTree

from ....sigv4.posts import SIGNING_FIELDS
from ..faults import Refusal, invalid_request

__all__ = ["headers_of"]

_PLAIN = frozenset(
    (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-md5",
        "content-type",
        "expires",
        "x-amz-storage-class",
        "x-amz-website-redirect-location",
    )
)
_PREFIXES = ("x-amz-server-side-encryption", "x-amz-checksum-", "x-amz-object-lock-", "x-amz-grant-")
_METADATA = "x-amz-meta-"
_NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)
_MAIL_SAFE = re.compile(r"[\x20-\x7e]*", re.ASCII)
# Of the signature and of the form itself; they say nothing of the object.
_APART = SIGNING_FIELDS | {"x-amz-checksum-algorithm"}


def headers_of(values: Mapping[str, str]) -> dict[str, str]:
    """Headers of a PutObject, names in lower case.

    Raises:
        Refusal: NotImplemented for an x-amz-… field with another meaning than these, MalformedXML for tags
            that are no XML, InvalidRequest for a checksum that is announced and not sent.
    """
    _check_announced(values)
    headers = {}
    for name, value in values.items():
        if name in _PLAIN or (name.startswith(_PREFIXES) and name not in _APART):
            headers[name] = value
        elif name.startswith(_METADATA) and _NAME.fullmatch(name):
            headers[name] = value if _MAIL_SAFE.fullmatch(value) else _mail_safe(value)
        elif name == "acl":
            headers["x-amz-acl"] = value
        elif name == "tagging":
            headers["x-amz-tagging"] = _tags(value)
        elif name.startswith("x-amz-") and name not in _APART:
            message = "A header you provided implies functionality that is not implemented"
            raise Refusal(501, "NotImplemented", message, Header=name)
    return headers


def _check_announced(values: Mapping[str, str]) -> None:
    algorithm = values.get("x-amz-checksum-algorithm", "").lower()
    if algorithm and f"x-amz-checksum-{algorithm}" not in values:
        message = (
            "x-amz-checksum-algorithm specified, but no corresponding x-amz-checksum-* headers were found."
        )
        raise invalid_request(message)


def _mail_safe(value: str) -> str:
    """As S3 tells metadata that is not plain ASCII: in the notation of RFC 2047."""
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def _tags(text: str) -> str:
    """The tags of an XML document, as a header says them."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no longer than the fields of a form, which were signed
    except ElementTree.ParseError:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise Refusal(400, "MalformedXML", message) from None
    tags = [tag for tag in root.iter() if _local(tag) == "Tag"]
    return urlencode([(_text(tag, "Key"), _text(tag, "Value")) for tag in tags])


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(tag: ElementTree.Element, name: str) -> str:
    return next((element.text or "" for element in tag if _local(element) == name), "")
