"""Presigned URLs verified: what holds, what is refused with S3's code, and what is taken for the same."""

from __future__ import annotations

import string
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.errors import SignatureError
from secure_s3.sigv4 import Credentials, SignedUrl, parse_url
from tests.presign.support import ACCESS_KEY as PLACES_ACCESS_KEY
from tests.presign.support import KEY, NOW, PLACES, Place, raw_client, stopped_botocore
from tests.presign.support import SECRET_KEY as PLACES_SECRET_KEY
from tests.presign.support import TOKEN as PLACES_TOKEN

from .support import (
    ACCESS_KEY,
    CUSTOMER_KEY,
    ENDS,
    HOST,
    LIFE,
    PERMANENT,
    SCOPE,
    SECOND,
    SECRET_KEY,
    SIGNED_AT,
    TEMPORARY,
    TOKEN,
    assert_tells_no_secret,
    check,
    refused,
    signed,
    with_parameter,
)

CUSTOMER_HEADER = "x-amz-server-side-encryption-customer-key"
HEADERS = {"content-type": "text/plain", CUSTOMER_HEADER: CUSTOMER_KEY}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True).filter(lambda name: name != "host")
VALUES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20)
SKEW = timedelta(minutes=15)


# --- round trips ----------------------------------------------------------------------------------------


@given(
    TEXT.filter(bool),
    st.lists(st.tuples(TEXT.filter(lambda name: name and not name.lower().startswith("x-amz-")), TEXT)),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.sampled_from([PERMANENT, TEMPORARY]),
    st.integers(1, 604_800),
)
def test_what_is_signed_holds(
    key: str, query: Any, headers: dict[str, str], credentials: Credentials, life: int
) -> None:
    """Any key, query, headers, token and life verify again, and are read as they were given."""
    url = signed(key, query=tuple(query), headers=headers, credentials=credentials, expires_in=life)
    check(url, headers=headers, credentials=credentials)
    read = parse_url(url)
    assert unquote_to_bytes(read.path) == b"/" + key.encode()
    assert list(read.parameters) == list(query)
    assert set(read.signed_headers) == {*headers, "host"}
    assert (read.token, read.expires_in) == (credentials.token, life)
    assert read.expires_at == SIGNED_AT + timedelta(seconds=life)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
@pytest.mark.parametrize("token", [None, PLACES_TOKEN], ids=["permanent", "temporary"])
def test_verdicts_on_botocores_urls(place: Place, token: str | None) -> None:
    """What botocore signs holds for its method, headers and life, and for nothing else."""
    credentials = Credentials(PLACES_ACCESS_KEY, PLACES_SECRET_KEY, token)
    parameters = {"Bucket": place.bucket, "Key": KEY, "ContentType": "text/plain", "Metadata": {"a": "b"}}
    with stopped_botocore():
        url = raw_client(place, token).generate_presigned_url("put_object", parameters, 60)
    headers = {"content-type": "text/plain", "x-amz-meta-a": "b"}
    check(url, "PUT", headers, credentials=credentials, at=NOW)
    check(url, "PUT", headers, credentials=credentials, at=NOW + 59 * SECOND)
    others: list[tuple[str, Any, Credentials, datetime]] = [
        ("GET", headers, credentials, NOW),
        ("PUT", {**headers, "content-type": "text/html"}, credentials, NOW),
        ("PUT", {"content-type": "text/plain"}, credentials, NOW),
        ("PUT", {**headers, "x-amz-acl": "public-read"}, credentials, NOW),
        ("PUT", headers, Credentials(PLACES_ACCESS_KEY, SECRET_KEY, token), NOW),
        ("PUT", headers, Credentials(ACCESS_KEY, PLACES_SECRET_KEY, token), NOW),
        ("PUT", headers, Credentials(PLACES_ACCESS_KEY, PLACES_SECRET_KEY, "other"), NOW),
        ("PUT", headers, credentials, NOW + 60 * SECOND),
        ("PUT", {**headers, "host": "evil.example.com"}, credentials, NOW),
    ]
    for method, sent, whose, at in others:
        refused(url, method, sent, credentials=whose, at=at)


# --- every change ---------------------------------------------------------------------------------------


