"""The data keys of batches, kept as long as the client lives; every other object has one of its own."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any

from ..encryption.client_side import ClientSide
from ..envelope.header import Header
from ..envelope.keys import DataKey, Kms
from ..values import SecretBytes

_MESSAGES = 2**20
"""Objects under one data key; each has a key of its own, derived with 256 random bits."""
_KEPT = 64
"""Batches of which a client keeps data keys at a time."""


class BatchKeys:
    """Data keys by who makes them and for which context; never shared between sets of keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[Any, threading.Lock] = {}
        self._written: dict[Any, tuple[DataKey, int]] = {}
        self._read: dict[Any, SecretBytes] = {}

    def for_writing(self, strategy: ClientSide, context: Mapping[str, str], kms: Kms) -> DataKey:
        """The data key of the batch; a new one when there is none yet, or it has made enough objects."""
        name = ("write", strategy.keys, frozenset(context.items()))
        with self._turn(name):
            key, used = self._written.get(name, (None, _MESSAGES))
            if key is None or used >= _MESSAGES:
                key, used = strategy.keys.new_data_key(context, kms), 0
            with self._lock:
                _keep(self._written, name, (key, used + 1))
        return key

    def for_reading(self, strategy: ClientSide, header: Header, kms: Kms) -> SecretBytes:
        """The data key of an object of the batch; KMS is asked once for each data key."""
        name = ("read", strategy.keys, header.suite, header.wrapped_keys, frozenset(header.context.items()))
        with self._turn(name):
            secret = self._read.get(name)
            if secret is None:
                secret = strategy.keys.data_key(header.wrapped_keys, header.context, header.suite, kms)
            with self._lock:
                _keep(self._read, name, secret)
        return secret

    def _turn(self, name: Any) -> threading.Lock:
        """Who waits for KMS holds up the same batch only."""
        with self._lock:
            turn = self._turns.get(name) or threading.Lock()
            _keep(self._turns, name, turn)
        return turn


def _keep(kept: dict[Any, Any], name: Any, value: Any) -> None:
    kept.pop(name, None)
    kept[name] = value
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]


_of_clients: weakref.WeakKeyDictionary[Any, BatchKeys] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def batch_keys(kms: Any) -> BatchKeys:
    """The batch keys that live as long as a client's access to KMS."""
    with _lock:
        return _of_clients.setdefault(kms, BatchKeys())
