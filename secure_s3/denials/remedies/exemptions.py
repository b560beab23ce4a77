"""Changes of policies that refuse: somebody is spared, or one value more is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from ...errors import PolicyError
from ...policy.conditions import Condition
from ...policy.document import Policy
from ...policy.operators import number
from ...policy.patches import apply
from ...policy.request import AccessRequest
from ...policy.statement import Statement
from ..evidence import Named
from ..explanation import Remedy
from .callers import Spared, acts_alone, one, spared
from .facts import Facts
from .harmless import objection
from .patching import Patch, joined, raw_values, with_condition, with_principals, with_values
from .trial import Bench, Mark
from .whose import called, command, kind_of, owned_by_aws, who_may, words

MAY_BE_TAKEN = frozenset(
    {
        *("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"),
        *("aws:principalorgid", "aws:principalaccount", "aws:sourcearn", "aws:sourceaccount"),
        *("aws:sourceorgid", "aws:vpceaccount", "aws:vpceorgid", "aws:requestedregion"),
        *("s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class", "s3:prefix"),
        *("s3:signatureage", "s3:object-lock-remaining-retention-days", "s3:max-keys"),
        *("aws:multifactorauthage", "s3:locationconstraint", "kms:viaservice"),
    }
)
"""Keys of which a statement may take one value more and still say what it is there for."""
_NOBODY_SPARED = frozenset(
    {"aws:securetransport", "s3:tlsversion", "s3:signatureversion", "s3:x-amz-acl"}
    | {f"s3:x-amz-grant-{kind}" for kind in ("full-control", "read", "read-acp", "write", "write-acp")}
)
"""Of a statement about these nobody need be spared: the call can be made as it asks."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A patch before it is tried."""

    patch: Patch
    what: str
    risk: str


def exemptions(bench: Bench, facts: Facts) -> Iterator[tuple[int, Remedy]]:
    """Changes of the policies that refuse, each with how much it opens: 0 is a caller, 1 a value for all."""
    for layer, number_, targets in _groups(bench):
        named = bench.judged.policies[layer][number_]
        if owned_by_aws(named):
            continue
        statements = [each for each in named.policy.statements if each.pointer in targets]
        spares = False
        for breadth, change in _changes(bench.request, statements, named):
            remedy = None if spares and not breadth else _tried(bench, facts, layer, number_, targets, change)
            if remedy is not None:
                spares = True
                yield breadth, remedy


def _groups(bench: Bench) -> Iterator[tuple[str, int, frozenset[str]]]:
    for layer, number_ in sorted({(layer, number_) for layer, number_, _ in bench.targets}):
        pointers = (found[2] for found in bench.targets if found[:2] == (layer, number_))
        yield layer, number_, frozenset(pointers)


def _changes(
    request: AccessRequest, statements: list[Statement], named: Named
) -> Iterator[tuple[int, _Change]]:
    names, keep = called(*statements), "keeps" if len(statements) == 1 else "keep"
    asks = any(_NOBODY_SPARED & each.keys for each in statements) and not acts_alone(request)
    for whom in () if asks else spared(request):
        patches = [_sparing(each, whom, request) for each in statements]
        if all(patches):
            risk = f"who is spared may then do what {names} {keep} others from"
            what = f"the {words(named)}: spare {whom.whom} in {names}"
            yield 0, _Change(joined(patches), what, risk)
    if len(statements) == 1:
        for condition in statements[0].conditions:
            yield from ((1, each) for each in _taking(statements[0], condition, request, named))


def _sparing(statement: Statement, whom: Spared, request: AccessRequest) -> Patch:
    if statement.principals is not None and statement.principals.negated:
        return _not_principal(statement, request)
    folded = whom.key.lower()
    for condition in statement.conditions:
        known = condition.known
        if condition.folded == folded and known and known.negated and not condition.qualifier:
            return with_values(condition, raw_values(statement, condition), *whom.values)
    value = whom.values[0] if len(whom.values) == 1 else list(whom.values)
    return with_condition(statement, whom.operator, whom.key, value)


def _not_principal(statement: Statement, request: AccessRequest) -> Patch:
    """The caller among those whom NotPrincipal spares: the session, the role and the account, all three.

    Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal".
    """
    who = request.requester
    if who is None or who.kind == "anonymous":
        return ()
    if who.kind == "service":
        return with_principals(statement, "NotPrincipal", {"Service": who.text})
    listed = [who.text, who.principal_arn, f"{who.partition}:iam::{who.account}:root"]
    named = [each for each in dict.fromkeys(listed) if each]
    return with_principals(statement, "NotPrincipal", {"AWS": named})


def _taking(
    statement: Statement, condition: Condition, request: AccessRequest, named: Named
) -> Iterator[_Change]:
    """The request's own value as one more that will do."""
    known, got = condition.known, one(request, condition.folded)
    if known is None or condition.qualifier or condition.folded not in MAY_BE_TAKEN or not got:
        return
    where = f"the {words(named)}: in {called(statement)}"
    raw = raw_values(statement, condition)
    bound = known.name in ("NumericLessThan", "NumericGreaterThan") and len(condition.values) == 1
    if known.negated and not set(got) & set("*?$"):
        value = _range(got) if known.kind == "ip" else got
        risk = f"every request with {condition.key} {value} then passes this statement, whoever sends it"
        yield _Change(
            with_values(condition, raw, value), f"{where}, take {condition.key} {value} as well", risk
        )
    elif bound and number(got) is not None:
        patch: Patch = ({"op": "replace", "path": condition.pointer, "value": got},)
        risk = f"the bound then is {got} for everybody, not {condition.values[0]}"
        yield _Change(patch, f"{where}, move the bound of {condition.key} to {got}", risk)


def _range(address: str) -> str:
    try:
        return f"{address}/{ip_address(address.strip()).max_prefixlen}"
    except ValueError:
        return address


def _tried(
    bench: Bench, facts: Facts, layer: str, number_: int, targets: frozenset[str], change: _Change
) -> Remedy | None:
    named = bench.judged.policies[layer][number_]
    after = patched(named.policy, change.patch)
    if after is None:
        return None
    marks: frozenset[Mark] = frozenset((layer, number_, pointer) for pointer in targets)
    if not bench.helps(bench.decision(bench.request, bench.with_policy(layer, number_, after)), marks):
        return None
    if objection(named.policy, after, kind_of(layer, named.document), facts.bucket_name):
        return None
    rest = bench.targets - marks
    more = "; another policy refuses it as well" if rest else ""
    return Remedy(
        who_may(layer, named.document),
        change.what + more,
        document=named.document,
        target=named.target,
        patch=change.patch,
        command=command(layer, named),
        risk=change.risk,
        proved=True,
    )


def patched(policy: Policy, patch: Patch) -> Policy | None:
    """The policy after the patch; None where it does not fit."""
    try:
        return apply(policy, patch) if patch else None
    except PolicyError:
        return None
