"""Uploads of a web application: what a route calls, whatever the framework.

The routes know who the user is; this knows what the rules let that user do, and presigns no more than that.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

from .. import limits
from ..errors import ConfigurationError, NotFound, SourceChanged, TransferError, UploadRefused
from ..values import SecretBytes
from .multipart import BrowserUpload
from .results import PresignedPost, PresignedUrl
from .rules import UploadRule, safe_name
from .tickets import TicketKey

if TYPE_CHECKING:
    from .presigner import Presigner

_TICKET_LIFE = timedelta(hours=24)
_HOST = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]"
_ORIGIN = re.compile(
    rf"(https://({_HOST})|http://(localhost|127\.0\.0\.1|\[::1\]))(:[1-9][0-9]{{0,4}})?", re.ASCII
)
"""As browsers write it: in lower case, with nothing behind host and port."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A form that a user was given, and the key that the file will have."""

    key: str
    post: PresignedPost

    @property
    def url(self) -> str:
        """Where the form is sent."""
        return self.post.url

    @property
    def fields(self) -> dict[str, str]:
        """The form's fields, all before the file."""
        return self.post.fields

    @property
    def expires_at(self) -> datetime:
        """From when on S3 refuses it (UTC)."""
        return self.post.expires_at

    def to_dict(self) -> dict[str, Any]:
        """For the page: ``key``, ``url``, ``fields``, ``expires_at``."""
        return {"key": self.key, **self.post.to_dict()}


