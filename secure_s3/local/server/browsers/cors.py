"""CORS: what a page of another origin may do with a bucket, answered as S3 does.

Source: Amazon S3 User Guide, "Using cross-origin resource sharing (CORS)"; Amazon S3 API Reference, "OPTIONS
object". The first rule that allows the origin, the method and every header that is asked for decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers

from ..call import Answer, Call
from ..faults import Refusal
from ..store import Store

__all__ = ["Visitor", "preflight"]

_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_ASKED_METHOD, _ASKED_HEADERS = "access-control-request-method", "access-control-request-headers"
_PREFIX = "access-control-"
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
    "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
    "by the resource's CORS spec."
)


@dataclass(frozen=True)
class Visitor:
    """Where a request comes from and what it does, as it was sent: forms are rewritten later."""

    bucket: str
    method: str
    origin: str | None

    @classmethod
    def of(cls, call: Call) -> Visitor:
        """Who sends this request."""
        return cls(call.bucket, call.method, call.headers.get("origin"))

    def tell(self, answer: Answer, store: Store) -> None:
        """Let a page of an allowed origin read the answer, a refusal as well; let no other."""
        if self.method == "OPTIONS":
            return
        for name in {name for name, _ in answer.headers if name.lower().startswith(_PREFIX)}:
            answer.headers.remove(name)  # moto's own, which do not look at the method
        if self.origin is None:
            return
        rule = _first(getattr(store.bucket(self.bucket), "cors", None), self.origin, self.method, [])
        if rule is not None:
            answer.headers.extend(_told(rule, self.origin))


def preflight(call: Call, store: Store) -> Answer:
    """The answer to OPTIONS, which is never signed.

    Raises:
        Refusal: BadRequest, or AccessForbidden where no rule allows what is asked.
    """
    origin, method = call.headers.get("origin"), call.headers.get(_ASKED_METHOD)
    if not origin:
        message = "Insufficient information. Origin request header needed."
        raise Refusal(400, "BadRequest", message)
    if method not in _METHODS:
        message = f"Invalid Access-Control-Request-Method: {method or 'null'}"
        raise Refusal(400, "BadRequest", message)
    told = {"Method": method, "ResourceType": "OBJECT" if call.key else "BUCKET"}
    bucket = store.bucket(call.bucket)
    if bucket is None:
        raise Refusal(403, "AccessForbidden", "CORSResponse: Bucket not found", **told)
    if not bucket.cors:
        message = "CORSResponse: CORS is not enabled for this bucket."
        raise Refusal(403, "AccessForbidden", message, **told)
    asked = [name.strip().lower() for name in call.headers.get(_ASKED_HEADERS, "").split(",")]
    asked = [name for name in asked if name]
    rule = _first(bucket.cors, origin, method, asked)
    if rule is None:
        raise Refusal(403, "AccessForbidden", _NOT_ALLOWED, **told)
    headers = Headers(_told(rule, origin))
    if asked:
        headers["Access-Control-Allow-Headers"] = ", ".join(asked)
    headers["Content-Length"] = "0"
    return Answer(200, headers, [])


def _first(rules: Any, origin: str, method: str, asked: list[str]) -> Any:
    """moto's first rule that allows all of it, or None."""
    for rule in rules or ():
        headers = [pattern.lower() for pattern in rule.allowed_headers or ()]
        if (
            any(_matches(pattern, origin) for pattern in rule.allowed_origins)
            and method in rule.allowed_methods
            and all(any(_matches(pattern, name) for pattern in headers) for name in asked)
        ):
            return rule
    return None


def _matches(pattern: str, text: str) -> bool:
    """One asterisk stands for any text; a second one, which S3 does not allow, for itself."""
    before, star, behind = pattern.partition("*")
    if not star:
        return pattern == text
    fits = len(text) >= len(before) + len(behind)
    return fits and text.startswith(before) and text.endswith(behind)


def _told(rule: Any, origin: str) -> list[tuple[str, str]]:
    everybody = "*" in rule.allowed_origins
    told = [("Access-Control-Allow-Origin", "*" if everybody else origin)]
    if not everybody:
        told.append(("Access-Control-Allow-Credentials", "true"))
    told.append(("Access-Control-Allow-Methods", ", ".join(rule.allowed_methods)))
    if rule.exposed_headers:
        told.append(("Access-Control-Expose-Headers", ", ".join(rule.exposed_headers)))
    if rule.max_age_seconds:
        told.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
    return [*told, ("Vary", _VARY)]
