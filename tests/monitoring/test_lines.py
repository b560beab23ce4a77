"""Lines of access logs are taken apart fast, and as a slow reader does it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.denials.accesslines import FIELDS, fields_in, fields_of, key_of, line_of
from secure_s3.denials.accesslogs import of_line
from secure_s3.monitoring.filters import pattern

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


TAILS = (
    '" 200 - 113 - 7 - "-" "x',
    ' HTTP/1.1" 200 - 113 - 7 - "-" "x',
    '" 200 - 1 1 1 1 "-" "x" - h SigV4 c AuthHeader h TLSv1.2 - -',
    '" 200 - 113 - 7 -',
    '" 200 - 1 2 3 4 "',
    ' HTTP/1.0" 304 - - - - - "-" "',
)
TEXTS = st.lists(st.sampled_from((*TAILS, " HTTP/1.1", '"', " ", "-", "a", " 200", " - ")), max_size=6)


@given(st.fixed_dictionaries({name: TEXTS.map("".join) for name in MARKED}))
def test_no_client_writes_its_own_status(sent: dict[str, str]) -> None:
    """Whatever a client writes into the three, S3's status and code are read, or the line is none."""
    written = sent | {"uri": f"GET /k?a={sent['uri']} HTTP/1.1"}
    text = line(**DENIED, **written)
    found = read(text.encode())
    assert found is None or (found[FIELDS.index("status")], found[FIELDS.index("code")]) == (
        b"403",
        b"AccessDenied",
    )
    within_its_uri = text.index(" 403 ") - 1  # cut there, its own end of the URI would be the only one
    ends = (len(text), text.rindex(" 41 "), *([] if " HTTP/" in sent["uri"] else [within_its_uri]))
    for end in ends:
        assert {*fields_in(text[:end])[FIELDS.index("status") :][:1]} <= {"403"}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("name", ["uri", "agent"])
def test_forged_ends_of_a_line(name: str, tail: str) -> None:
    """An end of the line that a client forges is text; with the version of HTTP in it, the line is none."""
    changed = {name: f"GET /k?a={tail}" + (" HTTP/1.1" if name == "uri" else "")}
    found = read(line(**DENIED, **changed).encode())
    if " HTTP/" in tail:
        assert found is None
    else:
        assert found is not None
        assert found[FIELDS.index("status")] == b"403"
        assert found[FIELDS.index(name)] == changed[name].encode()


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


@pytest.mark.parametrize("text", ["*a*a*a*b", "*a" * 40 + "*", "*" * 200 + "b"])
def test_patterns_are_linear(text: str) -> None:
    """A pattern with many stars costs no more than the length of what it is compared with."""
    fits = pattern(text)
    begun = time.process_time()
    assert fits("a" * 1000) == (not text.endswith("b"))
    assert time.process_time() - begun < 0.5


@given(st.text("ab*?.\n", max_size=8), st.text("ab?.\n", max_size=8))
def test_patterns_are_as_a_regular_expression(text: str, field: str) -> None:
    """``*`` stands for anything and all else for itself, as a regular expression would have it."""
    expected = re.fullmatch(".*".join(map(re.escape, text.split("*"))), field, re.DOTALL)
    assert pattern(text)(field) == (expected is not None)
