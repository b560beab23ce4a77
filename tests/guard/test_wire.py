"""The first promise: no write without the configured encryption, through any door of boto3.

Every request passes a recording proxy on its way to the embedded endpoint, so that what is judged is what
was sent, and what landed is read back by a plain client.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from boto3.s3.transfer import TransferConfig

from secure_s3 import errors
from secure_s3.encryption import SseC
from secure_s3.guard import guard_of, guarded_copy, harden, with_strategy
from secure_s3.profile import STANDARD
from tests.guard.support import LABELS, MODELS, RAW_KEY, SSE, expected_headers, session, strategy
from tests.rig.faulty_proxy import FaultyProxy, SeenRequest, drop_header, set_header, slow_down
from tests.rig.tls_servers import RecordingServer, tls_listener

MIB = 1024**2
SMALL = b"small body"
BIG = bytes(6 * MIB)
IN_PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
PARTS = {"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"}
WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload"}


@pytest.fixture
def bucket(local_aws: Any) -> str:
    return str(local_aws.create_bucket("amzn-s3-demo-bucket"))


@pytest.fixture
def proxy(local_aws: Any, bucket: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(local_aws.endpoint_url, local_aws.ca_bundle) as running:
        yield running


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    """A server that would answer 200 to anything."""
    with tls_listener() as running:
        yield running


@pytest.fixture(params=LABELS)
def label(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def plain_session_of(local_aws: Any) -> Any:
    """The endpoint's plain session, with service models that are loaded once."""
    made = local_aws.session()
    made._session.register_component("data_loader", MODELS)
    return made


def operation_of(seen: SeenRequest) -> str | None:
    """Which S3 operation a request is, judged by what was sent."""
    if "uploads" in seen.parameters and seen.method == "POST":
        return "CreateMultipartUpload"
    if "uploadId" in seen.parameters and seen.method == "POST":
        return "CompleteMultipartUpload"
    copies = "x-amz-copy-source" in seen.headers
    if "partNumber" in seen.parameters and seen.method == "PUT":
        return "UploadPartCopy" if copies else "UploadPart"
    if seen.method == "PUT" and seen.path.count("/") > 1:
        return "CopyObject" if copies else "PutObject"
    return None


def sent(seen: SeenRequest) -> dict[str, str]:
    """The encryption headers of a request (a copy source's are not its own)."""
    return {name: value for name, value in seen.headers.items() if name.startswith(SSE)}


def assert_all_encrypted(proxy: FaultyProxy, label: str, key_arn: str) -> set[str]:
    """Every recorded write carries exactly the strategy's headers; the operations seen are returned."""
    wanted = expected_headers(label, key_arn)
    operations = set()
    for seen in proxy.requests:
        operation = operation_of(seen)
        if operation in WRITES:
            assert sent(seen) == wanted, operation
        elif operation in PARTS:
            assert sent(seen) == (wanted if label == "sse-c" else {}), operation
        operations.add(operation or seen.method)
    assert operations & WRITES or operations == {"POST"}
    return operations


def assert_landed(local_aws: Any, bucket: str, label: str, *, body: bytes, key: str = "key") -> None:
    """What is stored has the configured encryption, as a plain client sees it."""
    extra = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": RAW_KEY} if label == "sse-c" else {}
    plain = plain_session_of(local_aws).client("s3")
    stored = plain.get_object(Bucket=bucket, Key=key, **extra)
    assert stored["Body"].read() == body
    plain.close()
    if label == "sse-c":
        assert stored["SSECustomerAlgorithm"] == "AES256"
        assert stored["SSECustomerKeyMD5"] == expected_headers(label)[f"{SSE}-customer-key-md5"]
        return
    wanted = expected_headers(label, local_aws.kms_key_arn)
    assert stored["ServerSideEncryption"] == wanted[SSE]
    assert stored.get("SSEKMSKeyId") == wanted.get(f"{SSE}-aws-kms-key-id")
    if label.startswith("sse-kms"):
        assert stored.get("BucketKeyEnabled", False) is (label == "sse-kms")


# --- the doors: each writes SMALL or BIG to bucket/key ---------------------------------------------------


def put_object(client: Any, bucket: str, _: Path) -> bytes:
    client.put_object(Bucket=bucket, Key="key", Body=SMALL)
    return SMALL


