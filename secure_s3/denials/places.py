"""Where a request went, from what a program writes before the service's words: bucket and key.

``upload failed: ./a.csv to s3://amzn-s3-demo-bucket/a.csv An error occurred …`` (AWS CLI), ``Failed to
upload a.csv to amzn-s3-demo-bucket/a.csv: An error occurred …`` (boto3), ``PutObject on s3://… was refused:
…`` (this package).
"""

from __future__ import annotations

import re
from dataclasses import replace

from .denial import Denial
from .parsing import VALUE_CHARACTERS, safe_text

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_URL = re.compile(rf"s3://(?P<bucket>{_BUCKET})(?:/(?P<key>[^\n]*))?(?![^\s/])")
_STARTS = re.compile(r"s3://(?=[a-z0-9])")
_BOTO3 = re.compile(rf"Failed to upload [^\n]{{1,2048}} to (?P<bucket>{_BUCKET})/(?P<key>[^\n]*)$")
_AROUND = " \t\r\"'`:"
_REFUSED = re.compile(r" was refused: .*$", re.DOTALL)
_BEFORE = 4096
"""Characters before the service's words that are looked at."""
_ON_OBJECTS = ("ListParts", "ListObjectAnnotations")
_SOURCES = ("Get", "Head", "List", "Delete", "Select", "Restore")


def with_place(denial: Denial, before: str) -> Denial:
    """*denial* with the ARN of the object, or bucket, that *before* names, if the message names no resource.

    Args:
        denial: As the service worded it.
        before: What stands before the service's words; its last line counts.
    """
    of_s3 = denial.service == "s3" and (denial.action or "s3:").startswith("s3:")
    if denial.resource is not None or not (denial.operation and of_s3):
        return denial
    found = _place(before[-_BEFORE:].rpartition("\n")[2], denial.operation)
    return denial if found is None else replace(denial, resource=arn(denial, *found))


def arn(denial: Denial, bucket: str, key: str | None) -> str:
    """Of the object, or of its bucket for what is asked of buckets."""
    operation, action = denial.operation or "", denial.action or ""
    of_bucket = "Bucket" in operation or (operation.startswith("List") and operation not in _ON_OBJECTS)
    if not key or of_bucket or action.startswith("s3:ListBucket"):
        return f"arn:aws:s3:::{bucket}"
    return safe_text(f"arn:aws:s3:::{bucket}/{key}", VALUE_CHARACTERS)


def _place(line: str, operation: str) -> tuple[str, str | None] | None:
    line = _REFUSED.sub("", line).rstrip(_AROUND)
    starts = [found.start() for found in _STARTS.finditer(line)]
    if not starts:
        return _parts(_BOTO3.search(line))
    # Of a copy, what is read is the source, and what is written comes last.
    first = len(starts) > 1 and operation.startswith(_SOURCES)
    url = line[starts[0] : starts[-1]] if first else line[starts[-1] :]
    if first or not line[: starts[-1]].endswith(" to "):
        url = url.rpartition(" to ")[0] or url  # what follows is the name of a file
    return _parts(_URL.match(url.rstrip(_AROUND)))


def _parts(found: re.Match[str] | None) -> tuple[str, str | None] | None:
    return (found["bucket"], found["key"] or None) if found else None
