"""POST policies signed and verified: AWS's published form, and everything that breaks one."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.errors import SignatureError
from secure_s3.sigv4 import Credentials, SigningKey, sign_post, verify_post
from secure_s3.sigv4.posts import read_policy
from tests.presign.support import ACCESS_KEY as PLACES_ACCESS_KEY
from tests.presign.support import BUCKET, NOW, raw_client, stopped_botocore
from tests.presign.support import SECRET_KEY as PLACES_SECRET_KEY
from tests.presign.support import TOKEN as PLACES_TOKEN

from .support import (
    ACCESS_KEY,
    CUSTOMER_KEY,
    ENDS,
    KEY,
    PERMANENT,
    SCOPE,
    SECOND,
    SECRET_KEY,
    SIGNED_AT,
    TEMPORARY,
    TOKEN,
    assert_tells_no_secret,
    form,
    policy_of,
    refused_form,
    signed_policy,
)

PUBLISHED = """{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}"""
FIELDS = (
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
    "x-amz-security-token",
)


# --- what holds -----------------------------------------------------------------------------------------


def test_the_published_form() -> None:
    """The example of the Amazon S3 API Reference has the published signature, and verifies."""
    policy = base64.b64encode(PUBLISHED.replace("\n", "\r\n").encode()).decode()
    signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
    assert SigningKey(SECRET_KEY, "20151229", "us-east-1").sign(policy.encode()) == signature
    fields = {
        "policy": policy,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
        "x-amz-date": "20151229T000000Z",
        "x-amz-signature": signature,
    }
    policy_read = verify_post(fields, PERMANENT, at=datetime(2015, 12, 30, 11, tzinfo=timezone.utc))
    assert policy_read["conditions"][0] == {"bucket": "sigv4examplebucket"}
    refused_form(fields, PERMANENT, at=datetime(2015, 12, 30, 12, tzinfo=timezone.utc))


@given(
    st.dictionaries(
        st.text(max_size=8).map(lambda name: f"x-amz-meta-{name}"), st.text(max_size=20), max_size=4
    ),
    st.lists(st.one_of(st.text(), st.integers(), st.lists(st.text(), max_size=3)), max_size=4),
    st.sampled_from([PERMANENT, TEMPORARY]),
    st.integers(1, 604_800),
)
def test_what_is_signed_holds(
    fields: dict[str, str], conditions: list[Any], credentials: Credentials, life: int
) -> None:
    """Any fields, conditions, token and life verify again, and every field of the signature is demanded."""
    ends = SIGNED_AT + timedelta(seconds=life)
    signed = sign_post(
        KEY, credentials, fields=fields, conditions=conditions, signed_at=SIGNED_AT, expires_at=ends
    )
    policy = verify_post(signed, credentials, at=ends - SECOND)
    assert policy["conditions"][: len(conditions)] == conditions
    added = {name: value for item in policy["conditions"][len(conditions) :] for name, value in item.items()}
    demanded = set(FIELDS) - {"policy", "x-amz-signature"}
    assert added == {name: signed[name] for name in demanded & set(signed)}
    assert {name: signed[name] for name in fields} == fields


@pytest.mark.parametrize("token", [None, PLACES_TOKEN], ids=["permanent", "temporary"])
def test_verdicts_on_botocores_forms(token: str | None) -> None:
    """What botocore signs holds for its credentials up to its end, and for nothing else."""
    credentials = Credentials(PLACES_ACCESS_KEY, PLACES_SECRET_KEY, token)
    with stopped_botocore():
        fields = raw_client(token=token).generate_presigned_post(BUCKET, "k", ExpiresIn=60)["fields"]
    assert verify_post(fields, credentials, at=NOW)["conditions"][0] == {"bucket": BUCKET}
    verify_post(fields, credentials, at=NOW + 59 * SECOND)
    refused_form(fields, credentials, at=NOW + 60 * SECOND)
    refused_form(fields, Credentials(PLACES_ACCESS_KEY, SECRET_KEY, token), at=NOW)
    refused_form({**fields, "policy": form()["policy"]}, credentials, at=NOW)


# --- changes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "x-amz-security-token"])
def test_missing_fields(name: str) -> None:
    """A form without one of the fields of its signature is refused, and the field named."""
    fields = form()
    del fields[name]
    error = refused_form(fields)
    assert (error.code, error.status) == ("InvalidArgument", 400)
    assert name in error.what


@pytest.mark.parametrize("name", FIELDS)
def test_every_change_of_one_character(name: str) -> None:
    """A field of the signature with any character changed, put in or left out is refused.

    The time of day is under a condition of the policy instead, and no part of the signature.
    """
    fields = form()
    value = fields[name]
    for position in range(len(value) + 1):
        before, after = value[:position], value[position:]
        changes = {before + letter + after[1:] for letter in "0aA=/ \n\x00é\ud800"}
        changes |= {before + letter + after for letter in "0A=\n"} | {before + after[1:]}
        for changed in changes - {value}:
            if name == "x-amz-date" and re.fullmatch(
                r"20260301T([01]\d|2[0-3])([0-5]\d){2}Z", changed, re.ASCII
            ):
                assert {name: value} in policy_of(fields)["conditions"]
            else:
                refused_form({**fields, name: changed})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x-amz-algorithm": "AWS4-HMAC-SHA1"}, "InvalidArgument"),
        ({"x-amz-credential": f"AKIAOTHER/{SCOPE}"}, "InvalidAccessKeyId"),
        ({"x-amz-credential": f"{ACCESS_KEY}/20260301/us-east-1/s3/aws4_request"}, "SignatureDoesNotMatch"),
        ({"x-amz-credential": f"{ACCESS_KEY}/20260302/eu-west-1/s3/aws4_request"}, "InvalidArgument"),
        ({"x-amz-credential": ACCESS_KEY}, "InvalidArgument"),
        ({"x-amz-date": "2026-03-01"}, "InvalidArgument"),
        ({"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": "ä" * 64}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": "\ud800"}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": KEY.sign(b"")}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": form()["x-amz-signature"].upper()}, "SignatureDoesNotMatch"),
        ({"policy": ""}, "SignatureDoesNotMatch"),
        ({"policy": form()["policy"] + "="}, "SignatureDoesNotMatch"),
        ({"policy": "\ud800"}, "SignatureDoesNotMatch"),
        ({"x-amz-security-token": TOKEN + "x"}, "InvalidToken"),
        ({"x-amz-security-token": ""}, "InvalidToken"),
    ],
)
def test_changed_fields(changes: dict[str, str], code: str) -> None:
    """Each change of a field is refused with S3's code."""
    assert refused_form({**form(), **changes}).code == code


