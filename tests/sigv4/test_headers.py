"""Signed headers: whatever botocore signs holds, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.errors import SignatureError
from secure_s3.sigv4 import Credentials, encode, encode_path, parse_authorization, timestamp, verify_headers
from secure_s3.sigv4.services import check_service, retold, unsigned
from tests.presign.support import stopped_botocore

from .support import (
    ACCESS_KEY,
    CUSTOMER_KEY,
    HOST,
    PERMANENT,
    SECOND,
    SECRET_KEY,
    SIGNED_AT,
    TEMPORARY,
    TOKEN,
    assert_tells_no_secret,
)

SKEW = timedelta(minutes=15)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.from_regex(r"(x-amz-meta-|content-)[a-z][a-z0-9_-]{0,9}", fullmatch=True)
VALUES = st.text(st.sampled_from("abcXYZ019 ;,=/\"'&+%-é"), max_size=20)
AS_BODY = {"kms": b'{"KeyId": "alias/a"}', "sts": b"Action=GetCallerIdentity", "iam": b"Action=ListUsers"}


@dataclass(frozen=True)
class Sent:
    """A request as it arrives."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    def but(self, **headers: str | None) -> Sent:
        """The same with other headers; None takes one away."""
        changed = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})

    def told(self, before: str, after: str) -> Sent:
        """The same with another text in the Authorization header."""
        text = self.headers["authorization"]
        assert before in text
        return self.but(authorization=text.replace(before, after))

    def hold(self, credentials: Credentials = TEMPORARY, after: timedelta = timedelta()) -> None:
        """Raise unless it holds."""
        authorization = parse_authorization(self.headers)
        at = SIGNED_AT + after
        verify_headers(
            authorization, self.method, self.target, self.headers, credentials, at=at, body=self.body
        )

    def refused(self, *args: Any, **options: Any) -> SignatureError:
        """The refusal of what does not hold; no secret is in it."""
        with pytest.raises(SignatureError) as caught:
            self.hold(*args, **options)
        assert_tells_no_secret(caught.value)
        return caught.value


def sent(
    method: str = "PUT",
    target: str = "/reports/a%20b.txt?prefix=a%2Fb&x-id=PutObject&acl",
    headers: dict[str, str] | None = None,
    body: bytes = b"hello",
    *,
    service: str = "s3",
    credentials: Credentials = TEMPORARY,
) -> Sent:
    """A request that botocore signed at ``SIGNED_AT``."""
    given = {"Content-Type": "text/plain", "x-amz-meta-a": "b  c "} if headers is None else headers
    request = AWSRequest(method, f"https://{HOST}{target}", dict(given), body)
    theirs = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(theirs, service, "eu-west-1")
    with stopped_botocore() as clock:
        clock.now = SIGNED_AT
        signer.add_auth(request)
    arrived = {name.lower(): value for name, value in request.headers.items()}
    return Sent(method, target, {"host": HOST, **arrived}, body)


# ------------------------------------------------------------------------------------------- what holds


@settings(max_examples=60)
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    TEXT,
    st.lists(st.tuples(TEXT, TEXT), max_size=3),
    st.dictionaries(NAMES, VALUES, max_size=3),
    st.sampled_from([PERMANENT, TEMPORARY]),
    st.integers(-900, 900),
)
def test_what_botocore_signs_holds(
    method: str, key: str, query: Any, headers: dict[str, str], credentials: Credentials, late: int
) -> None:
    """Any request to S3 that botocore signs holds, up to fifteen minutes early or late, and no other way."""
    pairs = "&".join(f"{encode(name)}={encode(value)}" for name, value in query if name)
    target = f"/{encode_path(key)}" + (f"?{pairs}" if pairs else "")
    signed = sent(method, target, headers, credentials=credentials)
    signed.hold(credentials, timedelta(seconds=late))
    assert replace(signed, method="PATCH").refused(credentials).code == "SignatureDoesNotMatch"
    assert replace(signed, target="/" + target).refused(credentials).code == "SignatureDoesNotMatch"
    for name in headers:
        changed = replace(signed, headers={**signed.headers, name: signed.headers[name] + "x"})
        assert changed.refused(credentials).status == 403


