"""Why a request was refused, from everything that is known about it: a pure function.

1. What the service says is never contradicted: the kind of policy that it names is the one.
2. The policies that could be read are evaluated against the request as it was sent; the statement that denies
   it is thereby proved, not guessed.
3. Where the service says nothing, what decides is looked for in all of them and among the settings.
4. What is left open is told: candidates, layers not examined, what could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from . import causes
from .denial import Denial
from .evidence import Evidence
from .facts import known
from .proof import WORDS, Proof, by_policy, layer_of, permission
from .remedies import remedies_for
from .report import Explanation
from .unsaid import unsaid

__all__ = ["Explanation", "explain"]

_PLAIN = {
    name: words.replace("VPC endpoint policy", "policy of the VPC endpoint") for name, words in WORDS.items()
}


def explain(evidence: Evidence) -> Explanation:
    """Who refused, by which statement and condition, how sure that is, and what would make it pass.

    Never raises because of what is in *evidence*; where little is known, it says less.
    """
    proof = _proof(evidence)
    denial, judged = _with_caller(proof.denial, evidence), proof.judged
    return Explanation(
        denial=denial,
        denied_by=proof.by,
        because=(*proof.because, *known(replace(evidence, denial=denial)), *_missing_key(evidence)),
        candidates=proof.candidates,
        remedies=remedies_for(evidence, denial, judged, proof.reasons),
        not_examined=tuple(_not_examined(evidence, proof)),
        gaps=evidence.gaps,
        notes=proof.notes,
        outcome=judged.decision.outcome if judged else None,
        request_id=evidence.request_id,
        host_id=evidence.host_id,
        fix=causes.fix_for(denial),
        retryable=causes.retryable(denial),
        documentation=causes.documentation(denial),
        where=_place(evidence),
    )


def _proof(evidence: Evidence) -> Proof:
    denial = evidence.denial
    if denial.cause == "opaque":
        return unsaid(evidence)
    layer = layer_of(denial)
    if layer is not None:
        return by_policy(evidence, layer)
    return Proof(denial, causes.title(denial.cause), permission(evidence))


def _with_caller(denial: Denial, evidence: Evidence) -> Denial:
    """The message need not name whom it refused: who asks is known from elsewhere."""
    arn = evidence.caller.arn if evidence.caller else None
    return replace(denial, principal=arn) if denial.principal is None and isinstance(arn, str) else denial


def _missing_key(evidence: Evidence) -> Iterator[str]:
    denial, sent = evidence.denial, evidence.sent
    if denial.action == "s3:ListBucket" and sent is not None and sent.key is not None:
        yield f"there is no object {sent.key}: S3 says so only to callers with s3:ListBucket"


def _not_examined(evidence: Evidence, proof: Proof) -> Iterator[str]:
    judged = proof.judged
    if judged is None or not (evidence.denial.cause == "opaque" or layer_of(proof.denial)):
        return
    unread = {*judged.decision.not_examined, *judged.unread}
    for layer, words in _PLAIN.items():
        if layer in unread:
            yield words


def _place(evidence: Evidence) -> str:
    sent = evidence.sent
    return f"s3://{sent.bucket}/{sent.key or ''}" if sent is not None and sent.bucket else ""
