"""Changes of policies that do not allow: a statement more, or one that is widened by just this much.

Source: IAM User Guide, "Policy evaluation for requests within a single account", "Cross-account policy
evaluation logic": in one account the identity's or the resource's policy has to allow, across accounts both;
organization, endpoint, boundary and session each besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...policy.decision import DOES_NOT_ALLOW, Reason
from ...policy.document import Policy
from ...policy.request import AccessRequest
from ...policy.statement import Statement
from ..evidence import Named
from ..explanation import ACCOUNT_ADMIN, Remedy
from .callers import acts_alone, lasting_arn, one, principal
from .exemptions import MAY_BE_TAKEN, patched
from .facts import Facts
from .granting import for_identity, for_resource, literal
from .harmless import objection
from .patching import Patch, raw_values, with_member, with_principals, with_statement, with_values
from .trial import Bench, lacking
from .whose import called, command, inline_command, kind_of, owned_by_aws, who_may, words


def allowances(bench: Bench, facts: Facts) -> Iterator[tuple[int, Remedy]]:
    """Changes of the policies that do not allow, each with how much it opens: 0 is just this permission."""
    for layer in _sorted(bench.lacking):
        yield from _of_layer(bench, facts, layer)


def _sorted(layers: tuple[str, ...]) -> list[str]:
    """Policies of the identity first: they concern nobody else."""
    return sorted(layers, key=lambda layer: layer != "identity_policy")


def _of_layer(bench: Bench, facts: Facts, layer: str) -> Iterator[tuple[int, Remedy]]:
    trial = _Trial(bench, facts, layer)
    document = trial.document
    made = (
        for_resource(bench.request, facts, document)
        if layer == "resource_policy"
        else for_identity(bench.request, facts)
    )
    if made is not None and layer not in ("endpoint_policy", "resource_control_policy"):
        added = trial.added(made)
        if added is not None:
            yield 0, added
    for reason in bench.decision(bench.request).reasons:
        if reason.role == DOES_NOT_ALLOW and reason.layer == layer and reason.statement is not None:
            widened = trial.widened(reason, reason.statement)
            if widened is not None:
                yield 1, widened


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a change leads to: whether that is certain, and what has to be changed besides."""

    proved: bool
    besides: str


