"""Roles that strangers can take by way of an identity provider, or that nobody can.

Anybody can have a token of a provider that serves the public: of GitHub for a repository of theirs, of
Cognito for an identity pool of theirs. Whether the role is theirs to take is up to the conditions.

Sources: IAM User Guide, "Create a role for OpenID Connect federation", "Available keys for AWS OIDC
federation", "Identity-provider controls for shared OIDC providers"; AWS STS API Reference,
AssumeRoleWithWebIdentity and AssumeRoleWithSAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...values import Severity
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import OWNER, witness
from . import repairs
from .circumstances import NETWORK, filled
from .rule import TRUST, Hit, Rule, Subject
from .search import about_action, find

_WEB, _SAML, _PLAIN = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:AssumeRole"
_ROLE = f"arn:aws:iam::{OWNER}:role/App"
_CHOSEN = {
    # The workflow chooses the audience of its token; whether an identity is signed in, the pool's owner.
    "token.actions.githubusercontent.com": ("aud",),
    "gitlab.com": ("aud",),
    "app.terraform.io": ("aud",),
    "agent.buildkite.com": ("aud",),
    "cognito-identity.amazonaws.com": ("amr",),
    "accounts.google.com": (),
    "www.amazon.com": (),
    "graph.facebook.com": (),
}
"""Providers that serve everybody, and what of a token a stranger may choose."""
_GITHUB = {
    "sub": "repo:stranger/stranger:ref:refs/heads/main",
    "repository": "stranger/stranger",
    "repository_owner": "stranger",
    "actor": "stranger",
    "ref": "refs/heads/main",
    "job_workflow_ref": "stranger/stranger/.github/workflows/x.yml@refs/heads/main",
}
_OWNER_OPEN = re.compile(r"(repo:|project_path:|organization:)?[^/:]*[*?]")
"""A pattern of ``sub`` whose first wildcard is in the name of the owner, or before it."""


def _hosts(statement: Statement) -> Iterator[tuple[str, str]]:
    """The identity providers that it names, with the host that stands before the keys of their tokens."""
    who = statement.principals
    for text in who.federated if who and not who.negated else ():
        host = text.partition(":oidc-provider/")[2] if text.startswith("arn:") else text
        if host and ":saml-provider/" not in text:
            yield text, host


def _open_providers(subject: Subject) -> Iterator[Hit]:
    for each in subject.allows:
        for provider, host in _hosts(each) if about_action(each, _WEB) else ():
            shared = host if host in _CHOSEN else None
            found = _by_token(subject, each, provider, host, shared)
            if found:
                yield _hit(each, host, shared, found)


def _hit(statement: Statement, host: str, shared: str | None, found: AccessRequest) -> Hit:
    who = f"anybody with a token of {host}" if shared else f"whoever {host} signs in"
    asked = [condition.key for condition in statement.conditions if condition.folded.startswith(host.lower())]
    subject = found.lookup(f"{host.lower()}:sub")
    shown = (
        f", for {', '.join(asked)} of a stranger's token may fit" if asked else ", for nothing is asked of it"
    )
    example = f", e.g. {subject[0]}" if shared and asked and isinstance(subject, tuple) else ""
    return Hit(
        f"{who} may take the role{shown}{example}", statement, severity=None if shared else Severity.MEDIUM
    )


def _by_token(
    subject: Subject, statement: Statement, provider: str, host: str, shared: str | None
) -> AccessRequest | None:
    prefix = f"{host.lower()}:"
    # Every pod of a cluster can ask for a token with any audience.
    chosen = _CHOSEN[shared] if shared else ("aud",) if host.startswith("oidc.eks.") else ()
    free = {f"{prefix}{name}" for name in chosen}
    own = {key for key in statement.keys if key.startswith(prefix)}
    for sub in dict.fromkeys((_GITHUB["sub"], *_fitting(statement, prefix))):
        token = {key: _GITHUB.get(key.removeprefix(prefix), "stranger") for key in own}
        start = witness(_WEB, _ROLE, provider, {**token, f"{prefix}sub": sub, f"{prefix}aud": "stranger"})
        fixed = ((own | {f"{prefix}sub"}) - free) | NETWORK
        found = find(subject, start, must=(statement,), avoid=subject.denies, fixed=fixed)
        if found:
            return found
    return None


def _fitting(statement: Statement, prefix: str) -> Iterator[str]:
    """Subjects that a stranger can have and that fit a pattern which leaves the owner open."""
    for condition in statement.conditions:
        if condition.folded == f"{prefix}sub":
            yield from (filled(value, "stranger") for value in condition.values if _OWNER_OPEN.match(value))


def _wrong_action(subject: Subject) -> Iterator[Hit]:
    for each in subject.allows:
        who = each.principals
        if who is None or who.negated or who.everyone or not who.federated or who.aws or who.service:
            continue
        if each.not_action or not about_action(each, _PLAIN):
            continue
        saml = all(":saml-provider/" in text for text in who.federated)
        right = _SAML if saml else _WEB
        if not any(about_action(each, action) for action in (_WEB, _SAML)):
            yield Hit(
                f"nobody can take the role: who comes from {who.federated[0]} calls {right}, and {_PLAIN} is "
                "for principals of AWS",
                each,
                f"{each.pointer}/Action",
                f"allow {right}",
                repairs.replaced(each, "Action", right) if each.actions == (_PLAIN,) else (),
            )


RULES = (
    Rule(
        "identity-provider-open",
        Severity.CRITICAL,
        "whoever has a token of the provider may take the role",
        "A provider that serves the public gives tokens to everybody. The audience of a token of GitHub is "
        "what the workflow asks for; only its subject tells whose repository it is. Of Cognito, Google, "
        "Amazon and Facebook the audience tells whose application or identity pool it is.",
        "ask for the provider's :sub, with the owner written out (repo:octo-org/octo-repo:…), and for :aud",
        _open_providers,
        (TRUST,),
        (
            "IAM User Guide: Create a role for OpenID Connect federation (console)",
            "IAM User Guide: Identity-provider controls for shared OIDC providers",
        ),
    ),
    Rule(
        "federated-action",
        Severity.MEDIUM,
        "an identity provider with sts:AssumeRole",
        "Who comes from an identity provider calls sts:AssumeRoleWithWebIdentity or sts:AssumeRoleWithSAML; "
        "the statement allows nothing.",
        f"allow {_WEB}, or {_SAML} for a SAML provider",
        _wrong_action,
        (TRUST,),
        ("AWS STS API Reference: AssumeRoleWithWebIdentity", "AWS STS API Reference: AssumeRoleWithSAML"),
    ),
)
