"""How an object or a file is protected, as far as it says so itself; no key is needed, nothing is verified.

Two formats of client-side encryption are recognised: messages of the AWS Encryption SDK by their first bytes,
and objects of the Amazon S3 Encryption Client by their metadata. Source of the names:
aws-encryption-sdk-specification, "s3-encryption/data-format/content-metadata.md".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import DowngradeError, TamperedError
from ..values import ObjectRef
from .header import Header, Read, not_a_message, read_header
from .keys import KMS_PROVIDER, printable
from .layout import Layout
from .names import BATCH, BUCKET, KEY, OURS, PREFIX, S3EC_DATA_KEYS
from .suites import TAG_BYTES

NONE = "none"
MALFORMED = "malformed AWS Encryption SDK message"
UNFRAMED = "AWS Encryption SDK message without frames"

_FOOTER_BYTES = {"P-256": 2 + 71, "P-384": 2 + 103}  # the usual ones; signatures in DER vary by some bytes
_UNVERIFIED = (
    "nothing of this is authenticated: whoever can write the object wrote it; only opening it verifies"
)
_INSTRUCTION_FILE = "an S3 Encryption Client instruction file (<key>.instruction) may hold the keys elsewhere"
_NO_METADATA = "without metadata an object of the Amazon S3 Encryption Client cannot be recognised"

_GCM, _CBC = "AES/GCM/NoPadding", "AES/CBC/PKCS5Padding"
_COMMITTING = "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY"
_COMMITTING_ID = 0x0073
_V3_WRAPS = {"02": "AES/GCM", "12": "kms+context", "22": "RSA-OAEP-SHA1"}
_V3_ALWAYS = frozenset({"x-amz-c", "x-amz-d", "x-amz-i"})  # in the metadata, wherever the data key is
_DESCRIPTION_CHARS = 65536


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key that opens the object: who has it, and what it is called there."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True)
class Protection:
    """What an object says about its protection. Whoever wrote the object chose every word of it.

    Args:
        format: Which format it is; ``none`` if no client-side encryption is recognised.
        suite, suite_id: The algorithms of the content.
        wrap: How the data key is encrypted, where the format says so.
        committing: Whether it opens under one key only.
        signed: Whether a signature is at its end.
        frame_bytes, frames: Plaintext in a frame, and how many there are.
        plain_bytes: Length of the plaintext; None where the length of the object does not tell it exactly.
        header_bytes: Bytes in front of the first frame.
        keys: Each of them alone opens it; empty where the format does not name them.
        context: The encryption context or material description.
        notes: What else there is to say, one sentence each.
    """

    format: str
    suite: str | None = None
    suite_id: int | None = None
    wrap: str | None = None
    committing: bool | None = None
    signed: bool | None = None
    frame_bytes: int | None = None
    frames: int | None = None
    plain_bytes: int | None = None
    header_bytes: int | None = None
    keys: tuple[KeyName, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json``."""
        return {
            "format": self.format,
            "suite": self.suite,
            "suite_id": None if self.suite_id is None else f"0x{self.suite_id:04x}",
            "wrap": self.wrap,
            "committing": self.committing,
            "signed": self.signed,
            "frame_bytes": self.frame_bytes,
            "frames": self.frames,
            "plain_bytes": self.plain_bytes,
            "header_bytes": self.header_bytes,
            "keys": [{"provider": key.provider, "name": key.name} for key in self.keys],
            "context": dict(self.context),
            "notes": list(self.notes),
        }


