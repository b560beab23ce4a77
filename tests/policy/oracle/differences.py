"""The known differences from iam-simulate, each as a rewriting of the case; DIFFERENCES.md says who is right.

A difference is explained only if we decide the rewritten case, in which the rule of the other side is spelled
out, exactly as the other side decided the case itself. A rewriting that does not apply leaves the case alone.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

from secure_s3.policy import AccessRequest, Policy, evaluate

from .cases import Case
from .sides import ours, request_of

Rewriting = Callable[[Case], Iterator[Case]]
Change = Callable[[Case, str, str, list[str]], Any]
NEVER = {"StringEquals": {"aws:Never": "never"}}
SPECIAL = ("${*}", "${?}", "${$}")
POLICIES = ("identity", "resource_policy", "boundary", "session", "scps", "rcps", "endpoint")


def explain(case: Case, expected: str) -> str | None:
    """The names of the known differences that together lead to *expected*; None if none do."""
    applicable = [name for name, rewrite in REWRITINGS.items() if any(True for _ in rewrite(case))]
    for size in (1, 2, 3):
        for names in combinations(applicable, size):
            found = _rewritten(case, [REWRITINGS[name] for name in names])
            if any(ours(each).outcome == expected for each in found):
                return " + ".join(names)
    return None


def _rewritten(case: Case, rewritings: list[Rewriting]) -> Iterator[Case]:
    if not rewritings:
        yield case
        return
    for each in rewritings[0](case):
        yield from _rewritten(each, rewritings[1:])


def _statements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _statements(item)
    elif isinstance(value, dict):
        yield from value["Statement"]


def _conditions(case: Case, change: Change) -> Iterator[Case]:
    """The case with conditions replaced by what *change* gives: new values, True, False, or None."""
    rewritten = copy.deepcopy(case)
    touched = False
    for statement in (each for layer in POLICIES for each in _statements(rewritten[layer])):
        found: dict[str, Any] = {}
        for operator, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                changed = change(case, operator, key, value if isinstance(value, list) else [value])
                touched = touched or changed is not None
                if changed is False:
                    found |= NEVER
                elif changed is not True:
                    found.setdefault(operator, {})[key] = value if changed is None else changed
        if found or "Condition" in statement:
            statement["Condition"] = found
    if touched:
        yield rewritten


def _got(case: Case, key: str) -> list[str]:
    found = {name.lower(): value for name, value in case["context"].items()}.get(key.lower(), [])
    return found if isinstance(found, list) else [found]


def _base(operator: str) -> str:
    return operator.rpartition(":")[2].removesuffix("IfExists")


def _any_if_exists(case: Case) -> Iterator[Case]:
    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        if operator.startswith("ForAnyValue:") and operator.endswith("IfExists") and not _got(case, key):
            return False
        return None

    return _conditions(case, change)


def _all_addresses(case: Case) -> Iterator[Case]:
    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        if _base(operator) in ("IpAddress", "NotIpAddress") and "0.0.0.0/0" in values:
            return [value for value in values if value != "0.0.0.0/0"] or ["0.0.0.0/32"]
        return None

    return _conditions(case, change)


def _address_families(case: Case) -> Iterator[Case]:
    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        if _base(operator) != "NotIpAddress":
            return None
        mixed = any((":" in value) != (":" in got) for value in values for got in _got(case, key))
        return False if mixed else None

    return _conditions(case, change)


def _epoch(case: Case) -> Iterator[Case]:
    """Seconds since 1970 are taken for milliseconds."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        if not _base(operator).startswith("Date") or not any(value.isdigit() for value in values):
            return None
        return [value[:-3] if value.isdigit() else value for value in values]

    return _conditions(case, change)


def _special_in_equals(case: Case) -> Iterator[Case]:
    """``${*}``, ``${?}`` and ``${$}`` are replaced where there are wildcards, and nowhere else."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        special = [any(each in value for each in SPECIAL) for value in values]
        if "Equals" not in _base(operator) or not _base(operator).startswith("String") or not any(special):
            return None
        return ["\0" if found else value for value, found in zip(values, special, strict=True)]

    return _conditions(case, change)


def _unqualified(case: Case) -> Iterator[Case]:
    """A key for many values without ForAllValues or ForAnyValue: nothing holds."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        many = key.lower() in {
            name.lower() for name, value in case["context"].items() if isinstance(value, list)
        }
        return False if many and ":" not in operator and operator != "Null" else None

    return _conditions(case, change)


