"""Ranges of encrypted objects mean what they mean in S3, and fetch no more than the frames they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseS3
from secure_s3.envelope.keys import KmsKeys
from tests.envelope.support import header_of
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import ALWAYS, FRAME, message, raw
from tests.transfer.support import BUCKET, MIB, Place, content

SIZES = (0, 1, 2, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 5)
WIRE = FRAME + 32
PROBE = "bytes=0-4095"
HEADER = header_of(message(0)).length
LARGE = message(MIB)  # 1024 frames

_OFFSET = st.one_of(
    st.integers(0, 4 * FRAME), st.sampled_from([0, 1, FRAME - 1, FRAME, 3 * FRAME + 4, 3 * FRAME + 5, 10**18])
)


@st.composite
def _ranges(draw: st.DrawFn) -> str:
    kind, one, two = draw(st.sampled_from("ft-")), draw(_OFFSET), draw(_OFFSET)
    if kind == "f":
        return f"bytes={one}-"
    return f"bytes=-{one}" if kind == "-" else f"bytes={min(one, two)}-{max(one, two)}"


def _get(s3: SecureS3Client, key: str, wanted: str, method: str = "get_object") -> Any:
    """What an answer to a range says: length, place and bytes; or the code and status of the refusal."""
    try:
        answer = getattr(s3, method)(Bucket=BUCKET, Key=key, Range=wanted)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    body = answer["Body"].read() if "Body" in answer else None
    return answer["ContentLength"], answer["ContentRange"], body


def test_means_what_it_means_in_s3(place: Place, cse: SecureS3Client) -> None:
    """For any length and any range, length, place, bytes or refusal are those of the same plain object."""
    plain = place.client(SseS3())
    for size in SIZES:
        plain.put_object(Bucket=BUCKET, Key=f"plain-{size}", Body=content(size))
        cse.put_object(Bucket=BUCKET, Key=f"sealed-{size}", Body=content(size))

    @given(size=st.sampled_from(SIZES), wanted=_ranges())
    @settings(max_examples=150)
    def same(size: int, wanted: str) -> None:
        expected = _get(plain, f"plain-{size}", wanted)
        assert _get(cse, f"sealed-{size}", wanted) == expected
        told = _get(cse, f"sealed-{size}", wanted, "head_object")
        assert told == ((*expected[:2], None) if len(expected) == 3 else expected)

    same()


BAD = [
    "bytes=0-1,3-4",
    "bytes=0-1, 3-4",
    "bytes=-",
    "bytes=",
    "bytes",
    "",
    "0-5",
    "items=0-5",
    "bytes=a-b",
    "bytes=5-3",
    "bytes=--5",
    "bytes=1-2-3",
    "bytes=+1-2",
    "bytes=\u0661-\u0662",
    "bytes=0-1\r\nX: y",
    "bytes=" + "9" * 5000 + "-",
    "bytes=-" + "9" * 5000,
    7,
    b"bytes=0-1",
]


@pytest.mark.parametrize("wanted", BAD, ids=lambda wanted: repr(wanted)[:20])
def test_unusable_ranges(place: Place, kms_calls: list[str], wanted: Any) -> None:
    """Several ranges, other units and what is no range are refused before anything is asked."""
    s3 = place.client(ClientSide(KmsKeys(place.aws.kms_key_arn)))
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"0123456789")
    kms_calls.clear()
    asked: list[str] = []
    s3.boto3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    for method in (s3.get_object, s3.head_object):
        with pytest.raises(errors.ConfigurationError, match="Range"):
            method(Bucket=BUCKET, Key="k", Range=wanted)
    assert (asked, kms_calls) == ([], [])


def _asked(proxy: FaultyProxy) -> list[str | None]:
    return [seen.headers.get("range") for seen in proxy.requests if seen.method == "GET"]


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (500 * FRAME, 500 * FRAME, 501, 501),
        (500 * FRAME - 1, 500 * FRAME, 500, 501),
        (500 * FRAME + 3, 503 * FRAME - 1, 501, 503),
        (10 * FRAME, 11 * FRAME - 1, 11, 11),
    ],
)
def test_fetches_the_frames_it_needs(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, start: int, end: int, first: int, last: int
) -> None:
    """A range in the middle asks for the header, and for exactly the frames that hold it."""
    place.put(LARGE)
    got = faulty_cse.get_object(Bucket=BUCKET, Key="k", Range=f"bytes={start}-{end}")["Body"].read()
    assert got == content(MIB)[start : end + 1]
    frames = f"bytes={HEADER + (first - 1) * WIRE}-{HEADER + last * WIRE - 1}"
    assert _asked(proxy) == [PROBE, frames]
    assert [seen.method for seen in proxy.requests] == ["GET", "GET"]


def test_what_is_there_is_not_fetched_again(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client
) -> None:
    """A range whose frames came along with the header costs one request."""
    place.put(LARGE)
    got = faulty_cse.get_object(Bucket=BUCKET, Key="k", Range="bytes=5-1500")["Body"].read()
    assert got == content(1501)[5:]
    assert _asked(proxy) == [PROBE]


def test_head_asks_for_the_header_only(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client) -> None:
    """HEAD costs a HEAD and the first bytes, which belong to the same version."""
    place.put(LARGE)
    assert faulty_cse.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == MIB
    assert [seen.method for seen in proxy.requests] == ["HEAD", "GET"]
    assert _asked(proxy) == [PROBE]
    assert proxy.requests[1].headers["if-match"] == place.head()["ETag"]


def test_not_satisfiable_verifies_the_end(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client
) -> None:
    """Before it is said that nothing is there, the end is proven: what was cut is no short object."""
    place.put(LARGE)
    assert _get(faulty_cse, "k", f"bytes={MIB}-") == ("InvalidRange", 416)
    assert _asked(proxy) == [PROBE, f"bytes={HEADER + 1023 * WIRE}-{len(LARGE) - 1}"]
    cut = LARGE[: HEADER + 512 * WIRE]
    # As long as a message of fewer frames, so that only its last frame gives it away.
    place.put(cut[: len(cut) - 900])
    with pytest.raises(errors.TamperedError):
        faulty_cse.get_object(Bucket=BUCKET, Key="k", Range=f"bytes={MIB}-")


def test_only_the_frames_of_the_range_count(place: Place, cse: SecureS3Client) -> None:
    """A changed frame is refused by the ranges that touch it, and by no other."""
    sound = message(5 * FRAME)
    for broken in range(5):
        changed = bytearray(sound)
        changed[HEADER + broken * WIRE + 600] ^= 1
        place.put(bytes(changed))
        for frame in range(5):
            wanted = f"bytes={frame * FRAME}-{(frame + 1) * FRAME - 1}"
            body = cse.get_object(Bucket=BUCKET, Key="k", Range=wanted)["Body"]
            if frame != broken:
                assert body.read() == content(5 * FRAME)[frame * FRAME : (frame + 1) * FRAME]
                continue
            with pytest.raises(errors.TamperedError):
                body.read()


def test_replaced_between_two_requests(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client) -> None:
    """An object that is replaced after its header was read is noticed, also by the same content anew."""
    place.put(LARGE)

    def replace(exchange: fault.Exchange) -> None:
        answer = exchange.forward()
        place.put(message(MIB))
        exchange.reply(answer)

    for read in (
        lambda: faulty_cse.get_object(Bucket=BUCKET, Key="k", Range="bytes=500000-500001"),
        lambda: faulty_cse.head_object(Bucket=BUCKET, Key="k"),
    ):
        proxy.clear()
        proxy.inject(replace)
        with pytest.raises(errors.ObjectChanged) as caught:
            read()
        assert isinstance(caught.value.__cause__, errors.PreconditionFailed)


def test_versions(place: Place, cse: SecureS3Client) -> None:
    """VersionId reads that version, and the requests of one range stay with the version they began with."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.put(LARGE)
    version = place.head()["VersionId"]
    place.put(message(10))
    for wanted in ("bytes=0-9", "bytes=500000-500009"):
        start = int(wanted[6:].partition("-")[0])
        answer = cse.get_object(Bucket=BUCKET, Key="k", VersionId=version, Range=wanted)
        assert answer["Body"].read() == content(MIB)[start : start + 10]
        assert answer["VersionId"] == version
    assert cse.head_object(Bucket=BUCKET, Key="k", VersionId=version)["ContentLength"] == MIB
    assert cse.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == 10


