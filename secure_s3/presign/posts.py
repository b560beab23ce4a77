"""Forms that a browser may send: every field is under a condition, and every condition is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import limits
from ..encryption import Strategy
from ..errors import ConfigurationError
from ..guard.presigning import check_key, check_post, demands_by_name, with_encryption
from ..guard.requests import check_bucket
from ..sigv4 import SigningKey, sign_post
from ..sigv4.posts import SIGNING_FIELDS
from .lanes import Moment
from .options import metadata, read, unknown_option

FILENAME = "${filename}"
"""What S3 replaces by the name of the uploaded file."""

_AS_FIELDS = {
    "content_type": "Content-Type",
    "content_disposition": "Content-Disposition",
    "content_encoding": "Content-Encoding",
    "cache_control": "Cache-Control",
    "storage_class": "x-amz-storage-class",
}
_OTHERS = (
    "key_prefix",
    "content_length_range",
    "content_type_prefix",
    "metadata",
    "success_status",
    "success_redirect",
    "fields",
    "conditions",
)
_STATUSES = (200, 201, 204)
_OURS = SIGNING_FIELDS | {"key", "file", "bucket"}
"""Fields that signing writes, or that stand for themselves."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds and what is demanded of it, before it is signed; key and bucket come on top."""

    bucket: str
    key: str
    fields: Mapping[str, str]
    conditions: tuple[Any, ...]
    strategy: Strategy | None

    @classmethod
    def of(cls, bucket: str, key: str | None, strategy: Strategy | None, options: Mapping[str, Any]) -> Form:
        """The form that the options of ``Presigner.post`` describe.

        Raises:
            ConfigurationError: an option is unknown, or contradicts another.
        """
        check_bucket(bucket, "bucket")
        if bucket.endswith(".mrap"):
            raise ConfigurationError(
                "a multi-region access point takes no forms",
                why="botocore has no SigV4A for POST policies",
                fix="use presign.put, or a bucket's name",
            )
        if bucket.startswith("arn:"):
            alias = "pass its alias, which ends in -s3alias: s3.bucket(…).access_points.get(name).alias"
            raise ConfigurationError(
                f"a form cannot name the access point {bucket} by its ARN",
                why="forms go to a bucket's address, and botocore makes none of an ARN",
                fix=alias if bucket.split(":")[2] == "s3" else "use presign.put",
            )
        given = {name: value for name, value in options.items() if value is not None}
        if unknown := sorted(set(given) - {*_AS_FIELDS, *_OTHERS}):
            raise unknown_option(unknown[0], "post", (*_AS_FIELDS, *_OTHERS))
        fields, conditions = _given_fields(given), _given_conditions(given.get("conditions"))
        demanded = demands_by_name(conditions)
        conditions += ({name: value} for name, value in fields.items() if name.lower() not in demanded)
        if "content_length_range" in given:
            conditions.append(["content-length-range", *_range(given["content_length_range"])])
        if "content_type_prefix" in given:
            prefix = _text("content_type_prefix", given["content_type_prefix"])
            if any(name.lower() == "content-type" for name in fields):
                raise ConfigurationError(
                    "content_type and content_type_prefix exclude each other",
                    why="one type is exact, the other is completed by the page",
                    fix="leave one out",
                )
            conditions.append(["starts-with", "$Content-Type", prefix])
        full_key = _key(key, given.get("key_prefix"))
        fields, conditions = with_encryption(fields, conditions, strategy)
        return cls(bucket, full_key, fields, tuple(conditions), strategy)

    def signed(self, key: SigningKey, moment: Moment) -> dict[str, str]:
        """Every field of the form, in boto3's order."""
        named: Any = {"key": self.key}
        if self.key.endswith(FILENAME):
            named = ["starts-with", "$key", self.key.removesuffix(FILENAME)]
        conditions = [*self.conditions, {"bucket": self.bucket}, named]
        fields = {**self.fields, "key": self.key}
        check_post(fields, {"conditions": conditions}, self.strategy)
        signed = sign_post(
            key,
            moment.credentials,
            fields=fields,
            conditions=conditions,
            signed_at=moment.signed_at,
            expires_at=moment.expires_at,
        )
        size = sum(len(name) + len(value.encode()) for name, value in signed.items())
        if size > limits.MAX_POST_FIELDS_BYTES:
            raise ConfigurationError(
                f"the form's fields have {size} bytes",
                why=f"S3 takes up to {limits.MAX_POST_FIELDS_BYTES} before the file",
                fix="use fewer conditions or less metadata",
            )
        return signed


