"""What every encryption strategy can say about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from .operations import HEADERS, WRITES

NOTHING: Mapping[str, object] = MappingProxyType({})


class Strategy(ABC):
    """How objects are protected: a frozen value that answers three questions about each S3 operation.

    A strategy decides and does nothing: no boto3, no clock, no environment. The guard sends what
    ``parameters`` says, verifies it on the wire, and demands what ``answer`` says. A new strategy is one
    file that subclasses this and one export in ``secure_s3/encryption/__init__.py``.
    """

    __slots__ = ()

    client_side: ClassVar[bool] = False
    """Whether content must be encrypted before it is sent; the guard then takes sealed bodies only."""

    label: ClassVar[str]
    """The name in ``SECURE_S3_ENCRYPTION`` and on the command line, e.g. ``sse-kms``."""

    @classmethod
    @abstractmethod
    def from_env(cls, environ: Mapping[str, str]) -> Strategy:
        """The strategy that the ``SECURE_S3_*`` variables describe; ConfigurationError if they do not."""

    @abstractmethod
    def parameters(self, operation: str) -> Mapping[str, object]:
        """The request members that *operation* needs (botocore's names); empty where it needs none."""

    @abstractmethod
    def answer(self, operation: str) -> Mapping[str, object]:
        """The answer members that prove the encryption after *operation*; empty where none can."""

    def headers(self, operation: str) -> Mapping[str, str]:
        """The request headers that *operation* must carry on the wire (lower-case names)."""
        return {HEADERS[member].lower(): _wire(value) for member, value in self.parameters(operation).items()}

    def copy_source(self) -> Mapping[str, object]:
        """The request members that a copy needs to read a source protected by this strategy."""
        return NOTHING


class SealedBody:
    """What the bodies of encrypted content are; only what seals makes them."""

    __slots__ = ()


class ServerSide(Strategy):
    """Strategies in which S3 holds or asks for the key: members go with the writes only."""

    __slots__ = ()

    @abstractmethod
    def write_parameters(self) -> Mapping[str, object]:
        """The members of every write."""

    def parameters(self, operation: str) -> Mapping[str, object]:
        """The members of every write; nothing for reads, which need no key from the caller."""
        return self.write_parameters() if operation in WRITES else NOTHING

    def answer(self, operation: str) -> Mapping[str, object]:
        """Algorithm and key, which S3 reports after every write."""
        if operation not in WRITES:
            return NOTHING
        wanted = self.write_parameters()
        return {
            member: wanted[member] for member in ("ServerSideEncryption", "SSEKMSKeyId") if member in wanted
        }


def _wire(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
