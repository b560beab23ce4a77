"""Policies, enforced: what clients of boto3 may do at the endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from secure_s3.encryption import SseKms, SseS3
from secure_s3.errors import AccessDenied, NotFound

from . import people
from .bucket import ARN, EVERYBODY, on_objects, put_policy
from .denials import denial
from .people import SESSION, USER, allow, deny
from .support import BUCKET, SSE, post, send

KMS_KEY = f"s3:{SSE}-aws-kms-key-id"


@contextmanager
def signed_by(aws: Any, credentials: dict[str, str]) -> Iterator[Any]:
    """A client of somebody else."""
    with closing(aws.session().client("s3", **credentials)) as client:
        yield client


@pytest.fixture
def alice(local_aws: Any, s3: Any) -> Iterator[Any]:
    """A client of a user who may read, write and list what begins with "a"."""
    may = allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject") | {"Resource": f"{ARN}/a*"}
    with signed_by(local_aws, people.user(local_aws, may)) as client:
        yield client


# -- one layer after the other --------------------------------------------------------------------------


def test_implicitly_denied(alice: Any) -> None:
    """What no policy allows is refused in words that name the action and the resource."""
    alice.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    told = denial(alice.put_object, Bucket=BUCKET, Key="b", Body=b"x")
    assert (told.cause, told.explicit, told.principal) == ("identity_policy", False, USER)
    assert (told.action, told.resource) == ("s3:PutObject", f"{ARN}/b")
    told = denial(alice.create_multipart_upload, Bucket=BUCKET, Key="b")
    assert (told.action, told.operation) == ("s3:PutObject", "CreateMultipartUpload")
    assert denial(alice.list_buckets).action == "s3:ListAllMyBuckets"
    assert denial(alice.get_bucket_policy, Bucket=BUCKET).action == "s3:GetBucketPolicy"
    assert denial(alice.create_bucket, Bucket="amzn-s3-demo-other").action == "s3:CreateBucket"


def test_a_bucket_policy_binds_the_ready_user(s3: Any) -> None:
    """A Deny of the bucket binds whoever is allowed everything, and is named as the bucket's."""
    put_policy(s3, on_objects(deny, "s3:PutObject", {"StringNotEquals": {f"s3:{SSE}": "aws:kms"}}))
    told = denial(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x")
    assert (told.cause, told.explicit, told.policy_arn) == ("bucket_policy", True, None)
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()


def test_a_bucket_policy_grants(alice: Any, s3: Any) -> None:
    """A user of the account may do what the bucket's policy alone allows, and what it denies nobody may."""
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"x")
    put_policy(s3, on_objects(allow, "s3:GetObject", Principal={"AWS": USER}))
    alice.get_object(Bucket=BUCKET, Key="b")["Body"].read()
    put_policy(s3, on_objects(allow, "s3:GetObject"), on_objects(deny, "s3:GetObject"))
    assert denial(alice.get_object, Bucket=BUCKET, Key="b").cause == "bucket_policy"


def test_a_boundary(local_aws: Any, s3: Any) -> None:
    """A permissions boundary limits what its user's policies allow, and is named if it denies."""
    with closing(local_aws.session().client("iam")) as iam:
        boundary = iam.create_policy(
            PolicyName="limit",
            PolicyDocument=people.document(allow("s3:PutObject", "s3:GetObject"), deny("s3:GetObject")),
        )["Policy"]["Arn"]
        credentials = people.user(local_aws, allow("s3:*"))
        iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=boundary)
    with signed_by(local_aws, credentials) as client:
        client.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        told = denial(client.get_object, Bucket=BUCKET, Key="k")
        assert (told.cause, told.explicit, told.policy_arn) == ("permissions_boundary", True, boundary)
        told = denial(client.delete_object, Bucket=BUCKET, Key="k")
        assert (told.cause, told.explicit) == ("permissions_boundary", False)


def test_a_session(local_aws: Any, s3: Any) -> None:
    """A session has what both its role and the policy passed to it allow."""
    role = people.role(local_aws, allow("s3:PutObject", "s3:GetObject"))
    passed = people.document(allow("s3:PutObject", "s3:DeleteObject"))
    with signed_by(local_aws, people.session(local_aws, role, Policy=passed)) as client:
        client.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        told = denial(client.get_object, Bucket=BUCKET, Key="k")
        assert (told.cause, told.explicit, told.principal) == ("session_policy", False, SESSION)
        assert denial(client.delete_object, Bucket=BUCKET, Key="k").cause == "identity_policy"


