"""Calls to IAM and S3 Control: on what, and whether the caller's own policies allow them.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management", "... for Amazon S3"; IAM API Reference; Amazon S3 API Reference, Amazon S3 Control.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ....policy import AccessRequest
from ...settings import ACCOUNT_ID
from ..faults import Refusal
from ..judging.words import refused
from ..settings.point_calls import check_point_call
from ..settings.point_policies import check_point_policy
from ..store import Store
from .keys import decide
from .questions import Question

__all__ = ["AccountCalls"]

_IAM = f"arn:aws:iam::{ACCOUNT_ID}:"
_LISTS = {"ListUsers": "user", "ListRoles": "role", "ListGroups": "group", "ListPolicies": "policy"}
_CREATES = {"CreateUser": "user", "CreateRole": "role", "CreateGroup": "group"}
_MADE_BESIDE = {
    "CreatePolicy": ("policy", "PolicyName"),
    "CreateInstanceProfile": ("instance-profile", "InstanceProfileName"),
    "CreateSAMLProvider": ("saml-provider", "Name"),
    "CreateVirtualMFADevice": ("mfa", "VirtualMFADeviceName"),
    "UploadServerCertificate": ("server-certificate", "ServerCertificateName"),
}
_ARNS = ("PolicyArn", "SAMLProviderArn", "OpenIDConnectProviderArn", "PolicySourceArn")
_NAMED = {
    "GroupName": "group",  # AddUserToGroup is about the group
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
    "ServerCertificateName": "server-certificate",
}
_OF_ONESELF = frozenset(
    (
        *("GetUser", "ChangePassword", "UpdateUser", "DeleteUser"),
        *("CreateAccessKey", "DeleteAccessKey", "ListAccessKeys", "UpdateAccessKey"),
        *("ListMFADevices", "ListSigningCertificates", "ListSSHPublicKeys", "ListServiceSpecificCredentials"),
    )
)
"""Without a user's name, they mean the caller."""
_BOUNDED = re.compile(
    "(Create|Delete|Attach|Detach|Put)(User|Role)(Policy|PermissionsBoundary)?|Update.*Policy"
)
_PATH = re.compile(r"/v20180820/(?P<what>[A-Za-z/-]+?)(?:/(?P<name>[^/]+?)(?P<part>/[A-Za-z]+)?)?/?")
_POINT = {"": "AccessPoint", "/policy": "AccessPointPolicy", "/policyStatus": "AccessPointPolicyStatus"}
_VERBS = {"PUT": "Put", "GET": "Get", "DELETE": "Delete", "POST": "Create"}


