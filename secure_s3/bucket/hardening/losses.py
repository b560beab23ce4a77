"""Keys and callers whose uploads a policy lets through now, and with more statements would not. Pure.

Every Deny suggests some: keys that its resources name, callers that it names or leaves out. For each of them,
uploads under every encryption are tried, and other circumstances searched for where a Deny depends on them.
The caller's own policies are taken to allow everything. Services, and patterns of keys with variables in
them, are not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product, zip_longest

from ...errors import PolicyError
from ...policy.document import Policy
from ...policy.evaluator import outcome_of
from ...policy.principals import Requester
from ...policy.request import AccessRequest
from ...policy.rules.circumstances import SERVICE_KEYS, filled
from ...policy.rules.rule import BUCKET
from ...policy.rules.rule import Subject as Judged
from ...policy.rules.walks import searched
from ...policy.statement import Statement
from ...policy.statements.encryption import SSE, SSE_C, SSE_KEY
from ..audit.check import Subject
from ..audit.requests import ALL
from .contradictions import headers_of, upload, variants

_MOST = 100
"""So many pairs of a key and a caller are tried; no policy has as many Denies."""
_THROUGH = ("allowed", "unknown")
_PEOPLE = ("session", "user", "role", "root", "federated-user")
_WHO = ("arn", "account", "type", "isawsservice", "orgid", "orgpaths")
_FIXED = frozenset(
    {
        *(each.lower() for each in (SSE, SSE_KEY, SSE_C)),
        *(f"aws:principal{each}" for each in _WHO),
        *("aws:userid", "aws:username", "aws:viaawsservice", "s3:objectcreationoperation"),
        *SERVICE_KEYS,
    }
)
"""What a search leaves as it is: the encryption, the caller, and that an object is made."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What could not be uploaded any more.

    Args:
        key: Of an object.
        caller: Whose upload; empty for anybody's.
        statement: The name of the Deny that is there, and lets nothing through beside the new ones.
    """

    key: str
    caller: str
    statement: str


def lost(subject: Subject, existing: Policy, added: Collection[Statement]) -> Loss | None:
    """The first key and caller with an upload that *existing* allows, and none once *added* is in it."""
    after = existing.with_statements([*existing.statements, *added])
    now, then = (Judged(each, BUCKET, subject.snapshot.bucket) for each in (existing, after))
    wanted = [headers_of(each) for each in subject.profile.encryptions]
    kinds = [*wanted, *(each for each in variants(existing) if each not in wanted)]
    for key, caller in _spots(subject, now.denies):
        uploads = [upload(subject, headers, key, caller) for headers in kinds]
        passing = next(filter(None, (_passing(now, each) for each in uploads)), None)
        if passing and not any(_passing(then, each) for each in uploads):
            alike = [_encrypted(passing, each) for each in wanted]
            return Loss(key, caller or "", _name(now, [*alike, *uploads]))
    return None


def _passing(judged: Judged, asked: AccessRequest) -> AccessRequest | None:
    """The upload if it is allowed, or may be; else one like it that is, under other circumstances."""
    said = outcome_of(asked, judged.policy, (ALL,))[0]
    if said != "explicitly_denied":
        return asked if said in _THROUGH else None
    found, _ = searched(judged, asked, (), judged.denies, _FIXED)
    return found if found and outcome_of(found, judged.policy, (ALL,))[0] in _THROUGH else None


def _encrypted(asked: AccessRequest, headers: Mapping[str, str]) -> AccessRequest:
    """The same upload with these headers of encryption and no others."""
    kept = {name: value for name, value in asked.context.items() if name not in (SSE, SSE_KEY, SSE_C)}
    return replace(asked, context={**kept, **headers})


def _spots(subject: Subject, denies: Iterable[Statement]) -> Iterable[tuple[str, str | None]]:
    """Keys with callers that the Denies suggest, one of each Deny before a second; None: the usual caller."""
    suggested = [product(_keys(each), _callers(subject, each)) for each in denies]
    in_turn = (pair for pairs in zip_longest(*suggested) for pair in pairs if pair is not None)
    return islice(dict.fromkeys(in_turn), _MOST)


def _keys(statement: Statement) -> list[str]:
    named = (text.partition("/")[2] for text in statement.resources or ())
    fitting = (filled(each, fill) for each in named if each not in ("", "*") for fill in ("object", "zq7"))
    return [*dict.fromkeys(fitting), "object"]


def _callers(subject: Subject, statement: Statement) -> list[str | None]:
    """Whom its principals name, or its conditions; and the usual caller."""
    account = subject.told("account") or "*"
    values = [each.values for each in statement.conditions if each.folded == "aws:principalarn"]
    alike = (filled(text.replace("::*:", f"::{account}:"), "somebody") for each in values for text in each)
    who = statement.principals
    named = [text for text in dict.fromkeys((*(who.aws if who else ()), *alike)) if _calls(text)]
    about_them = bool(named) and who is not None and not (who.everyone or who.negated)
    return [*named] if about_them else [None, *named]


def _calls(text: str) -> bool:
    try:
        return text != "*" and Requester.parse(text).kind in _PEOPLE
    except PolicyError:
        return False


def _name(now: Judged, uploads: Iterable[AccessRequest]) -> str:
    """The Deny that is there and stops what the profile allows; failing that, another upload."""
    return next(each.name for asked in uploads for each in now.denies if now.applies(each, asked))
