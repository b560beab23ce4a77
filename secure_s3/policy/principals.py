"""Who asks, and whom a statement names.

Sources: IAM User Guide, "AWS JSON policy elements: Principal", "... NotPrincipal", and "Policy evaluation for
requests within a single account".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROOT = re.compile(r"arn:[^:]+:iam::([0-9]{12}):root")
_ARN = re.compile(r"(arn:[^:]+):(iam|sts)::([0-9]{12}):([a-z-]+)(?:/(.+))?", re.S)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_UNIQUE_ID = re.compile(r"A(IDA|ROA)[A-Z0-9]{12,}")
_WEB_IDENTITY = frozenset({"cognito-identity.amazonaws.com", "www.amazon.com"})
"""Identity providers whose names look like those of services."""
_SSO = "AWSReservedSSO_"
_SSO_PATH = "aws-reserved/sso.amazonaws.com/"
_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "session": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}


_CALLER = re.compile(
    r"arn:[^:\s]+:iam::[0-9]{12}:(root|(user|role)/\S+)"
    r"|arn:[^:\s]+:sts::[0-9]{12}:(assumed-role/[^/\s]+/\S+|federated-user/\S+)"
)
_PROVIDER = re.compile(
    r"arn:[^:\s]+:iam::[0-9]{12}:(saml|oidc)-provider/\S+|[a-z0-9-]+(\.[a-z0-9-]+)+(/\S*)?"
)
_ORIGIN_IDENTITY = re.compile(
    r"arn:aws[a-z-]*:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+"
)


def kind_of_caller(text: str) -> str | None:
    """The kind of principal that *text* names as the one who asks; None if it names nobody."""
    if text in ("*", "anonymous"):
        return "anonymous"
    if _ACCOUNT.fullmatch(text) or _CANONICAL.fullmatch(text) or _SERVICE.fullmatch(text):
        return Requester.parse(text).kind
    if _CALLER.fullmatch(text):
        return Requester.parse(text).kind
    if _ORIGIN_IDENTITY.fullmatch(text):
        return "canonical"
    return "federated" if _PROVIDER.fullmatch(text) else None


class Grant(IntEnum):
    """How directly a resource policy names whom it allows; what limits the grant depends on it."""

    NONE = 0
    ACCOUNT = 1
    """It names the account: identity policies decide who in it."""
    ROLE = 2
    """It names the role of a session, or the user who federated: boundary and session policies limit it."""
    DIRECT = 3
    """It names the user, the session, the service or everybody: nothing limits it but an explicit deny."""


@dataclass(frozen=True, slots=True)
class Requester:
    """A principal taken apart.

    Args:
        kind: ``anonymous``, ``root``, ``user``, ``role``, ``session``, ``federated-user``, ``service``,
            ``canonical`` or ``federated``. A role's ARN stands for one of its sessions, whichever.
        text: As it was given.
        partition: ``arn:aws``; empty without an ARN.
        account: Twelve digits, where the text says.
        name: Name of the user or of the role, without its path.
    """

    kind: str
    text: str
    partition: str = ""
    account: str | None = None
    name: str = ""

    @classmethod
    def parse(cls, text: str | None) -> Requester:
        """Whoever *text* names; what is nothing known is a federated identity, named by its provider."""
        if text is None or text in ("*", "anonymous"):
            return cls("anonymous", "*")
        text = str(text)
        if _ACCOUNT.fullmatch(text):
            return cls("root", f"arn:aws:iam::{text}:root", "arn:aws", text)
        match = _ARN.fullmatch(text)
        if match is None:
            if _SERVICE.fullmatch(text) and text not in _WEB_IDENTITY:
                return cls("service", text)
            return cls("canonical" if _CANONICAL.fullmatch(text) else "federated", text)
        partition, service, account, kind, rest = match.groups()
        if service == "sts" and kind == "assumed-role" and rest:
            return cls("session", text, partition, account, rest.split("/")[0])
        if service == "sts" and kind == "federated-user" and rest:
            return cls(kind, text, partition, account, rest)
        if service == "iam" and kind in ("user", "role") and rest:
            return cls(kind, text, partition, account, rest.rpartition("/")[2])
        if service == "iam" and kind == "root" and not rest:
            return cls(kind, text, partition, account)
        return cls("federated", text, partition, account)

    @property
    def principal_arn(self) -> str | None:
        """``aws:PrincipalArn``: of a session, the role's, whose path the session's ARN does not tell."""
        if self.kind == "session":
            return f"{self.partition}:iam::{self.account}:role/{self.name}"
        return self.text if self.kind in ("root", "user", "role", "federated-user") else None

    @property
    def principal_type(self) -> str | None:
        """``aws:PrincipalType``."""
        return _TYPES.get(self.kind)

    def role_arns(self, named: Iterable[str]) -> tuple[str, ...]:
        """What the ARN of a session's role may be, whose path the session's own does not tell.

        It is taken to have no path, but where one of *named* names a role of that name with one. The roles of
        IAM Identity Center have a path that is known up to a region.
        """
        reserved = self.name.startswith(_SSO)
        own = {_SSO_PATH, f"{_SSO_PATH}us-east-1/"} if reserved else {""}
        for text in named:
            role = text.split(":", 5)[-1]
            path = role.removeprefix("role/").rpartition("/")[0].replace("*", "x").replace("?", "x")
            if role.startswith("role/") and path and (not reserved or path.startswith(_SSO_PATH[:-1])):
                own.add(f"{path}/")
        return tuple(f"{self.partition}:iam::{self.account}:role/{path}{self.name}" for path in sorted(own))

    @property
    def service_linked(self) -> bool | None:
        """A service-linked role, which no SCP and no RCP restricts; of a session only the name can say."""
        if self.kind == "session":
            return None if self.name.startswith("AWSServiceRoleFor") else False
        return self.kind == "role" and ":role/aws-service-role/" in self.text


@dataclass(frozen=True, slots=True)
class Principals:
    """The ``Principal`` or ``NotPrincipal`` of a statement.

    Args:
        negated: It is ``NotPrincipal``.
        everyone: It holds ``*``.
        aws, service, federated, canonical: The values under each name, as written.
    """

    negated: bool
    everyone: bool
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Any, negated: bool) -> tuple[Principals, list[str]]:
        """The principals that can be understood, and what cannot."""
        if value == "*":
            return cls(negated, True), []
        if not isinstance(value, Mapping):
            return cls(negated, False), ['it is neither "*" nor an object such as {"AWS": "arn:…"}']
        found: dict[str, tuple[str, ...]] = {}
        complaints: list[str] = []
        names = {"AWS": "aws", "Service": "service", "Federated": "federated", "CanonicalUser": "canonical"}
        for name, listed in value.items():
            values = [listed] if isinstance(listed, str) else listed
            if name not in names:
                complaints.append(f"{name!r} is no kind of principal")
            elif not isinstance(values, list) or not all(isinstance(item, str) for item in values):
                complaints.append(f"{name} holds something else than strings")
            else:
                found[names[name]] = tuple(map(str, values))
        if not value:
            complaints.append("it names nobody")
        return cls(negated, "*" in found.get("aws", ()), **found), complaints

    def match(self, requester: Requester | None) -> tuple[bool | None, Grant]:
        """Whether it is about *requester* (None: not known), and how directly it names it."""
        if self.negated:
            exempt = self._exempts(requester)
            return (None if exempt is None else not exempt), Grant.DIRECT
        if self.everyone:
            return True, Grant.DIRECT
        if requester is None:
            return None, Grant.DIRECT
        return self._named(requester)

    def _named(self, who: Requester) -> tuple[bool | None, Grant]:
        if who.kind in ("service", "federated", "canonical"):
            listed = {"service": self.service, "federated": self.federated, "canonical": self.canonical}
            named = who.text in listed[who.kind] or (who.kind == "federated" and who.text in self.aws)
            # A canonical id is an account's, but which one only S3 knows.
            account_named = who.kind == "canonical" and any(text != "*" for text in self.aws)
            return (None if account_named and not named else named), Grant.DIRECT
        if who.kind == "anonymous":
            return False, Grant.NONE
        best = Grant.NONE
        for text in self.aws:
            best = max(best, self._grant(text, who))
        if best:
            return True, best
        if who.kind == "federated-user" and any(_user_of(text, who) for text in self.aws):
            return None, Grant.ROLE  # the session of some user of the account; its ARN does not say whose
        # A canonical id stands for an account, but which one only S3 knows. A role's ARN is asked about, and
        # one of its sessions named: it may be this one.
        some_session = who.kind == "role" and any(_session_of(text, who) for text in self.aws)
        # A unique id is what AWS keeps of a user or role; whose it is, it does not tell.
        some_id = any(_UNIQUE_ID.fullmatch(text) for text in self.aws)
        return (None if self.canonical or some_session or some_id else False), Grant.DIRECT

    @staticmethod
    def _grant(text: str, who: Requester) -> Grant:
        if text == who.text:
            return Grant.ROLE if who.kind == "role" else Grant.ACCOUNT if who.kind == "root" else Grant.DIRECT
        if text == who.account:
            return Grant.ACCOUNT
        root = _ROOT.fullmatch(text)
        if root and root[1] == who.account and text.startswith(f"{who.partition}:"):
            return Grant.ACCOUNT
        named = _ARN.fullmatch(text) if who.kind == "session" else None
        if named and named[4] == "role" and named[1] == who.partition and named[3] == who.account:
            return Grant.ROLE if str(named[5]).rpartition("/")[2] == who.name else Grant.NONE
        return Grant.NONE

    def _exempts(self, who: Requester | None) -> bool | None:
        if self.everyone:
            return True
        if who is None:
            return None
        if who.kind in ("service", "federated", "canonical", "anonymous"):
            named, _ = self._named(who)
            return named
        if who.kind == "role":  # one of its sessions asks, and listing the role does not list that one
            return None if any(_session_of(text, who) for text in self.aws) else False
        listed = set(self.aws)
        if not listed.intersection(_last(who)):
            return None if self.canonical else False
        # AWS may ask about the account and the role as well as about the session ("NotPrincipal").
        grants = {self._grant(text, who) for text in self.aws}
        above = {Grant.ACCOUNT, Grant.ROLE} if who.kind == "session" else {Grant.ACCOUNT}
        return True if above <= grants else None


def _session_of(text: str, who: Requester) -> bool:
    other = Requester.parse(text)
    return other.kind == "session" and other.principal_arn == (
        f"{who.partition}:iam::{who.account}:role/{who.name}"
    )


def _user_of(text: str, who: Requester) -> bool:
    other = Requester.parse(text)
    return (other.kind, other.partition, other.account) == ("user", who.partition, who.account)


def _last(who: Requester) -> Iterable[str]:
    return (who.text, str(who.account)) if who.kind == "root" else (who.text,)
