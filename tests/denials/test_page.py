"""The page on denials: it says what the catalogue says, and every message leads to its cause."""

from __future__ import annotations

import re

from secure_s3.denials import parse_denial
from secure_s3.denials.denial import CAUSES
from tests.jobs.denials_page import PAGE, PARTS, written

TEXT = PAGE.read_text("utf-8")


def test_the_page_is_what_the_catalogue_says() -> None:
    """The generated parts of the page are those that the catalogue gives today."""
    assert all(f"<!-- begin {name} -->" in TEXT for name in PARTS)
    assert written(TEXT) == TEXT, "run python -m tests.jobs.denials_page"


def test_every_cause_has_its_place() -> None:
    """Every cause is told of under a heading, and every link of the index leads to one."""
    assert set(re.findall(r"^`cause`: `(\w+)`", TEXT, re.MULTILINE)) == set(CAUSES)
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


def test_messages_can_be_pasted() -> None:
    """A message as the page shows it, line breaks and all, gives the cause under which it stands."""
    sections = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
    for section in sections:
        cause = re.search(r"`cause`: `(\w+)`", section)
        block = re.search(r"```text\n(.*?)\n```", section, re.DOTALL)
        assert cause is not None
        assert block is not None
        for answer in block[1].split("\n\n"):
            first, _, message = answer.partition("\n")
            status, _, code = first.rpartition(" ")
            operation = "PutBucketPolicy" if code == "MethodNotAllowed" else None
            size = {"MaxSizeAllowed": "10485760"} if code == "EntityTooLarge" else None
            found = parse_denial(status=status, code=code, message=message, operation=operation, fields=size)
            assert found.cause == cause[1], answer
