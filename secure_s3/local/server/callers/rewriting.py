"""A request written anew from what was verified of it, as WSGI has it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

from ....sigv4 import Scope, SignedUrl, encode
from ....sigv4.signing import ALGORITHM, TERMINATOR
from ..call import Call
from ..faults import invalid_argument
from ..store import SPELLED

__all__ = ["authorize", "hide_lookalikes", "put_header", "sent_headers", "write_anew"]

# An underscore and a dash are the same to WSGI; only metadata keeps its own spelling.
_HEADER = re.compile(r"x-amz-(?:meta-[a-z0-9_.-]+|[a-z0-9-]+)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def authorize(environ: dict[str, Any], scope: Scope) -> None:
    """Let moto take a verified request for one that its header signed; it knows no better way."""
    credential = "/".join((scope.access_key, scope.date, scope.region, scope.service, TERMINATOR))
    environ["HTTP_AUTHORIZATION"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders=host, Signature=verified"
    )


def put_header(environ: dict[str, Any], name: str, value: str) -> None:
    """Let a value that came elsewhere be read as a header; no line of its own can get into answers."""
    if _CONTROL.search(value):
        raise invalid_argument("Header value cannot be represented using ISO-8859-1.", name, "")
    key = "HTTP_" + name.upper().replace("-", "_")
    environ[key] = value.encode().decode("latin-1")  # as WSGI has it
    if "_" in name:
        environ[SPELLED] = {**(environ.get(SPELLED) or {}), key: name}


def sent_headers(environ: dict[str, Any]) -> dict[str, str]:
    """The headers as they were sent, names in lower case."""
    spelled = environ.get(SPELLED) or {}
    sent = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = str(spelled.get(key, key[5:].replace("_", "-")))
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.replace("_", "-")
        else:
            continue
        sent[name.lower()] = str(value).encode("latin-1").decode(errors="replace")
    return sent


def write_anew(call: Call, signed: SignedUrl) -> None:
    """Put the parameters of a verified URL where the layers behind look for them, and drop its signature."""
    environ = call.environ
    kept: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name, value in signed.parameters:
        header = name.lower()
        if not header.startswith("x-amz-"):
            kept.setdefault(name, value)
        elif _HEADER.fullmatch(header) and taken.setdefault(header, value) != value:
            raise invalid_argument("The parameter is given twice, with different values.", name, "")
    headers = sent_headers(environ)
    for header, value in taken.items():
        if headers.get(header, value) != value:
            message = "The query and a header give different values."
            raise invalid_argument(message, header, "")
        put_header(environ, header, value)
    query = "&".join(encode(name) + (f"={encode(value)}" if value else "") for name, value in kept.items())
    environ["QUERY_STRING"] = query
    environ["RAW_URI"] = environ["REQUEST_URI"] = signed.path + (f"?{query}" if query else "")
    authorize(environ, signed.scope)
    call.read_again()


def hide_lookalikes(call: Call) -> None:
    """To moto, a URL with the letters ``Signature=`` anywhere is signed; S3 ignores such parameters."""
    parameters = str(call.environ.get("QUERY_STRING", "")).split("&")
    kept = [text for text in parameters if "Signature=" not in unquote_plus(text)]
    if kept != parameters:
        call.environ["QUERY_STRING"] = "&".join(kept)
        call.read_again()
