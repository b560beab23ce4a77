"""The web examples in a real browser: what it may upload, what it is told, and what it may not do."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_s3.local import LocalAws

from .support import CHROMEDRIVER, CHROMIUM, Page, Served, chromium

pytest.importorskip("selenium", reason="selenium is not installed: pip install '.[test]'")
if not (CHROMIUM and CHROMEDRIVER):
    pytest.skip("no Chromium here: apt-get install chromium chromium-driver", allow_module_level=True)
pytestmark = pytest.mark.slow

MIB = 1024 * 1024
PART = 8 * MIB
RECORD_PROGRESS = """
    window.seen = [];
    const progress = document.getElementById("progress");
    new MutationObserver(() => window.seen.push(progress.value)).observe(progress, { attributes: true });
"""
CHANGE_FORM = """
    const [change, value] = given, real = window.fetch;
    window.fetch = async (...request) => {
        const answer = await (await real(...request)).json();
        Object.assign(answer.fields, { [change]: value });
        return Response.json(answer);
    };
"""
BREAK_FIRST_PUT = """
    const real = XMLHttpRequest.prototype.open;
    window.broken = 0;
    XMLHttpRequest.prototype.open = function (method, url) {
        const first = url.includes("partNumber=2") && window.broken++ < given[0];
        return real.call(this, method, first ? url.replace(/Signature=./, "Signature=x") : url);
    };
