"""``denied``: the real error for any client, without a server, and nothing left of it afterwards."""

from __future__ import annotations

import asyncio
import gc
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from secure_s3 import ClientSide, KmsKeys, SecureS3Client, SseKms, SseS3, errors
from secure_s3.denials import parse_denial
from secure_s3.denials.catalogue import CATALOGUE
from secure_s3.denials.denial import CAUSES
from secure_s3.guard.refused import refused_of
from secure_s3.testing import denied
from secure_s3.testing.occasions import OCCASIONS
from secure_s3.testing.selection import _operations as operations_of
from tests.guard.support import BUCKET, KEY_ARN, core_session, plain_session, session
from tests.rig.tls_servers import closed_port

ORIGINAL = BaseClient._make_api_call
NOWHERE = f"https://127.0.0.1:{closed_port()}"
CLASSES = {
    "identity_policy": errors.PolicyDenied,
    "bucket_policy": errors.BucketPolicyDenied,
    "service_control_policy": errors.PolicyDenied,
    "resource_control_policy": errors.PolicyDenied,
    "permissions_boundary": errors.PolicyDenied,
    "session_policy": errors.PolicyDenied,
    "endpoint_policy": errors.PolicyDenied,
    "trust_policy": errors.PolicyDenied,
    "block_public_access": errors.PublicAccessBlocked,
    "blocked_encryption": errors.AccessDenied,
    "kms_access": errors.KeyDenied,
    "kms_key_state": errors.KeyUnavailable,
    "kms_key_not_found": errors.KeyUnavailable,
    "sse_c": errors.AccessDenied,
    "presign": errors.CredentialsRefused,
    "signature": errors.CredentialsRefused,
    "clock": errors.CredentialsRefused,
    "credentials": errors.CredentialsRefused,
    "object_lock": errors.ObjectLocked,
    "mfa_delete": errors.ObjectLocked,
    "opaque": errors.AccessDenied,
    "archived": errors.AccessDenied,
    "not_found": errors.NotFound,
    "precondition": errors.PreconditionFailed,
}


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
    yield
    assert BaseClient._make_api_call is ORIGINAL


@pytest.fixture(scope="module")
def s3() -> SecureS3Client:
    """A client of an endpoint that does not exist: what is not refused here cannot be reached."""
    return SecureS3Client(SseS3(), session=plain_session(), endpoint_url=NOWHERE)


@pytest.fixture(scope="module")
def plain() -> Any:
    return plain_session().client("s3", endpoint_url=NOWHERE)


def put(client: Any) -> Any:
    return client.put_object(Bucket=BUCKET, Key="in/k", Body=b"x")


def get(client: Any) -> Any:
    return client.get_object(Bucket=BUCKET, Key="in/k")


def not_reached(*calls: Callable[[], Any]) -> None:
    """Make calls of which each goes where it would, which is nowhere."""
    for call in calls:
        with pytest.raises(EndpointConnectionError):
            call()


def dropped(*arguments: Any, **more: Any) -> None:
    """Make a block, and forget it."""
    made = denied(*arguments, **more)
    del made
    gc.collect()


def denial_of(error: ClientError) -> Any:
    details = error.response["Error"]
    return parse_denial(
        operation=error.operation_name,
        status=error.response["ResponseMetadata"]["HTTPStatusCode"],
        code=details["Code"],
        message=details["Message"],
        fields=details,
    )


