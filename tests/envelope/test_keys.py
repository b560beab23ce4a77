"""Who may open an object: which key is asked for what, in which order, and what a refusal says."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_s3 import errors, limits
from secure_s3.envelope.header import WrappedKey
from secure_s3.envelope.keys import DataKey, Keys, KmsKeys
from secure_s3.envelope.suites import COMMIT_KEY, SUITES
from secure_s3.values import Arn, KmsKeyArn, SecretBytes
from tests.envelope.support import CONTEXT, FakeKms, content

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"
A = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{UUID}"
B = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{UUID}"
C = f"arn:aws:kms:eu-west-1:{OTHER_ACCOUNT}:key/{UUID}"
CHINA = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/{UUID}"
MRK = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/mrk-" + "0" * 32
REPLICA = MRK.replace("eu-west-1", "us-east-1")
SECRET = content(32)


def _wrapped(*arns: str) -> tuple[WrappedKey, ...]:
    return tuple(WrappedKey("aws-kms", arn.encode(), b"wrapped:" + SECRET) for arn in arns)


def _denied(arn: str, cls: type[errors.ServiceError] = errors.AccessDenied) -> errors.ServiceError:
    response = {"Error": {"Code": "AccessDeniedException", "Message": arn}}
    return cls(
        f"kms:Decrypt with {arn} failed",
        why="not authorized",
        fix="allow kms:Decrypt",
        operation="Decrypt",
        code="AccessDeniedException",
        status=400,
        request_id=f"id-{arn}",
        response=response,
    )


def _open(keys: Keys, wrapped: tuple[WrappedKey, ...], kms: FakeKms | None = None) -> bytes:
    return keys.data_key(wrapped, CONTEXT, COMMIT_KEY, kms or FakeKms()).reveal()


def _shut(
    keys: Keys, wrapped: tuple[WrappedKey, ...], kms: FakeKms | None = None, context: Any = CONTEXT
) -> errors.KeyAccessError:
    with pytest.raises(errors.KeyAccessError) as caught:
        keys.data_key(wrapped, context, COMMIT_KEY, kms or FakeKms())
    return caught.value


# ------------------------------------------------------------------------------------- KMS keys: writing


def test_one_call_for_each_key() -> None:
    """The first key makes the data key, each other encrypts that one, all with the whole context."""
    kms = FakeKms()
    data_key = KmsKeys(A, B, C).new_data_key(CONTEXT, kms)
    assert kms.calls == [("GenerateDataKey", A), ("Encrypt", B), ("Encrypt", C)]
    assert kms.contexts == [CONTEXT] * 3
    assert data_key == DataKey(SecretBytes(SECRET), _wrapped(A, B, C))


@pytest.mark.parametrize("refused", [A, B, C])
def test_writing_takes_every_key(refused: str) -> None:
    """A key that KMS refuses makes writing fail, so that no object lacks a reader that was configured."""
    with pytest.raises(errors.AccessDenied) as caught:
        KmsKeys(A, B, C).new_data_key(CONTEXT, FakeKms(refuses={refused: _denied(refused)}))
    assert isinstance(caught.value, errors.KeyAccessError)
    assert caught.value.__cause__ is caught.value.refusals[0]


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_short_new_data_key(size: int) -> None:
    """A new data key of another length than 32 bytes is not used."""
    with pytest.raises(errors.KeyAccessError, match=f"{size} bytes"):
        KmsKeys(A).new_data_key(CONTEXT, FakeKms(secret_bytes=size))


@pytest.mark.parametrize("strange", [A, B])
def test_another_key_wrote(strange: str) -> None:
    """An answer from another key than the one that was asked is refused: reading would not ask that one."""
    with pytest.raises(errors.KeyAccessError, match="another key"):
        KmsKeys(A, B).new_data_key(CONTEXT, FakeKms(answers_as={strange: C}))


@pytest.mark.parametrize(
    "arn",
    [
        "alias/backup",
        f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/backup",
        UUID,
        "",
        f"arn:aws:s3:::{ACCOUNT}",
        f"arn:aws:kms::{ACCOUNT}:key/{UUID}",
        A + " ",
        A.encode(),
        None,
        SECRET,
    ],
    ids=["alias", "alias-arn", "id", "empty", "s3", "no-region", "space", "bytes", "none", "secret"],
)
def test_no_arns(arn: Any) -> None:
    """Aliases, bare ids and what is no key at all are refused before KMS is asked."""
    with pytest.raises(errors.ConfigurationError):
        KmsKeys(A, arn)


def test_arn_values() -> None:
    """ARNs may be given as the package's own values, and no key at all is refused."""
    assert KmsKeys(KmsKeyArn(A), Arn.parse(B)) == KmsKeys(A, B)
    with pytest.raises(errors.ConfigurationError):
        KmsKeys()


