"""What presigning returns is a key to an object: it is not shown, logged, pickled or copied into the open."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from secure_s3 import SseC, SseS3
from secure_s3.errors import ConfigurationError
from secure_s3.presign import PresignedPost, PresignedUrl
from secure_s3.presign.results import SecretFields
from tests.presign.support import BUCKET, KEY, NOW, SECRET_KEY, TOKEN, client, raw_client

RAW = bytes(range(32))
CUSTOMER_KEY = base64.b64encode(RAW).decode()
S3_WITH_KEY, S3 = client(SseC(RAW), token=TOKEN), client(SseS3(), token=TOKEN)
URL = S3_WITH_KEY.presign.put(BUCKET, KEY, at=NOW, content_type="text/plain")
POST = S3.presign.post(BUCKET, KEY, at=NOW)
MADE = [URL, POST]
SIGNATURES = [parse_qs(urlsplit(URL.url).query)["X-Amz-Signature"][0], POST.fields["x-amz-signature"]]
SECRETS = [SECRET_KEY, TOKEN, quote(TOKEN, safe=""), CUSTOMER_KEY, POST.fields["policy"], *SIGNATURES]


def assert_tells_no_secret(told: str) -> None:
    for secret in SECRETS:
        assert secret not in told


def named(value: Any) -> str:
    return type(value).__name__


def test_there_is_something_to_hide() -> None:
    """The URL, the headers and the form do hold the secrets that the other tests look for."""
    everything = URL.url + json.dumps([URL.to_dict(), POST.to_dict()])
    for secret in set(SECRETS) - {SECRET_KEY}:
        assert secret in everything
    assert SECRET_KEY not in everything


SHOWN = [
    repr,
    str,
    format,
    pprint.pformat,
    lambda value: f"{value}{value!r}{value!s}{value!a}",
    lambda value: "%s %r" % (value, value),  # noqa: UP031
    lambda value: repr([value, {"a": (value,)}]),
]


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize("value", [*MADE, URL.required_headers, POST.fields], ids=named)
def test_not_shown(value: Any, show: Any) -> None:
    """No way to print a URL, a form, its fields or headers tells a signature, token, key or policy."""
    assert_tells_no_secret(show(value))


def test_what_is_shown() -> None:
    """A repr says what it is for: method, place, names of headers and fields, and the end."""
    assert repr(URL) == (
        "PresignedUrl(method='PUT', "
        "url='https://amzn-s3-demo-bucket.s3.eu-west-1.amazonaws.com/reports/2026.pdf?***', "
        "required_headers=['content-type', 'x-amz-server-side-encryption-customer-algorithm', "
        "'x-amz-server-side-encryption-customer-key', 'x-amz-server-side-encryption-customer-key-md5'], "
        "expires_at='2026-03-01T00:04:58+00:00')"
    )
    assert "'key': 'reports/2026.pdf'" in repr(POST)
    assert "'policy': '***'" in repr(POST)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [*MADE, URL.required_headers, POST.fields], ids=named)
def test_not_pickled(value: Any, protocol: int) -> None:
    """URLs, forms, their fields and headers refuse to be pickled, and say why."""
    with pytest.raises(TypeError, match="not pickled") as caught:
        pickle.dumps(value, protocol)
    assert_tells_no_secret(str(caught.value))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda value: copy.deepcopy([value])[0]])
@pytest.mark.parametrize("value", MADE, ids=named)
def test_a_copy_is_the_same(value: Any, duplicate: Any) -> None:
    """A URL or form that is copied stays the one it is, within other values as well."""
    assert duplicate(value) is value


@pytest.mark.parametrize("value", MADE, ids=named)
def test_frozen(value: Any) -> None:
    """A URL or form cannot be changed, and takes nothing more."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.url = "https://evil.example.com"
    with pytest.raises((TypeError, AttributeError)):
        value.more = 1


def test_replaced_values_hide_as_much() -> None:
    """A form or URL made from another one, with a plain dictionary, hides the same."""
    post = dataclasses.replace(POST, fields={**POST.fields, "x-amz-meta-a": "b"})
    url = dataclasses.replace(URL, required_headers=dict(URL.required_headers))
    assert_tells_no_secret(repr((post, url)))
    assert "x-amz-meta-a" in repr(post)


@pytest.mark.parametrize(
    "name", ["policy", "Policy", "X-Amz-Signature", "x-amz-security-token", "X-Amz-S3session-Token"]
)
def test_secret_names_in_any_case(name: str) -> None:
    """Fields are hidden by their names in any case, and others are shown."""
    assert repr(SecretFields({name: "secret", "key": "open"})) == repr({name: "***", "key": "open"})


