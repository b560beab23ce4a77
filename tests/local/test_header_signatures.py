"""Requests signed by a header at the embedded endpoint: those that hold, and AWS's refusals of all others."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials

from secure_s3.local import LocalAws
from secure_s3.sigv4 import Credentials, parse_authorization
from secure_s3.sigv4.signing import ALGORITHM, SigningKey

from .people import allow, refusal, session, user
from .support import BUCKET, OWN, Told, by_header, connected, keys, send

ODD_KEY = "a b+c/ü=&?#~%2F;'(1)*.txt"
MISMATCH = (403, "SignatureDoesNotMatch")
WRONG_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY"
ONCE = Config(retries={"total_max_attempts": 1})


def client(aws: LocalAws, service: str = "s3", **more: Any) -> Any:
    """A plain boto3 client that does not try again."""
    return aws.session().client(service, config=ONCE, **more)


# ------------------------------------------------------------------------------------------- what holds


@pytest.mark.parametrize("payload", [True, False])
def test_boto3(local_aws: LocalAws, s3: Any, payload: bool) -> None:
    """What boto3 signs is let in, whether the hash of the body is signed or not, whatever the key."""
    config = Config(s3={"payload_signing_enabled": payload})
    signing: Any = local_aws.session().client("s3", config=config)
    place: dict[str, Any] = {"Bucket": BUCKET, "Key": ODD_KEY}
    signing.put_object(**place, Body=b"hello", Metadata={"my_key": "a  b"}, ContentType="text/plain")
    assert signing.get_object(**place, Range="bytes=1-3")["Body"].read() == b"ell"
    signing.copy_object(Bucket=BUCKET, Key="copy", CopySource=place)
    listed = signing.list_objects_v2(Bucket=BUCKET, Prefix="a b+c/", Delimiter="/")
    assert [each["Key"] for each in listed["Contents"]] == [ODD_KEY]
    signing.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": ODD_KEY}, {"Key": "copy"}]})
    assert keys(s3) == []
    signing.close()


def test_old_and_odd_headers(local_aws: LocalAws, s3: Any) -> None:
    """Headers that are sent twice, or that no layer reads, are signed as they were sent."""
    target = f"/{BUCKET}/k"
    signed = by_header(local_aws, "PUT", target, b"data", {"x-amz-meta-a": "b,c", "x-other": " d  e "})
    twice = [pair for pair in signed.items() if pair[0] != "x-amz-meta-a"]
    twice += [("x-amz-meta-a", "b"), ("x-amz-meta-a", "c")]
    assert send(local_aws, "PUT", target, b"data", twice).status == 200
    assert s3.head_object(Bucket=BUCKET, Key="k")["Metadata"] == {"a": "b,c"}
    compact = {**signed, "Authorization": signed["Authorization"].replace(", ", ",")}
    assert send(local_aws, "PUT", target, b"data", compact).status == 200


# -------------------------------------------------------------------------------------- what was changed

CHANGES: dict[str, tuple[Callable[[dict[str, str]], dict[str, str]], tuple[int, str]]] = {
    "metadata": (lambda h: {**h, "x-amz-meta-a": "c"}, MISMATCH),
    "content type": (lambda h: {**h, "Content-Type": "text/html"}, MISMATCH),
    "host": (lambda h: {**h, "Host": "127.0.0.1"}, MISMATCH),
    "another body promised": (lambda h: {**h, "X-Amz-Content-SHA256": "0" * 64}, MISMATCH),
    "no body promised": (lambda h: {**h, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, MISMATCH),
    "header added": (lambda h: {**h, "x-amz-acl": "public-read"}, (403, "AccessDenied")),
    "token added": (lambda h: {**h, "x-amz-security-token": "AQoEXAMPLE"}, (400, "InvalidToken")),
    "no date": (lambda h: {**h, "X-Amz-Date": ""}, (403, "AccessDenied")),
    "key": (
        lambda h: {**h, "Authorization": h["Authorization"].replace(OWN.access_key, "AKIAI44QH8DHBEXAMPLE")},
        (403, "InvalidAccessKeyId"),
    ),
    "signature": (lambda h: {**h, "Authorization": h["Authorization"][:-1] + "x"}, MISMATCH),
    "components": (
        lambda h: {**h, "Authorization": h["Authorization"].replace("Signature=", "Sign=")},
        (400, "AuthorizationHeaderMalformed"),
    ),
    "service": (
        lambda h: {**h, "Authorization": h["Authorization"].replace("/s3/", "/s3express/")},
        (400, "AuthorizationHeaderMalformed"),
    ),
    "mechanism": (lambda h: {**h, "Authorization": "Basic dXNlcjpzZWNyZXQ="}, (400, "InvalidArgument")),
    "version 2": (
        lambda h: {**h, "Authorization": f"AWS {OWN.access_key}:c2lnbmF0dXJl"},
        (400, "InvalidRequest"),
    ),
}


def test_changed_headers(local_aws: LocalAws, s3: Any) -> None:
    """A request whose headers were changed is refused with S3's own code, and stores nothing."""
    target = f"/{BUCKET}/k"
    signed = by_header(local_aws, "PUT", target, b"data", {"Content-Type": "text/plain", "x-amz-meta-a": "b"})
    for change, (alter, expected) in CHANGES.items():
        told = send(local_aws, "PUT", target, b"data", alter(signed))
        assert told.refusal == expected, change
        assert OWN.secret_key not in told.body.decode()
    assert keys(s3) == []
    assert send(local_aws, "PUT", target, b"data", signed).status == 200


