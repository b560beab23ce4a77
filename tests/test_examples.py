"""The examples: each is short, runs as it stands, and says what it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES = 60
EXPECTED = {
    "quickstart.py": (
        "stored 12 bytes with aws:kms, key arn:aws:kms:eu-west-1:111122223333:key/",
        "read back: twelve pages",
        "from byte 7: pages",
        "refused: PutObject: the argument ServerSideEncryption='AES256' contradicts",
    ),
    "batch_upload.py": (
        "8 done, 8000 bytes",
        "broken.jpg' cannot be read",
        "resumed: 1 done, 0 remaining",
        "again: 0 done, 9 skipped",
    ),
    "sse_c_rotation.py": (
        "the key is not shown: SseC(key=SecretBytes(<32 bytes>))",
        "rotated: SSE-C",
        "the old key is refused: 403",
        "the new key reads: b'date,amount\\n'",
    ),
    "explain_denial.py": (
        "cause: bucket_policy",
        'bucket policy of amzn-s3-demo-bucket, statement 3 "DenyUnencryptedUploads"',
        "policy says aws:kms or aws:kms:dsse; request has AES256",
        "statement: DenyUnencryptedUploads proved",
        'remedy: SseKms("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")',
        "stored",
    ),
    "audit_bucket.py": (
        "bare: high",
        "  secure-transport: Requests over plain HTTP are not denied.",
        "planned: default-encryption bucket-policy versioning lifecycle key-rotation",
        "hardened: info",
        "planned again: 0",
        "opened: critical policy-public by statement Oops",
    ),
    "client_side.py": (
        "stored 33554432 bytes: AES_256_GCM_HKDF_SHA512_COMMIT_KEY, and AES256 at rest",
        "bytes 16000000-16000015/33554432 b'000000001000000\\n'",
        "the last line: b'000000002097151\\n'",
        "Ireland alone: KeyUnavailable DisabledException",
        "Virginia alone: 33554432 bytes",
        "under another name, encrypted again: 33554432",
    ),
    "harden_bucket.py": (
        "1. Block Public Access: switch all four on",
        "~ SSEAlgorithm: AES256 -> aws:kms",
        "+ Deny DenyWrongKmsKey",
        "mfa-delete: MFA delete",
        "amzn-s3-demo-bucket: 6 changes made",
        "again: amzn-s3-demo-bucket: no change",
        "another encryption is denied",
        "new: amzn-s3-demo-bucket2: no change",
        "refused: there is a bucket amzn-s3-demo-bucket already",
    ),
    "drop_in.py": (
        "smart_open: aws:kms",
        "pandas: aws:kms",
        "read back: 2 rows",
        "refused: CreateMultipartUpload would open amzn-s3-demo-bucket/open.txt to everybody",
    ),
}


def test_every_example_is_listed() -> None:
    """There is no example that is not run, and none that is gone."""
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example_is_short(name: str) -> None:
    """An example has fewer than 60 lines."""
    assert len((ROOT / "examples" / name).read_text("utf-8").splitlines()) < LINES


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example runs from any folder with no arguments and says what it should, without a warning."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # pandas and smart_open are not ours: what they warn of says nothing about the example.
    warnings = [] if name == "drop_in.py" else ["-W", "error"]
    done = subprocess.run(
        [sys.executable, *warnings, str(ROOT / "examples" / name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [text for text in EXPECTED[name] if text not in done.stdout] == []
    assert list(tmp_path.iterdir()) == []
