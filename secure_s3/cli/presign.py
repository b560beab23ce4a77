"""``secure-s3 presign``: URLs and forms that let somebody else read or store one object for a while."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from . import presign_inspect
from .exits import OK
from .options import Commands, add_client_options, client, command, environment

if TYPE_CHECKING:
    from ..client import SecureS3Client
    from ..values import ObjectRef
    from .presign_curl import Way
    from .presign_values import LocalFile

_EPILOG = """\
Nothing is sent to S3: a URL is signed with your credentials, and can do what they may do when it is used.
Each command takes --json, --debug and the options of the client, which "secure-s3 presign get --help" lists.

examples:
  secure-s3 presign get s3://amzn-s3-demo-bucket/report.pdf --expires-in 15m
  secure-s3 presign inspect - < url.txt
"""
_GET_EPILOG = """\
The URL alone goes to standard output; what else has to be sent, and until when, to standard error.

examples:
  secure-s3 presign get s3://amzn-s3-demo-bucket/report.pdf --download-as "Report 2026.pdf"
  secure-s3 presign get s3://amzn-s3-demo-bucket/report.pdf --expires-in 1h --curl
"""
_PUT_EPILOG = """\
The URL alone goes to standard output; the headers that have to be sent with it to standard error. The command
of --curl sends --file, or else its standard input: append < FILE.

examples:
  secure-s3 presign put s3://amzn-s3-demo-bucket/reports/ --file report.pdf --curl
  secure-s3 presign put s3://amzn-s3-demo-bucket/report.pdf --content-type application/pdf --if-none-match
"""
_POST_EPILOG = """\
The URL and the form's fields go to standard output. The command of --curl sends --file, or else its standard
input: append < FILE.