ONE_CALL: dict[str, tuple[str, dict[str, Any]]] = {
    "block_public_access": (
        "put_object",
        {"Key": "in/k", "Body": b"x", "ACL": "bucket-owner-full-control"},
    ),
    "blocked_encryption": ("put_object", {"Key": "in/k", "Body": b"x"}),
    "sse_c": ("get_object", {"Key": "in/k"}),
    "acl": ("put_object", {"Key": "in/k", "Body": b"x", "ACL": "bucket-owner-full-control"}),
    "object_lock": ("delete_object", {"Key": "in/k", "VersionId": "v1"}),
    "mfa_delete": ("delete_object", {"Key": "in/k", "VersionId": "v1"}),
    "precondition": ("put_object", {"Key": "in/k", "Body": b"x", "IfNoneMatch": "*"}),
    "archived": ("get_object", {"Key": "in/k"}),
}
"""Causes that are not on any call, and one that they are on."""
OTHERS = ("trust_policy", "post_policy", "policy_document")
"""None that SecureS3Client's own methods meet."""


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause not in OTHERS])
def test_every_cause(cause: str, s3: SecureS3Client, plain: Any) -> None:
    """Each cause gives its typed error to the package's client, and plain boto3 the answer it is made of."""
    for method, more in (
        [ONE_CALL[cause]]
        if cause in ONE_CALL
        else [("put_object", {"Key": "in/k", "Body": b"x"}), ("get_object", {"Key": "in/k"})]
    ):
        with denied(cause) as refusing:
            with pytest.raises(errors.ServiceError) as caught:
                getattr(s3, method)(Bucket=BUCKET, **more)
            with pytest.raises(ClientError) as raw:
                getattr(plain, method)(Bucket=BUCKET, **more)
        assert [request.bucket for request in refusing.refusals] == [BUCKET, BUCKET]
        assert isinstance(caught.value, CLASSES.get(cause, errors.ServiceError))
        assert caught.value.denial.cause == cause
        kept = refused_of(caught.value)
        assert kept is not None
        assert kept.sent.bucket == BUCKET
        assert type(raw.value).__module__ != "secure_s3.errors"
        assert denial_of(raw.value).cause == cause
        metadata = raw.value.response["ResponseMetadata"]
        assert len(metadata["RequestId"]) == 16
        assert metadata["HostId"]


