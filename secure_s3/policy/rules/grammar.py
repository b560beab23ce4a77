"""What keeps a document from being the policy that it looks like.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements reference", "IAM
and AWS STS quotas"; RFC 8259, section 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...limits import BUCKET_POLICY_BYTES, KIB
from ...values import Severity
from ..document import VERSIONS
from ..jsontext import token
from ..statement import CURRENT_VERSION, ELEMENTS, Problem, Statement
from ..variables import VARIABLE
from .places import Patch, add, listed, nearest, quoted, remove, replace, values_of
from .rule import (
    ACCESS_POINT,
    BUCKET,
    ENDPOINT,
    IDENTITY,
    KEY,
    RESOURCE_CONTROL,
    SERVICE_CONTROL,
    TRUST,
    Hit,
    Rule,
    Subject,
)

# Amazon S3 User Guide, "Bucket policies for Amazon S3"; KMS Developer Guide, "Resource quotas"; IAM User
# Guide, "IAM and AWS STS quotas" (the longest identity policy is a role's inline policy, the longest trust
# policy one after a raise of the quota); Organizations User Guide, "Quotas and service limits for AWS
# Organizations"; VPC User Guide, "Amazon VPC quotas".
_SIZES = {
    BUCKET: BUCKET_POLICY_BYTES,
    ACCESS_POINT: BUCKET_POLICY_BYTES,
    KEY: 32 * KIB,
    TRUST: 8_192,
    IDENTITY: 10_240,
    SERVICE_CONTROL: 10_240,
    RESOURCE_CONTROL: 5_120,
    ENDPOINT: 20_480,
}
_TOP = {name.lower(): name for name in ("Version", "Id", "Statement")}
_IN_STATEMENT = {name.lower(): name for name in sorted(ELEMENTS)}
_ALPHANUMERIC_SIDS = (TRUST, IDENTITY, SERVICE_CONTROL, RESOURCE_CONTROL)


def _duplicate_keys(subject: Subject) -> Iterator[Hit]:
    for found in subject.policy.duplicates:
        pointer = f"{found.pointer}/{token(found.key)}"
        yield Hit(
            f"line {found.line}, column {found.column}: {quoted(found.key)} stands twice in one object, and "
            "what it said before is lost",
            _statement_at(subject, pointer),
            pointer,
        )


def _statement_at(subject: Subject, pointer: str) -> Statement | None:
    inside = (each for each in subject.policy.statements if f"{pointer}/".startswith(f"{each.pointer}/"))
    return next(inside, None)


def _keys_in_two_cases(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        seen: dict[tuple[str, str], str] = {}
        for condition in statement.conditions:
            before = seen.setdefault((condition.operator.lower(), condition.folded), condition.key)
            if before != condition.key:
                message = f"{quoted(before)} and {quoted(condition.key)} are one key; AWS refuses it twice"
                yield Hit(message, statement, condition.pointer)


def _duplicate_sids(subject: Subject) -> Iterator[Hit]:
    taken = {each.sid for each in subject.policy.statements}
    seen: set[str] = set()
    for statement in subject.policy.statements:
        sid = statement.sid
        if sid is None:
            continue
        if sid in seen:
            other = next(f"{sid}{n}" for n in range(2, len(taken) + 3) if f"{sid}{n}" not in taken)
            taken.add(other)
            pointer = f"{statement.pointer}/Sid"
            message = f"an earlier statement has the Sid {quoted(sid)} as well"
            yield Hit(message, statement, pointer, patch=(replace(pointer, other),))
        seen.add(sid)


def _sid_characters(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        allowed = r"[A-Za-z0-9]*" if subject.kind in _ALPHANUMERIC_SIDS else r"[A-Za-z0-9 ]*"
        if statement.sid is None or re.fullmatch(allowed, statement.sid):
            continue
        pointer = f"{statement.pointer}/Sid"
        plain = re.sub("[^A-Za-z0-9]", "", statement.sid)
        free = plain and all(each.sid != plain for each in subject.policy.statements)
        patch: Patch = (replace(pointer, plain),) if free else ()
        message = f"the Sid {quoted(statement.sid)} has other characters than letters and digits"
        yield Hit(message, statement, pointer, patch=patch)


def _too_large(subject: Subject) -> Iterator[Hit]:
    limit = _SIZES[subject.kind]
    if subject.size > limit:
        yield Hit(
            f"the policy has {subject.size:,} bytes without white space; {limit:,} is the most for a "
            f"policy of this kind ({subject.kind})"
        )


def _version(subject: Subject) -> Iterator[Hit]:
    version = subject.policy.document.get("Version")
    if version is None:
        yield Hit("there is no Version, so that the rules of 2008-10-17 hold", patch=_current_version())
    elif version == VERSIONS[1]:
        message = "Version is 2008-10-17, which has no policy variables"
        yield Hit(message, pointer="/Version", patch=_current_version())


def _unknown_version(subject: Subject) -> Iterator[Hit]:
    version = subject.policy.document.get("Version", CURRENT_VERSION)
    if version not in VERSIONS:
        message = f"there is no version {quoted(str(version))} of the policy language; AWS refuses the policy"
        yield Hit(message, pointer="/Version", patch=_current_version())


def _current_version() -> Patch:
    return (add("/Version", CURRENT_VERSION),)


def _variables_need_version(subject: Subject) -> Iterator[Hit]:
    if subject.policy.version == CURRENT_VERSION:
        return
    for statement in subject.policy.statements:
        texts = list(listed(statement, "Resource", "NotResource"))
        for condition in statement.conditions:
            texts += values_of(statement, condition) if condition.known and condition.known.patterns else ()
        for text, pointer in texts:
            found = VARIABLE.search(text)
            if found:
                message = (
                    f"{quoted(found[0])} is literal text here, which nothing equals: before version "
                    "2012-10-17 there are no policy variables"
                )
                yield Hit(message, statement, pointer, patch=_current_version())
                return


def _unknown_elements(subject: Subject) -> Iterator[Hit]:
    yield from _misnamed(subject, subject.policy.problems, None, _TOP, "")
    for statement in subject.policy.statements:
        yield from _misnamed(subject, statement.problems, statement, _IN_STATEMENT, statement.pointer)


def _misnamed(
    subject: Subject,
    problems: tuple[Problem, ...],
    statement: Statement | None,
    known: dict[str, str],
    above: str,
) -> Iterator[Hit]:
    holder = subject.policy.document if statement is None else statement.raw
    for problem in problems:
        if problem.element in known.values():
            continue
        meant = nearest(problem.element, known)
        patch: Patch = ()
        if meant and meant not in holder:
            patch = (remove(problem.pointer), add(f"{above}/{meant}", holder[problem.element]))
        fix = f'write "{meant}"' if meant else ""
        message = f"{quoted(problem.element)} is no element of the policy language; AWS refuses the policy"
        yield Hit(message, statement, problem.pointer, fix, patch)


def _malformed(subject: Subject) -> Iterator[Hit]:
    if not subject.policy.statements:
        yield Hit("the policy has no statements", pointer="/Statement")
    for name, kind in (("Id", str), ("Version", str)):
        if not isinstance(subject.policy.document.get(name, ""), kind):
            yield Hit(f"{name} is no string", pointer=f"/{name}")
    for statement in subject.policy.statements:
        for problem in statement.problems:
            if problem.fatal and problem.element in ELEMENTS:
                missing = problem.element not in statement.raw
                yield Hit(problem.message, statement, statement.pointer if missing else problem.pointer)


def _empty_lists(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for problem in statement.problems:
            if not problem.fatal and problem.element in ELEMENTS:
                yield Hit(problem.message, statement, problem.pointer)


def _missing_resource(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        has = {"Resource", "NotResource"} & statement.raw.keys()
        if subject.kind == TRUST and has:
            pointer = f"{statement.pointer}/{min(has)}"
            message = "the policy of a role has no resources: it is about the role; AWS refuses it"
            yield Hit(message, statement, pointer, "leave it out", (remove(pointer),))
        elif subject.kind != TRUST and not has:
            yield Hit("there is neither Resource nor NotResource; AWS refuses the policy", statement)


_ELEMENT_PAGE = "IAM User Guide: IAM JSON policy elements reference"
RULES = (
    Rule(
        "duplicate-json-key",
        Severity.HIGH,
        "a key stands twice in one JSON object",
        "Parsers keep the last of two equal keys and drop the other without a word, so that half of what is "
        "written, often a whole condition, is not in force.",
        "put the values into one list, or the conditions into two statements",
        _duplicate_keys,
        refs=("RFC 8259: 4. Objects",),
    ),
    Rule(
        "keys-differ-in-case",
        Severity.HIGH,
        "two condition keys differ in case only",
        "Condition keys have no case. Two that are one key under the same operator are refused.",
        "put the values into one list",
        _keys_in_two_cases,
        refs=("AccessAnalyzer:Duplicate keys with different case",),
    ),
    Rule(
        "duplicate-sid",
        Severity.MEDIUM,
        "two statements have the same Sid",
        "AWS wants Sids to be unique within a policy and refuses the policy; tools that address a statement "
        "by its Sid meet the wrong one.",
        "give each statement a Sid of its own",
        _duplicate_sids,
        refs=(
            "parliament:DUPLICATE_SID",
            "AccessAnalyzer:Unique Sids required",
            "IAM User Guide: IAM JSON policy elements: Sid",
        ),
    ),
    Rule(
        "sid-characters",
        Severity.MEDIUM,
        "a Sid has characters that are not allowed",
        "A Sid in a policy of IAM or Organizations has letters A to Z, a to z and digits only; AWS refuses "
        "others.",
        "leave out everything but letters and digits",
        _sid_characters,
        kinds=(*_ALPHANUMERIC_SIDS, KEY),
        refs=("parliament:INVALID_SID", "IAM User Guide: IAM JSON policy elements: Sid"),
    ),
    Rule(
        "policy-too-large",
        Severity.HIGH,
        "the policy is longer than AWS takes",
        "AWS refuses a policy above the quota of its kind. White space does not count.",
        "use wildcards or fewer statements, or move statements to access points or other policies",
        _too_large,
        refs=(
            "AccessAnalyzer:Policy size exceeds SCP quota",
            "Amazon S3 User Guide: Bucket policies for Amazon S3",
            "IAM User Guide: IAM and AWS STS quotas",
        ),
    ),
    Rule(
        "old-version",
        Severity.INFO,
        "the policy is of the old version of the language",
        "Without Version, or with 2008-10-17, variables are literal text, which shows when the first one is "
        "used.",
        'write "Version": "2012-10-17"',
        _version,
        refs=(
            "parliament:NO_VERSION",
            "parliament:OLD_VERSION",
            "AccessAnalyzer:Missing version",
            "IAM User Guide: IAM JSON policy elements: Version",
        ),
    ),
    Rule(
        "unknown-version",
        Severity.HIGH,
        "there is no such version of the language",
        "Version is not the date on which a policy was written; there are 2012-10-17 and 2008-10-17 only.",
        'write "Version": "2012-10-17"',
        _unknown_version,
        refs=(
            "parliament:INVALID_VERSION",
            "AccessAnalyzer:Invalid version",
            "IAM User Guide: IAM JSON policy elements: Version",
        ),
    ),
    Rule(
        "variables-need-version",
        Severity.HIGH,
        "policy variables in a policy of the old version",
        "Only version 2012-10-17 has policy variables. In an older policy ${aws:username} is text like any "
        "other, so that the statement is about resources and values that do not exist.",
        'write "Version": "2012-10-17"',
        _variables_need_version,
        refs=(
            "AccessAnalyzer:Variable unsupported in version",
            "IAM User Guide: IAM policy elements: Variables and tags",
        ),
    ),
    Rule(
        "unknown-element",
        Severity.HIGH,
        "a name that the policy language does not have",
        "AWS refuses a policy with an element that it does not know. Names of elements are written as in the "
        "reference, capital letters included.",
        "correct the spelling, or leave it out; comments have no place in a policy",
        _unknown_elements,
        refs=("AccessAnalyzer:Invalid policy element", _ELEMENT_PAGE),
    ),
    Rule(
        "malformed-statement",
        Severity.HIGH,
        "a statement that nobody can read",
        "An element is missing, is of the wrong JSON type, or excludes another one. AWS refuses the policy.",
        "write each statement with Effect, Action or NotAction, Resource or NotResource, and in resource "
        "policies Principal",
        _malformed,
        refs=(
            "parliament:MALFORMED",
            "AccessAnalyzer:Unsupported element combination",
            "AccessAnalyzer:Missing effect",
            "AccessAnalyzer:Missing action",
            _ELEMENT_PAGE,
        ),
    ),
    Rule(
        "empty-list",
        Severity.MEDIUM,
        "a list without values",
        "A statement is about what its lists name; an empty one names nothing, and the statement does "
        "nothing.",
        "name something, or leave the statement out",
        _empty_lists,
        refs=("AccessAnalyzer:Empty array action", _ELEMENT_PAGE),
    ),
    Rule(
        "resource-element",
        Severity.HIGH,
        "Resource is missing, or is where it does not belong",
        "Every statement names resources, but in the trust policy of a role, which is about that role.",
        'name the resources, e.g. "arn:aws:s3:::amzn-s3-demo-bucket/*"',
        _missing_resource,
        refs=(
            "AccessAnalyzer:Missing resource",
            "AccessAnalyzer:Role trust policy syntax error resource",
            "IAM User Guide: IAM JSON policy elements: Resource",
        ),
    ),
)
