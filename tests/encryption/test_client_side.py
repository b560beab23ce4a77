"""Client-side encryption as a value: which context belongs to which place, and what it does not show."""

from __future__ import annotations

import io
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import ClientSide, SseC, SseKms, SseS3, strategy_from_env
from secure_s3.envelope.keys import KmsKeys, RawAesKey

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_ARN = KEY_ARN.replace("1234abcd", "ffffffff")
RAW_KEY = b"MARKED-client-side-key-01234567!"
KEYS = KmsKeys(KEY_ARN)
PLACE = {"secure-s3:bucket": "b", "secure-s3:key": "in/k"}
BATCH = {"secure-s3:bucket": "b", "secure-s3:prefix": "in/", "secure-s3:batch": "1"}

BOUND = ClientSide(KEYS)
OWN = ClientSide(KEYS, context={"team": "a"})
FREE = ClientSide(KEYS, bind_location=False)
FREE_OWN = ClientSide(KEYS, bind_location=False, context={"team": "a"})
BATCHED = BOUND.for_batch("in/", "1")
BATCHED_ALL = BOUND.for_batch("", "1")
BATCHED_OWN = OWN.for_batch("in/", "1")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (BOUND, PLACE),
        (OWN, {**PLACE, "team": "a"}),
        (FREE, {}),
        (FREE_OWN, {"team": "a"}),
        (BATCHED, BATCH),
        (BATCHED_ALL, {"secure-s3:bucket": "b", "secure-s3:batch": "1"}),
        (BATCHED_OWN, {**BATCH, "team": "a"}),
    ],
    ids=["bound", "own", "free", "free-own", "batch", "batch-all", "batch-own"],
)
def test_context_of_a_place(strategy: ClientSide, expected: dict[str, str]) -> None:
    """The context is the pairs of one's own and those of the place, and reading demands just these."""
    context = strategy.context_for("b", "in/k")
    assert context == expected
    strategy.check_context(context, "b", "in/k")
    strategy.check_context({**context, "aws-crypto-public-key": "x", "more": "pairs"}, "b", "in/k")
    context["changed"] = "later"
    assert strategy.context_for("b", "in/k") == expected


REFUSED: list[tuple[ClientSide, dict[str, str], str]] = [
    (BOUND, {}, "bind_location=False"),
    (BOUND, {"secure-s3:bucket": "b"}, "bind_location=False"),
    (BOUND, {**PLACE, "secure-s3:key": "other"}, "moved or swapped"),
    (BOUND, {**PLACE, "secure-s3:key": "in/K"}, "moved or swapped"),
    (BOUND, {**PLACE, "secure-s3:key": "in/k/"}, "moved or swapped"),
    (BOUND, {**PLACE, "secure-s3:bucket": "other"}, "moved or swapped"),
    (BOUND, BATCH, "for_batch('in/', '1')"),
    (BOUND, {**PLACE, "secure-s3:batch": "1"}, "for_batch('', '1')"),
    (BOUND, {**PLACE, "secure-s3:prefix": "in/"}, "context="),
    (BOUND, {**PLACE, "secure-s3:new": "x"}, "context="),
    (OWN, PLACE, "context="),
    (OWN, {**PLACE, "team": "b"}, "context="),
    (OWN, {**PLACE, "team": ""}, "context="),
    (OWN, {**PLACE, "Team": "a"}, "context="),
    (FREE_OWN, PLACE, "context="),
    (BATCHED, PLACE, ""),
    (BATCHED, {}, ""),
    (BATCHED, {**BATCH, **PLACE}, ""),
    (BATCHED, {**BATCH, "secure-s3:batch": "2"}, "for_batch('in/', '2')"),
    (BATCHED, {**BATCH, "secure-s3:prefix": "in"}, "for_batch('in', '1')"),
    (BATCHED, {**BATCH, "secure-s3:bucket": "other"}, ""),
    (BATCHED_ALL, BATCH, "for_batch('in/', '1')"),
    (BATCHED_OWN, BATCH, ""),
]


@pytest.mark.parametrize(("strategy", "found", "fix"), REFUSED, ids=range(len(REFUSED)))
def test_context_of_another_place(strategy: ClientSide, found: dict[str, str], fix: str) -> None:
    """Any pair that is missing, another, or of another kind of binding is refused, with both contexts."""
    with pytest.raises(errors.ContextMismatch) as caught:
        strategy.check_context(found, "b", "in/k")
    error = caught.value
    assert (error.expected, error.found) == (strategy.context_for("b", "in/k"), found)
    assert (error.bucket, error.key) == ("b", "in/k")
    assert fix in error.fix
    wrong = {name for name, value in error.expected.items() if found.get(name) != value}
    assert all(name in error.why for name in wrong)


