"""What is kept of a refused request: as it was sent, without its secrets, with whatever error it ends in."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import SseS3
from secure_s3.guard import faults, harden, with_strategy
from secure_s3.guard.kms import KmsClients
from secure_s3.guard.refused import Refused, Seen, refused_of
from secure_s3.policy.wire import SentRequest
from secure_s3.values import SECRET_HEADERS, SecretBytes
from tests.guard.support import BUCKET, CREDENTIALS, KEY_ARN, RAW_KEY, plain_session, session, strategy
from tests.rig.faulty_proxy import Exchange, FaultyProxy, s3_error, slow_down
from tests.rig.http1 import Answer
from tests.rig.tls_servers import RecordingServer, closed_port, tls_listener

WHO = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
BY_POLICY = (
    f"User: {WHO} is not authorized to perform: s3:PutObject on resource: "
    f'"arn:aws:s3:::{BUCKET}/k" with an explicit deny in a resource-based policy'
)
TOKEN = "MARKEDSESSIONTOKEN"
PATH = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3})


class Refusing:
    """An S3 that refuses everything, and clients for it."""

    def __init__(self, proxy: FaultyProxy) -> None:
        self.proxy = proxy
        proxy.inject(s3_error(403, "AccessDenied", BY_POLICY), times=99, skip=0)

    def client(self, label: str = "sse-kms") -> Any:
        """A hardened client."""
        made = session(label, aws_session_token=TOKEN)
        return made.client("s3", endpoint_url=self.proxy.url, verify=self.proxy.ca_bundle, config=PATH)


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with tls_listener() as listener:
        yield listener


@pytest.fixture
def refusing(server: RecordingServer) -> Iterator[Refusing]:
    with FaultyProxy(server.url, server.ca_bundle) as proxy:
        yield Refusing(proxy)


@contextmanager
def refused() -> Iterator[list[Any]]:
    """Catches a ClientError; the list then holds it and what is kept with it."""
    found: list[Any] = []
    with pytest.raises(ClientError) as caught:
        yield found
    found += [caught.value, refused_of(caught.value)]


def put(client: Any, **more: Any) -> Any:
    return client.put_object(Bucket=BUCKET, Key="k", Body=b"x", **more)


def test_the_request_is_kept_as_it_arrived(refusing: Refusing) -> None:
    """Method, address, headers, TLS, bucket and key are those of the request that the service saw."""
    client = refusing.client()
    before = datetime.now(timezone.utc)
    with refused() as found:
        put(client, Tagging="a=b")
    error, kept = found
    (arrived,) = refusing.proxy.requests
    sent = kept.sent
    assert (sent.operation, sent.method) == ("PutObject", "PUT")
    assert sent.url == f"{refusing.proxy.url}{arrived.path}"
    on_the_wire = {k: v for k, v in arrived.headers.items() if k not in ("host", "accept-encoding")}
    assert sent.headers == {k: v for k, v in on_the_wire.items() if k not in SECRET_HEADERS}
    assert sent.header("x-amz-server-side-encryption-aws-kms-key-id") == KEY_ARN
    assert (sent.bucket, sent.key, sent.region, sent.auth_type) == (BUCKET, "k", "eu-west-1", "REST-HEADER")
    assert (sent.temporary, sent.tls, sent.min_tls, sent.scheme) == (True, "1.3", "1.2", "https")
    assert before - timedelta(seconds=2) <= kept.at <= datetime.now(timezone.utc) + timedelta(seconds=2)
    assert kept.at.tzinfo is not None
    assert (kept.client, kept.strategy, kept.key) == (client, strategy("sse-kms"), None)
    assert set(error.response) == {"Error", "ResponseMetadata"}
    assert not isinstance(error, errors.SecureS3Error)


def test_the_last_attempt_counts(refusing: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a call that was tried again, the request that was refused in the end is kept."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
    refusing.proxy.clear()
    refusing.proxy.inject(slow_down, times=1)
    refusing.proxy.inject(s3_error(403, "AccessDenied", BY_POLICY), times=99)
    with refused() as found:
        put(refusing.client())
    assert found[1].sent.headers["amz-sdk-request"].startswith("attempt=2")


def test_what_policies_see_of_a_body_is_kept_and_no_more(refusing: Refusing) -> None:
    """The members of a body that policies can see are kept; the body, and customer keys, are not."""
    with refused() as found:
        refusing.client().delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}]})
    assert found[1].sent.content == {"Delete": {"Objects": [{"Key": "a"}]}}
    with refused() as found:
        put(refusing.client("sse-c"))
    assert found[1].sent.content == {}
    assert found[1].sent.header("x-amz-server-side-encryption-customer-algorithm") == "AES256"


def test_no_secret_is_kept(refusing: Refusing) -> None:
    """Signature, session token, customer key and secret key are nowhere in what is kept."""
    with refused() as found:
        put(refusing.client("sse-c"))
    kept = found[1]
    (arrived,) = refusing.proxy.requests
    signature = arrived.headers["authorization"].rpartition("Signature=")[2]
    seen, sent = kept.seen, kept.sent
    shown = f"{kept!r}{seen!r}{seen.headers}{seen.url}{seen.known}{sent!r}{sent.headers}"
    secrets = [signature, TOKEN, base64.b64encode(RAW_KEY).decode(), CREDENTIALS["aws_access_key_id"]]
    assert len(signature) == 64
    assert [secret for secret in secrets if secret in shown] == []
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(kept)


def test_the_answer_of_boto3s_error_repeats_no_secret(server: RecordingServer) -> None:
    """What S3 repeats of a wrongly signed request is hidden in the error that boto3's client raises."""
    secret = {"AWSAccessKeyId": "AKIAMARKEDMARKED1234", "StringToSign": "AWS4\nMARKED", "Token": "MARKED"}
    elements = "".join(f"<{name}>{text}</{name}>" for name, text in secret.items())
    says = f"the signature {'0123456789abcdef' * 4} does not match"
    body = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{says}</Message>{elements}</Error>".encode()

    def refuse(exchange: Exchange) -> None:
        exchange.body()
        exchange.reply(Answer(403, [("x-echo", "x-amz-security-token: MARKED")], body))

    with FaultyProxy(server.url, server.ca_bundle) as proxy:
        proxy.inject(refuse, times=9)
        client = session().client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle, config=PATH)
        with pytest.raises(ClientError) as caught:
            put(client)
    error = caught.value
    assert not isinstance(error, errors.SecureS3Error)
    details: Any = error.response["Error"]
    assert details == {
        "Code": "SignatureDoesNotMatch",
        "Message": "the signature *** does not match",
        **dict.fromkeys(secret, "***"),
    }
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["x-echo"] == "x-amz-security-token: ***"
    assert str(error).endswith("the signature *** does not match")
    assert "MARKED" not in f"{error!r}{vars(error)}"


