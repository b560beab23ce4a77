"""The parts of the page that tell of findings and of checks. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from ...values import Finding, Severity
from ..audit.check import Check, Outcome, Verdict
from ..audit.nouns import sentence
from ..audit.telling import FEW, by_reason, permissions_missing, place_of
from .layers import WORDS, Layer, State
from .markup import Child, Markup, element
from .picture import icon

SEVERITY_STATES = {
    Severity.CRITICAL: State.BROKEN,
    Severity.HIGH: State.BROKEN,
    Severity.MEDIUM: State.WARNED,
    Severity.LOW: State.WARNED,
    Severity.INFO: State.NOTED,
}
_OUTCOME_STATES = {
    Outcome.PASSED: State.SOUND,
    Outcome.UNKNOWN: State.UNKNOWN,
    Outcome.NOT_APPLICABLE: State.UNKNOWN,
}
_OUTCOME_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "not examined",
    Outcome.NOT_APPLICABLE: "does not apply",
}
_MILD = {True: "not asked for", False: "with advice"}
"""What is called failed elsewhere, where all that was found is info; True if it is merely recommended."""


def severity_chip(severity: Severity, count: int | None = None) -> Markup:
    """``2 high``, with the icon."""
    state = SEVERITY_STATES[severity]
    said = severity.value.capitalize() if count is None else f"{count} {severity.value}"
    return element("span", icon(state, size=16), said, class_=f"chip {state.value}")


def finding_card(finding: Finding, check: Check, layer: Layer, id: str, *, heading: str = "h4") -> Markup:
    """One finding: what is wrong, what shows it, what to do; more unfolds."""
    kind = [severity_chip(finding.severity), element("span", layer.name, class_="chip plain")]
    if check.hardened:
        kind.append(element("span", "harden mends it", class_="chip sound"))
    return element(
        "article",
        element("div", kind, class_="kind"),
        element(heading, prose(finding.message)),
        element("p", "Wanted: ", prose(check.title), class_="soft"),
        _body(finding, check),
        class_=f"card finding {SEVERITY_STATES[finding.severity].value}",
        id=id,
    )


def advice_card(finding: Finding, check: Check, layer: Layer, id: str) -> Markup:
    """The same for what is merely good to have: folded."""
    summary = element(
        "summary",
        icon(State.NOTED, size=18),
        element("span", prose(finding.message)),
        element("span", layer.name, class_="chip plain"),
    )
    return element("details", summary, _body(finding, check), class_="card", id=id)


def _body(finding: Finding, check: Check) -> list[Markup]:
    where = place_of(finding)
    parts = [
        element("p", element("span", "In the bucket policy: ", class_="label"), where) if where else None,
        _evidence(finding.evidence[:FEW]),
        _folded(finding.evidence[FEW:]),
        element("p", element("span", "Fix: ", class_="label"), prose(finding.fix), class_="fix")
        if finding.fix
        else None,
        _more(finding, check),
    ]
    return [each for each in parts if each is not None]


def _evidence(lines: Sequence[str]) -> Markup | None:
    listed = [element("li", element("code", line)) for line in lines]
    return element("ul", listed, class_="evidence", aria_label="Evidence") if listed else None


def _folded(lines: Sequence[str]) -> Markup | None:
    """What is too long for a phone to begin with."""
    said = f"{len(lines)} more {'line' if len(lines) == 1 else 'lines'} of evidence"
    return element("details", element("summary", said), _evidence(lines)) if lines else None


def _more(finding: Finding, check: Check) -> Markup:
    refs = element("ul", [element("li", each, class_="chip plain") for each in finding.refs], class_="chips")
    return element(
        "details",
        element("summary", "Why it matters, and what others call it"),
        element("p", prose(check.why)) if check.why else None,
        element("p", "The check: ", element("code", check.id)),
        refs if finding.refs else None,
        element("p", f"Source: {check.source}", class_="soft") if check.source else None,
    )


def not_examined(verdicts: Sequence[Verdict]) -> list[Markup]:
    """What could not be judged and why, and which permissions would change that."""
    unknown = [each for each in verdicts if each.outcome is Outcome.UNKNOWN]
    if not unknown:
        return []
    missing = permissions_missing(verdicts)
    reasons = by_reason(unknown).items()
    listed = element("ul", [_reason(why, named) for why, named in reasons], class_="checks")
    return [
        element("h3", "Not examined"),
        element(
            "div",
            element("p", "Nothing is known of these: they are neither passed nor failed."),
            listed,
            _permissions(missing) if missing else None,
            class_="card",
        ),
    ]


def _reason(why: str, named: Sequence[Verdict]) -> Markup:
    """Why checks could not be made, and which."""
    ids = [[", " if place else None, element("code", each.check.id)] for place, each in enumerate(named)]
    told = element("span", element("span", prose(why), class_="label"), element("br"), ids)
    return element("li", icon(State.UNKNOWN), told)


def prose(text: str) -> list[Child]:
    """*text* as a sentence, with what stands between backticks as code."""
    parts = sentence(text).split("`")
    if len(parts) % 2 == 0:  # a backtick that is never closed is one
        return [sentence(text)]
    return [element("code", each) if place % 2 else each for place, each in enumerate(parts)]


def _permissions(actions: Iterable[str]) -> list[Markup]:
    allowed = list(actions)
    statement: dict[str, object] = {
        "Sid": "ReadForTheAudit",
        "Effect": "Allow",
        "Action": allowed,
        "Resource": "*",
    }
    text = json.dumps(statement, indent=2)
    return [
        element(
            "p",
            element("span", "Permissions that would help: ", class_="label"),
            [[", " if place else None, element("code", each)] for place, each in enumerate(allowed)],
        ),
        element(
            "details",
            element("summary", "As a statement of an identity policy"),
            element("pre", [[each, Markup("\n")] for each in text.split("\n")]),
        ),
    ]


def layer_checks(layers: Sequence[Layer], anchor: str) -> list[Markup]:
    """Every check, by layer, folded."""
    return [
        element(
            "details",
            element(
                "summary",
                icon(layer.state, size=18),
                element("strong", layer.name),
                element(
                    "span",
                    f"{layer.told} \N{MIDDLE DOT} {number(len(layer.verdicts), 'check')}",
                    class_="soft",
                ),
            ),
            element("p", layer.about + ".", class_="soft"),
            element("ul", [_check(each) for each in layer.verdicts], class_="checks"),
            class_="card",
            id=f"{anchor}-{layer.id}",
        )
        for layer in layers
    ]


def _check(verdict: Verdict) -> Markup:
    worst = max(
        (each.severity for each in verdict.findings), key=lambda each: each.rank, default=Severity.LOW
    )
    state = _OUTCOME_STATES.get(verdict.outcome) or SEVERITY_STATES[worst]
    mild = verdict.findings and worst is Severity.INFO
    word = _MILD[verdict.check.recommended] if mild else _OUTCOME_WORDS[verdict.outcome]
    said = ": ".join(part for part in (word, verdict.why) if part)
    return element(
        "li",
        icon(state),
        element(
            "span",
            element("span", prose(verdict.check.title), class_="label"),
            element("br"),
            element("span", element("code", verdict.check.id), f" \N{MIDDLE DOT} {said}", class_="soft"),
        ),
    )


def state_line(state: State) -> Markup:
    """The state of a bucket in words, with its icon and colour."""
    return element("p", icon(state, size=28), WORDS[state], class_=f"state {state.value}")


def unknown_chip(count: int) -> Markup:
    """``3 not examined``, with the icon."""
    return element("span", icon(State.UNKNOWN, size=16), f"{count} not examined", class_="chip unknown")


def number(count: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def facts(told: Mapping[str, str]) -> Markup:
    """What was audited, and when."""
    return element(
        "dl", [[element("dt", name), element("dd", value)] for name, value in told.items()], class_="facts"
    )
