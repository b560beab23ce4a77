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
from typing import TypeVar

from . import causes
from .denial import UNCERTAIN, Denial
from .evidence import Evidence
from .explanation import Candidate
from .facts import known
from .families import PROXY_PAGE
from .proof import WORDS, Proof, by_policy, layer_of, permission
from .remedies import remedies_for
from .report import Explanation
from .unsaid import unsaid

__all__ = ["Explanation", "explain"]

_Told = TypeVar("_Told", Denial, Candidate)
_BY = {
    "not_found": "nobody: there is no such thing",
    "archived": "S3: the object is archived",
    "region": "S3: it was asked in the wrong region",
    "clock": "the service: this clock and its own differ too much",
    "precondition": "S3: the condition of the request does not hold",
    "transport": "nobody: the connection broke",
    "credentials": "the service: it does not take these credentials",
    "signature": "the service: the signature does not hold",
    "presign": "S3: the presigned URL does not hold",
    "post_policy": "S3: the form does not keep to its policy",
    "acl": "S3: the bucket takes no such ACL",
    "kms_key_state": "KMS: the key is in no state for it",
    "kms_key_not_found": "KMS: there is no such key",
    "sse_c": "S3: the customer key (SSE-C)",
    "encryption_parameters": "S3: the encryption parameters",
    "policy_document": "S3: the policy document",
    "bucket_owner": "S3: the bucket belongs to another account than expected",
    "other": "the service, for no reason of access",
}
_CANDIDATES = 10
_NO_ERROR = "nothing in this text is an error of S3, KMS or STS that is known here"
_PROXY = "a proxy or gateway on the way: this page is none of S3's answers"
_NOT_SAID = "what the text does not say"
_PLAIN = {
    name: words.replace("VPC endpoint policy", "policy of the VPC endpoint") for name, words in WORDS.items()
}


def explain(evidence: Evidence) -> Explanation:
    """Who refused, by which statement and condition, how sure that is, and what would make it pass.

    Never raises because of what is in *evidence*; where little is known, it says less.
    """
    proof = _proof(evidence)
    denial, judged = _with_caller(proof.denial, evidence), proof.judged
    remedies = remedies_for(evidence, denial, judged, proof.reasons)
    return Explanation(
        denial=_as_said(denial, evidence),
        denied_by=proof.by,
        because=(*proof.because, *known(replace(evidence, denial=denial)), *_missing_key(evidence)),
        candidates=tuple(_as_said(each, evidence) for each in proof.candidates[:_CANDIDATES]),
        remedies=remedies,
        not_examined=tuple(_not_examined(evidence, proof)),
        gaps=evidence.gaps,
        notes=(*proof.notes, *_more(proof)),
        outcome=judged.decision.outcome if judged else None,
        request_id=evidence.request_id,
        host_id=evidence.host_id,
        fix=remedies[0].what if remedies else _fix(denial),
        retryable=causes.retryable(denial),
        documentation=causes.documentation(denial),
        where=_place(evidence),
        another=bool(_missing_key(evidence)),
    )


def _proof(evidence: Evidence) -> Proof:
    denial = evidence.denial
    if denial.cause == "opaque":
        return unsaid(evidence)
    layer = layer_of(denial)
    if layer is not None:
        return by_policy(evidence, layer)
    if denial.detail == PROXY_PAGE:
        return Proof(replace(denial, certainty=UNCERTAIN), _PROXY)
    if denial.detail == "none" and denial.cause == "credentials":
        return Proof(denial, "nobody signed the request: there were no credentials")
    if denial.cause == "other" and denial.certainty == UNCERTAIN:
        return Proof(denial, _NO_ERROR)
    return Proof(denial, _BY.get(denial.cause, causes.title(denial.cause)), permission(evidence))


def _with_caller(denial: Denial, evidence: Evidence) -> Denial:
    """The message need not name whom it refused: who asks is known from elsewhere."""
    arn = evidence.caller.arn if evidence.caller else None
    return replace(denial, principal=arn) if denial.principal is None and isinstance(arn, str) else denial


def _missing_key(evidence: Evidence) -> tuple[str, ...]:
    denial, sent = evidence.denial, evidence.sent
    if denial.action == "s3:ListBucket" and sent is not None and sent.key is not None:
        return (f"there is no object {sent.key}: S3 says so only to callers with s3:ListBucket",)
    return ()


def _as_said(told: _Told, evidence: Evidence) -> _Told:
    """Where only a text is known, what it does not say is no secret of AWS's."""
    if evidence.sent is not None or not told.conditions:
        return told
    return replace(told, conditions=tuple(replace(each, unknown=_NOT_SAID) for each in told.conditions))


def _more(proof: Proof) -> Iterator[str]:
    if len(proof.candidates) > _CANDIDATES:
        yield f"{len(proof.candidates) - _CANDIDATES} more statements are candidates"


def _fix(denial: Denial) -> str:
    """The catalogue's line; where that is to explain it, what was missing for it."""
    fix = causes.fix_for(denial)
    if "s3.explain(" not in fix:
        return fix
    return "give what could not be read, or explain it as somebody who may read policies"


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
