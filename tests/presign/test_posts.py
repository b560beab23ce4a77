"""Forms: every field under a condition, none that could not work, none that gives anything away."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import ClientSide, RawAesKey, SseC, SseKms, SseS3
from secure_s3.errors import ConfigurationError, EncryptionConflict, PublicAccessRefused
from secure_s3.presign import PresignedPost, inspect, verify
from secure_s3.sigv4 import Credentials
from tests.presign.support import (
    ACCESS_KEY,
    BUCKET,
    KEY,
    KEY_ARN,
    NOW,
    PLACES,
    SECRET_KEY,
    TOKEN,
    Place,
    client,
)

S3 = client(SseKms(KEY_ARN))
SSE = "x-amz-server-side-encryption"
FILENAME = "${filename}"
SIGNATURE = {
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
    "x-amz-security-token",
}


def post(key: str | None = KEY, **given: Any) -> PresignedPost:
    return S3.presign.post(BUCKET, key, at=NOW, **given)


def refuse(key: Any = KEY, kind: type[ConfigurationError] = ConfigurationError, **given: Any) -> str:
    with pytest.raises(kind) as caught:
        post(key, **given)
    return str(caught.value)


def conditions_of(made: PresignedPost) -> list[Any]:
    found: list[Any] = json.loads(base64.b64decode(made.fields["policy"]))["conditions"]
    return found


def covered(made: PresignedPost) -> set[str]:
    """Names of the fields that a condition speaks of."""
    names: set[str] = set()
    for condition in conditions_of(made):
        if isinstance(condition, Mapping):
            names |= {name.lower() for name in condition}
        elif str(condition[1]).startswith("$"):
            names.add(condition[1][1:].lower())
    return names


# --- what is demanded -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"content_type": "image/png"}, "Content-Type", "image/png"),
        ({"content_disposition": "inline"}, "Content-Disposition", "inline"),
        ({"content_encoding": "gzip"}, "Content-Encoding", "gzip"),
        ({"cache_control": "no-store"}, "Cache-Control", "no-store"),
        ({"storage_class": "STANDARD_IA"}, "x-amz-storage-class", "STANDARD_IA"),
        ({"metadata": {"Owner": "42"}}, "x-amz-meta-owner", "42"),
        ({"success_status": 201}, "success_action_status", "201"),
        ({"success_redirect": "https://a.example/?b=c"}, "success_action_redirect", "https://a.example/?b=c"),
        ({"fields": {"x-amz-meta-a": "b"}}, "x-amz-meta-a", "b"),
        ({"fields": {"Content-Type": "a/b"}}, "Content-Type", "a/b"),
    ],
)
def test_fields(given: dict[str, Any], field: str, value: str) -> None:
    """Each option becomes a field, and the policy demands exactly that value."""
    made = post(**given)
    assert made.fields[field] == value
    assert {field: value} in conditions_of(made)


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({"content_length_range": (1, 9)}, ["content-length-range", 1, 9]),
        ({"content_length_range": [0, 0]}, ["content-length-range", 0, 0]),
        (
            {"content_length_range": (5 * 1024**3, 5 * 1024**3)},
            ["content-length-range", 5 * 1024**3, 5 * 1024**3],
        ),
        ({"content_type_prefix": "image/"}, ["starts-with", "$Content-Type", "image/"]),
        ({"conditions": [["starts-with", "$x-amz-meta-a", ""]]}, ["starts-with", "$x-amz-meta-a", ""]),
        ({"conditions": ({"acl": "private"},)}, {"acl": "private"}),
    ],
)
def test_conditions(given: dict[str, Any], condition: Any) -> None:
    """Options that leave a choice become conditions without a field."""
    made = post(**given)
    assert condition in conditions_of(made)
    assert set(made.fields) == set(post().fields)


@given(
    st.dictionaries(
        st.from_regex(r"x-amz-meta-[a-z]{1,8}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        max_size=4,
    ),
    st.lists(st.from_regex(r"x-amz-meta-[a-z]{1,8}", fullmatch=True), max_size=3),
)
def test_every_field_is_under_a_condition(fields: dict[str, str], free: list[str]) -> None:
    """Whatever the fields, each is under a condition, one's own or one that is put in, and the form holds."""
    made = post(fields=fields, conditions=[["starts-with", f"${name}", ""] for name in free])
    assert {name.lower() for name in made.fields} - {"policy", "x-amz-signature"} <= covered(made)
    for name, value in fields.items():
        assert made.fields[name] == value
        assert ({name: value} in conditions_of(made)) == (name not in free)
    verify(made, Credentials(ACCESS_KEY, SECRET_KEY), at=NOW)


