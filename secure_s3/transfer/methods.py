"""The transfer methods of the facade, with boto3's names and arguments.

The engines are imported when they are used, so that importing the package costs little.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from ..encryption import Strategy
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from .receipts import Receipt
    from .settings import Callback


class TransferMethods:
    """Mixed into SecureS3Client, which says under which client a call runs."""

    def _under(self, encryption: Strategy | None) -> Any:
        raise NotImplementedError

    @property
    def boto3(self) -> Any:
        """The genuine boto3 S3 client underneath, under the same guard."""
        return self._under(None)

    def upload_file(
        self,
        Filename: str | os.PathLike[str],
        Bucket: str,
        Key: str,
        ExtraArgs: Mapping[str, Any] | None = None,
        Callback: Callback | None = None,
        Config: Any = None,
        *,
        encryption: Strategy | None = None,
    ) -> Receipt:
        """Upload a file; all of it, or nothing. Returns a receipt (boto3 returns None)."""
        if not isinstance(Filename, str | os.PathLike):
            raise ConfigurationError(
                f"Filename={Filename!r} is not a path", fix="pass a path, or use upload_fileobj"
            )
        from .upload import upload

        return upload(
            self._under(encryption),
            Filename,
            Bucket,
            Key,
            extra_args=ExtraArgs,
            callback=Callback,
            config=Config,
        )

    def upload_fileobj(
        self,
        Fileobj: BinaryIO,
        Bucket: str,
        Key: str,
        ExtraArgs: Mapping[str, Any] | None = None,
        Callback: Callback | None = None,
        Config: Any = None,
        *,
        encryption: Strategy | None = None,
    ) -> Receipt:
        """Upload from a binary file object, which is left open. Returns a receipt."""
        if isinstance(Fileobj, str | os.PathLike):
            raise ConfigurationError(
                f"Fileobj={os.fspath(Fileobj)!r} is a path, not a file object", fix="use upload_file"
            )
        from .upload import upload

        return upload(
            self._under(encryption),
            Fileobj,
            Bucket,
            Key,
            extra_args=ExtraArgs,
            callback=Callback,
            config=Config,
        )

    def download_file(
        self,
        Bucket: str,
        Key: str,
        Filename: str | os.PathLike[str],
        ExtraArgs: Mapping[str, Any] | None = None,
        Callback: Callback | None = None,
        Config: Any = None,
        *,
        encryption: Strategy | None = None,
    ) -> Receipt:
        """Download into a file that appears whole or not at all. Returns a receipt."""
        if not isinstance(Filename, str | os.PathLike):
            raise ConfigurationError(
                f"Filename={Filename!r} is not a path", fix="pass a path, or use download_fileobj"
            )
        from .download import download

        return download(
            self._under(encryption),
            Bucket,
            Key,
            Filename,
            extra_args=ExtraArgs,
            callback=Callback,
            config=Config,
        )

    def download_fileobj(
        self,
        Bucket: str,
        Key: str,
        Fileobj: BinaryIO,
        ExtraArgs: Mapping[str, Any] | None = None,
        Callback: Callback | None = None,
        Config: Any = None,
        *,
        encryption: Strategy | None = None,
    ) -> Receipt:
        """Download into a binary file object, in order; it is left open. Returns a receipt."""
        if isinstance(Fileobj, str | os.PathLike):
            raise ConfigurationError(
                f"Fileobj={os.fspath(Fileobj)!r} is a path, not a file object", fix="use download_file"
            )
        from .download import download

        return download(
            self._under(encryption),
            Bucket,
            Key,
            Fileobj,
            extra_args=ExtraArgs,
            callback=Callback,
            config=Config,
        )

    def copy(
        self,
        CopySource: Any,
        Bucket: str,
        Key: str,
        ExtraArgs: Mapping[str, Any] | None = None,
        Callback: Callback | None = None,
        SourceClient: Any = None,
        Config: Any = None,
        *,
        encryption: Strategy | None = None,
        source_encryption: Strategy | None = None,
    ) -> Receipt:
        """Copy within S3, metadata and tags included. Returns a receipt.

        ``source_encryption=SseC(old)`` reads a source under another customer-provided key, which is how
        such keys are rotated.
        """
        from .copy import copy as copy_object
        from .sealing import own_strategy

        client = self._under(encryption)
        if SourceClient is None:
            source_encryption = source_encryption or own_strategy(self._under(None), client)
        return copy_object(
            client,
            CopySource,
            Bucket,
            Key,
            source_encryption=source_encryption,
            source_client=SourceClient.boto3 if isinstance(SourceClient, TransferMethods) else SourceClient,
            extra_args=ExtraArgs,
            callback=Callback,
            config=Config,
        )

    def open(
        self,
        bucket: str,
        key: str,
        mode: str = "rb",
        *,
        extra_args: Mapping[str, Any] | None = None,
        config: Any = None,
        encryption: Strategy | None = None,
    ) -> BinaryIO:
        """An object as a binary file, ``"rb"`` (seekable) or ``"wb"`` (an object on a clean close)."""
        from .files import open_object

        return open_object(self._under(encryption), bucket, key, mode, extra_args=extra_args, config=config)

    def upload_many(
        self,
        sources: Any,
        bucket: str,
        prefix: str = "",
        *,
        encryption: Strategy | None = None,
        **options: Any,
    ) -> Any:
        """Upload a folder or many files; see ``secure_s3.transfer.batch.upload_many``."""

        from .batch import upload_many

        return upload_many(self._under(encryption), sources, bucket, prefix, **options)

    def download_many(
        self,
        bucket: str,
        keys_or_prefix: Any,
        folder: str | os.PathLike[str],
        *,
        encryption: Strategy | None = None,
        **options: Any,
    ) -> Any:
        """Download a prefix or many keys; see ``secure_s3.transfer.batch.download_many``."""

        from .batch import download_many

        return download_many(self._under(encryption), bucket, keys_or_prefix, folder, **options)
