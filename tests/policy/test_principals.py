"""Who asks, and whom a statement names: accounts, roles, sessions, services, everybody and everybody but."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.policy.principals import Grant, Principals, Requester

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/staff/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/uploads"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/uploads/web"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
CANONICAL = "0123456789abcdef" * 4
SERVICE = "cloudfront.amazonaws.com"


def meets(named: Any, who: str | None, negated: bool = False) -> tuple[bool | None, Grant]:
    """How these principals meet that caller."""
    principals, complaints = Principals.parse(named, negated)
    assert not complaints
    return principals.match(Requester.parse(who))


@pytest.mark.parametrize(
    ("text", "kind", "account", "principal_arn", "principal_type"),
    [
        (None, "anonymous", None, None, "Anonymous"),
        ("*", "anonymous", None, None, "Anonymous"),
        (ACCOUNT, "root", ACCOUNT, ROOT, "Account"),
        (ROOT, "root", ACCOUNT, ROOT, "Account"),
        (USER, "user", ACCOUNT, USER, "User"),
        (ROLE, "role", ACCOUNT, ROLE, "AssumedRole"),
        (SESSION, "session", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/uploads", "AssumedRole"),
        (FEDERATED, "federated-user", ACCOUNT, FEDERATED, "FederatedUser"),
        (SERVICE, "service", None, None, None),
        ("logging.s3.amazonaws.com", "service", None, None, None),
        (CANONICAL, "canonical", None, None, None),
        ("cognito-identity.amazonaws.com:x", "federated", None, None, None),
        ("arn:aws:iam::1111:user/alice", "federated", None, None, None),
        (f"arn:aws:iam::{ACCOUNT}:user", "federated", ACCOUNT, None, None),
        (f"arn:aws:sts::{ACCOUNT}:user/alice", "federated", ACCOUNT, None, None),
        (f"arn:aws:iam::{ACCOUNT}:root/x", "federated", ACCOUNT, None, None),
        (
            "arn:aws-cn:iam::111122223333:user/a",
            "user",
            ACCOUNT,
            "arn:aws-cn:iam::111122223333:user/a",
            "User",
        ),
    ],
)
def test_callers(
    text: str | None, kind: str, account: str | None, principal_arn: str | None, principal_type: str | None
):
    """A caller's kind, account and aws:PrincipalArn are what AWS documents for its ARN."""
    who = Requester.parse(text)
    assert (who.kind, who.account) == (kind, account)
    assert (who.principal_arn, who.principal_type) == (principal_arn, principal_type)


@pytest.mark.parametrize(
    ("named", "who", "grant"),
    [
        ("*", None, Grant.DIRECT),
        ({"AWS": "*"}, None, Grant.DIRECT),
        ({"AWS": ["*", OTHER]}, SERVICE, Grant.DIRECT),
        ({"AWS": USER}, USER, Grant.DIRECT),
        ({"AWS": SESSION}, SESSION, Grant.DIRECT),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/uploads"}, SESSION, Grant.ROLE),
        ({"AWS": ROLE}, SESSION, Grant.ROLE),  # the session's ARN does not tell the role's path
        ({"AWS": ROLE}, ROLE, Grant.ROLE),
        ({"AWS": ACCOUNT}, USER, Grant.ACCOUNT),
        ({"AWS": ROOT}, SESSION, Grant.ACCOUNT),
        ({"AWS": ROOT}, ACCOUNT, Grant.ACCOUNT),
        ({"AWS": [ROOT, ROLE, SESSION]}, SESSION, Grant.DIRECT),
        ({"AWS": [ROOT, ROLE]}, SESSION, Grant.ROLE),
        ({"AWS": FEDERATED}, FEDERATED, Grant.DIRECT),
        ({"Service": [SERVICE, "s3.amazonaws.com"]}, SERVICE, Grant.DIRECT),
        ({"CanonicalUser": CANONICAL}, CANONICAL, Grant.DIRECT),
        ({"Federated": "accounts.google.com"}, "accounts.google.com", Grant.DIRECT),
    ],
)
def test_who_is_named(named: Any, who: str | None, grant: Grant):
    """A principal that names the caller says how directly, the most direct name first."""
    assert meets(named, who) == (True, grant)


