"""Where requests may come from: Denies that cut off more, or less, than they mean to.

Sources: Amazon S3 User Guide, "Controlling access from VPC endpoints with bucket policies"; IAM User Guide,
"AWS global condition context keys" (aws:SourceIp, aws:SourceVpce, aws:ViaAWSService), "AWS: Denies access to
AWS based on the source IP".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_network

from ...values import Severity
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import ADMIN, APP, OWNER, from_service, with_context
from . import repairs
from .circumstances import NETWORK, SERVICE, SERVICE_KEYS, SOME_VPC, SOMEWHERE, under
from .rule import ACCESS_POINT, BUCKET, Hit, Rule, Subject, once
from .search import (
    PEOPLE,
    denied,
    find,
    holds_absent,
    homes,
    inside,
    listed_in,
    named,
    negated,
    nowhere,
    on,
    plain,
    reach,
)

_KINDS = (BUCKET, ACCESS_POINT)
_ENDPOINTS = frozenset(NETWORK - {"aws:sourceip"})
_SERVICE_SIDE = SERVICE_KEYS | {"aws:principalisawsservice", "aws:viaawsservice"}
_WHO = ("aws:principal", "aws:userid", "aws:username")
_REFS = ("Amazon S3 User Guide: Controlling access from VPC endpoints with bucket policies",)
_IP_REFS = ("IAM User Guide: AWS: Denies access to AWS based on the source IP",)
_SPARED = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}}


def _only(statement: Statement, free: Collection[str]) -> tuple[str, ...]:
    """Its keys but for those in *free*."""
    return tuple(each.folded for each in statement.conditions if each.folded not in free)


Fence = tuple[Statement, AccessRequest, AccessRequest]


@once
def _fences(subject: Subject) -> tuple[Fence, ...]:
    """Denies of what comes from elsewhere: each with a request that it denies, and the same from inside."""
    return tuple(_found_fences(subject))


def _found_fences(subject: Subject) -> Iterator[Fence]:
    for each in subject.denies:
        if not any(holds_absent(condition) for condition in on(each, *NETWORK)):
            continue
        outside = reach(subject, each, people=PEOPLE)
        if outside is not None:
            within = find(subject, outside, avoid=(each,), fixed=_only(each, NETWORK))
            if within is not None:
                yield each, outside, within


def _denies_administration(subject: Subject) -> Iterator[Hit]:
    for each, _, _ in _fences(subject):
        start = reach(subject, each, ("s3:PutBucketPolicy",), (ADMIN,))
        if start is None:
            continue
        fixed = (*NETWORK, *_SERVICE_SIDE, *(key for key in _only(each, ()) if not key.startswith(_WHO)))
        if not nowhere(subject, start, avoid=(each,), fixed=fixed):
            continue  # a break-glass role is spared, say
        by_address = not on(each, *_ENDPOINTS)
        yield Hit(
            f"nobody can change the policy from anywhere else ({', '.join(_wanted(each))}): the console, the "
            "administrators and their tools are denied s3:PutBucketPolicy there",
            each,
            severity=Severity.MEDIUM if by_address else None,
        )


def _wanted(statement: Statement) -> list[str]:
    found = [condition for condition in on(statement, *NETWORK) if holds_absent(condition)]
    return [" ".join((condition.key, *listed_in(condition))) for condition in found]


def service_denied(subject: Subject, statement: Statement) -> AccessRequest | None:
    """A delivery or a read by a service that it denies."""
    for action in ("s3:PutObject", "s3:GetObject"):
        for start in named(subject, statement, (action,), (APP, None), distinct=True):
            source = {"arn": "arn:aws:s3:::source-bucket", "account": OWNER}
            by_service = with_context(from_service(start, SERVICE, **source), {"aws:PrincipalOrgID": None})
            reached = find(subject, by_service, must=(statement,), fixed=(*NETWORK, *_SERVICE_SIDE))
            if reached and nowhere(
                subject, reached, avoid=(statement,), fixed=(*NETWORK, *_only(statement, SERVICE_KEYS))
            ):
                return reached
    return None


def _cuts_off_services(subject: Subject) -> Iterator[Hit]:
    for each, _, _ in _fences(subject):
        found = service_denied(subject, each) if on(each, *_ENDPOINTS) else None
        if found:
            yield Hit(
                f"services of AWS are denied {found.action}, e.g. {SERVICE}: they come through no endpoint "
                "of yours",
                each,
                patch=repairs.conditions(each, more=_SPARED),
            )


def _denies_endpoints(subject: Subject) -> Iterator[Hit]:
    for each, outside, _ in _fences(subject):
        if not on(each, "aws:sourceip"):
            continue
        through = with_context(outside, SOME_VPC)
        fixed = ("aws:sourceip", *_only(each, NETWORK))
        if not subject.applies(each, through) or not nowhere(subject, through, avoid=(each,), fixed=fixed):
            continue
        services = service_denied(subject, each)
        also = ", and services of AWS" if services else ""
        yield Hit(
            f"calls through any VPC endpoint{also} are denied {outside.action}: they have no public address, "
            "and NotIpAddress holds where aws:SourceIp is absent",
            each,
            severity=None if services else Severity.INFO,
        )


def _either_passes(subject: Subject) -> Iterator[Hit]:
    for each, outside, _ in _fences(subject):
        keys = [condition for condition in on(each, "aws:sourceip", *_ENDPOINTS) if negated(condition)]
        if len({condition.folded == "aws:sourceip" for condition in keys}) < 2:
            continue
        by_address = find(subject, outside, avoid=(each,), fixed=(*_ENDPOINTS, *_only(each, NETWORK)))
        by_endpoint = find(
            subject,
            with_context(outside, SOME_VPC),
            avoid=(each,),
            fixed=("aws:sourceip", *_only(each, NETWORK)),
        )
        if by_address and by_endpoint and service_denied(subject, each):
            yield Hit(
                "it denies only what comes from neither: one of the addresses passes without the endpoint, "
                "and the endpoint passes for any address behind it",
                each,
            )


def _private_either_passes(subject: Subject) -> Iterator[Hit]:
    """The same inside a network, where both keys are there at once: nobody means an alternative then."""
    for each in subject.denies:
        addresses = [condition for condition in on(each, "aws:vpcsourceip") if negated(condition)]
        endpoints = [
            condition for condition in on(each, "aws:sourcevpce", "aws:sourcevpc") if negated(condition)
        ]
        if addresses and endpoints:
            ranges, places = (" or ".join(found[0].values) for found in (addresses, endpoints))
            yield Hit(
                f"it denies only what fails both: {ranges} passes through any endpoint, and {places} passes "
                "for any address",
                each,
                severity=Severity.MEDIUM,
            )


def _nobody_passes(subject: Subject) -> Iterator[Hit]:
    fences = [
        each for each in subject.denies if any(holds_absent(condition) for condition in on(each, *NETWORK))
    ]
    if not fences or not plain(*fences):
        return
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        judged = [each for each in fences if next(named(subject, each, (action,), (APP,)), None)]
        start = next((each for one in judged for each in named(subject, one, (action,), (APP,))), None)
        if start is None:
            continue
        start = under(start, "aws:sourceip", SOMEWHERE)
        judged = [each for each in judged if find(subject, start, must=(each,), fixed=_only(each, NETWORK))]
        others = {key for each in judged for key in _only(each, NETWORK)}
        if not judged or not nowhere(subject, start, avoid=judged, fixed=tuple(others)):
            continue
        names = " and ".join(each.name for each in judged)
        yield Hit(
            f"{action} is denied wherever it comes from: nothing meets {names}{_why(judged)}", judged[-1]
        )
        return


def _why(judged: list[Statement]) -> str:
    if len(judged) > 1:
        return "; through a VPC endpoint there is no aws:SourceIp, and elsewhere no endpoint"
    return "; aws:SourceIp is a public address, and private ranges hold none"


def _every_address(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for condition in on(each, "aws:sourceip"):
            if not negated(condition) or condition.known is None or condition.known.kind != "ip":
                continue
            wide = [value for value in condition.values if _prefix(value) == 0]
            outside = reach(subject, each, fixed=tuple(_ENDPOINTS))
            if (
                wide
                and not subject.effort.spent
                and (outside is None or outside.lookup("aws:sourceip") is None or ":" in _address(outside))
            ):
                yield Hit(f"{wide[0]} holds every address, so that none is denied", each, condition.pointer)


def _address(request: AccessRequest) -> str:
    found = request.lookup("aws:sourceip")
    return found[0] if isinstance(found, tuple) else ""


def _prefix(text: str) -> int:
    try:
        return ip_network(text.strip(), strict=False).prefixlen
    except ValueError:
        return -1


def _bucket_left_out(subject: Subject) -> Iterator[Hit]:
    for each, outside, _ in _fences(subject):
        lists = AccessRequest("s3:ListBucket", "*", outside.principal)
        if each.explain(lists, named=False).action is not True or not on(each, *_ENDPOINTS, "aws:sourceip"):
            continue
        if next(named(subject, each, ("s3:ListBucket",)), None) is not None or subject.effort.spent:
            continue
        listed = each.resources or ()
        for home in homes(subject):
            own = any(text.startswith(inside(home, "")) for text in listed)
            listing = AccessRequest(
                "s3:ListBucket", home, outside.principal, outside.context, resource_account=OWNER
            )
            if own and not denied(subject, listing):
                yield Hit(
                    "listing the bucket passes from anywhere: its ARN is not among the resources, though the "
                    "actions include s3:ListBucket",
                    each,
                    patch=_with_bucket(each, home),
                )


def _with_bucket(statement: Statement, home: str) -> repairs.Patch:
    """Its resources and the bucket; nothing where that would take in changing the bucket's policy."""
    policy = AccessRequest("s3:PutBucketPolicy", "*")
    if "Resource" not in statement.raw or statement.explain(policy, named=False).action:
        return ()
    return repairs.replaced(statement, "Resource", [home, *(statement.resources or ())])