def meaning(url: str) -> Any:
    """What reaches S3 of a URL: host, bytes of the path, and the query's pairs in their order by name."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return (parts.hostname, parts.port or 443, unquote_to_bytes(parts.path), sorted(pairs))


def kind_of(changed: str, original: str) -> str:
    """Which of the equivalences a changed URL that holds makes use of."""
    parts, before = urlsplit(changed), urlsplit(original)
    if parts.scheme != before.scheme:
        return "scheme"
    if parts.netloc != before.netloc:
        return "host written otherwise"
    if parts.fragment or changed.endswith("#"):
        return "fragment"
    if parts.path != before.path:
        return "path encoded otherwise"
    if [text for text in parts.query.split("&") if text] == before.query.split("&"):
        return "empty parameter"
    return "query encoded otherwise"


def test_every_change_of_one_character() -> None:
    """A URL with one character replaced, put in or left out is refused, or means the very same request.

    The same is: another scheme (nothing signs it), the host in capitals or behind an empty user or port, a
    fragment, empty parameters, and another way to percent-encode the same bytes.
    """
    url = signed(headers={"content-type": "text/plain"}, query=(("versionId", "a+b c/d~"), ("x", "")))
    letters = "%2fFaA0/+ &=#?;:@.~\\\t\n\x00é[" + "X"
    accepted: Counter[str] = Counter()
    for position in range(len(url) + 1):
        before, after = url[:position], url[position:]
        candidates = {before + after[1:], before + after[:1].swapcase() + after[1:]}
        for letter in letters:
            candidates |= {before + letter + after, before + letter + after[1:]}
        for changed in candidates - {url}:
            try:
                check(changed, headers={"content-type": "text/plain"})
            except SignatureError as error:
                assert_tells_no_secret(error)
                continue
            assert meaning(changed) == meaning(url), changed
            accepted[kind_of(changed, url)] += 1
    assert set(accepted) == {
        "scheme",
        "host written otherwise",
        "fragment",
        "path encoded otherwise",
        "empty parameter",
        "query encoded otherwise",
    }


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(string.printable + "é\ud800"))))
@settings(max_examples=200)
def test_many_changes(changes: list[tuple[int, str]]) -> None:
    """Whatever characters are replaced, only a refusal comes out, or the very same request."""
    url = signed()
    letters = list(url)
    for position, letter in changes:
        letters[position % len(letters)] = letter
    changed = "".join(letters)
    try:
        check(changed)
    except SignatureError as error:
        assert_tells_no_secret(error)
    else:
        assert meaning(changed) == meaning(url)


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("https://", "https://user:password@"),
        lambda url: url.replace("https://", "https://evil.example\\@"),
        lambda url: url.replace("/reports", "\\reports"),
    ],
)
def test_urls_that_browsers_read_otherwise(change: Any) -> None:
    """User names and backslashes, by which a browser goes elsewhere than it seems, are malformed."""
    assert change(signed()) != signed()
    with pytest.raises(SignatureError, match="another host"):
        check(change(signed()))


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("%C3%BC", "%c3%bc"),
        lambda url: url.replace("reports", "%72eports"),
        lambda url: url.replace("reports/", "reports%2F"),
        lambda url: url.replace("b%20c", "b+c"),
        lambda url: url.replace("versionId=", "version%49d="),
        lambda url: url.replace("?", "?&") + "&",
        lambda url: url.replace(HOST, HOST.upper() + ":443"),
        lambda url: url.replace("https", "http"),
        lambda url: url + "#page=2",
        lambda url: url.partition("?")[0] + "?" + "&".join(reversed(url.partition("?")[2].split("&"))),
    ],
)
def test_accepted_equivalences(change: Any) -> None:
    """Another way to write the same host, path and query holds; scheme and fragment are not signed."""
    assert change(signed()) != signed()
    check(change(signed()))


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("a%2Bb", "a+b"),
        lambda url: url.replace("%20", "%2520"),
        lambda url: url.replace("/reports/", "/reports//"),
        lambda url: url.replace("/reports/", "/./reports/"),
        lambda url: url.replace("/reports/", "/x/../reports/"),
        lambda url: url.replace("reports", "Reports"),
        lambda url: url.replace("%C3%BC", "u%CC%88"),
        lambda url: url.replace("versionId=", "versionid="),
        lambda url: url + "&versionId=a%2Bb%20c",
        lambda url: url + "&response-content-type=text%2Fhtml",
        lambda url: url.replace(HOST, HOST + "."),
        lambda url: url.replace(HOST, HOST + ":80"),
        lambda url: url.replace(HOST, "evil.example.com"),
        lambda url: with_parameter(url, "X-Amz-Signature", parse_url(url).signature.upper()),
        lambda url: with_parameter(url, "X-Amz-Signature", parse_url(url).signature[:-1]),
        lambda url: with_parameter(url, "X-Amz-Signature", ""),
        lambda url: with_parameter(url, "X-Amz-Signature", "ä" * 64),
        lambda url: with_parameter(url, "X-Amz-Expires", "604800"),
        lambda url: with_parameter(url, "X-Amz-Expires", "0300"),
        lambda url: with_parameter(url, "X-Amz-Date", "20260301T120001Z"),
        lambda url: with_parameter(
            url, "X-Amz-Credential", f"{ACCESS_KEY}/20260301/us-east-1/s3/aws4_request"
        ),
        lambda url: with_parameter(
            url, "X-Amz-Credential", f"{ACCESS_KEY}/20260301/eu-west-1/iam/aws4_request"
        ),
        lambda url: with_parameter(url, "X-Amz-SignedHeaders", "host;range"),
        lambda url: with_parameter(url, "X-Amz-SignedHeaders", "host;host"),
    ],
)
def test_changes_that_do_not_match(change: Any) -> None:
    """Whatever changes the request itself gives another signature."""
    error = refused(change(signed()))
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.why.startswith("The request signature we calculated does not match")
    assert set(error.fields) >= {"AWSAccessKeyId", "StringToSign", "CanonicalRequest"}


# --- method and headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "put", "", "PUT\n/"])
def test_another_method(method: str) -> None:
    """A URL holds for the one method that it was signed for."""
    url = signed(method="PUT")
    check(url, "PUT")
    assert refused(url, method).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "sent",
    [
        {"content-type": "text/plain"},
        {CUSTOMER_HEADER: CUSTOMER_KEY},
        {},
        {**HEADERS, "content-type": "text/html"},
        {**HEADERS, "content-type": "Text/plain"},
        {**HEADERS, CUSTOMER_HEADER: CUSTOMER_KEY.lower()},
        {**HEADERS, "content-type": ""},
        {**HEADERS, "content-type": "\ud800"},
        {**HEADERS, "host": "evil.example.com"},
    ],
)
def test_signed_headers(sent: dict[str, str]) -> None:
    """A signed header that is missing or has another value breaks the signature, and is not told."""
    url = signed(method="PUT", headers=HEADERS)
    check(url, "PUT", HEADERS)
    assert refused(url, "PUT", sent).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("value", ["text/plain", " text/plain ", "text/plain\t"])
def test_white_space_around_headers(value: str) -> None:
    """White space around a header's value is not part of it."""
    check(signed(headers=HEADERS), headers={**HEADERS, "content-type": value})


