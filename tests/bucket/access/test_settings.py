"""Settings are read where the caller may; whatever else a service answers is a gap, never an exception."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from secure_s3.bucket.access.readings import Readings
from secure_s3.bucket.access.settings import OF_BUCKETS, OF_OBJECTS, RELEVANT, Subject
from secure_s3.bucket.asking import Asking
from secure_s3.denials.denial import CAUSES
from secure_s3.denials.evidence import Settings
from tests.bucket.network import DENIED, SILENCE, Service, refusal
from tests.bucket.support import OWNER
from tests.guard.support import BUCKET, KEY_ARN

EVERYTHING = tuple(dict.fromkeys([*OF_BUCKETS, *OF_OBJECTS, "account_public_access_block", "keys", "grants"]))
OBJECT = Subject(BUCKET, "a/b", "v1")
UNTIL = datetime(2031, 1, 2, tzinfo=timezone.utc)
BLOCK = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": False}}
ENCRYPTION = {
    "ServerSideEncryptionConfiguration": {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN},
                "BucketKeyEnabled": True,
                "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
            }
        ]
    }
}
LOCK = {"ObjectLockEnabled": "Enabled"}
ANSWERS: dict[str, Any] = {
    "get_public_access_block": BLOCK,
    "get_bucket_ownership_controls": {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    },
    "get_bucket_encryption": ENCRYPTION,
    "get_object_lock_configuration": {"ObjectLockConfiguration": LOCK},
    "get_bucket_request_payment": {"Payer": "Requester"},
    "head_bucket": {"BucketRegion": "eu-west-1"},
    "list_objects_v2": {"Contents": [{"Key": "a/b"}]},
    "get_object_retention": {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}},
    "get_object_legal_hold": {"LegalHold": {"Status": "ON"}},
    "describe_key": {"KeyMetadata": {"Arn": KEY_ARN, "KeyState": "PendingDeletion", "DeletionDate": UNTIL}},
    "list_grants": {"Grants": [{"GranteePrincipal": "arn", "Operations": ["Decrypt"], "GrantId": "id"}]},
}


def read(
    answers: dict[str, Any],
    names: tuple[str, ...] = EVERYTHING,
    subject: Subject = OBJECT,
    owner: str | None = OWNER,
    keys: tuple[str, ...] = (KEY_ARN,),
    **headers: str,
) -> tuple[Settings, list[str], Service]:
    service = Service(answers)
    made = SimpleNamespace(client=lambda name, **settings: service)
    with Asking(made, service) as asking:
        readings = Readings(asking, names, subject, {k.replace("_", "-"): v for k, v in headers.items()})
        settings = readings.settings(owner, keys)
    return settings, [str(gap) for gap in asking.gaps], service


def test_everything_that_can_be_read() -> None:
    """Each setting is what the service says; dates are text, and a grant's id is left out."""
    settings, gaps, service = read(ANSWERS)
    assert settings == Settings(
        owner=OWNER,
        public_access_block={"BlockPublicAcls": True, "IgnorePublicAcls": False},
        account_public_access_block={"BlockPublicAcls": True, "IgnorePublicAcls": False},
        ownership="BucketOwnerEnforced",
        default_encryption={"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN, "BucketKeyEnabled": True},
        blocked_encryption=("SSE-C",),
        object_lock=LOCK,
        retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2031-01-02T00:00:00+00:00"},
        legal_hold=True,
        requester_pays=True,
        object_exists=True,
        keys={KEY_ARN: {"KeyState": "PendingDeletion", "DeletionDate": "2031-01-02T00:00:00+00:00"}},
        grants={KEY_ARN: ({"GranteePrincipal": "arn", "Operations": ["Decrypt"]},)},
        region="eu-west-1",
    )
    assert gaps == []
    asked = dict(service.arguments)
    assert asked["get_object_retention"] == {"Bucket": BUCKET, "Key": "a/b", "VersionId": "v1"}
    assert not {"head_object", "get_object"} & asked.keys()


ABSENT: list[tuple[str, str, Any, str, Any]] = [
    ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration", 404, "public_access_block", {}),
    ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError", 404, "ownership", ""),
    (
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        404,
        "blocked_encryption",
        (),
    ),
    ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError", 404, "object_lock", {}),
    ("get_object_retention", "NoSuchObjectLockConfiguration", 404, "retention", {}),
    ("get_object_retention", "InvalidRequest", 400, "retention", {}),
    ("get_object_legal_hold", "NoSuchObjectLockConfiguration", 404, "legal_hold", False),
]


@pytest.mark.parametrize(("method", "code", "status", "name", "value"), ABSENT)
def test_nothing_of_the_kind(method: str, code: str, status: int, name: str, value: Any) -> None:
    """That a bucket has no such setting is an answer, and no gap."""
    settings, gaps, _ = read({**ANSWERS, method: refusal(code, status)})
    assert getattr(settings, name) == value
    assert gaps == []


@pytest.mark.parametrize("answer", [DENIED, SILENCE, {}, None, {"Contents": [None]}, RecursionError])
@pytest.mark.parametrize("method", sorted(ANSWERS))
def test_what_cannot_be_read_is_a_gap(method: str, answer: Any) -> None:
    """A refusal, silence, and answers that are not as described leave a setting unknown, and are told."""
    if answer is RecursionError:
        answer = refusal("InternalError", 500, "x" * 5000)
    settings, gaps, _ = read({**ANSWERS, method: answer})
    if method == "list_objects_v2" and answer == {}:
        assert settings.object_exists is False  # a list without names is one
        return
    assert 1 <= len(gaps) <= 2
    unread = [name for name in Settings.__dataclass_fields__ if getattr(settings, name) in (None, {})]
    assert unread
    assert all(len(gap) < 500 for gap in gaps)


def test_names_that_only_begin_alike_are_another_object() -> None:
    """That there is a longer key does not make the key exist."""
    settings, _, _ = read({**ANSWERS, "list_objects_v2": {"Contents": [{"Key": "a/bc"}]}})
    assert settings.object_exists is False


def test_region_of_a_refusal() -> None:
    """The region is in the header of whatever is answered, and not asked for where it is known."""
    error = refusal("403", 403)
    error.response["ResponseMetadata"]["HTTPHeaders"] = {"x-amz-bucket-region": "eu-central-1"}
    assert read({**ANSWERS, "head_bucket": error})[0].region == "eu-central-1"
    settings, _, service = read(ANSWERS, ("region",), keys=(), x_amz_bucket_region="us-west-2")
    assert (settings.region, service.asked) == ("us-west-2", [])


def test_key_of_the_default_encryption() -> None:
    """Where no key is known, the bucket's default key is looked at; where one is, that one only."""
    settings, _, service = read(ANSWERS, ("encryption", "keys"), keys=())
    assert settings.keys[KEY_ARN]["KeyState"] == "PendingDeletion"
    assert service.asked.count("describe_key") == 1
    _, _, service = read(ANSWERS, ("encryption", "keys"), keys=(KEY_ARN, KEY_ARN))
    assert service.asked.count("describe_key") == 1


def test_whose_account_is_not_known() -> None:
    """Block Public Access of an account is not asked of just any account."""
    settings, gaps, service = read(ANSWERS, ("account_public_access_block",), owner=None)
    assert (settings.account_public_access_block, service.asked) == (None, [])
    assert "is not known" in gaps[0]


def test_only_what_may_be_the_cause_is_read() -> None:
    """Each cause names readings that there are; a blocked encryption asks one thing, a clock nothing."""
    assert set(RELEVANT) <= set(CAUSES)
    assert {each for names in RELEVANT.values() for each in names} <= set(EVERYTHING)
    _, _, service = read(ANSWERS, RELEVANT["blocked_encryption"])
    assert service.asked == ["get_bucket_encryption"]
    assert not {"signature", "clock", "transport", "other"} & RELEVANT.keys()


def test_nothing_without_a_bucket() -> None:
    """Of a bucket that nobody knows nothing is asked, but keys are looked at."""
    settings, gaps, service = read(ANSWERS, subject=Subject())
    assert sorted(set(service.asked) - {"closed"}) == ["describe_key", "list_grants"]
    assert (settings.public_access_block, gaps) == (None, [])
