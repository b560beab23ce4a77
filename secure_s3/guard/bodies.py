"""How request bodies travel: the same protection as botocore's defaults, at less cost."""

from __future__ import annotations

from typing import Any

from botocore.utils import determine_content_length

SMALL = 1 << 20
"""Bytes up to which a body is sent without asking first."""


def lighten(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """A handler of ``before-call.s3``, between the choice of a checksum and its calculation.

    A checksum goes ahead of the body where the body can be read twice. botocore would send it behind the
    body, in the aws-chunked encoding, which costs more CPU than reading twice, and which servers before
    2025 do not understand. Either way the payload's integrity rests on the checksum and on TLS, and the
    signature covers every header.

    ``Expect: 100-continue`` is left out for small bodies: waiting for the server's permission costs a round
    trip, and a refused small body is no loss.
    """
    body = params.get("body")
    algorithm = context.get("checksum", {}).get("request_algorithm")
    if isinstance(algorithm, dict) and algorithm.get("in") == "trailer" and _rewindable(body):
        algorithm["in"] = "header"
    if "Expect" in params.get("headers", {}):
        length = determine_content_length(body)
        if length is not None and length <= SMALL:
            del params["headers"]["Expect"]


def _rewindable(body: object) -> bool:
    seekable = getattr(body, "seekable", None)
    return hasattr(body, "seek") and (seekable is None or bool(seekable()))
