"""CORS at the embedded endpoint: what a browser asks first, and what it may read afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.local import LocalAws

from .support import BUCKET, BY_HEADER, FORM, Told, form, send, signed_url

APP = "https://app.example.com"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
    "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
    "by the resource's CORS spec."
)
RULES: list[dict[str, Any]] = [
    {
        "AllowedOrigins": [APP, "https://*.example.org"],
        "AllowedMethods": ["GET", "PUT", "POST"],
        "AllowedHeaders": ["Content-*", "x-amz-meta-*-id", "Authorization"],
        "ExposeHeaders": ["ETag", "x-amz-version-id"],
        "MaxAgeSeconds": 3000,
    },
    {"AllowedOrigins": [APP], "AllowedMethods": ["PUT", "DELETE"], "AllowedHeaders": ["*"]},
    {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"]},
]


@pytest.fixture
def shared(s3: Any) -> Any:
    """The client of a bucket with rules."""
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": RULES})
    return s3


def ask(
    aws: LocalAws, origin: str | None, method: str | None, asked: str | None = None, key: str = "k"
) -> Told:
    """Send a preflight."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    given = {name: value for name, value in headers.items() if value is not None}
    return send(aws, "OPTIONS", f"/{BUCKET}/{key}", headers=given)


def told_of(answer: Told) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-") or name.lower() == "vary"
    }


def test_a_preflight(local_aws: LocalAws, shared: Any) -> None:
    """A preflight that a rule allows is told all of the rule, and has no body."""
    told = ask(local_aws, APP, "PUT", "Content-Type, x-amz-META-my-id")
    assert (told.status, told.body) == (200, b"")
    assert told_of(told) == {
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT, POST",
        "access-control-allow-headers": "content-type, x-amz-meta-my-id",
        "access-control-expose-headers": "ETag, x-amz-version-id",
        "access-control-max-age": "3000",
        "vary": VARY,
    }
    assert told.headers["x-amz-request-id"]


@pytest.mark.parametrize(
    ("origin", "method", "asked", "allowed"),
    [
        (APP, "GET", None, APP),
        (APP, "GET", "", APP),
        (APP, "PUT", "authorization,content-md5", APP),
        (APP, "PUT", "x-amz-acl", APP),
        (APP, "PUT", "x-amz-acl, content-type", APP),
        (APP, "DELETE", "anything", APP),
        (APP, "HEAD", None, "*"),
        ("https://a.example.org", "POST", "content-type", "https://a.example.org"),
        ("https://a.b.example.org", "GET", None, "https://a.b.example.org"),
        ("https://.example.org", "GET", None, "https://.example.org"),
        ("https://other.example", "GET", None, "*"),
        ("null", "HEAD", None, "*"),
        (APP, "POST", "x-amz-acl", None),
        (APP, "HEAD", "content-type", None),
        (APP.upper(), "PUT", None, None),
        (APP + "/", "PUT", None, None),
        (APP + ":443", "PUT", None, None),
        (APP + ".evil.example", "PUT", None, None),
        ("http://app.example.com", "PUT", None, None),
        ("http://a.example.org", "PUT", None, None),
        ("https://example.org", "PUT", None, None),
        ("https://a.example.org.evil.example", "PUT", None, None),
        ("https://a.example.org", "DELETE", None, None),
        ("https://a.example.org", "PUT", "content-type, x-other", None),
        ("https://a.example.org", "PUT", "x-amz-meta-id", None),
        ("https://other.example", "PUT", None, None),
        ("https://other.example", "GET", "content-type", None),
    ],
)
def test_the_matrix_of_preflights(
    local_aws: LocalAws, shared: Any, origin: str, method: str, asked: str | None, allowed: str | None
) -> None:
    """The first rule that allows origin, method and every header decides; without one it is forbidden."""
    told = ask(local_aws, origin, method, asked)
    assert told.headers["Access-Control-Allow-Origin"] == allowed
    if allowed is not None:
        assert told.status == 200
        assert (told.headers["Access-Control-Allow-Credentials"] is None) == (allowed == "*")
    else:
        assert told.refusal == (403, "AccessForbidden")
        assert told.element("Message") == NOT_ALLOWED
        assert (told.element("Method"), told.element("ResourceType")) == (method, "OBJECT")
        assert told_of(told) == {}


