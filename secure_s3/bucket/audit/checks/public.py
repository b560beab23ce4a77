"""Public access: what blocks it, and whether the bucket policy lets strangers in.

Sources: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", the meaning of "public";
Amazon S3 API Reference, PublicAccessBlockConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from ....policy.evaluator import decide
from ....policy.public import is_public
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import filled
from ....policy.rules.rule import Subject as Rules
from ....policy.rules.search import about_action, find
from ....policy.rules.walks import carries
from ....policy.statement import Statement
from ....policy.variables import keys
from ....policy.witnesses import ANYONE, OTHER_ACCOUNT, STRANGER, with_context
from ....values import Severity
from ...snapshot.values import Unread
from ..blocking import RESTRICT, blocks, evidence, off, shown
from ..check import Check, Found, Subject, found
from ..linted import openings
from ..requests import ALL, MAIN, judged, request
from ..standins import BucketPolicy, standing

_REMEMBERED = 512
_STRANGE_USER = f"arn:aws:iam::{STRANGER}:user/stranger"
_OF_STRANGERS = {"aws:userid": "AIDASTRANGERSTRANGER", "aws:UserAgent": "stranger"}
_NOT_THEIRS = (
    *("aws:resource", "s3:resource", "s3:existingobjecttag/", "s3:buckettag/", "aws:sourceaccount"),
    *("aws:sourcearn", "aws:sourceorg", "aws:principalservice", "aws:viaaws", "aws:calledvia"),
)
"""How keys begin that tell of the bucket, of its objects, or of a service."""
_VARIABLE = re.compile(r"\$\{\s*([^},\s]+)[^}]*\}")


def _account_block(subject: Subject) -> Iterator[Found]:
    setting = subject.read("account_public_access_block")
    if missing := off(setting):
        own = subject.told("public_access_block")
        complete = own is not None and not off(own)
        mild = complete and not subject.profile.block_account and ACCOUNT not in subject.profile.requires
        yield found(
            f"the account does not set {', '.join(missing)}",
            shown(setting, "account"),
            severity=Severity.INFO if mild else Severity.MEDIUM,
        )


def _bucket_block(subject: Subject) -> Iterator[Found]:
    setting = subject.read("public_access_block")
    missing = off(setting)
    if not missing:
        return
    account = subject.told("account_public_access_block")
    covered = account is not None and not off(account)
    by = "; the account's block holds for it" if covered else ""
    yield found(
        f"the bucket does not set {', '.join(missing)}{by}",
        *evidence(subject),
        severity=Severity.INFO if covered else None,
    )


def _policy_public(subject: Subject) -> Iterator[Found]:
    """By S3's own answer, by its definition of public, and by what strangers can do."""
    said = subject.told("policy_is_public")
    if said is True and isinstance(subject.snapshot.policy, Unread):
        yield _in_effect(subject, found("S3 says that the bucket policy is public", "IsPublic: true"), True)
        return
    stands = standing(subject)
    public = said is True or is_public(stands.policy.policy)
    opened = strangers(stands.policy)
    for each in opened:
        yield _in_effect(subject, stands.restored(each), public)
    if public and not opened:
        yield found(
            "S3 takes the policy for public, though no stranger was found whom it lets in",
            f"IsPublic: {str(said).lower() if isinstance(said, bool) else 'not read'}",
            *evidence(subject),
            severity=Severity.LOW,
        )


def _in_effect(subject: Subject, opened: Found, public: bool) -> Found:
    """How bad it is: Block Public Access cuts strangers off from what S3 takes for public, and only there."""
    cut = blocks(subject, RESTRICT) if public else False
    if cut is True:
        message, severity = f"{opened.message}; only Block Public Access cuts them off", Severity.MEDIUM
    elif isinstance(cut, Unread):
        message = f"{opened.message}, unless Block Public Access cuts them off, which was not read"
        severity = Severity.HIGH
    else:
        message, severity = opened.message, Severity.CRITICAL
    return found(
        message,
        *opened.evidence,
        *evidence(subject),
        severity=severity,
        statement=opened.statement,
        pointer=opened.pointer,
        fix=opened.fix,
    )


@lru_cache(maxsize=_REMEMBERED)
def strangers(policy: BucketPolicy, *, access_point: bool = False) -> tuple[Found, ...]:
    """What strangers can do by the policy, one finding for each statement that lets them."""
    if not any(each.effect != "Deny" for each in policy.policy.statements):
        return ()
    allowed = () if access_point else tuple(_allowed(policy))
    opened: dict[str, Found] = {}
    for each in openings(policy, access_point=access_point):
        lines = [line for by, line in allowed if by == each.statement]
        opened.setdefault(
            str(each.pointer),
            found(each.message, *lines[:4], statement=each.statement, pointer=each.pointer, fix=each.fix),
        )
    for statement, own in _with_own_values(policy):
        opened.setdefault(str(statement.pointer), own)
    if allowed and not opened:
        by, line = allowed[0]
        opened[by] = found(f"strangers get in: {line}", *(line for _, line in allowed[:4]), statement=by)
    return tuple(opened.values())


