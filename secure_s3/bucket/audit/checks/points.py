"""Access points of the bucket: what blocks public access through them, whom they let in, over which TLS.

Sources: Amazon S3 User Guide, "Managing public access to access points for general purpose buckets",
"Configuring IAM policies for using access points"; "Blocking public access with Amazon S3 Multi-Region Access
Points".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from ....policy.batches import Batch
from ....policy.evaluator import decide
from ....policy.public import is_public
from ....policy.request import AccessRequest
from ....policy.rules.search import about_action, find, inside
from ....policy.witnesses import ANYONE, OWNER, with_context
from ....values import Severity
from ...snapshot.values import AccessPoint, Setting, Unread
from ..blocking import FIELDS, RESTRICT, blocks, off, shown
from ..check import Check, Found, NotApplicable, Subject, found, known
from ..requests import ALL, PEOPLE, Slip, judged, request, slips
from ..standins import NOBODY, BucketPolicy, Standing, standing
from ..suggestions import others, places
from .public import strangers
from .transport import SECURE, TLS, as_finding

_OLDER = {"1.2": ("1.1", "1.0"), "1.3": ("1.2", "1.1", "1.0")}
_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
_REMEMBERED = 512
_NONE = Batch(())


def _points(subject: Subject) -> tuple[AccessPoint, ...]:
    points: tuple[AccessPoint, ...] = subject.read("access_points")
    if not points:
        raise NotApplicable("the bucket has no access points")
    return points


def _blocks(subject: Subject) -> Iterator[Found]:
    for each in _points(subject):
        setting = known(f"access point {each.name}", each.public_access_block)
        yield from _lacking(subject, f"the access point {each.name}", setting)


def _multi_region(subject: Subject) -> Iterator[Found]:
    points: tuple[Setting, ...] = subject.read("multi_region_access_points")
    if not points:
        raise NotApplicable("the bucket is in no Multi-Region Access Point")
    for each in points:
        name = f"the Multi-Region Access Point {each.get('Name')}"
        yield from _lacking(subject, name, each.get("PublicAccessBlock") or {})


def _lacking(subject: Subject, name: str, setting: Setting) -> Iterator[Found]:
    """What it does not block, and whether bucket or account do."""
    if not (missing := off(setting)):
        return
    covered = all(blocks(subject, each) is True for each in missing)
    by = "; the bucket's and the account's block hold for it" if covered else ""
    others = (shown(getattr(subject.snapshot, each), each.replace("_", " ")) for each in FIELDS)
    yield found(
        f"{name} does not set {', '.join(missing)}{by}",
        shown(setting, name),
        *others,
        severity=Severity.INFO if covered else None,
        fix="make another one with all four switches: these cannot be changed",
    )


def _public(subject: Subject) -> Iterator[Found]:
    for each in _points(subject):
        text = known(f"access point {each.name}", each.policy)
        if text is None:
            continue
        stands = standing(subject, text)
        yield from _foreign(subject, each, stands)
        if each.vpc is not None:
            continue  # what is bound to a VPC is never public
        public = each.is_public is True or is_public(stands.policy.policy, access_point=True)
        opened = strangers(stands.policy, access_point=True)
        for one in opened:
            yield _in_effect(subject, each, stands.restored(one))
        if public and not opened:
            yield found(
                f"S3 takes the policy of the access point {each.name} for public, though no stranger was "
                "found whom it lets in",
                severity=Severity.LOW,
            )


def _in_effect(subject: Subject, point: AccessPoint, opened: Found) -> Found:
    """How bad it is: three places may block public access, and the bucket policy must allow as well."""
    cut = blocks(subject, RESTRICT, (point.public_access_block,))
    message = f"through the access point {point.name} {opened.message}"
    if cut is True:
        message, severity = f"{message}; only Block Public Access cuts them off", Severity.MEDIUM
    elif isinstance(cut, Unread) or isinstance(subject.snapshot.policy, Unread):
        message, severity = f"{message}, unless something that was not read stops them", Severity.HIGH
    elif not _lets_on(subject, point):
        message, severity = f"{message}; only the bucket policy does not let them on", Severity.MEDIUM
    else:
        severity = Severity.CRITICAL
    where = shown(point.public_access_block, f"access point {point.name}")
    return found(message, *opened.evidence, where, severity=severity, fix=opened.fix)


def _foreign(subject: Subject, point: AccessPoint, stands: Standing) -> Iterator[Found]:
    """What the policy allows other accounts that it names, and which the bucket policy lets on."""
    home = stands.under(point.arn)
    for who, caller, actions in _others(stands.policy, home):
        outside = isinstance(subject.snapshot.policy, Unread)
        on = outside or _lets_on(subject, point, stands.back(caller))
        may = f"through the access point {point.name} {stands.back(who)} may call {', '.join(actions)}"
        severity = Severity.HIGH if "s3:PutObjectAcl" in actions else Severity.INFO
        if not on:
            may, severity = f"{may}; only the bucket policy does not let them on", min(severity, Severity.LOW)
        elif point.vpc is not None:
            may, severity = f"{may}, from the VPC {point.vpc}", min(severity, Severity.MEDIUM)
        yield found(
            may,
            *(f"{each} by {stands.back(caller)}: allowed" for each in actions[:4]),
            severity=severity,
            fix="name the actions that the account needs, and see that it is known and still needs them",
        )


@lru_cache(maxsize=_REMEMBERED)
def _others(policy: BucketPolicy, home: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Accounts by what they may; whom a statement opens to everybody the other findings tell."""
    subject = judged(policy)
    found: dict[tuple[str, str], dict[str, None]] = {}
    for statement in subject.allows:
        named = others(statement, None) if statement.principals and not statement.principals.everyone else ()
        for who, caller in named:
            for action in (*_ACTIONS, "s3:PutObjectAcl"):
                if about_action(statement, action):
                    start = request(action, places(home, statement, action)[0], caller)
                    met = find(subject, start, must=(statement,), avoid=subject.denies)
                    if met is not None and met.principal_account != OWNER:
                        found.setdefault((who, caller), {})[action] = None
    return tuple((*who, tuple(actions)) for who, actions in found.items())


