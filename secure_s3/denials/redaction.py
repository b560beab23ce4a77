"""Secrets are taken out of texts: messages, bodies, log records.

What is taken out is found by its name (``X-Amz-Signature=…``, ``<StringToSign>…``) or by its shape: an access
key id, the start of a session token, 32 bytes in Base64 that stand alone. A secret without either, say a word
that a server repeats, is not recognised.
"""

from __future__ import annotations

import re
from functools import cache

HIDDEN = "***"
ENCODED_CHARACTERS = 24
"""What is left of an encoded authorization message: enough to see that there is one."""

_NAMES = (
    r"(?:copy-source-)?server-side-encryption-customer-key(?!-md5)"
    r"|security-token|s3session-token|sso_bearer_token|amz-signature|amz-credential|authorization"
    r"|SSECustomerKey(?!MD5)|SecretAccessKey|SessionToken|AccessKeyId|aws_secret_access_key|aws_session_token"
    r"|Plaintext(?!-)|WebIdentityToken|SAMLAssertion|accessToken|refreshToken|clientSecret|secret_key"
    r"|SignatureProvided|Token-0"
)
_NAMED = (
    rf"""(?i)(?P<name>(?:x-amz-)?(?:{_NAMES})["']?\s*(?:[:=]|%3D|>)\s*(?:b(?=['"]))?)"""
    r"""(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:AWS4-|AWS |Basic |Bearer )[^\n'"]*"""
    r"""|[^\s,&<>}\)"']+)"""
)
_SIGNATURE = (
    r"""((?:Signature|Credential)=)[^\s&,<>"']+|(Signature(?:\s*[:=]\s*|:\s*\n\s*))[0-9a-zA-Z+/=%]{16,}"""
)
# What was signed goes over many lines, with empty ones among them: all of it goes, up to a closing mark.
_SIGNED = (
    r"""(?i)((?:StringToSign|CanonicalRequest)(?:Bytes)?["']?\s*[:=>]\s*["']?)(?!\*\*\*)[^<"'\s][^<"']*"""
)
_KEY_ID = r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{12,124}(?![A-Za-z0-9])"
_SESSION = r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=%_-]{16,}"
_BASE64_KEY = r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}(?:=|%3D)(?![A-Za-z0-9+/=])"
# Its end is found faster than the whole.
_BASE64_ENDS = (("=", r"=(?<=[A-Za-z0-9+/]{43}=)"), ("%3D", r"%3D(?<=[A-Za-z0-9+/]{43}%3D)"))
_ENCODED = rf"(Encoded authorization failure message:\s*\S{{{ENCODED_CHARACTERS}}})\S+"

# A text in which none of these has a value is left alone: the expressions above cost twenty times as much.
_MARKS = (
    *("token", "customer-key", "customerkey", "credential", "authorization", "secret", "accesskeyid"),
    *("plaintext", "assertion", "signature", "stringtosign", "canonicalrequest"),
)
_VALUE = r"""[\w-]{0,24}["']?\s*(?:[:=>]|%3d)"""
_SHAPES = ("AKIA", "ASIA", "IQoJ", "oGZXIvYXdz")

_compiled = cache(re.compile)  # when first used: this module is imported with the package


def redact(text: str) -> str:
    """*text* with every secret it names, or that looks like one, replaced by ``***``; twice is as once."""
    for shape in _SHAPES:
        if shape in text:
            text = _compiled(_SESSION).sub(HIDDEN, _compiled(_KEY_ID).sub(HIDDEN, text))
            break
    for end, expression in _BASE64_ENDS:
        if end in text and _compiled(expression).search(text):
            text = _compiled(_BASE64_KEY).sub(HIDDEN, text)
    if not (":" in text or "=" in text or ">" in text or "%3D" in text):
        return text  # a name without a value
    lowered = text.lower()
    for mark in _MARKS:
        if mark in lowered and _compiled(mark + _VALUE).search(lowered):
            text = _without_named(text)
            break
    return _compiled(_ENCODED).sub(r"\1…", text) if "authorization failure message:" in lowered else text


def _without_named(text: str) -> str:
    text = _compiled(_SIGNED).sub(rf"\1{HIDDEN}", text)
    text = _compiled(_NAMED).sub(lambda match: match["name"] + HIDDEN, text)
    return _compiled(_SIGNATURE).sub(rf"\1\2{HIDDEN}", text)
