"""How requests travel: HTTPS asked for by halves, TLS versions that shut out nobody or everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...values import Severity
from ..request import AccessRequest, Unknown
from ..statement import Statement
from ..witnesses import ADMIN, APP, OTHER_ACCOUNT, USER, over_http, witness
from . import repairs
from .circumstances import SECURE, TLS, filled, under
from .rule import ACCESS_POINT, BUCKET, RESOURCE_CONTROL, Hit, Rule, Subject, once
from .search import denied, everything, find, homes, inside, negated, on, reach

_KINDS = (BUCKET, ACCESS_POINT, RESOURCE_CONTROL)
_OVER_HTTP = (BUCKET, RESOURCE_CONTROL)
"""Access points take HTTPS only (Amazon S3 User Guide, "Access points restrictions and limitations")."""
_WHOLE = ("s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:ListBucketMultipartUploads")
_INSIDE = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObjectAcl")
_WHO = {
    APP: "roles",
    USER: "users",
    ADMIN: "administrators",
    OTHER_ACCOUNT: "other accounts",
    None: "anybody",
}

_HALVES = {"bucket": "the bucket itself", "objects": "its objects", "some": "some requests"}


def _everything(
    subject: Subject, asking: Sequence[Statement], *, points: bool = True
) -> Iterator[tuple[str, AccessRequest]]:
    """Requests of every kind over HTTPS, and whether each is about the bucket or its objects.

    Some are about the very objects that the statements *asking* for HTTPS name, so that a prefix is not taken
    for nothing. *points*: through access points as well.
    """
    named = [filled(text) for each in asking for text in each.resources or ()]
    for home in homes(subject):
        point = _of_point(home)
        if point and not points:
            continue
        for action in _WHOLE:
            if not point or action.startswith("s3:List"):
                for who in _WHO if action == _WHOLE[0] else (APP,):
                    yield "bucket", witness(action, home, who)
        keys = [text for text in named if text.startswith(inside(home, ""))]
        for action in _INSIDE:
            for resource in dict.fromkeys((inside(home), inside(home, "another/prefix/key.txt"), *keys[:2])):
                for who in _WHO if action == _INSIDE[0] else (APP,):
                    yield "objects", witness(action, resource, who)


def _of_point(resource: str) -> bool:
    return ":accesspoint/" in resource


def _old_tls(request: AccessRequest) -> AccessRequest:
    return under(request, TLS, "1.0")


def _turns_on_http(subject: Subject, statement: Statement) -> bool:
    """It denies a request over HTTP that it would not deny over HTTPS."""
    if statement.effect != "Deny" or not on(statement, SECURE, TLS):
        return False
    found = reach(subject, statement)
    if found is None or found.lookup(SECURE) != ("false",):
        found = found and over_http(found)
    return bool(
        found
        and subject.applies(statement, found)
        and not subject.applies(statement, under(found, SECURE, "true"))
    )


def _gap(subject: Subject, moved: list[tuple[str, AccessRequest]]) -> tuple[str, str] | None:
    """What of *moved* may pass: which half, and a description."""
    open_ones = [(half, each) for half, each in moved if _may_pass(subject, each)]
    if not open_ones:
        return None
    passing = {half for half, _ in open_ones}
    totals = {half: sum(each == half for each, _ in moved) for half in passing}
    half = next(iter(passing)) if len(passing) == 1 else ""
    whole = half and totals[half] == len(open_ones) and len({each for each, _ in moved}) == 2
    first = open_ones[0][1]
    people = {_WHO[each.principal] for _, each in open_ones if not isinstance(each.principal, Unknown)}
    by = "everybody" if len(people) == len(_WHO) else ", ".join(sorted(people))
    return (half if whole else "some"), f"e.g. {first.action} on {first.resource} by {by}"


def _may_pass(subject: Subject, request: AccessRequest) -> bool:
    """It is not denied, at least if whatever else the policy asks for is met."""
    judging, keys = _judging(subject)
    if any(_meant(subject, each, request) for each in judging):
        return False
    return find(subject, request, avoid=subject.denies, fixed=keys) is not None


@once
def _judging(subject: Subject) -> tuple[list[Statement], frozenset[str]]:
    """The Denies that judge how a request travels, and all their keys."""
    judging = [each for each in subject.denies if on(each, SECURE, TLS)]
    return judging, frozenset({SECURE, TLS}.union(*(each.keys for each in judging)))


@once
def _over_http(subject: Subject) -> tuple[Statement, str, str] | None:
    """The statement that asks for HTTPS, which half of the requests passes without, and an example."""
    attempts = [each for each in subject.denies if _turns_on_http(subject, each)]
    if not any(on(each, SECURE) for each in attempts):
        return None
    asked = _everything(subject, attempts, points=False)
    gap = _gap(subject, [(half, over_http(request)) for half, request in asked])
    return gap and (attempts[0], *gap)


def _meant(subject: Subject, statement: Statement, request: AccessRequest) -> bool:
    """The statement denies the request, or excepts it in so many words (ArnNotEquals, say)."""
    aim = subject.aim(statement)
    if not (aim.concerns(request) and aim.whom(request.principal)):
        return False
    failing = [each for each in statement.conditions if not each.truth(request)]
    return not any(each.folded in (SECURE, TLS) or not negated(each) for each in failing)


def _http_gap(subject: Subject, half: str) -> Iterator[Hit]:
    found = _over_http(subject)
    if found and found[1] == half:
        statement, _, example = found
        patch = _both_resources(subject, statement) if half != "some" else ()
        yield Hit(f"plain HTTP passes for {_HALVES[half]}: {example}", statement, patch=patch)


def _both_resources(subject: Subject, statement: Statement) -> repairs.Patch:
    listed = statement.resources
    if "Resource" not in statement.raw or not listed or not _named(subject):
        return ()
    missing = [each for each in everything(subject) if each not in listed]
    return repairs.replaced(statement, "Resource", [*listed, *missing])


def _named(subject: Subject) -> bool:
    """The policy, or who asks, says which bucket it is about; without, a patch would name any."""
    texts = [text for each in subject.policy.statements for text in each.resources or ()]
    return subject.bucket is not None or any(
        text.startswith(home) for home in homes(subject) for text in texts
    )


def _bucket_only(subject: Subject) -> Iterator[Hit]:
    return _http_gap(subject, "objects")


def _objects_only(subject: Subject) -> Iterator[Hit]:
    return _http_gap(subject, "bucket")


def _some_only(subject: Subject) -> Iterator[Hit]:
    return _http_gap(subject, "some")


def _tls_lets_http_pass(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        if not on(each, TLS):
            continue
        found = reach(subject, each)
        if found is None or found.lookup(TLS) is None or _of_point(found.resource):
            continue
        if _unreachable(subject, each):
            continue
        if denied(subject, over_http(found)):
            continue
        yield Hit(
            f"plain HTTP passes: such a request has no s3:TlsVersion, so that the comparison fails "
            f"({found.action} over HTTP is not denied)",
            each,
            patch=_https_statement(subject),
        )
        return


def _https_statement(subject: Subject) -> repairs.Patch:
    if any(on(each, SECURE) and _turns_on_http(subject, each) for each in subject.denies):
        return ()  # there is one, which has gaps of its own
    if not _named(subject):
        return ()
    return repairs.added(
        subject,
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": everything(subject),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def _tls_gap(subject: Subject) -> Iterator[Hit]:
    attempts = [each for each in subject.denies if _minimum(subject, each)]
    if not attempts:
        return
    gap = _gap(subject, [(each, _old_tls(request)) for each, request in _everything(subject, attempts)])
    if gap:
        patch = _both_resources(subject, attempts[0]) if gap[0] != "some" else ()
        yield Hit(f"old versions of TLS pass for {_HALVES[gap[0]]}: {gap[1]}", attempts[0], patch=patch)


def _minimum(subject: Subject, statement: Statement) -> bool:
    if not on(statement, TLS):
        return False
    found = reach(subject, statement, fixed=(SECURE,))
    return bool(
        found
        and subject.applies(statement, _old_tls(found))
        and not subject.applies(statement, under(found, TLS, "1.3"))
    )


def _unreachable(subject: Subject, statement: Statement) -> AccessRequest | None:
    """A request over TLS 1.3 that it denies, and would not deny over a version that does not exist."""
    if not on(statement, TLS):
        return None
    found = reach(subject, statement, fixed=(TLS, SECURE))
    if found is None:
        return None
    versions = [under(found, TLS, version) for version in ("1.3", "1.2", "1.1", "1.0")]
    all_denied = all(subject.applies(statement, each) for each in versions)
    return found if all_denied and not subject.applies(statement, under(found, TLS, "99")) else None


def _newer_denied(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        if not on(each, TLS):
            continue
        found = reach(subject, each, fixed=(TLS, SECURE))
        older = [under(found, TLS, version) for version in ("1.2", "1.1", "1.0")] if found else []
        if any(not subject.applies(each, request) for request in older):
            yield Hit("TLS 1.3 is denied and an older version passes: the comparison is the wrong way", each)


def _https_denied(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        if not on(each, SECURE):
            continue
        found = reach(subject, each, fixed=(SECURE, TLS))
        if found is None:
            continue
        http = under(found, SECURE, "false")
        http_alone = AccessRequest(
            found.action,
            found.resource,
            found.principal,
            {**http.context, "s3:TlsVersion": "1.3"},
            resource_account=found.resource_account,
        )
        if not subject.applies(each, http) and not subject.applies(each, http_alone):
            wrong = [condition for condition in on(each, SECURE) if not condition.truth(http)]
            fixable = len(wrong) == 1 and wrong[0].values == ("true",)
            yield Hit(
                f"{found.action} over HTTPS is denied, and over plain HTTP it is not",
                each,
                wrong[0].pointer if wrong else "",
                patch=repairs.values(wrong[0], ["false"]) if fixable else (),
            )


_HTTPS_REFS = (
    "SecurityHub:S3.5",
    "CIS-5.0:2.1.1",
    "checkov:CKV_AWS_379",
    "prowler:s3_bucket_secure_transport_policy",
    "Amazon S3 User Guide: Security best practices for Amazon S3",
)
_TLS_REFS = ("Amazon S3 User Guide: Bucket policy examples using condition keys",)

RULES = (
    Rule(
        "https-bucket-only",
        Severity.MEDIUM,
        "HTTPS is asked for on the bucket, not on its objects",
        "The Deny names the bucket's ARN alone. Objects have ARNs of their own, so that reading and writing "
        "them over plain HTTP passes.",
        "name both: arn:aws:s3:::bucket and arn:aws:s3:::bucket/*",
        _bucket_only,
        _OVER_HTTP,
        _HTTPS_REFS,
    ),
    Rule(
        "https-objects-only",
        Severity.MEDIUM,
        "HTTPS is asked for on the objects, not on the bucket",
        "The Deny names the objects' ARN alone. Listing the bucket and changing its settings is about the "
        "bucket's own ARN and passes over plain HTTP.",
        "name both: arn:aws:s3:::bucket and arn:aws:s3:::bucket/*",
        _objects_only,
        _OVER_HTTP,
        _HTTPS_REFS,
    ),
    Rule(
        "https-gap",
        Severity.MEDIUM,
        "HTTPS is asked for by halves",
        "A Deny on aws:SecureTransport reaches some principals, prefixes or actions only; the others may use "
        "plain HTTP.",
        'deny s3:* to "*" on the bucket and its objects if aws:SecureTransport is "false"',
        _some_only,
        _OVER_HTTP,
        _HTTPS_REFS,
    ),
    Rule(
        "tls-version-lets-http-pass",
        Severity.MEDIUM,
        "a TLS minimum alone lets plain HTTP pass",
        "A request over plain HTTP has no s3:TlsVersion, and a comparison with an absent key does not hold: "
        "the Deny does not apply.",
        'add a statement that denies s3:* if aws:SecureTransport is "false"',
        _tls_lets_http_pass,
        _OVER_HTTP,
        _TLS_REFS,
    ),
    Rule(
        "tls-version-gap",
        Severity.LOW,
        "a TLS minimum holds by halves",
        "The Deny on s3:TlsVersion reaches some resources, principals or actions only.",
        'deny s3:* to "*" on the bucket and its objects',
        _tls_gap,
        _KINDS,
        _TLS_REFS,
    ),
    Rule(
        "tls-version-reversed",
        Severity.HIGH,
        "the newest TLS version is denied and an older one passes",
        "The comparison with s3:TlsVersion holds for TLS 1.3 and not for an older version.",
        'deny if NumericLessThan s3:TlsVersion "1.2"',
        _newer_denied,
        (),
        _TLS_REFS,
    ),
    Rule(
        "https-denied",
        Severity.CRITICAL,
        "HTTPS is denied",
        'aws:SecureTransport is "true" for requests over HTTPS: a Deny on it shuts out the secure ones.',
        'write "false"',
        _https_denied,
        (),
        _HTTPS_REFS,
    ),
)