def _given_fields(given: Mapping[str, Any]) -> dict[str, str]:
    fields = dict(_boto3_fields(given.get("fields") or {}))
    plain = {name: given[name] for name in _AS_FIELDS if name in given}
    headers = read("PutObject", plain).headers
    own = {_AS_FIELDS[name]: headers[_AS_FIELDS[name].lower()] for name in plain}
    own |= metadata(given.get("metadata", {}))
    if "success_redirect" in given:
        own["success_action_redirect"] = _text("success_redirect", given["success_redirect"])
    if "success_status" in given:
        if given["success_status"] not in _STATUSES:
            raise ConfigurationError(
                f"success_status={given['success_status']!r} is not what S3 answers",
                fix=f"use one of {_STATUSES}",
            )
        own["success_action_status"] = str(int(given["success_status"]))
    lowered = {name.lower() for name in (*fields, *own)}
    if len(lowered) < len(fields) + len(own):
        raise ConfigurationError(
            "a field of the form is given twice", why="S3 does not tell A from a in names", fix="give it once"
        )
    return {**fields, **own}


def _boto3_fields(fields: Any) -> Mapping[str, str]:
    if not isinstance(fields, Mapping) or not all(
        isinstance(name, str) and isinstance(value, str) and _is_utf8(name + value)
        for name, value in fields.items()
    ):
        raise ConfigurationError(
            "fields= holds something else than strings", fix="pass a dictionary of strings"
        )
    if ours := sorted(name for name in fields if name.lower() in _OURS):
        raise ConfigurationError(
            f"fields= holds {', '.join(ours)}",
            why="presigning writes these fields itself",
            fix="leave them out; key= names the object",
        )
    return fields


def _given_conditions(conditions: Any) -> list[Any]:
    """Copies of boto3's conditions; each has one of the two shapes that S3 reads."""
    if conditions is None:
        return []
    copies: list[Any] = []
    for item in conditions if isinstance(conditions, list | tuple) else (None,):
        simple = isinstance(item, Mapping) and len(item) == 1
        full = isinstance(item, list | tuple) and len(item) == 3
        values = [*item, *item.values()] if isinstance(item, Mapping) else item
        if not (simple or full) or not all(isinstance(value, str | int) for value in values):
            raise ConfigurationError(
                "conditions= holds something that is no condition of a POST policy",
                why='S3 reads {"name": "value"} and ["starts-with", "$name", "value"]',
                fix="pass a list of these",
            )
        copies.append(dict(item) if isinstance(item, Mapping) else list(item))
    return copies


def _is_utf8(text: str) -> bool:
    return text.isascii() or text.encode(errors="replace").decode() == text


def _key(key: str | None, prefix: str | None) -> str:
    if (key is None) == (prefix is None):
        raise ConfigurationError(
            f"a presigned POST takes key= or key_prefix=, {'one of them' if key is None else 'not both'}",
            why="one names the object, the other lets the page name it below a prefix",
            fix='pass e.g. key="avatars/42.png"',
        )
    check_key(*((key, "key") if prefix is None else (prefix, "key_prefix")))
    full = f"{prefix}{FILENAME}" if key is None else key
    check_key(full, "key")
    fixed = full.removesuffix(FILENAME)
    if not fixed or FILENAME in fixed:
        raise ConfigurationError(
            f"{full!r} cannot be the key of a form",
            why=f"{FILENAME} stands at the end, behind a prefix: without one, every object could be replaced",
            fix='pass e.g. key_prefix="uploads/42/"',
        )
    return full


def _range(value: Any) -> tuple[int, int]:
    try:
        least, most = value
        fits = not isinstance(least, bool) and not isinstance(most, bool)
        fits = fits and 0 <= least <= most <= limits.MAX_SINGLE_PUT_BYTES
        least, most = least.__index__(), most.__index__()
    except (TypeError, ValueError, AttributeError):
        fits = False
    if not fits:
        raise ConfigurationError(
            f"content_length_range={value!r} is no range of sizes",
            why=f"S3 takes forms of 0 to {limits.MAX_SINGLE_PUT_BYTES} bytes",
            fix="pass least and most bytes, e.g. (1, 10_000_000)",
        )
    return least, most


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ConfigurationError(
            f"{name}={value!r} is no printable text", fix="pass a string that is not empty"
        )
    return value
