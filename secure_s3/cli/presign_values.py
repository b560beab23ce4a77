"""What the arguments of ``secure-s3 presign`` mean, read strictly: what is doubtful is refused."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from .. import limits
from ..errors import ConfigurationError
from ..values import ObjectRef

_LIFE = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_COUNT = re.compile(r"[0-9]{1,15}")
_RANGE = re.compile(r"(?:bytes=)?([0-9]{0,15})-([0-9]{0,15})")
_PACKED = {None: None, "gzip": "application/gzip"}
_UNKNOWN_TYPE = "application/octet-stream"
_BLOCK = 1 << 20


def usage(what: str, fix: str, why: str = "") -> ConfigurationError:
    """The error of an argument that is no use; the command ends with 2."""
    return ConfigurationError(what, why=why, fix=fix)


def seconds(text: str) -> int:
    """``300``, ``90s``, ``15m``, ``2h`` or ``1d`` in seconds."""
    found = _LIFE.fullmatch(text)
    if found is None:
        raise usage(
            f"--expires-in {text!r} is no length of time",
            "write e.g. 300, 90s, 15m, 2h or 1d",
            "it is a whole number above zero, in seconds unless s, m, h or d follows",
        )
    return int(found[1]) * _UNITS[found[2]]


def object_at(target: str, *, name: str = "") -> ObjectRef:
    """The object that ``s3://bucket/key`` names; a key that is empty or ends in a slash gets *name*."""
    place = ObjectRef.parse(target)
    if place.key and not place.key.endswith("/"):
        return place
    if not name:
        raise usage(
            f"{target!r} names no object",
            "write its whole key: s3://bucket/key (put takes the name of --file)",
        )
    return ObjectRef(place.bucket, place.key + name)


def prefix_at(target: str) -> ObjectRef:
    """The prefix that ``s3://bucket/prefix/`` names; a whole bucket is none."""
    place = ObjectRef.parse(target)
    if not place.key:
        raise usage(
            f"{target!r} names no prefix",
            "write one, e.g. s3://bucket/uploads/",
            "the form would take any key of the bucket",
        )
    return place


def count(option: str, text: str | None) -> int | None:
    """A number of bytes; None stays None."""
    if text is None:
        return None
    if not _COUNT.fullmatch(text):
        raise usage(f"{option} {text!r} is no number of bytes", "write digits alone, e.g. 10000000")
    return int(text)


def sizes(least: str | None, most: str | None) -> tuple[int, int] | None:
    """The least and the most bytes of an upload; None if neither is given."""
    low, high = count("--min-bytes", least), count("--max-bytes", most)
    if low is None and high is None:
        return None
    low = low or 0
    high = limits.MAX_SINGLE_PUT_BYTES if high is None else high
    if not low <= high <= limits.MAX_SINGLE_PUT_BYTES:
        raise usage(
            f"{low} to {high} bytes is no range of sizes",
            "give --min-bytes that are no more than --max-bytes",
            f"one upload has 0 to {limits.MAX_SINGLE_PUT_BYTES} bytes",
        )
    return low, high


def byte_range(text: str | None) -> str | None:
    """``0-99``, ``100-`` or ``-100`` as a Range header; ``bytes=`` may stand before it."""
    if text is None:
        return None
    found = _RANGE.fullmatch(text)
    first, last = found.groups() if found else ("", "")
    if not (first or last) or (first and last and int(first) > int(last)) or (not first and not int(last)):
        raise usage(
            f"--range {text!r} is no range of bytes",
            "write e.g. 0-99 (the first 100), 100- (from there on) or bytes=-100 (the last 100)",
        )
    return f"bytes={first}-{last}"


def pairs(texts: Iterable[str] | None) -> dict[str, str] | None:
    """``name=value`` texts as a dictionary; None if there are none."""
    read: dict[str, str] = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        if not name or not separator:
            raise usage(f"--metadata {text!r} is no pair", "write --metadata name=value")
        if name in read:
            raise usage(f"--metadata {name} is given twice", "give each name once")
        read[name] = value
    return read or None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that is to be uploaded, as it is now.

    Args:
        path: Absolute, so that a command line works in any folder.
        sha256: Of its bytes; empty if it was not asked for.
    """

    path: str
    length: int
    sha256: bytes

    @classmethod
    def look(cls, path: str, *, digest: bool) -> LocalFile:
        """The file at *path*; it is read only for its digest.

        Raises:
            ConfigurationError: it is missing, no regular file, unreadable, or too large for one upload.
        """
        try:
            mode = os.stat(path).st_mode
            if not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
                raise usage(f"--file {path!r} is {kind}", "name one file")
            with open(path, "rb") as file:
                length = os.fstat(file.fileno()).st_size
                if length > limits.MAX_SINGLE_PUT_BYTES:
                    raise usage(
                        f"--file {path!r} has {length} bytes",
                        "use secure-s3 cp, which uploads it in parts",
                        f"one upload has up to {limits.MAX_SINGLE_PUT_BYTES}",
                    )
                length, sha256 = _digest(file) if digest else (length, b"")
        except (OSError, ValueError) as error:
            if isinstance(error, ConfigurationError):
                raise
            why = getattr(error, "strerror", None) or str(error)
            raise usage(f"--file {path!r} cannot be read", "name a file that can be read", why) from error
        return cls(os.path.join(os.getcwd(), path), length, sha256)

    @property
    def name(self) -> str:
        """Without its folders."""
        return os.path.basename(self.path)

    @property
    def content_type(self) -> str:
        """As its name suggests; what is compressed is not taken for its content."""
        kind, packed = mimetypes.guess_type(self.name)
        return _PACKED.get(packed, _UNKNOWN_TYPE) or kind or _UNKNOWN_TYPE


def _digest(file: BinaryIO) -> tuple[int, bytes]:
    """How many bytes there are, and their SHA-256."""
    length, state = 0, hashlib.sha256()
    while block := file.read(_BLOCK):
        length += len(block)
        state.update(block)
    return length, state.digest()
