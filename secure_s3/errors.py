"""Every exception of this package, on one screen.

    SecureS3Error
    ├── ConfigurationError (ValueError)   refused on this machine; nothing was sent
    │   ├── InsecureTransport             a road to plain HTTP, to no verification or to an older TLS
    │   ├── EncryptionConflict            the call contradicts the configured encryption
    │   ├── NotAllowedByProfile           the security profile forbids it
    │   ├── PublicAccessRefused           an ACL or a grant would open the object to everybody
    │   ├── UploadRefused                 an upload rule does not let this user do this
    │   ├── RetentionRefused              a retention would be shortened or loosened
    │   └── PolicyError                   this is no policy, no request, or nothing that AWS would take
    │       └── LockoutRefused            a policy would lock out whoever applies it, or an administrator
    ├── TransferError                     bytes did not get where they should; nothing half-done is left
    │   ├── SourceChanged                 the source grew, shrank or broke off while it was read
    │   ├── ObjectChanged                 the object was replaced while it was being downloaded
    │   ├── DestinationError              the local destination cannot be written
    │   └── BatchFailed                   some files of a batch failed; the others went
    ├── PlanNotApplied                    hardening stopped; it says what was done and what was not
    │   └── PlanOutdated                  the bucket changed since the plan was made
    ├── AuditFailed                       an audit has findings that were not to be, or left checks open
    ├── IntegrityError                    what arrived is not what was meant
    │   ├── EncryptionNotConfirmed        the answer does not show the configured encryption
    │   ├── ChecksumMismatch              the bytes do not match their checksum
    │   ├── TamperedError                 an encrypted object was changed, cut, extended, or is malformed
    │   ├── ContextMismatch               an encrypted object belongs to another place or purpose
    │   ├── DowngradeError                the object is not protected the way this client reads
    │   └── SignatureError                a presigned URL or form is expired, changed, or another's
    ├── KeyAccessError                    no configured key gives the data key of an object
    ├── TransportError                    no trustworthy connection, or it broke
    │   └── TlsError                      handshake or certificate refused
    ├── LocalEndpointError                the embedded endpoint cannot be started
    └── ServiceError (ClientError)        S3, KMS or STS answered with an error
        ├── AccessDenied                  403
        │   ├── PolicyDenied              a policy: identity, boundary, session, SCP, RCP, endpoint
        │   │   └── BucketPolicyDenied    the policy of the bucket or access point
        │   ├── PublicAccessBlocked       S3 Block Public Access
        │   ├── KeyDenied                 KMS: the key's policy, or the caller's for it
        │   ├── CredentialsRefused        signature, clock, token, access key, expired presigned URL
        │   └── ObjectLocked              Object Lock or MFA delete
        ├── NotFound                      404
        ├── PreconditionFailed            409, 412: a conditional write or read did not hold
        ├── KeyUnavailable                the KMS key is disabled, deleted, or unknown
        ├── InvalidRequest                400: S3 rejected the parameters
        └── Throttled                     503 SlowDown, 429; retries are used up

Each carries what happened (``what``), why (``why``) and how to mend it (``fix``), and where known the
operation, bucket, key, error code, HTTP status and request id; what a service answered has the denial besides
(``denial``). No exception does I/O, but for ``explain()`` when it is called; and none holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

__all__ = [
    *("SecureS3Error", "ConfigurationError", "InsecureTransport", "EncryptionConflict"),
    *("NotAllowedByProfile", "PublicAccessRefused", "UploadRefused", "PolicyError", "LockoutRefused"),
    *("RetentionRefused", "TransferError", "SourceChanged", "ObjectChanged", "DestinationError"),
    *("BatchFailed", "PlanNotApplied", "PlanOutdated", "IntegrityError", "EncryptionNotConfirmed"),
    *("ChecksumMismatch", "TamperedError", "ContextMismatch", "DowngradeError", "SignatureError"),
    *("KeyAccessError", "TransportError", "TlsError", "LocalEndpointError", "ServiceError"),
    *("AccessDenied", "PolicyDenied", "BucketPolicyDenied", "PublicAccessBlocked", "KeyDenied"),
    *("CredentialsRefused", "ObjectLocked", "NotFound", "PreconditionFailed", "KeyUnavailable"),
    *("InvalidRequest", "Throttled", "AuditFailed"),
]

_DETAILS = ("operation", "bucket", "key", "code", "status", "request_id")
_DENIAL = ("cause", "explicit", "action", "resource", "principal", "policy_arn")
REFUSED = "_secure_s3_refused"
"""The attribute with what the guard keeps of the refused request; it holds a client, and is not pickled."""


def _rebuild(cls: type[SecureS3Error], state: dict[str, Any], of_a_key: bool = False) -> SecureS3Error:
    cls = as_key_access(cls) if of_a_key else cls
    error = cls.__new__(cls)
    error.__dict__.update(state)
    error.args = (str(error),)
    return error


class SecureS3Error(Exception):
    """What all errors of this package have in common.

    Args:
        what: One sentence that says what was refused or failed.
        why: The reason, as far as it is known.
        fix: What the reader can do about it.
        operation, bucket, key: Where it happened.
        code, status, request_id: What the service said, where it said something.
    """

    what: str
    why: str
    fix: str
    operation: str | None
    bucket: str | None
    key: str | None
    code: str | None
    status: int | None
    request_id: str | None

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        operation: str | None = None,
        bucket: str | None = None,
        key: str | None = None,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.what, self.why, self.fix = what, why, fix
        self.operation, self.bucket, self.key = operation, bucket, key
        self.code, self.status, self.request_id = code, status, request_id
        Exception.__init__(self, str(self))

    def __str__(self) -> str:
        further = [f"  {name}: {text}" for name, text in (("why", self.why), ("fix", self.fix)) if text]
        return "\n".join([self.what, *further])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.what!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Classes that were mixed with a botocore exception of a service model cannot be found by name.
        named = next(cls for cls in type(self).__mro__ if globals().get(cls.__name__) is cls)
        state = {name: value for name, value in self.__dict__.items() if name != REFUSED}
        return _rebuild, (named, state, isinstance(self, KeyAccessError))

    def diagnostics(self) -> dict[str, Any]:
        """Everything this error knows, as plain values for logs and ``--json``."""
        details = {name: getattr(self, name) for name in _DETAILS}
        known = {name: value for name, value in details.items() if value is not None}
        return {"error": type(self).__name__, "what": self.what, "why": self.why, "fix": self.fix, **known}


class ConfigurationError(SecureS3Error, ValueError):
    """Refused on this machine because of an argument, a variable or a setting; nothing was sent."""


class InsecureTransport(ConfigurationError):
    """Something would lead to plain HTTP, to an unverified certificate, or to a TLS version too old."""


class EncryptionConflict(ConfigurationError):
    """The call asks for another encryption than the strategy it runs under."""


class NotAllowedByProfile(ConfigurationError):
    """The security profile does not allow this strategy, setting or duration."""


class PublicAccessRefused(ConfigurationError):
    """An ACL or a grant would open the object or bucket to everybody."""


class UploadRefused(ConfigurationError):
    """An upload rule does not let this user do this; ``status`` is what a web backend may answer."""


class PolicyError(ConfigurationError):
    """What was given is no policy document, or would make one that AWS refuses or that does no good."""


class LockoutRefused(PolicyError):
    """A policy would lock out whoever applies it, or an administrator that is named; it was not written."""


class RetentionRefused(ConfigurationError):
    """A retention would be shortened or loosened, which Object Lock forbids; ``why`` says until when."""


class TransferError(SecureS3Error):
    """A transfer failed; no object, part or file of it was left behind unless the text says so."""


class SourceChanged(TransferError):
    """The source grew, shrank or ended early while it was being read."""


class ObjectChanged(TransferError):
    """The object was replaced while it was being downloaded."""


class DestinationError(TransferError):
    """The local destination cannot be written."""


class BatchFailed(TransferError):
    """At least one file of a batch failed; ``results`` holds one entry for every file."""

    results: Any = None


class PlanNotApplied(SecureS3Error):
    """Hardening stopped at the first change that failed; ``done`` and ``not_done`` list the changes."""

    done: tuple[Any, ...] = ()
    not_done: tuple[Any, ...] = ()

    def diagnostics(self) -> dict[str, Any]:
        """Everything this error knows, with the ids of the changes that were made and that were not."""
        listed = {"done": self.done, "not_done": self.not_done} if self.done or self.not_done else {}
        changes = {name: [str(getattr(each, "id", each)) for each in some] for name, some in listed.items()}
        return super().diagnostics() | changes


class PlanOutdated(PlanNotApplied):
    """A setting is not what it was when the plan was made; it was not overwritten."""


class AuditFailed(SecureS3Error):
    """``audit.require()``: there are findings, or checks that count were not made; ``audit`` has them."""

    audit: Any = None


class IntegrityError(SecureS3Error):
    """What arrived is not what was meant; it was not handed out."""


class EncryptionNotConfirmed(IntegrityError):
    """The service's answer, which ``answer`` is, does not show the encryption that was asked for."""

    answer: Mapping[str, Any] | None = None


