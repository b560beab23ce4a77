"""What presigning refuses, and what it makes of odd but honest arguments: never a URL that is wrong."""

from __future__ import annotations

import logging
import traceback
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from secure_s3 import ClientSide, RawAesKey, SecureS3Client, SseC, SseKms, SseS3, errors
from secure_s3.guard import harden
from secure_s3.presign import Presigner, inspect
from secure_s3.profile import REGULATED, SecurityProfile
from tests.presign import support
from tests.presign.support import BUCKET, KEY, KEY_ARN, NOW, session

client = cache(support.client)  # presigning changes nothing in a client that a test could see

NO_LIFE = [0, -1, 1.5, "300", "5m", True, False, None, [], {}, b"300", float("nan"), float("inf"), -(10**30)]
NO_LIFE += [timedelta(0), timedelta(seconds=-5), timedelta(milliseconds=1500)]
NO_KEYS: list[Any] = ["", None, 7, b"bytes", ["k"], "k" * 1025, "ü" * 513, "half \ud800"]
NO_KEYS += ["..", ".", "../k", "a/../k", "a/..", "./k", "a/./b", "a/."]
ODD_KEYS = [
    "/",
    "/leading",
    "//",
    "a//b",
    "trailing/",
    "a+b",
    "a b",
    " a ",
    "a\nb",
    "a\tb",
    "a\x00b",
    "ünïcode",
]
ODD_KEYS += ["日本語", "😀", "a%2Fb", "100%", "a?b", "a#b", "a&b=c", "...", "..a", "a..", "a/...", ".hidden"]
ODD_KEYS += ["a.b/.c", "~", "'\"<>", "k" * 1024, "ü" * 512, "%2e%2e/k", "a\\b", "e\u0301", "\u202e"]
NO_BUCKETS: list[Any] = [
    "",
    None,
    3,
    b"b",
    "a/b",
    "a b",
    "ü",
    "s3://amzn-s3-demo-bucket",
    "a?b",
    "a#b",
    "a:b",
]
NO_BUCKETS += [
    "arn:aws:s3:::amzn-s3-demo-bucket",
    ".",
    "..",
    "a\n",
    "a@evil.example",
    "evil.example/",
    "x" * 256,
]

KINDS = ("get", "head", "put", "upload_part", "post", "get_many")
BOTO3 = ("generate_presigned_url", "generate_presigned_post")


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, at: datetime | None) -> None:
        return None


def make(s3: SecureS3Client, kind: str, bucket: Any = BUCKET, key: Any = KEY, expires_in: Any = 300) -> Any:
    """One URL or form by any of the ways there are."""
    if kind == "upload_part":
        return s3.presign.upload_part(bucket, key, "upload", 1, expires_in)
    if kind == "get_many":
        return s3.presign.get_many(bucket, [key], expires_in)[0]
    if kind == "generate_presigned_url":
        return s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, expires_in)
    if kind == "generate_presigned_post":
        return s3.generate_presigned_post(bucket, key, ExpiresIn=expires_in)
    return getattr(s3.presign, kind)(bucket, key, expires_in)


def read(made: Any) -> Any:
    """What it says about itself, however it was made."""
    return inspect(made)


# --- life -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS + BOTO3)
@pytest.mark.parametrize("seconds", NO_LIFE, ids=repr)
def test_nonsense_expiry(kind: str, seconds: Any) -> None:
    """A life that is no whole number of seconds above zero is refused, and the argument named."""
    with pytest.raises(errors.ConfigurationError, match=r"(?i)expires_?in="):
        make(client(), kind, expires_in=seconds)


