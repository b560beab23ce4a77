"""``secure-s3 cp``: files and folders to S3, from S3, and within S3."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .exits import OK
from .options import Commands, add_client_options, client, command
from .output import clean, print_json, size

if TYPE_CHECKING:
    from ..client import SecureS3Client
    from ..transfer.receipts import Receipt
    from ..transfer.results import BatchResult
    from ..values import ObjectRef

    Place = ObjectRef | str

_EPILOG = """\
SOURCE and DEST are paths or s3://bucket/key; - is standard input or output. With -r they are folders and
prefixes. A DEST that ends in / gets the name of the source.

examples:
  secure-s3 cp report.pdf s3://amzn-s3-demo-bucket/reports/ --kms-key-arn arn:aws:kms:…
  secure-s3 cp -r photos s3://amzn-s3-demo-bucket/photos --resume photos.json
  secure-s3 cp s3://amzn-s3-demo-bucket/report.pdf - | less
  secure-s3 cp ledger.db s3://amzn-s3-demo-bucket/ --encryption client-side --kms-key-arn arn:aws:kms:…,arn:…
"""
_STREAM = "-"


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "cp", "copy files and folders to S3, from S3 and within S3", _EPILOG, run)
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("dest", metavar="DEST")
    parser.add_argument("-r", "--recursive", action="store_true", help="everything below a folder or prefix")
    parser.add_argument("--workers", type=int, metavar="N", help="files at a time with -r, else parts")
    parser.add_argument(
        "--skip-existing", action="store_true", help="with -r: leave out what is there with the same checksum"
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="with -r: take up the list in FILE if it is there; written when files are left, else removed",
    )
    parser.add_argument("--if-none-match", action="store_true", help="fail where the object exists already")
    parser.add_argument("--no-progress", action="store_true", help="no bars (there are none off a terminal)")
    parser.add_argument(
        "--source-sse-c-key-file", metavar="FILE", help="within S3: the key the source is protected with"
    )
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Find out what is to go where, and do it."""
    source, dest = _place(args.source), _place(args.dest)
    args.content_on_stdout = dest == _STREAM
    kinds = (_kind(source), _kind(dest))
    _check(args, kinds)
    s3 = client(args, only_reads=kinds[1] != "s3")
    with s3:
        if args.recursive and (kinds[0] == "s3" or not os.path.isfile(args.source)):
            _report_batch(_batch(s3, args, source, dest), args)
        else:
            _report_one(_ONE[kinds](s3, args, source, dest), args)
    return OK


# -- what is to go where --------------------------------------------------------------------------------


def _place(text: str) -> Place:
    from ..values import ObjectRef

    return ObjectRef.parse(text) if text.lower().startswith("s3:") else text


def _kind(place: Place) -> str:
    if not isinstance(place, str):
        return "s3"
    return "stream" if place == _STREAM else "path"


def _check(args: argparse.Namespace, kinds: tuple[str, str]) -> None:
    if kinds not in _ONE:
        raise _usage("neither SOURCE nor DEST is in S3", "write s3://bucket/key for one of them")
    if args.recursive and kinds not in (("path", "s3"), ("s3", "path")):
        raise _usage("-r copies between a folder and S3 only", "copy the objects one by one")
    if not args.recursive and (args.skip_existing or args.resume):
        raise _usage("--skip-existing and --resume are for -r", "leave them out, or add -r")
    if not args.recursive and kinds[0] == "path" and os.path.isdir(args.source):
        raise _usage(f"{args.source!r} is a folder", "add -r to copy everything below it")
    if args.if_none_match and kinds[1] != "s3":
        raise _usage("--if-none-match is for writes to S3", "leave it out")
    if args.source_sse_c_key_file and kinds != ("s3", "s3"):
        raise _usage("--source-sse-c-key-file is for copies within S3", "name the key with --sse-c-key-file")


def _usage(what: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, fix=fix)


def _name_for(key: str, name: str) -> str:
    """*key*, or *name* in it if it is empty or ends in a slash."""
    return f"{key}{name}" if not key or key.endswith("/") else key


def _key_needed(place: ObjectRef) -> str:
    if not place.key or place.key.endswith("/"):
        raise _usage(f"{place} names no object", "write its whole key, or add -r for all below it")
    return place.key


# -- one object -----------------------------------------------------------------------------------------


