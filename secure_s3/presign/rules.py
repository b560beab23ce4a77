"""Who may upload what, where, how large and how long: one value, checked before anything is presigned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from .. import limits
from ..encryption import Strategy
from ..errors import ConfigurationError, UploadRefused
from ..guard.presigning import expiry
from ..guard.requests import check_bucket
from ..profile import SecurityProfile

EVERYONE = "*"
_NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]*"
_TYPE = re.compile(rf"{_NAME}/(\*|{_NAME})")
# Browsers take the last type of a list, so that image/png;,text/html would be a page: no comma stands alone.
_SENT = re.compile(rf"({_NAME}/{_NAME})( ?; ?{_NAME}=({_NAME}|\"(?: ?[!#-\[\]-~])* ?\"))*", re.IGNORECASE)
_LONGEST_TYPE = 200
_ACTIVE = re.compile(
    r".*\+xml|(text|application)/(html|xml|xsl)(-.*)?|multipart/.*|(application|unknown)/unknown"
)
"""Types that a browser may run scripts of; a pattern with * does not cover them."""
_UNSAFE = re.compile(r"[^\w .()+@=,-]")
_LONGEST_NAME = 120
_LONGEST_USER = 300
_WEEK = SecurityProfile(presign_ceiling=limits.MAX_PRESIGN)
"""What any profile may allow at most; the client's own ceiling counts when something is presigned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRule:
    """One kind of upload that a web application allows.

    Args:
        bucket: Where the objects go.
        prefix: Below which key; each user has a folder of their own there. Ends with ``/``.
        content_types: What may be uploaded, e.g. ``("application/pdf", "image/*")``. Patterns do not cover
            types that can hold scripts, e.g. ``image/svg+xml`` or ``text/html``: name them if you want them.
        max_bytes, min_bytes: How large, inclusive.
        groups: Who: names of groups, any of which is enough; the default is every user.
        expires_in: How long a form lives, in seconds or as a timedelta.
        download_expires_in: The same for links.
        shared: Whether every user of the groups may read all uploads of this rule, or each only their own.
        encryption: Another strategy than the client's.

    Raises:
        ConfigurationError: a value is missing, empty or malformed; an empty rule allows nobody by accident.
    """

    bucket: str
    prefix: str
    content_types: tuple[str, ...]
    max_bytes: int
    min_bytes: int = 1
    groups: tuple[str, ...] = (EVERYONE,)
    expires_in: int | timedelta = 300
    download_expires_in: int | timedelta = 300
    shared: bool = False
    encryption: Strategy | None = None

    def __post_init__(self) -> None:
        for name in ("content_types", "groups"):
            object.__setattr__(self, name, _several(name, getattr(self, name)))
        if wrong := [kind for kind in self.content_types if not _TYPE.fullmatch(kind)]:
            raise _bad(f"content_types holds {wrong[0]!r}", "a type reads e.g. image/png or image/*")
        if EVERYONE in self.groups and len(self.groups) > 1:
            raise _bad(f"groups={self.groups!r}", f"{EVERYONE} is every user, whatever else is named")
        check_bucket(self.bucket)
        segments = self.prefix.split("/") if isinstance(self.prefix, str) else []
        if len(segments) < 2 or segments[-1] or not all(segments[:-1]) or not _is_key(self.prefix):
            raise _bad(f"prefix={self.prefix!r}", 'a prefix is a path that ends with /, e.g. "avatars/"')
        if not all(type(value) is int for value in (self.min_bytes, self.max_bytes)) or not (
            0 <= self.min_bytes <= self.max_bytes <= limits.MAX_OBJECT_BYTES
        ):
            raise _bad(
                f"min_bytes={self.min_bytes!r}, max_bytes={self.max_bytes!r}",
                "whole numbers of bytes are needed, e.g. 1 and 2_000_000, the first not above the second",
            )
        strategy = self.encryption
        if strategy is not None and (
            not isinstance(strategy, Strategy)
            or strategy.client_side
            or "SSECustomerKey" in strategy.parameters("PutObject")
        ):
            raise _bad(f"encryption={strategy!r}", "browsers send content with SSE-KMS, DSSE-KMS or SSE-S3")
        if not isinstance(self.shared, bool):
            raise _bad(f"shared={self.shared!r}", "it is True or False")
        for name in ("expires_in", "download_expires_in"):
            expiry(getattr(self, name), _WEEK, argument=name)

    def check_user(self, groups: Iterable[str]) -> None:
        """Raise UploadRefused (403) unless one of the user's groups may use this rule."""
        if isinstance(groups, str) or not isinstance(groups, Iterable):
            raise ConfigurationError(f"groups={groups!r} is no list", fix="pass a list of groups")
        if EVERYONE not in self.groups and not set(self.groups) & set(groups):
            raise _refused(
                403, "this user is in none of the groups that may do this", "sign in as another user"
            )

    def check_content(self, content_type: str, size: int | None) -> None:
        """Raise UploadRefused unless type (415) and size (413) are allowed, and well-formed (400)."""
        if content_type is None or content_type == "":
            raise _refused(400, "the request says no content_type", "say what the file is")
        if size is not None and type(size) is not int:
            raise _refused(400, f"size={size!r} is no whole number", "say how many bytes the file has")
        short = isinstance(content_type, str) and len(content_type) <= _LONGEST_TYPE
        sent = _SENT.fullmatch(content_type) if short else None
        kind = sent[1].lower() if sent else ""
        family = "" if _ACTIVE.fullmatch(kind) else f"{kind.partition('/')[0]}/*"
        if not sent or not {kind, family} & set(self.content_types):
            raise _refused(
                415, f"{content_type!r} may not be uploaded here", f"choose {', '.join(self.content_types)}"
            )
        if size is None:
            return
        if not self.min_bytes <= size <= self.max_bytes:
            raise _refused(
                413,
                f"{size!r} bytes may not be uploaded here",
                f"choose {self.min_bytes} to {self.max_bytes} bytes",
            )

    def folder(self, user: str) -> str:
        """The prefix of one user's uploads; two users never share one."""
        if user is not None and not isinstance(user, str):
            raise ConfigurationError(
                f"user={user!r} is no text", why="it becomes part of keys", fix="pass str(user.id)"
            )
        if not user:
            raise _refused(403, "there is no user", "sign in")
        name = quote(user, safe="", errors="surrogatepass")
        if len(name) > _LONGEST_USER:
            raise _refused(400, "the user's name is too long for a key", "use a shorter id")
        return f"{self.prefix}{name.replace('.', '%2E') if user in ('.', '..') else name}/"

    def key(self, user: str, unique: str, filename: str) -> str:
        """The key of a new upload."""
        return f"{self.folder(user)}{unique}/{safe_name(filename)}"

    def check_reader(self, user: str, key: str) -> None:
        """Raise UploadRefused (403) unless the user may read *key*."""
        own = self.folder(user)
        within = self.prefix if self.shared else own
        if not isinstance(key, str) or not key.startswith(within) or not _is_key(key):
            raise _refused(403, "this user may not read that", "ask for a file of your own")