def test_a_changed_request(local_aws: LocalAws, s3: Any) -> None:
    """A signature is for one method, path, query and body, and another body stores nothing."""
    target = f"/{BUCKET}/k"
    signed = by_header(local_aws, "PUT", target, b"data")
    assert send(local_aws, "PUT", f"/{BUCKET}/other", b"data", signed).refusal == MISMATCH
    assert send(local_aws, "PUT", f"{target}?tagging", b"data", signed).refusal == MISMATCH
    assert send(local_aws, "DELETE", target, b"data", signed).refusal == MISMATCH
    assert send(local_aws, "PUT", target, b"late", signed).refusal == (400, "XAmzContentSHA256Mismatch")
    assert keys(s3) == []


def test_tampering_on_the_way(local_aws: LocalAws, s3: Any) -> None:
    """What something between boto3 and the wire changes is noticed, and the answer tells what arrived."""
    tampered = client(local_aws)

    def alter(request: Any, **_: Any) -> None:
        request.headers["x-amz-meta-owner"] = "mallory"

    tampered.meta.events.register("before-send.s3.PutObject", alter)
    status, code, message = refusal(
        tampered.put_object, Bucket=BUCKET, Key="k", Body=b"data", Metadata={"owner": "alice"}
    )
    assert (status, code) == MISMATCH
    assert message.startswith("The request signature we calculated does not match the signature you provided")
    assert keys(s3) == []
    tampered.close()


def test_wrong_secrets_and_unknown_keys(local_aws: LocalAws) -> None:
    """A wrong secret and an access key that nobody has are refused by each service in its own words."""
    wrong = {"aws_access_key_id": OWN.access_key, "aws_secret_access_key": WRONG_SECRET}
    unknown = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": WRONG_SECRET}
    calls = {"s3": "list_buckets", "kms": "list_keys", "sts": "get_caller_identity", "iam": "list_users"}
    told = {}
    for service, operation in calls.items():
        for name, credentials in (("wrong", wrong), ("unknown", unknown)):
            asking = client(local_aws, service, **credentials)
            told[service, name] = refusal(getattr(asking, operation))
            asking.close()
    invalid = "The security token included in the request is invalid."
    assert told["s3", "wrong"][:2] == MISMATCH
    assert told["s3", "unknown"][:2] == (403, "InvalidAccessKeyId")
    assert told["kms", "wrong"][:2] == (400, "InvalidSignatureException")
    assert told["kms", "unknown"] == (400, "UnrecognizedClientException", invalid)
    for service in ("sts", "iam"):
        assert told[service, "wrong"][:2] == MISMATCH
        assert "Check your AWS Secret Access Key and signing method." in told[service, "wrong"][2]
        assert told[service, "unknown"] == (403, "InvalidClientTokenId", invalid)
    assert WRONG_SECRET not in str(told)