def test_asdict_keeps_fields_hidden() -> None:
    """Taken apart by dataclasses, the fields of a form still hide what they hold."""
    assert_tells_no_secret(repr(dataclasses.asdict(POST)))


@pytest.mark.parametrize("value", MADE, ids=named)
def test_to_dict_is_for_json(value: Any) -> None:
    """``to_dict`` is asked for everything, gives plain values, and what it gives can be changed."""
    told = value.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["url"] == value.url
    assert datetime.fromisoformat(told["expires_at"]) == value.expires_at
    for inner in (told.get("fields"), told.get("required_headers")):
        if inner is not None:
            assert type(inner) is dict
            inner.clear()
    assert value.to_dict() != told


@pytest.mark.parametrize("value", MADE, ids=named)
def test_not_json_by_accident(value: Any) -> None:
    """A URL or form is not written as JSON unless ``to_dict`` is called."""
    with pytest.raises(TypeError):
        json.dumps(value)


def test_not_in_tracebacks() -> None:
    """A traceback that shows local variables tells no secret of URLs, forms, fields, headers and errors."""

    def fail(url: PresignedUrl, post: PresignedPost, headers: Any, fields: Any) -> None:
        raise RuntimeError("upload failed", url, post, headers, fields)

    try:
        fail(URL, POST, URL.required_headers, POST.fields)
    except RuntimeError as error:
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "required_headers" in told
    assert_tells_no_secret(told)


@pytest.mark.parametrize(
    "fail",
    [
        lambda: S3_WITH_KEY.presign.put(BUCKET, "a/../b", at=NOW),
        lambda: S3_WITH_KEY.presign.put(BUCKET, KEY, at=NOW, content_type="a\nb"),
        lambda: S3_WITH_KEY.presign.put(BUCKET, KEY, at=NOW, SSECustomerKey=RAW),
        lambda: S3_WITH_KEY.presign.put(BUCKET, KEY, at=NOW, sse_customer_key=CUSTOMER_KEY),
        lambda: S3_WITH_KEY.presign.post(BUCKET, KEY, at=NOW),
        lambda: S3.presign.post(BUCKET, KEY, at=NOW, fields={"a": "b" * 30_000}),
        lambda: S3.presign.post(BUCKET, KEY, at=NOW, SSECustomerKey=RAW),
        lambda: S3.presign.get(BUCKET, KEY, at=NOW, SSECustomerKey=CUSTOMER_KEY),
    ],
)
def test_not_in_refusals(fail: Any) -> None:
    """What is refused while a URL is made tells no key or token."""
    with pytest.raises(ConfigurationError) as caught:
        fail()
    shown = traceback.TracebackException.from_exception(caught.value)
    told = "".join(shown.format()) + repr(caught.value) + str(vars(caught.value))
    assert_tells_no_secret(told)
    assert repr(RAW) not in told


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    """Every record of every logger, at DEBUG, as a handler would write it."""
    lines: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + repr(record.args) + repr(record.msg))

    root, handler = logging.getLogger(), Listening()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_not_logged(everything_logged: list[str]) -> None:
    """At DEBUG, presigning with SSE-C and a session token logs no signature, token, key or policy."""
    secrets = set(SECRETS) | {base64.b64encode(hashlib.sha256(RAW).digest()).decode()}
    with_key, plain = client(SseC(RAW), token=TOKEN), client(SseS3(), token=TOKEN)
    for kind in ("get", "head", "put"):
        made = getattr(with_key.presign, kind)(BUCKET, KEY)
        secrets.add(parse_qs(urlsplit(made.url).query)["X-Amz-Signature"][0])
    post = plain.presign.post(BUCKET, KEY)
    theirs = plain.generate_presigned_post(BUCKET, KEY)["fields"]
    url = plain.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY})
    for fields in (post.fields, theirs):
        secrets |= {fields["policy"], fields["x-amz-signature"]}
    secrets.add(parse_qs(urlsplit(url).query)["X-Amz-Signature"][0])
    raw_client(token=TOKEN).generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY})
    told = "\n".join(everything_logged)
    assert "botocore" in told or everything_logged
    for secret in secrets:
        assert secret not in told


def test_the_end_is_in_utc() -> None:
    """The end is told in UTC, to the second."""
    assert URL.expires_at == datetime(2026, 3, 1, 0, 4, 58, tzinfo=timezone.utc)
    assert POST.expires_at.tzinfo is timezone.utc
