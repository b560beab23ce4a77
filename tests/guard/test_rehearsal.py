"""A rehearsed call is the request that would be sent, and nothing is sent."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, RefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from secure_s3 import errors
from secure_s3.encryption import ClientSide, SseC
from secure_s3.envelope.keys import RawAesKey
from secure_s3.guard import guard_of, guarded_copy, secure_session, with_strategy
from secure_s3.guard.names import operation_name
from secure_s3.guard.rehearsal import placeholders, rehearse
from secure_s3.policy.wire import SentRequest
from secure_s3.profile import STANDARD, SecurityProfile
from tests.guard.support import BUCKET, CREDENTIALS, LABELS, RAW_KEY, core_session, session, strategy
from tests.rig.faulty_proxy import FaultyProxy, SeenRequest
from tests.rig.tls_servers import RecordingServer, tls_listener

WHERE = {"Bucket": BUCKET, "Key": "folder/größe +1"}
# They differ from call to call, belong to the connection, or are secrets that the rehearsal drops.
VOLATILE = {
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "connection",
    "expect",
    "host",
    "user-agent",
    "x-amz-date",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    """A server that would answer 200 to anything, and counts who comes."""
    with tls_listener() as running:
        yield running


@pytest.fixture
def client(server: RecordingServer) -> Any:
    return client_of(server)


def client_of(server: RecordingServer, label: str = "sse-kms", **arguments: Any) -> Any:
    return session(label, **arguments).client("s3", endpoint_url=server.url, verify=server.ca_bundle)


def volatile_aside(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in VOLATILE}


def same(rehearsed: SentRequest, seen: SeenRequest) -> None:
    """The rehearsed request and the one that arrived."""
    parts = urlsplit(rehearsed.url)
    assert (rehearsed.method, parts.path) == (seen.method, seen.path)
    assert parse_qsl(parts.query, keep_blank_values=True) == parse_qsl(seen.query, keep_blank_values=True)
    assert volatile_aside(rehearsed.headers) == volatile_aside(seen.headers)
    assert rehearsed.scheme == "https"


@pytest.mark.parametrize("label", LABELS)
def test_rehearsal_is_what_arrives(label: str, local_aws: Any) -> None:
    """For each strategy and kind of call, the rehearsed request is the one that arrives afterwards."""
    local_aws.create_bucket(BUCKET)
    written = strategy(label, local_aws.kms_key_arn)
    with FaultyProxy(local_aws.endpoint_url, local_aws.ca_bundle) as proxy:
        made = guarded_copy(local_aws.session(), written, STANDARD)
        s3 = made.client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)

        def both(method: str, **arguments: Any) -> Any:
            before = len(proxy.requests)
            rehearsed = rehearse(s3, method, arguments)
            assert len(proxy.requests) == before
            answer = getattr(s3, method)(**arguments)
            same(rehearsed, proxy.requests[-1])
            return answer

        both("put_object", **WHERE, Body=b"content", Tagging="a=b", StorageClass="STANDARD_IA")
        both("get_object", **WHERE, Range="bytes=0-2", IfNoneMatch='"other"')["Body"].close()
        both("head_object", **WHERE)
        both("list_objects_v2", Bucket=BUCKET, Prefix="folder/", Delimiter="/", MaxKeys=7)
        source = written.copy_source()
        both("copy_object", Bucket=BUCKET, Key="copy", CopySource=WHERE, MetadataDirective="COPY", **source)
        upload = both("create_multipart_upload", Bucket=BUCKET, Key="large")["UploadId"]
        place = {"Bucket": BUCKET, "Key": "large", "UploadId": upload}
        part = both("upload_part", **place, PartNumber=1, Body=b"part")
        done = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        both("complete_multipart_upload", **place, MultipartUpload=done)
        both("delete_object", **WHERE)
        both("delete_objects", Bucket=BUCKET, Delete={"Objects": [{"Key": "large"}, {"Key": "copy"}]})
        s3.close()


def test_nothing_reaches_the_network(client: Any, server: RecordingServer) -> None:
    """Not one connection is opened, by any kind of call."""
    for name, more in {
        "put_object": WHERE,
        "get_object": WHERE,
        "list_objects_v2": {"Bucket": BUCKET},
        "upload_part": WHERE,
        "delete_bucket": {"Bucket": BUCKET},
        "list_buckets": {},
    }.items():
        assert rehearse(client, name, more).url.startswith(server.url)
    assert server.connections == 0


def test_body_is_not_read() -> None:
    """A file stays where it was, and the request is as long as what is left of it."""
    s3 = session().client("s3")
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    found = rehearse(s3, "put_object", {**WHERE, "Body": file})
    assert file.tell() == 4
    assert found.headers["content-length"] == "6"
    assert found.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"


class Pipe(io.RawIOBase):
    """A body that can be read once; this one, never."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise AssertionError("the body was read")


