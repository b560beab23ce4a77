"""Under client-side encryption no content leaves the process as it is, through any door of boto3.

Every request passes a recording proxy; what is judged is what arrived there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import S3Transfer, TransferConfig
from botocore.model import ServiceModel
from s3transfer.manager import TransferManager

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseKms
from secure_s3.encryption.operations import CONTENT
from secure_s3.envelope.keys import RawAesKey
from secure_s3.guard import harden, secure_session, with_strategy
from secure_s3.local.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.guard.support import BUCKET, CREDENTIALS, MODELS, core_session
from tests.rig.faulty_proxy import Exchange, FaultyProxy, pass_through

MIB = 1024**2
SECRET = b"SECRET-" * 100
LARGE = SECRET * (6 * MIB // len(SECRET) + 1)
IN_PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
STRATEGY = ClientSide(RawAesKey("vault/1", bytes(range(32))))
REFUSED = errors.EncryptionConflict


class Wire:
    """What arrived at the server."""

    def __init__(self, proxy: FaultyProxy, plain: Any) -> None:
        self.proxy, self.plain, self.bodies = proxy, plain, []  # type: ignore[var-annotated]
        proxy.inject(self._record, times=10**6)

    def _record(self, exchange: Exchange) -> None:
        self.bodies.append(exchange.body().payload)
        pass_through(exchange)

    def assert_nothing(self, *, requests: bool = False) -> None:
        """No content, no object and no parts; no request at all unless some are *requests* of other kinds."""
        assert not [seen for seen in self.proxy.requests if seen.method == "PUT"]
        assert requests or not self.proxy.requests
        assert b"SECRET" not in b"".join(self.bodies)
        self.assert_not_stored()

    def assert_not_stored(self) -> None:
        """No object and no parts."""
        assert "Contents" not in self.plain.list_objects_v2(Bucket=BUCKET)
        assert "Uploads" not in self.plain.list_multipart_uploads(Bucket=BUCKET)


@pytest.fixture
def wire(local_aws: Any) -> Iterator[Wire]:
    local_aws.create_bucket(BUCKET)
    plain = local_aws.session().client("s3")
    with FaultyProxy(local_aws.endpoint_url, local_aws.ca_bundle) as proxy:
        yield Wire(proxy, plain)
    plain.close()


@pytest.fixture
def s3(local_aws: Any, wire: Wire) -> Iterator[SecureS3Client]:
    with local_aws.client(STRATEGY, endpoint_url=wire.proxy.url, ca_bundle=wire.proxy.ca_bundle) as client:
        yield client


def _session(local_aws: Any) -> Any:
    made = local_aws.session()
    made._session.register_component("data_loader", MODELS)
    return made


def _reach(wire: Wire) -> dict[str, str]:
    return {"endpoint_url": wire.proxy.url, "verify": wire.proxy.ca_bundle}


def _of_facade(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    return s3.boto3


def _of_session(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    return s3.session.client("s3", **_reach(wire))


def _of_resource(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    return s3.session.resource("s3", **_reach(wire)).meta.client


def _of_hardened_client(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    return harden(_session(local_aws).client("s3", **_reach(wire)), STRATEGY)


def _of_hardened_session(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    return harden(_session(local_aws), STRATEGY).client("s3", **_reach(wire))


def _of_secure_session(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    known = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY}
    made = secure_session(STRATEGY, **{**CREDENTIALS, **known, "botocore_session": core_session()})
    return made.client("s3", **_reach(wire))


def _of_another_strategy(local_aws: Any, wire: Wire, s3: SecureS3Client) -> Any:
    base = harden(_session(local_aws).client("s3", **_reach(wire)), SseKms(local_aws.kms_key_arn))
    return with_strategy(base, STRATEGY)


ORIGINS = (
    _of_facade,
    _of_session,
    _of_resource,
    _of_hardened_client,
    _of_hardened_session,
    _of_secure_session,
    _of_another_strategy,
)


@pytest.fixture(params=ORIGINS, ids=lambda origin: origin.__name__.removeprefix("_of_"))
def client(request: Any, local_aws: Any, wire: Wire, s3: SecureS3Client) -> Iterator[Any]:
    """A genuine boto3 client under client-side encryption, however it was come by."""
    made = request.param(local_aws, wire, s3)
    yield made
    made.close()


# -- doors: each tries to store SECRET ---------------------------------------------------------------------


def put_object(client: Any, folder: Path) -> None:
    client.put_object(Bucket=BUCKET, Key="k", Body=SECRET)


def put_object_of_a_file(client: Any, folder: Path) -> None:
    client.put_object(Bucket=BUCKET, Key="k", Body=io.BytesIO(SECRET))


def put_object_without_a_body(client: Any, folder: Path) -> None:
    client.put_object(Bucket=BUCKET, Key="k")


def append(client: Any, folder: Path) -> None:
    client.put_object(Bucket=BUCKET, Key="k", Body=SECRET, WriteOffsetBytes=5)


def upload_file(client: Any, folder: Path) -> None:
    (folder / "f").write_bytes(SECRET)
    client.upload_file(str(folder / "f"), BUCKET, "k")


def upload_fileobj(client: Any, folder: Path) -> None:
    client.upload_fileobj(io.BytesIO(SECRET), BUCKET, "k")


def transfer(client: Any, folder: Path) -> None:
    (folder / "f").write_bytes(SECRET)
    with S3Transfer(client) as mover:
        mover.upload_file(str(folder / "f"), BUCKET, "k")


def manager(client: Any, folder: Path) -> None:
    with TransferManager(client) as mover:
        mover.upload(io.BytesIO(SECRET), BUCKET, "k").result()


def copy_object(client: Any, folder: Path) -> None:
    client.copy_object(Bucket=BUCKET, Key="k", CopySource={"Bucket": BUCKET, "Key": "source"})


def upload_part(client: Any, folder: Path) -> None:
    client.upload_part(Bucket=BUCKET, Key="k", UploadId="u", PartNumber=1, Body=SECRET)


def upload_part_copy(client: Any, folder: Path) -> None:
    source = {"Bucket": BUCKET, "Key": "source"}
    client.upload_part_copy(Bucket=BUCKET, Key="k", UploadId="u", PartNumber=1, CopySource=source)


def rename(client: Any, folder: Path) -> None:
    client.rename_object(Bucket=BUCKET, Key="k", RenameSource=f"{BUCKET}/source")


def annotate(client: Any, folder: Path) -> None:
    client.put_object_annotation(Bucket=BUCKET, Key="k", AnnotationName="a", AnnotationPayload=SECRET)


def presigned_put(client: Any, folder: Path) -> None:
    client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "k"})


def presigned_part(client: Any, folder: Path) -> None:
    params = {"Bucket": BUCKET, "Key": "k", "UploadId": "u", "PartNumber": 1}
    client.generate_presigned_url("upload_part", params)


def presigned_copy(client: Any, folder: Path) -> None:
    params = {"Bucket": BUCKET, "Key": "k", "CopySource": f"{BUCKET}/source"}
    client.generate_presigned_url("copy_object", params)


def presigned_get_as_put(client: Any, folder: Path) -> None:
    client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "k"}, HttpMethod="PUT")


def presigned_post(client: Any, folder: Path) -> None:
    client.generate_presigned_post(BUCKET, "k")


DOORS = (
    put_object,
    put_object_of_a_file,
    put_object_without_a_body,
    append,
    upload_file,
    upload_fileobj,
    transfer,
    manager,
    copy_object,
    upload_part,
    upload_part_copy,
    rename,
    annotate,
    presigned_put,
    presigned_part,
    presigned_copy,
    presigned_get_as_put,
    presigned_post,
)


def test_doors_are_shut(client: Any, wire: Wire, tmp_path: Path) -> None:
    """Every write through genuine boto3 is refused before anything is sent."""
    for door in DOORS:
        operation = {"annotate": "PutObjectAnnotation", "rename": "RenameObject"}.get(door.__name__)
        if operation and operation not in client.meta.service_model.operation_names:
            continue  # an older botocore
        expected = errors.ConfigurationError if door is presigned_get_as_put else REFUSED
        with pytest.raises(expected):
            door(client, tmp_path)
        assert not wire.proxy.requests, door.__name__
    wire.assert_nothing()


def test_large_uploads(client: Any, wire: Wire, tmp_path: Path) -> None:
    """A managed upload in parts is refused at its first part, and what it began is taken away."""
    (tmp_path / "f").write_bytes(LARGE)
    for door in (
        lambda: client.upload_file(str(tmp_path / "f"), BUCKET, "k", Config=IN_PARTS),
        lambda: client.upload_fileobj(io.BytesIO(LARGE), BUCKET, "k", Config=IN_PARTS),
    ):
        with pytest.raises(REFUSED):
            door()
    wire.assert_nothing(requests=True)


def test_resources(s3: SecureS3Client, wire: Wire, tmp_path: Path) -> None:
    """Neither do the methods of resources write anything."""
    (tmp_path / "f").write_bytes(SECRET)
    resource = s3.session.resource("s3", **_reach(wire))
    bucket, thing = resource.Bucket(BUCKET), resource.Object(BUCKET, "k")
    doors: list[Callable[[], object]] = [
        lambda: bucket.put_object(Key="k", Body=SECRET),
        lambda: bucket.upload_file(str(tmp_path / "f"), "k"),
        lambda: bucket.upload_fileobj(io.BytesIO(SECRET), "k"),
        lambda: thing.put(Body=SECRET),
        lambda: thing.upload_file(str(tmp_path / "f")),
        lambda: thing.upload_fileobj(io.BytesIO(SECRET)),
        lambda: thing.copy_from(CopySource=f"{BUCKET}/source"),
        lambda: resource.MultipartUploadPart(BUCKET, "k", "u", "1").upload(Body=SECRET),
    ]
    for door in doors:
        with pytest.raises(REFUSED):
            door()
    wire.assert_nothing()
    resource.meta.client.close()


def test_managed_copies(s3: SecureS3Client, wire: Wire) -> None:
    """boto3's managed copy looks at the source and then writes nothing."""
    wire.plain.put_object(Bucket=BUCKET, Key="source", Body=SECRET)
    with pytest.raises(REFUSED, match=r"s3\.copy"):
        s3.boto3.copy({"Bucket": BUCKET, "Key": "source"}, BUCKET, "k")
    assert {seen.method for seen in wire.proxy.requests} == {"HEAD"}