def _is_key(key: str) -> bool:
    """Whether it may be the key of an upload: what a URL cannot carry was never granted."""
    short = key.isprintable() and len(key.encode()) <= limits.MAX_KEY_BYTES
    return short and not {".", ".."} & set(key.split("/"))


def safe_name(filename: str) -> str:
    """A file's name as the last part of a key: no folder, nothing that steers, up to 120 characters."""
    text = unicodedata.normalize("NFC", filename) if isinstance(filename, str) else ""
    text = re.split(r"[/\\]", text)[-1]
    text = _UNSAFE.sub("_", "".join(letter for letter in text if letter.isprintable()))
    text = " ".join(text.split()).strip(". ")
    stem, dot, ending = text.rpartition(".")
    if len(text) > _LONGEST_NAME and dot and len(ending) <= 10:
        text = f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
    return text[:_LONGEST_NAME].rstrip(". ") or "file"


def _several(name: str, values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise _bad(f"{name}={values!r}", "pass a tuple of strings")
    found = tuple(values)
    if not found or not all(isinstance(value, str) and value for value in found):
        raise _bad(f"{name}={values!r}", "it names nothing; an empty list is no rule")
    return found


def _bad(what: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"the upload rule is no use: {what}", why=why, fix="change the rule")


def _refused(status: int, what: str, fix: str) -> UploadRefused:
    return UploadRefused(what, why="the upload rule does not allow it", fix=fix, status=status)
