"""The page: complete, escaped, and nothing but itself. How it looks, a browser tells in tests/browser."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from secure_s3.bucket.audit.check import NotApplicable, NotRead, found
from secure_s3.bucket.audit.judging import Audit
from secure_s3.bucket.reports.layers import State, layers_of, overall
from secure_s3.bucket.reports.markup import Markup, element
from secure_s3.bucket.reports.page import page_of
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.values import Severity

from .support import BUCKET, HOSTILE, MIXED, SNAPSHOT, SOUND, audit, check

VOID = {"meta", "link", "br", "circle", "path", "rect"}  # closed by themselves in what is drawn


class Read(HTMLParser):
    """A page as a parser understands it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID - {"rect"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the one that began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text of the page."""
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[Any]:
        """Each value of an attribute."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def hostile() -> Audit:
    """An audit in which every text of others holds markup."""
    says = [
        found(HOSTILE, HOSTILE, statement=HOSTILE, pointer=HOSTILE, fix=HOSTILE, severity=each)
        for each in (Severity.CRITICAL, Severity.INFO)
    ]
    checks = (
        check("policy-public", "access", Severity.HIGH, says, refs=(HOSTILE,)),
        check("macie", "monitoring", Severity.LOW, NotRead(HOSTILE, Unread(HOSTILE, HOSTILE))),
        check("cors", "access", Severity.LOW, NotApplicable(HOSTILE)),
    )
    names = {name: HOSTILE for name in ("bucket", "account", "region", "caller", "taken_at")}
    return audit(*checks, snapshot=replace(SNAPSHOT, **names), profile=BucketProfile(name=HOSTILE))


def test_page_tells_all() -> None:
    """Findings with evidence, fix and references, what was not examined, and every check are in the page."""
    page = Read(page_of([audit(*MIXED)]))
    for told in (
        BUCKET,
        "Everybody on the internet may read every object of amzn-s3-demo-bucket.",
        'statement 1 "PublicRead" at /Statement/0/Principal',
        "BlockPublicPolicy: false",
        "Run harden , or set it in the console.",
        "SecurityHub:S3.5",
        "harden mends it",
        "CloudTrail was not read (AccessDenied)",
        "5 passed, 4 failed, 3 not examined, 1 does not apply",
        "mfa-delete \N{MIDDLE DOT} not asked for",
        '"kms:GetKeyPolicy"',
        "does not apply: there are no access points",
        "At risk",
    ):
        assert told in page.text
    assert all(each.id in page.text for each in MIXED)


def test_page_needs_nothing_else() -> None:
    """There is no script, nothing is loaded, and the policy of the page would not let it be."""
    page = Read(page_of([audit(*MIXED), hostile()]))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "img", "object", "form", "base"})
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert all(each.startswith(("#", "data:image/svg+xml,")) for each in page.all("href"))
    assert page.all("src") == []
    ((place, policy),) = [
        (place, attributes["content"])
        for place, (_, attributes) in enumerate(page.tags)
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert place < [tag for tag, _ in page.tags].index("style")


def test_nothing_of_others_becomes_markup() -> None:
    """Names, policies and reasons of others are text: they add no element, and steer no direction."""
    page = page_of([hostile()])
    assert "<script" not in page
    assert "<img" not in page
    assert "onerror=alert(2)>" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert Read(page).text.count("<script>alert(1)</script>") > 10


def test_names_in_fixes_are_code_and_long_evidence_is_folded() -> None:
    """What stands between backticks is code; of evidence, two lines are open."""
    says = [
        found("It is open.", *"abcd", fix="run `aws s3 ls`, or `harden"),
        found("It `is` shut.", "a", "b"),
    ]
    page = page_of(audit(check("cors", "access", Severity.LOW, says)))
    assert "Run `aws s3 ls`, or `harden</p>" in page  # a backtick that is never closed is one
    assert "It <code>is</code> shut." in page
    assert page.count("2 more lines of evidence") == 1
    assert page.index("<code>b</code>") < page.index("2 more lines") < page.index("<code>c</code>")


def test_links_lead_somewhere() -> None:
    """Each id is there once, and each link and label leads to one; of several buckets as well."""
    page = Read(page_of([audit(*MIXED), audit(*SOUND), hostile()]))
    ids = page.all("id")
    assert len(set(ids)) == len(ids)
    targets = [each[1:] for each in page.all("href") if each.startswith("#")]
    labels = [*page.all("aria-labelledby"), *page.all("aria-describedby")]
    assert {*targets, *labels} <= set(ids)


def test_page_can_be_read_aloud() -> None:
    """Language, title and headings in order; the picture and its layers have words for what colours say."""
    page = Read(page_of([audit(*MIXED), audit(*SOUND)]))
    assert ("html", {"lang": "en"}) in page.tags
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    labels = [a["aria-label"] for tag, a in page.tags if tag == "a" and "aria-label" in a]
    assert labels[:7] == [
        "Account: In order",
        "Bucket: 1 high",
        "Policy and ACLs: 1 critical",
        "Transport: 1 medium",
        "Encryption: 1 not examined",
        "Recovery: In order, 1 info",
        "Monitoring: 2 not examined",
    ]
    assert all(
        a.get("aria-hidden") == "true" or a.get("aria-labelledby") for tag, a in page.tags if tag == "svg"
    )


def test_overview_has_the_worst_first() -> None:
    """Several buckets have an overview with their state; one has none."""
    sound = audit(*SOUND, snapshot=replace(SNAPSHOT, bucket="amzn-s3-demo-logs"))
    page = Read(page_of([sound, audit(*MIXED)]))
    assert page.text.index(f"{BUCKET} 1 critical") < page.text.index("amzn-s3-demo-logs no findings")
    assert "Overview" not in Read(page_of([sound])).text
    assert "Nothing above info was found." in Read(page_of([sound])).text
    assert "0 buckets" in page_of([])
    assert page_of(sound) == page_of([sound])


@pytest.mark.parametrize(
    ("says", "state", "told"),
    [
        ([], State.SOUND, "In order"),
        ([found("x", severity=Severity.INFO)], State.NOTED, "In order, 1 info"),
        ([found("x", severity=Severity.LOW)], State.WARNED, "1 low"),
        ([found("x", severity=Severity.MEDIUM), found("y", severity=Severity.LOW)], State.WARNED, "1 medium"),
        ([found("x", severity=Severity.HIGH)] * 2, State.BROKEN, "2 high"),
        ([found("x", severity=Severity.CRITICAL)], State.BROKEN, "1 critical"),
        (NotRead("policy", Unread("denied")), State.UNKNOWN, "1 not examined"),
        (NotApplicable("none"), State.SOUND, "In order"),
    ],
)
def test_layer_is_as_bad_as_its_worst(says: Any, state: State, told: str) -> None:
    """A layer has the state of its worst finding; what was not read is neither good nor bad."""
    layers = layers_of(audit(check("tls-version", "transport", Severity.LOW, says)).verdicts)
    (layer,) = [each for each in layers if each.id == "transport"]
    assert (layer.state, layer.told) == (state, told)
    assert overall([layer]) is state
    assert {each.state for each in layers if each is not layer} == {State.UNKNOWN}


def test_unread_does_not_hide_what_is_bad() -> None:
    """A layer with a grave finding is at risk, though other checks of it could not be made."""
    unread = check("tls-version", "transport", Severity.LOW, NotRead("policy", Unread("denied")))
    for worst, state in ((Severity.HIGH, State.BROKEN), (Severity.INFO, State.UNKNOWN)):
        other = check("secure-transport", "transport", worst, [found("x")])
        assert layers_of(audit(unread, other).verdicts)[3].state is state


def test_elements_escape_what_they_are_given() -> None:
    """A text is escaped wherever it is put; only markup is not, and it is made by elements only."""
    inner = element("b", "<&>")
    assert inner == "<b>&lt;&amp;&gt;</b>"
    assert element("p", [inner, None, "\"'\n"], class_='"><x', hidden=True, id=None) == (
        '<p class="&quot;&gt;&lt;x" hidden><b>&lt;&amp;&gt;</b>&quot;&#x27;\\n</p>'
    )
    assert isinstance(inner, Markup)
    assert not isinstance(inner + "x", Markup)