@pytest.mark.parametrize(("one", "other"), [(A, A), (MRK, MRK), (MRK, REPLICA)])
def test_twice_the_same_key(one: str, other: str) -> None:
    """A key named twice, also as two replicas of one multi-region key, is refused."""
    with pytest.raises(errors.ConfigurationError, match="twice"):
        KmsKeys(one, B, other)


# ------------------------------------------------------------------------------------- KMS keys: reading


@pytest.mark.parametrize(
    ("keys", "named", "expected"),
    [((A,), (A,), A), ((B, A), (A, B), B), ((A, B), (B, A), A), ((C, B), (A, B), B), ((A, C), (B, A), A)],
)
def test_configured_order(keys: tuple[str, ...], named: tuple[str, ...], expected: str) -> None:
    """One key is asked: the first of the configuration that the message names, in whatever order it does."""
    kms = FakeKms()
    assert _open(KmsKeys(*keys), _wrapped(*named), kms) == SECRET
    assert kms.calls == [("Decrypt", expected)]
    assert kms.contexts == [CONTEXT]


@pytest.mark.parametrize(
    "refusal",
    [_denied(A), errors.TransportError("no route"), _denied(A, errors.KeyUnavailable)],
    ids=["denied", "unreachable", "disabled"],
)
def test_second_key(refusal: errors.SecureS3Error) -> None:
    """Where the first key is refused or cannot be reached, the next one opens the object."""
    kms = FakeKms(refuses={A: refusal})
    assert _open(KmsKeys(A, B), _wrapped(A, B), kms) == SECRET
    assert kms.calls == [("Decrypt", A), ("Decrypt", B)]


@pytest.mark.parametrize(
    "wrapped",
    [
        _wrapped(B, C, CHINA),
        (WrappedKey("aws-kms-other", A.encode(), b"c"),),
        (WrappedKey("AWS-KMS", A.encode(), b"c"),),
        (WrappedKey("aws-kms", A.encode() + b" ", b"c"),),
        (WrappedKey("aws-kms", b"\xff", b"c"), WrappedKey("aws-kms", b"", b"c")),
        (WrappedKey("aws-kms", b"alias/backup", b"c"), WrappedKey("aws-kms", UUID.encode(), b"c")),
    ],
    ids=["other-keys", "provider", "case", "space", "no-text", "alias"],
)
def test_keys_that_are_not_configured(wrapped: tuple[WrappedKey, ...]) -> None:
    """KMS is not asked about a key that is not configured, or is not named exactly; the error names both."""
    kms = FakeKms()
    error = _shut(KmsKeys(A), wrapped, kms)
    assert kms.calls == []
    assert f"KmsKeys({A!r})" in error.why
    assert all(key.info.decode("utf-8", "backslashreplace") in error.why for key in wrapped)
    assert type(error) is errors.KeyAccessError


def test_all_refused() -> None:
    """Where KMS refuses every key the error is KMS's and ours, with its answer and every refusal in it."""
    refusals = {A: errors.TransportError("no route", why="timeout"), B: _denied(B), C: _denied(C)}
    error = _shut(KmsKeys(A, B, C), _wrapped(C, A, B), FakeKms(refuses=refusals))
    assert isinstance(error, errors.AccessDenied)
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Message"] == B
    assert (error.code, error.status, error.request_id) == ("AccessDeniedException", 400, f"id-{B}")
    assert error.refusals == tuple(refusals.values())
    assert error.fix == "allow kms:Decrypt"
    assert all(refusal.what in error.why for refusal in refusals.values())


@pytest.mark.parametrize(
    ("cls", "code"),
    [
        (errors.AccessDenied, "AccessDenied"),
        (errors.KeyUnavailable, "KeyUnavailable"),
        (errors.Throttled, "Throttled"),
        (errors.InvalidRequest, "InvalidRequest"),
        (errors.NotFound, "NotFound"),
    ],
)
def test_class_of_the_refusal(cls: type[errors.ServiceError], code: str) -> None:
    """A refusal is caught as its own class, as KeyAccessError and as ClientError, and survives a pickle."""
    error = _shut(KmsKeys(A), _wrapped(A), FakeKms(refuses={A: _denied(A, cls)}))
    for kind in (cls, errors.KeyAccessError, errors.SecureS3Error, ClientError):
        assert isinstance(error, kind)
    assert type(error).__name__ == code
    assert error.__cause__ is error.refusals[0]
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.response, again.why, str(again)) == (error.response, error.why, str(error))  # type: ignore[attr-defined]
    assert [type(refusal) for refusal in again.refusals] == [cls]