def test_facade_refuses_presigning(s3: SecureS3Client, wire: Wire) -> None:
    """Presigned uploads, by which plaintext would be stored, are refused; with another strategy they go."""
    params = {"Bucket": BUCKET, "Key": "k"}
    with pytest.raises(REFUSED, match="presigned"):
        s3.generate_presigned_url("put_object", params)
    with pytest.raises(REFUSED, match="presigned"):
        s3.generate_presigned_post(BUCKET, "k")
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert "X-Amz-Signature" in s3.generate_presigned_url("put_object", params, encryption=SseKms(arn))
    assert s3.generate_presigned_post(BUCKET, "k", encryption=SseKms(arn))["fields"]
    assert "X-Amz-Signature" in s3.generate_presigned_url("get_object", params)
    wire.assert_nothing()


# -- a body that is exchanged on its way -------------------------------------------------------------------


def _in_call(params: dict[str, Any], **_: Any) -> None:
    params["body"] = SECRET


def _in_request(request: Any, **_: Any) -> None:
    request.data = SECRET


def _in_prepared(request: Any, **_: Any) -> None:
    request.body = SECRET


SWAPS = {
    "before-call": ("before-call.s3", _in_call),
    "request-created": ("request-created.s3", _in_request),
    "before-sign": ("before-sign.s3", _in_request),
    "before-send": ("before-send.s3", _in_prepared),
}


