"""Plans as they are shown and written."""

from __future__ import annotations

import json
from dataclasses import replace

from secure_s3 import SseKms
from secure_s3.bucket.hardening.plan import Applied
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile
from tests.bucket.hardening.support import KEY, change, planned

KMS = BucketProfile(encryptions=(SseKms(KEY),), requires=frozenset({"macie"}))


def test_plan_shows_the_difference() -> None:
    """Each change has its call, its lines and its notes; people and gaps come last."""
    text = str(planned(KMS, public_access_block={}))
    assert "1. Block Public Access: switch all four on\n   s3 put_public_access_block of amzn-s3" in text
    assert "   ~ SSEAlgorithm: AES256 -> aws:kms\n" in text
    sentence = "   + Deny DenyInsecureTransport: s3:* if aws:SecureTransport is false\n"
    assert sentence in text
    assert "   ~ Status: (never set) -> Enabled\n" in text
    assert "   note: it can be suspended" in text
    assert text.index("Left to people:") > text.index("Rotation of the KMS key")
    assert "   $ aws macie2 enable-macie --region eu-west-1" in text


def test_details_are_had_for_the_asking() -> None:
    """Each statement is a line, and with details, in the difference and as JSON, all of it."""
    found = planned(KMS)
    full = ("+ Deny DenyWrongKmsKey", "+   StringNotEquals s3:x-amz-server-side-encryption-aws-kms-key-id: ")
    for line in full:
        assert f"   {line}" in found.text(details=True)
        assert f"\n{line}" in found.diff()
        assert any(each.startswith(line) for each in found.to_dict()["changes"][1]["diff"])
    assert full[1] not in found.text()
    assert len(change(found, "bucket-policy").summary) == 7
    assert "note:" not in found.diff()
    assert found.text() == str(found)


def test_titles_say_what_changes() -> None:
    """A default encryption that stays is no part of the title."""
    assert change(planned(), "default-encryption").title == "Block SSE-C uploads"
    both = change(planned(KMS), "default-encryption").title
    assert both == f"Default encryption: aws:kms with {KEY}; block SSE-C uploads"
    there = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": False}
    one = planned(KMS, encryption=there, blocked_encryption=("SSE-C",))
    assert change(one, "default-encryption").title == "Default encryption: a bucket key"


def test_values_are_short_where_they_are_shown_by_python() -> None:
    """A list of plans is readable, and hostile names steer no terminal."""
    found = planned(KMS, policy=Unread("access denied", "s3:GetBucketPolicy"))
    assert repr(found) == "<Plan amzn-s3-demo-bucket: 4 changes, 1 blocked>"
    assert repr(replace(found, blocked=())) == "<Plan amzn-s3-demo-bucket: 4 changes>"
    assert repr(found.changes[0]) == "<Change default-encryption of amzn-s3-demo-bucket>"
    assert "\x1b" not in repr(replace(found.changes[0], resource="a\x1b[2J"))


def test_applied_is_complete_or_says_so() -> None:
    """What was blocked, or does not show yet, is not there; what is left to people is not ours."""
    found = planned(KMS)
    blocked = planned(KMS, policy=Unread("access denied", "s3:GetBucketPolicy"))
    whole = Applied(plan=found, done=found.changes)
    assert found.manual
    assert whole.complete
    assert "not as the profile asks" not in str(whole)
    assert repr(whole) == "<Applied amzn-s3-demo-bucket: 5 changes made, complete>"
    for part in (replace(whole, unconfirmed=found.changes[:1]), Applied(plan=blocked)):
        assert not part.complete
        assert "the bucket is not as the profile asks yet" in str(part)
        assert part.to_dict()["complete"] is False
        assert repr(part).endswith("made, not complete>")


def test_plan_of_nothing_says_so() -> None:
    """An empty plan is false, and a line."""
    found = replace(planned(), changes=())
    assert not found
    assert str(found) == "amzn-s3-demo-bucket: no change"


def test_plan_is_written_as_json() -> None:
    """Plain values, with the call and its arguments as they would be sent."""
    found = json.loads(json.dumps(planned(KMS).to_dict()))
    first = found["changes"][0]
    assert first["call"]["method"] == "put_bucket_encryption"
    assert first["call"]["arguments"]["ExpectedBucketOwner"] == "111122223333"
    assert found["manual"][0]["check"] == "macie"
    applied = Applied(plan=planned(KMS), done=planned(KMS).changes, unconfirmed=planned(KMS).changes[:1])
    assert json.loads(json.dumps(applied.to_dict()))["unconfirmed"] == ["default-encryption"]
    assert "does not show yet: Default encryption" in str(applied)


def test_names_of_others_steer_no_terminal() -> None:
    """Control characters in a setting that is replaced are made visible."""
    found = planned(ownership="\x1b[2J")
    assert "\x1b[2J" in change(found, "acls-disabled").diff[0]
    assert "\x1b" not in str(found)
