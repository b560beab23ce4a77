"""A request as it goes over the wire, without its secrets, and who sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import PolicyError
from ...values import CONTENT_FOR_POLICIES, SECRET_HEADERS
from ..principals import Requester
from ..request import Unknown

HEADER, QUERY = "REST-HEADER", "REST-QUERY-STRING"

_TOKENS = frozenset({"x-amz-security-token", "x-amz-s3session-token"})
_SCOPE = re.compile(r"(?P<algorithm>AWS4-[A-Z0-9-]+) .*?Credential=[^/,]+/[0-9]{8}/(?P<region>[^/,]+)/")
TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request to S3 as it is sent, or would be; signatures, tokens and customer keys are left out.

    Args:
        operation: e.g. ``CreateMultipartUpload``.
        method, url: Of HTTP; from the query, what is secret is taken out.
        headers: In lower case.
        bucket, key: As the caller named them: a name, or the ARN of an access point.
        content: Those members of the body (botocore's names) that policies can see.
        region: Of the signature.
        auth_type: ``REST-HEADER``, ``REST-QUERY-STRING``, ``POST``, or None for an anonymous request.
        signature: The algorithm, e.g. ``AWS4-HMAC-SHA256``.
        temporary: It carries a session token.
        expires_in: Seconds that a presigned URL is good for.
        tls: The TLS version of the connection, ``"1.2"`` or ``"1.3"``, if it is known.
        min_tls: The oldest that the client speaks.
    """

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    bucket: str | None = None
    key: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    region: str | None = None
    auth_type: str | None = None
    signature: str | None = None
    temporary: bool = False
    expires_in: int | None = None
    tls: str | None = None
    min_tls: str = "1.2"

    def __post_init__(self) -> None:
        for version in (self.tls, self.min_tls):
            if version is not None and version not in TLS_VERSIONS:
                raise PolicyError(f"{version!r} is no TLS version", fix='pass e.g. "1.2"')
        kept = {name.lower(): value for name, value in self.headers.items()}
        object.__setattr__(
            self, "headers", {name: kept[name] for name in sorted(kept) if name not in SECRET_HEADERS}
        )
        object.__setattr__(self, "url", _without_secrets(self.url))
        content = {name: value for name, value in self.content.items() if name in CONTENT_FOR_POLICIES}
        object.__setattr__(self, "content", content)

    @classmethod
    def observed(
        cls, operation: str, method: str, url: str, headers: Mapping[str, str], **known: Any
    ) -> SentRequest:
        """The same from the raw headers and URL, which tell of the signature; *known* is the rest."""
        folded = {name.lower(): value for name, value in headers.items()}
        query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
        told: dict[str, Any] = {"temporary": not _TOKENS.isdisjoint(folded.keys() | query.keys())}
        if "authorization" in folded:
            told |= _scope(folded["authorization"], folded) | {"auth_type": HEADER}
        elif "x-amz-signature" in query:
            text = f"{query.get('x-amz-algorithm', '')} Credential={query.get('x-amz-credential', '')}"
            told |= _scope(text, query) | {"auth_type": QUERY}
            expires = query.get("x-amz-expires", "")
            told["expires_in"] = int(expires) if expires.isascii() and expires.isdigit() else None
        elif "signature" in query and "awsaccesskeyid" in query:
            told |= {"auth_type": QUERY, "signature": "AWS"}
        return cls(operation, method, url, folded, **{**told, **known})

    def __hash__(self) -> int:
        return hash((self.operation, self.method, self.url))

    @property
    def scheme(self) -> str:
        """``https`` or ``http``."""
        return urlsplit(self.url).scheme.lower()

    @property
    def query(self) -> dict[str, str]:
        """The query of the URL, names as sent; of repeated ones the first."""
        return _first(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """A header, in lower case; what a presigned URL carries in its query counts as one."""
        found = self.headers.get(name)
        if found is None and self.auth_type == QUERY and name.startswith("x-amz-"):
            found = {sent.lower(): value for sent, value in self.query.items()}.get(name)
        return found


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever signs, as ``sts:GetCallerIdentity`` tells.

    Args:
        arn: Of a user, an assumed-role session or an account's root; None for an anonymous caller, UNKNOWN if
            nobody could tell.
        account: Twelve digits; from the ARN if left out.
        user_id: ``aws:userid``, e.g. ``AROAEXAMPLE:session``.
        role_arn: Of a session, its role's ARN, path included, which the session's ARN does not tell.
    """

    arn: str | Unknown | None
    account: str | None = None
    user_id: str | None = None
    role_arn: str | None = None

    def __post_init__(self) -> None:
        if self.account is None and isinstance(self.arn, str):
            object.__setattr__(self, "account", Requester.parse(self.arn).account)

    @property
    def kind(self) -> str | None:
        """``user``, ``session``, ``root``, ``anonymous``, …; None if nobody knows."""
        return None if isinstance(self.arn, Unknown) else Requester.parse(self.arn).kind

    @property
    def temporary(self) -> bool:
        """Whether it is one that has temporary credentials only; a user may have both kinds."""
        return self.kind in ("session", "role", "federated-user")


def _scope(text: str, beside: Mapping[str, str]) -> dict[str, Any]:
    found = _SCOPE.match(text)
    if found is None:
        return {"signature": text.split(" ")[0] or None}
    algorithm, region = found["algorithm"], found["region"]
    if not algorithm.startswith("AWS4-HMAC"):
        # SigV4A signs for a set of regions, and its scope names none.
        return {"signature": algorithm, "region": beside.get("x-amz-region-set")}
    return {"signature": algorithm, "region": region}


def _first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() not in SECRET_HEADERS | {"signature"}]
    # What holds no secret stays byte for byte as it was sent.
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))
