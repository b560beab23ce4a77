"""No secret in any text: marked keys, tokens and signatures are looked for wherever they could turn up."""

from __future__ import annotations

import base64
import copy
import io
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import SseC
from secure_s3.guard import faults, guard_of, secure_session, with_strategy
from secure_s3.guard.redaction import redact
from secure_s3.profile import SecurityProfile
from secure_s3.values import SecretBytes
from tests.guard.support import core_session
from tests.rig.faulty_proxy import FaultyProxy, s3_error
from tests.rig.tls_servers import tls_listener

KEY = b"MARKED-sse-c-key-0123456789abcd!"
SECRET = "MARKEDsecretAccessKey/+abcdefghijklmnopq"
TOKEN = "MARKEDsessionToken//////////abc+def/ghi=="
ACCESS_KEY = "ASIAMARKEDACCESSKEY0"
B64 = base64.b64encode(KEY).decode()
FORMS = {
    "raw key": KEY.decode(),
    "base64 key": B64,
    "quoted base64 key": quote(B64, safe=""),
    "hexadecimal key": KEY.hex(),
    "bytes of the key": repr(KEY)[2:-1],
    "secret access key": SECRET,
    "quoted secret access key": quote(SECRET, safe=""),
    "session token": TOKEN,
    "quoted session token": quote(TOKEN, safe=""),
}
FAMILIES = ("botocore", "boto3", "s3transfer", "urllib3", "secure_s3")
MIB = 1024**2


def leaks(text: str) -> list[str]:
    return [name for name, form in FORMS.items() if form in text]