def low_level_multipart(client: Any, bucket: str, _: Path) -> bytes:
    upload = client.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    parts = []
    for number, body in ((1, bytes(5 * MIB)), (2, bytes(MIB))):
        part = client.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    client.complete_multipart_upload(
        Bucket=bucket, Key="key", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    return BIG


def upload_file_small(client: Any, bucket: str, folder: Path) -> bytes:
    (folder / "small").write_bytes(SMALL)
    client.upload_file(str(folder / "small"), bucket, "key")
    return SMALL


def upload_file_big(client: Any, bucket: str, folder: Path) -> bytes:
    (folder / "big").write_bytes(BIG)
    client.upload_file(str(folder / "big"), bucket, "key", Config=IN_PARTS)
    return BIG


def upload_fileobj_small(client: Any, bucket: str, _: Path) -> bytes:
    client.upload_fileobj(io.BytesIO(SMALL), bucket, "key", ExtraArgs={"ContentType": "text/plain"})
    return SMALL


def upload_fileobj_big(client: Any, bucket: str, _: Path) -> bytes:
    client.upload_fileobj(io.BytesIO(BIG), bucket, "key", Config=IN_PARTS)
    return BIG


def s3transfer_itself(client: Any, bucket: str, _: Path) -> bytes:
    from s3transfer.manager import TransferConfig as Settings
    from s3transfer.manager import TransferManager

    with TransferManager(
        client, Settings(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    ) as manager:
        manager.upload(io.BytesIO(BIG), bucket, "key").result()
    return BIG


def copy_object(client: Any, bucket: str, folder: Path) -> bytes:
    client.copy_object(Bucket=bucket, Key="key", CopySource={"Bucket": bucket, "Key": "plain-small"})
    return SMALL


def source_for(client: Any, bucket: str, body: bytes) -> dict[str, Any]:
    """The source of a managed copy, whose HeadObject goes out under the client's own strategy."""
    guard = guard_of(client)
    assert guard is not None
    assert guard.strategy is not None
    client.put_object(Bucket=bucket, Key="source", Body=body)
    extra = dict(guard.strategy.copy_source())
    return {"CopySource": {"Bucket": bucket, "Key": "source"}, "ExtraArgs": extra, "Config": IN_PARTS}


def managed_copy_small(client: Any, bucket: str, folder: Path) -> bytes:
    client.copy(Bucket=bucket, Key="key", **source_for(client, bucket, SMALL))
    return SMALL


def managed_copy_big(client: Any, bucket: str, folder: Path) -> bytes:
    client.copy(Bucket=bucket, Key="key", **source_for(client, bucket, BIG))
    return BIG


CLIENT_DOORS = (
    put_object,
    low_level_multipart,
    upload_file_small,
    upload_file_big,
    upload_fileobj_small,
    upload_fileobj_big,
    s3transfer_itself,
    copy_object,
    managed_copy_small,
    managed_copy_big,
)


def resource_put(resource: Any, bucket: str, _: Path) -> bytes:
    resource.Object(bucket, "key").put(Body=SMALL)
    return SMALL


def resource_bucket_put(resource: Any, bucket: str, _: Path) -> bytes:
    resource.Bucket(bucket).put_object(Key="key", Body=SMALL)
    return SMALL


def resource_upload_file(resource: Any, bucket: str, folder: Path) -> bytes:
    (folder / "big").write_bytes(BIG)
    resource.Object(bucket, "key").upload_file(str(folder / "big"), Config=IN_PARTS)
    return BIG


def resource_upload_fileobj(resource: Any, bucket: str, _: Path) -> bytes:
    resource.Bucket(bucket).upload_fileobj(io.BytesIO(BIG), "key", Config=IN_PARTS)
    return BIG


def resource_copy(resource: Any, bucket: str, _: Path) -> bytes:
    resource.Object(bucket, "key").copy(**source_for(resource.meta.client, bucket, BIG))
    return BIG


def resource_copy_from(resource: Any, bucket: str, _: Path) -> bytes:
    resource.Object(bucket, "key").copy_from(CopySource={"Bucket": bucket, "Key": "plain-small"})
    return SMALL


def resource_multipart(resource: Any, bucket: str, _: Path) -> bytes:
    upload = resource.Object(bucket, "key").initiate_multipart_upload()
    part = upload.Part(1).upload(Body=SMALL)
    upload.complete(
        MultipartUpload={
            "Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]
        }
    )
    return SMALL


RESOURCE_DOORS = (
    resource_put,
    resource_bucket_put,
    resource_upload_file,
    resource_upload_fileobj,
    resource_copy,
    resource_copy_from,
    resource_multipart,
)


def sources(local_aws: Any, bucket: str) -> None:
    """An object stored by a plain client, for copy_object to read."""
    plain = plain_session_of(local_aws).client("s3")
    plain.put_object(Bucket=bucket, Key="plain-small", Body=SMALL)
    plain.close()


def guarded_session(local_aws: Any, label: str) -> Any:
    return guarded_copy(plain_session_of(local_aws), strategy(label, local_aws.kms_key_arn), STANDARD)


def client_of(local_aws: Any, proxy: FaultyProxy, label: str) -> Any:
    return guarded_session(local_aws, label).client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)


def face_of(local_aws: Any, proxy: FaultyProxy, label: str) -> Any:
    """The same strategy, worn by a client that was made with another."""
    other = "sse-s3" if label != "sse-s3" else "sse-kms"
    return with_strategy(client_of(local_aws, proxy, other), strategy(label, local_aws.kms_key_arn))


def existing_client(local_aws: Any, proxy: FaultyProxy, label: str) -> Any:
    plain = plain_session_of(local_aws).client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
    return harden(plain, strategy(label, local_aws.kms_key_arn))


Maker = Callable[[Any, FaultyProxy, str], Any]


ENTRANCES = [
    *((door, client_of) for door in CLIENT_DOORS),
    *((door, make) for door in (put_object, upload_fileobj_big) for make in (face_of, existing_client)),
]


# The context changes one header of SSE-KMS: two doors are enough for it.
CLIENT_ROWS = [
    (door, make, label)
    for door, make in ENTRANCES
    for label in LABELS
    if label != "sse-kms-context" or door in (put_object, upload_fileobj_big)
]
RESOURCE_ROWS = [(door, label) for door in RESOURCE_DOORS for label in LABELS if label != "sse-kms-context"]


@pytest.mark.parametrize(("door", "make", "label"), CLIENT_ROWS)
def test_every_client_door(
    door: Any, make: Maker, label: str, local_aws: Any, bucket: str, proxy: FaultyProxy, tmp_path: Path
) -> None:
    """Every way of writing with a client sends exactly the strategy's headers, and that is what lands."""
    sources(local_aws, bucket)
    client = make(local_aws, proxy, label)
    body = door(client, bucket, tmp_path)
    assert_all_encrypted(proxy, label, local_aws.kms_key_arn)
    assert_landed(local_aws, bucket, label, body=body)
    client.close()


@pytest.mark.parametrize(("door", "label"), RESOURCE_ROWS)
def test_every_resource_door(
    door: Any, label: str, local_aws: Any, bucket: str, proxy: FaultyProxy, tmp_path: Path
) -> None:
    """Every way of writing with boto3's resources does so too."""
    sources(local_aws, bucket)
    resource = guarded_session(local_aws, label).resource(
        "s3", endpoint_url=proxy.url, verify=proxy.ca_bundle
    )
    body = door(resource, bucket, tmp_path)
    assert_all_encrypted(proxy, label, local_aws.kms_key_arn)
    assert_landed(local_aws, bucket, label, body=body)
    resource.meta.client.close()


@pytest.mark.parametrize("make", [client_of, face_of])
def test_presigned_put(make: Maker, label: str, local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A presigned PUT works with the strategy's headers, and those headers are signed."""
    client = make(local_aws, proxy, label)
    url = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "key"})
    signed = url.partition("X-Amz-SignedHeaders=")[2].partition("&")[0].replace("%3B", ";").split(";")
    wanted = expected_headers(label, local_aws.kms_key_arn)
    assert {name.lower() for name in signed} >= set(wanted)
    pool = urllib3.PoolManager(ca_certs=proxy.ca_bundle)
    answer = pool.request("PUT", url, body=SMALL, headers=wanted)
    pool.clear()
    assert answer.status == 200, answer.data
    assert_all_encrypted(proxy, label, local_aws.kms_key_arn)
    assert_landed(local_aws, bucket, label, body=SMALL)
    client.close()