@pytest.mark.parametrize("where", ["register_first", "register", "register_last"])
@pytest.mark.parametrize("event", SWAPS)
@pytest.mark.parametrize("size", [10, 2 * MIB, 6 * MIB], ids=["small", "single", "multipart"])
def test_exchanged_bodies(s3: SecureS3Client, wire: Wire, event: str, where: str, size: int) -> None:
    """A handler that puts another body in the place of the sealed one, at whatever moment, is too late."""
    name, swap = SWAPS[event]
    for operation in ("PutObject", "UploadPart"):
        getattr(s3.boto3.meta.events, where)(f"{name}.{operation}", swap)
    with pytest.raises(errors.ConfigurationError):
        s3.upload_fileobj(io.BytesIO(bytes(size)), BUCKET, "k", Config=IN_PARTS)
    wire.assert_nothing(requests=True)


@pytest.mark.parametrize(
    "body", [SECRET, bytearray(SECRET), "SECRET", io.BytesIO(SECRET), None], ids=lambda b: type(b).__name__
)
def test_exchanged_parameters(s3: SecureS3Client, wire: Wire, body: Any) -> None:
    """The same for the argument itself, before the request is built."""

    def swap(params: dict[str, Any], **_: Any) -> None:
        params["Body"] = body

    s3.boto3.meta.events.register("provide-client-params.s3.PutObject", swap)
    with pytest.raises(REFUSED):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    wire.assert_nothing()


def test_sealed_bodies_pass(s3: SecureS3Client, wire: Wire) -> None:
    """What the facade has sealed goes through, with the encryption at rest on the wire."""
    for size in (10, 2 * MIB, 6 * MIB):
        s3.upload_fileobj(io.BytesIO(LARGE[:size]), BUCKET, "k", Config=IN_PARTS)
        assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == LARGE[:size]
    assert b"SECRET" not in b"".join(wire.bodies)
    writes = [seen for seen in wire.proxy.requests if seen.method == "PUT" and "uploadId" not in seen.query]
    assert writes
    assert all(seen.headers["x-amz-server-side-encryption"] == "AES256" for seen in writes)


# -- botocore's model --------------------------------------------------------------------------------------

NOT_STORED = {
    "WriteGetObjectResponse": "the answer of an S3 Object Lambda to a reader; nothing of it is stored",
}


def _with_content(service: ServiceModel) -> set[str]:
    """Operations whose input streams, or has a blob or a member called Body."""
    found = set()
    for name in service.operation_names:
        operation = service.operation_model(name)
        members = operation.input_shape.members if operation.input_shape else {}
        blobs = [member for member, shape in members.items() if shape.type_name == "blob"]
        if operation.has_streaming_input or blobs or "Body" in members:
            found.add(name)
    return found


def test_operations_with_content() -> None:
    """Every operation of botocore's model that carries content is guarded, or stores nothing."""
    service = core_session().get_service_model("s3")
    assert _with_content(service) - CONTENT == set(NOT_STORED)
    assert {"PutObject", "UploadPart"} <= _with_content(service)
    assert set(service.operation_names) & CONTENT <= _with_content(service)