# -- conditions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "passes", "fails"),
    [
        ({"StringEquals": {"s3:x-amz-storage-class": "GLACIER"}}, {}, {"StorageClass": "GLACIER"}),
        ({"Null": {"s3:if-none-match": "true"}}, {"IfNoneMatch": "*"}, {}),
        (
            {"StringNotEquals": {"s3:RequestObjectTag/team": "a"}},
            {"Tagging": "team=a"},
            {"Tagging": "team=b"},
        ),
        ({"StringEquals": {"aws:username": "local"}, "Null": {f"s3:{SSE}": "true"}}, {"SSE": 1}, {}),
        ({"NumericLessThan": {"s3:TlsVersion": "1.4"}, "Null": {f"s3:{SSE}": "true"}}, {"SSE": 1}, {}),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "Null": {f"s3:{SSE}": "true"}}, {"SSE": 1}, {}),
    ],
)
def test_conditions_of_the_request(
    s3: Any, condition: Any, passes: dict[str, Any], fails: dict[str, Any]
) -> None:
    """Conditions are about the request as it came: its headers, its tags, its sender and its connection."""
    put_policy(s3, on_objects(deny, "s3:PutObject", condition))
    if passes.pop("SSE", None):
        passes = {"ServerSideEncryption": "AES256"}
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", **passes)
    assert denial(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", **fails).cause == "bucket_policy"


# -- what only the server knows -------------------------------------------------------------------------


def test_tags_of_the_object(s3: Any) -> None:
    """Tags of the stored object decide, as they are now, and of the version that is asked for."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="k", Body=b"1", Tagging="secret=yes")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"2", Tagging="secret=no")
    reads = on_objects(deny, "s3:GetObject*", {"StringEquals": {"s3:ExistingObjectTag/secret": "yes"}})
    put_policy(s3, reads)
    s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    told = denial(s3.get_object, Bucket=BUCKET, Key="k", VersionId=first)
    assert (told.cause, told.action) == ("bucket_policy", "s3:GetObjectVersion")


def test_tags_in_the_body(s3: Any) -> None:
    """Tags that a body brings are seen before they are stored."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"1")
    untagged = {"StringNotEquals": {"s3:RequestObjectTag/team": "a"}}
    put_policy(s3, on_objects(deny, "s3:PutObjectTagging", untagged))
    told = denial(s3.put_object_tagging, Bucket=BUCKET, Key="k", Tagging=tagged("b"))
    assert told.cause == "bucket_policy"
    s3.put_object_tagging(Bucket=BUCKET, Key="k", Tagging=tagged("a"))
    # The header of a new object needs the same permission as the call.
    assert denial(s3.put_object, Bucket=BUCKET, Key="k", Body=b"2", Tagging="team=b").cause == "bucket_policy"


def tagged(team: str) -> dict[str, Any]:
    """A set of one tag."""
    return {"TagSet": [{"Key": "team", "Value": team}]}


def test_prefixes(local_aws: Any, s3: Any) -> None:
    """Who may list one prefix may list no other, and not everything."""
    mine = allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "${aws:username}/*"}})
    with signed_by(local_aws, people.user(local_aws, mine)) as client:
        client.list_objects_v2(Bucket=BUCKET, Prefix="alice/1")
        client.list_objects(Bucket=BUCKET, Prefix="alice/1")
        for wrong in ({}, {"Prefix": "bob/"}):
            assert denial(client.list_objects_v2, Bucket=BUCKET, **wrong).action == "s3:ListBucket"


def test_missing_objects(alice: Any, s3: Any, local_aws: Any) -> None:
    """Those who may list the bucket are told that an object does not exist, by HEAD as well."""
    told = denial(alice.get_object, Bucket=BUCKET, Key="a-none")
    assert (told.status, told.action, told.resource) == (403, "s3:ListBucket", ARN)
    assert denial(alice.head_object, Bucket=BUCKET, Key="a-none").code == "403"
    assert denial(s3.get_object, Bucket=BUCKET, Key="a-none").code == "NoSuchKey"
    with closing(local_aws.session().client("iam")) as iam:
        listing = people.document(allow("s3:ListBucket"))
        iam.put_user_policy(UserName="alice", PolicyName="list", PolicyDocument=listing)
    assert denial(alice.head_object, Bucket=BUCKET, Key="a-none").code == "404"
    assert denial(alice.head_object, Bucket=BUCKET, Key="b").code == "403"


def test_a_missing_bucket(alice: Any) -> None:
    """A bucket that does not exist is told to everybody."""
    assert denial(alice.get_object, Bucket="amzn-s3-demo-none", Key="a").code == "NoSuchBucket"


# -- operations that need more than one permission ------------------------------------------------------


