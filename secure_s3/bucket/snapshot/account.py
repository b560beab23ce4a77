"""Who reads, whose bucket it is, and what holds for all buckets of that account.

S3 does not say whose a bucket is. It is the caller's account's if a request passes that expects so, or if
S3 shows the bucket policy, which it does to the owner's account alone.

Sources: Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"; Amazon S3 API
Reference, GetBucketPolicy: 405 for callers of other accounts; AWS STS API Reference, GetCallerIdentity, for
which nobody needs a permission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import AccessDenied, CredentialsRefused
from ..access.settings import account_block
from ..asking import Answer, Asking
from .aside import aside
from .points import read_multi_region, read_points
from .questions import FAILURES, Fields, Question, question, unread
from .values import ANOTHERS, Known, Unread

T = TypeVar("T")
OF_THE_CALLER = (
    *("trails", "analyzers", "analyzer_findings", "macie", "macie_findings"),
    *("vpc_endpoints", "alarms", "recorders", "identities"),
)
"""Fields that are read of the caller's account, whatever bucket is meant."""
OF_THE_OWNER = ("account_public_access_block", "access_points", "multi_region_access_points")
"""Fields that are read of the account that is thought to be the bucket's."""
_UNKNOWN = Unread("it is not known whose account the bucket belongs to", "s3:ListBucket")


@dataclass(frozen=True, slots=True)
class Account:
    """The account that may own the bucket.

    Args:
        caller, own: The ARN of whoever read, and the account of that.
        number: Of the account that may be the owner.
        owns: Whether S3 says that the bucket is its own.
        fields: What was read of it.
    """

    caller: Known[str]
    own: Known[str]
    number: Known[str]
    owns: Known[bool]
    fields: Fields

    def settled(self, found: Fields, there: bool) -> Fields:
        """*found*, with ``account``, and without what was read of an account that does not own the bucket.

        Args:
            found: What was read, the policy among it.
            there: Whether the caller may see the bucket at all.
        """
        account = self._owner(found.get("policy", _UNKNOWN), there)
        told = {**found, **self.fields, "caller": self.caller, "account": account}
        if isinstance(account, Unread):
            return told | dict.fromkeys((*OF_THE_CALLER, *OF_THE_OWNER), account)
        if account != self.own:
            return told | dict.fromkeys(OF_THE_CALLER, ANOTHERS)
        return told

    def _owner(self, policy: Any, there: bool) -> Known[str]:
        if isinstance(self.number, Unread) or self.owns is True:
            return self.number
        if not isinstance(policy, Unread) and self.number == self.own:
            return self.number
        denied = not isinstance(policy, Unread) or policy.code == "MethodNotAllowed"
        return ANOTHERS if denied or (there and self.owns is False) else _UNKNOWN


class Caller:
    """Whoever reads, and the account that may own the bucket: the one that is expected to, or the caller's.

    It is asked about once, and waited for by whoever wants to know.

    Args:
        asking: Who is asked.
        expected: The account that the security profile expects to own the bucket.
        keys: ARNs of KMS keys. Most are of the same account: reading begins with theirs.
    """

    def __init__(self, asking: Asking, expected: str | None, keys: Iterable[str]) -> None:
        self._question = question(
            ("arn", "own"),
            "",
            ("sts", "get_caller_identity", None),
            lambda told: (str(told["Arn"]), str(told["Account"])),
        )
        self._answer = self._question.start(asking)
        self._expected = expected
        self._guess = expected or next((number for each in keys if (number := _account_in(each))), None)

    @property
    def arn(self) -> Known[str]:
        """As policies name it."""
        return self._told("arn")

    @property
    def own(self) -> Known[str]:
        """The caller's account."""
        return self._told("own")

    def of_account(self, read: Callable[[str], T]) -> tuple[Known[str], T | None]:
        """The account, and what *read* tells of it; None if the account is not known.

        Reading begins before the account is known, and is repeated if the guess was wrong.
        """
        begun = aside(read, self._guess) if self._guess else None
        number = self._expected or self.own
        if isinstance(number, Unread):
            return number, None
        return number, begun.result() if begun is not None and self._guess == number else read(number)

    def _told(self, name: str) -> Known[str]:
        value: Known[str] = self._question.told(self._answer)[name]
        return value


def read_account(asking: Asking, who: Caller, bucket: str, region: str | None, partition: str) -> Account:
    """The caller, and what is read of the account that may own the bucket."""
    number, told = who.of_account(lambda account: _of(asking, bucket, account, region, partition))
    if isinstance(number, Unread) or told is None:
        return Account(who.arn, who.own, number, number if isinstance(number, Unread) else _UNKNOWN, {})
    return Account(who.arn, who.own, number, *told)


def _account_in(key: str) -> str | None:
    parts = key.split(":")
    return parts[4] if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdecimal() else None


def _of(
    asking: Asking, bucket: str, number: str, region: str | None, partition: str
) -> tuple[Known[bool], Fields]:
    owner = _expecting(asking, bucket, number)
    block = Question(
        ("account_public_access_block",), "s3:GetAccountPublicAccessBlock", account_block(number)
    )
    blocked = block.start(asking)
    multi = aside(read_multi_region, asking, bucket, number, partition)
    points, more = read_points(asking, bucket, number, region), multi.result()
    cut = (*points.pop("cut", ()), *more.pop("cut", ()))
    return _passed(owner), {**block.told(blocked), **points, **more, "cut": cut}


def _expecting(asking: Asking, bucket: str, owner: str) -> Answer | Unread:
    try:
        return asking.start("s3", "head_bucket", Bucket=bucket, ExpectedBucketOwner=owner)
    except FAILURES as error:
        return unread(error, "s3:ListBucket")


def _passed(answer: Answer | Unread) -> Known[bool]:
    """True if the request passed, False if it was refused."""
    if isinstance(answer, Unread):
        return answer
    try:
        answer.get()
    except FAILURES as error:
        if isinstance(error, AccessDenied) and not isinstance(error, CredentialsRefused):
            return False
        return unread(error, "s3:ListBucket")
    return True
