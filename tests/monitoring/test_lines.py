"""Lines of access logs are taken apart fast, and as a slow reader does it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials.accesslines import FIELDS, fields_in, fields_of, key_of, line_of
from secure_s3.denials.accesslogs import of_line

from .lines import DENIED, ORDINARY, PLAIN, line, slowly

# What S3 writes itself: no spaces, quotes or brackets. What clients write: anything but the end of the line.
OF_S3 = st.text(st.characters(codec="ascii", exclude_characters=' "[]\n\r'), min_size=1, max_size=12)
OF_CLIENTS = st.binary(max_size=24).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b""))
STATUSES = st.sampled_from(["200", "403", "-", "404"])
MARKED = {name: f"@{name}@" for name in ("uri", "referer", "agent")}


def read(data: bytes) -> list[bytes] | None:
    found = line_of(data)
    return None if found is None else fields_of(found)


@st.composite
def lines(draw: st.DrawFn, client: st.SearchStrategy[bytes]) -> tuple[bytes, dict[str, bytes]]:
    """A line with any fields, and what its client wrote."""
    last = draw(st.sampled_from(FIELDS[FIELDS.index("version") :]))
    changed = {name: draw(OF_S3) for name in draw(st.sets(st.sampled_from(FIELDS)))}
    changed = {name: text for name, text in changed.items() if name not in ("time", "status", *MARKED)}
    text = line(last, **changed, status=draw(STATUSES), **MARKED).encode()
    sent = {name: draw(client) for name in MARKED}
    for name, mark in MARKED.items():
        text = text.replace(mark.encode(), sent[name])
    return text + draw(st.sampled_from([b"", b" new", b" - new"])), sent


@given(lines(OF_CLIENTS.map(lambda data: data.replace(b'"', b""))))
def test_fast_is_slow(made: tuple[bytes, dict[str, bytes]]) -> None:
    """Whatever stands in the fields, all of them are read as the slow reader reads them."""
    data, _ = made
    expected = slowly(data)
    assert expected is not None
    assert read(data) == expected


@given(lines(OF_CLIENTS.map(lambda data: data.replace(b'"', b""))), st.data())
def test_damaged_lines_are_no_others(made: tuple[bytes, dict[str, bytes]], data: st.DataObject) -> None:
    """A line with bytes cut out or put in is either read as the slow reader reads it, or is none."""
    text, _ = made
    at = data.draw(st.integers(0, len(text)))
    to = data.draw(st.integers(at, min(len(text), at + 8)))
    broken = text[:at] + data.draw(st.sampled_from([b"", b" ", b'"', b"[", b"\xff"])) + text[to:]
    found, expected = read(broken), slowly(broken)
    if expected is not None:
        assert found == expected


@given(
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
)
def test_quotes_of_clients_stay_with_them(referer: bytes, agent: bytes) -> None:
    """Whatever a client writes into referer and agent, no field of S3 is another for it."""
    text = line(**DENIED, **PLAIN, referer="@r@", agent="@a@").encode()
    found = read(text.replace(b"@r@", referer).replace(b"@a@", agent))
    assert found is not None
    told = dict(zip(FIELDS, found, strict=False))
    expected = ORDINARY | DENIED | PLAIN
    for name in set(FIELDS) - {"referer", "agent"}:
        assert told[name] == expected[name].encode(), name
    assert told["referer"] + b'" "' + told["agent"] == referer + b'" "' + agent


FORGED = [
    'x" - h= SigV4 TLS_AES AuthHeader h TLSv1.3 - - eu-west-1',
    '" 200 - 1 2 3 4 "-" "nice" - h= SigV4 TLS AuthHeader h TLSv1.3 - - r',
    '"',
    '" "',
    '""" [01/Jan/2000:00:00:00 +0000] "',
    'a" "b" "c',
]


@pytest.mark.parametrize("text", FORGED)
@pytest.mark.parametrize("name", ["referer", "agent"])
def test_forged_fields_are_text(name: str, text: str) -> None:
    """Fields that a client forges in its referer or agent are no fields: it was refused, over plain HTTP."""
    found = read(line(**DENIED, **PLAIN, **{name: text}).encode())
    assert found is not None
    told = dict(zip(FIELDS, found, strict=False))
    assert (told["status"], told["cipher"], told["tls"]) == (b"403", b"-", b"-")


def test_quoted_fields_to_come() -> None:
    """A field in quotes that is added at the end one day moves none of those before."""
    found = read((line(agent='a"b') + ' "new field" -').encode())
    assert found is not None
    assert found[FIELDS.index("tls")] == b"TLSv1.3"
    assert found[FIELDS.index("agent")] == b'a"b'


def test_requests_of_s3_itself() -> None:
    """Lines of lifecycle rules, whose Request-URI has no quotes, are read."""
    text = line(
        operation="S3.EXPIRE.OBJECT", requester="AmazonS3", address="-", status="-", code="-", uri="@"
    )
    for written in (text.replace('"@"', "-"), text.replace('"@"', "-").replace('"-" "Boto3/1.40"', "- -")):
        found = read(written.encode())
        assert found is not None
        assert (found[6], found[8], found[9]) == (b"S3.EXPIRE.OBJECT", b"-", b"-")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nonsense",
        line()[:120],
        line("agent"),
        line("agent")[:-1],
        line(status="20"),
        line(status="2000"),
        line(status="abc"),
        line().replace("[", ""),
        line().replace("]", ""),
        line().replace(" [", "[", 1),
        line().split(" ", 1)[1],
        line().replace('"', ""),
    ],
)
def test_no_lines(text: str) -> None:
    """What was cut, or lacks a field, is no line."""
    assert read(text.encode()) is None


@pytest.mark.parametrize(
    ("operation", "key", "expected"),
    [
        ("REST.GET.OBJECT", "a%2520b", "a b"),
        ("REST.GET.OBJECT", "a%2525", "a%"),
        ("REST.PUT.OBJECT", "a+b", "a+b"),
        ("BATCH.DELETE.OBJECT", "a%2520b", "a%20b"),
        ("S3.EXPIRE.OBJECT", "%25", "%"),
        ("REST.GET.OBJECT", "%25C3%25A9", "é"),
        ("REST.GET.OBJECT", "%25FF", "\ufffd"),
    ],
)
def test_keys_are_decoded(operation: str, key: str, expected: str) -> None:
    """Keys are encoded twice, but once by deletions of many and by lifecycle rules."""
    assert key_of(operation, key) == expected


def test_pasted_lines_may_be_cut() -> None:
    """For an explanation a line is read as far as it goes; quotes in an agent move nothing there either."""
    whole = line(**DENIED, agent='a" - h= SigV4 C QueryString h TLSv1.2 - -')
    found = of_line(whole)
    assert found is not None
    assert found.circumstances()["s3:TlsVersion"] == "1.3"
    cut = of_line(whole[: whole.index(" 243 ")])
    assert cut is not None
    assert cut.denial().code == "AccessDenied"
    assert fields_in("") == []


@pytest.mark.parametrize("piece", ['"', '" 403 ', '" "', "- ", "[", '" - - - - - '])
@pytest.mark.parametrize("name", ["uri", "agent"])
def test_time_is_linear(name: str, piece: str) -> None:
    """A long line made of any piece costs no more than its length."""
    text = line(**{name: piece * (60_000 // len(piece))}).encode()
    begun = time.process_time()
    line_of(text)
    assert time.process_time() - begun < 0.5
