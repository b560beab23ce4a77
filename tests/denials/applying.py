"""Remedies, applied to a call: changed arguments, another strategy or client, other circumstances."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from secure_s3.denials.explanation import CALLER, Remedy
from secure_s3.policy.witnesses import ADMIN

from .calls import CALLERS, Call

SETTLED = {
    "endpoint_url": ("aws:SecureTransport", "s3:TlsVersion"),
    "min_tls": ("s3:TlsVersion", "aws:SecureTransport"),
    "signature_version": ("s3:signatureversion",),
    "payload_signing_enabled": ("s3:x-amz-content-sha256",),
}
"""By setting of the client: what is then real and no longer pretended."""


def changed(call: Call, remedy: Remedy) -> Call:
    """The call, as the remedy says."""
    settled = {key for name in remedy.client for key in SETTLED[name]}
    context = {name: value for name, value in call.context.items() if name not in settled}
    arguments = {**call.arguments}
    expires_in = remedy.arguments.get("ExpiresIn", call.expires_in)
    for name, value in {} if remedy.encryption else remedy.arguments.items():
        arguments[name] = value
    arguments.pop("ExpiresIn", None)
    if remedy.encryption:
        arguments = {name: value for name, value in arguments.items() if not name.startswith("ServerSide")}
    settings = {**call.client, **remedy.client}
    if "min_tls" in remedy.client:
        settings.pop("max_tls", None)  # that one is another machine
    by_header = not remedy.encryption and "ServerSideEncryption" in remedy.arguments
    age = call.age if call.age is None else min(call.age, expires_in - 1)
    return replace(
        call,
        arguments={name: value for name, value in arguments.items() if value is not None},
        context=context,
        client=settings,
        encryption=remedy.encryption or ("" if by_header else call.encryption),
        # What is no strategy of ours, only others send.
        plain=by_header or (call.plain and not (remedy.client or remedy.encryption)),
        age=age,
        expires_in=expires_in,
    )


def otherwise(call: Call, remedy: Remedy) -> Call | None:
    """The call in the circumstances that a remedy tells in words; None for one that tells of none."""
    if remedy.who != CALLER:
        return None
    for phrase, apply in _PHRASES.items():
        if found := re.search(phrase, remedy.what):
            return apply(call, *found.groups())
    return None


def _within(call: Call, **context: Any) -> Call:
    named = {name.replace("_", ":", 1): value for name, value in context.items()}
    return replace(call, context={**call.context, **named})


_PHRASES: dict[str, Callable[..., Call]] = {
    "VPC endpoint (vpce-[0-9a-f]+)": lambda call, vpce: _within(call, aws_SourceVpce=vpce, aws_SourceIp=None),
    "the VPC (vpc-[0-9a-f]+)": lambda call, vpc: _within(call, aws_SourceVpc=vpc, aws_SourceIp=None),
    "from an address in ([0-9.]+)/": lambda call, address: _within(call, aws_SourceIp=address),
    "of the organization (o-[0-9a-z]+)": lambda call, org: _within(call, aws_PrincipalOrgID=org),
    "with a second factor": lambda call: _within(
        call, aws_MultiFactorAuthPresent="true", aws_MultiFactorAuthAge="60"
    ),
    "call as arn:[^ ]+role/Admin": lambda call: replace(call, who=CALLERS[ADMIN]),
    "use the URL sooner, within ([0-9]+) seconds": lambda call, age: replace(call, age=int(age) - 1),
    "call S3 with the signature in the headers": lambda call: replace(call, age=None, plain=False),
}