@pytest.mark.parametrize(
    "name",
    [
        "x-amz-acl",
        "x-amz-server-side-encryption",
        CUSTOMER_HEADER,
        "x-amz-meta-a",
        "x-amz-",
        "x-amz-security-token",
    ],
)
def test_unsigned_amz_headers(name: str) -> None:
    """A header of S3's that was not signed is refused and named, not ignored; its value is not told."""
    error = refused(signed(), headers={name: CUSTOMER_KEY})
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.why == "There were headers present in the request which were not signed"
    assert error.fields == {"HeadersNotSigned": name}


@pytest.mark.parametrize(
    "sent", [{"user-agent": "x"}, {"range": "bytes=0-9"}, {"accept": "*/*"}, {"x-amz-content-sha256": "abc"}]
)
def test_tolerated_headers(sent: dict[str, str]) -> None:
    """Headers that are not S3's, and x-amz-content-sha256, may be sent without having been signed."""
    check(signed(), headers=sent)


def test_the_host_must_be_signed() -> None:
    """A URL that was signed without its host is refused, even if the signature were right."""
    error = refused(with_parameter(signed(), "X-Amz-SignedHeaders", "content-type"))
    assert error.fields == {"HeadersNotSigned": "host"}


def test_signed_payload() -> None:
    """A hash that was signed as a header counts, and another one is refused."""
    url = signed(headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    check(url, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert refused(url, headers={"x-amz-content-sha256": "0" * 64}).code == "SignatureDoesNotMatch"
    assert refused(url).code == "SignatureDoesNotMatch"


# --- time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at", [SIGNED_AT, ENDS - SECOND, ENDS - timedelta(microseconds=1), SIGNED_AT - SKEW, SIGNED_AT - SECOND]
)
def test_within_its_life(at: datetime) -> None:
    """A URL holds up to the last moment of its life, and 15 minutes before it began."""
    check(signed(), at=at)
    check(signed(), at=at.astimezone(timezone(timedelta(hours=-11))))


@pytest.mark.parametrize("at", [ENDS, ENDS + SECOND, ENDS + timedelta(days=1), datetime.max])
def test_after_its_life(at: datetime) -> None:
    """From the second of its end on a URL is refused, and the end and the server's time are told."""
    at = at.replace(tzinfo=timezone.utc)
    error = refused(signed(), at=at)
    assert (error.code, error.status, error.why) == ("AccessDenied", 403, "Request has expired")
    assert error.fields["X-Amz-Expires"] == str(LIFE)
    assert error.fields["Expires"] == "2026-03-01T12:05:00Z"
    assert error.fields["ServerTime"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("early", [SKEW + timedelta(microseconds=1), SKEW + SECOND, timedelta(days=365)])
def test_before_its_life(early: timedelta) -> None:
    """A URL that is dated more than 15 minutes ahead is refused."""
    error = refused(signed(), at=SIGNED_AT - early)
    assert (error.code, error.status, error.why) == ("AccessDenied", 403, "Request is not yet valid")


def test_a_life_of_nothing() -> None:
    """A URL that was signed for zero seconds never holds after its date."""
    assert refused(signed(expires_in=0)).why == "Request has expired"


@pytest.mark.parametrize("year", ["0001", "9998"])
def test_ends_of_the_calendar(year: str) -> None:
    """Dates at the ends of the calendar are refused like others, without another error."""
    url = with_parameter(signed(), "X-Amz-Date", f"{year}0101T000000Z")
    url = with_parameter(url, "X-Amz-Credential", f"{ACCESS_KEY}/{year}0101/eu-west-1/s3/aws4_request")
    assert refused(url).code == "AccessDenied"
    assert refused(url, at=datetime.max.replace(tzinfo=timezone.utc)).code == "AccessDenied"
    assert refused(url, at=datetime.min.replace(tzinfo=timezone.utc)).code is not None


# --- whose ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (Credentials("AKIAOTHER", SECRET_KEY, TOKEN), "InvalidAccessKeyId"),
        (Credentials(ACCESS_KEY.lower(), SECRET_KEY, TOKEN), "InvalidAccessKeyId"),
        (Credentials(ACCESS_KEY, SECRET_KEY, TOKEN + "x"), "InvalidToken"),
        (Credentials(ACCESS_KEY, SECRET_KEY, None), "InvalidToken"),
        (Credentials(ACCESS_KEY, SECRET_KEY + "x", TOKEN), "SignatureDoesNotMatch"),
        (Credentials(ACCESS_KEY, "", TOKEN), "SignatureDoesNotMatch"),
    ],
)
def test_anothers_credentials(credentials: Credentials, code: str) -> None:
    """Another access key, secret or token is refused, each with S3's code."""
    assert refused(signed(), credentials=credentials).code == code