@dataclass(frozen=True, slots=True)
class _Trial:
    """One layer that does not allow."""

    bench: Bench
    facts: Facts
    layer: str

    @property
    def named(self) -> tuple[Named, ...]:
        """Its policies."""
        return self.bench.judged.policies.get(self.layer, ())

    @property
    def document(self) -> str:
        """What its policies are called."""
        return document_of(self.bench, self.layer)

    def added(self, statement: Statement) -> Remedy | None:
        """The statement in a policy that is there, or in a new one."""
        for number, named in enumerate(self.named):
            own = not owned_by_aws(named) and (named.inline or self.layer != "identity_policy")
            if own or (":policy/" in named.target and not owned_by_aws(named) and len(self.named) == 1):
                return self._patched(number, with_statement(named.policy, statement), self._adds(statement))
        return self._new(statement)

    def widened(self, reason: Reason, statement: Statement) -> Remedy | None:
        """The near miss, and just this much more."""
        if reason.policy >= len(self.named) or owned_by_aws(self.named[reason.policy]):
            return None
        patch, what = _widening(reason, statement, self.bench.request)
        if not patch or statement.not_action or any("*" in each for each in statement.actions):
            return None
        return self._patched(reason.policy, patch, f"{called(statement)} is widened by {what}")

    def _adds(self, statement: Statement) -> str:
        actions, resources = ", ".join(statement.actions), ", ".join(statement.resources or ("*",))
        who = principal(self.bench.request) if self.layer == "resource_policy" else None
        named = f" {next(iter(who.values()))}" if who else ""
        where = f" on {resources}" if resources != "*" else ""
        return f"allow{named} {actions}{where}"

    def _patched(self, number: int, patch: Patch, what: str) -> Remedy | None:
        named = self.named[number]
        after = patched(named.policy, patch)
        tried = None if after is None else self._tried(number, after)
        if after is None or tried is None:
            return None
        if objection(named.policy, after, kind_of(self.layer, named.document), self.facts.bucket_name):
            return None
        return Remedy(
            who_may(self.layer, named.document),
            f"the {words(named)}: {what}{tried.besides}",
            document=named.document,
            target=named.target,
            patch=patch,
            command=command(self.layer, named),
            risk=self._risk,
            proved=tried.proved,
        )

    def _tried(self, number: int | None, after: Policy) -> _Tried | None:
        """What then is; None where the layer still does not allow.

        Of a layer that was not read, the service has said that nothing in it allows; it may say more.
        """
        policies = self.bench.with_policy(self.layer, number, after)
        decision = self.bench.decision(self.bench.request, policies, read=self.layer)
        if not self.bench.allows(decision, self.layer):
            return None
        rest = [document_of(self.bench, each) for each in lacking(decision) if each != self.layer]
        besides = f"; the {' and the '.join(rest)} must allow it as well" if rest else ""
        return _Tried(self.layer not in self.bench.judged.unread, besides)

    def _new(self, statement: Statement) -> Remedy | None:
        document = Policy.of(statement)
        if self.layer == "identity_policy":
            return self._inline(document, statement)
        known = self.layer not in self.bench.judged.unread and not self.named
        if self.layer != "resource_policy" or not known or self.document == "key policy":
            return None
        target = self.facts.bucket
        tried = self._tried(None, document) if target else None
        if tried is None:
            return None
        if objection(None, document, kind_of(self.layer, self.document), self.facts.bucket_name):
            return None
        named = Named(document, self.document, target)
        return Remedy(
            who_may(self.layer, self.document),
            f"a first {words(named)}: {self._adds(statement)}{tried.besides}",
            document=self.document,
            target=target,
            new_document=document.to_dict(),
            command=command(self.layer, named),
            risk=self._risk,
            proved=True,
        )

    def _inline(self, document: Policy, statement: Statement) -> Remedy | None:
        arn = lasting_arn(self.bench.request)
        line = inline_command(arn, str(statement.sid)) if arn else ""
        tried = self._tried(None, document) if line else None
        if arn is None or tried is None:
            return None
        return Remedy(
            ACCOUNT_ADMIN,
            f"a further inline policy of {arn}: {self._adds(statement)}{tried.besides}",
            document="identity policy",
            target=arn,
            new_document=document.to_dict(),
            command=line,
            risk=self._risk,
            proved=tried.proved,
        )

    @property
    def _risk(self) -> str:
        request = self.bench.request
        if self.layer != "resource_policy" or request.resource_account is None:
            return ""
        account = one(request, "aws:SourceAccount") if acts_alone(request) else request.principal_account
        if account in (None, request.resource_account):
            return ""
        return f"the account {account}, which does not own it, is let in"


def document_of(bench: Bench, layer: str) -> str:
    """What the policies of a layer are called."""
    named = bench.judged.policies.get(layer, ())
    if named:
        return named[0].document
    if layer != "resource_policy":
        return layer.replace("_", " ")
    if bench.request.action.startswith("kms:"):
        return "key policy"
    return "access point policy" if ":accesspoint/" in bench.request.resource else "bucket policy"


def _widening(reason: Reason, statement: Statement, request: AccessRequest) -> tuple[Patch, str]:
    """The patch, and in words by what the statement is widened."""
    if reason.mismatch == "resource" and not statement.not_resource:
        resource = literal(request.resource)
        return with_member(statement, "Resource", (resource,)), resource
    if reason.mismatch == "principal" and statement.principals and not statement.principals.negated:
        who = principal(request)
        if who is None or "Service" in who:
            return (), ""
        return with_principals(statement, "Principal", who), str(who["AWS"])
    if reason.mismatch == "condition":
        return _by_a_value(reason, statement, request)
    return (), ""


def _by_a_value(reason: Reason, statement: Statement, request: AccessRequest) -> tuple[Patch, str]:
    failing = [
        condition
        for condition, found in zip(statement.conditions, reason.conditions, strict=False)
        if found.holds is False
    ]
    if len(failing) != 1:
        return (), ""
    condition = failing[0]
    known, got = condition.known, one(request, condition.folded)
    if known is None or known.negated or condition.folded not in MAY_BE_TAKEN or condition.qualifier:
        return (), ""
    if any("${" in value for value in condition.values):
        return (), ""
    if not got or known.kind not in ("string", "arn") or set(got) & set("*?$"):
        return (), ""
    return with_values(condition, raw_values(statement, condition), got), f"{condition.key} {got}"
