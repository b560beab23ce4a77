"""Audits as text and as plain values."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from secure_s3.bucket.audit.check import NotRead, found
from secure_s3.bucket.snapshot.values import LogTarget, Trail, Unread
from secure_s3.values import Severity

from .support import BUCKET, HOSTILE, KEY, MIXED, SNAPSHOT, SOUND, audit, check


def test_text_begins_with_what_was_judged() -> None:
    """The first lines name bucket, account, region, profile and time, and count findings and checks."""
    assert str(audit(*MIXED)).split("\n")[:3] == [
        f"Audit of {BUCKET}",
        "  account 111122223333, eu-west-1; profile standard; read at 2026-11-28T09:30:00Z",
        "  1 critical, 1 high, 1 medium, 1 info; of 13 checks 5 passed, 4 failed, 3 not examined, "
        "1 does not apply",
    ]


def test_text_has_findings_worst_first() -> None:
    """Each finding has its severity, message, place, evidence, fix and references, the worst first."""
    lines = str(audit(*MIXED)).split("\n")
    heads = [line.partition(" ")[0] for line in lines if line.endswith("]")]
    assert heads == ["CRITICAL", "HIGH", "MEDIUM", "INFO"]
    assert lines[4:10] == [
        "CRITICAL  Everybody on the internet may read every object of amzn-s3-demo-bucket.  [policy-public]",
        '    where: statement 1 "PublicRead" at /Statement/0/Principal',
        '    found: Principal: "*", without a condition',
        "    found: Action: s3:GetObject",
        "    fix: Run `harden`, or set it in the console.",
        "    see: SecurityHub:S3.5, CIS-5.0:2.1.1",
    ]


def test_text_keeps_to_what_counts() -> None:
    """What is merely good to have is a line, and long evidence is cut; with details, all of it is there."""
    long = [found("It is open.", *(f"line {each}" for each in "abcd"))]
    three = [found("It is open.", *(f"line {each}" for each in "xyz"))]
    one = audit(
        *MIXED, check("cors", "access", Severity.LOW, long), check("website", "access", Severity.LOW, three)
    )
    short, full = one.text(), one.text(details=True)
    assert "INFO  MFA delete is off.  [mfa-delete]\n\nMENDED" in short
    assert "INFO  MFA delete is off.  [mfa-delete]\n    fix: Run `harden`" in full
    assert "    found: line b\n    … and 2 more\n    fix:" in short
    assert "    found: line z\n" in short
    assert "    found: line d\n" in full
    assert str(one) == short
    assert one.to_dict()["findings"][3]["evidence"] == ["line a", "line b", "line c", "line d"]


def test_text_says_once_what_harden_mends() -> None:
    """How many of the findings that count harden mends stands there once; nothing, if it mends none."""
    assert str(audit(*MIXED)).count("secure-s3 harden") == 1
    assert f"MENDED BY HARDEN  2 of 3 findings above info: secure-s3 harden {BUCKET}\n" in str(audit(*MIXED))
    assert "MENDED" not in str(audit(check("cors", "access", Severity.LOW, [found("It is open.")])))


@pytest.mark.parametrize(("unread", "told"), [(7, False), (8, True)])
def test_an_audit_that_knows_little_says_so_first(unread: int, told: bool) -> None:
    """If most checks were not made, that is the headline, whatever was found."""
    none = [check(f"a-{each}", "access", Severity.LOW, NotRead("acl", Unread("x"))) for each in range(unread)]
    line = str(audit(*SOUND, *none)).split("\n")[2]
    assert (line == f"  little is known: {unread} of {7 + unread} checks were not made") is told


def test_text_tells_what_was_not_examined() -> None:
    """Checks that could not be made have their reason, and the permissions that would help stand together."""
    twice = (NotRead("alarms", Unread("denied", "logs:X, cloudtrail:DescribeTrails")), "monitoring")
    said = str(audit(*MIXED, check("alarms", twice[1], Severity.LOW, twice[0])))
    assert "NOT EXAMINED  4 checks\n    key-policy: the KMS key was not read (denied)\n" in said
    assert "permissions that would help: cloudtrail:DescribeTrails, kms:GetKeyPolicy, logs:X\n" in said


def test_text_ends_with_what_passed() -> None:
    """What passed and what does not apply is one line each."""
    *_, passed, _, other = str(audit(*MIXED)).split("\n")
    assert passed.startswith("passed: account-public-access-block, acl-public, tls-version, ")
    assert other == "not applicable: access-point-public"


def test_nothing_found_is_told() -> None:
    """An audit without findings says so, and one without an account does not invent one."""
    lost = replace(SNAPSHOT, account=Unread("denied"), region=Unread("denied"))
    said = str(audit(*SOUND, snapshot=lost))
    assert "  account unknown, region unknown; profile standard" in said
    assert "  no findings; of 7 checks 7 passed\n" in said


def test_foreign_text_cannot_steer_a_terminal() -> None:
    """Names, messages and evidence of others come out printable, on the line they belong to."""
    bad = "x\x1b[2J\r\nCRITICAL  made up"
    hostile = check("policy-public", "access", Severity.LOW, [found(bad, bad, statement=bad)], fix=bad)
    unread = check("macie", "monitoring", Severity.LOW, NotRead("macie", Unread(bad, bad)))
    said = str(audit(hostile, unread, snapshot=replace(SNAPSHOT, account=bad)))
    assert all(line.isprintable() for line in said.split("\n"))
    assert not any(line.startswith("CRITICAL") for line in said.split("\n"))


def test_plain_values_are_json() -> None:
    """``to_dict`` holds JSON's types only, and all that a program needs."""
    told = audit(*MIXED).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["bucket"], told["account"], told["region"]) == (BUCKET, "111122223333", "eu-west-1")
    assert (told["worst"], told["profile"]) == ("critical", "standard")
    assert told["counts"] == {"info": 1, "low": 0, "medium": 1, "high": 1, "critical": 1}
    assert told["findings"][0] == {
        "rule": "policy-public",
        "severity": "critical",
        "message": "Everybody on the internet may read every object of amzn-s3-demo-bucket.",
        "evidence": ['Principal: "*", without a condition', "Action: s3:GetObject"],
        "fix": "Run `harden`, or set it in the console.",
        "refs": ["SecurityHub:S3.5", "CIS-5.0:2.1.1"],
        "statement": '1 "PublicRead"',
        "pointer": "/Statement/0/Principal",
    }
    assert told["verdicts"][-1] == {
        "check": "data-events",
        "outcome": "unknown",
        "why": "CloudTrail was not read (AccessDenied)",
        "action": "cloudtrail:DescribeTrails",
    }


def test_plain_values_name_what_was_not_read() -> None:
    """What was asked for and refused is listed, wherever it lies; what was not asked for is not."""
    denied = Unread("denied", "s3:X")
    snapshot = replace(
        SNAPSHOT,
        trails=(Trail(name="a", arn="a", logging=denied),),
        log_target=LogTarget(bucket="logs", policy=denied),
    )
    unread = audit(snapshot=snapshot).to_dict()["unread"]
    assert unread.keys() == {"keys[0].policy", "trails[0].logging", "log_target.policy"}
    assert unread["trails[0].logging"] == {"why": "denied", "action": "s3:X", "code": None}
    assert KEY in snapshot.keys


@pytest.mark.parametrize("text", [HOSTILE, "\ud800", ""])
def test_no_text_breaks_the_reports(text: str) -> None:
    """Whatever a bucket's policy holds, text and JSON can be made and written."""
    one = audit(check("cors", "access", Severity.LOW, [found(text, text)]))
    str(one).encode()
    json.dumps(one.to_dict()).encode()
