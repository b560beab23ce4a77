"""One setting is read again, in the same way as for a snapshot, and compared. The edge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ...errors import PolicyError
from ...guard.faults import typed
from ...policy.difference import diff
from ..access.settings import account_block
from ..asking import Asking
from ..snapshot.keys import read_keys
from ..snapshot.questions import Question, ask_all, or_unread
from ..snapshot.settings import log_target, of_bucket
from ..snapshot.values import LogTarget, Snapshot, Unread
from ..wanted import BucketProfile
from .access import switches
from .encryption import setting_of
from .logs import TARGET_POLICY
from .plan import Change


def with_log_target(client: Any, session: Any, snapshot: Snapshot, profile: BucketProfile) -> Snapshot:
    """*snapshot* with what is to be known of the bucket that the profile names for logs, if it names one."""
    name = profile.log_bucket
    there = (snapshot.log_target, snapshot.wanted_log_target)
    if name is None or any(isinstance(each, LogTarget) and each.bucket == name for each in there):
        return snapshot
    with Asking(session, client) as asking:
        found = or_unread("s3:GetBucketPolicy", lambda: log_target(asking, {"TargetBucket": name}))
    return replace(snapshot, wanted_log_target=found)


def read_again(asking: Asking, change: Change) -> Any:
    """The setting that *change* is about, in the form of its ``before`` and ``after``; Unread if refused."""
    return _READERS.get(change.field, _of_bucket)(asking, change)


def _of_bucket(asking: Asking, change: Change) -> Any:
    field = "policy" if change.field == TARGET_POLICY else change.field
    told = ask_all(asking, [of_bucket(change.resource)[field]])
    return told[field]


def _public_access(asking: Asking, change: Change) -> Any:
    found = _of_bucket(asking, change)
    return found if isinstance(found, Unread) else switches(found)


def _account(asking: Asking, change: Change) -> Any:
    asked = Question((change.field,), "s3:GetAccountPublicAccessBlock", account_block(change.resource))
    found = ask_all(asking, [asked])[change.field]
    return found if isinstance(found, Unread) else switches(found)


def _encryption(asking: Asking, change: Change) -> Any:
    told = ask_all(asking, [of_bucket(change.resource)["encryption"]])
    found = told["encryption"]
    return found if isinstance(found, Unread) else setting_of(found, told["blocked_encryption"])


def _rotation(asking: Asking, change: Change) -> Any:
    found = read_keys(asking, [change.resource], None)[change.resource].rotation
    return found if isinstance(found, Unread) else bool(found["KeyRotationEnabled"])


_READERS: Mapping[str, Callable[[Asking, Change], Any]] = {
    "public_access_block": _public_access,
    "account_public_access_block": _account,
    "encryption": _encryption,
    "keys": _rotation,
}


def same(field: str, one: Any, other: Any) -> bool:
    """Whether two values of a setting mean the same: order and spelling do not count."""
    if field in ("policy", TARGET_POLICY):
        return bool(one == other) or _same_policy(one, other)
    if field == "lifecycle":
        return sorted(map(_text, one)) == sorted(map(_text, other))
    return _text(one) == _text(other)


def _same_policy(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    try:
        return not diff(one, other)
    except PolicyError:
        return False


def _text(value: Any) -> str:
    return json.dumps(_dated(value), sort_keys=True)


def _dated(value: Any) -> Any:
    """The same with every date written in one way."""
    if isinstance(value, Mapping):
        return {str(name): _dated(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_dated(each) for each in value]
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
        try:
            when = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return value
        return when.replace(tzinfo=when.tzinfo or timezone.utc).astimezone(timezone.utc).isoformat()
    return value


def size_for_transitions(client: Any, change: Change) -> dict[str, str]:
    """The smallest size of objects that lifecycle moves, to be sent again: left out, S3 would reset it.

    Source: Amazon S3 API Reference, PutBucketLifecycleConfiguration:
    x-amz-transition-default-minimum-object-size.
    """
    if not change.before:
        return {}
    owner = {name: each for name, each in change.arguments.items() if name == "ExpectedBucketOwner"}
    with typed("GetBucketLifecycleConfiguration", change.resource):
        told = client.get_bucket_lifecycle_configuration(Bucket=change.resource, **owner)
    found = told.get("TransitionDefaultMinimumObjectSize")
    return {"TransitionDefaultMinimumObjectSize": found} if found else {}
