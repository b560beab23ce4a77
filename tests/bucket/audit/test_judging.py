"""What an audit is asked: whether it is good enough, what was left open, and how it shows itself."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import pytest

from secure_s3.bucket.audit.check import NotRead, found
from secure_s3.bucket.audit.nouns import NOUNS, ended
from secure_s3.bucket.snapshot.values import Snapshot, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.errors import AuditFailed, ConfigurationError
from secure_s3.values import Severity
from tests.bucket.reports.support import BUCKET, DENIED, MIXED, SNAPSHOT, SOUND, audit, check

LOW = check("cors", "access", Severity.LOW, [found("Any site may read answers.")])
INFO = check("mfa-delete", "recovery", Severity.LOW, [found("MFA delete is off.")], recommended=True)
UNREAD = check("key-policy", "encryption", Severity.HIGH, NotRead("keys", DENIED))
UNREAD_ADVICE = check("data-events", "monitoring", Severity.LOW, NotRead("trails", DENIED), recommended=True)
UNREAD_OTHERS = check("macie-findings", "monitoring", Severity.LOW, NotRead("macie_findings", DENIED))


@pytest.mark.parametrize(
    ("checks", "options"),
    [
        (SOUND, {}),
        ([INFO], {}),
        ([LOW], {"fail_on": "medium"}),
        ([UNREAD], {"allow_unread": True}),
        ([UNREAD_ADVICE, UNREAD_OTHERS], {}),
    ],
)
def test_what_is_good_enough_passes(checks: Any, options: dict[str, Any]) -> None:
    """Notes, findings below the threshold and advice that could not be judged raise nothing."""
    audit(*checks).require(**options)


@pytest.mark.parametrize(
    ("checks", "options", "requires", "said"),
    [
        ([LOW], {}, (), "1 low"),
        ([INFO], {"fail_on": Severity.INFO}, (), "1 info"),
        ([UNREAD], {}, (), "1 of 1 checks not made"),
        ([UNREAD], {"fail_on": "critical"}, (), "1 of 1 checks not made"),
        ([UNREAD_ADVICE], {}, ("data-events",), "1 of 1 checks not made"),
        ([UNREAD_OTHERS], {}, ("macie-findings",), "1 of 1 checks not made"),
        ([LOW, UNREAD], {"allow_unread": True}, (), "1 low"),
        (MIXED, {}, (), "1 critical, 1 high, 1 medium and 2 of 13 checks not made"),
    ],
)
def test_what_is_not_good_enough_raises(
    checks: Any, options: dict[str, Any], requires: tuple[str, ...], said: str
) -> None:
    """Findings and checks that count and were not made raise, with all of the audit at hand."""
    one = audit(*checks, profile=BucketProfile(requires=frozenset(requires)))
    with pytest.raises(AuditFailed) as caught:
        one.require(**options)
    assert caught.value.what.endswith(f": {said}")
    assert caught.value.why
    assert caught.value.audit is one


def test_the_error_can_be_sent_elsewhere() -> None:
    """It is pickled without what cannot be, and names the first reasons only."""
    many = check("cors", "access", Severity.LOW, [found(f"Site {each} reads.") for each in "abcde"])
    with pytest.raises(AuditFailed) as caught:
        audit(many).require()
    assert caught.value.why == "Site a reads. Site b reads. Site c reads. … and 2 more"
    caught.value.audit = None  # the checks of these tests are made within a function
    assert pickle.loads(pickle.dumps(caught.value)).what == caught.value.what


def test_unanswered_is_what_counts() -> None:
    """Of what could not be judged, recommendations and findings of other services do not count."""
    one = audit(UNREAD, UNREAD_ADVICE, UNREAD_OTHERS)
    assert [each.check.id for each in one.unanswered] == ["key-policy"]
    assert len(one.unknown) == 3


@pytest.mark.parametrize("ask", ["above", "require"])
def test_severities_may_be_named_and_not_misspelt(ask: str) -> None:
    """``above("low")`` is ``above(Severity.LOW)``, and not the order of the alphabet."""
    assert audit(*MIXED).above("low") == audit(*MIXED).above(Severity.LOW)
    assert len(audit(*MIXED).above("low")) == 3
    with pytest.raises(ConfigurationError, match="no severity 'hihg'"):
        getattr(audit(*MIXED), ask)("hihg")


def test_a_check_that_is_misspelt_is_refused() -> None:
    """The nearest id is named; without one, all are."""
    assert audit(*MIXED).verdict("versioning").outcome == "passed"
    with pytest.raises(ConfigurationError, match="did you mean versioning"):
        audit(*MIXED).verdict("versionning")
    with pytest.raises(ConfigurationError, match="they are cors"):
        audit(LOW).verdict("x")


def test_representations_are_short() -> None:
    """A line in a debugger says what it is, and neither settings nor what others wrote."""
    one = audit(*MIXED)
    assert repr(one) == f"<Audit {BUCKET}: 1 critical, 1 high, 1 medium, 1 info, 3 not examined>"
    assert repr(audit(LOW)) == f"<Audit {BUCKET}: 1 low>"
    assert repr(one.verdict("policy-public")) == "<Verdict policy-public: failed: 1 found>"
    assert repr(one.verdict("data-events")) == (
        "<Verdict data-events: unknown: CloudTrail was not read (AccessDenied)>"
    )
    assert repr(SNAPSHOT).startswith(f"<Snapshot {BUCKET}: read at 2026-11-28T09:30:00Z, ")
    assert len(repr(SNAPSHOT)) < 120
    assert one.bucket == BUCKET


def test_every_field_has_a_noun() -> None:
    """People read of CloudTrail and not of ``trails``, whatever a check could not read."""
    plain = {"bucket", "taken_at", "partition", "cut"}
    assert NOUNS.keys() == {each.name for each in fields(Snapshot)} - plain


@pytest.mark.parametrize(
    ("unread", "said"),
    [
        (Unread("the signature does not match", "", "SignatureDoesNotMatch"), "(SignatureDoesNotMatch)"),
        (Unread("there was no answer in time"), "(there was no answer in time)"),
    ],
)
def test_reasons_have_the_code(unread: Unread, said: str) -> None:
    """Why a check was not made is told by the service's code; in words, where there is none."""
    one = audit(check("access-analyzer", "monitoring", Severity.LOW, NotRead("analyzers", unread)))
    assert one.unknown[0].why == f"Access Analyzer was not read {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the policy is open", "The policy is open."),
        ("s3:GetObject is not denied", "s3:GetObject is not denied."),
        ("It is open.", "It is open."),
        ("", ""),
    ],
)
def test_messages_are_sentences(text: str, said: str) -> None:
    """They begin with a capital, unless with a name, and end with a full stop."""
    assert ended(text) == said
    assert audit(check("cors", "access", Severity.LOW, [found(text)])).findings[0].message == said
