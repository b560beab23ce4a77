"""Bodies that are signed chunk by chunk: AWS's published values, and what was changed."""

from __future__ import annotations

import pickle
from datetime import datetime, timezone

import pytest

from secure_s3.errors import SignatureError
from secure_s3.sigv4 import ChunkSignatures, Scope

from .support import ACCESS_KEY, PERMANENT, SECRET_KEY, assert_tells_no_secret

SCOPE = Scope(ACCESS_KEY, "20130524", "us-east-1", "s3", datetime(2013, 5, 24, tzinfo=timezone.utc))
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
SEED_BEFORE_TRAILER = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
CHUNKS_BEFORE_TRAILER = (
    (b"a" * 65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    (b"a" * 1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    (b"", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
)
TRAILER = b"x-amz-checksum-crc32c:sOO8/Q==\n"
TRAILER_SIGNATURE = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def chunks(seed: str = SEED) -> ChunkSignatures:
    """Of the request that the Amazon S3 API Reference prints."""
    return ChunkSignatures(SCOPE, seed, PERMANENT)


def test_the_published_chunks() -> None:
    """The chunks and the trailer of the Amazon S3 API Reference hold in their order."""
    plain = chunks()
    for data, signature in CHUNKS:
        plain.check(data, signature)
    with_trailer = chunks(SEED_BEFORE_TRAILER)
    for data, signature in CHUNKS_BEFORE_TRAILER:
        with_trailer.check(data, signature)
    with_trailer.check_trailer(TRAILER, TRAILER_SIGNATURE)


@pytest.mark.parametrize(
    ("data", "signature"),
    [(b"b" * 65536, CHUNKS[0][1]), (CHUNKS[1][0], CHUNKS[1][1]), (CHUNKS[0][0], ""), (CHUNKS[0][0], "é")],
)
def test_changed_chunks(data: bytes, signature: str) -> None:
    """Other data, another order, and no signature are refused, and nothing secret is told."""
    with pytest.raises(SignatureError) as caught:
        chunks().check(data, signature)
    assert (caught.value.code, caught.value.status) == ("SignatureDoesNotMatch", 403)
    assert_tells_no_secret(caught.value)
    assert SECRET_KEY not in repr(chunks())
    with pytest.raises(TypeError):
        pickle.dumps(chunks())


def test_a_changed_trailer() -> None:
    """A trailer is bound to its fields, and to the last chunk."""
    before = chunks(SEED_BEFORE_TRAILER)
    with pytest.raises(SignatureError):
        before.check_trailer(TRAILER, TRAILER_SIGNATURE)
    for data, signature in CHUNKS_BEFORE_TRAILER:
        before.check(data, signature)
    with pytest.raises(SignatureError):
        before.check_trailer(TRAILER.replace(b"Q==", b"A=="), TRAILER_SIGNATURE)