def test_unreachable() -> None:
    """Where no key could be reached the error is a TransportError as well, and no answer of KMS."""
    error = _shut(KmsKeys(A), _wrapped(A), FakeKms(refuses={A: errors.TransportError("no route")}))
    assert isinstance(error, errors.TransportError)
    assert not isinstance(error, ClientError)
    assert type(pickle.loads(pickle.dumps(error))) is type(error)


@pytest.mark.parametrize("answer", [B, C, "alias/backup", UUID, ""])
def test_another_key_answers(answer: str) -> None:
    """A data key that KMS says another key has opened is not used."""
    assert "KMS answered with" in str(_shut(KmsKeys(A), _wrapped(A), FakeKms(answers_as={A: answer})))


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_data_key_of_another_length(suite: Any) -> None:
    """A data key whose length is not that of the suite is not used, one that fits is."""
    for size in (0, 16, 24, 31, 32, 33):
        wrapped = (WrappedKey("aws-kms", A.encode(), content(size)),)
        if size == suite.data_key_bytes:
            assert KmsKeys(A).data_key(wrapped, {}, suite, FakeKms()).reveal() == content(size)
        else:
            with pytest.raises(errors.KeyAccessError):
                KmsKeys(A).data_key(wrapped, {}, suite, FakeKms())


# ------------------------------------------------------------------------------------------- replicas


def test_replica() -> None:
    """What was written with a multi-region key is read with its replica, which is asked in its own region."""
    kms = FakeKms()
    assert _open(KmsKeys(REPLICA), _wrapped(MRK), kms) == SECRET
    assert kms.calls == [("Decrypt", REPLICA)]


@pytest.mark.parametrize(
    "other",
    [
        MRK.replace(ACCOUNT, OTHER_ACCOUNT),
        MRK[:-1] + "1",
        MRK.replace("arn:aws:", "arn:aws-cn:"),
        MRK.replace("mrk-", ""),
    ],
    ids=["account", "id", "partition", "no-mrk"],
)
def test_no_replica(other: str) -> None:
    """A multi-region key of another account, partition or id is another key, as is one of a single region."""
    for mine, named in ((MRK, other), (other, MRK)):
        kms = FakeKms()
        _shut(KmsKeys(mine), _wrapped(named), kms)
        assert kms.calls == []


def test_same_id_in_another_region() -> None:
    """Two single-region keys with one id are two keys."""
    kms = FakeKms()
    _shut(KmsKeys(A), _wrapped(B), kms)
    assert kms.calls == []


# ------------------------------------------------------------------------------------------ discovery


@pytest.mark.parametrize(
    "accounts",
    [(), ("",), ("12345",), (111122223333,), ("١١١١٢٢٢٢٣٣٣٣",), (ACCOUNT, "*"), (ACCOUNT + "\n",), (A,)],
    ids=["none", "empty", "short", "number", "digits", "star", "newline", "arn"],
)
def test_discovery_needs_accounts(accounts: Any) -> None:
    """Discovery without account ids of twelve digits is refused."""
    with pytest.raises(errors.ConfigurationError):
        KmsKeys.discovery(*accounts)


def test_discovery() -> None:
    """Discovery asks the keys of the accounts that it was given, in the message's order, and no others."""
    kms = FakeKms(refuses={A: _denied(A)})
    assert _open(KmsKeys.discovery(ACCOUNT), _wrapped(C, CHINA, A, B), kms) == SECRET
    assert kms.calls == [("Decrypt", A), ("Decrypt", B)]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (KmsKeys.discovery(ACCOUNT), (C, CHINA)),
        (KmsKeys.discovery(OTHER_ACCOUNT), (A, B, CHINA, MRK)),
        (KmsKeys.discovery(ACCOUNT, partition="aws-cn"), (A, B, C)),
        (KmsKeys.discovery(ACCOUNT), (f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a",)),
    ],
    ids=["partition", "account", "china", "alias"],
)
def test_discovery_asks_no_strangers(keys: KmsKeys, named: tuple[str, ...]) -> None:
    """Keys of other accounts and partitions, and aliases, are not asked, whoever put them into the object."""
    kms = FakeKms()
    assert "discovery" in _shut(keys, _wrapped(*named), kms).why
    assert kms.calls == []


def test_discovery_does_not_write() -> None:
    """Discovery names no key, so nothing is written with it."""
    kms = FakeKms()
    with pytest.raises(errors.ConfigurationError, match="reading only"):
        KmsKeys.discovery(ACCOUNT).new_data_key(CONTEXT, kms)
    assert kms.calls == []


def test_discovery_is_bounded() -> None:
    """The keys that are asked are at most those that a header can hold, each once."""
    kms = FakeKms(refuses={A: _denied(A)})
    _shut(KmsKeys.discovery(ACCOUNT), _wrapped(*[A] * limits.MAX_DATA_KEYS), kms)
    assert len(kms.calls) <= limits.MAX_DATA_KEYS