def test_a_token_is_neither_dropped_nor_added() -> None:
    """A URL of permanent credentials takes no token, and one of temporary credentials needs its own."""
    assert refused(with_parameter(signed(), "X-Amz-Security-Token", None)).code == "InvalidToken"
    url = with_parameter(signed(credentials=PERMANENT), "X-Amz-Security-Token", TOKEN)
    assert refused(url, credentials=PERMANENT).code == "InvalidToken"
    assert refused(url).code == "SignatureDoesNotMatch"


# --- malformed ------------------------------------------------------------------------------------------

AUTHENTICATION = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)


def malformed(url: str) -> str:
    error = refused(url)
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    return error.why


@pytest.mark.parametrize("name", AUTHENTICATION)
def test_missing_parameters(name: str) -> None:
    """A URL without one of the six parameters of authentication is malformed."""
    assert "version 4 requires" in malformed(with_parameter(signed(), name, None))


@pytest.mark.parametrize("name", [*AUTHENTICATION, "X-Amz-Security-Token"])
def test_parameters_given_twice(name: str) -> None:
    """A parameter of authentication that stands there twice is malformed, equal or not."""
    value = dict(parse_qsl(urlsplit(signed()).query))[name]
    for again in (value, "", "other"):
        assert "twice" in malformed(f"{signed()}&{name}={quote(again, safe='')}")
        assert "twice" in malformed(signed().replace("?", f"?{name.replace('A', '%41')}={again}&"))


