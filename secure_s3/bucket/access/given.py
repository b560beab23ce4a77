"""The policies that a check is given, or finds out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ...denials.evidence import Named
from ...errors import ConfigurationError, PolicyError
from ...policy.document import Document, Policy
from ...policy.layers import Layer
from ...policy.plausibility import plausible
from ...policy.request import UNKNOWN, AccessRequest, Unknown
from ...policy.spelling import nearest
from ...policy.wire import Caller

Documents = Document | Sequence[Document] | Unknown | None
"""One policy, several, none (``[]``), UNKNOWN; None where it is to be found out."""

_NO_WORD = (Policy, str, bytes, Mapping)
_POLICIES = (
    "bucket_policy",
    "source_policy",
    "key_policy",
    "identity_policies",
    "permissions_boundary",
    "session_policies",
    "scps",
    "rcps",
    "endpoint_policies",
)


@dataclass(frozen=True, slots=True)
class Owner:
    """What has a policy.

    Args:
        target: The policy's own ARN, or the user, role or group that it is written into.
        inline: The name of a policy that is written into one; empty for others.
    """

    target: str = ""
    inline: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The policies of one layer.

    Args:
        policies: One or several; an empty tuple if there are none.
        own: The resource is known to belong to the caller's account.
        owners: Of each policy, in their order; none where that is not known, or plain from the resource.
    """

    policies: Policy | tuple[Policy, ...] | Unknown
    own: bool = False
    owners: tuple[Owner, ...] = ()

    @property
    def layer(self) -> Layer:
        """As the evaluator takes several."""
        return (self.policies,) if isinstance(self.policies, Policy) else self.policies

    @property
    def one(self) -> Policy | Unknown | None:
        """As the evaluator takes one."""
        if isinstance(self.policies, tuple):
            return self.policies[0] if self.policies else None
        return self.policies

    def named(self, document: str, target: str = "") -> tuple[Named, ...]:
        """Each policy and whose it is, in the order in which the evaluator counts them.

        Args:
            document: What they are, e.g. ``bucket policy``.
            target: Whose they are, where they do not say themselves.
        """
        if isinstance(self.policies, Unknown):
            return ()
        listed = (self.policies,) if isinstance(self.policies, Policy) else self.policies
        owners = self.owners or (Owner(target),) * len(listed)
        return tuple(
            Named(each, document, owner.target, owner.inline)
            for each, owner in zip(listed, owners, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller's own policies, its boundary, and the whole ARN of its user or role."""

    policies: Held
    boundary: Held
    arn: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller of a check, or of an explanation, says; see ``preflight`` and ``explaining``."""

    bucket_policy: Documents = None
    source_policy: Documents = None
    key_policy: Documents | Mapping[str, Documents] = None
    identity_policies: Documents = None
    permissions_boundary: Documents = None
    session_policies: Documents = None
    scps: Documents = None
    rcps: Documents = None
    endpoint_policies: Documents = None
    principal: str | None = None
    assume: Mapping[str, Any] = field(default_factory=dict)
    fetch: bool = True

    @classmethod
    def parted(cls, arguments: Mapping[str, Any], of: str = "check") -> tuple[Given, dict[str, Any]]:
        """The check's own arguments, in lower case, and those of the operation, which begin in upper case.

        Args:
            arguments: All of them.
            of: Whose they are, for the error.

        Raises:
            ConfigurationError: There is no such argument.
        """
        names = {each.name for each in fields(cls)}
        own = {name: value for name, value in arguments.items() if not name[:1].isupper()}
        for name in sorted(own.keys() - names):
            near = nearest(name, names)
            raise ConfigurationError(
                f"{of}() has no argument {name}",
                why="its own are in lower case, those of the operation are S3's, e.g. Bucket and Key"
                if of == "check"
                else "",
                fix=f"did you mean {near}=?" if near else f"use one of {', '.join(sorted(names))}",
            )
        if own.get("assume") is None:
            own.pop("assume", None)
        given = cls(**own)
        if not isinstance(given.fetch, bool):
            raise ConfigurationError(
                f"fetch={given.fetch!r} is neither True nor False",
                why="False asks nobody, True reads what the caller may read",
                fix="pass one of the two",
            )
        _assumable(given.assume)
        return given, {name: value for name, value in arguments.items() if name not in own}

    def held(self, name: str) -> Held | None:
        """A layer as it was given; None if it was not."""
        return held(getattr(self, name), name)

    def verified(self) -> Given:
        """Itself, once everything given has been read.

        Raises:
            ConfigurationError: The principal is none.
            PolicyError: A policy is none, or there are several where one can be.
        """
        for name in _POLICIES:
            if name == "key_policy" and self._by_key:
                for each in self.key_policy.values():  # type: ignore[union-attr]
                    held(each, name)
            else:
                self.held(name)
        if self.principal is not None:
            self.caller()
        return self

    @property
    def _by_key(self) -> bool:
        """Whether ``key_policy`` is a mapping from ARNs to policies, and no policy itself."""
        found = self.key_policy
        return isinstance(found, Mapping) and any(str(name).startswith("arn:") for name in found)

    def caller(self) -> Caller:
        """The principal that was given.

        Raises:
            ConfigurationError: It is nobody whom policies can name as a caller.
        """
        caller = Caller(self.principal)
        if not isinstance(self.principal, str) or caller.kind in ("federated", "canonical", "service"):
            raise ConfigurationError(
                f"{self.principal!r} is no caller",
                why="whoever calls is a user, a role or one of its sessions, or an account's root",
                fix='pass e.g. "arn:aws:iam::111122223333:user/alice"',
            )
        return caller

    def key_held(self, key_arn: str) -> Held | None:
        """The policy of a key: the one for all of them, or, from ARNs to policies, its own."""
        if self._by_key:
            return held(self.key_policy.get(key_arn), "key_policy")  # type: ignore[union-attr]
        return self.held("key_policy")


def _assumable(assume: Any) -> None:
    """Refuse keys that no request has, and values that their conditions cannot read."""
    if not isinstance(assume, Mapping) or not all(isinstance(key, str) and ":" in key for key in assume):
        raise ConfigurationError(
            f"what is assumed, {assume!r}, is no mapping from condition keys to values",
            why="a condition key reads prefix:name",
            fix='pass e.g. {"aws:SourceIp": "192.0.2.1"}',
        )
    # Any request will do: only its context is of interest.
    plausible(AccessRequest("s3:GetObject", "arn:aws:s3:::bucket/key", context=assume), "what is assumed")


def held(value: Any, name: str) -> Held | None:
    """Policies from whatever form they are given in.

    Raises:
        PolicyError: One of them is no policy, or there are several where one can be.
    """
    if value is None or isinstance(value, Unknown):
        return None if value is None else Held(UNKNOWN)
    listed = [value] if isinstance(value, _NO_WORD) else value
    if not isinstance(listed, list | tuple):
        raise PolicyError(
            f"{name}= is a {type(value).__name__}",
            fix="pass a policy as text, as a mapping, or a list of them",
        )
    found = tuple(each if isinstance(each, Policy) else Policy.parse(each) for each in listed)
    if name in ("bucket_policy", "source_policy", "key_policy", "permissions_boundary") and len(found) > 1:
        raise PolicyError(f"{name}= has {len(found)} policies", why="there is one at most", fix="pass one")
    return Held(found)
