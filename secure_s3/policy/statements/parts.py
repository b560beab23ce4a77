"""What statements are put together from: blocks of conditions, and the values that several builders check.

The builders take plain values and refuse, with a PolicyError, whatever would make a statement that AWS takes
and that does nothing, or something else than its name says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ...errors import ConfigurationError, PolicyError
from ...values import Arn, KmsKeyArn
from ..statement import Statement

Texts = str | Iterable[str]
"""One value or several."""

Keys = str | KmsKeyArn | Arn | Iterable[str | KmsKeyArn | Arn]
"""One ARN of a KMS key or several."""

Block = Mapping[str, Mapping[str, "str | Sequence[str]"]]
"""Operators to condition keys to values."""

_SID = re.compile(r"[A-Za-z0-9]{1,100}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_ACTION = re.compile(r"s3:[A-Za-z]+\*?|s3:\*")


def deny(sid: str, actions: Texts, resources: Texts, *blocks: Block) -> Statement:
    """A Deny for everybody; whom it does not concern is said by its conditions.

    Never ``NotPrincipal``: that denies the sessions of the roles it names (IAM User Guide, "AWS JSON policy
    elements: NotPrincipal").
    """
    return _statement(sid, "Deny", "*", actions, resources, blocks)


def allow(sid: str, principal: Any, actions: Texts, resources: Texts, *blocks: Block) -> Statement:
    """An Allow; without *principal* it is for a policy of an identity."""
    return _statement(sid, "Allow", principal, actions, resources, blocks)


def _statement(
    sid: str, effect: str, principal: Any, actions: Texts, resources: Texts, blocks: Sequence[Block]
) -> Statement:
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise PolicyError(
            f"sid={sid!r} is no Sid",
            why="policies of identities take letters and digits only",
            fix="pass sid= with 1 to 100 letters and digits, e.g. DenyInsecureTransport",
        )
    raw: dict[str, Any] = {"Sid": sid, "Effect": effect}
    if principal is not None:
        raw["Principal"] = principal
    raw["Action"] = one_or_many(actions)
    raw["Resource"] = one_or_many(resources)
    conditions = _merged(blocks)
    if conditions:
        raw["Condition"] = conditions
    return Statement(raw)


def _merged(blocks: Sequence[Block]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for block in blocks:
        for operator, keys in block.items():
            target = merged.setdefault(operator, {})
            for key, values in keys.items():
                if key in target:  # the builders never do; it would silently drop a condition
                    raise PolicyError(f"{operator} would hold {key} twice", fix="report this as a bug")
                target[key] = one_or_many(values)
    return merged


def one_or_many(values: Texts) -> str | list[str]:
    """As policies are usually written: one value for itself, several as a list."""
    listed = [values] if isinstance(values, str) else list(values)
    return listed[0] if len(listed) == 1 else listed


def texts(values: Texts, name: str, example: str, *, empty: bool = False) -> tuple[str, ...]:
    """One or several texts as a tuple without repetitions."""
    if isinstance(values, str):
        listed: list[Any] = [values]
    elif isinstance(values, Iterable) and not isinstance(values, Mapping | bytes):
        listed = list(values)
    else:
        raise PolicyError(f"{name}= is a {type(values).__name__}", fix=f"pass {name}=({example!r},)")
    if not empty and not listed:
        raise PolicyError(f"{name}= is empty", why="the statement would do nothing", fix=f"e.g. {example!r}")
    for each in listed:
        if not isinstance(each, str) or not each:
            raise PolicyError(f"{name}= holds {each!r}, which is no text", fix=f"e.g. {example!r}")
        if any(character.isspace() for character in each):
            raise PolicyError(
                f"{each!r} in {name}= holds white space",
                why="it would match nothing, and nobody would tell",
                fix="remove the white space",
            )
    return tuple(dict.fromkeys(listed))


def one_of(value: Any, choices: Sequence[str], name: str, why: str = "") -> str:
    """*value* if it is among *choices*, exactly as written."""
    if not isinstance(value, str) or value not in choices:
        kind = "not among them" if isinstance(value, str) else f"a {type(value).__name__}, no text"
        raise PolicyError(
            f"{name}={value!r} is {kind}", why=why, fix=f"pass the text {' or '.join(map(repr, choices))}"
        )
    return value


def flag(value: Any, name: str) -> bool:
    """*value* if it is True or False: a text such as "false" would count as true."""
    if not isinstance(value, bool):
        raise PolicyError(f"{name}={value!r} is neither True nor False", fix=f"pass {name}=True or False")
    return value


def whole_number(value: Any, name: str, low: int, high: int, why: str) -> int:
    """*value* if it is a whole number between *low* and *high*, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise PolicyError(f"{name}={value!r} does not do", why=why, fix=f"pass a number from {low} to {high}")
    return value


def seconds(value: int | timedelta, name: str, low: int, high: int, why: str) -> int:
    """A duration in whole seconds."""
    if isinstance(value, timedelta):
        if value.microseconds:
            raise PolicyError(f"{name}={value!r} is no whole number of seconds", fix="round it")
        value = value.days * 86_400 + value.seconds
    return whole_number(value, name, low, high, why)


def of_partition(arns: Iterable[str], partition: str, name: str) -> None:
    """Refuse an ARN of another partition than *partition*."""
    for each in arns:
        found = each.split(":")[1]
        if found != partition:
            raise PolicyError(
                f"{each!r} in {name}= is of the partition {found}, and the statement of {partition}",
                why="nothing reaches from one partition into another: it would match nobody, so that an "
                "Allow would allow nothing and a Deny spare nobody",
                fix=f"pass an ARN that begins with arn:{partition}:, or the partition that is meant",
            )


def full_key_arns(values: Keys, name: str, partition: str | None = None) -> tuple[str, ...]:
    """Full ARNs of KMS keys: an alias or a bare id is never equal to what the condition key holds."""
    given: Any = [values] if isinstance(values, KmsKeyArn | Arn) else values
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping | bytes):
        given = [str(each) if isinstance(each, KmsKeyArn | Arn) else each for each in given]
    listed = texts(given, name, "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…")
    for each in listed:
        try:
            KmsKeyArn(each)
        except ConfigurationError as error:
            raise PolicyError(f"{name}=: {error.what}", why=error.why, fix=error.fix) from error
    if partition is not None:
        of_partition(listed, partition, name)
    return listed


def s3_actions(values: Texts, name: str = "actions") -> tuple[str, ...]:
    """Names of actions of S3; whether they exist is for ``lint`` to say."""
    listed = texts(values, name, "s3:GetObject")
    for each in listed:
        if not _ACTION.fullmatch(each):
            raise PolicyError(f"{each!r} is no action of S3", fix="pass e.g. s3:GetObject or s3:*")
    return listed


def region_name(region: str) -> str:
    """The name of a region."""
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise PolicyError(f"region={region!r} is no region", fix='pass e.g. "eu-west-1"')
    return region
