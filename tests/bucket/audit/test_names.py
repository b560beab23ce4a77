"""Names that a policy gives itself: numbering them changes nothing in what is judged, and never shows."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.audit import standins
from secure_s3.bucket.audit.check import Subject
from secure_s3.bucket.audit.checks import (
    acls,
    encryption,
    grants,
    network,
    policies,
    public,
    transport,
    uploads,
)
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.audit.names import numbered, other_accounts, own_names, unnumbered
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import SseKms
from secure_s3.policy.witnesses import SSE_KEY
from tests.bench.audit_fleets import distinct, templates
from tests.bucket.audit.snapshots import ARN, BOTH, KEY, OWNER, STRANGER, allow, deny, policy, snapshot

MODULES = (public, acls, policies, grants, network, transport, uploads, encryption)
CHECKS = tuple(each for module in MODULES for each in module.CHECKS)
ROLE = f"arn:aws:iam::{OWNER}:role/"
PRINCIPAL = "aws:PrincipalArn"


def _names(*given: dict[str, Any]) -> dict[str, str]:
    text = policy(*given)
    return own_names(text, json.loads(text))


@pytest.mark.parametrize("seed", range(6))
def test_numbering_names_changes_no_verdict(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fleets whose names are numbered are judged as those whose names stay, in every word."""
    fleet = [*templates(14, seed), *distinct(4, seed), *_mixed(10, seed)]
    with_numbers = [_told(*each) for each in fleet]
    monkeypatch.setattr(standins, "own_names", lambda *_: {})
    monkeypatch.setattr(standins, "other_accounts", lambda *_: {})
    standins._standing.cache_clear()
    assert [_told(*each) for each in fleet] == with_numbers
    standins._standing.cache_clear()
    assert not any(word in json.dumps(with_numbers) for word in ("UnderAudit", "5a5a-4a5a", "88880000"))


def _told(shot: Any, profile: BucketProfile) -> Any:
    return judge_all(shot, profile, CHECKS).to_dict()["verdicts"]


def _mixed(count: int, seed: int) -> list[tuple[Any, BucketProfile]]:
    """Statements in which names meet patterns, parts of other names, witnesses' names and each other."""
    choose = random.Random(seed)
    words = (
        "loader",
        "loader-two",
        "App",
        "Admin",
        "alice",
        "key",
        "zq7",
        "Loader",
        "reports",
        "AWSServiceRoleForX",
    )
    found = []
    for _ in range(count):
        name, other = choose.choice(words), choose.choice(words)
        who = choose.choice((f"{ROLE}{name}", f"{ROLE}team/{name}", f"{ROLE}*", f"{ROLE}{name[:3]}*"))
        statements = (
            allow(
                "s3:*",
                f"{ARN}/{other}/*",
                Principal={"AWS": f"{ROLE}{name}"},
                Sid=choose.choice(("One", "Two")),
            ),
            deny("s3:*", BOTH, {choose.choice(("ArnNotEquals", "ArnNotLike")): {PRINCIPAL: who}}),
            deny(["s3:PutObject"], f"{ARN}/{name}{choose.choice(('/*', '*', '', '/a/*'))}"),
            deny(
                "s3:ListBucket",
                ARN,
                {"StringNotLike": {"s3:prefix": [f"{other}/*", choose.choice(("", "lo*"))]}},
            ),
            allow("s3:GetObject", f"{ARN}/{name}/*", Principal=choose.choice(("*", {"AWS": STRANGER}))),
            deny("s3:Put*", NotPrincipal={"AWS": [f"{ROLE}{name}", OWNER]}),
        )
        text = policy(*choose.sample(statements, 3))
        shot = snapshot(policy=text, caller=f"{ROLE}{other}", public_access_block={}, blocked_encryption=())
        found.append((shot, BucketProfile(encryptions=(SseKms(KEY),), admins=(f"{ROLE}{name}",))))
    return found


@settings(max_examples=60, deadline=None)
@given(
    role=st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{2,20}", fullmatch=True),
    prefix=st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{2,20}", fullmatch=True),
    sid=st.from_regex(r"[A-Za-z][A-Za-z0-9]{2,20}", fullmatch=True),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
)
def test_what_is_numbered_comes_back(role: str, prefix: str, sid: str, account: str) -> None:
    """A text with numbers and back is the same text, and no name is left in it."""
    who = [f"arn:aws:iam::{account}:role/{role}", f"{ROLE}{role}-two"]
    text = policy(allow("s3:GetObject", f"{ARN}/{prefix}/*", Principal={"AWS": who}, Sid=sid))
    stands = standins.standing(Subject(snapshot(policy=text), BucketProfile()))
    assert stands.back(stands.policy.text) == text
    assert all(f'/{name}"' not in stands.policy.text for name in stands.own)
    assert stands.back(stands.under(who[0])) == who[0]


