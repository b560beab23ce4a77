"""Secrets are taken out of texts: messages, bodies, log records.

What is taken out is found by its name (``X-Amz-Signature=…``, ``<StringToSign>…``), also where the sign
between is encoded for a URL, JSON or XML; or by its shape: an access key id, the start of a session token, 32
bytes in Base64 that stand alone, 64 hexadecimal digits near the word "signature". A secret without either, or
one that is encoded as a whole, is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

HIDDEN = "***"
ENCODED_CHARACTERS = 24
"""What is left of an encoded authorization message: enough to see that there is one."""
CHARACTERS = 1 << 18
"""What is read of a text; the rest is left out, since a hostile text costs a microsecond a character."""
_CUT = 512  # More than a secret that has no name: what is left of one at the end is cut off.

# The sign between a name and its value, as URLs, JSON, XML and forms write it.
_SIGN = (
    r"""(?:\\*["']?\s*(?:[:=>\uff1a\uff1d]|%(?:25)*3[DA]|\\u003[DAE]|\\x3[DA]|&(?:#61|#x3d|#58|#x3a|equals|colon|gt);"""
    r"""|,\s*\\*["']value\\*["']\s*:)|["'](?:\r?\n|\\r\\n|\\n){2})"""
)
_NAMES = (
    r"(?:copy-source-)?server-side-encryption-customer-key(?!-md5)"
    r"|security-token|s3session-token|sso_bearer_token|amz-signature|amz-credential|amz-mfa|authorization"
    r"|SSECustomerKey(?!MD5)|Secret[-_ ]?(?:Access[-_ ]?)?Key|SessionToken|AccessKeyId|aws_session_token"
    r"|Plaintext(?!-)|WebIdentityToken|SAMLAssertion|accessToken|refreshToken|clientSecret"
    r"|SignatureProvided|Token-0"
)
_NAMED = (
    rf"""(?i)(?P<name>(?:x-amz-)?(?:{_NAMES}){_SIGN}\s*(?:\\+["']|b(?=['"]))?)"""
    r"""(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:AWS4-|AWS |Basic |Bearer )[^\n'"]*"""
    r"""|arn:[^\s,&<>"']{0,256} \d{6}[^\s,&<>}\)"']*|[^\s,&<>}\)"']+)"""
)
_SIGNATURE = rf"""((?:Signature|Credential)=)[^\s&,<>"']+|([Ss]ignature{_SIGN}\s*)[0-9a-zA-Z+/=%]{{16,}}"""
_STATED = (
    r"""([Ss]ignature\s+(?:is|was|should\ have\ been)\s+["']?)(?=[a-zA-Z+/%]*[0-9=])[0-9a-zA-Z+/=%]{26,}"""
)
# What was signed goes over many lines, with empty ones among them: all of it goes, up to a closing mark.
_SIGNED = (
    r"""(?i)((?:String[-_ ]?To[-_ ]?Sign|Canonical[-_ ]?(?:Request|String))(?:Bytes)?"""
    rf"""(?:{_SIGN}\s*\\*["']?|[^'"<>:=\n]{{0,40}}?\s(?:is|was|should\ have\ been):?\s+"""
    r"""(?:["']|(?-i:(?=AWS4-|(?:GET|PUT|POST|HEAD|DELETE)\s)))))(?!\*\*\*)[^<"'\s][^<"']*"""
)
_HEX = r"(?<![0-9A-Za-z])[0-9a-fA-F]{64}(?![0-9A-Za-z])"
_SHORTEST, _NEAR = 26, 64
# Before a key id may stand a character that is encoded: %3D, %253D, \u003d, \x3d, \n.
_EDGE = (
    r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=%25[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2})"
    r"|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
)
_KEY_ID = rf"{_EDGE}A[KS]IA[A-Z0-9]{{12,124}}(?![A-Za-z0-9])"
_SESSION = r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=%_-]{16,}"
_BASE64_KEY = r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}(?:=|%3D)(?![A-Za-z0-9+/=])"
# The same for URLs, or after a slash: this may be the end of something longer.
_UNIT = r"[A-Za-z0-9+/_-]|%(?:25)*2[BbFf]"
_PLAIN_RUN = r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43,}(?==(?![A-Za-z0-9+/=]))"
_ENCODED_RUN = rf"(?<![A-Za-z0-9+/_%-])(?:{_UNIT}){{43,}}(?=%(?:25)*3[Dd](?![A-Za-z0-9+/=]))"
# Its end is found faster than the whole.
_BASE64_ENDS = (
    (
        "=",
        r"=(?<=[A-Za-z0-9+/_-]{43}=)(?<![A-Za-z0-9+][A-Za-z0-9+/_-]{43}=)(?![A-Za-z0-9+/=])",
        _PLAIN_RUN,
    ),
    ("%", r"%(?<=[A-Za-z0-9+/_%-]{43}%)(?:25)*3[Dd](?![A-Za-z0-9+/=])", _ENCODED_RUN),
)
_ENCODED = rf"(Encoded authorization failure message:\s*\S{{{ENCODED_CHARACTERS}}})\S+"
_UNSEEN = "[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]"

