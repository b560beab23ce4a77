"""The small values: what they accept, what they refuse, and that nothing else is ever raised."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.values import Arn, Finding, KmsKeyArn, ObjectRef, SecretBytes, Severity

_PART = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
_ARNS = st.builds(
    Arn,
    partition=st.from_regex(r"aws[a-z-]{0,8}", fullmatch=True),
    service=_PART,
    region=st.one_of(st.just(""), _PART),
    account=st.one_of(st.just(""), st.just("aws"), st.from_regex(r"[0-9]{12}", fullmatch=True)),
    resource=st.text(min_size=1).filter(lambda text: not any(character.isspace() for character in text)),
)
_ANYTHING = st.one_of(
    st.none(), st.integers(), st.binary(), st.text(), st.from_regex(r"arn:[ -~]*"), st.lists(st.text())
)


@given(_ARNS)
def test_an_arn_reads_back(arn: Arn) -> None:
    """Every ARN reads back from its text."""
    assert Arn.parse(str(arn)) == arn


@given(_ANYTHING)
def test_arn_raises_nothing_else(text: Any) -> None:
    """Whatever is parsed is an ARN whose text is the same, or a ConfigurationError."""
    try:
        arn = Arn.parse(text)
    except errors.ConfigurationError:
        return
    assert str(arn) == text


@given(_ANYTHING)
def test_key_arn_raises_nothing_else(text: Any) -> None:
    """Whatever is given is the full ARN of a key, or a ConfigurationError."""
    try:
        key = KmsKeyArn(text)
    except errors.ConfigurationError:
        return
    assert str(key) == text
    assert Arn.parse(text).service == "kms"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn",
        "arn:",
        "arn:aws",
        "arn:aws:s3",
        "arn:aws:s3:::",
        "arn:aws:s3::: b",
        " arn:aws:s3:::b",
        "arn:aws:s3:::b ",
        "arn:aws:s3:::b\n",
        "ARN:aws:s3:::b",
        "arn:AWS:s3:::b",
        "arn:gcp:s3:::b",
        "arn:aws:S3:::b",
        "arn:aws:s3:eu_west:::b",
        "arn:aws:s3::11112222333:b",
        "arn:aws:s3::1111222233334:b",
        "arn:aws:s3::\uff11\uff11\uff11\uff11\uff12\uff12\uff12\uff12\uff13\uff13\uff13\uff13:b",
        None,
        5,
        b"arn:aws:s3:::b",
    ],
)
def test_texts_that_are_no_arn(text: Any) -> None:
    """What is no ARN is refused with a reason."""
    with pytest.raises(errors.ConfigurationError) as caught:
        Arn.parse(text)
    assert caught.value.why


def test_an_arn_in_its_parts() -> None:
    """The resource keeps its own colons and slashes."""
    assert Arn.parse("arn:aws:s3:eu-west-1:111122223333:accesspoint:a/b:c") == Arn(
        "aws", "s3", "eu-west-1", "111122223333", "accesspoint:a/b:c"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://bucket/key", ("bucket", "key")),
        ("S3://bucket/a/b//c", ("bucket", "a/b//c")),
        ("s3://bucket", ("bucket", "")),
        ("s3://bucket/", ("bucket", "")),
        ("s3://my.dotted.bucket/k?x=y#z", ("my.dotted.bucket", "k?x=y#z")),
        (
            "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint:x/k",
            ("arn:aws:s3:eu-west-1:111122223333:accesspoint:x", "k"),
        ),
        (
            "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/x/a/b",
            ("arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "a/b"),
        ),
        (
            "s3://arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/x/k",
            ("arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/x", "k"),
        ),
    ],
)
def test_object_urls(url: str, expected: tuple[str, str]) -> None:
    """An S3 URL is a bucket and a key, of which nothing is decoded or cut."""
    ref = ObjectRef.parse(url)
    assert (ref.bucket, ref.key) == expected
    assert ObjectRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3:",
        "s3:/",
        "s3://",
        "s3:///key",
        "bucket/key",
        "https://bucket/key",
        "s3n://b/k",
        " s3://bucket/k",
        "s3://Bucket/k",
        "s3://b/k",
        "s3://bucket name/k",
        "s3://-bucket/k",
        "s3://bucket-/k",
        "s3://bu_cket/k",
        "s3://" + "b" * 64,
        "s3://büt/k",
        None,
        5,
        b"s3://bucket/key",
        ["s3://bucket/key"],
    ],
)
def test_urls_that_are_none(url: Any) -> None:
    """What is no S3 URL is refused."""
    with pytest.raises(errors.ConfigurationError):
        ObjectRef.parse(url)


@given(_ANYTHING)
def test_object_url_raises_nothing_else(url: Any) -> None:
    """Whatever is parsed is an object or a ConfigurationError."""
    with suppress(errors.ConfigurationError):
        assert ObjectRef.parse(url).bucket


@pytest.mark.parametrize(
    "value",
    [
        Arn("aws", "s3", "", "", "b"),
        KmsKeyArn("arn:aws:kms:eu-west-1:111122223333:key/1"),
        ObjectRef("bucket"),
        Finding("R1", Severity.HIGH, "bad"),
    ],
)
def test_values_are_values(value: Any) -> None:
    """Values are frozen, hashable, equal to their like, and can be pickled."""
    name = type(value).__dataclass_fields__.__iter__().__next__()
    with pytest.raises((AttributeError, TypeError)):
        setattr(value, name, "x")
    assert pickle.loads(pickle.dumps(value)) == value
    assert {value: 1}[pickle.loads(pickle.dumps(value))] == 1


@given(st.binary(), st.binary())
def test_secrets_compare_by_their_bytes(first: bytes, second: bytes) -> None:
    """Two secrets are equal when their bytes are, and neither shows them."""
    assert (SecretBytes(first) == SecretBytes(second)) is (first == second)
    assert SecretBytes(first) != first
    assert repr(SecretBytes(first)) == f"SecretBytes(<{len(first)} bytes>)"
    assert SecretBytes(first).reveal() == first


def test_severities_are_ordered_by_gravity():
    """Severities compare by how bad they are, and print as their value."""
    from secure_s3.values import Severity

    assert sorted([Severity.HIGH, Severity.INFO, Severity.CRITICAL, Severity.LOW]) == [
        Severity.INFO,
        Severity.LOW,
        Severity.HIGH,
        Severity.CRITICAL,
    ]
    assert Severity.CRITICAL >= Severity.LOW > Severity.INFO
    assert Severity.LOW <= Severity.MEDIUM < Severity.HIGH
    assert Severity.LOW == "low" != Severity.HIGH
    for compared in (
        lambda: Severity.HIGH > "low",
        lambda: sorted([Severity.HIGH, "low"]),
        lambda: Severity.HIGH < "low",
        lambda: max("low", Severity.HIGH),
        lambda: Severity.HIGH <= 1,
    ):
        with pytest.raises(TypeError, match="compared with a severity"):
            compared()
    assert f"{Severity.HIGH}" == "high" == Severity.HIGH