def test_body_that_can_be_read_once() -> None:
    """A pipe is not read, and the request is the streaming one that it would be."""
    s3 = session().client("s3")
    found = rehearse(s3, "put_object", {**WHERE, "Body": Pipe(), "ContentLength": 5})
    assert found.headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def test_wrong_length_is_refused_as_in_the_call() -> None:
    """A ContentLength that is not the body's is refused."""
    with pytest.raises(errors.ConfigurationError, match="ContentLength"):
        rehearse(
            session().client("s3"), "put_object", {**WHERE, "Body": io.BytesIO(b"12"), "ContentLength": 5}
        )


def test_secrets_do_not_stay() -> None:
    """SSE-C keys, session tokens and signatures are not in the value; that there was a token is."""
    s3 = session("sse-c", aws_session_token="secrettoken").client("s3")
    found = rehearse(s3, "put_object", WHERE)
    text = repr(found) + repr(dict(found.headers)) + found.url
    customer_key = strategy("sse-c").headers("PutObject")["x-amz-server-side-encryption-customer-key"]
    for secret in (customer_key, "secrettoken", "Signature=", CREDENTIALS["aws_secret_access_key"]):
        assert secret not in text
    assert found.temporary
    assert found.headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256"


def test_client_side_content_counts_as_sealed() -> None:
    """Client-side, the rehearsal carries the server-side headers, and raw copies are refused."""
    s3 = session().client("s3")
    sealed = with_strategy(s3, ClientSide(RawAesKey("k", RAW_KEY)))
    assert rehearse(sealed, "put_object", WHERE).headers["x-amz-server-side-encryption"] == "AES256"
    with pytest.raises(errors.EncryptionConflict):
        rehearse(sealed, "copy_object", {**WHERE, "CopySource": "other/key"})
    with pytest.raises(errors.EncryptionConflict, match="not encrypted"):
        sealed.put_object(**WHERE, Body=b"raw")


def test_profile_is_in_the_value() -> None:
    """The client's oldest TLS version and the expected owner are those of the profile."""
    profile = SecurityProfile(name="strict", min_tls="1.3", expected_bucket_owner="111122223333")
    s3 = secure_session(strategy("sse-kms"), profile, botocore_session=core_session(), **CREDENTIALS).client(
        "s3"
    )
    found = rehearse(s3, "get_object", WHERE)
    assert found.min_tls == "1.3"
    assert found.headers["x-amz-expected-bucket-owner"] == "111122223333"


REFUSED: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("put_object", {"ACL": "public-read"}, errors.PublicAccessRefused, "everybody"),
    ("put_object", {"ServerSideEncryption": "AES256"}, errors.EncryptionConflict, "ServerSideEncryption"),
    ("put_object", {"Bucket": "s3://bucket/key"}, errors.ConfigurationError, "URL"),
    ("put_object", {"Bucket": 7}, errors.ConfigurationError, "not a bucket name"),
    ("put_object", {"Colour": "red"}, errors.ConfigurationError, "has no parameter Colour"),
    ("put_object", {"StorageClas": "x"}, errors.ConfigurationError, "did you mean StorageClass?"),
    ("put_object", {"Metadata": 7}, errors.ConfigurationError, "ParamValidationError"),
    ("put_object", {"Key": ""}, errors.ConfigurationError, "ParamValidationError"),
    ("put_object", {"Bucket": "logs--euw1-az1--x-s3"}, errors.ConfigurationError, "directory bucket"),
    ("put_bucket_encryption", {}, errors.ConfigurationError, ""),
    ("copy_object", {}, errors.ConfigurationError, "CopyObject lacks CopySource"),
    ("upload_file", {}, errors.ConfigurationError, "did you mean 'put_object'?"),
    ("uploadFile", {}, errors.ConfigurationError, "did you mean 'put_object'?"),
    ("upload_prt", {}, errors.ConfigurationError, "did you mean 'upload_part'?"),
    ("download_fileobj", {}, errors.ConfigurationError, "did you mean 'get_object'?"),
    ("frobnicate", {}, errors.ConfigurationError, 'pass e.g. "put_object"'),
    ("putobject", {}, errors.ConfigurationError, "did you mean"),
]