ROADS = {
    "head": lambda client, path: client.head_object(Bucket=BUCKET, Key="k"),
    "paginator": lambda client, path: list(client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)),
    "upload_fileobj": lambda client, path: client.upload_fileobj(path.open("rb"), BUCKET, "k"),
    "upload_file": lambda client, path: client.upload_file(str(path), BUCKET, "k"),
    "download_file": lambda client, path: client.download_file(BUCKET, "k", str(path)),
    "copy": lambda client, path: client.copy({"Bucket": BUCKET, "Key": "s"}, BUCKET, "k"),
}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("road", ROADS)
def test_every_road_leads_through_it(road: str, refusing: Refusing, tmp_path: Path) -> None:
    """Paginators, managed transfers and their threads, and HEAD, keep the refused request as well."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    client = refusing.client()
    with refused() as found:
        ROADS[road](client, path)
    assert found[1].sent.method in ("GET", "PUT", "HEAD")
    assert found[1].client is client


def test_resources_keep_it_too(refusing: Refusing) -> None:
    """boto3's resources keep the refused request."""
    made = session().resource(
        "s3", endpoint_url=refusing.proxy.url, verify=refusing.proxy.ca_bundle, config=PATH
    )
    with refused() as found:
        made.Object(BUCKET, "k").put(Body=b"x")
    assert found[1].sent.operation == "PutObject"


