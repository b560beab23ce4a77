"""The exit codes and which error leads to which."""

from __future__ import annotations

OK = 0
FINDINGS = 1
"""Something is not as it should be, or a transfer failed for a reason that has no code of its own."""
USAGE = 2
"""An argument, a variable or a setting; nothing was sent. Also: the local extra is not installed, or the
bucket that is to be audited or hardened is not there."""
DENIED = 3
"""401, 403, or a KMS key that cannot be used."""
INTEGRITY = 4
"""What arrived is not what was meant, or the encryption was not confirmed."""
TRANSPORT = 5
"""No trustworthy connection, it broke, or the service asked to slow down: worth another try."""
INTERRUPTED = 130
"""Ctrl-C, as shells count it."""

_WORST_FIRST = (INTEGRITY, DENIED, TRANSPORT, USAGE, FINDINGS)


def code_for(error: BaseException) -> int:
    """The exit code for an error of this package; for a batch, the gravest of its files'."""
    from .. import errors

    if isinstance(error, errors.BatchFailed) and error.results is not None:
        codes = {code_for(file.error) for file in error.results.failed}
        return next((code for code in _WORST_FIRST if code in codes), FINDINGS)
    if isinstance(error, errors.ServiceError):
        if isinstance(error, errors.AccessDenied | errors.KeyUnavailable) or error.status in (401, 403):
            return DENIED
        if error.code == "NoSuchBucket" and not (error.key or error.operation):
            return USAGE  # the bucket itself was to be looked at, and its name is no use
        return TRANSPORT if isinstance(error, errors.Throttled) else FINDINGS
    for kind, code in (
        (errors.ConfigurationError, USAGE),
        (errors.LocalEndpointError, USAGE),
        (errors.IntegrityError, INTEGRITY),
        (errors.TransportError, TRANSPORT),
        (errors.KeyAccessError, DENIED),
    ):
        if isinstance(error, kind):
            return code
    return FINDINGS