"""


def made(folder: Path, name: str, size: int, *, sparse: bool = False) -> Path:
    """A file of that size: random bytes, or zeros that take no room."""
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size) if sparse else file.write(os.urandom(size))
    return path


def downloaded(page: Page, name: str) -> bytes:
    """What the browser stores when Download is pressed."""
    prefs = page.driver.capabilities["chrome"]["userDataDir"]
    path = Path(prefs).parent / "downloads" / name
    page.driver.find_element("css selector", "#list button").click()
    page.until(path.exists)  # Chromium gives it this name when it is whole
    content = path.read_bytes()
    path.unlink()
    return content


# ------------------------------------------------------------------------------------------ what it may


def test_small_file(page: Page, served: Served, tmp_path: Path) -> None:
    """A small file goes by a form, with progress, is stored with the configured key, and comes back."""
    file = made(tmp_path, "report.txt", 3 * MIB)
    page.run(RECORD_PROGRESS)
    assert page.upload(file) == "report.txt is uploaded."
    seen = page.run("return window.seen")["value"]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 1)

    assert served.stored() == [page.key()]
    stored = served.plain.head_object(Bucket=served.bucket, Key=page.key())
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert stored["SSEKMSKeyId"] == served.aws.kms_key_arn
    assert stored["ContentType"] == "text/plain"
    assert downloaded(page, "report.txt") == file.read_bytes()
    assert page.complaints() == []


def test_large_file(page: Page, served: Served, tmp_path: Path) -> None:
    """A large file goes in parts, with progress over all of them, is encrypted, and comes back."""
    file = made(tmp_path, "scans.zip", 2 * PART + 12345)
    page.run(RECORD_PROGRESS)
    assert page.upload(file) == "scans.zip is uploaded."
    seen = page.run("return window.seen")["value"]
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert (seen[0], seen[-1]) == (0, 1)

    stored = served.plain.head_object(Bucket=served.bucket, Key=page.key(), PartNumber=1)
    assert stored["PartsCount"] == 3
    assert stored["SSEKMSKeyId"] == served.aws.kms_key_arn
    assert downloaded(page, "scans.zip") == file.read_bytes()
    assert page.complaints() == []


def test_name_in_any_script(page: Page, tmp_path: Path) -> None:
    """A file comes back under its name, whatever script that is in."""
    file = made(tmp_path, "größe 報告.txt", 100)
    assert page.upload(file) == f"{file.name} is uploaded."
    assert downloaded(page, file.name) == file.read_bytes()


def test_part_is_sent_again(page: Page, served: Served, tmp_path: Path) -> None:
    """A part that S3 refuses once is sent again with a fresh URL."""
    file = made(tmp_path, "scans.zip", 2 * PART + 1)
    page.run(BREAK_FIRST_PUT, 1)
    assert page.upload(file) == "scans.zip is uploaded."
    assert page.run("return window.broken")["value"] == 2
    assert served.plain.get_object(Bucket=served.bucket, Key=page.key())["Body"].read() == file.read_bytes()


# -------------------------------------------------------------------------------------- what is refused


def test_part_fails_for_good(page: Page, served: Served, tmp_path: Path) -> None:
    """An upload whose part is refused twice says why, and leaves neither an object nor parts."""
    page.run(BREAK_FIRST_PUT, 2)
    told = page.upload(made(tmp_path, "scans.zip", 2 * PART + 1))
    assert told.startswith("S3 refused it (SignatureDoesNotMatch). The request signature we calculated")
    assert served.stored() == served.unfinished() == []


def test_cancelled(page: Page, served: Served, tmp_path: Path) -> None:
    """A large upload that is cancelled leaves neither an object nor parts."""
    page.run(
        "new MutationObserver(() => { if (progress.value > 0) cancel.click(); })"
        ".observe(progress, { attributes: true })"
    )
    assert page.upload(made(tmp_path, "scans.zip", 6 * PART)) == "The upload was cancelled."
    assert served.stored() == served.unfinished() == []


@pytest.mark.parametrize(("name", "kind"), [("page.html", "text/html"), ("drawing.svg", "image/svg+xml")])
def test_type_that_is_not_allowed(page: Page, served: Served, tmp_path: Path, name: str, kind: str) -> None:
    """A type that the rule does not name is refused in words, and nothing is stored."""
    told = page.upload(made(tmp_path, name, 100))
    assert told.startswith(f"'{kind}' may not be uploaded here. Choose application/pdf")
    assert served.stored() == []


@pytest.mark.parametrize("size", [0, 1024**3 + 1])
def test_size_that_is_not_allowed(page: Page, served: Served, tmp_path: Path, size: int) -> None:
    """A file that is too small or too large for the rule is refused before a byte of it is sent."""
    told = page.upload(made(tmp_path, "scans.zip", size, sparse=True))
    assert told == f"{size} bytes may not be uploaded here. Choose 1 to 1073741824 bytes."
    assert served.stored() == served.unfinished() == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (
            "key",
            "uploads/visitor-0/other.txt",
            "AccessDenied). Invalid according to Policy: Policy",
        ),
        ("Content-Type", "text/html", "AccessDenied). Invalid according to Policy: Policy"),
        ("x-amz-server-side-encryption", "AES256", "AccessDenied). Invalid according to Policy: Policy"),
        ("acl", "public-read", "AccessDenied). Invalid according to Policy: Extra input fields: acl"),
        ("x-amz-signature", "0" * 64, "SignatureDoesNotMatch). The request signature we calculated"),
    ],
)
def test_changed_form(page: Page, served: Served, tmp_path: Path, field: str, value: str, code: str) -> None:
    """A form that was changed in the page is refused by S3, whose words are shown, and nothing is stored."""
    page.run(CHANGE_FORM, field, value)
    told = page.upload(made(tmp_path, "report.txt", 1000))
    assert told.startswith(f"S3 refused it ({code}")
    assert served.stored() == []


def test_more_than_was_announced(page: Page, served: Served, tmp_path: Path) -> None:
    """A page that sends more bytes than its form was granted for is refused by S3."""
    page.run(
        "const real = FormData.prototype.append;"
        "FormData.prototype.append = function (name, value) {"
        "    real.call(this, name, name === 'file' ? new File([value, 'x'], value.name) : value);"
        "};"
    )
    told = page.upload(made(tmp_path, "report.txt", 1000))
    assert told.startswith("S3 refused it (EntityTooLarge). Your proposed upload exceeds the maximum")
    assert served.stored() == []


def test_expired_form(page: Page, served: Served, tmp_path: Path) -> None:
    """A form that is used after its end is refused by S3, and nothing is stored."""
    served.aws.shift_clock(301)
    told = page.upload(made(tmp_path, "report.txt", 1000))
    assert told == "S3 refused it (AccessDenied). Invalid according to Policy: Policy expired."
    assert served.stored() == []


def test_link_of_another_user(page: Page, served: Served) -> None:
    """Nobody gets a link to somebody else's file, or to anything outside their folder."""
    other = served.uploads.form(
        "files", user="somebody-else", filename="report.txt", content_type="text/plain"
    )
    for key in (other.key, "uploads/", "secret.txt", ""):
        asked = (
            "const answer = await fetch(`links?key=${encodeURIComponent(given[0])}`); return answer.status"
        )
        assert page.run(asked, key) == {"value": 403}