@pytest.mark.parametrize(("operation", "change", "error", "says"), REFUSED)
def test_call_that_would_not_be_sent_raises_as_the_call_does(
    operation: str, change: dict[str, Any], error: type[Exception], says: str
) -> None:
    """What the guard or botocore refuse comes as the same typed error."""
    with pytest.raises(error) as caught:
        rehearse(session().client("s3"), operation, {**WHERE, **change})
    assert says in str(caught.value)


def test_missing_credentials_are_said_so() -> None:
    """Without credentials nothing can be signed, and the error says that."""
    bare = secure_session(strategy("sse-kms"), botocore_session=core_session(), region_name="eu-west-1")
    with pytest.raises(errors.ConfigurationError, match="NoCredentialsError"):
        rehearse(bare.client("s3"), "put_object", WHERE)


def test_handler_may_give_what_is_missing() -> None:
    """What an application's handler puts in is not missing."""
    s3: Any = session().client("s3")
    s3.meta.events.register(
        "provide-client-params.s3.GetObject", lambda params, **_: {**params, "Key": "from-the-handler"}
    )
    assert rehearse(s3, "get_object", {"Bucket": BUCKET}).key == "from-the-handler"


def bare_client(**arguments: Any) -> Any:
    made = secure_session(strategy("sse-kms"), botocore_session=core_session(), region_name="eu-west-1")
    return made.client("s3", **arguments)


def test_placeholders_sign_what_is_never_sent(server: RecordingServer) -> None:
    """A rehearsal without credentials opens no connection, and leaves the client without credentials."""
    before = server.connections
    bare = bare_client(endpoint_url=server.url, verify=server.ca_bundle)
    found = rehearse(bare, "put_object", WHERE, credentials=placeholders(bare))
    assert (found.auth_type, found.signature, found.region) == (
        "REST-HEADER",
        "AWS4-HMAC-SHA256",
        "eu-west-1",
    )
    assert found.temporary  # which kind the real ones are, nobody knows
    for call in (
        lambda: bare.put_object(**WHERE, Body=b""),
        lambda: bare.generate_presigned_url("get_object", WHERE),
        lambda: rehearse(bare, "put_object", WHERE),
    ):
        with pytest.raises((NoCredentialsError, errors.ConfigurationError)) as caught:
            call()
        assert "redentials" in str(caught.value)
    assert server.connections == before


@pytest.mark.parametrize("stale", [True, False])
def test_placeholders_stand_for_credentials_that_somebody_would_have_to_be_asked_for(stale: bool) -> None:
    """Credentials that would be refreshed now are not; those that are still good are used."""

    def refresh() -> Any:
        raise AssertionError("somebody was asked")

    core: Any = core_session()
    good = datetime.now(timezone.utc) + timedelta(days=1)
    core._credentials = (
        DeferredRefreshableCredentials(refresh, "test")
        if stale
        else RefreshableCredentials("AKIDEXAMPLE", "secret", "token", good, refresh, "test")
    )
    s3 = secure_session(strategy("sse-kms"), botocore_session=core, region_name="eu-west-1").client("s3")
    given = placeholders(s3)
    assert (given is not None) == stale
    assert rehearse(s3, "put_object", WHERE, credentials=given).temporary


@pytest.mark.parametrize("how", ["own credentials", "anonymous"])
def test_no_placeholders_are_needed(how: str) -> None:
    """Own credentials sign by themselves, and an anonymous client signs nothing."""
    anonymous = bare_client(config=Config(signature_version=UNSIGNED))
    s3 = session().client("s3") if how == "own credentials" else anonymous
    assert placeholders(s3) is None