def test_managed_transfers_are_typed(s3: SecureS3Client, tmp_path: Path) -> None:
    """Uploads of files end in the same error."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with denied("bucket_policy") as refusing:
        for client in (s3, s3.boto3):
            with pytest.raises(errors.BucketPolicyDenied):
                client.upload_file(str(path), BUCKET, "in/k")
    assert [request.operation for request in refusing.refusals] == ["PutObject", "PutObject"]


def test_what_is_never_refused_so_is_not(plain: Any) -> None:
    """A call that AWS does not refuse for a cause goes where it would, and the failure says what it lacks."""
    with pytest.raises(AssertionError) as caught, denied("acl", key="in/*"):
        not_reached(lambda: put(plain), lambda: get(plain))
    said = (
        f"denied('acl', key='in/*') refused nothing; seen: PutObject {BUCKET}/in/k (without ACL or Grant*); "
    )
    assert str(caught.value).startswith(f"{said}GetObject {BUCKET}/in/k (never refused so)\n")
    with denied("object_lock", must=False) as refusing, pytest.raises(EndpointConnectionError):
        plain.delete_object(Bucket=BUCKET, Key="k")  # which puts a delete marker on top
    assert refusing.refusals == ()


@pytest.mark.parametrize(
    ("cause", "method", "more", "said"),
    [
        ("block_public_access", "put_object_acl", {"Key": "k", "ACL": "public-read"}, "BlockPublicAcls"),
        ("block_public_access", "put_bucket_policy", {"Policy": "{}"}, "BlockPublicPolicy"),
        ("policy_document", "put_bucket_policy", {"Policy": "{}"}, "Policies must be valid JSON"),
        ("object_lock", "put_object_legal_hold", {"Key": "k", "LegalHold": {"Status": "ON"}}, "is missing"),
        ("not_found", "list_objects_v2", {}, "The specified bucket does not exist"),
        ("not_found", "get_bucket_policy", {}, "The bucket policy does not exist"),
    ],
)
def test_wording_is_that_of_the_call(
    cause: str, method: str, more: dict[str, Any], said: str, plain: Any
) -> None:
    """Of the wordings of a cause it is one that the operation is answered with."""
    with denied(cause), pytest.raises(ClientError, match=said) as caught:
        getattr(plain, method)(Bucket=BUCKET, **more)
    assert denial_of(caught.value).cause == cause


def test_occasions_are_of_operations_that_there_are() -> None:
    """Every operation on which a cause can be is the service's, every wording the cause's."""
    for cause, listed in OCCASIONS.items():
        wordings = CATALOGUE[cause].wordings
        for each in listed:
            assert set(each.calls) - {"*"} <= set(operations_of(each.service)), cause
            fitting = [w for w in wordings if each.detail in ("", w.detail) and each.code in ("", w.code)]
            assert fitting, (cause, each)


@pytest.mark.parametrize("own", ["us-east-1", "eu-west-1", "ap-southeast-2"])
def test_what_the_answer_names_is_the_calls_own(own: str) -> None:
    """The wrong region is that of the client, another is expected; a missing key is the one asked for."""
    client = plain_session().client("s3", endpoint_url=NOWHERE, region_name=own)
    with denied("region"), pytest.raises(ClientError) as caught:
        put(client)
    error: Any = caught.value.response["Error"]
    assert f"the region '{own}' is wrong; expecting '{error['Region']}'" in error["Message"]
    assert error["Region"] != own
    with denied("not_found"), pytest.raises(ClientError) as caught:
        get(client)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Key"]) == ("NoSuchKey", "in/k")
    with denied("not_found"), pytest.raises(ClientError) as caught:
        put(client)
    error = caught.value.response["Error"]
    assert (error["Code"], error["BucketName"]) == ("NoSuchBucket", BUCKET)


def test_head_says_nothing(s3: SecureS3Client) -> None:
    """HEAD is answered without a body, as S3 does, so that the reason is not known."""
    with denied("bucket_policy"), pytest.raises(errors.AccessDenied) as caught:
        s3.head_object(Bucket=BUCKET, Key="k")
    assert (caught.value.code, caught.value.status) == ("403", 403)
    assert caught.value.denial.cause == "opaque"


def test_the_message_is_about_the_request(plain: Any) -> None:
    """Action and resource are those of the call; what is given stands in their place."""
    with denied("bucket_policy"), pytest.raises(ClientError) as caught:
        plain.list_objects_v2(Bucket=BUCKET)
    denial = denial_of(caught.value)
    assert (denial.action, denial.resource) == ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")
    arn = "arn:aws:organizations::444455556666:policy/o-1/service_control_policy/p-1"
    with (
        denied("service_control_policy", principal="arn:aws:iam::111122223333:user/ci", policy_arn=arn),
        pytest.raises(ClientError) as caught,
    ):
        get(plain)
    denial = denial_of(caught.value)
    assert (denial.principal, denial.policy_arn) == ("arn:aws:iam::111122223333:user/ci", arn)
    saying = denied("identity_policy", explicit=True, action="s3:Foo", resource="arn:aws:s3:::other")
    with saying, pytest.raises(ClientError) as caught:
        get(plain)
    denial = denial_of(caught.value)
    assert (denial.action, denial.resource, denial.explicit) == ("s3:Foo", "arn:aws:s3:::other", True)


def test_keys_of_s3(s3: SecureS3Client) -> None:
    """A cause of keys names what S3 would have asked KMS for, and the key that the request names."""
    named = SecureS3Client(SseKms(KEY_ARN), session=plain_session(), endpoint_url=NOWHERE)
    with denied("kms_access"), pytest.raises(errors.KeyDenied) as caught:
        put(named)
    assert (caught.value.denial.action, caught.value.denial.resource) == ("kms:GenerateDataKey", KEY_ARN)
    with denied("kms_access"), pytest.raises(errors.KeyDenied) as caught:
        get(s3)
    assert caught.value.denial.action == "kms:Decrypt"


@pytest.mark.parametrize(
    ("cause", "kind", "code"),
    [
        ("kms_access", errors.KeyDenied, "AccessDeniedException"),
        ("kms_key_state", errors.KeyUnavailable, "DisabledException"),
        ("kms_key_not_found", errors.KeyUnavailable, "NotFoundException"),
    ],
)
def test_keys_of_client_side_encryption(cause: str, kind: type[Exception], code: str) -> None:
    """The same cause is answered in KMS's own way where the client asks KMS itself."""
    sealing = SecureS3Client(ClientSide(KmsKeys(KEY_ARN)), session=plain_session(), endpoint_url=NOWHERE)
    with denied(cause, operation="kms:GenerateDataKey") as refusing, pytest.raises(kind) as caught:
        put(sealing)
    error: Any = caught.value
    assert (error.code, error.status, error.denial.cause) == (code, 400, cause)
    kept = refused_of(error)
    assert kept is not None
    assert kept.key is not None
    assert kept.key.key_arn == KEY_ARN
    assert [request.operation for request in refusing.refusals] == ["GenerateDataKey"]