READABLE = {
    "NumericNotEquals": r"-?[0-9.]+",
    "DateNotEquals": r"[0-9]+|[0-9]{4}-.*",
    "NotIpAddress": r"[0-9.]+|[0-9a-f:]+",
    "ArnNotEquals": r"arn:.*",
    "ArnNotLike": r"arn:.*",
}


def _unreadable(case: Case) -> Iterator[Case]:
    """A negated operator on what is no number, date, address or ARN: it does not hold."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        readable = READABLE.get(_base(operator))
        if readable is None or all(re.fullmatch(readable, each) for each in _got(case, key)):
            return None
        return False

    return _conditions(case, change)


COMPARED = {
    "NumericEquals": lambda got, wanted: got == wanted,
    "NumericNotEquals": lambda got, wanted: got != wanted,
    "NumericLessThan": lambda got, wanted: got < wanted,
    "NumericLessThanEquals": lambda got, wanted: got <= wanted,
    "NumericGreaterThan": lambda got, wanted: got > wanted,
    "NumericGreaterThanEquals": lambda got, wanted: got >= wanted,
}


def _number_in_front(case: Case) -> Iterator[Case]:
    """Of text that begins with a number, such as a date or an address, that number is compared."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        fronts = [re.match(r"[0-9]+(\.[0-9]+)?(?=[-.:])", each) for each in _got(case, key)]
        if _base(operator) not in COMPARED or not fronts or None in fronts:
            return None
        holds = COMPARED[_base(operator)]
        combined = all if "Not" in operator else any
        return all(
            combined(holds(float(found[0]), float(value)) for value in values) for found in fronts if found
        )

    return _conditions(case, change)