@pytest.mark.parametrize("kind", KINDS + BOTO3)
@pytest.mark.parametrize("seconds", [3601, 604_800, 604_801, 10**9, timedelta(days=30), 1e6], ids=repr)
def test_more_than_the_profile_allows(kind: str, seconds: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A life above the profile's ceiling, or S3's seven days, is cut to the ceiling, and that is logged."""
    with caplog.at_level(logging.WARNING, "secure_s3.guard"):
        made = make(support.client(), kind, expires_in=seconds)
    assert read(made).expires_in == 3600
    assert "ceiling" in caplog.text


@pytest.mark.parametrize("kind", KINDS + BOTO3)
def test_a_tighter_profile(kind: str) -> None:
    """The profile's own ceiling counts, not the default one."""
    s3 = client(SseKms(KEY_ARN), profile=REGULATED)
    assert read(make(s3, kind, expires_in=86_400)).expires_in == 900


@pytest.mark.parametrize("kind", KINDS + BOTO3)
@pytest.mark.parametrize("seconds", [1, 300, 300.0, timedelta(minutes=5), 3600], ids=repr)
def test_what_is_allowed_is_given_exactly(kind: str, seconds: Any) -> None:
    """A life within the ceiling is signed as it was asked for, never longer."""
    asked = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    assert read(make(client(), kind, expires_in=seconds)).expires_in == asked


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_is_told(kind: str) -> None:
    """``expires_at`` is when S3 will refuse it: what is signed, to the second."""
    made = make(client(), kind, expires_in=300)
    assert made.expires_at == read(made).expires_at


def test_the_cache_does_not_confuse_lives() -> None:
    """Calls that differ in nothing but their life get each its own."""
    presign = client().presign
    lives = [read(presign.get(BUCKET, KEY, seconds)).expires_in for seconds in (1, 2, 300, 1, 300)]
    assert lives == [1, 2, 300, 1, 300]


def test_true_is_no_second_even_when_one_second_was_asked_before() -> None:
    """A boolean is refused although Python takes it for the number in a cache."""
    presign = client().presign
    presign.get(BUCKET, KEY, 1)
    with pytest.raises(errors.ConfigurationError):
        presign.get(BUCKET, KEY, True)


@pytest.mark.parametrize("kind", ["get", "put", "post"])
@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 1),
        "2026-01-01",
        1700000000,
        ...,
        datetime.max,
        datetime(500, 1, 1, tzinfo=timezone.utc),
        datetime(9500, 1, 1, tzinfo=timezone.utc),
        datetime(2026, 1, 1, tzinfo=Nowhere()),
    ],
    ids=lambda at: f"{at!s:.30}",
)
def test_a_clock_without_a_time_zone(kind: str, at: Any) -> None:
    """A moment without a time zone could be any of 24 hours: it is refused, as is what no date can hold."""
    with pytest.raises(errors.ConfigurationError, match="time zone"):
        getattr(client().presign, kind)(BUCKET, KEY, at=at)


# --- keys and buckets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS + BOTO3)
@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: repr(key)[:20])
def test_keys_that_no_url_can_carry(kind: str, key: Any) -> None:
    """Keys that are no text, too long, or that clients would resolve to another key are refused."""
    with pytest.raises(errors.ConfigurationError):
        make(client(), kind, key=key)


@pytest.mark.parametrize("kind", ["get", "head", "put", "upload_part", "get_many", "generate_presigned_url"])
@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: repr(key)[:20])
def test_keys_that_a_url_can_carry(kind: str, key: str) -> None:
    """Any other key comes out of the URL's path as it went in."""
    made = make(client(), kind, key=key)
    url = made if isinstance(made, str) else made.url
    assert unquote(urlsplit(url).path) == f"/{key}"
    assert inspect(made).key == key
    assert url.isascii()
    assert url.isprintable()


@pytest.mark.parametrize("kind", KINDS + BOTO3)
def test_a_bucket_with_dots_is_path_style(kind: str) -> None:
    """A bucket with dots, which no wildcard certificate covers, stands in the path."""
    found = read(make(client(), kind, bucket="amzn.s3.demo"))
    assert (found.host, found.bucket) == ("s3.eu-west-1.amazonaws.com", "amzn.s3.demo")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bucket", NO_BUCKETS, ids=lambda bucket: repr(bucket)[:24])
def test_buckets_that_are_none(kind: str, bucket: Any) -> None:
    """What is no bucket, alias or ARN of an access point is refused, and never becomes part of a host."""
    with pytest.raises(errors.ConfigurationError):
        make(client(), kind, bucket=bucket)


def test_one_string_is_no_list_of_keys() -> None:
    """``get_many`` refuses a string, whose letters would be taken for keys."""
    with pytest.raises(errors.ConfigurationError, match="one string"):
        client().presign.get_many(BUCKET, "abc")