def test_the_face_is_the_client(refusing: Refusing) -> None:
    """Under another strategy for one call, the client that is kept is that face, and the strategy is its."""
    face = with_strategy(refusing.client(), SseS3())
    with refused() as found:
        put(face)
    assert found[1].client is face
    assert found[1].strategy == SseS3()


def test_a_client_without_a_strategy(refusing: Refusing) -> None:
    """A client that encrypts nothing keeps the request all the same."""
    plain = plain_session().client(
        "s3", endpoint_url=refusing.proxy.url, verify=refusing.proxy.ca_bundle, config=PATH
    )
    with refused() as found:
        plain.get_object(Bucket=BUCKET, Key="k")
    assert found[1] is None
    with refused() as found:
        harden(plain, None).get_object(Bucket=BUCKET, Key="k")
    assert found[1].strategy is None
    assert found[1].sent.operation == "GetObject"


def test_the_typed_error_has_it_and_travels_without(refusing: Refusing) -> None:
    """The typed error has the refused request; copies and pickles have the denial and not the request."""
    with refused() as found, faults.typed("PutObject", BUCKET, "k"):
        put(refusing.client())
    error, kept = found
    assert isinstance(error, errors.BucketPolicyDenied)
    assert kept.sent.operation == "PutObject"
    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is errors.BucketPolicyDenied
        assert refused_of(twin) is None
        assert twin.denial == error.denial
        assert twin.diagnostics() == error.diagnostics()
    assert refused_of(error) is kept


def test_a_hidden_error_is_typed(refusing: Refusing, tmp_path: Path) -> None:
    """What boto3's upload_file hides in a text is caught as what it is, by all its names."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    for caught_as in (errors.BucketPolicyDenied, errors.AccessDenied, ClientError, S3UploadFailedError):
        with pytest.raises(caught_as) as caught:
            refusing.client().upload_file(str(path), BUCKET, "k")
        error = caught.value
    assert error.response["Error"]["Code"] == error.code == "AccessDenied"
    assert (error.operation_name, error.bucket, error.key) == ("PutObject", BUCKET, "k")
    assert error.denial.principal == WHO
    assert type(error.__cause__) is S3UploadFailedError
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, errors.BucketPolicyDenied)
    assert again.diagnostics() == error.diagnostics()


def test_it_is_explained_by_its_client(refusing: Refusing) -> None:
    """error.explain() asks what was set on the client's guard, faces included, with its options."""
    from secure_s3.guard import guard_of

    client = refusing.client()
    guard = guard_of(client)
    assert guard is not None
    asked: list[Any] = []
    guard.explainer = lambda error, **options: asked.append((error, options)) or "because"
    with refused() as found, faults.typed("PutObject"):
        put(with_strategy(client, SseS3()))
    assert found[0].explain(timeout=3) == "because"
    assert asked == [(found[0], {"timeout": 3})]
    assert guard.kms is not None
    assert guard.kms.explainer is guard.explainer


@pytest.mark.parametrize("how", ["by hand", "pickled", "no explainer"])
def test_without_a_client_it_is_not_explained(how: str, refusing: Refusing) -> None:
    """An error that knows no client that could explain it says to whom to give it."""
    error: Any = errors.AccessDenied("refused")
    if how != "by hand":
        with refused() as found, faults.typed("PutObject"):
            put(refusing.client())
        error = pickle.loads(pickle.dumps(found[0])) if how == "pickled" else found[0]
    with pytest.raises(errors.ConfigurationError, match=r"s3\.explain\(error\)"):
        error.explain()


