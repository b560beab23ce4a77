"""KMS keys: what they are, whether they rotate, and who may use them.

Source: AWS KMS API Reference, DescribeKey, GetKeyRotationStatus, GetKeyPolicy. The latter two take no alias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..asking import Asking
from .questions import Question, ask_all, plain, question
from .values import Key, Unread


def read_keys(asking: Asking, arns: Iterable[str], region: str | None) -> dict[str, Key]:
    """The keys, by what they are called.

    Args:
        asking: Who is asked.
        arns: ARNs; ids and aliases are of *region*.
        region: The bucket's.
    """
    names = tuple(dict.fromkeys(arns))
    first = {name: _questions(name, _region(name, region)) for name in names}
    started = {name: [(each, each.start(asking)) for each in asked] for name, asked in first.items()}
    found = {
        name: {field: value for each, answer in asked for field, value in each.told(answer).items()}
        for name, asked in started.items()
    }
    for name, told in found.items():
        if _is_alias(name):
            told.update(_of_an_alias(asking, told["metadata"], _region(name, region)))
    return {name: Key(arn=name, **told) for name, told in found.items()}


def default_key(encryption: Any) -> tuple[str, ...]:
    """The key that the default encryption names, if it names one."""
    named = None if isinstance(encryption, Unread) else encryption.get("KMSMasterKeyID")
    return (str(named),) if named else ()


def _questions(key: str, region: str | None) -> tuple[Question, ...]:
    described = question(
        "metadata",
        "kms:DescribeKey",
        ("kms", "describe_key", region),
        lambda told: plain(told["KeyMetadata"]),
        KeyId=key,
    )
    return (described,) if _is_alias(key) else (described, *_further(key, region))


def _further(key: str, region: str | None) -> tuple[Question, ...]:
    return (
        question(
            "rotation",
            "kms:GetKeyRotationStatus",
            ("kms", "get_key_rotation_status", region),
            _rotation,
            KeyId=key,
        ),
        question(
            "policy",
            "kms:GetKeyPolicy",
            ("kms", "get_key_policy", region),
            lambda told: str(told["Policy"]),
            KeyId=key,
            PolicyName="default",
        ),
    )


def _rotation(told: Any) -> Any:
    return {**plain(told), "KeyRotationEnabled": bool(told["KeyRotationEnabled"])}


def _of_an_alias(asking: Asking, metadata: Any, region: str | None) -> Mapping[str, Any]:
    if isinstance(metadata, Unread):
        return dict.fromkeys(("rotation", "policy"), metadata)
    return ask_all(asking, _further(str(metadata["Arn"]), region))


def _is_alias(key: str) -> bool:
    return key.startswith("alias/") or ":alias/" in key


def _region(key: str, otherwise: str | None) -> str | None:
    parts = key.split(":")
    return (parts[3] or otherwise) if len(parts) == 6 else otherwise
