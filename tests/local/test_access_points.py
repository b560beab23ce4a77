"""Requests that name an access point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from . import people
from .denials import denial
from .people import ACCOUNT, USER, allow, deny
from .support import BUCKET, SSE, send

POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/reports"
OBJECTS = f"{POINT}/object/*"
BEHIND = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
EVERYBODY = {"Principal": "*"}
DELEGATED = {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}


@pytest.fixture
def control(local_aws: Any, s3: Any) -> Iterator[Any]:
    """A client of S3 Control, with an access point "reports"."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    with closing(local_aws.session().client("s3control")) as client:
        client.create_access_point(AccountId=ACCOUNT, Name="reports", Bucket=BUCKET)
        yield client


@pytest.fixture
def alias(control: Any) -> str:
    """The name by which a client reaches it."""
    found = control.get_access_point(AccountId=ACCOUNT, Name="reports")
    assert found["AccessPointArn"] == POINT
    return str(found["Alias"])


def guard(control: Any, *statements: dict[str, Any]) -> None:
    """Make this the policy of the access point."""
    policy = people.document(*statements)
    control.put_access_point_policy(AccountId=ACCOUNT, Name="reports", Policy=policy)


def test_the_way_to_the_bucket(s3: Any, alias: str) -> None:
    """Under its alias an access point leads to the bucket's objects: plain and presigned, and to copies."""
    s3.put_object(Bucket=alias, Key="a b/c", Body=b"y")
    assert s3.get_object(Bucket=BUCKET, Key="a b/c")["Body"].read() == b"y"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=alias)["Contents"]] == ["a b/c", "k"]
    for source in (f"{alias}/a b/c", f"{POINT}/object/a b/c", {"Bucket": POINT, "Key": "a b/c"}):
        s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source)
        assert s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == b"y"


def test_presigned(local_aws: Any, s3: Any, alias: str) -> None:
    """A URL that names an access point is verified as it was signed."""
    url = s3.generate_presigned_url("get_object", Params={"Bucket": alias, "Key": "k"})
    assert send(local_aws, "GET", url).body == b"x"
    assert send(local_aws, "GET", url.replace("/k?", "/l?")).refusal == (403, "SignatureDoesNotMatch")


def test_its_own_policy(s3: Any, control: Any, alias: str) -> None:
    """A Deny of the access point's policy denies, on its own ARN, and only what comes through it."""
    guard(control, deny("s3:GetObject", **EVERYBODY) | {"Resource": OBJECTS})
    told = denial(s3.get_object, Bucket=alias, Key="k")
    assert (told.cause, told.explicit, told.resource) == ("bucket_policy", True, f"{POINT}/object/k")
    s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    told = denial(s3.copy_object, Bucket=BUCKET, Key="c", CopySource=f"{alias}/k")
    assert (told.explicit, told.resource) == (True, f"{POINT}/object/k")


def test_the_buckets_policy(s3: Any, alias: str) -> None:
    """A Deny of the bucket's policy denies what comes through an access point, or what does not."""
    policy = deny("s3:PutObject", **EVERYBODY) | {"Resource": BEHIND[1]}
    policy["Condition"] = {"StringEquals": {f"s3:{SSE}": "AES256"}}
    through = deny("s3:GetObject", **EVERYBODY) | {"Resource": BEHIND[1]}
    through["Condition"] = {"StringNotEquals": {"s3:DataAccessPointArn": POINT}}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=people.document(policy, through))
    told = denial(s3.put_object, Bucket=alias, Key="k", Body=b"x", ServerSideEncryption="AES256")
    assert (told.explicit, told.resource) == (True, f"{POINT}/object/k")
    s3.get_object(Bucket=alias, Key="k")["Body"].read()
    assert denial(s3.get_object, Bucket=BUCKET, Key="k").explicit


def test_both_allow(local_aws: Any, s3: Any, control: Any, alias: str) -> None:
    """Without a policy of one's own it takes the access point's, and the bucket's that leaves it to it."""
    credentials = people.user(local_aws)
    with closing(local_aws.session().client("s3", **credentials)) as client:
        told = denial(client.get_object, Bucket=alias, Key="k")
        assert (told.cause, told.resource) == ("identity_policy", f"{POINT}/object/k")
        guard(control, allow("s3:GetObject", Principal={"AWS": USER}) | {"Resource": OBJECTS})
        assert denial(client.get_object, Bucket=alias, Key="k").code == "AccessDenied"
        leave = allow("*", Principal={"AWS": USER}) | {"Condition": DELEGATED, "Resource": BEHIND}
        s3.put_bucket_policy(Bucket=BUCKET, Policy=people.document(leave))
        assert client.get_object(Bucket=alias, Key="k")["Body"].read() == b"x"
        assert denial(client.get_object, Bucket=BUCKET, Key="k").code == "AccessDenied"


