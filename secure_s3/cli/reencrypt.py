"""``secure-s3 reencrypt``: objects that are there under another encryption."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .exits import FINDINGS, OK
from .options import Commands, add_client_options, client, command
from .output import clean, print_json, size

if TYPE_CHECKING:
    from ..bucket.handle import Bucket
    from ..bucket.reencryption.results import Reencryption
    from ..client import SecureS3Client
    from ..encryption import Strategy
    from ..values import ObjectRef

_EPILOG = """\
Objects under SSE-S3 or SSE-KMS come under SSE-KMS where they are; all others are copied onto themselves,
which makes a new version. The exit code is 1 if an object is not as asked for afterwards, with --dry-run now.

examples:
  secure-s3 reencrypt s3://amzn-s3-demo-bucket/reports/ --to sse-kms --key arn:aws:kms:… --dry-run
  secure-s3 reencrypt s3://amzn-s3-demo-bucket --to sse-kms --key arn:aws:kms:… --resume journal.jsonl
  secure-s3 reencrypt s3://amzn-s3-demo-bucket --manifest s3://amzn-s3-demo-jobs/manifest.csv
"""
_TARGETS = ("sse-kms", "dsse-kms", "sse-s3", "sse-c")


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(
        commands, "reencrypt", "put objects that are there under another encryption", _EPILOG, run
    )
    parser.add_argument("place", metavar="s3://BUCKET/PREFIX", help="or BUCKET for all of it")
    parser.add_argument("--to", choices=_TARGETS, help="the new encryption; needed but for --manifest")
    parser.add_argument("--key", metavar="ARN", help="its KMS key; default that of the client")
    parser.add_argument("--no-bucket-key", action="store_true", help="with sse-kms: without a Bucket Key")
    parser.add_argument("--dry-run", action="store_true", help="look at the objects, and write nothing")
    parser.add_argument(
        "--resume", metavar="FILE", help="journal: taken up if it is there, else begun; failures are retried"
    )
    parser.add_argument("--versions", action="store_true", help="noncurrent versions as well")
    parser.add_argument("--in-place-only", action="store_true", help="copy nothing")
    parser.add_argument(
        "--source-sse-c-key-file", metavar="FILE", help="the key of objects that are under SSE-C"
    )
    parser.add_argument("--workers", type=int, default=8, metavar="N", help="objects at a time (8)")
    parser.add_argument("--max-keys", type=int, metavar="N", help="look at so many objects and stop")
    parser.add_argument(
        "--manifest",
        metavar="FILE",
        help="write the list for an S3 Batch Operations job, a file or s3://bucket/key, and nothing else",
    )
    parser.add_argument("--no-progress", action="store_true", help="no bar (there is none off a terminal)")
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, or list it."""
    from ..errors import BatchFailed

    place = _place(args.place)
    _check(args)
    with client(args, only_reads=True) as s3:
        bucket = s3.bucket(place.bucket)
        if args.manifest:
            return _list(bucket, place.key, args)
        try:
            result = _reencrypt(bucket, place, _target(s3, args), args)
        except BatchFailed as error:
            if not args.json and error.results is not None:
                print(clean(str(error.results)))
            raise
    if args.json:
        print_json(result.to_dict())
    else:
        print(clean(f"{result}\n{_cost(result)}"))
    return FINDINGS if _is_left(result) else OK


def _place(text: str) -> ObjectRef:
    """``s3://bucket/prefix``, or a whole bucket as other commands take it: its name or its ARN."""
    from ..values import ObjectRef
    from .bucket_wishes import bucket_name

    whole = "://" not in text and "/" not in text
    return ObjectRef(bucket_name(text)) if whole else ObjectRef.parse(text)


def _cost(result: Reencryption) -> str:
    """How much, and how long it took."""
    seconds = f"{result.seconds:.1f} s" if result.seconds >= 0.1 else "less than 0.1 s"
    if result.resumed:
        return f"{size(result.bytes)} in all runs; {seconds} for this one"
    return f"{size(result.bytes)} in {seconds}"


def _check(args: argparse.Namespace) -> None:
    if args.manifest and (args.dry_run or args.resume):
        raise _usage("--manifest writes a list, and re-encrypts nothing", "leave --dry-run and --resume out")
    if args.to is None and not args.manifest:
        raise _usage("the new encryption is not named", "add --to, e.g. --to sse-kms --key arn:aws:kms:…")
    if args.key and args.to not in ("sse-kms", "dsse-kms"):
        raise _usage("--key is for --to sse-kms and dsse-kms", "add one of them")
    if args.no_bucket_key and args.to != "sse-kms":
        raise _usage("--no-bucket-key is for --to sse-kms", "add it")


def _target(s3: SecureS3Client, args: argparse.Namespace) -> Strategy:
    from ..encryption import DsseKms, SseC, SseKms, SseS3

    if args.to == "sse-s3":
        return SseS3()
    if args.to == "sse-c":
        if not args.sse_c_key_file:
            raise _usage("--to sse-c needs a key", "name its file with --sse-c-key-file")
        return SseC.from_file(args.sse_c_key_file)
    key = args.key or args.kms_key_arn or getattr(s3.encryption, "key_arn", None)
    if not key:
        raise _usage(f"--to {args.to} needs a key", "name its full ARN with --key")
    return DsseKms(key) if args.to == "dsse-kms" else SseKms(key, bucket_key=not args.no_bucket_key)


def _reencrypt(bucket: Bucket, place: ObjectRef, to: Strategy, args: argparse.Namespace) -> Reencryption:
    from ..encryption import SseC
    from ..transfer.progress import Bar

    options: dict[str, Any] = {"max_keys": args.max_keys, "resume": args.resume, "workers": args.workers}
    if args.source_sse_c_key_file:
        options["source_encryption"] = SseC.from_file(args.source_sse_c_key_file)
    with Bar(None, str(place), shown=not args.no_progress) as bar:
        return bucket.reencrypt(
            place.key,
            to=to,
            dry_run=args.dry_run,
            include_versions=args.versions,
            in_place_only=args.in_place_only,
            progress=lambda settled: bar(settled.bytes),
            **options,
        )


def _list(bucket: Bucket, prefix: str, args: argparse.Namespace) -> int:
    manifest = bucket.write_manifest(prefix, into=args.manifest, include_versions=args.versions)
    if args.json:
        print_json(manifest.to_dict())
    else:
        etag = f", ETag {manifest.etag}" if manifest.etag else ""
        number = "1 object" if manifest.objects == 1 else f"{manifest.objects} objects"
        told = f"{number}, {size(manifest.bytes)}{etag}"
        print(clean(f"{manifest.place}: {told}"))
    return OK


def _is_left(result: Reencryption) -> bool:
    """Whether an object is not as it was asked for."""
    from ..bucket.reencryption.ways import GONE

    left = result.counts["skipped"] - result.reasons.get(GONE, 0)
    undone = result.counts["updated"] + result.counts["copied"] if result.dry_run else 0
    return bool(left + undone) or not result.complete


def _usage(what: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, fix=fix)