@pytest.mark.parametrize("wanted", [None, "bytes=0-1", "bytes=100000-100001"])
def test_conditions(place: Place, cse: SecureS3Client, wanted: str | None) -> None:
    """IfMatch and IfNoneMatch decide about the object as they do for a plain one."""
    etag = place.put(LARGE)
    extra = {"Range": wanted} if wanted else {}
    cse.get_object(Bucket=BUCKET, Key="k", IfMatch=etag, **extra)["Body"].close()
    with pytest.raises(errors.PreconditionFailed):
        cse.get_object(Bucket=BUCKET, Key="k", IfMatch='"0"', **extra)
    with pytest.raises(errors.ServiceError) as caught:
        cse.get_object(Bucket=BUCKET, Key="k", IfNoneMatch=etag, **extra)
    assert caught.value.status == 304


@pytest.mark.parametrize("how", ["ignored", "other-range", "no-header"])
def test_ranges_not_honoured(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, how: str) -> None:
    """A server that ignores ranges or answers another one is not believed, at the header and behind it."""
    place.put(LARGE)

    def ignore(answer: fault.Answer) -> None:
        answer.status, answer.body = 200, LARGE
        answer.drop("Content-Range")
        answer.set("Content-Length", str(len(LARGE)))

    lie = {
        "ignored": fault.edit(ignore),
        "other-range": fault.set_header("Content-Range", f"bytes 7-{7 + 4095}/{len(LARGE)}"),
        "no-header": fault.drop_header("Content-Range"),
    }[how]
    for skip in (0, 1):
        proxy.clear()
        proxy.inject(lie, times=ALWAYS, skip=skip)
        with pytest.raises(errors.TransportError):
            faulty_cse.get_object(Bucket=BUCKET, Key="k", Range="bytes=500000-500001")


def test_long_headers(place: Place, folder: Path) -> None:
    """A header longer than the first request is read to its end, by ranges and by HEAD."""
    pairs = {f"pair-{number}": "x" * 200 for number in range(60)}
    s3 = place.client(raw(context=pairs))
    s3.put_object(Bucket=BUCKET, Key="k", Body=content(5000))
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == 5000
    assert _get(s3, "k", "bytes=3000-3009") == (10, "bytes 3000-3009/5000", content(3010)[3000:])
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == content(5000)
