"""How a transfer is cut and how much runs at a time: boto3's TransferConfig, read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import limits
from ..errors import ConfigurationError
from ..guard.managed import refuse_crt
from ..guard.operations import members

OF_THE_REQUEST = ("RequestPayer", "ExpectedBucketOwner")
"""Members that say something about a request and not about its object: they go with every request."""

Callback = Callable[[int], object]

_RESERVED = frozenset(
    {"Bucket", "Key", "Body", "ContentLength", "ContentMD5", "UploadId", "PartNumber", "Range"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in bytes; the defaults are boto3's.

    Args:
        threshold: From this size on, a transfer is cut into parts.
        part_bytes: Size of a part.
        workers: Parts in flight at a time; memory is bounded by ``workers * part_bytes``.
        attempts: How often a download is taken up again when its body breaks off.
        threads: False runs everything in the calling thread.
    """

    threshold: int = 8 * limits.MIB
    part_bytes: int = 8 * limits.MIB
    workers: int = 10
    attempts: int = 5
    threads: bool = True

    @classmethod
    def from_config(cls, config: Any) -> Settings:
        """The settings of a ``boto3.s3.transfer.TransferConfig``; the defaults for None.

        Raises:
            ConfigurationError: it is something else, or asks for the CRT engine, which bypasses the guard.
        """
        if config is None:
            return cls()
        if isinstance(config, Settings):
            return config
        if not hasattr(config, "multipart_threshold"):
            raise ConfigurationError(
                f"Config={config!r} is no TransferConfig", fix="pass boto3.s3.transfer.TransferConfig(…)"
            )
        refuse_crt(config)
        if getattr(config, "max_bandwidth", None):
            raise ConfigurationError(
                "TransferConfig(max_bandwidth=…) is not supported", fix="limit it outside, or use s3.boto3"
            )
        return cls(
            threshold=config.multipart_threshold,
            part_bytes=max(config.multipart_chunksize, limits.MIN_PART_BYTES),
            workers=config.max_request_concurrency,
            attempts=config.num_download_attempts,
            threads=config.use_threads,
        )

    def part_size_for(self, size: int | None) -> int:
        """The part size, made larger where *size* would need more than 10,000 parts."""
        if size is None:
            return self.part_bytes
        return max(self.part_bytes, -(-size // limits.MAX_PARTS))


def accepted(client: Any, operations: tuple[str, ...], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of ExtraArgs, if each is a member of one of *operations*; ConfigurationError if not."""
    if extra is not None and not isinstance(extra, Mapping):
        raise ConfigurationError(f"ExtraArgs is a {type(extra).__name__}, not a dictionary")
    extra = {str(name): value for name, value in (extra or {}).items()}
    known = {name for operation in operations for name in members(client, operation)} - _RESERVED
    if unknown := sorted(extra.keys() - known):
        raise ConfigurationError(
            f"ExtraArgs holds {', '.join(unknown)}, which {operations[0]} does not take",
            fix=f"it takes {', '.join(sorted(known))}",
        )
    return extra