class ChecksumMismatch(IntegrityError):
    """The bytes do not match the checksum stored or sent with them."""


class TamperedError(IntegrityError):
    """An encrypted object was changed, cut, extended, put together from others, or is malformed."""


class ContextMismatch(IntegrityError):
    """An object's encryption context is not the one ``expected`` where it lies; KMS was not asked."""

    expected: Mapping[str, str] = {}
    found: Mapping[str, str] = {}


class DowngradeError(IntegrityError):
    """The object is not protected the way this client is configured to read."""


class SignatureError(IntegrityError):
    """A presigned URL or form does not hold: malformed, expired, changed, or signed with another key.

    ``code``, ``status`` and ``why`` are what S3 answers to it; ``fields`` are the further elements of that
    answer, e.g. ``Expires`` and ``ServerTime``.
    """

    fields: Mapping[str, str]

    def __init__(self, what: str, *, fields: Mapping[str, str] | None = None, **details: Any) -> None:
        self.fields = dict(fields or {})
        super().__init__(what, **details)


class KeyAccessError(SecureS3Error):
    """No configured key gives the data key of an object.

    Where KMS refused, it is an AccessDenied, KeyUnavailable, … as well, with the answer of KMS in
    ``.response``; ``refusals`` holds the error of every key that was tried.
    """

    refusals: tuple[SecureS3Error, ...] = ()


