"""SSE-KMS and DSSE-KMS: which keys and contexts are accepted, and how they are sent."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import DsseKms, SseKms
from secure_s3.encryption.context import EncryptionContext
from secure_s3.values import Arn, KmsKeyArn

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"

REFUSED: list[tuple[Any, str]] = [
    ("alias/app", "alias"),
    ("alias/aws/s3", "alias"),
    ("arn:aws:kms:eu-west-1:111122223333:alias/app", "alias"),
    (KEY_ID, "bare"),
    (f"key/{KEY_ID}", "bare"),
    ("mrk-1234abcd12ab34cd56ef1234567890ab", "bare"),
    ("", "string"),
    (None, "string"),
    (5, "string"),
    (True, "string"),
    (KEY_ARN.encode(), "string"),
    ([KEY_ARN], "string"),
    ({"Arn": KEY_ARN}, "string"),
    (f" {KEY_ARN}", "white space"),
    (f"{KEY_ARN} ", "white space"),
    (f"{KEY_ARN}\n", "white space"),
    (f"{KEY_ARN}\u00a0", "white space"),
    (KEY_ARN.replace(":key/", ": key/"), "white space"),
    (f"{KEY_ARN}\u200b", "last part"),
    (f"{KEY_ARN}\0", "last part"),
    ("arn:aws:s3:::bucket", "another kind"),
    ("arn:aws:iam::111122223333:role/x", "another kind"),
    ("arn:aws:sns:eu-west-1:111122223333:topic", "another kind"),
    (KEY_ARN.replace("kms", "kms2"), "another kind"),
    (KEY_ARN.replace("kms", "KMS"), "another kind"),
    (KEY_ARN.replace("eu-west-1", ""), "another kind"),
    (KEY_ARN.replace("111122223333", ""), "another kind"),
    (KEY_ARN.replace("111122223333", "aws"), "another kind"),
    (KEY_ARN.replace("111122223333", "11112222333"), "another kind"),
    (
        KEY_ARN.replace(
            "111122223333", "\uff11\uff11\uff11\uff11\uff12\uff12\uff12\uff12\uff13\uff13\uff13\uff13"
        ),
        "another kind",
    ),
    (KEY_ARN.replace("arn:aws:", "arn:evil:"), "another kind"),
    (KEY_ARN.upper(), "bare"),
    ("arn:", "another kind"),
    ("arn:aws:kms", "another kind"),
    ("arn:aws:kms:eu-west-1:111122223333:key", "last part"),
    ("arn:aws:kms:eu-west-1:111122223333:key/", "last part"),
    ("arn:aws:kms:eu-west-1:111122223333:grant/x", "last part"),
    (f"{KEY_ARN}/x", "last part"),
    (f"{KEY_ARN}*", "last part"),
    ("arn:aws:kms:eu-west-1:111122223333:key/*", "last part"),
    (KEY_ARN + "x" * 200, "last part"),
]
ACCEPTED = [
    KEY_ARN,
    KEY_ARN.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-west-1", "us-gov-west-1"),
    KEY_ARN.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1"),
    "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
]
each_kind = pytest.mark.parametrize("kind", [SseKms, DsseKms])


@each_kind
@pytest.mark.parametrize(("key", "why"), REFUSED)
def test_refused_keys(kind: Any, key: Any, why: str) -> None:
    """What is not the full ARN of a key is refused, with the reason."""
    with pytest.raises(errors.ConfigurationError) as caught:
        kind(key)
    assert why in caught.value.why
    assert caught.value.fix


@pytest.mark.parametrize("key", ["alias/app", KEY_ID, "arn:aws:kms:eu-west-1:111122223333:alias/app"])
def test_refused_keys_say_how_to_resolve_them(key: str) -> None:
    """For an alias or a bare id the error says how to find the ARN."""
    with pytest.raises(errors.ConfigurationError) as caught:
        SseKms(key)
    assert "SseKms.resolve" in caught.value.fix


@each_kind
@pytest.mark.parametrize("key", ACCEPTED)
def test_accepted_keys(kind: Any, key: str) -> None:
    """Full key ARNs of every partition are accepted, as text and as values."""
    assert kind(key).key_arn == key
    assert kind(KmsKeyArn(key)) == kind(key)
    assert kind(Arn.parse(key)) == kind(key)
    assert kind(key).parameters("PutObject")["SSEKMSKeyId"] == key
    assert KmsKeyArn(key).region in key


class Says:
    """Something whose text is a key."""

    def __str__(self) -> str:
        return KEY_ARN


@each_kind
def test_an_object_is_not_turned_into_a_key(kind: Any) -> None:
    """An object that only prints like a key is refused."""
    with pytest.raises(errors.ConfigurationError):
        kind(Says())


@pytest.mark.parametrize("value", [1, 0, None, "true", "", []])
def test_bucket_key_is_a_bool(value: Any) -> None:
    """bucket_key is True or False and nothing that could be taken for it."""
    with pytest.raises(errors.ConfigurationError, match="bucket_key"):
        SseKms(KEY_ARN, bucket_key=value)


def test_options_go_by_name() -> None:
    """bucket_key and context cannot be confused by position."""
    with pytest.raises(TypeError):
        SseKms(KEY_ARN, False)  # type: ignore[misc]
    with pytest.raises(TypeError):
        DsseKms(KEY_ARN, {})  # type: ignore[misc]


def test_dsse_has_no_bucket_key() -> None:
    """DSSE-KMS knows no Bucket Keys, neither as an option nor on the wire."""
    with pytest.raises(TypeError):
        DsseKms(KEY_ARN, bucket_key=True)  # type: ignore[call-arg]
    assert "BucketKeyEnabled" not in DsseKms(KEY_ARN).parameters("PutObject")


class FakeKms:
    """A KMS client that knows one alias."""

    def __init__(self, arn: str = KEY_ARN) -> None:
        self.arn, self.asked = arn, []  # type: ignore[var-annotated]

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        self.asked.append(KeyId)
        return {"KeyMetadata": {"Arn": self.arn}}


def test_resolve() -> None:
    """resolve() asks KMS once and keeps the ARN, with the options given."""
    kms = FakeKms()
    made = SseKms.resolve(kms, "alias/app", bucket_key=False, context={"a": "b"})
    assert made == SseKms(KEY_ARN, bucket_key=False, context={"a": "b"})
    assert kms.asked == ["alias/app"]


def test_resolve_does_not_trust_the_answer() -> None:
    """What KMS answers must be a key's ARN as well."""
    with pytest.raises(errors.ConfigurationError):
        SseKms.resolve(FakeKms("alias/app"), "alias/app")


