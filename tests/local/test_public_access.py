"""S3 Block Public Access, as the embedded endpoint enforces it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3.local import LocalAws
from tests.local.denials import denial
from tests.local.support import BUCKET, send, signed_url

ACCOUNT = "111122223333"
ALL_OFF = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
)
EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
PUBLIC = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
NAMED = {**PUBLIC, "Principal": {"AWS": "444455556666"}}
OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
DOCUMENT = {
    "Owner": {"ID": OWNER},
    "Grants": [
        {
            "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
            "Permission": "READ",
        }
    ],
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def block(s3: Any, **on: bool) -> None:
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={**ALL_OFF, **on})


@pytest.fixture
def open_s3(s3: Any) -> Any:
    """The bucket takes ACLs."""
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=rules)
    return s3


@pytest.fixture
def control(local_aws: LocalAws) -> Iterator[Any]:
    """The settings of the account."""
    client = local_aws.session().client("s3control")
    yield client
    client.delete_public_access_block(AccountId=ACCOUNT)
    client.close()


def test_a_new_bucket_blocks_everything(s3: Any) -> None:
    """As at AWS since April 2023, until somebody says otherwise."""
    found = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert found == dict.fromkeys(ALL_OFF, True)
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(PUBLIC))


WRITES: list[tuple[str, dict[str, Any], str]] = [
    ("put_bucket_acl", {"ACL": "public-read"}, "s3:PutBucketAcl"),
    ("put_bucket_acl", {"ACL": "authenticated-read"}, "s3:PutBucketAcl"),
    ("put_bucket_acl", {"GrantWriteACP": EVERYBODY}, "s3:PutBucketAcl"),
    ("put_bucket_acl", {"AccessControlPolicy": DOCUMENT}, "s3:PutBucketAcl"),
    ("put_object_acl", {"Key": "k", "ACL": "public-read-write"}, "s3:PutObjectAcl"),
    ("put_object_acl", {"Key": "k", "AccessControlPolicy": DOCUMENT}, "s3:PutObjectAcl"),
    ("put_object", {"Key": "k", "ACL": "public-read"}, "s3:PutObject"),
    ("put_object", {"Key": "k", "GrantRead": f'id="{OWNER}", {EVERYBODY}'}, "s3:PutObject"),
    ("copy_object", {"Key": "c", "CopySource": f"{BUCKET}/k", "ACL": "public-read"}, "s3:PutObject"),
    ("create_multipart_upload", {"Key": "k", "ACL": "public-read"}, "s3:PutObject"),
]


def test_public_acls_are_refused(open_s3: Any) -> None:
    """BlockPublicAcls: canned, in grants and in documents; what they say is nothing without the setting."""
    open_s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    block(open_s3, BlockPublicAcls=True)
    for operation, arguments, action in WRITES:
        found = denial(getattr(open_s3, operation), Bucket=BUCKET, **arguments)
        told = (found.cause, found.detail, found.action)
        assert told == ("block_public_access", "BlockPublicAcls", action), (operation, arguments)
        assert found.message.endswith("by the BlockPublicAcls setting in S3 Block Public Access.")
    block(open_s3, IgnorePublicAcls=True, BlockPublicPolicy=True, RestrictPublicBuckets=True)
    for operation, arguments, _ in WRITES:
        getattr(open_s3, operation)(Bucket=BUCKET, **arguments)


def test_other_acls_are_not_public(open_s3: Any) -> None:
    """Accounts and log delivery are not everybody."""
    for acl in ("private", "log-delivery-write"):
        open_s3.put_bucket_acl(Bucket=BUCKET, ACL=acl)
    open_s3.put_object(Bucket=BUCKET, Key="k", GrantRead=f'id="{OWNER}"')


def test_no_bucket_is_created_with_a_public_acl(s3: Any, refused: Any) -> None:
    """A new bucket blocks public ACLs before it has one."""
    arguments = {"Bucket": f"{BUCKET}-2", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    arguments |= {"ObjectOwnership": "ObjectWriter", "ACL": "public-read"}
    assert refused(s3.create_bucket, **arguments) == (400, "InvalidBucketAclWithBlockPublicAccessError")


def test_public_policies_are_refused(s3: Any) -> None:
    """BlockPublicPolicy, as S3 defines public; policies for named principals pass."""
    found = denial(s3.put_bucket_policy, Bucket=BUCKET, Policy=policy(NAMED, PUBLIC))
    assert (found.cause, found.detail) == ("block_public_access", "BlockPublicPolicy")
    assert (found.action, found.resource) == ("s3:PutBucketPolicy", f"arn:aws:s3:::{BUCKET}")
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(NAMED))
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"] == {"IsPublic": False}
    block(s3, BlockPublicAcls=True, IgnorePublicAcls=True, RestrictPublicBuckets=True)
    tagged = {**PUBLIC, "Condition": {"StringEquals": {"aws:PrincipalTag/a": "b"}}}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(tagged))
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"] == {"IsPublic": True}


def test_a_status_needs_a_policy(s3: Any, refused: Any) -> None:
    """GetBucketPolicyStatus of a bucket without one."""
    assert refused(s3.get_bucket_policy_status, Bucket=BUCKET) == (404, "NoSuchBucketPolicy")


def test_the_account_has_a_say(open_s3: Any, control: Any) -> None:
    """What the account blocks is blocked in buckets that block nothing."""
    block(open_s3)
    on = {**ALL_OFF, "BlockPublicAcls": True, "BlockPublicPolicy": True}
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=on)
    assert (
        denial(open_s3.put_bucket_policy, Bucket=BUCKET, Policy=policy(PUBLIC)).detail == "BlockPublicPolicy"
    )
    assert denial(open_s3.put_object, Bucket=BUCKET, Key="k", ACL="public-read").detail == "BlockPublicAcls"
    control.delete_public_access_block(AccountId=ACCOUNT)
    open_s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(PUBLIC))


@pytest.mark.parametrize("statements", [(PUBLIC,), (PUBLIC, NAMED)])
def test_restricted_buckets_are_the_accounts_own(
    local_aws: LocalAws, s3: Any, statements: tuple[dict[str, Any], ...]
) -> None:
    """RestrictPublicBuckets: a public policy gives strangers nothing; without the setting it does."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"hello")
    block(s3)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(*statements))
    assert send(local_aws, "GET", f"/{BUCKET}/k").body == b"hello"
    block(s3, RestrictPublicBuckets=True)
    told = send(local_aws, "GET", f"/{BUCKET}/k")
    assert (told.refusal, told.element("Message")) == ((403, "AccessDenied"), "Access Denied")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"


