"""The page on other auditors: how often each is right, and every difference with what requests say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.jobs.pages import filled

from .auditors import QUESTIONS
from .cases import Case

PAGE = Path(__file__).resolve().parents[3] / "docs" / "peers.md"
WHO = ("ours", "prowler", "checkov")
_CHECKS = {question.id: question for question in QUESTIONS}
_NAMES = {"ours": "secure_s3:", "prowler": "prowler", "checkov": "checkov"}
_SAID = {True: "good", False: "bad", None: ""}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One question about one bucket: what is right and why, and what each auditor says."""

    case: str
    question: str
    right: bool
    why: str
    ours: bool | None
    prowler: bool | None
    checkov: bool | None

    @property
    def differs(self) -> bool:
        """Whether somebody says something else than the requests."""
        return any(getattr(self, who) not in (None, self.right) for who in WHO)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Who."""
        return tuple(who for who in WHO if getattr(self, who) not in (None, self.right))


_ACLS = "does not see that IgnorePublicAcls takes the ACL's effect"
WHY: Mapping[tuple[str, str], str] = {
    ("transport", "prowler"): (
        "looks for one shape: a Deny of `*`, `s3:*` or `s3:PutObject` with Bool aws:SecureTransport false. "
        "Of what, and under which further conditions, is not looked at; other operators that say the same "
        "are not known."
    ),
    ("transport", "checkov"): (
        "asks this of the ACL's resource, and lets all canned ACLs but the two public ones pass."
    ),
    ("public", "prowler"): (
        "goes by the words of policy and ACL: an Allow for every ARN is taken for a restriction, a Deny that "
        "takes an Allow back is not seen, and the one switch that ignores ACLs is not enough."
    ),
    ("wildcard", "checkov"): (
        "goes by the star in Principal: an Allow for one network counts as open, as does what a Deny takes "
        "back, and a condition on every ARN as closed."
    ),
    ("acl-public", "prowler"): (
        f"{_ACLS}, and asks who may write by ACL only of buckets that have some Block Public Access."
    ),
    ("acl-public", "checkov"): f"{_ACLS}.",
    ("accounts", "prowler"): (
        "goes by the Principal in the policy: stars that Block Public Access or a condition cuts off count, "
        "networks and organizations do not, and ACLs are not looked at."
    ),
}
"""By question and auditor: why it says something else than the requests do."""


def write(rows: list[Row], cases: Iterable[Case]) -> None:
    """Put the tables into the page."""
    about = {case.name: case.about for case in cases}
    parts = {"agreement": lambda: _agreement(rows), "differences": lambda: _differences(rows, about)}
    PAGE.write_text(filled(PAGE.read_text("utf-8"), parts), "utf-8")


def _agreement(rows: list[Row]) -> Iterator[str]:
    yield "| question | buckets | secure_s3 right | prowler right | checkov right |\n|---|---|---|---|---|"
    for question in QUESTIONS:
        asked = [row for row in rows if row.question == question.id]
        cells = [_share(asked, who) for who in WHO]
        yield f"| {question.asks} | {len(asked)} | {' | '.join(cells)} |"
    yield f"| **all** | {len(rows)} | {' | '.join(_share(rows, who) for who in WHO)} |"


def _share(rows: list[Row], who: str) -> str:
    said = [row for row in rows if getattr(row, who) is not None]
    if not said:
        return "does not ask"
    right = sum(getattr(row, who) == row.right for row in said)
    return f"{right} of {len(said)}"


def _differences(rows: list[Row], about: Mapping[str, str]) -> Iterator[str]:
    for question in QUESTIONS:
        different = [row for row in rows if row.question == question.id and row.differs]
        if not different:
            continue
        yield f"\n### {question.asks[0].upper()}{question.asks[1:]}\n"
        for who in WHO:
            if any(who in row.wrong for row in different):
                yield f"- {_NAMES[who]} {WHY[question.id, who]}"
        yield "\n| bucket | requests say | secure_s3 | prowler | checkov |\n|---|---|---|---|---|"
        for row in different:
            right = f"{_SAID[row.right]}: {row.why}"
            said = " | ".join(_marked(row, who) for who in WHO)
            yield f"| {about[row.case]} (`{row.case}`) | {right} | {said} |"


def _marked(row: Row, who: str) -> str:
    said = _SAID[getattr(row, who)]
    return f"**{said}**" if who in row.wrong else said
