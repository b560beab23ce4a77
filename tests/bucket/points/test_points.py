"""Access points are made, listed, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseS3, errors
from secure_s3.bucket.points.control import Control
from secure_s3.bucket.snapshot.values import AccessPoint, Unread
from secure_s3.local import LocalAws
from secure_s3.policy import Policy, lint
from tests.local.people import allow, deny, document, user

from .support import ACCOUNT, BUCKET, POINT, as_user, make_bucket

PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{POINT}/object/*"}


@pytest.fixture(scope="module")
def shared(_secure_s3_local_server: LocalAws) -> Iterator[SecureS3Client]:
    """One client for all tests here: to make one takes longer than most of them."""
    if not _secure_s3_local_server.running:
        _secure_s3_local_server.start()
    with _secure_s3_local_server.client(SseS3()) as client:
        yield client


@pytest.fixture
def s3(local_aws: LocalAws, shared: SecureS3Client) -> SecureS3Client:
    """A client, and a bucket."""
    make_bucket(shared, BUCKET)
    return shared


@pytest.fixture
def points(s3: SecureS3Client) -> Any:
    """The bucket's access points."""
    return s3.bucket(BUCKET).access_points


def test_made_right_from_the_start(points: Any) -> None:
    """A new one has all of Block Public Access, a policy without faults that S3 does not call public."""
    made = points.create("reports", [ACCOUNT], prefix="finance/", write=True)
    assert (made.name, made.arn, made.vpc, made.is_public) == ("reports", POINT, None, False)
    assert set(made.public_access_block.values()) == {True}
    assert len(made.public_access_block) == 4
    assert Policy.parse(made.policy) == points.policy("reports")
    assert [str(each) for each in lint(made.policy) if each.severity.name in ("CRITICAL", "HIGH")] == []
    assert points.list() == (made,)
    assert points.get("reports") == made


def test_in_a_vpc(local_aws: LocalAws, s3: SecureS3Client, points: Any) -> None:
    """One that is bound to a VPC answers to nobody outside it."""
    made = points.create("reports", vpc="vpc-1a2b3c4d")
    assert made.vpc == "vpc-1a2b3c4d"
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    for place in ({}, {"aws:SourceVpc": "vpc-ffffffff"}):
        with local_aws.circumstances(place), pytest.raises(errors.AccessDenied):
            s3.get_object(Bucket=made.arn, Key="k")
    with local_aws.circumstances({"aws:SourceVpc": "vpc-1a2b3c4d"}):
        assert s3.get_object(Bucket=made.arn, Key="k")["Body"].read() == b"x"


def test_changed_and_removed(s3: SecureS3Client, points: Any) -> None:
    """Another policy takes the place of the first; removed, it is found no more, and the object is."""
    points.create("reports")
    before = points.policy("reports")
    wanted = {"Version": "2012-10-17", "Statement": [{**PUBLIC, "Effect": "Deny"}]}
    assert points.put_policy("reports", wanted) != before
    assert points.policy("reports").to_json() == Policy.parse(wanted).to_json()
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    points.delete("reports")
    assert points.list() == ()
    for call in (points.get, points.policy, points.delete):
        with pytest.raises(errors.NotFound, match=f"no access point reports of {BUCKET}") as caught:
            call("reports")
        assert "access_points.list()" in caught.value.fix
        assert "key" not in str(caught.value)
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"


def test_shown_in_a_line() -> None:
    """Printed, one is a line: what it is, from where it is reached, and whether it is public."""
    text = f"reports ({POINT}): reached from the internet, with a policy"
    assert str(AccessPoint(name="reports", arn=POINT, policy="{}", is_public=False)) == text
    shown = str(AccessPoint(name="reports", arn=POINT, vpc="vpc-1", policy=None, is_public=True))
    assert shown.endswith("): PUBLIC, reached from vpc-1, without a policy")
    assert str(AccessPoint(name="a\x1b[31m", arn=POINT)).endswith("its policy was not read")
    assert "\x1b" not in str(AccessPoint(name="a\x1b[31m", arn=POINT))


REFUSED: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
    ({"name": "Reports"}, errors.ConfigurationError),
    ({"name": POINT}, errors.ConfigurationError),
    ({"vpc": "vpce-1a2b3c4d"}, errors.ConfigurationError),
    ({"min_tls": "1.1", "principals": [ACCOUNT]}, errors.PolicyError),
    ({"min_tls": "1.1"}, errors.PolicyError),
    ({"principals": ["*"]}, errors.ConfigurationError),
    ({"principals": ["alice"]}, errors.PolicyError),
    ({"write": True}, errors.ConfigurationError),
    ({"policy": {"Version": "2012-10-17", "Statement": [PUBLIC]}}, errors.PublicAccessRefused),
    ({"policy": "{}"}, errors.PolicyError),
    ({"policy": document(deny("s3:*", Principal="*"))}, errors.ConfigurationError),
    ({"policy": document(), "principals": [ACCOUNT]}, errors.ConfigurationError),
)


