"""KMS and STS: moto's answers, with two of its faults kept from the client."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["answer_other"]

_log = logging.getLogger(__name__)
# moto looks these up by bare id and breaks on the ARN that KMS takes as well.
_BARE_ID_ONLY = ("TrentService.ScheduleKeyDeletion", "TrentService.CancelKeyDeletion")


def answer_other(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Let moto answer; what it does not survive becomes a 500 and does not end the connection."""
    if environ.get("HTTP_X_AMZ_TARGET") in _BARE_ID_ONLY:
        _shorten_key_id(environ)
    try:
        return app(environ, start_response)
    except Exception:  # noqa: BLE001 - moto lets anything through
        _log.exception("%s", environ.get("HTTP_X_AMZ_TARGET", "request"))
        body = json.dumps({"__type": "InternalFailure", "message": "The embedded endpoint failed."}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
        start_response("500 Internal Server Error", headers)
        return [body]


def _shorten_key_id(environ: dict[str, Any]) -> None:
    body = environ["wsgi.input"].read()
    try:
        question = json.loads(body)
        question["KeyId"] = question["KeyId"].rpartition(":key/")[2]
        body = json.dumps(question).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # moto says what is wrong with it
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