def test_roles_of_sts() -> None:
    """A trust policy refuses AssumeRole, in STS's own way."""
    sts = plain_session().client("sts", endpoint_url=NOWHERE)
    role = "arn:aws:iam::111122223333:role/reader"
    with denied("trust_policy"), pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn=role, RoleSessionName="ci")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert role in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["RequestId"]


# -- which calls ----------------------------------------------------------------------------------------

MATCHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"operation": "PutObject"}, True),
    ({"operation": "put_object"}, True),
    ({"operation": ("GetObject", "s3:PutObject")}, True),
    ({"bucket": "amzn-*"}, True),
    ({"key": "in/?"}, True),
    ({"bucket": BUCKET, "key": "*/k", "operation": "PutObject"}, True),
    ({"operation": "GetObject"}, False),
    ({"operation": ["GetObject", "HeadObject"]}, False),
    ({"bucket": "amzn"}, False),
    ({"key": "IN/k"}, False),
    ({"key": "in/k", "bucket": "other-*"}, False),
]


@pytest.mark.parametrize(("which", "matches"), MATCHES)
def test_which_calls(which: dict[str, Any], matches: bool, plain: Any) -> None:
    """Operations, bucket and key choose; a call that does not match goes where it would."""
    expected = ClientError if matches else EndpointConnectionError
    with denied("bucket_policy", must=False, **which) as refusing, pytest.raises(expected):
        put(plain)
    assert len(refusing.refusals) == matches


def test_a_key_pattern_needs_a_key(plain: Any) -> None:
    """A call without a key matches no pattern for keys."""
    with denied("bucket_policy", key="*", must=False), pytest.raises(EndpointConnectionError):
        plain.list_objects_v2(Bucket=BUCKET)


def test_other_services_are_left_alone() -> None:
    """Causes of S3 are no business of KMS."""
    kms = plain_session().client("kms", endpoint_url=NOWHERE)
    with denied("bucket_policy", must=False), pytest.raises(EndpointConnectionError):
        kms.decrypt(CiphertextBlob=b"x")


def test_so_many_times(plain: Any) -> None:
    """After so many calls the others go where they would; one that is never sent does not count."""
    with denied("bucket_policy", times=2) as refusing:
        with pytest.raises(botocore.exceptions.ParamValidationError):
            plain.put_object(Bucket=BUCKET)
        for expected in (ClientError, ClientError, EndpointConnectionError):
            with pytest.raises(expected):
                put(plain)
    assert len(refusing.refusals) == 2


def test_nested_blocks(plain: Any) -> None:
    """The inner block is asked first, and the outer one where the inner one does not match."""
    with denied("bucket_policy") as outer, denied("object_lock", operation="DeleteObject") as inner:
        with pytest.raises(ClientError, match="object lock"):
            plain.delete_object(Bucket=BUCKET, Key="k", VersionId="v1")
        with pytest.raises(ClientError, match="resource-based policy"):
            put(plain)
    assert [len(outer.refusals), len(inner.refusals)] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"cause": "bucket_polcy"}, "'bucket_policy'"),
        ({"cause": "scps"}, "'service_control_policy'"),
        ({"cause": "NoSuchKey"}, "code of an answer, not a cause(.|\n)*'not_found'"),
        ({"cause": "AccessDenied"}, "one of identity_policy, bucket_policy"),
        ({"cause": "post_policy"}, "forms are sent by whoever has them"),
        ({"cause": "archived", "operation": "PutObject"}, "PutObject is never refused(.|\n)*GetObject"),
        (
            {"cause": "object_lock", "operation": "get_object"},
            "GetObject is never refused(.|\n)*DeleteObject",
        ),
        ({"cause": "bucket_policy", "operation": "ListBuckets"}, "those with a bucket"),
        ({"cause": "bucket_policy", "operation": "kms:Decrypt"}, "Decrypt is never refused"),
        ({"cause": "trust_policy", "operation": "GetObject"}, "sts:AssumeRole"),
        (
            {"cause": "block_public_access", "operation": "PutBucketPolicy", "detail": "BlockPublicAcls"},
            "with detail='BlockPublicAcls'",
        ),
        ({"cause": ""}, "one of"),
        ({"cause": "bucket_policy", "operation": "PutObjct"}, "'PutObject'"),
        ({"cause": "bucket_policy", "operation": "ec2:RunInstances"}, "no operation"),
        ({"cause": "bucket_policy", "operation": "upload_file"}, "several operations"),
        ({"cause": "bucket_policy", "operation": []}, "names none"),
        ({"cause": "bucket_policy", "times": 0}, "times=0"),
        ({"cause": "bucket_policy", "times": True}, "times=True"),
        ({"cause": "clock", "explicit": True}, "no such wording"),
        ({"cause": "block_public_access", "detail": "BlockEverything"}, "no such wording"),
    ],
)
def test_what_is_refused_here(arguments: dict[str, Any], says: str) -> None:
    """Arguments of no use are refused before anything is replaced."""
    with pytest.raises(errors.ConfigurationError, match=says):
        denied(**arguments)


