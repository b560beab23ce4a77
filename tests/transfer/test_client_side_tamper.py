"""What somebody who can write to the bucket might do to an encrypted object: refused by every way of reading.

No file appears, a file that was there stays, and what a file object has received is a true beginning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.envelope.header import serialise_context
from tests.envelope.support import split
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import FRAME, OTHER_RAW, WAYS, Sink, Way, bound, message, sdk_message
from tests.transfer.support import BUCKET, Place, content

PLAIN = content(5 * FRAME + 100)
MESSAGE = message(len(PLAIN), context={**bound(), "note": "x"})
HEADER, FRAMES = split(MESSAGE)
KEYS = 35 + 2 + len(serialise_context({**bound(), "note": "x"}))  # where the encrypted data keys begin
END = len(HEADER)

Kind = type[errors.SecureS3Error]
TAMPERED, DOWNGRADE, MISMATCH = errors.TamperedError, errors.DowngradeError, errors.ContextMismatch
NO_KEY = errors.KeyAccessError

pytestmark = pytest.mark.usefixtures("small_windows")


def _with(at: int, new: bytes) -> bytes:
    assert MESSAGE[at : at + len(new)] != new
    return MESSAGE[:at] + new + MESSAGE[at + len(new) :]


def _flip(at: int) -> bytes:
    return _with(at, bytes([MESSAGE[at] ^ 1]))


def _joined(*frames: bytes) -> bytes:
    return HEADER + b"".join(frames)


def _headers() -> dict[str, tuple[bytes, Kind]]:
    provider = MESSAGE.index(b"secure-s3", KEYS)
    value = MESSAGE.index(BUCKET.encode())
    return {
        "version": (_flip(0), DOWNGRADE),
        "version 1": (_with(0, b"\1"), DOWNGRADE),
        "suite": (_flip(2), DOWNGRADE),
        "signing suite": (_with(1, b"\x05\x78"), TAMPERED),
        "old suite": (_with(1, b"\x01\x78"), TAMPERED),
        "message id": (_flip(10), TAMPERED),
        "length of the context": (_with(35, b"\xff\xff"), TAMPERED),
        "bucket": (_flip(value), MISMATCH),
        "name of a pair": (_flip(MESSAGE.index(b"secure-s3:key")), MISMATCH),
        "value of another pair": (_flip(MESSAGE.index(b"note") + 6), NO_KEY),
        "no keys": (_with(KEYS, b"\0\0"), TAMPERED),
        "33 keys": (_with(KEYS, b"\0\x21"), TAMPERED),
        "65535 keys": (_with(KEYS, b"\xff\xff"), TAMPERED),
        "length of a provider": (_with(KEYS + 2, b"\xff\xff"), TAMPERED),
        "provider": (_flip(provider), NO_KEY),
        "name of the key": (_flip(MESSAGE.index(b"vault/1")), NO_KEY),
        "data key": (_flip(END - 16 - 32 - 4 - 1 - 1), NO_KEY),
        "content type": (_flip(END - 16 - 32 - 4 - 1), TAMPERED),
        "frame length": (_flip(END - 16 - 32 - 1), TAMPERED),
        "no frame length": (_with(END - 16 - 32 - 4, bytes(4)), TAMPERED),
        "absurd frame length": (_with(END - 16 - 32 - 4, b"\xff" * 4), TAMPERED),
        "commitment": (_flip(END - 16 - 1), TAMPERED),
        "header tag": (_flip(END - 1), TAMPERED),
    }


def _frames() -> dict[str, tuple[bytes, Kind]]:
    made = {}
    for name, number in (("first", 0), ("middle", 2), ("last regular", 4), ("final", 5)):
        start = END + sum(map(len, FRAMES[:number]))
        head = 4 if name == "final" else 0
        places = {
            "number": head + 3,
            "IV": head + 15,
            "ciphertext": head + 50,
            "tag": len(FRAMES[number]) - 1,
        }
        for what, at in places.items():
            made[f"{what} of the {name} frame"] = _flip(start + at)
    final = END + sum(map(len, FRAMES[:5]))
    made["mark of the final frame"] = _flip(final)
    made["length of the final frame"] = _flip(final + 23)
    made["absurd final length"] = _with(final + 20, b"\xff" * 4)
    made["swapped"] = _joined(FRAMES[0], FRAMES[2], FRAMES[1], *FRAMES[3:])
    made["doubled"] = _joined(FRAMES[0], FRAMES[0], *FRAMES[1:])
    made["one for another"] = _joined(FRAMES[0], FRAMES[0], *FRAMES[2:])
    made["first dropped"] = _joined(*FRAMES[1:])
    made["middle dropped"] = _joined(*FRAMES[:2], *FRAMES[3:])
    made["final dropped"] = _joined(*FRAMES[:5])
    made["final twice"] = _joined(*FRAMES, FRAMES[5])
    made["of another message"] = _joined(*FRAMES[:3], split(message(len(PLAIN)))[1][3], *FRAMES[4:])
    made["a byte behind"] = MESSAGE + b"\0"
    made["a frame behind"] = MESSAGE + FRAMES[0]
    made["a message behind"] = MESSAGE * 2
    return {name: (changed, TAMPERED) for name, changed in made.items()}


def _cuts() -> dict[str, tuple[bytes, Kind]]:
    edges = [END + sum(map(len, FRAMES[:number])) for number in range(len(FRAMES) + 1)]
    within = [edge + step for edge in edges for step in (-1, 0, 1, 20)]
    places = {0, 1, 2, 3, 34, KEYS, END - 17, *within, END + FRAME // 2, edges[3] + FRAME}
    # Fewer bytes than a version and a suite have are no message at all.
    return {
        f"cut at {at}": (MESSAGE[:at], DOWNGRADE if at < 3 else TAMPERED)
        for at in sorted(places)
        if at < len(MESSAGE)
    }


def _others() -> dict[str, tuple[bytes, Kind]]:
    return {
        "plaintext": (PLAIN, DOWNGRADE),
        "short plaintext": (b"\1", DOWNGRADE),
        "plaintext like a message": (b"\2plain text", DOWNGRADE),
        "another key's place": (message(len(PLAIN), "other"), MISMATCH),
        "another bucket's": (message(10, context={**bound(), "secure-s3:bucket": "other"}), MISMATCH),
        "of no place": (message(10, context={"note": "x"}), MISMATCH),
        "of a batch": (
            message(10, context={"secure-s3:bucket": BUCKET, "secure-s3:batch": "b"}),
            MISMATCH,
        ),
        "of a batch as well": (message(10, context={**bound(), "secure-s3:batch": "b"}), MISMATCH),
        "for another key": (message(len(PLAIN), keys=OTHER_RAW), NO_KEY),
        "old suite": (sdk_message(1000, suite=0x0178), DOWNGRADE),
        "old signing suite": (sdk_message(1000, suite=0x0378), DOWNGRADE),
    }


GROUPS = {"header": _headers(), "frames": _frames(), "cuts": _cuts(), "others": _others()}


def _left(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _refusal(way: Way, s3: SecureS3Client, folder: Path, sink: Sink, name: str) -> BaseException:
    try:
        way(s3, folder, sink)
    except errors.BatchFailed as error:
        found = error.results[0].error
        assert found is not None
        return found
    except errors.SecureS3Error as error:
        return error
    raise AssertionError(f"{name} was read by {way.__name__}: {bytes(sink.got)[:50]!r}")


def _assert_refused(place: Place, way: Way, s3: SecureS3Client, folder: Path, group: str) -> None:
    for number, (name, (changed, kind)) in enumerate(GROUPS[group].items()):
        before = {"f": b"old", "k": b"old"} if number % 2 else {}
        for file, text in before.items():
            (folder / file).write_bytes(text)
        place.put(changed)
        sink = Sink()
        error = _refusal(way, s3, folder, sink, name)
        assert isinstance(error, kind), f"{name}: {error!r}"
        assert error.why, name
        assert PLAIN.startswith(bytes(sink.got)), name
        assert not sink.got or group in ("frames", "cuts"), name  # the header gives nothing
        assert _left(folder) == before, name
        assert place.keys() == ["k"], name
        for file in before:
            (folder / file).unlink()
    assert place.uploads() == []


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_refused(place: Place, cse: SecureS3Client, folder: Path, way: Way, group: str) -> None:
    """Each change leads to its error by each way of reading, and to no byte that was not verified."""
    _assert_refused(place, way, cse, folder, group)


def test_not_changed(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """The message that all of these were made from is read by every way."""
    for way in WAYS:
        place.put(MESSAGE)
        sink = Sink()
        way(cse, folder, sink)
        assert bytes(sink.got) == PLAIN


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_empty_objects(place: Place, cse: SecureS3Client, folder: Path, way: Way) -> None:
    """That there is nothing is verified like anything else."""
    empty = message(0)
    for name, changed in {
        "tag": empty[:-1] + bytes([empty[-1] ^ 1]),
        "cut": empty[:-1],
        "behind": empty + b"\0",
        "header": empty[:10] + bytes([empty[10] ^ 1]) + empty[11:],
        "of another message": split(empty)[0] + split(message(0))[1][0],
    }.items():
        place.put(changed)
        error = _refusal(way, cse, folder, Sink(), name)
        assert isinstance(error, TAMPERED), name
        assert _left(folder) == {}, name


def test_head(place: Place, cse: SecureS3Client) -> None:
    """HEAD refuses what it can see without a key: what is no message, of another place, or malformed."""
    blind = {"message id", "value of another pair", "provider", "name of the key", "data key", "frame length"}
    blind |= {"commitment", "header tag", "for another key"}
    for name, (changed, kind) in {**_headers(), **_others()}.items():
        if name in blind:
            continue
        place.put(changed)
        with pytest.raises(kind):
            cse.head_object(Bucket=BUCKET, Key="k")
    for at in (0, 1, 3, 34, KEYS, END - 1, END, END + 39, END + 40 + FRAME + 5):
        place.put(MESSAGE[:at])
        with pytest.raises(errors.IntegrityError):
            cse.head_object(Bucket=BUCKET, Key="k")


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        ({"x-amz-key": "k", "x-amz-iv": "i", "x-amz-matdesc": "{}"}, "version 1"),
        ({"x-amz-key-v2": "k", "x-amz-iv": "i", "x-amz-wrap-alg": "kms+context"}, "version 2"),
        ({"x-amz-3": "k", "x-amz-c": "115", "x-amz-d": "d", "x-amz-i": "i"}, "version 3"),
    ],
)
def test_amazon_s3_encryption_client(
    place: Place, cse: SecureS3Client, folder: Path, metadata: dict[str, str], version: str
) -> None:
    """Objects of the Amazon S3 Encryption Client are refused by their name, by every way of reading."""
    for way in WAYS:
        place.put(b"\x7f" + content(500), Metadata=metadata)
        error = _refusal(way, cse, folder, Sink(), version)
        assert isinstance(error, DOWNGRADE)
        assert f"Amazon S3 Encryption Client, {version}" in str(error)
        assert (error.bucket, error.key) == (BUCKET, "k")
    with pytest.raises(errors.DowngradeError, match=version):
        cse.head_object(Bucket=BUCKET, Key="k")


def test_metadata_does_not_decide(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """What the metadata claims changes nothing about a sound message."""
    for way in WAYS:
        place.put(MESSAGE, Metadata={"x-amz-key-v2": "k"})
        sink = Sink()
        way(cse, folder, sink)
        assert bytes(sink.got) == PLAIN


def test_swapped_objects(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """An object that somebody copied over another, or moved, is refused, and says where it belongs."""
    cse.put_object(Bucket=BUCKET, Key="other", Body=b"other")
    for way in WAYS:
        cse.put_object(Bucket=BUCKET, Key="k", Body=b"mine")
        place.plain.copy_object(Bucket=BUCKET, Key="k", CopySource={"Bucket": BUCKET, "Key": "other"})
        error = _refusal(way, cse, folder, Sink(), "swapped")
        assert isinstance(error, errors.ContextMismatch)
        assert (error.expected["secure-s3:key"], error.found["secure-s3:key"]) == ("k", "other")
    assert cse.get_object(Bucket=BUCKET, Key="other")["Body"].read() == b"other"


# -- replaced while it is read -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", [WAYS[4], WAYS[6]], ids=lambda way: way.__name__)
@pytest.mark.parametrize("after", ["another", "the same content", "plaintext"])
def test_replaced_between_windows(
    place: Place,
    proxy: FaultyProxy,
    faulty_cse: SecureS3Client,
    folder: Path,
    way: Way,
    after: str,
) -> None:
    """An object that is replaced between two windows is noticed; the two are never mixed."""
    place.put(MESSAGE)
    new = {"another": message(len(PLAIN)), "the same content": message(len(PLAIN)), "plaintext": PLAIN}

    def replace(exchange: fault.Exchange) -> None:
        place.put(new[after])
        fault.pass_through(exchange)

    proxy.inject(replace, when=lambda seen: "range" in seen.headers)
    sink = Sink()
    error = _refusal(way, faulty_cse, folder, sink, "replaced")
    assert isinstance(error, errors.ObjectChanged)
    assert PLAIN.startswith(bytes(sink.got))
    assert _left(folder) == {}


def test_server_that_lies_about_versions(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path
) -> None:
    """A server that passes another object off as the same version gets no byte of it through."""
    place.put(MESSAGE)
    other = message(len(PLAIN), context={**bound(), "note": "x"})

    def lie(answer: fault.Answer) -> None:
        given = {name.lower(): value for name, value in answer.fields}["content-range"]
        start, end = given.removeprefix("bytes ").split("/")[0].split("-")
        answer.body = other[int(start) : int(end) + 1]

    for way in (WAYS[4], WAYS[6], WAYS[2]):
        proxy.clear()
        proxy.inject(
            fault.edit(lie), when=lambda seen: "range" in seen.headers, skip=way is WAYS[2], times=99
        )
        sink = Sink()
        error: Any = _refusal(way, faulty_cse, folder, sink, "lie")
        assert isinstance(error, errors.TamperedError)
        assert PLAIN.startswith(bytes(sink.got))
        assert _left(folder) == {}
