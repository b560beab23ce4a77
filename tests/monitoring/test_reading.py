"""Access logs become records: every one, those that match, and what is no record is counted."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import monitoring
from secure_s3.errors import ConfigurationError
from secure_s3.monitoring import Filter, LogRecord, read_logs, read_trail
from secure_s3.monitoring.reading import BLOCK

from .lines import ARN, DENIED, PLAIN, line

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN0123456789"
SIGNATURE = "0123456789abcdef" * 4


def read(text: str | bytes, where: Filter | None = None) -> list[LogRecord]:
    return list(read_logs(io.BytesIO(text if isinstance(text, bytes) else text.encode()), where))


def test_a_record() -> None:
    """Each field of a line is told as what it is."""
    (record,) = read(line(**DENIED, agent="caf\u00e9") + "\n")
    assert record.time == NOON
    assert (record.bucket, record.key, record.operation) == (
        "amzn-s3-demo-bucket",
        "photos/a b.jpg",
        "REST.GET.OBJECT",
    )
    assert (record.status, record.error_code, record.requester) == (403, "AccessDenied", ARN)
    assert (record.address, record.tls_version, record.is_plain_http) == ("192.0.2.3", "1.3", False)
    assert (record.auth_type, record.signature, record.access_point) == ("AuthHeader", "SigV4", None)
    assert (record.bytes_sent, record.object_size, record.total_milliseconds) == (243, 1024, 41)
    assert (record.referer, record.user_agent, record.acl_required) == (None, "caf\u00e9", False)
    assert record == LogRecord.of_line(line(**DENIED, agent="caf\u00e9"))
    assert len({record, LogRecord.of_line(line(**DENIED, agent="caf\u00e9"))}) == 1
    assert repr(record) == (
        "<LogRecord REST.GET.OBJECT amzn-s3-demo-bucket 403 AccessDenied at 01/Mar/2026:12:00:00 +0000>"
    )


def test_a_denial() -> None:
    """A refusal becomes a denial with whom and what, and success becomes none."""
    denied, fine = read(f"{line(**DENIED, auth='QueryString')}\n{line()}\n")
    denial = denied.denial()
    assert denial is not None
    assert (denial.cause, denial.operation, denial.principal) == ("opaque", "GetObject", ARN)
    assert denial.resource == "arn:aws:s3:::amzn-s3-demo-bucket/photos/a b.jpg"
    assert denied.circumstances()["s3:authType"] == "REST-QUERY-STRING"
    assert fine.denial() is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"time": "99/Mar/2026:12:00:00 +0000"}, {"time": None}),
        ({"time": "01/Mar/2026:14:30:00 +0230"}, {"time": NOON}),
        ({"time": "soon +0000"}, {"time": None}),
        ({"sent": "-", "size": "x", "total": "9" * 30}, {"bytes_sent": None, "object_size": None}),
        ({"status": "-"}, {"status": None}),
        ({"key": "-", "requester": "-"}, {"key": None, "requester": None}),
        (PLAIN, {"is_plain_http": True, "tls_version": None}),
        ({**PLAIN, "address": "-"}, {"is_plain_http": None}),
        ({"tls": "TLSV1.2"}, {"tls_version": "1.2"}),
        ({"acl_required": "Yes"}, {"acl_required": True}),
        ({"last": "version"}, {"is_plain_http": None, "tls_version": None, "host": None}),
    ],
)
def test_odd_fields(changed: dict[str, Any], told: dict[str, Any]) -> None:
    """What is no time, no number or not there is None, and no error."""
    (record,) = read(line(**changed))
    assert {name: getattr(record, name) for name in told} == told
    assert record.to_dict()["operation"] == "REST.GET.OBJECT"


def test_no_secret_is_told() -> None:
    """Signatures and tokens of presigned URLs are in no field, dict or repr."""
    query = f"X-Amz-Signature={SIGNATURE}&X-Amz-Security-Token={TOKEN}"
    (record,) = read(
        line(uri=f"GET /a?{query} HTTP/1.1", referer=f"https://example.com/?{query}", agent=query)
    )
    shown = f"{record!r} {record.to_dict()} {record.uri} {record.referer} {record.user_agent}"
    assert SIGNATURE not in shown
    assert TOKEN not in shown
    assert "X-Amz-Signature=***" in shown


LINES = {
    "fine": line(),
    "denied": line(**DENIED, requester="-", auth="-", signature="-"),
    "plain": line(**PLAIN, status="403", code="ExpiredToken", auth="QueryString"),
    "tls12": line(tls="TLSv1.2", operation="REST.PUT.OBJECT", key="in/x", time="02/Mar/2026:00:00:00 +0000"),
    "website": line(
        **PLAIN, operation="WEBSITE.GET.OBJECT", address="198.51.100.7", status="404", code="NoSuchKey"
    ),
    "point": line(access_point="arn:aws:s3:eu-west-1:111122223333:accesspoint/app", request_id="7QF"),
    "old": line("version", operation="REST.HEAD.OBJECT", bucket="other"),
    "rule": line(
        operation="S3.EXPIRE.OBJECT", requester="AmazonS3", address="-", uri="-", status="-", **PLAIN
    ),
}
EVERYTHING = "\n".join(LINES.values()) + "\n"
FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"status": 403}, "denied plain"),
    ({"status": "4xx"}, "denied plain website"),
    ({"status": ("404", 200)}, "fine tls12 website point old"),
    ({"error_code": "AccessDenied"}, "denied"),
    ({"error_code": ("NoSuchKey", "Expired*")}, "plain website"),
    ({"operation": "GetObject"}, "fine denied plain website point"),
    ({"operation": "REST.PUT.*"}, "tls12"),
    ({"requester": "anonymous"}, "denied"),
    ({"requester": ARN, "status": 403}, "plain"),
    ({"requester": "arn:*/uploader/*"}, "fine plain tls12 website point old"),
    ({"requester": "AmazonS3"}, "rule"),
    ({"bucket": "other"}, "old"),
    ({"request_id": "7QF"}, "point"),
    ({"access_point": "arn:*:accesspoint/app"}, "point"),
    ({"key_prefix": "in/"}, "tls12"),
    ({"key_prefix": "photos/a b"}, "fine denied plain website point old"),
    ({"key_prefix": "photos/a%20b"}, "rule"),
    ({"key_prefix": "-"}, ""),
    ({"address": "198.51.100.0/24"}, "website"),
    ({"address": "2001:db8::/32"}, ""),
    ({"plain_http": True}, "plain website"),
    ({"plain_http": False}, "fine denied tls12 point"),
    ({"tls_version": "1.2"}, "tls12"),
    ({"tls_below": "1.3"}, "plain tls12 website"),
    ({"tls_below": "1.3", "plain_http": False}, "tls12"),
    ({"auth_type": "query"}, "plain"),
    ({"auth_type": "anonymous"}, "denied"),
    ({"since": NOON + timedelta(hours=12)}, "tls12"),
    ({"since": NOON + timedelta(microseconds=1)}, "tls12"),
    ({"since": NOON, "until": NOON + timedelta(microseconds=1), "status": 404}, "website"),
    ({"until": NOON}, ""),
    ({"status": 403, "error_code": "ExpiredToken", "plain_http": True, "operation": "GetObject"}, "plain"),
]


@pytest.mark.parametrize(("asked", "names"), FILTERS, ids=[str(number) for number in range(len(FILTERS))])
def test_filters(asked: dict[str, Any], names: str) -> None:
    """A filter lets through the records that it describes, all of them, in their order."""
    found = [record.to_dict() for record in read(EVERYTHING, Filter(**asked))]
    by_name = {name: LogRecord.of_line(text) for name, text in LINES.items()}
    expected = [by_name[name] for name in LINES if name in names.split()]
    assert found == [record.to_dict() for record in expected if record is not None]


@given(
    st.lists(st.sampled_from([*LINES, "nonsense", ""]), max_size=30),
    st.sampled_from([asked for asked, _ in FILTERS]),
)
def test_searching_is_looking_at_each(names: list[str], asked: dict[str, Any]) -> None:
    """Whatever is beside the lines, a filter over all of them finds what it finds in each alone."""
    texts = [LINES.get(name, name) for name in names]
    alone = [record for text in texts for record in read(text, Filter(**asked))]
    assert read("\n".join(texts), Filter(**asked)) == alone
    everything = read("\n".join(texts))
    assert [record for record in everything if record in alone] == alone


def test_frequent_matches_are_all_found() -> None:
    """Where most lines of a long log match, and then few, every one is found."""
    lines = [line(**DENIED, request_id=str(number)) for number in range(1500)]
    lines += [line(**(DENIED if number % 97 == 0 else {}), request_id=str(number)) for number in range(1500)]
    found = read("\n".join(lines), Filter(status=403))
    assert len(found) == 1500 + 16
    assert [record.request_id for record in found[-2:]] == ["1358", "1455"]


def test_text_of_clients_is_no_match() -> None:
    """What a client writes, as if it were a field, matches no filter."""
    text = line(agent='" 403 AccessDenied 1 1 1 1 "-" "x" - h SigV4 - AuthHeader h - - - r" ')
    for asked in ({"status": 403}, {"error_code": "AccessDenied"}, {"plain_http": True}):
        assert read(text, Filter(**asked)) == []
    hidden = line(**PLAIN, agent='x" - h SigV4 TLS_AES_128 AuthHeader h TLSv1.3 - - r')
    assert len(read(hidden, Filter(plain_http=True))) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_malformed_lines_are_counted(ending: str) -> None:
    """Lines that are none are counted and left out; empty ones do not count."""
    text = ending.join([line(), "", "nonsense", line()[:150], line(**DENIED), "\xff\x00", line()])
    reading = read_logs(io.BytesIO(text.encode("latin-1")))
    assert [record.status for record in reading] == [200, 403, 200]
    assert (reading.counts.matched, reading.counts.malformed, reading.counts.lines) == (3, 3, 7)


@pytest.mark.parametrize("asked", [None, Filter(status=403), Filter(since=NOON)])
def test_files_without_a_record_are_named(asked: Filter | None) -> None:
    """Whatever is searched for, a file of which no line is a record is told from one without a match."""
    files = [io.BytesIO(data) for data in (b"nonsense\n" * 9000, b"\n\n", b"x\n" + line().encode(), b"")]
    files[0].name = "other.txt"
    reading = read_logs(files, asked)
    list(reading)
    assert (reading.counts.foreign, reading.counts.recording) == (("other.txt",), 1)
    assert not reading.counts.is_nothing
    alone = read_logs(io.BytesIO(b"nonsense"), asked)
    assert list(alone) == []
    assert alone.counts.is_nothing


@pytest.mark.parametrize("read_them", [read_logs, read_trail])
@pytest.mark.parametrize("where", [{"status": 403}, "403", {}, 0, []])
def test_what_is_no_filter(read_them: Any, where: Any) -> None:
    """Only a Filter says what is wanted; an empty mapping is none, lest everything be taken for wanted."""
    with pytest.raises(ConfigurationError, match="no Filter") as caught:
        read_them(io.BytesIO(b""), where)
    assert "Filter(status=403)" in caught.value.fix


def test_reading_that_is_closed() -> None:
    """Once it is closed there are no further records, those of the block that was read among them."""
    reading = read_logs(io.BytesIO(b"\n".join([line().encode()] * 9)))
    next(reading)
    reading.close()
    assert list(reading) == []


def test_the_room_lists_what_it_shows() -> None:
    """What is imported when it is used is listed before."""
    assert set(monitoring.__all__) <= set(dir(monitoring))


def test_endless_lines_are_counted_once() -> None:
    """A line without an end is held as far as a line can go, counts once, and what follows is read."""
    endless = b"x" * (3 * BLOCK) + b"\n" + line().encode()
    reading = read_logs(io.BytesIO(endless))
    assert len(list(reading)) == 1
    assert reading.counts.malformed == 1


class _Slow(io.RawIOBase):
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = data, step

    def read(self, size: int = -1) -> bytes:
        taken, self._data = self._data[: self._step], self._data[self._step :]
        return taken


@pytest.mark.parametrize("step", [1, 7, 300])
def test_pieces_of_any_size(step: int) -> None:
    """Records are the same however few bytes a file gives at a time."""
    assert list(read_logs(_Slow(EVERYTHING.encode(), step))) == read(EVERYTHING)


def test_files_and_folders(tmp_path: Path) -> None:
    """A folder stands for its files, in the order of their names, compressed or not; one may be damaged."""
    (tmp_path / "b").mkdir()
    (tmp_path / "a.log").write_text(line(status="201"))
    (tmp_path / "b" / "c.gz").write_bytes(gzip.compress(f"{line(status='202')}\n".encode()))
    broken = gzip.compress("\n".join(line(request_id=str(n)) for n in range(9000)).encode())
    (tmp_path / "z.gz").write_bytes(broken[: len(broken) // 2])
    (tmp_path / "zz").write_bytes(b"")
    reading = read_logs([tmp_path])
    found = [record.status for record in reading]
    assert found[:2] == [201, 202]
    assert 200 in found
    assert reading.counts.files == 4
    assert [name for name, _ in reading.counts.damaged] == [str(tmp_path / "z.gz")]
    assert [record.status for record in read_logs(str(tmp_path / "a.log"))] == [201]


def test_reading_ends_early(tmp_path: Path) -> None:
    """Whoever takes one record and closes the reading leaves no file open."""
    path = tmp_path / "a.log"
    path.write_text(EVERYTHING)
    reading = read_logs(path)
    assert next(reading).status == 200
    reading.close()
    assert list(reading) == []


def test_memory_is_flat() -> None:
    """Twenty times as much of a log takes no more memory."""

    def peak(blocks: int) -> int:
        data = (line() + "\n").encode() * 250

        class Endless:
            left = blocks

            def read(self, size: int) -> bytes:
                self.left -= 1
                return data if self.left >= 0 else b""

        tracemalloc.start()
        try:
            assert sum(1 for _ in read_logs(Endless())) == blocks * 250
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(40) < 1.2 * peak(2) + 100_000


def _wrong() -> Iterator[tuple[dict[str, Any], str]]:
    yield {"status": 4000}, "status='4000' can match nothing"
    yield {"status": "4x"}, "status='4x'"
    yield {"tls_version": "TLSv1.2"}, "tls_version='TLSv1.2'"
    yield {"tls_below": "2"}, "tls_below='2'"
    yield {"auth_type": "basic"}, "auth_type='basic'"
    yield {"address": "192.0.2.300"}, "address='192.0.2.300'"
    yield {"since": NOON.replace(tzinfo=None)}, "since="
    yield {"since": NOON, "until": NOON}, "since is not before until"
    yield {"encryption": "SSE_C"}, "do not tell how an object was encrypted"


@pytest.mark.parametrize(("asked", "what"), list(_wrong()))
def test_filters_that_match_nothing(asked: dict[str, Any], what: str) -> None:
    """A filter that no record could match is refused, and says why."""
    with pytest.raises(ConfigurationError, match=what):
        read("", Filter(**asked))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, and one that is opened as text, are refused."""
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_logs(tmp_path / "nothing")
    with pytest.raises(ConfigurationError, match="opened as text"):
        list(read_logs(io.StringIO(line())))