@pytest.mark.parametrize("service", ["kms", "sts", "iam"])
def test_other_services(service: str) -> None:
    """Requests to other services hold with their body and no other, and encode the path once more."""
    body = AS_BODY[service]
    signed = sent("POST", "/a%20b/../c d//e/?b=2&a=1", {}, body, service=service)
    signed.hold()
    assert replace(signed, body=body + b" ").refused().code == "SignatureDoesNotMatch"
    assert replace(signed, body=b"").refused().code == "SignatureDoesNotMatch"
    assert signed.told(f"/{service}/", "/s3/").but(x_amz_content_sha256="UNSIGNED-PAYLOAD").refused()


def test_the_published_request() -> None:
    """The GET of the Amazon S3 API Reference holds as it is printed, without spaces, and as the day was."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-date": "20130524T000000Z",
        "authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    }
    published = Sent("GET", "/test.txt", headers)
    then = SIGNED_AT.replace(year=2013, month=5, day=24, hour=0) - SIGNED_AT
    published.hold(PERMANENT, then)
    assert published.but(range="bytes=0-8").refused(PERMANENT, then).code == "SignatureDoesNotMatch"
    assert "AKIAIOSFODNN7EXAMPLE" in repr(parse_authorization(headers))
    assert "f0e8bdb" not in repr(parse_authorization(headers))


def test_a_date_header() -> None:
    """Without x-amz-date, the Date header says when it was signed; it has to be signed as well."""
    request = AWSRequest("GET", f"https://{HOST}/k", {"Date": format_datetime(SIGNED_AT, usegmt=True)}, b"")
    theirs = BotocoreCredentials(ACCESS_KEY, SECRET_KEY)
    with stopped_botocore() as clock:
        clock.now = SIGNED_AT
        S3SigV4Auth(theirs, "s3", "eu-west-1").add_auth(request)
    arrived = {name.lower(): value for name, value in request.headers.items()}
    signed = Sent("GET", "/k", {"host": HOST, **arrived})
    assert "x-amz-date" not in signed.headers
    signed.hold(PERMANENT)
    later = format_datetime(SIGNED_AT + SECOND, usegmt=True)
    assert signed.but(date=later).refused(PERMANENT).code == "SignatureDoesNotMatch"


# -------------------------------------------------------------------------------------- what was changed

MISMATCH = (403, "SignatureDoesNotMatch")
MALFORMED = (400, "AuthorizationHeaderMalformed")
CHANGES: dict[str, tuple[Callable[[Sent], Sent], tuple[int, str]]] = {
    "path": (lambda s: replace(s, target=s.target.replace("a%20b", "a%20c")), MISMATCH),
    "path encoded twice": (lambda s: replace(s, target=s.target.replace("%20", "%2520")), MISMATCH),
    "dot segment": (lambda s: replace(s, target=s.target.replace("/a%20b", "/./a%20b")), MISMATCH),
    "parameter": (lambda s: replace(s, target=s.target + "&versionId=1"), MISMATCH),
    "parameter's value": (lambda s: replace(s, target=s.target.replace("a%2Fb", "a")), MISMATCH),
    "content type": (lambda s: s.but(content_type="text/html"), MISMATCH),
    "signed header gone": (lambda s: s.but(content_type=None), MISMATCH),
    "metadata": (lambda s: s.but(x_amz_meta_a="b c d"), MISMATCH),
    "host": (lambda s: s.but(host="example.com"), MISMATCH),
    "hash": (lambda s: s.but(x_amz_content_sha256="0" * 64), MISMATCH),
    "no hash of it": (lambda s: s.but(x_amz_content_sha256="UNSIGNED-PAYLOAD"), MISMATCH),
    "hash missing": (lambda s: s.but(x_amz_content_sha256=None), (400, "InvalidRequest")),
    "hash malformed": (lambda s: s.but(x_amz_content_sha256="SIGNED"), (400, "InvalidArgument")),
    "chunks of another algorithm": (
        lambda s: s.but(x_amz_content_sha256="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
        (400, "InvalidArgument"),
    ),
    "second": (lambda s: s.but(x_amz_date="20260301T120001Z"), MISMATCH),
    "day": (lambda s: s.but(x_amz_date="20260302T120000Z"), MALFORMED),
    "date malformed": (lambda s: s.but(x_amz_date="2026-03-01"), (403, "AccessDenied")),
    "no such date": (lambda s: s.but(x_amz_date="20260230T120000Z"), MALFORMED),
    "date missing": (lambda s: s.but(x_amz_date=None), (403, "AccessDenied")),
    "date no date": (lambda s: s.but(x_amz_date=None, date="yesterday"), (403, "AccessDenied")),
    "token": (lambda s: s.but(x_amz_security_token=TOKEN + "x"), (400, "InvalidToken")),
    "token gone": (lambda s: s.but(x_amz_security_token=None), (400, "InvalidToken")),
    "header added": (lambda s: s.but(x_amz_acl="public-read"), (403, "AccessDenied")),
    "host not signed": (lambda s: s.told("host;", ""), (403, "AccessDenied")),
    "region": (lambda s: s.told("eu-west-1", "eu-west-2"), MISMATCH),
    "access key": (lambda s: s.told(ACCESS_KEY, "AKIAI44QH8DHBEXAMPLE"), (403, "InvalidAccessKeyId")),
    "signature": (lambda s: s.but(authorization=s.headers["authorization"][:-1] + "é"), MISMATCH),
    "signature cut": (lambda s: s.but(authorization=s.headers["authorization"][:-1]), MISMATCH),
    "signature empty": (
        lambda s: s.but(authorization=s.headers["authorization"].partition("Signature=")[0] + "Signature="),
        MALFORMED,
    ),
    "component missing": (lambda s: s.told("SignedHeaders=", "Signed="), MALFORMED),
    "component twice": (lambda s: s.told(", Signature", ", Credential=a, Signature"), MALFORMED),
    "component too many": (lambda s: s.told(", Signature", ", More=a, Signature"), MALFORMED),
    "names malformed": (lambda s: s.told("host;", "host;;"), MALFORMED),
    "names in upper case": (lambda s: s.told("host;", "Host;"), MALFORMED),
    "terminator": (lambda s: s.told("aws4_request", "aws5_request"), MALFORMED),
    "credential cut": (lambda s: s.told("/aws4_request", ""), MALFORMED),
    "algorithm": (lambda s: s.told("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), (400, "InvalidRequest")),
    "version 2": (lambda s: s.but(authorization=f"AWS {ACCESS_KEY}:c2lnbmF0dXJl"), (400, "InvalidRequest")),
    "basic": (lambda s: s.but(authorization="Basic dXNlcjpzZWNyZXQ="), (400, "InvalidArgument")),
    "a secret alone": (lambda s: s.but(authorization=SECRET_KEY), (400, "InvalidArgument")),
    "empty": (lambda s: s.but(authorization=""), (400, "InvalidArgument")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_requests(change: str) -> None:
    """A request that was changed in any part is refused with S3's own status and code."""
    alter, expected = CHANGES[change]
    signed = sent()
    signed.hold()
    error = alter(signed).refused()
    assert (error.status, error.code) == expected


