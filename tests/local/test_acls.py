"""Groups that ACLs name."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_s3.local import LocalAws

from .support import BUCKET, by_header, send

GROUPS = "http://acs.amazonaws.com/groups"
WRONG = (
    "https://acs.amazonaws.com/groups/global/AllUsers",
    f"{GROUPS}/global/allusers",
    f"{GROUPS}/global/AllUsers/",
    f"{GROUPS}/global/Authenticated",
)


@pytest.fixture
def grants(s3: Any) -> Any:
    """A bucket that takes ACLs, public ones too; gives how its ACL is put, and fails if that is stored."""
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=owned)
    s3.delete_public_access_block(Bucket=BUCKET)
    return s3


def refusal(operation: Any, **arguments: Any) -> dict[str, str]:
    """The error of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        operation(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    error: Any = caught.value.response["Error"]
    return dict(error)


@pytest.mark.parametrize("group", WRONG)
def test_no_such_group(group: str, grants: Any) -> None:
    """A group that there is not is refused and not stored, in a header and in a document."""
    before = grants.get_bucket_acl(Bucket=BUCKET)
    grantee = {"Type": "Group", "URI": group}
    policy = {"Grants": [{"Grantee": grantee, "Permission": "READ"}], "Owner": before["Owner"]}
    for told, name in (
        (refusal(grants.put_bucket_acl, Bucket=BUCKET, GrantRead=f'uri="{group}"'), "uri"),
        (refusal(grants.put_object, Bucket=BUCKET, Key="k", GrantRead=f"uri={group}"), "uri"),
        (refusal(grants.put_bucket_acl, Bucket=BUCKET, AccessControlPolicy=policy), "Group/URI"),
    ):
        assert (told["Code"], told["Message"]) == ("InvalidArgument", "Invalid group uri")
        assert (told["ArgumentName"], told["ArgumentValue"]) == (name, group)
    assert grants.get_bucket_acl(Bucket=BUCKET)["Grants"] == before["Grants"]
    assert "Contents" not in grants.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("text", ["nobody", 'group="a"', "uri="])
def test_no_grantee(text: str, grants: Any) -> None:
    """A header that names nobody is refused."""
    told = refusal(grants.put_bucket_acl, Bucket=BUCKET, GrantRead=text)
    assert (told["Code"], told["Message"]) == ("InvalidArgument", "Argument format not recognized")


def test_no_document(grants: Any, local_aws: LocalAws) -> None:
    """A document with a type of its own, which could hide who is granted something, is refused."""
    owner = grants.get_bucket_acl(Bucket=BUCKET)["Owner"]["ID"]
    body = (
        "<!DOCTYPE a><AccessControlPolicy xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        f"<Owner><ID>{owner}</ID></Owner><AccessControlList><Grant><Grantee xsi:type='Group'>"
        f"<URI>{GROUPS}/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"
        "</AccessControlList></AccessControlPolicy>"
    ).encode()
    target = f"/{BUCKET}?acl"
    told = send(local_aws, "PUT", target, body, by_header(local_aws, "PUT", target, body))
    assert told.refusal == (400, "MalformedACLError")


def test_the_three_groups(grants: Any) -> None:
    """The groups that there are can be granted something."""
    for group in ("global/AllUsers", "global/AuthenticatedUsers", "s3/LogDelivery"):
        grants.put_bucket_acl(Bucket=BUCKET, GrantRead=f'uri="{GROUPS}/{group}"')
        found = grants.get_bucket_acl(Bucket=BUCKET)["Grants"]
        assert [grant["Grantee"]["URI"] for grant in found] == [f"{GROUPS}/{group}"]