def test_client_without_guard_is_refused() -> None:
    """What is not hardened is not rehearsed."""
    plain = boto3.Session(botocore_session=core_session(), **CREDENTIALS).client("s3")
    with pytest.raises(errors.ConfigurationError, match="hardened"):
        rehearse(plain, "put_object", WHERE)


def test_handler_that_answers_is_noticed(client: Any) -> None:
    """Under a Stubber the call would not be sent, which is said instead of guessed."""
    with Stubber(client) as stubber:
        stubber.add_response("list_buckets", {}, {})
        with pytest.raises(errors.ConfigurationError, match="Stubber"):
            rehearse(client, "list_buckets", {})


def test_handlers_of_the_last_event_are_not_asked(client: Any) -> None:
    """A handler of before-send could send by itself; it is left alone."""
    calls: list[Any] = []
    client.meta.events.register("before-send.s3", lambda **event: calls.append(event))
    rehearse(client, "get_object", WHERE)
    assert calls == []


def test_other_handlers_have_their_say(client: Any) -> None:
    """What an application's handler changes is in the request, unless the guard refuses it."""

    def set_header(name: str, text: str) -> Any:
        return lambda request, **_: request.headers.__setitem__(name, text)

    client.meta.events.register("request-created.s3", set_header("x-amz-storage-class", "GLACIER"))
    assert rehearse(client, "put_object", WHERE).headers["x-amz-storage-class"] == "GLACIER"
    client.meta.events.register("before-sign.s3", set_header("x-amz-acl", "public-read"))
    with pytest.raises(errors.PublicAccessRefused):
        rehearse(client, "put_object", WHERE)


def test_last_look_on_the_wire_is_taken(client: Any) -> None:
    """A header that is put in after signing is still seen by the guard."""

    def spoil(request: Any, **_: Any) -> None:
        request.headers["x-amz-server-side-encryption"] = "AES256"

    # After the guard's own handler of before-sign.
    client.meta.events.register_last("before-sign", spoil, unique_id="zzz-spoil")
    with pytest.raises(errors.EncryptionConflict):
        rehearse(client, "put_object", WHERE)


def test_rehearsals_leave_calls_of_other_threads_alone(server: RecordingServer) -> None:
    """While one thread rehearses, another one's calls on the same client are sent, and only these."""
    s3 = session("sse-s3").client(
        "s3",
        endpoint_url=server.url,
        verify=server.ca_bundle,
        config=Config(retries={"total_max_attempts": 1}),
    )
    before = len(server.requests)
    rehearsed: list[str] = []

    def go() -> None:
        for _ in range(20):
            rehearsed.append(rehearse(s3, "put_object", {**WHERE, "Key": "rehearsed"}).url)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        s3.list_objects_v2(Bucket=BUCKET)
    for thread in threads:
        thread.join()
    seen = server.requests[before:]
    assert (len(seen), len(rehearsed)) == (8, 40)
    assert all("rehearsed" not in repr(request) for request in seen)
    s3.close()


def test_rehearsal_leaves_no_trace_on_the_client(client: Any) -> None:
    """Afterwards the client is what it was: same events, same endpoint, same strategy."""
    inside = (
        client.meta.events,
        client._endpoint,
        client._endpoint.http_session,
        client._endpoint._event_emitter,
    )
    guard = guard_of(client)
    other = with_strategy(client, SseC(RAW_KEY))
    rehearse(other, "put_object", WHERE)
    rehearse(client, "put_object", WHERE)
    assert (
        client.meta.events,
        client._endpoint,
        client._endpoint.http_session,
        client._endpoint._event_emitter,
    ) == inside
    assert guard_of(client) is guard


def test_caller_arguments_are_not_changed(client: Any) -> None:
    """The guard's members do not show up in the caller's mapping."""
    given = dict(WHERE)
    rehearse(client, "put_object", given)
    assert given == WHERE


@pytest.mark.parametrize(("given", "name"), [("put_object", "PutObject"), ("ListObjectsV2", "ListObjectsV2")])
def test_names_of_operations(given: str, name: str, client: Any) -> None:
    """boto3's names and S3's are both understood."""
    assert operation_name(client, given) == name


def test_operation_that_is_no_text(client: Any) -> None:
    """Anything else is refused as no operation."""
    with pytest.raises(errors.ConfigurationError, match="no operation"):
        operation_name(client, None)  # type: ignore[arg-type]
