"""Every rule whose findings there are, explained: those of ``lint``, and the one of ``lockout``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import PolicyError
from ..values import Severity
from .linter import RULES
from .rules.rule import BUCKET, Hit, Rule, Subject
from .spelling import nearest

__all__ = ["LOCK_OUT", "RULEBOOK", "rule_named", "explain", "as_dict"]


def _asked_of_lockout(subject: Subject) -> Iterator[Hit]:
    """Nothing: it takes an administrator to say whether somebody is locked out."""
    yield from ()


LOCK_OUT = Rule(
    id="lock-out",
    severity=Severity.CRITICAL,
    title="the administrator could not take the policy back",
    explanation="A bucket policy binds those who administer the bucket as well. Under this one the principal "
    "that was asked about could neither replace nor delete it. Where that depends on what only the server "
    "knows, the finding is of medium severity. The root user of the bucket's account always can.",
    fix="exempt the principal by ArnNotLike aws:PrincipalArn",
    check=_asked_of_lockout,
    kinds=(BUCKET,),
    refs=("Amazon S3 API Reference, PutBucketPolicy", "checkov:CKV_AWS_93"),
)
"""Found by ``lockout`` alone, which is told whom to ask about."""

RULEBOOK: tuple[Rule, ...] = (*RULES, LOCK_OUT)
_BY_ID = {each.id: each for each in RULEBOOK}


def rule_named(id: str) -> Rule:
    """The rule of that id; PolicyError with the nearest id if there is none."""
    found = _BY_ID.get(id) if isinstance(id, str) else None
    if found is None:
        near = nearest(id, _BY_ID) if isinstance(id, str) else None
        fix = f"did you mean {near!r}?" if near else "RULEBOOK lists all of them"
        raise PolicyError(f"there is no lint rule {id!r}", fix=fix)
    return found


def explain(id: str) -> str:
    """What a rule is about in a few lines: what is wrong, what happens, the right form, and its sources.

    Raises:
        PolicyError: There is no rule of that id.
    """
    each = rule_named(id)
    refs = f"  see: {', '.join(each.refs)}" if each.refs else ""
    lines = [f"{each.id} ({each.severity.value}): {each.title}", f"  {each.explanation}"]
    return "\n".join(line for line in (*lines, f"  fix: {each.fix}" if each.fix else "", refs) if line)


def as_dict(each: Rule) -> dict[str, Any]:
    """A rule as plain values, for JSON; no ``kinds`` means all kinds of policies."""
    return {
        "id": each.id,
        "severity": each.severity.value,
        "title": each.title,
        "explanation": each.explanation,
        "fix": each.fix,
        "kinds": list(each.kinds),
        "refs": list(each.refs),
    }
