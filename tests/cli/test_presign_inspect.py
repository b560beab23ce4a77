"""``secure-s3 presign inspect``: what it tells of URLs and forms, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from secure_s3.cli import presign_inspect

from .conftest import BUCKET, Run

Runner = Callable[..., Run]
NOW = datetime(2026, 5, 17, 12, tzinfo=timezone.utc)
SIGNATURE = "5" * 64
TOKEN = "SESSION-TOKEN"


def url(path: str = f"{BUCKET}/reports/1.pdf", more: str = "", *, life: int = 300, at: datetime = NOW) -> str:
    """A URL as it would be presigned; nobody verifies it."""
    return (
        f"https://s3.eu-west-1.amazonaws.com/{path}?{more}X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{at:%Y%m%d}%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date={at:%Y%m%dT%H%M%SZ}&X-Amz-Expires={life}"
        f"&X-Amz-SignedHeaders=host%3Brange&X-Amz-Signature={SIGNATURE}"
    )


def form(conditions: Any = (["content-length-range", 1, 9],), **changes: Any) -> dict[str, Any]:
    """A form as it would be presigned."""
    policy = {"expiration": "2026-05-17T12:05:00Z", "conditions": conditions}
    fields = {
        "key": "uploads/${filename}",
        "policy": base64.b64encode(json.dumps(policy).encode()).decode(),
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20260517/eu-west-1/s3/aws4_request",
        "x-amz-date": "20260517T120000Z",
        "x-amz-signature": SIGNATURE,
    }
    return {"url": f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/", "fields": fields | changes}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presign_inspect, "_now", lambda: NOW + timedelta(minutes=2))


@pytest.fixture
def say(run: Runner, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command with that standard input."""

    def command(text: str | bytes, *argv: str) -> Run:
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return run("presign", "inspect", "-", *argv)

    return command


def test_url_is_told(run: Runner) -> None:
    """A URL that holds is told as a table: where it leads, who signed it, until when, what goes with it."""
    result = run("presign", "inspect", url(more="versionId=7&"))
    assert (result.code, result.err) == (0, "")
    rows = [line.split("  ", 1) for line in result.out.splitlines() if "  " in line]
    told = {name: value.strip() for name, value in rows}
    assert (told["bucket"], told["key"]) == (BUCKET, "reports/1.pdf")
    assert told["signed by"] == "AKIAIOSFODNN7EXAMPLE"
    assert told["ends"].endswith("in 3 minutes")
    assert (told["has to be sent"], told["asks for"]) == ("range", "versionId = 7")


def test_form_is_told(say: Callable[..., Run]) -> None:
    """A form is told with what its policy demands."""
    result = say(json.dumps(form()))
    assert (result.code, result.err) == (0, "")
    assert '["content-length-range", 1, 9]' in result.out
    assert "uploads/${filename}" in result.out


def test_standard_input_is_like_the_argument(run: Runner, say: Callable[..., Run]) -> None:
    """A URL on standard input, with line breaks around it or within JSON, is told like the argument."""
    expected = run("presign", "inspect", url(), "--json").json
    assert say(f"\n {url()}\r\n", "--json").json == expected
    assert say(json.dumps({"url": url(), "method": "GET"}), "--json").json == expected


