"""Plans as they are shown and written."""

from __future__ import annotations

import json
from dataclasses import replace

from secure_s3 import SseKms
from secure_s3.bucket.hardening.plan import Applied
from secure_s3.bucket.wanted import BucketProfile
from tests.bucket.hardening.support import KEY, change, planned

KMS = BucketProfile(encryptions=(SseKms(KEY),), requires=frozenset({"macie"}))


def test_plan_shows_the_difference() -> None:
    """Each change has its call, its lines and its notes; people and gaps come last."""
    text = str(planned(KMS, public_access_block={}))
    assert "1. Block Public Access: switch all four on\n   s3 put_public_access_block of amzn-s3" in text
    assert "   ~ SSEAlgorithm: AES256 -> aws:kms\n" in text
    assert "   + Deny DenyWrongKmsKey\n" in text
    assert "   note: it can be suspended" in text
    assert text.index("Left to people:") > text.index("Rotation of the KMS key")
    assert "   $ aws macie2 enable-macie --region eu-west-1" in text


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
    """Control characters in an ID of a rule are made visible."""
    hostile = {
        "ID": "secure-s3-abort-incomplete-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": "\x1b[2J"},
    }
    found = planned(lifecycle=(hostile,))
    assert "\x1b[2J" in change(found, "lifecycle").diff[0]
    assert "\x1b" not in str(found)
