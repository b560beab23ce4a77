"""What a URL or form says about itself, and whether it holds; nothing secret is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import SseC, SseS3
from secure_s3.errors import ConfigurationError, SignatureError
from secure_s3.presign import Inspection, PresignedPost, PresignedUrl, inspect, verify
from secure_s3.sigv4 import Credentials, SigningKey, UrlSigner
from tests.presign.support import (
    ACCESS_KEY,
    BUCKET,
    KEY,
    NOW,
    PLACES,
    SECRET_KEY,
    TOKEN,
    WEEK,
    Place,
    client,
    raw_client,
    session,
    stopped_botocore,
)

OWN, TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY), Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
SECOND = timedelta(seconds=1)
CUSTOMER_KEY = base64.b64encode(bytes(range(32))).decode()
CUSTOMER_HEADER = "x-amz-server-side-encryption-customer-key"
S3 = client(SseS3())
URL = S3.presign.put(BUCKET, KEY, at=NOW, content_type="text/plain")
POST = S3.presign.post(BUCKET, KEY, at=NOW, content_length_range=(1, 9))
BOTO3_POST = {"url": POST.url, "fields": dict(POST.fields)}


def an_url(host: str, path: str = "/k", scheme: str = "https", life: int = 60, more: str = "") -> str:
    """A URL that looks like a presigned one."""
    return (
        f"{scheme}://{host}{path}?{more}X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIDEXAMPLE%2F20260301%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20260301T120000Z&X-Amz-Expires={life}&X-Amz-SignedHeaders=host"
        f"&X-Amz-Signature={'0' * 64}"
    )


def a_form(
    *conditions: Any, url: str = POST.url, expiration: str = "2026-03-01T00:00:00Z", **fields: str
) -> Any:
    """A form that looks like a presigned one."""
    policy = json.dumps({"expiration": expiration, "conditions": conditions})
    return {
        "url": url,
        "fields": {**POST.fields, "policy": base64.b64encode(policy.encode()).decode(), **fields},
    }


# --- where it leads -------------------------------------------------------------------------------------

BUCKETS = {
    "access point": "finance-111122223333",
    "object lambda": "finance-111122223333",
    "outpost": "finance-111122223333.op-01234567890123456",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_boto3s_urls(place: Place) -> None:
    """Bucket, key, region and life of what boto3 signs for every kind of address are told."""
    with stopped_botocore():
        url = raw_client(place, TOKEN).generate_presigned_url(
            "get_object",
            {"Bucket": place.bucket, "Key": "a b/ü%2F+.pdf", "VersionId": "7", "Range": "bytes=0-1"},
            60,
        )
    found = inspect(url)
    if place.name == "own endpoint with a path":
        assert (found.bucket, found.key) == ("store", f"{BUCKET}/a b/ü%2F+.pdf")
    else:
        assert (found.bucket, found.key) == (BUCKETS.get(place.name, place.bucket), "a b/ü%2F+.pdf")
    assert found.region == {"access point": "us-west-2", "object lambda": "us-west-2"}.get(
        place.name, place.region
    )
    assert (found.kind, found.access_key, found.temporary) == ("url", ACCESS_KEY, True)
    assert (found.signed_at, found.expires_in) == (NOW, 60)
    assert found.expires_at == NOW + 60 * SECOND
    assert (found.signed_headers, found.parameters) == (("range",), (("versionId", "7"),))
    assert found.warnings == ()
    verify(url, TEMPORARY, at=NOW, headers={"Range": "bytes=0-1"})


@pytest.mark.parametrize(
    "bucket", ["s3", "s3.s3", "my-s3-logs", "s3-logs", "x.s3.y", "s3.eu-west-1", "bucket", "amazonaws.com"]
)
@pytest.mark.parametrize(
    "host", ["s3.eu-west-1", "s3-fips.dualstack.us-east-2", "s3-accelerate", "s3-eu-west-1", "s3"]
)
def test_buckets_that_look_like_hosts(bucket: str, host: str) -> None:
    """A bucket whose name looks like S3's own host is told right, before the host and in the path."""
    before, within = (
        inspect(an_url(f"{bucket}.{host}.amazonaws.com")),
        inspect(an_url(f"{host}.amazonaws.com", f"/{bucket}/k")),
    )
    assert (before.bucket, before.key) == (within.bucket, within.key) == (bucket, "k")