def test_nobody_is_signed_in(page: Page, served: Served, tmp_path: Path) -> None:
    """A browser without the cookie is told to sign in; what its request says of its user is not believed."""
    page.driver.delete_all_cookies()
    assert page.upload(made(tmp_path, "report.txt", 10)) == "Nobody is signed in. Load the page again."


# --------------------------------------------------------------------------------------- other origins


@pytest.fixture
def stranger(page: Page) -> Iterator[Page]:
    """A page of another origin, which nobody has allowed anything."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Page(page.driver, f"http://127.0.0.1:{server.server_port}").open()
        page.driver.get("about:blank")
        server.shutdown()
        thread.join()


READ = "return await (await fetch(given[0])).text()"
WRITE = "return (await fetch(given[0], { method: 'PUT', body: 'stored' })).status"


def test_other_origin(page: Page, stranger: Page, served: Served) -> None:
    """The browser lets no page of another origin read a link's answer or send to a URL of a part."""
    key = "uploads/visitor-1/report.txt"
    served.plain.put_object(Bucket=served.bucket, Key=key, Body=b"private")
    link = served.uploads.link("files", user="visitor-1", key=key).url
    about = {"filename": "scans.zip", "content_type": "application/zip", "size": 6}
    upload = served.uploads.begin("files", user="visitor-1", **about)
    part = served.uploads.parts(upload["ticket"], [1], user="visitor-1")[0].url

    blocked = {"error": "TypeError: Failed to fetch"}
    assert (stranger.run(READ, link), stranger.run(WRITE, part)) == (blocked, blocked)
    assert all("blocked by CORS policy" in line or "ERR_FAILED" in line for line in stranger.complaints())
    page.open()
    assert (page.run(READ, link), page.run(WRITE, part)) == ({"value": "private"}, {"value": 200})
    served.uploads.abort(upload["ticket"], user="visitor-1")


def test_other_origin_and_our_backend(page: Page, stranger: Page) -> None:
    """A page of another origin has no use of the user's cookie: the backend takes JSON and nothing else."""
    about = '{"filename": "report.txt", "content_type": "text/plain", "size": 1}'
    ask = """
        const [url, type, body] = given;
        const sent = { method: "POST", credentials: "include", headers: { "content-type": type }, body };
        return (await fetch(url, sent)).status;
    """
    url = f"{page.origin}/uploads"
    assert stranger.run(ask, url, "application/json", about) == {"error": "TypeError: Failed to fetch"}
    page.open()
    assert page.run(ask, url, "application/json", about) == {"value": 200}
    assert page.run(ask, url, "text/plain", about)["value"] in (415, 422)


def test_page_reaches_nothing_else(page: Page, stranger: Page) -> None:
    """The page's Content-Security-Policy stops scripts of others, and requests to anywhere else."""
    elsewhere = stranger.origin
    page.open()
    assert page.run(READ, elsewhere) == {"error": "TypeError: Failed to fetch"}
    inline = "const s = document.createElement('script'); s.text = 'window.run = 1'; document.body.append(s);"
    assert page.run(f"{inline} return window.run ?? 'stopped'") == {"value": "stopped"}
    assert all("Content Security Policy" in line for line in page.complaints())


# ------------------------------------------------------------------------------------------ the browser


def test_certificate_counts(browser_aws: LocalAws, tmp_path: Path) -> None:
    """Chromium refuses the endpoint where its certificate is not the one that it was told to trust."""
    with chromium(tmp_path, trust=f"{'A' * 43}=") as driver:
        driver.get(browser_aws.endpoint_url)
        assert "NET::ERR_CERT_AUTHORITY_INVALID" in driver.find_element("tag name", "body").text
