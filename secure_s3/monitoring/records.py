"""One request in a server access log."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from ..denials.accesslines import (
    ADDRESS,
    AFTER,
    FIELDS,
    KEY,
    OPERATION,
    SIGNATURE,
    STATUS,
    TIME,
    URI,
    Line,
    field_of,
    fields_of,
    key_of,
    line_of,
)
from ..denials.accesslogs import LogLine
from ..denials.denial import Denial
from ..denials.redaction import redact

_AT = {name: number for number, name in enumerate(FIELDS)}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FREE = frozenset({"uri", "referer", "agent", "host", "requester", "key"})
"""What others can write into a line."""


class LogRecord:
    """A request as S3 logged it; each field is read when it is asked for.

    What a line has as ``-`` is None. Presigned URLs stand in Request-URIs and referers with signature and
    token: these are ``***`` here. Texts of clients are otherwise as they sent them, so that they are to be
    cleaned before a terminal or a page shows them. Logs are delivered with best effort: that something is not
    in there does not prove that it was not asked for.
    """

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    @classmethod
    def of_line(cls, line: str | bytes) -> LogRecord | None:
        """The record of a line; None if it is none, or was cut."""
        data = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
        found = line_of(data.rstrip(b"\r\n"))
        return None if found is None else cls(found)

    def __repr__(self) -> str:
        code = f" {self.error_code}" if self.error_code else ""
        return f"<LogRecord {self.operation} {self.bucket} {self.status}{code} at {self._when}>"

    def __eq__(self, other: object) -> bool:
        return self._line.string == other._line.string if isinstance(other, LogRecord) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._line.string)

    def _text(self, name: str) -> str | None:
        at = _AT[name]
        if at < AFTER - 1:
            field = field_of(self._line, at + 1)
        else:
            after = self._line[AFTER].split(b" ")
            field = after[at - AFTER + 1] if at - AFTER + 1 < len(after) else b"-"
        if field in (b"-", b""):
            return None
        text = field.decode("utf-8", "replace")
        return redact(text) if name in _FREE else text

    def _number(self, name: str) -> int | None:
        text = self._text(name) or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    @property
    def _when(self) -> str:
        return self._line[TIME].decode("utf-8", "replace")

    @property
    def time(self) -> datetime | None:
        """When S3 received the request; None if it is no time."""
        return moment(self._when)

    @property
    def bucket(self) -> str | None:
        """The bucket that was asked."""
        return self._text("bucket")

    @property
    def owner(self) -> str | None:
        """The canonical user id of the bucket's owner."""
        return self._text("owner")

    @property
    def address(self) -> str | None:
        """From where it came; the last proxy before S3 if there was one."""
        return self._text("address")

    @property
    def requester(self) -> str | None:
        """An ARN, a canonical user id, or a service's name; None for anonymous requests."""
        return self._text("requester")

    @property
    def request_id(self) -> str | None:
        """As the answer had it."""
        return self._text("request_id")

    @property
    def host_id(self) -> str | None:
        """The second id of the answer, ``x-amz-id-2``."""
        return self._text("host_id")

    @property
    def operation(self) -> str:
        """In the log's words, e.g. ``REST.GET.OBJECT``."""
        return self._line[OPERATION].decode("utf-8", "replace")

    @property
    def key(self) -> str | None:
        """The object's key, decoded."""
        text = self._line[KEY]
        return None if text in (b"-", b"") else key_of(self.operation, text.decode("utf-8", "replace"))

    @property
    def uri(self) -> str | None:
        """The request's first line, signatures and tokens taken out."""
        return self._text("uri")

    @property
    def status(self) -> int | None:
        """Of the answer; None for what no client asked for, e.g. what a lifecycle rule did."""
        text = self._line[STATUS]
        return None if text == b"-" else int(text)

    @property
    def error_code(self) -> str | None:
        """S3's code, e.g. ``AccessDenied``; None if there was no error."""
        return self._text("code")

    @property
    def bytes_sent(self) -> int | None:
        """Of the answer's body."""
        return self._number("sent")

    @property
    def object_size(self) -> int | None:
        """Of the whole object."""
        return self._number("size")

    @property
    def total_milliseconds(self) -> int | None:
        """From the request's first byte to the answer's last."""
        return self._number("total")

    @property
    def referer(self) -> str | None:
        """As the client sent it, signatures and tokens taken out."""
        return self._text("referer")

    @property
    def user_agent(self) -> str | None:
        """As the client sent it."""
        return self._text("agent")

    @property
    def version_id(self) -> str | None:
        """The version that was asked for."""
        return self._text("version")

    @property
    def signature(self) -> str | None:
        """``SigV4`` or ``SigV2``; None for what was not signed."""
        return self._text("signature")

    @property
    def cipher(self) -> str | None:
        """The cipher suite; None over plain HTTP."""
        return self._text("cipher")

    @property
    def auth_type(self) -> str | None:
        """``AuthHeader``, ``QueryString`` (a presigned URL), or None."""
        return self._text("auth")

    @property
    def host(self) -> str | None:
        """The Host header: the endpoint that was spoken to."""
        return self._text("host")

    @property
    def tls_version(self) -> str | None:
        """``1.2`` or ``1.3``; None over plain HTTP, and in lines that are older than the field."""
        return connection_of(self._line).tls

    @property
    def is_plain_http(self) -> bool | None:
        """Whether a client spoke HTTP without TLS; None if the line cannot tell."""
        return plain_http(self._line)

    @property
    def access_point(self) -> str | None:
        """The ARN of the access point that was spoken to."""
        return self._text("access_point")

    @property
    def acl_required(self) -> bool:
        """Whether an ACL was needed to allow it."""
        return self._text("acl_required") == "Yes"

    def denial(self) -> Denial | None:
        """Why it was refused, as far as a code tells; None if it was not."""
        return None if self.status is None or self.status < 400 else self._told().denial()

    def circumstances(self) -> dict[str, Any]:
        """Condition keys of the request that the line settles, e.g. ``aws:SourceIp``."""
        return self._told().circumstances()

    def _told(self) -> LogLine:
        texts = (each.decode("utf-8", "replace") for each in fields_of(self._line))
        return LogLine(
            {name: text for name, text in zip(FIELDS, texts, strict=False) if text not in ("-", "")}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; what the line does not tell is left out."""
        told = {name: getattr(self, name) for name in _TOLD}
        told["time"] = self.time.isoformat() if self.time else self._when
        told["acl_required"] = self.acl_required or None
        return {name: value for name, value in told.items() if value is not None}


_TOLD = (
    *("time", "bucket", "operation", "key", "status", "error_code", "requester", "address", "request_id"),
    *("tls_version", "cipher", "is_plain_http", "auth_type", "signature", "access_point", "acl_required"),
    *("host", "uri", "referer", "user_agent", "version_id", "bytes_sent", "object_size"),
    *("total_milliseconds", "host_id"),
)


class Connection(NamedTuple):
    """What a line tells of the connection; None for what it does not have."""

    signature: str | None = None
    cipher: str | None = None
    auth: str | None = None
    host: str | None = None
    protocol: str | None = None
    access_point: str | None = None

    @classmethod
    def of(cls, fields: bytes) -> Connection:
        """From its fields in a line."""
        return cls(*fields.decode("utf-8", "replace").split(" ")[: len(cls._fields)])

    @property
    def is_plain(self) -> bool | None:
        """Whether there was no TLS; None if the line is older than the fields."""
        return None if self.protocol is None else self.protocol == "-" and self.cipher == "-"

    @property
    def tls(self) -> str | None:
        """``1.2``; None without TLS."""
        text = self.protocol or ""
        return text[4:] if text[:4].lower() == "tlsv" else None


_UNTOLD = Connection()


def connection_of(line: Line) -> Connection:
    """What a line tells of the connection."""
    after = line[AFTER].split(b" ", SIGNATURE)
    return Connection.of(after[SIGNATURE]) if len(after) > SIGNATURE else _UNTOLD


def plain_http(line: Line) -> bool | None:
    """Whether a client spoke HTTP without TLS; None if the line is older than the fields, or none spoke."""
    if line[URI] == b"-" or line[ADDRESS] == b"-":
        return None
    return connection_of(line).is_plain


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime | None:
    """``06/Feb/2019:00:00:38 +0000``; by hand, since strptime would cost more than the whole line."""
    day, month, rest = text[:2], text[3:6], text[7:].replace(":", " ").split(" ")
    try:
        year, hour, minute, second, zone = rest
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        offset = timezone(-away if zone[0] == "-" else away)
        moment = datetime(
            int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=offset
        )
        return moment.astimezone(timezone.utc)
    except (ValueError, IndexError, OverflowError):
        return None
