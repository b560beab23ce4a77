"""Policies of access points before Block Public Access: those of the point, its bucket and the account.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "Access points".
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from ..call import Call
from ..callers.identity import Identity
from ..documents import parsed, text_of
from ..faults import Refusal, access_denied
from ..services.questions import Question
from ..store import Store
from .public_access import SETTINGS, blocked, is_inside, is_public_text, refuse_public

__all__ = ["check_point_policy", "check_public_point", "point_status"]

_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_STATUS = re.compile("/v20180820/accesspoint/([^/]+)/policyStatus/?")


def check_point_policy(action: str, resource: str, question: Question, store: Store) -> None:
    """403 for PutAccessPointPolicy with a public policy where BlockPublicPolicy is on.

    Args:
        action, resource: What the call was allowed as, e.g. ``s3:PutAccessPointPolicy``.
        question: The call.
        store: Where the access point and its bucket are.

    Raises:
        Refusal: AccessDenied.
    """
    point = store.access_point(resource.rpartition("/")[2])
    if action != "s3:PutAccessPointPolicy" or point is None or point.network_origin == "VPC":
        return
    if "BlockPublicPolicy" not in _blocked(point, store):
        return
    try:
        text = text_of(parsed(question.body, "PutAccessPointPolicyRequest"), "Policy")
    except Refusal:
        return  # moto says what is wrong with it
    if text is not None and is_public_text(text, access_point=True):
        raise refuse_public(question.identity, action, resource)


def _blocked(point: Any, store: Store) -> frozenset[str]:
    own = (name for name in SETTINGS if str(point.pubc.get(name)).lower() == "true")
    return blocked(store, store.bucket(point.bucket)) | frozenset(own)


def check_public_point(call: Call, store: Store, identity: Identity) -> None:
    """RestrictPublicBuckets of what came through an access point with a public policy.

    Raises:
        Refusal: AccessDenied.
    """
    if call.point is None or call.point.origin == "VPC" or is_inside(identity) or not call.point.policy:
        return
    point = store.access_point(call.point.arn.rpartition("/")[2])
    restricted = point is not None and "RestrictPublicBuckets" in _blocked(point, store)
    if restricted and is_public_text(call.point.policy, access_point=True):
        raise access_denied()


def point_status(question: Question, store: Store) -> bytes | None:
    """The answer to GetAccessPointPolicyStatus, which moto gives without looking; None to other calls."""
    found = _STATUS.fullmatch(unquote(str(question.environ.get("RAW_URI", "")).split("?", 1)[0]))
    point = store.access_point(found[1]) if found else None
    if point is None or point.policy is None:
        return None
    public = point.network_origin != "VPC" and is_public_text(point.policy, access_point=True)
    inner = f"<PolicyStatus><IsPublic>{str(public).lower()}</IsPublic></PolicyStatus>"
    root = "GetAccessPointPolicyStatusResult"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'.encode()