def test_skewed_clocks(local_aws: LocalAws, s3: Any) -> None:
    """Fifteen minutes off is too much for every service; a little less is not."""
    for seconds in (895, -895):
        local_aws.shift_clock(seconds)
        s3.list_objects_v2(Bucket=BUCKET)
    for seconds in (1000, -1000):
        local_aws.shift_clock(seconds)
        told = send(local_aws, "GET", f"/{BUCKET}", headers=by_header(local_aws, "GET", f"/{BUCKET}"))
        assert told.refusal == (403, "RequestTimeTooSkewed")
        assert told.element("MaxAllowedSkewMilliseconds") == "900000"
        assert told.element("RequestTime")
        assert told.element("ServerTime")
    sts, kms = client(local_aws, "sts"), client(local_aws, "kms")
    status, code, message = refusal(sts.get_caller_identity)
    assert (status, code) == MISMATCH
    assert message.startswith("Signature not yet current: ")
    assert refusal(kms.list_keys)[:2] == (400, "InvalidSignatureException")
    sts.close()
    kms.close()


def test_another_region(local_aws: LocalAws, s3: Any) -> None:
    """A bucket is reached by the signatures of its own region only, and the refusal names it."""
    target = f"/{BUCKET}/k"
    told = send(local_aws, "PUT", target, b"x", by_header(local_aws, "PUT", target, b"x", region="eu-west-2"))
    assert told.refusal == (400, "AuthorizationHeaderMalformed")
    assert told.element("Message") == (
        "The authorization header is malformed; the region 'eu-west-2' is wrong; expecting 'eu-west-1'"
    )
    assert told.element("Region") == "eu-west-1"
    assert keys(s3) == []


def test_keys_of_users(local_aws: LocalAws, s3: Any) -> None:
    """An access key works while it is active and its user is there, and never again after that."""
    given = user(local_aws, allow("s3:*"))
    iam, alice = client(local_aws, "iam"), client(local_aws, **given)
    key = given["aws_access_key_id"]
    alice.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Inactive")
    assert refusal(alice.list_objects_v2, Bucket=BUCKET)[:2] == (403, "InvalidAccessKeyId")
    iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Active")
    assert keys(alice) == ["k"]
    iam.delete_user_policy(UserName="alice", PolicyName="own")
    iam.delete_user(UserName="alice")  # moto lets a user go who still has keys
    iam.create_user(UserName="alice", Path="/team/")
    assert refusal(alice.list_objects_v2, Bucket=BUCKET)[:2] == (403, "InvalidAccessKeyId")
    iam.close()
    alice.close()


def test_session_tokens(local_aws: LocalAws, s3: Any) -> None:
    """A session's key works with its own token until it ends by the endpoint's clock, for every service."""
    local_aws.shift_clock(-600)
    given = session(local_aws, "arn:aws:iam::111122223333:role/none", DurationSeconds=900)
    other = {**given, "aws_session_token": given["aws_session_token"][:-4] + "AAAA"}
    none = {name: value for name, value in given.items() if name != "aws_session_token"}
    for credentials, in_s3 in ((other, (400, "InvalidToken")), (none, (403, "InvalidAccessKeyId"))):
        asking, sts = client(local_aws, **credentials), client(local_aws, "sts", **credentials)
        assert refusal(asking.list_buckets)[:2] == in_s3
        assert refusal(sts.get_caller_identity)[:2] == (403, "InvalidClientTokenId")
        asking.close()
        sts.close()
    sts, kms, held = (client(local_aws, service, **given) for service in ("sts", "kms", "s3"))
    assert sts.get_caller_identity()["Arn"].endswith(":assumed-role/none/one")
    local_aws.shift_clock(301)
    expired = "The security token included in the request is expired"
    assert refusal(sts.get_caller_identity) == (403, "ExpiredToken", expired)
    assert refusal(kms.list_keys) == (400, "ExpiredTokenException", expired)
    assert refusal(held.list_buckets) == (400, "ExpiredToken", "The provided token has expired.")
    for each in (sts, kms, held):
        each.close()


