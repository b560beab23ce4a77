"""Whoever has credentials of the endpoint, with the policies that bind it right now.

Nothing is kept but what policies' texts parse to: users, groups, roles and policies are looked up in moto
each time, so that a change of any of them counts from the next request on.

Sources: IAM User Guide, "IAM identifiers", "Session policies", "AWS global condition context keys"; AWS STS
API Reference, GetCallerIdentity.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import uuid4

from ....policy import Policy
from ....policy.wire import Caller
from ....sigv4 import Scope
from ..clock import Clock
from ..faults import Refusal
from ..services.questions import Question, scope_of
from ..store import Store
from .directory import Directory, Issued
from .identity import ANONYMOUS, Attached, Identity, stored_policy
from .session import Session
from .sessions import begun, new_credentials, read, told

__all__ = ["Identities"]

_BOUNDARIES = ("PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary")
_OF_ROLES = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_OF_USERS = ("GetSessionToken", "GetFederationToken")
_ABSENT: dict[str, Any] = dict.fromkeys(
    (
        "aws:AssumedRoot",
        "aws:ChatbotSourceArn",
        "aws:Ec2InstanceSourcePrivateIPv4",
        "aws:Ec2InstanceSourceVpc",
        "aws:FederatedProvider",
        "aws:MultiFactorAuthAge",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:SignInSessionArn",
        "aws:SourceIdentity",
        "aws:TokenIssueTime",
    )
)
"""What lasting credentials never have, and the organization that nobody here is in."""
_NOTHING = Policy.parse({"Version": "2012-10-17", "Statement": []})
"""Stands for a policy that was named and is not there: it allows nothing."""


class Identities:
    """Finds out who an access key is.

    Args:
        store: Whose users, roles and sessions are meant.
        clock: Sessions begin, grow old and end by it.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._directory: Directory = store.directory
        self._clock = clock
        self._directory.follow(clock.now)

    def of(self, signer: Scope | str | None) -> Identity:
        """Who signed; *signer* is what a verified signature tells, an access key, or None for nobody.

        Raises:
            Refusal: InvalidAccessKeyId; nobody has it (any more).
        """
        if signer is None:
            return ANONYMOUS
        access_key = signer if isinstance(signer, str) else signer.access_key
        directory = self._directory
        if (user := directory.user(access_key)) is not None:
            return self._user(user)
        session = directory.sessions.get(access_key)
        holder = directory.holder(session) if session else None
        if (assumed := directory.assumed(access_key)) is not None:
            return self._role(assumed, holder, session)
        if session is None or holder is None:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise Refusal(403, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
        return self._federated(holder, session) if session.federated else self._user(holder, session)

    def prepare(self, question: Question) -> bytes | None:
        """Do what is to be done before moto answers a request to IAM or STS that is permitted.

        Policies that AWS manages become known to moto once they are named. The answer is ours, in XML, for
        PutUserPermissionsBoundary and DeleteUserPermissionsBoundary, which moto has not; else it is None.

        Raises:
            Refusal: NoSuchEntity; or AccessDenied where a session asks STS for what only users may have.
        """
        for name in ("PolicyArn", "PermissionsBoundary"):
            self._directory.learn(question.text(name))
        if question.action in _BOUNDARIES:
            return self._bound(question)
        asker = self._directory.sessions.get(scope_of(question.environ)[0])
        if question.action in _OF_USERS and asker is not None:
            raise Refusal(403, "AccessDenied", f"Cannot call {question.action} with session credentials")
        return None

    def remember(self, question: Question, answer: bytes) -> bytes:
        """Note what moto does not keep of a request to IAM or STS that succeeded; gives the answer to send.

        To be called for each one, before anybody can use what it gave. The answer is moto's but for
        GetSessionToken and GetFederationToken, whose credentials become real ones, and the id of a role's
        session, which is what :meth:`of` tells; so its length can be another.

        Args:
            question: Still with the Authorization header it came with.
            answer: moto's XML.
        """
        asker = scope_of(question.environ)[0]
        before = self._directory.sessions.get(asker)
        if question.action in _OF_ROLES:
            role = self._directory.role(question.text("RoleArn"))
            session = begun(question, None if role is None else role.id, before)
            self._directory.sessions[read(answer, "AccessKeyId")] = session
            assumed = self.of(read(answer, "AccessKeyId")).caller
            return told(answer, AssumedRoleId=str(assumed.user_id))
        if question.action in _OF_USERS:
            user = self._directory.user(asker)
            issued = new_credentials(question)
            self._directory.issue(issued, begun(question, None if user is None else user.id, before))
            return _with_credentials(answer, issued)
        if question.action == "CreateUser" and (boundary := question.text("PermissionsBoundary")):
            self._directory.bound(question.text("UserName"), boundary)
        return answer

    def _bound(self, question: Question) -> bytes:
        name, arn = question.text("UserName"), question.text("PermissionsBoundary")
        if question.action.startswith("Put") and self._directory.document(arn) is None:
            message = f"Policy {arn} does not exist or is not attachable."
            raise Refusal(404, "NoSuchEntity", message)
        if not self._directory.bound(name, arn or None):
            raise Refusal(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
        tag = f"{question.action}Response"
        return (
            f'<{tag} xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata>'
            f"<RequestId>{uuid4()}</RequestId></ResponseMetadata></{tag}>"
        ).encode()

    def _user(self, user: Any, session: Session | None = None) -> Identity:
        return Identity(
            Caller(user.arn, user.account_id, user.id),
            self._of_user(user),
            self._boundary(user),
            context=self._context(self._directory.tags(user), session),
        )

    def _federated(self, user: Any, session: Session) -> Identity:
        """Of its user's policies it has what the session policies let through: without one, nothing."""
        arn = f"arn:aws:sts::{user.account_id}:federated-user/{session.federated}"
        passed = self._passed(session)
        return Identity(
            Caller(arn, user.account_id, f"{user.account_id}:{session.federated}"),
            self._of_user(user) if passed else (),
            self._boundary(user),
            passed,
            self._context({**self._directory.tags(user), **session.tags}, session),
        )

    def _role(self, assumed: Any, role: Any, session: Session | None) -> Identity:
        role_id = _made_up_id(assumed.role_arn) if role is None else role.id
        caller = Caller(
            assumed.arn, assumed.account_id, f"{role_id}:{assumed.session_name}", assumed.role_arn
        )
        tags = {**({} if role is None else self._directory.tags(role)), **(session.tags if session else {})}
        return Identity(
            caller,
            () if role is None else _attached(self._directory.documents(role)),
            None if role is None else self._boundary(role),
            self._passed(session) if session else (),
            self._context(tags, session),
        )

    def _of_user(self, user: Any) -> tuple[Attached, ...]:
        holders = [user, *self._directory.groups(user)]
        return _attached(each for holder in holders for each in self._directory.documents(holder))

    def _boundary(self, holder: Any) -> Attached | None:
        arn = self._directory.boundary(holder)
        return None if arn is None else self._named(arn)

    def _passed(self, session: Session) -> tuple[Attached, ...]:
        own = _attached([(None, session.policy)]) if session.policy else ()
        return own + tuple(self._named(arn) for arn in session.policy_arns)

    def _named(self, arn: str) -> Attached:
        text = self._directory.document(arn)
        return Attached(_NOTHING if text is None else stored_policy(text), arn)

    def _context(self, tags: dict[str, str], session: Session | None) -> dict[str, Any]:
        context = {**_ABSENT, **{f"aws:PrincipalTag/{name}": value for name, value in tags.items()}}
        if session is not None:
            age = int((self._clock.now() - session.issued_at).total_seconds())
            context |= {
                "aws:TokenIssueTime": session.issued_at,
                "aws:MultiFactorAuthPresent": session.mfa,
                "aws:MultiFactorAuthAge": age if session.mfa else None,
                "aws:SourceIdentity": session.source_identity,
                "aws:FederatedProvider": session.provider,
            }
        return context


def _with_credentials(answer: bytes, issued: Issued) -> bytes:
    made = issued.credentials
    elements = {
        "AccessKeyId": made.access_key,
        "SecretAccessKey": made.secret_key,
        "SessionToken": str(made.token),
    }
    return told(answer, **elements)


def _attached(documents: Iterable[tuple[str | None, str]]) -> tuple[Attached, ...]:
    return tuple(Attached(stored_policy(text), arn) for arn, text in documents)


def _made_up_id(role_arn: str) -> str:
    """The id of a role that nobody made: moto lets such be assumed."""
    return f"AROA{sha256(role_arn.encode()).hexdigest()[:17].upper()}"