def test_one_bad_key_among_many() -> None:
    """``get_many`` gives all or nothing."""
    with pytest.raises(errors.ConfigurationError):
        client().presign.get_many(BUCKET, ["a", "b", ".."])


def test_no_keys() -> None:
    """``get_many`` of nothing is nothing."""
    assert client().presign.get_many(BUCKET, []) == []


@pytest.mark.parametrize("part", [0, -1, 10_001, 1.0, "1", True, None])
def test_part_numbers(part: Any) -> None:
    """A part has a number from 1 to 10,000."""
    with pytest.raises(errors.ConfigurationError, match="part_number"):
        client().presign.upload_part(BUCKET, KEY, "upload", part)


@pytest.mark.parametrize("upload", ["", None, 5, b"u"])
def test_upload_ids(upload: Any) -> None:
    """An upload id is text that is not empty."""
    with pytest.raises(errors.ConfigurationError, match="upload_id"):
        client().presign.upload_part(BUCKET, KEY, upload, 1)


# --- encryption -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["put", "upload_part", "post", "generate_presigned_post"])
def test_client_side_encryption_refuses_uploads(kind: str) -> None:
    """Under client-side encryption whoever has the URL would store plaintext: refused, with the way out."""
    s3 = client(ClientSide(RawAesKey("k", bytes(32))))
    with pytest.raises(errors.EncryptionConflict, match="encrypts before it sends") as refused:
        make(s3, kind)
    assert "encryption=" in refused.value.fix


def test_client_side_encryption_of_one_call_refuses_uploads() -> None:
    """A strategy given for one call counts as much as the client's."""
    with pytest.raises(errors.EncryptionConflict):
        client().presign.put(BUCKET, KEY, encryption=ClientSide(RawAesKey("k", bytes(32))))


def test_client_side_encryption_refuses_after_a_url_was_made() -> None:
    """What was found out for one strategy is not used for another."""
    presign = client().presign
    presign.put(BUCKET, KEY)
    with pytest.raises(errors.EncryptionConflict):
        presign.put(BUCKET, KEY, encryption=ClientSide(RawAesKey("k", bytes(32))))
    assert presign.put(BUCKET, KEY).required_headers["x-amz-server-side-encryption"] == "AES256"


@pytest.mark.parametrize("kind", ["get", "head", "put", "upload_part"])
def test_customer_keys_are_headers_only(kind: str) -> None:
    """An SSE-C key is among the headers to send, signed, and neither in the URL nor in any repr."""
    made = make(client(SseC(b"k" * 32)), kind)
    secret = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    assert made.required_headers["x-amz-server-side-encryption-customer-key"] == secret
    assert "x-amz-server-side-encryption-customer-key" in inspect(made).signed_headers
    for shown in (made.url, unquote(made.url), repr(made), str(made), repr(made.required_headers)):
        assert secret not in shown


def test_customer_keys_in_forms() -> None:
    """A form would give an SSE-C key to every browser: refused."""
    with pytest.raises(errors.ConfigurationError, match="SSE-C"):
        client(SseC(b"k" * 32)).presign.post(BUCKET, KEY)


def test_strategies_that_the_profile_forbids() -> None:
    """A strategy that the profile does not allow signs nothing."""
    s3 = client(SseKms(KEY_ARN), profile=REGULATED)
    for kind in ("get", "put", "post"):
        with pytest.raises(errors.NotAllowedByProfile):
            getattr(s3.presign, kind)(BUCKET, KEY, encryption=SseS3())


@pytest.mark.parametrize("kind", ["put", "post"])
def test_a_client_without_a_strategy_signs_no_upload(kind: str) -> None:
    """Without a configured encryption nothing may be written, by URL or form either."""
    presign = Presigner(harden(session().client("s3"), None))
    with pytest.raises(errors.ConfigurationError, match="no encryption strategy"):
        getattr(presign, kind)(BUCKET, KEY)
    assert presign.get(BUCKET, KEY).method == "GET"


