"""The sentence in which AWS says who may not do what, and by which kind of policy: taken apart.

``User: ARN is not authorized to perform: ACTION on resource: "ARN" with an explicit deny in a … policy: ARN``

The resource is the one part that a stranger may have chosen: a key may hold quotes, and whole sentences of
this kind. So what stands before it is read from the left, what stands after it from the right.

Source: IAM User Guide, "Troubleshoot access denied error messages"; Amazon S3 User Guide, "Troubleshoot
access denied (403 Forbidden) errors in Amazon S3".
"""

from __future__ import annotations

import re
from typing import NamedTuple

IDENTITY, RESOURCE, TRUST = "identity_policy", "resource_policy", "trust_policy"
BOUNDARY, SESSION, ENDPOINT = "permissions_boundary", "session_policy", "endpoint_policy"
SERVICE_CONTROL, RESOURCE_CONTROL = "service_control_policy", "resource_control_policy"
PUBLIC_ACCESS, ENCRYPTION, CIPHERTEXT = "block_public_access", "blocked_encryption", "ciphertext"
TRANSITIVELY = "transitively through a service control policy"
PUBLIC_ACCESS_SETTINGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

# Expressions that are searched for begin with fixed letters, which Python finds fast; "not" may be "Not".
_CORE = re.compile(r"ot\s+authorized\s+to\s+perform\b\s*:?\s*(?=[\"'`*]{0,2}[A-Za-z][\w-]*:[\w*])")
_BARE_CORE = re.compile(r"ot\s+authorized\s+to\s+perform\b\s*:?\s*")
_ON = re.compile(r"\s*on\s+(?:(?:the|this)\s+)?resources?\b\s*:?\s*")
# What may begin after the resource. "with an explicit deny" needs no more: older messages end there.
_TAILS = (
    ("explicit", re.compile(r"with\s+an\s+explicit\s+deny\b(?:\s+in\s+(?:(?:an?|the)\s)?\s*)?")),
    (
        "because",
        re.compile(
            r"because\s+(?:no\s+|(?:public|this\s+bucket|the\s+resource\s+does\s+not|it'?s|it\s+is)\s)"
        ),
    ),
)
_POLICY = re.compile(
    r"(identity|resource|permission|session|service|VPC|role|trust|bucket|key)"
    r"(?:[\s-]+(based|control|endpoint|trust))?s?[\s-]+(?:polic(?:y|ies)|boundary|boundaries)",
    re.IGNORECASE,
)
_KINDS = {
    "identity based": IDENTITY,
    "identity": IDENTITY,
    "resource based": RESOURCE,
    "resource": RESOURCE,
    "bucket": RESOURCE,
    "key": RESOURCE,
    "resource control": RESOURCE_CONTROL,
    "service control": SERVICE_CONTROL,
    "vpc endpoint": ENDPOINT,
    "role trust": TRUST,
    "trust": TRUST,
    "permission": BOUNDARY,
    "session": SESSION,
}
# Sentences after the one that counts: of EC2, of the Java SDK, of the command line.
_APPENDED = ("Encoded authorization failure message", "(Service:", "[ErrorCode:", "; see 'aws help'")
_QUOTED = re.compile(_ON.pattern + '"')
_RESOURCE_CHARACTERS = 2048
"""More than the ARN of an access point and a key of 1,024 bytes have."""
_ENDS = " \t\r\n.,;)\"'`"


class Sentence(NamedTuple):
    """What it says.

    ``kind`` is one of the layers, or what else refuses: ``block_public_access``, ``blocked_encryption``, or
    ``ciphertext`` for a key that is not there or not allowed; None where nothing is said.
    """

    principal: str | None
    action: str | None
    resource: str | None
    kind: str | None
    explicit: bool | None
    policy_arn: str | None
    detail: str


def read_sentence(text: str) -> Sentence | None:
    """The first such sentence in *text*; None if there is none."""
    core = _CORE.search(text) or _BARE_CORE.search(text)
    if core is None:
        return None
    principal = _principal(text[: core.start()])
    action, rest = _first_word(text[core.end() :])
    tail = _tail(rest)
    if tail is not None:
        head, said = rest[: tail.start()], _without_appended(rest[tail.start() :])
        if '"' not in said or not _QUOTED.match(head):
            reason = _reason(said, tail.end() - tail.start())
            return Sentence(principal, action, _resource(head, True), *reason)
    # The resource goes on to the end, or nothing but the resource follows.
    return Sentence(principal, action, _resource(rest, False), *_UNSAID)


_UNSAID = (None, None, None, "")


