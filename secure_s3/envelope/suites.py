"""The algorithm suites of the AWS Encryption SDK, and how each derives its keys.

Source: AWS Encryption SDK Developer Guide, "AWS Encryption SDK algorithms reference".
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DowngradeError

TAG_BYTES = 16
IV_BYTES = 12


@dataclass(frozen=True, slots=True)
class Suite:
    """One algorithm suite.

    Args:
        id: Its number, as the header carries it.
        version: The message format version it belongs to, 1 or 2.
        key_bytes: Length of the AES key.
        kdf: The hash of HKDF; None where the data key is used as it is.
        curve: The curve of its signature; None for suites that do not sign.
    """

    id: int
    version: int
    key_bytes: int
    kdf: str | None
    curve: str | None = None

    @property
    def committing(self) -> bool:
        """Whether a message opens under one key only (key commitment)."""
        return self.version == 2

    @property
    def data_key_bytes(self) -> int:
        """Length of the data key that KMS is asked for."""
        return 32 if self.committing else self.key_bytes

    @property
    def message_id_bytes(self) -> int:
        """Length of the message id."""
        return 32 if self.version == 2 else 16

    @property
    def name(self) -> str:
        """As the AWS documentation writes it."""
        parts = [f"AES_{self.key_bytes * 8}_GCM"]
        if not self.committing:
            parts.append("IV12_TAG16")
        if self.kdf:
            parts.append(f"HKDF_{self.kdf.upper()}")
        if self.committing:
            parts.append("COMMIT_KEY")
        if self.curve:
            parts.append("ECDSA_" + self.curve.replace("-", ""))
        return "_".join(parts)

    def derive(self, data_key: bytes, message_id: bytes) -> tuple[bytes, bytes]:
        """The key of one message, and its commitment (empty for suites that do not commit)."""
        number = self.id.to_bytes(2, "big")
        if self.kdf is None:
            return data_key, b""
        if not self.committing:
            return _hkdf(self.kdf, data_key, b"", number + message_id, self.key_bytes), b""
        key = _hkdf(self.kdf, data_key, message_id, number + b"DERIVEKEY", self.key_bytes)
        return key, _hkdf(self.kdf, data_key, message_id, b"COMMITKEY", 32)


def _hkdf(name: str, secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    algorithm: hashes.HashAlgorithm = getattr(hashes, name.upper())()
    return HKDF(algorithm=algorithm, length=length, salt=salt or None, info=info).derive(secret)


COMMIT_KEY = Suite(0x0478, 2, 32, "sha512")
"""What is written: AES-256-GCM, HKDF-SHA512, key commitment, no signature."""

SUITES = {
    suite.id: suite
    for suite in (
        Suite(0x0014, 1, 16, None),
        Suite(0x0046, 1, 24, None),
        Suite(0x0078, 1, 32, None),
        Suite(0x0114, 1, 16, "sha256"),
        Suite(0x0146, 1, 24, "sha256"),
        Suite(0x0178, 1, 32, "sha256"),
        Suite(0x0214, 1, 16, "sha256", "P-256"),
        Suite(0x0346, 1, 24, "sha384", "P-384"),
        Suite(0x0378, 1, 32, "sha384", "P-384"),
        COMMIT_KEY,
        Suite(0x0578, 2, 32, "sha512", "P-384"),
    )
}


def require_committing(suite: Suite) -> None:
    """Refuse a suite under which one message can mean two things to two readers.

    Raises:
        DowngradeError: it does not commit to its key.
    """
    if not suite.committing:
        raise DowngradeError(
            f"the object is encrypted with {suite.name} (0x{suite.id:04x}), which does not commit to its key",
            why="such a message can be made to open under two keys, to two different contents",
            fix="encrypt it again; to read it all the same: ClientSide(…, allow_non_committing_suites=True)",
        )