def test_the_encryption_is_demanded() -> None:
    """The strategy's fields are there, and nothing else satisfies the policy."""
    made = post()
    for name in (SSE, f"{SSE}-aws-kms-key-id", f"{SSE}-bucket-key-enabled"):
        assert {name: made.fields[name]} in conditions_of(made)
    assert {"bucket": BUCKET} in conditions_of(made)
    assert {"key": KEY} in conditions_of(made)


def test_the_token_is_a_field() -> None:
    """With temporary credentials the token is a field under a condition, and shown nowhere."""
    made = client(token=TOKEN).presign.post(BUCKET, KEY, at=NOW)
    assert {"x-amz-security-token": TOKEN} in conditions_of(made)
    assert TOKEN not in repr(made) + str(inspect(made))


# --- keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "key", "condition"),
    [
        ({"key": "a/b"}, "a/b", {"key": "a/b"}),
        ({"key_prefix": "a/"}, "a/${filename}", ["starts-with", "$key", "a/"]),
        ({"key": "a/${filename}"}, "a/${filename}", ["starts-with", "$key", "a/"]),
        ({"key": "a/$filename"}, "a/$filename", {"key": "a/$filename"}),
        ({"key": "ü /%2F+"}, "ü /%2F+", {"key": "ü /%2F+"}),
    ],
)
def test_keys(given: dict[str, Any], key: str, condition: Any) -> None:
    """A key is demanded exactly, a prefix as a prefix."""
    made = post(given.pop("key", None), **given)
    assert made.fields["key"] == key
    assert [item for item in conditions_of(made) if "key" in item or "$key" in item] == [condition]


@pytest.mark.parametrize(
    "given",
    [
        {"key": None},
        {"key": KEY, "key_prefix": "a/"},
        {"key": ""},
        {"key": None, "key_prefix": ""},
        {"key": FILENAME},
        {"key": f"a/{FILENAME}/b"},
        {"key": f"a/{FILENAME}{FILENAME}"},
        {"key": None, "key_prefix": FILENAME},
        {"key": None, "key_prefix": f"a/{FILENAME}"},
        {"key": "a/../b"},
        {"key": "../b"},
        {"key": "a/."},
        {"key": None, "key_prefix": "../"},
        {"key": None, "key_prefix": "a/../"},
        {"key": None, "key_prefix": "a/./"},
        {"key": "k" * 1025},
        {"key": None, "key_prefix": "k" * 1014},
        {"key": None, "key_prefix": 7},
        {"key": 7},
        {"key": b"k"},
        {"key": "\ud800"},
    ],
)
def test_no_keys(given: dict[str, Any]) -> None:
    """A form names one key or one prefix; what would open the bucket, or could not be sent, is refused."""
    refuse(**given)


