"""What whoever asks may call themselves, and from where they may ask, as far as a policy leaves it open.

Source: IAM User Guide, "AWS global condition context keys": aws:PrincipalArn, aws:userid, aws:SourceIp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from itertools import islice, product

from ....policy.rules.circumstances import filled, private
from ....policy.statement import Statement

_WIDE = {4: 8, 6: 32}
"""Ranges with a shorter prefix count as the whole internet, as for Block Public Access."""
_ANY_ID = re.compile(r"(A[A-Z]{3})?\*")
_ANY_ACCOUNT = "?" * 12
_STARS, _EACH = 3, 2


def _values(statements: Iterable[Statement], key: str) -> Iterator[str]:
    """The values of conditions on a key, which is in lower case."""
    listed = (condition for each in statements for condition in each.conditions if condition.folded == key)
    return (value for condition in listed for value in condition.values)


def addresses(statements: Iterable[Statement], *, wide: bool) -> list[str]:
    """Public addresses, one of each range that is named: of wide ranges, or else of the others."""
    found: dict[str, None] = {}
    for value in _values(statements, "aws:sourceip"):
        try:
            network = ip_network(value.strip(), strict=False)
        except ValueError:
            continue
        if not private(network) and (network.prefixlen < _WIDE[network.version]) == wide:
            found[str(network.network_address)] = None
    return list(found)


def ids(statements: Iterable[Statement]) -> list[str]:
    """Values of aws:userid that anybody may have: the id is open, the session's name is what one likes."""
    return [filled(each, "STRANGER") for each in _values(statements, "aws:userid") if _ANY_ID.match(each)]


def arns(statements: Iterable[Statement], account: str) -> list[str]:
    """ARNs of an account's people that fit patterns of aws:PrincipalArn."""
    listed = (each for value in _values(statements, "aws:principalarn") for each in _fitting(value, account))
    return list(dict.fromkeys(listed))


def _fitting(pattern: str, account: str) -> Iterator[str]:
    person = re.compile(
        rf"arn:aws[a-z-]*:(iam|sts)::{account}:(root|(user|role|assumed-role|federated-user)/.+)"
    )
    return islice(filter(person.fullmatch, _fillings(pattern, account)), _EACH)


def _fillings(pattern: str, account: str) -> Iterator[str]:
    """The pattern with words in the place of its wildcards."""
    words = (
        *(account, "aws", "iam", f"{account}:role/x", f"{account}:role/", f"{account}:", "x", ""),
        *(f"arn:aws:iam::{account}:{rest}" for rest in ("role/x", "role/", "")),
    )
    first, *rest = pattern.replace(_ANY_ACCOUNT, "*").split("*")
    open_ones = rest[:_STARS]
    after = "".join(f"x{each}" for each in rest[_STARS:])
    for fills in product(words, repeat=len(open_ones)):
        pairs = zip(fills, open_ones, strict=True)
        yield filled(first + "".join(fill + each for fill, each in pairs) + after, "x")
