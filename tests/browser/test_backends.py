"""The backends of the web examples without a browser: whom they believe, what they refuse, how they run."""

from __future__ import annotations

import http.client
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from .support import APPS, EXAMPLES, SECONDS, Served, example

FILE = {"filename": "scans.zip", "content_type": "application/zip", "size": 9 * 1024 * 1024}
JSON = "application/json"
LINES = 80


class Visitor:
    """A client that keeps one cookie, as a browser does."""

    def __init__(self, origin: str) -> None:
        self.host, self.cookie = urlsplit(origin).netloc, ""

    def ask(self, method: str, path: str, body: Any = None, kind: str = JSON) -> tuple[int, Any]:
        """The status, and what the JSON of the answer holds."""
        status, _, content = self.fetch(method, path, json.dumps(body), kind)
        try:
            return status, json.loads(content)
        except ValueError:
            return status, None

    def fetch(
        self, method: str, path: str, body: str | None = None, kind: str = JSON
    ) -> tuple[int, Any, bytes]:
        """Status, headers and content."""
        connection = http.client.HTTPConnection(self.host, timeout=SECONDS)
        try:
            headers = {"Cookie": self.cookie} | ({"Content-Type": kind} if kind else {})
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sign_in(self) -> Visitor:
        """Open the page."""
        _, headers, _ = self.fetch("GET", "/")
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        return self


@pytest.fixture
def visitor(served: Served) -> Visitor:
    """Somebody who has opened the page."""
    return Visitor(served.origin).sign_in()


@pytest.fixture
def upload(visitor: Visitor) -> Iterator[dict[str, Any]]:
    """An upload in two parts that the visitor has begun."""
    status, begun = visitor.ask("POST", "/large", FILE)
    assert (status, begun["part_count"]) == (200, 2)
    yield begun
    assert visitor.ask("POST", "/large/abort", {"ticket": begun["ticket"]}) == (204, None)


def test_page(served: Served) -> None:
    """The page may use its own script, style and bucket and nothing else; no script can read its cookie."""
    status, headers, content = Visitor(served.origin).fetch("GET", "/")
    assert status == 200
    assert content == (EXAMPLES / "page.html").read_bytes()
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        f"connect-src 'self' {served.aws.endpoint_url}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    cookie = {part.strip().lower() for part in headers["Set-Cookie"].split(";")}
    assert {"httponly", "samesite=strict"} <= cookie


def test_cookie_is_kept(visitor: Visitor) -> None:
    """Who opens the page again stays who they are; a cookie that nobody was given makes nobody's session."""
    known = visitor.cookie
    assert visitor.sign_in().cookie == known
    visitor.cookie = "demo-session=chosen-by-somebody"
    assert visitor.sign_in().cookie not in ("demo-session=chosen-by-somebody", known)


@pytest.mark.parametrize("cookie", ["", "demo-session=", "demo-session=visitor-1"])
def test_nobody(served: Served, upload: dict[str, Any], cookie: str) -> None:
    """Without a known cookie every route answers 401, whatever the request says of its user."""
    nobody = Visitor(served.origin)
    nobody.cookie = cookie
    ticket = {"ticket": upload["ticket"], "numbers": [1], "user": "visitor-1"}
    for path in ("/uploads", "/large", "/large/parts", "/large/complete", "/large/abort"):
        assert nobody.ask("POST", path, {**FILE, **ticket})[0] == 401
    assert nobody.ask("GET", f"/links?key={quote(upload['key'])}&user=visitor-1")[0] == 401


def test_somebody_else(served: Served, upload: dict[str, Any]) -> None:
    """Another user can neither go on with an upload, nor abort it, nor get a link to it."""
    other = Visitor(served.origin).sign_in()
    ticket = {"ticket": upload["ticket"], "numbers": [1]}
    for path in ("/large/parts", "/large/complete", "/large/abort"):
        status, told = other.ask("POST", path, ticket)
        assert (status, told["error"]) == (403, "this upload is not this user's")
    assert other.ask("GET", f"/links?key={quote(upload['key'])}")[0] == 403


def test_incomplete(visitor: Visitor, upload: dict[str, Any]) -> None:
    """An upload whose parts are missing is not completed, and goes on."""
    status, told = visitor.ask("POST", "/large/complete", {"ticket": upload["ticket"]})
    assert (status, told["error"]) == (409, "2 of 2 parts are missing, the first is 1")
    assert visitor.ask("POST", "/large/parts", {"ticket": upload["ticket"], "numbers": [2]})[0] == 200


