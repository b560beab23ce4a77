"""Audits as one page of HTML that needs nothing else: no script, no request, nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...values import Finding, Severity
from ..audit.check import Check
from ..audit.judging import Audit
from ..audit.telling import counted, counts_of, outcomes, worst_first
from ..snapshot.values import Unread
from .cards import (
    advice_card,
    facts,
    finding_card,
    layer_checks,
    not_examined,
    number,
    prose,
    severity_chip,
    state_line,
    unknown_chip,
)
from .layers import Layer, State, layer_of, layers_of, overall
from .markup import Markup, element, join
from .picture import icon, picture, strip, symbols
from .style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_FIRST = 3  # findings that are named beside the picture
# Without one of its own, a browser would ask the server of the page for an icon.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M2 3h12l-1.6 11H3.6z' fill='%230b6bb8'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True)
class _Told:
    """An audit, and what several parts of the page tell of it."""

    audit: Audit
    anchor: str
    layers: tuple[Layer, ...]
    findings: list[Finding]
    state: State

    @classmethod
    def of(cls, audit: Audit, number: int) -> _Told:
        layers = layers_of(audit.verdicts)
        return cls(audit, f"b{number}", layers, worst_first(audit.verdicts), overall(layers))

    @property
    def bucket(self) -> str:
        return self.audit.snapshot.bucket

    @property
    def summary(self) -> str:
        unknown = len(self.audit.unknown)
        missing = f", {number(unknown, 'check')} not examined" if unknown else ""
        return f"{counted(self.findings)}{missing}"


def page_of(audits: Audit | Iterable[Audit]) -> str:
    """The page: a picture of each bucket's layers, what was found and how it is mended; several, an overview.

    It may be opened from a disk, sent by mail, or kept as a build's artefact. Should a name or a policy of
    somebody else hold markup: it is escaped, and the Content Security Policy lets nothing run or load.
    """
    listed = [audits] if isinstance(audits, Audit) else audits
    told = [_Told.of(audit, place) for place, audit in enumerate(listed)]
    title = f"Audit of {told[0].bucket}" if len(told) == 1 else f"Audit of {len(told)} buckets"
    body = element(
        "body",
        symbols(),
        element("header", element("h1", f"secure_s3 \N{MIDDLE DOT} {title}"), class_="top"),
        element("main", _overview(told) if len(told) > 1 else None, [_bucket(each) for each in told]),
        element("footer", element("p", "Nothing was changed. Made by secure-s3 audit."), class_="foot"),
    )
    return f"<!doctype html>\n{element('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href=_ICON),
        element("style", Markup(STYLE)),
    )


def _overview(told: Sequence[_Told]) -> Markup:
    order = (State.BROKEN, State.WARNED, State.UNKNOWN, State.NOTED, State.SOUND)
    cards = [
        element(
            "li",
            element(
                "a",
                element("span", icon(each.state), " ", each.bucket, class_="name"),
                element("span", each.summary, class_="soft"),
                strip(each.layers),
                class_=f"card {each.state.value}",
                href=f"#{each.anchor}",
            ),
        )
        for each in sorted(told, key=lambda each: order.index(each.state))
    ]
    heading = element("h2", "Overview", id="overview")
    return element("section", heading, element("ul", cards, class_="overview"), aria_labelledby="overview")


def _bucket(told: _Told) -> Markup:
    return element(
        "section",
        _hero(told),
        _cards(told),
        not_examined(told.audit.verdicts),
        element("h3", "All checks, by layer"),
        layer_checks(told.layers, told.anchor),
        class_="bucket",
        id=told.anchor,
        aria_labelledby=f"{told.anchor}-name",
    )


def _hero(told: _Told) -> Markup:
    counts = counts_of(told.findings)
    chips = [
        element("li", severity_chip(each, counts[each.value]))
        for each in reversed(Severity)
        if counts[each.value]
    ]
    if told.audit.unknown:
        chips.append(element("li", unknown_chip(len(told.audit.unknown))))
    said = element(
        "div",
        element("h2", told.bucket, id=f"{told.anchor}-name"),
        state_line(told.state),
        element("ul", chips, class_="chips", aria_label="Findings by severity") if chips else None,
        _first(told),
        facts(_facts(told)),
    )
    drawn = element("div", picture(told.layers, told.anchor, told.bucket, _places(told)))
    return element("div", drawn, said, class_="card hero")


def _places(told: _Told) -> dict[str, str]:
    """By layer, its worst finding; the list of its checks if there is none."""
    checks = {each.check.id: each.check for each in told.audit.verdicts}
    places = {each.id: f"{told.anchor}-{each.id}" for each in told.layers}
    for place, finding in reversed(list(enumerate(told.findings))):
        places[layer_of(checks[finding.rule])] = f"{told.anchor}-f{place}"
    return places


def _first(told: _Told) -> Markup | None:
    links = [
        element("li", element("a", prose(each.message), href=f"#{told.anchor}-f{place}"))
        for place, each in enumerate(told.findings[:_FIRST])
        if each.severity > Severity.INFO
    ]
    return join([element("p", "First of all", class_="label"), element("ol", links)]) if links else None


def _facts(told: _Told) -> dict[str, str]:
    snapshot = told.audit.snapshot
    verdicts = told.audit.verdicts
    return {
        "Account": _known(snapshot.account),
        "Region": _known(snapshot.region),
        "Profile": told.audit.profile.name,
        "Read at": snapshot.taken_at,
        "Read by": _known(snapshot.caller),
        "Checks": outcomes(verdicts),
    }


def _known(value: str | Unread) -> str:
    return f"not known ({value.why})" if isinstance(value, Unread) else value


def _cards(told: _Told) -> list[Markup]:
    checks: dict[str, Check] = {each.check.id: each.check for each in told.audit.verdicts}
    layers = {each.id: each for each in told.layers}
    grave, mild = [], []
    for place, finding in enumerate(told.findings):
        check, id = checks[finding.rule], f"{told.anchor}-f{place}"
        layer = layers[layer_of(check)]
        if finding.severity is Severity.INFO:
            mild.append(advice_card(finding, check, layer, id))
        else:
            grave.append(finding_card(finding, check, layer, id))
    good = element("p", "Nothing above info was found.", class_="soft")
    advice = [element("h3", "Good to have, and not asked for"), *mild] if mild else []
    return [element("h3", "Findings"), *(grave or [good]), *advice]