def test_the_network_refuses_nothing() -> None:
    """An error of the network, and none at all, have no refused request."""
    client = session().client(
        "s3",
        endpoint_url=f"https://127.0.0.1:{closed_port()}",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(EndpointConnectionError) as caught:
        client.list_buckets()
    assert refused_of(caught.value) is None
    assert refused_of(None) is None


# -- walking --------------------------------------------------------------------------------------------

KEPT = Refused(None, datetime.now(timezone.utc), None)


def kept_with(error: BaseException) -> BaseException:
    error.__dict__[errors.REFUSED] = KEPT
    return error


def test_circles_end() -> None:
    """Errors that are each other's cause are walked once."""
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    first.__context__ = second.__context__ = first
    assert refused_of(first) is None


def test_long_chains_end() -> None:
    """A chain without end is not followed for ever."""
    last = first = ValueError("0")
    for _ in range(500):
        last.__cause__ = ValueError("n")
        last = last.__cause__
    last.__cause__ = kept_with(ValueError("far away"))
    assert refused_of(first) is None


def test_it_is_found_behind_others() -> None:
    """It is found behind a cause, a context, and what a retry says was last."""
    by_cause, by_context, by_last = ValueError("x"), ValueError("y"), ValueError("z")
    by_cause.__cause__ = kept_with(ValueError("a"))
    by_context.__context__ = kept_with(ValueError("b"))
    by_last.last_exception = kept_with(ValueError("c"))  # type: ignore[attr-defined]
    assert [refused_of(error) for error in (by_cause, by_context, by_last)] == [KEPT] * 3


def test_another_storys_request_is_not_taken() -> None:
    """What was being dealt with when another call failed, or was hidden on purpose, is not that call's."""
    answered = ClientError({"Error": {}}, "GetObject")
    answered.__context__ = kept_with(ValueError("another"))
    hidden = ValueError("x")
    hidden.__context__, hidden.__suppress_context__ = kept_with(ValueError("y")), True
    assert refused_of(answered) is None
    assert refused_of(hidden) is None


# -- without secrets ------------------------------------------------------------------------------------


AUTHORIZATIONS = (
    "AWS4-HMAC-SHA256 Credential=MARKED/20260102/eu-west-1/s3/aws4_request, Signature=MARKED",
    "AWS4-ECDSA-P256-SHA256 Credential=MARKED/20260102/s3/aws4_request, SignedHeaders=a, Signature=MARKED",
    "AWS MARKED:MARKED",
    "MARKED",
    "Bearer MARKED",
    "",
)
QUERIES = (
    "",
    "?versionId=3&x=%20a+b",
    "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=MARKED%2F20260102%2Feu-west-1%2Fs3%2Faws4_request"
    "&X-Amz-Expires=60&X-Amz-Security-Token=MARKED&X-Amz-SignedHeaders=host&X-Amz-Signature=MARKED",
    "?AWSAccessKeyId=MARKED&Signature=MARKED&Expires=1",
    "?X-Amz-Credential=MARKED",
)


@given(
    authorization=st.sampled_from(AUTHORIZATIONS),
    query=st.sampled_from(QUERIES),
    token=st.booleans(),
    as_bytes=st.booleans(),
)
def test_what_is_hidden_makes_no_difference(
    authorization: str, query: str, token: bool, as_bytes: bool
) -> None:
    """The request read from what was kept is the one read from the original, which holds no secret."""
    headers: dict[str, Any] = {"x-amz-meta-a": "b", "X-Amz-MFA": "MARKED", "Authorization": authorization}
    headers |= {"X-Amz-Security-Token": "MARKED"} if token else {}
    url = f"https://s3.eu-west-1.amazonaws.com/b/k{query}"
    given_headers = {name: value.encode() for name, value in headers.items()} if as_bytes else headers
    seen = Seen.of("GetObject", ("GET", url, given_headers), {}, tls="1.2", min_tls="1.2")
    got = SentRequest.observed("GetObject", "GET", seen.url, seen.headers, **seen.known)
    assert "MARKED" not in f"{seen.headers}{seen.url}{seen.known}"
    if authorization == "MARKED":
        assert got.signature == "***"
        return
    assert got.signature != "MARKED"
    want = SentRequest.observed("GetObject", "GET", url, headers, tls="1.2", min_tls="1.2")
    for name in ("method", "headers", "region", "auth_type", "signature", "temporary", "expires_in", "tls"):
        assert getattr(got, name) == getattr(want, name), name


# -- TLS ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "agreed"), [(("1.2",), "1.2"), (("1.3",), "1.3"), (("1.2", "1.3"), "1.3")]
)
def test_the_version_that_was_agreed_upon(spoken: tuple[str, ...], agreed: str) -> None:
    """A session tells the TLS version of its connections, and nothing before the first."""
    with tls_listener(*spoken) as listener:
        client = session().client("s3", endpoint_url=listener.url, verify=listener.ca_bundle)
        assert client._endpoint.http_session.negotiated() is None
        client.list_buckets()
        assert client._endpoint.http_session.negotiated() == agreed
        context = client._endpoint.http_session._manager.connection_pool_kw["ssl_context"]
        assert (
            f"{context.sslsocket_class.__module__}.{context.sslsocket_class.__qualname__}" == "ssl.SSLSocket"
        )
        client.close()


