"""Signing: AWS's published values, and botocore as the oracle for everything else."""

from __future__ import annotations

import copy
import hmac
import pickle
import traceback
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.utils import percent_encode
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.sigv4 import Credentials, SigningKey, UrlSigner, encode, encode_path, timestamp
from secure_s3.sigv4.signing import canonical_headers, same
from tests.presign.support import stopped_botocore

from .support import ACCESS_KEY, HOST, PERMANENT, SECRET_KEY, SIGNED_AT, TEMPORARY, TOKEN, signed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True).filter(
    lambda name: not name.startswith("x-amz-") and name not in ("host", "expect", "user-agent")
)
VALUES = st.text(st.sampled_from("abcXYZ019 ;,=/\"'&+%-"), max_size=20)


def test_the_published_url() -> None:
    """The presigned GET of the Amazon S3 API Reference comes out byte for byte."""
    signer = UrlSigner(
        SigningKey(SECRET_KEY, "20130524", "us-east-1"),
        PERMANENT,
        method="GET",
        origin="https://examplebucket.s3.amazonaws.com",
        prefix="",
        signed_at="20130524T000000Z",
        expires_in=86400,
    )
    assert signer.url("/test.txt") == (
        "https://examplebucket.s3.amazonaws.com/test.txt"
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_the_published_string_to_sign() -> None:
    """The worked example of the IAM User Guide, for another service, gives the published signature."""
    key = SigningKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    text = (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    )
    assert key.sign(text.encode()) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"


@given(TEXT, st.binary(max_size=300), TEXT)
def test_signing_is_hmac(secret: str, text: bytes, region: str) -> None:
    """A signing key signs as HMAC-SHA256 with the derived key does, again and again."""
    key = f"AWS4{secret}".encode()
    for part in ("20260301", region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signer = SigningKey(secret, "20260301", region)
    assert signer.sign(text) == signer.sign(text) == hmac.digest(key, text, "sha256").hex()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_encoding_is_botocores(text: str) -> None:
    """Values and paths are percent-encoded as botocore does it."""
    assert encode(text) == percent_encode(text, safe="")
    assert encode_path(text) == percent_encode(text, safe="/~")


@pytest.mark.parametrize("key", ["a//b", "a/./b", "../a", "/a", "a/", "%2F", "a\nb"])
def test_paths_are_not_normalised(key: str) -> None:
    """A key stays what it is: no segment of its path is resolved, dropped or decoded."""
    assert encode_path(key).count("/") == key.count("/")
    assert ("." in key) == ("." in encode_path(key))
    assert "\n" not in encode_path(key)


def test_canonical_query_is_sorted_by_name() -> None:
    """Names that begin like others sort before them, whatever follows, as in botocore."""
    query = (("a-b", "1"), ("a", "z"), ("a=", "0"), ("A", "y"), ("a0", ""), ("prefix", "&"), ("pre", "x"))
    ours, theirs = both("GET", "/k", query, {})
    assert ours == theirs


@given(
    st.sampled_from(["GET", "PUT", "HEAD"]),
    TEXT.filter(bool),
    st.dictionaries(
        TEXT.filter(lambda name: name and not name.lower().startswith("x-amz-")), TEXT, max_size=4
    ),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.sampled_from([None, TOKEN]),
    st.integers(1, 604_800),
    st.datetimes(datetime(1000, 1, 1), datetime(9998, 1, 1)),
)
def test_urls_are_botocores(
    method: str, key: str, query: dict[str, str], headers: dict[str, str], token: Any, life: int, at: datetime
) -> None:
    """Any method, key, query, headers, token, life and moment: the URL is botocore's, byte for byte."""
    moment = at.replace(tzinfo=timezone.utc)
    path = "/" + encode_path(key)
    ours, theirs = both(method, path, tuple(query.items()), headers, token, life, moment)
    assert ours == theirs


def both(
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    headers: dict[str, str],
    token: str | None = None,
    life: int = 300,
    at: datetime = SIGNED_AT,
) -> tuple[str, str]:
    """The URL as we sign it, and as botocore does."""
    ours = UrlSigner(
        SigningKey(SECRET_KEY, timestamp(at)[:8], "eu-west-1"),
        Credentials(ACCESS_KEY, SECRET_KEY, token),
        method=method,
        origin=f"https://{HOST}",
        prefix="",
        signed_at=timestamp(at),
        expires_in=life,
        query=query,
        headers=headers,
    ).url(path)
    address = f"https://{HOST}{path}"
    if query:
        address += "?" + "&".join(f"{encode(name)}={encode(value)}" for name, value in query)
    request = AWSRequest(method, address, headers=headers)
    with stopped_botocore() as clock:
        clock.now = at
        botocore = BotocoreCredentials(ACCESS_KEY, SECRET_KEY, token)
        S3SigV4QueryAuth(botocore, "s3", "eu-west-1", expires=life).add_auth(request)
    return ours, str(request.url)


@pytest.mark.parametrize(
    ("value", "line"),
    [("  a   b ", "a b"), ("a\t\tb", "a b"), ('"a  b"', '"a b"'), ("", ""), ("a:b", "a:b")],
)
def test_header_folding(value: str, line: str) -> None:
    """White space in header values is folded and trimmed, within quotes as well."""
    assert canonical_headers({"x": value}) == ("x", f"x:{line}\n")


def test_headers_are_sorted() -> None:
    """Signed headers stand in the order of their names, whatever the order they were given in."""
    names, lines = canonical_headers({"x-b": "2", "host": "h", "x-a": "1", "content-type": "t"})
    assert names == "content-type;host;x-a;x-b"
    assert lines == "content-type:t\nhost:h\nx-a:1\nx-b:2\n"


@pytest.mark.parametrize(
    "at",
    [SIGNED_AT, SIGNED_AT.astimezone(timezone(timedelta(hours=14))), SIGNED_AT.replace(microsecond=999_999)],
)
def test_timestamps_are_utc(at: datetime) -> None:
    """A moment is written in UTC, in whole seconds, whatever its time zone."""
    assert timestamp(at) == "20260301T120000Z"


@pytest.mark.parametrize("given", ["", "0" * 63, "0" * 64, "ä" * 64, "\ud800", "a" * 10_000])
def test_no_other_text_is_the_signature(given: str) -> None:
    """Whatever is given in place of a signature is another, and comparing never fails."""
    assert not same("f" * 64, given)
    assert same("f" * 64, "f" * 64)


SECRETS: list[Any] = [TEMPORARY, SigningKey(SECRET_KEY, "20260301", "eu-west-1")]


def a_signer() -> UrlSigner:
    return UrlSigner(
        SECRETS[1],
        TEMPORARY,
        method="GET",
        origin=f"https://{HOST}",
        prefix="",
        signed_at="20260301T120000Z",
        expires_in=1,
    )


@pytest.mark.parametrize("value", [*SECRETS, a_signer()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_secrets_are_not_pickled(value: Any, protocol: int) -> None:
    """Credentials, signing keys and signers refuse to be pickled, by every protocol."""
    with pytest.raises(TypeError):
        pickle.dumps(value, protocol)


@pytest.mark.parametrize("value", SECRETS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_secrets_are_not_copied(value: Any, duplicate: Any) -> None:
    """Credentials and signing keys refuse to be copied."""
    with pytest.raises(TypeError, match="not pickled"):
        duplicate(value)


@pytest.mark.parametrize("value", [*SECRETS, a_signer()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "show", [repr, str, format, lambda value: f"{value!s:>10}", lambda value: repr([value])]
)
def test_secrets_are_not_shown(value: Any, show: Any) -> None:
    """No way to print credentials, keys or signers tells the secret or the token."""
    told = show(value)
    assert SECRET_KEY not in told
    assert TOKEN not in told
    assert encode(TOKEN) not in told


def test_secrets_are_not_in_tracebacks() -> None:
    """A traceback that shows the locals of a failed signature tells no secret, token or signature."""

    def fail(signer: UrlSigner, credentials: Credentials, key: SigningKey) -> None:
        signer.url(None)  # type: ignore[arg-type]

    try:
        fail(a_signer(), TEMPORARY, SECRETS[1])
    except AttributeError as error:
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "signer" in told
    for secret in (SECRET_KEY, TOKEN, encode(TOKEN)):
        assert secret not in told


def test_the_token_is_the_only_secret_of_a_url() -> None:
    """The secret access key is nowhere in a URL, and the token where S3 looks for it."""
    url = signed()
    assert SECRET_KEY not in url
    assert encode(SECRET_KEY) not in url
    assert f"X-Amz-Security-Token={encode(TOKEN)}" in urlsplit(url).query