examples:
  secure-s3 presign post s3://amzn-s3-demo-bucket/avatars/42.png --content-type image/png --max-bytes 1000000
  secure-s3 presign post s3://amzn-s3-demo-bucket/uploads/ --prefix --content-type-prefix image/ --json
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "make presigned URLs and forms, and show what one allows"
    parser = commands.add_parser(
        "presign",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    below = parser.add_subparsers(title="commands", metavar="COMMAND", dest="presign_command", required=True)
    _add_get(below)
    _add_put(below)
    _add_post(below)
    presign_inspect.add(below)


def _add_get(below: Commands) -> None:
    parser = command(below, "get", "make a URL that reads one object", _GET_EPILOG, get)
    _add_common(parser, "s3://bucket/key")
    parser.add_argument("--version-id", metavar="V", help="that version of the object")
    parser.add_argument("--download-as", metavar="NAME", help="the name a browser stores the file under")
    parser.add_argument("--content-type", metavar="T", help="the type that S3 answers with")
    parser.add_argument("--range", metavar="BYTES", help="a part alone: 0-99, 100- or bytes=-100")
    add_client_options(parser)


def _add_put(below: Commands) -> None:
    parser = command(below, "put", "make a URL that stores one object", _PUT_EPILOG, put)
    _add_common(parser, "s3://bucket/key; one that ends in / gets the name of --file")
    parser.add_argument(
        "--file", metavar="PATH", help="for exactly this file: its length, SHA-256 and type are signed"
    )
    parser.add_argument("--content-length", metavar="N", help="exactly so many bytes; default: any size")
    parser.add_argument("--content-type", metavar="T", help="the object's type; default: that of --file")
    parser.add_argument("--if-none-match", action="store_true", help="fail where the object exists already")
    _add_object_options(parser)
    add_client_options(parser)


def _add_post(below: Commands) -> None:
    parser = command(below, "post", "make a form that a browser uploads one file with", _POST_EPILOG, post)
    _add_common(parser, "s3://bucket/key, or with --prefix s3://bucket/prefix/")
    parser.add_argument("--prefix", action="store_true", help="any key that begins so, named by the page")
    parser.add_argument("--min-bytes", metavar="N", help="least size; default 0")
    parser.add_argument("--max-bytes", metavar="N", help="greatest size; default 5 GiB")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--content-type", metavar="T", help="the object's type")
    kind.add_argument("--content-type-prefix", metavar="P", help="any type that begins so, e.g. image/")
    parser.add_argument(
        "--success-status", type=int, choices=(200, 201, 204), help="what S3 answers; default 204"
    )
    parser.add_argument("--file", metavar="PATH", help="the file that the command of --curl sends")
    _add_object_options(parser)
    add_client_options(parser)


def _add_common(parser: argparse.ArgumentParser, target: str) -> None:
    parser.add_argument("target", metavar="TARGET", help=target)
    parser.add_argument(
        "--expires-in",
        metavar="TIME",
        default="300",
        help="life in seconds, or e.g. 15m, 2h; default 5 minutes, at most what the profile allows",
    )
    parser.add_argument("--curl", action="store_true", help="print a command line that uses it instead")


def _add_object_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--metadata", action="append", metavar="NAME=VALUE", help="may be repeated")
    parser.add_argument("--storage-class", metavar="CLASS", help="e.g. STANDARD_IA")


# -- the commands ---------------------------------------------------------------------------------------


def get(args: argparse.Namespace) -> int:
    """Presign a download."""
    from ..presign.rules import safe_name
    from . import presign_curl
    from .presign_show import Made, show
    from .presign_values import byte_range, object_at, seconds

    place, asked = object_at(args.target), seconds(args.expires_in)
    options: dict[str, Any] = {
        "version_id": args.version_id,
        "download_as": args.download_as,
        "response_content_type": args.content_type,
        "range": byte_range(args.range),
    }
    with client(args, only_reads=True) as s3:
        way, granted = _way(args, s3), _granted(s3, asked)
        made = s3.presign.get(place.bucket, place.key, granted, **options)
        notes = []
        if s3.encryption.client_side:
            notes.append("this client encrypts before it sends: the URL gives the encrypted bytes")
    line = None
    if args.curl:
        name = safe_name(args.download_as or place.key)
        line = presign_curl.download(made, way, name)
        notes.append(f"the command stores it as {name} in the current folder, unless that exists")
    show(Made(made, asked, s3.profile, way.key_file, line, tuple(notes)), as_json=args.json)
    return OK


def put(args: argparse.Namespace) -> int:
    """Presign an upload."""
    from . import presign_curl
    from .presign_show import Made, show
    from .presign_values import object_at, seconds

    asked, options, file = seconds(args.expires_in), _write_options(args), _file(args)
    place = object_at(args.target, name=file.name if file else "")
    if file is not None:
        options["content_length"], options["checksum_sha256"] = file.length, file.sha256
        options["content_type"] = file.content_type if args.content_type is None else args.content_type
    with client(args) as s3:
        way, granted = _way(args, s3), _granted(s3, asked)
        made = s3.presign.put(place.bucket, place.key, granted, **options)
    line, notes = None, []
    if args.curl:
        line = presign_curl.upload(made, way, file.path if file else None)
        notes = [] if file else _from_input(options.get("content_length"))
    if file is not None:
        notes.append(f"for exactly the {file.length} bytes that {file.path} holds now")
    show(Made(made, asked, s3.profile, way.key_file, line, tuple(notes)), as_json=args.json)
    return OK


def post(args: argparse.Namespace) -> int:
    """Presign a form."""
    from .presign_show import Made, show
    from .presign_values import prefix_at, seconds, sizes, usage

    place = prefix_at(args.target) if args.prefix else _whole_key(args.target)
    asked, within = seconds(args.expires_in), sizes(args.min_bytes, args.max_bytes)
    if args.file is not None and not args.curl:
        raise usage("--file is for --curl", "leave it out, or add --curl", "the form itself takes any file")
    file = _file(args)
    if file is not None and within is not None and not within[0] <= file.length <= within[1]:
        raise usage(
            f"--file {args.file!r} has {file.length} bytes",
            f"choose another, or other sizes than {within[0]} to {within[1]}",
        )
    options = _write_options(args) | {
        "key_prefix": place.key if args.prefix else None,
        "content_length_range": within,
        "content_type_prefix": args.content_type_prefix,
        "success_status": args.success_status,
    }
    with client(args) as s3:
        way, granted = _way(args, s3), _granted(s3, asked)
        made = s3.presign.post(place.bucket, None if args.prefix else place.key, granted, **options)
    line, notes = _form_command(args, made, way, file) if args.curl else (None, [])
    show(Made(made, asked, s3.profile, None, line, tuple(notes)), as_json=args.json)
    return OK


# -- inside ---------------------------------------------------------------------------------------------


def _write_options(args: argparse.Namespace) -> dict[str, Any]:
    """What put and post have in common, and put's own."""
    from .presign_values import count, pairs, usage

    options: dict[str, Any] = {
        "content_type": args.content_type,
        "metadata": pairs(args.metadata),
        "storage_class": args.storage_class,
    }
    if args.run is not put:
        return options
    if args.file is not None and args.content_length is not None:
        raise usage("--file and --content-length exclude each other", "leave --content-length out")
    options["content_length"] = count("--content-length", args.content_length)
    options["if_none_match"] = "*" if args.if_none_match else None
    return options


def _file(args: argparse.Namespace) -> LocalFile | None:
    from .presign_values import LocalFile

    return None if args.file is None else LocalFile.look(args.file, digest=args.run is put)


def _whole_key(target: str) -> ObjectRef:
    from .presign_values import object_at, usage

    if target.endswith("/"):
        raise usage(
            f"{target!r} names no object", "write its whole key, or add --prefix for any key below it"
        )
    return object_at(target)


def _granted(s3: SecureS3Client, asked: int) -> int:
    """No more than the profile allows; the report says so, where the presigner would log it."""
    return min(asked, int(s3.profile.presign_ceiling.total_seconds()))


def _way(args: argparse.Namespace, s3: SecureS3Client) -> Way:
    from .presign_curl import Way

    merged = environment(args, os.environ)
    return Way(
        s3.profile.min_tls,
        merged.get("SECURE_S3_CA_BUNDLE") or None,
        merged.get("SECURE_S3_SSE_C_KEY_FILE") or None,
    )


def _form_command(
    args: argparse.Namespace, made: Any, way: Way, file: LocalFile | None
) -> tuple[str, list[str]]:
    """The command that sends the form, and what has to be said about it."""
    from ..presign.rules import safe_name
    from . import presign_curl
    from .presign_values import usage

    name = safe_name(file.name) if file else "file"
    notes = [] if file else _from_input(None)
    extra = {}
    if wanted := args.content_type_prefix:
        kind = file.content_type if file else wanted
        if not kind.startswith(wanted):
            raise usage(f"--file {args.file!r} is {kind}", f"name a file of a type that begins with {wanted}")
        extra["Content-Type"] = kind
        notes.append(f"the command says Content-Type={kind}: put the file's own in")
    if args.prefix:
        notes.append(f"the command's filename={name} completes the key")
    path = file.path if file else None
    return presign_curl.form(made, way, path=path, name=name, extra=extra), notes


def _from_input(length: int | None) -> list[str]:
    exactly = "" if length is None else f", exactly {length} bytes,"
    return [f"the command takes the content{exactly} from standard input into memory: append < FILE"]
