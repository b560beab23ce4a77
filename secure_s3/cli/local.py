"""``secure-s3 local``: the embedded endpoint, until Ctrl-C."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .exits import OK
from .options import Commands, command
from .output import print_json

_EPILOG = """\
The lines it prints are for the shell in which you use the endpoint; it runs until Ctrl-C or SIGTERM, and
then forgets everything.

example:
  secure-s3 local --bucket my-bucket
"""
_TICK_SECONDS = 0.2

Format = Callable[[str, str], str]

SHELLS: dict[str, Format] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {shlex.quote(value)}",
    "powershell": lambda name, value: "$Env:{} = '{}'".format(name, value.replace("'", "''")),
}


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "local", "run the embedded S3 and KMS endpoint on this machine", _EPILOG, run)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--region", default="eu-west-1", help="default: %(default)s")
    parser.add_argument("--min-tls", choices=("1.2", "1.3"), default="1.2", help="default: %(default)s")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME", help="create it; repeatable")
    parser.add_argument("--shell", choices=sorted(SHELLS), default="sh", help="whose syntax to print")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal says otherwise."""
    from ..local import LocalAws
    from ..values import ObjectRef

    for bucket in args.bucket:
        ObjectRef.parse(f"s3://{bucket}")  # moto would take names that S3 refuses
    with (
        _until_signalled() as ended,
        LocalAws(port=args.port, region=args.region, min_tls=args.min_tls) as aws,
    ):
        for bucket in args.bucket:
            aws.create_bucket(bucket)
        _announce(aws.environment(), args)
        while not ended.wait(_TICK_SECONDS):
            _require_running(aws)
    return OK


def _announce(environment: dict[str, str], args: argparse.Namespace) -> None:
    if args.json:
        print_json({"environment": environment, "buckets": args.bucket})
    else:
        for name, value in environment.items():
            print(SHELLS[args.shell](name, value))
    sys.stdout.flush()
    print("running until Ctrl-C", file=sys.stderr, flush=True)


def _require_running(aws: Any) -> None:
    from ..errors import LocalEndpointError

    if not aws.running:
        raise LocalEndpointError("The embedded endpoint has ended by itself.", fix="start it again")


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; also while the endpoint is still starting."""
    ended = threading.Event()
    names = [signal.SIGINT, signal.SIGTERM]
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in names}
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