# -- that it was hit ------------------------------------------------------------------------------------


def test_nothing_refused_is_an_error(plain: Any) -> None:
    """A block in which no call was refused fails, so that no test passes for nothing; unless it may."""
    with pytest.raises(AssertionError, match="refused nothing"), denied("bucket_policy"):
        pass
    with denied("bucket_policy", must=False):
        pass


def test_the_failure_names_what_was_seen(plain: Any) -> None:
    """What went where it would is named, each call once and not more than a few."""
    with (
        pytest.raises(AssertionError) as caught,
        denied("bucket_policy", operation="PutObject", bucket="other-*"),
    ):
        not_reached(*(lambda key=key: plain.get_object(Bucket=BUCKET, Key=key) for key in "aabbccddeeff"))
    text = str(caught.value)
    assert text.startswith("denied('bucket_policy', operation='PutObject', bucket='other-*') refused nothing")
    assert text.count(f"GetObject {BUCKET}/") == 5
    assert f"GetObject {BUCKET}/a (another operation); " in text


def test_a_block_without_with() -> None:
    """One that is made and never entered would do nothing, silently; it warns."""
    with pytest.warns(RuntimeWarning, match=r"denied\('bucket_policy', key='in/\*'\) was never entered"):
        dropped("bucket_policy", key="in/*")


def test_short_names(plain: Any) -> None:
    """What one says for short is taken."""
    for short, meant in (("scp", "service_control_policy"), ("boundary", "permissions_boundary")):
        with denied(short), pytest.raises(ClientError) as caught:
            put(plain)
        assert denial_of(caught.value).cause == meant


def test_an_error_of_the_block_is_not_replaced() -> None:
    """What goes wrong in the block is raised, not that nothing was refused."""
    with pytest.raises(KeyError), denied("bucket_policy"):
        raise KeyError("mine")


def test_the_request_is_recorded_without_secrets(s3: SecureS3Client) -> None:
    """What would have been sent can be looked at: encryption is there, secrets are not."""
    named = session("sse-c", aws_session_token="MARKEDTOKEN").client("s3", endpoint_url=NOWHERE)
    with denied("bucket_policy") as refusing, pytest.raises(ClientError):
        put(named)
    (request,) = refusing.refusals
    assert request.header("x-amz-server-side-encryption-customer-algorithm") == "AES256"
    assert request.temporary
    assert "MARKED" not in f"{request!r}{request.headers}{request.url}{refusing!r}"
    assert "wJalr" not in str(request.headers)


# -- clients of all kinds -------------------------------------------------------------------------------


def test_without_credentials() -> None:
    """A client without credentials is refused as well, and is as it was afterwards."""
    client = boto3.Session(botocore_session=core_session()).client("s3", endpoint_url=NOWHERE)
    with denied("bucket_policy"), pytest.raises(ClientError):
        put(client)
    with pytest.raises(botocore.exceptions.NoCredentialsError):
        put(client)


def test_the_guard_still_guards(s3: SecureS3Client) -> None:
    """What the client refuses by itself is not sent, and so not refused by the service."""
    with denied("bucket_policy", must=False) as refusing, pytest.raises(errors.PublicAccessRefused):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", ACL="public-read")
    assert refusing.refusals == ()


def test_stubs_of_before_send_are_not_asked(plain: Any) -> None:
    """Another stub that answers before requests are sent, as mock_aws does, is not asked."""
    asked: list[Any] = []
    plain.meta.events.register("before-send.s3", lambda **kwargs: asked.append(kwargs), unique_id="stub")
    try:
        with denied("bucket_policy"), pytest.raises(ClientError):
            put(plain)
    finally:
        plain.meta.events.unregister("before-send.s3", unique_id="stub")
    assert asked == []


