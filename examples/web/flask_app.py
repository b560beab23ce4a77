"""Flask: users upload files from the browser straight to S3, and get them again. Runs with no arguments."""

from __future__ import annotations

from typing import Any

import common
from flask import Flask, Response, abort, request, send_file
from werkzeug.serving import make_server

from secure_s3.errors import SecureS3Error

FILE = ("filename", "content_type", "size")


def sent(*names: str) -> dict[str, Any]:
    """Members of the JSON object that was sent; what they hold is for WebUploads to judge."""
    body = request.get_json()
    return {name: body.get(name) for name in names} if isinstance(body, dict) else abort(400)


def create_app(site: common.Site) -> Flask:
    app, uploads = Flask(__name__), site.uploads
    app.register_error_handler(SecureS3Error, common.told)

    def user() -> str:
        return site.sign_in.user(request.cookies)

    @app.get("/")
    def page() -> Response:
        answer = send_file(common.PAGE)
        answer.headers.update(site.headers)
        answer.set_cookie(**site.sign_in.begin(request.cookies))
        return answer

    @app.post("/uploads")
    def form() -> dict[str, Any]:
        return uploads.form("files", user=user(), **sent(*FILE)).to_dict()

    @app.get("/links")
    def link() -> dict[str, Any]:
        return uploads.link("files", user=user(), key=request.args.get("key", "")).to_dict()

    @app.post("/large")
    def begin() -> dict[str, Any]:
        return uploads.begin("files", user=user(), **sent(*FILE))

    @app.post("/large/parts")
    def parts() -> list[dict[str, Any]]:
        return [part.to_dict() for part in uploads.parts(**sent("ticket", "numbers"), user=user())]

    @app.post("/large/complete")
    def complete() -> dict[str, str]:
        return {"key": uploads.complete(**sent("ticket"), user=user())}

    @app.post("/large/abort")
    def forget() -> tuple[str, int]:
        uploads.abort(**sent("ticket"), user=user())
        return "", 204

    return app


def serve(app: Flask, listener: Any) -> None:
    """With Flask's development server; a real site stands behind a WSGI server."""
    make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()


if __name__ == "__main__":
    common.run(create_app, serve)