def _number_as_date(case: Case) -> Iterator[Case]:
    """``1.2`` is a date of its own."""
    for holds in (False, True):

        def change(case: Case, operator: str, key: str, values: list[str], holds: bool = holds) -> Any:
            numbers = [re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", each) for each in _got(case, key)]
            return holds if _base(operator).startswith("Date") and any(numbers) else None

        yield from _conditions(case, change)


def _old_version(case: Case) -> Iterator[Case]:
    """Variables are replaced in policies of version 2008-10-17 too."""
    text = json.dumps(case)
    if "2008-10-17" in text:
        yield json.loads(text.replace("2008-10-17", "2012-10-17"))


def _federating_user(case: Case) -> Iterator[Case]:
    """A federated user is the session of the IAM user of the same name."""
    who = request_of(case).requester
    if who is None or who.kind != "federated-user" or case["resource_policy"] is None:
        return
    mine, users = f"arn:aws:iam::{who.account}:user/{who.name}", rf'"arn:aws:iam::{who.account}:user/[^"]*"'
    policy = json.dumps(case["resource_policy"])
    if re.search(users, policy):
        named = policy.replace(f'"{mine}"', json.dumps(who.text))
        others = re.sub(users, '"arn:aws:iam::999999999999:user/nobody"', named)
        yield case | {"resource_policy": json.loads(others)}


def _without_a_value(case: Case) -> Iterator[Case]:
    """A negated operator with a variable that has no value: it does not hold."""

    def change(case: Case, operator: str, key: str, values: list[str]) -> Any:
        lacking = any(_lacks(case, value) for value in values)
        return False if "Not" in _base(operator) and lacking and _got(case, key) else None

    return _conditions(case, change)


def _lacks(case: Case, text: str) -> bool:
    """It has a variable without a default, and the request no single value for it."""
    names = re.findall(r"\$\{([^},*?$]+)\}", text)
    return any(not isinstance(_value(case, name), str) for name in names)


def _value(case: Case, name: str) -> Any:
    given = {key.lower(): value for key, value in case["context"].items()}
    told_by = request_of(case | {"context": {}}).lookup(name.lower())
    return told_by[0] if isinstance(told_by, tuple) else given.get(name.lower())


def _not_resource(case: Case) -> Iterator[Case]:
    """NotResource with a variable that has no value: the statement does not apply."""

    def change(values: list[str]) -> list[str]:
        return ["*"] if any(_lacks(case, value) for value in values) else values

    return _elements(case, "NotResource", change)


def _short_arns(case: Case) -> Iterator[Case]:
    """A resource of fewer than six parts is like nothing, though its last star reaches beyond colons."""

    def change(values: list[str]) -> list[str]:
        return ["arn:aws:s3:::none" if value != "*" and value.count(":") < 5 else value for value in values]

    for each in _elements(case, "Resource", change):
        yield from [*_elements(each, "NotResource", change)] or [each]


def _elements(case: Case, name: str, change: Callable[[list[str]], list[str]]) -> Iterator[Case]:
    rewritten = copy.deepcopy(case)
    for statement in (each for layer in POLICIES for each in _statements(rewritten[layer])):
        if name in statement:
            values = statement[name] if isinstance(statement[name], list) else [statement[name]]
            statement[name] = change(values) if change(values) != values else statement[name]
    if rewritten != case:
        yield rewritten


def _without_allows(policy: Case | None) -> Case | None:
    kept = [each for each in (policy or {}).get("Statement", []) if each["Effect"] == "Deny"]
    return {**(policy or {}), "Statement": kept} if policy else None


def _session_limits(case: Case) -> Iterator[Case]:
    if not case["session"] or not case["resource_policy"]:
        return
    request = AccessRequest(case["action"], case["resource"], case["principal"], case["context"])
    if evaluate(request, identity_policies=[Policy.parse(case["session"])]).outcome != "allowed":
        yield case | {
            "resource_policy": _without_allows(case["resource_policy"]),
            "identity": [_without_allows(each) for each in case["identity"]],
        }


def _not_principal(case: Case) -> Iterator[Case]:
    """A NotPrincipal that names a part of the caller's account, role and session exempts it, or does not."""
    statements = (case["resource_policy"] or {}).get("Statement", [])
    choices = [
        [each]
        if "NotPrincipal" not in each or not _named_in_part(case, each["NotPrincipal"])
        else [_principal(each, "*"), _principal(each, {"AWS": "999999999999"})]
        for each in statements
    ]
    if any(len(each) > 1 for each in choices):
        for chosen in product(*choices):
            yield case | {"resource_policy": {**case["resource_policy"], "Statement": [*chosen]}}


def _principal(statement: Case, principal: Any) -> Case:
    return {**{k: v for k, v in statement.items() if k != "NotPrincipal"}, "Principal": principal}


def _named_in_part(case: Case, listed: Any) -> bool:
    """Of the account, the role and the session some are listed and some are not."""
    who = request_of(case).requester
    names = listed.get("AWS", []) if isinstance(listed, dict) else listed
    names = {names} if isinstance(names, str) else {*names}
    if who is None or who.account is None:
        return False
    chain = [{who.account, f"arn:aws:iam::{who.account}:root"}, {who.text}, {str(who.principal_arn)}]
    if who.kind == "role":
        chain.append(set())  # one of its sessions asks, which no list names
    found = {bool(names & link) for link in chain}
    return found == {True, False}


def _rcps_last(case: Case) -> Iterator[Case]:
    """Where nothing allows, the denial of a resource control policy is not reported as explicit."""
    without = case | {"rcps": []}
    if (
        case["rcps"]
        and ours(case).outcome == "explicitly_denied"
        and ours(without).outcome == "implicitly_denied"
    ):
        yield without


def _root_too(case: Case) -> Iterator[Case]:
    """The bucket's policy denies the root user of its account what S3 always lets it do."""
    who = request_of(case).requester
    if who and who.kind == "root" and case["resource_policy"] and case["action"].endswith("BucketPolicy"):
        denies = [each for each in case["resource_policy"]["Statement"] if each["Effect"] == "Deny"]
        yield case | {"rcps": [*case["rcps"], [{"Version": "2012-10-17", "Statement": denies}]]}


def _role_itself(case: Case) -> Iterator[Case]:
    """A role's ARN is the caller itself, and no session that a statement may name."""
    who = request_of(case).requester
    if who is None or who.kind != "role":
        return
    name = f":assumed-role/{who.name}/"
    text = json.dumps(case)
    if name in text:
        yield json.loads(text.replace(name, ":assumed-role/nobody/"))


REWRITINGS: dict[str, Rewriting] = {
    "any-if-exists": _any_if_exists,
    "all-addresses": _all_addresses,
    "address-families": _address_families,
    "epoch": _epoch,
    "special-in-equals": _special_in_equals,
    "unqualified": _unqualified,
    "unreadable": _unreadable,
    "number-in-front": _number_in_front,
    "number-as-date": _number_as_date,
    "old-version": _old_version,
    "federating-user": _federating_user,
    "without-a-value": _without_a_value,
    "not-resource": _not_resource,
    "session-limits": _session_limits,
    "not-principal": _not_principal,
    "rcps-last": _rcps_last,
    "root-too": _root_too,
    "role-itself": _role_itself,
    "short-arns": _short_arns,
}