def describe(
    read: Read, size: int | None, metadata: Mapping[str, str] | None = None, place: ObjectRef | None = None
) -> Protection:
    """How the object that *read* gives from its start is protected; at most a header is read.

    What is malformed is described as such; only what *read* raises is raised.

    Args:
        read: Gives up to *n* bytes; ``b""`` at the end.
        size: Length of the object, if known.
        metadata: Its user metadata, as boto3 gives it; None for what has none, e.g. a file.
        place: Where it lies, to be compared with where it says that it belongs.
    """
    names = {name.lower(): value for name, value in (metadata or {}).items()}
    version = _client_version(names)
    try:
        header = read_header(read)
    except (DowngradeError, TamperedError) as error:
        if version:
            return _of_the_client(version, names, size)
        return _without_header(error, metadata)
    found = _message(header, size)
    notes = [*found.notes, *_location(header.context, place)]
    if version:
        notes.append(f"its metadata is that of the Amazon S3 Encryption Client {version}, its content is not")
    return replace(found, notes=(*notes, _UNVERIFIED))


# -- messages of the AWS Encryption SDK ----------------------------------------------------------------


def _without_header(error: DowngradeError | TamperedError, metadata: Mapping[str, str] | None) -> Protection:
    if isinstance(error, TamperedError):
        return Protection(MALFORMED, notes=(error.why,))
    plain = not_a_message("")
    if error.what != plain.what:
        return Protection(UNFRAMED, notes=(f"it is not read here: {error.why}", _UNVERIFIED))
    reason = f"{error.why.removesuffix(plain.why)}: it is no AWS Encryption SDK message"
    return Protection(NONE, notes=(reason, _NO_METADATA if metadata is None else _INSTRUCTION_FILE))


def _message(header: Header, size: int | None) -> Protection:
    suite = header.suite
    found = Protection(
        f"AWS Encryption SDK message, version {suite.version}",
        suite=suite.name,
        suite_id=suite.id,
        committing=suite.committing,
        signed=suite.curve is not None,
        frame_bytes=header.frame_bytes,
        header_bytes=header.length,
        keys=tuple(KeyName(key.provider, printable(key)) for key in header.wrapped_keys),
        context=dict(header.context),
        notes=() if suite.committing else (_not_committing("suite"),),
    )
    return _signed(found, suite.curve, size) if suite.curve else _unsigned(found, header, size)


def _unsigned(found: Protection, header: Header, size: int | None) -> Protection:
    notes = (*found.notes, "it is not signed: whoever may decrypt with one of its keys could also forge it")
    if size is None:
        return replace(found, notes=notes)
    try:
        layout = Layout.of_message(header.length, header.frame_bytes, size)
    except TamperedError as error:
        return replace(found, format=MALFORMED, notes=(f"{error.why}: it was cut or extended", *notes))
    return replace(found, frames=layout.frames, plain_bytes=layout.plain_bytes, notes=notes)


def _signed(found: Protection, curve: str, size: int | None) -> Protection:
    """The signature's length is written behind the frames only, so that nothing can be computed exactly."""
    if size is None:
        return found
    try:
        layout = Layout.of_message(
            found.header_bytes or 0, found.frame_bytes or 1, size - _FOOTER_BYTES[curve]
        )
    except TamperedError:
        about = "the length of its plaintext cannot be told"
    else:
        about = f"its plaintext has about {layout.plain_bytes} bytes"
    return replace(found, notes=(*found.notes, f"{about}: signatures vary in length, and stand at the end"))


def _not_committing(what: str) -> str:
    return f"its {what} does not commit to the key: it can be made to open under two keys, to two contents"


def _location(context: Mapping[str, str], place: ObjectRef | None) -> list[str]:
    """What the context says about the object's place, next to where it lies."""
    names = [name for name in (BUCKET, KEY, PREFIX, BATCH) if name in context]
    if not names:
        return ["it is not bound to a place: another object of the same keys could be put here unnoticed"]
    bound = ", ".join(f"{name.removeprefix(OURS)} {context[name]!r}" for name in names)
    notes = [f"it is bound to {bound}"]
    if BATCH in context:
        notes.append("objects of one batch can be swapped unnoticed")
    if place is None:
        return notes
    if context.get(BUCKET, place.bucket) != place.bucket:
        if place.bucket.startswith("arn:") or place.bucket.endswith(("-s3alias", "--op-s3")):
            notes.append(
                "the bucket is named by an access point here, which cannot be compared with the name bound"
            )
        else:
            notes.append(f"it lies in another bucket, {place.bucket!r}: it was moved or swapped")
    if context.get(KEY, place.key) != place.key or not place.key.startswith(context.get(PREFIX, "")):
        notes.append(f"it lies under another key, {place.key!r}: it was moved or swapped")
    return notes