@pytest.mark.parametrize(
    ("host", "path", "place"),
    [
        ("b.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "/k/l", ("b", "k/l")),
        ("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "/b/k", ("b", "k")),
        ("ap-1.accesspoint.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "/k", ("ap-1", "k")),
        ("b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com", "/k", ("b--usw2-az1--x-s3", "k")),
        ("b.s3.cn-north-1.amazonaws.com.cn", "/k", ("b", "k")),
        ("B.S3.EU-WEST-1.AMAZONAWS.COM", "/K", ("b", "K")),
        ("b.s3.eu-west-1.amazonaws.com.evil.example", "/k/l", ("k", "l")),
        ("b.s3.example.com", "/k/l", ("k", "l")),
        ("s3.eu-west-1.amazonaws.com", "/b", ("b", "")),
        ("s3.eu-west-1.amazonaws.com", "/", ("", "")),
        ("s3.eu-west-1.amazonaws.com", "", ("", "")),
        ("b.s3.eu-west-1.amazonaws.com", "//a//b/", ("b", "/a//b/")),
        ("[::1]:9000", "/b/k", ("b", "k")),
    ],
)
def test_places(host: str, path: str, place: tuple[str, str]) -> None:
    """Host and path give bucket and key as S3 reads them; what is not AWS's is taken for path style."""
    found = inspect(an_url(host, path))
    assert (found.bucket, found.key) == place
    assert "word" not in repr(found)


# --- forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("presigned", [POST, BOTO3_POST, {**BOTO3_POST, "expires_at": "x"}])
def test_forms(presigned: Any) -> None:
    """A form, ours or boto3's dictionary, tells key, bucket, life and what its policy demands."""
    found = inspect(presigned)
    assert (found.kind, found.bucket, found.key) == ("post", BUCKET, KEY)
    assert (found.signed_at, found.expires_in, found.temporary) == (NOW, 300, False)
    assert ["content-length-range", 1, 9] in found.conditions
    assert {"bucket": BUCKET} in found.conditions
    assert "AWS4-HMAC-SHA256" not in str(found)
    assert found.warnings == ()
    assert verify(presigned, OWN, at=NOW) == found


@pytest.mark.parametrize(
    "place", [place for place in PLACES if ":" not in place.bucket], ids=lambda place: place.name
)
def test_boto3s_forms(place: Place) -> None:
    """Forms of boto3 are read for every kind of address that takes them, with a token that is not told."""
    with stopped_botocore():
        form = raw_client(place, TOKEN).generate_presigned_post(place.bucket, "u/${filename}", ExpiresIn=60)
    found = verify(form, TEMPORARY, at=NOW)
    assert found.bucket == ("store" if place.name == "own endpoint with a path" else place.bucket)
    assert (found.key, found.temporary, found.expires_in) == ("u/${filename}", True, 60)
    assert TOKEN not in str(found) + json.dumps(found.to_dict())
    assert found.warnings == ("no limit of size: up to 5 GiB",)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"x-amz-security-token": TOKEN}, None),
        (["eq", "$x-amz-security-token", TOKEN], None),
        (["eq", "$X-Amz-Security-Token", TOKEN], None),
        ({"x-amz-security-token": TOKEN, "acl": "public-read"}, {"acl": "public-read"}),
        ({CUSTOMER_HEADER: CUSTOMER_KEY}, {CUSTOMER_HEADER: "***"}),
        (["eq", f"${CUSTOMER_HEADER}", CUSTOMER_KEY], ["eq", f"${CUSTOMER_HEADER}", "***"]),
        (["starts-with", "$key", ""], ["starts-with", "$key", ""]),
        (["one"], ["one"]),
        ("text", "text"),
        (7, 7),
    ],
)
def test_told_conditions(condition: Any, told: Any) -> None:
    """Conditions are told without tokens and keys, whatever their shape."""
    found = inspect(a_form(condition))
    assert found.conditions == (() if told is None else (told,))
    assert TOKEN not in str(found)
    assert CUSTOMER_KEY not in str(found)


