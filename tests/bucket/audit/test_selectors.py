"""What the selectors of trails cover, compared with asking about every key there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.audit.checks.selectors import FRESH, MOST_KINDS, READS, WRITES, coverage

BUCKET = "arn:aws:s3:::b"
OBJECTS = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
DATA = {"Field": "eventCategory", "Equals": ["Data"]}


def _classic(*values: str, kind: str | None = "All", type_: str = "AWS::S3::Object") -> dict[str, Any]:
    selector: dict[str, Any] = {"DataResources": [{"Type": type_, "Values": list(values)}]}
    return {"EventSelectors": [selector | ({"ReadWriteType": kind} if kind else {})]}


def _advanced(*fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": [DATA, OBJECTS, *fields]}]}


def _arn(**conditions: str | list[str]) -> dict[str, Any]:
    listed = {name: [value] if isinstance(value, str) else value for name, value in conditions.items()}
    return {"Field": "resources.ARN", **listed}


def _read(value: str) -> dict[str, Any]:
    return {"Field": "readOnly", "Equals": [value]}


WHOLE = f"{BUCKET}/"


@pytest.mark.parametrize(
    ("selectors", "reads", "writes"),
    [
        (_classic(WHOLE), True, True),
        (_classic("arn:aws:s3"), True, True),
        (_classic("arn:aws:s3:::"), True, True),
        (_classic("arn:aws:s3:::other/", WHOLE), True, True),
        (_classic(WHOLE, kind=None), True, True),
        (_classic(WHOLE, kind="ReadOnly"), True, False),
        (_classic(WHOLE, kind="WriteOnly"), False, True),
        (_classic(WHOLE, kind="Nothing"), False, False),
        (_classic(f"{WHOLE}logs/"), False, False),
        (_classic(f"{WHOLE}*"), False, False),
        (_classic("arn:aws:s3:::*/*"), False, False),
        (_classic("arn:aws:s3:::other/"), False, False),
        (_classic(BUCKET), False, False),
        (_classic("arn:aws-cn:s3"), False, False),
        (_classic("arn:aws:lambda", type_="AWS::Lambda::Function"), False, False),
        (_classic(WHOLE, type_="AWS::S3::AccessPoint"), False, False),
        (_classic(), False, False),
        ({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}, False, False),
        ({}, False, False),
        (_advanced(), True, True),
        (_advanced(_read("true")), True, False),
        (_advanced(_read("false")), False, True),
        (_advanced(_arn(StartsWith=WHOLE)), True, True),
        (_advanced(_arn(StartsWith=BUCKET)), True, True),
        (_advanced(_arn(StartsWith=["arn:aws:s3:::other/", WHOLE])), True, True),
        (_advanced(_arn(StartsWith=f"{WHOLE}logs/")), False, False),
        (_advanced(_arn(StartsWith="arn:aws:s3:::other/")), False, False),
        (_advanced(_arn(Equals=WHOLE)), False, False),
        (_advanced(_arn(Equals=f"{WHOLE}key")), False, False),
        (_advanced(_arn(EndsWith="/")), False, False),
        (_advanced(_arn(NotStartsWith="arn:aws:s3:::other/")), True, True),
        (_advanced(_arn(NotStartsWith=WHOLE)), False, False),
        (_advanced(_arn(NotStartsWith="arn:aws:s3:::")), False, False),
        (_advanced(_arn(NotStartsWith=f"{WHOLE}tmp/")), False, False),
        (_advanced(_arn(NotEquals=f"{WHOLE}key")), False, False),
        (_advanced(_arn(NotEquals=WHOLE)), True, True),
        (_advanced(_arn(NotEndsWith=".log")), False, False),
        (_advanced(_arn(StartsWith=WHOLE, NotStartsWith=f"{WHOLE}tmp/")), False, False),
        (_advanced(_arn(StartsWith=WHOLE), _arn(NotEndsWith=".log")), False, False),
        (_advanced({"Field": "eventName", "Equals": ["PutObject", "DeleteObject"]}), False, False),
        (_advanced({"Field": "eventName", "Equals": [*READS, "PutObject"]}), True, False),
        (_advanced({"Field": "eventName", "Equals": list(WRITES)}), False, True),
        (_advanced({"Field": "eventName", "NotEquals": ["HeadObject"]}), False, True),
        (_advanced({"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:sts::1:a"]}), False, False),
        (_advanced({"Field": "userIdentity.arn", "StartsWith": ["arn:"]}), False, False),
        (_advanced({"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}), True, True),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [DATA]}]}, False, False),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [OBJECTS]}]}, False, False),
        (
            {"AdvancedEventSelectors": [{"FieldSelectors": [OBJECTS, {**DATA, "Equals": ["Management"]}]}]},
            False,
            False,
        ),
        (_classic(WHOLE) | _advanced(_read("true")), True, False),
    ],
)
def test_what_selectors_cover(selectors: dict[str, Any], reads: bool, writes: bool) -> None:
    """All of the bucket's objects are covered, or they are not; advanced selectors replace the basic ones."""
    found = coverage([selectors], BUCKET)
    assert (found.reads, found.writes) == (reads, writes)
    assert bool(found.gap) == (not (reads and writes))


