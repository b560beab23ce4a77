"""A request as moto may see it: with nothing in it that could lead moto elsewhere than to what was judged.

moto takes the bucket from the host where that looks like one of S3's, the region from the host or the user
agent, parameters from a body that is a form, and the first of two values. Here the path is written anew from
the bucket and the key that every layer has read, and the rest is taken away.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..settings import HOST
from .call import place_of

__all__ = ["is_form_type", "plain", "plain_s3"]

_ELSEWHERE = ("HTTP_X_FORWARDED_", "HTTP_X_MOTO_", "HTTP_FORWARDED", "HTTP_USER_AGENT")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded", "application/x-url-encoded")


def is_form_type(content_type: str) -> bool:
    """Whether moto would read a body of this type as a form."""
    return content_type.strip().lower().startswith(_FORMS)


def plain(environ: dict[str, Any]) -> dict[str, Any]:
    """A copy that names this host and no other, and no region but that of its signature."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_ELSEWHERE)}
    port = str(environ.get("SERVER_PORT", ""))
    return {**kept, "HTTP_HOST": f"{HOST}:{port}" if port else HOST, "SERVER_NAME": HOST, "SCRIPT_NAME": ""}


def plain_s3(environ: dict[str, Any]) -> dict[str, Any]:
    """The same for S3: with the path of the bucket and key that were read, and no form for a body."""
    seen = plain(environ)
    bucket, key = place_of(environ)
    path = f"/{quote(bucket, safe='')}" + (f"/{quote(key)}" if key else "")
    # S3 and the layers in front take a plus for a space; moto, here and there, for a plus.
    query = str(environ.get("QUERY_STRING", "")).replace("+", "%20")
    seen["RAW_URI"] = seen["REQUEST_URI"] = path + (f"?{query}" if query else "")
    seen["PATH_INFO"] = (f"/{bucket}/{key}" if key else f"/{bucket}").encode().decode("latin-1")
    seen["QUERY_STRING"] = query
    if is_form_type(str(environ.get("CONTENT_TYPE", ""))) and environ.get("CONTENT_LENGTH", "0") != "0":
        seen["CONTENT_TYPE"] = "binary/octet-stream"
    return seen