@pytest.mark.parametrize("host", ["b.s3.eu-west-1.amazonaws.com", "B.S3.EU-WEST-1.AMAZONAWS.COM"])
def test_hosts_of_forms(host: str) -> None:
    """The bucket of a form is read off its host in any case."""
    assert inspect(a_form(url=f"https://{host}/")).bucket.lower() == "b"


@pytest.mark.parametrize(
    "host",
    [
        "user:word@b.s3.amazonaws.com",
        "evil.example\\@b.s3.amazonaws.com",
        "evil.example\\.b.s3.amazonaws.com",
    ],
)
def test_hosts_that_browsers_read_otherwise(host: str) -> None:
    """A URL or form that leads a browser to another host than it seems is malformed; no name is told."""
    for presigned in (an_url(host), a_form(url=f"https://{host}/")):
        with pytest.raises(SignatureError, match="another host") as refused:
            inspect(presigned)
        assert "word" not in str(refused.value)


@pytest.mark.parametrize(
    ("region", "service", "told"),
    [
        ("eu-west-1", "sts", 'incorrect service "sts"'),
        ("eu-west-1", "ec2", 'incorrect service "ec2"'),
        ("us-east-1", "s3", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
    ],
)
def test_signed_for_another_place(region: str, service: str, told: str) -> None:
    """A signature for another service, or for another region than the host's, does not hold, as at S3."""
    key = SigningKey(SECRET_KEY, f"{NOW:%Y%m%d}", region, service)
    signer = UrlSigner(
        key,
        OWN,
        method="GET",
        origin="https://b.s3.eu-west-1.amazonaws.com",
        prefix="",
        signed_at=f"{NOW:%Y%m%dT%H%M%SZ}",
        expires_in=300,
    )
    with pytest.raises(SignatureError, match=told) as refused:
        verify(signer.url("/k"), OWN, at=NOW)
    assert refused.value.code == "AuthorizationQueryParametersError"


def test_the_global_host() -> None:
    """The global host names no region, and takes a signature for any."""
    key = SigningKey(SECRET_KEY, f"{NOW:%Y%m%d}", "eu-west-1")
    signer = UrlSigner(
        key,
        OWN,
        method="GET",
        origin="https://b.s3.amazonaws.com",
        prefix="",
        signed_at=f"{NOW:%Y%m%dT%H%M%SZ}",
        expires_in=300,
    )
    assert verify(signer.url("/k"), OWN, at=NOW).region == "eu-west-1"


# --- warnings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("presigned", "warning"),
    [
        (an_url("b.s3.amazonaws.com", scheme="http"), "it leads to http, not to https"),
        (an_url("b.s3.amazonaws.com", scheme="ftp"), "it leads to ftp, not to https"),
        (an_url("b.s3.amazonaws.com")[6:], "it leads to no scheme, not to https"),
        (an_url("b.s3.amazonaws.com", life=43_201), "it lives 12:00:01"),
        (an_url("b.s3.amazonaws.com", life=604_800), "it lives 7 days, 0:00:00"),
        (an_url("b.s3.amazonaws.com", more=f"{CUSTOMER_HEADER}=a&"), "it holds an SSE-C key"),
        (an_url("b.s3.amazonaws.com", more=f"{CUSTOMER_HEADER.title()}=a&"), "it holds an SSE-C key"),
        (a_form(["content-length-range", 1, 9], url="http://s3.amazonaws.com/b"), "it leads to http"),
        (a_form(["content-length-range", 1, 9], expiration="2099-01-01T00:00:00Z"), "it lives "),
        (a_form(["content-length-range", 1, 9], **{CUSTOMER_HEADER: "a"}), "it holds an SSE-C key"),
        (a_form(), "no limit of size"),
    ],
)
def test_warnings(presigned: Any, warning: str) -> None:
    """What makes a URL or form weaker than it should be is told, once."""
    [found] = inspect(presigned).warnings
    assert found.startswith(warning)


@pytest.mark.parametrize("life", [1, 3600, 43_200])
def test_no_warning(life: int) -> None:
    """An https URL of up to twelve hours without a key gets no warning."""
    assert inspect(an_url("b.s3.amazonaws.com", life=life)).warnings == ()


