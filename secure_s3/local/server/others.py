"""KMS and STS: moto's answers, with some of its faults kept from the client.

moto lets every key encrypt and decrypt, whatever its state, and decrypts with another key than the one that
was named. Source of what is answered here: AWS KMS API Reference, Decrypt, "Errors".
"""

from __future__ import annotations

import base64
import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .store import Store

__all__ = ["answer_other"]

_log = logging.getLogger(__name__)
# moto looks these up by bare id and breaks on the ARN that KMS takes as well.
_CRYPTOGRAPHIC = tuple(
    f"TrentService.{name}"
    for name in ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
)
_BARE_ID_ONLY = ("TrentService.ScheduleKeyDeletion", "TrentService.CancelKeyDeletion")


def answer_other(
    store: Store, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Let moto answer; what it does not survive becomes a 500 and does not end the connection."""
    target = environ.get("HTTP_X_AMZ_TARGET", "request")
    try:
        if target in _BARE_ID_ONLY:
            _shorten_key_id(environ)
        elif target in _CRYPTOGRAPHIC and (refusal := _refusal(store, environ)):
            return _error(start_response, "400 Bad Request", *refusal)
        answer: Iterable[bytes] = store.other_services(environ, start_response)
        return answer
    except Exception:  # noqa: BLE001 - moto lets anything through
        _log.exception("%s", target)
        return _error(
            start_response, "500 Internal Server Error", "InternalFailure", "The embedded endpoint failed."
        )


def _error(start_response: Callable[..., Any], status: str, code: str, message: str) -> Iterable[bytes]:
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def _question(environ: dict[str, Any]) -> dict[str, Any]:
    """What was asked; it can be read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        question = json.loads(body)
    except ValueError:
        return {}  # moto says what is wrong with it
    return question if isinstance(question, dict) else {}


def _refusal(store: Store, environ: dict[str, Any]) -> tuple[str, str] | None:
    """Code and message where the key may not be used; None where moto may answer."""
    question = _question(environ)
    named, used = question.get("KeyId"), question.get("KeyId")
    if "CiphertextBlob" in question:
        try:  # moto writes the id of the key in front
            used = base64.b64decode(question["CiphertextBlob"])[:36].decode()
        except (ValueError, TypeError):
            return None
    region = _region(environ)
    key = store.kms_key(str(used), region)
    if key is None:
        return None
    if named and store.kms_key(str(named), region) is not key:
        return "IncorrectKeyException", "The key ID in the request does not identify the CMK that was used."
    if key.key_state == "Disabled":
        return "DisabledException", f"{key.arn} is disabled."
    if key.key_state != "Enabled":
        return "KMSInvalidStateException", f"{key.arn} is not in a state for that."
    return None


def _region(environ: dict[str, Any]) -> str:
    """The region that the request was signed for."""
    found = re.search(r"Credential=[^/]+/[0-9]{8}/([a-z0-9-]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else ""


def _shorten_key_id(environ: dict[str, Any]) -> None:
    question = _question(environ)
    if isinstance(question.get("KeyId"), str):
        body = json.dumps({**question, "KeyId": question["KeyId"].rpartition(":key/")[2]}).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
