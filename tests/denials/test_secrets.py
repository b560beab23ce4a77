"""No secret comes through: into any field of a Denial, wherever it stands in an answer."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials import Denial, parse_denial, parse_error_body
from secure_s3.denials.causes import documentation, fix_for, retryable
from secure_s3.denials.parsing import FIELDS
from secure_s3.denials.redaction import redact
from tests.denials.test_parser import SAMPLES

MARK = "MARKEDSECRET"
KEY_ID = f"AKIA{MARK}EXAMPLE1"
TEMPORARY_ID = f"ASIA{MARK}EXAMPLE2"
TOKEN = f"IQoJb3JpZ2luX2VjE{MARK}//////////wEaCXVzLWVhc3QtMSJ="
SIGNATURE = f"{MARK}0123456789abcdef0123456789abcdef"
CUSTOMER_KEY = base64.b64encode(f"{MARK}-customer-key-bytes".encode().ljust(32)).decode()
SIGNED = f"AWS4-HMAC-SHA256\n20260301T120000Z\n20260301/eu-west-1/s3/aws4_request\n{MARK}"
CANONICAL = f"GET\n/key\nX-Amz-Credential={MARK}\nhost:x\n\nhost\n{MARK}"
SECRETS = (MARK, CUSTOMER_KEY)

TEXTS = [
    f"The AWS Access Key Id {KEY_ID} you provided does not exist in our records.",
    f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={MARK}%2F20260301&X-Amz-Signature={SIGNATURE}&x=1",
    f"X-Amz-Security-Token={TOKEN}",
    f"the token {TOKEN} has expired",
    f"Authorization: AWS4-HMAC-SHA256 Credential={TEMPORARY_ID}/20260301, Signature={SIGNATURE}",
    f"?AWSAccessKeyId={MARK}&Signature={MARK[:6]}{MARK}&Expires=1",
    f"Authorization: AWS {KEY_ID}:{MARK}=",
    f"AWS4-HMAC-SHA256 Credential={MARK}/20260301/eu-west-1/s3/aws4_request, Signature={MARK}",
    f"AWSAccessKeyId={MARK}&Signature={SIGNATURE}%3D&Expires=1",
    f"AWSAccessKeyId: {MARK}",
    f"<AWSAccessKeyId>{MARK}</AWSAccessKeyId><SignatureProvided>{MARK}</SignatureProvided>",
    f"<StringToSign>{SIGNED}</StringToSign><CanonicalRequest>{CANONICAL}</CanonicalRequest>",
    f"StringToSign: {SIGNED}",
    f"CanonicalRequest:\n{CANONICAL}",
    f'"StringToSign": "{SIGNED}", "CanonicalRequestBytes": "{MARK}"',
    f"x-amz-server-side-encryption-customer-key: {CUSTOMER_KEY}",
    f"the key {CUSTOMER_KEY} was sent",
    f"key={CUSTOMER_KEY.replace('=', '%3D')}&x=1",
    f"aws_secret_access_key = {MARK}, aws_session_token = {MARK}",
    f'{{"SecretAccessKey": "{MARK}", "SessionToken": "{MARK}"}}',
]
SECRET_FIELDS = {
    "AWSAccessKeyId": KEY_ID,
    "SignatureProvided": SIGNATURE,
    "StringToSign": SIGNED,
    "StringToSignBytes": MARK,
    "CanonicalRequest": CANONICAL,
    "CanonicalRequestBytes": MARK,
    "Token-0": TOKEN,
    "ArgumentValue": CUSTOMER_KEY,
    "x-amz-security-token": MARK,
}


def leaks(denial: Denial) -> list[str]:
    """Which secrets stand in anything that can be made of it."""
    shown = [
        repr(denial),
        str(denial),
        json.dumps(denial.to_dict()),
        repr(pickle.dumps(denial)),
        fix_for(denial),
    ]
    shown += [documentation(denial), str(retryable(denial))]
    return [secret for secret in SECRETS for text in shown if secret in text]


@pytest.mark.parametrize("secret", TEXTS)
def test_every_sample_with_secrets(secret: str) -> None:
    """Secrets before, within and after any message are taken out, of what is read from it as well."""
    for sample in SAMPLES:
        answer = {name: sample[name] for name in ("service", "status", "operation", "code")}
        message, on = sample["message"], " on resource"
        for form in (f"{secret}\n{message} {secret}", message.replace(on, f" {secret}{on}")):
            assert leaks(parse_denial(**answer, message=form)) == []
        within = message.replace("arn:aws:s3:::", f"arn:aws:s3:::b/?{secret}&")
        assert leaks(parse_denial(**answer, message=within)) == []


@pytest.mark.parametrize("secret", TEXTS)
def test_every_element_with_secrets(secret: str) -> None:
    """Secrets in any argument and in every element of an answer are taken out."""
    fields: dict[str, Any] = {name: f"{name} {secret}" for name in FIELDS} | SECRET_FIELDS
    assert leaks(parse_denial(status=403, message=secret, fields=fields)) == []
    for name in ("service", "operation", "code", "status"):
        given_: dict[str, Any] = {name: secret}
        assert leaks(parse_denial(**given_)) == []


def test_the_secret_elements_of_a_body() -> None:
    """What S3 adds to SignatureDoesNotMatch never becomes part of the Denial."""
    elements = "".join(f"<{name}>{text}</{name}>" for name, text in SECRET_FIELDS.items())
    body = (
        f"<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message>{elements}<Region>r</Region></Error>"
    )
    denial = parse_error_body(body, status=403, headers={"x-amz-id-2": TOKEN, "authorization": MARK})
    assert leaks(denial) == []
    assert (denial.cause, denial.fields) == ("signature", {"HostId": "***", "Region": "r"})


def test_bodies_that_cannot_be_read() -> None:
    """A page, a text or a broken document in which secrets stand loses them too."""
    for secret in TEXTS:
        for body in (secret, f"<html>{secret}</html>", f"{{{secret}", f"<Error><Message>{secret}"):
            assert leaks(parse_error_body(body, status=403)) == [], body


@pytest.mark.parametrize(
    "text",
    [
        'User: arn:aws:iam::1:user/a=b is not authorized to perform: s3:GetObject on resource: "arn"',
        "arn:aws:s3:::b/warehouse/database/schema/table/longlonglonglong/year=2026/month=01",
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong",
        "The request signature we calculated does not match the signature you provided. Check your key.",
        "AROACKCEVSQ6C2EXAMPLE:session, AIDACKCEVSQ6C2EXAMPLE",
        "ASIA is a continent",
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Names without values, paths that look like Base64, and ids that are no keys are left as they are."""
    assert redact(text) == text


def test_an_encoded_message_is_cut_short() -> None:
    """The encoded authorization message, which is long and tells only those who may decode it, is cut."""
    text = f"User: x. Encoded authorization failure message: {'GdIWPnptu6qC' * 50}"
    assert redact(text) == f"User: x. Encoded authorization failure message: {'GdIWPnptu6qC' * 2}…"


@given(st.text(), st.sampled_from(TEXTS), st.text())
def test_twice_is_as_once(before: str, secret: str, after: str) -> None:
    """What was redacted stays as it is."""
    once = redact(f"{before}{secret}{after}")
    assert redact(once) == once