class Records(logging.Handler):
    """Everything that is logged, formatted as a user's handler would."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += logging.Formatter().formatException(record.exc_info)
        self.lines.append((record.name, text))


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", *FAMILIES)}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def marked_session(strategy: Any = None) -> boto3.Session:
    return secure_session(
        strategy or SseC(KEY),
        botocore_session=core_session(),
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TOKEN,
        region_name="eu-west-1",
    )


def test_the_log_of_everything(records: Records) -> None:
    """Puts, gets, multipart uploads, presigning and failing calls at DEBUG log no key, token or signature."""
    with tls_listener() as server, FaultyProxy(server.url, server.ca_bundle) as proxy:
        session = marked_session()
        client = session.client(
            "s3",
            endpoint_url=proxy.url,
            verify=proxy.ca_bundle,
            config=Config(retries={"total_max_attempts": 2}),
        )
        client.put_object(Bucket="bucket", Key="key", Body=b"body")
        client.put_object(
            Bucket="bucket", Key="key", Body=b"body", SSECustomerKey=KEY, SSECustomerAlgorithm="AES256"
        )
        urls = [
            client.generate_presigned_url("put_object", {"Bucket": "bucket", "Key": "key"}),
            client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"}),
        ]
        proxy.inject(s3_error(403, "SignatureDoesNotMatch"), times=1)
        proxy.inject(s3_error(503, "SlowDown"), times=2)
        for _ in range(3):
            with pytest.raises(Exception, match=r"."):
                client.get_object(Bucket="bucket", Key="key")
        with pytest.raises(Exception, match=r"."):
            client.upload_fileobj(
                io.BytesIO(bytes(6 * MIB)),
                "bucket",
                "key",
                Config=TransferConfig(multipart_threshold=5 * MIB),
            )
        with pytest.raises(errors.EncryptionConflict):
            client.put_object(Bucket="bucket", Key="key", SSECustomerKey=bytes(32))
        authorizations = [seen.headers["authorization"] for seen in proxy.requests]
        client.close()
    signatures = [text.rpartition("Signature=")[2].strip() for text in authorizations]
    signatures += [url.partition("X-Amz-Signature=")[2].partition("&")[0] for url in urls]
    assert len(signatures) > 5
    assert len(records.lines) > 100
    for name, text in records.lines:
        if name.split(".")[0] in FAMILIES:
            assert leaks(text) == [], (name, text)
            assert not any(signature in text for signature in signatures), (name, text)


def test_the_log_is_still_worth_reading(records: Records) -> None:
    """What is no secret stays in the log: operation, bucket, status."""
    with tls_listener() as server:
        client = marked_session().client("s3", endpoint_url=server.url, verify=server.ca_bundle)
        client.put_object(Bucket="bucket", Key="object-key", Body=b"body")
        client.close()
    everything = "\n".join(text for _, text in records.lines)
    for word in ("PutObject", "/bucket/object-key", "200", "x-amz-server-side-encryption-customer-algorithm"):
        assert word in everything


def test_the_log_of_another_service(records: Records) -> None:
    """KMS and STS clients of a guarded session log no token either."""
    with tls_listener() as server:
        client = marked_session().client("kms", endpoint_url=server.url, verify=server.ca_bundle)
        client.encrypt(KeyId="alias/x", Plaintext=KEY)
        client.close()
    for name, text in records.lines:
        if name.split(".")[0] in FAMILIES:
            assert leaks(text) == [], (name, text)


# --- values ---------------------------------------------------------------------------------------------


def things() -> list[Any]:
    strategy = SseC(KEY)
    client = marked_session(strategy).client("s3")
    return [
        strategy,
        strategy.key,
        guard_of(client),
        client,
        with_strategy(client, SseC(bytes(32))),
        client.meta,
    ]


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda thing: f"{[thing]!r} { ({1: thing})!s}"])
def test_no_representation(show: Any) -> None:
    """Strategies, guards and clients do not show the key in any representation."""
    for thing in things():
        assert leaks(show(thing)) == []


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle(protocol: int) -> None:
    """A strategy with a key, and the key itself, refuse to be pickled in every protocol."""
    for thing in (SseC(KEY), SseC(KEY).key, {"deep": [SseC(KEY)]}):
        with pytest.raises(TypeError):
            pickle.dumps(thing, protocol)


def test_copies_share_the_secret() -> None:
    """Copies, deep ones too, hold the same secret object, not another one of its bytes."""
    strategy = SseC(KEY)
    assert copy.deepcopy(strategy).key is strategy.key
    assert copy.copy(strategy).key is strategy.key


def test_no_accidental_comparison() -> None:
    """A secret equals another secret of the same bytes, and never bytes or text."""
    secret = SecretBytes(KEY)
    assert secret == SecretBytes(bytearray(KEY))
    assert hash(secret) == hash(SecretBytes(KEY))
    for other in (KEY, KEY.decode(), B64, bytearray(KEY), None, SecretBytes(bytes(32))):
        assert secret != other
    for attempt in (lambda: bytes(secret), lambda: iter(secret), lambda: secret[0]):  # type: ignore[call-overload, index, arg-type]
        with pytest.raises(TypeError):
            attempt()
    assert not hasattr(secret, "__dict__")
    assert leaks(str(hash(secret))) == []


WRONG_KEYS: list[Any] = [
    KEY[:-1],
    KEY + b"x",
    B64.encode(),
    KEY.hex().encode(),
    B64,
    KEY.hex(),
    KEY.decode(),
    b"",
]


@pytest.mark.parametrize("key", WRONG_KEYS)
def test_a_refused_key_is_not_shown(key: Any) -> None:
    """The error about a malformed key does not repeat it."""
    with pytest.raises(errors.ConfigurationError) as caught:
        SseC(key)
    shown = str(caught.value) + repr(caught.value) + str(caught.value.diagnostics())
    assert leaks(shown) == []
    if key:
        assert (key.decode() if isinstance(key, bytes) else key) not in shown


# --- errors -----------------------------------------------------------------------------------------------


def failing_calls(client: Any) -> list[BaseException]:
    """Errors of the guard, and translated errors of the service, from calls with secrets in them."""
    caught: list[BaseException] = []
    calls = (
        lambda: client.put_object(
            Bucket="bucket", Key="key", Body=b"", SSECustomerKey=KEY, ServerSideEncryption="AES256"
        ),
        lambda: client.get_object(Bucket="bucket", Key="key", SSECustomerKey=bytes(32)),
        lambda: client.generate_presigned_post("bucket", "key"),
        lambda: client.put_object(Bucket="bucket", Key="key", Body=b"", ACL="public-read"),
        lambda: client.get_object(Bucket="bucket", Key="key"),
    )
    for call in calls:
        try:
            with faults.typed("GetObject", "bucket", "key"):
                call()
        except Exception as error:
            caught.append(error)
    return caught


def error_document(exchange: Any) -> None:
    """What S3 says to a wrong signature: it repeats what it was sent."""
    from tests.rig.http1 import Answer

    sent = exchange.head.headers
    fields = {
        "Code": "SignatureDoesNotMatch",
        "Message": "no match",
        "AWSAccessKeyId": ACCESS_KEY,
        "Token-0": TOKEN,
        "StringToSign": f"AWS4-HMAC-SHA256 {TOKEN}",
        "SignatureProvided": sent["authorization"].rpartition("=")[2],
        "CanonicalRequest": f"x-amz-security-token:{TOKEN}\nx-amz-server-side-encryption-customer-key:{B64}",
        "CanonicalRequestBytes": TOKEN.encode().hex(" "),
        "StringToSignBytes": TOKEN.encode().hex(" "),
    }
    body = "<Error>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</Error>"
    exchange.body()
    exchange.reply(Answer(403, [("Content-Type", "application/xml")], body.encode()))


@pytest.fixture
def caught() -> Iterator[list[BaseException]]:
    with tls_listener() as server, FaultyProxy(server.url, server.ca_bundle) as proxy:
        proxy.inject(error_document, times=9)
        client = marked_session().client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
        yield failing_calls(client)
        client.close()


def test_no_error_shows_a_secret(caught: list[BaseException]) -> None:
    """No error shows a secret: not in its text, representation, diagnostics, response or pickle."""
    assert len(caught) == 5
    for error in caught:
        assert isinstance(error, errors.SecureS3Error)
        shown = f"{error!r}{error}{error.diagnostics()}{getattr(error, 'response', '')}{error.args}"
        pickled = pickle.dumps(error).decode("latin-1")
        for text in (shown, pickled):
            assert leaks(text) == [], (type(error), text)
            assert ACCESS_KEY not in text


def test_no_traceback_shows_a_secret(caught: list[BaseException]) -> None:
    """A traceback as Python prints it shows no secret, with its whole chain of causes."""
    for error in caught:
        assert leaks("".join(traceback.format_exception(error))) == []


def test_what_a_traceback_with_locals_shows_of_our_frames(caught: list[BaseException]) -> None:
    """With captured locals (as crash reporters do), our own frames show no raw key, token or secret key.

    Frames of botocore hold the request's headers and cannot be helped; nor can a frame of ours whose
    locals are botocore's parameters, in which the key stands in Base64, as botocore needs it.
    """
    for error in caught:
        summary = traceback.TracebackException.from_exception(error, capture_locals=True)
        for frame in summary.stack:
            if "/secure_s3/" in frame.filename:
                shown = {name: text for name, text in (frame.locals or {}).items() if name not in _BOTOCORES}
                assert leaks(str(shown)) == [], (frame.name, shown)


_BOTOCORES = {"params", "kwargs", "required", "headers", "request", "context", "model", "expected"}


# --- URLs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1", "us-gov-west-1"])
@pytest.mark.parametrize(
    "method", ["get_object", "put_object", "head_object", "upload_part", "create_multipart_upload"]
)
@pytest.mark.parametrize("given", [False, True])
def test_no_url_holds_the_key(region: str, method: str, given: bool) -> None:
    """A presigned URL under SSE-C holds the key in no form, and the caller's Params stay as they were."""
    client = marked_session().client("s3", region_name=region)
    params: dict[str, Any] = {"Bucket": "bucket", "Key": "key"}
    if method == "upload_part":
        params |= {"UploadId": "u", "PartNumber": 1}
    if given:
        params |= {"SSECustomerKey": KEY, "SSECustomerAlgorithm": "AES256"}
    before = copy.deepcopy(params)
    url = client.generate_presigned_url(method, params)
    assert params == before
    assert [name for name in leaks(url) if "key" in name and "access" not in name] == []
    assert SECRET not in url
    signed = url.partition("X-Amz-SignedHeaders=")[2].partition("&")[0].lower()
    assert "x-amz-server-side-encryption-customer-key" in signed


