"""Making and changing access points: what S3 refuses of it, and moto does not.

Sources: Amazon S3 API Reference, CreateAccessPoint, DeleteAccessPoint, PutAccessPointPolicy; Amazon S3 User
Guide, "Access points naming rules, restrictions, and limitations".
"""

from __future__ import annotations

from ....errors import PolicyError
from ....policy import Policy
from ...settings import ACCOUNT_ID
from ..documents import parsed, text_of
from ..faults import Refusal, access_denied
from ..services.questions import Question
from ..store import Store

__all__ = ["check_point_call"]


def check_point_call(action: str, resource: str, question: Question, store: Store) -> None:
    """Refuse what is about an access point that is not there, or is there already.

    Args:
        action, resource: What the call was allowed as, e.g. ``s3:CreateAccessPoint``.
        question: The call.
        store: Where access points and buckets are.

    Raises:
        Refusal: In S3's words.
    """
    if ":accesspoint/" not in resource:
        return
    there = store.access_point(resource.rpartition("/")[2]) is not None
    if action == "s3:CreateAccessPoint":
        _check_new(there, question, store)
    elif not there:
        raise Refusal(404, "NoSuchAccessPoint", "The specified accesspoint does not exist")
    elif action == "s3:PutAccessPointPolicy":
        _check_policy(question)


def _check_new(there: bool, question: Question, store: Store) -> None:
    if there:
        message = "Your previous request to create the named accesspoint succeeded and you already own it."
        raise Refusal(409, "AccessPointAlreadyOwnedByYou", message)
    name = text_of(parsed(question.body, "CreateAccessPointRequest"), "Bucket") or ""
    bucket = store.bucket(name)
    if bucket is None:
        raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)
    if bucket.account_id != ACCOUNT_ID:
        raise access_denied()


def _check_policy(question: Question) -> None:
    text = text_of(parsed(question.body, "PutAccessPointPolicyRequest"), "Policy") or ""
    try:
        Policy.parse(text)
    except PolicyError as error:
        raise Refusal(
            400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"
        ) from error