def _upload(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> Receipt:
    from ..transfer.progress import Bar

    total = os.path.getsize(source) if os.path.isfile(source) else None
    key = _name_for(dest.key, os.path.basename(source))
    with Bar(total, os.path.basename(source), shown=not args.no_progress) as bar:
        return s3.upload_file(source, dest.bucket, key, _extra(args), bar, _settings(args))


def _upload_stream(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> Receipt:
    from ..transfer.progress import Bar

    key = _key_needed(dest)
    with Bar(None, key, shown=not args.no_progress) as bar:
        return s3.upload_fileobj(sys.stdin.buffer, dest.bucket, key, _extra(args), bar, _settings(args))


def _download(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> Receipt:
    from ..transfer.names import System, relative_parts
    from ..transfer.progress import Bar, terminal

    key, path = _key_needed(source), dest
    if os.path.isdir(path) or path.endswith(("/", os.sep)):
        path = os.path.join(path, *relative_parts(key.rpartition("/")[2], System.this()))
    shown = not args.no_progress and terminal()
    with Bar(_size_of(s3, source) if shown else None, key, shown=shown) as bar:
        return s3.download_file(source.bucket, key, path, None, bar, _settings(args))


def _download_stream(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> Receipt:
    # No bar: what follows in the pipe usually draws on the same terminal.
    key = _key_needed(source)
    return s3.download_fileobj(source.bucket, key, sys.stdout.buffer, None, None, _settings(args))


def _copy(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> Receipt:
    from ..encryption import SseC
    from ..transfer.progress import Bar, terminal

    key = _key_needed(source)
    old = SseC.from_file(args.source_sse_c_key_file) if args.source_sse_c_key_file else None
    shown = not args.no_progress and terminal()
    with Bar(None, key, shown=shown) as bar:
        return s3.copy(
            {"Bucket": source.bucket, "Key": key},
            dest.bucket,
            _name_for(dest.key, key.rpartition("/")[2]),
            _extra(args),
            bar,
            Config=_settings(args),
            source_encryption=old,
        )


_ONE: dict[tuple[str, str], Callable[[Any, argparse.Namespace, Any, Any], Receipt]] = {
    ("path", "s3"): _upload,
    ("stream", "s3"): _upload_stream,
    ("s3", "path"): _download,
    ("s3", "stream"): _download_stream,
    ("s3", "s3"): _copy,
}


def _size_of(s3: SecureS3Client, source: Any) -> int | None:
    """The length of an object, for the bar; what is wrong with it, the download says better."""
    from ..errors import SecureS3Error

    try:
        length: int = s3.head_object(Bucket=source.bucket, Key=source.key)["ContentLength"]
        return length
    except SecureS3Error:
        return None


def _extra(args: argparse.Namespace) -> dict[str, str] | None:
    return {"IfNoneMatch": "*"} if args.if_none_match else None


def _settings(args: argparse.Namespace) -> Any:
    from ..transfer.settings import Settings

    if args.workers is None:
        return None
    if args.workers < 1:
        raise _usage(f"--workers {args.workers} is no number of workers", "give 1 or more")
    return Settings(workers=args.workers)


# -- folders --------------------------------------------------------------------------------------------


def _batch(s3: SecureS3Client, args: argparse.Namespace, source: Any, dest: Any) -> BatchResult:
    options: dict[str, Any] = {"skip_existing": args.skip_existing, "progress": not args.no_progress}
    if args.workers is not None:
        options["workers"] = args.workers
    place = dest if isinstance(source, str) else source
    prefix = place.key if not place.key or place.key.endswith("/") else f"{place.key}/"
    resumed = _resumed(args, prefix)
    try:
        if isinstance(source, str):
            what = source if resumed is None else resumed
            done: BatchResult = s3.upload_many(what, dest.bucket, prefix, extra_args=_extra(args), **options)
        else:
            what = prefix if resumed is None else resumed
            done = s3.download_many(source.bucket, what, dest, **options)
    except BaseException as error:  # Ctrl-C as well
        _keep(getattr(error, "results", None), args)
        raise
    if resumed is not None:
        os.unlink(args.resume)
    return done


def _resumed(args: argparse.Namespace, prefix: str) -> BatchResult | None:
    from ..transfer.results import BatchResult

    if not args.resume or not os.path.exists(args.resume):
        return None
    saved = BatchResult.load(args.resume)
    root = os.path.join(os.path.abspath(args.source), "")
    for file in saved:
        strange = saved.direction == "upload" and not os.path.abspath(file.path).startswith(root)
        if strange or not file.key.startswith(prefix):
            raise _usage(
                f"the list {args.resume!r} is about other files: {file.path!r}, {file.key!r}",
                "name the same SOURCE and DEST as before, or another file for --resume",
            )
    return saved


def _keep(results: BatchResult | None, args: argparse.Namespace) -> None:
    if not args.resume or results is None or not results.remaining:
        return
    results.save(args.resume)
    print(f"what is left is listed in {args.resume}; run the same command to go on", file=sys.stderr)


# -- the report -----------------------------------------------------------------------------------------


def _report_one(receipt: Receipt, args: argparse.Namespace) -> None:
    stream = sys.stderr if args.content_on_stdout else sys.stdout
    if args.json:
        print_json(receipt.to_dict(), stream)
        return
    client_side = "client-side" if receipt.client_side else None
    known = filter(None, (client_side, receipt.algorithm, receipt.kms_key_id))
    protection = " ".join(known) or "not reported"
    print(
        clean(
            f"{args.source} -> {args.dest}: {size(receipt.bytes)} in {receipt.seconds:.2f} s, {protection}"
        ),
        file=stream,
    )


def _report_batch(results: BatchResult, args: argparse.Namespace) -> None:
    if args.json:
        print_json(results.to_dict())
        return
    skipped = f", {len(results.skipped)} there already" if results.skipped else ""
    print(
        clean(
            f"{args.source} -> {args.dest}: {len(results.done)} files{skipped}, "
            f"{size(results.bytes)} in {results.seconds:.2f} s"
        )
    )