# -- objects of the Amazon S3 Encryption Client --------------------------------------------------------


def _client_version(names: Mapping[str, str]) -> str:
    """``V1``, ``V2`` or ``V3``, or nothing if the metadata is not that client's."""
    if names.keys() >= _V3_ALWAYS:
        return "V3"
    return next((version for name, version in S3EC_DATA_KEYS.items() if name in names), "")


def _of_the_client(version: str, names: Mapping[str, str], size: int | None) -> Protection:
    content, wrap = _algorithms(version, names)
    context, notes = _material(version, names, wrap)
    known = [name for name in S3EC_DATA_KEYS if name in names]
    if not known:
        notes.append(_INSTRUCTION_FILE)
    elif len(known) > 1:
        notes.append(f"its metadata mixes formats ({', '.join(known)}), which that client refuses")
    committing = content == _COMMITTING
    plain_bytes: int | None = None
    if content in (_GCM, _COMMITTING):
        if size is not None and size >= TAG_BYTES:
            plain_bytes = size - TAG_BYTES
        elif size is not None:
            notes.append(f"it has {size} bytes, fewer than an authentication tag: it was cut")
    elif content == _CBC:
        notes.append("its content is not authenticated: it can be changed unnoticed")
    else:
        notes.append("its content algorithm is not one that is known here")
    if not committing:
        notes.append(_not_committing("algorithm"))
    return Protection(
        f"Amazon S3 Encryption Client {version}",
        suite=content,
        suite_id=_COMMITTING_ID if committing else None,
        wrap=wrap,
        committing=committing,
        signed=False,
        plain_bytes=plain_bytes,
        keys=_named_keys(wrap, context),
        context=context,
        notes=(*notes, *_stated_length(names), _UNVERIFIED),
    )


def _algorithms(version: str, names: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The algorithm of the content, and the one that encrypts the data key."""
    if version == "V3":
        content, wrap = names.get("x-amz-c"), names.get("x-amz-w")
        return _COMMITTING if content == str(_COMMITTING_ID) else content, _V3_WRAPS.get(wrap or "", wrap)
    content = names.get("x-amz-cek-alg") or (_CBC if version == "V1" else None)
    return content, names.get("x-amz-wrap-alg")


def _material(version: str, names: Mapping[str, str], wrap: str | None) -> tuple[dict[str, str], list[str]]:
    """The encryption context or the material description, and what is wrong with it."""
    name = "x-amz-matdesc"
    if version == "V3":
        name = "x-amz-t" if wrap == "kms+context" else "x-amz-m"
    text = names.get(name, "")
    if not text:
        return {}, []
    try:
        pairs = json.loads(text) if len(text) <= _DESCRIPTION_CHARS else None
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, dict):
        return {}, [f"{name} in its metadata is no JSON object"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in pairs.items()}, []


def _named_keys(wrap: str | None, context: Mapping[str, str]) -> tuple[KeyName, ...]:
    """With ``kms`` the description names the key; other algorithms leave it to the reader to know it."""
    name = context.get("kms_cmk_id")
    return (KeyName(KMS_PROVIDER, name),) if name and wrap == "kms" else ()


def _stated_length(names: Mapping[str, str]) -> list[str]:
    text = names.get("x-amz-unencrypted-content-length", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        return []
    return [f"its metadata says that the plaintext has {int(text)} bytes"]