class WebUploads:
    """Grants uploads and links to the users of a web application, by rules.

    Everything it refuses is an UploadRefused, whose ``status`` (400, 403, 404, 409, 413 or 415) a route may
    answer with. What S3 refuses is a ServiceError.

    Args:
        presigner: ``s3.presign`` (or a SecureS3Client).
        rules: Name → UploadRule.
        ticket_key: At least 32 secret bytes for the tickets of large uploads, the same in all processes;
            default: a random one, good for a single process until it ends.
        unique: Makes the part of a key that nobody can guess.
        clock: Seconds since 1970, for the life of tickets.
    """

    def __init__(
        self,
        presigner: Presigner | Any,
        rules: Mapping[str, UploadRule],
        *,
        ticket_key: bytes | SecretBytes | None = None,
        unique: Callable[[], str] = lambda: secrets.token_hex(8),
        clock: Callable[[], float] = time.time,
    ) -> None:
        if (
            not isinstance(rules, Mapping)
            or not rules
            or not all(isinstance(rule, UploadRule) for rule in rules.values())
        ):
            raise ConfigurationError("WebUploads needs rules", fix='pass {"name": UploadRule(…)}')
        _check_apart(rules.values())
        self._presigner: Presigner = getattr(presigner, "presign", presigner)
        if not hasattr(self._presigner, "begin_upload"):
            raise ConfigurationError(
                f"WebUploads needs a presigner, not a {type(presigner).__name__}", fix="pass s3.presign"
            )
        self._rules = dict(rules)
        self._tickets = TicketKey(os.urandom(32) if ticket_key is None else ticket_key)
        self._unique, self._clock = unique, clock

    def __repr__(self) -> str:
        return f"WebUploads({', '.join(self._rules)})"

    def form(
        self,
        rule: str,
        *,
        user: str,
        filename: str,
        content_type: str,
        size: int | None = None,
        groups: Iterable[str] = (),
    ) -> Granted:
        """A form for one file of this user's.

        Args:
            user: Whoever is signed in; never what the request says of itself.
            filename, content_type: What the browser says of the file; the type is signed.
            size: Its bytes; signed exactly if given, else the rule's range is.
            groups: The user's groups.

        Raises:
            UploadRefused: the rule does not allow it.
        """
        wanted = self._rule(rule, groups)
        wanted.check_content(content_type, size)
        least, most = (wanted.min_bytes, wanted.max_bytes) if size is None else (size, size)
        if least > limits.MAX_SINGLE_PUT_BYTES:
            raise UploadRefused(
                f"a form takes up to {limits.MAX_SINGLE_PUT_BYTES} bytes", fix="use begin()", status=413
            )
        key = wanted.key(user, self._unique(), filename)
        post = self._presigner.post(
            wanted.bucket,
            key,
            wanted.expires_in,
            content_type=content_type,
            content_length_range=(least, min(most, limits.MAX_SINGLE_PUT_BYTES)),
            success_status=201,
            encryption=wanted.encryption,
        )
        return Granted(key, post)

    def link(self, rule: str, *, user: str, key: str, groups: Iterable[str] = ()) -> PresignedUrl:
        """A link that downloads an upload; a browser stores it and does not show it.

        Raises:
            UploadRefused: it is not this user's, nor shared.
        """
        wanted = self._rule(rule, groups)
        wanted.check_reader(user, key)
        return self._presigner.get(
            wanted.bucket,
            key,
            wanted.download_expires_in,
            download_as=safe_name(key),
            encryption=wanted.encryption,
        )

    # -- large files -----------------------------------------------------------------------------------

    def begin(
        self,
        rule: str,
        *,
        user: str,
        filename: str,
        content_type: str,
        size: int,
        groups: Iterable[str] = (),
    ) -> dict[str, Any]:
        """Begin an upload in parts; for the page: ``ticket``, ``key``, ``part_bytes``, ``part_count``.

        Raises:
            UploadRefused: the rule does not allow it.
            EncryptionNotConfirmed, ServiceError, TransportError: from S3.
        """
        wanted = self._rule(rule, groups)
        wanted.check_content(content_type, size)
        if not size:
            raise UploadRefused("an upload in parts has at least one byte", fix="ask for a form", status=413)
        key = wanted.key(user, self._unique(), filename)
        upload = self._presigner.begin_upload(
            wanted.bucket, key, size, content_type=content_type, encryption=wanted.encryption
        )
        content = {
            "rule": rule,
            "user": user,
            "key": key,
            "upload_id": upload.upload_id,
            "size": size,
            "part_bytes": upload.part_bytes,
        }
        ticket = self._tickets.issue(content, until=self._clock() + _TICKET_LIFE.total_seconds())
        told = {name: value for name, value in upload.to_dict().items() if name.startswith("part_")}
        return {"ticket": ticket, "key": key, **told}

    def parts(self, ticket: str, numbers: Iterable[int], *, user: str) -> list[PresignedUrl]:
        """The URLs of some parts of an upload that this user began, each once.

        Raises:
            UploadRefused: somebody else began it (403), or it has no such parts (400).
        """
        rule, upload = self._upload(ticket, user)
        wanted = list(numbers) if isinstance(numbers, Iterable) else [numbers]
        if not all(type(number) is int and 1 <= number <= upload.part_count for number in wanted):
            raise UploadRefused(
                "this upload has no such part", fix=f"ask for parts 1 to {upload.part_count}", status=400
            )
        return upload.parts(dict.fromkeys(wanted), rule.expires_in)

    def complete(self, ticket: str, *, user: str) -> str:
        """Finish an upload that this user began, and return its key; again, after it went, the same.

        Raises:
            UploadRefused: somebody else began it (403), it was aborted (404), parts are missing or wrong
                (409).
            EncryptionNotConfirmed, ServiceError, TransportError: from S3.
        """
        _, upload = self._upload(ticket, user)
        try:
            upload.complete()
        except NotFound as error:
            if not upload.stored():
                raise UploadRefused(
                    "there is no such upload any more", why=error.what, fix="begin it again", status=404
                ) from error
        except TransferError as error:
            missing = not isinstance(error, SourceChanged)
            fix = "send the parts that are missing" if missing else "begin it again"
            raise UploadRefused(error.what, why=error.why, fix=fix, status=409) from error
        return upload.key

    def abort(self, ticket: str, *, user: str) -> None:
        """Remove the parts of an upload that this user began."""
        self._upload(ticket, user)[1].abort()

    # -- set-up ----------------------------------------------------------------------------------------

    def cors(self, *origins: str) -> dict[str, Any]:
        """The CORS configuration that the rules' buckets need for pages of these origins.

        ``client.put_bucket_cors(Bucket=…, CORSConfiguration=uploads.cors("https://app.example.com"))``.

        Raises:
            ConfigurationError: an origin is ``*``, neither https nor loopback, or written otherwise than
                browsers write it.
        """
        for origin in origins:
            if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
                trusted = isinstance(origin, str) and origin.startswith("https://") and "*" not in origin
                why = "browsers write it in lower case, with nothing behind host and port"
                if not trusted:
                    why = "any page, or whoever changes a page on its way, could use your users' forms"
                raise ConfigurationError(
                    f"{origin!r} is no origin to trust",
                    why=why,
                    fix="pass each as an argument: scheme, host and port, e.g. https://app.example.com",
                )
        if not origins:
            raise ConfigurationError("cors() needs an origin", fix='e.g. cors("https://app.example.com")')
        return {
            "CORSRules": [
                {
                    "AllowedOrigins": list(origins),
                    "AllowedMethods": ["GET", "HEAD", "POST", "PUT"],
                    "AllowedHeaders": ["content-type", "content-md5", "x-amz-*"],
                    "ExposeHeaders": ["ETag"],
                    "MaxAgeSeconds": 3000,
                }
            ]
        }

    def origins(self) -> list[str]:
        """Where pages send and fetch files: for ``connect-src`` of a Content-Security-Policy."""
        return sorted({self._presigner.origin(rule.bucket) for rule in self._rules.values()})

    # -- inside ----------------------------------------------------------------------------------------

    def _rule(self, name: str, groups: Iterable[str]) -> UploadRule:
        found = self._rules.get(name) if isinstance(name, str) else None
        if found is None:
            raise UploadRefused(f"there is no upload rule {name!r}", fix="ask for a known one", status=404)
        found.check_user(groups)
        return found

    def _upload(self, ticket: str, user: str) -> tuple[UploadRule, BrowserUpload]:
        content = self._tickets.open(ticket, now=self._clock())
        rule = self._rules.get(content["rule"])
        if rule is None or content["user"] != user:
            raise UploadRefused(
                "this upload is not this user's",
                why="a ticket is good for whoever began the upload",
                fix="begin one",
                status=403,
            )
        upload = self._presigner.resume_upload(
            rule.bucket,
            content["key"],
            content["upload_id"],
            content["size"],
            part_bytes=content["part_bytes"],
            encryption=rule.encryption,
        )
        return rule, upload


def _check_apart(rules: Iterable[UploadRule]) -> None:
    """A user named like the rest of a deeper prefix would own all below it, and what is shared is shared."""
    for outer, inner in permutations(rules, 2):
        nested = inner.prefix.startswith(outer.prefix)
        if inner.prefix == outer.prefix:
            nested = inner.shared or outer.shared
        if nested and inner.bucket == outer.bucket:
            raise ConfigurationError(
                f"the prefix {inner.prefix!r} of one rule is or lies within {outer.prefix!r} of another",
                why="what one rule lets users read would be uploads of the other",
                fix='use prefixes side by side, e.g. "avatars/" and "reports/"',
            )