def _lets_on(subject: Subject, point: AccessPoint, caller: str | None = ANYONE) -> bool:
    """The bucket policy allows the caller what the access point lets through."""
    stands = standing(subject)
    context = {"s3:DataAccessPointArn": stands.under(point.arn), "s3:DataAccessPointAccount": OWNER}
    who = caller if caller is None else stands.under(caller)
    return any(
        decide(with_context(each, context), stands.policy.policy, (ALL,)).outcome in ("allowed", "unknown")
        for each in _all_by(stands.policy.bucket, who)
    )


@lru_cache(maxsize=64)
def _all_by(bucket: str, caller: str | None) -> tuple[AccessRequest, ...]:
    home = f"arn:aws:s3:::{bucket}"
    return tuple(request(each, _place(home, each), caller) for each in _ACTIONS)


def _place(home: str, action: str) -> str:
    return home if action == "s3:ListBucket" else inside(home)


def _tls(subject: Subject) -> Iterator[Found]:
    """Versions that neither the access point's policy nor the bucket's refuses."""
    minimum = subject.profile.min_tls
    for each in _points(subject):
        text = known(f"access point {each.name}", each.policy)
        stands = standing(subject, text or NOBODY)
        arn = stands.under(each.arn)
        for version in (*_OLDER[minimum], *("1.2",) * (minimum != "1.3")):
            passing = _older(stands.policy, arn, version)
            if not passing or not _of_bucket(subject, version):
                continue
            below = version in _OLDER[minimum]
            mild = Severity.LOW if version in _OLDER["1.2"] else Severity.MEDIUM  # S3 takes nothing older
            what = f"requests over TLS {version} through an access point are not denied"
            one = stands.restored(as_finding(passing, what, severity=mild if below else None))
            yield replace(
                one, message=one.message.replace("an access point", f"the access point {each.name}", 1)
            )
            break


@lru_cache(maxsize=64)
def _usual(home: str) -> tuple[AccessRequest, ...]:
    return tuple(request(each, _place(home, each), who) for each in _ACTIONS for who in PEOPLE[:4])


@lru_cache(maxsize=_REMEMBERED)
def _older(policy: BucketPolicy, home: str, version: str) -> tuple[Slip, ...]:
    return tuple(slips(policy, _NONE, _moved(home, version), (SECURE, TLS)))


def _moved(home: str, version: str) -> Iterator[AccessRequest]:
    yield from (with_context(each, {"s3:TlsVersion": version}) for each in _usual(home))


def _of_bucket(subject: Subject, version: str) -> bool:
    """The bucket policy lets the version pass as well."""
    policy = standing(subject).policy
    return bool(_older(policy, policy.arn, version))


_SEEDS = ("access points (also with their own TLS minimum)",)
_OWN = "Block Public Access (account and bucket)"

CHECKS = (
    Check(
        id="access-point-public-access-block",
        title="Block Public Access is complete for every access point",
        topic="access",
        severity=Severity.HIGH,
        reads=("access_points", *FIELDS),
        why="An access point has a policy of its own, which opens it as a bucket policy would; its switches "
        "are chosen once, when it is made.",
        fix="make the access point with all four switches",
        judge=_blocks,
        refs=(
            "SecurityHub:S3.19",
            "checkov:CKV_AWS_392",
            "prowler:s3_access_point_public_access_block",
        ),
        seeds=(*_SEEDS, _OWN),
        source='Amazon S3 User Guide, "Managing public access to access points for general purpose buckets"',
    ),
    Check(
        id="access-point-public",
        title="No access point's policy lets strangers in",
        topic="access",
        severity=Severity.CRITICAL,
        reads=("access_points", "policy", *FIELDS),
        why="Who may use the access point may do to the bucket what both policies allow.",
        fix="name principals in the access point's policy",
        judge=_public,
        refs=("SecurityHub:S3.19", "prowler:s3_access_point_public_access_block"),
        seeds=_SEEDS,
        source='Amazon S3 User Guide, "Configuring IAM policies for using access points"',
    ),
    Check(
        id="access-point-tls",
        title="Access points take TLS 1.3 only",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("access_points", "policy"),
        why="An access point may ask for a newer TLS than the bucket, whose other clients cannot follow yet.",
        fix="bundles.access_point(arn, principals, min_tls='1.3')",
        judge=_tls,
        refs=("AWS Storage Blog: Enforcing encryption in transit with TLS 1.2 or higher with Amazon S3",),
        seeds=(*_SEEDS, "HTTPS enforced, TLS version"),
        recommended=True,
        source='Amazon S3 User Guide, "Bucket policy examples using condition keys"',
    ),
    Check(
        id="multi-region-public-access-block",
        title="Block Public Access is complete for every Multi-Region Access Point",
        topic="access",
        severity=Severity.HIGH,
        reads=("multi_region_access_points", *FIELDS),
        why="It has switches of its own, which are chosen once, when it is made.",
        fix="make it with all four switches",
        judge=_multi_region,
        refs=("SecurityHub:S3.24", "prowler:s3_multi_region_access_point_public_access_block"),
        seeds=(*_SEEDS, _OWN),
        source='Amazon S3 User Guide, "Blocking public access with Amazon S3 Multi-Region Access Points"',
    ),
)