def test_no_access_point(s3: Any) -> None:
    """An alias of none is a bucket that does not exist."""
    assert denial(s3.get_object, Bucket="reports-abc-s3alias", Key="k").code == "NoSuchBucket"


@pytest.mark.parametrize(
    "name",
    [
        *("put_bucket_policy", "delete_bucket_policy", "get_bucket_encryption", "get_bucket_versioning"),
        *("delete_bucket", "delete_public_access_block", "get_bucket_policy_status", "put_bucket_acl"),
    ],
)
def test_what_access_points_are_not_for(name: str, s3: Any, alias: str) -> None:
    """Through an access point nothing about the bucket is changed, and little is told."""
    more = {"put_bucket_policy": {"Policy": people.document()}, "put_bucket_acl": {"ACL": "private"}}
    told = denial(getattr(s3, name), Bucket=alias, **more.get(name, {}))
    assert (told.status, told.code) == (405, "MethodNotAllowed")


def test_what_access_points_tell_of_the_bucket(s3: Any, alias: str) -> None:
    """What AWS lists as supported is answered: the location, the ACL, uploads, versions."""
    assert s3.get_bucket_location(Bucket=alias)["LocationConstraint"] == "eu-west-1"
    for name in ("head_bucket", "get_bucket_acl", "list_multipart_uploads", "list_object_versions"):
        assert getattr(s3, name)(Bucket=alias)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert denial(s3.get_bucket_policy, Bucket=alias).code == "NoSuchBucketPolicy"


def told(operation: Any, **arguments: Any) -> tuple[int, str]:
    """Status and code of a call that must be refused."""
    found = denial(operation, AccountId=ACCOUNT, **arguments)
    return found.status or 0, found.code or ""


def test_one_that_is_there_already(control: Any) -> None:
    """A second one of a name is refused, and the first keeps what it has; so is one of no bucket."""
    guard(control, deny("s3:GetObject", **EVERYBODY) | {"Resource": OBJECTS})
    make = control.create_access_point
    assert told(make, Name="reports", Bucket=BUCKET) == (409, "AccessPointAlreadyOwnedByYou")
    assert told(make, Name="more", Bucket="amzn-s3-demo-none") == (404, "NoSuchBucket")
    assert control.get_access_point_policy(AccountId=ACCOUNT, Name="reports")["Policy"]
    assert told(control.get_access_point, Name="more") == (404, "NoSuchAccessPoint")


def test_one_that_is_not_there(control: Any, s3: Any) -> None:
    """Nothing is told of it, changed or removed; in place of a bucket its ARN leads nowhere."""
    policy = people.document()
    for name in ("get_access_point_policy", "delete_access_point", "delete_access_point_policy"):
        assert told(getattr(control, name), Name="more") == (404, "NoSuchAccessPoint")
    assert told(control.put_access_point_policy, Name="more", Policy=policy) == (404, "NoSuchAccessPoint")
    found = denial(s3.get_object, Bucket=POINT.replace("reports", "more"), Key="k")
    assert (found.status, found.code) == (404, "NoSuchAccessPoint")


@pytest.mark.parametrize("text", ["", "{nonsense", "[]", "null"])
def test_policies_that_are_none(control: Any, text: str) -> None:
    """What is no policy does not become one."""
    assert told(control.put_access_point_policy, Name="reports", Policy=text) == (400, "MalformedPolicy")
    assert told(control.get_access_point_policy, Name="reports") == (404, "NoSuchAccessPointPolicy")


def test_in_a_vpc(local_aws: Any, s3: Any, control: Any) -> None:
    """One that is bound to a VPC answers inside it alone, also as the source of a copy."""
    inside = {"VpcConfiguration": {"VpcId": "vpc-1a2b3c4d"}}
    arn = control.create_access_point(AccountId=ACCOUNT, Name="inside", Bucket=BUCKET, **inside)[
        "AccessPointArn"
    ]
    copy = {"Bucket": BUCKET, "Key": "c", "CopySource": {"Bucket": arn, "Key": "k"}}
    assert denial(s3.get_object, Bucket=arn, Key="k").code == "AccessDenied"
    assert denial(s3.copy_object, **copy).code == "AccessDenied"
    with local_aws.circumstances({"aws:SourceVpc": "vpc-1a2b3c4d"}):
        assert s3.get_object(Bucket=arn, Key="k")["Body"].read() == b"x"
        s3.copy_object(**copy)