@pytest.mark.parametrize(
    "name",
    [
        CUSTOMER_HEADER,
        f"x-amz-copy-source{CUSTOMER_HEADER[5:]}",
        "X-Amz-S3session-Token",
        "x-amz-security-token",
    ],
)
def test_secrets_in_a_query_are_not_told(name: str) -> None:
    """Keys and tokens that stand in a URL are not told, by no way to print what was found."""
    found = inspect(an_url("b.s3.amazonaws.com", more=f"{name}=S3CR3T&"))
    assert "S3CR3T" not in repr(found) + str(found) + json.dumps(found.to_dict())


# --- Signature Version 2 --------------------------------------------------------------------------------


def old_client() -> Any:
    config = Config(signature_version="s3", s3={"addressing_style": "virtual"})
    return session().client("s3", region_name="eu-west-1", config=config)


@pytest.mark.parametrize(
    "make",
    [
        lambda s3: s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY}),
        lambda s3: s3.generate_presigned_post(BUCKET, KEY),
    ],
)
def test_signature_version_2(make: Callable[[Any], Any]) -> None:
    """What boto3 signs with Signature Version 2 is refused with the reason."""
    presigned = make(old_client())
    for look in (inspect, lambda old: verify(old, OWN, at=NOW)):
        with pytest.raises(SignatureError, match="Signature Version 2") as caught:
            look(presigned)
        assert caught.value.code == "InvalidRequest"


# --- what holds -----------------------------------------------------------------------------------------


def test_verify() -> None:
    """A PresignedUrl is verified for its own method and headers, and inspected."""
    assert verify(URL, OWN, at=NOW) == inspect(URL) == inspect(URL.url)
    verify(URL.url, OWN, at=NOW, method="put", headers={"Content-Type": "text/plain", **URL.required_headers})
    verify(URL, session().get_credentials().get_frozen_credentials(), at=NOW)
    verify(URL, session().get_credentials(), at=NOW)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"method": "GET"}, "SignatureDoesNotMatch"),
        ({"headers": {}}, "SignatureDoesNotMatch"),
        ({"headers": {**URL.required_headers, "content-type": "text/html"}}, "SignatureDoesNotMatch"),
        ({"headers": {**URL.required_headers, "X-Amz-Acl": "public-read"}}, "AccessDenied"),
        ({"headers": {**URL.required_headers, "x-amz-meta-a": "\ud800"}}, "AccessDenied"),
        ({"headers": {**URL.required_headers, "content-type": "\ud800"}}, "SignatureDoesNotMatch"),
        ({"at": NOW + 300 * SECOND}, "AccessDenied"),
        ({"at": NOW - 901 * SECOND}, "AccessDenied"),
        ({"credentials": Credentials("AKIAOTHER", SECRET_KEY)}, "InvalidAccessKeyId"),
        ({"credentials": Credentials(ACCESS_KEY, "other")}, "SignatureDoesNotMatch"),
        ({"credentials": TEMPORARY}, "InvalidToken"),
    ],
)
def test_what_does_not_hold(arguments: dict[str, Any], code: str) -> None:
    """Another method, header, time or signer is refused with S3's code."""
    with pytest.raises(SignatureError) as caught:
        verify(URL, **{"credentials": OWN, "at": NOW, **arguments})
    assert caught.value.code == code
    assert SECRET_KEY not in str(caught.value) + str(vars(caught.value))


def test_a_plain_url_is_taken_for_a_get() -> None:
    """The method of a URL alone is taken to be GET: one that was signed for PUT does not hold."""
    with pytest.raises(SignatureError):
        verify(URL.url, OWN, at=NOW, headers=URL.required_headers)
    verify(S3.presign.get(BUCKET, KEY, at=NOW).url, OWN, at=NOW)


def test_required_headers_hold_an_sse_c_key() -> None:
    """A URL under SSE-C holds with its key, which is not told, and without it does not."""
    made = client(SseC(bytes(range(32)))).presign.get(BUCKET, KEY, at=NOW)
    found = verify(made, OWN, at=NOW)
    assert CUSTOMER_HEADER in found.signed_headers
    assert CUSTOMER_KEY not in str(found)
    with pytest.raises(SignatureError) as caught:
        verify(made, OWN, at=NOW, headers={**made.required_headers, CUSTOMER_HEADER: CUSTOMER_KEY[::-1]})
    assert CUSTOMER_KEY not in str(vars(caught.value))


