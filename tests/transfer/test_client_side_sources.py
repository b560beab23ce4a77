"""Sources that change, fail or end early while they are encrypted: no object, and never two ciphertexts.

A frame that is sealed twice with other content would give away both under one key and IV.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide
from tests.rig import faulty_proxy as fault
from tests.rig import sources
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import ALWAYS, RAW, decrypted
from tests.transfer.support import BUCKET, MIB, PART, SMALL_PARTS, Place, Total, content

SINGLE, MULTI = 2 * MIB, 2 * PART + 1
BOTH = pytest.mark.parametrize("size", [1000, SINGLE, MULTI], ids=["small", "single", "multipart"])
LARGE = pytest.mark.parametrize("size", [SINGLE, MULTI], ids=["single", "multipart"])
WIRE = 65536 + 32


@pytest.fixture
def s3(place: Place, proxy: FaultyProxy) -> SecureS3Client:
    """A client with frames of 64 KiB through ``proxy``."""
    return place.client(ClientSide(RAW), endpoint_url=proxy.url, ca_bundle=proxy.ca_bundle)


class Wire:
    """Every body that reached the server, and, through ``then``, what happens to the first ones."""

    def __init__(self, proxy: FaultyProxy, then: fault.Action = fault.pass_through, times: int = 0) -> None:
        self.bodies: list[tuple[int, bytes]] = []
        self._then, self._left = then, times
        proxy.inject(self._record, when=lambda seen: seen.method == "PUT", times=ALWAYS)

    def _record(self, exchange: fault.Exchange) -> None:
        part = int(exchange.seen.parameters.get("partNumber", "1"))
        self.bodies.append((part, exchange.body().payload))
        if self._left:
            self._left -= 1
            self._then(exchange)
        else:
            fault.pass_through(exchange)

    def assert_each_frame_once(self) -> None:
        """Whatever was sent of a frame is always the same."""
        sealed: dict[tuple[bytes, int], set[bytes]] = {}
        identities = {body[3:35] for part, body in self.bodies if part == 1}
        assert len(identities) <= 1
        for part, body in self.bodies:
            start = len(body) % WIRE if part == 1 and len(body) > WIRE else 0
            for number, at in enumerate(range(start, len(body), WIRE)):
                sealed.setdefault((b"%d" % part, number), set()).add(body[at : at + WIRE])
        assert all(len(versions) == 1 for versions in sealed.values())


def _up(s3: SecureS3Client, source: Any, **more: Any) -> Any:
    return s3.upload_fileobj(source, BUCKET, "k", Config=SMALL_PARTS, **more)


@BOTH
@pytest.mark.parametrize(
    "action",
    [fault.reset_after_body, fault.reset_after_forwarding, fault.slow_down],
    ids=["reset", "answer-lost", "slow-down"],
)
@pytest.mark.parametrize("how", ["put", "file", "fileobj"])
def test_retries_send_the_same(
    place: Place,
    proxy: FaultyProxy,
    s3: SecureS3Client,
    folder: Path,
    action: fault.Action,
    size: int,
    how: str,
) -> None:
    """A request that is sent again has the very same bytes, and the object is whole afterwards."""
    wire, total = Wire(proxy, action, times=2), Total()
    (folder / "f").write_bytes(content(size))
    if how == "put":
        s3.put_object(Bucket=BUCKET, Key="k", Body=io.BytesIO(content(size)))
        total.bytes = size
    elif how == "file":
        s3.upload_file(folder / "f", BUCKET, "k", Config=SMALL_PARTS, Callback=total)
    else:
        _up(s3, io.BytesIO(content(size)), Callback=total)
    assert decrypted(place) == content(size)
    assert total.bytes == size
    parts = [part for part, _ in wire.bodies]
    assert len(parts) > len(set(parts))
    for part in set(parts):
        assert len({body for number, body in wire.bodies if number == part}) == 1
    assert place.uploads() == []


@LARGE
def test_file_changed_after_its_checksum(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, folder: Path, size: int
) -> None:
    """A file that is written to between its checksum and its sending is refused, and nothing is stored."""
    wire, path = Wire(proxy), folder / "f"
    path.write_bytes(content(size))
    events, changed = s3.boto3.meta.events, []

    def rewrite(**_: Any) -> None:
        changed.append(True)
        path.write_bytes(bytes(size))

    events.register("before-sign.s3.PutObject", rewrite)
    events.register("before-sign.s3.UploadPart", rewrite)
    with pytest.raises(errors.SourceChanged):
        s3.upload_file(path, BUCKET, "k", Config=SMALL_PARTS)
    assert changed
    place.assert_nothing()
    wire.assert_each_frame_once()


@LARGE
def test_file_changed_before_a_retry(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, folder: Path, size: int
) -> None:
    """A file that is written to before a request is sent again is refused, whatever the first one said."""
    path = folder / "f"
    path.write_bytes(content(size))

    def change(exchange: fault.Exchange) -> None:
        path.write_bytes(bytes(size))
        fault.slow_down(exchange)

    wire = Wire(proxy, change, times=1)
    with pytest.raises(errors.SourceChanged):
        s3.upload_file(path, BUCKET, "k", Config=SMALL_PARTS)
    place.assert_nothing()
    wire.assert_each_frame_once()


def test_file_changed_though_its_time_was_not(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, folder: Path
) -> None:
    """A change that leaves length and time of the file as they were is noticed by its content."""
    path = folder / "f"
    path.write_bytes(content(SINGLE))
    before = path.stat()

    def change(exchange: fault.Exchange) -> None:
        path.write_bytes(content(SINGLE)[:-1] + b"\0")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        fault.reset_after_body(exchange)

    wire = Wire(proxy, change, times=1)
    with pytest.raises(errors.SourceChanged):
        s3.upload_file(path, BUCKET, "k", Config=SMALL_PARTS)
    place.assert_nothing()
    wire.assert_each_frame_once()


class Fickle(io.BytesIO):
    """Gives other bytes whenever a place is read for the second time."""

    def __init__(self, data: bytes, times: int = 1) -> None:
        super().__init__(data)
        self._seen: dict[int, int] = {}
        self._times = times

    def read(self, size: int | None = -1) -> bytes:
        at = self.tell()
        data = super().read(size)
        self._seen[at] = self._seen.get(at, 0) + 1
        return data if self._seen[at] <= self._times else bytes(len(data))


def test_body_that_changes(place: Place, proxy: FaultyProxy, s3: SecureS3Client) -> None:
    """A body of put_object that gives other bytes the second time is refused, and nothing is stored."""
    wire = Wire(proxy)
    with pytest.raises(errors.SourceChanged):
        s3.put_object(Bucket=BUCKET, Key="k", Body=Fickle(content(SINGLE)))
    place.assert_nothing()
    wire.assert_each_frame_once()


@BOTH
def test_streams_are_read_once(place: Place, proxy: FaultyProxy, s3: SecureS3Client, size: int) -> None:
    """upload_fileobj reads each byte once, so that no source can change under its retries."""
    wire = Wire(proxy, fault.reset_after_body, times=2)
    _up(s3, Fickle(content(size)))
    assert decrypted(place) == content(size)
    wire.assert_each_frame_once()


GOING_WRONG: dict[str, tuple[Callable[[bytes], Any], type[BaseException]]] = {
    "growing": (sources.Growing, errors.SourceChanged),
    "shrinking": (sources.Shrinking, errors.SourceChanged),
    "failing": (lambda data: sources.FailsHalfway(data, len(data) // 2), errors.TransferError),
    "none": (lambda data: sources.ReturnsNone(data, len(data) // 2), errors.TransferError),
    "ctrl-c": (lambda data: sources.CtrlC(data, len(data) // 2), KeyboardInterrupt),
}


@BOTH
@pytest.mark.parametrize("name", GOING_WRONG)
def test_sources_that_go_wrong(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, name: str, size: int
) -> None:
    """A source that goes wrong while it is read gives its error, no object and no parts."""
    kind, expected = GOING_WRONG[name]
    wire = Wire(proxy)
    with pytest.raises(expected):
        _up(s3, kind(content(size)))
    place.assert_nothing()
    wire.assert_each_frame_once()


@pytest.mark.parametrize("size", [1000, SINGLE], ids=["small", "single"])
@pytest.mark.parametrize("name", GOING_WRONG)
def test_bodies_that_go_wrong(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, name: str, size: int
) -> None:
    """The same as the body of put_object."""
    kind, expected = GOING_WRONG[name]
    with pytest.raises(expected):
        s3.put_object(Bucket=BUCKET, Key="k", Body=kind(content(size)))
    place.assert_nothing()


@BOTH
@pytest.mark.parametrize("change", [sources.grow_file, sources.shrink_file], ids=["grows", "shrinks"])
def test_files_that_grow_or_shrink(
    place: Place, s3: SecureS3Client, folder: Path, change: Any, size: int
) -> None:
    """A file that grows or shrinks while it is uploaded leaves no object; a small one is sent as it was."""
    path = folder / "f"
    path.write_bytes(content(size))
    callback = sources.when_past(1, change(path))
    if size == 1000:  # read as a whole before anything is reported
        s3.upload_file(path, BUCKET, "k", Callback=callback)
        assert decrypted(place) == content(size)
        return
    with pytest.raises(errors.SourceChanged):
        s3.upload_file(path, BUCKET, "k", Callback=callback, Config=SMALL_PARTS)
    place.assert_nothing()


@BOTH
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
def test_callback_raises(place: Place, s3: SecureS3Client, kind: type[BaseException], size: int) -> None:
    """What the callback raises is what comes out, and nothing stays."""
    mine = kind("stop")

    def callback(count: int) -> None:
        raise mine

    with pytest.raises(kind) as caught:
        _up(s3, io.BytesIO(content(size)), Callback=callback)
    assert caught.value is mine
    place.assert_nothing()


@pytest.mark.parametrize(
    "when", ["uploads", "partNumber=1", "partNumber=2", "uploadId"], ids=lambda when: when.replace("=", "-")
)
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (fault.s3_error(403, "AccessDenied"), errors.AccessDenied),
        (fault.slow_down, errors.Throttled),
        (fault.reset_after_body, errors.TransportError),
    ],
    ids=["denied", "slow-down", "reset"],
)
def test_failing_multipart_aborts(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, action: Any, expected: Any, when: str
) -> None:
    """A multipart upload that fails for good at any request leaves no object and no parts."""
    method = "PUT" if when.startswith("part") else "POST"
    proxy.inject(action, method=method, query=when, times=ALWAYS)
    with pytest.raises(expected):
        _up(s3, io.BytesIO(content(MULTI)))
    place.assert_nothing()


@pytest.mark.parametrize("times", [1, ALWAYS], ids=["once", "always"])
def test_completed_without_saying_so(
    place: Place, proxy: FaultyProxy, s3: SecureS3Client, times: int
) -> None:
    """A completion that worked, though the server never said so, is found by its checksum."""
    proxy.inject(fault.reset_after_forwarding, method="POST", query="uploadId", times=times)
    assert _up(s3, io.BytesIO(content(MULTI))).bytes == MULTI
    assert decrypted(place) == content(MULTI)
    assert place.uploads() == []
