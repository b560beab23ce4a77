"""Who refused, as far as it can be told: the service's word, what the policies say, what else is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..policy.decision import DENIES, DOES_NOT_ALLOW, MAY_ALLOW, Decision, Reason
from .denial import INFERRED, PROVED, STATED, UNCERTAIN, Denial
from .evidence import Evidence, Judged
from .explanation import Candidate
from .suspects import (
    DOES_NOT_DENY,
    LAYERS,
    Suspect,
    denying,
    judged_as,
    nearly_allowing,
    nearly_denying,
    of_whom,
)

WORDS = {
    "identity_policy": "identity-based policy",
    "resource_policy": "resource-based policy",
    "service_control_policy": "service control policy",
    "resource_control_policy": "resource control policy",
    "permissions_boundary": "permissions boundary",
    "session_policy": "session policy",
    "endpoint_policy": "VPC endpoint policy",
}
_CAUSES = {layer: cause for cause, layer in LAYERS.items() if cause != "trust_policy"}
_ORDER = ("explicitly_denied", "implicitly_denied", "unknown", "allowed")
_OPEN = _ORDER.index("unknown")
_VAGUE = {
    "kms_access": "the key's policy or the caller's, or there is no such key in this region",
    "trust_policy": "the role's trust policy, or the caller's own policies",
}
"""By cause, where the message leaves the kind of policy open."""
_NOT_READ = "the policy that the service names is not among those that were read"
_CHANGED = "the policies as they are now would not refuse it: they may have changed since"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found out.

    Args:
        denial: The service's, with what was found: statement, conditions, certainty, the cause.
        by: Who refused, in words.
        judged: The permission that was refused.
        suspects: The statements that refuse it, may refuse it, or nearly allow it; the likeliest first.
        candidates: What else may have refused it.
        because, notes: Further lines.
        elsewhere: It is a policy that was not read; those that were are not to be changed for it.
    """

    denial: Denial
    by: str
    judged: Judged | None = None
    suspects: tuple[Suspect, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of the statements, else of the decision."""
        if self.elsewhere:
            return ()
        found = tuple(suspect.reason for suspect in self.suspects)
        return found or (self.judged.decision.reasons if self.judged else ())


def layer_of(denial: Denial) -> str | None:
    """The layer of policies that a denial is from."""
    if denial.cause == "kms_access":
        return denial.layer or "resource_policy"
    return LAYERS.get(denial.cause)


def permission(evidence: Evidence) -> Judged | None:
    """The permission that was refused: the one the message names, else the one that is judged worst."""
    action = (evidence.denial.action or "").lower()
    if not action:
        return min(evidence.judged, key=_worst, default=None)
    named = [each for each in evidence.judged if each.request.action.lower() == action]
    if not named and evidence.judged and not action.startswith(("kms:", "sts:")):
        first = evidence.judged[0]
        if not first.request.action.startswith("kms:"):
            return judged_as(first, evidence.denial.action or "", evidence.denial.resource)
    exact = [each for each in named if each.request.resource == evidence.denial.resource]
    # Of an access point the message names the point, also where the policy of the bucket behind it denies.
    certain = [each for each in (*exact, *named) if _worst(each) < _OPEN]
    return min(certain or exact or named, key=lambda each: (each not in exact, _worst(each)), default=None)


def by_policy(evidence: Evidence, layer: str) -> Proof:
    """A denial of which the service says what kind of policy it comes from."""
    denial, judged = evidence.denial, permission(evidence)
    if denial.layer is None and denial.cause in _VAGUE:
        denial = replace(denial, certainty=UNCERTAIN)
    if judged is None:
        return Proof(denial, by_words(denial, layer, None))
    if denial.explicit is not False:
        suspects = denying(judged, layer)
        if suspects:
            return _denied(denial, judged, layer, suspects)
    if denial.explicit:
        notes = () if layer in judged.unread or not _read(judged, layer) else (_none_denies(judged, layer),)
        near = tuple(_candidate(each, denial.cause) for each in nearly_denying(judged, layer) if notes)
        return Proof(denial, by_words(denial, layer, judged), judged, (), near, notes=notes)
    return _not_allowed(denial, judged, layer)


def of_decision(evidence: Evidence, judged: Judged) -> Proof:
    """A denial of which the service says nothing, and the policies say that they refuse it."""
    denial, decision = evidence.denial, judged.decision
    layer = _layer_of(decision)
    told = replace(
        denial,
        cause=_cause(judged, layer),
        explicit=decision.outcome == "explicitly_denied",
        action=denial.action or judged.request.action,
        resource=denial.resource or judged.request.resource,
        certainty=PROVED if decision.outcome == "explicitly_denied" else INFERRED,
    )
    if decision.outcome == "explicitly_denied":
        return _denied(told, judged, layer, denying(judged, layer))
    return _not_allowed(told, judged, layer)


def by_words(denial: Denial, layer: str, judged: Judged | None) -> str:
    """Who refused, where no statement is known."""
    if denial.certainty == UNCERTAIN and denial.layer is None and denial.cause in _VAGUE:
        return _VAGUE[denial.cause]
    named = judged.policies.get(layer, ()) if judged else ()
    if len(named) == 1 and denial.explicit is not False:
        return of_whom(named[0])
    kind = WORDS[layer]
    if denial.cause in ("bucket_policy", "trust_policy"):
        kind = "role trust policy" if denial.cause == "trust_policy" else "bucket policy"
    if denial.cause == "kms_access" and layer == "resource_policy":
        kind = "key policy"
    where = f" ({denial.policy_arn})" if denial.policy_arn else ""
    if denial.explicit is False and not denial.policy_arn:
        return f"no {kind} allows it"
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind}{where}"


def _denied(denial: Denial, judged: Judged, layer: str, suspects: list[Suspect]) -> Proof:
    if _of_another(denial, suspects):
        others = tuple(_candidate(each, denial.cause) for each in suspects)
        by, notes = by_words(denial, layer, None), (_NOT_READ,)
        return Proof(denial, by, judged, (), others, notes=notes, elsewhere=True)
    suspects = [each for each in suspects if each.named.target == denial.policy_arn] or suspects
    first = suspects[0]
    alone = len(suspects) == 1 and layer not in judged.unread
    certainty = PROVED if first.certain else INFERRED if alone and denial.explicit else UNCERTAIN
    if denial.policy_arn and first.named.target != denial.policy_arn:
        certainty = INFERRED if certainty == PROVED else certainty  # it was given without its name
    others = tuple(_candidate(each, denial.cause) for each in suspects[1:])
    if certainty == UNCERTAIN:
        others = tuple(_candidate(each, denial.cause) for each in suspects)
        kept = replace(denial, certainty=UNCERTAIN)
        return Proof(kept, by_words(denial, layer, judged), judged, tuple(suspects), others)
    told = replace(denial, statement=first.name, conditions=first.conditions, certainty=certainty)
    if told.policy_arn is None and first.named.target.startswith("arn:") and layer == "identity_policy":
        told = replace(told, policy_arn=first.named.target if ":policy/" in first.named.target else None)
    certain = tuple(each for each in suspects if each.certain) or (first,)
    always = () if first.statement.conditions else (f"{first.name} denies it without a condition",)
    return Proof(told, first.words, judged, certain, others, because=always)


def _of_another(denial: Denial, suspects: Sequence[Suspect]) -> bool:
    """The service names a policy, and all of these stand in others."""
    named = denial.policy_arn
    return bool(named) and all(each.named.target not in (named, "") for each in suspects)


def _not_allowed(denial: Denial, judged: Judged, layer: str) -> Proof:
    """Nothing allows it: the statements that come close."""
    outcome = judged.decision.outcome
    layers = (layer,) if layer not in ("identity_policy", "resource_policy") else _both(layer)
    named = denial.policy_arn
    near = [each for each in nearly_allowing(judged, layers) if not named or each.named.target in (named, "")]
    told = denial
    if outcome == "implicitly_denied":
        told = replace(denial, certainty=PROVED if denial.layer or denial.certainty == STATED else INFERRED)
    if near:
        told = replace(told, statement=near[0].name, conditions=near[0].conditions)
        if not near[0].certain:  # it did not allow: what only AWS knows was against it
            told = replace(told, certainty=INFERRED)
    notes = (_CHANGED,) if outcome == "allowed" else ()
    others = tuple(_candidate(each, denial.cause) for each in near[1:])
    by = by_words(denial, layer, judged)
    if near:
        by = f"{by}; {near[0].words} nearly does"
    apart = tuple(filter(None, (each.apart(judged.request) for each in near[:1])))
    return Proof(told, by, judged, tuple(near[:1]), others, because=apart, notes=notes)


def _both(layer: str) -> tuple[str, ...]:
    return (layer, *(each for each in ("identity_policy", "resource_policy") if each != layer))


def _candidate(suspect: Suspect, cause: str) -> Candidate:
    close = "it comes close to allowing it"
    why = {DENIES: "it denies this as well", DOES_NOT_ALLOW: close, MAY_ALLOW: close}.get(
        suspect.reason.role, "it denies this if its open conditions hold"
    )
    if suspect.reason.role == DOES_NOT_DENY:
        why = "it would deny this if S3 saw another value than this client sent"
    if suspect.reason.mismatch in ("principal", "resource"):
        why += f": its {suspect.reason.mismatch} is another"
    return Candidate(suspect.words, cause, suspect.name, suspect.conditions, why)


def _none_denies(judged: Judged, layer: str) -> str:
    if layer == "resource_policy" and not judged.request.action.startswith("kms:"):
        return (
            "no statement of the bucket policy as read now denies it: RestrictPublicBuckets of S3 Block "
            "Public Access reads the same, so does an access point's policy; or the policy has changed "
            "since, or S3 saw other values than this client, e.g. behind a proxy"
        )
    return f"no statement of the {WORDS[layer]} as read now denies it: it may have changed since"


def _read(judged: Judged, layer: str) -> bool:
    return bool(judged.policies.get(layer)) or layer == "resource_policy"


def _worst(judged: Judged) -> int:
    # A permission that may not be needed at all refuses nothing for certain.
    return _ORDER.index(judged.decision.outcome) + (len(_ORDER) if judged.when else 0)


def _layer_of(decision: Decision) -> str:
    found = (each.layer for each in decision.reasons if each.role in (DENIES, DOES_NOT_ALLOW))
    lacking = list(dict.fromkeys(found))
    # Where identity and resource policy both do not allow, either would do; AWS names the first.
    return "identity_policy" if "identity_policy" in lacking else lacking[0] if lacking else "resource_policy"


def _cause(judged: Judged, layer: str) -> str:
    action = judged.request.action
    if action.startswith("kms:") and layer in ("resource_policy", "identity_policy"):
        return "kms_access"
    return "trust_policy" if action.startswith("sts:") and layer == "resource_policy" else _CAUSES[layer]


def all_read(judged: Sequence[Judged]) -> bool:
    """Whether every policy that was looked for could be read."""
    return bool(judged) and not any(each.unread for each in judged)