def _tail(rest: str) -> re.Match[str] | None:
    """Where the reason begins: the last place where one may."""
    last = None
    for word, expression in _TAILS:
        if word not in rest:
            continue
        for found in expression.finditer(rest):
            at = found.start()
            begins = at == 0 or rest[at - 1].isspace() or rest[at - 1] in "\"'`"
            if begins and (last is None or at > last.start()):
                last = found
    return last


def _without_appended(text: str) -> str:
    for mark in _APPENDED:
        if mark in text:
            return text[: text.index(mark)].rstrip(". \t\r\n")
    return text


def _first_word(rest: str) -> tuple[str | None, str]:
    """The action, and what follows it."""
    words = rest.split(None, 1)
    word = words[0].strip("\"'`*.,;()") if words else ""
    if ":" not in word[1:] or word.startswith("arn:"):
        return None, rest
    return word, rest[len(words[0]) :]


def _without_verb(text: str) -> str:
    """What stands before "is not", of which the end of "not" is cut already."""
    text = text[:-1].rstrip() if text[-1:] in ("n", "N") else text
    for verb in ("is", "are"):
        if text.endswith(verb) and text[: -len(verb)][-1:].isspace():
            return text[: -len(verb)]
    return text


def _principal(before: str) -> str | None:
    """Who it is, from what stands before the verb."""
    before = _without_verb(before.rstrip())
    at = max(before.rfind("User:"), before.rfind("Principal:"))
    if at >= 0:
        name = before[before.index(":", at) + 1 :]
    else:
        at = max(before.rfind("User "), before.rfind("arn:"), before.rfind("Role "))
        name = before[at:] if at >= 0 else ""
        name = name.partition(" ")[2] if name.startswith(("User ", "Role ")) else name
    return name.strip(" \t\r\n\"'`,") or None


def _resource(head: str, complete: bool) -> str | None:
    """What it is about. *complete*: something follows, so that all of *head* belongs to it."""
    on = _ON.match(head)
    if on is None:
        return None
    name = head[on.end() :].strip()
    if name.startswith("associated with"):
        return None
    if name.startswith('\\"'):  # in a string of JSON, which ends before another escaped quote does
        return name[2:].partition('\\"')[0][:_RESOURCE_CHARACTERS] or None
    quote = name[:1]
    if quote and quote in "\"'`":
        end = name.rfind(quote)
        first_line = name.partition("\n")[0]
        if not complete and first_line.rfind(quote) > 0:  # what follows in other lines is no part of it
            end = first_line.rfind(quote)
        return (name[1:end] if end > 0 else name[1:])[:_RESOURCE_CHARACTERS] or None
    if not complete:
        name = _one_sentence(_without_appended(name))
    return name[:_RESOURCE_CHARACTERS].rstrip(".,; ") or None


def _one_sentence(name: str) -> str:
    """*name* without the sentences after it."""
    for mark in (". ", ".\n", "\n", ", because ", " because "):
        name = name.partition(mark)[0]
    spaced = name.startswith("arn:") and ":s3:" not in name[:24]
    return name.split(None, 1)[0] if spaced and name.split() else name


def _reason(tail: str, at: int) -> tuple[str | None, bool | None, str | None, str]:
    """Kind, whether explicit, the policy's ARN, and what else distinguishes it; the kind stands *at*."""
    explicit = True if tail.startswith("with") else False if tail[:at].rstrip().endswith("no") else None
    if explicit is None:
        return _setting(tail)
    policy = _POLICY.match(tail, at)
    if policy is None:
        return None, explicit, None, ""
    named = tail.find("arn:", policy.end())
    arn = tail[named:].split(None, 1)[0].rstrip(_ENDS) if named >= 0 else None
    detail = TRANSITIVELY if "transitively" in tail else ""
    return _kind(policy), explicit, arn, detail


def _kind(policy: re.Match[str]) -> str | None:
    first, second = policy[1].lower(), (policy[2] or "").lower()
    return _KINDS.get(f"{first} {second}" if second else first)


def _setting(tail: str) -> tuple[str | None, bool | None, str | None, str]:
    """What refuses without being a policy."""
    lowered = tail.lower()
    setting = next((each for each in PUBLIC_ACCESS_SETTINGS if each.lower() in lowered), "")
    if setting or "block public access" in lowered or "public access block" in lowered:
        return PUBLIC_ACCESS, None, None, setting
    if "blocked upload requests" in lowered:
        return ENCRYPTION, None, None, "SSE-C" if "SSE-C" in tail else ""
    if "does not exist" in " ".join(lowered.split()):
        return CIPHERTEXT, None, None, ""
    return _UNSAID