def test_copies(alice: Any, s3: Any) -> None:
    """A copy needs the right to read its source, and its tags where it has any."""
    for key, tags in (("a1", ""), ("a2", "team=a"), ("b", "")):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", Tagging=tags)
    alice.copy_object(Bucket=BUCKET, Key="a3", CopySource={"Bucket": BUCKET, "Key": "a1"})
    told = denial(alice.copy_object, Bucket=BUCKET, Key="a3", CopySource={"Bucket": BUCKET, "Key": "b"})
    assert (told.action, told.resource) == ("s3:GetObject", f"{ARN}/b")
    told = denial(alice.copy_object, Bucket=BUCKET, Key="a3", CopySource={"Bucket": BUCKET, "Key": "a2"})
    assert (told.action, told.resource) == ("s3:GetObjectTagging", f"{ARN}/a2")
    told = denial(alice.copy_object, Bucket=BUCKET, Key="a3", CopySource={"Bucket": BUCKET, "Key": "a9"})
    assert (told.status, told.action) == (403, "s3:ListBucket")


def test_deleting_many(alice: Any, s3: Any) -> None:
    """Of many objects those are deleted that may be; the answer says of each other one why it is not."""
    for key in ("a1", "b1", "b<2"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    asked = [{"Key": key} for key in ("a1", "b1", "b<2")]
    told = alice.delete_objects(Bucket=BUCKET, Delete={"Objects": asked})
    assert [each["Key"] for each in told["Deleted"]] == ["a1"]
    assert [each["Key"] for each in told["Errors"]] == ["b1", "b<2"]
    assert {each["Code"] for each in told["Errors"]} == {"AccessDenied"}
    assert f'"{ARN}/b<2" because no identity-based policy' in told["Errors"][1]["Message"]
    told = alice.delete_objects(Bucket=BUCKET, Delete={"Objects": asked[1:], "Quiet": True})
    assert ("Deleted" in told, len(told["Errors"])) == (False, 2)
    left = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in left] == ["b1", "b<2"]


def test_parts_of_an_upload(s3: Any) -> None:
    """A policy that demands encryption lets the parts of an upload pass that was begun with it."""
    put_policy(s3, on_objects(deny, "s3:PutObject", {"StringNotEquals": {f"s3:{SSE}": "AES256"}}))
    assert denial(s3.create_multipart_upload, Bucket=BUCKET, Key="k").cause == "bucket_policy"
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key="k", ServerSideEncryption="AES256")
    where = {"Bucket": BUCKET, "Key": "k", "UploadId": begun["UploadId"]}
    part = s3.upload_part(**where, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )


def test_large_bodies_are_refused_unread(alice: Any, s3: Any) -> None:
    """A refused upload leaves the connection fit for the next request."""
    assert denial(alice.put_object, Bucket=BUCKET, Key="b", Body=b"x" * 3_000_000).code == "AccessDenied"
    alice.put_object(Bucket=BUCKET, Key="a", Body=b"x" * 3_000_000)
    assert s3.head_object(Bucket=BUCKET, Key="a")["ContentLength"] == 3_000_000


# -- keys of KMS ----------------------------------------------------------------------------------------


def test_keys(alice: Any, s3: Any, local_aws: Any) -> None:
    """Who may write an object may not use the key of it, be it named or the bucket's default; nor read it."""
    key = local_aws.kms_key_arn
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    told = denial(alice.put_object, Bucket=BUCKET, Key="a", Body=b"x", **named)
    assert (told.status, told.code, told.action) == (403, "AccessDenied", "kms:GenerateDataKey")
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x", **named)
    assert denial(alice.get_object, Bucket=BUCKET, Key="a").action == "kms:Decrypt"
    assert alice.head_object(Bucket=BUCKET, Key="a")["SSEKMSKeyId"] == key
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    told = denial(alice.put_object, Bucket=BUCKET, Key="a", Body=b"x")
    assert (told.action, told.resource) == ("kms:GenerateDataKey", key)
    with closing(local_aws.session().client("iam")) as iam:
        use = allow("kms:GenerateDataKey", "kms:Decrypt") | {"Resource": key}
        use["Condition"] = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"{ARN}/a"}}
        iam.put_user_policy(UserName="alice", PolicyName="key", PolicyDocument=people.document(use))
    alice.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    alice.get_object(Bucket=BUCKET, Key="a")["Body"].read()
    told = denial(alice.put_object, Bucket=BUCKET, Key="a2", Body=b"x")
    assert told.action == "kms:GenerateDataKey"


