"""Answer checks: what the service says it did must be what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..encryption import Strategy
from ..errors import EncryptionNotConfirmed
from .operations import CONTINUES


def check_answer(
    parsed: Mapping[str, Any], operation: str, strategy: Strategy, *, bucket: str | None, key: str | None
) -> None:
    """Demand that a successful answer shows the strategy's algorithm and key.

    Writes must show both. Parts and completions, which inherit what CreateMultipartUpload confirmed, must
    not contradict it.

    Raises:
        EncryptionNotConfirmed: it is missing, or is another.
    """
    demanded = strategy.answer(operation)
    tolerant = operation in CONTINUES
    if tolerant and not demanded:
        demanded = strategy.answer("CreateMultipartUpload")
    for member, wanted in demanded.items():
        got = parsed.get(member)
        if got == wanted or (tolerant and got is None):
            continue
        error = EncryptionNotConfirmed(
            f"{operation}: the answer shows {member} = {got!r} where {wanted!r} was asked for",
            why="the server ignored or changed the encryption; what it stored is not protected as configured",
            fix="do not trust this endpoint with the object; check that it supports the strategy",
            operation=operation,
            bucket=bucket,
            key=key,
            request_id=parsed.get("ResponseMetadata", {}).get("RequestId"),
        )
        error.answer = {name: value for name, value in parsed.items() if name != "Body"}
        raise error
