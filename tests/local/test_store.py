"""The seams of moto that the embedded endpoint stands on."""

from __future__ import annotations

import os
import subprocess
import sys

_SCRIPT = """
from moto.s3 import models
from moto.s3.responses import S3Response
assert isinstance(models.FakeKey.__dict__["value"], property)
assert isinstance(models.FakeKey.instances_tracked, list)
assert models.MultipartChecksumBuilder.build
assert S3Response.key_dispatch and S3Response.bucket_dispatch
stored = models.FakeKey("k", b"x" * 10, account_id="111122223333", region_name="aws")
assert (stored._value_buffer._rolled, stored.lock.locked(), stored.size) == (False, False, 10)
big = models.FakeKey("k", b"x" * (6 << 20), account_id="111122223333", region_name="aws")
assert big._value_buffer._rolled and big._value_buffer.fileno()
for one in (stored, big):
    one.dispose()

from secure_s3.local.server.store import Store
store = Store()
kept = models.FakeKey("k", b"data", account_id="111122223333", region_name="aws")
assert (kept.value, list(models.FakeKey.instances_tracked)) == (b"data", [kept])
assert b"".join(store.content(kept, 1, 3)) == b"at"
kept.dispose()
del kept
assert not list(models.FakeKey.instances_tracked)

from datetime import datetime, timezone
from moto.core.utils import utcnow
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.sts import models as sts
assert sts.utcnow is utcnow
from secure_s3.local.settings import ACCESS_KEY_ID
arn = store.ready_user()
backend = sts.sts_backends["111122223333"]["aws"]
assert backend.get_caller_identity(ACCESS_KEY_ID, "eu-west-1")[1] == arn
store.directory.follow(lambda: datetime(2030, 1, 1, tzinfo=timezone.utc))
role = backend.assume_role("eu-west-1", "one", "arn:aws:iam::111122223333:role/r", None, 900, None)
assert role.expiration == datetime(2030, 1, 1, 0, 15)
assert store.issued(role.access_key_id).credentials.token == role.session_token
managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
assert "s3:Get" in store.directory.document(managed)
assert store.directory.document("arn:aws:iam::aws:policy/None") is None
"""


def test_seams() -> None:
    """The installed moto still has the inner parts that the store replaces or reads."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "MOTO_ACCOUNT_ID": "111122223333",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_combined_crc32() -> None:
    """The CRC32 combined from parts is that of the whole, whatever the parts' lengths."""
    import base64
    import zlib

    from hypothesis import given
    from hypothesis import strategies as st

    from secure_s3.local.server.content.checksums import combined_crc32, compute

    @given(st.lists(st.binary(max_size=300), max_size=6))
    def holds(parts: list[bytes]) -> None:
        combined = combined_crc32((compute("CRC32", part) or "", len(part)) for part in parts)
        assert int.from_bytes(base64.b64decode(combined), "big") == zlib.crc32(b"".join(parts))

    holds()
