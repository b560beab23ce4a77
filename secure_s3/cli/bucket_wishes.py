"""The options that say what a bucket should be like, shared by ``audit``, ``plan`` and ``harden``."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from .options import add_client_options
from .presign_values import usage

if TYPE_CHECKING:
    from ..bucket.wanted import DefaultRetention

_LOCK = re.compile(r"(governance|compliance):([1-9]\d{0,4})([dy])", re.IGNORECASE)
_BUCKET_ARN = re.compile(r"arn:aws[a-z-]*:s3:::")


def add_wishes(parser: argparse.ArgumentParser) -> None:
    """What may be asked for beyond what the client's options say."""
    group = parser.add_argument_group("what the bucket should be like, besides what fits the client")
    group.add_argument("--log-bucket", metavar="BUCKET", help="access logs go there")
    group.add_argument("--log-prefix", metavar="PREFIX", help="what their keys begin with")
    group.add_argument(
        "--object-lock",
        metavar="MODE:TIME",
        help="new objects are locked, e.g. governance:30d, compliance:7y",
    )
    group.add_argument(
        "--noncurrent-days", metavar="DAYS", type=int, help="replaced versions are removed after so long"
    )
    group.add_argument(
        "--block-account", action="store_true", help="Block Public Access is on for the whole account"
    )
    group.add_argument(
        "--strict", action="store_true", help="uploads that name no encryption are denied as well"
    )
    group.add_argument(
        "--admin",
        metavar="ARN",
        action="append",
        default=[],
        help="a user or role that must still be able to change the bucket policy; repeatable",
    )
    group.add_argument(
        "--require",
        metavar="CHECK",
        action="append",
        default=[],
        help="a check that is merely recommended counts in full, e.g. data-events; repeatable",
    )


def add_planning(parser: argparse.ArgumentParser) -> None:
    """What ``plan`` and ``harden`` take: a bucket, how much is shown, what it should be like, the client."""
    parser.add_argument("bucket", metavar="BUCKET", help="its name, or s3://name")
    parser.add_argument("--details", action="store_true", help="each statement of a policy in full")
    add_wishes(parser)
    parser.add_argument(
        "--replace",
        metavar="SID",
        action="append",
        default=[],
        help="the profile's statement of that name may take the place of the one that is there, for another "
        "key or algorithm than before; repeatable",
    )
    add_client_options(parser)


def wishes_of(args: argparse.Namespace) -> dict[str, Any]:
    """What was asked for, as fields of BucketProfile.

    Raises:
        ConfigurationError: a check is unknown, or a value cannot be meant.
    """
    if args.noncurrent_days is not None and args.noncurrent_days < 1:
        raise usage(f"--noncurrent-days {args.noncurrent_days} is no time", "name 1 day or more")
    wishes: dict[str, Any] = {
        "log_bucket": bucket_name(args.log_bucket) if args.log_bucket else None,
        "log_prefix": args.log_prefix,
        "object_lock": _retention(args.object_lock) if args.object_lock else None,
        "noncurrent_days": args.noncurrent_days,
        "block_account": args.block_account,
        "strict": args.strict,
        "admins": tuple(args.admin),
        "requires": frozenset(_known(each) for each in args.require),
    }
    return {name: value for name, value in wishes.items() if value or type(value) is int}


def bucket_name(text: str) -> str:
    """The name in ``s3://amzn-s3-demo-bucket/``, in the bucket's ARN, or alone.

    Raises:
        ConfigurationError: it is no bucket's name, or an object's.
    """
    from ..values import ObjectRef

    if not text.strip():
        raise usage("no bucket is named", "write its name, or s3://name")
    if text.startswith("arn:") and (arn := _BUCKET_ARN.match(text)):
        text = text[arn.end() :]
    place = ObjectRef.parse(text if "://" in text else f"s3://{text}")
    if place.key:
        raise usage(f"{text} names an object", f"write {place.bucket}", "this is about a whole bucket")
    if place.bucket.startswith("arn:"):
        raise usage(f"{text} is an access point", "name its bucket", "settings are the bucket's")
    return place.bucket


def _retention(text: str) -> DefaultRetention:
    from ..bucket.wanted import DefaultRetention

    found = _LOCK.fullmatch(text)
    if found is None:
        raise usage(f"--object-lock {text!r} cannot be read", "write governance:30d or compliance:7y")
    mode, length = found[1].upper(), int(found[2])
    return DefaultRetention(mode=mode, **{"days" if found[3].lower() == "d" else "years": length})


def _known(check: str) -> str:
    from ..bucket.audit.catalogue import CHECKS
    from .parsing import nearest

    known = [each.id for each in CHECKS]
    if check in known:
        return check
    near = nearest(check, known)
    raise usage(
        f"there is no check {check!r}",
        f"did you mean {near}?" if near else "secure-s3 audit --checks lists them",
    )