def test_aborted(visitor: Visitor, upload: dict[str, Any]) -> None:
    """An upload that was aborted cannot be completed, and may be aborted again."""
    ticket = {"ticket": upload["ticket"]}
    assert visitor.ask("POST", "/large/abort", ticket) == (204, None)
    assert visitor.ask("POST", "/large/complete", ticket)[0] == 404


@pytest.mark.parametrize("path", ["/uploads", "/large"])
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"content_type": "text/html"}, 415),
        ({"content_type": "image/svg+xml"}, 415),
        ({"content_type": "image/png;\r\nx-amz-acl: public-read"}, 415),
        ({"content_type": "image/png; \ud800"}, 415),
        ({"content_type": ""}, 400),
        ({"size": 0}, 413),
        ({"size": -1}, 413),
        ({"size": 1024**3 + 1}, 413),
        ({"size": 10**30}, 413),
    ],
)
def test_file_that_is_not_allowed(visitor: Visitor, path: str, change: dict[str, Any], status: int) -> None:
    """A file that the rule does not allow is refused with the status that says why."""
    assert visitor.ask("POST", path, {**FILE, **change})[0] in (status, 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/uploads", None),
        ("/uploads", []),
        ("/uploads", "text"),
        ("/uploads", {"filename": [], "content_type": {}, "size": "many"}),
        ("/large", {}),
        ("/large", {**FILE, "size": None}),
        ("/large", {**FILE, "size": 1.5}),
        ("/large/parts", {}),
        ("/large/parts", {"ticket": "…", "numbers": [1]}),
        ("/large/parts", {"ticket": {}, "numbers": [1]}),
        ("/large/complete", {"ticket": None}),
        ("/large/complete", {"ticket": "A" * 100}),
        ("/large/abort", []),
    ],
)
def test_malformed(visitor: Visitor, path: str, body: Any) -> None:
    """What makes no sense is the caller's fault and never the server's."""
    assert 400 <= visitor.ask("POST", path, body)[0] < 500


@pytest.mark.parametrize("numbers", [[0], [3], [-1], ["one"], None, {}, [1, [2]]])
def test_no_such_part(visitor: Visitor, upload: dict[str, Any], numbers: Any) -> None:
    """There are URLs for the parts that there are, and for no others."""
    status, told = visitor.ask("POST", "/large/parts", {"ticket": upload["ticket"], "numbers": numbers})
    assert 400 <= status < 500 or told == []


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_types_that_need_no_preflight(visitor: Visitor, kind: str) -> None:
    """What a page of another origin can send without being asked is no request to us."""
    assert visitor.ask("POST", "/uploads", FILE, kind)[0] in (415, 422)


@pytest.mark.parametrize(
    "key", ["", "uploads/", "secret.txt", "uploads/%00", "%F0%9F%98%80", "a%0D%0Ab", "../x"]
)
def test_key_that_is_not_theirs(visitor: Visitor, key: str) -> None:
    """A link is for the user's own uploads."""
    assert visitor.ask("GET", f"/links?key={key}")[0] == 403


def test_storage_fails(
    served: Served, visitor: Visitor, upload: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """When S3 refuses the application itself, its user is told so; the log holds why, and no secret."""
    served.aws.disable_key(served.aws.kms_key_arn)
    try:
        with caplog.at_level(logging.INFO):
            status, told = visitor.ask("POST", "/large", FILE)
    finally:
        served.aws.enable_key(served.aws.kms_key_arn)
    assert (status, told) == (502, {"error": "the file store did not do it", "fix": "try again later"})
    assert "KeyUnavailable: KMS.DisabledException" in caplog.text
    assert not any(secret in caplog.text for secret in (upload["ticket"], "Signature", "X-Amz"))


@pytest.mark.slow
@pytest.mark.parametrize("app", APPS)
def test_script(app: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script serves the page with no arguments, names the CA, and ends at once with Ctrl-C."""
    example(f"{app}_app")
    path = EXAMPLES / f"{app}_app.py"
    assert len(path.read_text("utf-8").splitlines()) < LINES
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parents[1]))
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            origin, ca, note = (process.stdout.readline() for _ in range(3))
            visitor = Visitor(origin.split()[2]).sign_in()
            assert visitor.ask("POST", "/uploads", FILE)[0] == 200
            assert Path(ca.split()[-1]).is_file()
            assert note.startswith("That is for this example alone")
            process.send_signal(signal.SIGINT)
            told, failed = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (told, process.returncode) == ("", 0)
    assert not any(word in failed for word in ("X-Amz", "demo-session", "Traceback"))
    assert not Path(ca.split()[-1]).exists()
