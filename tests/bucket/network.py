"""An S3 that answers as it is told, below the guard: requests are built, checked and signed as always."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError
from urllib3 import HTTPResponse

URL = "https://s3.eu-west-1.amazonaws.com"
SUBRESOURCES = {
    *("policy", "publicAccessBlock", "ownershipControls", "encryption", "object-lock", "retention"),
    *("legal-hold", "requestPayment", "list-type", "acl", "policyStatus", "versioning", "logging"),
    *("lifecycle", "replication", "notification", "cors", "website"),
}
Answer = tuple[int, str] | Exception | Callable[[], Any]


def refusal(code: str, status: int, message: str = "no") -> ClientError:
    """What botocore raises."""
    told: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "GetSomething")


DENIED = refusal("AccessDenied", 403)
SILENCE = ConnectTimeoutError(endpoint_url="https://iam.amazonaws.com/")


class Service:
    """A client of any service that answers as it is told; an exception is raised, a function is asked.

    With *refuses* it refuses what it was not told, instead of breaking.
    """

    def __init__(self, answers: dict[str, Any], *, refuses: bool = False) -> None:
        self._answers, self._refuses = answers, refuses
        self.meta = SimpleNamespace(endpoint_url=URL, region_name="eu-west-1", config=Config())
        self.asked: list[str] = []
        self.arguments: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def method(**arguments: Any) -> Any:
            self.asked.append(name)
            self.arguments.append((name, arguments))
            answer = self._answers.get(name, DENIED) if self._refuses else self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer(**arguments) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]

        return method

    def close(self) -> None:
        self.asked.append("closed")


def xml(status: int, code: str, message: str = "Access Denied", more: str = "") -> tuple[int, str]:
    """An error as S3 words it."""
    return status, f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"


class Network:
    """Answers to S3 by ``METHOD subresource``, e.g. ``GET policy``, ``HEAD object``; else Access Denied."""

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = dict(answers)
        self.asked: list[str] = []
        self.requests: list[Any] = []
        self._lock = threading.Lock()

    def __setitem__(self, name: str, answer: Answer) -> None:
        self.answers[name] = answer

    def send(self, session: Any, request: Any) -> AWSResponse:
        """In place of botocore's."""
        parts = urlsplit(request.url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if name in SUBRESOURCES]
        name = f"{request.method} {names[0] if names else 'object' if parts.path.strip('/') else 'bucket'}"
        with self._lock:
            self.asked.append(name)
            self.requests.append(request)
        answer = self.answers.get(name, xml(403, "AccessDenied"))
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer()
        status, body = answer
        content = b"" if request.method == "HEAD" else body.encode()
        headers = {
            "content-length": str(len(content)),
            "x-amz-request-id": "REQUEST1",
            "x-amz-id-2": "HOST1",
            "x-amz-bucket-region": "eu-west-1",
        }
        raw = HTTPResponse(body=io.BytesIO(content), headers=headers, status=status, preload_content=False)
        return AWSResponse(request.url, status, headers, raw)


def _settle() -> None:
    """Calls of the test before, which did not wait for its answers, end before this one is counted."""
    for thread in threading.enumerate():
        while thread.name == "secure-s3-asking" and thread.is_alive():
            frame = sys._current_frames().get(thread.ident or 0)
            if frame is None or frame.f_code.co_name == "_work":
                break  # it waits for a next call, which nobody makes
            thread.join(0.01)


def connected(monkeypatch: pytest.MonkeyPatch, others: Service | None = None, **answers: Answer) -> Network:
    """S3 answers as told, and so do the *others*; nothing leaves this machine."""
    _settle()
    network = Network(**answers)
    service = others or Service({}, refuses=True)
    monkeypatch.setattr(
        "botocore.httpsession.URLLib3Session.send", lambda session, request: network.send(session, request)
    )
    monkeypatch.setattr("secure_s3.bucket.asking.reader", lambda *_: service)
    return network


def told(policy: dict[str, Any]) -> tuple[int, str]:
    """A bucket policy as GetBucketPolicy answers it."""
    return 200, json.dumps(policy)