@pytest.mark.parametrize(
    "found", [{}, PLACE, {**PLACE, "secure-s3:key": "other"}, BATCH, {"x": "y"}], ids=repr
)
def test_free_reads_all(found: dict[str, str]) -> None:
    """Without binding every place and every batch will do: that is what it was asked for."""
    FREE.check_context(found, "b", "in/k")


_TEXT = st.text(min_size=1, max_size=20)


@given(bucket=_TEXT, key=_TEXT, other_bucket=_TEXT, other_key=_TEXT)
def test_two_places_never_share_a_context(bucket: str, key: str, other_bucket: str, other_key: str) -> None:
    """An object fits one place: two places have two contexts, however their names are put together."""
    context = BOUND.context_for(bucket, key)
    if (bucket, key) == (other_bucket, other_key):
        BOUND.check_context(context, other_bucket, other_key)
        return
    with pytest.raises(errors.ContextMismatch):
        BOUND.check_context(context, other_bucket, other_key)


def test_what_reads_says_of_hostile_contexts() -> None:
    """A context that somebody else wrote is shown with its control characters escaped."""
    hostile = {**PLACE, "secure-s3:key": "x\x1b[2J\n  fix: run this"}
    with pytest.raises(errors.ContextMismatch) as caught:
        BOUND.check_context(hostile, "b", "in/k")
    assert "\x1b" not in str(caught.value)
    assert "\n  fix: run this" not in str(caught.value)


# -- batches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["out", "in", "In/k", "", "/in/k"])
def test_key_outside_the_batch(key: str) -> None:
    """A key that does not begin with the prefix has no context in the batch."""
    with pytest.raises(errors.ConfigurationError, match=r"in/|no name"):
        BATCHED.context_for("b", key)
    with pytest.raises(errors.ConfigurationError, match=r"in/|no name"):
        BATCHED.check_context(BATCH, "b", key)


@pytest.mark.parametrize(
    "arguments", [("in/", ""), ("in/", None), (None, "1"), ("in/", 1), (b"in/", "1"), (1, 1)], ids=repr
)
def test_no_batches(arguments: Any) -> None:
    """A batch without an id, or of something else than text, is refused."""
    with pytest.raises(errors.ConfigurationError, match="for_batch"):
        BOUND.for_batch(*arguments)


@pytest.mark.parametrize("batch", [(), ("in/",), ("in/", "1", "2"), ["in/", "1"], "in/", 7], ids=repr)
def test_no_batch_arguments(batch: Any) -> None:
    """Nor is anything else than a prefix and an id."""
    with pytest.raises(errors.ConfigurationError, match="for_batch"):
        ClientSide(KEYS, batch=batch)


def test_batch_without_places() -> None:
    """A batch that is bound to nothing is refused."""
    with pytest.raises(errors.ConfigurationError, match="bind_location"):
        FREE.for_batch("in/", "1")


def test_batch_is_another_strategy() -> None:
    """for_batch() changes nothing about the strategy, and keeps everything else of it."""
    strategy = ClientSide(KEYS, server_side=SseKms(KEY_ARN), context={"a": "b"}, frame_bytes=2048)
    batch = strategy.for_batch("in/", "1")
    assert strategy.batch is None
    assert batch != strategy
    assert (batch.keys, batch.server_side, batch.context, batch.frame_bytes) == (
        strategy.keys,
        strategy.server_side,
        strategy.context,
        strategy.frame_bytes,
    )
    assert batch.for_batch("in/", "2").batch == ("in/", "2")


# -- as a value --------------------------------------------------------------------------------------------


def test_context_cannot_be_changed_afterwards() -> None:
    """The caller's dictionary may change; the strategy does not."""
    mine = {"team": "a"}
    strategy = ClientSide(KEYS, context=mine)
    mine["team"] = "b"
    assert strategy == OWN
    with pytest.raises(TypeError):
        strategy.context["team"] = "b"  # type: ignore[index]


@pytest.mark.parametrize(
    "operation", ["PutObject", "CreateMultipartUpload", "UploadPart", "GetObject", "HeadObject"]
)
@pytest.mark.parametrize("at_rest", [SseS3(), SseKms(KEY_ARN), SseC(RAW_KEY)], ids=lambda s: s.label)
def test_at_rest(operation: str, at_rest: Any) -> None:
    """What S3 is told, and has to prove, is the encryption at rest."""
    strategy = ClientSide(KEYS, server_side=at_rest)
    assert strategy.parameters(operation) == at_rest.parameters(operation)
    assert strategy.answer(operation) == at_rest.answer(operation)
    assert strategy.headers(operation) == at_rest.headers(operation)
    assert strategy.copy_source() == at_rest.copy_source()
    assert strategy.client_side


