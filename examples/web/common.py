"""What the two web backends share: the rules, the page's headers, and stand-ins for AWS and for sign-in."""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from secure_s3 import SecureS3Client, SseKms, errors
from secure_s3.local import LocalAws
from secure_s3.presign import UploadRule, WebUploads

HERE = Path(__file__).resolve().parent
PAGE = HERE / "page.html"
STATIC = HERE / "static"

BUCKET = "amzn-s3-demo-bucket"
RULES = {
    "files": UploadRule(
        bucket=BUCKET,
        prefix="uploads/",
        content_types=("application/pdf", "application/zip", "image/*", "text/plain"),
        max_bytes=1024**3,
    )
}


class SignIn:
    """A stand-in for your sign-in: every browser that opens the page becomes a user of its own.

    What a real one keeps: the cookie is a random secret that says nothing, the server knows whose it is, and
    nothing that a request says of its user is believed. Behind https, add ``"secure": True`` to the cookie.
    """

    cookie = "demo-session"

    def __init__(self) -> None:
        self._users: dict[str, str] = {}

    def begin(self, cookies: Mapping[str, str]) -> dict[str, Any]:
        """The cookie to set, as arguments: the one that is there if it is somebody's, else a new user's."""
        value = cookies.get(self.cookie, "")
        if value not in self._users:
            value = secrets.token_urlsafe(32)
            self._users[value] = f"visitor-{len(self._users) + 1}"
        return {"key": self.cookie, "value": value, "httponly": True, "samesite": "strict"}

    def user(self, cookies: Mapping[str, str]) -> str:
        """Who is signed in; raises UploadRefused (401) if nobody is."""
        found = self._users.get(cookies.get(self.cookie, ""))
        if found is None:
            raise errors.UploadRefused("nobody is signed in", fix="load the page again", status=401)
        return found


@dataclass(frozen=True)
class Site:
    """One web application: what it grants, who its users are, and the headers of its page."""

    uploads: WebUploads
    headers: Mapping[str, str]
    sign_in: SignIn = field(default_factory=SignIn)


def prepare(s3: SecureS3Client, origin: str) -> Site:
    """Let pages of *origin* reach the bucket, and let our page reach it and nothing else.

    CORS belongs to the set-up of a bucket, as does a lifecycle rule with AbortIncompleteMultipartUpload: it
    removes the parts of uploads whose page was closed. Several processes need one ``ticket_key=``.
    """
    uploads = WebUploads(s3, RULES)
    s3.boto3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=uploads.cors(origin))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        f"connect-src 'self' {' '.join(uploads.origins())}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",  # each answer may set a cookie
    }
    return Site(uploads, headers)


def told(error: errors.SecureS3Error) -> tuple[dict[str, str], int]:
    """What a user is told of an error, and the HTTP status; what only an operator can mend is logged."""
    if isinstance(error, errors.UploadRefused):
        return {"error": error.what, "fix": error.fix}, error.status or 403
    if isinstance(error, errors.NotFound):
        return {"error": "it is no longer there", "fix": "upload it again"}, 404
    if isinstance(error, errors.TransferError):
        return {"error": error.what, "fix": error.fix}, 409
    logging.getLogger(__name__).error("%s: %s, %s", type(error).__name__, error.code, error.request_id)
    return {"error": "the file store did not do it", "fix": "try again later"}, 502


def run(create_app: Callable[[Site], Any], serve: Callable[[Any, socket.socket], None]) -> None:
    """Serve the app on a free port of this machine until Ctrl-C.

    On AWS this is ``create_app(prepare(SecureS3Client.from_env(), "https://app.example.com"))`` instead.
    """
    with LocalAws() as aws, socket.create_server(("127.0.0.1", 0)) as listener:
        aws.create_bucket(BUCKET)
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(prepare(aws.client(SseKms(aws.kms_key_arn)), origin))
        print(f"The page: {origin}/ (Ctrl-C ends it)")
        print(f"Your browser must trust the embedded endpoint's CA: import {aws.ca_bundle}")
        print("That is for this example alone: on AWS, browsers trust S3's certificates.", flush=True)
        with suppress(KeyboardInterrupt):
            serve(app, listener)
