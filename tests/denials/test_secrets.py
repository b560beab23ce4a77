"""No secret comes through: into any field of a Denial, wherever it stands in an answer."""

from __future__ import annotations

import base64
import json
import pickle
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials import Denial, parse_denial, parse_error_body
from secure_s3.denials.causes import documentation, fix_for, retryable
from secure_s3.denials.parsing import FIELDS
from secure_s3.denials.redaction import CHARACTERS, redact
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


HEX = "0123456789abcdef" * 4
ID = "AKIAIOSFODNN7EXAMPLE"
PLAIN_TOKEN = "PLAINTOKEN0123456789"
RAW_KEY = bytes(range(200, 232))
STANDARD_KEY = base64.b64encode(RAW_KEY).decode()
URL_KEY = base64.urlsafe_b64encode(RAW_KEY).decode()
FORMS = [
    (f"StringToSign was AWS4-HMAC-SHA256\n20260301T120000Z\nscope\n{HEX}", HEX),
    (f"The String-to-Sign should have been 'AWS4-HMAC-SHA256\nscope\n{HEX}'", HEX),
    (f"The Canonical String for this request should have been 'GET\n/k\n\nhost\n{HEX}'", HEX),
    (f"canonical_request = GET\n/k\n\nhost\n{HEX}", HEX),
    (f"the signature {HEX} you provided does not match", HEX),
    (f"{HEX} is not the signature that was calculated", HEX),
    (f"Signature is {HEX}, expected", HEX),
    ("Signature was frJIUN8DYpKDtOLCwo//yllqDzg=", "frJIUN8DYpKDtOLCwo"),
    (f"SecretKey={PLAIN_TOKEN}", PLAIN_TOKEN),
    (f"secret-access-key: {PLAIN_TOKEN}", PLAIN_TOKEN),
    (f"Secret access key: {PLAIN_TOKEN}", PLAIN_TOKEN),
    (f'{{"name":"x-amz-security-token","value":"{PLAIN_TOKEN}"}}', PLAIN_TOKEN),
    (f'{{\\"x-amz-security-token\\": \\"{PLAIN_TOKEN}\\"}}', PLAIN_TOKEN),
    (f"X-Amz-Signature%3d{HEX}", HEX),
    (quote(quote(f"https://b/k?X-Amz-Credential={ID}/20260301&X-Amz-Signature={HEX}")), HEX),
    (quote(quote(f"https://b/k?X-Amz-Credential={ID}/20260301")), ID),
    (f"%3D{ID}%2F20260301", ID),
    (f"b'x\\n{ID}'", ID),
    (f"AKIA\u200b{ID[4:]}", ID[4:]),
    (f"X-Amz-Security-Token\\u003d{PLAIN_TOKEN}", PLAIN_TOKEN),
    (f"X-Amz-Signature&#61;{HEX}", HEX),
    (f"X-Amz-Signature\uff1a{HEX}", HEX),
    (f'name="x-amz-security-token"\r\n\r\n{PLAIN_TOKEN}\r\n', PLAIN_TOKEN),
    (f"x-amz-s3session-token: {PLAIN_TOKEN}", PLAIN_TOKEN),
    (f"x-amz-copy-source-server-side-encryption-customer-key: {PLAIN_TOKEN}", PLAIN_TOKEN),
    ("x-amz-mfa: arn:aws:iam::111122223333:mfa/root-user 123456", "123456"),
    (f"key={quote(STANDARD_KEY, safe='')}", quote(STANDARD_KEY[:10], safe="")),
    (f"key={quote(quote(STANDARD_KEY, safe=''), safe='')}&x", STANDARD_KEY[:10]),
    (f"key {URL_KEY}", URL_KEY[:10]),
    (f"k/{STANDARD_KEY}", STANDARD_KEY[:10]),
]


@pytest.mark.parametrize(("text", "secret"), FORMS)
def test_forms_of_secrets(text: str, secret: str) -> None:
    """A secret goes however its name is joined to it, however that is encoded, and out of a sentence."""
    assert secret in text
    for form in (text, f"An error occurred (X): {text} and more", f"<Message>{text}</Message>"):
        once = redact(form)
        assert secret not in once
        assert redact(once) == once


@pytest.mark.parametrize(
    "part",
    [
        "amz-mfa=arn:)",
        f"{'A' * 4000}/{STANDARD_KEY} ",
        'token":',
        "%2F",
        f"signature {'f' * 63} ",
        "AKIA=%3D",
    ],
)
def test_hostile_repeats_end_soon(part: str) -> None:
    """A text as long as is read, made of beginnings of secrets, takes a fraction of a second, not minutes."""
    text = ("A" * 4096 + part * (CHARACTERS // len(part)))[:CHARACTERS]
    before = time.process_time()
    redact(text)
    assert time.process_time() - before < 20


def test_a_long_text_is_cut() -> None:
    """Of a text that is too long only the beginning is kept, and no half of a secret at its end."""
    for before in range(CHARACTERS - 100, CHARACTERS, 19):
        cut = redact("." * before + f" {CUSTOMER_KEY} X-Amz-Signature={MARK} {ID} " * 9)
        assert len(cut) < CHARACTERS
        assert cut.strip(".") == "…"


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
        f'the ETag "{HEX[:32]}" and the checksum {HEX} do not match: try again',
        "x-amz-id-2: Gz0a7yYvQ3b8pS3JUqQWJZ3z1Hn3d0gqkq7/cWl0bYgkq8r+q0XqzYt9c9Yq7dWQ2P0cQyJ1xV0Abc12=",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "s3://b/warehouse/database/schema/table/longlonglonglong/longer/year=",
        "a/_temporary/0/task_202603011200000000000000_0001_m_000000/part=1/name_with_a_long_name_0=x",
        "The canonical request is wrong. The string to sign was not given: see the signature's page",
        "The security token included in the request is invalid: get another",
        "the signature is authenticationisrequired: no",
        "provide the correct secret key. The secret key was wrong",
        "family \U0001f469\u200d\U0001f467: =",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Names without values, paths that look like Base64, and ids that are no keys are left as they are."""
    assert redact(text) == text


def test_an_encoded_message_is_cut_short() -> None:
    """The encoded authorization message, which is long and tells only those who may decode it, is cut."""
    text = f"User: x. Encoded authorization failure message: {'GdIWPnptu6qC' * 50}"
    assert redact(text) == f"User: x. Encoded authorization failure message: {'GdIWPnptu6qC' * 2}…"


@given(st.text(), st.sampled_from([*TEXTS, *(text for text, _ in FORMS)]), st.text())
def test_twice_is_as_once(before: str, secret: str, after: str) -> None:
    """What was redacted stays as it is."""
    once = redact(f"{before}{secret}{after}")
    assert redact(once) == once
