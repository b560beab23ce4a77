"""Policies that nobody can change any more.

The root user of the bucket's account may always read, put and delete the bucket policy. That is a way out,
and an emergency. Sources: Amazon S3 API Reference, PutBucketPolicy; KMS Developer Guide, "Key policies in AWS
KMS".
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values import Severity
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import ADMIN, APP
from .circumstances import NETWORK, SECURE, SERVICE_KEYS, TLS
from .rule import ACCESS_POINT, BUCKET, KEY, Hit, Rule, Subject, once
from .search import about_action, denied, find, named, negated, nowhere, on, plain, reach
from .walks import carries, fits

_PERSON = (*SERVICE_KEYS, "aws:principalisawsservice", "aws:viaawsservice")
"""What people cannot make different: they are no services."""
_DATA = ("s3:GetObject", "s3:PutObject", "s3:ListBucket")
_PUT, _DELETE = "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"


@once
def _locks(subject: Subject) -> tuple[Hit, ...]:
    return tuple(_locked(subject))


def _locked(subject: Subject) -> Iterator[Hit]:
    concerned = [each for each in subject.denies if _concerns_people(each)]
    alone = False
    for each in concerned:
        start = _start(subject, each)
        if start is None or not plain(each) or _of_others(each):
            continue
        if nowhere(subject, start, avoid=(each,), fixed=_PERSON):
            alone = True
            yield _hit(subject, each, start, "")
    if not alone:
        yield from _locked_together(subject, concerned)


def _locked_together(subject: Subject, concerned: list[Statement]) -> Iterator[Hit]:
    judged = [each for each in concerned if _start(subject, each)]
    judged = [each for each in judged if not _of_others(each)]
    if len(judged) < 2 or not plain(*judged):
        return
    start = _start(subject, judged[0])
    if start is None or any(_alone(subject, each, start) for each in judged):
        return
    if nowhere(subject, start, avoid=judged, fixed=_PERSON):
        names = " and ".join(each.name for each in judged)
        yield _hit(subject, judged[-1], start, f" whom {names} spare together")


def _of_others(statement: Statement) -> bool:
    """The rules on TLS and on services say more of it."""
    transport = [each for each in on(statement, TLS, SECURE) if not _either(each)]
    return bool(transport or on(statement, *SERVICE_KEYS))


def _either(condition: Condition) -> bool:
    """It holds over HTTPS and over HTTP."""
    return all(fits(condition, value) for value in ("true", "false"))


def _alone(subject: Subject, statement: Statement, start: AccessRequest) -> bool:
    return nowhere(subject, start, avoid=(statement,), fixed=_PERSON)


def _concerns_people(statement: Statement) -> bool:
    """It is for everybody, or for a whole account."""
    who = statement.principals
    if who is None or who.negated:
        return False
    return who.everyone or any(text.endswith(":root") or text.isdigit() for text in who.aws)


def _start(subject: Subject, statement: Statement) -> AccessRequest | None:
    everyone = statement.principals is not None and statement.principals.everyone
    return reach(subject, statement, (_PUT,), (ADMIN,) if everyone else ())


def _hit(subject: Subject, statement: Statement, start: AccessRequest, whom: str) -> Hit:
    deleting = AccessRequest(
        _DELETE, start.resource, start.principal, start.context, resource_account=start.resource_account
    )
    both = denied(subject, deleting)
    what = f"{_PUT} and {_DELETE}" if both else _PUT
    return Hit(
        f"there is nobody{whom or ''} who may {what}, but the root user of the account",
        statement,
        severity=None if both else Severity.MEDIUM,
    )


def _nobody_passes(subject: Subject) -> Iterator[Hit]:
    """Denies of data, each for all but some, that nothing passes all the same."""
    told: list[tuple[str, ...]] = []
    locked = {id(hit.statement) for hit in _locks(subject)}
    for action in _DATA:
        asked = [each for each in subject.denies if _spares(each, action) and plain(each)]
        starts = [next(named(subject, each, (action,), (APP,)), None) for each in asked]
        judged = [each for each, start in zip(asked, starts, strict=True) if start]
        start = next(filter(None, starts), None)
        if start is None or id(judged[-1]) in locked:
            continue
        names = tuple(each.name for each in judged)
        if names not in told and nowhere(subject, start, avoid=judged):
            told.append(names)
            yield Hit(f"{action} is denied to everybody: nothing passes {' and '.join(names)}", judged[-1])


def _spares(statement: Statement, action: str) -> bool:
    """It is about the action for everybody but some, and no other rule says more of whom it leaves."""
    who = statement.principals
    everybody = who is not None and who.everyone and not who.negated
    if not everybody or not statement.conditions or not about_action(statement, action):
        return False
    if _of_others(statement) or on(statement, *NETWORK):
        return False
    return all(carries(action, each.folded) or not negated(each) for each in statement.conditions)


def _orphaned(subject: Subject) -> Iterator[Hit]:
    for each in subject.allows:
        if not plain(each):
            return
        for start in named(subject, each, ("kms:PutKeyPolicy",)):
            if find(subject, start, must=(each,), avoid=subject.denies):
                return
    if subject.effort.spent:
        return  # somebody may whom nobody looked at
    yield Hit("nobody may kms:PutKeyPolicy: the policy can never be changed, not even by the root user")


RULES = (
    Rule(
        "policy-locked",
        Severity.HIGH,
        "nobody but the root user can change the policy",
        "A Deny of changing the bucket policy concerns the administrators too, whatever they are allowed.",
        "exempt the administrators by ArnNotLike aws:PrincipalArn; against public policies use Block Public "
        "Access",
        _locks,
        (BUCKET,),
        ("checkov:CKV_AWS_93", "Amazon S3 API Reference: PutBucketPolicy"),
    ),
    Rule(
        "nobody-passes",
        Severity.HIGH,
        "nobody can use the data any more",
        "A Deny with a negated condition spares those it names; of several such Denies a request must be "
        "spared by each. One whose condition holds for every request spares nobody.",
        "put all whom you mean to spare into one condition of one Deny",
        _nobody_passes,
        (BUCKET, ACCESS_POINT),
        ("IAM User Guide: Creating a condition with multiple keys or values",),
    ),
    Rule(
        "key-policy-orphaned",
        Severity.HIGH,
        "nobody can change the key policy",
        "A key's policy is the only source of permissions on it, the root user's included. Without somebody "
        "who may kms:PutKeyPolicy only AWS Support can help.",
        "allow kms:* to the account's root principal, arn:aws:iam::account:root",
        _orphaned,
        (KEY,),
        (
            "KMS Developer Guide: Default key policy: allows access to the AWS account and enables IAM "
            "policies",
        ),
    ),
)
