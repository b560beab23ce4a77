"""The encryption context: pairs of strings that KMS binds to a data key."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping

from ..errors import ConfigurationError


class EncryptionContext(Mapping[str, str]):
    """A read-only, hashable map of non-empty strings.

    It is written to CloudTrail in clear text: no secrets in it. Source: AWS KMS Developer Guide,
    "Encryption context".
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs: dict[str, str] = dict(pairs) if isinstance(pairs, Mapping) else {"": ""}
        if not all(isinstance(text, str) and text for pair in self._pairs.items() for text in pair):
            raise ConfigurationError(
                "the encryption context is not a map of strings to strings",
                why="KMS accepts pairs of non-empty strings",
                fix='pass context={"department": "finance"}',
            )

    def __getitem__(self, key: str) -> str:
        return self._pairs[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __hash__(self) -> int:
        return hash(frozenset(self._pairs.items()))

    def __repr__(self) -> str:
        return repr(self._pairs)

    def header(self) -> str:
        """Base64 of its JSON, as ``x-amz-server-side-encryption-context`` carries it."""
        text = json.dumps(self._pairs, sort_keys=True, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()
