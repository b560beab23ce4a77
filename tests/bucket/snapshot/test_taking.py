"""Whatever services answer, a snapshot comes of it; what they did not tell is Unread, with its reason."""

from __future__ import annotations

import re
import threading
from dataclasses import fields
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.bucket.snapshot import taking
from secure_s3.bucket.snapshot.settings import of_bucket
from secure_s3.bucket.snapshot.taking import take
from secure_s3.bucket.snapshot.values import Snapshot, Unread
from secure_s3.guard.readers import reader
from secure_s3.policy import catalogue
from tests.bucket.network import DENIED, SILENCE, Network, Service, connected, xml
from tests.bucket.support import OWNER, client
from tests.guard.support import BUCKET, KEY_ARN

CALLER = {"get_caller_identity": {"Arn": f"arn:aws:iam::{OWNER}:user/alice", "Account": OWNER}}
SEEN: Any = {"HEAD bucket": (200, "")}
DEFAULT = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
    f"</SSEAlgorithm><KMSMasterKeyID>{KEY_ARN}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
    "</Rule></ServerSideEncryptionConfiguration>"
)


def read(s3: SecureS3Client | None = None, bucket: str = BUCKET, **options: Any) -> Snapshot:
    made = s3 or client()
    return take(made.boto3, made.session, bucket, **options)


def values(found: Snapshot) -> dict[str, Any]:
    return {each.name: getattr(found, each.name) for each in fields(found)}


SAID: list[tuple[Any, str, str | None, str]] = [
    (xml(503, "SlowDown", "Please reduce your request rate."), "too many requests", "SlowDown", ""),
    (SILENCE, "Connect timeout", None, ""),
    ((200, "<What"), "Internal Server Error", "500", ""),
    ((200, "<Empty/>"), "not as the API describes it", None, ""),
    (xml(403, "AccessDenied"), "^access denied$", "AccessDenied", "s3:GetBucketPolicyStatus"),
    (xml(403, "ExpiredToken", "The provided token has expired."), "token has expired", "ExpiredToken", ""),
    (xml(500, "InternalError", "\x9b31m"), "^(?!.*\x9b)", "InternalError", ""),
]


@pytest.mark.parametrize(("answer", "why", "code", "action"), SAID, ids=lambda each: str(each)[:20])
def test_reasons(
    monkeypatch: pytest.MonkeyPatch, answer: Any, why: str, code: str | None, action: str
) -> None:
    """Throttling, silence, answers that are none and refusals are told apart, and none is an error."""
    connected(monkeypatch, Service(CALLER, refuses=True), **SEEN, **{"GET policyStatus": answer})
    monkeypatch.setattr("time.sleep", lambda _: None)
    unread = read().policy_is_public
    assert isinstance(unread, Unread)
    assert len(unread.why) <= 400
    assert re.search(why, unread.why), unread.why
    assert unread.code == code
    assert unread.action == action


def test_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that never answer cost the time that was given, and what others told is there."""
    gate = threading.Event()
    connected(
        monkeypatch,
        Service({**CALLER, "describe_trails": lambda **_: gate.wait(20), "list_rules": DENIED}, refuses=True),
        **SEEN,
        **{"GET acl": lambda: gate.wait(20) and (200, "")},
    )
    try:
        found = read(seconds=0.4)
    finally:
        gate.set()
    assert found.acl == found.trails == Unread("there was no answer in time")
    assert found.account == OWNER


def test_another_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket elsewhere is followed there, and trails, alarms and endpoints are asked for there as well."""
    asked: set[tuple[str, str]] = set()
    network = connected(monkeypatch, **SEEN)
    genuine = network.send

    def send(session: Any, request: Any) -> Any:
        answer = genuine(session, request)
        answer.headers["x-amz-bucket-region"] = "eu-central-1"
        if "eu-central-1" not in request.url:
            answer.status_code = 301
        return answer

    monkeypatch.setattr(network, "send", send)

    def of(session: Any, s3: Any, service: str, region: str) -> Service:
        asked.add((service, region))
        trail = {"Name": "t", "TrailARN": "arn", "HomeRegion": region}
        return Service({**CALLER, "describe_trails": {"trailList": [trail]}}, refuses=True)

    monkeypatch.setattr("secure_s3.bucket.asking.reader", of)
    found = read(keys=["alias/mine", KEY_ARN])
    assert found.region == "eu-central-1"
    assert isinstance(found.trails, tuple)
    assert found.trails[0].home_region == "eu-central-1"
    assert {service for service, region in asked if region == "eu-central-1"} >= {
        *("cloudtrail", "logs", "events", "config", "ec2", "kms", "s3control"),
    }
    assert ("kms", "eu-west-1") in asked  # the key's own