@pytest.mark.parametrize(
    ("named", "who"),
    [
        ({"AWS": USER}, SESSION),
        ({"AWS": USER.replace("staff/", "")}, USER),
        ({"AWS": USER.upper()}, USER),
        ({"AWS": f"{USER}*"}, USER),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, USER),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, SESSION),
        ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/uploads/*"}, SESSION),
        ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/uploads/other"}, SESSION),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, SESSION),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/uploads"}, SESSION),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:role/uploads"}, SESSION),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, SESSION),
        ({"AWS": OTHER}, USER),
        ({"AWS": [USER, ROLE]}, ROOT),
        ({"AWS": ACCOUNT}, None),
        ({"AWS": SERVICE}, SERVICE),
        ({"Service": "*"}, SERVICE),
        ({"Service": SERVICE}, "s3.amazonaws.com"),
        ({"Service": SERVICE}, USER),
        ({"Federated": "*"}, "accounts.google.com"),
        ({"AWS": f"arn:aws:iam::{OTHER}:user/bob"}, FEDERATED),
        ({"AWS": []}, USER),
        ({"AWS": ""}, USER),
    ],
)
def test_who_is_not_named(named: Any, who: str | None):
    """Wildcards, other accounts, partitions and kinds name nobody."""
    assert meets(named, who)[0] is False


@pytest.mark.parametrize(
    ("named", "who"),
    [
        ({"AWS": SESSION}, f"arn:aws:iam::{ACCOUNT}:role/uploads"),
        ({"CanonicalUser": CANONICAL}, USER),
        ({"AWS": USER}, FEDERATED),
    ],
)
def test_who_may_be_named(named: Any, who: str):
    """A role may have the session named, a canonical account the user, and a user the federated session."""
    assert meets(named, who)[0] is None


def test_nobody_known():
    """Of a caller that nobody knows, only everybody is certainly the name."""
    for named, expected in (("*", True), ({"AWS": USER}, None), ({"Service": SERVICE}, None)):
        principals, _ = Principals.parse(named, False)
        assert principals.match(None)[0] is expected
    assert Principals.parse({"AWS": USER}, True)[0].match(None)[0] is None
    assert Principals.parse("*", True)[0].match(None)[0] is False


@pytest.mark.parametrize(
    ("listed", "who", "about"),
    [
        # IAM User Guide, "AWS JSON policy elements: NotPrincipal": AWS might validate the account first, then
        # the role, then the session; so all of them are to be listed.
        ([USER, ROOT], USER, False),
        ([USER, ACCOUNT], USER, False),
        ([USER], USER, None),
        ([ROOT], USER, True),
        ([USER], ROOT, True),
        ([ROOT], ROOT, False),
        ([ACCOUNT], ACCOUNT, False),
        ([SESSION, ROLE, ROOT], SESSION, False),
        ([SESSION, ROOT], SESSION, None),
        ([SESSION, ROLE], SESSION, None),
        ([SESSION], SESSION, None),
        ([ROLE, ROOT], SESSION, True),
        ([ROLE, ROOT], ROLE, True),
        ([SESSION, ROLE, ROOT], ROLE, None),
        ([ROOT], SESSION, True),
        ([USER, ROOT], None, True),
        ([USER, ROOT], SERVICE, True),
        ([USER, ROOT], f"arn:aws:iam::{OTHER}:user/staff/alice", True),
    ],
)
def test_everybody_but(listed: list[str], who: str | None, about: bool | None):
    """NotPrincipal is not about a caller whose whole chain it lists, and may be where a link is missing."""
    assert meets({"AWS": listed}, who, negated=True) == (about, Grant.DIRECT)


def test_everybody_but_a_service():
    """A service listed in NotPrincipal is exempt, another one is not, and everybody is if all are listed."""
    assert meets({"Service": SERVICE}, SERVICE, negated=True)[0] is False
    assert meets({"Service": SERVICE}, "s3.amazonaws.com", negated=True)[0] is True
    assert meets("*", USER, negated=True)[0] is False


@pytest.mark.parametrize(
    "value",
    [
        "arn:aws:iam::111122223333:root",
        5,
        None,
        ["*"],
        {},
        {"aws": "*"},
        {"AWS": 5},
        {"AWS": [1]},
        {"AWS": None},
    ],
)
def test_what_is_no_principal(value: Any):
    """What is no principal is complained of, and names nobody."""
    principals, complaints = Principals.parse(value, False)
    assert complaints
    assert principals.match(Requester.parse(USER))[0] is False


@given(st.text(max_size=40))
def test_any_text_is_somebody(text: str):
    """Every text can be taken for a caller, and raises nothing."""
    who = Requester.parse(text)
    assert who.account is None or len(who.account) == 12
    principals, _ = Principals.parse({"AWS": [text]}, False)
    assert principals.match(who)[0] is not None or who.kind in ("role", "federated-user")


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", True),
        (f"arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleForEvil", False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForX/s", None),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/uploads/s", False),
        (f"arn:aws:iam::{ACCOUNT}:user/AWSServiceRoleForX", False),
        (ROLE, False),
    ],
)
def test_service_linked_roles(text: str, linked: bool | None):
    """Service-linked roles are told by their path; a session with such a name may be of one."""
    assert Requester.parse(text).service_linked is linked
