"""Client-side encryption: S3 never sees the plaintext."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .. import limits
from ..envelope.keys import Keys, KmsKeys, RawAesKey
from ..envelope.names import BATCH, BUCKET, KEY, OURS, PREFIX, RESERVED
from ..errors import ConfigurationError, ContextMismatch
from ..values import printable_text
from .context import EncryptionContext
from .sse_c import SseC
from .sse_kms import SseKms, key_from_env
from .sse_s3 import SseS3
from .strategy import Strategy

_TOLD = 4
"""Pairs that an error names."""


@dataclass(frozen=True, slots=True)
class ClientSide(Strategy):
    """Encryption before anything is sent, as a message of the AWS Encryption SDK.

    Bucket and key are bound into the encryption context, so that an object is readable at its place only:
    swapping two of them is noticed before KMS is asked. The context is visible to everybody who may read the
    object, and in CloudTrail: no secrets in it. What is not hidden: the length, the metadata, the tags.
    Whoever may call ``kms:Decrypt`` with the key could also forge an object: messages are not signed.

    Args:
        keys: ``KmsKeys``, ``RawAesKey``, or a MasterKeyProvider of the AWS Encryption SDK.
        server_side: The encryption at rest that goes with it, for bucket policies that demand one.
        context: Encryption context of your own; reading demands the same pairs.
        bind_location: False leaves bucket and key out, for objects that other programs wrote or move.
        frame_bytes: Plaintext in a frame, the smallest piece that is fetched and verified.
        allow_non_committing_suites: Read old messages, which can be made to open to two contents.

    Raises:
        ConfigurationError: an argument is of no use.
    """

    keys: Keys
    server_side: Strategy = field(default_factory=SseS3, kw_only=True)
    context: Mapping[str, str] | None = field(default=None, kw_only=True)
    bind_location: bool = field(default=True, kw_only=True)
    frame_bytes: int = field(default=limits.DEFAULT_FRAME_BYTES, kw_only=True)
    allow_non_committing_suites: bool = field(default=False, kw_only=True)
    batch: tuple[str, str] | None = field(default=None, kw_only=True)

    label: ClassVar[str] = "client-side"
    client_side: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", _keys(self.keys))
        if not isinstance(self.server_side, Strategy) or self.server_side.client_side:
            raise ConfigurationError(
                f"server_side={self.server_side!r} is no server-side encryption",
                fix="pass SseS3(), SseKms(arn), DsseKms(arn) or SseC(key)",
            )
        for name in ("bind_location", "allow_non_committing_suites"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigurationError(f"{name}={getattr(self, name)!r} is neither True nor False")
        _check_frame_bytes(self.frame_bytes)
        if self.context is not None:
            object.__setattr__(self, "context", _checked_context(self.context))
        if self.batch is not None:
            _check_batch(self.batch, self.bind_location)

    def __repr__(self) -> str:
        shown = [repr(self.keys), f"server_side={self.server_side!r}"]
        shown += [
            f"{item.name}={getattr(self, item.name)!r}"
            for item in dataclasses.fields(self)[2:]
            if getattr(self, item.name) != item.default
        ]
        return f"ClientSide({', '.join(shown)})"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> ClientSide:
        """Keys from ``SECURE_S3_RAW_KEY_FILE`` and ``…_NAME``, else the ARNs in ``SECURE_S3_KMS_KEY_ARN``.

        ``SECURE_S3_SERVER_SIDE_KMS_KEY_ARN`` adds SSE-KMS with that key; the default is SSE-S3.
        """
        keys: Keys
        if path := environ.get("SECURE_S3_RAW_KEY_FILE"):
            keys = RawAesKey(environ.get("SECURE_S3_RAW_KEY_NAME") or "default", SseC.from_file(path).key)
        else:
            keys = KmsKeys(*(part.strip() for part in key_from_env(environ).split(",")))
        server_side_key = environ.get("SECURE_S3_SERVER_SIDE_KMS_KEY_ARN")
        return cls(keys, server_side=SseKms(server_side_key) if server_side_key else SseS3())

    def for_batch(self, prefix: str, batch_id: str) -> ClientSide:
        """The same with one data key for all objects of a batch: one KMS call instead of one each.

        They are bound to bucket, prefix and batch id instead of their own key. That is the price: **inside
        one batch, objects can be swapped** unnoticed. A client keeps the data key of a batch while it lives,
        and makes a new one after 2**20 objects. Reading takes the same prefix and batch id.

        Args:
            prefix: What every key of the batch begins with; may be empty.
            batch_id: Tells this batch from others, e.g. a date or a UUID; it is readable in each object.
        """
        return dataclasses.replace(self, batch=(prefix, batch_id))

    def parameters(self, operation: str) -> Mapping[str, object]:
        """The members of the server-side encryption that goes with it."""
        return self.server_side.parameters(operation)

    def answer(self, operation: str) -> Mapping[str, object]:
        """What proves the server-side encryption."""
        return self.server_side.answer(operation)

    def copy_source(self) -> Mapping[str, object]:
        """The members that the server-side encryption needs to read a source."""
        return self.server_side.copy_source()

    def context_for(self, bucket: str, key: str) -> dict[str, str]:
        """The encryption context of the object at that place.

        Raises:
            ConfigurationError: the key is no name of an object, or does not belong to the batch.
        """
        _check_key(key)
        pairs = dict(self.context or {})
        if self.batch is not None:
            prefix, batch_id = self.batch
            if not key.startswith(prefix):
                raise ConfigurationError(
                    f"the key {key!r} does not begin with {prefix!r}",
                    why="the strategy is bound to a batch below that prefix",
                    fix="use ClientSide without for_batch(…) for this object",
                )
            # KMS takes no empty values, and a prefix may be empty.
            return pairs | {BUCKET: bucket, BATCH: batch_id} | ({PREFIX: prefix} if prefix else {})
        return pairs | {BUCKET: bucket, KEY: key} if self.bind_location else pairs

    def check_context(self, found: Mapping[str, str], bucket: str, key: str) -> None:
        """Refuse a message whose context is not that of its place; KMS is asked afterwards only.

        Raises:
            ContextMismatch: a pair is missing, or is another.
        """
        expected = self.context_for(bucket, key)
        wrong = {name: found.get(name) for name, value in expected.items() if found.get(name) != value}
        if self.bind_location:
            wrong |= {name: found[name] for name in found.keys() - expected if name.startswith(OURS)}
        if not wrong:
            return
        told = [
            f"{name if name in expected else _short(name)} is {_short(got)}, expected {expected.get(name)!r}"
            for name, got in wrong.items()
        ]
        error = ContextMismatch(
            f"the encrypted object at {printable_text(f's3://{bucket}/{key}')} does not belong there",
            why="; ".join(told[:_TOLD]) + (f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""),
            fix=_fix_for(found, wrong),
            bucket=bucket,
            key=key,
        )
        error.expected, error.found = expected, dict(found)
        raise error


def _check_key(key: object) -> None:
    try:
        if isinstance(key, str) and 0 < len(key.encode()) <= limits.MAX_KEY_BYTES:
            return
    except UnicodeEncodeError:
        pass
    raise ConfigurationError(
        f"Key={key!r} is no name of an object",
        why=f"a key is a text of 1 to {limits.MAX_KEY_BYTES} bytes of UTF-8",
        fix="pass a string",
    )


def _short(text: str | None) -> str:
    """A value of a header that nobody has verified, for an error text."""
    return repr(text) if text is None or len(text) <= 200 else f"{text[:200]!r}…"


def _fix_for(found: Mapping[str, str], wrong: Mapping[str, Any]) -> str:
    if BATCH in found:
        prefix, batch_id = found.get(PREFIX, ""), found[BATCH]
        return (
            "it says it is of a batch; if you wrote it so, read it with "
            f"ClientSide(…).for_batch({_short(prefix)}, {_short(batch_id)})"
        )
    if set(wrong) <= {BUCKET, KEY}:
        if KEY not in found:
            return "if a program that binds nothing wrote it: ClientSide(…, bind_location=False)"
        other = "; through an access point, use the name it was written under" if KEY not in wrong else ""
        return (
            f"it was moved or swapped; restore it, or move it with s3.copy(…), which encrypts it again{other}"
        )
    return "read it with the context=… it was written with"


def _keys(keys: object) -> Keys:
    if isinstance(keys, Keys):
        return keys
    if any(cls.__module__.split(".")[0] == "aws_encryption_sdk" for cls in type(keys).__mro__):
        from ..envelope.providers import ProviderKeys

        return ProviderKeys(keys)
    raise ConfigurationError(
        f"ClientSide(keys) is a {type(keys).__name__}, which is no set of keys",
        fix='pass KmsKeys("arn:aws:kms:…"), RawAesKey(name, key), or a MasterKeyProvider',
    )


def _check_frame_bytes(frame_bytes: object) -> None:
    if (
        isinstance(frame_bytes, bool)
        or not isinstance(frame_bytes, int)
        or not limits.MIN_FRAME_BYTES <= frame_bytes <= limits.MAX_FRAME_BYTES
    ):
        raise ConfigurationError(
            f"frame_bytes={frame_bytes!r} is out of range",
            why="a frame is the smallest piece that can be read, and is held in memory as a whole",
            fix=f"pass {limits.MIN_FRAME_BYTES} to {limits.MAX_FRAME_BYTES}; 65536 is a good choice",
        )


def _checked_context(pairs: Mapping[str, str]) -> EncryptionContext:
    context = EncryptionContext(pairs)
    if reserved := sorted(name for name in context if name.startswith(RESERVED)):
        raise ConfigurationError(
            f"the encryption context uses the reserved name {reserved[0]!r}",
            why="names beginning with aws-crypto- and secure-s3: have a meaning of their own",
            fix="choose another name",
        )
    return context


def _check_batch(batch: object, bind_location: bool) -> None:
    sound = isinstance(batch, tuple) and len(batch) == 2 and all(isinstance(text, str) for text in batch)
    if not sound or not batch[1]:  # type: ignore[index]
        raise ConfigurationError(
            f"batch={batch!r} is no prefix and batch id", fix='use .for_batch("photos/", "2026-11-21")'
        )
    if not bind_location:
        raise ConfigurationError(
            "for_batch() needs bind_location=True",
            why="without it, objects of any place could take each other's",
            fix="leave bind_location out",
        )