def hand_on(error: BaseException, to: SecureS3Error) -> None:
    """Let an error that stands for another have its denial, and what is kept of the refused request."""
    for name in ("denial", REFUSED):
        if name in error.__dict__:
            to.__dict__[name] = error.__dict__[name]


_key_access: dict[type[SecureS3Error], type[KeyAccessError]] = {}


def as_key_access(cls: type[SecureS3Error]) -> type[KeyAccessError]:
    """A class that is *cls* and a KeyAccessError, for what KMS answered about the key of an object."""
    if issubclass(cls, KeyAccessError):
        return cls
    if cls not in _key_access:
        names = {"__module__": cls.__module__, "__doc__": cls.__doc__}
        _key_access[cls] = type(cls.__name__, (cls, KeyAccessError), names)
    return _key_access[cls]


class TransportError(SecureS3Error):
    """The connection could not be made, was not trustworthy, or broke."""


class TlsError(TransportError):
    """The TLS handshake failed or the certificate was refused."""


class LocalEndpointError(SecureS3Error):
    """The embedded endpoint cannot be started."""


class ServiceError(SecureS3Error, ClientError):
    """S3, KMS or STS answered with an error.

    It is a ``botocore.exceptions.ClientError`` as well: ``.response`` and ``.operation_name`` are there,
    and ``except ClientError`` catches it. ``denial`` is the answer taken apart, a
    ``secure_s3.denials.Denial``: which policy, which action, on what; None only if it was made by hand.
    """

    response: Any
    operation_name: str
    denial: Any = None

    def __init__(self, what: str, *, response: Mapping[str, Any] | None = None, **details: Any) -> None:
        self.response = dict(response or {})
        self.operation_name = details.get("operation") or ""
        SecureS3Error.__init__(self, what, **details)

    # ClientError defines its own; ours keeps every attribute.
    __reduce__ = SecureS3Error.__reduce__

    def diagnostics(self) -> dict[str, Any]:
        """Everything this error knows, and what its denial says, as plain values for logs and ``--json``."""
        told = {name: getattr(self.denial, name, None) for name in _DENIAL}
        return super().diagnostics() | {name: value for name, value in told.items() if value is not None}

    def explain(self, **options: Any) -> Any:
        """Why it was refused, by the client that the call was made with: its ``explain(error, **options)``.

        This asks the service for what the caller may read of policies and settings.

        Raises:
            ConfigurationError: no such client is at hand: the error was pickled or made by hand, or its
                client is no SecureS3Client.
        """
        explainer = getattr(self.__dict__.get(REFUSED), "explainer", None)
        if explainer is None:
            raise ConfigurationError(
                "this error does not know a client that could explain it",
                why="it was pickled or made by hand, or its client is no SecureS3Client",
                fix="pass the error to s3.explain(error)",
            )
        return explainer(self, **options)


class AccessDenied(ServiceError):
    """403: refused by a policy, a key, a signature or a setting; ``code`` and ``why`` say which."""


class PolicyDenied(AccessDenied):
    """A policy does not let the caller do this; ``denial`` has its kind and, where AWS tells, its ARN."""


class BucketPolicyDenied(PolicyDenied):
    """The policy of the bucket or access point does not let the caller do this."""


class PublicAccessBlocked(AccessDenied):
    """S3 Block Public Access does not let an ACL or a policy make something public."""


class KeyDenied(AccessDenied):
    """KMS does not let the caller use the key: by the key's policy, or by the caller's for it."""


class CredentialsRefused(AccessDenied):
    """The signature, the clock, the token or the access key is wrong, or a presigned URL has expired."""


class ObjectLocked(AccessDenied):
    """Object Lock or MFA delete protects the object's version."""


class NotFound(ServiceError):
    """404: there is no such bucket, key, version or upload."""


class PreconditionFailed(ServiceError):
    """409 or 412: the condition of a conditional request did not hold."""


class KeyUnavailable(ServiceError):
    """The KMS key cannot be used: disabled, pending deletion, deleted, unknown, or in another region."""


class InvalidRequest(ServiceError):
    """400: the service rejected the parameters."""


class Throttled(ServiceError):
    """The service asked to slow down and the retries are used up."""