@pytest.mark.parametrize("make", [client_of, face_of])
def test_presigned_post(make: Maker, label: str, local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A presigned POST demands the strategy's encryption in its policy and carries it; SSE-C is refused."""
    client = make(local_aws, proxy, label)
    if label == "sse-c":
        with pytest.raises(errors.ConfigurationError, match="SSE-C"):
            client.generate_presigned_post(bucket, "key")
        client.close()
        return
    post = client.generate_presigned_post(bucket, "key")
    policy = json.loads(base64.b64decode(post["fields"]["policy"]))
    wanted = expected_headers(label, local_aws.kms_key_arn)
    assert {name: value for name, value in post["fields"].items() if name.startswith(SSE)} == wanted
    for name, value in wanted.items():
        assert policy["conditions"].count({name: value}) == 1
    pool = urllib3.PoolManager(ca_certs=proxy.ca_bundle)
    answer = pool.request("POST", post["url"], fields={**post["fields"], "file": ("f", SMALL)})
    pool.clear()
    assert answer.status in (200, 201, 204), answer.data
    stored = plain_session_of(local_aws).client("s3").get_object(Bucket=bucket, Key="key")
    assert stored["Body"].read() == SMALL
    client.close()


def test_reading_back(label: str, local_aws: Any, bucket: str, proxy: FaultyProxy, tmp_path: Path) -> None:
    """Reads, downloads, paginators and waiters work under every strategy, SSE-C keys included."""
    client = client_of(local_aws, proxy, label)
    client.upload_fileobj(io.BytesIO(BIG), bucket, "key", Config=IN_PARTS)
    client.get_waiter("object_exists").wait(Bucket=bucket, Key="key")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    assert [entry["Key"] for page in pages for entry in page.get("Contents", ())] == ["key"]
    assert client.head_object(Bucket=bucket, Key="key")["ContentLength"] == len(BIG)
    assert client.get_object(Bucket=bucket, Key="key", Range="bytes=0-9")["Body"].read() == BIG[:10]
    client.download_file(bucket, "key", str(tmp_path / "back"), Config=IN_PARTS)
    assert (tmp_path / "back").read_bytes() == BIG
    target = io.BytesIO()
    client.download_fileobj(bucket, "key", target)
    assert target.getvalue() == BIG
    reads = [seen for seen in proxy.requests if seen.method in ("GET", "HEAD") and seen.path.count("/") > 1]
    assert reads
    for seen in reads:
        assert sent(seen) == (expected_headers(label) if label == "sse-c" else {})
    client.close()


def test_retries_carry_the_headers_again(label: str, local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A request that is sent again carries the same encryption."""
    client = client_of(local_aws, proxy, label)
    proxy.inject(slow_down, method="PUT", times=1)
    client.put_object(Bucket=bucket, Key="key", Body=SMALL)
    assert len([seen for seen in proxy.requests if seen.method == "PUT"]) == 2
    assert_all_encrypted(proxy, label, local_aws.kms_key_arn)
    client.close()


# --- answers that do not confirm ------------------------------------------------------------------------


@pytest.mark.parametrize("door", [put_object, upload_fileobj_small, copy_object])
def test_a_silent_answer_fails_the_write(
    door: Any, label: str, local_aws: Any, bucket: str, proxy: FaultyProxy, tmp_path: Path
) -> None:
    """A server that answers 200 without confirming the encryption is not believed."""
    sources(local_aws, bucket)
    name = f"{SSE}-customer-key-MD5" if label == "sse-c" else SSE
    proxy.inject(drop_header(name), method="PUT", times=9)
    client = client_of(local_aws, proxy, label)
    with pytest.raises(errors.EncryptionNotConfirmed):
        door(client, bucket, tmp_path)
    client.close()


@pytest.mark.parametrize("kind", ["sse-kms", "dsse-kms", "sse-s3"])
def test_a_multipart_that_is_not_confirmed_gets_no_part(
    kind: str, local_aws: Any, bucket: str, proxy: FaultyProxy, tmp_path: Path
) -> None:
    """A multipart upload whose start was not confirmed gets not one part."""
    proxy.inject(set_header(SSE, "AES128"), method="POST", query="uploads", times=9)
    client = client_of(local_aws, proxy, kind)
    with pytest.raises(errors.EncryptionNotConfirmed):
        upload_fileobj_big(client, bucket, tmp_path)
    assert {operation_of(seen) for seen in proxy.requests} == {"CreateMultipartUpload"}
    client.close()


def test_another_key_in_the_answer_fails_the_write(local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A server that reports another KMS key is not believed."""
    proxy.inject(set_header(f"{SSE}-aws-kms-key-id", local_aws.kms_key_arn[:-1] + "0"), method="PUT", times=9)
    client = client_of(local_aws, proxy, "sse-kms")
    with pytest.raises(errors.EncryptionNotConfirmed, match="SSEKMSKeyId"):
        client.put_object(Bucket=bucket, Key="key", Body=SMALL)
    client.close()


# --- handlers that meddle --------------------------------------------------------------------------------

WIRE_EVENTS = (
    "before-send",
    "before-send.s3.PutObject",
    "request-created.s3",
    "before-sign",
    "before-sign.s3",
    "before-sign.s3.PutObject",
)


@pytest.mark.parametrize("position", ["register_first", "register", "register_last"])
@pytest.mark.parametrize("event", WIRE_EVENTS)
@pytest.mark.parametrize("change", ["delete", "weaken"])
def test_a_handler_that_changes_the_headers(
    change: str, event: str, position: str, server: RecordingServer
) -> None:
    """A handler that deletes or changes an encryption header is stopped, wherever it hangs."""
    client = session().client("s3", endpoint_url=server.url, verify=server.ca_bundle)

    def meddle(request: Any, **_: Any) -> None:
        del request.headers[SSE]
        if change == "weaken":
            request.headers[SSE] = "AES256"

    getattr(client.meta.events, position)(event, meddle)
    with pytest.raises(errors.EncryptionConflict):
        client.put_object(Bucket="bucket", Key="key", Body=SMALL)
    assert server.requests == []
    client.close()


@pytest.mark.parametrize("position", ["register_first", "register", "register_last"])
@pytest.mark.parametrize(
    "event", ["before-parameter-build", "before-parameter-build.s3", "before-parameter-build.s3.PutObject"]
)
def test_a_handler_that_changes_the_parameters(event: str, position: str, server: RecordingServer) -> None:
    """A handler that changes the parameters is either overruled or stopped."""
    client = session().client("s3", endpoint_url=server.url, verify=server.ca_bundle)
    getattr(client.meta.events, position)(
        event, lambda params, **_: params.update(ServerSideEncryption="AES256")
    )
    with pytest.raises(errors.EncryptionConflict):
        client.put_object(Bucket="bucket", Key="key", Body=SMALL)
    assert server.requests == []
    client.close()


@pytest.mark.parametrize("event", ["before-call.s3", "before-call.s3.PutObject", "before-call"])
def test_a_handler_that_changes_the_built_request(event: str, server: RecordingServer) -> None:
    """A handler that strips headers of the built request is stopped."""
    client = session().client("s3", endpoint_url=server.url, verify=server.ca_bundle)

    def strip(params: dict[str, Any], **_: Any) -> None:
        del params["headers"][SSE]

    client.meta.events.register_last(event, strip)
    with pytest.raises(errors.EncryptionConflict):
        client.put_object(Bucket="bucket", Key="key", Body=SMALL)
    assert server.requests == []
    client.close()


def test_a_handler_that_replaces_the_parameters(local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A provide-client-params handler, which may replace the parameters, cannot get around the guard."""
    client = client_of(local_aws, proxy, "sse-kms")
    client.meta.events.register_first(
        "provide-client-params.s3.PutObject",
        lambda params, **_: {"Bucket": bucket, "Key": "key", "Body": SMALL},
    )
    client.put_object(Bucket=bucket, Key="other", Body=b"x")
    assert_all_encrypted(proxy, "sse-kms", local_aws.kms_key_arn)
    assert_landed(local_aws, bucket, "sse-kms", body=SMALL)
    client.close()


def test_a_handler_that_answers_itself(server: RecordingServer) -> None:
    """A before-call handler that makes up an answer confirms nothing."""
    client = session().client("s3", endpoint_url=server.url, verify=server.ca_bundle)

    class Http:
        status_code = 200

    client.meta.events.register("before-call.s3.PutObject", lambda **_: (Http(), {}))
    with pytest.raises(errors.EncryptionNotConfirmed):
        client.put_object(Bucket="bucket", Key="key", Body=SMALL)
    assert server.requests == []
    client.close()


@pytest.mark.parametrize("member", ["ServerSideEncryption", "SSECustomerAlgorithm"])
@pytest.mark.parametrize("door", ["put_object", "upload_fileobj", "create_multipart_upload", "resource"])
def test_arguments_that_contradict_send_nothing(
    door: str, member: str, local_aws: Any, bucket: str, proxy: FaultyProxy
) -> None:
    """Arguments that contradict the strategy are refused by every door before anything is sent."""
    guarded = guarded_session(local_aws, "sse-kms")
    client = guarded.client("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
    resource = guarded.resource("s3", endpoint_url=proxy.url, verify=proxy.ca_bundle)
    extra = {member: "AES256"}
    calls: dict[str, Callable[[], Any]] = {
        "put_object": lambda: client.put_object(Bucket=bucket, Key="key", Body=SMALL, **extra),
        "upload_fileobj": lambda: client.upload_fileobj(io.BytesIO(SMALL), bucket, "key", ExtraArgs=extra),
        "create_multipart_upload": lambda: client.create_multipart_upload(Bucket=bucket, Key="key", **extra),
        "resource": lambda: resource.Object(bucket, "key").put(Body=SMALL, **extra),
    }
    with pytest.raises(errors.EncryptionConflict, match=member):
        calls[door]()
    assert proxy.requests == []
    client.close()
    resource.meta.client.close()


# --- several strategies on one client -------------------------------------------------------------------


def test_threads_do_not_mix_strategies(local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """Faces of one client that write at the same time, in threads, keep to their strategies."""
    client = client_of(local_aws, proxy, "sse-kms")
    arn = local_aws.kms_key_arn
    faces = {label: with_strategy(client, strategy(label, arn)) for label in LABELS}
    gate = threading.Barrier(len(LABELS) * 2)
    failures: list[BaseException] = []

    def write(label: str, worker: int) -> None:
        gate.wait(20)
        try:
            for count in range(6):
                faces[label].put_object(Bucket=bucket, Key=f"{label}/{worker}/{count}", Body=SMALL)
            faces[label].upload_fileobj(io.BytesIO(BIG), bucket, f"{label}/{worker}/big", Config=IN_PARTS)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(label, worker)) for label in LABELS for worker in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    for seen in proxy.requests:
        label = seen.path.split("/")[2]
        operation = operation_of(seen)
        if operation in WRITES:
            assert sent(seen) == expected_headers(label, arn)
        elif operation in PARTS:
            assert sent(seen) == (expected_headers(label) if label == "sse-c" else {})
    client.close()


@pytest.mark.parametrize("first", LABELS)
@pytest.mark.parametrize("second", LABELS)
def test_a_face_of_a_face(first: str, second: str, local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A face of a face writes under the newest strategy, and the older ones keep theirs."""
    arn = local_aws.kms_key_arn
    client = client_of(local_aws, proxy, "sse-kms")
    middle = with_strategy(client, strategy(first, arn))
    newest = with_strategy(middle, strategy(second, arn))
    for face, label in ((newest, second), (middle, first), (client, "sse-kms")):
        proxy.clear()
        face.put_object(Bucket=bucket, Key="key", Body=SMALL)
        assert_all_encrypted(proxy, label, arn)
    client.close()


def test_rotation_of_a_customer_key(local_aws: Any, bucket: str, proxy: FaultyProxy) -> None:
    """A copy may read with one SSE-C key and write with another."""
    old = SseC(bytes(32))
    client = client_of(local_aws, proxy, "sse-c")
    with_strategy(client, old).put_object(Bucket=bucket, Key="old", Body=SMALL)
    client.copy_object(
        Bucket=bucket, Key="key", CopySource={"Bucket": bucket, "Key": "old"}, **old.copy_source()
    )
    assert_landed(local_aws, bucket, "sse-c", body=SMALL)
    client.close()
