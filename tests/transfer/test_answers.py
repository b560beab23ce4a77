"""Pieces of a download belong together only if each answer says so."""

from __future__ import annotations

import io
from typing import Any

import pytest

from secure_s3 import errors, limits
from secure_s3.transfer.answers import piece, whole_object

FIRST: dict[str, Any] = {
    "ETag": '"a"',
    "VersionId": "v1",
    "ContentLength": 100,
    "ResponseMetadata": {"HTTPStatusCode": 200},
}
PIECE: dict[str, Any] = {
    "ETag": '"a"',
    "VersionId": "v1",
    "ContentLength": 10,
    "ContentRange": "bytes 20-29/100",
    "ResponseMetadata": {"HTTPStatusCode": 206},
}


def test_the_right_answers_pass() -> None:
    """A whole object gives its length, a piece of it its body."""
    body = io.BytesIO()
    assert whole_object(FIRST, "here") == 100
    assert piece(PIECE | {"Body": body}, FIRST, 20, 30, "here") is body


@pytest.mark.parametrize(
    "change",
    [
        {"ContentLength": -5},
        {"ContentLength": None},
        {"ContentLength": limits.MAX_OBJECT_BYTES + 1},
        {"ContentRange": "bytes 0-9/1000"},
        {"ETag": None},
        {"ResponseMetadata": {"HTTPStatusCode": 206}},
        {"ResponseMetadata": {}},
    ],
    ids=str,
)
def test_an_answer_that_is_no_whole_object_is_refused(change: dict[str, Any]) -> None:
    """A first answer that is partial, nameless or of an impossible length is refused, and closed."""
    body = io.BytesIO()
    with pytest.raises(errors.TransportError):
        whole_object(FIRST | change | {"Body": body}, "here")
    assert body.closed


@pytest.mark.parametrize("change", [{"ETag": '"b"'}, {"ETag": None}, {"VersionId": "v2"}], ids=str)
def test_a_piece_of_another_object_is_refused(change: dict[str, Any]) -> None:
    """An answer about another object is ObjectChanged, whatever it was asked for."""
    with pytest.raises(errors.ObjectChanged):
        piece(PIECE | change | {"Body": io.BytesIO()}, FIRST, 20, 30, "here")


@pytest.mark.parametrize(
    "change",
    [
        {"ContentRange": None},
        {"ContentRange": "bytes 21-30/100"},
        {"ContentRange": "bytes 20-29/999999999"},
        {"ContentRange": "bytes 20-29/*"},
        {"ContentLength": 100},
        {"ResponseMetadata": {"HTTPStatusCode": 200}},
    ],
    ids=str,
)
def test_another_piece_is_refused(change: dict[str, Any]) -> None:
    """An answer that is not exactly the range that was asked for is refused."""
    with pytest.raises(errors.TransportError):
        piece(PIECE | change | {"Body": io.BytesIO()}, FIRST, 20, 30, "here")
