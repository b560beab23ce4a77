"""PutBucketPolicy: documents that S3 does not take, in its words.

What is checked here: the JSON, the elements that every statement needs, operators that do not exist,
resources of other buckets, actions that do not exist or that none of the resources fits, and principals that
cannot be any. S3 checks more, the existence of principals above all. Texts as S3 has been seen to send them,
but for those about the syntax and the operators of conditions, which IAM words so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....errors import PolicyError
from ....policy import Policy, Statement, catalogue
from ....policy.arnforms import meets
from ..call import Call
from ..faults import Refusal

__all__ = ["check_bucket_policy"]

_NO_JSON = "Policies must be valid JSON and the first byte must be '{'"
_NEEDED = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}|[A-Z0-9]{16,}|arn:aws[a-z-]*:(iam|sts)::([0-9]{12}|cloudfront):[^*?]+", re.ASCII
)


def check_bucket_policy(call: Call) -> None:
    """Refuse what is no policy for this bucket.

    Raises:
        Refusal: MalformedPolicy.
    """
    if call.operation != "PutBucketPolicy":
        return
    if not call.body.startswith(b"{"):
        raise _malformed(_NO_JSON)
    try:
        policy = Policy.parse(call.body)
    except PolicyError as error:
        missing = "Statement is missing" in str(error)
        raise _malformed("Missing required field Statement" if missing else _NO_JSON) from error
    for statement in policy.statements:
        for problem in _problems(statement, call.bucket):
            raise _malformed(problem)


def _malformed(message: str) -> Refusal:
    return Refusal(400, "MalformedPolicy", message)


def _problems(statement: Statement, bucket: str) -> Iterator[str]:
    yield from _faults_of_form(statement)
    if not all(_is_principal(each) for each in _principals(statement)):
        yield "Invalid principal in policy"
    if not all(_is_of(resource, bucket) for resource in statement.resources or ()):
        yield "Policy has invalid resource"
    if not all(_matching(action) for action in statement.actions):
        yield "Policy has invalid action"
    if not statement.not_action and not statement.not_resource and not _fits_each(statement):
        yield "Action does not apply to any resource(s) in statement"


def _faults_of_form(statement: Statement) -> Iterator[str]:
    for names in _NEEDED:
        if not any(name in statement.raw for name in names):
            yield f"Missing required field {names[0]}"
    if statement.effect is None:
        yield f"Invalid effect: {statement.raw.get('Effect')}"
    for condition in statement.conditions:
        if condition.known is None:
            yield f"Invalid Condition type : {condition.operator}"
    if statement.fatal:
        yield "Invalid policy syntax."


def _principals(statement: Statement) -> Iterator[str]:
    named = statement.raw.get("Principal", statement.raw.get("NotPrincipal"))
    listed = named.get("AWS", ()) if hasattr(named, "get") else named
    for each in [listed] if isinstance(listed, str) else listed or ():
        yield str(each)


def _is_principal(name: str) -> bool:
    return _PRINCIPAL.fullmatch(name) is not None


def _is_of(resource: str, bucket: str) -> bool:
    """Whether it names this bucket or something in it, by a pattern or not; a star alone is no ARN."""
    forms = (f"arn:{part}:s3:::{bucket}{rest}" for part in _PARTITIONS for rest in ("", "/${ObjectName}"))
    return resource.startswith("arn:") and any(meets(resource, form) for form in forms)


def _matching(action: str) -> Sequence[object]:
    return catalogue.actions_matching(action) if action == "*" or action.lower().startswith("s3:") else ()


def _fits_each(statement: Statement) -> bool:
    """Whether each action works on one of the resources."""
    kinds = {kind for each in statement.resources or () for kind in catalogue.resource_type(each, "s3")}
    return all(
        any(kinds.intersection(one.resource_types) for one in catalogue.actions_matching(pattern))
        for pattern in statement.actions
    )
