"""Users and roles of the account, with the texts of all their policies.

Source: AWS IAM API Reference, GetAccountAuthorizationDetails; AWS IAM User Guide, "Service-linked roles".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..asking import Asking
from .questions import Fields, or_unread, pages
from .values import Identity

_ACTION = "iam:GetAccountAuthorizationDetails"
_KINDS = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
_OF_A_PAGE = 1000
_SERVICES = "/aws-service-role/"
_Texts = Mapping[str, str]


def read_identities(asking: Asking) -> Fields:
    """``identities``, and ``cut`` if there are more than are read."""
    cut = False

    def read() -> tuple[Identity, ...]:
        nonlocal cut
        call = ("iam", "get_account_authorization_details", None)
        told, cut = pages(asking, call, "Marker", Filter=_KINDS, MaxItems=_OF_A_PAGE)
        return tuple(_identities(told))

    found = {"identities": or_unread(_ACTION, read)}
    return found | ({"cut": ("identities",)} if cut else {})


def _identities(told: list[Any]) -> Iterator[Identity]:
    texts = dict(_managed(told))
    groups = {
        str(each["GroupName"]): tuple(_policies(each, "GroupPolicyList", texts))
        for each in _members(told, "GroupDetailList")
    }
    for each in _members(told, "UserDetailList"):
        shared = [text for name in each.get("GroupList") or () for text in groups.get(str(name), ())]
        yield _identity(each, [*_policies(each, "UserPolicyList", texts), *shared], texts)
    for each in _members(told, "RoleDetailList"):
        yield _identity(each, _policies(each, "RolePolicyList", texts), texts)


def _identity(told: Mapping[str, Any], policies: Iterable[str], texts: _Texts) -> Identity:
    boundary = (told.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return Identity(
        arn=str(told["Arn"]),
        policies=tuple(dict.fromkeys(policies)),
        boundary=None if boundary is None else texts.get(str(boundary), ""),
        service_linked=_SERVICES in str(told.get("Path") or ""),
    )


def _policies(told: Mapping[str, Any], inline: str, texts: _Texts) -> Iterator[str]:
    for each in told.get(inline) or ():
        yield _text(each["PolicyDocument"])
    for each in told.get("AttachedManagedPolicies") or ():
        # One that is attached and not told is on a page that was not read: ``cut`` says so.
        if (text := texts.get(str(each["PolicyArn"]))) is not None:
            yield text


def _managed(told: list[Any]) -> Iterator[tuple[str, str]]:
    for each in _members(told, "Policies"):
        for version in each.get("PolicyVersionList") or ():
            if version.get("IsDefaultVersion"):
                yield str(each["Arn"]), _text(version["Document"])


def _members(told: list[Any], name: str) -> Iterator[Any]:
    for page in told:
        yield from page.get(name) or ()


def _text(document: Any) -> str:
    """botocore has read policies of IAM already."""
    return document if isinstance(document, str) else json.dumps(document)
