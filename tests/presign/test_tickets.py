"""Tickets: what comes back changed, late, or from somebody else is refused."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import ConfigurationError, UploadRefused
from secure_s3.presign.tickets import TicketKey
from secure_s3.values import SecretBytes

SECRET = bytes(range(32))
KEY, NOW = TicketKey(SECRET), 1_800_000_000.0
CONTENT = {"rule": "files", "user": "alice", "key": "uploads/alice/0/a.png", "size": 9}
TICKET = KEY.issue(CONTENT, until=NOW + 60)


def refuse(ticket: Any, now: float = NOW, key: TicketKey = KEY) -> None:
    with pytest.raises(UploadRefused) as caught:
        key.open(ticket, now=now)
    assert caught.value.status == 403
    assert SECRET.hex() not in str(caught.value)


@given(
    st.dictionaries(st.text(), st.one_of(st.text(st.characters()), st.integers(), st.booleans(), st.none()))
)
def test_round_trip(content: dict[str, Any]) -> None:
    """What was issued comes back as it was, by every process that has the key."""
    content.pop("until", None)
    ticket = KEY.issue(content, until=NOW + 1)
    assert ticket.isascii()
    assert set(ticket) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert TicketKey(SecretBytes(SECRET)).open(ticket, now=NOW) == content


def test_every_change_of_one_character() -> None:
    """A ticket with any character changed, put in or left out is refused, padding included."""
    for position in range(len(TICKET) + 1):
        before, after = TICKET[:position], TICKET[position:]
        changes = {before + letter + after[1:] for letter in "ABab01-_+/= \né"}
        changes |= {before + letter + after for letter in "A+/=. \n\x00é"} | {before + after[1:]}
        for changed in changes - {TICKET}:
            refuse(changed)


@pytest.mark.parametrize("end", range(0, len(TICKET), 7))
def test_truncated(end: int) -> None:
    """A part of a ticket is none."""
    refuse(TICKET[:end])
    refuse(TICKET[end:] if end else "")


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        "=",
        "a",
        "é",
        "\ud800",
        TICKET + "=",
        TICKET + "\n",
        " " + TICKET,
        TICKET * 2,
        "A" * 43,
        "A" * 5_000_000,
        TICKET.encode(),
        bytearray(TICKET.encode()),
        None,
        7,
        [TICKET],
        {"ticket": TICKET},
    ],
    ids=lambda ticket: repr(ticket)[:20],
)
def test_no_tickets(ticket: Any) -> None:
    """What is no ticket is refused, whatever it is."""
    refuse(ticket)


@given(
    st.one_of(st.text(st.characters()), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_any_text(ticket: str) -> None:
    """Any text is refused, and nothing else comes out."""
    refuse(ticket)


@pytest.mark.parametrize("other", [bytes(32), SECRET[::-1], SECRET + b"x"])
def test_another_key(other: bytes) -> None:
    """A ticket of another key is refused."""
    refuse(TICKET, key=TicketKey(other))


@pytest.mark.parametrize(
    ("now", "holds"), [(NOW + 59.9, True), (NOW, True), (NOW + 60, False), (NOW + 1e9, False)]
)
def test_life(now: float, holds: bool) -> None:
    """A ticket holds up to its end, and from then on no more."""
    if holds:
        assert KEY.open(TICKET, now=now) == CONTENT
    else:
        refuse(TICKET, now=now)


def test_the_end_cannot_be_part_of_the_content() -> None:
    """Content that names an end of its own does not live longer."""
    refuse(KEY.issue({"until": 9e9}, until=NOW - 1))


def test_content_with_another_mac() -> None:
    """The code of one ticket does not go with the content of another."""
    other = KEY.issue({**CONTENT, "user": "bob"}, until=NOW + 60)
    raw, wanted = (base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in (TICKET, other))
    refuse(base64.urlsafe_b64encode(raw[:32] + wanted[32:]).decode().rstrip("="))
    assert json.loads(raw[32:])["user"] == "alice"


@pytest.mark.parametrize(
    "key", [b"", b"short", bytes(31), SecretBytes(bytes(31)), "x" * 32, bytearray(32), None, 32, [0] * 32]
)
def test_weak_keys(key: Any) -> None:
    """A key is at least 32 bytes, and no text; what was given is not told."""
    with pytest.raises(ConfigurationError) as caught:
        TicketKey(key)
    assert "x" * 32 not in str(caught.value)
    assert "short" not in str(caught.value)


def test_the_key_is_not_shown() -> None:
    """A key is neither shown nor pickled nor copied into the open."""
    assert str(SECRET) not in repr(KEY) + str(KEY) + str(vars(KEY))
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    assert copy.deepcopy(KEY).open(TICKET, now=NOW) == CONTENT