def test_what_is_not_made(points: Any) -> None:
    """What does not do is refused before anything is made."""
    for arguments, error in REFUSED:
        with pytest.raises(error):
            points.create(**{"name": "reports", **arguments})
    assert points.list() == ()


def test_names_that_are_taken(s3: SecureS3Client, points: Any) -> None:
    """A second one of the name is refused, and the first stays as it was; another bucket's is not touched."""
    made = points.create("reports")
    with pytest.raises(errors.PreconditionFailed, match="there is an access point reports already") as caught:
        points.create("reports", [ACCOUNT])
    assert (caught.value.code, "another name" in caught.value.fix) == ("AccessPointAlreadyOwnedByYou", True)
    assert points.get("reports") == made
    make_bucket(s3, "amzn-s3-demo-other")
    other = s3.bucket("amzn-s3-demo-other").access_points
    assert other.list() == ()
    for call in (other.get, other.delete, lambda name: other.put_policy(name, document())):
        with pytest.raises(errors.ConfigurationError, match="is not one of amzn-s3-demo-other"):
            call("reports")
    assert points.get("reports") == made


@pytest.mark.parametrize("bucket", ["amzn-s3-demo-none", "amzn-s3-demo--use1-az4--x-s3", POINT])
def test_buckets_that_have_none(s3: SecureS3Client, bucket: str) -> None:
    """No bucket, a directory bucket, an access point: clear, and nothing is made."""
    points = s3.bucket(bucket).access_points
    for call in (points.list, lambda: points.create("reports"), points.delegate):
        with pytest.raises((errors.NotFound, errors.ConfigurationError)):
            call()
    assert s3.bucket(BUCKET).access_points.list() == ()


def test_a_policy_that_is_refused_leaves_nothing(local_aws: LocalAws, points: Any) -> None:
    """If the policy cannot be put, the access point is removed again; if it cannot, the error says so."""
    everything = allow("s3:*"), deny("s3:PutAccessPointPolicy")
    with as_user(local_aws, SseS3(), *everything) as client:
        with pytest.raises(errors.AccessDenied, match="PutAccessPointPolicy") as caught:
            client.bucket(BUCKET).access_points.create("reports")
        assert "could not be removed" not in str(caught.value)
        assert points.list() == ()
    user(local_aws, *everything, deny("s3:DeleteAccessPoint"), name="bob")
    with local_aws.client(SseS3(), session=local_aws.session(user="bob")) as client:
        theirs = client.bucket(BUCKET).access_points
        with pytest.raises(errors.AccessDenied, match="could not be removed"):
            theirs.create("reports")
    assert [each.name for each in points.list()] == ["reports"]


@pytest.mark.parametrize("at", ["create_access_point", "put_access_point_policy"])
def test_interrupted(
    at: str, points: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C leaves no access point without its policy, or says that there may be one."""
    ask = Control.ask

    def interrupted(self: Control, method: str, **arguments: Any) -> Any:
        if method == at:
            raise KeyboardInterrupt
        return ask(self, method, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Control, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            points.create("reports")
    assert points.list() == ()
    assert ("not known" in caplog.text) == (at == "create_access_point")


def test_what_may_not_be_read(local_aws: LocalAws, points: Any) -> None:
    """Whoever may list alone sees the names, and for the rest that it was not read; others are refused."""
    points.create("reports")
    with as_user(local_aws, SseS3(), allow("s3:ListAccessPoints")) as client:
        theirs = client.bucket(BUCKET).access_points
        (found,) = theirs.list()
        assert isinstance(found, AccessPoint)
        assert (found.name, found.arn) == ("reports", POINT)
        assert found.policy == Unread("access denied", "s3:GetAccessPointPolicy", "AccessDenied")
        assert isinstance(found.public_access_block, Unread)
        for call in (lambda: theirs.create("more"), lambda: theirs.delete("reports"), theirs.delegation):
            with pytest.raises(errors.AccessDenied):
                call()


def test_delegating(local_aws: LocalAws, s3: SecureS3Client, points: Any) -> None:
    """Once the bucket leaves it to its access points, whom one of them allows gets in, through it alone."""
    role = document(allow("s3:GetObject", Principal={"AWS": ACCOUNT}) | {"Resource": f"{POINT}/object/*"})
    points.create("reports", policy=role)
    kept = deny("s3:PutBucketAcl", Principal="*") | {"Sid": "Kept", "Resource": f"arn:aws:s3:::{BUCKET}"}
    s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=document(kept))
    shown = points.delegation()
    assert s3.boto3.get_bucket_policy(Bucket=BUCKET)["Policy"] == document(kept)
    assert points.delegate() == shown
    assert [each.sid for each in shown.statements] == ["Kept", "DelegateToAccessPoints"]
    written: list[str] = []

    def note(**_: Any) -> None:
        written.append("put")

    s3.boto3.meta.events.register("before-send.s3.PutBucketPolicy", note)
    assert points.delegate() == shown
    s3.boto3.meta.events.unregister("before-send.s3.PutBucketPolicy", note)
    assert written == []
    with pytest.raises(errors.PolicyError, match="DelegateToAccessPoints"):
        points.delegate(vpc_only=True)