def test_region_of_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The region is known even if the bucket may not be seen; whose it is, is not."""
    connected(monkeypatch, Service(CALLER, refuses=True))
    found = read()
    assert found.region == "eu-west-1"
    assert isinstance(found.account, Unread)
    assert found.account.action == "s3:ListBucket"
    assert found.trails == found.account


def test_server_that_is_not_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside another server than AWS nobody of AWS is asked, and the reason says so."""
    network = connected(monkeypatch, **SEEN)
    monkeypatch.setattr("secure_s3.bucket.asking.reader", reader)
    with SecureS3Client(
        client()._encryption, session=client().session, endpoint_url="https://s3.example.com"
    ) as s3:
        found = read(s3)
    assert all("amazonaws" not in each.url for each in network.requests)
    for name in ("caller", "account", "trails", "identities", "vpc_endpoints"):
        unread = values(found)[name]
        assert "the client speaks to s3.example.com" in unread.why


@pytest.mark.parametrize("code", ["MethodNotAllowed", "AccessDenied"])
def test_owner_is_expected(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """With a profile that expects an owner, the account is that one, and the caller's is not taken for it."""
    other = {"get_caller_identity": {"Arn": "arn:aws:iam::444455556666:user/bob", "Account": "444455556666"}}
    asked = Service(
        {**other, "get_public_access_block": {"PublicAccessBlockConfiguration": {}}}, refuses=True
    )
    network = connected(monkeypatch, asked, **SEEN, **{"GET policy": xml(405, code)})
    found = read(client(owner=OWNER))
    assert found.account == OWNER
    assert found.account_public_access_block == {}
    assert isinstance(found.identities, Unread)
    assert "another account" in found.identities.why
    assert ("get_public_access_block", {"AccountId": OWNER}) in asked.arguments
    assert all(each.headers["x-amz-expected-bucket-owner"] == OWNER.encode() for each in network.requests)


@pytest.mark.parametrize("keys", [(), (KEY_ARN,), (KEY_ARN.replace(OWNER, "444455556666"),), ("alias/a",)])
def test_account_is_not_guessed(monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]) -> None:
    """Whosever the keys are: what is told is of the caller's account, which S3 says the bucket belongs to."""

    def switches(AccountId: str) -> Any:
        return {"PublicAccessBlockConfiguration": {"BlockPublicAcls": AccountId == OWNER}}

    asked = Service({**CALLER, "get_public_access_block": switches}, refuses=True)
    connected(monkeypatch, asked, **SEEN)
    found: Any = read(keys=keys, further={"macie": lambda ask, bucket, region, account, partition: account})
    assert (found.account, found.macie) == (OWNER, OWNER)
    assert found.account_public_access_block == {"BlockPublicAcls": True}


def test_clients_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second snapshot asks the same clients, which are closed with the S3 client and not before."""
    made: list[Service] = []
    connected(monkeypatch, **SEEN)

    def of(session: Any, s3: Any, service: str, region: str) -> Service:
        made.append(Service(CALLER, refuses=True))
        return made[-1]

    monkeypatch.setattr("secure_s3.bucket.asking.reader", of)
    with client() as s3:
        read(s3)
        count = len(made)
        read(s3)
        assert len(made) == count
        assert not any("closed" in each.asked for each in made)
    assert all(each.asked[-1] == "closed" for each in made)


def test_missing_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any answer that there is no such bucket ends the reading, also if HEAD was not answered."""
    connected(monkeypatch, **{"HEAD bucket": SILENCE, "GET acl": xml(404, "NoSuchBucket")})  # type: ignore[arg-type]
    with pytest.raises(errors.NotFound, match=f"there is no bucket {BUCKET}") as caught:
        read()
    assert caught.value.code == "NoSuchBucket"
    connected(monkeypatch, **{"HEAD bucket": (404, "")})  # type: ignore[arg-type]
    with pytest.raises(errors.NotFound, match="check its spelling"):
        read()


