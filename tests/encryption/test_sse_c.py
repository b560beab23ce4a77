"""SSE-C: which keys are accepted, where they come from, and how they are sent."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import SseC
from secure_s3.values import SecretBytes

KEY = bytes(range(32))


@pytest.mark.parametrize("length", [0, 1, 16, 24, 31, 33, 44, 64, 256])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, SecretBytes])
def test_other_lengths(length: int, kind: Any) -> None:
    """A key that is not 32 bytes long is refused."""
    with pytest.raises(errors.ConfigurationError, match="32 bytes"):
        SseC(kind(bytes(length)))


@pytest.mark.parametrize(
    ("encoded", "hint"), [(base64.b64encode(KEY), "Base64"), (KEY.hex().encode(), "hexadecimal")]
)
def test_encoded_keys_get_a_hint(encoded: bytes, hint: str) -> None:
    """A key that was not decoded is refused with a hint at its encoding."""
    with pytest.raises(errors.ConfigurationError) as caught:
        SseC(encoded)
    assert hint in caught.value.why


@pytest.mark.parametrize(
    "key", ["x" * 32, "", None, 5, 32, True, list(KEY), object(), base64.b64encode(KEY).decode()]
)
def test_keys_that_are_not_bytes(key: Any) -> None:
    """A key that is not bytes is refused: text could mean three things."""
    with pytest.raises(errors.ConfigurationError, match="bytes"):
        SseC(key)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, SecretBytes])
def test_every_kind_of_bytes(kind: Any) -> None:
    """bytes, bytearray, memoryview and SecretBytes are the same key."""
    assert SseC(kind(KEY)) == SseC(KEY)


def test_the_key_is_a_copy() -> None:
    """A bytearray that is wiped later does not change the strategy."""
    buffer = bytearray(KEY)
    made = SseC(buffer)
    buffer[:] = bytes(32)
    assert made.key.reveal() == KEY


def test_generated_keys_differ() -> None:
    """Two generated keys differ and are 32 bytes long."""
    first, second = SseC.generate(), SseC.generate()
    assert first != second
    assert len(first.key) == len(second.key) == 32


@given(st.binary(min_size=32, max_size=32))
def test_the_members(key: bytes) -> None:
    """Key and MD5 are sent as Base64, for the object and for a copy's source alike."""
    made = SseC(key)
    wanted = {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": base64.b64encode(key).decode(),
        "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }
    assert made.parameters("PutObject") == wanted
    assert made.copy_source() == {f"CopySource{name}": value for name, value in wanted.items()}
    del wanted["SSECustomerKey"]
    assert made.answer("PutObject") == wanted


# --- files -------------------------------------------------------------------------------------------------


def test_a_file(tmp_path: Path) -> None:
    """A file of 32 bytes is a key, named by text or by path."""
    path = tmp_path / "key"
    path.write_bytes(KEY)
    assert SseC.from_file(path) == SseC.from_file(str(path)) == SseC(KEY)
    assert SseC.from_env({"SECURE_S3_SSE_C_KEY_FILE": str(path)}) == SseC(KEY)


@pytest.mark.parametrize(
    "content",
    [b"", KEY[:-1], KEY + b"\n", KEY + KEY, base64.b64encode(KEY), KEY.hex().encode(), bytes(10_000)],
)
def test_files_of_other_sizes(content: bytes, tmp_path: Path) -> None:
    """A file of another size is refused, one with a trailing newline too, and its content not shown."""
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(errors.ConfigurationError, match="32 bytes") as caught:
        SseC.from_file(tmp_path / "key")
    if content:
        assert content.decode("latin-1") not in str(caught.value)


@pytest.mark.parametrize("name", ["missing", "missing/key", "", "a\0b"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    """A missing file, a directory or an impossible name is refused as configuration."""
    with pytest.raises(errors.ConfigurationError, match="cannot be read"):
        SseC.from_file(str(tmp_path / name))


def test_an_endless_file_is_not_read_whole(tmp_path: Path) -> None:
    """From an endless file only a little is read before it is refused."""
    with pytest.raises(errors.ConfigurationError, match="32 bytes"):
        SseC.from_file("/dev/zero")