@pytest.mark.parametrize("name", AUTHENTICATION)
def test_names_have_their_case(name: str) -> None:
    """A parameter of authentication in another case is none; beside the right one it breaks the signature."""
    value = dict(parse_qsl(urlsplit(signed()).query))[name]
    assert "requires" in malformed(with_parameter(with_parameter(signed(), name, None), name.lower(), value))
    assert refused(f"{signed()}&{name.lower()}={quote(value)}").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA1", "only supports"),
        ("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256", "only supports"),
        ("X-Amz-Algorithm", "aws4-hmac-sha256", "only supports"),
        ("X-Amz-Algorithm", "", "only supports"),
        ("X-Amz-Credential", "", "mal-formed"),
        ("X-Amz-Credential", ACCESS_KEY, "mal-formed"),
        ("X-Amz-Credential", f"/{SCOPE}", "mal-formed"),
        ("X-Amz-Credential", f"{ACCESS_KEY}/20260301//s3/aws4_request", "mal-formed"),
        ("X-Amz-Credential", f"{ACCESS_KEY}/{SCOPE}/", "mal-formed"),
        ("X-Amz-Credential", f"{ACCESS_KEY}/20260301/eu-west-1/s3/aws5_request", "incorrect terminal"),
        ("X-Amz-Credential", f"{ACCESS_KEY}/20260302/eu-west-1/s3/aws4_request", "Invalid credential date"),
        ("X-Amz-Credential", f"{ACCESS_KEY}/2026030/eu-west-1/s3/aws4_request", "Invalid credential date"),
        ("X-Amz-Date", "", "ISO8601"),
        ("X-Amz-Date", "2026-03-01T12:00:00Z", "ISO8601"),
        ("X-Amz-Date", "20260301T120000", "ISO8601"),
        ("X-Amz-Date", "20260301T120000Z\n", "ISO8601"),
        (
            "X-Amz-Date",
            "\u0968\u0966\u0968\u096c\u0966\u0969\u0966\u0967T\u0967\u0968\u0966\u0966\u0966\u0966Z",
            "ISO8601",
        ),
        ("X-Amz-Date", "20260230T120000Z", "does not exist"),
        ("X-Amz-Date", "20260301T246000Z", "does not exist"),
        ("X-Amz-Date", "20260301T120060Z", "does not exist"),
        ("X-Amz-Date", "00000301T120000Z", "does not exist"),
        ("X-Amz-Date", "99991231T235959Z", "does not exist"),
        ("X-Amz-Expires", "", "should be a number"),
        ("X-Amz-Expires", "5m", "should be a number"),
        ("X-Amz-Expires", "3e2", "should be a number"),
        ("X-Amz-Expires", "300.0", "should be a number"),
        ("X-Amz-Expires", "+300", "should be a number"),
        ("X-Amz-Expires", " 300", "should be a number"),
        ("X-Amz-Expires", "\u0969\u0966\u0966", "should be a number"),
        ("X-Amz-Expires", "3_0", "should be a number"),
        ("X-Amz-Expires", "-", "should be a number"),
        ("X-Amz-Expires", "-1", "non-negative"),
        ("X-Amz-Expires", "604801", "less than 604800"),
        ("X-Amz-Expires", "9" * 5000, "less than 604800"),
    ],
)
def test_malformed_parameters(name: str, value: str, why: str) -> None:
    """A parameter of authentication that cannot be read is malformed, and S3's text says how."""
    assert why in malformed(with_parameter(signed(), name, value))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "?",
        "amzn-s3-demo-bucket",
        "https://[",
        "https://[::1/?",
        "https://host:port/",
        "https://host:99999/",
        "https://ho\u2100st/",
        " " + signed(),
        signed() + "\n",
        signed().replace("reports", "rep\norts"),
        signed().replace("reports", "rep\torts"),
        signed().replace("reports", "rep orts"),
        signed().replace("reports", "rep\x00orts"),
        signed().replace("reports", "rep\ud800orts"),
        signed() + "&a=\udfff",
        signed() + "&a=%FF",
        signed().replace("versionId", "%C3"),
        "\ufeff",
    ],
)
def test_no_url(url: str) -> None:
    """What is no URL, or holds what no URL holds, is refused as malformed."""
    malformed(url)