RULES = (
    Rule(
        "network-nobody-passes",
        Severity.CRITICAL,
        "no request can meet the network conditions",
        "A request comes from a public address or through a VPC endpoint, never both; statements that ask "
        "for each deny everything, and so do private ranges in aws:SourceIp.",
        "put alternatives into one block; compare private addresses with aws:VpcSourceIp",
        _nobody_passes,
        _KINDS,
        _IP_REFS,
    ),
    Rule(
        "network-denies-administration",
        Severity.HIGH,
        "the policy can be changed from one network only",
        "s3:* takes in the bucket's settings. From the console, from CI and for every administrator "
        "elsewhere the policy cannot be corrected; only the account's root user can still.",
        "deny data actions only (objects and their listing), and exempt a break-glass role by ArnNotLike "
        "aws:PrincipalArn",
        _denies_administration,
        _KINDS,
        ("checkov:CKV_AWS_93", *_REFS),
    ),
    Rule(
        "endpoint-cuts-off-services",
        Severity.LOW,
        "services of AWS are cut off",
        "Log delivery, CloudFront, replication and calls that a service makes for you do not come through "
        "your VPC endpoint.",
        "add BoolIfExists aws:PrincipalIsAWSService false and aws:ViaAWSService false to the block",
        _cuts_off_services,
        _KINDS,
        _REFS,
    ),
    Rule(
        "source-ip-denies-endpoints",
        Severity.MEDIUM,
        "an address range denies VPC endpoints and services",
        "aws:SourceIp is absent from calls through a VPC endpoint and from those of services, and a negated "
        "operator holds for an absent key.",
        "add the endpoints (StringNotEquals aws:SourceVpce or aws:SourceVpc) and BoolIfExists "
        "aws:PrincipalIsAWSService false to the block",
        _denies_endpoints,
        _KINDS,
        _IP_REFS,
    ),
    Rule(
        "network-either-passes",
        Severity.INFO,
        "an address or an endpoint, either will do",
        "Conditions in one block must all hold: the Deny concerns only what comes from neither.",
        "if both are required, one statement for the endpoint and one with NotIpAddress aws:VpcSourceIp",
        lambda subject: (*_either_passes(subject), *_private_either_passes(subject)),
        _KINDS,
        _IP_REFS,
    ),
    Rule(
        "source-ip-is-everybody",
        Severity.MEDIUM,
        "an address range that is the whole internet",
        "0.0.0.0/0 or ::/0 among the ranges: the Deny concerns no public address of that kind.",
        "name the networks from which requests come",
        _every_address,
        (),
        _IP_REFS,
    ),
    Rule(
        "network-bucket-left-out",
        Severity.LOW,
        "the network condition leaves out the bucket itself",
        "s3:* on the objects' ARN concerns objects alone: listing them, and the bucket's settings, pass.",
        "name both ARNs, and data actions only",
        _bucket_left_out,
        _KINDS,
        _REFS,
    ),
)
