"""Whether a report of an error, with the local variables of its frames, shows a secret."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from secure_s3.envelope.suites import Suite
from secure_s3.values import SecretBytes


class Ear:
    """Hears every secret that is wrapped, and every key that is derived; shows none of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._heard: set[bytes] = set()
        wrapping, deriving = SecretBytes.__init__, Suite.derive

        def wrap(secret: SecretBytes, value: Any) -> None:
            self.note(value)
            wrapping(secret, value)

        def derive(suite: Suite, data_key: bytes, message_id: bytes) -> tuple[bytes, bytes]:
            key, commitment = deriving(suite, data_key, message_id)
            self.note(key)
            return key, commitment

        patch.setattr(SecretBytes, "__init__", wrap)
        patch.setattr(Suite, "derive", derive)

    def note(self, value: Any) -> None:
        """One more secret."""
        self._heard.add(bytes(value))

    def noting(self, random: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """A source of random keys, heard as well."""

        def give(size: int) -> bytes:
            value = random(size)
            if size == 32:
                self.note(value)
            return value

        return give

    def forms(self) -> Iterator[str]:
        """How the secrets would look in a text."""
        assert self._heard, "no secret was made"
        for secret in self._heard:
            yield secret.hex()
            yield secret.hex().upper()
            yield repr(secret)[2:-1]
            yield base64.b64encode(secret).decode().rstrip("=")
            yield base64.urlsafe_b64encode(secret).decode().rstrip("=")
            yield secret.decode("latin-1")
            yield ", ".join(map(str, secret))


def refusal(call: Callable[[], object], kind: type[BaseException]) -> Any:
    """What *call* raises."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def report(error: BaseException) -> str:
    """All that a reporter of errors sees: every frame of the whole chain, with its variables."""
    text, seen, todo = "", set(), [error]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        text += "".join(traceback.TracebackException.from_exception(one, capture_locals=True).format())
        text += repr(vars(one)) + repr(one.args)
        todo += [other for other in (one.__cause__, one.__context__) if other is not None]
        todo += getattr(one, "refusals", ())
    return text


def assert_no_key(error: BaseException, ear: Ear) -> None:
    """Nothing that the ear has heard stands in the report."""
    text = report(error)
    assert "Traceback" in text
    assert not any(form in text for form in ear.forms()), "a secret stands in the report"