def _allowed(policy: BucketPolicy) -> Iterator[tuple[str, str]]:
    """Requests of strangers that the policy allows, and by which statement."""
    allows = [each for each in policy.policy.statements if each.effect == "Allow"]
    for asked in _of_strangers(policy.bucket):
        if all(each.truth(asked, named=True)[0] is False for each in allows):
            continue  # strangers get in by the bucket policy alone
        decision = decide(asked, policy.policy, (ALL,))
        if decision.allowed and decision.statement is not None:
            who = "everybody" if asked.principal is None else "another account"
            yield decision.statement.name, f"{asked.action} on {asked.resource} by {who}: allowed"


def _with_own_values(policy: BucketPolicy) -> Iterator[tuple[Statement, Found]]:
    """What strangers can do where a variable in the resource stands for something of their own."""
    subject = judged(policy)
    for statement in subject.allows:
        who = statement.principals
        variables = dict.fromkeys(_VARIABLE.findall(" ".join(statement.resources or ())))
        if not variables or who is None or not (who.everyone or who.negated):
            continue
        own = () if statement.not_action else (each for each in statement.actions if "*" not in each)
        actions = [each for each in dict.fromkeys((*MAIN, *own)) if about_action(statement, each)]
        met = [one for each in actions for one in islice(_theirs(policy, subject, statement, each), 1)]
        if met:
            called = ", ".join(each.action for each in met[:5])
            yield (
                statement,
                found(
                    f"everybody with an AWS account may call {called} where the resource has their own "
                    f"{' or '.join(variables)} in it",
                    *(f"{each.action} on {each.resource} by another account: allowed" for each in met[:4]),
                    statement=statement.name,
                    pointer=statement.pointer,
                ),
            )


def _theirs(
    policy: BucketPolicy, subject: Rules, statement: Statement, action: str
) -> Iterator[AccessRequest]:
    """Requests of strangers on resources that their own values make."""
    for text in statement.resources or ():
        for caller in (OTHER_ACCOUNT, _STRANGE_USER):
            start = with_context(request(action, policy.arn, caller), _OF_STRANGERS)
            values = {key: _value(start, key) for key in keys(text)}
            if not values or None in values.values():
                continue
            start = with_context(start, values)
            start = replace(start, resource=filled(_with_values(text, values)))
            if subject.aim(statement).concerns(start) is not True:
                continue
            met = find(subject, start, must=(statement,), avoid=subject.denies)
            if met is not None and met.principal_account == STRANGER:
                yield met


def _with_values(text: str, values: Mapping[str, str | None]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1].lower()) or "", text)


def _value(start: AccessRequest, key: str) -> str | None:
    """What a stranger has, or puts there; None if it is not his."""
    known = start.lookup(key)
    if isinstance(known, tuple):
        return known[0] if known else None
    if key.startswith(_NOT_THEIRS) or not carries(start.action, key):
        return None
    if key == "aws:username" and start.principal != _STRANGE_USER:
        return None
    return "stranger"


@lru_cache(maxsize=64)
def _of_strangers(bucket: str) -> tuple[AccessRequest, ...]:
    home = f"arn:aws:s3:::{bucket}"
    places = ((each, f"{home}/key" if "Object" in each else home) for each in (*MAIN, "s3:PutBucketPolicy"))
    return tuple(request(*place, who) for place in places for who in (ANYONE, OTHER_ACCOUNT))


ACCOUNT = "account-public-access-block"
_SEEDS = ("Block Public Access (account and bucket)",)
_PAGE = 'Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage"'
_FLAGS = tuple(f"checkov:CKV_AWS_{number}" for number in (53, 54, 55, 56))

CHECKS = (
    Check(
        id=ACCOUNT,
        title="Block Public Access is complete for the account",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("account_public_access_block", "public_access_block"),
        why="The account's switches hold for every bucket, also for those that somebody makes tomorrow.",
        fix="set all four switches for the account; `harden` does with block_account=True",
        judge=_account_block,
        refs=("SecurityHub:S3.1", "CIS-5.0:2.1.4", "prowler:s3_account_level_public_access_blocks"),
        seeds=_SEEDS,
        hardened=True,
        recommended=True,
        source=_PAGE,
    ),
    Check(
        id="bucket-public-access-block",
        title="Block Public Access is complete for the bucket",
        topic="access",
        severity=Severity.HIGH,
        reads=("public_access_block", "account_public_access_block"),
        why="One careless policy or ACL opens the bucket to everybody, if nothing blocks it.",
        fix="set all four switches for the bucket; `harden` does",
        judge=_bucket_block,
        refs=(
            "SecurityHub:S3.8",
            "CIS-5.0:2.1.4",
            *_FLAGS,
            "checkov:CKV2_AWS_6",
            "prowler:s3_bucket_level_public_access_block",
        ),
        seeds=_SEEDS,
        hardened=True,
        source=_PAGE,
    ),
    Check(
        id="policy-public",
        title="The bucket policy lets no strangers in",
        topic="access",
        severity=Severity.CRITICAL,
        reads=("policy", "policy_is_public", "public_access_block", "account_public_access_block"),
        why="Everybody on the internet, or everybody with an AWS account, does what the statement allows.",
        fix="name principals, or add a condition that no stranger meets: aws:PrincipalOrgID, "
        "aws:PrincipalAccount, aws:SourceVpce, aws:SourceArn",
        judge=_policy_public,
        refs=(
            "SecurityHub:S3.2",
            "SecurityHub:S3.3",
            "checkov:CKV_AWS_70",
            "prowler:s3_bucket_public_access",
            "prowler:s3_bucket_policy_public_write_access",
        ),
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        source=_PAGE,
    ),
)
