"""Documents that S3 does not take for the policy of a bucket."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.local.server.call import Call
from secure_s3.local.server.faults import Refusal
from secure_s3.local.server.judging.bucket_policies import check_bucket_policy

from . import people
from .bucket import ARN, on_objects, put_policy
from .denials import denial
from .people import ACCOUNT, allow, deny
from .support import BUCKET


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "Policies must be valid JSON and the first byte must be '{'"),
        (" {}", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        ({"Principal": None}, "Missing required field Principal"),
        ({"Effect": None}, "Missing required field Effect"),
        ({"Effect": "deny"}, "Invalid effect: deny"),
        ({"Condition": {"StringIs": {"aws:username": "a"}}}, "Invalid Condition type : StringIs"),
        ({"Condition": "never"}, "Invalid policy syntax."),
        ({"Action": None}, "Missing required field Action"),
        ({"Resource": None}, "Missing required field Resource"),
        ({"Resource": "*"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3:::amzn-s3-demo-other/*"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3::amzn-s3-demo-bucket/*"}, "Policy has invalid resource"),
        ({"Action": "s3:Got*"}, "Policy has invalid action"),
        ({"Action": "s3:ListObjects"}, "Policy has invalid action"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
        ({"Resource": ARN}, "Action does not apply to any resource(s) in statement"),
        ({"Principal": {"AWS": "alice"}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}}, "Invalid principal in policy"),
    ],
)
def test_documents(text: str | dict[str, Any], message: str) -> None:
    """What is no policy for the bucket is refused, and the answer says why."""
    if isinstance(text, dict):
        statement = {**on_objects(deny, "s3:GetObject"), **text}
        text = people.document({name: each for name, each in statement.items() if each is not None})
    call = Call({}, "PUT", BUCKET, "", {"policy": ""}, {}, "PutBucketPolicy", text.encode())
    with pytest.raises(Refusal) as caught:
        check_bucket_policy(call)
    assert (caught.value.code, caught.value.message) == ("MalformedPolicy", message)


def test_a_document_is_not_stored(s3: Any) -> None:
    """A bucket keeps the policy that it has when a new one is refused."""
    put_policy(s3, on_objects(deny, "s3:GetObject"))
    told = denial(s3.put_bucket_policy, Bucket=BUCKET, Policy=people.document(allow("s3:*")))
    assert (told.status, told.code) == (400, "MalformedPolicy")
    assert "Deny" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
