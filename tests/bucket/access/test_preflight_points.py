"""Checks through access points at the embedded endpoint: what they foretell is what becomes of the call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import SseS3
from secure_s3.local import LocalAws
from tests.bucket.support import ALL, OWNER, deny, policy
from tests.guard.support import BUCKET

ARN = f"arn:aws:s3:::{BUCKET}"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
INSIDE, OBJECTS = f"{POINT}/object/*", f"{ARN}/*"
BOB = f"arn:aws:iam::{OWNER}:user/bob"
DELEGATED = {"StringEquals": {"s3:DataAccessPointAccount": OWNER}}


def allow(resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    found = {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "s3:*", "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


@dataclass(frozen=True)
class Place:
    """A bucket with one access point, and two users: Ann, who may everything, and Bob, who may only ask."""

    iam: Any
    plain: Any
    control: Any
    ann: SecureS3Client
    bob: SecureS3Client
    alias: str

    def ruled(self, of_point: dict[str, Any] | None, of_bucket: dict[str, Any] | None) -> None:
        """Give the access point and the bucket these policies, and no others."""
        point = {"AccountId": OWNER, "Name": "reports"}
        self.plain.delete_bucket_policy(Bucket=BUCKET)
        self.control.delete_access_point_policy(**point)
        if of_point is not None:
            self.control.put_access_point_policy(**point, Policy=json.dumps(policy(of_point)))
        if of_bucket is not None:
            self.plain.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy(of_bucket)))

    def user(self, name: str) -> SecureS3Client:
        return self.ann if name == "ann" else self.bob


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with LocalAws() as aws:
        aws.create_bucket(BUCKET)
        own = aws.session()
        made: list[Any] = [own.client(name) for name in ("iam", "s3", "s3control")]
        iam, plain, control = made
        looks = ("s3:GetAccessPoint*", "s3:ListAccessPoints", "s3:GetBucketPolicy", "iam:Get*", "iam:List*")
        asks = {"Effect": "Allow", "Action": list(looks), "Resource": "*"}
        for name, may in (("ann", ALL), ("bob", policy(asks))):
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(may))
        control.create_access_point(AccountId=OWNER, Name="reports", Bucket=BUCKET)
        alias = control.get_access_point(AccountId=OWNER, Name="reports")["Alias"]
        plain.put_object(Bucket=BUCKET, Key="k", Body=b"k")
        with (
            aws.client(SseS3(), session=aws.session(user="ann")) as ann,
            aws.client(SseS3(), session=aws.session(user="bob")) as bob,
        ):
            yield Place(iam, plain, control, ann, bob, alias)
        for each in made:
            each.close()


CASES: list[tuple[str, str, dict[str, Any] | None, dict[str, Any] | None, str]] = [
    ("ann", "get_object", None, None, "allowed"),
    ("ann", "put_object", None, None, "allowed"),
    ("ann", "get_object", deny("AtPoint", "s3:GetObject", None, INSIDE), None, "AtPoint"),
    ("ann", "get_object", None, deny("AtBucket", "s3:GetObject", None, OBJECTS), "AtBucket"),
    ("ann", "put_object", deny("AtPoint", "s3:GetObject", None, INSIDE), None, "allowed"),
    (
        "ann",
        "get_object",
        None,
        deny("NotHere", "s3:*", {"StringEquals": {"s3:DataAccessPointArn": POINT}}, OBJECTS),
        "NotHere",
    ),
    ("bob", "get_object", None, None, "denied"),
    ("bob", "get_object", allow(INSIDE), None, "denied"),
    ("bob", "get_object", None, allow(OBJECTS), "denied"),
    ("bob", "get_object", allow(INSIDE), allow(OBJECTS), "allowed"),
    ("bob", "get_object", allow(INSIDE), allow(OBJECTS, DELEGATED), "allowed"),
]


BY_ALIAS = [CASES[index] for index in (0, 2, 3, 7, 9)]


@pytest.mark.parametrize(
    ("who", "operation", "of_point", "of_bucket", "expected", "by_alias"),
    [(*each, False) for each in CASES] + [(*each, True) for each in BY_ALIAS],
)
def test_check_and_call_agree(
    place: Place,
    who: str,
    operation: str,
    of_point: dict[str, Any] | None,
    of_bucket: dict[str, Any] | None,
    expected: str,
    by_alias: bool,
) -> None:
    """Point and bucket both have to allow, and either may deny: the check says so, and so does the call."""
    place.ruled(of_point, of_bucket)
    s3, named = place.user(who), place.alias if by_alias else POINT
    found = s3.check(operation, Bucket=named, Key="k")
    assert found.outcome == ("allowed" if expected == "allowed" else "denied"), str(found)
    assert [str(gap) for gap in found.gaps] == []
    assert {each.request.resource for each in found.permissions} == {f"{POINT}/object/k", f"{ARN}/k"}
    body = {"Body": b"k"} if operation == "put_object" else {}
    if expected == "allowed":
        getattr(s3, operation)(Bucket=named, Key="k", **body)
        return
    with pytest.raises(errors.AccessDenied):
        getattr(s3, operation)(Bucket=named, Key="k", **body)
    if expected != "denied":
        assert f"policy statement {expected}" in str(found)


def test_a_copy_from_an_access_point(place: Place) -> None:
    """The source's access point and the bucket behind it are looked at; a policy that is given counts."""
    place.ruled(deny("AtPoint", "s3:GetObject", None, INSIDE), None)
    copy: dict[str, Any] = {"Bucket": BUCKET, "Key": "c", "CopySource": {"Bucket": POINT, "Key": "k"}}
    assert "access point policy statement AtPoint" in str(place.ann.check("copy_object", **copy))
    place.ruled(None, None)
    assert place.ann.check("copy_object", **copy).outcome == "allowed"
    given = policy(deny("Given", "s3:GetObject", None, OBJECTS))
    assert "Given" in str(place.ann.check("copy_object", **copy, bucket_policy=given))