def test_the_key_may_be_named_for_one_read_without_reaching_the_url() -> None:
    """Under a server-side strategy, an SSE-C key given for one presigned read does not reach the URL."""
    from secure_s3.encryption import SseS3

    client = marked_session(SseS3()).client("s3", region_name="us-east-1")
    params = {
        "Bucket": "bucket",
        "Key": "key",
        "SSECustomerKey": KEY.decode(),
        "SSECustomerAlgorithm": "AES256",
    }
    before = dict(params)
    url = client.generate_presigned_url("get_object", params)
    assert [name for name in leaks(url) if "key" in name and "access" not in name] == []
    assert params == before


# --- redaction --------------------------------------------------------------------------------------------

TEXTS = [
    f"'x-amz-server-side-encryption-customer-key': '{B64}'",
    f"'x-amz-server-side-encryption-customer-key': b'{B64}'",
    f"x-amz-copy-source-server-side-encryption-customer-key:{B64}",
    f'"SSECustomerKey": "{B64}"',
    f"{{'SSECustomerKey': {KEY!r}, 'Bucket': 'b'}}",
    f"{{'CopySourceSSECustomerKey': '{B64}'}}",
    f"x-amz-security-token:{TOKEN}\nhost:x",
    f"'X-Amz-Security-Token': '{TOKEN}'",
    f"https://x/?X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature=" + "0" * 64,
    f"SecretAccessKey: {SECRET}",
    f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>",
    f"aws_session_token = {TOKEN}",
    f'b\'{{"KeyId":"arn","Plaintext":"{B64}"}}\'',
    f"'Plaintext': {KEY!r}",
    f"aws_secret_access_key={SECRET}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_redact(text: str) -> None:
    """Every way in which the libraries write a secret is recognised."""
    assert leaks(redact(text)) == []
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Signature",
        "x-amz-server-side-encryption-customer-key-MD5: abc",
        "SSECustomerKeyMD5='x'",
        "a signature was made",
    ],
)
def test_redact_leaves_the_rest(text: str) -> None:
    """What names no secret stays as it is."""
    assert redact(text) == text


@given(st.text())
def test_redact_takes_any_text(text: str) -> None:
    """Any text can be redacted, and twice is the same as once."""
    assert redact(redact(text)) == redact(text)


def test_profiles_and_guards_show_their_names() -> None:
    """What is no secret is shown: the guard's strategy and profile."""
    client = secure_session(
        SseC(KEY), SecurityProfile(name="mine"), botocore_session=core_session(), region_name="eu-west-1"
    ).client("s3")
    assert "SseC" in repr(guard_of(client))
    assert "mine" in repr(guard_of(client))