def test_the_first_rule_decides(local_aws: LocalAws, s3: Any) -> None:
    """Where two rules allow a request, the first one is told alone."""
    rules = [
        {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]},
        {"AllowedOrigins": [APP], "AllowedMethods": ["GET"], "MaxAgeSeconds": 9, "ExposeHeaders": ["ETag"]},
    ]
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
    expected = {"access-control-allow-origin": "*", "access-control-allow-methods": "GET", "vary": VARY}
    assert told_of(ask(local_aws, APP, "GET")) == expected


@pytest.mark.parametrize("method", [None, "", "get", "PATCH", "OPTIONS"])
def test_preflights_for_no_method(local_aws: LocalAws, shared: Any, method: str | None) -> None:
    """A preflight for a method that S3 does not share is a bad request."""
    told = ask(local_aws, APP, method)
    assert told.refusal == (400, "BadRequest")
    assert told.element("Message") == f"Invalid Access-Control-Request-Method: {method or 'null'}"


@pytest.mark.parametrize("origin", [None, ""])
def test_preflights_from_nowhere(local_aws: LocalAws, shared: Any, origin: str | None) -> None:
    """A preflight without an origin is a bad request, with rules and without."""
    told = ask(local_aws, origin, "GET")
    assert told.refusal == (400, "BadRequest")
    assert told.element("Message") == "Insufficient information. Origin request header needed."


def test_no_rules(local_aws: LocalAws, s3: Any) -> None:
    """Without rules nothing is shared: neither before they are put nor after they are deleted."""
    for _ in range(2):
        told = ask(local_aws, APP, "GET", key="")
        assert told.refusal == (403, "AccessForbidden")
        assert told.element("Message") == "CORSResponse: CORS is not enabled for this bucket."
        assert told.element("ResourceType") == "BUCKET"
        assert told_of(send(local_aws, "GET", f"/{BUCKET}", headers={**BY_HEADER, "Origin": APP})) == {}
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": RULES})
        assert ask(local_aws, APP, "GET").status == 200
        s3.delete_bucket_cors(Bucket=BUCKET)


def test_no_bucket(local_aws: LocalAws, s3: Any) -> None:
    """A bucket that does not exist shares nothing."""
    headers = {"Origin": APP, "Access-Control-Request-Method": "GET"}
    told = send(local_aws, "OPTIONS", "/amzn-s3-demo-none/k", headers=headers)
    assert told.refusal == (403, "AccessForbidden")
    assert told.element("Message") == "CORSResponse: Bucket not found"


@pytest.mark.parametrize("query", ["", "?X-Amz-Signature=0", "?AWSAccessKeyId=a&Signature=b&Expires=1"])
def test_preflights_are_not_signed(local_aws: LocalAws, shared: Any, query: str) -> None:
    """A preflight asks for the URL of the request to come, whose signature is not its own."""
    told = send(
        local_aws,
        "OPTIONS",
        f"/{BUCKET}/k{query}",
        headers={"Origin": APP, "Access-Control-Request-Method": "PUT"},
    )
    assert told.status == 200
    assert "Contents" not in shared.list_objects_v2(Bucket=BUCKET)


# --------------------------------------------------------------------------------- requests themselves


