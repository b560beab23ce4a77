"""Names in a policy that say nothing: of statements, of roles and users, of prefixes, of KMS keys.

Fleets of buckets are made of templates, in which each bucket has its own role, prefix or key. How these are
called changes no decision, as long as they stay told apart and nothing looks at a part of a name. So they
are numbered in the order of the document, and templates with other names become one policy.

A name is left alone wherever this is not certain: if it stands anywhere else, in whatever case or as part of
something longer that stays; if witnesses or AWS use it; if a message would be cut off within it. If a pattern
or a policy variable is about part of any name, all of them are. Accounts are numbered as names are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from ...policy.witnesses import SSE_KEY

__all__ = ["Names", "numbered", "other_accounts", "own_names", "unnumbered"]

Names = Mapping[str, str]
"""Names by what stands for them."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,63}")
_SID = re.compile(r"[A-Za-z][A-Za-z0-9]{2,63}")
_KEY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EITHER = f"(?:{_KEY_ID.pattern}|{_NAME.pattern})"
_WHOLE = re.compile(rf'(?<=["/:]){_EITHER}(?=["/:])')
_LAST = re.compile(rf"(?<=/){_EITHER}\Z")
_MARK, _KEY_MARK = "UnderAudit", "-5a5a-4a5a-8a5a-0a5a0a5a0a5a"
_STAND_IN = re.compile(rf"Name\d+{_MARK}|[0-9a-f]{{8}}{_KEY_MARK}")
_IDENTITY = re.compile(
    r"arn:[a-z-]+:iam::\d{12}:(?:role|user)/([^/]+)|"
    r"arn:[a-z-]+:sts::\d{12}:assumed-role/([^/]+)/[^/]+"
)
_OBJECT = re.compile(r"arn:[a-z-]+:s3:::[^/:]+/(.*)", re.S)
_KEY = re.compile(rf"arn:[a-z-]+:kms:[a-z0-9-]+:\d{{12}}:key/({_KEY_ID.pattern})")
_SPECIAL = re.compile(r"aws|a(?:ida|roa|gpa|ipa|npa|nva|sca|pka|kia|sia)|name\d|.*(?:accesspoint|\d{12})")
"""What AWS, an id of AWS's, the numbering or an account begins with, or holds."""
_USED = frozenset(
    (
        *("app", "admin", "alice", "any", "meant", "other", "stranger", "uploader", "session", "key", "zq7"),
        *("another", "prefix", "report", "object", "role", "user", "root", "alias", "true", "false", "null"),
    )
)
"""Names that witnesses have, and words that mean something where names stand."""
_KEYS_USED = frozenset(
    f"{start}-12ab-34cd-56ef-1234567890ab" for start in ("1234abcd", "ffffffff", "0f0f0f0f")
)
_IN_ARN = re.compile(r"(?<=:)(?<!\d)\d{12}(?=:)")
_FIRST_ACCOUNT = 888800000000
_ELEMENTS = ("Resource", "NotResource")
_SSE_KEY = SSE_KEY.lower()
_KEYS = frozenset({"aws:principalarn", "s3:prefix", _SSE_KEY})
"""Condition keys whose values have names in them."""
_FREE = "free"
_FREE_KEYS = (
    *("s3:x-amz-grant-", "s3:x-amz-acl", "aws:referer", "aws:useragent", "aws:principalorg"),
    *("aws:principaltag/", "s3:existingobjecttag/", "s3:requestobjecttag/"),
)
"""How condition keys begin that no request has a name in."""
_LONGEST = 80
"""What is longer is cut off in messages."""
_LONGEST_NUMBER = len("Name000UnderAudit")


def own_names(text: str, document: Any, longer: int = 0, keys: Iterable[str] = ()) -> dict[str, str]:
    """The names of a policy that may be replaced, each by its number.

    Args:
        text: The policy, without escapes, so that every string stands in it as it is.
        document: The same, read.
        longer: So much longer the stand-in for its bucket is than the name.
        keys: ARNs of KMS keys that it may be compared with.
    """
    if any(each in text for each in ("${", _MARK, _KEY_MARK)):
        return {}
    try:
        strings = list(_strings(document))
    except (TypeError, KeyError, AttributeError):
        return {}
    if any(_is_about_part(each) for kind, each in strings if kind != _FREE):
        return {}
    places: Counter[str] = Counter()
    lengths: dict[str, int] = {}
    sids = [each for kind, each in strings if kind == "Sid"]
    if not all(map(_SID.fullmatch, sids)):
        strings = [(kind, each) for kind, each in strings if kind != "Sid"]
    told = (*strings, *((_SSE_KEY, each) for each in keys))
    for place, (kind, each) in enumerate(told):
        found = list(_named(kind, each))
        length = max(0, longer) + len(each) + sum(max(0, _LONGEST_NUMBER - len(name)) for name in found)
        for name in found:
            places[name] += place < len(strings)  # keys of the profile stand nowhere
            lengths[name] = max(lengths.get(name, 0), length)
    short = {name: count for name, count in places.items() if lengths[name] <= _LONGEST}
    going = _going(short, text.lower())
    fitting = [name for name in places if name in going]
    return {name: _number(name, number) for number, name in enumerate(fitting)}