# --- contradictions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"content_type": "a/b", "content_type_prefix": "a/"},
        {"fields": {"content-type": "a/b"}, "content_type_prefix": "a/"},
        {"fields": {"Content-Type": "a/b"}, "content_type": "a/b"},
        {"fields": {"content-type": "a/b"}, "content_type": "c/d"},
        {"fields": {"X-Amz-Meta-A": "b"}, "metadata": {"a": "c"}},
        {"fields": {"x-amz-meta-a": "b", "X-Amz-Meta-A": "c"}},
        {"fields": {"success_action_status": "200"}, "success_status": 201},
        {"fields": {"key": "other"}},
        {"fields": {"Key": "other"}},
        {"fields": {"bucket": "other"}},
        {"fields": {"file": "x"}},
        {"fields": {"policy": "e30="}},
        {"fields": {"Policy": "e30="}},
        {"fields": {"X-Amz-Date": "20990101T000000Z"}},
        {"fields": {"x-amz-signature": "0"}},
        {"fields": {"x-amz-credential": "0"}},
        {"fields": {"x-amz-algorithm": "0"}},
        {"fields": {"x-amz-security-token": "0"}},
    ],
)
def test_contradictions(given: dict[str, Any]) -> None:
    """A field that is given twice, or that signing writes itself, is refused and not overwritten."""
    refuse(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"ContentType": "a/b"},
        {"content_length": 7},
        {"expires": NOW},
        {"acl": "private"},
        {"Fields": {}},
        {"SSECustomerKey": "S3CR3T"},
        {"content_type": "a\nb"},
        {"content_type": ""},
        {"content_type": 7},
        {"cache_control": "ü"},
        {"content_disposition": " inline"},
        {"content_type_prefix": ""},
        {"content_type_prefix": "a\n"},
        {"content_type_prefix": 7},
        {"success_status": 302},
        {"success_status": "201"},
        {"success_status": True},
        {"success_redirect": ""},
        {"success_redirect": "https://a\r\nb"},
        {"success_redirect": b"https://a"},
        {"metadata": {"a b": "c"}},
        {"metadata": "a=b"},
        {"fields": {"a": 7}},
        {"fields": {7: "a"}},
        {"fields": {"a": None}},
        {"fields": [("a", "b")]},
        {"fields": "ab"},
        {"fields": {"a": "\ud800"}},
        {"conditions": {"acl": "private"}},
        {"conditions": "acl"},
        {"conditions": 7},
        {"conditions": ["acl"]},
        {"conditions": [{}]},
        {"conditions": [{"a": "b", "c": "d"}]},
        {"conditions": [["eq", "$a"]]},
        {"conditions": [["eq", "$a", "b", "c"]]},
        {"conditions": [["eq", "$a", b"b"]]},
        {"conditions": [["eq", "$a", ["b"]]]},
        {"conditions": [{"a": None}]},
        {"conditions": [{"a": object()}]},
        {"conditions": [iter("abc")]},
        {"conditions": [7]},
    ],
)
def test_nonsense(given: dict[str, Any]) -> None:
    """An option that is unknown, or whose value S3 could not read, is refused before anything is signed."""
    assert "S3CR3T" not in refuse(**given)


@pytest.mark.parametrize(
    "value",
    [
        (2, 1),
        (-1, 5),
        (0, 5 * 1024**3 + 1),
        (1,),
        (1, 2, 3),
        7,
        "12",
        ("1", "2"),
        (1.0, 2.0),
        (True, 2),
        (0, True),
        (None, 2),
        {},
        (0, float("inf")),
    ],
)
def test_ranges(value: Any) -> None:
    """A range of sizes is two whole numbers, the least first, up to 5 GiB."""
    assert "content_length_range=" in refuse(content_length_range=value)


@pytest.mark.parametrize(
    "bucket", ["", None, 7, "s3://b", "arn:aws:s3:::b", "arn:aws:iam::111122223333:user/a"]
)
def test_buckets(bucket: Any) -> None:
    """What is no bucket gets no form."""
    with pytest.raises(ConfigurationError):
        S3.presign.post(bucket, KEY, at=NOW)


@pytest.mark.parametrize("place", [place for place in PLACES if place.bucket.startswith("arn:")], ids=str)
def test_access_points_by_their_arns(place: Place) -> None:
    """The ARN of an access point gets no form, and the error says what does: the alias, if it has one."""
    with pytest.raises(ConfigurationError, match="by its ARN") as caught:
        client(place=place).presign.post(place.bucket, KEY, at=NOW)
    of_s3 = place.bucket.startswith("arn:aws:s3:")
    assert ("alias, which ends in -s3alias" if of_s3 else "presign.put") in (caught.value.fix or "")


def test_given_options_are_left_alone() -> None:
    """What the caller passed is not changed, and changing it later changes no form."""
    fields, conditions = {"x-amz-meta-a": "b"}, [["starts-with", "$x-amz-meta-b", ""], {"acl": "private"}]
    made = post(fields=fields, conditions=conditions)
    assert fields == {"x-amz-meta-a": "b"}
    assert conditions == [["starts-with", "$x-amz-meta-b", ""], {"acl": "private"}]
    verify(made, Credentials(ACCESS_KEY, SECRET_KEY), at=NOW)