def test_a_replaced_policy() -> None:
    """A policy with wider conditions, or a later end, needs another signature."""
    policy = policy_of(form())
    for changed in (
        {**policy, "conditions": []},
        {**policy, "conditions": policy["conditions"][1:]},
        {**policy, "expiration": "2099-01-01T00:00:00Z"},
    ):
        text = base64.b64encode(json.dumps(changed).encode()).decode()
        assert refused_form({**form(), "policy": text}).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (Credentials("AKIAOTHER", SECRET_KEY, TOKEN), "InvalidAccessKeyId"),
        (Credentials(ACCESS_KEY, SECRET_KEY.lower(), TOKEN), "SignatureDoesNotMatch"),
        (Credentials(ACCESS_KEY, SECRET_KEY, "other"), "InvalidToken"),
        (Credentials(ACCESS_KEY, SECRET_KEY, None), "InvalidToken"),
    ],
)
def test_anothers_credentials(credentials: Credentials, code: str) -> None:
    """Another access key, secret or token is refused; so is a token where there should be none."""
    assert refused_form(form(), credentials).code == code


def test_a_token_is_neither_dropped_nor_added() -> None:
    """A form of temporary credentials needs its token, and one of permanent credentials takes none."""
    fields = form()
    del fields["x-amz-security-token"]
    assert refused_form(fields).code == "InvalidToken"
    assert refused_form({**form(PERMANENT), "x-amz-security-token": TOKEN}, PERMANENT).code == "InvalidToken"
    verify_post(form(PERMANENT), PERMANENT, at=SIGNED_AT)