def _going(places: Mapping[str, int], folded: str) -> set[str]:
    """Those that stand nowhere but where they were counted, and that nobody else has."""
    going = set[str]()
    for name in sorted(places, key=len, reverse=True):
        small = name.lower()
        if small in _USED or small in _KEYS_USED or _SPECIAL.match(small):
            continue
        if folded.count(small) == places[name]:
            going.add(name)
            folded = folded.replace(small, "\0")  # shorter ones may be part of it
    return going


def _number(name: str, number: int) -> str:
    return f"{number:08x}{_KEY_MARK}" if _KEY_ID.fullmatch(name) else f"Name{number}{_MARK}"


def other_accounts(text: str, known: Container[str]) -> dict[str, str]:
    """Accounts that stand in ARNs and nowhere else, each by another one; but for those that are *known*."""
    if str(_FIRST_ACCOUNT)[:6] in text:
        return {}
    places = Counter(_IN_ARN.findall(text))
    fitting = [each for each, count in places.items() if each not in known and text.count(each) == count]
    return {each: f"{_FIRST_ACCOUNT + number}" for number, each in enumerate(fitting)}


def numbered(text: str, names: Names) -> str:
    """A text in which numbers stand for *names*: a policy, or an ARN."""
    if not names:
        return text
    text = _WHOLE.sub(lambda found: names.get(found[0], found[0]), text)
    return _LAST.sub(lambda found: names.get(found[0], found[0]), text)


def unnumbered(text: str, names: Names) -> str:
    """A text with the names in place of their numbers."""
    if _MARK not in text and _KEY_MARK not in text:
        return text
    meant = {stand_in: name for name, stand_in in names.items()}
    return _STAND_IN.sub(lambda found: meant.get(found[0], found[0]), text)


def _is_about_part(text: str) -> bool:
    """A wildcard that stands for anything else than whole parts of an ARN or of a path."""
    if "?" in text:
        return True
    return "*" in text and any("*" in each and each != "*" for each in re.split("[/:]", text))


def _named(kind: str, text: str) -> Iterator[str]:
    """The names in a string, by the element or the condition key that it belongs to."""
    if kind == "Sid":
        yield text
    elif kind == "s3:prefix":
        yield from filter(_NAME.fullmatch, text.split("/"))
    elif kind in _ELEMENTS:
        if found := _OBJECT.fullmatch(text):
            yield from filter(_NAME.fullmatch, found[1].split("/"))
    elif kind == _SSE_KEY:
        if found := _KEY.fullmatch(text):
            yield found[1]
    elif kind in ("AWS", "aws:principalarn"):
        found = _IDENTITY.fullmatch(text)
        name = found and (found[1] or found[2])
        if name and _NAME.fullmatch(name):
            yield name


def _strings(document: Any) -> Iterator[tuple[str, str]]:
    """The strings that a policy has beside its actions, by where they stand."""
    statements = document["Statement"]
    for each in [statements] if isinstance(statements, dict) else statements:
        for element, value in each.items():
            if element == "Condition":
                for keys in value.values():
                    for key, values in keys.items():
                        folded = key.lower()
                        free = _FREE if folded.startswith(_FREE_KEYS) else ""
                        yield from _listed(folded if folded in _KEYS else free, values)
            elif element in ("Principal", "NotPrincipal") and isinstance(value, dict):
                for kind, values in value.items():
                    yield from _listed(kind, values)
            elif element in ("Sid", *_ELEMENTS):
                yield from _listed(element, value)


def _listed(kind: str, values: Any) -> Iterator[tuple[str, str]]:
    for each in values if isinstance(values, list) else (values,):
        if isinstance(each, str):
            yield kind, each