class AccountCalls:
    """What IAM and S3 Control hold against a call before they do what they are asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def admit(self, question: Question) -> None:
        """Raises Refusal: AccessDenied, in the words of IAM or S3."""
        of_s3 = question.service == "s3"
        action, resource = self._on_s3(question) if of_s3 else self._on_iam(question)
        caller = question.identity.caller
        context = question.circumstances() | ({} if of_s3 else self._context(question, resource))
        owner = caller.account if resource == "*" else ACCOUNT_ID
        request = AccessRequest(
            action,
            resource,
            caller.arn,
            context,
            principal_account=caller.account,
            resource_account=owner,
        )
        decision, policies = decide(request, question.identity, None)
        if not decision.allowed:
            text = refused(request, decision, question.identity, policies=policies, s3=of_s3)
            raise Refusal(403, "AccessDenied", text if of_s3 else _as_iam_says(text, question, resource))
        if of_s3:
            check_point_call(action, resource, question, self._store)
            check_point_policy(action, resource, question, self._store)

    # -- IAM --------------------

    def _on_iam(self, question: Question) -> tuple[str, str]:
        return f"iam:{question.action}", self._iam_resource(question)

    def _iam_resource(self, question: Question) -> str:
        action, path = question.action, question.text("Path") or "/"
        if action in _LISTS:
            return f"{_IAM}{_LISTS[action]}{question.text('PathPrefix') or '/'}"
        if action in _CREATES:
            kind = _CREATES[action]
            return f"{_IAM}{kind}{path}{question.text(f'{kind.title()}Name')}"
        if action in _MADE_BESIDE:
            kind, name = _MADE_BESIDE[action]
            return f"{_IAM}{kind}{path}{question.text(name)}"
        for name, kind in _NAMED.items():
            if question.text(name):
                return self._entity(kind, question.text(name))
        arn = next((question.text(name) for name in _ARNS if question.text(name)), "")
        if arn:
            return arn if re.match(r"arn(:[^:\s]*){4}:.", arn) else "*"
        if action in _OF_ONESELF and question.identity.caller.kind == "user":
            return str(question.identity.caller.arn)
        return "*"

    def _entity(self, kind: str, name: str) -> str:
        """The ARN of what has a name, its path included; one without a path if there is none."""
        found = self._store.directory.named(kind, name)
        return str(found.arn) if found is not None else f"{_IAM}{kind}/{name}"

    def _context(self, question: Question, resource: str) -> dict[str, Any]:
        tags = question.listed("Tags")
        context: dict[str, Any] = {f"aws:RequestTag/{tag.get('Key')}": tag.get("Value", "") for tag in tags}
        names = [str(tag.get("Key")) for tag in tags] or [
            value for name, value in question.fields.items() if name.startswith("TagKeys.member.")
        ]
        context["aws:TagKeys"] = names or None
        context["iam:AWSServiceName"] = question.text("AWSServiceName") or None
        kind, _, name = resource.rpartition(":")[2].partition("/")
        if kind in ("user", "role", "group", "policy"):
            context["iam:PolicyARN"] = question.text("PolicyArn") or None
        found = (
            self._store.directory.named(kind, name.rpartition("/")[2]) if kind in ("user", "role") else None
        )
        if found is not None:
            for tag, value in self._store.directory.tags(found).items():
                context[f"aws:ResourceTag/{tag}"] = context[f"iam:ResourceTag/{tag}"] = value
        if _BOUNDED.fullmatch(question.action):
            own = None if found is None else self._store.directory.boundary(found)
            context["iam:PermissionsBoundary"] = question.text("PermissionsBoundary") or own
        return context

    # -- S3 Control --------------------

    def _on_s3(self, question: Question) -> tuple[str, str]:
        environ = question.environ
        method = str(environ["REQUEST_METHOD"])
        found = _PATH.fullmatch(unquote(str(environ.get("RAW_URI", "")).split("?", 1)[0]))
        what, name, part = (found["what"], found["name"], found["part"]) if found else ("", None, None)
        if what == "configuration" and name == "publicAccessBlock":
            return f"s3:{'Get' if method == 'GET' else 'Put'}AccountPublicAccessBlock", "*"
        if what == "accesspoint" and name is None:
            return "s3:ListAccessPoints", "*"
        if what == "accesspoint" and (part or "") in _POINT:
            verb = "Create" if (method, part) == ("PUT", None) else _VERBS.get(method, "Get")
            arn = f"arn:aws:s3:{question.region}:{ACCOUNT_ID}:accesspoint/{name}"
            return f"s3:{verb}{_POINT[part or '']}", arn
        if what == "storagelens":
            plural = "s" if name is None else ""
            verb = "List" if name is None else _VERBS.get(method, "Get")
            return f"s3:{verb}StorageLensConfiguration{plural}{'Tagging' if part else ''}", "*"
        if what == "tags":
            verbs = {"GET": "ListTagsForResource", "POST": "TagResource", "DELETE": "UntagResource"}
            return f"s3:{verbs.get(method, 'TagResource')}", "*"
        return f"s3:{_VERBS.get(method, 'Get')}MultiRegionAccessPoint", "*"


_SHORTENED: Mapping[str, Callable[[str], str]] = {
    "user": lambda arn: arn.rpartition("/")[2],
    "role": lambda arn: arn.rpartition("/")[2],
    "group": lambda arn: arn.rpartition("/")[2],
    "policy": lambda arn: arn,
}


def _as_iam_says(text: str, question: Question, resource: str) -> str:
    """IAM calls what is there already by its kind and name, and what is to be made by its ARN."""
    kind = resource.rpartition(":")[2].partition("/")[0]
    if kind not in _SHORTENED or question.action in _CREATES or question.action in _LISTS:
        return text
    shown = question.text("PolicyName") if question.action == "CreatePolicy" else _SHORTENED[kind](resource)
    return text.replace(f"on resource: {resource}", f"on resource: {kind} {shown}", 1)