# --- time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [ENDS - timedelta(microseconds=1), SIGNED_AT, SIGNED_AT - timedelta(days=9)])
def test_up_to_its_end(at: datetime) -> None:
    """A form holds up to the last moment before its end; when it begins nothing says."""
    verify_post(form(), TEMPORARY, at=at)


@pytest.mark.parametrize("at", [ENDS, ENDS + SECOND, datetime.max.replace(tzinfo=timezone.utc)])
def test_after_its_end(at: datetime) -> None:
    """From the second of its end on a form is refused, with S3's text."""
    error = refused_form(form(), at=at)
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.why == "Invalid according to Policy: Policy expired."


def test_a_changed_form_that_has_expired() -> None:
    """The signature is looked at first: nothing of an unsigned policy is believed or told."""
    assert refused_form({**form(), "policy": "e30="}, at=ENDS).code == "SignatureDoesNotMatch"


# --- policies that are none -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "1",
        '"text"',
        "[]",
        "{}",
        '{"expiration": "2030-01-01T00:00:00Z"}',
        '{"conditions": []}',
        '{"expiration": "2030-01-01T00:00:00Z", "conditions": {}}',
        '{"expiration": "2030-01-01T00:00:00Z", "conditions": null}',
        '{"expiration": "2030-01-01T00:00:00Z", "conditions": []',
        '{"expiration": null, "conditions": []}',
        '{"expiration": 2000000000, "conditions": []}',
        '{"expiration": ["2030-01-01T00:00:00Z"], "conditions": []}',
        '{"expiration": {"0": "Z"}, "conditions": []}',
        '{"expiration": "", "conditions": []}',
        '{"expiration": "Z", "conditions": []}',
        '{"expiration": "2030-01-01", "conditions": []}',
        '{"expiration": "2030-01-01T00:00:00", "conditions": []}',
        '{"expiration": "2030-01-01T00:00:00z", "conditions": []}',
        '{"expiration": "2030-01-01T00:00:00+00:00", "conditions": []}',
        '{"expiration": "2030-01-01T00:00:00 whatever Z", "conditions": []}',
        '{"expiration": "2030-01-01T00:00:00+01:00Z", "conditions": []}',
        '{"expiration": "2030-1-1T00:00:00Z", "conditions": []}',
        '{"expiration": "2030-02-30T00:00:00Z", "conditions": []}',
        '{"expiration": "2030-01-01T25:00:00Z", "conditions": []}',
        '{"expiration": "99999-01-01T00:00:00Z", "conditions": []}',
        '{"expiration": "\\u0968\\u0966\\u0969\\u0966-01-01T00:00:00Z", "conditions": []}',
        '{"expiration": ' + "9" * 5000 + ', "conditions": []}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"expiration": "2030-01-01T00:00:00Z", "conditions": ' + "[" * 50_000 + "]" * 50_000 + "}",
        b"\xff\xfe",
        b"\x00" * 64,
        b'{"expiration": "\xff", "conditions": []}',
        "x" * 2_000_000,
    ],
    ids=lambda text: repr(text[:60]),
)
def test_no_policy(text: str | bytes) -> None:
    """What is no policy is refused as such although its signature is right, and nothing else comes out."""
    error = refused_form(signed_policy(text))
    assert (error.code, error.status) == ("InvalidPolicyDocument", 400)


