"""Services of AWS: whom they work for, and Denies that leave nobody but them.

Sources: IAM User Guide, "The confused deputy problem", "AWS global condition context keys"
(aws:PrincipalServiceName, aws:SourceArn); Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3
origin".
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values import Severity
from ..conditions import Condition
from ..principals import Requester
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import ADMIN, STRANGER, from_service, with_context
from . import repairs
from .circumstances import SERVICE_KEYS, SOURCE, filled
from .rule import ACCESS_POINT, BUCKET, KEY, Hit, Rule, Subject
from .search import PEOPLE, find, holds_absent, listed_in, named, negated, nowhere, on, plain

_REFS = ("IAM User Guide: The confused deputy problem",)
_SOURCES = {
    "cloudfront.amazonaws.com": f"arn:aws:cloudfront::{STRANGER}:distribution/E2EXAMPLE",
    "cloudtrail.amazonaws.com": f"arn:aws:cloudtrail:eu-west-1:{STRANGER}:trail/other",
    "logging.s3.amazonaws.com": "arn:aws:s3:::bucket-of-a-stranger",
}


def _foreign_sources(statement: Statement, service: str) -> Iterator[str]:
    """ARNs of somebody else's resources for which the service may work, some fitting the statement."""
    yield _SOURCES.get(service, f"arn:aws:{service.split('.')[0]}:eu-west-1:{STRANGER}:thing/other")
    for condition in on(statement, "aws:sourcearn"):
        for value in condition.values:
            parts = value.split(":", 5)
            if len(parts) == 6 and set(parts[4]) & set("*?"):
                yield filled(":".join((*parts[:4], STRANGER, parts[5])))
            elif value.strip("*") in ("", "arn:aws:s3:::"):
                yield _SOURCES["logging.s3.amazonaws.com"]


def _confused_deputy(subject: Subject) -> Iterator[Hit]:
    for each in subject.allows:
        services = each.principals.service if each.principals and not each.principals.negated else ()
        for service in services:
            found = _for_stranger(subject, each, service)
            if found:
                low = subject.kind == KEY
                yield Hit(
                    f"{service} may {found.action} on behalf of any account: with {_source(found)} as its "
                    "source the request is allowed",
                    each,
                    severity=Severity.LOW if low else None,
                )
                break


def _source(request: AccessRequest) -> str:
    found = request.lookup("aws:sourcearn")
    return found[0] if isinstance(found, tuple) else "another account"


def is_service(text: str) -> bool:
    """It is the name of a service, not a pattern."""
    return Requester.parse(text).kind == "service"


def on_behalf(statement: Statement, request: AccessRequest, service: str) -> Iterator[AccessRequest]:
    """The request as the service would make it for resources of a stranger."""
    for source in _foreign_sources(statement, service):
        yield with_context(
            from_service(request, service, arn=source, account=STRANGER),
            {"aws:SourceOrgID": "o-stranger00", "aws:SourceOrgPaths": ["o-stranger00/r-1/"]},
        )


def _for_stranger(subject: Subject, statement: Statement, service: str) -> AccessRequest | None:
    for start in named(subject, statement, people=(service,)):
        for foreign in on_behalf(statement, start, service):
            found = find(subject, foreign, must=(statement,), avoid=subject.denies, fixed=tuple(SOURCE))
            if found:
                return found
    return None


def _people_shut_out(
    subject: Subject, keys: frozenset[str]
) -> Iterator[tuple[Statement, Condition, AccessRequest]]:
    """Denies whose negated conditions on *keys*, which only services have, hold for every person."""
    for each in subject.denies:
        wrong = [condition for condition in on(each, *keys) if holds_absent(condition)]
        if not wrong or not plain(each):
            continue
        for start in named(subject, each, people=PEOPLE, distinct=True):
            reached = find(subject, start, must=(each,), fixed=_person(each))
            others = tuple(key for key in _person(each) if key != "aws:principalarn")
            if reached and nowhere(subject, reached, avoid=(each,), fixed=others):
                yield each, wrong[0], reached
                break


def _person(statement: Statement) -> tuple[str, ...]:
    """What a person cannot make different about a request: not to be a service, nor to act for a source."""
    return (*SERVICE_KEYS, "aws:principalisawsservice", "aws:viaawsservice")


def _only_service_name(subject: Subject) -> Iterator[Hit]:
    for each, condition, found in _people_shut_out(
        subject, frozenset({"aws:principalservicename", "aws:principalservicenameslist"})
    ):
        yield Hit(
            f"everybody is locked out but {' '.join(listed_in(condition)) or 'services'}: only services have "
            f"{condition.key}, and {condition.operator} holds where it is absent ({found.action} is denied "
            "to administrators too)",
            each,
            condition.pointer,
            patch=_services_only(each, condition),
        )


def _services_only(statement: Statement, condition: Condition) -> repairs.Patch:
    """The statement about services alone; of Null there would be nothing left to deny."""
    more = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    return repairs.conditions(statement, more=more) if negated(condition) else ()


def _only_source(subject: Subject) -> Iterator[Hit]:
    for each, condition, found in _people_shut_out(subject, SOURCE):
        policy = any(
            subject.applies(each, start) for start in named(subject, each, ("s3:PutBucketPolicy",), (ADMIN,))
        )
        # Nobody but a distribution may read: that is often meant. Nobody else may do anything: hardly.
        reads = all(action.lower().startswith("s3:getobject") for action in each.actions)
        listed = " ".join(listed_in(condition)) or "some source"
        yield Hit(
            f"everything that does not come on behalf of {listed} is denied, {found.action} by the bucket's "
            f"own account included: a direct request has no {condition.key}",
            each,
            condition.pointer,
            "if only services are meant, add Bool aws:PrincipalIsAWSService true; if nobody else shall read, "
            "leave the Deny out: without an Allow nobody does",
            severity=Severity.CRITICAL if policy else Severity.INFO if reads else None,
            patch=_services_only(each, condition),
        )


RULES = (
    Rule(
        "service-without-source",
        Severity.HIGH,
        "a service may act for anybody",
        "The same service works for every customer. Without a condition on whom it works for, somebody else "
        "can make it use this resource: the confused deputy.",
        "StringEquals aws:SourceAccount and ArnLike aws:SourceArn; for CloudFront StringEquals AWS:SourceArn "
        "with the distribution's ARN",
        _confused_deputy,
        (BUCKET, ACCESS_POINT, KEY),
        _REFS,
    ),
    Rule(
        "service-name-locks-out",
        Severity.CRITICAL,
        "a Deny for all but a service locks everybody out",
        "aws:PrincipalServiceName is there only when a service calls as itself. For every person and role "
        "the negated comparison holds, and they are denied.",
        "add Bool aws:PrincipalIsAWSService true, or condition on aws:SourceArn or aws:SourceAccount",
        _only_service_name,
        (),
        ("IAM User Guide: AWS global condition context keys: aws:PrincipalServiceName",),
    ),
    Rule(
        "source-locks-out",
        Severity.MEDIUM,
        "a Deny for all but one source denies the owner too",
        "aws:SourceArn, aws:SourceAccount and aws:SourceOrgID are there only when a service acts for a "
        "resource. For direct requests the negated comparison holds.",
        "add Bool aws:PrincipalIsAWSService true",
        _only_source,
        (),
        ("IAM User Guide: AWS global condition context keys: aws:SourceArn",),
    ),
)
