"""Forms that a browser may send: every field is under a condition, and every condition is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import limits
from ..encryption import Strategy
from ..errors import ConfigurationError
from ..guard.presigning import check_key, check_post, conditions_on, with_encryption
from ..guard.requests import check_bucket
from ..sigv4 import SigningKey, sign_post
from .lanes import Moment
from .options import metadata, read

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
        check_bucket(bucket)
        given = {name: value for name, value in options.items() if value is not None}
        if unknown := sorted(set(given) - {*_AS_FIELDS, *_OTHERS}):
            raise ConfigurationError(
                f"there is no option {', '.join(unknown)} for a presigned POST",
                fix=f"its options are {', '.join((*_AS_FIELDS, *_OTHERS))}",
            )
        fields, conditions = _given_fields(given), list(given.get("conditions") or ())
        conditions += (
            {name: value} for name, value in fields.items() if not conditions_on(name.lower(), conditions)
        )
        if "content_length_range" in given:
            conditions.append(["content-length-range", *_range(given["content_length_range"])])
        if prefix := given.get("content_type_prefix"):
            if "Content-Type" in fields:
                raise ConfigurationError("content_type and content_type_prefix exclude each other")
            conditions.append(["starts-with", "$Content-Type", _text("content_type_prefix", prefix)])
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
    fields = dict(given.get("fields") or {})
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in fields.items()):
        raise ConfigurationError(
            "fields= holds something else than strings", fix="pass a dictionary of strings"
        )
    plain = {name: given[name] for name in _AS_FIELDS if name in given}
    headers = read("PutObject", plain).headers
    fields |= {_AS_FIELDS[name]: headers[_AS_FIELDS[name].lower()] for name in plain}
    fields |= metadata(given.get("metadata", {}))
    if "success_redirect" in given:
        fields["success_action_redirect"] = _text("success_redirect", given["success_redirect"])
    if "success_status" in given:
        if given["success_status"] not in _STATUSES:
            raise ConfigurationError(
                f"success_status={given['success_status']!r} is not what S3 answers",
                fix=f"use one of {_STATUSES}",
            )
        fields["success_action_status"] = str(int(given["success_status"]))
    return fields


def _key(key: str | None, prefix: str | None) -> str:
    if (key is None) == (prefix is None):
        raise ConfigurationError(
            "a presigned POST needs either key= or key_prefix=",
            why="one names the object, the other lets the page name it below a prefix",
            fix='pass e.g. key="avatars/42.png"',
        )
    check_key(key if prefix is None else prefix)
    full = f"{prefix}{FILENAME}" if key is None else key
    check_key(full)
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