def test_unsigned_calls_of_other_services(local_aws: LocalAws) -> None:
    """KMS, IAM and STS answer nobody who does not sign, and nothing of what is asked is done."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = b"Action=CreateUser&UserName=mallory&Version=2010-05-08"
    told = send(local_aws, "POST", "/", asked, form)
    assert told.refusal == (403, "MissingAuthenticationToken")
    target = {"X-Amz-Target": "TrentService.CreateKey", "Content-Type": "application/x-amz-json-1.1"}
    assert b"MissingAuthenticationTokenException" in send(local_aws, "POST", "/", b"{}", target).body
    iam = client(local_aws, "iam")
    assert [each["UserName"] for each in iam.list_users()["Users"]] == ["local"]
    iam.close()


# ------------------------------------------------------------------------------------- signed chunks


def in_chunks(
    aws: LocalAws, body: list[bytes], *, trailer: bool = False, alter: Callable[[bytes], bytes] = bytes
) -> Told:
    """PUT a body that is signed chunk by chunk; *alter* changes what is sent after it was signed."""
    target, whole = f"/{BUCKET}/k", b"".join(body)
    checksum = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    headers = {
        "x-amz-content-sha256": kind,
        "x-amz-decoded-content-length": str(len(whole)),
        "content-encoding": "aws-chunked",
        **({"x-amz-trailer": "x-amz-checksum-crc32"} if trailer else {}),
    }
    signed = signed_as(aws, target, headers)
    signer = Chunks({name.lower(): value for name, value in signed.items()})
    sent = b"".join(signer.chunk(piece) for piece in [*body, b""])
    if trailer:
        sent = sent[:-2] + signer.trailer(f"x-amz-checksum-crc32:{checksum}\n")
    return send(aws, "PUT", target, alter(sent), signed)


def signed_as(aws: LocalAws, target: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers of a PUT that promises what botocore would not."""

    class Auth(S3SigV4Auth):  # type: ignore[misc]
        def payload(self, request: Any) -> str:
            return headers["x-amz-content-sha256"]

        def _modify_request_before_signing(self, request: Any) -> None:
            super()._modify_request_before_signing(request)
            request.headers.replace_header("X-Amz-Content-SHA256", headers["x-amz-content-sha256"])

    request = AWSRequest("PUT", aws.endpoint_url + target, dict(headers), b"")
    Auth(BotocoreCredentials(OWN.access_key, OWN.secret_key), "s3", "eu-west-1").add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


class Chunks:
    """Signs chunks by the formula of the Amazon S3 API Reference."""

    def __init__(self, headers: dict[str, str]) -> None:
        authorization = parse_authorization(headers)
        scope = authorization.scope
        self._key = SigningKey(OWN.secret_key, scope.date, scope.region)
        self._date, self._last = headers["x-amz-date"], authorization.signature

    def chunk(self, data: bytes) -> bytes:
        signature = self._sign("PAYLOAD", f"{_hash(b'')}\n{_hash(data)}")
        return f"{len(data):x};chunk-signature={signature}\r\n".encode() + data + b"\r\n"

    def trailer(self, fields: str) -> bytes:
        signature = self._sign("TRAILER", _hash(fields.encode()))
        return f"{fields.strip()}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()

    def _sign(self, kind: str, hashed: str) -> str:
        text = "\n".join((f"{ALGORITHM}-{kind}", self._date, self._key.scope, self._last, hashed))
        self._last = self._key.sign(text.encode())
        return self._last


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.mark.parametrize("trailer", [False, True])
def test_signed_chunks(local_aws: LocalAws, s3: Any, trailer: bool) -> None:
    """A body whose chunks hold is stored whole; one with a changed chunk, order or trailer is not at all."""
    body = [b"a" * 8192, b"b" * 8192, b"end"]
    changes: list[Callable[[bytes], bytes]] = [
        lambda sent: sent.replace(b"end", b"END"),
        lambda sent: sent.replace(b"b" * 8192, b"a" * 8192),
        lambda sent: sent.replace(b";chunk-signature=", b";chunk-signature=0", 1),
    ]
    if trailer:
        changes.append(lambda sent: sent.replace(b"trailer-signature:", b"trailer-signature:0"))
    for change in changes:
        assert in_chunks(local_aws, body, trailer=trailer, alter=change).refusal == MISMATCH
    assert keys(s3) == []
    assert in_chunks(local_aws, body, trailer=trailer).status == 200
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"".join(body)


def test_the_connection_lives_on(local_aws: LocalAws, s3: Any) -> None:
    """After a refused upload, the same connection serves the next request."""
    target = f"/{BUCKET}/k"
    signed = by_header(local_aws, "PUT", target, b"data")
    bad = by_header(local_aws, "PUT", target, b"x" * 700_000, credentials=Credentials(OWN.access_key, "no"))
    with connected(local_aws) as connection:
        assert send(local_aws, "PUT", target, b"x" * 700_000, bad, connection).refusal == MISMATCH
        socket = connection.sock
        assert send(local_aws, "PUT", target, b"data", signed, connection).status == 200
        assert connection.sock is socket