# --- what the guard refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["acl", "ACL", "x-amz-acl"])
@pytest.mark.parametrize("value", ["public-read", "public-read-write", "authenticated-read", "Public-Read"])
def test_public_acls(name: str, value: str) -> None:
    """An ACL that opens objects to everybody is refused, as a field or as a condition of any shape."""
    refuse(kind=PublicAccessRefused, fields={name: value})
    for condition in (
        {name: value},
        ["eq", f"${name}", value],
        ("EQ", f"${name}", value),
        ["starts-with", f"${name}", ""],
    ):
        refuse(kind=PublicAccessRefused, conditions=[condition])
        refuse(kind=PublicAccessRefused, fields={name: "private"}, conditions=[condition])


@pytest.mark.parametrize("name", ["x-amz-grant-read", "X-Amz-Grant-Full-Control", "x-amz-grant-write-acp"])
def test_public_grants(name: str) -> None:
    """A grant to everybody is refused, as a field or as a condition."""
    everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
    refuse(kind=PublicAccessRefused, fields={name: everybody})
    refuse(kind=PublicAccessRefused, conditions=[{name: everybody}])
    refuse(kind=PublicAccessRefused, conditions=[["starts-with", f"${name}", ""]])


@pytest.mark.parametrize(
    "given",
    [
        {"fields": {SSE: "AES256"}},
        {"fields": {SSE.title(): "aws:kms:dsse"}},
        {"fields": {f"{SSE}-aws-kms-key-id": KEY_ARN[:-1] + "9"}},
        {"fields": {f"{SSE}-context": "e30="}},
        {"fields": {f"{SSE}-customer-algorithm": "AES256"}},
        {"fields": {f"{SSE}-customer-key": "S3CR3T"}},
        {"conditions": [{SSE: "AES256"}]},
        {"conditions": [["starts-with", f"${SSE}", ""]]},
        {"conditions": [["starts-with", f"${SSE.title()}", "aws"]]},
        {"conditions": [["eq", f"${SSE}", "AES256"]]},
        {"conditions": [{SSE: "aws:kms"}, {SSE: "AES256"}]},
        {"conditions": [["starts-with", f"${SSE}-aws-kms-key-id", "arn:"]]},
        {"conditions": [["starts-with", f"${SSE}-customer-key", ""]]},
        {"conditions": [{f"{SSE}-bucket-key-enabled": "false"}]},
    ],
)
def test_other_encryption(given: dict[str, Any]) -> None:
    """Fields and conditions that ask for another encryption, or leave a choice, are refused."""
    refuse(kind=EncryptionConflict, **given)


def test_the_same_encryption_twice() -> None:
    """Saying what the strategy says anyway is no contradiction."""
    made = post(fields={SSE: "aws:kms"}, conditions=[{SSE: "aws:kms"}])
    assert conditions_of(made).count({SSE: "aws:kms"}) == 1


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [(SseC(bytes(32)), ConfigurationError), (ClientSide(RawAesKey("a", bytes(32))), EncryptionConflict)],
)
def test_strategies_without_forms(strategy: Any, kind: type[ConfigurationError]) -> None:
    """SSE-C would give its key to every browser, client-side encryption would be left out: both refused."""
    for make in (
        client(strategy).presign.post,
        lambda *where, **more: client().presign.post(*where, encryption=strategy, **more),
    ):
        with pytest.raises(kind):
            make(BUCKET, KEY, at=NOW)


# --- size -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["a", "ü"])
def test_too_large(letter: str) -> None:
    """A form is refused when its fields, counted in bytes, are more than S3 takes."""
    spare = 20_000 - size_of(post(fields={"x-amz-meta-a": ""}))
    low, high = 0, spare
    while high - low > 1:
        middle = (low + high) // 2
        try:
            assert size_of(post(fields={"x-amz-meta-a": letter * middle})) <= 20_000
            low = middle
        except ConfigurationError:
            high = middle
    assert low > 1_000
    assert "bytes" in refuse(fields={"x-amz-meta-a": letter * high})


def size_of(made: PresignedPost) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in made.fields.items())


def test_plain_strategy() -> None:
    """Under SSE-S3 a form holds no more than it must."""
    made = client(SseS3()).presign.post(BUCKET, KEY, at=NOW)
    assert set(made.fields) - SIGNATURE == {"key", SSE}
