"""A request to KMS, IAM, STS or S3 Control: who asks for what, and how it is refused there.

Sources: AWS KMS, IAM and STS API References, "Common Errors"; IAM User Guide, "AWS global condition context
keys".
"""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from botocore.loaders import Loader

from ....policy.request import OneOf, Unknown
from ....policy.wire.circumstances import of_the_caller, of_the_time
from ..callers.identity import ANONYMOUS, Identity
from ..faults import Refusal, xml_text

__all__ = ["JSON", "Question", "answered", "check_operation", "refusal_answer", "scope_of"]

JSON = "application/x-amz-json-1.1"
_SCOPE = re.compile(r"Credential=([^/,\s]+)/([0-9]{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_KMS = "TrentService."
_UNREADABLE = ""
"""The one field of a body that cannot be read; no field of the API has that name."""
_OF_FORMS = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def scope_of(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    """Access key, region and service that the Authorization header names; empty if there is none."""
    found = _SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    return (found[1], found[3], found[4]) if found else ("", "", "")


@dataclass
class Question:
    """One request.

    Args:
        environ: As WSGI has it; the body can be read again.
        service: ``kms``, ``iam``, ``sts``, ``s3``, or what else the signature names.
        region: For which it was signed.
        action: The operation's name, e.g. ``GenerateDataKey``.
        fields: What the request says, by the names of the API; of forms all values are text.
        now: The endpoint's time.
        body: As it was sent.
        identity: Whoever signed, once that is known.
    """

    environ: dict[str, Any]
    service: str
    region: str
    action: str
    fields: dict[str, Any]
    now: datetime
    body: bytes = b""
    identity: Identity = field(default=ANONYMOUS)

    @classmethod
    def of(cls, environ: dict[str, Any], now: datetime) -> Question:
        """Read a request, whatever it holds; see ``check_operation``."""
        _, region, service = scope_of(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        if target.startswith(_KMS):
            return cls(environ, "kms", region, target.removeprefix(_KMS), _json(body), now, body)
        if service in _OF_FORMS or not service:
            fields = _form(environ, body)
            unsigned = "sts" if fields.get("Action", "").startswith("AssumeRoleWith") else "iam"
            return cls(environ, service or unsigned, region, fields.get("Action", ""), fields, now, body)
        return cls(environ, service, region, target.rpartition(".")[2], {}, now, body)

    @property
    def is_form(self) -> bool:
        """Whether it is a form, as requests to IAM and STS are."""
        return self.service in _OF_FORMS

    def text(self, name: str) -> str:
        """A field that is text; empty if it is not there or is something else."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""

    def listed(self, name: str) -> list[dict[str, str]]:
        """A list of structures in a form, e.g. ``Tags.member.1.Key``."""
        found: dict[int, dict[str, str]] = {}
        for key, value in self.fields.items():
            parts = key.split(".")
            if parts[:2] == [name, "member"] and len(parts) > 2 and parts[2].isdecimal():
                found.setdefault(int(parts[2]), {})[".".join(parts[3:])] = str(value)
        return [found[number] for number in sorted(found)]

    def write(self) -> None:
        """Let moto read the fields as they were read here, so that there is no second reading of a form."""
        environ = self.environ
        if self.service == "kms":
            body = json.dumps(self.fields).encode()
        elif not self.is_form:
            return
        elif environ.get("REQUEST_METHOD") == "POST":
            environ["QUERY_STRING"], environ["RAW_URI"], environ["REQUEST_URI"] = "", "/", "/"
            body = urlencode(self.fields).encode()
        else:
            query, body = urlencode(self.fields), b""
            environ["QUERY_STRING"], environ["RAW_URI"] = query, f"/?{query}"
            environ["REQUEST_URI"] = environ["RAW_URI"]
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))

    def circumstances(self) -> dict[str, Any]:
        """The condition keys that every request has; what the endpoint does not know is absent."""
        region = "us-east-1" if self.service == "iam" else self.region or "us-east-1"
        caller = self.identity.caller
        known = {
            **of_the_caller(caller, caller.temporary),
            **of_the_time(self.now),
            **self.identity.context,
            "aws:SecureTransport": True,
            "aws:SourceIp": self.environ.get("REMOTE_ADDR") or "127.0.0.1",
            "aws:RequestedRegion": region,
            "aws:ViaAWSService": False,
            "aws:UserAgent": self.environ.get("HTTP_USER_AGENT"),
            "aws:Referer": self.environ.get("HTTP_REFERER"),
        }
        return {name: None if isinstance(value, Unknown | OneOf) else value for name, value in known.items()}


def check_operation(question: Question) -> None:
    """Let pass only what an operation of the service is called, letter for letter.

    moto takes other spellings as well, and what is held against a call depends on its name.

    Raises:
        Refusal: InvalidAction; from KMS, UnknownOperationException, or SerializationException for a body that
            is no JSON object.
    """
    if _UNREADABLE in question.fields:
        raise Refusal(400, "SerializationException", "")
    if question.service not in ("kms", *_OF_FORMS) or question.action in _operations(question.service):
        return
    if not question.is_form:
        raise Refusal(400, "UnknownOperationException", "")
    version = question.text("Version") or "NO_VERSION_SPECIFIED"
    message = f"Could not find operation {question.action} for version {version}"
    raise Refusal(400, "InvalidAction", message)


@lru_cache(maxsize=8)
def _operations(service: str) -> frozenset[str]:
    return frozenset(Loader().load_service_model(service, "service-2")["operations"])


def _form(environ: Mapping[str, Any], body: bytes) -> dict[str, str]:
    """The fields of a form; of repeated ones the first."""
    pairs = parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    if environ.get("REQUEST_METHOD") == "POST":
        pairs = [*parse_qsl(body.decode(errors="replace"), keep_blank_values=True), *pairs]
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {_UNREADABLE: True}
    return found if isinstance(found, dict) else {_UNREADABLE: True}


def answered(
    start_response: Callable[..., Any], status: str, content_type: str, body: bytes
) -> Iterable[bytes]:
    """Begin and give an answer."""
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]


def refusal_answer(
    start_response: Callable[..., Any], refusal: Refusal, question: Question
) -> Iterable[bytes]:
    """A refusal as the service writes it down: XML from IAM, STS and S3 Control, JSON from others."""
    reasons = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
    reasons[501] = "Not Implemented"
    status = f"{refusal.status} {reasons.get(refusal.status, 'Refused')}"
    if not question.is_form and question.service != "s3":
        body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
        return answered(start_response, status, JSON, body)
    space = f' xmlns="{_OF_FORMS[question.service]}"' if question.is_form else ""
    text = (
        f"<ErrorResponse{space}><Error><Type>Sender</Type><Code>{xml_text(refusal.code)}</Code>"
        f"<Message>{xml_text(refusal.message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return answered(start_response, status, "text/xml", text.encode())