def test_a_given_policy_is_that_of_the_access_point(place: Place) -> None:
    """bucket_policy= is the policy of what Bucket= names; that of the bucket behind is read all the same."""
    place.ruled(deny("AtPoint", "s3:*", None, INSIDE), None)
    where: dict[str, Any] = {"Bucket": POINT, "Key": "k", "bucket_policy": []}
    assert place.ann.check("get_object", **where).outcome == "allowed"
    place.ruled(None, deny("AtBucket", "s3:GetObject", None, OBJECTS))
    assert "bucket policy statement AtBucket" in str(place.ann.check("get_object", **where))


@pytest.mark.parametrize(
    ("hidden", "gap"),
    [
        ("s3:GetAccessPoint", f"the bucket behind the access point {POINT}: access denied"),
        ("s3:GetAccessPointPolicy", f"the policy of the access point {POINT}: access denied"),
        ("s3:GetBucketPolicy", f"the policy of {BUCKET}: access denied"),
    ],
)
def test_what_may_not_be_read_is_a_gap(place: Place, hidden: str, gap: str) -> None:
    """Without one of the three answers nothing is promised, and the gap says which was refused."""
    place.ruled(None, None)
    blind = policy({"Effect": "Deny", "Action": hidden, "Resource": "*"})
    place.iam.put_user_policy(UserName="ann", PolicyName="blind", PolicyDocument=json.dumps(blind))
    try:
        found = place.ann.check("get_object", Bucket=POINT, Key="k")
    finally:
        place.iam.delete_user_policy(UserName="ann", PolicyName="blind")
    assert found.outcome == "unknown", str(found)
    (told,) = found.gaps
    assert str(told).startswith(gap)


def test_nobody_is_asked(place: Place) -> None:
    """With fetch=False the bucket behind stays unknown, and an alias is refused: its ARN cannot be told."""
    known: dict[str, Any] = {"Key": "k", "fetch": False, "principal": BOB}
    known |= {"identity_policies": ALL, "bucket_policy": []}
    found = place.ann.check("get_object", Bucket=POINT, **known)
    assert (found.outcome, "bucket behind the access point" in str(found)) == ("unknown", True)
    with pytest.raises(errors.PolicyError, match="alias"):
        place.ann.check("get_object", Bucket=place.alias, **known)


def test_an_access_point_of_a_vpc(place: Place) -> None:
    """Where the request has to come from is told among what was not examined."""
    vpc = {"VpcId": "vpc-1a2b3c"}
    place.control.create_access_point(AccountId=OWNER, Name="within", Bucket=BUCKET, VpcConfiguration=vpc)
    place.ruled(None, None)
    found = place.ann.check("get_object", Bucket=POINT.replace("reports", "within"), Key="k")
    assert "whether the request comes from the VPC of the access point" in found.not_examined
