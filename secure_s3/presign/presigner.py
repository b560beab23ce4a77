"""``s3.presign``: URLs and forms, signed here in microseconds where botocore would sign the same.

1. The address of the bucket is botocore's, looked up once (``guard/addresses.py``).
2. The strategy's headers and the expected bucket owner go in; the guard looks at the request.
3. The life is clamped to the profile and to the credentials, and dated by S3's clock.
4. What all URLs of one second, bucket and kind share is put together once; then each key is signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..encryption import Strategy
from ..errors import ConfigurationError
from ..guard import guard_of
from ..guard.faults import typed
from .inspection import inspect, verify
from .lanes import Lanes, require_now
from .options import part_of
from .results import PresignedPost, PresignedUrl, SecretFields

if TYPE_CHECKING:
    from .multipart import BrowserUpload
    from .options import ObjectOptions, PartOptions, PostOptions, ReadOptions, Unpack, WriteOptions

Seconds = int | timedelta


class Presigner:
    """Presigned URLs and forms of one hardened client; a SecureS3Client has one as ``presign``.

    Nothing is sent (S3 Express excepted). It may be shared between threads.

    Args:
        client: A hardened boto3 S3 client, e.g. ``harden(boto3.client("s3"), SseKms(…))``.
    """

    inspect = staticmethod(inspect)
    verify = staticmethod(verify)

    def __init__(self, client: Any) -> None:
        if guard_of(client) is None:
            raise ConfigurationError(
                "presigning needs a hardened client",
                why="what it presigns carries the client's encryption",
                fix="pass harden(client, SseKms(…)); a SecureS3Client has its own, .presign",
            )
        self._client = client
        self._lanes = Lanes(client)

    def __repr__(self) -> str:
        return f"Presigner({guard_of(self._client)!r})"

    def get(
        self,
        bucket: str,
        key: str,
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[ReadOptions],
    ) -> PresignedUrl:
        """A URL that reads one object.

        Under SSE-C whoever uses it must send the key as well: it is among ``required_headers`` and never in
        the URL. Under client-side encryption it gives the encrypted bytes.

        Args:
            bucket: A name, an access point's alias or its ARN.
            key: The object's key; what a URL cannot carry is refused.
            expires_in: Whole seconds or a timedelta; see ``PresignedUrl.expires_at``.
            encryption: Another strategy than the client's.
            at: The moment to sign for, with a time zone; default: now, by S3's clock. A URL of the future
                sleeps until then, and the profile's ceiling counts from there.
            options: See ReadOptions; ``download_as="name.pdf"`` makes a browser store it under that name.

        Raises:
            ConfigurationError: an argument, or the credentials, are no use; the text says which.
        """
        return self._lanes.lane("GetObject", bucket, expires_in, encryption, at, options).url(key)

    def head(
        self,
        bucket: str,
        key: str,
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[ReadOptions],
    ) -> PresignedUrl:
        """A URL that asks for one object's headers; otherwise as ``get``."""
        return self._lanes.lane("HeadObject", bucket, expires_in, encryption, at, options).url(key)

    def put(
        self,
        bucket: str,
        key: str,
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[WriteOptions],
    ) -> PresignedUrl:
        """A URL that stores one object, encrypted as configured: send exactly ``required_headers``.

        What is not among the options is left to whoever has the URL: without ``content_length`` the size.
        For a range of sizes use ``post``.

        Args:
            options: See WriteOptions. The others are those of ``get``.

        Raises:
            EncryptionConflict: the strategy is client-side: the content would be stored as it is.
            ConfigurationError: as in ``get``.
        """
        return self._lanes.lane("PutObject", bucket, expires_in, encryption, at, options).url(key)

    def upload_part(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        part_number: int,
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[PartOptions],
    ) -> PresignedUrl:
        """A URL that stores one part of a multipart upload; ``begin_upload`` makes all of them.

        Raises:
            EncryptionConflict, ConfigurationError: as in ``put``.
        """
        extra = part_of(upload_id, part_number)
        return self._lanes.lane("UploadPart", bucket, expires_in, encryption, at, options, extra).url(key)

    def get_many(
        self,
        bucket: str,
        keys: Iterable[str],
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[ReadOptions],
    ) -> list[PresignedUrl]:
        """One URL for each key, in their order, all with the same options and end; otherwise as ``get``."""
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            kind = "one string" if isinstance(keys, str) else f"a {type(keys).__name__}"
            raise ConfigurationError(f"keys= is {kind}", fix="pass a list of keys, or use get(…)")
        url = self._lanes.lane("GetObject", bucket, expires_in, encryption, at, options).url
        return [url(key) for key in keys]

    def post(
        self,
        bucket: str,
        key: str | None = None,
        expires_in: Seconds = 300,
        *,
        encryption: Strategy | None = None,
        at: datetime | None = None,
        **options: Unpack[PostOptions],
    ) -> PresignedPost:
        """A form that lets a browser upload one file, encrypted as configured.

        Args:
            key: The object's key, or None with ``key_prefix``.
            options: See PostOptions. With ``key_prefix`` the page names the object below it; the field holds
                ``${filename}``, which S3 replaces by the file's name. ``content_length_range`` is the least
                and the most bytes. With ``content_type_prefix`` the page adds a field ``Content-Type``.
                ``fields`` and ``conditions`` are boto3's. The others are those of ``get``.

        Raises:
            EncryptionConflict: the strategy is client-side, or the fields ask for another encryption.
            PublicAccessRefused: the fields would let objects be stored open to everybody.
            ConfigurationError: as in ``get``; SSE-C, whose key a form would give away.
        """
        from .posts import Form

        client, guard = self._lanes.face(encryption)
        form = Form.of(bucket, key, guard.strategy, options)
        moment = self._lanes.moment(client, guard, expires_in, at)
        address = self._lanes.address(client, guard, bucket)
        if address.direct:
            fields = form.signed(self._lanes.key(moment, address), moment)
            url = address.origin + (address.prefix or "/")
        else:
            require_now(at, bucket)
            with typed("presign", bucket, key):
                made = client.generate_presigned_post(
                    bucket, form.key, form.fields, form.conditions, moment.seconds
                )
            fields, url = made["fields"], made["url"]
        return PresignedPost(url, SecretFields(fields), moment.expires_at)

    def origin(self, bucket: str) -> str:
        """``https://host[:port]`` of the bucket's URLs, e.g. for ``connect-src`` of a page."""
        parts = urlsplit(self.get(bucket, "any").url)
        return f"{parts.scheme}://{parts.netloc}"

    def begin_upload(
        self,
        bucket: str,
        key: str,
        size: int,
        *,
        part_bytes: int | None = None,
        encryption: Strategy | None = None,
        **options: Unpack[ObjectOptions],
    ) -> BrowserUpload:
        """Begin a multipart upload whose parts a browser sends; see BrowserUpload.begin."""
        from .multipart import BrowserUpload

        return BrowserUpload.begin(
            self._lanes, bucket, key, size, part_bytes=part_bytes, encryption=encryption, **options
        )

    def resume_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        size: int,
        *,
        part_bytes: int | None = None,
        part_count: int | None = None,
        encryption: Strategy | None = None,
    ) -> BrowserUpload:
        """Take up an upload that was begun in another process; nothing is sent. See BrowserUpload."""
        from .multipart import BrowserUpload

        layout = {"part_bytes": part_bytes, "part_count": part_count}
        return BrowserUpload(self._lanes, bucket, key, upload_id, size, encryption=encryption, **layout)
