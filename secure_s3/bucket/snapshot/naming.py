"""Names that are no general purpose bucket's, and what to do instead.

Source: Amazon S3 User Guide, "General purpose bucket naming rules": suffixes that are reserved.
"""

from __future__ import annotations

from ...errors import ConfigurationError

_POINT = "name the bucket behind it: its settings are the bucket's, and its own are read with them"
_ENDINGS = (
    (
        "--x-s3",
        "a directory bucket",
        "directory buckets have no ACLs, versions or Object Lock: see their policy",
    ),
    ("--xa-s3", "an access point of a directory bucket", "see the policy of the access point"),
    ("-s3alias", "the alias of an access point", _POINT),
    ("--ol-s3", "the alias of an Object Lambda access point", _POINT),
    ("--op-s3", "the alias of an access point on Outposts", "look at it in the Outposts console"),
    (".mrap", "the alias of a Multi-Region Access Point", "name the buckets behind it, one after the other"),
    ("--table-s3", "a table bucket", "table buckets have settings of their own: see S3 Tables"),
)


def require_general_purpose(bucket: str) -> None:
    """Refuse what names something else than a general purpose bucket.

    Raises:
        ConfigurationError: It does; the text says what, and what to do instead.
    """
    if bucket.startswith("arn:"):
        of_outposts = ":s3-outposts:" in bucket
        what = "an ARN of S3 on Outposts" if of_outposts else "an ARN, as access points have"
        _refuse(bucket, what, "look at it in the Outposts console" if of_outposts else _POINT)
    for ending, what, instead in _ENDINGS:
        if bucket.endswith(ending):
            _refuse(bucket, what, instead)


def _refuse(bucket: str, what: str, instead: str) -> None:
    raise ConfigurationError(
        f"{bucket} is {what}, and no general purpose bucket",
        why="audits and hardening know the settings of general purpose buckets",
        fix=instead,
        bucket=bucket,
    )