@given(st.text(max_size=80), st.sampled_from(["", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential="]))
def test_any_authorization(text: str, start: str) -> None:
    """Any text at all as Authorization header is refused as a bad signature, and never otherwise."""
    assert sent().but(authorization=start + text).refused().status in (400, 403)


@pytest.mark.parametrize("late", [-SKEW - SECOND, SKEW + SECOND, timedelta(days=400)])
def test_skewed_clocks(late: timedelta) -> None:
    """More than fifteen minutes early or late is too much, and the answer tells both clocks."""
    error = sent().refused(after=late)
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.fields["RequestTime"] == "20260301T120000Z"
    assert error.fields["MaxAllowedSkewMilliseconds"] == "900000"
    assert error.why == "The difference between the request time and the current time is too large."


def test_what_a_refusal_tells() -> None:
    """What a mismatch and an unsigned header tell is what S3 tells, but for keys and tokens."""
    customer = "x-amz-server-side-encryption-customer-key"
    signed = sent(headers={customer: CUSTOMER_KEY, "x-amz-meta-a": "b"})
    signed.hold()
    error = signed.but(x_amz_meta_a="c").refused()
    assert set(error.fields) == {"AWSAccessKeyId", "SignatureProvided", "StringToSign", "CanonicalRequest"}
    assert "x-amz-meta-a:c\n" in error.fields["CanonicalRequest"]
    assert f"{customer}:***\n" in error.fields["CanonicalRequest"]
    unsigned_headers = signed.but(x_amz_acl="private", x_amz_tagging="a").refused()
    assert unsigned_headers.why == "There were headers present in the request which were not signed"
    assert unsigned_headers.fields == {"HeadersNotSigned": "x-amz-acl, x-amz-tagging"}


def test_only_s3_insists_on_all_of_its_headers() -> None:
    """Another service refuses an unsigned host or target, and takes other headers as they are."""
    signed = sent("POST", "/", {"X-Amz-Target": "TrentService.Encrypt"}, service="kms")
    signed.but(x_amz_user_agent="sdk").hold()
    bare = sent("POST", "/", {}, service="kms")
    error = bare.but(x_amz_target="TrentService.Decrypt").refused()
    assert error.fields["HeadersNotSigned"] == "x-amz-target"


# ------------------------------------------------------------------------------------- other services


@pytest.mark.parametrize(
    ("change", "of_forms", "of_kms"),
    [
        ({"x_amz_meta_a": "x"}, "SignatureDoesNotMatch", "InvalidSignatureException"),
        ({"x_amz_acl": "private"}, "SignatureDoesNotMatch", "InvalidSignatureException"),
        ({"x_amz_security_token": None}, "InvalidClientTokenId", "UnrecognizedClientException"),
        ({"x_amz_date": None}, "IncompleteSignature", "IncompleteSignatureException"),
        ({"authorization": "AWS4-HMAC-SHA256 x"}, "IncompleteSignature", "IncompleteSignatureException"),
    ],
)
def test_how_others_tell_it(change: dict[str, Any], of_forms: str, of_kms: str) -> None:
    """What is wrong with a signature has the codes of the service that was asked."""
    error = sent().but(**change).refused()
    for service, code, status in (
        ("sts", of_forms, (400, 403)),
        ("iam", of_forms, (400, 403)),
        ("kms", of_kms, (400,)),
    ):
        told = retold(service, str(error.code), str(error.why), error.fields)
        assert told.code == code
        assert told.status in status
        assert_tells_no_secret(told)
        assert not told.fields


@pytest.mark.parametrize(
    ("late", "text"),
    [
        (
            timedelta(minutes=20),
            "Signature expired: 20260301T120000Z is now earlier than 20260301T120500Z "
            "(20260301T122000Z - 15 min.)",
        ),
        (
            timedelta(minutes=-20),
            "Signature not yet current: 20260301T120000Z is still later than 20260301T115500Z "
            "(20260301T114000Z + 15 min.)",
        ),
    ],
)
def test_skewed_clocks_elsewhere(late: timedelta, text: str) -> None:
    """Other services say how far the clocks are apart."""
    error = sent().refused(after=late)
    told = retold("sts", str(error.code), str(error.why), error.fields)
    assert (told.code, told.why) == ("SignatureDoesNotMatch", text)
    assert timestamp(SIGNED_AT) in str(told.why)


def test_unsigned_and_misdirected() -> None:
    """No signature at all, an old token, and one for another service have texts of their own."""
    assert (unsigned("sts").status, unsigned("sts").code) == (403, "MissingAuthenticationToken")
    assert (unsigned("kms").status, unsigned("kms").code) == (400, "MissingAuthenticationTokenException")
    assert retold("kms", "ExpiredToken", "").code == "ExpiredTokenException"
    assert retold("iam", "ExpiredToken", "").why == "The security token included in the request is expired"
    scope = parse_authorization(sent(service="kms").headers).scope
    check_service(scope, "kms")
    with pytest.raises(SignatureError, match="Credential should be scoped to correct service: 'sts'"):
        check_service(scope, "sts")
    assert json.dumps(unsigned("iam").fields) == "{}"