@pytest.mark.parametrize("policy", ["=", "a", "!!!!", "e30", "e3 0=", "ä", "e30=\n", "e30==="])
def test_no_base64(policy: str) -> None:
    """A policy that is no Base64 is refused although its signature is right."""
    fields = {**form(), "policy": policy, "x-amz-signature": KEY.sign(policy.encode())}
    assert refused_form(fields).code == "InvalidPolicyDocument"


@pytest.mark.parametrize("junk", ["\n", "!", " ", "é"])
def test_no_base64_all_through(junk: str) -> None:
    """A policy with something else between its Base64 is refused, not read around it."""
    policy = form()["policy"]
    policy = policy[:40] + junk + policy[40:]
    fields = {**form(), "policy": policy, "x-amz-signature": KEY.sign(policy.encode())}
    assert refused_form(fields).code == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    "written", ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z", "2030-01-01T00:00:00.5Z"]
)
def test_ends_as_they_are_written(written: str) -> None:
    """The end of a policy may have a fraction of a second, as in AWS's example."""
    policy = base64.b64encode(json.dumps({"expiration": written, "conditions": []}).encode()).decode()
    assert read_policy(policy)[1] == datetime(2030, 1, 1, tzinfo=timezone.utc)


def test_the_last_end() -> None:
    """A policy may end at the last second there is."""
    text = json.dumps({"expiration": "9999-12-31T23:59:59Z", "conditions": []})
    assert verify_post(signed_policy(text), TEMPORARY, at=SIGNED_AT) == json.loads(text)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(), max_size=60)))
@settings(max_examples=300)
def test_any_fields(changes: dict[str, str]) -> None:
    """Whatever the fields hold, half characters included, a refusal comes out and nothing else."""
    fields = {**form(), **changes}
    if fields == form():
        verify_post(fields, TEMPORARY, at=SIGNED_AT)
    else:
        refused_form(fields)


@given(st.binary(max_size=200))
def test_any_signed_bytes(text: bytes) -> None:
    """Any bytes for a policy, rightly signed, are refused as none."""
    try:
        json.loads(text)
    except ValueError:
        assert refused_form(signed_policy(text)).code == "InvalidPolicyDocument"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_signed_json(content: Any) -> None:
    """Any JSON for a policy, rightly signed, is refused or is a policy."""
    for text in (json.dumps(content), json.dumps({"expiration": content, "conditions": content})):
        assert refused_form(signed_policy(text)).code == "InvalidPolicyDocument"


# --- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        {"x-amz-security-token": TOKEN},
        ["eq", "$X-Amz-Security-Token", TOKEN],
        {"x-amz-server-side-encryption-customer-key": CUSTOMER_KEY},
    ],
)
def test_policies_with_secrets_are_not_told(condition: Any) -> None:
    """The refusal of a form tells its policy, unless a token or a key is in it."""
    text = json.dumps({"expiration": "2030-01-01T00:00:00Z", "conditions": [condition]})
    fields = {**signed_policy(text), "x-amz-signature": "0" * 64}
    assert "StringToSign" not in refused_form(fields).fields
    plain = {**form(PERMANENT), "x-amz-signature": "0" * 64}
    assert refused_form(plain, PERMANENT).fields["StringToSign"] == plain["policy"]


def test_texts_of_others_do_not_steer_a_terminal() -> None:
    """Control characters within a form do not get into an error's text."""
    for credential in (f"\x1b[31m/{SCOPE}", f"{ACCESS_KEY}/\x1b[2J\n/eu/s3/aws4_request"):
        error = refused_form({**form(), "x-amz-credential": credential})
        assert "\x1b" not in str(error)
        assert "\n" not in error.what + error.why


def test_a_refusal_is_a_signature_error() -> None:
    """Refusals are told without a secret by what logs an error, too."""
    with pytest.raises(SignatureError) as caught:
        verify_post({**form(), "x-amz-signature": "0" * 64}, TEMPORARY, at=SIGNED_AT)
    assert_tells_no_secret(caught.value)
    assert caught.value.diagnostics()["code"] == "SignatureDoesNotMatch"