def test_resolve_at_the_embedded_endpoint(local_aws: Any) -> None:
    """A bare key id is resolved to its ARN by a real client."""
    kms = local_aws.session().client("kms")
    assert SseKms.resolve(kms, local_aws.kms_key_arn.rpartition("/")[2]).key_arn == local_aws.kms_key_arn
    kms.close()


# --- the context -------------------------------------------------------------------------------------------

WRONG_CONTEXTS: list[Any] = [
    {"a": 1},
    {1: "a"},
    {"a": None},
    {"a": b"b"},
    {b"a": "b"},
    {"": "b"},
    {"a": ""},
    {"a": ["b"]},
    {"a": {"b": "c"}},
    {"a": "b", "c": 5},
    "a=b",
    [("a", "b")],
    5,
    True,
    {"a": True},
]


@each_kind
@pytest.mark.parametrize("context", WRONG_CONTEXTS)
def test_wrong_contexts(kind: Any, context: Any) -> None:
    """A context that is no map of non-empty strings is refused."""
    with pytest.raises(errors.ConfigurationError, match="encryption context"):
        kind(KEY_ARN, context=context)


@each_kind
@pytest.mark.parametrize("context", [None, {}])
def test_no_context(kind: Any, context: Any) -> None:
    """Without pairs nothing is sent."""
    assert "SSEKMSEncryptionContext" not in kind(KEY_ARN, context=context).parameters("PutObject")


@each_kind
def test_the_context_is_a_copy(kind: Any) -> None:
    """Changing the caller's dictionary later changes nothing, and the strategy's own cannot be changed."""
    pairs = {"a": "b"}
    made = kind(KEY_ARN, context=pairs)
    before = made.parameters("PutObject")
    pairs["a"] = "c"
    assert made.parameters("PutObject") == before
    with pytest.raises(TypeError):
        made.context["a"] = "c"


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1))
def test_the_context_as_a_header(pairs: dict[str, str]) -> None:
    """The header is Base64 of the context's JSON, the same for every order of the pairs, and plain ASCII."""
    header = EncryptionContext(pairs).header()
    assert header.isascii()
    assert "\n" not in header
    assert json.loads(base64.b64decode(header)) == pairs
    assert EncryptionContext(dict(reversed(pairs.items()))).header() == header
    assert EncryptionContext(pairs) == pairs
    assert hash(EncryptionContext(pairs)) == hash(EncryptionContext(dict(reversed(pairs.items()))))


@given(st.one_of(st.text(), st.binary(), st.none(), st.integers(), st.from_regex(r"arn:aws:kms:[ -~]*")))
def test_any_text_as_a_key(text: Any) -> None:
    """Whatever is given as a key is accepted or refused by ConfigurationError, and never by another error."""
    try:
        made = SseKms(text)
    except errors.ConfigurationError:
        return
    assert made.key_arn == text