# A text in which none of these has a value is left alone: the expressions above cost twenty times as much.
_MARKS = (
    *("token", "customer", "credential", "authorization", "secret"),
    *("accesskeyid", "plaintext", "assertion", "signature", "amz-mfa"),
)
_VALUE = rf"(?: access key)?[\w-]{{0,24}}{_SIGN.lower()}"
_SIGNED_MARKS = ("to-sign", "to_sign", "to sign", "tosign", "canonical")

_compiled = cache(re.compile)  # when first used: this module is imported with the package


def redact(text: str) -> str:
    """*text* with every secret it names, or that looks like one, replaced by ``***``; twice is as once.

    Of what is longer than ``CHARACTERS``, only so much is kept.
    """
    if len(text) > CHARACTERS:
        return _redacted(text[:CHARACTERS])[: CHARACTERS - _CUT] + "…"
    if text.isascii():
        return _redacted(text)
    seen = _compiled(_UNSEEN).sub("", text)
    redacted = _redacted(seen)
    # Characters without a width stay where they hide nothing.
    return _redacted(text) if redacted == seen else redacted


def _redacted(text: str) -> str:
    if "AKIA" in text or "ASIA" in text or "IQoJ" in text or "oGZXIvYXdz" in text:
        text = _compiled(_SESSION).sub(HIDDEN, _compiled(_KEY_ID).sub(HIDDEN, text))
    if "=" in text or "%" in text:
        text = _without_keys(text)
    if "ign" in text or "anonical" in text or "IGN" in text:
        text = _without_signed(text)
    if text.isascii() and not (
        ":" in text or "=" in text or ">" in text or "%" in text or "\\" in text or ";" in text
    ):
        return text  # a name without a value
    lowered = text.lower()
    for mark in _MARKS:
        if mark in lowered and _compiled(mark + _VALUE).search(lowered):
            text = _without_named(text)
            break
    return _compiled(_ENCODED).sub(r"\1…", text) if "authorization failure message:" in lowered else text


def _without_keys(text: str) -> str:
    for end, expression, run in _BASE64_ENDS:
        if end in text and _compiled(expression).search(text):
            text = _compiled(run).sub(_without_key, _compiled(_BASE64_KEY).sub(HIDDEN, text))
    return text


def _without_key(run: re.Match[str]) -> str:
    """The run without the 32 bytes at its end, if they look like a key, and those before like a path."""
    units = _compiled(_UNIT).findall(run[0]) if "%" in run[0] else run[0]
    before, key = units[:-43], units[-43:]
    if before and (before[-1].isalnum() or _is_mixed(before)):
        return run[0]  # something longer, say a request id
    if not _is_mixed(key):
        return run[0]
    return "".join(before) + HIDDEN


def _is_mixed(units: Sequence[str]) -> bool:
    text = "".join(unit for unit in units if len(unit) == 1)
    return text.upper() != text and text.lower() != text and any(map(str.isdigit, text))


def _without_signed(text: str) -> str:
    """Without a signature that stands in a sentence, and without what was signed."""
    lowered = text.lower()
    for mark in _SIGNED_MARKS:
        if mark in lowered:
            text = _compiled(_SIGNED).sub(rf"\1{HIDDEN}", text)
            break
    if "signature" not in lowered or max(map(len, lowered.split())) < _SHORTEST:
        return text
    text = _compiled(_STATED).sub(rf"\1{HIDDEN}", text)

    def hidden(digits: re.Match[str]) -> str:
        around = text[max(digits.start() - _NEAR, 0) : digits.end() + _NEAR]
        return HIDDEN if "signature" in around.lower() else digits[0]

    return _compiled(_HEX).sub(hidden, text)


def _without_named(text: str) -> str:
    text = _compiled(_NAMED).sub(lambda match: match["name"] + HIDDEN, text)
    return _compiled(_SIGNATURE).sub(rf"\1\2{HIDDEN}", text)
