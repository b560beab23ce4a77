"""boto3's managed transfers on a hardened client: the classic engine only.

The CRT engine bypasses every event handler and drops the client's endpoint and verification
(boto3 issues 4689 and 4839); boto3 picks it by itself on some instance types.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ConfigurationError, InsecureTransport
from .faults import HIDING, translate


class ManagedTransfers:
    """A mixin in front of boto3's client class."""

    def upload_file(
        self,
        Filename: Any,
        Bucket: str,
        Key: str,
        ExtraArgs: Any = None,
        Callback: Any = None,
        Config: Any = None,
    ) -> Any:
        """boto3's ``upload_file``, classic engine; its S3UploadFailedError is the typed error as well."""
        with _unhidden(Bucket, Key):
            return super().upload_file(Filename, Bucket, Key, ExtraArgs, Callback, classic(Config))  # type: ignore[misc]

    def upload_fileobj(
        self,
        Fileobj: Any,
        Bucket: str,
        Key: str,
        ExtraArgs: Any = None,
        Callback: Any = None,
        Config: Any = None,
    ) -> Any:
        """boto3's ``upload_fileobj``, classic engine."""
        with _unhidden(Bucket, Key):
            return super().upload_fileobj(Fileobj, Bucket, Key, ExtraArgs, Callback, classic(Config))  # type: ignore[misc]

    def download_file(
        self,
        Bucket: str,
        Key: str,
        Filename: Any,
        ExtraArgs: Any = None,
        Callback: Any = None,
        Config: Any = None,
    ) -> Any:
        """boto3's ``download_file``, classic engine."""
        with _unhidden(Bucket, Key):
            return super().download_file(Bucket, Key, Filename, ExtraArgs, Callback, classic(Config))  # type: ignore[misc]

    def download_fileobj(
        self,
        Bucket: str,
        Key: str,
        Fileobj: Any,
        ExtraArgs: Any = None,
        Callback: Any = None,
        Config: Any = None,
    ) -> Any:
        """boto3's ``download_fileobj``, classic engine."""
        return super().download_fileobj(Bucket, Key, Fileobj, ExtraArgs, Callback, classic(Config))  # type: ignore[misc]

    def copy(
        self,
        CopySource: Any,
        Bucket: str,
        Key: str,
        ExtraArgs: Any = None,
        Callback: Any = None,
        SourceClient: Any = None,
        Config: Any = None,
    ) -> Any:
        """boto3's managed ``copy``; the source's client must be hardened too."""
        if SourceClient is not None and not isinstance(SourceClient, ManagedTransfers):
            raise InsecureTransport(
                "copy: SourceClient is not a hardened client",
                why="its HeadObject would go out under none of this client's rules",
                fix="leave SourceClient out, or pass harden(client, …)",
            )
        return super().copy(  # type: ignore[misc]
            CopySource, Bucket, Key, ExtraArgs, Callback, SourceClient, classic(Config)
        )


@contextmanager
def _unhidden(bucket: str, key: str) -> Iterator[None]:
    """Within it, what boto3 hides in a text leaves as an error that is both; the rest is as boto3 has it."""
    try:
        yield
    except HIDING as error:
        ours = translate(error, bucket=bucket, key=key)
        if ours is None:
            raise
        raise ours from error


def classic(config: Any) -> Any:
    """A boto3 TransferConfig that names the classic engine; the caller's is not changed.

    Raises:
        ConfigurationError: the caller asked for the CRT engine.
    """
    from boto3.s3.transfer import TransferConfig

    if config is None:
        return TransferConfig(preferred_transfer_client="classic")
    refuse_crt(config)
    chosen = copy.copy(config)
    chosen.preferred_transfer_client = "classic"
    return chosen


def refuse_crt(config: Any) -> None:
    """Raise ConfigurationError if a TransferConfig asks for the CRT engine."""
    if str(getattr(config, "preferred_transfer_client", "auto")).lower() == "crt":
        raise ConfigurationError(
            'preferred_transfer_client="crt" is refused',
            why="the CRT engine bypasses every check of this client, and drops its endpoint and CA bundle",
            fix='use TransferConfig(preferred_transfer_client="classic"), or leave it out',
        )
