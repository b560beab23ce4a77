"""The web examples, served from threads of the test, and the headless Chromium that uses them."""

from __future__ import annotations

import base64
import hashlib
import importlib
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from secure_s3 import SseKms
from secure_s3.local import LocalAws

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
SECONDS = 20  # the longest that anything on a page may take, on a busy machine
APPS = ("fastapi", "flask")

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers have no user namespaces for it; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # it reaches this machine and nothing else
)


@dataclass(frozen=True)
class Served:
    """One of the web examples, being served."""

    aws: LocalAws
    origin: str
    uploads: Any
    bucket: str
    plain: Any
    """A plain boto3 client, to see what was stored."""

    def stored(self) -> list[str]:
        """What is in the bucket."""
        return [entry["Key"] for entry in self.plain.list_objects_v2(Bucket=self.bucket).get("Contents", ())]

    def unfinished(self) -> list[str]:
        """The keys of multipart uploads that are neither completed nor aborted."""
        answer = self.plain.list_multipart_uploads(Bucket=self.bucket)
        return [entry["Key"] for entry in answer.get("Uploads", ())]


def example(name: str) -> Any:
    """A module of ``examples/web``; the test is skipped where its framework is missing."""
    for package in {"fastapi_app": ("fastapi", "uvicorn"), "flask_app": ("flask",)}.get(name, ()):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install '.[test]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        return importlib.import_module(name)


@contextmanager
def served(app: str, aws: LocalAws) -> Iterator[Served]:
    """The example *app* with an empty bucket; the server is ended with the block."""
    module, common = example(f"{app}_app"), example("common")
    aws.reset()
    aws.create_bucket(common.BUCKET)
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        site = common.prepare(aws.client(SseKms(aws.kms_key_arn)), origin)
        stack.enter_context(_SERVERS[app](module.create_app(site), listener))
        plain = aws.session().client("s3")
        stack.callback(plain.close)
        yield Served(aws, origin, site.uploads, common.BUCKET, plain)


@contextmanager
def _flask(app: Any, listener: socket.socket) -> Iterator[None]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            """Nothing: the requests are the test's own."""

    server = make_server("127.0.0.1", 0, app, True, request_handler=Quiet, fd=listener.fileno())
    with _running(server.serve_forever, server.shutdown):
        yield
    server.server_close()


@contextmanager
def _fastapi(app: Any, listener: socket.socket) -> Iterator[None]:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    with _running(lambda: server.run(sockets=[listener]), lambda: setattr(server, "should_exit", True)):
        yield


@contextmanager
def _running(serve: Callable[[], Any], stop: Callable[[], Any]) -> Iterator[None]:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


_SERVERS: dict[str, Callable[[Any, socket.socket], AbstractContextManager[None]]] = {
    "fastapi": _fastapi,
    "flask": _flask,
}


def fingerprint(aws: LocalAws) -> str:
    """SHA-256 of the public key of the endpoint's certificate, which the CA's file vouches for.

    It is the leaf's: Chromium compares the certificates that the server sends, and the CA's is not sent.
    """
    where = urlsplit(aws.endpoint_url)
    context = ssl.create_default_context(cafile=aws.ca_bundle)
    with (
        socket.create_connection((where.hostname, where.port or 443), timeout=SECONDS) as raw,
        context.wrap_socket(raw, server_hostname=where.hostname) as secure,
    ):
        certificate = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@contextmanager
def chromium(folder: Path, *flags: str, trust: str) -> Iterator[Any]:
    """A headless Chromium that trusts one certificate besides those that the system trusts.

    Args:
        folder: Holds its profile, and what it downloads in ``downloads``.
        trust: The fingerprint of that certificate's key.
    """
    from selenium import webdriver

    assert CHROMIUM
    assert CHROMEDRIVER
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.add_experimental_option("prefs", {"download.default_directory": str(folder / "downloads")})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*_FLAGS, *flags):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.add_argument(f"--ignore-certificate-errors-spki-list={trust}")
    # With both paths given, selenium looks for nothing; should it ever, it stays at home.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SE_OFFLINE", "true")
        patch.setenv("SE_AVOID_STATS", "true")
        driver = webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))
    try:
        driver.set_script_timeout(SECONDS)
        driver.set_page_load_timeout(SECONDS)
        yield driver
    finally:
        driver.quit()


class Page:
    """The upload page, as somebody uses it."""

    def __init__(self, driver: Any, origin: str) -> None:
        self.driver, self.origin = driver, origin

    def open(self) -> Page:
        """Load it anew, without what an earlier test has left."""
        self.driver.get(f"{self.origin}/")
        self.driver.get_log("browser")
        return self

    def part(self, name: str) -> Any:
        """The element with that id."""
        return self.driver.find_element("id", name)

    def send(self, path: Path) -> None:
        """Choose a file and press Upload."""
        self.part("file").send_keys(str(path))
        self.part("send").click()

    def upload(self, path: Path) -> str:
        """Upload a file, and what the page says at the end: its status, or its error."""
        self.send(path)
        return self.outcome()

    def outcome(self) -> str:
        """What the page says once it is no longer busy."""
        self.until(lambda: self.part("form").get_attribute("aria-busy") == "false")
        return str(self.part("error").text or self.part("status").text)

    def key(self) -> str:
        """The key of what was uploaded last."""
        return str(self.driver.find_element("css selector", "#list button").get_attribute("data-key"))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page: ``{"value": what it returned}``, or ``{"error": its words}``."""
        wrapped = f"""
            const done = arguments[arguments.length - 1];
            (async (...given) => {{ {script} }})(...arguments)
                .then((value) => done({{ value }}), (error) => done({{ error: `${{error}}` }}));
        """
        return self.driver.execute_async_script(wrapped, *arguments)

    def complaints(self) -> list[str]:
        """What the browser's console holds since this was asked last."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds, and return it."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, SECONDS, poll_frequency=0.02).until(lambda _: holds())