def test_json_says_all(say: Callable[..., Run]) -> None:
    """--json says everything, and whether it has expired."""
    told = say(url(), "--json").json
    assert (told["kind"], told["expires_in"], told["expired"], told["findings"]) == ("url", 300, False, [])
    assert told["expires_at"] == "2026-05-17T12:05:00+00:00"


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_secret_is_told(say: Callable[..., Run], as_json: bool) -> None:
    """Signature, session token, policy and an SSE-C key within a URL are not told."""
    more = f"X-Amz-Security-Token={TOKEN}&x-amz-server-side-encryption-customer-key=S3CR3T&"
    leaking = form(**{"x-amz-security-token": TOKEN})
    for text, code in ((url(more=more), 1), (json.dumps(leaking), 0)):
        result = say(text, *(["--json"] if as_json else []))
        assert result.code == code
        for secret in (SIGNATURE, TOKEN, "S3CR3T", leaking["fields"]["policy"]):
            assert secret not in result.out + result.err


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (url(life=60), "it has expired"),
        (url(life=120), "it has expired"),
        (url(at=NOW + timedelta(hours=1)), "it is dated in the future, and not valid yet"),
        (url().replace("https:", "http:"), "it leads to http, not to https"),
        (url(life=86400), "it lives 1 day, 0:00:00: whoever gets it can use it as long"),
        (url(more="x-amz-server-side-encryption-customer-key=x&"), "it holds an SSE-C key in clear text"),
        (json.dumps(form(conditions=[])), "no limit of size: up to 5 GiB"),
    ],
)
def test_findings_end_with_1(say: Callable[..., Run], text: str, finding: str) -> None:
    """What is expired, not valid yet or weaker than it should be ends with 1 and says so."""
    result = say(text)
    assert result.code == 1
    assert f"- {finding}" in result.out
    result = say(text, "--json")
    assert (result.code, result.json["findings"]) == (1, [finding])


def test_expired_says_for_how_long(say: Callable[..., Run]) -> None:
    """What has expired is told with the time since then."""
    assert "1 day ago" not in say(url(at=NOW - timedelta(days=3))).out
    assert "2 days ago" in say(url(at=NOW - timedelta(days=2, minutes=5))).out


def test_temporary_credentials_are_told(say: Callable[..., Run]) -> None:
    """A URL with a session token is told to end with it."""
    result = say(url(more=f"X-Amz-Security-Token={TOKEN}&"))
    assert result.code == 0
    assert "temporary credentials" in result.out
    assert "session token" in result.out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 2),
        (" \n", 2),
        ("{", 2),
        ("{}", 2),
        ('{"url": 5}', 2),
        ('{"url": "https://x", "fields": []}', 2),
        ('{"url": "https://x", "fields": {"policy": 5}}', 2),
        ('{"fields": {}}', 2),
        ('{"a":' * 100_000, 2),
        ("x" * ((1 << 20) + 1), 2),
        ("https://example.com/", 4),
        ("nonsense", 4),
        ("[1]", 4),
        ("https://[", 4),
        (b"\xff\xfe", 4),
        (url().replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), 4),
        (url(life=604801), 4),
        (url().replace("20260517", "99991231"), 4),
        (url().replace("20260517", "20260230"), 4),
        ("https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature=x&Expires=1", 4),
        ('{"url": "https://x", "fields": {}}', 4),
        (json.dumps(form(policy="e30=")), 4),
        (json.dumps(form(conditions=None)), 4),
        (json.dumps(form() | {"url": "https://["}), 4),
    ],
)
def test_what_is_not_presigned_is_refused(say: Callable[..., Run], text: str | bytes, code: int) -> None:
    """What is no JSON of a form ends with 2, what is not signed with Signature Version 4 with 4."""
    result = say(text)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith("error: ")
    result = say(text, "--json")
    assert (result.code, result.err) == (code, "")
    assert result.json["what"]


def test_terminal_is_not_commanded(say: Callable[..., Run]) -> None:
    """Control characters and line breaks of a key or a condition are shown as question marks."""
    result = say(url(f"{BUCKET}/a%1b%5b2J%0aends%20%20never"))
    assert result.code == 0
    assert "a?[2J?ends  never" in result.out
    result = say(json.dumps(form(key="a\x1b\nends  never")))
    assert "a??ends  never" in result.out


def test_url_is_required(run: Runner) -> None:
    """Without a URL there is the usage, and exit code 2."""
    result = run("presign", "inspect")
    assert (result.code, result.out) == (2, "")
