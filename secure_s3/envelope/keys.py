"""Who may open an object: KMS keys, a raw AES key, or a master key provider of the AWS Encryption SDK."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from ..errors import ConfigurationError, KeyAccessError, SecureS3Error, ServiceError, as_key_access, hand_on
from ..values import Arn, KmsKeyArn, SecretBytes, printable_text
from .header import WrappedKey, serialise_context
from .suites import COMMIT_KEY, IV_BYTES, TAG_BYTES, Suite

KMS_PROVIDER = "aws-kms"
_ATTEMPTS = 8
"""Calls to KMS that one object may cause beyond one for each configured key: its header is anybody's."""


class Kms(Protocol):
    """The three calls to KMS, in the region of the key; whoever gives them raises errors of our tree."""

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[SecretBytes, bytes, str]:
        """A new data key of 32 bytes, the same encrypted, and the ARN of the key that did it."""

    def encrypt(self, key_arn: str, plaintext: SecretBytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        """A data key encrypted, and the ARN of the key that did it."""

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[SecretBytes, str]:
        """A data key, and the ARN of the key that opened it."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A new data key: in clear text, and encrypted by each master key."""

    secret: SecretBytes
    wrapped: tuple[WrappedKey, ...]


class Keys(ABC):
    """What can make data keys and open them again."""

    __slots__ = ()

    @abstractmethod
    def new_data_key(self, context: Mapping[str, str], kms: Kms) -> DataKey:
        """A data key for one message.

        Raises:
            KeyAccessError: KMS refused, or cannot be reached.
        """

    @abstractmethod
    def data_key(
        self, wrapped: tuple[WrappedKey, ...], context: Mapping[str, str], suite: Suite, kms: Kms
    ) -> SecretBytes:
        """The data key of a message that exists.

        Raises:
            KeyAccessError: none of the keys that it is encrypted for is one of these, or KMS refused.
        """


@dataclass(frozen=True, slots=True, init=False)
class KmsKeys(Keys):
    """One or several KMS keys, in any regions; each of them alone opens what was written.

    The first makes the data key (``kms:GenerateDataKey``), the others encrypt it too (``kms:Encrypt``);
    reading takes ``kms:Decrypt`` on one of them, tried in the order given here. A multi-region key stands for
    its replicas: what was written with one is read with the other. Source: AWS KMS Developer Guide,
    "Multi-Region keys in AWS KMS".

    Args:
        key_arns: Full ARNs; aliases and bare ids are refused.

    Raises:
        ConfigurationError: there is none, one is no full ARN, or one is there twice.
    """

    key_arns: tuple[str, ...]
    accounts: frozenset[str] = field(default=frozenset(), kw_only=True)
    partition: str = field(default="aws", kw_only=True)

    def __init__(self, *key_arns: str | KmsKeyArn | Arn) -> None:
        only: object = key_arns[0] if len(key_arns) == 1 else None
        if isinstance(only, list | tuple | set):
            raise ConfigurationError(
                "KmsKeys takes the keys one by one", fix="write KmsKeys(*keys) for a list of them"
            )
        # str() of an arbitrary object may be anything, so only our own values are turned into text.
        texts = (str(arn) if isinstance(arn, KmsKeyArn | Arn) else arn for arn in key_arns)
        arns = tuple(KmsKeyArn(text).value for text in texts)
        if not arns:
            raise ConfigurationError("KmsKeys() names no key", fix='pass KmsKeys("arn:aws:kms:…", …)')
        for number, arn in enumerate(arns):
            if any(_same_key(arn, other) for other in arns[:number]):
                raise ConfigurationError(
                    f"KmsKeys names {arn} twice",
                    why="the replicas of a multi-region key are one key",
                    fix="name each key once",
                )
        self._set(arns, frozenset(), "aws")

    @classmethod
    def discovery(cls, *accounts: str, partition: str = "aws") -> KmsKeys:
        """For reading only: whatever key an object names, as long as it belongs to one of these accounts.

        Without the filter, whoever writes an object would choose the account whose key is asked.

        Raises:
            ConfigurationError: an account is no id of 12 digits, or there is none.
        """
        if not accounts or not all(
            isinstance(account, str) and account.isascii() and account.isdigit() and len(account) == 12
            for account in accounts
        ):
            raise ConfigurationError(
                f"KmsKeys.discovery{accounts!r} has no usable account filter",
                why="an account id is a string of 12 digits, and at least one is needed",
                fix='pass e.g. KmsKeys.discovery("111122223333")',
            )
        keys = object.__new__(cls)
        keys._set((), frozenset(accounts), partition)
        return keys

    def _set(self, key_arns: tuple[str, ...], accounts: frozenset[str], partition: str) -> None:
        for name, value in (("key_arns", key_arns), ("accounts", accounts), ("partition", partition)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        if self.accounts:
            return f"KmsKeys.discovery({', '.join(map(repr, sorted(self.accounts)))})"
        return f"KmsKeys({', '.join(map(repr, self.key_arns))})"

    def new_data_key(self, context: Mapping[str, str], kms: Kms) -> DataKey:
        """``GenerateDataKey`` with the first key, ``Encrypt`` with each other."""
        if not self.key_arns:
            raise ConfigurationError(
                f"{self!r} is for reading only", why="it names no key", fix="pass KmsKeys(arn) to write"
            )
        first, *others = self.key_arns
        try:
            secret, blob, arn = kms.generate_data_key(first, context)
            wrapped = [_wrapped_by(first, arn, blob)]
            for other in others:
                blob, arn = kms.encrypt(other, secret, context)
                wrapped.append(_wrapped_by(other, arn, blob))
        except SecureS3Error as error:
            raise _refused([error], "no data key could be made") from error
        if len(secret) != COMMIT_KEY.data_key_bytes:
            raise KeyAccessError(f"KMS gave a data key of {len(secret)} bytes instead of 32")
        return DataKey(secret, tuple(wrapped))

    def data_key(
        self, wrapped: tuple[WrappedKey, ...], context: Mapping[str, str], suite: Suite, kms: Kms
    ) -> SecretBytes:
        """``Decrypt`` with each configured key that the message names, until one opens it."""
        refusals: list[SecureS3Error] = []
        for arn, key in islice(self._candidates(wrapped), _ATTEMPTS + len(self.key_arns)):
            try:
                secret, opened_by = kms.decrypt(arn, key.ciphertext, context)
            except SecureS3Error as error:
                refusals.append(error)
                continue
            if opened_by == arn and len(secret) == suite.data_key_bytes:
                return secret
            what = f"KMS answered with {opened_by} and {len(secret)} bytes, not with {arn} and a data key"
            refusals.append(KeyAccessError(what))
        if refusals:
            raise _refused(refusals, "the data key of the object cannot be opened") from _chief(refusals)
        raise no_key_fits(wrapped, self)

    def _candidates(self, wrapped: tuple[WrappedKey, ...]) -> Iterator[tuple[str, WrappedKey]]:
        """Which configured key to ask for which encrypted data key, each once."""
        named = [(_arn_of(key), key) for key in wrapped if key.provider == KMS_PROVIDER]
        if self.accounts:
            yield from ((arn, key) for arn, key in named if self._discovers(arn))
        for mine in self.key_arns:
            yield from ((mine, key) for arn, key in named if arn and _same_key(mine, arn))

    def _discovers(self, text: str) -> bool:
        if not text:
            return False
        arn = Arn.parse(text)
        return arn.partition == self.partition and arn.account in self.accounts


@dataclass(frozen=True, slots=True)
class RawAesKey(Keys):
    """An AES-256 key of your own, e.g. from a vault or an HSM; losing it loses the objects.

    It wraps at most 2**32 data keys, one for each object (NIST SP 800-38D, 8.3): make a new one before. To
    readers with another AWS Encryption SDK it is a raw AES key of this *namespace* and *name*.

    Args:
        name: Tells this key from others; written into each object.
        key: 32 bytes.
        namespace: The provider id of the AWS Encryption SDK.

    Raises:
        ConfigurationError: the key is no 32 bytes, or a name is empty or reserved.
    """

    name: str
    key: SecretBytes
    namespace: str = "secure-s3"

    def __init__(
        self, name: str, key: bytes | bytearray | memoryview | SecretBytes, *, namespace: str = "secure-s3"
    ) -> None:
        key = SecretBytes(key) if isinstance(key, bytes | bytearray | memoryview) else key
        if not isinstance(key, SecretBytes) or len(key) != 32:
            length = f", this one has {len(key)}" if isinstance(key, SecretBytes) else ""
            raise ConfigurationError(
                f"a raw AES key has 32 bytes{length}",
                why="it is used with AES-256-GCM; text could be meant as hexadecimal or as Base64",
                fix="pass RawAesKey(name, key) with bytes: bytes.fromhex(…), base64.b64decode(…), or a new "
                "os.urandom(32) that is kept in a vault",
            )
        for label, text in (("name", name), ("namespace", namespace)):
            if not _is_name(text):
                raise ConfigurationError(
                    f"RawAesKey: {label}={text!r} cannot be used",
                    why="it is a short text that is written into each object; aws-kms is reserved",
                    fix='pass e.g. RawAesKey("vault/archive/2026", key)',
                )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "namespace", namespace)

    def new_data_key(self, context: Mapping[str, str], kms: Kms) -> DataKey:
        """A random data key, encrypted with this key and bound to the context."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        bound, iv = serialise_context(context), os.urandom(IV_BYTES)
        secret = SecretBytes(os.urandom(COMMIT_KEY.data_key_bytes))
        ciphertext = AESGCM(self.key.reveal()).encrypt(iv, secret.reveal(), bound)
        return DataKey(secret, (WrappedKey(self.namespace, self._info() + iv, ciphertext),))

    def data_key(
        self, wrapped: tuple[WrappedKey, ...], context: Mapping[str, str], suite: Suite, kms: Kms
    ) -> SecretBytes:
        """The data key that this key encrypted."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        info, bound, tried = self._info(), serialise_context(context), False
        for key in wrapped:
            if key.provider != self.namespace or key.info[:-IV_BYTES] != info:
                continue
            tried = True
            try:
                opened = AESGCM(self.key.reveal()).decrypt(key.info[-IV_BYTES:], key.ciphertext, bound)
            except InvalidTag:
                continue
            return SecretBytes(opened)
        if not tried:
            raise no_key_fits(wrapped, self)
        raise KeyAccessError(
            f"the raw key {self.name!r} does not open the data key of the object",
            why="another key has the same name, or the object's header was changed",
            fix="find out which key was used; give each key a name of its own",
        )

    def _info(self) -> bytes:
        """How the AWS Encryption SDK names a raw AES key: name, bits of the tag, bytes of the IV."""
        return self.name.encode() + (TAG_BYTES * 8).to_bytes(4, "big") + IV_BYTES.to_bytes(4, "big")


def key_names(wrapped: tuple[WrappedKey, ...]) -> list[str]:
    """For people: the keys that a message can be opened with."""
    names = [f"{printable_text(key.provider)}: {printable(key)}" for key in wrapped]
    return [name if len(name) <= 250 else f"{name[:250]}…" for name in names]


def printable(key: WrappedKey) -> str:
    """Which key of its provider: the ARN, or the name in front of the IV of a raw AES key."""
    info = key.info
    tail = (TAG_BYTES * 8).to_bytes(4, "big") + IV_BYTES.to_bytes(4, "big")
    if key.provider != KMS_PROVIDER and info[-IV_BYTES - 8 : -IV_BYTES] == tail:
        info = info[: -IV_BYTES - 8]
    return printable_text(info.decode("utf-8", "backslashreplace"))


def no_key_fits(wrapped: tuple[WrappedKey, ...], keys: object) -> KeyAccessError:
    """The error for a message that is encrypted for others."""
    return KeyAccessError(
        "no configured key opens the object",
        why=f"it is encrypted for {', '.join(key_names(wrapped))}; this client has {keys!r}",
        fix="configure one of its keys",
    )


def _chief(refusals: list[SecureS3Error]) -> SecureS3Error:
    return next((error for error in refusals if isinstance(error, ServiceError)), refusals[0])


def _refused(refusals: list[SecureS3Error], what: str) -> KeyAccessError:
    """An error of the kind that the most telling refusal has, with all of them in it."""
    chief = _chief(refusals)
    reasons = "; ".join(f"{error.what}: {error.why}" if error.why else error.what for error in refusals)
    details = {name: getattr(chief, name) for name in ("operation", "code", "status", "request_id")}
    if isinstance(chief, ServiceError):
        details["response"] = chief.response
    error = as_key_access(type(chief))(what, why=reasons, fix=chief.fix, **details)
    error.refusals = tuple(refusals)
    hand_on(chief, error)
    return error


def _is_name(text: object) -> bool:
    try:
        return isinstance(text, str) and 0 < len(text.encode()) <= 1024 and text != KMS_PROVIDER
    except UnicodeEncodeError:
        return False


def _wrapped_by(asked: str, answered: str, blob: bytes) -> WrappedKey:
    if answered != asked:  # its object would name a key that these would not ask
        raise KeyAccessError(f"KMS answered with another key than {asked}: {answered}")
    return WrappedKey(KMS_PROVIDER, asked.encode(), blob)


def _arn_of(key: WrappedKey) -> str:
    """The ARN in an encrypted data key; empty if it holds something else."""
    try:
        return KmsKeyArn(key.info.decode()).value
    except (UnicodeDecodeError, ConfigurationError):
        return ""


def _same_key(one: str, other: str) -> bool:
    """Whether two ARNs name one key, or two replicas of one multi-region key."""
    if one == other:
        return True
    left, right = Arn.parse(one), Arn.parse(other)
    return left.resource.startswith("key/mrk-") and (
        (left.partition, left.account, left.resource) == (right.partition, right.account, right.resource)
    )