def test_bytes_that_are_no_text_are_not_replaced() -> None:
    """Bytes that are no UTF-8 are no other way to write the replacement character."""
    url = signed(query=(("versionId", "\ufffd"),))
    check(url)
    malformed(url.replace("%EF%BF%BD", "%FF"))


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_any_text(text: str) -> None:
    """Any text at all is refused, with a SignatureError and nothing else."""
    assert refused(text).status == 400


@given(
    st.fixed_dictionaries({}, optional={name: st.text(max_size=40) for name in AUTHENTICATION}),
    st.sampled_from([*AUTHENTICATION, "X-Amz-Security-Token"]),
)
@settings(max_examples=300)
def test_any_parameters(values: dict[str, str], encoded: str) -> None:
    """Whatever the parameters hold, encoded or not, a refusal comes out and nothing else."""
    url = signed()
    for name, value in values.items():
        if name == encoded and not any("\ud800" <= letter <= "\udfff" for letter in value):
            url = with_parameter(url, name, value)
        else:
            url = with_parameter(url, name, value, raw=True)
    try:
        check(url)
    except SignatureError as error:
        assert_tells_no_secret(error)
    else:
        assert meaning(url) == meaning(signed())


@pytest.mark.parametrize("name", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Algorithm"])
def test_texts_of_others_do_not_steer_a_terminal(name: str) -> None:
    """Control characters within a URL do not get into an error's text."""
    assert "\u202e" not in str(refused("https://\u202e\u2100/"))
    for value in (
        "\x1b[31m/20260301/eu-west-1/s3/aws4_request",
        f"{ACCESS_KEY}/\x1b[2J\n/eu/s3/aws4_request",
    ):
        error = refused(with_parameter(signed(), name, value))
        assert "\x1b" not in str(error)
        assert "\n" not in error.what + error.why


# --- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        CUSTOMER_HEADER,
        CUSTOMER_HEADER.title(),
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-security-token",
        "X-AMZ-SECURITY-TOKEN",
        "X-Amz-S3session-Token",
    ],
)
@pytest.mark.parametrize("secret", [CUSTOMER_KEY, TOKEN])
def test_secrets_in_the_query_are_not_told(name: str, secret: str) -> None:
    """A key or a token that stands in a URL is not in the canonical request of its refusal."""
    error = refused(f"{signed()}&{name}={quote(secret, safe='')}")
    assert error.code in ("SignatureDoesNotMatch", "InvalidToken")


@pytest.mark.parametrize("value", [CUSTOMER_KEY, TOKEN, f"a {TOKEN}", f"{CUSTOMER_KEY}&b"])
def test_secrets_in_headers_are_not_told(value: str) -> None:
    """A key or a token that was signed as a header is not in the canonical request of a refusal."""
    headers = {CUSTOMER_HEADER: value, "x-amz-security-token": value, "x-amz-s3session-token": value}
    check(signed(headers=headers), headers=headers)
    error = refused(signed(headers=headers), "PUT", headers)
    assert f"{CUSTOMER_HEADER}:***\n" in error.fields["CanonicalRequest"]


def test_reading_shows_no_secret() -> None:
    """The repr of what was read tells neither token, signature nor query."""
    read = parse_url(signed())
    assert isinstance(read, SignedUrl)
    for secret in (TOKEN, quote(TOKEN, safe=""), read.signature, "versionId"):
        assert secret not in repr(read)