def test_a_client_that_is_not_hardened() -> None:
    """A plain boto3 client is refused."""
    with pytest.raises(errors.ConfigurationError, match="hardened"):
        Presigner(session().client("s3"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_expected_owner_is_signed(kind: str) -> None:
    """Under a profile that expects an owner, URLs say so: in the query for browsers, else as a header."""
    s3 = client(profile=SecurityProfile(expected_bucket_owner="111122223333"))
    made = make(s3, kind)
    found = inspect(made)
    if kind in ("get", "head", "get_many"):
        assert ("x-amz-expected-bucket-owner", "111122223333") in found.parameters
        assert made.required_headers == {}
    elif kind != "post":
        assert made.required_headers["x-amz-expected-bucket-owner"] == "111122223333"


def test_the_expected_owner_in_boto3s_urls() -> None:
    """The same holds for ``generate_presigned_url``, so that a browser can follow it."""
    s3 = client(profile=SecurityProfile(expected_bucket_owner="111122223333"))
    found = inspect(s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY}))
    assert found.signed_headers == ()
    assert ("x-amz-expected-bucket-owner", "111122223333") in found.parameters


def test_another_moment() -> None:
    """The clock is an argument."""
    made = client().presign.get(BUCKET, KEY, 60, at=NOW)
    assert "X-Amz-Date=20260228T235958Z" in made.url
    assert made.expires_at == NOW + timedelta(seconds=60)
    assert made == client().presign.get(BUCKET, KEY, 60, at=NOW + timedelta(microseconds=999_999))


def test_headers_of_one_url_are_its_own() -> None:
    """Who changes the headers of one URL changes those of no other."""
    presign = client().presign
    first = presign.put(BUCKET, KEY, content_type="text/plain")
    first.required_headers["authorization"] = "somebody's"  # type: ignore[index]
    first.required_headers.pop("content-type")  # type: ignore[attr-defined]
    second = presign.put(BUCKET, KEY, content_type="text/plain")
    assert second.required_headers == {"x-amz-server-side-encryption": "AES256", "content-type": "text/plain"}


def test_urls_can_be_in_sets() -> None:
    """Two equal URLs are one in a set."""
    assert len({client().presign.get(BUCKET, KEY, at=NOW), client().presign.get(BUCKET, KEY, at=NOW)}) == 1


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("put_object_acl", {"Bucket": BUCKET, "Key": KEY}),
        ("put_bucket_acl", {"Bucket": BUCKET}),
        ("put_bucket_policy", {"Bucket": BUCKET, "Policy": "{}"}),
        ("put_public_access_block", {"Bucket": BUCKET, "PublicAccessBlockConfiguration": {}}),
        ("put_bucket_ownership_controls", {"Bucket": BUCKET, "OwnershipControls": {"Rules": []}}),
        ("restore_object", {"Bucket": BUCKET, "Key": KEY}),
    ],
)
def test_bodies_that_decide_access(method: str, parameters: dict[str, Any]) -> None:
    """An operation whose body says who has access is not presigned: the body would be the holder's."""
    with pytest.raises(errors.ConfigurationError, match="body is not signed"):
        client().generate_presigned_url(method, parameters)


def test_a_canned_acl_is_in_the_signature() -> None:
    """An ACL that stands in a header is signed, and stays possible."""
    url = client().generate_presigned_url("put_object_acl", {"Bucket": BUCKET, "Key": KEY, "ACL": "private"})
    assert "x-amz-acl" in inspect(url).signed_headers


def test_no_guard_of_a_client_makes_longer_urls() -> None:
    """No public method of a guarded client gets past the profile's ceiling."""
    s3 = client()
    names = [name for name in dir(s3._client) if "presign" in name and not name.startswith("_")]
    assert names == ["generate_presigned_post", "generate_presigned_url"]


@pytest.mark.parametrize("kind", ["put", "get"])
def test_no_secret_in_what_is_kept(kind: str) -> None:
    """What is kept between calls shows neither keys nor secrets, nor does a traceback with its locals."""
    s3 = client(SseC(b"k" * 32))
    make(s3, kind)
    lanes = s3.presign._lanes
    shown = repr([lanes._keys, lanes._grounds, list(lanes._recent.values()), vars(lanes)])
    try:
        s3.presign.put(BUCKET, KEY, metadata={"a": "ü"})
    except errors.ConfigurationError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += "".join(told.format())
    for secret in (support.SECRET_KEY, "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="):
        assert secret not in shown