def test_public_acls_can_be_ignored(local_aws: LocalAws, open_s3: Any) -> None:
    """IgnorePublicAcls: the ACL stays, and lets nobody in; nor does it where ACLs are off."""
    block(open_s3)
    open_s3.put_object(Bucket=BUCKET, Key="k", Body=b"hello", ACL="public-read")
    open_s3.put_object(Bucket=BUCKET, Key="private", Body=b"hello")
    assert send(local_aws, "GET", f"/{BUCKET}/k").body == b"hello"
    assert send(local_aws, "GET", f"/{BUCKET}/private").refusal == (403, "AccessDenied")
    assert send(local_aws, "GET", f"/{BUCKET}").refusal == (403, "AccessDenied")
    block(open_s3, IgnorePublicAcls=True)
    assert send(local_aws, "GET", f"/{BUCKET}/k").refusal == (403, "AccessDenied")
    block(open_s3)
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    open_s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=rules)
    assert send(local_aws, "GET", f"/{BUCKET}/k").refusal == (403, "AccessDenied")


def test_objects_do_not_take_over_the_acl_of_their_bucket(local_aws: LocalAws, open_s3: Any) -> None:
    """A new object is private, though anybody may list the bucket that it is in."""
    block(open_s3)
    open_s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    open_s3.put_object(Bucket=BUCKET, Key="k", Body=b"hello")
    assert send(local_aws, "GET", f"/{BUCKET}").status == 200
    assert send(local_aws, "GET", f"/{BUCKET}/k").refusal == (403, "AccessDenied")


def test_a_denial_is_stronger_than_an_acl(local_aws: LocalAws, open_s3: Any) -> None:
    """What a policy denies to everybody, no ACL gives to anybody."""
    block(open_s3)
    open_s3.put_object(Bucket=BUCKET, Key="k", Body=b"hello", ACL="public-read")
    assert send(local_aws, "GET", f"/{BUCKET}/k").status == 200
    open_s3.put_bucket_policy(Bucket=BUCKET, Policy=policy({**PUBLIC, "Effect": "Deny"}))
    assert send(local_aws, "GET", f"/{BUCKET}/k").refusal == (403, "AccessDenied")
    open_s3.delete_bucket_policy(Bucket=BUCKET)
    copied = send(local_aws, "PUT", f"/{BUCKET}/c", headers={"x-amz-copy-source": f"/{BUCKET}/k"})
    assert copied.refusal == (403, "AccessDenied")


def test_policies_of_access_points_are_blocked(s3: Any, control: Any, refused: Any) -> None:
    """By what the point, its bucket or the account blocks; a point inside a VPC is never public."""
    outside = {"AccountId": ACCOUNT, "Name": "outside"}
    inside = {"AccountId": ACCOUNT, "Name": "inside"}
    open_one = {"AccountId": ACCOUNT, "Name": "open"}
    control.create_access_point(**outside, Bucket=BUCKET)
    control.create_access_point(**inside, Bucket=BUCKET, VpcConfiguration={"VpcId": "vpc-1a2b3c4d"})
    control.create_access_point(**open_one, Bucket=BUCKET, PublicAccessBlockConfiguration=ALL_OFF)

    def document(point: dict[str, str], **more: Any) -> str:
        resource = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/{point['Name']}/object/*"
        return policy({**PUBLIC, "Resource": resource, **more})

    found = denial(control.put_access_point_policy, **outside, Policy=document(outside))
    assert (found.cause, found.action) == ("block_public_access", "s3:PutAccessPointPolicy")
    assert denial(control.put_access_point_policy, **open_one, Policy=document(open_one)).detail
    block(s3)
    assert denial(control.put_access_point_policy, **outside, Policy=document(outside)).detail
    control.put_access_point_policy(**open_one, Policy=document(open_one))
    control.put_access_point_policy(**inside, Policy=document(inside))
    named = document(outside, Principal={"AWS": ACCOUNT})
    control.put_access_point_policy(**outside, Policy=named)
    public = {
        each["Name"]: control.get_access_point_policy_status(**each)["PolicyStatus"]["IsPublic"]
        for each in (outside, inside, open_one)
    }
    assert public == {"outside": False, "inside": False, "open": True}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\xff\xfe<\x00",
        b"<PublicAccessBlock/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><PublicAccessBlockConfiguration/>',
        b"<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls>"
        b"</PublicAccessBlockConfiguration>",
    ],
)
def test_documents_that_are_none(local_aws: LocalAws, s3: Any, body: bytes) -> None:
    """Settings come in well-formed documents, or do not change."""
    for name in ("publicAccessBlock", "ownershipControls", "encryption", "versioning", "object-lock"):
        url = signed_url(local_aws, "PUT", "", query=[(name, "")])
        assert send(local_aws, "PUT", url, body).refusal == (400, "MalformedXML"), name
    assert s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
