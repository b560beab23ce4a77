"""Forms of browsers, ``multipart/form-data``: first the fields before the file, then the file itself.

Source: RFC 7578 and RFC 2046, section 5.1; what S3 makes of them is in its API Reference, "POST Object".
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from werkzeug.http import parse_options_header

from .... import limits
from ..faults import Refusal, invalid_argument

__all__ = ["FormReader", "Fields", "is_form"]

_KIND = "multipart/form-data"
_PIECE = 64 * 1024
_LONGEST_BOUNDARY = 70
_END_OF_HEAD = re.compile(rb"\r\n\r\n")
_FILE = "file"
# Browsers escape nothing but the quotation mark; a backslash stands for itself, as in a path of Windows.
_OPTION = re.compile(r';\s*([\w*-]+)=(?:"((?:\\"|[^"])*)"|([^\s;"]*))')


@dataclass
class Fields:
    """What stands before the file. Names are in lower case; fields of one name are one, joined by commas."""

    values: dict[str, str] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    filename: str | None = None

    def add(self, name: str, value: str) -> None:
        """One more field."""
        known = name.lower()
        self.spelled.setdefault(known, name)
        self.values[known] = f"{self.values[known]},{value}" if known in self.values else value


def is_form(content_type: str) -> bool:
    """Whether a body of this type is a form."""
    return parse_options_header(content_type)[0].lower() == _KIND


class FormReader:
    """Reads one form. Of the fields it holds no more than S3 takes; the file is held as a whole.

    Args:
        stream: The request's body.
        content_type: Its type, with the boundary.

    Raises:
        Refusal: MalformedPOSTRequest, when there is no boundary.
    """

    def __init__(self, stream: io.BufferedIOBase, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get("boundary", "")
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
            raise _malformed()
        line = re.escape(boundary.encode(errors="replace"))
        self._delimiter = re.compile(rb"\r\n--" + line + rb"(?:(--)|[ \t]*\r\n)")
        self._stream = stream
        self._held = bytearray(b"\r\n")  # so that the first delimiter follows a line end like all others
        self._left = limits.MAX_POST_FIELDS_BYTES

    def fields(self) -> Fields:
        """Everything up to the file.

        Raises:
            Refusal: MalformedPOSTRequest, MaxPostPreDataLengthExceeded, or InvalidArgument without a file.
        """
        found = Fields()
        _, last = self._until(self._delimiter)
        while not last:
            head, _ = self._until(_END_OF_HEAD)
            name, found.filename = _disposition(head)
            if name is None:
                raise _malformed()
            if name.lower() == _FILE:
                return found
            value, last = self._until(self._delimiter)
            found.add(name, value.decode(errors="replace"))
        raise _number_of_files(0)

    def file(self) -> bytes:
        """The file; what follows it is not looked at, but there must be no second one.

        Raises:
            Refusal: MalformedPOSTRequest or InvalidArgument.
        """
        body = bytes(self._held) + self._stream.read()
        self._held.clear()
        end = delimiter = self._delimiter.search(body)
        if end is None:
            raise _malformed()
        files = 1
        while delimiter is not None and not delimiter[1]:
            begin, delimiter = delimiter.end(), self._delimiter.search(body, delimiter.end())
            head = body.find(b"\r\n\r\n", begin, delimiter.start() + 2 if delimiter else len(body))
            if head >= 0 and _disposition(body[begin:head])[0] == _FILE:
                files += 1
        if files > 1:
            raise _number_of_files(files)
        return body[: end.start()]

    def _until(self, pattern: re.Pattern[bytes]) -> tuple[bytes, bool]:
        """What stands before the next match, which is read as well, and whether that ends the form."""
        while (found := pattern.search(self._held)) is None:
            if len(self._held) > self._left:
                raise _too_large()
            piece = self._stream.read(_PIECE)
            if not piece:
                raise _malformed()
            self._held += piece
        self._left -= found.end()
        if self._left < 0:
            raise _too_large()
        before, last = bytes(self._held[: found.start()]), bool(found.lastindex)
        del self._held[: found.end()]
        return before, last


def _disposition(head: bytes) -> tuple[str | None, str | None]:
    """A part's name and its file's name, each None if there is none."""
    for line in head.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            break  # no header: the part began with its value
        if name.strip().lower() == "content-disposition":
            kind, _, options = value.partition(";")
            if kind.strip().lower() == "form-data":
                return _option(options, "name"), _option(options, "filename")
    return None, None


def _option(options: str, wanted: str) -> str | None:
    """The first parameter of this name."""
    for name, quoted, bare in _OPTION.findall(f";{options}"):
        if name.lower() == wanted:
            return str(quoted.replace('\\"', '"') or bare)
    return None


def _malformed() -> Refusal:
    message = "The body of your POST request is not well-formed multipart/form-data."
    return Refusal(400, "MalformedPOSTRequest", message)


def _too_large() -> Refusal:
    message = "Your POST request fields preceding the upload file were too large."
    limit = str(limits.MAX_POST_FIELDS_BYTES)
    return Refusal(400, "MaxPostPreDataLengthExceeded", message, MaxPostPreDataLengthBytes=limit)


def _number_of_files(number: int) -> Refusal:
    return invalid_argument("POST requires exactly one file upload per request.", _FILE, str(number))
