"""XML documents of requests and answers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from werkzeug.datastructures import Headers

from ...limits import MAX_DELETE_OBJECTS
from .call import Answer
from .faults import Refusal

__all__ = ["empty_answer", "entries_of", "malformed_xml", "parsed", "text_of", "xml_answer"]

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_OF_NAMESPACE = re.compile(r"\{[^}]*\}")


def malformed_xml() -> Refusal:
    """400 MalformedXML."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return Refusal(400, "MalformedXML", message)


def parsed(body: bytes, root: str) -> ElementTree.Element:
    """The document in *body*, its elements without their namespace.

    Raises:
        Refusal: MalformedXML, also for another root element or a document type of its own.
    """
    if b"<!DOCTYPE" in body or b"\0" in body:
        raise malformed_xml()  # no S3 request has one, and entities could grow without end
    try:
        document = ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError):
        raise malformed_xml() from None
    for element in document.iter():
        element.tag = _OF_NAMESPACE.sub("", element.tag)
    if document.tag != root:
        raise malformed_xml()
    return document


def text_of(document: ElementTree.Element, path: str) -> str | None:
    """The text of an element, or None if it is not there."""
    found = document.find(path)
    return None if found is None else found.text or ""


def entries_of(body: bytes) -> list[tuple[str, str | None]]:
    """What a request to DeleteObjects names: key and version of each entry, in order.

    Raises:
        Refusal: MalformedXML, also for an entry that names no key, or anything twice, and for more entries
            than a thousand. Source: Amazon S3 API Reference, DeleteObjects.
    """
    objects = parsed(body, "Delete").findall("Object")
    if not 0 < len(objects) <= MAX_DELETE_OBJECTS or not all(_is_entry(each) for each in objects):
        raise malformed_xml()
    return [(text_of(each, "Key") or "", text_of(each, "VersionId") or None) for each in objects]


def _is_entry(element: ElementTree.Element) -> bool:
    keys, versions = element.findall("Key"), element.findall("VersionId")
    named = len(keys) == 1 and bool(keys[0].text) and len(versions) < 2
    return named and not any(len(each) for each in (*keys, *versions))


def xml_answer(root: str, inner: str) -> Answer:
    """200 with an XML document."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'
    body = text.encode()
    headers = Headers([("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return Answer(200, headers, [body])


def empty_answer() -> Answer:
    """200 with nothing."""
    return Answer(200, Headers([("Content-Length", "0")]), [])
