"""Whom the bucket policy allows what: other accounts, too much at once, CloudFront for anybody.

Sources: AWS Security Hub User Guide, S3.6; Amazon S3 User Guide, "Bucket policies for Amazon S3"; Amazon
CloudFront Developer Guide, "Restrict access to an Amazon S3 origin"; IAM User Guide, "The confused deputy
problem".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ....policy.conditions import Condition
from ....policy.principals import Requester
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import filled
from ....policy.rules.rule import Subject as Rules
from ....policy.rules.search import about_action, find
from ....policy.rules.walks import carries, fits
from ....policy.statement import Statement
from ....policy.witnesses import APP, OWNER, STRANGER, from_service, with_context
from ....values import Severity
from ..check import Check, Found, NotApplicable, Subject, found
from ..linted import openings, statement_of
from ..requests import judged, request
from ..standins import BucketPolicy, standing
from ..suggestions import as_session, others, places

DANGEROUS = (
    *("s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration"),
    *("s3:PutObjectAcl", "s3:PutBucketPublicAccessBlock", "s3:PutBucketOwnershipControls"),
    *("s3:PutBucketVersioning", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration"),
    *("s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketWebsite", "s3:PutBucketCORS"),
    *("s3:PutBucketObjectLockConfiguration", "s3:BypassGovernanceRetention", "s3:DeleteBucket"),
)
"""What no other account should do: the five of Security Hub's S3.6 first, then what weakens a bucket too."""
USUAL = ("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
EVERYTHING = (*USUAL[:4], "s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucket")
CLOUDFRONT = "cloudfront.amazonaws.com"
_ORIGIN_IDENTITY = "CloudFront Origin Access Identity"
_WHOSE = frozenset({"aud", "sub", "principalaccount", "principalorgid", "principalarn"})
"""Keys that tell whose pool it is, or who of it."""
_REMEMBERED = 512


def _cross_account(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    if stands.policy.missing:
        return
    subject.read("account")
    own = subject.told("acl", {}).get("Owner", {}).get("ID")
    yield from map(stands.restored, of_others(stands.policy, own))


@lru_cache(maxsize=_REMEMBERED)
def of_others(policy: BucketPolicy, own: str | None) -> tuple[Found, ...]:
    if not any(each.effect == "Allow" for each in policy.policy.statements):
        return ()
    subject = judged(policy)
    public = {id(statement_of(policy, each)) for each in openings(policy)}
    found_ones: list[Found] = []
    for statement in subject.allows:
        if id(statement) in public:
            continue  # policy-public says so
        for who, start in others(statement, own):
            found_ones += _told(policy, statement, who, start)
        found_ones += _signed_in(subject, statement)
    return tuple(found_ones)


def _told(policy: BucketPolicy, statement: Statement, who: str, caller: str) -> Iterator[Found]:
    """One finding of what is dangerous, or else one of what they read and write."""
    points = _points(statement)
    if dangerous := list(_reached(policy, statement, caller, _served(DANGEROUS, points))):
        yield found(
            f"{who} may call {_listed(dangerous)}",
            *(f"{each.action} on {each.resource}: allowed" for each in dangerous[:4]),
            statement=statement.name,
            pointer=statement.pointer,
            fix="take these actions out of what other accounts may",
        )
        return
    if reached := list(_reached(policy, statement, caller, _served((*USUAL, *_own(statement)), points))):
        conditions = ", ".join(each.key for each in statement.conditions)
        yield found(
            f"{who} may call {_listed(reached)}{f', under conditions on {conditions}' if conditions else ''}",
            *(f"{each.action} on {each.resource}: allowed" for each in reached[:4]),
            severity=Severity.INFO,
            statement=statement.name,
            pointer=statement.pointer,
            fix="see that the account is known and still needs it"
            if points != "own"
            else "see that the policies of the access points name only accounts that are known",
        )


def _points(statement: Statement) -> str | None:
    """The access points through which alone a statement allows: the owner's ``own``, or ``any``.

    Source: Amazon S3 User Guide, "Configuring IAM policies for using access points", on delegating access
    control to access points.
    """
    asking = [
        each
        for each in statement.conditions
        if each.folded.startswith("s3:dataaccesspoint") or each.folded == "s3:accesspointnetworkorigin"
        if fits(each, None) is False
    ]
    if not asking:
        return None
    return "own" if any(_is_owners(each) for each in asking) else "any"


def _is_owners(condition: Condition) -> bool:
    if condition.folded == "s3:dataaccesspointaccount":
        return fits(condition, OWNER) is True and fits(condition, STRANGER) is False
    arns = condition.folded == "s3:dataaccesspointarn" and condition.known and not condition.known.negated
    return bool(arns) and all(each.split(":")[4:5] == [OWNER] for each in condition.values)


def _served(actions: Sequence[str], points: str | None) -> Sequence[str]:
    """Those that the access points serve; what the owner's may in the end, their own policies say."""
    if points == "own" and actions is DANGEROUS:
        return ()
    return actions if points is None else [each for each in actions if carries(each, "s3:dataaccesspointarn")]


def _signed_in(subject: Rules, statement: Statement) -> Iterator[Found]:
    """Whoever signs in with a provider of identities that is not the account's."""
    who = statement.principals
    if who is None or who.negated:
        return
    shut = [each for each in subject.denies if not each.conditions and each.principals]
    called = [
        each
        for each in dict.fromkeys((*DANGEROUS, *USUAL, *_own(statement)))
        if about_action(statement, each)
        and not any(by.principals and by.principals.everyone and about_action(by, each) for by in shut)
    ]
    limited = any(each.rpartition(":")[2] in _WHOSE for each in statement.keys)
    for provider in who.federated if called else ():
        if provider.split(":")[4:5] != [OWNER]:
            yield found(
                f"whoever signs in with {provider} may call {_named(called)}",
                *(f"condition on {each.key}" for each in statement.conditions[:4]),
                severity=Severity.INFO if limited else Severity.MEDIUM,
                statement=statement.name,
                pointer=statement.pointer,
                fix="name a role of the account instead, whose trust policy says which users of the provider "
                "may take it",
            )


def _listed(asked: Sequence[AccessRequest]) -> str:
    return _named(list(dict.fromkeys(each.action for each in asked)))


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _own(statement: Statement) -> tuple[str, ...]:
    """Actions that a statement lists by name."""
    return () if statement.not_action else tuple(each for each in statement.actions if "*" not in each)


def _reached(
    policy: BucketPolicy, statement: Statement, caller: str, actions: Sequence[str]
) -> Iterator[AccessRequest]:
    """Requests of a caller from elsewhere that the statement allows and nothing denies."""
    for action in dict.fromkeys(actions):
        if not action.startswith("s3:") or set(action) & set("*?") or not about_action(statement, action):
            continue
        for resource in places(policy.arn, statement, action):
            subject, start = judged(policy), request(action, resource, caller)
            if _is_about_other(subject, statement, start):
                continue
            met = find(subject, start, must=(statement,), avoid=subject.denies)
            if met is not None and _is_elsewhere(met):
                yield met
                break


def _is_about_other(subject: Rules, statement: Statement, start: AccessRequest) -> bool:
    """Other actions or resources: no circumstances change what is asked for."""
    aim = subject.aim(statement)
    return not aim.varies and aim.concerns(start) is not True


def _is_elsewhere(met: AccessRequest) -> bool:
    return (met.requester is not None and met.requester.account not in (None, OWNER)) or (
        met.requester is not None and met.requester.kind == "canonical"
    )


def _broad(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    if stands.policy.missing:
        return
    subject.read("account")
    yield from map(stands.restored, _too_much(stands.policy))


@lru_cache(maxsize=_REMEMBERED)
def _too_much(policy: BucketPolicy) -> tuple[Found, ...]:
    allows = [each for each in policy.policy.statements if each.effect == "Allow"]
    public = {id(statement_of(policy, each)) for each in openings(policy)} if allows else set()
    return tuple(
        each for statement in allows if id(statement) not in public for each in _of_own(policy, statement)
    )


def _of_own(policy: BucketPolicy, statement: Statement) -> Iterator[Found]:
    """What users and roles of the account may by one statement: everything, or all of them something."""
    who = statement.principals
    if who is None or who.negated:
        return
    details = {"statement": statement.name, "pointer": statement.pointer}
    if who.everyone:
        starts = [(APP, "every role and user of the account")]
    else:
        starts = [(as_session(each), each.text) for each in map(Requester.parse, who.aws) if _is_own(each)]
    for caller, name in starts:
        reached = [each for action in EVERYTHING for each in _certainly(policy, statement, caller, action)]
        if len(reached) == len(EVERYTHING):
            yield found(
                f"{name} may do everything with the bucket and its objects",
                f"Action: {', '.join(statement.actions)}",
                *(f"{each.action} on {each.resource}: allowed" for each in reached[:4]),
                fix="name the actions that are needed; administering belongs to identity policies",
                **details,
            )
        elif who.everyone and (changing := [each for each in reached if not _reads(each)]):
            yield found(
                f"{name} may call {_listed(changing)}, whatever identity policies say",
                *(f"{each.action} on {each.resource}: allowed" for each in changing[:4]),
                severity=Severity.LOW,
                **details,
            )


def _is_own(who: Requester) -> bool:
    """A role or user of the account; the account itself is no grant: its identity policies decide."""
    return who.account == OWNER and who.kind in ("role", "user", "session")


def _reads(asked: AccessRequest) -> bool:
    return asked.action in ("s3:GetObject", "s3:ListBucket")


def _certainly(
    policy: BucketPolicy, statement: Statement, caller: str, action: str
) -> Iterator[AccessRequest]:
    """The request by that very caller, without any special circumstance but those of the statement."""
    if not about_action(statement, action):
        return
    for resource in places(policy.arn, statement, action)[-1:]:
        start, subject = request(action, resource, caller), judged(policy)
        if _is_about_other(subject, statement, start) or _narrowed(statement):
            continue
        met = find(subject, start, must=(statement,), avoid=subject.denies)
        if met is not None and met.principal_account == OWNER:
            yield met


def _narrowed(statement: Statement) -> bool:
    """Its conditions say who or from where; on HTTPS and the account alone they narrow nothing."""
    open_ones = ("aws:securetransport", "s3:tlsversion", "aws:principalaccount", "aws:principalorgid")
    return bool(statement.keys.difference(open_ones))


def _cloudfront(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    about = [each for each in stands.policy.policy.statements if _origins(each)]
    if not about:
        raise NotApplicable("the bucket policy names no CloudFront")
    yield from map(stands.restored, _for_anybody(stands.policy))


def _origins(statement: Statement) -> tuple[str, ...]:
    """CloudFront among whom the statement allows: the service, or origin access identities."""
    who = statement.principals
    if statement.effect != "Allow" or who is None or who.negated:
        return ()
    listed = (*who.service, *who.aws, *who.canonical)
    return tuple(each for each in listed if each == CLOUDFRONT or _ORIGIN_IDENTITY in each)


@lru_cache(maxsize=_REMEMBERED)
def _for_anybody(policy: BucketPolicy) -> tuple[Found, ...]:
    return tuple(each for statement in judged(policy).allows for each in _origin(policy, statement))


def _origin(policy: BucketPolicy, statement: Statement) -> Iterator[Found]:
    details = {"statement": statement.name, "pointer": statement.pointer}
    origins = _origins(statement)
    if CLOUDFRONT in origins and (open_ones := list(_foreign(policy, statement))):
        yield found(
            f"any distribution of anybody may call {_listed(open_ones)} through CloudFront",
            *(
                f"{each.action} on {each.resource} for {_distribution(each)}: allowed"
                for each in open_ones[:4]
            ),
            **details,
        )
    for each in origins:
        if each != CLOUDFRONT:
            yield found(
                f"{each} is an origin access identity, which origin access control has replaced",
                severity=Severity.INFO,
                fix="set up origin access control: it knows SSE-KMS and every region",
                **details,
            )


def _foreign(policy: BucketPolicy, statement: Statement) -> Iterator[AccessRequest]:
    """Requests of CloudFront on behalf of a stranger's distribution that are allowed."""
    subject = judged(policy)
    for action in dict.fromkeys((*USUAL, *_own(statement))):
        for resource in places(policy.arn, statement, action)[:1]:
            for asked in _on_behalf(request(action, resource, CLOUDFRONT), statement):
                if subject.applies(statement, asked) and subject.outcome(asked) in ("allowed", "unknown"):
                    yield asked
                    break


def _on_behalf(asked: AccessRequest, statement: Statement) -> Iterator[AccessRequest]:
    for arn in dict.fromkeys(
        (f"arn:aws:cloudfront::{STRANGER}:distribution/E2EXAMPLE", *_fitting(statement))
    ):
        foreign = from_service(asked, CLOUDFRONT, arn=arn, account=STRANGER)
        yield with_context(foreign, {"aws:SourceOrgID": "o-stranger00"})


def _fitting(statement: Statement) -> Iterator[str]:
    """Distributions of strangers that fit a pattern which leaves the account open."""
    for condition in statement.conditions:
        for value in condition.values if condition.folded == "aws:sourcearn" else ():
            parts = value.split(":", 5)
            if len(parts) == 6 and set(parts[4]) & set("*?"):
                yield filled(":".join((*parts[:4], STRANGER, parts[5])), "E2EXAMPLE")


def _distribution(asked: AccessRequest) -> str:
    told = asked.lookup("aws:sourcearn")
    return told[0] if isinstance(told, tuple) else "any distribution"


CHECKS = (
    Check(
        id="cross-account",
        title="Other accounts may not change who has access, and those that may read or write are known",
        topic="access",
        severity=Severity.HIGH,
        reads=("policy", "account", "acl"),
        why="Another account that may change the policy, the ACL or the encryption has the bucket.",
        fix="allow other accounts the objects they need, and nothing that changes the bucket",
        judge=_cross_account,
        refs=("SecurityHub:S3.6", "prowler:s3_bucket_cross_account_access"),
        seeds=("cross-account access",),
        source="AWS Security Hub User Guide, Amazon S3 controls: S3.6",
    ),
    Check(
        id="broad-grants",
        title="No statement allows the account's own principals more than they need",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("policy", "account"),
        why="A grant of everything is one of deleting, of opening and of taking the policy away.",
        fix="name principals and actions",
        judge=_broad,
        refs=("checkov:CKV_AWS_70", "Amazon S3 User Guide: Identity and access best practices"),
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        source='Amazon S3 User Guide, "Security best practices for Amazon S3"',
    ),
    Check(
        id="cloudfront-origin",
        title="CloudFront reads the bucket for distributions that are named",
        topic="access",
        severity=Severity.HIGH,
        reads=("policy",),
        why="CloudFront is one service for everybody: without aws:SourceArn a stranger's distribution serves "
        "the bucket's objects.",
        fix="StringEquals aws:SourceArn with the ARN of the distribution",
        judge=_cloudfront,
        refs=("SecurityHub:CloudFront.13", "prowler:cloudfront_distributions_s3_origin_access_control"),
        seeds=("CloudFront origin access control",),
        source='Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin"',
    ),
)