@pytest.mark.parametrize("at", [NOW + 300 * SECOND, NOW + 301 * SECOND])
def test_expired(at: datetime) -> None:
    """``expired`` and ``verify`` agree on the second of the end."""
    for presigned in (URL, POST):
        assert inspect(presigned).expired(at)
        assert not inspect(presigned).expired(at - 2 * SECOND)
        with pytest.raises(SignatureError):
            verify(presigned, OWN, at=at)


# --- nonsense -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "presigned", [None, 7, b"https://x", ["https://x"], object(), {}, {"url": "x"}, {"fields": {}}]
)
def test_nothing_presigned(presigned: Any) -> None:
    """What is no URL or form is refused, and not taken apart."""
    for look in (inspect, lambda value: verify(value, OWN, at=NOW)):
        with pytest.raises(ConfigurationError):
            look(presigned)


@pytest.mark.parametrize(
    "presigned",
    [
        "",
        "https://example.com",
        "s3://bucket/key",
        {"url": POST.url, "fields": {}},
        {"url": "https://[", "fields": BOTO3_POST["fields"]},
        {"url": POST.url, "fields": {**POST.fields, "policy": "e30="}},
        {"url": POST.url, "fields": {**POST.fields, "policy": None}},
        {"url": POST.url, "fields": {**POST.fields, "x-amz-date": 7}},
        {"url": POST.url, "fields": {1: 2}},
        PresignedUrl("", "GET", {}, NOW),
        PresignedPost("", {}, NOW),
    ],
)
def test_malformed(presigned: Any) -> None:
    """A URL or form that is malformed is refused as S3 would."""
    with pytest.raises(SignatureError) as caught:
        inspect(presigned)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "arguments",
    [
        {"at": NOW.replace(tzinfo=None)},
        {"at": datetime(2026, 3, 1)},
        {"at": datetime.max.replace(tzinfo=timezone.utc)},
        {"at": datetime.min.replace(tzinfo=timezone.utc)},
        {"at": 1_800_000_000},
        {"at": "2026-03-01"},
        {"method": 7},
        {"method": b"GET"},
        {"headers": "content-type: a"},
        {"headers": [("content-type", "a")]},
        {"credentials": None},
        {"credentials": SECRET_KEY},
        {"credentials": (ACCESS_KEY, SECRET_KEY)},
        {"credentials": {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "token": None}},
        {"credentials": boto3.Session()},
    ],
)
def test_nonsense_arguments(arguments: dict[str, Any]) -> None:
    """An argument of the wrong kind is refused and named; what it holds may be secret and is not told."""
    for presigned in (URL, POST):
        with pytest.raises(ConfigurationError) as caught:
            verify(presigned, **{"credentials": OWN, "at": NOW, **arguments})
        assert SECRET_KEY not in str(caught.value)


@given(st.text(max_size=100), st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=4))
def test_any_text(text: str, fields: dict[str, str]) -> None:
    """Any text, and any fields, are refused with a SignatureError and nothing else."""
    for presigned in (text, {"url": text, "fields": fields}):
        with pytest.raises(SignatureError):
            inspect(presigned)


@given(st.text(max_size=100))
def test_any_address_of_a_form(text: str) -> None:
    """A form with any text for its URL is told or refused, and nothing else comes out."""
    try:
        found = inspect({"url": text, "fields": dict(POST.fields)})
    except SignatureError:
        return
    assert isinstance(found, Inspection)


def test_to_dict() -> None:
    """``to_dict`` gives everything as plain values."""
    told = inspect(URL).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert set(told) == set(Inspection.__slots__)
    assert (told["signed_at"], told["expires_in"]) == ("2026-02-28T23:59:58+00:00", 300)


def test_long_lives_of_our_own() -> None:
    """A profile that allows a week gets the warning as others do."""
    made = client(profile=WEEK).presign.get(BUCKET, KEY, 604_800, at=NOW)
    assert "7 days" in inspect(made).warnings[0]