def test_no_secret_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    """Neither representation, nor log, nor error, nor traceback has a byte of a key in it."""
    strategy = ClientSide(RawAesKey("vault/1", RAW_KEY), server_side=SseC(RAW_KEY)).for_batch("in/", "1")
    texts = [repr(strategy), str(strategy), repr(strategy.keys), f"{strategy}", repr([strategy])]
    logging.getLogger("test").warning("%r %s", strategy, strategy.keys)
    texts.append(caplog.text)
    for attempt in (
        lambda: strategy.check_context({}, "b", "in/k"),
        lambda: strategy.context_for("b", "out"),
        lambda: ClientSide(strategy.keys, server_side=strategy),
        lambda: ClientSide(strategy.keys, frame_bytes=0),
        lambda: RawAesKey("vault/1", RAW_KEY + b"!"),
        lambda: RawAesKey("", RAW_KEY),
    ):
        with pytest.raises(errors.SecureS3Error) as caught:
            attempt()
        out = io.StringIO()
        traceback.print_exception(caught.value, file=out)
        texts += [str(caught.value), repr(caught.value), out.getvalue(), str(caught.value.diagnostics())]
    for text in texts:
        assert "MARKED" not in text
        assert RAW_KEY.hex() not in text


# -- from the environment ----------------------------------------------------------------------------------


def _environment(**more: str) -> dict[str, str]:
    return {"SECURE_S3_ENCRYPTION": "client-side", **more}


def test_from_env_with_kms() -> None:
    """The ARNs of SECURE_S3_KMS_KEY_ARN are the keys, separated by commas."""
    assert strategy_from_env(_environment(SECURE_S3_KMS_KEY_ARN=KEY_ARN)) == BOUND
    both = _environment(SECURE_S3_KMS_KEY_ARN=f" {KEY_ARN} , {OTHER_ARN}")
    assert strategy_from_env(both) == ClientSide(KmsKeys(KEY_ARN, OTHER_ARN))


def test_from_env_with_a_raw_key(tmp_path: Path) -> None:
    """SECURE_S3_RAW_KEY_FILE wins over KMS, under the name that …_NAME gives."""
    (tmp_path / "key").write_bytes(RAW_KEY)
    env = _environment(SECURE_S3_RAW_KEY_FILE=str(tmp_path / "key"), SECURE_S3_KMS_KEY_ARN=KEY_ARN)
    assert strategy_from_env(env) == ClientSide(RawAesKey("default", RAW_KEY))
    env["SECURE_S3_RAW_KEY_NAME"] = "vault/1"
    assert strategy_from_env(env) == ClientSide(RawAesKey("vault/1", RAW_KEY))


def test_from_env_at_rest() -> None:
    """SECURE_S3_SERVER_SIDE_KMS_KEY_ARN adds SSE-KMS."""
    env = _environment(SECURE_S3_KMS_KEY_ARN=KEY_ARN, SECURE_S3_SERVER_SIDE_KMS_KEY_ARN=OTHER_ARN)
    assert strategy_from_env(env) == ClientSide(KEYS, server_side=SseKms(OTHER_ARN))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"SECURE_S3_KMS_KEY_ARN": ""},
        {"SECURE_S3_KMS_KEY_ARN": ","},
        {"SECURE_S3_KMS_KEY_ARN": f"{KEY_ARN},"},
        {"SECURE_S3_KMS_KEY_ARN": f"{KEY_ARN},{KEY_ARN}"},
        {"SECURE_S3_KMS_KEY_ARN": "alias/x"},
        {"SECURE_S3_RAW_KEY_FILE": "/no/such/file"},
        {"SECURE_S3_RAW_KEY_FILE": "/dev/null"},
        {"SECURE_S3_RAW_KEY_FILE": "/no/such/file", "SECURE_S3_KMS_KEY_ARN": KEY_ARN},
        {"SECURE_S3_KMS_KEY_ARN": KEY_ARN, "SECURE_S3_SERVER_SIDE_KMS_KEY_ARN": "alias/x"},
    ],
    ids=repr,
)
def test_bad_environment(more: dict[str, str]) -> None:
    """A variable that is missing or of no use is refused; nothing falls back to another key."""
    with pytest.raises(errors.ConfigurationError):
        strategy_from_env(_environment(**more))