def test_an_alias(s3: Any, local_aws: Any) -> None:
    """Policies see the key that an alias or a bare id means."""
    key = local_aws.kms_key_arn
    put_policy(s3, on_objects(deny, "s3:PutObject", {"ArnNotEquals": {KMS_KEY: key}}))
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key.rpartition("/")[2]}
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", **named)
    named["SSEKMSKeyId"] = local_aws.create_key().rpartition("/")[2]
    assert denial(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", **named).cause == "bucket_policy"


# -- other ways to sign ---------------------------------------------------------------------------------


def test_presigned(alice: Any, s3: Any, local_aws: Any) -> None:
    """A URL can do what its signer may do when it is used, and policies see how it is signed, and how old."""
    url = alice.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a"})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    assert send(local_aws, "GET", url).body == b"x"
    for condition in (
        {"StringNotEquals": {"s3:authType": "REST-HEADER"}},
        {"NumericGreaterThan": {"s3:signatureAge": "10000"}},
    ):
        put_policy(s3, on_objects(deny, "s3:GetObject", condition))
        local_aws.shift_clock(60)
        told = send(local_aws, "GET", url)
        assert (told.refusal, "resource-based policy" in (told.element("Message") or "")) == (
            (403, "AccessDenied"),
            True,
        )
        local_aws.shift_clock(0)
    assert send(local_aws, "GET", url).body == b"x"


def test_forms(alice: Any, s3: Any, local_aws: Any) -> None:
    """A form can put what its signer may put; policies know that it is one."""
    made = alice.generate_presigned_post(BUCKET, "b")
    assert post(local_aws, made["fields"]).refusal == (403, "AccessDenied")
    made = alice.generate_presigned_post(BUCKET, "a")
    assert post(local_aws, made["fields"]).status == 204
    put_policy(s3, on_objects(deny, "s3:PutObject", {"StringEquals": {"s3:authType": "POST"}}))
    assert post(local_aws, made["fields"]).refusal == (403, "AccessDenied")


def test_anonymous(s3: Any, local_aws: Any) -> None:
    """Whoever does not sign may do what the bucket's policy lets everybody do, writing too, and no more."""
    config = Config(signature_version=UNSIGNED)
    with closing(local_aws.session().client("s3", config=config)) as nobody:
        assert denial(nobody.put_object, Bucket=BUCKET, Key="k", Body=b"x").message == "Access Denied"
        put_policy(s3, on_objects(allow, "s3:PutObject"))
        nobody.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        assert denial(nobody.get_object, Bucket=BUCKET, Key="k").message == "Access Denied"
        asked = {"Objects": [{"Key": "k"}]}
        assert denial(nobody.delete_objects, Bucket=BUCKET, Delete=asked).status == 403


# -- one verdict ----------------------------------------------------------------------------------------

STATEMENTS = (
    on_objects(deny, "s3:PutObject", {"StringNotEquals": {f"s3:{SSE}": "aws:kms"}}),
    on_objects(deny, "s3:PutObject", {"Null": {KMS_KEY: "true"}}),
    on_objects(deny, "s3:*", {"Bool": {"aws:SecureTransport": "false"}}),
    on_objects(deny, "s3:*", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    on_objects(deny, "s3:GetObject") | {"Resource": f"{ARN}/other/*"},
    on_objects(deny, "s3:GetObject*"),
    on_objects(deny, "s3:*", {"StringEquals": {"s3:authType": "REST-HEADER"}}),
    deny("s3:ListBucket", **EVERYBODY) | {"Resource": ARN},
)


@pytest.mark.parametrize("sealed", [False, True], ids=["s3", "kms"])
def test_one_verdict(local_aws: Any, s3: Any, sealed: bool) -> None:
    """Where a check is certain before a call is made, the endpoint says the same, whatever the policy."""
    client = local_aws.client(SseKms(local_aws.kms_key_arn) if sealed else SseS3())
    where = {"Bucket": BUCKET, "Key": "k"}
    calls = (
        ("put_object", {**where, "Body": b"x"}),
        ("get_object", where),
        ("list_objects_v2", {"Bucket": BUCKET}),
    )
    seen = set()
    for statement in STATEMENTS:
        put_policy(s3, statement)
        for operation, arguments in calls:
            expected = client.check(operation, **arguments).outcome
            assert outcome(client, operation, arguments) == expected, (operation, statement)
            seen.add(expected)
    assert seen == {"allowed", "denied"}


def outcome(client: Any, operation: str, arguments: dict[str, Any]) -> str:
    """What comes of a call."""
    try:
        getattr(client, operation)(**arguments)
    except AccessDenied:
        return "denied"
    except NotFound:
        pass
    return "allowed"
