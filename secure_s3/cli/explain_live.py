"""``secure-s3 explain OPERATION TARGET``: reads are sent, writes are only rehearsed."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import check
from .advice import with_options
from .exits import FINDINGS, OK, code_for
from .explain_show import show, show_allowed, spelled
from .options import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..client import SecureS3Client
    from ..values import ObjectRef

READS = ("get", "head", "list")
WRITES = ("put", "delete")
NO_DENIALS = ("other", "transport", "not_found", "precondition")
_NAME = re.compile(r"[\w./~-]+\.(?:json|jsonl|log|txt|xml|gz)|s3://\S*")


def is_operation(words: list[str]) -> bool:
    """Whether these words name an operation and its target, well or badly."""
    return len(words) > 1 and words[1].startswith("s3://") and " " not in words[0]


def require_place(words: list[str]) -> None:
    """Refuse an operation with a target that is written otherwise than ``s3://bucket/key``.

    Raises:
        ConfigurationError: It is.
    """
    words = words[0].split() if len(words) == 1 else words
    if len(words) != 2 or words[0] not in (*READS, *WRITES):
        return
    from ..errors import ConfigurationError

    place = words[1].removeprefix("arn:aws:s3:::").lstrip("/")
    raise ConfigurationError(
        f"{words[1]} is no target",
        why=f"{words[0]} needs an object, and its place begins with s3://",
        fix=f"write s3://{place}",
    )


def is_name(text: str) -> bool:
    """Whether a text is rather meant as the name of something."""
    return _NAME.fullmatch(text) is not None or text in (*READS, *WRITES)


def run(args: argparse.Namespace) -> int:
    """Send the read or rehearse the write, and explain."""
    operation = _operation(args)
    args.operation, args.target = operation, args.what[1]
    if operation in WRITES:
        return _rehearsed(args)
    from ..errors import ServiceError
    from ..guard.faults import typed
    from ..values import ObjectRef

    place = ObjectRef.parse(args.target)
    name, send = _read(operation, place)
    given = check.policies(args)
    with client(args, only_reads=True) as s3:
        try:
            with typed(name, place.bucket, place.key or None):
                send(s3)
        except ServiceError as error:
            if error.code == "InvalidRange":  # an empty object: there is no byte to read, and leave to do so
                return _allowed(args, operation, place)
            told = spelled(s3.explain(error, **given))
            show([told], as_json=args.json, operation=operation, target=str(place), outcome="refused")
            return code_for(error)
    return _allowed(args, operation, place)


def _rehearsed(args: argparse.Namespace) -> int:
    """Whether a write would be allowed, and if not why, in the words of an explanation."""
    from ..bucket.access.foreseen import foreseen

    found = check.found(args)
    if found.allowed:
        show_allowed(args.operation, args.target, as_json=args.json)
        return OK
    told = spelled(foreseen(found))
    told = replace(told, remedies=tuple(with_options(each) for each in told.remedies))
    missing = told.cause in NO_DENIALS
    about = {"operation": args.operation, "target": args.target}
    show([told], as_json=args.json, **about, outcome="denied" if missing else found.outcome)
    return FINDINGS if missing else check.CODES[found.outcome]


def _operation(args: argparse.Namespace) -> str:
    from .parsing import nearest

    word: str = args.what[0]
    known = (*READS, *WRITES)
    if word in known and len(args.what) == 2:
        return word
    from ..errors import ConfigurationError

    if word in known:
        raise ConfigurationError(
            f"{word} takes one target", why=f"there are {len(args.what) - 1}", fix="ask for one after another"
        )
    near = nearest(word, known)
    fix = f"did you mean {near}?" if near else f"one of {', '.join(known)}; secure-s3 check knows all others"
    raise ConfigurationError(f"{word} is no operation that can be tried", fix=fix)


def _read(operation: str, place: ObjectRef) -> tuple[str, Callable[[SecureS3Client], Any]]:
    """The smallest request that needs the same permissions, and its name."""
    from ..errors import ConfigurationError

    if operation == "list":
        listed = {"Bucket": place.bucket, "MaxKeys": 1, **({"Prefix": place.key} if place.key else {})}
        return "ListObjectsV2", lambda s3: s3.boto3.list_objects_v2(**listed)
    if not place.key:
        if operation == "head":
            return "ListObjectsV2", lambda s3: s3.boto3.list_objects_v2(Bucket=place.bucket, MaxKeys=0)
        what, why = "get needs an object", "the target names none"
        raise ConfigurationError(what, why=why, fix="write s3://bucket/key")
    # HEAD needs the permissions of GET, and its answers have no message.
    first = {"Bucket": place.bucket, "Key": place.key, "Range": "bytes=0-0"}
    return "GetObject", lambda s3: s3.boto3.get_object(**first)["Body"].close()


def _allowed(args: argparse.Namespace, operation: str, place: ObjectRef) -> int:
    show_allowed(operation, str(place), as_json=args.json)
    return OK
