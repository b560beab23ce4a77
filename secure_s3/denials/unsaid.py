"""Refusals of which the service says nothing: what else is known decides, or leaves candidates.

Sources: Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3"; Amazon S3 API
Reference, HeadObject and GetObject, "Permissions".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .denial import INFERRED, PROVED, UNCERTAIN, Denial
from .evidence import Evidence, Judged, Settings
from .explanation import Candidate
from .proof import Proof, all_read, of_decision
from .suspects import denying

_OWNER = "x-amz-expected-bucket-owner"
_PAYER = "x-amz-request-payer"
_SSE_C = "x-amz-server-side-encryption-customer-algorithm"
_READS = ("GetObject", "HeadObject", "GetObjectAttributes", "CopyObject", "UploadPartCopy")
_HEADS = ("HeadObject", "HeadBucket")
_LAYERS = ("resource_policy", "identity_policy", "permissions_boundary", "session_policy")


def unsaid(evidence: Evidence) -> Proof:
    """A denial without a reason: proved by what is known, else told with its candidates."""
    denial = evidence.denial
    if (denial.status or 403) == 400:
        return _bad_request(evidence)
    if owner := _other_owner(evidence):
        told = replace(denial, cause="bucket_owner", certainty=owner[1])
        return Proof(told, "the expected owner is not the bucket's", because=(owner[0],))
    candidates = tuple(_special(evidence))
    refused = [each for each in evidence.judged if not each.when]
    for outcome in ("explicitly_denied", "implicitly_denied"):
        judged = next((each for each in refused if each.decision.outcome == outcome), None)
        if judged is not None:
            found = of_decision(evidence, judged)
            return replace(found, candidates=(*found.candidates, *candidates))
    return Proof(
        replace(denial, certainty=UNCERTAIN),
        "nothing says who",
        candidates=(*_possible(evidence), *candidates, *_unread(evidence)),
        notes=_why_silent(evidence),
    )


def _other_owner(evidence: Evidence) -> tuple[str, str] | None:
    """The header that says whose the bucket has to be, where it is another's; and how sure that is."""
    expected = evidence.sent.header(_OWNER) if evidence.sent else None
    owner = evidence.settings.owner
    if expected is None or expected == owner:
        return None
    if owner is not None:
        return f"ExpectedBucketOwner is {expected}, and the bucket belongs to {owner}", PROVED
    denies = any(each.decision.outcome != "allowed" for each in evidence.judged)
    if all_read(evidence.judged) and not denies:
        return f"ExpectedBucketOwner is {expected}, and no policy refuses the request", INFERRED
    return None


def _special(evidence: Evidence) -> Iterator[Candidate]:
    settings, sent = evidence.settings, evidence.sent
    operation = evidence.denial.operation or (sent.operation if sent else "")
    if operation in _READS and settings.object_exists is False:
        yield Candidate(
            "there is no such object",
            "not_found",
            why="S3 tells so only to callers with s3:ListBucket; to others it answers 403",
        )
    if sent is not None and operation in _READS and sent.header(_SSE_C):
        yield Candidate(
            "the object is stored under another customer key",
            "sse_c",
            why="a wrong SSE-C key is answered with 403, and it is no policy denial",
        )
    if settings.requester_pays and (sent is None or sent.header(_PAYER) is None):
        yield Candidate("the bucket's requester pays", "other", why="the call does not say RequestPayer")
    if _restricted(settings) and _may_have_policy(evidence):
        why = "a bucket with a public policy answers only its own account and AWS services"
        yield Candidate("RestrictPublicBuckets of S3 Block Public Access", "block_public_access", why=why)
    for arn, key in settings.keys.items():
        if key.get("KeyState") not in (None, "Enabled"):
            yield Candidate(f"KMS key {arn} is {key['KeyState']}", "kms_key_state")
    if sent is not None and sent.header(_OWNER) and settings.owner is None:
        yield Candidate(
            f"the bucket may belong to another account than {sent.header(_OWNER)}",
            "bucket_owner",
            why="a mismatch of ExpectedBucketOwner is answered without a reason",
        )


def _may_have_policy(evidence: Evidence) -> bool:
    """Of a bucket without one, nothing public is restricted."""
    known = [each for each in evidence.judged if not each.request.action.startswith("kms:")]
    return not known or any(
        each.policies.get("resource_policy") or "resource_policy" in each.unread for each in known
    )


def _restricted(settings: Settings) -> bool:
    blocks = (settings.public_access_block, settings.account_public_access_block)
    return any(block and block.get("RestrictPublicBuckets") for block in blocks)


def _possible(evidence: Evidence) -> Iterator[Candidate]:
    """Statements that deny it if what only AWS knows is so, and permissions that nobody is known to give."""
    for judged in evidence.judged:
        for layer in _LAYERS:
            for suspect in denying(judged, layer):
                why = "it denies this if its open conditions hold"
                yield Candidate(suspect.words, _cause(judged, layer), suspect.name, suspect.conditions, why)
        if judged.when and judged.decision.outcome in ("explicitly_denied", "implicitly_denied"):
            request, layer = judged.request, "resource_policy"
            why = f"it is refused, and needed if {judged.when}"
            yield Candidate(f"{request.action} on {request.resource}", _cause(judged, layer), why=why)


def _unread(evidence: Evidence) -> Iterator[Candidate]:
    for judged in evidence.judged:
        for layer in judged.unread:
            words = layer.replace("_", " ")
            if layer == "resource_policy":
                words = "key policy" if judged.request.action.startswith("kms:") else "bucket policy"
            yield Candidate(
                f"{words} for {judged.request.action}", _cause(judged, layer), why="it was not read"
            )


def _cause(judged: Judged, layer: str) -> str:
    if judged.request.action.startswith("kms:"):
        return "kms_access"
    return "bucket_policy" if layer == "resource_policy" else layer


def _why_silent(evidence: Evidence) -> tuple[str, ...]:
    operation = evidence.denial.operation or (evidence.sent.operation if evidence.sent else "")
    if operation in _HEADS and not evidence.retried:
        return ("the answer to HEAD carries no message: explain(…, probe=True) asks with a GET of one byte",)
    return (
        "S3 gives no reason to callers outside the owner's account and organization, to anonymous callers, "
        "for directory buckets, and for some settings",
    )


def _bad_request(evidence: Evidence) -> Proof:
    """400 to a HEAD: parameters of SSE-C, a wrong region, a token that has ended."""
    denial: Denial = replace(evidence.denial, certainty=UNCERTAIN)
    sent = evidence.sent
    candidates = [
        Candidate("the object is stored under a customer key", "sse_c", why="the call brings none")
        if sent is None or sent.header(_SSE_C) is None
        else Candidate("the object is not stored under a customer key", "sse_c", why="the call brings one"),
        Candidate("the bucket is in another region", "region"),
    ]
    if sent is None or sent.temporary:
        candidates.append(Candidate("the session token has ended", "credentials"))
    return Proof(denial, "nothing says why", candidates=tuple(candidates), notes=_why_silent(evidence))