def test_versions_that_differ_are_not_told() -> None:
    """A session whose connections disagree does not guess."""
    http = session().client("s3")._endpoint.http_session
    http._versions.update({"TLSv1.2", "TLSv1.3"})
    assert http.negotiated() is None
    http._versions.clear()
    http._versions.add(None)
    assert http.negotiated() is None


# -- KMS ------------------------------------------------------------------------------------------------

KMS_SAYS = (
    f"User: {WHO} is not authorized to perform: kms:GenerateDataKey on resource: {KEY_ARN} "
    "because no resource-based policy allows the kms:GenerateDataKey action"
)


def kms_refuses(exchange: Exchange) -> None:
    """KMS answers in JSON."""
    exchange.body()
    body = json.dumps({"__type": "AccessDeniedException", "message": KMS_SAYS}).encode()
    exchange.reply(Answer(400, [("Content-Type", "application/x-amz-json-1.1")], body))


def test_a_refused_data_key(server: RecordingServer) -> None:
    """What KMS refuses while sealing or opening is a KeyDenied, which says what was asked for."""
    with FaultyProxy(server.url, server.ca_bundle) as proxy:
        proxy.inject(kms_refuses, times=99)
        made = session()
        kms = KmsClients(
            lambda region: made.client(
                "kms", region_name=region, endpoint_url=proxy.url, verify=proxy.ca_bundle
            )
        )
        kms.explainer = lambda error, **_: f"explained {error.code}"
        pairs = {"department": "finance"}
        for call in (
            lambda: kms.generate_data_key(KEY_ARN, pairs),
            lambda: kms.encrypt(KEY_ARN, SecretBytes(RAW_KEY), pairs),
            lambda: kms.decrypt(KEY_ARN, RAW_KEY, pairs),
        ):
            with pytest.raises(errors.KeyDenied) as caught:
                call()
            error, kept = caught.value, refused_of(caught.value)
            assert kept is not None
            assert kept.key is not None
            assert (kept.sent, kept.key.key_arn, kept.key.pairs) == (None, KEY_ARN, pairs)
            assert kept.key.action == f"kms:{error.denial.operation}"
            assert (error.denial.service, error.denial.cause) == ("kms", "kms_access")
            assert error.explain() == "explained AccessDeniedException"
            assert base64.b64encode(RAW_KEY).decode() not in f"{vars(error)}{kept!r}"
            assert "***" not in repr(kept.key)
        kms.close()


def test_kms_out_of_reach_is_no_refusal() -> None:
    """Without a connection to KMS there is no denial and nothing to explain."""
    made = session()
    config = Config(retries={"total_max_attempts": 1})
    kms = KmsClients(
        lambda region: made.client(
            "kms", region_name=region, endpoint_url=f"https://127.0.0.1:{closed_port()}", config=config
        )
    )
    with pytest.raises(errors.TransportError) as caught:
        kms.generate_data_key(KEY_ARN, {})
    assert refused_of(caught.value) is None