def test_names_are_numbered_in_the_order_of_the_document() -> None:
    """Policies that differ in names alone become the same text."""
    found = [
        numbered(text, own_names(text, json.loads(text)))
        for role, prefix in (("billing-loader", "billing"), ("search-etl", "index"))
        for text in [policy(allow("s3:GetObject", f"{ARN}/{prefix}/*", Principal={"AWS": ROLE + role}))]
    ]
    assert found[0] == found[1]
    assert "Name0UnderAudit" in found[0]


def test_a_key_is_numbered_as_a_key() -> None:
    """The stand-in for a key's id has the shape of one, whether the policy or the profile names it."""
    arn = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-4000-8000-00000000000a"
    text = policy(deny(["s3:PutObject"], f"{ARN}/*", {"StringNotEquals": {SSE_KEY: arn}}))
    for given_text in (text, policy(deny())):
        names = own_names(given_text, json.loads(given_text), 0, [arn])
        assert numbered(arn, names).endswith("-5a5a-4a5a-8a5a-0a5a0a5a0a5a")
        assert unnumbered(numbered(arn, names), names) == arn


@pytest.mark.parametrize(
    "given",
    [
        [allow("s3:*", Principal={"AWS": f"{ROLE}App"})],
        [allow("s3:*", Principal={"AWS": f"{ROLE}AWSServiceRoleForBackup"})],
        [allow("s3:*", Principal={"AWS": f"{ROLE}team/loader"})],
        [
            allow("s3:*", Principal={"AWS": f"{ROLE}loader"}),
            allow("s3:*", Principal={"AWS": f"{ROLE}x/a-loader"}),
        ],
        [allow("s3:*", Principal={"AWS": f"{ROLE}loader"}), deny(resource=f"{ARN}/Loader/*")],
        [
            allow(
                "s3:*",
                Principal={"AWS": f"{ROLE}loader"},
                Condition={"StringEquals": {"aws:username": "loader"}},
            )
        ],
        [
            allow("s3:*", Principal={"AWS": f"{ROLE}loader"}),
            deny("s3:*", ARN, {"ArnLike": {PRINCIPAL: f"{ROLE}l*"}}),
        ],
        [allow("s3:*", f"{ARN}/reports/*"), deny(resource=f"{ARN}/re*")],
        [allow("s3:*", f"{ARN}/reports/*"), deny(resource=f"{ARN}/report?/*")],
        [allow("s3:*", f"{ARN}/reports/${{aws:username}}/*")],
        [allow("s3:*", f"{ARN}/reports/*", Sid="has some spaces")],
        [allow("s3:*", f"{ARN}/{'long/' * 12}reports/*")],
        [allow("s3:*", f"{ARN}/NameUnderAudit/*")],
    ],
)
def test_a_name_stays_where_something_hangs_on_it(given: list[dict[str, Any]]) -> None:
    """Witnesses' and AWS's names, parts of names, other spellings, patterns, variables, long lines."""
    told = set(_names(*given))
    assert not told & {"App", "loader", "Loader", "AWSServiceRoleForBackup"}
    assert "reports" not in told or "Sid" in given[0]


@pytest.mark.parametrize(
    "text", ["{}", '{"Statement": 1}', '{"Statement": [{"Condition": 1, "Sid": "Abc"}]}']
)
def test_what_cannot_be_read_has_no_names(text: str) -> None:
    """It is refused elsewhere."""
    assert own_names(text, json.loads(text)) == {}


def test_accounts_are_numbered_where_they_are_certainly_accounts() -> None:
    """One that stands anywhere but in an ARN stays, and so do those that witnesses have."""
    text = policy(
        allow(
            "s3:*", Principal={"AWS": ["arn:aws:iam::222233334444:root", "arn:aws:iam::333344445555:root"]}
        ),
        allow("s3:*", Principal={"AWS": [f"{ROLE}x", "333344445555"]}),
    )
    assert other_accounts(text, {OWNER}) == {"222233334444": "888800000000"}
