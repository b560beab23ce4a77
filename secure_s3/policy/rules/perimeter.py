"""The edge of an organization, a bucket, an endpoint: statements that leave out services, or everything.

Sources: IAM User Guide, "AWS global condition context keys" (aws:PrincipalOrgID, aws:PrincipalIsAWSService),
"IAM JSON policy elements: NotResource"; IAM Identity Center User Guide, "Referencing permission sets in
resource policies"; AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...values import Severity
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from . import repairs
from .circumstances import NETWORK, SERVICE
from .network import service_denied
from .places import principal_strings
from .rule import ACCESS_POINT, BUCKET, ENDPOINT, RESOURCE_CONTROL, Hit, Rule, Subject
from .search import negated, on

_ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths")
_SPARED = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
_SSO = re.compile(r"(arn:[^:]*:iam::[^:]*:role/)(AWSReservedSSO_.*)", re.S)
_SSO_PATH = "aws-reserved/sso.amazonaws.com/"
_PAGE = "IAM User Guide: AWS global condition context keys"


def _services_outside(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        wrong = [condition for condition in on(each, *_ORGANIZATION) if negated(condition)]
        if not wrong or on(each, *(NETWORK - {"aws:sourceip"})):
            continue  # a rule on endpoints says the same of these
        found = service_denied(subject, each)
        if found:
            yield Hit(
                f"services of AWS are denied {found.action}, e.g. {SERVICE}: they belong to no organization, "
                f"and {wrong[0].operator} holds where {wrong[0].key} is absent",
                each,
                wrong[0].pointer,
                patch=repairs.conditions(each, more=_SPARED),
            )


_KEYS = ("", "key", "zq7/zq7.zq7", "7")


def _elsewhere(subject: Subject) -> Iterator[Hit]:
    for each in subject.policy.statements:
        if not each.not_resource or not each.resources or each.fatal or subject.bucket is None:
            continue
        whole = f"arn:aws:s3:::{subject.bucket}"
        own = [whole, *(f"{whole}/{key}" for key in _KEYS[1:])]
        if not any(_concerns(each, resource) for resource in own):
            denies = each.effect == "Deny"
            yield Hit(
                f"it {'denies' if denies else 'allows'} nothing: the policy is about {subject.bucket} and "
                "what is in it, and NotResource leaves all of that out",
                each,
                f"{each.pointer}/NotResource",
                severity=None if denies else Severity.LOW,
            )


def _concerns(statement: Statement, resource: str) -> bool:
    return statement.explain(AccessRequest("s3:GetObject", resource), named=False).resource is not False


def _sso_without_path(subject: Subject) -> Iterator[Hit]:
    for each in subject.policy.statements:
        for kind, text, pointer in principal_strings(each):
            if kind == "AWS" and _SSO.fullmatch(text):
                yield Hit(f"there is no role {text}: that of a permission set has a path", each, pointer)
        for condition in on(each, "aws:principalarn"):
            wrong = [value for value in condition.values if _SSO.fullmatch(value)]
            if wrong:
                spares = "spare" if negated(condition) else "name"
                yield Hit(
                    f"{wrong[0]} does not {spares} anybody: the role of a permission set has a path, "
                    f"{_with_path(wrong[0])}",
                    each,
                    condition.pointer,
                    patch=_mended(condition),
                )


def _with_path(value: str) -> str:
    # For some regions the path has the region too; the wildcard takes in either.
    return _SSO.sub(rf"\1{_SSO_PATH}*\2", value)


def _mended(condition: Condition) -> repairs.Patch:
    known = condition.known
    if known is None or not known.patterns:
        return ()
    return repairs.values(condition, [_with_path(value) for value in condition.values])


def _somebody(subject: Subject) -> Iterator[Hit]:
    for each in subject.allows:
        who = each.principals
        if who is not None and not who.negated and not who.everyone and who.aws:
            yield Hit(
                f"through a gateway endpoint {who.aws[0]} names root users alone, not roles and users",
                each,
                f"{each.pointer}/Principal",
            )


RULES = (
    Rule(
        "organization-cuts-off-services",
        Severity.LOW,
        "services of AWS are no members of the organization",
        "Log delivery, CloudFront and other services that call as themselves have no aws:PrincipalOrgID: the "
        "Deny concerns them whatever they are allowed.",
        "add BoolIfExists aws:PrincipalIsAWSService false to the block",
        _services_outside,
        (BUCKET, ACCESS_POINT, RESOURCE_CONTROL),
        (f"{_PAGE}: aws:PrincipalOrgID", f"{_PAGE}: aws:PrincipalIsAWSService"),
    ),
    Rule(
        "not-resource-leaves-bucket-out",
        Severity.HIGH,
        "a statement that is never about this bucket",
        "A bucket policy is asked only about its bucket and the objects in it. NotResource names what the "
        "statement is not about.",
        "write Resource for NotResource",
        _elsewhere,
        (BUCKET,),
        ("IAM User Guide: IAM JSON policy elements: NotResource",),
    ),
    Rule(
        "permission-set-path",
        Severity.HIGH,
        "the role of a permission set without its path",
        "Roles that IAM Identity Center makes have the path aws-reserved/sso.amazonaws.com/, with a region "
        "behind it in some regions, and aws:PrincipalArn has the path of a role.",
        f"ArnLike arn:aws:iam::account:role/{_SSO_PATH}*AWSReservedSSO_name_*",
        _sso_without_path,
        (),
        ("IAM Identity Center User Guide: Referencing permission sets in resource policies",),
    ),
    Rule(
        "endpoint-principal",
        Severity.LOW,
        "a principal in the policy of a gateway endpoint",
        "Gateway endpoints, which S3 has, take Principal * alone; an account or a role there names the root "
        "user of the account. Interface endpoints take all principals.",
        'write "Principal": "*" and compare aws:PrincipalArn',
        _somebody,
        (ENDPOINT,),
        ("AWS PrivateLink Guide: Control access to VPC endpoints using endpoint policies",),
    ),
)