def test_what_a_page_may_read(local_aws: LocalAws, shared: Any) -> None:
    """The answer to a request from an allowed origin tells so, and nothing of headers of requests."""
    put = send(local_aws, "PUT", signed_url(local_aws, "PUT", "k"), b"hello", {"Origin": APP})
    assert put.status == 200
    assert told_of(put) == {
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT, POST",
        "access-control-expose-headers": "ETag, x-amz-version-id",
        "access-control-max-age": "3000",
        "vary": VARY,
    }
    get = send(local_aws, "GET", signed_url(local_aws, "GET", "k"), headers={"Origin": "https://any.example"})
    assert get.body == b"hello"
    assert told_of(get)["access-control-allow-origin"] == "*"
    head = send(local_aws, "HEAD", signed_url(local_aws, "HEAD", "k"), headers={"Origin": APP})
    assert told_of(head)["access-control-allow-methods"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("method", "origin"),
    [
        ("PUT", "https://other.example"),
        ("PUT", "https://example.org"),
        ("DELETE", "https://a.example.org"),
        ("PUT", ""),
        ("PUT", None),
        ("GET", None),
    ],
)
def test_what_no_page_may_read(local_aws: LocalAws, shared: Any, method: str, origin: str | None) -> None:
    """A request from elsewhere is carried out as any other, but its answer names no origin."""
    headers = {} if origin is None else {"Origin": origin}
    shared.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    told = send(local_aws, method, signed_url(local_aws, method, "k"), headers=headers)
    assert told.status in (200, 204)
    assert told_of(told) == {}


def test_a_page_may_read_refusals(local_aws: LocalAws, shared: Any) -> None:
    """Refusals tell an allowed origin that it may read them: expired, changed, missing, and of forms."""
    url = signed_url(local_aws, "PUT", "k", expires_in=60)
    local_aws.shift_clock(61)
    expired = send(local_aws, "PUT", url, b"x", {"Origin": APP})
    changed = send(local_aws, "PUT", url + "0", b"x", {"Origin": APP})
    local_aws.shift_clock(0)
    missing = send(local_aws, "GET", signed_url(local_aws, "GET", "none"), headers={"Origin": APP})
    posted = send(local_aws, "POST", f"/{BUCKET}", form({"key": "k"}), {**FORM, "Origin": APP})
    header = send(local_aws, "GET", f"/{BUCKET}?X-Amz-Signature=1", headers={**BY_HEADER, "Origin": APP})
    answers = [expired, changed, missing, posted, header]
    assert [answer.status for answer in answers] == [403, 403, 404, 403, 400]
    for answer in answers:
        assert told_of(answer)["access-control-allow-origin"] == APP
    elsewhere = send(local_aws, "PUT", url + "0", b"x", {"Origin": "https://other.example"})
    assert told_of(elsewhere) == {}


def test_forms_are_posts(local_aws: LocalAws, s3: Any) -> None:
    """A form is shared by the rules for POST, although it stores as a PUT does."""
    for method, allowed in [("PUT", None), ("POST", APP)]:
        rules = [{"AllowedOrigins": [APP], "AllowedMethods": [method], "ExposeHeaders": ["ETag"]}]
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
        fields = s3.generate_presigned_post(BUCKET, "k")["fields"]
        told = send(local_aws, "POST", f"/{BUCKET}", form(fields), {**FORM, "Origin": APP})
        assert (told.status, told.headers["Access-Control-Allow-Origin"]) == (204, allowed)


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        ("https://*", "https://a", True),
        ("https://*", "http://a", False),
        ("*.example.com", "https://a.example.com", True),
        ("https://a*a", "https://a", False),
        ("https://a*a", "https://aa", True),
        ("https://*.*.example.com", "https://a.b.example.com", False),
        ("https://?.example.com", "https://a.example.com", False),
        ("https://[ab].example.com", "https://a.example.com", False),
    ],
)
def test_wildcards(local_aws: LocalAws, s3: Any, pattern: str, origin: str, allowed: bool) -> None:
    """One asterisk stands for any text, and nothing else stands for anything but itself."""
    rules = [{"AllowedOrigins": [pattern], "AllowedMethods": ["GET"]}]
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
    assert (ask(local_aws, origin, "GET").status == 200) is allowed
