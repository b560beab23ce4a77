"""What a check found, as an explanation: who would refuse the call, and what would make it pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...denials import Denial
from ...denials.evidence import Evidence
from ..gaps import Spelling, joined, keyword
from .verdict import DENIED, Preflight

if TYPE_CHECKING:
    from ...denials.explain import Explanation

_NO_BUCKET = "specified bucket does not exist"
"""Source: Amazon S3 API Reference, "Error responses", NoSuchBucket."""


def foreseen(found: Preflight, spelled: Spelling = keyword) -> Explanation:
    """The refusal that *found* foresees, explained as one that S3 answered; for ``unknown``, what is open.

    Args:
        found: What a check says; one that allows has nothing to explain.
        spelled: How the arguments are written that would tell more.
    """
    from ...denials.explain import explain

    sent = found.sent[-1] if found.sent else None
    missing = any(_NO_BUCKET in gap.why for gap in found.gaps)
    gaps = () if missing else joined(found.gaps, spelled)
    denial = _missing(found) if missing else Denial("opaque", operation=found.operation)
    judged = () if missing else found.judged
    told = explain(Evidence(denial, sent=sent, caller=found.caller, judged=judged, gaps=gaps))
    if missing:
        return told
    notes = tuple(f"assumed: {each}" for each in found.assumed)
    if found.outcome == DENIED:
        return replace(told, notes=(*told.notes, *notes), not_examined=found.not_examined)
    # What the service does not say is no reason here: it was not asked.
    open_ = tuple(dict.fromkeys(each.because for each in found.deciding))
    because = tuple(dict.fromkeys(line for each in found.deciding for line in each.conditions))
    return replace(
        told,
        denied_by="; ".join(open_),
        because=because,
        notes=notes,
        not_examined=found.not_examined,
    )


def _missing(found: Preflight) -> Denial:
    bucket = found.sent[-1].bucket if found.sent else None
    return Denial(
        "not_found",
        message="The specified bucket does not exist",
        operation=found.operation,
        resource=f"arn:aws:s3:::{bucket}" if bucket else None,
        status=404,
        code="NoSuchBucket",
    )
