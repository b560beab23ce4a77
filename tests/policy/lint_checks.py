"""What the tests of the lint rules have in common: policies, and what a fault and its mending must show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from secure_s3.policy import AccessRequest, Policy
from secure_s3.policy.linter import kind_of, lint
from secure_s3.policy.patches import apply
from secure_s3.policy.rules import grammar, names, operands, principals, resources, values, variables
from secure_s3.policy.rules.rule import Subject
from secure_s3.policy.witnesses import bucket_arn, put, witness
from secure_s3.values import Finding

BUCKET = "amzn-s3-demo-bucket"
B = f"arn:aws:s3:::{BUCKET}"
O = f"{B}/*"  # noqa: E741 - objects, beside B for the bucket
ROLE = "arn:aws:iam::111122223333:role/App"
OURS = frozenset(
    rule.id
    for module in (grammar, names, operands, principals, resources, values, variables)
    for rule in module.RULES
)
"""The rules under test here; what others have to say of the same policies is tested with them."""

PUT = put(BUCKET)
GET = witness("s3:GetObject", bucket_arn(BUCKET, "key"))
LIST = witness("s3:ListBucket", bucket_arn(BUCKET))


def statement(effect: str, action: Any, resource: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    """A statement of a bucket policy; its principal is everybody for Deny, a role for Allow."""
    principal: Any = "*" if effect == "Deny" else {"AWS": ROLE}
    made = {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition is not None else {}),
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def deny(action: Any, resource: Any = O, condition: Any = None, **more: Any) -> dict[str, Any]:
    """A Deny for everybody."""
    return statement("Deny", action, resource, condition, **more)


def allow(action: Any, resource: Any = O, condition: Any = None, **more: Any) -> dict[str, Any]:
    """An Allow for one role."""
    return statement("Allow", action, resource, condition, **more)


def policy(*statements: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A policy document of the current version."""
    return {"Version": "2012-10-17", **top, "Statement": list(statements)}


def ours(document: Any, **arguments: Any) -> list[Finding]:
    """What the rules under test say of a policy."""
    return [each for each in lint(Policy.parse(document), **arguments) if each.rule in OURS]


def only(document: Any, rule: str, **arguments: Any) -> Finding:
    """The one finding of a rule."""
    (found,) = (each for each in ours(document, **arguments) if each.rule == rule)
    return found


@dataclass(frozen=True)
class Fault:
    """A faulty policy: which rule must find it, where, and what its patch must change.

    Args:
        rule, pointer: What is expected.
        document: The policy.
        request: A request that the fault decides; ``before`` and ``after`` are its outcomes.
        after: None if the rule has no patch for this.
        kind: Of the policy, where it does not show.
    """

    rule: str
    pointer: str
    document: dict[str, Any]
    request: AccessRequest | None = None
    before: str = ""
    after: str | None = None
    kind: str | None = None

    def __str__(self) -> str:
        return f"{self.rule} {self.pointer}"

    def check(self) -> None:
        """The rule finds it there; its patch mends it, adds no other fault, and changes the outcome."""
        read = Policy.parse(self.document)
        found = [each for each in ours(self.document, kind=self.kind) if each.rule == self.rule]
        assert self.pointer in [each.pointer for each in found], ours(self.document, kind=self.kind)
        finding = next(each for each in found if each.pointer == self.pointer)
        assert finding.message
        assert finding.fix
        assert finding.refs
        kind = self.kind or kind_of(read)
        if self.request is not None:
            assert Subject(read, kind, BUCKET).outcome(self.request) == self.before
        assert bool(finding.patch) == (self.after is not None), finding
        if self.after is None:
            return
        mended = apply(read, finding.patch)
        assert not any(
            each.rule == self.rule and each.message == finding.message
            for each in lint(mended, kind=self.kind)
        )
        before = {each.rule for each in ours(self.document, kind=self.kind)}
        assert {each.rule for each in lint(mended, kind=self.kind) if each.rule in OURS} <= before
        if self.request is not None:
            assert Subject(mended, kind, BUCKET).outcome(self.request) == self.after
