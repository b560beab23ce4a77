"""What presigning returns. A presigned URL is a key to an object: it is not shown, logged or pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from ..encryption.operations import HEADERS

_HIDDEN = "***"
_SECRET_FIELDS = frozenset(
    {"policy", "x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-amz-s3session-token"}
)
CUSTOMER_KEY = HEADERS["SSECustomerKey"].lower()
_DENIED = "is a key to an object and is not pickled: hand out its url where it is needed"


class SecretFields(dict[str, str]):
    """A dictionary of headers or form fields that shows the names alone of those that are secret."""

    def __repr__(self) -> str:
        secret = _SECRET_FIELDS | {CUSTOMER_KEY}
        return repr({name: _HIDDEN if name.lower() in secret else value for name, value in self.items()})

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("these fields hold a signature or a key and are not pickled")


class _Kept:
    """Copied as it is, and never pickled."""

    __slots__ = ()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} {_DENIED}")


@dataclass(frozen=True, slots=True, repr=False)
class PresignedUrl(_Kept):
    """One request that whoever has the URL may make.

    Args:
        url: The URL itself: a secret for as long as it lives.
        method: The HTTP method that it was signed for.
        required_headers: What has to be sent along, exactly so, besides ``Host``. An SSE-C key is among them,
            for the holder of the URL has to send it.
        expires_at: From when on S3 refuses it (UTC). It may be earlier than asked: the profile's ceiling and
            the end of the credentials count. With a session token whose end boto3 does not know, S3 may
            refuse it earlier still.
    """

    url: str
    method: str
    required_headers: Mapping[str, str] = field(hash=False)
    expires_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Everything, for whoever is to use it: the URL and an SSE-C key are in it."""
        return {
            "url": self.url,
            "method": self.method,
            "required_headers": dict(self.required_headers),
            "expires_at": self.expires_at.isoformat(),
        }

    def __repr__(self) -> str:
        return (
            f"PresignedUrl(method={self.method!r}, url={self.url.partition('?')[0] + '?' + _HIDDEN!r}, "
            f"required_headers={sorted(self.required_headers)}, expires_at={self.expires_at.isoformat()!r})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class PresignedPost(_Kept):
    """One form that a browser may send.

    Args:
        url: Where the form is sent, as ``multipart/form-data``.
        fields: The form's fields, all before the file, which comes last and is named ``file``.
        expires_at: From when on S3 refuses it (UTC), as with a PresignedUrl.
    """

    url: str
    fields: dict[str, str] = field(hash=False)
    expires_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Everything, for whoever is to use it."""
        return {"url": self.url, "fields": dict(self.fields), "expires_at": self.expires_at.isoformat()}

    def __repr__(self) -> str:
        return (
            f"PresignedPost(url={self.url!r}, fields={SecretFields(self.fields)!r}, "
            f"expires_at={self.expires_at.isoformat()!r})"
        )