NAMES = [
    ("amzn-s3-demo--usw2-az1--x-s3", "a directory bucket"),
    ("point-02741156925d2025a32f1f597c7716f0b8-s3alias", "name the bucket behind it"),
    ("lambda-1a4n8yjrb3kda96f67zwrwiiuse1a--ol-s3", "Object Lambda"),
    ("mfzwi23gnjvgw.mrap", "Multi-Region"),
    ("outpost--op-s3", "Outposts"),
    ("arn:aws:s3:eu-west-1:111122223333:accesspoint/point", "name the bucket behind it"),
    ("arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/bucket/b", "Outposts"),
    ("s3://amzn-s3-demo-bucket", "URL"),
    ("", "is not a bucket name"),
    (None, "is not a bucket name"),
    ("arn:aws:s3:::amzn-s3-demo-bucket", "ARN of the wrong kind"),
]


@pytest.mark.parametrize(("name", "why"), NAMES)
def test_no_general_purpose_bucket(monkeypatch: pytest.MonkeyPatch, name: Any, why: str) -> None:
    """What is no general purpose bucket is refused with what to do instead, before anybody is asked."""
    network = connected(monkeypatch)
    with pytest.raises(errors.ConfigurationError, match=why) as caught:
        read(bucket=name)
    assert caught.value.fix
    assert network.asked == []


def test_default_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the default encryption is looked at, an alias by the key that it means."""
    alias = KEY_ARN.replace("key/1234abcd-12ab-34cd-56ef-1234567890ab", "alias/mine")
    kms = Service(
        {
            **CALLER,
            "describe_key": {"KeyMetadata": {"Arn": KEY_ARN}},
            "get_key_rotation_status": {"KeyRotationEnabled": True},
            "get_key_policy": {"Policy": "{}"},
        },
        refuses=True,
    )
    connected(monkeypatch, kms, **SEEN, **{"GET encryption": (200, DEFAULT.replace(KEY_ARN, alias))})
    found = read().keys[alias]
    assert (found.arn, found.policy, found.rotation) == (alias, "{}", {"KeyRotationEnabled": True})
    asked = {name: arguments["KeyId"] for name, arguments in kms.arguments if "KeyId" in arguments}
    assert asked == {"describe_key": alias, "get_key_rotation_status": KEY_ARN, "get_key_policy": KEY_ARN}


def test_others_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of other rooms get what they need to ask; whatever they raise is Unread."""
    connected(
        monkeypatch, Service({**CALLER, "get_macie_session": {"status": "ENABLED"}}, refuses=True), **SEEN
    )

    def macie(ask: Any, *where: Any) -> Any:
        assert where == (BUCKET, "eu-west-1", OWNER, "aws")
        return {"status": ask("macie2", "get_macie_session", "eu-west-1")["status"]}

    def findings(ask: Any, *_: Any) -> Any:
        return ask("macie2", "list_findings", "eu-west-1")

    def analyzers(*_: Any) -> Any:
        raise RuntimeError("broken")

    found = read(further={"macie": macie, "macie_findings": findings, "analyzers": analyzers})
    assert found.macie == {"status": "ENABLED"}
    assert isinstance(found.macie_findings, Unread)
    assert (found.macie_findings.why, found.macie_findings.code) == ("access denied", "AccessDenied")
    assert found.analyzers == Unread("it could not be asked (RuntimeError)")
    assert found.analyzer_findings == Unread("it was not asked for")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more calls are made, nor at a time, than are meant to be; what was left out says so."""
    at_once: list[int] = []
    busy, lock = [0], threading.Lock()
    network = Network(**SEEN)
    connected(monkeypatch, Service(CALLER, refuses=True))

    def send(session: Any, request: Any) -> Any:
        with lock:
            busy[0] += 1
            at_once.append(busy[0])
        try:
            return network.send(session, request)
        finally:
            with lock:
                busy[0] -= 1

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    monkeypatch.setattr(taking, "THREADS", 3)
    monkeypatch.setattr(taking, "CALLS", 10)
    found = read(identities=False)
    assert max(at_once) <= 3
    assert len(network.asked) <= 10
    left = [each for each in values(found).values() if isinstance(each, Unread)]
    assert any("up to 10 calls" in each.why for each in left)
    assert found.identities == Unread("it was not asked for")


def test_permissions() -> None:
    """Each question about a bucket tells fields of the snapshot, and names a permission that there is."""
    for question in of_bucket(BUCKET).values():
        assert catalogue.action(question.action) is not None
        assert set(question.fields) <= {each.name for each in fields(Snapshot)}
