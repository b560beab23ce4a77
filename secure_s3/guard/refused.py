"""The request that a service refused, kept with the error, without its secrets.

What goes out is noted in the call's context, which dies with the call. Only if the answer is a refusal is it
copied, secrets taken out at once; ``SentRequest`` is made of it when somebody asks, because reading it takes
the policy room, which costs more to import than a refused call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from botocore.exceptions import ClientError

from ..encryption import Strategy
from ..errors import REFUSED
from ..values import CONTENT_FOR_POLICIES, SECRET_HEADERS
from .answers import take_secrets_out

if TYPE_CHECKING:
    from ..policy.wire import SentRequest

_NOTE = "secure_s3.refused"
_HIDDEN = "***"
_DEPTH = 32

_IN_QUERIES = SECRET_HEADERS | {"signature", "awsaccesskeyid"}
_SCOPE = re.compile(r"(AWS4-[A-Z0-9-]+) .*?Credential=[^/,]+(/[0-9]{8}/[^/,]+/)")
_CREDENTIAL = re.compile(r"[^/]*(/[0-9]{8}/[^/]+/.*)", re.S)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it went out, what is secret in it replaced by ``***``.

    The scope of the signature is kept: the region and the algorithm are no secrets.
    """

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    known: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(
        cls,
        operation: str,
        went: tuple[str, str, Mapping[str, Any]],
        parameters: Mapping[str, Any],
        *,
        tls: str | None,
        min_tls: str,
    ) -> Seen:
        """From what the HTTP session was given: method, URL and headers; and the call's parameters."""
        method, url, headers = went
        content = {name: value for name, value in parameters.items() if name in CONTENT_FOR_POLICIES}
        known = {"bucket": parameters.get("Bucket"), "key": parameters.get("Key"), "content": content}
        known |= {"tls": tls, "min_tls": min_tls}
        return cls(operation, method, _public_url(url), _public_headers(headers), known)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What KMS was asked directly: an action on a key under an encryption context, which is no secret."""

    action: str
    key_arn: str
    pairs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """What is known of a call that a service refused. It is not pickled, since it knows the client.

    Args:
        strategy: The encryption that the call was made under.
        at: When the request was signed, in UTC, by the service's clock as far as it is known.
        client: The hardened client, or the face of it, that the call was made with.
        key: For what KMS was asked from here.
        explainer: What ``error.explain()`` calls, with the error.
    """

    strategy: Strategy | None
    at: datetime
    client: Any = field(repr=False)
    seen: Seen | None = field(default=None, repr=False)
    key: KeyUse | None = None
    explainer: Callable[..., Any] | None = field(default=None, repr=False)

    @property
    def sent(self) -> SentRequest | None:
        """The request as it went out the last time; None if none did, or it was not one to S3."""
        if self.seen is None:
            return None
        from ..policy.wire import SentRequest

        seen = self.seen
        return SentRequest.observed(seen.operation, seen.method, seen.url, seen.headers, **seen.known)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a refused request knows its client, and is not pickled")


def note(parsed: dict[str, Any], told: dict[str, Any]) -> None:
    """Leave with an answer, which becomes the error's response, what ``attach`` makes a Refused of."""
    parsed[_NOTE] = told


def attach(error: ClientError, client: Any, explainer: Callable[..., Any] | None) -> None:
    """Keep with *error*, as botocore raised it, what was noted.

    Its response is what botocore made again, but for the secrets that the service repeats in it.
    """
    response: Any = error.response
    told = response.pop(_NOTE, None) if isinstance(response, dict) else None
    take_secrets_out(error)
    if told is not None:
        error.__dict__[REFUSED] = Refused(client=client, explainer=explainer, **told)


def refused_of(error: BaseException | None) -> Refused | None:
    """The refused request behind an error of ours, of botocore or of boto3; None if nothing is known of it.

    Errors of calls that were not made with a hardened client know nothing.
    """
    for each in behind(error):
        kept = each.__dict__.get(REFUSED)
        if isinstance(kept, Refused):
            return kept
    return None


def behind(error: BaseException | None) -> Iterator[BaseException]:
    """*error*, and what it came from.

    What a service answered has nothing behind it but its own cause: an error that was being dealt with when
    the call was made is another story.
    """
    found: list[BaseException] = [] if error is None else [error]
    for position in range(_DEPTH):
        if position == len(found):
            return
        each = found[position]
        yield each
        hidden = each.__suppress_context__ or isinstance(each, ClientError)
        last = getattr(each, "last_exception", None)
        for other in (last, each.__cause__, None if hidden else each.__context__):
            if isinstance(other, BaseException) and not any(other is one for one in found):
                found.append(other)


# -- without secrets ------------------------------------------------------------------------------------


def _public_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    public: dict[str, str] = {}
    for given, value in headers.items():
        name, text = _text(given).lower(), _text(value)
        public[name] = _public_value(name, text) if name in SECRET_HEADERS else text
    return public


def _public_value(name: str, text: str) -> str:
    if name == "authorization":
        scope = _SCOPE.match(text)
        if scope is not None:
            return f"{scope[1]} Credential={_HIDDEN}{scope[2]}"
        scheme, space, _ = text.partition(" ")
        return f"{scheme} {_HIDDEN}" if space else _HIDDEN if text else ""
    if name == "x-amz-credential":
        found = _CREDENTIAL.fullmatch(text)
        return _HIDDEN + found[1] if found else _HIDDEN
    return _HIDDEN


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(name.lower() in _IN_QUERIES for name, _ in pairs):
        return url
    public = [
        (name, _public_value(name.lower(), value) if name.lower() in _IN_QUERIES else value)
        for name, value in pairs
    ]
    return urlunsplit(parts._replace(query=urlencode(public)))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