def test_resources_paginators_and_transfers(tmp_path: Path) -> None:
    """Resources, paginators and the threads of managed transfers are refused as well."""
    made = plain_session()
    client, resource = (getattr(made, kind)("s3", endpoint_url=NOWHERE) for kind in ("client", "resource"))
    path = tmp_path / "file"
    path.write_bytes(b"x")
    calls: list[Callable[[], Any]] = [
        lambda: resource.Object(BUCKET, "k").get(),
        lambda: list(resource.Bucket(BUCKET).objects.all()),
        lambda: list(client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)),
        lambda: client.upload_fileobj(io.BytesIO(bytes(9 << 20)), BUCKET, "k"),
        lambda: client.download_file(BUCKET, "k", str(path)),
    ]
    with denied("bucket_policy") as refusing:
        for call in calls:
            with pytest.raises(ClientError):
                call()
        with pytest.raises(S3UploadFailedError):
            client.upload_file(str(path), BUCKET, "k")
    assert {"CreateMultipartUpload", "HeadObject", "PutObject"} <= {r.operation for r in refusing.refusals}


def test_many_threads(plain: Any) -> None:
    """Among many threads exactly so many calls are refused."""
    barrier = threading.Barrier(8)

    def call(_: int) -> type[BaseException]:
        barrier.wait(10)
        with pytest.raises((ClientError, EndpointConnectionError)) as caught:
            get(plain)
        return caught.type

    with denied("opaque", times=5) as refusing, ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(call, range(8)))
    assert sum(issubclass(outcome, ClientError) for outcome in outcomes) == 5
    assert len(refusing.refusals) == 5


def test_in_a_coroutine(s3: SecureS3Client) -> None:
    """Calls that a coroutine makes in threads are refused as well."""

    async def main() -> list[Any]:
        with denied("bucket_policy"):
            calls = (asyncio.to_thread(get, s3) for _ in range(3))
            return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error).__name__ for error in asyncio.run(main())] == ["BucketPolicyDenied"] * 3


# -- nothing stays --------------------------------------------------------------------------------------


def test_blocks_that_end_in_another_order(plain: Any) -> None:
    """Blocks may end in any order; with the last one everything is as it was."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(denied("bucket_policy", must=False))
    second.enter_context(denied("opaque", must=False))
    first.close()
    with pytest.raises(ClientError, match="Access Denied"):
        put(plain)
    second.close()
    with pytest.raises(EndpointConnectionError):
        put(plain)


def test_another_patch_in_between(plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch of the same function that others put on top meanwhile stays, works, and can be taken back."""
    seen: list[str] = []
    with ExitStack() as outer:
        outer.enter_context(denied("bucket_policy", must=False))
        ours = BaseClient._make_api_call

        def theirs(self: Any, operation_name: str, api_params: Any) -> Any:
            seen.append(operation_name)
            return ours(self, operation_name, api_params)

        monkeypatch.setattr(BaseClient, "_make_api_call", theirs)
    assert BaseClient._make_api_call is theirs
    with pytest.raises(EndpointConnectionError):
        put(plain)
    with denied("opaque"), pytest.raises(ClientError, match="Access Denied"):
        put(plain)
    assert seen == ["PutObject", "PutObject"]
    monkeypatch.undo()
    with denied("bucket_policy"), pytest.raises(ClientError, match="resource-based"):
        put(plain)


def test_the_fixture(denied: Any, plain: Any) -> None:
    """The fixture ``denied`` is the same thing, without an import."""
    with denied("bucket_policy"), pytest.raises(ClientError):
        put(plain)


def test_a_block_is_entered_once() -> None:
    """Entered again, inside itself or after its end, a block is refused, and the first one still holds."""
    with denied("bucket_policy", must=False) as once:
        with pytest.raises(errors.ConfigurationError, match="second time"), once:
            pass
        with pytest.raises(ClientError):
            boto3.client("s3", region_name="eu-west-1").delete_object(Bucket=BUCKET, Key="k")
    with pytest.raises(errors.ConfigurationError, match="second time"), once:
        pass