def test_selectors_of_several_trails_add_up() -> None:
    """What one trail leaves out another may record."""
    without = _advanced(_arn(NotStartsWith=f"{WHOLE}tmp/"))
    with_it = _advanced(_arn(StartsWith=f"{WHOLE}tmp/"), _read("false"))
    found = coverage([without, with_it], BUCKET)
    assert (found.writes, found.reads, found.some_reads) == (True, False, True)
    assert found.gap == "GetObject of tmp/" or found.gap == "GetObject of tmp/…"


def test_too_many_kinds_are_not_said_to_be_covered() -> None:
    """Selectors that tell apart more kinds of events than anybody looks at cover nothing."""
    names = [f"{WHOLE}{number}" for number in range(40)]
    many = _advanced(_arn(StartsWith=[WHOLE, *names], NotEndsWith=names))
    assert len(names) ** 2 > MOST_KINDS
    assert not coverage([many, _classic(WHOLE)], BUCKET).reads
    assert not coverage([_classic(WHOLE, f"{WHOLE}{FRESH}")], BUCKET).reads


# ------------------------------------------------------------------------------------------ the reference

LETTERS = "a/"
KEYS = ["".join(each) for size in range(1, 6) for each in product("a/z", repeat=size)]
"""Long enough for a beginning and an ending that are named, and something between them."""
NAMED = st.one_of(
    st.text(LETTERS, max_size=2).map(lambda rest: WHOLE + rest),
    st.sampled_from(["arn:aws:s3:::", BUCKET, "arn:aws:s3:::c/"]),
)
ENDINGS = st.text(LETTERS, min_size=1, max_size=2)
OPERATORS = {
    name: st.lists(ENDINGS if name.endswith("EndsWith") else NAMED, min_size=1, max_size=2)
    for name in ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
}
FIELD: st.SearchStrategy[dict[str, list[str]]] = st.sets(
    st.sampled_from(sorted(OPERATORS)), max_size=3
).flatmap(lambda names: st.fixed_dictionaries({name: OPERATORS[name] for name in sorted(names)}))
SELECTOR = st.tuples(st.lists(FIELD, max_size=2), st.sampled_from([None, "true", "false"]))


def _matches(field: Mapping[str, list[str]], arn: str) -> bool:
    """The documented rule, word by word."""
    selected = [
        (name == "Equals" and arn == value)
        or (name == "StartsWith" and arn.startswith(value))
        or (name == "EndsWith" and arn.endswith(value))
        for name, values in field.items()
        if not name.startswith("Not")
        for value in values
    ]
    deselected = [
        (name == "NotEquals" and arn == value)
        or (name == "NotStartsWith" and arn.startswith(value))
        or (name == "NotEndsWith" and arn.endswith(value))
        for name, values in field.items()
        for value in values
    ]
    return (not selected or any(selected)) and not any(deselected)


def _recorded(selectors: list[Any], read: str) -> Iterator[bool]:
    """Of every short key, whether an event on it is recorded."""
    for key in KEYS:
        yield any(
            only in (None, read) and all(_matches(field, WHOLE + key) for field in fields)
            for fields, only in selectors
        )


@settings(max_examples=120, deadline=None)
@given(st.lists(SELECTOR, max_size=3))
def test_coverage_agrees_with_asking_about_every_key(selectors: list[Any]) -> None:
    """All short keys over the letters of the selectors, and one more letter, decide as the few kinds do."""
    trails = [
        _advanced(*({"Field": "resources.ARN", **each} for each in fields), *([_read(only)] if only else []))
        for fields, only in selectors
    ]
    found = coverage(trails, BUCKET)
    for read, whole, some in (
        ("true", found.reads, found.some_reads),
        ("false", found.writes, found.some_writes),
    ):
        recorded = list(_recorded(selectors, read))
        assert whole == all(recorded)
        assert some == any(recorded)
